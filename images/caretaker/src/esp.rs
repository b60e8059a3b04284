//! The boot loader's notes on the EFI partition, mounted for the time of a call.

use anyhow::{Context, Result};
use bootstate::{Esp, EspError, Repair, Slot, State};
use semver::Version;

use crate::boot_state::{CACHE, Summary};
use crate::system::{Access, Volume};
use crate::{Caretaker, file, history};

/// Data that was written is not understood by versions before this one. On both partitions, for either may be lost.
const FLOOR: &str = "wegovnow/data-floor";

pub fn state(care: &Caretaker<'_>) -> Result<State> {
    let state = care.with(&Volume::Esp, Access::Read, |dir| Ok(Esp::open(dir).state()?))?;
    remember(care, &state);
    Ok(state)
}

pub fn set_primary(care: &Caretaker<'_>, slot: Slot) -> Result<()> {
    change(care, |esp| esp.set_primary(slot))
}

pub fn mark_good(care: &Caretaker<'_>, slot: Slot) -> Result<()> {
    change(care, |esp| esp.mark_good(slot))
}

pub fn mark_bad(care: &Caretaker<'_>, slot: Slot) -> Result<()> {
    change(care, |esp| esp.mark_bad(slot))
}

fn change(care: &Caretaker<'_>, work: impl FnOnce(&Esp) -> Result<(), EspError>) -> Result<()> {
    let state = care.with(&Volume::Esp, Access::Write, |dir| {
        let esp = Esp::open(dir);
        work(&esp)?;
        Ok(esp.state()?)
    })?;
    remember(care, &state);
    Ok(())
}

/// For whoever only looks; what cannot be remembered is read again.
fn remember(care: &Caretaker<'_>, state: &State) {
    let path = care.places.run(CACHE);
    if file::write_json(&path, &Summary::of(state)).is_err() {
        let _ = file::remove(&path);
    }
}

/// Makes the notes whole; what was not goes into the history.
pub fn repair(care: &Caretaker<'_>) -> Result<Vec<Repair>> {
    let (repairs, state) = care.with(&Volume::Esp, Access::Write, |dir| {
        let esp = Esp::open(dir);
        Ok((esp.repair()?, esp.state()?))
    })?;
    remember(care, &state);
    for repair in &repairs {
        history::note(care, "boot-state-repaired", &repair.to_string())?;
    }
    Ok(repairs)
}

/// The lowest version that understands the data; none was set by nobody. Two notes that cannot be read are an error: then
/// nothing older may be installed.
pub fn data_floor(care: &Caretaker<'_>) -> Result<Option<Version>> {
    let path = care.places.state("data-floor");
    let on_esp = care.with(&Volume::Esp, Access::Read, |dir| Ok(file::read_word(&dir.join(FLOOR))));
    let notes = [file::read_word(&path), on_esp.unwrap_or_default()];
    let is_said = notes.iter().any(Option::is_some);
    let floor = notes.into_iter().flatten().filter_map(|text| text.parse().ok()).max();
    if is_said && floor.is_none() {
        anyhow::bail!("{} holds no version: which systems understand the data is not known", path.display());
    }
    Ok(floor)
}

/// Never lowers it.
pub fn raise_data_floor(care: &Caretaker<'_>, floor: &Version) -> Result<()> {
    if data_floor(care).ok().flatten().is_some_and(|old| old >= *floor) {
        return Ok(());
    }
    file::write(&care.places.state("data-floor"), format!("{floor}\n"), file::PUBLIC)?;
    care.with(&Volume::Esp, Access::Write, |dir| file::write(&dir.join(FLOOR), format!("{floor}\n"), file::PUBLIC))
        .context("the EFI partition has no copy of the data floor")
}
