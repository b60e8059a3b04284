//! From the extract to things: drawn features, addresses, the coast.

use std::collections::BTreeSet;

use super::names::{Names, name_of};
use super::read::{Extract, Info, Relation, Tags, Way};
use super::repair::{Kind, Repairs, object};
use super::ring::{join, join_directed};
use super::simplify::levels;
use super::{classify, coast};
use crate::class::{Class, Shape};
use crate::draw::Osm;
use crate::file::feature::{Record, Vertex};
use crate::file::stamp::Stamp;
use crate::shape::{contains, inside};
use crate::style;
use crate::world::{Rect, Spot, UNIT_ZOOM};

/// A house number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The street (or place) it belongs to.
    pub street: String,
    pub number: String,
    pub osm: Osm,
    pub spot: Spot,
}

/// All that goes into the town file.
#[derive(Debug, Default)]
pub struct Things {
    pub names: Names,
    pub records: Vec<Record>,
    pub addresses: Vec<Address>,
    /// Of every object that something here was made of; sorted.
    pub stamps: Vec<Stamp>,
}

/// From where on what has no name is among the things to draw: it is there to be found, and nothing is written for it.
const NAMELESS_ZOOM: u8 = 19;

/// Longest list of house numbers taken from one tag: "1;3;5".
const NUMBERS_MAX: usize = 20;

pub fn collect(extract: &Extract, land: Rect, repairs: &mut Repairs) -> Things {
    let mut things = Things::default();
    for node in &extract.nodes {
        let (osm, spot) = (Osm::Node(node.id), node.point.spot());
        things.address(&node.tags, osm, spot, repairs);
        things.point(&node.tags, osm, spot);
    }
    let borders = border_ways(extract);
    let mut room = extract.room();
    for way in &extract.ways {
        things.way(extract, way, borders.contains(&way.id), repairs);
    }
    for relation in extract.relations.iter().filter(|relation| relation.tags.is("type", "multipolygon")) {
        things.relation(extract, relation, &mut room, repairs);
    }
    things.sea(extract, land, repairs);
    things.stamps = things.stamps(extract);
    things
}

/// Ways that are part of a municipality's border or one above it.
fn border_ways(extract: &Extract) -> BTreeSet<i64> {
    let municipal = |tags: &Tags| classify::border_level(tags).is_some_and(|level| level <= 8);
    let relations = extract.relations.iter().filter(|relation| municipal(&relation.tags));
    let tagged = extract.ways.iter().filter(|way| municipal(&way.tags)).map(|way| way.id);
    relations.flat_map(|relation| relation.ways.iter().copied()).chain(tagged).collect()
}

impl Things {
    /// Versions and times of the objects behind all this; nothing where the extract says neither.
    fn stamps(&self, extract: &Extract) -> Vec<Stamp> {
        let drawn = self.records.iter().map(|record| record.osm);
        let mut objects: Vec<Osm> = drawn.chain(self.addresses.iter().map(|address| address.osm)).collect();
        objects.sort_unstable();
        objects.dedup();
        let stamps = objects.into_iter().filter_map(|osm| extract.info(osm).map(|info| (osm, info)));
        stamps
            .filter(|(_, info)| *info != Info::default())
            .map(|(osm, info)| Stamp {
                osm,
                version: info.version,
                changed_s: Some(i64::from(info.changed_s)).filter(|time_s| *time_s > 0),
            })
            .collect()
    }

    fn way(&mut self, extract: &Extract, way: &Way, is_border: bool, repairs: &mut Repairs) {
        let refs = extract.refs_of(way);
        let closed = refs.len() >= 4 && refs.first() == refs.last();
        let osm = Osm::Way(way.id);
        // Of every way, once, even of those that are drawn only as part of an area.
        let parts = runs(extract, refs, &mut |node| repairs.note(Kind::MissingNode, || format!("way {}: node {node}", way.id)));
        if way.tags.0.is_empty() && !is_border {
            return;
        }
        if parts.is_empty() {
            return;
        }
        let class = if closed { classify::area(&way.tags) } else { None };
        // What is missing of a ring lies beyond the extract: the rest is closed straight.
        let ring = || close(parts.concat());
        if closed {
            let place = inside(&[&ring()]).or_else(|| parts.first()?.first().copied());
            if let Some(place) = place {
                self.address(&way.tags, osm, place, repairs);
                if class.is_none() || classify::settlement(&way.tags).is_some() {
                    self.point(&way.tags, osm, place);
                }
            }
        }
        if let Some(class) = class {
            self.area(class, &way.tags, osm, &[ring()]);
        } else if let Some(class) = classify::line(&way.tags) {
            self.lines(class, &way.tags, osm, &parts);
        }
        if is_border {
            self.lines(Class::Border, &Tags::default(), osm, &parts);
        }
    }

    fn relation(&mut self, extract: &Extract, relation: &Relation, room: &mut usize, repairs: &mut Repairs) {
        let class = classify::area(&relation.tags);
        let named = relation.tags.get("name").is_some() || relation.tags.get("addr:housenumber").is_some();
        if class.is_none() && !named {
            return;
        }
        let osm = Osm::Relation(relation.id);
        for id in relation.ways.iter().filter(|id| extract.way(**id).is_none()) {
            repairs.note(Kind::MissingMember, || format!("{}: way {id}", object(osm)));
        }
        let (pieces, nodes) = extract.ways_of(relation);
        let Some(rest) = room.checked_sub(nodes) else {
            repairs.note(Kind::GiantRelation, || format!("{}: {nodes} nodes", object(osm)));
            return;
        };
        *room = rest;
        let (mut rings, chains) = join(&pieces);
        if !chains.is_empty() {
            repairs.note(Kind::OpenRing, || object(osm));
        }
        // Open chains are what the extract holds of rings that go beyond it: closed straight, like rings of ways.
        rings.extend(chains);
        let rings: Vec<Vec<Spot>> =
            rings.iter().map(|ring| close(runs(extract, ring, &mut |_| {}).concat())).filter(|ring| ring.len() >= 4).collect();
        let slices: Vec<&[Spot]> = rings.iter().map(Vec::as_slice).collect();
        let Some(place) = inside(&slices) else { return };
        self.address(&relation.tags, osm, place, repairs);
        match class {
            Some(class) => self.area(class, &relation.tags, osm, &rings),
            None => self.point(&relation.tags, osm, place),
        }
    }

    fn sea(&mut self, extract: &Extract, land: Rect, repairs: &mut Repairs) {
        let coast: Vec<Vec<i64>> = extract
            .ways
            .iter()
            .filter(|way| way.tags.is("natural", "coastline"))
            .map(|way| extract.refs_of(way).to_vec())
            .collect();
        let mut lines = Vec::new();
        for chain in join_directed(coast) {
            lines.extend(runs(extract, &chain, &mut |_| {}));
        }
        let sea = coast::sea(lines, &land, repairs);
        if sea.is_empty() {
            return;
        }
        // A coast that was drawn the wrong way round, or broken beyond mending, would put the town under water.
        let buildings: Vec<Spot> = self
            .records
            .iter()
            .filter(|record| record.class == Class::Building)
            .filter_map(|record| record.parts.first()?.first().map(|vertex| vertex.spot))
            .filter(|spot| land.contains(*spot))
            .collect();
        let sample: Vec<Spot> = buildings.iter().step_by(buildings.len() / 1_000 + 1).copied().collect();
        let wet = sample.iter().filter(|spot| contains(sea.iter().map(Vec::as_slice), **spot)).count();
        if wet * 2 > sample.len() {
            let share = wet * 100 / sample.len().max(1);
            repairs.remark(format!(
                "the coastline does not add up (the sea would cover {share} % of the buildings): no sea is drawn"
            ));
            return;
        }
        self.area(Class::Sea, &Tags::default(), Osm::None, &sea);
    }

    fn area(&mut self, class: Class, tags: &Tags, osm: Osm, rings: &[Vec<Spot>]) {
        let rings: Vec<&Vec<Spot>> = rings.iter().filter(|ring| ring.len() >= 4).collect();
        let size = extent(rings.iter().copied().flatten());
        if rings.is_empty() || size == 0 {
            return;
        }
        let parts = rings.iter().map(|ring| levels(ring, Shape::Area)).collect();
        self.record(class, tags, osm, zoom_of(class, size, 2.0), parts);
    }

    fn lines(&mut self, class: Class, tags: &Tags, osm: Osm, lines: &[Vec<Spot>]) {
        let lines: Vec<&Vec<Spot>> = lines.iter().filter(|line| line.len() >= 2).collect();
        let size = extent(lines.iter().copied().flatten());
        if lines.is_empty() || size == 0 {
            return;
        }
        let parts = lines.iter().map(|line| levels(line, Shape::Line)).collect();
        // Ways come in short pieces; leaving pieces out would tear streets apart.
        self.record(class, tags, osm, zoom_of(class, size, 0.5), parts);
    }

    /// A settlement or point of interest with a name, or what is looked for without one.
    fn point(&mut self, tags: &Tags, osm: Osm, spot: Spot) {
        if tags.get("name").is_none() {
            if classify::useful(tags).is_some() {
                self.record(Class::Poi, tags, osm, NAMELESS_ZOOM, vec![vec![Vertex { spot, level: 0 }]]);
            }
            return;
        }
        let class = match (classify::settlement(tags), classify::interest(tags)) {
            (Some(_), _) => Class::Place,
            (None, Some(_)) => Class::Poi,
            (None, None) => return,
        };
        self.record(class, tags, osm, style::zoom_min(class), vec![vec![Vertex { spot, level: 0 }]]);
    }

    fn record(&mut self, class: Class, tags: &Tags, osm: Osm, zoom_min: u8, parts: Vec<Vec<Vertex>>) {
        let name = name_of(tags).map(|name| self.names.add(name));
        let kind = match class.shape() {
            Shape::Line => None,
            _ if name.is_none() => classify::useful(tags),
            Shape::Spot if class == Class::Place => classify::settlement(tags).map(|kind| format!("place={kind}")),
            Shape::Spot | Shape::Area => classify::interest(tags),
        };
        let kind = kind.map(|kind| self.names.add_plain(&kind));
        let is_way = class.shape() == Shape::Line;
        self.records.push(Record {
            class,
            zoom_min,
            height: if is_way { classify::height(tags) } else { 0 },
            tunnel: is_way && classify::is_tunnel(tags),
            osm,
            name,
            kind,
            parts,
        });
    }

    fn address(&mut self, tags: &Tags, osm: Osm, spot: Spot, repairs: &mut Repairs) {
        let Some(numbers) = tags.get("addr:housenumber") else { return };
        let Some(street) = tags.get("addr:street").or_else(|| tags.get("addr:place")) else {
            repairs.note(Kind::AddressWithoutStreet, || object(osm));
            return;
        };
        for number in numbers.split([';', ',']).map(str::trim).filter(|number| !number.is_empty()).take(NUMBERS_MAX) {
            self.addresses.push(Address { street: street.to_owned(), number: number.to_owned(), osm, spot });
        }
    }
}

/// The known stretches of a list of nodes: split where nodes are missing, which are told. Repeated places are one.
fn runs(extract: &Extract, refs: &[i64], missing: &mut dyn FnMut(i64)) -> Vec<Vec<Spot>> {
    let mut runs: Vec<Vec<Spot>> = Vec::new();
    let mut broken = true;
    for id in refs {
        let Some(point) = extract.point(*id) else {
            missing(*id);
            broken = true;
            continue;
        };
        let spot = point.spot();
        match runs.last_mut() {
            Some(run) if !broken => {
                if run.last() != Some(&spot) {
                    run.push(spot);
                }
            }
            _ => runs.push(vec![spot]),
        }
        broken = false;
    }
    runs
}

/// The places as a closed ring.
fn close(mut ring: Vec<Spot>) -> Vec<Spot> {
    ring.dedup();
    if let Some(first) = ring.first().copied().filter(|first| ring.last() != Some(first)) {
        ring.push(first);
    }
    ring
}

/// The longer side of the rectangle around the places, in units.
fn extent<'a>(spots: impl IntoIterator<Item = &'a Spot>) -> i32 {
    let rect = spots.into_iter().fold(Rect::EMPTY, |rect, spot| rect.with(*spot));
    let side = |min: i32, max: i32| max.checked_sub(min).unwrap_or(0);
    side(rect.min.x, rect.max.x).max(side(rect.min.y, rect.max.y))
}

/// The zoom from which something of this size is at least so many pixels, but not before its class is drawn.
fn zoom_of(class: Class, size: i32, pixels_min: f64) -> u8 {
    let zoom = (UNIT_ZOOM + (pixels_min / f64::from(size.max(1))).log2()).ceil().clamp(0.0, 20.0) as u8;
    zoom.max(style::zoom_min(class))
}
