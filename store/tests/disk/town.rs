//! A small town to file reports in.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use store::command::{Actor, Command, Context};
use store::fact::{Category, Department, Kind, Place, Site};
use store::geo::{Area, Point};
use store::id::{OrgId, ReportId};
use store::keyring::Chance;
use store::store::{Done, Store, Wish};

/// 2026-09-21.
pub const NOW_MS: u64 = 1_790_000_000_000;

/// The system's random numbers.
pub struct Urandom(File);

impl Urandom {
    pub fn open() -> Urandom {
        Urandom(File::open("/dev/urandom").expect("/dev/urandom"))
    }
}

impl Chance for Urandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.read_exact(bytes).expect("random bytes");
    }
}

pub fn context(now_ms: u64) -> Context<'static> {
    Context { actor: Actor::System, now_ms, staff: &[], photo_stored: true }
}

pub fn init(dir: &Path) {
    Store::init(dir, OrgId([7; 16]), &mut Urandom::open(), NOW_MS).expect("init");
}

pub fn open(dir: &Path) -> (Store, Vec<String>) {
    Store::open(dir, Box::new(Urandom::open()), NOW_MS).expect("open")
}

/// The words that a town needs before anyone can report.
pub fn words() -> Vec<Command> {
    let name = |text: &str| BTreeMap::from([("en".parse().expect("a language"), text.to_owned())]);
    let point = |lat_e7, lon_e7| Point { lat_e7, lon_e7 };
    let ring = vec![
        point(600_000_000, 240_000_000),
        point(600_000_000, 250_000_000),
        point(610_000_000, 250_000_000),
        point(610_000_000, 240_000_000),
        point(600_000_000, 240_000_000),
    ];
    vec![
        Command::OpenSite(Site {
            name: "Testby".to_owned(),
            area: Area(vec![vec![ring]]),
            languages: vec!["en".parse().expect("a language")],
            demo: true,
        }),
        Command::DefineDepartment(Department { code: "streets".parse().expect("a code"), names: name("Streets") }),
        Command::DefineCategory(Category {
            code: "lighting".parse().expect("a code"),
            names: name("Lighting"),
            descriptions: name("Lamps"),
            keywords: Vec::new(),
            group: "street".to_owned(),
            department: "streets".parse().expect("a code"),
            kinds: vec![Kind::Problem, Kind::Suggestion],
            letter: 'L',
            icon: "lamp".to_owned(),
            due_days: 14,
            near_radius_m: 50,
            questions: Vec::new(),
        }),
    ]
}

pub fn report_id(number: u64) -> ReportId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    id[8..].copy_from_slice(&number.to_be_bytes());
    ReportId(id)
}

/// Report `number`, with a text of about `text_bytes`.
pub fn report(number: u64, text_bytes: usize) -> Command {
    let mut text = format!("Lamp {number} is out.");
    while text.len() < text_bytes {
        text.push_str(" It has been dark here for a week.");
    }
    Command::FileReport {
        report: report_id(number),
        kind: Kind::Problem,
        category: "lighting".parse().expect("a code"),
        place: Place {
            point: Point {
                lat_e7: 600_000_001 + (number.wrapping_mul(7919) % 9_999_998) as i32,
                lon_e7: 240_000_001 + (number.wrapping_mul(104_729) % 9_999_998) as i32,
            },
            address: None,
        },
        text,
        language: "en".parse().expect("a language"),
        answers: BTreeMap::new(),
        photo: None,
        code: None,
    }
}

/// Submits all in one call; every wish must come true.
pub fn submit(store: &mut Store, commands: &[Command]) -> Vec<Done> {
    submit_at(store, commands, NOW_MS)
}

pub fn submit_at(store: &mut Store, commands: &[Command], now_ms: u64) -> Vec<Done> {
    let wishes: Vec<Wish<'_>> = commands.iter().map(|command| Wish { command, context: context(now_ms) }).collect();
    let answers = store.submit(&wishes).expect("durable");
    answers.into_iter().map(|answer| answer.expect("granted")).collect()
}

/// Submits reports `numbers`, in batches of fifty.
pub fn file(store: &mut Store, numbers: std::ops::Range<u64>) {
    let commands: Vec<Command> = numbers.map(|number| report(number, 120)).collect();
    commands.chunks(50).for_each(|chunk| drop(submit(store, chunk)));
}

pub fn digest(store: &Store) -> [u8; 32] {
    store.present().read().expect("present").state.digest()
}

/// Report numbers below `end` that the store does not have.
pub fn missing(store: &Store, end: u64) -> Vec<u64> {
    let present = store.present();
    let present = present.read().expect("present");
    (0..end).filter(|number| present.state.report(&report_id(*number)).is_none()).collect()
}
