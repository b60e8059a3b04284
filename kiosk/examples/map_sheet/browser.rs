//! A browser without a window, and what it is served: the other half of the sheet is drawn in it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// Software draws: a machine of two busy cores needs its time.
const PATIENCE: Duration = Duration::from_secs(240);
const SILENCE: Duration = Duration::from_secs(20);
/// The most that a page hands back at once.
const BODY_MAX: usize = 64 << 20;

/// What the page may read.
struct Shelf {
    library: PathBuf,
    tiles: PathBuf,
    wish: Vec<u8>,
}

/// What the page says.
enum Said {
    Picture(String, Vec<u8>),
    Failed(String),
    Done,
}

/// Ends with whom it belongs to.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn chromium(folder: &Path, wishes: &[&OsStr], page: &str) -> Result<Running> {
    let mut command = Command::new("chromium");
    // Quiet, with nothing of anybody's, drawing by software: the same wherever it runs.
    command.args(["--headless=new", "--no-first-run", "--disable-extensions", "--disable-sync", "--disable-component-update"]);
    command.args([
        "--disable-background-networking",
        "--disable-default-apps",
        "--hide-scrollbars",
        "--force-device-scale-factor=1",
    ]);
    command.args(["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage"]);
    if rustix::process::geteuid().is_root() {
        // Its sandbox refuses root; it reads nothing but our own page.
        command.arg("--no-sandbox");
    }
    command.arg(format!("--user-data-dir={}", folder.display())).args(wishes).arg(page);
    let log = std::fs::File::create(folder.join("chromium.log"))?;
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
    child.map(Running).context("cannot start chromium: install Debian's package of that name")
}

/// What the browser complained of last.
fn complaints(folder: &Path) -> String {
    let log = std::fs::read(folder.join("chromium.log")).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = log.lines().collect();
    lines.get(lines.len().saturating_sub(5)..).unwrap_or_default().join("\n")
}

/// Pictures that MapLibre (of the folder `library`) draws of a folder of tiles as the wish says, by name, as PNG.
pub fn maplibre(library: &Path, tiles: &Path, wish: &serde_json::Value) -> Result<BTreeMap<String, Vec<u8>>> {
    let shelf = Arc::new(Shelf { library: library.to_owned(), tiles: tiles.to_owned(), wish: wish.to_string().into_bytes() });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port of this machine can be had")?;
    listener.set_nonblocking(true)?;
    let home = tempfile::tempdir()?;
    let mut browser = chromium(home.path(), &[], &format!("http://{}/", listener.local_addr()?))?;
    let (tell, said) = mpsc::channel();
    let (mut pictures, began) = (BTreeMap::new(), Instant::now());
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                let (shelf, tell) = (Arc::clone(&shelf), tell.clone());
                std::thread::spawn(move || {
                    // A browser that hangs up has its reasons.
                    let _ = answer(stream, &shelf, &tell);
                });
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(Duration::from_millis(2)),
            Err(error) => return Err(error.into()),
        }
        while let Ok(word) = said.try_recv() {
            match word {
                Said::Picture(name, picture) => {
                    pictures.insert(name, picture);
                }
                Said::Failed(why) => bail!("MapLibre does not draw: {why}"),
                Said::Done => return Ok(pictures),
            }
        }
        if let Some(status) = browser.0.try_wait()? {
            bail!("chromium ended with {status}: {}", complaints(home.path()));
        }
        ensure!(began.elapsed() < PATIENCE, "chromium did not come to an end: {}", complaints(home.path()));
    }
}

/// A page as a picture.
pub fn photograph(page: &Path, (width, height): (u32, u32), to: &Path) -> Result<()> {
    let home = tempfile::tempdir()?;
    let picture = format!("--screenshot={}", to.display());
    let window = format!("--window-size={width},{height}");
    let address = format!("file://{}", page.canonicalize()?.display());
    let mut browser = chromium(home.path(), &[picture.as_ref(), window.as_ref()], &address)?;
    let began = Instant::now();
    while browser.0.try_wait()?.is_none() {
        ensure!(began.elapsed() < PATIENCE, "chromium did not come to an end: {}", complaints(home.path()));
        std::thread::sleep(Duration::from_millis(20));
    }
    ensure!(to.is_file(), "chromium wrote no picture: {}", complaints(home.path()));
    Ok(())
}

fn answer(stream: TcpStream, shelf: &Shelf, tell: &mpsc::Sender<Said>) -> Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(SILENCE))?;
    let mut reader = BufReader::new(&stream);
    let mut first = String::new();
    reader.by_ref().take(8192).read_line(&mut first)?;
    let mut words = first.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.by_ref().take(8192).read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<usize>()?;
        }
    }
    ensure!(length <= BODY_MAX, "{length} bytes");
    if method == "POST" {
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let word = match path.strip_prefix("/picture/") {
            Some(name) => Said::Picture(name.to_owned(), body),
            None if path == "/done" => Said::Done,
            None => Said::Failed(String::from_utf8_lossy(&body).into_owned()),
        };
        // First the answer: after the last word the browser is ended.
        reply(&stream, "204 No Content", "text/plain", &[])?;
        return Ok(tell.send(word)?);
    }
    match read(shelf, path) {
        Some((kind, bytes)) => reply(&stream, "200 OK", kind, &bytes),
        // A tile beyond the town, or the little picture for the browser's tab.
        None => reply(&stream, "204 No Content", "text/plain", &[]),
    }
}

fn read(shelf: &Shelf, path: &str) -> Option<(&'static str, Vec<u8>)> {
    let below = |folder: &Path, rest: &str| {
        let plain = Path::new(rest).components().all(|part| matches!(part, Component::Normal(_)));
        plain.then(|| std::fs::read(folder.join(rest)).ok()).flatten()
    };
    // MapLibre asks for its worker with its version behind a question mark.
    let path = path.split('?').next().unwrap_or_default();
    match path {
        "/" => Some(("text/html", include_bytes!("peer.html").to_vec())),
        "/wish.json" => Some(("application/json", shelf.wish.clone())),
        _ => match path.strip_prefix("/tiles/") {
            Some(rest) => Some(("application/x-protobuf", below(&shelf.tiles, rest)?)),
            None => {
                let rest = path.strip_prefix("/lib/")?;
                let kind = if rest.ends_with(".css") { "text/css" } else { "text/javascript" };
                Some((kind, below(&shelf.library, rest)?))
            }
        },
    }
}

fn reply(mut stream: &TcpStream, status: &str, kind: &str, bytes: &[u8]) -> Result<()> {
    let packed = if bytes.starts_with(&[0x1f, 0x8b]) { "Content-Encoding: gzip\r\n" } else { "" };
    let length = bytes.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{packed}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(bytes)?;
    Ok(stream.flush()?)
}
