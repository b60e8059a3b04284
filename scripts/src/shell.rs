//! Where we are, and how other programs are called.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Top of the working tree. Cargo says which one runs us; the build may have been another clone's, which shares the cache.
pub fn root() -> PathBuf {
    let own = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    own.parent().unwrap_or(Path::new(".")).to_owned()
}

/// All chores run from the top, wherever they were called.
pub fn enter_root() -> Result<()> {
    env::set_current_dir(root()).context("the working tree this was built from is gone: build again with `cargo x`")
}

/// A cargo command, with the cargo that runs us.
pub fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args);
    command
}

/// Where cargo puts what it builds.
pub fn target_dir() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// What is kept between runs and can be fetched again: tools, towns.
pub fn cache_dir() -> Result<PathBuf> {
    let base = env::var_os("XDG_CACHE_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let base = base.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    Ok(base.context("neither XDG_CACHE_HOME nor HOME is set: set one")?.join("wegovnow"))
}

/// Runs a command with its output shown; fails when it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let said = said(command);
    let status = command.status().with_context(|| format!("`{said}` does not start"))?;
    if !status.success() {
        bail!("`{said}` ended with {status}");
    }
    Ok(())
}

/// Standard output of a command; its errors are shown.
pub fn output(command: &mut Command) -> Result<String> {
    let said = said(command);
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("`{said}` does not start"))?;
    if !output.status.success() {
        bail!("`{said}` ended with {}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{said}` printed something that is not UTF-8"))
}

/// Is there such a program?
pub fn have(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

fn said(command: &Command) -> String {
    let mut words = vec![Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}
