//! What all cases share: the image, what is in it, and a disk that was started once.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::need::Need;
use super::{mark, settle};
use crate::image::layout;
use crate::machine::medium::Medium;
use crate::machine::run::Run;
use crate::shell::output;

pub struct Bench {
    pub image: Medium,
    /// Where runs put their directories.
    pub out: PathBuf,
    pub seed: u64,
    pub quick: bool,
    /// Who builds the image a second time, if not we.
    pub other_user: Option<String>,
    /// Every path of the root file system, a line each.
    listing: String,
    golden: OnceCell<Medium>,
}

impl Bench {
    pub fn new(image: &Path, out: &Path, seed: u64, quick: bool) -> Result<Bench> {
        let path =
            fs::canonicalize(image).with_context(|| format!("no image {}: make it with `cargo x image`", image.display()))?;
        fs::create_dir_all(out).with_context(|| format!("cannot make the directory {}", out.display()))?;
        let out = fs::canonicalize(out)?;
        let image = Medium::Raw(path);
        let run = Run::new(&out, "look")?;
        let root = image.partition(layout::ROOT_A, &run.dir)?;
        let listing = output(Command::new("unsquashfs").args(["-lc", "-dest", ""]).arg(&root))?;
        run.discard();
        // The listing has files and empty folders.
        let listing = with_folders(&listing);
        Ok(Bench { image, out, seed, quick, other_user: None, listing, golden: OnceCell::new() })
    }

    pub fn has(&self, need: Need) -> bool {
        need.is_in(&self.listing)
    }

    /// A disk that was started once and switched off in good order. Kept as long as the image is the same.
    pub fn golden(&self) -> Result<Medium> {
        if let Some(golden) = self.golden.get() {
            return Ok(golden.clone());
        }
        let file = self.golden_file()?;
        if !file.is_file() {
            println!("   making the disk that was started once");
            let run = Run::new(&self.out, "golden")?;
            let disk = self.image.overlay(&run.file("disk.qcow2"), None)?;
            let mut machine = settle::start(&run, &disk)?;
            if !self.has(Need::Caretaker) {
                machine.hear(mark::LOGIN, mark::START)?;
            }
            machine.power_down(mark::STOP)?;
            drop(machine);
            self.keep_golden(&disk)?;
            run.discard();
        }
        Ok(self.golden.get_or_init(|| Medium::Overlay(file)).clone())
    }

    /// Takes the disk of a start that went well.
    pub fn keep_golden(&self, disk: &Medium) -> Result<()> {
        let (from, to) = (disk.file()?, self.golden_file()?);
        fs::rename(from, &to).with_context(|| format!("cannot keep {} as {}", from.display(), to.display()))
    }

    /// A disk whose box served the made-up town and was switched off in good order, if there is one of this image.
    pub fn town(&self) -> Result<Option<Medium>> {
        let file = self.file("town", "img")?;
        Ok(file.is_file().then_some(Medium::Raw(file)))
    }

    /// Takes such a disk, in place of those of other images.
    pub fn keep_town(&self, disk: &Medium) -> Result<()> {
        for entry in fs::read_dir(&self.out)? {
            let entry = entry?;
            let name = entry.file_name();
            if name.to_string_lossy().starts_with("town-") && name.to_string_lossy().ends_with(".img") {
                fs::remove_file(entry.path())?;
            }
        }
        let (from, to) = (disk.file()?, self.file("town", "img")?);
        fs::rename(from, &to).with_context(|| format!("cannot keep {} as {}", from.display(), to.display()))
    }

    fn golden_file(&self) -> Result<PathBuf> {
        self.file("golden", "qcow2")
    }

    /// Named by the image that it was made of.
    fn file(&self, name: &str, ending: &str) -> Result<PathBuf> {
        let image = self.image.file()?;
        let metadata = fs::metadata(image)?;
        let changed = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let hash = Sha256::new().chain_update(image.as_os_str().as_encoded_bytes()).chain_update(format!("{changed:?}"));
        let key: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(self.out.join(format!("{name}-{key}.{ending}")))
    }
}

/// A listing with every folder that a path of it names.
fn with_folders(listing: &str) -> String {
    let mut paths = std::collections::BTreeSet::new();
    for line in listing.lines().filter(|line| line.starts_with('/')) {
        paths.extend(Path::new(line).ancestors().map(|path| path.display().to_string()));
    }
    paths.into_iter().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_listed_with_their_files() {
        assert_eq!(with_folders("Parallel unsquashfs\n/usr/bin/rauc\n"), "/\n/usr\n/usr/bin\n/usr/bin/rauc");
    }
}
