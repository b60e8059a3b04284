//! `verify`: what is on a medium, compared with the image, partition by partition.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::{print, select, source};
use crate::check::{self, Which};
use crate::device::{Medium, Target};
use crate::inventory::{self, Roots};
use crate::job::Ending;
use crate::options::Verify;
use crate::personalise::{self, DATA, ESP, HEAD, PROVISION, STATE};
use crate::source::CHUNK;
use crate::station::{self, Places};
use crate::write::{Expected, Spare};

/// What a box writes to by itself: that it differs says nothing.
const CHANGING: [&str; 4] = [ESP, PROVISION, STATE, DATA];

pub fn run(options: &Verify) -> Result<u8> {
    let places = Places::find(&|name| std::env::var_os(name).map(PathBuf::from))?;
    let stop = station::stop_flag()?;
    let image = source::open(&options.source, &places, false, &stop)?;
    let Some(manifest) = &image.manifest else { bail!("comparing needs the image's manifest") };
    let table = personalise::table(&image.head()?);
    let disks = inventory::read(&Roots::default(), Some(image.on)).context("cannot read the disks of this machine")?;
    let chosen = select::named(&options.which, &disks)?;
    if chosen.is_empty() {
        eprintln!("wegovnow-flash: say which media: --serial or --device");
        return Ok(2);
    }
    let expected = Expected { chunks: manifest.chunks()?, bytes: manifest.raw.bytes };
    let mut worst = Ending::Done;
    for disk in &chosen {
        let medium = if options.which.file.contains(&disk.path) { Target::open_file(&disk.path)? } else { Target::peek(disk)? };
        if medium.bytes() < expected.bytes {
            print(&format!("{}: smaller than the image\n", disk.path.display()))?;
            worst = worst.max(Ending::Bad);
            continue;
        }
        // Only listed chunks: what should be empty is not made so by someone who only looks.
        let mapped = (0..).zip(&expected.chunks).filter(|(_, digest)| digest.is_some()).map(|(number, _)| number).collect();
        let spare = Spare { held: 0..HEAD, kept: Vec::new() };
        let report = check::check(&medium, &expected, &spare, Which::Only(&mapped), &stop, &mut |_| ());
        let report = report.with_context(|| format!("{}", disk.path.display()))?;
        let mut by_name: BTreeMap<String, u64> = BTreeMap::new();
        for number in &report.bad {
            *by_name.entry(name_at(table.as_ref(), number * CHUNK)).or_default() += 1;
        }
        let is_bad = by_name.keys().any(|name| !CHANGING.contains(&name.as_str()));
        let differing = by_name.iter().map(|(name, count)| format!("{name}: {count} MiB differ")).collect::<Vec<_>>().join(", ");
        let verdict = match (is_bad, differing.is_empty()) {
            (true, _) => format!("NOT the image: {differing}; the first at byte {}", report.first_bad().unwrap_or(0)),
            (false, false) => format!("the image; what the box writes itself has changed ({differing})"),
            (false, true) => format!("the image: {}", report.verdict()),
        };
        print(&format!("{} serial {}: {verdict}\n", disk.path.display(), disk.serial_or_none()))?;
        if is_bad {
            worst = worst.max(Ending::Bad);
        }
    }
    Ok(worst.code())
}

fn name_at(table: Option<&gpt::Table>, at: u64) -> String {
    let sector = at / gpt::SECTOR;
    let found = table.and_then(|table| table.partitions.iter().find(|own| (own.first..=own.last).contains(&sector)));
    found.map_or_else(|| "outside of partitions".to_owned(), |own| own.name.clone())
}
