//! The kiosk: from start to the first picture that can be touched, and what it costs to stand there.

use anyhow::Result;

use super::Report;

/// Start and idle load.
pub fn measure(report: &mut Report) -> Result<()> {
    report.say("kiosk", "not measured yet");
    Ok(())
}
