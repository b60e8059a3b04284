//! What a map is, in lines for who looks after the box.

use chrono::{DateTime, Utc};
use map::import::LISTED;
use map::{Area, Bounds, Town};

/// Columns of a line of objects, at most.
const WIDTH: usize = 100;

/// Everything but the name and the file. `updates` is how many change files came since the import.
pub fn lines(town: &Town, updates: usize) -> Vec<String> {
    let mut lines = vec![covers(town.bounds()), border(town)];
    let counts = town.counts();
    lines.push(format!(
        "holds   {} things to draw, {} streets, {} addresses, {} places",
        counts.features, counts.streets, counts.addresses, counts.places
    ));
    let Some(origin) = town.origin() else {
        lines.push("made    by an older program: import it again to know of what".to_owned());
        return lines;
    };
    let time = |time_s: i64| DateTime::from_timestamp(time_s, 0);
    let as_of = origin.as_of_s.and_then(time);
    lines.push(format!(
        "as of   {}",
        as_of.map_or_else(|| "the extract does not say".to_owned(), |time| time.format("%Y-%m-%d %H:%M UTC").to_string())
    ));
    let updated = match updates {
        0 => String::new(),
        1 => ", updated by 1 change file".to_owned(),
        count => format!(", updated by {count} change files"),
    };
    lines.push(format!("made    of {} nodes, {} ways, {} relations{updated}", origin.nodes, origin.ways, origin.relations));
    let changed = || town.stamps().filter_map(|stamp| time(stamp.changed_s?));
    if let (Some(first), Some(last)) = (changed().min(), changed().max()) {
        let day = |time: DateTime<Utc>| time.format("%Y-%m-%d").to_string();
        lines.push(format!("dated   {} objects, last changed between {} and {}", changed().count(), day(first), day(last)));
    }
    if origin.notes.is_empty() {
        lines.push("notes   none: everything was as it should be".to_owned());
    }
    for note in &origin.notes {
        // A list that is full may go on.
        let first = if note.things.len() < LISTED { "" } else { "; the first:" };
        lines.push(format!("note    {}{first}", note.text));
        lines.extend(wrapped(&note.things));
    }
    lines
}

/// The rectangle in degrees and kilometres.
fn covers(bounds: Bounds) -> String {
    let (min, max) = (bounds.min.spot(), bounds.max.spot());
    let km = |from: i32, to: i32| f64::from(to.abs_diff(from)) * map::world::unit_m(min.y.midpoint(max.y)) / 1000.0;
    format!(
        "covers  {:.5},{:.5} to {:.5},{:.5} (south-west to north-east), {:.1} km by {:.1} km",
        bounds.min.lat(),
        bounds.min.lon(),
        bounds.max.lat(),
        bounds.max.lon(),
        km(min.x, max.x),
        km(min.y, max.y)
    )
}

fn border(town: &Town) -> String {
    if *town.area() == Area::rectangle(town.bounds()) {
        return "border  none: reports are taken on the whole map".to_owned();
    }
    let polygons = match town.area().0.len() {
        1 => "1 polygon".to_owned(),
        count => format!("{count} polygons"),
    };
    format!("border  {polygons}, {} corners", town.area().0.iter().flatten().map(Vec::len).sum::<usize>())
}

/// The things side by side, as many as a line holds.
fn wrapped(things: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for thing in things {
        match lines.last_mut().filter(|line| line.chars().count() + thing.chars().count() + 3 <= WIDTH) {
            Some(line) => *line += &format!("; {thing}"),
            None => lines.push(format!("        {thing}")),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use map::pbf::Pbf;

    use super::*;

    fn told(pbf: &Pbf, updates: usize) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let (file, out) = (folder.path().join("town.osm.pbf"), folder.path().join("town"));
        pbf.write(&file).unwrap();
        map::import(&file, None, &out, &mut |_| {}).unwrap();
        lines(&Town::open(&out).unwrap(), updates)
    }

    #[test]
    fn a_technician_reads_what_the_map_is_and_what_it_lacks() {
        let mut pbf = Pbf::default();
        pbf.bounds = Some([24.0, 60.0, 24.02, 60.01]);
        pbf.as_of_s = Some(1_700_000_000);
        pbf.stamp = Some((2, 1_600_000_000));
        pbf.line(100, &[(60.0, 24.0), (60.01, 24.01)], false, &[("highway", "residential"), ("name", "Main Road")]);
        let refs: Vec<i64> = (100..102).chain(500..530).collect();
        pbf.way(7, &refs, &[("highway", "primary"), ("name", "Gap Road")]);
        let told = told(&pbf, 2);
        assert_eq!(
            told[..6],
            [
                "covers  60.00000,24.00000 to 60.01000,24.02000 (south-west to north-east), 1.1 km by 1.1 km",
                "border  none: reports are taken on the whole map",
                "holds   2 things to draw, 2 streets, 0 addresses, 0 places",
                "as of   2023-11-14 22:13 UTC",
                "made    of 2 nodes, 2 ways, 0 relations, updated by 2 change files",
                "dated   2 objects, last changed between 2020-09-13 and 2020-09-13",
            ]
        );
        let missing = "note    30 nodes of ways are not in the extract: lines end there, areas are closed straight; the first:";
        assert_eq!(told[6], missing);
        assert!(told[7].starts_with("        way 7: node 500; way 7: node 501"), "{told:?}");
        let objects: Vec<&String> = told.iter().filter(|line| line.starts_with("        way 7")).collect();
        assert!(objects.len() > 1 && objects.iter().all(|line| line.chars().count() <= WIDTH), "{told:?}");
    }
}
