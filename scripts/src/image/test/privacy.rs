//! What residents write stays in the store, encrypted: it is nowhere else on the disk.

use std::fs;

use anyhow::Result;

use super::case::{Case, Trial};
use super::login::Login;
use super::need::Need;
use super::{mark, settle, town};
use crate::image::layout;

pub const CASES: &[Case] = &[Case {
    id: "T28",
    title: "words of a note and a password are nowhere on the disk in the clear",
    expected: [4, 4],
    needs: &[Need::Caretaker, Need::Ssh, Need::State, Need::Kiosk],
    is_smoke: false,
    run: canaries,
}];

/// Written by staff about a resident's report.
const WORDS: &str = "canary-words-of-a-note";

fn canaries(trial: &mut Trial) -> Result<()> {
    let login = Login::new(trial)?;
    let disk = town::with_report(trial, &login)?;
    let provision = disk.fat(layout::PROVISION, &trial.run.dir)?;
    let settings = String::from_utf8(provision.get("appliance.toml")?.unwrap_or_default())?;
    let wifi = "[wifi]\nssid = \"town\"\npassword = \"canary-of-the-wifi\"\n";
    provision.put("appliance.toml", format!("{settings}{wifi}").as_bytes())?;
    let mut machine = settle::start_as(trial.run, &disk, &login.setup())?;
    let reference = town::reference(&mut machine, &login)?;
    login.staff(&mut machine, &format!("note {reference} {WORDS}"))?;
    let said = login.staff(&mut machine, &format!("open {reference}"))?;
    trial.holds("the note is kept, and read by staff", said.contains(WORDS));
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
