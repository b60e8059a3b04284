//! `wegovnow-box status`: the box at one moment, for people, for the panel and for support.
//!
//! As JSON it is what `appliance/panel` reads as its `Readings`, and more beside; what is not known is `null`:
//!
//! | name | what |
//! |---|---|
//! | `language`, `town`, `site` | as provisioned: the kiosk's language, the town's name, where the box stands |
//! | `serial`, `slot`, `version`, `commit`, `variant` | which box, which slot was started (`a`, `b`), what is in it |
//! | `host_key` | fingerprint of the key that SSH shows, as `ssh` shows it |
//! | `is_on_trial` | the running slot was not found good yet |
//! | `rollback` | `version`, `reason`: the update that the box went back from, until another is committed |
//! | `network` | `addresses`, `host`, `is_plugged`, `is_captive` (not measured: `null`) |
//! | `store` | `open`, `starting`, `read-only` or `down`; `reports` counts what is in it |
//! | `kiosk` | `shown`, `starting`, or `none` where there is no display |
//! | `disk` | `free_bytes`, `total_bytes` of the data partition, `life_used_percent` where the medium says it (eMMC, NVMe) |
//! | `disk.watch` | `restarts`: the box starts again if its disk falls silent; `trouble`: what is wrong with it, in words; slowest answers |
//! | `sync` | `age_s`, `peers`: `null`, boxes do not exchange facts yet |
//! | `memory` | `total_bytes`, `used_bytes`, `swap_total_bytes`, `swap_used_bytes`: swap is memory that is packed |
//! | `temperature_c`, `uptime_s` | the hottest sensor; seconds since the machine was started |
//! | `clock` | `is_verified`, `source` (a server, or `set by hand`), `local` |
//! | `pairing` | while the box waits for its settings: `link`, `code`, `left_s`, `address`, `fingerprint` |
//! | `starts_by_itself` | `null` |
//! | `generation` | of the settings in force |
//! | `refusal` | of an `appliance.toml` that was not taken at this start: `count` of its mistakes, the `first` |
//! | `notices` | what staff should know, for the daemon: `kind`, `text` |
//! | `boot` | `order`, `next`, and of `a` and `b`: `ok`, `pending`, `tries` |
//! | `gate` | the last verdict: `passed`, `slot`, `version`, `at_s`, `reasons`, `notes`, … |
//! | `steps` | of this start: `name`, `is_done`, `said` |
//! | `history` | the last lines: `at_s`, `word`, `text` |

mod sensor;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::Serialize;

use crate::boot_state::{CACHE, Summary};
use crate::gate::{self, Kiosk, Record, Rollback};
use crate::history::{self, Line};
use crate::import::{REFUSAL, Refusal};
use crate::pairing::{self, Pairing};
use crate::stamp::{self, Stamp};
use crate::start::{RECORD, Step};
use crate::swap::Memory;
use crate::watch::{self, record::Report};
use crate::{Caretaker, esp, file, identity, settings};

const LIMIT: Duration = Duration::from_secs(10);
const LINES: usize = 20;

#[derive(Debug, Clone, Serialize)]
pub struct Status {
    pub language: Option<String>,
    pub town: Option<String>,
    pub site: Option<String>,
    pub serial: Option<String>,
    pub host_key: Option<String>,
    pub slot: Option<String>,
    pub version: Option<String>,
    pub commit: Option<String>,
    pub variant: Option<String>,
    pub is_on_trial: Option<bool>,
    pub rollback: Option<Rollback>,
    pub network: Network,
    pub store: &'static str,
    pub kiosk: &'static str,
    pub reports: Option<u64>,
    pub disk: Disk,
    pub memory: Option<Memory>,
    pub sync: Sync,
    pub temperature_c: Option<f32>,
    pub uptime_s: u64,
    pub clock: Clock,
    pub pairing: Option<Pairing>,
    pub starts_by_itself: Option<bool>,
    pub generation: Option<u32>,
    pub refusal: Option<Refusal>,
    pub notices: Vec<Notice>,
    pub boot: Option<Summary>,
    pub gate: Option<Record>,
    pub steps: Vec<Step>,
    pub history: Vec<Line>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Network {
    pub addresses: Vec<String>,
    pub host: Option<String>,
    pub is_plugged: Option<bool>,
    pub is_captive: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Disk {
    pub free_bytes: Option<u64>,
    pub total_bytes: Option<u64>,
    pub life_used_percent: Option<u16>,
    pub watch: Option<Report>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sync {
    pub age_s: Option<u64>,
    pub peers: Option<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Clock {
    pub is_verified: Option<bool>,
    pub source: Option<String>,
    pub local: Option<String>,
}

/// Something that staff should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    pub kind: &'static str,
    pub text: String,
}

fn notices(watch: Option<&Report>, refusal: Option<&Refusal>) -> Vec<Notice> {
    let trouble = watch.and_then(|watch| watch.trouble.as_ref());
    let trouble = trouble.map(|trouble| Notice { kind: "disk", text: format!("the disk: {trouble}") });
    let refused = refusal.map(|refusal| Notice { kind: "settings", text: describe_refusal(refusal) });
    trouble.into_iter().chain(refused).collect()
}

fn describe_refusal(refusal: &Refusal) -> String {
    let mistakes = if refusal.count == 1 { "mistake" } else { "mistakes" };
    format!("appliance.toml was not taken, {} {mistakes}: {}", refusal.count, refusal.first)
}

/// Measures. What cannot be read is not known; nothing of it is an error.
pub fn read(care: &Caretaker<'_>) -> Status {
    let stamp = Stamp::read(care).ok();
    let slot = stamp::slot(care).ok();
    let serial = identity::serial(care);
    let is_provisioned = settings::text(care).is_ok_and(|text| text.is_some());
    let settings = settings::read(care, serial.as_deref()).unwrap_or_default();
    let cached = file::read_json(&care.places.run(CACHE));
    let boot: Option<Summary> = cached.or_else(|| esp::state(care).ok().map(|state| Summary::of(&state)));
    let units = gate::units(care);
    let daemon = gate::daemon(care);
    let store = match &daemon {
        Ok(health) if matches!(health.state.as_str(), "ok" | "damaged") => "open",
        Ok(_) => "read-only",
        Err(_) if units.get("wegovnowd.service").is_some_and(|unit| unit.active == "activating") => "starting",
        Err(_) => "down",
    };
    let kiosk = match gate::kiosk(care, &units) {
        Kiosk::Shown { .. } => "shown",
        Kiosk::Starting(_) => "starting",
        Kiosk::NotAsked(_) => "none",
    };
    let watch = watch::carry::report(care);
    let refusal: Option<Refusal> = file::read_json(&care.places.run(REFUSAL));
    let notices = notices(watch.as_ref(), refusal.as_ref());
    let network = sensor::network(care);
    let pairing = pairing::shown(care, &network.addresses);
    let space = care.system.space(&care.places.at("/var"));
    Status {
        language: settings.kiosk.language.clone().or_else(|| settings.site.languages.first().cloned()),
        town: settings.site.name,
        site: settings.site.place_name,
        serial,
        host_key: identity::host_key_fingerprint(care),
        slot: slot.map(|slot| slot.letter().to_owned()),
        version: stamp.as_ref().map(|stamp| stamp.version.to_string()),
        commit: stamp.as_ref().map(|stamp| stamp.commit.clone()),
        variant: stamp.map(|stamp| stamp.variant),
        is_on_trial: boot.as_ref().zip(slot).map(|(boot, slot)| boot.slot(slot).pending),
        rollback: crate::update::past(care).1,
        network,
        store,
        kiosk,
        reports: daemon.ok().map(|health| health.reports),
        disk: Disk {
            free_bytes: space.map(|(free, _)| free),
            total_bytes: space.map(|(_, all)| all),
            life_used_percent: sensor::life_used_percent(care),
            watch,
        },
        memory: Memory::read(care),
        sync: Sync::default(),
        temperature_c: sensor::temperature_c(care),
        uptime_s: care.system.elapsed().as_secs(),
        clock: sensor::clock(care),
        pairing,
        starts_by_itself: None,
        refusal,
        notices,
        generation: is_provisioned.then_some(settings.generation),
        boot,
        gate: file::read_json(&care.places.state(gate::RECORD)),
        steps: file::read_json(&care.places.run(RECORD)).unwrap_or_default(),
        history: history::tail(care, LINES),
    }
}

fn describe_clock(clock: &Clock) -> String {
    let local = clock.local.as_deref().unwrap_or("-");
    match (clock.is_verified, &clock.source) {
        (Some(true), Some(source)) => format!("{local}, verified: yes ({source})"),
        (Some(true), None) => format!("{local}, verified: yes"),
        (Some(false), _) => format!("{local}, verified: no"),
        (None, _) => format!("{local}, verified: not known"),
    }
}

/// The time server that sets the clock, if one does.
pub fn clock_source(care: &Caretaker<'_>) -> Option<String> {
    let clock = sensor::clock(care);
    clock.source.filter(|source| clock.is_verified == Some(true) && source != sensor::BY_HAND)
}

/// For people, without colours, a line for each thing.
pub fn describe(status: &Status) -> String {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let yes_no = |is: Option<bool>| is.map_or("not known", |is| if is { "yes" } else { "no" });
    let mut lines = vec![
        ("town", or_dash(&status.town)),
        ("place", or_dash(&status.site)),
        ("serial", or_dash(&status.serial)),
        ("ssh key", or_dash(&status.host_key)),
        ("version", format!("{} in slot {}", or_dash(&status.version), or_dash(&status.slot))),
        ("on trial", yes_no(status.is_on_trial).to_owned()),
        ("store", status.store.to_owned()),
        ("kiosk", status.kiosk.to_owned()),
        ("addresses", if status.network.addresses.is_empty() { "none".to_owned() } else { status.network.addresses.join(" ") }),
        ("clock", describe_clock(&status.clock)),
    ];
    if let (Some(free), Some(total)) = (status.disk.free_bytes, status.disk.total_bytes) {
        lines.push(("disk", format!("{} of {} MB free", free / 1_000_000, total / 1_000_000)));
    }
    if let Some(percent) = status.disk.life_used_percent {
        lines.push(("disk life", format!("{percent} % used")));
    }
    if let Some(watch) = &status.disk.watch {
        if let Some(trouble) = &watch.trouble {
            lines.push(("disk trouble", trouble.clone()));
        } else if !watch.restarts {
            lines.push(("disk watch", "only reports: the box was started again too often".to_owned()));
        }
    }
    if let Some(memory) = &status.memory {
        let mb = |bytes: u64| bytes / 1_000_000;
        let (used, total) = (mb(memory.used_bytes), mb(memory.total_bytes));
        let packed = match memory.swap_total_bytes {
            0 => "nothing is packed".to_owned(),
            swap => format!("{} of {} MB packed", mb(memory.swap_used_bytes), mb(swap)),
        };
        lines.push(("memory", format!("{used} of {total} MB in use, {packed}")));
    }
    if let Some(degrees) = status.temperature_c {
        lines.push(("temperature", format!("{degrees:.0} °C")));
    }
    if let Some(rollback) = &status.rollback {
        let version = rollback.version.as_deref().unwrap_or("the last update");
        lines.push(("went back", format!("from {version}: {}", rollback.reason)));
    }
    match &status.gate {
        Some(gate) if gate.passed => lines.push(("last check", format!("passed after {} s", gate.elapsed_s))),
        Some(gate) => lines.push(("last check", format!("failed: {}", gate.reasons.join("; ")))),
        None => lines.push(("last check", "none yet".to_owned())),
    }
    if let Some(refusal) = &status.refusal {
        lines.push(("settings", describe_refusal(refusal)));
    }
    for step in status.steps.iter().filter(|step| !step.is_done) {
        lines.push(("at start", format!("{}: {}", step.name, step.said)));
    }
    let mut text: String = lines.iter().map(|(name, value)| format!("{name:<12} {value}\n")).collect();
    if !status.history.is_empty() {
        text += "\nhistory (UTC)\n";
        for line in &status.history {
            text += &format!("{}  {} {}\n", history::date(line.at_s), line.word, line.text);
        }
    }
    text
}
