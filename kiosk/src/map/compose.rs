//! A frame's ground from tiles: rows of sharp tiles are copied, gaps are filled with stretched tiles of other zooms.

use map::style::{Color, Style};

use super::ground::{TILE_PX, Tile};
use super::sprite::Canvas;
use super::workers::{Pixels, There};

/// A rectangle of pixels, right and bottom edges excluded.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Span {
    left: i64,
    top: i64,
    right: i64,
    bottom: i64,
}

impl Span {
    fn within(self, other: Span) -> Option<Span> {
        let span = Span {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        };
        (span.left < span.right && span.top < span.bottom).then_some(span)
    }
}

/// Covers the whole canvas, whose top left corner is at `origin` in pixels of the flat world.
/// `coarse` stretches with a quarter of the pixels: for machines that are slow, while something moves.
pub fn ground(canvas: &mut Canvas<'_>, origin: (i64, i64), tiles: &[Tile], there: &There, coarse: bool) {
    let whole = Span { left: 0, top: 0, right: i64::from(canvas.size.0), bottom: i64::from(canvas.size.1) };
    let side = i64::from(TILE_PX);
    for (tile, pixels) in tiles.iter().zip(&there.tiles) {
        let (x, y) = tile.corner_px();
        let (left, top) = (x - origin.0, y - origin.1);
        let Some(seen) = (Span { left, top, right: left + side, bottom: top + side }).within(whole) else { continue };
        match pixels {
            Some(pixels) => copy(canvas, seen, (left, top), pixels),
            None => {
                clear(canvas, seen, tile.style);
                let place = |other: &Tile| cover(other, tile.zoom(), origin).within(seen);
                for level in levels(&there.others, if coarse { 1 } else { 2 }, place) {
                    for (other, pixels) in there.others.iter().filter(|(other, _)| other.zoom_milli == level) {
                        stretch(canvas, seen, origin, tile.zoom(), (other, pixels), coarse);
                    }
                }
            }
        }
    }
}

/// Which zooms to fill a gap from, in drawing order: the one that covers most of it, then at most so many more alike, each at its place in
/// the gap. More would be hidden by these, at the price of a frame.
fn levels(others: &[(Tile, Pixels)], more: usize, place: impl Fn(&Tile) -> Option<Span>) -> Vec<u32> {
    let mut areas: Vec<(u32, i64)> = Vec::new();
    for (other, _) in others {
        let area = place(other).map_or(0, |span| (span.right - span.left) * (span.bottom - span.top));
        match areas.last_mut().filter(|(zoom, _)| *zoom == other.zoom_milli) {
            Some((_, sum)) => *sum += area,
            None => areas.push((other.zoom_milli, area)),
        }
    }
    areas.retain(|(_, area)| *area > 0);
    // The most alike is the last: of equals it wins.
    let best = areas.iter().enumerate().max_by_key(|(at, (_, area))| (*area, *at)).map_or(0, |(at, _)| at);
    let after = areas.get(best + 1..).unwrap_or_default();
    let top = after.get(after.len().saturating_sub(more)..).unwrap_or_default();
    areas.get(best).into_iter().chain(top).map(|(zoom, _)| *zoom).collect()
}

fn copy(canvas: &mut Canvas<'_>, seen: Span, corner: (i64, i64), pixels: &[u8]) {
    let length = (seen.right - seen.left) as usize * 3;
    for y in seen.top..seen.bottom {
        let from = (((y - corner.1) * i64::from(TILE_PX) + seen.left - corner.0) * 3) as usize;
        let to = ((y * i64::from(canvas.size.0) + seen.left) * 3) as usize;
        if let (Some(to), Some(from)) = (canvas.rgb.get_mut(to..to + length), pixels.get(from..from + length)) {
            to.copy_from_slice(from);
        }
    }
}

fn clear(canvas: &mut Canvas<'_>, seen: Span, style: Style) {
    let Color(red, green, blue) = style.palette().land;
    let length = (seen.right - seen.left) as usize * 3;
    for y in seen.top..seen.bottom {
        let start = ((y * i64::from(canvas.size.0) + seen.left) * 3) as usize;
        for pixel in canvas.rgb.get_mut(start..start + length).unwrap_or_default().chunks_exact_mut(3) {
            pixel.copy_from_slice(&[red, green, blue]);
        }
    }
}

/// The pixels a tile of another zoom covers in a window at this zoom.
fn cover(other: &Tile, zoom: f64, origin: (i64, i64)) -> Span {
    let shrink = (other.zoom() - zoom).exp2();
    let side = i64::from(TILE_PX);
    let (x, y) = other.corner_px();
    let edge = |corner: i64, origin: i64| (corner as f64 / shrink).round() as i64 - origin;
    Span { left: edge(x, origin.0), top: edge(y, origin.1), right: edge(x + side, origin.0), bottom: edge(y + side, origin.1) }
}

/// Draws what a tile of another zoom shows of a gap, each pixel from the nearest one of the tile; each four from one when it is coarse.
fn stretch(canvas: &mut Canvas<'_>, gap: Span, origin: (i64, i64), zoom: f64, (other, pixels): (&Tile, &[u8]), coarse: bool) {
    let side = i64::from(TILE_PX);
    let shrink = (other.zoom() - zoom).exp2();
    let (x, y) = other.corner_px();
    let own = cover(other, zoom, origin);
    let Some(seen) = own.within(gap) else { return };
    let source = |at: i64, origin: i64, corner: i64| {
        let place = ((at + origin) as f64 + 0.5) * shrink - corner as f64;
        (place as i64).clamp(0, side - 1) as usize
    };
    let step = if coarse { 2 } else { 1 };
    let columns: Vec<usize> = (seen.left..seen.right).step_by(step).map(|at| source(at, origin.0, x) * 3).collect();
    let length = (seen.right - seen.left) as usize * 3;
    for at in (seen.top..seen.bottom).step_by(step) {
        let row = source(at, origin.1, y) * side as usize * 3;
        let Some(row) = pixels.get(row..row + side as usize * 3) else { return };
        let start = ((at * i64::from(canvas.size.0) + seen.left) * 3) as usize;
        let Some(to) = canvas.rgb.get_mut(start..start + length) else { return };
        for (to, from) in to.chunks_mut(3 * step).zip(&columns) {
            let Some(from) = row.get(*from..*from + 3) else { continue };
            for to in to.chunks_exact_mut(3) {
                to.copy_from_slice(from);
            }
        }
        if coarse && at + 1 < seen.bottom {
            let below = start + canvas.size.0 as usize * 3;
            if below + length <= canvas.rgb.len() {
                canvas.rgb.copy_within(start..start + length, below);
            }
        }
    }
}
