//! Real places of the town for invented reports.

use map::{Rect, Spot};
use store::fact::Place;
use store::geo::{Area, Point};

use crate::chance::SeededChance;

/// Places found at most; a larger population reuses them with small shifts.
const SPOTS_MAX: usize = 3000;
/// Zoom at which every street is drawn.
const ZOOM: f64 = 18.0;

/// Spots on the town's named streets, each with its address.
#[derive(Debug, Clone, Default)]
pub struct Spots {
    places: Vec<Place>,
    area: Area,
}

impl Spots {
    /// Draws spots evenly along the named streets inside the area.
    pub fn of(town: &map::Town, area: &Area, seed: u64, progress: &mut dyn FnMut(f64)) -> Spots {
        let bounds = town.bounds();
        let (a, b) = (bounds.min.spot(), bounds.max.spot());
        let all = Rect { min: Spot { x: a.x.min(b.x), y: a.y.min(b.y) }, max: Spot { x: a.x.max(b.x), y: a.y.max(b.y) } };
        let drawing = town.features(all, ZOOM);
        let mut corners: Vec<Spot> = Vec::new();
        for feature in drawing.iter().filter(|feature| feature.class.is_way() && feature.name.is_some() && !feature.tunnel) {
            for line in feature.parts() {
                corners.extend(line.windows(2).flat_map(|pair| along(pair[0], pair[1])));
            }
        }
        let mut chance = SeededChance::new(seed ^ 0x5357_0754);
        let mut places = Vec::new();
        let tries = if corners.is_empty() { 0 } else { SPOTS_MAX * 2 };
        for number in 0..tries {
            if number % 50 == 0 {
                progress(places.len() as f64 / SPOTS_MAX as f64);
            }
            let Some(spot) = chance.pick(&corners) else { break };
            let point = Point { lat_e7: spot.point().lat_e7, lon_e7: spot.point().lon_e7 };
            if !area.contains(&point) {
                continue;
            }
            places.push(Place { point, address: town.reverse(point.lat(), point.lon()) });
            if places.len() >= SPOTS_MAX {
                break;
            }
        }
        Spots { places, area: area.clone() }
    }

    /// Spots given by hand, all of them inside the area.
    pub fn given(places: Vec<Place>, area: Area) -> Spots {
        Spots { places, area }
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// One of them, a few metres aside.
    pub fn pick(&self, chance: &mut SeededChance, aside_e7: u64) -> Option<Place> {
        let place = chance.pick(&self.places)?;
        Some(self.aside(place, chance, aside_e7))
    }

    /// The same place as somebody else would tap it: up to `by_e7` off in each direction, and inside the area.
    pub fn aside(&self, place: &Place, chance: &mut SeededChance, by_e7: u64) -> Place {
        let mut shift = || chance.below(2 * by_e7 + 1) as i32 - by_e7 as i32;
        let tapped = Point { lat_e7: place.point.lat_e7 + shift(), lon_e7: place.point.lon_e7 + shift() };
        let point = if self.area.contains(&tapped) { tapped } else { place.point };
        Place { point, address: place.address.clone() }
    }
}

/// Spots along a stretch of street, about one every 30 m, so that long streets get more reports than short ones.
fn along(a: Spot, b: Spot) -> Vec<Spot> {
    let length = f64::from(b.x - a.x).hypot(f64::from(b.y - a.y)) * map::world::unit_m(a.y);
    let count = ((length / 30.0).ceil() as i32).clamp(1, 100);
    (0..count).map(|step| Spot { x: a.x + (b.x - a.x) / count * step, y: a.y + (b.y - a.y) / count * step }).collect()
}
