use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::class::Class;
use crate::draw::Osm;
use crate::pbf::Pbf;
use crate::sample::{real, write};

/// A small town file with something of everything.
fn bytes() -> Vec<u8> {
    let mut pbf = Pbf::default();
    let square = [(60.0, 24.0), (60.0, 24.01), (60.01, 24.01), (60.01, 24.0)];
    pbf.line(1, &square, true, &[("leisure", "park"), ("name", "Puisto"), ("name:sv", "Parken")]);
    pbf.line(11, &[(60.0, 24.0), (60.01, 24.01)], false, &[("highway", "residential"), ("name", "Katu")]);
    pbf.node(21, 60.002, 24.002, &[("addr:street", "Katu"), ("addr:housenumber", "5 b")]);
    pbf.node(22, 60.003, 24.003, &[("amenity", "pharmacy"), ("name", "Apteekki")]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("town");
    crate::import(&write(&pbf, folder.path()), None, &out, &mut |_| {}).unwrap();
    std::fs::read(out).unwrap()
}

fn open(bytes: &[u8]) -> Result<Town, OpenError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("town");
    std::fs::write(&path, bytes).unwrap();
    Town::open(&path)
}

/// The file with a checksum that fits again: damage that only the checks of the content can find.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let content = bytes.len() - 32;
    let digest = Sha256::digest(&bytes[..content]);
    bytes[content..].copy_from_slice(&digest);
    bytes
}

#[test]
fn every_flipped_byte_and_every_cut_is_refused() {
    let whole = bytes();
    assert!(open(&whole).is_ok());
    for place in (0..whole.len()).step_by(7) {
        let mut flipped = whole.clone();
        flipped[place] ^= 1;
        let refused = open(&flipped);
        let named = match place {
            0..8 => matches!(refused, Err(OpenError::NotATown { .. })),
            8..12 => matches!(refused, Err(OpenError::Version { .. })),
            _ => matches!(refused, Err(OpenError::Damaged { .. })),
        };
        assert!(named, "byte {place}: {:?}", refused.err());
    }
    for length in (0..whole.len()).step_by(13) {
        let refused = open(&whole[..length]);
        assert!(
            matches!(refused, Err(OpenError::Damaged { .. } | OpenError::NotATown { .. })),
            "cut at {length}: {:?}",
            refused.err()
        );
    }
    assert!(matches!(Town::open(Path::new("/nowhere/town")), Err(OpenError::Read { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Even a file whose checksum was made to fit its damage is refused or answers everything without a panic.
    #[test]
    fn damage_under_a_valid_checksum_never_panics(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        lat in -90.0f64..90.0, lon in -180.0f64..180.0, zoom in 0.0f64..22.0,
    ) {
        let mut bytes = bytes();
        for (place, value) in flips {
            let content = bytes.len() - 32;
            bytes[place.index(content)] = value;
        }
        if let Ok(town) = open(&sealed(bytes)) {
            let center = town.bounds().min;
            for view in [View::at(center, zoom, 800.0, 600.0), View::at(Point::from_degrees(lat, lon).unwrap(), zoom, 800.0, 600.0)] {
                let drawing = town.features(view.rect(10.0), zoom);
                drawing.steps(crate::style::Style::Standard, zoom).iter().for_each(|step| match step {
                    crate::draw::Step::Fill(feature, _) | crate::draw::Step::Line(feature, _) => {
                        feature.parts().for_each(drop);
                    }
                });
                town.place_labels(&view, Some("sv"), &mut |text, size| text.chars().count() as f32 * size * 0.5);
            }
            town.search("katu 5", None, 10);
            town.reverse(center.lat(), center.lon());
        }
    }
}

#[test]
fn names_come_in_the_language_asked_for() {
    let town = open(&bytes()).unwrap();
    let view = View::over(town.bounds(), 1_000.0, 1_000.0);
    let texts = |language: Option<&str>| -> BTreeSet<String> {
        let labels = town.place_labels(&view, language, &mut |text, size| text.chars().count() as f32 * size * 0.5);
        labels.into_iter().map(|label| label.text).collect()
    };
    assert!(texts(None).contains("Puisto"), "{:?}", texts(None));
    assert!(texts(Some("sv")).contains("Parken"));
    assert!(texts(Some("de")).contains("Puisto"), "without a German name the town's own stands");
}

#[test]
fn here_is_the_nearest_address_then_the_nearest_street_then_nothing() {
    let town = open(&bytes()).unwrap();
    assert_eq!(town.reverse(60.0021, 24.0021), Some("Katu 5 b".to_owned()));
    assert_eq!(town.reverse(60.008, 24.0081), Some("Katu".to_owned()));
    assert_eq!(town.reverse(60.009, 24.001), None);
    assert_eq!(town.reverse(91.0, 0.0), None);
    assert_eq!(town.reverse(f64::NAN, f64::INFINITY), None);
}

#[test]
fn tiles_together_show_what_the_whole_view_shows() {
    let Some((town, _)) = real("monaco.osm.pbf") else { return };
    let whole = Rect::from(town.bounds());
    for z in [14u8, 16] {
        let seen = |rect: Rect| -> BTreeSet<(u8, Osm)> {
            town.features(rect, f64::from(z)).iter().map(|feature| (feature.class as u8, feature.osm)).collect()
        };
        let side = WORLD >> z;
        let mut tiles = BTreeSet::new();
        for x in whole.min.x / side..=whole.max.x / side {
            for y in whole.min.y / side..=whole.max.y / side {
                tiles.extend(seen(Rect::tile(z, x as u32, y as u32)));
            }
        }
        let all = seen(whole);
        assert!(all.len() > 1_000 && tiles.is_superset(&all), "zoom {z}");
    }
}

#[test]
fn draw_order_never_goes_back() {
    let Some((town, _)) = real("sf-downtown.osm.pbf") else { return };
    let drawing = town.features(Rect::from(town.bounds()), 15.0);
    let ground: Vec<u8> =
        drawing.iter().take_while(|feature| !feature.class.is_way()).map(|feature| feature.class.rank()).collect();
    assert!(ground.len() > 100 && ground.is_sorted());
    let buildings =
        drawing.iter().enumerate().filter(|(_, feature)| feature.class == Class::Building).map(|(place, _)| place).last();
    let ways = drawing.iter().position(|feature| feature.class.is_way()).unwrap();
    assert!(buildings.is_none_or(|last| last < ways), "streets lie over buildings");
}

#[test]
fn some_classes_only_are_those_of_all() {
    let Some((town, _)) = real("monaco.osm.pbf") else { return };
    let rect = Rect::from(town.bounds());
    let is_wanted = |class: Class| matches!(class, Class::Sea | Class::Primary | Class::Place);
    let seen = |drawing: &Drawing<'_>| -> Vec<(Class, Osm, Vec<Vec<Spot>>)> {
        let parts = |feature: &crate::draw::Feature<'_>| feature.parts().map(<[Spot]>::to_vec).collect();
        drawing
            .iter()
            .filter(|feature| is_wanted(feature.class))
            .map(|feature| (feature.class, feature.osm, parts(&feature)))
            .collect()
    };
    let (all, some) = (town.features(rect, 14.0), town.features_of(rect, 14.0, is_wanted));
    assert!(!some.is_empty() && some.len() < all.len());
    assert_eq!(seen(&some), seen(&all));
    assert_eq!(seen(&some).len(), some.len());
}
