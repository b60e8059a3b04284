//! The present in the words of the interface: what residents may see, and what staff see.

use api::{Case, Comment, Decision, Near, Note, Record, Report, ReportId, Row, Step, Summary, UnixMs};
use store::decide::is_undoable;
use store::index::{Filter, Present};
use store::model;

/// Length of a title in lists, in characters.
const TITLE_MAX: usize = 120;
const DAY_MS: u64 = 86_400_000;
/// Near reports that a case shows.
const NEAR_MAX: usize = 10;
/// A closed report of the neighbourhood is still worth knowing for so long.
const NEAR_CLOSED_MS: u64 = 90 * DAY_MS;

/// Whether anyone may see the report.
pub fn is_public(report: &model::Report) -> bool {
    report.hidden.is_none()
}

/// A report in a list.
pub fn summary(present: &Present, report: &model::Report) -> Summary {
    Summary {
        id: report.id,
        reference: report.id.reference(),
        kind: report.kind,
        category: report.category.clone(),
        status: report.status,
        place: report.place.clone(),
        title: store::text::title(&report.text, TITLE_MAX),
        language: report.language.clone(),
        filed_ms: report.filed_ms(),
        updated_ms: report.updated_ms(),
        people: report.people(&present.state),
        comments: report.comments.iter().filter(|comment| comment.hidden.is_none()).count() as u32,
        has_photo: report.photo.is_some() && !report.photo_hidden,
        demo: present.state.site().is_some_and(|site| site.demo),
    }
}

/// Lists of reports, in the order given.
pub fn summaries(present: &Present, ids: &[ReportId]) -> Vec<Summary> {
    ids.iter().filter_map(|id| present.state.report(id)).map(|report| summary(present, report)).collect()
}

/// Near reports as the index found them.
pub fn near(present: &Present, found: &[(ReportId, u32)]) -> Vec<Near> {
    let with = |(id, distance_m): &(ReportId, u32)| {
        let report = present.state.report(id)?;
        Some(Near { report: summary(present, report), distance_m: *distance_m })
    };
    found.iter().filter_map(with).collect()
}

/// A report as anyone may see it; `whole` shows staff what is hidden.
pub fn report(present: &Present, report: &model::Report, whole: bool) -> Report {
    let comment = |comment: &model::Comment| Comment {
        id: comment.id,
        at_ms: comment.at_ms,
        text: if comment.hidden.is_none() || whole { comment.text.clone() } else { String::new() },
        language: comment.language.clone(),
        by_reporter: comment.by_reporter,
        hidden: comment.hidden,
    };
    let step = |step: model::Step<'_>| Step { at_ms: step.at_ms, status: step.status, answer: step.answer.map(str::to_owned) };
    Report {
        summary: summary(present, report),
        text: report.text.clone(),
        answers: report.answers.iter().cloned().collect(),
        photo: report.photo.as_deref().copied().filter(|_| whole || !report.photo_hidden),
        department: report.department.clone(),
        steps: report.steps().into_iter().map(step).collect(),
        comments: report.comments.iter().map(comment).collect(),
        merged_into: report.merged_into,
    }
}

/// A row of the console's list.
pub fn row(present: &Present, report: &model::Report) -> Row {
    let category = present.state.category(&report.category);
    let radius_m = category.map_or(0, |category| category.near_radius_m);
    let near = if radius_m == 0 {
        0
    } else {
        let filter = Filter { open_only: true, ..Filter::default() };
        let found =
            present.index.near(&present.state, report.place.point, &report.category, f64::from(radius_m), &filter, NEAR_MAX * 10);
        found.iter().filter(|(id, _)| *id != report.id).count() as u32
    };
    Row {
        summary: summary(present, report),
        department: report.department.clone(),
        assigned: report.assigned,
        due_ms: present.state.due_ms(report),
        deferred_ms: report.deferred_ms,
        near,
        hidden: report.hidden.is_some(),
        provisional: report.provisional,
        heads: report.heads(),
    }
}

/// A report as staff see it.
pub fn case(present: &Present, it: &model::Report, now_ms: UnixMs) -> Case {
    let radius_m = present.state.category(&it.category).map_or(0, |category| category.near_radius_m);
    let found = if radius_m == 0 {
        Vec::new()
    } else {
        let filter = Filter::default();
        present.index.near(&present.state, it.place.point, &it.category, f64::from(radius_m), &filter, NEAR_MAX * 10)
    };
    let counts = |id: &ReportId| {
        let Some(other) = present.state.report(id) else { return false };
        *id != it.id && (other.status.is_open() || now_ms.saturating_sub(other.updated_ms()) <= NEAR_CLOSED_MS)
    };
    let found: Vec<(ReportId, u32)> = found.into_iter().filter(|(id, _)| counts(id)).take(NEAR_MAX).collect();
    let note = |note: model::Note<'_>| Note { at_ms: note.at_ms, by: note.by, text: note.text.to_owned() };
    Case {
        row: row(present, it),
        report: report(present, it, true),
        notes: it.notes().map(note).collect(),
        record: it.record.iter().map(|decided| record(present, it, decided)).collect(),
        near: near(present, &found),
        merged: summaries(present, &it.merged_from),
    }
}

/// One decision of the record.
pub fn record(present: &Present, report: &model::Report, decided: &model::Decided) -> Record {
    Record {
        event: decided.event,
        at_ms: decided.at_ms(),
        by: decided.by,
        decision: decided.decision.clone(),
        undoes: decided.undoes(),
        undoable: is_undoable(&present.state, report, &decided.event),
        text: line(decided.decision.as_ref(), decided.undoes().is_some()),
    }
}

/// One line of English about a decision.
fn line(decision: Option<&Decision>, is_undo: bool) -> String {
    let line = match decision {
        None => "happened without a decision".to_owned(),
        Some(Decision::SetStatus { status, answer }) => {
            let answered = if answer.is_some() { ", with a public answer" } else { "" };
            format!("status: {}{answered}", status.words())
        }
        Some(Decision::ChangeCategory { category }) => format!("category: {category}"),
        Some(Decision::ChangeDepartment { department }) => format!("department: {department}"),
        Some(Decision::Assign { to: Some(to) }) => format!("assigned to {to}"),
        Some(Decision::Assign { to: None }) => "assigned to nobody".to_owned(),
        Some(Decision::AddNote { .. }) => "note written".to_owned(),
        Some(Decision::Merge { into }) => format!("folded into {}", into.reference()),
        Some(Decision::Defer { until: Some(_) }) => "put aside".to_owned(),
        Some(Decision::Defer { until: None }) => "no longer put aside".to_owned(),
        Some(Decision::Hide { .. }) => "hidden from the public".to_owned(),
        Some(Decision::Show { .. }) => "shown to the public again".to_owned(),
        Some(Decision::Undo { .. }) => "taken back".to_owned(),
    };
    if is_undo { format!("took back; {line}") } else { line }
}
