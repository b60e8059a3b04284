//! The dark screen outside of opening hours, and how it is woken.
//!
//! It is dark when the house is closed, the last resident's session has been wiped and nobody has touched the screen for [`AWAKE_MS`].
//! The touch that wakes it presses nothing. It is never dark in opening hours, nor when the clock cannot be trusted to know them, unless
//! staff put it out: then until it is touched.

use chrono::{Datelike, NaiveDateTime};

use super::State;

/// Outside of opening hours the screen stays lit for so long after the last touch, and after the kiosk's start.
pub const AWAKE_MS: u64 = 180_000;
/// A wake-up touch that is never lifted, or whose lifting nobody told, is over after so long.
const HELD_MS: u64 = 5_000;
/// A clock before this year was never set.
const YEAR_MIN: i32 = 2025;
/// The sign of life stays in one place for so long.
const DRIFT_MS: u64 = 60_000;

/// Whether residents see anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rest {
    #[default]
    Awake,
    /// Dark; the number moves the sign of life on, so that nothing burns in.
    Dark { place: u64 },
    /// Lit again, while the finger that woke it is still down: it must press nothing.
    Waking { since_ms: u64 },
}

/// What opening hours and the clock make of the screen.
pub fn tick(state: &mut State, wall: Option<NaiveDateTime>) {
    let now_ms = state.now_ms;
    state.rest = match state.rest {
        Rest::Waking { since_ms } if now_ms.saturating_sub(since_ms) < HELD_MS => return,
        _ if state.put_out => Rest::Dark { place: now_ms / DRIFT_MS },
        _ if is_closed(state, wall) && !state.session.started && now_ms.saturating_sub(state.touched_ms) >= AWAKE_MS => {
            Rest::Dark { place: now_ms / DRIFT_MS }
        }
        _ => Rest::Awake,
    };
}

/// Staff put the screen out.
pub fn put_out(state: &mut State) {
    state.put_out = true;
    state.rest = Rest::Dark { place: state.now_ms / DRIFT_MS };
}

/// Somebody touched the dark screen.
pub fn wake(state: &mut State) {
    state.put_out = false;
    state.touched_ms = state.now_ms;
    if matches!(state.rest, Rest::Dark { .. }) {
        state.rest = Rest::Waking { since_ms: state.now_ms };
    }
}

/// The touch that woke it is over.
pub fn woken(state: &mut State) {
    state.touched_ms = state.now_ms;
    if matches!(state.rest, Rest::Waking { .. }) {
        state.rest = Rest::Awake;
    }
}

/// Whether the house is known to be closed now.
fn is_closed(state: &State, wall: Option<NaiveDateTime>) -> bool {
    // Before the daemon has told, nobody knows what the caretaker thinks of the clock.
    let Some((hours, town)) = state.hours.as_ref().zip(state.town.as_ref()) else { return false };
    let unverified = town.notices.contains(&api::BoxNotice::ClockUnverified);
    wall.filter(|wall| wall.year() >= YEAR_MIN && !unverified).is_some_and(|wall| !hours.is_open(wall))
}

#[cfg(test)]
mod tests {
    use api::{BoxNotice, Kind, ReportId, SessionId};
    use chrono::NaiveDate;

    use super::super::*;
    use super::*;

    /// On a Monday in 2026.
    fn monday(hour: u32, minute: u32) -> Option<NaiveDateTime> {
        NaiveDate::from_ymd_opt(2026, 11, 23)?.and_hms_opt(hour, minute, 0)
    }

    fn tick(state: &mut State, now_ms: u64, wall: Option<NaiveDateTime>) {
        update(state, Msg::Tick { now_ms, wall });
    }

    fn town() -> Town {
        crate::gallery::town(None).unwrap()
    }

    /// A kiosk that nobody has touched for an hour, in a house open from 8 to 18.
    fn alone() -> State {
        let hours = Some("Mo-Fr 08:00-18:00".parse().unwrap());
        let mut state = State { hours, town: Some(town()), online: true, heard: true, ..State::default() };
        tick(&mut state, 3_600_000, monday(12, 0));
        state
    }

    fn is_dark(state: &State) -> bool {
        matches!(state.rest, Rest::Dark { .. })
    }

    #[test]
    fn it_is_dark_when_closed_and_wakes_by_itself_when_open() {
        let mut state = alone();
        for (hour, minute, dark) in [(17, 59, false), (18, 0, true), (23, 59, true), (0, 0, true), (7, 59, true), (8, 0, false)] {
            tick(&mut state, 3_700_000, monday(hour, minute));
            assert_eq!(is_dark(&state), dark, "{hour}:{minute:02}");
        }
    }

    #[test]
    fn without_hours_or_a_clock_to_trust_it_is_never_dark() {
        let night = monday(3, 0);
        let mut state = alone();
        tick(&mut state, 3_700_000, night);
        assert!(is_dark(&state), "else this test shows nothing");
        tick(&mut state, 3_800_000, None);
        assert!(!is_dark(&state), "no clock");
        let unset = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap().and_hms_opt(3, 0, 0);
        tick(&mut state, 3_800_000, unset);
        assert!(!is_dark(&state), "1970");
        let mut unverified = alone();
        unverified.town = Some(Town { notices: vec![BoxNotice::ClockUnverified], ..town() });
        tick(&mut unverified, 3_700_000, night);
        assert!(!is_dark(&unverified), "the caretaker does not trust it");
        let mut unknown = State { town: None, ..alone() };
        tick(&mut unknown, 3_700_000, night);
        assert!(!is_dark(&unknown), "nobody told");
        let mut always = State { hours: None, ..alone() };
        tick(&mut always, 3_700_000, night);
        assert!(!is_dark(&always), "no hours");
        let mut taken_back = alone();
        taken_back.town = Some(Town { notices: vec![BoxNotice::UpdateTakenBack], ..town() });
        tick(&mut taken_back, 3_700_000, night);
        assert!(is_dark(&taken_back), "an old version knows the hours too");
    }

    #[test]
    fn the_touch_that_wakes_it_presses_nothing() {
        let mut state = alone();
        tick(&mut state, 3_700_000, monday(20, 0));
        update(&mut state, Msg::Wake);
        assert_eq!(state.rest, Rest::Waking { since_ms: 3_700_000 });
        tick(&mut state, 3_700_500, monday(20, 0));
        assert!(matches!(state.rest, Rest::Waking { .. }), "the finger is still down");
        for msg in [
            Msg::Start(Kind::Problem),
            Msg::StartBrowse,
            Msg::Finish,
            Msg::Overlay(Overlay::Help),
            Msg::Support { report: ReportId([1; 16]), session: SessionId([2; 16]) },
            Msg::Touched,
        ] {
            assert_eq!(update(&mut state, msg.clone()), [], "{msg:?}");
            assert_eq!(state.session, Session::default(), "{msg:?}");
        }
        update(&mut state, Msg::Woken);
        assert_eq!((state.rest, &state.session), (Rest::Awake, &Session::default()));
        update(&mut state, Msg::Start(Kind::Problem));
        assert_eq!(state.session.screen, Screen::Category, "the second touch counts");
    }

    #[test]
    fn a_touch_that_is_never_lifted_is_over_after_a_while() {
        let mut state = alone();
        tick(&mut state, 3_700_000, monday(20, 0));
        update(&mut state, Msg::Wake);
        tick(&mut state, 3_700_000 + HELD_MS, monday(20, 0));
        assert_eq!(state.rest, Rest::Awake);
    }

    #[test]
    fn once_woken_it_stays_lit_some_minutes_after_the_last_touch() {
        let mut state = alone();
        tick(&mut state, 3_700_000, monday(20, 0));
        update(&mut state, Msg::Wake);
        update(&mut state, Msg::Woken);
        tick(&mut state, 3_700_000 + AWAKE_MS - 1, monday(20, 2));
        assert_eq!(state.rest, Rest::Awake);
        update(&mut state, Msg::Touched);
        tick(&mut state, 3_700_000 + AWAKE_MS, monday(20, 3));
        assert_eq!(state.rest, Rest::Awake, "touched again");
        tick(&mut state, 3_700_000 + AWAKE_MS * 2, monday(20, 6));
        assert!(is_dark(&state));
    }

    #[test]
    fn nobody_is_left_in_the_dark_in_the_middle_of_a_report() {
        let mut state = alone();
        tick(&mut state, 3_600_000, monday(17, 59));
        update(&mut state, Msg::Start(Kind::Problem));
        tick(&mut state, 3_600_000 + IDLE_MS + WARNING_MS - 1, monday(18, 1));
        assert_eq!((state.rest, state.session.screen), (Rest::Awake, Screen::Category));
        // The usual wipe first, then the dark.
        tick(&mut state, 3_600_000 + IDLE_MS + WARNING_MS, monday(18, 1));
        assert_eq!((state.rest, &state.session), (Rest::Awake, &Session::default()));
        tick(&mut state, 3_600_000 + AWAKE_MS, monday(18, 2));
        assert!(is_dark(&state));
    }

    #[test]
    fn it_is_lit_for_some_minutes_after_the_start() {
        let mut state = State { hours: Some("Mo 08:00-09:00".parse().unwrap()), town: Some(town()), ..State::default() };
        tick(&mut state, AWAKE_MS - 1, monday(20, 0));
        assert_eq!(state.rest, Rest::Awake);
        tick(&mut state, AWAKE_MS, monday(20, 0));
        assert!(is_dark(&state));
    }

    #[test]
    fn the_sign_of_life_moves() {
        let mut state = alone();
        let mut places = std::collections::BTreeSet::new();
        for minute in 0..5 {
            tick(&mut state, 3_700_000 + minute * DRIFT_MS, monday(20, 0));
            let Rest::Dark { place } = state.rest else { panic!("lit") };
            places.insert(place);
        }
        assert_eq!(places.len(), 5);
    }
}
