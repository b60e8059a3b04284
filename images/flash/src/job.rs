//! Carries out the plan of one medium, step by step, and says how it ended.

#[cfg(test)]
mod tests;
#[cfg(test)]
mod block;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use chrono::{DateTime, SecondsFormat, Utc};
use ed25519_dalek::SigningKey;
use gpt::Table;
use serde::Serialize;

use crate::buffer::Buffer;
use crate::device::{Medium, read_all, words, write_all, write_zeros};
use crate::inventory::Disk;
use crate::keep::{FLOOR, Floor};
use crate::personalise::label::Label;
use crate::personalise::{self, ESP, FILE, HEAD, PROVISION, fat};
use crate::plan::{Plan, Step};
use crate::receipt::Receipt;
use crate::source::Image;
use crate::write::map::{Map, Subject};
use crate::write::{self, Want, Watch, Written, pass};
use crate::{capacity, check};

/// Time and chance, which a test sets.
pub trait World: Sync {
    fn now(&self) -> DateTime<Utc>;
    /// Since any moment; only goes up.
    fn ticks(&self) -> Duration;
    fn random(&self) -> Result<[u8; 32]>;
}

/// What the jobs of one call share.
pub struct Shop<'a> {
    pub image: &'a Image,
    pub world: &'a dyn World,
    /// Opens a disk after making sure that it is still the one that was chosen.
    pub open: &'a (dyn Fn(&Disk) -> Result<Box<dyn Medium>> + Sync),
    /// Makes it safe to remove; true if the medium was switched off.
    pub eject: &'a (dyn Fn(&Disk) -> Result<bool> + Sync),
    pub stop: &'a AtomicBool,
    pub maps: PathBuf,
    pub receipts: PathBuf,
    pub key: &'a SigningKey,
    pub site: String,
    pub technician: String,
}

/// What a job tells while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// A new bar begins, over so many bytes; none where nobody knows.
    Phase {
        name: &'static str,
        bytes: Option<u64>,
    },
    At {
        bytes: u64,
    },
    Note {
        text: String,
    },
    Ended(Ended),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ended {
    pub ending: Ending,
    /// What it means for the person who holds the medium.
    pub text: String,
    pub receipt: Option<PathBuf>,
}

/// In the order from good to bad; the exit code is that of the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    Done,
    /// Not a byte was written.
    Refused,
    Stopped,
    Failed,
    /// The medium itself is bad.
    Bad,
}

impl Ending {
    pub fn code(self) -> u8 {
        match self {
            Ending::Done => 0,
            Ending::Refused => 3,
            Ending::Stopped => 4,
            Ending::Failed => 5,
            Ending::Bad => 6,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Ending::Done => "done",
            Ending::Refused => "refused",
            Ending::Stopped => "stopped",
            Ending::Failed => "failed",
            Ending::Bad => "bad medium",
        })
    }
}

/// Why a job ended early.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct Halt {
    ending: Ending,
    text: String,
}

fn halt(ending: Ending, text: impl fmt::Display) -> anyhow::Error {
    Halt { ending, text: text.to_string() }.into()
}

/// How far a job came.
struct Progress<'a> {
    shop: &'a Shop<'a>,
    plan: &'a Plan,
    tell: &'a (dyn Fn(Event) + Sync),
    map: Option<Map>,
    written: Option<Written>,
    /// From the first wiped byte to the last written one, the medium does not start.
    is_unbootable: bool,
    is_complete: bool,
    receipt: Receipt,
    is_off: bool,
}

/// The map's subject for this image and disk.
pub fn subject(image: &Image, disk: &Disk, keep_data: bool) -> Subject {
    let mode = if keep_data { "keep" } else { "whole" };
    Subject { serial: disk.serial_or_none().to_owned(), bytes: disk.bytes, image: image.identity(), mode: mode.to_owned() }
}

/// Runs the plan. Never fails: whatever happens is in the answer, which is also told as the last event.
pub fn run(shop: &Shop, plan: &Plan, tell: &(dyn Fn(Event) + Sync)) -> Ended {
    let manifest = shop.image.manifest.as_ref();
    let receipt = Receipt {
        serial: plan.disk.serial_or_none().to_owned(),
        model: plan.disk.model.clone(),
        medium_bytes: plan.disk.bytes,
        image: shop.image.name(),
        image_version: manifest.map(|manifest| manifest.version.to_string()),
        image_sha256: manifest.map(|manifest| manifest.raw.sha256.clone()),
        tool: format!("wegovnow-flash {}", env!("CARGO_PKG_VERSION")),
        started: stamp(shop.world.now()),
        ended: String::new(),
        written_bytes: 0,
        bytes_per_second: 0,
        resumed_at: 0,
        kept_data: plan.keep.is_some(),
        result: String::new(),
        verified: None,
        direct: true,
        first_bad_byte: None,
        bad_chunks: 0,
        disk_guid: None,
        provisioned: false,
        site: shop.site.clone(),
        technician: shop.technician.clone(),
        notes: Vec::new(),
    };
    let mut progress =
        Progress { shop, plan, tell, map: None, written: None, is_unbootable: false, is_complete: false, receipt, is_off: false };
    let outcome = progress.steps();
    let ended = progress.end(outcome);
    tell(Event::Ended(ended.clone()));
    ended
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl Progress<'_> {
    fn note(&mut self, text: String) {
        (self.tell)(Event::Note { text: text.clone() });
        self.receipt.notes.push(text);
    }

    fn phase(&self, name: &'static str, bytes: Option<u64>) {
        (self.tell)(Event::Phase { name, bytes });
    }

    fn steps(&mut self) -> Result<()> {
        let mut medium = None;
        for step in &self.plan.steps {
            if self.shop.stop.load(Ordering::Relaxed) && !self.is_complete {
                return Err(halt(Ending::Stopped, "stopped by the technician"));
            }
            match (step, &medium) {
                (Step::Open, _) => {
                    self.phase("open", None);
                    let opened =
                        (self.shop.open)(&self.plan.disk).map_err(|error| halt(Ending::Refused, format!("{error:#}")))?;
                    self.open(opened.as_ref())?;
                    medium = Some(opened);
                }
                (Step::Eject, _) => {
                    drop(medium.take());
                    match (self.shop.eject)(&self.plan.disk) {
                        Ok(is_off) => self.is_off = is_off,
                        Err(error) => {
                            self.note(format!("could not be switched off: {error:#}; everything is on it, so it may be pulled"))
                        }
                    }
                }
                (Step::Receipt, _) => {}
                (step, Some(medium)) => self.step(step, medium.as_ref())?,
                (_, None) => bail!("the plan does not begin with opening the medium"),
            }
        }
        Ok(())
    }

    fn open(&mut self, medium: &dyn Medium) -> Result<()> {
        self.receipt.direct = medium.is_direct();
        if !medium.is_direct() {
            self.note("reads may come from this machine's memory: direct access is not possible here".to_owned());
        }
        let subject = subject(self.shop.image, &self.plan.disk, self.plan.keep.is_some());
        let map = Map::open(&self.shop.maps, &subject);
        let map = map.with_context(|| format!("cannot keep a map in {}", self.shop.maps.display()));
        let mut map = map.map_err(|error| halt(Ending::Refused, format!("{error:#}")))?;
        if let Some(kept) = &self.plan.keep
            && map.noted("floor").is_none()
        {
            // The ESP that names it is about to be written over.
            let floor = match &kept.floor {
                Floor::At(version) => version.to_string(),
                Floor::None => "none".to_owned(),
                Floor::Unknown(_) => "unknown".to_owned(),
            };
            map.note("floor", &floor).map_err(|error| halt(Ending::Refused, error))?;
        }
        self.map = Some(map);
        Ok(())
    }

    fn step(&mut self, step: &Step, medium: &dyn Medium) -> Result<()> {
        let reach = |what: &'static str| move |error: std::io::Error| halt(Ending::Failed, format!("{what}: {}", words(&error)));
        match step {
            Step::Capacity { thorough } => {
                self.phase("test size", None);
                let seed = self.shop.world.random()?;
                let places = capacity::places(medium.bytes(), *thorough, &mut numbers(seed));
                self.is_unbootable = true;
                capacity::test(medium, &places, seed).map_err(|error| {
                    let is_fake = matches!(error, capacity::Error::Fake { .. });
                    halt(if is_fake { Ending::Bad } else { Ending::Failed }, error)
                })
            }
            Step::Unboot(ranges) => {
                self.is_unbootable = true;
                for range in ranges {
                    write_zeros(medium, range.start, range.end - range.start).map_err(reach("it cannot be wiped"))?;
                }
                medium.sync().map_err(reach("it cannot be wiped"))
            }
            Step::Discard(ranges) => {
                for range in ranges {
                    // Only to spare time and wear: what should be empty is read back later.
                    if !matches!(medium.discard(range.start, range.end - range.start), Ok(true)) {
                        break;
                    }
                }
                Ok(())
            }
            Step::Write { from } => self.write(medium, *from),
            Step::Check { all } => self.check(medium, *all),
            Step::Provision => self.provision(medium),
            Step::Floor => self.floor(medium),
            Step::Table => self.table(medium),
            Step::Boot(range) => {
                let Some(written) = &self.written else { bail!("nothing was written") };
                let held = Buffer::from(&written.held);
                if let Err(error) = put_and_read(medium, &held, range.start) {
                    let wiped = write_zeros(medium, range.start, range.end - range.start).and_then(|()| medium.sync());
                    let rest = if wiped.is_ok() { "" } else { "; what is there now cannot be told" };
                    return Err(halt(Ending::Bad, format!("its first part does not hold what was written: {error:#}{rest}")));
                }
                self.is_unbootable = false;
                self.is_complete = true;
                if let Some(map) = self.map.take() {
                    // An old map does no harm: it is for this image and this medium.
                    let _ = map.remove();
                }
                Ok(())
            }
            Step::Rescan => {
                if let Err(error) = medium.rescan() {
                    self.note(format!("the kernel did not read the new partition table ({error}): plug the medium in anew"));
                }
                Ok(())
            }
            Step::Open | Step::Eject | Step::Receipt => Ok(()),
        }
    }

    fn write(&mut self, medium: &dyn Medium, from: u64) -> Result<()> {
        self.phase("write", self.shop.image.raw_bytes);
        self.receipt.resumed_at = from;
        if from > 0 {
            self.note(format!("goes on at byte {from}, where an earlier run stopped"));
        }
        let began = self.shop.world.ticks();
        let written = self.pass(medium, &Want::From(from), true)?;
        let spent = self.shop.world.ticks().saturating_sub(began).as_millis().max(1);
        self.receipt.written_bytes = written.bytes;
        self.receipt.bytes_per_second = u64::try_from(u128::from(written.bytes) * 1000 / spent).unwrap_or(u64::MAX);
        self.written = Some(written);
        Ok(())
    }

    fn pass(&mut self, medium: &dyn Medium, want: &Want, marks: bool) -> Result<Written> {
        let tell = self.tell;
        let mut map = self.map.as_mut().filter(|_| marks);
        let mut watch = Watch {
            stop: self.shop.stop,
            progress: &mut |bytes| tell(Event::At { bytes }),
            durable: &mut |bytes| map.as_mut().map_or(Ok(()), |map| map.advance(bytes)),
        };
        pass(self.shop.image, medium, want, &self.plan.spare, &mut watch).map_err(|error| {
            let ending = if matches!(error, write::Error::Stopped) { Ending::Stopped } else { Ending::Failed };
            halt(ending, error)
        })
    }

    fn check(&mut self, medium: &dyn Medium, all: bool) -> Result<()> {
        let which = if all { check::Which::All } else { check::Which::Empty };
        let report = self.compare(medium, which)?;
        if !all {
            self.receipt.bad_chunks = report.bad.len() as u64;
            self.receipt.first_bad_byte = report.first_bad();
            return if report.bad.is_empty() {
                Ok(())
            } else {
                Err(halt(Ending::Bad, format!("what should be empty is not: {}", report.verdict())))
            };
        }
        if report.bad.is_empty() {
            self.receipt.verified = Some(report.verdict());
            return Ok(());
        }
        self.note(format!("{}; they are written once more", report.verdict()));
        self.phase("write again", self.shop.image.raw_bytes);
        self.pass(medium, &Want::Only(&report.bad), false)?;
        let again = self.compare(medium, check::Which::Only(&report.bad))?;
        self.receipt.bad_chunks = again.bad.len() as u64;
        self.receipt.first_bad_byte = again.first_bad();
        if again.bad.is_empty() {
            let verdict =
                format!("all {} MiB read back as written, {} of them at the second try", report.compared, report.bad.len());
            self.receipt.verified = Some(verdict);
            return Ok(());
        }
        let verdict = check::Report { compared: report.compared, ..again }.verdict();
        self.receipt.verified = Some(verdict.clone());
        Err(halt(Ending::Bad, format!("{verdict}, also at the second try: do not use this medium")))
    }

    fn compare(&self, medium: &dyn Medium, which: check::Which) -> Result<check::Report> {
        let Some(written) = &self.written else { bail!("nothing was written") };
        let bytes = check::bytes_to_read(&written.expected, &self.plan.spare, which);
        self.phase(if which == check::Which::Empty { "empty" } else { "verify" }, Some(bytes));
        let tell = self.tell;
        let progress = &mut |bytes| tell(Event::At { bytes });
        check::check(medium, &written.expected, &self.plan.spare, which, self.shop.stop, progress).map_err(|error| {
            let ending = if matches!(error, check::Error::Stopped) { Ending::Stopped } else { Ending::Failed };
            halt(ending, error)
        })
    }

    /// The table that the medium gets; before it has GUIDs of its own, that of the image.
    fn image_table(&self) -> Result<Table> {
        if let Some(kept) = &self.plan.keep {
            return Ok(kept.table.clone());
        }
        let held = self.written.as_ref().map(|written| written.held.as_slice()).unwrap_or_default();
        personalise::table(held).ok_or_else(|| halt(Ending::Failed, "the image has no sound partition table"))
    }

    fn provision(&mut self, medium: &dyn Medium) -> Result<()> {
        self.phase("personalise", None);
        let table = self.image_table()?;
        let (Some(text), Some(range)) = (&self.plan.provision, personalise::range(&table, PROVISION)) else {
            bail!("there is no PROVISION partition");
        };
        let say = |error: anyhow::Error| halt(Ending::Failed, format!("{FILE} cannot be put on PROVISION: {error:#}"));
        for change in fat::put(medium, range.clone(), None, FILE, text.as_bytes()).map_err(say)? {
            put_and_read(medium, &change.bytes, change.offset).map_err(say)?;
        }
        let found = fat::read(medium, range, FILE).map_err(say)?;
        if found.as_deref() != Some(text.as_bytes()) {
            return Err(say(anyhow!("it reads back otherwise")));
        }
        self.receipt.provisioned = true;
        Ok(())
    }

    fn floor(&mut self, medium: &dyn Medium) -> Result<()> {
        let Some(kept) = &self.plan.keep else { return Ok(()) };
        let (Floor::At(version), Some(range)) = (&kept.floor, personalise::range(&kept.table, ESP)) else { return Ok(()) };
        let Some(written) = &mut self.written else { bail!("nothing was written") };
        let say = |error: anyhow::Error| halt(Ending::Failed, format!("the data floor cannot be kept: {error:#}"));
        let held = self.plan.spare.held.clone();
        let over = Some((held.start, written.held.as_slice()));
        for change in fat::put(medium, range, over, FLOOR, format!("{version}\n").as_bytes()).map_err(say)? {
            if held.contains(&change.offset) {
                let at = (change.offset - held.start) as usize;
                written.held[at..at + change.bytes.len()].copy_from_slice(&change.bytes);
            } else {
                put_and_read(medium, &change.bytes, change.offset).map_err(say)?;
            }
        }
        Ok(())
    }

    fn table(&mut self, medium: &dyn Medium) -> Result<()> {
        let say = |error: anyhow::Error| halt(Ending::Failed, format!("the partition table cannot be written: {error:#}"));
        let table = self.image_table()?;
        let tail = if self.plan.keep.is_some() {
            let mut head = Buffer::new(HEAD as usize);
            read_all(medium, &mut head, 0).map_err(|error| say(error.into()))?;
            let tail = personalise::lay(&table, &mut head, medium.bytes()).map_err(say)?;
            self.receipt.disk_guid = Some(table.disk.to_string());
            put_and_read(medium, &head, 0).map_err(say)?;
            tail
        } else {
            let world = self.shop.world;
            let mut failed = None;
            let mut random = || {
                let mut own = [0; 16];
                match world.random() {
                    Ok(bytes) => own.copy_from_slice(&bytes[..16]),
                    Err(error) => failed = Some(error),
                }
                own
            };
            let own = personalise::with_own_guids(&table, &mut random);
            if let Some(error) = failed {
                return Err(error);
            }
            let Some(written) = &mut self.written else { bail!("nothing was written") };
            self.receipt.disk_guid = Some(own.disk.to_string());
            personalise::lay(&own, &mut written.held, medium.bytes()).map_err(say)?
        };
        let at = medium.bytes() / gpt::SECTOR * gpt::SECTOR - tail.len() as u64;
        put_and_read(medium, &Buffer::from(&tail), at).map_err(say)
    }

    fn end(mut self, outcome: Result<()>) -> Ended {
        let (ending, mut text) = match outcome {
            Ok(()) => (Ending::Done, String::new()),
            Err(error) => match error.downcast::<Halt>() {
                Ok(halt) => (halt.ending, halt.text),
                Err(error) => (Ending::Failed, format!("{error:#}")),
            },
        };
        // Stopped before the first byte is as good as refused, but the person knows better why.
        match (ending, self.is_unbootable) {
            (Ending::Done, _) => {
                let verified = self.receipt.verified.as_deref().unwrap_or("not read back");
                let removal = if self.is_off { "switched off, safe to remove" } else { "safe to remove" };
                text = format!("{verified}; {removal}");
            }
            (Ending::Bad, _) => {}
            (_, false) => text.push_str("; nothing was written"),
            (_, true) => text.push_str(if self.plan.keep.is_some() {
                "; the medium does not start now, its data is untouched: the same command goes on"
            } else {
                "; the medium does not start now and shows as empty: the same command goes on"
            }),
        }
        self.receipt.ended = stamp(self.shop.world.now());
        self.receipt.result = ending.to_string();
        let mut receipt = None;
        if ending != Ending::Refused {
            match self.receipt.file(&self.shop.receipts, self.shop.key) {
                Ok(path) => {
                    if ending == Ending::Done
                        && let Err(error) = self.label(&path)
                    {
                        text.push_str(&format!("; no label: {error:#}"));
                    }
                    receipt = Some(path);
                }
                Err(error) => text.push_str(&format!("; {error:#}")),
            }
        }
        Ended { ending, text, receipt }
    }

    fn label(&self, receipt: &Path) -> Result<()> {
        let path = receipt.with_extension("label.txt");
        let label = Label {
            version: self.receipt.image_version.as_deref().unwrap_or("unknown"),
            serial: &self.receipt.serial,
            site: &self.receipt.site,
            image: self.receipt.image_sha256.as_deref().unwrap_or("unknown"),
            date: self.receipt.ended.get(..10).unwrap_or_default(),
        };
        std::fs::write(&path, label.text()).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Writes a piece, makes it durable, and compares what the medium gives back; a second time where the first differs.
fn put_and_read(medium: &dyn Medium, bytes: &Buffer, offset: u64) -> Result<()> {
    let once = || -> Result<()> {
        let say = |error: std::io::Error| anyhow!("byte {offset}: {}", words(&error));
        write_all(medium, bytes, offset).map_err(say)?;
        medium.sync().map_err(say)?;
        medium.forget();
        let mut found = Buffer::new(bytes.len());
        read_all(medium, &mut found, offset).map_err(say)?;
        match found.iter().zip(bytes.iter()).position(|(found, bytes)| found != bytes) {
            None => Ok(()),
            Some(at) => bail!("byte {} reads back otherwise", offset + at as u64),
        }
    };
    once().or_else(|_| once())
}

/// Numbers below a bound, from a seed.
fn numbers(seed: [u8; 32]) -> impl FnMut(u64) -> u64 {
    use sha2::{Digest, Sha256};
    let mut state = seed;
    move |below| {
        state = Sha256::digest(state).into();
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&state[..8]);
        u64::from_le_bytes(bytes) % below.max(1)
    }
}
