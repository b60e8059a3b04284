//! The command line, as one table: parser, `--help`, manual pages and completions come from it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use store::geo::Point;
use store::id::Language;

/// What a command ends with. Documented in `--help`.
pub mod exit {
    /// Done.
    pub const DONE: u8 = 0;
    /// Not done; the message says why.
    pub const FAILED: u8 = 1;
    /// The command line or the configuration is wrong.
    pub const USAGE: u8 = 2;
    /// The store holds something damaged.
    pub const DAMAGED: u8 = 3;
    /// The map in use is better than the one to import.
    pub const REFUSED: u8 = 4;
}

const EXIT_CODES: &str = "Exit codes:
  0  done
  1  not done; the message says why
  2  the command line or the configuration is wrong
  3  the store holds something damaged (verify), or the box needs looking after (health)
  4  the map in use is better than the one to import; --replace takes it nevertheless (town)

Environment:
  STATE_DIRECTORY        data directory, as systemd sets it
  RUNTIME_DIRECTORY      where the socket goes, as systemd sets it
  CREDENTIALS_DIRECTORY  the credential wegovnow.seal in it, if there is one, seals the keys
  RUST_LOG               what is logged, such as debug
  NO_COLOR               no colours";

/// The daemon of a WeGovNow appliance: keeps the town's reports and answers kiosk and console.
#[derive(Debug, Parser)]
#[command(name = "wegovnowd", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve kiosk and console until SIGTERM or SIGINT
    Serve(Serve),
    /// Set the town up, or change its name, languages or border
    Init(Init),
    /// The town's map
    #[command(subcommand)]
    Town(Town),
    /// Fill an empty store with invented reports, marked as a demonstration
    Demo(Demo),
    /// Write everything the store holds to a file, in the format of the tape
    Export {
        #[command(flatten)]
        data: Data,
        /// One line of JSON per event, for people and programs to read
        #[arg(long)]
        json: bool,
        /// File to write; it must not exist
        out: PathBuf,
    },
    /// Compute every hash and signature of the store again
    Verify {
        #[command(flatten)]
        data: Data,
    },
    /// Write the store anew without what it no longer needs
    Compact {
        #[command(flatten)]
        data: Data,
    },
    /// Ask a running daemon how it is
    Health {
        /// Socket of the daemon
        #[arg(long, value_name = "PATH")]
        socket: Option<PathBuf>,
    },
    /// Write manual pages
    Man {
        /// Directory to write to
        dir: PathBuf,
    },
    /// Write completions for a shell to standard output
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Where the store is.
#[derive(Debug, Clone, Args)]
pub struct Data {
    /// Directory of the store and the town's map [default: $STATE_DIRECTORY or /var/lib/wegovnow]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

impl Data {
    /// The directory meant.
    pub fn dir(&self) -> PathBuf {
        let environment = crate::config::Environment::read();
        self.data.clone().or(environment.state).unwrap_or_else(|| PathBuf::from(crate::config::DATA_DIR))
    }
}

/// `wegovnowd serve`
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    pub data: Data,
    /// Configuration file [default: /etc/wegovnow/appliance.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Unix socket [default: $RUNTIME_DIRECTORY/wegovnowd.sock or /run/wegovnow/wegovnowd.sock]
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Listen on TCP as well; nobody is staff there. Port 0 takes a free one, which the log names
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// Write the bound TCP address to this file once connections are accepted
    #[arg(long, value_name = "FILE", requires = "listen")]
    pub listen_file: Option<PathBuf>,
    /// Where the box stands, as people say it
    #[arg(long, value_name = "TEXT")]
    pub place_name: Option<String>,
    /// Where the map opens, in degrees [default: the middle of the town]
    #[arg(long, value_name = "LAT,LON", value_parser = parse_point, allow_hyphen_values = true)]
    pub center: Option<Point>,
    /// Account that is staff, beside root, this one and the members of wegovnow-staff; may be repeated
    #[arg(long, value_name = "ACCOUNT")]
    pub staff: Vec<String>,
    /// Every account of this machine is staff (development)
    #[arg(long)]
    pub staff_all: bool,
    /// File in which the machine's caretaker says how it is [default: none]
    #[arg(long, value_name = "FILE")]
    pub machine: Option<PathBuf>,
}

/// `wegovnowd init`
#[derive(Debug, Args)]
pub struct Init {
    #[command(flatten)]
    pub data: Data,
    /// Name of the town [default: as the imported map has it]
    #[arg(long)]
    pub name: Option<String>,
    /// Languages offered, the first is the default
    #[arg(long, value_delimiter = ',', default_value = "en,it,de,fi,sv")]
    pub languages: Vec<Language>,
    /// GeoJSON file with the border of the area served [default: as the imported map has it]
    #[arg(long, value_name = "FILE")]
    pub border: Option<PathBuf>,
}

/// `wegovnowd town`
#[derive(Debug, Subcommand)]
pub enum Town {
    /// Make the town's map of an OpenStreetMap extract; one that is worse than the map in use is refused
    Import {
        #[command(flatten)]
        data: Data,
        /// The extract (osm.pbf), or a .map that was imported before
        file: PathBuf,
        /// GeoJSON file with the town's border [default: the municipal border in the extract, else all of it]
        #[arg(long, value_name = "FILE")]
        border: Option<PathBuf>,
        /// Replace the map in use even by one of another place, with older data, or with far less in it
        #[arg(long)]
        replace: bool,
    },
    /// Bring the town's map up to date with change files; a map that is worse than the one in use is refused (exit code 4)
    ///
    /// The map is made anew of the extract that was imported, all changes since, and these; all of them are taken, or none. Changes
    /// elsewhere, and such that the map has already, are passed over. Objects of which a version is missing between the map's and the
    /// changes' are named in a note, and so are they by `town info`: a change file is missing then, or the files hold only the last of
    /// several changes. The map is taken all the same (exit code 0), for it is newer; an import of a fresh extract closes any gap.
    Update {
        #[command(flatten)]
        data: Data,
        /// The change files (osc or osc.gz), the oldest first
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Replace the map in use even by one with older data, or with far less in it
        #[arg(long)]
        replace: bool,
    },
    /// Say what the imported map covers
    Info {
        #[command(flatten)]
        data: Data,
    },
}

/// `wegovnowd demo`
#[derive(Debug, Args)]
pub struct Demo {
    #[command(flatten)]
    pub data: Data,
    /// Invented reports
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub reports: u32,
    /// The same seed gives the same reports
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Days that the reports are spread over
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: u32,
    /// Languages of the town, the first is the default
    #[arg(long, value_delimiter = ',', default_value = "en,it,de,fi,sv")]
    pub languages: Vec<Language>,
    /// Name of the town [default: as the imported map has it]
    #[arg(long)]
    pub name: Option<String>,
}

/// `LAT,LON` in degrees.
fn parse_point(text: &str) -> Result<Point, String> {
    let degrees = text.split_once(',').and_then(|(lat, lon)| Some((lat.trim().parse().ok()?, lon.trim().parse().ok()?)));
    let point = degrees.and_then(|(lat, lon)| Point::from_degrees(lat, lon));
    point.ok_or_else(|| "expected latitude and longitude in degrees, such as 60.17,24.94".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_table_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_center_south_of_the_equator_is_no_flag() {
        let cli = Cli::try_parse_from(["wegovnowd", "serve", "--center", "-33.9,18.4"]).unwrap();
        let Command::Serve(serve) = cli.command else { panic!("serve") };
        assert_eq!(serve.center, Point::from_degrees(-33.9, 18.4));
        assert!(Cli::try_parse_from(["wegovnowd", "serve", "--center", "91,0"]).is_err());
    }
}
