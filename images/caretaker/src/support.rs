//! `wegovnow-box support`: what somebody far away needs to understand this box, in one file. No report's text, no key, no
//! password: the journal holds none of the first by the daemon's own rule, the rest is taken out.

use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use provision::{KEPT, redact};

use crate::system::{Access, Volume};
use crate::update::sticks;
use crate::{Caretaker, history, identity, settings, status};

const LIMIT: Duration = Duration::from_secs(60);
/// Of each part; the end counts.
const PART_MAX: usize = 8 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The stick that is plugged in; without one that takes it, the PROVISION partition.
    Any,
    Folder(PathBuf),
}

/// Writes the file; answers where it is.
pub fn run(care: &Caretaker<'_>, target: &Target) -> Result<String> {
    let packed = pack(&collect(care), care.system.now_s())?;
    let serial = identity::serial(care).unwrap_or_else(|| "new".to_owned());
    let date: String = history::date(care.system.now_s()).chars().filter(char::is_ascii_digit).collect();
    let name = format!("wegovnow-support-{serial}-{date}.tar.zst");
    let put = |dir: &Path| put(&dir.join(&name), &packed);
    let place = match target {
        Target::Folder(dir) => {
            put(dir)?;
            dir.display().to_string()
        }
        Target::Any => {
            let mut refused = String::new();
            let taker = sticks(care).into_iter().find(|device| {
                let done = care.with(&Volume::Stick(device.clone()), Access::Write, put);
                if let Err(error) = &done {
                    let _ = write!(refused, "; {} did not take it: {error:#}", device.display());
                }
                done.is_ok()
            });
            match taker {
                Some(device) => format!("the stick {}", device.display()),
                None => {
                    care.with(&Volume::Provision, Access::Write, put)?;
                    format!("the PROVISION partition{refused}")
                }
            }
        }
    };
    Ok(format!("{name} on {place}"))
}

/// Names and contents, without secrets.
fn collect(care: &Caretaker<'_>) -> Vec<(&'static str, String)> {
    let program = |program: &str, arguments: &[&str]| match care.system.run(program, arguments, LIMIT) {
        Ok(ran) => ran.stdout + &ran.stderr,
        Err(error) => format!("{program}: {error}\n"),
    };
    let file = |path: PathBuf| {
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}\n", path.display()));
        bytes.map_or_else(|what| what, |bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    // A code that may still count goes into no file.
    let status = status::Status { pairing: None, ..status::read(care) };
    let settings = settings::text(care).ok().flatten();
    let parts = vec![
        ("status.json", serde_json::to_string_pretty(&status).unwrap_or_default()),
        ("status.txt", status::describe(&status)),
        ("history", file(care.places.state("history"))),
        ("appliance.toml", settings.as_deref().map(redact).unwrap_or_default()),
        ("boot-state.txt", crate::boot_state::show(care).unwrap_or_else(|error| format!("{error:#}\n"))),
        ("rauc.txt", program("rauc", &["status", "--detailed"])),
        ("units.txt", program("systemctl", &["list-units", "--all", "--no-pager", "--plain"])),
        ("journal.txt", program("journalctl", &["--boot", "--no-pager", "--output=short-iso-precise", "--lines=20000"])),
        ("journal-before.txt", program("journalctl", &["--boot=-1", "--no-pager", "--output=short-iso-precise", "--lines=5000"])),
        ("kernel-arguments", file(care.places.at("/proc/cmdline"))),
        ("mounts", file(care.places.at("/proc/self/mountinfo"))),
        ("build", file(care.places.at("/usr/lib/wegovnow/build"))),
    ];
    let secrets = secrets(care, settings.as_deref());
    let clean = |(name, text): (&'static str, String)| {
        let text = secrets.iter().fold(text, |text, secret| text.replace(secret.as_str(), KEPT));
        let mut start = text.len().saturating_sub(PART_MAX);
        while !text.is_char_boundary(start) {
            start += 1;
        }
        (name, text.get(start..).unwrap_or_default().to_owned())
    };
    parts.into_iter().map(clean).collect()
}

/// What must not be in it, however it came there.
fn secrets(care: &Caretaker<'_>, settings: Option<&str>) -> Vec<String> {
    let serial = identity::serial(care);
    let read = settings.and_then(|text| provision::check(text, serial.as_deref()).ok());
    let mut secrets: Vec<String> =
        read.iter().flat_map(provision::Settings::secrets).map(|(_, secret)| secret.reveal().to_owned()).collect();
    secrets.extend(crate::file::read_word(&care.places.state(identity::KEY)));
    secrets.retain(|secret| secret.len() >= 4);
    secrets
}

fn pack(parts: &[(&str, String)], now_s: u64) -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(zstd::Encoder::new(Vec::new(), 9).context("cannot pack")?);
    for (name, text) in parts {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(now_s);
        archive.append_data(&mut header, format!("wegovnow-support/{name}"), text.as_bytes()).context("cannot pack")?;
    }
    archive.into_inner().and_then(zstd::Encoder::finish).context("cannot pack")
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = || -> std::io::Result<()> {
        let mut file = fs::File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}
