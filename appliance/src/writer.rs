//! The one thread that changes the store.
//!
//! Handlers send it wishes over a bounded channel and await the answer, which comes after the disk has it. While one batch is being
//! flushed the next gathers, so the more is asked, the more each flush carries. Notices go out in the order of the facts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use api::What;
use store::decide::{Actor, Command, Context, Refusal};
use store::event::Event;
use store::fact::Body;
use store::id::StaffId;
use store::store::{Done, Store, StoreError, Wish};
use tokio::sync::oneshot;

use crate::changes::Changes;
use crate::config::Clock;

/// Most wishes in one batch.
const BATCH_MAX: usize = 256;
/// Most bytes of wishes in one batch.
const BATCH_BYTES_MAX: usize = 1 << 20;
/// Longest that a batch gathers.
const GATHER: Duration = Duration::from_millis(5);
/// Between two heartbeats.
pub const HEARTBEAT: Duration = Duration::from_secs(10);

/// Why a wish came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwritten {
    /// A rule said no.
    Refused(Refusal),
    /// Too many wishes are waiting.
    Busy,
    /// The disk is full.
    Full,
    /// The disk did not take a write; nothing is written until a restart.
    ReadOnly,
    /// The store could not read or seal what it needed; the log says what.
    Failed,
    /// The daemon is stopping.
    Stopping,
}

/// Whether the store takes writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Condition {
    Writing = 0,
    Full = 1,
    ReadOnly = 2,
}

impl Condition {
    /// The word for it on the wire; none when all is well.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Condition::Writing => None,
            Condition::Full => Some("storage_full"),
            Condition::ReadOnly => Some("read_only"),
        }
    }
}

/// One wish with what it needs to be decided.
struct Asked {
    command: Command,
    actor: Actor,
    staff: Arc<[StaffId]>,
    photo_stored: bool,
    reply: oneshot::Sender<Result<Done, Unwritten>>,
}

enum Order {
    Submit(Box<Asked>),
    Stop,
}

/// How the writer is, for everyone to read.
#[derive(Debug, Default)]
pub struct Pulse {
    beats: AtomicU64,
    condition: AtomicU8,
    damaged: AtomicBool,
}

impl Pulse {
    /// Grows as long as the writer lives.
    pub fn beats(&self) -> u64 {
        self.beats.load(Ordering::Relaxed)
    }

    pub fn condition(&self) -> Condition {
        match self.condition.load(Ordering::Relaxed) {
            0 => Condition::Writing,
            1 => Condition::Full,
            _ => Condition::ReadOnly,
        }
    }

    /// Whether events on the disk were found bad.
    pub fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    fn become_(&self, condition: Condition) {
        let before = self.condition();
        // There is no way back from a write that the disk refused but a restart.
        if before != Condition::ReadOnly && before != condition {
            self.condition.store(condition as u8, Ordering::Relaxed);
            match condition {
                Condition::Writing => tracing::info!("the disk has room again: writing goes on"),
                Condition::Full => tracing::error!("the disk is full: nothing new is taken until there is room"),
                Condition::ReadOnly => tracing::error!("the disk did not take a write: nothing new is taken until a restart"),
            }
        }
    }
}

/// The way to the writer. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    orders: SyncSender<Order>,
    pulse: Arc<Pulse>,
}

impl Writer {
    /// Starts the thread. It ends after [`Writer::stop`], when the store is closed.
    pub fn start(
        store: Store,
        changes: Changes,
        clock: Clock,
        waiting: usize,
    ) -> std::io::Result<(Writer, JoinHandle<Result<(), StoreError>>)> {
        let (orders, incoming) = sync_channel(waiting);
        let pulse = Arc::new(Pulse::default());
        let desk = Desk { store, changes, clock, pulse: Arc::clone(&pulse), incoming };
        let thread = std::thread::Builder::new().name("writer".to_owned()).spawn(move || desk.work())?;
        Ok((Writer { orders, pulse }, thread))
    }

    /// How the writer is.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Submits a wish. When this returns `Ok`, it is on disk and readers see it.
    pub async fn submit(
        &self,
        command: Command,
        actor: Actor,
        staff: Arc<[StaffId]>,
        photo_stored: bool,
    ) -> Result<Done, Unwritten> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Submit(Box::new(Asked { command, actor, staff, photo_stored, reply })))?;
        answer.await.unwrap_or(Err(Unwritten::Stopping))
    }

    /// Lets the writer finish what is waiting, then close the store.
    pub fn stop(&self) {
        // A full channel takes the order once there is room; a writer that is gone needs none.
        let _ = self.orders.send(Order::Stop);
    }

    fn order(&self, order: Order) -> Result<(), Unwritten> {
        self.orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => Unwritten::Busy,
            TrySendError::Disconnected(_) => Unwritten::Stopping,
        })
    }
}

/// What the thread holds.
struct Desk {
    store: Store,
    changes: Changes,
    clock: Clock,
    pulse: Arc<Pulse>,
    incoming: Receiver<Order>,
}

impl Desk {
    fn work(mut self) -> Result<(), StoreError> {
        let mut next_beat = Instant::now() + HEARTBEAT;
        loop {
            self.pulse.beat();
            if Instant::now() >= next_beat {
                let beat = self.store.heartbeat((self.clock)());
                self.note(beat.as_ref().map(|_| ()));
                if beat.is_ok() {
                    self.scrub();
                }
                next_beat = Instant::now() + HEARTBEAT;
            }
            match self.incoming.recv_timeout(next_beat.saturating_duration_since(Instant::now())) {
                Ok(Order::Submit(first)) => {
                    let (batch, stop) = self.gather(first);
                    self.submit(batch);
                    if stop {
                        break;
                    }
                }
                Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        // Whoever asked before the door closed is still answered.
        let mut rest = Vec::new();
        while let Ok(order) = self.incoming.try_recv() {
            if let Order::Submit(asked) = order {
                rest.push(*asked);
            }
        }
        if !rest.is_empty() {
            self.submit(rest);
        }
        self.store.close()
    }

    fn scrub(&mut self) {
        match self.store.scrub() {
            Ok(findings) => {
                for finding in &findings {
                    tracing::error!(
                        place = finding.place,
                        what = finding.what,
                        "an event on the disk went bad: a restart repairs it"
                    );
                }
                if !findings.is_empty() {
                    self.pulse.damaged.store(true, Ordering::Relaxed);
                }
            }
            Err(error) => self.note(Err(&error)),
        }
    }

    /// Everything that is waiting, within bounds; and whether the order to stop came.
    fn gather(&self, first: Box<Asked>) -> (Vec<Asked>, bool) {
        let started = Instant::now();
        let mut bytes = size(&first.command);
        let mut batch = vec![*first];
        while batch.len() < BATCH_MAX && bytes < BATCH_BYTES_MAX && started.elapsed() < GATHER {
            match self.incoming.try_recv() {
                Ok(Order::Submit(asked)) => {
                    bytes += size(&asked.command);
                    batch.push(*asked);
                }
                Ok(Order::Stop) => return (batch, true),
                Err(_) => break,
            }
        }
        (batch, false)
    }

    fn submit(&mut self, batch: Vec<Asked>) {
        let now_ms = (self.clock)();
        let outcome = {
            let wishes: Vec<Wish<'_>> = batch
                .iter()
                .map(|asked| Wish {
                    command: &asked.command,
                    context: Context { actor: asked.actor, now_ms, staff: &asked.staff, photo_stored: asked.photo_stored },
                })
                .collect();
            self.store.submit(&wishes)
        };
        self.note(outcome.as_ref().map(|_| ()));
        match outcome {
            Ok(outcomes) => {
                for (asked, outcome) in batch.into_iter().zip(outcomes) {
                    if let Ok(done) = &outcome
                        && !done.already
                    {
                        done.events.iter().for_each(|event| self.tell(event));
                    }
                    // A client that went away misses its answer; its wish is done all the same.
                    let _ = asked.reply.send(outcome.map_err(Unwritten::Refused));
                }
            }
            Err(error) => {
                let why = match error {
                    StoreError::Full(_) => Unwritten::Full,
                    StoreError::ReadOnly(_) => Unwritten::ReadOnly,
                    StoreError::Disk(_) | StoreError::Seal(_) => Unwritten::Failed,
                };
                for asked in batch {
                    let _ = asked.reply.send(Err(why.clone()));
                }
            }
        }
    }

    /// Takes notice of how the store answered a write.
    fn note(&self, outcome: Result<(), &StoreError>) {
        match outcome {
            Ok(()) => self.pulse.become_(Condition::Writing),
            Err(error @ StoreError::Full(_)) => {
                tracing::warn!(%error, "a write was refused");
                self.pulse.become_(Condition::Full);
            }
            Err(error @ StoreError::ReadOnly(_)) => {
                tracing::error!(%error, "a write failed");
                self.pulse.become_(Condition::ReadOnly);
            }
            Err(error) => tracing::error!(%error, "the store could not do what was asked"),
        }
    }

    fn tell(&self, event: &Event) {
        let Some(fact) = &event.fact else { return };
        let what = match &fact.body {
            Body::DeviceEnrolled { .. } | Body::EpochStarted { .. } => return,
            Body::SiteOpened(_) | Body::DepartmentDefined(_) | Body::CategoryDefined(_) => What::Town,
            Body::ReportFiled { .. } => What::Filed,
            Body::SupportGiven { .. } => What::Supported,
            Body::CommentMade { .. } => What::Commented,
            _ => What::Decided,
        };
        let report = (what != What::Town).then_some(store::id::ReportId(event.header.subject));
        self.changes.tell(what, report, event.header.actor);
    }
}

/// Bytes that a wish roughly takes.
fn size(command: &Command) -> usize {
    let texts = match command {
        Command::FileReport { text, answers, .. } => text.len() + answers.values().map(String::len).sum::<usize>(),
        Command::Comment { text, .. } => text.len(),
        _ => 0,
    };
    512 + texts
}
