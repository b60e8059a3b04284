use std::collections::BTreeMap;
use std::io;

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::*;
use crate::{Partition, attribute, kind};

const LEN: usize = SECTOR as usize;

/// A disk of any size that remembers the sectors that were written.
#[derive(Clone)]
struct Sparse {
    sectors: u64,
    written: BTreeMap<u64, [u8; LEN]>,
    at: u64,
}

impl Sparse {
    fn new(sectors: u64) -> Sparse {
        Sparse { sectors, written: BTreeMap::new(), at: 0 }
    }

    fn put(&mut self, sector: u64, bytes: &[u8]) {
        for (sector, bytes) in (sector..).zip(bytes.chunks_exact(LEN)) {
            assert!(sector < self.sectors, "written behind the end");
            self.written.insert(sector, bytes.try_into().unwrap());
        }
    }

    /// As an image of this size is copied to the start of a medium.
    fn with_image(sectors: u64, image: u64, table: &Table) -> Sparse {
        let mut disk = Sparse::new(sectors);
        let ends = table.write(image).unwrap();
        disk.put(0, &ends.head);
        disk.put(image - TABLE_SECTORS - 1, &ends.tail);
        disk
    }

    fn carry_out(&mut self, acts: &[Act]) {
        for act in acts {
            if let Act::Write { sector, bytes } = act {
                self.put(*sector, bytes);
            }
        }
    }

    fn read_table(&self) -> Table {
        Table::read(&mut self.clone()).unwrap()
    }
}

impl Read for Sparse {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (sector, within) = (self.at / SECTOR, (self.at % SECTOR) as usize);
        if sector >= self.sectors {
            return Ok(0);
        }
        let bytes = self.written.get(&sector).copied().unwrap_or([0; LEN]);
        let length = into.len().min(LEN - within);
        into[..length].copy_from_slice(&bytes[within..within + length]);
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => (self.sectors * SECTOR).saturating_add_signed(by),
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
        };
        Ok(self.at)
    }
}

/// 64 MiB, of which the last partition has all that is left by 40 others' MiB.
const IMAGE: u64 = 64 * ALIGN;

fn table() -> Table {
    let partition = |seed: u8, name: &str, first, last| {
        let guid = Guid::custom([seed; 16]);
        Partition { kind: kind::LINUX, guid, name: name.to_owned(), first: first * ALIGN, last: last * ALIGN - 1, attributes: 0 }
    };
    let partitions = vec![partition(1, "esp", 1, 40), partition(2, "data", 40, 63)];
    Table { disk: crate::IMAGE_DISK, partitions }
}

fn other() -> Table {
    let mut seed = 100;
    let guid = || {
        seed += 1;
        Ok::<_, Error>(Guid::random([seed; 16]))
    };
    let mut other = table().renewed(guid).unwrap();
    other.partitions[1].attributes = attribute::BLANK;
    other
}

/// Every disk that a cut may leave: all before some sync is there, and of what came after it a part of the sectors.
fn cut(disk: &Sparse, acts: &[Act], syncs: usize, kept: &[bool]) -> Sparse {
    let mut disk = disk.clone();
    let (mut seen, mut kept) = (0, kept.iter().cycle());
    for act in acts {
        match act {
            Act::Sync if seen == syncs => break,
            Act::Sync => seen += 1,
            Act::Write { sector, bytes } => {
                for (sector, bytes) in (*sector..).zip(bytes.chunks_exact(LEN)) {
                    if seen < syncs || *kept.next().unwrap_or(&false) {
                        disk.put(sector, bytes);
                    }
                }
            }
        }
    }
    disk
}

#[test]
fn every_prefix_of_every_write_reads_as_old_or_new() {
    for sectors in [IMAGE, IMAGE + 1, IMAGE + 33, IMAGE + ALIGN, IMAGE * 5 + 7] {
        let disk = Sparse::with_image(sectors, IMAGE, &table());
        let new = other().grown(sectors).unwrap();
        let acts = plan(&mut disk.clone(), &new).unwrap();
        assert_eq!(acts.len(), 4, "the end, then the start, each followed by a sync");
        for syncs in 0..=2 {
            for length in 0..=40 {
                let kept: Vec<bool> = (0..40).map(|at| at < length).collect();
                let read = cut(&disk, &acts, syncs, &kept).read_table();
                assert!(read == table() || read == new, "{sectors} sectors, {syncs} syncs, {length} sectors more: {read:?}");
            }
        }
    }
}

#[test]
fn a_table_that_is_there_is_not_written_again() {
    let mut disk = Sparse::with_image(IMAGE * 2, IMAGE, &table());
    let new = other().grown(IMAGE * 2).unwrap();
    let acts = plan(&mut disk, &new).unwrap();
    disk.carry_out(&acts);
    assert_eq!(plan(&mut disk, &new).unwrap(), []);
}

#[test]
fn the_only_copy_is_doubled_before_it_is_written_over() {
    let mut disk = Sparse::with_image(IMAGE, IMAGE, &table());
    disk.put(1, &[0; LEN]);
    let acts = plan(&mut disk, &other()).unwrap();
    assert_eq!(acts.len(), 6);
    assert!(matches!(&acts[0], Act::Write { sector: 0, bytes } if *bytes == table().write(IMAGE).unwrap().head));
    disk.put(IMAGE - 1, &[0; LEN]);
    assert!(matches!(plan(&mut disk, &other()), Err(Error::NoTable)));
}

#[test]
fn a_partition_grows_to_the_last_whole_mebibyte() {
    let last = |sectors| table().grown(sectors).unwrap().partitions[1].last;
    assert_eq!(last(IMAGE), 63 * ALIGN - 1, "as the image has it");
    assert_eq!(last(IMAGE + 1), 63 * ALIGN - 1);
    assert_eq!(last(63 * ALIGN + 33), 63 * ALIGN - 1, "just room for the table");
    assert_eq!(last(64 * ALIGN + 33), 64 * ALIGN - 1);
    // 2 TB and one byte more than four bytes count.
    assert_eq!(last((1 << 32) + 1), (1 << 32) - ALIGN - 1);
    assert!(table().grown(63 * ALIGN + 32).is_err(), "nothing is made smaller");
    assert!(table().grown(0).is_err());
}

#[test]
fn the_boot_partition_is_known_by_what_grub_may_have_read() {
    let disk = Sparse::with_image(IMAGE, IMAGE, &table());
    let acts = plan(&mut disk.clone(), &other()).unwrap();
    // The end is new; of the start the first entries are, and the header is not.
    let mut torn = cut(&disk, &acts, 1, &(0..33).map(|at| at == 2).collect::<Vec<_>>());
    assert_eq!(torn.read_table(), other());
    assert!(Table::is_named(&mut torn, other().partitions[0].guid).unwrap());
    let mut torn = cut(&disk, &acts, 1, &(0..33).map(|at| at == 1).collect::<Vec<_>>());
    assert_eq!(torn.read_table(), other());
    assert!(Table::is_named(&mut torn, table().partitions[0].guid).unwrap(), "the old entries are still there");
    assert!(!Table::is_named(&mut torn, kind::ESP).unwrap());
    assert!(!Table::is_named(&mut Sparse::new(0), kind::ESP).unwrap());
}

fn anything() -> impl Strategy<Value = (u64, Vec<bool>, usize)> {
    (IMAGE..IMAGE * 100, prop::collection::vec(any::<bool>(), 33..120), 0..4_usize)
}

proptest! {
    // Each sums up some dozen tables, bit by bit.
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The law of this module, and that a start after the cut comes to the same end by the same rule.
    #[test]
    fn a_cut_leaves_the_old_table_or_the_new((sectors, kept, syncs) in anything(), again in any::<bool>()) {
        let disk = Sparse::with_image(sectors, IMAGE, &table());
        let new = other().grown(sectors).unwrap();
        let acts = plan(&mut disk.clone(), &new).unwrap();
        let mut after = cut(&disk, &acts, syncs, &kept);
        let read = after.read_table();
        prop_assert!(read == table() || read == new);
        // The next start wants a table of its own, or carries this one through; it may be cut as well.
        let next = if again { new.clone() } else { read.renewed(|| Ok::<_, Error>(Guid::random([7; 16]))).unwrap().grown(sectors).unwrap() };
        let acts = plan(&mut after, &next).unwrap();
        let twice = cut(&after, &acts, syncs / 2, &kept).read_table();
        prop_assert!(twice == read || twice == next);
        after.carry_out(&acts);
        prop_assert_eq!(after.read_table(), next.clone());
        prop_assert_eq!(Table::read_at(&mut after, 1).unwrap(), Some(next.clone()));
        prop_assert_eq!(Table::read_at(&mut after, sectors - 1).unwrap(), Some(next.clone()));
        prop_assert_eq!(plan(&mut after, &next).unwrap(), vec![]);
    }

    /// The same when the table at the start is damaged to begin with.
    #[test]
    fn a_damaged_start_is_no_reason_to_lose_the_end(broken in subsequence((0..33_u64).collect::<Vec<_>>(), 1..33), (_, kept, syncs) in anything()) {
        let mut disk = Sparse::with_image(IMAGE, IMAGE, &table());
        for sector in broken {
            disk.put(sector, &[0x55; LEN]);
        }
        let acts = plan(&mut disk.clone(), &other()).unwrap();
        let read = cut(&disk, &acts, syncs, &kept).read_table();
        prop_assert!(read == table() || read == other());
    }

    #[test]
    fn what_grows_is_sound_and_grows_no_further(sectors in IMAGE..1 << 40) {
        let grown = table().grown(sectors).unwrap();
        prop_assert!(grown.write(sectors).is_ok());
        prop_assert_eq!(grown.grown(sectors).unwrap(), grown.clone());
        let last = grown.partitions[1].last;
        prop_assert!((last + 1).is_multiple_of(ALIGN) && last >= table().partitions[1].last);
        prop_assert!(sectors - last < ALIGN + TABLE_SECTORS + 2, "less than 1 MiB is left");
    }
}
