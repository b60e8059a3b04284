//! `wegovnow-box`

use std::process::ExitCode;

use caretaker::Caretaker;
use caretaker::cli::{self, Cli};
use caretaker::place::Places;
use caretaker::system::Machine;
use clap::Parser;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let care = Caretaker { places: Places::below("/"), system: &Machine };
    ExitCode::from(cli::run(&care, cli.command))
}
