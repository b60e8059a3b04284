//! Holds the daemon against its own description of its API, with schemathesis: no server error, no answer that is not described.
//!
//! The daemon knows staff by the user at the other end of its Unix socket. Requests therefore go through a relay from a local port to the
//! socket, so that staff's routes are tried too and not only refused.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::shell::{self, cache_dir, cargo, output, target_dir};
use crate::step::Tally;

const SCHEMATHESIS: &str = "4.32.5";

/// Time that a daemon on an empty store has to answer.
const START_MAX: Duration = Duration::from_secs(30);

/// Options of `cargo x api-check`.
#[derive(Args)]
pub struct Options {
    /// Invented requests per route, beside the systematic ones
    #[arg(long, default_value_t = 25)]
    examples: u32,
    /// The same seed gives the same requests
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options { examples: 25, seed: 1 }
    }
}

pub fn run(options: &Options) -> Result<Tally> {
    let program = schemathesis()?;
    shell::run(&mut cargo(&["build", "--quiet", "-p", "appliance", "--bin", "wegovnowd"]))?;
    let scratch = Scratch::new()?;
    let daemon = Daemon::start(&scratch.0)?;
    let description = daemon.description()?;
    let streams = streams(&description);
    let port = relay(&daemon.socket)?;

    // From a file: schemathesis passes over the route that it reads the description from.
    fs::write(scratch.0.join("openapi.json"), description.to_string()).context("cannot write the description of the API")?;
    let mut check = Command::new(program);
    check.current_dir(&scratch.0).args(["run", "openapi.json"]).arg(format!("--url=http://127.0.0.1:{port}"));
    check.args(["--no-color", "--request-timeout=10", "--continue-on-failure"]);
    // Well-formed requests may be refused all the same: the town has no such report, place or category.
    check.args(["--checks=all", "--exclude-checks=positive_data_acceptance"]);
    check.arg(format!("--max-examples={}", options.examples)).arg(format!("--seed={}", options.seed));
    // An endless answer is tested by the stories.
    for path in &streams {
        check.arg(format!("--exclude-path={path}"));
    }
    let (status, said) = shown(check.stdin(Stdio::null()))?;
    let lived = daemon.stop()?;
    if !status.success() {
        bail!("schemathesis ended with {status}: what it found stands above, each with a request that shows it");
    }
    if !lived {
        bail!("the daemon did not stop cleanly after the check");
    }
    let due = operations(&description) - streams.len() as u64;
    let (selected, tested) = counts(&said).context("schemathesis does not say how many operations it tested")?;
    if selected != due || tested != due {
        bail!("of {due} operations {selected} were selected and {tested} tested: the others were passed over");
    }
    println!(
        "{tested} of {selected} operations answered as they describe themselves; not tried, for they do not end: {}",
        streams.join(" ")
    );
    Ok(Tally { passed: tested, ..Tally::default() })
}

/// Runs a command with its output shown, and gives that too.
fn shown(command: &mut Command) -> Result<(ExitStatus, String)> {
    let mut child = command.stdout(Stdio::piped()).spawn().context("schemathesis does not start")?;
    let mut said = String::new();
    for line in BufReader::new(child.stdout.take().context("schemathesis has no output")?).lines() {
        let line = line.context("the output of schemathesis breaks off")?;
        println!("{line}");
        said.push_str(&line);
        said.push('\n');
    }
    Ok((child.wait()?, said))
}

/// Operations selected and tested, of the summary: `Selected: 18/19`, `Tested: 18`.
fn counts(said: &str) -> Option<(u64, u64)> {
    let number = |label: &str| {
        let rest = said.lines().find_map(|line| line.trim().strip_prefix(label))?;
        rest.trim().split('/').next()?.parse().ok()
    };
    Some((number("Selected:")?, number("Tested:")?))
}

/// The program, installed into a place of its own once.
fn schemathesis() -> Result<PathBuf> {
    let dir = cache_dir()?.join("tools").join(format!("schemathesis-{SCHEMATHESIS}"));
    let program = dir.join("bin/schemathesis");
    // A venv whose installation broke off has no such program.
    if !program.is_file() {
        println!("installing schemathesis {SCHEMATHESIS}, once");
        shell::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&dir)).context("is python3-venv installed?")?;
        let wanted = format!("schemathesis=={SCHEMATHESIS}");
        shell::run(Command::new(dir.join("bin/pip")).args(["install", "--quiet", "--disable-pip-version-check", &wanted]))?;
    }
    Ok(program)
}

/// A directory that is gone when the check ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Scratch> {
        let dir = output(Command::new("mktemp").args(["--directory", "--tmpdir", "wegovnow-api.XXXXXX"]))?;
        Ok(Scratch(PathBuf::from(dir.trim_end())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running daemon on an invented town; killed when dropped.
struct Daemon {
    child: Child,
    socket: PathBuf,
    log: PathBuf,
}

impl Daemon {
    fn start(scratch: &Path) -> Result<Daemon> {
        let program = target_dir().join("debug/wegovnowd");
        let (data, socket, log) = (scratch.join("data"), scratch.join("wegovnowd.sock"), scratch.join("log"));
        fs::create_dir(&data).context("cannot make the data directory")?;
        // The grid town of the fuzz seeds: a map of our own making, here in the repository.
        let town = Path::new("tests/fuzz/seeds/extract/grid");
        shell::run(Command::new(&program).args(["town", "import", "--data"]).arg(&data).arg(town).stdout(Stdio::null()))?;
        // It sets the town up as well.
        let demo = ["demo", "--name", "Gridtown", "--reports", "40", "--seed", "1", "--data"];
        shell::run(Command::new(&program).args(demo).arg(&data).stdout(Stdio::null()))?;
        let mut serve = Command::new(&program);
        serve.arg("serve").arg("--data").arg(&data).arg("--socket").arg(&socket);
        let child = serve.stdout(Stdio::null()).stderr(fs::File::create(&log)?).spawn().context("wegovnowd does not start")?;
        let mut daemon = Daemon { child, socket, log };
        let start = Instant::now();
        while UnixStream::connect(&daemon.socket).is_err() {
            let ended = daemon.child.try_wait()?;
            if ended.is_some() || start.elapsed() > START_MAX {
                let log = fs::read_to_string(&daemon.log).unwrap_or_default();
                bail!(
                    "wegovnowd does not answer ({}):\n{log}",
                    ended.map_or("still starting".to_owned(), |status| status.to_string())
                );
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(daemon)
    }

    /// What the daemon says about its API.
    fn description(&self) -> Result<Value> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.write_all(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).context("the description of the API breaks off")?;
        let (_, body) = answer.split_once("\r\n\r\n").context("the description of the API has no body")?;
        serde_json::from_str(body).context("the description of the API is not JSON")
    }

    /// Asks it to stop, and says whether it did so cleanly.
    fn stop(mut self) -> Result<bool> {
        // The shell's own: a bare Debian has no program of this name.
        shell::run(Command::new("sh").args(["-c", "kill -TERM $0", &self.child.id().to_string()]))
            .context("the daemon died during the check")?;
        let start = Instant::now();
        while start.elapsed() < START_MAX {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.success());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(false)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes what comes to a free local port on to the socket; gives the port. Ends with the process.
fn relay(socket: &Path) -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free local port")?;
    let port = listener.local_addr()?.port();
    let socket = socket.to_owned();
    thread::spawn(move || {
        for tcp in listener.incoming().flatten() {
            // A daemon that is gone shows as a connection cut.
            let Ok(unix) = UnixStream::connect(&socket) else { continue };
            thread::spawn(move || pass(tcp, unix));
        }
    });
    Ok(port)
}

fn pass(tcp: TcpStream, unix: UnixStream) {
    let (Ok(mut tcp_in), Ok(mut unix_out)) = (tcp.try_clone(), unix.try_clone()) else { return };
    let up = thread::spawn(move || {
        let _ = io::copy(&mut tcp_in, &mut unix_out);
        let _ = unix_out.shutdown(Shutdown::Write);
    });
    let (mut unix_in, mut tcp_out) = (unix, tcp);
    let _ = io::copy(&mut unix_in, &mut tcp_out);
    let _ = tcp_out.shutdown(Shutdown::Both);
    let _ = up.join();
}

/// Every operation of the description: its path and what it says.
fn each_operation(description: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let paths = description["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let methods = item
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, _)| ["get", "post", "put", "delete", "patch"].contains(&key.as_str()));
        methods.map(move |(_, operation)| (path.as_str(), operation))
    })
}

fn operations(description: &Value) -> u64 {
    each_operation(description).count() as u64
}

/// Paths that answer with a stream of events.
fn streams(description: &Value) -> Vec<String> {
    let is_stream = |operation: &Value| {
        let responses = operation["responses"].as_object().into_iter().flatten();
        responses.into_iter().any(|(_, response)| response["content"].get("text/event-stream").is_some())
    };
    each_operation(description).filter(|(_, operation)| is_stream(operation)).map(|(path, _)| path.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_found_in_the_description() {
        let description = serde_json::json!({"paths": {
            "/changes": {"get": {"responses": {"200": {"content": {"text/event-stream": {}}}}}},
            "/reports": {"parameters": [], "get": {"responses": {"200": {"content": {"application/json": {}}}}}, "post": {"responses": {}}},
        }});
        assert_eq!(operations(&description), 3);
        assert_eq!(streams(&description), ["/changes"]);
    }

    #[test]
    fn the_summary_is_read() {
        let said = "=== SUMMARY ===\n\nAPI Operations:\n  Selected: 18/19\n  Tested: 17\n\nTest Phases:\n";
        assert_eq!(counts(said), Some((18, 17)));
        assert_eq!(counts("Traceback (most recent call last):"), None);
    }

    #[test]
    fn the_relay_passes_both_ways() {
        let scratch = Scratch::new().unwrap();
        let socket = scratch.0.join("echo.sock");
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let echo = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            stream.write_all(text.to_uppercase().as_bytes()).unwrap();
        });
        let mut client = TcpStream::connect(("127.0.0.1", relay(&socket).unwrap())).unwrap();
        client.write_all(b"anybody there?").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        echo.join().unwrap();
        assert_eq!(answer, "ANYBODY THERE?");
    }
}
