//! What a key means to the voice. One table; `docs/voice.md` tells it to installers.
//!
//! | | previous | next | choose | say again; held: settings |
//! |---|---|---|---|---|
//! | plain keyboard | Up, Left, Shift+Tab | Down, Right, Tab | Return, Space | F1, Menu |
//! | keypad with arrows | Up, Left | Down, Right | Return | F1, Menu, Escape |
//! | block of digits | 4, 8 | 6, 2 | 5 (the marked key), Return | 0 |
//! | two switches | | the first | the second | |

use crate::app::{Keypad, Switches};

pub const UP: &str = "\u{F700}";
pub const DOWN: &str = "\u{F701}";
pub const LEFT: &str = "\u{F702}";
pub const RIGHT: &str = "\u{F703}";
pub const F1: &str = "\u{F704}";
pub const MENU: &str = "\u{F735}";
pub const TAB: &str = "\t";
pub const BACKTAB: &str = "\u{19}";
pub const RETURN: &str = "\n";
pub const ESCAPE: &str = "\u{1b}";
pub const BACKSPACE: &str = "\u{8}";
pub const SPACE: &str = " ";

/// What a key asks of the voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    Previous,
    Next,
    Choose,
    /// Says the last thing again; held for a second it shows what can be set.
    Repeat,
}

/// Where the key comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ground {
    /// The cursor stands on a text field, which has the keys.
    pub at_field: bool,
    /// Something was typed there on a real keyboard.
    pub by_hand: bool,
}

/// What a key means while the screen is read aloud; `None` leaves it to the screen.
pub fn meaning(key: &str, keypad: Keypad, switches: Option<&Switches>, ground: Ground) -> Option<Press> {
    if let Some(switches) = switches {
        if key == switches.moves {
            return Some(Press::Next);
        }
        if key == switches.chooses {
            return Some(Press::Choose);
        }
    }
    let typing = ground.at_field && ground.by_hand;
    if keypad == Keypad::Numbers && !typing {
        match key {
            "4" | "8" => return Some(Press::Previous),
            "6" | "2" => return Some(Press::Next),
            "5" => return Some(Press::Choose),
            "0" => return Some(Press::Repeat),
            _ => {}
        }
    }
    match key {
        UP | BACKTAB => Some(Press::Previous),
        DOWN | TAB => Some(Press::Next),
        // Whoever types on a real keyboard moves the caret with them.
        LEFT if !typing => Some(Press::Previous),
        RIGHT if !typing => Some(Press::Next),
        RETURN if !typing => Some(Press::Choose),
        SPACE if !ground.at_field => Some(Press::Choose),
        F1 | MENU => Some(Press::Repeat),
        ESCAPE if keypad == Keypad::Arrows => Some(Press::Repeat),
        _ => None,
    }
}

/// Whether a key begins reading aloud. On a plain keyboard only the fourth key does: arrows and Return are others' too.
pub fn begins(key: &str, keypad: Keypad) -> bool {
    match keypad {
        Keypad::None => matches!(key, F1 | MENU),
        Keypad::Switches => !key.is_empty(),
        _ => meaning(key, keypad, None, Ground::default()).is_some_and(|_| !matches!(key, TAB | BACKTAB)),
    }
}

/// Whether a key types something.
pub fn types(key: &str) -> bool {
    key == BACKSPACE
        || key.chars().next().is_some_and(|letter| !letter.is_control() && !('\u{F700}'..='\u{F8FF}').contains(&letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_keys_are_enough_with_either_keypad() {
        for (keypad, keys) in [(Keypad::Arrows, [UP, DOWN, RETURN, F1]), (Keypad::Numbers, ["4", "6", "5", "0"])] {
            let meant = keys.map(|key| meaning(key, keypad, None, Ground { at_field: true, by_hand: false }));
            let expected = [Press::Previous, Press::Next, Press::Choose, Press::Repeat].map(Some);
            assert_eq!(meant, expected, "{keypad:?}");
            assert!(keys.iter().all(|key| begins(key, keypad)), "{keypad:?}");
        }
        assert!(!begins(DOWN, Keypad::None) && begins(F1, Keypad::None));
    }

    #[test]
    fn a_field_being_typed_in_keeps_its_keys_and_can_be_left() {
        let typing = Ground { at_field: true, by_hand: true };
        for key in [LEFT, RIGHT, RETURN, SPACE, "5", "a", BACKSPACE] {
            assert_eq!(meaning(key, Keypad::Numbers, None, typing), None, "{key:?}");
        }
        for key in [UP, DOWN, TAB, BACKTAB] {
            assert!(meaning(key, Keypad::None, None, typing).is_some(), "{key:?}");
        }
    }

    #[test]
    fn two_switches_are_whatever_keys_they_send() {
        let switches = Switches { moves: "q".into(), chooses: SPACE.into() };
        for ground in [Ground::default(), Ground { at_field: true, by_hand: true }] {
            assert_eq!(meaning("q", Keypad::None, Some(&switches), ground), Some(Press::Next));
            assert_eq!(meaning(SPACE, Keypad::None, Some(&switches), ground), Some(Press::Choose));
        }
    }

    #[test]
    fn letters_type_and_keys_that_act_do_not() {
        assert!(types("a") && types("é") && types("5") && types(SPACE) && types(BACKSPACE));
        assert!(!types(F1) && !types(TAB) && !types(ESCAPE) && !types(""));
    }
}
