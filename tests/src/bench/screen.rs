//! A display without glass: an X server of its own, whose pixels lie in a file, and a finger on it.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::os::unix::fs::FileExt;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, MOTION_NOTIFY_EVENT};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

/// Only ends what hangs.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often the whole screen is looked at while something is to appear.
const GLANCE: Duration = Duration::from_millis(2);
/// The same for a part of it, which is read sooner.
const BLINK: Duration = Duration::from_micros(250);
/// A screen that has stayed the same for so long is finished.
const STILL: Duration = Duration::from_millis(700);

/// A point of the screen in pixels.
pub type Spot = (u32, u32);

/// A part of the screen in pixels: left, top, width, height.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// The server, its picture, and a finger.
pub struct Screen {
    server: Child,
    /// As `DISPLAY` has it.
    pub display: String,
    finger: RustConnection,
    root: u32,
    pixels: File,
    head: Head,
    _folder: tempfile::TempDir,
}

impl Screen {
    /// Starts a server with a screen of this size.
    pub fn open((width, height): (u32, u32)) -> Result<Screen> {
        let folder = tempfile::tempdir()?;
        // Without a pointer: one that moves would be taken for what the kiosk shows.
        let mut server = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-noreset",
                "-nolisten",
                "tcp",
                "-nocursor",
                "-screen",
                "0",
                &format!("{width}x{height}x24"),
                "-fbdir",
            ])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(missing)?;
        let display = match number(&mut server) {
            Ok(number) => format!(":{number}"),
            Err(error) => {
                let _ = server.kill();
                let _ = server.wait();
                return Err(error);
            }
        };
        let (finger, screen) = x11rb::connect(Some(&display)).context("the X server takes no finger")?;
        let root = finger.setup().roots.get(screen).context("the X server has no screen")?.root;
        let pixels = File::open(folder.path().join("Xvfb_screen0"))?;
        let mut words = [0; 80];
        pixels.read_exact_at(&mut words, 0)?;
        let head = Head::read(&words).context("Xvfb's file holds no picture")?;
        Ok(Screen { server, display, finger, root, pixels, head, _folder: folder })
    }

    /// All of it.
    pub fn picture(&self) -> Result<Picture> {
        let mut pixels = vec![0; self.head.row * self.head.height];
        self.pixels.read_exact_at(&mut pixels, self.head.start as u64)?;
        Ok(Picture(pixels))
    }

    /// A part of it.
    pub fn part(&self, part: Part) -> Result<Picture> {
        let width = part.width as usize * 4;
        let mut pixels = vec![0; width * part.height as usize];
        for (row, y) in pixels.chunks_exact_mut(width).zip(part.y as usize..) {
            let at = self.head.start + y * self.head.row + part.x as usize * 4;
            self.pixels.read_exact_at(row, at as u64)?;
        }
        Ok(Picture(pixels))
    }

    /// Looks until the screen is as wished.
    pub fn wait_until(&self, what: &str, wish: impl Fn(&Picture) -> bool) -> Result<Picture> {
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

    /// Looks until anything in a part is other than it was.
    pub fn wait_for_change(&self, part: Part, before: &Picture) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if self.part(part)?.changed(before) > 0.0 {
                return Ok(());
            }
            sleep(BLINK);
        }
        bail!("nothing changed at {}, {}", part.x, part.y)
    }

    /// Waits until nothing changes any more.
    pub fn still(&self) -> Result<Picture> {
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

    /// Puts the finger down.
    pub fn press(&self, at: Spot) -> Result<()> {
        self.slide(at)?;
        self.act(BUTTON_PRESS_EVENT, 1, (0, 0))
    }

    /// Moves it.
    pub fn slide(&self, at: Spot) -> Result<()> {
        self.act(MOTION_NOTIFY_EVENT, 0, at)
    }

    /// Lifts it.
    pub fn lift(&self) -> Result<()> {
        self.act(BUTTON_RELEASE_EVENT, 1, (0, 0))
    }

    fn act(&self, event: u8, detail: u8, (x, y): Spot) -> Result<()> {
        self.finger.xtest_fake_input(event, detail, 0, self.root, i16::try_from(x)?, i16::try_from(y)?, 0)?;
        // An answer of any kind: the server has done what was asked before it.
        self.finger.get_input_focus()?.reply()?;
        Ok(())
    }

    /// Touches a place; gives how long it took until another screen stood there.
    pub fn touch(&self, at: Spot) -> Result<Duration> {
        let before = self.picture()?;
        let touched = Instant::now();
        self.press(at)?;
        self.lift()?;
        // A tile that only looks pressed is a twentieth of the screen and more; another screen is most of it.
        self.wait_until("another screen", |picture| picture.changed(&before) > 0.3)?;
        Ok(touched.elapsed())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The number of the display, which the server writes once it can be reached.
fn number(server: &mut Child) -> Result<String> {
    let mut line = String::new();
    BufReader::new(server.stdout.take().context("Xvfb has no output")?).read_line(&mut line)?;
    ensure!(!line.trim().is_empty(), "Xvfb does not start");
    Ok(line.trim().to_owned())
}

fn missing(error: std::io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::NotFound => anyhow::anyhow!("xvfb is missing: install it, or measure by `cargo x bench kiosk`, which does"),
        _ => error.into(),
    }
}

/// The head of an X window dump (`XWDFile.h`): big-endian words, then a table of colours, then rows of pixels.
struct Head {
    start: usize,
    height: usize,
    /// Bytes of one row.
    row: usize,
}

impl Head {
    fn read(file: &[u8]) -> Option<Head> {
        let word = |index: usize| Some(u32::from_be_bytes(file.get(index * 4..index * 4 + 4)?.try_into().ok()?) as usize);
        let (head, height, bits, row, colours) = (word(0)?, word(5)?, word(11)?, word(12)?, word(19)?);
        (bits == 32).then_some(Head { start: head + colours * 12, height, row })
    }
}

/// What is on a screen, four bytes a pixel.
pub struct Picture(Vec<u8>);

impl Picture {
    /// How many colours there are; of a few thousand points.
    pub fn colours(&self) -> usize {
        let points = self.0.chunks_exact(4).step_by(101);
        points.collect::<std::collections::HashSet<_>>().len()
    }

    /// The share of pixels that are others now.
    pub fn changed(&self, before: &Picture) -> f64 {
        let pairs = self.0.chunks_exact(4).zip(before.0.chunks_exact(4));
        pairs.filter(|(now, then)| now != then).count() as f64 / (self.0.len() / 4).max(1) as f64
    }
}
