//! Power loss by a library that is preloaded: what of a directory's files it lets survive. The daemon's tests use it too.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The library's source; it says how to use it.
pub const SOURCE: &str = include_str!("power.c");

/// Builds a library to preload, in `folder`. None, and said so, where there is no C compiler.
pub fn preload(name: &str, source: &str, folder: &Path) -> Option<PathBuf> {
    let (from, to) = (folder.join(format!("{name}.c")), folder.join(format!("{name}.so")));
    fs::write(&from, source).unwrap();
    match Command::new("cc").args(["-O2", "-shared", "-fPIC", "-o"]).arg(&to).arg(&from).status() {
        Ok(status) => assert!(status.success(), "{name}.c does not compile"),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("skipped: no C compiler `cc` to build {name}.c");
            return None;
        }
        Err(error) => panic!("cc: {error}"),
    }
    Some(to)
}

/// Builds at `to` what survives of the directory `root`.
pub fn restore(image: &Path, root: &Path, to: &Path) {
    restore_inode(image, fs::metadata(root).unwrap().ino(), to);
}

fn restore_inode(image: &Path, inode: u64, to: &Path) {
    fs::create_dir(to).unwrap();
    // A directory that was never synced is empty, a file that was never synced too.
    let listing = fs::read_to_string(image.join(format!("dir-{inode}"))).unwrap_or_default();
    for line in listing.lines() {
        let mut fields = line.splitn(3, ' ');
        let (kind, inode, name) = (fields.next().unwrap(), fields.next().unwrap().parse().unwrap(), fields.next().unwrap());
        match kind {
            "d" => restore_inode(image, inode, &to.join(name)),
            "l" => {
                let (name, target) = name.split_once('\t').unwrap();
                symlink(target, to.join(name)).unwrap();
            }
            _ => fs::write(to.join(name), fs::read(image.join(format!("file-{inode}"))).unwrap_or_default()).unwrap(),
        }
    }
}
