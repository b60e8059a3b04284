//! `/var` on the data partition, the one place where the running box writes.

use std::fs::File;
use std::io::Read;

use anyhow::{Context, Result, bail};
use rustix::mount::{MountFlags, mount};

use crate::disk::Partition;
use crate::{Level, run_from_root, say};

/// What is looked at to tell a fresh partition from a damaged one.
const HEAD_LEN: usize = 64 * 1024;

/// Where ext2 and its heirs have their magic number.
const MAGIC: (usize, [u8; 2]) = (1080, [0x53, 0xef]);

pub fn mount_on(root: &str, partition: &Partition) -> Result<()> {
    let device = partition.device.to_str().context("a device has a name that is not UTF-8")?;
    let mut head = vec![0; HEAD_LEN];
    File::open(device).and_then(|mut file| file.read_exact(&mut head)).context("cannot read the data partition")?;
    match state(&head) {
        State::Ext4 => {}
        State::Fresh => {
            say(Level::Notice, "first start: making the data partition");
            run_from_root("/usr/sbin/mke2fs", &["-q", "-t", "ext4", "-m", "1", "-L", "data", device])?;
        }
        // Never written over: it may be all the town has.
        State::Foreign => bail!("the data partition {device} holds something that is not ours, or is damaged"),
    }
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOATIME;
    mount(device, format!("{root}/var"), "ext4", flags, c"errors=remount-ro").context("cannot mount the data partition")
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// As the image was written: nothing in it.
    Fresh,
    Ext4,
    Foreign,
}

fn state(head: &[u8]) -> State {
    let (at, magic) = MAGIC;
    if head.get(at..at + magic.len()) == Some(&magic) {
        State::Ext4
    } else if head.iter().all(|byte| *byte == 0) {
        State::Fresh
    } else {
        State::Foreign
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_empty_partition_is_made_anew() {
        let mut head = vec![0; HEAD_LEN];
        assert_eq!(state(&head), State::Fresh);
        head[60_000] = 1;
        assert_eq!(state(&head), State::Foreign);
        head[1080..1082].copy_from_slice(&[0x53, 0xef]);
        assert_eq!(state(&head), State::Ext4);
    }
}
