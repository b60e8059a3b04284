//! From a report's record to what is in force.
//!
//! A field has the value of the last decision about it that is in force; a decision taken back counts as never made, so the field
//! shows what it was before, unless something later changed it. Where boxes decided at the same time: the less final status stands
//! and is called provisional, hiding beats showing, and elsewhere the last in canonical order wins.

use std::collections::BTreeMap;

use super::decided::Decided;
use super::order::{Knowledge, arrange};
use super::report::{Report, Wanted};
use crate::command::Decision;
use crate::fact::{HideReason, Status, Target};
use crate::id::{EventId, ReportId};
use crate::time::Hlc;

/// How far a status goes: one that owes more to the public is less final.
fn finality(status: Status) -> u8 {
    match status {
        Status::Received => 0,
        Status::Planned => 1,
        Status::InProgress => 2,
        Status::Fixed | Status::Declined | Status::NotOurs | Status::Duplicate => 3,
    }
}

impl Report {
    /// Derives all that follows from filing, comments and record. `merged_into` and `merged_from` are given: they depend on other
    /// reports as well.
    pub(super) fn fold(&mut self) {
        self.comments.iter_mut().for_each(|comment| comment.at_ms = comment.hlc.ms());
        let mut record = std::mem::take(&mut self.record);
        let knowledge = arrange(&mut record);
        mark_undone(&mut record);
        self.fold_category(&record);
        self.fold_status(&record, &knowledge);
        self.fold_hidden(&record, &knowledge);
        self.assigned = last(&record, |decision| match decision {
            Decision::Assign { to } => Some(*to),
            _ => None,
        })
        .flatten();
        self.deferred_ms = last(&record, |decision| match decision {
            Decision::Defer { until } => Some(*until),
            _ => None,
        })
        .flatten();
        let decided = record.iter().filter(|decided| decided.is_public()).map(|decided| decided.hlc);
        let commented = self.comments.iter().map(|comment| comment.hlc);
        self.updated_hlc = decided.chain(commented).fold(self.filed_hlc, Hlc::max);
        self.record = record;
    }

    fn fold_category(&mut self, record: &[Decided]) {
        let moves = |decided: &Decided| {
            matches!(decided.decision, Some(Decision::ChangeCategory { .. } | Decision::ChangeDepartment { .. }))
        };
        let original = match self.origin.take() {
            Some(original) => *original,
            None if !record.iter().any(moves) => return,
            None => (self.category.clone(), self.department.clone()),
        };
        (self.category, self.department) = original.clone();
        for decided in record.iter().filter(|decided| decided.is_in_force()) {
            match (&decided.decision, &decided.takes_over) {
                (Some(Decision::ChangeCategory { category }), Some(department)) => {
                    self.category = category.clone();
                    self.department = (**department).clone();
                }
                (Some(Decision::ChangeDepartment { department }), _) => self.department = department.clone(),
                _ => {}
            }
        }
        self.origin = Some(Box::new(original));
    }

    fn fold_status(&mut self, record: &[Decided], knowledge: &Knowledge) {
        let status_of = |at: &usize| match &record[*at].decision {
            Some(Decision::SetStatus { status, .. }) if record[*at].is_in_force() => Some(*status),
            _ => None,
        };
        let set: Vec<usize> = (0..record.len()).filter(|at| status_of(at).is_some()).collect();
        let last = knowledge.last_of(&set);
        let least = last.iter().filter_map(status_of).min_by_key(|status| finality(*status));
        self.provisional = last.iter().filter_map(status_of).any(|status| Some(status) != least);
        // Equally final and different: the last in canonical order, as elsewhere.
        let stands = last.iter().filter_map(status_of).rfind(|status| least.map(finality) == Some(finality(*status)));
        let stands = stands.unwrap_or(Status::Received);

        let merges =
            |decided: &&Decided| decided.is_in_force() && matches!(decided.decision, None | Some(Decision::Merge { .. }));
        let merge = record.iter().rfind(merges);
        self.wanted = merge.and_then(|decided| match decided.decision {
            Some(Decision::Merge { into }) => Some(Box::new(Wanted { into, stamp: decided.order() })),
            _ => None,
        });
        self.status = if self.merged_into.is_some() { Status::Duplicate } else { stands };
        self.provisional &= self.merged_into.is_none();
    }

    fn fold_hidden(&mut self, record: &[Decided], knowledge: &Knowledge) {
        let mut hidden = hidings(record, knowledge);
        self.hidden = hidden.remove(&Target::Report).map(Box::new);
        self.photo_hidden = hidden.contains_key(&Target::Photo);
        for comment in &mut self.comments {
            comment.hidden = hidden.get(&Target::Comment(comment.id)).map(|(reason, _)| *reason);
        }
    }

    /// Why something of it is hidden.
    pub(crate) fn hides(&self, target: Target) -> Option<(HideReason, String)> {
        let mut record = self.record.clone();
        let knowledge = arrange(&mut record);
        hidings(&record, &knowledge).remove(&target)
    }

    /// The report as it will be once this decision is taken back.
    pub(crate) fn after_undoing(&self, event: EventId) -> Report {
        let mut report = self.clone();
        if let Some(decided) = report.decided(&event) {
            let undo = Decided {
                event: EventId([0xFF; 32]),
                decision: Some(Decision::Undo { decision: event }),
                undone: false,
                takes_over: None,
                seq: u64::MAX,
                refs: self.heads().into(),
                ..decided.clone()
            };
            report.record.push(undo);
            report.fold();
        }
        report
    }

    /// The report that its own record asks to be folded into.
    pub(crate) fn wants_into(&self) -> Option<ReportId> {
        self.wanted.as_ref().map(|wanted| wanted.into)
    }
}

/// What is hidden, and why: everything of which one of the last decisions says so.
fn hidings(record: &[Decided], knowledge: &Knowledge) -> BTreeMap<Target, (HideReason, String)> {
    let mut targets: BTreeMap<Target, Vec<usize>> = BTreeMap::new();
    for (at, decided) in record.iter().enumerate().filter(|(_, decided)| decided.is_in_force()) {
        if let Some(Decision::Hide { target, .. } | Decision::Show { target }) = decided.decision {
            targets.entry(target).or_default().push(at);
        }
    }
    let mut hidden = BTreeMap::new();
    for (target, places) in targets {
        let last = knowledge.last_of(&places).into_iter().rev();
        let why = last.filter_map(|at| match &record[at].decision {
            Some(Decision::Hide { reason, explanation, .. }) => Some((*reason, explanation.clone())),
            _ => None,
        });
        if let Some(why) = { why }.next() {
            hidden.insert(target, why);
        }
    }
    hidden
}

/// From the last to the first: what takes something back is in force unless something later, itself in force, took it back.
fn mark_undone(record: &mut [Decided]) {
    record.iter_mut().for_each(|decided| decided.undone = false);
    for later in (0..record.len()).rev() {
        if !record[later].undone
            && let Some(undone) = record[later].undoes()
            && let Some(earlier) = record[..later].iter_mut().find(|decided| decided.event == undone)
        {
            earlier.undone = true;
        }
    }
}

/// The last value in force.
fn last<T>(record: &[Decided], value: impl Fn(&Decision) -> Option<T>) -> Option<T> {
    record.iter().rev().filter(|decided| decided.is_in_force()).find_map(|decided| value(decided.decision.as_ref()?))
}
