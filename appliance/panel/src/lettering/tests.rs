use proptest::prelude::*;

use super::*;
use crate::canvas::{Frame, palette};

const PENS: [Pen; 4] = [
    Pen::Dots(Cell::TINY),
    Pen::Dots(Cell::BODY),
    Pen::Outline { is_bold: false, size_px: 15 },
    Pen::Outline { is_bold: true, size_px: 40 },
];

fn picture(pen: Pen, text: &str) -> Frame {
    let mut frame = Frame::new(Size::new(pen.width_px(text) + 4, pen.line_px() + 4));
    pen.write(&mut frame, text, Point::zero(), palette::INK, palette::BLACK).unwrap();
    frame
}

#[test]
fn both_faces_are_there() {
    assert!(face(false).is_some() && face(true).is_some());
}

#[test]
fn letters_of_european_towns_are_their_own() {
    // Each must differ from its base letter and from the box.
    for pen in PENS {
        for (letter, base) in "äÖåßñéèçőűšžčřłĐğşįėāġŵЖΩ".chars().zip("aOasneecouszcrlDgsieagwXO".chars())
        {
            let own = picture(pen, &letter.to_string());
            assert_ne!(own, picture(pen, "\u{4e00}"), "{letter} is a box");
            assert_ne!(own, picture(pen, &base.to_string()), "{letter} is written as {base}");
        }
    }
}

#[test]
fn an_unknown_letter_is_taken_apart_or_boxed() {
    let dots = Pen::Dots(Cell::BODY);
    // Vietnamese has marks that no ISO 8859 set has.
    assert_eq!(picture(dots, "ắ"), picture(dots, "a"));
    assert_eq!(picture(dots, "A – B"), picture(dots, "A - B"));
    assert_eq!(picture(dots, "\u{4e00}"), picture(dots, "\u{4e01}"));
    // A letter with its mark apart is the same as in one piece.
    assert_eq!(picture(dots, "u\u{308}"), picture(dots, "ü"));
}

#[test]
fn addresses_break_after_a_mark() {
    let lines = Pen::Dots(Cell::BODY).wrap("fd12:3456:789a:1::1234:5678:9abc", 126);
    assert_eq!(lines, ["fd12:3456:789a:1::", "1234:5678:9abc"]);
}

proptest! {
    #[test]
    fn any_text_is_written_within_its_width(text in "\\PC{0,40}", pen in 0..PENS.len()) {
        let pen = PENS[pen];
        picture(pen, &text);
    }

    #[test]
    fn shortening_fits_and_keeps_what_fits(text in "[a-zäößA-Z0-9 .:-]{0,60}", width in 0u32..300, pen in 0..PENS.len()) {
        let pen = PENS[pen];
        let short = pen.shorten(&text, width);
        prop_assert!(pen.width_px(&short) <= width);
        prop_assert_eq!(short == text, pen.width_px(&text) <= width);
    }

    #[test]
    fn wrapping_loses_nothing_and_fits(text in "[a-zäößA-Z0-9 .:-]{0,120}", width in 60u32..300, pen in 0..PENS.len()) {
        let pen = PENS[pen];
        let lines = pen.wrap(&text, width);
        let bare = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
        prop_assert_eq!(bare(&lines.concat()), bare(&text));
        for line in &lines {
            prop_assert!(pen.width_px(line) <= width, "{}", line);
        }
    }
}
