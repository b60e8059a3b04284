use std::collections::HashMap;

use super::*;
use crate::Point;
use crate::pbf::Pbf;
use crate::sample::{real, town};

/// About as wide as a plain typeface writes.
fn measure(text: &str, size: f32) -> f32 {
    text.chars().count() as f32 * size * 0.55
}

/// What a label covers.
fn boxes(label: &Label) -> Vec<Boxed> {
    match &label.place {
        Place::Upright { lines } => lines
            .iter()
            .map(|(text, middle)| Boxed::around(*middle, measure(text, label.size_px) / 2.0, label.size_px / 2.0))
            .collect(),
        Place::Along { path } => chain(path, label.size_px),
    }
}

/// Windows of a kiosk's size on the middle of the town, from afar to near.
fn views(name: &str) -> impl Iterator<Item = View> + use<> {
    let (lat, lon) = if name.starts_with("monaco") { (43.7345, 7.42) } else { (37.785, -122.408) };
    let center = Point::from_degrees(lat, lon).unwrap();
    (12..=19).map(move |zoom| View::at(center, f64::from(zoom), 1_920.0, 1_080.0))
}

#[test]
fn no_two_names_touch_and_all_are_inside_and_large_enough() {
    for name in ["monaco.osm.pbf", "sf-downtown.osm.pbf"] {
        let Some((town, _)) = real(name) else { continue };
        let mut count = 0;
        for view in views(name) {
            let labels = town.place_labels(&view, None, &mut measure);
            assert_eq!(labels, town.place_labels(&view, None, &mut measure), "the same window gives the same names");
            count += labels.len();
            let all: Vec<Vec<Boxed>> = labels.iter().map(boxes).collect();
            for (index, one) in all.iter().enumerate() {
                assert!(labels[index].size_px >= 16.0);
                let inside = |it: &Boxed| it.min[0] >= 0.0 && it.min[1] >= 0.0 && it.max[0] <= 1_920.0 && it.max[1] <= 1_080.0;
                assert!(one.iter().all(inside), "{:?} at zoom {}", labels[index], view.zoom);
                for (other, label) in all.iter().zip(&labels).skip(index + 1) {
                    let touch = one.iter().any(|a| other.iter().any(|b| a.meets(b)));
                    assert!(!touch, "{:?} touches {label:?} at zoom {}", labels[index], view.zoom);
                }
            }
        }
        assert!(count > 150, "{name}: only {count} names");
    }
}

#[test]
fn letters_along_streets_stand_upright_and_bend_mildly() {
    let Some((town, _)) = real("monaco.osm.pbf") else { return };
    let mut streets = 0;
    for view in views("monaco") {
        let mut written: HashMap<String, Vec<[f32; 2]>> = HashMap::new();
        for label in town.place_labels(&view, None, &mut measure) {
            let Place::Along { path } = &label.place else { continue };
            streets += 1;
            let width = measure(&label.text, label.size_px);
            let angles: Vec<f32> = (0..=10).map(|step| along(path, width * step as f32 / 10.0).1).collect();
            assert!(angles.iter().all(|angle| angle.abs() < 1.8), "{label:?}");
            let middle = along(path, width / 2.0).0;
            let others = written.entry(label.text.clone()).or_default();
            assert!(
                others.iter().all(|other| (other[0] - middle[0]).hypot(other[1] - middle[1]) > 300.0),
                "{label:?} is repeated"
            );
            others.push(middle);
        }
    }
    assert!(streets > 50, "{streets}");
}

#[test]
fn names_stay_where_they_are_while_the_map_moves() {
    let Some((town, _)) = real("sf-downtown.osm.pbf") else { return };
    let view = View::at(Point::from_degrees(37.785, -122.408).unwrap(), 16.0, 1_920.0, 1_080.0);
    let moved = View { x: view.x + 40.0 / view.scale(), ..view };
    let spots = |view: &View| -> Vec<(String, [i32; 2])> {
        let labels = town.place_labels(view, None, &mut measure);
        labels
            .into_iter()
            .map(|label| {
                let [x, y] = match &label.place {
                    Place::Upright { lines } => lines[0].1,
                    Place::Along { path } => path[0],
                };
                let units = |px: f32, half: f64, center: f64| ((f64::from(px) - half) / view.scale() + center) as i32 / 64;
                (label.text, [units(x, 960.0, view.x), units(y, 540.0, view.y)])
            })
            .collect()
    };
    let (before, after) = (spots(&view), spots(&moved));
    let near = |a: &[i32; 2], b: &[i32; 2]| (a[0] - b[0]).abs() <= 1 && (a[1] - b[1]).abs() <= 1;
    let kept = before.iter().filter(|(text, at)| after.iter().any(|(other, there)| text == other && near(at, there))).count();
    assert!(before.len() > 50 && kept * 100 >= before.len() * 85, "{kept} of {} names stayed", before.len());
}

#[test]
fn a_street_of_several_ways_is_one_line_to_write_on() {
    let mut pbf = Pbf::default();
    let tags = [("highway", "residential"), ("name", "Long Name Of A Street")];
    let nodes: Vec<(f64, f64)> = (0..6).map(|step| (60.0, 24.0 + 0.0012 * f64::from(step))).collect();
    for (id, (lat, lon)) in (1..).zip(&nodes) {
        pbf.node(id, *lat, *lon, &[]);
    }
    // Drawn in both directions, as mappers do.
    for (way, refs) in [(1, [1, 2]), (2, [3, 2]), (3, [3, 4]), (4, [5, 4]), (5, [5, 6])] {
        pbf.way(way, &refs, &tags);
    }
    let (town, _) = town(&pbf);
    let view = View::at(Point::from_degrees(60.0, 24.003).unwrap(), 16.0, 800.0, 600.0);
    let labels = town.place_labels(&view, None, &mut measure);
    assert_eq!(labels.len(), 1, "{labels:?}");
    let Place::Along { path } = &labels[0].place else { panic!("{labels:?}") };
    assert!(path.last().unwrap()[0] - path[0][0] > 150.0, "left to right and as long as the text: {path:?}");
    let unit_zoom = View { zoom: 13.0, ..view };
    assert!(town.place_labels(&unit_zoom, None, &mut measure).is_empty(), "no room, no name");
}

#[test]
fn a_long_name_is_broken_into_even_lines() {
    let lines = wrap("Bibliothèque Princesse Caroline de Monaco", 16.0, &mut measure);
    assert!((2..=3).contains(&lines.len()));
    assert_eq!(
        lines.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(" "),
        "Bibliothèque Princesse Caroline de Monaco"
    );
    let widths: Vec<f32> = lines.iter().map(|(_, width)| *width).collect();
    assert!(widths.iter().all(|width| *width < 16.0 * 12.0), "{widths:?}");
    assert_eq!(wrap("Kiasma", 16.0, &mut measure).len(), 1);
    assert_eq!(wrap("", 16.0, &mut measure).len(), 1);
}

#[test]
fn no_name_lies_under_what_covers_the_window() {
    let (town, _) = town(&crate::pbf::quarter::extract());
    let (lat, lon) = crate::pbf::quarter::MIDDLE;
    let view = View::at(Point::from_degrees(lat, lon).unwrap(), 16.0, 800.0, 500.0);
    let cover = Boxed { min: [200.0, 150.0], max: [600.0, 400.0] };
    let under = |covers: &[Cover]| {
        let labels = town.place_labels_beside(covers, &view, None, &mut measure);
        (labels.len(), labels.iter().flat_map(boxes).filter(|one| one.meets(&cover)).count())
    };
    let (all, without) = under(&[]);
    assert!(without > 0, "there is something to cover");
    let (left, with) = under(&[[200.0, 150.0, 600.0, 400.0]]);
    assert_eq!(with, 0);
    assert!(left > all / 3, "what lies beside it is still named: {left} of {all}");
}
