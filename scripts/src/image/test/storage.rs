//! A data partition without room, and one that can no longer be written to: the box stays up, says so, and is whole afterwards.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::case::{Case, Trial};
use super::login::{self, Login};
use super::need::Need;
use super::{mark, settle};
use crate::image::{administrator_path, layout};
use crate::machine::Machine;
use crate::machine::medium::Medium;
use crate::nbd::{Fault, Server};
use crate::shell::output;

pub const CASES: &[Case] = &[
    Case {
        id: "T23.full",
        title: "a data partition with 3 MB left: the box stays up, says so, and goes on once there is room",
        expected: [5, 5],
        needs: &[Need::Caretaker, Need::Ssh, Need::State],
        is_smoke: false,
        run: full,
    },
    Case {
        id: "T23.broken",
        title: "a disk whose data partition fails all at once: the box stays up, says so, and is whole on the next start",
        expected: [5, 5],
        needs: &[Need::Caretaker, Need::Ssh, Need::State],
        is_smoke: false,
        run: broken,
    },
];

/// What programs may still take of the full partition.
const LEFT: u64 = 3 << 20;
/// Clusters that the kernel's ext4 keeps for itself beside that, which its programs on a plain file do not know of: a fiftieth of all,
/// and no more than so many (`ext4_calculate_resv_clusters`).
const KEPT_MAX: u64 = 4096;

const FILLER: &str = "filler";

/// A shell's view into a file system inside a disk.
struct Inside {
    /// As the tools of ext4 take a file with the place in it.
    place: String,
}

impl Inside {
    fn of(disk: &Medium, name: &str) -> Result<Inside> {
        let (_, start, _) = disk.open_partition(name)?;
        Ok(Inside { place: format!("{}?offset={start}", disk.file()?.display()) })
    }

    fn debugfs(&self, request: &str) -> Result<String> {
        let mut debugfs = Command::new("debugfs");
        output(debugfs.env("PATH", administrator_path()).args(["-w", "-R", request]).arg(&self.place))
    }

    /// Bytes that programs on the box may take.
    fn free(&self) -> Result<u64> {
        let said = self.debugfs("show_super_stats -h")?;
        let value = |name: &str| -> Result<u64> {
            let line = said.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name} in {said}"))?;
            Ok(line.trim_start_matches(':').trim().parse()?)
        };
        let kept = value("Reserved block count")? + KEPT_MAX.min(value("Block count")? / 50);
        Ok(value("Free blocks")?.saturating_sub(kept) * value("Block size")?)
    }

    /// Leaves only so many bytes.
    fn fill(&self, scratch: &Path, left: u64) -> Result<()> {
        let filler = scratch.join(FILLER);
        // No zeros: they would become a hole.
        let bytes = usize::try_from(self.free()?.saturating_sub(left))?;
        fs::write(&filler, vec![b'x'; bytes])?;
        self.debugfs(&format!("write {} {FILLER}", filler.display()))?;
        fs::remove_file(&filler)?;
        let free = self.free()?;
        ensure!(free < 2 * left, "the partition did not fill: {free} bytes are free");
        Ok(())
    }
}

fn provisioned(trial: &Trial, login: &Login) -> Result<Medium> {
    let disk = settle::copy(trial)?;
    disk.fat(layout::PROVISION, &trial.run.dir)?.put("appliance.toml", login.file("").as_bytes())?;
    Ok(disk)
}

/// Asks the box how it is until it tells of it.
fn tells(
    machine: &mut Machine,
    login: &Login,
    what: &str,
    is_told: impl Fn(&serde_json::Value) -> bool,
) -> Result<serde_json::Value> {
    let mut last = serde_json::Value::Null;
    machine.wait_until(what, 2 * login::PATIENCE, |machine| {
        last = login.status(machine)?;
        Ok(is_told(&last))
    })?;
    Ok(last)
}

fn full(trial: &mut Trial) -> Result<()> {
    let login = Login::new(trial)?;
    let disk = provisioned(trial, &login)?;
    let data = Inside::of(&disk, "data")?;
    data.fill(&trial.run.dir, LEFT)?;
    let mut machine = Machine::start(&login.setup(), &disk, trial.run)?;
    machine.hear(mark::NOT_GOOD, 2 * mark::START)?;
    trial.holds("the gate does not call it good", true);
    let status = login.status(&mut machine)?;
    let reasons = status["gate"]["reasons"].to_string();
    trial.holds(&format!("and says why: {reasons}"), reasons.contains("free"));
    trial.holds(
        "the box stays up, in the slot that was good, and its store is open",
        machine.resets().is_empty() && status["slot"] == "a" && status["store"] != "down",
    );
    machine.power_down(mark::STOP)?;
    drop(machine);
    settle::file_system(&disk, "data", trial.run)?;
    data.debugfs(&format!("rm {FILLER}"))?;
    let mut machine = settle::start(trial.run, &disk)?;
    trial.holds("with room it is good again", true);
    machine.power_down(mark::STOP)?;
    drop(machine);
    trial.holds("the store is whole", settle::verify_store(&disk, trial).is_ok());
    Ok(())
}

fn broken(trial: &mut Trial) -> Result<()> {
    let login = Login::new(trial)?;
    let disk = provisioned(trial, &login)?;
    let (_, start, length) = disk.open_partition("data")?;
    let server = Server::start(disk.file()?, &trial.run.sockets.join("nbd-broken"), Fault::default(), 1)?;
    let mut machine = Machine::start(&login.setup(), &server.medium(), trial.run)?;
    settle::good(&mut machine)?;
    server.set_fault(Fault { broken: Some(start..start + length), ..Fault::default() });
    let begun = machine.elapsed();
    let status = tells(&mut machine, &login, "the box tells of a store that takes nothing", |status| status["store"] != "open")?;
    trial.time("disk fails to status tells of it", machine.elapsed().saturating_sub(begun));
    trial.holds(&format!("it tells that the store is {}", status["store"]), status["store"] == "read-only");
    let then = machine.elapsed() + Duration::from_secs(60);
    machine.wait_until("a minute passes", Duration::from_secs(120), |machine| Ok(machine.elapsed() > then))?;
    trial.holds("it does not restart for that", machine.resets().is_empty());
    let screen = machine.screen()?;
    trial.holds("something is on the screen", screen.is_shown());
    let picture = machine.picture("broken")?;
    fs::copy(picture, trial.bench.out.join("T23-broken.png"))?;
    // Taken out of the wall, and another disk's cable put right.
    server.cut()?;
    machine.cut()?;
    drop((machine, server));
    let mut machine = settle::start(trial.run, &disk)?;
    trial.holds("with a disk that works it is good again", true);
    machine.power_down(mark::STOP)?;
    drop(machine);
    trial.holds("the store is whole", settle::verify_store(&disk, trial).is_ok());
    Ok(())
}
