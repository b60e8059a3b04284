//! A case of the battery, a trial of it, and what came out.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

use super::bench::Bench;
use super::need::Need;
use crate::machine::Machine;
use crate::machine::run::Run;

/// Something that the battery tries.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// The number of the test matrix, and a word when there are several: `T9.mount`.
    pub id: &'static str,
    pub title: &'static str,
    /// How many assertions it makes, with `--quick` and without.
    pub expected: [u32; 2],
    /// Without these in the image it is skipped.
    pub needs: &'static [Need],
    pub is_smoke: bool,
    pub run: fn(&mut Trial) -> Result<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Passed,
    Failed,
    Skipped,
}

/// Something that was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    pub id: String,
    pub title: String,
    pub status: Status,
    /// Wall time of the case.
    pub taken_s: f64,
    /// Assertions that held, and how many there should have been.
    pub held: u32,
    pub expected: u32,
    pub figures: Vec<Figure>,
    /// What did not hold, or why it was skipped.
    pub reasons: Vec<String>,
    /// Logs, pictures and disks.
    pub kept: Option<PathBuf>,
}

/// A case while it runs.
pub struct Trial<'a> {
    pub bench: &'a Bench,
    pub run: &'a Run,
    held: u32,
    reasons: Vec<String>,
    figures: Vec<Figure>,
}

impl Trial<'_> {
    /// One assertion. What does not hold fails the case; it goes on, so that one run tells everything.
    pub fn holds(&mut self, what: &str, holds: bool) {
        if holds {
            self.held += 1;
            println!("   ok: {what}");
        } else {
            println!("   NOT: {what}");
            self.reasons.push(what.to_owned());
        }
    }

    pub fn figure(&mut self, name: &str, value: f64, unit: &'static str) {
        println!("   {name}: {value:.1} {unit}");
        self.figures.push(Figure { name: name.to_owned(), value, unit });
    }

    pub fn time(&mut self, name: &str, time: Duration) {
        self.figure(name, time.as_secs_f64(), "s");
    }

    pub fn host_memory(&mut self, machine: &Machine) {
        if let Some(memory_mb) = machine.host_memory_mb() {
            self.figure("QEMU's own memory at its most", memory_mb, "MB");
        }
    }
}

impl Case {
    /// The number before the point.
    pub fn number(&self) -> &'static str {
        self.id.split('.').next().unwrap_or(self.id)
    }

    pub fn run(&self, bench: &Bench, keep: bool) -> Outcome {
        let expected = self.expected[usize::from(!bench.quick)];
        let mut outcome = Outcome {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            status: Status::Skipped,
            taken_s: 0.0,
            held: 0,
            expected,
            figures: Vec::new(),
            reasons: self.needs.iter().filter(|need| !bench.has(**need)).map(|need| need.missing().to_owned()).collect(),
            kept: None,
        };
        if !outcome.reasons.is_empty() {
            return outcome;
        }
        let start = Instant::now();
        let run = match Run::new(&bench.out, self.id) {
            Ok(run) => run,
            Err(error) => {
                outcome.status = Status::Failed;
                outcome.reasons = vec![format!("{error:#}")];
                return outcome;
            }
        };
        let mut trial = Trial { bench, run: &run, held: 0, reasons: Vec::new(), figures: Vec::new() };
        let done = (self.run)(&mut trial);
        let Trial { held, mut reasons, figures, .. } = trial;
        reasons.extend(done.err().map(|error| format!("{error:#}")));
        (outcome.status, outcome.reasons) = judge(held, expected, reasons);
        outcome.taken_s = start.elapsed().as_secs_f64();
        outcome.held = held;
        outcome.figures = figures;
        if outcome.status == Status::Failed || keep {
            outcome.kept = Some(run.dir.clone());
        } else {
            run.discard();
        }
        outcome
    }
}

/// A case that stopped early made fewer assertions than it should: that is a failure, too.
fn judge(held: u32, expected: u32, mut reasons: Vec<String>) -> (Status, Vec<String>) {
    if reasons.is_empty() && held != expected {
        reasons.push(format!("{held} assertions were made, {expected} were expected"));
    }
    (if reasons.is_empty() { Status::Passed } else { Status::Failed }, reasons)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_that_asserts_too_little_fails() {
        assert_eq!(judge(3, 3, Vec::new()).0, Status::Passed);
        let (status, reasons) = judge(2, 3, Vec::new());
        assert_eq!(status, Status::Failed);
        assert!(reasons[0].contains("2 assertions were made, 3 were expected"));
        assert_eq!(judge(4, 3, Vec::new()).0, Status::Failed, "nobody counted anew");
        assert_eq!(judge(3, 3, vec!["no slot".to_owned()]), (Status::Failed, vec!["no slot".to_owned()]));
    }
}
