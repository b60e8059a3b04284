//! A box in a folder, and stories of it.

mod story;
mod import;
pub mod cut;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bootstate::{File, Slot};

use crate::Caretaker;
use crate::place::Places;
use crate::system::{Access, Ran, System, Volume};

pub const EPOCH: u64 = 1_790_000_000;
pub const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f anna@desk";

const HEALTHY: &str =
    r#"{"state":"ok","version":"0.1.0","uptime_s":3,"events":7,"reports":5,"digest":"00","free_bytes":1000000000,"opened":[]}"#;
const UNITS: &str = "Id=wegovnowd.service\nLoadState=loaded\nActiveState=active\nNRestarts=0\nWatchdogTimestampMonotonic=0\n\n\
    Id=wegovnow-kiosk.service\nLoadState=loaded\nActiveState=active\nNRestarts=0\nWatchdogTimestampMonotonic=0\n";

/// Paths and bytes of everything in a folder.
type Content = Vec<(PathBuf, Vec<u8>)>;

/// A machine that is a folder. Its clock moves when somebody sleeps.
pub struct Bench {
    pub dir: tempfile::TempDir,
    pub now_s: Cell<u64>,
    pub elapsed: Cell<Duration>,
    /// Bytes free on the data partition, without what lies in the folder that is asked for.
    pub free: Cell<u64>,
    /// What programs answer, by the beginning of their command line; the longest that fits.
    answers: RefCell<BTreeMap<String, Ran>>,
    pub ran: RefCell<Vec<String>>,
    pub said: RefCell<Vec<String>>,
    pub reboots: Cell<u32>,
    pub host_name: RefCell<String>,
    /// Partitions that cannot be mounted.
    pub broken: RefCell<Vec<String>>,
    /// Mounted read-only, with what is on it.
    read_only: RefCell<BTreeMap<PathBuf, Content>>,
    /// Files below the root that turn up while the caretaker waits.
    pub later: RefCell<Vec<(String, String)>>,
    /// How often the screen was asked to show text.
    pub texts: Cell<u32>,
}

impl Bench {
    /// A box with a new image, slot A started.
    pub fn new() -> Bench {
        let bench = Bench {
            // In memory, where a flush costs nothing.
            dir: tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap(),
            now_s: Cell::new(EPOCH + 1000),
            elapsed: Cell::new(Duration::from_secs(20)),
            free: Cell::new(5_000_000_000),
            answers: RefCell::default(),
            ran: RefCell::default(),
            said: RefCell::default(),
            reboots: Cell::new(0),
            host_name: RefCell::default(),
            broken: RefCell::default(),
            read_only: RefCell::default(),
            later: RefCell::default(),
            texts: Cell::new(0),
        };
        bench.runs(Slot::A, "1.2.0");
        bench.put("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nwegovnow:x:997:997::/var/lib/wegovnow:/usr/sbin/nologin\n");
        bench.put("/etc/group", "root:x:0:\nwegovnow:x:997:\nwegovnow-staff:x:995:\n");
        bench.put("/etc/shadow", "root:*:20000:0:99999:7:::\nwegovnow:!*:20000::::::\n");
        for file in File::ALL {
            let path = bench.volume("esp").join(file.path());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file.new_image()).unwrap();
        }
        fs::create_dir_all(bench.volume("provision")).unwrap();
        fs::create_dir_all(bench.path("/state")).unwrap();
        bench.answer("wegovnowd health", 0, HEALTHY);
        bench.answer("systemctl show", 0, UNITS);
        bench.answer("systemctl list-units", 0, "[]");
        bench.put("/sys/class/drm/card0-HDMI-A-1/status", "connected\n");
        bench
    }

    /// This slot was started, and holds this version.
    pub fn runs(&self, slot: Slot, version: &str) {
        self.put("/proc/cmdline", &format!("quiet wegovnow.slot={slot} wegovnow.verity=x\n"));
        let stamp = format!("VERSION={version}\nPROGRAMS=0.1.0\nCOMMIT=abc\nEPOCH={EPOCH}\nVARIANT=release\n");
        self.put("/usr/lib/wegovnow/build", &stamp);
    }

    pub fn care(&self) -> Caretaker<'_> {
        Caretaker { places: Places::below(self.dir.path()), system: self }
    }

    pub fn path(&self, path: &str) -> PathBuf {
        Places::below(self.dir.path()).at(path)
    }

    /// What is on a partition.
    pub fn volume(&self, name: &str) -> PathBuf {
        self.dir.path().join("volumes").join(name)
    }

    pub fn put(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn get(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    pub fn answer(&self, command: &str, code: i32, stdout: &str) {
        let ran = Ran { code: Some(code), stdout: stdout.to_owned(), stderr: String::new() };
        self.answers.borrow_mut().insert(command.to_owned(), ran);
    }

    pub fn esp(&self) -> bootstate::Esp {
        bootstate::Esp::open(self.volume("esp"))
    }

    pub fn state(&self) -> bootstate::State {
        self.esp().state().unwrap()
    }

    /// GRUB starts this slot once more.
    pub fn grub_starts(&self, slot: Slot) {
        let mut tries = self.state().tries;
        match slot {
            Slot::A => tries.a += 1,
            Slot::B => tries.b += 1,
        }
        fs::write(self.volume("esp").join(File::Tries.path()), tries.render()).unwrap();
    }

    pub fn history(&self) -> String {
        fs::read_to_string(self.path("/state/history")).unwrap_or_default()
    }
}

fn snapshot(dir: &Path) -> Content {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(snapshot(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

impl System for Bench {
    fn now_s(&self) -> u64 {
        self.now_s.get()
    }

    fn set_clock(&self, now_s: u64) -> io::Result<()> {
        self.now_s.set(now_s);
        Ok(())
    }

    fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }

    fn sleep(&self, time: Duration) {
        for (path, text) in self.later.take() {
            self.put(&path, &text);
        }
        self.elapsed.set(self.elapsed.get() + time);
        self.now_s.set(self.now_s.get() + time.as_secs());
    }

    fn chance(&self, bytes: &mut [u8]) -> io::Result<()> {
        for (byte, number) in bytes.iter_mut().zip(7..) {
            *byte = number as u8;
        }
        Ok(())
    }

    fn set_host_name(&self, name: &str) -> io::Result<()> {
        name.clone_into(&mut self.host_name.borrow_mut());
        Ok(())
    }

    fn run(&self, program: &str, arguments: &[&str], _: Duration) -> io::Result<Ran> {
        let line = format!("{program} {}", arguments.join(" "));
        self.ran.borrow_mut().push(line.clone());
        if program == "ssh-keygen" {
            let file = Path::new(arguments.last().unwrap());
            fs::write(file, "the private half")?;
            fs::write(file.with_extension("pub"), "the public half")?;
            return Ok(Ran { code: Some(0), ..Ran::default() });
        }
        let answers = self.answers.borrow();
        let longest = answers.iter().filter(|(start, _)| line.starts_with(start.as_str())).max_by_key(|(start, _)| start.len());
        longest.map(|(_, ran)| ran.clone()).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such program"))
    }

    fn attend(&self, program: &str, arguments: &[&str]) -> io::Result<Option<i32>> {
        Ok(self.run(program, arguments, Duration::MAX)?.code)
    }

    fn mount(&self, volume: &Volume, place: &Path, access: Access) -> io::Result<()> {
        let name = volume.name();
        let on_it = self.volume(&name);
        if self.broken.borrow().contains(&name) || !on_it.exists() {
            return Err(io::Error::other("it is broken"));
        }
        if access == Access::Read {
            self.read_only.borrow_mut().insert(place.to_owned(), snapshot(&on_it));
        }
        fs::remove_dir(place)?;
        symlink(on_it, place)
    }

    fn unmount(&self, place: &Path) -> io::Result<()> {
        if let Some(before) = self.read_only.borrow_mut().remove(place) {
            assert!(snapshot(&fs::read_link(place)?) == before, "{} was mounted to be read", place.display());
        }
        fs::remove_file(place)?;
        fs::create_dir(place)
    }

    fn reboot(&self) -> io::Result<()> {
        self.reboots.set(self.reboots.get() + 1);
        Ok(())
    }

    fn log(&self, _: &str) {}

    fn say(&self, text: &str) {
        self.said.borrow_mut().push(text.to_owned());
    }

    fn nvme_health(&self, device: &Path) -> io::Result<[u8; 512]> {
        // What is in the file.
        let mut log = [0; 512];
        let bytes = fs::read(device)?;
        log[..bytes.len()].copy_from_slice(&bytes);
        Ok(log)
    }

    fn show_text(&self) {
        self.texts.set(self.texts.get() + 1);
    }

    fn space(&self, folder: &Path) -> Option<(u64, u64)> {
        // What lies there for an update is counted; the rest of the disk is not made of files here.
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().filter(|_| folder.ends_with("download"));
        let used: u64 = entries.filter_map(|entry| Some(entry.metadata().ok()?.len())).sum();
        Some((self.free.get().saturating_sub(used), 8_000_000_000))
    }
}
