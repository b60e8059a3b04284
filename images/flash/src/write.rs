//! One pass over the image: read and unpack, check each chunk against the manifest, write. Three threads, so that the medium never waits.
//!
//! What a pass writes is given by a `Want`; the first write, going on after a cut, and the second try of bad chunks are the same pass.

pub mod map;

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use sha2::{Digest as _, Sha256};

use crate::buffer::{Buffer, is_zero};
use crate::device::{BLOCK, Medium, words, write_all};
use crate::source::manifest::Chunks;
use crate::source::{CHUNK, Digest, Image, fill};

const CHUNKS_OF_BLOCK: u64 = BLOCK as u64 / CHUNK;

/// Buffers on their way. Three stages hold one each; more lets a slow moment of one stage pass unnoticed.
const BUFFERS: usize = 6;

/// After so many bytes the medium is asked to have everything, and the map moves on: a slow stick writes them anew in ten seconds after a
/// cut, and a fast disk does not wait for it.
const SYNC_EVERY: u64 = 256 << 20;

/// What a pass writes.
#[derive(Debug, Clone)]
pub enum Want<'a> {
    /// Everything from this byte on; what is before was written by an earlier run.
    From(u64),
    /// These chunks.
    Only(&'a BTreeSet<u64>),
}

/// What a pass leaves alone.
#[derive(Debug, Clone, Default)]
pub struct Spare {
    /// Not written yet, but given back: what makes the medium start.
    pub held: Range<u64>,
    /// Never written: partitions that keep their data.
    pub kept: Vec<Range<u64>>,
}

/// What the medium must hold now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// By chunk; zeros where there is none.
    pub chunks: Chunks,
    /// Bytes of the image.
    pub bytes: u64,
}

pub struct Written {
    pub expected: Expected,
    /// The image's bytes of the range that was held back.
    pub held: Vec<u8>,
    /// Bytes that went to the medium.
    pub bytes: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("stopped by the technician")]
    Stopped,
    #[error("the image cannot be read at byte {at}: {error}; check the file or fetch it again")]
    Source { at: u64, error: io::Error },
    #[error("the image is damaged at byte {at}: it is not what its manifest lists; fetch it again")]
    Damaged { at: u64 },
    #[error("the image ends at byte {at}, its manifest says {bytes}; fetch it again")]
    Cut { at: u64, bytes: u64 },
    #[error("the image is larger than the medium ({bytes} bytes); take a larger medium")]
    TooLong { bytes: u64 },
    #[error("byte {at} cannot be written: {}", words(error))]
    Medium { at: u64, error: io::Error },
    #[error("the map of what is written cannot be kept: {0}")]
    Map(io::Error),
}

/// A stretch of the image, at most four chunks.
struct Block {
    offset: u64,
    length: usize,
    /// None where the manifest says that all of it is zeros and nothing was read.
    bytes: Option<Buffer>,
    digests: [Option<Digest>; CHUNKS_OF_BLOCK as usize],
}

/// How far a pass has come, and where it may be stopped.
pub struct Watch<'a> {
    pub stop: &'a AtomicBool,
    /// Called with bytes of the image that are done with.
    pub progress: &'a mut dyn FnMut(u64),
    /// Called with the byte below which everything is on the medium for good.
    pub durable: &'a mut dyn FnMut(u64) -> io::Result<()>,
}

/// Runs one pass. The medium is synced when it returns without an error.
pub fn pass(image: &Image, medium: &dyn Medium, want: &Want, spare: &Spare, watch: &mut Watch) -> Result<Written, Error> {
    let listed = match &image.manifest {
        Some(manifest) => Some(manifest.chunks().map_err(|error| Error::Source { at: 0, error: io::Error::other(error) })?),
        None => None,
    };
    thread::scope(|scope| {
        let (to_hash, from_read) = sync_channel(BUFFERS);
        let (to_write, from_hash) = sync_channel(BUFFERS);
        let (give_back, free) = sync_channel(BUFFERS);
        for _ in 0..BUFFERS {
            // The channel holds as many as are sent: never blocks, never refuses.
            let _ = give_back.send(Buffer::new(BLOCK));
        }
        let listed = listed.as_ref();
        scope.spawn(move || {
            let end = read(image, listed, want, spare, &free, &to_hash);
            if let Err(error) = end {
                let _ = to_hash.send(Err(error));
            }
        });
        scope.spawn(move || hash(listed, &from_read, &to_write));
        write(medium, listed, want, spare, &from_hash, &give_back, watch)
    })
}

type Stage = Result<Block, Error>;

fn read(
    image: &Image,
    listed: Option<&Chunks>,
    want: &Want,
    spare: &Spare,
    free: &Receiver<Buffer>,
    next: &SyncSender<Stage>,
) -> Result<(), Error> {
    let fail = |at: u64, error: io::Error| Error::Source { at, error };
    let seekable = listed.filter(|_| image.is_seekable());
    let mut reader = match seekable {
        Some(_) => None,
        None => Some(image.reader().map_err(|error| fail(0, io::Error::other(error)))?),
    };
    let total = image.raw_bytes.filter(|_| listed.is_some());
    let mut offset = 0;
    loop {
        let rest = total.map_or(BLOCK as u64, |total| total - offset);
        let length = rest.min(BLOCK as u64) as usize;
        let first = offset / CHUNK;
        let numbers = first..first + (length as u64).div_ceil(CHUNK);
        let is_wanted = match (seekable, want) {
            (None, _) => true,
            (Some(chunks), _) if numbers.clone().all(|number| chunks[number as usize].is_none()) => false,
            (Some(_), Want::From(from)) => {
                offset + length as u64 > *from || offset < spare.held.end && offset + length as u64 > spare.held.start
            }
            (Some(_), Want::Only(only)) => numbers.clone().any(|number| only.contains(&number)),
        };
        let mut block = Block { offset, length, bytes: None, digests: Default::default() };
        if is_wanted {
            // The writer is gone when it gives nothing back: its error is what counts.
            let Ok(mut buffer) = free.recv() else { return Ok(()) };
            let count = match &mut reader {
                Some(reader) => fill(reader.as_mut(), &mut buffer[..]),
                None => image.read_at(&mut buffer[..length], offset),
            };
            let count = count.map_err(|error| fail(offset, error))?;
            match total {
                Some(bytes) if count < length => return Err(Error::Cut { at: offset + count as u64, bytes }),
                Some(bytes) if count > length => return Err(Error::Damaged { at: bytes }),
                _ => block.length = count,
            }
            block.bytes = Some(buffer);
        }
        let is_last = block.length < BLOCK || total == Some(offset + block.length as u64);
        offset += block.length as u64;
        if block.length > 0 && next.send(Ok(block)).is_err() {
            return Ok(());
        }
        if is_last {
            // One byte more than the manifest says is one too many.
            if let (Some(reader), Some(bytes)) = (&mut reader, total)
                && fill(reader.as_mut(), &mut [0]).map_err(|error| fail(bytes, error))? > 0
            {
                return Err(Error::Damaged { at: bytes });
            }
            return Ok(());
        }
    }
}

/// Hashes what is not zeros, and stops at the first chunk that is not what is listed.
fn hash(listed: Option<&Chunks>, blocks: &Receiver<Stage>, next: &SyncSender<Stage>) {
    for stage in blocks {
        let checked = stage.and_then(|mut block| {
            let Some(bytes) = &block.bytes else { return Ok(block) };
            for (at, chunk) in bytes[..block.length].chunks(CHUNK as usize).enumerate() {
                let number = block.offset / CHUNK + at as u64;
                let digest = if is_zero(chunk) { None } else { Some(Sha256::digest(chunk).into()) };
                if listed.is_some_and(|listed| listed.get(number as usize).is_none_or(|listed| *listed != digest)) {
                    return Err(Error::Damaged { at: number * CHUNK });
                }
                block.digests[at] = digest;
            }
            Ok(block)
        });
        let is_over = checked.is_err();
        if next.send(checked).is_err() || is_over {
            return;
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn write(
    medium: &dyn Medium,
    listed: Option<&Chunks>,
    want: &Want,
    spare: &Spare,
    blocks: &Receiver<Stage>,
    give_back: &SyncSender<Buffer>,
    watch: &mut Watch,
) -> Result<Written, Error> {
    let mut written = Written {
        expected: Expected { chunks: Vec::new(), bytes: 0 },
        held: vec![0; (spare.held.end - spare.held.start) as usize],
        bytes: 0,
    };
    let mut unsynced = 0;
    for stage in blocks {
        let mut block = stage?;
        if watch.stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        let end = block.offset + block.length as u64;
        if end > medium.bytes() {
            return Err(Error::TooLong { bytes: medium.bytes() });
        }
        let numbers = block.offset / CHUNK..end.div_ceil(CHUNK);
        let mut wanted = Vec::new();
        for (at, number) in numbers.clone().enumerate() {
            let digest =
                if block.bytes.is_some() { block.digests[at] } else { listed.and_then(|listed| listed[number as usize]) };
            written.expected.chunks.push(digest);
            let range = number * CHUNK..((number + 1) * CHUNK).min(end);
            let is_wanted = match want {
                Want::From(from) => range.end > *from,
                Want::Only(only) => only.contains(&number),
            };
            if range.start < spare.held.end && range.end > spare.held.start {
                if let Some(bytes) = &block.bytes {
                    let from = (range.start - block.offset) as usize;
                    let to = (range.start - spare.held.start) as usize;
                    let length = (range.end - range.start) as usize;
                    written.held[to..to + length].copy_from_slice(&bytes[from..from + length]);
                }
            } else if digest.is_some() && is_wanted && block.bytes.is_some() {
                wanted.extend(without(range, &spare.kept));
            }
        }
        written.expected.bytes = end;
        if let Some(bytes) = &mut block.bytes {
            // The last sector is filled up with zeros: direct access writes whole ones.
            let padded = block.length.next_multiple_of(medium.sector() as usize);
            bytes[block.length..padded].fill(0);
            for range in joined(wanted) {
                let from = (range.start - block.offset) as usize;
                let to = ((range.end - block.offset) as usize).next_multiple_of(medium.sector() as usize);
                write_twice(medium, &bytes[from..to], range.start).map_err(|error| Error::Medium { at: range.start, error })?;
                written.bytes += (to - from) as u64;
                unsynced += (to - from) as u64;
            }
        }
        if let Some(buffer) = block.bytes {
            // Nobody waits for it when the reader is done.
            let _ = give_back.try_send(buffer);
        }
        if unsynced >= SYNC_EVERY {
            medium.sync().map_err(|error| Error::Medium { at: end, error })?;
            (watch.durable)(end).map_err(Error::Map)?;
            unsynced = 0;
        }
        (watch.progress)(end);
    }
    if watch.stop.load(Ordering::Relaxed) {
        return Err(Error::Stopped);
    }
    medium.sync().map_err(|error| Error::Medium { at: written.expected.bytes, error })?;
    (watch.durable)(written.expected.bytes).map_err(Error::Map)?;
    Ok(written)
}

/// A bad contact often passes: one more try at the same place.
fn write_twice(medium: &dyn Medium, bytes: &[u8], offset: u64) -> io::Result<()> {
    write_all(medium, bytes, offset).or_else(|_| write_all(medium, bytes, offset))
}

/// The parts of a range that lie in none of the others.
pub fn without(range: Range<u64>, others: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut parts = vec![range];
    for other in others {
        parts = parts
            .into_iter()
            .flat_map(|part| [part.start..part.end.min(other.start), part.start.max(other.end)..part.end])
            .filter(|part| part.start < part.end)
            .collect();
    }
    parts
}

/// Ranges that touch, made one.
pub fn joined(ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let mut out: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => out.push(range),
        }
    }
    out
}
