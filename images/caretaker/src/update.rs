//! `wegovnow-box update`: from a file, a stick or an address to an installed slot.
//!
//! A download goes to the data partition first, and goes on where it stopped: nothing is ever installed over a line that may
//! stall. Signature and version are asked before RAUC installs; its handler asks once more, for whoever calls RAUC directly.

mod download;
mod stick;
mod latest;
#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use semver::Version;
use sha2::{Digest, Sha256};

pub use download::{Route, download};
pub use latest::{Due, Offer, due, look};
pub use stick::sticks;

use crate::bundle::{self, Refused, Running};
use crate::gate::{Committed, ROLLBACK, Rollback};
use crate::stamp::{self, Stamp};
use crate::system::{Access, Volume};
use crate::{Caretaker, esp, file, history, identity};

/// Below `/state`: what was installed last.
pub const INSTALLED: &str = "installed.json";
/// Below `/var/lib/wegovnow-box`.
const FOLDER: &str = "download";
/// Below `/run/wegovnow-box`: RAUC's handler, which is no child of ours, may take another variant.
const ANY_VARIANT: &str = "any-variant";
/// For a stick that was plugged in this moment: the kernel lets it settle for a second, and a hub takes its own time.
const STICK: Duration = Duration::from_secs(10);
/// From one look for it to the next.
const LOOK: Duration = Duration::from_millis(500);
/// Room that is left beside a bundle.
const SPARE: u64 = 32 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
    Url(String),
    /// The one bundle on whatever is plugged in.
    Stick,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub source: Source,
    /// 64 digits of base 16.
    pub sha256: Option<String>,
    pub again: bool,
    pub other_variant: bool,
    /// Start the box again when it is done.
    pub restart: bool,
}

/// How far something is: bytes done, and all of them if that is known.
pub type Progress<'a> = &'a mut dyn FnMut(&str, u64, Option<u64>);

/// Installs an update; answers its version.
pub fn run(care: &Caretaker<'_>, request: &Request, progress: Progress<'_>) -> Result<Version> {
    let _work = care.lock("an update, or the check of this start,")?;
    let stamp = Stamp::read(care)?;
    let slot = stamp::slot(care)?;
    let fetched = care.places.var(FOLDER).join("bundle.raucb");
    let file = match &request.source {
        Source::File(path) => {
            fs::metadata(path).with_context(|| format!("there is no file {}", path.display()))?;
            path.clone()
        }
        Source::Url(url) => {
            // One that was cut while it was installed is not fetched twice, if it is known to be the one.
            let expected = request.sha256.as_deref().filter(|_| fetched.exists());
            if !expected.is_some_and(|expected| digest(&fetched).is_ok_and(|found| found.eq_ignore_ascii_case(expected))) {
                file::remove(&fetched)?;
                let route = Route::read(care)?;
                download(care, url, &route, &care.places.var(FOLDER), progress)?;
            }
            fetched.clone()
        }
        Source::Stick => {
            from_stick(care, &fetched, progress)?;
            fetched.clone()
        }
    };
    let checked = check(care, &file, request, &stamp);
    if checked.as_ref().is_err_and(|error| error.is::<Refused>()) && file == fetched {
        // It will not get better by lying there.
        file::remove(&fetched)?;
    }
    let version = checked?;
    let allowed = care.places.run(ANY_VARIANT);
    if request.other_variant {
        file::write(&allowed, "\n", file::PUBLIC)?;
    }
    history::note(care, "update", &format!("installing version {version} into slot {}", slot.other()))?;
    let done = care.system.attend("rauc", &["install", "--progress", &file.display().to_string()]);
    file::remove(&allowed)?;
    match done.context("RAUC does not start")? {
        Some(0) => {}
        _ => {
            history::note(care, "update-failed", &format!("version {version}: RAUC did not install it"))?;
            bail!("RAUC did not install it; `journalctl --unit=rauc` says why. The box runs on as before");
        }
    }
    let installed = serde_json::json!({ "slot": slot.other().letter(), "version": version, "at_s": care.system.now_s() });
    file::write_json(&care.places.state(INSTALLED), &installed)?;
    history::note(care, "installed", &format!("version {version} in slot {}", slot.other()))?;
    file::remove(&fetched)?;
    if request.restart {
        care.system.reboot().context("installed, but the box does not start again")?;
    }
    Ok(version)
}

fn check(care: &Caretaker<'_>, file: &Path, request: &Request, stamp: &Stamp) -> Result<Version> {
    if let Some(expected) = &request.sha256 {
        let found = digest(file)?;
        if !expected.eq_ignore_ascii_case(&found) {
            return Err(Refused::Digest { found, expected: expected.clone() }.into());
        }
    }
    let manifest = bundle::info(care, file)?;
    let floor = esp::data_floor(care)?;
    let compatible = bundle::compatible(care);
    let running = Running { stamp, compatible, floor, any_variant: request.other_variant, again: request.again };
    bundle::decide(&manifest, &running)?;
    Ok(manifest.version)
}

/// RAUC's `pre-install` handler: looks at the mounted bundle, after its signature was checked.
pub fn check_manifest(care: &Caretaker<'_>, mounted: &Path) -> Result<Version> {
    let stamp = Stamp::read(care)?;
    let manifest = bundle::read(mounted)?;
    let any_variant = care.places.run(ANY_VARIANT).exists();
    let running = Running { stamp: &stamp, compatible: None, floor: esp::data_floor(care)?, any_variant, again: true };
    if let Err(refused) = bundle::decide(&manifest, &running) {
        history::note(care, "update-refused", &refused.to_string())?;
        return Err(refused.into());
    }
    if manifest.variant.is_none() {
        return Err(Refused::Silent("variant (the description)").into());
    }
    Ok(manifest.version)
}

fn from_stick(care: &Caretaker<'_>, to: &Path, progress: Progress<'_>) -> Result<()> {
    let begun = care.system.elapsed();
    let (devices, found, odd) = loop {
        let look = look_at_sticks(care);
        if !look.1.is_empty() || care.system.elapsed().saturating_sub(begun) >= STICK {
            break look;
        }
        care.system.sleep(LOOK);
    };
    for note in odd {
        eprintln!("note: {note}");
    }
    let (volume, name) = match &found[..] {
        [one] => one,
        [] if devices.is_empty() => bail!("no stick is plugged in"),
        [] => bail!("no stick has an update: put one file that ends with .raucb at its top level"),
        several => {
            let names: Vec<&str> = several.iter().map(|(_, name)| name.as_str()).collect();
            bail!("there are several updates: {}: leave the one that is meant", names.join(", "));
        }
    };
    // Copied first: a stick may be pulled at any time.
    care.with(volume, Access::Read, |dir| copy(care, &dir.join(name), to, progress))
}

/// All that may be a stick, the bundles found there, and what could not be read.
fn look_at_sticks(care: &Caretaker<'_>) -> (Vec<PathBuf>, Vec<(Volume, String)>, Vec<String>) {
    let (devices, mut found, mut odd) = (sticks(care), Vec::new(), Vec::new());
    for device in &devices {
        let volume = Volume::Stick(device.clone());
        match care.with(&volume, Access::Read, stick::bundles) {
            Ok(names) => found.extend(names.into_iter().map(|name| (volume.clone(), name))),
            // A partition of another kind on the same stick, or a drive without a disc.
            Err(error) => odd.push(format!("{}: {error:#}", device.display())),
        }
    }
    (devices, found, odd)
}

fn copy(care: &Caretaker<'_>, from: &Path, to: &Path, progress: Progress<'_>) -> Result<()> {
    let mut source = File::open(from).with_context(|| format!("cannot read {}", from.display()))?;
    let all = source.metadata()?.len();
    let part = to.with_extension("copy");
    // What a cut left of the update before takes the room of this one.
    file::remove(&part)?;
    file::remove(to)?;
    if need_space(care, to, all).is_err() {
        // So does a download that broke off: what is on the stick is here, and whole.
        file::remove(&to.with_extension("part"))?;
        need_space(care, to, all)?;
    }
    let mut target = OpenOptions::new().write(true).create(true).truncate(true).open(&part).context("cannot make the copy")?;
    let (mut buffer, mut done) = (vec![0; 1 << 20], 0);
    loop {
        let count = source.read(&mut buffer).context("the stick cannot be read")?;
        if count == 0 {
            break;
        }
        target.write_all(buffer.get(..count).unwrap_or_default()).context("cannot write the copy")?;
        done += count as u64;
        progress("copying", done, Some(all));
    }
    target.sync_all().context("cannot write the copy")?;
    fs::rename(&part, to).context("cannot keep the copy")
}

/// Makes the folder, and asks whether `bytes` more fit beside it.
fn need_space(care: &Caretaker<'_>, file: &Path, bytes: u64) -> Result<()> {
    let folder = file.parent().context("no folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    match care.system.space(folder) {
        Some((free, _)) if free < bytes.saturating_add(SPARE) => {
            bail!("{} MB are needed on the data partition, {} are free", (bytes + SPARE) / 1_000_000, free / 1_000_000)
        }
        _ => Ok(()),
    }
}

/// SHA-256 of a file, in base 16.
pub fn digest(file: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    std::io::copy(&mut File::open(file).with_context(|| format!("cannot read {}", file.display()))?, &mut hash)?;
    Ok(identity::hex(&hash.finalize()))
}

/// What was committed last, and what the box went back from.
pub fn past(care: &Caretaker<'_>) -> (Option<Committed>, Option<Rollback>) {
    (file::read_json(&care.places.state(crate::gate::COMMITTED)), file::read_json(&care.places.state(ROLLBACK)))
}
