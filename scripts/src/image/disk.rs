//! Puts partitions together to a disk.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result};

use super::layout;

/// Zeros of this length stay holes.
const CHUNK: usize = 64 * 1024;

/// Writes the image of a disk with the content of some partitions; the others are empty.
pub fn write(path: &Path, contents: &[(&str, &Path)]) -> Result<()> {
    let part = path.with_extension("part");
    let table = layout::table();
    let sectors = layout::sectors();
    let ends = table.write(sectors)?;
    let mut disk = File::create(&part).with_context(|| format!("cannot write {}", part.display()))?;
    disk.set_len(sectors * gpt::SECTOR)?;
    disk.write_all(&ends.head)?;
    disk.seek(SeekFrom::End(-(ends.tail.len() as i64)))?;
    disk.write_all(&ends.tail)?;
    for (name, content) in contents {
        let partition = table.partitions.iter().find(|partition| partition.name == *name);
        let partition = partition.with_context(|| format!("there is no partition {name}"))?;
        let content = File::open(content).with_context(|| format!("cannot read {}", content.display()))?;
        copy(content, &mut disk, partition.first * gpt::SECTOR)?;
    }
    fs::rename(&part, path).with_context(|| format!("cannot write {}", path.display()))
}

fn copy(mut from: File, disk: &mut File, mut at: u64) -> Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = from.read(&mut chunk)?;
        if length == 0 {
            return Ok(());
        }
        if chunk[..length].iter().any(|byte| *byte != 0) {
            disk.seek(SeekFrom::Start(at))?;
            disk.write_all(&chunk[..length])?;
        }
        at += length as u64;
    }
}
