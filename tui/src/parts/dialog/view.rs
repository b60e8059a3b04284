//! How dialogs look.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Choose, Conflict, Dialog, Page, Prompt, Review, Write};
use crate::keys;
use crate::parts::frame::popup;
use crate::parts::table;
use crate::shared::Shared;
use crate::theme::Tone;
use crate::wording;

/// Draws a dialog over the screen; the hardware cursor goes where its keys act.
pub fn view(dialog: &Dialog, shared: &Shared, frame: &mut Frame, area: Rect) {
    match dialog {
        Dialog::Choose(choose) => view_choose(choose, shared, frame, area),
        Dialog::Write(write) => view_write(write, dialog, shared, frame, area),
        Dialog::Review(review) => {
            let lines = review_lines(review, shared);
            let title = format!(" {} ", wording::count(review.subjects.len(), "report"));
            scrolled(&title, lines, review.scroll, dialog, shared, frame, area);
        }
        Dialog::Conflict(conflict) => {
            scrolled(
                " Somebody else decided meanwhile ",
                conflict_lines(conflict, shared),
                conflict.scroll,
                dialog,
                shared,
                frame,
                area,
            );
        }
        Dialog::Page(Page { title, lines, scroll }) => {
            let heading = |line: &String| !line.starts_with(' ') && !line.is_empty();
            let lines = lines.iter().map(|line| (line.clone(), if heading(line) { Some(Tone::Warn) } else { None })).collect();
            scrolled(&format!(" {title} "), lines, *scroll, dialog, shared, frame, area);
        }
        Dialog::Filter(prompt) | Dialog::Line(prompt) => view_prompt(prompt, shared, frame, area),
    }
}

fn note(dialog: &Dialog, shared: &Shared) -> Line<'static> {
    let mut spans = Vec::new();
    for (key, word) in keys::footer(dialog.context()) {
        spans.push(Span::raw(" "));
        spans.push(Span::styled(key, shared.theme.accent()));
        spans.push(Span::styled(format!(" {word} "), shared.theme.text()));
    }
    Line::from(spans)
}

fn view_choose(choose: &Choose, shared: &Shared, frame: &mut Frame, area: Rect) {
    let theme = shared.theme;
    let shown = choose.shown();
    let widest = choose.choices.iter().map(|choice| wording::columns(&choice.name)).max().unwrap_or(0).min(34);
    let detail = choose.choices.iter().map(|choice| wording::columns(&choice.detail)).max().unwrap_or(0);
    let width = (widest + detail + 8).max(wording::columns(&choose.title) + 6).clamp(36, 96) as u16;
    // A list that is looked up while one types must not jump.
    let rows = if choose.live { 9 } else { choose.choices.len() as u16 };
    let width = if choose.live { 72 } else { width };
    let height = (rows + 3).min(area.height.saturating_sub(4)).max(6);
    let title = Line::styled(format!(" {} ", choose.title), theme.strong());
    let inside = popup(frame, area, theme, (width, height), title, note(&Dialog::Choose(choose.clone()), shared));
    if inside.height < 2 {
        return;
    }
    let typed = choose.typed.text();
    let hint = match (typed.is_empty(), choose.live) {
        (true, false) => "type to narrow",
        (true, true) => "street and number, A & B, a name, pharmacy near A",
        (false, _) => "",
    };
    let input = Line::from(vec![
        Span::styled(format!("{} ", theme.pointer()), theme.accent()),
        Span::styled(typed.to_owned(), theme.text()),
        Span::styled(hint, theme.quiet()),
    ]);
    frame.render_widget(Paragraph::new(input), Rect { height: 1, ..inside });
    let (_, column, _) = choose.typed.layout(usize::from(inside.width));
    let list = Rect { y: inside.y + 1, height: inside.height - 1, ..inside };
    let room = usize::from(list.width);
    let top = table::offset(0, choose.at, shown.len(), usize::from(list.height));
    for (row, choice) in shown.iter().enumerate().skip(top).take(usize::from(list.height)) {
        let place = Rect { y: list.y + (row - top) as u16, height: 1, ..list };
        let here = row == choose.at;
        let name = widest.min(room.saturating_sub(4));
        let rest = room.saturating_sub(name + 5);
        let style = if here { theme.row(true) } else { theme.text() };
        let quiet = if here { theme.row(true) } else { theme.quiet() };
        let sign = if here { theme.pointer() } else { " " };
        let line = Line::from(vec![
            Span::styled(format!("{sign} "), style),
            Span::styled(wording::fit(&choice.name, name), style),
            Span::styled("  ", style),
            Span::styled(wording::fit(&choice.detail, rest + 1), quiet),
        ]);
        frame.render_widget(Paragraph::new(line), place);
        if here && typed.is_empty() {
            frame.set_cursor_position(Position { x: place.x, y: place.y });
        }
    }
    if shown.is_empty() && !(choose.live && typed.is_empty()) {
        let place = Rect { height: 1, ..list };
        frame.render_widget(Paragraph::new(Line::styled("  nothing fits", theme.quiet())), place);
    }
    if !typed.is_empty() {
        frame.set_cursor_position(Position { x: inside.x + 2 + column as u16, y: inside.y });
    }
}

fn view_write(write: &Write, dialog: &Dialog, shared: &Shared, frame: &mut Frame, area: Rect) {
    let theme = shared.theme;
    let lines = write.purpose.lines();
    let size = (area.width.saturating_sub(4).min(76), if lines { (area.height * 2 / 3).clamp(8, 16) } else { 5 });
    let title = Line::styled(format!(" {} ", write.title), theme.strong());
    let inside = popup(frame, area, theme, size, title, note(dialog, shared));
    let hint_lines = wording::wrap(&write.hint, usize::from(inside.width.saturating_sub(1)));
    let hint_height = (hint_lines.len() as u16).min(inside.height.saturating_sub(2));
    for (row, line) in hint_lines.iter().take(usize::from(hint_height)).enumerate() {
        let place = Rect { y: inside.y + row as u16, height: 1, ..inside };
        frame.render_widget(Paragraph::new(Line::styled(line.clone(), theme.quiet())), place);
    }
    let text = Rect { y: inside.y + hint_height, height: inside.height.saturating_sub(hint_height), ..inside };
    if text.height == 0 {
        return;
    }
    let (wrapped, column, row) = write.editor.layout(usize::from(text.width));
    let top = (row + 1).saturating_sub(usize::from(text.height));
    for (at, line) in wrapped.iter().skip(top).take(usize::from(text.height)).enumerate() {
        let place = Rect { y: text.y + at as u16, height: 1, ..text };
        frame.render_widget(Paragraph::new(Line::styled(line.clone(), theme.strong())), place);
    }
    let used = write.editor.text().trim().chars().count();
    if lines && used * 10 > write.max * 8 {
        let count = format!("{used}/{}", write.max);
        let width = (count.len() as u16).min(text.width);
        let place = Rect { x: text.right() - width, y: text.bottom() - 1, width, height: 1 };
        frame.render_widget(Paragraph::new(Line::styled(count, theme.tone(Tone::Warn))), place);
    }
    let x = (text.x + column as u16).min(text.right().saturating_sub(1));
    frame.set_cursor_position(Position { x, y: text.y + (row - top) as u16 });
}

/// The list of a review, also for plain mode.
pub(crate) fn review_lines(review: &Review, shared: &Shared) -> Vec<(String, Option<Tone>)> {
    let mut lines = vec![(review.what.clone(), Some(Tone::Warn)), (String::new(), None)];
    for subject in &review.subjects {
        lines.push((format!("  {} {} {}", subject.reference, shared.theme.dot(), wording::one_line(&subject.title)), None));
    }
    lines
}

/// What the others did beside what one meant to do, also for plain mode.
pub(crate) fn conflict_lines(conflict: &Conflict, shared: &Shared) -> Vec<(String, Option<Tone>)> {
    let mut lines = Vec::new();
    for (subject, records) in &conflict.theirs {
        lines.push((format!("{} {}", subject.reference, wording::one_line(&subject.title)), Some(Tone::Warn)));
        for record in records {
            let at = wording::moment(shared.now_ms, record.at_ms, shared.offset_s);
            lines.push((format!("  + {at} {}", shared.record(record, records)), Some(Tone::News)));
        }
        if records.is_empty() {
            lines.push(("  + it changed; open it to see how".to_owned(), Some(Tone::News)));
        }
        lines.push((format!("  - yours, not done: {}", conflict.what), Some(Tone::Bad)));
        lines.push((String::new(), None));
    }
    lines
}

fn scrolled(
    title: &str,
    lines: Vec<(String, Option<Tone>)>,
    scroll: usize,
    dialog: &Dialog,
    shared: &Shared,
    frame: &mut Frame,
    area: Rect,
) {
    let theme = shared.theme;
    let most = area.width.saturating_sub(4).min(100);
    let widest = lines.iter().map(|(line, _)| wording::columns(line)).max().unwrap_or(0) as u16 + 4;
    let keys: usize = keys::footer(dialog.context()).iter().map(|(key, word)| key.len() + word.len() + 3).sum();
    let width = widest.max(wording::columns(title) as u16 + 4).max(keys as u16 + 4).clamp(30.min(most), most);
    let wrapped: Vec<(String, Option<Tone>)> = lines
        .into_iter()
        .flat_map(|(line, tone)| {
            let indent = line.len() - line.trim_start().len();
            let pieces = wording::wrap(line.trim_start(), usize::from(width).saturating_sub(3 + indent));
            pieces.into_iter().map(move |piece| (format!("{}{piece}", " ".repeat(indent)), tone))
        })
        .collect();
    let height = (wrapped.len() as u16).saturating_add(2).min(area.height.saturating_sub(2)).max(5);
    let inside = popup(frame, area, theme, (width, height), Line::styled(title.to_owned(), theme.strong()), note(dialog, shared));
    let rows = usize::from(inside.height);
    let top = scroll.min(wrapped.len().saturating_sub(rows));
    for (at, (line, tone)) in wrapped.iter().skip(top).take(rows).enumerate() {
        let place = Rect { y: inside.y + at as u16, height: 1, ..inside };
        let style = tone.map_or(theme.text(), |tone| theme.tone(tone));
        frame.render_widget(Paragraph::new(Line::styled(line.clone(), style)), place);
    }
    if wrapped.len() > rows && inside.height > 0 {
        let place = format!(" {}-{} of {} ", top + 1, (top + rows).min(wrapped.len()), wrapped.len());
        let width = (place.len() as u16).min(inside.width);
        let at = Rect { x: inside.right() - width, y: inside.y.saturating_sub(1), width, height: 1 };
        frame.render_widget(Paragraph::new(Line::styled(place, theme.quiet())), at);
    }
    frame.set_cursor_position(Position { x: inside.x, y: inside.y });
}

fn view_prompt(prompt: &Prompt, shared: &Shared, frame: &mut Frame, area: Rect) {
    let place = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
    frame.render_widget(ratatui::widgets::Clear, place);
    let (_, column, _) = prompt.editor.layout(usize::MAX / 2);
    let room = usize::from(place.width.saturating_sub(3));
    let text: String = {
        let mut skipped = 0;
        let skip = column.saturating_sub(room);
        prompt
            .editor
            .text()
            .chars()
            .skip_while(|c| {
                let hidden = skipped < skip;
                skipped += if hidden { wording::columns(c.encode_utf8(&mut [0; 4])) } else { 0 };
                hidden
            })
            .collect()
    };
    let hint = match (prompt.sign, prompt.editor.text().is_empty()) {
        ('/', true) => "words in reference, text, address, category or department",
        (':', true) => "a command; help lists all",
        _ => "",
    };
    let line = Line::from(vec![
        Span::styled(prompt.sign.to_string(), shared.theme.accent()),
        Span::styled(text, shared.theme.strong()),
        Span::styled(hint, shared.theme.quiet()),
    ]);
    frame.render_widget(Paragraph::new(line), place);
    frame.set_cursor_position(Position { x: place.x + 1 + column.min(room) as u16, y: place.y });
}
