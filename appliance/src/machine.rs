//! How the machine under the daemon is, as its caretaker (`wegovnow-box`) writes it to a file.
//!
//! The file is read when somebody asks, at most once in [`AGE_MAX`]. One that is missing or broken is said once in the log and shown as
//! unknown: residents never meet it as an error. Its texts come from another program: they are cleaned and cut before they are shown.

use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use api::{BoxNotice, Machine, MachineNotice, MachinePairing, MachineRollback};
use serde::Deserialize;

/// What was read is believed for so long.
pub const AGE_MAX: Duration = Duration::from_secs(3);
/// A larger file is none of the caretaker's.
const BYTES_MAX: u64 = 64 * 1024;
/// Characters of a text.
const TEXT_MAX: usize = 200;
/// Notices that are taken over.
const NOTICES_MAX: usize = 20;

/// Reads the caretaker's file.
#[derive(Debug)]
pub struct Reader {
    path: Option<PathBuf>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    read: Option<(Instant, Machine)>,
    /// What was last complained of in the log.
    said: Option<String>,
}

impl Reader {
    /// Of this file; without one nothing is ever known, and nobody says so.
    pub fn new(path: Option<PathBuf>) -> Reader {
        Reader { path, kept: Mutex::default() }
    }

    /// What the caretaker says; none where the daemon runs on a machine without one.
    pub fn read(&self, now: Instant) -> Option<Machine> {
        let path = self.path.as_ref()?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, machine)) = &kept.read
            && now.saturating_duration_since(*at) < AGE_MAX
        {
            return Some(machine.clone());
        }
        let machine = match text(path).and_then(|text| parse(&text)) {
            Ok(machine) => {
                if kept.said.take().is_some() {
                    tracing::info!(path = %path.display(), "the caretaker's file can be read again");
                }
                machine
            }
            Err(why) => {
                if kept.said.as_ref() != Some(&why) {
                    tracing::warn!(path = %path.display(), why, "nothing is known of the machine; is wegovnow-box running?");
                    kept.said = Some(why.clone());
                }
                Machine { unknown: Some(why), ..Machine::default() }
            }
        };
        kept.read = Some((now, machine.clone()));
        Some(machine)
    }
}

/// What of it residents may know.
pub fn for_residents(machine: Option<&Machine>) -> Vec<BoxNotice> {
    let Some(machine) = machine else { return Vec::new() };
    let taken_back = machine.rollback.as_ref().map(|_| BoxNotice::UpdateTakenBack);
    let clock = (machine.clock_verified == Some(false)).then_some(BoxNotice::ClockUnverified);
    taken_back.into_iter().chain(clock).collect()
}

fn text(path: &Path) -> Result<String, String> {
    // A pipe in its place must not hold the daemon up.
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = std::fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(path).map_err(|error| error.to_string())?;
    if !file.metadata().map_err(|error| error.to_string())?.is_file() {
        return Err("it is no file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(format!("it is larger than {} KiB", BYTES_MAX >> 10));
    }
    String::from_utf8(bytes).map_err(|_| "it is no text".to_owned())
}

/// The file as written; what the daemon does not know is passed over, for the caretaker may be newer.
#[derive(Deserialize)]
struct Raw {
    slot: Option<String>,
    version: Option<String>,
    serial: Option<String>,
    gate: Option<RawGate>,
    rollback: Option<RawRollback>,
    clock: Option<RawClock>,
    #[serde(default)]
    notices: Vec<MachineNotice>,
    pairing: Option<RawPairing>,
}

#[derive(Deserialize)]
struct RawPairing {
    link: Option<String>,
    code: String,
    address: Option<String>,
    fingerprint: Option<String>,
}

/// The last verdict: one word, or the gate's record.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawGate {
    Word(String),
    Record { passed: bool },
}

/// The reason alone, or with what it was that was taken back.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawRollback {
    Reason(String),
    Record { version: Option<String>, reason: String },
}

/// One word, or what was found out; `null` in it is not known.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawClock {
    Word(String),
    Record { is_verified: Option<bool> },
}

fn parse(text: &str) -> Result<Machine, String> {
    let raw: Raw = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let shown = |text: Option<String>| text.map(|text| shown(&text)).filter(|text| !text.is_empty());
    let notice = |notice: MachineNotice| MachineNotice { kind: self::shown(&notice.kind), text: self::shown(&notice.text) };
    Ok(Machine {
        unknown: None,
        slot: shown(raw.slot),
        version: shown(raw.version),
        serial: shown(raw.serial),
        gate: raw.gate.map(|gate| match gate {
            RawGate::Word(word) => self::shown(&word),
            RawGate::Record { passed: true } => "passed".to_owned(),
            RawGate::Record { passed: false } => "failed".to_owned(),
        }),
        rollback: raw.rollback.map(|rollback| match rollback {
            RawRollback::Reason(reason) => MachineRollback { version: None, reason: self::shown(&reason) },
            RawRollback::Record { version, reason } => MachineRollback { version: shown(version), reason: self::shown(&reason) },
        }),
        clock_verified: raw.clock.and_then(|clock| match clock {
            RawClock::Word(word) => Some(matches!(word.as_str(), "trusted" | "verified")),
            RawClock::Record { is_verified } => is_verified,
        }),
        notices: raw.notices.into_iter().take(NOTICES_MAX).map(notice).collect(),
        pairing: raw.pairing.map(|pairing| MachinePairing {
            link: shown(pairing.link),
            code: self::shown(&pairing.code),
            address: shown(pairing.address),
            fingerprint: shown(pairing.fingerprint),
        }),
    })
}

/// One line without control characters, not too long.
fn shown(text: &str) -> String {
    let spaced: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    store::text::title(&store::text::clean(&spaced).unwrap_or_default(), TEXT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_caretaker_writes_is_understood() {
        let machine = parse(
            r#"{"slot":"a","version":"1.2.0","serial":"B-7","site":"Library","is_on_trial":false,"uptime_s":12,
                "gate":{"passed":true,"slot":"a","at_s":1790000000,"reasons":[],"notes":[]},
                "rollback":{"slot":"b","version":"1.3.0","reason":"the daemon does not answer: exit code 1","at_s":1790000000},
                "clock":{"is_verified":false,"source":null,"local":"1970-01-01 00:10"}}"#,
        )
        .unwrap();
        assert_eq!(
            (machine.slot.as_deref(), machine.version.as_deref(), machine.serial.as_deref()),
            (Some("a"), Some("1.2.0"), Some("B-7"))
        );
        assert_eq!((machine.gate.as_deref(), machine.clock_verified, &machine.unknown), (Some("passed"), Some(false), &None));
        let rollback = machine.rollback.clone().unwrap();
        assert_eq!(
            (rollback.version.as_deref(), rollback.reason.as_str()),
            (Some("1.3.0"), "the daemon does not answer: exit code 1")
        );
        assert_eq!(for_residents(Some(&machine)), [BoxNotice::UpdateTakenBack, BoxNotice::ClockUnverified]);
    }

    #[test]
    fn one_word_for_a_thing_is_understood_too() {
        let machine = parse(
            r#"{"gate":"failed","rollback":"it did not come up","clock":"not",
                "notices":[{"kind":"disk","text":"worn\u001b[2J\nout"}]}"#,
        )
        .unwrap();
        assert_eq!((machine.gate.as_deref(), machine.clock_verified), (Some("failed"), Some(false)));
        assert_eq!(machine.rollback.unwrap().reason, "it did not come up");
        assert_eq!(machine.notices, [MachineNotice { kind: "disk".into(), text: "worn [2J out".into() }]);
        assert_eq!(parse(r#"{"clock":"trusted"}"#).unwrap().clock_verified, Some(true));
    }

    #[test]
    fn a_box_without_settings_says_how_it_takes_them() {
        let machine = parse(
            r#"{"pairing":{"link":"ssh://pair;code=7KXM4P@192.0.2.7","code":"7KXM4P","left_s":540,"address":"192.0.2.7",
                "fingerprint":"SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA"}}"#,
        )
        .unwrap();
        let pairing = machine.pairing.unwrap();
        assert_eq!((pairing.code.as_str(), pairing.address.as_deref()), ("7KXM4P", Some("192.0.2.7")));
        assert_eq!(pairing.link.as_deref(), Some("ssh://pair;code=7KXM4P@192.0.2.7"));
        assert_eq!(pairing.fingerprint.unwrap().len(), 50, "no sign of it is taken for anything else");
        let new = parse(r#"{"pairing":{"link":null,"code":"7KXM4P","address":null,"fingerprint":null}}"#).unwrap();
        assert_eq!(new.pairing, Some(MachinePairing { code: "7KXM4P".into(), ..MachinePairing::default() }));
        assert_eq!(parse(r#"{"pairing":null}"#).unwrap().pairing, None);
    }

    #[test]
    fn what_is_not_known_is_no_notice() {
        for text in ["{}", r#"{"slot":null,"rollback":null,"clock":null,"gate":null}"#, r#"{"clock":{"is_verified":null}}"#] {
            let machine = parse(text).unwrap();
            assert_eq!((machine.clock_verified, for_residents(Some(&machine))), (None, Vec::new()), "{text}");
        }
        assert_eq!(for_residents(None), []);
    }

    #[test]
    fn long_texts_are_cut() {
        let machine = parse(&format!(r#"{{"rollback":"{}"}}"#, "x".repeat(5_000))).unwrap();
        assert!(machine.rollback.unwrap().reason.chars().count() <= TEXT_MAX);
    }

    #[test]
    fn a_file_that_is_missing_broken_or_too_large_is_unknown_and_said_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("status.json");
        let reader = Reader::new(Some(path.clone()));
        let mut now = Instant::now();
        let mut read = || {
            now += AGE_MAX;
            reader.read(now).unwrap()
        };
        assert!(read().unknown.unwrap().contains("No such file"));
        let said = reader.kept.lock().unwrap().said.clone();
        assert!(said.is_some());
        read();
        assert_eq!(reader.kept.lock().unwrap().said, said, "nothing new to say");
        for (bytes, why) in [
            (b"{".to_vec(), "EOF"),
            (b"[]".to_vec(), "invalid"),
            (b"\xff".to_vec(), "no text"),
            (vec![b' '; BYTES_MAX as usize + 1], "larger than 64 KiB"),
        ] {
            std::fs::write(&path, &bytes).unwrap();
            let unknown = read().unknown.unwrap();
            assert!(unknown.contains(why), "{why}: {unknown}");
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(read().unknown.is_some());
        std::fs::remove_dir(&path).unwrap();
        std::fs::write(&path, r#"{"version":"1.2.0"}"#).unwrap();
        assert_eq!(read().version.as_deref(), Some("1.2.0"));
        assert_eq!(reader.kept.lock().unwrap().said, None);
    }

    #[test]
    fn the_file_is_not_read_at_every_question() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("status.json");
        let reader = Reader::new(Some(path.clone()));
        let now = Instant::now();
        let version = |after| reader.read(now + after).unwrap().version;
        std::fs::write(&path, r#"{"version":"1"}"#).unwrap();
        assert_eq!(version(Duration::ZERO).as_deref(), Some("1"));
        std::fs::write(&path, r#"{"version":"2"}"#).unwrap();
        assert_eq!(version(AGE_MAX - Duration::from_millis(1)).as_deref(), Some("1"));
        assert_eq!(version(AGE_MAX).as_deref(), Some("2"));
        assert_eq!(Reader::new(None).read(now), None);
    }
}
