//! The town's own words in the language on the screen, and where they are in another.

use api::{Language, Texts};

use super::State;
use crate::locale::fallback;

impl State {
    /// The tag of the language on the screen.
    pub fn language_tag(&self) -> &str {
        self.language().map_or("en", |language| language.as_str())
    }

    /// Whether the town's names are in Latin letters, as its own is.
    pub fn is_latin(&self) -> bool {
        self.town.as_ref().is_some_and(|town| town.name.contains(|letter: char| letter.is_ascii_alphabetic()))
    }

    /// A text in the language on the screen, else in the first of the chain of [`fallback`].
    pub fn text<'t>(&self, texts: &'t Texts) -> &'t str {
        self.text_in(texts).map_or("", |(_, text)| text)
    }

    /// The text with the language it is in.
    pub fn text_in<'t>(&self, texts: &'t Texts) -> Option<(&'t Language, &'t str)> {
        let town = self.town.as_ref().map_or(&[][..], |town| &town.languages);
        fallback::choose(texts, self.language(), town)
    }

    /// The own name of the language of a text shown, if that is another than the screen's; else empty.
    pub fn text_note(&self, texts: &Texts) -> String {
        self.text_in(texts).map_or(String::new(), |(language, _)| self.language_note(language))
    }

    /// The own name of the language that something was written in, if that is another than the screen's; else empty.
    pub fn language_note(&self, written: &Language) -> String {
        fallback::note(written, self.language()).unwrap_or_default()
    }
}
