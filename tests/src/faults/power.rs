//! Power cuts: of what the daemon wrote survives what it had synced, and that has to be all that it acknowledged.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tokio::runtime::Runtime;

use crate::load::{Acknowledged, work_until_killed};
use crate::power::{SOURCE, preload, restore};
use crate::site::{Site, chance};

const CUTS: usize = 50;
/// Most acknowledgements between a start and the cut.
const ENOUGH_MAX: u8 = 40;

/// A box on a disk that forgets what was not synced.
struct Machine {
    site: Site,
    library: PathBuf,
    /// What survives; it is the library's.
    image: PathBuf,
}

impl Machine {
    /// None where the library cannot be built.
    fn new() -> Result<Option<Machine>> {
        let site = Site::new()?;
        let Some(library) = preload("power", SOURCE, site.folder()) else { return Ok(None) };
        let image = site.folder().join("image");
        Ok(Some(Machine { site, library, image }))
    }

    /// Starts the daemon on a disk that holds durably all that is there. `ignore`: calls that do nothing from now on.
    fn start(&mut self, ignore: &str) -> Result<()> {
        let text = |path: &Path| path.display().to_string();
        let mut environment = vec![
            ("LD_PRELOAD".to_owned(), text(&self.library)),
            ("POWER_ROOT".to_owned(), text(&self.site.data())),
            ("POWER_IMAGE".to_owned(), text(&self.image)),
        ];
        if self.image.exists() {
            fs::remove_dir_all(&self.image)?;
        }
        fs::create_dir(&self.image)?;
        let mut find = Command::new("find");
        find.arg(self.site.data()).args(["-exec", "sync", "{}", "+"]).envs(environment.iter().cloned());
        ensure!(find.status()?.success(), "the disk as it is was not taken down");
        environment.push(("POWER_IGNORE".to_owned(), ignore.to_owned()));
        self.site.environment = environment;
        self.site.start()
    }

    /// The data become what survives. The daemon is gone.
    fn lose_power(&mut self) -> Result<()> {
        let after = self.site.folder().join("after");
        restore(&self.image, &self.site.data(), &after);
        fs::remove_dir_all(self.site.data())?;
        fs::rename(after, self.site.data())?;
        Ok(())
    }

    fn journal_files(&self) -> Result<BTreeSet<OsString>> {
        let files = fs::read_dir(self.site.data().join("current"))?;
        files.map(|file| Ok(file?.file_name())).collect()
    }

    /// What is missing of what was acknowledged.
    fn lost(&self, runtime: &Runtime, told: &Acknowledged) -> Result<Vec<String>> {
        runtime.block_on(told.lost(&self.site.client()?))
    }
}

#[test]
fn fifty_power_cuts_take_nothing_that_was_acknowledged() -> Result<()> {
    let Some(mut machine) = Machine::new()? else { return Ok(()) };
    let runtime = Runtime::new()?;
    let mut all = Acknowledged::default();
    let mut enough = 0;
    let mut last = Acknowledged::default();
    for cut in 0..CUTS {
        // The repair after one cut has to survive the next.
        machine.start("")?;
        let lost = machine.lost(&runtime, &last)?;
        ensure!(lost.is_empty(), "cut {cut} after {enough} acknowledgements took {lost:?}:\n{}", machine.site.said());
        all.0.append(&mut last.0);
        if cut % 10 == 9 {
            machine.site.stop()?;
            machine.site.run(&["verify"]).with_context(|| format!("after cut {cut}"))?;
            machine.start("")?;
        }
        let [random] = chance();
        enough = 1 + usize::from(random % ENOUGH_MAX);
        last = work_until_killed(&mut machine.site, &runtime, cut * 1000, enough)?;
        machine.lose_power()?;
    }
    all.0.append(&mut last.0);
    machine.start("")?;
    let lost = machine.lost(&runtime, &all)?;
    ensure!(lost.is_empty(), "of {} reports, the cuts took {lost:?}:\n{}", all.0.len(), machine.site.said());
    machine.site.stop()?;
    all.check_store(&machine.site)?;
    println!("{CUTS} power cuts, {} acknowledged reports, none lost or doubled", all.0.len());
    Ok(())
}

/// sled renames its snapshots and does not sync their folder; an older one that comes back leads into segments that were written over.
#[test]
fn the_names_of_the_journals_files_survive_from_the_moment_it_serves() -> Result<()> {
    let Some(mut machine) = Machine::new()? else { return Ok(()) };
    let runtime = Runtime::new()?;
    machine.start("")?;
    work_until_killed(&mut machine.site, &runtime, 0, 10)?;
    machine.lose_power()?;
    let old = machine.journal_files()?;
    machine.start("")?;
    let new = machine.journal_files()?;
    ensure!(new != old, "sled wrote no snapshot when it opened: {new:?}");
    machine.site.kill()?;
    machine.lose_power()?;
    let survived = machine.journal_files()?;
    ensure!(survived == new, "the journal's folder held {new:?}, {survived:?} survived");
    Ok(())
}

/// The proof that these tests can fail: a box whose `sync_data` does nothing loses what it acknowledged, and the same check finds it.
#[test]
fn a_box_that_does_not_sync_is_found_out() -> Result<()> {
    let Some(mut machine) = Machine::new()? else { return Ok(()) };
    let runtime = Runtime::new()?;
    machine.start("fdatasync")?;
    let told = work_until_killed(&mut machine.site, &runtime, 0, 20)?;
    machine.lose_power()?;
    machine.start("")?;
    let lost = machine.lost(&runtime, &told)?;
    ensure!(lost.iter().any(|what| what.starts_with("report")), "{} reports were never synced, and are all there", told.0.len());
    Ok(())
}
