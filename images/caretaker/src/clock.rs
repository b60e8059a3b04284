//! A clock that is not behind what is known: boxes may have no battery for it.

use anyhow::{Context, Result};

use crate::Caretaker;
use crate::file;
use crate::stamp::Stamp;

/// A time this far after the image was built was saved by a clock that ran wild; nobody runs a system for so long.
const LIFE_MAX_S: u64 = 20 * 365 * 24 * 3600;

/// The earliest time that it can be: when the image was built, or when the box last knew the time.
pub fn floor(built_s: u64, saved_s: Option<u64>) -> u64 {
    saved_s.filter(|saved_s| *saved_s <= built_s + LIFE_MAX_S).map_or(built_s, |saved_s| saved_s.max(built_s))
}

fn read_floor(care: &Caretaker<'_>) -> Result<u64> {
    let saved_s = file::read_word(&care.places.state("last-time")).and_then(|word| word.parse().ok());
    Ok(floor(Stamp::read(care)?.epoch_s, saved_s))
}

/// Sets the clock forward to the floor if it is behind; answers what it did.
pub fn raise(care: &Caretaker<'_>) -> Result<String> {
    let (floor_s, now_s) = (read_floor(care)?, care.system.now_s());
    if now_s >= floor_s {
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
    file::write(&care.places.state("last-time"), format!("{now_s}\n"), file::PUBLIC)
}
