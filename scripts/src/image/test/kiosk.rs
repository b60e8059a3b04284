//! What residents see and touch.

use std::time::Duration;

use anyhow::Result;

use super::case::{Case, Trial};
use super::login::Login;
use super::need::Need;
use super::visit::{self, Told, Visit};
use super::{mark, settle, town};
use crate::machine::medium::Medium;
use crate::machine::screen::Picture;
use crate::machine::{Machine, Setup};

const NEEDS: &[Need] = &[Need::Kiosk, Need::Caretaker, Need::State, Need::Ssh];

/// A disk with a report is what it leaves to others.
pub const TOUCHED: Case = Case {
    id: "T19",
    title: "the kiosk of a town: a report filed by touches, which staff then reads",
    expected: [7, 7],
    needs: NEEDS,
    is_smoke: true,
    run: upright,
};

pub const CASES: &[Case] = &[
    TOUCHED,
    Case {
        id: "T19.turned",
        title: "the same on a screen that is turned by 90 degrees",
        expected: [7, 7],
        needs: NEEDS,
        is_smoke: true,
        run: turned,
    },
    Case {
        id: "T19.more-turned",
        title: "by 90, 180 and 270 degrees on a square screen: the same picture, and touches where it shows them",
        expected: [3 * 2, 3 * 2],
        needs: NEEDS,
        is_smoke: false,
        run: more_turned,
    },
    Case {
        id: "T19.unset",
        title: "the kiosk of a box without a town says so, and answers a touch",
        expected: [3, 3],
        needs: &[Need::Kiosk],
        is_smoke: false,
        run: unset,
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

/// Between looks: each costs the machine a part of its time.
const LOOK: Duration = Duration::from_millis(250);

/// Share of pixels that may differ between two pictures of the same: clock and cursor.
const SAME: f64 = 0.03;

/// Share of pixels that differ between one screen and another.
const ANOTHER: f64 = 0.2;

/// Where the button for help is, in hundredths of an upright screen's width and height.
const HELP: (u32, u32) = (17, 95);

/// Waits until the kiosk is drawn; the picture, and when it was there, since power on.
pub fn drawn(machine: &mut Machine) -> Result<(Picture, Duration)> {
    let mut last: Option<(Picture, Duration)> = None;
    machine.wait_every(LOOK, "the kiosk is on the screen", KIOSK, |machine| {
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

/// Roads and pavements: there is a question, and it need not be answered.
const CATEGORY: (usize, &str) = (1, "Roads and pavements");

fn upright(trial: &mut Trial) -> Result<()> {
    let login = Login::new(trial)?;
    let disk = town::fresh(trial, &login, "")?;
    let told = Told { category: CATEGORY.0, place: (0.5, 0.5), words: "Slab" };
    journey(trial, "T19", (&login, &disk, 0), &told)?;
    // Others need not import it again.
    trial.bench.keep_town(&disk)
}

fn turned(trial: &mut Trial) -> Result<()> {
    let login = Login::new(trial)?;
    let disk = town::served(trial, &login, "[display]\nrotation = 90\n")?;
    let told = Told { category: CATEGORY.0, place: (0.25, 0.3), words: "Hole" };
    journey(trial, "T19.turned", (&login, &disk, 90), &told)
}

/// Starts a box of the town with its screen turned, reports something by touches, and asks staff's console for it.
fn journey(trial: &mut Trial, id: &str, (login, disk, degrees): (&Login, &Medium, u32), told: &Told) -> Result<()> {
    let mut machine = Machine::start(&login.setup(), disk, trial.run)?;
    let tiles = Visit::new(&mut machine, degrees)?.home(mark::START)?;
    let at = machine.elapsed();
    trial.time("power on to the first screen of the town, which can be touched", at);
    trial.holds("the tiles of the first screen stand as they are read", visit::are_in_order(tiles));
    let before = town::queue(&mut machine, login)?;
    let began = machine.elapsed();
    let mut visit = Visit::new(&mut machine, degrees)?;
    let code = visit.report(trial, id, told)?;
    trial.holds(&format!("the slip is on the screen; its QR code says {code}"), visit::is_code(&code));
    visit.finish()?;
    trial.time("first touch to the slip and back to the first screen", machine.elapsed() - began);
    let after = town::queue(&mut machine, login)?;
    trial.holds(
        &format!("staff reads one report more: {} before, {} now", before.len(), after.len()),
        after.len() == before.len() + 1,
    );
    let new: Vec<&String> = after.iter().filter(|row| !before.iter().any(|old| reference(old) == reference(row))).collect();
    let is_filed = |row: &str| {
        row.contains("problem, ")
            && row.contains(CATEGORY.1)
            && row.contains(" Street")
            && row.ends_with(&format!(": {}", told.words))
    };
    trial.holds(
        &format!("it is the one that was filed: {}", new.iter().map(|row| row.as_str()).collect::<Vec<_>>().join("; ")),
        new.len() == 1 && new.iter().all(|row| is_filed(row)),
    );
    let good = machine.hear(mark::GOOD, mark::START)?;
    trial.time("power on to a start that is called good", good);
    trial.holds("the start is called good, and nothing restarted", machine.resets().is_empty());
    // What the box says at the end of its start must not be drawn over the kiosk.
    let stands = Visit::new(&mut machine, degrees)?.home(KIOSK).is_ok();
    trial.holds("then the first screen is still there", stands);
    trial.host_memory(&machine);
    machine.power_down(mark::STOP)?;
    drop(machine);
    trial.holds("the power button switches it off in good order", true);
    Ok(())
}

/// `1. R-4N2Z94 problem, …` is about this report.
fn reference(row: &str) -> &str {
    row.split(' ').find(|word| word.starts_with("R-")).unwrap_or_default()
}

fn more_turned(trial: &mut Trial) -> Result<()> {
    let mut upright: Option<Picture> = None;
    for degrees in [0_u32, 90, 180, 270] {
        let login = Login::new(trial)?;
        let disk = town::served(trial, &login, &format!("[display]\nrotation = {degrees}\n"))?;
        // A square screen, so that all four have the same layout.
        let setup = Setup { screen: (1024, 1024), ..login.setup() };
        let mut machine = Machine::start(&setup, &disk, trial.run)?;
        let mut visit = Visit::new(&mut machine, degrees)?;
        let tiles = visit.home(mark::START)?;
        visit.keep(trial, &format!("T19.more-turned-{degrees}"))?;
        let screen = visit.seen().clone();
        if let Some(upright) = &upright {
            let share = upright.difference(&screen, screen.whole(), 40)?;
            trial.holds(&format!("{degrees} degrees: {:.1} % differ", share * 100.0), share < SAME);
            let categories = visit.touch(tiles[0], "the categories", |sight| sight.categories())?;
            trial.holds(&format!("{degrees} degrees: a touch leads to {} categories", categories.len()), true);
        } else {
            upright = Some(screen);
        }
        machine.cut()?;
    }
    Ok(())
}

fn unset(trial: &mut Trial) -> Result<()> {
    let disk = settle::overlay(trial)?;
    let mut machine = settle::start_as(trial.run, &disk, &Setup { memory_mb: 1024, ..Setup::default() })?;
    let mut visit = Visit::new(&mut machine, 0)?;
    visit.wait("the first screen, with a warning", KIOSK, |sight| sight.home().filter(|_| sight.is_warned()))?;
    visit.keep(trial, "T19.unset")?;
    trial.holds("a strip at the top says that something is missing", true);
    drop(visit);
    // Nothing can be reported, but help is there: the second of the bar.
    let before = machine.screen()?;
    machine.tap(before.width as u32 * HELP.0 / 100, before.height as u32 * HELP.1 / 100)?;
    machine.wait_until("help", Duration::from_secs(60), |machine| {
        let screen = machine.screen()?;
        Ok(before.difference(&screen, screen.whole(), 8)? > ANOTHER)
    })?;
    let picture = machine.picture("help")?;
    std::fs::copy(picture, trial.bench.out.join("T19.unset-help.png"))?;
    trial.holds("a touch opens help", true);
    trial.holds("nothing restarted", machine.resets().is_empty());
    Ok(())
}

fn escape(trial: &mut Trial) -> Result<()> {
    let disk = settle::overlay(trial)?;
    let setup = Setup { memory_mb: 1024, ..Default::default() };
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
