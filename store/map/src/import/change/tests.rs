use super::super::{Sources, Summary, import_all};
use crate::Town;
use crate::class::Class;
use crate::pbf::{Kind, Pbf};
use crate::sample::write;
use crate::world::Rect;

const AS_OF_S: i64 = 1_700_000_000;

/// A street, a park, a shop, as of 2023-11-14.
fn extract() -> Pbf {
    let mut pbf = Pbf::default();
    pbf.bounds = Some([24.0, 60.0, 24.1, 60.1]);
    pbf.as_of_s = Some(AS_OF_S);
    pbf.stamp = Some((2, AS_OF_S - 100));
    pbf.line(1, &[(60.01, 24.01), (60.02, 24.02)], false, &[("highway", "residential"), ("name", "Old Street")]);
    pbf.line(10, &[(60.05, 24.05), (60.05, 24.06), (60.06, 24.06)], true, &[]);
    pbf.relation(1, &[(Kind::Way, 10, "outer")], &[("type", "multipolygon"), ("leisure", "park"), ("name", "Old Park")]);
    pbf.node(20, 60.03, 24.03, &[("shop", "bakery"), ("name", "Old Bakery")]);
    pbf
}

/// The town after these changes, each file between `<osmChange>` tags.
fn after(files: &[&str]) -> (Town, Summary) {
    let folder = tempfile::tempdir().unwrap();
    let changes: Vec<_> = (0..files.len()).map(|index| folder.path().join(format!("{index}.osc"))).collect();
    for (path, text) in changes.iter().zip(files) {
        std::fs::write(path, format!("<?xml version='1.0'?>\n<osmChange version=\"0.6\">{text}</osmChange>")).unwrap();
    }
    let (pbf, out) = (write(&extract(), folder.path()), folder.path().join("town.map"));
    let sources = Sources { extract: &pbf, changes: &changes, border: None, name: Some("Testville") };
    let summary = import_all(sources, &out, &mut |_| {}).unwrap();
    (Town::open(&out).unwrap(), summary)
}

fn first(town: &Town, text: &str) -> Option<String> {
    town.search(text, None, 1).into_iter().next().map(|found| found.label)
}

fn has(summary: &Summary, text: &str, things: &[&str]) -> bool {
    summary.notes.iter().any(|note| note.text.contains(text) && note.things == things)
}

#[test]
fn things_are_created_modified_and_deleted() {
    let (town, summary) = after(&["<modify><way id='1' version='3' timestamp='2024-01-01T00:00:00Z'><nd ref='1'/><nd ref='2'/>\
         <nd ref='30'/><tag k='highway' v='residential'/><tag k='name' v='New Street'/></way></modify>\
         <create><node id='30' lat='60.2' lon='24.2' version='1' timestamp='2024-01-02T00:00:00Z'/>\
         <node id='31' lat='60.04' lon='24.04' version='1' timestamp='2024-01-02T00:00:00Z'><tag k='amenity' v='cafe'/>\
         <tag k='name' v='New Cafe'/></node></create>\
         <delete><node id='20' version='3' timestamp='2024-01-03T00:00:00Z'/><relation id='1' version='3'/></delete>"]);
    assert_eq!(first(&town, "New Street").as_deref(), Some("New Street"));
    assert_eq!(first(&town, "New Cafe").as_deref(), Some("New Cafe"));
    assert!(["Old Street", "Old Bakery", "Old Park"].iter().all(|gone| first(&town, gone).as_deref() != Some(gone)));
    assert!(
        has(&summary, "changed since the extract: 3 objects new or other, 2 removed, 0 elsewhere", &[]),
        "{:?}",
        summary.notes
    );
    let origin = town.origin().unwrap();
    assert_eq!(origin.as_of_s, Some(1_704_240_000), "as of the youngest change");
    assert_eq!(town.name(), "Testville");
    // The way leads to its new end, which lies beyond the map.
    let whole = Rect::from(town.bounds()).grown(1 << 24);
    let drawing = town.features(whole, 19.0);
    let street = drawing.iter().find(|feature| feature.class == Class::Street).unwrap();
    assert_eq!(street.parts().next().map(<[_]>::len), Some(3));
    let stamp = town.stamps().find(|stamp| stamp.osm == crate::draw::Osm::Way(1)).unwrap();
    assert_eq!(stamp.version, 3);
}

#[test]
fn the_highest_version_counts_in_whatever_order() {
    let name = |version: u32, name: &str| {
        format!(
            "<modify><node id='20' lat='60.03' lon='24.03' version='{version}'><tag k='shop' v='bakery'/><tag k='name' v='{name}'/></node></modify>"
        )
    };
    let (third, fourth) = (name(3, "Third Bakery"), name(4, "Fourth Bakery"));
    for files in [[third.as_str(), &fourth], [&fourth, &third], [&fourth, &fourth]] {
        assert_eq!(first(&after(&files).0, "Bakery").as_deref(), Some("Fourth Bakery"));
    }
    let (town, summary) = after(&[&name(2, "Second Bakery")]);
    assert_eq!(first(&town, "Bakery").as_deref(), Some("Old Bakery"));
    assert!(has(&summary, "1 objects have changes that the map had already", &["node 20"]), "{:?}", summary.notes);
}

#[test]
fn a_node_without_tags_moves_only_for_what_came_after_the_extract() {
    let moved = |time: &str| format!("<modify><node id='2' lat='60.09' lon='24.09' version='9' timestamp='{time}'/></modify>");
    let end = |file: &str| {
        let (town, _) = after(&[file]);
        let drawing = town.features(Rect::from(town.bounds()), 19.0);
        let street = drawing.iter().find(|feature| feature.class == Class::Street).unwrap();
        street.parts().next().and_then(|part| part.last().map(|spot| (spot.point().lat() * 100.0).round())).unwrap()
    };
    assert_eq!(end(&moved("2023-11-01T00:00:00Z")), 6_002.0);
    assert_eq!(end(&moved("2023-12-01T00:00:00Z")), 6_009.0);
}

#[test]
fn what_is_elsewhere_stays_there() {
    let (town, summary) =
        after(&["<create><node id='90' lat='10' lon='10'><tag k='place' v='city'/><tag k='name' v='Far City'/></node>\
         <way id='91'><nd ref='90'/><nd ref='92'/><tag k='highway' v='primary'/><tag k='name' v='Far Road'/></way>\
         <relation id='93'><member type='way' ref='91' role=''/><tag k='type' v='multipolygon'/></relation></create>\
         <delete><node id='94'/></delete>"]);
    assert_eq!((first(&town, "Far City"), first(&town, "Far Road")), (None, None));
    assert!(has(&summary, "0 objects new or other, 0 removed, 4 elsewhere", &[]), "{:?}", summary.notes);
    let (_, summary) =
        after(&["<modify><node id='90' lat='10' lon='10' version='3' timestamp='2020-01-01T00:00:00Z'/></modify>"]);
    assert!(has(&summary, "0 objects new or other, 0 removed, 1 elsewhere", &[]), "{:?}", summary.notes);
    assert_eq!(listed(&summary, "the map had already"), None);
}

/// The bakery as of a version.
fn bakery(version: u32) -> String {
    format!(
        "<modify><node id='20' lat='60.03' lon='24.03' version='{version}'><tag k='shop' v='bakery'/>\
         <tag k='name' v='Bakery {version}'/></node></modify>"
    )
}

/// The objects listed under a note, if there is one.
fn listed<'s>(summary: &'s Summary, text: &str) -> Option<Vec<&'s str>> {
    let note = summary.notes.iter().find(|note| note.text.contains(text))?;
    Some(note.things.iter().map(String::as_str).collect())
}

#[test]
fn versions_that_are_missing_are_told() {
    // The extract has version 2.
    for (versions, gap, newest) in [
        (&[3, 4][..], None, 4),
        (&[4], Some("node 20: version 4 follows 2"), 4),
        (&[3, 7], Some("node 20: version 7 follows 3"), 7),
        (&[3, 5, 6], Some("node 20: version 5 follows 3"), 6),
        (&[u32::MAX], Some("node 20: version 4294967295 follows 2"), u32::MAX),
        // In whatever order they come, nothing is missing.
        (&[4, 3], None, 4),
        (&[3, 5, 4], None, 5),
    ] {
        let files: Vec<String> = versions.iter().map(|version| bakery(*version)).collect();
        let (town, summary) = after(&files.iter().map(String::as_str).collect::<Vec<_>>());
        let told = listed(&summary, "1 objects lack versions between: a change file is missing");
        assert_eq!(told.as_deref(), gap.as_ref().map(std::slice::from_ref), "{versions:?}: {:?}", summary.notes);
        assert_eq!(first(&town, "Bakery"), Some(format!("Bakery {newest}")), "{versions:?}");
    }
    let (_, summary) = after(&["<create><node id='95' lat='1' lon='1' version='1'/></create>\
         <modify><node id='95' lat='1' lon='1' version='9'/></modify>"]);
    assert_eq!(listed(&summary, "lack versions"), None, "of what is elsewhere nothing is missing");
    let (town, summary) = after(&["<delete><node id='20' version='5'/></delete>"]);
    assert_eq!(listed(&summary, "lack versions"), Some(vec!["node 20: version 5 follows 2"]));
    assert_eq!(first(&town, "Bakery"), None);
}

#[test]
fn what_the_map_has_already_is_passed_over_and_counted() {
    for (versions, is_told, newest) in
        [(&[3][..], false, 3), (&[3, 3], true, 3), (&[4, 3], true, 4), (&[3, 2], true, 3), (&[1], true, 0)]
    {
        let files: Vec<String> = versions.iter().map(|version| bakery(*version)).collect();
        let (town, summary) = after(&files.iter().map(String::as_str).collect::<Vec<_>>());
        let told = listed(&summary, "1 objects have changes that the map had already");
        assert_eq!(told, is_told.then(|| vec!["node 20"]), "{versions:?}: {:?}", summary.notes);
        let name = if newest == 0 { "Old Bakery".to_owned() } else { format!("Bakery {newest}") };
        assert_eq!(first(&town, "Bakery"), Some(name), "{versions:?}");
    }
}

#[test]
fn a_file_may_be_packed() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let (pbf, out, file) = (write(&extract(), folder.path()), folder.path().join("town.map"), folder.path().join("day.osc.gz"));
    let pack = |text: &str| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    };
    let run = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        let sources = Sources { extract: &pbf, changes: std::slice::from_ref(&file), border: None, name: None };
        import_all(sources, &out, &mut |_| {})
    };
    let text = format!("<osmChange>{}</osmChange>", bakery(3));
    let (start, end) = text.split_at(60);
    // Packers that work side by side write several parts.
    for bytes in [pack(&text), [pack(start), pack(end)].concat()] {
        run(&bytes).unwrap();
        assert_eq!(first(&Town::open(&out).unwrap(), "Bakery").as_deref(), Some("Bakery 3"));
    }
    let whole = pack(&text);
    let mut broken = whole.clone();
    broken[20] ^= 0x55;
    for (bytes, what) in [
        (&whole[..whole.len() / 2], "cannot be unpacked: it is damaged or cut off"),
        (&whole[..whole.len() - 3], "cannot be unpacked: it is damaged or cut off"),
        (&broken, "day.osc.gz is not a usable change file"),
        (&pack("<osmChange><create>"), "it ends at byte 19, before </osmChange>"),
    ] {
        let refused = run(bytes).unwrap_err().to_string();
        assert!(refused.contains(what), "{what}: {refused}");
    }
}

#[test]
fn a_broken_change_file_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (pbf, out, file) = (write(&extract(), folder.path()), folder.path().join("town.map"), folder.path().join("bad.osc"));
    std::fs::write(&out, "the old town").unwrap();
    for bad in [&b""[..], b"<osmChange>", b"\x1f\x8b\x08", b"BZh91AY", b"<osmChange>\xff</osmChange>"] {
        std::fs::write(&file, bad).unwrap();
        let sources = Sources { extract: &pbf, changes: std::slice::from_ref(&file), border: None, name: None };
        let refused = import_all(sources, &out, &mut |_| {}).unwrap_err().to_string();
        assert!(refused.contains("bad.osc is not a usable change file"), "{refused}");
        assert_eq!(std::fs::read(&out).unwrap(), b"the old town");
    }
}
