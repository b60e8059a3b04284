//! The queue: moving, marking, and how rows look.

use std::collections::BTreeSet;

use api::{Queue, ReportId, Row};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Pane, State, act};
use crate::effects::Effect;
use crate::keys::Command;
use crate::parts::frame::pane;
use crate::parts::table::{self, Column};
use crate::shared::Shared;
use crate::theme::Tone;
use crate::wording;

/// Rows or lines of a page.
const PAGE: usize = 10;

/// A movement: through the rows, or through the report that is read.
pub fn moved(state: &mut State, command: Command) -> Vec<Effect> {
    if state.pane == Pane::Detail {
        state.scroll = match command {
            Command::Down => state.scroll + 1,
            Command::Up => state.scroll.saturating_sub(1),
            Command::PageDown => state.scroll + PAGE,
            Command::PageUp => state.scroll.saturating_sub(PAGE),
            Command::Top => 0,
            _ => usize::from(u16::MAX),
        };
        return Vec::new();
    }
    let last = state.rows.len().saturating_sub(1);
    let at = state.position().unwrap_or(0);
    let to = match command {
        Command::Down => at + 1,
        Command::Up => at.saturating_sub(1),
        Command::PageDown => at + PAGE,
        Command::PageUp => at.saturating_sub(PAGE),
        Command::Top => 0,
        _ => last,
    };
    go(state, to.min(last))
}

fn go(state: &mut State, to: usize) -> Vec<Effect> {
    let report = state.rows.get(to).map(|row| row.summary.id);
    let effects = state.select(report);
    if let Some(from) = state.range.and_then(|range| state.rows.iter().position(|row| row.summary.id == range)) {
        let between = from.min(to)..=from.max(to);
        state.marks.extend(state.rows.iter().enumerate().filter(|(at, _)| between.contains(at)).map(|(_, row)| row.summary.id));
    }
    effects
}

/// The next or previous row that has the filter's words; among filtered rows, simply the next.
pub fn matched(state: &mut State, forward: bool, shared: &Shared) -> Vec<Effect> {
    let words = if state.filter.is_empty() { &state.words } else { &state.filter };
    let words: Vec<String> = words.split_whitespace().map(wording::folded).collect();
    let count = state.rows.len();
    let at = state.position().unwrap_or(0);
    let fits = |row: &Row| {
        let summary = &row.summary;
        let text = format!(
            "{}\n{}\n{}\n{}\n{}",
            summary.reference,
            summary.title,
            summary.place.address.as_deref().unwrap_or_default(),
            shared.category_name(&summary.category),
            shared.department_name(&row.department)
        );
        let text = wording::folded(&text);
        // Rows that the daemon filtered fit, even where their title is too short to show why.
        !state.filter.is_empty() || words.iter().all(|word| text.contains(word))
    };
    let next = (1..=count).map(|step| if forward { (at + step) % count } else { (at + count - step) % count });
    match next.into_iter().find(|at| state.rows.get(*at).is_some_and(fits)) {
        Some(to) => go(state, to),
        None => vec![Effect::Say(Tone::Warn, "no row has these words".to_owned())],
    }
}

/// Marks and ranges.
pub fn marked(state: &mut State, command: Command) -> Vec<Effect> {
    let all: BTreeSet<ReportId> = state.rows.iter().map(|row| row.summary.id).collect();
    match command {
        Command::Mark => {
            let Some(selected) = state.selected.filter(|selected| all.contains(selected)) else { return Vec::new() };
            if !state.marks.remove(&selected) {
                state.marks.insert(selected);
            }
            let to = (state.position().unwrap_or(0) + 1).min(state.rows.len().saturating_sub(1));
            return go(state, to);
        }
        Command::Range => match state.range.take() {
            Some(_) => {}
            None => {
                state.range = state.selected;
                state.marks.extend(state.selected);
            }
        },
        Command::MarkAll => {
            state.marks = all;
            if (state.rows.len() as u32) < state.total {
                let text =
                    format!("marked the {} shown of {}; narrow the filter to reach the others", state.rows.len(), state.total);
                return vec![Effect::Say(Tone::Warn, text)];
            }
        }
        Command::Invert => state.marks = all.difference(&state.marks).copied().collect(),
        _ => {
            state.marks.clear();
            state.range = None;
        }
    }
    Vec::new()
}

/// `mark all`, `mark none`, `mark 1 3 R-4F7K2M`.
pub fn mark_named(state: &mut State, what: &[String]) -> Vec<Effect> {
    match what {
        [word] if word == "all" => return marked(state, Command::MarkAll),
        [word] if word == "none" => return marked(state, Command::Unmark),
        _ => {}
    }
    let mut effects = Vec::new();
    for word in what {
        let reference = if word.parse::<usize>().is_ok() { format!("#{word}") } else { word.to_uppercase() };
        match act::find(state, &reference) {
            Ok(row) if state.rows.iter().any(|known| known.summary.id == row.summary.id) => {
                state.marks.insert(row.summary.id);
            }
            Ok(_) => effects.push(Effect::Say(Tone::Bad, format!("{reference} is not in this list"))),
            Err(error) => effects.push(Effect::Say(Tone::Bad, error)),
        }
    }
    effects
}

/// Letters that say how a row stands: help explains them.
pub fn flags(row: &Row, shared: &Shared) -> String {
    let mut flags = String::new();
    if row.summary.status.is_open() && row.due_ms < shared.now_ms {
        flags.push('O');
    }
    match row.assigned {
        Some(staff) if shared.is_me(staff) => flags.push('@'),
        Some(_) => flags.push('a'),
        None => {}
    }
    if row.deferred_ms.is_some_and(|until| until > shared.now_ms) {
        flags.push('Z');
    }
    if row.hidden {
        flags.push('H');
    }
    if row.provisional {
        flags.push('C');
    }
    flags
}

/// Where a report is, in words.
pub fn place(row: &Row) -> String {
    row.summary.place.address.as_deref().map_or_else(|| "no address".to_owned(), wording::one_line)
}

/// The queues with their sizes, as many words as fit.
fn tabs(state: &State, shared: &Shared, width: u16) -> Line<'static> {
    let counts = &state.counts;
    let count = |queue| match queue {
        Queue::New => counts.new,
        Queue::Mine => counts.mine,
        Queue::Waiting => counts.waiting,
        Queue::Overdue => counts.overdue,
        Queue::All => counts.all,
        Queue::Closed => counts.closed,
        Queue::Hidden => counts.hidden,
    };
    let theme = shared.theme;
    let build = |shown: usize, names: bool| {
        let mut spans: Vec<Span> = Vec::new();
        for (digit, queue) in (1..).zip(wording::QUEUES) {
            let here = queue == state.queue;
            if digit > shown && !here {
                continue;
            }
            let gap = if names { format!(" {} ", theme.dot()) } else { " ".to_owned() };
            spans.push(Span::styled(if spans.is_empty() { " ".to_owned() } else { gap }, theme.quiet()));
            // Brackets tell the open queue where there are no colours.
            let (name, count) = (wording::queue(queue), count(queue));
            spans.push(match (here, names) {
                (true, _) => Span::styled(format!("[{digit} {name} {count}]"), theme.row(true)),
                (false, true) => Span::styled(format!("{digit} {name} {count}"), theme.text()),
                (false, false) => Span::styled(format!("{digit}:{count}"), theme.text()),
            });
        }
        spans.push(Span::raw(" "));
        Line::from(spans)
    };
    // The last queues give way first, then the names.
    let candidates = [(7, true), (6, true), (5, true), (5, false), (0, true)].map(|(shown, names)| build(shown, names));
    let fits = |line: &Line| line.width() + 2 <= usize::from(width);
    candidates.into_iter().find(fits).unwrap_or_default()
}

/// Draws the queue.
pub fn view(state: &State, shared: &Shared, frame: &mut Frame, area: Rect) {
    let theme = shared.theme;
    let focused = state.pane == Pane::List;
    let mut notes = Vec::new();
    if !state.marks.is_empty() {
        notes.push(format!("{} marked", state.marks.len()));
    }
    if state.range.is_some() {
        notes.push("range".to_owned());
    }
    if !state.filter.is_empty() {
        notes.push(format!("/{} ({})", wording::short(&state.filter, 30), state.total));
    }
    if (state.rows.len() as u32) < state.total {
        notes.push(format!("first {} of {}", state.rows.len(), state.total));
    }
    let held = state.pending.iter().filter(|pending| pending.held).count();
    if held > 0 {
        notes.push(format!("{} waiting for the service", wording::count(held, "decision")));
    }
    let note = if notes.is_empty() { String::new() } else { format!(" {} ", notes.join(&format!(" {} ", theme.dot()))) };
    let inside = pane(frame, area, theme, focused, tabs(state, shared, area.width), Line::styled(note, theme.mark()));
    if state.rows.is_empty() {
        let text = match (state.list_ticket, state.filter.is_empty()) {
            (Some(_), _) => "reading…",
            (None, true) => "nothing here",
            (None, false) => "no report has these words; Esc shows all",
        };
        frame.render_widget(Paragraph::new(Line::styled(format!("  {text}"), theme.quiet())), inside);
        frame.set_cursor_position(Position { x: inside.x, y: inside.y });
        return;
    }
    if inside.width < 60 { view_folded(state, shared, frame, inside) } else { view_table(state, shared, frame, inside) }
}

fn view_table(state: &State, shared: &Shared, frame: &mut Frame, inside: Rect) {
    let theme = shared.theme;
    let wide = inside.width >= 100;
    let mut columns = vec![
        Column { title: "", width: 2, right: false },
        Column { title: "#", width: if state.rows.len() > 99 { 4 } else { 2 }, right: true },
        Column { title: "age", width: 6, right: true },
        Column { title: "kind", width: 4, right: false },
        Column { title: "where", width: usize::from(inside.width.saturating_sub(30) * 9 / 20).clamp(12, 34), right: false },
        Column { title: "what", width: 0, right: false },
    ];
    if wide {
        columns.push(Column { title: "status", width: 11, right: false });
    }
    columns.push(Column { title: "ppl", width: 3, right: true });
    columns.push(Column { title: "near", width: 4, right: true });
    columns.push(Column { title: "", width: 3, right: false });
    let widths = table::widths(&columns, usize::from(inside.width));
    let heading: Vec<_> = columns.iter().map(|column| (column.title.to_owned(), theme.quiet())).collect();
    frame.render_widget(Paragraph::new(table::row(&columns, &widths, &heading)), Rect { height: 1, ..inside });
    let list = Rect { y: inside.y + 1, height: inside.height.saturating_sub(1), ..inside };
    let at = state.position();
    let top = table::offset(state.top.get(), at.unwrap_or(0), state.rows.len(), usize::from(list.height));
    state.top.set(top);
    for (number, row) in state.rows.iter().enumerate().skip(top).take(usize::from(list.height)) {
        let y = list.y + (number - top) as u16;
        let here = at == Some(number);
        let style = if here { theme.row(state.pane == Pane::List) } else { theme.text() };
        let quiet = if here { style } else { theme.quiet() };
        let mark = state.marks.contains(&row.summary.id);
        let letter = shared.category(&row.summary.category).map_or(' ', |category| category.letter);
        let kind = format!("{}{letter}", wording::kind_sign(row.summary.kind));
        let signs = format!("{}{}", if here { theme.pointer() } else { " " }, if mark { theme.marked() } else { " " });
        let mut cells = vec![
            (signs, if here { style } else { theme.mark() }),
            ((number + 1).to_string(), quiet),
            (wording::age(shared.now_ms, row.summary.filed_ms), style),
            (kind, if here { style } else { theme.accent() }),
            (place(row), style),
            (wording::one_line(&row.summary.title), style),
        ];
        if wide {
            cells.push((row.summary.status.words().to_owned(), style));
        }
        cells.push((row.summary.people.to_string(), style));
        cells.push((if row.near > 0 { format!("{}{}", theme.near(), row.near) } else { String::new() }, quiet));
        cells.push((flags(row, shared), if here { style } else { theme.tone(Tone::Warn) }));
        let line = table::row(&columns, &widths, &cells).style(style);
        frame.render_widget(Paragraph::new(line).style(style), Rect { y, height: 1, ..list });
        if here {
            frame.set_cursor_position(Position { x: list.x, y });
        }
    }
}

/// Two lines a row, for narrow screens: nothing is cut off that a wide screen shows.
fn view_folded(state: &State, shared: &Shared, frame: &mut Frame, inside: Rect) {
    let theme = shared.theme;
    let at = state.position();
    let rows = usize::from(inside.height / 2).max(1);
    let top = table::offset(state.top.get(), at.unwrap_or(0), state.rows.len(), rows);
    state.top.set(top);
    let room = usize::from(inside.width);
    for (number, row) in state.rows.iter().enumerate().skip(top).take(rows) {
        let y = inside.y + 2 * (number - top) as u16;
        let here = at == Some(number);
        let style = if here { theme.row(state.pane == Pane::List) } else { theme.text() };
        let mark = if state.marks.contains(&row.summary.id) { theme.marked() } else { " " };
        let letter = shared.category(&row.summary.category).map_or(' ', |category| category.letter);
        let near = if row.near > 0 { format!(" {}{}", theme.near(), row.near) } else { String::new() };
        let right = format!(" {}p{near} {}", row.summary.people, flags(row, shared));
        let left = format!(
            "{}{mark}{} {}{letter} {}",
            if here { theme.pointer() } else { " " },
            number + 1,
            wording::kind_sign(row.summary.kind),
            place(row)
        );
        let left = wording::fit(&left, room.saturating_sub(wording::columns(&right)));
        let age = wording::age(shared.now_ms, row.summary.filed_ms);
        let second = wording::fit(&format!("    {age} {} {}", theme.dot(), wording::one_line(&row.summary.title)), room);
        let first = Rect { y, height: 1, ..inside };
        frame.render_widget(Paragraph::new(Line::styled(format!("{left}{right}"), style)).style(style), first);
        if y + 1 < inside.bottom() {
            let quiet = if here { style } else { theme.quiet() };
            frame.render_widget(Paragraph::new(Line::styled(second, quiet)).style(quiet), Rect { y: y + 1, ..first });
        }
        if here {
            frame.set_cursor_position(Position { x: inside.x, y });
        }
    }
}
