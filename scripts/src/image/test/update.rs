//! Updates by USB stick: good ones, bad ones, and the power that fails in between.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::case::{Case, Trial};
use super::login::Login;
use super::need::Need;
use super::{mark, settle};
use crate::image::layout;
use crate::machine::fat::Fat;
use crate::machine::medium::Medium;
use crate::machine::{Machine, Setup};
use crate::nbd::{Chance, Fault, Server};
use crate::shell::run;

const NEEDS: &[Need] = &[Need::Rauc, Need::Caretaker, Need::Ssh, Need::State];

pub const CASES: &[Case] = &[
    Case {
        id: "T7",
        title: "an update by stick: installed, started, found good by the gate, still there at the next start",
        expected: [6, 6],
        needs: NEEDS,
        is_smoke: false,
        run: update,
    },
    Case {
        id: "T8",
        title: "an update whose daemon is broken: the box goes back by itself, and says why",
        expected: [3, 3],
        needs: NEEDS,
        is_smoke: false,
        run: broken_daemon,
    },
    Case {
        id: "T12",
        title: "bundles of a wrong key, truncated, flipped, older, for another box, two at once, of a Mac: refused or passed over",
        expected: [8, 8],
        needs: NEEDS,
        is_smoke: false,
        run: bad_bundles,
    },
    Case {
        id: "T13",
        title: "power cuts while an update is installed: it always starts, then the update succeeds",
        expected: [CUTS_QUICK + 2, CUTS + 2],
        needs: NEEDS,
        is_smoke: false,
        run: cut_installs,
    },
];

/// Writing 130 MB twice under emulation, with a hash of each block.
const INSTALL: Duration = Duration::from_secs(600);

const CUTS: u32 = 12;
const CUTS_QUICK: u32 = 2;

/// Within so many flushes of an update the power fails.
const FLUSHES: u64 = 12;
/// Or within so many writes.
const WRITES: u64 = 600;

/// Where the key that boxes of a development image believe is kept.
const DEVELOPMENT: &str = "keys/development";

/// What a bundle says of itself.
struct Bundle<'a> {
    version: &'a str,
    compatible: &'a str,
    boot: &'a Path,
    root: &'a Path,
    /// Path of the key and the certificate, without their endings.
    signer: &'a Path,
}

/// The key that signed the image's own bundles: beside the image's directory, as `cargo x image` leaves it.
fn development(trial: &Trial) -> Result<PathBuf> {
    let image = trial.bench.image.file()?;
    let out = image.parent().and_then(Path::parent).context("the image lies in no directory")?;
    let signer = out.join(DEVELOPMENT);
    ensure!(signer.with_extension("key").is_file(), "no {}.key: the image was not built here", signer.display());
    Ok(signer)
}

/// A key that no box believes.
fn stranger(trial: &Trial) -> Result<PathBuf> {
    let signer = trial.run.file("stranger");
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:3072", "-nodes", "-sha256", "-days", "30", "-subj", "/CN=stranger"]);
    for extension in
        ["keyUsage=critical,digitalSignature,keyCertSign", "extendedKeyUsage=codeSigning", "basicConstraints=critical,CA:true"]
    {
        openssl.args(["-addext", extension]);
    }
    openssl.arg("-keyout").arg(signer.with_extension("key")).arg("-out").arg(signer.with_extension("crt"));
    run(openssl.stderr(Stdio::null()))?;
    Ok(signer)
}

impl Bundle<'_> {
    fn make(&self, trial: &Trial, name: &str) -> Result<PathBuf> {
        let staging = trial.run.file("bundle");
        if staging.exists() {
            fs::remove_dir_all(&staging)?;
        }
        fs::create_dir(&staging)?;
        fs::copy(self.boot, staging.join("boot.img"))?;
        fs::copy(self.root, staging.join("rootfs.img"))?;
        let manifest = format!(
            "[update]\ncompatible={}\nversion={}\ndescription=development\nbuild=test\n\n[bundle]\nformat=verity\n\n[image.boot]\nfilename=boot.img\n\n\
             [image.rootfs]\nfilename=rootfs.img\n",
            self.compatible, self.version
        );
        fs::write(staging.join("manifest.raucm"), manifest)?;
        let file = trial.run.file(name);
        let mut rauc = Command::new("rauc");
        rauc.arg(format!("--cert={}", self.signer.with_extension("crt").display()));
        rauc.arg(format!("--key={}", self.signer.with_extension("key").display()));
        run(rauc.arg("bundle").arg(&staging).arg(&file).stdout(Stdio::null()).stderr(Stdio::null()))?;
        fs::remove_dir_all(&staging)?;
        Ok(file)
    }
}

/// The two images of slot A: what an update brings is what is there.
fn images(trial: &Trial) -> Result<(PathBuf, PathBuf)> {
    let images = (
        trial.bench.image.partition(layout::BOOT_A, &trial.run.dir)?,
        trial.bench.image.partition(layout::ROOT_A, &trial.run.dir)?,
    );
    // Without the zeros behind them.
    for image in [&images.0, &images.1] {
        let bytes = fs::read(image)?;
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        fs::OpenOptions::new().write(true).open(image)?.set_len((end as u64).next_multiple_of(4096))?;
    }
    Ok(images)
}

fn compatible(trial: &Trial, root: &Path) -> Result<String> {
    let done = Command::new("unsquashfs").arg("-cat").arg(root).arg("etc/rauc/system.conf").output()?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("compatible="));
    line.map(str::to_owned)
        .with_context(|| format!("{}: the image does not say what it is compatible with", trial.run.dir.display()))
}

fn stick(trial: &Trial, name: &str, files: &[(&str, &Path)]) -> Result<PathBuf> {
    let path = trial.run.file(name);
    let fat = Fat::make(&path, "UPDATE", 512)?;
    for (name, file) in files {
        fat.put_file(name, file)?;
    }
    Ok(path)
}

/// What every case here begins with: who asks, and what an update is made of.
struct Works {
    login: Login,
    boot: PathBuf,
    root: PathBuf,
    compatible: String,
    signer: PathBuf,
}

impl Works {
    fn new(trial: &Trial) -> Result<Works> {
        let (boot, root) = images(trial)?;
        let compatible = compatible(trial, &root)?;
        Ok(Works { login: Login::new(trial)?, boot, root, compatible, signer: development(trial)? })
    }

    /// An update that a box takes.
    fn bundle(&self) -> Bundle<'_> {
        Bundle { version: NEWER, compatible: &self.compatible, boot: &self.boot, root: &self.root, signer: &self.signer }
    }

    /// A PC with a stick that has this update and nothing else.
    fn setup(&self, trial: &Trial, bundle: &Bundle) -> Result<Setup> {
        let stick = stick(trial, "stick.img", &[("wegovnow.raucb", &bundle.make(trial, "update.raucb")?)])?;
        Ok(Setup { sticks: vec![stick], ..self.login.setup() })
    }
}

/// Of updates that are newer than whatever is installed.
const NEWER: &str = "99.0.0";

/// A box that was provisioned, on a disk that can be written to from outside.
fn provisioned(trial: &Trial, login: &Login) -> Result<Medium> {
    let disk = settle::copy(trial)?;
    disk.fat(layout::PROVISION, &trial.run.dir)?.put("appliance.toml", login.file("").as_bytes())?;
    Ok(disk)
}

/// Installs from the stick and starts the new slot, up to the boot loader.
fn install(machine: &mut Machine, login: &Login) -> Result<Duration> {
    let began = machine.elapsed();
    let answer = machine.ssh(&login.key, "root", "update --from-usb", INSTALL)?;
    answer.good().map_err(|error| machine.failure(&format!("the update: {error:#}")))?;
    Ok(machine.elapsed() - began)
}

fn update(trial: &mut Trial) -> Result<()> {
    let works = Works::new(trial)?;
    let (login, setup) = (&works.login, works.setup(trial, &works.bundle())?);
    let disk = provisioned(trial, login)?;
    let mut machine = settle::start_as(trial.run, &disk, &setup)?;
    let before = login.status(&mut machine)?;
    let took = install(&mut machine, login)?;
    trial.time("update by stick, installed", took);
    trial.holds("it is installed", true);
    machine.forget();
    let asked = machine.elapsed();
    login.technician(&mut machine, "restart")?;
    machine.wait_for(&mark::slot('b'), mark::START)?;
    let good = machine.hear(mark::GOOD, 2 * mark::START)?;
    trial.time("restart to a slot that is found good", good - asked);
    trial.holds("slot B is started and found good by the gate", true);
    let after = login.status(&mut machine)?;
    trial.holds("it runs from slot B", after["slot"] == "b");
    trial.holds("the box is the same", after["serial"] == before["serial"] && after["generation"] == before["generation"]);
    machine.forget();
    login.technician(&mut machine, "restart")?;
    machine.wait_for(&mark::slot('b'), mark::START)?;
    machine.hear(mark::GOOD, 2 * mark::START)?;
    trial.holds("the next start is of slot B again", true);
    let status = login.status(&mut machine)?;
    trial.holds("and it is no longer on trial", status["is_on_trial"] == false);
    Ok(())
}

fn broken_daemon(trial: &mut Trial) -> Result<()> {
    let works = Works::new(trial)?;
    let (boot, root) = without_daemon(trial, &works.boot, &works.root)?;
    let broken = Bundle { boot: &boot, root: &root, ..works.bundle() };
    let (login, setup) = (&works.login, works.setup(trial, &broken)?);
    let disk = provisioned(trial, login)?;
    let mut machine = settle::start_as(trial.run, &disk, &setup)?;
    install(&mut machine, login)?;
    machine.forget();
    let asked = machine.elapsed();
    login.technician(&mut machine, "restart")?;
    machine.wait_for(&mark::slot('b'), mark::START)?;
    let back = machine.wait_for(&mark::slot('a'), 4 * mark::START)?;
    trial.time("restart into a broken update to the way back", back - asked);
    trial.holds("the box goes back to slot A by itself", true);
    machine.hear(mark::GOOD, 2 * mark::START)?;
    let status = login.status(&mut machine)?;
    trial.holds("it runs from slot A", status["slot"] == "a");
    trial.holds(&format!("it says why: {}", status["rollback"]), status["rollback"]["reason"].is_string());
    Ok(())
}

/// The same slot with a daemon that ends at once.
fn without_daemon(trial: &Trial, boot: &Path, root: &Path) -> Result<(PathBuf, PathBuf)> {
    let (tree, boot_tree) = (trial.run.file("root"), trial.run.file("boot"));
    let quiet = |command: &mut Command| run(command.stdout(Stdio::null()));
    quiet(Command::new("unsquashfs").args(["-q", "-n", "-d"]).arg(&tree).arg(root))?;
    quiet(Command::new("unsquashfs").args(["-q", "-n", "-d"]).arg(&boot_tree).arg(boot))?;
    fs::remove_file(tree.join("usr/bin/wegovnowd"))?;
    fs::copy(tree.join("usr/bin/false"), tree.join("usr/bin/wegovnowd"))?;
    let (new_boot, new_root) = (trial.run.file("broken-boot.img"), trial.run.file("broken-root.img"));
    quiet(Command::new("mksquashfs").arg(&tree).arg(&new_root).args(["-noappend", "-no-progress", "-comp", "zstd"]))?;
    let verity = crate::image::add_tree(&new_root)?;
    let slot = fs::read_to_string(boot_tree.join("slot.cfg"))?;
    let lines =
        slot.lines().map(|line| if line.starts_with("verity=") { format!("verity=\"{verity}\"\n") } else { format!("{line}\n") });
    fs::write(boot_tree.join("slot.cfg"), lines.collect::<String>())?;
    quiet(Command::new("mksquashfs").arg(&boot_tree).arg(&new_boot).args([
        "-noappend",
        "-no-progress",
        "-all-root",
        "-noD",
        "-noF",
        "-comp",
        "xz",
    ]))?;
    let length = fs::metadata(&new_boot)?.len();
    fs::OpenOptions::new().write(true).open(&new_boot)?.set_len(length.next_multiple_of(4096))?;
    for tree in [tree, boot_tree] {
        fs::remove_dir_all(tree)?;
    }
    Ok((new_boot, new_root))
}

fn bad_bundles(trial: &mut Trial) -> Result<()> {
    let works = Works::new(trial)?;
    let (login, good, stranger) = (&works.login, works.bundle(), stranger(trial)?);
    let good_file = good.make(trial, "good.raucb")?;
    let of_stranger = Bundle { signer: &stranger, ..good }.make(trial, "stranger.raucb")?;
    let older = Bundle { version: "0.0.1", ..good }.make(trial, "older.raucb")?;
    let other = Bundle { compatible: "another-box", ..good }.make(trial, "other.raucb")?;
    let bytes = fs::read(&good_file)?;
    let (short, flipped, mac) = (trial.run.file("short.raucb"), trial.run.file("flipped.raucb"), trial.run.file("mac"));
    fs::write(&short, &bytes[..bytes.len() / 2])?;
    let mut bytes = bytes;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&flipped, &bytes)?;
    fs::write(&mac, b"Mac OS X        ")?;

    let disk = provisioned(trial, login)?;
    let mut machine = settle::start_as(trial.run, &disk, &login.setup())?;
    let kinds: [(&str, &[(&str, &Path)]); 7] = [
        ("signed by a stranger", &[("a.raucb", &of_stranger)]),
        ("truncated", &[("a.raucb", &short)]),
        ("with one bit flipped", &[("a.raucb", &flipped)]),
        ("an older version", &[("a.raucb", &older)]),
        ("for another kind of box", &[("a.raucb", &other)]),
        ("two bundles", &[("a.raucb", &good_file), ("b.raucb", &older)]),
        ("only what a Mac leaves", &[("._a.raucb", &mac)]),
    ];
    for (number, (what, files)) in (1..).zip(kinds) {
        let (name, stick) = (format!("stick{number}"), stick(trial, "stick.img", files)?);
        machine.plug(&name, &stick)?;
        let answer = machine.ssh(&login.key, "root", "update --from-usb", INSTALL)?;
        let said = format!("{}{}", answer.out, answer.errors);
        // Its own words, not a crash and not a stick that was not seen yet.
        let is_told = !said.trim().is_empty() && !said.contains("panicked") && (number == 7 || !said.contains("no stick"));
        trial.holds(
            &format!("{what}: refused: {}", said.trim().lines().last().unwrap_or_default()),
            !answer.status.success() && is_told,
        );
        machine.pull(&name, Duration::from_secs(60))?;
    }
    machine.forget();
    login.technician(&mut machine, "restart")?;
    machine.wait_for(&mark::slot('a'), mark::START)?;
    machine.hear(mark::GOOD, 2 * mark::START)?;
    trial.holds("it still starts from slot A", true);
    Ok(())
}

fn cut_installs(trial: &mut Trial) -> Result<()> {
    let works = Works::new(trial)?;
    let (login, setup) = (&works.login, works.setup(trial, &works.bundle())?);
    let disk = provisioned(trial, login)?;
    let mut chance = Chance::new(trial.bench.seed ^ 0x13);
    let cuts = if trial.bench.quick { CUTS_QUICK } else { CUTS };
    let mut over = 0;
    // One upon the other: each finds what the one before left in slot B, on data and in the boot loader's notes.
    for number in 1..=cuts {
        let seed = chance.next();
        let server = Server::start(disk.file()?, &trial.run.sockets.join(format!("nbd-{number}")), Fault::default(), seed)?;
        let mut machine = settle::start_as(trial.run, &server.medium(), &setup)?;
        trial.holds(&format!("start {number}: good, slot {}", settle::slots(&machine)), true);
        // By turns at a flush, before which little is open, and amid the many writes of a copy.
        let (flushes, writes) = (server.flushes(), server.writes());
        server.set_fault(if number % 2 == 0 {
            Fault { cut_at_flush: Some(flushes + 1 + chance.below(FLUSHES)), ..Fault::default() }
        } else {
            Fault { cut_at_write: Some(writes + 1 + chance.below(WRITES)), ..Fault::default() }
        });
        // It fails, or is over before so many flushes.
        let answer = machine.ssh(&login.key, "root", "update --from-usb", INSTALL);
        let (flushes, writes) = (server.flushes() - flushes, server.writes() - writes);
        let cut = server.cut()?;
        machine.cut()?;
        drop((machine, server));
        let is_over = answer.is_ok_and(|answer| answer.status.success());
        over += u32::from(is_over);
        println!(
            "   cut after {writes} writes and {flushes} flushes{}: {} kept, {} torn, {} lost",
            if is_over { ", when the update was over" } else { "" },
            cut.kept,
            cut.torn,
            cut.lost
        );
        if is_over {
            fs::remove_file(disk.file()?)?;
            provisioned(trial, login)?;
        }
    }
    trial.figure("power cuts in an update", f64::from(cuts - over), "survived");
    let mut machine = settle::start_as(trial.run, &disk, &setup)?;
    trial.holds(&format!("after the last cut: good, slot {}", settle::slots(&machine)), true);
    if login.status(&mut machine)?["slot"] != "b" {
        install(&mut machine, login)?;
        machine.forget();
        login.technician(&mut machine, "restart")?;
        machine.wait_for(&mark::slot('b'), mark::START)?;
        machine.hear(mark::GOOD, 2 * mark::START)?;
    }
    trial.holds("then the update succeeds", login.status(&mut machine)?["slot"] == "b");
    machine.power_down(mark::STOP)
}
