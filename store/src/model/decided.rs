//! One decision in a report's record.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::command::Decision;
use crate::event::Event;
use crate::fact::{Body, Fact, HideReason, Status, Target, UnixMs};
use crate::id::{CategoryCode, DepartmentCode, DeviceId, EventId, ReportId, RequestId, StaffId};
use crate::time::Hlc;

/// Decisions that a decision has seen: nearly always the one before.
pub(super) type Refs = SmallVec<[EventId; 1]>;

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
    pub refs: Refs,
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
            refs: header.refs.iter().copied().collect(),
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
    /// Who; none for the box itself.
    pub by: Option<StaffId>,
    /// What; none where it was taken out of the report it was folded into, which only taking back the merge can say here.
    pub decision: Option<Decision>,
    /// Whether a decision in force took this one back.
    pub undone: bool,
    /// The client's wish behind it.
    pub request: Option<RequestId>,
    pub(super) hlc: Hlc,
    pub(super) device: DeviceId,
    pub(super) epoch: u32,
    pub(super) seq: u64,
    pub(super) kind: u16,
    pub(super) refs: Refs,
    /// The department that took over with a category.
    pub(super) takes_over: Option<Box<DepartmentCode>>,
}

impl Decided {
    /// The entry of a fact, or nothing where the fact is no decision.
    pub(super) fn of(stamp: &Stamp, fact: &Fact) -> Option<Decided> {
        let (decision, takes_over) = match &fact.body {
            Body::StatusSet { status, answer } => (Some(Decision::SetStatus { status: *status, answer: answer.clone() }), None),
            Body::CategoryChanged { category, department } => {
                (Some(Decision::ChangeCategory { category: category.clone() }), Some(Box::new(department.clone())))
            }
            Body::DepartmentChanged { department } => (Some(Decision::ChangeDepartment { department: department.clone() }), None),
            Body::Assigned { to } => (Some(Decision::Assign { to: *to }), None),
            Body::NoteAdded { text } => (Some(Decision::AddNote { text: text.clone() }), None),
            Body::Merged { into: Some(into) } => (Some(Decision::Merge { into: *into }), None),
            Body::Merged { into: None } => (None, None),
            Body::Deferred { until } => (Some(Decision::Defer { until: *until }), None),
            Body::Hidden { target, reason, explanation } => {
                (Some(Decision::Hide { target: *target, reason: *reason, explanation: explanation.clone() }), None)
            }
            Body::Shown { target } => (Some(Decision::Show { target: *target }), None),
            Body::DeviceEnrolled { .. }
            | Body::EpochStarted { .. }
            | Body::SiteOpened(_)
            | Body::DepartmentDefined(_)
            | Body::CategoryDefined(_)
            | Body::ReportFiled { .. }
            | Body::SupportGiven { .. }
            | Body::CommentMade { .. } => return None,
        };
        let (decision, takes_over) = match fact.undoes {
            Some(decision) => (Some(Decision::Undo { decision }), None),
            None => (decision, takes_over),
        };
        Some(Decided {
            event: stamp.event,
            by: stamp.by,
            decision,
            undone: false,
            request: fact.request,
            hlc: stamp.hlc,
            device: stamp.device,
            epoch: stamp.epoch,
            seq: stamp.seq,
            kind: stamp.kind,
            refs: stamp.refs.clone(),
            takes_over,
        })
    }

    /// When, by the box's hybrid clock.
    pub fn at_ms(&self) -> UnixMs {
        self.hlc.ms()
    }

    /// The decision that this one takes back.
    pub fn undoes(&self) -> Option<EventId> {
        match self.decision {
            Some(Decision::Undo { decision }) => Some(decision),
            _ => None,
        }
    }

    /// Whether it counts: nobody took it back, and it does not itself take something back.
    pub(super) fn is_in_force(&self) -> bool {
        !self.undone && self.undoes().is_none()
    }

    /// Whether the public sees what it changes.
    pub(super) fn is_public(&self) -> bool {
        !matches!(self.kind, 51 | 52 | 54)
    }

    /// Whether it knew of the other one directly.
    pub(super) fn follows(&self, earlier: &Decided) -> bool {
        self.refs.contains(&earlier.event)
            || self.undoes() == Some(earlier.event)
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
        let what = match (decided.decision, decided.takes_over) {
            (Some(Decision::SetStatus { status, answer }), _) => What::S(status, answer),
            (Some(Decision::ChangeCategory { category }), Some(department)) => What::C(category, *department),
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
        let (decision, takes_over) = match kept.what {
            What::S(status, answer) => (Some(Decision::SetStatus { status, answer }), None),
            What::C(category, department) => (Some(Decision::ChangeCategory { category }), Some(Box::new(department))),
            What::D(department) => (Some(Decision::ChangeDepartment { department }), None),
            What::A(to) => (Some(Decision::Assign { to }), None),
            What::N(text) => (Some(Decision::AddNote { text }), None),
            What::M(Some(into)) => (Some(Decision::Merge { into }), None),
            What::M(None) => (None, None),
            What::F(until) => (Some(Decision::Defer { until }), None),
            What::H(target, reason, explanation) => (Some(Decision::Hide { target, reason, explanation }), None),
            What::V(target) => (Some(Decision::Show { target }), None),
            What::U(decision) => (Some(Decision::Undo { decision }), None),
        };
        Decided {
            event: kept.stamp.event,
            by: kept.stamp.by,
            decision,
            undone: false,
            request: kept.request,
            hlc: kept.stamp.hlc,
            device: kept.stamp.device,
            epoch: kept.stamp.epoch,
            seq: kept.stamp.seq,
            kind: kept.stamp.kind,
            refs: kept.stamp.refs,
            takes_over,
        }
    }
}
