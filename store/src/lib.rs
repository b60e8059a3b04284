//! The domain of WeGovNow, then the disk.
//!
//! Modules stand in reading order; each uses only those above it. Nothing here reads a clock, draws a random number or opens a
//! socket: time, chance and actor come in as arguments. `journal` is the only module that knows the disk.

pub mod id;
pub mod code;
pub mod geo;
pub mod time;
pub mod text;
pub mod fact;
pub mod event;
pub mod command;
pub mod model;
pub mod index;
pub mod decide;
#[cfg(feature = "disk")]
pub mod durable;
#[cfg(feature = "disk")]
pub mod keyring;
#[cfg(feature = "disk")]
pub mod journal;
#[cfg(feature = "disk")]
pub mod store;
