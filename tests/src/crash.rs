//! A daemon that is killed in the middle of its work has kept what it acknowledged, once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, ensure};
use api::{CommentId, FollowCode, NewComment, ReportId, ReportQuery};
use tokio::task::JoinHandle;

use crate::site::{Site, chance, report};

const KILLS: usize = 100;
const CLIENTS: usize = 2;

/// What a client was told is on disk.
#[derive(Default)]
struct Acknowledged {
    reports: BTreeMap<ReportId, (FollowCode, String)>,
    comments: Vec<(ReportId, CommentId)>,
}

/// Files and comments until the daemon is gone; every second wish is sent twice, as a client does that got no answer.
async fn work(client: api::Client, go_on: Arc<AtomicBool>, seed: usize) -> Acknowledged {
    let mut acknowledged = Acknowledged::default();
    let mut number = seed;
    while go_on.load(Ordering::Relaxed) {
        number += 1;
        let new = report(number);
        let Ok(filed) = client.file_report(&new).await else { break };
        acknowledged.reports.insert(filed.id, (new.code, new.text.clone()));
        if number.is_multiple_of(2) {
            let Ok(again) = client.file_report(&new).await else { break };
            assert_eq!(again.event, filed.event, "a repeated wish is answered with the first event");
        }
        let comment = NewComment {
            id: CommentId(chance()),
            text: format!("Still dark, {number}"),
            language: new.language.clone(),
            code: Some(new.code),
        };
        if client.comment(filed.id, &comment).await.is_err() {
            break;
        }
        acknowledged.comments.push((filed.id, comment.id));
    }
    acknowledged
}

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
        let go_on = Arc::new(AtomicBool::new(true));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let work = work(appliance.client().expect("a client"), go_on.clone(), round * 1000 + client * 500);
                runtime.spawn(work)
            })
            .collect();
        // Killed after a number of facts that differs from round to round, so that the blow falls at different moments.
        let enough = health.events + 3 + (round as u64 * 7) % 40;
        runtime.block_on(async {
            let client = appliance.client()?;
            while client.health().await?.events < enough {
                ensure!(!clients.iter().all(JoinHandle::is_finished), "round {round}: both clients gave up before the kill");
            }
            anyhow::Ok(())
        })?;
        appliance.kill()?;
        go_on.store(false, Ordering::Relaxed);
        for client in clients {
            let acknowledged = runtime.block_on(client)?;
            all.reports.extend(acknowledged.reports);
            all.comments.extend(acknowledged.comments);
        }
    }
    appliance.start()?;
    let client = appliance.client()?;
    let health = runtime.block_on(client.health())?;
    ensure!(all.reports.len() >= KILLS, "only {} reports were acknowledged: the test did not test", all.reports.len());
    ensure!(health.reports as usize >= all.reports.len(), "{} of {} reports", health.reports, all.reports.len());
    runtime.block_on(async {
        for (id, (code, text)) in &all.reports {
            let shown = client.follow(&api::Follow { code: *code }).await;
            // Guessing codes is limited; reading by id is not.
            let shown = match shown {
                Ok(shown) => shown,
                Err(error) if error.code() == "too_many" => client.report(*id).await?,
                Err(error) => return Err(error.into()),
            };
            ensure!(shown.summary.id == *id && shown.text == *text, "report {id} is not what was acknowledged");
        }
        for (report, comment) in &all.comments {
            let shown = client.report(*report).await?;
            let times = shown.comments.iter().filter(|shown| shown.id == *comment).count();
            ensure!(times == 1, "comment {comment} is there {times} times");
        }
        let list = client.reports(&ReportQuery { limit: Some(1), ..ReportQuery::default() }).await?;
        ensure!(list.total == health.reports, "the list counts {} of {} reports", list.total, health.reports);
        Ok(())
    })?;
    appliance.stop()?;
    appliance.run(&["verify"])?;
    Ok(())
}
