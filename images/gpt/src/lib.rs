//! The partition table of a disk (GPT, UEFI specification 2.10, chapter 5): the image builder writes it, the initramfs reads it.
//!
//! What is written depends on the arguments alone, so that two builds of an image are the same bytes.

mod guid;
mod change;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Seek, SeekFrom};

pub use crate::change::{Act, plan};
pub use crate::guid::Guid;

/// Bytes of a sector. Disks with larger logical sectors need a table of their own and are not supported.
pub const SECTOR: u64 = 512;

/// Partitions begin on multiples of this many sectors, 1 MiB, which suits every flash medium.
pub const ALIGN: u64 = 2048;

/// As many as every tool expects.
const ENTRIES: u32 = 128;
const ENTRY_LEN: u32 = 128;
const TABLE_SECTORS: u64 = ENTRIES as u64 * ENTRY_LEN as u64 / SECTOR;
const HEADER_LEN: u32 = 92;
const SIGNATURE: &[u8; 8] = b"EFI PART";
const REVISION: u32 = 0x0001_0000;
const NAME_UNITS: usize = 36;

/// What a partition is for, as firmware and other systems know it.
pub mod kind {
    use crate::Guid;

    pub const ESP: Guid = Guid::from_u128(0xc12a7328_f81f_11d2_ba4b_00a0c93ec93b);
    /// Shown as a drive by Windows and macOS.
    pub const BASIC_DATA: Guid = Guid::from_u128(0xebd0a0a2_b9e5_4433_87c0_68b6b72699c7);
    pub const LINUX: Guid = Guid::from_u128(0x0fc63daf_8483_4772_8e79_3d69d8477de4);
}

/// Bits of ours among those that the specification leaves to a partition's kind (48 to 63).
pub mod attribute {
    /// What the partition holds is not to be kept: a file system is to be made in it before it is used.
    pub const BLANK: u64 = 1 << 56;
    /// Beside `BLANK`: a factory reset asked for it, this is no first start.
    pub const RESET: u64 = 1 << 57;
}

/// The disk GUID of every image as it is built. A disk that has it was written, and never started.
pub const IMAGE_DISK: Guid = Guid::from_u128(0x7a9ffab5_9495_8847_86e5_bc5d5884db10);

/// A table, with what it says of the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub disk: Guid,
    pub partitions: Vec<Partition>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    pub kind: Guid,
    pub guid: Guid,
    pub name: String,
    /// First and last sector, both of it.
    pub first: u64,
    pub last: u64,
    /// Bits of the specification, and of [`attribute`].
    pub attributes: u64,
}

/// The two ends of a disk that hold its table.
pub struct Ends {
    /// From sector 0: protective MBR, header, entries.
    pub head: Vec<u8>,
    /// Up to the last sector: the same entries and header again.
    pub tail: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("partition {0}: {1}")]
    Partition(String, &'static str),
    #[error("no sound partition table, neither at the start of the disk nor at its end")]
    NoTable,
    #[error("the disk cannot be read")]
    Read(#[from] io::Error),
}

impl Partition {
    pub fn has(&self, attribute: u64) -> bool {
        self.attributes & attribute != 0
    }

    pub fn sectors(&self) -> u64 {
        self.last - self.first + 1
    }
}

impl Table {
    /// Both ends of a disk of so many sectors.
    pub fn write(&self, sectors: u64) -> Result<Ends, Error> {
        self.check(sectors)?;
        let entries = self.entries()?;
        let header = |own: u64, other: u64, at: u64| {
            let mut header = Vec::with_capacity(SECTOR as usize);
            header.extend(SIGNATURE);
            header.extend(REVISION.to_le_bytes());
            header.extend(HEADER_LEN.to_le_bytes());
            header.extend([0; 8]);
            for sector in [own, other, 2 + TABLE_SECTORS, sectors - TABLE_SECTORS - 2] {
                header.extend(sector.to_le_bytes());
            }
            header.extend(self.disk.to_disk());
            header.extend(at.to_le_bytes());
            header.extend(ENTRIES.to_le_bytes());
            header.extend(ENTRY_LEN.to_le_bytes());
            header.extend(crc32(&entries).to_le_bytes());
            let crc = crc32(&header);
            header[16..20].copy_from_slice(&crc.to_le_bytes());
            header.resize(SECTOR as usize, 0);
            header
        };
        let last = sectors - 1;
        Ok(Ends {
            head: [protective_mbr(sectors), header(1, last, 2), entries.clone()].concat(),
            tail: [entries.clone(), header(last, 1, last - TABLE_SECTORS)].concat(),
        })
    }

    fn check(&self, sectors: u64) -> Result<(), Error> {
        let mut free = 2 + TABLE_SECTORS;
        for Partition { name, first, last, .. } in &self.partitions {
            let wrong = if first % ALIGN != 0 {
                "does not begin on 1 MiB"
            } else if *first < free {
                "lies over the one before it"
            } else if last < first || *last > sectors.saturating_sub(TABLE_SECTORS + 2) {
                "does not fit on the disk"
            } else {
                free = last + 1;
                continue;
            };
            return Err(Error::Partition(name.clone(), wrong));
        }
        Ok(())
    }

    fn entries(&self) -> Result<Vec<u8>, Error> {
        let mut entries = Vec::new();
        for partition in &self.partitions {
            let name: Vec<u16> = partition.name.encode_utf16().collect();
            if name.len() > NAME_UNITS {
                return Err(Error::Partition(partition.name.clone(), "the name is too long"));
            }
            entries.extend(partition.kind.to_disk());
            entries.extend(partition.guid.to_disk());
            entries.extend(partition.first.to_le_bytes());
            entries.extend(partition.last.to_le_bytes());
            entries.extend(partition.attributes.to_le_bytes());
            entries.extend(name.iter().flat_map(|unit| unit.to_le_bytes()));
            entries.resize(entries.len().next_multiple_of(ENTRY_LEN as usize), 0);
        }
        entries.resize((ENTRIES * ENTRY_LEN) as usize, 0);
        Ok(entries)
    }

    pub fn partition(&self, name: &str) -> Option<&Partition> {
        self.partitions.iter().find(|partition| partition.name == name)
    }

    pub fn partition_mut(&mut self, name: &str) -> Option<&mut Partition> {
        self.partitions.iter_mut().find(|partition| partition.name == name)
    }

    /// Reads the table of a disk: the one at the start, or the one at the end when the first is damaged.
    pub fn read(disk: &mut (impl Read + Seek)) -> Result<Table, Error> {
        if let Some(table) = Table::read_at(disk, 1)? {
            return Ok(table);
        }
        let sectors = disk.seek(SeekFrom::End(0))? / SECTOR;
        Table::read_at(disk, sectors.saturating_sub(1))?.ok_or(Error::NoTable)
    }

    /// The table whose header is in this sector, if that is sound.
    pub fn read_at(disk: &mut (impl Read + Seek), sector: u64) -> Result<Option<Table>, Error> {
        let Some(header) = bytes_at(disk, sector, SECTOR as usize)? else { return Ok(None) };
        let mut unsealed = header[..HEADER_LEN as usize].to_vec();
        unsealed[16..20].fill(0);
        let is_sound = header.starts_with(SIGNATURE)
            && u32_at(&header, 12) == HEADER_LEN
            && u32_at(&header, 16) == crc32(&unsealed)
            && u64_at(&header, 24) == sector
            && u32_at(&header, 80) <= ENTRIES
            && u32_at(&header, 84) == ENTRY_LEN;
        if !is_sound {
            return Ok(None);
        }
        let length = (u32_at(&header, 80) * ENTRY_LEN) as usize;
        let Some(entries) = bytes_at(disk, u64_at(&header, 72), length)? else { return Ok(None) };
        if crc32(&entries) != u32_at(&header, 88) {
            return Ok(None);
        }
        Ok(Some(Table { disk: Guid::from_disk(&header[56..72]), partitions: partitions(&entries) }))
    }

    /// Whether a partition has this GUID in either copy of the table, or in entries at the start that no header vouches for: GRUB
    /// reads those unchecked, so after a cut it may name a partition by what is written there.
    pub fn is_named(disk: &mut (impl Read + Seek), guid: Guid) -> Result<bool, Error> {
        let sectors = disk.seek(SeekFrom::End(0))? / SECTOR;
        for sector in [1, sectors.saturating_sub(1)] {
            let table = Table::read_at(disk, sector)?;
            if table.is_some_and(|table| table.partitions.iter().any(|partition| partition.guid == guid)) {
                return Ok(true);
            }
        }
        let entries = bytes_at(disk, 2, (ENTRIES * ENTRY_LEN) as usize)?.unwrap_or_default();
        Ok(partitions(&entries).iter().any(|partition| partition.guid == guid))
    }
}

fn partitions(entries: &[u8]) -> Vec<Partition> {
    entries.chunks_exact(ENTRY_LEN as usize).filter(|entry| entry[..16] != [0; 16]).map(partition).collect()
}

fn partition(entry: &[u8]) -> Partition {
    let units: Vec<u16> = entry[56..].chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    let name = units.split(|unit| *unit == 0).next().unwrap_or_default();
    Partition {
        kind: Guid::from_disk(&entry[..16]),
        guid: Guid::from_disk(&entry[16..32]),
        name: String::from_utf16_lossy(name),
        first: u64_at(entry, 32),
        last: u64_at(entry, 40),
        attributes: u64_at(entry, 48),
    }
}

/// Tells tools that know no GPT that the whole disk is taken.
fn protective_mbr(sectors: u64) -> Vec<u8> {
    let mut mbr = vec![0; SECTOR as usize];
    let length = u32::try_from(sectors - 1).unwrap_or(u32::MAX);
    // From cylinder 0, head 0, sector 2 to the end; type 0xee.
    mbr[446..454].copy_from_slice(&[0, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff]);
    mbr[454..458].copy_from_slice(&1_u32.to_le_bytes());
    mbr[458..462].copy_from_slice(&length.to_le_bytes());
    mbr[510..].copy_from_slice(&[0x55, 0xaa]);
    mbr
}

/// Bytes from a sector on, or nothing where the disk ends before.
fn bytes_at(disk: &mut (impl Read + Seek), sector: u64, length: usize) -> io::Result<Option<Vec<u8>>> {
    let Some(at) = sector.checked_mul(SECTOR) else { return Ok(None) };
    disk.seek(SeekFrom::Start(at))?;
    let mut bytes = vec![0; length];
    match disk.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + 8].iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// CRC-32 of IEEE 802.3. Bit by bit: a table is 16 KiB, read once.
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}
