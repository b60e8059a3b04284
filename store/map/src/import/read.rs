//! Reading the extract into memory: places, ways and relations with the tags that matter here.
//!
//! `osmpbf` adds up differences without checking and unwraps unknown member types, so damaged bytes can make it panic (in builds that
//! check arithmetic) or give nonsense. Each block is therefore decoded inside `catch_unwind`, and every coordinate and id it gives is
//! checked here.

use std::fs::File;
use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use osmpbf::{BlobDecode, BlobReader, Element, PrimitiveBlock, RelMemberType};

use super::{ImportError, Origin, Repairs};
use crate::world::{Bounds, Point};

/// Tags of one object, only those whose key matters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tags(pub Vec<(Box<str>, Box<str>)>);

impl Tags {
    /// Value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| &**name == key).map(|(_, value)| &**value)
    }

    /// Whether the key has this value.
    pub fn is(&self, key: &str, value: &str) -> bool {
        self.get(key) == Some(value)
    }

    /// Whether the key is there and not `no`.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value != "no")
    }
}

/// A node with tags.
#[derive(Debug)]
pub struct Node {
    pub id: i64,
    pub point: Point,
    pub tags: Tags,
}

/// A way: its nodes are a range of [`Extract::refs`].
#[derive(Debug)]
pub struct Way {
    pub id: i64,
    pub refs: std::ops::Range<usize>,
    pub tags: Tags,
}

/// A relation with the ways among its members. Relations in relations are not followed, so that a circle of them is harmless.
#[derive(Debug)]
pub struct Relation {
    pub id: i64,
    pub ways: Vec<i64>,
    /// Place of the node with the role `label` or `admin_centre`, by id.
    pub label: Option<i64>,
    pub tags: Tags,
}

/// Everything of the extract that matters, by id.
#[derive(Debug, Default)]
pub struct Extract {
    /// All nodes, sorted by id.
    points: Vec<(i64, Point)>,
    pub nodes: Vec<Node>,
    pub ways: Vec<Way>,
    pub refs: Vec<i64>,
    pub relations: Vec<Relation>,
    /// The rectangle the extract says it covers.
    pub bounds: Option<Bounds>,
    /// As of when its data is, by its header; in Unix seconds.
    as_of_s: Option<i64>,
    /// The time of its youngest change, in milliseconds.
    youngest_ms: Option<i64>,
}

impl Extract {
    /// What it is, with what had to be repaired.
    pub fn origin(&self, notes: Vec<String>) -> Origin {
        Origin {
            as_of_s: self.as_of_s.or(self.youngest_ms.map(|ms| ms.div_euclid(1000))),
            nodes: self.points.len() as u64,
            ways: self.ways.len() as u64,
            relations: self.relations.len() as u64,
            notes,
        }
    }

    /// Where a node is.
    pub fn point(&self, id: i64) -> Option<Point> {
        let index = self.points.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.points.get(index).map(|(_, point)| *point)
    }

    /// A way by its id.
    pub fn way(&self, id: i64) -> Option<&Way> {
        let index = self.ways.binary_search_by_key(&id, |way| way.id).ok()?;
        self.ways.get(index)
    }

    /// Ids of a way's nodes.
    pub fn refs_of(&self, way: &Way) -> &[i64] {
        self.refs.get(way.refs.clone()).unwrap_or_default()
    }

    /// The rectangle around all nodes.
    pub fn points_bounds(&self) -> Option<Bounds> {
        let (_, first) = *self.points.first()?;
        Some(self.points.iter().fold(Bounds { min: first, max: first }, |all, (_, point)| Bounds {
            min: Point { lat_e7: all.min.lat_e7.min(point.lat_e7), lon_e7: all.min.lon_e7.min(point.lon_e7) },
            max: Point { lat_e7: all.max.lat_e7.max(point.lat_e7), lon_e7: all.max.lon_e7.max(point.lon_e7) },
        }))
    }

    /// Sorts by id and drops what has an id twice (the first stays).
    fn settle(&mut self, repairs: &mut Repairs) {
        fn by_id<T>(things: &mut Vec<T>, id: impl Fn(&T) -> i64, repairs: &mut Repairs) {
            let before = things.len();
            things.sort_by_key(|thing| id(thing));
            things.dedup_by_key(|thing| id(thing));
            repairs.duplicate_ids += (before - things.len()) as u64;
        }
        by_id(&mut self.points, |(id, _)| *id, repairs);
        by_id(&mut self.ways, |way| way.id, repairs);
        by_id(&mut self.relations, |relation| relation.id, repairs);
        // Nodes were counted with their points.
        by_id(&mut self.nodes, |node| node.id, &mut Repairs::default());
    }
}

/// Counts the bytes that pass, so that progress and the place of an error can be told.
struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Reads a whole extract. `progress` gets the share read so far.
pub fn read(path: &Path, repairs: &mut Repairs, progress: &mut dyn FnMut(f64)) -> Result<Extract, ImportError> {
    let io = |source| ImportError::Io { action: "read", path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let wrong = |what: String| ImportError::Extract { path: path.to_owned(), what };
    if length == 0 {
        return Err(wrong("the file is empty".to_owned()));
    }
    let count = Arc::new(AtomicU64::new(0));
    let mut blobs = BlobReader::new(Counted { inner: BufReader::new(file), count: Arc::clone(&count) });
    let mut extract = Extract::default();
    let mut has_header = false;
    let mut at = 0;
    loop {
        let blob = match catch_unwind(AssertUnwindSafe(|| blobs.next())) {
            Ok(Some(Ok(blob))) => blob,
            Ok(None) => break,
            Ok(Some(Err(error))) => return Err(wrong(format!("the block at byte {at} cannot be read: {}", plain(&error)))),
            Err(_) => return Err(wrong(format!("the block at byte {at} is damaged"))),
        };
        let decoded = catch_unwind(AssertUnwindSafe(|| match blob.decode() {
            Ok(BlobDecode::OsmHeader(header)) => {
                let known = ["OsmSchema-V0.6", "DenseNodes"];
                if let Some(feature) = header.required_features().iter().find(|feature| !known.contains(&feature.as_str())) {
                    return Err(format!("it needs the feature {feature:?}, which is not supported"));
                }
                has_header = true;
                // Nonsense of a damaged header is no time.
                extract.as_of_s = header.osmosis_replication_timestamp().filter(|time| TIMES_S.contains(time));
                extract.bounds = header.bbox().and_then(|b| {
                    let (min, max) = (Point::from_degrees(b.bottom, b.left)?, Point::from_degrees(b.top, b.right)?);
                    (min.lat_e7 < max.lat_e7 && min.lon_e7 < max.lon_e7).then_some(Bounds { min, max })
                });
                Ok(())
            }
            Ok(BlobDecode::OsmData(_)) if !has_header => Err("data comes before the header".to_owned()),
            Ok(BlobDecode::OsmData(block)) => {
                take(&block, &mut extract, repairs);
                Ok(())
            }
            Ok(BlobDecode::Unknown(_)) => Ok(()),
            Err(error) => Err(format!("the block at byte {at} cannot be read: {}", plain(&error))),
        }));
        match decoded {
            Ok(Ok(())) => {}
            Ok(Err(what)) => return Err(wrong(what)),
            Err(_) => return Err(wrong(format!("the block at byte {at} is damaged"))),
        }
        at = count.load(Ordering::Relaxed).min(length);
        progress(at as f64 / length as f64);
    }
    if !has_header {
        return Err(wrong("it does not start like an osm.pbf file".to_owned()));
    }
    if at < length {
        return Err(wrong(format!("it ends in the middle of a block: {} bytes too many after byte {at}", length - at)));
    }
    if extract.points.is_empty() {
        return Err(wrong("it holds no nodes".to_owned()));
    }
    extract.settle(repairs);
    Ok(extract)
}

/// An error of the reader in one line without control characters: it may quote the file.
fn plain(error: &osmpbf::Error) -> String {
    error.to_string().chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Keys that say what a thing is, where it is, or what it is called.
fn matters(key: &str) -> bool {
    const KEYS: [&str; 44] = [
        "addr:housenumber",
        "addr:place",
        "addr:street",
        "admin_level",
        "aeroway",
        "alt_name",
        "amenity",
        "area",
        "boundary",
        "bridge",
        "building",
        "covered",
        "craft",
        "healthcare",
        "highway",
        "historic",
        "indoor",
        "int_name",
        "landuse",
        "layer",
        "leisure",
        "location",
        "man_made",
        "name",
        "natural",
        "office",
        "old_name",
        "place",
        "population",
        "public_transport",
        "railway",
        "service",
        "shop",
        "short_name",
        "station",
        "tourism",
        "tunnel",
        "type",
        "usage",
        "water",
        "waterway",
        "wetland",
        "abandoned",
        "official_name",
    ];
    KEYS.contains(&key) || key.strip_prefix("name:").is_some_and(is_language)
}

/// Whether it looks like a language of a `name:xx` key: "fi", "gsw", "zh-Hant", "sr-Latn".
pub fn is_language(code: &str) -> bool {
    let mut parts = code.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_lowercase())
        && code.len() <= 12
        && parts.all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// From OpenStreetMap's first days (2004) to the year 2200.
const TIMES_S: std::ops::Range<i64> = 1_088_640_000..7_258_118_400;

/// When an object was last changed, in milliseconds.
fn changed_ms(element: &Element<'_>) -> Option<i64> {
    let ms = match element {
        Element::Node(node) => node.info().milli_timestamp(),
        Element::DenseNode(node) => node.info().map(|info| info.milli_timestamp()),
        Element::Way(way) => way.info().milli_timestamp(),
        Element::Relation(relation) => relation.info().milli_timestamp(),
    };
    ms.filter(|ms| TIMES_S.contains(&ms.div_euclid(1000)))
}

/// Ids of OpenStreetMap stay far below this; larger ones come from damage.
const ID_MAX: u64 = 1 << 60;

fn take(block: &PrimitiveBlock, extract: &mut Extract, repairs: &mut Repairs) {
    let strings = block.raw_stringtable();
    let wanted: Vec<bool> = strings.iter().map(|string| std::str::from_utf8(string).is_ok_and(matters)).collect();
    for element in block.elements() {
        if element_id(&element).unsigned_abs() > ID_MAX {
            repairs.absurd_ids += 1;
            continue;
        }
        if extract.as_of_s.is_none() {
            extract.youngest_ms = extract.youngest_ms.max(changed_ms(&element));
        }
        match element {
            Element::DenseNode(node) => {
                let raw =
                    node.raw_tags().filter_map(|(key, value)| Some((usize::try_from(key).ok()?, usize::try_from(value).ok()?)));
                let tags = tags(raw, strings, &wanted, repairs);
                put_node(node.id(), node.nano_lat(), node.nano_lon(), tags, extract, repairs);
            }
            Element::Node(node) => {
                let tags = tags(node.raw_tags().map(|(key, value)| (key as usize, value as usize)), strings, &wanted, repairs);
                put_node(node.id(), node.nano_lat(), node.nano_lon(), tags, extract, repairs);
            }
            Element::Way(way) => {
                let tags = tags(way.raw_tags().map(|(key, value)| (key as usize, value as usize)), strings, &wanted, repairs);
                let start = extract.refs.len();
                let mut id = 0i64;
                extract.refs.extend(way.raw_refs().iter().map(|step| {
                    id = id.wrapping_add(*step);
                    id
                }));
                extract.ways.push(Way { id: way.id(), refs: start..extract.refs.len(), tags });
            }
            Element::Relation(relation) => {
                let tags =
                    tags(relation.raw_tags().map(|(key, value)| (key as usize, value as usize)), strings, &wanted, repairs);
                let (mut ways, mut label) = (Vec::new(), None);
                for member in relation.members() {
                    match member.member_type {
                        RelMemberType::Way => ways.push(member.member_id),
                        RelMemberType::Relation => repairs.nested_relations += 1,
                        RelMemberType::Node => {
                            if label.is_none() && matches!(member.role(), Ok("label" | "admin_centre")) {
                                label = Some(member.member_id);
                            }
                        }
                    }
                }
                // A member named twice would cancel itself out in a ring.
                ways.sort_unstable();
                ways.dedup();
                extract.relations.push(Relation { id: relation.id(), ways, label, tags });
            }
        }
    }
}

fn element_id(element: &Element<'_>) -> i64 {
    match element {
        Element::Node(node) => node.id(),
        Element::DenseNode(node) => node.id(),
        Element::Way(way) => way.id(),
        Element::Relation(relation) => relation.id(),
    }
}

fn put_node(id: i64, nano_lat: i64, nano_lon: i64, tags: Tags, extract: &mut Extract, repairs: &mut Repairs) {
    if nano_lat.unsigned_abs() > 90_000_000_000 || nano_lon.unsigned_abs() > 180_000_000_000 {
        repairs.off_planet += 1;
        return;
    }
    // Rounded to OpenStreetMap's grain; the checks above keep both within 32 bits.
    let point = Point { lat_e7: (nano_lat / 100) as i32, lon_e7: (nano_lon / 100) as i32 };
    extract.points.push((id, point));
    if !tags.0.is_empty() {
        extract.nodes.push(Node { id, point, tags });
    }
}

/// The tags that matter, with clean texts. Indices beyond the table are damage: counted and skipped.
fn tags(raw: impl Iterator<Item = (usize, usize)>, strings: &[Vec<u8>], wanted: &[bool], repairs: &mut Repairs) -> Tags {
    let mut tags = Vec::new();
    for (key, value) in raw {
        match (wanted.get(key), strings.get(key), strings.get(value)) {
            (Some(false), _, Some(_)) => {}
            (Some(true), Some(key), Some(value)) => {
                let value = clean(value, repairs);
                if !value.is_empty() {
                    tags.push((String::from_utf8_lossy(key).into(), value));
                }
            }
            _ => repairs.broken_tags += 1,
        }
    }
    Tags(tags)
}

/// Longest text kept, in bytes: OpenStreetMap's own limit is 255 characters.
const TEXT_MAX: usize = 1020;

/// A text as it may be shown: valid UTF-8, no control and no direction-changing characters, no blanks at the ends, not endless.
fn clean(bytes: &[u8], repairs: &mut Repairs) -> Box<str> {
    let text = String::from_utf8_lossy(bytes);
    let harmful = |c: char| c.is_control() || is_direction(c) || c == '\u{fffd}';
    if text.len() <= TEXT_MAX && !text.contains(harmful) {
        return text.trim().into();
    }
    repairs.cleaned_texts += 1;
    let mut kept = String::new();
    for c in text.chars() {
        if kept.len() + c.len_utf8() > TEXT_MAX {
            break;
        }
        if c.is_whitespace() {
            kept.push(' ');
        } else if !harmful(c) {
            kept.push(c);
        }
    }
    kept.trim().into()
}

/// Characters that change the direction of what follows, or are invisible: they could make a name show as another.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cleaned_and_counted() {
        let mut repairs = Repairs::default();
        assert_eq!(&*clean("  Rue Grimaldi ".as_bytes(), &mut repairs), "Rue Grimaldi");
        assert_eq!(repairs.cleaned_texts, 0);
        assert_eq!(&*clean("Rue\u{202e}ixam\u{7}\n!".as_bytes(), &mut repairs), "Rueixam !");
        assert_eq!(&*clean(b"caf\xff\xe9", &mut repairs), "caf");
        assert_eq!(clean("ä".repeat(5000).as_bytes(), &mut repairs).len(), TEXT_MAX);
        assert_eq!(repairs.cleaned_texts, 3);
    }

    #[test]
    fn languages_are_told_from_other_name_keys() {
        for code in ["fi", "gsw", "zh-Hant", "sr-Latn"] {
            assert!(is_language(code), "{code}");
        }
        for code in ["", "etymology", "pronunciation", "left", "FI", "fi-", "f", "etymology:wikidata"] {
            assert!(!is_language(code), "{code}");
        }
    }
}
