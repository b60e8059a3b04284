//! The present: what all facts together say.
//!
//! [`apply`] is total. It may find that a fact changes nothing; it never refuses one (`decide.rs` refuses, before a fact exists). The
//! laws, tested as properties in `model/tests.rs`:
//!
//! - the State follows from the *set* of applied events: whatever order they came in, equal sets give equal States, byte for byte;
//! - an event applied twice counts once;
//! - a State written and read back is the same State.
//!
//! So every rule here is one about sets. Reports, comments and supporters are unions; decisions are kept whole in each report's
//! record, and what is in force is derived from the record alone (`fold.rs`) in canonical order (`order.rs`). Facts about a report
//! that is not filed yet wait: they may come from another box's chain.
//!
//! Not here: what is allowed, what is near, what time it is.

mod chain;
mod decided;
mod fold;
mod merge;
mod order;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

pub use self::chain::{Chain, Mark};
pub use self::decided::Decided;
pub use self::report::{Comment, Note, Report, Step, Supporter};

use self::decided::Stamp;
use crate::event::Event;
use crate::fact::{Body, Category, Department, Fact, Site, UnixMs};
use crate::id::{CategoryCode, DepartmentCode, DeviceId, EventId, ReportId};
use crate::time::Hlc;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Everything that is so now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct State {
    #[serde(rename = "n")]
    events: u64,
    #[serde(rename = "x")]
    devices: BTreeMap<DeviceId, serde_bytes::ByteArray<32>>,
    #[serde(rename = "c")]
    chains: BTreeMap<(DeviceId, u32), Chain>,
    /// Places of chains where a device made several events, with the marks of all.
    #[serde(rename = "q")]
    equivocations: BTreeMap<(DeviceId, u32, u64), BTreeSet<Mark>>,
    #[serde(rename = "s")]
    site: Option<Defined<Site>>,
    #[serde(rename = "d")]
    departments: BTreeMap<DepartmentCode, Defined<Department>>,
    #[serde(rename = "k")]
    categories: BTreeMap<CategoryCode, Defined<Category>>,
    /// Each in a box: the nodes of a tree that grows are half empty.
    #[serde(rename = "r")]
    reports: BTreeMap<ReportId, Box<Report>>,
    /// Facts about reports that are not filed yet, in order of (hlc, id).
    #[serde(rename = "w")]
    waiting: BTreeMap<ReportId, Vec<(Stamp, Fact)>>,
    /// (into, from) of every merge in force.
    #[serde(skip)]
    merges: BTreeSet<(ReportId, ReportId)>,
}

/// Something that later facts replace whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Defined<T> {
    value: T,
    first: (Hlc, EventId),
    last: (Hlc, EventId),
}

/// What an event touched: for those who keep look-ups beside the State.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Touched {
    /// Reports that may look different now.
    pub reports: BTreeSet<ReportId>,
    /// Whether site, categories or departments changed.
    pub town: bool,
}

/// Takes an event into account. Total; applying an event again changes nothing.
pub fn apply(state: &mut State, event: &Event) {
    apply_touching(state, event);
}

/// [`apply`], and says what it touched.
pub fn apply_touching(state: &mut State, event: &Event) -> Touched {
    let mut touched = Touched::default();
    if state.count(event)
        && let Some(fact) = &event.fact
    {
        state.take(Stamp::of(event), event.header.subject, fact, &mut touched);
    }
    touched
}

impl State {
    /// The town, once it is set up.
    pub fn site(&self) -> Option<&Site> {
        self.site.as_ref().map(|site| &site.value)
    }

    /// Departments in the order they were first defined.
    pub fn departments(&self) -> impl Iterator<Item = &Department> {
        in_order(self.departments.values())
    }

    /// The department of this code.
    pub fn department(&self, code: &DepartmentCode) -> Option<&Department> {
        self.departments.get(code).map(|department| &department.value)
    }

    /// Categories in the order they were first defined.
    pub fn categories(&self) -> impl Iterator<Item = &Category> {
        in_order(self.categories.values())
    }

    /// The category of this code.
    pub fn category(&self, code: &CategoryCode) -> Option<&Category> {
        self.categories.get(code).map(|category| &category.value)
    }

    /// The report, if it is filed.
    pub fn report(&self, id: &ReportId) -> Option<&Report> {
        self.reports.get(id).map(|report| &**report)
    }

    /// All filed reports by id.
    pub fn reports(&self) -> impl Iterator<Item = &Report> {
        self.reports.values().map(|report| &**report)
    }

    /// Filed reports whose ids lie in the range.
    pub fn reports_in(&self, ids: std::ops::RangeInclusive<ReportId>) -> impl Iterator<Item = &Report> {
        self.reports.range(ids).map(|(_, report)| &**report)
    }

    /// How many reports are filed.
    pub fn report_count(&self) -> usize {
        self.reports.len()
    }

    /// How many events are applied.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// What is applied of each chain, by device and epoch.
    pub fn chains(&self) -> &BTreeMap<(DeviceId, u32), Chain> {
        &self.chains
    }

    /// Places (device, epoch, sequence number) where a device told two stories, with the marks of the events. All are applied.
    pub fn equivocations(&self) -> &BTreeMap<(DeviceId, u32, u64), BTreeSet<Mark>> {
        &self.equivocations
    }

    /// Public keys of the boxes that joined.
    pub fn devices(&self) -> impl Iterator<Item = (&DeviceId, &[u8; 32])> {
        self.devices.iter().map(|(device, key)| (device, &**key))
    }

    /// When the town means to have dealt with a report.
    pub fn due_ms(&self, report: &Report) -> UnixMs {
        let days = self.category(&report.category).map_or(0, |category| u64::from(category.due_days));
        report.filed_ms().saturating_add(days * DAY_MS)
    }

    /// The event that made the site what it is, if it is this one already.
    pub(crate) fn same_site(&self, site: &Site) -> Option<EventId> {
        self.site.as_ref()?.same(site)
    }

    /// The event that defined the department, if it is this one already.
    pub(crate) fn same_department(&self, department: &Department) -> Option<EventId> {
        self.departments.get(&department.code)?.same(department)
    }

    /// The event that defined the category, if it is this one already.
    pub(crate) fn same_category(&self, category: &Category) -> Option<EventId> {
        self.categories.get(&category.code)?.same(category)
    }

    /// SHA-256 of the State's canonical bytes: equal on all boxes that applied the same events. Walks everything.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Hash(Sha256::new());
        // Hashing cannot fail, and every value of a State is one that CBOR has.
        let _ = ciborium::into_writer(self, io::BufWriter::with_capacity(64 * 1024, &mut hash));
        hash.0.finalize().into()
    }

    /// Counts an event in its chain. False where it is already in.
    fn count(&mut self, event: &Event) -> bool {
        let header = &event.header;
        let chain = self.chains.entry((header.device, header.epoch)).or_insert_with(Chain::new);
        match chain.place(header.seq, &event.id) {
            chain::Place::New => {}
            chain::Place::Known => return false,
            chain::Place::Taken(there) => {
                let marks = self.equivocations.entry((header.device, header.epoch, header.seq)).or_insert([there].into());
                if !marks.insert(chain::mark(&event.id)) {
                    return false;
                }
            }
        }
        chain.add(header.seq, &event.id);
        self.events += 1;
        true
    }

    fn take(&mut self, stamp: Stamp, subject: [u8; 16], fact: &Fact, touched: &mut Touched) {
        let order = stamp.order();
        match &fact.body {
            Body::DeviceEnrolled { device, public_key } => {
                // A device is the hash of its key: there is nothing to choose between.
                self.devices.entry(*device).or_insert(*public_key);
            }
            Body::EpochStarted { .. } => {}
            Body::SiteOpened(site) => {
                match &mut self.site {
                    Some(defined) => defined.define(site, order),
                    None => self.site = Some(Defined::new(site, order)),
                }
                touched.town = true;
            }
            Body::DepartmentDefined(department) => {
                define(&mut self.departments, &department.code, department, order);
                touched.town = true;
            }
            Body::CategoryDefined(category) => {
                define(&mut self.categories, &category.code, category, order);
                touched.town = true;
            }
            Body::ReportFiled { .. } => self.file(ReportId(subject), order, &fact.body, touched),
            _ => self.add(ReportId(subject), stamp, fact, touched),
        }
    }

    fn file(&mut self, id: ReportId, (hlc, event): (Hlc, EventId), body: &Body, touched: &mut Touched) {
        let Some(filed) = Report::filed(id, event, hlc, body) else { return };
        match self.reports.get_mut(&id) {
            None => {
                self.reports.insert(id, Box::new(filed));
            }
            // Two boxes filed under one id: the first one stands, with all that was said about either.
            Some(report) if (hlc, event) < (report.filed_hlc, report.filed) => {
                let kept = std::mem::replace(&mut **report, filed);
                report.supporters = kept.supporters;
                report.comments = kept.comments;
                report.record = kept.record;
                report.merged_into = kept.merged_into;
                report.merged_from = kept.merged_from;
                report.wanted = kept.wanted;
            }
            Some(_) => return,
        }
        self.refold(id, touched);
        self.find_merged_from(id, touched);
        for (stamp, fact) in self.waiting.remove(&id).unwrap_or_default() {
            self.add(id, stamp, &fact, touched);
        }
    }

    fn add(&mut self, id: ReportId, stamp: Stamp, fact: &Fact, touched: &mut Touched) {
        let Some(report) = self.reports.get_mut(&id) else {
            let facts = self.waiting.entry(id).or_default();
            let at = facts.partition_point(|(waiting, _)| waiting.order() < stamp.order());
            facts.insert(at, (stamp, fact.clone()));
            return;
        };
        match &fact.body {
            Body::SupportGiven { session } => {
                let supporter = Supporter { session: *session, event: stamp.event };
                match report.supporters.binary_search_by_key(session, |supporter| supporter.session) {
                    Ok(at) => report.supporters[at].event = report.supporters[at].event.min(stamp.event),
                    Err(at) => {
                        // Exactly: most lists are short, and there are a hundred thousand of each.
                        report.supporters.reserve_exact(1);
                        report.supporters.insert(at, supporter);
                    }
                }
                touched.reports.insert(id);
            }
            Body::CommentMade { comment, text, language, by_reporter } => {
                let (hlc, event) = stamp.order();
                // Two boxes took a comment under one id: the first one stands.
                if let Some(at) = report.comments.iter().position(|other| other.id == *comment) {
                    if (report.comments[at].hlc, report.comments[at].event) < (hlc, event) {
                        return;
                    }
                    report.comments.remove(at);
                }
                let at = report.comments.partition_point(|other| (other.hlc, other.event) < (hlc, event));
                let comment = Comment {
                    id: *comment,
                    event,
                    hlc,
                    at_ms: hlc.ms(),
                    text: text.clone(),
                    language: language.clone(),
                    by_reporter: *by_reporter,
                    hidden: None,
                };
                report.comments.reserve_exact(1);
                report.comments.insert(at, comment);
                self.refold(id, touched);
            }
            _ => {
                if let Some(decided) = Decided::of(&stamp, fact) {
                    report.record.reserve_exact(1);
                    report.record.push(decided);
                    self.refold(id, touched);
                }
            }
        }
    }
}

impl<T: Clone> Defined<T> {
    fn new(value: &T, order: (Hlc, EventId)) -> Defined<T> {
        Defined { value: value.clone(), first: order, last: order }
    }

    fn define(&mut self, value: &T, order: (Hlc, EventId)) {
        self.first = self.first.min(order);
        if order > self.last {
            self.last = order;
            self.value = value.clone();
        }
    }
}

impl<T: PartialEq> Defined<T> {
    fn same(&self, value: &T) -> Option<EventId> {
        (self.value == *value).then_some(self.last.1)
    }
}

fn define<K: Ord + Clone, T: Clone>(all: &mut BTreeMap<K, Defined<T>>, code: &K, value: &T, order: (Hlc, EventId)) {
    match all.get_mut(code) {
        Some(defined) => defined.define(value, order),
        None => {
            all.insert(code.clone(), Defined::new(value, order));
        }
    }
}

fn in_order<'a, T: 'a>(all: impl Iterator<Item = &'a Defined<T>>) -> impl Iterator<Item = &'a T> {
    let mut all: Vec<&Defined<T>> = all.collect();
    all.sort_by_key(|defined| defined.first);
    all.into_iter().map(|defined| &defined.value)
}

impl Serialize for State {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        State::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for State {
    /// Reads what was applied and derives the rest.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<State, D::Error> {
        let mut state = State::deserialize(deserializer)?;
        state.derive();
        Ok(state)
    }
}

/// Hashes what is written to it.
struct Hash(Sha256);

impl io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
