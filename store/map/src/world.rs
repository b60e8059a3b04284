//! Where things are: degrees as OpenStreetMap gives them, and the flat world (Web Mercator) everything is stored and drawn in.

/// The zoom at which one unit of the flat world is one pixel (tiles of 256 pixels).
pub const UNIT_ZOOM: f64 = 20.0;
/// Units round the equator: 256 pixels × 2^20. One unit is 15 cm at the equator, 9 cm at 53° north.
pub const WORLD: i32 = 1 << 28;
/// Where Web Mercator ends, north and south, in degrees.
pub const LAT_MAX: f64 = 85.051_128_779_806_6;

/// A place on the globe, WGS 84, in 1e-7 degrees: the grain of OpenStreetMap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// Latitude in 1e-7 degrees, north positive.
    pub lat_e7: i32,
    /// Longitude in 1e-7 degrees, east positive.
    pub lon_e7: i32,
}

impl Point {
    /// The nearest point of the grid, or `None` where the degrees are not on the planet.
    pub fn from_degrees(lat: f64, lon: f64) -> Option<Point> {
        let on_planet = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
        on_planet.then(|| Point { lat_e7: (lat * 1e7).round() as i32, lon_e7: (lon * 1e7).round() as i32 })
    }

    /// The point, or `None` where it is not on the planet.
    pub fn on_planet(lat_e7: i32, lon_e7: i32) -> Option<Point> {
        let on_planet = lat_e7.unsigned_abs() <= 900_000_000 && lon_e7.unsigned_abs() <= 1_800_000_000;
        on_planet.then_some(Point { lat_e7, lon_e7 })
    }

    /// Latitude in degrees.
    pub fn lat(&self) -> f64 {
        f64::from(self.lat_e7) * 1e-7
    }

    /// Longitude in degrees.
    pub fn lon(&self) -> f64 {
        f64::from(self.lon_e7) * 1e-7
    }

    /// The place in the flat world. Latitudes beyond Web Mercator are put on its edge.
    pub fn spot(&self) -> Spot {
        let lat = self.lat().clamp(-LAT_MAX, LAT_MAX).to_radians();
        let x = (self.lon() + 180.0) / 360.0;
        let y = (1.0 - (lat.tan() + 1.0 / lat.cos()).ln() / std::f64::consts::PI) / 2.0;
        let unit = |share: f64| (share * f64::from(WORLD)).round().clamp(0.0, f64::from(WORLD)) as i32;
        Spot { x: unit(x), y: unit(y) }
    }
}

/// An upright rectangle in degrees, borders included. Never crosses the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// South-west corner.
    pub min: Point,
    /// North-east corner.
    pub max: Point,
}

/// Polygons of rings of points; the first ring of each is its outside, the others are holes. Rings are closed (first point = last).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Area(pub Vec<Vec<Vec<Point>>>);

impl Area {
    /// The rectangle as an area.
    pub fn rectangle(bounds: Bounds) -> Area {
        let corner = |lat_e7, lon_e7| Point { lat_e7, lon_e7 };
        let (min, max) = (bounds.min, bounds.max);
        Area(vec![vec![vec![min, corner(min.lat_e7, max.lon_e7), max, corner(max.lat_e7, min.lon_e7), min]]])
    }

    /// The smallest rectangle around it; `None` when it has no point.
    pub fn bounds(&self) -> Option<Bounds> {
        let mut points = self.0.iter().flatten().flatten();
        let first = *points.next()?;
        Some(points.fold(Bounds { min: first, max: first }, |all, point| Bounds {
            min: Point { lat_e7: all.min.lat_e7.min(point.lat_e7), lon_e7: all.min.lon_e7.min(point.lon_e7) },
            max: Point { lat_e7: all.max.lat_e7.max(point.lat_e7), lon_e7: all.max.lon_e7.max(point.lon_e7) },
        }))
    }
}

/// A place in the flat world: `x` grows east from the antimeridian, `y` grows south from the north edge, both 0..=[`WORLD`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Spot {
    /// Units east of the antimeridian.
    pub x: i32,
    /// Units south of the north edge.
    pub y: i32,
}

impl Spot {
    /// The place on the globe.
    pub fn point(&self) -> Point {
        let (lat, lon) = degrees(f64::from(self.x), f64::from(self.y));
        Point { lat_e7: (lat * 1e7).round() as i32, lon_e7: (lon * 1e7).round() as i32 }
    }
}

/// Latitude and longitude in degrees of a place of the flat world.
fn degrees(x: f64, y: f64) -> (f64, f64) {
    let world = f64::from(WORLD);
    let turn = std::f64::consts::PI * (1.0 - 2.0 * y / world);
    (turn.sinh().atan().to_degrees(), x / world * 360.0 - 180.0)
}

/// Metres in one unit at this height of the flat world (Web Mercator stretches with the latitude).
pub fn unit_m(y: i32) -> f64 {
    let (lat, _) = degrees(0.0, f64::from(y));
    40_075_016.686 * lat.to_radians().cos() / f64::from(WORLD)
}

/// An upright rectangle of the flat world, borders included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    /// North-west corner.
    pub min: Spot,
    /// South-east corner.
    pub max: Spot,
}

impl Rect {
    /// The rectangle around nothing: joining anything to it gives that thing.
    pub const EMPTY: Rect = Rect { min: Spot { x: i32::MAX, y: i32::MAX }, max: Spot { x: i32::MIN, y: i32::MIN } };

    /// The square of a map tile of 256 units at zoom `z`: the usual numbering, `y` from the north.
    pub fn tile(z: u8, x: u32, y: u32) -> Rect {
        let side = i64::from(WORLD) >> z.min(28);
        let at = |n: u32| (i64::from(n) * side).clamp(0, i64::from(WORLD)) as i32;
        Rect { min: Spot { x: at(x), y: at(y) }, max: Spot { x: at(x.saturating_add(1)), y: at(y.saturating_add(1)) } }
    }

    /// This rectangle, grown to hold the place.
    pub fn with(self, spot: Spot) -> Rect {
        Rect {
            min: Spot { x: self.min.x.min(spot.x), y: self.min.y.min(spot.y) },
            max: Spot { x: self.max.x.max(spot.x), y: self.max.y.max(spot.y) },
        }
    }

    /// Whether the two share a place.
    pub fn meets(&self, other: &Rect) -> bool {
        self.min.x <= other.max.x && other.min.x <= self.max.x && self.min.y <= other.max.y && other.min.y <= self.max.y
    }

    /// Whether the place lies in it or on its border.
    pub fn contains(&self, spot: Spot) -> bool {
        (self.min.x..=self.max.x).contains(&spot.x) && (self.min.y..=self.max.y).contains(&spot.y)
    }

    /// This rectangle with `units` more on every side.
    pub fn grown(self, units: i32) -> Rect {
        Rect {
            min: Spot { x: self.min.x.saturating_sub(units), y: self.min.y.saturating_sub(units) },
            max: Spot { x: self.max.x.saturating_add(units), y: self.max.y.saturating_add(units) },
        }
    }
}

impl From<Bounds> for Rect {
    fn from(bounds: Bounds) -> Rect {
        let (south_west, north_east) = (bounds.min.spot(), bounds.max.spot());
        Rect { min: Spot { x: south_west.x, y: north_east.y }, max: Spot { x: north_east.x, y: south_west.y } }
    }
}

impl From<Rect> for Bounds {
    fn from(rect: Rect) -> Bounds {
        let (north_west, south_east) = (rect.min.point(), rect.max.point());
        Bounds {
            min: Point { lat_e7: south_east.lat_e7, lon_e7: north_west.lon_e7 },
            max: Point { lat_e7: north_west.lat_e7, lon_e7: south_east.lon_e7 },
        }
    }
}

/// A window on the flat world: what a screen or a tile shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Centre, in units; not rounded, so that slow panning is smooth.
    pub x: f64,
    /// Centre, in units.
    pub y: f64,
    /// Zoom; at 20 a unit is a pixel, each step less halves.
    pub zoom: f64,
    /// Width in pixels.
    pub width_px: f64,
    /// Height in pixels.
    pub height_px: f64,
}

impl View {
    /// The window with this place in its middle.
    pub fn at(center: Point, zoom: f64, width_px: f64, height_px: f64) -> View {
        let spot = center.spot();
        View { x: f64::from(spot.x), y: f64::from(spot.y), zoom, width_px, height_px }
    }

    /// The window that shows the whole rectangle, as large as fits, no closer than zoom 19.
    pub fn over(bounds: Bounds, width_px: f64, height_px: f64) -> View {
        let rect = Rect::from(bounds);
        let (width, height) = (f64::from(rect.max.x - rect.min.x).max(1.0), f64::from(rect.max.y - rect.min.y).max(1.0));
        let zoom = (UNIT_ZOOM + (width_px / width).min(height_px / height).max(1e-9).log2()).clamp(0.0, 19.0);
        View { x: f64::from(rect.min.x) + width / 2.0, y: f64::from(rect.min.y) + height / 2.0, zoom, width_px, height_px }
    }

    /// Pixels in one unit.
    pub fn scale(&self) -> f64 {
        (self.zoom - UNIT_ZOOM).exp2()
    }

    /// Pixel (from the top left corner) of a place of the flat world.
    pub fn pixel(&self, spot: Spot) -> (f64, f64) {
        self.pixels()(spot)
    }

    /// The same for many places: the scale is worked out once.
    pub fn pixels(&self) -> impl Fn(Spot) -> (f64, f64) + use<> {
        let (view, scale) = (*self, self.scale());
        move |spot| {
            let (x, y) = ((f64::from(spot.x) - view.x) * scale, (f64::from(spot.y) - view.y) * scale);
            (x + view.width_px / 2.0, y + view.height_px / 2.0)
        }
    }

    /// The place on the globe under a pixel; `None` off the planet.
    pub fn point(&self, x_px: f64, y_px: f64) -> Option<Point> {
        let scale = self.scale();
        let (lat, lon) = degrees((x_px - self.width_px / 2.0) / scale + self.x, (y_px - self.height_px / 2.0) / scale + self.y);
        Point::from_degrees(lat, lon)
    }

    /// What of the flat world it shows, with `margin_px` more on every side.
    pub fn rect(&self, margin_px: f64) -> Rect {
        let scale = self.scale();
        let (half_x, half_y) = ((self.width_px / 2.0 + margin_px) / scale, (self.height_px / 2.0 + margin_px) / scale);
        Rect {
            min: Spot { x: (self.x - half_x).floor() as i32, y: (self.y - half_y).floor() as i32 },
            max: Spot { x: (self.x + half_x).ceil() as i32, y: (self.y + half_y).ceil() as i32 },
        }
    }

    /// Metres one pixel covers in the middle of the window: for a scale bar.
    pub fn pixel_m(&self) -> f64 {
        unit_m(self.y as i32) / self.scale()
    }
}
