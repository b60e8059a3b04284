//! wegovnow-console, the staff console.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match tui::run(tui::Options::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("wegovnow-console: {error:#}");
            ExitCode::from(tui::AWAY)
        }
    }
}
