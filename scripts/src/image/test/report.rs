//! What a run of the battery found, for people and for programs.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use super::case::{Outcome, Status};

/// In the directory of the battery.
pub const FILE: &str = "report.json";

#[derive(Serialize)]
struct Whole<'a> {
    image: &'a Path,
    seed: u64,
    /// Tasks that ran or waited to run when the report was written, over the last quarter of an hour (`/proc/loadavg`): the more
    /// there were beside the number of cores, the less the times say.
    load: Option<f64>,
    cores: usize,
    cases: &'a [Outcome],
}

pub fn write(dir: &Path, image: &Path, seed: u64, cases: &[Outcome]) -> Result<()> {
    let load = fs::read_to_string("/proc/loadavg").ok().and_then(|said| said.split(' ').nth(2)?.parse().ok());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let text = serde_json::to_string_pretty(&Whole { image, seed, load, cores, cases })?;
    let file = dir.join(FILE);
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// One line about one case.
pub fn line(outcome: &Outcome) -> String {
    let Outcome { id, status, held, expected, taken_s, .. } = outcome;
    match status {
        Status::Passed => format!("{id}: ok, {held} assertions, {taken_s:.1} s"),
        Status::Failed => format!("{id}: FAILED, {held} of {expected} assertions held, {taken_s:.1} s\n   {}", reasons(outcome)),
        Status::Skipped => format!("{id}: skipped: {}", outcome.reasons.join(", ")),
    }
}

fn reasons(outcome: &Outcome) -> String {
    let kept = outcome.kept.iter().map(|dir| format!("kept: {}", dir.display()));
    outcome.reasons.iter().cloned().chain(kept).collect::<Vec<_>>().join("\n   ")
}

/// All cases, a line each, with what was measured below.
pub fn table(outcomes: &[Outcome]) -> String {
    let mut lines = Vec::new();
    for Outcome { id, title, status, held, expected, taken_s, figures, reasons, .. } in outcomes {
        let said = match status {
            Status::Passed => "ok",
            Status::Failed => "FAILED",
            Status::Skipped => "skipped",
        };
        lines.push(format!("{id:<14} {said:<8} {held:>3}/{expected:<3} {taken_s:>7.1} s  {title}"));
        lines.extend(figures.iter().map(|figure| format!("{:>38.1} {:<3} {}", figure.value, figure.unit, figure.name)));
        // The first line of each; the rest was printed when it happened.
        lines.extend(reasons.iter().filter_map(|reason| Some(format!("{:>16} {}", "-", reason.lines().next()?))));
    }
    let count = |status: Status| outcomes.iter().filter(|outcome| outcome.status == status).count();
    let [passed, failed, skipped] = [Status::Passed, Status::Failed, Status::Skipped].map(count);
    lines.push(format!("{passed} passed, {failed} failed, {skipped} skipped"));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::case::Figure;
    use super::*;

    fn outcome(id: &str, status: Status, reasons: &[&str]) -> Outcome {
        Outcome {
            id: id.to_owned(),
            title: "it starts".to_owned(),
            status,
            taken_s: 31.25,
            held: 4,
            expected: 5,
            figures: vec![Figure { name: "daemon".to_owned(), value: 30.04, unit: "s" }],
            reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
            kept: (status == Status::Failed).then(|| "out/T4".into()),
        }
    }

    #[test]
    fn a_reader_sees_what_failed_and_where_to_look() {
        let failed = outcome("T4", Status::Failed, &["no login\nconsole: x"]);
        let said = line(&failed);
        assert!(said.contains("FAILED, 4 of 5") && said.contains("no login") && said.contains("kept: out/T4"), "{said}");
        let skipped = outcome("T7", Status::Skipped, &["the image has no rauc"]);
        assert_eq!(line(&skipped), "T7: skipped: the image has no rauc");
        let table = table(&[failed, skipped, outcome("T2", Status::Passed, &[])]);
        assert!(table.ends_with("1 passed, 1 failed, 1 skipped") && table.contains("30.0 s   daemon"), "{table}");
    }

    #[test]
    fn a_program_reads_the_same() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), Path::new("image"), 7, &[outcome("T4", Status::Failed, &["no login"])]).unwrap();
        let read: serde_json::Value = serde_json::from_str(&fs::read_to_string(dir.path().join(FILE)).unwrap()).unwrap();
        assert_eq!(read["seed"], 7);
        assert_eq!(read["cases"][0]["status"], "failed");
        assert_eq!(read["cases"][0]["figures"][0]["unit"], "s");
    }
}
