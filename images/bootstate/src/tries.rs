//! How often GRUB started each slot since it last came up well.

use crate::{Slot, block};

/// Starts that a slot on trial has.
pub const TRIAL_MAX: u8 = 3;
/// Starts that a slot has that came up well before: it must not lose to a few flicks of a wall switch.
pub const GOOD_MAX: u8 = 6;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    pub a: u8,
    pub b: u8,
    /// All slots used theirs up once already.
    pub exhausted: bool,
}

impl Tries {
    pub fn of(&self, slot: Slot) -> u8 {
        match slot {
            Slot::A => self.a,
            Slot::B => self.b,
        }
    }

    pub(crate) fn clear(&mut self, slot: Slot) {
        match slot {
            Slot::A => self.a = 0,
            Slot::B => self.b = 0,
        }
    }

    pub fn render(&self) -> Vec<u8> {
        block::render(&format!("a_tries={}\nb_tries={}\nexhausted={}\n", self.a, self.b, u8::from(self.exhausted)))
    }

    /// What is not said is none. Else what is wrong with the file.
    pub fn parse(bytes: &[u8]) -> Result<Tries, String> {
        let pairs = block::parse(bytes)?;
        let count = |name: &str, max: u8| match block::value(&pairs, name) {
            None => Ok(0),
            Some(value) => value.parse().ok().filter(|count: &u8| *count <= max).ok_or_else(|| format!("has {name}={value:?}")),
        };
        Ok(Tries { a: count("a_tries", GOOD_MAX)?, b: count("b_tries", GOOD_MAX)?, exhausted: count("exhausted", 1)? == 1 })
    }
}
