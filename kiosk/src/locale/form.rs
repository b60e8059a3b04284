//! Numbers, distances, days and times in the form of a language, by CLDR (through ICU4X, with its data compiled in).
//!
//! Arabic keeps the digits 0 to 9: CLDR's default for plain `ar`, and what signs, house numbers and follow-up codes are written with.
//! English without a region is the English of Europe (day before month, 24 hours): the towns are there.

use chrono::{Datelike, NaiveDateTime, Timelike};
use icu_datetime::fieldsets::YMD;
use icu_datetime::input::{Date, DateTime, Time};
use icu_datetime::options::YearStyle;
use icu_datetime::{DateTimeFormatter, fieldsets};
use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_decimal::options::GroupingStrategy;
use icu_locale_core::Locale;

use super::is_mirrored;

/// How days and times are shown where nothing is known of a language: ISO 8601.
const PLAIN: &str = "%Y-%m-%d %H:%M";

fn locale(language: &str) -> Locale {
    let tag = if language == "en" { "en-GB" } else { language };
    tag.parse().unwrap_or(Locale::UNKNOWN)
}

fn moment_as(language: &str, fields: YMD, at: NaiveDateTime) -> String {
    let parts = || {
        let [month, day, hour, minute] = [at.month(), at.day(), at.hour(), at.minute()].map(|part| u8::try_from(part).ok());
        let date = Date::try_new_iso(at.year(), month?, day?).ok()?;
        let time = Time::try_new(hour?, minute?, 0, 0).ok()?;
        let format: DateTimeFormatter<fieldsets::YMDT> =
            DateTimeFormatter::try_new(locale(language).into(), fields.with_time_hm()).ok()?;
        Some(format.format(&DateTime { date, time }).to_string())
    };
    parts().unwrap_or_else(|| at.format(PLAIN).to_string())
}

/// A moment in words: "31 May 2026 at 18:30".
pub fn moment(language: &str, at: NaiveDateTime) -> String {
    let moment = moment_as(language, YMD::long(), at);
    // Slint breaks a line within words that run against it at the wrong end, and cuts them off: they stay together.
    if is_mirrored(language) { moment.replace(' ', "\u{A0}") } else { moment }
}

/// A moment as people write it down, with all digits of the year: "31/05/2026, 18:30".
pub fn written(language: &str, at: NaiveDateTime) -> String {
    moment_as(language, YMD::short().with_year_style(YearStyle::Full), at)
}

/// A number that was written with a point, like "1234.5"; what is none stays as it is. Four digits are not grouped, so that a year or
/// a house number does not change its look.
pub fn decimal(language: &str, number: &str) -> String {
    let options = GroupingStrategy::Min2.into();
    let shown = || {
        let number: Decimal = number.parse().ok()?;
        Some(DecimalFormatter::try_new(locale(language).into(), options).ok()?.format(&number).to_string())
    };
    shown().unwrap_or_else(|| number.to_owned())
}

/// A distance in metres, with the unit's sign of CLDR (`units/length-meter`, short).
pub fn distance(language: &str, metres: u32) -> String {
    let unit = match super::primary(language) {
        "ar" => "م",
        "el" => "μ.",
        "uk" => "м",
        _ => "m",
    };
    format!("{}\u{A0}{unit}", decimal(language, &metres.to_string()))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn may() -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2026, 5, 31).unwrap().and_hms_opt(18, 5, 0).unwrap()
    }

    #[test]
    fn a_moment_is_said_in_the_languages_own_words() {
        for (language, said) in [
            ("en", "31 May 2026 at 18:05"),
            ("it", "31 maggio 2026 alle ore 18:05"),
            ("de", "31. Mai 2026 um 18:05"),
            ("fi", "31. toukokuuta 2026 klo 18.05"),
            ("sv", "31 maj 2026 kl. 18:05"),
            ("el", "31 Μαΐου 2026 στις 6:05 μ.μ."),
            ("fr", "31 mai 2026 à 18:05"),
            ("es", "31 de mayo de 2026 a las 18:05"),
            ("uk", "31 травня 2026 р. о 18:05"),
            ("ar", "31 مايو 2026 في 6:05 م"),
        ] {
            // Blanks that do not break a line are blanks all the same.
            let blanks = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let (shown, said) = (blanks(&moment(language, may())), blanks(said));
            assert_eq!(shown, said, "{language}");
        }
    }

    #[test]
    fn a_written_moment_has_all_digits_of_the_year() {
        for (language, order) in
            [("en", "31/05/2026"), ("de", "31.05.2026"), ("fi", "31.5.2026"), ("sv", "2026-05-31"), ("uk", "31.05.2026")]
        {
            assert!(written(language, may()).starts_with(order), "{language}: {}", written(language, may()));
        }
        assert!(written("en-us", may()).starts_with("5/31/2026"));
        assert!(written("no language", may()).contains("2026"));
    }

    #[test]
    fn digits_are_zero_to_nine_in_every_language() {
        for language in crate::locale::tests::ALL {
            for text in
                [moment(language, may()), written(language, may()), decimal(language, "1234567.5"), distance(language, 60)]
            {
                assert!(text.chars().filter(|sign| sign.is_numeric()).all(|digit| digit.is_ascii_digit()), "{language}: {text}");
            }
        }
    }

    #[test]
    fn numbers_have_the_languages_signs_and_years_stay_as_they_are() {
        for (language, shown) in
            [("en", "12,345.5"), ("de", "12.345,5"), ("es", "12.345,5"), ("it", "12.345,5"), ("el", "12.345,5")]
        {
            assert_eq!(decimal(language, "12345.5"), shown, "{language}");
        }
        for language in crate::locale::tests::ALL {
            assert_eq!(decimal(language, "2026"), "2026", "{language}");
        }
        assert_eq!(decimal("de", "about 20"), "about 20");
        assert_eq!((distance("fi", 40).as_str(), distance("ar", 40).as_str()), ("40\u{A0}m", "40\u{A0}م"));
    }
}
