//! `cargo x boot`: starts the image in QEMU as a PC would, through its firmware.

mod qmp;

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::image;
use crate::step::{Report, span};

const FIRMWARE: &str = "/usr/share/OVMF/OVMF_CODE_4M.fd";
const FIRMWARE_VARIABLES: &str = "/usr/share/OVMF/OVMF_VARS_4M.fd";

const BETWEEN: Duration = Duration::from_millis(100);

/// Lines of the serial console that mark how far a start has come, in order.
const MARKS: [(&str, &str); 4] = [
    ("boot loader", "WeGovNow "),
    ("root file system verified", "root file system verified"),
    ("login prompt", "login:"),
    ("daemon answers, slot called good", "is good: the daemon answers"),
];

/// Options of `cargo x boot`.
#[derive(Args)]
pub struct Options {
    /// The image
    #[arg(long, default_value = image::IMAGE)]
    image: PathBuf,
    /// Wait until the daemon answers, take a picture, say how long it took, and stop
    #[arg(long)]
    check: bool,
    /// Write to the image; otherwise what the box writes is forgotten
    #[arg(long)]
    keep: bool,
    /// MB of memory
    #[arg(long, default_value_t = 512)]
    memory_mb: u32,
    /// Seconds that `--check` waits
    #[arg(long, default_value_t = 240)]
    limit_s: u64,
    /// Directory for the serial console's log and the picture
    #[arg(long, default_value = "out/boot")]
    out: PathBuf,
}

pub fn run(options: &Options) -> Result<Report> {
    image::need("qemu-system-x86 ovmf")?;
    fs::create_dir_all(&options.out).with_context(|| format!("cannot make the directory {}", options.out.display()))?;
    let mut machine = Machine::start(options)?;
    if options.check {
        machine.check(options)?;
    } else {
        println!("serial console: {}; Ctrl-C stops it", machine.serial.display());
        machine.qemu.wait().context("cannot wait for QEMU")?;
    }
    Ok(Report::default())
}

/// A machine that runs; gone with this value.
struct Machine {
    qemu: Child,
    start: Instant,
    serial: PathBuf,
    control: PathBuf,
    variables: PathBuf,
}

impl Machine {
    fn start(options: &Options) -> Result<Machine> {
        let Options { image, keep, memory_mb, out, .. } = options;
        if !image.is_file() {
            bail!("no image {}: make it with `cargo x image`", image.display());
        }
        let (serial, variables) = (out.join("serial.log"), out.join("firmware-variables"));
        fs::copy(FIRMWARE_VARIABLES, &variables).context("cannot copy the firmware's variables")?;
        // A socket's name must be short, and of this run alone.
        let control = std::env::temp_dir().join(format!("wegovnow-boot-{}", std::process::id()));
        let snapshot = if *keep { "off" } else { "on" };
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args(["-machine", "q35", "-accel", "tcg,thread=multi", "-smp", "2", "-m", &memory_mb.to_string()]);
        qemu.arg("-drive").arg(format!("if=pflash,format=raw,readonly=on,file={FIRMWARE}"));
        qemu.arg("-drive").arg(format!("if=pflash,format=raw,file={}", variables.display()));
        qemu.arg("-drive").arg(format!("if=virtio,format=raw,snapshot={snapshot},file={}", image.display()));
        qemu.args(["-vga", "none", "-device", "virtio-gpu-pci,xres=1280,yres=800", "-device", "virtio-tablet-pci"]);
        // Offline is a normal state.
        qemu.args(["-nic", "none", "-no-reboot"]);
        qemu.arg("-serial").arg(format!("file:{}", serial.display()));
        qemu.arg("-qmp").arg(format!("unix:{},server=on,wait=off", control.display()));
        let has_window = !options.check && std::env::var_os("DISPLAY").is_some();
        if !has_window {
            qemu.args(["-display", "none"]);
        }
        // Of a run before.
        let _ = fs::remove_file(&serial);
        let qemu = qemu.stdin(Stdio::null()).spawn().context("QEMU does not start")?;
        Ok(Machine { qemu, start: Instant::now(), serial, control, variables })
    }

    /// Follows the serial console from mark to mark.
    fn check(&mut self, options: &Options) -> Result<()> {
        let limit = Duration::from_secs(options.limit_s);
        let mut reached = 0;
        while reached < MARKS.len() {
            let said = said(&self.serial);
            while let Some((name, _)) = MARKS.get(reached).filter(|(_, mark)| said.contains(mark)) {
                println!("{:>10}  {name}", span(self.start.elapsed()));
                reached += 1;
            }
            let ended = self.qemu.try_wait().context("cannot wait for QEMU")?;
            if ended.is_some() || self.start.elapsed() > limit {
                let picture = self.picture(&options.out);
                let why = ended.map_or("no time left".to_owned(), |status| format!("QEMU ended with {status}"));
                let (missing, _) = MARKS[reached.min(MARKS.len() - 1)];
                let log = self.serial.display();
                bail!("not reached: {missing} ({why}); console: {log}, picture: {}\n{}", picture?.display(), last_lines(&said));
            }
            thread::sleep(BETWEEN);
        }
        let picture = self.picture(&options.out)?;
        println!("picture: {}, console: {}", picture.display(), self.serial.display());
        Ok(())
    }

    fn picture(&self, out: &Path) -> Result<PathBuf> {
        let picture = fs::canonicalize(out)?.join("screen.png");
        qmp::screendump(&self.control, &picture)?;
        Ok(picture)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Ours, by its own handle; it may have ended by itself.
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
        let _ = fs::remove_file(&self.control);
        let _ = fs::remove_file(&self.variables);
    }
}

/// What the serial console said so far.
fn said(serial: &Path) -> String {
    let mut bytes = Vec::new();
    // There is no file before the first byte.
    if let Ok(mut file) = File::open(serial) {
        let _ = file.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn last_lines(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
