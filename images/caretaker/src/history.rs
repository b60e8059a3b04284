//! `/state/history`: what became of the box, a line for each event, `<seconds since 1970> <word> <text>`. The initramfs writes
//! to it as well.

use anyhow::Result;

use crate::Caretaker;
use crate::file;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    pub at_s: u64,
    pub word: String,
    pub text: String,
}

/// Adds a line.
pub fn note(care: &Caretaker<'_>, word: &str, text: &str) -> Result<()> {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    file::append_line(&care.places.state("history"), &format!("{} {word} {text}", care.system.now_s()))
}

/// More bytes than this are cut to the last half of them.
const LEN_MAX: usize = 1 << 20;

/// Keeps the file from growing for ever.
pub fn trim(care: &Caretaker<'_>) -> Result<()> {
    let path = care.places.state("history");
    let bytes = std::fs::read(&path).unwrap_or_default();
    if bytes.len() <= LEN_MAX {
        return Ok(());
    }
    let half = bytes.get(bytes.len() - LEN_MAX / 2..).unwrap_or_default();
    let start = half.iter().position(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    file::write(&path, half.get(start..).unwrap_or_default(), file::PUBLIC)
}

/// The last lines, the oldest first. A torn line is left out.
pub fn tail(care: &Caretaker<'_>, count: usize) -> Vec<Line> {
    let bytes = std::fs::read(care.places.state("history")).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut lines: Vec<Line> = text.lines().filter_map(parse).collect();
    lines.split_off(lines.len().saturating_sub(count))
}

fn parse(line: &str) -> Option<Line> {
    let mut words = line.splitn(3, ' ');
    let at_s = words.next()?.parse().ok()?;
    let word = words.next()?.to_owned();
    Some(Line { at_s, word, text: words.next().unwrap_or_default().to_owned() })
}

/// `2026-11-26 21:04:00`, in UTC.
pub fn date(at_s: u64) -> String {
    let date = i64::try_from(at_s).ok().and_then(|at_s| chrono::DateTime::from_timestamp(at_s, 0));
    date.map_or_else(|| format!("{at_s} s"), |date| date.format("%Y-%m-%d %H:%M:%S").to_string())
}
