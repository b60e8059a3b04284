//! `cargo x`: every chore of the project beside its two doors, `scripts/run` and `scripts/test`.

mod shell;
mod step;
mod metadata;
mod suite;
mod tidy;
mod licence;
mod deny;
mod fuzz;
mod api_check;
mod chore;
mod image;
mod machine;
mod nbd;
mod boot;
mod deb;
mod ci;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::step::Report;

/// The project's chores.
#[derive(Parser)]
#[command(name = "cargo x", bin_name = "cargo x")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Everything that a landing must pass; ends with a line that counts tests
    Ci(ci::Options),
    /// Is every file formatted?
    Fmt,
    /// Lints, warnings as errors
    Clippy,
    /// The store without its disk still compiles
    Wall,
    /// House rules: arrows between packages, who may name which crate, lengths, words, links
    Tidy,
    /// Licences, sources and bans of dependencies; advisories when their database can be reached
    Deny,
    /// All tests of the workspace; what follows `--` goes to cargo test
    Test {
        #[arg(last = true)]
        cargo: Vec<String>,
    },
    /// Documentation, warnings as errors
    Doc,
    /// Throws damaged input at whatever reads bytes from outside
    Fuzz(fuzz::Options),
    /// Holds the running daemon against its own description of its API
    ApiCheck(api_check::Options),
    /// Speed and size, measured in release; arguments go to the bench
    Bench {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// The appliance's disk image
    Image(image::Options),
    /// Starts the image in QEMU
    Boot(boot::Options),
    /// Our programs as Debian packages
    Deb(deb::Options),
    /// Manual pages and shell completions of the daemon
    Docs {
        /// Directory to write to
        #[arg(long, default_value = "out/docs")]
        out: PathBuf,
    },
    /// Pictures of the kiosk's screens, and what is wrong with them
    Gallery {
        /// Directory to write to
        #[arg(long, default_value = "out/gallery")]
        out: PathBuf,
        /// The town's map in every style and zoom beside MapLibre's of the same extract, in one sheet; ARGS are extracts (osm.pbf), a
        /// made-up quarter without any, and --center LAT,LON
        #[arg(long)]
        map: bool,
        /// For the kiosk: --all, --screen home,place, --language de, --text largest, and what its --help says
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

fn main() -> ExitCode {
    let chore = Cli::parse().chore;
    let done = shell::enter_root().and_then(|()| match chore {
        Chore::Ci(options) => ci::run(&options),
        Chore::Fmt => step::alone("format", suite::fmt),
        Chore::Clippy => step::alone("clippy", suite::clippy),
        Chore::Wall => step::alone("store without disk", suite::wall),
        Chore::Tidy => step::alone("house rules", tidy::run),
        Chore::Deny => step::alone("dependencies", deny::run),
        Chore::Test { cargo } => step::alone("tests", || suite::test(&cargo)),
        Chore::Doc => step::alone("documentation", suite::doc),
        Chore::Fuzz(options) => step::alone("fuzz", || fuzz::run(&options)),
        Chore::ApiCheck(options) => step::alone("api", || api_check::run(&options)),
        Chore::Bench { args } => chore::bench(&args).map(|()| Report::default()),
        Chore::Image(options) => image::run(&options),
        Chore::Boot(options) => boot::run(&options),
        Chore::Deb(options) => deb::run(&options),
        Chore::Docs { out } => chore::docs(&out).map(|()| Report::default()),
        Chore::Gallery { out, map: false, args } => chore::gallery(&out, &args).map(|()| Report::default()),
        Chore::Gallery { out, map: true, args } => chore::map_gallery(&out, &args).map(|()| Report::default()),
    });
    match done {
        Ok(report) if report.failed_steps.is_empty() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cargo x: {error:#}");
            ExitCode::FAILURE
        }
    }
}
