//! Double strikes: an identical second activation within a short time is a slip of the finger (EN 301 549, 5.8).

use super::{Msg, State};
use crate::keyboard::Key;

/// The last activation and when it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Strike {
    what: Struck,
    at_ms: u64,
}

/// What was activated, without what differs from one touch to the next, as the random numbers of an id do.
#[derive(Debug, Clone, PartialEq)]
enum Struck {
    Start(api::Kind),
    Browse,
    Follow,
    Back,
    Next,
    Finish,
    Category(api::CategoryCode),
    Support(api::ReportId),
    Open(api::ReportId),
    OpenMerged,
    Send,
    PrintSlip,
    SubmitCode,
    WriteComment,
    SendComment,
    Key(Key),
    Digit(u8),
}

fn struck(msg: &Msg) -> Option<Struck> {
    Some(match msg {
        Msg::Start(kind) => Struck::Start(*kind),
        Msg::StartBrowse => Struck::Browse,
        Msg::StartFollow => Struck::Follow,
        Msg::Back => Struck::Back,
        Msg::Next => Struck::Next,
        Msg::Finish => Struck::Finish,
        Msg::Category(code) => Struck::Category(code.clone()),
        Msg::Support { report, .. } => Struck::Support(*report),
        Msg::Open(report) => Struck::Open(*report),
        Msg::OpenMerged => Struck::OpenMerged,
        Msg::Send { .. } => Struck::Send,
        Msg::PrintSlip(_) => Struck::PrintSlip,
        Msg::SubmitCode => Struck::SubmitCode,
        Msg::WriteComment => Struck::WriteComment,
        Msg::SendComment { .. } => Struck::SendComment,
        Msg::Key { key, .. } => Struck::Key(key.clone()),
        Msg::PinDigit(digit) => Struck::Digit(*digit),
        // Scrolling, moving the map and setting twice does no harm.
        _ => return None,
    })
}

/// Whether this is the second of a double strike, at this time of the kiosk's clock. What counts as a step is remembered.
pub fn is_second(state: &mut State, msg: &Msg, now_ms: u64) -> bool {
    let Some(what) = struck(msg) else { return false };
    let is_key = matches!(what, Struck::Key(_) | Struck::Digit(_));
    let within_ms = if is_key { state.patience.key_strike_ms } else { state.patience.strike_ms };
    let before = state.session.struck.replace(Strike { what: what.clone(), at_ms: now_ms });
    before.is_some_and(|before| before.what == what && now_ms.saturating_sub(before.at_ms) < within_ms)
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;

    fn id(first: u8) -> ReportId {
        ReportId([first; 16])
    }

    #[test]
    fn the_same_step_again_counts_once_within_the_time_set() {
        for strike_ms in [0, 200, 500, 2_000] {
            let send = |byte| Msg::Send { id: id(byte), code: FollowCode::from_random([byte; 8]) };
            for (first, second) in [
                (Msg::Next, Msg::Next),
                (Msg::Start(Kind::Problem), Msg::Start(Kind::Problem)),
                (Msg::Open(id(1)), Msg::Open(id(1))),
                (send(1), send(2)),
                (
                    Msg::Support { report: id(1), session: SessionId([1; 16]) },
                    Msg::Support { report: id(1), session: SessionId([2; 16]) },
                ),
            ] {
                let mut state = State { patience: Patience { strike_ms, ..Patience::default() }, ..State::default() };
                assert!(!is_second(&mut state, &first, 10_000), "{first:?}");
                assert_eq!(is_second(&mut state, &second, 10_000 + strike_ms.saturating_sub(1)), strike_ms > 0, "{second:?}");
                let mut state = State { patience: state.patience, ..State::default() };
                is_second(&mut state, &first, 10_000);
                assert!(!is_second(&mut state, &second, 10_000 + strike_ms), "{second:?} after the time");
            }
        }
    }

    #[test]
    fn another_tile_of_the_same_kind_counts_at_once() {
        let category = |code: &str| Msg::Category(code.parse().unwrap());
        for (first, second) in [
            (Msg::Start(Kind::Problem), Msg::Start(Kind::Suggestion)),
            (category("light"), category("water")),
            (Msg::Open(id(1)), Msg::Open(id(2))),
            (Msg::Next, Msg::Back),
            (
                Msg::Support { report: id(1), session: SessionId([1; 16]) },
                Msg::Support { report: id(2), session: SessionId([1; 16]) },
            ),
        ] {
            let mut state = State::default();
            assert!(!is_second(&mut state, &first, 10_000));
            assert!(!is_second(&mut state, &second, 10_001), "{second:?}");
        }
    }

    #[test]
    fn keys_are_filtered_only_where_that_is_set() {
        let key = |letter: &str| Msg::Key { key: Key::Char(letter.into()), more: Vec::new() };
        let mut state = State::default();
        assert!(!is_second(&mut state, &key("o"), 0) && !is_second(&mut state, &key("o"), 10), "as fast as fingers");
        let mut state = State { patience: Patience { key_strike_ms: 500, ..Patience::default() }, ..State::default() };
        assert!(!is_second(&mut state, &key("o"), 0));
        assert!(is_second(&mut state, &key("o"), 499));
        assert!(!is_second(&mut state, &key("k"), 500), "another key");
        assert!(!is_second(&mut state, &key("o"), 501));
    }
}
