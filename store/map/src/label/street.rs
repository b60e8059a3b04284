//! Streets as lines to write on: ways of the same name joined where one goes on into the other.

use crate::world::{Spot, View};

/// The most a name may turn in all, in radians: 90 degrees.
const TURN_MAX: f32 = 1.57;
/// The most it may turn from one half letter to the next.
const KINK_MAX: f32 = 0.2;
/// The most two ways may turn where they meet and still be one line to write on: 45 degrees.
const JOINT_MAX: f32 = 0.8;
/// Share of half a name that may stand out beyond the end of its street.
const OVERHANG: f32 = 0.25;
/// Ways that one name may run over.
const WAYS_MAX: usize = 24;

/// A way in pixels of the window.
struct Piece {
    points: Vec<[f32; 2]>,
    /// Distance of each point from the first.
    along: Vec<f32>,
    /// Where it goes on at its first and its last point: the other piece, and whether it is entered at its last point.
    next: [Option<(usize, bool)>; 2],
}

/// All named ways of a window.
#[derive(Default)]
pub struct Streets<'t> {
    pieces: Vec<Piece>,
    ends: Vec<(Spot, &'t str, usize, bool)>,
}

impl<'t> Streets<'t> {
    /// Adds a way and gives its number and its length in pixels.
    pub fn add(&mut self, text: &'t str, spots: &[Spot], view: &View) -> Option<(usize, f32)> {
        let (first, last) = (spots.first()?, spots.last()?);
        let points: Vec<[f32; 2]> = spots
            .iter()
            .map(|spot| {
                let (x, y) = view.pixel(*spot);
                [x as f32, y as f32]
            })
            .collect();
        let mut length = 0.0;
        let mut along = vec![0.0];
        along.extend(points.windows(2).map(|pair| {
            length += distance(pair[0], pair[1]);
            length
        }));
        let piece = self.pieces.len();
        self.ends.push((*first, text, piece, false));
        self.ends.push((*last, text, piece, true));
        self.pieces.push(Piece { points, along, next: [None, None] });
        Some((piece, length))
    }

    /// Joins ways where they meet, the straightest pair first. What is joined at a place depends on the ways of that name there alone.
    pub fn join(&mut self) {
        let mut ends = std::mem::take(&mut self.ends);
        ends.sort();
        for meeting in ends.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
            let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
            for (a, one) in meeting.iter().enumerate() {
                for (b, other) in meeting.iter().enumerate().skip(a + 1) {
                    let turn = turn(self.outward(one.2, one.3), self.outward(other.2, other.3) + std::f32::consts::PI).abs();
                    if one.2 != other.2 && turn <= JOINT_MAX {
                        pairs.push((turn, a, b));
                    }
                }
            }
            pairs.sort_by(|one, other| one.0.total_cmp(&other.0).then_with(|| (one.1, one.2).cmp(&(other.1, other.2))));
            let mut joined = vec![false; meeting.len()];
            for (_, a, b) in pairs {
                if !joined[a] && !joined[b] {
                    (joined[a], joined[b]) = (true, true);
                    let (one, other) = (meeting[a], meeting[b]);
                    self.pieces[one.2].next[usize::from(one.3)] = Some((other.2, other.3));
                    self.pieces[other.2].next[usize::from(other.3)] = Some((one.2, one.3));
                }
            }
        }
    }

    /// The direction in which a piece leaves one of its ends, in radians.
    fn outward(&self, piece: usize, at_last: bool) -> f32 {
        let points = &self.pieces[piece].points;
        let (end, before) = if at_last { (points.last(), points.iter().rev().nth(1)) } else { (points.first(), points.get(1)) };
        match (end, before) {
            (Some(end), Some(before)) => (before[1] - end[1]).atan2(before[0] - end[0]),
            _ => 0.0,
        }
    }

    /// A line for letters of this size, `width` long, its middle `at` pixels along a piece; reads left to right. `None` where the street is too short or
    /// bends too much.
    pub fn path(&self, piece: usize, at: f32, width: f32, size: f32) -> Option<Vec<[f32; 2]>> {
        let middle = self.pieces.get(piece)?.at(at);
        let mut line = self.walk(piece, at, false, middle, width / 2.0)?;
        line.reverse();
        line.push(middle);
        line.extend(self.walk(piece, at, true, middle, width / 2.0)?);
        let (first, last) = (*line.first()?, *line.last()?);
        let (dx, dy) = (last[0] - first[0], last[1] - first[1]);
        // Straight up or down reads upwards, as on maps and book spines.
        let backwards = if dx.abs() < 0.03 * dy.abs() { dy > 0.0 } else { dx < 0.0 };
        if backwards {
            line.reverse();
        }
        let line = smooth(&line, size * 0.5);
        let directions: Vec<f32> = line.windows(2).map(|pair| (pair[1][1] - pair[0][1]).atan2(pair[1][0] - pair[0][0])).collect();
        // A letter that leans further than 100 degrees stands on its head.
        if directions.iter().any(|direction| direction.abs() > 1.75) {
            return None;
        }
        let turns = || directions.windows(2).map(|pair| turn(pair[0], pair[1]).abs());
        let whole: f32 = turns().sum();
        if whole > TURN_MAX || turns().any(|turn| turn > KINK_MAX) {
            return None;
        }
        Some(line)
    }

    /// Points from a place of a piece outwards, the last of them at the distance; `None` where the street ends well before.
    fn walk(&self, piece: usize, at: f32, forward: bool, from: [f32; 2], distance_px: f32) -> Option<Vec<[f32; 2]>> {
        let mut line = Vec::new();
        let (mut here, mut left) = (from, distance_px);
        let (mut piece, mut forward) = (self.pieces.get(piece)?, forward);
        let mut index = if forward {
            piece.along.partition_point(|along| *along <= at)
        } else {
            piece.along.partition_point(|along| *along < at).wrapping_sub(1)
        };
        for _ in 0..WAYS_MAX {
            while let Some(point) = piece.points.get(index) {
                let length = distance(here, *point);
                if length >= left {
                    let share = if length > 0.0 { left / length } else { 0.0 };
                    line.push([here[0] + (point[0] - here[0]) * share, here[1] + (point[1] - here[1]) * share]);
                    return Some(line);
                }
                if length > 0.0 {
                    line.push(*point);
                }
                (here, left) = (*point, left - length);
                index = if forward { index + 1 } else { index.wrapping_sub(1) };
            }
            let Some((next, at_last)) = piece.next[usize::from(forward)] else {
                if left > distance_px * OVERHANG {
                    return None;
                }
                let before = line.iter().rev().nth(1).copied().unwrap_or(from);
                let length = distance(before, here).max(0.001);
                line.push([0, 1].map(|axis| here[axis] + (here[axis] - before[axis]) / length * left));
                return Some(line);
            };
            piece = self.pieces.get(next)?;
            forward = !at_last;
            index = if forward { 1 } else { piece.points.len().wrapping_sub(2) };
        }
        None
    }
}

impl Piece {
    fn at(&self, at: f32) -> [f32; 2] {
        super::along(&self.points, at).0
    }
}

fn distance(a: [f32; 2], b: [f32; 2]) -> f32 {
    (b[0] - a[0]).hypot(b[1] - a[1])
}

/// From one direction to the other the short way round, in radians.
fn turn(from: f32, to: f32) -> f32 {
    use std::f32::consts::{PI, TAU};
    (to - from + PI).rem_euclid(TAU) - PI
}

/// The line in even steps, each point the mean of the line around it, so that letters do not jump at every vertex. A line that is
/// straight but for a pixel becomes straight.
fn smooth(line: &[[f32; 2]], step: f32) -> Vec<[f32; 2]> {
    let (Some(first), Some(last)) = (line.first(), line.last()) else { return Vec::new() };
    let chord = distance(*first, *last).max(0.001);
    let off = |point: &[f32; 2]| {
        ((last[0] - first[0]) * (point[1] - first[1]) - (last[1] - first[1]) * (point[0] - first[0])).abs() / chord
    };
    if line.iter().all(|point| off(point) < 1.0) {
        return vec![*first, *last];
    }
    let length: f32 = line.windows(2).map(|pair| distance(pair[0], pair[1])).sum();
    let count = (length / step).ceil().max(2.0) as usize;
    let mut even: Vec<[f32; 2]> = (0..=count).map(|index| super::along(line, length * index as f32 / count as f32).0).collect();
    for _ in 0..7 {
        let before = even.clone();
        for (point, three) in even.iter_mut().skip(1).zip(before.windows(3)) {
            *point = [0, 1].map(|axis| (three[0][axis] + three[1][axis] * 2.0 + three[2][axis]) / 4.0);
        }
    }
    even
}
