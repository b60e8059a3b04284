//! What is left of a resident when they go: nothing. Every field of the state is named here, so that none can be added without saying
//! whose it is.

use super::super::staff::{Staff, Tries, Wish};
use super::super::strike;
use super::*;

/// A session in which nothing is as at the start.
fn soiled(state: &mut State) -> Session {
    let town = crate::gallery::town(None).unwrap();
    let report = crate::gallery::report().unwrap();
    let mut struck = State::default();
    strike::is_second(&mut struck, &Msg::Next, 5);
    let staff = Staff { pin: [1, 2, 3].into_iter().collect(), checking: Some(state.ticket()), ..Staff::default() };
    let category: api::CategoryCode = "light".parse().unwrap();
    let mut session = Session {
        started: true,
        language: Some("fi".parse().unwrap()),
        settings: Settings { low: true, ..Settings::default() },
        voice: Voice { on: true, ..Voice::default() },
        id: Some(SessionId([1; 16])),
        screen: Screen::Report,
        overlay: Overlay::Staff,
        notice: Notice::Away,
        notice_leads: true,
        typing: Some(Typing { field: Field::Text, layer: Layer::Letters, shifted: true, more: Vec::new() }),
        touched_ms: 1,
        warning_s: Some(9),
        finished_ms: 1,
        draft: Draft { kind: Some(Kind::Problem), category: Some(category), text: Edit::new("Dark"), ..Draft::default() },
        compass: Compass::default(),
        code: Edit::new("4F7K"),
        code_wanted: Some(Ticket(1)),
        opened: Opened { id: Some(report.summary.id), comment: Edit::new("mine"), ..Opened::default() },
        browse: Browse { reports: vec![report.summary], ..Browse::default() },
        photos: vec!["lamp.jpg".into()],
        photos_wanted: Some(Ticket(2)),
        print: Print::Printed,
        copies: 1,
        said: Some(Said { point: town.center, address: None }),
        struck: struck.session.struck,
        staff,
    };
    session.compass.step = 1;
    session
}

/// Every field differs from a fresh session's: else the test below would show nothing for it.
fn assert_soiled(session: &Session) {
    let fresh = Session::default();
    macro_rules! differ {
        ($($field:ident),*) => {{
            let Session { $($field),* } = session;
            $(assert_ne!(*$field, fresh.$field, stringify!($field));)*
        }};
    }
    differ!(
        started,
        language,
        settings,
        voice,
        id,
        screen,
        overlay,
        notice,
        notice_leads,
        typing,
        touched_ms,
        warning_s,
        finished_ms,
        draft,
        compass,
        code,
        code_wanted,
        opened,
        browse,
        photos,
        photos_wanted,
        print,
        copies,
        said,
        struck,
        staff
    );
}

/// What is the kiosk's own is as it was before the resident came; what was the resident's is as at the start.
fn assert_forgotten(state: &State, before: &State, session: &Session) {
    let State {
        town,
        online,
        unset,
        pairing,
        heard,
        asked_ms: _,
        asking: _,
        now_ms: _,
        zone: _,
        hours,
        rest,
        put_out,
        patience,
        has_pin,
        tries,
        cleaning,
        touchable,
        touchable_ms,
        displayed,
        is_misfit,
        touched_ms: _,
        takes_photos,
        first_language,
        session: left,
        printer,
        running,
        ears,
        // Counts on for ever: an answer to the resident before is for nobody.
        tickets: _,
    } = state;
    assert_eq!(left, session);
    assert_eq!((printer, running, ears), (&before.printer, &before.running, &before.ears));
    assert_eq!((town, online, unset, heard), (&before.town, &before.online, &before.unset, &before.heard));
    assert_eq!((pairing, hours, patience), (&before.pairing, &before.hours, &before.patience));
    assert_eq!((rest, *put_out), (&Rest::Awake, false));
    assert_eq!((*has_pin, *tries, *cleaning), (before.has_pin, Tries::default(), None));
    assert_eq!((touchable, touchable_ms), (&before.touchable, &before.touchable_ms));
    assert_eq!((displayed, is_misfit), (&before.displayed, &before.is_misfit));
    assert_eq!((takes_photos, first_language), (&before.takes_photos, &before.first_language));
}

#[test]
fn whoever_goes_leaves_nothing() {
    let town = crate::gallery::town(None).unwrap();
    let before = State { town: Some(town), online: true, heard: true, has_pin: true, ..State::default() };
    // Who listens hears the last page, too.
    let voice = Voice { on: true, ..Voice::default() };
    let finished = Session { started: true, screen: Screen::Finished, finished_ms: 2_000, voice, ..Session::default() };
    type Way = fn(&mut State);
    let ways: [(&str, Way, &Session); 4] = [
        ("Finish", |state| drop(update(state, Msg::Finish)), &finished),
        (
            "Finish and a while",
            |state| {
                update(state, Msg::Finish);
                tick(state, 2_000 + FINISHED_MS);
            },
            &Session::default(),
        ),
        (
            "nobody there",
            |state| {
                state.session.overlay = Overlay::None;
                tick(state, 1 + IDLE_MS + WARNING_MS);
            },
            &Session::default(),
        ),
        ("staff", |state| drop(update(state, Msg::Staff(Wish::EndSession))), &Session::default()),
    ];
    for (name, way, session) in ways {
        let mut state = before.clone();
        tick(&mut state, 2_000);
        state.session = soiled(&mut state);
        assert_soiled(&state.session);
        way(&mut state);
        println!("{name}");
        assert_forgotten(&state, &before, session);
    }
}

#[test]
fn settings_go_back_to_the_start_at_any_time() {
    for screen in [Screen::Home, Screen::Details, Screen::Review, Screen::Browse, Screen::Finished] {
        let mut state = State::default();
        state.session.screen = screen;
        update(&mut state, Msg::Set(Setting::Low(true)));
        update(&mut state, Msg::Set(Setting::Text(TextSize::Small)));
        assert_ne!(state.session.settings, Settings::default());
        update(&mut state, Msg::Set(Setting::Defaults));
        assert_eq!((&state.session.settings, state.session.screen), (&Settings::default(), screen));
    }
}

#[test]
fn the_warning_is_put_off_as_often_as_one_likes() {
    // VVSG 2.0: at least ten times.
    for patience in [
        Patience::default(),
        Patience { idle_ms: 300_000, warning_ms: 45_000, ..Patience::default() },
        Patience { idle_ms: 120_000, warning_ms: 20_000, ..Patience::default() },
    ] {
        let mut state = State { patience, ..State::default() };
        update(&mut state, Msg::Typed { field: Field::Text, text: "Dark".into(), caret: 4 });
        let mut now_ms = 0;
        for _ in 0..25 {
            tick(&mut state, now_ms + patience.idle_ms - 1);
            assert_eq!(state.session.warning_s, None);
            tick(&mut state, now_ms + patience.idle_ms);
            assert!(state.session.warning_s.is_some());
            now_ms += patience.idle_ms + patience.warning_ms - 1;
            tick(&mut state, now_ms);
            assert_eq!(state.session.warning_s, Some(1));
            update(&mut state, Msg::Stay);
            assert_eq!((state.session.warning_s, state.session.draft.text.text()), (None, "Dark"));
        }
        tick(&mut state, now_ms + patience.idle_ms + patience.warning_ms);
        assert_eq!(state.session, Session::default());
    }
}

#[test]
fn seconds_are_counted_in_the_second_half_of_the_warning_only() {
    let mut state = State::default();
    update(&mut state, Msg::Touched);
    tick(&mut state, IDLE_MS);
    assert_eq!((state.session.warning_s, state.countdown_s()), (Some(30), None));
    tick(&mut state, IDLE_MS + WARNING_MS / 2 - 1);
    assert_eq!(state.countdown_s(), None);
    tick(&mut state, IDLE_MS + WARNING_MS / 2);
    assert_eq!(state.countdown_s(), Some(15));
}

#[test]
fn nobody_is_asked_twice_for_the_place() {
    let mut state = at_details();
    let place = (state.session.draft.point, state.session.draft.address.clone());
    assert!(place.0.is_some());
    update(&mut state, Msg::Finish);
    update(&mut state, Msg::Start(Kind::Problem));
    assert_eq!(state.session.draft.point, None, "the next resident was never there");

    let mut state = at_details();
    for _ in 0..3 {
        update(&mut state, Msg::Back);
    }
    assert_eq!((state.session.screen, &state.session.draft), (Screen::Home, &Draft::default()));
    update(&mut state, Msg::Start(Kind::Suggestion));
    let effects = update(&mut state, Msg::Category("light".parse().unwrap()));
    assert_eq!((state.session.draft.point, state.session.draft.address.clone()), place);
    assert!(effects.contains(&Effect::Look(place.0.unwrap())), "it is shown: {effects:?}");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Near(..))), "and what is reported there");
    update(&mut state, Msg::Next);
    assert_eq!(state.session.screen, Screen::Details, "to go on is enough");
}

#[test]
fn a_touch_screen_that_is_gone_is_spoken_of_after_a_while() {
    let mut state = State::default();
    tick(&mut state, 100_000);
    update(&mut state, Msg::Start(Kind::Problem));
    update(&mut state, Msg::Touchable(Touchable::No));
    tick(&mut state, 104_999);
    assert!(!state.is_untouchable());
    update(&mut state, Msg::Touchable(Touchable::No));
    tick(&mut state, 105_000);
    assert!(state.is_untouchable());
    assert_eq!(state.session.screen, Screen::Category, "what was begun is kept");
    update(&mut state, Msg::Touched);
    assert!(!state.is_untouchable(), "whoever touches it proves that wrong");
    tick(&mut state, 110_000);
    assert!(state.is_untouchable());
    update(&mut state, Msg::Touchable(Touchable::Yes));
    assert!(!state.is_untouchable());
    update(&mut state, Msg::Touchable(Touchable::No));
    tick(&mut state, 100_000 + IDLE_MS + WARNING_MS + 10_000);
    assert_eq!(state.session, Session::default(), "until the time is over");
}

#[test]
fn another_display_is_taken_when_nobody_is_there() {
    let mut state = State::default();
    for displays in ["", "HDMI-A-1 1920x1080", ""] {
        update(&mut state, Msg::Displayed(displays.into()));
        assert_eq!(tick(&mut state, 1_000), [], "none, or the first");
    }
    update(&mut state, Msg::Start(Kind::Problem));
    update(&mut state, Msg::Displayed("HDMI-A-1 3840x2160".into()));
    assert_eq!(tick(&mut state, 2_000), [], "what was begun is kept");
    assert_eq!(tick(&mut state, 1_000 + IDLE_MS + WARNING_MS), [Effect::LookAround, Effect::Restart]);

    let mut state = State::default();
    update(&mut state, Msg::Displayed("HDMI-A-1 1920x1080".into()));
    update(&mut state, Msg::Displayed("DP-1 1920x1080".into()));
    update(&mut state, Msg::Displayed("HDMI-A-1 1920x1080".into()));
    assert_eq!(tick(&mut state, 1_000), [], "the same again");
}
