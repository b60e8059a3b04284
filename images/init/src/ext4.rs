//! The two file systems the box writes to: made, checked, grown and mounted.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use gpt::SECTOR;
use gpt::attribute::{BLANK, RESET};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use crate::disk::{Disk, Partition};
use crate::history::{History, Word};
use crate::ladder::{self, Act, Check, Ladder, Outcome};
use crate::{Level, program, say, table};

/// What is looked at to tell a fresh partition from a damaged one.
pub const HEAD_LEN: usize = 64 * 1024;

pub const SUPERBLOCK_AT: usize = 1024;
pub const SUPERBLOCK_LEN: usize = 1024;

/// Room that is not worth growing into, in bytes.
const SLACK: u64 = 1024 * 1024;

/// How a file system is made and mounted.
pub struct Kind {
    pub name: &'static str,
    /// Bytes of a block. Given, not left to mke2fs, for where the superblock's copies lie follows from it.
    pub block: u64,
    /// Blocks with a copy of the superblock: the first of groups 1 and 3.
    pub copies: [u64; 2],
    options: &'static str,
    flags: MountFlags,
}

/// Small and precious: what is written passes through the journal.
pub const STATE: Kind = Kind {
    name: "state",
    block: 1024,
    copies: [8193, 24_577],
    options: "data=journal,errors=remount-ro",
    flags: MountFlags::NOSUID.union(MountFlags::NODEV).union(MountFlags::NOEXEC).union(MountFlags::NOATIME),
};

pub const DATA: Kind = Kind {
    name: "data",
    block: 4096,
    copies: [32_768, 98_304],
    options: "commit=5,errors=remount-ro",
    flags: MountFlags::NOSUID.union(MountFlags::NODEV).union(MountFlags::NOATIME),
};

pub fn kind(name: &str) -> Option<&'static Kind> {
    [&STATE, &DATA].into_iter().find(|kind| kind.name == name)
}

/// A file system that all checks could not repair. It is not made anew: it may be all the town has.
#[derive(Debug)]
pub struct BeyondRepair {
    pub name: &'static str,
    /// What was tried.
    trail: String,
}

impl fmt::Display for BeyondRepair {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "the {} partition cannot be repaired ({})", self.name, self.trail)
    }
}

impl std::error::Error for BeyondRepair {}

/// What ext4 says of itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Superblock {
    /// Was taken off in order, or has a journal to play back; and has seen no errors.
    pub is_sound: bool,
    pub bytes: u64,
}

impl Superblock {
    /// From the bytes of a superblock, if it is one: kernel documentation, filesystems/ext4/super.
    pub fn parse(bytes: &[u8]) -> Option<Superblock> {
        let byte = |at: usize| bytes.get(at).copied().map(u64::from);
        let number = |at: usize, length: usize| (at..at + length).rev().try_fold(0, |value, at| Some(value << 8 | byte(at)?));
        if number(56, 2)? != 0xef53 {
            return None;
        }
        let has_64_bits = number(96, 4)? & 0x80 != 0;
        let high = if has_64_bits { number(336, 4)? } else { 0 };
        let blocks = high << 32 | number(4, 4)?;
        let block = 1024_u64.checked_shl(u32::try_from(number(24, 4)?).ok()?)?;
        // Bit 0: taken off in order; bit 1: errors were seen.
        Some(Superblock { is_sound: number(58, 2)? & 3 == 1, bytes: blocks.checked_mul(block)? })
    }

    fn of(device: &str) -> Option<Superblock> {
        let mut head = vec![0; SUPERBLOCK_AT + SUPERBLOCK_LEN];
        File::open(device).and_then(|mut file| file.read_exact(&mut head)).ok()?;
        Superblock::parse(head.get(SUPERBLOCK_AT..)?)
    }
}

/// Makes a new file system where the table says so. The mark stays: the caller clears it once all that belongs to it is written.
pub fn make_if_marked(disk: &Disk, kind: &Kind, history: &mut History) -> Result<bool> {
    if !table::has(&disk.table, kind.name, BLANK) {
        return Ok(false);
    }
    let partition = disk.partition(kind.name)?;
    let device = path(&partition)?;
    let is_reset = table::has(&disk.table, kind.name, RESET);
    let why = if is_reset { "factory reset" } else { "first start" };
    say(Level::Notice, &format!("{why}: making the {} partition", kind.name));
    let block = kind.block.to_string();
    // Nothing is kept for root: what it takes of that would be missing when the store gives up its ballast.
    let options = ["-q", "-F", "-t", "ext4", "-m", "0", "-b", &block, "-L", kind.name, device];
    let ran = program::run("/usr/sbin/mke2fs", &options)?;
    ensure!(ran.code == Some(0), "the {} partition cannot be made: {ran}", kind.name);
    // A state partition takes its history along; the new one begins with why.
    if is_reset && kind.name != STATE.name {
        history.note(Word::Wiped, format!("{}: made anew", kind.name));
    }
    Ok(true)
}

/// Mounts it, after whatever repair it needs.
pub fn open(partition: &Partition, kind: &'static Kind, place: &str, history: &mut History) -> Result<()> {
    let device = path(partition)?;
    // Not to be mistaken for damage of the file system.
    ensure!(Path::new(place).is_dir(), "the root file system has no place for the {} partition", kind.name);
    let superblock = Superblock::of(device);
    let is_suspect = superblock.as_ref().is_none_or(|superblock| !superblock.is_sound);
    let mut trail = Vec::new();
    if is_suspect {
        let what = if superblock.is_some() { "says it is not in order" } else { "has no superblock" };
        step(&mut trail, kind, what);
    }
    let mut ladder = Ladder::default();
    let mut act = ladder.first(is_suspect);
    let mut is_repaired = false;
    loop {
        let outcome = match act {
            Act::Mount => {
                if let Err(error) = grow(partition, kind, device, history) {
                    say(Level::Error, &format!("the {} partition stays smaller than it could be: {error:#}", kind.name));
                }
                let mounted = mount(device, place, "ext4", kind.flags, Some(&*std::ffi::CString::new(kind.options)?));
                if let Err(error) = mounted {
                    step(&mut trail, kind, &format!("cannot be mounted: {error}"));
                }
                Outcome::Mounted(mounted.is_ok())
            }
            Act::Look => {
                let looked = mount(device, place, "ext4", kind.flags | MountFlags::RDONLY, None);
                if looked.is_ok() {
                    unmount(place, UnmountFlags::empty()).with_context(|| format!("cannot take off {place}"))?;
                }
                step(&mut trail, kind, if looked.is_ok() { "can be read" } else { "cannot even be read" });
                Outcome::Looked(looked.is_ok())
            }
            Act::Check(check) => {
                let (options, named) = options(check, kind);
                let mut words: Vec<&str> = options.iter().map(String::as_str).collect();
                words.push(device);
                say(Level::Notice, &format!("{} partition: e2fsck {named} begins", kind.name));
                let (code, said) = match program::run("/usr/sbin/e2fsck", &words) {
                    Ok(ran) => (ran.code, ran.to_string()),
                    Err(error) => (None, format!("{error:#}")),
                };
                is_repaired |= code.is_some_and(|code| code & 3 != 0);
                say(Level::Error, &format!("{} partition: e2fsck {named} {said}", kind.name));
                // The history and the screen want the end of it, not e2fsck's reasons.
                let end = code.map_or("did not run".to_owned(), |code| format!("ended with {code}"));
                trail.push(format!("e2fsck {named} {end}"));
                Outcome::Checked(code)
            }
            Act::Done => break,
            Act::GiveUp => {
                let beyond = BeyondRepair { name: kind.name, trail: trail.join("; ") };
                history.note(Word::Damaged, beyond.to_string());
                return Err(beyond.into());
            }
        };
        act = ladder.next(outcome);
    }
    if is_repaired || !trail.is_empty() {
        say(Level::Notice, &format!("the {} partition is mounted after repair", kind.name));
        history.note(Word::Repaired, format!("{}: {}", kind.name, trail.join("; ")));
    }
    Ok(())
}

fn step(trail: &mut Vec<String>, kind: &Kind, text: &str) {
    say(Level::Error, &format!("{} partition: {text}", kind.name));
    trail.push(text.to_owned());
}

fn options(check: Check, kind: &Kind) -> (Vec<String>, String) {
    let words = match check {
        Check::Preen => vec!["-f".to_owned(), "-p".to_owned()],
        Check::Yes => vec!["-f".to_owned(), "-y".to_owned()],
        Check::Copy(at) => {
            let copy = kind.copies.get(at).copied().unwrap_or(kind.copies[0]).to_string();
            ["-f", "-y", "-b", &copy, "-B", &kind.block.to_string()].map(str::to_owned).to_vec()
        }
    };
    let named = words[1..].join(" ");
    (words, named)
}

/// Lets the file system use all of its partition: the medium is larger than the one it was made on, or a start was cut between growing
/// the partition and this. A cut in resize2fs leaves a file system that says it is not in order.
fn grow(partition: &Partition, kind: &Kind, device: &str, history: &mut History) -> Result<()> {
    let Some(superblock) = Superblock::of(device) else { return Ok(()) };
    let bytes = partition.sectors * SECTOR;
    if superblock.bytes + SLACK > bytes {
        return Ok(());
    }
    let grown = format!("{} from {} to {} MiB", kind.name, superblock.bytes >> 20, bytes >> 20);
    say(Level::Notice, &format!("growing the file system {grown}"));
    let checked = program::run("/usr/sbin/e2fsck", &["-f", "-p", device])?;
    ensure!(checked.code.is_some_and(ladder::is_sound), "e2fsck -p {checked}");
    let resized = program::run("/usr/sbin/resize2fs", &[device])?;
    ensure!(resized.code == Some(0), "resize2fs {resized}");
    history.note(Word::Grown, format!("file system {grown}"));
    Ok(())
}

fn path(partition: &Partition) -> Result<&str> {
    let Partition { device, .. } = partition;
    Path::to_str(device).context("a device has a name that is not UTF-8")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// As `make_if_marked` does, where mke2fs is installed.
    fn made(kind: &Kind, mib: u64) -> Option<(tempfile::TempDir, Vec<u8>)> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("disk");
        File::create(&file).unwrap().set_len(mib << 20).unwrap();
        let block = kind.block.to_string();
        let mut mke2fs = Command::new("mke2fs");
        mke2fs.args(["-q", "-F", "-t", "ext4", "-b", &block]).arg(&file).env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin");
        let Ok(status) = mke2fs.status() else {
            eprintln!("mke2fs is not installed");
            return None;
        };
        assert!(status.success());
        let mut bytes = Vec::new();
        File::open(&file).unwrap().take(((kind.copies[1] + 2) * kind.block).min(mib << 20)).read_to_end(&mut bytes).unwrap();
        Some((dir, bytes))
    }

    #[test]
    fn copies_of_the_superblock_lie_where_they_are_looked_for() {
        for (kind, mib) in [(&STATE, 64), (&DATA, 512)] {
            let Some((_dir, bytes)) = made(kind, mib) else { return };
            let first = Superblock::parse(&bytes[SUPERBLOCK_AT..]);
            assert_eq!(first, Some(Superblock { is_sound: true, bytes: mib << 20 }));
            for copy in kind.copies {
                let found = Superblock::parse(&bytes[usize::try_from(copy * kind.block).unwrap()..]);
                assert_eq!(found.map(|found| found.bytes), Some(mib << 20), "block {copy}");
            }
        }
    }

    #[test]
    fn a_superblock_tells_its_state_and_size() {
        let mut bytes = vec![0; SUPERBLOCK_LEN];
        assert_eq!(Superblock::parse(&bytes), None);
        bytes[56..58].copy_from_slice(&[0x53, 0xef]);
        bytes[4..8].copy_from_slice(&7_u32.to_le_bytes());
        bytes[24] = 2;
        assert_eq!(Superblock::parse(&bytes), Some(Superblock { is_sound: false, bytes: 7 * 4096 }));
        for (state, is_sound) in [(1, true), (2, false), (3, false), (5, true)] {
            bytes[58] = state;
            assert_eq!(Superblock::parse(&bytes).unwrap().is_sound, is_sound, "state {state}");
        }
        bytes[96] = 0x80;
        bytes[336] = 1;
        assert_eq!(Superblock::parse(&bytes).unwrap().bytes, ((1 << 32) + 7) * 4096);
        for garbage in [&bytes[..300], &[0xff; SUPERBLOCK_LEN]] {
            assert_eq!(Superblock::parse(garbage), None, "no panic, and no size that is none");
        }
    }
}
