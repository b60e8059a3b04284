//! The settings in force: the last file of a technician that was taken.

use std::fs;

use anyhow::{Context, Result, bail};
use provision::{Settings, check};

use crate::Caretaker;

/// Below `/state`: the file with its secrets, for root alone.
pub const FILE: &str = "settings/appliance.toml";
/// Certificates that came beside it.
pub const CA: &str = "settings/ca.pem";
/// Below `/var/lib/wegovnow-box`: town and border, which may be large.
pub const TOWN_FOLDER: &str = "town";

/// None is: nobody has provisioned the box yet, or its settings were reset.
pub fn text(care: &Caretaker<'_>) -> Result<Option<String>> {
    let path = care.places.state(FILE);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Settings of this box; those of a new one when nobody has provisioned it.
pub fn read(care: &Caretaker<'_>, serial: Option<&str>) -> Result<Settings> {
    let Some(text) = text(care)? else { return Ok(Settings::default()) };
    match check(&text, serial) {
        Ok(settings) => Ok(settings),
        // Only an older system than the one that took it finds something wrong.
        Err(problems) => {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            bail!("{} is not understood: {first}", care.places.state(FILE).display())
        }
    }
}
