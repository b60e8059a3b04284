//! Rings as shapes: which way they run, what lies inside, where a name fits.

use crate::world::Spot;

/// Twice the signed area of a closed ring: positive when it runs clockwise as seen on the map (y grows south).
pub fn doubled_area(ring: &[Spot]) -> i128 {
    ring.windows(2)
        .map(|pair| match pair {
            [a, b] => i128::from(a.x) * i128::from(b.y) - i128::from(b.x) * i128::from(a.y),
            _ => 0,
        })
        .sum()
}

/// Whether a spot lies inside the rings, by the even-odd rule.
pub fn contains<'a>(rings: impl IntoIterator<Item = &'a [Spot]>, spot: Spot) -> bool {
    let mut inside = false;
    for pair in rings.into_iter().flat_map(|ring| ring.windows(2)) {
        let [a, b] = pair else { continue };
        if (a.y > spot.y) != (b.y > spot.y) {
            // Exact in 64 bits: differences of 29-bit numbers.
            let (dx, dy) = (i64::from(b.x) - i64::from(a.x), i64::from(b.y) - i64::from(a.y));
            let (px, py) = (i64::from(spot.x) - i64::from(a.x), i64::from(spot.y) - i64::from(a.y));
            inside ^= if dy > 0 { px * dy < dx * py } else { px * dy > dx * py };
        }
    }
    inside
}

/// A place well inside the rings, for a name or a pin: the centroid, or where that lies outside, the middle of the widest stretch at
/// its height. `None` for rings without area.
pub fn inside(rings: &[&[Spot]]) -> Option<Spot> {
    let (mut area, mut x, mut y) = (0.0f64, 0.0f64, 0.0f64);
    let origin = *rings.first()?.first()?;
    // The outer ring outweighs its holes; their direction does not matter for a place to write at.
    let outer = rings.iter().max_by_key(|ring| doubled_area(ring).abs())?;
    for pair in outer.windows(2) {
        let [a, b] = pair else { continue };
        let (ax, ay) = (f64::from(a.x) - f64::from(origin.x), f64::from(a.y) - f64::from(origin.y));
        let (bx, by) = (f64::from(b.x) - f64::from(origin.x), f64::from(b.y) - f64::from(origin.y));
        let cross = ax * by - bx * ay;
        area += cross;
        x += (ax + bx) * cross;
        y += (ay + by) * cross;
    }
    if area == 0.0 {
        return None;
    }
    let centroid = Spot {
        x: (f64::from(origin.x) + x / (3.0 * area)).round() as i32,
        y: (f64::from(origin.y) + y / (3.0 * area)).round() as i32,
    };
    if contains(rings.iter().copied(), centroid) {
        return Some(centroid);
    }
    let mut crossings: Vec<f64> = rings
        .iter()
        .flat_map(|ring| ring.windows(2))
        .filter_map(|pair| match pair {
            [a, b] if (a.y > centroid.y) != (b.y > centroid.y) => {
                let share = (f64::from(centroid.y) - f64::from(a.y)) / (f64::from(b.y) - f64::from(a.y));
                Some(f64::from(a.x) + share * (f64::from(b.x) - f64::from(a.x)))
            }
            _ => None,
        })
        .collect();
    crossings.sort_by(f64::total_cmp);
    let widest = crossings.chunks_exact(2).max_by(|a, b| (a[1] - a[0]).total_cmp(&(b[1] - b[0])))?;
    Some(Spot { x: ((widest[0] + widest[1]) / 2.0).round() as i32, y: centroid.y })
}

/// Distance of a place from a straight piece of line, in units.
pub fn distance(spot: Spot, from: Spot, to: Spot) -> f64 {
    let (dx, dy) = (f64::from(to.x) - f64::from(from.x), f64::from(to.y) - f64::from(from.y));
    let (px, py) = (f64::from(spot.x) - f64::from(from.x), f64::from(spot.y) - f64::from(from.y));
    let length = dx * dx + dy * dy;
    let share = if length > 0.0 { ((px * dx + py * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
    (px - dx * share).hypot(py - dy * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_is_told_from_outside_and_holes() {
        let square = |from: i32, to: i32| -> Vec<Spot> {
            [(from, from), (to, from), (to, to), (from, to), (from, from)].map(|(x, y)| Spot { x, y }).to_vec()
        };
        let (outside, hole) = (square(0, 100), square(40, 60));
        let rings = || [outside.as_slice(), hole.as_slice()];
        assert!(contains(rings(), Spot { x: 10, y: 10 }));
        assert!(!contains(rings(), Spot { x: 50, y: 50 }));
        assert!(!contains(rings(), Spot { x: 110, y: 50 }));
        assert!(doubled_area(&outside) > 0, "clockwise on the map");
    }

    #[test]
    fn a_name_fits_inside_a_horseshoe() {
        let shoe = [(0, 0), (100, 0), (100, 20), (20, 20), (20, 80), (100, 80), (100, 100), (0, 100), (0, 0)]
            .map(|(x, y)| Spot { x, y })
            .to_vec();
        let place = inside(&[&shoe]).unwrap();
        assert!(contains([shoe.as_slice()], place), "{place:?}");
        assert_eq!(inside(&[&[Spot { x: 1, y: 1 }; 4]]), None);
    }
}
