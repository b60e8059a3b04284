//! Texts of strangers: what is taken, and what it becomes before it is stored.
//!
//! Texts stay plain text. HTML in them is stored as typed and shown as typed; nothing here or in the clients interprets it.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Most combining marks on one letter; more is decoration that paints over its neighbours.
const MARKS_MAX: usize = 6;

/// A text with a control character that no keyboard types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlCharacter;

/// The text as it is stored: NFC, line ends as line feeds, tabs and odd spaces as spaces, no characters that turn or hide other
/// text (bidirectional controls by Unicode TR 36, zero-width spaces, byte order marks, tags), not more than two empty lines in a row, trimmed.
/// Joiners stay: Persian and Indic scripts need them.
pub fn clean(text: &str) -> Result<String, ControlCharacter> {
    let mut clean = String::with_capacity(text.len());
    let mut marks = 0;
    let mut line_feeds = 0;
    let text = text.replace("\r\n", "\n");
    // ASCII is left as it is by every normal form; many texts are nothing else.
    let (ascii, other) = if text.is_ascii() { (text.as_str(), "") } else { ("", text.as_str()) };
    // Taken out before composing: a letter and its accent may stand on both sides of what nobody sees.
    for c in ascii.chars().chain(other.chars().filter(|c| !is_invisible(*c)).nfc()) {
        let c = match c {
            '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' => '\n',
            '\t' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => ' ',
            c => c,
        };
        if c.is_control() && c != '\n' {
            return Err(ControlCharacter);
        }
        marks = if !c.is_ascii() && is_combining_mark(c) { marks + 1 } else { 0 };
        line_feeds = if c == '\n' { line_feeds + 1 } else { 0 };
        if marks <= MARKS_MAX && line_feeds <= 3 {
            clean.push(c);
        }
    }
    let trimmed = clean.trim();
    Ok(if trimmed.len() == clean.len() { clean } else { trimmed.to_owned() })
}

/// Characters that change how others are read or that nobody sees.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// The text for comparing and searching: lower case, without accents.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    folded
}

/// [`fold`] into a text that is at hand, which is emptied first.
pub fn fold_into(text: &str, folded: &mut String) {
    folded.clear();
    folded.push_str(text);
    if text.is_ascii() {
        folded.make_ascii_lowercase();
        return;
    }
    folded.clear();
    // Character by character: what normalisation does to several at once is order their accents, which go anyway.
    for c in text.chars() {
        if c.is_ascii() {
            folded.push(c.to_ascii_lowercase());
        } else {
            folded.extend(std::iter::once(c).nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase));
        }
    }
}

/// The first `max` characters of the first line that says something, with an ellipsis where more follows.
pub fn title(text: &str, max: usize) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    if line.chars().count() <= max && line.len() == text.len() {
        return line.to_owned();
    }
    let mut title: String = line.chars().take(max.saturating_sub(1)).collect();
    title.truncate(title.trim_end().len());
    title.push('…');
    title
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn harmless_text_stays_and_tricks_go() {
        for (typed, stored) in [
            ("  Lamp out\r\nsince Monday\t! ", "Lamp out\nsince Monday !"),
            ("a\u{202E}b\u{2066}c\u{200B}d\u{FEFF}", "abcd"),
            ("e\u{301}", "é"),
            ("w\u{200B}\u{301}", "ẃ"),
            ("<b onclick=x>&amp;", "<b onclick=x>&amp;"),
            ("می\u{200C}خواهم", "می\u{200C}خواهم"),
            ("a\n\n\n\n\n\nb", "a\n\n\nb"),
        ] {
            assert_eq!(clean(typed).as_deref(), Ok(stored), "{typed:?}");
        }
        for typed in ["a\0b", "a\u{1B}[2Jb", "a\u{7F}", "a\u{9B}31m"] {
            assert_eq!(clean(typed), Err(ControlCharacter), "{typed:?}");
        }
        let zalgo = format!("z{}", "\u{336}".repeat(60));
        assert!(clean(&zalgo).unwrap().chars().count() < 10);
    }

    #[test]
    fn titles_and_folding() {
        assert_eq!(title("Lamp out", 20), "Lamp out");
        assert_eq!(title("Lamp out\nsince Monday", 20), "Lamp out…");
        assert_eq!(title("Lamp out since Monday", 9), "Lamp out…");
        assert_eq!(fold("Hämeentie ÅÖ"), "hameentie ao");
    }

    proptest! {
        #[test]
        fn folding_by_characters_is_folding_the_whole(text in "\\PC{0,80}") {
            let whole: String = text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
            prop_assert_eq!(fold(&text), whole);
        }

        #[test]
        fn cleaning_twice_changes_nothing(text in "\\PC{0,80}") {
            if let Ok(once) = clean(&text) {
                prop_assert_eq!(clean(&once), Ok(once.clone()));
            }
        }
    }
}
