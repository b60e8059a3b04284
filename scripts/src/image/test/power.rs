//! Power cuts that lose what was not flushed, at flushes that a seed chooses.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use super::case::{Case, Trial};
use super::login::{self, Login};
use super::need::Need;
use super::{mark, settle, town};
use crate::image::layout;
use crate::machine::medium::Medium;
use crate::machine::{Machine, Setup};
use crate::nbd::{Chance, Fault, Server};
use crate::step::span;

pub const CASES: &[Case] = &[
    Case {
        id: "T9.running",
        title: "a block that the running system reads is damaged, on trial: three tries, then slot B",
        expected: [4, 4],
        needs: &[],
        is_smoke: false,
        run: running,
    },
    Case {
        id: "T14.first",
        title: "power cuts during the first start: it starts, its store is whole",
        expected: [ROUNDS_QUICK * 3, ROUNDS * 3],
        needs: &[],
        is_smoke: false,
        run: cuts_of_the_first_start,
    },
    Case {
        id: "T14.later",
        title: "power cuts during later starts, one upon the other: it starts, its store is whole",
        expected: [ROUNDS_QUICK * 3, ROUNDS * 3],
        needs: &[],
        is_smoke: false,
        run: cuts_of_later_starts,
    },
    Case {
        id: "T14.writes",
        title: "power cuts while staff writes numbered notes: what was acknowledged is there, once, in order",
        expected: [CUTS_QUICK * 3 + 1, CUTS * 3 + 1],
        needs: &[Need::Caretaker, Need::Ssh, Need::State, Need::Kiosk],
        is_smoke: false,
        run: cuts_of_writes,
    },
    Case {
        id: "T23.slow",
        title: "a disk that takes 20 ms for everything",
        expected: [2, 2],
        needs: &[],
        is_smoke: false,
        run: slow,
    },
    Case {
        id: "T23.lies",
        title: "a card that lies about flushes, cut: it starts, or says what is damaged",
        expected: [1, 1],
        needs: &[],
        is_smoke: false,
        run: lying,
    },
];

const ROUNDS: u32 = 6;
const ROUNDS_QUICK: u32 = 2;

/// How many flushes a start makes; a cut is at one of them, or comes too late and is made when the start is over.
const FLUSHES: u64 = 40;

/// Cuts while notes are written.
const CUTS: u32 = 24;
const CUTS_QUICK: u32 = 2;

/// Each so many-th start is let come to the gate: twelve in a row that never do end in recovery, as they should.
const WHOLE: u32 = 5;

/// Of notes, at most, before the power fails; a note is one flush and more.
const NOTES: u64 = 40;

fn rounds(trial: &Trial) -> u32 {
    if trial.bench.quick { ROUNDS_QUICK } else { ROUNDS }
}

/// Starts a raw disk behind a server and takes the power away at a flush; what came of the writes.
fn cut_at(trial: &Trial, disk: &Medium, at_flush: u64, seed: u64) -> Result<String> {
    let socket = trial.run.sockets.join(format!("nbd-{seed:x}"));
    let fault = Fault { cut_at_flush: Some(at_flush), ..Fault::default() };
    let server = Server::start(disk.file()?, &socket, fault, seed)?;
    let mut machine = Machine::start(&Setup::default(), &server.medium(), trial.run)?;
    let mut over = None;
    machine.wait_until("the cut, or the end of the start", mark::START, |machine| {
        let is_good = machine.transcript().find(0, mark::GOOD).is_some();
        if is_good && over.is_none() {
            // A start that is over still writes a little.
            over = Some(machine.elapsed() + Duration::from_secs(10));
        }
        Ok(server.is_cut() || over.is_some_and(|over| machine.elapsed() > over))
    })?;
    let when = if server.is_cut() { format!("at flush {at_flush}") } else { format!("after {} flushes", server.flushes()) };
    let cut = server.cut()?;
    let at = machine.elapsed();
    machine.cut()?;
    Ok(format!("{when}, {} after power on: {} kept, {} torn, {} lost", span(at), cut.kept, cut.torn, cut.lost))
}

/// After a cut: it starts, from the same slot, and all that the store holds is right.
fn comes_back(trial: &mut Trial, disk: &Medium, said: &str) -> Result<()> {
    let mut machine = settle::start(trial.run, disk)?;
    trial.holds(&format!("cut {said}; it starts"), true);
    trial.holds("from slot A, at once", settle::slots(&machine) == "a");
    settle::ready(trial, &mut machine)?;
    machine.power_down(mark::STOP)?;
    drop(machine);
    let verified = settle::verify_store(disk, trial);
    let said =
        verified.as_ref().map_or_else(|error| format!("{error:#}"), |said| said.lines().last().unwrap_or_default().to_owned());
    trial.holds(&format!("every hash and signature of the store is right: {said}"), verified.is_ok());
    Ok(())
}

fn cuts_of_the_first_start(trial: &mut Trial) -> Result<()> {
    let mut chance = Chance::new(trial.bench.seed);
    for round in 1..=rounds(trial) {
        let disk = trial.bench.image.copy(&trial.run.file("disk.img"))?;
        let (at_flush, seed) = (1 + chance.below(FLUSHES), chance.next());
        let said = cut_at(trial, &disk, at_flush, seed)?;
        // As the cut left it, in case the start after it fails.
        fs::copy(disk.file()?, trial.run.file("cut.img"))?;
        comes_back(trial, &disk, &said).with_context(|| format!("round {round}, cut {said}"))?;
    }
    Ok(())
}

fn cuts_of_later_starts(trial: &mut Trial) -> Result<()> {
    let mut chance = Chance::new(trial.bench.seed ^ 0x14);
    let disk = settle::copy(trial)?;
    for round in 1..=rounds(trial) {
        let (at_flush, seed) = (1 + chance.below(FLUSHES / 2), chance.next());
        let said = cut_at(trial, &disk, at_flush, seed)?;
        fs::copy(disk.file()?, trial.run.file("cut.img"))?;
        comes_back(trial, &disk, &said).with_context(|| format!("round {round}, cut {said}"))?;
    }
    Ok(())
}

fn cuts_of_writes(trial: &mut Trial) -> Result<()> {
    let login = Login::new(trial)?;
    let disk = town::with_report(trial, &login)?;
    let mut chance = Chance::new(trial.bench.seed ^ 0x1114);
    let cuts = if trial.bench.quick { CUTS_QUICK } else { CUTS };
    // Numbers that the box has acknowledged, and one that it may have kept without an answer reaching us, for each cut.
    let (mut acknowledged, mut open): (Vec<u64>, Vec<u64>) = (Vec::new(), Vec::new());
    let mut next = 1;
    for cut in 1..=cuts {
        let (notes, seed) = (1 + chance.below(NOTES), chance.next());
        let socket = trial.run.sockets.join(format!("nbd-{cut}"));
        let server = Server::start(disk.file()?, &socket, Fault::default(), seed)?;
        let mut machine = Machine::start(&login.setup(), &server.medium(), trial.run)?;
        let reference = town::reference(&mut machine, &login)?;
        kept(trial, &mut machine, &login, &reference, cut, (&acknowledged, &open))?;
        if cut % WHOLE == 0 {
            machine.hear(mark::GOOD, mark::START)?;
        }
        let mut session = machine.converse(&login.key, "anna")?;
        for number in next..next + notes {
            let text = format!("note {number:06}");
            session.say(&format!("note {reference} {text}"))?;
            let heard = session.hear(|line| line.starts_with(&reference) && line.contains(&text), login::PATIENCE);
            heard.ok_or_else(|| machine.failure(&format!("note {number} is not acknowledged")))?;
            acknowledged.push(number);
        }
        next += notes;
        // One more is on its way when the power fails: at one of the next writes or flushes, or in the quiet after it.
        server.set_fault(match chance.below(3) {
            0 => Fault { cut_at_flush: Some(server.flushes() + 1 + chance.below(3)), ..Fault::default() },
            1 => Fault { cut_at_write: Some(server.writes() + 1 + chance.below(6)), ..Fault::default() },
            _ => Fault::default(),
        });
        let number = next;
        let text = format!("note {number:06}");
        session.say(&format!("note {reference} {text}"))?;
        match session.hear(|line| line.starts_with(&reference) && line.contains(&text), Duration::from_secs(5)) {
            Some(_) => acknowledged.push(number),
            None => open.push(number),
        }
        next += 1;
        let lost = server.cut()?;
        machine.cut()?;
        println!("   cut {cut} after {notes} notes: {} kept, {} torn, {} lost", lost.kept, lost.torn, lost.lost);
    }
    let mut machine = Machine::start(&login.setup(), &disk, trial.run)?;
    let reference = town::reference(&mut machine, &login)?;
    kept(trial, &mut machine, &login, &reference, cuts + 1, (&acknowledged, &open))?;
    trial.figure("power cuts while notes were written", f64::from(cuts), "survived");
    trial.figure("notes acknowledged, none of them lost", acknowledged.len() as f64, "notes");
    machine.hear(mark::GOOD, mark::START)?;
    machine.power_down(mark::STOP)?;
    drop(machine);
    trial.holds("every hash and signature of the store is right", settle::verify_store(&disk, trial).is_ok());
    Ok(())
}

/// What the box holds, against what it said: three assertions, but for the first start, before which nothing was written.
fn kept(
    trial: &mut Trial,
    machine: &mut Machine,
    login: &Login,
    reference: &str,
    start: u32,
    (acknowledged, open): (&[u64], &[u64]),
) -> Result<()> {
    if start == 1 {
        return Ok(());
    }
    let said = login.staff(machine, &format!("open {reference}"))?;
    let found = numbers(&said);
    let missing: Vec<&u64> = acknowledged.iter().filter(|number| !found.contains(number)).collect();
    trial.holds(
        &format!("start {start}: all {} acknowledged notes are there; missing: {missing:?}", acknowledged.len()),
        missing.is_empty(),
    );
    trial.holds(&format!("start {start}: each once, in the order of writing"), found.is_sorted_by(|one, other| one < other));
    let made_up: Vec<&u64> = found.iter().filter(|number| !acknowledged.contains(number) && !open.contains(number)).collect();
    trial.holds(&format!("start {start}: and nothing that nobody wrote; found: {made_up:?}"), made_up.is_empty());
    Ok(())
}

/// Of the notes that a report shows.
fn numbers(said: &str) -> Vec<u64> {
    said.lines().filter_map(|line| line.rsplit_once(": note ")?.1.trim().parse().ok()).collect()
}

/// Finds out which blocks of the root file system are read late, and damages some of them.
fn running(trial: &mut Trial) -> Result<()> {
    let disk = settle::both_slots(trial)?;
    settle::set_policy(&disk, trial.run, true)?;
    let (_, root, length) = disk.open_partition(layout::ROOT_A)?;
    let probe = disk.copy(&trial.run.file("probe.img"))?;
    let server = Server::start(probe.file()?, &trial.run.sockets.join("nbd-probe"), Fault::default(), 1)?;
    let mut machine = Machine::start(&Setup::default(), &server.medium(), trial.run)?;
    machine.wait_for(mark::VERIFIED, mark::START)?;
    server.trace();
    machine.wait_for(mark::GOOD, mark::START)?;
    let late: Vec<(u64, u64)> = server.trace().into_iter().filter(|(at, _)| (root..root + length).contains(at)).collect();
    machine.cut()?;
    drop((machine, server));
    fs::remove_file(probe.file()?)?;
    trial.holds(&format!("{} reads of the root file system come late", late.len()), late.len() > 16);
    // Of each eighth of them the middle of one, so that one is among them that the next start reads, too.
    let offsets: Vec<u64> =
        (1..8).filter_map(|part| late.get(part * late.len() / 8)).map(|(at, length)| at - root + length / 2).collect();
    disk.flip(layout::ROOT_A, &offsets)?;
    let mut machine = Machine::start(&Setup::default(), &disk, trial.run)?;
    let at = machine.hear(mark::GOOD, 4 * mark::START)?;
    trial.time("power on to a good start of slot B", at);
    let slots = settle::slots(&machine);
    trial.holds(&format!("the boot loader started aaab (it did {slots})"), slots == "aaab");
    let corrupted = machine.transcript().count(0, mark::CORRUPTED);
    trial.holds(&format!("the kernel named corrupted blocks ({corrupted})"), corrupted >= 3);
    settle::ready(trial, &mut machine)?;
    machine.power_down(mark::STOP)?;
    drop(machine);
    trial.holds("the tries are set back", settle::note(&disk, trial.run, super::block::TRIES)?.contains("b_tries=0"));
    Ok(())
}

fn slow(trial: &mut Trial) -> Result<()> {
    let disk = settle::copy(trial)?;
    let server = Server::start(disk.file()?, &trial.run.sockets.join("nbd-slow"), Fault::default(), 1)?;
    let mut machine = Machine::start(&Setup::default(), &server.medium(), trial.run)?;
    // Firmware and boot loader read in tiny pieces; what is tried here is the system.
    machine.wait_for(mark::VERIFIED, mark::START)?;
    server.set_fault(Fault { delay: Duration::from_millis(20), ..Fault::default() });
    let at = machine.hear(mark::GOOD, 2 * mark::START)?;
    trial.time("daemon answers, with a slow disk", at);
    trial.holds("it starts", true);
    trial.holds("slot A was started, once", settle::slots(&machine) == "a");
    Ok(())
}

fn lying(trial: &mut Trial) -> Result<()> {
    let disk = settle::copy(trial)?;
    let fault = Fault { lies: true, ..Fault::default() };
    let server = Server::start(disk.file()?, &trial.run.sockets.join("nbd-lies"), fault, trial.bench.seed)?;
    let mut machine = Machine::start(&Setup::default(), &server.medium(), trial.run)?;
    settle::good(&mut machine)?;
    let cut = server.cut()?;
    machine.cut()?;
    drop((machine, server));
    println!("   cut: {} kept, {} torn, {} lost", cut.kept, cut.torn, cut.lost);
    // Nobody can keep what such a card loses: what is asked is an end that is told. A file system may find its damage at work only; it
    // takes no write then, which the gate tells, and the next start repairs it.
    let ends = [mark::GOOD, mark::NOT_GOOD, mark::CANNOT_START, mark::RECOVERY, mark::IN_RECOVERY];
    for start in 1..=2 {
        let mut machine = Machine::start(&Setup::default(), &disk, trial.run)?;
        machine.wait_for(mark::LOADER, mark::FIRMWARE)?;
        let (which, _) = machine.wait_for_any(&ends, 2 * mark::START)?;
        machine.cut()?;
        let end =
            ["it starts", "the gate says why not", "init says why it cannot start", "it is in recovery", "it is in recovery"]
                [which];
        println!("   start {start} after it: {end}");
        if which != 1 {
            trial.holds(&format!("after losing what was called flushed: {end}"), true);
            return Ok(());
        }
    }
    trial.holds("the second start after it repairs what the first one found", false);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_read_by_their_numbers() {
        let said = "R-4N2Z94 Lamp\nNotes, for colleagues only\n  08:41 anna: note 000001\n  08:42 anna: note 000012\n  08:43 bert: look\n";
        assert_eq!(numbers(said), [1, 12]);
    }
}
