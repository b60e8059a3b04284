//! The partitions of the disk.

use gpt::{ALIGN, Guid, Partition, Table, kind};
use sha2::{Digest, Sha256};

pub const ESP: &str = "esp";
pub const PROVISION: &str = "PROVISION";
pub const BOOT_A: &str = "boot-a";
pub const ROOT_A: &str = "root-a";

const MIB: u64 = 1024 * 1024;

/// Names, kinds and sizes in MiB, in the order of the disk. `grub.cfg` counts on this order.
const PARTITIONS: [(&str, Guid, u64); 8] = [
    (ESP, kind::ESP, 64),
    (PROVISION, kind::BASIC_DATA, 64),
    (BOOT_A, kind::LINUX, 64),
    (ROOT_A, kind::LINUX, 512),
    ("boot-b", kind::LINUX, 64),
    ("root-b", kind::LINUX, 512),
    ("state", kind::LINUX, 64),
    // Grown to the end of the medium later.
    ("data", kind::LINUX, 512),
];

/// Sectors of the whole image: the partitions, and 1 MiB at each end for the table.
pub fn sectors() -> u64 {
    PARTITIONS.iter().map(|(.., mib)| mib * MIB / gpt::SECTOR).sum::<u64>() + 2 * ALIGN
}

pub fn table() -> Table {
    let mut first = ALIGN;
    let partitions = PARTITIONS.iter().map(|(name, kind, mib)| {
        let sectors = mib * MIB / gpt::SECTOR;
        let (last, name) = (first + sectors - 1, (*name).to_owned());
        let partition = Partition { kind: *kind, guid: guid(&name), name, first, last, attributes: 0 };
        first += sectors;
        partition
    });
    Table { partitions: partitions.collect(), disk: guid("disk") }
}

/// Bytes that a partition holds.
pub fn capacity(name: &str) -> u64 {
    PARTITIONS.iter().find(|(own, ..)| *own == name).map_or(0, |(.., mib)| mib * MIB)
}

/// The same in every build; a box makes its own when it first starts.
fn guid(name: &str) -> Guid {
    Guid::custom(derive("partition", name))
}

/// Sixteen bytes that nobody chose.
pub fn derive(what: &str, of: impl AsRef<[u8]>) -> [u8; 16] {
    let digest = Sha256::new().chain_update("wegovnow ").chain_update(what).chain_update(" ").chain_update(of).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_fits_and_grub_finds_its_partitions() {
        let table = table();
        table.write(sectors()).unwrap();
        let grub = include_str!("../../../images/base/grub.cfg");
        for (variable, name) in [("esp", "esp"), ("boot_a", "boot-a"), ("boot_b", "boot-b")] {
            let number = table.partitions.iter().position(|partition| partition.name == name).unwrap() + 1;
            assert!(grub.contains(&format!("{variable}=\"($disk,gpt{number})\"")), "{name} is partition {number}");
        }
    }

    #[test]
    fn guids_never_change() {
        assert_eq!(guid("disk").to_string(), "7a9ffab5-9495-8847-86e5-bc5d5884db10");
        assert_eq!(guid("disk"), gpt::IMAGE_DISK, "the first start is told by it");
    }
}
