//! Beside the report: where it is, and what is near.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Pane, State};
use crate::parts::frame::pane;
use crate::parts::map::{self, Marker, Window};
use crate::shared::Shared;
use crate::wording;

/// How much of the town the map shows across, in metres, at its usual scale.
const ACROSS_M: f64 = 320.0;

/// Draws map and near reports.
pub fn view(state: &State, shared: &Shared, frame: &mut Frame, area: Rect) {
    let theme = shared.theme;
    let focused = state.pane == Pane::Beside;
    let across_m = ACROSS_M * f64::from(-state.closer).exp2();
    let across = wording::length(across_m);
    let place = state.selected.and_then(|report| state.row(report)).map(|row| row.summary.place.clone());
    let Some(place) = place else {
        let title = Line::styled(" map ", theme.strong());
        pane(frame, area, theme, focused, title, Line::default());
        return;
    };
    let near = state.reading().map_or(&[][..], |case| &case.near);
    // Near reports go below the map, or beside it where the room is flat.
    let flat = area.height < 14 && area.width >= 70;
    let listed = (near.len() as u16).min(if flat { area.height.saturating_sub(2) } else { (area.height / 3).min(5) });
    let title = Line::from(vec![Span::styled(" map ", theme.strong()), Span::styled(format!("{across} across "), theme.quiet())]);
    let more = near.len().saturating_sub(usize::from(listed));
    let note = match near.len() {
        0 => " nothing like it near ".to_owned(),
        _ if listed == 0 || more > 0 => format!(" {} {} near ", theme.near(), near.len()),
        _ => String::new(),
    };
    let inside = pane(frame, area, theme, focused, title, Line::styled(note, theme.quiet()));
    let (ground, list) = if flat {
        let width = inside.width / 2;
        let list = Rect {
            x: inside.x + width + 1,
            width: inside.width.saturating_sub(width + 1),
            height: listed.min(inside.height),
            ..inside
        };
        (Rect { width, ..inside }, list)
    } else {
        let height = inside.height.saturating_sub(listed);
        (Rect { height, ..inside }, Rect { y: inside.y + height, height: inside.height - height, ..inside })
    };
    let letter = state
        .selected
        .and_then(|report| state.row(report))
        .and_then(|row| shared.category(&row.summary.category))
        .map_or('X', |category| category.letter);
    let mut markers: Vec<Marker> =
        near.iter().zip('a'..='z').map(|(near, letter)| Marker { point: near.report.place.point, letter, main: false }).collect();
    markers.reverse();
    markers.push(Marker { point: place.point, letter, main: true });
    let window = Window { center: place.point, across_m, size: (ground.width, ground.height) };
    let picture = map::draw(shared.map.as_deref(), &window, &markers, theme.ascii);
    map::paint(&picture, frame, ground, theme);
    if shared.map.is_none() && ground.height > 1 {
        let text = Line::styled(wording::short(" no base map: wegovnowd town import", usize::from(ground.width)), theme.quiet());
        frame.render_widget(Paragraph::new(text), Rect { height: 1, ..ground });
    }
    for (at, (near, letter)) in near.iter().zip('a'..='z').take(usize::from(listed)).enumerate() {
        let text = format!(
            "{letter} {} {} m {} {} {} {}",
            theme.near(),
            near.distance_m,
            near.report.reference,
            near.report.status.words(),
            theme.dot(),
            wording::one_line(&near.report.title)
        );
        let line = Rect { y: list.y + at as u16, height: 1, ..list };
        frame.render_widget(Paragraph::new(Line::styled(wording::short(&text, usize::from(list.width)), theme.text())), line);
    }
    if focused {
        frame.set_cursor_position(Position { x: ground.x + ground.width / 2, y: ground.y + ground.height / 2 });
    }
}
