//! `wegovnow-box`: looks after the appliance it runs on, as root.
//!
//! What is to be done is decided by functions of values ([`gate::judge`], [`render`], `provision`, `bootstate`); the rest
//! carries it out on a [`Caretaker`]: every path lies below a root, and the machine is a [`system::System`], so that tests run
//! whole starts, updates and failures in a folder.

pub mod system;
pub mod place;
pub mod file;
pub mod history;
pub mod stamp;
pub mod esp;
pub mod identity;
pub mod clock;
pub mod settings;
pub mod render;
pub mod import;
pub mod start;
pub mod pairing;
pub mod set_up;
pub mod boot_state;
pub mod gate;
pub mod bundle;
pub mod update;
pub mod status;
pub mod reset;
pub mod support;
pub mod watch;
pub mod swap;
pub mod shell;
pub mod cli;
#[cfg(test)]
mod tests;

use std::fs::{self, File, TryLockError};
use std::path::Path;

use anyhow::{Context, Result};

use crate::place::Places;
use crate::system::{Access, System, Volume};

/// A box, and what looks after it.
pub struct Caretaker<'a> {
    pub places: Places,
    pub system: &'a dyn System,
}

/// Somebody else is at it.
#[derive(Debug, thiserror::Error)]
#[error("{0} is under way already: try again when it is done")]
pub struct Busy(pub &'static str);

impl Caretaker<'_> {
    /// Mounts a partition for the time of a call, where nobody else sees it if the unit says `PrivateMounts=yes`.
    pub fn with<T>(&self, volume: &Volume, access: Access, work: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
        let name = volume.name();
        let lock = self.lock_file(&format!("{name}.lock"))?;
        lock.lock().with_context(|| format!("cannot wait for {name}"))?;
        let place = self.places.run("mount").join(&name);
        fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
        if system::left_over(&place) {
            self.system.unmount(&place).with_context(|| format!("cannot unmount {}", place.display()))?;
        }
        self.system.mount(volume, &place, access).with_context(|| format!("cannot mount {name}"))?;
        let done = work(&place);
        let unmounted = self.system.unmount(&place).with_context(|| format!("cannot unmount {}", place.display()));
        let done = done?;
        unmounted?;
        Ok(done)
    }

    /// For work that must not be done twice at a time. Held until it is dropped.
    pub fn lock(&self, work: &'static str) -> Result<File> {
        let file = self.lock_file("work.lock")?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Busy(work).into()),
            Err(TryLockError::Error(error)) => Err(error).context("cannot lock"),
        }
    }

    fn lock_file(&self, name: &str) -> Result<File> {
        let path = self.places.run(name);
        fs::create_dir_all(self.places.run("")).with_context(|| format!("cannot make {}", self.places.run("").display()))?;
        File::create(&path).with_context(|| format!("cannot make {}", path.display()))
    }
}
