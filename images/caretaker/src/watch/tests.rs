use proptest::prelude::*;

use super::record::{NOTE, begin, leave_note};
use super::*;
use crate::tests::{Bench, EPOCH};

/// A second for each event; what is said at the end.
fn after(events: impl IntoIterator<Item = Option<Event>>) -> Verdict {
    let mut watch = Watch::new(Duration::from_secs(1000));
    let mut verdict = Verdict::Answers;
    for (event, second) in events.into_iter().zip(1001..) {
        if let Some(event) = event {
            watch.hear(event);
        }
        verdict = watch.tick(Duration::from_secs(second));
    }
    verdict
}

fn read(done: Result<(), &str>) -> Option<Event> {
    Some(Event::Read(done.map_err(str::to_owned), Duration::from_millis(2)))
}

#[test]
fn a_read_without_an_answer_is_waited_for_a_minute() {
    let nothing = |seconds| std::iter::repeat_n(None, seconds);
    assert_eq!(after(nothing(59)), Verdict::Answers);
    assert_eq!(after(nothing(60)), Verdict::Silent("a read has had no answer for 60 s".to_owned()));
    // An answer, late as it is, begins it anew.
    assert_eq!(after(nothing(59).chain([read(Ok(()))]).chain(nothing(58))), Verdict::Answers);
    assert!(matches!(after(nothing(30).chain([read(Ok(()))]).chain(nothing(60))), Verdict::Silent(_)));
}

#[test]
fn one_bad_block_is_no_dead_disk_and_a_disk_of_bad_blocks_is() {
    let sound = (0..300).map(|second| if second % 50 == 0 { read(Ok(())) } else { read(Err("Input/output error")) });
    assert_eq!(after(sound), Verdict::Answers);
    let said = after((0..60).map(|_| read(Err("Input/output error"))));
    assert_eq!(said, Verdict::Silent("no block could be read for 60 s: Input/output error".to_owned()));
}

#[test]
fn a_write_that_hangs_is_a_reason_and_one_that_fails_is_not() {
    let reads = |seconds| std::iter::repeat_n(read(Ok(())), seconds);
    let begin = [Some(Event::WriteBegins)];
    let end = |done: Result<(), &str>| [Some(Event::WriteEnds(done.map_err(str::to_owned), Duration::from_secs(3)))];
    assert_eq!(after(reads(2).chain(begin.clone()).chain(reads(170))), Verdict::Answers);
    let hangs = after(begin.clone().into_iter().chain(reads(179)));
    assert_eq!(hangs, Verdict::Silent("a write has had no answer for 180 s".to_owned()));
    let fails = after(begin.clone().into_iter().chain(end(Err("No space left on device"))).chain(reads(600)));
    assert_eq!(fails, Verdict::Fails("data cannot be written: No space left on device".to_owned()));
    let mended = after(begin.clone().into_iter().chain(end(Err("x"))).chain(begin).chain(end(Ok(()))).chain(reads(600)));
    assert_eq!(mended, Verdict::Answers);
}

#[test]
fn a_machine_that_stood_still_does_not_blame_its_disk() {
    let mut watch = Watch::new(Duration::ZERO);
    for hour in 1..20 {
        assert_eq!(watch.tick(Duration::from_secs(hour * 3600)), Verdict::Answers);
    }
    // A clock that goes back takes nothing away.
    assert_eq!(watch.tick(Duration::ZERO), Verdict::Answers);
}

proptest! {
    /// However answers come: a disk is called silent if, and only if, its last good read is a minute old.
    #[test]
    fn silent_is_a_minute_without_a_good_read(answers in proptest::collection::vec(proptest::option::of(any::<bool>()), 1..200)) {
        let events = answers.iter().map(|answer| read(if (*answer)? { Ok(()) } else { Err("broken") }));
        let since = answers.iter().rev().take_while(|answer| **answer != Some(true)).count() as u64;
        // The second in which it is heard counts too.
        let since = if answers.contains(&Some(true)) { since + 1 } else { since };
        assert_eq!(matches!(after(events), Verdict::Silent(_)), since >= READ_LIMIT.as_secs());
    }

    #[test]
    fn never_more_than_three_restarts_in_ten_minutes(gaps in proptest::collection::vec(1_u64..400, 1..60), is_known: bool) {
        let (mut now_s, mut starts, mut restarts) = (EPOCH, Vec::new(), Vec::<u64>::new());
        starts.push(Start { at_s: now_s, is_ours: is_known.then_some(false) });
        for gap in gaps {
            now_s += gap;
            let may = may_restart(&starts, now_s);
            if may {
                restarts.push(now_s);
            }
            // Off and on again by hand where it must not.
            starts = recent(&starts, now_s);
            starts.push(Start { at_s: now_s, is_ours: is_known.then_some(may) });
            let within = restarts.iter().filter(|at_s| now_s - **at_s < RESTARTS_WITHIN_S).count();
            assert!(within <= RESTARTS_MAX, "{restarts:?}");
        }
    }
}

#[test]
fn starts_of_others_and_of_a_wild_clock_do_not_count() {
    let others = |at_s| Start { at_s, is_ours: Some(false) };
    assert!(may_restart(&[others(1), others(2), others(3), others(4), others(5)], 6));
    let ours = |at_s| Start { at_s, is_ours: Some(true) };
    assert!(!may_restart(&[ours(1), ours(2), ours(3)], 600));
    assert!(may_restart(&[ours(1), ours(2), ours(3)], 601));
    assert!(may_restart(&[ours(7000), ours(8000), ours(9000)], 600));
    let unknown = |at_s| Start { at_s, is_ours: None };
    assert!(may_restart(&[unknown(1), unknown(2), others(3)], 4));
    assert!(!may_restart(&[unknown(1), unknown(2), unknown(3)], 4));
}

/// Stories of starts.
#[test]
fn the_firmware_keeps_why_and_it_is_told_once() {
    let bench = Bench::new();
    bench.put("/sys/firmware/efi/efivars/BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c", "x");
    assert!(begin(&bench.care()).unwrap());
    assert!(!bench.history().contains("disk-restart"));
    leave_note(&bench.path(NOTE), "a read has had no answer for 60 s").unwrap();
    assert_eq!(std::fs::read(bench.path(NOTE)).unwrap()[..4], [7, 0, 0, 0]);
    // Of a restart before that did not come to an end.
    leave_note(&bench.path(NOTE), "a read has had no answer for 61 s").unwrap();
    bench.now_s.set(bench.now_s.get() + 100);
    assert!(begin(&bench.care()).unwrap());
    assert!(!bench.has(NOTE));
    assert!(bench.history().contains("disk-restart the disk did not answer"), "{}", bench.history());
    assert!(bench.history().contains("for 61 s"), "{}", bench.history());
    assert!(begin(&bench.care()).unwrap());
    assert_eq!(bench.history().matches("disk-restart").count(), 1);
}

#[test]
fn after_three_restarts_the_box_stays_up_for_ten_minutes() {
    let bench = Bench::new();
    bench.put("/sys/firmware/efi/efivars/BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c", "x");
    let mut answers = vec![begin(&bench.care()).unwrap()];
    for _ in 0..3 {
        bench.now_s.set(bench.now_s.get() + 130);
        leave_note(&bench.path(NOTE), "silent").unwrap();
        answers.push(begin(&bench.care()).unwrap());
    }
    assert_eq!(answers, [true, true, true, false]);
    assert_eq!(bench.history().matches("disk-watch-off 3 restarts in 10 minutes").count(), 1);
    bench.now_s.set(bench.now_s.get() + 600);
    assert!(begin(&bench.care()).unwrap());
}

#[test]
fn firmware_without_variables_leaves_starts_of_any_kind_to_count() {
    let bench = Bench::new();
    let answers: Vec<bool> = (0..5)
        .map(|_| {
            bench.now_s.set(bench.now_s.get() + 60);
            begin(&bench.care()).unwrap()
        })
        .collect();
    assert_eq!(answers, [true, true, false, false, false]);
}
