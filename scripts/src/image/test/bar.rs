//! The bar: what a bare Debian of the same kernel takes to its login prompt, beside ours, in one run.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::case::{Case, Trial};
use super::{mark, settle};
use crate::machine::medium::Medium;
use crate::machine::{Kernel, Machine, Setup};
use crate::shell::{self, cache_dir};

pub const CASES: &[Case] = &[Case {
    id: "TBAR",
    title: "bare Debian of the same suite to its login prompt, beside our start; both without firmware",
    expected: [1, 1],
    needs: &[],
    is_smoke: false,
    run: bar,
}];

/// Systemd, udev, a kernel and Debian's own initramfs; a login prompt on the serial line.
const PACKAGES: &str = "systemd-sysv,udev,dbus,linux-image-amd64,initramfs-tools,e2fsprogs,kmod";

fn bar(trial: &mut Trial) -> Result<()> {
    let dir = cache_dir()?.join("image/bare-debian");
    if !dir.join("disk.img").is_file() {
        make(&dir)?;
    }
    // Kernel and initramfs are given by QEMU, so that no boot loader's choices are compared.
    let kernel = Kernel {
        kernel: dir.join("vmlinuz"),
        initramfs: dir.join("initrd.img"),
        arguments: "root=/dev/vda rw quiet loglevel=4 console=ttyS0,115200".to_owned(),
    };
    let setup = Setup { kernel: Some(kernel), ..Setup::default() };
    let disk = Medium::Raw(dir.join("disk.img")).overlay(&trial.run.file("bare.qcow2"), None)?;
    let mut first = Machine::start(&setup, &disk, trial.run)?;
    first.hear(mark::LOGIN, mark::START)?;
    first.cut()?;
    drop(first);
    let mut machine = Machine::start(&setup, &disk, trial.run)?;
    let bare = machine.hear(mark::LOGIN, mark::START)?;
    trial.time("bare Debian, kernel to login prompt, second start", bare);
    drop(machine);
    let disk = settle::overlay(trial)?;
    let mut machine = Machine::start(&super::start::direct_setup(trial, &disk)?, &disk, trial.run)?;
    let ours = machine.hear(mark::GOOD, mark::START)?;
    trial.time("ours, kernel to a start that is called good, second start", ours);
    trial.holds("both came up", true);
    Ok(())
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
    // Within mmdebstrap, where files have their owners.
    mmdebstrap.arg(format!("--customize-hook=/sbin/mke2fs -q -t ext4 -d \"$1\" {} 2G", disk.display()));
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
