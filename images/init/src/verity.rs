//! A partition whose every block is checked when it is read (dm-verity), set up with the device-mapper's own calls.

use std::ffi::c_void;
use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode};

use crate::argument::Verity;
use crate::disk::Partition;

const CONTROL: &str = "/dev/mapper/control";
const NAME: &str = "root";

/// Sectors of 512 bytes in a block of verity.
const BLOCK_SECTORS: u64 = 8;

/// `struct dm_ioctl`, linux/dm-ioctl.h.
const HEAD_LEN: usize = 312;
/// `struct dm_target_spec`.
const TARGET_LEN: usize = 40;
const READ_ONLY: u32 = 1;

/// Calls of the device mapper.
#[derive(Clone, Copy)]
enum Call {
    Create = 3,
    Remove = 4,
    /// Without its flag: resume.
    Suspend = 6,
    Load = 9,
}

/// Gives the device to mount.
pub fn open(partition: &Partition, verity: &Verity) -> Result<PathBuf> {
    ensure!(verity.blocks * BLOCK_SECTORS < partition.sectors, "the slot is smaller than its file system");
    let control = File::open(CONTROL).context("the kernel has no device mapper")?;
    let mut created = request(None);
    call(&control, Call::Create, &mut created)?;
    call(&control, Call::Load, &mut request(Some((verity.blocks * BLOCK_SECTORS, &table(&partition.number, verity)))))?;
    call(&control, Call::Suspend, &mut request(None))?;
    // The number as the kernel packs it: minor below 256 in the last byte.
    Ok(PathBuf::from(format!("/dev/dm-{}", created[40])))
}

/// Takes back what `open` did. Nothing may be mounted from it any more.
pub fn close() -> Result<()> {
    call(&File::open(CONTROL)?, Call::Remove, &mut request(None))
}

/// The line of the kernel's admin-guide/device-mapper/verity.
fn table(device: &str, verity: &Verity) -> String {
    let Verity { root_hash, salt, blocks } = verity;
    // Behind the data lies the superblock of veritysetup, then the tree.
    let tree = blocks + 1;
    // A block that went bad is not handed on: the box starts again, and after its tries from the other slot.
    format!("1 {device} {device} 4096 4096 {blocks} {tree} sha256 {root_hash} {salt} 1 restart_on_corruption")
}

/// `struct dm_ioctl`, with a table of one read-only target behind it or none.
fn request(target: Option<(u64, &str)>) -> Vec<u8> {
    let mut bytes = vec![0; HEAD_LEN];
    if let Some((sectors, line)) = target {
        bytes.extend([0; TARGET_LEN]);
        bytes.extend(line.bytes());
        // The line ends with a zero; structures lie on multiples of eight.
        bytes.resize((bytes.len() + 1).next_multiple_of(8), 0);
        bytes[HEAD_LEN + 8..HEAD_LEN + 16].copy_from_slice(&sectors.to_ne_bytes());
        bytes[HEAD_LEN + 24..HEAD_LEN + 30].copy_from_slice(b"verity");
    }
    let (length, count) = (bytes.len() as u32, u32::from(target.is_some()));
    for (at, value) in [(0, 4_u32), (12, length), (16, HEAD_LEN as u32), (20, count), (28, READ_ONLY)] {
        bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
    }
    bytes[48..48 + NAME.len()].copy_from_slice(NAME.as_bytes());
    bytes
}

struct Request<'a>(Call, &'a mut [u8]);

// SAFETY: the opcode is one of the device mapper's, which reads and writes as many bytes as the head of the request says; `request` puts
// the length of the whole buffer there. Nothing is made of the pointer afterwards.
#[allow(unsafe_code)]
unsafe impl Ioctl for Request<'_> {
    type Output = ();
    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        opcode::read_write::<[u8; HEAD_LEN]>(0xfd, self.0 as u8)
    }

    fn as_ptr(&mut self) -> *mut c_void {
        self.1.as_mut_ptr().cast()
    }

    unsafe fn output_from_ptr(_: IoctlOutput, _: *mut c_void) -> rustix::io::Result<()> {
        Ok(())
    }
}

fn call(control: &File, call: Call, request: &mut [u8]) -> Result<()> {
    // SAFETY: see the implementation of `Ioctl` above; the buffer outlives the call.
    #[allow(unsafe_code)]
    let done = unsafe { ioctl(control, Request(call, request)) };
    done.with_context(|| format!("device mapper, call {}", call as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_lies_as_the_kernel_reads_it() {
        assert_eq!(Request(Call::Create, &mut []).opcode(), 0xc138_fd03);
        let bare = request(None);
        assert_eq!(bare.len(), 312);
        assert_eq!(&bare[48..53], b"root\0");

        let verity = Verity { root_hash: "ab".to_owned(), salt: "cd".to_owned(), blocks: 10 };
        let line = table("254:4", &verity);
        assert_eq!(line, "1 254:4 254:4 4096 4096 10 11 sha256 ab cd 1 restart_on_corruption");
        let load = request(Some((80, &line)));
        assert_eq!(load.len() % 8, 0);
        assert_eq!(load[12..16], (load.len() as u32).to_ne_bytes());
        assert_eq!(load[320..328], 80_u64.to_ne_bytes());
        assert_eq!(&load[336..343], b"verity\0");
        assert_eq!(&load[352..352 + line.len()], line.as_bytes());
        assert_eq!(load[352 + line.len()], 0);
    }
}
