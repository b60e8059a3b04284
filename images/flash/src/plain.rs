//! What runs without a screen: lines for people, and lines of JSON for programs.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use crate::amount;
use crate::board::{Board, Lane};
use crate::fleet::View;
use crate::inventory::{Disk, Verdict};
use crate::job::Event;

/// Percent between two lines of a phase.
const STEP: u16 = 10;

/// At most so long without a line.
const QUIET: Duration = Duration::from_secs(30);

/// A line for each phase, each tenth of it, each note and each end.
pub struct Plain<W: Write> {
    out: W,
    /// Tenth and time of the last line, by lane.
    last: Vec<(u16, Duration)>,
}

impl<W: Write> Plain<W> {
    pub fn new(out: W) -> Plain<W> {
        Plain { out, last: Vec::new() }
    }

    pub fn into_inner(self) -> W {
        self.out
    }

    fn line(&mut self, text: &str) {
        // Nobody reads: the work goes on, and the receipt says how it ended.
        let _ = writeln!(self.out, "{text}").and_then(|()| self.out.flush());
    }
}

impl<W: Write> View for Plain<W> {
    fn show(&mut self, board: &Board, told: Option<(usize, &Event)>) {
        self.last.resize(board.lanes.len(), (0, Duration::ZERO));
        let Some((number, event)) = told else { return };
        let lane = &board.lanes[number];
        let name = format!("{} {}", lane.name, lane.serial);
        match event {
            Event::Phase { name: phase, .. } => {
                self.last[number] = (0, board.now);
                self.line(&format!("{name}: {phase}"));
            }
            Event::At { .. } => {
                let tenth = lane.permille().unwrap_or(0) / 10 / STEP;
                let (last, at) = self.last[number];
                if tenth > last || board.now.saturating_sub(at) >= QUIET {
                    self.last[number] = (tenth, board.now);
                    self.line(&format!("{name}: {}", progress(lane, board.now)));
                }
            }
            Event::Note { text } => self.line(&format!("{name}: note: {text}")),
            Event::Ended(ended) => self.line(&format!("{name}: {}: {}", ended.ending, ended.text)),
        }
    }
}

/// `write 40 %, 12.3 MB/s, 0:45 left`.
pub fn progress(lane: &Lane, now: Duration) -> String {
    let mut parts = vec![match lane.permille() {
        Some(permille) => format!("{} {} %", lane.phase, permille / 10),
        None if lane.done > 0 => format!("{} {}", lane.phase, amount::bytes(lane.done)),
        None => lane.phase.to_owned(),
    }];
    parts.extend(lane.speed(now).map(|speed| format!("{}/s", amount::bytes(speed))));
    parts.extend(lane.rest(now).map(|rest| format!("{} left", amount::clock(rest))));
    parts.join(", ")
}

/// Each event as a JSON object on a line of its own, with the medium's serial and the milliseconds since the start.
pub struct Lines<W: Write> {
    pub out: W,
}

impl<W: Write> View for Lines<W> {
    fn show(&mut self, board: &Board, told: Option<(usize, &Event)>) {
        let Some((number, event)) = told else { return };
        let lane = &board.lanes[number];
        let mut line = serde_json::to_value(event).unwrap_or(Value::Null);
        if let Value::Object(line) = &mut line {
            line.insert("device".to_owned(), json!(lane.name));
            line.insert("serial".to_owned(), json!(lane.serial));
            line.insert("ms".to_owned(), json!(u64::try_from(board.now.as_millis()).unwrap_or(u64::MAX)));
        }
        let _ = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
    }
}

/// The table at the end: a line per medium.
pub fn table(board: &Board) -> String {
    let mut out = String::new();
    for lane in &board.lanes {
        let (ending, text) =
            lane.ended.as_ref().map_or(("not ended".to_owned(), ""), |ended| (ended.ending.to_string(), ended.text.as_str()));
        out.push_str(&format!("{:<10} {:<8} {:<20} {text}\n", ending, lane.name, lane.serial));
        if let Some(receipt) = lane.ended.as_ref().and_then(|ended| ended.receipt.as_ref()) {
            out.push_str(&format!("{:<10} {:<8} receipt {}\n", "", "", receipt.display()));
        }
    }
    let done = board
        .lanes
        .iter()
        .filter(|lane| lane.ended.as_ref().is_some_and(|ended| ended.ending == crate::job::Ending::Done))
        .count();
    out.push_str(&format!("{done} of {} done\n", board.lanes.len()));
    out
}

/// The inventory, refused disks with their reasons.
pub fn list(disks: &[Disk]) -> String {
    let mut out = String::new();
    for disk in disks {
        let verdict = match disk.verdict() {
            Verdict::Free => "free",
            Verdict::Careful => "careful",
            Verdict::Refused => "refused",
        };
        let reasons = disk.reasons();
        let why = if reasons.is_empty() { String::new() } else { format!("  {reasons}") };
        let model = if disk.model.is_empty() { "-" } else { &disk.model };
        out.push_str(&format!(
            "{verdict:<8} {:<12} {:>8}  {:<6}  {:<24} {:<24}{why}",
            disk.path.display(),
            amount::bytes(disk.bytes),
            disk.bus,
            model,
            disk.serial_or_none(),
        ));
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    if disks.is_empty() {
        out.push_str("no disk at all\n");
    }
    out
}

/// A question on the terminal; the answer without its line end.
pub fn ask(question: &str) -> io::Result<String> {
    let mut out = io::stderr();
    write!(out, "{question} ")?;
    out.flush()?;
    let mut answer = String::new();
    if io::stdin().read_line(&mut answer)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(answer.trim().to_owned())
}
