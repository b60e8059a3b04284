//! `bench`: how fast, beside dd and bmaptool, on the same file in the same run.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use semver::Version;

use super::print;
use crate::check::{self, Which};
use crate::device::Target;
use crate::options::Bench;
use crate::source::manifest::Manifest;
use crate::source::{CHUNK, Image};
use crate::write::{Spare, Want, Watch, pass};

pub fn run(options: &Bench) -> Result<u8> {
    let (path, made) = match &options.image {
        Some(path) => (path.clone(), false),
        None => (noise(&options.target, options.mib)?, true),
    };
    let outcome = compare(options, &path);
    if made {
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    outcome?;
    Ok(0)
}

/// A way to write, and how long it took in each round.
struct Way {
    name: &'static str,
    times: Vec<Duration>,
}

fn compare(options: &Bench, path: &Path) -> Result<()> {
    let plain = Image::open(path, None)?;
    let manifest = Manifest::make(&plain, Version::new(0, 0, 0), &mut |_| ())?;
    let (bytes, mapped) = (manifest.raw.bytes, manifest.mapped_bytes());
    let image = Image::open(path, Some(manifest))?;
    prepare(&options.target, bytes)?;
    let bmap = options.target.with_extension("bmap");
    let has_bmaptool = make_bmap(path, &bmap)?;
    let stop = AtomicBool::new(false);
    let way = |name| Way { name, times: Vec::new() };
    let mut ways = [
        way("dd oflag=direct bs=4M conv=fsync"),
        way("wegovnow-flash, writing"),
        way("bmaptool copy"),
        way("wegovnow-flash, reading back"),
    ];
    for _ in 0..options.rounds.max(1) {
        ways[0].times.push(timed(|| dd(path, &options.target))?);
        let target = Target::open_file(&options.target)?;
        let mut written = None;
        ways[1].times.push(timed(|| {
            let mut watch = Watch { stop: &stop, progress: &mut |_| (), durable: &mut |_| Ok(()) };
            written = Some(pass(&image, &target, &Want::From(0), &Spare::default(), &mut watch)?);
            Ok(())
        })?);
        if has_bmaptool {
            ways[2].times.push(timed(|| bmaptool(path, &bmap, &options.target))?);
        }
        if let Some(written) = written {
            ways[3].times.push(timed(|| {
                let report = check::check(&target, &written.expected, &Spare::default(), Which::All, &stop, &mut |_| ())?;
                if report.bad.is_empty() { Ok(()) } else { bail!("{}", report.verdict()) }
            })?);
        }
    }
    if has_bmaptool {
        fs::remove_file(&bmap).with_context(|| format!("cannot remove {}", bmap.display()))?;
    }
    let mib = |bytes: u64| bytes / CHUNK;
    print(&format!(
        "image {} MiB, {} of them not empty; {} rounds, taken in turn; medians\n",
        mib(bytes),
        mib(mapped),
        options.rounds.max(1)
    ))?;
    let reference = median(&mut ways[0].times);
    for way in &mut ways {
        let name = way.name;
        if way.times.is_empty() {
            print(&format!("{name:<36} not installed\n"))?;
            continue;
        }
        let time = median(&mut way.times);
        let (first, last) = (way.times[0], way.times[way.times.len() - 1]);
        let speed = mib(bytes) * 1000 / u64::try_from(time.as_millis()).unwrap_or(1).max(1);
        let ratio = reference.as_secs_f64() / time.as_secs_f64();
        print(&format!("{name:<36} {time:>8.2?}  ({first:.2?} to {last:.2?})  {speed:>6} MiB/s of image  {ratio:.2} of dd\n"))?;
    }
    Ok(())
}

/// Sorts, and gives the middle.
fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn timed(mut what: impl FnMut() -> Result<()>) -> Result<Duration> {
    let began = Instant::now();
    what()?;
    Ok(began.elapsed())
}

/// An image that is full everywhere: nothing can be left out.
fn noise(target: &Path, mib: u64) -> Result<PathBuf> {
    let path = target.with_extension("noise");
    let say = || format!("cannot make {}", path.display());
    let mut file = File::create(&path).with_context(say)?;
    let mut random = File::open("/dev/urandom").context("cannot open /dev/urandom")?;
    let mut bytes = vec![0; CHUNK as usize];
    for _ in 0..mib {
        random.read_exact(&mut bytes)?;
        file.write_all(&bytes).with_context(say)?;
    }
    file.sync_all().with_context(say)?;
    Ok(path)
}

/// A file of that size, its room reserved and written once, so that no round pays for it.
fn prepare(target: &Path, bytes: u64) -> Result<()> {
    let say = || format!("cannot make {}", target.display());
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(target).with_context(say)?;
    file.set_len(bytes).with_context(say)?;
    drop(file);
    let medium = Target::open_file(target)?;
    crate::device::write_zeros(&medium, 0, bytes / CHUNK * CHUNK).with_context(say)?;
    Ok(())
}

fn call(command: &mut Command) -> Result<()> {
    let output = command.stdout(Stdio::null()).stderr(Stdio::piped()).output();
    let output = output.with_context(|| format!("{:?} does not start", command.get_program()))?;
    if !output.status.success() {
        bail!("{:?} says: {}", command.get_program(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

fn dd(image: &Path, target: &Path) -> Result<()> {
    let operand = |name: &str, path: &Path| {
        let mut operand = std::ffi::OsString::from(name);
        operand.push(path);
        operand
    };
    call(Command::new("dd").arg(operand("if=", image)).arg(operand("of=", target)).args([
        "oflag=direct",
        "bs=4M",
        "conv=fsync,notrunc",
    ]))
}

fn make_bmap(image: &Path, bmap: &Path) -> Result<bool> {
    match Command::new("bmaptool").arg("--version").output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        found => found.context("bmaptool does not start")?,
    };
    call(Command::new("bmaptool").arg("create").arg("-o").arg(bmap).arg(image))?;
    Ok(true)
}

fn bmaptool(image: &Path, bmap: &Path, target: &Path) -> Result<()> {
    call(Command::new("bmaptool").arg("copy").arg("--bmap").arg(bmap).arg(image).arg(target))
}
