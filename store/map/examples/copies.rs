//! Makes an extract many times as large: copies of a real one side by side, with ids and names of their own.
//! `cargo run --release -p map --features pbf --example copies -- EXTRACT.osm.pbf COUNT OUT.osm.pbf`; then `figures` measures it.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use map::pbf::{Kind, Pbf};
use osmpbf::{Element, ElementReader, RelMemberType};

type Tags = Vec<(String, String)>;
/// Version and time of change in Unix seconds.
type Stamp = Option<(u32, i64)>;
type Failure = Box<dyn std::error::Error>;

/// One object of the extract.
enum Thing {
    Node(i64, f64, f64, Tags),
    Way(i64, Vec<i64>, Tags),
    Relation(i64, Vec<(Kind, i64, String)>, Tags),
}

/// Objects of one block, as other writers have it.
const BLOCK: usize = 8_000;
/// Ids of one copy lie within so many.
const IDS: i64 = 1 << 36;
/// Copies beside each other; the next go below.
const COLUMNS: usize = 8;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [extract, count, out] = arguments.as_slice() else {
        return Err("usage: copies EXTRACT.osm.pbf COUNT OUT.osm.pbf".into());
    };
    let things = read(Path::new(extract))?;
    let places =
        things.iter().filter_map(|(thing, _)| if let Thing::Node(_, lat, lon, _) = thing { Some((*lat, *lon)) } else { None });
    let (south, west, north, east) = places
        .fold((90.0f64, 180.0f64, -90.0f64, -180.0f64), |(south, west, north, east), (lat, lon)| {
            (south.min(lat), west.min(lon), north.max(lat), east.max(lon))
        });
    let (height, width) = (north - south, east - west);
    let count: usize = count.parse()?;
    let rows = count.div_ceil(COLUMNS);
    let columns = count.min(COLUMNS);
    let mut out = BufWriter::new(File::create(out)?);
    let mut head = Pbf::default();
    head.bounds = Some([west, south - (rows - 1) as f64 * height, west + columns as f64 * width, north]);
    out.write_all(&head.head())?;
    // Nodes of all copies, then ways, then relations, as extracts have it.
    for part in [0, 1, 2] {
        let mut block = Pbf::default();
        let mut held = 0;
        for copy in 0..count {
            let shift = (-((copy / COLUMNS) as f64) * height, (copy % COLUMNS) as f64 * width);
            for (thing, stamp) in things.iter().filter(|(thing, _)| part_of(thing) == part) {
                block.stamp = *stamp;
                put(thing, copy, shift, &mut block);
                held += 1;
                if held == BLOCK {
                    out.write_all(&block.block())?;
                    (block, held) = (Pbf::default(), 0);
                }
            }
        }
        if held > 0 {
            out.write_all(&block.block())?;
        }
    }
    out.flush()?;
    Ok(())
}

fn part_of(thing: &Thing) -> usize {
    match thing {
        Thing::Node(..) => 0,
        Thing::Way(..) => 1,
        Thing::Relation(..) => 2,
    }
}

fn put(thing: &Thing, copy: usize, (lat_by, lon_by): (f64, f64), block: &mut Pbf) {
    let id_of = |id: &i64| id + copy as i64 * IDS;
    // Names of its own: those of a hundred towns are more than those of one.
    let own = |tags: &Tags| -> Tags {
        let named = |key: &str| matches!(key, "name" | "addr:street");
        let text = |key: &str, value: &str| if named(key) && copy > 0 { format!("{value} {copy}") } else { value.to_owned() };
        tags.iter().map(|(key, value)| (key.clone(), text(key, value))).collect()
    };
    fn pairs(tags: &Tags) -> Vec<(&str, &str)> {
        tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }
    match thing {
        Thing::Node(id, lat, lon, tags) => block.node(id_of(id), lat + lat_by, lon + lon_by, &pairs(&own(tags))),
        Thing::Way(id, refs, tags) => block.way(id_of(id), &refs.iter().map(id_of).collect::<Vec<i64>>(), &pairs(&own(tags))),
        Thing::Relation(id, members, tags) => {
            let members: Vec<(Kind, i64, &str)> =
                members.iter().map(|(kind, id, role)| (*kind, id_of(id), role.as_str())).collect();
            block.relation(id_of(id), &members, &pairs(&own(tags)))
        }
    };
}

fn read(path: &Path) -> Result<Vec<(Thing, Stamp)>, Failure> {
    fn owned<'a>(tags: impl Iterator<Item = (&'a str, &'a str)>) -> Tags {
        tags.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }
    let mut things = Vec::new();
    let stamp = |version: Option<i32>, ms: Option<i64>| u32::try_from(version?).ok().zip(ms.map(|ms| ms / 1000));
    ElementReader::from_path(path)?.for_each(|element| {
        let stamp: Stamp = match &element {
            Element::DenseNode(node) => node.info().and_then(|info| stamp(Some(info.version()), Some(info.milli_timestamp()))),
            Element::Node(node) => stamp(node.info().version(), node.info().milli_timestamp()),
            Element::Way(way) => stamp(way.info().version(), way.info().milli_timestamp()),
            Element::Relation(relation) => stamp(relation.info().version(), relation.info().milli_timestamp()),
        };
        let thing = match element {
            Element::DenseNode(node) => Thing::Node(node.id(), node.lat(), node.lon(), owned(node.tags())),
            Element::Node(node) => Thing::Node(node.id(), node.lat(), node.lon(), owned(node.tags())),
            Element::Way(way) => Thing::Way(way.id(), way.refs().collect(), owned(way.tags())),
            Element::Relation(relation) => {
                let members = relation.members().map(|member| {
                    let kind = match member.member_type {
                        RelMemberType::Node => Kind::Node,
                        RelMemberType::Way => Kind::Way,
                        RelMemberType::Relation => Kind::Relation,
                    };
                    (kind, member.member_id, member.role().unwrap_or_default().to_owned())
                });
                Thing::Relation(relation.id(), members.collect(), owned(relation.tags()))
            }
        };
        things.push((thing, stamp));
    })?;
    Ok(things)
}
