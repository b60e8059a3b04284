//! How the triage screen is divided.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::{Pane, State, beside, detail, list, town};
use crate::shared::Shared;

/// Below this width one pane is shown at a time.
const FOLDED: u16 = 60;
/// From this width on list and report stand side by side.
const BROAD: u16 = 110;

/// Draws the screen.
pub fn view(state: &State, shared: &Shared, frame: &mut Frame, area: Rect) {
    if let Some(map) = &state.town_map {
        town::view(map, state, shared, frame, area);
        return;
    }
    let draw = |pane: Pane, frame: &mut Frame, area: Rect| match pane {
        Pane::List => list::view(state, shared, frame, area),
        Pane::Detail => detail::view(state, shared, frame, area),
        Pane::Beside => beside::view(state, shared, frame, area),
    };
    if state.zoomed || area.width < FOLDED || area.height < 12 {
        draw(state.pane, frame, area);
        return;
    }
    // The focused pane is drawn last, so that the cursor is its own.
    let mut places = if area.width >= BROAD {
        let left = area.width * 3 / 5;
        let (top, right) = (area.height * 3 / 5, area.width - left);
        [
            (Pane::List, Rect { width: left, ..area }),
            (Pane::Detail, Rect { x: area.x + left, width: right, height: top, ..area }),
            (Pane::Beside, Rect { x: area.x + left, y: area.y + top, width: right, height: area.height - top }),
        ]
    } else {
        let top = area.height * 2 / 5;
        let (left, bottom) = (area.width * 3 / 5, area.height - top);
        [
            (Pane::List, Rect { height: top, ..area }),
            (Pane::Detail, Rect { y: area.y + top, width: left, height: bottom, ..area }),
            (Pane::Beside, Rect { x: area.x + left, y: area.y + top, width: area.width - left, height: bottom }),
        ]
    };
    places.sort_by_key(|(pane, _)| *pane == state.pane);
    for (pane, place) in places {
        draw(pane, frame, place);
    }
}
