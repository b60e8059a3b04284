mod damage;

use super::*;
use crate::class::Class;
use crate::draw::Osm;
use crate::pbf::{Kind, Pbf};
use crate::sample::{real, town, write};
use crate::world::{Area, Point, WORLD};
use crate::{Spot, Town};

const SQUARE: [(f64, f64); 4] = [(60.0, 24.0), (60.0, 24.01), (60.01, 24.01), (60.01, 24.0)];

fn everything() -> Rect {
    Rect { min: Spot { x: 0, y: 0 }, max: Spot { x: WORLD, y: WORLD } }
}

fn classes(town: &Town) -> Vec<Class> {
    town.features(everything(), 19.0).iter().map(|feature| feature.class).collect()
}

fn covers(town: &Town, class: Class, lat: f64, lon: f64) -> bool {
    let spot = Point::from_degrees(lat, lon).unwrap().spot();
    town.features(everything(), 19.0)
        .iter()
        .any(|feature| feature.class == class && crate::shape::contains(feature.parts(), spot))
}

fn noted(summary: &Summary, what: &str) -> bool {
    summary.notes.iter().any(|note| note.text.contains(what))
}

/// The objects listed under a note.
fn listed<'s>(summary: &'s Summary, what: &str) -> Vec<&'s str> {
    let note =
        summary.notes.iter().find(|note| note.text.contains(what)).unwrap_or_else(|| panic!("{what}: {:?}", summary.notes));
    note.things.iter().map(String::as_str).collect()
}

/// A street, so that there is something.
fn street() -> Pbf {
    let mut pbf = Pbf::default();
    pbf.line(100, &[(60.0, 24.0), (60.01, 24.01)], false, &[("highway", "residential"), ("name", "Main Road")]);
    pbf
}

#[test]
fn a_coastline_becomes_sea() {
    let mut pbf = street();
    pbf.bounds = Some([24.0, 60.0, 24.02, 60.02]);
    // Northwards: the water is on the right, in the east.
    pbf.line(1, &[(59.99, 24.01), (60.03, 24.01)], false, &[("natural", "coastline")]);
    let (town, _) = town(&pbf);
    assert!(covers(&town, Class::Sea, 60.01, 24.015));
    assert!(!covers(&town, Class::Sea, 60.01, 24.005));
}

#[test]
fn a_multipolygon_keeps_its_hole() {
    let mut pbf = street();
    let inner = [(60.004, 24.004), (60.004, 24.006), (60.006, 24.006), (60.006, 24.004)];
    pbf.line(1, &SQUARE, true, &[]).line(11, &inner, true, &[]);
    let tags = [("type", "multipolygon"), ("leisure", "park"), ("name", "Ring Park")];
    pbf.relation(1, &[(Kind::Way, 1, "outer"), (Kind::Way, 11, "inner")], &tags);
    let (town, _) = town(&pbf);
    assert!(covers(&town, Class::Park, 60.002, 24.002));
    assert!(!covers(&town, Class::Park, 60.005, 24.005));
}

#[test]
fn missing_nodes_and_members_are_counted_and_the_rest_is_drawn() {
    let mut pbf = street();
    pbf.node(1, 60.0, 24.0, &[]).node(2, 60.001, 24.0, &[]).node(4, 60.003, 24.0, &[]).node(5, 60.004, 24.0, &[]);
    pbf.way(7, &[1, 2, 3, 4, 5], &[("highway", "primary"), ("name", "Gap Road")]);
    pbf.line(20, &SQUARE, true, &[]);
    pbf.relation(1, &[(Kind::Way, 20, "outer"), (Kind::Way, 99, "outer")], &[("type", "multipolygon"), ("natural", "wood")]);
    let (town, summary) = town(&pbf);
    assert_eq!(listed(&summary, "1 nodes of ways are not in the extract"), ["way 7: node 3"]);
    assert_eq!(listed(&summary, "1 ways of areas are not in the extract"), ["relation 1: way 99"]);
    let drawing = town.features(everything(), 19.0);
    let gap = drawing.iter().find(|feature| feature.class == Class::Primary).unwrap();
    assert_eq!(gap.parts().count(), 2, "nothing is drawn across the missing node");
    assert!(classes(&town).contains(&Class::Wood));
    let origin = town.origin().unwrap();
    assert_eq!(origin.notes, summary.notes, "the file tells of it later, too");
    assert_eq!((origin.ways, origin.relations, origin.as_of_s), (3, 1, None));
    let counts = town.counts();
    assert_eq!((counts.features, counts.streets), (summary.features, summary.streets));
}

#[test]
fn a_real_extract_says_as_of_when_it_is() {
    let Some((town, summary)) = real("monaco.osm.pbf") else { return };
    let as_of = town.origin().and_then(|origin| origin.as_of_s).unwrap();
    eprintln!("as of {as_of}");
    assert!(as_of > 1_400_000_000, "{as_of}");
    let counts = town.counts();
    assert_eq!((counts.addresses, counts.places), (summary.addresses, summary.places));
}

#[test]
fn versions_and_times_of_what_is_kept_are_kept() {
    let mut pbf = street();
    pbf.stamp = Some((3, 1_600_000_000));
    pbf.node(900, 60.002, 24.002, &[("addr:street", "Main Road"), ("addr:housenumber", "7")]);
    pbf.node(901, 60.003, 24.003, &[("note", "not for the map")]);
    pbf.stamp = Some((u32::MAX >> 1, 1_700_000_000));
    pbf.way(902, &[100, 101], &[("highway", "steps")]);
    pbf.stamp = Some((1, -5));
    pbf.way(903, &[101, 100], &[("highway", "path")]);
    let (town, _) = town(&pbf);
    let stamps: Vec<(Osm, u32, Option<i64>)> = town.stamps().map(|stamp| (stamp.osm, stamp.version, stamp.changed_s)).collect();
    let wanted =
        [(Osm::Node(900), 3, Some(1_600_000_000)), (Osm::Way(902), u32::MAX >> 1, Some(1_700_000_000)), (Osm::Way(903), 1, None)];
    assert_eq!(stamps, wanted);
    let Some((monaco, summary)) = real("monaco.osm.pbf") else { return };
    let count = monaco.stamps().filter(|stamp| stamp.version > 0 && stamp.changed_s.is_some()).count() as u64;
    assert!(count * 10 > summary.features * 9, "{count} of {}", summary.features);
}

#[test]
fn a_town_file_of_the_first_version_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("town");
    import(&write(&street(), folder.path()), None, &path, &mut |_| {}).unwrap();
    let now = std::fs::read(&path).unwrap();
    // As version 1 had it: two parts less, so that every part begins 32 bytes sooner.
    let word = |at: usize| u64::from_le_bytes(now[at..at + 8].try_into().unwrap());
    let mut old = now[..8].to_vec();
    old.extend(1u32.to_le_bytes());
    old.extend(5u32.to_le_bytes());
    for part in 0..5 {
        let at = 16 + part * 16;
        old.extend((word(at) - 32).to_le_bytes());
        old.extend(word(at + 8).to_le_bytes());
    }
    old.extend(&now[16 + 7 * 16..word(16 + 5 * 16) as usize]);
    old.extend(<sha2::Sha256 as sha2::Digest>::digest(&old));
    std::fs::write(&path, &old).unwrap();
    let town = Town::open(&path).unwrap();
    assert_eq!(town.origin(), None);
    assert!(town.counts().features > 0);
}

#[test]
fn a_town_file_of_the_second_version_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("town");
    import(&write(&street(), folder.path()), None, &path, &mut |_| {}).unwrap();
    let now = std::fs::read(&path).unwrap();
    let notes = Town::open(&path).unwrap().origin().unwrap().notes;
    assert!(notes.len() == 1 && notes[0].things.is_empty(), "{notes:?}");
    // As version 2 had it: one part less, and notes without a list, which is empty here and the last byte of the part.
    let word = |at: usize| u64::from_le_bytes(now[at..at + 8].try_into().unwrap());
    let mut old = now[..8].to_vec();
    old.extend(2u32.to_le_bytes());
    old.extend(6u32.to_le_bytes());
    for part in 0..6 {
        let at = 16 + part * 16;
        old.extend((word(at) - 16).to_le_bytes());
        old.extend((word(at + 8) - u64::from(part == 5)).to_le_bytes());
    }
    old.extend(&now[16 + 7 * 16..word(16 + 6 * 16) as usize - 1]);
    old.extend(<sha2::Sha256 as sha2::Digest>::digest(&old));
    std::fs::write(&path, &old).unwrap();
    assert_eq!(Town::open(&path).unwrap().origin().unwrap().notes, notes);
}

#[test]
fn a_long_list_is_counted_whole_and_listed_in_part() {
    let mut pbf = street();
    (1..=1_000).for_each(|id| {
        pbf.node(id, 91.0, 0.0, &[]);
    });
    let (town, summary) = town(&pbf);
    let things = listed(&summary, "1000 nodes lie off the planet");
    assert_eq!((things.len(), things[0], things[19]), (20, "node 1 at 91, 0", "node 20 at 91, 0"));
    assert_eq!(town.origin().unwrap().notes, summary.notes);
}

#[test]
fn relations_larger_than_there_are_any_are_left_out() {
    let mut pbf = street();
    let tags = [("type", "multipolygon"), ("leisure", "park"), ("name", "Giant Park")];
    let members: Vec<(Kind, i64, &str)> = (1..=32_001).map(|id| (Kind::Way, id, "outer")).collect();
    pbf.relation(1, &members, &tags);
    pbf.line(20, &SQUARE, true, &[]);
    pbf.relation(2, &[(Kind::Way, 20, "outer"), (Kind::Way, 20, "outer")], &tags);
    let (town, summary) = town(&pbf);
    assert_eq!(listed(&summary, "1 relations are larger"), ["relation 1: 32001 members"]);
    assert_eq!(listed(&summary, "1 ways are named twice"), ["relation 2: way 20"]);
    assert!(covers(&town, Class::Park, 60.002, 24.002), "a way named twice is an edge, not none");
}

#[test]
fn many_relations_of_the_same_ways_stay_within_bounds() {
    let mut pbf = street();
    let ring: Vec<(f64, f64)> = (0..2_000)
        .map(|step| f64::from(step) * std::f64::consts::TAU / 2_000.0)
        .map(|turn| (60.0 + turn.sin() * 0.01, 24.0 + turn.cos() * 0.01))
        .collect();
    pbf.line(10_000, &ring, true, &[]);
    for id in 1..=2_000 {
        pbf.relation(id, &[(Kind::Way, 10_000, "outer")], &[("type", "multipolygon"), ("landuse", "grass")]);
    }
    let (town, summary) = town(&pbf);
    assert!(noted(&summary, "relations are larger than OpenStreetMap allows, or all of them"), "{:?}", summary.notes);
    let drawn = classes(&town).iter().filter(|class| **class == Class::Grass).count();
    assert!((100..600).contains(&drawn), "{drawn}");
}

#[test]
fn what_a_file_is_instead_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("given"), folder.path().join("town"));
    let why = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        import(&file, None, &out, &mut |_| {}).unwrap_err().to_string()
    };
    let whole = street().bytes();
    for (bytes, what) in [
        (&b""[..], "the file is empty"),
        (b"<?xml version='1.0'?><osm version='0.6'></osm> and so on and on and on and on", "like XML"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "like a compressed file"),
        (b"WGN-TOWN\x03\0\0\0", "like a town file"),
        (br#"{"type":"FeatureCollection"}"#, "like JSON"),
        ("Sehr geehrte Bürgerinnen und Bürger, ärgerlich öde übliche ältere Äußerungen".as_bytes(), "like a text"),
        (&[0; 4_096], "like an empty disk"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", "like something else"),
        (&whole[..whole.len() - 1], "block 2 at byte"),
        (&whole[..whole.len() / 2], "block 2 at byte"),
    ] {
        let why = why(bytes);
        assert!(why.contains(what), "{what}: {why}");
    }
}

#[test]
fn of_two_things_with_one_id_the_first_counts() {
    let mut pbf = street();
    pbf.node(1, 60.001, 24.001, &[("place", "suburb"), ("name", "First")]);
    pbf.node(1, 60.001, 24.001, &[("place", "suburb"), ("name", "Second")]);
    let (town, summary) = town(&pbf);
    assert_eq!(listed(&summary, "1 objects have an id"), ["node 1"]);
    assert_eq!(town.search("First", None, 5).len(), 1);
    assert_eq!(town.search("Second", None, 5), []);
}

#[test]
fn nodes_off_the_planet_and_absurd_ids_are_left_out() {
    let mut pbf = street();
    for (id, (lat, lon)) in (1..).zip([(91.0, 0.0), (-91.0, 0.0), (0.0, 181.0), (1e9, -1e9)]) {
        pbf.node(id, lat, lon, &[("place", "city"), ("name", "Nowhere")]);
    }
    pbf.node(i64::MIN, 60.0, 24.0, &[("place", "city"), ("name", "Nowhere")]);
    pbf.node(i64::MAX, 60.0, 24.0, &[("place", "city"), ("name", "Nowhere")]);
    let (town, summary) = town(&pbf);
    let places = ["node 1 at 91, 0", "node 2 at -91, 0", "node 3 at 0, 181", "node 4 at 1000000000, -1000000000"];
    assert_eq!(listed(&summary, "4 nodes lie off the planet"), places);
    let ids = ["node -9223372036854775808", "node 9223372036854775807"];
    assert_eq!(listed(&summary, "2 ids are beyond"), ids);
    assert_eq!(town.search("Nowhere", None, 5), []);
    let bounds = town.bounds();
    assert!(bounds.min.lat() > 59.9 && bounds.max.lat() < 60.1, "{bounds:?}");
}

#[test]
fn a_node_whose_place_was_lost_does_not_stretch_the_map() {
    let mut pbf = street();
    pbf.bounds = None;
    for id in 0..40 {
        pbf.node(500 + id, 60.0 + id as f64 * 1e-3, 24.0, &[("highway", "crossing")]);
    }
    let box_of = |pbf: &Pbf| town(pbf).0.bounds();
    let before = box_of(&pbf);
    // Null Island, and one on the other side.
    pbf.node(900, 0.0, 0.0, &[("place", "city"), ("name", "Nowhere")]).node(901, -60.0, -156.0, &[]);
    let (map, summary) = town(&pbf);
    assert_eq!(map.bounds(), before);
    let far = ["node 900 at 0.00000, 0.00000", "node 901 at -60.00000, -156.00000"];
    assert_eq!(listed(&summary, "2 nodes lie far from nearly all others"), far);
    // What lies a little apart belongs to the town.
    pbf.node(902, 60.06, 24.02, &[("place", "suburb"), ("name", "Outskirts")]);
    assert_eq!(box_of(&pbf).max.lat_e7, 600_600_000);
    // Where the extract says how far it reaches, that counts.
    pbf.bounds = Some([0.0, 0.0, 60.1, 24.1]);
    assert_eq!(box_of(&pbf).min.lat_e7, 0);
}

#[test]
fn relations_of_relations_end() {
    let mut pbf = street();
    let tags = [("type", "multipolygon"), ("leisure", "park"), ("name", "Endless Park")];
    pbf.relation(1, &[(Kind::Relation, 2, "outer")], &tags).relation(2, &[(Kind::Relation, 1, "outer")], &tags);
    pbf.relation(3, &[(Kind::Relation, 3, ""), (Kind::Node, 100, "label")], &tags);
    // A line of routes, and a town with its quarters, are what they should be.
    pbf.relation(4, &[(Kind::Relation, 4, "")], &[("type", "route_master")]);
    pbf.relation(5, &[(Kind::Relation, 6, "subarea")], &[("type", "boundary"), ("boundary", "administrative")]);
    let (town, summary) = town(&pbf);
    let circle = ["relation 1: relation 2", "relation 2: relation 1", "relation 3: relation 3"];
    assert_eq!(listed(&summary, "3 relations are members of areas"), circle);
    assert_eq!(classes(&town), [Class::Street]);
}

#[test]
fn names_lose_control_and_direction_characters() {
    let mut pbf = street();
    let odd = [("place", "suburb"), ("name", "Ev\u{202e}il\u{0}\n\u{1b}[2J Town\u{2066}"), ("name:sv", "St\u{200f}aden")];
    pbf.node(1, 60.001, 24.001, &odd);
    let (town, summary) = town(&pbf);
    assert_eq!(listed(&summary, "2 texts had control or direction characters"), ["node 1: name", "node 1: name:sv"]);
    let found = town.search("Staden", None, 1);
    assert_eq!(found.len(), 1, "the Swedish name is found");
    let label = &found[0].label;
    assert!(label.contains("Evil") && label.contains("Town"), "{label:?}");
    assert!(!label.chars().any(|c| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')));
}

#[test]
fn the_same_extract_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let pbf = write(&street(), folder.path());
    let bytes = |name: &str| {
        let out = folder.path().join(name);
        import(&pbf, None, &out, &mut |_| {}).unwrap();
        std::fs::read(out).unwrap()
    };
    assert_eq!(bytes("one"), bytes("two"));
}

#[test]
fn what_is_no_extract_is_refused_and_leaves_the_old_town() {
    let folder = tempfile::tempdir().unwrap();
    let whole = street().bytes();
    let (pbf, out) = (folder.path().join("bad.osm.pbf"), folder.path().join("town"));
    std::fs::write(&out, "the old town").unwrap();
    let cut = |length: usize| whole[..length].to_vec();
    let mut bad = vec![
        ("empty", Vec::new()),
        ("text", b"<osm version=\"0.6\"></osm>".to_vec()),
        ("picture", [&b"\x89PNG\r\n\x1a\n"[..], &[0; 500]].concat()),
        ("zeros", vec![0; 4_096]),
        ("ones", vec![0xff; 4_096]),
        ("nothing in it", Pbf::default().bytes()),
    ];
    bad.extend([3, 10, whole.len() / 2, whole.len() - 1].map(|length| ("cut", cut(length))));
    for (what, bytes) in bad {
        std::fs::write(&pbf, bytes).unwrap();
        let refused = import(&pbf, None, &out, &mut |_| {});
        assert!(matches!(refused, Err(ImportError::Extract { .. })), "{what}: {refused:?}");
        assert!(refused.unwrap_err().to_string().contains("bad.osm.pbf"));
        assert_eq!(std::fs::read(&out).unwrap(), b"the old town", "{what}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "{what}: nothing is left over");
    }
    let absent = import(&folder.path().join("absent.osm.pbf"), None, &out, &mut |_| {});
    assert!(matches!(absent, Err(ImportError::Io { action: "read", .. })), "{absent:?}");
}

#[test]
fn a_flipped_byte_never_panics_the_import() {
    let folder = tempfile::tempdir().unwrap();
    let whole = street().bytes();
    let (pbf, out) = (folder.path().join("flipped.osm.pbf"), folder.path().join("town"));
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x55;
        std::fs::write(&pbf, bytes).unwrap();
        if import(&pbf, None, &out, &mut |_| {}).is_ok() {
            Town::open(&out).unwrap();
        }
    }
}

#[test]
fn a_border_comes_from_geojson_or_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let pbf = write(&street(), folder.path());
    let (border, out) = (folder.path().join("border.geojson"), folder.path().join("town"));
    let with = |text: &str| {
        std::fs::write(&border, text).unwrap();
        import(&pbf, Some(&border), &out, &mut |_| {})
    };
    with(r#"{"type":"Polygon","coordinates":[[[24,60],[24.01,60],[24.01,60.01],[24,60]]]}"#).unwrap();
    let Area(polygons) = Town::open(&out).unwrap().area().clone();
    assert_eq!(polygons.len(), 1);
    assert_eq!(polygons[0][0].len(), 4);
    assert_eq!(polygons[0][0][1], Point::from_degrees(60.0, 24.01).unwrap());
    for bad in
        ["", "{}", "[1]", r#"{"type":"Point","coordinates":[1,2]}"#, r#"{"type":"Polygon","coordinates":[[[24,600],[1,1]]]}"#]
    {
        let refused = with(bad);
        assert!(matches!(refused, Err(ImportError::Border { .. })), "{bad}: {refused:?}");
    }
}

#[test]
fn progress_only_grows_and_ends_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    import(&write(&street(), folder.path()), None, &folder.path().join("town"), &mut |progress| told.push(progress)).unwrap();
    assert!(told.windows(2).all(|pair| pair[0].stage as u8 <= pair[1].stage as u8 && pair[0].done <= pair[1].done), "{told:?}");
    assert_eq!(told.last().map(|progress| progress.done), Some(1.0));
}

#[test]
fn monaco_comes_out_whole() {
    let Some((town, summary)) = real("monaco.osm.pbf") else { return };
    assert_eq!(summary.name, "Monaco");
    assert!((4_000..40_000).contains(&summary.features), "{summary:?}");
    assert!(summary.streets > 150 && summary.addresses > 300, "{summary:?}");
    // The harbour is sea, the Rock is not; the palace is on land.
    assert!(covers(town, Class::Sea, 43.7350, 7.4275));
    assert!(!covers(town, Class::Sea, 43.7311, 7.4203));
}

#[test]
fn san_francisco_comes_out_whole() {
    let Some((_, summary)) = real("sf-downtown.osm.pbf") else { return };
    assert!((20_000..200_000).contains(&summary.features), "{summary:?}");
    assert!((12_000..13_000).contains(&summary.addresses), "{summary:?}");
    assert!(summary.streets > 150 && summary.places > 1_000, "{summary:?}");
}
