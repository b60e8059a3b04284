//! From the first bytes of an id to the slots of reports that may have it.
//!
//! There are more of these ids than of anything else, so only eight bytes of each are kept; whoever looks one up compares the whole id
//! with what the State says.

use std::collections::BTreeSet;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Handles(BTreeSet<(u64, u32)>);

impl Handles {
    pub fn add<const N: usize>(&mut self, id: &[u8; N], slot: u32) {
        self.0.insert((head(id), slot));
    }

    /// Slots of reports that may have this id.
    pub fn slots<const N: usize>(&self, id: &[u8; N]) -> impl Iterator<Item = u32> {
        let head = head(id);
        self.0.range((head, 0)..=(head, u32::MAX)).map(|(_, slot)| *slot)
    }

    /// All of them.
    #[cfg(test)]
    pub fn iter(&self) -> impl Iterator<Item = (u64, u32)> {
        self.0.iter().copied()
    }
}

impl<const N: usize> FromIterator<([u8; N], u32)> for Handles {
    fn from_iter<I: IntoIterator<Item = ([u8; N], u32)>>(ids: I) -> Handles {
        Handles(ids.into_iter().map(|(id, slot)| (head(&id), slot)).collect())
    }
}

fn head<const N: usize>(id: &[u8; N]) -> u64 {
    id.iter().take(8).fold(0, |head, byte| head << 8 | u64::from(*byte))
}
