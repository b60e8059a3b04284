//! How easily the kiosk's words are read, measured.
//!
//! Two figures of every language, from its whole sentences only; labels of one to three words would flatter both:
//! - words per sentence. The European Commission's "How to write clearly" asks for an average of at most 20, gov.uk's content design for
//!   no sentence over 25, and guides to easy language for about 15;
//! - LIX, words per sentence plus the percentage of words of more than six letters (C. H. Björnsson, "Läsbarhet", 1968; used across
//!   eleven languages in "Readability of Newspapers in 11 Languages", Reading Research Quarterly 18, 1983). Under 30 is very easy, 30 to 40
//!   easy, 40 to 50 middling, 50 to 60 hard as official texts are. Languages that join words (Finnish, German, Swedish) have more long
//!   ones at the same ease: figures are to be compared with earlier ones of the same language. Björnsson measured no Greek and no
//!   Arabic, and Ukrainian was not among his eleven: for these three it is not given.

use std::fmt;

use super::primary;

/// Languages that LIX was measured in.
const LIX: [&str; 7] = ["de", "en", "es", "fi", "fr", "it", "sv"];
/// A word with more letters than this is long.
const LONG: usize = 6;

/// What was measured of a language's sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading {
    pub sentences: usize,
    pub words: usize,
    /// Words of more than six letters.
    pub long_words: usize,
    /// Words of the longest sentence.
    pub longest: usize,
}

impl Reading {
    /// Measures the whole sentences among these texts.
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Reading {
        let mut reading = Reading::default();
        for sentence in texts.into_iter().flat_map(sentences) {
            let lengths: Vec<usize> =
                words(sentence).map(|word| word.chars().filter(|sign| sign.is_alphabetic()).count()).collect();
            reading.sentences += 1;
            reading.words += lengths.len();
            reading.long_words += lengths.iter().filter(|length| **length > LONG).count();
            reading.longest = reading.longest.max(lengths.len());
        }
        reading
    }

    /// Words of a sentence, on average.
    pub fn words_per_sentence(&self) -> f64 {
        self.words as f64 / self.sentences.max(1) as f64
    }

    /// LIX, for the languages that it was made for.
    pub fn lix(&self, language: &str) -> Option<f64> {
        let share = self.long_words as f64 / self.words.max(1) as f64;
        LIX.contains(&primary(language)).then(|| self.words_per_sentence() + 100.0 * share)
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reading { sentences, longest, .. } = self;
        write!(out, "{sentences} sentences, {:.1} words each, {longest} the longest", self.words_per_sentence())
    }
}

/// The figures of every language as a table in Markdown, from the text of its file of translations; English stands in each of them.
pub fn table<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> String {
    let mut rows: Vec<(&str, Reading)> = Vec::new();
    for (language, words) in files {
        if rows.is_empty() {
            rows.push(("en", Reading::of(quoted(words, "msgid"))));
        }
        rows.push((language, Reading::of(quoted(words, "msgstr"))));
    }
    rows.sort_unstable_by_key(|(language, _)| *language);
    let row = |(language, reading): &(&str, Reading)| {
        let lix = reading.lix(language).map_or("not made for it".to_owned(), |lix| format!("{lix:.1}"));
        format!("| {language} | {} | {:.1} | {} | {lix} |\n", reading.sentences, reading.words_per_sentence(), reading.longest)
    };
    let head = "| Language | Sentences | Words each | Longest | LIX |\n|---|---|---|---|---|\n";
    head.to_owned() + &rows.iter().map(row).collect::<String>()
}

/// What a file of translations has in quotes on the lines that begin so.
fn quoted<'t>(words: &'t str, start: &'static str) -> impl Iterator<Item = &'t str> {
    let lines = words.lines().filter(move |line| line.starts_with(start));
    lines.filter_map(|line| line.split_once('"')?.1.strip_suffix('"'))
}

/// The sentences of a text that end as sentences do; a label that just stops is none. A semicolon, a colon and Greek's raised point end
/// one as well for the reader, but not here: that would make the figures better than they are.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let ends = |sign: char| matches!(sign, '.' | '!' | '?' | '؟' | ';' | '\u{37E}');
    // Greek asks with what is a semicolon elsewhere.
    let greek = text.chars().any(|letter| matches!(letter, '\u{370}'..='\u{3FF}'));
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut from = 0;
        loop {
            let at = from + rest[from..].find(ends)?;
            let sign = rest[at..].chars().next()?;
            let after = at + sign.len_utf8();
            let is_end = (sign != ';' || greek) && rest[after..].chars().next().is_none_or(char::is_whitespace);
            if is_end {
                let sentence = &rest[..at];
                rest = &rest[after..];
                return Some(sentence);
            }
            from = after;
        }
    })
    .filter(|sentence| words(sentence).next().is_some())
}

/// What stands between blanks and holds a letter, a digit or a gap to be filled.
fn words(sentence: &str) -> impl Iterator<Item = &str> {
    sentence.split_whitespace().filter(|word| word.contains(|sign: char| sign.is_alphanumeric() || sign == '{'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::tests::{ALL, file, words_of};

    #[test]
    fn a_text_is_measured_by_its_whole_sentences() {
        let reading = Reading::of([
            "Scroll up",
            "Please write a few words first.",
            "12 letters, like 4F7K-2M9Q. Capitals do not matter; really.",
        ]);
        assert_eq!(reading, Reading { sentences: 3, words: 6 + 4 + 5, long_words: 2, longest: 6 });
        assert_eq!(reading.words_per_sentence(), 5.0);
        assert!((reading.lix("en-gb").unwrap() - (5.0 + 200.0 / 15.0)).abs() < 1e-9);
        assert_eq!(reading.lix("el"), None);
        assert_eq!(Reading::of(["Τι συμβαίνει; Πού είναι;"]).sentences, 2);
        assert_eq!(Reading::of(["هل ما زلت هنا؟"]), Reading { sentences: 1, words: 4, long_words: 0, longest: 4 });
        assert_eq!(Reading::of([]).words_per_sentence(), 0.0);
    }

    /// Set `KIOSK_READABILITY` to see the figures: `KIOSK_READABILITY=1 cargo test -p kiosk readability -- --nocapture`.
    #[test]
    fn every_language_stays_as_easy_as_it_is() {
        // LIX was measured for each when its words were last gone through, and may rise by about four before somebody has to look again.
        let ceilings = [("de", 30.0), ("en", 22.0), ("es", 35.0), ("fi", 45.0), ("fr", 33.0), ("it", 36.0), ("sv", 27.0)];
        let files: Vec<(&str, String)> =
            ALL.into_iter().filter(|language| *language != "en").map(|language| (language, file(language))).collect();
        let table = table(files.iter().map(|(language, words)| (*language, words.as_str())));
        assert_eq!(table.lines().count(), 2 + ALL.len());
        if std::env::var_os("KIOSK_READABILITY").is_some() {
            println!("{table}");
        }
        let mut over = Vec::new();
        for language in ALL {
            let texts = words_of(language);
            let reading = Reading::of(texts.iter().map(String::as_str));
            let lix = reading.lix(language);
            assert!(reading.sentences > 60, "{language}: {reading}");
            let ceiling = ceilings.iter().find(|(known, _)| *known == language).map(|(_, ceiling)| *ceiling);
            assert_eq!(ceiling.is_some(), lix.is_some(), "{language}");
            if lix.zip(ceiling).is_some_and(|(lix, ceiling)| lix > ceiling)
                || reading.words_per_sentence() > 8.0
                || reading.longest > 20
            {
                over.push(format!("{language}: {reading}, LIX {lix:?}, not over {ceiling:?}"));
            }
        }
        assert!(over.is_empty(), "{}", over.join("\n"));
    }
}
