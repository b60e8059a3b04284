//! The screen with a keyboard, and the serial line: both offer the same, and what is typed on either counts.
//!
//! Where there is a framebuffer the screen shows a picture and takes single keys; else it is a terminal like the serial line.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use panel::boot::Recovery;

use super::form::{Decoder, Form, Key};
use super::menu::Menu;
use super::screen::Screen;
use crate::console::FRONT;
use crate::{Level, say};

/// The serial line of the kernel's arguments.
const SERIAL: &str = "/dev/ttyS0";

/// A terminal that cannot be read now may be later.
const AGAIN: Duration = Duration::from_secs(2);

/// Nobody types longer lines.
const LINE_LEN: usize = 256;

pub struct Consoles {
    /// Those with text.
    terminals: Vec<File>,
    screen: Option<Screen>,
    /// The screen showed a picture once, and its keys are read one by one.
    is_pictured: bool,
    picture: Recovery,
    typed: Receiver<Typed>,
    /// Held, so that waiting goes on where no terminal can be read at all.
    _sender: Sender<Typed>,
}

enum Typed {
    Line(String),
    Key(Key),
}

impl Consoles {
    pub fn open() -> Consoles {
        let (sender, typed) = channel();
        let screen = Screen::take(FRONT).inspect_err(|error| say(Level::Debug, &format!("no picture: {error:#}"))).ok();
        let read = |terminal: &'static str, listen: fn(&File, &Sender<Typed>)| {
            let sender = sender.clone();
            // Without its thread a terminal is still written to.
            let _ = thread::Builder::new().name(terminal.to_owned()).spawn(move || {
                loop {
                    if let Ok(file) = File::open(terminal) {
                        listen(&file, &sender);
                    }
                    thread::sleep(AGAIN);
                }
            });
        };
        read(SERIAL, lines);
        read(FRONT, if screen.is_some() { keys } else { lines });
        let with_text = if screen.is_some() { &[SERIAL][..] } else { &[FRONT, SERIAL] };
        let is_pictured = screen.is_some();
        let terminals = with_text.iter().filter_map(|path| OpenOptions::new().write(true).open(path).ok()).collect();
        Consoles { terminals, screen, is_pictured, picture: Recovery::default(), typed, _sender: sender }
    }

    /// What is wrong: as text, and for the picture.
    pub fn begin(&mut self, text: &str, picture: Recovery) {
        self.picture = picture;
        if self.is_pictured && self.screen.is_none() {
            self.screen = Screen::take(FRONT).inspect_err(|error| say(Level::Debug, &format!("no picture: {error:#}"))).ok();
        }
        self.write(&format!("\n\n{text}\n"));
    }

    /// Gives the screen back to whoever is started now.
    pub fn end(&mut self) {
        self.screen = None;
    }

    /// What came of a choice.
    pub fn tell(&mut self, text: &str) {
        self.write(&format!("\n{text}\n\n"));
        self.picture.said = Some(text.to_owned());
    }

    /// Waits for an answer, however long.
    pub fn ask(&mut self, menu: Menu) -> String {
        self.write(&menu.text());
        let mut form = Form::new(menu);
        self.draw(&form);
        let line = loop {
            match self.typed.recv() {
                Ok(Typed::Line(line)) => break line,
                Ok(Typed::Key(key)) => match form.press(key) {
                    Some(line) => break line,
                    None => self.draw(&form),
                },
                Err(_) => thread::sleep(AGAIN),
            }
        };
        self.picture.said = None;
        line
    }

    fn write(&mut self, text: &str) {
        for terminal in &mut self.terminals {
            let _ = terminal.write_all(text.as_bytes());
        }
    }

    fn draw(&mut self, form: &Form) {
        let Some(screen) = &mut self.screen else { return };
        self.picture.question = form.question();
        self.picture.choices = form.choices();
        self.picture.selected = form.selected;
        self.picture.typed = form.typed();
        screen.show(&self.picture);
    }
}

fn lines(file: &File, sender: &Sender<Typed>) {
    let mut reader = BufReader::new(file);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).is_ok_and(|length| length > 0) {
        bytes.truncate(LINE_LEN);
        // Refused once nobody asks any more.
        let _ = sender.send(Typed::Line(String::from_utf8_lossy(&bytes).into_owned()));
        bytes.clear();
    }
}

fn keys(mut file: &File, sender: &Sender<Typed>) {
    let mut decoder = Decoder::default();
    let mut bytes = [0; 64];
    while let Ok(length @ 1..) = file.read(&mut bytes) {
        for key in bytes[..length].iter().filter_map(|byte| decoder.key(*byte)) {
            let _ = sender.send(Typed::Key(key));
        }
    }
}
