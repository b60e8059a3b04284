//! Who says it: what a speaker is, and the one that says nothing.

use crate::app::Channel;

/// A piece of what is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub text: String,
    /// What somebody typed, or what their code opened: for their own ears only (EN 301 549, 5.1.3.8 and 5.1.3.9).
    pub personal: bool,
    /// Then nothing is said instead: of a letter typed after another it has been said already that it stands on the screen.
    pub quiet: bool,
}

impl Part {
    /// For everybody's ears.
    pub fn new(text: impl Into<String>) -> Part {
        Part { text: text.into(), personal: false, quiet: false }
    }

    /// For one pair of ears.
    pub fn personal(text: impl Into<String>) -> Part {
        Part { text: text.into(), personal: true, quiet: false }
    }
}

/// What is said on a channel: on the loudspeaker it is said once instead of anything personal that it stands on the screen.
pub fn words(parts: &[Part], channel: Channel, on_screen: &str) -> String {
    let mut said: Vec<&str> = Vec::new();
    let mut hidden = false;
    for part in parts.iter().filter(|part| !part.text.trim().is_empty()) {
        if !part.personal || super::is_private(channel) {
            said.push(part.text.trim());
        } else if !hidden && !part.quiet {
            hidden = true;
            said.push(on_screen);
        }
    }
    let mut text = String::new();
    for piece in said {
        if !text.is_empty() {
            let ended = text.ends_with(['.', '!', '?', ':', ';', ',', '…']);
            text.push_str(if ended { " " } else { ", " });
        }
        text.push_str(piece);
    }
    text
}

/// Something to say, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Speech {
    pub text: String,
    pub language: String,
    /// Signs are named, for they are all there is.
    pub spelled: bool,
    pub rate_percent: u16,
    pub gain_db: f32,
    pub channel: Channel,
}

/// Says things one after the other.
pub trait Speaker {
    /// Says this after what is being said.
    fn say(&mut self, speech: Speech, now_ms: u64);
    /// Cuts what is being said and forgets what was to follow: silent within 100 ms.
    fn hush(&mut self, now_ms: u64);
    /// Whether something is being said.
    fn is_speaking(&mut self, now_ms: u64) -> bool;
    /// Whether this kiosk has a voice at all.
    fn is_there(&self) -> bool {
        true
    }
    /// Whether nothing can be heard of it.
    fn is_soundless(&self) -> bool {
        false
    }
}

/// Where there is no sound: what would be said stands on the screen.
pub struct Silent;

impl Speaker for Silent {
    fn say(&mut self, _: Speech, _: u64) {}

    fn hush(&mut self, _: u64) {}

    fn is_speaking(&mut self, _: u64) -> bool {
        false
    }

    fn is_there(&self) -> bool {
        false
    }

    fn is_soundless(&self) -> bool {
        true
    }
}
