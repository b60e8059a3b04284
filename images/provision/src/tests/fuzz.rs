//! Whatever stands on the stick: no panic, and every problem lies in the text.

use proptest::prelude::*;

use super::EXAMPLE;
use crate::*;

/// The example with some of it cut out, doubled or overwritten.
fn damaged() -> impl Strategy<Value = String> {
    let edit = (
        any::<proptest::sample::Index>(),
        0..40_usize,
        prop_oneof![
            Just(String::new()),
            "[ -~]{0,12}",
            "\\PC{0,4}",
            Just("\n".to_owned()),
            Just("[".repeat(300)),
            Just("[device.\"\u{e4}\".network]\n".to_owned()),
            Just("99999999999999999999".to_owned()),
            Just("1979-05-27".to_owned()),
        ],
    );
    proptest::collection::vec(edit, 1..6).prop_map(|edits| {
        let mut text: Vec<char> = EXAMPLE.chars().collect();
        for (at, length, with) in edits {
            let at = at.index(text.len());
            text.splice(at..(at + length).min(text.len()), with.chars());
        }
        text.into_iter().collect()
    })
}

fn anything() -> impl Strategy<Value = String> {
    prop_oneof![5 => damaged(), 1 => "\\PC{0,200}", 1 => "([a-z_]{1,9} ?= ?[\\[\\]{}a-z0-9\"', ]{0,9}\n|\\[[a-z.]{1,9}\\]\n){0,20}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn problems_lie_in_the_text(text in anything(), serial in proptest::option::of("[A-Z0-9-]{0,8}")) {
        let lines: Vec<&str> = text.split('\n').collect();
        if let Err(problems) = check(&text, serial.as_deref()) {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                prop_assert!((1..=lines.len()).contains(&problem.line), "{problem}");
                let width = lines[problem.line - 1].chars().count();
                prop_assert!((1..=width + 1).contains(&problem.column), "{problem} of {width}");
                prop_assert!(!problem.what.contains('\n') && problem.what.chars().count() < 400, "{problem}");
            }
        }
    }

    #[test]
    fn a_redacted_file_says_the_same_but_for_its_secrets(text in anything()) {
        let redacted = redact(&text);
        prop_assert_eq!(redact(&redacted), redacted.clone());
        if let Ok(settings) = check(&text, None) {
            // Whoever wrote a secret anywhere else told it to everyone.
            let again = check(&redacted, None);
            prop_assert!(again.is_ok(), "{:?}", again);
            for (key, secret) in again.unwrap().secrets() {
                prop_assert_eq!(secret.reveal(), KEPT, "{}", key);
            }
            let back = carry_secrets(&redacted, Some(&text)).map(|back| check(&back, None));
            prop_assert_eq!(back, Ok(Ok(settings)));
        }
    }
}
