//! Steps: a heading, the time taken, what failed, and the count of tests at the end.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::Result;

/// Tests counted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl Tally {
    pub fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// One thing that passed.
    pub const ONE: Tally = Tally { passed: 1, failed: 0, skipped: 0 };
}

/// How the steps went.
#[derive(Debug, Default)]
pub struct Report {
    pub tally: Tally,
    pub failed_steps: Vec<String>,
    times: Vec<(String, Duration)>,
}

impl Report {
    /// Runs one step. Later steps run whether or not it fails, so that one run tells everything.
    pub fn step(&mut self, name: &str, work: impl FnOnce() -> Result<Tally>) {
        println!("\n== {name}");
        let start = Instant::now();
        let done = work();
        let taken = start.elapsed();
        // Whatever children printed stands before our line.
        let _ = std::io::stdout().flush();
        match done {
            Ok(tally) if tally.failed == 0 => println!("== {name}: ok, {}", span(taken)),
            Ok(tally) => {
                println!("== {name}: FAILED, {} of {} tests, {}", tally.failed, tally.failed + tally.passed, span(taken));
                self.failed_steps.push(name.to_owned());
            }
            Err(ref error) => {
                println!("== {name}: FAILED, {}\n   {error:#}", span(taken));
                self.failed_steps.push(name.to_owned());
            }
        }
        self.times.push((name.to_owned(), taken));
        self.tally.add(done.unwrap_or(Tally { failed: 1, ..Tally::default() }));
    }

    /// Prints times, failures and, alone on the last line, the count.
    pub fn close(&self) {
        println!();
        for (name, taken) in &self.times {
            let mark = if self.failed_steps.contains(name) { "FAILED" } else { "ok" };
            println!("{:>10}  {name}: {mark}", span(*taken));
        }
        println!("{:>10}  in all", span(self.times.iter().map(|(_, taken)| *taken).sum()));
        if !self.failed_steps.is_empty() {
            println!("failed: {}", self.failed_steps.join(", "));
        }
        println!("{}", line(self.tally));
    }
}

/// Runs one step by itself.
pub fn alone(name: &str, work: impl FnOnce() -> Result<Tally>) -> Result<Report> {
    let mut report = Report::default();
    report.step(name, work);
    Ok(report)
}

fn line(tally: Tally) -> String {
    let skipped = if tally.skipped > 0 { format!(", {} skipped", tally.skipped) } else { String::new() };
    format!("{} passed, {} failed{skipped}", tally.passed, tally.failed)
}

pub fn span(taken: Duration) -> String {
    let s = taken.as_secs();
    if s >= 60 { format!("{} min {:02} s", s / 60, s % 60) } else { format!("{:.1} s", taken.as_secs_f64()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_fails_is_named_and_counted() {
        let mut report = Report::default();
        report.step("good", || Ok(Tally { passed: 3, failed: 0, skipped: 1 }));
        report.step("broken", || anyhow::bail!("no such file"));
        report.step("red", || Ok(Tally { passed: 1, failed: 2, skipped: 0 }));
        assert_eq!(report.failed_steps, ["broken", "red"]);
        assert_eq!(line(report.tally), "4 passed, 3 failed, 1 skipped");
    }

    #[test]
    fn times_read_as_people_say_them() {
        assert_eq!(span(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(span(Duration::from_secs(125)), "2 min 05 s");
    }
}
