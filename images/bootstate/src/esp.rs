//! The files on a mounted EFI partition.

use std::fs::{self, File as Handle, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::state::{File, Files, Repair, State, Write, choose, plan, repair};
use crate::{LEN, Slot};

/// What cannot be read or written, where, and why.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {}: {source}", path.display())]
pub struct EspError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// A mounted EFI partition. One program at a time may write to it.
pub struct Esp {
    dir: PathBuf,
}

impl Esp {
    /// `dir` is where the partition is mounted. Nothing is read yet, and nothing need be there.
    pub fn open(dir: impl Into<PathBuf>) -> Esp {
        Esp { dir: dir.into() }
    }

    /// What is there. A file that cannot be read as one is as good as missing; a partition that is not there is an error.
    pub fn read(&self) -> Result<Files, EspError> {
        fs::metadata(&self.dir).map_err(|source| EspError { what: "find", path: self.dir.clone(), source })?;
        let mut files = Files::default();
        for file in File::ALL {
            files.set(file, fs::read(self.path(file)).ok());
        }
        Ok(files)
    }

    /// What counts.
    pub fn state(&self) -> Result<State, EspError> {
        Ok(choose(&self.read()?))
    }

    /// Makes all files whole, and says which were not.
    pub fn repair(&self) -> Result<Vec<Repair>, EspError> {
        let repairs = repair(&self.read()?);
        repairs.iter().try_for_each(|repair| self.write(&repair.write))?;
        Ok(repairs)
    }

    /// The slot was just installed: it comes first, on trial.
    pub fn set_primary(&self, slot: Slot) -> Result<(), EspError> {
        self.change(|state| state.set_primary(slot))
    }

    /// The slot came up well.
    pub fn mark_good(&self, slot: Slot) -> Result<(), EspError> {
        self.change(|state| state.mark_good(slot))
    }

    /// The slot is not started again until something is installed in it.
    pub fn mark_bad(&self, slot: Slot) -> Result<(), EspError> {
        self.change(|state| state.mark_bad(slot))
    }

    fn change(&self, next: impl FnOnce(State) -> State) -> Result<(), EspError> {
        let files = self.read()?;
        plan(&files, &next(choose(&files))).iter().try_for_each(|write| self.write(write))
    }

    fn path(&self, file: File) -> PathBuf {
        self.dir.join(file.path())
    }

    /// In place: GRUB keeps a list of the file's blocks while it runs, and FAT gives a file that is made anew other ones.
    fn write(&self, write: &Write) -> Result<(), EspError> {
        let path = self.path(write.file);
        let failed = |what: &'static str, path: &Path| {
            let path = path.to_owned();
            move |source| EspError { what, path, source }
        };
        let folder = path.parent().unwrap_or(&self.dir);
        fs::create_dir_all(folder).map_err(failed("make", folder))?;
        let is_new = match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => false,
            Ok(_) => {
                fs::remove_dir_all(&path).map_err(failed("remove what is no file,", &path))?;
                true
            }
            Err(_) => true,
        };
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(failed("open", &path))?;
        file.write_all(&write.bytes).map_err(failed("write", &path))?;
        if file.metadata().map_err(failed("read", &path))?.len() != LEN as u64 {
            file.set_len(LEN as u64).map_err(failed("shorten", &path))?;
        }
        file.sync_all().map_err(failed("flush", &path))?;
        if is_new {
            Handle::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("flush", folder))?;
        }
        Ok(())
    }
}
