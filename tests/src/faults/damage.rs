//! Damaged files: the daemon climbs its ladder, says so on its log, and shows all that some file still holds.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use api::ReportId;
use store::journal::tape::{self, Items};
use tokio::runtime::Runtime;

use crate::load::{Acknowledged, work_until_killed};
use crate::site::Site;

/// What went wrong with the files in a data folder, and what the daemon then has to say.
struct Damage {
    name: &'static str,
    does: fn(&Path) -> Result<()>,
    says: &'static str,
}

const DAMAGES: [Damage; 13] = [
    Damage { name: "nothing", does: |_| Ok(()), says: "" },
    Damage { name: "sled's snapshots emptied", does: |data| each(sled_snapshots(data)?, |path| cut(path, 0)), says: "repair/" },
    Damage { name: "sled's snapshots cut", does: |data| each(sled_snapshots(data)?, halve), says: "repair/" },
    Damage {
        name: "sled's snapshots gone",
        does: |data| each(sled_snapshots(data)?, |path| Ok(fs::remove_file(path)?)),
        says: "",
    },
    Damage {
        name: "a bit of the State's snapshot",
        does: |data| flip(&data.join("snap-state"), 1, 2),
        says: "replayed everything",
    },
    Damage { name: "the State's snapshot cut", does: |data| halve(&data.join("snap-state")), says: "replayed everything" },
    Damage { name: "the State's snapshot gone", does: |data| Ok(fs::remove_file(data.join("snap-state"))?), says: "" },
    Damage { name: "the log cut", does: |data| halve(&log(data)?.join("db")), says: "began epoch 2" },
    Damage { name: "the log gone", does: |data| Ok(fs::remove_dir_all(log(data)?)?), says: "began epoch 2" },
    Damage { name: "the log's first pages gone", does: |data| overwrite(&log(data)?.join("db"), 0, 1 << 16), says: "" },
    Damage { name: "the tape's end cut within an event", does: |data| cut_by(&last_tape(data)?, 100), says: "" },
    Damage { name: "the tape cut", does: |data| halve(&last_tape(data)?), says: "" },
    Damage { name: "the tape gone", does: |data| Ok(fs::remove_dir_all(data.join("tape"))?), says: "" },
];

/// Places where the log gets another bit, as shares of what is used of it.
const FLIPS: [(u64, u64); 8] = [(1, 100), (1, 10), (1, 4), (2, 5), (1, 2), (3, 5), (3, 4), (19, 20)];

#[test]
fn damaged_files_lose_nothing_and_are_spoken_of() -> Result<()> {
    let runtime = Runtime::new()?;
    let (whole, told) = worn(&runtime)?;
    for Damage { name, does, says } in DAMAGES {
        let mut site = whole.copy()?;
        does(&site.data()).context(name)?;
        let lost = open(&mut site, &runtime, &told).context(name)?;
        ensure!(lost.is_empty(), "{name}: lost {lost:?}\n{}", site.said());
        ensure!(site.said().contains(says), "{name}: the log does not say {says:?}\n{}", site.said());
        goes_on(&mut site, &runtime).context(name)?;
    }
    Ok(())
}

#[test]
fn flipped_bits_in_the_log_lose_nothing_that_the_tape_has() -> Result<()> {
    let runtime = Runtime::new()?;
    let (whole, told) = worn(&runtime)?;
    for (part, of) in FLIPS {
        let mut site = whole.copy()?;
        flip(&log(&site.data())?.join("db"), part, of)?;
        let lost = open(&mut site, &runtime, &told).with_context(|| format!("a bit at {part}/{of} of the log"))?;
        ensure!(lost.is_empty(), "a bit at {part}/{of} of the log: lost {lost:?}\n{}", site.said());
        goes_on(&mut site, &runtime).with_context(|| format!("a bit at {part}/{of} of the log"))?;
    }
    Ok(())
}

#[test]
fn what_the_log_or_the_tape_still_holds_is_there() -> Result<()> {
    let runtime = Runtime::new()?;
    let (whole, told) = worn(&runtime)?;
    // The log has what the tape lacks.
    let mut site = whole.copy()?;
    cut_by(&last_tape(&site.data())?, 5000)?;
    halve(&site.data().join("snap-state"))?;
    let lost = open(&mut site, &runtime, &told)?;
    ensure!(lost.is_empty(), "the log has all, and yet lost {lost:?}\n{}", site.said());
    goes_on(&mut site, &runtime)?;
    // Both lack something: the log is gone, or sled reads it only up to its damage, and so is the tape's end. What is lost is spoken of.
    let no_log: fn(&Path) -> Result<()> = |log| Ok(fs::remove_dir_all(log)?);
    let damaged_log: fn(&Path) -> Result<()> = |log| flip(&log.join("db"), 1, 10);
    for damage in [no_log, damaged_log] {
        let mut site = whole.copy()?;
        let tape = last_tape(&site.data())?;
        cut(&tape, fs::metadata(&tape)?.len() * 2 / 3)?;
        damage(&log(&site.data())?)?;
        let held = taped(&site.data())?;
        let lost = open(&mut site, &runtime, &told)?;
        let wrong = told.0.keys().find(|id| held.contains(*id) && lost.contains(&format!("report {id}")));
        ensure!(wrong.is_none() && !lost.is_empty(), "report {wrong:?} is on the tape; lost {lost:?}\n{}", site.said());
        for says in ["bytes of the tape were no event", "anything later was neither on the tape nor readable"] {
            ensure!(site.said().contains(says), "the log does not say {says:?}\n{}", site.said());
        }
        site.stop()?;
        site.run(&["verify"])?;
    }
    Ok(())
}

/// A box that was stopped and killed: snapshots of both kinds, and facts beyond them.
fn worn(runtime: &Runtime) -> Result<(Site, Acknowledged)> {
    let mut site = Site::new()?;
    let mut told = Acknowledged::default();
    for first in [0, 1000] {
        site.start()?;
        told.0.extend(work_until_killed(&mut site, runtime, first, 60)?.0);
        site.start()?;
        site.stop()?;
    }
    site.start()?;
    told.0.extend(work_until_killed(&mut site, runtime, 2000, 40)?.0);
    Ok((site, told))
}

/// Starts the daemon, and answers what it does not have.
fn open(site: &mut Site, runtime: &Runtime, told: &Acknowledged) -> Result<Vec<String>> {
    site.start()?;
    runtime.block_on(told.lost(&site.client()?))
}

/// Takes new reports, and is sound afterwards.
fn goes_on(site: &mut Site, runtime: &Runtime) -> Result<()> {
    let more = work_until_killed(site, runtime, 3000, 4)?;
    let lost = open(site, runtime, &more)?;
    ensure!(lost.is_empty(), "after the repair: lost {lost:?}");
    site.stop()?;
    more.check_store(site)
}

/// The log in use.
fn log(data: &Path) -> Result<PathBuf> {
    Ok(data.join(fs::read_link(data.join("current"))?))
}

fn sled_snapshots(data: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(log(data)?)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("snap.")) {
            found.push(path);
        }
    }
    ensure!(!found.is_empty(), "sled wrote no snapshot");
    Ok(found)
}

fn last_tape(data: &Path) -> Result<PathBuf> {
    Ok(tape::files(&data.join("tape"))?.pop().context("there is no tape")?.1)
}

/// Reports of which something is whole on the tape; a report's filing stands before the rest.
fn taped(data: &Path) -> Result<BTreeSet<ReportId>> {
    let mut reports = BTreeSet::new();
    for (_, path) in tape::files(&data.join("tape"))? {
        reports.extend(Items::new(&fs::read(path)?).map(|item| ReportId(item.header.subject)));
    }
    Ok(reports)
}

fn each(paths: Vec<PathBuf>, does: impl Fn(&Path) -> Result<()>) -> Result<()> {
    paths.iter().try_for_each(|path| does(path))
}

fn cut(path: &Path, length: u64) -> Result<()> {
    Ok(File::options().write(true).open(path)?.set_len(length)?)
}

fn cut_by(path: &Path, bytes: u64) -> Result<()> {
    cut(path, fs::metadata(path)?.len().saturating_sub(bytes))
}

fn halve(path: &Path) -> Result<()> {
    cut(path, fs::metadata(path)?.len() / 2)
}

/// Another bit at `part`/`of` of what is used of a file.
fn flip(path: &Path, part: u64, of: u64) -> Result<()> {
    let used = fs::read(path)?.iter().rposition(|byte| *byte != 0).context("the file is empty")? as u64;
    let file = File::options().read(true).write(true).open(path)?;
    let (at, mut byte) = (used * part / of, [0]);
    file.read_exact_at(&mut byte, at)?;
    file.write_all_at(&[byte[0] ^ 1 << (at % 8)], at)?;
    Ok(())
}

fn overwrite(path: &Path, from: u64, bytes: usize) -> Result<()> {
    File::options().write(true).open(path)?.write_all_at(&vec![0xEE; bytes], from)?;
    Ok(())
}
