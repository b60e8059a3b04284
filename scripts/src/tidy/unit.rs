//! systemd reads our units without a word of complaint.

use std::process::Command;

use anyhow::{Context, Result};

use super::File;
use crate::shell::have;

pub fn check(files: &[File]) -> Result<Vec<String>> {
    let units: Vec<&str> = files.iter().map(|file| file.path.as_str()).filter(|path| is_unit(path)).collect();
    if units.is_empty() {
        return Ok(Vec::new());
    }
    if !have("systemd-analyze") {
        println!("units not verified: systemd-analyze is not installed");
        return Ok(Vec::new());
    }
    let output = Command::new("systemd-analyze")
        .args(["verify", "--man=no", "--recursive-errors=no"])
        .args(&units)
        .output()
        .context("systemd-analyze does not start")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(said.lines().filter(|line| is_about_the_unit(line)).map(|line| format!("images: {line}")).collect())
}

fn is_unit(path: &str) -> bool {
    path.starts_with("images/") && [".service", ".socket", ".target", ".timer"].iter().any(|end| path.ends_with(end))
}

/// The programs are installed on the appliance, not where the units are checked.
fn is_about_the_unit(line: &str) -> bool {
    !line.trim().is_empty() && !line.contains("is not executable: No such file or directory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_no_fault_of_the_unit() {
        assert!(!is_about_the_unit("x.service: Command /usr/bin/x is not executable: No such file or directory"));
        assert!(is_about_the_unit("x.service:3: Unknown key name 'Exect' in section 'Service', ignoring."));
    }
}
