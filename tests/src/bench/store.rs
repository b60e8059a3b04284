//! Durable appends of events of about 1 KB: our journal beside SQLite (WAL, synchronous = FULL) with the same bytes in the same batches.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use appliance::chance::SystemChance;
use rusqlite::Connection;
use store::command::{Actor, Command, Context};
use store::event::{Draft, Position, Sealed, seal};
use store::fact::{Body, Fact, Kind, Place};
use store::geo::Point;
use store::id::{EventId, OrgId, ReportId};
use store::journal::{Journal, Limits};
use store::keyring::Keyring;
use store::store::{Store, Wish};
use store::time::Hlc;

use super::{Report, disk};
use crate::site::chance;

/// Rounds, ours and theirs by turns, so that a slow moment of the disk hits both.
const ROUNDS: usize = 6;

/// Text that makes a sealed event of a report one kilobyte, header included.
fn text(number: u64) -> String {
    format!("{number:08} {}", "The street light at the corner has been dark since Monday. ".repeat(6))
}

/// Sealed events of one chain, about 1 KB each.
fn events(org: OrgId, keyring: &Keyring, from: u64, prev: &mut Option<EventId>, count: u64) -> Result<Vec<Sealed>> {
    (from..from + count)
        .map(|seq| {
            let subject: [u8; 16] = chance();
            let body = Body::ReportFiled {
                kind: Kind::Problem,
                category: "light".parse()?,
                department: "streets".parse()?,
                place: Place {
                    point: Point { lat_e7: 601_600_000, lon_e7: 249_300_000 },
                    address: Some("Birch Street 5".into()),
                },
                text: text(seq),
                language: "en".parse()?,
                answers: Default::default(),
                photo: None,
                code: None,
            };
            let draft = Draft { subject, refs: Vec::new(), actor: None, fact: Fact { request: None, undoes: None, body } };
            let at = Position { epoch: 1, seq, prev: *prev, hlc: Hlc::new(1_790_000_000_000 + seq, 0) };
            let sealed = seal(&draft, org, at, keyring.device(), &chance(), &chance())?;
            *prev = Some(sealed.id);
            Ok(sealed)
        })
        .collect()
}

fn sqlite(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(
        "CREATE TABLE hdr (dev BLOB, ep INTEGER, seq INTEGER, signed BLOB, PRIMARY KEY (dev, ep, seq)) WITHOUT ROWID;
         CREATE TABLE pay (id BLOB PRIMARY KEY, dev BLOB, ep INTEGER, seq INTEGER, payload BLOB) WITHOUT ROWID;",
    )?;
    Ok(connection)
}

fn append_sqlite(connection: &mut Connection, batch: &[Sealed]) -> Result<()> {
    let transaction = connection.transaction()?;
    {
        let mut header = transaction.prepare_cached("INSERT INTO hdr VALUES (?, ?, ?, ?)")?;
        let mut payload = transaction.prepare_cached("INSERT INTO pay VALUES (?, ?, ?, ?, ?)")?;
        for event in batch {
            let place = (event.header.device.0, event.header.epoch, event.header.seq as i64);
            header.execute((place.0, place.1, place.2, &event.signed))?;
            payload.execute((event.id.0, place.0, place.1, place.2, &event.payload))?;
        }
    }
    Ok(transaction.commit()?)
}

/// Batches of 1 and 64, then the whole way of a report from wish to acknowledgement.
pub fn measure(report: &mut Report) -> Result<()> {
    println!("\nstore: durable appends of 1 KB events");
    let folder = disk()?;
    let org = OrgId([1; 16]);
    let ours = folder.path().join("ours");
    std::fs::create_dir(&ours)?;
    let keyring = Keyring::create(&ours, None, org, &mut SystemChance).map_err(|error| anyhow!("{error}"))?;
    let log = ours.join("log");
    std::fs::create_dir(&log)?;
    let mut journal = Journal::open(&log, Limits::default())?;
    let mut theirs = sqlite(&folder.path().join("theirs.sqlite"))?;
    let (mut next, mut prev) = (1, None);
    for (batch, batches, bar) in [(1_u64, 150_u64, 0.5), (64, 60, 1.0)] {
        let (mut our_time, mut their_time, mut bytes) = (Duration::ZERO, Duration::ZERO, 0);
        for round in 0..ROUNDS {
            let events = events(org, &keyring, next, &mut prev, batch * batches)?;
            next += batch * batches;
            bytes = events.iter().map(|event| event.signed.len() + event.payload.len()).sum::<usize>() / events.len();
            let mut run_ours = || -> Result<Duration> {
                let started = Instant::now();
                for part in events.chunks(batch as usize) {
                    journal.append(part, &[])?;
                }
                Ok(started.elapsed())
            };
            let mut run_theirs = || -> Result<Duration> {
                let started = Instant::now();
                for part in events.chunks(batch as usize) {
                    append_sqlite(&mut theirs, part)?;
                }
                Ok(started.elapsed())
            };
            // Who goes first changes from round to round.
            let (one, other) = if round % 2 == 0 {
                let one = run_ours()?;
                (one, run_theirs()?)
            } else {
                let other = run_theirs()?;
                (run_ours()?, other)
            };
            our_time += one;
            their_time += other;
        }
        let count = (batch * batches * ROUNDS as u64) as f64;
        let (our_rate, their_rate) = (count / our_time.as_secs_f64(), count / their_time.as_secs_f64());
        let ratio = our_rate / their_rate;
        report.bar(
            &format!("durable append, batch {batch}, {bytes} bytes"),
            format!("{our_rate:.0}/s, SQLite {their_rate:.0}/s: {ratio:.2}×"),
            &format!("≥ {bar}×"),
            ratio >= bar,
        );
    }
    drop(journal);
    ingest(report, &folder.path().join("whole"))
}

/// The whole way: decide, seal, sign, append, sync, tape, apply.
fn ingest(report: &mut Report, dir: &Path) -> Result<()> {
    Store::init(dir, OrgId([1; 16]), &mut SystemChance, 1_790_000_000_000)?;
    let (mut store, _) = Store::open(dir, Box::new(SystemChance), 1_790_000_000_000)?;
    let system = Context { actor: Actor::System, now_ms: 1_790_000_000_000, staff: &[], photo_stored: false };
    for command in super::large::founding()? {
        store.submit(&[Wish { command: &command, context: system }])?.remove(0)?;
    }
    const BATCHES: u64 = 120;
    const BATCH: u64 = 256;
    let started = Instant::now();
    for batch in 0..BATCHES {
        let commands: Vec<Command> = (0..BATCH)
            .map(|i| {
                Ok(Command::FileReport {
                    report: ReportId(chance()),
                    kind: Kind::Problem,
                    category: "light".parse()?,
                    place: Place {
                        point: Point { lat_e7: 601_600_000 + (batch * BATCH + i) as i32, lon_e7: 249_300_000 },
                        address: None,
                    },
                    text: text(batch * BATCH + i),
                    language: "en".parse()?,
                    answers: [("lamp-fault".parse()?, "out".to_owned())].into(),
                    photo: None,
                    code: None,
                })
            })
            .collect::<Result<_>>()?;
        let wishes: Vec<Wish<'_>> =
            commands.iter().map(|command| Wish { command, context: Context { actor: Actor::Resident, ..system } }).collect();
        for done in store.submit(&wishes)? {
            done?;
        }
    }
    let rate = (BATCHES * BATCH) as f64 / started.elapsed().as_secs_f64();
    report.bar(
        "sustained ingest, wish to acknowledgement, batch 256",
        format!("{rate:.0} events/s"),
        "≥ 10,000/s",
        rate >= 10_000.0,
    );
    store.close()?;
    Ok(())
}
