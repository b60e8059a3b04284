//! What will be done to a medium, step by step. `--dry-run` prints the very list that is carried out.

use std::fmt;
use std::ops::Range;

use crate::amount;
use crate::inventory::Disk;
use crate::keep;
use crate::personalise::HEAD;
use crate::source::{CHUNK, Image};
use crate::write::{Spare, without};

/// What the technician asked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub keep_data: bool,
    pub verify: bool,
    pub capacity: bool,
    pub thorough: bool,
    pub eject: bool,
    pub force: bool,
    /// Of appliance.toml.
    pub provision: Option<String>,
    pub unsigned: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Is it still that disk, and free? Open it for us alone.
    Open,
    Capacity {
        thorough: bool,
    },
    /// Takes away what a medium starts by, and old tables at its end.
    Unboot(Vec<Range<u64>>),
    Discard(Vec<Range<u64>>),
    Write {
        from: u64,
    },
    /// Reads back all, or only what must be empty.
    Check {
        all: bool,
    },
    Provision,
    /// Carries the box's data floor over to the new ESP.
    Floor,
    /// The table's copy at the medium's end.
    Table,
    /// What was held back; from here on the medium starts.
    Boot(Range<u64>),
    Rescan,
    Eject,
    Receipt,
}

/// Everything about one medium.
#[derive(Debug, Clone)]
pub struct Plan {
    pub disk: Disk,
    pub steps: Vec<Step>,
    pub spare: Spare,
    /// A table of ours that stays.
    pub keep: Option<keep::Box>,
    pub provision: Option<String>,
    /// Bytes that will be written, as far as they are known.
    pub mapped_bytes: Option<u64>,
    pub verify: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{0}")]
    Disk(String),
    #[error("{0}; if you are sure, add --force")]
    Careful(String),
    #[error("it holds {}, the image needs {}; take a larger one", amount::bytes(*medium), amount::bytes(*image))]
    TooSmall { medium: u64, image: u64 },
    #[error("it holds a box of ours with its data; add --keep-data to keep the data, or --force to lose it")]
    HoldsData,
    #[error("the image has no manifest, so nobody says what is in it; add --unsigned to write it all the same")]
    Unsigned,
    #[error("{0}")]
    Keep(#[from] keep::Refusal),
    #[error("the image has no {0} partition to put appliance.toml on")]
    NoProvision(&'static str),
}

/// Decides what to do, or why nothing. `found` is what was seen on the medium, `table` that of the image, `resume_at` from the map file.
pub fn plan(
    image: &Image,
    table: Option<&gpt::Table>,
    disk: &Disk,
    found: Option<&keep::Box>,
    resume_at: u64,
    options: &Options,
) -> Result<Plan, Refusal> {
    if !disk.refusals.is_empty() {
        return Err(Refusal::Disk(disk.reasons()));
    }
    if !disk.cautions.is_empty() && !options.force {
        return Err(Refusal::Careful(disk.reasons()));
    }
    if image.manifest.is_none() && !options.unsigned {
        return Err(Refusal::Unsigned);
    }
    // What is not known before is found while writing, and said.
    if let Some(bytes) = image.raw_bytes.filter(|bytes| *bytes > disk.bytes) {
        return Err(Refusal::TooSmall { medium: disk.bytes, image: bytes });
    }
    if options.provision.is_some()
        && table.is_none_or(|table| crate::personalise::range(table, crate::personalise::PROVISION).is_none())
    {
        return Err(Refusal::NoProvision(crate::personalise::PROVISION));
    }
    let version = image.manifest.as_ref().map(|manifest| &manifest.version);
    let spare = if options.keep_data {
        keep::decide(found, table, version, disk.bytes, options.force)?
    } else {
        if found.is_some_and(|found| found.has_data) && !options.force {
            return Err(Refusal::HoldsData);
        }
        Spare { held: 0..HEAD, kept: Vec::new() }
    };
    let end = disk.bytes / CHUNK * CHUNK;
    let mut unboot = vec![spare.held.clone()];
    if !options.keep_data {
        unboot.push(disk.bytes.saturating_sub(HEAD) / gpt::SECTOR * gpt::SECTOR..disk.bytes);
    }
    let mut steps = vec![Step::Open];
    let is_fresh = resume_at == 0;
    if is_fresh && options.capacity && !options.keep_data {
        steps.push(Step::Capacity { thorough: options.thorough });
    }
    steps.push(Step::Unboot(unboot));
    if is_fresh {
        let held = [vec![spare.held.clone()], spare.kept.clone()].concat();
        steps.push(Step::Discard(without(0..end, &held)));
    }
    steps.push(Step::Write { from: resume_at });
    // Nobody knows what happened to the medium between two runs.
    let reads_back = options.verify || !is_fresh;
    steps.push(Step::Check { all: reads_back });
    if options.provision.is_some() {
        steps.push(Step::Provision);
    }
    if found.is_some_and(|found| options.keep_data && matches!(found.floor, keep::Floor::At(_))) {
        steps.push(Step::Floor);
    }
    if table.is_some() {
        steps.push(Step::Table);
    }
    steps.push(Step::Boot(spare.held.clone()));
    steps.push(Step::Rescan);
    if options.eject {
        steps.push(Step::Eject);
    }
    steps.push(Step::Receipt);
    Ok(Plan {
        disk: disk.clone(),
        steps,
        spare,
        keep: found.filter(|_| options.keep_data).cloned(),
        provision: options.provision.clone(),
        mapped_bytes: image.manifest.as_ref().map(|manifest| manifest.mapped_bytes()),
        verify: reads_back,
    })
}

impl Plan {
    /// The plan in words, a line per step.
    pub fn lines(&self) -> Vec<String> {
        let disk = &self.disk;
        let head =
            format!("{} {}, {}, serial {}", disk.path.display(), disk.model, amount::bytes(disk.bytes), disk.serial_or_none());
        let steps = self.steps.iter().zip(1..).map(|(step, number)| match step {
            Step::Write { from } => {
                let what = self.mapped_bytes.map_or_else(|| "all".to_owned(), amount::bytes);
                let from = if *from > 0 { format!(", going on at byte {from}") } else { String::new() };
                format!("{number:>3}. write {what} that is not empty{from}; not: {}", ranges(&self.unwritten()))
            }
            step => format!("{number:>3}. {step}"),
        });
        [head].into_iter().chain(steps).collect()
    }

    fn unwritten(&self) -> Vec<Range<u64>> {
        [vec![self.spare.held.clone()], self.spare.kept.clone()].concat()
    }
}

fn ranges(ranges: &[Range<u64>]) -> String {
    ranges.iter().map(|range| format!("{}..{}", range.start, range.end)).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Step::Open => f.write_str("make sure that it is still this disk, and open it for this program alone"),
            Step::Capacity { thorough: false } => {
                f.write_str("test its size by marks at both ends, powers of two and random places")
            }
            Step::Capacity { thorough: true } => f.write_str("test its size by a mark in every MiB"),
            Step::Unboot(at) => write!(f, "wipe bytes {}: from here on it does not start", ranges(at)),
            Step::Discard(at) => write!(f, "give back bytes {}, where the medium can", ranges(at)),
            Step::Write { from } => write!(f, "write the image from byte {from} on"),
            Step::Check { all: true } => {
                f.write_str("read everything back and compare; empty what should be empty; write bad chunks once more")
            }
            Step::Check { all: false } => f.write_str("empty what should be empty (what is written is not read back)"),
            Step::Provision => f.write_str("put appliance.toml on the PROVISION partition, and read it back"),
            Step::Floor => f.write_str("carry the box's data floor over to the new ESP"),
            Step::Table => f.write_str("put the partition table's copy at the end of the medium"),
            Step::Boot(at) => write!(f, "write bytes {}: from here on it starts", ranges(std::slice::from_ref(at))),
            Step::Rescan => f.write_str("have the kernel read the new partition table"),
            Step::Eject => f.write_str("eject it"),
            Step::Receipt => f.write_str("sign and keep the receipt"),
        }
    }
}
