//! A text being typed.

/// A text with a caret. The caret never stands inside what a reader sees as one letter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edit {
    text: String,
    /// Bytes before the caret.
    caret: usize,
}

impl Edit {
    /// A text with the caret at its end.
    pub fn new(text: &str) -> Edit {
        Edit { text: text.to_owned(), caret: text.len() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Bytes before the caret.
    pub fn caret(&self) -> usize {
        self.caret
    }

    /// Puts the caret at the start of the letter this byte belongs to, or at the end.
    pub fn set_caret(&mut self, byte: usize) {
        let start = self.starts().take_while(|start| *start <= byte).last().unwrap_or(0);
        self.caret = if byte >= self.text.len() { self.text.len() } else { start };
    }

    /// Types a text before the caret, unless it would then be longer than `limit` characters: then nothing changes and the answer is
    /// `false`.
    pub fn insert(&mut self, typed: &str, limit: usize) -> bool {
        if self.text.chars().count() + typed.chars().count() > limit {
            return false;
        }
        self.text.insert_str(self.caret, typed);
        self.caret += typed.len();
        true
    }

    /// Takes away the letter before the caret, with the marks on it.
    pub fn backspace(&mut self) {
        let start = self.before();
        self.text.replace_range(start..self.caret, "");
        self.caret = start;
    }

    /// Moves the caret one letter to the front.
    pub fn left(&mut self) {
        self.caret = self.before();
    }

    /// Moves the caret one letter to the end.
    pub fn right(&mut self) {
        let next = self.starts().find(|start| *start > self.caret);
        self.caret = next.unwrap_or(self.text.len());
    }

    /// Moves the caret before the first letter.
    pub fn home(&mut self) {
        self.caret = 0;
    }

    /// Moves the caret behind the last letter.
    pub fn end(&mut self) {
        self.caret = self.text.len();
    }

    fn before(&self) -> usize {
        self.starts().take_while(|start| *start < self.caret).last().unwrap_or(0)
    }

    /// Where letters start. Marks, joiners and the parts of joined pictures belong to the letter before them.
    fn starts(&self) -> impl Iterator<Item = usize> {
        let mut last = None;
        self.text.char_indices().filter_map(move |(at, letter)| {
            let joined = last == Some('\u{200D}') || last == Some('\r') && letter == '\n';
            let first = last.is_none();
            last = Some(letter);
            (first || !(joined || belongs_to_the_letter_before(letter))).then_some(at)
        })
    }
}

/// Combining marks, variation selectors, joiners and skin tones: what a keyboard, a scanner or a pasted text can bring. Unicode's full
/// rules of grapheme clusters know more scripts than the kiosk's keyboard can write.
fn belongs_to_the_letter_before(letter: char) -> bool {
    matches!(letter,
        '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{0591}'..='\u{05BD}' | '\u{064B}'..='\u{065F}' | '\u{0670}'
        | '\u{093A}'..='\u{093C}' | '\u{093E}'..='\u{094F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{200C}'..='\u{200D}' | '\u{20D0}'..='\u{20FF}' | '\u{3099}'..='\u{309A}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FE20}'..='\u{FE2F}' | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0100}'..='\u{E01EF}')
}
