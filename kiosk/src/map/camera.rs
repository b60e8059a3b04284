//! Where the map looks: the arithmetic of panning and zooming, without a pixel drawn.

use map::{Bounds, Rect, View};
use store::geo::Point;

/// The furthest and the nearest zoom, as web maps count them.
pub const ZOOM: std::ops::RangeInclusive<f64> = 12.0..=19.0;

/// The zoom nearest to this one that there is, in steps of a thousandth.
pub fn nearest_zoom(zoom: f64) -> f64 {
    ((zoom * 1000.0).round() / 1000.0).clamp(*ZOOM.start(), *ZOOM.end())
}

/// A window on the flat world that cannot leave the town.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Where the centre may be, in units of the flat world.
    limits: Rect,
    /// Centre, in units; not rounded, so that slow panning adds up.
    x: f64,
    y: f64,
    /// In steps of a thousandth, so that the same zoom is the same number.
    zoom: f64,
    size_px: (u32, u32),
}

impl Camera {
    /// The whole town, as large as fits.
    pub fn new(bounds: Bounds, size_px: (u32, u32)) -> Camera {
        let view = View::over(bounds, f64::from(size_px.0), f64::from(size_px.1));
        let mut camera = Camera { limits: Rect::from(bounds), x: view.x, y: view.y, zoom: 0.0, size_px };
        camera.set_zoom(view.zoom);
        camera
    }

    /// Gives the window another size; its centre stays.
    pub fn resize(&mut self, size_px: (u32, u32)) {
        self.size_px = size_px;
    }

    /// Size of the window in pixels.
    pub fn size_px(&self) -> (u32, u32) {
        self.size_px
    }

    /// Zoom, as web maps count it.
    pub fn zoom(&self) -> f64 {
        self.zoom
    }

    /// The zoom from which on the town fills the window, with nothing beyond it to be seen.
    pub fn filling_zoom(&self) -> f64 {
        let fill = |px: u32, from: i32, to: i32| (f64::from(px) / f64::from(to.saturating_sub(from).max(1))).log2();
        let (min, max) = (self.limits.min, self.limits.max);
        map::world::UNIT_ZOOM + fill(self.size_px.0, min.x, max.x).max(fill(self.size_px.1, min.y, max.y))
    }

    /// Pixels in one unit of the flat world.
    pub fn scale(&self) -> f64 {
        (self.zoom - map::world::UNIT_ZOOM).exp2()
    }

    /// Moves the centre to the place, or to the edge of the town nearest to it.
    pub fn center_on(&mut self, point: Point, zoom: f64) {
        let spot = map::Point { lat_e7: point.lat_e7, lon_e7: point.lon_e7 }.spot();
        (self.x, self.y) = (f64::from(spot.x), f64::from(spot.y));
        self.set_zoom(zoom);
        self.clamp();
    }

    /// Moves what is seen by so many pixels, as a finger drags it.
    pub fn pan_px(&mut self, dx: f32, dy: f32) {
        if dx.is_finite() && dy.is_finite() {
            let scale = self.scale();
            self.x -= f64::from(dx) / scale;
            self.y -= f64::from(dy) / scale;
            self.clamp();
        }
    }

    /// Zooms in (or out, by negative steps); what is under the anchor stays there, as far as the town's edge allows.
    pub fn zoom_by(&mut self, steps: f64, anchor_px: (f32, f32)) {
        let (dx, dy) =
            (f64::from(anchor_px.0) - f64::from(self.size_px.0) / 2.0, f64::from(anchor_px.1) - f64::from(self.size_px.1) / 2.0);
        let before = self.scale();
        self.set_zoom(self.zoom + steps);
        let after = self.scale();
        self.x += dx / before - dx / after;
        self.y += dy / before - dy / after;
        self.clamp();
    }

    /// The top left corner in pixels of the flat world at this zoom. Whole pixels, so that tiles need only be copied.
    pub fn origin_px(&self) -> (i64, i64) {
        let scale = self.scale();
        let corner = |center: f64, size: u32| (center * scale - f64::from(size) / 2.0).round() as i64;
        (corner(self.x, self.size_px.0), corner(self.y, self.size_px.1))
    }

    /// What is really drawn: the window moved to whole pixels.
    pub fn view(&self) -> View {
        let (scale, (left, top)) = (self.scale(), self.origin_px());
        let (width_px, height_px) = (f64::from(self.size_px.0), f64::from(self.size_px.1));
        View {
            x: (left as f64 + width_px / 2.0) / scale,
            y: (top as f64 + height_px / 2.0) / scale,
            zoom: self.zoom,
            width_px,
            height_px,
        }
    }

    /// The place in the middle.
    pub fn center(&self) -> Point {
        let (width, height) = (self.size_px.0 as f32, self.size_px.1 as f32);
        self.point_at(width / 2.0, height / 2.0)
    }

    /// The place under a pixel; the nearest edge of the town's map for a pixel off the planet.
    pub fn point_at(&self, x_px: f32, y_px: f32) -> Point {
        let found = self.view().point(f64::from(x_px), f64::from(y_px));
        let point = found.unwrap_or_else(|| self.limits.min.point());
        Point { lat_e7: point.lat_e7, lon_e7: point.lon_e7 }
    }

    /// The pixel of a place, from the top left corner; outside the window too.
    pub fn pixel(&self, point: Point) -> (f32, f32) {
        let (x, y) = self.view().pixel(map::Point { lat_e7: point.lat_e7, lon_e7: point.lon_e7 }.spot());
        (x as f32, y as f32)
    }

    fn set_zoom(&mut self, zoom: f64) {
        if zoom.is_finite() {
            self.zoom = nearest_zoom(zoom);
        }
    }

    fn clamp(&mut self) {
        self.x = self.x.clamp(f64::from(self.limits.min.x), f64::from(self.limits.max.x));
        self.y = self.y.clamp(f64::from(self.limits.min.y), f64::from(self.limits.max.y));
    }
}
