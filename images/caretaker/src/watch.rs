//! `wegovnow-box watch-disk`: starts the box again when its own disk no longer answers.
//!
//! A disk that hangs takes every program with it that reads a page, but not the kernel, nor a watchdog of the hardware, nor
//! systemd as long as all that it needs is in memory: the screen stands, and nothing works. So blocks are read past the page
//! cache, and now and then one is written, by threads of their own, for a read that hangs cannot be called back. This file
//! decides; [`carry`] does it.

pub mod carry;
pub mod probe;
pub mod record;
#[cfg(test)]
mod tests;

use std::time::Duration;

/// Between reads. Reading wears no flash, and 4 KiB every 5 s is 70 MB a day.
pub const READ_EVERY: Duration = Duration::from_secs(5);
/// Between writes, of 4 KiB over themselves: 144 a day. A bad card writes a whole erase block for each, often 4 MiB: 0.6 GB a day,
/// which takes a card of 8 GB that bears 500 rounds 18 years. A card that reads and no longer writes is known after a quarter of an
/// hour; the daemon, which flushes every report, says so earlier if residents are there.
pub const WRITE_EVERY: Duration = Duration::from_secs(600);
/// Without a read that went well. Drivers wait 30 s for a SATA or NVMe disk, reset it, and ask again: that chance it has.
pub const READ_LIMIT: Duration = Duration::from_secs(60);
/// A write that is under way may stand behind an update, on a card that collects its garbage.
pub const WRITE_LIMIT: Duration = Duration::from_secs(180);
/// How often is looked.
pub const TICK: Duration = Duration::from_secs(1);

/// So many restarts in so long, and the next one would help no more: the box stays up and says what is wrong.
pub const RESTARTS_MAX: usize = 3;
pub const RESTARTS_WITHIN_S: u64 = 600;

/// What a thread that asks the disk tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A block was read, or why not, and how long that took.
    Read(Result<(), String>, Duration),
    WriteBegins,
    WriteEnds(Result<(), String>, Duration),
}

/// How the disk is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Answers,
    /// It answers, but not as it should; a restart would not mend that.
    Fails(String),
    /// It has not answered for too long.
    Silent(String),
}

/// What is known of the disk.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    now: Duration,
    /// Since the last read that went well.
    unread: Duration,
    read_error: Option<String>,
    /// Since the write began that is under way.
    writing: Option<Duration>,
    write_error: Option<String>,
    pub slowest_read: Duration,
    pub slowest_write: Duration,
}

impl Watch {
    pub fn new(now: Duration) -> Watch {
        Watch { now, ..Watch::default() }
    }

    pub fn hear(&mut self, event: Event) {
        match event {
            Event::Read(Ok(()), took) => {
                (self.unread, self.read_error) = (Duration::ZERO, None);
                self.slowest_read = self.slowest_read.max(took);
            }
            Event::Read(Err(error), _) => self.read_error = Some(error),
            Event::WriteBegins => self.writing = Some(Duration::ZERO),
            Event::WriteEnds(done, took) => {
                (self.writing, self.write_error) = (None, done.err());
                self.slowest_write = self.slowest_write.max(took);
            }
        }
    }

    /// Time goes on, but by two ticks at most: a machine that stood still itself could not have heard an answer.
    pub fn tick(&mut self, now: Duration) -> Verdict {
        let passed = now.saturating_sub(self.now).min(2 * TICK);
        self.now = now;
        self.unread += passed;
        if let Some(writing) = &mut self.writing {
            *writing += passed;
        }
        self.judge()
    }

    fn judge(&self) -> Verdict {
        if self.unread >= READ_LIMIT {
            let seconds = self.unread.as_secs();
            return Verdict::Silent(match &self.read_error {
                Some(error) => format!("no block could be read for {seconds} s: {error}"),
                None => format!("a read has had no answer for {seconds} s"),
            });
        }
        if let Some(writing) = self.writing.filter(|writing| *writing >= WRITE_LIMIT) {
            return Verdict::Silent(format!("a write has had no answer for {} s", writing.as_secs()));
        }
        match &self.write_error {
            Some(error) => Verdict::Fails(format!("data cannot be written: {error}")),
            None => Verdict::Answers,
        }
    }
}

/// A start that this program saw, and whether it had asked for it. Where the firmware keeps no notes that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Start {
    pub at_s: u64,
    pub is_ours: Option<bool>,
}

/// Starts that count at this moment. Times to come are of a clock that ran wild.
pub fn recent(starts: &[Start], now_s: u64) -> Vec<Start> {
    let is_recent = |start: &&Start| start.at_s <= now_s && now_s - start.at_s < RESTARTS_WITHIN_S;
    starts.iter().filter(is_recent).copied().collect()
}

/// May the box be started again because of its disk? What may have been a restart of ours counts as one.
pub fn may_restart(starts: &[Start], now_s: u64) -> bool {
    recent(starts, now_s).iter().filter(|start| start.is_ours != Some(false)).count() < RESTARTS_MAX
}
