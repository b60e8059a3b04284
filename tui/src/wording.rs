//! How things are said: names of statuses and reasons, ages and dates, and strangers' texts made harmless for a terminal.

use api::{HideReason, Kind, Queue, Status, Target, Texts, UnixMs};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Milliseconds in a minute.
pub const MINUTE_MS: u64 = 60_000;
/// Milliseconds in an hour.
pub const HOUR_MS: u64 = 60 * MINUTE_MS;
/// Milliseconds in a day.
pub const DAY_MS: u64 = 24 * HOUR_MS;

/// A stranger's text as a terminal may show it: no character that moves the cursor, switches modes or turns other text round.
/// Line feeds stay; anything else that controls becomes a replacement character.
pub fn harmless(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{61C}'))
        .map(|c| match c {
            '\n' => '\n',
            '\t' => ' ',
            '\u{2028}' | '\u{2029}' => '\n',
            c if c.is_control() => '\u{FFFD}',
            c => c,
        })
        .collect()
}

/// The text on one line.
pub fn one_line(text: &str) -> String {
    harmless(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Columns the text takes.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// The text in exactly `width` columns: cut with an ellipsis or filled with spaces.
pub fn fit(text: &str, width: usize) -> String {
    let mut cut = short(text, width);
    let missing = width.saturating_sub(cut.width());
    cut.extend(std::iter::repeat_n(' ', missing));
    cut
}

/// The text in at most `width` columns, cut with an ellipsis.
pub fn short(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        cut.push(c);
    }
    if width > 0 {
        cut.truncate(cut.trim_end().len());
        cut.push('…');
    }
    cut
}

/// The text in lines of at most `width` columns, broken at spaces where there are any.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut used = 0;
        for word in paragraph.split(' ') {
            let wide = word.width();
            if used > 0 && used + 1 + wide > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            } else if used > 0 {
                line.push(' ');
                used += 1;
            }
            for c in word.chars() {
                let wide = c.width().unwrap_or(0);
                if used + wide > width {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push(c);
                used += wide;
            }
        }
        lines.push(line);
    }
    lines
}

/// The English name, else the first.
pub fn named(texts: &Texts) -> String {
    let english = texts.iter().find(|(language, _)| language.as_str() == "en");
    one_line(english.or_else(|| texts.iter().next()).map_or("", |(_, name)| name))
}

/// What a status tells the public.
pub fn status_meaning(status: Status) -> &'static str {
    match status {
        Status::Received => "nobody has acted on it yet",
        Status::InProgress => "somebody works on it",
        Status::Planned => "it will be done, not now; says when",
        Status::Fixed => "done; says what was done",
        Status::Declined => "it will not be done; says why",
        Status::NotOurs => "another body is responsible; names it",
        Status::Duplicate => "the same as another report",
    }
}

/// Whether the public must be told something with this status.
pub fn needs_answer(status: Status) -> bool {
    matches!(status, Status::Fixed | Status::Declined | Status::Planned | Status::NotOurs)
}

/// A kind as people read it.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Problem => "problem",
        Kind::Suggestion => "suggestion",
    }
}

/// The sign of a kind in lists: never colour alone.
pub fn kind_sign(kind: Kind) -> char {
    match kind {
        Kind::Problem => '!',
        Kind::Suggestion => '?',
    }
}

/// All queues, in the order of their digits.
pub const QUEUES: [Queue; 7] =
    [Queue::New, Queue::Mine, Queue::Waiting, Queue::Overdue, Queue::All, Queue::Closed, Queue::Hidden];

/// A queue's name.
pub fn queue(queue: Queue) -> &'static str {
    match queue {
        Queue::New => "New",
        Queue::Mine => "Mine",
        Queue::Waiting => "Waiting",
        Queue::Overdue => "Overdue",
        Queue::All => "All",
        Queue::Closed => "Closed",
        Queue::Hidden => "Hidden",
    }
}

/// All reasons to hide.
pub const REASONS: [HideReason; 5] =
    [HideReason::PersonalData, HideReason::Offensive, HideReason::Unlawful, HideReason::Spam, HideReason::Test];

/// A reason to hide, as people read it.
pub fn reason(reason: HideReason) -> &'static str {
    match reason {
        HideReason::PersonalData => "personal data",
        HideReason::Offensive => "offensive",
        HideReason::Unlawful => "unlawful",
        HideReason::Spam => "spam",
        HideReason::Test => "test",
    }
}

/// What was hidden.
pub fn target(target: Target) -> &'static str {
    match target {
        Target::Report => "the report",
        Target::Photo => "the photo",
        Target::Comment(_) => "a comment",
    }
}

/// A word as typed at the command line, for comparing: lower case, without spaces, hyphens and underscores.
pub fn folded(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// How long ago, in the largest unit that fits.
pub fn age(now_ms: UnixMs, then_ms: UnixMs) -> String {
    span(now_ms.saturating_sub(then_ms))
}

fn span(ms: u64) -> String {
    match ms {
        0..MINUTE_MS => "now".to_owned(),
        MINUTE_MS..HOUR_MS => format!("{} min", ms / MINUTE_MS),
        HOUR_MS..DAY_MS => format!("{} h", ms / HOUR_MS),
        _ => format!("{} d", ms / DAY_MS),
    }
}

/// When something is due, from now: "in 3 d" or "2 d late".
pub fn due(now_ms: UnixMs, due_ms: UnixMs) -> String {
    if due_ms >= now_ms {
        let ahead = due_ms - now_ms;
        if ahead < MINUTE_MS { "now".to_owned() } else { format!("in {}", span(ahead)) }
    } else {
        format!("{} late", span(now_ms - due_ms))
    }
}

/// Year, month and day of a day counted from 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 } as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The day number of a date, or `None` where the calendar has no such day.
fn day_number(year: i64, month: u32, day: u32) -> Option<i64> {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let shifted_month = i64::from((month + 9) % 12);
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    (civil(days) == (year, month, day)).then_some(days)
}

fn local(at_ms: UnixMs, offset_s: i32) -> i64 {
    (at_ms / 1000).min(1 << 40) as i64 + i64::from(offset_s)
}

/// The local date.
pub fn date(at_ms: UnixMs, offset_s: i32) -> String {
    let (year, month, day) = civil(local(at_ms, offset_s).div_euclid(86_400));
    format!("{year:04}-{month:02}-{day:02}")
}

/// The local time of day.
pub fn clock(at_ms: UnixMs, offset_s: i32) -> String {
    let second = local(at_ms, offset_s).rem_euclid(86_400);
    format!("{:02}:{:02}", second / 3600, second / 60 % 60)
}

/// Today's time of day, or the date of another day.
pub fn moment(now_ms: UnixMs, at_ms: UnixMs, offset_s: i32) -> String {
    if date(now_ms, offset_s) == date(at_ms, offset_s) { clock(at_ms, offset_s) } else { date(at_ms, offset_s) }
}

/// A day as typed: "tomorrow", "3d", "2w", or "2026-05-01" (then at eight in the morning). Must lie ahead.
pub fn parse_day(text: &str, now_ms: UnixMs, offset_s: i32) -> Option<UnixMs> {
    let text = text.trim().to_lowercase();
    let today = local(now_ms, offset_s).div_euclid(86_400);
    let days = if text == "tomorrow" {
        1
    } else if let Some(count) = text.strip_suffix('d') {
        count.trim().parse::<u16>().ok()?.into()
    } else if let Some(count) = text.strip_suffix('w') {
        i64::from(count.trim().parse::<u16>().ok()?) * 7
    } else {
        let mut parts = text.splitn(3, '-');
        let year: u16 = parts.next()?.parse().ok()?;
        let month: u32 = parts.next()?.parse().ok().filter(|month| (1..=12).contains(month))?;
        let day: u32 = parts.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
        day_number(year.into(), month, day)? - today
    };
    let at_s = (today + days) * 86_400 + 8 * 3600 - i64::from(offset_s);
    let at_ms = u64::try_from(at_s).ok()?.checked_mul(1000)?;
    (at_ms > now_ms).then_some(at_ms)
}

/// A distance as people say it: metres up to two kilometres.
pub fn length(metres: f64) -> String {
    if metres >= 2000.0 { format!("{:.0} km", metres / 1000.0) } else { format!("{metres:.0} m") }
}

/// "1 report", "2 reports".
pub fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_stranger_reaches_the_terminal() {
        assert_eq!(harmless("a\u{1B}[2Jb\u{9B}31m\r\u{202E}c\td\n"), "a\u{FFFD}[2Jb\u{FFFD}31m\u{FFFD}c d\n");
        assert_eq!(one_line("Bin\n\nfull\u{7}"), "Bin full\u{FFFD}");
    }

    #[test]
    fn wide_letters_count_as_wide() {
        assert_eq!(fit("街灯が消えた", 7), "街灯が…");
        assert_eq!(fit("街灯", 6), "街灯  ");
        assert_eq!(wrap("街灯が消えた", 5), ["街灯", "が消", "えた"]);
        assert_eq!(wrap("a bb ccc\n\nd", 4), ["a bb", "ccc", "", "d"]);
    }

    #[test]
    fn days_come_and_go() {
        let now = 1_764_031_500_000; // 2025-11-25T00:45:00Z
        assert_eq!(date(now, 0), "2025-11-25");
        assert_eq!(date(now, -3600), "2025-11-24");
        assert_eq!(clock(now, 7200), "02:45");
        assert_eq!(
            parse_day("2026-02-28", now, 0).map(|at| (date(at, 0), clock(at, 0))),
            Some(("2026-02-28".into(), "08:00".into()))
        );
        assert_eq!(parse_day("3d", now, 0).map(|at| date(at, 0)), Some("2025-11-28".into()));
        for wrong in ["2026-02-30", "2020-01-01", "soon", "", "0d-", "99999999999999d"] {
            assert_eq!(parse_day(wrong, now, 0), None, "{wrong}");
        }
    }
}
