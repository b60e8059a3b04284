//! Reading back: is on the medium what the image holds? Direct access, so that the answer is the medium's and not the machine's memory's.

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::buffer::{Buffer, is_zero};
use crate::device::{BLOCK, Medium, read_all, words, write_zeros};
use crate::source::CHUNK;
use crate::write::{Expected, Spare};

const BUFFERS: usize = 4;

/// What is read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    All,
    /// Only what must be empty: an old file system there would be taken for the box's own.
    Empty,
    /// These chunks, a second time.
    Only(&'a BTreeSet<u64>),
}

/// What reading back found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Chunks compared.
    pub compared: u64,
    /// Chunks that must be empty and were not, and are now.
    pub emptied: u64,
    /// Chunks that differ or cannot be read.
    pub bad: BTreeSet<u64>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("stopped by the technician")]
    Stopped,
    #[error("byte {at} cannot be reached: {}", words(error))]
    Medium { at: u64, error: io::Error },
}

impl Report {
    /// Offset of the first bad byte range.
    pub fn first_bad(&self) -> Option<u64> {
        self.bad.first().map(|number| number * CHUNK)
    }

    pub fn verdict(&self) -> String {
        match self.first_bad() {
            None => format!("all {} MiB read back as written", self.compared),
            Some(at) => format!("{} of {} MiB differ, the first at byte {at}", self.bad.len(), self.compared),
        }
    }
}

/// Compares chunk by chunk. Chunks that should be empty and are not are made empty, and read again.
pub fn check(
    medium: &dyn Medium,
    expected: &Expected,
    spare: &Spare,
    which: Which,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(u64),
) -> Result<Report, Error> {
    let mut report = Report::default();
    let mut full = BTreeSet::new();
    let wants = |number: u64| is_wanted(expected, spare, which, number);
    medium.forget();
    compare(medium, expected, &wants, stop, progress, &mut |number, is_good| {
        report.compared += 1;
        if !is_good {
            let is_empty = expected.chunks[number as usize].is_none();
            if is_empty { &mut full } else { &mut report.bad }.insert(number);
        }
    })?;
    if !full.is_empty() {
        for number in &full {
            let at = number * CHUNK;
            let length = (expected.bytes - at).min(CHUNK).next_multiple_of(medium.sector());
            let given_back = medium.discard(at, length).unwrap_or(false);
            if !given_back {
                write_zeros(medium, at, length)
                    .or_else(|_| write_zeros(medium, at, length))
                    .map_err(|error| Error::Medium { at, error })?;
            }
        }
        medium.sync().map_err(|error| Error::Medium { at: expected.bytes, error })?;
        medium.forget();
        report.emptied = full.len() as u64;
        compare(medium, expected, &|number| full.contains(&number), stop, &mut |_| (), &mut |number, is_good| {
            if !is_good {
                report.bad.insert(number);
            }
        })?;
    }
    Ok(report)
}

fn is_wanted(expected: &Expected, spare: &Spare, which: Which, number: u64) -> bool {
    let at = number * CHUNK;
    let overlaps = |range: &Range<u64>| at < range.end && at + CHUNK > range.start;
    let asked = match which {
        Which::All => true,
        Which::Empty => expected.chunks[number as usize].is_none(),
        Which::Only(only) => only.contains(&number),
    };
    asked && !overlaps(&spare.held) && !spare.kept.iter().any(overlaps)
}

/// Bytes that a check reads, for its bar.
pub fn bytes_to_read(expected: &Expected, spare: &Spare, which: Which) -> u64 {
    (0..expected.chunks.len() as u64).filter(|number| is_wanted(expected, spare, which, *number)).count() as u64 * CHUNK
}

fn compare(
    medium: &dyn Medium,
    expected: &Expected,
    wants: &(dyn Fn(u64) -> bool + Sync),
    stop: &AtomicBool,
    progress: &mut dyn FnMut(u64),
    judge: &mut dyn FnMut(u64, bool),
) -> Result<(), Error> {
    let count = expected.chunks.len() as u64;
    let length_of = |number: u64| (expected.bytes - number * CHUNK).min(CHUNK) as usize;
    thread::scope(|scope| {
        let (next, blocks) = sync_channel::<Result<(u64, Vec<bool>, Buffer), Error>>(BUFFERS);
        let (give_back, free) = sync_channel(BUFFERS);
        for _ in 0..BUFFERS {
            let _ = give_back.send(Buffer::new(BLOCK));
        }
        scope.spawn(move || {
            let mut number = 0;
            while number < count {
                // As many wanted chunks as follow each other, up to a block.
                let run = (number..count).take(BLOCK / CHUNK as usize).take_while(|number| wants(*number)).count() as u64;
                if run == 0 {
                    number += 1;
                    continue;
                }
                let Ok(mut buffer) = free.recv() else { return };
                let read = read_run(medium, &mut buffer, number, run, &length_of);
                let is_over = read.is_err();
                if next.send(read.map(|readable| (number, readable, buffer))).is_err() || is_over {
                    return;
                }
                number += run;
            }
        });
        let mut done = 0;
        for block in blocks {
            let (first, readable, buffer) = block?;
            if stop.load(Ordering::Relaxed) {
                return Err(Error::Stopped);
            }
            for (at, (number, is_readable)) in (first..).zip(readable).enumerate() {
                let bytes = &buffer[at * CHUNK as usize..][..length_of(number)];
                let fits = match expected.chunks[number as usize] {
                    None => is_zero(bytes),
                    Some(digest) => Sha256::digest(bytes)[..] == digest,
                };
                judge(number, is_readable && fits);
                done += CHUNK;
            }
            progress(done);
            let _ = give_back.try_send(buffer);
        }
        Ok(())
    })
}

/// Reads chunks at once; where that fails, one by one, to tell the bad from the good. Says of each whether it could be read.
fn read_run(
    medium: &dyn Medium,
    buffer: &mut Buffer,
    first: u64,
    count: u64,
    length_of: &dyn Fn(u64) -> usize,
) -> Result<Vec<bool>, Error> {
    let sector = medium.sector() as usize;
    let padded = |number: u64| length_of(number).next_multiple_of(sector);
    let whole = (count as usize - 1) * CHUNK as usize + padded(first + count - 1);
    if read_all(medium, &mut buffer[..whole], first * CHUNK).is_ok() {
        return Ok(vec![true; count as usize]);
    }
    let mut readable = Vec::new();
    for (at, number) in (first..first + count).enumerate() {
        let from = at * CHUNK as usize;
        let read = read_all(medium, &mut buffer[from..from + padded(number)], number * CHUNK);
        match read {
            Err(error) if is_gone(&error) => return Err(Error::Medium { at: number * CHUNK, error }),
            read => readable.push(read.is_ok()),
        }
    }
    Ok(readable)
}

/// Reading on makes no sense.
fn is_gone(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NODEV | Errno::NXIO | Errno::NOMEDIUM))
}
