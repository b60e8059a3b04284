//! The bar above, the screen, the status line and the keys below, dialogs over all.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::{App, dialog, health, keys, triage};
use crate::shared::Link;
use crate::theme::Tone;
use crate::wording;

/// Draws the console.
pub fn view(app: &App, frame: &mut Frame) {
    let area = frame.area();
    let theme = app.shared.theme;
    frame.render_widget(Block::new().style(theme.text()), area);
    if area.height < 5 || area.width < 20 {
        frame.render_widget(Paragraph::new("too small"), area);
        return;
    }
    let row = |y: u16| Rect { y, height: 1, ..area };
    bar(app, frame, row(area.y));
    let screen = Rect { y: area.y + 1, height: area.height - 3, ..area };
    triage::view(&app.triage, &app.shared, frame, screen);
    status(app, frame, row(area.bottom() - 2));
    footer(app, frame, row(area.bottom() - 1));
    for dialog in &app.dialogs {
        dialog::view(dialog, &app.shared, frame, area);
    }
    if theme.ascii {
        // Our own signs for what was cut off and what was made harmless; other letters are people's words.
        for cell in &mut frame.buffer_mut().content {
            match cell.symbol() {
                "…" => _ = cell.set_symbol("."),
                "\u{FFFD}" => _ = cell.set_symbol("?"),
                _ => {}
            }
        }
    }
}

fn bar(app: &App, frame: &mut Frame, area: Rect) {
    let theme = app.shared.theme;
    let room = usize::from(area.width);
    let clock = wording::clock(app.shared.now_ms, app.shared.offset_s);
    let (right, style) = match &app.shared.link {
        Link::Up => {
            let me = app.shared.me.as_ref().map(|me| wording::one_line(&me.me.name)).unwrap_or_default();
            (format!("{} {} {clock} ", wording::short(&me, if room < 60 { 12 } else { 24 }), theme.dot()), theme.bar())
        }
        Link::Connecting => (format!("connecting… {clock} "), theme.bar()),
        Link::Away { since_ms, .. } => {
            let since = wording::clock(*since_ms, app.shared.offset_s);
            let long = format!("THE SERVICE IS AWAY since {since}, trying again {} {clock} ", theme.dot());
            let short = format!("AWAY since {since} {} {clock} ", theme.dot());
            let text = if wording::columns(&long) + 12 <= room { long } else { short };
            (text, theme.tone(Tone::Bad).add_modifier(ratatui::style::Modifier::REVERSED))
        }
    };
    let left = room.saturating_sub(wording::columns(&right) + 1);
    let demo = app.shared.town.as_ref().is_some_and(|town| town.demo);
    let narrow = room < 60;
    let screen = if app.triage.town_map.is_some() { "Map" } else { "Triage" };
    // What invents must say so, however narrow the screen.
    let mut parts = match (demo, narrow) {
        (true, true) => vec![format!(" DEMO {} {screen}", theme.pointer())],
        (true, false) => vec![format!(" WeGovNow {} {screen}", theme.pointer()), "DEMO".to_owned()],
        (false, _) => vec![format!(" WeGovNow {} {screen}", theme.pointer())],
    };
    if let Some(town) = &app.shared.town {
        parts.push(wording::one_line(&town.name));
        parts.push(wording::one_line(&town.place_name));
        parts.push(wording::one_line(&town.version));
        if let Some(refuses) = &town.refuses {
            parts.insert(1, format!("NO NEW REPORTS: {}", wording::one_line(refuses).replace('_', " ")));
        }
    }
    if let Some(mark) = health::mark(&app.shared) {
        // Cut to what is there: the key in it leads to the whole.
        let used = parts.first().map_or(0, |first| wording::columns(first)) + 5;
        parts.insert(1, wording::short(&mark, left.saturating_sub(used)));
    }
    parts.retain(|part| !part.is_empty());
    let mut text = String::new();
    for part in parts {
        let longer = if text.is_empty() { part } else { format!("{text}  {}  {part}", theme.dot()) };
        if wording::columns(&longer) > left && !text.is_empty() {
            break;
        }
        text = longer;
    }
    let line = Line::from(vec![
        Span::styled(wording::fit(&text, left), theme.bar()),
        Span::styled(" ", theme.bar()),
        Span::styled(right, style),
    ]);
    frame.render_widget(Paragraph::new(line).style(theme.bar()), area);
}

/// The last thing that happened: one line, always here, also in the log.
fn status(app: &App, frame: &mut Frame, area: Rect) {
    let theme = app.shared.theme;
    let Some(entry) = app.shared.log.last() else { return };
    let sign = match entry.tone {
        Tone::Calm => "",
        Tone::News => "news: ",
        Tone::Warn => "note: ",
        Tone::Bad => "error: ",
    };
    let at = wording::moment(app.shared.now_ms, entry.at_ms, app.shared.offset_s);
    let text = format!(" {at} {sign}{}", entry.text);
    let line = Line::styled(wording::short(&text, usize::from(area.width)), theme.tone(entry.tone));
    frame.render_widget(Paragraph::new(line), area);
}

fn footer(app: &App, frame: &mut Frame, area: Rect) {
    let theme = app.shared.theme;
    let mut room = usize::from(area.width).saturating_sub(1);
    let mut spans = vec![Span::raw(" ")];
    let marks = app.triage.marks.len();
    let note = if marks > 0 && app.dialogs.is_empty() {
        format!("{marks} marked {} acts on {}", theme.arrow(), if marks == 1 { "it".to_owned() } else { format!("all {marks}") })
    } else {
        String::new()
    };
    room = room.saturating_sub(wording::columns(&note) + 1);
    for (key, word) in keys::footer(app.context()) {
        let width = key.len() + word.len() + 3;
        if width > room {
            break;
        }
        room -= width;
        spans.push(Span::styled(key, theme.accent()));
        spans.push(Span::styled(format!(" {word}  "), theme.text()));
    }
    if !note.is_empty() {
        spans.push(Span::raw(" ".repeat(room)));
        spans.push(Span::styled(note, theme.mark()));
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}
