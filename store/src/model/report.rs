//! A report and what became of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::State;
use super::decided::Decided;
use super::order::Knowledge;
use crate::command::Decision;
use crate::fact::{Body, HideReason, Kind, Place, Status, Target, UnixMs};
use crate::id::{
    AttachmentId, CategoryCode, CodeHash, CommentId, DepartmentCode, EventId, Language, QuestionCode, ReportId, SessionId,
    StaffId,
};
use crate::time::Hlc;

/// Somebody's "me too".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supporter {
    /// Who, for as long as a session lasts.
    #[serde(rename = "s")]
    pub session: SessionId,
    /// The event that says so.
    #[serde(rename = "e")]
    pub event: EventId,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    #[serde(rename = "i")]
    pub id: CommentId,
    #[serde(rename = "e")]
    pub event: EventId,
    #[serde(rename = "z")]
    pub(super) hlc: Hlc,
    #[serde(skip)]
    pub at_ms: UnixMs,
    #[serde(rename = "t")]
    pub text: String,
    #[serde(rename = "l")]
    pub language: Language,
    /// Whether whoever wrote it knew the report's code.
    #[serde(rename = "r")]
    pub by_reporter: bool,
    /// Why the public does not see it.
    #[serde(skip)]
    pub hidden: Option<HideReason>,
}

/// A step of the public history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<'a> {
    pub at_ms: UnixMs,
    pub status: Status,
    /// The town's words, if it said any at this step.
    pub answer: Option<&'a str>,
}

/// An internal note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note<'a> {
    /// The event that holds it.
    pub event: EventId,
    pub at_ms: UnixMs,
    pub by: Option<StaffId>,
    pub text: &'a str,
}

/// The merge that a report's own decisions ask for. It is in force unless it would close a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub into: ReportId,
    pub stamp: (Hlc, EventId),
}

/// A report. What is skipped by serde follows from the rest ([`super::fold`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    #[serde(rename = "i")]
    pub id: ReportId,
    #[serde(rename = "k")]
    pub kind: Kind,
    /// Its category now.
    #[serde(rename = "c")]
    pub category: CategoryCode,
    /// Who handles it now.
    #[serde(rename = "d")]
    pub department: DepartmentCode,
    /// Category and department as filed; set while a decision about either is in the record.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<Box<(CategoryCode, DepartmentCode)>>,
    #[serde(rename = "p", with = "place")]
    pub place: Place,
    #[serde(rename = "t")]
    pub text: String,
    #[serde(rename = "l")]
    pub language: Language,
    /// Answers to the category's questions, by question: most reports have few, and a map takes room for eleven.
    #[serde(rename = "a", default, skip_serializing_if = "<[_]>::is_empty")]
    pub answers: Box<[(QuestionCode, String)]>,
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<Box<AttachmentId>>,
    /// Keyed hash of the follow-up code.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub code: Option<CodeHash>,
    /// The event that filed it.
    #[serde(rename = "e")]
    pub filed: EventId,
    #[serde(rename = "z")]
    pub(crate) filed_hlc: Hlc,
    /// Sessions that said "me too", by session, once each.
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    pub supporters: Vec<Supporter>,
    /// Comments, oldest first.
    #[serde(rename = "m", default, skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<Comment>,
    /// Every decision about it in canonical order, also those taken back.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub record: Vec<Decided>,
    /// When the public last saw something change.
    #[serde(skip)]
    pub(crate) updated_hlc: Hlc,
    #[serde(skip, default = "received")]
    pub status: Status,
    #[serde(skip)]
    pub assigned: Option<StaffId>,
    /// Put aside until then.
    #[serde(skip)]
    pub deferred_ms: Option<UnixMs>,
    /// Why the public does not see it.
    #[serde(skip)]
    pub hidden: Option<Box<(HideReason, String)>>,
    /// Whether the public does not see the photo.
    #[serde(skip)]
    pub photo_hidden: bool,
    /// The report that carries on.
    #[serde(skip)]
    pub merged_into: Option<ReportId>,
    /// Reports that this one carries on, ascending.
    #[serde(skip)]
    pub merged_from: Vec<ReportId>,
    /// Two boxes set different statuses at the same time; `status` is the less final one until somebody who knows both decides.
    #[serde(skip)]
    pub provisional: bool,
    #[serde(skip)]
    pub(super) wanted: Option<Box<Wanted>>,
}

fn received() -> Status {
    Status::Received
}

/// A place as an array: names of fields would be most of a snapshot's bytes.
mod place {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::fact::Place;
    use crate::geo::Point;

    pub(super) fn serialize<S: Serializer>(place: &Place, serializer: S) -> Result<S::Ok, S::Error> {
        (place.point.lat_e7, place.point.lon_e7, &place.address).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Place, D::Error> {
        let (lat_e7, lon_e7, address) = Deserialize::deserialize(deserializer)?;
        Ok(Place { point: Point { lat_e7, lon_e7 }, address })
    }
}

impl Report {
    /// A report as filed, or nothing where the fact is another.
    pub(super) fn filed(id: ReportId, event: EventId, hlc: Hlc, body: &Body) -> Option<Report> {
        let Body::ReportFiled { kind, category, department, place, text, language, answers, photo, code } = body else {
            return None;
        };
        Some(Report {
            id,
            kind: *kind,
            category: category.clone(),
            department: department.clone(),
            origin: None,
            place: place.clone(),
            text: text.clone(),
            language: language.clone(),
            answers: answers.clone().into_iter().collect(),
            photo: photo.map(Box::new),
            code: *code,
            filed: event,
            filed_hlc: hlc,
            supporters: Vec::new(),
            comments: Vec::new(),
            record: Vec::new(),
            updated_hlc: hlc,
            status: Status::Received,
            assigned: None,
            deferred_ms: None,
            hidden: None,
            photo_hidden: false,
            merged_into: None,
            merged_from: Vec::new(),
            provisional: false,
            wanted: None,
        })
    }

    /// When it was filed, by the box's hybrid clock.
    pub fn filed_ms(&self) -> UnixMs {
        self.filed_hlc.ms()
    }

    /// When the public last saw something change, by the box's hybrid clock.
    pub fn updated_ms(&self) -> UnixMs {
        self.updated_hlc.ms()
    }

    /// Its category when it was filed.
    pub fn filed_category(&self) -> &CategoryCode {
        self.origin.as_ref().map_or(&self.category, |origin| &origin.0)
    }

    /// Decisions about it that somebody who saw these, and what they knew of, has not seen; in canonical order.
    pub fn unseen(&self, seen: &[EventId]) -> Vec<EventId> {
        let mut known = vec![false; self.record.len()];
        for at in (0..self.record.len()).rev() {
            known[at] = seen.contains(&self.record[at].event)
                || (at + 1..self.record.len()).any(|later| known[later] && self.record[later].follows(&self.record[at]));
        }
        self.record.iter().zip(known).filter(|(_, known)| !known).map(|(decided, _)| decided.event).collect()
    }

    /// Decisions about it that no later decision knows of. More than one: boxes decided at the same time.
    pub fn heads(&self) -> Vec<EventId> {
        let all: Vec<usize> = (0..self.record.len()).collect();
        Knowledge::of(&self.record).last_of(&all).into_iter().map(|at| self.record[at].event).collect()
    }

    /// The public history; the first step is the filing.
    pub fn steps(&self) -> Vec<Step<'_>> {
        let mut steps = vec![Step { at_ms: self.filed_ms(), status: Status::Received, answer: None }];
        let mut unmerged = Status::Received;
        for decided in self.record.iter().filter(|decided| decided.is_in_force()) {
            let (status, answer) = match &decided.decision {
                Some(Decision::SetStatus { status, answer }) => {
                    unmerged = *status;
                    (*status, answer.as_deref())
                }
                Some(Decision::Merge { .. }) => {
                    let closes_a_ring =
                        self.merged_into.is_none() && self.wanted.as_ref().is_some_and(|wanted| wanted.stamp == decided.order());
                    if closes_a_ring {
                        continue;
                    }
                    (Status::Duplicate, None)
                }
                None => (unmerged, None),
                _ => continue,
            };
            steps.push(Step { at_ms: decided.at_ms(), status, answer });
        }
        steps
    }

    /// Internal notes, oldest first.
    pub fn notes(&self) -> impl Iterator<Item = Note<'_>> {
        self.record.iter().filter(|decided| decided.is_in_force()).filter_map(|decided| match &decided.decision {
            Some(Decision::AddNote { text }) => Some(Note { event: decided.event, at_ms: decided.at_ms(), by: decided.by, text }),
            _ => None,
        })
    }

    /// People behind it: who filed it and every session that said "me too", here and in reports folded into it, once each.
    pub fn people(&self, state: &State) -> u32 {
        if self.merged_from.is_empty() {
            return 1 + self.supporters.len() as u32;
        }
        let mut sessions = BTreeSet::new();
        let mut filers = 0;
        let mut open = vec![self];
        while let Some(report) = open.pop() {
            filers += 1;
            sessions.extend(report.supporters.iter().map(|supporter| supporter.session));
            open.extend(report.merged_from.iter().filter_map(|id| state.report(id)));
        }
        filers + sessions.len() as u32
    }

    /// The comment with this id.
    pub fn comment(&self, id: &CommentId) -> Option<&Comment> {
        self.comments.iter().find(|comment| comment.id == *id)
    }

    /// The entry of its record that this event made.
    pub fn decided(&self, event: &EventId) -> Option<&Decided> {
        self.record.iter().find(|decided| decided.event == *event)
    }

    /// The last words of the town to the public, if it said any.
    pub fn answer(&self) -> Option<&str> {
        self.record.iter().rev().filter(|decided| decided.is_in_force()).find_map(|decided| match &decided.decision {
            Some(Decision::SetStatus { answer, .. }) => answer.as_deref(),
            _ => None,
        })
    }

    /// Whether the public does not see this.
    pub fn is_hidden(&self, target: Target) -> bool {
        match target {
            Target::Report => self.hidden.is_some(),
            Target::Photo => self.photo_hidden,
            Target::Comment(id) => self.comment(&id).is_some_and(|comment| comment.hidden.is_some()),
        }
    }
}
