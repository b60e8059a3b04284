//! The town's base map: one compact file made from an OpenStreetMap extract, and everything that is read from it.
//!
//! `import` turns an `osm.pbf` into a town file; [`Town`] opens that file and answers: what to draw ([`Town::features`]), which names
//! to put where ([`Town::place_labels`]), where something is ([`Town::search`]) and what is here ([`Town::reverse`]). Nothing here
//! draws a pixel or knows a screen: [`style`] says in which colour and width, so that kiosk and console agree.
//!
//! What this crate does not know: the store, the network, the time. It reads and writes only the files it is given.

pub mod class;
pub mod draw;
mod file;
pub mod geojson;
pub mod import;
pub mod label;
#[cfg(any(test, feature = "pbf"))]
pub mod pbf;
mod reverse;
#[cfg(test)]
mod sample;
pub mod search;
mod shape;
pub mod style;
pub mod town;
pub mod world;

pub use class::Class;
pub use import::{ImportError, Progress, Summary, import};
pub use search::{Found, What};
pub use town::{OpenError, Town};
pub use world::{Area, Bounds, Point, Rect, Spot, View};
