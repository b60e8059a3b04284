//! What strangers named: strings of devices and files, made fit to be shown.
//!
//! A stick may call itself anything. Control characters can move the cursor, direction marks can turn a line round so that the wrong disk
//! looks right, and characters without width can hide in a serial number.

/// Characters kept of a name; what devices report is 16 to 40.
const LENGTH_MAX: usize = 64;

/// Stands for each run of characters that must not be shown.
pub const REPLACED: char = '\u{fffd}';

/// One line without control, direction and invisible characters, its blanks single, cut to 64 characters.
pub fn clean(name: &str) -> String {
    let mut out = String::new();
    for c in name.trim_matches(|c: char| c == '\0' || c.is_whitespace()).chars() {
        let shown = if c.is_whitespace() && !is_unfit(c) || matches!(c, '\t' | '\n' | '\r') {
            ' '
        } else if is_unfit(c) {
            REPLACED
        } else {
            c
        };
        if matches!(shown, ' ' | REPLACED) && out.ends_with(shown) {
            continue;
        }
        out.push(shown);
    }
    out.trim().chars().take(LENGTH_MAX).collect::<String>().trim_end().to_owned()
}

/// Control characters, and those of Unicode's format category: direction, joiners, tags, and marks that only change their neighbour.
fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(
            u32::from(c),
            0x00ad
                | 0x034f
                | 0x0300..=0x036f
                | 0x0600..=0x0605
                | 0x061c
                | 0x06dd
                | 0x070f
                | 0x115f..=0x1160
                | 0x17b4..=0x17b5
                | 0x180b..=0x180f
                | 0x1ab0..=0x1aff
                | 0x1dc0..=0x1dff
                | 0x200b..=0x200f
                | 0x2028..=0x202e
                | 0x2060..=0x206f
                | 0x20d0..=0x20ff
                | 0x3164
                | 0xe000..=0xf8ff
                | 0xfe00..=0xfe0f
                | 0xfeff
                | 0xffa0
                | 0xfff0..=0xfffb
                | 0x1bca0..=0x1bca3
                | 0x1d173..=0x1d17a
                | 0xe0000..=0xe0fff
                | 0xf0000..
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn point_14_names_of_devices_cannot_lie() {
        assert_eq!(clean("  Ultra   USB 3.0 \0\0"), "Ultra USB 3.0");
        assert_eq!(clean("AB\u{202e}4321"), "AB\u{fffd}4321");
        assert_eq!(clean("disk\x1b[2J\x1b[1;1Hsafe"), "disk\u{fffd}[2J\u{fffd}[1;1Hsafe");
        assert_eq!(clean("12\u{200b}34\u{200b}\u{2066}5"), "12\u{fffd}34\u{fffd}5");
        assert_eq!(clean("a\nb\tc\r\nd"), "a b c d");
        assert_eq!(clean("Größe 東芝"), "Größe 東芝");
        assert_eq!(clean(&"x".repeat(500)).len(), 64);
    }

    proptest! {
        #[test]
        fn point_14_nothing_unfit_comes_through(name in any::<String>()) {
            let shown = clean(&name);
            prop_assert!(!shown.chars().any(is_unfit));
            prop_assert!(shown.chars().count() <= LENGTH_MAX);
            prop_assert_eq!(clean(&shown), shown.clone(), "cleaning twice changes nothing");
        }
    }
}
