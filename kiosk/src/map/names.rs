//! Names on the map: placed for the whole window at once and laid over the tiles, so that they stay upright and whole.

use map::label::{self, Label, Place};
use map::style::{Color, Style};
use map::{Town, View};
use tiny_skia::{FillRule, LineJoin, Path, PathBuilder, Pixmap, Stroke, Transform};

use super::ground::paint;
use super::lettering::Letters;
use super::marker;
use super::sprite::{Canvas, Sprite};
use crate::locale;

/// Width of the edge round letters, both sides together.
const HALO_PX: f32 = 3.6;

/// What names are wanted for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    /// The window.
    pub view: View,
    /// The language of the reader, where the map has several names.
    pub language: String,
    /// In which colours.
    pub style: Style,
}

/// The names of one window, drawn.
#[derive(Debug)]
pub struct Names {
    /// What they were placed for.
    pub wish: Wish,
    items: Vec<Item>,
}

#[derive(Debug)]
struct Item {
    sprite: Sprite,
    /// Where it belongs, in pixels of the flat world at the zoom of the wish.
    at: (i64, i64),
}

impl Names {
    /// Chooses, places and draws.
    pub fn place(town: &Town, letters: &Letters<'_>, wish: Wish) -> Names {
        if letters.is_empty() {
            return Names::none(wish);
        }
        let view = wish.view;
        // Names of scripts that join their letters would be written wrongly (see `lettering`): these readers get the names on the signs.
        let language = Some(wish.language.as_str()).filter(|language| !language.is_empty() && !locale::is_mirrored(language));
        let covers = [marker::legend_cover(letters, &view)];
        let placed = town.place_labels_beside(&covers, &view, language, &mut |text, size| letters.width_px(text, size));
        let (left, top) = origin(&view);
        let items = placed.iter().filter_map(|label| {
            let (sprite, (x, y)) = draw(letters, label, wish.style)?;
            Some(Item { sprite, at: (left + i64::from(x), top + i64::from(y)) })
        });
        Names { items: items.collect(), wish }
    }

    /// No names at all.
    pub fn none(wish: Wish) -> Names {
        Names { wish, items: Vec::new() }
    }

    /// Lays the names over a picture of a window; each stays at its place on the ground when that window has moved or zoomed since.
    pub fn lay(&self, view: &View, canvas: &mut Canvas<'_>) {
        let (left, top) = origin(view);
        let grown = (view.zoom - self.wish.view.zoom).exp2();
        for item in &self.items {
            let place = |at: i64, edge: i64| ((at as f64 * grown).round() as i64 - edge).clamp(-100_000, 100_000) as i32;
            item.sprite.lay(canvas, (place(item.at.0, left), place(item.at.1, top)));
        }
    }
}

/// The top left corner of a window that lies on whole pixels.
fn origin(view: &View) -> (i64, i64) {
    let corner = |center: f64, size: f64| (center * view.scale() - size / 2.0).round() as i64;
    (corner(view.x, view.width_px), corner(view.y, view.height_px))
}

/// The drawn label and the pixel of the window it belongs to.
fn draw(letters: &Letters<'_>, label: &Label, style: Style) -> Option<(Sprite, (i32, i32))> {
    let size = label.size_px;
    let middle = letters.capital_px(size) / 2.0;
    let mut path = PathBuilder::new();
    match &label.place {
        Place::Upright { lines } => {
            for (text, [x, y]) in lines {
                let start = x - letters.width_px(text, size) / 2.0;
                letters.write(text, size, &mut path, |along| ([start + along, y + middle], 0.0));
            }
        }
        Place::Along { path: line } => letters.write(&label.text, size, &mut path, |along| {
            let ([x, y], angle) = label::along(line, along);
            ([x - middle * angle.sin(), y + middle * angle.cos()], angle)
        }),
    }
    letter_sprite(&path.finish()?, label.ink.color(style), style.palette().halo)
}

/// Letters with a halo, and the pixel of the window their sprite belongs to.
fn letter_sprite(path: &Path, color: Color, around: Color) -> Option<(Sprite, (i32, i32))> {
    let bounds = path.bounds();
    let (left, top) = ((bounds.left() - HALO_PX).floor(), (bounds.top() - HALO_PX).floor());
    let (width, height) = ((bounds.right() + HALO_PX).ceil() - left, (bounds.bottom() + HALO_PX).ceil() - top);
    let mut picture = Pixmap::new(width as u32, height as u32)?;
    let moved = Transform::from_translate(-left, -top);
    let halo = Stroke { width: HALO_PX, line_join: LineJoin::Round, ..Stroke::default() };
    picture.stroke_path(path, &paint(around), &halo, moved, None);
    picture.fill_path(path, &paint(color), FillRule::Winding, moved, None);
    // The middle is what stays on the ground when the map is zoomed under the names.
    let (half_width, half_height) = (picture.width() as i32 / 2, picture.height() as i32 / 2);
    Some((Sprite::cut(&picture, (-half_width, -half_height)), (left as i32 + half_width, top as i32 + half_height)))
}
