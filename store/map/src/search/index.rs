//! The look-up table behind the search, built from an open town.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{What, fold};
use crate::class::{Class, Shape};
use crate::shape::inside;
use crate::town::{Name, Town};
use crate::world::{Rect, Spot, WORLD};

/// Something with a name that can be found.
#[derive(Debug)]
pub struct Entry {
    pub label: String,
    pub what: What,
    pub spot: Spot,
    /// Words of the label.
    pub words: usize,
    /// First word of the label, folded.
    pub first: String,
    /// Its house numbers, in [`Index::numbers`].
    pub numbers: Range<usize>,
}

/// A house number.
#[derive(Debug)]
pub struct Number {
    pub text: String,
    /// Its words, folded: "5 bis" gives "5", "bis".
    pub words: Vec<String>,
    pub spot: Spot,
}

/// Where two streets meet.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Junction {
    /// Their entries, the lesser first.
    pub streets: (u32, u32),
    pub spot: Spot,
}

/// Everything that can be found, by the words of its names.
#[derive(Debug)]
pub struct Index {
    pub entries: Vec<Entry>,
    pub numbers: Vec<Number>,
    /// Folded words in order, with their letters and the entries that have them in any of their names.
    pub words: Vec<(String, Vec<char>, Vec<u32>)>,
    /// Letters of streets' names in every language, folded and without spaces, with the street's entry.
    pub streets: Vec<(Vec<char>, u32)>,
    /// Sorted. Carriageways of one street that meet another side by side are one.
    pub junctions: Vec<Junction>,
    /// Names of boroughs, suburbs, quarters and neighbourhoods, and where the map writes them.
    pub districts: Vec<(String, Spot)>,
    /// What has no name, by its kind (`key=value`); sorted.
    pub nameless: BTreeMap<String, Vec<Spot>>,
    /// House numbers by cell of [`CELL`] units: cell, entry, number; sorted.
    cells: Vec<((i32, i32), u32, u32)>,
}

/// Side of a cell of the address grid in units, more than 60 m everywhere short of 85° of latitude's end.
const CELL: i32 = 1 << 10;
/// Things of one name and kind nearer than this, in units (about 200 m), are one.
const SAME: i64 = 2_000;

/// Crossings of the same two streets nearer than this, in units (about 60 m), are one.
const BESIDE: i64 = 600;

/// What is gathered about a name before it becomes an entry.
#[derive(Default)]
struct Draft {
    label: String,
    words: BTreeSet<String>,
    /// Its names, folded, without spaces.
    names: BTreeSet<String>,
    spots: Vec<Spot>,
    /// Of streets: every place that its lines are led through.
    nodes: Vec<Spot>,
    numbers: Vec<Number>,
}

impl Index {
    pub fn new(town: &Town) -> Index {
        let mut streets: BTreeMap<String, Draft> = BTreeMap::new();
        let mut others: BTreeMap<(What, String), Vec<Draft>> = BTreeMap::new();
        let mut districts: Vec<(String, Spot)> = Vec::new();
        let mut nameless: BTreeMap<String, Vec<Spot>> = BTreeMap::new();
        let whole = Rect { min: Spot { x: 0, y: 0 }, max: Spot { x: WORLD, y: WORLD } }.grown(WORLD);
        let (mut spots, mut ends) = (Vec::new(), Vec::new());
        town.visit(whole, f64::INFINITY, &mut |block, head| {
            let text = |index: Option<u32>| index.and_then(|index| town.name_at(index));
            let (name, kind) = (text(head.name), text(head.kind));
            if name.is_none() && kind.is_none() {
                return;
            }
            spots.clear();
            ends.clear();
            if head.geometry(block.corner(), 1, &mut spots, &mut ends).is_none() {
                return;
            }
            let Some(name) = name else {
                let place = middle(&spots, &ends);
                nameless.entry(kind.map_or("", |kind| kind.own).to_owned()).or_default().extend(place);
                return;
            };
            if head.class.is_way() {
                let street = streets.entry(key(name.own)).or_default();
                street.add(name, &spots);
                spots.clear();
                ends.clear();
                if head.geometry(block.corner(), 3, &mut spots, &mut ends).is_some() {
                    street.nodes.extend_from_slice(&spots);
                }
                return;
            }
            let spot = match head.class.shape() {
                Shape::Area => middle(&spots, &ends),
                Shape::Line | Shape::Spot => spots.get(spots.len() / 2).copied(),
            };
            let Some(spot) = spot else { return };
            let kind = kind.map(|kind| kind.own.to_owned());
            let part = kind.as_deref().and_then(|kind| kind.strip_prefix("place=")).unwrap_or_default();
            if matches!(part, "borough" | "suburb" | "quarter" | "neighbourhood") {
                districts.push((name.own.to_owned(), spot));
            }
            let what = match (head.class, kind) {
                (Class::Place | Class::Square, _) | (_, None) => What::Place,
                (_, Some(kind)) => What::Poi(kind),
            };
            let same = others.entry((what, key(name.own))).or_default();
            match same.iter_mut().find(|draft| draft.spots.first().is_some_and(|known| near(*known, spot))) {
                Some(draft) => draft.add(name, &[]),
                None => {
                    let mut draft = Draft::default();
                    draft.add(name, &[spot]);
                    same.push(draft);
                }
            }
        });
        town.addresses(&mut |name, numbers| {
            let Some(name) = town.name_at(name) else { return };
            let spots: Vec<Spot> = numbers.iter().map(|number| number.spot).collect();
            let street = streets.entry(key(name.own)).or_default();
            // The streets' own lines say better where the middle is.
            street.add(name, if street.spots.is_empty() { &spots } else { &[] });
            street.numbers.extend(numbers.iter().map(|number| Number {
                text: number.number.to_owned(),
                words: fold::words(number.number),
                spot: number.spot,
            }));
        });
        let streets = streets.into_values().map(|draft| (What::Street, draft));
        let others =
            others.into_iter().flat_map(|((what, _), drafts)| drafts.into_iter().map(move |draft| (what.clone(), draft)));
        districts.sort_unstable();
        nameless.values_mut().for_each(|spots| spots.sort_unstable());
        Index::from_drafts(streets.chain(others), districts, nameless)
    }

    fn from_drafts(
        drafts: impl Iterator<Item = (What, Draft)>,
        districts: Vec<(String, Spot)>,
        nameless: BTreeMap<String, Vec<Spot>>,
    ) -> Index {
        let (mut entries, mut all_numbers): (Vec<Entry>, Vec<Number>) = (Vec::new(), Vec::new());
        let mut words: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        let (mut cells, mut streets, mut nodes) = (Vec::new(), Vec::new(), Vec::new());
        for (what, draft) in drafts {
            let Some(spot) = central(&draft.spots) else { continue };
            let entry = entries.len() as u32;
            if what == What::Street {
                nodes.extend(draft.nodes.iter().map(|spot| (*spot, entry)));
                streets.extend(draft.names.iter().map(|name| (name.chars().collect(), entry)));
            }
            for word in draft.words {
                words.entry(word).or_default().push(entry);
            }
            let start = all_numbers.len();
            for number in draft.numbers {
                cells.push((cell(number.spot), entry, all_numbers.len() as u32));
                all_numbers.push(number);
            }
            let own = fold::words(&draft.label);
            let first = own.first().cloned().unwrap_or_default();
            entries.push(Entry { label: draft.label, what, spot, words: own.len(), first, numbers: start..all_numbers.len() });
        }
        cells.sort_unstable();
        let words = words.into_iter().map(|(word, entries)| (word.clone(), word.chars().collect(), entries)).collect();
        let junctions = junctions(nodes);
        Index { entries, numbers: all_numbers, words, streets, junctions, districts, nameless, cells }
    }

    /// The part of town whose name is nearest, within a radius in units.
    pub fn nearest_district(&self, spot: Spot, radius: f64) -> Option<&str> {
        let nearest = self.districts.iter().min_by_key(|(name, middle)| (squared(*middle, spot), name))?;
        (squared(nearest.1, spot) as f64 <= radius * radius).then_some(nearest.0.as_str())
    }

    /// The address nearest to a place, within a radius in units.
    pub fn nearest_address(&self, spot: Spot, radius: f64) -> Option<String> {
        let (column, row) = cell(spot);
        let mut best: Option<(i64, u32, u32)> = None;
        for x in column - 1..=column + 1 {
            let from = self.cells.partition_point(|(cell, ..)| *cell < (x, row - 1));
            let column = self.cells.get(from..).unwrap_or_default().iter().take_while(|(cell, ..)| *cell <= (x, row + 1));
            for (_, entry, number) in column {
                let Some(found) = self.numbers.get(*number as usize) else { continue };
                let candidate = (squared(found.spot, spot), *entry, *number);
                if candidate.0 as f64 <= radius * radius && best.is_none_or(|best| candidate < best) {
                    best = Some(candidate);
                }
            }
        }
        let (_, entry, number) = best?;
        Some(super::address_label(&self.entries.get(entry as usize)?.label, &self.numbers.get(number as usize)?.text))
    }
}

impl Draft {
    fn add(&mut self, name: Name<'_>, spots: &[Spot]) {
        if self.label.is_empty() {
            self.label = name.own.to_owned();
        }
        for name in std::iter::once(name.own).chain(name.others().map(|(_, other)| other)) {
            let words = fold::words(name);
            self.names.insert(words.concat());
            self.words.extend(words);
        }
        self.spots.extend_from_slice(spots);
    }
}

/// Places that lines of several streets are led through.
fn junctions(mut nodes: Vec<(Spot, u32)>) -> Vec<Junction> {
    nodes.sort_unstable();
    nodes.dedup();
    let mut all = Vec::new();
    for group in nodes.chunk_by(|(a, _), (b, _)| a == b) {
        for (place, (spot, a)) in group.iter().enumerate() {
            all.extend(group.iter().skip(place + 1).map(|(_, b)| Junction { streets: (*a, *b), spot: *spot }));
        }
    }
    all.sort_unstable();
    let mut kept: Vec<Junction> = Vec::new();
    for junction in all {
        let is_known =
            |known: &&Junction| known.streets == junction.streets && squared(known.spot, junction.spot) < BESIDE * BESIDE;
        if kept.iter().rev().take_while(|known| known.streets == junction.streets).find(is_known).is_none() {
            kept.push(junction);
        }
    }
    kept
}

/// What two spellings of one name share.
fn key(name: &str) -> String {
    let words = fold::words(name);
    if words.is_empty() { name.to_owned() } else { words.join(" ") }
}

fn middle(spots: &[Spot], ends: &[u32]) -> Option<Spot> {
    let mut start = 0;
    let rings: Vec<&[Spot]> = ends
        .iter()
        .map(|end| {
            let ring = spots.get(start..*end as usize).unwrap_or_default();
            start = *end as usize;
            ring
        })
        .filter(|ring| !ring.is_empty())
        .collect();
    inside(&rings).or_else(|| spots.first().copied())
}

/// The spot nearest to the middle of them all: on the street, not beside it.
fn central(spots: &[Spot]) -> Option<Spot> {
    let count = i64::try_from(spots.len()).ok().filter(|count| *count > 0)?;
    let sum = |of: fn(&Spot) -> i32| (spots.iter().map(|spot| i64::from(of(spot))).sum::<i64>() / count) as i32;
    let mean = Spot { x: sum(|spot| spot.x), y: sum(|spot| spot.y) };
    spots.iter().copied().min_by_key(|spot| (squared(*spot, mean), *spot))
}

pub fn squared(a: Spot, b: Spot) -> i64 {
    (i64::from(a.x) - i64::from(b.x)).pow(2) + (i64::from(a.y) - i64::from(b.y)).pow(2)
}

fn near(a: Spot, b: Spot) -> bool {
    squared(a, b) < SAME * SAME
}

fn cell(spot: Spot) -> (i32, i32) {
    (spot.x.div_euclid(CELL), spot.y.div_euclid(CELL))
}
