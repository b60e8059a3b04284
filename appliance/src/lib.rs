//! wegovnowd, the only process that opens the store: what starts in which order, and how it stops.
//!
//! [`serve`] opens the store, starts the one writer thread, opens the doors and says so; when the shutdown comes it closes the doors,
//! lets what is in flight finish, then closes the store. A panic in a handler costs one answer; one in the writer ends the process,
//! so that the supervisor restarts it into a known state.
//!
//! What this crate does not do: it never decides what is allowed (the `store` crate does), and no log line holds a text, a code or an
//! address.

pub mod account;
pub mod answer;
pub mod app;
pub mod catalogue;
pub mod chance;
pub mod changes;
pub mod cli;
pub mod config;
pub mod demo;
pub mod health;
pub mod limit;
pub mod listen;
pub mod log;
pub mod machine;
pub mod openapi;
pub mod peer;
pub mod photo;
pub mod progress;
pub mod routes;
pub mod set_up;
pub mod staff;
pub mod upkeep;
pub mod view;
pub mod worker;
pub mod writer;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use store::store::{Home, Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::account::Accounts;
use crate::app::App;
use crate::changes::Changes;
use crate::config::Config;
use crate::limit::Guesses;
use crate::listen::{Door, SocketFile};
use crate::staff::StaffTable;
use crate::worker::Board;
use crate::writer::{Condition, HEARTBEAT, Writer};

/// Photos on their way in at the same time.
const UPLOADS: usize = 16;
/// A writer that gave no sign of life for so many heartbeats is stuck.
const MISSED_BEATS: u32 = 3;
/// How long a daemon whose disk took no write goes on answering readers before it restarts.
const READ_ONLY_GRACE: Duration = Duration::from_secs(60);
/// How often the writer is looked after.
const ROUND: Duration = Duration::from_secs(1);

/// A daemon that accepts connections.
pub struct Serving {
    /// The Unix socket.
    pub socket: Option<PathBuf>,
    /// The bound TCP address.
    pub tcp: Option<SocketAddr>,
    /// What handlers share.
    pub app: Arc<App>,
    /// How background work goes.
    pub board: Arc<Board>,
    ended: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Serving {
    /// Waits until everything has stopped and the store is closed.
    pub async fn stopped(self) -> anyhow::Result<()> {
        self.ended.await.context("the daemon's main task broke off")?
    }
}

/// Serves until the shutdown; the whole life of `wegovnowd serve`.
pub async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    serve(config, shutdown).await?.stopped().await
}

/// Opens everything; returns once connections are accepted.
pub async fn serve(config: Config, shutdown: CancellationToken) -> anyhow::Result<Serving> {
    let started = Instant::now();
    let now_ms = (config.clock)();

    tracing::info!(data = %config.data.display(), version = env!("CARGO_PKG_VERSION"), "opening the store");
    let (data, seal) = (config.data.clone(), config.seal.clone());
    let opening =
        tokio::task::spawn_blocking(move || Store::open(Home { dir: &data, seal }, Box::new(chance::SystemChance), now_ms));
    let (store, opened) = opening.await.context("opening the store broke off")?.with_context(|| {
        format!("the store in {} does not open (a new one is made by `wegovnowd init`)", config.data.display())
    })?;
    for line in &opened {
        tracing::warn!("{line}");
    }
    let present = store.present();
    let town_key = *store.town_key();
    let attachments = store.attachments();

    let map_file = config.data.join(set_up::MAP_FILE);
    let map = match map_file.exists().then(|| map::Town::open(&map_file)) {
        Some(Ok(town)) => Some(Arc::new(town)),
        Some(Err(error)) => {
            tracing::error!(%error, "the town's map does not open: serving without one");
            None
        }
        None => None,
    };

    let accounts = Accounts::read();
    let own_uid = rustix::process::getuid().as_raw();
    let staff = StaffTable::open(&config.data, config.staff.clone(), town_key, own_uid, &accounts)
        .with_context(|| format!("cannot read the table of staff names in {}", config.data.display()))?;

    let limits = config.limits.clone();
    let events = present.read().unwrap_or_else(std::sync::PoisonError::into_inner).state.events();
    let changes = Changes::new(events, limits.subscribers, limits.notices);
    let (writer, thread) = Writer::start(store, changes.clone(), Arc::clone(&config.clock), limits.waiting)
        .context("the writer thread does not start")?;

    let stop = CancellationToken::new();
    let app = Arc::new(App {
        guesses: Mutex::new(Guesses::new(limits.wrong_codes_per_minute, limits.wrong_codes_per_minute_all)),
        requests: Semaphore::new(limits.requests),
        uploads: Arc::new(Semaphore::new(UPLOADS)),
        decoding: Semaphore::new(1),
        openapi: serde_json::to_vec(&openapi::document())?,
        started_ms: now_ms,
        digest: Mutex::new(None),
        machine: machine::Reader::new(config.machine.clone()),
        stop: stop.clone(),
        present,
        writer,
        changes,
        attachments,
        staff,
        town_key,
        map,
        map_file,
        opened,
        config,
    });

    let router = routes::router(&app)?;
    let door = Door::new(router, limits, stop.clone());
    let mut socket_file: Option<SocketFile> = None;
    if let Some(path) = &app.config.socket {
        let (listener, file) = listen::unix(path)?;
        socket_file = Some(file);
        let table = Arc::clone(&app);
        let recognise = Arc::new(move |uid| table.staff.recognise(uid, &Accounts::read()));
        door.tracker.spawn(door.clone().serve_unix(listener, recognise));
        tracing::info!(socket = %path.display(), "listening");
    }
    let mut tcp = None;
    if let Some(address) = app.config.listen {
        let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let bound = listener.local_addr()?;
        door.tracker.spawn(door.clone().serve_tcp(listener));
        tracing::info!(address = %bound, "listening on TCP, where nobody is staff");
        tcp = Some(bound);
    }

    let board = Arc::new(Board::default());
    let workers = TaskTracker::new();
    for work in worker::ALL {
        workers.spawn(worker::repeat(work, Arc::clone(&app), Arc::clone(&board), stop.clone()));
    }

    let took_ms = started.elapsed().as_millis() as u64;
    tracing::info!(events, took_ms, "ready");
    // Without a service manager nobody listens, which is no error.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready, sd_notify::NotifyState::Status("serving")]);

    let running = Running { app: Arc::clone(&app), door, workers, thread, socket_file, shutdown };
    let socket = app.config.socket.clone();
    Ok(Serving { socket, tcp, app, board, ended: tokio::spawn(running.until_stopped()) })
}

/// What has to be stopped, in the order in which it is.
struct Running {
    app: Arc<App>,
    door: Door,
    workers: TaskTracker,
    thread: JoinHandle<Result<(), StoreError>>,
    socket_file: Option<SocketFile>,
    shutdown: CancellationToken,
}

impl Running {
    async fn until_stopped(self) -> anyhow::Result<()> {
        let why = self.watch().await;
        tracing::info!("stopping: no new connections");
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        self.app.stop.cancel();
        drop(self.socket_file);
        self.door.tracker.close();
        let patience = self.app.config.limits.stopping;
        if tokio::time::timeout(patience, self.door.tracker.wait()).await.is_err() {
            tracing::warn!(connections = self.door.tracker.len(), "some clients did not finish in time");
            self.door.cut.cancel();
            self.door.tracker.wait().await;
        }
        self.workers.close();
        self.workers.wait().await;
        tracing::info!("stopping: closing the store");
        let (writer, thread) = (self.app.writer.clone(), self.thread);
        let closed = tokio::task::spawn_blocking(move || {
            writer.stop();
            thread.join()
        });
        closed
            .await
            .context("closing the store broke off")?
            .map_err(|_| anyhow!("the writer panicked; the lines before this one say where"))?
            .context("the store did not close cleanly; it is repaired at the next start")?;
        tracing::info!("stopped");
        why
    }

    /// Looks after the writer until the shutdown, or until the daemon has to restart.
    async fn watch(&self) -> anyhow::Result<()> {
        let (mut beats, mut since) = (self.app.writer.pulse().beats(), Instant::now());
        let mut read_only_since: Option<Instant> = None;
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => return Ok(()),
                () = tokio::time::sleep(ROUND) => {}
            }
            let pulse = self.app.writer.pulse();
            if pulse.beats() != beats {
                (beats, since) = (pulse.beats(), Instant::now());
            }
            if self.thread.is_finished() {
                tracing::error!("the writer has ended on its own: stopping, so that a restart finds a known state");
                return Err(anyhow!("the writer has ended on its own"));
            }
            if since.elapsed() > HEARTBEAT * MISSED_BEATS {
                tracing::error!("the writer is stuck: aborting, so that a restart finds a known state");
                std::process::abort();
            }
            if pulse.condition() == Condition::ReadOnly {
                let first = *read_only_since.get_or_insert_with(Instant::now);
                if first.elapsed() > READ_ONLY_GRACE {
                    return Err(anyhow!("the disk did not take a write: a restart finds out what it holds"));
                }
            }
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        }
    }
}

#[cfg(test)]
mod tests;
