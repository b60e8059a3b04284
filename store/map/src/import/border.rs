//! The town's own border: its name and where it takes reports.

use std::path::Path;

use super::read::{Extract, Relation, Tags};
use super::repair::Repairs;
use super::ring::join;
use super::{ImportError, classify};
use crate::geojson;
use crate::shape::{contains, doubled_area};
use crate::world::{Area, Bounds, Point, Spot};

/// The town as its border describes it.
pub struct Town {
    pub name: String,
    pub area: Area,
}

/// Name and service area: from the GeoJSON border when there is one, else the extract's own municipal boundary, else all of it.
pub fn town(
    extract: &Extract,
    boundary: Option<&Path>,
    bounds: Bounds,
    stem: &str,
    repairs: &mut Repairs,
) -> Result<Town, ImportError> {
    let own = municipality(extract, bounds);
    let name = own.as_ref().map(|(name, _)| name.clone());
    let area = match boundary {
        Some(path) => read_border(path)?,
        None => match own {
            Some((_, Some(area))) => area,
            Some((name, None)) => {
                repairs.remark(format!("the border of {name} is not whole in this extract: the service area is the whole map"));
                Area::rectangle(bounds)
            }
            None => {
                repairs.remark("no municipal border in this extract: the service area is the whole map".to_owned());
                Area::rectangle(bounds)
            }
        },
    };
    Ok(Town { name: name.unwrap_or_else(|| stem.to_owned()), area })
}

fn read_border(path: &Path) -> Result<Area, ImportError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| ImportError::Io { action: "read", path: path.to_owned(), source })?;
    geojson::area(&text).map_err(|what| ImportError::Border { path: path.to_owned(), what })
}

/// The municipality most of the map belongs to: its name, and its border when that is whole.
///
/// Level 8 is a municipality in most countries, 7 and 9 in some, and a city that is also a county or a state has only a lower number;
/// the order of trying says which is believed first. Whole borders go before broken ones.
fn municipality(extract: &Extract, bounds: Bounds) -> Option<(String, Option<Area>)> {
    let middle = Spot { x: (bounds.min.spot().x + bounds.max.spot().x) / 2, y: (bounds.min.spot().y + bounds.max.spot().y) / 2 };
    let mut found: Vec<(u32, &Relation, Option<Area>)> = Vec::new();
    let mut room = extract.room();
    for relation in &extract.relations {
        let Some(level) = classify::border_level(&relation.tags) else { continue };
        let Some(rank) = [8, 7, 9, 6, 10, 4, 2].iter().position(|rank| *rank == level) else { continue };
        if relation.tags.get("name").is_none() {
            continue;
        }
        // Borders that together outgrow the extract are not looked at: the import says so where it draws.
        let Some(rest) = room.checked_sub(extract.ways_of(relation).1) else { continue };
        room = rest;
        let area = area_of(extract, relation);
        let holds_middle = area.as_ref().is_some_and(|area| holds(area, middle));
        // Whole and around the middle first; then whole; then by name only, where its label lies on the map.
        let label = relation.label.and_then(|label| extract.point(label)).is_some_and(|label| on(bounds, label));
        // Above the municipality only a border that is whole may count: a state's name is no town's name.
        let named = rank <= 2 && label;
        let worth = match (&area, holds_middle) {
            (Some(_), true) => 0,
            (Some(_), false) if rank <= 2 => 1,
            (None, _) if named => 2,
            _ => continue,
        };
        found.push((worth * 10 + rank as u32, relation, area));
    }
    found.sort_by_key(|(worth, relation, _)| (*worth, relation.id));
    let (_, relation, area) = found.into_iter().next()?;
    Some((own_name(&relation.tags)?.to_owned(), area))
}

fn own_name(tags: &Tags) -> Option<&str> {
    tags.get("name")
}

fn on(bounds: Bounds, point: Point) -> bool {
    (bounds.min.lat_e7..=bounds.max.lat_e7).contains(&point.lat_e7)
        && (bounds.min.lon_e7..=bounds.max.lon_e7).contains(&point.lon_e7)
}

fn holds(area: &Area, spot: Spot) -> bool {
    let rings: Vec<Vec<Spot>> = area.0.iter().flatten().map(|ring| ring.iter().map(Point::spot).collect()).collect();
    contains(rings.iter().map(Vec::as_slice), spot)
}

/// The relation's area; `None` unless every member way and every node of it is there and all rings close.
fn area_of(extract: &Extract, relation: &Relation) -> Option<Area> {
    let (pieces, _) = extract.ways_of(relation);
    if pieces.len() < relation.ways.len() {
        return None;
    }
    let (rings, chains) = join(&pieces);
    if !chains.is_empty() || rings.is_empty() {
        return None;
    }
    let rings: Option<Vec<Vec<Point>>> =
        rings.iter().map(|ring| ring.iter().map(|id| extract.point(*id)).collect::<Option<Vec<Point>>>()).collect();
    Some(nest(rings?))
}

/// Sorts rings into polygons with holes: a ring inside an odd number of larger ones is a hole of the smallest of them.
fn nest(rings: Vec<Vec<Point>>) -> Area {
    let mut rings: Vec<(Vec<Spot>, Vec<Point>)> =
        rings.into_iter().map(|ring| (ring.iter().map(Point::spot).collect(), ring)).collect();
    rings.sort_by_key(|(spots, _)| std::cmp::Reverse(doubled_area(spots).abs()));
    let mut polygons: Vec<(usize, Vec<Vec<Point>>)> = Vec::new();
    for (index, (spots, points)) in rings.iter().enumerate() {
        let Some(first) = spots.first() else { continue };
        let around: Vec<usize> = (0..index).filter(|larger| contains([rings[*larger].0.as_slice()], *first)).collect();
        let hole_of = (around.len() % 2 == 1).then(|| around.last()).flatten();
        match hole_of.and_then(|outer| polygons.iter_mut().find(|(index, _)| index == outer)) {
            Some((_, polygon)) => polygon.push(points.clone()),
            None => polygons.push((index, vec![points.clone()])),
        }
    }
    Area(polygons.into_iter().map(|(_, polygon)| polygon).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_go_to_the_ring_around_them() {
        let square = |from: i32, to: i32| {
            [(from, from), (to, from), (to, to), (from, to), (from, from)]
                .map(|(lat, lon)| Point { lat_e7: lat * 100_000, lon_e7: lon * 100_000 })
                .to_vec()
        };
        let area = nest(vec![square(40, 60), square(0, 100), square(45, 50), square(200, 300)]);
        let sizes: Vec<usize> = area.0.iter().map(Vec::len).collect();
        // The large square with its hole, the far one, and the island in the hole.
        assert_eq!(sizes.iter().sum::<usize>(), 4);
        assert_eq!(area.0.len(), 3);
        assert!(area.0.contains(&vec![square(0, 100), square(40, 60)]));
    }
}
