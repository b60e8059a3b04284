//! `/state/history`: what became of the box, a line for each event, `<seconds since 1970> <word> <text>`.
//!
//! What happens before the state partition is mounted is kept until then.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::{Level, say};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    FirstStart,
    Grown,
    Repaired,
    /// Beyond repair: the box went into recovery.
    Damaged,
    Reset,
    Wiped,
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Word::FirstStart => "first-start",
            Word::Grown => "grown",
            Word::Repaired => "repaired",
            Word::Damaged => "damaged",
            Word::Reset => "reset",
            Word::Wiped => "wiped",
        })
    }
}

#[derive(Default)]
pub struct History {
    /// The time cannot be before this, which is when the image was built: a box may have no clock.
    pub floor_s: u64,
    file: Option<PathBuf>,
    waiting: Vec<(Word, String)>,
}

impl History {
    pub fn note(&mut self, word: Word, text: impl Into<String>) {
        self.waiting.push((word, text.into()));
        self.write_out();
    }

    /// From now on lines go to this file.
    pub fn open(&mut self, file: PathBuf) {
        self.file = Some(file);
        self.write_out();
    }

    /// Leaves the file: its partition is taken off.
    pub fn close(&mut self) {
        self.file = None;
    }

    fn write_out(&mut self) {
        let Some(file) = &self.file else { return };
        if self.waiting.is_empty() {
            return;
        }
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()).max(self.floor_s);
        let lines: String = self.waiting.drain(..).map(|(word, text)| line(now_s, word, &text)).collect();
        // The history tells; it decides nothing.
        if let Err(error) = append(file, &lines) {
            say(Level::Error, &format!("{} cannot be written: {error}", file.display()));
        }
    }
}

fn line(at_s: u64, word: Word, text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{at_s} {word} {}\n", text.trim())
}

fn append(file: &Path, lines: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    file.write_all(lines.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_before_there_was_a_file_is_written_later() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("history");
        let mut history = History { floor_s: u64::MAX, ..History::default() };
        history.note(Word::Grown, "data to the end of\nthe medium ");
        history.open(file.clone());
        history.note(Word::FirstStart, "");
        history.close();
        history.note(Word::Reset, "full");
        let max = u64::MAX;
        assert_eq!(
            std::fs::read_to_string(&file).unwrap(),
            format!("{max} grown data to the end of the medium\n{max} first-start \n")
        );
        history.open(file.clone());
        assert!(std::fs::read_to_string(&file).unwrap().ends_with(" reset full\n"));
    }
}
