//! The map picture of the kiosk: a window on the town, as plain pixels. No toolkit is named here.
//!
//! Tiles and names are drawn by threads of their own; a frame copies what is there, stretches what is not yet sharp, and lays names,
//! markers, pin and legend over it. So a frame while panning costs copies only.

mod camera;
mod compose;
mod ground;
mod lettering;
mod marker;
pub mod motion;
mod names;
pub mod pace;
mod sprite;
mod workers;

use std::collections::HashMap;
use std::sync::Arc;

use ::map::Town;
pub use ::map::style::Style;
use store::fact::Kind;
use store::geo::{Bounds, Point};
use store::id::ReportId;

use camera::Camera;
use ground::{TILE_PX, Tile};
use lettering::Font;
use marker::{LEGEND_EDGE_PX, Plate};
use names::Wish;
use sprite::{Canvas, Sprite};
use workers::{There, Workers};

/// Names are placed anew while the map still moves once it has moved this far, in pixels.
const NAMES_FROM_PX: f64 = 240.0;
/// A circle with a smaller radius is not drawn, in pixels.
const RING_FROM_PX: f32 = 18.0;
/// So many plates are kept drawn: numbers come and go.
const PLATES_MAX: usize = 1_000;
/// So many new ones are drawn in a frame; the others come with the next ones.
const PLATES_A_FRAME: usize = 40;

/// What a marker stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Marked {
    /// One report.
    Report(ReportId),
    /// So many, all of them in the rectangle.
    Several { count: u32, bounds: Bounds },
}

/// A report on the map, or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marker {
    /// What it stands for.
    pub what: Marked,
    /// Where.
    pub point: Point,
    /// The letter of the report's category; of several reports the number is shown.
    pub letter: char,
    /// Told by the shape: problems are square, suggestions round, both have eight corners.
    pub kind: Option<Kind>,
    /// Where all are closed, it is paler.
    pub open: bool,
}

impl Marker {
    fn plate(&self) -> Plate {
        let (text, several) = match self.what {
            Marked::Report(_) => (self.letter.to_string(), false),
            Marked::Several { count, .. } => (marker::count(count), true),
        };
        Plate { text, kind: self.kind, open: self.open, several }
    }
}

/// A window on the town: where it looks, what is marked, and its picture.
#[derive(Debug)]
pub struct MapView {
    workers: Workers,
    font: Arc<Font>,
    camera: Camera,
    language: String,
    style: Style,
    pin: Option<(Point, Option<u32>)>,
    markers: Vec<Marker>,
    plates: HashMap<Plate, Sprite>,
    pin_sprite: Sprite,
    ring: Option<(Ring, Sprite)>,
    legend: Option<((Style, u32, u32), Sprite)>,
    /// Ground and names, without what changes by a tap.
    base: Vec<u8>,
    /// It shows what `shown` says.
    has_base: bool,
    /// What `base` shows.
    shown: Option<Shown>,
    frame: Vec<u8>,
    /// Markers or pin have changed since `frame` was made.
    marked: bool,
    /// What is not yet sharp is stretched with a quarter of the pixels.
    coarse: bool,
    done: u64,
}

/// What a base picture was made of; equal makings give equal pictures.
#[derive(Debug, Clone, PartialEq)]
struct Shown {
    camera: Camera,
    style: Style,
    origin: (i64, i64),
    /// Which tiles were there.
    tiles: Vec<bool>,
    names: Option<Wish>,
    /// Something was stretched coarsely.
    coarse: bool,
}

/// What a drawn circle was made for.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ring {
    radius_px: f32,
    /// The middle, for a circle so large that only its visible part is drawn.
    middle: Option<(f32, f32)>,
}

impl MapView {
    /// The whole town in a window of this size. `language` (like "fi") chooses among the names where the map has several.
    pub fn new(town: Arc<Town>, size_px: (u32, u32), language: &str) -> MapView {
        MapView::with_font(town, size_px, language, Font::system())
    }

    fn with_font(town: Arc<Town>, size_px: (u32, u32), language: &str, font: Arc<Font>) -> MapView {
        MapView {
            camera: Camera::new(town.bounds(), within_reason(size_px)),
            workers: Workers::new(town, Arc::clone(&font)),
            font,
            language: language.to_owned(),
            style: Style::default(),
            pin: None,
            markers: Vec::new(),
            plates: HashMap::new(),
            pin_sprite: marker::pin().unwrap_or_default(),
            ring: None,
            legend: None,
            base: Vec::new(),
            has_base: false,
            shown: None,
            frame: Vec::new(),
            marked: true,
            coarse: false,
            done: 0,
        }
    }

    /// Gives the window another size; its centre stays.
    pub fn resize(&mut self, size_px: (u32, u32)) {
        self.camera.resize(within_reason(size_px));
    }

    /// Width and height in pixels; at least one each.
    pub fn size_px(&self) -> (u32, u32) {
        self.camera.size_px()
    }

    /// Shows names in another language, where the map has them.
    pub fn set_language(&mut self, language: &str) {
        language.clone_into(&mut self.language);
    }

    /// Draws everything in another style.
    pub fn set_style(&mut self, style: Style) {
        // The legend is laid with the marks.
        self.marked |= self.style != style;
        self.style = style;
    }

    /// Whether frames are to cost less while the map moves, and look coarser.
    pub fn set_coarse(&mut self, coarse: bool) {
        self.coarse = coarse;
    }

    /// Moves the centre to a place, or as near to it as the map goes. Zooms reach from 12 (the whole town) to 19 (a doorstep).
    pub fn center_on(&mut self, point: Point, zoom: f64) {
        self.camera.center_on(point, zoom);
    }

    /// The place in the middle.
    pub fn center(&self) -> Point {
        self.camera.center()
    }

    /// The zoom from which on the town fills the window.
    pub fn filling_zoom(&self) -> f64 {
        self.camera.filling_zoom()
    }

    /// The zoom at which a rectangle fills the window, but for a margin; never farther away than now.
    pub fn zoom_over(&self, bounds: Bounds) -> f64 {
        let corner = |point: Point| ::map::Point { lat_e7: point.lat_e7, lon_e7: point.lon_e7 };
        let (width, height) = self.camera.size_px();
        let room = |px: u32| (f64::from(px) - 4.0 * f64::from(marker::MARKER_HALF_PX)).max(1.0);
        let bounds = ::map::Bounds { min: corner(bounds.min), max: corner(bounds.max) };
        let zoom = ::map::View::over(bounds, room(width), room(height)).zoom;
        camera::nearest_zoom(zoom.max(self.camera.zoom()))
    }

    /// Corners of what the window shows, and of so many pixels more on every side.
    pub fn bounds(&self, margin_px: f32) -> Bounds {
        let (width, height) = self.camera.size_px();
        let (min, max) = (
            self.camera.point_at(-margin_px, height as f32 + margin_px),
            self.camera.point_at(width as f32 + margin_px, -margin_px),
        );
        Bounds { min, max }
    }

    /// The zoom nearest to this one that the map has.
    pub fn nearest_zoom(&self, zoom: f64) -> f64 {
        camera::nearest_zoom(zoom)
    }

    /// Zoom, as web maps count it.
    pub fn zoom(&self) -> f64 {
        self.camera.zoom()
    }

    /// Moves the map as a finger drags it: to the right by `dx`, down by `dy`.
    pub fn pan_px(&mut self, dx: f32, dy: f32) {
        self.camera.pan_px(dx, dy);
    }

    /// Zooms in (out, by negative steps); each step doubles. What is under the anchor stays there.
    pub fn zoom_by(&mut self, steps: f64, anchor_px: (f32, f32)) {
        self.camera.zoom_by(steps, anchor_px);
    }

    /// Marks the place being chosen, with a circle round it in metres.
    pub fn set_pin(&mut self, pin: Option<Point>, radius_m: Option<u32>) {
        self.pin = pin.map(|point| (point, radius_m));
        self.marked = true;
    }

    /// Shows these reports and no others.
    pub fn set_markers(&mut self, mut markers: Vec<Marker>) {
        // Nearer ones (further south) lie over those behind them; closed ones under all.
        markers.sort_by_key(|marker| (marker.open, std::cmp::Reverse(marker.point.lat_e7), marker.what));
        self.markers = markers;
        self.marked = true;
    }

    /// The place under a pixel.
    pub fn point_at(&self, x_px: f32, y_px: f32) -> Point {
        self.camera.point_at(x_px, y_px)
    }

    /// The pixel of a place; may lie outside the window.
    pub fn pixel_of(&self, point: Point) -> (f32, f32) {
        self.camera.pixel(point)
    }

    /// The marker nearest to a pixel, within a finger's width.
    pub fn marker_at(&self, x_px: f32, y_px: f32) -> Option<Marker> {
        let distance = |marker: &Marker| {
            let (x, y) = self.camera.pixel(marker.point);
            (x - x_px).hypot(y - y_px)
        };
        // From the top: of two at the same distance the one that is seen.
        let near = self.markers.iter().rev().map(|marker| (distance(marker), *marker));
        let near = near.filter(|(distance, _)| *distance <= marker::FINGER_PX);
        near.min_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, marker)| marker)
    }

    /// The picture: RGB8, row by row from the top, [`MapView::size_px`]. `true` when a sharper one is still to come: call again.
    pub fn frame(&mut self) -> (&[u8], bool) {
        let (tiles, next) = self.tiles();
        let wish = Wish { view: self.camera.view(), language: self.language.clone(), style: self.style };
        let at_rest = self.shown.as_ref().is_some_and(|shown| shown.camera == self.camera);
        let placed = self.shown.as_ref().and_then(|shown| shown.names.as_ref());
        let wanted = placed.is_none_or(|placed| *placed != wish && (at_rest || worn_out(placed, &wish)));
        let zooming = self.shown.as_ref().is_some_and(|shown| shown.camera.zoom() != self.camera.zoom());
        let (width, height) = self.camera.size_px();
        let has_frame = self.frame.len() == width as usize * height as usize * 3;
        let Some(there) = self.workers.want(&tiles, wanted.then(|| wish.clone()), &next, zooming, !has_frame) else {
            return (&self.frame, true);
        };
        self.done = there.done;
        let shown = Shown {
            coarse: self.coarse && there.tiles.contains(&None),
            camera: self.camera,
            style: self.style,
            origin: self.camera.origin_px(),
            tiles: there.tiles.iter().map(Option::is_some).collect(),
            names: there.names.as_ref().map(|names| names.wish.clone()),
        };
        let more = shown.tiles.contains(&false) || shown.names.as_ref() != Some(&wish);
        let moves = self.shown.as_ref().is_some_and(|before| before.camera != shown.camera);
        if self.shown.as_ref() != Some(&shown) || (self.marked && !self.has_base) {
            self.lay_base(&tiles, &there);
            self.shown = Some(shown);
            (self.marked, self.has_base) = (true, true);
        }
        if self.marked {
            self.marked = !self.lay_marks(moves);
        }
        let more = more || self.marked;
        if more && self.workers.is_alone() {
            // No thread could be started: the screen draws for itself, one tile a frame.
            self.workers.wait(self.done);
        }
        (&self.frame, more)
    }

    /// Draws until nothing sharper is to come: for tests and pictures.
    pub fn settle(&mut self) {
        while self.frame().1 {
            self.workers.wait(self.done);
        }
    }

    /// Length of the scale bar: metres, and pixels at the middle of the window.
    pub fn scale_bar(&self) -> (u32, f32) {
        marker::scale_bar(&self.camera.view())
    }

    /// Bytes held for tiles: bounded, whatever is looked at.
    pub fn tile_bytes(&self) -> usize {
        self.workers.bytes()
    }

    /// Tiles of the window, nearest to its middle first, and those round it.
    fn tiles(&self) -> (Vec<Tile>, Vec<Tile>) {
        let side = i64::from(TILE_PX);
        let (left, top) = self.camera.origin_px();
        let (width, height) = self.camera.size_px();
        let (right, bottom) = (left + i64::from(width) - 1, top + i64::from(height) - 1);
        let zoom_milli = (self.camera.zoom() * 1000.0).round() as u32;
        let (columns, rows) = (left.div_euclid(side)..=right.div_euclid(side), top.div_euclid(side)..=bottom.div_euclid(side));
        let around = |range: &std::ops::RangeInclusive<i64>| range.start() - 1..=range.end() + 1;
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for y in around(&rows) {
            for x in around(&columns) {
                let seen = rows.contains(&y) && columns.contains(&x);
                if seen { &mut inside } else { &mut outside }.push(Tile { style: self.style, zoom_milli, x, y });
            }
        }
        let (middle_x, middle_y) = ((left + right) / 2, (top + bottom) / 2);
        let distance = |tile: &Tile| {
            let (x, y) = tile.corner_px();
            (x + side / 2 - middle_x).pow(2) + (y + side / 2 - middle_y).pow(2)
        };
        inside.sort_by_key(distance);
        outside.sort_by_key(distance);
        (inside, outside)
    }

    fn lay_base(&mut self, tiles: &[Tile], there: &There) {
        let size = self.camera.size_px();
        self.base.resize(size.0 as usize * size.1 as usize * 3, 0);
        let mut canvas = Canvas { rgb: &mut self.base, size };
        compose::ground(&mut canvas, self.camera.origin_px(), tiles, there, self.coarse);
        // Light letters of a dark style would be lost on a light one.
        if let Some(names) = there.names.as_ref().filter(|names| names.wish.style == self.style) {
            names.lay(&self.camera.view(), &mut canvas);
        }
    }

    /// Lays what is marked over the base. Whether all of it is there. A map that moves has another base in the next frame: then this one
    /// is not kept.
    fn lay_marks(&mut self, moves: bool) -> bool {
        if moves {
            std::mem::swap(&mut self.frame, &mut self.base);
        } else {
            self.frame.clone_from(&self.base);
        }
        self.has_base = !moves;
        let letters = self.font.letters();
        let size = self.camera.size_px();
        let bar = self.scale_bar();
        let mut canvas = Canvas { rgb: &mut self.frame, size };
        let whole = |(x, y): (f32, f32)| (x.round().clamp(-1e6, 1e6) as i32, y.round().clamp(-1e6, 1e6) as i32);
        let pin = self.pin.map(|(point, radius_m)| (self.camera.pixel(point), point, radius_m));
        if let Some((at, point, Some(radius_m))) = pin {
            let spot = ::map::Point { lat_e7: point.lat_e7, lon_e7: point.lon_e7 }.spot();
            let radius_px = (f64::from(radius_m) / ::map::world::unit_m(spot.y) * self.camera.scale()) as f32;
            let (ring, place) = ring_for(radius_px, at, size);
            if self.ring.as_ref().is_none_or(|(made, _)| *made != ring) {
                self.ring = draw_ring(&ring, size).map(|sprite| (ring, sprite));
            }
            // A circle no larger than the pin's foot would only smudge it.
            if let Some((_, sprite)) = self.ring.as_ref().filter(|_| radius_px >= RING_FROM_PX) {
                sprite.lay(&mut canvas, place);
            }
        }
        if self.plates.len() > PLATES_MAX {
            self.plates.clear();
        }
        let (plates_before, mut is_whole) = (self.plates.len(), true);
        for marker in &self.markers {
            let (x, y) = self.camera.pixel(marker.point);
            let reach = marker::REACH_PX;
            if !(-reach..size.0 as f32 + reach).contains(&x) || !(-reach..size.1 as f32 + reach).contains(&y) {
                continue;
            }
            let plate = marker.plate();
            if self.plates.len() >= plates_before + PLATES_A_FRAME && !self.plates.contains_key(&plate) {
                is_whole = false;
                continue;
            }
            let plate = self.plates.entry(plate).or_insert_with_key(|plate| marker::plate(&letters, plate).unwrap_or_default());
            plate.lay(&mut canvas, whole((x, y)));
        }
        if let Some((at, _, _)) = pin {
            self.pin_sprite.lay(&mut canvas, whole(at));
        }
        let key = (self.style, bar.0, bar.1.round() as u32);
        if self.legend.as_ref().is_none_or(|(made, _)| *made != key) {
            self.legend = marker::legend(&letters, self.style, bar).map(|sprite| (key, sprite));
        }
        if let Some((_, legend)) = &self.legend {
            legend.lay(&mut canvas, (LEGEND_EDGE_PX, size.1 as i32 - LEGEND_EDGE_PX));
        }
        is_whole
    }
}

/// The ground of a window, without names, marks and legend, as RGB8; `None` for a window without pixels.
pub fn ground(town: &Town, style: Style, view: &::map::View) -> Option<Vec<u8>> {
    let picture = ground::render(town, style, view)?;
    Some(picture.data().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect())
}

/// A window of at least one pixel and no more than any screen has.
fn within_reason((width, height): (u32, u32)) -> (u32, u32) {
    (width.clamp(1, 8192), height.clamp(1, 8192))
}

/// Whether names placed for one window no longer serve another while it still moves.
fn worn_out(placed: &Wish, now: &Wish) -> bool {
    let scale = now.view.scale();
    let moved = ((placed.view.x - now.view.x) * scale).hypot((placed.view.y - now.view.y) * scale);
    placed.language != now.language
        || placed.style != now.style
        || (placed.view.zoom - now.view.zoom).abs() > 0.5
        || moved > NAMES_FROM_PX
}

/// The circle to draw and where to lay it: the whole circle when it is small, else what of it can be seen.
fn ring_for(radius_px: f32, at: (f32, f32), size: (u32, u32)) -> (Ring, (i32, i32)) {
    if radius_px <= size.0.max(size.1) as f32 {
        return (Ring { radius_px, middle: None }, (at.0.round() as i32, at.1.round() as i32));
    }
    (Ring { radius_px, middle: Some(at) }, (0, 0))
}

fn draw_ring(ring: &Ring, size: (u32, u32)) -> Option<Sprite> {
    match ring.middle {
        Some(middle) => marker::ring(ring.radius_px, middle, size, (0, 0)),
        None => {
            let half = ring.radius_px.ceil() + 5.0;
            marker::ring(ring.radius_px, (half, half), (half as u32 * 2, half as u32 * 2), (-(half as i32), -(half as i32)))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
