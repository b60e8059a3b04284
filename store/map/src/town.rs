//! An opened town file.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::class::Class;
use crate::draw::{Drawing, Item};
use crate::file::feature::{Head, level_at};
pub use crate::file::stamp::Stamp;
use crate::file::stamp::Stamps;
use crate::file::wire::Reader;
use crate::file::{Section, TownFile};
use crate::import::{Note, Origin};
use crate::label::{self, Label};
use crate::reverse;
use crate::search::{self, Found};
use crate::world::{Area, Bounds, Point, Rect, Spot, View, WORLD};

/// Why a town file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file could not be read.
    #[error("cannot read the town file {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a town file at all.
    #[error("{path} is not a town file")]
    NotATown {
        /// The file.
        path: PathBuf,
    },
    /// A newer or older program wrote it; importing again makes a fresh one.
    #[error("{path} is a town file of version {version}; this program reads version {known}: import the town again")]
    Version {
        /// The file.
        path: PathBuf,
        /// What the file says.
        version: u32,
        /// What this program reads.
        known: u32,
    },
    /// Bytes of the file have changed or are missing.
    #[error("{path} is damaged ({what}): import the town again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not hold, and where.
        what: String,
    },
}

/// A town file, opened and checked. Cheap to share between threads by reference.
#[derive(Debug)]
pub struct Town {
    file: TownFile,
    name: String,
    bounds: Bounds,
    area: Area,
    blocks: Vec<Block>,
    /// The rectangle over every [`GROUP`] blocks.
    groups: Vec<Rect>,
    name_count: u32,
    index: OnceLock<search::Index>,
}

/// How much a map holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Things to draw.
    pub features: u64,
    /// Names of streets.
    pub streets: u64,
    /// House numbers.
    pub addresses: u64,
    /// Named places and points of interest.
    pub places: u64,
}

/// Blocks under one rectangle of the upper level of the index.
const GROUP: usize = 32;

/// Where a block of features is and what it covers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    rect: Rect,
    start: u32,
    count: u8,
    zoom_min: u8,
}

/// A name of the town file in all its forms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name<'a> {
    pub own: &'a str,
    others: usize,
    rest: Reader<'a>,
}

impl<'a> Name<'a> {
    /// Other forms: language (or `+alt` and the like), text.
    pub fn others(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let mut rest = self.rest;
        (0..self.others).map_while(move |_| rest.text().zip(rest.text()))
    }

    /// The name in a language, else the town's own.
    pub fn in_language(&self, language: Option<&str>) -> &'a str {
        language.and_then(|wanted| self.others().find(|(form, _)| *form == wanted)).map_or(self.own, |(_, text)| text)
    }
}

/// A house number of the town file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HouseNumber<'a> {
    pub number: &'a str,
    pub spot: Spot,
}

impl Town {
    /// Opens a town file and checks all of it, so that no later call can fail or panic.
    pub fn open(path: &Path) -> Result<Town, OpenError> {
        let file = TownFile::open(path)?;
        let damaged = |what: &str| OpenError::Damaged { path: path.to_owned(), what: what.to_owned() };
        let (name, bounds, area) = head(file.section(Section::Town)).ok_or_else(|| damaged("the town's own data is broken"))?;
        let origin_part = file.section(Section::Origin);
        if !origin_part.is_empty() && origin(origin_part, file.version).is_none() {
            return Err(damaged("what it was made of cannot be read"));
        }
        let stamps = file.section(Section::Stamps);
        if !stamps.is_empty() && !Stamps::new(stamps).is_some_and(Stamps::are_whole) {
            return Err(damaged("the versions of its objects cannot be read"));
        }
        let name_count = Reader(file.section(Section::Names)).u32().ok_or_else(|| damaged("the table of names is cut off"))?;
        let blocks = blocks(file.section(Section::Blocks)).ok_or_else(|| damaged("the spatial index is broken"))?;
        let groups = blocks
            .chunks(GROUP)
            .map(|group| group.iter().fold(Rect::EMPTY, |all, block| all.with(block.rect.min).with(block.rect.max)));
        let town = Town { groups: groups.collect(), file, name, bounds, area, blocks, name_count, index: OnceLock::new() };
        for index in 0..name_count {
            let name = town
                .name_at(index)
                .ok_or_else(|| OpenError::Damaged { path: path.to_owned(), what: format!("name {index} is broken") })?;
            if name.others().count() != name.others {
                return Err(OpenError::Damaged { path: path.to_owned(), what: format!("name {index} is cut off") });
            }
        }
        let (mut spots, mut ends) = (Vec::new(), Vec::new());
        for (index, block) in town.blocks.iter().enumerate() {
            let mut heads = town.heads(block);
            let whole = heads.by_ref().take(usize::from(block.count)).filter(|head| {
                spots.clear();
                ends.clear();
                let known = |name: Option<u32>| name.is_none_or(|name| name < name_count);
                let drawn = head.geometry(block.rect.min, 3, &mut spots, &mut ends).is_some();
                drawn && known(head.name) && known(head.kind) && spots.iter().all(|spot| block.rect.contains(*spot))
            });
            if whole.count() != usize::from(block.count) {
                return Err(OpenError::Damaged {
                    path: path.to_owned(),
                    what: format!("block {index} of the drawing is broken"),
                });
            }
        }
        let mut reader = Reader(town.file.section(Section::Addresses));
        let whole = read_addresses(&mut reader, &mut |name, _| name < name_count);
        if whole != Some(true) || !reader.is_empty() {
            return Err(damaged("the addresses are broken"));
        }
        Ok(town)
    }

    /// The town's name in its own language.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the file was made of; none in files of older programs.
    pub fn origin(&self) -> Option<Origin> {
        let section = self.file.section(Section::Origin);
        if section.is_empty() { None } else { origin(section, self.file.version) }
    }

    /// Version and time of every object that is drawn or gives an address, nodes before ways before relations, each by id. None in
    /// files of older programs, and where the extract said neither.
    pub fn stamps(&self) -> impl Iterator<Item = Stamp> + '_ {
        Stamps::new(self.file.section(Section::Stamps)).into_iter().flatten()
    }

    /// Everything that is drawn, streets' names, addresses and other names, counted.
    pub fn counts(&self) -> Counts {
        let whole = Rect { min: Spot { x: 0, y: 0 }, max: Spot { x: WORLD, y: WORLD } }.grown(WORLD);
        let mut counts = Counts::default();
        let mut streets = std::collections::BTreeSet::new();
        self.visit(whole, f64::INFINITY, &mut |_, head| {
            counts.features += 1;
            match head.name {
                Some(name) if head.class.is_way() => {
                    streets.insert(name);
                }
                Some(_) => counts.places += 1,
                None => {}
            }
        });
        counts.streets = streets.len() as u64;
        self.addresses(&mut |_, numbers| counts.addresses += numbers.len() as u64);
        counts
    }

    /// The rectangle the map covers.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Where the town takes reports: its border, or the whole map.
    pub fn area(&self) -> &Area {
        &self.area
    }

    /// Where most streets are; `None` without a street. The middle of [`Town::bounds`] may lie in the sea.
    pub fn heart(&self) -> Option<Point> {
        let drawing = self.features(self.bounds().into(), 15.0);
        let ways = drawing.iter().filter(|feature| feature.class.is_way());
        let starts = ways.filter_map(|way| way.parts().flatten().next().copied());
        let (mut across, mut down): (Vec<i32>, Vec<i32>) = starts.map(|spot| (spot.x, spot.y)).unzip();
        across.sort_unstable();
        down.sort_unstable();
        Some(Spot { x: *across.get(across.len() / 2)?, y: *down.get(down.len() / 2)? }.point())
    }

    /// What to draw in a rectangle of the flat world at a zoom, in draw order. Sizes below two pixels are left out.
    pub fn features(&self, rect: Rect, zoom: f64) -> Drawing<'_> {
        self.drawing(rect, zoom, |_| true)
    }

    /// The same of some classes only, for maps that draw few: what is not wanted is hardly read.
    pub fn features_of(&self, rect: Rect, zoom: f64, is_wanted: impl Fn(Class) -> bool) -> Drawing<'_> {
        self.drawing(rect, zoom, |head| is_wanted(head.class))
    }

    fn drawing(&self, rect: Rect, zoom: f64, is_wanted: impl Fn(&Head<'_>) -> bool) -> Drawing<'_> {
        let mut drawing = Drawing::default();
        let level = level_at(zoom);
        self.visit(rect, zoom, &mut |block, head| {
            if !is_wanted(&head) {
                return;
            }
            let (first, part) = (drawing.spots.len(), drawing.ends.len());
            let whole = head.geometry(block.rect.min, level, &mut drawing.spots, &mut drawing.ends);
            let own = drawing.spots.get(first..).unwrap_or_default().iter().fold(Rect::EMPTY, |all, spot| all.with(*spot));
            if whole.is_none() || !own.meets(&rect) {
                drawing.spots.truncate(first);
                drawing.ends.truncate(part);
                return;
            }
            drawing.items.push(Item {
                class: head.class,
                height: head.height,
                tunnel: head.tunnel,
                osm: head.osm,
                name: head.name.and_then(|name| self.name_at(name)),
                kind: head.kind.and_then(|kind| self.name_at(kind)).map(|kind| kind.own),
                start: first as u32,
                parts: [part as u32, drawing.ends.len() as u32],
            });
        });
        drawing.sort();
        drawing
    }

    /// Names for a window, placed without touching each other. `language` (like "fi") chooses among the names where the map has
    /// several; `measure` gives the width in pixels of a text at a size in pixels.
    pub fn place_labels(&self, view: &View, language: Option<&str>, measure: &mut dyn FnMut(&str, f32) -> f32) -> Vec<Label> {
        self.place_labels_beside(&[], view, language, measure)
    }

    /// The same, and none under what covers the window: a name that is half seen is worse than none.
    pub fn place_labels_beside(
        &self,
        covers: &[label::Cover],
        view: &View,
        language: Option<&str>,
        measure: &mut dyn FnMut(&str, f32) -> f32,
    ) -> Vec<Label> {
        let rect = view.rect(0.0);
        let drawing = self.drawing(rect, view.zoom, |head| head.name.is_some() && label::may_be_named(head.class, view.zoom));
        let mut numbers = Vec::new();
        if view.zoom >= label::NUMBERS_ZOOM {
            self.addresses(&mut |_, street| numbers.extend(street.into_iter().filter(|number| rect.contains(number.spot))));
        }
        label::place(label::candidates(&drawing, &numbers, view, language), view, covers, measure)
    }

    /// Builds the look-up table behind [`Town::search`] and [`Town::reverse`] now, so that the first question need not wait for it.
    /// Calls that come meanwhile wait; later ones do nothing.
    pub fn prepare(&self) {
        self.index.get_or_init(|| search::Index::new(self));
    }

    /// Up to `limit` things that fit what was typed, best first. The look-up table is built at the first call, or by
    /// [`Town::prepare`].
    /// Kinds of places ("pharmacy") are those nearest to `near`, or to the middle of the map.
    pub fn search(&self, text: &str, near: Option<Point>, limit: usize) -> Vec<Found> {
        let near = near.map_or_else(|| self.middle(), |near| near.spot());
        self.index.get_or_init(|| search::Index::new(self)).search(text, near, limit)
    }

    fn middle(&self) -> Spot {
        let (min, max) = (self.bounds.min.spot(), self.bounds.max.spot());
        Spot { x: min.x.midpoint(max.x), y: min.y.midpoint(max.y) }
    }

    /// The nearest address within 60 m, else the nearest street's name within 100 m. Degrees; `None` off the planet too.
    pub fn reverse(&self, lat: f64, lon: f64) -> Option<String> {
        let point = Point::from_degrees(lat, lon)?;
        let index = self.index.get_or_init(|| search::Index::new(self));
        reverse::address(index, point).or_else(|| reverse::street(self, point))
    }

    /// The borough, suburb, quarter or neighbourhood whose name stands nearest, within 2 km. Degrees.
    pub fn district(&self, lat: f64, lon: f64) -> Option<&str> {
        let point = Point::from_degrees(lat, lon)?;
        reverse::district(self.index.get_or_init(|| search::Index::new(self)), point)
    }

    /// Calls with every feature that may lie in the rectangle and is drawn at the zoom.
    pub(crate) fn visit<'t>(&'t self, rect: Rect, zoom: f64, visit: &mut dyn FnMut(&Block, Head<'t>)) {
        for (group, blocks) in self.groups.iter().zip(self.blocks.chunks(GROUP)) {
            if !group.meets(&rect) {
                continue;
            }
            let seen = blocks.iter().filter(|block| f64::from(block.zoom_min) <= zoom + 1e-6 && block.rect.meets(&rect));
            for block in seen {
                for head in self.heads(block).take(usize::from(block.count)) {
                    visit(block, head);
                }
            }
        }
    }

    /// A name by its index.
    pub(crate) fn name_at(&self, index: u32) -> Option<Name<'_>> {
        let names = self.file.section(Section::Names);
        let texts = names.get((self.name_count as usize).checked_add(2)?.checked_mul(4)?..)?;
        let place = |index: u32| -> Option<usize> {
            let at = (index as usize).checked_add(1)?.checked_mul(4)?;
            Reader(names.get(at..)?).u32().map(|place| place as usize)
        };
        let (start, end) = (place(index)?, place(index.checked_add(1).filter(|next| *next <= self.name_count)?)?);
        let mut rest = Reader(texts.get(start..end)?);
        let own = rest.text()?;
        let others = rest.count()?;
        Some(Name { own, others, rest })
    }

    /// Calls with every street that has house numbers: its name's index and its numbers.
    pub(crate) fn addresses<'t>(&'t self, visit: &mut dyn FnMut(u32, Vec<HouseNumber<'t>>)) {
        read_addresses(&mut Reader(self.file.section(Section::Addresses)), &mut |name, numbers| {
            visit(name, numbers);
            true
        });
    }

    fn heads(&self, block: &Block) -> impl Iterator<Item = Head<'_>> + use<'_> {
        let mut reader = Reader(self.file.section(Section::Features).get(block.start as usize..).unwrap_or_default());
        std::iter::from_fn(move || Head::read(&mut reader))
    }
}

impl Block {
    /// Where the coordinates of its features count from.
    pub(crate) fn corner(&self) -> Spot {
        self.rect.min
    }
}

fn head(bytes: &[u8]) -> Option<(String, Bounds, Area)> {
    let mut reader = Reader(bytes);
    let name = reader.text()?.to_owned();
    let mut point = || Point::on_planet(reader.i32()?, reader.i32()?);
    let bounds = Bounds { min: point()?, max: point()? };
    let mut area = Area(Vec::with_capacity(0));
    for _ in 0..reader.count()? {
        let mut polygon = Vec::new();
        for _ in 0..reader.count()? {
            let mut ring = Vec::new();
            let mut last = (0i64, 0i64);
            for _ in 0..reader.count()? {
                last = (last.0.checked_add(reader.signed()?)?, last.1.checked_add(reader.signed()?)?);
                ring.push(Point::on_planet(i32::try_from(last.0).ok()?, i32::try_from(last.1).ok()?)?);
            }
            polygon.push(ring);
        }
        area.0.push(polygon);
    }
    reader.is_empty().then_some((name, bounds, area))
}

fn origin(bytes: &[u8], version: u32) -> Option<Origin> {
    let mut reader = Reader(bytes);
    let as_of_s = Some(reader.signed()?).filter(|time| *time != i64::MIN);
    let (nodes, ways, relations) = (reader.var()?, reader.var()?, reader.var()?);
    let count = reader.count()?;
    let mut note = || {
        let text = reader.text()?.to_owned();
        // Version 2 only counted.
        let count = if version < 3 { 0 } else { reader.count()? };
        let things = (0..count).map(|_| reader.text().map(str::to_owned)).collect::<Option<Vec<String>>>()?;
        Some(Note { text, things })
    };
    let notes = (0..count).map(|_| note()).collect::<Option<Vec<Note>>>()?;
    reader.is_empty().then_some(Origin { as_of_s, nodes, ways, relations, notes })
}

fn blocks(bytes: &[u8]) -> Option<Vec<Block>> {
    let mut reader = Reader(bytes);
    let mut blocks = Vec::new();
    while !reader.is_empty() {
        let mut spot = || Some(Spot { x: reader.i32()?, y: reader.i32()? });
        let rect = Rect { min: spot()?, max: spot()? };
        let (start, count, zoom_min) = (reader.u32()?, reader.u8()?, reader.u8()?);
        reader.bytes(2)?;
        blocks.push(Block { rect, start, count, zoom_min });
    }
    Some(blocks)
}

/// Reads all addresses, street by street, as long as `visit` says yes; gives the last answer, `None` when the bytes are no addresses.
fn read_addresses<'a>(reader: &mut Reader<'a>, visit: &mut dyn FnMut(u32, Vec<HouseNumber<'a>>) -> bool) -> Option<bool> {
    for _ in 0..reader.count()? {
        let name = u32::try_from(reader.var()?).ok()?;
        let mut numbers = Vec::new();
        let mut last = (0i64, 0i64);
        for _ in 0..reader.count()? {
            let number = reader.text()?;
            last = (last.0.checked_add(reader.signed()?)?, last.1.checked_add(reader.signed()?)?);
            // The object's kind and id: kept for checks of the map, not needed to find it.
            reader.var()?;
            reader.signed()?;
            numbers.push(HouseNumber { number, spot: Spot { x: i32::try_from(last.0).ok()?, y: i32::try_from(last.1).ok()? } });
        }
        if !visit(name, numbers) {
            return Some(false);
        }
    }
    Some(true)
}

#[cfg(test)]
mod tests;
