//! GUIDs: as text, and in the mixed byte order of the disk.

use std::fmt;
use std::str::FromStr;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Guid([u8; 16]);

#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no GUID")]
pub struct NotAGuid(String);

impl Guid {
    pub const fn from_u128(value: u128) -> Guid {
        Guid(value.to_be_bytes())
    }

    /// A GUID of our own making: version 8 of RFC 9562, its other bits taken from these.
    pub fn custom(mut bytes: [u8; 16]) -> Guid {
        bytes[6] = 0x80 | bytes[6] & 0x0f;
        bytes[8] = 0x80 | bytes[8] & 0x3f;
        Guid(bytes)
    }

    /// Of random bits: version 4 of RFC 9562.
    pub fn random(mut bits: [u8; 16]) -> Guid {
        bits[6] = 0x40 | bits[6] & 0x0f;
        bits[8] = 0x80 | bits[8] & 0x3f;
        Guid(bits)
    }

    pub(crate) fn to_disk(self) -> [u8; 16] {
        Guid::swapped(self.0)
    }

    /// From the first sixteen bytes.
    pub(crate) fn from_disk(bytes: &[u8]) -> Guid {
        let mut own = [0; 16];
        own.copy_from_slice(&bytes[..16]);
        Guid(Guid::swapped(own))
    }

    /// The first three fields are little-endian on disk.
    fn swapped(mut bytes: [u8; 16]) -> [u8; 16] {
        bytes[..4].reverse();
        bytes[4..6].reverse();
        bytes[6..8].reverse();
        bytes
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Guid {
    type Err = NotAGuid;

    fn from_str(text: &str) -> Result<Guid, NotAGuid> {
        let not = || NotAGuid(text.to_owned());
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        if digits.len() != 32 || digits.starts_with('+') {
            return Err(not());
        }
        u128::from_str_radix(&digits, 16).map(Guid::from_u128).map_err(|_| not())
    }
}
