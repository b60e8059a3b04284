//! Background work has one shape: a name, a period, something idempotent to do, and a report of how it went.
//!
//! What concerns the store alone (tape, snapshot) is done by the store at the writer's heartbeat, not here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use store::fact::UnixMs;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// One kind of background work.
pub struct Work {
    pub name: &'static str,
    pub period: Duration,
    /// Does it once. The text says what was done, or why it was not.
    pub once: fn(Arc<App>) -> BoxFuture<'static, Result<String, String>>,
}

/// All background work.
pub const ALL: &[Work] = &[
    Work { name: "limits", period: Duration::from_secs(60), once: |app| Box::pin(forget_guesses(app)) },
    Work { name: "status", period: Duration::from_secs(30), once: |app| Box::pin(tell_status(app)) },
];

/// How a kind of work went the last time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkStatus {
    pub name: &'static str,
    pub at_ms: UnixMs,
    pub went: Result<String, String>,
}

/// How all work went the last time.
#[derive(Debug, Default)]
pub struct Board(Mutex<Vec<WorkStatus>>);

impl Board {
    /// Writes the outcome down; answers whether it differs from the last one in going well or badly.
    fn put(&self, status: WorkStatus) -> bool {
        let mut board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match board.iter_mut().find(|known| known.name == status.name) {
            Some(known) => {
                let turned = known.went.is_ok() != status.went.is_ok();
                *known = status;
                turned
            }
            None => {
                let bad = status.went.is_err();
                board.push(status);
                bad
            }
        }
    }

    /// How all work went the last time.
    pub fn read(&self) -> Vec<WorkStatus> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Does one kind of work again and again until the stop. The first time comes after one period.
pub async fn repeat(work: &'static Work, app: Arc<App>, board: Arc<Board>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(work.period) => {}
        }
        let went = (work.once)(Arc::clone(&app)).await;
        let status = WorkStatus { name: work.name, at_ms: (app.config.clock)(), went: went.clone() };
        let turned = board.put(status);
        match went {
            Ok(said) if turned => tracing::info!(work = work.name, said, "goes well again"),
            Ok(said) => tracing::debug!(work = work.name, said, "done"),
            Err(why) if turned => tracing::warn!(work = work.name, why, "failed; it is tried again"),
            Err(why) => tracing::debug!(work = work.name, why, "failed again"),
        }
    }
}

async fn forget_guesses(app: Arc<App>) -> Result<String, String> {
    let left = app.guesses.lock().unwrap_or_else(PoisonError::into_inner).forget((app.config.clock)());
    Ok(format!("{left} peers with wrong codes"))
}

async fn tell_status(app: Arc<App>) -> Result<String, String> {
    let open = app.present().index.open_reports();
    let line = crate::health::status_line(&crate::health::readings(&app), open);
    sd_notify::notify(&[sd_notify::NotifyState::Status(&line)]).map_err(|error| error.to_string())?;
    Ok(line)
}
