//! What many cases do with a disk: start it until it is called good, and look at what it left.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::block;
use super::case::Trial;
use super::mark;
use super::need::Need;
use crate::image::layout;
use crate::machine::medium::Medium;
use crate::machine::run::Run;
use crate::machine::{Machine, Setup};
use crate::shell::output;

/// Starts a disk and waits until it is called good.
pub fn start<'a>(run: &'a Run, disk: &Medium) -> Result<Machine<'a>> {
    start_as(run, disk, &Setup::default())
}

pub fn start_as<'a>(run: &'a Run, disk: &Medium, setup: &Setup) -> Result<Machine<'a>> {
    let mut machine = Machine::start(setup, disk, run)?;
    good(&mut machine)?;
    Ok(machine)
}

/// Waits for a good start; one that ends in an error before is not waited for.
pub fn good(machine: &mut Machine) -> Result<Duration> {
    machine.wait_for(mark::LOADER, mark::START)?;
    match machine.wait_for_any(&[mark::GOOD, mark::CANNOT_START, mark::RECOVERY, mark::IN_RECOVERY], mark::START)? {
        (0, at) => Ok(at),
        _ => Err(machine.failure("the start did not come to a good end")),
    }
}

/// Waits until a box that was called good has nothing more to start: its power button is heard.
pub fn ready(trial: &Trial, machine: &mut Machine) -> Result<()> {
    // The gate comes last and takes its time; before there was one, the login prompt did.
    if !trial.bench.has(Need::Caretaker) {
        machine.hear(mark::LOGIN, mark::START)?;
    }
    Ok(())
}

/// The slots that the boot loader started, in order, from a byte of the serial line on.
pub fn slots(machine: &Machine) -> String {
    let text = machine.transcript().text(0);
    text.lines().filter(|line| line.starts_with(mark::LOADER)).filter_map(slot_of).collect()
}

/// `WeGovNow 0.1.0, slot a` is of slot a.
fn slot_of(line: &str) -> Option<char> {
    let rest = &line[line.find(&mark::slot(' ')[..mark::slot(' ').len() - 1])? + mark::slot(' ').len() - 1..];
    rest.trim().chars().next()
}

/// An overlay on the disk that was started once, for this trial.
pub fn overlay(trial: &Trial) -> Result<Medium> {
    trial.bench.golden()?.overlay(&trial.run.file("disk.qcow2"), None)
}

/// A copy of it that can be written to from outside.
pub fn copy(trial: &Trial) -> Result<Medium> {
    trial.bench.golden()?.copy(&trial.run.file("disk.img"))
}

/// A copy where both slots are filled. Slots do not know their place, so B is a copy of A.
pub fn both_slots(trial: &Trial) -> Result<Medium> {
    let disk = copy(trial)?;
    disk.copy_partition(layout::BOOT_A, "boot-b")?;
    disk.copy_partition(layout::ROOT_A, "root-b")?;
    Ok(disk)
}

/// Values of one of the boot loader's files, as `name=value` joined with spaces.
pub fn note(disk: &Medium, run: &Run, file: &str) -> Result<String> {
    let bytes = disk.fat(layout::ESP, &run.dir)?.get(file)?.with_context(|| format!("the EFI partition has no {file}"))?;
    let pairs = block::parse(&bytes).map_err(|what| anyhow::anyhow!("{file} {what}"))?;
    Ok(pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "))
}

/// Writes one of the boot loader's files anew.
pub fn set_note(disk: &Medium, run: &Run, file: &str, lines: &str) -> Result<()> {
    disk.fat(layout::ESP, &run.dir)?.put(file, &block::block(lines))
}

/// Both policies say: both slots are on trial, or both are good.
pub fn set_policy(disk: &Medium, run: &Run, pending: bool) -> Result<()> {
    let pending = u8::from(pending);
    for (seq, file) in (7..).zip(block::POLICIES) {
        let lines = format!("seq={seq}\norder=a b\na_ok=1\nb_ok=1\na_pending={pending}\nb_pending={pending}\nend={seq}\n");
        set_note(disk, run, file, &lines)?;
    }
    Ok(())
}

/// The tries of all slots are none again.
pub fn are_no_tries(disk: &Medium, run: &Run) -> Result<bool> {
    Ok(note(disk, run, block::TRIES)?.split(' ').all(|pair| pair.ends_with("=0")))
}

/// Copies a file system of the box out and repairs it there, as the kernel does when it mounts it.
pub fn file_system(disk: &Medium, name: &str, run: &Run) -> Result<PathBuf> {
    let partition = disk.partition(name, &run.dir)?;
    let mut check = Command::new("e2fsck");
    let done = check.env("PATH", crate::image::administrator_path()).args(["-p", "-f"]).arg(&partition).output()?;
    // 1: something was set right, as after every cut.
    ensure!(
        done.status.code().is_some_and(|code| code <= 1),
        "{name} needs more than e2fsck -p: {}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(partition)
}

/// A file of a file system that was copied out; nothing when there is none.
pub fn file(file_system: &std::path::Path, path: &str) -> Result<Option<String>> {
    let mut cat = Command::new("debugfs");
    let done =
        cat.env("PATH", crate::image::administrator_path()).args(["-R", &format!("cat {path}")]).arg(file_system).output()?;
    let errors = String::from_utf8_lossy(&done.stderr).into_owned();
    if errors.contains("File not found") {
        return Ok(None);
    }
    if !done.status.success() {
        bail!("debugfs cat {path}: {errors}");
    }
    Ok(Some(String::from_utf8_lossy(&done.stdout).into_owned()))
}

/// Has the box's own daemon compute every hash and signature of its store again, outside of the box; what it says.
pub fn verify_store(disk: &Medium, trial: &Trial) -> Result<String> {
    let run = trial.run;
    let root = disk.partition(layout::ROOT_A, &run.dir)?;
    let daemon = run.file("wegovnowd");
    let mut cat = Command::new("unsquashfs");
    let bytes = cat.arg("-cat").arg(&root).arg("usr/bin/wegovnowd").output()?.stdout;
    ensure!(!bytes.is_empty(), "the root file system has no wegovnowd");
    std::fs::write(&daemon, bytes)?;
    std::fs::set_permissions(&daemon, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    std::fs::remove_file(root)?;

    let data = file_system(disk, "data", run)?;
    let store = run.file("store");
    if store.exists() {
        std::fs::remove_dir_all(&store)?;
    }
    std::fs::create_dir(&store)?;
    let mut dump = Command::new("debugfs");
    dump.env("PATH", crate::image::administrator_path());
    output(dump.args(["-R", &format!("rdump /lib/wegovnow {}", store.display())]).arg(&data))?;
    std::fs::remove_file(data)?;
    let verified = Command::new(&daemon).arg("verify").arg("--data").arg(store.join("wegovnow")).output()?;
    let said = format!("{}{}", String::from_utf8_lossy(&verified.stdout), String::from_utf8_lossy(&verified.stderr));
    ensure!(verified.status.success(), "wegovnowd verify ended with {}: {}", verified.status, said.trim());
    Ok(said.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boot_loader_names_the_slot() {
        assert_eq!(slot_of("WeGovNow 0.1.0, slot a"), Some('a'));
        assert_eq!(slot_of("WeGovNow 1.20.3-rc1, slot b\r"), Some('b'));
        assert_eq!(slot_of("WeGovNow: slot a is good: the daemon answers"), None);
    }
}
