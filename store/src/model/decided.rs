//! One decision in a report's record.

use serde::{Deserialize, Serialize};

use crate::command::Decision;
use crate::event::Event;
use crate::fact::{Body, Fact, HideReason, Status, Target, UnixMs};
use crate::id::{CategoryCode, DepartmentCode, DeviceId, EventId, ReportId, RequestId, StaffId};
use crate::time::Hlc;

/// Where an event stands among others: what the order of decisions needs of its header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    #[serde(rename = "e")]
    pub event: EventId,
    #[serde(rename = "z")]
    pub hlc: Hlc,
    #[serde(rename = "d")]
    pub device: DeviceId,
    #[serde(rename = "p")]
    pub epoch: u32,
    #[serde(rename = "q")]
    pub seq: u64,
    #[serde(rename = "f", default, skip_serializing_if = "<[EventId]>::is_empty")]
    pub refs: Box<[EventId]>,
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub by: Option<StaffId>,
    #[serde(rename = "k")]
    pub kind: u16,
}

impl Stamp {
    pub fn of(event: &Event) -> Stamp {
        let header = &event.header;
        Stamp {
            event: event.id,
            hlc: header.hlc,
            device: header.device,
            epoch: header.epoch,
            seq: header.seq,
            refs: header.refs.clone().into_boxed_slice(),
            by: header.actor,
            kind: header.kind,
        }
    }

    /// Later is larger, where nothing tells which knew of which.
    pub fn order(&self) -> (Hlc, EventId) {
        (self.hlc, self.event)
    }
}

/// A decision as made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Decided {
    pub event: EventId,
    pub at_ms: UnixMs,
    /// Who; none for the box itself.
    pub by: Option<StaffId>,
    /// What; none where only a fact of another program can say it.
    pub decision: Option<Decision>,
    /// The decision that this one takes back.
    pub undoes: Option<EventId>,
    /// The decision in force that took this one back.
    pub undone_by: Option<EventId>,
    /// The client's wish behind it.
    pub request: Option<RequestId>,
    pub(super) hlc: Hlc,
    pub(super) device: DeviceId,
    pub(super) epoch: u32,
    pub(super) seq: u64,
    pub(super) kind: u16,
    pub(super) refs: Box<[EventId]>,
    pub(super) change: Change,
}

/// What of a decision its [`Decision`] does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing more.
    Plain,
    /// The department that took over with a category.
    TakesOver(Box<DepartmentCode>),
    /// Out of the report it was folded into.
    Unmerge,
}

impl Decided {
    /// The entry of a fact, or nothing where the fact is no decision.
    pub(super) fn of(stamp: &Stamp, fact: &Fact) -> Option<Decided> {
        let (decision, change) = match &fact.body {
            Body::StatusSet { status, answer } => {
                (Some(Decision::SetStatus { status: *status, answer: answer.clone() }), Change::Plain)
            }
            Body::CategoryChanged { category, department } => {
                (Some(Decision::ChangeCategory { category: category.clone() }), Change::TakesOver(Box::new(department.clone())))
            }
            Body::DepartmentChanged { department } => {
                (Some(Decision::ChangeDepartment { department: department.clone() }), Change::Plain)
            }
            Body::Assigned { to } => (Some(Decision::Assign { to: *to }), Change::Plain),
            Body::NoteAdded { text } => (Some(Decision::AddNote { text: text.clone() }), Change::Plain),
            Body::Merged { into: Some(into) } => (Some(Decision::Merge { into: *into }), Change::Plain),
            Body::Merged { into: None } => (None, Change::Unmerge),
            Body::Deferred { until } => (Some(Decision::Defer { until: *until }), Change::Plain),
            Body::Hidden { target, reason, explanation } => {
                (Some(Decision::Hide { target: *target, reason: *reason, explanation: explanation.clone() }), Change::Plain)
            }
            Body::Shown { target } => (Some(Decision::Show { target: *target }), Change::Plain),
            Body::DeviceEnrolled { .. }
            | Body::EpochStarted { .. }
            | Body::SiteOpened(_)
            | Body::DepartmentDefined(_)
            | Body::CategoryDefined(_)
            | Body::ReportFiled { .. }
            | Body::SupportGiven { .. }
            | Body::CommentMade { .. } => return None,
        };
        let (decision, change) = match fact.undoes {
            Some(decision) => (Some(Decision::Undo { decision }), Change::Plain),
            None => (decision, change),
        };
        Some(Decided {
            event: stamp.event,
            at_ms: stamp.hlc.ms(),
            by: stamp.by,
            decision,
            undoes: fact.undoes,
            undone_by: None,
            request: fact.request,
            hlc: stamp.hlc,
            device: stamp.device,
            epoch: stamp.epoch,
            seq: stamp.seq,
            kind: stamp.kind,
            refs: stamp.refs.clone(),
            change,
        })
    }

    /// Whether it counts: nobody took it back, and it does not itself take something back.
    pub(super) fn is_in_force(&self) -> bool {
        self.undone_by.is_none() && self.undoes.is_none()
    }

    /// Whether the public sees what it changes.
    pub(super) fn is_public(&self) -> bool {
        !matches!(self.kind, 51 | 52 | 54)
    }

    /// Whether it knew of the other one directly.
    pub(super) fn follows(&self, earlier: &Decided) -> bool {
        self.refs.contains(&earlier.event)
            || self.undoes == Some(earlier.event)
            || (self.device == earlier.device && self.epoch == earlier.epoch && self.seq > earlier.seq)
    }

    pub(super) fn order(&self) -> (Hlc, EventId) {
        (self.hlc, self.event)
    }
}

/// A decision as a snapshot keeps it. [`Decision`] itself is tagged for JSON, a form that serde cannot read back from CBOR where
/// ids are byte strings.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(rename = "s")]
    stamp: Stamp,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    request: Option<RequestId>,
    #[serde(rename = "w")]
    what: What,
}

#[derive(Serialize, Deserialize)]
enum What {
    S(Status, Option<String>),
    C(CategoryCode, DepartmentCode),
    D(DepartmentCode),
    A(Option<StaffId>),
    N(String),
    M(Option<ReportId>),
    F(Option<UnixMs>),
    H(Target, HideReason, String),
    V(Target),
    U(EventId),
}

impl From<Decided> for Kept {
    fn from(decided: Decided) -> Kept {
        let what = match (decided.decision, decided.change) {
            (Some(Decision::SetStatus { status, answer }), _) => What::S(status, answer),
            (Some(Decision::ChangeCategory { category }), Change::TakesOver(department)) => What::C(category, *department),
            // Never made: a category always comes with its department.
            (Some(Decision::ChangeCategory { .. }), _) | (None, _) => What::M(None),
            (Some(Decision::ChangeDepartment { department }), _) => What::D(department),
            (Some(Decision::Assign { to }), _) => What::A(to),
            (Some(Decision::AddNote { text }), _) => What::N(text),
            (Some(Decision::Merge { into }), _) => What::M(Some(into)),
            (Some(Decision::Defer { until }), _) => What::F(until),
            (Some(Decision::Hide { target, reason, explanation }), _) => What::H(target, reason, explanation),
            (Some(Decision::Show { target }), _) => What::V(target),
            (Some(Decision::Undo { decision }), _) => What::U(decision),
        };
        Kept {
            stamp: Stamp {
                event: decided.event,
                hlc: decided.hlc,
                device: decided.device,
                epoch: decided.epoch,
                seq: decided.seq,
                refs: decided.refs,
                by: decided.by,
                kind: decided.kind,
            },
            request: decided.request,
            what,
        }
    }
}

impl From<Kept> for Decided {
    fn from(kept: Kept) -> Decided {
        let (decision, change) = match kept.what {
            What::S(status, answer) => (Some(Decision::SetStatus { status, answer }), Change::Plain),
            What::C(category, department) => {
                (Some(Decision::ChangeCategory { category }), Change::TakesOver(Box::new(department)))
            }
            What::D(department) => (Some(Decision::ChangeDepartment { department }), Change::Plain),
            What::A(to) => (Some(Decision::Assign { to }), Change::Plain),
            What::N(text) => (Some(Decision::AddNote { text }), Change::Plain),
            What::M(Some(into)) => (Some(Decision::Merge { into }), Change::Plain),
            What::M(None) => (None, Change::Unmerge),
            What::F(until) => (Some(Decision::Defer { until }), Change::Plain),
            What::H(target, reason, explanation) => (Some(Decision::Hide { target, reason, explanation }), Change::Plain),
            What::V(target) => (Some(Decision::Show { target }), Change::Plain),
            What::U(decision) => (Some(Decision::Undo { decision }), Change::Plain),
        };
        let undoes = match &decision {
            Some(Decision::Undo { decision }) => Some(*decision),
            _ => None,
        };
        Decided {
            event: kept.stamp.event,
            at_ms: kept.stamp.hlc.ms(),
            by: kept.stamp.by,
            decision,
            undoes,
            undone_by: None,
            request: kept.request,
            hlc: kept.stamp.hlc,
            device: kept.stamp.device,
            epoch: kept.stamp.epoch,
            seq: kept.stamp.seq,
            kind: kept.stamp.kind,
            refs: kept.stamp.refs,
            change,
        }
    }
}
