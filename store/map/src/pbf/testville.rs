//! A made-up town, so that tests need no data of anybody's: a grid of named streets with house numbers on both sides, a park in the
//! middle and a lake at its edge.

use super::Pbf;

/// South-west corner of the town, in degrees.
pub const CORNER: (f64, f64) = (60.16, 24.92);
/// Distance between two parallel streets, in degrees of latitude and longitude: about 111 m both ways at this latitude.
const STEP: (f64, f64) = (0.001, 0.002);

/// Streets that run east, from south to north.
pub const STREETS: [&str; 8] = [
    "Birch Street",
    "Cedar Street",
    "Elm Street",
    "Hazel Street",
    "Linden Street",
    "Maple Street",
    "Rowan Street",
    "Willow Street",
];
/// Streets that run north, from west to east.
pub const AVENUES: [&str; 8] =
    ["Anchor Lane", "Bridge Lane", "Castle Lane", "Ferry Lane", "Harbour Lane", "Market Lane", "Mill Lane", "Tower Lane"];

/// Degrees of the crossing of a street and an avenue.
pub fn crossing(street: usize, avenue: usize) -> (f64, f64) {
    (CORNER.0 + (street as f64 + 0.5) * STEP.0, CORNER.1 + (avenue as f64 + 0.5) * STEP.1)
}

/// The town's extract.
pub fn extract() -> Pbf {
    let bounds = Some([CORNER.1, CORNER.0, CORNER.1 + 10.0 * STEP.1, CORNER.0 + 0.008]);
    let mut pbf = Pbf { bounds, ..Pbf::default() };
    let mut next = 1_i64;
    let mut node = |pbf: &mut Pbf, (lat, lon): (f64, f64), tags: &[(&str, &str)]| {
        let id = next;
        next += 1;
        pbf.node(id, lat, lon, tags);
        id
    };
    let mut crossings = Vec::new();
    for street in 0..STREETS.len() {
        for avenue in 0..AVENUES.len() {
            crossings.push(node(&mut pbf, crossing(street, avenue), &[]));
        }
    }
    for (street, name) in STREETS.iter().enumerate() {
        for avenue in 0..AVENUES.len() - 1 {
            let (lat, lon) = crossing(street, avenue);
            for house in 0..4 {
                let side = if house % 2 == 0 { 0.000_12 } else { -0.000_12 };
                let place = (lat + side, lon + STEP.1 * (house as f64 + 1.0) / 5.0);
                let number = (avenue * 4 + house + 1).to_string();
                node(&mut pbf, place, &[("addr:street", name), ("addr:housenumber", &number)]);
            }
        }
    }
    let ring = |pbf: &mut Pbf, node: &mut dyn FnMut(&mut Pbf, (f64, f64)) -> i64, from: (f64, f64), to: (f64, f64)| {
        let corners = [(from.0, from.1), (from.0, to.1), (to.0, to.1), (to.0, from.1)];
        let mut ids: Vec<i64> = corners.into_iter().map(|corner| node(pbf, corner)).collect();
        ids.extend(ids.first().copied());
        ids
    };
    let mut plain = |pbf: &mut Pbf, at: (f64, f64)| node(pbf, at, &[]);
    let (park_from, park_to) = (crossing(3, 3), crossing(4, 4));
    let inset = 0.000_2;
    let park = ring(&mut pbf, &mut plain, (park_from.0 + inset, park_from.1 + inset), (park_to.0 - inset, park_to.1 - inset));
    let lake_from = (CORNER.0 + 0.001, CORNER.1 + 8.2 * STEP.1);
    let lake = ring(&mut pbf, &mut plain, lake_from, (CORNER.0 + 0.007, CORNER.1 + 9.8 * STEP.1));
    let border = ring(&mut pbf, &mut plain, CORNER, (CORNER.0 + 0.008, CORNER.1 + 10.0 * STEP.1));
    let mut way = 1;
    for (street, name) in STREETS.iter().enumerate() {
        let refs: Vec<i64> = (0..AVENUES.len()).map(|avenue| crossings[street * AVENUES.len() + avenue]).collect();
        pbf.way(way, &refs, &[("highway", "residential"), ("name", name)]);
        way += 1;
    }
    for (avenue, name) in AVENUES.iter().enumerate() {
        let refs: Vec<i64> = (0..STREETS.len()).map(|street| crossings[street * AVENUES.len() + avenue]).collect();
        pbf.way(way, &refs, &[("highway", "secondary"), ("name", name)]);
        way += 1;
    }
    pbf.way(way, &park, &[("leisure", "park"), ("name", "Garden of the Four Winds")]);
    pbf.way(way + 1, &lake, &[("natural", "water"), ("name", "Mirror Lake")]);
    pbf.way(
        way + 2,
        &border,
        &[("boundary", "administrative"), ("admin_level", "8"), ("name", "Testville"), ("type", "boundary")],
    );
    pbf
}
