//! wegovnow-flash, the technician's writer.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match flash::run(flash::Options::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("wegovnow-flash: {error:#}");
            ExitCode::from(1)
        }
    }
}
