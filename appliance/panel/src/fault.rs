//! What is wrong with the box, in plain words, the most urgent first.

use crate::reading::{Kiosk, Readings, Store};
use crate::sheet::{bytes, span};
use crate::word::{Language, Word};

/// Less free than this, or than a hundredth part, is full: the store needs room to write a segment and its own snapshot.
pub const DISK_FREE_BYTES_MIN: u64 = 500_000_000;
/// Of the rated life used. Makers call a medium worn out at 100.
pub const DISK_LIFE_USED_PERCENT_MAX: u16 = 90;
/// Most boards slow down from 80 to 85 °C.
pub const TEMPERATURE_C_MAX: f32 = 80.0;
/// Boxes that do exchange facts and did not for so long.
pub const SYNC_AGE_S_MAX: u64 = 7 * 86_400;

/// Ordered by urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    StoreReadOnly,
    StoreDown,
    DiskTrouble,
    DiskFull,
    DiskWorn,
    TooHot,
    RolledBack,
    KioskDown,
    SettingsRefused,
    ClockUnverified,
    SyncOld,
    Captive,
    /// Not a fault: a box that is offline for good is in order.
    Offline,
}

impl Kind {
    /// Something to know, nothing to mend.
    pub fn is_note(self) -> bool {
        matches!(self, Kind::Captive | Kind::Offline)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    /// What is the case.
    pub sentence: String,
    /// The machine's own words for it, if there are any: never translated.
    pub reason: Option<String>,
    /// What to do.
    pub advice: String,
}

/// All faults and notes, the most urgent first, in the readings' language. What is not known is no fault.
pub fn faults(readings: &Readings) -> Vec<Fault> {
    let language = Language::of(readings.language.as_deref());
    let mut found = Vec::new();
    let mut add = |kind, sentence: String, reason: Option<String>, advice: Word| {
        found.push(Fault { kind, sentence, reason, advice: language.say(advice).to_owned() });
    };
    match readings.store {
        Some(Store::ReadOnly) => {
            add(Kind::StoreReadOnly, language.say(Word::StoreReadOnlyIs).to_owned(), None, Word::StoreReadOnlyDo);
        }
        Some(Store::Down) => add(Kind::StoreDown, language.say(Word::StoreDownIs).to_owned(), None, Word::StoreDownDo),
        Some(Store::Open | Store::Starting) | None => {}
    }
    if let Some(trouble) = readings.disk.watch.as_ref().and_then(|watch| watch.trouble.clone()) {
        add(Kind::DiskTrouble, language.say(Word::DiskTroubleIs).to_owned(), Some(trouble), Word::DiskTroubleDo);
    }
    if let Some(free) = readings.disk.free_bytes
        && (free < DISK_FREE_BYTES_MIN || readings.disk.total_bytes.is_some_and(|total| free < total / 100))
    {
        add(Kind::DiskFull, language.say_with(Word::DiskFullIs, &bytes(free)), None, Word::DiskFullDo);
    }
    if let Some(used) = readings.disk.life_used_percent.filter(|used| *used >= DISK_LIFE_USED_PERCENT_MAX) {
        add(Kind::DiskWorn, language.say_with(Word::DiskWornIs, &used.to_string()), None, Word::DiskWornDo);
    }
    if let Some(temperature) = readings.temperature_c.filter(|temperature| *temperature >= TEMPERATURE_C_MAX) {
        add(Kind::TooHot, language.say_with(Word::TooHotIs, &format!("{temperature:.0}")), None, Word::TooHotDo);
    }
    if let Some(rollback) = &readings.rollback {
        let sentence = language.say_with(Word::RolledBackIs, rollback.version.as_deref().unwrap_or("?"));
        add(Kind::RolledBack, sentence, rollback.reason.clone(), Word::RolledBackDo);
    }
    if readings.kiosk == Some(Kiosk::Down) {
        add(Kind::KioskDown, language.say(Word::KioskDownIs).to_owned(), None, Word::KioskDownDo);
    }
    if let Some(refusal) = &readings.refusal {
        add(Kind::SettingsRefused, language.say(Word::RefusedIs).to_owned(), refusal.first.clone(), Word::RefusedDo);
    }
    if readings.clock.is_verified == Some(false) {
        add(Kind::ClockUnverified, language.say(Word::ClockIs).to_owned(), None, Word::ClockDo);
    }
    if let Some(age) = readings.sync.age_s.filter(|age| *age > SYNC_AGE_S_MAX && readings.sync.peers != Some(0)) {
        add(Kind::SyncOld, language.say_with(Word::SyncOldIs, &span(age, language)), None, Word::SyncOldDo);
    }
    if readings.network.is_captive == Some(true) {
        add(Kind::Captive, language.say(Word::CaptiveIs).to_owned(), None, Word::CaptiveDo);
    }
    if readings.network.is_plugged == Some(false) {
        add(Kind::Offline, language.say(Word::OfflineIs).to_owned(), None, Word::OfflineDo);
    }
    found.sort_by_key(|fault| fault.kind);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{Clock, Disk, DiskWatch, Network, Refusal, Rollback, Sync};

    #[track_caller]
    fn check(readings: Readings, expect: &[Kind]) {
        let kinds: Vec<Kind> = faults(&readings).iter().map(|fault| fault.kind).collect();
        assert_eq!(kinds, expect, "{readings:?}");
    }

    #[test]
    fn nothing_known_is_nothing_wrong() {
        check(Readings::default(), &[]);
    }

    #[test]
    fn each_fault_by_itself_at_its_border() {
        check(Readings { store: Some(Store::ReadOnly), ..Readings::default() }, &[Kind::StoreReadOnly]);
        check(Readings { store: Some(Store::Down), ..Readings::default() }, &[Kind::StoreDown]);
        check(Readings { store: Some(Store::Starting), ..Readings::default() }, &[]);
        let disk = |free, total| Readings {
            disk: Disk { free_bytes: Some(free), total_bytes: Some(total), ..Disk::default() },
            ..Readings::default()
        };
        check(disk(DISK_FREE_BYTES_MIN - 1, 8_000_000_000), &[Kind::DiskFull]);
        check(disk(DISK_FREE_BYTES_MIN, 8_000_000_000), &[]);
        check(disk(1_900_000_000, 200_000_000_000), &[Kind::DiskFull]);
        let watched = |trouble: Option<&str>| Readings {
            disk: Disk { watch: Some(DiskWatch { trouble: trouble.map(str::to_owned) }), ..Disk::default() },
            ..Readings::default()
        };
        check(watched(None), &[]);
        check(watched(Some("a read has had no answer for 60 s")), &[Kind::DiskTrouble]);
        let worn = |used| Readings { disk: Disk { life_used_percent: Some(used), ..Disk::default() }, ..Readings::default() };
        check(worn(89), &[]);
        check(worn(90), &[Kind::DiskWorn]);
        check(Readings { temperature_c: Some(79.9), ..Readings::default() }, &[]);
        check(Readings { temperature_c: Some(80.0), ..Readings::default() }, &[Kind::TooHot]);
        check(Readings { temperature_c: Some(f32::NAN), ..Readings::default() }, &[]);
        check(Readings { refusal: Some(Refusal::default()), ..Readings::default() }, &[Kind::SettingsRefused]);
        check(Readings { kiosk: Some(Kiosk::Down), ..Readings::default() }, &[Kind::KioskDown]);
        check(Readings { kiosk: Some(Kiosk::None), ..Readings::default() }, &[]);
        let sync = |age, peers| Readings { sync: Sync { age_s: Some(age), peers: Some(peers) }, ..Readings::default() };
        check(sync(SYNC_AGE_S_MAX, 1), &[]);
        check(sync(SYNC_AGE_S_MAX + 1, 1), &[Kind::SyncOld]);
        check(sync(SYNC_AGE_S_MAX + 1, 0), &[]);
    }

    #[test]
    fn the_most_urgent_comes_first_and_being_offline_is_a_note() {
        let readings = Readings {
            network: Network { is_plugged: Some(false), ..Network::default() },
            clock: Clock { is_verified: Some(false), ..Clock::default() },
            rollback: Some(Rollback { version: Some("2".to_owned()), reason: Some("no answer".to_owned()) }),
            store: Some(Store::ReadOnly),
            ..Readings::default()
        };
        check(readings.clone(), &[Kind::StoreReadOnly, Kind::RolledBack, Kind::ClockUnverified, Kind::Offline]);
        let found = faults(&readings);
        assert_eq!(found[1].reason.as_deref(), Some("no answer"));
        assert!(found[3].kind.is_note() && !found[2].kind.is_note());
    }
}
