//! A disk that loses power: a server for QEMU's network block devices (NBD) that keeps unflushed writes apart, and drops, keeps or
//! tears them when it is cut. Ending QEMU loses nothing, for the host's page cache keeps all; this does.
//!
//! The protocol is that of `doc/proto.md` of the NBD project: fixed newstyle handshake, simple replies.

mod protocol;
mod volatile;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};

use protocol::{Command, Request};
use volatile::Volatile;
pub use volatile::{Chance, Cut};

use crate::machine::medium::Medium;

/// Errors of the protocol, numbered as on Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Refusal {
    Io = 5,
    Invalid = 22,
    NoSpace = 28,
}

/// What is wrong with the disk.
#[derive(Debug, Clone, Default)]
pub struct Fault {
    /// Nothing is answered until another fault is set; then what was asked for is done, late.
    pub hangs: bool,
    /// A flush is answered and not done, as cheap cards do it.
    pub lies: bool,
    /// Before every answer.
    pub delay: Duration,
    /// Writes that reach beyond this byte find no space.
    pub full_from: Option<u64>,
    /// Reads and writes that touch these bytes fail.
    pub broken: Option<std::ops::Range<u64>>,
    /// The power fails when this flush is asked for, counted from 1; nothing of it is done.
    pub cut_at_flush: Option<u64>,
    /// The power fails when this write has come, counted from 1; what it brings is not flushed.
    pub cut_at_write: Option<u64>,
}

struct Disk {
    file: File,
    length: u64,
    fault: Fault,
    volatile: Volatile,
    chance: Chance,
    flushes: u64,
    writes: u64,
    cut: Option<Cut>,
    /// Reads since a trace was asked for: first byte and length.
    trace: Option<Vec<(u64, u64)>>,
}

/// What all clients ask, and what wakes those that hang.
#[derive(Clone)]
struct Shared {
    disk: Arc<Mutex<Disk>>,
    mended: Arc<Condvar>,
}

/// The server of one disk, until it is dropped.
pub struct Server {
    shared: Shared,
    over: Arc<AtomicBool>,
    socket: PathBuf,
    listener: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves a raw file on a socket. The seed decides what a cut keeps.
    pub fn start(file: &Path, socket: &Path, fault: Fault, seed: u64) -> Result<Server> {
        let file =
            OpenOptions::new().read(true).write(true).open(file).with_context(|| format!("cannot open {}", file.display()))?;
        let length = file.metadata()?.len();
        let chance = Chance::new(seed);
        let disk =
            Disk { file, length, fault, volatile: Volatile::default(), chance, flushes: 0, writes: 0, cut: None, trace: None };
        let shared = Shared { disk: Arc::new(Mutex::new(disk)), mended: Arc::default() };
        let over = Arc::new(AtomicBool::new(false));
        let listener = UnixListener::bind(socket).with_context(|| format!("cannot listen on {}", socket.display()))?;
        let (served, stop) = (shared.clone(), Arc::clone(&over));
        let listener = thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { break };
                let shared = served.clone();
                // Ends with its client, or with the cut.
                thread::spawn(move || drop(serve(stream, &shared)));
            }
        });
        Ok(Server { shared, over, socket: socket.to_owned(), listener: Some(listener) })
    }

    pub fn medium(&self) -> Medium {
        Medium::Nbd(self.socket.clone())
    }

    /// Takes the power away, unless that has happened: what was not flushed is kept, torn or lost. Nothing is served afterwards.
    pub fn cut(&self) -> Result<Cut> {
        let mut disk = self.shared.lock();
        disk.power_fails()?;
        disk.cut.context("the disk was not cut")
    }

    /// Has the power failed, at the flush where it should?
    pub fn is_cut(&self) -> bool {
        self.shared.lock().cut.is_some()
    }

    /// Flushes that were asked for.
    pub fn flushes(&self) -> u64 {
        self.shared.lock().flushes
    }

    /// Writes that have come.
    pub fn writes(&self) -> u64 {
        self.shared.lock().writes
    }

    /// Begins to note reads, or gives what was read since it began.
    pub fn trace(&self) -> Vec<(u64, u64)> {
        self.shared.lock().trace.replace(Vec::new()).unwrap_or_default()
    }

    /// From now on this is wrong with the disk. What waits for one that hung is done.
    pub fn set_fault(&self, fault: Fault) {
        self.shared.set(fault);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Nobody is left to mend it.
        self.shared.set(Fault::default());
        // Wakes the one that waits for clients.
        let _ = UnixStream::connect(&self.socket);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        let _ = std::fs::remove_file(&self.socket);
    }
}

impl Disk {
    fn power_fails(&mut self) -> io::Result<()> {
        if self.cut.is_none() {
            self.cut = Some(self.volatile.cut(&self.file, &mut self.chance)?);
        }
        Ok(())
    }

    /// Carries a request out: what was read, or why not.
    fn answer(&mut self, request: &Request) -> Result<Vec<u8>, Refusal> {
        let Request { command, offset, length, .. } = *request;
        let end = offset.checked_add(u64::from(length)).filter(|end| *end <= self.length);
        let is_write = matches!(command, Command::Write | Command::WriteZeroes | Command::Trim);
        if command == Command::Flush {
            return self.flush().map(|()| Vec::new()).map_err(|_| Refusal::Io);
        }
        let end = end.ok_or(if is_write { Refusal::NoSpace } else { Refusal::Invalid })?;
        if self.fault.broken.as_ref().is_some_and(|broken| offset < broken.end && broken.start < end) {
            return Err(Refusal::Io);
        }
        if is_write && self.fault.full_from.is_some_and(|full_from| end > full_from) {
            return Err(Refusal::NoSpace);
        }
        match command {
            Command::Read => {
                if let Some(trace) = &mut self.trace {
                    trace.push((offset, u64::from(length)));
                }
                let mut bytes = vec![0; length as usize];
                self.file.read_exact_at(&mut bytes, offset).map_err(|_| Refusal::Io)?;
                self.volatile.read(offset, &mut bytes);
                Ok(bytes)
            }
            Command::Write | Command::WriteZeroes | Command::Trim => {
                let content = (command == Command::Write).then(|| request.data.clone());
                self.volatile.write(offset, u64::from(length), content, request.is_durable && !self.fault.lies);
                self.volatile.limit(&self.file).map_err(|_| Refusal::Io)?;
                self.writes += 1;
                if self.fault.cut_at_write == Some(self.writes) {
                    self.power_fails().map_err(|_| Refusal::Io)?;
                }
                Ok(Vec::new())
            }
            Command::Cache | Command::Flush | Command::Disconnect => Ok(Vec::new()),
            Command::Unknown => Err(Refusal::Invalid),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushes += 1;
        if self.fault.cut_at_flush == Some(self.flushes) {
            return self.power_fails();
        }
        if self.fault.lies { Ok(()) } else { self.volatile.flush(&self.file) }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, fault: Fault) {
        self.lock().fault = fault;
        self.mended.notify_all();
    }

    /// The disk, once it does not hang.
    fn wait(&self) -> MutexGuard<'_, Disk> {
        self.mended.wait_while(self.lock(), |disk| disk.fault.hangs).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves one client until it leaves or the power fails.
fn serve(mut stream: UnixStream, shared: &Shared) -> io::Result<()> {
    let length = shared.lock().length;
    if !protocol::shake_hands(&mut stream, length)? {
        return Ok(());
    }
    loop {
        let request = Request::read(&mut stream)?;
        if request.command == Command::Disconnect {
            return Ok(());
        }
        let delay = shared.wait().fault.delay;
        if !delay.is_zero() {
            thread::sleep(delay);
        }
        let answer = {
            let mut disk = shared.wait();
            if disk.cut.is_some() {
                return Ok(());
            }
            let answer = disk.answer(&request);
            // The one that asked never hears of it.
            if disk.cut.is_some() {
                return Ok(());
            }
            answer
        };
        protocol::reply(&mut stream, request.cookie, answer)?;
    }
}

#[cfg(test)]
mod tests;
