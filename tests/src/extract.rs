//! A made-up town as an OpenStreetMap extract, so that tests need no data of anybody's.
//!
//! The town is a grid of named streets with house numbers on both sides, a park in the middle and a lake at its edge. The file format
//! is OSM PBF (OpenStreetMap wiki, "PBF Format"), blobs stored raw.

use std::path::Path;

/// South-west corner of the town, in degrees.
pub const CORNER: (f64, f64) = (60.16, 24.92);
/// Distance between two parallel streets, in degrees of latitude and longitude: about 111 m both ways at this latitude.
const STEP: (f64, f64) = (0.001, 0.002);

/// Streets that run east, from south to north.
pub const STREETS: [&str; 8] = [
    "Birch Street",
    "Cedar Street",
    "Elm Street",
    "Hazel Street",
    "Linden Street",
    "Maple Street",
    "Rowan Street",
    "Willow Street",
];
/// Streets that run north, from west to east.
pub const AVENUES: [&str; 8] =
    ["Anchor Lane", "Bridge Lane", "Castle Lane", "Ferry Lane", "Harbour Lane", "Market Lane", "Mill Lane", "Tower Lane"];

/// Degrees of the crossing of a street and an avenue.
pub fn crossing(street: usize, avenue: usize) -> (f64, f64) {
    (CORNER.0 + (street as f64 + 0.5) * STEP.0, CORNER.1 + (avenue as f64 + 0.5) * STEP.1)
}

/// Writes the extract of the town to a file.
pub fn write(path: &Path) -> std::io::Result<()> {
    let mut block = Block::default();
    let mut next = 1_i64;
    let mut node = |block: &mut Block, (lat, lon): (f64, f64), tags: &[(&str, &str)]| {
        let id = next;
        next += 1;
        block.node(id, lat, lon, tags);
        id
    };
    let mut crossings = Vec::new();
    for street in 0..STREETS.len() {
        for avenue in 0..AVENUES.len() {
            crossings.push(node(&mut block, crossing(street, avenue), &[]));
        }
    }
    for (street, name) in STREETS.iter().enumerate() {
        for avenue in 0..AVENUES.len() - 1 {
            let (lat, lon) = crossing(street, avenue);
            for house in 0..4 {
                let side = if house % 2 == 0 { 0.000_12 } else { -0.000_12 };
                let place = (lat + side, lon + STEP.1 * (house as f64 + 1.0) / 5.0);
                let number = (avenue * 4 + house + 1).to_string();
                node(&mut block, place, &[("addr:street", name), ("addr:housenumber", &number)]);
            }
        }
    }
    let ring = |block: &mut Block, node: &mut dyn FnMut(&mut Block, (f64, f64)) -> i64, from: (f64, f64), to: (f64, f64)| {
        let corners = [(from.0, from.1), (from.0, to.1), (to.0, to.1), (to.0, from.1)];
        let mut ids: Vec<i64> = corners.into_iter().map(|corner| node(block, corner)).collect();
        ids.extend(ids.first().copied());
        ids
    };
    let mut plain = |block: &mut Block, at: (f64, f64)| node(block, at, &[]);
    let (park_from, park_to) = (crossing(3, 3), crossing(4, 4));
    let inset = 0.000_2;
    let park = ring(&mut block, &mut plain, (park_from.0 + inset, park_from.1 + inset), (park_to.0 - inset, park_to.1 - inset));
    let lake_from = (CORNER.0 + 0.001, CORNER.1 + 8.2 * STEP.1);
    let lake = ring(&mut block, &mut plain, lake_from, (CORNER.0 + 0.007, CORNER.1 + 9.8 * STEP.1));
    let border = ring(&mut block, &mut plain, CORNER, (CORNER.0 + 0.008, CORNER.1 + 10.0 * STEP.1));
    let mut way = 1;
    for (street, name) in STREETS.iter().enumerate() {
        let refs: Vec<i64> = (0..AVENUES.len()).map(|avenue| crossings[street * AVENUES.len() + avenue]).collect();
        block.way(way, &refs, &[("highway", "residential"), ("name", name)]);
        way += 1;
    }
    for (avenue, name) in AVENUES.iter().enumerate() {
        let refs: Vec<i64> = (0..STREETS.len()).map(|street| crossings[street * AVENUES.len() + avenue]).collect();
        block.way(way, &refs, &[("highway", "secondary"), ("name", name)]);
        way += 1;
    }
    block.way(way, &park, &[("leisure", "park"), ("name", "Garden of the Four Winds")]);
    block.way(way + 1, &lake, &[("natural", "water"), ("name", "Mirror Lake")]);
    block.way(
        way + 2,
        &border,
        &[("boundary", "administrative"), ("admin_level", "8"), ("name", "Testville"), ("type", "boundary")],
    );
    let mut file = Vec::new();
    let bounds = [CORNER.1, CORNER.1 + 10.0 * STEP.1, CORNER.0 + 0.008, CORNER.0];
    blob(&mut file, "OSMHeader", &header(bounds));
    blob(&mut file, "OSMData", &block.bytes());
    std::fs::write(path, file)
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

/// A protobuf field of wire type 0.
fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

/// A protobuf field of wire type 2.
fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

fn packed(out: &mut Vec<u8>, field: u64, values: impl IntoIterator<Item = u64>) {
    let mut list = Vec::new();
    values.into_iter().for_each(|value| varint(&mut list, value));
    bytes(out, field, &list);
}

fn blob(file: &mut Vec<u8>, kind: &str, data: &[u8]) {
    let mut blob = Vec::new();
    bytes(&mut blob, 1, data);
    let mut header = Vec::new();
    bytes(&mut header, 1, kind.as_bytes());
    number(&mut header, 3, blob.len() as u64);
    file.extend_from_slice(&(header.len() as u32).to_be_bytes());
    file.extend_from_slice(&header);
    file.extend_from_slice(&blob);
}

/// Left, right, top, bottom in degrees.
fn header(bounds: [f64; 4]) -> Vec<u8> {
    let mut bbox = Vec::new();
    for (field, degrees) in (1..).zip(bounds) {
        number(&mut bbox, field, zigzag((degrees * 1e9).round() as i64));
    }
    let mut header = Vec::new();
    bytes(&mut header, 1, &bbox);
    bytes(&mut header, 4, b"OsmSchema-V0.6");
    header
}

/// One primitive block under construction: nodes first, then ways.
#[derive(Default)]
struct Block {
    texts: Vec<String>,
    nodes: Vec<u8>,
    ways: Vec<u8>,
}

impl Block {
    fn text(&mut self, text: &str) -> u64 {
        // Number 0 of the table is reserved by the format.
        let known = self.texts.iter().position(|known| known == text);
        let index = known.unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        });
        index as u64 + 1
    }

    fn tags(&mut self, out: &mut Vec<u8>, tags: &[(&str, &str)]) {
        let pairs: Vec<(u64, u64)> = tags.iter().map(|(key, value)| (self.text(key), self.text(value))).collect();
        packed(out, 2, pairs.iter().map(|(key, _)| *key));
        packed(out, 3, pairs.iter().map(|(_, value)| *value));
    }

    fn node(&mut self, id: i64, lat: f64, lon: f64, tags: &[(&str, &str)]) {
        let mut node = Vec::new();
        number(&mut node, 1, zigzag(id));
        self.tags(&mut node, tags);
        number(&mut node, 8, zigzag((lat * 1e7).round() as i64));
        number(&mut node, 9, zigzag((lon * 1e7).round() as i64));
        bytes(&mut self.nodes, 1, &node);
    }

    fn way(&mut self, id: i64, refs: &[i64], tags: &[(&str, &str)]) {
        let mut way = Vec::new();
        number(&mut way, 1, id as u64);
        self.tags(&mut way, tags);
        let mut last = 0;
        let steps = refs.iter().map(|id| {
            let step = id - last;
            last = *id;
            zigzag(step)
        });
        packed(&mut way, 8, steps);
        bytes(&mut self.ways, 3, &way);
    }

    fn bytes(&self) -> Vec<u8> {
        let mut table = Vec::new();
        bytes(&mut table, 1, b"");
        self.texts.iter().for_each(|text| bytes(&mut table, 1, text.as_bytes()));
        let mut block = Vec::new();
        bytes(&mut block, 1, &table);
        bytes(&mut block, 2, &self.nodes);
        bytes(&mut block, 2, &self.ways);
        block
    }
}
