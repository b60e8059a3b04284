//! What residents write stays in the store, encrypted: it is nowhere else on the disk.

use std::fs;

use anyhow::Result;

use super::case::{Case, Trial};
use super::login::Login;
use super::need::Need;
use super::{mark, settle};
use crate::image::layout;

pub const CASES: &[Case] = &[Case {
    id: "T28",
    title: "words of a note, a code and a key are nowhere on the disk in the clear",
    expected: [3, 3],
    needs: &[Need::Caretaker, Need::Ssh, Need::State],
    is_smoke: false,
    run: canaries,
}];

/// Typed by staff as an answer's text.
const WORDS: &str = "canary-words-of-a-note";

fn canaries(trial: &mut Trial) -> Result<()> {
    let login = Login::new(trial)?;
    let disk = settle::copy(trial)?;
    let wifi = "[wifi]\nssid = \"town\"\npassword = \"canary-of-the-wifi\"\n";
    disk.fat(layout::PROVISION, &trial.run.dir)?.put("appliance.toml", login.file(wifi).as_bytes())?;
    let mut machine = settle::start_as(trial.run, &disk, &login.setup())?;
    // Refused or not: what is typed must not end in a log.
    let answer = machine.ssh(&login.key, "anna", &format!("status R-4F7K2M fixed '{WORDS}'"), super::login::PATIENCE)?;
    println!("   the console said: {}", answer.out.trim().lines().next().unwrap_or_default());
    machine.power_down(mark::STOP)?;
    let serial = fs::read(&machine.serial)?;
    drop(machine);
    let holds = |bytes: &[u8], canary: &str| bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
    trial.holds("the serial line has none of them", !holds(&serial, WORDS) && !holds(&serial, "canary-of-the-wifi"));
    let data = fs::read(disk.partition("data", &trial.run.dir)?)?;
    trial.holds("the data partition has none of them", !holds(&data, WORDS) && !holds(&data, "canary-of-the-wifi"));
    let provision = fs::read(disk.partition(layout::PROVISION, &trial.run.dir)?)?;
    trial.holds("the provisioning partition has none of them", !holds(&provision, "canary-of-the-wifi"));
    Ok(())
}
