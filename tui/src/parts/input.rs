//! An editor for one line or several.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_width::UnicodeWidthChar;

/// A text being written, with a cursor between two characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Editor {
    text: String,
    /// Byte offset; always on a character's border.
    at: usize,
}

impl Editor {
    /// An editor with this text, the cursor at its end.
    pub fn new(text: &str) -> Editor {
        Editor { text: text.to_owned(), at: text.len() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Replaces everything, the cursor at the end.
    pub fn set(&mut self, text: &str) {
        *self = Editor::new(text);
    }

    /// Inserts at the cursor. Control characters are dropped, line feeds unless `lines`.
    pub fn insert(&mut self, text: &str, lines: bool) {
        for c in text.replace("\r\n", "\n").chars() {
            let c = match c {
                '\r' | '\n' if lines => '\n',
                '\r' | '\n' | '\t' => ' ',
                c if c.is_control() => continue,
                c => c,
            };
            self.text.insert(self.at, c);
            self.at += c.len_utf8();
        }
    }

    fn before(&self) -> Option<char> {
        self.text[..self.at].chars().next_back()
    }

    fn after(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn left(&mut self) {
        self.at -= self.before().map_or(0, char::len_utf8);
        while self.after().is_some_and(|c| c.width() == Some(0) && c != '\n') && self.at > 0 {
            self.at -= self.before().map_or(0, char::len_utf8);
        }
    }

    fn right(&mut self) {
        self.at += self.after().map_or(0, char::len_utf8);
        while self.after().is_some_and(|c| c.width() == Some(0) && c != '\n') {
            self.at += self.after().map_or(0, char::len_utf8);
        }
    }

    fn line_start(&self) -> usize {
        self.text[..self.at].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        self.text[self.at..].find('\n').map_or(self.text.len(), |at| self.at + at)
    }

    fn word_start(&self) -> usize {
        let head = self.text[..self.at].trim_end();
        head.rfind(char::is_whitespace).map_or(0, |at| at + head[at..].chars().next().map_or(0, char::len_utf8))
    }

    fn cut(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.at = from;
    }

    /// Takes an editing key. Answers whether it was one. `lines`: Enter breaks the line.
    pub fn key(&mut self, key: &KeyEvent, lines: bool) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('a') if control => self.at = self.line_start(),
            KeyCode::Char('e') if control => self.at = self.line_end(),
            KeyCode::Char('u') if control => self.cut(self.line_start(), self.at),
            KeyCode::Char('k') if control => {
                let (from, to) = (self.at, self.line_end());
                self.cut(from, to);
            }
            KeyCode::Char('w') if control => self.cut(self.word_start(), self.at),
            KeyCode::Char('j') if control && lines => self.insert("\n", true),
            KeyCode::Char(c) if !control && !key.modifiers.contains(KeyModifiers::ALT) => {
                self.insert(c.encode_utf8(&mut [0; 4]), false)
            }
            KeyCode::Enter if lines => self.insert("\n", true),
            KeyCode::Backspace => {
                let end = self.at;
                self.left();
                let start = self.at;
                self.cut(start, end);
            }
            KeyCode::Delete => {
                let start = self.at;
                self.right();
                let end = self.at;
                self.cut(start, end);
            }
            KeyCode::Left => self.left(),
            KeyCode::Right => self.right(),
            KeyCode::Home => self.at = self.line_start(),
            KeyCode::End => self.at = self.line_end(),
            KeyCode::Up if lines => self.vertical(false),
            KeyCode::Down if lines => self.vertical(true),
            _ => return false,
        }
        true
    }

    fn vertical(&mut self, down: bool) {
        let column = self.text[self.line_start()..self.at].chars().count();
        let start = if down {
            match self.line_end() {
                end if end < self.text.len() => end + 1,
                _ => return,
            }
        } else {
            match self.line_start() {
                0 => return,
                start => self.text[..start - 1].rfind('\n').map_or(0, |at| at + 1),
            }
        };
        let line = self.text[start..].split('\n').next().unwrap_or_default();
        self.at = start + line.chars().take(column).map(char::len_utf8).sum::<usize>();
    }

    /// The text in lines of `width` columns, and the cursor's column and line among them.
    pub fn layout(&self, width: usize) -> (Vec<String>, usize, usize) {
        let width = width.max(2);
        let mut lines = vec![String::new()];
        let (mut column, mut cursor) = (0, (0, 0));
        for (at, c) in self.text.char_indices() {
            let wide = c.width().unwrap_or(0);
            if c != '\n' && column + wide > width - 1 {
                // Break at the last space of the line, so that words stay whole.
                let rest = match lines.last_mut() {
                    Some(line) => match line.rfind(' ') {
                        Some(space) if c != ' ' => line.split_off(space + 1),
                        _ => String::new(),
                    },
                    None => String::new(),
                };
                let moved = rest.chars().map(|c| c.width().unwrap_or(0)).sum::<usize>();
                if cursor.1 + 1 == lines.len() && at > self.at && column - moved <= cursor.0 {
                    cursor = (cursor.0 - (column - moved), cursor.1 + 1);
                }
                column = moved;
                lines.push(rest);
            }
            if at == self.at {
                cursor = (column, lines.len() - 1);
            }
            if c == '\n' {
                lines.push(String::new());
                column = 0;
            } else if let Some(line) = lines.last_mut() {
                line.push(c);
                column += wide;
            }
        }
        if self.at == self.text.len() {
            cursor = (column, lines.len() - 1);
        }
        (lines, cursor.0, cursor.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(editor: &mut Editor, code: KeyCode) {
        assert!(editor.key(&KeyEvent::from(code), true));
    }

    #[test]
    fn writing_and_taking_back() {
        let mut editor = Editor::default();
        editor.insert("Lamp\r\nfixed\u{1b}", true);
        assert_eq!(editor.text(), "Lamp\nfixed");
        press(&mut editor, KeyCode::Up);
        press(&mut editor, KeyCode::Home);
        press(&mut editor, KeyCode::Delete);
        press(&mut editor, KeyCode::Char('D'));
        press(&mut editor, KeyCode::Down);
        press(&mut editor, KeyCode::End);
        press(&mut editor, KeyCode::Backspace);
        assert_eq!(editor.text(), "Damp\nfixe");
        editor.key(&KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL), true);
        assert_eq!(editor.text(), "Damp\n");
    }

    #[test]
    fn a_letter_with_its_accents_goes_as_one() {
        let mut editor = Editor::new("ae\u{301}");
        press(&mut editor, KeyCode::Left);
        press(&mut editor, KeyCode::Delete);
        assert_eq!(editor.text(), "a");
    }

    #[test]
    fn the_cursor_is_where_the_next_letter_goes() {
        assert_eq!(Editor::new("the lamp is lit").layout(9), (vec!["the lamp".into(), " is lit".into()], 7, 1));
        assert_eq!(Editor::new("街灯").layout(20), (vec!["街灯".into()], 4, 0));
        assert_eq!(Editor::new("a\n").layout(20), (vec!["a".into(), String::new()], 0, 1));
    }
}
