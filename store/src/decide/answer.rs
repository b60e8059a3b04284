//! Answers to a category's questions (Open311 attributes).

use super::{COMMENT_MAX, Refusal, TEXT_MAX, cleaned};
use crate::fact::{Answers, Datatype, Question};

/// Answers as they are stored: cleaned, in the form of their datatype, without empty ones. An answer to a question that the category
/// does not ask is refused, for it would silently be lost. All together have at most [`TEXT_MAX`] characters.
pub(super) fn answers(questions: &[Question], given: &Answers) -> Result<Answers, Refusal> {
    if let Some(code) = given.keys().find(|code| !questions.iter().any(|question| question.code == **code)) {
        return Err(Refusal::BadAnswer { question: code.clone() });
    }
    let mut answers = Answers::new();
    let mut characters = 0;
    for question in questions {
        let typed = match given.get(&question.code) {
            Some(typed) => cleaned(typed, 0, COMMENT_MAX)?,
            None => String::new(),
        };
        if typed.is_empty() {
            if question.required {
                return Err(Refusal::MissingAnswer { question: question.code.clone() });
            }
            continue;
        }
        let answer = formed(question, typed).ok_or_else(|| Refusal::BadAnswer { question: question.code.clone() })?;
        characters += answer.chars().count();
        answers.insert(question.code.clone(), answer);
    }
    if characters > TEXT_MAX {
        return Err(Refusal::TextTooLong { characters, max: TEXT_MAX });
    }
    Ok(answers)
}

fn formed(question: &Question, typed: String) -> Option<String> {
    let is_key = |key: &str| question.values.iter().any(|choice| choice.key.as_str() == key);
    match question.datatype {
        Datatype::String => (!typed.contains('\n')).then_some(typed),
        Datatype::Text => Some(typed),
        Datatype::Number => number(&typed),
        Datatype::Datetime => is_datetime(&typed).then_some(typed),
        Datatype::SingleValueList => is_key(&typed).then_some(typed),
        Datatype::MultiValueList => {
            let mut keys: Vec<&str> = typed.split(',').map(str::trim).collect();
            keys.sort_unstable();
            let distinct = keys.windows(2).all(|pair| pair[0] != pair[1]);
            (distinct && keys.iter().all(|key| is_key(key))).then(|| keys.join(","))
        }
    }
}

/// A decimal number with a point, of at most thirty characters. Half of Europe types a comma.
fn number(typed: &str) -> Option<String> {
    let typed = typed.replacen(',', ".", 1);
    let digits = typed.strip_prefix(['-', '+']).unwrap_or(&typed);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    (typed.len() <= 30 && all_digits(whole) && all_digits(fraction)).then_some(typed)
}

/// RFC 3339 `date-time`, such as `2024-05-01T13:30:00+03:00`.
fn is_datetime(typed: &str) -> bool {
    parts(typed).is_some()
}

fn parts(typed: &str) -> Option<()> {
    let date = typed.get(..10)?;
    let time = typed.get(10..19)?;
    let rest = typed.get(19..)?;
    let (year, month, day) = (digits(date.get(..4)?)?, digits(date.get(5..7)?)?, digits(date.get(8..)?)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let (hour, minute, second) = (digits(time.get(1..3)?)?, digits(time.get(4..6)?)?, digits(time.get(7..)?)?);
    let date_fits = date.get(4..5)? == "-" && date.get(7..8)? == "-" && (1..=days).contains(&day);
    let separated = matches!(time.get(..1)?, "T" | "t" | " ") && time.get(3..4)? == ":" && time.get(6..7)? == ":";
    // A leap second has number 60.
    let time_fits = separated && hour <= 23 && minute <= 59 && second <= 60;
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            (zone.len() < fraction.len()).then_some(zone)?
        }
        None => rest,
    };
    let zone_fits = match zone {
        "Z" | "z" => true,
        offset => {
            let bare = offset.strip_prefix(['+', '-'])?;
            let (hours, minutes) = bare.split_once(':')?;
            bare.len() == 5 && digits(hours)? <= 23 && digits(minutes)? <= 59
        }
    };
    (date_fits && time_fits && zone_fits).then_some(())
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|c| c.is_ascii_digit()).then(|| text.parse().ok())?
}
