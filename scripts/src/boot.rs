//! `cargo x boot`: starts the image in QEMU as a PC would, through its firmware.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::image;
use crate::machine::medium::Medium;
use crate::machine::run::Run;
use crate::machine::{self, Machine, Setup, ssh};
use crate::step::{Report, span};

const BETWEEN: Duration = Duration::from_secs(1);

const SSH: u16 = 22;

/// Lines of the serial console that mark how far a start has come. The last two come in either order.
pub const MARKS: [(&str, &str); 4] = [
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
    /// Directory for the serial console's log and the pictures
    #[arg(long, default_value = "out/boot")]
    out: PathBuf,
}

pub fn run(options: &Options) -> Result<Report> {
    image::need(machine::TOOLS)?;
    let run = Run::at(&options.out)?;
    let image = Medium::Raw(options.image.clone());
    let disk = if options.keep { image } else { image.overlay(&run.file("disk.qcow2"), None)? };
    let has_window = !options.check && std::env::var_os("DISPLAY").is_some();
    let forwards = if options.check { Vec::new() } else { vec![SSH] };
    let setup = Setup { memory_mb: options.memory_mb, has_window, forwards, restarts: !options.check, ..Setup::default() };
    let mut machine = Machine::start(&setup, &disk, &run)?;
    if options.check { check(&mut machine, options) } else { stay(&mut machine, &run, has_window) }?;
    Ok(Report::default())
}

/// Follows the serial console from mark to mark.
fn check(machine: &mut Machine, options: &Options) -> Result<()> {
    let limit = Duration::from_secs(options.limit_s);
    for (name, mark) in MARKS {
        let at = machine.hear(mark, limit.saturating_sub(machine.elapsed()))?;
        println!("{:>10}  {name}", span(at));
    }
    let picture = machine.picture("screen")?;
    println!("picture: {}, console: {}", picture.display(), machine.serial.display());
    Ok(())
}

/// Stays until the box switches itself off. Without a window there is a picture of the screen, made anew whenever it changes.
fn stay(machine: &mut Machine, run: &Run, has_window: bool) -> Result<()> {
    println!("serial console: {}; Ctrl-C stops it", machine.serial.display());
    let login = ssh::arguments(&run.file("known_hosts"), None, "ACCOUNT", machine.port(SSH)?);
    println!("log in, with an account and a key that were provisioned:\n   ssh -i KEY {}", login.join(" ").replace(" -T ", " "));
    let mut shown = None;
    while machine.ended()?.is_none() {
        if !has_window {
            // The box may end at any moment; the loop sees it.
            if let Ok(screen) = machine.screen()
                && shown.as_ref() != Some(&screen)
            {
                let picture = machine.picture("screen")?;
                if shown.is_none() {
                    println!("screen: {}", picture.display());
                }
                shown = Some(screen);
            }
        }
        thread::sleep(BETWEEN);
    }
    Ok(())
}
