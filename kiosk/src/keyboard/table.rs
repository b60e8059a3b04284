//! The layouts. A language is one line here.

/// The layout of any language without one.
pub const ENGLISH: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

const LAYOUTS: [(&str, [&str; 3]); 4] = [
    ("en", ENGLISH),
    ("it", ["qwertyuiopè", "asdfghjklòà", "zxcvbnmùìé"]),
    ("de", ["qwertzuiopü", "asdfghjklöä", "yxcvbnmß"]),
    ("fi", ["qwertyuiopå", "asdfghjklöä", "zxcvbnm"]),
];

/// Numbers and signs, the same in all languages.
pub const SIGNS: [&str; 3] = ["1234567890", "-/:;()€&@\"", "?!%+=#*_"];

/// Letters and signs without a key of their own, beside the one they look like.
const LIKE: [(char, &str); 30] = [
    ('a', "àáâäãåæ"),
    ('c', "çćč"),
    ('d', "ðđ"),
    ('e', "èéêëę"),
    ('g', "ğ"),
    ('i', "ìíîïı"),
    ('l', "ł"),
    ('n', "ñńň"),
    ('o', "òóôöõøœ"),
    ('r', "ř"),
    ('s', "ßšśş"),
    ('t', "þť"),
    ('u', "ùúûüů"),
    ('y', "ýÿ"),
    ('z', "žźż"),
    ('ä', "æ"),
    ('ö', "ø"),
    ('-', "–—"),
    ('/', "\\|"),
    (':', "…"),
    (';', "·"),
    ('(', "[{<"),
    (')', "]}>"),
    ('€', "$£¥"),
    ('"', "“”„«»"),
    ('\'', "’‘`´"),
    ('?', "¿"),
    ('!', "¡"),
    ('%', "°‰²³"),
    ('=', "≠≈~^§"),
];

/// The three rows of letters of a language; `None` for one that has none.
pub fn rows(language: &str) -> Option<[&'static str; 3]> {
    let own = language.split(['-', '_']).next().unwrap_or_default();
    LAYOUTS.iter().find(|(name, _)| own.eq_ignore_ascii_case(name)).map(|(_, rows)| *rows)
}

/// What is offered beside a letter or sign.
pub fn like(letter: char) -> &'static str {
    LIKE.iter().find(|(own, _)| *own == letter).map_or("", |(_, like)| like)
}
