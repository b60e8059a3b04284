//! A medium in memory with the faults of real ones. Each is switched on by its field.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rustix::io::Errno;

use super::Medium;

const PAGE: u64 = 64 << 10;

/// What is wrong with it.
#[derive(Default)]
pub struct Faults {
    /// Every write and read does no more than so many bytes.
    pub short: Option<usize>,
    /// EIO for writes here.
    pub write_error: Option<Range<u64>>,
    /// EIO for reads here.
    pub read_error: Option<Range<u64>>,
    /// Says it wrote here, and did not.
    pub dropped: Option<Range<u64>>,
    /// Writes here are dropped the first time only.
    pub dropped_once: Option<Range<u64>>,
    /// Real size: what is written behind it lands at its start, as fakes do.
    pub wraps_at: Option<u64>,
    /// ENOSPC from here on, whatever the size says.
    pub full_at: Option<u64>,
    /// Unplugged once so many bytes were written.
    pub unplugged_after: Option<u64>,
    /// Power is cut once so many bytes were written: what was not synced is lost.
    pub cut_after: Option<u64>,
    /// Cannot discard.
    pub no_discard: bool,
}

/// Sparse memory: pages that were written. Reads of others give `old`, what was on the medium before.
pub struct Fake {
    bytes: u64,
    pub old: u8,
    pub faults: Mutex<Faults>,
    state: Mutex<State>,
    pub written: AtomicU64,
    pub discarded: AtomicU64,
}

#[derive(Default)]
struct State {
    pages: BTreeMap<u64, Vec<u8>>,
    /// Pages as they were at the last sync, of those changed since.
    before: BTreeMap<u64, Option<Vec<u8>>>,
    dropped: Vec<u64>,
}

impl Fake {
    pub fn new(bytes: u64) -> Fake {
        Fake::with(bytes, Faults::default())
    }

    pub fn with(bytes: u64, faults: Faults) -> Fake {
        let (written, discarded) = Default::default();
        Fake { bytes, old: 0xa5, faults: Mutex::new(faults), state: Mutex::default(), written, discarded }
    }

    /// Plugs it in again, sound. What was never synced is lost where the power was cut.
    pub fn heal(&self) {
        let faults = std::mem::take(&mut *self.faults.lock().unwrap());
        let mut state = self.state.lock().unwrap();
        if faults.cut_after.is_some() {
            for (page, old) in std::mem::take(&mut state.before) {
                match old {
                    Some(bytes) => state.pages.insert(page, bytes),
                    None => state.pages.remove(&page),
                };
            }
        }
        self.written.store(0, Ordering::SeqCst);
    }

    pub fn content(&self, range: Range<u64>) -> Vec<u8> {
        let state = self.state.lock().unwrap();
        let mut out = Vec::with_capacity((range.end - range.start) as usize);
        let mut at = range.start;
        while at < range.end {
            let page = at / PAGE;
            let within = (at % PAGE) as usize;
            let count = (PAGE as usize - within).min((range.end - at) as usize);
            match state.pages.get(&page) {
                Some(bytes) => out.extend(&bytes[within..within + count]),
                None => out.resize(out.len() + count, self.old),
            }
            at += count as u64;
        }
        out
    }

    /// Puts bytes on it as if they had always been there.
    pub fn put(&self, bytes: &[u8], offset: u64) {
        self.store(bytes, offset);
        self.state.lock().unwrap().before.clear();
    }

    fn store(&self, bytes: &[u8], offset: u64) {
        let mut state = self.state.lock().unwrap();
        let mut done = 0;
        while done < bytes.len() {
            let at = offset + done as u64;
            let (page, within) = (at / PAGE, (at % PAGE) as usize);
            let count = (PAGE as usize - within).min(bytes.len() - done);
            let old = state.pages.get(&page).cloned();
            state.before.entry(page).or_insert_with(|| old.clone());
            let mut content = old.unwrap_or_else(|| vec![self.old; PAGE as usize]);
            content[within..within + count].copy_from_slice(&bytes[done..done + count]);
            state.pages.insert(page, content);
            done += count;
        }
    }

    fn is_gone(&self, faults: &Faults) -> bool {
        let written = self.written.load(Ordering::SeqCst);
        faults.unplugged_after.or(faults.cut_after).is_some_and(|limit| written >= limit)
    }
}

fn hits(range: &Option<Range<u64>>, offset: u64, length: usize) -> bool {
    range.as_ref().is_some_and(|range| offset < range.end && offset + length as u64 > range.start)
}

impl Medium for Fake {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn sector(&self) -> u64 {
        512
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        assert_eq!((offset % 512, bytes.len() % 512), (0, 0), "direct access is aligned");
        assert_eq!(bytes.as_ptr().align_offset(512), 0, "memory is aligned");
        let faults = self.faults.lock().unwrap();
        if self.is_gone(&faults) {
            return Err(Errno::NODEV.into());
        }
        let length = bytes.len().min(faults.short.unwrap_or(usize::MAX)).min((self.bytes - offset) as usize);
        if hits(&faults.read_error, offset, length) {
            return Err(Errno::IO.into());
        }
        let from = faults.wraps_at.map_or(offset, |real| offset % real);
        bytes[..length].copy_from_slice(&self.content(from..from + length as u64));
        Ok(length)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        assert_eq!((offset % 512, bytes.len() % 512), (0, 0), "direct access is aligned");
        assert_eq!(bytes.as_ptr().align_offset(512), 0, "memory is aligned");
        let faults = self.faults.lock().unwrap();
        if self.is_gone(&faults) {
            return Err(Errno::NODEV.into());
        }
        if hits(&faults.write_error, offset, bytes.len()) {
            return Err(Errno::IO.into());
        }
        let room = faults.full_at.unwrap_or(self.bytes).saturating_sub(offset) as usize;
        if room == 0 {
            return Err(Errno::NOSPC.into());
        }
        let mut length = bytes.len().min(room).min(faults.short.unwrap_or(usize::MAX));
        if let Some(limit) = faults.unplugged_after.or(faults.cut_after) {
            // Torn: the last write arrives in part.
            length = length.min((limit - self.written.load(Ordering::SeqCst)) as usize).max(1);
        }
        self.written.fetch_add(length as u64, Ordering::SeqCst);
        if hits(&faults.dropped_once, offset, length) {
            let mut state = self.state.lock().unwrap();
            if !state.dropped.contains(&offset) {
                state.dropped.push(offset);
                return Ok(length);
            }
        }
        let to = faults.wraps_at.map_or(offset, |real| offset % real);
        let lost = faults.dropped.clone().into_iter().collect::<Vec<_>>();
        for part in crate::write::without(offset..offset + length as u64, &lost) {
            self.store(&bytes[(part.start - offset) as usize..(part.end - offset) as usize], part.start - offset + to);
        }
        Ok(length)
    }

    fn sync(&self) -> io::Result<()> {
        if self.is_gone(&self.faults.lock().unwrap()) {
            return Err(Errno::NODEV.into());
        }
        self.state.lock().unwrap().before.clear();
        Ok(())
    }

    fn discard(&self, offset: u64, length: u64) -> io::Result<bool> {
        let faults = self.faults.lock().unwrap();
        if self.is_gone(&faults) {
            return Err(Errno::NODEV.into());
        }
        if faults.no_discard {
            return Ok(false);
        }
        drop(faults);
        self.discarded.fetch_add(length, Ordering::SeqCst);
        self.store(&vec![0; length as usize], offset);
        Ok(true)
    }
}

/// The same medium in the hands of a job and of the test that looks at it.
impl Medium for Arc<Fake> {
    fn bytes(&self) -> u64 {
        self.as_ref().bytes()
    }

    fn sector(&self) -> u64 {
        self.as_ref().sector()
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.as_ref().read_at(bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.as_ref().write_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.as_ref().sync()
    }

    fn discard(&self, offset: u64, length: u64) -> io::Result<bool> {
        self.as_ref().discard(offset, length)
    }
}
