//! What an NVMe disk says of its health: the log page 02h (NVM Express Base Specification 2.0, 5.16.1.3), asked by the kernel's
//! call for administrators (`linux/nvme_ioctl.h`).

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::path::Path;

use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode};

pub const LOG_LEN: usize = 512;
/// The page of this length, of the whole disk.
const GET_LOG_PAGE: u8 = 0x02;
const HEALTH: u32 = 0x02;
const ALL: u32 = u32::MAX;
/// `struct nvme_admin_cmd`.
const COMMAND_LEN: usize = 72;
/// A disk that does not answer is no reason to wait.
const TIMEOUT_MS: u32 = 2000;

/// The command, as the kernel reads it; `buffer` is where the answer goes.
fn command(buffer: u64) -> [u8; COMMAND_LEN] {
    let mut bytes = [0; COMMAND_LEN];
    bytes[0] = GET_LOG_PAGE;
    // Number of the page, and its length in words of four bytes, less one.
    let page = HEALTH | (LOG_LEN as u32 / 4 - 1) << 16;
    for (at, value) in [(4, ALL), (36, LOG_LEN as u32), (40, page), (64, TIMEOUT_MS)] {
        bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
    }
    bytes[24..32].copy_from_slice(&buffer.to_ne_bytes());
    bytes
}

struct Call([u8; COMMAND_LEN]);

// SAFETY: the opcode is NVME_IOCTL_ADMIN_CMD, which reads and writes as many bytes as a command has. Nothing is made of the pointer
// afterwards.
#[allow(unsafe_code)]
unsafe impl Ioctl for Call {
    type Output = ();
    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        opcode::read_write::<[u8; COMMAND_LEN]>(b'N', 0x41)
    }

    fn as_ptr(&mut self) -> *mut c_void {
        self.0.as_mut_ptr().cast()
    }

    unsafe fn output_from_ptr(_: IoctlOutput, _: *mut c_void) -> rustix::io::Result<()> {
        Ok(())
    }
}

/// The health log of the controller behind a device such as `/dev/nvme0`.
pub fn health(device: &Path) -> io::Result<[u8; LOG_LEN]> {
    let file = File::open(device)?;
    let mut log = [0; LOG_LEN];
    let call = Call(command(log.as_mut_ptr() as u64));
    // SAFETY: the kernel writes LOG_LEN bytes to `log`, as the command says; it is alive and borrowed by nobody until the call is over.
    #[allow(unsafe_code)]
    unsafe { ioctl(&file, call) }?;
    Ok(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_lies_as_the_kernel_reads_it() {
        assert_eq!(Call(command(0)).opcode(), 0xc048_4e41);
        let bytes = command(0x1122_3344_5566_7788);
        assert_eq!(bytes[0], 2);
        assert_eq!(bytes[4..8], [0xff; 4]);
        assert_eq!(bytes[24..32], 0x1122_3344_5566_7788_u64.to_ne_bytes());
        assert_eq!(bytes[36..40], 512_u32.to_ne_bytes());
        assert_eq!(bytes[40..44], 0x007f_0002_u32.to_ne_bytes());
    }

    #[test]
    fn what_is_no_such_disk_is_an_error() {
        assert!(health(Path::new("/dev/null")).is_err());
        assert!(health(Path::new("/nowhere/nvme0")).is_err());
    }
}
