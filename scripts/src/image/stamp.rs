//! What an image says it is: `/usr/lib/wegovnow/build` on the box, and the same in every bundle.

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::shell::output;

/// Where the root file system has it.
pub const FILE: &str = "usr/lib/wegovnow/build";

pub struct Stamp {
    /// Of the image; updates go upwards.
    pub version: String,
    /// Of our programs in it, as they say themselves.
    pub programs: String,
    /// With `-changed` when the tree differed from it.
    pub commit: String,
    /// Seconds since 1970 of the commit: no clock is earlier.
    pub epoch: u64,
    pub variant: Variant,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Variant {
    /// Signed by a key of this checkout.
    Development,
    /// From a clean tree, signed by a key that was given.
    Release,
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Variant::Development => "development",
            Variant::Release => "release",
        })
    }
}

impl Stamp {
    /// Of the tree we are in.
    pub fn now(version: Option<&str>, variant: Variant) -> Result<Stamp> {
        let git = |arguments: &[&str]| output(Command::new("git").args(arguments)).map(|said| said.trim().to_owned());
        let programs = env!("CARGO_PKG_VERSION").to_owned();
        let mut commit = git(&["rev-parse", "HEAD"])?;
        let is_clean = git(&["status", "--porcelain"])?.is_empty();
        ensure!(is_clean || variant != Variant::Release, "a release is built from what is committed: the tree has changes");
        if !is_clean {
            commit += "-changed";
        }
        let epoch = git(&["log", "-1", "--format=%ct"])?.parse().context("git says no time of the last commit")?;
        let version = version.map_or_else(|| programs.clone(), str::to_owned);
        let is_version = version.split('.').count() == 3 && version.split('.').all(|part| part.parse::<u32>().is_ok());
        ensure!(is_version, "{version:?} is no version: three numbers, such as 1.4.0");
        Ok(Stamp { version, programs, commit, epoch, variant })
    }
}

impl Stamp {
    /// Of a root file system that was built before.
    pub fn of(root: &Path) -> Result<Stamp> {
        let text = output(Command::new("unsquashfs").arg("-cat").arg(root).arg(FILE))?;
        Stamp::parse(&text).with_context(|| format!("{FILE} in {}", root.display()))
    }

    fn parse(text: &str) -> Result<Stamp> {
        let value = |name: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            found.map(str::to_owned).with_context(|| format!("says no {name}"))
        };
        Ok(Stamp {
            version: value("VERSION")?,
            programs: value("PROGRAMS")?,
            commit: value("COMMIT")?,
            epoch: value("EPOCH")?.parse().context("EPOCH is no number")?,
            variant: if value("VARIANT")? == "release" { Variant::Release } else { Variant::Development },
        })
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stamp { version, programs, commit, epoch, variant } = self;
        write!(f, "VERSION={version}\nPROGRAMS={programs}\nCOMMIT={commit}\nEPOCH={epoch}\nVARIANT={variant}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_reads_as_it_was_written() {
        let stamp = Stamp {
            version: "0.2.0".to_owned(),
            programs: "0.1.0".to_owned(),
            commit: "abc-changed".to_owned(),
            epoch: 1_790_000_000,
            variant: Variant::Release,
        };
        let text = stamp.to_string();
        assert_eq!(Stamp::parse(&text).unwrap().to_string(), text);
        assert_eq!(Stamp::parse("VERSION=1.0.0\n").err().unwrap().to_string(), "says no PROGRAMS");
    }
}
