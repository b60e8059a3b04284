//! Opening, and the ladder that is climbed when the disk does not hold what it should.
//!
//! 1. Open the journal, take the snapshot of the State, replay what is beyond it, compare with the end of the tape.
//! 2. Where that fails: put sled's own snapshots (`snap.*`) and ours aside into `repair/` and try again; sled finds its rows by scanning its log.
//! 3. Where that fails: build a new journal beside the old one from all tapes and from whatever rows of the old one still read, begin
//!    a new epoch that names where the last one ended, make it `current`, and put the old one aside as `broken-…`.
//!
//! A store that was copied, or that a backup brought back, begins a new epoch as well: its chain may have gone on elsewhere, and no place in
//! a chain may be used twice. It is known by the file `here`, which names its own inode and time of birth. A disk restored whole, image over
//! image, keeps both: then whoever restores it deletes `here`.
//!
//! The change of `current` is one rename: a crash on the way leaves the old journal in use and the ladder is climbed anew. Only damage
//! climbs. A full disk, missing rights or missing keys are errors, and change nothing.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, UNIX_EPOCH};

use super::replay::{Head, closed_name, replay};
use super::{Home, OpenError, Store, StoreError, seal, site_draft, snapshot, tick};
use crate::durable;
use crate::event::{self, Event, Position, Sealed};
use crate::fact::{Body, UnixMs};
use crate::id::{DeviceId, EventId, OrgId};
use crate::index::Present;
use crate::journal::gather::gather;
use crate::journal::tape::{self, Items, Playback, Tape, TapeMark};
use crate::journal::{Journal, JournalError, Limits, Mark, Place, guard};
use crate::keyring::{Chance, Keyring};
use crate::model::{State, apply};
use crate::time::{Hlc, HlcClock};

pub(super) const SNAPSHOT: &str = "snap-state";
const CURRENT: &str = "current";
pub(super) const TAPE: &str = "tape";
/// A file of promised blocks that is given up when the disk is so full that even opening the journal would fail: sled writes a
/// snapshot of its own when it opens.
const BALLAST: &str = "ballast";
const BALLAST_BYTES: u64 = 8 << 20;
/// Says that events in the journal were found bad (`scrub.rs`).
pub(super) const SUSPECT: &str = "suspect";
/// Names where the store is.
const HERE: &str = "here";
/// How long a journal that failed to open may keep its lock in this process: sled's threads let go of it late.
const LOCK_TRIES: u32 = 200;
const LOCK_WAIT: Duration = Duration::from_millis(50);

/// Holds the directory for one process.
pub struct Lock(File);

impl Drop for Lock {
    /// Closing would do, but for a child process that was forked a moment ago and has not yet let go of its copy of the file.
    fn drop(&mut self) {
        let _ = rustix::fs::flock(&self.0, rustix::fs::FlockOperation::Unlock);
    }
}

impl Lock {
    pub(super) fn take(dir: &Path) -> Result<Lock, OpenError> {
        let path = dir.join("lock");
        let io = |source| OpenError::Io { path: path.clone(), source };
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        if let Err(error) = rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(io(error.into()));
            }
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            return Err(OpenError::InUse {
                path: dir.to_owned(),
                pid: Some(pid.trim().to_owned()).filter(|pid| !pid.is_empty()),
            });
        }
        // Only a help for people; a full disk must not keep the store shut.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Lock(file))
    }
}

pub(super) fn init(home: Home<'_>, org: OrgId, chance: &mut dyn Chance, now_ms: UnixMs, limits: Limits) -> Result<(), OpenError> {
    let Home { dir, seal } = home;
    let io = |source| OpenError::Io { path: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(io)?;
    let _lock = Lock::take(dir)?;
    let tapes = tape::files(&dir.join(TAPE)).map_err(io)?;
    if Keyring::exists(dir) || dir.join(CURRENT).symlink_metadata().is_ok() || !tapes.is_empty() {
        return Err(OpenError::Exists(dir.to_owned()));
    }
    let mut keyring = Keyring::create(dir, seal, org, chance)?;
    durable::sync_dir(durable::parent(dir)).map_err(io)?;
    begin(dir, &mut keyring, chance, now_ms, limits)
}

/// The first journal and its first two events. Epoch 0 in the keyring says that this was not finished, so it can be done again.
fn begin(dir: &Path, keyring: &mut Keyring, chance: &mut dyn Chance, now_ms: UnixMs, limits: Limits) -> Result<(), OpenError> {
    let io = |source| OpenError::Io { path: dir.to_owned(), source };
    let (name, path) = (journal_name(1), dir.join(journal_name(1)));
    if path.exists() {
        fs::remove_dir_all(&path).map_err(io)?;
    }
    let mut journal = Journal::open(&path, limits)?;
    let public_key = keyring.device().verifying_key();
    let device = event::device_id(&public_key);
    let mut clock = HlcClock::default();
    let mut events: Vec<Sealed> = Vec::new();
    let enrolled = Body::DeviceEnrolled { device, public_key: public_key.to_bytes().into() };
    for body in [enrolled, Body::EpochStarted { previous: None }] {
        let at = Position {
            epoch: 1,
            seq: events.len() as u64 + 1,
            prev: events.last().map(|event| event.id),
            hlc: tick(&mut clock, now_ms),
        };
        events.push(seal(keyring, chance, &site_draft(body), at)?);
    }
    journal.append(&events, &[])?;
    journal.close()?;
    point_to(dir, &name).map_err(io)?;
    keyring.start_epoch(1, chance)?;
    settle_here(dir).map_err(io)?;
    Ok(())
}

/// What an attempt to open leaves in hand.
struct Opened {
    journal: Journal,
    state: State,
    head: Head,
    tail: Tail,
    /// Events beyond the snapshot.
    replayed: u64,
}

pub(super) fn open(
    home: Home<'_>,
    mut chance: Box<dyn Chance>,
    now_ms: UnixMs,
    limits: Limits,
) -> Result<(Store, Vec<String>), OpenError> {
    let dir = home.dir;
    let io = |source| OpenError::Io { path: dir.to_owned(), source };
    if !dir.is_dir() {
        return Err(OpenError::NoStore(dir.to_owned()));
    }
    let found = dir.join(CURRENT).symlink_metadata().is_ok() || !tape::files(&dir.join(TAPE)).map_err(io)?.is_empty();
    if !found && !Keyring::exists(dir) {
        return Err(OpenError::NoStore(dir.to_owned()));
    }
    let lock = Lock::take(dir)?;
    let mut keyring = Keyring::open(dir, home.seal)?;
    let mut words = Vec::new();
    if keyring.settle(chance.as_mut())? {
        words.push("sealed the key-encryption key, which lay open".to_owned());
    }
    if keyring.epoch() == 0 {
        if dir.join(CURRENT).symlink_metadata().is_err() {
            begin(dir, &mut keyring, chance.as_mut(), now_ms, limits.clone())?;
            words.push("finished the first start, which was interrupted".to_owned());
        } else {
            keyring.start_epoch(1, chance.as_mut())?;
        }
    }
    sweep(dir).map_err(io)?;
    let ballast = dir.join(BALLAST);
    if ballast.exists() && (limits.free)(dir).map_err(io)? < BALLAST_BYTES {
        fs::remove_file(&ballast).map_err(io)?;
        words.push("the disk is full: gave up the ballast so that the journal can open".to_owned());
    }

    let device = event::device_id(&keyring.device().verifying_key());
    let suspect = dir.join(SUSPECT).exists();
    let mut opened = attempt(dir, &keyring, device, &limits, !suspect, &mut words);
    if let Err(JournalError::Damaged(reason)) = &opened {
        words.push(format!("the journal did not open: {reason}"));
        let moved = put_snapshots_aside(dir, now_ms).map_err(io)?;
        if moved > 0 {
            words.push(format!("put {moved} snapshot files aside into repair/ and tried again"));
            opened = attempt(dir, &keyring, device, &limits, false, &mut words);
            if let Err(JournalError::Damaged(reason)) = &opened {
                words.push(format!("the journal still did not open: {reason}"));
            }
        }
    }
    if let Err(JournalError::Damaged(_)) = &opened {
        rebuild(dir, &mut keyring, chance.as_mut(), now_ms, &limits, &mut words)?;
        opened = attempt(dir, &keyring, device, &limits, true, &mut words);
    }
    let Opened { mut journal, mut state, mut head, tail, replayed } = opened?;
    if suspect {
        fs::remove_file(dir.join(SUSPECT)).map_err(io)?;
    }
    if is_elsewhere(dir).map_err(io)? {
        let previous = head.id.map(|id| (keyring.epoch(), head.seq, id));
        let epoch = keyring.epoch() + 1;
        keyring.start_epoch(epoch, chance.as_mut())?;
        let at = Position { epoch, seq: 1, prev: None, hlc: tick(&mut HlcClock::after(head.hlc), now_ms) };
        let draft = site_draft(Body::EpochStarted { previous });
        let started = seal(&keyring, chance.as_mut(), &draft, at)?;
        journal.append(std::slice::from_ref(&started), &[])?;
        head = Head { seq: 1, id: Some(started.id), hlc: at.hlc };
        apply(&mut state, &Event { id: started.id, header: started.header, fact: Some(draft.fact) });
        settle_here(dir).map_err(io)?;
        words.push(format!("the store was copied or brought back from a backup: began epoch {epoch}"));
    }
    let mut tape = Tape::open(&dir.join(TAPE), tail.fragment).map_err(io)?;
    let mut taped = tail.last;
    // A full disk must not keep readers out: the tape catches up when there is room.
    let tape_behind = match catch_up(&mut tape, &journal, device, keyring.epoch(), &mut taped) {
        Ok(()) => false,
        Err(error) => {
            words.push(format!("the tape could not be completed yet: {error}"));
            true
        }
    };
    if !ballast.exists() && (limits.free)(dir).map_err(io)? >= limits.reserve_bytes.saturating_add(BALLAST_BYTES) {
        // Only a precaution: where the file system cannot promise blocks, there is none.
        let _ = File::create(&ballast)
            .map(|file| rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, BALLAST_BYTES));
    }
    let store = Store {
        dir: dir.to_owned(),
        epoch: keyring.epoch(),
        keyring,
        journal,
        tape,
        taped,
        tape_behind,
        tape_synced_ms: now_ms,
        present: Arc::new(RwLock::new(Present::of(state))),
        clock: HlcClock::after(head.hlc),
        device,
        seq: head.seq,
        prev: head.id,
        unsnapped: replayed,
        distrusted: false,
        chance,
        _lock: lock,
    };
    Ok((store, words))
}

/// `trusting`: whether snapshot and tape may spare the journal from being read. Where it is in doubt, all of it is read.
fn attempt(
    dir: &Path,
    keyring: &Keyring,
    device: DeviceId,
    limits: &Limits,
    trusting: bool,
    words: &mut Vec<String>,
) -> Result<Opened, JournalError> {
    let Some(path) = current(dir) else {
        return Err(JournalError::Damaged("there is none".to_owned()));
    };
    let journal = open_patiently(&path, limits)?;
    let mut state = match snapshot::read(&dir.join(SNAPSHOT), keyring) {
        _ if !trusting => State::default(),
        Ok(state) => state.unwrap_or_default(),
        Err(reason) => {
            words.push(format!("the snapshot of the state was not usable ({reason}); replayed everything"));
            State::default()
        }
    };
    let before = state.events();
    let replayed = guard(|| {
        // With a snapshot, little is left to replay.
        let playback = if trusting && before == 0 { Playback::new(&dir.join(TAPE)).ok() } else { None };
        let head = replay(&journal, playback, keyring, device, keyring.epoch(), &mut state)?;
        let tail = read_tail(&dir.join(TAPE), &journal)?;
        Ok((head, tail))
    });
    match replayed {
        Ok((head, tail)) => {
            let replayed = state.events().saturating_sub(before);
            Ok(Opened { journal, state, head, tail, replayed })
        }
        Err(error) => {
            // What sled does while it lets go of a damaged file must not end the process either.
            let _ = journal.close();
            Err(error)
        }
    }
}

/// Opens a journal of which this process holds the directory: a lock on it can only be left over from an attempt before, or be that of
/// a child that was forked meanwhile and has not begun its own program.
pub(super) fn open_patiently(path: &Path, limits: &Limits) -> Result<Journal, JournalError> {
    let mut tries = 0;
    loop {
        match guard(|| Journal::open(path, limits.clone())) {
            Err(JournalError::Locked(_)) if tries < LOCK_TRIES => {
                tries += 1;
                std::thread::sleep(LOCK_WAIT);
            }
            Err(JournalError::Locked(path)) => {
                return Err(JournalError::Damaged(format!("{}: an earlier attempt still holds it", path.display())));
            }
            opened => return opened,
        }
    }
}

/// The end of the tape.
#[derive(Debug, Clone, Copy, Default)]
struct Tail {
    /// Last event of this box on it: (epoch, seq).
    last: (u32, u64),
    /// Whether the last file ends in something that is no event.
    fragment: bool,
}

/// Reads what the tape got after its last known sync, and compares it with the journal: the journal is written first, so an event that
/// only the tape has was lost by the journal.
fn read_tail(dir: &Path, journal: &Journal) -> Result<Tail, JournalError> {
    let io = |source| JournalError::Io { path: dir.to_owned(), source };
    let mark = journal.mark(b"tape")?.as_deref().and_then(TapeMark::from_bytes).unwrap_or_default();
    let mut tail = Tail { last: mark.last, fragment: false };
    let files = tape::files(dir).map_err(io)?;
    if files.iter().all(|(number, _)| *number != mark.number) {
        // The tape is gone, or there never was one: it gets all that the journal has.
        tail.last = (0, 0);
    }
    for (number, path) in files.into_iter().filter(|(number, _)| *number >= mark.number) {
        let mut file = File::open(&path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let from = if number == mark.number { mark.bytes } else { 0 };
        if from > length {
            // Synced bytes are gone. Write on in a new file, with all that the journal has.
            tail = Tail { last: (0, 0), fragment: true };
            continue;
        }
        file.seek(io::SeekFrom::Start(from)).map_err(io)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let mut items = Items::new(&bytes);
        for item in items.by_ref() {
            let (epoch, seq) = (item.header.epoch, item.header.seq);
            if journal.place(item.id)?.is_none() {
                return Err(JournalError::Damaged(format!("the tape has event {seq} of epoch {epoch}, the journal does not")));
            }
            // Only an unbroken continuation counts as taped, so that a hole in the tape is filled again.
            let next = if epoch == tail.last.0 { seq == tail.last.1 + 1 } else { epoch > tail.last.0 && seq == 1 };
            if next && tail_follows(tail.last, epoch, journal, item.header.device)? {
                tail.last = (epoch, seq);
            }
        }
        tail.fragment = items.strange > 0;
    }
    Ok(tail)
}

/// Whether a first event of `epoch` may follow `last` on the tape: only when `last` was the end of its epoch.
fn tail_follows(last: (u32, u64), epoch: u32, journal: &Journal, device: DeviceId) -> Result<bool, JournalError> {
    if epoch == last.0 || last == (0, 0) {
        return Ok(true);
    }
    Ok(journal.last((device, last.0))?.unwrap_or_default() <= last.1)
}

/// Appends to the tape what the journal has after `taped`.
pub(super) fn catch_up(
    tape: &mut Tape,
    journal: &Journal,
    device: DeviceId,
    epoch: u32,
    taped: &mut (u32, u64),
) -> Result<(), StoreError> {
    for epoch in taped.0.max(1)..=epoch {
        let mut seq = if epoch == taped.0 { taped.1 } else { 0 };
        loop {
            let rows = journal.rows((device, epoch, seq + 1))?;
            let Some(last) = rows.last() else { break };
            seq = last.seq;
            let bytes: usize = rows.iter().map(|row| row.signed.len() + row.payload.as_ref().map_or(0, Vec::len)).sum();
            journal.check_space(bytes)?;
            tape.append(rows.iter().map(|row| (row.signed.as_slice(), row.payload.as_deref())))
                .map_err(|error| StoreError::Disk(format!("tape: {error}")))?;
            *taped = (epoch, seq);
        }
    }
    Ok(())
}

fn rebuild(
    dir: &Path,
    keyring: &mut Keyring,
    chance: &mut dyn Chance,
    now_ms: UnixMs,
    limits: &Limits,
    words: &mut Vec<String>,
) -> Result<(), OpenError> {
    let io = |source| OpenError::Io { path: dir.to_owned(), source };
    let old_path = current(dir);
    let number = journals(dir).map_err(io)?.into_iter().max().unwrap_or(0) + 1;
    let (name, path) = (journal_name(number), dir.join(journal_name(number)));
    let old = match &old_path {
        Some(path) => match open_patiently(path, limits) {
            Ok(old) => Some(old),
            Err(JournalError::Damaged(reason)) => {
                words.push(format!("nothing of the old journal reads ({reason})"));
                None
            }
            Err(error) => return Err(error.into()),
        },
        None => None,
    };
    let mut new = Journal::open(&path, limits.clone())?;
    let key = keyring.device().verifying_key();
    let found = gather(&mut new, old.as_ref(), &dir.join(TAPE), &key, keyring.epoch())?;
    if let Some(old) = old {
        let _ = old.close();
    }
    words.push(format!(
        "built a new journal: {} events from the tape, {} more from the old journal",
        found.from_tape, found.from_journal
    ));
    for (count, what) in [
        (found.unreadable, "rows of the old journal could not be read and are on no tape"),
        (found.strange_bytes, "bytes of the tape were no event"),
        (found.refused, "events were not true and are in quarantine"),
    ] {
        if count > 0 {
            words.push(format!("{count} {what}"));
        }
    }
    start_epoch(dir, &mut new, keyring, chance, now_ms, &found.untaped, words)?;
    new.close()?;
    let snapshot = dir.join(SNAPSHOT);
    if snapshot.exists() {
        fs::remove_file(snapshot).map_err(io)?;
    }
    point_to(dir, &name).map_err(io)?;
    if let Some(old_path) = old_path.filter(|path| path.exists()) {
        let aside = unused(dir, &format!("broken-{now_ms}"));
        fs::rename(&old_path, &aside).and_then(|()| durable::sync_dir(dir)).map_err(io)?;
        words.push(format!("put the old journal aside as {}", aside.file_name().unwrap_or_default().to_string_lossy()));
    }
    Ok(())
}

/// Closes the epochs that `new` has, and begins the next one.
fn start_epoch(
    dir: &Path,
    new: &mut Journal,
    keyring: &mut Keyring,
    chance: &mut dyn Chance,
    now_ms: UnixMs,
    untaped: &[Place],
    words: &mut Vec<String>,
) -> Result<(), OpenError> {
    let io = |source| OpenError::Io { path: dir.to_owned(), source };
    let device = event::device_id(&keyring.device().verifying_key());
    let mut marks = Vec::new();
    let mut hlc = Hlc::default();
    let mut previous: Option<(u32, u64, EventId)> = None;
    for (chain_device, epoch) in new.chains()? {
        let (mut count, mut from, mut missing) = (0_u64, 1, 0);
        loop {
            let rows = new.rows((chain_device, epoch, from))?;
            let Some(last) = rows.last() else { break };
            count += rows.len() as u64;
            missing = last.seq - count;
            let (id, header) = event::read(&last.signed)?;
            hlc = hlc.max(header.hlc);
            if chain_device == device {
                previous = Some((epoch, header.seq, id));
            }
            from = last.seq + 1;
        }
        if missing > 0 {
            words.push(format!("epoch {epoch} lacks {missing} of its events"));
        }
        let value = [count.to_be_bytes(), (from - 1).to_be_bytes()].concat();
        marks.push(Mark { name: closed_name(chain_device, epoch), value });
    }
    let epoch = keyring.epoch().max(previous.map_or(0, |(epoch, _, _)| epoch)) + 1;
    keyring.start_epoch(epoch, chance)?;
    let at = Position { epoch, seq: 1, prev: None, hlc: tick(&mut HlcClock::after(hlc), now_ms) };
    let started = seal(keyring, chance, &site_draft(Body::EpochStarted { previous }), at)?;
    // Puts on the tape what it lacks, in a file of its own: the last one may end in a fragment.
    let mut tape = Tape::open(&dir.join(TAPE), true).map_err(io)?;
    for place in untaped {
        if let Some(row) = new.row(*place)? {
            tape.append([(row.signed.as_slice(), row.payload.as_deref())]).map_err(io)?;
        }
    }
    tape.append([(started.signed.as_slice(), Some(started.payload.as_slice()))]).map_err(io)?;
    let (number, bytes) = tape.sync().map_err(io)?;
    let mark = TapeMark { number, bytes, last: (epoch, 1) };
    marks.push(Mark { name: b"tape".to_vec(), value: mark.to_bytes() });
    new.append(&[started], &marks)?;
    words.push(match previous {
        Some((ended, seq, _)) => {
            format!("began epoch {epoch} after event {seq} of epoch {ended}; anything later was neither on the tape nor readable")
        }
        None => format!("began epoch {epoch}; nothing of the epochs before it was on a tape or readable"),
    });
    Ok(())
}

/// The inode of a file and its time of birth, where the file system keeps one.
fn identity(file: &File) -> io::Result<String> {
    let metadata = file.metadata()?;
    let born = metadata.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    Ok(format!("inode {}, born {}\n", metadata.ino(), born.unwrap_or_default().as_nanos()))
}

/// Notes that the store is where it belongs.
fn settle_here(dir: &Path) -> io::Result<()> {
    durable::replace_with(&dir.join(HERE), |file| {
        let identity = identity(file)?;
        file.write_all(identity.as_bytes())
    })
}

/// Whether the store was last used somewhere else.
fn is_elsewhere(dir: &Path) -> io::Result<bool> {
    match File::open(dir.join(HERE)) {
        Ok(mut file) => {
            let mut noted = Vec::new();
            file.read_to_end(&mut noted)?;
            Ok(noted != identity(&file)?.as_bytes())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Puts sled's snapshots and the State's aside. Answers how many.
fn put_snapshots_aside(dir: &Path, now_ms: UnixMs) -> io::Result<usize> {
    let mut found = Vec::new();
    if let Some(path) = current(dir) {
        for entry in fs::read_dir(&path)? {
            let path = entry?.path();
            if path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("snap.")) {
                found.push(path);
            }
        }
        let state = dir.join(SNAPSHOT);
        if state.exists() {
            found.push(state);
        }
        if found.is_empty() {
            return Ok(0);
        }
        let repair = dir.join("repair");
        fs::create_dir_all(&repair)?;
        for from in &found {
            let name = from.file_name().unwrap_or_default().to_string_lossy();
            fs::rename(from, unused(&repair, &format!("{now_ms}-{name}")))?;
        }
        durable::sync_dir(&path)?;
        durable::sync_dir(&repair)?;
        durable::sync_dir(dir)?;
    }
    Ok(found.len())
}

/// Removes what an interrupted rebuild, compaction or write of an attachment left behind.
fn sweep(dir: &Path) -> io::Result<()> {
    // Without a current journal, the others may be all that is left: the ladder decides.
    if let Some(current) = current(dir) {
        for number in journals(dir)? {
            let name = journal_name(number);
            let path = dir.join(&name);
            match path.cmp(&current) {
                // The change to the newer one is done, putting this one aside is not.
                std::cmp::Ordering::Less => fs::rename(&path, unused(dir, &format!("broken-{name}")))?,
                std::cmp::Ordering::Equal => {}
                std::cmp::Ordering::Greater => fs::remove_dir_all(&path)?,
            }
        }
    }
    let attachments = dir.join("att");
    if attachments.is_dir() {
        for folder in fs::read_dir(attachments)? {
            for file in fs::read_dir(folder?.path())? {
                let path = file?.path();
                if path.extension().is_some() {
                    fs::remove_file(path)?;
                }
            }
        }
    }
    Ok(())
}

pub(super) fn journal_name(number: u32) -> String {
    format!("log-{number:04}")
}

/// Numbers of all journals in `dir`.
pub(super) fn journals(dir: &Path) -> io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        if let Some(number) = name.to_str().and_then(|name| name.strip_prefix("log-")).and_then(|number| number.parse().ok()) {
            numbers.push(number);
        }
    }
    Ok(numbers)
}

/// The journal in use.
pub(super) fn current(dir: &Path) -> Option<PathBuf> {
    fs::read_link(dir.join(CURRENT)).ok().map(|name| dir.join(name)).filter(|path| path.is_dir())
}

/// Makes a journal the one in use, in one rename.
pub(super) fn point_to(dir: &Path, name: &str) -> io::Result<()> {
    let link = dir.join(CURRENT);
    let temporary = durable::temporary(&link);
    if temporary.symlink_metadata().is_ok() {
        fs::remove_file(&temporary)?;
    }
    std::os::unix::fs::symlink(name, &temporary)?;
    fs::rename(&temporary, &link)?;
    durable::sync_dir(dir)
}

fn unused(dir: &Path, name: &str) -> PathBuf {
    let mut path = dir.join(name);
    let mut turn = 1;
    while path.symlink_metadata().is_ok() {
        turn += 1;
        path = dir.join(format!("{name}.{turn}"));
    }
    path
}
