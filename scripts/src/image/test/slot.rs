//! Slots that are damaged, and notes of the boot loader that are.

use std::time::Duration;

use anyhow::Result;

use super::block;
use super::case::{Case, Trial};
use super::{mark, settle};
use crate::image::layout;
use crate::machine::medium::Medium;
use crate::machine::{Machine, Setup};

pub const CASES: &[Case] = &[
    Case {
        id: "T9.mount",
        title: "the first block of root A is damaged, on trial: three tries, then slot B",
        expected: [3, 3],
        needs: &[],
        is_smoke: false,
        run: first_block,
    },
    Case {
        id: "T9.good",
        title: "the first block of root A is damaged, called good: six tries, then slot B",
        expected: [3, 3],
        needs: &[],
        is_smoke: false,
        run: first_block_of_a_good_slot,
    },
    Case {
        id: "T9.boot",
        title: "the boot image of slot A cannot be read: slot B at once",
        expected: [2, 2],
        needs: &[],
        is_smoke: false,
        run: boot_image,
    },
    Case {
        id: "T9.initramfs",
        title: "the initramfs of slot A is damaged, on trial: three tries, then slot B",
        expected: [3, 3],
        needs: &[],
        is_smoke: false,
        run: initramfs,
    },
    Case {
        id: "T9.kernel",
        title: "one byte of the kernel of slot A is damaged, on trial: three tries, then slot B",
        expected: [3, 3],
        needs: &[],
        is_smoke: false,
        run: kernel,
    },
    Case {
        id: "T10",
        title: "both slots are damaged: recovery, not a loop; without damage it starts again",
        expected: [5, 5],
        needs: &[],
        is_smoke: false,
        run: both_broken,
    },
    Case {
        id: "T10.boot",
        title: "the initramfs of both slots is damaged: all tries, then it stands still",
        expected: [4, 4],
        needs: &[],
        is_smoke: false,
        run: both_boot_images,
    },
    Case {
        id: "T11",
        title: "three cuts within five seconds of the boot loader: still the same slot",
        expected: [3, 3],
        needs: &[],
        is_smoke: false,
        run: flick,
    },
    Case {
        id: "T15",
        title: "notes of the boot loader empty, torn, doubled, garbage, gone: it starts, and they are sound again",
        expected: [2 * 3, 2 * 12],
        needs: &[],
        is_smoke: false,
        run: torture,
    },
];

/// A start that fails and is told to the end.
const FAILED_START: Duration = Duration::from_secs(120);

/// Starts a disk with two slots of which A is damaged, and waits for a good end.
fn falls_back(trial: &mut Trial, disk: &Medium, tries: &str, limit: Duration) -> Result<()> {
    let mut machine = Machine::start(&Setup::default(), disk, trial.run)?;
    let at = machine.hear(mark::GOOD, limit)?;
    trial.time("power on to a good start of slot B", at);
    let slots = settle::slots(&machine);
    trial.holds(&format!("the boot loader started {tries} (it did {slots})"), slots == tries);
    settle::ready(trial, &mut machine)?;
    machine.power_down(mark::STOP)?;
    drop(machine);
    let notes = settle::note(disk, trial.run, block::TRIES)?;
    trial.holds(&format!("the tries of slot B are set back: {notes}"), notes.contains("b_tries=0"));
    Ok(())
}

fn first_block(trial: &mut Trial) -> Result<()> {
    let disk = settle::both_slots(trial)?;
    settle::set_policy(&disk, trial.run, true)?;
    disk.flip(layout::ROOT_A, &[2000])?;
    falls_back(trial, &disk, "aaab", 4 * FAILED_START + mark::START)?;
    trial.holds("it is said what was wrong each time", said(trial, mark::CORRUPTED) == 3);
    Ok(())
}

fn first_block_of_a_good_slot(trial: &mut Trial) -> Result<()> {
    let disk = settle::both_slots(trial)?;
    settle::set_policy(&disk, trial.run, false)?;
    disk.flip(layout::ROOT_A, &[2000])?;
    falls_back(trial, &disk, "aaaaaab", 7 * FAILED_START + mark::START)?;
    trial.holds("it is said what was wrong each time", said(trial, mark::CORRUPTED) == 6);
    Ok(())
}

/// How often something was said on the serial line.
fn said(trial: &Trial, mark: &str) -> usize {
    let serial = std::fs::read(trial.run.file("machine1-serial.log")).unwrap_or_default();
    String::from_utf8_lossy(&serial).matches(mark).count()
}

/// Its superblock: GRUB sees no file system there.
fn boot_image(trial: &mut Trial) -> Result<()> {
    let disk = settle::both_slots(trial)?;
    disk.flip(layout::BOOT_A, &[0, 1, 2, 3])?;
    falls_back(trial, &disk, "b", mark::START)
}

/// Where a file of the boot image begins: kernel and initramfs are stored as they are.
fn place_of(trial: &Trial, disk: &Medium, name: &str) -> Result<(u64, u64)> {
    let boot = disk.partition(layout::BOOT_A, &trial.run.dir)?;
    let bytes = std::fs::read(&boot)?;
    let done = std::process::Command::new("unsquashfs").arg("-cat").arg(&boot).arg(name).output()?;
    anyhow::ensure!(done.stdout.len() > 4096, "the boot image has no {name}");
    let head = &done.stdout[..4096];
    let at = bytes.windows(head.len()).position(|window| window == head);
    let at = at.ok_or_else(|| anyhow::anyhow!("{name} is not stored as it is in the boot image"))?;
    Ok((at as u64, done.stdout.len() as u64))
}

fn initramfs(trial: &mut Trial) -> Result<()> {
    let disk = settle::both_slots(trial)?;
    settle::set_policy(&disk, trial.run, true)?;
    let (at, length) = place_of(trial, &disk, "initrd")?;
    disk.flip(layout::BOOT_A, &(0..16).map(|part| at + 200 + part * length / 17).collect::<Vec<_>>())?;
    falls_back(trial, &disk, "aaab", 4 * FAILED_START + mark::START)?;
    trial.holds("the boot loader said each time what was wrong", said(trial, mark::MISMATCH) == 3);
    Ok(())
}

fn kernel(trial: &mut Trial) -> Result<()> {
    let disk = settle::both_slots(trial)?;
    settle::set_policy(&disk, trial.run, true)?;
    let (at, length) = place_of(trial, &disk, "vmlinuz")?;
    // In the packed part: its checksum fails, long before it could do anything, and it would stand still for good.
    disk.flip(layout::BOOT_A, &[at + length / 2])?;
    falls_back(trial, &disk, "aaab", 4 * FAILED_START + mark::START)?;
    trial.holds("the boot loader said each time what was wrong", said(trial, mark::MISMATCH) == 3);
    Ok(())
}

fn both_boot_images(trial: &mut Trial) -> Result<()> {
    let disk = settle::both_slots(trial)?;
    settle::set_policy(&disk, trial.run, true)?;
    let (at, length) = place_of(trial, &disk, "initrd")?;
    for boot in [layout::BOOT_A, "boot-b"] {
        disk.flip(boot, &(0..16).map(|part| at + 200 + part * length / 17).collect::<Vec<_>>())?;
    }
    settle::set_note(&disk, trial.run, block::TRIES, "a_tries=2\nb_tries=2\nexhausted=0\n")?;
    let mut machine = Machine::start(&Setup::default(), &disk, trial.run)?;
    let at = machine.hear(mark::BOTH_DAMAGED, 10 * FAILED_START)?;
    trial.time("power on to the end of all tries", at);
    // For some seconds the boot loader's words stand there.
    let screen = machine.screen()?;
    trial.holds("the screen says something", screen.is_shown());
    let slots = settle::slots(&machine);
    trial.holds(&format!("all tries were used up, and then both looked at once more (it did {slots})"), slots == "abaaabbbab");
    machine.hear(mark::PANIC, FAILED_START)?;
    trial.holds("what is damaged was started for want of anything else", true);
    let resets = machine.resets().len();
    let shown = machine.elapsed() + Duration::from_secs(30);
    machine.wait_until("it stands still", Duration::from_secs(60), |machine| Ok(machine.elapsed() > shown))?;
    trial.holds("it stands still, for a person to see", machine.resets().len() == resets);
    Ok(())
}

fn both_broken(trial: &mut Trial) -> Result<()> {
    let disk = settle::both_slots(trial)?;
    settle::set_policy(&disk, trial.run, true)?;
    for root in [layout::ROOT_A, "root-b"] {
        disk.flip(root, &[2000])?;
    }
    // Two of three tries are used up, so that this takes minutes, not a quarter of an hour.
    settle::set_note(&disk, trial.run, block::TRIES, "a_tries=2\nb_tries=2\nexhausted=0\n")?;
    let mut machine = Machine::start(&Setup::default(), &disk, trial.run)?;
    let at = machine.hear(mark::RECOVERY, 10 * FAILED_START)?;
    trial.time("power on to recovery", at);
    let slots = settle::slots(&machine);
    trial.holds(
        &format!("each slot was tried until its tries ran out, and once more from the start (it did {slots})"),
        slots.starts_with("abaaabbb"),
    );
    let resets = machine.resets().len();
    let shown = machine.elapsed() + Duration::from_secs(45);
    machine.wait_until("it stays up", Duration::from_secs(60), |machine| Ok(machine.elapsed() > shown))?;
    trial.holds("it stays in recovery", machine.resets().len() == resets);
    let screen = machine.screen()?;
    trial.holds("recovery is on the screen", screen.is_shown());
    let picture = machine.picture("recovery")?;
    // Beside the report, for people to look at.
    std::fs::copy(&picture, trial.bench.out.join("T10-recovery.png"))?;
    machine.cut()?;
    drop(machine);
    trial.holds("the notes are whole", settle::note(&disk, trial.run, block::TRIES).is_ok());
    // The damage is gone: flipped back.
    disk.flip(layout::ROOT_A, &[2000])?;
    let mut machine = Machine::start(&Setup::default(), &disk, trial.run)?;
    machine.hear(mark::GOOD, mark::START)?;
    trial.holds("off and on again, it tries slot A again", settle::slots(&machine) == "a");
    Ok(())
}

fn flick(trial: &mut Trial) -> Result<()> {
    // Raw: what the boot loader wrote stays, so that these tries count.
    let disk = settle::both_slots(trial)?;
    for after_ms in [200, 1500, 4000] {
        let mut machine = Machine::start(&Setup::default(), &disk, trial.run)?;
        let loader = machine.wait_for(mark::LOADER, mark::FIRMWARE)?;
        let then = loader + Duration::from_millis(after_ms);
        machine.wait_until("the cut", mark::START, |machine| Ok(machine.elapsed() >= then))?;
        machine.cut()?;
    }
    let notes = settle::note(&disk, trial.run, block::TRIES)?;
    trial.holds(&format!("the boot loader counted the tries: {notes}"), notes.contains("a_tries=3"));
    let mut machine = settle::start(trial.run, &disk)?;
    trial.holds("the fourth start is of slot A", settle::slots(&machine) == "a");
    settle::ready(trial, &mut machine)?;
    machine.power_down(mark::STOP)?;
    drop(machine);
    trial.holds("the tries are set back", settle::are_no_tries(&disk, trial.run)?);
    Ok(())
}

/// What is done to the notes; a file and its new content, or none to delete it.
type Damage = (&'static str, Vec<(&'static str, Option<Vec<u8>>)>);

fn damages() -> Vec<Damage> {
    let policy = |seq: u32| block::policy(seq);
    let torn = |mut bytes: Vec<u8>| {
        bytes[512..].fill(0);
        bytes
    };
    let garbage = || (0..1024_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<u8>>();
    let [first, second] = block::POLICIES;
    let both = |bytes: Option<Vec<u8>>| vec![(first, bytes.clone()), (second, bytes)];
    let all = |bytes: Option<Vec<u8>>| [both(bytes.clone()), vec![(block::TRIES, bytes)]].concat();
    vec![
        ("all three are gone", all(None)),
        ("all three are garbage", all(Some(garbage()))),
        ("the tries have no magic line and are all zero", vec![(block::TRIES, Some(vec![0; 1024]))]),
        ("all three are empty", all(Some(Vec::new()))),
        ("the tries are gone", vec![(block::TRIES, None)]),
        ("the tries are torn in the middle", vec![(block::TRIES, Some(torn(block::tries())))]),
        ("the tries are too long", vec![(block::TRIES, Some([block::tries(), block::tries()].concat()))]),
        ("one policy is gone", vec![(first, None)]),
        ("both policies are torn", both(Some(torn(policy(9))))),
        ("both policies have the same number", both(Some(policy(5)))),
        (
            "the newer policy ends with another number than it begins with",
            vec![(second, Some(block::block("seq=9\norder=b a\na_ok=0\nb_ok=1\na_pending=0\nb_pending=0\nend=8\n")))],
        ),
        ("numbers are words", vec![(block::TRIES, Some(block::block("a_tries=many\nb_tries=-1\nexhausted=maybe\n")))]),
    ]
}

fn torture(trial: &mut Trial) -> Result<()> {
    let damages = damages();
    let count = if trial.bench.quick { 3 } else { damages.len() };
    for (number, (what, files)) in (1..).zip(damages.into_iter().take(count)) {
        println!("   {what}");
        let disk = trial.bench.golden()?.copy(&trial.run.file("disk.img"))?;
        let esp = disk.fat(layout::ESP, &trial.run.dir)?;
        for (file, bytes) in files {
            match bytes {
                Some(bytes) => esp.put(file, &bytes)?,
                None => esp.delete(file)?,
            }
        }
        let mut machine = match settle::start(trial.run, &disk) {
            Ok(machine) => machine,
            Err(error) => {
                trial.holds(&format!("{what}: it starts: {error:#}"), false);
                std::fs::rename(disk.file()?, trial.run.file(&format!("damage{number}.img")))?;
                continue;
            }
        };
        trial.holds(&format!("{what}: slot A is started"), settle::slots(&machine) == "a");
        settle::ready(trial, &mut machine)?;
        machine.power_down(mark::STOP)?;
        drop(machine);
        let sound = [block::TRIES, block::POLICIES[0], block::POLICIES[1]].map(|file| settle::note(&disk, trial.run, file));
        let wrong: Vec<String> = sound.iter().filter_map(|note| note.as_ref().err().map(|error| format!("{error:#}"))).collect();
        trial.holds(&format!("{what}: all notes are sound again {}", wrong.join("; ")), wrong.is_empty());
    }
    Ok(())
}
