//! From an OpenStreetMap extract (`osm.pbf`) to a town file.

mod border;
mod change;
mod classify;
mod coast;
mod collect;
mod names;
mod osc;
mod read;
mod repair;
pub mod replace;
mod ring;
mod simplify;
mod write;

use std::path::{Path, PathBuf};

use repair::Repairs;
pub use repair::{LISTED, Note};

use crate::file::write_atomically;
use crate::world::Rect;

/// How far an import is, for a progress line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// What is being done now.
    pub stage: Stage,
    /// Share of the whole import that is done, 0 to 1.
    pub done: f64,
}

/// The steps of an import, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading the extract.
    Reading,
    /// Putting streets, areas and the sea together.
    Assembling,
    /// Writing the town file.
    Writing,
}

/// What an import made, and what it had to repair or leave out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// The town's name.
    pub name: String,
    /// Bytes of the town file.
    pub size: u64,
    /// Things to draw.
    pub features: u64,
    /// House numbers.
    pub addresses: u64,
    /// Streets with a name.
    pub streets: u64,
    /// Named places and points of interest.
    pub places: u64,
    /// Everything that was not as it should be.
    pub notes: Vec<Note>,
}

/// What a town file was made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// As of when the extract holds OpenStreetMap's data, in Unix seconds: what its header says, else the youngest change in it.
    pub as_of_s: Option<i64>,
    /// Objects of the extract.
    pub nodes: u64,
    pub ways: u64,
    pub relations: u64,
    /// What was not as it should be.
    pub notes: Vec<Note>,
}

/// Why there is no town file.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file could not be read or written.
    #[error("cannot {action} {path}")]
    Io {
        /// "read", "write"…
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The extract is not what it should be.
    #[error("{path} is not a usable OpenStreetMap extract: {what}")]
    Extract {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where in the file.
        what: String,
    },
    /// A change file is not what it should be.
    #[error("{path} is not a usable change file: {what}")]
    Changes {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where in the file.
        what: String,
    },
    /// The border is not what it should be.
    #[error("{path} is not a usable border: {what}")]
    Border {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where in the file.
        what: String,
    },
}

/// What a town file is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sources<'a> {
    /// The extract (`osm.pbf`).
    pub extract: &'a Path,
    /// Change files (`.osc`, plain or packed by gzip) since then, in any order: of each object the highest version counts.
    pub changes: &'a [PathBuf],
    /// A GeoJSON file with the border of the town's service area; without it the extract's own municipal boundary is taken when it is
    /// complete, else the whole extract.
    pub border: Option<&'a Path>,
    /// The town's name where the extract has no municipal boundary; without it that of the file.
    pub name: Option<&'a str>,
}

/// Imports an extract into a town file, which appears whole or not at all: [`import_all`] without changes.
pub fn import(
    pbf: &Path,
    boundary: Option<&Path>,
    out: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, ImportError> {
    import_all(Sources { extract: pbf, changes: &[], border: boundary, name: None }, out, progress)
}

/// Imports an extract and what has changed since into a town file, which appears whole or not at all. The town's name is that of the
/// municipal boundary. `progress` is called at every new stage and every hundredth.
pub fn import_all(sources: Sources<'_>, out: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Summary, ImportError> {
    let pbf = sources.extract;
    let mut last: Option<(Stage, f64)> = None;
    let mut tell = |stage: Stage, done: f64| {
        if last.is_none_or(|(told, at)| told != stage || done - at >= 0.01) {
            last = Some((stage, done));
            progress(Progress { stage, done });
        }
    };
    let mut repairs = Repairs::default();
    let mut extract = read::read(pbf, &mut repairs, &mut |share| tell(Stage::Reading, share * 0.5))?;
    if !sources.changes.is_empty() {
        let mut changes = change::Changes::default();
        for path in sources.changes {
            changes.read(path, &mut repairs)?;
        }
        changes.apply(&mut extract, &mut repairs);
    }
    tell(Stage::Assembling, 0.5);
    let bounds = extract
        .bounds
        .or_else(|| extract.points_bounds())
        .ok_or_else(|| ImportError::Extract { path: pbf.to_owned(), what: "it covers no area".to_owned() })?;
    extract.note_far_off(bounds, &mut repairs);
    let name = sources.name.map_or_else(|| stem(pbf), str::to_owned);
    let town = border::town(&extract, sources.border, bounds, &name, &mut repairs)?;
    let things = collect::collect(&extract, Rect::from(bounds), &mut repairs);
    let origin = extract.origin(repairs.notes());
    drop(extract);
    tell(Stage::Writing, 0.9);
    let mut summary = Summary { name: town.name.clone(), ..summary(&things) };
    let bytes = write::bytes(&town.name, bounds, &town.area, things, &origin)
        .ok_or_else(|| ImportError::Extract { path: pbf.to_owned(), what: "it holds more than one town file can".to_owned() })?;
    summary.size = bytes.len() as u64;
    write_atomically(out, &bytes).map_err(|source| ImportError::Io { action: "write", path: out.to_owned(), source })?;
    tell(Stage::Writing, 1.0);
    summary.notes = origin.notes;
    Ok(summary)
}

/// The file's name without its endings, as a town's name.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".osm.pbf").or_else(|| name.strip_suffix(".pbf")).unwrap_or(&name);
    read::clean(stem.as_bytes()).0.into()
}

fn summary(things: &collect::Things) -> Summary {
    let named = things.records.iter().filter(|record| record.name.is_some());
    let (streets, places): (Vec<_>, Vec<_>) = named.partition(|record| record.class.is_way());
    let streets: std::collections::BTreeSet<u32> = streets.iter().filter_map(|record| record.name).collect();
    Summary {
        features: things.records.len() as u64,
        addresses: things.addresses.len() as u64,
        streets: streets.len() as u64,
        places: places.len() as u64,
        ..Summary::default()
    }
}

#[cfg(test)]
mod tests;
