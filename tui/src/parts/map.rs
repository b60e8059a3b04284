//! A small map in characters: streets as braille lines, water and buildings as ground, reports as letters.
//!
//! Nothing depends on telling braille patterns apart: the letters and the list beside the map carry what matters.

use api::Point;
use map::{Class, Spot, View};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::theme::Theme;
use crate::wording;

/// A report on the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marker {
    /// Where.
    pub point: Point,
    /// What stands there.
    pub letter: char,
    /// The report that is read.
    pub main: bool,
}

/// What lies under a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ground {
    #[default]
    Land,
    Green,
    Water,
    Building,
}

/// What stands in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Nothing,
    Street,
    Name,
    Marker,
    Main,
}

/// A cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// What is written.
    pub sign: char,
    /// What it is.
    pub ink: Ink,
    /// What is under it.
    pub ground: Ground,
}

/// A drawn map: rows of cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Columns.
    pub width: usize,
    /// Cells, row by row.
    pub cells: Vec<Cell>,
}

impl Picture {
    /// The signs as lines of text.
    pub fn lines(&self) -> Vec<String> {
        self.cells.chunks(self.width.max(1)).map(|row| row.iter().map(|cell| cell.sign).collect()).collect()
    }
}

/// Dots of a braille cell by column and row (Unicode, "Braille Patterns": dots 1 to 8).
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// From this much over the width on, parts of town are named.
const PLACES_FROM_M: f64 = 1500.0;
/// A part of town has no length; it counts as a street of so many dots.
const PLACE_LENGTH: f64 = 1000.0;
/// A shorter stretch, in dots, carries no name.
const NAME_LENGTH_MIN: f64 = 10.0;

struct Canvas {
    width: usize,
    height: usize,
    dots: Vec<u8>,
}

impl Canvas {
    fn dot(&mut self, x: i64, y: i64) {
        if x < 0 || y < 0 {
            return;
        }
        let (x, y) = (x as usize, y as usize);
        let (column, row) = (x / 2, y / 4);
        if column < self.width && row < self.height {
            self.dots[row * self.width + column] |= DOTS[x % 2][y % 4];
        }
    }

    /// Straight lines from place to place. Answers the longest on the canvas, with its length.
    fn path(&mut self, places: impl Iterator<Item = (f64, f64)>) -> Option<(f64, [(f64, f64); 2])> {
        let mut longest: Option<(f64, [(f64, f64); 2])> = None;
        let mut last: Option<(f64, f64)> = None;
        for to in places {
            let Some(from) = last.replace(to) else { continue };
            let Some((from, to)) = clip(from, to, (self.width * 2) as f64, (self.height * 4) as f64) else { continue };
            self.line(from, to);
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            if longest.is_none_or(|(known, _)| length > known) {
                longest = Some((length, [from, to]));
            }
        }
        longest
    }

    /// A straight line (Bresenham) that lies on the canvas.
    fn line(&mut self, (x0, y0): (f64, f64), (x1, y1): (f64, f64)) {
        let (mut x, mut y) = (x0.floor() as i64, y0.floor() as i64);
        let (end_x, end_y) = (x1.floor() as i64, y1.floor() as i64);
        let (dx, dy) = ((end_x - x).abs(), -(end_y - y).abs());
        let (step_x, step_y) = ((end_x - x).signum(), (end_y - y).signum());
        let mut error = dx + dy;
        loop {
            self.dot(x, y);
            if x == end_x && y == end_y {
                break;
            }
            let doubled = 2 * error;
            if doubled >= dy {
                error += dy;
                x += step_x;
            }
            if doubled <= dx {
                error += dx;
                y += step_y;
            }
        }
    }
}

/// The part of a line in `0..width` × `0..height` (Liang and Barsky, 1984).
fn clip(from: (f64, f64), to: (f64, f64), width: f64, height: f64) -> Option<((f64, f64), (f64, f64))> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut start, mut end) = (0.0f64, 1.0f64);
    for (step, gap) in [(-dx, from.0), (dx, width - 0.01 - from.0), (-dy, from.1), (dy, height - 0.01 - from.1)] {
        if step == 0.0 {
            if gap < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            start = start.max(gap / step);
        } else {
            end = end.min(gap / step);
        }
    }
    let at = |share: f64| (from.0 + dx * share, from.1 + dy * share);
    (start <= end).then(|| (at(start), at(end)))
}

/// What of the town a map shows, and in how many cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// The place in the middle.
    pub center: Point,
    /// Metres over the width.
    pub across_m: f64,
    /// Columns and rows.
    pub size: (u16, u16),
}

impl Window {
    /// The same in dots: a cell is twice as high as wide and has two dots by four, so dots are square.
    fn view(&self) -> View {
        let middle = spot(self.center);
        let (width_px, height_px) = (f64::from(self.size.0) * 2.0, f64::from(self.size.1) * 4.0);
        let zoom = map::world::UNIT_ZOOM - (self.across_m / width_px / map::world::unit_m(middle.y)).max(1e-6).log2();
        View { x: f64::from(middle.x), y: f64::from(middle.y), zoom, width_px, height_px }
    }

    /// Column and row of a place, where the window shows it.
    pub fn cell(&self, point: Point) -> Option<(usize, usize)> {
        let (x, y) = self.view().pixel(spot(point));
        let (column, row) = ((x / 2.0).floor(), (y / 4.0).floor());
        let inside = (0.0..f64::from(self.size.0)).contains(&column) && (0.0..f64::from(self.size.1)).contains(&row);
        inside.then_some((column as usize, row as usize))
    }
}

fn spot(point: Point) -> Spot {
    map::Point { lat_e7: point.lat_e7, lon_e7: point.lon_e7 }.spot()
}

/// Draws what a window shows of the town.
pub fn draw(town: Option<&map::Town>, window: &Window, markers: &[Marker], ascii: bool) -> Picture {
    let (width, height) = (usize::from(window.size.0), usize::from(window.size.1));
    let empty = Cell { sign: ' ', ink: Ink::Nothing, ground: Ground::Land };
    let mut picture = Picture { width, cells: vec![empty; width * height] };
    if width == 0 || height == 0 {
        return picture;
    }
    let mut names = Vec::new();
    if let Some(town) = town {
        names = draw_town(town, &window.view(), window.across_m, ascii, &mut picture, height);
    }
    let taken: Vec<(usize, usize)> = markers.iter().filter_map(|marker| window.cell(marker.point)).collect();
    write_names(names, &taken, &mut picture, height);
    for marker in markers {
        if let Some((column, row)) = window.cell(marker.point) {
            let ink = if marker.main { Ink::Main } else { Ink::Marker };
            let at = &mut picture.cells[row * width + column];
            *at = Cell { sign: marker.letter, ink, ..*at };
        }
    }
    picture
}

/// A street's name and the dots round which it could stand, the best first.
struct Name {
    text: String,
    rank: u8,
    length: f64,
    at: Vec<(f64, f64)>,
}

fn draw_town(town: &map::Town, view: &View, across_m: f64, ascii: bool, picture: &mut Picture, height: usize) -> Vec<Name> {
    let width = picture.width;
    let mut canvas = Canvas { width, height, dots: vec![0; width * height] };
    let pixel = view.pixels();
    // The dots are coarser than a screen's pixels: ask for the details that a screen of this area would show.
    let drawing = town.features_of(view.rect(2.0), (view.zoom + 1.5).min(18.0), |class| is_drawn(class, across_m));
    let mut names: Vec<Name> = Vec::new();
    let mut crossings = Vec::new();
    for feature in drawing.iter() {
        if let Some(ground) = ground(feature.class) {
            fill(feature.parts(), &pixel, ground, picture, &mut crossings);
            continue;
        }
        if feature.class == Class::Place {
            let at = feature.parts().flatten().next().map(|spot| pixel(*spot));
            if let (Some(name), Some(at)) = (feature.name, at) {
                names.push(Name { text: wording::one_line(name), rank: u8::MAX, length: PLACE_LENGTH, at: vec![at] });
            }
            continue;
        }
        if feature.tunnel {
            continue;
        }
        for part in feature.parts() {
            let longest = canvas.path(part.iter().map(|spot| pixel(*spot)));
            let (Some(name), Some((length, [from, to]))) = (feature.name, longest) else { continue };
            if feature.class.is_way() && length >= NAME_LENGTH_MIN {
                // The middle is often taken by a report or another name.
                let along = |share: f64| (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
                let at = [0.5, 0.25, 0.75].map(along).to_vec();
                names.push(Name { text: wording::one_line(name), rank: feature.class.rank(), length, at });
            }
        }
    }
    for (cell, dots) in picture.cells.iter_mut().zip(&canvas.dots) {
        if *dots != 0 {
            cell.sign = if ascii {
                if dots.count_ones() > 2 { '+' } else { '.' }
            } else {
                char::from_u32(0x2800 + u32::from(*dots)).unwrap_or('+')
            };
            cell.ink = Ink::Street;
        }
    }
    names
}

/// What an area colours, if it does.
fn ground(class: Class) -> Option<Ground> {
    match class {
        Class::Park | Class::Wood | Class::Grass => Some(Ground::Green),
        Class::Sea | Class::Water => Some(Ground::Water),
        Class::Building => Some(Ground::Building),
        _ => None,
    }
}

/// What is drawn when the map shows so much.
fn is_drawn(class: Class, across_m: f64) -> bool {
    match class {
        Class::Building => across_m < 700.0,
        Class::Place => across_m > PLACES_FROM_M,
        Class::Footway | Class::Steps | Class::Cycleway | Class::Track | Class::Tram => false,
        Class::Service => across_m < 400.0,
        Class::Street | Class::Pedestrian => across_m < 2500.0,
        class => class.is_way() || ground(class).is_some() || matches!(class, Class::Rail | Class::River | Class::Stream),
    }
}

/// Colours the cells whose middle lies in the rings, by the even-odd rule. `crossings` is room to work in.
fn fill<'a>(
    rings: impl Iterator<Item = &'a [Spot]>,
    pixel: &impl Fn(Spot) -> (f64, f64),
    ground: Ground,
    picture: &mut Picture,
    crossings: &mut Vec<(usize, f64)>,
) {
    let height = picture.cells.len() / picture.width.max(1);
    crossings.clear();
    // The first row whose middle lies at or below a place.
    let row_at = |y: f64| ((y - 2.0) / 4.0).ceil().clamp(0.0, height as f64) as usize;
    for ring in rings {
        let mut last: Option<(f64, f64)> = None;
        for b in ring.iter().map(|spot| pixel(*spot)) {
            let Some(a) = last.replace(b) else { continue };
            for row in row_at(a.1.min(b.1))..row_at(a.1.max(b.1)) {
                let y = row as f64 * 4.0 + 2.0;
                crossings.push((row, a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0)));
            }
        }
    }
    crossings.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    for crossings in crossings.chunk_by(|a, b| a.0 == b.0) {
        for span in crossings.chunks_exact(2) {
            let [(row, from), (_, to)] = span else { continue };
            let first = ((from - 1.0) / 2.0).ceil().max(0.0) as usize;
            let end = (((to - 1.0) / 2.0).floor() + 1.0).clamp(0.0, picture.width as f64) as usize;
            let cells = picture.cells.get_mut(row * picture.width..).and_then(|row| row.get_mut(first..end));
            cells.into_iter().flatten().for_each(|cell| cell.ground = ground);
        }
    }
}

/// Writes the names of the biggest and longest streets, each once, where they touch nothing written.
fn write_names(mut names: Vec<Name>, taken: &[(usize, usize)], picture: &mut Picture, height: usize) {
    names.sort_by(|a, b| b.rank.cmp(&a.rank).then(b.length.total_cmp(&a.length)).then_with(|| a.text.cmp(&b.text)));
    let most = (height / 3).clamp(1, 24);
    let mut written: Vec<String> = Vec::new();
    let mut places: Vec<(usize, usize, usize)> = taken.iter().map(|(column, row)| (*column, column + 1, *row)).collect();
    for name in names {
        if written.len() >= most {
            break;
        }
        let length = wording::columns(&name.text);
        // Wide letters would shift what follows them; such names are left to the report's own lines.
        let simple = name.text.chars().count() == length;
        if written.contains(&name.text) || !simple || length + 2 > picture.width {
            continue;
        }
        let place = name.at.iter().filter(|at| at.0 >= 0.0 && at.1 >= 0.0).find_map(|at| {
            let (column, row) = ((at.0 / 2.0) as usize, (at.1 / 4.0) as usize);
            let start = column.saturating_sub(length / 2).min(picture.width - length);
            let touches = |(from, to, taken): &(usize, usize, usize)| *taken == row && *from <= start + length && start <= *to;
            let fits = row < height && column < picture.width && !places.iter().any(touches);
            fits.then_some((start, row))
        });
        let Some((start, row)) = place else { continue };
        for (offset, sign) in name.text.chars().enumerate() {
            let cell = &mut picture.cells[row * picture.width + start + offset];
            (cell.sign, cell.ink) = (sign, Ink::Name);
        }
        places.push((start, start + length, row));
        written.push(name.text);
    }
}

/// Puts a picture on the screen.
pub fn paint(picture: &Picture, frame: &mut Frame, area: Rect, theme: Theme) {
    for (row, cells) in picture.cells.chunks(picture.width.max(1)).enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            let position = (area.x + column as u16, area.y + row as u16);
            let Some(target) = frame.buffer_mut().cell_mut(position) else { continue };
            let mut style = match cell.ink {
                Ink::Nothing | Ink::Street => theme.street(),
                Ink::Name => theme.strong(),
                Ink::Marker => theme.mark().add_modifier(Modifier::UNDERLINED),
                Ink::Main => theme.mark().add_modifier(Modifier::REVERSED),
            };
            let fill = theme.fill(cell.ground);
            if let (Some(color), false) = (fill, cell.ink == Ink::Main) {
                style = style.bg(color);
            }
            // Without colours water is told by a sign of its own, sparse enough to read what lies in it.
            let bare = fill.is_none() && cell.ground == Ground::Water && cell.ink == Ink::Nothing;
            let sign = if bare && (row + column) % 4 == 0 && row % 2 == 0 { '~' } else { cell.sign };
            target.set_char(sign).set_style(style);
        }
    }
}

#[cfg(test)]
mod tests;
