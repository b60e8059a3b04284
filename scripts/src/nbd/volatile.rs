//! What a disk has taken and not yet made durable.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use serde::Serialize;

/// What a disk writes at once, or not at all.
pub const SECTOR: u64 = 512;

/// As much as a disk's own memory holds; beyond, the oldest writes become durable.
const CAPACITY: u64 = 64 * 1024 * 1024;

/// A row of numbers that a seed decides (splitmix64, Steele and others 2014).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// From 0 up to, not including, `end`; 0 when that is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.next() % end }
    }
}

#[derive(Debug, Clone)]
struct Write {
    offset: u64,
    length: u64,
    /// None is zeros.
    content: Option<Vec<u8>>,
    /// Was answered as durable by itself: a cut keeps it.
    is_durable: bool,
}

/// What came of the writes when the power failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Cut {
    pub kept: u64,
    pub torn: u64,
    pub lost: u64,
}

/// Writes since the last flush, in the order in which they came.
#[derive(Debug, Default)]
pub struct Volatile {
    writes: VecDeque<Write>,
    held: u64,
}

impl Volatile {
    pub fn write(&mut self, offset: u64, length: u64, content: Option<Vec<u8>>, is_durable: bool) {
        self.held += content.as_ref().map_or(0, |bytes| bytes.len() as u64);
        self.writes.push_back(Write { offset, length, content, is_durable });
    }

    /// Lays what was written over bytes that were read at an offset.
    pub fn read(&self, offset: u64, bytes: &mut [u8]) {
        for write in &self.writes {
            let start = offset.max(write.offset);
            let end = (offset + bytes.len() as u64).min(write.offset + write.length);
            if start >= end {
                continue;
            }
            let target = &mut bytes[(start - offset) as usize..(end - offset) as usize];
            match &write.content {
                Some(content) => {
                    target.copy_from_slice(&content[(start - write.offset) as usize..(end - write.offset) as usize]);
                }
                None => target.fill(0),
            }
        }
    }

    /// Makes all durable.
    pub fn flush(&mut self, file: &File) -> io::Result<()> {
        while let Some(write) = self.writes.front() {
            write.carry_out(file, 0..write.length)?;
            self.writes.pop_front();
        }
        self.held = 0;
        Ok(())
    }

    /// Makes the oldest durable when there are more than fit.
    pub fn limit(&mut self, file: &File) -> io::Result<()> {
        while self.held > CAPACITY
            && let Some(write) = self.writes.pop_front()
        {
            write.carry_out(file, 0..write.length)?;
            self.held -= write.content.as_ref().map_or(0, |bytes| bytes.len() as u64);
        }
        Ok(())
    }

    /// The power fails: each write is kept, lost, or torn at the border of a sector, as chance has it.
    pub fn cut(&mut self, file: &File, chance: &mut Chance) -> io::Result<Cut> {
        let mut cut = Cut::default();
        for write in self.writes.drain(..) {
            let sectors = write.length / SECTOR;
            match chance.below(4) {
                _ if write.is_durable => {
                    cut.kept += 1;
                    write.carry_out(file, 0..write.length)?;
                }
                0 | 1 => cut.lost += 1,
                2 if sectors > 1 => {
                    cut.torn += 1;
                    // Either end may be what reached the disk.
                    let border = (1 + chance.below(sectors - 1)) * SECTOR;
                    let range = if chance.below(2) == 0 { 0..border } else { border..write.length };
                    write.carry_out(file, range)?;
                }
                _ => {
                    cut.kept += 1;
                    write.carry_out(file, 0..write.length)?;
                }
            }
        }
        self.held = 0;
        Ok(cut)
    }
}

impl Write {
    /// Writes a part of it, counted from its own start.
    fn carry_out(&self, file: &File, part: std::ops::Range<u64>) -> io::Result<()> {
        match &self.content {
            Some(content) => file.write_all_at(&content[part.start as usize..part.end as usize], self.offset + part.start),
            None => {
                let zeros = vec![0; 1 << 20];
                let mut at = part.start;
                while at < part.end {
                    let length = (part.end - at).min(zeros.len() as u64);
                    file.write_all_at(&zeros[..length as usize], self.offset + at)?;
                    at += length;
                }
                Ok(())
            }
        }
    }
}
