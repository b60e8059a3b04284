//! Slots by place, in square cells of the coordinate grid.

use std::collections::BTreeMap;

use crate::geo::{Bounds, Point};

/// Side of a cell: 2^16 units of 1e-7 degrees, some 730 m from south to north.
const CELL_BITS: u32 = 16;

#[derive(Debug, Clone, Default)]
pub(super) struct Grid(BTreeMap<(i32, i32), Vec<u32>>);

impl Grid {
    pub fn insert(&mut self, point: &Point, slot: u32) {
        self.0.entry(cell(point)).or_default().push(slot);
    }

    pub fn remove(&mut self, point: &Point, slot: u32) {
        let cell = cell(point);
        if let Some(slots) = self.0.get_mut(&cell) {
            if let Some(at) = slots.iter().rposition(|other| *other == slot) {
                slots.swap_remove(at);
            }
            if slots.is_empty() {
                self.0.remove(&cell);
            }
        }
    }

    /// Every slot whose cell meets the rectangle; in no particular order.
    pub fn each(&self, bounds: &Bounds, mut f: impl FnMut(u32)) {
        self.cells(bounds, |slots| slots.iter().for_each(|slot| f(*slot)));
    }

    /// How many [`Grid::each`] calls.
    pub fn count(&self, bounds: &Bounds) -> usize {
        let mut count = 0;
        self.cells(bounds, |slots| count += slots.len());
        count
    }

    fn cells(&self, bounds: &Bounds, mut f: impl FnMut(&[u32])) {
        let (south, west) = cell(&bounds.min);
        let (north, east) = cell(&bounds.max);
        if south > north || west > east {
            return;
        }
        // Row by row where rows are fewer than cells that hold something; a rectangle can span the planet.
        if ((north - south) as usize) < self.0.len() {
            for row in south..=north {
                self.0.range((row, west)..=(row, east)).for_each(|(_, slots)| f(slots));
            }
        } else {
            let inside = |row: i32, column: i32| (south..=north).contains(&row) && (west..=east).contains(&column);
            self.0.iter().filter(|((row, column), _)| inside(*row, *column)).for_each(|(_, slots)| f(slots));
        }
    }
}

fn cell(point: &Point) -> (i32, i32) {
    (point.lat_e7 >> CELL_BITS, point.lon_e7 >> CELL_BITS)
}
