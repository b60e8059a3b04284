//! Reading reports: the list, one report, following up with a code, "me too" and comments.

use std::sync::Arc;

use super::*;
use store::code::BadCode;

/// The messages of reading.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    state.session.notice = Notice::None;
    match msg {
        Msg::StartBrowse => {
            state.session.screen = Screen::Browse;
            return list(state);
        }
        Msg::StartFollow => {
            state.session.screen = Screen::Code;
            state.session.typing = Some(Typing { field: Field::Code, layer: Layer::Code, shifted: false, more: Vec::new() });
        }
        Msg::SubmitCode => return submit(state),
        // Of a hundred thousand reports the list has only the newest.
        Msg::Select(id) if state.session.browse.reports.iter().all(|report| report.id != id) => {
            return update(state, Msg::Open(id));
        }
        Msg::Select(id) => state.session.browse.chosen = Some(id),
        Msg::Open(id) => {
            let code = state.session.opened.code.filter(|_| state.session.opened.id == Some(id));
            state.session.opened = Opened { id: Some(id), code, ..Opened::default() };
            state.session.screen = Screen::Report;
            return reload(state);
        }
        Msg::OpenMerged => {
            let carries_on = state.session.opened.report.as_ref().and_then(|report| report.merged_into);
            return carries_on.map(|id| update(state, Msg::Open(id))).unwrap_or_default();
        }
        Msg::WriteComment => {
            let opened = &mut state.session.opened;
            opened.commenting = true;
            state.session.typing = Some(Typing {
                field: Field::Comment,
                layer: Layer::Letters,
                shifted: opened.comment.text().is_empty(),
                more: Vec::new(),
            });
        }
        Msg::Support { report, session } => {
            let id = *state.session.id.get_or_insert(session);
            if state.session.opened.supporting.is_some() {
                return Vec::new();
            }
            if state.session.screen != Screen::Report {
                state.session.opened = Opened { id: Some(report), ..Opened::default() };
            }
            let ticket = state.ticket();
            state.session.opened.supporting = Some(ticket);
            return vec![Effect::Support(ticket, report, id)];
        }
        Msg::SendComment { id } => {
            let Some(language) = state.language().cloned() else { return Vec::new() };
            let opened = &mut state.session.opened;
            let text = opened.comment.text().trim().to_owned();
            if text.is_empty() {
                state.session.notice = Notice::TextMissing;
                return Vec::new();
            }
            let (Some(report), None) = (opened.id, opened.sending) else { return Vec::new() };
            let comment = NewComment { id: *opened.comment_id.get_or_insert(id), text, language, code: opened.code };
            let ticket = state.ticket();
            state.session.opened.sending = Some(ticket);
            return vec![Effect::Comment(ticket, report, comment)];
        }
        _ => {}
    }
    Vec::new()
}

fn submit(state: &mut State) -> Vec<Effect> {
    match state.session.code.text().parse::<FollowCode>() {
        Ok(code) => {
            let ticket = state.ticket();
            state.session.code_wanted = Some(ticket);
            vec![Effect::Follow(ticket, Follow { code })]
        }
        Err(error) => {
            state.session.notice = match error {
                BadCode::Length(_) => Notice::CodeUnfinished,
                BadCode::Character(_) | BadCode::Check => Notice::CodeMisread,
            };
            Vec::new()
        }
    }
}

/// Asks for the reports of list and map.
pub fn list(state: &mut State) -> Vec<Effect> {
    let mut effects = sift::reports(state);
    effects.extend(sift::clusters(state));
    effects
}

/// Asks again for the report on the screen.
pub fn reload(state: &mut State) -> Vec<Effect> {
    let Some(id) = state.session.opened.id else { return Vec::new() };
    let ticket = state.ticket();
    state.session.opened.wanted = Some(ticket);
    vec![Effect::Report(ticket, id)]
}

fn take(state: &mut State, report: Report) -> Vec<Effect> {
    let photo = report.photo;
    let opened = &mut state.session.opened;
    opened.id = Some(report.summary.id);
    opened.report = Some(report);
    match photo {
        Some(photo) if opened.photo.is_none() && opened.photo_wanted.is_none() => {
            let ticket = state.ticket();
            state.session.opened.photo_wanted = Some(ticket);
            vec![Effect::Photo(ticket, photo)]
        }
        Some(_) => Vec::new(),
        None => {
            // Hidden meanwhile: gone from the screen too.
            opened.photo = None;
            Vec::new()
        }
    }
}

/// Answers to what reading asked.
pub fn replied(state: &mut State, ticket: Ticket, reply: Reply) -> Vec<Effect> {
    let wanted = Some(ticket);
    match reply {
        Reply::Reports(result) if state.session.browse.wanted == wanted => {
            state.session.browse.wanted = None;
            match result {
                Ok(list) => {
                    state.session.browse.reports = list.reports;
                    state.session.browse.total = list.total;
                }
                Err(error) => failed(state, &error),
            }
        }
        Reply::Clusters(result) if state.session.browse.clusters_wanted == wanted => {
            state.session.browse.clusters_wanted = None;
            match result {
                Ok(list) => state.session.browse.clusters = Arc::new(list.clusters),
                Err(error) => failed(state, &error),
            }
        }
        Reply::Report(result) if state.session.opened.wanted == wanted => {
            state.session.opened.wanted = None;
            match result {
                Ok(report) => return take(state, report),
                Err(error) => failed(state, &error),
            }
        }
        Reply::Followed(result) if state.session.code_wanted == wanted => {
            state.session.code_wanted = None;
            match result {
                Ok(report) => {
                    let code = state.session.code.text().parse().ok();
                    state.session.opened = Opened { code, ..Opened::default() };
                    state.session.screen = Screen::Report;
                    state.session.typing = None;
                    return take(state, report);
                }
                Err(error) => failed(state, &error),
            }
        }
        Reply::Supported(result) if state.session.opened.supporting == wanted => {
            state.session.opened.supporting = None;
            match result {
                Ok(supported) => {
                    state.session.notice = if supported.already { Notice::AlreadySupported } else { Notice::ThanksSupport };
                    state.session.typing = None;
                    if state.session.screen == Screen::Place {
                        // Said in the middle of a report of one's own: thanked there, to go on or to finish.
                        return draft::look_up(state);
                    }
                    state.session.screen = Screen::Report;
                    return reload(state);
                }
                Err(error) => failed(state, &error),
            }
        }
        Reply::Commented(result) if state.session.opened.sending == wanted => {
            state.session.opened.sending = None;
            match result {
                Ok(_) => {
                    let opened = &mut state.session.opened;
                    opened.comment = Edit::default();
                    opened.comment_id = None;
                    opened.commenting = false;
                    state.session.typing = None;
                    state.session.notice = Notice::ThanksComment;
                    return reload(state);
                }
                Err(error) => failed(state, &error),
            }
        }
        Reply::Photo(result) if state.session.opened.photo_wanted == wanted => {
            state.session.opened.photo_wanted = None;
            state.session.opened.photo = result.ok();
        }
        _ => {}
    }
    Vec::new()
}
