//! The town's map: its import beside Debian's tilemaker on the same extract, then what is read from it and drawn.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use api::{Kind, ReportId};
use kiosk::map::motion::Motion;
use kiosk::map::pace::Pace;
use kiosk::map::{MapView, Marked, Marker};
use map::pbf::testville;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::{Report, disk, ms, quantile, resident_mb};
use crate::site::programs;

/// Tilemaker's own settings for the usual layers of a town map.
const TILEMAKER: &str = "/usr/share/doc/tilemaker/examples";
/// A full screen.
const SCREEN: (u32, u32) = (1920, 1080);
/// A frame of sixty a second.
const FRAME: Duration = Duration::from_micros(16_667);
/// A large terminal, in columns and rows.
const TERMINAL: (u16, u16) = (200, 60);

/// Measures with these extracts; with a made-up town when there is none.
pub fn measure(report: &mut Report, extracts: &[PathBuf]) -> Result<()> {
    let folder = disk()?;
    let made = folder.path().join("testville.osm.pbf");
    let extracts = if extracts.is_empty() {
        let mut town = testville::extract();
        // As tilemaker reads it, too.
        town.packed = true;
        town.write(&made).context("the made-up town cannot be written")?;
        vec![made]
    } else {
        extracts.to_vec()
    };
    for (number, extract) in extracts.iter().enumerate() {
        let name = extract.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        println!("\nmap: {name}");
        let town = import(report, extract, &folder.path().join(number.to_string()))?;
        read(report, &town)?;
        let heart = town.heart().context("the town has no street")?;
        let center = api::Point { lat_e7: heart.lat_e7, lon_e7: heart.lon_e7 };
        terminal(report, &town, center);
        screen(report, Arc::clone(&town), center)?;
        weak(report, town, center)?;
    }
    Ok(())
}

/// Runs a program to its end: how long, and its memory at its most, in MB.
fn run(command: &mut Command) -> Result<(Duration, f64)> {
    let name = command.get_program().to_string_lossy().into_owned();
    let started = Instant::now();
    let mut child =
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().with_context(|| format!("cannot start {name}"))?;
    let mut peak_mb = 0.0;
    loop {
        let ended = child.try_wait()?;
        // The kernel keeps the most it ever had; what is read last is nearly that.
        peak_mb = peak(child.id()).unwrap_or(peak_mb);
        if let Some(status) = ended {
            ensure!(status.success(), "{name} ended with {status}");
            return Ok((started.elapsed(), peak_mb));
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

fn peak(pid: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").trim().parse::<f64>().ok()? * 1024.0 / 1e6)
}

fn import(report: &mut Report, extract: &Path, data: &Path) -> Result<Arc<map::Town>> {
    let daemon = programs()?.join("wegovnowd");
    let (time, memory_mb) = run(Command::new(daemon).args(["town", "import", "--data"]).arg(data).arg(extract))?;
    let tiles = data.join("tiles.mbtiles");
    let peer = run(Command::new("tilemaker")
        .current_dir(TILEMAKER)
        .args(["--config", "config-openmaptiles.json", "--process", "process-openmaptiles.lua", "--input"])
        .arg(extract.canonicalize()?)
        .arg("--output")
        .arg(&tiles));
    let beside = match &peer {
        Ok((peer, peer_mb)) => format!("tilemaker {}, {peer_mb:.0} MB", ms(*peer)),
        Err(error) => format!("no tilemaker: {error:#}"),
    };
    report.bar("import", format!("{}; {beside}", ms(time)), "< 3 s", time < Duration::from_secs(3));
    report.bar("import: memory at its most", format!("{memory_mb:.0} MB"), "< 200 MB", memory_mb < 200.0);
    let file = std::fs::read_dir(data)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|ending| ending == "map"))
        .context("the import left no map")?;
    let share = file.metadata()?.len() as f64 / extract.metadata()?.len() as f64;
    report.bar("town file beside the extract", format!("{share:.2} times"), "<= 1.2", share <= 1.2);
    let started = Instant::now();
    let town = map::Town::open(&file)?;
    report.say("open, all of it checked", ms(started.elapsed()));
    Ok(Arc::new(town))
}

/// Names typed letter by letter, and whole with two letters swapped.
fn read(report: &mut Report, town: &map::Town) -> Result<()> {
    let started = Instant::now();
    town.prepare();
    report.say("search: table", ms(started.elapsed()));
    let mut questions = Vec::new();
    for found in ["a", "b", "c", "k", "m", "r", "s", "t"].iter().flat_map(|start| town.search(start, None, 60)) {
        let mut letters: Vec<char> = found.label.chars().collect();
        questions.extend((2..=letters.len()).step_by(3).map(|end| letters.iter().take(end).collect::<String>()));
        if letters.len() > 5 {
            letters.swap(3, 4);
        }
        questions.push(letters.iter().collect::<String>() + " 5");
    }
    ensure!(!questions.is_empty(), "the town has no name");
    let mut times: Vec<Duration> = questions
        .iter()
        .map(|question| {
            let started = Instant::now();
            std::hint::black_box(town.search(question, None, 8));
            started.elapsed()
        })
        .collect();
    let (median, p99) = (quantile(&mut times, 0.5), quantile(&mut times, 0.99));
    let figure = format!("{}, median {}, of {}", ms(p99), ms(median), times.len());
    report.bar("search: p99", figure, "< 5 ms", p99 < Duration::from_millis(5));
    Ok(())
}

fn terminal(report: &mut Report, town: &map::Town, center: api::Point) {
    use tui::parts::map::{Window, draw};
    for across_m in [600.0, 2000.0, 8000.0] {
        let window = Window { center, across_m, size: TERMINAL };
        let mut times: Vec<Duration> = (0..200)
            .map(|_| {
                let started = Instant::now();
                std::hint::black_box(draw(Some(town), &window, &[], false));
                started.elapsed()
            })
            .collect();
        let (median, p99) = (quantile(&mut times, 0.5), quantile(&mut times, 0.99));
        let what = format!("terminal, 200x60, {across_m} m across: p99");
        report.bar(&what, format!("{}, median {}", ms(p99), ms(median)), "< 5 ms", p99 < Duration::from_millis(5));
    }
}

fn screen(report: &mut Report, town: Arc<map::Town>, center: api::Point) -> Result<()> {
    let started = Instant::now();
    let mut view = MapView::new(town, SCREEN, "");
    view.center_on(center, 16.0);
    view.settle();
    let first = started.elapsed();
    report.bar("screen, 1920x1080: first whole view", ms(first), "< 1 s", first < Duration::from_secs(1));
    view.set_markers(crowd(&view));
    let mut times = tour(&mut view, center);
    let late = times.iter().filter(|time| **time > FRAME).count();
    let (median, p99) = (quantile(&mut times, 0.5), quantile(&mut times, 0.99));
    let figure = format!("{}, median {}, {late} of {} later than a frame", ms(p99), ms(median), times.len());
    report.bar("screen: frame under gestures, with a crowd of markers, p99", figure, "<= 16.7 ms", p99 <= FRAME);
    let memory_mb = resident_mb(std::process::id())?;
    report.bar("screen: memory of this program, map included", format!("{memory_mb:.0} MB"), "< 250 MB", memory_mb < 250.0);
    Ok(())
}

/// As many markers as clusters of a hundred thousand reports can be in the window and a quarter round about: one in every cell.
fn crowd(view: &MapView) -> Vec<Marker> {
    let places = |size: u32| {
        let cells = (f64::from(size) * 1.5 / store::index::CELL_PX) as u32;
        (0..cells).map(move |cell| (f64::from(cell) * store::index::CELL_PX - f64::from(size) / 4.0) as f32)
    };
    let (width, height) = view.size_px();
    let places = places(height).flat_map(|y| places(width).map(move |x| (x, y)));
    let marker = |(number, (x, y)): (u32, (f32, f32))| {
        let point = view.point_at(x, y);
        let one = Marked::Report(ReportId(u128::from(number).to_be_bytes()));
        let several = Marked::Several { count: number * 7 + 2, bounds: api::Bounds { min: point, max: point } };
        Marker {
            what: if number % 3 == 0 { one } else { several },
            point,
            letter: 'L',
            kind: [None, Some(Kind::Problem), Some(Kind::Suggestion)][number as usize % 3],
            open: number % 5 > 0,
        }
    };
    (0..).zip(places).map(marker).collect()
}

/// The same on a machine of one core that others use to three quarters: a quarter of its speed is left.
fn weak(report: &mut Report, town: Arc<map::Town>, center: api::Point) -> Result<()> {
    let cores = sched_getaffinity(None)?;
    let mut one = CpuSet::new();
    let core = (0..CpuSet::MAX_CPU).find(|core| cores.is_set(*core)).context("the system tells of no core")?;
    one.set(core);
    sched_setaffinity(None, &one)?;
    let _others = (0..3).map(|_| Busy::start()).collect::<Result<Vec<_>>>()?;
    let mut view = MapView::new(town, SCREEN, "");
    view.center_on(center, 16.0);
    view.settle();
    view.set_markers(crowd(&view));
    let mut times = tour(&mut view, center);
    // Threads are of the core they were started on: they go before the bench is given back the others.
    drop(view);
    sched_setaffinity(None, &cores)?;
    let late = times.iter().filter(|time| **time > FRAME).count();
    let (median, p99, longest) = (quantile(&mut times, 0.5), quantile(&mut times, 0.99), quantile(&mut times, 1.0));
    let figure = format!("{}, p99 {}, median {}, {late} of {} later than a frame", ms(longest), ms(p99), ms(median), times.len());
    report.bar("a quarter of one core: longest frame under gestures", figure, "<= 50 ms", longest <= Duration::from_millis(50));
    Ok(())
}

/// A program that does nothing, as fast as it can.
struct Busy(Child);

impl Busy {
    fn start() -> Result<Busy> {
        Ok(Busy(Command::new("sh").args(["-c", "while :; do :; done"]).spawn().context("cannot start sh")?))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A resident looks round, as recorded at a screen: flicks to all sides, two taps to come closer, two fingers to go away again. At
/// sixty frames a second, each with the copy that the window takes, while tiles and names are drawn. The time of every frame.
fn tour(view: &mut MapView, center: api::Point) -> Vec<Duration> {
    view.center_on(center, 16.0);
    let middle = (SCREEN.0 as f32 / 2.0, SCREEN.1 as f32 / 2.0);
    let mut times = Vec::new();
    let mut pace = Pace::default();
    let mut show = |view: &mut MapView, change: &mut dyn FnMut(&mut MapView)| {
        let started = Instant::now();
        change(view);
        view.set_coarse(pace.is_slow());
        std::hint::black_box(view.frame().0.to_vec());
        pace.took(started.elapsed().as_micros() as u64);
        times.push(started.elapsed());
        std::thread::sleep(FRAME.saturating_sub(started.elapsed()));
    };
    for (dx, dy) in [(-1.0, 0.2), (0.6, -1.0), (1.0, 0.0), (-0.3, 1.0), (-1.0, -1.0), (1.0, 0.6)] {
        let mut motion = Motion::default();
        // Ten moves of a finger that grows faster, then it leaves.
        for at in 0..10u16 {
            let far = 6.0 + f32::from(at) * 3.0;
            motion.drag(u64::from(at) * 17, dx * far, dy * far);
            show(view, &mut |view| view.pan_px(dx * far, dy * far));
        }
        motion.release(160);
        // The glide to its end, then two taps.
        for taps in [None, Some(1.0)] {
            if let Some(taps) = taps {
                motion.zoom(taps, middle);
            }
            while motion.moves() {
                let moved = motion.pass(17);
                show(view, &mut |view| {
                    view.pan_px(moved.pan_px.0, moved.pan_px.1);
                    if let Some((steps, anchor)) = moved.zoom {
                        view.zoom_by(steps, anchor);
                    }
                });
            }
        }
        for at in 0..30u8 {
            show(view, &mut |view| {
                view.pan_px(2.0, -1.0);
                view.zoom_by(-1.0 / 30.0, (middle.0 + f32::from(at), middle.1));
            });
        }
    }
    times
}
