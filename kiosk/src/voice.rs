//! Reading aloud. On the appliance there is no screen reader: the kiosk speaks by itself.
//!
//! What stands on the screen comes as a list of [`Spot`]s, read from the accessible tree (`bridge/reading.rs`). [`Narrator`] moves a
//! cursor over it and puts into words what the cursor stands on and what has changed; it is pure. A [`Speaker`] says the words:
//! [`Espeak`] aloud, [`Transcript`] to a test, [`Silent`] to nobody.

pub mod espeak;
pub mod jack;
pub mod keys;
pub mod narrator;
pub mod reading;
pub mod speaker;
pub mod transcript;

pub use espeak::Espeak;
pub use narrator::{Act, Narrator, Phrase, Say, Scene, Words};
pub use reading::{Key, Role, Spot};
pub use speaker::{Part, Silent, Speaker, Speech};
pub use transcript::Transcript;

use crate::app::{Channel, State};

/// The narrator and its voice.
pub struct Voice {
    pub narrator: Narrator,
    speaker: Box<dyn Speaker>,
    /// The words of the last thing said, for eyes.
    pub said: String,
    /// What has the focus because the cursor stands on it.
    pub shown: Option<Key>,
    /// When the fourth key went down.
    pub held_since_ms: Option<u64>,
}

impl Voice {
    /// Nothing said yet.
    pub fn new(speaker: Box<dyn Speaker>) -> Voice {
        Voice { narrator: Narrator::default(), speaker, said: String::new(), shown: None, held_since_ms: None }
    }

    /// Says something in the language on the screen; what is urgent cuts what is being said.
    pub fn say(&mut self, say: &Say, state: &State, words: &dyn Words, now_ms: u64) {
        if say.urgent {
            self.hush(now_ms);
        }
        let text = speaker::words(&say.parts, state.ears.channel, &words.say(Phrase::OnScreen));
        if text.is_empty() {
            return;
        }
        let voice = &state.session.voice;
        let language = state.language().map_or("en", |language| language.as_str()).to_owned();
        self.said.clone_from(&text);
        self.speaker.say(
            Speech {
                spelled: text.chars().count() <= 2,
                text,
                language,
                rate_percent: voice.rate_percent(),
                gain_db: voice.gain_db(),
                channel: state.ears.channel,
            },
            now_ms,
        );
    }

    /// Cuts what is being said, and what was to follow.
    pub fn hush(&mut self, now_ms: u64) {
        self.speaker.hush(now_ms);
    }

    /// Whether something is being said.
    pub fn is_speaking(&mut self, now_ms: u64) -> bool {
        self.speaker.is_speaking(now_ms)
    }

    /// Whether this kiosk has a voice at all.
    pub fn is_there(&self) -> bool {
        self.speaker.is_there()
    }

    /// Whether nothing can be heard.
    pub fn is_soundless(&self) -> bool {
        self.speaker.is_soundless()
    }

    /// Forgets what was read for one resident.
    pub fn forget(&mut self) {
        self.narrator = Narrator::default();
        self.said.clear();
        self.shown = None;
        self.held_since_ms = None;
    }
}

/// What may be heard by nobody else, on a channel.
pub fn is_private(channel: Channel) -> bool {
    channel == Channel::Headphones
}

#[cfg(test)]
mod tests;
