use proptest::prelude::*;

use super::*;
use crate::button::Button;

const PAGES: [Page; 3] = [Page::Fault(0), Page::Address, Page::Clock];
const TICK: Duration = Duration::from_millis(20);

/// A panel with a finger on it.
struct Desk {
    now: Duration,
    button: Button,
    pager: Pager,
    asked: Vec<Tier>,
}

impl Desk {
    fn new() -> Desk {
        Desk { now: Duration::ZERO, button: Button::default(), pager: Pager::new(true, true, Duration::ZERO), asked: Vec::new() }
    }

    fn keep(&mut self, is_down: bool, length: Duration) {
        let until = self.now + length;
        while self.now < until {
            self.now += TICK;
            let touch = self.button.poll(is_down, self.now);
            self.asked.extend(self.pager.turn(touch, &PAGES, self.now));
        }
    }

    fn hold(&mut self, ms: u64) {
        self.keep(true, Duration::from_millis(ms));
        self.keep(false, Duration::from_millis(100));
    }

    fn face(&self) -> Face {
        self.pager.face(&PAGES)
    }
}

#[test]
fn a_press_pages_and_comes_round() {
    let mut desk = Desk::new();
    for page in [1, 2, 0] {
        desk.hold(200);
        assert_eq!(desk.face(), Face::Page(PAGES[page]));
    }
}

#[test]
fn a_page_that_is_gone_leads_to_the_first() {
    let mut desk = Desk::new();
    desk.hold(200);
    desk.hold(200);
    assert_eq!(desk.pager.place(&PAGES[..2]), 0);
    assert_eq!(desk.pager.face(&[]), Face::Page(Page::Address));
}

#[test]
fn letting_go_early_cancels() {
    let mut desk = Desk::new();
    desk.keep(true, Duration::from_millis(4100));
    assert_eq!(desk.face(), Face::Hold { left_s: 6 });
    desk.hold(5000);
    assert_eq!(desk.face(), Face::Page(PAGES[0]));
    assert!(desk.asked.is_empty());
}

#[test]
fn a_reset_is_held_chosen_and_held_again() {
    let mut desk = Desk::new();
    // However long the first hold is, it only opens the choice, at what changes nothing.
    desk.hold(40_000);
    assert_eq!(desk.face(), Face::Reset { choice: Choice::Cancel });
    desk.hold(200);
    desk.hold(200);
    assert_eq!(desk.face(), Face::Reset { choice: Choice::Data });
    desk.hold(2500);
    assert!(desk.asked.is_empty());
    desk.hold(3500);
    assert_eq!(desk.asked, [Tier::Data]);
    desk.pager.answer(Tier::Data, true);
    assert_eq!(desk.face(), Face::Asked { tier: Tier::Data, is_done: true });
}

#[test]
fn cancelling_or_waiting_drops_the_choice() {
    let mut desk = Desk::new();
    desk.hold(10_500);
    desk.hold(3500);
    assert_eq!(desk.face(), Face::Page(PAGES[0]));
    desk.hold(10_500);
    desk.hold(200);
    desk.keep(false, CHOICE_LEFT);
    assert_eq!(desk.face(), Face::Page(PAGES[0]));
    assert!(desk.asked.is_empty());
}

#[test]
fn the_first_press_wakes_only() {
    let mut desk = Desk::new();
    desk.keep(false, DIM_AFTER);
    assert!(desk.pager.care(desk.now).is_dim);
    desk.hold(200);
    assert!(!desk.pager.care(desk.now).is_dim);
    assert_eq!(desk.face(), Face::Page(PAGES[0]));
    desk.hold(200);
    assert_eq!(desk.face(), Face::Page(PAGES[1]));
    // A display that does not wear needs no waking.
    let bright = Pager::new(true, false, Duration::ZERO);
    assert!(!bright.is_dim(DIM_AFTER * 9));
    desk.keep(false, PAGE_LEFT + TICK);
    assert_eq!(desk.face(), Face::Page(PAGES[0]));
}

#[test]
fn every_place_is_spared_in_turn() {
    let pager = Pager::new(true, true, Duration::ZERO);
    let shifts: std::collections::BTreeSet<_> = (0..4).map(|minute| pager.care(Duration::from_secs(60 * minute)).shift).collect();
    assert_eq!(shifts.len(), 4);
}

#[test]
fn without_somebody_to_carry_it_out_nothing_is_offered() {
    let mut desk = Desk::new();
    desk.pager = Pager::new(false, true, Duration::ZERO);
    desk.keep(true, HOLD * 2);
    assert_eq!(desk.face(), Face::Page(PAGES[0]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Holds of less than ten seconds, however many, never come near a reset.
    #[test]
    fn no_reset_without_a_long_hold(holds in prop::collection::vec((50u64..9900, 20u64..20_000), 0..12)) {
        let mut desk = Desk::new();
        for (down, up) in holds {
            desk.hold(down);
            let is_offered = matches!(desk.face(), Face::Reset { .. } | Face::Asked { .. });
            prop_assert!(!is_offered);
            desk.keep(false, Duration::from_millis(up));
        }
        prop_assert!(desk.asked.is_empty());
    }

    /// A reset always has a long hold, then a press, then a hold of three seconds before it, with no half minute of rest between.
    #[test]
    fn a_reset_has_its_three_steps(holds in prop::collection::vec((prop_oneof![100u64..900, 3100u64..9000, 10_100u64..15_000],
                                                                    prop_oneof![100u64..2000, 25_000u64..40_000]), 0..14)) {
        let mut desk = Desk::new();
        let (mut long_at, mut pressed) = (None, 0);
        for (down, up) in holds {
            let before = desk.asked.len();
            desk.hold(down);
            if desk.asked.len() > before {
                prop_assert!(down >= 3000 && long_at.is_some() && pressed > 0, "{down} {long_at:?} {pressed}");
                (long_at, pressed) = (None, 0);
            } else if down >= 10_000 && matches!(desk.face(), Face::Reset { .. }) {
                (long_at, pressed) = (Some(desk.now), 0);
            } else if down < 1000 {
                pressed += 1;
            }
            desk.keep(false, Duration::from_millis(up));
            if up >= 30_000 {
                (long_at, pressed) = (None, 0);
            }
        }
    }
}
