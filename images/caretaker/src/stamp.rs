//! What the running system says it is: `/usr/lib/wegovnow/build`, and the kernel's arguments.

use std::fs;

use anyhow::{Context, Result};
use bootstate::Slot;
use semver::Version;

use crate::Caretaker;

const FILE: &str = "/usr/lib/wegovnow/build";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    pub version: Version,
    /// Of our programs in it, as they say themselves.
    pub programs: String,
    pub commit: String,
    /// Seconds since 1970: no clock is earlier.
    pub epoch_s: u64,
    /// `development` or `release`.
    pub variant: String,
    /// Data that this system wrote is not understood by versions before this one.
    pub data_floor: Option<Version>,
}

impl Stamp {
    pub fn read(care: &Caretaker<'_>) -> Result<Stamp> {
        let path = care.places.at(FILE);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Stamp::parse(&text).with_context(|| FILE.to_owned())
    }

    pub fn parse(text: &str) -> Result<Stamp> {
        let find = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::trim);
        let value = |name: &str| find(name).with_context(|| format!("says no {name}"));
        let version = value("VERSION")?;
        Ok(Stamp {
            version: version.parse().with_context(|| format!("VERSION={version} is no version"))?,
            programs: find("PROGRAMS").unwrap_or(version).to_owned(),
            commit: value("COMMIT")?.to_owned(),
            epoch_s: value("EPOCH")?.parse().context("EPOCH is no number")?,
            variant: value("VARIANT")?.to_owned(),
            data_floor: find("DATA_FLOOR").map(str::parse).transpose().context("DATA_FLOOR is no version")?,
        })
    }
}

/// The slot that was started, by the kernel's arguments.
pub fn slot(care: &Caretaker<'_>) -> Result<Slot> {
    let path = care.places.at("/proc/cmdline");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let value = text.split_whitespace().find_map(|word| word.strip_prefix("wegovnow.slot="));
    Ok(value.context("the kernel's arguments name no slot (wegovnow.slot=)")?.parse()?)
}
