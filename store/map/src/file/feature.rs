//! One drawn thing as bytes.
//!
//! | part | content |
//! |---|---|
//! | length | var: bytes of the rest |
//! | class | u8, [`Class`] |
//! | marks | u8: bits 0–4 lowest zoom, 5 has a name, 6 has a kind, 7 height or tunnel follow |
//! | height | only with bit 7: u8: bits 0–6 height + 64, 7 tunnel |
//! | osm | var: number × 4 + kind (0 none, 1 node, 2 way, 3 relation), the number zigzagged |
//! | name | only with bit 5: var index into the names |
//! | kind | only with bit 6: var index into the names (like `amenity=pharmacy`) |
//! | parts | points: signed dx, dy. Others: var number of parts; per part var n, then n × 2 bits [`Level`], then n × (signed dx, dy) |
//!
//! Coordinates are differences: the first to the north-west corner of the block, each other to the one before.

use crate::class::{Class, Shape};
use crate::draw::Osm;
use crate::file::wire::{Reader, Writer};
use crate::world::Spot;

/// Features in one block at most.
pub const BLOCK: usize = 32;

/// From which zoom a vertex is kept: 0 always, 1 from zoom 13, 2 from 15, 3 from 17. One geometry serves every zoom.
pub type Level = u8;

/// The level whose vertices (and all lower ones) a zoom needs.
pub fn level_at(zoom: f64) -> Level {
    match zoom {
        zoom if zoom < 12.5 => 0,
        zoom if zoom < 14.5 => 1,
        zoom if zoom < 16.5 => 2,
        _ => 3,
    }
}

/// A vertex with its level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vertex {
    pub spot: Spot,
    pub level: Level,
}

/// A feature to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub class: Class,
    /// Lowest zoom at which it is drawn.
    pub zoom_min: u8,
    pub height: i8,
    pub tunnel: bool,
    pub osm: Osm,
    pub name: Option<u32>,
    pub kind: Option<u32>,
    pub parts: Vec<Vec<Vertex>>,
}

impl Record {
    pub fn encode(&self, corner: Spot, out: &mut Writer) {
        let mut body = Writer::default();
        body.u8(self.class as u8);
        let lifted = self.height != 0 || self.tunnel;
        let mark = |set: bool, bit: u8| u8::from(set) << bit;
        body.u8(self.zoom_min.min(31) | mark(self.name.is_some(), 5) | mark(self.kind.is_some(), 6) | mark(lifted, 7));
        if lifted {
            body.u8((self.height.clamp(-63, 63) + 64) as u8 | mark(self.tunnel, 7));
        }
        let (kind, id) = match self.osm {
            Osm::None => (0, 0),
            Osm::Node(id) => (1, id),
            Osm::Way(id) => (2, id),
            Osm::Relation(id) => (3, id),
        };
        let zigzag = ((id << 1) ^ (id >> 63)) as u64;
        // Ids beyond 2^61 are not OpenStreetMap's; the import drops them before they come here.
        body.var(zigzag << 2 | kind);
        for index in [self.name, self.kind].into_iter().flatten() {
            body.var(u64::from(index));
        }
        let mut last = corner;
        let mut put = |body: &mut Writer, spot: Spot| {
            body.signed(i64::from(spot.x) - i64::from(last.x));
            body.signed(i64::from(spot.y) - i64::from(last.y));
            last = spot;
        };
        if self.class.shape() == Shape::Spot {
            if let Some(vertex) = self.parts.first().and_then(|part| part.first()) {
                put(&mut body, vertex.spot);
            }
        } else {
            body.var(self.parts.len() as u64);
            for part in &self.parts {
                body.var(part.len() as u64);
                for four in part.chunks(4) {
                    body.u8(four.iter().enumerate().fold(0, |byte, (place, vertex)| byte | (vertex.level & 3) << (2 * place)));
                }
                for vertex in part {
                    put(&mut body, vertex.spot);
                }
            }
        }
        out.var(body.0.len() as u64);
        out.0.extend_from_slice(&body.0);
    }
}

/// The head of a feature in the file; its geometry is read on demand.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    pub class: Class,
    pub height: i8,
    pub tunnel: bool,
    pub osm: Osm,
    pub name: Option<u32>,
    pub kind: Option<u32>,
    geometry: Reader<'a>,
}

impl<'a> Head<'a> {
    /// Reads the next feature; the reader then stands behind it. `None` when the bytes are no feature.
    pub fn read(reader: &mut Reader<'a>) -> Option<Head<'a>> {
        let length = reader.count()?;
        let mut body = Reader(reader.bytes(length)?);
        let class = Class::from_number(body.u8()?)?;
        let marks = body.u8()?;
        let lift = if marks & 0x80 != 0 { body.u8()? } else { 64 };
        let osm = body.var()?;
        let number = osm >> 2;
        let id = (number >> 1) as i64 ^ -((number & 1) as i64);
        let mut index = |bit: u8| -> Option<Option<u32>> {
            if marks >> bit & 1 == 0 { Some(None) } else { Some(Some(u32::try_from(body.var()?).ok()?)) }
        };
        let (name, kind) = (index(5)?, index(6)?);
        Some(Head {
            class,
            height: ((lift & 0x7f) as i8) - 64,
            tunnel: lift & 0x80 != 0,
            osm: match osm & 3 {
                0 => Osm::None,
                1 => Osm::Node(id),
                2 => Osm::Way(id),
                _ => Osm::Relation(id),
            },
            name,
            kind,
            geometry: body,
        })
    }

    /// Appends its places that this level needs to `spots`, and the end of each part to `ends`. `None` when the bytes are no
    /// geometry.
    pub fn geometry(&self, corner: Spot, level: Level, spots: &mut Vec<Spot>, ends: &mut Vec<u32>) -> Option<()> {
        let mut reader = self.geometry;
        let mut last = corner;
        let mut next = |reader: &mut Reader<'a>| -> Option<Spot> {
            let step = |from: i32, by: i64| i32::try_from(i64::from(from).checked_add(by)?).ok();
            last = Spot { x: step(last.x, reader.signed()?)?, y: step(last.y, reader.signed()?)? };
            Some(last)
        };
        if self.class.shape() == Shape::Spot {
            spots.push(next(&mut reader)?);
            ends.push(u32::try_from(spots.len()).ok()?);
        } else {
            for _ in 0..reader.count()? {
                let count = reader.count()?;
                let levels = reader.bytes(count.div_ceil(4))?;
                for place in 0..count {
                    let spot = next(&mut reader)?;
                    if levels.get(place / 4)? >> (2 * (place % 4)) & 3 <= level {
                        spots.push(spot);
                    }
                }
                ends.push(u32::try_from(spots.len()).ok()?);
            }
        }
        reader.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records() -> impl Strategy<Value = Record> {
        let class = (0..Class::ALL.len()).prop_map(|index| Class::ALL[index]);
        let spot = (0..1 << 28, 0..1 << 28).prop_map(|(x, y)| Spot { x, y });
        let vertex = (spot, 0u8..4).prop_map(|(spot, level)| Vertex { spot, level });
        let osm = (0..4, -(1i64 << 60)..1 << 60).prop_map(|(kind, id)| match kind {
            0 => Osm::None,
            1 => Osm::Node(id),
            2 => Osm::Way(id),
            _ => Osm::Relation(id),
        });
        let parts = prop::collection::vec(prop::collection::vec(vertex, 1..20), 1..4);
        (class, 0u8..24, -63i8..63, any::<bool>(), osm, any::<Option<u32>>(), any::<Option<u32>>(), parts).prop_map(
            |(class, zoom_min, height, tunnel, osm, name, kind, mut parts)| {
                if class.shape() == Shape::Spot {
                    parts.truncate(1);
                    parts[0].truncate(1);
                }
                Record { class, zoom_min, height, tunnel, osm, name, kind, parts }
            },
        )
    }

    proptest! {
        #[test]
        fn a_feature_comes_back_at_every_level(record in records(), level in 0u8..4) {
            let corner = Spot { x: 1000, y: 2000 };
            let mut writer = Writer::default();
            record.encode(corner, &mut writer);
            let mut reader = Reader(&writer.0);
            let head = Head::read(&mut reader).unwrap();
            prop_assert!(reader.is_empty());
            prop_assert_eq!(
                (head.class, head.height, head.tunnel, head.osm, head.name, head.kind),
                (record.class, record.height, record.tunnel, record.osm, record.name, record.kind)
            );
            let (mut spots, mut ends) = (Vec::new(), Vec::new());
            head.geometry(corner, level, &mut spots, &mut ends).unwrap();
            let keeps_all = record.class.shape() == Shape::Spot;
            let expected: Vec<Spot> =
                record.parts.iter().flatten().filter(|vertex| keeps_all || vertex.level <= level).map(|vertex| vertex.spot).collect();
            prop_assert_eq!(spots, expected);
            prop_assert_eq!(ends.len(), record.parts.len());
        }

        #[test]
        fn any_bytes_read_without_panic(bytes: Vec<u8>) {
            if let Some(head) = Head::read(&mut Reader(&bytes)) {
                let _ = head.geometry(Spot::default(), 3, &mut Vec::new(), &mut Vec::new());
            }
        }
    }
}
