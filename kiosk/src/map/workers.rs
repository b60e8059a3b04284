//! Threads that draw tiles and names while the screen goes on, and the tiles they have drawn.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use map::Town;
use map::style::{Color, Style};

use super::ground::{TILE_BYTES, Tile};
use super::lettering::Font;
use super::names::{Names, Wish};

/// Bytes of tiles kept at least: what is one pan or zoom away shall be there at once.
pub const KEPT_BYTES: usize = 96 << 20;
/// More threads than this would only take turns on a kiosk's processor.
const THREADS_MAX: usize = 4;

/// The screen waits no longer for what the threads share.
const PATIENCE: Duration = Duration::from_millis(4);
/// How far the threads stand back behind the one that answers to fingers.
const NICE: i32 = 10;

/// A drawn tile, shared between cache and screen.
pub type Pixels = Arc<Vec<u8>>;

/// What is there for a window right now.
#[derive(Debug, Default)]
pub struct There {
    /// The window's tiles, in the order asked for, where they are there.
    pub tiles: Vec<Option<Pixels>>,
    /// Tiles of other zooms, the most alike last: to show in the place of missing ones.
    pub others: Vec<(Tile, Pixels)>,
    /// The newest names.
    pub names: Option<Arc<Names>>,
    /// Changes whenever something has been drawn.
    pub done: u64,
}

/// The threads and what they share. Dropping it stops them.
#[derive(Debug)]
pub struct Workers {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    town: Arc<Town>,
    font: Arc<Font>,
    state: Mutex<State>,
    /// There is something to draw, or it is time to stop.
    wanted: Condvar,
    /// Something has been drawn.
    drawn: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Nearest first. Replaced at every frame: nobody waits for what has left the screen.
    queue: VecDeque<Job>,
    at_work: Vec<Job>,
    tiles: HashMap<Tile, Kept>,
    names: Option<Arc<Names>>,
    kept_bytes: usize,
    /// Tiles put away, to be freed when nobody waits for the lock.
    gone: Vec<Kept>,
    frame: u64,
    done: u64,
    stop: bool,
}

#[derive(Debug)]
struct Kept {
    pixels: Pixels,
    /// The frame that needed it last.
    used: u64,
}

#[derive(Debug, Clone, PartialEq)]
enum Job {
    Tile(Tile),
    Names(Wish),
}

impl Workers {
    /// Starts the threads: as many as the machine runs at once. Without any, [`Workers::wait`] draws by itself.
    pub fn new(town: Arc<Town>, font: Arc<Font>) -> Workers {
        let state = Mutex::new(State::default());
        let shared = Arc::new(Shared { town, font, state, wanted: Condvar::new(), drawn: Condvar::new() });
        let count = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        let start = |number: usize| {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new().name(format!("map-{number}")).spawn(move || shared.work()).ok()
        };
        let threads = (0..count).filter_map(start).collect();
        Workers { shared, threads }
    }

    /// Asks for a window: its tiles, then names, then tiles that may be needed next. Gives what is there already. While `zooming`
    /// nothing new is drawn: it would be gone before it is seen, and would push out what can be stretched. Unless it
    /// `must` be, nothing when a thread that gave way to something else keeps the screen waiting: the frame before is better than a late
    /// one.
    pub fn want(&self, tiles: &[Tile], names: Option<Wish>, next: &[Tile], zooming: bool, must: bool) -> Option<There> {
        let mut state = if must { self.shared.lock() } else { self.shared.lock_soon()? };
        state.frame += 1;
        let frame = state.frame;
        state.kept_bytes = KEPT_BYTES.max((tiles.len() + next.len()) * TILE_BYTES);
        let mut there = There { names: state.names.clone(), done: state.done, ..There::default() };
        for tile in tiles {
            let kept = state.tiles.get_mut(tile).map(|kept| {
                kept.used = frame;
                Arc::clone(&kept.pixels)
            });
            there.tiles.push(kept);
        }
        let shown = tiles.iter().chain(next).next().map(|tile| (tile.style, tile.zoom_milli));
        if let Some((style, zoom)) = shown.filter(|_| there.tiles.iter().any(Option::is_none)) {
            let others = state.tiles.iter().filter(|(tile, _)| tile.style == style && tile.zoom_milli != zoom);
            there.others = others.map(|(tile, kept)| (*tile, Arc::clone(&kept.pixels))).collect();
            // All of one zoom together.
            there
                .others
                .sort_by_key(|(tile, _)| (std::cmp::Reverse(tile.zoom_milli.abs_diff(zoom)), tile.zoom_milli, tile.x, tile.y));
        }
        let jobs = tiles.iter().copied().map(Job::Tile).chain(names.map(Job::Names)).chain(next.iter().copied().map(Job::Tile));
        let missing = jobs.filter(|job| {
            !zooming
                && match job {
                    Job::Tile(tile) => !state.tiles.contains_key(tile) && !state.at_work.contains(job),
                    Job::Names(_) => !state.at_work.contains(job),
                }
        });
        let queue: VecDeque<Job> = missing.collect();
        if !queue.is_empty() {
            self.shared.wanted.notify_all();
        }
        state.queue = queue;
        Some(there)
    }

    /// Waits until something has been drawn since `done` was read; returns at once when nothing is to be drawn.
    pub fn wait(&self, done: u64) {
        let mut state = self.shared.lock();
        while state.done == done && !(state.queue.is_empty() && state.at_work.is_empty()) {
            if self.threads.is_empty() {
                state = self.shared.draw_next(state);
            } else {
                state = self.shared.drawn.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Whether there is no thread: then someone must call [`Workers::wait`].
    pub fn is_alone(&self) -> bool {
        self.threads.is_empty()
    }

    /// Bytes of the tiles kept.
    pub fn bytes(&self) -> usize {
        self.shared.lock().tiles.len() * TILE_BYTES
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.wanted.notify_all();
        for thread in self.threads.drain(..) {
            // A thread that has panicked has nothing left to clean up.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// A panic of another thread leaves whole tiles behind, never half a change: the state stays usable.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lock, if it can be had within a moment.
    fn lock_soon(&self) -> Option<MutexGuard<'_, State>> {
        let began = Instant::now();
        loop {
            match self.state.try_lock() {
                Ok(state) => return Some(state),
                Err(TryLockError::Poisoned(state)) => return Some(state.into_inner()),
                Err(TryLockError::WouldBlock) if began.elapsed() >= PATIENCE => return None,
                Err(TryLockError::WouldBlock) => std::thread::yield_now(),
            }
        }
    }

    fn work(&self) {
        give_way();
        let mut state = self.lock();
        while !state.stop {
            if state.queue.is_empty() {
                state = self.wanted.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else {
                state = self.draw_next(state);
            }
        }
    }

    /// Takes the next job, draws with the lock released, keeps the result.
    fn draw_next<'s>(&'s self, mut state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        let Some(job) = state.queue.pop_front() else { return state };
        state.at_work.push(job.clone());
        let gone = std::mem::take(&mut state.gone);
        drop(state);
        drop(gone);
        let mut tile = None;
        let mut names = None;
        // A bug in drawing one tile must not take the map away from the resident: that tile stays bare ground.
        let drawn = catch_unwind(AssertUnwindSafe(|| match &job {
            Job::Tile(wanted) => tile = wanted.render(&self.town).map(|pixels| (*wanted, pixels)),
            Job::Names(wish) => names = Some(Names::place(&self.town, &self.font.letters(), wish.clone())),
        }));
        if drawn.is_err() {
            tracing::error!(?job, "drawing this part of the map failed");
        }
        let mut state = self.lock();
        match (&job, tile, names) {
            (Job::Tile(wanted), None, _) => state.keep(*wanted, bare(wanted.style)),
            (_, Some((wanted, pixels)), _) => state.keep(wanted, pixels),
            (Job::Names(_), _, Some(names)) => state.names = Some(Arc::new(names)),
            (Job::Names(wish), _, None) => state.names = Some(Arc::new(Names::none(wish.clone()))),
        }
        state.at_work.retain(|other| *other != job);
        state.done += 1;
        self.drawn.notify_all();
        state
    }
}

impl State {
    fn keep(&mut self, tile: Tile, pixels: Vec<u8>) {
        let used = self.frame;
        self.tiles.insert(tile, Kept { pixels: Arc::new(pixels), used });
        while self.tiles.len() * TILE_BYTES > self.kept_bytes.max(KEPT_BYTES) {
            let oldest = self.tiles.iter().min_by_key(|(tile, kept)| (kept.used, tile.style, tile.zoom_milli, tile.x, tile.y));
            let Some(oldest) = oldest.map(|(tile, _)| *tile) else { return };
            self.gone.extend(self.tiles.remove(&oldest));
        }
    }
}

/// Lets whatever answers to fingers go first: on Linux a thread's niceness is its own.
fn give_way() {
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "the map's threads are as urgent as the screen's");
    }
}

/// A tile of bare ground.
fn bare(style: Style) -> Vec<u8> {
    let Color(red, green, blue) = style.palette().land;
    [red, green, blue].repeat(TILE_BYTES / 3)
}
