//! The kiosk in a real window: how soon a resident can touch it, what it costs at rest.
//!
//! What the kiosk says of itself is held against the pixels of the screen: a frame counts once it is there, and once a touch changes it.

use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::frames::{self, Step};
use super::screen::{Picture, Screen};
use super::{Report, ms, quantile, resident_mb};
use crate::site::{Site, Told, program};
use map::pbf::testville;

const STARTS: usize = 5;
const KILLS: usize = 5;
/// How long a supervisor waits before it starts a program again (`RestartSec=` of the units).
const DAEMON_DELAY: Duration = Duration::from_millis(500);
const KIOSK_DELAY: Duration = Duration::from_millis(200);
/// What a kiosk reads at its start beside itself.
const FONTS: [&str; 3] = ["/usr/share/fonts", "/etc/fonts", "/var/cache/fontconfig"];
const WINDOW: (u32, u32) = (1920, 1080);
/// "What is going on", the tile at the lower left.
const TILE: (u32, u32) = (480, 800);
/// Into a report and back; where things are is seen on the pictures of `cargo x gallery`.
const WAY: [Step; 4] = [
    Step { what: "the categories", at: (480, 400) },
    Step { what: "the map", at: (480, 400) },
    Step { what: "the categories again", at: (1120, 908) },
    Step { what: "home again", at: (115, 908) },
];
/// How long the processor is watched.
const REST: Duration = Duration::from_secs(10);
/// A share of the screen that is no more than a pointer's.
const SPECK: f64 = 0.001;
/// Ticks of a second in /proc, on every Linux that we build for.
const TICKS: f64 = 100.0;

/// Starts the kiosk some times, then leaves it alone at home and on the map.
pub fn measure(report: &mut Report) -> Result<()> {
    println!("\nkiosk: a window of {} by {} pixels, a town with 200 reports behind it", WINDOW.0, WINDOW.1);
    let mut site = Site::empty()?;
    let pbf = site.folder().join("testville.osm.pbf");
    testville::extract().write(&pbf)?;
    site.run(&["town", "import", &pbf.to_string_lossy()])?;
    site.run(&["demo", "--reports", "200", "--name", "Testville"])?;
    site.start()?;
    let screen = Screen::open(WINDOW)?;

    // What the home screen looks like when nothing more comes: every start is held against it.
    let running = Running::start(&site, &screen, None)?;
    let home = screen.still()?;
    running.end(&screen)?;

    let (mut warm, mut cold, mut late, mut touches) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for number in 0..2 * STARTS {
        let from_disk = number % 2 == 1;
        if from_disk {
            forget(Path::new(program("wegovnow-kiosk")?.get_program()))?;
            FONTS.iter().try_for_each(|folder| forget(Path::new(folder)))?;
        }
        let running = Running::start(&site, &screen, Some(&home))?;
        if from_disk { &mut cold } else { &mut warm }.push(running.seen);
        late.push(running.seen - running.told);
        touches.push(screen.touch(TILE)?);
        running.end(&screen)?;
    }
    let limit = Duration::from_millis(1500);
    for (files, times) in [("disk", &mut cold), ("memory", &mut warm)] {
        let (median, worst) = (quantile(times, 0.5), quantile(times, 1.0));
        report.bar(
            &format!("start to the first interactive frame, files from {files}"),
            format!("median {}, worst of {STARTS} {}", ms(median), ms(worst)),
            "< 1.5 s",
            worst < limit,
        );
    }
    report.say("on the screen after the kiosk has told of it: worst", ms(quantile(&mut late, 1.0)));
    report.say("a touch right after it, until another screen: median", ms(quantile(&mut touches, 0.5)));

    let running = Running::start(&site, &screen, Some(&home))?;
    rest(report, "at home", &running, &screen)?;
    screen.touch(TILE)?;
    rest(report, "with the map open", &running, &screen)?;
    running.end(&screen)?;

    let running = Running::start(&site, &screen, Some(&home))?;
    frames::measure(report, &screen, &WAY)?;
    running.end(&screen)?;
    back_after_kills(report, &mut site, &screen, &home)
}

/// Kills daemon and kiosk (-9) and waits until the screen is as it was, with a supervisor that starts them again after a delay.
fn back_after_kills(report: &mut Report, site: &mut Site, screen: &Screen, home: &Picture) -> Result<()> {
    let limit = Duration::from_secs(2);
    let running = Running::start(site, screen, Some(home))?;
    let (mut missed, mut live) = (Vec::new(), Vec::new());
    for _ in 0..KILLS {
        let killed = Instant::now();
        site.kill()?;
        // The banner moves the whole screen down.
        screen.wait_until("that the daemon is away", |picture| picture.changed(home) > 0.03)?;
        missed.push(killed.elapsed());
        sleep(DAEMON_DELAY.saturating_sub(killed.elapsed()));
        site.start()?;
        screen.wait_until("the home screen again", |picture| picture.changed(home) < SPECK)?;
        live.push(killed.elapsed());
    }
    running.end(screen)?;
    let worst = quantile(&mut live, 1.0);
    report.say("kill -9 of the daemon until the screen says so: worst", ms(quantile(&mut missed, 1.0)));
    report.bar(
        "kill -9 of the daemon until the kiosk is live again",
        format!("median {}, worst of {KILLS} {}", ms(quantile(&mut live, 0.5)), ms(worst)),
        "2 s, 0.5 s of it the supervisor's",
        worst < limit,
    );
    let mut drawn = Vec::new();
    for _ in 0..KILLS {
        let running = Running::start(site, screen, Some(home))?;
        let killed = Instant::now();
        running.end(screen)?;
        sleep(KIOSK_DELAY.saturating_sub(killed.elapsed()));
        let running = Running::start(site, screen, Some(home))?;
        drawn.push(killed.elapsed());
        running.end(screen)?;
    }
    let worst = quantile(&mut drawn, 1.0);
    report.bar(
        "kill -9 of the kiosk until its first frame stands again",
        format!("median {}, worst of {KILLS} {}", ms(quantile(&mut drawn, 0.5)), ms(worst)),
        "2 s, 0.2 s of it the supervisor's",
        worst < limit,
    );
    site.stop()
}

/// Lets the system forget what it has read of a file, or of all files of a folder, so that the next reader has to go to the disk.
fn forget(path: &Path) -> Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            forget(&entry?.path())?;
        }
    } else if path.is_file() {
        rustix::fs::fadvise(std::fs::File::open(path)?, 0, None, rustix::fs::Advice::DontNeed)?;
    }
    Ok(())
}

fn rest(report: &mut Report, place: &str, running: &Running, screen: &Screen) -> Result<()> {
    screen.still()?;
    let pid = running.kiosk.id();
    let before = ticks(pid)?;
    sleep(REST);
    let share = (ticks(pid)? - before) as f64 / (REST.as_secs_f64() * TICKS) * 100.0;
    report.bar(&format!("processor {place}, {} s", REST.as_secs()), format!("{share:.1} %"), "< 2 %", share < 2.0);
    let memory = resident_mb(pid)?;
    report.bar(&format!("resident memory of the kiosk {place}"), format!("{memory:.0} MB"), "< 200 MB", memory < 200.0);
    Ok(())
}

/// Processor time of a process so far: `utime` and `stime` of proc_pid_stat(5).
fn ticks(pid: u32) -> Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name before it may hold anything but ends in the last bracket.
    let (_, rest) = stat.rsplit_once(") ").context("no name in stat")?;
    let field = |number: usize| rest.split(' ').nth(number - 3).context("stat is too short")?.parse::<u64>().context("no number");
    Ok(field(14)? + field(15)?)
}

/// A kiosk that stands on the screen.
struct Running {
    kiosk: Child,
    /// From the start of the process until it told that its home screen is up.
    told: Duration,
    /// Until that screen, all of it, was there to be seen.
    seen: Duration,
}

impl Running {
    /// Starts a kiosk and waits for its home screen: of what it looks like, if that is known, else of anything.
    fn start(site: &Site, screen: &Screen, home: Option<&Picture>) -> Result<Running> {
        let told = Told::new(&site.folder().join("kiosk.notify"))?;
        let log = site.folder().join("kiosk.log");
        let mut command = program("wegovnow-kiosk")?;
        command.arg("--socket").arg(site.socket()).args(["--language", "en"]);
        command.env("DISPLAY", &screen.display).env("NOTIFY_SOCKET", told.path()).env_remove("WAYLAND_DISPLAY");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(std::fs::File::create(&log)?);
        let started = Instant::now();
        let kiosk = command.spawn()?;
        let mut running = Running { kiosk, told: Duration::ZERO, seen: Duration::ZERO };
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        told.wait(&format!("STATUS={}", kiosk::LIVE)).with_context(|| format!("the kiosk never got ready:\n{}", said()))?;
        running.told = started.elapsed();
        screen.wait_until("the home screen", |picture| match home {
            Some(home) => picture.changed(home) < SPECK,
            None => picture.colours() > 100,
        })?;
        running.seen = started.elapsed();
        Ok(running)
    }

    /// Ends it and waits until nothing of it is on the screen.
    fn end(self, screen: &Screen) -> Result<()> {
        drop(self);
        screen.wait_until("black again", |picture| picture.colours() == 1)?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.kiosk.kill();
        let _ = self.kiosk.wait();
    }
}
