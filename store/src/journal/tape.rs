//! The export tape: every event once more, as plain files that any later program can read without sled.
//!
//! `tape/NNNN.cborseq` is a CBOR sequence (RFC 8742) of `[signed header, payload]`, both byte strings; a deleted payload is `null`. Files
//! change at 64 MiB. The tape is written after the journal's commit and synced once a minute and at a clean stop; whatever a crash
//! keeps from it is appended again from the journal at the next start. A tape is never cut: where bytes make no sense, reading
//! goes on at the next whole event, and writing goes on in a new file. An event that stands twice counts once.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::durable;
use crate::event::{self, Header};
use crate::id::{DeviceId, EventId};

/// Size at which a tape ends and the next begins, in bytes.
pub const ROTATE_BYTES: u64 = 64 << 20;

/// Up to where the tape was known to be synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TapeMark {
    /// Number of the file.
    pub number: u32,
    /// Bytes of it.
    pub bytes: u64,
    /// Epoch and seq of the last event of this box on it.
    pub last: (u32, u64),
}

impl TapeMark {
    /// As stored in the journal.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(24);
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(&self.bytes.to_be_bytes());
        bytes.extend_from_slice(&self.last.0.to_be_bytes());
        bytes.extend_from_slice(&self.last.1.to_be_bytes());
        bytes
    }

    /// From the journal.
    pub fn from_bytes(bytes: &[u8]) -> Option<TapeMark> {
        let (number, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (epoch, rest) = rest.split_first_chunk()?;
        let last = (u32::from_be_bytes(*epoch), u64::from_be_bytes(rest.try_into().ok()?));
        Some(TapeMark { number: u32::from_be_bytes(*number), bytes: u64::from_be_bytes(*length), last })
    }
}

/// The tape being written.
pub struct Tape {
    dir: PathBuf,
    file: File,
    number: u32,
    bytes: u64,
    dirty: bool,
}

impl Tape {
    /// Goes on with the last file, or with a new one when `fresh` (the last one ends in a fragment).
    pub fn open(dir: &Path, fresh: bool) -> io::Result<Tape> {
        fs::create_dir_all(dir)?;
        let last = files(dir)?.last().map_or(0, |(number, _)| *number);
        let number = if fresh { last + 1 } else { last.max(1) };
        let (file, bytes) = start(dir, number)?;
        durable::sync_dir(durable::parent(dir))?;
        Ok(Tape { dir: dir.to_owned(), file, number, bytes, dirty: bytes > 0 })
    }

    /// Appends events, unsynced. On an error nothing was appended.
    pub fn append<'a>(&mut self, events: impl IntoIterator<Item = (&'a [u8], Option<&'a [u8]>)>) -> io::Result<()> {
        if self.bytes >= ROTATE_BYTES {
            self.file.sync_data()?;
            (self.file, self.bytes) = start(&self.dir, self.number + 1)?;
            self.number += 1;
        }
        let mut buffer = Vec::new();
        for (signed, payload) in events {
            write_item(&mut buffer, signed, payload);
        }
        if let Err(error) = self.file.write_all(&buffer) {
            // Part of it may be there: take it back, else the next append would stand behind a fragment.
            self.file.set_len(self.bytes)?;
            return Err(error);
        }
        self.bytes += buffer.len() as u64;
        self.dirty = true;
        Ok(())
    }

    /// Makes it durable. Answers the mark without the last event.
    pub fn sync(&mut self) -> io::Result<(u32, u64)> {
        if self.dirty {
            self.file.sync_data()?;
            self.dirty = false;
        }
        Ok((self.number, self.bytes))
    }
}

fn start(dir: &Path, number: u32) -> io::Result<(File, u64)> {
    let path = dir.join(format!("{number:04}.cborseq"));
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    durable::sync_dir(dir)?;
    let bytes = file.metadata()?.len();
    Ok((file, bytes))
}

/// All tapes of a directory in order.
pub fn files(dir: &Path) -> io::Result<Vec<(u32, PathBuf)>> {
    let mut files = Vec::new();
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        let number = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".cborseq"));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            files.push((number, path));
        }
    }
    files.sort();
    Ok(files)
}

/// One event as it stands on a tape.
pub struct Item {
    /// SHA-256 of the header.
    pub id: EventId,
    /// Header, its signature not yet checked.
    pub header: Header,
    /// Signed header.
    pub signed: Vec<u8>,
    /// Payload, fitting the header's commitment; none when deleted.
    pub payload: Option<Vec<u8>>,
}

/// Reads the events of `bytes`, passing over what is none. `strange` counts the bytes passed over.
pub struct Items<'a> {
    bytes: &'a [u8],
    /// Bytes that were no event.
    pub strange: u64,
}

impl<'a> Items<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Items<'a> {
        Items { bytes, strange: 0 }
    }
}

impl Iterator for Items<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        while !self.bytes.is_empty() {
            if let Some((item, rest)) = read_item(self.bytes) {
                self.bytes = rest;
                return Some(item);
            }
            self.bytes = &self.bytes[1..];
            self.strange += 1;
        }
        None
    }
}

/// The tapes from the first on, read in step with the journal's chains: looking payloads up one by one in the journal, where they lie in the
/// order of their hashes, takes many times as long. A help, never the truth: what is taken from here is what the journal's
/// header commits to, and where the tape has a hole or ends, the journal is asked.
pub struct Playback {
    files: std::vec::IntoIter<(u32, PathBuf)>,
    file: Option<BufReader<File>>,
    item: Option<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Playback {
    /// From the start of the first tape in `dir`.
    pub fn new(dir: &Path) -> io::Result<Playback> {
        Ok(Playback { files: files(dir)?.into_iter(), file: None, item: None })
    }

    /// The payload of the event at `place`, if the tape has it next.
    pub fn payload(&mut self, place: (DeviceId, u32, u64), signed: &[u8]) -> Option<Vec<u8>> {
        loop {
            if self.item.is_none() {
                self.item = self.read();
            }
            let (taped, payload) = self.item.as_mut()?;
            if taped == signed {
                let payload = payload.take();
                self.item = None;
                return payload;
            }
            let (_, header) = event::read(taped).ok()?;
            if (header.device, header.epoch, header.seq) >= place {
                return None;
            }
            self.item = None;
        }
    }

    /// The next event; nothing at the end, and nothing any more after bytes that are no event.
    fn read(&mut self) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        loop {
            if let Some(file) = &mut self.file {
                if let Some(item) = read_pair(file) {
                    return Some(item);
                }
                if !file.fill_buf().ok()?.is_empty() {
                    self.files = Vec::new().into_iter();
                }
            }
            self.file = Some(BufReader::with_capacity(1 << 18, File::open(self.files.next()?.1).ok()?));
        }
    }
}

fn read_pair(file: &mut impl BufRead) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let mut array = [0];
    if *file.fill_buf().ok()?.first()? != 0x82 {
        return None;
    }
    file.read_exact(&mut array).ok()?;
    let signed = read_string(file, event::HEADER_MAX)??;
    Some((signed, read_string(file, event::PAYLOAD_MAX)?))
}

/// A byte string, or nothing for null.
fn read_string(file: &mut impl BufRead, max: usize) -> Option<Option<Vec<u8>>> {
    let mut first = [0];
    file.read_exact(&mut first).ok()?;
    let mut length = [0; 8];
    let more = match first[0] {
        0xF6 => return Some(None),
        0x40..=0x57 => 0,
        0x58 => 1,
        0x59 => 2,
        0x5A => 4,
        _ => return None,
    };
    file.read_exact(&mut length[8 - more..]).ok()?;
    let length = if more == 0 { u64::from(first[0] & 0x1F) } else { u64::from_be_bytes(length) };
    let length = usize::try_from(length).ok().filter(|length| *length <= max)?;
    let mut bytes = vec![0; length];
    file.read_exact(&mut bytes).ok()?;
    Some(Some(bytes))
}

/// Writes `[signed, payload]` in the shortest form.
pub fn write_item(out: &mut Vec<u8>, signed: &[u8], payload: Option<&[u8]>) {
    out.push(0x82);
    write_bytes(out, signed);
    match payload {
        Some(payload) => write_bytes(out, payload),
        None => out.push(0xF6),
    }
}

fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = bytes.len();
    match length {
        0..=23 => out.push(0x40 | length as u8),
        24..=0xFF => out.extend_from_slice(&[0x58, length as u8]),
        0x100..=0xFFFF => {
            out.push(0x59);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(0x5A);
            out.extend_from_slice(&(length as u32).to_be_bytes());
        }
    }
    out.extend_from_slice(bytes);
}

fn read_item(bytes: &[u8]) -> Option<(Item, &[u8])> {
    let rest = bytes.strip_prefix(&[0x82])?;
    let (signed, rest) = read_bytes(rest, event::HEADER_MAX)?;
    let (payload, rest) = match rest.strip_prefix(&[0xF6]) {
        Some(rest) => (None, rest),
        None => read_bytes(rest, event::PAYLOAD_MAX).map(|(payload, rest)| (Some(payload), rest))?,
    };
    let (id, header) = event::read(signed).ok()?;
    if let Some(payload) = payload {
        event::check_payload(&header, payload).ok()?;
    }
    Some((Item { id, header, signed: signed.to_vec(), payload: payload.map(<[u8]>::to_vec) }, rest))
}

fn read_bytes(bytes: &[u8], max: usize) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (length, rest) = match first {
        0x40..=0x57 => (usize::from(first & 0x1F), rest),
        0x58 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x59 => rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?,
        0x5A => rest.split_first_chunk().map(|(length, rest)| (u32::from_be_bytes(*length) as usize, rest))?,
        _ => return None,
    };
    if length > max { None } else { rest.split_at_checked(length) }
}
