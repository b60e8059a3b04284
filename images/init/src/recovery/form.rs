//! The menu on a screen with a keyboard: what is lit and what is typed, until it makes a line that the menu takes.

use super::menu::Menu;

/// What a keyboard sends that means something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Up,
    Down,
    Enter,
    Erase,
    Letter(char),
}

/// Nobody types longer words.
const TYPED_LEN: usize = 40;

/// One question of the menu, and how far its answer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    menu: Menu,
    pub selected: usize,
    typed: String,
}

impl Form {
    pub fn new(menu: Menu) -> Form {
        Form { menu, selected: 0, typed: String::new() }
    }

    pub fn question(&self) -> Option<String> {
        self.menu.question()
    }

    /// What can be chosen; a question below the top has a way back.
    pub fn choices(&self) -> Vec<String> {
        let labels = self.menu.labels();
        // The picture is short of room where the words are known.
        let short = |label: &str| match self.menu {
            Menu::Top => label.split(':').next().unwrap_or(label).to_owned(),
            _ => label.to_owned(),
        };
        let back = (self.menu == Menu::Tier).then(|| "Back".to_owned());
        labels.iter().zip(1..).map(|(label, number)| format!("{number}  {}", capital(&short(label)))).chain(back).collect()
    }

    /// Where a word is asked for.
    pub fn typed(&self) -> Option<String> {
        matches!(self.menu, Menu::Word(_)).then(|| self.typed.clone())
    }

    /// A line for the menu once it is whole. Numbers light a choice and do nothing yet.
    pub fn press(&mut self, key: Key) -> Option<String> {
        let count = self.choices().len();
        match key {
            Key::Enter if count == 0 => return Some(self.typed.clone()),
            Key::Enter if self.selected < self.menu.labels().len() => return Some((self.selected + 1).to_string()),
            Key::Enter => return Some(String::new()),
            Key::Up => self.selected = self.selected.saturating_sub(1),
            Key::Down => self.selected = (self.selected + 1).min(count.saturating_sub(1)),
            Key::Erase => drop(self.typed.pop()),
            Key::Letter(letter) if count == 0 => {
                if self.typed.len() < TYPED_LEN {
                    self.typed.push(letter);
                }
            }
            Key::Letter(letter) => {
                let number = letter.to_digit(10).and_then(|digit| (digit as usize).checked_sub(1));
                self.selected = number.filter(|number| *number < self.menu.labels().len()).unwrap_or(self.selected);
            }
        }
        None
    }
}

/// As the first word of a line.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// Bytes of a Linux console in raw mode to keys; what is between them is kept.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Of a sequence that began with ESC.
    sequence: Option<Vec<u8>>,
}

impl Decoder {
    pub fn key(&mut self, byte: u8) -> Option<Key> {
        if byte == 0x1b {
            self.sequence = Some(Vec::new());
            return None;
        }
        if let Some(sequence) = &mut self.sequence {
            sequence.push(byte);
            // `ESC [ A`; or `O` for `[` with an application's keypad. Other keys have digits and end in a letter or `~`.
            let key = match sequence[..] {
                [b'[' | b'O', b'A'] => Some(Key::Up),
                [b'[' | b'O', b'B'] => Some(Key::Down),
                _ => None,
            };
            if sequence.len() > 1 && (byte.is_ascii_alphabetic() || byte == b'~')
                || sequence.len() > 8
                || sequence.len() == 1 && !matches!(byte, b'[' | b'O')
            {
                self.sequence = None;
            }
            return key;
        }
        match byte {
            b'\r' | b'\n' => Some(Key::Enter),
            0x08 | 0x7f => Some(Key::Erase),
            b' '..=b'~' => Some(Key::Letter(char::from(byte))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::menu::Choice;
    use super::*;
    use crate::reset::Tier;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut decoder = Decoder::default();
        bytes.iter().filter_map(|byte| decoder.key(*byte)).collect()
    }

    /// What comes of keys, as recovery asks.
    fn choices(bytes: &[u8]) -> Vec<Choice> {
        let (mut form, mut choices) = (Form::new(Menu::Top), Vec::new());
        for key in keys(bytes) {
            if let Some(line) = form.press(key) {
                let (next, choice) = form.menu.enter(&line);
                choices.extend(choice);
                form = Form::new(next);
            }
        }
        choices
    }

    #[test]
    fn arrows_and_numbers_choose_and_enter_does_it() {
        assert_eq!(choices(b"\r"), [Choice::Start('a')]);
        assert_eq!(choices(b"\x1b[B\r"), [Choice::Start('b')]);
        assert_eq!(choices(b"\x1b[B\x1b[B\x1b[A\n"), [Choice::Start('b')]);
        assert_eq!(choices(b"4\r6\r"), [Choice::Export, Choice::PowerOff]);
        assert_eq!(choices(b"123456"), [], "a number alone does nothing");
        assert_eq!(choices(&b"\x1b[B".repeat(20)), []);
    }

    #[test]
    fn a_reset_on_the_screen_takes_the_word_too() {
        assert_eq!(choices(b"5\r3\rerase dato\x7fa\r"), [Choice::Reset(Tier::Data)]);
        assert_eq!(choices(b"5\r3\r\r"), []);
        // Back is the last choice.
        let back = [&b"5\r"[..], &b"\x1b[B".repeat(9), b"\r1\r"].concat();
        assert_eq!(choices(&back), [Choice::Start('a')]);
    }

    #[test]
    fn other_keys_are_passed_over() {
        assert_eq!(keys(b"\x1b[15~\x1b[3~\x1bOA\x00\xc3\xa4a"), [Key::Up, Key::Letter('a')]);
        assert_eq!(keys(b"\x1bx\x1b\x1b[B"), [Key::Down]);
    }

    proptest! {
        #[test]
        fn any_bytes_leave_a_form_with_something_lit(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut form = Form::new(Menu::Tier);
            for key in keys(&bytes) {
                form.press(key);
                prop_assert!(form.selected < form.choices().len());
            }
        }
    }
}
