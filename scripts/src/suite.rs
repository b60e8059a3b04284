//! The steps that are cargo's own work: format, lints, the wall, tests, documentation.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::shell::{cargo, run};
use crate::step::Tally;

pub fn fmt() -> Result<Tally> {
    run(&mut cargo(&["fmt", "--all", "--check"])).context("run `cargo fmt --all`")?;
    Ok(Tally::default())
}

pub fn clippy() -> Result<Tally> {
    run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    Ok(Tally::default())
}

pub fn wall() -> Result<Tally> {
    run(&mut cargo(&["check", "-p", "store", "--no-default-features"])).context("the store's rules lean on its disk")?;
    Ok(Tally::default())
}

pub fn doc() -> Result<Tally> {
    let mut command = cargo(&["doc", "--workspace", "--no-deps", "--document-private-items"]);
    // Private items are documented too, so links to them lead somewhere.
    run(command.env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private_intra_doc_links"))?;
    Ok(Tally::default())
}

/// Runs cargo test, shows everything but the tests that pass, and counts.
pub fn test(extra: &[String]) -> Result<Tally> {
    // The programs first: stories start the real ones.
    run(&mut cargo(&["build", "--workspace", "--bins"]))?;
    let mut command = cargo(&["test", "--workspace", "--no-fail-fast"]);
    command.args(extra).stdout(Stdio::piped());
    let mut child = command.spawn().context("cargo test does not start")?;
    let mut tally = Tally::default();
    let mut binaries = 0;
    let out = child.stdout.take().context("cargo test has no output")?;
    for line in BufReader::new(out).split(b'\n') {
        let line = line.context("the output of cargo test breaks off")?;
        let line = String::from_utf8_lossy(&line);
        if let Some(counted) = result_line(&line) {
            tally.add(counted);
            binaries += 1;
        }
        let has_passed = line.starts_with("test ") && line.ends_with(" ... ok");
        if !has_passed && !line.is_empty() {
            println!("{line}");
        }
    }
    let status = child.wait().context("cargo test cannot be waited for")?;
    if !status.success() && tally.failed == 0 {
        // It did not compile, or a test binary died before it could count.
        bail!("cargo test ended with {status} after {binaries} test binaries");
    }
    if tally.passed == 0 {
        bail!("cargo test ran no test");
    }
    Ok(tally)
}

/// What a closing line of a test binary counts: `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
fn result_line(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut tally = Tally::default();
    for count in counts.split("; ") {
        match count.split_once(' ') {
            Some((number, "passed")) => tally.passed = number.parse().ok()?,
            Some((number, "failed")) => tally.failed = number.parse().ok()?,
            Some((number, "ignored")) => tally.skipped = number.parse().ok()?,
            _ => {}
        }
    }
    Some(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_counted() {
        let ok = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.02s";
        assert_eq!(result_line(ok), Some(Tally { passed: 12, failed: 0, skipped: 1 }));
        let red = "test result: FAILED. 2 passed; 5 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s";
        assert_eq!(result_line(red), Some(Tally { passed: 2, failed: 5, skipped: 0 }));
        assert_eq!(result_line("test model::tests::replay ... ok"), None);
    }
}
