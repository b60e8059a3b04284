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

/// What lies in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn changes_are_added_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = folder.path().join("today.osc");
    let border = folder.path().join("border.geojson");
    std::fs::write(&border, r#"{"type":"Polygon","coordinates":[[[24,60],[24.1,60],[24.1,60.1],[24,60]]]}"#).unwrap();
    let change = |text: &str| std::fs::write(&file, format!("<osmChange>{text}</osmChange>")).unwrap();
    let found = |text: &str| {
        let town = map::Town::open(&data.join(MAP_FILE)).unwrap();
        town.search(text, None, 5).iter().filter(|found| found.label == text).count()
    };
    let cafe = |id: u32, name: &str| {
        change(&format!(
            "<create><node id='{id}' lat='60.05' lon='24.05' version='1'><tag k='amenity' v='cafe'/><tag k='name' v='{name}'/></node></create>"
        ));
    };
    cafe(5_001, "Aurora");
    std::fs::create_dir(&data).unwrap();
    let nothing = format!("{:#}", update(&data, std::slice::from_ref(&file), false).unwrap_err());
    assert!(nothing.contains("bring it with"), "{nothing}");
    import(&data, &extract(folder.path(), 40), Some(&border), false).unwrap();
    let area = || map::Town::open(&data.join(MAP_FILE)).unwrap().area().clone();
    let own = area();
    assert_eq!(update(&data, std::slice::from_ref(&file), false).unwrap(), exit::DONE);
    cafe(5_002, "Borealis");
    assert_eq!(update(&data, std::slice::from_ref(&file), false).unwrap(), exit::DONE);
    assert_eq!((found("Aurora"), found("Borealis"), found("Street 7")), (1, 1, 1));
    assert_eq!(names(&data.join("town.changes")), ["000001.osc", "000002.osc"]);
    assert!(map::Town::open(&data.join(MAP_FILE)).unwrap().name() == "40" && area() == own, "name and border stay");
    // Broken ones, and such that take the town away, are not kept.
    std::fs::write(&file, "<osmChange><create>").unwrap();
    let broken = format!("{:#}", update(&data, std::slice::from_ref(&file), false).unwrap_err());
    assert!(broken.contains("it stays as it was") && broken.contains("before </osmChange>"), "{broken}");
    change(&format!("<delete>{}</delete>", (0..30).map(|street| format!("<way id='{}'/>", 1 + street * 10)).collect::<String>()));
    assert_eq!(update(&data, std::slice::from_ref(&file), false).unwrap(), exit::REFUSED);
    assert_eq!((names(&data.join("town.changes")).len(), found("Street 7")), (2, 1));
    assert_eq!(update(&data, std::slice::from_ref(&file), true).unwrap(), exit::DONE);
    assert_eq!((names(&data.join("town.changes")).len(), found("Street 7")), (3, 0));
    // A new extract has it all.
    assert_eq!(import(&data, &extract(folder.path(), 40), None, false).unwrap(), exit::REFUSED, "it has no border");
    assert_eq!(names(&data.join("town.changes")).len(), 3);
    assert_eq!(import(&data, &extract(folder.path(), 40), None, true).unwrap(), exit::DONE);
    assert_eq!(names(&data), ["town.map", "town.osm.pbf"]);
    assert_eq!((found("Aurora"), found("Street 7")), (0, 1));
}

#[test]
fn several_change_files_are_taken_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    import(&data, &extract(folder.path(), 40), None, false).unwrap();
    let cafe = |file: &str, version: u32| {
        let path = folder.path().join(file);
        let node = format!("<node id='5001' lat='60.05' lon='24.05' version='{version}'><tag k='amenity' v='cafe'/>");
        let text = format!("<osmChange><modify>{node}<tag k='name' v='Cafe {version}'/></node></modify></osmChange>");
        std::fs::write(&path, text).unwrap();
        path
    };
    let notes = || map::Town::open(&data.join(MAP_FILE)).unwrap().origin().unwrap().notes;
    let found =
        || map::Town::open(&data.join(MAP_FILE)).unwrap().search("Cafe", None, 1).first().map(|found| found.label.clone());
    let told = |text: &str| {
        notes().iter().any(|note| note.text.contains(text) && note.things.iter().any(|thing| thing.contains("node 5001")))
    };
    let (first, second) = (cafe("first.osc", 1), cafe("second.osc", 2));
    let broken = folder.path().join("broken.osc");
    std::fs::write(&broken, "<osmChange>").unwrap();
    let refused = format!("{:#}", update(&data, &[first.clone(), broken], false).unwrap_err());
    assert!(refused.contains("broken.osc is not a usable change file"), "{refused}");
    assert!(found().is_none() && !data.join("town.changes").exists());
    assert_eq!(update(&data, &[first, second.clone()], false).unwrap(), exit::DONE);
    assert_eq!(found().as_deref(), Some("Cafe 2"));
    assert_eq!(names(&data.join("town.changes")), ["000001.osc", "000002.osc"]);
    assert!(!told("had already") && !told("lack versions"), "{:?}", notes());
    // Again, and then one after a gap: both are said, and stay with the map.
    assert_eq!(update(&data, &[second], false).unwrap(), exit::DONE);
    assert!(told("had already") && !told("lack versions"), "{:?}", notes());
    assert_eq!(update(&data, &[cafe("fourth.osc", 4)], false).unwrap(), exit::DONE);
    assert!(told("lack versions"), "{:?}", notes());
    assert_eq!(found().as_deref(), Some("Cafe 4"));
}

#[test]
fn a_worse_map_is_taken_only_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (large, small) = (extract(folder.path(), 40), extract(folder.path(), 20));
    let streets = || map::Town::open(&data.join(MAP_FILE)).unwrap().counts().streets;
    let only_the_map = || names(&data) == ["town.map", "town.osm.pbf"];
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
    assert_eq!(names(&here), ["town.map"]);
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
