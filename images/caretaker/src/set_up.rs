//! `wegovnow-box set-up`: gives the daemon the town that the technician named. Runs as the daemon's account.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::Caretaker;
use crate::render::parse_environment;

const DAEMON: &str = "/usr/bin/wegovnowd";
/// Imported with the town; a newer extract is imported again.
const MAP: &str = "/var/lib/wegovnow/town.map";
/// A large town on a slow machine.
const LIMIT: Duration = Duration::from_secs(1800);

/// Imports the map if there is a newer one, and opens the town. Answers what it did.
pub fn run(care: &Caretaker<'_>) -> Result<String> {
    let path = care.places.run("set-up.env");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let environment = parse_environment(&text);
    let value = |name: &str| environment.get(name).map(String::as_str);
    let map = care.places.at(MAP);
    let mut done = Vec::new();
    if let Some(file) = value("TOWN_FILE").filter(|file| is_newer(&care.places.at(file), &map)) {
        if file.ends_with(".map") {
            let new = map.with_extension("map.new");
            fs::copy(care.places.at(file), &new).with_context(|| format!("cannot copy {file}"))?;
            fs::rename(&new, &map).context("cannot put the map in its place")?;
        } else {
            let mut arguments = vec!["town", "import", file];
            arguments.extend(value("TOWN_BORDER").into_iter().flat_map(|border| ["--border", border]));
            daemon(care, &arguments)?;
        }
        done.push(format!("the map was made of {file}"));
    }
    let mut arguments = vec!["init"];
    for (option, name) in [("--name", "TOWN_NAME"), ("--languages", "TOWN_LANGUAGES"), ("--border", "TOWN_BORDER")] {
        arguments.extend(value(name).into_iter().flat_map(|value| [option, value]));
    }
    if arguments.len() == 1 && !map.exists() {
        return Ok("nobody has said which town this is: provision the box".to_owned());
    }
    done.push(daemon(care, &arguments)?);
    Ok(done.join("; "))
}

fn is_newer(file: &Path, map: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    time(file).is_some_and(|file| time(map).is_none_or(|map| file > map))
}

fn daemon(care: &Caretaker<'_>, arguments: &[&str]) -> Result<String> {
    let ran = care.system.run(DAEMON, arguments, LIMIT).with_context(|| format!("{DAEMON} does not start"))?;
    if !ran.is_good() {
        bail!("{DAEMON} {}: {}", arguments.join(" "), ran.complaint());
    }
    Ok(ran.stdout.trim().lines().last().unwrap_or_default().to_owned())
}
