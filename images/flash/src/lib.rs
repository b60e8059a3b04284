//! `wegovnow-flash`: writes the appliance's image to many media, and proves that it did.
//!
//! A medium is never chosen by the name the kernel happens to give it, never written while anything uses it, and never called done before
//! every byte was read back. What makes it start is written last: a medium that starts is a whole one.
//!
//! Modules stand in reading order; each uses those above it.

pub mod name;
pub mod amount;
pub mod key;
pub mod signed;
pub mod buffer;
pub mod inventory;
pub mod source;
pub mod device;
pub mod write;
pub mod check;
pub mod capacity;
pub mod personalise;
pub mod keep;
pub mod plan;
pub mod receipt;
pub mod job;
pub mod board;
pub mod fleet;
pub mod plain;
pub mod screen;
pub mod station;
pub mod options;
pub mod command;
#[cfg(test)]
pub mod sample;

pub use crate::command::run;
pub use crate::options::Options;
