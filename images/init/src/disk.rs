//! The disk the box was started from, told from others by a partition that only it has.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use gpt::attribute::BLANK;
use gpt::{Act, Guid, SECTOR, Table};
use rustix::ioctl::{NoArg, Opcode, ioctl};
use rustix::rand::{GetRandomFlags, getrandom};

use crate::ext4::{self, Superblock};
use crate::reset::Tier;
use crate::table::{self, Content};
use crate::{Level, say};

/// USB media may take this long to show up.
const WAIT: Duration = Duration::from_secs(30);
const BETWEEN: Duration = Duration::from_millis(50);

/// The kernel makes nodes of partitions while it reads the table.
const NODES: Duration = Duration::from_secs(5);

const DISKS: &str = "/sys/class/block";

/// Names that do not depend on what else is plugged in.
const LINKS: &str = "/dev/disk/appliance";

/// `BLKRRPART` of linux/fs.h.
const REREAD: Opcode = 0x125f;

pub struct Disk {
    /// As the kernel calls it: `sda`, `nvme0n1`.
    pub name: String,
    pub table: Table,
}

/// A partition as a block device.
pub struct Partition {
    pub device: PathBuf,
    /// Major and minor number, `254:4`.
    pub number: String,
    /// As the kernel has it.
    pub sectors: u64,
}

/// Waits for the disk that has this partition.
pub fn find(esp: Guid) -> Result<Disk> {
    let start = Instant::now();
    while start.elapsed() < WAIT {
        let mut found: Vec<Disk> = disks(|device| Table::is_named(device, esp).unwrap_or(false))?;
        if found.len() > 1 {
            let names: Vec<&str> = found.iter().map(|disk| disk.name.as_str()).collect();
            let names = names.join(" and ");
            say(Level::Error, &format!("{names} are copies of one another, each may be the one: take all but one out"));
        }
        if !found.is_empty() {
            return Ok(found.remove(0));
        }
        thread::sleep(BETWEEN);
    }
    let seen: Vec<String> = disks(|_| true)?.into_iter().map(|disk| disk.name).collect();
    bail!("no disk has the partition {esp} that the box was started from; disks with partitions: {}", seen.join(" "))
}

/// Disks with a table of which this holds, by name.
fn disks(holds: impl Fn(&mut File) -> bool) -> Result<Vec<Disk>> {
    let mut disks = Vec::new();
    for entry in fs::read_dir(DISKS).context("cannot list disks")? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().join("partition").exists() {
            continue;
        }
        // A drive without a medium cannot be opened, and most block devices have no table.
        let Ok(mut device) = File::open(format!("/dev/{name}")) else { continue };
        if let Ok(table) = Table::read(&mut device)
            && holds(&mut device)
        {
            disks.push(Disk { name, table });
        }
    }
    disks.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(disks)
}

/// Devices of partitions on all other disks.
pub fn foreign_partitions(own: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(DISKS) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.path().join("partition").exists() && !Path::new(DISKS).join(own).join(entry.file_name()).exists())
        .map(|entry| Path::new("/dev").join(entry.file_name()))
        .collect();
    found.sort();
    found
}

impl Disk {
    pub fn partition(&self, name: &str) -> Result<Partition> {
        let partition = self.table.partition(name).with_context(|| format!("disk {} has no partition {name}", self.name))?;
        for entry in fs::read_dir(format!("{DISKS}/{}", self.name))? {
            let entry = entry?;
            let read = |file: &str| fs::read_to_string(entry.path().join(file)).map(|text| text.trim().to_owned());
            if entry.path().join("partition").exists() && read("start")? == partition.first.to_string() {
                let sectors = read("size")?.parse().with_context(|| format!("the size of partition {name}"))?;
                return Ok(Partition { device: PathBuf::from("/dev").join(entry.file_name()), number: read("dev")?, sectors });
            }
        }
        bail!("the kernel does not show partition {name} of disk {}", self.name)
    }

    pub fn sectors(&self) -> Result<u64> {
        let size = fs::read_to_string(format!("{DISKS}/{}/size", self.name)).context("the size of the disk")?;
        size.trim().parse().context("the size of the disk")
    }

    /// Makes of a fresh image a box of its own, uses all of the medium, mends a copy of the table, and marks what a reset wipes.
    ///
    /// Before anything of the disk is in use: the kernel reads the new table only then. Afterwards its old one stays valid until the
    /// next start, and all of ours but a longer data partition holds at once.
    pub fn settle(&mut self, reset: Option<Tier>) -> Result<()> {
        let device = self.open()?;
        let content = |name: &str| self.content(&device, name).unwrap_or(Content { is_zero: false, has_copy: true });
        let next = table::next(&self.table, self.sectors()?, content, reset, guid)?;
        let (old, is_written) = (self.table.clone(), self.write(&next)?);
        if next == old {
            if is_written {
                say(Level::Notice, "partition table: one of its two copies was not in order, and is written anew");
            }
            return Ok(());
        }
        say(Level::Notice, &format!("partition table written to {}: {}", self.name, told(&old, &next)));
        self.reread(&device)
    }

    /// Marks what a tier wipes, while the disk is in use: nothing moves, so the kernel need not know.
    pub fn mark(&mut self, tier: Tier) -> Result<()> {
        let content = |_: &str| Content { is_zero: false, has_copy: true };
        let next = table::next(&self.table, self.sectors()?, content, Some(tier), guid)?;
        self.write(&next).map(|_| ())
    }

    /// Writes another table; says whether there was something to write.
    pub fn write(&mut self, table: &Table) -> Result<bool> {
        let mut device = self.open()?;
        let acts = gpt::plan(&mut device, table)?;
        for act in &acts {
            match act {
                Act::Write { sector, bytes } => {
                    device.write_all_at(bytes, sector * SECTOR).context("cannot write the partition table")?
                }
                Act::Sync => device.sync_all().context("cannot write the partition table")?,
            }
        }
        self.table = table.clone();
        Ok(!acts.is_empty())
    }

    fn open(&self) -> Result<File> {
        let path = format!("/dev/{}", self.name);
        OpenOptions::new().read(true).write(true).open(&path).with_context(|| format!("cannot open {path}"))
    }

    fn content(&self, device: &File, name: &str) -> Result<Content> {
        let partition = self.table.partition(name).context("no such partition")?;
        let read = |at: u64, length: usize| {
            let mut bytes = vec![0; length];
            device.read_exact_at(&mut bytes, partition.first * SECTOR + at).map(|()| bytes)
        };
        let is_zero = read(0, ext4::HEAD_LEN)?.iter().all(|byte| *byte == 0);
        let kind = ext4::kind(name).context("no file system of ours")?;
        let has_copy = kind.copies.iter().any(|block| {
            // Behind the end of a partition that was not grown yet lies nothing of it.
            let at = block * kind.block;
            at < partition.sectors() * SECTOR
                && read(at, ext4::SUPERBLOCK_LEN).is_ok_and(|bytes| Superblock::parse(&bytes).is_some())
        });
        Ok(Content { is_zero, has_copy })
    }

    /// Has the kernel read the table again, and waits for what it makes of it.
    fn reread(&self, device: &File) -> Result<()> {
        // SAFETY: BLKRRPART takes no argument and touches no memory of ours.
        #[allow(unsafe_code)]
        let done = unsafe { ioctl(device, NoArg::<REREAD>::new()) };
        if let Err(error) = done {
            say(Level::Error, &format!("the kernel keeps the old partition table until the next start: {error}"));
            return Ok(());
        }
        let start = Instant::now();
        while start.elapsed() < NODES {
            if self.table.partitions.iter().all(|partition| self.is_shown(partition)) {
                return Ok(());
            }
            thread::sleep(BETWEEN);
        }
        bail!("the kernel does not show all partitions of {} after its table was written", self.name)
    }

    fn is_shown(&self, partition: &gpt::Partition) -> bool {
        self.partition(&partition.name).is_ok_and(|shown| shown.sectors == partition.sectors() && shown.device.exists())
    }

    /// `/dev/disk/appliance/<name>` for every partition. They go with devtmpfs to the root file system.
    pub fn link(&self) -> Result<()> {
        fs::create_dir_all(LINKS).with_context(|| format!("cannot make {LINKS}"))?;
        for partition in &self.table.partitions {
            // Names come from the disk; none leads out of the folder.
            if partition.name.is_empty() || partition.name.starts_with('.') || partition.name.contains('/') {
                continue;
            }
            let Ok(shown) = self.partition(&partition.name) else { continue };
            let Some(device) = shown.device.file_name() else { continue };
            let link = Path::new(LINKS).join(&partition.name);
            match fs::remove_file(&link) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("link {}", link.display()));
                }
                _ => symlink(Path::new("../..").join(device), &link).with_context(|| format!("link {}", link.display()))?,
            }
        }
        Ok(())
    }
}

/// From the kernel, which waits until it has enough chance.
fn guid() -> Result<Guid> {
    let mut bits = [0; 16];
    let length = getrandom(&mut bits, GetRandomFlags::empty()).context("the kernel gives no random numbers")?;
    anyhow::ensure!(length == bits.len(), "the kernel gives too few random numbers");
    Ok(Guid::random(bits))
}

/// What is new in a table.
fn told(old: &Table, new: &Table) -> String {
    let mut said = Vec::new();
    if old.disk != new.disk {
        said.push(format!("disk {} is now {}", old.disk, new.disk));
    }
    for (old, new) in old.partitions.iter().zip(&new.partitions) {
        if old.last != new.last {
            said.push(format!("{} grown from {} to {} MiB", new.name, old.sectors() / 2048, new.sectors() / 2048));
        }
        if new.has(BLANK) && !old.has(BLANK) {
            said.push(format!("{} to be made", new.name));
        }
    }
    said.join(", ")
}
