//! The shell round the pure core: decide, seal, append, sync, apply, answer.
//!
//! One thread owns the [`Store`]. Readers share the [`Present`], which never holds a fact that a power loss could take back.
//!
//! | file | holds |
//! |------|-------|
//! | `lock` | process id of whoever has the store open |
//! | `kek`, `keyring` | keys (`keyring.rs`) |
//! | `current` | symbolic link to the journal in use, `log-NNNN/` (`journal.rs`) |
//! | `tape/NNNN.cborseq` | every event once more (`journal/tape.rs`) |
//! | `snap-state` | the State, sealed (`store/snapshot.rs`) |
//! | `ballast` | blocks given up so that a full disk can be read (`store/open.rs`) |
//! | `suspect` | that events were found bad (`store/scrub.rs`) |
//! | `here` | where the store is, so that a copy is known as one (`store/open.rs`) |
//! | `att/ab/cdef…` | attachments by SHA-256 (`store/attachment.rs`) |
//! | `repair/`, `broken-…/` | what the open ladder put aside (`store/open.rs`) |

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::command::{Command, Context, Decision, Refusal};
use crate::decide::{Verdict, decide};
use crate::event::{self, BadEvent, Draft, Event, Position, Sealed};
use crate::fact::{Body, Fact, UnixMs};
use crate::id::{DeviceId, EventId, KeyId, OrgId};
use crate::index::Present;
use crate::journal::tape::{Tape, TapeMark};
use crate::journal::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, Journal, JournalError, Limits, Mark};
use crate::keyring::{Chance, KeyError, Keyring, Seal};
use crate::time::{Hlc, HlcClock};

pub mod attachment;
pub mod audit;
pub mod open;
pub mod replay;
mod scrub;
pub mod snapshot;

pub use self::attachment::Attachments;
pub use self::audit::{Finding, VerifyReport, compact, export, export_json, verify};

/// Events after which the State is written down again: replaying them takes about a second.
pub const SNAPSHOT_EVENTS: u64 = 20_000;
/// How long the tape may stay unsynced.
const TAPE_SYNC_MS: u64 = 60_000;
/// Events from which on a second thread pays for itself: sealing one takes some 30 µs.
const TWO_THREADS_MIN: usize = 8;
/// 2200-01-01. A wall clock beyond it is broken: stamps go on from the last one instead.
const CLOCK_MAX_MS: UnixMs = 7_258_118_400_000;
/// What the site's own facts are about.
const SITE: [u8; 16] = [0; 16];

/// Where a store is, and what opens its keys.
#[derive(Debug, Clone)]
pub struct Home<'a> {
    /// The directory.
    pub dir: &'a Path,
    /// What the key-encryption key is sealed under, if it is.
    pub seal: Option<Seal>,
}

impl<'a, P: AsRef<Path> + ?Sized> From<&'a P> for Home<'a> {
    /// A store whose key-encryption key lies open.
    fn from(dir: &'a P) -> Home<'a> {
        Home { dir: dir.as_ref(), seal: None }
    }
}

/// A client's wish with what the box knows about it.
pub struct Wish<'a> {
    /// What.
    pub command: &'a Command,
    /// Who, when.
    pub context: Context<'a>,
}

/// A wish that came true and will stay so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The first event that it became.
    pub event: EventId,
    /// When, by the box's hybrid clock.
    pub at_ms: UnixMs,
    /// Whether it had come true before, by an earlier request.
    pub already: bool,
    /// All events that it became; empty when `already`.
    pub events: Vec<Event>,
}

/// Why nothing could be written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing of the batch part in hand was changed; try again later.
    #[error("the disk is full: {0}")]
    Full(String),
    /// Restart the process.
    #[error("the store is read-only: {0}")]
    ReadOnly(String),
    /// The journal or a file could not be read.
    #[error("{0}")]
    Disk(String),
    /// An event could not be sealed.
    #[error("the event cannot be sealed: {0}")]
    Seal(#[from] BadEvent),
}

impl From<JournalError> for StoreError {
    fn from(error: JournalError) -> StoreError {
        let words = error.to_string();
        match error {
            JournalError::Full { .. } => StoreError::Full(words),
            JournalError::ReadOnly(_) => StoreError::ReadOnly(words),
            _ => StoreError::Disk(words),
        }
    }
}

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{path}: another process has the store open{}", pid.as_ref().map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    InUse { path: PathBuf, pid: Option<String> },
    #[error("{0}: there is no store here: run `wegovnowd init`")]
    NoStore(PathBuf),
    #[error("{0}: there is a store here already")]
    Exists(PathBuf),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("the first event cannot be sealed: {0}")]
    Seal(#[from] BadEvent),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
}

/// The store, owned by one thread.
pub struct Store {
    dir: PathBuf,
    keyring: Keyring,
    journal: Journal,
    tape: Tape,
    /// Last event on the tape, (epoch, seq).
    taped: (u32, u64),
    /// Whether the tape missed events, because the disk was full.
    tape_behind: bool,
    tape_synced_ms: UnixMs,
    present: Arc<RwLock<Present>>,
    clock: HlcClock,
    device: DeviceId,
    epoch: u32,
    seq: u64,
    prev: Option<EventId>,
    unsnapped: u64,
    /// Whether events on the disk were found bad: then no snapshot may stand in for reading them.
    distrusted: bool,
    chance: Box<dyn Chance>,
    /// Held last: others may open the directory when everything above is closed.
    _lock: open::Lock,
}

impl Store {
    /// Makes the keys and the first events of a new box.
    pub fn init<'a>(home: impl Into<Home<'a>>, org: OrgId, chance: &mut dyn Chance, now_ms: UnixMs) -> Result<(), OpenError> {
        open::init(home.into(), org, chance, now_ms, Limits::default())
    }

    /// Opens the store. The strings say what the open ladder had to do; none after a clean stop.
    pub fn open<'a>(
        home: impl Into<Home<'a>>,
        chance: Box<dyn Chance>,
        now_ms: UnixMs,
    ) -> Result<(Store, Vec<String>), OpenError> {
        open::open(home.into(), chance, now_ms, Limits::default())
    }

    /// [`Store::open`] with other limits of the disk.
    pub fn open_within<'a>(
        home: impl Into<Home<'a>>,
        chance: Box<dyn Chance>,
        now_ms: UnixMs,
        limits: Limits,
    ) -> Result<(Store, Vec<String>), OpenError> {
        open::open(home.into(), chance, now_ms, limits)
    }

    /// What readers see.
    pub fn present(&self) -> Arc<RwLock<Present>> {
        Arc::clone(&self.present)
    }

    /// For the hashes of follow-up codes and the pseudonyms of staff.
    pub fn town_key(&self) -> &[u8; 32] {
        self.keyring.town()
    }

    /// This box.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// The municipality.
    pub fn org(&self) -> OrgId {
        self.keyring.org()
    }

    /// The epoch of this box's chain.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Attached files.
    pub fn attachments(&self) -> Attachments {
        Attachments::new(&self.dir, self.journal.limits().clone())
    }

    /// Decides wishes in order and answers when all that came of them is durable.
    ///
    /// One commit for all, except where a wish touches what an earlier one of the same call touches: that one is committed
    /// first, so that each is decided on what the earlier ones made. After an error, parts committed before it stay; repeating the call is
    /// safe, as repeated wishes are recognised.
    pub fn submit(&mut self, wishes: &[Wish<'_>]) -> Result<Vec<Result<Done, Refusal>>, StoreError> {
        let mut answers: Vec<Result<Done, Refusal>> = Vec::with_capacity(wishes.len());
        let mut batch = Batch::default();
        for wish in wishes {
            let touched = touched(wish.command);
            if batch.is_full() || batch.touches(&touched) {
                self.commit(&mut batch, &mut answers)?;
            }
            let verdict = {
                let present = self.present.read().unwrap_or_else(PoisonError::into_inner);
                decide(&present, wish.command, &wish.context)
            };
            match verdict {
                Err(refusal) => answers.push(Err(refusal)),
                Ok(Verdict::Already(event)) => {
                    let at_ms = self.stamp_of(event)?.ms();
                    answers.push(Ok(Done { event, at_ms, already: true, events: Vec::new() }));
                }
                Ok(Verdict::New(drafts)) => {
                    if drafts.is_empty() {
                        return Err(StoreError::Disk("a decision became no event".to_owned()));
                    }
                    batch.answers.push((answers.len(), drafts.len()));
                    batch.touched.extend(touched);
                    // Filled in when it is sealed.
                    answers.push(Ok(Done { event: EventId([0; 32]), at_ms: 0, already: false, events: Vec::new() }));
                    for draft in drafts {
                        let plain = event::fact_bytes(&draft.fact)?;
                        let seq = self.seq + batch.waiting.len() as u64 + 1;
                        let hlc = tick(&mut self.clock, wish.context.now_ms);
                        let mut random = [0; 56];
                        self.chance.fill(&mut random);
                        let at = Position { epoch: self.epoch, seq, prev: None, hlc };
                        batch.push(Waiting { draft, plain, at, random });
                    }
                }
            }
        }
        self.commit(&mut batch, &mut answers)?;
        Ok(answers)
    }

    /// Writes a sign of life through the whole path to the disk, syncs the tape once a minute, and writes the snapshot when it is due.
    /// [`StoreError::Full`] is a sign of life too: it says that nothing was written because the disk is full.
    pub fn heartbeat(&mut self, now_ms: UnixMs) -> Result<(), StoreError> {
        self.journal.append(&[], &[Mark { name: b"heartbeat".to_vec(), value: now_ms.to_be_bytes().to_vec() }])?;
        // A clock that was set back also means that it is time.
        if now_ms.abs_diff(self.tape_synced_ms) >= TAPE_SYNC_MS {
            self.sync_tape()?;
            self.tape_synced_ms = now_ms;
        }
        if self.unsnapped >= SNAPSHOT_EVENTS {
            self.snapshot()?;
        }
        Ok(())
    }

    /// Makes the tape durable, and appends what it missed while the disk was full.
    pub fn sync_tape(&mut self) -> Result<(), StoreError> {
        if self.tape_behind {
            self.catch_up_tape()?;
        }
        let (number, bytes) = self.tape.sync().map_err(|error| StoreError::Disk(format!("tape: {error}")))?;
        let mark = TapeMark { number, bytes, last: self.taped };
        self.journal.append(&[], &[Mark { name: b"tape".to_vec(), value: mark.to_bytes() }])?;
        Ok(())
    }

    /// Writes the State down, so that the next start need not replay what led to it.
    pub fn snapshot(&mut self) -> Result<(), StoreError> {
        if self.distrusted {
            return Ok(());
        }
        self.journal.check_space(0)?;
        let present = Arc::clone(&self.present);
        let present = present.read().unwrap_or_else(PoisonError::into_inner);
        snapshot::write(&self.dir.join(open::SNAPSHOT), &present.state, &self.keyring, self.chance.as_mut())
            .map_err(|error| StoreError::Disk(format!("snapshot: {error}")))?;
        self.unsnapped = 0;
        Ok(())
    }

    /// Stops cleanly: tape and snapshot written, files closed. What fails here costs time at the next start, not events.
    pub fn close(mut self) -> Result<(), StoreError> {
        let tape = self.sync_tape();
        let snapshot = if self.unsnapped > 0 { self.snapshot() } else { Ok(()) };
        self.journal.close()?;
        tape.and(snapshot)
    }

    /// Seals what waits: payloads and signatures on two threads, the links between them in turn.
    fn seal(&self, waiting: &[Waiting]) -> Result<Vec<Sealed>, BadEvent> {
        let (org, device, keyring) = (self.keyring.org(), self.device, &self.keyring);
        let wrapped = on_two_threads(waiting, |Waiting { draft, plain, at, random }| {
            let data_key = keyring.data_key(KeyId(draft.subject)).ok_or(BadEvent::Sealed)?;
            event::wrap(draft, plain, org, device, *at, &data_key, random)
        })?;
        let mut prev = self.prev;
        let mut linked = Vec::with_capacity(wrapped.len());
        for wrapped in wrapped {
            let event = wrapped.link(prev);
            prev = Some(event.id());
            linked.push(event);
        }
        let signed = on_two_threads(&linked, |linked| linked.sign(keyring.device()))?;
        Ok(linked.into_iter().zip(signed).map(|(linked, signed)| linked.sealed(signed)).collect())
    }

    fn commit(&mut self, batch: &mut Batch, answers: &mut [Result<Done, Refusal>]) -> Result<(), StoreError> {
        let batch = std::mem::take(batch);
        if batch.waiting.is_empty() {
            return Ok(());
        }
        let events = self.seal(&batch.waiting)?;
        self.journal.append(&events, &[])?;
        if let Some(last) = events.last() {
            (self.seq, self.prev) = (last.header.seq, Some(last.id));
        }
        self.unsnapped += events.len() as u64;
        // The events are durable: a tape that cannot be written must not turn them down. It catches up later.
        if !self.tape_behind {
            let events = events.iter().map(|event| (event.signed.as_slice(), Some(event.payload.as_slice())));
            match self.tape.append(events) {
                Ok(()) => self.taped = (self.epoch, self.seq),
                Err(_) => self.tape_behind = true,
            }
        }
        {
            let facts = batch.waiting.into_iter().map(|waiting| Some(waiting.draft.fact));
            let mut events =
                events.into_iter().zip(facts).map(|(sealed, fact)| Event { id: sealed.id, header: sealed.header, fact });
            let mut present = self.present.write().unwrap_or_else(PoisonError::into_inner);
            for (answer, count) in batch.answers {
                let events: Vec<Event> = events.by_ref().take(count).collect();
                events.iter().for_each(|event| present.apply(event));
                if let (Some(Ok(done)), Some(first)) = (answers.get_mut(answer), events.first()) {
                    (done.event, done.at_ms) = (first.id, first.header.hlc.ms());
                    done.events = events;
                }
            }
        }
        if self.unsnapped >= 2 * SNAPSHOT_EVENTS {
            // Nobody's heartbeat had time for it. Failing costs time at the next start; the next try is at the next heartbeat.
            let _ = self.snapshot();
        }
        Ok(())
    }

    fn catch_up_tape(&mut self) -> Result<(), StoreError> {
        open::catch_up(&mut self.tape, &self.journal, self.device, self.epoch, &mut self.taped)?;
        self.tape_behind = false;
        Ok(())
    }

    fn stamp_of(&self, id: EventId) -> Result<Hlc, StoreError> {
        let place = self.journal.place(id)?;
        let row = place.map(|place| self.journal.row(place)).transpose()?.flatten();
        let row = row.ok_or_else(|| StoreError::Disk(format!("event {id} is not in the journal")))?;
        Ok(event::read(&row.signed)?.1.hlc)
    }
}

/// A stamp for now; a wall clock that cannot be right only counts on from the last stamp.
fn tick(clock: &mut HlcClock, now_ms: UnixMs) -> Hlc {
    clock.tick(if now_ms > CLOCK_MAX_MS { 0 } else { now_ms })
}

fn seal(keyring: &Keyring, chance: &mut dyn Chance, draft: &Draft, at: Position) -> Result<Sealed, BadEvent> {
    let data_key = keyring.data_key(KeyId(draft.subject)).ok_or(BadEvent::Sealed)?;
    let mut random = [0; 56];
    chance.fill(&mut random);
    event::seal(draft, keyring.org(), at, keyring.device(), &data_key, &random)
}

fn site_draft(body: Body) -> Draft {
    Draft { subject: SITE, refs: Vec::new(), actor: None, fact: Fact { request: None, undoes: None, body } }
}

/// Does the work for each, on two threads where there are so many that it pays.
fn on_two_threads<T: Sync, R: Send, E: Send>(items: &[T], work: impl Fn(&T) -> Result<R, E> + Sync) -> Result<Vec<R>, E> {
    let all = |items: &[T]| items.iter().map(&work).collect::<Result<Vec<R>, E>>();
    if items.len() < TWO_THREADS_MIN {
        return all(items);
    }
    let (here, there) = items.split_at(items.len() / 2);
    std::thread::scope(|scope| {
        let other = std::thread::Builder::new().spawn_scoped(scope, || all(there));
        let mut done = all(here)?;
        done.extend(match other.map(|other| other.join()) {
            Ok(Ok(done)) => done?,
            // No thread was to be had, or it panicked: what it did not do is done here.
            _ => all(there)?,
        });
        Ok(done)
    })
}

/// A draft that waits to be sealed and written.
struct Waiting {
    draft: Draft,
    /// The fact's bytes.
    plain: Vec<u8>,
    /// Where it will be; the event before is known when that is sealed.
    at: Position,
    random: [u8; 56],
}

/// Drafts that wait for their commit, and what they are about.
#[derive(Default)]
struct Batch {
    waiting: Vec<Waiting>,
    bytes: usize,
    touched: BTreeSet<Touch>,
    /// Places of the answers that become true with the commit, each with how many events it is.
    answers: Vec<(usize, usize)>,
}

impl Batch {
    fn push(&mut self, waiting: Waiting) {
        self.bytes += event::HEADER_MAX + waiting.plain.len();
        self.waiting.push(waiting);
    }

    fn is_full(&self) -> bool {
        // One wish becomes a few events, of at most 66 KiB each.
        self.waiting.len() + 8 > BATCH_EVENTS_MAX || self.bytes + 4 * (event::PAYLOAD_MAX + event::HEADER_MAX) > BATCH_BYTES_MAX
    }

    fn touches(&self, touched: &[Touch]) -> bool {
        let town = touched.contains(&Touch::Town) || self.touched.contains(&Touch::Town);
        !self.touched.is_empty() && (town || touched.iter().any(|touch| self.touched.contains(touch)))
    }
}

/// What a decision may read and an earlier one of the same batch may change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Touch {
    /// Everything: site, departments, categories.
    Town,
    /// An id of sixteen bytes, of whichever noun: report, comment, request.
    Id([u8; 16]),
    /// A follow-up code's hash.
    Code([u8; 32]),
}

fn touched(command: &Command) -> Vec<Touch> {
    match command {
        Command::OpenSite(_) | Command::DefineDepartment(_) | Command::DefineCategory(_) => vec![Touch::Town],
        Command::FileReport { report, code, .. } => {
            let code = code.iter().map(|code| Touch::Code(code.0));
            [Touch::Id(report.0)].into_iter().chain(code).collect()
        }
        Command::Support { report, .. } => vec![Touch::Id(report.0)],
        Command::Comment { report, comment, .. } => vec![Touch::Id(report.0), Touch::Id(comment.0)],
        Command::Decide { report, request, decision, .. } => {
            let into = if let Decision::Merge { into } = decision { Some(Touch::Id(into.0)) } else { None };
            [Touch::Id(report.0), Touch::Id(request.0)].into_iter().chain(into).collect()
        }
    }
}
