//! The archive that the kernel unpacks as its first file system, and GRUB reads as a disk (cpio, "newc").

use std::collections::BTreeMap;

/// Bits of a mode that say what an entry is.
const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const CHARACTER_DEVICE: u32 = 0o020_000;

const NAME_OF_LAST: &str = "TRAILER!!!";

/// Readers take whole blocks.
const BLOCK: usize = 512;

#[derive(Default)]
pub struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

impl Archive {
    pub fn directory(&mut self, name: &str) {
        self.entry(name, DIRECTORY | 0o755, (0, 0), &[]);
    }

    pub fn file(&mut self, name: &str, permissions: u32, content: &[u8]) {
        self.entry(name, FILE | permissions, (0, 0), content);
    }

    pub fn character_device(&mut self, name: &str, permissions: u32, number: (u32, u32)) {
        self.entry(name, CHARACTER_DEVICE | permissions, number, &[]);
    }

    pub fn finish(mut self) -> Vec<u8> {
        self.entry(NAME_OF_LAST, 0, (0, 0), &[]);
        self.bytes.resize(self.bytes.len().next_multiple_of(BLOCK), 0);
        self.bytes
    }

    /// Names are relative to the root. Owner is root, time is 1970.
    fn entry(&mut self, name: &str, mode: u32, (major, minor): (u32, u32), content: &[u8]) {
        self.entries += 1;
        let inode = if name == NAME_OF_LAST { 0 } else { self.entries };
        let (length, name_length) = (content.len() as u32, name.len() as u32 + 1);
        self.bytes.extend(b"070701");
        for field in [inode, mode, 0, 0, 1, 0, length, 0, 0, major, minor, name_length, 0] {
            self.bytes.extend(format!("{field:08x}").bytes());
        }
        self.bytes.extend(name.bytes().chain([0]));
        self.pad();
        self.bytes.extend(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

/// Length of the head of an entry: six bytes that say what it is, and thirteen numbers of eight digits.
const HEAD: usize = 6 + 13 * 8;

/// Files of an archive by name, as far as it can be read.
pub fn files(bytes: &[u8]) -> BTreeMap<String, &[u8]> {
    let mut files = BTreeMap::new();
    let mut at = 0;
    while let Some((name, content, next)) = entry_at(bytes, at).filter(|(name, ..)| name != NAME_OF_LAST) {
        files.insert(name, content);
        at = next;
    }
    files
}

/// Name and content of the entry there, and where the next one begins.
fn entry_at(bytes: &[u8], at: usize) -> Option<(String, &[u8], usize)> {
    let head = bytes.get(at..at.checked_add(HEAD)?)?;
    let field = |number: usize| {
        let digits = std::str::from_utf8(head.get(6 + number * 8..14 + number * 8)?).ok()?;
        usize::from_str_radix(digits, 16).ok()
    };
    let (length, name_length) = (field(6)?, field(11)?);
    let name = bytes.get(at + HEAD..(at + HEAD).checked_add(name_length.checked_sub(1)?)?)?;
    let start = (at + HEAD + name_length).next_multiple_of(4);
    let content = bytes.get(start..start.checked_add(length)?)?;
    Some((String::from_utf8_lossy(name).into_owned(), content, (start + length).next_multiple_of(4)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    fn archive() -> Vec<u8> {
        let mut archive = Archive::default();
        archive.directory("dev");
        archive.character_device("dev/console", 0o600, (5, 1));
        archive.file("init", 0o755, b"hello");
        archive.finish()
    }

    #[test]
    fn an_entry_is_written_as_the_kernel_reads_it() {
        let bytes = archive();
        assert_eq!(bytes.len() % 512, 0);
        let device = "070701\
            00000002\
            00002180\
            00000000\
            00000000\
            00000001\
            00000000\
            00000000\
            00000000\
            00000000\
            00000005\
            00000001\
            0000000c\
            00000000\
            dev/console\0";
        // The first entry is 116 bytes long: a head of 110, "dev", a zero, two more.
        assert_eq!(String::from_utf8_lossy(&bytes[116..116 + device.len()]), device);
        // Content and the next entry begin on multiples of four.
        let file = b"init\0\0hello\0\0\x00070701";
        assert!(bytes.windows(file.len()).any(|part| part == file));
    }

    #[test]
    fn what_was_written_is_read() {
        let bytes = archive();
        let files = files(&bytes);
        assert_eq!(files.keys().collect::<Vec<_>>(), ["dev", "dev/console", "init"]);
        assert_eq!(files["init"], b"hello");
        for end in 0..bytes.len() {
            super::files(&bytes[..end]);
        }
    }

    #[test]
    fn cpio_lists_the_same() {
        let listing = Command::new("cpio").args(["--list", "--quiet"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut child) = listing else {
            eprintln!("cpio is not installed");
            return;
        };
        child.stdin.take().unwrap().write_all(&archive()).unwrap();
        assert_eq!(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap(), "dev\ndev/console\ninit\n");
    }
}
