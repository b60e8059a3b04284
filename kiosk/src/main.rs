//! `wegovnow-kiosk`: the touch kiosk.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, value_parser};
use kiosk::app::Patience;
use kiosk::look::ScreenMm;
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use zeroizing_alloc::ZeroAlloc;

/// What a resident typed is overwritten when it is let go of, in whoever's hands it was: the window's texts, the network's buffers, the
/// queue of messages.
#[global_allocator]
static MEMORY: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

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
  2  the command line, or a variable that it names, is wrong";

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
    /// A receipt printer (ESC/POS) for slips, such as /dev/usb/lp0; it may be plugged in and out at any time
    #[arg(long, value_name = "PATH", env = "WEGOVNOW_PRINTER", default_value = "", hide_default_value = true)]
    printer: String,
    /// Width of its paper in millimetres: 80 or 58
    #[arg(long, value_name = "MM", env = "WEGOVNOW_PAPER", default_value = "80")]
    paper: kiosk::slip::paper::Paper,
    /// What is fixed below the screen for those who do not see or touch it: arrows, numbers, switches or none (see docs/voice.md)
    #[arg(long, value_name = "KIND", env = "WEGOVNOW_KEYPAD", value_parser = keypad, default_value = "none")]
    keypad: kiosk::app::Keypad,
    /// Where reading aloud is heard: jack (headphones while they are plugged in, else everybody), headphones, loudspeaker or none
    #[arg(long, value_name = "WHERE", env = "WEGOVNOW_SOUND", value_parser = sound, default_value = "jack")]
    sound: kiosk::voice::jack::Output,
    /// ALSA's name of the sound device
    #[arg(long, value_name = "NAME", env = "WEGOVNOW_SOUND_DEVICE", default_value = "default")]
    sound_device: String,
    /// The language to start in, like `fi`; the town's first otherwise
    #[arg(long, value_name = "CODE")]
    language: Option<api::Language>,
    /// Ask whether somebody is still there after so many seconds without a touch
    #[arg(long, value_name = "SECONDS", env = "WEGOVNOW_IDLE", value_parser = within(Patience::IDLE_S), default_value_t = 120)]
    idle: u64,
    /// Clear everything so many seconds after that
    #[arg(long, value_name = "SECONDS", env = "WEGOVNOW_WARNING", value_parser = within(Patience::WARNING_S), default_value_t = 30)]
    warning: u64,
    /// Show the page after "Finish" for so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = within(Patience::FINISHED_S), default_value_t = 12)]
    finished: u64,
    /// Take the same button touched again within so many milliseconds for a slip of the finger
    #[arg(long, value_name = "MS", env = "WEGOVNOW_STRIKE", value_parser = within(Patience::STRIKE_MS), default_value_t = 500)]
    strike: u64,
    /// The same for a key of the keyboard on the screen
    #[arg(long, value_name = "MS", env = "WEGOVNOW_KEY_STRIKE", value_parser = within(Patience::STRIKE_MS), default_value_t = 0)]
    key_strike: u64,
    /// The file with the hash of staff's PIN [default: staff-pin in $CREDENTIALS_DIRECTORY, if it is there]
    #[arg(long, value_name = "FILE")]
    staff_pin: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Write every screen with sample data as pictures, without a display or a daemon, and look for flaws
    Gallery(kiosk::gallery::wish::Wish),
}

fn keypad(text: &str) -> Result<kiosk::app::Keypad, String> {
    use kiosk::app::Keypad;
    match text {
        "" | "none" => Ok(Keypad::None),
        "arrows" => Ok(Keypad::Arrows),
        "numbers" => Ok(Keypad::Numbers),
        "switches" => Ok(Keypad::Switches),
        _ => Err("one of none, arrows, numbers, switches".to_owned()),
    }
}

fn sound(text: &str) -> Result<kiosk::voice::jack::Output, String> {
    use kiosk::voice::jack::Output;
    match text {
        "" | "jack" => Ok(Output::Jack),
        "headphones" => Ok(Output::Headphones),
        "loudspeaker" => Ok(Output::Loudspeaker),
        "none" => Ok(Output::None),
        _ => Err("one of jack, headphones, loudspeaker, none".to_owned()),
    }
}

fn within(range: std::ops::RangeInclusive<u64>) -> clap::builder::RangedU64ValueParser {
    value_parser!(u64).range(range)
}

/// systemd lays a credential there that only the kiosk can read, and that is never on a disk (systemd.exec(5), LoadCredential).
fn credential() -> Option<PathBuf> {
    let file = PathBuf::from(std::env::var_os("CREDENTIALS_DIRECTORY")?).join("staff-pin");
    file.exists().then_some(file)
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
    // No core dump, and no other process of the same account that reads the memory.
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "a crash of the kiosk could leave its memory on a disk");
    }
    let arguments = Arguments::parse();
    let patience = Patience {
        idle_ms: arguments.idle * 1_000,
        warning_ms: arguments.warning * 1_000,
        finished_ms: arguments.finished * 1_000,
        strike_ms: arguments.strike,
        key_strike_ms: arguments.key_strike,
    };
    let Arguments { socket, photos, size, fullscreen, fit, scale, screen_mm, open, language, staff_pin, command, .. } = arguments;
    let (printer, paper) = (arguments.printer, arguments.paper);
    let (keypad, sound, sound_device) = (arguments.keypad, arguments.sound, arguments.sound_device);
    if let Some(Command::Gallery(wish)) = command {
        return gallery(&wish);
    }
    let socket = socket.unwrap_or_else(|| {
        std::env::var_os("RUNTIME_DIRECTORY").map_or_else(|| PathBuf::from("/run/wegovnow"), PathBuf::from).join("wegovnowd.sock")
    });
    let client = api::Client::over_socket(&socket).with_context(|| format!("the socket {} cannot be used", socket.display()))?;
    // An empty line in an environment file says nothing.
    let printer = (!printer.trim().is_empty()).then(|| kiosk::slip::device::Options { path: printer.into(), paper });
    kiosk::Kiosk::new(
        client,
        kiosk::Options {
            language,
            photos,
            size: Some(size),
            fullscreen,
            fit: fit.then_some(scale),
            hours: open.0,
            printer,
            keypad,
            output: sound,
            sound_device: Some(sound_device),
            patience,
            staff_pin: staff_pin.or_else(credential),
            screen_mm: screen_mm.0,
        },
    )?
    .run()
}
