//! What a machine says on its serial line, with the time of each piece.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::lock;

const BETWEEN: Duration = Duration::from_millis(20);

/// All that was said so far.
#[derive(Debug, Default, Clone)]
pub struct Transcript {
    bytes: Vec<u8>,
    /// Where each piece ends, and when it came.
    pieces: Vec<(usize, Duration)>,
}

/// Where a mark was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The byte behind it: the next search begins here.
    pub end: usize,
    /// When its last byte came, since power on.
    pub at: Duration,
}

impl Transcript {
    pub fn push(&mut self, bytes: &[u8], at: Duration) {
        if !bytes.is_empty() {
            self.bytes.extend_from_slice(bytes);
            self.pieces.push((self.bytes.len(), at));
        }
    }

    /// The first place at or after `from` where the mark stands.
    pub fn find(&self, from: usize, mark: &str) -> Option<Found> {
        let rest = self.bytes.get(from..)?;
        let start = rest.windows(mark.len().max(1)).position(|window| window == mark.as_bytes())?;
        let end = from + start + mark.len();
        let piece = self.pieces.partition_point(|(piece_end, _)| *piece_end < end);
        self.pieces.get(piece).map(|(_, at)| Found { end, at: *at })
    }

    /// How often the mark stands at or after `from`.
    pub fn count(&self, from: usize, mark: &str) -> usize {
        std::iter::successors(self.find(from, mark), |found| self.find(found.end, mark)).count()
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// From a byte on, without the escape sequences that firmware and boot loader draw with.
    pub fn text(&self, from: usize) -> String {
        plain(&String::from_utf8_lossy(self.bytes.get(from..).unwrap_or_default()))
    }

    /// The last lines that are not empty.
    pub fn last_lines(&self, count: usize) -> String {
        let text = self.text(0);
        let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(count)..].join("\n")
    }
}

/// Text without escape sequences (ECMA-48) and without carriage returns.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            // A control sequence ends with a byte from @ to ~; another escape has one character.
            '\x1b' => {
                if chars.next() == Some('[') {
                    chars.by_ref().find(|char| ('@'..='~').contains(char));
                }
            }
            '\r' => {}
            char => plain.push(char),
        }
    }
    plain
}

/// Reads along while QEMU writes the serial line to a file.
pub struct Console {
    transcript: Arc<Mutex<Transcript>>,
    over: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Console {
    pub fn follow(file: PathBuf, start: Instant) -> Console {
        let transcript = Arc::new(Mutex::new(Transcript::default()));
        let over = Arc::new(AtomicBool::new(false));
        let (told, stop) = (Arc::clone(&transcript), Arc::clone(&over));
        let reader = thread::spawn(move || {
            let mut read = 0;
            loop {
                // Asked first, so that what came before the end is read.
                let is_over = stop.load(Ordering::SeqCst);
                let mut bytes = Vec::new();
                // There is no file before QEMU makes it.
                if let Ok(mut file) = File::open(&file)
                    && file.seek(SeekFrom::Start(read)).is_ok()
                    && file.read_to_end(&mut bytes).is_ok()
                {
                    read += bytes.len() as u64;
                    lock(&told).push(&bytes, start.elapsed());
                }
                if is_over {
                    break;
                }
                thread::sleep(BETWEEN);
            }
        });
        Console { transcript, over, reader: Some(reader) }
    }

    pub fn find(&self, from: usize, mark: &str) -> Option<Found> {
        lock(&self.transcript).find(from, mark)
    }

    /// A copy of all that was said.
    pub fn transcript(&self) -> Transcript {
        lock(&self.transcript).clone()
    }

    /// Reads what is left; nothing is added afterwards.
    pub fn close(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader.take() {
            // It only reads; a panic of it loses the rest of the log, which is in the file.
            let _ = reader.join();
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript(pieces: &[&str]) -> Transcript {
        let mut transcript = Transcript::default();
        for (second, piece) in (1..).zip(pieces) {
            transcript.push(piece.as_bytes(), Duration::from_secs(second));
        }
        transcript
    }

    #[test]
    fn a_mark_has_the_time_of_its_last_byte() {
        let transcript = transcript(&["WeGov", "Now 1\nlog", "in: WeGovNow"]);
        assert_eq!(transcript.find(0, "WeGovNow "), Some(Found { end: 9, at: Duration::from_secs(2) }));
        assert_eq!(transcript.find(0, "login:"), Some(Found { end: 17, at: Duration::from_secs(3) }));
        assert_eq!(transcript.find(0, "WeGov"), Some(Found { end: 5, at: Duration::from_secs(1) }));
        assert_eq!(transcript.find(0, "recovery"), None);
    }

    #[test]
    fn a_search_goes_on_behind_the_last_find() {
        let transcript = transcript(&["slot a\n", "slot a\n", "slot b\n"]);
        let first = transcript.find(0, "slot a").unwrap();
        assert_eq!(transcript.find(first.end, "slot a").unwrap().at, Duration::from_secs(2));
        assert_eq!(transcript.count(0, "slot a"), 2);
        assert_eq!(transcript.count(first.end, "slot"), 2);
        assert_eq!(transcript.find(500, "slot"), None);
    }

    #[test]
    fn escape_sequences_are_no_text() {
        let transcript = transcript(&["\x1b[2J\x1b[01;01H\x1b[=3hWeGovNow\r\n", "\n\nlogin: "]);
        assert_eq!(transcript.text(0), "WeGovNow\n\n\nlogin: ");
        assert_eq!(transcript.last_lines(2), "WeGovNow\nlogin:");
    }
}
