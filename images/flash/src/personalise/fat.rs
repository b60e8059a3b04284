//! One file in a FAT partition of the medium, read or put there, without mounting it.
//!
//! Changes are made in memory and given back as whole pages, so that the caller decides when, and whether, they reach the medium.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use anyhow::{Context, Result, bail};
use fatfs::{FileSystem, FsOptions};

use crate::buffer::Buffer;
use crate::device::{Medium, read_all};

const PAGE: u64 = 64 << 10;

/// Larger than any file that is read here; a damaged directory may claim more.
const FILE_MAX: u64 = 1 << 20;

/// A page of the medium, with its place.
pub struct Change {
    pub offset: u64,
    pub bytes: Buffer,
}

/// A partition seen through memory: what is written stays there.
struct Window<'a> {
    medium: &'a dyn Medium,
    range: Range<u64>,
    /// Bytes that stand for those of the medium, from this offset on.
    over: Option<(u64, &'a [u8])>,
    pages: &'a mut BTreeMap<u64, (Buffer, bool)>,
    at: u64,
}

impl Window<'_> {
    fn page(&mut self, number: u64) -> io::Result<&mut (Buffer, bool)> {
        let offset = self.range.start + number * PAGE;
        let length = PAGE.min(self.range.end - offset);
        if !self.pages.contains_key(&number) {
            let mut bytes = Buffer::new(length as usize);
            match self.over {
                Some((from, over)) if offset >= from && offset + length <= from + over.len() as u64 => {
                    let from = (offset - from) as usize;
                    bytes.copy_from_slice(&over[from..from + length as usize]);
                }
                _ => read_all(self.medium, &mut bytes, offset)?,
            }
            self.pages.insert(number, (bytes, false));
        }
        self.pages.get_mut(&number).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// How many bytes at the present place lie within one page and the partition.
    fn step(&self, wanted: usize) -> usize {
        let rest = (self.range.end - self.range.start).saturating_sub(self.at);
        wanted.min(rest as usize).min((PAGE - self.at % PAGE) as usize)
    }
}

impl Read for Window<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.step(bytes.len());
        if count > 0 {
            let from = (self.at % PAGE) as usize;
            bytes[..count].copy_from_slice(&self.page(self.at / PAGE)?.0[from..from + count]);
            self.at += count as u64;
        }
        Ok(count)
    }
}

impl Write for Window<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.step(bytes.len());
        if count > 0 {
            let from = (self.at % PAGE) as usize;
            let (page, is_changed) = self.page(self.at / PAGE)?;
            page[from..from + count].copy_from_slice(&bytes[..count]);
            *is_changed = true;
            self.at += count as u64;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Window<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let length = self.range.end - self.range.start;
        let place = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => length.checked_add_signed(by),
        };
        self.at = place.filter(|at| *at <= length).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

/// The pages that change when a file is put into the partition, its folders made where they are missing.
/// `over` are bytes that will be written later and count already.
pub fn put(
    medium: &dyn Medium,
    range: Range<u64>,
    over: Option<(u64, &[u8])>,
    path: &str,
    content: &[u8],
) -> Result<Vec<Change>> {
    let mut pages = BTreeMap::new();
    let start = range.start;
    {
        let window = Window { medium, range, over, pages: &mut pages, at: 0 };
        let volume = FileSystem::new(window, FsOptions::new().update_accessed_date(false)).context("no sound FAT file system")?;
        let mut folder = volume.root_dir();
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_some() {
                folder = folder.create_dir(name).with_context(|| format!("cannot make the folder {name}"))?;
                continue;
            }
            let mut file = folder.create_file(name).with_context(|| format!("cannot make {name}"))?;
            file.truncate()?;
            file.write_all(content).with_context(|| format!("cannot write {name}: is the partition full?"))?;
            file.flush()?;
        }
        drop(folder);
        volume.unmount().context("cannot close the FAT file system")?;
    }
    let changed = pages.into_iter().filter(|(_, (_, is_changed))| *is_changed);
    Ok(changed.map(|(number, (bytes, _))| Change { offset: start + number * PAGE, bytes }).collect())
}

/// A file of the partition, or nothing where there is none.
pub fn read(medium: &dyn Medium, range: Range<u64>, path: &str) -> Result<Option<Vec<u8>>> {
    let mut pages = BTreeMap::new();
    let window = Window { medium, range, over: None, pages: &mut pages, at: 0 };
    let volume = FileSystem::new(window, FsOptions::new().update_accessed_date(false)).context("no sound FAT file system")?;
    let mut bytes = Vec::new();
    let found = match volume.root_dir().open_file(path) {
        Ok(file) => {
            file.take(FILE_MAX + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {path}"))?;
            if bytes.len() as u64 > FILE_MAX {
                bail!("{path} is larger than {FILE_MAX} bytes");
            }
            Some(bytes)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("cannot open {path}")),
    };
    Ok(found)
}
