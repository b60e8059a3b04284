//! The console's filter words, looked for in the reports' own texts.
//!
//! An index of words was most of a start's time and a tenth of its memory; a walk through the texts of a hundred thousand reports
//! takes some tens of milliseconds, and only when somebody filters.

use crate::code::ALPHABET;
use crate::fact::Texts;
use crate::model::Report;
use crate::text::{fold, fold_into};

/// Looks for parts of words in reports, in any case and without accents.
#[derive(Default)]
pub(super) struct Finder {
    text: String,
    address: String,
}

impl Finder {
    /// Takes a report in hand.
    pub fn take(&mut self, report: &Report) {
        fold_into(&report.text, &mut self.text);
        fold_into(report.place.address.as_deref().unwrap_or_default(), &mut self.address);
    }

    /// Whether a word of its text or address has this part, which is folded and of one word.
    pub fn has(&self, part: &str) -> bool {
        self.text.contains(part) || self.address.contains(part)
    }
}

/// The words of a folded text.
pub(super) fn split(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether a name in any language has this part.
pub(super) fn named(names: &Texts, part: &str) -> bool {
    names.values().any(|name| fold(name).contains(part))
}

/// The first thirty bits of the ids that a reference stands for.
pub(super) fn reference_bits(reference: &str) -> Option<u32> {
    let typed = reference.trim().to_ascii_uppercase();
    let digits = typed.strip_prefix("R-").or_else(|| typed.strip_prefix('R').filter(|rest| rest.len() == 6)).unwrap_or(&typed);
    if digits.len() != 6 {
        return None;
    }
    digits.bytes().try_fold(0, |bits, c| {
        let c = match c {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            c => c,
        };
        let digit = ALPHABET.iter().position(|a| *a == c)?;
        Some(bits << 5 | digit as u32)
    })
}
