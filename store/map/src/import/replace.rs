//! Whether a new map of the town is worse than the one in use, and putting it in that one's place.

use std::path::Path;

use super::ImportError;
use crate::file;
use crate::town::{OpenError, Town};
use crate::world::{Area, Bounds};

/// In what a new map is worse than the one in use.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Worse {
    /// It covers less than [`ENOUGH`] of the ground.
    #[error("it covers {covered_percent} % of the ground that the map in use covers: another place, or a part of it")]
    Ground {
        /// Share of the rectangle of the map in use, in percent.
        covered_percent: u64,
    },
    /// Its data are older.
    #[error("its data are {days} days older")]
    Older {
        /// Days, rounded up.
        days: u64,
    },
    /// It holds less than [`ENOUGH`] of something.
    #[error("it holds {new} {what} instead of {old}")]
    Fewer {
        /// "streets", "addresses"…
        what: &'static str,
        /// How many the map in use holds.
        old: u64,
        /// How many the new one holds.
        new: u64,
    },
    /// The map in use knows the town's border, the new one takes reports wherever it reaches.
    #[error("it has no border of the town, so that reports would be taken on the whole map")]
    NoBorder,
}

/// A new map may have so little of what the one in use has, as a fraction: towns lose a house, not a quarter of their streets.
pub const ENOUGH: (u64, u64) = (3, 4);
/// Fewer than this of anything say nothing.
const FEW: u64 = 20;
const DAY_S: i64 = 86_400;

/// In what `new` is worse than `old`; nothing where it may take its place.
pub fn worse(old: &Town, new: &Town) -> Vec<Worse> {
    let is_enough = |new: u64, old: u64| new.saturating_mul(ENOUGH.1) >= old.saturating_mul(ENOUGH.0);
    let mut worse = Vec::new();
    let covered_percent = covered_percent(old.bounds(), new.bounds());
    if !is_enough(covered_percent, 100) {
        worse.push(Worse::Ground { covered_percent });
    }
    let as_of_s = |town: &Town| town.origin().and_then(|origin| origin.as_of_s);
    if let (Some(old), Some(new)) = (as_of_s(old), as_of_s(new))
        && new < old
    {
        worse.push(Worse::Older { days: ((old - new + DAY_S - 1) / DAY_S).unsigned_abs() });
    }
    let (has, gets) = (old.counts(), new.counts());
    let counts = [
        ("things to draw", has.features, gets.features),
        ("streets", has.streets, gets.streets),
        ("addresses", has.addresses, gets.addresses),
        ("places", has.places, gets.places),
    ];
    let fewer = counts.into_iter().filter(|(_, old, new)| *old >= FEW && !is_enough(*new, *old));
    worse.extend(fewer.map(|(what, old, new)| Worse::Fewer { what, old, new }));
    let has_border = |town: &Town| *town.area() != Area::rectangle(town.bounds());
    if has_border(old) && !has_border(new) {
        worse.push(Worse::NoBorder);
    }
    worse
}

/// Share of a rectangle that another covers.
fn covered_percent(of: Bounds, by: Bounds) -> u64 {
    let length = |from: i32, to: i32| u64::try_from(i64::from(to) - i64::from(from)).unwrap_or(0);
    let size = |min: (i32, i32), max: (i32, i32)| u128::from(length(min.0, max.0)) * u128::from(length(min.1, max.1));
    let whole = size((of.min.lat_e7, of.min.lon_e7), (of.max.lat_e7, of.max.lon_e7));
    let both = size(
        (of.min.lat_e7.max(by.min.lat_e7), of.min.lon_e7.max(by.min.lon_e7)),
        (of.max.lat_e7.min(by.max.lat_e7), of.max.lon_e7.min(by.max.lon_e7)),
    );
    u64::try_from(both * 100 / whole.max(1)).unwrap_or(100)
}

/// The map in use; none where there is none yet, or one that nobody can open: that no map can be worse than.
///
/// An error is a file that is there and cannot be read at all: nobody knows then what would be lost.
pub fn in_use(place: &Path) -> Result<Option<Town>, OpenError> {
    match Town::open(place) {
        Ok(town) => Ok(Some(town)),
        Err(OpenError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error @ OpenError::Read { .. }) => Err(error),
        Err(_) => Ok(None),
    }
}

/// Puts a finished town file in another's place, whole or not at all, also when the power fails. Both lie in one folder.
pub fn put(candidate: &Path, place: &Path) -> Result<(), ImportError> {
    file::put(candidate, place).map_err(|source| ImportError::Io { action: "replace", path: place.to_owned(), source })
}

#[cfg(test)]
mod tests;
