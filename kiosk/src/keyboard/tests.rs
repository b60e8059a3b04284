use super::*;

use crate::locale::tests::{ALL as LANGUAGES, letters};

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzàèéìíîòóùúäöüßåšžâêôçñëïáûœæÿ";

fn typed(rows: &[Vec<KeyCap>]) -> Vec<String> {
    let caps = rows.iter().flatten();
    caps.flat_map(|cap| {
        let own = match &cap.key {
            Key::Char(text) => Some(text.clone()),
            _ => None,
        };
        own.into_iter().chain(cap.more.iter().cloned())
    })
    .collect()
}

fn keys(rows: &[Vec<KeyCap>]) -> Vec<&Key> {
    rows.iter().flatten().map(|cap| &cap.key).collect()
}

#[test]
fn every_language_reaches_the_latin_letters_small_and_capital() {
    for language in LANGUAGES {
        let page = if table::layout(language).unwrap().other_page().is_some() { Layer::Latin } else { Layer::Letters };
        let (small, capitals) = (typed(&layout(language, page, false)), typed(&layout(language, page, true)));
        for letter in LETTERS.chars() {
            assert!(small.contains(&letter.to_string()), "{letter} in {language}");
            assert!(capitals.contains(&capital(letter)), "{} in {language}", capital(letter));
        }
    }
}

#[test]
fn every_letter_of_a_languages_alphabet_is_reached_small_and_capital() {
    for language in LANGUAGES {
        let all = |shifted| {
            let mut all = typed(&layout(language, Layer::Letters, shifted));
            all.extend(typed(&layout(language, Layer::Signs, false)));
            all
        };
        let (small, capitals) = (all(false), all(true));
        for letter in letters(language) {
            assert!(small.contains(&letter.to_string()), "{letter} in {language}");
            assert!(capitals.contains(&capital(letter)), "{} in {language}", capital(letter));
        }
    }
}

#[test]
fn other_scripts_lead_to_latin_letters_and_back() {
    for language in LANGUAGES {
        let (own, latin) = (layout(language, Layer::Letters, false), layout(language, Layer::Latin, false));
        let other = ["ar", "el", "uk"].contains(&language);
        assert_eq!(keys(&own).contains(&&Key::Layer(Layer::Latin)), other, "{language}");
        assert!(keys(&latin).contains(&&Key::Layer(Layer::Letters)), "{language}");
        if other {
            let back = |rows: &[Vec<KeyCap>]| {
                rows.iter().flatten().find(|cap| cap.key == Key::Layer(Layer::Letters)).unwrap().label.clone()
            };
            assert!(back(&latin).chars().all(|letter| !letter.is_ascii()), "{language}: the way back is in its own letters");
            assert_eq!(back(&latin), back(&layout(language, Layer::Signs, false)));
        }
    }
}

#[test]
fn greek_has_a_final_sigma_and_its_accents_and_no_capital_is_made_twice() {
    let (small, capitals) = (layout("el", Layer::Letters, false), layout("el", Layer::Letters, true));
    for letter in "ςάέήίόύώ".chars() {
        assert!(small.iter().flatten().any(|cap| cap.label == letter.to_string()), "{letter} has a key");
    }
    assert!(
        typed(&small).contains(&"ΐ".into()) && typed(&capitals).contains(&"Ϊ".into()) && typed(&capitals).contains(&"Σ".into())
    );
    for cap in capitals.iter().flatten() {
        let mut offered: Vec<&String> = cap.more.iter().chain([&cap.label]).collect();
        offered.sort();
        let count = offered.len();
        offered.dedup();
        assert_eq!(offered.len(), count, "{cap:?}");
    }
}

#[test]
fn arabic_has_no_capitals_and_a_mark_goes_onto_the_letter_before_it() {
    let (small, capitals) = (layout("ar", Layer::Letters, false), layout("ar", Layer::Letters, true));
    assert_eq!(small, capitals);
    assert!(!keys(&small).contains(&&Key::Shift));
    let signs = layout("ar", Layer::Signs, false);
    let stroke = signs.iter().flatten().find(|cap| cap.label == "ـ").unwrap();
    let mut edit = Edit::new("ك");
    edit.insert(&stroke.label, 9);
    edit.backspace();
    edit.insert(&stroke.more[3], 9);
    assert_eq!(edit.text(), "ك\u{64E}");
    edit.backspace();
    assert_eq!(edit.text(), "", "a letter goes with its marks");
}

/// VVSG 2.0, 7.2-I: 12.7 mm, and 2.54 mm between. On a standing screen of 15.6 inches (194 mm wide) twelve columns have that room.
#[test]
fn keys_are_as_large_as_fingers_on_a_standing_screen() {
    let width_mm = 194.0 - 2.0 * 5.0;
    for language in LANGUAGES {
        for layer in Layer::ALL {
            for row in layout(language, layer, false) {
                let columns: f32 = row.iter().map(|cap| cap.weight).sum();
                let smallest = row.iter().map(|cap| cap.weight).fold(f32::MAX, f32::min);
                let key_mm = (width_mm + 2.54) * smallest / columns - 2.54;
                assert!(columns <= 12.0 + 1e-3 && key_mm >= 12.7, "{language} {layer:?}: {columns} columns, {key_mm} mm");
            }
        }
    }
}

#[test]
fn a_language_has_its_own_letters_on_keys() {
    let on_keys = |language: &str| -> Vec<String> {
        let rows = layout(language, Layer::Letters, false);
        rows.iter().flatten().filter(|cap| matches!(cap.key, Key::Char(_))).map(|cap| cap.label.clone()).collect()
    };
    for (language, letters) in [
        ("it", "àèéìòù"),
        ("de", "äöüß"),
        ("fi", "åäö"),
        ("sv", "åäöé"),
        ("fr", "éèàùç"),
        ("es", "áéíóúñ"),
        ("uk", "ґєіїйщьюя"),
        ("ar", "أئءؤةى"),
    ] {
        for letter in letters.chars() {
            assert!(on_keys(language).contains(&letter.to_string()), "{letter} in {language}");
        }
    }
    assert_eq!(on_keys("de-at"), on_keys("de"));
    assert_eq!(on_keys("tlh"), on_keys("en"));
}

#[test]
fn printable_ascii_is_reachable_from_letters_and_signs() {
    for language in LANGUAGES {
        let mut all = typed(&layout(language, Layer::Letters, false));
        all.extend(typed(&layout(language, Layer::Letters, true)));
        for shifted in [false, true] {
            all.extend(typed(&layout(language, Layer::Latin, shifted)));
        }
        all.extend(typed(&layout(language, Layer::Signs, false)));
        for letter in '!'..='~' {
            assert!(all.contains(&letter.to_string()), "{letter} in {language}");
        }
    }
}

#[test]
fn pages_lead_to_each_other_and_to_the_end() {
    for language in LANGUAGES {
        let (letters, signs) = (layout(language, Layer::Letters, false), layout(language, Layer::Signs, false));
        assert!(keys(&letters).contains(&&Key::Layer(Layer::Signs)));
        assert_eq!(keys(&letters).contains(&&Key::Shift), language != "ar");
        assert!(keys(&signs).contains(&&Key::Layer(Layer::Letters)));
        for rows in [letters, signs] {
            for key in [Key::Space, Key::Backspace, Key::Enter, Key::Done] {
                assert_eq!(keys(&rows).iter().filter(|other| ***other == key).count(), 1, "{key:?} in {language}");
            }
        }
    }
    for layer in [Layer::Code, Layer::Digits] {
        let rows = layout("en", layer, false);
        assert!(keys(&rows).contains(&&Key::Backspace) && keys(&rows).contains(&&Key::Done));
    }
}

#[test]
fn codes_are_typed_with_their_alphabet_and_nothing_else() {
    let mut typed = typed(&layout("en", Layer::Code, false));
    typed.sort();
    let alphabet: Vec<String> = store::code::ALPHABET.iter().map(|letter| char::from(*letter).to_string()).collect();
    assert_eq!(typed, alphabet);
    assert_eq!(self::typed(&layout("en", Layer::Digits, false)).len(), 10);
}

#[test]
fn rows_are_equally_wide_and_no_key_stands_twice() {
    for language in LANGUAGES {
        for layer in Layer::ALL {
            let rows = layout(language, layer, false);
            let widths: Vec<f32> = rows.iter().map(|row| row.iter().map(|cap| cap.weight).sum()).collect();
            for width in &widths {
                assert!((width - widths[0]).abs() < 1e-3, "{language} {layer:?}: {widths:?}");
            }
            assert!(rows.iter().flatten().all(|cap| cap.weight >= 1.0));
            let mut labels: Vec<&str> = rows.iter().flatten().map(|cap| cap.label.as_str()).collect();
            labels.sort_unstable();
            let count = labels.len();
            labels.dedup();
            assert_eq!(labels.len(), count, "{language} {layer:?}");
        }
    }
}

#[test]
fn backspace_takes_a_letter_with_its_marks() {
    let mut edit = Edit::new("caffe\u{301}");
    edit.backspace();
    assert_eq!((edit.text(), edit.caret()), ("caff", 4));
    let mut edit = Edit::new("ok👍🏽");
    edit.backspace();
    assert_eq!(edit.text(), "ok");
    let mut edit = Edit::new("👩\u{200D}👧");
    edit.backspace();
    edit.backspace();
    assert_eq!((edit.text(), edit.caret()), ("", 0));
}

#[test]
fn typing_happens_at_the_caret_and_stops_at_the_limit() {
    let mut edit = Edit::new("Strae");
    edit.left();
    assert!(edit.insert("ß", 6));
    assert_eq!((edit.text(), edit.caret()), ("Straße", 6));
    assert!(!edit.insert("n", 6));
    assert_eq!(edit.text(), "Straße");
    edit.left();
    assert_eq!(edit.caret(), 4);
    edit.right();
    assert_eq!(edit.caret(), 6);
    edit.right();
    edit.right();
    assert_eq!(edit.caret(), edit.text().len());
    edit.home();
    edit.left();
    edit.backspace();
    assert_eq!((edit.text(), edit.caret()), ("Straße", 0));
    edit.end();
    assert_eq!(edit.caret(), 7);
}

#[test]
fn the_caret_never_stands_inside_a_letter() {
    let mut edit = Edit::new("äe\u{301}x");
    for (byte, caret) in [(0, 0), (1, 0), (2, 2), (3, 2), (4, 2), (5, 5), (6, 6), (99, 6)] {
        edit.set_caret(byte);
        assert_eq!(edit.caret(), caret, "byte {byte}");
    }
}
