//! The staff console in a real pseudo-terminal: keys in, screen out.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::site::{Site, programs};

const PATIENCE: Duration = Duration::from_secs(30);

/// A running console and what its screen shows.
pub struct Console {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    // Held so that the terminal stays open.
    _terminal: Box<dyn MasterPty + Send>,
}

impl Console {
    /// Starts the console of a box in a terminal of this size.
    pub fn open(site: &Site, columns: u16, rows: u16) -> Result<Console> {
        let pair = native_pty_system().openpty(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 })?;
        let mut command = CommandBuilder::new(programs()?.join("wegovnow-console"));
        command.arg("--socket");
        command.arg(site.socket());
        command.env("TERM", "xterm-256color");
        command.env("HOME", site.folder());
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader()?;
        let keys = pair.master.take_writer()?;
        let (send, output) = channel();
        std::thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(length @ 1..) = reader.read(&mut chunk) {
                if send.send(chunk[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        let screen = vt100::Parser::new(at_least_one(rows), at_least_one(columns), 0);
        Ok(Console { child, keys, output, screen, _terminal: pair.master })
    }

    /// Types keys as a terminal sends them.
    pub fn press(&mut self, keys: &str) -> Result<()> {
        self.keys.write_all(keys.as_bytes())?;
        self.keys.flush()?;
        Ok(())
    }

    /// What the screen shows now.
    pub fn screen(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits until the screen fits; the error shows the screen.
    pub fn wait(&mut self, what: &str, fits: impl Fn(&str) -> bool) -> Result<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let shown = self.screen();
            if fits(&shown) {
                return Ok(shown);
            }
            match self.output.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(chunk) => self.screen.process(&chunk),
                Err(RecvTimeoutError::Timeout) => bail!("the console never showed {what}; it shows:\n{shown}"),
                Err(RecvTimeoutError::Disconnected) => bail!("the console ended before it showed {what}; it showed:\n{shown}"),
            }
        }
    }

    /// Waits until the screen shows the text.
    pub fn wait_for(&mut self, text: &str) -> Result<String> {
        self.wait(&format!("{text:?}"), |screen| screen.contains(text))
    }

    /// Leaves with `q` and waits for the end.
    pub fn leave(mut self) -> Result<()> {
        self.press("q")?;
        let status = self.child.wait().context("the console cannot be waited for")?;
        if !status.success() {
            bail!("the console ended with {status:?}");
        }
        Ok(())
    }
}

fn at_least_one(cells: u16) -> NonZero<u16> {
    NonZero::new(cells).unwrap_or(NonZero::<u16>::MIN)
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
