//! Pieces that screens are built of.

pub mod input;
pub mod frame;
pub mod table;
pub mod dialog;
pub mod map;
