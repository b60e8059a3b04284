//! Where a notice points: what is wrong there is put right there, so the focus goes there (WCAG 3.3.1, 3.3.3).

use super::*;

/// What a notice is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A text to be typed.
    Field(Field),
    /// A question with choices.
    Choice(QuestionCode),
    /// A place to be chosen on the map.
    Place,
    /// Nothing on the screen can be put right: the notice itself says what to do.
    Notice,
}

impl State {
    /// What the present notice is about; none when it says nothing wrong.
    pub fn fault(&self) -> Option<Fault> {
        let session = &self.session;
        let screen = session.screen;
        let is_draft = matches!(screen, Screen::Details | Screen::Review);
        Some(match session.notice {
            Notice::None | Notice::ThanksSupport | Notice::AlreadySupported | Notice::ThanksComment => return None,
            Notice::TextMissing | Notice::TextTooLong if screen == Screen::Report => Fault::Field(Field::Comment),
            Notice::TextMissing | Notice::TextTooLong if is_draft => Fault::Field(Field::Text),
            Notice::AnswerMissing | Notice::AnswerBad if is_draft => {
                draft::wrong_answer(self).map_or(Fault::Notice, |question| {
                    let code = question.code.clone();
                    if question.values.is_empty() { Fault::Field(Field::Answer(code)) } else { Fault::Choice(code) }
                })
            }
            Notice::CodeUnfinished | Notice::CodeMisread | Notice::CodeUnknown if screen == Screen::Code => {
                Fault::Field(Field::Code)
            }
            Notice::OutsideArea if matches!(screen, Screen::Place | Screen::Review) => Fault::Place,
            _ => Fault::Notice,
        })
    }
}

/// After a notice has turned up: the screen where its fault is, and the field for typing.
pub fn lead(state: &mut State, is_aside: bool) {
    state.session.notice_leads = false;
    let Some(fault) = state.fault().filter(|_| !is_aside) else { return };
    let session = &mut state.session;
    session.notice_leads = fault == Fault::Notice;
    let screen = match &fault {
        Fault::Field(Field::Text | Field::Answer(_)) | Fault::Choice(_) => Some(Screen::Details),
        Fault::Place => Some(Screen::Place),
        Fault::Field(Field::Search | Field::Code | Field::Comment) | Fault::Notice => None,
    };
    if let (Screen::Review, Some(screen)) = (session.screen, screen) {
        // What the daemon refused was already in the review, and "Next" leads back to it.
        (session.screen, session.draft.reviewed) = (screen, true);
    }
    match fault {
        Fault::Field(field) => state.type_in(field),
        Fault::Choice(_) | Fault::Place | Fault::Notice => session.typing = None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::at_details;
    use super::*;

    fn typing(state: &State) -> Option<Field> {
        state.session.typing.as_ref().map(|typing| typing.field.clone())
    }

    #[test]
    fn the_focus_goes_to_what_is_wrong() {
        let since = Field::Answer("since".parse().unwrap());
        let mut state = at_details();
        update(&mut state, Msg::Typed { field: Field::Text, text: " ".into(), caret: 1 });
        update(&mut state, Msg::Next);
        assert_eq!((state.session.notice, state.fault()), (Notice::TextMissing, Some(Fault::Field(Field::Text))));
        assert_eq!(typing(&state), Some(Field::Text));
        update(&mut state, Msg::Typed { field: Field::Text, text: "Dark".into(), caret: 4 });
        update(&mut state, Msg::Typed { field: since.clone(), text: "yesterday".into(), caret: 9 });
        update(&mut state, Msg::Next);
        assert_eq!((state.session.notice, typing(&state)), (Notice::AnswerBad, Some(since.clone())));
        update(&mut state, Msg::Typed { field: since, text: String::new(), caret: 0 });
        let fault = || "fault".parse::<QuestionCode>().unwrap();
        update(&mut state, Msg::Choose { question: fault(), choice: "out".parse().unwrap() });
        update(&mut state, Msg::Next);
        assert_eq!((state.session.notice, state.fault()), (Notice::AnswerMissing, Some(Fault::Choice(fault()))));
        assert_eq!(typing(&state), None);
    }

    #[test]
    fn what_the_daemon_refuses_is_put_right_where_it_was_given() {
        let refused = |code: &str| CallError::Said {
            status: 422,
            body: api::ErrorBody { code: code.into(), message: String::new(), refusal: None },
        };
        for (code, screen, field) in [
            ("text_too_long", Screen::Details, Some(Field::Text)),
            ("outside_area", Screen::Place, None),
            ("storage_full", Screen::Review, None),
        ] {
            let mut state = at_details();
            update(&mut state, Msg::Next);
            assert_eq!(state.session.screen, Screen::Review);
            let effects = update(&mut state, Msg::Send { id: ReportId([1; 16]), code: FollowCode::from_random([9; 8]) });
            let [Effect::File(ticket, _)] = effects[..] else { panic!("{effects:?}") };
            update(&mut state, Msg::Reply(ticket, Reply::Filed(Err(refused(code)))));
            assert_eq!((state.session.screen, typing(&state)), (screen, field), "{code}");
            update(&mut state, Msg::Next);
            assert_eq!(state.session.screen, Screen::Review, "{code}: and back to the review");
        }
    }

    #[test]
    fn suggestions_that_fail_to_come_disturb_nobody_who_types() {
        let mut state = at_details();
        update(&mut state, Msg::Back);
        update(&mut state, Msg::Focus(Field::Search));
        let effects = update(&mut state, Msg::Typed { field: Field::Search, text: "Harb".into(), caret: 4 });
        let [Effect::Search(ticket, _)] = effects[..] else { panic!("{effects:?}") };
        update(&mut state, Msg::Reply(ticket, Reply::Found(Err(CallError::Garbled("noise".into())))));
        assert_eq!((state.session.notice, typing(&state)), (Notice::Away, Some(Field::Search)));
        assert!(!state.session.notice_leads);
    }

    #[test]
    fn a_code_that_is_none_is_typed_on() {
        let mut state = State::default();
        update(&mut state, Msg::StartFollow);
        update(&mut state, Msg::KeyboardAway);
        update(&mut state, Msg::SubmitCode);
        assert_eq!((state.session.notice, typing(&state)), (Notice::CodeUnfinished, Some(Field::Code)));
    }
}
