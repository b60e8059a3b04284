//! Making a report: category, place, text and answers, review, send.

use super::*;
use crate::locale::moment;
use api::{Answers, Place, SearchQuery};

/// The messages of the report journey.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    state.session.notice = Notice::None;
    match msg {
        Msg::Start(kind) => {
            // The place of the report before, if there was one, is offered again: nobody is asked twice (WCAG 3.3.7).
            let said = state.session.said.clone();
            let (point, address) = said.map_or((None, None), |said| (Some(said.point), said.address));
            state.session.draft = Draft { kind: Some(kind), point, address, ..Draft::default() };
            state.session.screen = Screen::Category;
        }
        Msg::Category(code) => {
            let draft = &mut state.session.draft;
            if draft.category.as_ref() != Some(&code) {
                draft.answers.clear();
                draft.near.clear();
            }
            draft.category = Some(code);
            state.session.screen = if draft.reviewed && missing(state).is_none() { Screen::Review } else { Screen::Place };
            let shown = if state.session.screen == Screen::Place { state.session.draft.point } else { None };
            let mut effects: Vec<Effect> = shown.map(Effect::Look).into_iter().collect();
            effects.extend(look_up(state));
            return effects;
        }
        Msg::Spot(point) => return spot(state, point, None),
        Msg::ChooseFound(index) => {
            let Some(found) = state.session.draft.found.get(index).cloned() else { return Vec::new() };
            let draft = &mut state.session.draft;
            draft.search = Edit::new(&found.label);
            draft.found.clear();
            draft.search_wanted = None;
            state.session.typing = None;
            let mut effects = vec![Effect::Look(found.point)];
            effects.extend(spot(state, found.point, Some(found.label)));
            return effects;
        }
        Msg::Choose { question, choice } => choose(state, question, &choice),
        Msg::EditStep(screen) => {
            state.session.draft.reviewed = true;
            state.session.screen = screen;
            if screen == Screen::Place {
                return state.session.draft.point.map(Effect::Look).into_iter().collect();
            }
        }
        Msg::Next => next(state),
        Msg::PhotoName(name) => {
            let ticket = state.ticket();
            let session = &mut state.session;
            session.overlay = Overlay::None;
            session.draft.photo = Some(Photo { name: name.clone(), id: None });
            session.draft.photo_wanted = Some(ticket);
            session.draft.send_waits = None;
            return vec![Effect::SendPhoto(ticket, name)];
        }
        Msg::PhotoAway => {
            state.session.draft.send_waits = None;
            state.session.draft.photo = None;
            state.session.draft.photo_wanted = None;
        }
        Msg::Send { id, code } => return send(state, id, code),
        _ => {}
    }
    Vec::new()
}

/// Sets the pin; a place outside the area is refused in words, and the pin before it stays.
pub fn spot(state: &mut State, point: Point, address: Option<String>) -> Vec<Effect> {
    if state.town.as_ref().is_some_and(|town| !town.area.contains(&point)) {
        state.session.notice = Notice::OutsideArea;
        return Vec::new();
    }
    let draft = &mut state.session.draft;
    draft.point = Some(point);
    draft.address.clone_from(&address);
    draft.district = None;
    state.session.said = Some(Said { point, address });
    let draft = &mut state.session.draft;
    draft.found.clear();
    draft.near.clear();
    state.session.typing = None;
    look_up(state)
}

/// Asks for the address of the pin, if it is not known, and for near reports.
pub fn look_up(state: &mut State) -> Vec<Effect> {
    let Some(point) = state.session.draft.point else { return Vec::new() };
    let mut effects = Vec::new();
    if state.session.draft.address.is_none() {
        let ticket = state.ticket();
        state.session.draft.address_wanted = Some(ticket);
        effects.push(Effect::Address(ticket, point));
    }
    if let Some(category) = state.session.draft.category.clone() {
        let ticket = state.ticket();
        state.session.draft.near_wanted = Some(ticket);
        effects.push(Effect::Near(ticket, NearQuery { lat: point.lat(), lon: point.lon(), category }));
    }
    effects
}

/// Asks for suggestions while an address is typed.
pub fn search(state: &mut State) -> Vec<Effect> {
    let text = state.session.draft.search.text().trim().to_owned();
    if text.chars().count() < 2 {
        state.session.draft.found.clear();
        state.session.draft.search_wanted = None;
        return Vec::new();
    }
    let ticket = state.ticket();
    state.session.draft.search_wanted = Some(ticket);
    // Kinds of places: the nearest to where the pin is.
    let pin = state.session.draft.point;
    let (lat, lon) = (pin.map(|pin| pin.lat()), pin.map(|pin| pin.lon()));
    vec![Effect::Search(ticket, SearchQuery { q: text, lat, lon, limit: None })]
}

fn choose(state: &mut State, code: QuestionCode, choice: &QuestionCode) {
    let Some(question) = state.category().and_then(|category| category.questions.iter().find(|one| one.code == code)) else {
        return;
    };
    let several = question.datatype == Datatype::MultiValueList;
    let chosen = state.session.draft.answers.get(&code).map_or("", Edit::text);
    let text = if several {
        let mut keys: Vec<&str> = chosen.split(',').filter(|key| !key.is_empty()).collect();
        match keys.iter().position(|key| *key == choice.as_str()) {
            Some(place) => {
                keys.remove(place);
            }
            None => keys.push(choice.as_str()),
        }
        keys.join(",")
    } else if chosen == choice.as_str() {
        String::new()
    } else {
        choice.to_string()
    };
    state.session.draft.answers.insert(code, Edit::new(&text));
}

/// What stands in the way of the review, with the step where it is put right.
pub fn missing(state: &State) -> Option<(Screen, Notice)> {
    let draft = &state.session.draft;
    let Some(category) = state.category() else { return Some((Screen::Category, Notice::None)) };
    if draft.point.is_none() {
        return Some((Screen::Place, Notice::None));
    }
    if draft.text.text().trim().is_empty() {
        return Some((Screen::Details, Notice::TextMissing));
    }
    let wrong = category.questions.iter().find_map(|question| answer_fault(state, question));
    wrong.map(|notice| (Screen::Details, notice))
}

/// What is wrong with the answer to a question.
fn answer_fault(state: &State, question: &api::Question) -> Option<Notice> {
    let answer = state.session.draft.answers.get(&question.code).map_or("", |edit| edit.text().trim());
    match answer {
        "" => question.required.then_some(Notice::AnswerMissing),
        answer => wire(state, question.datatype, answer).is_none().then_some(Notice::AnswerBad),
    }
}

/// The first question of which the answer is wrong.
pub fn wrong_answer(state: &State) -> Option<&api::Question> {
    state.category()?.questions.iter().find(|question| answer_fault(state, question).is_some())
}

fn next(state: &mut State) {
    let missing = missing(state);
    let session = &mut state.session;
    session.typing = None;
    let next = match session.screen {
        Screen::Category => Screen::Place,
        Screen::Place => Screen::Details,
        _ => Screen::Review,
    };
    match missing {
        Some((Screen::Category, _)) => session.screen = Screen::Category,
        Some((Screen::Place, _)) => session.screen = Screen::Place,
        Some((_, notice)) if next == Screen::Review => session.notice = notice,
        None if session.draft.reviewed => session.screen = Screen::Review,
        _ => session.screen = next,
    }
}

/// An answer as the daemon takes it; `None` when it is not of its kind.
fn wire(state: &State, datatype: Datatype, answer: &str) -> Option<String> {
    match datatype {
        Datatype::Number => {
            let number = moment::plain_number(answer);
            number.parse::<f64>().is_ok_and(f64::is_finite).then_some(number)
        }
        Datatype::Datetime => state.zone.wire(answer, state.language_tag()),
        _ => Some(answer.to_owned()),
    }
}

fn send(state: &mut State, id: ReportId, code: FollowCode) -> Vec<Effect> {
    if let Some((screen, notice)) = missing(state) {
        state.session.screen = screen;
        state.session.notice = notice;
        return Vec::new();
    }
    let draft = &state.session.draft;
    if draft.sending.is_some() || draft.filed.is_some() {
        return Vec::new();
    }
    let (Some(kind), Some(category), Some(point), Some(language)) =
        (draft.kind, state.category(), draft.point, state.language().cloned())
    else {
        return Vec::new();
    };
    let answers: Answers = category
        .questions
        .iter()
        .filter_map(|question| {
            let answer = draft.answers.get(&question.code)?.text().trim().to_owned();
            Some((question.code.clone(), wire(state, question.datatype, &answer).filter(|answer| !answer.is_empty())?))
        })
        .collect();
    let (id, code) = draft.ids.unwrap_or((id, code));
    if let Some(photo) = draft.photo.as_ref().filter(|photo| photo.id.is_none()) {
        // The report goes as soon as the daemon has the photo; one that did not get through goes again.
        let (name, on_its_way) = (photo.name.clone(), draft.photo_wanted.is_some());
        state.session.draft.send_waits = Some((id, code));
        if on_its_way {
            return Vec::new();
        }
        let ticket = state.ticket();
        state.session.draft.photo_wanted = Some(ticket);
        return vec![Effect::SendPhoto(ticket, name)];
    }
    let report = NewReport {
        id,
        kind,
        category: category.code.clone(),
        place: Place { point, address: draft.address.clone() },
        text: draft.text.text().trim().to_owned(),
        language,
        answers,
        photo: draft.photo.as_ref().and_then(|photo| photo.id),
        code,
    };
    let ticket = state.ticket();
    state.session.draft.ids = Some((id, code));
    state.session.draft.sending = Some(ticket);
    vec![Effect::File(ticket, Box::new(report))]
}

/// Answers to what the report journey asked.
pub fn replied(state: &mut State, ticket: Ticket, reply: Reply) -> Vec<Effect> {
    let wanted = Some(ticket);
    let session = &mut state.session;
    let draft = &mut session.draft;
    match reply {
        Reply::Near(result) if draft.near_wanted == wanted => {
            draft.near_wanted = None;
            // Near reports are a help, not a step: without an answer filing goes on.
            if let Ok(reply) = result {
                draft.near = reply.near;
            }
        }
        Reply::Found(result) if draft.search_wanted == wanted => {
            draft.search_wanted = None;
            match result {
                Ok(reply) => draft.found = reply.found,
                Err(error) => failed(state, &error),
            }
        }
        Reply::Address(result) if draft.address_wanted == wanted => {
            draft.address_wanted = None;
            if let Ok(reply) = result {
                if let Some(said) = &mut session.said {
                    said.address.clone_from(&reply.label);
                }
                draft.address = reply.label;
                draft.district = reply.district;
            }
        }
        Reply::Filed(result) if draft.sending == wanted => {
            draft.sending = None;
            match result {
                Ok(filed) => {
                    draft.filed = Some(filed);
                    session.notice = Notice::None;
                    session.typing = None;
                    session.overlay = Overlay::None;
                    session.screen = Screen::Slip;
                }
                Err(error) => failed(state, &error),
            }
        }
        Reply::Photos(names) if session.photos_wanted == wanted => {
            session.photos_wanted = None;
            session.photos = names;
        }
        Reply::PhotoStored(result) if draft.photo_wanted == wanted => {
            draft.photo_wanted = None;
            let waits = draft.send_waits.take();
            match result {
                Ok(stored) => {
                    if let Some(photo) = &mut draft.photo {
                        photo.id = Some(stored.id);
                    }
                    if let Some((id, code)) = waits {
                        return send(state, id, code);
                    }
                }
                Err(error) => {
                    if !matches!(error, CallError::Away(_)) {
                        draft.photo = None;
                    }
                    failed(state, &error);
                    if state.session.notice == Notice::Refused {
                        state.session.notice = Notice::PhotoRefused;
                    }
                }
            }
        }
        _ => {}
    }
    Vec::new()
}
