//! Stories through the real programs, and what they need: a made-up town and a box to run it on.

pub mod bench;
pub mod console;
pub mod extract;
pub mod site;

#[cfg(test)]
mod crash;
#[cfg(test)]
mod story;
