//! Look-ups beside the State: what is near, what is newest, whose code this is, what waits in which queue.
//!
//! Fed by the same events, never stored, rebuilt from the State at start. Answers depend on the State alone, not on the order in which
//! events came. Every report has a slot: a few dozen bytes that say all that a filter needs, so that counting a hundred thousand
//! of them is a walk through some megabytes.

mod cluster;
mod grid;
mod handles;
mod queue;
mod words;

use std::collections::{BTreeMap, BTreeSet};

pub use self::cluster::{CELL_PX, Cluster};
pub use self::queue::{Counts, Queue};

use self::cluster::Clustering;
use self::grid::Grid;
use self::handles::Handles;
use crate::event::Event;
use crate::fact::{Kind, Status, UnixMs};
use crate::geo::{Bounds, Point};
use crate::id::{AttachmentId, CategoryCode, CodeHash, CommentId, DepartmentCode, ReportId, RequestId, StaffId};
use crate::model::{Report, State, Touched, apply_touching};
use crate::time::Hlc;

/// What readers see: the State and its look-ups.
#[derive(Debug, Clone, Default)]
pub struct Present {
    pub state: State,
    pub index: Index,
}

impl Present {
    /// A State with look-ups built for it.
    pub fn of(state: State) -> Present {
        let index = Index::of(&state);
        Present { state, index }
    }

    /// Takes an event into account. Total; applying an event again changes nothing.
    pub fn apply(&mut self, event: &Event) {
        self.apply_touching(event);
    }

    /// [`Present::apply`], and says what it touched.
    pub fn apply_touching(&mut self, event: &Event) -> Touched {
        let touched = apply_touching(&mut self.state, event);
        self.index.refresh(&self.state, &touched);
        touched
    }
}

/// Which reports a look-up is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub kind: Option<Kind>,
    /// Of one of these; of any when there is none.
    pub categories: Vec<CategoryCode>,
    /// Changed at this time or later, as the public saw it; at any time when it is 0.
    pub since_ms: UnixMs,
    /// Without closed ones.
    pub open_only: bool,
    /// Without hidden ones.
    pub public_only: bool,
}

/// What look-ups need of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    id: ReportId,
    point: Point,
    /// Where that is on the flat world of the map.
    spot: map::Spot,
    filed: Hlc,
    updated: Hlc,
    due_ms: UnixMs,
    /// 0 = not put aside.
    deferred_ms: UnixMs,
    assigned: Option<StaffId>,
    category: u16,
    department: u16,
    kind: Kind,
    status: Status,
    hidden: bool,
}

impl Entry {
    fn is_open(&self) -> bool {
        self.status.is_open()
    }

    fn counts_as_open(&self) -> u32 {
        u32::from(self.is_open() && !self.hidden)
    }
}

/// The look-ups.
#[derive(Debug, Clone, Default)]
pub struct Index {
    slots: BTreeMap<ReportId, u32>,
    entries: Vec<Entry>,
    categories: BTreeMap<CategoryCode, u16>,
    departments: BTreeMap<DepartmentCode, u16>,
    grid: Grid,
    /// By last change that the public saw. By stamps, not by milliseconds: all of one batch have the same, and a box whose clock was
    /// set back stays at the same for as long as that lasts.
    updated: BTreeSet<(Hlc, ReportId, u32)>,
    filed: BTreeSet<(Hlc, ReportId, u32)>,
    due: BTreeSet<(UnixMs, ReportId, u32)>,
    codes: Handles,
    comments: Handles,
    requests: Handles,
    photos: Handles,
    open: u32,
}

/// A filter with codes looked up.
struct Test {
    kind: Option<Kind>,
    categories: Vec<u16>,
    since_ms: UnixMs,
    open_only: bool,
    public_only: bool,
}

impl Test {
    fn passes(&self, entry: &Entry) -> bool {
        self.kind.is_none_or(|kind| kind == entry.kind)
            && (self.categories.is_empty() || self.categories.contains(&entry.category))
            && self.since_ms <= entry.updated.ms()
            && (!self.open_only || entry.is_open())
            && (!self.public_only || !entry.hidden)
    }
}

impl Index {
    /// The look-ups of a State.
    pub fn of(state: &State) -> Index {
        let mut index = Index::default();
        // One after the other, the longest first: a tree of sorted items is built at once, and full, but out of a list of all of them.
        let reports = || state.reports().zip(0..);
        index.requests =
            reports().flat_map(|(report, slot)| report.record.iter().filter_map(move |it| Some((it.request?.0, slot)))).collect();
        index.comments = reports().flat_map(|(report, slot)| report.comments.iter().map(move |it| (it.id.0, slot))).collect();
        index.codes = reports().filter_map(|(report, slot)| Some((report.code?.0, slot))).collect();
        index.photos = reports().filter_map(|(report, slot)| Some((report.photo.as_ref()?.0, slot))).collect();
        index.entries.reserve_exact(state.report_count());
        for (report, slot) in reports() {
            let entry = index.entry(state, report);
            index.open += entry.counts_as_open();
            index.grid.insert(&entry.point, slot);
            index.entries.push(entry);
        }
        let entries = || index.entries.iter().zip(0..);
        index.slots = entries().map(|(entry, slot)| (entry.id, slot)).collect();
        index.updated = entries().map(|(entry, slot)| (entry.updated, entry.id, slot)).collect();
        index.filed = entries().map(|(entry, slot)| (entry.filed, entry.id, slot)).collect();
        let open = entries().filter(|(entry, _)| entry.is_open());
        index.due = open.map(|(entry, slot)| (entry.due_ms, entry.id, slot)).collect();
        index
    }

    /// Follows the State after an event.
    pub fn refresh(&mut self, state: &State, touched: &Touched) {
        // Due dates depend on categories. Towns rarely change them.
        if touched.town && !self.entries.is_empty() {
            *self = Index::of(state);
            return;
        }
        for report in touched.reports.iter().filter_map(|id| state.report(id)) {
            self.put(state, report);
        }
    }

    /// Reports in the rectangle that pass, last changed first, at most `limit`; and how many there are.
    pub fn within(&self, _state: &State, bounds: &Bounds, filter: &Filter, limit: usize) -> (Vec<ReportId>, u32) {
        let Some(test) = self.test(filter) else { return (Vec::new(), 0) };
        let passes = |entry: &Entry| bounds.contains(&entry.point) && test.passes(entry);
        let mut total = 0;
        let mut few = Vec::new();
        // Up to here, picking the newest of what is found costs less than walking back through the whole town until enough are.
        let enough = limit.saturating_mul(8).saturating_mul(self.entries.len()).isqrt().max(limit.saturating_mul(4));
        let take = |entry: &Entry| {
            if passes(entry) {
                total += 1;
                if few.len() <= enough {
                    few.push((entry.updated, entry.id));
                }
            }
        };
        self.each(bounds, take);
        if few.len() > enough {
            return (self.newest_that(limit, UnixMs::MAX, passes), total);
        }
        if limit < few.len() {
            few.select_nth_unstable_by(limit, |a, b| b.cmp(a));
            few.truncate(limit);
        }
        few.sort_unstable_by(|a, b| b.cmp(a));
        (few.into_iter().map(|(_, id)| id).collect(), total)
    }

    /// The reports in the rectangle that pass, clustered for a map at this zoom (as web maps count it), and how many reports those in the
    /// rectangle are.
    pub fn clusters(&self, bounds: &Bounds, zoom: f64, filter: &Filter) -> (Vec<Cluster>, u32) {
        let Some(test) = self.test(filter) else { return (Vec::new(), 0) };
        let mut clustering = Clustering::new(bounds, zoom);
        let around = clustering.around();
        let mut total = 0;
        let take = |entry: &Entry| {
            if around.contains(&entry.point) && test.passes(entry) {
                total += u32::from(bounds.contains(&entry.point));
                clustering.add(entry);
            }
        };
        self.each(&around, take);
        let code = |number: u16| self.categories.iter().find(|(_, other)| **other == number).map(|(code, _)| code.clone());
        (clustering.finish(code), total)
    }

    /// Reports that pass, last changed first, from `before_ms` on backwards, at most `limit`; and how many pass at any time.
    pub fn newest(&self, _state: &State, filter: &Filter, before_ms: Option<UnixMs>, limit: usize) -> (Vec<ReportId>, u32) {
        let Some(test) = self.test(filter) else { return (Vec::new(), 0) };
        let total = self.entries.iter().filter(|entry| test.passes(entry)).count() as u32;
        (self.newest_that(limit, before_ms.unwrap_or(UnixMs::MAX), |entry| test.passes(entry)), total)
    }

    /// Reports that pass, nearest first, at most `limit`; and how many pass anywhere.
    pub fn nearest(&self, _state: &State, point: Point, filter: &Filter, limit: usize) -> (Vec<ReportId>, u32) {
        let Some(test) = self.test(filter) else { return (Vec::new(), 0) };
        let total = self.entries.iter().filter(|entry| test.passes(entry)).count();
        let wanted = limit.min(total);
        // The last one goes round the whole planet.
        let radii = (0..20).map(|doublings| 200.0 * f64::from(1_u32 << doublings));
        let mut found = Vec::new();
        for radius_m in radii {
            if found.len() >= wanted {
                break;
            }
            found = self.around(point, radius_m, &test);
        }
        found.truncate(limit);
        (found.into_iter().map(|(id, _)| id).collect(), total as u32)
    }

    /// Reports of the category within `radius_m` that pass, with the distance in whole metres, nearest first, at most `limit`.
    pub fn near(
        &self,
        _state: &State,
        point: Point,
        category: &CategoryCode,
        radius_m: f64,
        filter: &Filter,
        limit: usize,
    ) -> Vec<(ReportId, u32)> {
        let filter = Filter { categories: vec![category.clone()], ..filter.clone() };
        let Some(test) = self.test(&filter) else { return Vec::new() };
        let mut found = self.around(point, radius_m, &test);
        found.truncate(limit);
        found
    }

    /// The report that this follow-up code belongs to.
    pub fn by_code<'a>(&self, state: &'a State, code: &CodeHash) -> Option<&'a Report> {
        self.having(state, &self.codes, &code.0, |report| report.code == Some(*code)).min_by_key(|report| report.id)
    }

    /// The reports that have this photo.
    pub fn by_photo<'a>(&self, state: &'a State, photo: &AttachmentId) -> impl Iterator<Item = &'a Report> {
        self.having(state, &self.photos, &photo.0, |report| report.photo.as_deref() == Some(photo))
    }

    /// Reports that people call by this name, as typed: `R-4F7K2M`, any case, with or without `R-`.
    pub fn by_reference(&self, reference: &str) -> Vec<ReportId> {
        let Some(bits) = words::reference_bits(reference) else { return Vec::new() };
        let (mut first, mut last) = ([0; 16], [0xFF; 16]);
        first[..4].copy_from_slice(&(bits << 2).to_be_bytes());
        last[..4].copy_from_slice(&(bits << 2 | 3).to_be_bytes());
        self.slots.range(ReportId(first)..=ReportId(last)).map(|(id, _)| *id).collect()
    }

    /// The report that has this comment.
    pub fn by_comment<'a>(&self, state: &'a State, comment: &CommentId) -> Option<&'a Report> {
        self.having(state, &self.comments, &comment.0, |report| report.comment(comment).is_some()).min_by_key(|report| report.id)
    }

    /// The report that this wish was about.
    pub fn by_request<'a>(&self, state: &'a State, request: &RequestId) -> Option<&'a Report> {
        let has = |report: &Report| report.record.iter().any(|decided| decided.request == Some(*request));
        self.having(state, &self.requests, &request.0, has).min_by_key(|report| report.id)
    }

    fn having<'a, const N: usize>(
        &self,
        state: &'a State,
        handles: &Handles,
        id: &[u8; N],
        has: impl Fn(&Report) -> bool,
    ) -> impl Iterator<Item = &'a Report> {
        let slots = handles.slots(id);
        slots.filter_map(|slot| state.report(&self.entries[slot as usize].id)).filter(move |report| has(report))
    }

    /// How many reports are open and not hidden.
    pub fn open_reports(&self) -> u32 {
        self.open
    }

    /// Every entry that may lie in the rectangle; in no particular order.
    fn each(&self, bounds: &Bounds, mut take: impl FnMut(&Entry)) {
        // Jumping from cell to entry costs some ten times as much as going through all entries in turn.
        if self.grid.count(bounds) > self.entries.len() / 10 {
            self.entries.iter().for_each(take);
        } else {
            self.grid.each(bounds, |slot| take(&self.entries[slot as usize]));
        }
    }

    /// Nothing passes a filter by categories that no report has.
    fn test(&self, filter: &Filter) -> Option<Test> {
        let categories: Vec<u16> = filter.categories.iter().filter_map(|code| self.categories.get(code).copied()).collect();
        (filter.categories.is_empty() || !categories.is_empty()).then_some(Test {
            kind: filter.kind,
            categories,
            since_ms: filter.since_ms,
            open_only: filter.open_only,
            public_only: filter.public_only,
        })
    }

    fn newest_that(&self, limit: usize, before_ms: UnixMs, passes: impl Fn(&Entry) -> bool) -> Vec<ReportId> {
        self.updated
            .range(..=(Hlc::new(before_ms, u16::MAX), ReportId([0xFF; 16]), u32::MAX))
            .rev()
            .filter(|(_, _, slot)| passes(&self.entries[*slot as usize]))
            .take(limit)
            .map(|(_, id, _)| *id)
            .collect()
    }

    fn around(&self, point: Point, radius_m: f64, test: &Test) -> Vec<(ReportId, u32)> {
        let bounds = Bounds::around(point, radius_m);
        let mut found = Vec::new();
        self.grid.each(&bounds, |slot| {
            let entry = &self.entries[slot as usize];
            if bounds.contains(&entry.point) && test.passes(entry) {
                let distance_m = point.distance_m(&entry.point);
                if distance_m <= radius_m {
                    // Millimetres order equally far ones by id alone on every machine.
                    found.push(((distance_m * 1000.0) as u64, entry.id));
                }
            }
        });
        found.sort_unstable();
        found.into_iter().map(|(mm, id)| (id, (mm as f64 / 1000.0).round() as u32)).collect()
    }

    fn entry(&mut self, state: &State, report: &Report) -> Entry {
        let point = report.place.point;
        Entry {
            id: report.id,
            point,
            spot: map::Point { lat_e7: point.lat_e7, lon_e7: point.lon_e7 }.spot(),
            filed: report.filed_hlc,
            updated: report.updated_hlc,
            due_ms: state.due_ms(report),
            deferred_ms: report.deferred_ms.unwrap_or(0),
            assigned: report.assigned,
            category: number(&mut self.categories, &report.category),
            department: number(&mut self.departments, &report.department),
            kind: report.kind,
            status: report.status,
            hidden: report.hidden.is_some(),
        }
    }

    fn put(&mut self, state: &State, report: &Report) {
        let entry = self.entry(state, report);
        self.open += entry.counts_as_open();
        let id = report.id;
        let slot = match self.slots.get(&id) {
            Some(slot) => {
                let slot = *slot;
                let before = std::mem::replace(&mut self.entries[slot as usize], entry.clone());
                self.open -= before.counts_as_open();
                self.grid.remove(&before.point, slot);
                self.updated.remove(&(before.updated, id, slot));
                self.filed.remove(&(before.filed, id, slot));
                self.due.remove(&(before.due_ms, id, slot));
                slot
            }
            None => {
                let slot = self.entries.len() as u32;
                self.slots.insert(id, slot);
                self.entries.push(entry.clone());
                slot
            }
        };
        self.grid.insert(&entry.point, slot);
        self.updated.insert((entry.updated, id, slot));
        self.filed.insert((entry.filed, id, slot));
        if entry.is_open() {
            self.due.insert((entry.due_ms, id, slot));
        }
        report.code.iter().for_each(|code| self.codes.add(&code.0, slot));
        report.photo.iter().for_each(|photo| self.photos.add(&photo.0, slot));
        report.comments.iter().for_each(|comment| self.comments.add(&comment.id.0, slot));
        report.record.iter().filter_map(|decided| decided.request).for_each(|request| self.requests.add(&request.0, slot));
    }
}

fn number<K: Ord + Clone>(numbers: &mut BTreeMap<K, u16>, key: &K) -> u16 {
    if let Some(number) = numbers.get(key) {
        return *number;
    }
    // Past 65,535 categories the rest share a number; no town has a thousand.
    let number = numbers.len().min(usize::from(u16::MAX)) as u16;
    numbers.insert(key.clone(), number);
    number
}

#[cfg(test)]
mod tests;
