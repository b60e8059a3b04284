//! Reading the extract into memory: places, ways and relations with the tags that matter here.
//!
//! `osmpbf` adds up differences without checking and unwraps unknown member types, so damaged bytes can make it panic (in builds that
//! check arithmetic) or give nonsense. Each block is therefore decoded inside `catch_unwind`, and every coordinate and id it gives is
//! checked here.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use osmpbf::{BlobDecode, BlobReader, Element, PrimitiveBlock, RelMemberType};

use super::repair::{Kind, Note, Repairs, object, place};
use super::{ImportError, Origin};
use crate::draw::Osm;
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
    pub info: Info,
}

/// Version and time of an object; 0 where they are not known. Times reach to the year 2106.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Info {
    pub version: u32,
    pub changed_s: u32,
}

/// A way: its nodes are a range of [`Extract::refs`].
#[derive(Debug)]
pub struct Way {
    pub id: i64,
    pub refs: std::ops::Range<usize>,
    pub tags: Tags,
    pub info: Info,
}

/// A relation with the ways among its members. Relations in relations are not followed, so that a circle of them is harmless.
#[derive(Debug)]
pub struct Relation {
    pub id: i64,
    pub ways: Vec<i64>,
    /// Place of the node with the role `label` or `admin_centre`, by id.
    pub label: Option<i64>,
    pub tags: Tags,
    pub info: Info,
}

/// Everything of the extract that matters, by id.
#[derive(Debug, Default)]
pub struct Extract {
    /// All nodes, sorted by id.
    pub points: Vec<(i64, Point)>,
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
    /// The object read last in the block at hand: where damage is, as near as can be said.
    last: Option<Osm>,
}

/// One node of so many, at each end, may lie far off without stretching the map; three in a small extract.
const FAR_SHARE: usize = 200;
/// Of fewer nodes than this none is taken for far off.
const FEW: usize = 20;
/// Far off is what lies more than so many sides of the rectangle of nearly all others away from it, and more than some five kilometres.
const FAR_SIDES: i64 = 2;
const FAR_E7: i64 = 500_000;

impl Extract {
    /// What it is, with what had to be repaired.
    pub fn origin(&self, notes: Vec<Note>) -> Origin {
        Origin {
            as_of_s: self.as_of_s.or(self.youngest_ms.map(|ms| ms.div_euclid(1000))),
            nodes: self.points.len() as u64,
            ways: self.ways.len() as u64,
            relations: self.relations.len() as u64,
            notes,
        }
    }

    /// As of when its data is, if its header says so; in Unix seconds.
    pub fn as_of_s(&self) -> Option<i64> {
        self.as_of_s
    }

    /// Takes note of changes up to a time, in Unix seconds.
    pub fn grow_older(&mut self, time_s: Option<i64>) {
        match &mut self.as_of_s {
            Some(as_of_s) => *as_of_s = time_s.map_or(*as_of_s, |time_s| time_s.max(*as_of_s)),
            None => self.youngest_ms = self.youngest_ms.max(time_s.and_then(|time_s| time_s.checked_mul(1000))),
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

    /// Version and time of an object that has tags or is a way or relation.
    pub fn info(&self, osm: Osm) -> Option<Info> {
        match osm {
            Osm::Node(id) => {
                let index = self.nodes.binary_search_by_key(&id, |node| node.id).ok()?;
                self.nodes.get(index).map(|node| node.info)
            }
            Osm::Way(id) => self.way(id).map(|way| way.info),
            Osm::Relation(id) => {
                let index = self.relations.binary_search_by_key(&id, |relation| relation.id).ok()?;
                self.relations.get(index).map(|relation| relation.info)
            }
            Osm::None => None,
        }
    }

    /// Ids of a way's nodes.
    pub fn refs_of(&self, way: &Way) -> &[i64] {
        self.refs.get(way.refs.clone()).unwrap_or_default()
    }

    /// Nodes that all its relations' areas may have together: what is drawn grows with the extract, however often its ways are named.
    pub fn room(&self) -> usize {
        self.refs.len().saturating_mul(4).saturating_add(1_000_000)
    }

    /// The ways of a relation that are here, and how many nodes they have.
    pub fn ways_of<'e>(&'e self, relation: &'e Relation) -> (Vec<&'e [i64]>, usize) {
        let ways: Vec<&[i64]> = relation.ways.iter().filter_map(|id| self.way(*id)).map(|way| self.refs_of(way)).collect();
        let nodes = ways.iter().map(|refs| refs.len()).sum();
        (ways, nodes)
    }

    /// The rectangle around all nodes but those that lie far from nearly all others, as a node does whose place was lost.
    pub fn points_bounds(&self) -> Option<Bounds> {
        let (south, north) = self.reach(|point| point.lat_e7)?;
        let (west, east) = self.reach(|point| point.lon_e7)?;
        let near = |at: i32, (low, high): (i64, i64), room: i64| (low - room..=high + room).contains(&i64::from(at));
        let (lat, lon) = ((south, north), (west, east));
        let room = FAR_SIDES * (north - south).max(east - west).max(FAR_E7 / FAR_SIDES);
        let mut points = self.points.iter().map(|(_, point)| *point);
        let near = |point: &Point| near(point.lat_e7, lat, room) && near(point.lon_e7, lon, room);
        let first = points.find(near)?;
        Some(points.filter(near).fold(Bounds { min: first, max: first }, |all, point| Bounds {
            min: Point { lat_e7: all.min.lat_e7.min(point.lat_e7), lon_e7: all.min.lon_e7.min(point.lon_e7) },
            max: Point { lat_e7: all.max.lat_e7.max(point.lat_e7), lon_e7: all.max.lon_e7.max(point.lon_e7) },
        }))
    }

    /// Names the nodes beyond a map whose extract did not say how far it reaches.
    pub fn note_far_off(&self, bounds: Bounds, repairs: &mut Repairs) {
        if self.bounds.is_some() {
            return;
        }
        let (min, max) = (bounds.min, bounds.max);
        let inside = |point: &Point| {
            (min.lat_e7..=max.lat_e7).contains(&point.lat_e7) && (min.lon_e7..=max.lon_e7).contains(&point.lon_e7)
        };
        for (id, point) in self.points.iter().filter(|(_, point)| !inside(point)) {
            repairs.note(Kind::FarOff, || format!("{} {}", object(Osm::Node(*id)), place(point.spot())));
        }
    }

    /// From where to where nearly all nodes lie; all of them where there are few.
    fn reach(&self, side: impl Fn(&Point) -> i32) -> Option<(i64, i64)> {
        let mut sides: Vec<i32> = self.points.iter().map(|(_, point)| side(point)).collect();
        let apart = if sides.len() < FEW { 0 } else { (sides.len() / FAR_SHARE).max((sides.len() / 10).min(3)) };
        let last = sides.len().checked_sub(1 + apart)?;
        let low = i64::from(*sides.select_nth_unstable(apart).1);
        let high = i64::from(*sides.select_nth_unstable(last).1);
        Some((low, high))
    }

    /// Sorts by id and drops what has an id twice (the first stays).
    fn settle(&mut self, repairs: &mut Repairs) {
        fn by_id<T>(things: &mut Vec<T>, id: impl Fn(&T) -> i64, mut again: impl FnMut(i64)) {
            things.sort_by_key(|thing| id(thing));
            things.dedup_by(|later, first| {
                let is_again = id(later) == id(first);
                if is_again {
                    again(id(later));
                }
                is_again
            });
        }
        let mut again = |osm: Osm| repairs.note(Kind::DuplicateId, || object(osm));
        by_id(&mut self.points, |(id, _)| *id, |id| again(Osm::Node(id)));
        by_id(&mut self.ways, |way| way.id, |id| again(Osm::Way(id)));
        by_id(&mut self.relations, |relation| relation.id, |id| again(Osm::Relation(id)));
        // Nodes were counted with their points.
        by_id(&mut self.nodes, |node| node.id, |_| {});
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
    let mut file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let wrong = |what: String| ImportError::Extract { path: path.to_owned(), what };
    if length == 0 {
        return Err(wrong("the file is empty".to_owned()));
    }
    let mut start = Vec::new();
    file.by_ref().take(START).read_to_end(&mut start).map_err(io)?;
    file.rewind().map_err(io)?;
    let count = Arc::new(AtomicU64::new(0));
    let mut blobs = BlobReader::new(Counted { inner: BufReader::new(file), count: Arc::clone(&count) });
    let mut extract = Extract::default();
    let mut has_header = false;
    // Blocks are counted as people count: the header is the first.
    let (mut at, mut number) = (0, 1u64);
    loop {
        let here = format!("block {number} at byte {at}");
        let blob = match catch_unwind(AssertUnwindSafe(|| blobs.next())) {
            Ok(Some(Ok(blob))) => blob,
            Ok(None) => break,
            Ok(Some(Err(_))) | Err(_) if at == 0 && !is_pbf(&start) => {
                return Err(wrong(format!("it does not start like an osm.pbf file, but like {}", kind_of(&start))));
            }
            Ok(Some(Err(error))) => return Err(wrong(format!("{here} cannot be read: {}", plain(&error)))),
            Err(_) => return Err(wrong(format!("{here} is damaged"))),
        };
        let decoded = catch_unwind(AssertUnwindSafe(|| match blob.decode() {
            Ok(BlobDecode::OsmHeader(header)) => {
                let known = ["OsmSchema-V0.6", "DenseNodes"];
                if let Some(feature) = header.required_features().iter().find(|feature| !known.contains(&feature.as_str())) {
                    let feature: String = feature.chars().take(40).collect();
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
            Ok(BlobDecode::OsmData(_)) if !has_header => Err(format!("{here} holds data, and no header came before it")),
            Ok(BlobDecode::OsmData(block)) => {
                take(&block, &mut extract, repairs);
                Ok(())
            }
            Ok(BlobDecode::Unknown(_)) => Ok(()),
            Err(error) => Err(format!("{here} cannot be read: {}", plain(&error))),
        }));
        match decoded {
            Ok(Ok(())) => {}
            Ok(Err(what)) => return Err(wrong(what)),
            Err(_) => {
                let after = extract.last.map_or_else(|| "its beginning".to_owned(), object);
                return Err(wrong(format!("{here} is damaged behind {after}")));
            }
        }
        extract.last = None;
        number += 1;
        at = count.load(Ordering::Relaxed).min(length);
        progress(at as f64 / length as f64);
    }
    if !has_header {
        return Err(wrong(format!("it does not start like an osm.pbf file, but like {}", kind_of(&start))));
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

/// Bytes at the start of a file that tell what it is.
const START: u64 = 64;

/// Whether the first bytes are those of an `osm.pbf`: a length, and the name of the first block.
fn is_pbf(start: &[u8]) -> bool {
    start.windows(9).any(|window| window == b"OSMHeader")
}

/// What a file seems to be that is no `osm.pbf`, by its first bytes.
fn kind_of(start: &[u8]) -> &'static str {
    let text =
        std::str::from_utf8(start).or_else(|error| std::str::from_utf8(start.get(..error.valid_up_to()).unwrap_or_default()));
    let is_text =
        text.is_ok_and(|text| text.len() + 4 > start.len() && !text.contains(|c: char| c.is_control() && !c.is_whitespace()));
    match start {
        [0x1f, 0x8b, ..] | [b'B', b'Z', b'h', ..] | [b'P', b'K', 3, 4, ..] | [0xfd, b'7', b'z', ..] => {
            "a compressed file: unpack it first"
        }
        [b'W', b'G', b'N', b'-', ..] => "a town file, which needs no import",
        [b'<', ..] => "XML: if it is OpenStreetMap's, make an osm.pbf of it with `osmium cat`",
        [b'{' | b'[', ..] => "JSON",
        _ if is_text => "a text",
        _ if start.iter().all(|byte| *byte == 0) => "an empty disk",
        _ => "something else, or an osm.pbf whose beginning is damaged",
    }
}

/// An error of the reader in one line without control characters: it may quote the file.
fn plain(error: &osmpbf::Error) -> String {
    error.to_string().chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Keys that say what a thing is, where it is, or what it is called.
fn matters(key: &str) -> bool {
    const KEYS: [&str; 46] = [
        "access",
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
        "emergency",
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
pub const TIMES_S: std::ops::Range<i64> = 1_088_640_000..7_258_118_400;

/// An object's version and time.
fn info(element: &Element<'_>, changed_ms: Option<i64>) -> Info {
    let version = match element {
        Element::Node(node) => node.info().version(),
        Element::DenseNode(node) => node.info().map(|info| info.version()),
        Element::Way(way) => way.info().version(),
        Element::Relation(relation) => relation.info().version(),
    };
    let positive = |number: i64| u32::try_from(number).unwrap_or(0);
    Info {
        version: version.map_or(0, |version| positive(version.into())),
        changed_s: changed_ms.map_or(0, |ms| positive(ms.div_euclid(1000))),
    }
}

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
pub const ID_MAX: u64 = 1 << 60;

/// Most members of a relation that OpenStreetMap's servers accept.
const MEMBERS_MAX: usize = 32_000;

fn take(block: &PrimitiveBlock, extract: &mut Extract, repairs: &mut Repairs) {
    let strings = block.raw_stringtable();
    let wanted: Vec<bool> = strings.iter().map(|string| std::str::from_utf8(string).is_ok_and(matters)).collect();
    for element in block.elements() {
        let osm = osm(&element);
        if id_of(osm).unsigned_abs() > ID_MAX {
            repairs.note(Kind::AbsurdId, || object(osm));
            continue;
        }
        extract.last = Some(osm);
        let changed_ms = changed_ms(&element);
        if extract.as_of_s.is_none() {
            extract.youngest_ms = extract.youngest_ms.max(changed_ms);
        }
        let info = info(&element, changed_ms);
        let mut texts = Texts { osm, strings, wanted: &wanted, repairs };
        match element {
            Element::DenseNode(node) => {
                let raw =
                    node.raw_tags().filter_map(|(key, value)| Some((usize::try_from(key).ok()?, usize::try_from(value).ok()?)));
                let tags = texts.tags(raw);
                put_node(node.id(), (node.nano_lat(), node.nano_lon()), tags, info, extract, repairs);
            }
            Element::Node(node) => {
                let tags = texts.tags(node.raw_tags().map(|(key, value)| (key as usize, value as usize)));
                put_node(node.id(), (node.nano_lat(), node.nano_lon()), tags, info, extract, repairs);
            }
            Element::Way(way) => {
                let tags = texts.tags(way.raw_tags().map(|(key, value)| (key as usize, value as usize)));
                let start = extract.refs.len();
                let mut id = 0i64;
                extract.refs.extend(way.raw_refs().iter().map(|step| {
                    id = id.wrapping_add(*step);
                    id
                }));
                extract.ways.push(Way { id: way.id(), refs: start..extract.refs.len(), tags, info });
            }
            Element::Relation(relation) => {
                let tags = texts.tags(relation.raw_tags().map(|(key, value)| (key as usize, value as usize)));
                let members = relation.members().map(|member| {
                    let kind = match member.member_type {
                        RelMemberType::Node => Member::Node,
                        RelMemberType::Way => Member::Way,
                        RelMemberType::Relation => Member::Relation,
                    };
                    (kind, member.member_id, Role::of(member.role().unwrap_or_default()))
                });
                extract.relations.extend(self::relation(relation.id(), members, tags, info, repairs));
            }
        }
    }
}

fn osm(element: &Element<'_>) -> Osm {
    match element {
        Element::Node(node) => Osm::Node(node.id()),
        Element::DenseNode(node) => Osm::Node(node.id()),
        Element::Way(way) => Osm::Way(way.id()),
        Element::Relation(relation) => Osm::Relation(relation.id()),
    }
}

fn id_of(osm: Osm) -> i64 {
    match osm {
        Osm::Node(id) | Osm::Way(id) | Osm::Relation(id) => id,
        Osm::None => 0,
    }
}

fn put_node(id: i64, (nano_lat, nano_lon): (i64, i64), tags: Tags, info: Info, extract: &mut Extract, repairs: &mut Repairs) {
    if nano_lat.unsigned_abs() > 90_000_000_000 || nano_lon.unsigned_abs() > 180_000_000_000 {
        let degrees = |nano: i64| nano as f64 / 1e9;
        repairs.note(Kind::OffPlanet, || format!("node {id} at {}, {}", degrees(nano_lat), degrees(nano_lon)));
        return;
    }
    // Rounded to OpenStreetMap's grain; the checks above keep both within 32 bits.
    let point = Point { lat_e7: (nano_lat / 100) as i32, lon_e7: (nano_lon / 100) as i32 };
    extract.points.push((id, point));
    if !tags.0.is_empty() {
        extract.nodes.push(Node { id, point, tags, info });
    }
}

/// What a member of a relation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    Node,
    Way,
    Relation,
}

/// What a member is to its relation, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It stands for the whole: `label`, `admin_centre`.
    Label,
    /// A smaller area inside: `subarea`. No edge of this one.
    Part,
    Other,
}

impl Role {
    pub fn of(role: &str) -> Role {
        match role {
            "label" | "admin_centre" => Role::Label,
            "subarea" => Role::Part,
            _ => Role::Other,
        }
    }
}

/// A relation of its members, each with its kind, id and role; `None` for one that is too large.
pub fn relation(
    id: i64,
    members: impl Iterator<Item = (Member, i64, Role)>,
    tags: Tags,
    info: Info,
    repairs: &mut Repairs,
) -> Option<Relation> {
    let is_area = tags.is("type", "multipolygon") || tags.is("type", "boundary");
    let (mut ways, mut label, mut count) = (Vec::new(), None, 0usize);
    for (member, member_id, role) in members {
        count += 1;
        match member {
            Member::Way => ways.push(member_id),
            // Routes and the like are made of others; only an area lacks an edge then.
            Member::Relation if is_area && role != Role::Part => {
                repairs.note(Kind::NestedRelation, || format!("relation {id}: relation {member_id}"));
            }
            Member::Relation => {}
            Member::Node => label = label.or((role == Role::Label).then_some(member_id)),
        }
    }
    if count > MEMBERS_MAX {
        repairs.note(Kind::GiantRelation, || format!("relation {id}: {count} members"));
        return None;
    }
    // A member named twice would cancel itself out in a ring. Of a bus route it is nothing special.
    ways.sort_unstable();
    ways.dedup_by(|later, first| {
        let is_again = later == first;
        if is_again && is_area {
            repairs.note(Kind::RepeatedMember, || format!("relation {id}: way {later}"));
        }
        is_again
    });
    Some(Relation { id, ways, label, tags, info })
}

/// The texts of a block, as they are read for one object.
struct Texts<'a> {
    osm: Osm,
    strings: &'a [Vec<u8>],
    /// Whether a text is a key that matters.
    wanted: &'a [bool],
    repairs: &'a mut Repairs,
}

impl Texts<'_> {
    /// The tags that matter, with clean texts. Indices beyond the table are damage: counted and skipped.
    fn tags(&mut self, raw: impl Iterator<Item = (usize, usize)>) -> Tags {
        let mut tags = Vec::new();
        for (key, value) in raw {
            match (self.wanted.get(key), self.strings.get(key), self.strings.get(value)) {
                (Some(false), _, Some(_)) => {}
                (Some(true), Some(key), Some(value)) => {
                    tags.extend(keep(self.osm, &String::from_utf8_lossy(key), value, self.repairs));
                }
                _ => self.repairs.note(Kind::BrokenTag, || object(self.osm)),
            }
        }
        Tags(tags)
    }
}

/// A tag as it is kept: with a clean text, and only if its key matters.
pub fn keep(osm: Osm, key: &str, value: &[u8], repairs: &mut Repairs) -> Option<(Box<str>, Box<str>)> {
    if !matters(key) {
        return None;
    }
    let (value, is_clean) = clean(value);
    if !is_clean {
        repairs.note(Kind::CleanedText, || format!("{}: {key}", object(osm)));
    }
    (!value.is_empty()).then(|| (key.into(), value))
}

/// Longest text kept, in bytes: OpenStreetMap's own limit is 255 characters.
const TEXT_MAX: usize = 1020;

/// A text as it may be shown: valid UTF-8, no control and no direction-changing characters, no blanks at the ends, not endless. And
/// whether it was so already, but for blanks.
pub fn clean(bytes: &[u8]) -> (Box<str>, bool) {
    let text = String::from_utf8_lossy(bytes);
    let harmful = |c: char| c.is_control() || is_direction(c) || c == '\u{fffd}';
    if text.len() <= TEXT_MAX && !text.contains(harmful) {
        return (text.trim().into(), true);
    }
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
    (kept.trim().into(), false)
}

/// Characters that change the direction of what follows, or are invisible: they could make a name show as another.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cleaned() {
        assert_eq!(clean("  Rue Grimaldi ".as_bytes()), ("Rue Grimaldi".into(), true));
        assert_eq!(clean("Rue\u{202e}ixam\u{7}\n!".as_bytes()), ("Rueixam !".into(), false));
        assert_eq!(clean(b"caf\xff\xe9"), ("caf".into(), false));
        let (long, is_clean) = clean("ä".repeat(5000).as_bytes());
        assert_eq!((long.len(), is_clean), (TEXT_MAX, false));
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
