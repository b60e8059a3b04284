//! The command line, as one table, and what each command does.

use std::io::{self, BufRead, IsTerminal, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use anyhow::{Context, Result};
use bootstate::Slot;
use clap::{Args, Parser, Subcommand};

use crate::bundle::{self, Refused, Running};
use crate::reset::Tier;
use crate::shell::NotAllowed;
use crate::stamp::Stamp;
use crate::support::Target;
use crate::update::{Request, Source};
use crate::{
    Busy, Caretaker, boot_state, clock, esp, gate, identity, pairing, reset, set_up, settings, shell, start, status, support,
    swap, update, watch,
};

/// What a command ends with. Documented in `--help`.
pub mod exit {
    /// Done.
    pub const DONE: u8 = 0;
    /// Not done; the message says why. Of `gate`: the slot is not good.
    pub const FAILED: u8 = 1;
    /// The command line is wrong, or not for technicians.
    pub const USAGE: u8 = 2;
    /// The bundle is not taken, and never will be: signature, version, variant, digest.
    pub const REFUSED: u8 = 3;
    /// Somebody else is at it; try again later (EX_TEMPFAIL of sysexits.h).
    pub const BUSY: u8 = 75;
}

const AFTER: &str = "Exit codes:
  0   done
  1   not done; the message says why (gate: the slot is not good)
  2   the command line is wrong
  3   the update is refused: not signed for this box, older, of another variant, or damaged
  75  an update or a check is under way already; try again later

Examples:
  wegovnow-box status
  wegovnow-box update --from-usb --restart
  wegovnow-box update https://updates.example.org/wegovnow-1.2.0.raucb
  wegovnow-box clock set 2026-11-27T10:15
  wegovnow-box reset data";

/// Looks after a WeGovNow appliance: start, health, updates, reset. Runs as root on the box.
#[derive(Debug, Parser)]
#[command(name = "wegovnow-box", version, after_help = AFTER, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Do what is due early at every start: boot state, clock, identity, provisioning, files for services
    Start,
    /// Give the daemon its town, as provisioned (runs as the daemon's account)
    SetUp,
    /// Wait until the running slot is found good, and tell the boot loader; give it up if it is on trial and is not
    Gate,
    /// Which slot the boot loader starts
    #[command(subcommand)]
    BootState(BootState),
    /// Install an update
    Update(Update),
    /// Say how the box is
    Status {
        /// For programs; the names are documented in images/caretaker/src/status.rs
        #[arg(long)]
        json: bool,
    },
    /// Factory reset, at the next start. What lies on the PROVISION partition is taken again after it
    Reset {
        /// What goes
        tier: Tier,
        /// Do not ask for the word
        #[arg(long)]
        yes: bool,
    },
    /// Write what support needs to the stick that is plugged in, else to the PROVISION partition
    Support {
        /// Write to this folder instead
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
    /// The clock of a box without a battery for it
    #[command(subcommand)]
    Clock(Clock),
    /// Pack memory that is not used (zram). For its unit
    Swap,
    /// Start the box again when its own disk no longer answers. For its unit, which wants to hear of it
    WatchDisk,
    /// Start the box again
    Restart,
    /// Take the settings of a box that has none, over SSH: $SSH_ORIGINAL_COMMAND is the code on its screen
    Pair {
        /// Root's side: answer the connection at the standard input (a unit calls it)
        #[arg(long)]
        serve: bool,
    },
    /// Answer a technician over SSH: the command in $SSH_ORIGINAL_COMMAND, else a menu
    Shell,
}

/// As RAUC calls its custom boot loader backend.
#[derive(Debug, Subcommand)]
pub enum BootState {
    /// Print the slot that is started next: A or B
    GetPrimary,
    /// Put a slot first, on trial
    SetPrimary { slot: Slot },
    /// Print good or bad
    GetState { slot: Slot },
    /// Mark a slot
    SetState { slot: Slot, mark: Mark },
    /// Print everything, for people
    Show,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mark {
    Good,
    Bad,
}

#[derive(Debug, Subcommand)]
pub enum Clock {
    /// Keep the time for the next start
    Save,
    /// Set the clock forward to what is known, if it is behind
    Floor,
    /// Set the clock, and the machine's own, where no time server does
    Set {
        /// Such as 2026-11-27T10:15, in the town's time zone, or 2026-11-27T10:15:00+01:00
        #[arg(value_name = "TIME")]
        to: String,
    },
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Update {
    #[command(subcommand)]
    command: Option<UpdateCommand>,
    /// The bundle: a file, or an address that begins with http:// or https://
    #[arg(value_name = "FILE|URL", required_unless_present_any = ["from_usb", "latest", "automatic"],
        conflicts_with_all = ["from_usb", "latest", "automatic"])]
    from: Option<String>,
    /// Take the one bundle at the top level of the stick that is plugged in
    #[arg(long, conflicts_with_all = ["latest", "automatic"])]
    from_usb: bool,
    /// Take the newest of the server that the settings name
    #[arg(long, conflicts_with = "automatic")]
    latest: bool,
    /// The same, if the settings want it by itself and it is the time; else do nothing. For a timer
    #[arg(long)]
    automatic: bool,
    /// What the file's SHA-256 must be, in base 16
    #[arg(long, value_name = "HEX", value_parser = sha256)]
    sha256: Option<String>,
    /// Install the version that runs once more, into the other slot
    #[arg(long)]
    again: bool,
    /// Take a bundle of another variant (development, release)
    #[arg(long)]
    other_variant: bool,
    /// Start the box again when it is installed
    #[arg(long)]
    restart: bool,
}

#[derive(Debug, Subcommand)]
pub enum UpdateCommand {
    /// RAUC's pre-install handler: refuse what is older, from $RAUC_BUNDLE_MOUNT_POINT/manifest.raucm
    CheckManifest,
}

fn sha256(text: &str) -> Result<String, String> {
    let fits = text.len() == 64 && text.bytes().all(|c| c.is_ascii_hexdigit());
    if fits { Ok(text.to_ascii_lowercase()) } else { Err("expected 64 digits of base 16".to_owned()) }
}

/// Does a command; what it ends with.
pub fn run(care: &Caretaker<'_>, command: Command) -> u8 {
    let done = match command {
        Command::Start => start(care),
        Command::SetUp => set_up::run(care).map(|said| say(&said)),
        Command::Gate => gate::run(care).map(|is_good| if is_good { exit::DONE } else { exit::FAILED }),
        Command::BootState(command) => boot_state(care, &command),
        Command::Update(Update { command: Some(UpdateCommand::CheckManifest), .. }) => check_manifest(care),
        Command::Update(update) => install(care, update),
        Command::Status { json } => show_status(care, json),
        Command::Reset { tier, yes } => ask_for_reset(care, tier, yes),
        Command::Support { to } => {
            support::run(care, &to.map_or(Target::Any, Target::Folder)).map(|place| say(&format!("written: {place}")))
        }
        Command::Clock(Clock::Save) => clock::save(care).map(|()| exit::DONE),
        Command::Clock(Clock::Floor) => clock::raise(care).map(|said| say(&said)),
        Command::Clock(Clock::Set { to }) => clock::set(care, &to, &chrono::Local).map(|said| say(&said)),
        Command::Swap => swap::start(care).map(|said| say(&said)),
        Command::WatchDisk => watch::carry::run(care).map(|()| exit::DONE),
        Command::Restart => care.system.reboot().map(|()| exit::DONE).map_err(anyhow::Error::from),
        Command::Pair { serve: true } => pairing::serve::run(care),
        Command::Pair { serve: false } => pair(care),
        Command::Shell => answer(care),
    };
    done.unwrap_or_else(|error| {
        eprintln!("wegovnow-box: {error:#}");
        code(&error)
    })
}

/// The code that an error ends with.
pub fn code(error: &anyhow::Error) -> u8 {
    if error.is::<Busy>() {
        exit::BUSY
    } else if error.is::<Refused>() {
        exit::REFUSED
    } else if error.is::<NotAllowed>() {
        exit::USAGE
    } else {
        exit::FAILED
    }
}

fn say(text: &str) -> u8 {
    println!("{text}");
    exit::DONE
}

fn start(care: &Caretaker<'_>) -> Result<u8> {
    let (steps, must_restart) = start::run(care);
    if must_restart {
        care.system.reboot().context("the box does not start again")?;
    }
    Ok(if steps.iter().all(|step| step.is_done) { exit::DONE } else { exit::FAILED })
}

fn boot_state(care: &Caretaker<'_>, command: &BootState) -> Result<u8> {
    match *command {
        BootState::GetPrimary => Ok(say(&boot_state::get_primary(care)?)),
        BootState::GetState { slot } => Ok(say(&boot_state::get_state(care, slot)?)),
        BootState::SetPrimary { slot } => boot_state::set_primary(care, slot).map(|()| exit::DONE),
        BootState::SetState { slot, mark } => boot_state::set_state(care, slot, mark == Mark::Good).map(|()| exit::DONE),
        BootState::Show => {
            print!("{}", boot_state::show(care)?);
            Ok(exit::DONE)
        }
    }
}

fn check_manifest(care: &Caretaker<'_>) -> Result<u8> {
    let mounted = std::env::var_os("RAUC_BUNDLE_MOUNT_POINT").context("RAUC says no RAUC_BUNDLE_MOUNT_POINT")?;
    let version = update::check_manifest(care, &PathBuf::from(mounted))?;
    Ok(say(&format!("version {version} may be installed")))
}

fn install(care: &Caretaker<'_>, update: Update) -> Result<u8> {
    let Update { command: _, from, from_usb: _, latest, automatic, mut sha256, again, other_variant, mut restart } = update;
    let source = match from {
        None if latest || automatic => {
            let (offer, address) = match offer(care, automatic, again)? {
                Ok(found) => found,
                Err(why_not) => return Ok(say(&why_not)),
            };
            sha256 = sha256.or(offer.sha256);
            restart |= automatic;
            Source::Url(address)
        }
        None => Source::Stick,
        Some(from) if from.starts_with("http://") || from.starts_with("https://") => Source::Url(from),
        Some(from) => Source::File(from.into()),
    };
    let mut last = None;
    let is_terminal = io::stderr().is_terminal();
    let mut progress = |what: &str, done: u64, all: Option<u64>| {
        // Tenths for logs, hundredths for people.
        let step = if is_terminal { 1 } else { 10 };
        let percent = all.filter(|all| *all > 0).map(|all| done * 100 / all / step * step);
        let shown = percent.unwrap_or(done >> 23);
        if last.replace(shown) != Some(shown) {
            let amount = percent.map_or_else(|| format!("{} MB", done / 1_000_000), |percent| format!("{percent} %"));
            let (start, end) = if is_terminal { ("\r", "   ") } else { ("", "\n") };
            let _ = write!(io::stderr(), "{start}{what}: {amount}{end}");
        }
    };
    let version = update::run(care, &Request { source, sha256, again, other_variant, restart }, &mut progress)?;
    Ok(say(&format!("version {version} is installed: the box starts it next")))
}

/// What the server offers; else why it is not taken now.
fn offer(care: &Caretaker<'_>, automatic: bool, again: bool) -> Result<Result<(update::Offer, String), String>> {
    use chrono::Timelike;

    let settings = settings::read(care, identity::serial(care).as_deref())?.update;
    if automatic && !settings.automatic {
        // Nobody is asked who need not be.
        return Ok(Err("the settings do not want updates by themselves".to_owned()));
    }
    let (offer, address) = update::look(&update::Route::read(care)?, &settings)?;
    let running = Stamp::read(care)?;
    // Before anything is fetched; the bundle itself is asked once more. What it is for it alone says.
    let offered = bundle::Manifest { version: offer.version.clone(), compatible: None, variant: None };
    let floor = esp::data_floor(care)?;
    if !automatic {
        bundle::decide(&offered, &Running { stamp: &running, compatible: None, floor, any_variant: true, again })?;
    }
    let now = chrono::Local::now();
    let local_min = u16::try_from(now.hour() * 60 + now.minute()).unwrap_or(0);
    let rollback = update::past(care).1;
    Ok(match update::due(&settings, &offer, &running.version, rollback.as_ref(), local_min) {
        update::Due::No(why_not) if automatic => Err(why_not),
        _ => Ok((offer, address)),
    })
}

fn show_status(care: &Caretaker<'_>, json: bool) -> Result<u8> {
    let status = status::read(care);
    let text = if json { serde_json::to_string_pretty(&status)? + "\n" } else { status::describe(&status) };
    // Whoever reads it may have gone.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(exit::DONE)
}

fn ask_for_reset(care: &Caretaker<'_>, tier: Tier, yes: bool) -> Result<u8> {
    if !yes && !typed(&mut io::stdin().lock(), &mut io::stdout(), tier)? {
        println!("Nothing was done.");
        return Ok(exit::FAILED);
    }
    reset::request(care, tier, "asked for at the console")?;
    care.system.reboot().context("it is done at the next start; the box does not start again by itself")?;
    Ok(say("The box starts again."))
}

/// Whether somebody typed the word.
pub fn typed(input: &mut dyn BufRead, output: &mut dyn Write, tier: Tier) -> io::Result<bool> {
    write!(output, "This {}.\nType the word {tier} to do it: ", tier.effect())?;
    output.flush()?;
    let mut line = String::new();
    input.read_line(&mut line)?;
    Ok(line.trim() == tier.to_string())
}

fn pair(care: &Caretaker<'_>) -> Result<u8> {
    std::thread::spawn(|| {
        std::thread::sleep(pairing::relay::PATIENCE);
        eprintln!("This took too long: begin again.");
        std::process::exit(i32::from(exit::BUSY));
    });
    let command = std::env::var("SSH_ORIGINAL_COMMAND").ok();
    let path = care.places.run(pairing::SOCKET);
    let said = pairing::relay::run(
        command.as_deref(),
        &mut io::stdin().lock(),
        (&mut io::stdout(), &mut io::stderr()),
        || UnixStream::connect(&path),
        |stream| stream.shutdown(Shutdown::Write),
    );
    said.context("the login ended before the settings were here")
}

fn answer(care: &Caretaker<'_>) -> Result<u8> {
    match std::env::var("SSH_ORIGINAL_COMMAND").ok().filter(|line| !line.trim().is_empty()) {
        Some(line) => Ok(do_words(care, &shell::parse(&line)?)),
        None => {
            let mut run = |words: &[String]| do_words(care, words);
            // Not locked for the whole time: a reset reads a word in between.
            let mut input = io::BufReader::with_capacity(1, io::stdin());
            shell::menu(&mut input, &mut io::stdout(), &mut run)?;
            Ok(exit::DONE)
        }
    }
}

fn do_words(care: &Caretaker<'_>, words: &[String]) -> u8 {
    match Cli::try_parse_from(std::iter::once("wegovnow-box").chain(words.iter().map(String::as_str))) {
        Ok(Cli { command: Command::Shell }) => exit::USAGE,
        Ok(cli) => run(care, cli.command),
        Err(error) => {
            let _ = error.print();
            if error.use_stderr() { exit::USAGE } else { exit::DONE }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[track_caller]
    fn parse(line: &str) -> Result<Command, clap::Error> {
        Cli::try_parse_from(line.split(' ')).map(|cli| cli.command)
    }

    #[test]
    fn the_table_is_sound() {
        Cli::command().debug_assert();
    }

    /// A server that answers one request with this offer, and is gone.
    fn server(version: &str) -> (String, std::thread::JoinHandle<String>) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let body = format!(r#"{{"version":"{version}","file":"wegovnow.raucb"}}"#);
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = io::BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            let asked = lines.next().unwrap();
            assert!(lines.count() > 0);
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).unwrap();
            asked
        });
        (url, thread)
    }

    #[test]
    fn what_runs_already_is_not_fetched() {
        let check = |version: &str, again: bool| {
            let bench = crate::tests::Bench::new();
            let (url, thread) = server(version);
            let settings = format!("schema = 1\ngeneration = 1\n[update]\nurl = \"{url}\"\n");
            bench.put("/state/settings/appliance.toml", &settings);
            let said = offer(&bench.care(), false, again);
            assert!(thread.join().unwrap().starts_with("GET /stable.json "));
            said.map_err(|error| (code(&error), error.to_string()))
        };
        let (code, said) = check("1.2.0", false).unwrap_err();
        assert_eq!((code, said.as_str()), (exit::REFUSED, "version 1.2.0 runs already: --again installs it once more"));
        assert!(check("1.1.9", true).unwrap_err().1.contains("older than 1.2.0"));
        for (version, again) in [("1.2.0", true), ("1.2.1", false)] {
            let (offer, address) = check(version, again).unwrap().unwrap();
            assert_eq!(offer.version.to_string(), version);
            assert!(address.ends_with("/wegovnow.raucb"), "{address}");
        }
    }

    #[test]
    fn raucs_calls_are_understood() {
        for line in ["get-primary", "get-state A", "get-state B", "set-primary B", "set-state A good", "set-state B bad"] {
            assert!(matches!(parse(&format!("wegovnow-box boot-state {line}")), Ok(Command::BootState(_))), "{line}");
        }
        for line in ["get-state", "get-state C", "set-state A fine", "set-primary"] {
            assert_eq!(parse(&format!("wegovnow-box boot-state {line}")).unwrap_err().exit_code(), 2, "{line}");
        }
        let handler = parse("wegovnow-box update check-manifest").unwrap();
        assert!(matches!(handler, Command::Update(Update { command: Some(UpdateCommand::CheckManifest), .. })));
    }

    #[test]
    fn an_update_comes_from_one_place() {
        assert!(parse("wegovnow-box update x.raucb --again").is_ok());
        assert!(parse("wegovnow-box update --from-usb --restart").is_ok());
        for line in ["", " x.raucb --from-usb", " --latest --automatic", " x.raucb --sha256 12", " --from-usb --latest"] {
            assert!(parse(&format!("wegovnow-box update{line}")).is_err(), "{line}");
        }
    }
}
