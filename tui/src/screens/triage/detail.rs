//! The report that is read: text, answers, history, notes, record.

use api::{Case, Decision, Target};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Pane, State, list};
use crate::parts::frame::pane;
use crate::shared::Shared;
use crate::theme::Tone;
use crate::wording;

/// What a line is, so that it can be styled; plain mode prints the texts alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Fact,
    Quiet,
    Text,
    Heading,
    Warning,
}

/// Everything of a report, in the order in which one wants to know it.
pub fn lines(case: &Case, shared: &Shared) -> Vec<(Part, String)> {
    let (row, report) = (&case.row, &case.report);
    let summary = &report.summary;
    let moment = |at_ms| wording::moment(shared.now_ms, at_ms, shared.offset_s);
    let dot = shared.theme.dot();
    let mut lines = vec![(
        Part::Fact,
        format!(
            "{} {dot} {} {} {}",
            wording::kind(summary.kind),
            shared.category_name(&summary.category),
            shared.theme.arrow(),
            shared.department_name(&row.department)
        ),
    )];
    let mut standing = summary.status.words().to_owned();
    match row.assigned {
        Some(staff) if shared.is_me(staff) => standing += &format!(" {dot} yours"),
        Some(staff) => standing += &format!(" {dot} {} has it", shared.staff_name(staff)),
        None => standing += &format!(" {dot} nobody has it"),
    }
    if summary.status.is_open() {
        standing += &format!(" {dot} due {}", wording::due(shared.now_ms, row.due_ms));
    }
    lines.push((Part::Fact, standing));
    lines.push((
        Part::Quiet,
        format!(
            "{}{} {dot} came in {} {dot} {}{}{}",
            list::place(row),
            shared.district(summary.place.point).map_or_else(String::new, |part| format!(", {part}")),
            moment(summary.filed_ms),
            if summary.people == 1 { "1 person".to_owned() } else { format!("{} people", summary.people) },
            if summary.language.as_str() == "en" { String::new() } else { format!(" {dot} in {}", summary.language) },
            if summary.demo { format!(" {dot} demo") } else { String::new() },
        ),
    ));
    if let Some(until) = row.deferred_ms.filter(|until| *until > shared.now_ms) {
        lines.push((Part::Warning, format!("put aside until {}", wording::date(until, shared.offset_s))));
    }
    if row.hidden {
        let why = case.record.iter().rev().find_map(|record| match &record.decision {
            Some(Decision::Hide { target: Target::Report, reason, explanation }) => {
                Some(format!(": {}, \"{}\"", wording::reason(*reason), wording::one_line(explanation)))
            }
            _ => None,
        });
        lines.push((Part::Warning, format!("hidden from the public{}", why.unwrap_or_default())));
    }
    if row.provisional {
        lines.push((Part::Warning, "two boxes decided at the same time: set what holds".to_owned()));
    }
    if let Some(into) = report.merged_into {
        lines.push((Part::Warning, format!("folded into {}", into.reference())));
    }
    lines.push((Part::Quiet, String::new()));
    lines.extend(wording::harmless(&report.text).lines().map(|line| (Part::Text, line.to_owned())));
    if report.photo.is_some() {
        lines.push((Part::Quiet, "with a photo".to_owned()));
    }
    if !report.answers.is_empty() {
        lines.push((Part::Heading, "Answers".to_owned()));
        let questions = shared.category(&summary.category).map_or(&[][..], |category| &category.questions);
        for (code, answer) in &report.answers {
            let question = questions.iter().find(|question| question.code == *code);
            let name = question.map_or_else(|| code.to_string(), |question| wording::named(&question.names));
            let choice = question.and_then(|question| question.values.iter().find(|choice| choice.key.as_str() == answer));
            let answer = choice.map_or_else(|| wording::one_line(answer), |choice| wording::named(&choice.names));
            lines.push((Part::Fact, format!("  {name}: {answer}")));
        }
    }
    let said: Vec<_> = report.steps.iter().filter(|step| step.answer.is_some() || report.steps.len() > 1).collect();
    if !said.is_empty() {
        lines.push((Part::Heading, "History, as the public sees it".to_owned()));
        for step in said {
            let answer = step.answer.as_deref().map(|answer| format!(": \"{}\"", wording::one_line(answer))).unwrap_or_default();
            lines.push((Part::Fact, format!("  {} {}{answer}", moment(step.at_ms), step.status.words())));
        }
    }
    if !report.comments.is_empty() {
        lines.push((Part::Heading, "Comments".to_owned()));
        for (number, comment) in report.comments.iter().enumerate() {
            let who = if comment.by_reporter { " (who reported it)" } else { "" };
            let hidden = comment.hidden.map(|reason| format!(" [hidden: {}]", wording::reason(reason))).unwrap_or_default();
            let text = wording::one_line(&comment.text);
            lines.push((Part::Fact, format!("  {}. {}{who}{hidden} {text}", number + 1, moment(comment.at_ms))));
        }
    }
    if !case.merged.is_empty() {
        lines.push((Part::Heading, "Folded into this".to_owned()));
        for merged in &case.merged {
            lines.push((Part::Fact, format!("  {} {}", merged.reference, wording::one_line(&merged.title))));
        }
    }
    if !case.notes.is_empty() {
        lines.push((Part::Heading, "Notes, for colleagues only".to_owned()));
        for note in &case.notes {
            let who = note.by.map_or_else(|| "the box".to_owned(), |by| shared.staff_name(by));
            lines.push((Part::Fact, format!("  {} {who}: {}", moment(note.at_ms), wording::one_line(&note.text))));
        }
    }
    if !case.record.is_empty() {
        lines.push((Part::Heading, "Record".to_owned()));
        for record in &case.record {
            let taken = case.record.iter().any(|other| other.undoes == Some(record.event));
            let taken = if taken { " [taken back]" } else { "" };
            lines.push((Part::Quiet, format!("  {} {}{taken}", moment(record.at_ms), shared.record(record, &case.record))));
        }
    }
    lines
}

/// Draws the report.
pub fn view(state: &State, shared: &Shared, frame: &mut Frame, area: Rect) {
    let theme = shared.theme;
    let focused = state.pane == Pane::Detail;
    let Some(case) = state.reading() else {
        let title = state.selected.map_or_else(String::new, |report| format!(" {} ", report.reference()));
        let inside = pane(frame, area, theme, focused, Line::styled(title, theme.strong()), Line::default());
        let text = if state.selected.is_some() { "  reading…" } else { "  no report chosen" };
        frame.render_widget(Paragraph::new(Line::styled(text, theme.quiet())), inside);
        return;
    };
    let summary = &case.report.summary;
    let room = usize::from(area.width.saturating_sub(4));
    let title = wording::short(&format!("{}  {}", summary.reference, wording::one_line(&summary.title)), room);
    let mut wrapped: Vec<(Style, String)> = Vec::new();
    let width = usize::from(area.width.saturating_sub(3));
    let mut push = |style, line: &str| {
        let indent = line.len() - line.trim_start().len();
        for piece in wording::wrap(line.trim_start(), width.saturating_sub(indent)) {
            wrapped.push((style, format!("{}{piece}", " ".repeat(indent))));
        }
    };
    if let Some((_, news)) = state.news.as_ref().filter(|(report, _)| *report == summary.id) {
        push(theme.tone(Tone::News), &format!("just now, {news}"));
    }
    for (part, line) in lines(case, shared) {
        let style = match part {
            Part::Fact => theme.text(),
            Part::Quiet => theme.quiet(),
            Part::Text => theme.strong(),
            Part::Heading => theme.accent(),
            Part::Warning => theme.tone(Tone::Warn),
        };
        push(style, &line);
    }
    let rows = usize::from(area.height.saturating_sub(2));
    let top = state.scroll.min(wrapped.len().saturating_sub(rows));
    let note = if wrapped.len() > rows {
        format!(" {}-{} of {} ", top + 1, (top + rows).min(wrapped.len()), wrapped.len())
    } else {
        String::new()
    };
    let inside = pane(
        frame,
        area,
        theme,
        focused,
        Line::from(vec![Span::styled(format!(" {title} "), theme.strong())]),
        Line::styled(note, theme.quiet()).right_aligned(),
    );
    for (at, (style, line)) in wrapped.iter().skip(top).take(rows).enumerate() {
        let place = Rect { x: inside.x, y: inside.y + at as u16, width: inside.width, height: 1 };
        frame.render_widget(Paragraph::new(Line::styled(line.clone(), *style)), place);
    }
    if focused {
        frame.set_cursor_position(Position { x: inside.x, y: inside.y });
    }
}
