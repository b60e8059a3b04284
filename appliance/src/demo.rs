//! A demonstration: a population of invented reports over the town's real streets, as a year at a town hall might leave it.
//!
//! Everything follows from a seed and the map. [`plan()`] invents and knows no store; [`run`] submits what was planned, in the order of
//! its dates, through the same rules as everybody else. The site is marked as a demonstration for good: real reports never mix in.

mod plan;
mod street;

use anyhow::{Context as _, bail};
use store::code::FollowCode;
use store::decide::{Actor, Command, Context};
use store::fact::UnixMs;
use store::store::Wish;

use crate::catalogue;
use crate::cli::{Demo, exit};
use crate::config::system_clock;
use crate::progress::ProgressLine;
use crate::set_up::{self, MAP_FILE, Words};
use crate::staff::{pseudonym, remember};

pub use plan::{Entry, Plan, plan};
pub use street::Spots;

const DAY_MS: u64 = 86_400_000;
/// Wishes in one durable batch.
const BATCH: usize = 200;
/// Invented colleagues.
const STAFF: [&str; 4] = ["demo-aino", "demo-luca", "demo-ines", "demo-emil"];

/// `wegovnowd demo`
pub fn run(demo: &Demo) -> anyhow::Result<u8> {
    let data = demo.data.dir();
    let now_ms = (system_clock())();
    let start_ms = now_ms.saturating_sub(u64::from(demo.days) * DAY_MS);
    let town =
        map::Town::open(&data.join(MAP_FILE)).context("a demonstration needs a map: `wegovnowd town import FILE.osm.pbf`")?;
    let mut store = set_up::open_or_make(&data, start_ms)?;
    {
        let present = store.present();
        let present = present.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if present.state.site().is_some_and(|site| !site.demo) {
            bail!("{} serves a real town: invented reports are put in another directory only", data.display());
        }
        let held = present.state.report_count();
        if held > 0 {
            println!("{} already holds a demonstration of {held} reports; nothing was added", data.display());
            return Ok(exit::DONE);
        }
    }
    let words = Words { name: demo.name.as_deref(), languages: &demo.languages, border: None, demo: true };
    set_up::set_up(&mut store, &data, &words, start_ms)?;
    let town_key = *store.town_key();
    remember(&data, &town_key, &STAFF).context("the table of staff names could not be kept")?;
    let staff = STAFF.map(|name| pseudonym(&town_key, name));

    let mut line = ProgressLine::new("Inventing reports");
    let site = store.present().read().unwrap_or_else(std::sync::PoisonError::into_inner).state.site().cloned();
    let Some(site) = site else { bail!("the site was not set up") };
    let spots = Spots::of(&town, &site.area, demo.seed, &mut |done| line.tell("finding addresses", done * 0.2));
    if spots.is_empty() {
        bail!("the map has no named street inside the border: there is nowhere to put a report");
    }
    let catalogue = catalogue::built_in(&site.languages).context("the built-in catalogue is broken")?;
    let plan = plan(&Plan {
        spots: &spots,
        categories: &catalogue.categories,
        languages: &site.languages,
        staff: &staff,
        reports: demo.reports,
        seed: demo.seed,
        start_ms: start_ms + 60_000,
        end_ms: now_ms,
    });
    let total = plan.len();
    let mut left_out = 0;
    for (number, batch) in plan.chunks(BATCH).enumerate() {
        let commands: Vec<(Command, Actor, UnixMs)> = batch
            .iter()
            .map(|entry| (entry.command(&|code: FollowCode| code.hash(&town_key)), entry.actor, entry.at_ms))
            .collect();
        let wishes: Vec<Wish<'_>> = commands
            .iter()
            .map(|(command, actor, at_ms)| Wish {
                command,
                context: Context { actor: *actor, now_ms: *at_ms, staff: &staff, photo_stored: false },
            })
            .collect();
        let outcomes =
            store.submit(&wishes).context("the demonstration is only partly there: delete the directory and try again")?;
        left_out += outcomes.iter().filter(|outcome| outcome.is_err()).count();
        line.tell("writing", 0.2 + 0.8 * ((number + 1) * BATCH).min(total) as f64 / total as f64);
    }
    // Written down now, the first start is quick.
    store.snapshot().context("the snapshot could not be written")?;
    let (reports, events, open) = {
        let present = store.present();
        let present = present.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        (present.state.report_count(), present.state.events(), present.index.open_reports())
    };
    store.close().context("the store did not close cleanly")?;
    line.end(&format!("{reports} reports ({open} open) in {events} events of {} days", demo.days));
    if left_out > 0 {
        eprintln!("note: {left_out} of {total} invented wishes were refused by the rules and left out");
    }
    if let Some(code) = plan.iter().rev().find_map(Entry::code) {
        println!("a follow-up code to try: {code}");
    }
    Ok(exit::DONE)
}
