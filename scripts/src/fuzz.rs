//! A bounded run of every target in `tests/fuzz`.
//!
//! Inputs are damaged seeds, made by our own program on the compiler everybody has, from dependencies that the tests have built already. The
//! same targets run under cargo-fuzz, guided by coverage, where there is a nightly compiler: `tests/fuzz/targets` says how.

use std::collections::VecDeque;
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::shell::{self, cache_dir, cargo, target_dir};
use crate::step::Tally;

const SEEDS: &str = "tests/fuzz/seeds";

/// Longer than any one input may take. A run that is later than this hangs.
const GRACE: Duration = Duration::from_secs(15);

/// Options of `cargo x fuzz`.
#[derive(Args)]
pub struct Options {
    /// Targets to run [default: all]
    targets: Vec<String>,
    /// Seconds that each target runs
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Runs side by side
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// The same seed gives the same inputs in the same order
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the first inputs of the repository anew
    #[arg(long)]
    seeds: bool,
    /// Build with the whole workspace: nothing to do after its tests
    #[arg(skip)]
    is_whole: bool,
}

impl Options {
    /// All targets, for as long as given, after the tests.
    pub fn brief(seconds: u32) -> Options {
        Options { targets: Vec::new(), seconds, jobs: 2, seed: 1, seeds: false, is_whole: true }
    }
}

/// One target at work.
struct Run {
    target: String,
    child: Child,
    start: Instant,
}

pub fn run(options: &Options) -> Result<Tally> {
    let what: &[&str] = if options.is_whole { &["--workspace"] } else { &["-p", "fuzz"] };
    shell::run(cargo(&["build", "--quiet", "--bins"]).args(what))?;
    let programs = target_dir().join("debug");
    if options.seeds {
        shell::run(Command::new(programs.join("seeds")).arg(SEEDS))?;
    }
    let mut waiting: VecDeque<String> = targets()?.into();
    if let Some(unknown) = options.targets.iter().find(|target| !waiting.contains(target)) {
        bail!("there is no fuzz target {unknown}; there are {}", waiting.make_contiguous().join(", "));
    }
    waiting.retain(|target| options.targets.is_empty() || options.targets.contains(target));
    let limit = Duration::from_secs(options.seconds.into()) + GRACE;
    let found = found()?;
    let mut tally = Tally::default();
    let mut running: Vec<Run> = Vec::new();
    while !(waiting.is_empty() && running.is_empty()) {
        while running.len() < options.jobs.max(1)
            && let Some(target) = waiting.pop_front()
        {
            let mut command = Command::new(programs.join("damage"));
            command.args([&target, &options.seconds.to_string(), &options.seed.to_string(), SEEDS]).arg(&found);
            let child = command.stdout(Stdio::piped()).spawn();
            let child = child.with_context(|| format!("fuzz target {target} does not start"))?;
            running.push(Run { target, child, start: Instant::now() });
        }
        let mut still = Vec::new();
        for mut run in running {
            if run.start.elapsed() > limit {
                println!("{}: one input takes more than {} s", run.target, GRACE.as_secs());
                run.child.kill().with_context(|| format!("cannot stop {}", run.target))?;
                run.child.wait()?;
            }
            match run.child.try_wait().with_context(|| format!("cannot wait for {}", run.target))? {
                None => still.push(run),
                Some(status) => tally.add(judge(run, status.success(), options.seed)?),
            }
        }
        running = still;
        thread::sleep(Duration::from_millis(50));
    }
    Ok(tally)
}

/// Targets are the folders of seeds.
fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(SEEDS).with_context(|| format!("cannot list the fuzz targets in {SEEDS}"))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Where inputs go that a target fails on.
fn found() -> Result<PathBuf> {
    let dir = cache_dir()?.join("fuzz");
    fs::create_dir_all(&dir).with_context(|| format!("cannot make the directory {}", dir.display()))?;
    Ok(dir)
}

/// Says how a run went.
fn judge(run: Run, is_good: bool, seed: u64) -> Result<Tally> {
    let Run { target, child, .. } = run;
    if !is_good {
        // Under a name of its own, or the next run would write over it.
        let (last, kept) = (found()?.join(&target), found()?.join(format!("{target}-failed-{seed}")));
        match fs::rename(&last, &kept) {
            Ok(()) => println!("{target}: FAILED; the input is {0}; again: damage {target} {0}", kept.display()),
            Err(error) => println!("{target}: FAILED, and its input cannot be kept: {error}"),
        }
        return Ok(Tally { failed: 1, ..Tally::default() });
    }
    let mut said = String::new();
    child.stdout.context("a fuzz target has no output")?.read_to_string(&mut said)?;
    let counts: Vec<u64> = said.split_whitespace().filter_map(|count| count.parse().ok()).collect();
    let [tried, accepted] = counts[..] else { bail!("{target} does not say how often it ran: {said:?}") };
    if accepted == 0 {
        bail!("{target}: none of {tried} inputs came through: nothing behind the first check was tried");
    }
    println!("{target}: {tried} inputs, {accepted} of them accepted");
    Ok(Tally::ONE)
}
