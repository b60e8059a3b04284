//! The slip a resident takes home: the follow-up code as letters and as a QR picture, and the words round it.

use fast_qr::qr::QRBuilder;
use fast_qr::{ECL, QRCode};

/// Light modules round the code, on every side, as ISO/IEC 18004 asks.
pub const QUIET_MODULES: usize = 4;
/// A module is so many pixels wide and high: about two millimetres at 24 inches, easy for a phone at arm's length.
const MODULE_PX: usize = 8;

/// A QR picture, black on white.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    /// Width and height in pixels.
    pub side_px: u32,
    /// Rows from the top, three bytes a pixel.
    pub rgb: Vec<u8>,
}

/// A QR picture of a text with a quarter of it to spare (level Q), every module a whole number of pixels. `None` when the text is
/// longer than a QR code can hold.
pub fn qr(text: &str) -> Option<Qr> {
    let code = QRBuilder::new(text).ecl(ECL::Q).build().ok()?;
    let side = (code.size + 2 * QUIET_MODULES) * MODULE_PX;
    let mut rgb = Vec::with_capacity(side * side * 3);
    for y in 0..side {
        for x in 0..side {
            rgb.extend(if dark(&code, x / MODULE_PX, y / MODULE_PX) { [0; 3] } else { [255; 3] });
        }
    }
    Some(Qr { side_px: side as u32, rgb })
}

/// Whether a module is dark, counted from the corner of the quiet zone.
fn dark(code: &QRCode, x: usize, y: usize) -> bool {
    let inside = |at: usize| at.checked_sub(QUIET_MODULES).filter(|at| *at < code.size);
    match (inside(x), inside(y)) {
        (Some(x), Some(y)) => code[y][x].value(),
        _ => false,
    }
}

/// What a slip says, already in the reader's language and form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip<'t> {
    /// The town's name: the heading.
    pub town: &'t str,
    /// What was done: "Your report was received".
    pub title: &'t str,
    /// Each a word and what it stands for: "Place", "Rue Grimaldi 27". Empty ones are left out.
    pub entries: &'t [(&'t str, &'t str)],
    /// The word before the code: "Your code".
    pub code_word: &'t str,
    /// The follow-up code as people read it. On a line of its own, never broken.
    pub code: &'t str,
    /// What to do with it: "With this code you can read the answer at any kiosk. Keep it: nobody can look it up."
    pub advice: &'t str,
}

/// The slip as plain lines of at most `columns` characters, without the QR picture: for a printer, or to be read aloud. A single word
/// longer than the paper is broken; the code never is.
pub fn lines(slip: &Slip<'_>, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut block = |texts: Vec<String>| {
        if !lines.is_empty() && !texts.is_empty() {
            lines.push(String::new());
        }
        lines.extend(texts);
    };
    block(wrap(slip.town, columns));
    block(wrap(slip.title, columns));
    let entries = slip.entries.iter().filter(|(_, said)| !said.trim().is_empty());
    block(entries.flat_map(|(word, said)| wrap(&format!("{word}: {said}"), columns)).collect());
    block(wrap(&format!("{}:", slip.code_word), columns).into_iter().chain([slip.code.to_owned()]).collect());
    block(wrap(slip.advice, columns));
    lines
}

/// Breaks a text between words, and within a word only where it is longer than a line.
fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut room = 0;
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        for (piece_number, piece) in letters.chunks(columns).enumerate() {
            match lines.last_mut().filter(|_| piece_number == 0 && piece.len() < room) {
                Some(line) => {
                    line.push(' ');
                    line.extend(piece);
                    room -= piece.len() + 1;
                }
                None => {
                    lines.push(piece.iter().collect());
                    room = columns - piece.len();
                }
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Dark or light by module, read back from the picture; panics when a module is not all of one colour.
    fn modules(qr: &Qr) -> Vec<Vec<bool>> {
        let side = qr.side_px as usize;
        assert_eq!(qr.rgb.len(), side * side * 3);
        let count = side / MODULE_PX;
        assert_eq!(count * MODULE_PX, side);
        let pixel = |x: usize, y: usize| {
            let rgb = &qr.rgb[(y * side + x) * 3..][..3];
            assert!(rgb == [0; 3] || rgb == [255; 3]);
            rgb[0] == 0
        };
        let module = |column: usize, row: usize| {
            let first = pixel(column * MODULE_PX, row * MODULE_PX);
            for y in 0..MODULE_PX {
                for x in 0..MODULE_PX {
                    assert_eq!(pixel(column * MODULE_PX + x, row * MODULE_PX + y), first, "a module is one colour");
                }
            }
            first
        };
        (0..count).map(|row| (0..count).map(|column| module(column, row)).collect()).collect()
    }

    #[test]
    fn a_code_has_its_quiet_zone_finders_and_timing() {
        let picture = qr("7K3F-9QXM-22").expect("short enough");
        let modules = modules(&picture);
        let count = modules.len();
        let size = count - 2 * QUIET_MODULES;
        assert_eq!((size - 17) % 4, 0, "a size of ISO/IEC 18004");
        for (y, row) in modules.iter().enumerate() {
            for (x, dark) in row.iter().enumerate() {
                let quiet = x.min(y) < QUIET_MODULES || x.max(y) >= count - QUIET_MODULES;
                assert!(!(quiet && *dark), "the quiet zone is light at {x}, {y}");
            }
        }
        let at = |x: usize, y: usize| modules[y + QUIET_MODULES][x + QUIET_MODULES];
        for (left, top) in [(0, 0), (size - 7, 0), (0, size - 7)] {
            for y in 0..7usize {
                for x in 0..7usize {
                    let ring = x.abs_diff(3).max(y.abs_diff(3));
                    assert_eq!(at(left + x, top + y), ring != 2, "finder at {left}, {top}");
                }
            }
        }
        for step in 8..size - 8 {
            assert_eq!((at(step, 6), at(6, step)), (step % 2 == 0, step % 2 == 0), "timing");
        }
    }

    #[test]
    fn other_texts_give_other_codes_and_too_long_ones_none() {
        assert_ne!(qr("A"), qr("B"));
        assert_eq!(qr(&"x".repeat(4000)), None);
    }

    #[test]
    fn lines_fit_the_paper_and_keep_every_word_and_the_whole_code() {
        let slip = Slip {
            town: "Monaco",
            title: "Your report was received",
            entries: &[("Place", "Rue Grimaldi 27, by the pharmacy"), ("Photo", " ")],
            code_word: "Your code",
            code: "7K3F-9QXM-22WP",
            advice: "Donaudampfschifffahrtsgesellschaft keeps it for you",
        };
        let lines = lines(&slip, 16);
        for line in lines.iter().filter(|line| *line != slip.code) {
            assert!(line.chars().count() <= 16, "{line:?}");
        }
        assert!(lines.iter().any(|line| line == slip.code));
        let said = lines.concat().replace(' ', "");
        for word in ["Monaco", "Yourreportwasreceived", "Place:RueGrimaldi27,bythepharmacy", "Donaudampfschifffahrtsgesellschaft"]
        {
            assert!(said.contains(word), "{word} in {lines:?}");
        }
        assert!(!said.contains("Photo"));
        assert!(!lines.windows(2).any(|pair| pair[0].is_empty() && pair[1].is_empty()));
    }
}
