//! Reports that would lie upon one another on a map, drawn together: one cluster for those of a neighbourhood, at a given zoom.
//!
//! Reports are gathered in square cells of the flat world, each cell standing in the middle of what it holds; then cells that still come
//! too near to one another are joined, the larger ones taking in the smaller. Where the cells lie depends on the zoom alone, and what
//! is joined on the neighbourhood alone: panning changes no cluster, and every box draws the same ones.

use std::collections::BTreeMap;

use map::{Rect, Spot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Entry;
use crate::fact::{Kind, UnixMs};
use crate::geo::{Bounds, Point};
use crate::id::{CategoryCode, ReportId};

/// Side of a cell in pixels of the map: somewhat more than a marker that a finger can hit.
pub const CELL_PX: f64 = 72.0;
/// Clusters nearer to one another than this, in cells, are joined.
const JOIN_CELLS: f64 = 0.8;
/// How often cells are joined: the middle of what was joined may come near to another.
const ROUNDS: usize = 2;
/// How far a cell's fate reaches, in cells: in every round to what is near to what is near.
const REACH: i64 = 4 * ROUNDS as i64 + 1;
/// A window of more cells is clustered more coarsely; at most so many clusters are answered.
const CELLS_MAX: f64 = 16_384.0;

/// One report, or several that lie too near to one another to be told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cluster {
    /// The report's place, or the middle of all.
    pub point: Point,
    /// How many.
    pub count: u32,
    /// How many of them are open.
    pub open: u32,
    /// Which one, if it is one.
    pub report: Option<ReportId>,
    /// If all are of one kind.
    pub kind: Option<Kind>,
    /// If all are of one category.
    pub category: Option<CategoryCode>,
    /// The rectangle that holds all.
    pub bounds: Bounds,
    /// When any of them changed last, as the public saw it.
    pub updated_ms: UnixMs,
}

/// What a cell holds. Sums and extremes only, so that it does not matter what came first.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sum {
    count: u32,
    open: u32,
    x: i64,
    y: i64,
    /// The report with the least id: the only one, if there is but one.
    first: (ReportId, Point),
    kind: Option<Kind>,
    category: Option<u16>,
    bounds: Bounds,
    updated_ms: UnixMs,
}

impl Sum {
    fn of(entry: &Entry) -> Sum {
        Sum {
            count: 1,
            open: u32::from(entry.is_open()),
            x: i64::from(entry.spot.x),
            y: i64::from(entry.spot.y),
            first: (entry.id, entry.point),
            kind: Some(entry.kind),
            category: Some(entry.category),
            bounds: Bounds { min: entry.point, max: entry.point },
            updated_ms: entry.updated.ms(),
        }
    }

    fn add(&mut self, other: &Sum) {
        self.count += other.count;
        self.open += other.open;
        self.x += other.x;
        self.y += other.y;
        self.first = self.first.min(other.first);
        self.kind = self.kind.filter(|kind| other.kind == Some(*kind));
        self.category = self.category.filter(|category| other.category == Some(*category));
        let (min, max) = (&mut self.bounds.min, &mut self.bounds.max);
        min.lat_e7 = min.lat_e7.min(other.bounds.min.lat_e7);
        min.lon_e7 = min.lon_e7.min(other.bounds.min.lon_e7);
        max.lat_e7 = max.lat_e7.max(other.bounds.max.lat_e7);
        max.lon_e7 = max.lon_e7.max(other.bounds.max.lon_e7);
        self.updated_ms = self.updated_ms.max(other.updated_ms);
    }

    /// The middle of what it holds.
    fn middle(&self) -> Spot {
        let mean = |sum: i64| sum.div_euclid(i64::from(self.count)) as i32;
        Spot { x: mean(self.x), y: mean(self.y) }
    }

    fn cluster(self, code: &impl Fn(u16) -> Option<CategoryCode>) -> Cluster {
        let one = self.count == 1;
        let middle = self.middle().point();
        // The flat world is coarser than coordinates are: its grain must not carry the middle out of what it is the middle of.
        let (min, max) = (self.bounds.min, self.bounds.max);
        let middle =
            Point { lat_e7: middle.lat_e7.clamp(min.lat_e7, max.lat_e7), lon_e7: middle.lon_e7.clamp(min.lon_e7, max.lon_e7) };
        Cluster {
            point: if one { self.first.1 } else { middle },
            count: self.count,
            open: self.open,
            report: one.then_some(self.first.0),
            kind: self.kind,
            category: self.category.and_then(code),
            bounds: self.bounds,
            updated_ms: self.updated_ms,
        }
    }
}

type Cells = BTreeMap<(i64, i64), Sum>;

/// The cells of one window at one zoom.
pub(super) struct Clustering {
    window: Rect,
    /// Side of a cell, in units of the flat world.
    side: f64,
    cells: Cells,
}

impl Clustering {
    /// For a window; `zoom` as web maps count it. One that would show more than some thousand cells is seen from farther away.
    pub fn new(window: &Bounds, zoom: f64) -> Clustering {
        let corner = |point: Point| map::Point { lat_e7: point.lat_e7, lon_e7: point.lon_e7 };
        let window = Rect::from(map::Bounds { min: corner(window.min), max: corner(window.max) });
        let mut side = CELL_PX * (map::world::UNIT_ZOOM - zoom.clamp(0.0, 24.0)).exp2();
        let cells = |from: i32, to: i32, side: f64| (f64::from(to) - f64::from(from)) / side + 1.0;
        while cells(window.min.x, window.max.x, side) * cells(window.min.y, window.max.y, side) > CELLS_MAX {
            side *= 2.0;
        }
        Clustering { window, side, cells: Cells::new() }
    }

    /// What decides about the window: it and what is near.
    pub fn around(&self) -> Bounds {
        let units = (self.side * REACH as f64).min(f64::from(map::world::WORLD)) as i32;
        let around = self.window.grown(units);
        let (north_west, south_east) = (around.min.point(), around.max.point());
        // One unit of rounding on either side.
        let edge = |value: i32, by: i32, limit: i32| value.saturating_add(by).clamp(-limit, limit);
        Bounds {
            min: Point { lat_e7: edge(south_east.lat_e7, -50, 900_000_000), lon_e7: edge(north_west.lon_e7, -50, 1_800_000_000) },
            max: Point { lat_e7: edge(north_west.lat_e7, 50, 900_000_000), lon_e7: edge(south_east.lon_e7, 50, 1_800_000_000) },
        }
    }

    /// Takes in a report.
    pub fn add(&mut self, entry: &Entry) {
        let cell = |at: i32| (f64::from(at) / self.side).floor() as i64;
        let sum = Sum::of(entry);
        self.cells.entry((cell(entry.spot.x), cell(entry.spot.y))).and_modify(|cell| cell.add(&sum)).or_insert(sum);
    }

    /// Whether the cell's middle lies so near to the other's that they would be drawn upon one another.
    fn are_near(&self, one: &Sum, other: &Sum) -> bool {
        let (one, other) = (one.middle(), other.middle());
        let (dx, dy) = (f64::from(one.x) - f64::from(other.x), f64::from(one.y) - f64::from(other.y));
        dx.hypot(dy) < self.side * JOIN_CELLS
    }

    /// The largest cell that is near to this one, if it is larger; of equal ones the first.
    fn larger(&self, at: (i64, i64), cell: &Sum) -> Option<(i64, i64)> {
        let rank = |at: (i64, i64), cell: &Sum| (cell.count, std::cmp::Reverse(at));
        let rows = at.0 - 2..=at.0 + 2;
        let near = rows.flat_map(|column| self.cells.range((column, at.1 - 2)..=(column, at.1 + 2)));
        let near = near.filter(|(other_at, other)| rank(**other_at, other) > rank(at, cell) && self.are_near(cell, other));
        near.max_by_key(|(other_at, other)| rank(**other_at, other)).map(|(at, _)| *at)
    }

    /// Joins every cell with its larger neighbour, where that one has no larger neighbour of its own.
    fn join(&mut self) {
        let larger: BTreeMap<(i64, i64), (i64, i64)> =
            self.cells.iter().filter_map(|(at, cell)| Some((*at, self.larger(*at, cell)?))).collect();
        for (at, into) in &larger {
            if larger.contains_key(into) {
                continue;
            }
            if let Some(cell) = self.cells.remove(at)
                && let Some(into) = self.cells.get_mut(into)
            {
                into.add(&cell);
            }
        }
    }

    /// The clusters whose middle lies in the window, from west to east; `code` knows the category of a number.
    pub fn finish(mut self, code: impl Fn(u16) -> Option<CategoryCode>) -> Vec<Cluster> {
        (0..ROUNDS).for_each(|_| self.join());
        let inside = self.cells.into_values().filter(|cell| self.window.contains(cell.middle()));
        inside.map(|cell| cell.cluster(&code)).collect()
    }
}
