//! Measures the map on this machine: `cargo run --release -p map --example figures -- EXTRACT.osm.pbf [LAT LON]`.

use std::path::Path;
use std::time::{Duration, Instant};

use map::{Point, Town, View};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let extract = arguments.first().ok_or("usage: measure EXTRACT.osm.pbf [LAT LON]")?;
    let out = std::env::temp_dir().join(format!("measure-{}.town", std::process::id()));
    let started = Instant::now();
    let summary = map::import(Path::new(extract), None, &out, &mut |_| {})?;
    println!("{}: import {:?}, {} bytes, {}", summary.name, started.elapsed(), summary.size, peak_memory());
    let started = Instant::now();
    let town = Town::open(&out)?;
    println!("open {:?}", started.elapsed());
    let started = Instant::now();
    town.prepare();
    println!("prepare {:?}", started.elapsed());
    let center = match arguments.as_slice() {
        [_, lat, lon, ..] => Point::from_degrees(lat.parse()?, lon.parse()?).ok_or("off the planet")?,
        _ => {
            let (min, max) = (town.bounds().min, town.bounds().max);
            Point { lat_e7: min.lat_e7 / 2 + max.lat_e7 / 2, lon_e7: min.lon_e7 / 2 + max.lon_e7 / 2 }
        }
    };
    for zoom in 12..=19 {
        let view = View::at(center, f64::from(zoom), 1920.0, 1080.0);
        let features = times(50, || town.features(view.rect(0.0), view.zoom).len());
        let labels =
            times(50, || town.place_labels(&view, None, &mut |text, size| text.chars().count() as f32 * size * 0.55).len());
        println!(
            "1920×1080 at zoom {zoom}: {} features {:?}, {} labels {:?} (medians)",
            features.0, features.1, labels.0, labels.1
        );
    }
    search(&town);
    std::fs::remove_file(&out)?;
    Ok(())
}

/// The last result and the median time.
fn times(count: usize, mut work: impl FnMut() -> usize) -> (usize, Duration) {
    let mut result = 0;
    let mut all: Vec<Duration> = (0..count)
        .map(|_| {
            let started = Instant::now();
            result = work();
            started.elapsed()
        })
        .collect();
    all.sort();
    (result, all.get(count / 2).copied().unwrap_or_default())
}

/// Every name of the town as typed letter by letter, and whole with two letters swapped.
fn search(town: &Town) {
    let mut questions = Vec::new();
    for found in ["a", "b", "c", "k", "m", "r", "s", "t"].iter().flat_map(|start| town.search(start, None, 60)) {
        let letters: Vec<char> = found.label.chars().collect();
        for end in (2..=letters.len()).step_by(3) {
            questions.push(letters.iter().take(end).collect::<String>());
        }
        let mut swapped = letters;
        if swapped.len() > 5 {
            swapped.swap(3, 4);
        }
        questions.push(swapped.iter().collect::<String>() + " 5");
    }
    let mut all: Vec<Duration> = questions
        .iter()
        .map(|question| {
            let started = Instant::now();
            town.search(question, None, 8);
            started.elapsed()
        })
        .collect();
    all.sort();
    let at = |share: f64| all.get(((all.len() as f64 - 1.0) * share) as usize).copied().unwrap_or_default();
    println!("{} searches: median {:?}, p99 {:?}, worst {:?}", all.len(), at(0.5), at(0.99), at(1.0));
}

/// The most memory this process has had, as the kernel counts it.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).map_or_else(|| "peak memory unknown".to_owned(), str::to_owned)
}
