//! What goes into a slot, byte for byte the same in an image and in an update: the boot image and the root file system.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use gpt::Guid;
use sha2::{Digest, Sha256};

use super::base::Base;
use super::bundle::{self, Signer};
use super::stamp::{self, Stamp};
use super::{esp, fonts, fresh, layout, read, subordinate, write};
use crate::shell::{output, run};

const OVERLAY: &str = "images/overlay";

/// Block of the hash tree, and of the root file system below it.
pub const BLOCK: u64 = 4096;

/// Units that are on in every box: who wants them, and how.
const UNITS: [(&str, &str); 13] = [
    ("tmp.mount", "local-fs.target.wants"),
    ("wegovnow-start.service", "sysinit.target.wants"),
    ("wegovnowd.service", "multi-user.target.wants"),
    ("wegovnow-set-up.service", "wegovnowd.service.requires"),
    ("wegovnow-gate.service", "graphical.target.wants"),
    ("wegovnow-disk.service", "multi-user.target.wants"),
    ("wegovnow-swap.service", "multi-user.target.wants"),
    ("wegovnow-panel.service", "multi-user.target.wants"),
    ("wegovnow-pair.socket", "sockets.target.wants"),
    ("wegovnow-status.timer", "timers.target.wants"),
    ("wegovnow-clock.timer", "timers.target.wants"),
    ("wegovnow-clock-stop.service", "multi-user.target.wants"),
    ("wegovnow-update.timer", "timers.target.wants"),
];

const PROGRAMS: [&str; 5] = ["wegovnowd", "wegovnow-console", "wegovnow-kiosk", "wegovnow-box", "wegovnow-panel"];

/// Files of a boot image that GRUB compares with their sums before it starts one of them.
pub const SUMMED: [&str; 3] = ["vmlinuz", "initrd", "slot.cfg"];

/// Their sums, SHA-256, as `sha256sum` and GRUB's `hashsum` write them.
pub const SUMS: &str = "sums";

pub struct Root {
    pub file: PathBuf,
    /// `root hash,salt,blocks`, as init takes it.
    pub verity: String,
}

/// The root file system, and behind it the tree of hashes that every block is checked with when it is read.
pub fn root(base: &Base, programs: &Path, stamp: &Stamp, signer: &Signer, work: &Path) -> Result<Root> {
    let overlay = fresh(work.join("overlay"))?;
    run(Command::new("cp").args(["-R", &format!("{OVERLAY}/.")]).arg(&overlay))?;
    // Its users are in the root file system already.
    fs::remove_dir_all(overlay.join("usr/lib/sysusers.d"))?;
    for (unit, wants) in UNITS {
        let wants = overlay.join("usr/lib/systemd/system").join(wants);
        fs::create_dir_all(&wants)?;
        symlink(format!("../{unit}"), wants.join(unit))?;
    }
    write(&overlay.join(stamp::FILE), stamp.to_string())?;
    write(&overlay.join("etc/rauc/keyring.pem"), bundle::keyring(signer)?)?;
    fs::create_dir_all(overlay.join("usr/bin"))?;
    for program in PROGRAMS {
        let to = overlay.join("usr/bin").join(program);
        fs::copy(programs.join(program), &to).with_context(|| format!("no program {program} in {}", programs.display()))?;
        fs::set_permissions(&to, fs::Permissions::from_mode(0o755))?;
    }
    fonts::add_cache(&base.tar, &overlay, stamp.epoch, work)?;

    let tar = work.join("root.tar");
    fs::copy(&base.tar, &tar).with_context(|| format!("cannot copy {}", base.tar.display()))?;
    let packed = output(Command::new("tar").arg("--list").arg("--file").arg(&tar))?;
    let mut append = Command::new("tar");
    append.args(["--append", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX", "--no-recursion", "--file"]);
    run(append.arg(&tar).arg("--directory").arg(&overlay).args(entries(&overlay, Path::new("."), &folders(&packed))?))?;

    let file = work.join("root.img");
    // It makes the top for whoever runs it, and passes an owner over that options name.
    let mut squash = subordinate::as_root("mksquashfs")?;
    squash.arg("-").arg(&file).args(["-tar", "-comp", "zstd", "-Xcompression-level", "15"]).args(squash_options(stamp.epoch));
    run(squash.env_remove("SOURCE_DATE_EPOCH").stdin(File::open(&tar)?).stdout(Stdio::null()))?;
    fs::remove_file(&tar)?;
    let verity = add_tree(&file)?;
    fits(&file, layout::ROOT_A)?;
    Ok(Root { file, verity })
}

/// The kernel, its initramfs, and what the boot loader must know of the slot, as a file system that GRUB reads.
pub fn boot(base: &Base, initramfs: &Path, root: &Root, stamp: &Stamp, work: &Path) -> Result<PathBuf> {
    let staging = fresh(work.join("boot"))?;
    let config = format!("version=\"{}\"\nverity=\"{}\"\n", stamp.version, root.verity);
    let mut lines = String::new();
    for (name, bytes) in SUMMED.into_iter().zip([read(&base.kernel)?, read(initramfs)?, config.into_bytes()]) {
        lines += &sum_line(name, &bytes);
        write_readable(&staging.join(name), bytes)?;
    }
    write_readable(&staging.join(SUMS), lines)?;

    let file = work.join("boot.img");
    let mut squash = Command::new("mksquashfs");
    // Kernel and initramfs are packed already: GRUB unpacks slowly, and reads these as they are. Its squash4 knows no zstd.
    squash
        .arg(&staging)
        .arg(&file)
        .args(["-all-root", "-no-xattrs", "-noD", "-noF", "-comp", "xz"])
        .args(squash_options(stamp.epoch));
    run(squash.env_remove("SOURCE_DATE_EPOCH").stdout(Stdio::null()))?;
    fits(&file, layout::BOOT_A)?;
    Ok(file)
}

pub fn sum_line(name: &str, bytes: &[u8]) -> String {
    format!("{}  {name}\n", hex(&Sha256::digest(bytes)))
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file that everyone may read, whatever our umask says.
fn write_readable(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    write(path, bytes)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).with_context(|| format!("cannot open up {}", path.display()))
}

/// The same bytes from the same files. An archive's own entry for the top is passed over, and everyone could write there but for the
/// mode given: sshd then refuses every key. mksquashfs takes times as options or from the environment, not both.
fn squash_options(epoch: u64) -> Vec<String> {
    let time = epoch.to_string();
    ["-noappend", "-no-progress", "-root-mode", "755", "-mkfs-time", &time, "-all-time", &time].map(str::to_owned).to_vec()
}

/// Appends the tree, and says how the file is checked.
pub fn add_tree(file: &Path) -> Result<String> {
    let bytes = read(file)?;
    let length = (bytes.len() as u64).next_multiple_of(BLOCK);
    OpenOptions::new().write(true).open(file)?.set_len(length)?;
    // From the content, so that the same root file system has the same tree.
    let salt = hex(&Sha256::digest(&bytes));
    let uuid = Guid::custom(layout::derive("verity", &salt));
    let blocks = length / BLOCK;
    let mut veritysetup = Command::new("veritysetup");
    veritysetup.args(["format", &format!("--data-blocks={blocks}"), &format!("--hash-offset={length}")]);
    let said = output(
        veritysetup.env("PATH", esp::path()).args([&format!("--salt={salt}"), &format!("--uuid={uuid}")]).args([file, file]),
    )?;
    let root_hash = said.lines().find_map(|line| line.strip_prefix("Root hash:"));
    let root_hash = root_hash.context("veritysetup names no root hash")?.trim();
    Ok(format!("{root_hash},{salt},{blocks}"))
}

fn fits(file: &Path, partition: &str) -> Result<()> {
    let (length, capacity) = (fs::metadata(file)?.len(), layout::capacity(partition));
    ensure!(length <= capacity, "{} has {length} bytes, partition {partition} holds {capacity}", file.display());
    Ok(())
}

/// Folders of an archive's listing.
fn folders(listing: &str) -> BTreeSet<&Path> {
    listing.lines().filter_map(|line| line.strip_suffix('/')).map(|path| Path::new(path.trim_start_matches("./"))).collect()
}

/// Everything below a folder, sorted, without the folders that the packages made: those stay as they are. New ones are named, for
/// mksquashfs gives a folder that no archive names to whoever runs it.
fn entries(top: &Path, below: &Path, known: &BTreeSet<&Path>) -> Result<Vec<PathBuf>> {
    let mut names: Vec<_> = fs::read_dir(top.join(below))?.collect::<Result<_, _>>()?;
    names.sort_by_key(fs::DirEntry::file_name);
    let mut found = Vec::new();
    for entry in names {
        let path = below.join(entry.file_name());
        let is_folder = entry.file_type()?.is_dir();
        if !is_folder || !known.contains(path.strip_prefix(".").unwrap_or(&path)) {
            found.push(path.clone());
        }
        if is_folder {
            found.extend(entries(top, &path, known)?);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_folders_are_named_and_those_of_packages_are_not() {
        let top = tempfile::tempdir().unwrap();
        for folder in ["etc/ssh", "etc/rauc", "usr"] {
            fs::create_dir_all(top.path().join(folder)).unwrap();
        }
        for file in ["etc/ssh/sshd_config", "etc/rauc/system.conf"] {
            fs::write(top.path().join(file), "").unwrap();
        }
        let known = folders("./\n./etc/\n./etc/ssh/\n./etc/rauc\n./usr/\n");
        let found = entries(top.path(), Path::new("."), &known).unwrap();
        assert_eq!(found, ["./etc/rauc", "./etc/rauc/system.conf", "./etc/ssh/sshd_config"].map(PathBuf::from));
    }
}
