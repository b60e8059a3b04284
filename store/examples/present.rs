//! Measures the present of a large town: `cargo run --release -p store --no-default-features --example present -- [REPORTS]`.
//!
//! Prints what the State and its look-ups hold in memory, and how long a fold, a snapshot, a digest and the look-ups take.

#![allow(clippy::disallowed_methods, reason = "measuring needs a clock")]

use std::time::{Duration, Instant};

use store::command::{Actor, Command, Context};
use store::decide::{Verdict, decide};
use store::event::{Event, Header};
use store::fact::*;
use store::geo::{Area, Bounds, Point};
use store::id::*;
use store::index::{Filter, Index, Present, Queue};
use store::model::{State, apply};
use store::time::Hlc;

const NOW: u64 = 1_700_000_000_000;
const WORDS: &[&str] = &[
    "lamp", "pothole", "bench", "broken", "street", "corner", "school", "crossing", "dark", "since", "monday", "children",
    "water", "leaks", "under", "bridge", "bin", "full", "graffiti", "wall", "tree", "fallen", "over", "path", "ice", "slippery",
    "sign", "missing", "near",
];

/// xorshift64*: the same town at every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n
    }

    fn id<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next() as u8)
    }
}

struct Box {
    dice: Dice,
    seq: u64,
}

impl Box {
    fn event(&mut self, kind: u16, subject: [u8; 16], refs: Vec<EventId>, body: Body) -> Event {
        self.seq += 1;
        let header = Header {
            version: 1,
            kind,
            org: OrgId([0; 16]),
            device: DeviceId([1; 16]),
            epoch: 1,
            seq: self.seq,
            prev: None,
            hlc: Hlc::new(NOW + self.seq * 60_000, 0),
            subject,
            refs,
            actor: Some(StaffId([1; 8])),
            grant: None,
            payload_hash: [0; 32],
            payload_bytes: 0,
            key: KeyId(subject),
            class: 0,
            retention: 0,
        };
        let fact = Fact { request: Some(RequestId(self.dice.id())), undoes: None, body };
        Event { id: EventId(self.dice.id()), header, fact: Some(fact) }
    }

    fn words(&mut self, n: u64) -> String {
        let mut text = String::new();
        for _ in 0..n {
            let word = WORDS[self.dice.below(WORDS.len() as u64) as usize];
            // A tail of rare words, as people write.
            match self.dice.below(8) {
                0 => text.push_str(&format!("{word}{} ", self.dice.below(20_000))),
                _ => text.push_str(&format!("{word} ")),
            }
        }
        text.trim_end().to_owned()
    }
}

fn main() {
    let reports: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let mut town = Box { dice: Dice(42), seq: 0 };
    let events = history(&mut town, reports);
    println!("{} events about {reports} reports", events.len());

    let before = resident_mb();
    let start = Instant::now();
    let mut state = State::default();
    events.iter().for_each(|event| apply(&mut state, event));
    println!("fold            {:>8.1} ms, {:.0} MB", ms(start.elapsed()), resident_mb() - before);

    let start = Instant::now();
    let mut snapshot = Vec::new();
    ciborium::into_writer(&state, &mut snapshot).expect("memory takes it");
    println!("snapshot        {:>8.1} ms, {:.1} MB", ms(start.elapsed()), snapshot.len() as f64 / 1e6);
    let start = Instant::now();
    let read: State = ciborium::from_reader(snapshot.as_slice()).expect("it was written just now");
    println!("snapshot read   {:>8.1} ms, equal: {}", ms(start.elapsed()), read == state);
    drop((read, snapshot));
    let start = Instant::now();
    let digest = state.digest();
    println!("digest          {:>8.1} ms, {}", ms(start.elapsed()), hex(&digest[..4]));

    let before = resident_mb();
    let start = Instant::now();
    let index = Index::of(&state);
    println!("index           {:>8.1} ms, {:.0} MB", ms(start.elapsed()), resident_mb() - before);
    let mut present = Present { state, index };
    println!("resident        {:>8.0} MB with the events that were made for this", resident_mb());
    look_up(&present, &mut town.dice);
    act(&mut present, &mut town);
}

fn history(town: &mut Box, reports: u64) -> Vec<Event> {
    let corner = |lat_e7, lon_e7| Point { lat_e7, lon_e7 };
    let area = Area::rectangle(Bounds { min: corner(601_000_000, 248_000_000), max: corner(603_000_000, 251_000_000) });
    let zero = [0; 16];
    let site = Site { name: "Town".to_owned(), area, languages: vec![code("en")], demo: true };
    let mut events = vec![town.event(16, zero, Vec::new(), Body::SiteOpened(site))];
    for n in 0..20 {
        let department = Department { code: code(&format!("d{}", n % 6)), names: [(code("en"), format!("Office {n}"))].into() };
        events.push(town.event(17, zero, Vec::new(), Body::DepartmentDefined(department)));
        let category = Category {
            code: code(&format!("c{n}")),
            names: [(code("en"), format!("Category {n}"))].into(),
            descriptions: Texts::new(),
            keywords: Vec::new(),
            group: String::new(),
            department: code(&format!("d{}", n % 6)),
            kinds: vec![Kind::Problem, Kind::Suggestion],
            letter: 'C',
            icon: String::new(),
            due_days: 14,
            near_radius_m: 50,
            questions: Vec::new(),
        };
        events.push(town.event(18, zero, Vec::new(), Body::CategoryDefined(category)));
    }
    for _ in 0..reports {
        let id: [u8; 16] = town.dice.id();
        // Half of the town reports from its centre.
        let spread = if town.dice.below(2) == 0 { 1_800_000 } else { 300_000 };
        let point = corner(601_050_000 + town.dice.below(spread) as i32, 248_050_000 + town.dice.below(spread) as i32);
        let words = 6 + town.dice.below(30);
        let category = town.dice.below(20);
        let body = Body::ReportFiled {
            kind: if town.dice.below(4) == 0 { Kind::Suggestion } else { Kind::Problem },
            category: code(&format!("c{category}")),
            department: code(&format!("d{}", category % 6)),
            place: Place { point, address: Some(format!("{} {}", WORDS[town.dice.below(29) as usize], town.dice.below(120))) },
            text: town.words(words),
            language: code("en"),
            answers: Answers::new(),
            photo: (town.dice.below(3) == 0).then(|| AttachmentId(town.dice.id())),
            code: Some(CodeHash(town.dice.id())),
        };
        events.push(town.event(32, id, Vec::new(), body));
        for _ in 0..town.dice.below(4) {
            let session = SessionId(town.dice.id());
            events.push(town.event(33, id, Vec::new(), Body::SupportGiven { session }));
        }
        if town.dice.below(4) == 0 {
            let (comment, text) = (CommentId(town.dice.id()), town.words(10));
            let body = Body::CommentMade { comment, text, language: code("en"), by_reporter: false };
            events.push(town.event(34, id, Vec::new(), body));
        }
        let mut refs = Vec::new();
        for status in [Status::InProgress, Status::Fixed].into_iter().take(town.dice.below(3) as usize) {
            let answer = Some(town.words(12));
            let event = town.event(48, id, refs.clone(), Body::StatusSet { status, answer });
            refs = vec![event.id];
            events.push(event);
        }
    }
    events
}

fn look_up(present: &Present, dice: &mut Dice) {
    let Present { state, index } = present;
    let spot = |dice: &mut Dice| Point {
        lat_e7: 601_050_000 + dice.below(1_800_000) as i32,
        lon_e7: 248_050_000 + dice.below(1_800_000) as i32,
    };
    let me = StaffId([1; 8]);
    let now = NOW + 400_000 * 60_000;
    let open = Filter { open_only: true, public_only: true, ..Filter::default() };
    let all = Filter { public_only: true, ..Filter::default() };
    for (name, side) in [("box of a street", 20_000), ("box of a quarter", 200_000), ("box of the town", 2_000_000)] {
        times(name, || {
            let min = spot(dice);
            let min = if side > 1_000_000 { Point { lat_e7: 601_000_000, lon_e7: 248_000_000 } } else { min };
            let bounds = Bounds { min, max: Point { lat_e7: min.lat_e7 + side, lon_e7: min.lon_e7 + side } };
            index.within(state, &bounds, if dice.below(2) == 0 { &open } else { &all }, 500).0.len()
        });
    }
    times("near duplicates", || {
        let category = code(&format!("c{}", dice.below(20)));
        index.near(state, spot(dice), &category, 100.0, &open, 10).len()
    });
    times("nearest 100", || index.nearest(state, spot(dice), &open, 100).0.len());
    times("newest 500", || index.newest(state, &open, Some(NOW + dice.below(400_000) * 60_000), 500).0.len());
    for queue in [Queue::New, Queue::Mine, Queue::Overdue, Queue::All, Queue::Closed] {
        times(&format!("queue {queue:?}"), || index.queue(state, queue, me, now, &[], None, 0, 200).0.len());
    }
    times("queue, 2 words", || {
        let words = [WORDS[dice.below(29) as usize], WORDS[dice.below(29) as usize]].map(str::to_owned);
        index.queue(state, Queue::All, me, now, &words, None, 0, 200).0.len()
    });
    times("counts", || index.counts(state, me, now).all as usize);
}

/// Decide, apply, refresh: what one durable report costs beside the disk.
fn act(present: &mut Present, town: &mut Box) {
    let context = Context { actor: Actor::Resident, now_ms: NOW, staff: &[], photo_stored: false };
    times("file a report", || {
        let spread = town.dice.below(1_800_000) as i32;
        let command = Command::FileReport {
            report: ReportId(town.dice.id()),
            kind: Kind::Problem,
            category: code("c3"),
            place: Place { point: Point { lat_e7: 601_050_000 + spread, lon_e7: 249_000_000 }, address: None },
            text: town.words(20),
            language: code("en"),
            answers: Answers::new(),
            photo: None,
            code: Some(CodeHash(town.dice.id())),
        };
        let Ok(Verdict::New(drafts)) = decide(present, &command, &context) else { panic!("a good report is taken") };
        for draft in &drafts {
            let event = town.event(32, draft.subject, Vec::new(), draft.fact.body.clone());
            present.apply(&event);
        }
        drafts.len()
    });
}

fn times(name: &str, mut f: impl FnMut() -> usize) {
    let mut found = 0;
    let mut times: Vec<Duration> = (0..400)
        .map(|_| {
            let start = Instant::now();
            found += f();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("{name:<16}{:>8.3} ms p50, {:.3} ms p99, {} found on average", ms(times[200]), ms(times[396]), found / 400);
}

fn code<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text} is a code"))
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Resident memory by the kernel's own count; 0 where there is none.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kb = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1024.0
}
