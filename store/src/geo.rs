//! Points, areas and distances, on the `geo` crate.
//!
//! A point is two integers of 1e-7 degrees (about a centimetre; OpenStreetMap's own grain), so that the same fact gives the same
//! bytes and the same digest on every machine.

use geo::{Contains, Distance, Haversine};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A place on the globe, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// Latitude in 1e-7 degrees, north positive.
    #[schemars(range(min = -900_000_000, max = 900_000_000))]
    pub lat_e7: i32,
    /// Longitude in 1e-7 degrees, east positive.
    #[schemars(range(min = -1_800_000_000, max = 1_800_000_000))]
    pub lon_e7: i32,
}

impl Point {
    /// The nearest point of the grid, or `None` where the degrees are not on the planet.
    pub fn from_degrees(lat: f64, lon: f64) -> Option<Point> {
        let on_planet = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
        on_planet.then(|| Point { lat_e7: (lat * 1e7).round() as i32, lon_e7: (lon * 1e7).round() as i32 })
    }

    /// Whether both coordinates are on the planet.
    pub fn is_on_planet(&self) -> bool {
        self.lat_e7.unsigned_abs() <= 900_000_000 && self.lon_e7.unsigned_abs() <= 1_800_000_000
    }

    /// Latitude in degrees.
    pub fn lat(&self) -> f64 {
        f64::from(self.lat_e7) * 1e-7
    }

    /// Longitude in degrees.
    pub fn lon(&self) -> f64 {
        f64::from(self.lon_e7) * 1e-7
    }

    /// Great-circle distance in metres (haversine, mean earth radius).
    pub fn distance_m(&self, other: &Point) -> f64 {
        Haversine.distance(geo::Point::from(*self), geo::Point::from(*other))
    }
}

impl From<Point> for geo::Point {
    fn from(point: Point) -> geo::Point {
        geo::Point::new(point.lon(), point.lat())
    }
}

/// An upright rectangle, borders included. Never crosses the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Bounds {
    /// South-west corner.
    pub min: Point,
    /// North-east corner.
    pub max: Point,
}

impl Bounds {
    /// Whether the point lies in the rectangle or on its border.
    pub fn contains(&self, point: &Point) -> bool {
        (self.min.lat_e7..=self.max.lat_e7).contains(&point.lat_e7) && (self.min.lon_e7..=self.max.lon_e7).contains(&point.lon_e7)
    }

    /// The rectangle that holds all within `radius_m` of `center`.
    pub fn around(center: Point, radius_m: f64) -> Bounds {
        let lat = radius_m / 111_000.0 * 1e7;
        let lon = lat / center.lat().to_radians().cos().max(0.01);
        let clamp = |value: f64, limit: i32| value.clamp(-f64::from(limit), f64::from(limit)) as i32;
        let (y, x) = (f64::from(center.lat_e7), f64::from(center.lon_e7));
        Bounds {
            min: Point { lat_e7: clamp(y - lat, 900_000_000), lon_e7: clamp(x - lon, 1_800_000_000) },
            max: Point { lat_e7: clamp(y + lat, 900_000_000), lon_e7: clamp(x + lon, 1_800_000_000) },
        }
    }
}

/// Where a town takes reports: polygons of rings of points; the first ring of each is its outside, the others are holes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Area(pub Vec<Vec<Vec<Point>>>);

impl Area {
    /// The rectangle as an area.
    pub fn rectangle(bounds: Bounds) -> Area {
        let corner = |lat_e7, lon_e7| Point { lat_e7, lon_e7 };
        let (min, max) = (bounds.min, bounds.max);
        Area(vec![vec![vec![min, corner(min.lat_e7, max.lon_e7), max, corner(max.lat_e7, min.lon_e7), min]]])
    }

    /// Whether the point lies inside. A point on the very border counts as outside.
    pub fn contains(&self, point: &Point) -> bool {
        self.to_geo().contains(&geo::Point::from(*point))
    }

    /// The area in the `geo` crate's terms.
    pub fn to_geo(&self) -> geo::MultiPolygon {
        let ring =
            |points: &Vec<Point>| geo::LineString::from_iter(points.iter().map(|p| geo::coord! { x: p.lon(), y: p.lat() }));
        self.0
            .iter()
            .filter_map(|rings| {
                let (outside, holes) = rings.split_first()?;
                Some(geo::Polygon::new(ring(outside), holes.iter().map(ring).collect()))
            })
            .collect()
    }
}
