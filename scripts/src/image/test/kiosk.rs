//! What residents see and touch.

use std::time::Duration;

use anyhow::Result;

use super::case::{Case, Trial};
use super::login::Login;
use super::need::Need;
use super::{mark, settle};
use crate::image::layout;
use crate::machine::Machine;
use crate::machine::screen::Picture;

pub const CASES: &[Case] = &[
    Case {
        id: "T19",
        title: "the kiosk is on the screen, and answers a touch",
        expected: [3, 3],
        needs: &[Need::Kiosk],
        is_smoke: true,
        run: picture,
    },
    Case {
        id: "T19.turned",
        title: "the picture turned by 90, 180 and 270 degrees is the picture",
        expected: [3, 3],
        needs: &[Need::Kiosk, Need::Caretaker, Need::State],
        is_smoke: false,
        run: turned,
    },
    Case {
        id: "T20",
        title: "no key leads out of the kiosk",
        expected: [5, 5],
        needs: &[Need::Kiosk],
        is_smoke: false,
        run: escape,
    },
];

/// Kernel messages and a login prompt have a few greys; the kiosk has text with soft edges, colours and a map.
const COLOURS_MIN: usize = 40;

/// A picture that does not change from one look to the next is drawn.
const STILL: Duration = Duration::from_secs(2);

const KIOSK: Duration = Duration::from_secs(240);

/// Share of pixels that may differ between two pictures of the same: clock and cursor.
const SAME: f64 = 0.03;

/// Waits until the kiosk is drawn; the picture, and when it was there, since power on.
pub fn drawn(machine: &mut Machine) -> Result<(Picture, Duration)> {
    let mut last: Option<(Picture, Duration)> = None;
    machine.wait_until("the kiosk is on the screen", KIOSK, |machine| {
        let at = machine.elapsed();
        let screen = machine.screen()?;
        if screen.colours(screen.whole()) < COLOURS_MIN {
            last = None;
            return Ok(false);
        }
        let is_still = last.as_ref().is_some_and(|(last, since)| {
            at - *since >= STILL && last.difference(&screen, screen.whole(), 8).is_ok_and(|share| share < SAME)
        });
        let is_new =
            last.as_ref().is_none_or(|(last, _)| last.difference(&screen, screen.whole(), 8).is_ok_and(|share| share >= SAME));
        if is_new {
            last = Some((screen, at));
        }
        Ok(is_still)
    })?;
    last.ok_or_else(|| machine.failure("no picture of the kiosk"))
}

/// Touches the picture until it changes; how long that took.
pub fn answers(machine: &mut Machine, settled: &Picture) -> Result<Option<Duration>> {
    // Where the welcome screen has its large button: the middle of the lower half; wherever it is, some touch does something.
    let (width, height) = (settled.width as u32, settled.height as u32);
    let mut answered = None;
    for (x, y) in [(width / 2, height * 3 / 4), (width / 2, height / 2), (width / 4, height / 2), (width * 3 / 4, height / 2)] {
        let touched = machine.elapsed();
        machine.tap(x, y)?;
        let then = touched + Duration::from_secs(8);
        machine.wait_until("an answer to the touch", Duration::from_secs(30), |machine| {
            let screen = machine.screen()?;
            if settled.difference(&screen, screen.whole(), 8)? > SAME && answered.is_none() {
                answered = Some(machine.elapsed() - touched);
            }
            Ok(answered.is_some() || machine.elapsed() > then)
        })?;
        if answered.is_some() {
            break;
        }
    }
    Ok(answered)
}

fn picture(trial: &mut Trial) -> Result<()> {
    let disk = settle::overlay(trial)?;
    let mut machine = Machine::start(&crate::machine::Setup { memory_mb: 1024, ..Default::default() }, &disk, trial.run)?;
    let (before, at) = drawn(&mut machine)?;
    trial.time("power on to the kiosk's picture", at);
    trial.holds("the kiosk is on the screen", true);
    machine.hear(mark::GOOD, mark::START)?;
    let (settled, _) = drawn(&mut machine)?;
    let file = machine.picture("kiosk")?;
    std::fs::copy(&file, trial.bench.out.join("T19-kiosk.png"))?;
    let share = before.difference(&settled, settled.whole(), 8)?;
    println!("   {:.1} % of the picture changed until the start was called good", share * 100.0);
    let answered = answers(&mut machine, &settled)?;
    if let Some(took) = answered {
        trial.time("touch to another picture, with the time to fetch it", took);
    }
    let file = machine.picture("touched")?;
    std::fs::copy(&file, trial.bench.out.join("T19-touched.png"))?;
    trial.holds("a touch changes the picture", answered.is_some());
    trial.holds("nothing restarted", machine.resets().is_empty());
    trial.host_memory(&machine);
    Ok(())
}

fn turned(trial: &mut Trial) -> Result<()> {
    let mut upright: Option<Picture> = None;
    for degrees in [0_u32, 90, 180, 270] {
        let login = Login::new(trial)?;
        let disk = settle::copy(trial)?;
        let text = login.file(&format!("[display]\nrotation = {degrees}\n"));
        disk.fat(layout::PROVISION, &trial.run.dir)?.put("appliance.toml", text.as_bytes())?;
        // A square screen, so that all four have the same layout.
        let setup = crate::machine::Setup { screen: (1024, 1024), ..login.setup() };
        let mut machine = settle::start_as(trial.run, &disk, &setup)?;
        let (screen, _) = drawn(&mut machine)?;
        let file = machine.picture(&format!("turned-{degrees}"))?;
        std::fs::copy(&file, trial.bench.out.join(format!("T19-turned-{degrees}.png")))?;
        machine.cut()?;
        match &upright {
            None => upright = Some(screen),
            Some(upright) => {
                // Turned clockwise by the box, turned back here.
                let back = screen.turned(4 - degrees / 90);
                let share = upright.difference(&back, back.whole(), 40)?;
                trial.holds(&format!("{degrees} degrees: {:.1} % differ", share * 100.0), share < 0.1);
            }
        }
    }
    Ok(())
}

fn escape(trial: &mut Trial) -> Result<()> {
    let disk = settle::overlay(trial)?;
    let setup = crate::machine::Setup { memory_mb: 1024, ..Default::default() };
    let mut machine = settle::start_as(trial.run, &disk, &setup)?;
    drawn(&mut machine)?;
    machine.qmp("device_add", serde_json::json!({ "driver": "usb-kbd", "id": "keyboard" }))?;
    let attempts: [&[&str]; 4] =
        [&["ctrl", "alt", "f2"], &["ctrl", "alt", "backspace"], &["ctrl", "alt", "delete"], &["alt", "sysrq", "b"]];
    for keys in attempts {
        machine.keys(keys)?;
        let then = machine.elapsed() + Duration::from_secs(8);
        machine.wait_until("the keys have had their time", Duration::from_secs(60), |machine| Ok(machine.elapsed() > then))?;
        let screen = machine.screen()?;
        let is_kiosk = screen.colours(screen.whole()) >= COLOURS_MIN;
        trial.holds(
            &format!("{}: the kiosk stays", keys.join("+")),
            is_kiosk && machine.resets().is_empty() && machine.ended()?.is_none(),
        );
    }
    trial.holds("no login prompt is on the serial line", machine.transcript().find(0, mark::LOGIN).is_none());
    Ok(())
}
