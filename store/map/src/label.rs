//! Which names go where: candidates by priority, placed without touching each other.
//!
//! Every candidate is bound to a place of the world that does not depend on the window: the place of a point, the inside of an area,
//! fixed steps along a way of OpenStreetMap. So names stay where they are while the map is moved, except at the window's edge, where
//! a name that would be cut is left out.

mod candidate;
mod grid;
mod street;

use std::collections::HashMap;

use crate::style::Ink;
use crate::world::View;
use grid::{Boxed, Grid};

use candidate::{Anchor, Candidate, Candidates};

pub(crate) use candidate::{NUMBERS_ZOOM, candidates, may_be_named};

/// A name placed on a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// What to write, already in the language asked for.
    pub text: String,
    /// Size of the letters in pixels (the em).
    pub size_px: f32,
    /// What it names, which says in which colour.
    pub ink: Ink,
    /// Where to write it.
    pub place: Place,
}

/// Where the letters of a label go, in pixels of the window.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// Upright, the middle of each line of text on its point, lines from top to bottom.
    Upright {
        /// Lines of text with the middle of each.
        lines: Vec<(String, [f32; 2])>,
    },
    /// Along a line: the middle line of the letters follows these points from the first letter to the last; reads left to right.
    Along {
        /// The piece of line under the text, as long as the text.
        path: Vec<[f32; 2]>,
    },
}

/// Pixels between names and the window's edge.
const EDGE_PX: f32 = 2.0;
/// Height of a line of text, in em.
const LINE_EM: f32 = 1.15;
/// Width in em above which an upright name is broken into lines.
const LINE_MAX_EM: f32 = 7.0;

/// An upright rectangle of the window that something else covers, in pixels: left, top, right, bottom.
pub type Cover = [f32; 4];

/// Places candidates in the window: higher priority first, none touching another or what is covered. The same input gives the same
/// labels.
pub(crate) fn place(
    candidates: Candidates<'_>,
    view: &View,
    covers: &[Cover],
    measure: &mut dyn FnMut(&str, f32) -> f32,
) -> Vec<Label> {
    let Candidates { mut list, streets } = candidates;
    list.sort_by(|a, b| a.order().cmp(&b.order()));
    let mut grid = Grid::new(view.width_px as f32, view.height_px as f32, EDGE_PX);
    let covered = covers.iter().map(|[left, top, right, bottom]| Boxed { min: [*left, *top], max: [*right, *bottom] });
    grid.take(&covered.collect::<Vec<_>>());
    let mut widths: HashMap<(&str, u32), f32> = HashMap::new();
    let mut width = |text, size: f32| *widths.entry((text, size.to_bits())).or_insert_with(|| measure(text, size));
    let mut placed: HashMap<&str, Vec<[f32; 2]>> = HashMap::new();
    let mut labels = Vec::new();
    for candidate in list {
        let (x, y) = view.pixel(candidate.spot);
        let middle = [x as f32, y as f32];
        if !grid.holds(middle) {
            continue;
        }
        let near = |other: &[f32; 2]| (other[0] - middle[0]).hypot(other[1] - middle[1]) < candidate.repeat_px;
        if placed.get(candidate.text).is_some_and(|others| others.iter().any(near)) {
            continue;
        }
        let size_px = candidate.size_px;
        let found = match candidate.anchor {
            Anchor::Spot => upright(&candidate, middle, &mut width, &grid),
            Anchor::Street { piece, at } => {
                let path = streets.path(piece, at, width(candidate.text, size_px), size_px);
                path.map(|path| (chain(&path, size_px), Place::Along { path })).filter(|(boxes, _)| grid.is_free(boxes))
            }
        };
        if let Some((boxes, place)) = found {
            grid.take(&boxes);
            placed.entry(candidate.text).or_default().push(middle);
            labels.push(Label { text: candidate.text.to_owned(), size_px, ink: candidate.ink, place });
        }
    }
    labels
}

/// The first free way to write an upright name: on its place, or where that is taken, just below or above.
fn upright<'t>(
    candidate: &Candidate<'t>,
    [x, y]: [f32; 2],
    width: &mut dyn FnMut(&'t str, f32) -> f32,
    grid: &Grid,
) -> Option<(Vec<Boxed>, Place)> {
    let size = candidate.size_px;
    let lines = wrap(candidate.text, size, width);
    if lines.iter().any(|(_, width)| *width > candidate.room_px) {
        return None;
    }
    let height = size * LINE_EM;
    let shifts: &[f32] = if candidate.movable { &[0.0, 0.9, -0.9, 1.8, -1.8] } else { &[0.0] };
    for shift in shifts {
        let top = y + shift * size - height * (lines.len() as f32 - 1.0) / 2.0;
        let middle = |line: usize| [x, top + height * line as f32];
        let margin = candidate.margin_px;
        let boxes: Vec<Boxed> = lines
            .iter()
            .enumerate()
            .map(|(line, (_, width))| Boxed::around(middle(line), width / 2.0 + margin, height / 2.0 + margin / 2.0))
            .collect();
        if grid.is_free(&boxes) {
            let lines = lines.iter().enumerate().map(|(line, (text, _))| (text.clone(), middle(line))).collect();
            return Some((boxes, Place::Upright { lines }));
        }
    }
    None
}

/// Breaks a long name at its spaces into up to three lines of about the same width; gives each with its width.
fn wrap<'t>(text: &'t str, size: f32, width: &mut dyn FnMut(&'t str, f32) -> f32) -> Vec<(String, f32)> {
    let whole = width(text, size);
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    if whole <= LINE_MAX_EM * size || words.len() < 2 {
        return vec![(text.to_owned(), whole)];
    }
    let widths: Vec<f32> = words.iter().map(|word| width(word, size)).collect();
    let space = width(" ", size);
    let line = |from: usize, to: usize| {
        let letters: f32 = widths.get(from..to).unwrap_or_default().iter().sum();
        (words.get(from..to).unwrap_or_default().join(" "), letters + space * (to - from).saturating_sub(1) as f32)
    };
    let widest = |lines: &[(String, f32)]| lines.iter().fold(0.0f32, |all, (_, width)| all.max(*width));
    let best = |all: Vec<Vec<(String, f32)>>| all.into_iter().min_by(|a, b| widest(a).total_cmp(&widest(b)));
    let count = words.len();
    let two = best((1..count).map(|cut| vec![line(0, cut), line(cut, count)]).collect());
    match two {
        Some(two) if widest(&two) <= LINE_MAX_EM * 1.4 * size || count < 3 => two,
        _ => {
            let cuts = (1..count).flat_map(|one| (one + 1..count).map(move |two| (one, two)));
            best(cuts.map(|(one, two)| vec![line(0, one), line(one, two), line(two, count)]).collect())
                .unwrap_or_else(|| vec![(text.to_owned(), whole)])
        }
    }
}

/// Boxes that cover letters along a line.
fn chain(path: &[[f32; 2]], size: f32) -> Vec<Boxed> {
    let length: f32 = path.windows(2).map(|pair| (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1])).sum();
    let count = (length / (size * 0.6)).ceil().max(1.0);
    (0..=count as usize)
        .map(|step| {
            let (middle, _) = along(path, length * step as f32 / count);
            Boxed::around(middle, size * 0.62, size * 0.62)
        })
        .collect()
}

/// The point at a distance along a line of points, and the direction there in radians, clockwise from the right.
pub fn along(path: &[[f32; 2]], distance_px: f32) -> ([f32; 2], f32) {
    let mut left = distance_px;
    let mut last = ([0.0, 0.0], 0.0);
    for pair in path.windows(2) {
        let [a, b] = pair else { continue };
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let length = dx.hypot(dy);
        let angle = dy.atan2(dx);
        if length > 0.0 && left <= length {
            let share = left / length;
            return ([a[0] + dx * share, a[1] + dy * share], angle);
        }
        left -= length;
        // Beyond the end the line goes on straight.
        last = if length > 0.0 { ([b[0] + dx / length * left, b[1] + dy / length * left], angle) } else { last };
    }
    last
}

#[cfg(test)]
mod tests;
