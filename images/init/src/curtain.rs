//! The picture that hides the start: the town's name, how far the box is, which slot it starts.
//!
//! It stays when systemd takes over, until the driver of the display brings the kiosk or, where nothing is drawn, the caretaker asks
//! for text. Without a framebuffer there is none, and nothing is missed.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};
use panel::boot::{Boot, Step, draw_boot};
use panel::canvas::Frame;
use panel::framebuffer::Framebuffer;
use panel::word::Language;

use crate::{Level, console, say};

/// Written by the caretaker: code of the language, then the town's name, a line each.
const TITLE: &str = "title";

pub struct Curtain(Option<Drawn>);

struct Drawn {
    framebuffer: Framebuffer,
    console: File,
    frame: Frame,
    boot: Boot,
}

impl Curtain {
    /// Takes the console, if there is something to draw on.
    pub fn close(slot: char) -> Curtain {
        let boot = Boot { slot: Some(slot.to_string()), ..Boot::default() };
        Curtain(Drawn::take(boot).inspect_err(|error| say(Level::Debug, &format!("no picture: {error:#}"))).ok())
    }

    /// For where text or another picture is wanted from the beginning.
    pub fn none() -> Curtain {
        Curtain(None)
    }

    pub fn show(&mut self, step: Step) {
        let Some(drawn) = &mut self.0 else { return };
        let Ok(()) = draw_boot(&drawn.boot, step, &mut drawn.frame);
        if let Err(error) = drawn.framebuffer.show(&drawn.frame) {
            say(Level::Debug, &format!("{error}"));
        }
    }

    /// What the image says of itself.
    pub fn learn_build(&mut self, build: &str) {
        if let Some(drawn) = &mut self.0 {
            drawn.boot.version = build.lines().find_map(|line| line.strip_prefix("VERSION=")).map(str::to_owned);
        }
    }

    /// Whose box it is, where that was left on the state partition.
    pub fn learn_title(&mut self, state: &Path) {
        if let (Some(drawn), Ok(text)) = (&mut self.0, fs::read_to_string(state.join(TITLE))) {
            (drawn.boot.language, drawn.boot.town) = title(&text);
        }
    }

    /// Gives the console back to text.
    pub fn open(&mut self) {
        if let Some(drawn) = self.0.take()
            && let Err(error) = console::set_graphics(&drawn.console, false)
        {
            say(Level::Debug, &format!("{error:#}"));
        }
    }
}

impl Drawn {
    fn take(boot: Boot) -> Result<Drawn> {
        let framebuffer = Framebuffer::open(Path::new(panel::framebuffer::FIRST))?;
        let front = console::FRONT;
        let console = File::options().read(true).write(true).open(front).with_context(|| format!("cannot open {front}"))?;
        console::set_graphics(&console, true)?;
        Ok(Drawn { frame: Frame::new(framebuffer.size()), framebuffer, console, boot })
    }
}

fn title(text: &str) -> (Language, Option<String>) {
    let mut lines = text.lines().map(str::trim);
    let language = Language::of(lines.next());
    (language, lines.next().filter(|town| !town.is_empty()).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_has_a_language_and_a_town() {
        assert_eq!(title("de\nMusterstadt\n"), (Language::German, Some("Musterstadt".to_owned())));
        assert_eq!(title("xx\n\n"), (Language::English, None));
        assert_eq!(title(""), (Language::English, None));
    }
}
