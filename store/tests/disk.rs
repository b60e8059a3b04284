//! The store on a real disk: reopening, damage, full disks, wrong clocks, kills and power losses.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in helpers too")]

#[path = "disk/power.rs"]
mod power;
#[path = "disk/town.rs"]
mod town;

#[path = "disk/crash.rs"]
mod crash;
#[path = "disk/ladder.rs"]
mod ladder;
#[path = "disk/service.rs"]
mod service;
