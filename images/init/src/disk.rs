//! The disk the box was started from, told from others by a partition that only it has.

use std::fs::{self, File};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use gpt::{Guid, Table};

/// USB media may take this long to show up.
const WAIT: Duration = Duration::from_secs(30);
const BETWEEN: Duration = Duration::from_millis(50);

const DISKS: &str = "/sys/class/block";

pub struct Disk {
    /// As the kernel calls it: `sda`, `nvme0n1`.
    pub name: String,
    table: Table,
}

/// A partition as a block device.
pub struct Partition {
    pub device: PathBuf,
    /// Major and minor number, `254:4`.
    pub number: String,
    pub sectors: u64,
}

/// Waits for the disk that has this partition.
pub fn find(esp: Guid) -> Result<Disk> {
    let start = Instant::now();
    while start.elapsed() < WAIT {
        if let Some(disk) = disks()?.into_iter().find(|disk| disk.table.partitions.iter().any(|partition| partition.guid == esp))
        {
            return Ok(disk);
        }
        thread::sleep(BETWEEN);
    }
    let seen: Vec<String> = disks()?.into_iter().map(|disk| disk.name).collect();
    bail!("no disk has the partition {esp} that the box was started from; disks with partitions: {}", seen.join(" "))
}

fn disks() -> Result<Vec<Disk>> {
    let mut disks = Vec::new();
    for entry in fs::read_dir(DISKS).context("cannot list disks")? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().join("partition").exists() {
            continue;
        }
        // A drive without a medium cannot be opened, and most block devices have no table.
        let Ok(mut device) = File::open(format!("/dev/{name}")) else { continue };
        if let Ok(table) = Table::read(&mut device) {
            disks.push(Disk { name, table });
        }
    }
    Ok(disks)
}

impl Disk {
    pub fn partition(&self, name: &str) -> Result<Partition> {
        let entry = self.table.partitions.iter().find(|partition| partition.name == name);
        let partition = entry.with_context(|| format!("disk {} has no partition {name}", self.name))?;
        for entry in fs::read_dir(format!("{DISKS}/{}", self.name))? {
            let entry = entry?;
            let read = |file: &str| fs::read_to_string(entry.path().join(file)).map(|text| text.trim().to_owned());
            if entry.path().join("partition").exists() && read("start")? == partition.first.to_string() {
                let device = PathBuf::from("/dev").join(entry.file_name());
                return Ok(Partition { device, number: read("dev")?, sectors: partition.sectors() });
            }
        }
        bail!("the kernel does not show partition {name} of disk {}", self.name)
    }
}
