//! The canonical order of a report's decisions, and which of them knew of which.
//!
//! A decision is after another if it refers to it, takes it back, or follows it in its device's chain, directly or through others.
//! Among those that nothing orders, the earlier (hlc, id) comes first. Arrival never counts.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::decided::Decided;
use crate::id::EventId;

/// Which decisions of a record in canonical order knew of which.
pub(super) enum Knowledge {
    /// Each of all before: what nearly all records are.
    Line,
    /// One row of bits per decision: those it knows of.
    Rows(Vec<Box<[u64]>>),
}

impl Knowledge {
    /// Of a record that is in canonical order.
    pub fn of(record: &[Decided]) -> Knowledge {
        if is_line(record) { Knowledge::Line } else { rows(&predecessors(record)) }
    }

    /// Whether `later` knows of `earlier` (places in the record).
    pub fn knows(&self, later: usize, earlier: usize) -> bool {
        match self {
            Knowledge::Line => earlier < later,
            Knowledge::Rows(rows) => rows[later][earlier / 64] >> (earlier % 64) & 1 == 1,
        }
    }

    /// Those of `places` that no other of them knows of, in order.
    pub fn last_of(&self, places: &[usize]) -> Vec<usize> {
        match self {
            Knowledge::Line => places.last().copied().into_iter().collect(),
            Knowledge::Rows(_) => {
                let known = |place: usize| places.iter().any(|other| self.knows(*other, place));
                places.iter().copied().filter(|place| !known(*place)).collect()
            }
        }
    }
}

/// Brings a record into canonical order.
pub(super) fn arrange(record: &mut Vec<Decided>) -> Knowledge {
    if is_line(record) {
        return Knowledge::Line;
    }
    let order = sorted(record, &predecessors(record));
    let mut old: Vec<Option<Decided>> = std::mem::take(record).into_iter().map(Some).collect();
    record.extend(order.iter().filter_map(|at| old[*at].take()));
    rows(&predecessors(record))
}

/// Whether each follows the one before directly: then there is no other order.
fn is_line(record: &[Decided]) -> bool {
    record.windows(2).all(|pair| pair[1].follows(&pair[0]))
}

/// Out of the predecessors of each decision of a record in canonical order.
fn rows(before: &[Vec<usize>]) -> Knowledge {
    let words = before.len().div_ceil(64);
    let mut rows: Vec<Box<[u64]>> = Vec::with_capacity(before.len());
    for (at, before) in before.iter().enumerate() {
        let mut row = vec![0; words].into_boxed_slice();
        // A ring of references cannot be signed; should one be here all the same, its closing reference is not followed.
        for earlier in before.iter().copied().filter(|earlier| *earlier < at) {
            row[earlier / 64] |= 1 << (earlier % 64);
            row.iter_mut().zip(rows[earlier].iter()).for_each(|(bits, known)| *bits |= known);
        }
        rows.push(row);
    }
    Knowledge::Rows(rows)
}

fn predecessors(record: &[Decided]) -> Vec<Vec<usize>> {
    let places: BTreeMap<EventId, usize> = record.iter().enumerate().map(|(at, decided)| (decided.event, at)).collect();
    let mut chains: BTreeMap<_, BTreeMap<u64, Vec<usize>>> = BTreeMap::new();
    for (at, decided) in record.iter().enumerate() {
        chains.entry((decided.device, decided.epoch)).or_default().entry(decided.seq).or_default().push(at);
    }
    let mut before: Vec<Vec<usize>> = record
        .iter()
        .map(|decided| decided.refs.iter().copied().chain(decided.undoes()).filter_map(|id| places.get(&id).copied()).collect())
        .collect();
    for chain in chains.values() {
        for (earlier, later) in chain.values().zip(chain.values().skip(1)) {
            later.iter().for_each(|at| before[*at].extend(earlier));
        }
    }
    before
}

/// Kahn's algorithm, the earliest (hlc, id) of what is ready first.
fn sorted(record: &[Decided], before: &[Vec<usize>]) -> Vec<usize> {
    let mut waits: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); record.len()];
    for (later, earlier) in before.iter().enumerate() {
        earlier.iter().for_each(|earlier| after[*earlier].push(later));
    }
    let key = |at: usize| Reverse((record[at].order(), at));
    let mut ready: BinaryHeap<_> = (0..record.len()).filter(|at| waits[*at] == 0).map(key).collect();
    let mut order = Vec::with_capacity(record.len());
    let mut done = vec![false; record.len()];
    while order.len() < record.len() {
        let next = match ready.pop() {
            Some(Reverse((_, next))) => next,
            // Only a ring is left: begin with its earliest.
            None => match (0..record.len()).filter(|at| !done[*at]).min_by_key(|at| record[*at].order()) {
                Some(next) => next,
                None => break,
            },
        };
        if std::mem::replace(&mut done[next], true) {
            continue;
        }
        order.push(next);
        for later in &after[next] {
            waits[*later] = waits[*later].saturating_sub(1);
            if waits[*later] == 0 && !done[*later] {
                ready.push(key(*later));
            }
        }
    }
    order
}
