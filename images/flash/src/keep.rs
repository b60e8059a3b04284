//! Writing anew a medium that holds a box of ours, without touching what the box knows: `state` and `data`.
//!
//! Only what was laid out by us, in the very places that the image has, is taken for ours. A box whose data was made by a newer system than
//! the image is refused: the older system could not read it.

use std::io;
use std::ops::Range;

use gpt::{SECTOR, Table};
use semver::Version;

use crate::buffer::{Buffer, is_zero};
use crate::device::{Medium, read_all};
use crate::personalise::{self, DATA, ESP, HEAD, LAYOUT, STATE, fat};
use crate::source::CHUNK;
use crate::write::Spare;

/// The file on the ESP that names the oldest version which can read the data.
pub const FLOOR: &str = "wegovnow/data-floor";

/// What is known of the data's age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Floor {
    /// The box has not written one: it never updated its data.
    None,
    At(Version),
    /// The ESP or the file cannot be read.
    Unknown(String),
}

/// A box of ours on a medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Box {
    pub table: Table,
    pub floor: Floor,
    /// It has started at least once: before that, both partitions are empty.
    pub has_data: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no box of ours on the medium, so there is nothing to keep; write it without --keep-data")]
    NotOurs,
    #[error("the image has no partition table of ours; --keep-data needs the appliance's image")]
    ImageNotOurs,
    #[error("partition {0} lies elsewhere on the medium than in the image; the data cannot be kept")]
    Elsewhere(String),
    #[error("the data needs version {floor} or newer, the image is {image}; take a newer image")]
    Newer { floor: Version, image: Version },
    #[error("the image has no manifest that names its version; --keep-data needs one")]
    NoVersion,
    #[error("it cannot be told whether the image can read the data ({0}); if it is no older than the box was, add --force")]
    FloorUnknown(String),
    #[error("the medium's first MiB cannot be read: {0}")]
    Unreadable(String),
}

impl Box {
    /// With the floor that an earlier run noted before it wrote over the ESP.
    pub fn as_noted(mut self, floor: Option<&str>) -> Box {
        match floor {
            None | Some("unknown") => {}
            Some("none") => self.floor = Floor::None,
            Some(version) => self.floor = parse_floor(version.as_bytes()),
        }
        self
    }
}

/// Looks for a box on a medium. `None` where there is none.
pub fn recognise(medium: &dyn Medium) -> io::Result<Option<Box>> {
    let Some(table) = read_table(medium)?.filter(is_ours) else { return Ok(None) };
    let floor = match personalise::range(&table, ESP) {
        Some(range) => floor(medium, range),
        None => Floor::Unknown("no ESP".to_owned()),
    };
    let mut has_data = false;
    for name in [STATE, DATA] {
        let Some(range) = personalise::range(&table, name) else { continue };
        // File systems have their head in the first MiB.
        let mut head = Buffer::new((range.end - range.start).min(HEAD) as usize);
        has_data |= read_all(medium, &mut head, range.start).is_err() || !is_zero(&head);
    }
    Ok(Some(Box { table, floor, has_data }))
}

/// The table at the start, or that at the end where the first is damaged.
fn read_table(medium: &dyn Medium) -> io::Result<Option<Table>> {
    let mut head = Buffer::new(HEAD as usize);
    if medium.bytes() < 4 * HEAD {
        return Ok(None);
    }
    read_all(medium, &mut head, 0)?;
    if let Some(table) = personalise::table(&head) {
        return Ok(Some(table));
    }
    // The last MiB, as if it were a disk that ends there: entries lie before the header.
    let mut tail = Buffer::new(HEAD as usize);
    let from = (medium.bytes() / SECTOR * SECTOR - HEAD) / SECTOR * SECTOR;
    read_all(medium, &mut tail, from)?;
    Ok(Table::read_at(&mut Shifted { tail: &tail, from, at: 0 }, medium.bytes() / SECTOR - 1).ok().flatten())
}

/// The end of a disk, at the offsets it has on the disk.
struct Shifted<'a> {
    tail: &'a [u8],
    from: u64,
    at: u64,
}

impl io::Read for Shifted<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let Some(from) = self.at.checked_sub(self.from) else { return Ok(0) };
        let rest = self.tail.get(from as usize..).unwrap_or_default();
        let count = rest.len().min(bytes.len());
        bytes[..count].copy_from_slice(&rest[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl io::Seek for Shifted<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        if let io::SeekFrom::Start(at) = to {
            self.at = at;
        }
        Ok(self.at)
    }
}

fn is_ours(table: &Table) -> bool {
    table.partitions.iter().map(|partition| partition.name.as_str()).eq(LAYOUT)
}

fn floor(medium: &dyn Medium, esp: Range<u64>) -> Floor {
    match fat::read(medium, esp, FLOOR) {
        Ok(None) => Floor::None,
        Ok(Some(bytes)) => parse_floor(&bytes),
        Err(error) => Floor::Unknown(format!("{error:#}")),
    }
}

fn parse_floor(bytes: &[u8]) -> Floor {
    let text = String::from_utf8_lossy(bytes);
    match text.lines().next().unwrap_or_default().trim().parse() {
        Ok(version) => Floor::At(version),
        Err(_) => Floor::Unknown(format!("{FLOOR} names no version")),
    }
}

/// May the image be written round the data of this box? Gives what to spare.
pub fn decide(
    found: Option<&Box>,
    image: Option<&Table>,
    version: Option<&Version>,
    medium_bytes: u64,
    force: bool,
) -> Result<Spare, Refusal> {
    let found = found.ok_or(Refusal::NotOurs)?;
    let image = image.filter(|table| is_ours(table)).ok_or(Refusal::ImageNotOurs)?;
    let version = version.ok_or(Refusal::NoVersion)?;
    for (old, new) in found.table.partitions.iter().zip(&image.partitions) {
        // Data was grown to the end of the medium when the box first started.
        let ends_alike = old.last == new.last || old.name == DATA && old.last >= new.last;
        let is_whole = (old.first * SECTOR).is_multiple_of(CHUNK) && ((new.last + 1) * SECTOR).is_multiple_of(CHUNK);
        if old.first != new.first || !ends_alike || !is_whole || old.kind != new.kind {
            return Err(Refusal::Elsewhere(old.name.clone()));
        }
    }
    match &found.floor {
        Floor::At(floor) if floor > version => return Err(Refusal::Newer { floor: floor.clone(), image: version.clone() }),
        Floor::Unknown(why) if !force => return Err(Refusal::FloorUnknown(why.clone())),
        _ => {}
    }
    let (Some(esp), Some(state), Some(data)) =
        (personalise::range(&found.table, ESP), personalise::range(&found.table, STATE), personalise::range(&found.table, DATA))
    else {
        return Err(Refusal::NotOurs);
    };
    // The table stays where it is, so that a cut leaves a medium that is still known for a box with data. What keeps it from starting
    // meanwhile is the first MiB of the ESP: without it no firmware reads the partition.
    Ok(Spare { held: esp.start..esp.start + HEAD, kept: vec![0..HEAD, state, data.start..medium_bytes] })
}
