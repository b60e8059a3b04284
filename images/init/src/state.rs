//! What the initramfs itself keeps on the state partition: the machine's id, and a wish for a factory reset.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use rustix::rand::{GetRandomFlags, getrandom};

const MACHINE_ID: &str = "machine-id";
const RESET: &str = "reset";
const SETTINGS: &str = "settings";

/// No wish is longer.
const WISH_LEN: usize = 64;

/// The id of this box, made once: 32 hexadecimal digits and the end of the line. Gives where it stands.
pub fn machine_id(state: &Path) -> Result<std::path::PathBuf> {
    let path = state.join(MACHINE_ID);
    if fs::read(&path).is_ok_and(|bytes| is_machine_id(&bytes)) {
        return Ok(path);
    }
    let mut bits = [0; 16];
    let length = getrandom(&mut bits, GetRandomFlags::empty()).context("the kernel gives no random numbers")?;
    ensure!(length == bits.len(), "the kernel gives too few random numbers");
    // As systemd makes it: a random UUID, without dashes.
    let id: String = gpt::Guid::random(bits).to_string().chars().filter(|c| *c != '-').collect();
    replace(state, MACHINE_ID, format!("{id}\n").as_bytes(), 0o444)?;
    Ok(path)
}

fn is_machine_id(bytes: &[u8]) -> bool {
    let digits = bytes.strip_suffix(b"\n").unwrap_or_default();
    digits.len() == 32
        && digits.iter().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte))
        && digits.iter().any(|byte| *byte != b'0')
}

/// The word in `/state/reset`, if that exists. A file that cannot be read as a word is a word too: one that is no tier.
pub fn wish(state: &Path) -> Option<String> {
    let bytes = match fs::read(state.join(RESET)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(error) => error.to_string().into_bytes(),
    };
    Some(String::from_utf8_lossy(&bytes[..bytes.len().min(WISH_LEN)]).trim().to_owned())
}

pub fn set_wish(state: &Path, word: &str) -> Result<()> {
    replace(state, RESET, format!("{word}\n").as_bytes(), 0o644)
}

/// Afterwards it is gone for good, whatever is cut.
pub fn forget_wish(state: &Path) -> Result<()> {
    let path = state.join(RESET);
    if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }
        .with_context(|| format!("cannot remove {}", path.display()))?;
    sync(state)
}

/// The tier `settings`: may be done again and again.
pub fn forget_settings(state: &Path) -> Result<()> {
    let path = state.join(SETTINGS);
    match fs::remove_dir_all(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done.with_context(|| format!("cannot remove {}", path.display())),
    }?;
    sync(state)
}

/// Whole or not at all: the file is there under its name once all of it is on the medium.
fn replace(folder: &Path, name: &str, bytes: &[u8], mode: u32) -> Result<()> {
    let (path, part) = (folder.join(name), folder.join(format!("{name}.part")));
    let write = || {
        // Of a start that was cut; it may be write-protected.
        match fs::remove_file(&part) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, &path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))?;
    sync(folder)
}

fn sync(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).with_context(|| format!("cannot sync {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = machine_id(dir.path()).unwrap();
        let first = fs::read(&path).unwrap();
        assert!(is_machine_id(&first), "{first:?}");
        machine_id(dir.path()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), first);
        for torn in [&b""[..], &first[..20], &first[..32], b"00000000000000000000000000000000\n"] {
            fs::remove_file(&path).unwrap();
            fs::write(&path, torn).unwrap();
            fs::write(dir.path().join("machine-id.part"), b"left by a cut").unwrap();
            machine_id(dir.path()).unwrap();
            assert!(is_machine_id(&fs::read(&path).unwrap()) && fs::read(&path).unwrap() != first);
        }
    }

    #[test]
    fn a_wish_is_heard_once() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(wish(dir.path()), None);
        set_wish(dir.path(), "data").unwrap();
        assert_eq!(wish(dir.path()).as_deref(), Some("data"));
        forget_wish(dir.path()).unwrap();
        assert_eq!(wish(dir.path()), None);
        fs::create_dir_all(dir.path().join("reset/x")).unwrap();
        assert!(wish(dir.path()).unwrap().contains("directory"));
        forget_wish(dir.path()).unwrap();
        fs::write(dir.path().join("reset"), [0xff; 1000]).unwrap();
        assert!(wish(dir.path()).unwrap().chars().count() <= WISH_LEN);
    }

    #[test]
    fn settings_go_and_the_rest_stays() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("settings/deep")).unwrap();
        fs::write(dir.path().join("settings/deep/file"), "x").unwrap();
        fs::write(dir.path().join("identity"), "x").unwrap();
        forget_settings(dir.path()).unwrap();
        forget_settings(dir.path()).unwrap();
        assert!(!dir.path().join("settings").exists() && dir.path().join("identity").exists());
    }
}
