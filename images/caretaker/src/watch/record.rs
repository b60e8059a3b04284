//! What is known over a restart. A disk that does not answer takes no note, so the firmware does: a variable that is written once,
//! before the box is started again for its disk's sake, and taken away at the start after it.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use anyhow::Result;
use rustix::fs::IFlags;
use serde::{Deserialize, Serialize};

use super::{RESTARTS_MAX, RESTARTS_WITHIN_S, Start, may_restart, recent};
use crate::{Caretaker, file, history};

/// Ours, by a GUID of our own, as the kernel shows it.
pub const NOTE: &str = "/sys/firmware/efi/efivars/WegovnowDisk-5f0ab7c1-4dd2-4be5-9f3b-3a51f1b0c6d2";
const VARIABLES: &str = "/sys/firmware/efi/efivars";
/// Kept, and to be read and written at any time (UEFI 2.10, 8.2: NON_VOLATILE, BOOTSERVICE_ACCESS, RUNTIME_ACCESS).
const ATTRIBUTES: u32 = 7;
/// A variable's text.
const TEXT_MAX: usize = 200;

/// Below `/state`: starts of the last minutes.
const STARTS: &str = "disk-watch.json";
/// Below `/run/wegovnow-box`: how the disk is, for `status`.
pub const REPORT: &str = "disk-watch.json";

/// How the disk is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The box starts again if its disk falls silent.
    pub restarts: bool,
    /// What is wrong, in words.
    pub trouble: Option<String>,
    pub slowest_read_ms: u64,
    pub slowest_write_ms: u64,
}

/// Writes the note; the disk is not needed for it.
pub fn leave_note(variable: &Path, why: &str) -> io::Result<()> {
    let text: String = why.chars().filter(char::is_ascii).take(TEXT_MAX).collect();
    // In one call, as firmware takes it.
    let mut bytes = ATTRIBUTES.to_le_bytes().to_vec();
    bytes.extend(text.bytes());
    remove(variable)?;
    OpenOptions::new().write(true).create_new(true).open(variable)?.write_all(&bytes)
}

/// Takes the note: why this program started the box again, if it did; else what is known of that.
fn take_note(care: &Caretaker<'_>) -> (Option<bool>, Option<String>) {
    let path = care.places.at(NOTE);
    match fs::read(&path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(bytes.get(4..).unwrap_or_default()).into_owned();
            if let Err(error) = remove(&path) {
                care.system.log(&format!("the note of a restart stays in the firmware: {error}"));
                // It would be believed at every start.
                return (None, Some(text));
            }
            (Some(true), Some(text))
        }
        // Without anything in the folder there are no variables: not mounted, or firmware without them.
        Err(_) => (fs::read_dir(care.places.at(VARIABLES)).ok().and_then(|mut all| all.next()).map(|_| false), None),
    }
}

/// The kernel keeps variables that it does not know from being removed by accident.
fn remove(path: &Path) -> io::Result<()> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if let Ok(flags) = rustix::fs::ioctl_getflags(&file)
        && flags.contains(IFlags::IMMUTABLE)
    {
        rustix::fs::ioctl_setflags(&file, flags - IFlags::IMMUTABLE)?;
    }
    fs::remove_file(path)
}

/// Notes this start, and why there was a restart; whether there may be another one.
pub fn begin(care: &Caretaker<'_>) -> Result<bool> {
    let now_s = care.system.now_s();
    let (is_ours, why) = take_note(care);
    let before: Vec<Start> = file::read_json(&care.places.state(STARTS)).unwrap_or_default();
    let mut starts = recent(&before, now_s);
    starts.push(Start { at_s: now_s, is_ours });
    file::write_json(&care.places.state(STARTS), &starts)?;
    if let Some(why) = why.filter(|_| is_ours == Some(true)) {
        history::note(care, "disk-restart", &format!("the disk did not answer, and the box started again: {why}"))?;
    }
    let may = may_restart(&starts, now_s);
    if !may {
        let text =
            format!("{RESTARTS_MAX} restarts in {} minutes: the box stays up whatever the disk does", RESTARTS_WITHIN_S / 60);
        history::note(care, "disk-watch-off", &text)?;
    }
    Ok(may)
}
