//! What staff do.

use std::sync::Arc;

use api::{Decide, Decided, Decision, Me, Outcome, QueueQuery, QueueReply, Refusal, ReportId, Staff};
use futures_util::future::join_all;
use store::decide::{Actor, Command};

use crate::answer::{No, Reply, json};
use crate::app::App;
use crate::routes::{Asked, limit, limit_max, words};
use crate::view;
use crate::writer::Unwritten;

/// Most reports of one decision.
const DECIDE_MAX: usize = 500;

pub async fn me(app: Arc<App>, asked: Asked) -> Reply {
    let id = asked.staff()?;
    json(&Me { me: Staff { id, name: app.staff.name(id) }, colleagues: app.staff.all() })
}

pub async fn queue(app: Arc<App>, asked: Asked) -> Reply {
    let me = asked.staff()?;
    let query: QueueQuery = asked.query()?;
    let limit = limit(query.limit, 200, limit_max("queue"))?;
    let filter = words(query.filter.as_deref().unwrap_or_default())?;
    let filter: Vec<String> = filter.split_whitespace().map(store::text::fold).collect();
    let now_ms = (app.config.clock)();
    // Asked before the present: what happens in between is told again rather than missed.
    let change = app.changes.last();
    let present = app.present();
    let (state, index) = (&present.state, &present.index);
    let offset = query.offset.unwrap_or_default() as usize;
    let (ids, total) = index.queue(state, query.queue, me, now_ms, &filter, query.department.as_ref(), offset, limit);
    let rows = ids.iter().filter_map(|id| state.report(id)).map(|report| view::row(&present, report)).collect();
    let counts = index.counts(state, me, now_ms);
    json(&QueueReply { rows, total, counts, change })
}

pub async fn case(app: Arc<App>, asked: Asked) -> Reply {
    let id: ReportId = asked.id()?;
    let present = app.present();
    let report = present.state.report(&id).ok_or(Refusal::UnknownReport)?;
    json(&view::case(&present, report, (app.config.clock)()))
}

pub async fn decide(app: Arc<App>, asked: Asked) -> Reply {
    let me = asked.staff()?;
    let Decide { on, decision } = asked.json()?;
    if on.is_empty() || on.len() > DECIDE_MAX {
        return Err(No::bad_request(format!("on: expected 1 to {DECIDE_MAX} reports")));
    }
    let reports: Vec<ReportId> = on.iter().map(|one| one.report).collect();
    let staff: Arc<[_]> = app.staff.ids().into();
    let wishes = on.into_iter().map(|one| {
        let decision = match (&decision, one.undo) {
            (Decision::Undo { .. }, Some(event)) => Decision::Undo { decision: event },
            _ => decision.clone(),
        };
        let command = Command::Decide { report: one.report, request: one.request, seen: one.seen, decision };
        app.writer.submit(command, Actor::Staff(me), Arc::clone(&staff), false)
    });
    // All wait together, so that one flush carries as many as are there.
    let done = join_all(wishes).await;
    let present = app.present();
    let mut outcomes = Vec::with_capacity(done.len());
    for (report, done) in reports.into_iter().zip(done) {
        outcomes.push(match done {
            Ok(done) => Outcome { report, event: Some(done.event), refusal: None, since: Vec::new() },
            Err(Unwritten::Refused(refusal)) => {
                let since = match (&refusal, present.state.report(&report)) {
                    (Refusal::Conflict { since }, Some(it)) => {
                        let others = it.record.iter().filter(|decided| since.contains(&decided.event));
                        others.map(|decided| view::record(&present, it, decided)).collect()
                    }
                    _ => Vec::new(),
                };
                Outcome { report, event: None, refusal: Some(refusal), since }
            }
            // What was decided stays decided; the same request sent again finds it so.
            Err(other) => return Err(other.into()),
        });
    }
    json(&Decided { outcomes })
}
