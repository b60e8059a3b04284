//! What is mounted and what is swapped to, from the kernel's tables (proc(5)).

use std::collections::BTreeSet;

use super::node::{Number, Tree};

pub struct Mount {
    pub number: Number,
    pub at: String,
    /// The source it was mounted from. File systems such as btrfs have a number that no block device has.
    source: String,
}

impl Mount {
    pub fn disks(&self, tree: &Tree) -> BTreeSet<String> {
        let mut disks = tree.named(self.number).map(|name| tree.disks_below(name)).unwrap_or_default();
        if self.source.starts_with("/dev/") {
            disks.extend(tree.disks_below(&self.source));
        }
        disks
    }
}

/// Lines of mountinfo: `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`.
pub fn mounts(text: &str) -> Vec<Mount> {
    let mount = |line: &str| {
        let mut words = line.split(' ');
        let number = words.nth(2)?.parse().ok()?;
        let at = unescape(words.nth(1)?);
        let source = words.skip_while(|word| *word != "-").nth(2).map(unescape).unwrap_or_default();
        Some(Mount { number, at, source })
    };
    text.lines().filter_map(mount).collect()
}

/// First column of every line but the head. Files lie on a mounted file system, which is refused for that.
pub fn swaps(text: &str) -> Vec<String> {
    let names = text.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| name.starts_with("/dev/")).map(unescape).collect()
}

/// Blanks and backslashes are written as three octal digits.
fn unescape(word: &str) -> String {
    let bytes = word.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 4).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.map(|digits| u8::from_str_radix(digits, 8)) {
            Some(Ok(byte)) if bytes[at] == b'\\' => {
                out.push(byte);
                at += 4;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_of_mount_points_are_read() {
        let mounts = mounts("36 35 8:17 / /media/anna/MY\\040STICK rw - vfat /dev/sdb1 rw\nnonsense\n");
        assert_eq!(mounts.len(), 1);
        assert_eq!(mounts[0].at, "/media/anna/MY STICK");
        assert_eq!(mounts[0].source, "/dev/sdb1");
    }
}
