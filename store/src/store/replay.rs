//! From rows back to the State, checking every link of every chain on the way.

use std::io;

use super::on_two_threads;
use crate::event::{self, BadEvent, Event};
use crate::id::{DeviceId, EventId};
use crate::journal::tape::Playback;
use crate::journal::{Journal, JournalError, Place, RANGE_MAX, Row};
use crate::keyring::Keyring;
use crate::model::{State, apply};
use crate::time::Hlc;

/// Where the device's own chain stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Head {
    /// Number of the last event; 0 for an empty chain.
    pub seq: u64,
    /// The last event.
    pub id: Option<EventId>,
    /// The latest stamp of any chain of this device.
    pub hlc: Hlc,
}

/// Name of the mark that says how a closed epoch ended: rows and last seq.
pub fn closed_name(device: DeviceId, epoch: u32) -> Vec<u8> {
    [b"closed".as_slice(), &device.0, &epoch.to_be_bytes()].concat()
}

/// Opens a row as the domain reads it, checking all but the signature.
pub fn open_row(row: &Row, keyring: &Keyring) -> Result<Event, JournalError> {
    let (id, header) = event::read(&row.signed).map_err(|error| match error {
        BadEvent::Version(_) => JournalError::Io { path: "hdr".into(), source: io::Error::other(error) },
        error => JournalError::Damaged(format!("row {}: {error}", row.seq)),
    })?;
    let damaged = |error: &dyn std::fmt::Display| {
        JournalError::Damaged(format!("event {id} at {}/{}/{}: {error}", header.device, header.epoch, header.seq))
    };
    let key = keyring.data_key(header.key);
    let fact = match (&row.payload, key) {
        (Some(payload), Some(key)) => {
            event::check_payload(&header, payload).map_err(|error| damaged(&error))?;
            match event::open(&header, payload, &key) {
                Ok(fact) => Some(fact),
                // A newer program's kind of fact: kept, not understood.
                Err(BadEvent::Fact(_)) => None,
                // The payload is what the header commits to, so the key is wrong, not the disk.
                Err(error) => {
                    return Err(JournalError::Io {
                        path: "keyring".into(),
                        source: io::Error::other(format!("event {id}: {error}; the keyring is not this store's")),
                    });
                }
            }
        }
        (None, Some(_)) => return Err(damaged(&"its payload is missing")),
        (_, None) => None,
    };
    Ok(Event { id, header, fact })
}

/// Applies to `state` what the journal has beyond it; `playback` may know payloads. Chains of `current` epoch must be without gaps; an epoch that a repair closed has
/// the rows its mark counts.
pub fn replay(
    journal: &Journal,
    mut playback: Option<Playback>,
    keyring: &Keyring,
    device: DeviceId,
    current: u32,
    state: &mut State,
) -> Result<Head, JournalError> {
    let mut own = Head::default();
    let damaged = |words: String| Err(JournalError::Damaged(words));
    let mut chains = journal.chains()?;
    for chain in state.chains().keys().filter(|chain| !chains.contains(chain)).copied().collect::<Vec<_>>() {
        chains.push(chain);
    }
    for (chain_device, epoch) in chains {
        let (mut seq, mut head) = match state.chains().get(&(chain_device, epoch)) {
            Some(chain) => (chain.seq, Some(chain.head)),
            None => (0, None),
        };
        let closed = journal.mark(&closed_name(chain_device, epoch))?;
        let from_start = head.is_none();
        let mut hlc = Hlc::default();
        if let Some(head) = head {
            let Some(row) = journal.row((chain_device, epoch, seq))? else {
                return damaged(format!("the snapshot knows event {seq} of epoch {epoch}, the journal does not"));
            };
            let event = open_row(&row, keyring)?;
            if event.id != head {
                return damaged(format!("the snapshot knows another event {seq} of epoch {epoch} than the journal"));
            }
            hlc = event.header.hlc;
        }
        let mut count = 0_u64;
        loop {
            let from = (chain_device, epoch, seq + 1);
            let mut known = |place: Place, signed: &[u8]| playback.as_mut()?.payload(place, signed);
            let mut rows = journal.rows_with(from, &mut known)?;
            let mut events = on_two_threads(&rows, |row| open_row(row, keyring));
            if events.is_err() && playback.take().is_some() {
                // The damage may be the tape's: the journal has the last word.
                rows = journal.rows(from)?;
                events = on_two_threads(&rows, |row| open_row(row, keyring));
            }
            let events = events?;
            for (row, event) in rows.iter().zip(events) {
                let header = &event.header;
                if (header.device, header.epoch, header.seq) != (chain_device, epoch, row.seq) {
                    return damaged(format!("event {} lies at another place than it names", event.id));
                }
                let linked = header.seq == seq + 1 && header.prev == head;
                if !linked && closed.is_none() {
                    return damaged(format!("the chain of epoch {epoch} breaks after event {seq}"));
                }
                (seq, head, hlc) = (header.seq, Some(event.id), hlc.max(header.hlc));
                apply(state, &event);
                count += 1;
            }
            if rows.len() < RANGE_MAX {
                break;
            }
        }
        if let Some(closed) = closed
            && from_start
            && closed.first_chunk().map(|rows| u64::from_be_bytes(*rows)) != Some(count)
        {
            return damaged(format!("epoch {epoch} has {count} events, other than it had when it was closed"));
        }
        if chain_device == device {
            own.hlc = own.hlc.max(hlc);
            if epoch == current {
                (own.seq, own.id) = (seq, head);
            }
        }
    }
    Ok(own)
}
