//! One box under test: the real daemon as a process of its own, on a temporary folder, reachable over its Unix socket.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use api::{Client, FollowCode, Kind, NewReport, Place, Point, ReportId};
use map::pbf::testville;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long a step of a program may take before a test gives up: generous, because it only ends what hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The folder of the workspace's own programs, built once per test run with the flags of `cargo x test`, so that a test never drives
/// an old one.
pub fn programs() -> Result<&'static Path> {
    static PROGRAMS: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = PROGRAMS.get_or_init(|| {
        let build = || -> Result<PathBuf> {
            // target/debug/deps/tests-… or target/release/bench
            let own = std::env::current_exe()?;
            let folder = own.parent().context("the test program lies in no folder")?;
            let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder }.to_owned();
            let mut cargo = Command::new(env!("CARGO"));
            // Not of the build, which may have been another clone's that shares the cache.
            let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
            cargo.arg("build").current_dir(own);
            if folder.ends_with("release") {
                cargo.args(["--release", "-p", "appliance", "-p", "kiosk", "-p", "tui", "-p", "tests", "--bins"]);
            } else {
                cargo.args(["--quiet", "--workspace", "--bins", "--tests"]);
            }
            let status = cargo.status()?;
            ensure!(status.success(), "the programs do not build");
            Ok(folder)
        };
        build().map_err(|error| format!("{error:#}"))
    });
    built.as_deref().map_err(|error| anyhow::anyhow!("{error}"))
}

/// A program of the workspace, ready for arguments.
pub fn program(name: &str) -> Result<Command> {
    let path = programs()?.join(name);
    ensure!(path.exists(), "{} is not there: run `cargo build --workspace --bins`", path.display());
    Ok(Command::new(path))
}

/// A box with a town on it. Dropping it ends its daemon and removes its folder.
pub struct Site {
    folder: TempDir,
    daemon: Option<Child>,
    /// Added to the daemon's environment at each start.
    pub environment: Vec<(String, String)>,
}

impl Site {
    /// A box that serves the made-up town of [`testville`], with nothing reported yet.
    pub fn new() -> Result<Site> {
        let appliance = Site::empty()?;
        appliance.set_up()?;
        Ok(appliance)
    }

    /// Puts the made-up town on it.
    pub fn set_up(&self) -> Result<()> {
        let pbf = self.folder().join("testville.osm.pbf");
        testville::extract().write(&pbf)?;
        self.run(&["town", "import", &pbf.to_string_lossy()])?;
        self.run(&["init", "--name", "Testville", "--languages", "en,fi,it,de"])?;
        Ok(())
    }

    /// A box without a town.
    pub fn empty() -> Result<Site> {
        Ok(Site { folder: tempfile::tempdir()?, daemon: None, environment: Vec::new() })
    }

    /// Another box with the same data, which no daemon may be using.
    pub fn copy(&self) -> Result<Site> {
        let copy = Site::empty()?;
        let status = Command::new("cp").arg("-a").arg(self.data()).arg(copy.data()).status()?;
        ensure!(status.success(), "the data were not copied");
        Ok(copy)
    }

    /// The temporary folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The daemon's data folder.
    pub fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// The daemon's socket.
    pub fn socket(&self) -> PathBuf {
        self.folder().join("wegovnowd.sock")
    }

    /// Runs a subcommand of the daemon's program to its end and gives what it printed; an error tells what it said.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = program("wegovnowd")?
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .output()?;
        let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        ensure!(output.status.success(), "wegovnowd {arguments:?} ended with {}:\n{said}{complained}", output.status);
        Ok(said.into_owned())
    }

    /// Starts the daemon and waits until it says that it serves (the systemd notify protocol, `sd_notify(3)`).
    pub fn start(&mut self) -> Result<()> {
        ensure!(self.daemon.is_none(), "the daemon runs already");
        let told = Told::new(&self.folder().join("notify.sock"))?;
        let log = std::fs::File::options().create(true).append(true).open(self.log())?;
        let daemon = program("wegovnowd")?
            .arg("serve")
            .arg("--data")
            .arg(self.data())
            .arg("--socket")
            .arg(self.socket())
            .env("NOTIFY_SOCKET", told.path())
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.daemon = Some(daemon);
        told.wait("READY=1").with_context(|| format!("the daemon never got ready:\n{}", self.said()))
    }

    /// The process id of the running daemon.
    pub fn pid(&self) -> Option<u32> {
        self.daemon.as_ref().map(Child::id)
    }

    /// What the daemon wrote to its log since the box was made.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// Ends the daemon like a power switch does: at once, whatever it is doing.
    pub fn kill(&mut self) -> Result<()> {
        let mut daemon = self.daemon.take().context("no daemon runs")?;
        daemon.kill()?;
        daemon.wait()?;
        Ok(())
    }

    /// Asks the daemon to stop and waits until it has.
    pub fn stop(&mut self) -> Result<()> {
        let mut daemon = self.daemon.take().context("no daemon runs")?;
        kill_process(Pid::from_child(&daemon), Signal::TERM).context("cannot signal the daemon")?;
        let status = daemon.wait()?;
        ensure!(status.success(), "the daemon ended with {status}:\n{}", self.said());
        Ok(())
    }

    /// A client of the daemon.
    pub fn client(&self) -> Result<Client> {
        Ok(Client::over_socket(&self.socket())?)
    }

    fn log(&self) -> PathBuf {
        self.folder().join("daemon.log")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// What a program tells the service manager (`sd_notify(3)`), heard in the manager's place.
pub struct Told {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Told {
    /// Listens at a path, for a program started with it as `NOTIFY_SOCKET`.
    pub fn new(path: &Path) -> Result<Told> {
        let _ = std::fs::remove_file(path);
        let socket = UnixDatagram::bind(path)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Told { socket, path: path.to_owned() })
    }

    /// Where to tell it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until this line has been told.
    pub fn wait(&self, line: &str) -> Result<()> {
        let mut message = [0; 4096];
        loop {
            let length = self.socket.recv(&mut message)?;
            let text = String::from_utf8_lossy(&message[..length]);
            if text.lines().any(|told| told == line) {
                return Ok(());
            }
            ensure!(text.lines().all(|told| told != "STOPPING=1"), "it stopped instead");
        }
    }
}

/// A report that nobody filed yet.
pub fn report(number: usize) -> NewReport {
    let (lat, lon) = testville::crossing(number % 8, number / 8 % 8);
    NewReport {
        id: ReportId(chance()),
        kind: Kind::Problem,
        category: "light".parse().expect("made up well"),
        place: Place { point: Point::from_degrees(lat, lon).expect("made up well"), address: None },
        text: format!("Street light {number} is dark"),
        language: "en".parse().expect("made up well"),
        answers: [("lamp-fault".parse().expect("made up well"), "out".to_owned())].into(),
        photo: None,
        code: FollowCode::from_random(chance()),
    }
}

/// Random bytes for ids and codes: tests may use chance, the core may not.
pub fn chance<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}
