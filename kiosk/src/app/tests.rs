mod forget;

use super::*;

fn tick(state: &mut State, now_ms: u64) -> Vec<Effect> {
    update(state, Msg::Tick { now_ms, wall: None })
}

#[test]
fn nobody_there_warns_then_wipes_everything() {
    let mut state = State::default();
    tick(&mut state, 1_000);
    update(&mut state, Msg::Language("fi".parse().unwrap()));
    update(&mut state, Msg::Start(Kind::Problem));
    update(&mut state, Msg::Typed { field: Field::Text, text: "Dark since Monday".into(), caret: 17 });
    tick(&mut state, 1_000 + IDLE_MS - 1);
    assert_eq!(state.session.warning_s, None);
    tick(&mut state, 1_000 + IDLE_MS);
    assert_eq!(state.session.warning_s, Some(30));
    update(&mut state, Msg::Stay);
    assert_eq!(state.session.warning_s, None);
    assert_eq!(state.session.draft.text.text(), "Dark since Monday");
    let effects = tick(&mut state, 1_000 + IDLE_MS + IDLE_MS + WARNING_MS);
    assert_eq!(state.session, Session::default());
    assert_eq!(effects, [Effect::LookAround]);
}

#[test]
fn finish_clears_and_its_page_goes_by_itself() {
    let mut state = State::default();
    update(&mut state, Msg::StartFollow);
    update(&mut state, Msg::Typed { field: Field::Code, text: "4F7K".into(), caret: 4 });
    update(&mut state, Msg::Finish);
    let finished = Session { started: true, screen: Screen::Finished, ..Session::default() };
    assert_eq!(state.session, finished);
    tick(&mut state, FINISHED_MS);
    assert_eq!(state.session, Session::default());
}

#[test]
fn a_code_that_is_none_is_refused_before_the_daemon_is_asked() {
    let good = FollowCode::from_random([9; 8]).to_string();
    let wrong = format!("{}{}", &good[..13], if good.ends_with('0') { '1' } else { '0' });
    for (typed, notice) in [
        ("", Notice::CodeUnfinished),
        ("4F7K", Notice::CodeUnfinished),
        ("4F7K-2M9Q-XR3!", Notice::CodeMisread),
        (&wrong, Notice::CodeMisread),
    ] {
        let mut state = State::default();
        update(&mut state, Msg::Typed { field: Field::Code, text: typed.into(), caret: 0 });
        assert_eq!(update(&mut state, Msg::SubmitCode), [], "{typed}");
        assert_eq!(state.session.notice, notice, "{typed}");
    }
    let mut state = State::default();
    update(&mut state, Msg::Typed { field: Field::Code, text: good.to_lowercase(), caret: 0 });
    assert!(matches!(update(&mut state, Msg::SubmitCode)[..], [Effect::Follow(..)]));
}

#[test]
fn an_answer_that_nobody_waits_for_is_dropped() {
    let mut state = State { online: true, ..State::default() };
    let effects = update(&mut state, Msg::StartBrowse);
    let [Effect::Reports(ticket, _)] = effects[..] else { panic!("{effects:?}") };
    update(&mut state, Msg::Finish);
    let before = state.session.clone();
    update(&mut state, Msg::Reply(ticket, Reply::Reports(Ok(ReportList { reports: Vec::new(), total: 7 }))));
    assert_eq!(state.session, before);
}

#[test]
fn a_support_counts_the_session_once_and_keeps_its_id() {
    let mut state = State::default();
    let report = ReportId([1; 16]);
    let effects = update(&mut state, Msg::Support { report, session: SessionId([2; 16]) });
    let [Effect::Support(first, _, session)] = effects[..] else { panic!("{effects:?}") };
    assert_eq!(update(&mut state, Msg::Support { report, session: SessionId([3; 16]) }), [], "one is on its way");
    let away = CallError::Away("gone".into());
    update(&mut state, Msg::Reply(first, Reply::Supported(Err(away))));
    assert_eq!(state.session.notice, Notice::Away);
    let effects = update(&mut state, Msg::Support { report, session: SessionId([3; 16]) });
    assert!(matches!(effects[..], [Effect::Support(_, _, again)] if again == session), "the same session again");
}

/// At the details of a report in a category that asks for a time.
pub fn at_details() -> State {
    let town = crate::gallery::town(None).unwrap();
    let point = town.center;
    let mut state = State { town: Some(town), online: true, zone: crate::zone::tests::helsinki(), ..State::default() };
    update(&mut state, Msg::Start(Kind::Problem));
    update(&mut state, Msg::Category("light".parse().unwrap()));
    update(&mut state, Msg::Spot(point));
    update(&mut state, Msg::Typed { field: Field::Text, text: "Dark".into(), caret: 4 });
    update(&mut state, Msg::Choose { question: "fault".parse().unwrap(), choice: "out".parse().unwrap() });
    update(&mut state, Msg::Next);
    state
}

#[test]
fn a_time_is_typed_as_the_clock_on_the_wall_says_it() {
    let since = || Field::Answer("since".parse().unwrap());
    let mut state = at_details();
    update(&mut state, Msg::Focus(since()));
    assert_eq!(state.session.typing.as_ref().unwrap().layer, Layer::Signs, "a time begins with a digit");
    update(&mut state, Msg::Typed { field: since(), text: "yesterday".into(), caret: 9 });
    update(&mut state, Msg::Next);
    assert_eq!((state.session.screen, state.session.notice), (Screen::Details, Notice::AnswerBad));
    update(&mut state, Msg::Typed { field: since(), text: "2026-05-31 18:30".into(), caret: 16 });
    update(&mut state, Msg::Next);
    assert_eq!(state.session.screen, Screen::Review);
    let effects = update(&mut state, Msg::Send { id: ReportId([1; 16]), code: FollowCode::from_random([9; 8]) });
    let [Effect::File(_, report)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(report.answers[&"since".parse().unwrap()], "2026-05-31T18:30:00+03:00");
}

#[test]
fn enter_in_the_search_takes_the_first_place_found() {
    let mut state = at_details();
    update(&mut state, Msg::Back);
    let point = state.session.draft.point.unwrap();
    let found = api::Found { label: "Harbour Street 27".into(), what: "address".into(), is_between: false, point, in_area: true };
    update(&mut state, Msg::Focus(Field::Search));
    state.session.draft.found = vec![found];
    update(&mut state, Msg::Key { key: Key::Enter, more: Vec::new() });
    assert_eq!(state.session.draft.address.as_deref(), Some("Harbour Street 27"));
    assert_eq!(state.session.typing, None);
}

#[test]
fn what_the_town_told_is_asked_for_anew_before_it_is_old() {
    let mut state = State::default();
    tick(&mut state, 1_000);
    update(&mut state, Msg::Town(Ok(crate::gallery::town(None).unwrap())));
    assert_eq!(tick(&mut state, 1_000 + TOWN_MS - 1), []);
    assert_eq!(tick(&mut state, 1_000 + TOWN_MS), [Effect::Town]);
    assert_eq!(tick(&mut state, 1_001 + TOWN_MS), [], "once");
    update(&mut state, Msg::Town(Ok(crate::gallery::town(None).unwrap())));
    assert_eq!(tick(&mut state, 2_000 + TOWN_MS), []);
}

#[test]
fn a_box_that_nobody_set_up_is_not_one_that_is_away() {
    let mut state = State::default();
    let body = api::ErrorBody { code: "no_site".into(), message: "this box serves no town yet".into(), refusal: None };
    update(&mut state, Msg::Town(Err(CallError::Said { status: 409, body })));
    update(&mut state, Msg::Lost);
    assert!(state.unset && !state.online);
    update(&mut state, Msg::Overlay(Overlay::Technician));
    assert_eq!(state.session.overlay, Overlay::None, "nothing is known for the technician");
    update(&mut state, Msg::Pairing(Some(crate::gallery::pairing())));
    update(&mut state, Msg::Overlay(Overlay::Technician));
    assert_eq!(state.session.overlay, Overlay::Technician);
    update(&mut state, Msg::Lost);
    assert!(state.pairing.is_some(), "between two tries it stays");
    update(&mut state, Msg::Town(Err(CallError::Away("gone".into()))));
    assert!(!state.unset && state.pairing.is_none());
    assert_eq!(state.session.overlay, Overlay::None, "a code of a box that is away is worth nothing");
}

#[test]
fn a_daemon_that_is_away_is_asked_soon_and_one_that_hangs_only_once() {
    let mut state = State::default();
    tick(&mut state, 1_000);
    update(&mut state, Msg::Lost);
    assert_eq!(tick(&mut state, 1_000 + ASK_MS), [Effect::Town]);
    assert_eq!(tick(&mut state, 20_000), [], "it hangs");
    update(&mut state, Msg::Town(Err(CallError::Away("gone".into()))));
    assert_eq!(tick(&mut state, 20_000 + ASK_MS), [Effect::Town]);
}
