//! Versions and times of the objects behind a map, apart from what is drawn: only checks of the map's quality read them.
//!
//! Per object, in the order of [`Osm`] (nodes, ways, relations; each by id): var kind (1 node, 2 way, 3 relation), signed id less that of
//! the one before, var version (0 unknown), signed time: 0 where it is
//! unknown, else the Unix seconds less those of the last known one, times 2, plus 1. Neighbours by id were often made together, so that most take seven bytes.

use crate::draw::Osm;
use crate::file::wire::{Reader, Writer};

/// How often and when an object of OpenStreetMap was changed, as of the extract that the town file was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Which object.
    pub osm: Osm,
    /// 1 as it was first made, one more at each change; 0 where the extract does not say.
    pub version: u32,
    /// When it was last changed, in Unix seconds, if the extract says so.
    pub changed_s: Option<i64>,
}

/// The bytes of stamps, which come in order and without repetition.
pub fn encode(stamps: &[Stamp]) -> Vec<u8> {
    let mut out = Writer::default();
    out.var(stamps.len() as u64);
    let (mut last_id, mut last_s) = (0i64, 0i64);
    for stamp in stamps {
        let (kind, id) = parts(stamp.osm);
        out.var(kind);
        out.signed(id.wrapping_sub(last_id));
        out.var(u64::from(stamp.version));
        match stamp.changed_s {
            Some(time_s) => {
                out.signed(time_s.wrapping_sub(last_s).wrapping_mul(2).wrapping_add(1));
                last_s = time_s;
            }
            None => out.signed(0),
        }
        last_id = id;
    }
    out.0
}

fn parts(osm: Osm) -> (u64, i64) {
    match osm {
        Osm::None => (0, 0),
        Osm::Node(id) => (1, id),
        Osm::Way(id) => (2, id),
        Osm::Relation(id) => (3, id),
    }
}

/// Reads stamps one after the other.
#[derive(Debug, Clone)]
pub struct Stamps<'a> {
    reader: Reader<'a>,
    left: usize,
    last_id: i64,
    last_s: i64,
}

impl<'a> Stamps<'a> {
    /// `None` when there are no stamps in the bytes, not even a count.
    pub fn new(bytes: &'a [u8]) -> Option<Stamps<'a>> {
        let mut reader = Reader(bytes);
        let left = reader.count()?;
        Some(Stamps { reader, left, last_id: 0, last_s: 0 })
    }

    /// Whether all of the rest can be read, and nothing follows.
    pub fn are_whole(mut self) -> bool {
        let count = self.left;
        self.by_ref().count() == count && self.reader.is_empty()
    }

    fn read(&mut self) -> Option<Stamp> {
        let kind = self.reader.var()?;
        self.last_id = self.last_id.wrapping_add(self.reader.signed()?);
        let osm = match kind {
            1 => Osm::Node(self.last_id),
            2 => Osm::Way(self.last_id),
            3 => Osm::Relation(self.last_id),
            _ => return None,
        };
        let version = u32::try_from(self.reader.var()?).ok()?;
        let time = self.reader.signed()?;
        let changed_s = (time & 1 == 1).then(|| {
            self.last_s = self.last_s.wrapping_add(time >> 1);
            self.last_s
        });
        Some(Stamp { osm, version, changed_s })
    }
}

impl Iterator for Stamps<'_> {
    type Item = Stamp;

    fn next(&mut self) -> Option<Stamp> {
        self.left = self.left.checked_sub(1)?;
        self.read()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn stamps_come_back(list in prop::collection::vec((0u8..3, -(1i64 << 60)..1 << 60, any::<u32>(), any::<Option<u32>>()), 0..40)) {
            let stamps: Vec<Stamp> = list
                .into_iter()
                .map(|(kind, id, version, time)| Stamp {
                    osm: [Osm::Node(id), Osm::Way(id), Osm::Relation(id)][usize::from(kind)],
                    version,
                    changed_s: time.map(i64::from),
                })
                .collect();
            let bytes = encode(&stamps);
            prop_assert!(Stamps::new(&bytes).unwrap().are_whole());
            prop_assert_eq!(Stamps::new(&bytes).unwrap().collect::<Vec<Stamp>>(), stamps);
        }

        #[test]
        fn any_bytes_read_without_panic(bytes: Vec<u8>) {
            if let Some(stamps) = Stamps::new(&bytes) {
                stamps.clone().for_each(drop);
                stamps.are_whole();
            }
        }
    }
}
