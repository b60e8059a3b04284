//! The log: structured fields to journald when it listens, plain lines to standard error otherwise.
//!
//! Texts, names, codes and addresses of residents are never logged; routes are logged by name, not by path.

use std::io::IsTerminal;

use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts the log of this process. `RUST_LOG` chooses what is written; without it, all that an operator needs.
pub fn start() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let journal = std::env::var_os("JOURNAL_STREAM").and_then(|_| tracing_journald::layer().ok());
    let registry = tracing_subscriber::registry().with(filter);
    // A second start in one process (tests) keeps the first log.
    let _ = match journal {
        Some(journal) => registry.with(journal.with_syslog_identifier("wegovnowd".to_owned())).try_init(),
        None => {
            let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colour).with_target(false);
            registry.with(lines).try_init()
        }
    };
}
