//! What [`super::Watch`] decides, carried out on the machine.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::Builder;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::mm::MlockAllFlags;
use rustix::system::RebootCommand;
use sd_notify::NotifyState;

use super::record::{self, NOTE, REPORT, Report};
use super::{Event, READ_EVERY, TICK, Verdict, WRITE_EVERY, Watch, probe};
use crate::{Caretaker, file, stamp};

/// Below `/var/lib/wegovnow-box`: what is written.
const PROBE: &str = "disk-probe";
/// How often `status` is told how the disk is, without need.
const TELL_EVERY: u32 = 60;
/// For the firmware to take a note; some of it takes seconds to erase a block of its own flash.
const NOTE_LIMIT: Duration = Duration::from_secs(10);

/// Watches for ever; comes back when nothing can be watched.
pub fn run(care: &Caretaker<'_>) -> Result<()> {
    let slot = stamp::slot(care)?;
    let device = care.places.at(format!("/dev/disk/appliance/root-{}", slot.letter()));
    let reader = probe::Reader::open(&device).with_context(|| format!("cannot read {}", device.display()))?;
    let may_restart = record::begin(care).unwrap_or_else(|error| {
        care.system.log(&format!("what cannot be noted does not start the box again: {error:#}"));
        false
    });
    let machine = Handles::open(care);
    let (to, events) = mpsc::channel();
    probe::read_on(reader, READ_EVERY, to.clone()).context("no thread to read the disk")?;
    probe::write_on(care.places.var(PROBE), WRITE_EVERY, to).context("no thread to write to the disk")?;
    // Nothing of this program is to be fetched from a disk that is gone.
    rustix::mm::mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE).context("cannot keep this program in memory")?;
    // systemd may be stuck itself: what it does not hear is no reason to wait.
    let _ = sd_notify::notify(&[NotifyState::Ready, NotifyState::Status("the disk answers")]);
    watch(care, &events, may_restart, &machine)
}

/// What is needed at the end, opened while the disk is there.
struct Handles {
    kernel_log: Option<File>,
    magic: Option<File>,
    note: PathBuf,
    report: PathBuf,
}

impl Handles {
    fn open(care: &Caretaker<'_>) -> Handles {
        let open = |path: &str| OpenOptions::new().write(true).open(care.places.at(path)).ok();
        Handles {
            kernel_log: open("/dev/kmsg"),
            magic: open("/proc/sysrq-trigger"),
            note: care.places.at(NOTE),
            report: care.places.run(REPORT),
        }
    }

    /// On the serial line and the screen; the journal may be stuck on the disk.
    fn say(&self, text: &str) {
        if let Some(mut log) = self.kernel_log.as_ref() {
            let _ = log.write_all(format!("<2>wegovnow: {text}\n").as_bytes());
        }
    }

    /// Memory holds the folder.
    fn tell(&self, report: &Report) {
        let written = serde_json::to_vec(report).map_err(io::Error::other).and_then(|bytes| replace(&self.report, &bytes));
        if let Err(error) = written {
            self.say(&format!("how the disk is cannot be told: {error}"));
        }
    }
}

/// Without a flush, which would be for a disk.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, bytes)?;
    fs::rename(new, path)
}

fn watch(care: &Caretaker<'_>, events: &Receiver<Event>, may_restart: bool, machine: &Handles) -> Result<()> {
    let mut watch = Watch::new(care.system.elapsed());
    let mut told = None;
    let mut untold = 0;
    loop {
        match events.recv_timeout(TICK) {
            Ok(event) => watch.hear(event),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => anyhow::bail!("the threads that ask the disk have ended"),
        }
        let verdict = watch.tick(care.system.elapsed());
        if let Verdict::Silent(why) = &verdict
            && may_restart
        {
            // systemd hears nothing more: should all of this fail, it ends this program.
            restart(machine, why);
            continue;
        }
        let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        untold += 1;
        if told.as_ref() == Some(&verdict) && untold < TELL_EVERY {
            continue;
        }
        let trouble = match &verdict {
            Verdict::Answers => None,
            Verdict::Fails(why) => Some(why.clone()),
            Verdict::Silent(why) => Some(format!("{why}; the box no longer starts again for it")),
        };
        // Seconds that go on are no news.
        let is_news = told.as_ref().map(std::mem::discriminant) != Some(std::mem::discriminant(&verdict));
        if let Some(trouble) = trouble.as_ref().filter(|_| is_news) {
            machine.say(&format!("the disk: {trouble}"));
        }
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        machine.tell(&Report {
            restarts: may_restart,
            trouble,
            slowest_read_ms: ms(watch.slowest_read),
            slowest_write_ms: ms(watch.slowest_write),
        });
        (told, untold) = (Some(verdict), 0);
    }
}

/// Starts the machine again, with nothing that the disk has a part in: no program, no sync, no file system.
fn restart(machine: &Handles, why: &str) {
    machine.say(&format!("the disk does not answer, the box starts again: {why}"));
    let (done, noted) = mpsc::channel();
    let (variable, text) = (machine.note.clone(), why.to_owned());
    // Firmware that hangs must not hold this up.
    let note = move || {
        let _ = done.send(record::leave_note(&variable, &text));
    };
    match Builder::new().name("note".to_owned()).stack_size(128 * 1024).spawn(note) {
        Ok(_) => match noted.recv_timeout(NOTE_LIMIT) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => machine.say(&format!("the firmware takes no note of it: {error}")),
            Err(_) => machine.say("the firmware takes no note of it"),
        },
        Err(error) => machine.say(&format!("no thread for a note: {error}")),
    }
    // As the key for it does, whatever kernel.sysrq says of keys: at once. An orderly restart waits for drivers, and they for the disk.
    if let Some(mut magic) = machine.magic.as_ref() {
        let _ = magic.write_all(b"b");
    }
    let said = rustix::system::reboot(RebootCommand::Restart);
    machine.say(&format!("the kernel does not start the box again: {said:?}"));
}

/// How the disk is, where somebody watches it.
pub fn report(care: &Caretaker<'_>) -> Option<Report> {
    file::read_json(&care.places.run(REPORT))
}
