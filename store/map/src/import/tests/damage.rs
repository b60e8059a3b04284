//! Extracts that are not as they should be, each through the whole import: an error that says where, or a repair that is counted and
//! names the objects.

use super::*;

const PARK: [(&str, &str); 2] = [("leisure", "park"), ("name", "Repaired Park")];

/// Why an extract is refused.
fn refused(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("given.osm.pbf"), folder.path().join("town"));
    std::fs::write(&file, bytes).unwrap();
    import(&file, None, &out, &mut |_| {}).unwrap_err().to_string()
}

#[test]
fn a_damaged_block_is_named_with_its_place_in_the_file() {
    let (head, block) = (street().head(), street().block());
    let second = head.len() + block.len();
    let mut broken = block.clone();
    // The bytes of a group: what follows is no protocol buffer.
    broken[60..].fill(0xff);
    for (bytes, what) in [
        ([&*head, &*block, &*broken].concat(), format!("block 3 at byte {second}")),
        ([&*head, &*block, &block[..block.len() - 5]].concat(), format!("block 3 at byte {second}")),
        ([&*head, &*block, &[0, 0]].concat(), format!("2 bytes too many after byte {second}")),
        ([&*head, &*block, &[0xff; 40]].concat(), format!("block 3 at byte {second}")),
        (block.clone(), "block 1 at byte 0".to_owned()),
    ] {
        let said = refused(&bytes);
        assert!(said.contains(&what), "{what}: {said}");
    }
}

#[test]
#[cfg(debug_assertions)]
fn damage_inside_a_block_is_named_with_the_object_before_it() {
    // A sum that overflows ends the reader where arithmetic is checked; elsewhere it gives a place off the planet, or nonsense.
    let mut pbf = street();
    pbf.node(7, 60.0, 24.0, &[]).node(8, 1e300, 0.0, &[]);
    let said = refused(&pbf.bytes());
    assert!(said.contains(&format!("block 2 at byte {} is damaged behind node 8", pbf.head().len())), "{said}");
}

#[test]
fn a_feature_that_nobody_knows_is_named_and_cut_short() {
    let mut bytes = street().head();
    let place = bytes.windows(14).position(|window| window == b"OsmSchema-V0.6").unwrap();
    bytes[place..place + 14].copy_from_slice(b"Time\x1b[2J-Trave");
    let said = refused(&bytes);
    assert!(said.contains(r#"it needs the feature "Time\u{1b}[2J-Trave"#), "{said}");
}

#[test]
fn an_absurd_rectangle_counts_as_none() {
    let (plain, _) = town(&street());
    for bounds in [[24.0, 60.0, 24.0, 60.0], [25.0, 61.0, 24.0, 60.0], [0.0, 0.0, 1e6, 1e6], [-181.0, -91.0, 181.0, 91.0]] {
        let mut pbf = street();
        pbf.bounds = Some(bounds);
        assert_eq!(town(&pbf).0.bounds(), plain.bounds(), "{bounds:?}");
    }
}

#[test]
fn ways_and_relations_with_an_id_twice_are_told() {
    let mut pbf = street();
    pbf.way(7, &[100, 101], &[("highway", "primary"), ("name", "First Way")]);
    pbf.way(7, &[101, 100], &[("highway", "primary"), ("name", "Second Way")]);
    pbf.line(20, &SQUARE, true, &[]);
    for name in ["First Park", "Second Park"] {
        pbf.relation(7, &[(Kind::Way, 20, "outer")], &[("type", "multipolygon"), ("leisure", "park"), ("name", name)]);
    }
    let (town, summary) = town(&pbf);
    assert_eq!(listed(&summary, "2 objects have an id that was there before"), ["way 7", "relation 7"]);
    let labels = |text: &str| town.search(text, None, 5).into_iter().map(|found| found.label).collect::<Vec<_>>();
    assert_eq!((labels("First Way"), labels("First Park")), (vec!["First Way".to_owned()], vec!["First Park".to_owned()]));
    assert!(labels("Second Way").is_empty() && labels("Second Park").is_empty());
}

#[test]
fn tags_that_point_outside_their_table_are_told() {
    let mut pbf = street();
    pbf.node(7, 60.002, 24.002, &[("place", "suburb"), ("name", "Lost Name")]);
    pbf.lose_last_text();
    let (town, summary) = town(&pbf);
    assert_eq!(listed(&summary, "1 tags point outside their table"), ["node 7"]);
    assert_eq!(town.search("Lost", None, 5), []);
    assert_eq!(town.search("Main Road", None, 5).len(), 1);
}

#[test]
fn areas_and_coasts_that_do_not_close_are_told() {
    let mut pbf = street();
    pbf.bounds = Some([24.0, 60.0, 24.02, 60.02]);
    pbf.line(10, &SQUARE, false, &[]);
    pbf.relation(1, &[(Kind::Way, 10, "outer")], &[&[("type", "multipolygon")], &PARK[..]].concat());
    // Northwards through the whole map, with a gap in the middle.
    pbf.line(30, &[(59.99, 24.015), (60.0098, 24.015)], false, &[("natural", "coastline")]);
    pbf.line(40, &[(60.0102, 24.015), (60.03, 24.015)], false, &[("natural", "coastline")]);
    // Land inside an island, which is none.
    let island = [(60.001, 24.001), (60.001, 24.003), (60.003, 24.003), (60.003, 24.001)];
    pbf.line(50, &island, true, &[("natural", "coastline")]);
    let (town, summary) = town(&pbf);
    assert_eq!(listed(&summary, "1 areas do not close"), ["relation 1"]);
    assert!(covers(&town, Class::Park, 60.005, 24.005));
    for what in ["gaps in the coastline", "closed coastlines contradict their surroundings"] {
        let places = listed(&summary, what);
        assert!(!places.is_empty() && places.iter().all(|place| place.starts_with("at ")), "{what}: {places:?}");
    }
    assert!(covers(&town, Class::Sea, 60.01, 24.018) && !covers(&town, Class::Sea, 60.01, 24.012));
}

#[test]
fn house_numbers_without_a_street_are_told() {
    let mut pbf = street();
    pbf.node(7, 60.002, 24.002, &[("addr:housenumber", "12")]);
    let (_, summary) = town(&pbf);
    assert_eq!(listed(&summary, "1 house numbers name no street"), ["node 7"]);
    assert_eq!(summary.addresses, 0);
}

#[test]
fn no_text_of_an_extract_controls_a_terminal_or_turns_what_follows() {
    let harmful = "\u{1b}[31m\u{202e}\u{2066}\u{200f}\u{0}\u{7}\u{85}";
    let text = |name: &str| format!("{harmful}{name}{harmful}");
    let (name, street_name, number, kind) = (text("Name"), text("Lane"), text("5"), text("cafe"));
    let mut pbf = Pbf::default();
    pbf.line(1, &[(60.0, 24.0), (60.01, 24.01)], false, &[("highway", "residential"), ("name", &street_name)]);
    pbf.node(7, 60.001, 24.001, &[("addr:street", &street_name), ("addr:housenumber", &number)]);
    pbf.node(8, 60.002, 24.002, &[("amenity", &kind), ("name", &name), ("name:sv", &name), ("alt_name", &name)]);
    pbf.line(20, &SQUARE, true, &[]);
    let border = [("type", "boundary"), ("boundary", "administrative"), ("admin_level", "8"), ("name", name.as_str())];
    pbf.relation(1, &[(Kind::Way, 20, "outer")], &border);
    let (town, summary) = town(&pbf);
    let mut texts: Vec<String> =
        ["Name", "Lane", "Lane 5"].iter().flat_map(|text| town.search(text, None, 5)).map(|found| found.label).collect();
    assert!(texts.len() >= 3, "{texts:?}");
    let drawing = town.features(everything(), 19.0);
    texts.extend(drawing.iter().flat_map(|feature| [feature.name, feature.kind]).flatten().map(str::to_owned));
    texts.extend(town.reverse(60.001, 24.001));
    texts.extend([town.name().to_owned(), summary.name.clone()]);
    texts.extend(summary.notes.iter().flat_map(|note| note.things.iter().chain([&note.text])).cloned());
    for text in &texts {
        let is_harmful =
            |c: char| c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!text.contains(is_harmful), "{text:?}");
    }
    assert_eq!(town.name(), "[31m Name[31m");
}

#[test]
fn the_name_of_a_file_is_cleaned_too_before_a_town_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("Tes\u{202e}t\u{1b}ville.osm.pbf"), folder.path().join("town"));
    street().write(&file).unwrap();
    assert_eq!(import(&file, None, &out, &mut |_| {}).unwrap().name, "Testville");
}
