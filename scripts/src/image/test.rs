//! `cargo x image test`: the battery. Starts the image in QEMU, breaks it, cuts its power, and looks what comes of it.
//!
//! Every start has an overlay or a copy of its own; the image is never written to. A case that made fewer assertions than it
//! should counts as failed, however well they went.

mod bar;
mod bench;
mod block;
mod case;
mod flash;
mod kiosk;
mod login;
mod mark;
mod need;
mod pair;
mod power;
mod privacy;
mod rebuild;
mod report;
mod select;
mod settle;
mod sight;
mod slot;
mod start;
mod state;
mod storage;
mod town;
mod update;
mod visit;
mod watchdog;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use clap::Args;

use self::bench::Bench;
use self::case::{Case, Outcome, Status};
use super::IMAGE;
use crate::machine;
use crate::step::{Report, Tally, span};

/// All cases, in the order in which they run: what is fast and what others stand on comes first.
fn cases() -> Vec<Case> {
    let groups = [
        start::CASES,
        state::CASES,
        pair::CASES,
        slot::CASES,
        watchdog::CASES,
        kiosk::CASES,
        update::CASES,
        power::CASES,
        storage::CASES,
        privacy::CASES,
        flash::CASES,
        bar::CASES,
        rebuild::CASES,
    ];
    groups.concat()
}

/// Options of `cargo x image test`.
#[derive(Args)]
pub struct Options {
    /// Cases by name, as T6 or T9.mount; T6.* or, where no case has that very name, T9 for all of a number. All when none is named
    cases: Vec<String>,
    /// The image
    #[arg(long, default_value = IMAGE)]
    image: PathBuf,
    /// Only those that show in a few minutes whether the image is any good
    #[arg(long)]
    smoke: bool,
    /// Fewer rounds of what is tried with many seeds or many damages
    #[arg(long)]
    quick: bool,
    /// Prints the cases and stops
    #[arg(long)]
    list: bool,
    /// Of everything that is chosen by chance: the same seed, the same cuts
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keeps logs, pictures and disks of cases that passed, too
    #[arg(long)]
    keep: bool,
    /// T1: who builds the image a second time, a user with lines in /etc/subuid and /etc/subgid [default: ourselves]
    #[arg(long, value_name = "NAME")]
    other_user: Option<String>,
    /// Directory for reports and for what is left of cases that failed
    #[arg(long, default_value = "out/image/test")]
    out_dir: PathBuf,
}

impl Options {
    /// The smoke part, on this image.
    pub fn smoke(image: &Path) -> Options {
        let out_dir = image.with_file_name("test");
        Options {
            cases: Vec::new(),
            image: image.to_owned(),
            smoke: true,
            quick: true,
            list: false,
            seed: 1,
            keep: false,
            other_user: None,
            out_dir,
        }
    }
}

pub fn run(options: &Options) -> Result<Report> {
    let chosen = select::choose(&cases(), &options.cases, options.smoke)?;
    if options.list {
        for case in &chosen {
            println!("{:<16} {}{}", case.id, case.title, if case.is_smoke { " (smoke)" } else { "" });
        }
        return Ok(Report::default());
    }
    super::need(machine::TOOLS)?;
    super::need("squashfs-tools e2fsprogs")?;
    let mut bench = Bench::new(&options.image, &options.out_dir, options.seed, options.quick)?;
    bench.other_user.clone_from(&options.other_user);
    let start = Instant::now();
    let mut outcomes: Vec<Outcome> = Vec::new();
    for case in &chosen {
        println!("\n== {} {}", case.id, case.title);
        let outcome = case.run(&bench, options.keep);
        println!("== {}", report::line(&outcome));
        outcomes.push(outcome);
        // After each, so that a run that is stopped leaves what it found.
        report::write(&options.out_dir, &options.image, options.seed, &outcomes)?;
    }
    println!("\n{}", report::table(&outcomes));
    println!("in {}; {}", span(start.elapsed()), options.out_dir.join(report::FILE).display());
    let mut report = Report::default();
    for outcome in &outcomes {
        let one = |status: Status| u64::from(outcome.status == status);
        report.tally.add(Tally { passed: one(Status::Passed), failed: one(Status::Failed), skipped: one(Status::Skipped) });
        if outcome.status == Status::Failed {
            report.failed_steps.push(outcome.id.clone());
        }
    }
    Ok(report)
}
