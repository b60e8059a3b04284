//! Reading what lies on the disk again while the store is in use, a little at every heartbeat: bytes that went bad are found
//! while the tape still has them, not when somebody needs them.

use std::fs;
use std::io;
use std::sync::PoisonError;

use super::audit::Finding;
use super::replay::{closed_name, open_row};
use super::{Store, StoreError, open};
use crate::durable;
use crate::event;
use crate::id::DeviceId;
use crate::journal::{JournalError, Mark, Place};

/// Rows read again at every heartbeat, beside a share of the store: at one heartbeat in ten seconds, a store of 600,000 events is
/// gone through in about eight days, one of millions in a month.
const ROWS_MIN: u64 = 8;
const BEATS_MAX: u64 = 30 * 24 * 360;
/// Name of the mark that keeps where it got to.
const MARK: &[u8] = b"scrub";

impl Store {
    /// Reads the next few events again and checks hash, signature, payload, and that they are those that the State was made of.
    /// Answers what is wrong; the next start then replays everything and repairs from the tape what it can.
    pub fn scrub(&mut self) -> Result<Vec<Finding>, StoreError> {
        let (at, rows) = {
            let present = self.present.read().unwrap_or_else(PoisonError::into_inner);
            let chains = present.state.chains();
            let kept = self.journal.mark(MARK)?.as_deref().and_then(from_bytes);
            let first = chains.keys().next().map(|(device, epoch)| (*device, *epoch, 1));
            let at = kept.filter(|(device, epoch, _)| chains.contains_key(&(*device, *epoch))).or(first);
            (at, ROWS_MIN.max(present.state.events() / BEATS_MAX))
        };
        let Some((device, epoch, from)) = at else { return Ok(Vec::new()) };
        let mut findings = Vec::new();
        let end = from.saturating_add(rows);
        let last = match self.journal.last((device, epoch)) {
            Ok(last) => last.unwrap_or_default(),
            // The way to the rows is bad itself.
            Err(JournalError::Damaged(what)) => {
                findings.push(Finding { place: format!("{device}/{epoch}"), what });
                0
            }
            Err(error) => return Err(error.into()),
        };
        let may_lack = self.journal.mark(&closed_name(device, epoch))?.is_some();
        for seq in (from..end).take_while(|seq| *seq <= last) {
            if let Err(what) = self.check((device, epoch, seq), may_lack) {
                findings.push(Finding { place: format!("{device}/{epoch}/{seq}"), what });
            }
        }
        let next = if end <= last { (device, epoch, end) } else { self.chain_after(device, epoch) };
        self.journal.append(&[], &[Mark { name: MARK.to_vec(), value: to_bytes(next) }])?;
        if !findings.is_empty() {
            self.distrust().map_err(|error| StoreError::Disk(format!("snapshot: {error}")))?;
        }
        Ok(findings)
    }

    fn check(&self, (device, epoch, seq): Place, may_lack: bool) -> Result<(), String> {
        let row = match self.journal.row((device, epoch, seq)).map_err(|error| error.to_string())? {
            Some(row) => row,
            None if may_lack => return Ok(()),
            None => return Err("there is no such event any more".to_owned()),
        };
        let event = open_row(&row, &self.keyring).map_err(|error| error.to_string())?;
        if device == self.device {
            event::verify(&row.signed, &self.keyring.device().verifying_key()).map_err(|error| error.to_string())?;
        }
        let present = self.present.read().unwrap_or_else(PoisonError::into_inner);
        let header = &event.header;
        let applied =
            present.state.chains().get(&(header.device, header.epoch)).is_some_and(|chain| chain.has(header.seq, &event.id));
        let here = (header.device, header.epoch, header.seq) == (device, epoch, seq);
        if here && applied { Ok(()) } else { Err("it is another event than the one taken in".to_owned()) }
    }

    /// The start of the chain after this one, or of the first one again.
    fn chain_after(&self, device: DeviceId, epoch: u32) -> Place {
        let present = self.present.read().unwrap_or_else(PoisonError::into_inner);
        let mut chains = present.state.chains().keys();
        let next = chains.clone().find(|chain| **chain > (device, epoch)).or_else(|| chains.next());
        next.map_or((device, epoch, 1), |(device, epoch)| (*device, *epoch, 1))
    }

    /// Sees to it that the next start reads every event.
    fn distrust(&mut self) -> io::Result<()> {
        self.distrusted = true;
        durable::replace(&self.dir.join(open::SUSPECT), b"")?;
        match fs::remove_file(self.dir.join(open::SNAPSHOT)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn to_bytes((device, epoch, seq): Place) -> Vec<u8> {
    [device.0.as_slice(), &epoch.to_be_bytes(), &seq.to_be_bytes()].concat()
}

fn from_bytes(bytes: &[u8]) -> Option<Place> {
    let (device, rest) = bytes.split_first_chunk()?;
    let (epoch, rest) = rest.split_first_chunk()?;
    Some((DeviceId(*device), u32::from_be_bytes(*epoch), u64::from_be_bytes(rest.try_into().ok()?)))
}
