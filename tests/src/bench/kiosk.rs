//! The kiosk in a real window: how soon a resident can touch it, what it costs at rest.
//!
//! What the kiosk says of itself is held against the pixels of the screen: a frame counts once it is there, and once a touch changes it.

use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

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
/// How long the processor is watched.
const REST: Duration = Duration::from_secs(10);
/// Only ends what hangs.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often the screen is looked at while something is to appear.
const GLANCE: Duration = Duration::from_millis(2);
/// A screen that has stayed the same for so long is finished.
const STILL: Duration = Duration::from_millis(700);
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
    let screen = Screen::open()?;

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
    report.say(&format!("resident memory of the kiosk {place}"), format!("{:.0} MB", resident_mb(pid)?));
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

/// A display of its own, whose pixels lie in a file.
struct Screen {
    server: Child,
    display: String,
    pixels: PathBuf,
    _folder: tempfile::TempDir,
}

impl Screen {
    fn open() -> Result<Screen> {
        let folder = tempfile::tempdir()?;
        let (width, height) = WINDOW;
        let mut server = tool("Xvfb")
            .args(["-displayfd", "1", "-noreset", "-nolisten", "tcp", "-screen", "0", &format!("{width}x{height}x24"), "-fbdir"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| missing("xvfb", error))?;
        let mut number = String::new();
        let out = server.stdout.take().context("Xvfb has no output")?;
        let pixels = folder.path().join("Xvfb_screen0");
        let mut screen = Screen { server, display: String::new(), pixels, _folder: folder };
        BufReader::new(out).read_line(&mut number)?;
        ensure!(!number.trim().is_empty(), "Xvfb does not start");
        screen.display = format!(":{}", number.trim());
        Ok(screen)
    }

    fn picture(&self) -> Result<Picture> {
        let file = std::fs::read(&self.pixels)?;
        Picture::read(&file).context("Xvfb's file holds no picture")
    }

    fn wait_until(&self, what: &str, wish: impl Fn(&Picture) -> bool) -> Result<Picture> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let picture = self.picture()?;
            if wish(&picture) {
                return Ok(picture);
            }
            sleep(GLANCE);
        }
        bail!("the screen never showed {what}")
    }

    /// Touches a place; gives how long it took until another screen stood there.
    fn touch(&self, (x, y): (u32, u32)) -> Result<Duration> {
        let before = self.picture()?;
        let touched = Instant::now();
        let status = tool("xdotool")
            .env("DISPLAY", &self.display)
            .args(["mousemove", &x.to_string(), &y.to_string(), "click", "1"])
            .status()
            .map_err(|error| missing("xdotool", error))?;
        ensure!(status.success(), "xdotool ended with {status}");
        // A tile that only looks pressed is a twentieth of the screen and more; another screen is most of it.
        self.wait_until("another screen", |picture| picture.changed(&before) > 0.3)?;
        Ok(touched.elapsed())
    }

    /// Waits until nothing changes any more.
    fn still(&self) -> Result<Picture> {
        let end = Instant::now() + PATIENCE;
        let mut last = self.picture()?;
        while Instant::now() < end {
            sleep(STILL);
            let now = self.picture()?;
            if now.changed(&last) == 0.0 {
                return Ok(now);
            }
            last = now;
        }
        bail!("the screen never comes to rest")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn tool(name: &str) -> Command {
    Command::new(name)
}

fn missing(package: &str, error: std::io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::NotFound => {
            anyhow::anyhow!("{package} is missing: install it, or measure by `cargo x bench kiosk`, which does")
        }
        _ => error.into(),
    }
}

/// What is on a screen, four bytes a pixel.
struct Picture(Vec<u8>);

impl Picture {
    /// Reads an X window dump (`XWDFile.h`): a head of big-endian words, a table of colours, rows of pixels.
    fn read(file: &[u8]) -> Option<Picture> {
        let word = |index: usize| Some(u32::from_be_bytes(file.get(index * 4..index * 4 + 4)?.try_into().ok()?) as usize);
        let (head, height, bits, row, colours) = (word(0)?, word(5)?, word(11)?, word(12)?, word(19)?);
        let start = head + colours * 12;
        (bits == 32).then_some(())?;
        Some(Picture(file.get(start..start + row * height)?.to_vec()))
    }

    /// How many colours there are; of a few thousand points.
    fn colours(&self) -> usize {
        let points = self.0.chunks_exact(4).step_by(101);
        points.collect::<std::collections::HashSet<_>>().len()
    }

    /// The share of pixels that are others now.
    fn changed(&self, before: &Picture) -> f64 {
        let pairs = self.0.chunks_exact(4).zip(before.0.chunks_exact(4));
        pairs.filter(|(now, then)| now != then).count() as f64 / (self.0.len() / 4).max(1) as f64
    }
}
