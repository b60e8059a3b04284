//! Deciding: on what, with what was seen, what came of it, and taking it back.

use api::client::CallError;
use api::{Decide, DecideOn, Decided, Decision, EventId, Refusal, ReportId, Row};

use super::{Cause, Done, Pending, State};
use crate::effects::{Call, Effect, Ticket};
use crate::parts::dialog::{Conflict, Dialog, Review, Subject};
use crate::shared::Shared;
use crate::theme::Tone;
use crate::wording;

/// Most reports of one decision; the daemon's own limit.
const AT_ONCE_MAX: usize = 500;

/// A row as something to act on, with what is on the screen now.
pub fn subject(row: &Row) -> Subject {
    Subject {
        report: row.summary.id,
        reference: row.summary.reference.clone(),
        title: row.summary.title.clone(),
        seen: Some(row.heads.clone()),
    }
}

/// What commands act on: the marks if there are any, else the selected row.
pub fn subjects(state: &State) -> Vec<Subject> {
    let marked: Vec<Subject> = state.rows.iter().filter(|row| state.marks.contains(&row.summary.id)).map(subject).collect();
    if !marked.is_empty() {
        return marked;
    }
    // What is read in full was on the screen more surely than its row.
    let read = state.reading().map(|case| &case.row);
    let selected = state.selected.and_then(|report| state.row(report));
    read.or(selected).map(subject).into_iter().collect()
}

/// The row of a reference or of a row's number.
pub fn find(state: &State, reference: &str) -> Result<Row, String> {
    if let Some(number) = reference.strip_prefix('#') {
        let row = number.parse::<usize>().ok().and_then(|number| state.rows.get(number.checked_sub(1)?));
        return row.cloned().ok_or_else(|| format!("there is no row {reference}"));
    }
    let read = state.case.iter().map(|case| &case.row);
    let mut fitting = state.found.iter().chain(&state.rows).chain(read).filter(|row| row.summary.reference == reference);
    fitting.next().cloned().ok_or_else(|| format!("{reference} is not in this list"))
}

/// Decides, or shows first what would be decided: when it touches several reports, or hides or folds something.
pub fn propose(state: &mut State, subjects: Vec<Subject>, decision: Decision, shared: &Shared) -> Vec<Effect> {
    if subjects.is_empty() {
        return vec![Effect::Say(Tone::Warn, "there is no report to act on".to_owned())];
    }
    if subjects.len() > AT_ONCE_MAX {
        let text = format!("{} are marked; at most {AT_ONCE_MAX} at once", wording::count(subjects.len(), "report"));
        return vec![Effect::Say(Tone::Bad, text)];
    }
    let grave = matches!(decision, Decision::Hide { .. } | Decision::Merge { .. });
    if subjects.len() > 1 || grave {
        let what = shared.decision(&decision);
        return vec![Effect::Open(Box::new(Dialog::Review(Review { what, decision, subjects, scroll: 0 })))];
    }
    send(state, subjects, decision, Cause::Wish, shared)
}

/// Sends a decision on its way.
pub fn send(state: &mut State, subjects: Vec<Subject>, decision: Decision, cause: Cause, shared: &Shared) -> Vec<Effect> {
    let undo = |report: ReportId, cause: &Cause| match cause {
        Cause::Undo(done) => done.on.iter().find(|(subject, _)| subject.report == report).map(|(_, event)| *event),
        _ => None,
    };
    let on = subjects
        .iter()
        .map(|subject| DecideOn {
            report: subject.report,
            request: state.request(),
            seen: subject.seen.clone(),
            undo: undo(subject.report, &cause),
        })
        .collect();
    let text = match &cause {
        Cause::Wish => shared.decision(&decision),
        Cause::Undo(done) => format!("taken back: {}", done.text),
        Cause::Redo(done) => format!("done again: {}", done.text),
    };
    let ticket = state.tickets.draw();
    let call = Decide { on, decision };
    state.pending.push(Pending { ticket, call: call.clone(), subjects, text, cause, held: false });
    vec![Effect::Call(ticket, Call::Decide(call))]
}

/// The reports of a decision as they are on the screen now; those that are on no screen, as the decision left them.
fn now_seen(state: &State, on: &[(Subject, EventId)]) -> Vec<Subject> {
    let seen = |(subject, event): &(Subject, EventId)| {
        let heads = state.row(subject.report).map_or_else(|| vec![*event], |row| row.heads.clone());
        Subject { seen: Some(heads), ..subject.clone() }
    };
    on.iter().map(seen).collect()
}

/// Takes the last decision of this session back: a decision of its own, recorded with author and time.
pub fn undo(state: &mut State, shared: &Shared) -> Vec<Effect> {
    let busy = state.pending.iter().any(|pending| !pending.held);
    match state.done.last().cloned() {
        _ if busy => vec![Effect::Say(Tone::Warn, "wait: a decision is still on its way".to_owned())],
        None => vec![Effect::Say(Tone::Warn, "nothing of this session to take back".to_owned())],
        Some(done) => {
            state.done.pop();
            let subjects = now_seen(state, &done.on);
            let Some((_, first)) = done.on.first() else { return Vec::new() };
            let decision = Decision::Undo { decision: *first };
            send(state, subjects, decision, Cause::Undo(done), shared)
        }
    }
}

/// Does again what was taken back.
pub fn redo(state: &mut State, shared: &Shared) -> Vec<Effect> {
    match state.undone.pop() {
        None => vec![Effect::Say(Tone::Warn, "nothing to do again".to_owned())],
        Some(done) => {
            let subjects = now_seen(state, &done.on);
            send(state, subjects, done.decision.clone(), Cause::Redo(done), shared)
        }
    }
}

/// After a conflict: mine, whatever happened meanwhile.
pub fn anyway(state: &mut State, conflict: Conflict, shared: &Shared) -> Vec<Effect> {
    let subjects: Vec<Subject> = conflict.theirs.iter().map(|(subject, _)| Subject { seen: None, ..subject.clone() }).collect();
    let cause = if conflict.undo.is_empty() {
        Cause::Wish
    } else {
        let event = |subject: &Subject| conflict.undo.iter().find(|(report, _)| *report == subject.report);
        let on = subjects.iter().filter_map(|subject| Some((subject.clone(), event(subject)?.1))).collect();
        Cause::Undo(Done { text: conflict.what, decision: conflict.mine.clone(), on })
    };
    send(state, subjects, conflict.mine, cause, shared)
}

/// What came of a decision.
pub fn decided(state: &mut State, ticket: Ticket, result: Result<Decided, CallError>, shared: &Shared) -> Vec<Effect> {
    let Some(at) = state.pending.iter().position(|pending| pending.ticket == ticket) else { return Vec::new() };
    let outcomes = match result {
        Ok(decided) => decided.outcomes,
        Err(CallError::Away(reason)) => {
            state.pending[at].held = true;
            let text =
                format!("not done yet: {}; it is sent again when the town's service is back ({reason})", state.pending[at].text);
            return vec![Effect::Say(Tone::Warn, text)];
        }
        Err(error) => {
            let pending = state.pending.remove(at);
            give_back(state, &pending);
            return vec![Effect::Say(Tone::Bad, format!("not done: {}: {error}", pending.text))];
        }
    };
    let pending = state.pending.remove(at);
    let mut effects = Vec::new();
    let (mut on, mut conflicts) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        let Some(subject) = pending.subjects.iter().find(|subject| subject.report == outcome.report) else { continue };
        match (outcome.event, outcome.refusal) {
            (_, Some(Refusal::Conflict { .. })) => conflicts.push((subject.clone(), outcome.since)),
            (_, Some(refusal)) => {
                effects.push(Effect::Say(Tone::Bad, format!("{} not done: {refusal}", subject.reference)));
            }
            (Some(event), None) => {
                // Until the row is read anew, this decision is what follows nothing.
                for row in state.rows.iter_mut().filter(|row| row.summary.id == outcome.report) {
                    row.heads = vec![event];
                }
                on.push((subject.clone(), event));
            }
            (None, None) => effects.push(Effect::Say(Tone::Calm, format!("{} was so already", subject.reference))),
        }
    }
    if !on.is_empty() {
        let references: Vec<_> = on.iter().map(|(subject, _)| subject.reference.as_str()).collect();
        let which = match references.as_slice() {
            [one] => (*one).to_owned(),
            many => format!("{} ({})", wording::count(many.len(), "report"), many.join(", ")),
        };
        effects.push(Effect::Say(Tone::Calm, format!("{which}: {}", pending.text)));
        // What was not done stays marked, to be tried otherwise.
        for (subject, _) in &on {
            state.marks.remove(&subject.report);
        }
        state.range = None;
        remember(state, &pending, on);
    } else if conflicts.is_empty() {
        give_back(state, &pending);
    }
    if !conflicts.is_empty() {
        effects.push(Effect::Open(Box::new(Dialog::Conflict(conflict(&pending, conflicts, shared)))));
    }
    effects.extend(state.reload());
    effects
}

/// Keeps what was done, so that it can be taken back, or done again.
fn remember(state: &mut State, pending: &Pending, on: Vec<(Subject, EventId)>) {
    match &pending.cause {
        Cause::Wish => {
            state.undone.clear();
            state.done.push(Done { text: pending.text.clone(), decision: pending.call.decision.clone(), on });
        }
        Cause::Undo(done) => {
            state.undone.push(Done { on: done.on.clone(), ..done.clone() });
        }
        Cause::Redo(done) => state.done.push(Done { on, ..done.clone() }),
    }
}

/// An undo or redo that came to nothing can be tried again.
fn give_back(state: &mut State, pending: &Pending) {
    match &pending.cause {
        Cause::Undo(done) => state.done.push(done.clone()),
        Cause::Redo(done) => state.undone.push(done.clone()),
        Cause::Wish => {}
    }
}

fn conflict(pending: &Pending, theirs: Vec<(Subject, Vec<api::Record>)>, shared: &Shared) -> Conflict {
    let (what, undo) = match &pending.cause {
        Cause::Undo(done) => {
            (format!("take back: {}", done.text), done.on.iter().map(|(subject, event)| (subject.report, *event)).collect())
        }
        _ => (shared.decision(&pending.call.decision), Vec::new()),
    };
    Conflict { what, mine: pending.call.decision.clone(), theirs, undo, scroll: 0 }
}
