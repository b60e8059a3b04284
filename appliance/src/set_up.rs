//! Setting a town up: its map, its name and border, its departments and categories. Done with the daemon stopped; done twice, it
//! changes only what differs.

mod info;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use map::import::replace;
use store::decide::{Actor, Command, Context};
use store::fact::{Site, UnixMs};
use store::geo::{Area, Point};
use store::id::{Language, OrgId};
use store::keyring::Chance;
use store::store::{Home, Store, Wish};

use crate::catalogue;
use crate::chance::SystemChance;
use crate::cli::{Init, exit};
use crate::config::{Environment, system_clock};
use crate::progress::ProgressLine;

/// Name of the town's map in the data directory.
pub const MAP_FILE: &str = "town.map";
/// Name of a finished map before it is compared with the one in use.
const CANDIDATE: &str = "town.map.candidate";
/// What the map was made of, so that changes can be added: the extract, its border if one was given, the change files since.
const EXTRACT: &str = "town.osm.pbf";
const BORDER: &str = "town.border.geojson";
const CHANGES: &str = "town.changes";

/// Objects named after an import; `wegovnowd town info` names all that the map lists.
const NAMED: usize = 5;

/// A note of an import with the first objects it is about.
fn told(note: &map::import::Note, count_max: usize) -> String {
    if note.things.is_empty() {
        return note.text.clone();
    }
    let named: Vec<&str> = note.things.iter().take(count_max).map(String::as_str).collect();
    format!("{} (first: {})", note.text, named.join(", "))
}

/// `wegovnowd town import`
///
/// The new map is made beside the one in use and takes its place only when it is not worse, or when `is_asked`. The extract and the
/// border stay beside it, for changes to come.
pub fn import(data: &Path, file: &Path, border: Option<&Path>, is_asked: bool) -> anyhow::Result<u8> {
    std::fs::create_dir_all(data).with_context(|| format!("cannot make the directory {}", data.display()))?;
    let is_made = file.extension().is_some_and(|ending| ending == "map");
    replaced(
        data,
        is_asked,
        &mut |candidate| {
            if !is_made {
                return make(map::import::Sources { extract: file, changes: &[], border, name: None }, candidate);
            }
            if border.is_some() {
                bail!("{} was imported already: its border is in it", file.display());
            }
            copy(file, candidate)
        },
        &mut || {
            // In this order: changes of another extract must never meet this one, and an extract without its map gives it again.
            match std::fs::remove_dir_all(data.join(CHANGES)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).context("older changes cannot be removed");
                }
                _ => {}
            }
            keep(border, &data.join(BORDER))?;
            keep(Some(file).filter(|_| !is_made), &data.join(EXTRACT))
        },
    )
    .context("the map was not imported; an older one stays as it was")
}

/// `wegovnowd town update`
///
/// Makes the map anew, of the extract that was imported, all changes since, and these.
pub fn update(data: &Path, files: &[PathBuf], is_asked: bool) -> anyhow::Result<u8> {
    let (extract, border, folder) = (data.join(EXTRACT), data.join(BORDER), data.join(CHANGES));
    if !extract.exists() {
        bail!("the extract that the map was made of is not here: bring it with `wegovnowd town import` once");
    }
    let name = map::Town::open(&data.join(MAP_FILE)).map(|town| town.name().to_owned()).ok();
    let mut changes = kept_changes(&folder)?;
    let last = changes.last().map_or(0, |(number, _)| *number);
    changes.extend((last.saturating_add(1)..).zip(files.iter().cloned()));
    let paths: Vec<PathBuf> = changes.into_iter().map(|(_, path)| path).collect();
    let border = Some(border.as_path()).filter(|border| border.exists());
    replaced(
        data,
        is_asked,
        &mut |candidate| {
            make(map::import::Sources { extract: &extract, changes: &paths, border, name: name.as_deref() }, candidate)
        },
        &mut || {
            std::fs::create_dir_all(&folder).with_context(|| format!("cannot make the directory {}", folder.display()))?;
            for (number, file) in (last.saturating_add(1)..).zip(files) {
                keep(Some(file), &folder.join(format!("{number:06}{CHANGE_ENDING}")))?;
            }
            Ok(())
        },
    )
    .context("the map was not updated; it stays as it was")
}

/// What kept change files end with, packed or not: their first bytes tell.
const CHANGE_ENDING: &str = ".osc";

/// The change files since the import with their numbers, in the order they came.
fn kept_changes(folder: &Path) -> anyhow::Result<Vec<(u32, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", folder.display())),
    };
    let mut changes = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        let number = |name: &str| name.strip_suffix(CHANGE_ENDING)?.parse::<u32>().ok();
        if let Some(number) = path.file_name().and_then(|name| number(name.to_str()?)) {
            changes.push((number, path));
        }
    }
    changes.sort();
    Ok(changes)
}

/// Copies a file. One that was left half done may be read-only, as its source was: it goes first.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    // If it cannot go, copying says why.
    let _ = std::fs::remove_file(to);
    std::fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display())).map(|_| ())
}

/// Keeps a copy of a file, whole or not at all; without one, removes what was kept.
fn keep(file: Option<&Path>, place: &Path) -> anyhow::Result<()> {
    let Some(file) = file else {
        return match std::fs::remove_file(place) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", place.display()))
            }
            _ => Ok(()),
        };
    };
    let new = place.with_extension("new");
    let kept = copy(file, &new).and_then(|()| Ok(replace::put(&new, place)?));
    if kept.is_err() {
        // The error that matters is the first one.
        let _ = std::fs::remove_file(&new);
    }
    kept
}

/// Makes a candidate for the map, and if it may take the place of the one in use, keeps what it was made of and puts it there.
fn replaced(
    data: &Path,
    is_asked: bool,
    make: &mut dyn FnMut(&Path) -> anyhow::Result<()>,
    keep: &mut dyn FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<u8> {
    let (place, candidate) = (data.join(MAP_FILE), data.join(CANDIDATE));
    let done = make(&candidate).and_then(|()| {
        if !may_replace(&candidate, &place, is_asked)? {
            return Ok(exit::REFUSED);
        }
        keep()?;
        replace::put(&candidate, &place)?;
        Ok(exit::DONE)
    });
    if !matches!(done, Ok(exit::DONE)) {
        // What was not taken is of no use; often there is nothing.
        let _ = std::fs::remove_file(&candidate);
    }
    done
}

/// Makes a town file, and tells how it goes and what came out.
fn make(sources: map::import::Sources<'_>, candidate: &Path) -> anyhow::Result<()> {
    let mut line = ProgressLine::new("Importing the map");
    let summary = map::import::import_all(sources, candidate, &mut |progress| {
        let stage = match progress.stage {
            map::import::Stage::Reading => "reading",
            map::import::Stage::Assembling => "assembling",
            map::import::Stage::Writing => "writing",
        };
        line.tell(stage, progress.done);
    })?;
    line.end(&format!(
        "{}: {} things to draw, {} streets, {} addresses, {} places, {} KiB",
        summary.name,
        summary.features,
        summary.streets,
        summary.addresses,
        summary.places,
        summary.size / 1024
    ));
    for note in &summary.notes {
        eprintln!("note: {}", told(note, NAMED));
    }
    Ok(())
}

/// Whether the candidate may take the place of the map in use; says what is worse.
fn may_replace(candidate: &Path, place: &Path, is_asked: bool) -> anyhow::Result<bool> {
    let new = map::Town::open(candidate)?;
    let Some(old) = replace::in_use(place).context("the map in use cannot be looked at")? else { return Ok(true) };
    let worse = replace::worse(&old, &new);
    for reason in &worse {
        eprintln!("{}: {reason}", if is_asked { "note" } else { "worse" });
    }
    if !worse.is_empty() && !is_asked {
        eprintln!(
            "wegovnowd: the map of {} stays as it is, for that of {} is worse; --replace takes it nevertheless",
            old.name(),
            new.name()
        );
        return Ok(false);
    }
    Ok(true)
}

/// `wegovnowd town info`
pub fn info(data: &Path) -> anyhow::Result<u8> {
    let path = data.join(MAP_FILE);
    let town = map::Town::open(&path).context("import one with `wegovnowd town import`")?;
    let size = std::fs::metadata(&path).with_context(|| format!("cannot look at {}", path.display()))?.len();
    println!("name    {}", town.name());
    println!("file    {}, {} KiB", path.display(), size.div_ceil(1024));
    let updates = kept_changes(&data.join(CHANGES))?.len();
    info::lines(&town, updates).iter().for_each(|line| println!("{line}"));
    Ok(exit::DONE)
}

/// `wegovnowd init`
pub fn init(init: &Init) -> anyhow::Result<u8> {
    let data = init.data.dir();
    let town = Words { name: init.name.as_deref(), languages: &init.languages, border: init.border.as_deref(), demo: false };
    let now_ms = (system_clock())();
    let store = open_or_make(&data, now_ms)?;
    if let Some(site) = store.present().read().unwrap_or_else(std::sync::PoisonError::into_inner).state.site()
        && site.demo
    {
        bail!("{} holds a demonstration with invented reports: set a real town up in another directory", data.display());
    }
    let mut store = store;
    let changed = set_up(&mut store, &data, &town, now_ms)?;
    store.close().context("the store did not close cleanly")?;
    println!("{changed} of site, departments and categories set in {}", data.display());
    Ok(exit::DONE)
}

/// What is said about a town when it is set up.
pub struct Words<'a> {
    pub name: Option<&'a str>,
    pub languages: &'a [Language],
    pub border: Option<&'a Path>,
    pub demo: bool,
}

/// The store of a data directory, made if there is none. `now_ms` is when its history begins.
pub fn open_or_make(data: &Path, now_ms: UnixMs) -> anyhow::Result<Store> {
    if !is_made(data) {
        let mut chance = SystemChance;
        let mut org = [0; 16];
        chance.fill(&mut org);
        std::fs::create_dir_all(data).with_context(|| format!("cannot make the directory {}", data.display()))?;
        Store::init(home(data)?, OrgId(org), &mut chance, now_ms)
            .with_context(|| format!("no store was made in {}", data.display()))?;
    }
    let (store, said) = Store::open(home(data)?, Box::new(SystemChance), now_ms)
        .with_context(|| format!("the store in {} does not open; is the daemon still running?", data.display()))?;
    said.iter().for_each(|line| eprintln!("note: {line}"));
    Ok(store)
}

/// The store of a data directory, with the seal that the service manager handed over, if it did.
pub fn home(data: &Path) -> anyhow::Result<Home<'_>> {
    Ok(Home { dir: data, seal: Environment::read().seal()? })
}

/// Whether a data directory holds a store.
pub fn is_made(data: &Path) -> bool {
    store::keyring::Keyring::exists(data)
}

/// Sets site, departments and categories where they differ; answers how many did.
pub fn set_up(store: &mut Store, data: &Path, words: &Words<'_>, now_ms: UnixMs) -> anyhow::Result<usize> {
    let site = site(data, words)?;
    let catalogue = catalogue::built_in(&site.languages).context("the built-in catalogue is broken")?;
    let mut commands = Vec::new();
    {
        let present = store.present();
        let present = present.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let state = &present.state;
        if state.site() != Some(&site) {
            commands.push(Command::OpenSite(site));
        }
        let departments = catalogue.departments.into_iter().filter(|new| state.department(&new.code) != Some(new));
        commands.extend(departments.map(Command::DefineDepartment));
        let categories = catalogue.categories.into_iter().filter(|new| state.category(&new.code) != Some(new));
        commands.extend(categories.map(Command::DefineCategory));
    }
    let context = Context { actor: Actor::System, now_ms, staff: &[], photo_stored: false };
    let wishes: Vec<Wish<'_>> = commands.iter().map(|command| Wish { command, context }).collect();
    for outcome in store.submit(&wishes).context("the town was not set up")? {
        outcome.context("the town was not set up")?;
    }
    Ok(commands.len())
}

/// The site as said, with what the imported map knows where nothing is said.
fn site(data: &Path, words: &Words<'_>) -> anyhow::Result<Site> {
    let path = data.join(MAP_FILE);
    let town = path.exists().then(|| map::Town::open(&path)).transpose().context("import the map again")?;
    let area = match (words.border, &town) {
        (Some(file), _) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            map::geojson::area(&text).map_err(|what| anyhow::anyhow!("{} is not a usable border: {what}", file.display()))?
        }
        (None, Some(town)) => town.area().clone(),
        (None, None) => {
            bail!("nothing says where reports are taken: import a map with `wegovnowd town import`, or give --border")
        }
    };
    let name = match (words.name, &town) {
        (Some(name), _) => name.to_owned(),
        (None, Some(town)) => town.name().to_owned(),
        (None, None) => bail!("the town has no name yet: give --name"),
    };
    let name = store::text::clean(&name).map_err(|_| anyhow::anyhow!("the name has a control character"))?;
    if name.is_empty() {
        bail!("the town's name is empty: give --name");
    }
    let mut languages: Vec<Language> = Vec::new();
    for language in words.languages {
        if !languages.contains(language) {
            languages.push(language.clone());
        }
    }
    Ok(Site { name, area: own(&area), languages, demo: words.demo })
}

/// The map's area in the store's words.
fn own(area: &map::Area) -> Area {
    let point = |point: &map::Point| Point { lat_e7: point.lat_e7, lon_e7: point.lon_e7 };
    Area(area.0.iter().map(|rings| rings.iter().map(|ring| ring.iter().map(point).collect()).collect()).collect())
}

#[cfg(test)]
mod tests;
