//! The follow-up code: the only tie between a resident and what they sent.
//!
//! Twelve letters and digits of Crockford's base 32 in three groups: 55 random bits and one check character. The store keeps
//! `HMAC-SHA-256(town key, code)` only, so a stolen box yields no codes, and guessing is limited by the daemon (one in 2^38 per try
//! in a town of 100,000 reports).

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, Mac};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::Sha256;

use crate::id::CodeHash;

/// Crockford's base 32: no I, L, O or U, so that nothing is misread from a slip.
pub const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const DATA_CHARACTERS: u32 = 11;

/// What a resident walks away with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FollowCode(u64);

/// Why something typed is not a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCode {
    /// A code has twelve letters and digits.
    #[error("a code has 12 letters and digits, this has {0}")]
    Length(usize),
    /// A character that no code has.
    #[error("no code has the character {0:?}")]
    Character(char),
    /// The last character does not fit the others: something was misread.
    #[error("the code does not add up: one character is misread")]
    Check,
}

impl FollowCode {
    /// A code from eight random bytes (55 bits of them are used).
    pub fn from_random(bytes: [u8; 8]) -> FollowCode {
        FollowCode(u64::from_be_bytes(bytes) >> 9)
    }

    /// The keyed hash that is stored instead of the code.
    pub fn hash(&self, town_key: &[u8; 32]) -> CodeHash {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(town_key).expect("HMAC takes keys of any length");
        mac.update(b"wegovnow follow-up code\0");
        mac.update(&self.0.to_be_bytes());
        CodeHash(mac.finalize().into_bytes().into())
    }

    /// Weighted sum modulo 31 (prime): finds every single wrong character and every swap of two neighbours, except that the
    /// data characters worth 0 and 31 count alike.
    fn check(&self) -> u8 {
        let sum: u64 = (0..DATA_CHARACTERS).map(|place| u64::from(place + 2) * (self.0 >> (5 * place) & 31)).sum();
        ALPHABET[(sum % 31) as usize]
    }
}

impl fmt::Display for FollowCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in (0..DATA_CHARACTERS).rev() {
            write!(f, "{}", char::from(ALPHABET[(self.0 >> (5 * place) & 31) as usize]))?;
            if place == 7 || place == 3 {
                f.write_str("-")?;
            }
        }
        write!(f, "{}", char::from(self.check()))
    }
}

/// Never prints the code: it would end up in a log.
impl fmt::Debug for FollowCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FollowCode(…)")
    }
}

impl FromStr for FollowCode {
    type Err = BadCode;

    /// Reads a code as people type it: any case, with or without separators, O for 0, I and L for 1.
    fn from_str(text: &str) -> Result<FollowCode, BadCode> {
        let mut digits = Vec::new();
        for c in text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '.' | '_')) {
            let c = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                c => c,
            };
            let digit = ALPHABET.iter().position(|a| char::from(*a) == c).ok_or(BadCode::Character(c))?;
            digits.push(digit as u64);
        }
        if digits.len() != DATA_CHARACTERS as usize + 1 {
            return Err(BadCode::Length(digits.len()));
        }
        let (check, data) = digits.split_last().ok_or(BadCode::Length(0))?;
        let code = FollowCode(data.iter().fold(0, |value, digit| value << 5 | digit));
        if code.check() == ALPHABET[*check as usize] { Ok(code) } else { Err(BadCode::Check) }
    }
}

impl Serialize for FollowCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FollowCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FollowCode, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for FollowCode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FollowCode".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "minLength": 12, "maxLength": 20, "description": "twelve characters of Crockford's base 32, the last a check character" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_being_read_aloud_and_typed() {
        let code = FollowCode::from_random([0xA5; 8]);
        let text = code.to_string();
        assert_eq!(text.len(), 14);
        for typed in [text.clone(), text.to_lowercase(), text.replace('-', ""), text.replace('-', " ").replace('0', "o")] {
            assert_eq!(typed.parse::<FollowCode>(), Ok(code), "{typed}");
        }
    }

    #[test]
    fn a_misread_character_or_a_swap_is_noticed() {
        let mut missed = 0;
        let mut tried = 0;
        for seed in 0..50_u64 {
            let text =
                FollowCode::from_random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes()).to_string().replace('-', "");
            for i in 0..11 {
                for other in ALPHABET {
                    let mut wrong = text.clone().into_bytes();
                    if wrong[i] == *other {
                        continue;
                    }
                    wrong[i] = *other;
                    tried += 1;
                    missed += usize::from(String::from_utf8(wrong).unwrap().parse::<FollowCode>().is_ok());
                }
            }
        }
        assert!(missed * 300 < tried, "{missed} of {tried} misread characters went unnoticed");
    }

    #[test]
    fn the_hash_depends_on_the_key() {
        let code = FollowCode::from_random([7; 8]);
        assert_ne!(code.hash(&[1; 32]), code.hash(&[2; 32]));
        assert_eq!(code.hash(&[1; 32]), code.hash(&[1; 32]));
    }
}
