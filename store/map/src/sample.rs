//! Towns for tests: made of a written extract, or of a real one where it is at hand.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::pbf::Pbf;

/// Writes an extract into the folder and gives the path.
pub(crate) fn write(pbf: &Pbf, folder: &Path) -> PathBuf {
    let path = folder.join("town.osm.pbf");
    pbf.write(&path).unwrap();
    path
}

/// Writes, imports and opens an extract in a folder of its own.
pub(crate) fn town(pbf: &Pbf) -> (crate::Town, crate::Summary) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("town");
    let summary = crate::import(&write(pbf, folder.path()), None, &out, &mut |_| {}).unwrap();
    (crate::Town::open(&out).unwrap(), summary)
}

/// One of the real extracts beside the project, imported once and opened; `None`, and said so, where it is not there.
pub(crate) fn real(name: &str) -> Option<&'static (crate::Town, crate::Summary)> {
    static MONACO: OnceLock<Option<(crate::Town, crate::Summary)>> = OnceLock::new();
    static SAN_FRANCISCO: OnceLock<Option<(crate::Town, crate::Summary)>> = OnceLock::new();
    let known = if name.starts_with("monaco") { &MONACO } else { &SAN_FRANCISCO };
    known.get_or_init(|| open_real(name)).as_ref()
}

fn open_real(name: &str) -> Option<(crate::Town, crate::Summary)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3)?.join("shared/data/town").join(name);
    if !path.exists() {
        eprintln!("skipped: the extract {name} is not there");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("town");
    let summary = crate::import(&path, None, &out, &mut |_| {}).unwrap();
    Some((crate::Town::open(&out).unwrap(), summary))
}
