//! Threads that ask the disk. One that hangs is left behind.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::thread::{self, Builder};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::Event;

/// What is read and written at a time; every disk's sectors fit in, as reads past the page cache must.
const BLOCK: usize = 4096;
/// All of a thread's memory is locked.
const STACK: usize = 128 * 1024;

/// A partition to read, past the page cache.
pub struct Reader {
    file: File,
    blocks: u64,
    count: u64,
    buffer: Vec<u8>,
}

impl Reader {
    pub fn open(path: &Path) -> io::Result<Reader> {
        let flags = i32::try_from(OFlags::DIRECT.bits()).map_err(io::Error::other)?;
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let blocks = io::Seek::seek(&mut &file, io::SeekFrom::End(0))? / BLOCK as u64;
        if blocks == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is smaller than a block"));
        }
        Ok(Reader { file, blocks, count: 0, buffer: vec![0; 2 * BLOCK] })
    }

    /// Reads one block, each time another: what was read before the disk may have in a memory of its own.
    pub fn read(&mut self) -> io::Result<()> {
        let block = place(self.count, self.blocks);
        self.count += 1;
        let start = self.buffer.as_ptr().align_offset(BLOCK);
        let aligned = self.buffer.get_mut(start..start + BLOCK).ok_or_else(|| io::Error::other("no aligned memory"))?;
        self.file.read_exact_at(aligned, block * BLOCK as u64)
    }
}

/// Far from the one before, and within `blocks`.
fn place(count: u64, blocks: u64) -> u64 {
    // The golden section of 2^64 (Knuth, The Art of Computer Programming 6.4) spreads any row of numbers.
    let spread = count.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u64::try_from((u128::from(spread) * u128::from(blocks)) >> 64).unwrap_or(0)
}

/// Writes a block over itself and waits until the disk has it.
pub fn write(path: &Path, count: u64) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    let mut block = vec![0; BLOCK];
    // So that no disk finds that it has it already.
    block.iter_mut().zip(count.to_le_bytes()).for_each(|(to, byte)| *to = byte);
    file.write_all_at(&block, 0)?;
    file.sync_data()
}

/// Reads for ever.
pub fn read_on(mut reader: Reader, every: Duration, to: Sender<Event>) -> io::Result<()> {
    let work = move || {
        loop {
            let start = Instant::now();
            let done = reader.read().map_err(|error| error.to_string());
            if to.send(Event::Read(done, start.elapsed())).is_err() {
                return;
            }
            thread::sleep(every);
        }
    };
    Builder::new().name("reads".to_owned()).stack_size(STACK).spawn(work).map(drop)
}

/// Writes for ever.
pub fn write_on(path: PathBuf, every: Duration, to: Sender<Event>) -> io::Result<()> {
    let work = move || {
        for count in 0.. {
            if to.send(Event::WriteBegins).is_err() {
                return;
            }
            let start = Instant::now();
            let done = write(&path, count).map_err(|error| error.to_string());
            if to.send(Event::WriteEnds(done, start.elapsed())).is_err() {
                return;
            }
            thread::sleep(every);
        }
    };
    Builder::new().name("writes".to_owned()).stack_size(STACK).spawn(work).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn every_place_is_within_the_partition(count: u64, blocks in 1..u64::MAX) {
            assert!(place(count, blocks) < blocks);
        }
    }

    #[test]
    fn places_are_far_apart() {
        let mut places: Vec<u64> = (0..100).map(|count| place(count, 131_072)).collect();
        places.sort_unstable();
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] > 300), "{places:?}");
    }

    #[test]
    fn a_block_is_read_past_the_cache_and_written_in_place() {
        let dir = tempfile::tempdir_in(".").unwrap();
        let path = dir.path().join("folder/probe");
        write(&path, 1).unwrap();
        write(&path, 0x0102).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert_eq!((bytes.len(), &bytes[..3]), (BLOCK, &[2, 1, 0][..]));
        // Some file systems know no reads past the cache.
        match Reader::open(&path) {
            Ok(mut reader) => {
                reader.read().unwrap();
                let start = reader.buffer.as_ptr().align_offset(BLOCK);
                assert_eq!(&reader.buffer[start..start + BLOCK], &bytes[..]);
            }
            Err(error) => assert_eq!(error.raw_os_error(), Some(22), "{error}"),
        }
        fs::write(&path, "short").unwrap();
        assert!(Reader::open(&path).is_err());
    }
}
