//! `wegovnow-panel`: shows what the box says about itself on the technicians' display.

use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use embedded_graphics::geometry::{OriginDimensions, Size};
use embedded_hal::digital::OutputPin;
use linux_embedded_hal::spidev::{SpiModeFlags, SpidevOptions};
use linux_embedded_hal::{Delay, I2cdev, SpidevDevice};
use panel::button::{Button, Touch};
use panel::canvas::Frame;
use panel::draw::{FRESH_S_MAX, View, draw};
use panel::framebuffer::Framebuffer;
use panel::pager::{Face, Pager, Tier};
use panel::reading::Readings;
use panel::screen::{Key, Line, Model, Oled, Output, Screen, Tft};
use panel::sheet::{Page, pages};
use panel::watch::{Source, follow, run};

/// Fast enough for the larger display at six pictures a second, slow enough for 20 cm of loose wire.
const SPI_HZ: u32 = 24_000_000;
/// How often the button is looked at, and how often anything is when there is none.
const TICK: Duration = Duration::from_millis(20);
const SLOW_TICK: Duration = Duration::from_millis(250);
/// Without a button each page stays for so long.
const PAGE: Duration = Duration::from_secs(8);
/// A program that takes longer has failed.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Shows the box's address, versions, state and faults on a small display, for technicians.
///
/// Without a display that answers the program says so and ends with 0, so that one unit file serves boxes with and without.
#[derive(Parser)]
#[command(name = "wegovnow-panel", version, after_help = AFTER_HELP)]
struct Arguments {
    /// Small display of 128x64 dots (SSD1306) on this I2C bus
    #[arg(long, value_name = "DEVICE")]
    oled: Option<PathBuf>,
    /// Larger display of 320x240 pixels on this SPI bus
    #[arg(long, value_name = "DEVICE", requires_all = ["tft_dc", "tft_reset"])]
    tft: Option<PathBuf>,
    /// Its controller
    #[arg(long, value_enum, default_value_t)]
    tft_model: Model,
    /// GPIO line of its data/command pin
    #[arg(long, value_name = "CHIP:LINE")]
    tft_dc: Option<Line>,
    /// GPIO line of its reset pin
    #[arg(long, value_name = "CHIP:LINE")]
    tft_reset: Option<Line>,
    /// GPIO line that lights it, where that is no fixed voltage
    #[arg(long, value_name = "CHIP:LINE", requires = "tft")]
    tft_backlight: Option<Line>,
    /// Framebuffer
    #[arg(long, value_name = "DEVICE")]
    fb: Option<PathBuf>,
    /// The display is mounted upside down
    #[arg(long)]
    upside_down: bool,
    /// GPIO line of the button, which connects it to ground. Without one, pages turn by themselves
    #[arg(long, value_name = "CHIP:LINE")]
    button: Option<Line>,
    /// File with the readings as JSON, read again and again
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    readings: Option<PathBuf>,
    /// Program that prints the readings as JSON; words are split at spaces, there is no shell
    #[arg(long, value_name = "PROGRAM", default_value = "wegovnow-box status --json")]
    command: String,
    /// Seconds between two readings
    #[arg(long, value_name = "S", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
    /// Program that takes on a factory reset; the tier (settings, data or full) is added. Without it the button only pages
    #[arg(long, value_name = "PROGRAM", requires = "button")]
    reset_command: Option<String>,
    /// Write every page as a PNG file of each size into this folder, and end
    #[arg(long, value_name = "FOLDER")]
    png: Option<PathBuf>,
    /// Clear the displays, and end: an old picture must not be taken for a present one
    #[arg(long, conflicts_with = "png")]
    off: bool,
}

const AFTER_HELP: &str = "\
Exit codes:
  0  done, or there is no display
  1  not done: a display that was there is gone, or a file cannot be written
  2  the command line is wrong

Examples:
  wegovnow-panel --oled /dev/i2c-1 --button /dev/gpiochip0:17
  wegovnow-panel --tft /dev/spidev0.0 --tft-dc /dev/gpiochip0:25 --tft-reset /dev/gpiochip0:24
  wegovnow-panel --png pages --readings readings.json";

fn main() -> ExitCode {
    match start(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wegovnow-panel: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: &Arguments) -> Result<()> {
    let source = source(arguments);
    if let Some(folder) = &arguments.png {
        return write_pages(folder, &source.read()?);
    }
    let mut screens = open_screens(arguments);
    if screens.is_empty() {
        eprintln!("wegovnow-panel: there is no display to show anything on; that is fine");
        return Ok(());
    }
    if arguments.off {
        return screens.iter_mut().try_for_each(|screen| screen.show(&Frame::new(screen.size())));
    }
    let key = match arguments.button.as_ref().map(Key::open) {
        Some(Ok(key)) => Some(key),
        Some(Err(error)) => {
            eprintln!("wegovnow-panel: without a button, pages turn by themselves: {error:#}");
            None
        }
        None => None,
    };
    let reset = arguments.reset_command.as_deref().map(split).filter(|_| key.is_some());
    serve(&mut screens, key.as_ref(), reset.as_deref(), source, Duration::from_secs(arguments.every))
}

fn split(program: &str) -> Vec<String> {
    program.split_whitespace().map(str::to_owned).collect()
}

fn source(arguments: &Arguments) -> Source {
    match &arguments.readings {
        Some(path) => Source::File(path.clone()),
        None => Source::Command { program: split(&arguments.command), timeout: TIMEOUT },
    }
}

/// Every display that was named and answers; why another does not is said.
fn open_screens(arguments: &Arguments) -> Vec<Box<dyn Screen>> {
    let oled = arguments.oled.as_deref().map(|device| open_oled(device, arguments.upside_down));
    let tft = arguments.tft.as_deref().map(|device| open_tft(device, arguments));
    let framebuffer = arguments.fb.as_deref().map(|device| Ok(Box::new(Framebuffer::open(device)?) as Box<dyn Screen>));
    let opened = [oled, tft, framebuffer].into_iter().flatten();
    opened.filter_map(|screen| screen.map_err(|error: anyhow::Error| eprintln!("wegovnow-panel: {error:#}")).ok()).collect()
}

fn open_oled(device: &Path, is_upside_down: bool) -> Result<Box<dyn Screen>> {
    let bus = I2cdev::new(device).with_context(|| format!("cannot open {}", device.display()))?;
    Ok(Box::new(Oled::start(bus, is_upside_down).with_context(|| device.display().to_string())?))
}

fn open_tft(device: &Path, arguments: &Arguments) -> Result<Box<dyn Screen>> {
    let mut bus = SpidevDevice::open(device).with_context(|| format!("cannot open {}", device.display()))?;
    let options = SpidevOptions::new().bits_per_word(8).max_speed_hz(SPI_HZ).mode(SpiModeFlags::SPI_MODE_0).build();
    bus.0.configure(&options).with_context(|| format!("cannot set up {}", device.display()))?;
    let line = |line: &Option<Line>| Output::open(line.as_ref().context("a GPIO line of the display is not named")?);
    if let Some(lit) = &arguments.tft_backlight {
        // Dark to begin with. Kept for as long as the program runs, for a line that is let go is nobody's.
        let lit = Box::leak(Box::new(Output::open(lit)?));
        if !arguments.off {
            lit.set_high().map_err(|error| anyhow::anyhow!("cannot light the display: {error:?}"))?;
        }
    }
    let (select, reset) = (line(&arguments.tft_dc)?, line(&arguments.tft_reset)?);
    let tft = Tft::start(arguments.tft_model, bus, select, reset, arguments.upside_down, &mut Delay)?;
    Ok(Box::new(tft))
}

/// Shows the present readings for as long as the displays take them.
fn serve(
    screens: &mut [Box<dyn Screen>],
    key: Option<&Key>,
    reset: Option<&[String]>,
    source: Source,
    every: Duration,
) -> Result<()> {
    let began = Instant::now();
    let updates = follow(source, every);
    let mut readings = Readings::default();
    let mut read_at: Option<Duration> = None;
    let mut complaint = String::new();
    let mut button = Button::default();
    let wears = screens.iter().any(|screen| screen.wears());
    let mut pager = Pager::new(reset.is_some(), wears, Duration::ZERO);
    let mut shown = None;
    let mut was_dim = false;
    loop {
        let now = began.elapsed();
        for update in updates.try_iter() {
            match update {
                Ok(update) => (readings, read_at, complaint) = (update, Some(now), String::new()),
                // The last good readings stay, with their age. The same complaint is not repeated.
                Err(error) if complaint != format!("{error:#}") => {
                    complaint = format!("{error:#}");
                    eprintln!("wegovnow-panel: no new readings: {complaint}");
                }
                Err(_) => {}
            }
        }
        let all = pages(&readings);
        let touch = key.map_or(Ok(Touch::Idle), |key| key.is_down().map(|is_down| button.poll(is_down, now)))?;
        if let Some(tier) = pager.turn(touch, &all, now) {
            let asked = ask(reset.unwrap_or_default(), tier);
            if let Err(error) = &asked {
                eprintln!("wegovnow-panel: the factory reset is not taken on: {error:#}");
            }
            pager.answer(tier, asked.is_ok());
        }
        let (face, place) = match key {
            Some(_) => (pager.face(&all), pager.place(&all)),
            None => turning(&all, now),
        };
        let care = pager.care(now);
        let age_s = read_at.map(|at| coarse(now.saturating_sub(at).as_secs()));
        let view = View { place: (place, all.len()), has_button: key.is_some(), age_s, shift: care.shift };
        let wanted = (face, readings.clone(), view);
        if shown.as_ref() != Some(&wanted) {
            for screen in screens.iter_mut() {
                let size = screen.size();
                let shift = if screen.wears() { view.shift } else { (0, 0) };
                let mut frame = Frame::new(size);
                let Ok(()) = draw(&wanted.0, &wanted.1, &View { shift, ..view }, &mut frame);
                screen.show(&frame)?;
            }
            shown = Some(wanted);
        }
        if care.is_dim != was_dim {
            screens.iter_mut().try_for_each(|screen| screen.dim(care.is_dim))?;
            was_dim = care.is_dim;
        }
        thread::sleep(if key.is_some() { TICK } else { SLOW_TICK });
    }
}

/// The page that is on when nobody can turn them.
fn turning(all: &[Page], now: Duration) -> (Face, usize) {
    let at = (now.as_secs() / PAGE.as_secs()) as usize % all.len().max(1);
    (Face::Page(all.get(at).copied().unwrap_or(Page::Address)), at)
}

/// An age in steps, so that a picture is not drawn anew each second.
fn coarse(age_s: u64) -> u64 {
    match age_s {
        _ if age_s <= FRESH_S_MAX => 0,
        0..60 => age_s / 10 * 10 + 1,
        _ => age_s / 60 * 60,
    }
}

fn ask(program: &[String], tier: Tier) -> Result<()> {
    let program: Vec<String> = program.iter().cloned().chain([tier.name().to_owned()]).collect();
    run(&program, TIMEOUT).map(|_| ())
}

/// Every page of the readings in every size.
fn write_pages(folder: &Path, readings: &Readings) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let all = pages(readings);
    for (number, page) in all.iter().enumerate() {
        for (width, height) in [(128, 64), (320, 240), (1280, 800), (1080, 1920)] {
            let mut frame = Frame::new(Size::new(width, height));
            let view = View { place: (number, all.len()), has_button: true, age_s: Some(0), shift: (0, 0) };
            let Ok(()) = draw(&Face::Page(*page), readings, &view, &mut frame);
            let name = match page {
                Page::Fault(at) => format!("fault{at}"),
                page => format!("{page:?}").to_lowercase(),
            };
            let path = folder.join(format!("{:02}-{name}-{width}x{height}.png", number + 1));
            write_png(&path, &frame).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    println!("{} pages in four sizes are in {}", all.len(), folder.display());
    Ok(())
}

fn write_png(path: &Path, frame: &Frame) -> Result<()> {
    let file = BufWriter::new(fs::File::create(path)?);
    let mut encoder = png::Encoder::new(file, frame.size().width, frame.size().height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&frame.to_rgb())?;
    Ok(writer.finish()?)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
        let parse = |line: &str| Arguments::try_parse_from(line.split(' '));
        assert!(parse("panel --tft /dev/spidev0.0").is_err(), "its lines are needed");
        assert!(parse("panel --tft /dev/spidev0.0 --tft-dc /dev/gpiochip0:25 --tft-reset /dev/gpiochip0:24").is_ok());
        let settings =
            "--tft-model st7789 --tft-dc /dev/gpiochip0:25 --tft-reset /dev/gpiochip0:24 --tft-backlight /dev/gpiochip0:18";
        let whole = format!("panel --tft /dev/spidev0.0 {settings} --button /dev/gpiochip0:17 --upside-down");
        assert!(parse(&whole).is_ok(), "as the caretaker renders it");
        assert!(parse("panel --reset-command x").is_err(), "nobody could ask for it");
        assert!(parse("panel --button 17").is_err());
    }

    #[test]
    fn without_a_display_all_is_well() {
        let arguments = Arguments::parse_from(["panel", "--oled", "/nowhere/i2c", "--fb", "/nowhere/fb0"]);
        start(&arguments).unwrap();
    }

    #[test]
    fn pages_are_written_for_looking_at() {
        let folder = tempfile::tempdir().unwrap();
        let readings = folder.path().join("readings.json");
        fs::write(&readings, r#"{"store": "read-only"}"#).unwrap();
        let out = folder.path().join("pages");
        start(&Arguments::parse_from(["panel", "--readings", readings.to_str().unwrap(), "--png", out.to_str().unwrap()]))
            .unwrap();
        assert!(out.join("01-fault0-128x64.png").is_file());
        assert_eq!(fs::read_dir(&out).unwrap().count(), 8 * 4);
    }

    #[test]
    fn pages_turn_by_themselves_without_a_button() {
        let all = [Page::Address, Page::Clock];
        assert_eq!(turning(&all, Duration::ZERO), (Face::Page(Page::Address), 0));
        assert_eq!(turning(&all, PAGE), (Face::Page(Page::Clock), 1));
        assert_eq!(turning(&all, PAGE * 2), (Face::Page(Page::Address), 0));
        assert_eq!(turning(&[], PAGE), (Face::Page(Page::Address), 0));
    }

    #[test]
    fn a_reset_is_asked_of_the_program_with_its_tier() {
        let program = |script: &str| ["sh", "-c", script, "asked"].map(str::to_owned).to_vec();
        ask(&program("test \"$1\" = data"), Tier::Data).unwrap();
        assert!(ask(&program("test \"$1\" = data"), Tier::Full).is_err());
    }
}
