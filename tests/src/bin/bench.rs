//! `cargo x bench`: figures of this machine, each beside what SQLite does with the same durable work in the same run.

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use tests::bench::{self, Report};

/// Measures speed and size, and says whether the bars are met.
#[derive(Parser)]
struct Arguments {
    /// What to measure [default: everything]
    #[arg(value_enum)]
    what: Vec<What>,
    /// Reports of the large store
    #[arg(long, default_value_t = 100_000)]
    reports: u32,
    /// Extracts of the map's figures [default: a made-up town]
    #[arg(long, value_name = "FILE.osm.pbf")]
    extract: Vec<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Durable appends
    Store,
    /// Reports through the HTTP API
    Api,
    /// A large store: start, memory, queries
    Large,
    /// The kiosk in a window: cold start, rest
    Kiosk,
    /// The map: import, search, drawing
    Map,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let wanted = |what| arguments.what.is_empty() || arguments.what.contains(&what);
    let mut report = Report::new();
    if wanted(What::Store) {
        bench::store::measure(&mut report)?;
    }
    if wanted(What::Api) {
        bench::api::measure(&mut report)?;
    }
    if wanted(What::Large) {
        bench::large::measure(&mut report, arguments.reports)?;
    }
    if wanted(What::Kiosk) {
        bench::kiosk::measure(&mut report)?;
    }
    if wanted(What::Map) {
        bench::map::measure(&mut report, &arguments.extract)?;
    }
    report.end()
}
