//! Files that are whole after a power cut: the old one or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Where a cut is worth trying: tests let the power fail here.
#[cfg(not(test))]
pub fn cut_point() {}

#[cfg(test)]
pub use crate::tests::cut::cut_point;

/// Readable by root alone.
pub const PRIVATE: u32 = 0o600;
/// Readable by every service.
pub const PUBLIC: u32 = 0o644;

/// Writes a file so that it is on the disk, whole, when this returns; a cut before leaves what was there.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>, mode: u32) -> Result<()> {
    let new = beside(path, "new");
    let written = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        if new.exists() {
            fs::remove_file(&new)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
        // Whatever the umask is.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.write_all(bytes.as_ref())?;
        file.sync_all()?;
        cut_point();
        fs::rename(&new, path)?;
        sync_folder(path)?;
        cut_point();
        Ok(())
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}

/// Removes a file so that it stays away; one that is not there is as good.
pub fn remove(path: &Path) -> Result<()> {
    cut_point();
    match fs::remove_file(path).and_then(|()| sync_folder(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Appends to a file, and flushes it. A line that a cut tore is ended first.
pub fn append_line(path: &Path, line: &str) -> Result<()> {
    let appended = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let torn = fs::read(path).is_ok_and(|bytes| bytes.last().is_some_and(|last| *last != b'\n'));
        let mut file = OpenOptions::new().append(true).create(true).mode(PUBLIC).open(path)?;
        file.write_all(format!("{}{line}", if torn { "\n" } else { "" }).as_bytes())?;
        cut_point();
        file.write_all(b"\n")?;
        file.sync_all()
    };
    appended().with_context(|| format!("cannot write to {}", path.display()))
}

pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    write(path, serde_json::to_string_pretty(value)? + "\n", PUBLIC)
}

/// None is a file that is missing, or holds something else.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// The text without white space around it; none is a file that is missing, empty, or no text.
pub fn read_word(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

pub fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.{ending}"))
}
