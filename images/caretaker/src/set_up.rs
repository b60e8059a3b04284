//! `wegovnow-box set-up`: gives the daemon the town that the technician named. Runs as the daemon's account.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::render::parse_environment;
use crate::system::Ran;
use crate::{Caretaker, file};

const DAEMON: &str = "/usr/bin/wegovnowd";
/// The daemon's exit code for a map that is worse than the one in use.
const REFUSED: i32 = 4;
const MAP: &str = "/var/lib/wegovnow/town.map";
/// Which file the map was made of; another is imported again.
const SOURCE: &str = "/var/lib/wegovnow/town.source";
/// What the town was last set up with.
const SETTLED: &str = "/var/lib/wegovnow/town.settled";
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
    let source = value("TOWN_FILE").and_then(|file| Some((file, mark(&care.places.at(file), value("TOWN_BORDER"))?)));
    let imported = file::read_word(&care.places.at(SOURCE)).filter(|_| map.exists());
    if let Some((file, mark)) = source.filter(|(_, mark)| imported.as_ref() != Some(mark)) {
        let mut arguments = vec!["town", "import", file];
        if !file.ends_with(".map") {
            arguments.extend(value("TOWN_BORDER").into_iter().flat_map(|border| ["--border", border]));
        }
        // Who names another file means another map. The same file with less in it may be a copy that went wrong.
        if imported.is_some_and(|before| !is_of(&before, file)) {
            arguments.push("--replace");
        }
        let ran = ask(care, &arguments)?;
        if ran.code == Some(REFUSED) {
            // Not written down: it is looked at again at the next start, and said again.
            done.push(ran.complaint());
        } else {
            good(&arguments, &ran)?;
            file::write(&care.places.at(SOURCE), mark + "\n", file::PUBLIC)?;
            done.push(format!("the map was made of {file}"));
        }
    }
    if map.exists() {
        share(&map)?;
    }
    let mut arguments = vec!["init"];
    for (option, name) in [("--name", "TOWN_NAME"), ("--languages", "TOWN_LANGUAGES"), ("--border", "TOWN_BORDER")] {
        arguments.extend(value(name).into_iter().flat_map(|value| [option, value]));
    }
    if arguments.len() == 1 && !map.exists() {
        // It makes the store, which the daemon cannot do without, and then asks for a town.
        care.system.run(DAEMON, &arguments, LIMIT).with_context(|| format!("{DAEMON} does not start"))?;
        return Ok("nobody has said which town this is: provision the box".to_owned());
    }
    // The daemon opens its whole store for it: not at every start.
    let settled = care.places.at(SETTLED);
    if done.is_empty() && fs::read_to_string(&settled).is_ok_and(|before| before == text) {
        return Ok("as before".to_owned());
    }
    done.push(daemon(care, &arguments)?);
    file::write(&settled, text, file::PUBLIC)?;
    Ok(done.join("; "))
}

/// Lets everybody read the map, which kiosk and console draw themselves under accounts of their own. What else lies beside it, made by
/// hand perhaps and with other habits, is the daemon's alone: the folder may be passed through.
fn share(map: &Path) -> Result<()> {
    let folder = map.parent().context("no folder")?;
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
        if kind.is_symlink() {
            continue;
        }
        let mode = fs::symlink_metadata(&path)?.permissions().mode() & 0o777;
        let wanted = if path == map { file::PUBLIC } else { mode & 0o700 };
        if wanted != mode {
            fs::set_permissions(&path, fs::Permissions::from_mode(wanted))
                .with_context(|| format!("cannot say who may read {}", path.display()))?;
        }
    }
    Ok(())
}

/// Tells one file from another. Its time alone would not: a box may have no clock.
fn mark(file: &Path, border: Option<&str>) -> Option<String> {
    let metadata = fs::metadata(file).ok()?;
    let changed = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?.as_nanos();
    Some(format!("{} {} {changed} {}", file.file_name()?.display(), metadata.len(), border.unwrap_or("-")))
}

/// Whether a mark is of a file of this name, whatever is in it.
fn is_of(mark: &str, file: &str) -> bool {
    let name = Path::new(file).file_name().unwrap_or_default().display().to_string();
    mark.strip_prefix(&name).is_some_and(|rest| rest.starts_with(' '))
}

fn ask(care: &Caretaker<'_>, arguments: &[&str]) -> Result<Ran> {
    care.system.run(DAEMON, arguments, LIMIT).with_context(|| format!("{DAEMON} does not start"))
}

fn good(arguments: &[&str], ran: &Ran) -> Result<()> {
    if !ran.is_good() {
        bail!("{DAEMON} {}: {}", arguments.join(" "), ran.complaint());
    }
    Ok(())
}

fn daemon(care: &Caretaker<'_>, arguments: &[&str]) -> Result<String> {
    let ran = ask(care, arguments)?;
    good(arguments, &ran)?;
    Ok(ran.stdout.trim().lines().last().unwrap_or_default().to_owned())
}
