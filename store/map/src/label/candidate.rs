//! Everything that could be written in a window, with how much it matters.

use super::street::Streets;
use crate::class::{Class, Shape};
use crate::draw::{Drawing, Item};
use crate::shape;
use crate::style::Ink;
use crate::town::HouseNumber;
use crate::world::{Rect, Spot, View};

/// A name that could be written.
#[derive(Debug, Clone)]
pub struct Candidate<'t> {
    pub text: &'t str,
    /// Higher goes first.
    pub priority: u32,
    /// Among equals: longer streets and larger areas go first.
    pub extent: u32,
    pub size_px: f32,
    pub ink: Ink,
    /// Its middle.
    pub spot: Spot,
    pub anchor: Anchor,
    /// The same text is not written again nearer than this.
    pub repeat_px: f32,
    /// Free space left and right of it.
    pub margin_px: f32,
    /// The widest line that may be written.
    pub room_px: f32,
    /// Whether it may stand just above or below its place.
    pub movable: bool,
}

/// How a name is bound to the world.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Anchor {
    /// Upright at its spot.
    Spot,
    /// Along a piece of a street, its middle so many pixels from the piece's beginning.
    Street { piece: usize, at: f32 },
}

/// All candidates, and the streets to write on.
#[derive(Default)]
pub struct Candidates<'t> {
    pub list: Vec<Candidate<'t>>,
    pub streets: Streets<'t>,
}

impl Candidate<'_> {
    /// Sorts by what goes first; says everything that tells two candidates apart, so that the order is always the same.
    pub fn order(&self) -> (std::cmp::Reverse<(u32, u32)>, &str, Spot) {
        (std::cmp::Reverse((self.priority, self.extent)), self.text, self.spot)
    }
}

/// Pixels between the places on a street where its name is tried.
const STREET_STEP_PX: f32 = 50.0;
/// The same street's name does not come again nearer than this.
const STREET_REPEAT_PX: f32 = 520.0;
/// Zoom from which house numbers are written.
pub const NUMBERS_ZOOM: f64 = 18.0;

/// Everything visible that has a name, and the house numbers.
pub fn candidates<'t>(drawing: &Drawing<'t>, numbers: &[HouseNumber<'t>], view: &View, language: Option<&str>) -> Candidates<'t> {
    let mut all = Candidates::default();
    let seen = view.rect(0.0);
    for item in &drawing.items {
        let Some(name) = item.name else { continue };
        let text = name.in_language(language);
        match item.class.shape() {
            Shape::Line => all.street(drawing, item, text, view, &seen),
            Shape::Area => all.area(drawing, item, text, view),
            Shape::Spot => all.point(drawing, item, text, view.zoom),
        }
    }
    all.streets.join();
    all.list.extend(numbers.iter().filter(|number| seen.contains(number.spot)).map(|number| Candidate {
        ink: Ink::Number,
        // Every door and every shop of one house carries its number: once is enough.
        repeat_px: 110.0,
        margin_px: 3.0,
        ..upright(number.number, number.spot, 250, 16.0)
    }));
    all
}

/// Whether anything of a class may be named at a zoom: what is not need not be read.
pub fn may_be_named(class: Class, zoom: f64) -> bool {
    match class.shape() {
        Shape::Line => street(class, zoom).is_some(),
        _ => zoom >= 15.0 || !matches!(class, Class::Building | Class::Poi | Class::School | Class::Hospital),
    }
}

fn upright(text: &str, spot: Spot, priority: u32, size_px: f32) -> Candidate<'_> {
    Candidate {
        text,
        priority,
        extent: 0,
        size_px,
        ink: Ink::Place,
        spot,
        anchor: Anchor::Spot,
        repeat_px: 260.0,
        margin_px: 6.0,
        room_px: f32::INFINITY,
        movable: false,
    }
}

impl<'t> Candidates<'t> {
    fn street(&mut self, drawing: &Drawing<'t>, item: &Item<'t>, text: &'t str, view: &View, seen: &Rect) {
        let Some((priority, size_px)) = street(item.class, view.zoom) else { return };
        // What runs below ground is not what people stand in front of.
        let priority = if item.tunnel { priority.min(370) } else { priority };
        let ink = if matches!(item.class, Class::River | Class::Stream) { Ink::Water } else { Ink::Place };
        for part in drawing.feature(item).parts() {
            let Some((piece, length)) = self.streets.add(text, part, view) else { continue };
            let count = (length / STREET_STEP_PX).round().max(1.0);
            for step in 0..count as usize {
                let at = length * (step as f32 + 0.5) / count;
                let Some(spot) = spot_along(part, f64::from(at) / view.scale()).filter(|spot| seen.contains(*spot)) else {
                    continue;
                };
                // Lengths that differ little count the same, so that the order does not hang on a vertex.
                let extent = (length.max(1.0).log2() * 2.0) as u32;
                self.list.push(Candidate {
                    anchor: Anchor::Street { piece, at },
                    extent,
                    ink,
                    repeat_px: STREET_REPEAT_PX,
                    ..upright(text, spot, priority, size_px)
                });
            }
        }
    }

    fn area(&mut self, drawing: &Drawing<'t>, item: &Item<'t>, text: &'t str, view: &View) {
        let important = item.kind.and_then(interest).filter(|(zoom, ..)| view.zoom >= *zoom);
        let (priority, size_px, ink) = match item.class {
            Class::Water => (560, 17.0, Ink::Water),
            Class::Park | Class::Wood | Class::Beach => (540, 17.0, Ink::Green),
            Class::Square if item.kind == Some("place=square") || view.zoom >= 16.0 => (650, 16.0, Ink::Place),
            Class::School | Class::Hospital if view.zoom >= 15.5 => (420, 16.0, Ink::Poi),
            Class::Building if view.zoom >= 16.0 || important.is_some() => {
                (important.map_or(300, |(_, priority)| priority), 16.0, Ink::Poi)
            }
            Class::Grass | Class::Pitch | Class::Quay | Class::Industry if view.zoom >= 16.0 => (320, 16.0, Ink::Place),
            _ => return,
        };
        let rings: Vec<&[Spot]> = drawing.feature(item).parts().collect();
        let rect = rings.iter().copied().flatten().fold(Rect::EMPTY, |rect, spot| rect.with(*spot));
        let pixels = |min: i32, max: i32| (f64::from(max) - f64::from(min)) * view.scale();
        let (width, height) = (pixels(rect.min.x, rect.max.x) as f32, pixels(rect.min.y, rect.max.y) as f32);
        if width * height < 1_600.0 || height < 14.0 {
            return;
        }
        let Some(spot) = shape::inside(&rings) else { return };
        let extent = (width * height).log2() as u32;
        // A name may stand out of its area a little; a landmark's more.
        let room_px = if important.is_some() { width.max(60.0) * 1.5 + 60.0 } else { width * 1.15 + 16.0 };
        self.list.push(Candidate { extent, ink, room_px, ..upright(text, spot, priority, size_px) });
    }

    fn point(&mut self, drawing: &Drawing<'t>, item: &Item<'t>, text: &'t str, zoom: f64) {
        let Some(spot) = drawing.feature(item).parts().next().and_then(|part| part.first()).copied() else { return };
        let kind = item.kind.unwrap_or_default();
        if item.class == Class::Place {
            let Some((priority, size_px)) = settlement(kind, zoom) else { return };
            self.list.push(Candidate { margin_px: 12.0, movable: true, ..upright(text, spot, priority, size_px) });
            return;
        }
        let Some((from, priority)) = interest(kind) else { return };
        if zoom >= from {
            let ink = match kind {
                "natural=bay" => Ink::Water,
                "place=square" => Ink::Place,
                _ => Ink::Poi,
            };
            let margin_px = if zoom >= 17.5 { 8.0 } else { 14.0 };
            self.list.push(Candidate { ink, margin_px, movable: true, ..upright(text, spot, priority, 16.0) });
        }
    }
}

/// Priority and size of a street's name; `None` where it is not written yet.
fn street(class: Class, zoom: f64) -> Option<(u32, f32)> {
    let (from, priority) = match class {
        Class::Motorway | Class::Trunk => (12.0, 790),
        Class::Primary => (12.5, 780),
        Class::Secondary => (13.0, 760),
        Class::Tertiary => (14.0, 720),
        Class::Pedestrian => (15.0, 700),
        Class::Street => (14.5, 680),
        Class::River => (12.0, 660),
        Class::Stream => (15.0, 400),
        Class::Service => (16.5, 450),
        Class::Steps | Class::Footway | Class::Cycleway | Class::Track => (17.0, 380),
        Class::Pier => (16.0, 360),
        _ => return None,
    };
    let main = priority >= 720 && class != Class::River;
    let size_px = match zoom {
        zoom if zoom >= 17.5 => 18.0,
        zoom if zoom >= 15.5 && main => 17.0,
        _ => 16.0,
    };
    (zoom >= from).then_some((priority, size_px))
}

/// Priority and size of a settlement's name; `None` where it is too small to be written yet, or too large to be written still.
fn settlement(kind: &str, zoom: f64) -> Option<(u32, f32)> {
    let (zooms, priority, size_px) = match kind {
        "place=city" => (0.0..14.0, 1_000, 26.0),
        "place=town" => (8.0..14.5, 980, 24.0),
        "place=borough" | "place=suburb" => (11.0..16.5, 900, 20.0),
        "place=village" => (10.5..16.5, 890, 20.0),
        "place=quarter" => (12.5..17.0, 860, 19.0),
        "place=island" => (12.0..17.0, 840, 18.0),
        "place=neighbourhood" | "place=hamlet" => (13.5..17.5, 820, 18.0),
        "place=islet" | "place=locality" => (15.0..19.0, 500, 16.0),
        _ => return None,
    };
    // Near by, the main streets say more about where one is than the name of the quarter.
    let priority = if zoom >= 15.5 { priority.min(700) } else { priority };
    zooms.contains(&zoom).then_some((priority, size_px))
}

/// From which zoom a point of interest is named, and its priority; `None` for what no one looks for on a map.
fn interest(kind: &str) -> Option<(f64, u32)> {
    let (key, value) = kind.split_once('=')?;
    Some(match (key, value) {
        ("place", "square") => (15.0, 655),
        ("railway", "station" | "halt") | ("amenity", "townhall") => (15.0, 640),
        ("natural", "bay" | "cape" | "peak" | "beach") => (15.0, 560),
        (
            "amenity",
            "hospital" | "university" | "library" | "police" | "fire_station" | "theatre" | "courthouse" | "bus_station",
        )
        | ("tourism", "museum" | "attraction")
        | ("amenity", "ferry_terminal" | "marketplace" | "arts_centre" | "community_centre")
        | ("leisure", "park" | "stadium" | "sports_centre") => (16.0, 430),
        ("amenity", "place_of_worship" | "school" | "college" | "cinema" | "post_office")
        | ("tourism", "gallery" | "zoo" | "viewpoint")
        | ("historic", "monument" | "castle") => (16.5, 400),
        ("amenity", "pharmacy" | "clinic" | "kindergarten" | "embassy" | "social_facility")
        | ("railway" | "public_transport", _)
        | ("tourism", "hotel" | "hostel")
        | ("shop", "supermarket" | "mall" | "department_store") => (17.0, 340),
        ("highway", "bus_stop") => (17.5, 320),
        ("natural", "tree") => return None,
        ("historic" | "leisure" | "healthcare", _) => (17.5, 280),
        ("amenity", "parking" | "bicycle_parking" | "bench" | "waste_basket" | "vending_machine") => (18.5, 200),
        ("building", _) => (17.0, 240),
        _ => (17.5, 230),
    })
}

/// The place so many units along a line.
fn spot_along(line: &[Spot], units: f64) -> Option<Spot> {
    let mut left = units;
    for pair in line.windows(2) {
        let [a, b] = pair else { continue };
        let (dx, dy) = (f64::from(b.x) - f64::from(a.x), f64::from(b.y) - f64::from(a.y));
        let length = dx.hypot(dy);
        if length > 0.0 && left <= length {
            let share = left / length;
            return Some(Spot { x: a.x + (dx * share).round() as i32, y: a.y + (dy * share).round() as i32 });
        }
        left -= length;
    }
    line.last().copied()
}
