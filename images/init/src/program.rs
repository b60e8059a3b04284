//! Programs of the mounted root file system, run from the initramfs.

use std::fmt;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::{Level, ROOT, say};

const LIBRARIES: &str = "/usr/lib/x86_64-linux-gnu";

pub struct Ran {
    /// None when a signal ended it.
    pub code: Option<i32>,
    last_line: String,
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "ended with {code}")?,
            None => write!(f, "was ended by a signal")?,
        }
        if !self.last_line.is_empty() {
            write!(f, ": {}", self.last_line)?;
        }
        Ok(())
    }
}

/// Its loader and libraries lie in the root file system as well. What it says goes to the kernel's log.
pub fn run(program: &str, arguments: &[&str]) -> Result<Ran> {
    let output = Command::new(format!("{ROOT}{LIBRARIES}/ld-linux-x86-64.so.2"))
        .args(["--library-path", &format!("{ROOT}{LIBRARIES}"), &format!("{ROOT}{program}")])
        .args(arguments)
        .env("MKE2FS_CONFIG", format!("{ROOT}/etc/mke2fs.conf"))
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{program} does not start"))?;
    let mut last_line = String::new();
    // Banners and progress go to standard error; where it alone says something, that is what went wrong.
    for bytes in [output.stderr, output.stdout] {
        for line in bytes.split(|byte| matches!(byte, b'\n' | b'\r')) {
            let line = String::from_utf8_lossy(line).replace(ROOT, "");
            let line = line.trim();
            if !line.is_empty() {
                say(Level::Debug, &format!("{program}: {line}"));
                line.clone_into(&mut last_line);
            }
        }
    }
    Ok(Ran { code: output.status.code(), last_line })
}
