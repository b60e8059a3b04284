//! What a store does day by day, and when disk, clock or files are not as they should be.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use store::command::{Command, Refusal};
use store::fact::Body;
use store::id::{AttachmentId, OrgId};
use store::journal::Limits;
use store::journal::tape::Items;
use store::keyring::KeyError;
use store::store::{OpenError, Store, StoreError, Wish, compact, export, export_json, verify};

use crate::town::{self, NOW_MS, Urandom, context, digest, file, init, missing, open, report, submit, submit_at, words};

fn sound(dir: &Path) -> u64 {
    let report = verify(dir, &mut |_, _| {}).unwrap();
    assert_eq!(report.findings, []);
    report.events
}

#[test]
fn reopening_gives_the_same_state_with_and_without_the_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    init(dir.path());
    let (mut store, said) = open(dir.path());
    assert_eq!(said, Vec::<String>::new());
    submit(&mut store, &words());
    file(&mut store, 0..50);
    let before = digest(&store);
    store.close().unwrap();
    let (store, said) = open(dir.path());
    assert_eq!((digest(&store), said), (before, Vec::new()));
    store.close().unwrap();
    std::fs::remove_file(dir.path().join("snap-state")).unwrap();
    let (mut store, said) = open(dir.path());
    assert_eq!((digest(&store), said), (before, Vec::new()));
    // Not closed: what a process that just ends leaves behind.
    file(&mut store, 50..60);
    let before = digest(&store);
    drop(store);
    let (store, said) = open(dir.path());
    assert_eq!((digest(&store), said, missing(&store, 60)), (before, Vec::new(), Vec::new()));
    store.close().unwrap();
    assert_eq!(sound(dir.path()), 2 + 3 + 60);
}

#[test]
fn a_repeated_wish_happens_once_and_wishes_of_one_call_see_each_other() {
    let dir = tempfile::tempdir().unwrap();
    init(dir.path());
    let (mut store, _) = open(dir.path());
    submit(&mut store, &words());
    let (first, other) = (report(1, 50), report(2, 50));
    let Command::FileReport { report: id, .. } = &first else { unreachable!() };
    let support = |session| Command::Support { report: *id, session: store::id::SessionId([session; 16]) };
    let done = submit(&mut store, &[first.clone(), other, first.clone(), support(1), support(2), support(1)]);
    assert_eq!(done.iter().map(|done| done.already).collect::<Vec<_>>(), [false, false, true, false, false, true]);
    assert_eq!((done[2].event, done[2].at_ms), (done[0].event, done[0].at_ms));
    let again = submit(&mut store, &[first]);
    assert!(again[0].already && again[0].events.is_empty());
    let strange = Command::Support { report: town::report_id(99), session: store::id::SessionId([1; 16]) };
    let refused = store.submit(&[Wish { command: &strange, context: context(NOW_MS) }]).unwrap();
    assert_eq!(refused, [Err(Refusal::UnknownReport)]);
    store.close().unwrap();
    assert_eq!(sound(dir.path()), 2 + 3 + 2 + 2);
}

#[test]
fn a_second_opener_is_told_who_has_it() {
    let dir = tempfile::tempdir().unwrap();
    init(dir.path());
    assert!(matches!(Store::init(dir.path(), OrgId([7; 16]), &mut Urandom::open(), NOW_MS), Err(OpenError::Exists(_))));
    let (store, _) = open(dir.path());
    let error = Store::open(dir.path(), Box::new(Urandom::open()), NOW_MS).err().unwrap().to_string();
    assert!(error.contains("another process") && error.contains(&std::process::id().to_string()), "{error}");
    assert!(matches!(verify(dir.path(), &mut |_, _| {}), Err(OpenError::InUse { .. })));
    store.close().unwrap();
    open(dir.path()).0.close().unwrap();
}

#[test]
fn without_store_or_keys_the_error_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let error = |dir: &Path| Store::open(dir, Box::new(Urandom::open()), NOW_MS).err().unwrap();
    assert!(matches!(error(dir.path()), OpenError::NoStore(_)));
    assert!(matches!(error(&dir.path().join("nowhere")), OpenError::NoStore(_)));
    init(dir.path());
    let keyring = std::fs::read(dir.path().join("keyring")).unwrap();
    std::fs::remove_file(dir.path().join("keyring")).unwrap();
    assert!(matches!(error(dir.path()), OpenError::Keys(KeyError::Missing { what: "keyring", .. })));
    std::fs::write(dir.path().join("keyring"), keyring).unwrap();
    open(dir.path()).0.close().unwrap();
    assert_eq!(sound(dir.path()), 2, "the error changed nothing");
}

#[test]
fn a_clock_in_1970_or_2099_or_beyond_loses_and_reorders_nothing() {
    let dir = tempfile::tempdir().unwrap();
    init(dir.path());
    let (mut store, _) = open(dir.path());
    submit(&mut store, &words());
    let mut stamps = Vec::new();
    // A wall clock that cannot be right (year 2300 and later) does not drag the stamps along.
    let walls = [NOW_MS, 0, NOW_MS + 5, u64::MAX, 10_413_792_000_000, NOW_MS + 9, 4_070_908_800_000, NOW_MS + 10, 0];
    for (wall, number) in walls.into_iter().zip(0..) {
        let done = submit_at(&mut store, &[report(number, 50)], wall);
        stamps.push((done[0].events[0].header.hlc, done[0].at_ms));
        store.heartbeat(wall).unwrap();
        if number == 4 {
            store.close().unwrap();
            store = Store::open(dir.path(), Box::new(Urandom::open()), 0).unwrap().0;
        }
    }
    assert!(stamps.is_sorted_by(|a, b| a.0 < b.0), "{stamps:?}");
    assert_eq!(stamps[5].1, NOW_MS + 9);
    assert_eq!(stamps[6].1, 4_070_908_800_000);
    let before = digest(&store);
    drop(store);
    let (store, said) = open(dir.path());
    assert_eq!((digest(&store), said, missing(&store, 9)), (before, Vec::new(), Vec::new()));
}

#[test]
fn a_full_disk_refuses_clearly_serves_reads_and_recovers() {
    let dir = tempfile::tempdir().unwrap();
    init(dir.path());
    let free = Arc::new(AtomicU64::new(1 << 40));
    let reader = Arc::clone(&free);
    let limits = Limits { free: Arc::new(move |_| Ok(reader.load(Ordering::Relaxed))), ..Limits::default() };
    let (mut store, _) = Store::open_within(dir.path(), Box::new(Urandom::open()), NOW_MS, limits.clone()).unwrap();
    submit(&mut store, &words());
    file(&mut store, 0..10);
    let before = digest(&store);
    free.store(limits.reserve_bytes - 1, Ordering::Relaxed);
    let wish = report(10, 50);
    let wishes = || [Wish { command: &wish, context: context(NOW_MS) }];
    let error = store.submit(&wishes()).unwrap_err();
    assert!(matches!(&error, StoreError::Full(words) if words.contains("bytes are free")), "{error}");
    assert!(matches!(store.attachments().put(b"photo"), Err(StoreError::Full(_))));
    assert!(matches!(store.heartbeat(NOW_MS), Err(StoreError::Full(_))));
    assert_eq!((digest(&store), missing(&store, 10)), (before, Vec::new()), "reads go on");
    free.store(1 << 40, Ordering::Relaxed);
    assert!(store.submit(&wishes()).unwrap()[0].is_ok());
    store.heartbeat(NOW_MS + 100_000).unwrap();
    store.close().unwrap();
    assert_eq!(sound(dir.path()), 2 + 3 + 11);
}

#[test]
fn a_really_full_file_system_does_not_hurt_the_store() {
    let mount = tempfile::tempdir().unwrap();
    let sh = |args: &[&str]| std::process::Command::new(args[0]).args(&args[1..]).status().is_ok_and(|status| status.success());
    let path = mount.path().to_str().unwrap().to_owned();
    if !sh(&["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", &path]) {
        println!("skipped: mounting a small tmpfs needs root");
        return;
    }
    let dir = mount.path().join("data");
    let outcome = std::panic::catch_unwind(|| {
        init(&dir);
        let (mut store, _) = open(&dir);
        submit(&mut store, &words());
        let mut filed = 0;
        let error = loop {
            let commands: Vec<Command> = (filed..filed + 20).map(|number| report(number, 3900)).collect();
            let wishes: Vec<Wish<'_>> = commands.iter().map(|command| Wish { command, context: context(NOW_MS) }).collect();
            match store.submit(&wishes) {
                Ok(_) => filed += 20,
                Err(error) => break error,
            }
            assert!(filed < 20_000, "48 MiB never filled");
        };
        assert!(matches!(error, StoreError::Full(_)), "{error}");
        // Somebody else takes even the reserve.
        std::fs::write(mount.path().join("hog"), vec![1; 40 << 20]).unwrap_err();
        assert!(matches!(store.heartbeat(NOW_MS), Err(StoreError::Full(_))));
        let before = digest(&store);
        drop(store);
        let (store, said) = open(&dir);
        assert!(said.iter().any(|word| word.contains("ballast")), "{said:?}");
        assert_eq!((digest(&store), missing(&store, filed)), (before, Vec::new()), "opens and reads on a full disk");
        drop(store);
        std::fs::remove_file(mount.path().join("hog")).unwrap();
        let limits = Limits { reserve_bytes: 1 << 20, ..Limits::default() };
        let (mut store, _) = Store::open_within(&dir, Box::new(Urandom::open()), NOW_MS, limits).unwrap();
        file(&mut store, filed..filed + 10);
        drop(store);
        let report = verify(&dir, &mut |_, _| {}).unwrap();
        assert_eq!((report.events, report.findings), (2 + 3 + filed + 10, Vec::new()));
    });
    assert!(sh(&["umount", &path]), "umount {path}");
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn attachments_are_named_by_content_and_checked() {
    let dir = tempfile::tempdir().unwrap();
    init(dir.path());
    let (store, _) = open(dir.path());
    let attachments = store.attachments();
    let id = attachments.put(b"a photo").unwrap();
    assert_eq!(attachments.put(b"a photo").unwrap(), id);
    assert_eq!(attachments.get(id).unwrap().as_deref(), Some(b"a photo".as_slice()));
    assert!(attachments.has(id) && !attachments.has(AttachmentId([0; 32])));
    store.close().unwrap();
    let hex = id.to_string();
    let path = dir.path().join("att").join(&hex[..2]).join(&hex[2..]);
    std::fs::write(&path, b"another").unwrap();
    let findings = verify(dir.path(), &mut |_, _| {}).unwrap().findings;
    assert!(findings.len() == 1 && findings[0].place.starts_with("att/"), "{findings:?}");
    let (store, _) = open(dir.path());
    assert_eq!(store.attachments().get(id).unwrap(), None);
    assert_eq!(store.attachments().put(b"a photo").unwrap(), id, "storing it again heals it");
    store.close().unwrap();
    sound(dir.path());
}

#[test]
fn exports_hold_everything_and_compaction_changes_nothing_but_size() {
    let dir = tempfile::tempdir().unwrap();
    init(dir.path());
    let (mut store, _) = open(dir.path());
    submit(&mut store, &words());
    file(&mut store, 0..300);
    let before = digest(&store);
    store.close().unwrap();
    let (mut tape, mut lines) = (Vec::new(), Vec::new());
    assert_eq!(export(dir.path(), &mut tape, &mut |_, _| {}).unwrap(), 305);
    assert_eq!(export_json(dir.path(), &mut lines, &mut |_, _| {}).unwrap(), 305);
    assert_eq!(Items::new(&tape).count(), 305);
    assert_eq!(tape, std::fs::read(dir.path().join("tape/0001.cborseq")).unwrap(), "the tape holds the same, in the same order");
    let lines = String::from_utf8(lines).unwrap();
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!((lines.lines().count(), &last["seq"], &last["kind"]), (305, &305.into(), &"report.filed".into()));
    assert!(last["fact"]["body"]["ReportFiled"]["text"].as_str().unwrap().starts_with("Lamp 299"));
    let compacted = compact(dir.path(), &mut |_, _| {}).unwrap();
    assert_eq!(compacted.events, 305);
    assert_eq!(sound(dir.path()), 305);
    let (mut store, said) = open(dir.path());
    assert_eq!((digest(&store), said, store.epoch()), (before, Vec::new(), 1));
    file(&mut store, 300..310);
    store.close().unwrap();
    assert_eq!(sound(dir.path()), 315);
}

#[test]
fn an_interrupted_first_start_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    store::keyring::Keyring::create(dir.path(), None, OrgId([7; 16]), &mut Urandom::open()).unwrap();
    let (mut store, said) = open(dir.path());
    assert_eq!(said.len(), 1, "{said:?}");
    let done = submit(&mut store, &words());
    assert!(matches!(done[0].events[0].fact.as_ref().unwrap().body, Body::SiteOpened(_)));
    assert_eq!(done[0].events[0].header.seq, 3);
    store.close().unwrap();
    assert_eq!(sound(dir.path()), 5);
}
