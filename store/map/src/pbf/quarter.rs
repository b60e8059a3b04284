//! A made-up quarter by the sea with something of everything that the map draws: for pictures, where a plain grid of streets shows too
//! little. About 1.4 km by 1.1 km.

use super::Pbf;

/// The middle of the quarter, in degrees.
pub const MIDDLE: (f64, f64) = (45.0, 7.0);
/// Half its width and height in metres.
const REACH_M: (f64, f64) = (700.0, 550.0);

/// Degrees of a place so many metres east and north of the middle.
pub fn at((east_m, north_m): (f64, f64)) -> (f64, f64) {
    (MIDDLE.0 + north_m / 111_320.0, MIDDLE.1 + east_m / (111_320.0 * MIDDLE.0.to_radians().cos()))
}

type Tags<'t> = &'t [(&'t str, &'t str)];

/// The extract, and the next number that no object has.
struct Pen {
    pbf: Pbf,
    next: i64,
}

impl Pen {
    fn number(&mut self, used: usize) -> i64 {
        let number = self.next;
        self.next += used as i64;
        number
    }

    fn line(&mut self, places_m: &[(f64, f64)], tags: Tags<'_>) {
        let places: Vec<(f64, f64)> = places_m.iter().copied().map(at).collect();
        let number = self.number(places.len());
        self.pbf.line(number, &places, false, tags);
    }

    /// An upright rectangle, from its south-west corner to its north-east one.
    fn block(&mut self, (west, south): (f64, f64), (east, north): (f64, f64), tags: Tags<'_>) {
        let places = [(west, south), (east, south), (east, north), (west, north)].map(at);
        let number = self.number(places.len());
        self.pbf.line(number, &places, true, tags);
    }

    fn spot(&mut self, place_m: (f64, f64), tags: Tags<'_>) {
        let (lat, lon) = at(place_m);
        let number = self.number(1);
        self.pbf.node(number, lat, lon, tags);
    }
}

/// The quarter's extract.
pub fn extract() -> Pbf {
    let ((south, west), (north, east)) = (at((-REACH_M.0, -REACH_M.1)), at(REACH_M));
    let mut pen = Pen { pbf: Pbf { bounds: Some([west, south, east, north]), packed: true, ..Pbf::default() }, next: 1 };
    shore(&mut pen);
    green(&mut pen);
    streets(&mut pen);
    houses(&mut pen);
    names(&mut pen);
    pen.pbf
}

fn shore(pen: &mut Pen) {
    // Water lies to the right of a coastline.
    let coast = [(-800.0, -330.0), (-400.0, -345.0), (-100.0, -320.0), (60.0, -335.0), (350.0, -300.0), (800.0, -340.0)];
    pen.line(&coast, &[("natural", "coastline")]);
    pen.block((-380.0, -341.0), (-150.0, -318.0), &[("natural", "beach"), ("name", "Pebble Beach")]);
    pen.block((120.0, -420.0), (150.0, -310.0), &[("man_made", "pier"), ("area", "yes"), ("name", "Ferry Quay")]);
    pen.line(&[(40.0, -325.0), (40.0, -400.0), (80.0, -400.0)], &[("man_made", "pier")]);
    let river = [(-520.0, 600.0), (-480.0, 300.0), (-500.0, 0.0), (-440.0, -345.0)];
    pen.line(&river, &[("waterway", "river"), ("name", "Long River")]);
    pen.block((-660.0, 120.0), (-540.0, 260.0), &[("natural", "water"), ("name", "Mirror Lake")]);
    pen.line(&[(-540.0, 190.0), (-510.0, 185.0), (-484.0, 200.0)], &[("waterway", "stream")]);
}

fn green(pen: &mut Pen) {
    pen.block((-95.0, 6.0), (-8.0, 94.0), &[("leisure", "park"), ("name", "Garden of the Four Winds")]);
    pen.block((-92.0, 50.0), (-60.0, 91.0), &[("natural", "wood")]);
    pen.block((-50.0, 60.0), (-20.0, 82.0), &[("leisure", "pitch"), ("sport", "tennis")]);
    pen.block((-300.0, 206.0), (-110.0, 294.0), &[("landuse", "forest"), ("name", "Crow Wood")]);
    pen.block((106.0, 106.0), (194.0, 150.0), &[("landuse", "grass")]);
    pen.block((106.0, 152.0), (194.0, 194.0), &[("amenity", "school"), ("name", "Maple School")]);
    pen.block((206.0, 106.0), (294.0, 194.0), &[("amenity", "hospital"), ("name", "Hospital of Saint Luke")]);
    pen.block((206.0, 10.0), (250.0, 45.0), &[("amenity", "parking")]);
    pen.block((330.0, 60.0), (640.0, 190.0), &[("landuse", "industrial"), ("name", "Old Dockyard")]);
    pen.block(
        (10.0, -46.0),
        (60.0, -8.0),
        &[("place", "square"), ("highway", "pedestrian"), ("area", "yes"), ("name", "Fountain Square")],
    );
}

fn streets(pen: &mut Pen) {
    let across = |pen: &mut Pen, north: f64, from: f64, to: f64, tags: Tags<'_>| pen.line(&[(from, north), (to, north)], tags);
    across(pen, 470.0, -700.0, 700.0, &[("highway", "motorway"), ("name", "Ring Motorway"), ("ref", "A 1")]);
    across(pen, 400.0, -700.0, 700.0, &[("highway", "trunk"), ("name", "Northern Way")]);
    across(pen, 350.0, -700.0, 700.0, &[("railway", "rail")]);
    across(pen, 342.0, -700.0, 700.0, &[("railway", "rail")]);
    across(pen, 0.0, -700.0, -530.0, &[("highway", "primary"), ("name", "High Street")]);
    across(pen, 0.0, -530.0, -460.0, &[("highway", "primary"), ("name", "High Street"), ("bridge", "yes"), ("layer", "1")]);
    across(pen, 0.0, -460.0, 700.0, &[("highway", "primary"), ("name", "High Street")]);
    pen.line(&[(0.0, -310.0), (0.0, 330.0)], &[("highway", "secondary"), ("name", "Market Road")]);
    pen.line(
        &[(0.0, 330.0), (0.0, 362.0)],
        &[("highway", "secondary"), ("name", "Market Road"), ("tunnel", "yes"), ("layer", "-1")],
    );
    pen.line(&[(0.0, 362.0), (0.0, 400.0)], &[("highway", "secondary"), ("name", "Market Road")]);
    pen.line(&[(5.0, -310.0), (5.0, 320.0)], &[("railway", "tram")]);
    pen.line(&[(200.0, -290.0), (200.0, 300.0), (230.0, 400.0)], &[("highway", "tertiary"), ("name", "School Road")]);
    for (north, name) in [(-200.0, "Birch Street"), (-100.0, "Cedar Street"), (100.0, "Elm Street"), (200.0, "Hazel Street")] {
        across(pen, north, -300.0, 300.0, &[("highway", "residential"), ("name", name)]);
    }
    for (east, name) in
        [(-300.0, "Anchor Lane"), (-200.0, "Castle Lane"), (-100.0, "Ferry Lane"), (100.0, "Mill Lane"), (300.0, "Tower Lane")]
    {
        pen.line(&[(east, -250.0), (east, 200.0)], &[("highway", "residential"), ("name", name)]);
    }
    across(pen, -50.0, 0.0, 100.0, &[("highway", "pedestrian"), ("name", "Weaver Lane")]);
    across(pen, 50.0, 200.0, 330.0, &[("highway", "service")]);
    pen.line(&[(-300.0, 100.0), (-420.0, 130.0), (-430.0, 300.0)], &[("highway", "track")]);
    pen.line(&[(-440.0, -40.0), (-440.0, -280.0), (200.0, -280.0)], &[("highway", "cycleway"), ("name", "Shore Path")]);
    pen.line(&[(-100.0, 0.0), (-52.0, 48.0), (0.0, 100.0)], &[("highway", "footway")]);
    pen.line(&[(-20.0, 0.0), (-20.0, 40.0), (-52.0, 48.0)], &[("highway", "footway")]);
    pen.line(&[(-150.0, -200.0), (-150.0, -250.0)], &[("highway", "steps"), ("name", "Sailors' Stairs")]);
}

fn houses(pen: &mut Pen) {
    // Rows along the streets that run east, on both sides, with numbers; not where something else lies.
    let rows = [(-200.0, "Birch Street"), (-100.0, "Cedar Street"), (100.0, "Elm Street")];
    for (north, street) in rows {
        for (row, side) in [(0, 8.0), (1, -20.0)] {
            for place in 0..20 {
                let west = -290.0 + f64::from(place) * 29.0;
                let near_a_lane =
                    [-300.0, -200.0, -100.0, 0.0, 100.0, 200.0, 300.0].iter().any(|lane| (west + 10.0 - lane).abs() < 20.0);
                let taken = north > 0.0 && west > -110.0;
                if near_a_lane || taken {
                    continue;
                }
                let south = north + side;
                let number = (place * 2 + 1 + row).to_string();
                pen.block(
                    (west, south),
                    (west + 20.0, south + 12.0),
                    &[("building", "yes"), ("addr:street", street), ("addr:housenumber", &number)],
                );
            }
        }
    }
    pen.block((64.0, -40.0), (92.0, -12.0), &[("building", "yes"), ("amenity", "townhall"), ("name", "Town Hall")]);
    pen.block((20.0, 20.0), (50.0, 40.0), &[("building", "yes"), ("amenity", "library"), ("name", "Library")]);
    pen.block((60.0, 20.0), (88.0, 36.0), &[("building", "yes")]);
    pen.block((20.0, 60.0), (88.0, 86.0), &[("building", "yes")]);
    pen.block((230.0, 130.0), (280.0, 170.0), &[("building", "yes")]);
    pen.block((360.0, 90.0), (470.0, 150.0), &[("building", "yes")]);
}

fn names(pen: &mut Pen) {
    pen.spot((-150.0, 30.0), &[("place", "suburb"), ("name", "Old Town")]);
    pen.spot((25.0, -65.0), &[("amenity", "pharmacy"), ("name", "Swan Pharmacy")]);
    pen.spot((-30.0, -20.0), &[("shop", "bakery"), ("name", "Bread & Salt")]);
    pen.spot((330.0, 346.0), &[("railway", "station"), ("name", "Quarter Station")]);
    let border =
        [&[("boundary", "administrative"), ("admin_level", "8")][..], &[("name", "Quarter"), ("type", "boundary")]].concat();
    pen.block((-690.0, -540.0), (690.0, 520.0), &border);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::class::Class;

    #[test]
    fn nothing_that_the_map_draws_is_missing_in_the_quarter() {
        let (town, _) = crate::sample::town(&extract());
        let drawing = town.features(town.bounds().into(), 18.0);
        let there: BTreeSet<Class> = drawing.iter().map(|feature| feature.class).collect();
        let missing: Vec<Class> = Class::ALL.into_iter().filter(|class| !there.contains(class)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(drawing.iter().any(|feature| feature.tunnel), "a tunnel");
        assert!(drawing.iter().any(|feature| feature.height > 0), "a bridge");
    }
}
