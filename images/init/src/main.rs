//! `/init`: loads drivers, finds the disk the box was started from, opens its verified root file system and hands over to systemd.
//!
//! What cannot be done is said on every console, and the box starts again: the boot loader counts tries and goes to the other slot.

mod argument;
mod disk;
mod verity;
mod var;

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::mount::{MountFlags, mount, mount_move};
use rustix::system::{RebootCommand, finit_module, reboot};

use crate::argument::Arguments;

const ROOT: &str = "/sysroot";
const LIBRARIES: &str = "/usr/lib/x86_64-linux-gnu";
const SYSTEM: &str = "/usr/lib/systemd/systemd";

/// Long enough to read what went wrong, or to photograph it.
const REASON_SHOWN: Duration = Duration::from_secs(10);

fn main() {
    let Err(error) = start();
    say(Level::Error, &format!("cannot start: {error:#}"));
    say(Level::Error, "starting again");
    thread::sleep(REASON_SHOWN);
    let _ = reboot(RebootCommand::Restart);
}

/// Returns only with what went wrong.
fn start() -> Result<std::convert::Infallible> {
    for (kind, place) in [("devtmpfs", "/dev"), ("proc", "/proc"), ("sysfs", "/sys")] {
        mount(kind, place, kind, MountFlags::NOSUID, None).with_context(|| format!("cannot mount {place}"))?;
    }
    let arguments = Arguments::parse(&fs::read_to_string("/proc/cmdline").context("cannot read the kernel's arguments")?)?;
    if arguments.is_recovery {
        recover();
    }
    load_modules()?;
    let disk = disk::find(arguments.esp)?;
    let root = disk.partition(&format!("root-{}", arguments.slot))?;
    let verified = verity::open(&root, &arguments.verity).context("cannot open the root file system")?;
    fs::create_dir_all(ROOT)?;
    mount(&verified, ROOT, "squashfs", MountFlags::RDONLY, None).context("cannot mount the root file system")?;
    var::mount_on(ROOT, &disk.partition("data")?)?;
    say(Level::Notice, &format!("slot {}, root file system verified, on {}", arguments.slot, disk.name));
    for place in ["/dev", "/proc", "/sys"] {
        mount_move(place, format!("{ROOT}{place}")).with_context(|| format!("cannot move {place}"))?;
    }
    empty(Path::new("/")).context("cannot empty the initramfs")?;
    rustix::process::chdir(ROOT)?;
    mount_move(".", "/").context("cannot move the root file system to its place")?;
    rustix::process::chroot(".")?;
    rustix::process::chdir("/")?;
    Err(Command::new(SYSTEM).exec()).with_context(|| format!("{SYSTEM} does not start"))
}

/// All drivers a boot disk may need, in an order in which each finds what it stands on.
fn load_modules() -> Result<()> {
    for path in fs::read_to_string("/modules/order").context("cannot read the list of modules")?.lines() {
        let file = File::open(Path::new("/modules").join(path)).with_context(|| format!("module {path}"))?;
        // A driver without its hardware may refuse to load; if it mattered, the disk will not be found and that is said.
        if let Err(error) = finit_module(&file, &CString::default(), 0) {
            say(Level::Debug, &format!("module {path}: {error}"));
        }
    }
    Ok(())
}

/// Both slots failed twice over: the box stays still and says so, rather than try for ever.
fn recover() -> ! {
    say(Level::Error, "no slot comes up: both were tried until their tries ran out, twice");
    say(Level::Error, "switch the box off and on to try again; if it ends here again, write its medium anew");
    loop {
        thread::sleep(Duration::from_secs(3600));
    }
}

/// Removes everything of the initramfs, which otherwise stays in memory; what is mounted below is left alone.
fn empty(folder: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;

    let device = fs::metadata(folder)?.dev();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let metadata = fs::symlink_metadata(&path)?;
        if metadata.dev() != device {
            continue;
        }
        if metadata.is_dir() {
            empty(&path)?;
            // Refused where something is mounted below.
            let _ = fs::remove_dir(&path);
        } else {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Levels of the kernel's log, as in syslog. With `loglevel=4` the first two appear on the consoles.
enum Level {
    Error = 2,
    Notice = 3,
    Debug = 7,
}

/// Into the kernel's log: it shows on every console, and stands in the journal later.
fn say(level: Level, text: &str) {
    match OpenOptions::new().write(true).open("/dev/kmsg") {
        Ok(mut log) => drop(log.write_all(format!("<{}>wegovnow: {text}\n", level as u8).as_bytes())),
        Err(_) => eprintln!("wegovnow: {text}"),
    }
}

/// Runs a program of the mounted root file system from here: its loader and libraries lie there.
fn run_from_root(program: &str, arguments: &[&str]) -> Result<()> {
    let status = Command::new(format!("{ROOT}{LIBRARIES}/ld-linux-x86-64.so.2"))
        .args(["--library-path", &format!("{ROOT}{LIBRARIES}"), &format!("{ROOT}{program}")])
        .args(arguments)
        .env("MKE2FS_CONFIG", format!("{ROOT}/etc/mke2fs.conf"))
        .status()
        .with_context(|| format!("{program} does not start"))?;
    if !status.success() {
        bail!("{program} ended with {status}");
    }
    Ok(())
}
