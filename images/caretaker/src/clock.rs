//! A clock that is not behind what is known: boxes may have no battery for it. Where no time server is ever reached, a person sets it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, LocalResult, NaiveDateTime, TimeZone};
use serde::{Deserialize, Serialize};

use crate::stamp::Stamp;
use crate::{Caretaker, file, history, status};

/// A time this far after the image was built was saved by a clock that ran wild; nobody runs a system for so long.
const LIFE_MAX_S: u64 = 20 * 365 * 24 * 3600;

/// What a person set is believed for so long, on a clock with a battery: a bad one is off by 20 minutes then.
const TRUST_MAX_S: u64 = 366 * 24 * 3600;

/// The earliest time that it can be: when the image was built, or when the box last knew the time.
pub fn floor(built_s: u64, saved_s: Option<u64>) -> u64 {
    saved_s.filter(|saved_s| *saved_s <= built_s + LIFE_MAX_S).map_or(built_s, |saved_s| saved_s.max(built_s))
}

/// Below `/state`.
const LAST: &str = "last-time";
/// Below `/state`, and below `/run/wegovnow-box` as long as it is believed: a time that a person set.
const BY_HAND: &str = "clock-by-hand.json";

/// A time that a person set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    pub at_s: u64,
    /// The earliest time that it could be by what was known before: who set it wrong may set it back so far.
    pub floor_s: u64,
    /// A clock with a battery has it, too.
    pub is_kept: bool,
}

fn read_floor(care: &Caretaker<'_>) -> Result<u64> {
    let saved_s = file::read_word(&care.places.state(LAST)).and_then(|word| word.parse().ok());
    Ok(floor(Stamp::read(care)?.epoch_s, saved_s))
}

/// Sets the clock forward to the floor if it is behind; answers what it did.
pub fn raise(care: &Caretaker<'_>) -> Result<String> {
    let (floor_s, now_s) = (read_floor(care)?, care.system.now_s());
    let by_hand: Option<ByHand> = file::read_json(&care.places.state(BY_HAND));
    if now_s >= floor_s {
        let still = by_hand.filter(|by_hand| by_hand.is_kept && now_s >= by_hand.at_s && now_s - by_hand.at_s < TRUST_MAX_S);
        if let Some(by_hand) = still {
            file::write_json(&care.places.run(BY_HAND), &by_hand)?;
        }
        return Ok("the clock is not behind".to_owned());
    }
    care.system.set_clock(floor_s).context("cannot set the clock")?;
    Ok(format!("the clock was {} s behind what is known, and was set to {floor_s}", floor_s - now_s))
}

/// Keeps the time for the next start, if it can be right.
pub fn save(care: &Caretaker<'_>) -> Result<()> {
    let (floor_s, now_s) = (read_floor(care)?, care.system.now_s());
    if now_s < floor_s || floor(Stamp::read(care)?.epoch_s, Some(now_s)) != now_s {
        return Ok(());
    }
    file::write(&care.places.state(LAST), format!("{now_s}\n"), file::PUBLIC)
}

/// The time that a person set, if it is believed.
pub fn by_hand(care: &Caretaker<'_>) -> Option<ByHand> {
    file::read_json(&care.places.run(BY_HAND))
}

/// Sets the clock, and that of the machine, to `text`; answers what it did.
pub fn set<Z: TimeZone>(care: &Caretaker<'_>, text: &str, zone: &Z) -> Result<String> {
    let new_s = moment(text, zone)?;
    if let Some(source) = status::clock_source(care) {
        bail!("the time server {source} sets this clock, which says {} (UTC)", history::date(care.system.now_s()));
    }
    let before: Option<ByHand> = file::read_json(&care.places.state(BY_HAND));
    let built_s = Stamp::read(care)?.epoch_s;
    let floor_s = match before {
        Some(before) => floor(built_s, Some(before.floor_s)),
        None => read_floor(care)?,
    };
    if new_s < floor_s {
        bail!(
            "{} (UTC) cannot be: it was {} when this box last knew the time, or was built",
            history::date(new_s),
            history::date(floor_s)
        );
    }
    if floor(built_s, Some(new_s)) != new_s {
        bail!("{} (UTC) cannot be: that is more than 20 years after this system was built", history::date(new_s));
    }
    let old_s = care.system.now_s();
    care.system.set_clock(new_s).context("cannot set the clock")?;
    // As chrony keeps it, whatever a machine's firmware shows.
    let ran = care.system.run("hwclock", &["--systohc", "--utc"], Duration::from_secs(30));
    let is_kept = ran.is_ok_and(|ran| ran.is_good());
    file::write(&care.places.state(LAST), format!("{new_s}\n"), file::PUBLIC)?;
    let by_hand = ByHand { at_s: new_s, floor_s, is_kept };
    file::write_json(&care.places.state(BY_HAND), &by_hand)?;
    file::write_json(&care.places.run(BY_HAND), &by_hand)?;
    history::note(care, "clock", &format!("set by hand from {} to {}", history::date(old_s), history::date(new_s)))?;
    let battery = if is_kept { "" } else { "; this machine has no clock of its own: set it again after each power cut" };
    Ok(format!("the clock says {} (UTC){battery}", history::date(new_s)))
}

/// `2026-11-27T10:15`, with seconds or without, in the given zone if none is said: seconds since 1970.
pub fn moment<Z: TimeZone>(text: &str, zone: &Z) -> Result<u64> {
    const EXPECTED: &str = "expected a date and a time, such as 2026-11-27T10:15 or 2026-11-27T10:15:00+01:00";
    let text = text.trim();
    let utc = text.strip_suffix('Z').map(|start| format!("{start}+00:00"));
    let with_zone = utc.as_deref().unwrap_or(text);
    let formats = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
    let given = formats.iter().find_map(|format| DateTime::parse_from_str(with_zone, &format!("{format}%:z")).ok());
    let seconds = match given {
        Some(given) => given.timestamp(),
        None => {
            let local = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()).context(EXPECTED)?;
            match zone.from_local_datetime(&local) {
                LocalResult::Single(time) => time.timestamp(),
                LocalResult::Ambiguous(..) => {
                    bail!("{text} comes twice, for the clocks go back: add the offset, such as {text}+01:00")
                }
                LocalResult::None => bail!("{text} does not come, for the clocks go forward"),
            }
        }
    };
    u64::try_from(seconds).ok().context(EXPECTED)
}

#[cfg(test)]
mod tests {
    use chrono::{FixedOffset, Utc};

    use super::*;
    use crate::start;
    use crate::tests::{Bench, EPOCH};

    #[test]
    fn a_time_is_read_with_and_without_a_zone() {
        let rome = FixedOffset::east_opt(3600).unwrap();
        let check = |text: &str, expect: u64| assert_eq!(moment(text, &rome).unwrap(), expect, "{text}");
        check("2026-11-27T10:15", 1_795_770_900);
        check(" 2026-11-27T10:15:07\n", 1_795_770_907);
        check("2026-11-27T10:15+00:00", 1_795_774_500);
        check("2026-11-27T10:15:00Z", 1_795_774_500);
        check("2026-11-27T10:15:00-02:30", 1_795_783_500);
        for wrong in ["", "10:15", "2026-11-27", "2026-13-01T00:00", "2026-11-27 10:15", "27.11.2026T10:15", "1969-01-01T00:00"] {
            assert!(moment(wrong, &rome).is_err(), "{wrong}");
        }
    }

    fn at(now_s: u64) -> String {
        DateTime::from_timestamp(now_s as i64, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    #[test]
    fn a_box_without_a_time_server_is_set_by_hand_and_says_so() {
        let bench = Bench::new();
        bench.answer("hwclock", 0, "");
        start::run(&bench.care());
        assert_eq!(by_hand(&bench.care()), None);
        let said = set(&bench.care(), &at(EPOCH + 500_000), &Utc).unwrap();
        assert!(!said.contains("no clock of its own"), "{said}");
        assert_eq!(bench.now_s.get(), EPOCH + 500_000);
        assert!(bench.ran.borrow().contains(&"hwclock --systohc --utc".to_owned()));
        assert!(bench.history().contains(" clock set by hand from "), "{}", bench.history());
        let status = status::read(&bench.care());
        assert_eq!((status.clock.is_verified, status.clock.source.as_deref()), (Some(true), Some("set by hand")));
        // A clock with a battery is believed after a restart.
        std::fs::remove_dir_all(bench.path("/run/wegovnow-box")).unwrap();
        bench.now_s.set(EPOCH + 600_000);
        start::run(&bench.care());
        assert!(by_hand(&bench.care()).is_some());
        // One that stood still is not.
        std::fs::remove_dir_all(bench.path("/run/wegovnow-box")).unwrap();
        bench.now_s.set(7);
        start::run(&bench.care());
        assert_eq!((by_hand(&bench.care()), bench.now_s.get()), (None, EPOCH + 500_000));
    }

    #[test]
    fn what_cannot_be_is_refused_and_a_slip_can_be_set_right() {
        let bench = Bench::new();
        bench.put("/state/last-time", &format!("{}\n", EPOCH + 9000));
        let refused = |now_s: u64| set(&bench.care(), &at(now_s), &Utc).unwrap_err().to_string();
        assert!(refused(EPOCH + 8999).contains("last knew the time"));
        assert!(refused(EPOCH + 30 * 366 * 86_400).contains("20 years"));
        assert!(!bench.has("/state/clock-by-hand.json"));
        // A year too far, then right.
        let said = set(&bench.care(), &at(EPOCH + 366 * 86_400), &Utc).unwrap();
        assert!(said.contains("no clock of its own"), "{said}");
        set(&bench.care(), &at(EPOCH + 86_400), &Utc).unwrap();
        assert_eq!(bench.get("/state/last-time").trim(), (EPOCH + 86_400).to_string());
        assert!(refused(EPOCH + 8999).contains("last knew the time"));
        // No clock of its own: gone with the power.
        std::fs::remove_dir_all(bench.path("/run/wegovnow-box")).unwrap();
        start::run(&bench.care());
        assert_eq!(by_hand(&bench.care()), None);
    }

    #[test]
    fn a_time_server_is_not_argued_with() {
        let bench = Bench::new();
        bench.answer("chronyc", 0, "C0000235,192.0.2.53,3,1790000000.1,0.1,0.1,0.1,-1.2,0.001,0.05,0.012,0.0003,64.5,Normal\n");
        let error = set(&bench.care(), &at(EPOCH + 86_400), &Utc).unwrap_err().to_string();
        assert!(error.contains("192.0.2.53"), "{error}");
        assert_eq!(bench.now_s.get(), EPOCH + 1000);
    }
}
