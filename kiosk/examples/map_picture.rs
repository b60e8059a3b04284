//! Draws what the kiosk shows of a town to a picture, and measures it:
//! `cargo run --release -p kiosk --example map_picture -- TOWN OUT.png ZOOM [LAT LON] [WIDTH HEIGHT] [STYLE]`, where TOWN is a town
//! file or an `osm.pbf` and STYLE one of standard, contrast, contrastdark, lines, night. With `-` for OUT no picture is written.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kiosk::map::{MapView, Marked, Marker, Style};
use map::Town;
use store::fact::Kind;
use store::geo::{Bounds, Point};
use store::id::ReportId;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [town, out, zoom, rest @ ..] = arguments.as_slice() else {
        anyhow::bail!("usage: map_picture TOWN OUT.png|- ZOOM [LAT LON] [WIDTH HEIGHT] [STYLE]");
    };
    let style = rest.last().and_then(|last| Style::ALL.into_iter().find(|style| format!("{style:?}").eq_ignore_ascii_case(last)));
    let rest = if style.is_some() { rest.split_last().map_or(rest, |(_, rest)| rest) } else { rest };
    let numbers: Vec<f64> = rest.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
    let size = match numbers.as_slice() {
        [_, _, width, height, ..] => (*width as u32, *height as u32),
        _ => (1200, 800),
    };
    let town = Arc::new(open(Path::new(town))?);
    let started = Instant::now();
    let mut view = MapView::new(Arc::clone(&town), size, "");
    view.set_style(style.unwrap_or_default());
    println!("made in {:?} (fonts looked up)", started.elapsed());
    let center = match numbers.as_slice() {
        [lat, lon, ..] => Point::from_degrees(*lat, *lon).ok_or_else(|| anyhow::anyhow!("off the planet"))?,
        _ => view.center(),
    };
    view.center_on(center, zoom.parse()?);
    let (started, worked) = (Instant::now(), processor());
    view.frame();
    let first = started.elapsed();
    view.settle();
    println!(
        "zoom {zoom}: first frame {first:?}, whole picture {:?}, processor time {:?} (with what lies round it)",
        started.elapsed(),
        processor() - worked
    );
    mark(&mut view, size);
    view.settle();
    if out != "-" {
        image::save_buffer(out, view.frame().0, size.0, size.1, image::ColorType::Rgb8)?;
    }

    // Markers change: by turns with and without pin.
    let mut times = Vec::new();
    for turn in 0..200 {
        view.set_pin((turn % 2 == 0).then_some(center), Some(80));
        times.push(timed(|| view.frame().1));
    }
    report("frame when only the pin changes", &mut times);
    let mut times: Vec<Duration> = (0..200).map(|_| timed(|| view.frame().1)).collect();
    report("frame when nothing changes", &mut times);

    // A pan of 10 px a frame at 60 frames a second, in a square, so that tiles and names are drawn meanwhile.
    let worked = processor();
    let mut times = Vec::new();
    for (dx, dy) in [(-10.0, 0.0), (0.0, -10.0), (10.0, 0.0), (0.0, 10.0)] {
        for _ in 0..90 {
            let started = Instant::now();
            view.pan_px(dx, dy);
            times.push(timed(|| view.frame().1));
            std::thread::sleep(Duration::from_micros(16_667).saturating_sub(started.elapsed()));
        }
    }
    report("pan frame", &mut times);
    println!("  processor time of all threads a pan frame: {:?}", (processor() - worked) / times.len() as u32);
    let mut times = Vec::new();
    let middle = (size.0 as f32 / 2.0, size.1 as f32 / 2.0);
    for step in 0..60 {
        view.zoom_by(if step < 30 { 0.05 } else { -0.05 }, middle);
        times.push(timed(|| view.frame().1));
        std::thread::sleep(Duration::from_millis(5));
    }
    report("zoom frame", &mut times);
    view.settle();
    println!("tiles kept: {:.1} MB; resident {}", view.tile_bytes() as f64 / 1e6, resident());
    Ok(())
}

fn open(path: &Path) -> anyhow::Result<Town> {
    if path.extension().is_some_and(|ending| ending == "pbf") {
        let out = std::env::temp_dir().join(format!("map-picture-{}.town", std::process::id()));
        map::import(path, None, &out, &mut |_| {})?;
        let town = Town::open(&out)?;
        std::fs::remove_file(&out)?;
        return Ok(town);
    }
    Ok(Town::open(path)?)
}

/// A few markers of every sort and a pin, where they can be looked at.
fn mark(view: &mut MapView, (width, height): (u32, u32)) {
    let places =
        [(0.3, 0.3, 'L', Kind::Problem, true), (0.62, 0.36, 'W', Kind::Suggestion, true), (0.7, 0.7, 'R', Kind::Problem, false)];
    let more = [(0.25, 0.62, 'S', Kind::Suggestion, false), (0.56, 0.58, 'L', Kind::Problem, true)];
    let marker = |(number, (x, y, letter, kind, open)): (usize, (f32, f32, char, Kind, bool))| Marker {
        what: Marked::Report(ReportId([number as u8; 16])),
        point: view.point_at(x * width as f32, y * height as f32),
        letter,
        kind: Some(kind),
        open,
    };
    let markers = places.into_iter().chain(more).enumerate().map(marker).collect();
    let mut markers: Vec<Marker> = markers;
    let several = |x: f32, y: f32, count, kind, open| {
        let point = view.point_at(x * width as f32, y * height as f32);
        Marker { what: Marked::Several { count, bounds: Bounds { min: point, max: point } }, point, letter: ' ', kind, open }
    };
    markers.push(several(0.4, 0.75, 12, Some(Kind::Problem), true));
    markers.push(several(0.15, 0.2, 148, None, true));
    markers.push(several(0.8, 0.2, 3, Some(Kind::Suggestion), true));
    markers.push(several(0.85, 0.5, 25_431, None, false));
    view.set_markers(markers);
    let center = view.center();
    view.set_pin(Some(center), Some(80));
}

fn timed(mut work: impl FnMut() -> bool) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |share: f64| times.get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1))).copied();
    println!("{what}: median {:?}, p99 {:?}", at(0.5).unwrap_or_default(), at(0.99).unwrap_or_default());
}

/// Processor time of all threads so far, in steps of 10 ms: what wall-clock times of a busy machine hide.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// What the system says this program holds in memory.
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")).map_or("unknown".into(), |text| text.trim().to_owned())
}
