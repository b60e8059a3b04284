//! From things to the bytes of a town file.

use std::collections::BTreeMap;

use super::Origin;
use super::collect::{Address, Things};
use crate::draw::Osm;
use crate::file::feature::{BLOCK, Record};
use crate::file::wire::Writer;
use crate::file::{assemble, stamp};
use crate::world::{Area, Bounds, Point, Rect, Spot};

/// The bytes of the town file; `None` if there are more names or more to draw than its 32-bit places reach, which is more than any town.
pub fn bytes(name: &str, bounds: Bounds, area: &Area, mut things: Things, origin: &Origin) -> Option<Vec<u8>> {
    let addresses = addresses(&mut things);
    let (blocks, features) = features(things.records);
    let mut names = Writer::default();
    let mut texts = Writer::default();
    names.u32(things.names.list().len() as u32);
    names.u32(0);
    for name in things.names.list() {
        texts.text(&name.own);
        texts.var(name.others.len() as u64);
        for (language, text) in &name.others {
            texts.text(language);
            texts.text(text);
        }
        names.u32(texts.0.len() as u32);
    }
    let texts_len = texts.0.len();
    names.0.extend_from_slice(&texts.0);
    let reaches = |length: usize| u32::try_from(length).is_ok();
    if ![texts_len, features.len(), things.names.list().len()].into_iter().all(reaches) {
        return None;
    }
    let stamps = stamp::encode(&things.stamps);
    Some(assemble([town(name, bounds, area), names.0, blocks, features, addresses, self::origin(origin), stamps]))
}

fn origin(origin: &Origin) -> Vec<u8> {
    let mut out = Writer::default();
    out.signed(origin.as_of_s.unwrap_or(i64::MIN));
    for count in [origin.nodes, origin.ways, origin.relations] {
        out.var(count);
    }
    out.var(origin.notes.len() as u64);
    for note in &origin.notes {
        out.text(&note.text);
        out.var(note.things.len() as u64);
        note.things.iter().for_each(|thing| out.text(thing));
    }
    out.0
}

fn town(name: &str, bounds: Bounds, area: &Area) -> Vec<u8> {
    let mut out = Writer::default();
    out.text(name);
    for side in [bounds.min.lat_e7, bounds.min.lon_e7, bounds.max.lat_e7, bounds.max.lon_e7] {
        out.i32(side);
    }
    out.var(area.0.len() as u64);
    for polygon in &area.0 {
        out.var(polygon.len() as u64);
        for ring in polygon {
            out.var(ring.len() as u64);
            let mut last = Point { lat_e7: 0, lon_e7: 0 };
            for point in ring {
                out.signed(i64::from(point.lat_e7) - i64::from(last.lat_e7));
                out.signed(i64::from(point.lon_e7) - i64::from(last.lon_e7));
                last = *point;
            }
        }
    }
    out.0
}

/// Features in blocks: those that appear at the same zoom together, near ones together.
fn features(records: Vec<Record>) -> (Vec<u8>, Vec<u8>) {
    let rect = |record: &Record| record.parts.iter().flatten().fold(Rect::EMPTY, |rect, vertex| rect.with(vertex.spot));
    let mut records: Vec<(u8, u64, Osm, Rect, Record)> = records
        .into_iter()
        .map(|record| {
            let rect = rect(&record);
            let middle = Spot {
                x: ((i64::from(rect.min.x) + i64::from(rect.max.x)) / 2) as i32,
                y: ((i64::from(rect.min.y) + i64::from(rect.max.y)) / 2) as i32,
            };
            (record.zoom_min, hilbert(middle), record.osm, rect, record)
        })
        .collect();
    records.sort_by_key(|record| (record.0, record.1, record.2, record.4.class));
    let (mut blocks, mut features) = (Writer::default(), Writer::default());
    for same_zoom in records.chunk_by(|one, other| one.0 == other.0) {
        for block in same_zoom.chunks(BLOCK) {
            let all = block.iter().fold(Rect::EMPTY, |all, (_, _, _, rect, _)| all.with(rect.min).with(rect.max));
            for side in [all.min.x, all.min.y, all.max.x, all.max.y] {
                blocks.i32(side);
            }
            blocks.u32(features.0.len() as u32);
            blocks.u8(block.len() as u8);
            blocks.u8(block.first().map_or(0, |(zoom, ..)| *zoom));
            blocks.0.extend_from_slice(&[0, 0]);
            for (.., record) in block {
                record.encode(all.min, &mut features);
            }
        }
    }
    (blocks.0, features.0)
}

/// Place on Hilbert's curve over the flat world: near numbers are near places.
fn hilbert(spot: Spot) -> u64 {
    // Steps of 16 units, about two metres, are fine enough to order a town.
    let (mut x, mut y) = ((spot.x.max(0) as u32) >> 4, (spot.y.max(0) as u32) >> 4);
    let mut along = 0u64;
    let mut side = 1u32 << 23;
    while side > 0 {
        let (right, down) = (u32::from(x & side > 0), u32::from(y & side > 0));
        along += u64::from(side) * u64::from(side) * u64::from((3 * right) ^ down);
        if down == 0 {
            if right == 1 {
                x = (side - 1).wrapping_sub(x & (side - 1));
                y = (side - 1).wrapping_sub(y & (side - 1));
            }
            std::mem::swap(&mut x, &mut y);
        }
        x &= side - 1;
        y &= side - 1;
        side >>= 1;
    }
    along
}

fn addresses(things: &mut Things) -> Vec<u8> {
    let mut streets: BTreeMap<&str, Vec<&Address>> = BTreeMap::new();
    for address in &things.addresses {
        streets.entry(&address.street).or_default().push(address);
    }
    let mut out = Writer::default();
    out.var(streets.len() as u64);
    for (street, mut numbers) in streets {
        out.var(u64::from(things.names.add_plain(street)));
        numbers.sort();
        numbers.dedup();
        out.var(numbers.len() as u64);
        let mut last = Spot::default();
        for address in numbers {
            out.text(&address.number);
            out.signed(i64::from(address.spot.x) - i64::from(last.x));
            out.signed(i64::from(address.spot.y) - i64::from(last.y));
            last = address.spot;
            let (kind, id) = match address.osm {
                Osm::None => (0, 0),
                Osm::Node(id) => (1, id),
                Osm::Way(id) => (2, id),
                Osm::Relation(id) => (3, id),
            };
            out.var(kind);
            out.signed(id);
        }
    }
    out.0
}
