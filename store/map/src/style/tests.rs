//! Every style by numbers. `cargo test -p map style -- --nocapture` shows the least of each.

mod vision;

use super::*;
use crate::class::Shape;
use vision::{Eyes, contrast, difference};

/// Text against its halo and its ground (WCAG 2.2, 1.4.3).
const TEXT: f64 = 4.5;
/// What one must see to understand (WCAG 2.2, 1.4.11).
const PART: f64 = 3.0;
/// Two things that must not be taken for each other (CIEDE2000).
const APART: f64 = 10.0;
/// Near by: streets have edges, buildings an outline.
const NEAR: f64 = 17.0;

const STREETS: [Class; 8] = [
    Class::Motorway,
    Class::Trunk,
    Class::Primary,
    Class::Secondary,
    Class::Tertiary,
    Class::Street,
    Class::Pedestrian,
    Class::Service,
];

#[test]
fn every_class_but_points_has_a_look_from_its_first_zoom_on() {
    for style in Style::ALL {
        for class in Class::ALL {
            for zoom in zoom_min(class).max(11)..=20 {
                let look = look(style, class, f64::from(zoom), false);
                let drawn = look.casing.is_some() || look.fill.is_some() || look.line.is_some();
                assert_eq!(drawn, class.shape() != Shape::Spot, "{style:?}: {class:?} at {zoom}");
            }
        }
    }
}

#[test]
fn widths_never_shrink_when_zooming_in() {
    for class in Class::ALL {
        let width = |tenth: u32| line(&palette::STANDARD, class, f64::from(tenth) / 10.0).map_or(0.0, |(_, width)| width);
        for tenth in 100..200 {
            assert!(width(tenth) <= width(tenth + 1), "{class:?} at {tenth}");
        }
    }
}

fn fill_of(style: Style, class: Class) -> Option<Color> {
    look(style, class, NEAR, false).fill
}

/// What a street is filled with, and its edge.
fn street_of(style: Style, class: Class) -> (Color, Color) {
    let look = look(style, class, NEAR, false);
    match (look.line, look.casing) {
        (Some(line), Some(casing)) => (line.color, casing.color),
        _ => panic!("{class:?} has no edges near by"),
    }
}

/// The least of all, or what is wrong.
fn hold(least: f64, what: &str, pairs: impl IntoIterator<Item = (String, f64)>) {
    let mut all: Vec<(String, f64)> = pairs.into_iter().collect();
    all.sort_by(|one, other| one.1.total_cmp(&other.1));
    let (name, is) = all.first().expect("there are pairs");
    println!("{what}: {is:.2} ({name})");
    let wrong: Vec<_> = all.iter().filter(|(_, is)| *is < least).collect();
    assert!(wrong.is_empty(), "{what}, less than {least}: {wrong:?}");
}

#[test]
fn every_text_is_read_on_its_halo_and_on_whatever_lies_under_it() {
    for style in Style::ALL {
        let palette = style.palette();
        let mut grounds = vec![("halo".to_owned(), palette.halo), ("land".to_owned(), palette.land)];
        for class in Class::ALL {
            grounds.extend(fill_of(style, class).map(|fill| (format!("{class:?}"), fill)));
        }
        for class in STREETS {
            grounds.push((format!("{class:?}"), street_of(style, class).0));
        }
        let pairs = Ink::ALL.into_iter().flat_map(|ink| {
            let on = |(name, ground): &(String, Color)| (format!("{ink:?} on {name}"), contrast(ink.color(style), *ground));
            grounds.iter().map(on).collect::<Vec<_>>()
        });
        hold(TEXT, &format!("{style:?}, text"), pairs);
    }
}

#[test]
fn areas_that_mean_something_have_an_edge_that_is_seen_from_either_side() {
    for style in Style::ALL {
        let palette = style.palette();
        let areas = [Class::Sea, Class::Water, Class::Quay, Class::Park, Class::Wood, Class::Building];
        let mut pairs = Vec::new();
        for class in areas {
            let look = look(style, class, NEAR, false);
            let edge = look.casing.or(look.line).expect("an edge").color;
            for (side, ground) in [("inside", look.fill.expect("a fill")), ("outside", palette.land)] {
                pairs.push((format!("edge of {class:?}, {side}"), contrast(edge, ground)));
            }
        }
        hold(PART, &format!("{style:?}, edges of areas"), pairs);
    }
}

#[test]
fn a_street_or_its_edge_is_seen_on_land_parks_and_water() {
    for style in Style::ALL {
        let palette = style.palette();
        let mut pairs = Vec::new();
        for class in STREETS {
            let (street, edge) = street_of(style, class);
            for (name, ground) in [("land", palette.land), ("Park", palette.park), ("Wood", palette.wood), ("Sea", palette.sea)] {
                // A light street on dark ground needs no edge.
                let by_edge = contrast(edge, ground).min(contrast(edge, street));
                pairs.push((format!("{class:?} on {name}"), by_edge.max(contrast(street, ground))));
            }
        }
        for class in [Class::Footway, Class::Cycleway, Class::Track, Class::Steps, Class::Rail, Class::Tram, Class::Border] {
            // Rails near by are drawn as a bed with sleepers of the land's colour.
            let look = look(style, class, 16.0, false);
            let color = look.casing.or(look.line).expect("a line").color;
            pairs.push((format!("{class:?} on land"), contrast(color, palette.land)));
        }
        hold(PART, &format!("{style:?}, streets and lines"), pairs);
    }
}

#[test]
fn thin_streets_are_seen_in_every_style_but_the_calm_one() {
    for style in Style::ALL.into_iter().filter(|style| *style != Style::Standard) {
        for class in STREETS {
            for zoom in 12..18 {
                let Look { casing, line, .. } = look(style, class, f64::from(zoom), false);
                let Some(line) = line else { continue };
                // Where there is an edge, the edge or what it holds.
                let best = [Some(line), casing].into_iter().flatten().map(|stroke| contrast(stroke.color, style.palette().land));
                assert!(best.fold(0.0, f64::max) >= PART, "{style:?}: {class:?} at {zoom}");
            }
        }
    }
}

#[test]
fn lines_fill_nothing_but_with_the_colour_of_the_land() {
    for class in Class::ALL {
        assert!(fill_of(Style::Lines, class).is_none_or(|fill| fill == Style::Lines.palette().land), "{class:?}");
    }
}

/// The colours by which a class is known in a style: its fill, or where nothing is filled its edge.
fn known_by(style: Style, class: Class) -> Color {
    let look = look(style, class, NEAR, false);
    let own = look.fill.or(look.line.map(|line| line.color));
    let edge = look.casing.or(look.line).map(|stroke| stroke.color);
    own.filter(|color| style != Style::Lines || *color != style.palette().land).or(edge).expect("a colour")
}

#[test]
fn streets_water_parks_buildings_and_the_towns_own_data_are_apart_for_all_eyes() {
    for style in Style::ALL {
        let of = |classes: &[Class]| classes.iter().map(|class| known_by(style, *class)).collect::<Vec<_>>();
        let groups = [
            ("street", of(&STREETS)),
            ("water", of(&[Class::Sea, Class::Water])),
            ("park", of(&[Class::Park, Class::Wood])),
            ("building", of(&[Class::Building])),
            ("own", vec![OWN_PROBLEM, OWN_SUGGESTION, OWN_PIN]),
        ];
        for eyes in Eyes::EACH {
            let mut pairs = Vec::new();
            for (place, (name, colors)) in groups.iter().enumerate() {
                for (other_name, others) in groups.iter().skip(place + 1) {
                    for (one, other) in colors.iter().flat_map(|one| others.iter().map(move |other| (*one, *other))) {
                        pairs.push((format!("{name}, {other_name}"), difference(eyes.see(one), eyes.see(other))));
                    }
                }
            }
            hold(APART, &format!("{style:?}, {eyes:?}, apart"), pairs);
        }
    }
}

#[test]
fn what_the_town_reports_is_seen_on_every_ground() {
    for style in Style::ALL {
        let mut pairs = Vec::new();
        for own in [OWN_PROBLEM, OWN_SUGGESTION, OWN_PIN] {
            pairs.push((format!("{own:?} and its letter"), contrast(own, OWN_RIM)));
            for class in Class::ALL {
                let Some(ground) = fill_of(style, class) else { continue };
                // On light ground the plate is seen, on dark ground its rim.
                pairs.push((format!("{own:?} on {class:?}"), contrast(own, ground).max(contrast(OWN_RIM, ground))));
            }
        }
        hold(PART, &format!("{style:?}, own data"), pairs);
    }
}
