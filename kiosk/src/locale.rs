//! The languages that the kiosk's own words are in: English, and one for every file of `lang/`; and what a language decides besides
//! words: the direction of writing, the form of numbers, days and times, and what is shown where a text is not there in it.

pub mod fallback;
pub mod form;
pub mod moment;
pub mod readability;
#[cfg(test)]
pub(crate) mod tests;

use std::borrow::Cow;

/// Language code and its own name, of every language bundled.
const BUNDLED: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/languages.rs"));

/// Languages written from right to left: CLDR, `layout/orientation` of the locale. Others than Arabic are for a town's own texts.
const RIGHT_TO_LEFT: [&str; 10] = ["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"];

/// Begins an inserted text that finds its own direction (U+2068), and ends it (U+2069): Unicode Standard Annex #9, 2.4.
const ISOLATE: (char, char) = ('\u{2068}', '\u{2069}');

/// The language of a tag: `de` of `de-at`.
pub fn primary(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or_default()
}

/// Every language that the kiosk's words are in, English first.
pub fn offered() -> Vec<&'static str> {
    std::iter::once("en").chain(BUNDLED.iter().map(|(code, _)| *code)).collect()
}

/// The tag itself, then shorter and shorter: `zh-hant-tw`, `zh-hant`, `zh` (RFC 4647, 3.4).
fn shorter(tag: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(tag), |tag| tag.rfind(['-', '_']).map(|at| &tag[..at]))
}

/// The language whose words are shown for this tag: itself, or the one it is a kind of.
fn words_of(language: &str) -> Option<&'static str> {
    let there = |tag: &str| match tag {
        "en" => Some("en"),
        tag => BUNDLED.iter().find(|(code, _)| *code == tag).map(|(code, _)| *code),
    };
    shorter(language).find_map(there)
}

/// Whether the kiosk's words are there in this language, or in the one it is a kind of.
pub fn is_complete(language: &str) -> bool {
    words_of(language).is_some()
}

/// A language's name as its speakers write it; of a kind of one with its region; an unknown one's is its code.
pub fn own_name(language: &str) -> Cow<'_, str> {
    let Some(known) = words_of(language) else { return language.into() };
    let name = BUNDLED.iter().find(|(code, _)| *code == known).map_or("English", |(_, name)| name);
    match language.get(known.len() + 1..).filter(|kind| !kind.is_empty()) {
        Some(kind) => format!("{name} ({})", kind.to_uppercase()).into(),
        None => name.into(),
    }
}

/// Shows all words in this language from now on; in English when it is not bundled.
pub fn select(language: &str) {
    let bundled = words_of(language).filter(|known| *known != "en").unwrap_or("");
    if let Err(error) = slint::select_bundled_translation(bundled) {
        tracing::warn!(language, %error, "this language cannot be shown");
    }
}

/// Whether the language is written from right to left, so that the whole screen is mirrored.
pub fn is_mirrored(language: &str) -> bool {
    RIGHT_TO_LEFT.contains(&primary(language))
}

/// Whether a letter is written from right to left: the blocks that the Unicode Character Database keeps for such scripts.
fn runs_left(letter: char) -> bool {
    matches!(letter,
        '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}'
        | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}

/// A name, an address or a code as it goes into a sentence of a language: where it may run against the sentence, neither stirs the
/// other's letters and digits. Not for a text that stands alone: its direction would no longer be found.
pub fn inserted<'t>(text: &'t str, language: &str) -> Cow<'t, str> {
    let mirrored = is_mirrored(language);
    let against = |letter: char| runs_left(letter) != mirrored && letter.is_alphanumeric();
    if text.starts_with(ISOLATE.0) || !text.chars().any(against) {
        return text.into();
    }
    format!("{}{text}{}", ISOLATE.0, ISOLATE.1).into()
}
