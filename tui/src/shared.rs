//! What all screens read: who is here, the town's words, the clock, the look, the log. Only the root writes it.

use std::sync::Arc;

use api::{Category, CategoryCode, Decision, DepartmentCode, Health, Me, Point, Record, StaffId, Town, UnixMs};

use crate::theme::{Theme, Tone};
use crate::wording;

/// Whether the daemon is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Not yet.
    Connecting,
    /// Changes come in.
    Up,
    /// It went away, and why.
    Away { since_ms: UnixMs, reason: String },
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at_ms: UnixMs,
    /// How good or bad.
    pub tone: Tone,
    /// What.
    pub text: String,
}

/// What all screens read.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The clock.
    pub now_ms: UnixMs,
    /// Local time is this much ahead of UTC, in seconds.
    pub offset_s: i32,
    /// The town, once the daemon has told.
    pub town: Option<Town>,
    /// Who sits here, and colleagues.
    pub me: Option<Me>,
    /// The base map, once opened.
    pub map: Option<Arc<map::Town>>,
    /// How the box is, as far as it was asked.
    pub health: Option<Health>,
    /// The look.
    pub theme: Theme,
    /// Whether the daemon is there.
    pub link: Link,
    /// What was done and what happened, oldest first.
    pub log: Vec<Entry>,
}

impl Shared {
    /// A category's definition.
    pub fn category(&self, code: &CategoryCode) -> Option<&Category> {
        self.town.as_ref()?.categories.iter().find(|category| category.code == *code)
    }

    /// The part of town where a place is, as the base map knows it.
    pub fn district(&self, point: Point) -> Option<String> {
        self.map.as_ref()?.district(point.lat(), point.lon()).map(wording::one_line)
    }

    /// A category's name, or its code where the town no longer has it.
    pub fn category_name(&self, code: &CategoryCode) -> String {
        self.category(code).map_or_else(|| code.to_string(), |category| wording::named(&category.names))
    }

    /// A department's name, or its code.
    pub fn department_name(&self, code: &DepartmentCode) -> String {
        let departments = self.town.as_ref().map_or(&[][..], |town| &town.departments);
        let known = departments.iter().find(|department| department.code == *code);
        known.map_or_else(|| code.to_string(), |department| wording::named(&department.names))
    }

    /// Whether this is the person at the console.
    pub fn is_me(&self, staff: StaffId) -> bool {
        self.me.as_ref().is_some_and(|me| me.me.id == staff)
    }

    /// A member of staff by name.
    pub fn staff_name(&self, staff: StaffId) -> String {
        let Some(me) = &self.me else { return staff.to_string() };
        let known = std::iter::once(&me.me).chain(&me.colleagues).find(|known| known.id == staff);
        known.map_or_else(|| format!("staff {}", &staff.to_string()[..6]), |known| wording::one_line(&known.name))
    }

    /// A decision in words.
    pub fn decision(&self, decision: &Decision) -> String {
        match decision {
            Decision::SetStatus { status, answer: None } => format!("status {}", status.words()),
            Decision::SetStatus { status, answer: Some(answer) } => {
                format!("status {}, answer \"{}\"", status.words(), wording::one_line(answer))
            }
            Decision::ChangeCategory { category } => format!("category {}", self.category_name(category)),
            Decision::ChangeDepartment { department } => format!("department {}", self.department_name(department)),
            Decision::Assign { to: Some(to) } => format!("assigned to {}", self.staff_name(*to)),
            Decision::Assign { to: None } => "assigned to nobody".to_owned(),
            Decision::AddNote { text } => format!("note \"{}\"", wording::one_line(text)),
            Decision::Merge { into } => format!("merged into {}", into.reference()),
            Decision::Defer { until: Some(until) } => format!("put aside until {}", wording::date(*until, self.offset_s)),
            Decision::Defer { until: None } => "no longer put aside".to_owned(),
            Decision::Hide { target, reason, explanation } => {
                format!(
                    "{} hidden, {}: \"{}\"",
                    wording::target(*target),
                    wording::reason(*reason),
                    wording::one_line(explanation)
                )
            }
            Decision::Show { target } => format!("{} shown again", wording::target(*target)),
            Decision::Undo { .. } => "a decision taken back".to_owned(),
        }
    }

    /// A line of a record: who did what. `all` is the whole record, where what was taken back is found.
    pub fn record(&self, record: &Record, all: &[Record]) -> String {
        let undone = record.undoes.and_then(|event| all.iter().find(|other| other.event == event));
        let what = match (&record.decision, undone.and_then(|undone| undone.decision.as_ref())) {
            (_, Some(undone)) => format!("took back: {}", self.decision(undone)),
            (Some(Decision::Undo { .. }) | None, None) => wording::one_line(&record.text),
            (Some(decision), None) => self.decision(decision),
        };
        match record.by {
            Some(by) if self.is_me(by) => format!("you: {what}"),
            Some(by) => format!("{}: {what}", self.staff_name(by)),
            None => what,
        }
    }
}
