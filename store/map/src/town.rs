//! An opened town file.

use std::path::{Path, PathBuf};

use crate::draw::Drawing;
use crate::label::{self, Label};
use crate::search::Found;
use crate::world::{Area, Bounds, Point, Rect, View};

/// Why a town file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file could not be read.
    #[error("cannot read the town file {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a town file at all.
    #[error("{path} is not a town file")]
    NotATown {
        /// The file.
        path: PathBuf,
    },
    /// A newer or older program wrote it; importing again makes a fresh one.
    #[error("{path} is a town file of version {version}; this program reads version {known}: import the town again")]
    Version {
        /// The file.
        path: PathBuf,
        /// What the file says.
        version: u32,
        /// What this program reads.
        known: u32,
    },
    /// Bytes of the file have changed or are missing.
    #[error("{path} is damaged ({what}): import the town again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not hold, and where.
        what: String,
    },
}

/// A town file, opened and checked. Cheap to share between threads by reference.
#[derive(Debug)]
pub struct Town {
    name: String,
    bounds: Bounds,
    area: Area,
}

impl Town {
    /// Opens a town file and checks all of it, so that no later call can fail or panic.
    pub fn open(path: &Path) -> Result<Town, OpenError> {
        Err(OpenError::NotATown { path: path.to_owned() })
    }

    /// The town's name in its own language.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rectangle the map covers.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Where the town takes reports: its border, or the whole map.
    pub fn area(&self) -> &Area {
        &self.area
    }

    /// What to draw in a rectangle of the flat world at a zoom, in draw order. Sizes below two pixels are left out.
    pub fn features(&self, rect: Rect, zoom: f64) -> Drawing<'_> {
        let _ = (rect, zoom);
        Drawing::default()
    }

    /// Names for a window, placed without touching each other. `language` (like "fi") chooses among the names where the map has
    /// several; `measure` gives the width in pixels of a text at a size in pixels.
    pub fn place_labels(&self, view: &View, language: Option<&str>, measure: &mut dyn FnMut(&str, f32) -> f32) -> Vec<Label> {
        let _ = language;
        label::place(Vec::new(), view, measure)
    }

    /// Up to `limit` things that fit what was typed, best first.
    pub fn search(&self, text: &str, limit: usize) -> Vec<Found> {
        let _ = (text, limit);
        Vec::new()
    }

    /// The nearest address within 60 m, else the nearest street's name within 100 m. Degrees; `None` off the planet too.
    pub fn reverse(&self, lat: f64, lon: f64) -> Option<String> {
        Point::from_degrees(lat, lon)?;
        None
    }
}
