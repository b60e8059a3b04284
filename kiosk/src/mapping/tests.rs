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
