use super::*;
use crate::map::tests::hamlet_view;

fn mapping() -> Mapping {
    let mut view = hamlet_view((600, 400));
    let middle = view.center();
    view.center_on(middle, 16.0);
    Mapping { view: Some(view), ..Mapping::default() }
}

fn zoom(mapping: &Mapping) -> f64 {
    mapping.view.as_ref().unwrap().zoom()
}

fn center(mapping: &Mapping) -> Point {
    mapping.view.as_ref().unwrap().center()
}

/// Drags by a finger that does not slow down before it leaves.
fn flick(mapping: &mut Mapping) {
    mapping.press();
    for at in 1..6 {
        mapping.pan(12.0, 0.0);
        mapping.motion.drag(at * 10, 12.0, 0.0);
    }
    mapping.motion.release(50);
}

#[test]
fn a_flicked_map_glides_on_to_the_same_side_and_a_finger_stops_it() {
    let mut mapping = mapping();
    let start = center(&mapping);
    flick(&mut mapping);
    let left = center(&mapping);
    assert!(left.lon_e7 < start.lon_e7, "what is seen went to the right");
    assert!(mapping.go_on() && mapping.go_on());
    let gliding = center(&mapping);
    assert!(gliding.lon_e7 < left.lon_e7);
    mapping.press();
    assert!(!mapping.go_on());
    assert_eq!(center(&mapping), gliding);
}

#[test]
fn a_zoom_ends_where_its_tiles_are_and_taps_add_up() {
    let mut mapping = mapping();
    mapping.zoom(1.0, (100.0, 100.0));
    assert!(mapping.go_on(), "little by little");
    assert!((16.0..17.0).contains(&zoom(&mapping)));
    mapping.zoom(1.0, (100.0, 100.0));
    while mapping.go_on() {}
    assert_eq!(zoom(&mapping), 18.0);
    // No further than the map goes.
    for _ in 0..4 {
        mapping.zoom(1.0, (100.0, 100.0));
    }
    while mapping.go_on() {}
    assert_eq!(zoom(&mapping), 19.0);
}

#[test]
fn who_wants_stillness_gets_it() {
    let mut mapping = mapping();
    mapping.still = true;
    mapping.zoom(-1.0, (0.0, 0.0));
    assert_eq!(zoom(&mapping), 15.0, "at once");
    assert!(!mapping.go_on());
}

/// A map on the screen "What is going on", with these clusters.
fn browsing(clusters: Vec<api::Cluster>) -> (Mapping, State) {
    let mut mapping = Mapping { size_px: Some((600, 400)), ..mapping() };
    let mut state = State { town: Some(crate::gallery::town(None).unwrap()), ..State::default() };
    state.session.screen = Screen::Browse;
    state.session.browse.clusters = Arc::new(clusters);
    mapping.follow(&state, "en");
    (mapping, state)
}

fn heap(point: Point, bounds: Bounds) -> api::Cluster {
    api::Cluster { point, count: 7, open: 0, report: None, kind: None, category: None, bounds, updated_ms: 1 }
}

#[test]
fn the_map_asks_once_for_what_it_shows_and_again_when_it_shows_more() {
    let (mut mapping, mut state) = browsing(Vec::new());
    let first = mapping.wish().expect("nothing is known yet");
    assert_eq!(first.zoom_milli, 16_000);
    let mut told = |mapping: &mut Mapping, seen: Option<Seen>| {
        state.session.browse.seen = seen;
        mapping.follow(&state, "en");
    };
    told(&mut mapping, Some(first));
    assert_eq!(mapping.wish(), None);
    // Within what was asked for round about.
    mapping.pan(140.0, 0.0);
    assert_eq!(mapping.wish(), None);
    mapping.pan(40.0, 0.0);
    let further = mapping.wish().expect("what is left of it is not known");
    assert!(further.bounds.min.lon_e7 < first.bounds.min.lon_e7);
    told(&mut mapping, Some(further));
    mapping.zoom(1.0, (300.0, 200.0));
    assert!(mapping.go_on());
    assert_eq!(mapping.wish(), None, "not while it zooms");
    while mapping.go_on() {}
    assert_eq!(mapping.wish().map(|seen| seen.zoom_milli), Some(17_000));
    let wish = mapping.wish();
    told(&mut mapping, wish);
    state.session.screen = Screen::Place;
    mapping.follow(&state, "en");
    mapping.pan(4_000.0, 0.0);
    assert_eq!(mapping.wish(), None, "nobody looks at reports there");
}

#[test]
fn a_tap_on_a_heap_comes_nearer_until_it_is_told_apart() {
    for still in [false, true] {
        let middle = center(&mapping());
        let at = |by: i32| Point { lat_e7: middle.lat_e7 + by, lon_e7: middle.lon_e7 + by };
        let bounds = Bounds { min: at(2_000), max: at(4_000) };
        let (mut mapping, _) = browsing(vec![heap(at(3_000), bounds)]);
        mapping.still = still;
        let (x, y) = mapping.view.as_ref().unwrap().pixel_of(at(3_000));
        let marker = mapping.view.as_ref().unwrap().marker_at(x + 9.0, y).expect("a marker");
        assert_eq!((marker.what, marker.open), (Marked::Several { count: 7, bounds }, false));
        assert!(mapping.approach(marker.point, bounds));
        assert_ne!(mapping.go_on(), still);
        while mapping.go_on() {}
        let (x, y) = mapping.view.as_ref().unwrap().pixel_of(at(3_000));
        assert!((x - 300.0).abs() < 8.0 && (y - 200.0).abs() < 8.0, "it comes to the middle: {x}, {y}");
        assert_eq!(zoom(&mapping), 19.0);
        assert!(!mapping.approach(at(3_000), bounds), "the map comes no nearer");
    }
    let (mut mapping, _) = browsing(Vec::new());
    let spot = center(&mapping);
    assert!(!mapping.approach(spot, Bounds { min: spot, max: spot }), "all on one spot");
    assert_eq!(zoom(&mapping), 16.0);
}

#[test]
fn lines_only_is_for_every_colour_of_the_screens() {
    for colours in Colours::ALL {
        let settings = Settings { colours, lines: true, ..Settings::default() };
        assert_eq!(style_of(&settings), Style::Lines);
        assert_ne!(style_of(&Settings { lines: false, ..settings }), Style::Lines);
    }
}

#[test]
fn a_map_that_was_brought_up_to_date_is_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (pbf, file) = (folder.path().join("town.osm.pbf"), folder.path().join("town.map"));
    let import = |streets: &[(f64, f64)]| {
        let mut extract = ::map::pbf::Pbf::default();
        extract.line(1, streets, false, &[("highway", "residential"), ("name", "High Street")]).write(&pbf).unwrap();
        ::map::import(&pbf, None, &file, &mut |_| {}).unwrap();
    };
    import(&[(45.0, 7.0), (45.001, 7.0)]);
    let mut state = State { town: Some(crate::gallery::town(Some(&file)).unwrap()), ..State::default() };
    let spot = Point { lat_e7: 450_005_000, lon_e7: 70_000_000 };
    state.session.screen = Screen::Browse;
    state.session.browse.clusters = Arc::new(vec![heap(spot, Bounds { min: spot, max: spot })]);
    let mut mapping = Mapping::default();
    mapping.follow(&state, "en");
    let north = |mapping: &mut Mapping| {
        let view = mapping.view.as_mut().unwrap();
        view.center_on(Point { lat_e7: 899_000_000, lon_e7: 70_000_000 }, 16.0);
        view.center().lat_e7
    };
    assert!((450_009_000..450_011_000).contains(&north(&mut mapping)));
    mapping.follow(&state, "en");
    import(&[(45.0, 7.0), (45.004, 7.0)]);
    mapping.follow(&state, "en");
    assert!((450_039_000..450_041_000).contains(&north(&mut mapping)), "the street is longer now");
    let view = mapping.view.as_ref().unwrap();
    let (x, y) = view.pixel_of(spot);
    assert!(view.marker_at(x, y).is_some(), "what is marked is marked on the new map, too");
}
