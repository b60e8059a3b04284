//! The console's queues.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::{Finder, named, reference_bits, split};
use super::{Entry, Index};
use crate::fact::{Status, UnixMs};
use crate::id::{DepartmentCode, ReportId, StaffId};
use crate::model::State;
use crate::text::fold;

/// A queue. Hidden reports are in [`Queue::Hidden`] and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// Received, nobody has it, not put aside.
    New,
    /// Open and assigned to me.
    Mine,
    /// Open and put aside or planned.
    Waiting,
    /// Open past its day, not put aside.
    Overdue,
    /// Everything open.
    All,
    /// Closed.
    Closed,
    /// Hidden from the public.
    Hidden,
}

/// How many reports each queue has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "QueueCounts")]
pub struct Counts {
    pub new: u32,
    pub mine: u32,
    pub waiting: u32,
    pub overdue: u32,
    pub all: u32,
    pub closed: u32,
    pub hidden: u32,
}

impl Queue {
    fn has(self, entry: &Entry, me: StaffId, now_ms: UnixMs) -> bool {
        if entry.hidden || self == Queue::Hidden {
            return entry.hidden && self == Queue::Hidden;
        }
        if !entry.is_open() {
            return self == Queue::Closed;
        }
        let put_aside = entry.deferred_ms > now_ms;
        match self {
            Queue::New => entry.status == Status::Received && entry.assigned.is_none() && !put_aside,
            Queue::Mine => entry.assigned == Some(me),
            Queue::Waiting => put_aside || entry.status == Status::Planned,
            Queue::Overdue => entry.due_ms < now_ms && !put_aside,
            Queue::All => true,
            Queue::Closed | Queue::Hidden => false,
        }
    }
}

impl Index {
    /// A page of a queue, and how many reports it has. Filter words must all occur (in any case, without accents) in reference,
    /// text, address, or a name of category or department. Overdue ones come longest overdue first, closed ones last changed
    /// first, all others last filed first.
    #[allow(clippy::too_many_arguments, reason = "they are the fields of one question, asked in one place")]
    pub fn queue(
        &self,
        state: &State,
        queue: Queue,
        me: StaffId,
        now_ms: UnixMs,
        filter_words: &[String],
        department: Option<&DepartmentCode>,
        offset: usize,
        limit: usize,
    ) -> (Vec<ReportId>, u32) {
        let department = match department.map(|code| self.departments.get(code)) {
            Some(None) => return (Vec::new(), 0),
            Some(Some(number)) => Some(*number),
            None => None,
        };
        let in_queue =
            |entry: &Entry| queue.has(entry, me, now_ms) && department.is_none_or(|department| department == entry.department);
        let marks = self.marks(state, filter_words, in_queue);
        let passes = |slot: u32| match &marks {
            Some(marks) => marks[slot as usize],
            None => in_queue(&self.entries[slot as usize]),
        };
        let total = (0..self.entries.len() as u32).filter(|slot| passes(*slot)).count();
        let wanted = limit.min(total.saturating_sub(offset));
        let page = |slots: &mut dyn Iterator<Item = (ReportId, u32)>| -> Vec<ReportId> {
            slots.filter(|(_, slot)| passes(*slot)).skip(offset).take(wanted).map(|(id, _)| id).collect()
        };
        let page = match queue {
            Queue::Overdue => page(&mut self.due.iter().map(|(_, id, slot)| (*id, *slot))),
            Queue::Closed => page(&mut self.updated.iter().rev().map(|(_, id, slot)| (*id, *slot))),
            _ => page(&mut self.filed.iter().rev().map(|(_, id, slot)| (*id, *slot))),
        };
        (page, total as u32)
    }

    /// The size of each queue.
    pub fn counts(&self, _state: &State, me: StaffId, now_ms: UnixMs) -> Counts {
        let mut counts = Counts::default();
        for entry in &self.entries {
            let has = |queue: Queue| u32::from(queue.has(entry, me, now_ms));
            counts.new += has(Queue::New);
            counts.mine += has(Queue::Mine);
            counts.waiting += has(Queue::Waiting);
            counts.overdue += has(Queue::Overdue);
            counts.all += has(Queue::All);
            counts.closed += has(Queue::Closed);
            counts.hidden += has(Queue::Hidden);
        }
        counts
    }

    /// Which slots of the queue have all the words; nothing where there is no word.
    fn marks(&self, state: &State, filter_words: &[String], in_queue: impl Fn(&Entry) -> bool) -> Option<Vec<bool>> {
        let folded: Vec<String> = filter_words.iter().map(|typed| fold(typed.trim())).collect();
        let mut parts = Vec::new();
        for (typed, folded) in filter_words.iter().zip(&folded) {
            let reference = reference_bits(typed).map(|_| self.by_reference(typed)).unwrap_or_default();
            // "Mannerheimintie-5" is two words of one filter.
            parts.extend(split(folded).map(|part| self.part(state, part, reference.clone())));
        }
        if parts.is_empty() {
            return None;
        }
        let mut marks = vec![false; self.entries.len()];
        let mut finder = Finder::default();
        // Both are in order of ids.
        for (report, (id, slot)) in state.reports().zip(&self.slots) {
            debug_assert_eq!(report.id, *id, "every report has a slot");
            let entry = &self.entries[*slot as usize];
            if !in_queue(entry) {
                continue;
            }
            finder.take(report);
            marks[*slot as usize] = parts.iter().all(|part| part.names(entry) || finder.has(part.part));
        }
        Some(marks)
    }

    fn part<'a>(&self, state: &State, part: &'a str, reference: Vec<ReportId>) -> Part<'a> {
        let categories = (self.categories.iter())
            .filter(|(code, _)| state.category(code).is_some_and(|category| named(&category.names, part)))
            .map(|(_, number)| *number)
            .collect();
        let departments = (self.departments.iter())
            .filter(|(code, _)| state.department(code).is_some_and(|department| named(&department.names, part)))
            .map(|(_, number)| *number)
            .collect();
        Part { part, categories, departments, reference }
    }
}

/// A part of a filter with what it names beside texts.
struct Part<'a> {
    part: &'a str,
    categories: Vec<u16>,
    departments: Vec<u16>,
    reference: Vec<ReportId>,
}

impl Part<'_> {
    fn names(&self, entry: &Entry) -> bool {
        self.categories.contains(&entry.category)
            || self.departments.contains(&entry.department)
            || self.reference.contains(&entry.id)
    }
}
