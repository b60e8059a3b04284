//! What the console is started with.

use std::path::PathBuf;

use clap::Parser;

use crate::theme::{Palette, Theme};

/// The staff console of WeGovNow: read what residents report, decide, answer.
///
/// Without options it connects to the daemon of this machine and takes over the terminal; `?` shows the keys.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "wegovnow-console",
    version,
    after_help = "Exit codes: 0 done, 1 something was refused or not understood, 2 wrong options, 3 the daemon does not answer.\n\
Environment: RUNTIME_DIRECTORY (where the socket is), ACCESSIBLE=1 (as --plain), NO_COLOR (as --theme mono).\n\
Example: wegovnow-console --plain -c 'queue new' -c \"status R-4F7K2M fixed 'The lamp is lit again.'\""
)]
pub struct Options {
    /// The daemon's socket [default: $RUNTIME_DIRECTORY/wegovnowd.sock, else /run/wegovnow/wegovnowd.sock]
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Lines only: no screen drawing, numbered questions; for screen readers, pipes and scripts
    #[arg(long)]
    pub plain: bool,
    /// A command to carry out, then leave (may be given several times; implies --plain)
    #[arg(short = 'c', long = "command", value_name = "COMMAND")]
    pub commands: Vec<String>,
    /// Say yes where a command asks before it is done
    #[arg(long)]
    pub yes: bool,
    /// Borders and signs from ASCII only
    #[arg(long)]
    pub ascii: bool,
    /// Colours
    #[arg(long, value_enum)]
    pub theme: Option<Palette>,
}

impl Options {
    /// The daemon's socket.
    pub fn socket(&self) -> PathBuf {
        let default = || {
            let directory = std::env::var_os("RUNTIME_DIRECTORY").filter(|directory| !directory.is_empty());
            directory.map_or_else(|| PathBuf::from("/run/wegovnow"), PathBuf::from).join("wegovnowd.sock")
        };
        self.socket.clone().unwrap_or_else(default)
    }

    /// Whether lines are wanted instead of a screen.
    pub fn plain(&self) -> bool {
        self.plain || !self.commands.is_empty() || std::env::var_os("ACCESSIBLE").is_some_and(|value| value == "1")
    }

    /// The look. An explicit theme wins over NO_COLOR (<https://no-color.org>).
    pub fn theme(&self) -> Theme {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let palette = self.theme.unwrap_or(if no_color { Palette::Mono } else { Palette::Default });
        Theme { palette, ascii: self.ascii }
    }
}
