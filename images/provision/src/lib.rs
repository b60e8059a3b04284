//! `appliance.toml`, which a technician writes to the PROVISION partition: what may stand in it, and what it means for one box.
//!
//! One file serves a whole fleet: `[device."SERIAL"]` holds the same sections once more, and what it says counts more on that
//! box. [`check`] finds everything that is wrong at once, each with line and column, and reads every device's part, so that the
//! file can be checked at a desk. What it means is [`Settings`]; [`diff`] says what a new file would change; [`redact`] and
//! [`carry_secrets`] take secrets out of a file and put them back from the one before. Nothing here touches a disk.
//!
//! `appliance.example.toml` beside this package documents every key, and a test reads it.

mod tree;
mod form;
mod settings;
mod read;
mod secret;
mod change;
mod sent;
#[cfg(test)]
mod tests;

use std::fmt;

pub use crate::change::{Change, diff};
pub use crate::form::{Hours, Opening, RESERVED_ACCOUNTS};
pub use crate::read::{check, devices};
pub use crate::secret::{HASHED, KEPT, Secret, carry_secrets, redact, seal_pins};
pub use crate::sent::{CODE_LEN_MAX, NotSent, SENT_LEN_MAX, Sent, check_sent, sent};
pub use crate::settings::{
    Account, Controller, Display, Keypad, Kiosk, Network, Panel, PanelKind, Printer, PrinterKind, Proxy, Settings, Site, Sound,
    Time, Update, Wifi, WifiKey,
};

/// Where the file is looked for on the partition.
pub const FILE: &str = "appliance.toml";

/// The only schema there is.
pub const SCHEMA: u32 = 1;

/// More bytes than this are no file of ours.
pub const LEN_MAX: usize = 256 * 1024;

/// Something that is wrong with a file. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}

/// What becomes of a file that was found, by its generation and that of the settings in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// There are no settings yet, or older ones.
    Replaces,
    /// It was taken before, or an older one: it is left alone, which is said.
    Ignored { in_force: u32 },
}

/// A later file has a higher generation.
pub fn turn(in_force: Option<u32>, found: u32) -> Turn {
    match in_force {
        Some(in_force) if found <= in_force => Turn::Ignored { in_force },
        _ => Turn::Replaces,
    }
}
