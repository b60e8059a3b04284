//! One id type per noun. No bare strings or integers stand for a thing elsewhere in the project.
//!
//! Ids are random or hashes, made outside the core and passed in. In text (JSON, logs, slips) the 16-byte and 32-byte ids are
//! lower-case hexadecimal; in CBOR they are byte strings.

use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Text that is not the id it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{noun}: expected {expected}, got {got:?}")]
pub struct BadId {
    /// Which noun's id was wanted.
    pub noun: &'static str,
    /// What form it should have.
    pub expected: &'static str,
    /// The start of what came instead.
    pub got: String,
}

impl BadId {
    fn new(noun: &'static str, expected: &'static str, got: &str) -> BadId {
        BadId { noun, expected, got: got.chars().take(40).collect() }
    }
}

fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let text = text.as_bytes();
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let digit = |c: u8| match c {
            b'0'..=b'9' => Some(c - b'0'),
            b'a'..=b'f' => Some(c - b'a' + 10),
            _ => None,
        };
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// Lower-case hexadecimal of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Takes `N` bytes, without an allocation where the format has them at hand.
struct Bytes<const N: usize>(&'static str);

impl<'de, const N: usize> de::Visitor<'de> for Bytes<N> {
    type Value = [u8; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {N} bytes", self.0)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<[u8; N], E> {
        bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<[u8; N], A::Error> {
        let mut bytes = [0; N];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = items.next_element()?.ok_or_else(|| de::Error::invalid_length(at, &self))?;
        }
        match items.next_element::<u8>()? {
            None => Ok(bytes),
            Some(_) => Err(de::Error::invalid_length(N + 1, &self)),
        }
    }
}

macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $noun:literal, $expected:literal, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), hex(&self.0))
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<$name, BadId> {
                parse_hex(text).map($name).ok_or_else(|| BadId::new($noun, $expected, text))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_bytes(&self.0)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                if deserializer.is_human_readable() {
                    let text = String::deserialize(deserializer)?;
                    text.parse().map_err(de::Error::custom)
                } else {
                    deserializer.deserialize_bytes(Bytes($noun)).map($name)
                }
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "description": $expected })
            }
        }
    };
}

byte_id!(
    /// A fact: SHA-256 of its signed header.
    EventId, 32, "event id", "64 lower-case hexadecimal digits", "^[0-9a-f]{64}$");
byte_id!(
    /// A box: the first 16 bytes of SHA-256 of its Ed25519 public key.
    DeviceId, 16, "device id", "32 lower-case hexadecimal digits", "^[0-9a-f]{32}$");
byte_id!(
    /// A municipality.
    OrgId, 16, "municipality id", "32 lower-case hexadecimal digits", "^[0-9a-f]{32}$");
byte_id!(
    /// A report; made by whoever files it, so that sending twice files once.
    ReportId, 16, "report id", "32 lower-case hexadecimal digits", "^[0-9a-f]{32}$");
byte_id!(
    /// A comment under a report; made by whoever writes it.
    CommentId, 16, "comment id", "32 lower-case hexadecimal digits", "^[0-9a-f]{32}$");
byte_id!(
    /// One wish of a client; a repeated wish with the same id happens once.
    RequestId, 16, "request id", "32 lower-case hexadecimal digits", "^[0-9a-f]{32}$");
byte_id!(
    /// A resident's session at a kiosk, random, forgotten at its end. Keeps one session from supporting a report twice.
    SessionId, 16, "session id", "32 lower-case hexadecimal digits", "^[0-9a-f]{32}$");
byte_id!(
    /// A data key: one per case, so that destroying it makes the case's payloads unreadable.
    KeyId, 16, "key id", "32 lower-case hexadecimal digits", "^[0-9a-f]{32}$");
byte_id!(
    /// A member of staff by pseudonym (keyed hash of the account name); names live in the town's own table.
    StaffId, 8, "staff id", "16 lower-case hexadecimal digits", "^[0-9a-f]{16}$");
byte_id!(
    /// An attached file: SHA-256 of its bytes.
    AttachmentId, 32, "attachment id", "64 lower-case hexadecimal digits", "^[0-9a-f]{64}$");
byte_id!(
    /// Keyed hash (HMAC-SHA-256) of a follow-up code. The code itself is stored nowhere.
    CodeHash, 32, "code hash", "64 lower-case hexadecimal digits", "^[0-9a-f]{64}$");

impl ReportId {
    /// What people read and say for a report: `R-` and six letters and digits of Crockford's base 32.
    /// Two reports of a large town may share one; look-ups by it answer with all that match.
    pub fn reference(&self) -> String {
        let bits = u32::from_be_bytes([self.0[0], self.0[1], self.0[2], self.0[3]]);
        let mut text = String::from("R-");
        for place in (0..6).rev() {
            let digit = (bits >> 2) >> (5 * place) & 31;
            text.push(char::from(crate::code::ALPHABET[digit as usize]));
        }
        text
    }
}

macro_rules! code_word {
    ($(#[$doc:meta])* $name:ident, $noun:literal) => {
        $(#[$doc])*
        ///
        /// Codes of up to 24 bytes lie in the value itself: a town has some dozens of them, and names each a hundred thousand times.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(CompactString);

        impl $name {
            /// The code as written in facts and on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<$name, BadId> {
                let fits = (1..=40).contains(&text.len())
                    && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
                if fits {
                    Ok($name(text.into()))
                } else {
                    Err(BadId::new($noun, "1 to 40 of a-z, 0-9 and -", text))
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                CompactString::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": "^[a-z0-9-]{1,40}$" })
            }
        }
    };
}

code_word!(
    /// A category's code; the Open311 `service_code`.
    CategoryCode, "category code");
code_word!(
    /// A department's code.
    DepartmentCode, "department code");
code_word!(
    /// A category's extra question; the Open311 attribute code.
    QuestionCode, "question code");
code_word!(
    /// A language as a BCP 47 tag in lower case, such as `fi` or `en-gb`.
    Language, "language");
