//! The staff console: a client of the daemon, drawn with ratatui or printed as plain lines.
//!
//! Elm style: everything that happens is an [`app::Msg`]; [`app::App::update`] changes the state and answers with what is to be
//! asked of the world ([`effects::Call`]); [`app::view`] draws the state and changes nothing. Clock, randomness and network stay
//! outside, in [`run`].

pub mod wording;
pub mod theme;
pub mod shared;
pub mod keys;
pub mod line;
pub mod effects;
pub mod parts;
pub mod screens;
pub mod app;
pub mod plain;
pub mod options;
mod zone;
mod terminal;
#[cfg(test)]
mod sample;

use std::io::IsTerminal;
use std::time::{SystemTime, UNIX_EPOCH};

use api::{Client, UnixMs};

pub use options::Options;

/// Everything asked for was done.
pub const DONE: u8 = 0;
/// Something was refused or not understood.
pub const REFUSED: u8 = 1;
/// The daemon does not answer.
pub const AWAY: u8 = 3;

/// Runs the console until it is left. Answers the exit code: [`DONE`], [`REFUSED`] or [`AWAY`].
///
/// # Errors
/// When the terminal cannot be used, or no random numbers are to be had.
pub fn run(options: Options) -> anyhow::Result<u8> {
    let mut seed = [0; 16];
    getrandom::fill(&mut seed).map_err(|error| anyhow::anyhow!("the system gives no random numbers: {error}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let socket = options.socket();
    let client = Client::over_socket(&socket)
        .map_err(|error| anyhow::anyhow!("cannot use the socket {}: {error}; is wegovnowd running?", socket.display()))?;
    let screen = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let code = if options.plain() || !screen {
        runtime.block_on(plain::run(&options, client, seed))
    } else {
        runtime.block_on(terminal::run(&options, client, seed))
    };
    // A read from the terminal may still wait for a key; nobody waits for it.
    runtime.shutdown_background();
    code
}

/// The clock, and how far local time is ahead of UTC, in seconds.
fn now() -> (UnixMs, i32) {
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    (now_ms, zone::offset_s(now_ms))
}
