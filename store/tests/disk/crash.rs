//! kill -9 and power loss: what was acknowledged is there afterwards.
//!
//! The child is this test binary itself, started again for one ignored test; it prints a line for every acknowledged batch. Parents
//! wait for a number of lines, not for time.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use store::store::verify;

use crate::power;
use crate::town::{NOW_MS, init, missing, open, report, submit, words};

const DIR: &str = "WEGOVNOW_CRASH_DIR";
const FIRST: &str = "WEGOVNOW_CRASH_FIRST";

/// Files reports until it is killed: numbers of the acknowledged ones on standard output.
#[test]
#[ignore = "the child of the other tests here"]
#[allow(clippy::disallowed_methods, reason = "a child of the test runner has no other way to be told its directory")]
fn child() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let first: u64 = std::env::var(FIRST).unwrap().parse().unwrap();
    let dir = PathBuf::from(dir);
    if !dir.join("keyring").exists() {
        init(&dir);
        let (mut store, _) = open(&dir);
        submit(&mut store, &words());
        store.close().unwrap();
    }
    let (mut store, said) = open(&dir);
    let mut out = std::io::stdout();
    writeln!(out, "\nopened {} {}", store.epoch(), said.join("; ")).unwrap();
    let mut number = first;
    // Batches of all sizes, snapshots and tape syncs between them.
    for turn in 0_u64.. {
        let size = 1 + turn * 7 % 23;
        let commands: Vec<_> = (number..number + size).map(|number| report(number, 60 + (number * 37 % 900) as usize)).collect();
        submit(&mut store, &commands);
        number += size;
        writeln!(out, "acked {number}").unwrap();
        out.flush().unwrap();
        match turn % 29 {
            11 => store.heartbeat(NOW_MS + turn * 70_000).unwrap(),
            17 => store.snapshot().unwrap(),
            _ => {}
        }
    }
}

struct Writer {
    child: Child,
    out: BufReader<ChildStdout>,
    acked: u64,
}

impl Writer {
    fn start(dir: &Path, first: u64, environment: &[(&str, &Path)]) -> Writer {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "crash::child", "--ignored", "--nocapture", "--test-threads=1"]);
        command.env(DIR, dir).env(FIRST, first.to_string()).envs(environment.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Writer { child, out, acked: first }
    }

    /// Reads on until `batches` more are acknowledged; answers the line that says how it opened, when it came by.
    fn wait(&mut self, batches: u64) -> Option<String> {
        let (mut opened, mut seen) = (None, 0);
        let mut line = String::new();
        while seen < batches {
            line.clear();
            assert_ne!(self.out.read_line(&mut line).unwrap(), 0, "the child ended by itself after {} reports", self.acked);
            if let Some(number) = line.trim().strip_prefix("acked ") {
                self.acked = number.parse().unwrap();
                seen += 1;
            } else if line.starts_with("opened ") {
                opened = Some(line.trim().to_owned());
            }
        }
        opened
    }

    /// kill -9, then whatever it had acknowledged before.
    fn kill(mut self) -> u64 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        for line in self.out.lines().map_while(Result::ok) {
            if let Some(number) = line.trim().strip_prefix("acked ").and_then(|number| number.parse().ok()) {
                self.acked = number;
            }
        }
        self.acked
    }
}

#[test]
fn killed_again_and_again_it_keeps_what_it_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut acked = 0;
    let rounds = 25;
    for round in 0..rounds {
        let mut writer = Writer::start(dir.path(), acked, &[]);
        let opened = writer.wait(1 + round * 5 % 37).unwrap();
        assert_eq!(opened, "opened 1", "a kill damages nothing");
        acked = writer.kill();
    }
    let (store, said) = open(dir.path());
    assert_eq!((missing(&store, acked), said), (Vec::new(), Vec::new()));
    let unacked = store.present().read().unwrap().state.report_count() as u64 - acked;
    assert!(unacked <= 23, "{unacked} reports more than acknowledged");
    store.close().unwrap();
    let report = verify(dir.path(), &mut |_, _| {}).unwrap();
    assert_eq!((report.findings, report.untaped), (Vec::new(), 0));
    println!("{rounds} kills, {acked} acknowledged reports, none lost");
}

#[test]
fn power_losses_take_nothing_that_was_acknowledged() {
    let work = tempfile::tempdir().unwrap();
    let Some(shim) = power::preload("power", power::SOURCE, work.path()) else { return };
    let trials = 50;
    let (mut acked_total, mut ladder) = (0, 0);
    for trial in 0..trials {
        let root = work.path().join(format!("root-{trial}"));
        let image = work.path().join(format!("image-{trial}"));
        let after = work.path().join(format!("after-{trial}"));
        fs::create_dir_all(&root).unwrap();
        fs::create_dir_all(&image).unwrap();
        let environment = [("LD_PRELOAD", shim.as_path()), ("POWER_ROOT", &root), ("POWER_IMAGE", &image)];
        let mut writer = Writer::start(&root, 0, &environment);
        writer.wait(1 + trial * 13 % 40);
        let acked = writer.kill();
        power::restore(&image, &root, &after);
        let (store, said) = open(&after);
        let lost = missing(&store, acked);
        assert_eq!(lost, Vec::<u64>::new(), "trial {trial}: {acked} were acknowledged; {said:?}");
        ladder += u32::from(!said.is_empty());
        store.close().unwrap();
        let report = verify(&after, &mut |_, _| {}).unwrap();
        assert_eq!(report.findings, [], "trial {trial}");
        acked_total += acked;
        for path in [root, image, after] {
            fs::remove_dir_all(path).unwrap();
        }
    }
    println!("{trials} power losses, {acked_total} acknowledged reports, none lost; the ladder spoke {ladder} times");
}
