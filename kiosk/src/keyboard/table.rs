//! The layouts. A language is one entry here.

/// How a language is typed. A row of letters has at most twelve keys: on a screen of 15.6 inches that stands upright, such keys and the
/// gaps between them are as large as VVSG 2.0 asks (12.7 mm and 2.54 mm).
#[derive(Debug)]
pub struct Layout {
    language: &'static str,
    /// Rows of letters, from the top.
    pub rows: [&'static str; 3],
    /// What leads to them from other pages.
    pub name: &'static str,
    /// Whether letters have capitals.
    pub capitals: bool,
    /// The comma.
    pub comma: char,
    /// Numbers and signs.
    pub signs: [&'static str; 3],
}

const SIGNS: [&str; 3] = ["1234567890", "-/:;()€&@\"", "?!%+=#*_"];

/// What most languages of Latin letters share.
const LATIN: Layout = Layout { language: "", rows: ["", "", ""], name: "ABC", capitals: true, comma: ',', signs: SIGNS };

/// The layout of any language without one, and the Latin letters beside other scripts.
pub const ENGLISH: Layout = Layout { language: "en", rows: ["qwertyuiop", "asdfghjkl", "zxcvbnm"], ..LATIN };

const LAYOUTS: [Layout; 10] = [
    ENGLISH,
    Layout { language: "it", rows: ["qwertyuiopèé", "asdfghjklòà", "zxcvbnmùì"], ..LATIN },
    Layout { language: "de", rows: ["qwertzuiopü", "asdfghjklöä", "yxcvbnmß"], ..LATIN },
    Layout { language: "fi", rows: ["qwertyuiopå", "asdfghjklöä", "zxcvbnm"], ..LATIN },
    Layout { language: "sv", rows: ["qwertyuiopå", "asdfghjklöä", "zxcvbnmé"], ..LATIN },
    Layout { language: "fr", rows: ["azertyuiopé", "qsdfghjklmè", "wxcvbnàùç"], ..LATIN },
    Layout {
        language: "es",
        rows: ["qwertyuiopéú", "asdfghjklñáí", "zxcvbnmó"],
        signs: ["1234567890", "-/:;()€&@\"", "¿?¡!%+=#*_"],
        ..LATIN
    },
    // Accents stand on every word of more than one syllable: vowels with them have keys of their own.
    Layout {
        language: "el", rows: ["ςερτυθιοπέύί", "ασδφγηξκλάήό", "ζχψωβνμώ"], name: "ΑΒΓ", ..LATIN
    },
    Layout {
        language: "uk", rows: ["йцукенгшщзхї", "фівапролджєґ", "ячсмитьбю"], name: "АБВ", ..LATIN
    },
    Layout {
        language: "ar",
        rows: ["ضصثقفغعهخحجد", "شسيبلاتنمكطذ", "أئءؤرىةوزظ"],
        name: "أبج",
        capitals: false,
        comma: '،',
        // The marks of vowels are beside the long stroke, which they take the place of.
        signs: ["1234567890", "-/:؛()€&@\"", "؟!%+=#*_ـ"],
    },
];

/// Letters and signs without a key of their own, beside the one they look like.
const LIKE: [(char, &str); 61] = [
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
    ('\'', "’‘`´ʼ"),
    ('?', "¿"),
    ('!', "¡"),
    ('%', "°‰²³"),
    ('=', "≠≈~^§"),
    ('α', "ά"),
    ('ε', "έ"),
    ('η', "ή"),
    ('ι', "ίϊΐ"),
    ('ί', "ϊΐ"),
    ('ο', "ό"),
    ('σ', "ς"),
    ('υ', "ύϋΰ"),
    ('ύ', "ϋΰ"),
    ('ω', "ώ"),
    ('г', "ґ"),
    ('е', "ёє"),
    ('є', "э"),
    ('и', "ы"),
    ('і', "ї"),
    ('ь', "ъ"),
    ('ا', "أإآٱ"),
    ('أ', "إآ"),
    ('ب', "پ"),
    ('ج', "چ"),
    ('ف', "ڤ"),
    ('ك', "گ"),
    ('ه', "ة"),
    ('ي', "ئى"),
    ('ـ', "\u{64B}\u{64C}\u{64D}\u{64E}\u{64F}\u{650}\u{651}\u{652}\u{670}"),
    ('،', ","),
    ('؛', ";"),
    ('؟', "?"),
    ('¿', "?"),
    ('¡', "!"),
    ('é', "èêë"),
];

impl Layout {
    /// The page of letters beside the language's own: the Latin ones, where those are of another script.
    pub fn other_page(&self) -> Option<(super::Layer, &'static str)> {
        let is_latin = self.rows.concat().contains(|letter: char| letter.is_ascii_lowercase());
        (!is_latin).then_some((super::Layer::Latin, ENGLISH.name))
    }
}

/// The layout of a language; `None` for one that has none.
pub fn layout(language: &str) -> Option<&'static Layout> {
    let own = language.split(['-', '_']).next().unwrap_or_default();
    LAYOUTS.iter().find(|layout| own.eq_ignore_ascii_case(layout.language))
}

/// What is offered beside a letter or sign.
pub fn like(letter: char) -> &'static str {
    LIKE.iter().find(|(own, _)| *own == letter).map_or("", |(_, like)| like)
}
