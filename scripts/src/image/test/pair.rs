//! A box without settings takes them from whoever reads the code on its screen.

use std::time::Duration;

use anyhow::{Context, Result};

use super::case::{Case, Trial};
use super::login::{Login, PATIENCE};
use super::need::Need;
use super::{mark, settle};
use crate::machine::Machine;

pub const CASES: &[Case] = &[Case {
    id: "T6.pair",
    title: "a new box is paired over the network by the code that its screen shows, and takes settings that way once",
    expected: [12, 12],
    needs: &[Need::State, Need::Caretaker, Need::Ssh, Need::Kiosk],
    is_smoke: false,
    run: paired,
}];

/// From the gate's word to a screen that was touched and read: the picture is fetched often, and the box is slow under emulation.
const SHOWN: Duration = Duration::from_secs(180);
/// Between two touches of the bar's button.
const BETWEEN: Duration = Duration::from_secs(8);

/// Where the bar at the top of the kiosk has its button.
fn button(machine: &mut Machine) -> Result<(u32, u32)> {
    let screen = machine.screen()?;
    let (width, height) = (screen.width as u32, screen.height as u32);
    // As the kiosk fits itself to a screen: as much as on one of Full HD.
    let scale = f64::from(width) / 1920.0;
    Ok((width - (220.0 * scale) as u32, ((42.0 * scale) as u32).min(height - 1)))
}

/// Touches the button until a QR picture can be read: what it says.
fn read_screen(trial: &mut Trial, machine: &mut Machine) -> Result<String> {
    let (mut read, mut touched) = (None, None::<Duration>);
    machine.wait_until("a QR picture is on the screen", SHOWN, |machine| {
        read = machine.screen()?.codes().into_iter().next();
        if read.is_none() && touched.is_none_or(|at| machine.elapsed() - at > BETWEEN) {
            let (x, y) = button(machine)?;
            machine.tap(x, y)?;
            touched = Some(machine.elapsed());
        }
        Ok(read.is_some())
    })?;
    let file = machine.picture("pairing")?;
    std::fs::copy(&file, trial.bench.out.join("T6-pairing.png"))?;
    read.context("no picture was read")
}

fn paired(trial: &mut Trial) -> Result<()> {
    let login = Login::new(trial)?;
    let disk = trial.bench.image.overlay(&trial.run.file("disk.qcow2"), None)?;
    let mut machine = settle::start_as(trial.run, &disk, &login.setup())?;
    let link = read_screen(trial, &mut machine)?;
    let at = machine.elapsed();
    trial.time("power on to a code that was read off the screen", at);
    let code =
        link.strip_prefix("ssh://pair;code=").and_then(|rest| rest.split_once('@')).map_or("", |(code, _)| code).to_owned();
    let is_code = code.len() == 6 && code.bytes().all(|letter| letter.is_ascii_alphanumeric() && !b"0O1IL".contains(&letter));
    trial.holds(&format!("the picture is an address with a code of six letters: {}", link.replace(&code, "******")), is_code);
    trial.holds("the code is not on the serial line", !machine.transcript().text(0).contains(&code));

    let settings = login.file("[wifi]\nssid = \"town\"\npassword = \"canary-of-the-wifi\"\n");
    let send = |machine: &mut Machine, code: &str, text: &str| {
        let answer = machine.ssh_without_key("pair", code, text, PATIENCE)?;
        anyhow::Ok((answer.status.code(), format!("{}{}", answer.out, answer.errors).trim().replace('\n', "; ")))
    };
    let (ended, said) = send(&mut machine, "sh -c id", "")?;
    trial.holds(&format!("a command is none: {said}"), ended == Some(1) && !said.contains("uid="));
    let wrong = if code == "222222" { "333333" } else { "222222" };
    let (ended, said) = send(&mut machine, wrong, &settings)?;
    trial.holds(&format!("a wrong code is refused, and counted: {said}"), ended == Some(1) && said.contains("Tries left: 4"));
    let (ended, said) = send(&mut machine, &code, &settings.replace("ssid", "sid"))?;
    let is_told = said.contains("line 9, column 1") && said.contains("ssid");
    trial.holds(&format!("settings with a mistake are refused by line: {said}"), ended == Some(1) && is_told);
    let root = machine.ssh(&login.key, "root", "status", PATIENCE)?;
    trial.holds("nobody else logs in", root.status.code() == Some(255) && root.errors.contains("Permission denied"));

    machine.forget();
    let (ended, said) = send(&mut machine, &code.to_lowercase(), &settings)?;
    let sent = machine.elapsed();
    trial.holds(&format!("good settings are taken: {said}"), ended == Some(0) && said.contains("generation 1"));
    let good = settle::good(&mut machine)?;
    trial.time("settings taken to a start that is called good", good.saturating_sub(sent));
    trial.holds("the box starts again by itself", true);
    let status = login.status(&mut machine)?;
    trial.holds("a technician logs in, in the settings' generation", status["generation"] == 1);
    trial.holds("the box waits for nothing any more", status["pairing"].is_null());
    let again = machine.ssh_without_key("pair", &code, &settings, PATIENCE)?;
    let is_refused = again.status.code() == Some(255) && again.errors.contains("Permission denied");
    trial.holds(&format!("the account is gone: {}", again.errors.trim()), is_refused);
    machine.power_down(mark::STOP)?;
    drop(machine);
    let state = settle::file_system(&disk, "state", trial.run)?;
    let kept = settle::file(&state, "/settings/appliance.toml")?.unwrap_or_default();
    trial.holds("what is kept is what was sent", kept == settings);
    Ok(())
}
