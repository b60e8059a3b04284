//! The ground of the map: areas and lines, drawn tile by tile. Names and markers are laid over it later.

use map::draw::{Feature, Step};
use map::style::{self, Color, Style};
use map::{Town, View};
use tiny_skia::{FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform};

/// Width and height of a tile in pixels.
pub const TILE_PX: u32 = 512;
/// Bytes of a tile: RGB8.
pub const TILE_BYTES: usize = (TILE_PX * TILE_PX * 3) as usize;
/// Lines up to twice this wide reach into a tile from features outside it: the widest street at the nearest zoom.
const REACH_PX: f64 = 40.0;

/// One tile of one zoom in one style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    /// In which colours.
    pub style: Style,
    /// Zoom in thousandths.
    pub zoom_milli: u32,
    /// Tiles from the west edge of the flat world.
    pub x: i64,
    /// Tiles from its north edge.
    pub y: i64,
}

impl Tile {
    /// Its zoom.
    pub fn zoom(&self) -> f64 {
        f64::from(self.zoom_milli) / 1000.0
    }

    /// Its top left corner in pixels of the flat world at its zoom.
    pub fn corner_px(&self) -> (i64, i64) {
        (self.x * i64::from(TILE_PX), self.y * i64::from(TILE_PX))
    }

    /// The window it shows.
    pub fn view(&self) -> View {
        let zoom = self.zoom();
        let scale = (zoom - map::world::UNIT_ZOOM).exp2();
        let half = f64::from(TILE_PX) / 2.0;
        let (left, top) = self.corner_px();
        let side = f64::from(TILE_PX);
        View { x: (left as f64 + half) / scale, y: (top as f64 + half) / scale, zoom, width_px: side, height_px: side }
    }

    /// Draws it as RGB8.
    pub fn render(&self, town: &Town) -> Option<Vec<u8>> {
        let picture = render(town, self.style, &self.view())?;
        let mut rgb = Vec::with_capacity(TILE_BYTES);
        rgb.extend(picture.data().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]));
        Some(rgb)
    }
}

/// Draws the ground of a window, opaque everywhere; `None` for a window without pixels.
pub fn render(town: &Town, style: Style, view: &View) -> Option<Pixmap> {
    let mut picture = Pixmap::new(view.width_px as u32, view.height_px as u32)?;
    let Color(red, green, blue) = style.palette().land;
    picture.fill(tiny_skia::Color::from_rgba8(red, green, blue, 255));
    let drawing = town.features(view.rect(REACH_PX), view.zoom);
    let steps = drawing.steps(style, view.zoom);
    let mut rest = steps.as_slice();
    while let Some((step, after)) = rest.split_first() {
        match step {
            Step::Fill(feature, color) => {
                if let Some(path) = outline(std::slice::from_ref(feature), view, true) {
                    picture.fill_path(&path, &paint(*color), FillRule::EvenOdd, Transform::identity(), None);
                }
                rest = after;
            }
            Step::Line(_, stroke) => {
                // Lines of one look in one go: their colours are opaque, so where they overlap nothing shows.
                let same = rest.iter().map_while(|step| match step {
                    Step::Line(feature, other) if other == stroke => Some(*feature),
                    _ => None,
                });
                let same: Vec<Feature<'_>> = same.collect();
                if let Some(path) = outline(&same, view, false) {
                    picture.stroke_path(&path, &paint(stroke.color), &pen(stroke), Transform::identity(), None);
                }
                rest = rest.get(same.len()..).unwrap_or_default();
            }
        }
    }
    veil(town, style, view, &mut picture);
    Some(picture)
}

/// Pales what lies beyond the town's map, where things are missing or cut off: so that its edge is seen as an edge.
fn veil(town: &Town, style: Style, view: &View, picture: &mut Pixmap) {
    let bounds = map::Rect::from(town.bounds());
    let ((left, top), (right, bottom)) = (view.pixel(bounds.min), view.pixel(bounds.max));
    let (width, height) = (view.width_px, view.height_px);
    // Whole pixels: the edge is the same line in every tile.
    let [left, right] = [left, right].map(|x| x.round().clamp(0.0, width) as f32);
    let [top, bottom] = [top, bottom].map(|y| y.round().clamp(0.0, height) as f32);
    let (width, height) = (width as f32, height as f32);
    let mut pale = Paint::default();
    let Color(red, green, blue) = style.palette().beyond;
    pale.set_color_rgba8(red, green, blue, 170);
    let beyond = [(0.0, 0.0, width, top), (0.0, bottom, width, height), (0.0, top, left, bottom), (right, top, width, bottom)];
    for (left, top, right, bottom) in beyond {
        if let Some(rect) = Rect::from_ltrb(left, top, right, bottom).filter(|rect| rect.width() > 0.0 && rect.height() > 0.0) {
            picture.fill_rect(rect, &pale, Transform::identity(), None);
        }
    }
}

/// A smooth brush of one colour.
pub fn paint(Color(red, green, blue): Color) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, 255);
    paint.anti_alias = true;
    paint
}

fn pen(stroke: &style::Stroke) -> Stroke {
    Stroke {
        width: stroke.width_px,
        line_cap: if stroke.round { LineCap::Round } else { LineCap::Butt },
        line_join: LineJoin::Round,
        dash: stroke.dash_px.and_then(|dash| StrokeDash::new(dash.to_vec(), 0.0)),
        ..Stroke::default()
    }
}

fn outline(features: &[Feature<'_>], view: &View, close: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for part in features.iter().flat_map(Feature::parts) {
        for (place, spot) in part.iter().enumerate() {
            let (x, y) = view.pixel(*spot);
            if place == 0 { path.move_to(x as f32, y as f32) } else { path.line_to(x as f32, y as f32) }
        }
        if close {
            path.close();
        }
    }
    path.finish()
}
