//! Chores that only call one of our programs.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell::{cargo, output, run};

pub fn bench(args: &[String]) -> Result<()> {
    // The kiosk is measured on a screen and by a finger.
    let names_parts = args.iter().any(|arg| ["store", "api", "large", "map"].contains(&arg.as_str()));
    if args.iter().any(|arg| arg == "kiosk") || !names_parts {
        let need = ". scripts/prepare; need_packages xvfb fontconfig fonts-noto-core $window_packages; need_typeface";
        run(Command::new("sh").args(["-euc", need, "cargo x bench"]))?;
    }
    if args.iter().any(|arg| arg == "map") || !names_parts {
        run(Command::new("sh").args([
            "-euc",
            ". scripts/prepare; need_packages tilemaker fontconfig fonts-noto-core",
            "cargo x bench",
        ]))?;
    }
    // The programs themselves are measured too: they must be of the same build.
    run(&mut cargo(&["build", "--release", "--bins", "-p", "appliance", "-p", "kiosk", "-p", "tui"]))?;
    run(cargo(&["run", "--release", "-p", "tests", "--bin", "bench", "--"]).args(args))
}

pub fn docs(out: &Path) -> Result<()> {
    fs::create_dir_all(out).with_context(|| format!("cannot make the directory {}", out.display()))?;
    let daemon = ["run", "--quiet", "-p", "appliance", "--bin", "wegovnowd", "--"];
    run(cargo(&daemon).arg("man").arg(out))?;
    for (shell, file) in [("bash", "wegovnowd.bash"), ("zsh", "_wegovnowd"), ("fish", "wegovnowd.fish")] {
        let text = output(cargo(&daemon).args(["completions", shell]))?;
        let file = out.join(file);
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    println!("manual pages and completions are in {}", out.display());
    Ok(())
}

/// Writes the kiosk's screens as pictures and looks for flaws; what else is said goes to the kiosk.
pub fn gallery(out: &Path, args: &[String]) -> Result<()> {
    let need = ". scripts/prepare; need_packages fontconfig fonts-noto-core; need_typeface";
    run(Command::new("sh").args(["-euc", need, "cargo x gallery"]))?;
    let kiosk = ["run", "--release", "-p", "kiosk", "--bin", "wegovnow-kiosk", "--", "gallery", "--out"];
    run(cargo(&kiosk).arg(out).args(args))
}

/// Draws the town's map in every style and zoom beside MapLibre's; what else is said, extracts first of all, goes to the program.
pub fn map_gallery(out: &Path, args: &[String]) -> Result<()> {
    let need = "exec 3>&1 >&2; . scripts/prepare; need_packages tilemaker chromium fontconfig fonts-noto-core; need_typeface; \
                need_maplibre; printf %s \"$maplibre\" >&3";
    let maplibre = output(Command::new("sh").args(["-euc", need, "cargo x gallery"]))?;
    // Not in release: the tests have built this one, and what draws is optimised in it, too.
    let sheet = ["run", "-p", "kiosk", "--example", "map_sheet", "--", "--maplibre", &maplibre, "--out"];
    run(cargo(&sheet).arg(out.join("map")).args(args))
}
