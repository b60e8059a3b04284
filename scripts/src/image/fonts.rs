//! What fontconfig would find out about the image's fonts at every start, found out once: nothing on the box may keep it.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};

use super::fresh;
use crate::shell::run;

/// Where it lies in the image, as the overlay's `local.conf` names it.
const CACHE: &str = "usr/lib/fontconfig/cache";

/// What is read for it, of Debian's root file system.
const READ: [&str; 4] = ["./etc/fonts", "./usr/share/fontconfig", "./usr/share/fonts", "./usr/local/share/fonts"];

/// Adds the fonts' cache to the overlay. It counts for folders of exactly this time, that of every file in the image.
pub fn add_cache(base: &Path, overlay: &Path, epoch: u64, work: &Path) -> Result<()> {
    let root = fs::canonicalize(fresh(work.join("fonts"))?)?;
    run(Command::new("tar").args(["--extract", "--no-same-owner", "--file"]).arg(base).arg("--directory").arg(&root).args(READ))?;
    fs::copy(overlay.join("etc/fonts/local.conf"), root.join("etc/fonts/local.conf")).context("no local.conf of fontconfig")?;
    turn_inwards(&root.join("etc/fonts/conf.d"))?;
    let folders = [folders(&root.join("usr/share/fonts"))?, folders(&root.join("usr/local/share/fonts"))?].concat();
    for folder in &folders {
        File::open(folder)?.set_modified(UNIX_EPOCH + Duration::from_secs(epoch))?;
    }
    // Not of the settings of whoever builds: they name other folders.
    let mut cache = Command::new("fc-cache");
    cache.env_remove("FONTCONFIG_FILE").env_remove("FONTCONFIG_PATH").env_remove("SOURCE_DATE_EPOCH").env("HOME", "/nonexistent");
    run(cache.arg("--force").arg("--sysroot").arg(&root))?;
    let (made, to) = (root.join(CACHE), overlay.join(CACHE));
    fs::create_dir_all(&to)?;
    let mut count = 0;
    for file in fs::read_dir(&made).with_context(|| format!("fc-cache made no {CACHE}"))? {
        let file = file?;
        if file.file_name().to_string_lossy().contains(".cache-") {
            fs::copy(file.path(), to.join(file.file_name()))?;
            count += 1;
        }
    }
    ensure!(count == folders.len(), "fc-cache kept {count} folders of {}", folders.len());
    fs::remove_dir_all(&root).with_context(|| format!("cannot remove {}", root.display()))
}

/// Links that lead to the image's own files from its top would lead out of it here.
fn turn_inwards(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let link = entry?.path();
        let Ok(to) = fs::read_link(&link) else { continue };
        if let Ok(inner) = to.strip_prefix("/") {
            fs::remove_file(&link)?;
            symlink(Path::new("../../..").join(inner), &link)?;
        }
    }
    Ok(())
}

/// The folder and all below it.
fn folders(top: &Path) -> Result<Vec<PathBuf>> {
    let mut all = vec![top.to_owned()];
    let mut at = 0;
    while let Some(folder) = all.get(at).cloned() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                all.push(entry.path());
            }
        }
        at += 1;
    }
    Ok(all)
}
