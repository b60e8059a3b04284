use std::sync::Arc;

use api::{Point, ReportId, Status};
use map::pbf::testville;

use crate::app::Msg;
use crate::app::tests::Desk;
use crate::effects::Call;
use crate::keys::Context;
use crate::sample;
use crate::theme::Palette;

fn at((lat, lon): (f64, f64)) -> Point {
    Point::from_degrees(lat, lon).unwrap()
}

/// A desk with a base map of the made-up town.
fn desk() -> Desk {
    desk_in(testville::extract())
}

/// A desk with a base map. Its five reports: one in the middle, one to each side but the south, two at one place in the north.
fn desk_in(extract: map::pbf::Pbf) -> Desk {
    let mut desk = Desk::new();
    let places = [(4, 4), (4, 5), (4, 3), (6, 4), (6, 4)];
    for (row, (street, avenue)) in desk.rows.iter_mut().zip(places) {
        row.summary.place.point = at(testville::crossing(street, avenue));
    }
    if let Some(town) = &mut desk.app.shared.town {
        town.bounds = api::Bounds { min: at(testville::crossing(0, 0)), max: at(testville::crossing(7, 7)) };
    }
    let folder = tempfile::tempdir().unwrap();
    let (pbf, file) = (folder.path().join("town.osm.pbf"), folder.path().join("town"));
    extract.write(&pbf).unwrap();
    map::import(&pbf, None, &file, &mut |_| {}).unwrap();
    desk.app.shared.map = Some(Arc::new(map::Town::open(&file).unwrap()));
    let calls = desk.app.update(Msg::Notice(crate::effects::Notice::Change(api::Change {
        change: 1,
        what: api::What::Missed,
        report: None,
        reference: None,
        by: None,
    })));
    desk.asked.extend(calls.into_iter().filter(|(_, call)| !matches!(call, Call::Town)));
    desk.answer();
    desk
}

fn selected(desk: &Desk) -> Option<ReportId> {
    desk.app.triage.selected
}

#[test]
fn the_whole_queue_is_seen_and_keys_go_from_report_to_report() {
    let mut desk = desk();
    desk.keys("M");
    assert_eq!(desk.app.context(), Context::Map);
    let screen = desk.screen(100, 30);
    insta::assert_snapshot!(screen);
    assert!(screen.contains("5 of 5 here"), "{screen}");
    assert_eq!(selected(&desk), Some(sample::report_id(1)));

    // In directions: what lies that way, and nothing where nothing does.
    desk.keys("L");
    assert_eq!(selected(&desk), Some(sample::report_id(2)));
    desk.keys("HH");
    assert_eq!(selected(&desk), Some(sample::report_id(3)));
    desk.keys("H");
    assert_eq!((selected(&desk), desk.last()), (Some(sample::report_id(3)), "no report that way"));
    desk.keys("LK");
    assert!([4, 5].map(sample::report_id).map(Some).contains(&selected(&desk)));

    // As one reads: all of them, and round again.
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..5 {
        desk.keys("<Tab>");
        seen.insert(selected(&desk));
    }
    assert_eq!(seen.len(), 5, "{seen:?}");
    let before = selected(&desk);
    desk.keys("nN");
    assert_eq!(selected(&desk), before);
}

#[test]
fn a_map_opened_before_its_queue_is_fitted_once_that_comes() {
    let mut desk = desk();
    let (ticket, call) = {
        let calls =
            desk.app.update(Msg::Triage(crate::screens::triage::Msg::Command(crate::keys::Command::Queue(api::Queue::All))));
        calls.into_iter().find(|(_, call)| matches!(call, Call::Queue(_))).unwrap()
    };
    desk.keys("M");
    let early = desk.app.triage.town_map.clone().unwrap();
    let reply = desk.reply(ticket, call, &mut 50);
    desk.tell(reply);
    let fitted = desk.app.triage.town_map.clone().unwrap();
    assert!(fitted.across_m < early.across_m, "{} {}", fitted.across_m, early.across_m);
    assert!(desk.screen(100, 30).contains("5 of 5 here"));
}

#[test]
fn what_is_decided_on_the_map_is_the_report_under_the_cursor() {
    let mut desk = desk();
    desk.keys("ML");
    desk.keys("sfix<Enter>Emptied.<C-s>");
    let (_, decide) = desk.sent();
    assert_eq!(decide.on[0].report, sample::report_id(2));
    assert_eq!(decide.decision, api::Decision::SetStatus { status: Status::Fixed, answer: Some("Emptied.".into()) });
    desk.keys("<Enter>");
    assert_eq!(desk.app.context(), Context::Triage, "read in the list's screen");
    desk.keys("M<Esc>");
    assert_eq!(desk.app.context(), Context::Triage);
}

#[test]
fn a_place_is_looked_up_while_one_types() {
    let mut desk = desk();
    desk.keys("F");
    desk.keys("Maple Stret");
    let screen = desk.screen(100, 30);
    assert!(screen.contains("Find a place") && screen.contains("Maple Street"), "{screen}");
    desk.keys("<Enter>");
    assert_eq!(desk.app.context(), Context::Map);
    assert!(desk.last().starts_with("Maple Street: "), "{}", desk.last());
    let map = desk.app.triage.town_map.clone().unwrap();
    assert_eq!(map.pin.map(|(point, _)| point), Some(map.center));
    // Nothing fits: said, and nothing moves.
    desk.keys(":find xyzzy qq<Enter>");
    assert!(desk.last().contains("the map knows no"), "{}", desk.last());
    assert_eq!(desk.app.triage.town_map.as_ref().map(|now| now.center), Some(map.center));
}

#[test]
fn without_a_base_map_the_reports_are_there_and_looking_up_says_why_not() {
    let mut desk = Desk::new();
    desk.keys("F");
    assert!(desk.last().contains("no base map"), "{}", desk.last());
    desk.keys("M");
    assert!(desk.screen(80, 24).contains("5 of 5 here"));
}

#[test]
fn any_size_and_any_theme() {
    let mut desk = desk();
    desk.keys("M[[[[[[[[[]");
    for palette in [Palette::Default, Palette::Contrast, Palette::Mono] {
        for ascii in [false, true] {
            desk.app.shared.theme = crate::theme::Theme { palette, ascii };
            for (width, height) in [(20, 5), (40, 6), (80, 24), (200, 60)] {
                let screen = desk.screen(width, height);
                assert!(!ascii || screen.chars().all(|c| c.is_ascii() || c.is_alphabetic()), "{screen}");
            }
        }
    }
    desk.keys("hhhhhhhkkkkkkk");
    let bounds = desk.app.shared.town.as_ref().unwrap().bounds;
    let center = desk.app.triage.town_map.as_ref().unwrap().center;
    assert_eq!((center.lat_e7, center.lon_e7), (bounds.max.lat_e7, bounds.min.lon_e7), "it stops at the town's corner");
}

#[test]
fn the_map_in_words() {
    let mut desk = desk();
    desk.keys("M");
    let lines = super::lines(&desk.app.triage, &desk.app.shared);
    insta::assert_snapshot!(lines.join("\n"));
    desk.rows.truncate(1);
    desk.rows[0].summary.place.point = at((60.30, 24.92));
    desk.keys("<Esc>R");
    desk.keys(":find Maple Street<Enter>");
    let lines = super::lines(&desk.app.triage, &desk.app.shared);
    assert!(lines[0].starts_with("0 of 1 report of queue New within 500 m of Maple Street; nearest:"), "{lines:?}");
    assert!(lines[1].contains("15 km north:"), "{lines:?}");
}

#[test]
fn what_is_reckoned_and_the_part_of_town_are_said_wherever_a_place_is() {
    let mut extract = testville::extract();
    let place = at(testville::crossing(4, 4));
    extract.node(9_001, place.lat(), place.lon(), &[("place", "suburb"), ("name", "Northside")]);
    let beyond = at(testville::crossing(5, 7));
    extract.node(9_002, beyond.lat(), beyond.lon(), &[("addr:street", "Maple Street"), ("addr:housenumber", "36")]);
    let mut desk = desk_in(extract);
    // While one types, after it was chosen, and by command.
    desk.keys("FMaple Street 32");
    let screen = desk.screen(100, 30);
    assert!(screen.contains("32 Maple Street") && screen.contains("between known numbers"), "{screen}");
    let told = "32 Maple Street (put between known numbers), Northside: ";
    desk.keys("<Enter>");
    assert!(desk.last().starts_with(told), "{}", desk.last());
    desk.keys(":find Maple Street 32<Enter>");
    assert!(desk.last().starts_with(told), "{}", desk.last());
    let words = super::lines(&desk.app.triage, &desk.app.shared);
    assert!(words[0].contains("of 32 Maple Street (put between known numbers), Northside"), "{words:?}");
    desk.keys(":find Maple Street 28<Enter>");
    assert!(desk.last().starts_with("28 Maple Street, Northside: "), "{}", desk.last());
    // A report's place: below the map, in the report, and in words.
    let map = desk.screen(140, 30);
    assert!(map.contains(", Northside \u{b7} "), "{map}");
    desk.keys("<Esc>");
    let report = desk.screen(140, 36);
    assert!(report.contains(", Northside \u{b7} came in"), "{report}");
}
