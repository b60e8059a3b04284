//! The town of the box: made up, its map written by the map's own code.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use super::case::{Status, Trial};
use super::login::{Login, PATIENCE};
use super::mark;
use crate::image::layout;
use crate::machine::Machine;
use crate::machine::medium::Medium;
use crate::shell;

/// The map, on PROVISION.
const MAP: &str = "testville.osm.pbf";

/// A disk that was started before, with accounts for `login`, the made-up town, which its next start imports, and whatever more is to
/// stand in its settings.
pub fn fresh(trial: &Trial, login: &Login, more: &str) -> Result<Medium> {
    let disk = trial.bench.golden()?.copy(&trial.run.file("disk.img"))?;
    disk.fat(layout::PROVISION, &trial.run.dir)?.put_file(MAP, &map(trial)?)?;
    provision(trial, &disk, login, 1, more)?;
    Ok(disk)
}

/// Likewise, where the town was imported before; a fresh one, if there is none.
pub fn served(trial: &Trial, login: &Login, more: &str) -> Result<Medium> {
    let Some(before) = trial.bench.town()? else { return fresh(trial, login, more) };
    let disk = before.copy(&trial.run.file("disk.img"))?;
    provision(trial, &disk, login, 2, more)?;
    Ok(disk)
}

/// The one that T19 leaves, where a report was filed; that case is run where it was not yet.
pub fn with_report(trial: &Trial, login: &Login) -> Result<Medium> {
    if trial.bench.town()?.is_none() {
        println!("   T19 files a report first");
        let outcome = super::kiosk::TOUCHED.run(trial.bench, false);
        ensure!(outcome.status == Status::Passed, "T19 filed no report: {}", outcome.reasons.join("; "));
    }
    served(trial, login, "")
}

/// The report that is there, once the box answers.
pub fn reference(machine: &mut Machine, login: &Login) -> Result<String> {
    let mut found = None;
    machine.wait_until("staff reads the queue", 2 * mark::START, |machine| {
        // Until the daemon answers the console says that it does not.
        let Ok(answer) = machine.ssh(&login.key, "anna", "queue all", PATIENCE) else { return Ok(false) };
        let word = answer.out.split_whitespace().find(|word| word.starts_with("R-") && word.len() == 8);
        found = word.map(str::to_owned);
        Ok(found.is_some())
    })?;
    found.ok_or_else(|| machine.failure("no report is there"))
}

fn provision(trial: &Trial, disk: &Medium, login: &Login, generation: u32, more: &str) -> Result<()> {
    let site =
        format!("[site]\nname = \"Testville\"\nplace_name = \"Library North\"\nlanguages = [\"en\", \"fi\"]\ntown = \"{MAP}\"\n");
    let text = login.file_of(generation, &format!("{site}{more}"));
    disk.fat(layout::PROVISION, &trial.run.dir)?.put("appliance.toml", text.as_bytes())
}

/// Of streets, parks and numbers that exist nowhere.
fn map(trial: &Trial) -> Result<PathBuf> {
    let file = trial.run.file(MAP);
    // `scripts` stands on none of the packages that know maps, so it asks one from outside.
    let mut write = shell::cargo(&["run", "--quiet", "--package", "map", "--features", "pbf", "--bin", "testville", "--"]);
    shell::run(write.arg(&file).current_dir(shell::root()))?;
    Ok(file)
}

/// What has come in and nobody has answered, a line for each, as staff reads it over SSH.
pub fn queue(machine: &mut Machine, login: &Login) -> Result<Vec<String>> {
    let said = login.staff(machine, "queue new")?;
    // The console may have something to say first.
    let mut lines = said.lines().skip_while(|line| !line.starts_with("New: "));
    let head = lines.next().unwrap_or_default();
    let count = head.strip_prefix("New: ").and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
    let count = count.with_context(|| format!("staff gets no queue: {said}"))?;
    let rows: Vec<String> = lines.filter(|line| line.contains(" R-")).map(str::to_owned).collect();
    ensure!(rows.len() == count, "the queue says {head:?}, and lists {}: {said}", rows.len());
    Ok(rows)
}
