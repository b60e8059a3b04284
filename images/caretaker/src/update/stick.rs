//! What is plugged in, and the bundles on it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::Caretaker;

/// SCSI's peripheral device type of drives for CDs and DVDs (SPC-4, table 175), as the kernel writes it.
const SCSI_DISC_DRIVE: &str = "5";

/// Partitions of removable and USB disks, and such disks without partitions; no drives for discs, never of the disk that the box runs from.
pub fn sticks(care: &Caretaker<'_>) -> Vec<PathBuf> {
    let own = fs::read_link(care.places.at("/dev/disk/appliance/esp")).ok();
    let own = own.and_then(|link| link.file_name().map(|name| name.to_string_lossy().into_owned()));
    let mut found = Vec::new();
    for disk in names(&care.places.at("/sys/block")) {
        let folder = care.places.at("/sys/block").join(&disk);
        let is_removable = fs::read_to_string(folder.join("removable")).is_ok_and(|text| text.trim() == "1");
        let is_usb = fs::canonicalize(&folder).is_ok_and(|path| path.to_string_lossy().contains("/usb"));
        let is_empty = fs::read_to_string(folder.join("size")).is_ok_and(|text| text.trim() == "0");
        let partitions: Vec<String> =
            names(&folder).into_iter().filter(|name| folder.join(name).join("partition").exists()).collect();
        // A drive for discs: removable, and without a disc still of some size.
        let is_optical = fs::read_to_string(folder.join("device/type")).is_ok_and(|text| text.trim() == SCSI_DISC_DRIVE);
        if !(is_removable || is_usb) || is_empty || is_optical || own.as_ref().is_some_and(|own| partitions.contains(own)) {
            continue;
        }
        let parts = if partitions.is_empty() { vec![disk] } else { partitions };
        found.extend(parts.into_iter().map(|name| Path::new("/dev").join(name)));
    }
    found
}

/// Names of the bundles at the top of a stick. macOS leaves a `._x.raucb` beside each.
pub fn bundles(dir: &Path) -> Result<Vec<String>> {
    let names =
        fs::read_dir(dir).context("the stick cannot be read")?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.collect::<Result<_>>()?;
    names.retain(|name| !name.starts_with('.') && name.to_ascii_lowercase().ends_with(".raucb") && dir.join(name).is_file());
    names.sort();
    Ok(names)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
