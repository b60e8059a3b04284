//! Looking after a store with the daemon stopped, and asking a running daemon how it is.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::cli::exit;
use crate::config::{Environment, RUNTIME_DIR, SOCKET_NAME};
use crate::progress::ProgressLine;
use crate::set_up::home;

/// `wegovnowd export`
pub fn export(data: &Path, out: &Path, json: bool) -> anyhow::Result<u8> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    // It holds people's words: nobody but the owner reads it.
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(out);
    let mut file = std::io::BufWriter::new(file.with_context(|| format!("cannot make {}", out.display()))?);
    let mut line = ProgressLine::new("Exporting");
    let mut tell = |done, all| line.tell("writing", share(done, all));
    let written = if json {
        store::store::export_json(home(data)?, &mut file, &mut tell)
    } else {
        store::store::export(home(data)?, &mut file, &mut tell)
    };
    let events =
        written.with_context(|| format!("the store in {} was not exported; {} is cut off", data.display(), out.display()))?;
    file.flush().and_then(|()| file.get_ref().sync_all()).with_context(|| format!("{} is cut off", out.display()))?;
    line.end(&format!("{events} events in {}", out.display()));
    Ok(exit::DONE)
}

/// `wegovnowd verify`
pub fn verify(data: &Path) -> anyhow::Result<u8> {
    let mut line = ProgressLine::new("Verifying");
    let report = store::store::verify(home(data)?, &mut |done, all| line.tell("reading", share(done, all)))
        .with_context(|| format!("the store in {} could not be read", data.display()))?;
    line.end(&format!("{} events in {} chains, {} attachments", report.events, report.chains, report.attachments));
    println!("events       {}", report.events);
    println!("chains       {}", report.chains);
    println!("on the tape  {}, and {} that the next start appends", report.taped, report.untaped);
    if report.strange_bytes > 0 {
        println!("             {} bytes of it are no event, as a write that was cut off leaves them", report.strange_bytes);
    }
    println!("attachments  {}", report.attachments);
    println!("quarantined  {}", report.quarantined);
    println!("digest       {}", store::id::hex(&report.digest));
    for finding in &report.findings {
        println!("DAMAGED      {}: {}", finding.place, finding.what);
    }
    println!(
        "{}",
        if report.findings.is_empty() { "sound" } else { "damaged: the next start repairs what the tape still holds" }
    );
    Ok(if report.findings.is_empty() { exit::DONE } else { exit::DAMAGED })
}

/// `wegovnowd compact`
pub fn compact(data: &Path) -> anyhow::Result<u8> {
    let mut line = ProgressLine::new("Compacting");
    let gained = store::store::compact(home(data)?, &mut |done, all| line.tell("writing", share(done, all)))
        .with_context(|| format!("the store in {} was not compacted; it is as it was", data.display()))?;
    line.end(&format!("{} events, {} KiB became {} KiB", gained.events, gained.bytes_before >> 10, gained.bytes_after >> 10));
    Ok(exit::DONE)
}

fn share(done: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { done as f64 / all as f64 }
}

/// `wegovnowd health`
pub fn health(socket: Option<PathBuf>) -> anyhow::Result<u8> {
    let runtime = Environment::read().runtime.unwrap_or_else(|| PathBuf::from(RUNTIME_DIR));
    let socket = socket.unwrap_or_else(|| runtime.join(SOCKET_NAME));
    let client = api::Client::over_socket(&socket)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let health = runtime.block_on(client.health()).with_context(|| format!("no answer on {}", socket.display()))?;
    println!("{}", serde_json::to_string_pretty(&health)?);
    Ok(if health.state == "ok" { exit::DONE } else { exit::DAMAGED })
}
