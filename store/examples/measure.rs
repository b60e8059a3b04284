//! Figures of the store beside SQLite (WAL, synchronous=FULL) doing the same durable work in the same run.
//!
//! `cargo run --release -p store --example measure [-- EVENTS [DIR]]`: durable appends of reports of about 1 KB in batches of 1 and 64,
//! sustained ingest, then start time and memory at EVENTS reports (100,000 unless said). `fill DIR EVENTS` leaves such a store behind, `start DIR`
//! starts it.

#![allow(clippy::disallowed_methods, reason = "measures how long things take")]

#[path = "../tests/disk/town.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod town;

use std::path::Path;
use std::process::Command as Process;
use std::time::{Duration, Instant};

use store::command::Command;
use town::{Urandom, init, open, report, submit, words};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("start") => start(Path::new(&arguments.next().ok_or("start DIR")?)),
        Some("fill") => {
            let dir = arguments.next().ok_or("fill DIR EVENTS")?;
            fill(Path::new(&dir), arguments.next().ok_or("fill DIR EVENTS")?.parse()?)
        }
        Some("replay") => start(Path::new(&arguments.next().ok_or("replay DIR")?)),
        events => {
            let events: u64 = events.unwrap_or("100000").parse()?;
            let parent = arguments.next().map_or_else(std::env::temp_dir, Into::into);
            compare(events, &parent)
        }
    }
}

fn compare(events: u64, parent: &Path) -> Result<(), Failure> {
    for (batch, count) in [(1, 1500), (64, 64 * 200)] {
        let ours = append_store(parent, batch, count)?;
        let theirs = append_sqlite(parent, batch, count)?;
        println!(
            "durable append, 1 KB, batch {batch}: store {}, SQLite {}, ratio {:.2}",
            ours.words(),
            theirs.words(),
            ours.per_second() / theirs.per_second()
        );
    }
    let dir = tempfile::tempdir_in(parent)?;
    let (mut store, _) = made(dir.path());
    let mut number = 0;
    // Half in batches as above, half in the largest that one commit takes.
    for (batch, until) in [(64, events / 2), (248, events)] {
        let mut figures = Figures::default();
        while number < until {
            let end = (number + batch).min(until);
            let commands: Vec<Command> = (number..end).map(|number| report(number, 700)).collect();
            figures.time(end - number, || drop(submit(&mut store, &commands)));
            number = end;
        }
        println!("sustained ingest up to {until} reports, batch {batch}, snapshots included: {}", figures.words());
    }
    println!("resident after ingest: {} MB", resident_mb()?);
    let began = Instant::now();
    store.close()?;
    println!("clean stop with snapshot: {:.2} s", began.elapsed().as_secs_f64());
    println!(
        "snapshot file: {} MB; on disk: {} MB",
        std::fs::metadata(dir.path().join("snap-state"))?.len() >> 20,
        size_mb(dir.path())?
    );
    // A process of its own, so that memory is that of a start.
    let start = |name: &str| Process::new(std::env::current_exe()?).arg(name).arg(dir.path()).status().map(drop);
    start("start")?;
    std::fs::remove_file(dir.path().join("snap-state"))?;
    print!("without snapshot: ");
    start("replay")?;
    Ok(())
}

/// Leaves a store of so many reports behind.
fn fill(dir: &Path, events: u64) -> Result<(), Failure> {
    let (mut store, _) = made(dir);
    for from in (0..events).step_by(200) {
        let commands: Vec<Command> = (from..(from + 200).min(events)).map(|number| report(number, 700)).collect();
        submit(&mut store, &commands);
    }
    Ok(store.close()?)
}

fn start(dir: &Path) -> Result<(), Failure> {
    let began = Instant::now();
    let (store, said) = open(dir);
    let took = began.elapsed();
    let reports = store.present().read().map_err(|_| "poisoned")?.state.report_count();
    println!("start at {reports} reports: {:.2} s, resident {} MB {said:?}", took.as_secs_f64(), resident_mb()?);
    Ok(store.close()?)
}

fn made(dir: &Path) -> (store::store::Store, Vec<String>) {
    init(dir);
    let (mut store, said) = open(dir);
    submit(&mut store, &words());
    (store, said)
}

fn append_store(parent: &Path, batch: u64, count: u64) -> Result<Figures, Failure> {
    let dir = tempfile::tempdir_in(parent)?;
    let (mut store, _) = made(dir.path());
    let mut figures = Figures::default();
    for from in (0..count).step_by(batch as usize) {
        let commands: Vec<Command> = (from..from + batch).map(|number| report(number, 700)).collect();
        figures.time(batch, || drop(submit(&mut store, &commands)));
    }
    store.close()?;
    Ok(figures)
}

/// The same rows: header, payload, place by id; one transaction for each batch.
fn append_sqlite(parent: &Path, batch: u64, count: u64) -> Result<Figures, Failure> {
    let dir = tempfile::tempdir_in(parent)?;
    let mut db = rusqlite::Connection::open(dir.path().join("db"))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.execute_batch(
        "CREATE TABLE hdr (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID;
         CREATE TABLE pay (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID;
         CREATE TABLE pos (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID;",
    )?;
    let mut chance = Urandom::open();
    let mut figures = Figures::default();
    for from in (0..count).step_by(batch as usize) {
        let rows: Vec<_> = (from..from + batch)
            .map(|number| {
                let mut id = [0; 32];
                let (mut header, mut payload) = (vec![0; 340], vec![0; 1024]);
                for bytes in [&mut id[..], &mut header, &mut payload] {
                    store::keyring::Chance::fill(&mut chance, bytes);
                }
                ([[0; 20].as_slice(), &number.to_be_bytes()].concat(), id, header, payload)
            })
            .collect();
        let mut outcome = Ok(());
        figures.time(batch, || {
            outcome = (|| -> rusqlite::Result<()> {
                let transaction = db.transaction()?;
                for (place, id, header, payload) in &rows {
                    transaction.prepare_cached("INSERT INTO hdr VALUES (?, ?)")?.execute((place, header))?;
                    transaction.prepare_cached("INSERT INTO pay VALUES (?, ?)")?.execute((id, payload))?;
                    transaction.prepare_cached("INSERT INTO pos VALUES (?, ?)")?.execute((id, place))?;
                }
                transaction.commit()
            })();
        });
        outcome?;
    }
    Ok(figures)
}

#[derive(Default)]
struct Figures {
    events: u64,
    took: Vec<Duration>,
}

impl Figures {
    fn time(&mut self, events: u64, work: impl FnOnce()) {
        let began = Instant::now();
        work();
        self.took.push(began.elapsed());
        self.events += events;
    }

    fn per_second(&self) -> f64 {
        self.events as f64 / self.took.iter().sum::<Duration>().as_secs_f64()
    }

    fn words(&self) -> String {
        let mut took = self.took.clone();
        took.sort();
        let ms = |part: f64| took[((took.len() - 1) as f64 * part) as usize].as_secs_f64() * 1000.0;
        format!("{:.0}/s (batch p50 {:.2} ms, p99 {:.2} ms, worst {:.0} ms)", self.per_second(), ms(0.5), ms(0.99), ms(1.0))
    }
}

fn resident_mb() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS")).ok_or("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).ok_or("no figure")?.parse::<u64>()? / 1024)
}

fn size_mb(dir: &Path) -> Result<u64, Failure> {
    let mut bytes = 0;
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                bytes += metadata.len();
            }
        }
    }
    Ok(bytes >> 20)
}
