//! Every rung of the open ladder, by really damaging files.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use store::store::verify;

use crate::town::{digest, file, init, missing, open, submit, words};

const REPORTS: u64 = 400;

/// A store with [`REPORTS`] reports. `taped`: how many of them are on the synced tape; the tape misses the rest.
fn filled(taped: u64) -> (tempfile::TempDir, [u8; 32]) {
    let dir = tempfile::tempdir().unwrap();
    init(dir.path());
    let (mut store, _) = open(dir.path());
    submit(&mut store, &words());
    file(&mut store, 0..taped);
    store.sync_tape().unwrap();
    let tape = dir.path().join("tape/0001.cborseq");
    let synced = fs::metadata(&tape).unwrap().len();
    file(&mut store, taped..REPORTS);
    let digest = digest(&store);
    drop(store);
    File::options().write(true).open(tape).unwrap().set_len(synced).unwrap();
    (dir, digest)
}

fn journal(dir: &Path) -> PathBuf {
    dir.join(fs::read_link(dir.join("current")).unwrap())
}

fn snapshots(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(journal(dir)).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("snap.")).collect()
}

/// Opens, expects all reports, and a store that is sound and goes on. Answers what the ladder said.
fn opens_whole(dir: &Path) -> Vec<String> {
    let (mut store, said) = open(dir);
    println!("{said:?}");
    assert_eq!(missing(&store, REPORTS), Vec::<u64>::new(), "{said:?}");
    file(&mut store, REPORTS..REPORTS + 5);
    let before = digest(&store);
    store.close().unwrap();
    let report = verify(dir, &mut |_, _| {}).unwrap();
    assert_eq!((report.findings, report.digest), (Vec::new(), before), "{said:?}");
    let (store, again) = open(dir);
    assert_eq!((digest(&store), again), (before, Vec::new()));
    said
}

#[test]
fn damaged_sled_snapshots_are_put_aside() {
    type Damage = fn(&Path);
    let damages: [Damage; 4] = [
        |path| fs::write(path, b"").unwrap(),
        |path| File::options().write(true).open(path).unwrap().set_len(fs::metadata(path).unwrap().len() / 2).unwrap(),
        |path| fs::write(path, vec![0xA5; 300]).unwrap(),
        |path| fs::rename(path, path.with_extension("generating")).unwrap(),
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let (dir, _) = filled(REPORTS);
        let found = snapshots(dir.path());
        assert!(!found.is_empty(), "sled wrote no snapshot");
        found.iter().for_each(|path| damage(path));
        let said = opens_whole(dir.path());
        if number < 3 {
            assert!(said.iter().any(|word| word.contains("repair/")), "damage {number}: {said:?}");
            assert!(fs::read_dir(dir.path().join("repair")).unwrap().count() > 0);
        }
        assert!(!said.iter().any(|word| word.contains("epoch")), "damage {number} needs no rebuild: {said:?}");
    }
}

#[test]
fn a_left_over_generating_snapshot_and_missing_files_are_no_trouble() {
    let (dir, _) = filled(REPORTS);
    fs::write(journal(dir.path()).join("snap.00000000000000FF.generating"), b"half").unwrap();
    opens_whole(dir.path());
    for name in ["conf", "snap"] {
        let (dir, _) = filled(REPORTS);
        for entry in fs::read_dir(journal(dir.path())).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_str().unwrap().starts_with(name) {
                fs::remove_file(path).unwrap();
            }
        }
        opens_whole(dir.path());
    }
}

#[test]
fn a_damaged_snapshot_of_the_state_is_replayed_instead() {
    let (dir, digest_before) = filled(REPORTS);
    open(dir.path()).0.close().unwrap();
    let path = dir.path().join("snap-state");
    let whole = fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    for bytes in [b"".to_vec(), whole[..whole.len() / 2].to_vec(), flipped] {
        fs::write(&path, bytes).unwrap();
        let (store, said) = open(dir.path());
        assert_eq!(digest(&store), digest_before);
        assert!(said.len() == 1 && said[0].contains("replayed everything"), "{said:?}");
        drop(store);
    }
}

#[test]
fn a_lost_journal_is_rebuilt_from_the_tape_in_a_new_epoch() {
    for remove in [true, false] {
        let (dir, _) = filled(REPORTS);
        let path = journal(dir.path());
        if remove {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::write(path.join("db"), vec![0x5A; 1 << 20]).unwrap();
        }
        let said = opens_whole(dir.path());
        assert!(said.iter().any(|word| word.contains("began epoch 2")), "{said:?}");
        let (store, _) = open(dir.path());
        assert_eq!(store.epoch(), 2);
    }
}

#[test]
fn flipped_bits_in_the_journal_lose_nothing_that_the_tape_has() {
    let (dir, _) = filled(REPORTS);
    let path = journal(dir.path()).join("db");
    let whole = fs::read(&path).unwrap();
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap() as u64;
    let mut rebuilt = 0;
    for seed in 1..=24_u64 {
        let copy = tempfile::tempdir().unwrap();
        copy_tree(dir.path(), copy.path());
        take_the_place(copy.path());
        let mut file = File::options().read(true).write(true).open(journal(copy.path()).join("db")).unwrap();
        let random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17);
        let (at, bit) = (random % used, random >> 61);
        let mut byte = [0];
        file.seek(SeekFrom::Start(at)).unwrap();
        file.read_exact(&mut byte).unwrap();
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&[byte[0] ^ 1 << bit]).unwrap();
        drop(file);
        let said = opens_whole(copy.path());
        rebuilt += u32::from(said.iter().any(|word| word.contains("began epoch")));
    }
    println!("24 flips: {rebuilt} needed a rebuild");
}

#[test]
fn what_only_the_damaged_journal_has_is_brought_along() {
    // The tape misses the last hundred reports, and the first sled page of somewhere in the middle is damaged.
    let (dir, _) = filled(REPORTS - 100);
    let path = journal(dir.path()).join("db");
    let length = fs::metadata(&path).unwrap().len();
    let (mut whole, mut rebuilt) = (0, 0);
    for part in 1..8 {
        let copy = tempfile::tempdir().unwrap();
        copy_tree(dir.path(), copy.path());
        take_the_place(copy.path());
        let mut file = File::options().write(true).open(journal(copy.path()).join("db")).unwrap();
        file.seek(SeekFrom::Start(length * part / 8)).unwrap();
        file.write_all(&[0xEE; 64]).unwrap();
        drop(file);
        let (store, said) = open(copy.path());
        let lost = missing(&store, REPORTS);
        assert!(lost.iter().all(|number| *number >= REPORTS - 100), "a taped report was lost: {lost:?}, {said:?}");
        whole += u32::from(lost.is_empty());
        rebuilt += u32::from(store.epoch() == 2);
        // sled takes a damaged end of its log for a write that was cut off. When the tape lacks the same end, nothing on the disk
        // tells the two apart; a hole, however, must be spoken of.
        let hole = !lost.is_empty() && lost.last() != Some(&(REPORTS - 1));
        if hole || store.epoch() == 2 {
            assert!(said.iter().any(|word| word.contains("anything later")), "lost {lost:?} in silence: {said:?}");
        }
        store.close().unwrap();
        assert_eq!(verify(copy.path(), &mut |_, _| {}).unwrap().findings, []);
    }
    println!("7 damaged pages: {whole} times nothing lost, {rebuilt} rebuilds");
}

#[test]
fn a_cut_journal_is_noticed_and_completed_from_the_tape() {
    for part in [2, 3, 10] {
        let (dir, _) = filled(REPORTS);
        let path = journal(dir.path()).join("db");
        let length = fs::metadata(&path).unwrap().len();
        File::options().write(true).open(&path).unwrap().set_len(length - length / part).unwrap();
        opens_whole(dir.path());
    }
}

#[test]
fn a_damaged_tape_is_passed_over_and_filled_again() {
    let (dir, before) = filled(REPORTS);
    let tape = dir.path().join("tape/0001.cborseq");
    let mut bytes = fs::read(&tape).unwrap();
    // A fragment at the end, as a power loss leaves it.
    bytes.extend_from_slice(&[0x82, 0x59, 0x01]);
    fs::write(&tape, &bytes).unwrap();
    let (mut store, said) = open(dir.path());
    assert_eq!((digest(&store), said), (before, Vec::new()));
    file(&mut store, REPORTS..REPORTS + 5);
    let before = digest(&store);
    store.close().unwrap();
    let report = verify(dir.path(), &mut |_, _| {}).unwrap();
    assert_eq!((report.findings, report.strange_bytes), (Vec::new(), 3), "a fragment harms nothing when its event is elsewhere");
    // The journal is lost as well: the tapes together hold everything.
    fs::remove_dir_all(journal(dir.path())).unwrap();
    let (store, said) = open(dir.path());
    assert_eq!(missing(&store, REPORTS + 5), Vec::<u64>::new());
    assert!(said.iter().any(|word| word.contains("3 bytes of the tape were no event")), "{said:?}");
    assert_ne!(digest(&store), before, "the new epoch's start is an event of its own");
    store.close().unwrap();
    // A tape that is gone is written anew.
    fs::remove_dir_all(dir.path().join("tape")).unwrap();
    open(dir.path()).0.close().unwrap();
    let report = verify(dir.path(), &mut |_, _| {}).unwrap();
    assert_eq!((report.taped, report.findings), (report.events, Vec::new()));
}

pub fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().unwrap();
        if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(source).unwrap(), target).unwrap();
        } else if kind.is_dir() {
            copy_tree(&source, &target);
        } else {
            fs::copy(source, target).unwrap();
        }
    }
}

#[test]
fn a_hole_in_the_tape_is_found_and_filled_by_compaction() {
    let (dir, _) = filled(REPORTS);
    open(dir.path()).0.close().unwrap();
    let path = dir.path().join("tape/0001.cborseq");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 3000].fill(0xEE);
    fs::write(&path, bytes).unwrap();
    let damaged = verify(dir.path(), &mut |_, _| {}).unwrap();
    assert!(!damaged.findings.is_empty() && damaged.findings.iter().all(|it| it.what.contains("compact")), "{damaged:?}");
    let compacted = store::store::compact(dir.path(), &mut |_, _| {}).unwrap();
    let sound = verify(dir.path(), &mut |_, _| {}).unwrap();
    assert_eq!((sound.findings, sound.untaped, sound.taped), (Vec::new(), 0, compacted.events));
    let (store, said) = open(dir.path());
    assert_eq!((said, missing(&store, REPORTS)), (Vec::new(), Vec::new()));
}

/// Makes a copy stand for the store it was made of, which is not used any more.
pub fn take_the_place(dir: &Path) {
    let mut file = File::options().write(true).truncate(true).open(dir.join("here")).unwrap();
    let metadata = file.metadata().unwrap();
    let born = metadata.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    writeln!(file, "inode {}, born {}", metadata.ino(), born.as_nanos()).unwrap();
}

#[test]
fn a_store_brought_back_from_a_backup_begins_an_epoch_and_uses_no_place_twice() {
    let (dir, _) = filled(REPORTS);
    let backup = tempfile::tempdir().unwrap();
    copy_tree(dir.path(), backup.path());
    let (mut store, _) = open(dir.path());
    file(&mut store, REPORTS..REPORTS + 3);
    let went_on = store.present().read().unwrap().state.chains().clone();
    store.close().unwrap();
    let (mut store, said) = open(backup.path());
    assert!(said.iter().any(|word| word.contains("brought back") && word.contains("epoch 2")), "{said:?}");
    file(&mut store, REPORTS + 3..REPORTS + 6);
    let brought_back = store.present().read().unwrap().state.chains().clone();
    let (device, old) = (store.device(), brought_back[&(store.device(), 1)].seq);
    assert!(went_on[&(device, 1)].seq > old, "the first epoch ended where the backup was made");
    assert_eq!((brought_back[&(device, 2)].seq, went_on.contains_key(&(device, 2))), (4, false));
    store.close().unwrap();
    let report = verify(backup.path(), &mut |_, _| {}).unwrap();
    assert_eq!((report.findings, report.chains, report.untaped), (Vec::new(), 2, 0));
    let (store, said) = open(backup.path());
    assert_eq!((store.epoch(), said), (2, Vec::new()), "once is enough");
}

#[test]
fn a_replay_asks_the_journal_where_the_tape_does_not_help() {
    let (dir, before) = filled(REPORTS);
    let tape = fs::read(dir.path().join("tape/0001.cborseq")).unwrap();
    let item = |seq| {
        let item = store::journal::tape::Items::new(&tape).find(|item| item.header.seq == seq).unwrap();
        let mut bytes = Vec::new();
        store::journal::tape::write_item(&mut bytes, &item.signed, item.payload.as_deref());
        let at = tape.windows(bytes.len()).position(|window| window == bytes).unwrap();
        at..at + bytes.len()
    };
    let (early, late) = (item(100), item(300));
    let mut flipped = tape.clone();
    flipped[early.end - 10] ^= 1;
    let mut strange = tape.clone();
    strange[early.start..early.end].fill(0xEE);
    let missing = [&tape[..early.start], &tape[late.end..]].concat();
    let twice = [&tape[..late.end], &tape[early.start..]].concat();
    let swapped = [&tape[..early.start], &tape[late.start..late.end], &tape[early.start..]].concat();
    for damaged in [flipped, strange, missing, twice, swapped, Vec::new()] {
        let copy = tempfile::tempdir().unwrap();
        copy_tree(dir.path(), copy.path());
        take_the_place(copy.path());
        let _ = fs::remove_file(copy.path().join("snap-state"));
        fs::write(copy.path().join("tape/0001.cborseq"), damaged).unwrap();
        let (store, said) = open(copy.path());
        assert_eq!(digest(&store), before, "{said:?}");
    }
}

#[test]
fn bytes_that_went_bad_while_the_store_is_in_use_are_found_and_repaired_at_the_next_start() {
    let (dir, _) = filled(REPORTS);
    open(dir.path()).0.close().unwrap();
    let (mut store, said) = open(dir.path());
    assert_eq!(said, Vec::<String>::new());
    // Events all along the chain, found in the journal's file by the bytes that the tape has of them: sled may keep the page
    // of any one of them in memory and never look at the disk for it, but not the pages of all.
    let tape = fs::read(dir.path().join("tape/0001.cborseq")).unwrap();
    let path = journal(dir.path()).join("db");
    let (db, file) = (fs::read(&path).unwrap(), File::options().write(true).open(&path).unwrap());
    let mut flipped = 0;
    for item in store::journal::tape::Items::new(&tape).filter(|item| item.header.seq % 10 == 0) {
        let payload = item.payload.unwrap();
        for at in (0..db.len() - payload.len()).filter(|at| db[*at..].starts_with(&payload)) {
            // Only this byte: sled writes to the same file meanwhile.
            file.write_all_at(&[db[at + 70] ^ 1], (at + 70) as u64).unwrap();
            flipped += 1;
        }
    }
    assert!(flipped >= 10, "{flipped} places");
    let found = (0..REPORTS).map(|_| store.scrub().unwrap()).find(|findings| !findings.is_empty());
    println!("{found:?}");
    assert!(found.is_some(), "nothing was found");
    let _ = store.close();
    assert!(!dir.path().join("snap-state").exists() && dir.path().join("suspect").exists());
    let said = opens_whole(dir.path());
    assert!(said.iter().any(|word| word.contains("epoch")), "{said:?}");
}
