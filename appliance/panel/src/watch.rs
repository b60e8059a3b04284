//! Where the readings come from: a file, or a program that prints them, asked again and again.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::reading::Readings;

/// Readings are a few hundred bytes; whatever is longer than this is not them.
const BYTES_MAX: u64 = 1 << 20;

/// Who has the readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
    /// A program and its arguments, started without a shell.
    Command {
        program: Vec<String>,
        timeout: Duration,
    },
}

impl Source {
    /// Asks once.
    ///
    /// # Errors
    /// The file or the program is not there, takes too long, fails, or says something else.
    pub fn read(&self) -> Result<Readings> {
        match self {
            Source::File(path) => {
                let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
                parse(&text).with_context(|| format!("{} holds no readings", path.display()))
            }
            Source::Command { program, timeout } => {
                let said = run(program, *timeout)?;
                parse(&said).with_context(|| format!("{} prints no readings", program.join(" ")))
            }
        }
    }
}

fn parse(text: &[u8]) -> Result<Readings> {
    Ok(serde_json::from_slice(text)?)
}

/// Runs a program and returns what it prints. A program that takes too long is ended.
///
/// # Errors
/// It does not start, takes too long, prints too much, or does not end with 0.
pub fn run(program: &[String], timeout: Duration) -> Result<Vec<u8>> {
    let Some((name, arguments)) = program.split_first() else { bail!("no program is named") };
    let until = Instant::now() + timeout;
    let mut command = Command::new(name);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = Ended(command.spawn().with_context(|| format!("cannot start {name}"))?);
    let Some(mut pipe) = child.0.stdout.take() else { bail!("{name} has no output") };
    let (sender, receiver) = mpsc::channel();
    // Whoever holds the pipe open for ever holds this thread, not the panel.
    thread::spawn(move || {
        let mut said = Vec::new();
        let read = pipe.by_ref().take(BYTES_MAX + 1).read_to_end(&mut said);
        let _ = sender.send(read.map(|_| said));
    });
    let too_long = || format!("{} takes longer than {} s", program.join(" "), timeout.as_secs_f32());
    let said = receiver.recv_timeout(timeout).with_context(too_long)?.with_context(|| format!("cannot read from {name}"))?;
    if said.len() as u64 > BYTES_MAX {
        bail!("{} prints more than {BYTES_MAX} bytes", program.join(" "));
    }
    loop {
        if let Some(status) = child.0.try_wait()? {
            if !status.success() {
                bail!("{} failed: {status}", program.join(" "));
            }
            return Ok(said);
        }
        if Instant::now() >= until {
            bail!(too_long());
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// A program that does not outlive the question.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

/// Asks again and again in a thread of its own; what comes back is sent as it comes. The thread ends when nobody listens any more.
pub fn follow(source: Source, every: Duration) -> mpsc::Receiver<Result<Readings>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        while sender.send(source.read()).is_ok() {
            thread::sleep(every);
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, timeout: Duration) -> Source {
        Source::Command { program: ["sh", "-c", script].map(str::to_owned).to_vec(), timeout }
    }

    const ENOUGH: Duration = Duration::from_secs(60);

    #[test]
    fn readings_come_from_a_program_or_a_file() {
        let text = r#"{"town": "Jyväskylä", "store": "read-only", "news": 1, "disk": {"free_bytes": 5}, "kiosk": null}"#;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("readings.json");
        fs::write(&file, text).unwrap();
        let from_file = Source::File(file.clone()).read().unwrap();
        assert_eq!(from_file.town.as_deref(), Some("Jyväskylä"));
        assert_eq!(from_file.store, Some(crate::reading::Store::ReadOnly));
        assert_eq!(from_file.disk.free_bytes, Some(5));
        let program = Source::Command { program: vec!["cat".to_owned(), file.display().to_string()], timeout: ENOUGH };
        assert_eq!(program.read().unwrap(), from_file);
    }

    #[test]
    fn what_went_wrong_is_said() {
        for (source, word) in [
            (shell("echo '{}'; exit 3", ENOUGH), "exit status: 3"),
            (shell("echo hello", ENOUGH), "prints no readings"),
            (shell("exec sleep 600", Duration::from_millis(50)), "takes longer"),
            (shell("exec >&-; exec sleep 600", Duration::from_millis(50)), "takes longer"),
            (shell("head -c 2000000 /dev/zero", ENOUGH), "more than"),
            (Source::Command { program: vec!["/nowhere/to/be/found".to_owned()], timeout: ENOUGH }, "cannot start"),
            (Source::File("/nowhere/to/be/found".into()), "cannot read"),
        ] {
            let error = format!("{:#}", source.read().unwrap_err());
            assert!(error.contains(word), "{source:?}: {error}");
        }
    }

    #[test]
    fn the_documented_example_is_read_whole() {
        let documented = include_str!("reading.rs");
        let example = documented.split("```").nth(1).unwrap().trim_start_matches("json").replace("///", "");
        let readings: Readings = serde_json::from_str(&example).unwrap();
        let again: serde_json::Value = serde_json::to_value(&readings).unwrap();
        let example: serde_json::Value = serde_json::from_str(&example).unwrap();
        assert_eq!(again, example, "the example names every reading");
    }

    #[test]
    fn following_ends_with_the_listener() {
        let receiver = follow(Source::File("/nowhere/to/be/found".into()), Duration::ZERO);
        assert!(receiver.recv().unwrap().is_err());
        assert!(receiver.recv().unwrap().is_err());
    }
}
