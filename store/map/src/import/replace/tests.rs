use super::*;
use crate::pbf::{Kind, Pbf};
use crate::sample::{real, town};

/// A town of so many streets, each with a house number, within a border; `east` moves it, in degrees.
fn made(streets: i64, east: f64) -> Pbf {
    let mut pbf = Pbf::default();
    pbf.bounds = Some([24.0 + east, 60.0, 24.1 + east, 60.1]);
    for street in 0..streets {
        let (id, lat) = (1_000 + street * 10, 60.0 + street as f64 * 0.001);
        let name = format!("Street {street}");
        pbf.line(id, &[(lat, 24.01 + east), (lat, 24.09 + east)], false, &[("highway", "residential"), ("name", &name)]);
        pbf.node(id + 5, lat, 24.05 + east, &[("addr:street", &name), ("addr:housenumber", "1")]);
    }
    pbf
}

fn with_border(mut pbf: Pbf) -> Pbf {
    let border = [(60.01, 24.01), (60.01, 24.09), (60.09, 24.09), (60.09, 24.01)];
    pbf.line(1, &border, true, &[]);
    let tags = [("boundary", "administrative"), ("admin_level", "8"), ("name", "Testville"), ("type", "boundary")];
    pbf.relation(1, &[(Kind::Way, 1, "outer")], &tags);
    pbf
}

#[test]
fn the_same_town_again_and_a_grown_one_are_not_worse() {
    let (old, _) = town(&with_border(made(40, 0.0)));
    for new in [with_border(made(40, 0.0)), with_border(made(31, 0.0)), with_border(made(50, 0.01))] {
        assert_eq!(worse(&old, &town(&new).0), []);
    }
}

#[test]
fn another_place_or_less_of_it_is_worse() {
    let (old, _) = town(&with_border(made(40, 0.0)));
    let (elsewhere, _) = town(&with_border(made(40, 1.0)));
    assert_eq!(worse(&old, &elsewhere), [Worse::Ground { covered_percent: 0 }]);
    let (less, _) = town(&with_border(made(29, 0.0)));
    let fewer = |what, new| Worse::Fewer { what, old: 40, new };
    let found = worse(&old, &less);
    assert!(found.contains(&fewer("streets", 29)) && found.contains(&fewer("addresses", 29)), "{found:?}");
    let (open, _) = town(&made(40, 0.0));
    assert_eq!(worse(&old, &open), [Worse::NoBorder]);
    assert_eq!(worse(&open, &old), []);
}

#[test]
fn a_small_town_may_shrink() {
    let (old, new) = (town(&made(10, 0.0)).0, town(&made(2, 0.0)).0);
    assert_eq!(worse(&old, &new), []);
}

#[test]
fn older_data_are_worse() {
    let dated = |day: i64| {
        let mut pbf = made(2, 0.0);
        pbf.as_of_s = Some(1_700_000_000 + day * DAY_S);
        town(&pbf).0
    };
    assert_eq!(worse(&dated(5), &dated(3)), [Worse::Older { days: 2 }]);
    assert_eq!(worse(&dated(5), &dated(5)), []);
    assert_eq!(worse(&dated(5), &dated(6)), []);
    assert_eq!(worse(&dated(5), &town(&made(2, 0.0)).0), [], "data without a time may be new");
}

#[test]
fn a_real_town_is_not_another() {
    let (Some((monaco, _)), Some((francisco, _))) = (real("monaco.osm.pbf"), real("sf-downtown.osm.pbf")) else { return };
    assert_eq!(worse(monaco, monaco), []);
    assert!(worse(francisco, monaco).len() > 3 && worse(monaco, francisco).contains(&Worse::Ground { covered_percent: 0 }));
}

#[test]
fn what_cannot_be_opened_is_no_map_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("town.map");
    assert!(in_use(&place).unwrap().is_none());
    std::fs::write(&place, "no town").unwrap();
    assert!(in_use(&place).unwrap().is_none());
    std::fs::remove_file(&place).unwrap();
    std::fs::create_dir(&place).unwrap();
    assert!(in_use(&place).is_err(), "a folder where the map should be is for a person to see");
}
