//! Panes: a border with a title above and a note below.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear};

use crate::theme::Theme;

/// A pane's border; answers the room inside.
pub fn pane(frame: &mut Frame, area: Rect, theme: Theme, focused: bool, title: Line<'_>, note: Line<'_>) -> Rect {
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.border(focused))
        .style(theme.text())
        .title_top(title)
        .title_bottom(note);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    inside
}

/// A box in the middle, over everything; answers the room inside.
pub fn popup(frame: &mut Frame, area: Rect, theme: Theme, size: (u16, u16), title: Line<'_>, note: Line<'_>) -> Rect {
    let (width, height) = (size.0.min(area.width), size.1.min(area.height));
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 3, width, height };
    frame.render_widget(Clear, place);
    pane(frame, place, theme, true, title, note)
}
