use super::*;

fn tick(state: &mut State, now_ms: u64) -> Vec<Effect> {
    update(state, Msg::Tick { now_ms })
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
    let [Effect::Reports(ticket)] = effects[..] else { panic!("{effects:?}") };
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
