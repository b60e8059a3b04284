use super::*;

fn tick(state: &mut State, now_ms: u64) -> Vec<Effect> {
    update_all(state, Msg::Tick { now_ms, wall: None })
}

fn update_all(state: &mut State, msg: Msg) -> Vec<Effect> {
    super::super::update(state, msg)
}

fn with_pin() -> State {
    let mut state = State { has_pin: true, ..State::default() };
    tick(&mut state, 10_000);
    state
}

fn gesture(state: &mut State) {
    for corner in WAY_IN {
        update_all(state, Msg::Corner(corner));
    }
}

/// Types a PIN and gives the ticket of its check.
fn try_pin(state: &mut State) -> Option<Ticket> {
    [4, 7, 1, 1, 0, 8].into_iter().for_each(|digit| drop(update_all(state, Msg::PinDigit(digit))));
    let effects = update_all(state, Msg::PinDone);
    let [Effect::CheckPin(ticket, pin)] = &effects[..] else { return None };
    assert_eq!(pin.reveal(), "471108");
    assert_eq!(format!("{effects:?}"), format!("[CheckPin({ticket:?}, (a PIN))]"), "never printed");
    assert!(state.session.staff.pin.is_empty(), "nor kept");
    Some(*ticket)
}

fn staff_sheet() -> State {
    let mut state = with_pin();
    gesture(&mut state);
    let ticket = try_pin(&mut state).unwrap();
    update_all(&mut state, Msg::Reply(ticket, Reply::Pin(PinAnswer::Right)));
    assert_eq!(state.session.overlay, Overlay::Staff);
    state
}

#[test]
fn nobody_gets_to_the_pin_by_accident() {
    use Corner::{Left, Right};
    for (corners, slow_ms) in [
        (&[Left, Left, Left, Left][..], 0),
        (&[Right, Left, Right, Left], 0),
        (&[Left, Right, Right, Left, Right], 0),
        (&[Left, Right, Left], 0),
        (&[Left, Right, Left, Right], CORNERS_MS / 2),
    ] {
        let mut state = with_pin();
        for (index, corner) in (0..).zip(corners) {
            tick(&mut state, 10_000 + slow_ms * index);
            update_all(&mut state, Msg::Corner(*corner));
        }
        assert_eq!(state.session.overlay, Overlay::None, "{corners:?}");
    }
    let mut state = with_pin();
    update_all(&mut state, Msg::StartBrowse);
    gesture(&mut state);
    assert_eq!(state.session.overlay, Overlay::None, "in the middle of something");
    let mut state = State { has_pin: false, ..with_pin() };
    gesture(&mut state);
    assert_eq!(state.session.overlay, Overlay::None, "without a PIN there is no way in");
    let mut state = with_pin();
    update_all(&mut state, Msg::Corner(Left));
    gesture(&mut state);
    assert_eq!(state.session.overlay, Overlay::Pin, "a false start is forgiven");
}

#[test]
fn without_the_pin_nothing_of_the_sheet_works() {
    for wish in [Wish::Clean, Wish::EndSession, Wish::ScreenOff, Wish::Restart] {
        let mut state = with_pin();
        update_all(&mut state, Msg::Start(Kind::Problem));
        assert_eq!(update_all(&mut state, Msg::Staff(wish)), []);
        // Nor does a sheet opened without its way in.
        for overlay in [Overlay::Staff, Overlay::Pin] {
            update_all(&mut state, Msg::Overlay(overlay));
            assert_eq!(state.session.overlay, Overlay::None);
        }
        assert_eq!((state.session.screen, state.cleaning, state.rest), (Screen::Category, None, Rest::Awake));
    }
    let mut state = with_pin();
    gesture(&mut state);
    update_all(&mut state, Msg::PinDigit(4));
    assert_eq!(update_all(&mut state, Msg::PinDone), [], "too short to be one");
    update_all(&mut state, Msg::PinAway);
    let ticket = try_pin(&mut state.clone()).unwrap();
    update_all(&mut state, Msg::Reply(ticket, Reply::Pin(PinAnswer::Right)));
    assert_eq!(state.session.overlay, Overlay::Pin, "an answer to a question not asked");
}

#[test]
fn after_five_wrong_tries_there_is_a_pause_that_leaving_does_not_end() {
    let mut state = with_pin();
    gesture(&mut state);
    for _ in 0..TRIES {
        let ticket = try_pin(&mut state).expect("may still be tried");
        update_all(&mut state, Msg::Reply(ticket, Reply::Pin(PinAnswer::Wrong)));
        assert_eq!(state.session.staff.refused, Some(PinAnswer::Wrong));
    }
    assert_eq!(state.pause_min(), Some(5));
    assert_eq!(try_pin(&mut state), None);
    update_all(&mut state, Msg::Finish);
    tick(&mut state, 10_000 + FINISHED_MS);
    gesture(&mut state);
    assert_eq!(state.session.overlay, Overlay::Pin);
    assert_eq!(try_pin(&mut state), None);
    tick(&mut state, 10_000 + PAUSE_MS - 1);
    assert_eq!((state.pause_min(), &state.session), (Some(1), &Session::default()));
    tick(&mut state, 10_000 + PAUSE_MS);
    gesture(&mut state);
    let ticket = try_pin(&mut state).expect("the pause is over");
    update_all(&mut state, Msg::Reply(ticket, Reply::Pin(PinAnswer::Unreadable)));
    assert_eq!(state.session.staff.refused, Some(PinAnswer::Unreadable));
    let ticket = try_pin(&mut state).expect("that was no wrong try");
    update_all(&mut state, Msg::Reply(ticket, Reply::Pin(PinAnswer::Right)));
    assert_eq!(state.tries, Tries::default());
}

#[test]
fn a_wrong_try_counts_even_when_whoever_made_it_is_gone() {
    let mut state = with_pin();
    for _ in 0..TRIES {
        gesture(&mut state);
        let ticket = try_pin(&mut state).expect("may still be tried");
        update_all(&mut state, Msg::Overlay(Overlay::None));
        update_all(&mut state, Msg::Reply(ticket, Reply::Pin(PinAnswer::Wrong)));
        update_all(&mut state, Msg::Finish);
        let now_ms = state.now_ms + FINISHED_MS;
        tick(&mut state, now_ms);
    }
    assert!(state.pause_min().is_some());
}

#[test]
fn a_sheet_that_is_left_alone_goes_away_with_everything() {
    for mut state in [staff_sheet(), {
        let mut state = with_pin();
        gesture(&mut state);
        state
    }] {
        update_all(&mut state, Msg::PinDigit(4));
        tick(&mut state, 10_000 + SHEET_MS - 1);
        assert_ne!(state.session.overlay, Overlay::None);
        tick(&mut state, 10_000 + SHEET_MS);
        assert_eq!(state.session, Session::default());
    }
}

#[test]
fn the_sheet_is_closed_for_good() {
    let mut state = staff_sheet();
    update_all(&mut state, Msg::Overlay(Overlay::None));
    assert_eq!(update_all(&mut state, Msg::Staff(Wish::Restart)), []);
}

#[test]
fn while_it_is_cleaned_the_screen_takes_no_touch_for_a_minute() {
    let mut state = staff_sheet();
    assert_eq!(update_all(&mut state, Msg::Staff(Wish::Clean)), [Effect::LookAround]);
    assert_eq!(state.cleaning_s(), Some(60));
    for msg in [Msg::Start(Kind::Problem), Msg::Finish, Msg::Touched, Msg::Overlay(Overlay::Help), Msg::Wake, Msg::StartFollow] {
        assert_eq!(update_all(&mut state, msg), []);
        assert_eq!(state.session, Session::default());
    }
    tick(&mut state, 10_000 + CLEANING_MS - 1);
    assert_eq!(state.cleaning_s(), Some(1));
    tick(&mut state, 10_000 + CLEANING_MS);
    assert_eq!(state.cleaning, None);
    update_all(&mut state, Msg::Start(Kind::Problem));
    assert_eq!(state.session.screen, Screen::Category);
}

#[test]
fn it_is_ended_by_holding_for_three_seconds_not_by_wiping_over_it() {
    let mut state = staff_sheet();
    update_all(&mut state, Msg::Staff(Wish::Clean));
    let mut now_ms = 10_000;
    for _ in 0..10 {
        update_all(&mut state, Msg::Hold(true));
        now_ms += HOLD_MS - 1;
        tick(&mut state, now_ms);
        update_all(&mut state, Msg::Hold(false));
        tick(&mut state, now_ms + 1);
        assert!(state.cleaning.is_some());
    }
    update_all(&mut state, Msg::Hold(true));
    let began_ms = state.now_ms;
    tick(&mut state, began_ms + 1_000);
    update_all(&mut state, Msg::Hold(true));
    tick(&mut state, began_ms + HOLD_MS);
    assert_eq!(state.cleaning, None);
    update_all(&mut state, Msg::Hold(false));
    assert_eq!(state.session, Session::default());
}

#[test]
fn staff_end_a_session_put_the_screen_out_and_start_it_anew() {
    let mut state = staff_sheet();
    assert_eq!(update_all(&mut state, Msg::Staff(Wish::EndSession)), [Effect::LookAround]);
    assert_eq!(state.session, Session::default());

    let mut state = staff_sheet();
    update_all(&mut state, Msg::Staff(Wish::ScreenOff));
    for now_ms in [10_001, 200_000, 4_000_000] {
        tick(&mut state, now_ms);
        assert!(matches!(state.rest, Rest::Dark { .. }), "without hours, too, until it is touched");
    }
    update_all(&mut state, Msg::Wake);
    update_all(&mut state, Msg::Woken);
    tick(&mut state, 8_000_000);
    assert_eq!(state.rest, Rest::Awake);

    let mut state = staff_sheet();
    assert_eq!(update_all(&mut state, Msg::Staff(Wish::Restart)), [Effect::LookAround, Effect::Restart]);
    assert_eq!(state.session, Session::default());
}
