//! `wegovnow-kiosk`: the touch kiosk.

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use kiosk::look::ScreenMm;

const HELP: &str = "Opening hours (--open): a part of OpenStreetMap's opening_hours. The local time counts.
  Mo-Fr 08:00-18:00; Sa 09:00-13:00   days and times; a later rule replaces an earlier one for its days
  Mo,We 08:00-12:00,13:00-17:30       lists of both
  Fr,Sa 18:00-02:00                   past midnight
  08:00-20:00; Su off                 without days: every day; off or closed: not at all
  24/7, or nothing                    never dark
Days without a rule are closed. While the clock is not verified, the screen is never dark.

Exit codes:
  0  the window was closed
  1  it does not start; the message says why
  2  the command line, WEGOVNOW_OPEN or WEGOVNOW_SCREEN_MM is wrong";

/// Opening hours, if any were given.
#[derive(Clone)]
struct Open(Option<kiosk::hours::Hours>);

fn open(text: &str) -> Result<Open, kiosk::hours::BadHours> {
    // An empty line in an environment file says nothing.
    if text.trim().is_empty() { Ok(Open(None)) } else { text.parse().map(|hours| Open(Some(hours))) }
}

/// The screen's size, if it was given.
#[derive(Clone)]
struct Screen(Option<ScreenMm>);

fn screen_mm(text: &str) -> Result<Screen, kiosk::look::BadScreenMm> {
    // An empty line in an environment file says nothing.
    if text.trim().is_empty() { Ok(Screen(None)) } else { text.parse().map(|screen| Screen(Some(screen))) }
}

/// The touch kiosk for residents.
#[derive(Parser)]
#[command(name = "wegovnow-kiosk", version, after_help = HELP)]
struct Arguments {
    /// The daemon's socket [default: $RUNTIME_DIRECTORY/wegovnowd.sock, else /run/wegovnow/wegovnowd.sock]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Offer the photos of this folder (on a developer's machine)
    #[arg(long, value_name = "DIR")]
    photos: Option<PathBuf>,
    /// Size of the window in pixels
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = size, default_value = "1920x1080")]
    size: (u32, u32),
    /// Fill the whole screen
    #[arg(long)]
    fullscreen: bool,
    /// Draw everything larger or smaller, so that a screen of any size shows as much as one of Full HD
    #[arg(long)]
    fit: bool,
    /// Draw everything so much larger than that, from 0.5 to 4
    #[arg(long, value_name = "FACTOR", env = "WEGOVNOW_SCALE", value_parser = scale, default_value = "1", requires = "fit")]
    scale: f32,
    /// How large what can be seen of the screen is, in millimetres, so that letters have the height that they must have; 531x299
    /// (24 inches) otherwise
    #[arg(long, value_name = "WIDTHxHEIGHT", env = "WEGOVNOW_SCREEN_MM", value_parser = screen_mm, default_value = "", hide_default_value = true)]
    screen_mm: Screen,
    /// When the house is open, such as "Mo-Fr 08:00-18:00; Sa 09:00-13:00"; outside of it the screen is dark until it is touched
    #[arg(long, value_name = "HOURS", env = "WEGOVNOW_OPEN", value_parser = open, default_value = "", hide_default_value = true)]
    open: Open,
    /// The language to start in, like `fi`; the town's first otherwise
    #[arg(long, value_name = "CODE")]
    language: Option<api::Language>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Write every screen with sample data as pictures, without a display or a daemon, and look for flaws
    Gallery(kiosk::gallery::wish::Wish),
}

fn scale(text: &str) -> Result<f32, String> {
    text.parse().ok().filter(|scale| (0.5..=4.0).contains(scale)).ok_or_else(|| "a number from 0.5 to 4".to_owned())
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let (width, height) = text.split_once(['x', '×']).ok_or("write it like 1080x1920")?;
    let side = |text: &str| text.trim().parse().ok().filter(|side| (320..=8192).contains(side));
    side(width).zip(side(height)).ok_or_else(|| "each side is a number from 320 to 8192".to_owned())
}

fn gallery(wish: &kiosk::gallery::wish::Wish) -> anyhow::Result<()> {
    let written = kiosk::gallery::write(wish)?;
    println!("{} pictures are in {}", written.pictures, wish.out.display());
    for (picture, finding) in &written.findings {
        println!("{picture}: {finding}");
    }
    anyhow::ensure!(written.findings.is_empty(), "{} flaws were found: see above", written.findings.len());
    Ok(())
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let Arguments { socket, photos, size, fullscreen, fit, scale, screen_mm, open, language, command } = Arguments::parse();
    if let Some(Command::Gallery(wish)) = command {
        return gallery(&wish);
    }
    let socket = socket.unwrap_or_else(|| {
        std::env::var_os("RUNTIME_DIRECTORY").map_or_else(|| PathBuf::from("/run/wegovnow"), PathBuf::from).join("wegovnowd.sock")
    });
    let client = api::Client::over_socket(&socket).with_context(|| format!("the socket {} cannot be used", socket.display()))?;
    kiosk::Kiosk::new(
        client,
        kiosk::Options {
            language,
            photos,
            size: Some(size),
            fullscreen,
            fit: fit.then_some(scale),
            hours: open.0,
            screen_mm: screen_mm.0,
        },
    )?
    .run()
}
