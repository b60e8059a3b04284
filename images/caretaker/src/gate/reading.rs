//! What the gate measures.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{Check, CheckOutcome, Health, KIOSK, Kiosk, Readings};
use crate::Caretaker;

const LIMIT: Duration = Duration::from_secs(10);
const CHECK_LIMIT: Duration = Duration::from_secs(30);
const DAEMON: &str = "wegovnowd.service";
/// What a check exits with that wants to be asked later (EX_TEMPFAIL of sysexits.h).
const BUSY: i32 = 75;

/// Everything at this moment.
pub fn measure(care: &Caretaker<'_>) -> Readings {
    let units = units(care);
    Readings {
        daemon: daemon(care),
        kiosk: kiosk(care, &units),
        failed: failed(care).unwrap_or_else(|error| vec![format!("systemctl: {error:#}")]),
        restarts: units.iter().map(|(unit, watched)| (unit.clone(), watched.restarts)).collect(),
        probe: probe(care).map_err(|error| format!("{error:#}")),
        free_bytes: care.system.space(&care.places.var("")).map(|(free, _)| free),
        required: checks(care, "/etc/wegovnow/gate/required.d"),
        wanted: checks(care, "/etc/wegovnow/gate/wanted.d"),
    }
}

/// The daemon's answer about itself.
pub fn daemon(care: &Caretaker<'_>) -> Result<Health, String> {
    let ran = care.system.run("wegovnowd", &["health"], LIMIT).map_err(|error| error.to_string())?;
    serde_json::from_str(&ran.stdout).map_err(|_| ran.complaint())
}

/// What systemd says of a unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watched {
    pub is_loaded: bool,
    pub active: String,
    pub restarts: u32,
    /// Since the machine was started: the last sign of life that its watchdog got.
    pub beat: Option<Duration>,
}

/// The units that are watched, by name. One that systemd says nothing of is missing.
pub fn units(care: &Caretaker<'_>) -> BTreeMap<String, Watched> {
    let properties = "--property=Id,LoadState,ActiveState,NRestarts,WatchdogTimestampMonotonic";
    let said = care.system.run("systemctl", &["show", DAEMON, KIOSK, properties], LIMIT);
    said.map(|ran| parse_units(&ran.stdout)).unwrap_or_default()
}

fn parse_units(text: &str) -> BTreeMap<String, Watched> {
    let unit = |block: &str| {
        let value = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let beat = value("WatchdogTimestampMonotonic").and_then(|usec| usec.parse().ok()).filter(|usec| *usec > 0);
        let watched = Watched {
            is_loaded: value("LoadState") == Some("loaded"),
            active: value("ActiveState").unwrap_or_default().to_owned(),
            restarts: value("NRestarts").and_then(|count| count.parse().ok()).unwrap_or(0),
            beat: beat.map(Duration::from_micros),
        };
        Some((value("Id")?.to_owned(), watched))
    };
    text.split("\n\n").filter_map(unit).collect()
}

/// The kiosk, by its unit: it is active once the first frame is on the screen.
pub fn kiosk(care: &Caretaker<'_>, units: &BTreeMap<String, Watched>) -> Kiosk {
    let Some(unit) = units.get(KIOSK).filter(|unit| unit.is_loaded) else {
        // systemd that says nothing at all is no system without a kiosk.
        return if units.is_empty() {
            Kiosk::Starting("systemd says nothing of it".to_owned())
        } else {
            Kiosk::NotAsked("there is none in this system")
        };
    };
    if !display_is_attached(care) {
        return Kiosk::NotAsked("no display is attached");
    }
    if unit.active != "active" {
        return Kiosk::Starting(format!("its unit is {}", unit.active));
    }
    Kiosk::Shown { beat_age: unit.beat.map(|beat| care.system.elapsed().saturating_sub(beat)) }
}

/// Whether any connector of a graphics card has a display on it.
pub fn display_is_attached(care: &Caretaker<'_>) -> bool {
    let Ok(connectors) = fs::read_dir(care.places.at("/sys/class/drm")) else { return false };
    connectors
        .flatten()
        .any(|connector| fs::read_to_string(connector.path().join("status")).is_ok_and(|status| status.trim() == "connected"))
}

#[derive(serde::Deserialize)]
struct Listed {
    unit: String,
}

/// Units that failed, by systemd's own list.
pub fn failed(care: &Caretaker<'_>) -> Result<Vec<String>> {
    let ran = care.system.run("systemctl", &["list-units", "--state=failed", "--all", "--output=json", "--no-pager"], LIMIT)?;
    if !ran.is_good() {
        bail!("{}", ran.complaint());
    }
    let listed: Vec<Listed> = serde_json::from_str(ran.stdout.trim()).context("its list is no JSON")?;
    Ok(listed.into_iter().map(|one| one.unit).collect())
}

/// Writes to the data partition, flushes, reads it back.
fn probe(care: &Caretaker<'_>) -> Result<()> {
    let path = care.places.var("probe");
    fs::create_dir_all(care.places.var("")).context("no folder for it")?;
    let mut written = vec![0; 4096];
    care.system.chance(&mut written)?;
    {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
        file.write_all(&written)?;
        file.sync_all()?;
    }
    let mut read = Vec::new();
    fs::File::open(&path)?.read_to_end(&mut read)?;
    fs::remove_file(&path)?;
    if read != written {
        bail!("something else came back");
    }
    Ok(())
}

/// A deployment's own programs, by name.
fn checks(care: &Caretaker<'_>, folder: &str) -> Vec<Check> {
    let Ok(entries) = fs::read_dir(care.places.at(folder)) else { return Vec::new() };
    let mut programs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| is_program(path)).collect();
    programs.sort();
    let check = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let outcome = match care.system.run(&path.display().to_string(), &[], CHECK_LIMIT) {
            Ok(ran) if ran.is_good() => CheckOutcome::Good,
            Ok(ran) if ran.code == Some(BUSY) => CheckOutcome::Busy,
            Ok(ran) => CheckOutcome::Bad(ran.complaint()),
            Err(error) => CheckOutcome::Bad(error.to_string()),
        };
        Check { name, outcome }
    };
    programs.iter().map(check).collect()
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
pub(super) mod said {
    //! As systemd 252 says it.
    pub const UNITS: &str = "Id=wegovnowd.service\nLoadState=loaded\nActiveState=active\nNRestarts=0\nWatchdogTimestampMonotonic=31000000\n\n\
        Id=wegovnow-kiosk.service\nLoadState=loaded\nActiveState=active\nNRestarts=1\nWatchdogTimestampMonotonic=35000000\n";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_block_by_block() {
        let units = parse_units(said::UNITS);
        assert_eq!(units.len(), 2);
        assert_eq!(units[KIOSK].restarts, 1);
        assert_eq!(units[KIOSK].beat, Some(Duration::from_secs(35)));
        let none = parse_units("Id=wegovnow-kiosk.service\nLoadState=not-found\nActiveState=inactive\nNRestarts=0\n");
        assert_eq!(none[KIOSK], Watched { active: "inactive".to_owned(), ..Watched::default() });
        assert!(parse_units("").is_empty());
    }
}
