//! What a slot's boot image says of it.

use std::fs;

use anyhow::{Context, Result};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use crate::argument::Verity;
use crate::disk::Disk;

pub const SLOTS: [char; 2] = ['a', 'b'];

const PLACE: &str = "/boot-image";

#[derive(Debug, PartialEq, Eq)]
pub struct Slot {
    pub version: String,
    pub verity: Verity,
}

pub fn read(disk: &Disk, slot: char) -> Result<Slot> {
    let partition = disk.partition(&format!("boot-{slot}"))?;
    fs::create_dir_all(PLACE)?;
    mount(&partition.device, PLACE, "squashfs", MountFlags::RDONLY, None).context("no boot image")?;
    let text = fs::read_to_string(format!("{PLACE}/slot.cfg"));
    unmount(PLACE, UnmountFlags::empty()).context("the boot image cannot be taken off")?;
    parse(&text.context("the boot image has no slot.cfg")?)
}

/// Lines `name="value"`, which GRUB reads as commands.
fn parse(text: &str) -> Result<Slot> {
    let value = |name: &str| {
        let found = text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='));
        found.map(|value| value.trim_matches('"')).with_context(|| format!("slot.cfg has no {name}"))
    };
    Ok(Slot { version: value("version")?.chars().filter(|c| !c.is_control()).collect(), verity: value("verity")?.parse()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_read_as_the_image_builder_writes_it() {
        let slot = parse("version=\"0.1.0\"\nverity=\"aa,bb,7\"\n").unwrap();
        assert_eq!(slot, Slot { version: "0.1.0".to_owned(), verity: "aa,bb,7".parse().unwrap() });
        assert_eq!(parse("verity=\"aa,bb,7\"").unwrap_err().to_string(), "slot.cfg has no version");
        assert!(parse("version=1\nverity=aa").is_err());
    }
}
