//! Prints a map in characters, to look at it: `cargo run -p tui --example map -- TOWN LAT LON METRES COLUMNS ROWS`, where TOWN is a
//! town file or an `osm.pbf`. Says last how long drawing takes.

use std::path::{Path, PathBuf};
use std::time::Instant;

use tui::parts::map::{Ground, Ink, Marker, Window, draw};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [town, numbers @ ..] = arguments.as_slice() else { return Err("usage: map TOWN LAT LON METRES COLUMNS ROWS".into()) };
    let numbers: Vec<f64> = numbers.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
    let [lat, lon, across_m, columns, rows] = numbers[..] else { return Err("five numbers after the town".into()) };
    let mut file = PathBuf::from(town);
    if town.ends_with(".pbf") {
        file = std::env::temp_dir().join(format!("map-{}.town", std::process::id()));
        map::import(Path::new(town), None, &file, &mut |_| {})?;
    }
    let town = map::Town::open(&file)?;
    let here = api::Point::from_degrees(lat, lon).ok_or("off the planet")?;
    let marker = Marker { point: here, letter: 'L', main: true };
    let window = Window { center: here, across_m, size: (columns as u16, rows as u16) };
    let picture = draw(Some(&town), &window, &[marker], false);
    for row in picture.cells.chunks(picture.width.max(1)) {
        for cell in row {
            let ground = match cell.ground {
                Ground::Land => "49",
                Ground::Green => "48;5;22",
                Ground::Water => "48;5;24",
                Ground::Building => "48;5;236",
            };
            let ink = if matches!(cell.ink, Ink::Name | Ink::Main) { "1" } else { "22" };
            print!("\x1b[{ground};{ink}m{}", cell.sign);
        }
        println!("\x1b[0m");
    }
    let mut times: Vec<f64> = (0..200)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(draw(Some(&town), &window, &[marker], false));
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    eprintln!("{columns} x {rows} cells, {across_m} m across: median {:.2} ms, 99th percentile {:.2} ms", times[100], times[197]);
    Ok(())
}
