//! `/init`: loads drivers, finds the disk the box was started from, opens its verified root file system and hands over to systemd.
//!
//! The first start makes a box of an image: partition table, state, data. What cannot be done is said on every console, and the box
//! starts again: the boot loader counts tries and goes to the other slot. What starting again cannot mend ends in recovery.

mod argument;
mod reset;
mod table;
mod ladder;
mod history;
mod state;
mod program;
mod ext4;
mod disk;
mod verity;
mod slot;
mod console;
mod curtain;
mod recovery;

use std::convert::Infallible;
use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use gpt::attribute::{BLANK, RESET};
use panel::boot::Step;
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_bind, mount_move, mount_remount, unmount};
use rustix::system::{RebootCommand, finit_module, reboot};

use crate::argument::{Arguments, Verity};
use crate::curtain::Curtain;
use crate::disk::Disk;
use crate::ext4::BeyondRepair;
use crate::history::{History, Word};
use crate::recovery::Consoles;
use crate::reset::Tier;

const ROOT: &str = "/sysroot";
const STATE: &str = "/sysroot/state";
const VAR: &str = "/sysroot/var";
const MACHINE_ID: &str = "/sysroot/etc/machine-id";
const SYSTEM: &str = "/usr/lib/systemd/systemd";

/// What the image's builder says of it; `EPOCH=` is when that was, in seconds since 1970.
const BUILD: &str = "/sysroot/usr/lib/wegovnow/build";

/// Long enough to read what went wrong, or to photograph it.
const REASON_SHOWN: Duration = Duration::from_secs(10);

fn main() {
    let Err(error) = start();
    say(Level::Error, &format!("cannot start: {error:#}"));
    say(Level::Error, "starting again");
    rustix::fs::sync();
    thread::sleep(REASON_SHOWN);
    let _ = reboot(RebootCommand::Restart);
}

/// Returns only with what went wrong.
fn start() -> Result<Infallible> {
    for (kind, place) in [("devtmpfs", "/dev"), ("proc", "/proc"), ("sysfs", "/sys")] {
        mount(kind, place, kind, MountFlags::NOSUID, None).with_context(|| format!("cannot mount {place}"))?;
    }
    let line = fs::read_to_string("/proc/cmdline").context("cannot read the kernel's arguments")?;
    let arguments = Arguments::parse(&line)?;
    // Recovery has a picture of its own.
    let mut curtain = if arguments.is_recovery { Curtain::none() } else { Curtain::close(arguments.slot) };
    let started = start_from(&line, arguments, &mut curtain);
    // Only an error comes back, and it is to be read.
    curtain.open();
    started
}

fn start_from(line: &str, arguments: Arguments, curtain: &mut Curtain) -> Result<Infallible> {
    let Arguments { esp, mut slot, mut verity, is_recovery, reset } = arguments;
    curtain.show(Step::Disk);
    load_modules("order")?;
    let mut disk = match disk::find(esp) {
        Ok(disk) => disk,
        Err(error) if is_recovery => {
            prepare_recovery();
            let reason = format!("no slot comes up, and {error:#}");
            // Without a disk there is nothing to start.
            recovery::run(None, &reason, &mut Consoles::open());
            return Err(error);
        }
        Err(error) => return Err(error),
    };
    let mut reset = reset.and_then(|word| word.parse().map_err(|error: String| say(Level::Error, &error)).ok());
    let mut consoles = None;
    let mut trouble = is_recovery.then(|| "no slot comes up: both were tried until their tries ran out, twice".to_owned());
    loop {
        if let Some(reason) = trouble.take() {
            curtain.open();
            prepare_recovery();
            let (chosen, found) = recovery::run(Some(&mut disk), &reason, consoles.get_or_insert_with(Consoles::open));
            (slot, verity) = (chosen, found.verity);
        }
        let error = match prepare(&mut disk, slot, &verity, reset.take(), curtain) {
            Ok(()) => {
                let line = consoles.is_some().then(|| argument::with_slot(line, slot, &verity));
                curtain.show(Step::System);
                return hand_over(line.as_deref());
            }
            Err(error) => error,
        };
        if !error.is::<BeyondRepair>() {
            return Err(error);
        }
        take_down();
        trouble = Some(format!("{error:#}"));
    }
}

/// All that lies between a disk that was found and systemd.
fn prepare(disk: &mut Disk, slot: char, verity: &Verity, reset: Option<Tier>, curtain: &mut Curtain) -> Result<()> {
    let mut history = History::default();
    if reset.is_some() {
        curtain.show(Step::Reset);
    }
    let before = disk.table.clone();
    if let Err(error) = disk.settle(reset) {
        // It goes on with the table that is there. A reset that did not begin does not come by surprise later.
        let reset = reset.map_or(String::new(), |tier| format!(", no factory reset {tier}"));
        say(Level::Error, &format!("the partition table stays as it is{reset}: {error:#}"));
    } else {
        note_growth(&before, &disk.table, &mut history);
        // Where the state partition goes too, its new history says so by itself.
        if let Some(tier) = reset.filter(|tier| *tier == Tier::Data) {
            history.note(Word::Reset, format!("{tier}, asked for at the boot loader"));
        }
    }
    if let Err(error) = disk.link() {
        say(Level::Error, &format!("{error:#}"));
    }

    let is_first = ["state", "data"].iter().any(|name| table::has(&disk.table, name, BLANK));
    curtain.show(if is_first { Step::First } else { Step::Verify });
    let root = disk.partition(&format!("root-{slot}"))?;
    let verified = verity::open(&root, verity).context("cannot open the root file system")?;
    fs::create_dir_all(ROOT)?;
    mount(&verified, ROOT, "squashfs", MountFlags::RDONLY, None).context("cannot mount the root file system")?;
    say(Level::Notice, &format!("slot {slot}, root file system verified, on {}", disk.name));
    let build = fs::read_to_string(BUILD).unwrap_or_default();
    curtain.learn_build(&build);
    history.floor_s = epoch(&build).unwrap_or(0);

    open_state(disk, slot, &mut history)?;
    curtain.learn_title(Path::new(STATE));
    curtain.show(Step::Data);
    if reset == Some(Tier::Settings) {
        state::set_wish(Path::new(STATE), "settings")?;
    }
    grant_wish(disk, slot, &mut history)?;
    if let Err(error) = bind_machine_id() {
        say(Level::Error, &format!("the box has no lasting machine id: {error:#}"));
    }
    if ext4::make_if_marked(disk, &ext4::DATA, &mut history)? {
        // Before it is used: what is marked is wiped.
        disk.write(&table::made(&disk.table, "data"))?;
        say(Level::Notice, "data partition made");
    }
    ext4::open(&disk.partition("data")?, &ext4::DATA, VAR, &mut history)
}

fn note_growth(before: &gpt::Table, after: &gpt::Table, history: &mut History) {
    if let (Some(old), Some(new)) = (before.partition("data"), after.partition("data"))
        && old.last != new.last
    {
        history.note(Word::Grown, format!("data partition from {} to {} MiB", old.sectors() / 2048, new.sectors() / 2048));
    }
}

fn epoch(build: &str) -> Option<u64> {
    build.lines().find_map(|line| line.strip_prefix("EPOCH=")?.trim().trim_matches('"').parse().ok())
}

/// The state partition and its history; made where the table says so.
fn open_state(disk: &mut Disk, slot: char, history: &mut History) -> Result<()> {
    let is_new = ext4::make_if_marked(disk, &ext4::STATE, history)?;
    ext4::open(&disk.partition("state")?, &ext4::STATE, STATE, history)?;
    if is_new {
        let is_wiped = |name| table::has(&disk.table, name, BLANK) && table::has(&disk.table, name, RESET);
        let (word, text) = match (is_wiped("state"), is_wiped("data")) {
            (true, true) => (Word::Reset, "full".to_owned()),
            (true, false) => (Word::Reset, "state".to_owned()),
            (false, _) => (Word::FirstStart, format!("slot {slot}, disk {}", disk.table.disk)),
        };
        history.note(word, text);
    }
    history.open(Path::new(STATE).join("history"));
    if is_new {
        // Only now that the history says why it is empty.
        disk.write(&table::made(&disk.table, "state"))?;
        say(Level::Notice, "state partition made");
    }
    Ok(())
}

/// A factory reset that `/state/reset` asks for. See `reset` for what a cut does to it.
fn grant_wish(disk: &mut Disk, slot: char, history: &mut History) -> Result<()> {
    let state = Path::new(STATE);
    let Some(word) = state::wish(state) else { return Ok(()) };
    let tier = match word.parse::<Tier>() {
        Ok(tier) => tier,
        Err(error) => {
            say(Level::Error, &format!("{error}: nothing is reset"));
            return state::forget_wish(state).or_else(|error| {
                say(Level::Error, &format!("{error:#}"));
                Ok(())
            });
        }
    };
    say(Level::Notice, &format!("factory reset: {tier}"));
    let before = disk.table.clone();
    let begun = if tier == Tier::Settings { state::forget_settings(state) } else { disk.mark(tier) };
    if begun.is_ok() {
        history.note(Word::Reset, tier.to_string());
    }
    if let Err(error) = begun.and_then(|()| state::forget_wish(state)) {
        say(Level::Error, &format!("no factory reset: {error:#}"));
        // A wish that cannot be forgotten would wipe the box at every start.
        disk.write(&before)?;
        return Ok(());
    }
    say(Level::Notice, &format!("factory reset: {tier} is decided"));
    if tier.wipes().contains(&"state") {
        history.close();
        unmount(STATE, UnmountFlags::empty()).context("cannot take off the state partition")?;
        open_state(disk, slot, history)?;
    }
    Ok(())
}

/// Over the empty file of the image, which nothing can write to.
fn bind_machine_id() -> Result<()> {
    let file = state::machine_id(Path::new(STATE))?;
    mount_bind(&file, MACHINE_ID).context("cannot bind /etc/machine-id")?;
    let flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount_remount(MACHINE_ID, flags, c"").context("/etc/machine-id stays writable")
}

/// With another line in place of the kernel's own arguments, where a technician chose another slot than the boot loader.
fn hand_over(line: Option<&str>) -> Result<Infallible> {
    if let Some(line) = line {
        let (run, file) = (format!("{ROOT}/run"), format!("{ROOT}/run/wegovnow-cmdline"));
        let flags = MountFlags::NOSUID | MountFlags::NODEV;
        mount("tmpfs", &run, "tmpfs", flags, c"mode=0755,size=20%").context("cannot mount /run")?;
        fs::write(&file, line).context("cannot write the kernel's arguments")?;
        mount_bind(&file, "/proc/cmdline").context("cannot show other arguments of the kernel")?;
    }
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

/// Takes back what `prepare` did, as far as it came, so that another slot can be started.
fn take_down() {
    for place in [VAR, MACHINE_ID, STATE, ROOT] {
        let _ = unmount(place, UnmountFlags::empty());
    }
    if let Err(error) = verity::close() {
        say(Level::Debug, &format!("{error:#}"));
    }
}

/// Screens, keyboards and sticks, which an ordinary start leaves to udev.
fn prepare_recovery() {
    if let Err(error) = load_modules("recovery") {
        say(Level::Error, &format!("{error:#}"));
    }
}

/// Drivers of one of the initramfs's lists, in an order in which each finds what it stands on.
fn load_modules(list: &str) -> Result<()> {
    let list = Path::new("/modules").join(list);
    for path in fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?.lines() {
        let file = File::open(Path::new("/modules").join(path)).with_context(|| format!("module {path}"))?;
        // A driver without its hardware may refuse to load; if it mattered, the disk will not be found and that is said.
        if let Err(error) = finit_module(&file, &CString::default(), 0) {
            say(Level::Debug, &format!("module {path}: {error}"));
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_the_build_is_found_among_other_lines() {
        assert_eq!(epoch("VERSION=0.1.0\nEPOCH=1700000000\n"), Some(1_700_000_000));
        assert_eq!(epoch("EPOCH=\"7\""), Some(7));
        assert_eq!(epoch("EPOCH=soon\n"), None);
    }
}
