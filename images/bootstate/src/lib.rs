//! Which slot the box starts: the notes that GRUB and the running system leave each other on the EFI partition.
//!
//! Two kinds of file, so that a power cut during a write loses little. The *policy* says which slots are good and in which order
//! they are tried; the running system alone writes it, in two copies. The *tries* are counted by GRUB alone, which writes over
//! the file's blocks and can neither make the file nor lengthen it. `images/base/select.cfg` reads both; [`State`] has what it
//! would find, [`State::mark_good`] and the like what is to be found next, [`plan`] the writes from one to the other, [`repair`]
//! those that make broken files whole. [`Esp`] carries them out.
//!
//! What a write may rely on: FAT has no journal, and a rename on it is two writes to two places. So every file is written over
//! in place, one after the other, each flushed before the next: a cut tears one copy of the policy at most, and a torn copy shows.

pub mod block;
mod policy;
mod tries;
mod state;
mod esp;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

pub use crate::block::LEN;
pub use crate::esp::{Esp, EspError};
pub use crate::policy::{Mark, Policy};
pub use crate::state::{File, Files, Repair, State, Write, choose, plan, repair};
pub use crate::tries::{GOOD_MAX, TRIAL_MAX, Tries};

/// One of the two places that a system is installed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    A,
    B,
}

impl Slot {
    pub const BOTH: [Slot; 2] = [Slot::A, Slot::B];

    #[must_use]
    pub fn other(self) -> Slot {
        match self {
            Slot::A => Slot::B,
            Slot::B => Slot::A,
        }
    }

    /// `a` or `b`, as the kernel's arguments, GRUB's variables and the partitions have it.
    pub fn letter(self) -> &'static str {
        match self {
            Slot::A => "a",
            Slot::B => "b",
        }
    }

    /// `A` or `B`: RAUC's `bootname`.
    pub fn boot_name(self) -> &'static str {
        match self {
            Slot::A => "A",
            Slot::B => "B",
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.letter())
    }
}

/// Neither slot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no slot: there are a and b")]
pub struct NoSlot(String);

impl FromStr for Slot {
    type Err = NoSlot;

    fn from_str(text: &str) -> Result<Slot, NoSlot> {
        match text {
            "a" | "A" => Ok(Slot::A),
            "b" | "B" => Ok(Slot::B),
            _ => Err(NoSlot(text.to_owned())),
        }
    }
}
