//! The flasher on a real kernel: a bare Debian with the image on one disk and blank media on others; then a box starts from one of them.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::bar;
use super::case::{Case, Trial};
use super::login::Login;
use super::need::Need;
use super::settle;
use crate::image::{administrator_path, layout};
use crate::machine::medium::Medium;
use crate::machine::{Machine, Setup};
use crate::shell::{cargo, output, run, target_dir};

pub const CASES: &[Case] = &[Case {
    id: "T27",
    title: "two USB sticks flashed at once by a bare Debian, its own disk refused; a box starts from one of them",
    expected: [14, 14],
    needs: &[Need::Caretaker, Need::Ssh, Need::State],
    is_smoke: false,
    run: sticks,
}];

/// Of each stick.
const STICK: u64 = 4 << 30;

/// For writing and reading back some 150 MB of a sparse image on two sticks, under emulation.
const FLASHED: Duration = Duration::from_secs(900);

/// Of the image, signed for this run.
const MANIFEST: &str = "wegovnow.img.manifest";

/// What the guest does instead of starting services. Each command's exit code stands on the serial line.
const SCRIPT: &str = r#"#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/technician NO_COLOR=1
for module in xhci_pci usb_storage sd_mod; do modprobe -q $module; done
until [ -b /dev/vdb ] && [ -b /dev/sda ] && [ -b /dev/sdb ]; do sleep 1; done
mkdir -p $HOME
mount -o ro /dev/vdb /mnt
flash=/mnt/wegovnow-flash
tell() { what=$1; shift; echo "T27 $what begins"; "$@"; echo "T27 $what: code $?"; }
tell list $flash list
tell own $flash write /mnt/wegovnow.img --serial WGN-OWN --force --plain --key /mnt/release.pub
tell unknown $flash write /mnt/wegovnow.img --serial NOT-HERE --plain --key /mnt/release.pub
tell both $flash write /mnt/wegovnow.img --serial WGN-STICK-0 --serial WGN-STICK-1 --provision /mnt/sites --site Library \
    --technician Anna --plain --key /mnt/release.pub --receipts $HOME/receipts
tell receipts sh -c "$flash receipt check --key $HOME/.local/state/wegovnow-flash/station.pub $HOME/receipts/*.json"
# Both were switched off.
tell after $flash list
sync
echo "T27 is over"
poweroff -f -f
"#;

/// The flasher, as it is released.
fn flasher() -> Result<PathBuf> {
    run(&mut cargo(&["build", "--quiet", "--release", "--locked", "-p", "flash"]))?;
    Ok(target_dir().join("release/wegovnow-flash"))
}

/// The disk with flasher, image, key and settings for each stick.
fn luggage(trial: &Trial, login: &Login, flasher: &Path) -> Result<PathBuf> {
    let folder = trial.run.file("luggage");
    fs::create_dir_all(folder.join("sites"))?;
    fs::copy(flasher, folder.join("wegovnow-flash"))?;
    let image = folder.join("wegovnow.img");
    trial.bench.image.copy(&image)?;
    let key = trial.run.file("release");
    run(Command::new(flasher).arg("key").arg(&key).stdout(std::process::Stdio::null()))?;
    fs::copy(key.with_extension("pub"), folder.join("release.pub"))?;
    let mut manifest = Command::new(flasher);
    manifest.arg("manifest").arg(&image).args(["--version", "0.1.0", "--key"]).arg(&key);
    run(manifest.stdout(std::process::Stdio::null()))?;
    fs::copy(folder.join("wegovnow.img.manifest"), trial.run.file(MANIFEST))?;
    for stick in 0..2 {
        let place = format!("[site]\nplace_name = \"Stick {stick}\"\n");
        fs::write(folder.join("sites").join(format!("WGN-STICK-{stick}.toml")), login.file(&place))?;
    }
    let disk = trial.run.file("luggage.img");
    File::create(&disk)?.set_len(STICK)?;
    let mut mke2fs = Command::new("mke2fs");
    run(mke2fs.env("PATH", administrator_path()).args(["-q", "-t", "ext4", "-d"]).arg(&folder).arg(&disk))?;
    fs::remove_dir_all(&folder)?;
    Ok(disk)
}

/// Bare Debian that runs the script first of all.
fn guest(trial: &Trial, bare: &Path) -> Result<Medium> {
    let disk = Medium::Raw(bare.join("disk.img")).copy(&trial.run.file("guest.img"))?;
    let script = trial.run.file("first.sh");
    fs::write(&script, SCRIPT)?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    let mut debugfs = Command::new("debugfs");
    debugfs.env("PATH", administrator_path()).args(["-w", "-R", &format!("write {} first.sh", script.display())]);
    output(debugfs.arg(disk.file()?))?;
    Ok(disk)
}

/// The serial line from where a command began to its code.
fn told(said: &str, what: &str) -> (String, Option<i32>) {
    let begins = format!("T27 {what} begins");
    let Some((_, rest)) = said.split_once(&begins) else { return (String::new(), None) };
    match rest.split_once(&format!("T27 {what}: code ")) {
        Some((text, code)) => {
            let digits: String = code.chars().take_while(char::is_ascii_digit).collect();
            (text.trim().to_owned(), digits.parse().ok())
        }
        None => (rest.to_owned(), None),
    }
}

fn sticks(trial: &mut Trial) -> Result<()> {
    let login = Login::new(trial)?;
    let (flasher, bare) = (flasher()?, bar::bare()?);
    let luggage = luggage(trial, &login, &flasher)?;
    let sticks: Vec<PathBuf> = (0..2).map(|number| trial.run.file(&format!("stick{number}.img"))).collect();
    for stick in &sticks {
        File::create(stick)?.set_len(STICK)?;
    }
    let disk = guest(trial, &bare)?;
    let kernel = bar::kernel(&bare, "init=/first.sh");
    let setup = Setup {
        kernel: Some(kernel),
        memory_mb: 1024,
        disks: vec![Medium::Raw(luggage)],
        sticks: sticks.clone(),
        disk_serial: Some("WGN-OWN".to_owned()),
        ..Setup::default()
    };
    let mut machine = Machine::start(&setup, &disk, trial.run)?;
    machine.wait_for("T27 both begins", FLASHED)?;
    let begun = machine.elapsed();
    machine.wait_for("T27 both: code", FLASHED)?;
    trial.time("two sticks written and read back at once", machine.elapsed() - begun);
    machine.wait_for("T27 is over", FLASHED)?;
    let said = machine.transcript().text(0);
    machine.wait_for_end(FLASHED)?;
    drop(machine);

    let (list, code) = told(&said, "list");
    println!("{list}");
    trial.holds("it lists what is there", code == Some(0) && list.contains("WGN-STICK-0") && list.contains("WGN-STICK-1"));
    trial.holds("and says that this machine runs from one of them", list.contains("this machine runs from it"));
    let (own, code) = told(&said, "own");
    trial.holds(&format!("its own disk is refused, even by force: {}", last(&own)), code == Some(3));
    let (unknown, code) = told(&said, "unknown");
    trial.holds(&format!("a serial that is nowhere is refused: {}", last(&unknown)), code == Some(1));
    let (both, code) = told(&said, "both");
    println!("{both}");
    trial.holds("both sticks are written and read back", code == Some(0));
    trial.holds("each has a receipt that is signed", told(&said, "receipts").1 == Some(0));
    let (after, code) = told(&said, "after");
    trial.holds("both are switched off", code == Some(0) && !after.contains("WGN-STICK"));

    let mut disks = Vec::new();
    for (number, stick) in sticks.iter().enumerate() {
        let stick = Medium::Raw(stick.clone());
        let table = stick.table(&trial.run.dir)?;
        disks.push(table.disk);
        let text = stick.fat(layout::PROVISION, &trial.run.dir)?.get("appliance.toml")?.unwrap_or_default();
        let is_its_own = String::from_utf8_lossy(&text).contains(&format!("Stick {number}"));
        let mut verify = Command::new(&flasher);
        verify.arg("verify").arg(trial.bench.image.file()?).arg("--manifest").arg(trial.run.file(MANIFEST));
        let done = verify.arg("--key").arg(trial.run.file("release.pub")).arg("--file").arg(&sticks[number]).output()?;
        let told = String::from_utf8_lossy(&done.stdout).into_owned();
        trial.holds(&format!("stick {number} holds the image: {}", last(&told)), done.status.success());
        trial.holds(&format!("stick {number} has the settings that are meant for it"), is_its_own);
    }
    let of_image = trial.bench.image.table(&trial.run.dir)?.disk;
    trial.holds("each has a GUID of its own", disks[0] != disks[1] && !disks.contains(&of_image));
    let written = fs::metadata(&sticks[0])?.blocks() * 512;
    trial.figure("written to a stick of 4 GiB", written as f64 / 1e6, "MB");

    // Out of the technician's machine, into the box.
    let mut machine = settle::start_as(trial.run, &Medium::Raw(sticks[0].clone()), &login.setup())?;
    let status = login.status(&mut machine)?;
    trial.holds("a box starts from it", status["slot"] == "a");
    trial.holds(&format!("and stands at {}", status["site"]), status["site"] == "Stick 0" && status["generation"] == 1);
    machine.power_down(super::mark::STOP)
}

fn last(text: &str) -> &str {
    text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_told_with_its_code() {
        let said =
            "boot\nT27 list begins\nsda\nsdb\nT27 list: code 0\nT27 own begins\nrefused\nT27 own: code 3\r\nT27 both begins\nhal";
        assert_eq!(told(said, "list"), ("sda\nsdb".to_owned(), Some(0)));
        assert_eq!(told(said, "own"), ("refused".to_owned(), Some(3)));
        assert_eq!(told(said, "both").1, None);
        assert_eq!(told(said, "receipts"), (String::new(), None));
        assert_eq!(last("a\nb \n\n"), "b");
    }
}
