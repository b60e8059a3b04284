//! What to draw where, in which order: the answer of [`crate::Town::features`].

use crate::class::Class;
use crate::style::{self, Color, Stroke, Style};
use crate::town::Name;
use crate::world::Spot;

/// The object of OpenStreetMap something was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Osm {
    /// A node.
    Node(i64),
    /// A way.
    Way(i64),
    /// A relation.
    Relation(i64),
    /// Made by the import, like the sea: no single object stands behind it.
    None,
}

/// Features in draw order. Owns their geometry; name look-ups borrow from the town.
#[derive(Debug, Clone, Default)]
pub struct Drawing<'a> {
    pub(crate) items: Vec<Item<'a>>,
    pub(crate) spots: Vec<Spot>,
    /// End of each ring or line in `spots`.
    pub(crate) ends: Vec<u32>,
}

/// A feature with its place in the flat lists of a [`Drawing`].
#[derive(Debug, Clone)]
pub(crate) struct Item<'a> {
    pub class: Class,
    pub height: i8,
    pub tunnel: bool,
    pub osm: Osm,
    pub name: Option<Name<'a>>,
    pub kind: Option<&'a str>,
    /// First of its spots, first and last (excluded) of its ends.
    pub start: u32,
    pub parts: [u32; 2],
}

/// One thing to draw.
#[derive(Debug, Clone, Copy)]
pub struct Feature<'d> {
    /// What it is.
    pub class: Class,
    /// Storeys above ground (bridges) or below (tunnels), as OpenStreetMap's `layer`.
    pub height: i8,
    /// Whether it runs below ground or is covered.
    pub tunnel: bool,
    /// The object of OpenStreetMap it was made from.
    pub osm: Osm,
    /// Its name in the town's own language.
    pub name: Option<&'d str>,
    /// What a named point or area is, as OpenStreetMap's `key=value`: "amenity=pharmacy", "place=suburb".
    pub kind: Option<&'d str>,
    start: u32,
    ends: &'d [u32],
    spots: &'d [Spot],
}

impl<'d> Feature<'d> {
    /// Its rings (areas, closed: the last place is the first) or lines, or for points one part with one place.
    pub fn parts(&self) -> impl Iterator<Item = &'d [Spot]> + use<'d> {
        let spots = self.spots;
        let mut start = self.start as usize;
        self.ends.iter().map(move |end| {
            let end = *end as usize;
            let part = spots.get(start..end).unwrap_or_default();
            start = end;
            part
        })
    }
}

/// One stroke of the brush. Doing all of them in the order given draws the map.
#[derive(Debug, Clone, Copy)]
pub enum Step<'d> {
    /// Fill the rings of an area by the even-odd rule.
    Fill(Feature<'d>, Color),
    /// Draw along the lines, or the outline of an area.
    Line(Feature<'d>, Stroke),
}

impl Drawing<'_> {
    /// How many features.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is nothing to draw (the ground remains).
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The features in draw order.
    pub fn iter(&self) -> impl Iterator<Item = Feature<'_>> {
        self.items.iter().map(|item| self.feature(item))
    }

    /// Every fill and line in order, in a style at a zoom: first the areas, then the ways height by height, all casings of one height
    /// under all its lines, so that crossings join and bridges cover what they cross. All shores lie under all waters, so that a river
    /// joins the sea.
    pub fn steps(&self, style: Style, zoom: f64) -> Vec<Step<'_>> {
        let mut steps = Vec::with_capacity(self.items.len() * 2);
        let look = |item: &Item<'_>| style::look(style, item.class, zoom, item.tunnel);
        let ways = self.items.partition_point(|item| !lies_over_ground(item.class));
        let (ground, ways) = self.items.split_at(ways);
        for group in ground.chunk_by(|one, other| is_water(one.class) && is_water(other.class)) {
            let looks: Vec<_> = group.iter().map(|item| (self.feature(item), look(item))).collect();
            steps.extend(looks.iter().filter_map(|(feature, look)| Some(Step::Line(*feature, look.casing?))));
            for (feature, look) in looks {
                steps.extend(look.fill.map(|color| Step::Fill(feature, color)));
                steps.extend(look.line.map(|stroke| Step::Line(feature, stroke)));
            }
        }
        for storey in ways.chunk_by(|one, other| one.height == other.height) {
            let looks: Vec<_> = storey.iter().map(|item| (self.feature(item), look(item))).collect();
            steps.extend(looks.iter().filter_map(|(feature, look)| Some(Step::Line(*feature, look.casing?))));
            steps.extend(looks.iter().filter_map(|(feature, look)| Some(Step::Line(*feature, look.line?))));
        }
        steps
    }

    pub(crate) fn feature<'d>(&'d self, item: &'d Item<'_>) -> Feature<'d> {
        let ends = self.ends.get(item.parts[0] as usize..item.parts[1] as usize).unwrap_or_default();
        Feature {
            class: item.class,
            height: item.height,
            tunnel: item.tunnel,
            osm: item.osm,
            name: item.name.map(|name| name.own),
            kind: item.kind,
            start: item.start,
            ends,
            spots: &self.spots,
        }
    }

    /// Puts the items in draw order: ground by rank, then ways by height, then by rank; equals by their OpenStreetMap object, so that
    /// the same town gives the same picture everywhere.
    pub(crate) fn sort(&mut self) {
        // Items are large and their keys are not: these are sorted, and each item moves once.
        self.items.sort_by_cached_key(|item| {
            let over = lies_over_ground(item.class);
            (over, if over { item.height } else { 0 }, item.class.rank(), item.osm)
        });
    }
}

/// Waters follow each other in the draw order.
fn is_water(class: Class) -> bool {
    matches!(class, Class::Sea | Class::Water | Class::River | Class::Stream)
}

/// Ways, rails and borders: drawn height by height after all areas.
fn lies_over_ground(class: Class) -> bool {
    class.is_way() || matches!(class, Class::Rail | Class::Tram | Class::Border)
}
