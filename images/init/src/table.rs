//! What the partition table should be: decided from what it is, what the partitions hold, and what was asked for.

use anyhow::{Result, ensure};
use gpt::attribute::{BLANK, RESET};
use gpt::{Guid, IMAGE_DISK, Table};

use crate::reset::Tier;

/// In the order of the disk. A table with other names is not ours to change.
pub const NAMES: [&str; 8] = ["esp", "PROVISION", "boot-a", "root-a", "boot-b", "root-b", "state", "data"];

/// Those with a file system that the box makes by itself.
pub const MADE: [&str; 2] = ["state", "data"];

/// What stands where a file system would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// The partition begins with nothing but zeros.
    pub is_zero: bool,
    /// A copy of a superblock lies where ours lie.
    pub has_copy: bool,
}

impl Content {
    /// Whether no file system was ever made here. In a disk that was just written the beginning tells. Later on zeros may be damage,
    /// and then the copies are still there.
    fn is_unmade(self, is_new: bool) -> bool {
        self.is_zero && (is_new || !self.has_copy)
    }
}

/// The table to be written. The same one where there is nothing to do.
pub fn next(
    table: &Table,
    sectors: u64,
    content: impl Fn(&str) -> Content,
    reset: Option<Tier>,
    guid: impl FnMut() -> Result<Guid>,
) -> Result<Table> {
    let names: Vec<&str> = table.partitions.iter().map(|partition| partition.name.as_str()).collect();
    ensure!(names == NAMES, "the partition table is not ours, and stays as it is: {}", names.join(" "));
    let is_new = table.disk == IMAGE_DISK;
    let mut next = table.grown(sectors)?;
    if is_new || reset == Some(Tier::Full) {
        next = next.renewed(guid)?;
    }
    for name in MADE {
        let mark = if reset.is_some_and(|tier| tier.wipes().contains(&name)) {
            BLANK | RESET
        } else if content(name).is_unmade(is_new) {
            BLANK
        } else {
            continue;
        };
        if let Some(partition) = next.partition_mut(name) {
            partition.attributes |= mark;
        }
    }
    Ok(next)
}

/// The table once this partition has its new file system.
pub fn made(table: &Table, name: &str) -> Table {
    let mut made = table.clone();
    if let Some(partition) = made.partition_mut(name) {
        partition.attributes &= !(BLANK | RESET);
    }
    made
}

/// Marks of a partition.
pub fn has(table: &Table, name: &str, mark: u64) -> bool {
    table.partition(name).is_some_and(|partition| partition.has(mark))
}

#[cfg(test)]
mod tests {
    use gpt::{ALIGN, Partition, kind};
    use proptest::prelude::*;

    use super::*;

    const SECTORS: u64 = 10 * ALIGN;
    const EMPTY: Content = Content { is_zero: true, has_copy: false };
    const FULL: Content = Content { is_zero: false, has_copy: true };

    fn image() -> Table {
        let partitions = NAMES.iter().zip(1..).map(|(name, at)| Partition {
            kind: kind::LINUX,
            guid: Guid::custom([at; 16]),
            name: (*name).to_owned(),
            first: u64::from(at) * ALIGN,
            last: u64::from(at + 1) * ALIGN - 1,
            attributes: 0,
        });
        Table { disk: IMAGE_DISK, partitions: partitions.collect() }
    }

    fn random(seed: u8) -> impl FnMut() -> Result<Guid> {
        let mut bytes = [seed; 16];
        move || {
            bytes[0] = bytes[0].wrapping_add(1);
            Ok(Guid::random(bytes))
        }
    }

    fn marks(table: &Table) -> [(bool, bool); 2] {
        MADE.map(|name| (has(table, name, BLANK), has(table, name, RESET)))
    }

    #[test]
    fn a_fresh_image_becomes_a_box_of_its_own_once() {
        let first = next(&image(), SECTORS * 4, |_| EMPTY, None, random(1)).unwrap();
        assert_eq!(marks(&first), [(true, false); 2]);
        assert_eq!(first.partition("data").unwrap().last, 39 * ALIGN - 1);
        for (new, old) in first.partitions.iter().zip(&image().partitions) {
            assert_ne!(new.guid, old.guid);
        }
        // Cut after this: the next start leaves it so, whatever mke2fs had begun.
        assert_eq!(next(&first, SECTORS * 4, |_| FULL, None, random(2)).unwrap(), first);
        let used = made(&made(&first, "state"), "data");
        assert_eq!(marks(&used), [(false, false); 2]);
        assert_eq!(next(&used, SECTORS * 4, |_| FULL, None, random(2)).unwrap(), used);
    }

    #[test]
    fn what_an_image_was_written_around_is_kept() {
        let kept = next(&image(), SECTORS, |name| if name == "data" { FULL } else { EMPTY }, None, random(1)).unwrap();
        assert_eq!(marks(&kept), [(true, false), (false, false)]);
    }

    #[test]
    fn zeros_in_a_box_that_ran_are_damage_unless_nothing_is_there_at_all() {
        let ran = Table { disk: Guid::random([9; 16]), ..image() };
        let erased = Content { is_zero: true, has_copy: true };
        assert_eq!(marks(&next(&ran, SECTORS, |_| erased, None, random(1)).unwrap()), [(false, false); 2]);
        // Written by a flasher that made the GUIDs itself.
        assert_eq!(marks(&next(&ran, SECTORS, |_| EMPTY, None, random(1)).unwrap()), [(true, false); 2]);
    }

    #[test]
    fn tiers_mark_what_they_wipe() {
        let ran = Table { disk: Guid::random([9; 16]), ..image() };
        let reset = |tier| next(&ran, SECTORS, |_| FULL, Some(tier), random(1)).unwrap();
        assert_eq!(reset(Tier::Settings), ran);
        assert_eq!(marks(&reset(Tier::State)), [(true, true), (false, false)]);
        assert_eq!(marks(&reset(Tier::Data)), [(false, false), (true, true)]);
        assert_eq!(marks(&reset(Tier::Full)), [(true, true); 2]);
        assert_eq!(reset(Tier::Data).disk, ran.disk, "data alone is no new box");
        assert_ne!(reset(Tier::Full).disk, ran.disk);
    }

    #[test]
    fn other_tables_are_left_alone() {
        let mut other = image();
        other.partitions.remove(2);
        assert!(next(&other, SECTORS, |_| EMPTY, None, random(1)).unwrap_err().to_string().contains("not ours"));
        assert!(next(&image(), SECTORS / 2, |_| EMPTY, None, random(1)).is_err(), "a medium smaller than the image");
    }

    proptest! {
        /// No reset asked for, no fresh image, something in the partition: it is never marked.
        #[test]
        fn data_is_never_marked_by_itself(is_new: bool, is_zero: bool, has_copy: bool, sectors in SECTORS..SECTORS * 9) {
            let table = Table { disk: if is_new { IMAGE_DISK } else { Guid::random([3; 16]) }, ..image() };
            let next = next(&table, sectors, |_| Content { is_zero, has_copy }, None, random(1)).unwrap();
            prop_assert_eq!(has(&next, "data", BLANK), is_zero && (is_new || !has_copy));
            prop_assert!(!has(&next, "data", RESET));
        }
    }
}
