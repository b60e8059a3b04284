//! The health gate: at every start it decides whether the slot that runs is good (design: `images/README.md`).
//!
//! Good is what held for [`STABLE`] without a break, within [`BUDGET`]; what is still starting is no pass. Network, clock, peers
//! and full synchronisation are never asked. A slot on trial that fails is given up for one that is proven, once.

mod reading;
mod carry;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use bootstate::{Slot, State};
use serde::{Deserialize, Serialize};

pub use carry::{COMMITTED, Committed, RECORD, ROLLBACK, Record, Rollback, run};
pub use reading::{Watched, daemon, display_is_attached, kiosk, measure, units};

/// From the gate's start.
pub const BUDGET: Duration = Duration::from_secs(180);
/// How long everything must be well.
pub const STABLE: Duration = Duration::from_secs(30);
/// The kiosk beats every few seconds; its unit's watchdog bites after 20.
pub const BEAT_MAX: Duration = Duration::from_secs(30);
/// Less free space leaves no room for the next update's snapshot.
pub const FREE_MIN: u64 = 64 << 20;
/// Restarts of a unit since the machine was started.
pub const RESTARTS_MAX: u32 = 5;

/// Units whose failure is a fault of the slot. What else fails is noted.
pub const REQUIRED: [&str; 9] = [
    "wegovnow-start.service",
    "wegovnowd.service",
    KIOSK,
    "dbus.service",
    "nftables.service",
    "ssh.service",
    "systemd-journald.service",
    "systemd-networkd.service",
    "systemd-udevd.service",
];

/// What `wegovnowd health` says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Health {
    /// `ok`, `storage_full`, `read_only` or `damaged`.
    pub state: String,
    pub version: String,
    #[serde(default)]
    pub reports: u64,
    #[serde(default)]
    pub events: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kiosk {
    /// There is nothing to draw on, or no kiosk in this system.
    NotAsked(&'static str),
    /// Not yet.
    Starting(String),
    /// Its first frame is on the screen. How old its last sign of life is; none: its unit has no watchdog.
    Shown { beat_age: Option<Duration> },
}

/// A program of a deployment's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub name: String,
    pub outcome: CheckOutcome,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckOutcome {
    Good,
    /// Exit code 75: asks to be asked later.
    Busy,
    Bad(String),
}

/// Everything that is measured at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readings {
    /// The daemon's answer, or why there is none.
    pub daemon: Result<Health, String>,
    pub kiosk: Kiosk,
    /// Units that failed.
    pub failed: Vec<String>,
    /// How often units were restarted since the machine was started.
    pub restarts: BTreeMap<String, u32>,
    /// What was written to the data partition came back from it.
    pub probe: Result<(), String>,
    /// Bytes that the daemon may still take of the data partition; none: the file system does not say.
    pub free_bytes: Option<u64>,
    pub required: Vec<Check>,
    pub wanted: Vec<Check>,
}

/// What has held so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watch {
    good_since: Option<Duration>,
    restarts: BTreeMap<String, u32>,
    /// Why it is not good yet.
    lacking: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Ask again.
    Wait(Watch),
    Pass {
        notes: Vec<String>,
    },
    Fail {
        reasons: Vec<String>,
    },
}

/// The unit that draws.
pub const KIOSK: &str = "wegovnow-kiosk.service";

impl Readings {
    /// Restarts that count: of a kiosk that has nothing to draw on none does, it tries for ever.
    fn counted(&self) -> BTreeMap<String, u32> {
        let is_asked = !matches!(self.kiosk, Kiosk::NotAsked(_));
        self.restarts.iter().filter(|(unit, _)| is_asked || *unit != KIOSK).map(|(unit, count)| (unit.clone(), *count)).collect()
    }
}

/// What the readings say after `elapsed` since the gate began. `programs` is the version that the slot's programs must have.
pub fn judge(watch: &Watch, readings: &Readings, programs: &str, elapsed: Duration) -> Verdict {
    let (mut lacking, notes) = assess(readings, programs);
    let restarts = readings.counted();
    if watch.good_since.is_some() && restarts != watch.restarts {
        let restarted = restarts.iter().filter(|(unit, count)| watch.restarts.get(*unit) != Some(count));
        let restarted: Vec<&str> = restarted.map(|(unit, _)| unit.as_str()).collect();
        lacking.push(format!("restarted meanwhile: {}", restarted.join(", ")));
    }
    let good_since = if lacking.is_empty() { Some(watch.good_since.unwrap_or(elapsed)) } else { None };
    if good_since.is_some_and(|since| elapsed.saturating_sub(since) >= STABLE) {
        return Verdict::Pass { notes };
    }
    if elapsed >= BUDGET {
        if lacking.is_empty() {
            lacking.push(format!("not well for {} s on end", STABLE.as_secs()));
            lacking.extend(watch.lacking.iter().map(|what| format!("before that: {what}")));
        }
        return Verdict::Fail { reasons: lacking };
    }
    // While all is well, what was wrong last is remembered.
    let lacking = if lacking.is_empty() { watch.lacking.clone() } else { lacking };
    Verdict::Wait(Watch { good_since, restarts, lacking })
}

/// What is lacking, and what is worth a note.
fn assess(readings: &Readings, programs: &str) -> (Vec<String>, Vec<String>) {
    let (mut lacking, mut notes) = (Vec::new(), Vec::new());
    match &readings.daemon {
        Err(why) => lacking.push(format!("the daemon does not answer: {why}")),
        Ok(health) => {
            if health.version != programs {
                lacking.push(format!("the daemon that answers is {}, this system's is {programs}", health.version));
            }
            match health.state.as_str() {
                "ok" => {}
                // The disk's fault, not the slot's; a restart repairs it.
                "damaged" => notes.push("events on the disk went bad: a restart of the daemon repairs them".to_owned()),
                state => lacking.push(format!("the store is {state}")),
            }
        }
    }
    // By our own look: a daemon that finds no room at all may not answer.
    if let Some(free) = readings.free_bytes.filter(|free| *free < FREE_MIN) {
        lacking.push(format!("{} MiB are free on the data partition, {} are needed", free >> 20, FREE_MIN >> 20));
    }
    match &readings.kiosk {
        Kiosk::NotAsked(why) => notes.push(format!("the kiosk was not asked: {why}")),
        Kiosk::Starting(what) => lacking.push(format!("the kiosk shows nothing yet: {what}")),
        Kiosk::Shown { beat_age: Some(age) } if *age > BEAT_MAX => {
            lacking.push(format!("the kiosk's last sign of life is {} s old", age.as_secs()));
        }
        Kiosk::Shown { beat_age } => {
            if beat_age.is_none() {
                notes.push("the kiosk gives no signs of life: its unit has no watchdog".to_owned());
            }
        }
    }
    let is_idle = matches!(readings.kiosk, Kiosk::NotAsked(_));
    let is_required = |unit: &str| REQUIRED.contains(&unit) && !(is_idle && unit == KIOSK);
    let (required, others): (Vec<&String>, _) = readings.failed.iter().partition(|unit| is_required(unit));
    lacking.extend(required.iter().map(|unit| format!("{unit} failed")));
    notes.extend(others.iter().map(|unit| format!("{unit} failed")));
    for (unit, count) in readings.counted().iter().filter(|(_, count)| **count >= RESTARTS_MAX) {
        lacking.push(format!("{unit} was restarted {count} times"));
    }
    if let Err(why) = &readings.probe {
        lacking.push(format!("the data partition takes no write: {why}"));
    }
    for check in &readings.required {
        match &check.outcome {
            CheckOutcome::Good => {}
            CheckOutcome::Busy => lacking.push(format!("{} is busy", check.name)),
            CheckOutcome::Bad(why) => lacking.push(format!("{}: {why}", check.name)),
        }
    }
    for check in &readings.wanted {
        if let CheckOutcome::Bad(why) = &check.outcome {
            notes.push(format!("{}: {why}", check.name));
        }
    }
    (lacking, notes)
}

/// How often the gate started the box again since a slot last passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    pub restarts: u32,
}

/// What follows a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consequence {
    /// The slot is given up, and the box starts again, once.
    GoBack,
    /// It stays up as it is; why.
    Stay(&'static str),
}

pub fn consequence(state: &State, slot: Slot, counter: Counter) -> Consequence {
    if !state.is_pending(slot) {
        Consequence::Stay("this slot was good before: going back would not be to something newer")
    } else if !state.is_proven(slot.other()) {
        Consequence::Stay("the other slot is not known to be good")
    } else if counter.restarts > 0 {
        Consequence::Stay("the box was started again for this once already")
    } else {
        Consequence::GoBack
    }
}
