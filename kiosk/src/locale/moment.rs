//! A day and time as somebody typed it, in the form of their language or as ISO 8601 writes it.

use chrono::{Datelike, NaiveDate, NaiveDateTime};

use super::form;

/// Words between day and time that say nothing more: "31. Mai 2026 um 18:30 Uhr", "klo 18.30", "18h30".
const FILLING: [&str; 29] = [
    "at",
    "the",
    "of",
    "alle",
    "ore",
    "del",
    "di",
    "um",
    "uhr",
    "klo",
    "kello",
    "kl",
    "den",
    "στις",
    "ώρα",
    "του",
    "à",
    "le",
    "h",
    "de",
    "a",
    "las",
    "el",
    "о",
    "об",
    "р",
    "року",
    "في",
    "الساعة",
];
/// Words for the first half of the day, and for the second.
const MORNING: [&str; 4] = ["am", "πμ", "дп", "ص"];
const EVENING: [&str; 4] = ["pm", "μμ", "пп", "م"];
/// Signs that part days and times.
const PARTING: [char; 7] = [' ', '-', '.', '/', ':', ',', '،'];

/// A digit's value: of 0 to 9, and of the two kinds that keyboards of Arabic and Persian bring.
fn digit(sign: char) -> Option<u32> {
    let zero = ['0', '\u{0660}', '\u{06F0}'].into_iter().rfind(|zero| *zero <= sign)?;
    Some(u32::from(sign) - u32::from(zero)).filter(|value| *value < 10)
}

/// A number with the digits and the decimal sign that programs read.
pub fn plain_number(typed: &str) -> String {
    let plain = |sign: char| match sign {
        ',' | '٫' => '.',
        sign => digit(sign).and_then(|value| char::from_digit(value, 10)).unwrap_or(sign),
    };
    typed.chars().map(plain).collect()
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Value, and how many digits it was written with.
    Number(u32, usize),
    Word(String),
}

/// What was typed, in parts: numbers and words in small letters without points. `None` where a sign is none of a day or time.
fn parts(typed: &str) -> Option<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    let (mut number, mut word): (Option<(u32, usize)>, String) = (None, String::new());
    for sign in typed.chars().flat_map(char::to_lowercase).chain([' ']) {
        let value = digit(sign);
        let is_letter = value.is_none() && sign.is_alphabetic();
        // A point within "μ.μ." or behind "kl." belongs to the word.
        let in_word = is_letter || sign == '.' && !word.is_empty();
        if value.is_none() {
            parts.extend(number.take().map(|(value, digits)| Part::Number(value, digits)));
        }
        if !in_word && !word.is_empty() {
            parts.push(Part::Word(std::mem::take(&mut word)));
        }
        match value {
            Some(value) => {
                let (before, digits) = number.unwrap_or_default();
                number = Some((before.checked_mul(10)?.checked_add(value)?, digits + 1));
            }
            None if is_letter => word.push(sign),
            None if in_word || sign.is_whitespace() || PARTING.contains(&sign) => {}
            // Marks of direction, and the marks on letters.
            None if matches!(sign, '\u{0300}'..='\u{036F}' | '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2066}'..='\u{2069}') => {}
            None => return None,
        }
    }
    Some(parts)
}

/// What a word between the numbers says.
enum Said {
    Month(u32),
    /// It stands beside every month, like the "às" of Portuguese.
    Nothing,
}

/// What a language has a word for: the name of a month, or what stands beside any.
fn said(word: &str, language: &str) -> Option<Said> {
    let named = |month: u32| {
        let day = NaiveDate::from_ymd_opt(2026, month, 1)?.and_hms_opt(12, 0, 0)?;
        parts(&form::moment(language, day))?.contains(&Part::Word(word.to_owned())).then_some(month)
    };
    let months: Vec<u32> = (1..=12).filter_map(named).collect();
    match months[..] {
        [month] => Some(Said::Month(month)),
        _ if months.len() == 12 => Some(Said::Nothing),
        _ => None,
    }
}

/// Whether this language writes the month before the day in digits.
fn month_first(language: &str) -> bool {
    let day = NaiveDate::from_ymd_opt(2026, 5, 31).and_then(|day| day.and_hms_opt(12, 0, 0));
    let written = day.and_then(|day| parts(&form::written(language, day))).unwrap_or_default();
    matches!(written.first(), Some(Part::Number(5, _)))
}

/// The day and time typed; `None` when it is none. The year has four digits: with two it is a slip. Year first is ISO 8601 in any
/// language; else the day comes before the month, but where the language has it otherwise.
pub fn read(typed: &str, language: &str) -> Option<NaiveDateTime> {
    let mut numbers = Vec::new();
    let (mut named, mut half) = (None, None);
    for part in parts(typed)? {
        match part {
            Part::Number(value, digits) => numbers.push((value, digits)),
            Part::Word(word) if FILLING.contains(&word.as_str()) || word == "t" => {}
            Part::Word(word) if MORNING.contains(&word.as_str()) => half = Some(0),
            Part::Word(word) if EVENING.contains(&word.as_str()) => half = Some(12),
            Part::Word(word) => match said(&word, language)? {
                Said::Month(month) => named = Some(month),
                Said::Nothing => {}
            },
        }
    }
    let (date, time) = numbers.split_at_checked(if named.is_some() { 2 } else { 3 })?;
    let short = |(value, digits): (u32, usize)| (digits <= 2).then_some(value);
    let (year, month, day) = match (date, named) {
        (&[day, year], Some(month)) => (year, month, short(day)?),
        (&[year @ (_, 4), month, day], None) => (year, short(month)?, short(day)?),
        (&[month, day, year], None) if month_first(language) => (year, short(month)?, short(day)?),
        (&[day, month, year], None) => (year, short(month)?, short(day)?),
        _ => return None,
    };
    let &[hour, (minute, 2)] = time else { return None };
    let hour = match (short(hour)?, half) {
        (hour @ 1..=12, Some(half)) => hour % 12 + half,
        (hour @ 13.., Some(12)) => hour,
        (_, Some(_)) => return None,
        (hour, None) => hour,
    };
    let year = (year.1 == 4).then(|| i32::try_from(year.0).ok()).flatten()?;
    let at = NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour, minute, 0)?;
    (1900..=9999).contains(&at.year()).then_some(at)
}

#[cfg(test)]
mod tests {
    use chrono::Timelike;

    use super::*;
    use crate::locale::tests::ALL;

    fn at(month: u32, day: u32, hour: u32, minute: u32) -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2026, month, day).unwrap().and_hms_opt(hour, minute, 0).unwrap()
    }

    #[test]
    fn what_a_language_shows_is_taken_back_as_it_was() {
        for language in ALL.into_iter().chain(["en-us", "de-at", "pt-br"]) {
            for month in 1..=12 {
                for (day, hour, minute) in [(1, 0, 0), (2, 9, 5), (13, 12, 30), (28, 23, 59)] {
                    let moment = at(month, day, hour, minute);
                    for shown in [form::moment(language, moment), form::written(language, moment)] {
                        assert_eq!(read(&shown, language), Some(moment), "{language}: {shown:?}");
                    }
                    assert_eq!(read(&moment.format("%Y-%m-%d %H:%M").to_string(), language), Some(moment), "{language}");
                }
            }
        }
    }

    #[test]
    fn people_write_it_in_more_ways_than_one() {
        for (language, typed) in [
            ("en", "31 May 2026 6:30 pm"),
            ("fi", "31.5.2026 18.30"),
            ("fi", " 31.5.2026   klo 18.30"),
            ("de", "31.5.2026, 18:30 Uhr"),
            ("sv", "31 maj 2026 kl 18.30"),
            ("fr", "le 31/5/2026 à 18h30"),
            ("el", "31/5/2026 6:30 μ.μ."),
            ("el", "31/5/2026 18:30"),
            ("uk", "31 травня 2026 року о 18:30"),
            ("ar", "٣١/٥/٢٠٢٦ ٦:٣٠ م"),
            ("ar", "31/5/2026 18:30"),
            ("en-us", "5/31/2026 6:30 PM"),
            ("sv", "2026-05-31T18:30"),
        ] {
            assert_eq!(read(typed, language), Some(at(5, 31, 18, 30)), "{language}: {typed}");
        }
        assert_eq!(read("1.6.2026 12.15", "fi").map(|at| (at.day(), at.hour())), Some((1, 12)));
        assert_eq!(read("12:15 a.m. 1 June 2026", "en"), None);
    }

    #[test]
    fn what_is_no_time_is_none() {
        for language in ALL {
            for typed in [
                "",
                "yesterday",
                "2026-02-30 10:00",
                "26-05-31 18:30",
                "31.5.26 18:30",
                "2026-05-31",
                "2026-05-31 25:00",
                "18:30",
                "+12026-05-31 18:30",
                "31.5.2026 18:3",
                "31.5.2026 0:30 pm",
                "2026-05-31 18:30:00",
                "99999999999-1-1 10:00",
                "31;5;2026 18:30",
            ] {
                assert_eq!(read(typed, language), None, "{language}: {typed}");
            }
        }
    }

    #[test]
    fn numbers_are_read_with_any_digits() {
        assert_eq!(plain_number("12,5"), "12.5");
        assert_eq!(plain_number("١٢٫٥"), "12.5");
        assert_eq!(plain_number("۴۲"), "42");
    }
}
