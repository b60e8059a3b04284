//! Histories of several boxes, without keys and disks.

use sha2::{Digest, Sha256};

use crate::event::{Draft, Event, Header};
use crate::fact::*;
use crate::geo::{Area, Bounds, Point};
use crate::id::*;
use crate::model::{State, apply};
use crate::time::Hlc;

/// 2023-11-14.
pub(crate) const NOW: u64 = 1_700_000_000_000;

pub(crate) fn report(n: u8) -> ReportId {
    ReportId([n; 16])
}

pub(crate) fn staff(n: u8) -> StaffId {
    StaffId([n; 8])
}

pub(crate) fn category(code: &str) -> Category {
    Category {
        code: code.parse().unwrap(),
        names: [("en".parse().unwrap(), format!("Name of {code}"))].into(),
        descriptions: Texts::new(),
        keywords: Vec::new(),
        group: String::new(),
        department: "works".parse().unwrap(),
        kinds: vec![Kind::Problem],
        letter: 'L',
        icon: code.to_owned(),
        due_days: 5,
        near_radius_m: 50,
        questions: Vec::new(),
    }
}

pub(crate) fn department(code: &str) -> Department {
    Department { code: code.parse().unwrap(), names: [("en".parse().unwrap(), format!("Office of {code}"))].into() }
}

pub(crate) fn site() -> Site {
    let corner = |lat, lon| Point::from_degrees(lat, lon).unwrap();
    let area = Area::rectangle(Bounds { min: corner(60.0, 24.0), max: corner(61.0, 25.0) });
    Site { name: "Town".to_owned(), area, languages: vec!["en".parse().unwrap()], demo: false }
}

pub(crate) fn filed(n: u8, code: &str) -> Body {
    Body::ReportFiled {
        kind: Kind::Problem,
        category: code.parse().unwrap(),
        department: "works".parse().unwrap(),
        place: Place {
            point: Point { lat_e7: 601_000_000 + i32::from(n) * 1_000, lon_e7: 249_000_000 },
            address: Some(format!("Street {n}")),
        },
        text: format!("Lamp number{n} is out"),
        language: "en".parse().unwrap(),
        answers: Answers::new(),
        photo: (n % 2 == 1).then_some(AttachmentId([n; 32])),
        code: Some(CodeHash([n; 32])),
    }
}

/// A box: its chain and what it knows.
#[derive(Clone, Default)]
pub(crate) struct Device {
    number: u8,
    seq: u64,
    hlc: u64,
    head: Option<EventId>,
    pub state: State,
}

impl Device {
    pub fn new(number: u8, now_ms: u64) -> Device {
        Device { number, hlc: now_ms << 16, ..Device::default() }
    }

    /// Seals a draft and applies it here.
    pub fn seal(&mut self, draft: &Draft) -> Event {
        self.seq += 1;
        self.hlc += 1 << 16;
        let id = EventId(Sha256::digest([&[self.number][..], &self.seq.to_be_bytes(), &self.hlc.to_be_bytes()].concat()).into());
        let header = Header {
            version: 1,
            kind: kind_number(&draft.fact.body),
            org: OrgId([0; 16]),
            device: DeviceId([self.number; 16]),
            epoch: 1,
            seq: self.seq,
            prev: self.head.replace(id),
            hlc: Hlc(self.hlc),
            subject: draft.subject,
            refs: draft.refs.clone(),
            actor: draft.actor,
            grant: None,
            payload_hash: [0; 32],
            payload_bytes: 0,
            key: KeyId(draft.subject),
            class: 0,
            retention: 0,
        };
        let event = Event { id, header, fact: Some(draft.fact.clone()) };
        apply(&mut self.state, &event);
        event
    }

    /// Something happens here, knowing what this box knows.
    pub fn says(&mut self, subject: ReportId, body: Body) -> Event {
        self.decides(subject, None, body)
    }

    pub fn decides(&mut self, subject: ReportId, undoes: Option<EventId>, body: Body) -> Event {
        let heads = self.state.report(&subject).map(|report| report.heads()).unwrap_or_default();
        let refs = heads.into_iter().take(8).collect();
        let fact = Fact { request: None, undoes, body };
        self.seal(&Draft { subject: subject.0, refs, actor: Some(staff(self.number)), fact })
    }

    pub fn jumps(&mut self, ms: u64) {
        self.hlc += ms << 16;
    }
}

fn kind_number(body: &Body) -> u16 {
    match body {
        Body::DeviceEnrolled { .. } => 1,
        Body::EpochStarted { .. } => 2,
        Body::SiteOpened(_) => 16,
        Body::DepartmentDefined(_) => 17,
        Body::CategoryDefined(_) => 18,
        Body::ReportFiled { .. } => 32,
        Body::SupportGiven { .. } => 33,
        Body::CommentMade { .. } => 34,
        Body::StatusSet { .. } => 48,
        Body::CategoryChanged { .. } => 49,
        Body::DepartmentChanged { .. } => 50,
        Body::Assigned { .. } => 51,
        Body::NoteAdded { .. } => 52,
        Body::Merged { .. } => 53,
        Body::Deferred { .. } => 54,
        Body::Hidden { .. } => 55,
        Body::Shown { .. } => 56,
    }
}

/// Which box, what, which report, a detail, how far the clock went.
pub(crate) type Step = (u8, u8, u8, u8, u16);

/// What three boxes did, one of them in 1970 and one in 2099, in an order in which it may have become known.
pub(crate) fn history(steps: &[Step]) -> Vec<Event> {
    let mut boxes = [Device::new(1, NOW), Device::new(2, 0), Device::new(3, 4_070_908_800_000)];
    let mut events: Vec<Event> = Vec::new();
    for (who, what, which, detail, ms) in steps {
        let subject = report(which % 4);
        let target = match detail % 3 {
            0 => Target::Report,
            1 => Target::Photo,
            _ => Target::Comment(CommentId([detail % 2; 16])),
        };
        let at = usize::from(who % 3);
        if *what % 20 >= 17 {
            let known: Vec<&Event> = events.iter().filter(|event| event.header.device.0[0] == detail % 3 + 1).collect();
            // What another box says comes with what it refers to.
            if known.iter().all(|event| event.header.refs.iter().all(|id| knows(&events, *id, &known, &boxes[at]))) {
                known.iter().for_each(|event| apply(&mut boxes[at].state, event));
            }
            continue;
        }
        let boxed = &mut boxes[at];
        boxed.jumps(u64::from(*ms));
        let code = ["lamps", "roads"][usize::from(detail % 2)];
        let mut undoes = None;
        let body = match what % 20 {
            0 | 1 => filed(which % 4, code),
            2 => Body::SupportGiven { session: SessionId([detail % 4; 16]) },
            3 => Body::CommentMade {
                comment: CommentId([detail % 2; 16]),
                text: format!("comment {detail}"),
                language: "en".parse().unwrap(),
                by_reporter: detail % 2 == 0,
            },
            4 | 5 => Body::StatusSet { status: Status::ALL[usize::from(detail % 6)], answer: Some(format!("answer {detail}")) },
            6 => Body::CategoryChanged { category: code.parse().unwrap(), department: "parks".parse().unwrap() },
            7 => Body::DepartmentChanged { department: ["works", "parks"][usize::from(detail % 2)].parse().unwrap() },
            8 => Body::Assigned { to: (detail % 3 > 0).then(|| staff(*detail)) },
            9 => Body::NoteAdded { text: format!("note {detail}") },
            10 => Body::Merged { into: (detail % 5 > 0).then(|| report(detail % 5 - 1)) },
            11 => Body::Deferred { until: (detail % 2 > 0).then(|| NOW + u64::from(*detail)) },
            12 => Body::Hidden { target, reason: HideReason::Spam, explanation: format!("why {detail}") },
            13 => Body::Shown { target },
            14 | 15 => {
                let record = boxed.state.report(&subject).map(|report| report.record.as_slice()).unwrap_or_default();
                let Some(undone) = record.get(usize::from(*detail) % record.len().max(1)) else { continue };
                undoes = Some(undone.event);
                Body::NoteAdded { text: String::new() }
            }
            _ => Body::CategoryDefined(Category { due_days: u16::from(*detail), ..category(code) }),
        };
        let mut event = boxed.decides(subject, undoes, body);
        if detail % 29 == 7 {
            event.fact = None;
        }
        events.push(event);
    }
    events
}

fn knows(all: &[Event], id: EventId, coming: &[&Event], boxed: &Device) -> bool {
    let Some(event) = all.iter().find(|event| event.id == id) else { return false };
    let header = &event.header;
    let applied = boxed.state.chains().get(&(header.device, header.epoch)).is_some_and(|chain| chain.seq >= header.seq);
    applied || coming.iter().any(|event| event.id == id)
}

/// Another order that respects chains and references, drawn by `chance`.
pub(crate) fn reordered(events: &[Event], mut chance: u64) -> Vec<Event> {
    let mut left: Vec<&Event> = events.iter().collect();
    let mut order: Vec<Event> = Vec::with_capacity(events.len());
    while !left.is_empty() {
        let waits = |event: &Event| {
            left.iter().any(|other| {
                let before = other.header.device == event.header.device && other.header.seq < event.header.seq;
                before || event.header.refs.contains(&other.id)
            })
        };
        let ready: Vec<usize> = (0..left.len()).filter(|at| !waits(left[*at])).collect();
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let next = ready[(chance >> 33) as usize % ready.len()];
        order.push(left.remove(next).clone());
    }
    order
}
