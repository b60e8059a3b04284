//! The logs, for a technician to take along.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use crate::disk::{self, Disk};

const PLACE: &str = "/stick";
const FILE: &str = "wegovnow-recovery.txt";

/// `O_NONBLOCK` of Linux on x86 and ARM.
const WITHOUT_WAITING: i32 = 0o4000;

/// To the first stick that takes it, else to the partition that Windows and macOS show. Says where it went.
pub fn save(disk: Option<&Disk>, text: &str) -> Result<String> {
    let own = disk.map_or("", |disk| disk.name.as_str());
    for device in disk::foreign_partitions(own) {
        if save_to(&device, text).is_ok() {
            return Ok(format!("{FILE} on {}", device.display()));
        }
    }
    let Some(disk) = disk else { bail!("no USB stick with a FAT file system was found") };
    save_to(&disk.partition("PROVISION")?.device, text)?;
    Ok(format!("{FILE} on the PROVISION partition of {}", disk.name))
}

fn save_to(device: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(PLACE)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount(device, PLACE, "vfat", flags, None).with_context(|| format!("{} cannot be mounted", device.display()))?;
    let write = || {
        let mut file = File::create(Path::new(PLACE).join(FILE))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    let written = write();
    unmount(PLACE, UnmountFlags::empty()).context("the stick cannot be taken off")?;
    written.with_context(|| format!("{} cannot be written", device.display()))
}

/// What the kernel and we said since power was switched on.
pub fn kernel() -> String {
    let mut text = String::new();
    let Ok(mut log) = OpenOptions::new().read(true).custom_flags(WITHOUT_WAITING).open("/dev/kmsg") else { return text };
    let mut record = vec![0; 8192];
    // A record each; an error where there is no more.
    while let Ok(length) = log.read(&mut record) {
        if length == 0 {
            break;
        }
        text += &String::from_utf8_lossy(&record[..length]);
    }
    text
}
