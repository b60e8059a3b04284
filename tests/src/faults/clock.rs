//! A wall clock that stands in 1970, then in 2099, then jumps back, while the daemon runs and over its restarts.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use api::{Client, Filed, Follow, FollowCode, Queue, QueueQuery, ReportId, ReportQuery, UnixMs};

use crate::power::preload;
use crate::site::{Site, chance, report};

const MINUTE_MS: UnixMs = 60_000;
const EPOCH: UnixMs = 0;
/// 2026-09-21
const NOW: UnixMs = 1_790_000_000_000;
/// 2099-01-01
const FAR: UnixMs = 4_070_908_800_000;

/// The daemon's wall clock.
struct Clock {
    file: PathBuf,
}

impl Clock {
    /// Sets it. Renamed into place, so that nobody reads half a number.
    fn set(&self, wall: UnixMs) -> Result<()> {
        let real = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let new = self.file.with_extension("new");
        std::fs::write(&new, (i128::from(wall) - real as i128).to_string())?;
        Ok(std::fs::rename(new, &self.file)?)
    }
}

/// A box that was set up with this clock. None where the library that sets it cannot be built.
fn site_with_clock() -> Result<Option<(Site, Clock)>> {
    let mut site = Site::empty()?;
    let Some(library) = preload("clock", include_str!("clock.c"), site.folder()) else { return Ok(None) };
    let clock = Clock { file: site.folder().join("clock") };
    let text = |path: &Path| path.display().to_string();
    site.environment = vec![("LD_PRELOAD".to_owned(), text(&library)), ("CLOCK_FILE".to_owned(), text(&clock.file))];
    clock.set(NOW)?;
    site.set_up()?;
    Ok(Some((site, clock)))
}

/// All reports as residents and as staff see them, last filed first.
async fn lists(client: &Client) -> Result<(Vec<ReportId>, Vec<ReportId>)> {
    let shown = client.reports(&ReportQuery { limit: Some(500), ..ReportQuery::default() }).await?;
    let all = QueueQuery { queue: Queue::All, filter: None, department: None, limit: Some(1000), offset: None };
    let queued = client.queue(&all).await?;
    Ok((shown.reports.iter().map(|summary| summary.id).collect(), queued.rows.iter().map(|row| row.summary.id).collect()))
}

#[test]
fn a_clock_in_1970_in_2099_and_back_loses_and_reorders_nothing() -> Result<()> {
    let Some((mut site, clock)) = site_with_clock()? else { return Ok(()) };
    let runtime = tokio::runtime::Runtime::new()?;
    // Each start with the walls that follow it; the machine may also boot with a wrong clock.
    let starts: [&[UnixMs]; 4] =
        [&[NOW, EPOCH, NOW + MINUTE_MS, FAR, NOW + 2 * MINUTE_MS], &[EPOCH, NOW], &[FAR + MINUTE_MS, EPOCH], &[NOW]];
    let mut filed: Vec<Filed> = Vec::new();
    let mut before = None;
    for (number, walls) in starts.into_iter().enumerate() {
        clock.set(walls[0])?;
        site.start()?;
        let client = site.client()?;
        runtime.block_on(async {
            let health = client.health().await?;
            ensure!(health.opened.is_empty(), "start {number}: {:?}", health.opened);
            if let Some((digest, events)) = before.take() {
                ensure!((digest, events) == (health.digest, health.events), "start {number} shows another state than before it");
            }
            for wall in walls {
                clock.set(*wall)?;
                let told = client.town().await?.now_ms;
                ensure!((*wall..wall + MINUTE_MS).contains(&told), "the daemon says {told}, its clock was set to {wall}");
                for _ in 0..5 {
                    filed.push(client.file_report(&report(filed.len())).await?);
                }
                let newest_first: Vec<ReportId> = filed.iter().rev().map(|filed| filed.id).collect();
                let (shown, queued) = lists(&client).await?;
                ensure!(shown == newest_first, "at {wall} residents see {shown:?}, filed were {newest_first:?}");
                ensure!(queued == newest_first, "at {wall} staff see {queued:?}, filed were {newest_first:?}");
            }
            let health = client.health().await?;
            before = Some((health.digest, health.events));
            anyhow::Ok(())
        })?;
        // Killed or stopped, in turn.
        if number % 2 == 0 { site.kill()? } else { site.stop()? }
    }
    ensure!(filed.is_sorted_by_key(|filed| filed.filed_ms), "a report is older than the one before it");
    let (digest, events) = before.context("nothing was filed")?;
    let verified = site.run(&["verify"])?;
    ensure!(verified.contains(&digest) && verified.contains(&format!("events       {events}\n")), "{verified}");

    // The same facts as the acknowledgements named, in their order.
    let out = site.folder().join("export.jsonl");
    site.run(&["export", "--json", &out.to_string_lossy()])?;
    let mut kept = Vec::new();
    for line in std::fs::read_to_string(out)?.lines() {
        let fact: serde_json::Value = serde_json::from_str(line)?;
        if fact["kind"] == "report.filed" {
            kept.push(fact["id"].as_str().context("a fact without an id")?.to_owned());
        }
    }
    let told: Vec<String> = filed.iter().map(|filed| filed.event.to_string()).collect();
    ensure!(kept == told, "kept {kept:?}, acknowledged {told:?}");
    Ok(())
}

#[test]
fn whoever_tried_wrong_codes_in_2099_need_not_wait_until_then() -> Result<()> {
    let Some((mut site, clock)) = site_with_clock()? else { return Ok(()) };
    clock.set(FAR)?;
    site.start()?;
    let client = site.client()?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let filed = report(0);
        client.file_report(&filed).await?;
        loop {
            let wrong = client.follow(&Follow { code: FollowCode::from_random(chance()) }).await;
            match wrong.err().context("a made-up code opened a report")?.code() {
                "too_many" => break,
                code => ensure!(code == "unknown_code", "a wrong code was answered with {code}"),
            }
        }
        let look = Follow { code: filed.code };
        clock.set(NOW)?;
        let at_once = client.follow(&look).await.err().context("a clock set back let guessing go on")?;
        ensure!(at_once.code() == "too_many", "{at_once}");
        clock.set(NOW + MINUTE_MS)?;
        ensure!(client.follow(&look).await?.summary.id == filed.id, "the code opens another report");
        anyhow::Ok(())
    })
}
