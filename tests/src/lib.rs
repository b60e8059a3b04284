//! Stories through the real programs, and what they need: a made-up town and a box to run it on.

pub mod bench;
pub mod console;
pub mod site;

#[cfg(test)]
mod crash;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod forgets;
#[cfg(test)]
mod load;
#[cfg(test)]
#[path = "../../store/tests/disk/power.rs"]
mod power;
#[cfg(test)]
mod story;
