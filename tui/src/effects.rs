//! What the console asks of the world, and the one place that does it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api::client::CallError;
use api::{Case, Change, Client, Decide, Decided, Health, Me, QueueQuery, QueueReply, ReportId, Town};
use futures_util::StreamExt;
use tokio::sync::mpsc::UnboundedSender;

use crate::app::Msg;
use crate::parts::dialog::Dialog;
use crate::theme::Tone;

/// Number of a request; its reply carries the same, so that a late one is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Ticket(pub u64);

impl Ticket {
    /// The next number.
    pub fn draw(&mut self) -> Ticket {
        self.0 += 1;
        *self
    }
}

/// What an update wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A line in the log (the root does it).
    Say(Tone, String),
    /// A dialog on top (the root does it).
    Open(Box<Dialog>),
    /// Something outside.
    Call(Ticket, Call),
    /// The end.
    Quit,
}

/// What is asked of the world outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// The town and its words.
    Town,
    /// How the box is.
    Health,
    /// Who is asking.
    Me,
    /// A queue.
    Queue(QueueQuery),
    /// A report as staff see it.
    Case(ReportId),
    /// A decision.
    Decide(Decide),
    /// Open the base map.
    Map(PathBuf),
}

/// What came back.
#[derive(Debug, Clone)]
pub enum Reply {
    Town(Box<Result<Town, CallError>>),
    Health(Box<Result<Health, CallError>>),
    Me(Result<Me, CallError>),
    Queue(Result<QueueReply, CallError>),
    Case(Box<Result<Case, CallError>>),
    Decided(Result<Decided, CallError>),
    Map(Result<Arc<map::Town>, String>),
}

/// Does what is asked and answers.
pub async fn perform(client: Client, call: Call) -> Reply {
    match call {
        Call::Town => Reply::Town(Box::new(client.town().await)),
        Call::Health => Reply::Health(Box::new(client.health().await)),
        Call::Me => Reply::Me(client.me().await),
        Call::Queue(query) => Reply::Queue(client.queue(&query).await),
        Call::Case(report) => Reply::Case(Box::new(client.case(report).await)),
        Call::Decide(decide) => Reply::Decided(client.decide(&decide).await),
        Call::Map(path) => {
            let opened = tokio::task::spawn_blocking(move || map::Town::open(&path)).await;
            Reply::Map(match opened {
                Ok(Ok(town)) => {
                    let town = Arc::new(town);
                    let soon = Arc::clone(&town);
                    // The map is drawn meanwhile; whoever looks a place up finds the table ready.
                    tokio::task::spawn_blocking(move || soon.prepare());
                    Ok(town)
                }
                Ok(Err(error)) => Err(error.to_string()),
                Err(error) => Err(error.to_string()),
            })
        }
    }
}

/// A notice of the connection to the daemon.
#[derive(Debug, Clone)]
pub enum Notice {
    /// Changes come in from now on: read everything anew.
    Up,
    /// Something changed.
    Change(Change),
    /// The daemon went away.
    Down(String),
}

/// Why there is no answer, in as few words as there are.
fn reason(error: &CallError) -> String {
    match error {
        CallError::Away(reason) => reason.clone(),
        other => other.to_string(),
    }
}

/// Subscribes to changes, again and again, until nobody listens. Waits between tries, longer each time up to five seconds.
pub async fn watch(client: Client, notices: UnboundedSender<Msg>) {
    let mut wait_ms = 250;
    loop {
        let reason = match client.changes().await {
            Ok(changes) => {
                wait_ms = 250;
                if notices.send(Msg::Notice(Notice::Up)).is_err() {
                    return;
                }
                let mut changes = std::pin::pin!(changes);
                loop {
                    match changes.next().await {
                        Some(Ok(change)) => {
                            if notices.send(Msg::Notice(Notice::Change(change))).is_err() {
                                return;
                            }
                        }
                        Some(Err(error)) => break reason(&error),
                        None => break "it closed the connection".to_owned(),
                    }
                }
            }
            Err(error) => reason(&error),
        };
        if notices.send(Msg::Notice(Notice::Down(reason))).is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        wait_ms = (wait_ms * 2).min(5000);
    }
}
