//! The two FAT partitions: the one that firmware starts GRUB from, and the one a technician writes to.

use std::fs::{self, FileTimes, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use bootstate::File as Note;

use super::cpio::Archive;
use super::{BASE, fresh, layout, list, read, write};
use crate::shell::run;

/// Where firmware looks on a medium it does not know: no entry in its memory is needed, and none can be forgotten.
pub const LOADER: &str = "EFI/BOOT/BOOTX64.EFI";

/// GRUB's scripts, from an archive within its own file.
const SCRIPTS: [&str; 2] = ["grub.cfg", "select.cfg"];

pub fn make(epoch: u64, work: &Path) -> Result<PathBuf> {
    let staging = fresh(work.join("esp"))?;
    // Where GRUB looks in an archive of its own.
    let mut archive = Archive::default();
    archive.directory("boot");
    archive.directory("boot/grub");
    for script in SCRIPTS {
        run(Command::new("grub-script-check").arg(Path::new(BASE).join(script)))?;
        archive.file(&format!("boot/grub/{script}"), 0o644, &read(&Path::new(BASE).join(script))?);
    }
    let scripts = work.join("grub.cpio");
    write(&scripts, archive.finish())?;

    let loader = staging.join(LOADER);
    for folder in ["EFI/BOOT", "wegovnow"] {
        fs::create_dir_all(staging.join(folder))?;
    }
    let mut mkimage = Command::new("grub-mkimage");
    mkimage.args(["--format=x86_64-efi", "--memdisk"]).arg(&scripts).arg("--output").arg(&loader);
    run(mkimage.args(list("grub-modules")?))?;

    for note in Note::ALL {
        write(&staging.join(note.path()), note.new_image())?;
    }
    let file = work.join("esp.img");
    fat(&file, "ESP", layout::capacity(layout::ESP))?;
    let files: Vec<&str> = [LOADER].into_iter().chain(Note::ALL.map(Note::path)).collect();
    fill(&file, &staging, &["EFI", "EFI/BOOT", "wegovnow"], &files, epoch)?;
    Ok(file)
}

pub fn provision(epoch: u64, work: &Path) -> Result<PathBuf> {
    let file = work.join("provision.img");
    fat(&file, "PROVISION", layout::capacity(layout::PROVISION))?;
    fill(&file, work, &[], &[], epoch)?;
    Ok(file)
}

fn fat(file: &Path, label: &str, length: u64) -> Result<()> {
    if file.exists() {
        fs::remove_file(file)?;
    }
    let mut mkfs = Command::new("mkfs.vfat");
    // Times and serial number fixed.
    mkfs.args(["--invariant", "-F", "32", "-s", "1", "-n", label, "-C"]).arg(file).arg((length / 1024).to_string());
    run(mkfs.stdout(std::process::Stdio::null()).env("PATH", path()))
}

/// Copies folders and files of a directory in.
fn fill(image: &Path, from: &Path, folders: &[&str], files: &[&str], epoch: u64) -> Result<()> {
    let mtool = |name: &str| {
        let mut command = Command::new(name);
        command.env("TZ", "UTC").env("SOURCE_DATE_EPOCH", epoch.to_string()).arg("-i").arg(image);
        command
    };
    for folder in folders {
        run(mtool("mmd").arg(format!("::/{folder}")))?;
    }
    for name in files {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(epoch);
        let file = OpenOptions::new().write(true).open(from.join(name)).with_context(|| format!("cannot open {name}"))?;
        file.set_times(FileTimes::new().set_modified(time).set_accessed(time))?;
        run(mtool("mcopy").arg("-m").arg(from.join(name)).arg(format!("::/{name}")))?;
    }
    Ok(())
}

/// Programs of the administrator are not on everyone's path.
pub fn path() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}
