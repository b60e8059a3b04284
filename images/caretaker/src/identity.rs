//! Who this box is: made once, at the first start, and kept until a full reset.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ed25519_dalek::SigningKey;
use sha2::{Digest, Sha256};

use crate::file::{self, PRIVATE, PUBLIC};
use crate::{Caretaker, history};

/// Below `/state`: the device's Ed25519 key as 64 digits of base 16, its public half, the serial number.
pub const KEY: &str = "identity/device.key";
pub const PUBLIC_KEY: &str = "identity/device.pub";
pub const SERIAL: &str = "identity/serial";
pub const HOST_KEY: &str = "ssh/ssh_host_ed25519_key";

/// Where firmware says the machine's number, the best first.
const DMI: [&str; 3] = ["/sys/class/dmi/id/product_serial", "/sys/class/dmi/id/chassis_serial", "/sys/class/dmi/id/board_serial"];

/// What firmware says when nobody filled it in, in lower case without spaces and dots.
const PLACEHOLDERS: [&str; 15] = [
    "default",
    "defaultstring",
    "tobefilledbyoem",
    "systemserialnumber",
    "serialnumber",
    "boardserialnumber",
    "chassisserialnumber",
    "notspecified",
    "notapplicable",
    "notavailable",
    "none",
    "unknown",
    "empty",
    "invalid",
    "0123456789",
];

/// Makes key and serial number where they are missing; answers the serial number.
pub fn ensure(care: &Caretaker<'_>) -> Result<String> {
    let path = care.places.state(KEY);
    let key = match read_key(care)? {
        Some(key) => key,
        None => {
            let mut secret = [0; 32];
            care.system.chance(&mut secret).context("no chance for a key")?;
            let key = SigningKey::from_bytes(&secret);
            file::write(&path, hex(&key.to_bytes()) + "\n", PRIVATE)?;
            history::note(care, "identity", "a new device key was made")?;
            key
        }
    };
    let public = hex(key.verifying_key().as_bytes());
    if file::read_word(&care.places.state(PUBLIC_KEY)).as_ref() != Some(&public) {
        file::write(&care.places.state(PUBLIC_KEY), format!("{public}\n"), PUBLIC)?;
    }
    if let Some(serial) = file::read_word(&care.places.state(SERIAL)) {
        return Ok(serial);
    }
    let said = DMI.iter().find_map(|path| sensible(&fs::read_to_string(care.places.at(path)).ok()?));
    let serial = said.unwrap_or_else(|| derived(key.verifying_key().as_bytes()));
    file::write(&care.places.state(SERIAL), format!("{serial}\n"), PUBLIC)?;
    history::note(care, "identity", &format!("the serial number is {serial}"))?;
    Ok(serial)
}

/// The serial number, once there is one.
pub fn serial(care: &Caretaker<'_>) -> Option<String> {
    file::read_word(&care.places.state(SERIAL))
}

/// None is: not made yet. A key that was damaged is never replaced silently: the box would become another.
fn read_key(care: &Caretaker<'_>) -> Result<Option<SigningKey>> {
    let path = care.places.state(KEY);
    if !path.exists() {
        return Ok(None);
    }
    let secret = file::read_word(&path).and_then(|text| unhex(&text));
    match secret {
        Some(secret) => Ok(Some(SigningKey::from_bytes(&secret))),
        None => bail!("{} is damaged: a full reset gives the box a new identity", path.display()),
    }
}

/// What SSH shows to whoever logs in.
pub fn ensure_host_key(care: &Caretaker<'_>) -> Result<()> {
    let path = care.places.state(HOST_KEY);
    let public = path.with_extension("pub");
    if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > 0) {
        return Ok(());
    }
    // In memory, so that no copy of the key is left behind.
    let new = care.places.run("new-host-key");
    fs::create_dir_all(care.places.run("")).context("no place to make a key for SSH")?;
    for left in [new.clone(), new.with_extension("pub")] {
        file::remove(&left)?;
    }
    let name = new.display().to_string();
    let arguments = ["-q", "-t", "ed25519", "-N", "", "-C", "wegovnow", "-f", &name];
    let ran = care.system.run("ssh-keygen", &arguments, Duration::from_secs(60)).context("cannot make a key for SSH")?;
    if !ran.is_good() {
        bail!("ssh-keygen made no key: {}", ran.complaint());
    }
    // The private half goes last: it is what says that there is a key.
    let half = fs::read(new.with_extension("pub")).context("ssh-keygen wrote no public key")?;
    file::write(&public, half, PUBLIC)?;
    file::write(&path, fs::read(&new).context("ssh-keygen wrote no key")?, PRIVATE)?;
    for left in [new.clone(), new.with_extension("pub")] {
        file::remove(&left)?;
    }
    history::note(care, "identity", "a new key for SSH was made")
}

/// Of the host key, as `ssh` asks about it at the first login; none where there is no key yet.
pub fn host_key_fingerprint(care: &Caretaker<'_>) -> Option<String> {
    let line = file::read_word(&care.places.state(HOST_KEY).with_extension("pub"))?;
    let key = STANDARD.decode(line.split(' ').nth(1)?).ok()?;
    Some(format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(key))))
}

/// The number that firmware says, if a person put it there.
pub fn sensible(said: &str) -> Option<String> {
    let said = said.trim();
    let bare: String = said.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let is_plain = (4..=32).contains(&said.len()) && said.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c));
    let is_one_letter = bare.chars().all(|c| bare.starts_with(c));
    let is_counting = "01234567890123456789".contains(&bare) || "12345678901234567890".contains(&bare);
    (is_plain && !is_one_letter && !is_counting && !PLACEHOLDERS.contains(&bare.as_str())).then(|| said.to_owned())
}

/// Eight letters and digits that nobody mistakes for one another (Crockford's base 32).
pub fn derived(public: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digest = Sha256::new().chain_update("wegovnow serial\0").chain_update(public).finalize();
    let letters = digest.iter().take(8).map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
    format!("WGN-{}", letters.collect::<String>())
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}
