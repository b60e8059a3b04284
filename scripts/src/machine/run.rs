//! Directories of one run: what is kept when something fails, and a short one for sockets.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

static RUNS: AtomicU32 = AtomicU32::new(0);

/// The place of one run, of this process alone.
#[derive(Debug)]
pub struct Run {
    /// Logs, pictures, overlays. Absolute, for QEMU and its images name each other from elsewhere.
    pub dir: PathBuf,
    /// The name of a socket may have a hundred bytes only.
    pub sockets: PathBuf,
    machines: AtomicU32,
}

impl Run {
    /// A new directory in `out`.
    pub fn new(out: &Path, name: &str) -> Result<Run> {
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        Run::at(&out.join(format!("{name}-{}-{number}", std::process::id())))
    }

    /// This very directory; there may be other files in it.
    pub fn at(dir: &Path) -> Result<Run> {
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        let sockets = std::env::temp_dir().join(format!("wegovnow-{}-{number}", std::process::id()));
        for dir in [dir, &sockets] {
            fs::create_dir_all(dir).with_context(|| format!("cannot make the directory {}", dir.display()))?;
        }
        Ok(Run { dir: fs::canonicalize(dir)?, sockets, machines: AtomicU32::new(0) })
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Counts the machines that were started in this run, from 1.
    pub fn next_machine(&self) -> u32 {
        self.machines.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Nothing of it is needed any more.
    pub fn discard(&self) {
        // Only copies and logs of a run that went well.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.sockets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_runs_share_a_place() {
        let out = tempfile::tempdir().unwrap();
        let (one, other) = (Run::new(out.path(), "t").unwrap(), Run::new(out.path(), "t").unwrap());
        assert_ne!(one.dir, other.dir);
        assert_ne!(one.sockets, other.sockets);
        assert!(one.dir.is_absolute() && one.sockets.as_os_str().len() < 80);
        let sockets = one.sockets.clone();
        drop(one);
        assert!(!sockets.exists() && other.sockets.exists());
    }
}
