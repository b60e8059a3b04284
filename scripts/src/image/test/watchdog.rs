//! A machine that hangs: the hardware's watchdog starts it again where no program can help, and the box itself where its disk is gone.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::case::{Case, Trial};
use super::login::Login;
use super::need::Need;
use super::{mark, settle};
use crate::image::layout;
use crate::machine::Setup;
use crate::nbd::{Fault, Server};

pub const CASES: &[Case] = &[
    Case {
        id: "T18",
        title: "both processors hang with interrupts off: the watchdog restarts the box",
        expected: [4, 4],
        needs: &[Need::Watchdog],
        is_smoke: false,
        run: hang,
    },
    Case {
        id: "T18.disk",
        title: "the disk answers no more, and there is no watchdog: the box restarts by itself, and knows why",
        expected: [7, 7],
        needs: &[Need::DiskWatch, Need::Ssh],
        is_smoke: false,
        run: dead_disk,
    },
];

/// The watchdog's 20 s, and as much again for its second stage, on a machine that is slow.
const BITES: Duration = Duration::from_secs(180);

fn hang(trial: &mut Trial) -> Result<()> {
    let disk = settle::overlay(trial)?;
    let setup = Setup { has_watchdog: true, has_debugger: true, ..Setup::default() };
    let mut machine = settle::start_as(trial.run, &disk, &setup)?;
    settle::ready(trial, &mut machine)?;
    trial.holds("it does not bite while all is well", machine.events("WATCHDOG").is_empty());
    let before = machine.resets().len();
    machine.forget();
    freeze(&machine.debugger)?;
    let frozen = machine.elapsed();
    machine.wait_until("the watchdog bites", BITES, |machine| Ok(machine.resets().len() > before))?;
    let took = machine.resets().last().map(|at| at.saturating_sub(frozen)).unwrap_or_default();
    trial.time("hang to restart", took);
    trial.holds("it was the watchdog", !machine.events("WATCHDOG").is_empty());
    settle::good(&mut machine)?;
    trial.holds("it comes up again", true);
    trial.holds("from slot A both times", settle::slots(&machine) == "aa");
    Ok(())
}

/// Said by the box once it has given its disk up: a minute, as long again for the machine's slowness.
const GIVEN_UP: &str = "the disk does not answer, the box starts again";
const DISK_LIMIT: Duration = Duration::from_secs(180);
/// From a disk that answers again to the reset, of which nothing is left to do.
const RESTART_LIMIT: Duration = Duration::from_secs(60);
/// So long the disk is dead yet when the box has given it up. QEMU ends a reset only once its disks have answered.
const DEAD_YET: Duration = Duration::from_secs(5);

fn dead_disk(trial: &mut Trial) -> Result<()> {
    let login = Login::new(trial)?;
    let disk = settle::copy(trial)?;
    disk.fat(layout::PROVISION, &trial.run.dir)?.put("appliance.toml", login.file("").as_bytes())?;
    let server = Server::start(disk.file()?, &trial.run.sockets.join("nbd-dead"), Fault::default(), trial.bench.seed)?;
    let mut machine = settle::start_as(trial.run, &server.medium(), &login.setup())?;
    settle::ready(trial, &mut machine)?;
    let status = login.status(&mut machine)?;
    let watch = &status["disk"]["watch"];
    trial.holds(&format!("the disk is watched: {watch}"), watch["restarts"] == true && watch["trouble"].is_null());
    trial.holds("nobody restarted the box so far", !words(&status).contains(&"disk-restart".to_owned()));

    let before = machine.resets().len();
    machine.forget();
    let dies = machine.elapsed();
    server.set_fault(Fault { hangs: true, ..Fault::default() });
    let given_up = machine.wait_for(GIVEN_UP, DISK_LIMIT)?;
    trial.time("disk dies to given up", given_up.saturating_sub(dies));
    trial.holds("it was given up after a minute, not before", given_up.saturating_sub(dies) >= Duration::from_secs(55));
    machine.wait_until("the disk stays dead", 4 * DEAD_YET, |machine| Ok(machine.elapsed() > given_up + DEAD_YET))?;
    let later = machine.transcript().text(0).rsplit_once(GIVEN_UP).map(|(_, later)| later.to_owned()).unwrap_or_default();
    trial.holds("no other way to restart had to be tried", !later.contains("the kernel does not start"));
    server.set_fault(Fault::default());
    machine.wait_until("the restart", RESTART_LIMIT, |machine| Ok(machine.resets().len() > before))?;
    let at = machine.resets().last().copied().unwrap_or_default();
    trial.time("given up to the machine's reset", at.saturating_sub(given_up));
    machine.hear(mark::LOADER, mark::FIRMWARE)?;
    let at = settle::good(&mut machine)?;
    trial.time("given up to good again", at.saturating_sub(given_up));
    trial.holds("it comes up again, from slot A both times", settle::slots(&machine) == "aa");
    let status = login.status(&mut machine)?;
    let told = status["history"].as_array().into_iter().flatten().rfind(|line| line["word"] == "disk-restart");
    let said = told.map(|line| line["text"].to_string()).unwrap_or_default();
    trial.holds(&format!("the history says why: {said}"), said.contains("a read has had no answer for 6"));
    trial.holds("the disk is watched again", status["disk"]["watch"]["restarts"] == true);
    Ok(())
}

/// Of the history's lines.
fn words(status: &serde_json::Value) -> Vec<String> {
    let lines = status["history"].as_array().into_iter().flatten();
    lines.filter_map(|line| Some(line["word"].as_str()?.to_owned())).collect()
}

/// `cli`, then a jump to itself.
const HANG: &str = "fa,eb,fe";

/// How often an instant is looked for when both processors rest in the kernel.
const ATTEMPTS: u32 = 200;

/// The kernel's own addresses begin here.
const KERNEL: u64 = 0xffff_ffff_8000_0000;

/// Writes an endless loop with interrupts off where the processors will go on: the kernel's idle loop, mostly.
fn freeze(socket: &Path) -> Result<()> {
    for _ in 0..ATTEMPTS {
        // A debugger that comes stops the machine; one that leaves lets it go on.
        let mut debugger = Debugger::attach(socket)?;
        let mut places = Vec::new();
        for processor in 1..=2 {
            ensure!(debugger.ask(&format!("Hg{processor}"))? == "OK", "the debugger knows no processor {processor}");
            places.push(instruction(&debugger.ask("g")?)?);
        }
        if places.iter().all(|place| *place >= KERNEL) {
            for place in places {
                let said = debugger.ask(&format!("M{place:x},3:{}", HANG.replace(',', "")))?;
                ensure!(said == "OK", "the debugger does not write: {said}");
            }
            return debugger.detach();
        }
        debugger.detach()?;
        thread::sleep(Duration::from_millis(37));
    }
    bail!("the processors never rest in the kernel")
}

/// Where a processor goes on: the seventeenth of its registers, all of eight bytes, the lowest first.
fn instruction(registers: &str) -> Result<u64> {
    let digits = registers.get(16 * 16..17 * 16).context("the debugger gives too few registers")?;
    Ok(u64::from_str_radix(digits, 16).with_context(|| format!("no register: {digits}"))?.swap_bytes())
}

/// The remote protocol of GDB, as much as is needed.
struct Debugger(UnixStream);

impl Debugger {
    fn attach(socket: &Path) -> Result<Debugger> {
        let stream = UnixStream::connect(socket).context("QEMU's socket for debuggers is not there")?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut debugger = Debugger(stream);
        debugger.ask("?")?;
        Ok(debugger)
    }

    fn ask(&mut self, what: &str) -> Result<String> {
        self.0.write_all(packet(what).as_bytes())?;
        loop {
            let answer = self.answer(what)?;
            // That the machine stopped is told when a debugger comes, asked or not.
            if what == "?" || !answer.starts_with('T') {
                return Ok(answer);
            }
        }
    }

    fn answer(&mut self, what: &str) -> Result<String> {
        // `+`, then `$answer#sum`.
        let mut answer = Vec::new();
        let mut byte = [0];
        let mut left = None;
        while left != Some(0) {
            self.0.read_exact(&mut byte).with_context(|| format!("QEMU does not answer {what}"))?;
            match (byte[0], left) {
                (b'$', None) => answer.clear(),
                (b'#', None) => left = Some(2),
                (_, Some(digits)) => left = Some(digits - 1),
                (byte, None) => answer.push(byte),
            }
        }
        self.0.write_all(b"+")?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    fn detach(mut self) -> Result<()> {
        self.ask("D").map(|_| ())
    }
}

fn packet(what: &str) -> String {
    let sum = what.bytes().fold(0_u8, u8::wrapping_add);
    format!("${what}#{sum:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_ends_with_its_sum() {
        assert_eq!(packet("g"), "$g#67");
        assert_eq!(packet("OK"), "$OK#9a");
    }

    #[test]
    fn the_place_is_read_from_the_registers() {
        let registers = format!("{}{}46020000", "00".repeat(16 * 8), "98abcd81ffffffff");
        assert_eq!(instruction(&registers).unwrap(), 0xffff_ffff_81cd_ab98);
        assert!(instruction("00").is_err());
    }
}
