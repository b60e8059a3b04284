//! What is applied of each device's chain, and where a device told two stories.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::EventId;

/// First eight bytes of an event's id. Enough to tell a repeated event from another one at the same place of a chain: making two
/// events that agree in it takes 2^32 tries and gains the device nothing but that the second is not heard.
pub type Mark = [u8; 8];

const MARK: usize = size_of::<Mark>();

/// How far one chain is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// The highest sequence number.
    #[serde(rename = "s")]
    pub seq: u64,
    /// The event there; the lowest id where a device made several.
    #[serde(rename = "h")]
    pub head: EventId,
    /// Marks of all events, in runs without gaps, by the sequence number that each run begins with. One run unless the disk lost
    /// something. Where a device made several events at one place: the lowest mark.
    #[serde(rename = "m")]
    runs: BTreeMap<u64, serde_bytes::ByteBuf>,
}

/// What an event is to a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Not applied yet.
    New,
    /// Applied before.
    Known,
    /// Another event has this place: equivocation. Holds that one's mark.
    Taken(Mark),
}

/// The mark of an event.
pub(super) fn mark(id: &EventId) -> Mark {
    let mut mark = [0; MARK];
    mark.copy_from_slice(&id.0[..MARK]);
    mark
}

impl Chain {
    /// A chain of which nothing is applied.
    pub(super) fn new() -> Chain {
        Chain { seq: 0, head: EventId([0; 32]), runs: BTreeMap::new() }
    }

    /// Gives back what reading took more than it needs.
    pub(super) fn shrink(&mut self) {
        self.runs.values_mut().for_each(|run| run.shrink_to_fit());
    }

    /// Whether this event is applied.
    pub fn has(&self, seq: u64, id: &EventId) -> bool {
        self.place(seq, id) == Place::Known
    }

    pub(super) fn place(&self, seq: u64, id: &EventId) -> Place {
        match self.at(seq) {
            None => Place::New,
            Some(there) if there == mark(id) => Place::Known,
            Some(there) => Place::Taken(there),
        }
    }

    pub(super) fn add(&mut self, seq: u64, id: &EventId) {
        let is_head = self.runs.is_empty() || seq > self.seq || (seq == self.seq && *id < self.head);
        if is_head {
            self.seq = seq;
            self.head = *id;
        }
        if let Some(there) = self.at_mut(seq) {
            let lower = mark(id).as_slice().min(there).to_owned();
            there.copy_from_slice(&lower);
            return;
        }
        let before = self.runs.range(..seq).next_back().map(|(start, run)| (*start, start + (run.len() / MARK) as u64));
        let start = match before {
            Some((start, end)) if end == seq => start,
            _ => seq,
        };
        let next = seq.checked_add(1).and_then(|next| self.runs.remove(&next));
        let run = self.runs.entry(start).or_default();
        extend(run, &mark(id));
        if let Some(next) = next {
            extend(run, &next);
        }
    }

    fn at(&self, seq: u64) -> Option<Mark> {
        let (start, run) = self.runs.range(..=seq).next_back()?;
        let offset = usize::try_from(seq - start).ok()?.checked_mul(MARK)?;
        run.get(offset..offset.checked_add(MARK)?)?.try_into().ok()
    }

    fn at_mut(&mut self, seq: u64) -> Option<&mut [u8]> {
        let (start, run) = self.runs.range_mut(..=seq).next_back()?;
        let offset = usize::try_from(seq - start).ok()?.checked_mul(MARK)?;
        run.get_mut(offset..offset.checked_add(MARK)?)
    }
}

/// Appends without doubling what is there: a run is by far the largest single thing in memory.
fn extend(run: &mut Vec<u8>, marks: &[u8]) {
    if run.capacity() - run.len() < marks.len() {
        run.reserve_exact(marks.len().max(run.len() / 16));
    }
    run.extend_from_slice(marks);
}
