//! What a box keeps: its first start, what a technician provisions, factory resets, damaged partitions.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};

use super::case::{Case, Trial};
use super::login::{self, Login};
use super::need::Need;
use super::{mark, settle};
use crate::image::layout;
use crate::machine::medium::Medium;
use crate::machine::{Machine, Setup};

pub const CASES: &[Case] = &[
    Case {
        id: "T5",
        title: "first start on a larger medium: grown, its own GUIDs and identity, which a second start keeps",
        expected: [8, 8],
        needs: &[Need::State],
        is_smoke: true,
        run: first,
    },
    Case {
        id: "T5.cut",
        title: "first start cut at each of its steps: it goes on where it was",
        expected: [4 * 2, 4 * 2],
        needs: &[Need::State],
        is_smoke: false,
        run: first_cut,
    },
    Case {
        id: "T6",
        title: "a good file on PROVISION is taken, its secrets are removed, staff and technicians can log in",
        expected: [11, 11],
        needs: &[Need::State, Need::Caretaker, Need::Ssh],
        is_smoke: true,
        run: provisioned,
    },
    Case {
        id: "T6.wrong",
        title: "a file with a wrong key, and one with a wrong type, change nothing and are answered",
        expected: [2 * 3, 2 * 3],
        needs: &[Need::State, Need::Caretaker],
        is_smoke: false,
        run: wrong_file,
    },
    Case {
        id: "T16",
        title: "factory reset: data alone, settings alone, everything; the wish is used once",
        expected: [3 * 4, 3 * 4],
        needs: &[Need::State, Need::Caretaker, Need::Ssh],
        is_smoke: false,
        run: resets,
    },
    Case {
        id: "T17",
        title: "the data partition lost its superblock: it is repaired, and nothing is lost",
        expected: [3, 3],
        needs: &[Need::State],
        is_smoke: false,
        run: wedged,
    },
    Case {
        id: "T17.dead",
        title: "the data partition is garbage all over: it is not wiped, and the box says so",
        expected: [3, 3],
        needs: &[Need::State],
        is_smoke: false,
        run: dead,
    },
];

const LARGER: u64 = 4 << 30;

/// A box of 512 MB leaves as much to the kernel and to the pages of programs.
const MEMORY_MB_MAX: f64 = 450.0;

/// A file of the state partition, as text; empty when there is none.
fn kept(trial: &Trial, disk: &Medium, path: &str) -> Result<String> {
    let state = settle::file_system(disk, "state", trial.run)?;
    Ok(settle::file(&state, path)?.unwrap_or_default())
}

/// How many lines of a history have this word.
fn told(history: &str, word: &str) -> usize {
    history.lines().filter(|line| line.split(' ').nth(1) == Some(word)).count()
}

fn is_machine_id(text: &str) -> bool {
    let text = text.trim_end();
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn start_and_stop(trial: &mut Trial, disk: &Medium) -> Result<()> {
    let mut machine = settle::start(trial.run, disk)?;
    settle::ready(trial, &mut machine)?;
    machine.power_down(mark::STOP)
}

fn first(trial: &mut Trial) -> Result<()> {
    let disk = trial.bench.image.overlay(&trial.run.file("disk.qcow2"), Some(LARGER))?;
    start_and_stop(trial, &disk)?;
    let (old, new) = (trial.bench.image.table(&trial.run.dir)?, disk.table(&trial.run.dir)?);
    let data = new.partitions.iter().find(|partition| partition.name == "data").context("no data partition")?;
    let free = LARGER / gpt::SECTOR - data.last;
    trial.holds(&format!("data reaches to the end of the medium ({free} sectors are left)"), free <= 2 * gpt::ALIGN);
    trial.holds("the disk has a GUID of its own", old.disk != new.disk);
    let of_image: BTreeSet<String> = old.partitions.iter().map(|partition| partition.guid.to_string()).collect();
    let same = new.partitions.iter().filter(|partition| of_image.contains(&partition.guid.to_string())).count();
    trial.holds(&format!("so has every partition ({same} have that of the image)"), same == 0);
    let (id, history) = (kept(trial, &disk, "/machine-id")?, kept(trial, &disk, "/history")?);
    trial.holds("it has a machine id", is_machine_id(&id));
    trial.holds("the history tells of the first start, once", told(&history, "first-start") == 1);
    trial.holds("and that data was grown", told(&history, "grown") >= 1);
    start_and_stop(trial, &disk)?;
    trial.holds("a second start keeps the machine id", kept(trial, &disk, "/machine-id")? == id);
    let again = told(&kept(trial, &disk, "/history")?, "first-start");
    let table = disk.table(&trial.run.dir)?;
    trial.holds("and makes nothing anew", again == 1 && table == new);
    Ok(())
}

/// What init says when it begins, or has ended, a step of the first start.
const STEPS: [&str; 4] = ["partition table written", "making the state partition", "making the data partition", mark::VERIFIED];

fn first_cut(trial: &mut Trial) -> Result<()> {
    for step in STEPS {
        let disk = trial.bench.image.copy(&trial.run.file("disk.img"))?;
        std::fs::OpenOptions::new().write(true).open(disk.file()?)?.set_len(LARGER)?;
        let mut machine = Machine::start(&Setup::default(), &disk, trial.run)?;
        machine.wait_for(step, mark::START)?;
        machine.cut()?;
        drop(machine);
        start_and_stop(trial, &disk)?;
        trial
            .holds(&format!("cut at {step:?}: it starts, with a machine id"), is_machine_id(&kept(trial, &disk, "/machine-id")?));
        let table = disk.table(&trial.run.dir)?;
        let data = table.partitions.iter().find(|partition| partition.name == "data").context("no data partition")?;
        let is_grown = LARGER / gpt::SECTOR - data.last <= 2 * gpt::ALIGN;
        trial.holds(&format!("cut at {step:?}: data is grown"), is_grown);
    }
    Ok(())
}

fn provisioned(trial: &mut Trial) -> Result<()> {
    let login = Login::new(trial)?;
    let disk = settle::copy(trial)?;
    disk.fat(layout::PROVISION, &trial.run.dir)?
        .put("appliance.toml", login.file("[wifi]\nssid = \"town\"\npassword = \"canary-of-the-wifi\"\n").as_bytes())?;
    let setup = login.setup();
    let mut machine = settle::start_as(trial.run, &disk, &setup)?;
    settle::ready(trial, &mut machine)?;
    // A box without a town complains, and answers.
    let queue = machine.ssh(&login.key, "anna", "queue new", login::PATIENCE)?;
    let said = format!("{}{}", queue.errors, queue.out);
    trial.holds(&format!("staff reads the queue: {}", said.trim().replace('\n', "; ")), queue.out.contains("New:"));
    let status = login.status(&mut machine)?;
    let serial = status["serial"].as_str().unwrap_or_default().to_owned();
    trial.holds(&format!("the box that answers is this one: {serial}"), serial == login.serial);
    trial.holds("it is in the settings' first generation", status["generation"] == 1);
    let memory = |name: &str| status["memory"][name].as_f64().unwrap_or(f64::NAN) / 1e6;
    let used_mb = memory("used_bytes");
    trial.figure("memory in use of the running box", used_mb, "MB");
    trial.holds(&format!("that is less than {MEMORY_MB_MAX} MB"), used_mb < MEMORY_MB_MAX);
    let packed = (memory("swap_total_bytes"), memory("total_bytes"));
    trial.holds(
        &format!("half the memory may be packed: {:.0} of {:.0} MB", packed.0, packed.1),
        (0.4..0.6).contains(&(packed.0 / packed.1)),
    );
    let host_key = status["host_key"].as_str().unwrap_or_default().to_owned();
    let shown = machine.host_key()?;
    trial.holds(&format!("ssh shows the host key that status names: {host_key}"), !host_key.is_empty() && host_key == shown);
    login.technician(&mut machine, "clock set 2031-02-03T04:05:00Z")?;
    let clock = login.status(&mut machine)?["clock"].clone();
    let is_set = clock["local"].as_str().is_some_and(|local| local.starts_with("2031-02-03 04:0"));
    trial.holds(&format!("its clock is set by hand: {clock}"), is_set && clock["source"] == "set by hand");
    let shell = machine.ssh(&login.key, "root", "sh -c id", login::PATIENCE)?;
    trial.holds("a technician gets no shell", !shell.status.success() && !shell.out.contains("uid=0"));
    machine.power_down(mark::STOP)?;
    drop(machine);
    let provision = disk.fat(layout::PROVISION, &trial.run.dir)?;
    let files = provision.list()?;
    trial.holds(
        &format!("there is a receipt, and no list of problems: {}", files.join(" ")),
        files.contains(&"/receipt.txt".to_owned()) && !files.contains(&"/problems.txt".to_owned()),
    );
    let text = provision.get("appliance.toml")?.unwrap_or_default();
    trial.holds("the password is gone from the file", !String::from_utf8_lossy(&text).contains("canary-of-the-wifi"));
    let partition = std::fs::read(disk.partition(layout::PROVISION, &trial.run.dir)?)?;
    let canary = b"canary-of-the-wifi";
    trial.holds("and from the whole partition", !partition.windows(canary.len()).any(|window| window == canary));
    Ok(())
}

fn wrong_file(trial: &mut Trial) -> Result<()> {
    for (what, text) in [("rotaton", "[display]\nrotaton = 90\n"), ("rotation", "[display]\nrotation = \"ninety\"\n")] {
        let disk = settle::copy(trial)?;
        let provision = disk.fat(layout::PROVISION, &trial.run.dir)?;
        provision.put("appliance.toml", format!("schema = 1\ngeneration = 1\n{text}").as_bytes())?;
        start_and_stop(trial, &disk)?;
        trial.holds(&format!("{what}: it starts all the same"), true);
        let problems = String::from_utf8_lossy(&provision.get("problems.txt")?.unwrap_or_default()).into_owned();
        trial.holds(
            &format!("{what}: problems.txt names line 4: {}", problems.trim()),
            problems.contains('4') && problems.contains("rotat"),
        );
        trial.holds(&format!("{what}: nothing was taken"), kept(trial, &disk, "/settings/appliance.toml")?.is_empty());
    }
    Ok(())
}

fn resets(trial: &mut Trial) -> Result<()> {
    for tier in ["settings", "data", "full"] {
        let login = Login::new(trial)?;
        let disk = settle::copy(trial)?;
        let provision = disk.fat(layout::PROVISION, &trial.run.dir)?;
        provision.put("appliance.toml", login.file("").as_bytes())?;
        // The box starts again by itself; here that ends QEMU.
        let setup = Setup { restarts: false, ..login.setup() };
        let mut machine = settle::start_as(trial.run, &disk, &setup)?;
        settle::ready(trial, &mut machine)?;
        // The connection may go before the answer comes.
        let answer = login.technician(&mut machine, &format!("reset {tier} --yes"));
        machine.wait_for_end(mark::STOP).or(answer.map(drop))?;
        drop(machine);
        // Otherwise it is taken again, as it should be.
        provision.delete("appliance.toml")?;
        let id = kept(trial, &disk, "/machine-id")?;
        let guid = disk.table(&trial.run.dir)?.disk;
        start_and_stop(trial, &disk)?;
        let (new_id, history) = (kept(trial, &disk, "/machine-id")?, kept(trial, &disk, "/history")?);
        let settings = kept(trial, &disk, "/settings/appliance.toml")?;
        trial.holds(
            &format!("{tier}: identity {}", if tier == "full" { "is new" } else { "stays" }),
            (new_id == id) == (tier != "full"),
        );
        trial.holds(
            &format!("{tier}: settings {}", if tier == "data" { "stay" } else { "are gone" }),
            settings.is_empty() == (tier != "data"),
        );
        trial.holds(&format!("{tier}: the history tells of it"), told(&history, "reset") + told(&history, "wiped") >= 1);
        start_and_stop(trial, &disk)?;
        let is_same = kept(trial, &disk, "/machine-id")? == new_id
            && told(&kept(trial, &disk, "/history")?, "reset") <= told(&history, "reset");
        let is_new_disk = disk.table(&trial.run.dir)?.disk != guid;
        trial.holds(
            &format!("{tier}: only once, and the disk's GUID changes with everything"),
            is_same && is_new_disk == (tier == "full"),
        );
    }
    Ok(())
}

fn wedged(trial: &mut Trial) -> Result<()> {
    let disk = settle::copy(trial)?;
    // The magic number of the first superblock.
    disk.flip("data", &[1080, 1081])?;
    let mut machine = settle::start(trial.run, &disk)?;
    trial.holds("it starts", true);
    settle::ready(trial, &mut machine)?;
    machine.power_down(mark::STOP)?;
    drop(machine);
    trial.holds("the history tells of the repair", told(&kept(trial, &disk, "/history")?, "repaired") >= 1);
    trial.holds("the store is whole", settle::verify_store(&disk, trial).is_ok());
    Ok(())
}

fn dead(trial: &mut Trial) -> Result<()> {
    let disk = settle::copy(trial)?;
    let (mut file, start, length) = disk.open_partition("data")?;
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(start))?;
    let noise: Vec<u8> = (0..1 << 20_u32).map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for _ in 0..length / noise.len() as u64 {
        std::io::Write::write_all(&mut file, &noise)?;
    }
    drop(file);
    let mut machine = Machine::start(&Setup::default(), &disk, trial.run)?;
    machine.wait_for(mark::LOADER, mark::FIRMWARE)?;
    let (which, at) = machine.wait_for_any(&[mark::IN_RECOVERY, mark::RECOVERY, mark::GOOD], 2 * mark::START)?;
    trial.time("power on to recovery", at);
    trial.holds("it is in recovery, and says why", which < 2);
    let then = machine.elapsed() + Duration::from_secs(5);
    machine.wait_until("recovery stands", Duration::from_secs(30), |machine| Ok(machine.elapsed() > then))?;
    trial.holds("recovery is on the screen", machine.screen()?.is_shown());
    let picture = machine.picture("recovery")?;
    std::fs::copy(&picture, trial.bench.out.join("T17-recovery.png"))?;
    machine.cut()?;
    drop(machine);
    let data = std::fs::read(disk.partition("data", &trial.run.dir)?)?;
    trial.holds("nothing was written over what is there", data.starts_with(&noise));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_is_read_by_its_words() {
        let history = "1764190000 first-start a new box\n1764190001 grown data: first-start words in the text\n";
        assert_eq!(told(history, "first-start"), 1);
        assert_eq!(told(history, "wiped"), 0);
        assert!(is_machine_id("0123456789abcdef0123456789abcdef\n") && !is_machine_id("") && !is_machine_id("xyz"));
    }
}
