//! `cargo x image`: from Debian packages and our programs to one disk image, without root and without loop devices.
//!
//! Every file that is written depends on the packages, our sources and the time of the commit alone.

mod layout;
mod base;
mod cpio;
mod initramfs;
mod slot;
mod block;
mod esp;
mod disk;
mod verify;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};

use crate::shell::{self, cargo, output, target_dir};
use crate::step::{self, Report};

/// Where the image is put, and looked for.
pub const IMAGE: &str = "out/image/wegovnow.img";

/// Debian packages that building and checking need.
const TOOLS: &str = "mmdebstrap squashfs-tools cryptsetup-bin dosfstools mtools grub-efi-amd64-bin grub-common zstd fdisk";

const BASE: &str = "images/base";

/// Options of `cargo x image`.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    what: Option<What>,
    /// The image, to be written or verified
    #[arg(long, default_value = IMAGE, global = true)]
    out: PathBuf,
    /// Take the daemon and the console from this directory instead of building them
    #[arg(long)]
    programs: Option<PathBuf>,
    /// Accept the versions that Debian has today, and write them to images/base/packages.lock
    #[arg(long)]
    lock: bool,
}

#[derive(Subcommand)]
enum What {
    /// Checks an image without starting it
    Verify,
}

pub fn run(options: &Options) -> Result<Report> {
    need(TOOLS)?;
    match options.what {
        None => build(options).map(|()| Report::default()),
        Some(What::Verify) => step::alone("image", || verify::run_all(&options.out)),
    }
}

/// Installs Debian packages that are missing.
pub fn need(packages: &str) -> Result<()> {
    let need = format!(". scripts/prepare; need_packages {packages}");
    shell::run(Command::new("sh").args(["-euc", &need, "cargo x"]))
}

fn build(options: &Options) -> Result<()> {
    let start = Instant::now();
    let dir = options.out.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let work = dir.join("parts");
    fs::create_dir_all(&work).with_context(|| format!("cannot make the directory {}", work.display()))?;
    let epoch = epoch(".")?;
    let version = env!("CARGO_PKG_VERSION");

    let programs = match &options.programs {
        Some(dir) => dir.clone(),
        None => stage("our programs", programs)?,
    };
    let base = stage("Debian packages", || base::make(options.lock))?;
    let init = stage("init", build_init)?;
    let initramfs = stage("initramfs", || initramfs::make(&base, &init, &work))?;
    let root = stage("root file system and its hash tree", || slot::root(&base, &programs, epoch, &work))?;
    let boot = stage("boot image", || slot::boot(&base, &initramfs, &root, version, epoch, &work))?;
    let esp = stage("boot loader", || esp::make(epoch, &work))?;
    let provision = stage("provisioning partition", || esp::provision(epoch, &work))?;
    let parts =
        [(layout::ESP, esp.as_path()), (layout::PROVISION, &provision), (layout::BOOT_A, &boot), (layout::ROOT_A, &root.file)];
    stage("disk", || disk::write(&options.out, &parts))?;

    for (name, file) in [("initramfs", initramfs.as_path()), ("boot image", &boot), ("root slot", &root.file)] {
        println!("{name:>12}  {}", size(fs::metadata(file)?.len()));
    }
    println!("{} in {}", options.out.display(), step::span(start.elapsed()));
    Ok(())
}

fn stage<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("== {name}");
    let start = Instant::now();
    let done = work().with_context(|| name.to_owned())?;
    println!("== {name}: {}", step::span(start.elapsed()));
    Ok(done)
}

/// Seconds since 1970 of the last commit below a folder: what is built from a commit bears its time.
fn epoch(folder: &str) -> Result<u64> {
    let time = |folder: &str| output(Command::new("git").args(["log", "-1", "--format=%ct", "--", folder]));
    let said = time(folder)?;
    // A folder that was never committed.
    let said = if said.trim().is_empty() { time(".")? } else { said };
    said.trim().parse().context("git says no time of the last commit")
}

fn programs() -> Result<PathBuf> {
    shell::run(&mut cargo(&["build", "--release", "--locked", "-p", "appliance", "-p", "tui", "--bins"]))?;
    Ok(target_dir().join("release"))
}

/// Builds `/init` without a single library to load: there is nothing beside it in the initramfs.
fn build_init() -> Result<PathBuf> {
    const TARGET: &str = "x86_64-unknown-linux-gnu";
    let mut command = cargo(&["build", "--release", "--locked", "-p", "init", "--target", TARGET]);
    shell::run(command.env("RUSTFLAGS", "-C target-feature=+crt-static -C strip=symbols -C opt-level=s"))?;
    Ok(target_dir().join(TARGET).join("release/init"))
}

/// Lines of one of the lists in `images/base`, without comments.
fn list(name: &str) -> Result<Vec<String>> {
    let path = Path::new(BASE).join(name);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::to_owned).collect())
}

/// An empty directory to fill.
fn fresh(dir: PathBuf) -> Result<PathBuf> {
    if dir.exists() {
        fs::remove_dir_all(&dir).with_context(|| format!("cannot empty {}", dir.display()))?;
    }
    fs::create_dir_all(&dir).with_context(|| format!("cannot make the directory {}", dir.display()))?;
    Ok(dir)
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn size(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
