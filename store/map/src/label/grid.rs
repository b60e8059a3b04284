//! Which part of the window is taken by names already.

/// An upright rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Boxed {
    pub min: [f32; 2],
    pub max: [f32; 2],
}

impl Boxed {
    pub fn around([x, y]: [f32; 2], half_width: f32, half_height: f32) -> Boxed {
        Boxed { min: [x - half_width, y - half_height], max: [x + half_width, y + half_height] }
    }

    pub fn meets(&self, other: &Boxed) -> bool {
        self.min[0] < other.max[0] && other.min[0] < self.max[0] && self.min[1] < other.max[1] && other.min[1] < self.max[1]
    }
}

/// Width and height of a cell in pixels: about the height of two lines of text.
const CELL_PX: f32 = 40.0;

/// The window in cells, each with the boxes that reach into it.
pub struct Grid {
    window: Boxed,
    columns: usize,
    rows: usize,
    cells: Vec<Vec<Boxed>>,
}

impl Grid {
    /// An empty window; nothing may come nearer than `edge_px` to its sides.
    pub fn new(width_px: f32, height_px: f32, edge_px: f32) -> Grid {
        let count = |length: f32| (length.clamp(0.0, 100_000.0) / CELL_PX) as usize + 1;
        let (columns, rows) = (count(width_px), count(height_px));
        let window = Boxed { min: [edge_px, edge_px], max: [width_px - edge_px, height_px - edge_px] };
        Grid { window, columns, rows, cells: vec![Vec::new(); columns.saturating_mul(rows)] }
    }

    /// Whether the place lies in the window.
    pub fn holds(&self, [x, y]: [f32; 2]) -> bool {
        let window = &self.window;
        x >= window.min[0] && x <= window.max[0] && y >= window.min[1] && y <= window.max[1]
    }

    /// Whether all boxes lie in the window and touch nothing that is there.
    pub fn is_free(&self, boxes: &[Boxed]) -> bool {
        let free =
            |cell: usize, one: &Boxed| self.cells.get(cell).is_none_or(|there| !there.iter().any(|other| other.meets(one)));
        boxes.iter().all(|one| self.holds(one.min) && self.holds(one.max))
            && boxes.iter().all(|one| self.cells_of(one).all(|cell| free(cell, one)))
    }

    /// Marks the boxes as taken.
    pub fn take(&mut self, boxes: &[Boxed]) {
        for one in boxes {
            for cell in self.cells_of(one).collect::<Vec<_>>() {
                if let Some(cell) = self.cells.get_mut(cell) {
                    cell.push(*one);
                }
            }
        }
    }

    fn cells_of(&self, one: &Boxed) -> impl Iterator<Item = usize> + use<> {
        let cell = |place: f32, count: usize| ((place.max(0.0) / CELL_PX) as usize).min(count.saturating_sub(1));
        let (left, right) = (cell(one.min[0], self.columns), cell(one.max[0], self.columns));
        let (top, bottom) = (cell(one.min[1], self.rows), cell(one.max[1], self.rows));
        let columns = self.columns;
        (top..=bottom).flat_map(move |row| (left..=right).map(move |column| row * columns + column))
    }
}
