//! What is done to a store while nobody serves from it: verify, export, compact.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::attachment::Attachments;
use super::open::{self, Lock, SNAPSHOT, TAPE, open_patiently};
use super::replay::{closed_name, open_row, replay};
use super::{Home, OpenError, snapshot};
use crate::durable;
use crate::event::{self, Event, kind_named};
use crate::fact::{Body, UnixMs};
use crate::id::{AttachmentId, DeviceId, EventId, StaffId, hex};
use crate::journal::tape::{self, Items, Tape, TapeMark};
use crate::journal::{BATCH_EVENTS_MAX, Journal, JournalError, Limits, Mark, Row};
use crate::keyring::Keyring;
use crate::model::{State, apply};

/// Told how much is done: (events so far, events in all as far as known).
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// File, or chain and number.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}

/// What a walk through the whole store found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// Events whose hash, signature, link and payload were checked.
    pub events: u64,
    /// Chains they stand in.
    pub chains: u64,
    /// Events found on the tape.
    pub taped: u64,
    /// Events that the tape does not have yet; the next start appends them.
    pub untaped: u64,
    /// Bytes of the tape that are no event, as a write that was cut off leaves them. No finding: what they would have been is looked for
    /// on the rest of the tape.
    pub strange_bytes: u64,
    /// Attachments whose hash was checked.
    pub attachments: u64,
    /// Events in quarantine.
    pub quarantined: u64,
    /// SHA-256 of the State that all events lead to.
    pub digest: [u8; 32],
    /// What is wrong; empty in a sound store.
    pub findings: Vec<Finding>,
}

impl VerifyReport {
    fn note(&mut self, place: impl Into<String>, what: impl ToString) {
        self.findings.push(Finding { place: place.into(), what: what.to_string() });
    }
}

/// What compaction gained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// Events copied and read back.
    pub events: u64,
    /// Bytes of the journal before.
    pub bytes_before: u64,
    /// Bytes of the journal after.
    pub bytes_after: u64,
}

struct Opened {
    _lock: Lock,
    keyring: Keyring,
    journal: Journal,
    device: DeviceId,
}

fn opened(Home { dir, seal }: Home<'_>) -> Result<Opened, OpenError> {
    if !Keyring::exists(dir) {
        return Err(OpenError::NoStore(dir.to_owned()));
    }
    let lock = Lock::take(dir)?;
    let keyring = Keyring::open(dir, seal)?;
    let Some(path) = open::current(dir) else {
        return Err(
            JournalError::Damaged(format!("{}: there is no journal; start the daemon to rebuild it", dir.display())).into()
        );
    };
    let journal = open_patiently(&path, &Limits::default())?;
    let device = event::device_id(&keyring.device().verifying_key());
    Ok(Opened { _lock: lock, keyring, journal, device })
}

/// Checks everything again: ids, signatures, chains, payloads, attachments, tape, snapshot. Changes nothing.
pub fn verify<'a>(home: impl Into<Home<'a>>, progress: Progress<'_>) -> Result<VerifyReport, OpenError> {
    let home = home.into();
    let dir = home.dir;
    let Opened { _lock, keyring, journal, device } = opened(home)?;
    let mut report = VerifyReport::default();
    let mut state = State::default();
    let mut ids = BTreeSet::new();
    let mut photos = BTreeSet::new();
    let total = count(&journal)?;
    for chain in journal.chains()? {
        report.chains += 1;
        verify_chain(&journal, &keyring, device, chain, &mut report, |event, report| {
            ids.insert(event.id);
            if let Some(Body::ReportFiled { photo: Some(photo), .. }) = event.fact.as_ref().map(|fact| &fact.body) {
                photos.insert(*photo);
            }
            apply(&mut state, event);
            if report.events.is_multiple_of(1000) {
                progress(report.events, total);
            }
        })?;
    }
    report.digest = state.digest();
    report.quarantined = journal.quarantined()? as u64;
    verify_tape(&dir.join(TAPE), &journal, device, &ids, &mut report)?;
    verify_attachments(dir, &photos, &mut report)?;
    match snapshot::read(&dir.join(SNAPSHOT), &keyring) {
        Err(reason) => report.note(SNAPSHOT, reason),
        Ok(None) => {}
        Ok(Some(mut kept)) => match replay(&journal, None, &keyring, device, keyring.epoch(), &mut kept) {
            Err(error) => report.note(SNAPSHOT, error),
            Ok(_) if kept.digest() != report.digest => report.note(SNAPSHOT, "it leads to another state than the events"),
            Ok(_) => {}
        },
    }
    progress(total, total);
    journal.close()?;
    Ok(report)
}

fn count(journal: &Journal) -> Result<u64, JournalError> {
    journal.chains()?.into_iter().map(|chain| journal.last(chain).map(Option::unwrap_or_default)).sum()
}

fn verify_chain(
    journal: &Journal,
    keyring: &Keyring,
    device: DeviceId,
    (chain_device, epoch): (DeviceId, u32),
    report: &mut VerifyReport,
    mut found: impl FnMut(&Event, &VerifyReport),
) -> Result<(), JournalError> {
    let key = keyring.device().verifying_key();
    let closed = journal.mark(&closed_name(chain_device, epoch))?;
    let end = journal.last((chain_device, epoch))?.unwrap_or_default();
    let (mut prev, mut last, mut rows) = (None, 0, 0_u64);
    for seq in 1..=end {
        let place = format!("{chain_device}/{epoch}/{seq}");
        let row = match journal.row((chain_device, epoch, seq)) {
            Ok(Some(row)) => row,
            Ok(None) if closed.is_some() => continue,
            Ok(None) => {
                report.note(place, "there is no such event");
                continue;
            }
            Err(error) => {
                report.note(place, error);
                continue;
            }
        };
        rows += 1;
        let checked = (|| {
            let event = open_row(&row, keyring).map_err(|error| error.to_string())?;
            if chain_device == device {
                event::verify(&row.signed, &key).map_err(|error| error.to_string())?;
            }
            let header = &event.header;
            if (header.device, header.epoch, header.seq) != (chain_device, epoch, seq) {
                return Err("it lies at another place than it names".to_owned());
            }
            if last + 1 == seq && header.prev != prev {
                return Err("it does not follow the event before it".to_owned());
            }
            match journal.place(event.id) {
                Ok(Some(place)) if place == (chain_device, epoch, seq) => Ok(event),
                Ok(_) => Err("looking its id up leads elsewhere".to_owned()),
                Err(error) => Err(error.to_string()),
            }
        })();
        report.events += 1;
        match checked {
            Ok(event) => {
                (prev, last) = (Some(event.id), seq);
                found(&event, report);
            }
            Err(what) => report.note(place, what),
        }
    }
    if let Some(expected) = closed.as_deref().and_then(|closed| closed.first_chunk()).map(|rows| u64::from_be_bytes(*rows))
        && expected != rows
    {
        report.note(format!("{chain_device}/{epoch}"), format!("{rows} events, {expected} when the epoch was closed"));
    }
    Ok(())
}

fn verify_tape(
    dir: &Path,
    journal: &Journal,
    device: DeviceId,
    ids: &BTreeSet<EventId>,
    report: &mut VerifyReport,
) -> Result<(), OpenError> {
    let io = |source| OpenError::Io { path: dir.to_owned(), source };
    let mut missing = ids.clone();
    for (number, path) in tape::files(dir).map_err(io)? {
        let place = format!("tape/{number:04}.cborseq");
        let bytes = fs::read(&path).map_err(io)?;
        let mut items = Items::new(&bytes);
        for item in items.by_ref() {
            if missing.remove(&item.id) {
                report.taped += 1;
            } else if !ids.contains(&item.id) {
                report.note(place.clone(), format!("event {} is not in the journal", item.id));
            }
        }
        report.strange_bytes += items.strange;
    }
    let mark = journal.mark(b"tape")?.as_deref().and_then(TapeMark::from_bytes).unwrap_or_default();
    for id in missing {
        report.untaped += 1;
        if let Some((of, epoch, seq)) = journal.place(id)?
            && of == device
            && (epoch, seq) <= mark.last
        {
            report.note(
                format!("{of}/{epoch}/{seq}"),
                "it should be on the tape and is not; `wegovnowd compact` puts it there again",
            );
        }
    }
    Ok(())
}

fn ids_on_tape(dir: &Path) -> io::Result<BTreeSet<EventId>> {
    let mut ids = BTreeSet::new();
    for (_, path) in tape::files(dir)? {
        ids.extend(Items::new(&fs::read(path)?).map(|item| item.id));
    }
    Ok(ids)
}

fn verify_attachments(dir: &Path, photos: &BTreeSet<AttachmentId>, report: &mut VerifyReport) -> Result<(), OpenError> {
    let io = |source| OpenError::Io { path: dir.join("att"), source };
    let attachments = Attachments::new(dir, Limits::default());
    let mut there = BTreeSet::new();
    for (path, id) in attachments.all().map_err(io)? {
        report.attachments += 1;
        let place = path.strip_prefix(dir).unwrap_or(&path).display().to_string();
        match id.map(|id| (id, attachments.get(id))) {
            None => report.note(place, "its name is not that of an attachment"),
            Some((id, Ok(Some(_)))) => drop(there.insert(id)),
            Some((_, Ok(None))) => report.note(place, "its content is not what its name says"),
            Some((_, Err(error))) => report.note(place, error),
        }
    }
    for photo in photos.difference(&there) {
        report.note(format!("att/{}", hex(&photo.0)), "a report's photo is missing or damaged");
    }
    Ok(())
}

/// Calls `each` with every row and its event, chain by chain.
fn each_row(
    journal: &Journal,
    keyring: &Keyring,
    progress: Progress<'_>,
    mut each: impl FnMut(Row, Event) -> Result<(), OpenError>,
) -> Result<u64, OpenError> {
    let total = count(journal)?;
    let mut done = 0;
    for (device, epoch) in journal.chains()? {
        let mut from = 1;
        loop {
            let rows = journal.rows((device, epoch, from))?;
            let Some(last) = rows.last() else { break };
            from = last.seq + 1;
            for row in rows {
                let event = open_row(&row, keyring)?;
                each(row, event)?;
                done += 1;
            }
            progress(done, total);
        }
    }
    Ok(done)
}

/// Writes every event in the form of the tape: a CBOR sequence of `[signed header, payload]`. Payloads stay sealed. Answers how many.
pub fn export<'a>(home: impl Into<Home<'a>>, out: &mut dyn Write, progress: Progress<'_>) -> Result<u64, OpenError> {
    let Opened { _lock, keyring, journal, .. } = opened(home.into())?;
    let io = |source| OpenError::Io { path: "the export".into(), source };
    let mut buffer = Vec::new();
    let done = each_row(&journal, &keyring, progress, |row, _| {
        buffer.clear();
        tape::write_item(&mut buffer, &row.signed, row.payload.as_deref());
        out.write_all(&buffer).map_err(io)
    })?;
    out.flush().map_err(io)?;
    journal.close()?;
    Ok(done)
}

/// One line of [`export_json`].
#[derive(Serialize)]
struct Line<'a> {
    id: EventId,
    device: DeviceId,
    epoch: u32,
    seq: u64,
    at_ms: UnixMs,
    kind: &'a str,
    subject: String,
    actor: Option<StaffId>,
    refs: &'a [EventId],
    fact: Option<&'a crate::fact::Fact>,
}

/// Writes every event as a line of JSON that people and programs can read. Holds people's words: handle like the store itself. Answers how many.
pub fn export_json<'a>(home: impl Into<Home<'a>>, out: &mut dyn Write, progress: Progress<'_>) -> Result<u64, OpenError> {
    let Opened { _lock, keyring, journal, .. } = opened(home.into())?;
    let io = |source| OpenError::Io { path: "the export".into(), source };
    let done = each_row(&journal, &keyring, progress, |_, event| {
        let header = &event.header;
        let line = Line {
            id: event.id,
            device: header.device,
            epoch: header.epoch,
            seq: header.seq,
            at_ms: header.hlc.ms(),
            kind: kind_named(header.kind).map_or("unknown", |kind| kind.name),
            subject: hex(&header.subject),
            actor: header.actor,
            refs: &header.refs,
            fact: event.fact.as_ref(),
        };
        serde_json::to_writer(&mut *out, &line).map_err(|error| io(error.into()))?;
        out.write_all(b"\n").map_err(io)
    })?;
    out.flush().map_err(io)?;
    journal.close()?;
    Ok(done)
}

/// Copies the journal into a fresh one, reads the copy back, and takes it into use: sled keeps old pages and grows to two to three times its
/// content. Puts on the tape what it lacks.
pub fn compact<'a>(home: impl Into<Home<'a>>, progress: Progress<'_>) -> Result<Compacted, OpenError> {
    let home = home.into();
    let dir = home.dir;
    let io = |source: io::Error| OpenError::Io { path: dir.to_owned(), source };
    let Opened { _lock, keyring, journal, device } = opened(home)?;
    let bytes_before = journal.disk_bytes();
    let number = open::journals(dir).map_err(io)?.into_iter().max().unwrap_or(0) + 1;
    let name = open::journal_name(number);
    let path = dir.join(&name);
    journal.check_space(usize::try_from(bytes_before / 2).unwrap_or(usize::MAX))?;
    let copied = (|| {
        let taped = ids_on_tape(&dir.join(TAPE)).map_err(io)?;
        // A file of its own: the last one may end in a fragment. Made only where there is something to put on it.
        let mut tape: Option<Tape> = None;
        let mut copy = Journal::open(&path, Limits::default())?;
        let mut batch = Vec::with_capacity(BATCH_EVENTS_MAX);
        let events = each_row(&journal, &keyring, progress, |row, event| {
            if !taped.contains(&event.id) {
                let tape = match &mut tape {
                    Some(tape) => tape,
                    none => none.insert(Tape::open(&dir.join(TAPE), true).map_err(io)?),
                };
                tape.append([(row.signed.as_slice(), row.payload.as_deref())]).map_err(io)?;
            }
            batch.push(event::Sealed {
                id: event.id,
                header: event.header,
                signed: row.signed,
                payload: row.payload.unwrap_or_default(),
            });
            if batch.len() == BATCH_EVENTS_MAX {
                copy.append(&batch, &[])?;
                batch.clear();
            }
            Ok(())
        })?;
        let marks: Vec<Mark> = journal.marks(b"")?.into_iter().filter(|mark| mark.name != b"schema").collect();
        copy.append(&batch, &marks)?;
        copy.close()?;
        if let Some(mut tape) = tape {
            tape.sync().map_err(io)?;
        }
        // Read back from the disk, not from what the writer remembers.
        let copy = open_patiently(&path, &Limits::default())?;
        let (mut before, mut after) = (State::default(), State::default());
        let was = replay(&journal, None, &keyring, device, keyring.epoch(), &mut before)?;
        let is = replay(&copy, None, &keyring, device, keyring.epoch(), &mut after)?;
        let bytes_after = copy.disk_bytes();
        copy.close()?;
        if was != is || before.digest() != after.digest() {
            return Err(JournalError::Damaged("the copy is not what was copied".to_owned()).into());
        }
        Ok(Compacted { events, bytes_before, bytes_after })
    })();
    let compacted = match copied {
        Ok(compacted) => compacted,
        Err(error) => {
            let _ = fs::remove_dir_all(&path);
            return Err(error);
        }
    };
    let old = journal.dir().to_owned();
    journal.close()?;
    open::point_to(dir, &name).map_err(io)?;
    fs::remove_dir_all(old).and_then(|()| durable::sync_dir(dir)).map_err(io)?;
    Ok(compacted)
}
