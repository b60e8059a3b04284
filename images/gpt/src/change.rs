//! From one table to another, on a disk that may lose its power between any two sectors.
//!
//! Firmware, the kernel and [`Table::read`] take the table at the start, and the one at the end when the first is not sound. So the end
//! is written while the start is whole, and the start once the end is safe on the medium: whatever is cut, one of them is whole, and
//! what is read is the old table or the new one.

use std::io::{Read, Seek, SeekFrom};

use crate::{ALIGN, Ends, Error, Guid, SECTOR, TABLE_SECTORS, Table, bytes_at};

/// One step on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Whole sectors, in any order.
    Write { sector: u64, bytes: Vec<u8> },
    /// Go on only when all that was written is on the medium.
    Sync,
}

/// The steps after which a disk has this table at both ends. None where it has it already.
pub fn plan(disk: &mut (impl Read + Seek), new: &Table) -> Result<Vec<Act>, Error> {
    let sectors = disk.seek(SeekFrom::End(0))? / SECTOR;
    let Ends { head, tail } = new.write(sectors)?;
    let tail_at = sectors - TABLE_SECTORS - 1;
    let mut acts = Vec::new();
    let mut write = |sector, bytes| acts.extend([Act::Write { sector, bytes }, Act::Sync]);

    let mut present = bytes_at(disk, 0, head.len())?;
    if Table::read_at(disk, 1)?.is_none() {
        // All hangs on the copy at the end. It is not touched before there is another one.
        let old = Table::read_at(disk, sectors - 1)?.ok_or(Error::NoTable)?.write(sectors)?.head;
        write(0, old.clone());
        present = Some(old);
    }
    if bytes_at(disk, tail_at, tail.len())?.as_ref() != Some(&tail) {
        write(tail_at, tail);
    }
    if present.as_ref() != Some(&head) {
        write(0, head);
    }
    Ok(acts)
}

impl Table {
    /// The same with its last partition up to the end of a disk of so many sectors, as far as whole multiples of [`ALIGN`] go.
    /// Nothing is ever made smaller: what does not fit is an error.
    pub fn grown(&self, sectors: u64) -> Result<Table, Error> {
        let mut grown = self.clone();
        let end = sectors.saturating_sub(TABLE_SECTORS + 1) / ALIGN * ALIGN;
        if let Some(last) = grown.partitions.iter_mut().max_by_key(|partition| partition.first) {
            last.last = last.last.max(end.saturating_sub(1));
        }
        grown.check(sectors)?;
        Ok(grown)
    }

    /// The same as the table of another disk.
    pub fn renewed<E>(&self, mut guid: impl FnMut() -> Result<Guid, E>) -> Result<Table, E> {
        let mut renewed = self.clone();
        renewed.disk = guid()?;
        for partition in &mut renewed.partitions {
            partition.guid = guid()?;
        }
        Ok(renewed)
    }
}

#[cfg(test)]
mod tests;
