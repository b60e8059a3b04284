//! Everything that a landing must pass, the quickest to fail first.

use anyhow::Result;
use clap::Args;

use crate::step::Report;
use crate::{api_check, deny, fuzz, image, suite, tidy};

/// Options of `cargo x ci`.
#[derive(Args)]
pub struct Options {
    /// Seconds that each fuzz target runs
    #[arg(long, default_value_t = 10)]
    fuzz_s: u32,
    /// Leave out what builds the appliance's image and starts it
    #[arg(long)]
    no_image: bool,
}

pub fn run(options: &Options) -> Result<Report> {
    let mut report = Report::default();
    report.step("format", suite::fmt);
    report.step("house rules", tidy::run);
    report.step("dependencies", deny::run);
    report.step("store without disk", suite::wall);
    report.step("clippy", suite::clippy);
    report.step("tests", || suite::test(&[]));
    report.step("documentation", suite::doc);
    report.step("fuzz", || fuzz::run(&fuzz::Options::brief(options.fuzz_s)));
    report.step("api", || api_check::run(&api_check::Options::default()));
    if !options.no_image {
        report.step("image", image::smoke);
    }
    report.close();
    Ok(report)
}
