//! What the kernel starts with: our init, and the drivers on the way to the root file system.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::base::Base;
use super::cpio::Archive;
use super::{list, read, write};
use crate::shell;

pub fn make(base: &Base, init: &Path, work: &Path) -> Result<PathBuf> {
    let text = |name: &str| -> Result<String> { Ok(String::from_utf8(read(&base.modules.join(name))?)?) };
    let (depends, builtin) = (text("modules.dep")?, text("modules.builtin")?);
    let modules = order(&list("drivers")?, &depends, &builtin)?;
    let recovery = order(&list("drivers-recovery")?, &depends, &builtin)?;
    // What both lists stand on is loaded already.
    let recovery: Vec<String> = recovery.into_iter().filter(|path| !modules.contains(path)).collect();

    let mut archive = Archive::default();
    for directory in ["dev", "proc", "sys", "modules"] {
        archive.directory(directory);
    }
    archive.character_device("dev/console", 0o600, (5, 1));
    archive.file("init", 0o755, &read(init)?);
    for (list, modules) in [("order", &modules), ("recovery", &recovery)] {
        let mut names = String::new();
        for path in modules {
            let name = path.rsplit('/').next().unwrap_or(path);
            archive.file(&format!("modules/{name}"), 0o644, &read(&base.modules.join(path))?);
            names += name;
            names += "\n";
        }
        archive.file(&format!("modules/{list}"), 0o644, names.as_bytes());
    }

    let (raw, packed) = (work.join("initrd.cpio"), work.join("initrd"));
    write(&raw, archive.finish())?;
    // The kernel unpacks zstd fastest.
    shell::run(Command::new("zstd").args(["-19", "--force", "--quiet", "-o"]).args([&packed, &raw]))?;
    println!("   {} drivers, {} more for recovery", modules.len(), recovery.len());
    Ok(packed)
}

/// Paths of the drivers and of all they stand on, each after what it stands on, by the tables of depmod.
fn order(drivers: &[String], depends: &str, builtin: &str) -> Result<Vec<String>> {
    let on: BTreeMap<String, (&str, Vec<&str>)> = depends
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(path, on)| (module(path), (path, on.split_whitespace().collect())))
        .collect();
    let builtin: BTreeSet<String> = builtin.lines().map(module).collect();
    let mut order: Vec<String> = Vec::new();
    for driver in drivers {
        let name = driver.replace('-', "_");
        if builtin.contains(&name) {
            continue;
        }
        let (path, below) = on.get(&name).with_context(|| format!("the kernel has no module {driver}"))?;
        // depmod lists the nearest first.
        for path in below.iter().rev().chain([path]) {
            if !order.iter().any(|known| known == path) {
                order.push((*path).to_owned());
            }
        }
    }
    Ok(order)
}

/// `kernel/fs/ext4/ext4.ko` -> `ext4`; the kernel takes `-` and `_` for the same.
fn module(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name).replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_comes_after_what_it_stands_on() {
        let depends = "kernel/fs/ext4.ko: kernel/jbd2.ko kernel/crc16.ko\nkernel/jbd2.ko:\nkernel/crc16.ko:\nkernel/dm-verity.ko: kernel/dm-mod.ko\n";
        let order = |drivers: &[&str]| {
            let drivers: Vec<String> = drivers.iter().map(|driver| (*driver).to_owned()).collect();
            order(&drivers, depends, "kernel/drivers/sd-mod.ko\n")
        };
        let expect = ["kernel/crc16.ko", "kernel/jbd2.ko", "kernel/fs/ext4.ko", "kernel/dm-mod.ko", "kernel/dm-verity.ko"];
        assert_eq!(order(&["ext4", "sd_mod", "dm_verity", "jbd2"]).unwrap(), expect);
        assert_eq!(order(&["floppy"]).unwrap_err().to_string(), "the kernel has no module floppy");
    }
}
