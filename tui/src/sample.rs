//! A made-up town and its replies, for tests: nothing here needs a daemon.

use std::collections::BTreeMap;

use api::*;

/// 2026-03-03T09:41:00Z.
pub const NOW_MS: UnixMs = 1_772_530_860_000;
const HOUR_MS: UnixMs = 3_600_000;

fn texts(english: &str) -> Texts {
    BTreeMap::from([("en".parse().unwrap(), english.to_owned()), ("fi".parse().unwrap(), format!("{english} (fi)"))])
}

fn category(code: &str, name: &str, department: &str, letter: char) -> Category {
    Category {
        code: code.parse().unwrap(),
        names: texts(name),
        descriptions: texts(name),
        keywords: Vec::new(),
        group: "street".to_owned(),
        department: department.parse().unwrap(),
        kinds: vec![Kind::Problem, Kind::Suggestion],
        letter,
        icon: code.to_owned(),
        due_days: 5,
        near_radius_m: 100,
        questions: Vec::new(),
    }
}

pub fn town() -> Town {
    let point = |lat_e7, lon_e7| Point { lat_e7, lon_e7 };
    let bounds = Bounds { min: point(601_600_000, 249_100_000), max: point(601_800_000, 249_600_000) };
    Town {
        name: "Helsinki".to_owned(),
        place_name: "Library North".to_owned(),
        area: Area::rectangle(bounds),
        bounds,
        center: point(601_700_000, 249_400_000),
        languages: vec!["fi".parse().unwrap(), "en".parse().unwrap()],
        demo: true,
        version: "0.1.0".to_owned(),
        map_file: None,
        refuses: None,
        notices: Vec::new(),
        open_reports: 5,
        categories: vec![
            category("lighting", "Street lighting", "lights", 'L'),
            category("waste", "Waste and cleaning", "cleaning", 'W'),
            category("road", "Roads and pavements", "streets", 'R'),
            category("seat", "Benches and shelters", "parks", 'S'),
        ],
        departments: [
            ("lights", "Dept. Street lighting"),
            ("cleaning", "Dept. Cleaning"),
            ("streets", "Dept. Streets"),
            ("parks", "Dept. Parks"),
        ]
        .map(|(code, name)| Department { code: code.parse().unwrap(), names: texts(name) })
        .to_vec(),
        text_max: 4000,
        comment_max: 2000,
        photo_max: 8_000_000,
        now_ms: NOW_MS,
    }
}

pub fn health() -> Health {
    Health {
        state: "ok".to_owned(),
        version: "0.1.0".to_owned(),
        uptime_s: 7_200,
        events: 12,
        reports: 5,
        digest: "ab".repeat(32),
        free_bytes: 4 << 30,
        opened: vec!["the log was put aside and made anew".to_owned()],
        machine: None,
    }
}

pub fn staff(number: u8, name: &str) -> Staff {
    Staff { id: StaffId([number; 8]), name: name.to_owned() }
}

pub fn me() -> Me {
    Me { me: staff(1, "Aino Virtanen"), colleagues: vec![staff(2, "Bruno Rossi"), staff(3, "Clara Weiß")] }
}

pub fn report_id(number: u8) -> ReportId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&u32::from(number).wrapping_mul(0x2545_F491).to_be_bytes());
    id[15] = number;
    ReportId(id)
}

pub fn event(number: u8) -> EventId {
    EventId([number; 32])
}

#[expect(clippy::too_many_arguments, reason = "a row has so many columns")]
fn row(
    number: u8,
    kind: Kind,
    category: &str,
    department: &str,
    address: &str,
    title: &str,
    age_h: u64,
    people: u32,
    near: u32,
) -> Row {
    let id = report_id(number);
    Row {
        summary: Summary {
            id,
            reference: id.reference(),
            kind,
            category: category.parse().unwrap(),
            status: Status::Received,
            place: Place {
                point: Point { lat_e7: 601_700_000 + i32::from(number) * 2000, lon_e7: 249_400_000 + i32::from(number) * 3000 },
                address: Some(address.to_owned()),
            },
            title: title.to_owned(),
            language: "en".parse().unwrap(),
            filed_ms: NOW_MS - age_h * HOUR_MS,
            updated_ms: NOW_MS - age_h * HOUR_MS,
            people,
            comments: 1,
            has_photo: false,
            demo: true,
        },
        department: department.parse().unwrap(),
        assigned: None,
        due_ms: NOW_MS - age_h * HOUR_MS + 120 * HOUR_MS,
        deferred_ms: None,
        near,
        hidden: false,
        provisional: false,
        heads: vec![event(number)],
    }
}

pub fn rows() -> Vec<Row> {
    use Kind::{Problem, Suggestion};
    let mut rows = vec![
        row(1, Problem, "lighting", "lights", "Mannerheimintie 27", "Street light out", 2, 3, 2),
        row(2, Problem, "waste", "cleaning", "Aleksanterinkatu 5", "Bin overflowing, rats", 2, 1, 0),
        row(3, Suggestion, "seat", "parks", "Esplanadi 12", "Bench for the tram stop", 3, 7, 0),
        row(4, Problem, "road", "streets", "Fredrikinkatu 44", "Pothole, deep\u{1b}[31m, at the crossing 街灯", 5, 2, 1),
        row(5, Problem, "lighting", "lights", "Lönnrotinkatu 12", "Lamp flickers", 24 * 9, 1, 1),
    ];
    rows[4].assigned = Some(staff(2, "").id);
    rows
}

pub fn counts() -> QueueCounts {
    QueueCounts { new: 5, mine: 6, waiting: 9, overdue: 2, all: 231, closed: 80, hidden: 1 }
}

pub fn queue_reply(rows: Vec<Row>) -> QueueReply {
    QueueReply { total: rows.len() as u32, rows, counts: counts(), change: 7 }
}

pub fn record(number: u8, by: Option<u8>, decision: Option<Decision>, text: &str) -> Record {
    Record {
        event: event(number),
        at_ms: NOW_MS - HOUR_MS,
        by: by.map(|number| StaffId([number; 8])),
        decision,
        undoes: None,
        undoable: true,
        text: text.to_owned(),
    }
}

pub fn case(row: Row) -> Case {
    let near = |number: u8, title: &str, distance_m: u32| {
        let mut summary = self::row(number, Kind::Problem, "lighting", "lights", "Near street", title, 48, 1, 0).summary;
        summary.place.point =
            Point { lat_e7: row.summary.place.point.lat_e7 + i32::from(number) * 600, ..row.summary.place.point };
        Near { report: summary, distance_m }
    };
    Case {
        report: Report {
            summary: row.summary.clone(),
            text: "Dark since Monday, the corner by the pharmacy; my mother fell.\u{7}".to_owned(),
            answers: Answers::new(),
            photo: Some(AttachmentId([9; 32])),
            department: row.department.clone(),
            steps: vec![Step { at_ms: row.summary.filed_ms, status: Status::Received, answer: None }],
            comments: vec![Comment {
                id: CommentId([5; 16]),
                at_ms: NOW_MS - HOUR_MS,
                text: "Still dark tonight.".to_owned(),
                language: "en".parse().unwrap(),
                by_reporter: true,
                hidden: None,
            }],
            merged_into: None,
        },
        notes: vec![Note { at_ms: NOW_MS - HOUR_MS, by: Some(StaffId([2; 8])), text: "Same cable as last week".to_owned() }],
        record: vec![record(row.summary.id.0[15], None, None, "filed at Library North")],
        near: vec![near(11, "Lamp flickers", 40), near(12, "Street light out", 60)],
        merged: Vec::new(),
        row,
    }
}
