//! Local time: residents read and type what the clock on the wall says, the daemon keeps it with its distance from UTC (RFC 3339).

use chrono::{DateTime, Datelike, FixedOffset, Local, MappedLocalTime, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone};

use crate::locale::{form, moment};

/// How far local time is ahead of UTC, at a local time and at a moment in UTC.
#[derive(Debug, Clone, Copy)]
pub struct Zone {
    at_local: fn(&NaiveDateTime) -> MappedLocalTime<FixedOffset>,
    at_utc: fn(&NaiveDateTime) -> FixedOffset,
}

impl Default for Zone {
    /// The box's own: `TZ`, else `/etc/localtime`.
    fn default() -> Zone {
        Zone { at_local: |local| Local.offset_from_local_datetime(local), at_utc: |utc| Local.offset_from_utc_datetime(utc) }
    }
}

impl Zone {
    /// A local time typed in a language's form as the daemon takes it. An hour that comes twice when the clocks go back is the first; one
    /// that is left out when they go forward never was: `None`, as for everything that is no time.
    pub fn wire(&self, typed: &str, language: &str) -> Option<String> {
        let local = moment::read(typed, language)?;
        let moment = (self.at_local)(&local).earliest()?.from_local_datetime(&local).earliest()?;
        Some(moment.to_rfc3339_opts(SecondsFormat::Secs, true))
    }

    /// When this year began: midnight of the first of January, local time.
    pub fn year_start_ms(&self, now_ms: u64) -> Option<u64> {
        let now = DateTime::from_timestamp_millis(i64::try_from(now_ms).ok()?)?.naive_utc();
        let local = now.checked_add_offset((self.at_utc)(&now))?;
        let first = NaiveDate::from_ymd_opt(local.year(), 1, 1)?.and_hms_opt(0, 0, 0)?;
        let start = (self.at_local)(&first).earliest()?.from_local_datetime(&first).earliest()?;
        u64::try_from(start.timestamp_millis()).ok()
    }

    /// A moment of the daemon's as the clock on the wall said it, in a language's words; what is no moment is shown as it is.
    pub fn shown(&self, wire: &str, language: &str) -> String {
        let Ok(moment) = DateTime::parse_from_rfc3339(wire) else { return wire.to_owned() };
        let utc = moment.naive_utc();
        form::moment(language, (self.at_utc)(&utc).from_utc_datetime(&utc).naive_local())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn hours(hours: i32) -> FixedOffset {
        FixedOffset::east_opt(hours * 3600).expect("within a day")
    }

    /// The clocks of Helsinki in 2026: forward on 29 March at 3, back on 25 October at 4.
    pub(crate) fn helsinki() -> Zone {
        fn at(month: u32, day: u32, hour: u32) -> NaiveDateTime {
            NaiveDate::from_ymd_opt(2026, month, day).and_then(|date| date.and_hms_opt(hour, 0, 0)).expect("a time")
        }
        fn at_local(local: &NaiveDateTime) -> MappedLocalTime<FixedOffset> {
            match *local {
                local if local >= at(3, 29, 3) && local < at(3, 29, 4) => MappedLocalTime::None,
                local if local >= at(10, 25, 3) && local < at(10, 25, 4) => MappedLocalTime::Ambiguous(hours(3), hours(2)),
                local if local >= at(3, 29, 4) && local < at(10, 25, 3) => MappedLocalTime::Single(hours(3)),
                _ => MappedLocalTime::Single(hours(2)),
            }
        }
        fn at_utc(utc: &NaiveDateTime) -> FixedOffset {
            hours(if *utc >= at(3, 29, 1) && *utc < at(10, 25, 1) { 3 } else { 2 })
        }
        Zone { at_local, at_utc }
    }

    #[track_caller]
    fn check(typed: &str, wire: Option<&str>) {
        assert_eq!(helsinki().wire(typed, "fi").as_deref(), wire, "{typed}");
    }

    #[test]
    fn what_is_typed_is_local_in_summer_and_in_winter() {
        check("2026-05-31 18:30", Some("2026-05-31T18:30:00+03:00"));
        check("2026-11-26 08:05", Some("2026-11-26T08:05:00+02:00"));
        check(" 31.5.2026  18:30 ", Some("2026-05-31T18:30:00+03:00"));
        check("31.5.2026 18.30", Some("2026-05-31T18:30:00+03:00"));
        check("31/05/2026 18:30", Some("2026-05-31T18:30:00+03:00"));
    }

    #[test]
    fn the_hour_that_comes_twice_is_the_first_and_the_one_left_out_never_was() {
        check("2026-10-25 03:30", Some("2026-10-25T03:30:00+03:00"));
        check("2026-03-29 03:30", None);
    }

    #[test]
    fn what_is_no_time_is_none() {
        for typed in
            ["", "yesterday", "2026-02-30 10:00", "26-05-31 18:30", "2026-05-31", "2026-05-31 25:00", "+12026-05-31 18:30"]
        {
            check(typed, None);
        }
    }

    #[test]
    fn a_moment_is_shown_as_the_wall_said_it_wherever_it_was_written() {
        let zone = helsinki();
        assert_eq!(zone.shown("2026-05-31T18:30:00+03:00", "en"), "31 May 2026 at 18:30");
        assert_eq!(zone.shown("2026-05-31T15:30:00Z", "fi"), "31. toukokuuta 2026 klo 18.30");
        assert_eq!(zone.shown("2026-12-31T23:10:00Z", "en"), "1 January 2027 at 01:10");
        assert_eq!(zone.shown("no time", "en"), "no time");
    }

    #[test]
    fn the_systems_zone_and_back_is_the_same_time() {
        let zone = Zone::default();
        let wire = zone.wire("2026-06-15 12:00", "en").expect("noon is never left out");
        assert_eq!(zone.shown(&wire, "en"), "15 June 2026 at 12:00");
    }
}
