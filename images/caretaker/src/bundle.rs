//! What a bundle says of itself, and whether this box takes it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use semver::Version;
use serde::Deserialize;

use crate::Caretaker;
use crate::stamp::Stamp;

/// Why a bundle is not taken. Trying again does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("this is no bundle that this box believes: {0}")]
    Unbelieved(String),
    #[error("the bundle has version {bundle}, older than {running} which runs: nothing is put back")]
    Downgrade { bundle: Version, running: Version },
    #[error("the bundle has version {bundle}; the data on this box is understood from {floor} on")]
    BelowFloor { bundle: Version, floor: Version },
    #[error("version {0} runs already: --again installs it once more")]
    Same(Version),
    #[error("the bundle is of the variant {bundle:?}, this box runs {running:?}: --other-variant takes it all the same")]
    OtherVariant { bundle: String, running: String },
    #[error("the bundle is for {bundle:?}, this box is {own:?}: fetch the one that is made for it")]
    OtherBox { bundle: String, own: String },
    #[error("the bundle says no {0}")]
    Silent(&'static str),
    #[error("the file has SHA-256 {found}, expected {expected}: fetch it once more")]
    Digest { found: String, expected: String },
}

/// What is asked of a bundle before it is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub version: Version,
    /// The kind of box that it is made for; None is: not said here.
    pub compatible: Option<String>,
    /// None is: not said here. RAUC 1.8 does not print it; its handler reads it from the manifest itself.
    pub variant: Option<String>,
}

/// `rauc info --output-format=json`
#[derive(Deserialize)]
struct Info {
    version: Option<String>,
    compatible: Option<String>,
}

/// What RAUC says of a file, after it checked the signature.
pub fn info(care: &Caretaker<'_>, file: &Path) -> Result<Manifest> {
    let name = file.display().to_string();
    let ran =
        care.system.run("rauc", &["info", "--output-format=json", &name], Duration::from_secs(120)).context("cannot ask RAUC")?;
    if !ran.is_good() {
        return Err(Refused::Unbelieved(ran.complaint()).into());
    }
    let json = ran.stdout.lines().find(|line| line.starts_with('{')).unwrap_or_default();
    let info: Info = serde_json::from_str(json).context("RAUC says something else of the bundle than it did")?;
    Ok(Manifest { version: version(info.version.as_deref())?, compatible: info.compatible, variant: None })
}

/// `manifest.raucm` of a mounted bundle.
pub fn read(mounted: &Path) -> Result<Manifest> {
    let path = mounted.join("manifest.raucm");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(parse(&text)?)
}

/// A key file, as GLib has it.
pub fn parse(text: &str) -> Result<Manifest, Refused> {
    let (mut group, mut found, mut compatible, mut variant) = (String::new(), None, None, None);
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut group);
        } else if let Some((key, value)) = line.split_once('=').map(|(key, value)| (key.trim(), value.trim().to_owned())) {
            match (group.as_str(), key) {
                ("update", "version") => found = Some(value),
                ("update", "compatible") => compatible = Some(value),
                ("update", "description") => variant = Some(value),
                _ => {}
            }
        }
    }
    Ok(Manifest { version: version(found.as_deref())?, compatible, variant })
}

fn version(text: Option<&str>) -> Result<Version, Refused> {
    text.and_then(|text| text.parse().ok()).ok_or(Refused::Silent("version of three numbers"))
}

/// The kind of box, as RAUC's settings have it.
pub fn compatible(care: &Caretaker<'_>) -> Option<String> {
    let text = fs::read_to_string(care.places.at("/etc/rauc/system.conf")).ok()?;
    text.lines().find_map(|line| Some(line.strip_prefix("compatible=")?.trim().to_owned()))
}

/// What the box has, for [`decide`].
#[derive(Debug, Clone)]
pub struct Running<'a> {
    pub stamp: &'a Stamp,
    /// The kind of box that it is, where its settings of RAUC can be read.
    pub compatible: Option<String>,
    pub floor: Option<Version>,
    /// Somebody agreed to another variant.
    pub any_variant: bool,
    /// Somebody wants what runs once more.
    pub again: bool,
}

/// Whether the bundle may be installed. Its signature was checked before.
pub fn decide(bundle: &Manifest, running: &Running<'_>) -> Result<(), Refused> {
    let Manifest { version, compatible, variant } = bundle;
    if let (Some(bundle), Some(own)) = (compatible, &running.compatible)
        && bundle != own
    {
        return Err(Refused::OtherBox { bundle: bundle.clone(), own: own.clone() });
    }
    if *version < running.stamp.version {
        return Err(Refused::Downgrade { bundle: version.clone(), running: running.stamp.version.clone() });
    }
    if let Some(floor) = running.floor.as_ref().filter(|floor| version < floor) {
        return Err(Refused::BelowFloor { bundle: version.clone(), floor: floor.clone() });
    }
    if *version == running.stamp.version && !running.again {
        return Err(Refused::Same(version.clone()));
    }
    match variant {
        Some(variant) if *variant != running.stamp.variant && !running.any_variant => {
            Err(Refused::OtherVariant { bundle: variant.clone(), running: running.stamp.variant.clone() })
        }
        _ => Ok(()),
    }
}
