//! Carries the gate's verdict out, and remembers it.

use std::time::Duration;

use anyhow::{Context, Result};
use bootstate::Slot;
use serde::{Deserialize, Serialize};

use super::{Consequence, Counter, Kiosk, Verdict, Watch, consequence, judge, measure};
use crate::stamp::{self, Stamp};
use crate::update::INSTALLED;
use crate::{Caretaker, clock, esp, file, history};

/// Below `/state`: the last verdict.
pub const RECORD: &str = "gate.json";
/// That a slot passed, and which.
pub const COMMITTED: &str = "committed.json";
/// The update that the box went back from; until another passes.
pub const ROLLBACK: &str = "rollback.json";
const COUNTER: &str = "gate-restarts.json";

/// Asking costs something, while everything else starts.
const BETWEEN: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub passed: bool,
    pub slot: String,
    pub version: String,
    pub at_s: u64,
    /// How long the gate took.
    pub elapsed_s: u64,
    pub reasons: Vec<String>,
    pub notes: Vec<String>,
    /// The slot was given up, and the box started again.
    pub went_back: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    pub slot: String,
    pub version: String,
    pub commit: String,
    pub at_s: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    pub slot: String,
    pub version: Option<String>,
    pub reason: String,
    pub at_s: u64,
}

/// What the last installation put into a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    pub slot: String,
    pub version: String,
    pub at_s: u64,
}

/// Waits for the verdict and carries it out. `true`: the slot is good.
pub fn run(care: &Caretaker<'_>) -> Result<bool> {
    let _work = care.lock("the gate, or an update,")?;
    let slot = stamp::slot(care)?;
    let stamp = Stamp::read(care)?;
    let began = care.system.elapsed();
    let mut watch = Watch::default();
    loop {
        let elapsed = care.system.elapsed().saturating_sub(began);
        let readings = measure(care);
        let verdict = judge(&watch, &readings, &stamp.programs, elapsed);
        if !matches!(verdict, Verdict::Wait(_)) && !matches!(readings.kiosk, Kiosk::Shown { .. }) {
            // What follows is said where nobody else draws.
            care.system.show_text();
        }
        match verdict {
            Verdict::Wait(next) => watch = next,
            Verdict::Pass { notes } => return pass(care, slot, &stamp, elapsed, notes).map(|()| true),
            Verdict::Fail { reasons } => return fail(care, slot, &stamp, elapsed, reasons).map(|()| false),
        }
        care.system.sleep(BETWEEN);
    }
}

fn pass(care: &Caretaker<'_>, slot: Slot, stamp: &Stamp, elapsed: Duration, notes: Vec<String>) -> Result<()> {
    let before = esp::state(care)?;
    let at_s = care.system.now_s();
    let version = stamp.version.to_string();
    let was_pending = before.is_pending(slot);

    // First of all: what follows is for people.
    esp::mark_good(care, slot).context("the slot is good, and that cannot be noted")?;
    file::remove(&care.places.state(COUNTER))?;
    let other = slot.other();
    // GRUB gave the other one up: it did not even come as far as its own gate.
    let used_up = before.policy.first == other && before.is_pending(other) && !before.is_good(other);
    let told: Option<Record> =
        file::read_json(&care.places.state(RECORD)).filter(|told: &Record| !told.passed && told.slot != slot.letter());
    if used_up {
        esp::mark_bad(care, other)?;
    }
    if was_pending {
        file::remove(&care.places.state(ROLLBACK))?;
        history::note(care, "committed", &format!("slot {slot}, version {version}"))?;
    } else if used_up || told.is_some() {
        let installed: Option<Installed> = file::read_json(&care.places.state(INSTALLED));
        let installed = installed.filter(|installed| installed.slot == other.letter()).map(|installed| installed.version);
        let rollback = Rollback {
            slot: other.letter().to_owned(),
            version: told.as_ref().map(|told| told.version.clone()).or(installed),
            reason: told.map_or_else(|| "it did not come up within its tries".to_owned(), |told| told.reasons.join("; ")),
            at_s,
        };
        history::note(care, "rollback", &format!("from slot {other} to slot {slot}: {}", rollback.reason))?;
        file::write_json(&care.places.state(ROLLBACK), &rollback)?;
    }
    let committed = Committed { slot: slot.letter().to_owned(), version: version.clone(), commit: stamp.commit.clone(), at_s };
    file::write_json(&care.places.state(COMMITTED), &committed)?;
    let record = Record {
        passed: true,
        slot: slot.letter().to_owned(),
        version,
        at_s,
        elapsed_s: elapsed.as_secs(),
        reasons: Vec::new(),
        notes: notes.clone(),
        went_back: false,
    };
    file::write_json(&care.places.state(RECORD), &record)?;
    if let Some(floor) = &stamp.data_floor {
        esp::raise_data_floor(care, floor)?;
    }
    clock::save(care)?;
    for note in notes {
        care.system.log(&note);
    }
    care.system.say(&format!("WeGovNow: slot {slot} is good: the daemon answers"));
    Ok(())
}

fn fail(care: &Caretaker<'_>, slot: Slot, stamp: &Stamp, elapsed: Duration, reasons: Vec<String>) -> Result<()> {
    let said = reasons.join("; ");
    care.system.say(&format!("WeGovNow: slot {slot} is not good: {said}"));
    let mut record = Record {
        passed: false,
        slot: slot.letter().to_owned(),
        version: stamp.version.to_string(),
        at_s: care.system.now_s(),
        elapsed_s: elapsed.as_secs(),
        reasons,
        notes: Vec::new(),
        went_back: false,
    };
    let path = care.places.state(RECORD);
    let counter: Counter = file::read_json(&care.places.state(COUNTER)).unwrap_or_default();
    let state = match esp::state(care) {
        Ok(state) => state,
        Err(error) => {
            file::write_json(&path, &record)?;
            return Err(error.context("the boot loader's notes cannot be read: the box stays as it is"));
        }
    };
    if let Consequence::Stay(why) = consequence(&state, slot, counter) {
        record.notes.push(why.to_owned());
        care.system.say(&format!("WeGovNow: the box stays as it is: {why}"));
        file::write_json(&path, &record)?;
        // Nobody knows whether this can be written; the record above was.
        return history::note(care, "gate-failed", &format!("slot {slot}: {said}"));
    }
    // Each of these must be on the disk before the box starts again: without the counter it could do so for ever.
    record.went_back = true;
    file::write_json(&care.places.state(COUNTER), &Counter { restarts: counter.restarts + 1 })
        .context("the box stays as it is, for it could not remember that it went back")?;
    file::write_json(&path, &record)?;
    esp::mark_bad(care, slot).context("the slot cannot be given up: the box stays as it is")?;
    history::note(care, "gate-failed", &format!("slot {slot} is given up for slot {}: {said}", slot.other()))?;
    care.system.say(&format!("WeGovNow: going back to slot {}", slot.other()));
    care.system.reboot().context("the box does not start again")
}
