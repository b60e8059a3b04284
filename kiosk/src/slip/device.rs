//! A printer at the end of a cable: the device file of Linux' USB printer class (`/dev/usb/lp0`), and the thread that serves it. A
//! printer that hangs stops this thread for a tenth of a second at a time, and the screen never.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

use super::driver::{Driver, Event};
use super::paper::Paper;
use super::{Letters, Slip, escpos};
use crate::app::{Msg, Reply, Ticket};
use crate::effects::Deliver;

/// How often it is tried to open a device that is not there.
const OPEN: Duration = Duration::from_secs(1);
/// The longest that the thread waits for a device; orders wait so long too.
const PATIENCE: Duration = Duration::from_millis(50);
/// After bytes that are none (an empty packet), so that they are not asked for without end.
const EMPTY: Duration = Duration::from_millis(10);

/// What can be printed on. Nothing of it blocks but `wait`, and that no longer than told.
pub trait Port {
    /// Sends some of the bytes; [`io::ErrorKind::WouldBlock`] when it takes none now.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Takes what it says; none, or [`io::ErrorKind::WouldBlock`], when it says nothing now.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize>;
    /// Waits until it says something, or takes something if that is wished for, or the time is over.
    fn wait(&mut self, to_write: bool, patience: Duration);
}

/// A device file.
pub struct Node {
    file: File,
    /// Some printers, and some cables, only listen.
    speaks: bool,
}

impl Node {
    pub fn open(path: &Path) -> io::Result<Node> {
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags.bits() as i32).open(path)?;
        // A mistake in the settings must not fill a disk with slips.
        if file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is a file, not a printer"));
        }
        Ok(Node { file, speaks: true })
    }
}

impl Port for Node {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if !self.speaks {
            return Ok(0);
        }
        match self.file.read(into) {
            // The kernel's answer for a printer without a way back.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                self.speaks = false;
                Ok(0)
            }
            Ok(0) => {
                std::thread::sleep(EMPTY);
                Ok(0)
            }
            read => read,
        }
    }

    fn wait(&mut self, to_write: bool, patience: Duration) {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, self.speaks);
        flags.set(PollFlags::OUT, to_write);
        let mut files = [PollFd::from_borrowed_fd(self.file.as_fd(), flags)];
        let patience = Timespec { tv_sec: 0, tv_nsec: i64::from(patience.min(PATIENCE).subsec_nanos()) };
        let told = poll(&mut files, Some(&patience));
        // A device that is gone, or a signal: no waiting, and no hurry either. The next read or write tells what is wrong.
        if told.is_err() || files.iter().any(|file| file.revents().intersects(PollFlags::ERR | PollFlags::HUP)) {
            std::thread::sleep(EMPTY);
        }
    }
}

/// Which printer, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub path: PathBuf,
    pub paper: Paper,
}

enum Order {
    Print(Ticket, Box<Slip>),
    Drop(Ticket),
}

/// The thread that serves a printer. It ends when this is dropped.
pub struct Printer {
    orders: Sender<Order>,
}

impl Printer {
    pub fn start(options: Options, deliver: Deliver) -> io::Result<Printer> {
        let (orders, arrived) = mpsc::channel();
        let Options { path, paper } = options;
        let name = path.display().to_string();
        let open = move || -> io::Result<Box<dyn Port>> { Ok(Box::new(Node::open(&path)?)) };
        std::thread::Builder::new().name("kiosk-print".to_owned()).spawn(move || {
            Server { open, name, driver: Driver::default(), letters: None, paper, deliver }.serve(&arrived);
        })?;
        Ok(Printer { orders })
    }

    pub fn print(&self, ticket: Ticket, slip: Box<Slip>) {
        // A thread that has died is a printer that does not answer: the core gives it up after a while.
        let _ = self.orders.send(Order::Print(ticket, slip));
    }

    pub fn drop_print(&self, ticket: Ticket) {
        let _ = self.orders.send(Order::Drop(ticket));
    }
}

struct Server<O> {
    open: O,
    /// For the log.
    name: String,
    driver: Driver,
    /// Made when the first slip is printed: looking for fonts takes a while and some memory.
    letters: Option<Letters>,
    paper: Paper,
    deliver: Deliver,
}

impl<O: FnMut() -> io::Result<Box<dyn Port>>> Server<O> {
    /// Serves until nobody gives orders any more.
    fn serve(&mut self, orders: &Receiver<Order>) {
        let start = Instant::now();
        let now_ms = || u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut port: Option<Box<dyn Port>> = None;
        let mut said = None;
        loop {
            self.driver.tick(now_ms());
            if port.is_none() {
                match (self.open)() {
                    Ok(opened) => {
                        tracing::info!(printer = self.name, "the printer is there");
                        port = Some(opened);
                        said = None;
                        self.driver.opened();
                    }
                    Err(error) => {
                        // Once for each reason: it is tried again every second.
                        if said != Some(error.kind()) {
                            tracing::warn!(printer = self.name, %error, "the printer cannot be opened; it is tried again and again");
                            said = Some(error.kind());
                        }
                        self.driver.lost();
                    }
                }
            }
            if let Some(open) = &mut port
                && let Err(error) = exchange(&mut self.driver, open.as_mut())
            {
                tracing::warn!(printer = self.name, %error, "the printer went away");
                port = None;
                self.driver.lost();
            }
            if self.driver.must_close() {
                tracing::warn!(printer = self.name, "the printer takes no bytes; it is closed, and opened again");
                port = None;
                self.driver.lost();
            }
            self.tell();
            let rest = match &mut port {
                Some(open) if self.driver.is_busy() => {
                    open.wait(!self.driver.to_write().is_empty(), PATIENCE);
                    Duration::ZERO
                }
                Some(_) => Duration::from_millis(self.driver.wake_ms().saturating_sub(now_ms()).max(1)),
                None => OPEN,
            };
            match orders.recv_timeout(rest) {
                Ok(Order::Print(ticket, slip)) => {
                    // Opened before it is printed on: it may have been plugged in just now.
                    if port.is_none()
                        && let Ok(opened) = (self.open)()
                    {
                        port = Some(opened);
                        self.driver.opened();
                    }
                    let letters = self.letters.get_or_insert_with(Letters::system);
                    let document = escpos::print(&slip, self.paper, letters);
                    drop(slip);
                    self.driver.tick(now_ms());
                    self.driver.print(ticket, document);
                    self.tell();
                }
                Ok(Order::Drop(ticket)) => self.driver.drop_print(ticket),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn tell(&mut self) {
        for event in self.driver.events() {
            (self.deliver)(match event {
                Event::Printer(printer) => Msg::Printer(printer),
                Event::Printed(ticket, printed) => Msg::Reply(ticket, Reply::Printed(printed)),
            });
        }
    }
}

/// Passes on what can be passed on now, both ways.
fn exchange(driver: &mut Driver, port: &mut dyn Port) -> io::Result<()> {
    use io::ErrorKind::{Interrupted, WouldBlock};
    let would_block = |error: &io::Error| matches!(error.kind(), WouldBlock | Interrupted);
    if !driver.to_write().is_empty() {
        match port.write(driver.to_write()) {
            Ok(count) => driver.wrote(count),
            Err(error) if would_block(&error) => {}
            Err(error) => return Err(error),
        }
    }
    let mut bytes = [0; 64];
    match port.read(&mut bytes) {
        Ok(count) => driver.read(bytes.get(..count).unwrap_or_default()),
        Err(error) if would_block(&error) => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
