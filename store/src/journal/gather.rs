//! Brings together what tape and damaged journal still hold.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use ed25519_dalek::VerifyingKey;

use super::tape::{self, Items};
use super::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, Journal, JournalError, Place, Row};
use crate::event::{self, Sealed};
use crate::id::{DeviceId, EventId};

/// Missing rows in a row after which a chain counts as ended, when its end cannot be read.
const MISSES_MAX: u64 = 20_000;

/// What was found where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Events taken from the tape.
    pub from_tape: u64,
    /// Events that only the journal had.
    pub from_journal: u64,
    /// Bytes of the tape that are no event.
    pub strange_bytes: u64,
    /// Rows of the journal that could not be read and that the tape does not have.
    pub unreadable: u64,
    /// Events put into quarantine.
    pub refused: u64,
    /// Places of those that only the journal had, to be put on the tape.
    pub untaped: Vec<Place>,
}

/// Copies every true event of `tape_dir` and `old` into `new`, each once. Only events signed by `key` are taken in; others go into quarantine.
/// `epoch_max`: the last epoch that this device ever started.
pub fn gather(
    new: &mut Journal,
    old: Option<&Journal>,
    tape_dir: &Path,
    key: &VerifyingKey,
    epoch_max: u32,
) -> Result<Gathered, JournalError> {
    let mut found = Gathered::default();
    let mut batch = Batch { events: Vec::new(), bytes: 0 };
    let mut ends: BTreeMap<(DeviceId, u32), u64> = BTreeMap::new();
    let io = |source: io::Error| JournalError::Io { path: tape_dir.to_owned(), source };
    for (_, path) in tape::files(tape_dir).map_err(io)? {
        let bytes = fs::read(&path).map_err(io)?;
        let mut items = Items::new(&bytes);
        for item in items.by_ref() {
            let header = &item.header;
            let end = ends.entry((header.device, header.epoch)).or_default();
            *end = (*end).max(header.seq);
            if batch.take(new, item.signed, item.payload, key, &mut found.refused)? {
                found.from_tape += 1;
            }
        }
        found.strange_bytes += items.strange;
    }
    batch.write(new)?;
    let Some(old) = old else { return Ok(found) };
    let device = event::device_id(key);
    for chain in old.chains().unwrap_or_default() {
        ends.entry(chain).or_default();
    }
    for epoch in 1..=epoch_max {
        ends.entry((device, epoch)).or_default();
    }
    for ((device, epoch), taped) in ends {
        let known_end = old.last((device, epoch)).ok().flatten().map(|last| last.max(taped));
        let (mut seq, mut misses) = (1, 0);
        while known_end.map_or(misses < MISSES_MAX, |end| seq <= end) || seq <= taped {
            let place = (device, epoch, seq);
            seq += 1;
            match old.row(place) {
                Ok(Some(Row { signed, payload: Some(payload), .. })) => {
                    misses = 0;
                    if batch.take(new, signed, Some(payload), key, &mut found.refused)? {
                        found.from_journal += 1;
                        found.untaped.push(place);
                    }
                }
                Ok(Some(Row { payload: None, .. })) | Err(_) => {
                    misses += 1;
                    batch.write(new)?;
                    found.unreadable += u64::from(new.row(place)?.is_none());
                }
                Ok(None) => misses += 1,
            }
        }
    }
    batch.write(new)?;
    Ok(found)
}

struct Batch {
    events: Vec<Sealed>,
    bytes: usize,
}

impl Batch {
    /// Takes an event in, unless it is there already or not true. Answers whether it did.
    fn take(
        &mut self,
        new: &mut Journal,
        signed: Vec<u8>,
        payload: Option<Vec<u8>>,
        key: &VerifyingKey,
        refused: &mut u64,
    ) -> Result<bool, JournalError> {
        let Ok((id, header)) = event::read(&signed) else { return Ok(false) };
        if self.events.iter().any(|event| event.id == id) || new.place(id)?.is_some() {
            return Ok(false);
        }
        let place = (header.device, header.epoch, header.seq);
        let untrue = match event::verify(&signed, key) {
            Err(error) => Some(error.to_string()),
            Ok(_) if payload.as_ref().is_some_and(|payload| event::check_payload(&header, payload).is_err()) => {
                Some("the payload is another".to_owned())
            }
            Ok(_) => {
                let same = |other: &&Sealed| (other.header.device, other.header.epoch, other.header.seq) == place;
                let taken = self.events.iter().any(|event| same(&event)) || new.row(place)?.is_some();
                taken.then(|| "another event has its place in the chain".to_owned())
            }
        };
        if let Some(reason) = untrue {
            *refused += 1;
            self.refuse(new, id, &reason, &signed, payload.as_deref())?;
            return Ok(false);
        }
        let payload = payload.unwrap_or_default();
        self.bytes += signed.len() + payload.len();
        self.events.push(Sealed { id, header, signed, payload });
        if self.events.len() >= BATCH_EVENTS_MAX || self.bytes >= BATCH_BYTES_MAX {
            self.write(new)?;
        }
        Ok(true)
    }

    fn refuse(
        &mut self,
        new: &mut Journal,
        id: EventId,
        reason: &str,
        signed: &[u8],
        payload: Option<&[u8]>,
    ) -> Result<(), JournalError> {
        let mut bytes = Vec::new();
        tape::write_item(&mut bytes, signed, payload);
        new.quarantine(id, reason, &bytes)
    }

    fn write(&mut self, new: &mut Journal) -> Result<(), JournalError> {
        if !self.events.is_empty() {
            new.append(&self.events, &[])?;
        }
        self.events.clear();
        self.bytes = 0;
        Ok(())
    }
}
