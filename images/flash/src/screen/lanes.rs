//! A lane for each medium: who it is, what is done to it, how fast, how long still, and how it ended.

use ratatui::Frame;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Look, Title, column, cut, rule, spread};
use unicode_width::UnicodeWidthStr;

use crate::amount;
use crate::board::{Board, Lane};
use crate::job::{Ended, Ending};

/// Lines that are not lanes.
const FRAME_LINES: usize = 4;

pub fn draw(frame: &mut Frame, board: &Board, title: &Title, look: Look) {
    let area = frame.area();
    let (width, height) = (area.width, usize::from(area.height));
    let room = height.saturating_sub(FRAME_LINES);
    let mut lines = vec![title.line(look, width), rule(look, width)];

    // As much for each as there is room for: three lines, two, or one.
    let count = board.lanes.len().max(1);
    let each = (room / count).clamp(1, 3);
    let shown = (room / each).min(board.lanes.len());
    let order = order(board, shown);
    for lane in order.iter().map(|number| &board.lanes[*number]) {
        if each == 1 {
            lines.push(short(lane, board, look, width));
        } else {
            lines.push(head(lane, look, width));
            lines.extend(state(lane, board, look, width));
            if each == 3 {
                lines.push(more(lane, look, width));
            }
        }
    }
    lines.resize(height.saturating_sub(2).max(lines.len()), Line::default());
    lines.push(rule(look, width));
    lines.push(foot(board, shown, look, width));
    frame.render_widget(Paragraph::new(lines), area);
}

/// Which lanes are shown where there is no room for all: those that run first, each group in its order.
fn order(board: &Board, shown: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (0..board.lanes.len()).collect();
    if shown < all.len() {
        all.sort_by_key(|number| match board.lanes[*number].ended.as_ref().map(|ended| ended.ending) {
            Some(Ending::Done) => 2,
            Some(_) => 0,
            None => 1,
        });
        all.truncate(shown);
    }
    all
}

fn head(lane: &Lane, look: Look, width: u16) -> Line<'static> {
    let left =
        format!(" {} {} {:>8}  {}", column(&lane.name, 8), column(&lane.model, 28), amount::bytes(lane.bytes), lane.serial);
    Line::styled(cut(&left, usize::from(width)), look.strong())
}

fn style(ending: Ending, look: Look) -> ratatui::style::Style {
    match ending {
        Ending::Done => look.good(),
        Ending::Refused | Ending::Stopped => look.warn(),
        Ending::Failed | Ending::Bad => look.bad(),
    }
}

fn sign(ending: Ending) -> &'static str {
    match ending {
        Ending::Done => "✓",
        Ending::Refused => "-",
        Ending::Stopped => "■",
        Ending::Failed | Ending::Bad => "✗",
    }
}

/// The third line: what did not fit in the second, else the last note.
fn more(lane: &Lane, look: Look, width: u16) -> Line<'static> {
    let room = usize::from(width).saturating_sub(7);
    if let Some(ended) = &lane.ended {
        let shown = cut(&result(ended), usize::from(width));
        let rest = match shown.strip_suffix('…') {
            Some(shown) => result(ended).strip_prefix(shown).unwrap_or_default().to_owned(),
            None => String::new(),
        };
        return Line::styled(format!("     {}", cut(&rest, room)), style(ended.ending, look));
    }
    Line::styled(format!("     {}", cut(lane.notes.last().map_or("", String::as_str), room)), look.warn())
}

fn result(ended: &Ended) -> String {
    format!("   {} {}: {}", sign(ended.ending), ended.ending, ended.text)
}

fn state(lane: &Lane, board: &Board, look: Look, width: u16) -> Option<Line<'static>> {
    let width = usize::from(width);
    if let Some(ended) = &lane.ended {
        return Some(Line::styled(cut(&result(ended), width), style(ended.ending, look)));
    }
    let figures = figures(lane, board);
    // What is left between the name of the phase and the figures.
    let room = width.saturating_sub(3 + 12 + figures.len() + 2);
    Some(Line::from(vec![
        Span::raw(format!("   {}", column(lane.phase, 12))),
        Span::styled(column(&bar(lane.permille(), room), room), look.good()),
        Span::raw(format!(" {figures}")),
    ]))
}

/// Aligned, so that they do not jump: ` 48 %  23.1 MB/s   1:05 left`.
fn figures(lane: &Lane, board: &Board) -> String {
    let percent = lane.permille().map_or_else(String::new, |permille| format!("{} %", permille / 10));
    let speed = lane.speed(board.now).map_or_else(String::new, |speed| format!("{}/s", amount::bytes(speed)));
    let rest = lane.rest(board.now).map_or_else(String::new, |rest| format!("{} left", amount::clock(rest)));
    format!("{percent:>5} {speed:>10} {rest:>12}")
}

/// Filled in eighths of a column.
fn bar(permille: Option<u16>, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = usize::from(permille.unwrap_or(0)) * width * 8 / 1000;
    let full = "█".repeat(eighths / 8) + EIGHTHS[eighths % 8];
    let rest = width.saturating_sub(full.width());
    // Without a size there is nothing to fill.
    full + &if permille.is_some() { "░" } else { " " }.repeat(rest)
}

/// The end of a serial: sticks of one box differ in the last digits.
fn tail(serial: &str, width: usize) -> String {
    let count = serial.chars().count();
    if count <= width { serial.to_owned() } else { format!("…{}", serial.chars().skip(count + 1 - width).collect::<String>()) }
}

/// All of a lane on one line.
fn short(lane: &Lane, board: &Board, look: Look, width: u16) -> Line<'static> {
    let who = format!(" {} {}", column(&lane.name, 8), column(&tail(&lane.serial, 16), 16));
    let width = usize::from(width);
    match &lane.ended {
        Some(ended) => {
            let text = format!("{who} {} {}: {}", sign(ended.ending), ended.ending, ended.text);
            Line::styled(cut(&text, width), style(ended.ending, look))
        }
        None => {
            let figures = figures(lane, board);
            let room = width.saturating_sub(26 + 12 + figures.len() + 2);
            Line::from(vec![
                Span::raw(format!("{who} {}", column(lane.phase, 12))),
                Span::styled(column(&bar(lane.permille(), room), room), look.good()),
                Span::raw(format!(" {figures}")),
            ])
        }
    }
}

fn foot(board: &Board, shown: usize, look: Look, width: u16) -> Line<'static> {
    let count = |is: &dyn Fn(Ending) -> bool| {
        board.lanes.iter().filter(|lane| lane.ended.as_ref().is_some_and(|ended| is(ended.ending))).count()
    };
    let done = count(&|ending| ending == Ending::Done);
    let wrong = count(&|ending| ending != Ending::Done);
    let running = board.lanes.len() - done - wrong;
    let mut text = format!(" {running} running, {done} done, {wrong} not");
    if shown < board.lanes.len() {
        text.push_str(&format!(" ({} not shown)", board.lanes.len() - shown));
    }
    let keys = if board.is_over() {
        ""
    } else if board.is_stopping {
        "stopping, wait"
    } else {
        "Ctrl-C stops"
    };
    spread(if wrong > 0 { look.bad() } else { look.strong() }, &text, keys, width)
}
