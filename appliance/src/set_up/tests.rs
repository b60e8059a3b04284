use std::path::PathBuf;

use map::pbf::Pbf;

use super::*;

/// An extract with so many streets.
fn extract(folder: &Path, streets: i64) -> PathBuf {
    let mut pbf = Pbf::default();
    pbf.bounds = Some([24.0, 60.0, 24.1, 60.1]);
    for street in 0..streets {
        let lat = 60.01 + street as f64 * 0.001;
        let tags = [("highway", "residential"), ("name", &format!("Street {street}"))];
        pbf.line(1 + street * 10, &[(lat, 24.01), (lat, 24.09)], false, &tags);
    }
    let path = folder.join(format!("{streets}.osm.pbf"));
    pbf.write(&path).unwrap();
    path
}

#[test]
fn a_worse_map_is_taken_only_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (large, small) = (extract(folder.path(), 40), extract(folder.path(), 20));
    let streets = || map::Town::open(&data.join(MAP_FILE)).unwrap().counts().streets;
    let only_the_map = || std::fs::read_dir(&data).unwrap().count() == 1;
    assert_eq!(import(&data, &large, None, false).unwrap(), exit::DONE);
    assert_eq!(import(&data, &small, None, false).unwrap(), exit::REFUSED);
    assert!(streets() == 40 && only_the_map());
    assert_eq!(import(&data, &small, None, true).unwrap(), exit::DONE);
    assert!(streets() == 20 && only_the_map());
    assert_eq!(import(&data, &large, None, false).unwrap(), exit::DONE, "a better one needs no asking");
}

#[test]
fn a_map_that_was_imported_elsewhere_is_taken_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (there, here) = (folder.path().join("there"), folder.path().join("here"));
    import(&there, &extract(folder.path(), 30), None, false).unwrap();
    let made = there.join(MAP_FILE);
    assert_eq!(import(&here, &made, None, false).unwrap(), exit::DONE);
    let bytes = std::fs::read(&made).unwrap();
    assert_eq!(std::fs::read(here.join(MAP_FILE)).unwrap(), bytes);
    let broken = folder.path().join("broken.map");
    std::fs::write(&broken, &bytes[..bytes.len() - 1]).unwrap();
    for asked in [false, true] {
        let refused = format!("{:#}", import(&here, &broken, None, asked).unwrap_err());
        assert!(refused.contains("an older one stays as it was") && refused.contains("damaged"), "{refused}");
    }
    assert_eq!(std::fs::read(here.join(MAP_FILE)).unwrap(), bytes);
    assert_eq!(std::fs::read_dir(&here).unwrap().count(), 1);
    assert!(import(&here, &made, Some(&broken), false).is_err(), "a border cannot be put into a finished map");
}

#[test]
fn a_map_that_nobody_can_read_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join(MAP_FILE), "damage").unwrap();
    assert_eq!(import(&data, &extract(folder.path(), 20), None, false).unwrap(), exit::DONE);
    map::Town::open(&data.join(MAP_FILE)).unwrap();
}

#[test]
fn notes_name_the_first_objects() {
    let note =
        map::import::Note { text: "3 areas do not close".to_owned(), things: vec!["way 1".to_owned(), "way 2".to_owned()] };
    assert_eq!(told(&note, 1), "3 areas do not close (first: way 1)");
    assert_eq!(told(&note, usize::MAX), "3 areas do not close (first: way 1, way 2)");
    assert_eq!(told(&map::import::Note { things: Vec::new(), ..note }, 5), "3 areas do not close");
}
