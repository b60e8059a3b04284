//! The bar: what a bare Debian of the same kernel takes to its login prompt, beside ours, in one run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::case::{Case, Trial};
use super::need::Need;
use super::{kiosk, mark, settle};
use crate::machine::medium::Medium;
use crate::machine::{Kernel, Machine, Setup};
use crate::shell::{self, cache_dir};

pub const CASES: &[Case] = &[Case {
    id: "TBAR",
    title: "bare Debian of the same suite to its login prompt, beside ours to its interactive kiosk; both without firmware",
    expected: [2, 2],
    needs: &[Need::Kiosk],
    is_smoke: false,
    run: bar,
}];

/// How much longer than bare Debian's to its login prompt our start to the kiosk may take.
const BAR: f64 = 1.3;

/// Systemd, udev, a kernel and Debian's own initramfs; a login prompt on the serial line.
const PACKAGES: &str = "systemd-sysv,udev,dbus,linux-image-amd64,initramfs-tools,e2fsprogs,kmod";

/// As much as the smallest box has.
const MEMORY_MB: u32 = 1024;

fn bar(trial: &mut Trial) -> Result<()> {
    let dir = bare()?;
    // Kernel and initramfs are given by QEMU, so that no boot loader's choices are compared.
    let kernel = kernel(&dir, "");
    let setup = Setup { kernel: Some(kernel), memory_mb: MEMORY_MB, ..Setup::default() };
    let bare_disk = Medium::Raw(dir.join("disk.img")).overlay(&trial.run.file("bare.qcow2"), None)?;
    let mut first = Machine::start(&setup, &bare_disk, trial.run)?;
    first.hear(mark::LOGIN, mark::START)?;
    // Its first start wrote what the others read.
    first.power_down(mark::STOP)?;
    drop(first);
    let our_disk = settle::overlay(trial)?;
    let our_setup = Setup { memory_mb: MEMORY_MB, ..super::start::direct_setup(trial, &our_disk)? };
    let (mut bare, mut ours, mut answered) = (Vec::new(), Vec::new(), 0);
    let rounds = if trial.bench.quick { 1 } else { 5 };
    // By turns, so that whatever else the host does meets both.
    for round in 1..=rounds {
        let mut machine = Machine::start(&setup, &bare_disk, trial.run)?;
        bare.push(machine.hear(mark::LOGIN, mark::START)?.as_secs_f64());
        machine.power_down(mark::STOP)?;
        drop(machine);
        let mut machine = Machine::start(&our_setup, &our_disk, trial.run)?;
        let (picture, at) = kiosk::drawn(&mut machine)?;
        ours.push(at.as_secs_f64());
        answered += usize::from(kiosk::answers(&mut machine, &picture)?.is_some());
        println!("   round {round}: bare {:.1} s, ours {:.1} s", bare[bare.len() - 1], ours[ours.len() - 1]);
        machine.hear(mark::GOOD, mark::START)?;
        machine.power_down(mark::STOP)?;
    }
    trial.holds(&format!("the kiosk answers a touch as soon as it is drawn, {answered} times of {rounds}"), answered == rounds);
    let (bare, ours) = (median(bare), median(ours));
    trial.figure("bare Debian, kernel to login prompt, median", bare, "s");
    trial.figure("ours, kernel to the kiosk's picture, median", ours, "s");
    trial.figure("ours to bare Debian", ours / bare, "times");
    trial.holds(&format!("{:.2} times bare Debian's start, at most {BAR}", ours / bare), ours <= BAR * bare);
    Ok(())
}

/// The middle one, or the greater of the two.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The folder with bare Debian: `disk.img`, kernel and initramfs. Made once.
pub fn bare() -> Result<PathBuf> {
    let dir = cache_dir()?.join("image/bare-debian");
    if !dir.join("disk.img").is_file() {
        make(&dir)?;
    }
    Ok(dir)
}

/// Its kernel, with these arguments more.
pub fn kernel(dir: &Path, more: &str) -> Kernel {
    Kernel {
        kernel: dir.join("vmlinuz"),
        initramfs: dir.join("initrd.img"),
        arguments: format!("root=/dev/vda rw quiet loglevel=4 console=ttyS0,115200 {more}").trim_end().to_owned(),
    }
}

fn make(dir: &Path) -> Result<()> {
    super::super::need("mmdebstrap e2fsprogs")?;
    println!("   makes a bare Debian, some minutes; kept in {}", dir.display());
    let part = dir.with_extension("part");
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    fs::create_dir_all(&part)?;
    let mut mmdebstrap = Command::new("mmdebstrap");
    mmdebstrap.args(["--variant=essential", "--format=null", &format!("--include={PACKAGES}")]);
    let disk = part.join("disk.img");
    // Within mmdebstrap, where files have their owners; through a mount that leaves out /proc, which is mounted in it.
    let copy = format!("mount --bind \"$1\" \"$1/mnt\" && /sbin/mke2fs -q -t ext4 -d \"$1/mnt\" {} 2G", disk.display());
    mmdebstrap.arg(format!("--customize-hook={copy} && umount \"$1/mnt\""));
    mmdebstrap.arg(format!("--customize-hook=copy-out /boot {}", part.display()));
    shell::run(mmdebstrap.arg("bookworm").stdin(Stdio::null()))?;
    for (name, start) in [("vmlinuz", "vmlinuz-"), ("initrd.img", "initrd.img-")] {
        let entries: Vec<_> = fs::read_dir(part.join("boot"))?.collect::<Result<_, _>>()?;
        let found = entries.iter().find(|entry| entry.file_name().to_string_lossy().starts_with(start));
        fs::rename(found.with_context(|| format!("bare Debian has no {start}*"))?.path(), part.join(name))?;
    }
    ensure!(disk.is_file(), "mmdebstrap made no disk");
    fs::rename(&part, dir).with_context(|| format!("cannot keep {}", dir.display()))
}
