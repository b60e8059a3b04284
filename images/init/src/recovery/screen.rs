//! The framebuffer with a picture, and the keyboard as it is: nothing else writes there as long as this is held.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};
use panel::boot::{Recovery, draw_recovery};
use panel::canvas::Frame;
use panel::framebuffer::{FIRST, Framebuffer};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::{Level, console, say};

pub struct Screen {
    framebuffer: Framebuffer,
    terminal: File,
    before: Termios,
    frame: Frame,
}

impl Screen {
    /// Takes the console for pictures.
    ///
    /// # Errors
    /// There is no framebuffer to draw on, or no console that can be taken.
    pub fn take(terminal: &str) -> Result<Screen> {
        let framebuffer = Framebuffer::open(Path::new(FIRST))?;
        let terminal =
            File::options().read(true).write(true).open(terminal).with_context(|| format!("cannot open {terminal}"))?;
        let before = tcgetattr(&terminal).context("the console does not tell its mode")?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(&terminal, OptionalActions::Now, &raw).context("the console does not take single keys")?;
        let screen = Screen { frame: Frame::new(framebuffer.size()), framebuffer, terminal, before };
        console::set_graphics(&screen.terminal, true)?;
        Ok(screen)
    }

    pub fn show(&mut self, recovery: &Recovery) {
        let Ok(()) = draw_recovery(recovery, &mut self.frame);
        if let Err(error) = self.framebuffer.show(&self.frame) {
            say(Level::Debug, &format!("{error}"));
        }
    }
}

impl Drop for Screen {
    /// Whoever starts next finds a console with text.
    fn drop(&mut self) {
        let given_back = console::set_graphics(&self.terminal, false);
        let set_back = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
        if let Err(error) = given_back.and(set_back.context("the console keeps its mode")) {
            say(Level::Debug, &format!("{error:#}"));
        }
    }
}
