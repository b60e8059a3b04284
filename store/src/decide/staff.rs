//! What staff may decide about a report.

use super::{Actor, COMMENT_MAX, Context, Decision, Refusal, Verdict, cleaned};
use crate::event::{Draft, REFS_MAX};
use crate::fact::{Body, Fact, Status, Target};
use crate::id::{EventId, ReportId, RequestId};
use crate::index::Present;
use crate::model::{Report, State};

pub(super) fn decide(
    present: &Present,
    id: &ReportId,
    request: RequestId,
    seen: Option<&[EventId]>,
    decision: &Decision,
    context: &Context<'_>,
) -> Result<Verdict, Refusal> {
    let Actor::Staff(staff) = context.actor else { return Err(Refusal::NotPermitted) };
    let report = present.state.report(id).ok_or(Refusal::UnknownReport)?;
    let decision = tidied(decision)?;
    if let Some(there) = present.index.by_request(&present.state, &request) {
        let same = there.record.iter().find(|decided| decided.request == Some(request));
        return match same {
            Some(same) if there.id == *id && same.decision.as_ref() == Some(&decision) && same.by == Some(staff) => {
                Ok(Verdict::Already(same.event))
            }
            _ => Err(Refusal::IdTaken),
        };
    }
    // A note harms nothing that somebody else decided.
    if let Some(seen) = seen
        && !matches!(decision, Decision::AddNote { .. })
    {
        let since = report.unseen(seen);
        if !since.is_empty() {
            return Err(Refusal::Conflict { since });
        }
    }
    let body = body(&present.state, report, &decision, context)?;
    let undoes = match decision {
        Decision::Undo { decision } => Some(decision),
        _ => None,
    };
    // The last heads, should there be more than an event can name: the others stay heads.
    let heads = report.heads();
    let refs = heads[heads.len().saturating_sub(REFS_MAX)..].to_vec();
    let fact = Fact { request: Some(request), undoes, body };
    Ok(Verdict::New(vec![Draft { subject: id.0, refs, actor: Some(staff), fact }]))
}

/// Whether this decision can be taken back now. Taking back is itself a decision, and taking that back makes the first one count
/// again.
pub fn is_undoable(state: &State, report: &Report, event: &EventId) -> bool {
    undone(state, report, event).is_ok()
}

/// The decision with its texts as they are stored.
fn tidied(decision: &Decision) -> Result<Decision, Refusal> {
    let mut decision = decision.clone();
    match &mut decision {
        Decision::SetStatus { answer, .. } => {
            if let Some(typed) = answer {
                let text = cleaned(typed, 0, COMMENT_MAX)?;
                *answer = (!text.is_empty()).then_some(text);
            }
        }
        Decision::AddNote { text } => *text = cleaned(text, 1, COMMENT_MAX)?,
        Decision::Hide { explanation, .. } => *explanation = cleaned(explanation, 0, COMMENT_MAX)?,
        Decision::ChangeCategory { .. }
        | Decision::ChangeDepartment { .. }
        | Decision::Assign { .. }
        | Decision::Merge { .. }
        | Decision::Defer { .. }
        | Decision::Show { .. }
        | Decision::Undo { .. } => {}
    }
    Ok(decision)
}

fn body(state: &State, report: &Report, decision: &Decision, context: &Context<'_>) -> Result<Body, Refusal> {
    Ok(match decision {
        Decision::SetStatus { status, answer } => {
            set_status(report, *status, answer.as_deref())?;
            Body::StatusSet { status: *status, answer: answer.clone() }
        }
        Decision::ChangeCategory { category } => {
            let known = state.category(category).ok_or_else(|| Refusal::UnknownCategory { category: category.clone() })?;
            if !known.kinds.contains(&report.kind) {
                return Err(Refusal::WrongKind { category: category.clone() });
            }
            Body::CategoryChanged { category: category.clone(), department: known.department.clone() }
        }
        Decision::ChangeDepartment { department } => {
            if state.department(department).is_none() {
                return Err(Refusal::UnknownDepartment { department: department.clone() });
            }
            Body::DepartmentChanged { department: department.clone() }
        }
        Decision::Assign { to } => {
            if to.is_some_and(|to| !context.staff.contains(&to)) {
                return Err(Refusal::UnknownStaff);
            }
            Body::Assigned { to: *to }
        }
        Decision::AddNote { text } => Body::NoteAdded { text: text.clone() },
        Decision::Merge { into } => {
            let other = state.report(into).ok_or(Refusal::UnknownReport)?;
            // Its own record counts as well: a merge that is out of force only because it closes a ring may come into force again.
            if *into == report.id || other.merged_into.is_some() || other.wants_into().is_some() {
                return Err(Refusal::MergeLoop);
            }
            Body::Merged { into: Some(*into) }
        }
        Decision::Defer { until } => Body::Deferred { until: *until },
        Decision::Hide { target, reason, explanation } => {
            has(report, target)?;
            if explanation.is_empty() {
                return Err(Refusal::MissingReason);
            }
            Body::Hidden { target: *target, reason: *reason, explanation: explanation.clone() }
        }
        Decision::Show { target } => {
            has(report, target)?;
            Body::Shown { target: *target }
        }
        Decision::Undo { decision } => undone(state, report, decision)?,
    })
}

/// A report is a duplicate of another one: only merging names it, so setting that status lacks the report that carries on. One
/// that is folded away has no status of its own until it is taken out again.
fn set_status(report: &Report, status: Status, answer: Option<&str>) -> Result<(), Refusal> {
    if report.merged_into.is_some() {
        return Err(Refusal::Closed);
    }
    match status {
        Status::Duplicate => Err(Refusal::UnknownReport),
        Status::Fixed | Status::Declined | Status::Planned | Status::NotOurs if answer.or(report.answer()).is_none() => {
            Err(Refusal::MissingPublicAnswer)
        }
        _ => Ok(()),
    }
}

fn has(report: &Report, target: &Target) -> Result<(), Refusal> {
    match target {
        Target::Report => Ok(()),
        Target::Photo if report.photo.is_none() => Err(Refusal::UnknownPhoto),
        Target::Photo => Ok(()),
        Target::Comment(comment) => report.comment(comment).map(|_| ()).ok_or(Refusal::UnknownComment),
    }
}

/// The fact that takes a decision back: it says what is so afterwards, for readers who do not know what it takes back.
fn undone(state: &State, report: &Report, event: &EventId) -> Result<Body, Refusal> {
    let undone = report.decided(event).ok_or(Refusal::UnknownDecision)?;
    if undone.undone {
        return Err(Refusal::NotUndoable);
    }
    let after = report.after_undoing(*event);
    // Taking back what took something back: the fact is about the first decision's field.
    let mut first = undone;
    while let Some(earlier) = first.undoes() {
        first = report.decided(&earlier).ok_or(Refusal::NotUndoable)?;
    }
    Ok(match &first.decision {
        Some(Decision::SetStatus { .. }) => Body::StatusSet { status: after.status, answer: None },
        Some(Decision::ChangeCategory { .. }) => Body::CategoryChanged { category: after.category, department: after.department },
        Some(Decision::ChangeDepartment { .. }) => Body::DepartmentChanged { department: after.department },
        Some(Decision::Assign { .. }) => Body::Assigned { to: after.assigned },
        Some(Decision::AddNote { .. }) => {
            let note = after.notes().find(|note| note.event == first.event);
            Body::NoteAdded { text: note.map(|note| note.text.to_owned()).unwrap_or_default() }
        }
        Some(Decision::Merge { .. }) | None => {
            let into = after.wants_into();
            if into.is_some_and(|into| leads_to(state, into, report.id)) {
                return Err(Refusal::MergeLoop);
            }
            Body::Merged { into }
        }
        Some(Decision::Defer { .. }) => Body::Deferred { until: after.deferred_ms },
        Some(Decision::Hide { target, .. } | Decision::Show { target }) => match after.hides(*target) {
            Some((reason, explanation)) => Body::Hidden { target: *target, reason, explanation },
            None => Body::Shown { target: *target },
        },
        // Followed above to the first, which takes nothing back.
        Some(Decision::Undo { .. }) => return Err(Refusal::NotUndoable),
    })
}

/// Whether the merges in force lead from one report to another.
fn leads_to(state: &State, from: ReportId, to: ReportId) -> bool {
    let mut at = Some(from);
    while let Some(id) = at {
        if id == to {
            return true;
        }
        at = state.report(&id).and_then(|report| report.merged_into);
    }
    false
}
