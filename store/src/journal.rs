//! The journal on sled 0.34.7: the only module that says `sled`.
//!
//! Trees, all keys big-endian and of fixed width:
//!
//! | tree   | key | value |
//! |--------|-----|-------|
//! | `hdr`  | device (16) ‖ epoch (4) ‖ seq (8) | signed header |
//! | `pay`  | event id (32) | payload |
//! | `pos`  | event id (32) | device ‖ epoch ‖ seq |
//! | `meta` | name | schema version, heartbeat, tape mark, rows of closed epochs |
//! | `quar` | event id (32) | reason and bytes of what was read but not taken in |
//!
//! **Durability.** sled's `flush` writes with `sync_file_range`, which does not reach the disk's own cache nor the file's metadata; so every
//! append is one transaction over all trees (a lone event: its rows, the header last), then `flush`, then `sync_data` on a second handle of `db`, and only then an answer. When one of
//! the two fails, the kernel may have dropped the pages while marking them clean: the journal then refuses all writes until the process starts again and
//! never tries the same sync twice.
//!
//! **Full disk.** sled does not survive a failed write, so it never sees one: an append is refused while less than a reserve is free.

use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sled::Transactional;
use sled::transaction::{ConflictableTransactionError, TransactionError};

use crate::durable;
use crate::event::Sealed;
use crate::id::{DeviceId, EventId};

pub mod gather;
pub mod tape;

/// Version of the trees.
const SCHEMA: u32 = 1;
/// Most events of one transaction: sled's memory grows with the size of a transaction, not with its cache.
pub const BATCH_EVENTS_MAX: usize = 256;
/// Most bytes of one transaction.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;
/// Most rows read through one iterator; long iterators pin memory and have locked up with transactions (sled issue 1301).
pub const RANGE_MAX: usize = 1000;

/// Place of an event: chain and number.
pub type Place = (DeviceId, u32, u64);

/// Tells the payload of a signed header at a place, where it knows it.
pub type Known<'a> = dyn FnMut(Place, &[u8]) -> Option<Vec<u8>> + 'a;

/// Tells how many bytes are free where a path is.
pub type FreeBytes = dyn Fn(&Path) -> io::Result<u64> + Send + Sync;

/// What the journal may use of the disk.
#[derive(Clone)]
pub struct Limits {
    /// An append is refused while less than this is free, in bytes.
    pub reserve_bytes: u64,
    /// Reads how much is free, in bytes.
    pub free: Arc<FreeBytes>,
    /// Page cache of sled, in bytes.
    pub cache_bytes: u64,
}

impl Default for Limits {
    /// Keeps 32 MiB free: sled's segments, its snapshot and the tape of a minute fit several times.
    fn default() -> Limits {
        Limits { reserve_bytes: 32 << 20, free: Arc::new(durable::free_bytes), cache_bytes: 8 << 20 }
    }
}

/// What the journal can answer instead of doing it.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("{path}: {free} bytes are free, {needed} are needed. Nothing was changed; make room and try again")]
    Full { path: PathBuf, free: u64, needed: u64 },
    #[error("the journal takes no more writes until the program starts again: {0}")]
    ReadOnly(String),
    #[error("{0}: another process has the store open")]
    Locked(PathBuf),
    #[error("the journal is damaged: {0}")]
    Damaged(String),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
}

/// A header with its payload, as they lie on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Place in the chain.
    pub seq: u64,
    /// Signed header.
    pub signed: Vec<u8>,
    /// Payload; none when it was deleted.
    pub payload: Option<Vec<u8>>,
}

/// A small value written together with events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its name in `meta`.
    pub name: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

/// The log of events on disk.
pub struct Journal {
    dir: PathBuf,
    db: sled::Db,
    hdr: sled::Tree,
    pay: sled::Tree,
    pos: sled::Tree,
    meta: sled::Tree,
    quar: sled::Tree,
    /// Second handle of sled's file: what `sync_data` is called on.
    file: File,
    limits: Limits,
    /// Why it takes no more writes.
    poisoned: Option<String>,
}

/// Runs something that touches sled; a panic inside becomes words.
pub fn guard<T>(work: impl FnOnce() -> Result<T, JournalError>) -> Result<T, JournalError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        Err(JournalError::Damaged(format!("it panicked: {}", words.unwrap_or_default())))
    })
}

impl Journal {
    /// Opens the journal in `dir`, creating it when the directory is empty or missing.
    pub fn open(dir: &Path, limits: Limits) -> Result<Journal, JournalError> {
        let io = |source| JournalError::Io { path: dir.to_owned(), source };
        fs::create_dir_all(dir).map_err(io)?;
        let created = !dir.join("db").exists();
        let open = || -> Result<Journal, sled::Error> {
            let db = sled::Config::new()
                .path(dir)
                .cache_capacity(limits.cache_bytes)
                .flush_every_ms(Some(500))
                .mode(sled::Mode::HighThroughput)
                .open()?;
            let tree = |name: &str| db.open_tree(name);
            let (hdr, pay, pos, meta, quar) = (tree("hdr")?, tree("pay")?, tree("pos")?, tree("meta")?, tree("quar")?);
            let file = File::options().read(true).write(true).open(dir.join("db"))?;
            Ok(Journal { dir: dir.to_owned(), db, hdr, pay, pos, meta, quar, file, limits, poisoned: None })
        };
        let mut journal = open().map_err(|error| translate(dir, error))?;
        // At every open sled writes a snapshot of where its pages are, and does not sync the name. Should the older one come back after a
        // power loss, it would lead into segments that were written over since, and the log would be lost.
        durable::sync_dir(dir).map_err(io)?;
        if created {
            durable::sync_dir(durable::parent(dir)).map_err(io)?;
        }
        let found = journal.mark(b"schema")?;
        if let Some(found) = found {
            if found != SCHEMA.to_be_bytes() {
                return Err(JournalError::Io {
                    path: dir.to_owned(),
                    source: io::Error::other(format!("the journal has schema {found:?}, this program reads {SCHEMA}")),
                });
            }
        } else {
            journal.append(&[], &[Mark { name: b"schema".to_vec(), value: SCHEMA.to_be_bytes().to_vec() }])?;
        }
        Ok(journal)
    }

    /// Where it lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What it may use of the disk.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether `bytes` more would leave the reserve untouched.
    pub fn check_space(&self, bytes: usize) -> Result<(), JournalError> {
        let free = (self.limits.free)(&self.dir).map_err(|source| JournalError::Io { path: self.dir.clone(), source })?;
        // Two to three bytes of sled for every byte of an event, and as much again on the tape.
        let needed = self.limits.reserve_bytes.saturating_add(4 * bytes as u64);
        if free < needed { Err(JournalError::Full { path: self.dir.clone(), free, needed }) } else { Ok(()) }
    }

    /// Writes events and marks durably: when this answers `Ok`, they survive a power loss; each part of at most
    /// [`BATCH_EVENTS_MAX`] events and [`BATCH_BYTES_MAX`] bytes survives whole or not at all.
    pub fn append(&mut self, events: &[Sealed], marks: &[Mark]) -> Result<(), JournalError> {
        if let Some(reason) = &self.poisoned {
            return Err(JournalError::ReadOnly(reason.clone()));
        }
        let bytes = |event: &Sealed| event.signed.len() + event.payload.len();
        self.check_space(events.iter().map(bytes).sum())?;
        let mut rest = events;
        loop {
            let mut size = 0;
            let count = rest
                .iter()
                .take(BATCH_EVENTS_MAX)
                .take_while(|event| {
                    size += bytes(event);
                    size <= BATCH_BYTES_MAX
                })
                .count();
            let (part, later) = rest.split_at(count.max(1).min(rest.len()));
            let marks = if later.is_empty() { marks } else { &[] };
            let written = guard(|| self.commit(part, marks).map_err(|error| translate(&self.dir, error)));
            if let Err(error) = written {
                let reason = error.to_string();
                self.poisoned = Some(reason.clone());
                return Err(JournalError::ReadOnly(reason));
            }
            rest = later;
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    fn commit(&self, events: &[Sealed], marks: &[Mark]) -> Result<(), sled::Error> {
        match (events, marks) {
            ([event], []) => self.insert(event)?,
            _ => self.transact(events, marks)?,
        }
        self.db.flush()?;
        self.file.sync_data()?;
        Ok(())
    }

    /// One event, without a transaction, which costs sled a write of its own. sled brings back a prefix of what was written (its log is
    /// read up to the first message that is not whole), so the header, which is what makes the event one, goes last: where it is,
    /// the rest is. Without it, the rest is bytes that nothing leads to.
    fn insert(&self, event: &Sealed) -> Result<(), sled::Error> {
        let place = place_key((event.header.device, event.header.epoch, event.header.seq));
        if !event.payload.is_empty() {
            self.pay.insert(&event.id.0[..], event.payload.as_slice())?;
        }
        self.pos.insert(&event.id.0[..], &place[..])?;
        self.hdr.insert(&place[..], event.signed.as_slice())?;
        Ok(())
    }

    fn transact(&self, events: &[Sealed], marks: &[Mark]) -> Result<(), sled::Error> {
        (&self.hdr, &self.pay, &self.pos, &self.meta)
            .transaction(|(hdr, pay, pos, meta)| {
                for event in events {
                    let place = place_key((event.header.device, event.header.epoch, event.header.seq));
                    hdr.insert(&place[..], event.signed.as_slice())?;
                    // No payload is empty; this one was deleted.
                    if !event.payload.is_empty() {
                        pay.insert(&event.id.0[..], event.payload.as_slice())?;
                    }
                    pos.insert(&event.id.0[..], &place[..])?;
                }
                for mark in marks {
                    meta.insert(mark.name.as_slice(), mark.value.as_slice())?;
                }
                Ok::<(), ConflictableTransactionError<()>>(())
            })
            .map_err(|error| match error {
                TransactionError::Storage(error) => error,
                TransactionError::Abort(()) => sled::Error::Unsupported("a transaction was aborted".to_owned()),
            })
    }

    /// Keeps what was read but not taken in, with the reason.
    pub fn quarantine(&mut self, id: EventId, reason: &str, bytes: &[u8]) -> Result<(), JournalError> {
        self.check_space(bytes.len())?;
        let value = [reason.as_bytes(), b"\0", bytes].concat();
        guard(|| self.quar.insert(id.0, value).map(drop).map_err(|error| translate(&self.dir, error)))
    }

    /// How many events are in quarantine.
    pub fn quarantined(&self) -> Result<usize, JournalError> {
        guard(|| Ok(self.quar.iter().keys().take(RANGE_MAX).filter(Result::is_ok).count()))
    }

    /// A small value.
    pub fn mark(&self, name: &[u8]) -> Result<Option<Vec<u8>>, JournalError> {
        self.get(&self.meta, name)
    }

    /// Small values whose names begin with `prefix`.
    pub fn marks(&self, prefix: &[u8]) -> Result<Vec<Mark>, JournalError> {
        guard(|| {
            self.meta
                .scan_prefix(prefix)
                .take(RANGE_MAX)
                .map(|entry| entry.map(|(name, value)| Mark { name: name.to_vec(), value: value.to_vec() }))
                .collect::<Result<_, _>>()
                .map_err(|error| translate(&self.dir, error))
        })
    }

    /// Every chain that has rows, by device and epoch.
    pub fn chains(&self) -> Result<Vec<(DeviceId, u32)>, JournalError> {
        guard(|| {
            let mut chains = Vec::new();
            let mut from = Vec::new();
            while let Some(entry) = self.hdr.range(from..).next() {
                let (key, _) = entry.map_err(|error| translate(&self.dir, error))?;
                let (device, epoch, _) = place_of(&key).ok_or_else(|| damaged("a key of hdr has another length"))?;
                chains.push((device, epoch));
                from = place_key((device, epoch, u64::MAX)).to_vec();
                from.push(0);
            }
            Ok(chains)
        })
    }

    /// At most [`RANGE_MAX`] rows of a chain from `seq` on, in order.
    pub fn rows(&self, place: Place) -> Result<Vec<Row>, JournalError> {
        self.rows_with(place, &mut |_, _| None)
    }

    /// [`Journal::rows`], with payloads as `known` gives them for a place and a signed header, where it does.
    pub fn rows_with(&self, (device, epoch, seq): Place, known: &mut Known<'_>) -> Result<Vec<Row>, JournalError> {
        guard(|| {
            let end = place_key((device, epoch, u64::MAX));
            let mut rows = Vec::new();
            for entry in self.hdr.range(&place_key((device, epoch, seq))[..]..=&end[..]).take(RANGE_MAX) {
                let (key, signed) = entry.map_err(|error| translate(&self.dir, error))?;
                let (_, _, seq) = place_of(&key).ok_or_else(|| damaged("a key of hdr has another length"))?;
                rows.push(Row { seq, signed: signed.to_vec(), payload: None });
            }
            for row in &mut rows {
                row.payload = match known((device, epoch, row.seq), &row.signed) {
                    Some(payload) => Some(payload),
                    None => self.payload_of(&row.signed)?,
                };
            }
            Ok(rows)
        })
    }

    /// One row.
    pub fn row(&self, place: Place) -> Result<Option<Row>, JournalError> {
        let Some(signed) = self.get(&self.hdr, &place_key(place))? else { return Ok(None) };
        let payload = guard(|| self.payload_of(&signed))?;
        Ok(Some(Row { seq: place.2, signed, payload }))
    }

    /// Place of the last row of a chain.
    pub fn last(&self, (device, epoch): (DeviceId, u32)) -> Result<Option<u64>, JournalError> {
        guard(|| {
            let (first, last) = (place_key((device, epoch, 0)), place_key((device, epoch, u64::MAX)));
            let Some(entry) = self.hdr.range(&first[..]..=&last[..]).next_back() else { return Ok(None) };
            let (key, _) = entry.map_err(|error| translate(&self.dir, error))?;
            Ok(place_of(&key).map(|(_, _, seq)| seq))
        })
    }

    /// Where an event is.
    pub fn place(&self, id: EventId) -> Result<Option<Place>, JournalError> {
        Ok(self.get(&self.pos, &id.0)?.as_deref().and_then(place_of))
    }

    /// Bytes on disk.
    pub fn disk_bytes(&self) -> u64 {
        fs::metadata(self.dir.join("db")).map_or(0, |metadata| metadata.len())
    }

    /// Writes what sled still holds and lets go of the files.
    pub fn close(self) -> Result<(), JournalError> {
        let dir = self.dir.clone();
        guard(move || {
            let done = self.poisoned.is_some()
                || self.db.flush().is_ok() && self.file.sync_data().is_ok() && durable::sync_dir(&self.dir).is_ok();
            drop(self);
            if done { Ok(()) } else { Err(JournalError::ReadOnly(format!("{}: the last flush failed", dir.display()))) }
        })
    }

    fn get(&self, tree: &sled::Tree, key: &[u8]) -> Result<Option<Vec<u8>>, JournalError> {
        guard(|| tree.get(key).map(|value| value.map(|value| value.to_vec())).map_err(|error| translate(&self.dir, error)))
    }

    fn payload_of(&self, signed: &[u8]) -> Result<Option<Vec<u8>>, JournalError> {
        // A header that cannot be read has no payload that could be found; whoever replays the row sees the header's own fault.
        let Some(id) = crate::event::id_of(signed) else { return Ok(None) };
        self.get(&self.pay, &id.0)
    }
}

fn place_key((device, epoch, seq): Place) -> [u8; 28] {
    let mut key = [0; 28];
    key[..16].copy_from_slice(&device.0);
    key[16..20].copy_from_slice(&epoch.to_be_bytes());
    key[20..].copy_from_slice(&seq.to_be_bytes());
    key
}

fn place_of(key: &[u8]) -> Option<Place> {
    let (device, rest) = key.split_first_chunk::<16>()?;
    let (epoch, rest) = rest.split_first_chunk::<4>()?;
    let seq: [u8; 8] = rest.try_into().ok()?;
    Some((DeviceId(*device), u32::from_be_bytes(*epoch), u64::from_be_bytes(seq)))
}

fn damaged(words: &str) -> JournalError {
    JournalError::Damaged(words.to_owned())
}

fn translate(dir: &Path, error: sled::Error) -> JournalError {
    match error {
        // sled hides the lock's error behind the general kind; its words are all there is to tell it by.
        sled::Error::Io(source) if source.to_string().contains("could not acquire lock") => JournalError::Locked(dir.to_owned()),
        // A file that ends too early, or bytes that make no sense, reach us as errors of reading.
        sled::Error::Io(source)
            if matches!(source.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::Other) =>
        {
            damaged(&source.to_string())
        }
        sled::Error::Io(source) => JournalError::Io { path: dir.to_owned(), source },
        error => damaged(&error.to_string()),
    }
}
