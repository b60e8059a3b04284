//! Throws damaged seeds at one target for a while: `damage TARGET SECONDS SEED SEEDS FOUND`.
//!
//! Every input is written to FOUND/TARGET before it is tried and taken away after the run: whatever ends the program (a panic, a stack that
//! is full, a kill after too long) leaves the input that did it. `damage TARGET FILE` tries that one again.

use std::error::Error;
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use fuzz::mutation::{Chance, damaged};
use fuzz::{TARGETS, Target};

/// Inputs that are kept to be damaged further, beside the seeds.
const KEPT_MAX: usize = 256;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        [name, file] => {
            let is_accepted = target(name)?(&fs::read(file)?);
            println!("{}", if is_accepted { "accepted" } else { "refused" });
            Ok(())
        }
        [name, seconds, seed, seeds, found] => {
            let limit = Duration::from_secs(seconds.parse()?);
            run(name, limit, seed.parse()?, &Path::new(seeds).join(name), &Path::new(found).join(name))
        }
        _ => Err("say `damage TARGET SECONDS SEED SEEDS FOUND`, or `damage TARGET FILE`".into()),
    }
}

fn target(name: &str) -> Result<Target, String> {
    let known = TARGETS.iter().find(|(known, _)| *known == name);
    known.map(|(_, target)| *target).ok_or_else(|| format!("there is no target {name}"))
}

fn run(name: &str, limit: Duration, seed: u64, seeds: &Path, found: &Path) -> Result<(), Box<dyn Error>> {
    let target = target(name)?;
    let start = Instant::now();
    let mut pool = first(seeds)?;
    let firsts = pool.len();
    let mut file = fs::File::create(found)?;
    let mut try_one = |data: &[u8]| -> std::io::Result<bool> {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(data)?;
        file.set_len(data.len() as u64)?;
        Ok(target(data))
    };
    for data in &pool {
        if !try_one(data)? {
            return Err(format!("{name}: a seed is refused: write them anew with `cargo x fuzz --seeds`").into());
        }
    }
    let mut chance = Chance::new(seed);
    let (mut tried, mut accepted) = (0_u64, 0_u64);
    while start.elapsed() < limit {
        let data = damaged(&pool, &mut chance);
        tried += 1;
        if !try_one(&data)? {
            continue;
        }
        accepted += 1;
        // What is still accepted leads deeper; seeds stay.
        if pool.len() < firsts + KEPT_MAX {
            pool.push(data);
        } else if let Some(kept) = chance.pick_mut(&mut pool[firsts..]) {
            *kept = data;
        }
    }
    fs::remove_file(found)?;
    println!("{tried} {accepted}");
    Ok(())
}

/// The seeds, always in the same order.
fn first(seeds: &Path) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(seeds).map_err(|error| format!("no seeds in {}: {error}", seeds.display()))? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths.iter().map(fs::read).collect::<Result<_, _>>()?)
}
