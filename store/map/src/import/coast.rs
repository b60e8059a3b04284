//! Closing the coastline into sea.
//!
//! OpenStreetMap draws the coast as lines with the water on their right. Within the rectangle of the extract, sea is what lies right
//! of them: each line is cut to the rectangle, and where it leaves, the sea's edge runs clockwise along the rectangle to the next
//! line that enters. Closed lines are islands (or, the other way round, sea of their own).
//!
//! Clipped extracts break the coast. A loose end inside the rectangle is joined to the nearest loose start when that is near, else led
//! straight to the nearest side; both are counted. If the sea then covers most buildings, the coast does not add up and is left out.

use super::repair::{Kind, Repairs, place};
use crate::shape::{contains, doubled_area};
use crate::world::{Rect, Spot};

/// Loose ends closer than this are one coast with a gap, in units (about 100 m).
const GAP: i64 = 1_000;

/// Pieces of coast with loose ends that mending is tried for: its time grows with the square of their number, and a coast in more
/// pieces is no coast.
const PIECES_MAX: usize = 5_000;

/// Rings of the sea (even-odd) inside the rectangle; none when there is no coast.
///
/// `coast` are chains with water on their right; closed ones have the same first and last spot.
pub fn sea(coast: Vec<Vec<Spot>>, land: &Rect, repairs: &mut Repairs) -> Vec<Vec<Spot>> {
    let loose = coast.iter().filter(|chain| chain.first() != chain.last()).count();
    if loose > PIECES_MAX {
        repairs.remark(format!("the coastline lies in {loose} pieces: no sea is drawn"));
        return Vec::new();
    }
    let (mut lines, mut rings) = (Vec::new(), Vec::new());
    for chain in mend(coast, land, repairs) {
        let closed = chain.len() >= 4 && chain.first() == chain.last();
        if closed && chain.iter().all(|spot| land.contains(*spot)) {
            rings.push(chain);
        } else {
            lines.extend(cut(&chain, land, closed));
        }
    }
    for line in &mut lines {
        lead_out(line, land, repairs);
    }
    let mut sea = close(lines, land);
    let has_shore = !sea.is_empty();
    // Largest first, so that a lake on an island in the sea is seen after the island.
    rings.sort_by_key(|ring| std::cmp::Reverse(doubled_area(ring).abs()));
    if !has_shore && rings.first().is_some_and(|ring| doubled_area(ring) < 0) {
        sea.push(frame(land));
    }
    for ring in rings {
        // Water on the right: a clockwise ring holds sea, the other way round an island.
        let (is_sea, in_sea) =
            (doubled_area(&ring) > 0, ring.first().is_some_and(|spot| contains(sea.iter().map(Vec::as_slice), *spot)));
        if is_sea != in_sea {
            sea.push(ring);
        } else {
            repairs.note(Kind::OddCoast, || ring.first().copied().map(place).unwrap_or_default());
        }
    }
    sea
}

/// Joins loose ends inside the rectangle to near loose starts.
fn mend(coast: Vec<Vec<Spot>>, land: &Rect, repairs: &mut Repairs) -> Vec<Vec<Spot>> {
    let mut chains: Vec<Vec<Spot>> = coast.into_iter().filter(|chain| chain.len() >= 2).collect();
    let mut index = 0;
    while index < chains.len() {
        let loose = |spot: Option<&Spot>| spot.copied().filter(|spot| land.contains(*spot));
        let end = loose(chains[index].last()).filter(|_| chains[index].first() != chains[index].last());
        let nearest = end.and_then(|end| {
            let distance =
                |start: Spot| (i64::from(start.x) - i64::from(end.x)).pow(2) + (i64::from(start.y) - i64::from(end.y)).pow(2);
            let starts = chains.iter().enumerate().filter(|(_, chain)| chain.first() != chain.last());
            let near = starts.filter_map(|(other, chain)| Some((distance(loose(chain.first())?), other)));
            near.filter(|(distance, _)| *distance < GAP * GAP).min()
        });
        match nearest {
            Some((_, other)) if other == index => {
                let first = chains[index][0];
                repairs.note(Kind::CoastGap, || place(first));
                chains[index].push(first);
                index += 1;
            }
            Some((_, other)) => {
                let tail = chains.remove(other);
                repairs.note(Kind::CoastGap, || tail.first().copied().map(place).unwrap_or_default());
                if other < index {
                    index -= 1;
                }
                chains[index].extend(tail);
            }
            None => index += 1,
        }
    }
    chains
}

/// The pieces of a chain inside the rectangle; where a piece was cut, its end lies on a side.
fn cut(chain: &[Spot], land: &Rect, closed: bool) -> Vec<Vec<Spot>> {
    let mut pieces: Vec<Vec<Spot>> = Vec::new();
    let mut open = false;
    for pair in chain.windows(2) {
        let [a, b] = pair else { continue };
        let Some((from, to)) = clip(*a, *b, land) else {
            open = false;
            continue;
        };
        if open && let Some(piece) = pieces.last_mut() {
            piece.push(to);
        } else if from != to || land.contains(*b) {
            pieces.push(vec![from, to]);
        } else {
            continue;
        }
        open = to == *b;
    }
    // A ring that starts inside is cut in the middle of its first piece: that piece belongs behind the last.
    if closed
        && pieces.len() > 1
        && pieces.first().and_then(|piece| piece.first()) == chain.first()
        && pieces.last().and_then(|piece| piece.last()) == chain.last()
    {
        let first = pieces.remove(0);
        if let Some(last) = pieces.last_mut() {
            last.extend(first.into_iter().skip(1));
        }
    }
    pieces.retain(|piece| piece.len() >= 2);
    pieces
}

/// The part of a straight line inside the rectangle (Liang and Barsky).
fn clip(a: Spot, b: Spot, land: &Rect) -> Option<(Spot, Spot)> {
    let (dx, dy) = (f64::from(b.x) - f64::from(a.x), f64::from(b.y) - f64::from(a.y));
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    let sides = [
        (-dx, f64::from(a.x) - f64::from(land.min.x)),
        (dx, f64::from(land.max.x) - f64::from(a.x)),
        (-dy, f64::from(a.y) - f64::from(land.min.y)),
        (dy, f64::from(land.max.y) - f64::from(a.y)),
    ];
    for (step, room) in sides {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            enter = enter.max(room / step);
        } else {
            leave = leave.min(room / step);
        }
    }
    if enter > leave {
        return None;
    }
    let at = |share: f64| {
        let spot = Spot { x: (f64::from(a.x) + dx * share).round() as i32, y: (f64::from(a.y) + dy * share).round() as i32 };
        Spot { x: spot.x.clamp(land.min.x, land.max.x), y: spot.y.clamp(land.min.y, land.max.y) }
    };
    Some((if enter > 0.0 { at(enter) } else { a }, if leave < 1.0 { at(leave) } else { b }))
}

/// Leads loose ends of a piece straight to the nearest side.
fn lead_out(line: &mut Vec<Spot>, land: &Rect, repairs: &mut Repairs) {
    if let Some(first) = line.first().copied().filter(|spot| side_place(*spot, land).is_none()) {
        repairs.note(Kind::CoastGap, || place(first));
        line.insert(0, nearest_side(first, land));
    }
    if let Some(last) = line.last().copied().filter(|spot| side_place(*spot, land).is_none()) {
        repairs.note(Kind::CoastGap, || place(last));
        line.push(nearest_side(last, land));
    }
}

fn nearest_side(spot: Spot, land: &Rect) -> Spot {
    let sides = [
        (spot.x - land.min.x, Spot { x: land.min.x, ..spot }),
        (land.max.x - spot.x, Spot { x: land.max.x, ..spot }),
        (spot.y - land.min.y, Spot { y: land.min.y, ..spot }),
        (land.max.y - spot.y, Spot { y: land.max.y, ..spot }),
    ];
    sides.into_iter().min_by_key(|(distance, _)| *distance).map_or(spot, |(_, side)| side)
}

/// How far along the sides, clockwise from the north-west corner; `None` away from them.
fn side_place(spot: Spot, land: &Rect) -> Option<i64> {
    let (width, height) = (i64::from(land.max.x) - i64::from(land.min.x), i64::from(land.max.y) - i64::from(land.min.y));
    let (x, y) = (i64::from(spot.x) - i64::from(land.min.x), i64::from(spot.y) - i64::from(land.min.y));
    if y == 0 {
        Some(x)
    } else if x == width {
        Some(width + y)
    } else if y == height {
        Some(width + height + (width - x))
    } else if x == 0 {
        Some(2 * width + height + (height - y))
    } else {
        None
    }
}

/// The rectangle as a closed ring, clockwise.
fn frame(land: &Rect) -> Vec<Spot> {
    let (min, max) = (land.min, land.max);
    vec![min, Spot { x: max.x, y: min.y }, max, Spot { x: min.x, y: max.y }, min]
}

/// Closes lines from side to side into rings, going clockwise along the sides from where one leaves to where the next enters.
fn close(lines: Vec<Vec<Spot>>, land: &Rect) -> Vec<Vec<Spot>> {
    let (width, height) = (i64::from(land.max.x) - i64::from(land.min.x), i64::from(land.max.y) - i64::from(land.min.y));
    let round = 2 * (width + height);
    let corners = [(0, 0), (width, 1), (width + height, 2), (2 * width + height, 3)];
    let frame = frame(land);
    let ends = |line: &Vec<Spot>| Some((side_place(*line.first()?, land)?, side_place(*line.last()?, land)?));
    let mut todo: Vec<(i64, i64, Vec<Spot>)> =
        lines.into_iter().filter_map(|line| ends(&line).map(|(enter, leave)| (enter, leave, line))).collect();
    todo.sort();
    let mut rings = Vec::new();
    while let Some((start, mut leave, mut ring)) = todo.pop() {
        // Each turn takes one line away, so this ends.
        loop {
            let ahead = |place: i64| (place - leave).rem_euclid(round);
            let next = todo.iter().enumerate().map(|(index, (enter, _, _))| (ahead(*enter), index)).min();
            let home = ahead(start);
            let next = next.filter(|(distance, _)| *distance < home);
            let target = next.map_or(home, |(distance, _)| distance);
            let mut turns: Vec<(i64, usize)> = corners.iter().map(|(place, corner)| (ahead(*place), *corner)).collect();
            turns.sort_unstable();
            ring.extend(
                turns
                    .iter()
                    .filter(|(distance, _)| *distance > 0 && *distance < target)
                    .filter_map(|(_, corner)| frame.get(*corner)),
            );
            match next {
                Some((_, index)) => {
                    let (_, next_leave, line) = todo.remove(index);
                    ring.extend(line);
                    leave = next_leave;
                }
                None => break,
            }
        }
        if let Some(first) = ring.first().copied() {
            ring.push(first);
        }
        ring.dedup();
        if ring.len() >= 4 {
            rings.push(ring);
        }
    }
    rings
}

#[cfg(test)]
mod tests;
