//! Rows under headings, with columns that give way when the room is small.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::wording;

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// Width; 0 takes what is left.
    pub width: usize,
    /// Whether its content stands at the right.
    pub right: bool,
}

/// The widths of the columns in `room`, one space between them; those of width 0 share what is left.
pub fn widths(columns: &[Column], room: usize) -> Vec<usize> {
    let gaps = columns.len().saturating_sub(1);
    let fixed: usize = columns.iter().map(|column| column.width).sum();
    let open = columns.iter().filter(|column| column.width == 0).count().max(1);
    let left = room.saturating_sub(fixed + gaps);
    let mut extra = left % open;
    columns
        .iter()
        .map(|column| match column.width {
            0 => {
                let more = usize::from(extra > 0);
                extra -= more;
                left / open + more
            }
            width => width,
        })
        .collect()
}

/// A row of cells, each with its style, in these columns.
pub fn row(columns: &[Column], widths: &[usize], cells: &[(String, Style)]) -> Line<'static> {
    let mut spans = Vec::new();
    for ((column, width), (text, style)) in columns.iter().zip(widths).zip(cells) {
        if !spans.is_empty() {
            spans.push(Span::raw(" "));
        }
        let text = if column.right {
            let text = wording::short(text, *width);
            format!("{}{text}", " ".repeat(width.saturating_sub(wording::columns(&text))))
        } else {
            wording::fit(text, *width)
        };
        spans.push(Span::styled(text, *style));
    }
    Line::from(spans)
}

/// The first row shown so that `selected` is among `height` rows, changing the old one no more than needed.
pub fn offset(old: usize, selected: usize, count: usize, height: usize) -> usize {
    let height = height.max(1);
    let lowest = (selected + 1).saturating_sub(height);
    old.clamp(lowest, selected.max(lowest)).min(count.saturating_sub(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_is_always_shown() {
        for (old, selected, count, height, expected) in
            [(0, 0, 0, 5, 0), (0, 7, 10, 5, 3), (9, 2, 10, 5, 2), (3, 4, 10, 5, 3), (8, 9, 10, 5, 5), (4, 1, 3, 5, 0)]
        {
            assert_eq!(offset(old, selected, count, height), expected, "{old} {selected} {count} {height}");
        }
    }

    #[test]
    fn open_columns_share_the_room() {
        let column = |width| Column { title: "", width, right: false };
        assert_eq!(widths(&[column(3), column(0), column(0)], 20), [3, 8, 7]);
        assert_eq!(widths(&[column(3), column(0)], 2), [3, 0]);
    }
}
