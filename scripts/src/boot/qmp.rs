//! QEMU's control socket (QMP): one JSON object per line.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// Saves what the screen shows, as PNG.
pub fn screendump(socket: &Path, file: &Path) -> Result<()> {
    let stream = UnixStream::connect(socket).context("QEMU's control socket is not there")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream.try_clone()?);
    // Its greeting.
    lines.read_line(&mut String::new())?;
    call(&stream, &mut lines, "qmp_capabilities", json!({}))?;
    call(&stream, &mut lines, "screendump", json!({ "filename": file, "format": "png" }))
}

fn call(mut stream: &UnixStream, lines: &mut impl BufRead, name: &str, arguments: Value) -> Result<()> {
    writeln!(stream, "{}", json!({ "execute": name, "arguments": arguments }))?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            bail!("QEMU closed its control socket");
        }
        let reply: Value = serde_json::from_str(&line).context("QEMU says something that is not JSON")?;
        if let Some(error) = reply.get("error") {
            bail!("QEMU: {name}: {error}");
        }
        // Events come between.
        if reply.get("return").is_some() {
            return Ok(());
        }
    }
}
