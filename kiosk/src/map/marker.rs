//! What the town's people put on the map: reports, the pin of the place being chosen, and what every map must say.
//!
//! A marker is told by its shape and its letter, never by colour alone.

use map::View;
use map::label::Cover;
use map::style::{Color, OWN_PIN, OWN_PROBLEM, OWN_RIM, OWN_SUGGESTION, Style};
use store::fact::Kind;
use tiny_skia::{FillRule, LineCap, Path, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform};

use super::ground::paint;
use super::lettering::Letters;
use super::sprite::Sprite;

/// Half the side of a marker in pixels, its white edge included.
pub const MARKER_HALF_PX: f32 = 23.0;
/// No marker reaches farther from its place, whatever stands on it.
pub const REACH_PX: f32 = 60.0;
/// A finger may miss the middle of a marker by this much.
pub const FINGER_PX: f32 = 32.0;

/// The scale bar is at most this long, in pixels.
pub const BAR_PX: f64 = 150.0;
/// Space between the legend and the edges, in pixels.
pub const LEGEND_EDGE_PX: i32 = 12;

const LEGEND_HEIGHT_PX: f32 = 36.0;
const LEGEND_GAP_PX: f32 = 12.0;
const LEGEND_TEXT_PX: f32 = 17.0;
const PIN_HEAD_PX: f32 = 23.0;
const PIN_HEIGHT_PX: f32 = 62.0;

/// How far the plate behind a plate of several reports looks out, up and to the right.
const STACK_PX: f32 = 7.0;

/// What stands on the map for a report, or for several.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Plate {
    /// The category's letter, or how many.
    pub text: String,
    /// None where there are both kinds.
    pub kind: Option<Kind>,
    /// Any of them is open.
    pub open: bool,
    pub several: bool,
}

/// How many, in as few signs as say it.
pub fn count(count: u32) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..10_000 => format!("{}.{}k", count / 1_000, count % 1_000 / 100),
        _ => format!("{}k", count / 1_000),
    }
}

/// A plate, its middle on the place: square for problems, round for suggestions, with eight corners for both, pale when closed. One of
/// several is larger, as its number asks, and another looks out behind it.
pub fn plate(letters: &Letters<'_>, plate: &Plate) -> Option<Sprite> {
    let color = match plate.kind {
        Some(Kind::Suggestion) => OWN_SUGGESTION,
        Some(Kind::Problem) | None => OWN_PROBLEM,
    };
    let text_px = if plate.several { 23.0 } else { 27.0 };
    let room = if plate.several { letters.width_px(&plate.text, text_px) / 2.0 + 12.0 } else { 0.0 };
    let half = room.max(MARKER_HALF_PX);
    let behind = if plate.several { STACK_PX } else { 0.0 };
    let side = (half * 2.0).ceil() as u32 + 2 * behind as u32 + 2;
    let middle = side as f32 / 2.0;
    let mut picture = Pixmap::new(side, side)?;
    let shape = |inset: f32, up: f32| {
        let half = half - inset;
        let (x, y) = (middle + up, middle - up);
        match plate.kind {
            Some(Kind::Problem) => rounded(x - half, y - half, half * 2.0, half * 2.0, (11.0 - inset).max(4.0)),
            Some(Kind::Suggestion) => PathBuilder::from_circle(x, y, half),
            None => octagon(x, y, half),
        }
    };
    let mut fill = |path: Option<Path>, color| {
        if let Some(path) = path {
            picture.fill_path(&path, &paint(color), FillRule::Winding, Transform::identity(), None);
        }
    };
    if plate.several {
        fill(shape(0.0, behind), OWN_RIM);
        fill(shape(2.0, behind), color);
    }
    fill(shape(0.0, 0.0), OWN_RIM);
    fill(shape(3.0, 0.0), color);
    let ink = if plate.open { OWN_RIM } else { color };
    if !plate.open {
        fill(shape(5.0, 0.0), toward_white(color));
    }
    fill(centered(letters, &plate.text, text_px, (middle, middle)), ink);
    let corner = -(side as i32) / 2;
    Some(Sprite::cut(&picture, (corner, corner)))
}

/// Eight corners round a place, `half` to each side.
fn octagon(x: f32, y: f32, half: f32) -> Option<Path> {
    // The sides of a regular one are cut off at this part of half its width.
    let cut = half * (2.0f32.sqrt() - 1.0);
    let mut path = PathBuilder::new();
    path.move_to(x - cut, y - half);
    for (dx, dy) in [(cut, -half), (half, -cut), (half, cut), (cut, half), (-cut, half), (-half, cut), (-half, -cut)] {
        path.line_to(x + dx, y + dy);
    }
    path.close();
    path.finish()
}

/// The pin, its tip on the place.
pub fn pin() -> Option<Sprite> {
    let (width, height) = (PIN_HEAD_PX as u32 * 2 + 4, PIN_HEIGHT_PX as u32 + 4);
    let middle = width as f32 / 2.0;
    let mut picture = Pixmap::new(width, height)?;
    let foot = height as f32 - 1.0;
    let drop = |inset: f32| drop_path(middle, foot - inset * 1.6, PIN_HEIGHT_PX - inset * 2.6, PIN_HEAD_PX - inset);
    let whole = |path: Option<Path>, color, picture: &mut Pixmap| {
        if let Some(path) = path {
            picture.fill_path(&path, &paint(color), FillRule::Winding, Transform::identity(), None);
        }
    };
    whole(drop(0.0), OWN_RIM, &mut picture);
    whole(drop(3.0), OWN_PIN, &mut picture);
    let head = foot - PIN_HEIGHT_PX + PIN_HEAD_PX;
    whole(PathBuilder::from_circle(middle, head, 8.5), OWN_RIM, &mut picture);
    Some(Sprite::cut(&picture, (-(middle as i32), -(foot as i32))))
}

/// A drop standing on its tip: a round head and straight flanks that touch it.
fn drop_path(x: f32, foot: f32, height: f32, radius: f32) -> Option<Path> {
    let head = foot - height + radius;
    let reach = foot - head;
    // Where a line from the tip touches the head.
    let cos = (radius / reach).clamp(0.1, 0.95);
    let sin = (1.0 - cos * cos).sqrt();
    let (touch_x, touch_y) = (radius * sin, radius * cos);
    let mut path = PathBuilder::new();
    path.move_to(x, foot);
    path.line_to(x - touch_x, head + touch_y);
    // The long way over the top, in steps too small to see.
    let start = cos.asin();
    let (from, to) = (std::f32::consts::PI - start, start);
    let sweep = 2.0 * std::f32::consts::PI - (from - to);
    for step in 1..48 {
        let angle = from + sweep * step as f32 / 48.0;
        path.line_to(x + radius * angle.cos(), head + radius * angle.sin());
    }
    path.line_to(x + touch_x, head + touch_y);
    path.close();
    path.finish()
}

/// The dashed circle of what is near, its middle at `middle` of a picture of `size` pixels whose corner lies at `corner`.
pub fn ring(radius_px: f32, middle: (f32, f32), size: (u32, u32), corner: (i32, i32)) -> Option<Sprite> {
    let mut picture = Pixmap::new(size.0, size.1)?;
    let circle = PathBuilder::from_circle(middle.0, middle.1, radius_px)?;
    // Whole dashes all the way round: no odd piece where the ends meet.
    let round = 2.0 * std::f32::consts::PI * radius_px;
    let beat = round / (round / 19.0).round().max(4.0);
    let dash = StrokeDash::new(vec![beat * 0.58, beat * 0.42], 0.0);
    let mut light = paint(OWN_RIM);
    light.set_color_rgba8(255, 255, 255, 150);
    let under = Stroke { width: 6.5, ..Stroke::default() };
    picture.stroke_path(&circle, &light, &under, Transform::identity(), None);
    let line = Stroke { width: 3.5, dash, line_cap: LineCap::Butt, ..Stroke::default() };
    picture.stroke_path(&circle, &paint(OWN_PIN), &line, Transform::identity(), None);
    Some(Sprite::cut(&picture, corner))
}

/// Length of the scale bar: metres, and pixels at the middle of a window.
pub fn scale_bar(view: &View) -> (u32, f32) {
    let pixel_m = view.pixel_m().max(1e-3);
    let longest = BAR_PX * pixel_m;
    let lengths = (0..7).flat_map(|power| [1, 2, 5].map(|digit| digit * 10u32.pow(power)));
    let metres = lengths.take_while(|metres| f64::from(*metres) <= longest).last().unwrap_or(1);
    (metres, (f64::from(metres) / pixel_m) as f32)
}

/// What the legend says, and the width it takes in pixels.
fn legend_words(letters: &Letters<'_>, (metres, bar_px): (u32, f32)) -> (String, f32) {
    let length = if metres >= 1000 { format!("{} km", metres / 1000) } else { format!("{metres} m") };
    let words = format!("{length}   © OpenStreetMap contributors");
    let text = letters.width_px(&words, LEGEND_TEXT_PX);
    (words, LEGEND_GAP_PX * 2.0 + bar_px + if text > 0.0 { LEGEND_GAP_PX + text } else { 0.0 })
}

/// What of a window the legend covers.
pub fn legend_cover(letters: &Letters<'_>, view: &View) -> Cover {
    let (_, width) = legend_words(letters, scale_bar(view));
    let (left, bottom) = (LEGEND_EDGE_PX as f32, view.height_px as f32 - LEGEND_EDGE_PX as f32);
    [left, bottom - LEGEND_HEIGHT_PX, left + width, bottom]
}

/// Who made the map, as its licence asks, and how long a stretch of it is. The sprite's bottom left corner is its place.
pub fn legend(letters: &Letters<'_>, style: Style, bar: (u32, f32)) -> Option<Sprite> {
    const HEIGHT: f32 = LEGEND_HEIGHT_PX;
    const GAP: f32 = LEGEND_GAP_PX;
    const TEXT_PX: f32 = LEGEND_TEXT_PX;
    let (words, width) = legend_words(letters, bar);
    let (_, bar_px) = bar;
    let mut picture = Pixmap::new(width.ceil() as u32, HEIGHT as u32)?;
    let (ink, ground) = (style.palette().label, style.palette().halo);
    let mut light = paint(ground);
    light.set_color_rgba8(ground.0, ground.1, ground.2, 242);
    if let Some(plate) = rounded(0.0, 0.0, width, HEIGHT, 8.0) {
        picture.fill_path(&plate, &light, FillRule::Winding, Transform::identity(), None);
    }
    let mut bar = PathBuilder::new();
    let middle = HEIGHT / 2.0;
    bar.move_to(GAP, middle);
    bar.line_to(GAP + bar_px, middle);
    for end in [GAP, GAP + bar_px] {
        bar.move_to(end, middle - 6.0);
        bar.line_to(end, middle + 6.0);
    }
    if let Some(bar) = bar.finish() {
        let line = Stroke { width: 2.6, line_cap: LineCap::Square, ..Stroke::default() };
        picture.stroke_path(&bar, &paint(ink), &line, Transform::identity(), None);
    }
    let mut path = PathBuilder::new();
    let foot = middle + letters.capital_px(TEXT_PX) / 2.0;
    letters.write(&words, TEXT_PX, &mut path, |along| ([GAP * 2.0 + bar_px + along, foot], 0.0));
    if let Some(path) = path.finish() {
        picture.fill_path(&path, &paint(ink), FillRule::Winding, Transform::identity(), None);
    }
    Some(Sprite::cut(&picture, (0, -(HEIGHT as i32))))
}

/// The pale shade of a colour: far enough for a glance to tell, near enough for the letter on it to be read.
fn toward_white(Color(red, green, blue): Color) -> Color {
    let pale = |part: u8| (u16::from(part) + (255 - u16::from(part)) * 85 / 100) as u8;
    Color(pale(red), pale(green), pale(blue))
}

/// A text with the middle of its ink on a point.
fn centered(letters: &Letters<'_>, text: &str, size_px: f32, middle: (f32, f32)) -> Option<Path> {
    let mut path = PathBuilder::new();
    letters.write(text, size_px, &mut path, |along| ([along, 0.0], 0.0));
    let path = path.finish()?;
    let bounds = path.bounds();
    let (x, y) = ((bounds.left() + bounds.right()) / 2.0, (bounds.top() + bounds.bottom()) / 2.0);
    path.transform(Transform::from_translate(middle.0 - x, middle.1 - y))
}

fn rounded(x: f32, y: f32, width: f32, height: f32, radius: f32) -> Option<Path> {
    let rect = Rect::from_xywh(x, y, width, height)?;
    let (left, top, right, bottom) = (rect.left(), rect.top(), rect.right(), rect.bottom());
    // A quarter circle as a cubic curve.
    let bend = radius * 0.447_7;
    let mut path = PathBuilder::new();
    path.move_to(left + radius, top);
    path.line_to(right - radius, top);
    path.cubic_to(right - bend, top, right, top + bend, right, top + radius);
    path.line_to(right, bottom - radius);
    path.cubic_to(right, bottom - bend, right - bend, bottom, right - radius, bottom);
    path.line_to(left + radius, bottom);
    path.cubic_to(left + bend, bottom, left, bottom - bend, left, bottom - radius);
    path.line_to(left, top + radius);
    path.cubic_to(left, top + bend, left + bend, top, left + radius, top);
    path.close();
    path.finish()
}
