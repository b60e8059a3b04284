//! Which disks this machine has, and which of them may be written.
//!
//! Everything comes from sysfs, the table of mounts and the table of swaps, whose places are arguments: no other program's text is parsed,
//! and a test gives a folder. Disks are told apart by number, never by the start of a name. A disk that must not be written stays in the
//! list, with the reason.

mod node;
mod mount;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

pub use self::node::Number;
use self::node::{Node, Tree};
use crate::name;

/// Where to look. A test points elsewhere.
#[derive(Debug, Clone)]
pub struct Roots {
    pub sys: PathBuf,
    pub dev: PathBuf,
    pub mountinfo: PathBuf,
    pub swaps: PathBuf,
}

impl Default for Roots {
    fn default() -> Roots {
        let path = PathBuf::from;
        Roots { sys: path("/sys"), dev: path("/dev"), mountinfo: path("/proc/self/mountinfo"), swaps: path("/proc/swaps") }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Bus {
    Usb,
    Mmc,
    Nvme,
    Ata,
    Scsi,
    Virtio,
    Other,
}

/// Why a disk is not written, whatever is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "why", content = "what")]
pub enum Refusal {
    /// Holds a part of the running system, mounted there.
    System(String),
    Mounted(String),
    Swap(String),
    /// Encrypted volume, LVM, RAID, or another program's device on top of it.
    Held(String),
    HoldsImage,
    ReadOnly,
    NoMedium,
    Optical,
    /// Loop device, RAM disk, device mapper: no medium that can be carried away.
    Virtual(String),
    BootArea,
    /// Logical sectors, in bytes; the image's partition table counts in 512.
    Sectors(u32),
}

/// What wants a second look, and a word from the technician.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Caution {
    /// Neither removable nor on a bus for removable media.
    Internal,
    NoSerial,
    /// Two disks say the same serial.
    SameSerial,
    /// Larger than any medium we ship.
    Large,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Free,
    Careful,
    Refused,
}

/// A disk as a whole. Its strings are clean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disk {
    /// Of the kernel, such as `sdb`.
    pub name: String,
    pub path: PathBuf,
    pub number: Number,
    /// Counts up with each disk the kernel sees: another medium in the same slot has another.
    pub sequence: Option<u64>,
    pub bytes: u64,
    pub model: String,
    pub serial: Option<String>,
    pub bus: Bus,
    pub removable: bool,
    /// Bytes of a logical sector: what direct access is aligned to.
    pub sector: u32,
    pub partitions: Vec<String>,
    pub refusals: Vec<Refusal>,
    pub cautions: Vec<Caution>,
}

/// Above this a disk is more likely somebody's archive than a medium for a box.
const LARGE: u64 = 2_000_000_000_000;

/// Mount points of the running system.
const SYSTEM: [&str; 3] = ["/", "/usr", "/boot"];

impl Disk {
    pub fn verdict(&self) -> Verdict {
        if !self.refusals.is_empty() {
            Verdict::Refused
        } else if self.cautions.is_empty() {
            Verdict::Free
        } else {
            Verdict::Careful
        }
    }

    /// All reasons in words.
    pub fn reasons(&self) -> String {
        let refusals = self.refusals.iter().map(ToString::to_string);
        let cautions = self.cautions.iter().map(ToString::to_string);
        refusals.chain(cautions).collect::<Vec<_>>().join("; ")
    }

    /// Is this still the disk that was chosen? Numbers and names are given anew when something is plugged in.
    pub fn is_same(&self, other: &Disk) -> bool {
        (self.number, self.sequence, self.bytes, &self.serial, &self.model)
            == (other.number, other.sequence, other.bytes, &other.serial, &other.model)
    }

    pub fn serial_or_none(&self) -> &str {
        self.serial.as_deref().unwrap_or("no serial")
    }
}

/// Every disk, in the order of names. `image` is the number of the file system that holds the image's file.
pub fn read(roots: &Roots, image: Option<Number>) -> std::io::Result<Vec<Disk>> {
    let tree = Tree::read(&roots.sys)?;
    let mut used: BTreeMap<String, BTreeSet<Refusal>> = BTreeMap::new();
    let mut mark = |disks: BTreeSet<String>, why: Refusal| {
        for disk in disks {
            used.entry(disk).or_default().insert(why.clone());
        }
    };
    let mounts = mount::mounts(&std::fs::read_to_string(&roots.mountinfo)?);
    for mount in &mounts {
        let at = name::clean(&mount.at);
        let why = if SYSTEM.contains(&mount.at.as_str()) { Refusal::System(at) } else { Refusal::Mounted(at) };
        mark(mount.disks(&tree), why);
    }
    for swap in mount::swaps(&std::fs::read_to_string(&roots.swaps)?) {
        mark(tree.disks_below(&swap), Refusal::Swap(name::clean(&swap)));
    }
    if let Some(number) = image {
        let by_mount = mounts.iter().filter(|mount| mount.number == number).flat_map(|mount| mount.disks(&tree));
        mark(tree.named(number).map(|node| tree.disks_below(node)).unwrap_or_default(), Refusal::HoldsImage);
        mark(by_mount.collect(), Refusal::HoldsImage);
    }
    let mut disks: Vec<Disk> = tree.disks().map(|node| disk(roots, node, used.remove(&node.name).unwrap_or_default())).collect();
    let serials: Vec<Option<String>> = disks.iter().map(|disk| disk.serial.clone()).collect();
    for disk in &mut disks {
        if disk.serial.is_some() && serials.iter().filter(|serial| **serial == disk.serial).count() > 1 {
            disk.cautions.push(Caution::SameSerial);
        }
    }
    Ok(disks)
}

fn disk(roots: &Roots, node: &Node, used: BTreeSet<Refusal>) -> Disk {
    let bus = node.bus();
    let removable = node.flag("removable");
    let bytes = node.count("size").unwrap_or(0) * gpt::SECTOR;
    let sector = node.count("queue/logical_block_size").and_then(|count| u32::try_from(count).ok()).unwrap_or(512);
    let serial = node.serial().map(|serial| name::clean(&serial)).filter(|serial| !serial.is_empty());

    let mut refusals: Vec<Refusal> = used.into_iter().collect();
    if let Some(kind) = node.kind_of_virtual() {
        refusals.push(Refusal::Virtual(kind.to_owned()));
    }
    if node.name.starts_with("sr") || node.name.starts_with("fd") {
        refusals.push(Refusal::Optical);
    }
    if node.is_boot_area() {
        refusals.push(Refusal::BootArea);
    }
    refusals.extend(node.holders().into_iter().map(|holder| Refusal::Held(name::clean(&holder))));
    if bytes == 0 {
        refusals.push(Refusal::NoMedium);
    } else if node.flag("ro") {
        refusals.push(Refusal::ReadOnly);
    }
    if u64::from(sector) != gpt::SECTOR {
        refusals.push(Refusal::Sectors(sector));
    }

    let mut cautions = Vec::new();
    // A reader for SD cards that is built in is an mmc host; what is soldered on answers the same way and says "MMC", not "SD".
    let is_card = bus == Bus::Mmc && node.text("device/type").is_none_or(|kind| kind == "SD");
    if !removable && bus != Bus::Usb && !is_card {
        cautions.push(Caution::Internal);
    }
    if serial.is_none() {
        cautions.push(Caution::NoSerial);
    }
    if bytes > LARGE {
        cautions.push(Caution::Large);
    }
    Disk {
        path: roots.dev.join(&node.name),
        name: node.name.clone(),
        number: node.number,
        sequence: node.count("diskseq"),
        bytes,
        model: name::clean(&node.model()),
        serial,
        bus,
        removable,
        sector,
        partitions: node.partitions.iter().map(|part| part.name.clone()).collect(),
        refusals,
        cautions,
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Refusal::System(at) => write!(f, "this machine runs from it ({at})"),
            Refusal::Mounted(at) => write!(f, "mounted at {at}"),
            Refusal::Swap(on) => write!(f, "swap space ({on})"),
            Refusal::Held(by) => write!(f, "in use by {by}"),
            Refusal::HoldsImage => f.write_str("the image's file lies on it"),
            Refusal::ReadOnly => f.write_str("write-protected"),
            Refusal::NoMedium => f.write_str("no medium in it"),
            Refusal::Optical => f.write_str("an optical or floppy drive"),
            Refusal::Virtual(kind) => write!(f, "not a medium ({kind})"),
            Refusal::BootArea => f.write_str("the boot area of another disk"),
            Refusal::Sectors(bytes) => write!(f, "sectors of {bytes} bytes, the image needs 512"),
        }
    }
}

impl fmt::Display for Caution {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Caution::Internal => "built in, not removable",
            Caution::NoSerial => "says no serial",
            Caution::SameSerial => "another disk says the same serial",
            Caution::Large => "larger than 2 TB",
        })
    }
}

impl fmt::Display for Bus {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Bus::Usb => "USB",
            Bus::Mmc => "MMC",
            Bus::Nvme => "NVMe",
            Bus::Ata => "ATA",
            Bus::Scsi => "SCSI",
            Bus::Virtio => "virtio",
            Bus::Other => "other",
        })
    }
}
