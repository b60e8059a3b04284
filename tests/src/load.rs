//! Residents at work on a box, and what they were told is on its disk.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use api::{Client, CommentId, Follow, FollowCode, NewComment, ReportId};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::site::{Site, chance, report};

/// Residents at work at the same time.
const RESIDENTS: usize = 2;

/// A report as it was acknowledged.
pub struct Told {
    pub code: FollowCode,
    pub text: String,
    pub comments: Vec<CommentId>,
}

/// What residents were told is on disk.
#[derive(Default)]
pub struct Acknowledged(pub BTreeMap<ReportId, Told>);

impl Acknowledged {
    /// What the daemon does not have as it was acknowledged, or has twice.
    pub async fn lost(&self, client: &Client) -> Result<Vec<String>> {
        let mut lost = Vec::new();
        for (id, told) in &self.0 {
            let shown = match client.report(*id).await {
                Ok(shown) => shown,
                Err(error) if error.code() == "unknown_report" => {
                    lost.push(format!("report {id}"));
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            if shown.text != told.text {
                lost.push(format!("the text of report {id}"));
            }
            if client.follow(&Follow { code: told.code }).await.ok().map(|followed| followed.summary.id) != Some(*id) {
                lost.push(format!("the code of report {id}"));
            }
            for comment in &told.comments {
                let times = shown.comments.iter().filter(|shown| shown.id == *comment).count();
                if times != 1 {
                    lost.push(format!("comment {comment}, there {times} times"));
                }
            }
        }
        Ok(lost)
    }

    /// With the daemon stopped, and from the facts themselves: the store is sound and each report was filed once.
    pub fn check_store(&self, site: &Site) -> Result<()> {
        site.run(&["verify"])?;
        let out = site.folder().join("export.jsonl");
        site.run(&["export", "--json", &out.to_string_lossy()])?;
        let mut filed: BTreeMap<ReportId, usize> = BTreeMap::new();
        for line in std::fs::read_to_string(&out)?.lines() {
            let fact: serde_json::Value = serde_json::from_str(line)?;
            if fact["kind"] == "report.filed" {
                let id = fact["subject"].as_str().context("a fact without a subject")?.parse()?;
                *filed.entry(id).or_default() += 1;
            }
        }
        std::fs::remove_file(out)?;
        for id in self.0.keys() {
            let times = filed.get(id).copied().unwrap_or_default();
            ensure!(times == 1, "report {id} was filed {times} times");
        }
        Ok(())
    }
}

/// Lets residents file and comment until `enough` things were acknowledged, ends the daemon in the middle of the next one, and answers all
/// that was acknowledged. `first`: number of the first report.
pub fn work_until_killed(site: &mut Site, runtime: &Runtime, first: usize, enough: usize) -> Result<Acknowledged> {
    let (told, mut heard) = unbounded_channel();
    let residents: Vec<JoinHandle<Acknowledged>> = (0..RESIDENTS)
        .map(|resident| Ok(runtime.spawn(work(site.client()?, first + resident * 500, told.clone()))))
        .collect::<Result<_>>()?;
    drop(told);
    runtime.block_on(async {
        for _ in 0..enough {
            heard.recv().await.context("all residents gave up before the kill")?;
        }
        anyhow::Ok(())
    })?;
    site.kill()?;
    let mut all = Acknowledged::default();
    for resident in residents {
        all.0.extend(runtime.block_on(resident)?.0);
    }
    Ok(all)
}

/// Files and comments until the daemon is gone; every second wish is sent twice, as a client does that got no answer.
async fn work(client: Client, first: usize, told: UnboundedSender<()>) -> Acknowledged {
    let mut acknowledged = Acknowledged::default();
    for number in first.. {
        let mut new = report(number);
        // Of all lengths, so that the journal soon writes over what it no longer needs.
        new.text.push_str(&" It has been dark here for a week.".repeat(number % 60));
        let Ok(filed) = client.file_report(&new).await else { break };
        let _ = told.send(());
        let comments = Vec::new();
        let entry = acknowledged.0.entry(filed.id).or_insert(Told { code: new.code, text: new.text.clone(), comments });
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
        entry.comments.push(comment.id);
        let _ = told.send(());
    }
    acknowledged
}
