//! A tiny extract: a grid of named streets round a park.

use ::map::pbf::Pbf;

/// Side of the grid in streets, and the space between them in 1e-7 degrees.
const STREETS: i64 = 9;
const STEP: i64 = 8_000;

/// About 700 m square round 45° north, 7° east.
pub fn hamlet() -> Pbf {
    let (north, east) = (450_000_000_i64, 70_000_000_i64);
    let reach = STEP * STREETS / 2;
    let degrees = |e7: i64| e7 as f64 / 1e7;
    let mut pbf = Pbf::default();
    pbf.bounds = Some([east - reach, north - reach, east + reach, north + reach].map(degrees));
    let mut next = 1;
    let mut way = |places: &[(i64, i64)], closed: bool, tags: &[(&str, &str)]| {
        let places: Vec<(f64, f64)> = places.iter().map(|(up, right)| (degrees(north + up), degrees(east + right))).collect();
        pbf.line(next, &places, closed, tags);
        next += places.len() as i64;
    };
    for street in 0..STREETS {
        let (across, bend) = ((street - STREETS / 2) * STEP, street * 300);
        let class = ["residential", "primary", "residential", "footway"][street as usize % 4];
        for crossing in [false, true] {
            let name = format!("{} {street}", if crossing { "Long Lane" } else { "High Street" });
            let at = [(-reach, 0), (-reach / 2, bend), (0, 0), (reach, -bend)];
            let places = at.map(|(along, off)| if crossing { (along, across + off) } else { (across + off, along) });
            way(&places, false, &[("highway", class), ("name", &name)]);
        }
    }
    let mut square = |tag: (&str, &str), south: i64, west: i64, side: i64| {
        let corners = [(0, 0), (0, side), (side, side), (side, 0)];
        way(&corners.map(|(up, right)| (south + up, west + right)), true, &[tag]);
    };
    square(("leisure", "park"), STEP / 8, STEP / 8, STEP * 3 / 4);
    for house in 0..6 {
        square(("building", "yes"), -STEP * 2 + house % 3 * 900 + 700, STEP + house / 3 * 1500 + 900, 700);
    }
    pbf
}
