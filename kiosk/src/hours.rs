//! Opening hours, in a part of OpenStreetMap's `opening_hours` (wiki.openstreetmap.org/wiki/Key:opening_hours/specification):
//!
//! ```text
//! Mo-Fr 08:00-18:00; Sa 09:00-13:00      days, then times; a later rule replaces what an earlier one said of its days
//! Mo,We,Fr 08:00-12:00,13:00-17:30       lists of both
//! Th-Su 18:00-02:00                      past midnight, into the next day
//! 08:00-20:00; Su off                    no days: every day; off or closed: not at all
//! 24/7
//! ```
//!
//! Days without a rule are closed. Holidays, months, weeks, sunrise and comments are refused rather than guessed at: a kiosk that is
//! dark when the house is open helps nobody. (The crate `opening-hours` evaluates all of OSM's language and brings calendars and
//! borders of countries for it; `opening-hours-syntax` parses it, and still leaves to refuse what a kiosk cannot know.)

use std::str::FromStr;

use chrono::{Datelike, NaiveDateTime, Timelike};

const DAYS: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
const DAY_MIN: u16 = 24 * 60;

/// When the house is open, by day of the week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// From Monday: first minute, and the minute after the last, which may lie in the next day.
    week: [Vec<(u16, u16)>; 7],
}

impl Hours {
    /// Whether it is open at a local time.
    pub fn is_open(&self, at: NaiveDateTime) -> bool {
        let day = at.weekday().num_days_from_monday() as usize;
        let minute = (at.hour() * 60 + at.minute()) as u16;
        let today = self.week.get(day).into_iter().flatten();
        let yesterday = self.week.get((day + 6) % 7).into_iter().flatten();
        today.clone().any(|(from, to)| (*from..*to).contains(&minute)) || yesterday.clone().any(|(_, to)| minute + DAY_MIN < *to)
    }
}

/// Why a text gives no opening hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadHours {
    part: String,
    what: &'static str,
}

impl std::error::Error for BadHours {}

impl std::fmt::Display for BadHours {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:?}: {}; write them like \"Mo-Fr 08:00-18:00; Sa 09:00-13:00\"", self.part, self.what)
    }
}

fn bad(part: &str, what: &'static str) -> BadHours {
    BadHours { part: part.to_owned(), what }
}

impl FromStr for Hours {
    type Err = BadHours;

    fn from_str(text: &str) -> Result<Hours, BadHours> {
        let mut week: [Vec<(u16, u16)>; 7] = Default::default();
        // A semicolon at the end is how many write them.
        let rules = text.trim().strip_suffix(';').unwrap_or(text.trim());
        for rule in rules.split(';') {
            let rule = rule.trim();
            let (named, spans) = match rule {
                "" => return Err(bad(text, "a rule is missing")),
                "24/7" => ([true; 7], vec![(0, DAY_MIN)]),
                _ => {
                    let begins_with_days = rule.starts_with(|first: char| first.is_ascii_alphabetic());
                    let (named, rest) = match rule.split_once(char::is_whitespace) {
                        Some((named, rest)) if begins_with_days => (days(named)?, rest),
                        _ if begins_with_days => return Err(bad(rule, "times are missing after the days")),
                        _ => ([true; 7], rule),
                    };
                    (named, times(rest)?)
                }
            };
            for (day, of_day) in week.iter_mut().enumerate() {
                if named.get(day) == Some(&true) {
                    of_day.clone_from(&spans);
                }
            }
        }
        Ok(Hours { week })
    }
}

fn days(list: &str) -> Result<[bool; 7], BadHours> {
    let number = |name: &str| {
        DAYS.iter().position(|day| *day == name).ok_or_else(|| bad(name, "no day of the week: those are Mo Tu We Th Fr Sa Su"))
    };
    let mut named = [false; 7];
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        for step in 0..=(last + 7 - first) % 7 {
            if let Some(day) = named.get_mut((first + step) % 7) {
                *day = true;
            }
        }
    }
    Ok(named)
}

fn times(list: &str) -> Result<Vec<(u16, u16)>, BadHours> {
    if matches!(list.trim(), "off" | "closed") {
        return Ok(Vec::new());
    }
    let span = |part: &str| {
        let part = part.trim();
        let (from, to) = part.split_once('-').ok_or_else(|| bad(part, "no span of time"))?;
        let (from, to) = (minute(from)?, minute(to)?);
        if from == DAY_MIN {
            return Err(bad(part, "nothing begins at 24:00: that is 00:00 of the next day"));
        }
        Ok(if to > from { (from, to) } else { (from, to + DAY_MIN) })
    };
    list.split(',').map(span).collect()
}

fn minute(text: &str) -> Result<u16, BadHours> {
    let two = |digits: &str| (digits.len() == 2).then(|| digits.parse::<u16>().ok()).flatten();
    let read = text.split_once(':').and_then(|(hour, minute)| two(hour).zip(two(minute)));
    let minute = read.filter(|(_, minute)| *minute < 60).map(|(hour, minute)| hour * 60 + minute);
    minute.filter(|minute| *minute <= DAY_MIN).ok_or_else(|| bad(text, "no time of the day, which is written 00:00 to 24:00"))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    /// A time in a week that begins with Monday, 2026-11-23.
    fn at(day: &str, time: &str) -> NaiveDateTime {
        let day = DAYS.iter().position(|name| *name == day).unwrap() as u32;
        let minute = u32::from(minute(time).unwrap());
        NaiveDate::from_ymd_opt(2026, 11, 23 + day).unwrap().and_hms_opt(minute / 60, minute % 60, 59).unwrap()
    }

    #[track_caller]
    fn check(hours: &str, moments: &[(&str, &str, bool)]) {
        let read: Hours = hours.parse().unwrap_or_else(|error| panic!("{hours}: {error}"));
        for (day, time, open) in moments {
            assert_eq!(read.is_open(at(day, time)), *open, "{hours}: {day} {time}");
        }
    }

    #[test]
    fn days_and_times() {
        check(
            "Mo-Fr 08:00-18:00; Sa 09:00-13:00",
            &[
                ("Mo", "07:59", false),
                ("Mo", "08:00", true),
                ("Fr", "17:59", true),
                ("Fr", "18:00", false),
                ("Sa", "08:30", false),
                ("Sa", "12:00", true),
                ("Su", "12:00", false),
            ],
        );
        check(
            "Mo,We 08:00-12:00,13:00-17:30;",
            &[("Mo", "12:30", false), ("We", "17:29", true), ("Tu", "10:00", false), ("Mo", "13:00", true)],
        );
        check(
            "Sa-Mo 10:00-11:00",
            &[("Su", "10:30", true), ("Mo", "10:30", true), ("Tu", "10:30", false), ("Fr", "10:30", false)],
        );
    }

    #[test]
    fn a_span_past_midnight_belongs_to_the_day_before() {
        check(
            "Fr-Su 18:00-02:00",
            &[
                ("Fr", "23:00", true),
                ("Sa", "01:59", true),
                ("Sa", "02:00", false),
                ("Mo", "01:00", true),
                ("Fr", "01:00", false),
            ],
        );
        check("Mo 00:00-24:00", &[("Mo", "23:59", true), ("Tu", "00:00", false), ("Su", "23:59", false)]);
        check("Mo 08:00-08:00", &[("Mo", "08:00", true), ("Tu", "07:59", true), ("Tu", "08:00", false)]);
    }

    #[test]
    fn a_later_rule_replaces_an_earlier_one() {
        check(
            "08:00-20:00; Su off; We 10:00-12:00",
            &[("Mo", "09:00", true), ("Su", "09:00", false), ("We", "09:00", false), ("We", "11:00", true)],
        );
        check("24/7; Su closed", &[("Sa", "23:59", true), ("Su", "00:00", false)]);
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_place() {
        for (text, said) in [
            ("", "a rule is missing"),
            ("Mo-Fr 08:00-18:00;; Sa off", "a rule is missing"),
            ("Mo-Fr", "\"Mo-Fr\": times are missing after the days"),
            ("Mon-Fri 08:00-18:00", "\"Mon\": no day of the week"),
            ("PH off", "\"PH\": no day of the week"),
            ("Mo 8:00-18:00", "\"8:00\": no time of the day"),
            ("Mo 08:00-25:00", "\"25:00\": no time of the day"),
            ("Mo 08:60-18:00", "\"08:60\": no time of the day"),
            ("Mo 24:00-02:00", "nothing begins at 24:00"),
            ("Mo 08:00", "\"08:00\": no span of time"),
            ("Mo 08:00-12:00 13:00-17:00", "no time of the day"),
            ("Mo sunrise-sunset", "\"sunrise\": no time of the day"),
            ("Mo 08:00+", "\"08:00+\": no span of time"),
        ] {
            let error = text.parse::<Hours>().expect_err(text).to_string();
            assert!(error.contains(said) && error.contains("write them like"), "{text}: {error}");
        }
    }
}
