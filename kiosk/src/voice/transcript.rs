//! A speaker that writes down what it would say: for tests, with the time of a clock that they set.

use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;

use super::{Speaker, Speech};
use crate::app::Channel;

/// Milliseconds a letter takes at 100 %: 125 words a minute, a word being six letters with its space.
const LETTER_MS: u64 = 80;

/// One thing said.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub from_ms: u64,
    /// When it would end if nobody cut it.
    pub until_ms: u64,
    pub cut_ms: Option<u64>,
    pub speech: Speech,
}

/// What was said, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Transcript {
    entries: Rc<RefCell<Vec<Entry>>>,
}

impl Transcript {
    /// Everything said so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.borrow().clone()
    }

    /// One line for each: seconds, channel, language, whole or cut, words.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for entry in self.entries.borrow().iter() {
            let channel = match entry.speech.channel {
                Channel::Loudspeaker => "loud",
                Channel::Headphones => "ears",
            };
            let end = if entry.cut_ms.is_some() { "cut" } else { "all" };
            let seconds = entry.from_ms as f64 / 1000.0;
            let _ = writeln!(text, "{seconds:7.2} {channel} {} {end} {}", entry.speech.language, entry.speech.text);
        }
        text
    }
}

impl Speaker for Transcript {
    fn say(&mut self, speech: Speech, now_ms: u64) {
        let mut entries = self.entries.borrow_mut();
        let busy_until = entries.last().filter(|entry| entry.cut_ms.is_none()).map_or(0, |entry| entry.until_ms);
        let from_ms = now_ms.max(busy_until);
        let letters = speech.text.chars().count() as u64;
        let until_ms = from_ms + letters * LETTER_MS * 100 / u64::from(speech.rate_percent.max(1));
        entries.push(Entry { from_ms, until_ms, cut_ms: None, speech });
    }

    fn hush(&mut self, now_ms: u64) {
        let mut entries = self.entries.borrow_mut();
        entries.retain(|entry| entry.from_ms <= now_ms);
        for entry in entries.iter_mut().filter(|entry| entry.cut_ms.is_none() && entry.until_ms > now_ms) {
            entry.cut_ms = Some(now_ms);
        }
    }

    fn is_speaking(&mut self, now_ms: u64) -> bool {
        self.entries.borrow().last().is_some_and(|entry| entry.cut_ms.is_none() && entry.until_ms > now_ms)
    }
}
