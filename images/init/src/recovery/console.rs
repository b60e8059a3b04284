//! The screen with a keyboard, and the serial line: both show the same, and what is typed on either counts.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// What is in front on the screen, and the serial line of the kernel's arguments.
const TERMINALS: [&str; 2] = ["/dev/tty0", "/dev/ttyS0"];

/// A terminal that cannot be read now may be later.
const AGAIN: Duration = Duration::from_secs(2);

/// Nobody types longer lines.
const LINE_LEN: usize = 256;

pub struct Consoles {
    terminals: Vec<File>,
    typed: Receiver<String>,
    /// Held, so that waiting goes on where no terminal can be read at all.
    _sender: Sender<String>,
}

impl Consoles {
    pub fn open() -> Consoles {
        let (sender, typed) = channel();
        for terminal in TERMINALS {
            let sender = sender.clone();
            // Without its thread a terminal is still written to.
            let _ = thread::Builder::new().name(terminal.to_owned()).spawn(move || listen(terminal, &sender));
        }
        let terminals = TERMINALS.iter().filter_map(|path| OpenOptions::new().write(true).open(path).ok()).collect();
        Consoles { terminals, typed, _sender: sender }
    }

    pub fn show(&mut self, text: &str) {
        for terminal in &mut self.terminals {
            let _ = terminal.write_all(text.as_bytes());
        }
    }

    /// Waits for a line, however long.
    pub fn line(&self) -> String {
        loop {
            if let Ok(line) = self.typed.recv() {
                return line;
            }
            thread::sleep(AGAIN);
        }
    }
}

fn listen(terminal: &str, sender: &Sender<String>) {
    loop {
        if let Ok(file) = File::open(terminal) {
            let mut lines = BufReader::new(file);
            let mut bytes = Vec::new();
            while lines.read_until(b'\n', &mut bytes).is_ok_and(|length| length > 0) {
                bytes.truncate(LINE_LEN);
                if sender.send(String::from_utf8_lossy(&bytes).into_owned()).is_err() {
                    return;
                }
                bytes.clear();
            }
        }
        thread::sleep(AGAIN);
    }
}
