use super::*;

const LANGUAGES: [&str; 4] = ["en", "it", "de", "fi"];
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzàèéìíîòóùúäöüßåšžâêôçñëï";

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
fn every_language_reaches_the_letters_of_all_languages_small_and_capital() {
    for language in LANGUAGES {
        let (small, capitals) = (typed(&layout(language, Layer::Letters, false)), typed(&layout(language, Layer::Letters, true)));
        for letter in LETTERS.chars() {
            assert!(small.contains(&letter.to_string()), "{letter} in {language}");
            assert!(capitals.contains(&capital(letter)), "{} in {language}", capital(letter));
        }
    }
}

#[test]
fn a_language_has_its_own_letters_on_keys() {
    let on_keys = |language: &str| -> Vec<String> {
        let rows = layout(language, Layer::Letters, false);
        rows.iter().flatten().filter(|cap| matches!(cap.key, Key::Char(_))).map(|cap| cap.label.clone()).collect()
    };
    for (language, letters) in [("it", "àèéìòù"), ("de", "äöüß"), ("fi", "åäö")] {
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
        assert!(keys(&letters).contains(&&Key::Shift));
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
        for layer in [Layer::Letters, Layer::Signs, Layer::Code, Layer::Digits] {
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
