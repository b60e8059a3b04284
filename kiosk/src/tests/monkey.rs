//! A monkey at the window: fingers on whatever can be touched and beside it, keys, time, and a daemon that answers late, badly or
//! never. Whatever it did, "Finish" leads home.

use i_slint_backend_testing::{AccessibleRole, ElementQuery};
use slint::platform::{PointerEventButton, WindowEvent};

use super::*;
use crate::app::monkey::{Chance, World};

/// Resident memory of this process in kilobytes (proc(5), VmRSS).
fn resident_kb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

struct Monkey {
    hall: Hall,
    world: World,
    chance: Chance,
    asked: Vec<Effect>,
}

impl Monkey {
    fn new(seed: u64) -> Monkey {
        let (world, chance) = (World::open(), Chance(seed));
        let hall = Hall::with(Options { photos: Some("anywhere".into()), ..Options::default() });
        Monkey { hall, world, chance, asked: Vec::new() }
    }

    fn point(&mut self) -> slint::LogicalPosition {
        slint::LogicalPosition::new(self.chance.below(1920) as f32, self.chance.below(1080) as f32)
    }

    fn dispatch(&self, event: WindowEvent) {
        self.hall.kiosk.window().window().dispatch_event(event);
    }

    fn down(&self, position: slint::LogicalPosition) {
        self.dispatch(WindowEvent::PointerMoved { position });
        self.dispatch(WindowEvent::PointerPressed { position, button: PointerEventButton::Left });
    }

    fn up(&self, position: slint::LogicalPosition) {
        self.dispatch(WindowEvent::PointerReleased { position, button: PointerEventButton::Left });
        self.dispatch(WindowEvent::PointerExited);
    }

    /// One event.
    fn act(&mut self) {
        if self.hall.kiosk.inner.state.borrow().session.screen == Screen::Finished && self.chance.one_in(3) {
            self.hall.kiosk.later(Duration::from_millis(app::FINISHED_MS));
            return;
        }
        match self.chance.below(20) {
            0..=5 => {
                // What can be touched, by what it is.
                let roles = [AccessibleRole::Button, AccessibleRole::Button, AccessibleRole::Button, AccessibleRole::TextInput];
                let role = *self.chance.pick(&roles);
                let found = ElementQuery::from_root(self.hall.kiosk.window()).match_descendants().match_accessible_role(role);
                let found = found.find_all();
                if !found.is_empty() {
                    let element = self.chance.pick(&found);
                    let (at, size) = (element.absolute_position(), element.size());
                    let position = slint::LogicalPosition::new(at.x + size.width / 2.0, at.y + size.height / 2.0);
                    self.down(position);
                    self.up(position);
                }
            }
            6..=9 => {
                let position = self.point();
                self.down(position);
                self.up(position);
            }
            10 => {
                let (from, to) = (self.point(), self.point());
                self.down(from);
                self.dispatch(WindowEvent::PointerMoved { position: to });
                self.up(to);
            }
            11..=13 => {
                let text: slint::SharedString = match self.chance.below(8) {
                    0 => Key::Tab.into(),
                    1 => Key::Return.into(),
                    2 => Key::Escape.into(),
                    3 => Key::Backspace.into(),
                    4 => Key::LeftArrow.into(),
                    _ => (*self.chance.pick(&["4", "k", "Ä", " ", "7"])).into(),
                };
                self.dispatch(WindowEvent::KeyPressed { text: text.clone() });
                self.dispatch(WindowEvent::KeyReleased { text });
            }
            14 => {
                let step_ms = if self.chance.one_in(200) { 200_000 } else { 700 };
                self.hall.kiosk.later(Duration::from_millis(step_ms));
                i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(700));
            }
            15 => {
                let news = self.world.news(&mut self.chance);
                self.hall.kiosk.send(news);
            }
            16 => {
                let code = *self.chance.pick(&["en", "it", "de", "fi"]);
                if self.chance.one_in(4) {
                    self.hall.kiosk.send(Msg::Language(code.parse().unwrap()));
                }
            }
            _ => {
                self.asked.append(&mut self.hall.asked());
                if self.asked.is_empty() {
                    return;
                }
                let index = self.chance.below(self.asked.len());
                let effect = self.asked.swap_remove(index);
                if let Some(reply) = self.world.reply(&mut self.chance, &effect) {
                    self.hall.kiosk.send(reply);
                }
                self.asked.truncate(20);
            }
        }
    }

    /// A resident finds "Finish" and comes home by it.
    fn go_home(&self) {
        let hall = &self.hall;
        forget_requests(hall.kiosk.window().window());
        self.up(slint::LogicalPosition::new(1.0, 1.0));
        for _ in 0..2 {
            hall.kiosk.send(Msg::Wake);
            hall.kiosk.send(Msg::Woken);
            hall.kiosk.later(Duration::from_millis(app::staff::CLEANING_MS));
        }
        hall.kiosk.send(Msg::Language("en".parse().unwrap()));
        hall.kiosk.later(Duration::from_secs(3));
        i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(10));
        hall.strike("Finish");
        assert_eq!(hall.session().screen, Screen::Finished);
        assert_blank(hall.kiosk.window());
        hall.kiosk.later(Duration::from_millis(app::FINISHED_MS));
        assert_eq!(hall.session(), Session::default());
        assert_blank(hall.kiosk.window());
    }
}

/// The testing backend keeps every request to an input method, with the text of the field.
fn forget_requests(window: &slint::Window) {
    let adapter = i_slint_core::window::WindowInner::from_pub(window).window_adapter();
    let internal = adapter.internal(i_slint_core::InternalToken).unwrap();
    let any: &dyn std::any::Any = internal;
    any.downcast_ref::<i_slint_backend_testing::testing_backend::TestingWindow>().unwrap().clear_ime_requests();
}

/// So many events; memory after each twentieth of them, in kilobytes.
fn run(events: usize, seed: u64) -> Vec<f64> {
    let mut monkey = Monkey::new(seed);
    let mut kilobytes = Vec::new();
    let mut screens = std::collections::BTreeMap::<String, usize>::new();
    for event in 1..=events {
        monkey.act();
        // What is to be done when the event loop turns is done before the next finger comes.
        i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(1));
        *screens.entry(format!("{:?}", monkey.hall.kiosk.inner.state.borrow().session.screen)).or_default() += 1;
        if event % 400 == 0 {
            monkey.go_home();
        }
        if event % (events / 20) == 0 {
            kilobytes.push(resident_kb());
        }
    }
    println!("{screens:?}");
    kilobytes
}

/// How much a line through these rises from one to the next (least squares).
fn slope(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let (mean_x, mean_y) = ((count - 1.0) / 2.0, values.iter().sum::<f64>() / count);
    let both = values.iter().enumerate().map(|(x, y)| (x as f64 - mean_x) * (y - mean_y)).sum::<f64>();
    both / values.iter().enumerate().map(|(x, _)| (x as f64 - mean_x).powi(2)).sum::<f64>()
}

#[test]
fn a_monkey_at_the_window_always_gets_home() {
    run(4_000, 1);
}

/// Alone in its process, for memory is the process's: `cargo test --release -p kiosk a_million_touches -- --ignored --nocapture`
#[test]
#[ignore = "a million events"]
fn a_million_touches_leak_nothing() {
    let events = std::env::var("KIOSK_MONKEY").ok().and_then(|events| events.parse().ok()).unwrap_or(1_000_000);
    let began = Instant::now();
    let kilobytes = run(events, 2);
    // The first quarter fills caches of glyphs, layouts and translations.
    let settled = &kilobytes[5..];
    let per_million = slope(settled) * 20.0 / events as f64 * 1e6;
    println!("{events} events in {:?}: {kilobytes:?} kB, {per_million:.0} kB a million", began.elapsed());
    assert!(per_million < 4_000.0, "memory grows by {per_million:.0} kB in a million events: {kilobytes:?}");
}
