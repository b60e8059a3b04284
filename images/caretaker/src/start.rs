//! `wegovnow-box start`: early at every start, before the network and the daemon. Each step stands for itself, can be done any
//! number of times, and is recorded; one that fails does not keep the others from their work.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use anyhow::{Context, Result};

use crate::import::{self, Outcome};
use crate::render::{Content, Ground, Numbers, Rendered, Tables, host_name, render};
use crate::settings::{self, TOWN_FOLDER};
use crate::stamp::Stamp;
use crate::{Caretaker, clock, esp, file, history, identity, pairing};

/// One step, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Step {
    pub name: String,
    pub is_done: bool,
    pub said: String,
}

/// User ids of staff.
const NUMBERS: &str = "accounts.toml";
/// For init's picture of the next start: code of the language, then the town's name, a line each.
const TITLE: &str = "title";
/// Of this start's steps, below `/run/wegovnow-box`.
pub const RECORD: &str = "start.json";

/// Does all steps, and answers with them in their order. `true`: the box must start again at once.
pub fn run(care: &Caretaker<'_>) -> (Vec<Step>, bool) {
    let mut steps = Vec::new();
    let mut step = |name: &str, done: Result<String>| {
        let is_done = done.is_ok();
        let said = done.unwrap_or_else(|error| format!("{error:#}"));
        if is_done {
            care.system.log(&format!("{name}: {said}"));
        } else {
            // No kiosk draws yet.
            care.system.show_text();
            care.system.say(&format!("WeGovNow: {name}: {said}"));
        }
        steps.push(Step { name: name.to_owned(), is_done, said });
    };
    // First of all, for what follows is dated.
    step("clock", clock::raise(care));
    step("history", history::trim(care).map(|()| "kept".to_owned()));
    step("boot-state", boot_state(care));
    step("folder", make_folder(care));
    let serial = identity::ensure(care);
    let name = serial.as_ref().ok().cloned();
    step("identity", serial);
    step("ssh-key", identity::ensure_host_key(care).map(|()| "there".to_owned()));
    let mut must_restart = false;
    let serial = name.unwrap_or_default();
    step("provision", provision(care, &serial, &mut must_restart));
    step("render", render_all(care, &serial));
    if let Err(error) = file::write_json(&care.places.run(RECORD), &steps) {
        care.system.say(&format!("WeGovNow: {error:#}"));
    }
    (steps, must_restart)
}

/// The caretaker's folder on `data`. The town's file in it is read by the daemon's account, whatever mask the program has that comes
/// first to write there.
fn make_folder(care: &Caretaker<'_>) -> Result<String> {
    let folder = care.places.var("");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(&folder, mode).with_context(|| format!("cannot let others into {}", folder.display()))?;
    Ok("there".to_owned())
}

fn boot_state(care: &Caretaker<'_>) -> Result<String> {
    let repairs = esp::repair(care)?;
    Ok(match repairs.len() {
        0 => "whole".to_owned(),
        _ => repairs.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    })
}

fn provision(care: &Caretaker<'_>, serial: &str, must_restart: &mut bool) -> Result<String> {
    let tables = tables(care).unwrap_or_default();
    Ok(match import::run(care, serial, &|name| tables.has(name))? {
        Outcome::Nothing => "no file".to_owned(),
        Outcome::Unchanged => "as before".to_owned(),
        Outcome::Taken { generation, changes } => format!("generation {generation} taken, {changes} changes"),
        Outcome::Refused { problems } => format!("the file was not taken, {problems} problems: see problems.txt beside it"),
        Outcome::Reset(tier) => {
            *must_restart = true;
            format!("factory reset, {tier}: the box starts again")
        }
    })
}

/// Those of the image; where ours lie over them in `/etc`, accounts of staff are left out.
pub fn tables(care: &Caretaker<'_>) -> Result<Tables> {
    let read = |name: &str| {
        let kept = care.places.at("/usr/lib/wegovnow/accounts").join(name);
        let path = if kept.exists() { kept } else { care.places.at("/etc").join(name) };
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    Tables::parse(&read("passwd")?, &read("group")?, &read("shadow")?)
}

/// Settings that cannot be read leave a box with those of a new one: it starts, and says what is wrong.
fn render_all(care: &Caretaker<'_>, serial: &str) -> Result<String> {
    let (settings, wrong) = match settings::read(care, Some(serial)) {
        Ok(settings) => (settings, None),
        Err(error) => (provision::Settings::default(), Some(error)),
    };
    let numbers_path = care.places.state(NUMBERS);
    let old = match fs::read_to_string(&numbers_path) {
        Ok(text) => Numbers::parse(&text)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Numbers::default(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", numbers_path.display())),
    };
    let mut numbers = old.clone();
    numbers.extend(settings.staff.iter().map(|account| &account.name))?;
    if numbers != old {
        file::write(&numbers_path, numbers.render(), file::PUBLIC)?;
    }
    let beside = |name: &Option<String>| {
        let name = name.as_ref()?;
        let path = Path::new("/var/lib/wegovnow-box").join(TOWN_FOLDER).join(name);
        care.places.at(&path).is_file().then(|| path.display().to_string())
    };
    let ground = Ground {
        serial,
        tables: &tables(care)?,
        numbers: &numbers,
        epoch_s: Stamp::read(care)?.epoch_s,
        town_file: beside(&settings.site.town),
        border_file: beside(&settings.site.border),
        is_pairing: pairing::is_open(care),
    };
    let rendered = render(&settings, &ground);
    put(care, &rendered)?;
    write_title(care, &settings)?;
    care.system.set_host_name(&host_name(&settings, serial)).context("cannot set the host's name")?;
    match wrong {
        Some(error) => {
            history::note(care, "settings-unreadable", &format!("{error:#}"))?;
            Err(error.context("rendered as for a new box"))
        }
        None => Ok(format!("{} files", rendered.files.len())),
    }
}

/// Written only where it changes, for it is on flash.
fn write_title(care: &Caretaker<'_>, settings: &provision::Settings) -> Result<()> {
    let language = settings.kiosk.language.as_ref().or(settings.site.languages.first());
    let title = format!("{}\n{}\n", language.map_or("", |code| code), settings.site.name.as_deref().unwrap_or_default());
    let path = care.places.state(TITLE);
    if fs::read_to_string(&path).is_ok_and(|text| text == title) { Ok(()) } else { file::write(&path, title, file::PUBLIC) }
}

fn put(care: &Caretaker<'_>, rendered: &Rendered) -> Result<()> {
    for (path, content) in &rendered.files {
        let path = care.places.at(path);
        match content {
            Content::File { text, mode } => file::write(&path, text, *mode)?,
            Content::Link(to) => {
                let linked = file::remove(&path).and_then(|()| Ok(symlink(to, &path)?));
                linked.with_context(|| format!("cannot make the link {}", path.display()))?;
            }
        }
    }
    for folder in &rendered.folders {
        let path = care.places.at(folder);
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        for entry in fs::read_dir(&path)? {
            let entry = entry?;
            let name = format!("{folder}/{}", entry.file_name().display());
            if !rendered.files.contains_key(&name) {
                file::remove(&entry.path())?;
            }
        }
    }
    // Networks and time servers that are gone from the settings, too: these folders are shared with others.
    for folder in ["/run/systemd/network", "/run/chrony-sources"] {
        let Ok(entries) = fs::read_dir(care.places.at(folder)) else { continue };
        for entry in entries.flatten() {
            let file_name = entry.file_name().display().to_string();
            if file_name.contains("wegovnow") && !rendered.files.contains_key(&format!("{folder}/{file_name}")) {
                file::remove(&entry.path())?;
            }
        }
    }
    for gone in ["/run/wegovnow-box/wpa_supplicant.conf", "/run/wegovnow-box/panel.env"]
        .iter()
        .filter(|path| !rendered.files.contains_key(**path))
    {
        file::remove(&care.places.at(gone))?;
    }
    Ok(())
}
