//! What `cargo x bench` measures. Figures are for reading as ratios: the peer does the same work on the same disk in the same run.

pub mod api;
pub mod frames;
pub mod kiosk;
pub mod large;
pub mod map;
pub mod screen;
pub mod store;

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Prints figures as they come and remembers which bar was missed.
#[derive(Default)]
pub struct Report {
    missed: Vec<String>,
}

impl Report {
    /// A report that starts by saying which machine this is.
    pub fn new() -> Report {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cpu = read("/proc/cpuinfo");
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let memory = read("/proc/meminfo");
        let memory = memory.lines().next().unwrap_or_default().trim_start_matches("MemTotal:").trim();
        println!("machine: {cores} cores,{}, {memory}", model.trim_start_matches([' ', '\t', ':']).trim_end());
        Report::default()
    }

    /// A figure without a bar.
    pub fn say(&mut self, what: &str, figure: impl Display) {
        println!("{what:<58} {figure}");
    }

    /// A figure with its bar.
    pub fn bar(&mut self, what: &str, figure: impl Display, bar: &str, met: bool) {
        println!("{what:<58} {figure}   (bar: {bar}) {}", if met { "ok" } else { "MISSED" });
        if !met {
            self.missed.push(what.to_owned());
        }
    }

    /// Fails if a bar was missed.
    pub fn end(self) -> Result<()> {
        if !self.missed.is_empty() {
            bail!("missed: {}", self.missed.join("; "));
        }
        println!("all bars met");
        Ok(())
    }
}

/// The time below which `share` of all lie.
pub fn quantile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    let place = ((times.len() as f64 * share).ceil() as usize).clamp(1, times.len().max(1)) - 1;
    times.get(place).copied().unwrap_or_default()
}

/// Milliseconds for people.
pub fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

/// A folder on the disk that builds lie on: temporary folders may lie in memory, where nothing is durable.
pub fn disk() -> Result<tempfile::TempDir> {
    let own: PathBuf = std::env::current_exe()?;
    Ok(tempfile::tempdir_in(own.parent().unwrap_or(Path::new(".")))?)
}

/// Resident memory of a process, in MB (1e6 bytes).
pub fn resident_mb(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib * 1024.0 / 1e6)
}
