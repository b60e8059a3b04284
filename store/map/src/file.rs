//! The town file: how it is laid out, written and opened.
//!
//! Layout, little end first (`var` and `signed` are the variable-length integers of [`wire`]):
//!
//! | part | content |
//! |---|---|
//! | head | 8 bytes [`MAGIC`]; u32 [`VERSION`]; u32 number of sections; for each section u64 start, u64 length |
//! | town | text name; 4 × i32 bounds (min lat, min lon, max lat, max lon; 1e-7 degrees); the service area |
//! | names | u32 count; count+1 × u32 end positions (first 0); then per name: text, var n, n × (text language, text) |
//! | blocks | per block: 4 × i32 rectangle (units of the flat world), u32 start in `features`, u8 features, u8 lowest zoom, u16 zero |
//! | features | feature records, see [`feature`] |
//! | addresses | var streets, then per street: var name, var n, n × (text number, signed dx, signed dy, var osm kind, signed osm id) |
//! | origin | since version 2. signed time of the data (Unix seconds; least i64 unknown); var nodes, ways, relations read; var n, n × (text note; since version 3 var n, n × text object) |
//! | stamps | since version 3: versions and times of the objects, see [`stamp`] |
//! | tail | SHA-256 of everything before |
//!
//! A block holds up to [`feature::BLOCK`] features that lie near each other and appear from the same zoom on; [`crate::town`] finds
//! blocks through one further level of rectangles over every 32 blocks. The file is read in place (memory map): opening costs one
//! pass of checking, and what is never looked at is never loaded again. It carries no time but that of the data, and no random number: the
//! same extract gives the same bytes.
//!
//! A town file is never changed in place, only replaced by renaming a finished one over it; an open map keeps the old file alive.

pub mod feature;
pub mod stamp;
pub mod wire;

use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::path::Path;

use memmap2::Mmap;
use sha2::{Digest, Sha256};

use crate::town::OpenError;
use wire::{Reader, Writer};

/// First bytes of every town file.
pub const MAGIC: [u8; 8] = *b"WGN-TOWN";
/// Version of the layout above.
pub const VERSION: u32 = 3;
/// The oldest that is read, too: a box may hold one from before an update.
const OLDEST: u32 = 1;
const DIGEST_LEN: usize = 32;

/// The sections, in the order they lie in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Town = 0,
    Names = 1,
    Blocks = 2,
    Features = 3,
    Addresses = 4,
    Origin = 5,
    Stamps = 6,
}

const SECTIONS: usize = 7;

/// How many sections a version has: the first so many.
fn sections_of(version: u32) -> usize {
    match version {
        1 => 5,
        2 => 6,
        _ => SECTIONS,
    }
}

/// An open file whose frame (magic, version, lengths, digest) has been checked.
#[derive(Debug)]
pub struct TownFile {
    map: Mmap,
    /// The version of its layout.
    pub version: u32,
    sections: [Range<usize>; SECTIONS],
}

impl TownFile {
    pub fn open(path: &Path) -> Result<TownFile, OpenError> {
        let read = |source| OpenError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(read)?;
        let length = file.metadata().map_err(read)?.len();
        if length < (MAGIC.len() + DIGEST_LEN) as u64 {
            return Err(OpenError::NotATown { path: path.to_owned() });
        }
        // SAFETY: the map is read-only and private, and town files are replaced by renaming, never written in place, so the bytes
        // under the map do not change. Nothing relies on their meaning: every access is bounds-checked and every string validated.
        #[allow(unsafe_code)]
        let map = unsafe { Mmap::map(&file) }.map_err(read)?;
        let (version, sections) = frame(&map, path)?;
        Ok(TownFile { map, version, sections })
    }

    pub fn section(&self, section: Section) -> &[u8] {
        let range = self.sections.get(section as usize).cloned().unwrap_or_default();
        self.map.get(range).unwrap_or_default()
    }
}

/// Checks everything around the sections and says where they are.
/// The version and the sections of a town file whose magic, lengths and digest hold.
fn frame(bytes: &[u8], path: &Path) -> Result<(u32, [Range<usize>; SECTIONS]), OpenError> {
    let damaged = |what: &str| OpenError::Damaged { path: path.to_owned(), what: what.to_owned() };
    let mut reader = Reader(bytes);
    if reader.bytes(MAGIC.len()) != Some(&MAGIC) {
        return Err(OpenError::NotATown { path: path.to_owned() });
    }
    let version = reader.u32().ok_or_else(|| damaged("the head is cut off"))?;
    if !(OLDEST..=VERSION).contains(&version) {
        return Err(OpenError::Version { path: path.to_owned(), version, known: VERSION });
    }
    let content = bytes.len().saturating_sub(DIGEST_LEN);
    let (body, digest) = bytes.split_at_checked(content).ok_or_else(|| damaged("the end is cut off"))?;
    if Sha256::digest(body).as_slice() != digest {
        return Err(damaged("its checksum does not fit its content"));
    }
    let count = sections_of(version);
    if reader.u32() != Some(count as u32) {
        return Err(damaged("the number of its parts is wrong"));
    }
    let mut sections = [const { 0..0 }; SECTIONS];
    for section in sections.iter_mut().take(count) {
        let place = reader.u64().zip(reader.u64()).and_then(|(start, length)| {
            let start = usize::try_from(start).ok()?;
            let end = start.checked_add(usize::try_from(length).ok()?)?;
            (end <= content).then_some(start..end)
        });
        *section = place.ok_or_else(|| damaged("one of its parts lies outside the file"))?;
    }
    Ok((version, sections))
}

/// Puts sections together into the bytes of a town file.
pub fn assemble(sections: [Vec<u8>; SECTIONS]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.0.extend_from_slice(&MAGIC);
    writer.u32(VERSION);
    writer.u32(SECTIONS as u32);
    let mut start = (MAGIC.len() + 8 + SECTIONS * 16) as u64;
    for section in &sections {
        writer.u64(start);
        writer.u64(section.len() as u64);
        start += section.len() as u64;
    }
    for section in sections {
        writer.0.extend_from_slice(&section);
    }
    let digest = Sha256::digest(&writer.0);
    writer.0.extend_from_slice(&digest);
    writer.0
}

/// Where a file lies.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Puts a file in another's place so that one of them is there whole, also when the power fails: synced, renamed over it, and the
/// folder synced. Both lie in one folder.
pub fn put(from: &Path, to: &Path) -> std::io::Result<()> {
    File::open(from)?.sync_all()?;
    std::fs::rename(from, to)?;
    File::open(folder_of(to))?.sync_all()
}

/// Writes a file so that it appears whole or not at all, also when the power fails: a temporary file beside it, put in its place.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut temporary_name = path.file_name().unwrap_or_default().to_owned();
    temporary_name.push(format!(".{}.new", std::process::id()));
    let temporary = folder_of(path).join(temporary_name);
    let written = File::create(&temporary).and_then(|mut file| file.write_all(bytes)).and_then(|()| put(&temporary, path));
    if written.is_err() {
        // The error that matters is the first one; a left-over temporary file is only untidy.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}
