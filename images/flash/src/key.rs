//! Ed25519 keys, one per file: a word that says which half it is, and 64 hexadecimal digits.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use ed25519_dalek::{SigningKey, VerifyingKey};
use zeroize::Zeroizing;

const SECRET: &str = "wegovnow-flash-secret-key";
const PUBLIC: &str = "wegovnow-flash-public-key";

pub fn public(path: &Path) -> Result<VerifyingKey> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read the key {}", path.display()))?;
    let bytes = digits(&text, PUBLIC).with_context(|| format!("{}: give the public half", path.display()))?;
    VerifyingKey::from_bytes(&bytes).with_context(|| format!("{}: no point of the curve", path.display()))
}

pub fn secret(path: &Path) -> Result<SigningKey> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read the key {}", path.display()))?;
    let bytes = Zeroizing::new(
        digits(&Zeroizing::new(text), SECRET).with_context(|| format!("{}: give the secret half", path.display()))?,
    );
    Ok(SigningKey::from_bytes(&bytes))
}

/// Makes a pair from 32 random bytes: `path` for its owner alone, `path.pub` for everyone. Never overwrites.
pub fn make(path: &Path, random: [u8; 32]) -> Result<SigningKey> {
    let key = SigningKey::from_bytes(&random);
    let put = |path: &Path, word: &str, bytes: &[u8; 32], mode: u32| -> Result<()> {
        let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
        let mut file = file.with_context(|| format!("cannot make {}; a key is never overwritten", path.display()))?;
        let line = Zeroizing::new(format!("{word} {}\n", hex::encode(bytes)));
        file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).with_context(|| format!("cannot write {}", path.display()))
    };
    put(path, SECRET, key.as_bytes(), 0o600)?;
    let mut public = path.as_os_str().to_owned();
    public.push(".pub");
    put(Path::new(&public), PUBLIC, key.verifying_key().as_bytes(), 0o644)?;
    Ok(key)
}

fn digits(text: &str, word: &str) -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    match text.split_whitespace().collect::<Vec<_>>()[..] {
        [own, digits] if own == word && hex::decode_to_slice(digits, &mut bytes).is_ok() => Ok(bytes),
        _ => bail!("expected one line, `{word} ` and 64 hexadecimal digits"),
    }
}

/// The first sixteen digits, to be read out over the telephone.
pub fn short(key: &VerifyingKey) -> String {
    hex::encode(key.as_bytes())[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_pair_is_made_once_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("release");
        let key = make(&path, [7; 32]).unwrap();
        assert_eq!(secret(&path).unwrap().to_bytes(), key.to_bytes());
        assert_eq!(public(&dir.path().join("release.pub")).unwrap(), key.verifying_key());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(make(&path, [8; 32]).is_err(), "an old key is kept");
        assert!(public(&path).is_err(), "the secret half is no public key");
    }
}
