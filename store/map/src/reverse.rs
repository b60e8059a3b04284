//! What is here: the nearest address, else the nearest street.

use crate::search::Index;
use crate::shape::distance;
use crate::town::Town;
use crate::world::{Point, Rect, unit_m};

/// An address farther than this is another place.
const ADDRESS_M: f64 = 60.0;
/// A street farther than this is another place.
const STREET_M: f64 = 100.0;

/// A part of town whose name stands farther off is another one.
const DISTRICT_M: f64 = 2_000.0;

/// The part of town: the one whose name is nearest, for few extracts hold their borders.
pub(crate) fn district(index: &Index, point: Point) -> Option<&str> {
    let spot = point.spot();
    index.nearest_district(spot, DISTRICT_M / unit_m(spot.y))
}

/// The nearest address.
pub(crate) fn address(index: &Index, point: Point) -> Option<String> {
    let spot = point.spot();
    let radius = ADDRESS_M / unit_m(spot.y);
    index.nearest_address(spot, radius)
}

/// Name of the nearest street or path that has one.
pub(crate) fn street(town: &Town, point: Point) -> Option<String> {
    let spot = point.spot();
    let radius = STREET_M / unit_m(spot.y);
    let around = Rect { min: spot, max: spot }.grown(radius.ceil().min(1e8) as i32);
    let (mut spots, mut ends) = (Vec::new(), Vec::new());
    let mut best: Option<(f64, u32)> = None;
    town.visit(around, 20.0, &mut |block, head| {
        let Some(name) = head.name.filter(|_| head.class.is_way()) else { return };
        spots.clear();
        ends.clear();
        if head.geometry(block.corner(), 3, &mut spots, &mut ends).is_none() {
            return;
        }
        let mut start = 0;
        for end in &ends {
            let line = spots.get(start..*end as usize).unwrap_or_default();
            start = *end as usize;
            for pair in line.windows(2) {
                let [a, b] = pair else { continue };
                let distance = distance(spot, *a, *b);
                let nearer = best.is_none_or(|(best, known)| (distance, name) < (best, known));
                if distance <= radius && nearer {
                    best = Some((distance, name));
                }
            }
        }
    });
    best.and_then(|(_, name)| town.name_at(name)).map(|name| name.own.to_owned())
}
