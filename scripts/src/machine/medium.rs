//! Disks of a machine: the image itself, overlays on it, copies to break, and disks behind a network block device.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use gpt::{Partition, SECTOR, Table};

use super::fat::Fat;
use crate::shell::run;

const MIB: u64 = 1024 * 1024;

/// A disk, and how QEMU reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Medium {
    /// Every byte as it is on the disk.
    Raw(PathBuf),
    /// qcow2: what differs from another medium.
    Overlay(PathBuf),
    /// A socket where a server speaks the NBD protocol.
    Nbd(PathBuf),
}

impl Medium {
    /// A new overlay on this one, which stays as it is. Grown to `length` bytes if that is given.
    pub fn overlay(&self, file: &Path, length: Option<u64>) -> Result<Medium> {
        let (base, format) = match self {
            Medium::Raw(base) => (base, "raw"),
            Medium::Overlay(base) => (base, "qcow2"),
            Medium::Nbd(socket) => bail!("{} is a server, it takes no overlay", socket.display()),
        };
        let base =
            fs::canonicalize(base).with_context(|| format!("no image {}: make it with `cargo x image`", base.display()))?;
        let mut create = Command::new("qemu-img");
        create.args(["create", "-q", "-f", "qcow2", "-F", format, "-b"]).arg(base).arg(file);
        run(create.args(length.map(|length| length.to_string())))?;
        Ok(Medium::Overlay(file.to_owned()))
    }

    /// A copy of every byte, holes left as holes.
    pub fn copy(&self, file: &Path) -> Result<Medium> {
        let mut convert = Command::new("qemu-img");
        convert.args(["convert", "-O", "raw", "-S", "4k"]).args(self.format()).arg(self.file()?).arg(file);
        run(&mut convert)?;
        Ok(Medium::Raw(file.to_owned()))
    }

    /// Where a drive option of QEMU finds it.
    pub fn drive(&self) -> String {
        // A comma in a value is written twice.
        let escaped = |path: &Path| path.display().to_string().replace(',', ",,");
        match self {
            Medium::Raw(path) => format!("format=raw,file={}", escaped(path)),
            Medium::Overlay(path) => format!("format=qcow2,file={}", escaped(path)),
            Medium::Nbd(socket) => format!("format=raw,file=nbd+unix:///?socket={}", escaped(socket)),
        }
    }

    pub fn file(&self) -> Result<&Path> {
        match self {
            Medium::Raw(path) | Medium::Overlay(path) => Ok(path),
            Medium::Nbd(socket) => bail!("{} is a server, not a file", socket.display()),
        }
    }

    fn format(&self) -> [&'static str; 2] {
        ["-f", if matches!(self, Medium::Overlay(_)) { "qcow2" } else { "raw" }]
    }

    /// Copies a range of whole sectors out; no machine may be using the medium.
    fn take(&self, first: u64, sectors: u64, to: &Path) -> Result<()> {
        match self {
            Medium::Raw(path) => {
                let mut from = open(path)?;
                from.seek(SeekFrom::Start(first * SECTOR))?;
                sparse(from.take(sectors * SECTOR), to)
            }
            _ => {
                // In steps as long as start and length allow.
                let step = if [first, sectors].iter().all(|count| (count * SECTOR).is_multiple_of(MIB)) { MIB } else { SECTOR };
                let mut dd = Command::new("qemu-img");
                dd.arg("dd").args(self.format()).args(["-O", "raw", &format!("bs={step}")]);
                dd.arg(format!("skip={}", first * SECTOR / step)).arg(format!("count={}", (first + sectors) * SECTOR / step));
                dd.arg(format!("if={}", self.file()?.display())).arg(format!("of={}", to.display()));
                run(dd.stdout(Stdio::null()))
            }
        }
    }

    /// The partition table, from whichever end of the disk is sound.
    pub fn table(&self, scratch: &Path) -> Result<Table> {
        if let Medium::Raw(path) = self {
            return Ok(Table::read(&mut open(path)?)?);
        }
        let head = scratch.join("table");
        self.take(0, 2 * gpt::ALIGN, &head)?;
        let table = Table::read_at(&mut open(&head)?, 1)?.context("no sound partition table at the start of the disk");
        fs::remove_file(&head)?;
        table
    }

    /// Copies a partition out; no machine may be using the medium.
    pub fn partition(&self, name: &str, scratch: &Path) -> Result<PathBuf> {
        let partition = find(&self.table(scratch)?, name)?;
        let to = scratch.join(format!("{name}.partition"));
        self.take(partition.first, partition.sectors(), &to)?;
        Ok(to)
    }

    /// The files of a FAT partition, to read: of a copy, if the medium is an overlay.
    pub fn fat(&self, name: &str, scratch: &Path) -> Result<Fat> {
        match self {
            Medium::Raw(path) => Ok(Fat { file: path.clone(), offset: find(&self.table(scratch)?, name)?.first * SECTOR }),
            _ => Ok(Fat { file: self.partition(name, scratch)?, offset: 0 }),
        }
    }

    /// Where a partition begins and how long it is, in bytes, with the disk open for writing. Only a raw medium has it.
    pub fn open_partition(&self, name: &str) -> Result<(File, u64, u64)> {
        let Medium::Raw(path) = self else { bail!("only a raw copy can be written to from outside") };
        let mut file =
            OpenOptions::new().read(true).write(true).open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let partition = find(&Table::read(&mut file)?, name)?;
        Ok((file, partition.first * SECTOR, partition.sectors() * SECTOR))
    }

    /// Copies one partition over another of the same length.
    pub fn copy_partition(&self, from: &str, to: &str) -> Result<()> {
        let (mut disk, from_offset, length) = self.open_partition(from)?;
        let (_, to_offset, to_length) = self.open_partition(to)?;
        ensure!(length == to_length, "{from} and {to} are not of the same length");
        let mut chunk = vec![0; MIB as usize];
        for at in (0..length).step_by(chunk.len()) {
            disk.seek(SeekFrom::Start(from_offset + at))?;
            disk.read_exact(&mut chunk)?;
            disk.seek(SeekFrom::Start(to_offset + at))?;
            disk.write_all(&chunk)?;
        }
        Ok(())
    }

    /// Turns every bit of these bytes of a partition.
    pub fn flip(&self, name: &str, offsets: &[u64]) -> Result<()> {
        let (mut disk, start, length) = self.open_partition(name)?;
        for offset in offsets {
            ensure!(*offset < length, "{name} ends before byte {offset}");
            let mut byte = [0];
            disk.seek(SeekFrom::Start(start + offset))?;
            disk.read_exact(&mut byte)?;
            disk.seek(SeekFrom::Start(start + offset))?;
            disk.write_all(&[!byte[0]])?;
        }
        Ok(())
    }
}

fn open(path: &Path) -> Result<File> {
    File::open(path).with_context(|| format!("cannot read {}", path.display()))
}

fn find(table: &Table, name: &str) -> Result<Partition> {
    let found = table.partitions.iter().find(|partition| partition.name == name);
    found.cloned().with_context(|| format!("the disk has no partition {name}"))
}

/// Copies, and leaves zeros as holes.
fn sparse(mut from: impl Read, to: &Path) -> Result<()> {
    let mut file = File::create(to).with_context(|| format!("cannot write {}", to.display()))?;
    let mut chunk = vec![0; 64 * 1024];
    let mut at = 0;
    loop {
        let length = from.read(&mut chunk)?;
        if length == 0 {
            return Ok(file.set_len(at)?);
        }
        if chunk[..length].iter().any(|byte| *byte != 0) {
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&chunk[..length])?;
        }
        at += length as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with partitions of 1 MiB, filled with a byte each.
    fn disk(dir: &Path, names: &[(&str, u8)]) -> Medium {
        let partitions: Vec<Partition> = (1..)
            .zip(names)
            .map(|(number, (name, _))| Partition {
                kind: gpt::kind::LINUX,
                guid: gpt::Guid::custom([number as u8; 16]),
                name: (*name).to_owned(),
                first: number * gpt::ALIGN,
                last: (number + 1) * gpt::ALIGN - 1,
                attributes: 0,
            })
            .collect();
        let sectors = (names.len() as u64 + 2) * gpt::ALIGN;
        let ends = Table { disk: gpt::Guid::custom([9; 16]), partitions }.write(sectors).unwrap();
        let mut bytes = vec![0; (sectors * SECTOR) as usize];
        bytes[..ends.head.len()].copy_from_slice(&ends.head);
        let tail = bytes.len() - ends.tail.len();
        bytes[tail..].copy_from_slice(&ends.tail);
        for (number, (_, fill)) in (1..).zip(names) {
            bytes[number * MIB as usize..(number + 1) * MIB as usize].fill(*fill);
        }
        let path = dir.join("disk");
        fs::write(&path, bytes).unwrap();
        Medium::Raw(path)
    }

    #[test]
    fn partitions_are_taken_out_copied_and_broken() {
        let dir = tempfile::tempdir().unwrap();
        let medium = disk(dir.path(), &[("root-a", 7), ("root-b", 0)]);
        medium.flip("root-a", &[5]).unwrap();
        medium.copy_partition("root-a", "root-b").unwrap();
        let taken = fs::read(medium.partition("root-b", dir.path()).unwrap()).unwrap();
        assert_eq!(taken.len() as u64, MIB);
        assert_eq!(taken[..7], [7, 7, 7, 7, 7, !7, 7]);
        assert!(medium.flip("root-a", &[MIB]).is_err());
        assert!(medium.partition("boot-a", dir.path()).unwrap_err().to_string().contains("no partition boot-a"));
    }

    #[test]
    fn a_comma_in_a_name_does_not_end_the_option() {
        assert_eq!(Medium::Raw("a,b".into()).drive(), "format=raw,file=a,,b");
        assert_eq!(Medium::Nbd("/t/s".into()).drive(), "format=raw,file=nbd+unix:///?socket=/t/s");
    }
}
