//! Progress of long work: one line that is redrawn on a terminal, a plain line every few seconds elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Tells how far something is, and how long it may still take.
pub struct ProgressLine {
    what: String,
    started: Instant,
    told: Option<Instant>,
    terminal: bool,
}

impl ProgressLine {
    pub fn new(what: &str) -> ProgressLine {
        ProgressLine { what: what.to_owned(), started: Instant::now(), told: None, terminal: std::io::stderr().is_terminal() }
    }

    /// `done`: share that is done, 0 to 1; `stage`: what is being done now.
    pub fn tell(&mut self, stage: &str, done: f64) {
        let pause = if self.terminal { Duration::from_millis(100) } else { Duration::from_secs(5) };
        if self.told.is_some_and(|told| told.elapsed() < pause) || (self.told.is_none() && !self.terminal && done <= 0.0) {
            return;
        }
        self.told = Some(Instant::now());
        let line = line(&self.what, stage, done, self.started.elapsed());
        let mut out = std::io::stderr().lock();
        // Progress that cannot be written must not stop the work.
        let _ = if self.terminal { write!(out, "\r\x1B[K{line}") } else { writeln!(out, "{line}") };
        let _ = out.flush();
    }

    /// Ends the line with what came out.
    pub fn end(self, result: &str) {
        let mut out = std::io::stderr().lock();
        let start = if self.terminal { "\r\x1B[K" } else { "" };
        let _ = writeln!(out, "{start}{}: {result} ({})", self.what, seconds(self.started.elapsed()));
    }
}

fn line(what: &str, stage: &str, done: f64, elapsed: Duration) -> String {
    let percent = (done.clamp(0.0, 1.0) * 100.0).floor();
    let left = if done > 0.02 && elapsed > Duration::from_millis(500) {
        let left = elapsed.as_secs_f64() * (1.0 - done.min(1.0)) / done;
        format!(", about {} left", seconds(Duration::from_secs_f64(left)))
    } else {
        String::new()
    };
    format!("{what}: {stage} {percent} %{left}")
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0..=9 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ 10..=119 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_comes_once_there_is_something_to_estimate_from() {
        assert_eq!(line("Import", "reading", 0.01, Duration::from_secs(1)), "Import: reading 1 %");
        assert_eq!(line("Import", "writing", 0.25, Duration::from_secs(10)), "Import: writing 25 %, about 30 s left");
        assert_eq!(line("Import", "writing", 7.0, Duration::from_secs(10)), "Import: writing 100 %, about 0.0 s left");
        assert_eq!(seconds(Duration::from_secs(600)), "10 min");
    }
}
