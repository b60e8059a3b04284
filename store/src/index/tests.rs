use proptest::prelude::*;

use super::*;
use crate::fact::{Body, HideReason, Kind, Target};
use crate::model::tests::history::{Device, NOW, category, filed, history, report, staff};

impl Index {
    /// All that it answers from, without the numbers it gave out on the way.
    fn content(&self) -> impl PartialEq + std::fmt::Debug {
        let code = |number: u16| self.categories.iter().find(|(_, other)| **other == number).map(|(code, _)| code.clone());
        let office = |number: u16| self.departments.iter().find(|(_, other)| **other == number).map(|(code, _)| code.clone());
        let entries: Vec<_> = (self.slots.values())
            .map(|slot| self.entries[*slot as usize].clone())
            .map(|entry| (code(entry.category), office(entry.department), Entry { category: 0, department: 0, ..entry }))
            .collect();
        fn ordered<K: Copy>(set: &BTreeSet<(K, ReportId, u32)>) -> Vec<(K, ReportId)> {
            set.iter().map(|(key, id, _)| (*key, *id)).collect()
        }
        let world =
            Bounds { min: Point { lat_e7: i32::MIN, lon_e7: i32::MIN }, max: Point { lat_e7: i32::MAX, lon_e7: i32::MAX } };
        let mut placed = Vec::new();
        self.grid.each(&world, |slot| placed.push(self.entries[slot as usize].id));
        placed.sort_unstable();
        let named = |handles: &Handles| {
            let mut named: Vec<_> = handles.iter().map(|(head, slot)| (head, self.entries[slot as usize].id)).collect();
            named.sort_unstable();
            named
        };
        (
            (entries, ordered(&self.updated), ordered(&self.filed), ordered(&self.due)),
            (placed, [&self.codes, &self.comments, &self.requests, &self.photos].map(named), self.open),
        )
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn fed_by_events_or_built_from_the_state_it_is_the_same(
        steps in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>(), 0..2_000_u16), 1..60),
    ) {
        let mut fed = Present::default();
        history(&steps).iter().for_each(|event| fed.apply(event));
        let built = Index::of(&fed.state);
        prop_assert_eq!(fed.index.content(), built.content());
        let words = ["lamp".to_owned()];
        for queue in [Queue::New, Queue::Mine, Queue::Waiting, Queue::Overdue, Queue::All, Queue::Closed, Queue::Hidden] {
            let ask = |index: &Index| index.queue(&fed.state, queue, staff(1), NOW, &words, None, 0, 50);
            prop_assert_eq!(ask(&fed.index), ask(&built));
        }
        let counts = built.counts(&fed.state, staff(1), NOW);
        prop_assert_eq!((counts.all + counts.closed + counts.hidden) as usize, fed.state.report_count());
        prop_assert_eq!(counts.all, built.open_reports());
    }

    #[test]
    fn the_grid_finds_what_a_walk_finds(
        points in prop::collection::vec((600_000_000..602_000_000_i32, 248_000_000..250_000_000_i32), 1..60),
        corner in (600_000_000..602_000_000_i32, 248_000_000..250_000_000_i32, 0..1_000_000_i32),
        limit in 1_usize..20,
    ) {
        let present = town(&points);
        let (lat_e7, lon_e7, side) = corner;
        let bounds = Bounds { min: Point { lat_e7, lon_e7 }, max: Point { lat_e7: lat_e7 + side, lon_e7: lon_e7 + side } };
        let mut walked: Vec<_> = (present.state.reports())
            .filter(|report| bounds.contains(&report.place.point))
            .map(|report| (report.updated_hlc, report.id))
            .collect();
        walked.sort_unstable_by(|a, b| b.cmp(a));
        let total = walked.len() as u32;
        walked.truncate(limit);
        let walked: Vec<_> = walked.into_iter().map(|(_, id)| id).collect();
        prop_assert_eq!(present.index.within(&present.state, &bounds, &Filter::default(), limit), (walked, total));

        let point = bounds.min;
        let mut walked: Vec<_> = (present.state.reports())
            .map(|report| ((report.place.point.distance_m(&point) * 1000.0) as u64, report.id))
            .collect();
        walked.sort_unstable();
        walked.truncate(limit);
        let walked: Vec<_> = walked.into_iter().map(|(_, id)| id).collect();
        prop_assert_eq!(present.index.nearest(&present.state, point, &Filter::default(), limit).0, walked);
    }
}

fn town(points: &[(i32, i32)]) -> Present {
    let mut device = Device::new(1, NOW);
    let mut present = Present::default();
    present.apply(&device.says(ReportId([0; 16]), Body::CategoryDefined(category("lamps"))));
    for (at, (lat_e7, lon_e7)) in points.iter().enumerate() {
        let mut body = filed(at as u8, "lamps");
        if let Body::ReportFiled { place, .. } = &mut body {
            place.point = Point { lat_e7: *lat_e7, lon_e7: *lon_e7 };
        }
        present.apply(&device.says(report(at as u8), body));
    }
    present
}

/// All of the planet that maps show.
const PLANET: Bounds = Bounds {
    min: Point { lat_e7: -840_000_000, lon_e7: -1_799_000_000 },
    max: Point { lat_e7: 840_000_000, lon_e7: 1_799_000_000 },
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn clusters_hold_every_report_once_and_panning_changes_none(
        points in prop::collection::vec((600_000_000..600_400_000_i32, 248_000_000..248_800_000_i32), 1..120),
        // Nearer, the whole town would have so many cells that it is seen from farther away.
        zoom in 8.0..16.0_f64,
        windows in prop::collection::vec((600_000_000..600_400_000_i32, 248_000_000..248_800_000_i32, 0..300_000_i32), 1..4),
    ) {
        let present = town(&points);
        let town = Bounds {
            min: Point { lat_e7: 599_900_000, lon_e7: 247_900_000 },
            max: Point { lat_e7: 600_500_000, lon_e7: 248_900_000 },
        };
        let (all, total) = present.index.clusters(&town, zoom, &Filter::default());
        prop_assert_eq!(total as usize, points.len());
        prop_assert_eq!(all.iter().map(|cluster| cluster.count).sum::<u32>(), total);
        for cluster in &all {
            prop_assert!(cluster.bounds.contains(&cluster.point), "{:?}", cluster);
            prop_assert_eq!(cluster.report.is_some(), cluster.count == 1);
        }
        for (lat_e7, lon_e7, side) in windows {
            let window =
                Bounds { min: Point { lat_e7, lon_e7 }, max: Point { lat_e7: lat_e7 + side, lon_e7: lon_e7 + 2 * side } };
            let (seen, total) = present.index.clusters(&window, zoom, &Filter::default());
            let inside = points.iter().filter(|(lat_e7, lon_e7)| window.contains(&Point { lat_e7: *lat_e7, lon_e7: *lon_e7 }));
            prop_assert_eq!(total as usize, inside.count());
            for cluster in &seen {
                prop_assert!(all.contains(cluster), "{:?} is seen only through a window", cluster);
            }
            // One unit of the flat world is 7 e-7 degrees here.
            let well_inside = |cluster: &&Cluster| {
                let (min, max) = (window.min, window.max);
                (min.lat_e7 + 20..max.lat_e7 - 20).contains(&cluster.point.lat_e7)
                    && (min.lon_e7 + 20..max.lon_e7 - 20).contains(&cluster.point.lon_e7)
            };
            for cluster in all.iter().filter(well_inside) {
                prop_assert!(seen.contains(cluster), "{:?} is not seen through a window", cluster);
            }
        }
    }

    #[test]
    fn hardly_any_two_clusters_lie_upon_one_another(
        points in prop::collection::vec((600_000_000..600_400_000_i32, 248_000_000..248_800_000_i32), 100..250),
        zoom in 12.0..17.0_f64,
    ) {
        let (all, _) = town(&points).index.clusters(&PLANET, zoom, &Filter::default());
        let spots: Vec<map::Spot> = (all.iter())
            .map(|it| map::Point { lat_e7: it.point.lat_e7, lon_e7: it.point.lon_e7 }.spot())
            .collect();
        let pixel = (zoom - map::world::UNIT_ZOOM).exp2();
        let apart = |a: &map::Spot, b: &map::Spot| f64::from(a.x - b.x).hypot(f64::from(a.y - b.y)) * pixel;
        let crowded = |at: usize| (0..spots.len()).any(|other| other != at && apart(&spots[at], &spots[other]) < 40.0);
        let crowded = (0..spots.len()).filter(|at| crowded(*at)).count();
        prop_assert!(crowded * 10 <= spots.len(), "{} of {} are nearer than 40 pixels to another", crowded, spots.len());
    }
}

#[test]
fn a_cluster_says_what_all_of_it_have_in_common() {
    let mut device = Device::new(1, NOW);
    let mut present = Present::default();
    for code in ["lamps", "roads"] {
        present.apply(&device.says(ReportId([0; 16]), Body::CategoryDefined(category(code))));
    }
    for n in 0..4 {
        let mut body = filed(n, if n == 3 { "roads" } else { "lamps" });
        if let Body::ReportFiled { place, kind, .. } = &mut body {
            // The last is a kilometre away.
            place.point = Point { lat_e7: 600_000_000 + if n == 3 { 90_000 } else { i32::from(n) }, lon_e7: 248_000_000 };
            *kind = if n == 2 { Kind::Suggestion } else { Kind::Problem };
        }
        present.apply(&device.says(report(n), body));
    }
    present.apply(&device.says(report(0), Body::StatusSet { status: Status::Fixed, answer: Some("Done.".to_owned()) }));
    let clusters = |zoom, filter: &Filter| {
        let (mut found, total) = present.index.clusters(&PLANET, zoom, filter);
        assert_eq!(found.iter().map(|cluster| cluster.count).sum::<u32>(), total);
        found.sort_by_key(|cluster| cluster.point);
        let seen = |it: &Cluster| (it.count, it.open, it.kind, it.category.as_ref().map(|code| code.to_string()), it.report);
        found.iter().map(seen).collect::<Vec<_>>()
    };
    let (lamps, roads) = (Some("lamps".to_owned()), Some("roads".to_owned()));
    let any = Filter::default();
    let road = (1, 1, Some(Kind::Problem), roads, Some(report(3)));
    // At zoom 24 the planet has too many cells: it is seen from farther away.
    assert_eq!(clusters(24.0, &any).len(), 1);
    assert_eq!(clusters(5.0, &any), [(4, 3, None, None, None)]);
    let near = |zoom, filter: &Filter| {
        let around = Bounds::around(Point { lat_e7: 600_045_000, lon_e7: 248_000_000 }, 1_000.0);
        let (mut found, total) = present.index.clusters(&around, zoom, filter);
        found.sort_by_key(|cluster| cluster.point);
        let seen = |it: &Cluster| (it.count, it.open, it.kind, it.category.as_ref().map(|code| code.to_string()), it.report);
        (found.iter().map(seen).collect::<Vec<_>>(), total)
    };
    assert_eq!(near(15.0, &any), (vec![(3, 2, None, lamps.clone(), None), road.clone()], 4));
    let problems = Filter { kind: Some(Kind::Problem), open_only: true, ..Filter::default() };
    assert_eq!(near(15.0, &problems), (vec![(1, 1, Some(Kind::Problem), lamps, Some(report(1))), road.clone()], 2));
    let roads_only = Filter { categories: vec!["roads".parse().unwrap(), "trees".parse().unwrap()], ..Filter::default() };
    assert_eq!(near(15.0, &roads_only), (vec![road], 1));
    let nowhere = Filter { categories: vec!["trees".parse().unwrap()], ..Filter::default() };
    assert_eq!(near(15.0, &nowhere), (vec![], 0));
    let later = Filter { since_ms: NOW + 1_000_000, ..Filter::default() };
    assert_eq!(near(15.0, &later), (vec![], 0));
}

#[test]
fn near_is_by_distance_and_category_only() {
    let present =
        town(&[(601_000_000, 249_000_000), (601_002_000, 249_000_000), (601_000_100, 249_000_000), (601_009_000, 249_000_000)]);
    let lamps = "lamps".parse().unwrap();
    let spot = Point { lat_e7: 601_000_000, lon_e7: 249_000_000 };
    let near = |code, radius| present.index.near(&present.state, spot, code, radius, &Filter::default(), 10);
    assert_eq!(near(&lamps, 50.0), [(report(0), 0), (report(2), 1), (report(1), 22)]);
    assert_eq!(near(&"roads".parse().unwrap(), 50.0), []);
}

#[test]
fn what_came_in_the_same_millisecond_stays_in_order() {
    let mut device = Device::new(1, NOW);
    let mut present = Present::default();
    present.apply(&device.says(ReportId([0; 16]), Body::CategoryDefined(category("lamps"))));
    for (n, counter) in [9, 3, 7].into_iter().zip(0..) {
        let mut event = device.says(report(n), filed(n, "lamps"));
        event.header.hlc = Hlc::new(NOW, counter);
        present.apply(&event);
    }
    let last_first = vec![report(7), report(3), report(9)];
    let (state, filter) = (&present.state, Filter::default());
    let point = |lat_e7, lon_e7| Point { lat_e7, lon_e7 };
    let around = Bounds { min: point(600_000_000, 248_000_000), max: point(602_000_000, 250_000_000) };
    assert_eq!(present.index.newest(state, &filter, None, 10).0, last_first);
    assert_eq!(present.index.newest(state, &filter, Some(NOW), 10).0, last_first);
    assert_eq!(present.index.newest(state, &filter, Some(NOW - 1), 10).0, []);
    assert_eq!(present.index.within(state, &around, &filter, 10).0, last_first);
    assert_eq!(present.index.queue(state, Queue::New, staff(9), NOW, &[], None, 0, 10).0, last_first);
}

#[test]
fn queues_hold_what_their_names_say() {
    let mut device = Device::new(1, NOW);
    let mut present = Present::default();
    present.apply(&device.says(ReportId([0; 16]), Body::CategoryDefined(category("lamps"))));
    for n in 1..=6 {
        present.apply(&device.says(report(n), filed(n, "lamps")));
    }
    let later = NOW + 10 * 24 * 3_600_000;
    for (n, body) in [
        (2, Body::Assigned { to: Some(staff(9)) }),
        (3, Body::Deferred { until: Some(later + 1) }),
        (4, Body::StatusSet { status: Status::Planned, answer: Some("Next year.".to_owned()) }),
        (5, Body::StatusSet { status: Status::Fixed, answer: Some("Done.".to_owned()) }),
        (6, Body::Hidden { target: Target::Report, reason: HideReason::Spam, explanation: "advert".to_owned() }),
    ] {
        present.apply(&device.says(report(n), body));
    }
    let queue = |queue, words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let (page, total) = present.index.queue(&present.state, queue, staff(9), later, &words, None, 0, 50);
        assert_eq!(page.len(), total as usize);
        page.iter().map(|id| id.0[0]).collect::<Vec<_>>()
    };
    assert_eq!(queue(Queue::New, &[]), [1]);
    assert_eq!(queue(Queue::Mine, &[]), [2]);
    assert_eq!(queue(Queue::Waiting, &[]), [4, 3]);
    assert_eq!(queue(Queue::Overdue, &[]), [1, 2, 4]);
    assert_eq!(queue(Queue::All, &[]), [4, 3, 2, 1]);
    assert_eq!(queue(Queue::Closed, &[]), [5]);
    assert_eq!(queue(Queue::Hidden, &[]), [6]);
    assert_eq!(queue(Queue::All, &["NUMBER3"]), [3]);
    assert_eq!(queue(Queue::All, &["street", "4"]), [4]);
    assert_eq!(queue(Queue::All, &["name", "lámps"]), [4, 3, 2, 1]);
    assert_eq!(queue(Queue::All, &[&report(2).reference()]), [2]);
    assert_eq!(queue(Queue::All, &["nothing"]), [] as [u8; 0]);
    let counts = present.index.counts(&present.state, staff(9), later);
    assert_eq!(counts, Counts { new: 1, mine: 1, waiting: 2, overdue: 3, all: 4, closed: 1, hidden: 1 });
}

#[test]
fn references_are_found_as_people_type_them() {
    let present = town(&[(601_000_000, 249_000_000); 40]);
    for n in [0, 7, 39] {
        let reference = report(n).reference();
        for typed in [reference.clone(), reference.to_lowercase(), reference[2..].to_owned(), format!(" {reference} ")] {
            assert_eq!(present.index.by_reference(&typed), [report(n)], "{typed}");
        }
    }
    for typed in ["", "R-", "R-0000000", "R-00000U", "ä"] {
        assert_eq!(present.index.by_reference(typed), [], "{typed}");
    }
}
