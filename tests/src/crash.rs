//! A daemon that is killed in the middle of its work has kept what it acknowledged, once.

use anyhow::{Result, ensure};
use api::ReportQuery;

use crate::load::{Acknowledged, work_until_killed};
use crate::site::Site;

const KILLS: usize = 100;

#[test]
fn a_hundred_kills_lose_nothing_that_was_acknowledged() -> Result<()> {
    let mut appliance = Site::new()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut all = Acknowledged::default();
    let mut digest = None;
    for round in 0..KILLS {
        appliance.start()?;
        let health = runtime.block_on(appliance.client()?.health())?;
        if let Some((known, events)) = digest.take() {
            // Killed while idle: the very same state comes back.
            ensure!((&known, events) == (&health.digest, health.events), "round {round}: the digest changed over a kill");
        }
        if round % 10 == 9 {
            digest = Some((health.digest, health.events));
            appliance.kill()?;
            continue;
        }
        // A number that differs from round to round, so that the blow falls at different moments.
        let told = work_until_killed(&mut appliance, &runtime, round * 1000, 3 + round * 7 % 40)?;
        all.0.extend(told.0);
    }
    appliance.start()?;
    let client = appliance.client()?;
    let health = runtime.block_on(client.health())?;
    ensure!(all.0.len() >= KILLS, "only {} reports were acknowledged: the test did not test", all.0.len());
    ensure!(health.reports as usize >= all.0.len(), "{} of {} reports", health.reports, all.0.len());
    let lost = runtime.block_on(all.lost(&client))?;
    ensure!(lost.is_empty(), "lost: {lost:?}");
    let list = runtime.block_on(client.reports(&ReportQuery { limit: Some(1), ..ReportQuery::default() }))?;
    ensure!(list.total == health.reports, "the list counts {} of {} reports", list.total, health.reports);
    appliance.stop()?;
    all.check_store(&appliance)
}
