//! `cargo x image`: from Debian packages and our programs to one disk image, without root and without loop devices.
//!
//! Every file that is written depends on the packages, our sources, the certificate and the time of the commit alone: T1 of the battery
//! holds two builds against each other.

mod layout;
mod base;
mod subordinate;
mod cpio;
mod difference;
mod initramfs;
mod stamp;
mod bundle;
mod release;
mod fonts;
mod slot;
mod sbom;
mod esp;
mod disk;
mod verify;
mod test;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};

use self::base::Versions;
use self::bundle::Signer;
use self::release::Release;
pub use self::stamp::{Stamp, Variant};
use crate::shell::{self, cargo, target_dir};
use crate::step::{self, Report, Tally};

pub use esp::path as administrator_path;
pub use slot::add_tree;

/// Where the image is put, and looked for.
pub const IMAGE: &str = "out/image/wegovnow.img";

/// Debian packages that building and checking need.
const TOOLS: &str = "mmdebstrap fontconfig squashfs-tools cryptsetup-bin dosfstools mtools grub-efi-amd64-bin grub-common zstd fdisk rauc openssl";

const BASE: &str = "images/base";

/// Options of `cargo x image`.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    what: Option<What>,
    /// The image, to be written or verified
    #[arg(long, default_value = IMAGE, global = true)]
    out: PathBuf,
    /// Take our programs from this directory instead of building them
    #[arg(long)]
    programs: Option<PathBuf>,
    /// Accept the versions that Debian has today, and write them to images/base/packages.lock
    #[arg(long, conflicts_with = "any_versions")]
    lock: bool,
    /// Take whatever versions Debian has today
    #[arg(long)]
    any_versions: bool,
    /// Version of the image, three numbers [default: that of the programs]
    #[arg(long)]
    version: Option<String>,
    /// What it is for; updates never change from one to the other unasked
    #[arg(long, value_enum, default_value = "development")]
    variant: Variant,
    /// Whose updates its boxes take, PEM [default: a certificate made for this checkout]
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Key of that certificate, for bundles
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            what: None,
            out: IMAGE.into(),
            programs: None,
            lock: false,
            any_versions: false,
            version: None,
            variant: Variant::Development,
            certificate: None,
            key: None,
        }
    }
}

#[derive(Subcommand)]
enum What {
    /// Checks an image without starting it
    Verify,
    /// Holds an image against another build of the same commit: every byte must be the same
    Compare {
        /// The other one; the list of what is in it lies beside it, as beside ours
        other: PathBuf,
    },
    /// Starts an image in QEMU, breaks it, and looks what comes of it
    Test(test::Options),
    /// Packs the slot of the image built last into an update
    Bundle {
        /// The update [default: beside the image, wegovnow-VERSION.raucb]
        #[arg(long, value_name = "FILE")]
        bundle: Option<PathBuf>,
    },
    /// Packs the image built last with all that is published beside it: manifest, update, list of what is in it, sums
    Release {
        /// [default: beside the image, release]
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
        /// Secret key of the manifest, from `wegovnow-flash key` [default: one made for this checkout]
        #[arg(long, value_name = "FILE")]
        manifest_key: Option<PathBuf>,
    },
}

pub fn run(options: &Options) -> Result<Report> {
    need(TOOLS)?;
    match &options.what {
        None => build(options).map(|()| Report::default()),
        Some(What::Test(test)) => test::run(test),
        Some(What::Bundle { bundle }) => pack(options, bundle.as_deref()).map(|()| Report::default()),
        Some(What::Release { folder, manifest_key }) => {
            publish(options, folder.as_deref(), manifest_key.as_deref()).map(|()| Report::default())
        }
        Some(What::Compare { other }) => step::alone("compare", || difference::report(&options.out, other)),
        Some(What::Verify) => step::alone("image", || verify::run_all(&options.out)),
    }
}

/// Builds an image from this tree, checks it, and starts it: the part of the battery that shows in minutes whether it is any good.
pub fn smoke() -> Result<Tally> {
    need(TOOLS)?;
    if let Err(why) = subordinate::mode() {
        println!("   skipped: {why:#}");
        return Ok(Tally { skipped: 1, ..Tally::default() });
    }
    let options = Options { any_versions: true, ..Options::default() };
    build(&options)?;
    let report = test::run(&test::Options::smoke(&options.out))?;
    Ok(report.tally)
}

/// Installs Debian packages that are missing.
pub fn need(packages: &str) -> Result<()> {
    let need = format!(". scripts/prepare; need_packages {packages}");
    shell::run(Command::new("sh").args(["-euc", &need, "cargo x"]))
}

/// Fetches the kiosk's typeface unless it is there.
pub fn need_typeface() -> Result<()> {
    shell::run(Command::new("sh").args(["-euc", ". scripts/prepare; need_typeface", "cargo x"]))
}

fn build(options: &Options) -> Result<()> {
    let start = Instant::now();
    let work = parts(options);
    fs::create_dir_all(&work).with_context(|| format!("cannot make the directory {}", work.display()))?;
    let stamp = Stamp::now(options.version.as_deref(), options.variant)?;
    let signer = Signer::of(options.certificate.as_deref(), options.key.as_deref(), options.variant)?;
    let epoch = stamp.epoch;

    let versions = match options {
        Options { lock: true, .. } => Versions::Lock,
        Options { any_versions: true, .. } => Versions::Any,
        _ => Versions::Locked,
    };
    // Before our programs: what can refuse to be done does so within minutes.
    let base = stage("Debian packages", || base::make(versions))?;
    let programs = match &options.programs {
        Some(dir) => dir.clone(),
        None => stage("our programs", programs)?,
    };
    let init = stage("init", build_init)?;
    let initramfs = stage("initramfs", || initramfs::make(&base, &init, &work))?;
    let root = stage("root file system and its hash tree", || slot::root(&base, &programs, &stamp, &signer, &work))?;
    let boot = stage("boot image", || slot::boot(&base, &initramfs, &root, &stamp, &work))?;
    let esp = stage("boot loader", || esp::make(epoch, &work))?;
    let provision = stage("provisioning partition", || esp::provision(epoch, &work))?;
    let parts =
        [(layout::ESP, esp.as_path()), (layout::PROVISION, &provision), (layout::BOOT_A, &boot), (layout::ROOT_A, &root.file)];
    let sbom = options.out.with_extension("cdx.json");
    stage("list of what is in it", || write(&sbom, sbom::make(&base, &stamp)?))?;
    stage("disk", || disk::write(&options.out, &parts))?;

    for (name, file) in [("initramfs", initramfs.as_path()), ("boot image", &boot), ("root slot", &root.file)] {
        println!("{name:>12}  {}", size(fs::metadata(file)?.len()));
    }
    println!("{} in {}", options.out.display(), step::span(start.elapsed()));
    Ok(())
}

/// Directory of the images that a disk is put together from.
fn parts(options: &Options) -> PathBuf {
    options.out.with_file_name("parts")
}

fn pack(options: &Options, bundle: Option<&Path>) -> Result<()> {
    let work = parts(options);
    let (boot, root) = (work.join("boot.img"), work.join("root.img"));
    let stamp = Stamp::of(&root)?;
    let signer = Signer::of(options.certificate.as_deref(), options.key.as_deref(), stamp.variant)?;
    let usual = || options.out.with_file_name(format!("wegovnow-{}.raucb", stamp.version));
    let bundle = bundle.map_or_else(usual, Path::to_owned);
    bundle::make(&bundle, &boot, &root, &stamp, &signer, &work)?;
    println!("{} {}", bundle.display(), size(fs::metadata(&bundle)?.len()));
    Ok(())
}

fn publish(options: &Options, folder: Option<&Path>, key: Option<&Path>) -> Result<()> {
    need("xz-utils")?;
    let work = parts(options);
    let (boot, root) = (work.join("boot.img"), work.join("root.img"));
    let stamp = Stamp::of(&root)?;
    let signer = Signer::of(options.certificate.as_deref(), options.key.as_deref(), stamp.variant)?;
    let folder = folder.map_or_else(|| options.out.with_file_name("release"), Path::to_owned);
    let programs = options.programs.as_deref();
    let release = Release { image: &options.out, slot: [&boot, &root], stamp: &stamp, signer: &signer, programs, key };
    release.make(&folder, &work)?;
    println!("{}", folder.display());
    Ok(())
}

fn stage<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("== {name}");
    let start = Instant::now();
    let done = work().with_context(|| name.to_owned())?;
    println!("== {name}: {}", step::span(start.elapsed()));
    Ok(done)
}

/// Named, so that what is built for an image lies apart from other builds, which have other flags.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Packages whose programs are in an image.
const PACKAGES: [&str; 5] = ["appliance", "caretaker", "kiosk", "panel", "tui"];

/// Builds our programs so that they are the same bytes wherever the tree and cargo's home lie.
fn programs() -> Result<PathBuf> {
    need_typeface()?;
    let mut command = cargo(&["build", "--release", "--locked", "--bins", "--target", TARGET]);
    for package in PACKAGES {
        command.args(["-p", package]);
    }
    shell::run(command.env("CARGO_ENCODED_RUSTFLAGS", flags(&[])))?;
    Ok(target_dir().join(TARGET).join("release"))
}

/// Builds `/init` without a single library to load: there is nothing beside it in the initramfs.
fn build_init() -> Result<PathBuf> {
    let mut command = cargo(&["build", "--release", "--locked", "-p", "init", "--target", TARGET]);
    // Its flags would throw out what the other programs are built of.
    let dir = target_dir().join("init");
    command
        .env("CARGO_ENCODED_RUSTFLAGS", flags(&["-Ctarget-feature=+crt-static", "-Copt-level=s"]))
        .env("CARGO_TARGET_DIR", &dir);
    shell::run(&mut command)?;
    Ok(dir.join(TARGET).join("release/init"))
}

/// Flags of rustc, as cargo takes them from the environment: no path of this machine gets into a program. Sources of the workspace are
/// named from its top anyway, so that clones share what was built.
fn flags(more: &[&str]) -> String {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let places = [(Some(target_dir()), "/target"), (home, "/cargo")];
    let remapped = places.into_iter().filter_map(|(from, to)| Some(format!("--remap-path-prefix={}={to}", from?.display())));
    let strip = "-Cstrip=symbols".to_owned();
    remapped.chain([strip]).chain(more.iter().map(|flag| (*flag).to_owned())).collect::<Vec<_>>().join("\u{1f}")
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
