//! Staff's PIN against its hash: a file with one PHC string of Argon2 (RFC 9106), which the caretaker makes of the technician's
//! settings and systemd hands to the kiosk as a credential. The file is read for each check, and the hash wiped after it.

use std::path::Path;

use argon2::{Argon2, PasswordHash, PasswordVerifier};
use zeroize::Zeroizing;

use crate::app::staff::{Pin, PinAnswer};

/// Whether there is a hash in the file. One that cannot be read is no way in, and said in the log.
pub fn is_set(file: &Path) -> bool {
    read(file).is_some_and(|hash| hash.starts_with("$argon2"))
}

/// Whether this is the PIN.
pub fn check(file: Option<&Path>, pin: &Pin) -> PinAnswer {
    let Some(hash) = file.and_then(read) else { return PinAnswer::Unreadable };
    let Ok(hash) = PasswordHash::new(&hash) else {
        tracing::warn!("the file with the hash of staff's PIN holds something else; render the settings anew");
        return PinAnswer::Unreadable;
    };
    match Argon2::default().verify_password(pin.reveal().as_bytes(), &hash) {
        Ok(()) => PinAnswer::Right,
        Err(argon2::password_hash::Error::Password) => PinAnswer::Wrong,
        Err(error) => {
            tracing::warn!(%error, "staff's PIN cannot be checked");
            PinAnswer::Unreadable
        }
    }
}

fn read(file: &Path) -> Option<Zeroizing<String>> {
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let text = Zeroizing::new(text);
            Some(Zeroizing::new(text.trim().to_owned()))
        }
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "staff's PIN cannot be read; there is no way in at the screen");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHasher, SaltString};

    use super::*;

    fn pin(digits: &str) -> Pin {
        digits.bytes().map(|digit| digit - b'0').collect()
    }

    #[test]
    fn the_pin_is_checked_against_its_hash() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("staff.pin");
        assert!(!is_set(&file));
        assert_eq!(check(Some(&file), &pin("471108")), PinAnswer::Unreadable);
        std::fs::write(&file, "\n").unwrap();
        assert!(!is_set(&file), "an empty file says that there is none");
        std::fs::write(&file, "none\n").unwrap();
        assert!(!is_set(&file), "and so does a word");
        let salt = SaltString::encode_b64(&[7; 16]).unwrap();
        // As cheap as it gets: the cost stands in the hash.
        let cheap = argon2::Params::new(8, 1, 1, None).unwrap();
        let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, cheap);
        let hash = argon2.hash_password(b"471108", &salt).unwrap().to_string();
        std::fs::write(&file, format!("{hash}\n")).unwrap();
        assert!(is_set(&file));
        assert_eq!(check(Some(&file), &pin("471108")), PinAnswer::Right);
        assert_eq!(check(Some(&file), &pin("471109")), PinAnswer::Wrong);
        assert_eq!(check(Some(&file), &pin("4711080")), PinAnswer::Wrong);
        std::fs::write(&file, "471108").unwrap();
        assert_eq!(check(Some(&file), &pin("471108")), PinAnswer::Unreadable, "a PIN in plain text is none");
        assert_eq!(check(None, &pin("471108")), PinAnswer::Unreadable);
    }
}
