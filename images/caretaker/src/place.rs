//! Where everything lies, below a root that is `/` on a box and a folder in tests.

use std::path::{Path, PathBuf};

/// What survives everything but a factory reset.
const STATE: &str = "/state";
/// What services read; made anew at every start.
const RUN: &str = "/run/wegovnow-box";
/// What may be large, and is lost with the data.
const VAR: &str = "/var/lib/wegovnow-box";

#[derive(Debug, Clone)]
pub struct Places {
    root: PathBuf,
}

impl Places {
    pub fn below(root: impl Into<PathBuf>) -> Places {
        Places { root: root.into() }
    }

    /// An absolute path of the box.
    pub fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    pub fn state(&self, name: &str) -> PathBuf {
        self.at(STATE).join(name)
    }

    pub fn run(&self, name: &str) -> PathBuf {
        self.at(RUN).join(name)
    }

    pub fn var(&self, name: &str) -> PathBuf {
        self.at(VAR).join(name)
    }
}
