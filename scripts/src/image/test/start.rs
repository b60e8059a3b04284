//! The image starts: as it is, through firmware, offline, with a wrong clock, a second time.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::case::{Case, Trial};
use super::{mark, settle};
use crate::image::{layout, verify};
use crate::machine::medium::Medium;
use crate::machine::{Kernel, Machine, Setup};
use crate::shell::output;

pub const CASES: &[Case] = &[
    Case {
        id: "T2",
        title: "the image holds what it should, and nothing of one box",
        expected: [2, 2],
        needs: &[],
        is_smoke: true,
        run: verified,
    },
    Case {
        id: "T4",
        title: "first start through firmware and boot loader, then the power button",
        expected: [6, 6],
        needs: &[],
        is_smoke: true,
        run: firmware,
    },
    Case {
        id: "T4.second",
        title: "a box that was switched off in good order starts again",
        expected: [5, 5],
        needs: &[],
        is_smoke: true,
        run: second,
    },
    Case {
        id: "T4.reset",
        title: "the reset button of a running box",
        expected: [2, 2],
        needs: &[],
        is_smoke: false,
        run: reset,
    },
    Case {
        id: "T3",
        title: "kernel and initramfs without a boot loader",
        expected: [1, 1],
        needs: &[],
        is_smoke: true,
        run: direct,
    },
    Case { id: "T21", title: "a network without any answer", expected: [2, 2], needs: &[], is_smoke: false, run: offline },
    Case { id: "T22", title: "the hardware clock says 1970", expected: [2, 2], needs: &[], is_smoke: false, run: clock },
];

/// Checks of the verifier, at least.
const CHECKS_MIN: u64 = 4;

fn verified(trial: &mut Trial) -> Result<()> {
    let tally = verify::run_all(trial.bench.image.file()?)?;
    trial.holds("no check of the verifier fails", tally.failed == 0);
    trial.holds("it made all its checks", tally.passed + tally.failed >= CHECKS_MIN);
    Ok(())
}

fn firmware(trial: &mut Trial) -> Result<()> {
    let disk = trial.bench.image.overlay(&trial.run.file("disk.qcow2"), None)?;
    let mut machine = Machine::start(&Setup::default(), &disk, trial.run)?;
    let loader = machine.wait_for(mark::LOADER, mark::FIRMWARE)?;
    trial.time("power on to the boot loader's choice", loader);
    let verified = machine.hear(mark::VERIFIED, mark::START)?;
    trial.time("root file system verified and mounted", verified);
    settle::ready(trial, &mut machine)?;
    let good = machine.hear(mark::GOOD, mark::START)?;
    trial.time("daemon answers, start called good", good);
    trial.holds("the marks come in order", loader < verified && verified < good);
    trial.holds("slot A was started, once", settle::slots(&machine) == "a");
    trial.holds("it never restarted", machine.resets().is_empty());
    let screen = machine.screen()?;
    trial.holds("something is on the screen", screen.is_shown());
    trial.host_memory(&machine);
    let pressed = machine.elapsed();
    machine.power_down(mark::STOP)?;
    let off = machine.elapsed() - pressed;
    trial.time("power button to off", off);
    trial.holds("the power button switches it off in good order", true);
    drop(machine);
    trial.holds("the tries are set back", settle::are_no_tries(&disk, trial.run)?);
    trial.bench.keep_golden(&disk)
}

fn second(trial: &mut Trial) -> Result<()> {
    let disk = settle::overlay(trial)?;
    let mut machine = settle::start(trial.run, &disk)?;
    trial.time("daemon answers, second start", machine.elapsed());
    settle::ready(trial, &mut machine)?;
    trial.holds("slot A was started, once", settle::slots(&machine) == "a");
    trial.holds("nothing is made anew", machine.transcript().count(0, "making the data partition") == 0);
    machine.power_down(mark::STOP)?;
    drop(machine);
    trial.holds("the tries are set back", settle::are_no_tries(&disk, trial.run)?);
    settle::file_system(&disk, "data", trial.run)?;
    trial.holds("the data partition is sound", true);
    let said = settle::verify_store(&disk, trial)?;
    trial.holds(&format!("every hash and signature of the store is right: {}", said.lines().last().unwrap_or_default()), true);
    Ok(())
}

fn reset(trial: &mut Trial) -> Result<()> {
    let disk = settle::overlay(trial)?;
    let mut machine = settle::start(trial.run, &disk)?;
    machine.forget();
    let pressed = machine.elapsed();
    machine.reset()?;
    let good = settle::good(&mut machine)?;
    trial.time("reset button to a start that is called good", good.saturating_sub(pressed));
    trial.holds("it starts again, from slot A", settle::slots(&machine) == "aa");
    trial.holds("once", machine.resets().len() == 1);
    Ok(())
}

fn direct(trial: &mut Trial) -> Result<()> {
    let disk = trial.bench.image.overlay(&trial.run.file("disk.qcow2"), None)?;
    let setup = direct_setup(trial, &disk)?;
    let mut machine = Machine::start(&setup, &disk, trial.run)?;
    let verified = machine.hear(mark::VERIFIED, mark::START)?;
    trial.time("root file system verified and mounted, without firmware", verified);
    let good = machine.hear(mark::GOOD, mark::START)?;
    trial.time("daemon answers, without firmware", good);
    trial.holds("it starts", true);
    Ok(())
}

/// Does what the boot loader would have done.
pub fn direct_setup(trial: &Trial, disk: &Medium) -> Result<Setup> {
    let boot = disk.partition(layout::BOOT_A, &trial.run.dir)?;
    let content = |name: &str| -> Result<Vec<u8>> {
        let done = Command::new("unsquashfs").arg("-cat").arg(&boot).arg(name).output()?;
        ensure!(done.status.success(), "the boot image has no {name}");
        Ok(done.stdout)
    };
    let slot = String::from_utf8(content("slot.cfg")?).context("slot.cfg is no text")?;
    let verity = slot.lines().find_map(|line| line.strip_prefix("verity=")).context("slot.cfg says no verity")?;
    let table = disk.table(&trial.run.dir)?;
    let esp = table.partitions.iter().find(|partition| partition.name == layout::ESP).context("no EFI partition")?.guid;
    let (kernel, initramfs) = (trial.run.file("vmlinuz"), trial.run.file("initrd"));
    std::fs::write(&kernel, content("vmlinuz")?)?;
    std::fs::write(&initramfs, content("initrd")?)?;
    let arguments = format!(
        "wegovnow.slot=a wegovnow.esp={esp} wegovnow.verity={} quiet loglevel=4 panic=10 softlockup_panic=1 watchdog_thresh=30 vt.global_cursor_default=0 \
         console=ttyS0,115200",
        verity.trim_matches('"')
    );
    Ok(Setup { kernel: Some(Kernel { kernel, initramfs, arguments }), ..Setup::default() })
}

fn offline(trial: &mut Trial) -> Result<()> {
    let disk = settle::overlay(trial)?;
    // Only the way in is there; nothing that the box sends is answered.
    let setup = Setup { forwards: vec![22], ..Setup::default() };
    let mut machine = settle::start_as(trial.run, &disk, &setup)?;
    trial.time("daemon answers, on a network that leads nowhere", machine.elapsed());
    trial.holds("it starts", true);
    settle::ready(trial, &mut machine)?;
    trial.holds("and does not wait for the network", machine.resets().is_empty());
    Ok(())
}

fn clock(trial: &mut Trial) -> Result<()> {
    let disk = settle::overlay(trial)?;
    let setup = Setup { clock: Some("1970-01-01T00:00:00".to_owned()), ..Setup::default() };
    let mut machine = settle::start_as(trial.run, &disk, &setup)?;
    trial.time("daemon answers, with a clock of 1970", machine.elapsed());
    trial.holds("slot A was started, once", settle::slots(&machine) == "a");
    settle::ready(trial, &mut machine)?;
    machine.power_down(mark::STOP)?;
    drop(machine);
    // What was written last bears the box's own time: systemd notes each start and stop here.
    let data = settle::file_system(&disk, "data", trial.run)?;
    let said = output(
        Command::new("debugfs").env("PATH", crate::image::administrator_path()).args(["-R", "stat /log/wtmp"]).arg(&data),
    )?;
    let written = said.lines().find(|line| line.trim_start().starts_with("mtime:")).unwrap_or_default().to_owned();
    trial.holds(&format!("the box's time is not before the image was built ({})", written.trim()), !written.contains(" 1970"));
    Ok(())
}
