//! How the box is.

use std::path::Path;
use std::sync::PoisonError;
use std::time::Instant;

use api::Health;

use crate::app::App;
use crate::writer::Condition;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readings {
    /// Whether the store takes writes.
    pub condition: Condition,
    /// Whether events on the disk were found bad.
    pub damaged: bool,
    /// Free space on the store's disk, in bytes; none when the system does not say.
    pub free_bytes: Option<u64>,
}

/// The box's state in one word, and whether somebody should look after it.
pub fn assess(readings: &Readings) -> &'static str {
    readings.condition.word().unwrap_or(if readings.damaged { "damaged" } else { "ok" })
}

/// One line for the service manager.
pub fn status_line(readings: &Readings, reports: u32) -> String {
    let free = readings.free_bytes.map(|bytes| format!(", {} MiB free", bytes >> 20)).unwrap_or_default();
    match readings.condition {
        Condition::Writing if readings.damaged => "serving, but events on the disk went bad: a restart repairs them".to_owned(),
        Condition::Writing => format!("serving; {reports} open reports{free}"),
        Condition::Full => format!("serving, but the disk is full: new reports are refused{free}"),
        Condition::ReadOnly => "serving, but the disk took no write: new reports are refused until a restart".to_owned(),
    }
}

/// Measures now.
pub fn readings(app: &App) -> Readings {
    let pulse = app.writer.pulse();
    Readings { condition: pulse.condition(), damaged: pulse.is_damaged(), free_bytes: free_bytes(&app.config.data) }
}

/// Space that is left on a directory's disk, for a process without privileges.
fn free_bytes(directory: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(directory).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The reply of the health route. Takes the digest of the whole state when it changed since the last time.
pub fn read(app: &App) -> Health {
    let readings = readings(app);
    let machine = app.machine.read(Instant::now());
    let mut digest = app.digest.lock().unwrap_or_else(PoisonError::into_inner);
    let present = app.present();
    let events = present.state.events();
    let current = digest.take().filter(|(after, _)| *after == events);
    let text = current.map_or_else(|| store::id::hex(&present.state.digest()), |(_, text)| text);
    *digest = Some((events, text.clone()));
    Health {
        state: assess(&readings).to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_s: (app.config.clock)().saturating_sub(app.started_ms) / 1000,
        events,
        reports: u32::try_from(present.state.report_count()).unwrap_or(u32::MAX),
        digest: text,
        free_bytes: readings.free_bytes.unwrap_or_default(),
        opened: app.opened.clone(),
        machine,
    }
}
