//! Block devices as sysfs has them: disks, their partitions, and what stands on what.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::Bus;

/// Major and minor number of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number {
    pub major: u32,
    pub minor: u32,
}

impl Number {
    /// From what `stat` calls `st_dev` or `st_rdev`.
    pub fn from_stat(device: u64) -> Number {
        Number { major: rustix::fs::major(device), minor: rustix::fs::minor(device) }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}", self.major, self.minor)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Number {
    type Err = ();

    fn from_str(text: &str) -> Result<Number, ()> {
        let (major, minor) = text.trim().split_once(':').ok_or(())?;
        Ok(Number { major: major.parse().map_err(|_| ())?, minor: minor.parse().map_err(|_| ())? })
    }
}

/// A disk or a partition.
#[derive(Debug, Clone)]
pub struct Node {
    pub name: String,
    pub number: Number,
    pub partitions: Vec<Node>,
    folder: PathBuf,
}

/// All of them, found by name and by number.
pub struct Tree {
    disks: BTreeMap<String, Node>,
}

impl Tree {
    pub fn read(sys: &Path) -> io::Result<Tree> {
        let mut disks = BTreeMap::new();
        for entry in fs::read_dir(sys.join("block"))? {
            let Some(mut node) = Node::read(&entry?.path()) else { continue };
            for part in names(&node.folder).into_iter().filter(|name| node.folder.join(name).join("partition").exists()) {
                node.partitions.extend(Node::read(&node.folder.join(part)));
            }
            node.partitions.sort_by_key(|part| part.count("partition"));
            disks.insert(node.name.clone(), node);
        }
        Ok(Tree { disks })
    }

    pub fn disks(&self) -> impl Iterator<Item = &Node> {
        self.disks.values()
    }

    /// The name of the disk or partition with this number.
    pub fn named(&self, number: Number) -> Option<&str> {
        let all = self.disks.values().flat_map(|disk| std::iter::once(disk).chain(&disk.partitions));
        all.into_iter().find(|node| node.number == number).map(|node| node.name.as_str())
    }

    /// The disks that a device lies on, given as a name or a path below `/dev`: itself, its disk, and whatever they stand on.
    pub fn disks_below(&self, device: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        self.climb_down(device.rsplit('/').next().unwrap_or(device), &mut found);
        found
    }

    fn climb_down(&self, name: &str, found: &mut BTreeSet<String>) {
        // In sysfs a slash within a name is an exclamation mark; names of device mapper lie elsewhere than their nodes.
        let by_label = || self.disks.values().find(|disk| disk.text("dm/name").as_deref() == Some(name));
        let by_part = || self.disks.values().find(|disk| disk.partitions.iter().any(|part| part.name == name));
        let Some(disk) = self.disks.get(name).or_else(by_part).or_else(by_label) else { return };
        if !found.insert(disk.name.clone()) {
            return;
        }
        for slave in names(&disk.folder.join("slaves")) {
            self.climb_down(&slave, found);
        }
    }
}

impl Node {
    fn read(folder: &Path) -> Option<Node> {
        let name = folder.file_name()?.to_str()?.to_owned();
        let number = fs::read_to_string(folder.join("dev")).ok()?.parse().ok()?;
        Some(Node { name, number, partitions: Vec::new(), folder: fs::canonicalize(folder).ok()? })
    }

    /// An attribute's text, or nothing where there is none.
    pub fn text(&self, attribute: &str) -> Option<String> {
        let bytes = fs::read(self.folder.join(attribute)).ok()?;
        let text = String::from_utf8_lossy(&bytes).trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned();
        (!text.is_empty()).then_some(text)
    }

    pub fn count(&self, attribute: &str) -> Option<u64> {
        self.text(attribute)?.parse().ok()
    }

    pub fn flag(&self, attribute: &str) -> bool {
        self.text(attribute).as_deref() == Some("1")
    }

    /// What stands on the disk or on one of its partitions.
    pub fn holders(&self) -> Vec<String> {
        let own = names(&self.folder.join("holders"));
        own.into_iter().chain(self.partitions.iter().flat_map(|part| names(&part.folder.join("holders")))).collect()
    }

    pub fn bus(&self) -> Bus {
        let path = self.folder.to_string_lossy();
        let has = |part: &str| path.split('/').any(|own| own.trim_end_matches(|c: char| c.is_ascii_digit()) == part);
        match () {
            () if has("usb") => Bus::Usb,
            () if self.name.starts_with("mmcblk") => Bus::Mmc,
            () if self.name.starts_with("nvme") => Bus::Nvme,
            () if has("virtio") => Bus::Virtio,
            () if has("ata") => Bus::Ata,
            () if has("host") => Bus::Scsi,
            () => Bus::Other,
        }
    }

    /// Maker and model, as far as the device says.
    pub fn model(&self) -> String {
        let vendor = self.text("device/vendor").filter(|vendor| !vendor.starts_with("0x") && vendor != "ATA");
        let model = self.text("device/model").or_else(|| self.text("device/name"));
        [vendor, model].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// What the device says of itself; else, on USB, the serial of the first device above that has one.
    pub fn serial(&self) -> Option<String> {
        let own = self.text("device/serial").or_else(|| self.text("serial"));
        own.or_else(|| self.usb_serial()).or_else(|| self.scsi_serial())
    }

    fn usb_serial(&self) -> Option<String> {
        let device = self.folder.ancestors().find(|folder| folder.join("idVendor").exists())?;
        let text = String::from_utf8_lossy(&fs::read(device.join("serial")).ok()?).trim().to_owned();
        // A card reader's serial is that of the reader; its slots differ in the unit's number.
        let unit = self.folder.ancestors().find_map(|folder| {
            let name = folder.file_name()?.to_str()?;
            (name.split(':').count() == 4 && folder.join("block").exists())
                .then(|| name.rsplit(':').next().unwrap_or("0").to_owned())
        });
        match unit.as_deref() {
            None | Some("0") => Some(text),
            Some(unit) => Some(format!("{text}:{unit}")),
        }
    }

    /// The page of vital product data that holds the serial: four bytes of head, then text.
    fn scsi_serial(&self) -> Option<String> {
        let page = fs::read(self.folder.join("device/vpd_pg80")).ok()?;
        let text = String::from_utf8_lossy(page.get(4..)?).trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    pub fn kind_of_virtual(&self) -> Option<&'static str> {
        const KINDS: [(&str, &str); 8] = [
            ("loop", "loop device"),
            ("ram", "RAM disk"),
            ("zram", "compressed RAM disk"),
            ("dm-", "device mapper"),
            ("md", "RAID"),
            ("nbd", "network block device"),
            ("zd", "ZFS volume"),
            ("mtdblock", "raw flash"),
        ];
        KINDS.iter().find(|(start, _)| self.name.starts_with(start)).map(|(_, kind)| *kind)
    }

    /// eMMC shows its two boot areas and its replay-protected block as disks of their own.
    pub fn is_boot_area(&self) -> bool {
        self.name.starts_with("mmcblk") && (self.name.contains("boot") || self.name.contains("rpmb") || self.name.contains("gp"))
    }
}

/// Names within a folder, in order; none where there is no folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}
