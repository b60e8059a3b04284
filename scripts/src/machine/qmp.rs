//! QEMU's control socket (QMP): one JSON object per line, replies and, between them, events.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::lock;

/// TCG on a busy machine may hold QEMU's main loop for seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Something that QEMU told without being asked, as `RESET` or `SHUTDOWN`.
#[derive(Debug, Clone)]
pub struct Event {
    pub name: String,
    pub data: Value,
    /// Since power on.
    pub at: Duration,
}

/// A control connection; one call at a time.
pub struct Qmp {
    stream: UnixStream,
    replies: Receiver<Value>,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Qmp {
    /// Speaks to the socket; times of events count from `start`.
    pub fn connect(socket: &Path, start: Instant) -> Result<Qmp> {
        let stream = UnixStream::connect(socket).context("QEMU's control socket is not there")?;
        let (send, replies) = mpsc::channel();
        let events = Arc::new(Mutex::new(Vec::new()));
        let (lines, told) = (BufReader::new(stream.try_clone()?), Arc::clone(&events));
        // Ends when QEMU does, or when this value shuts the stream.
        thread::spawn(move || {
            for line in lines.lines() {
                let Ok(line) = line else { break };
                let reply = match sort(&line, start.elapsed()) {
                    Some(Said::Event(event)) => {
                        lock(&told).push(event);
                        continue;
                    }
                    Some(Said::Reply(reply)) => reply,
                    None => continue,
                };
                if send.send(reply).is_err() {
                    break;
                }
            }
        });
        let mut qmp = Qmp { stream, replies, events };
        qmp.call("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    /// Runs a command and gives what it returns.
    pub fn call(&mut self, name: &str, arguments: Value) -> Result<Value> {
        writeln!(self.stream, "{}", json!({ "execute": name, "arguments": arguments }))
            .context("QEMU closed its control socket")?;
        let Ok(reply) = self.replies.recv_timeout(PATIENCE) else { bail!("QEMU does not answer {name} on its control socket") };
        if let Some(error) = reply.get("error") {
            bail!("QEMU: {name}: {error}");
        }
        Ok(reply.get("return").cloned().unwrap_or(Value::Null))
    }

    /// All events until now, the oldest first.
    pub fn events(&self) -> Vec<Event> {
        lock(&self.events).clone()
    }
}

impl Drop for Qmp {
    fn drop(&mut self) {
        // Ends the thread that reads.
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }
}

enum Said {
    Event(Event),
    Reply(Value),
}

/// What a line is; nothing for the greeting and for what is not JSON.
fn sort(line: &str, at: Duration) -> Option<Said> {
    let value: Value = serde_json::from_str(line).ok()?;
    if let Some(name) = value.get("event").and_then(Value::as_str) {
        return Some(Said::Event(Event { name: name.to_owned(), data: value.get("data").cloned().unwrap_or(Value::Null), at }));
    }
    (value.get("return").is_some() || value.get("error").is_some()).then_some(Said::Reply(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_do_not_pass_for_replies() {
        let at = Duration::from_secs(3);
        assert!(sort(r#"{"QMP": {"version": {}, "capabilities": []}}"#, at).is_none());
        assert!(sort("no JSON", at).is_none());
        assert!(matches!(sort(r#"{"return": {}}"#, at), Some(Said::Reply(_))));
        assert!(matches!(sort(r#"{"error": {"desc": "no"}}"#, at), Some(Said::Reply(_))));
        let event = sort(r#"{"event": "RESET", "data": {"guest": true, "reason": "guest-reset"}}"#, at);
        assert!(
            matches!(event, Some(Said::Event(event)) if event.name == "RESET" && event.data["guest"] == true && event.at == at)
        );
    }
}
