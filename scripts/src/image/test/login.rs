//! Accounts and keys that a case provisions, to ask the running box.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::case::Trial;
use crate::machine::ssh::Key;
use crate::machine::{Machine, Setup};

/// For one command; the box is slow under emulation.
pub const PATIENCE: Duration = Duration::from_secs(120);

pub struct Login {
    pub key: Key,
    /// What the box keeps as its identity since the disk was first started. That it is this run's box the key shows, which no other
    /// was given.
    pub serial: String,
}

impl Login {
    pub fn new(trial: &Trial) -> Result<Login> {
        let key = Key::make(&trial.run.dir, "key")?;
        Ok(Login { key, serial: Setup::default().serial_number })
    }

    /// `appliance.toml` with a civil servant and a technician, and whatever more.
    pub fn file(&self, more: &str) -> String {
        self.file_of(1, more)
    }

    /// The same, of a generation: a box takes only a higher one than the last.
    pub fn file_of(&self, generation: u32, more: &str) -> String {
        let key = self.key.public.rsplit_once(' ').map_or(self.key.public.as_str(), |(key, _)| key);
        format!(
            "schema = 1\ngeneration = {generation}\n[technician]\nkeys = [\"{key}\"]\n[[staff.accounts]]\nname = \"anna\"\nkeys = [\"{key}\"]\n{more}"
        )
    }

    pub fn setup(&self) -> Setup {
        Setup { serial_number: self.serial.clone(), forwards: vec![22], memory_mb: 1024, ..Setup::default() }
    }

    /// A command of `wegovnow-box`, as a technician.
    pub fn technician(&self, machine: &mut Machine, line: &str) -> Result<String> {
        self.ask(machine, "root", line, PATIENCE)
    }

    /// A command of the console, as a civil servant.
    pub fn staff(&self, machine: &mut Machine, line: &str) -> Result<String> {
        self.ask(machine, "anna", line, PATIENCE)
    }

    fn ask(&self, machine: &mut Machine, account: &str, command: &str, limit: Duration) -> Result<String> {
        let answer = machine.ssh(&self.key, account, command, limit)?;
        answer.good().map_err(|error| machine.failure(&format!("{account}: `{command}`: {error:#}")))
    }

    /// How the box is, and that it is this one.
    pub fn status(&self, machine: &mut Machine) -> Result<serde_json::Value> {
        let said = self.technician(machine, "status --json")?;
        let status: serde_json::Value = serde_json::from_str(&said).with_context(|| format!("status is no JSON: {said}"))?;
        ensure!(status["serial"] == self.serial.as_str(), "another box answers: {}, not {}", status["serial"], self.serial);
        Ok(status)
    }
}
