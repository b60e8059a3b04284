//! The medium that is written: a small trait, so that tests can put a worse one in its place than any shop sells.

#[cfg(test)]
pub mod fault;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result, bail};
use rustix::fs::{Advice, FallocateFlags, OFlags};

use crate::buffer::Buffer;
use crate::inventory::{Disk, Number};

/// Bytes moved at once.
pub const BLOCK: usize = 4 << 20;

/// Reads and writes of whole sectors, from aligned memory. Either may do less than was asked, as `read(2)` and `write(2)` may.
pub trait Medium: Send + Sync {
    fn bytes(&self) -> u64;
    /// What offsets and lengths are multiples of.
    fn sector(&self) -> u64;
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;
    /// Returns once the medium has everything, its own cache emptied.
    fn sync(&self) -> io::Result<()>;
    /// Gives a range back so that it reads as zeros. `false` where the medium cannot.
    fn discard(&self, offset: u64, length: u64) -> io::Result<bool>;
    /// Makes the next reads come from the medium, where direct access does not see to that.
    fn forget(&self) {}
    /// Do reads come from the medium itself?
    fn is_direct(&self) -> bool {
        true
    }
    /// Asks the kernel to read the partition table anew.
    fn rescan(&self) -> io::Result<()> {
        Ok(())
    }
}

/// All of a range, in as many steps as it takes. What was written of a sector in part is written again.
pub fn write_all(medium: &dyn Medium, bytes: &[u8], offset: u64) -> io::Result<()> {
    let sector = medium.sector() as usize;
    let mut done = 0;
    while done < bytes.len() {
        match medium.write_at(&bytes[done..], offset + done as u64) {
            Ok(count) => {
                let whole = (done + count) / sector * sector;
                if whole == done && done + count < bytes.len() {
                    return Err(io::Error::new(io::ErrorKind::WriteZero, "the medium takes no more bytes"));
                }
                done = if done + count == bytes.len() { bytes.len() } else { whole };
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

pub fn read_all(medium: &dyn Medium, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    let sector = medium.sector() as usize;
    let mut done = 0;
    while done < bytes.len() {
        match medium.read_at(&mut bytes[done..], offset + done as u64) {
            Ok(count) => {
                let next = if done + count == bytes.len() { bytes.len() } else { (done + count) / sector * sector };
                if next == done {
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the medium ends before its size"));
                }
                done = next;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes zeros over a range.
pub fn write_zeros(medium: &dyn Medium, offset: u64, length: u64) -> io::Result<()> {
    let zeros = Buffer::new(BLOCK.min(usize::try_from(length).unwrap_or(BLOCK)));
    let mut at = offset;
    while at < offset + length {
        let count = zeros.len().min((offset + length - at) as usize);
        write_all(medium, &zeros[..count], at)?;
        at += count as u64;
    }
    Ok(())
}

/// A block device, or a file in its place.
pub struct Target {
    file: File,
    bytes: u64,
    sector: u64,
    is_direct: bool,
    is_block: bool,
}

impl Target {
    /// Opens the disk that was chosen, for us alone. `now` is the inventory taken just before.
    pub fn open(chosen: &Disk, now: &[Disk]) -> Result<Target> {
        let path = chosen.path.display();
        let Some(disk) = now.iter().find(|disk| disk.name == chosen.name) else {
            bail!("{path} is gone: was it unplugged?");
        };
        if !disk.is_same(chosen) {
            bail!("{path} is another disk now ({}, serial {}): choose again", disk.model, disk.serial_or_none());
        }
        if !disk.refusals.is_empty() {
            bail!("{path} must not be written any more: {}", disk.reasons());
        }
        // Exclusive: the kernel refuses while anything of it is mounted or held, and refuses mounts while we hold it.
        let flags = OFlags::DIRECT | OFlags::EXCL | OFlags::CLOEXEC;
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags.bits() as i32).open(&chosen.path);
        let file = file.map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => anyhow::anyhow!("{path}: permission denied; start again with sudo"),
            io::ErrorKind::ResourceBusy => {
                anyhow::anyhow!("{path} is in use by another program: close it, or unmount what is on it")
            }
            _ => anyhow::Error::new(error).context(format!("cannot open {path}")),
        })?;
        let metadata = file.metadata()?;
        if !metadata.file_type().is_block_device() || Number::from_stat(metadata.rdev()) != chosen.number {
            bail!("{path} is not the disk that was chosen: choose again");
        }
        let bytes = io::Seek::seek(&mut &file, io::SeekFrom::End(0))?;
        if bytes != chosen.bytes {
            bail!("{path} has {bytes} bytes, and had {} when it was chosen: choose again", chosen.bytes);
        }
        Ok(Target { file, bytes, sector: u64::from(chosen.sector), is_direct: true, is_block: true })
    }

    /// The same disk to look at only, by those who plan.
    pub fn peek(disk: &Disk) -> Result<Target> {
        let say = || format!("cannot look at {}; start again with sudo", disk.path.display());
        let flags = OFlags::DIRECT | OFlags::CLOEXEC;
        let file = OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(&disk.path).with_context(say)?;
        Ok(Target { file, bytes: disk.bytes, sector: u64::from(disk.sector), is_direct: true, is_block: true })
    }

    /// A file, for tests and for benches; its length is the size of the medium.
    pub fn open_file(path: &Path) -> Result<Target> {
        let open = |flags: OFlags| OpenOptions::new().read(true).write(true).custom_flags(flags.bits() as i32).open(path);
        let (file, is_direct) = match open(OFlags::DIRECT) {
            Ok(file) => (file, true),
            // Not every file system knows direct access.
            Err(_) => (open(OFlags::empty()).with_context(|| format!("cannot open {}", path.display()))?, false),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            bail!("{} is no file; a disk is named by --serial or --device", path.display());
        }
        Ok(Target { file, bytes: metadata.len(), sector: gpt::SECTOR, is_direct, is_block: false })
    }
}

impl Medium for Target {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn sector(&self) -> u64 {
        self.sector
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        // A file must not grow as a medium cannot.
        if offset + bytes.len() as u64 > self.bytes {
            return Err(rustix::io::Errno::NOSPC.into());
        }
        self.file.write_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn discard(&self, offset: u64, length: u64) -> io::Result<bool> {
        // On a block device this is "write zeros, by giving back where that is sure to read as zeros": the kernel refuses elsewhere.
        match rustix::fs::fallocate(&self.file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, offset, length) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn is_direct(&self) -> bool {
        self.is_direct
    }

    fn rescan(&self) -> io::Result<()> {
        if !self.is_block {
            return Ok(());
        }
        // BLKRRPART of linux/fs.h; takes no argument.
        const REREAD_TABLE: rustix::ioctl::Opcode = rustix::ioctl::opcode::none(0x12, 95);
        #[allow(unsafe_code)]
        // SAFETY: the request takes no argument and touches none of our memory; the descriptor is open for the length of the call.
        let answer = unsafe { rustix::ioctl::ioctl(&self.file, rustix::ioctl::NoArg::<REREAD_TABLE>::new()) };
        Ok(answer?)
    }

    fn forget(&self) {
        if !self.is_direct {
            // Only a hint: what is not dropped is read from memory, which the answer of `is_direct` says.
            let _ = rustix::fs::fadvise(&self.file, 0, None, Advice::DontNeed);
        }
    }
}

/// What went wrong with the medium, in words.
pub fn words(error: &io::Error) -> String {
    let errno = rustix::io::Errno::from_io_error(error);
    match errno {
        Some(rustix::io::Errno::IO) => "the medium reports an error (EIO): it is worn out, or the contact is bad".to_owned(),
        Some(rustix::io::Errno::NODEV | rustix::io::Errno::NXIO | rustix::io::Errno::NOMEDIUM) => {
            "the medium was unplugged".to_owned()
        }
        Some(rustix::io::Errno::NOSPC) => "the medium has less room than it says".to_owned(),
        Some(rustix::io::Errno::ROFS | rustix::io::Errno::PERM) => "the medium is write-protected".to_owned(),
        _ => error.to_string(),
    }
}
