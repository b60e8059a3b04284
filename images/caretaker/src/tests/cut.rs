//! The power goes while the box starts: the next start goes on, and ends where one without a cut ends.

use std::cell::Cell;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use super::{Bench, KEY};
use crate::Caretaker;
use crate::place::Places;
use crate::start;
use crate::system::{Access, Ran, System, Volume};

/// The bench, on which the power may fail at every call.
pub struct Cut<'a> {
    pub bench: &'a Bench,
}

/// What the cut panics with.
struct PowerFailed;

thread_local! {
    /// Points that are left until the power fails; none: it does not.
    pub static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// The power may fail here.
pub fn cut_point() {
    match LEFT.get() {
        Some(0) => std::panic::resume_unwind(Box::new(PowerFailed)),
        left => LEFT.set(left.map(|left| left - 1)),
    }
}

impl Cut<'_> {
    fn tick(&self) {
        cut_point();
    }
}

impl System for Cut<'_> {
    fn now_s(&self) -> u64 {
        self.bench.now_s()
    }
    fn set_clock(&self, now_s: u64) -> std::io::Result<()> {
        self.tick();
        self.bench.set_clock(now_s)
    }
    fn elapsed(&self) -> Duration {
        self.bench.elapsed()
    }
    fn sleep(&self, time: Duration) {
        self.bench.sleep(time);
    }
    fn chance(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        self.tick();
        self.bench.chance(bytes)
    }
    fn set_host_name(&self, name: &str) -> std::io::Result<()> {
        self.tick();
        self.bench.set_host_name(name)
    }
    fn run(&self, program: &str, arguments: &[&str], limit: Duration) -> std::io::Result<Ran> {
        self.tick();
        let ran = self.bench.run(program, arguments, limit);
        self.tick();
        ran
    }
    fn attend(&self, program: &str, arguments: &[&str]) -> std::io::Result<Option<i32>> {
        self.bench.attend(program, arguments)
    }
    fn mount(&self, volume: &Volume, place: &Path, access: Access) -> std::io::Result<()> {
        self.tick();
        self.bench.mount(volume, place, access)
    }
    fn unmount(&self, place: &Path) -> std::io::Result<()> {
        self.tick();
        self.bench.unmount(place)
    }
    fn reboot(&self) -> std::io::Result<()> {
        self.bench.reboot()
    }
    fn log(&self, _: &str) {
        self.tick();
    }
    fn say(&self, _: &str) {
        self.tick();
    }
    fn nvme_health(&self, device: &Path) -> std::io::Result<[u8; 512]> {
        self.bench.nvme_health(device)
    }
    fn show_text(&self) {
        self.bench.show_text();
    }
    fn space(&self, path: &Path) -> Option<(u64, u64)> {
        self.bench.space(path)
    }
}

fn provisioned() -> Bench {
    let bench = Bench::new();
    bench.now_s.set(5);
    let text = format!(
        "schema = 1\ngeneration = 1\n[site]\ntown = \"u.map\"\n[wifi]\nssid = \"x\"\npassword = \"geheim123\"\n\
         [[staff.accounts]]\nname = \"anna\"\nkeys = [\"{KEY}\"]\n"
    );
    fs::write(bench.volume("provision").join("appliance.toml"), text).unwrap();
    fs::write(bench.volume("provision").join("u.map"), "map").unwrap();
    fs::write(bench.volume("esp").join("wegovnow/policy1"), "torn").unwrap();
    bench
}

/// Everything that lasts, but for the dates and how often a thing was noted.
fn lasting(bench: &Bench) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for top in ["/state", "/var", "/volumes", "/run/wegovnow-box", "/run/systemd", "/run/chrony-sources"] {
        collect(&bench.path(top), bench.dir.path(), &mut found);
    }
    found.retain(|(name, _)| !["history", "receipt.txt", "start.json", ".lock", ".new"].iter().any(|end| name.ends_with(end)));
    found.sort();
    found
}

fn collect(path: &Path, top: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, top, found);
        } else if path.is_file() {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            found.push((path.strip_prefix(top).unwrap().display().to_string(), text));
        }
    }
}

/// Locks and mounts do not survive a cut.
pub fn power_on(bench: &Bench) {
    let _ = fs::remove_dir_all(bench.path("/run"));
    bench.read_only.borrow_mut().clear();
    bench.now_s.set(5);
}

#[test]
fn a_start_that_was_cut_goes_on_at_the_next() {
    let whole = provisioned();
    start::run(&whole.care());
    let expect = lasting(&whole);
    assert!(expect.iter().any(|(name, _)| name == "state/settings/appliance.toml"));
    for calls in 0..500 {
        let bench = provisioned();
        let cut = Cut { bench: &bench };
        LEFT.set(Some(calls));
        let care = Caretaker { places: Places::below(bench.dir.path()), system: &cut };
        let ended = catch_unwind(AssertUnwindSafe(|| start::run(&care)));
        LEFT.set(None);
        if ended.is_ok() {
            assert!(calls > 60, "only {calls} cuts");
            return;
        }
        power_on(&bench);
        let (steps, _) = start::run(&bench.care());
        assert!(steps.iter().all(|step| step.is_done), "cut after {calls} points: {steps:#?}");
        for (found, expected) in lasting(&bench).iter().zip(&expect) {
            assert_eq!(found, expected, "cut after {calls} points");
        }
        assert_eq!(lasting(&bench).len(), expect.len(), "cut after {calls} points");
    }
    panic!("a start has no end");
}
