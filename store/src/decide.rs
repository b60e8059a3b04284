//! Every rule about what is allowed: commands in, facts or a named refusal out.
//!
//! Nothing else in the project decides whether something may happen. Refusals come in one order: who asks, then what it is about,
//! then what is said, then what happened meanwhile. A wish that was granted before is answered as it was then ([`Verdict::Already`]),
//! whatever has changed since.

mod answer;
mod file;
mod staff;

use crate::event::Draft;
use crate::fact::{Body, Fact};
use crate::geo::Point;
use crate::id::{CodeHash, CommentId, EventId, Language, ReportId, SessionId};
use crate::index::Present;
use crate::model::Report;
use crate::text;

pub use self::file::ADDRESS_MAX;
pub use self::staff::is_undoable;
pub use crate::command::*;

/// A wish granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// These facts make it so.
    New(Vec<Draft>),
    /// This event made it so before: the wish is repeated.
    Already(EventId),
}

/// What a wish leads to, or why it is refused.
pub fn decide(present: &Present, command: &Command, context: &Context<'_>) -> Result<Verdict, Refusal> {
    match command {
        Command::OpenSite(site) => {
            system(context)?;
            let mut corners = site.area.0.iter().flatten().flatten();
            if site.area.0.is_empty() || !corners.all(Point::is_on_planet) {
                return Err(Refusal::BadPlace);
            }
            define(present.state.same_site(site), Body::SiteOpened(site.clone()))
        }
        Command::DefineDepartment(department) => {
            system(context)?;
            define(present.state.same_department(department), Body::DepartmentDefined(department.clone()))
        }
        Command::DefineCategory(category) => {
            system(context)?;
            if present.state.department(&category.department).is_none() {
                return Err(Refusal::UnknownDepartment { department: category.department.clone() });
            }
            define(present.state.same_category(category), Body::CategoryDefined(category.clone()))
        }
        Command::FileReport { report, kind, category, place, text, language, answers, photo, code } => {
            let wish =
                file::Wish { report: *report, kind: *kind, category, place, text, language, answers, photo: *photo, code: *code };
            file::decide(present, &wish, context)
        }
        Command::Support { report, session } => support(present, report, *session, context),
        Command::Comment { report, comment, text, language, code } => {
            comment_on(present, report, *comment, text, language, code.as_ref(), context)
        }
        Command::Decide { report, request, seen, decision } => {
            staff::decide(present, report, *request, seen.as_deref(), decision, context)
        }
    }
}

fn system(context: &Context<'_>) -> Result<(), Refusal> {
    if context.actor == Actor::System { Ok(()) } else { Err(Refusal::NotPermitted) }
}

fn define(same: Option<EventId>, body: Body) -> Result<Verdict, Refusal> {
    match same {
        Some(event) => Ok(Verdict::Already(event)),
        None => Ok(fact([0; 16], body)),
    }
}

/// Once per session and report. A closed report takes no more.
fn support(present: &Present, id: &ReportId, session: SessionId, context: &Context<'_>) -> Result<Verdict, Refusal> {
    let report = visible(present, id, context)?;
    if let Ok(at) = report.supporters.binary_search_by_key(&session, |supporter| supporter.session) {
        return Ok(Verdict::Already(report.supporters[at].event));
    }
    if !report.status.is_open() {
        return Err(Refusal::Closed);
    }
    Ok(fact(id.0, Body::SupportGiven { session }))
}

/// Anyone may comment on an open report. On a closed one only the reporter may, by the code: to say that it is not so.
fn comment_on(
    present: &Present,
    id: &ReportId,
    comment: CommentId,
    text: &str,
    language: &Language,
    code: Option<&CodeHash>,
    context: &Context<'_>,
) -> Result<Verdict, Refusal> {
    let report = visible(present, id, context)?;
    if code.is_some() && code != report.code.as_ref() {
        return Err(Refusal::UnknownCode);
    }
    let text = cleaned(text, TEXT_MIN, COMMENT_MAX)?;
    let by_reporter = code.is_some();
    if let Some(there) = present.index.by_comment(&present.state, &comment) {
        return match there.comment(&comment) {
            Some(same)
                if there.id == *id && same.text == text && same.language == *language && same.by_reporter == by_reporter =>
            {
                Ok(Verdict::Already(same.event))
            }
            _ => Err(Refusal::IdTaken),
        };
    }
    if !report.status.is_open() && !by_reporter {
        return Err(Refusal::Closed);
    }
    Ok(fact(id.0, Body::CommentMade { comment, text, language: language.clone(), by_reporter }))
}

/// The report, if whoever asks may know of it: residents know of no hidden one.
fn visible<'a>(present: &'a Present, id: &ReportId, context: &Context<'_>) -> Result<&'a Report, Refusal> {
    let seen = |report: &&Report| report.hidden.is_none() || context.actor != Actor::Resident;
    present.state.report(id).filter(seen).ok_or(Refusal::UnknownReport)
}

/// One fact of a resident or of the box itself.
fn fact(subject: [u8; 16], body: Body) -> Verdict {
    let fact = Fact { request: None, undoes: None, body };
    Verdict::New(vec![Draft { subject, refs: Vec::new(), actor: None, fact }])
}

/// The text as it is stored, if it has between `min` and `max` characters.
fn cleaned(typed: &str, min: usize, max: usize) -> Result<String, Refusal> {
    // Cleaning takes characters away but hardly adds any; a book is not worth cleaning first.
    let characters = typed.chars().count();
    if characters > 4 * max {
        return Err(Refusal::TextTooLong { characters, max });
    }
    let text = text::clean(typed).map_err(|_| Refusal::BadText)?;
    match text.chars().count() {
        few if few < min => Err(Refusal::TextTooShort),
        characters if characters > max => Err(Refusal::TextTooLong { characters, max }),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests;
