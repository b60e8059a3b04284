//! One geometry for every zoom: each vertex gets the level from which it is needed (Douglas and Peucker's rule, once per level).

use crate::class::Shape;
use crate::file::feature::Vertex;
use crate::shape::distance;
use crate::world::Spot;

/// How far, in units, a line may move at each level: half a pixel at the highest zoom the level serves (12, 14, 16). From level 3 on
/// every vertex is kept.
const TOLERANCE: [f64; 3] = [128.0, 32.0, 8.0];
/// Lines are taken in stretches of this many vertices, whose ends stay at every level: it bounds the time, which grows with the
/// square of the length.
const STRETCH: usize = 1_000;

/// Gives every vertex of a ring or line its level. `spots` of a ring are closed.
pub fn levels(spots: &[Spot], shape: Shape) -> Vec<Vertex> {
    let mut vertices: Vec<Vertex> = spots.iter().map(|spot| Vertex { spot: *spot, level: 3 }).collect();
    let last = spots.len().saturating_sub(1);
    let mut anchors: Vec<usize> = (0..=last).step_by(STRETCH).collect();
    if shape == Shape::Area && last >= 3 {
        // A ring has no ends: its first place and the one farthest from it.
        let first = spots[0];
        let far = (1..last).max_by_key(|index| {
            let (dx, dy) = (i64::from(spots[*index].x) - i64::from(first.x), i64::from(spots[*index].y) - i64::from(first.y));
            (dx * dx + dy * dy, std::cmp::Reverse(*index))
        });
        anchors.extend(far);
    }
    anchors.push(last);
    anchors.sort_unstable();
    anchors.dedup();
    for anchor in &anchors {
        if let Some(vertex) = vertices.get_mut(*anchor) {
            vertex.level = 0;
        }
    }
    let mut todo: Vec<(usize, usize, f64)> =
        anchors.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?, f64::INFINITY))).collect();
    while let Some((from, to, limit)) = todo.pop() {
        let farthest = (from + 1..to)
            .map(|index| (distance(spots[index], spots[from], spots[to]), index))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((distance, index)) = farthest else { continue };
        // Never more important than what it hangs on: the levels stay nested.
        let distance = distance.min(limit);
        vertices[index].level = TOLERANCE.iter().position(|tolerance| distance > *tolerance).unwrap_or(3) as u8;
        todo.push((from, index, distance));
        todo.push((index, to, distance));
    }
    vertices
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_level_strays_further_than_its_tolerance(places in prop::collection::vec((0..5000i32, 0..5000i32), 2..80)) {
            let spots: Vec<Spot> = places.into_iter().map(|(x, y)| Spot { x, y }).collect();
            let vertices = levels(&spots, Shape::Line);
            for (level, tolerance) in TOLERANCE.into_iter().enumerate() {
                let kept: Vec<usize> = (0..spots.len()).filter(|index| usize::from(vertices[*index].level) <= level).collect();
                prop_assert_eq!(kept.first(), Some(&0));
                prop_assert_eq!(kept.last(), Some(&(spots.len() - 1)));
                for pair in kept.windows(2) {
                    for index in pair[0]..pair[1] {
                        prop_assert!(distance(spots[index], spots[pair[0]], spots[pair[1]]) <= tolerance);
                    }
                }
            }
        }
    }

    #[test]
    fn a_ring_keeps_its_ends_and_its_far_corner() {
        let ring: Vec<Spot> = [(0, 0), (300, 2), (600, 0), (600, 600), (0, 600), (0, 0)].map(|(x, y)| Spot { x, y }).to_vec();
        let levels: Vec<u8> = levels(&ring, Shape::Area).iter().map(|vertex| vertex.level).collect();
        assert_eq!(levels, [0, 3, 0, 0, 0, 0]);
    }
}
