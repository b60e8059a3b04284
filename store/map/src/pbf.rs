//! Writes small OpenStreetMap extracts for tests, here and in whatever reads towns: the `osm.pbf` format with raw blobs, as its wiki page
//! describes it.

use std::collections::HashMap;
use std::io;
use std::path::Path;

pub mod quarter;
pub mod testville;

/// An extract to be written. Tags are key and value.
#[derive(Default)]
pub struct Pbf {
    strings: Vec<Vec<u8>>,
    /// Where each of them stands.
    places: HashMap<Vec<u8>, usize>,
    nodes: Vec<Vec<u8>>,
    /// The same nodes once more, for a list: id, place in 1e-7 degrees, numbers of keys and values.
    listed: Vec<(i64, i64, i64, Vec<u64>)>,
    ways: Vec<Vec<u8>>,
    relations: Vec<Vec<u8>>,
    /// Left, bottom, right, top in degrees.
    pub bounds: Option<[f64; 4]>,
    /// As of when its data are, in Unix seconds.
    pub as_of_s: Option<i64>,
    /// Version and time of change, in Unix seconds, of what is added next.
    pub stamp: Option<(u32, i64)>,
    /// Written as the planet's extracts are: blobs in zlib, nodes in lists. Some programs read nothing else; the plain form is the one to
    /// damage in tests.
    pub packed: bool,
}

/// The kind of a relation's member, as the format numbers it.
#[derive(Clone, Copy)]
pub enum Kind {
    Node = 0,
    Way = 1,
    Relation = 2,
}

fn var(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    var(out, field << 3);
    var(out, value);
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    var(out, field << 3 | 2);
    var(out, value.len() as u64);
    out.extend_from_slice(value);
}

fn packed(out: &mut Vec<u8>, field: u64, values: impl Iterator<Item = u64>) {
    let mut list = Vec::new();
    values.for_each(|value| var(&mut list, value));
    bytes(out, field, &list);
}

fn differences(values: impl Iterator<Item = i64>) -> impl Iterator<Item = u64> {
    let mut last = 0i64;
    values.map(move |value| {
        let step = value.wrapping_sub(last);
        last = value;
        zigzag(step)
    })
}

fn blob(out: &mut Vec<u8>, kind: &str, content: &[u8], packed: bool) {
    let mut blob = Vec::new();
    if packed {
        number(&mut blob, 2, content.len() as u64);
        bytes(&mut blob, 3, &stored(content));
    } else {
        bytes(&mut blob, 1, content);
    }
    let mut head = Vec::new();
    bytes(&mut head, 1, kind.as_bytes());
    number(&mut head, 3, blob.len() as u64);
    out.extend_from_slice(&(head.len() as u32).to_be_bytes());
    out.extend_from_slice(&head);
    out.extend_from_slice(&blob);
}

/// As zlib wants it (RFC 1950), in blocks that are stored as they are.
fn stored(content: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = content.chunks(0xFFFF).peekable();
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    let (low, high) = content.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    out.extend((high << 16 | low).to_be_bytes());
    out
}

impl Pbf {
    fn string(&mut self, text: &[u8]) -> u64 {
        if self.strings.is_empty() {
            self.strings.push(Vec::new());
            self.places.insert(Vec::new(), 0);
        }
        if let Some(place) = self.places.get(text) {
            return *place as u64;
        }
        self.strings.push(text.to_vec());
        self.places.insert(text.to_vec(), self.strings.len() - 1);
        (self.strings.len() - 1) as u64
    }

    fn tags(&mut self, out: &mut Vec<u8>, tags: &[(&str, &str)]) {
        let numbers: Vec<(u64, u64)> =
            tags.iter().map(|(key, value)| (self.string(key.as_bytes()), self.string(value.as_bytes()))).collect();
        packed(out, 2, numbers.iter().map(|(key, _)| *key));
        packed(out, 3, numbers.iter().map(|(_, value)| *value));
    }

    fn info(&self, out: &mut Vec<u8>) {
        let Some((version, changed_s)) = self.stamp else { return };
        let mut info = Vec::new();
        number(&mut info, 1, u64::from(version));
        number(&mut info, 2, changed_s as u64);
        bytes(out, 4, &info);
    }

    /// Damage: the text added last is missing from the table, and what names it points outside.
    pub fn lose_last_text(&mut self) -> &mut Pbf {
        self.strings.pop();
        self
    }

    /// A node; degrees may be anything.
    pub fn node(&mut self, id: i64, lat: f64, lon: f64, tags: &[(&str, &str)]) -> &mut Pbf {
        let mut out = Vec::new();
        number(&mut out, 1, zigzag(id));
        self.tags(&mut out, tags);
        self.info(&mut out);
        let (lat_e7, lon_e7) = ((lat * 1e7).round() as i64, (lon * 1e7).round() as i64);
        number(&mut out, 8, zigzag(lat_e7));
        number(&mut out, 9, zigzag(lon_e7));
        self.nodes.push(out);
        let words = tags.iter().flat_map(|(key, value)| [self.string(key.as_bytes()), self.string(value.as_bytes())]).collect();
        self.listed.push((id, lat_e7, lon_e7, words));
        self
    }

    /// A way over nodes.
    pub fn way(&mut self, id: i64, refs: &[i64], tags: &[(&str, &str)]) -> &mut Pbf {
        let mut out = Vec::new();
        number(&mut out, 1, id as u64);
        self.tags(&mut out, tags);
        self.info(&mut out);
        packed(&mut out, 8, differences(refs.iter().copied()));
        self.ways.push(out);
        self
    }

    /// A relation; each member has its kind, id and role.
    pub fn relation(&mut self, id: i64, members: &[(Kind, i64, &str)], tags: &[(&str, &str)]) -> &mut Pbf {
        let mut out = Vec::new();
        number(&mut out, 1, id as u64);
        self.tags(&mut out, tags);
        self.info(&mut out);
        let roles: Vec<u64> = members.iter().map(|(_, _, role)| self.string(role.as_bytes())).collect();
        packed(&mut out, 8, roles.into_iter());
        packed(&mut out, 9, differences(members.iter().map(|(_, id, _)| *id)));
        packed(&mut out, 10, members.iter().map(|(kind, ..)| *kind as u64));
        self.relations.push(out);
        self
    }

    /// Nodes from `id` on, and a way over them; `closed` ends it where it begins.
    pub fn line(&mut self, id: i64, places: &[(f64, f64)], closed: bool, tags: &[(&str, &str)]) -> &mut Pbf {
        let mut refs: Vec<i64> = (id..).take(places.len()).collect();
        for (node, (lat, lon)) in refs.iter().zip(places) {
            self.node(*node, *lat, *lon, &[]);
        }
        if closed {
            refs.push(id);
        }
        self.way(id, &refs, tags)
    }

    /// The file: the head and one block.
    pub fn bytes(&self) -> Vec<u8> {
        [self.head(), self.block()].concat()
    }

    /// How a file begins.
    pub fn head(&self) -> Vec<u8> {
        let mut head = Vec::new();
        if let Some([left, bottom, right, top]) = self.bounds {
            let mut sides = Vec::new();
            for (field, side) in [(1, left), (2, right), (3, top), (4, bottom)] {
                number(&mut sides, field, zigzag((side * 1e9).round() as i64));
            }
            bytes(&mut head, 1, &sides);
        }
        bytes(&mut head, 4, b"OsmSchema-V0.6");
        if let Some(time_s) = self.as_of_s {
            number(&mut head, 32, time_s as u64);
        }
        let mut out = Vec::new();
        blob(&mut out, "OSMHeader", &head, self.packed);
        out
    }

    /// Nodes, ways and relations as one block. A file may hold many, each up to 32 MiB.
    pub fn block(&self) -> Vec<u8> {
        let mut block = Vec::new();
        let mut strings = Vec::new();
        self.strings.iter().for_each(|text| bytes(&mut strings, 1, text));
        bytes(&mut block, 1, &strings);
        let list = vec![self.list()];
        let nodes = if self.packed && !self.nodes.is_empty() { (2, &list) } else { (1, &self.nodes) };
        let groups = [nodes, (3, &self.ways), (4, &self.relations)];
        for (field, things) in groups.into_iter().filter(|(_, things)| !things.is_empty()) {
            let mut group = Vec::new();
            things.iter().for_each(|thing| bytes(&mut group, field, thing));
            bytes(&mut block, 2, &group);
        }
        let mut out = Vec::new();
        blob(&mut out, "OSMData", &block, self.packed);
        out
    }

    /// All nodes as one list, without version and time of change.
    fn list(&self) -> Vec<u8> {
        let mut out = Vec::new();
        packed(&mut out, 1, differences(self.listed.iter().map(|(id, ..)| *id)));
        packed(&mut out, 8, differences(self.listed.iter().map(|(_, lat_e7, ..)| *lat_e7)));
        packed(&mut out, 9, differences(self.listed.iter().map(|(_, _, lon_e7, _)| *lon_e7)));
        // A zero ends the words of each node.
        packed(&mut out, 10, self.listed.iter().flat_map(|(.., words)| words.iter().copied().chain([0])));
        out
    }

    /// Writes the file.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        std::fs::write(path, self.bytes())
    }
}
