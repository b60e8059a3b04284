use proptest::prelude::*;

use super::*;

const PROGRAMS: &str = "0.1.0";

fn healthy() -> Readings {
    let health = Health { state: "ok".to_owned(), version: PROGRAMS.to_owned(), reports: 0, events: 0 };
    Readings {
        daemon: Ok(health),
        kiosk: Kiosk::Shown { beat_age: Some(Duration::from_secs(3)) },
        failed: Vec::new(),
        restarts: BTreeMap::from([("wegovnowd.service".to_owned(), 0)]),
        probe: Ok(()),
        free_bytes: Some(1 << 30),
        required: Vec::new(),
        wanted: Vec::new(),
    }
}

/// Asks every two seconds; what came out, and after how many seconds.
fn watch(readings: impl Fn(u64) -> Readings) -> (Verdict, u64) {
    let mut watch = Watch::default();
    for elapsed_s in (0..).step_by(2) {
        match judge(&watch, &readings(elapsed_s), PROGRAMS, Duration::from_secs(elapsed_s)) {
            Verdict::Wait(next) => watch = next,
            verdict => return (verdict, elapsed_s),
        }
    }
    unreachable!("a verdict comes within the budget")
}

#[track_caller]
fn fails(break_it: impl Fn(&mut Readings), expect: &str) {
    let (verdict, after_s) = watch(|_| {
        let mut readings = healthy();
        break_it(&mut readings);
        readings
    });
    assert_eq!(verdict, Verdict::Fail { reasons: vec![expect.to_owned()] });
    assert_eq!(after_s, BUDGET.as_secs());
}

#[track_caller]
fn passes_with_note(change: impl Fn(&mut Readings), expect: &str) {
    let (verdict, after_s) = watch(|_| {
        let mut readings = healthy();
        change(&mut readings);
        readings
    });
    assert_eq!(verdict, Verdict::Pass { notes: vec![expect.to_owned()] });
    assert_eq!(after_s, STABLE.as_secs());
}

#[test]
fn what_is_well_for_30_seconds_passes() {
    assert_eq!(watch(|_| healthy()), (Verdict::Pass { notes: Vec::new() }, 30));
    let late =
        |elapsed_s| if elapsed_s < 100 { Readings { daemon: Err("no socket".to_owned()), ..healthy() } } else { healthy() };
    assert_eq!(watch(late), (Verdict::Pass { notes: Vec::new() }, 130));
}

#[test]
fn each_fault_fails_by_name() {
    let daemon = |readings: &mut Readings, change: &dyn Fn(&mut Health)| change(readings.daemon.as_mut().unwrap());
    fails(|readings| readings.daemon = Err("no answer".to_owned()), "the daemon does not answer: no answer");
    fails(
        |readings| daemon(readings, &|health| health.version = "0.0.9".to_owned()),
        "the daemon that answers is 0.0.9, this system's is 0.1.0",
    );
    fails(|readings| daemon(readings, &|health| health.state = "read_only".to_owned()), "the store is read_only");
    fails(|readings| daemon(readings, &|health| health.state = "storage_full".to_owned()), "the store is storage_full");
    fails(|readings| readings.free_bytes = Some(5 << 20), "5 MiB are free on the data partition, 64 are needed");
    fails(
        |readings| readings.kiosk = Kiosk::Starting("its unit is activating".to_owned()),
        "the kiosk shows nothing yet: its unit is activating",
    );
    fails(
        |readings| readings.kiosk = Kiosk::Shown { beat_age: Some(Duration::from_secs(45)) },
        "the kiosk's last sign of life is 45 s old",
    );
    fails(|readings| readings.failed = vec!["ssh.service".to_owned()], "ssh.service failed");
    fails(
        |readings| readings.restarts = BTreeMap::from([("wegovnow-kiosk.service".to_owned(), 5)]),
        "wegovnow-kiosk.service was restarted 5 times",
    );
    fails(|readings| readings.probe = Err("read-only".to_owned()), "the data partition takes no write: read-only");
    let check = |outcome| vec![Check { name: "10-own".to_owned(), outcome }];
    fails(|readings| readings.required = check(CheckOutcome::Bad("no printer".to_owned())), "10-own: no printer");
    fails(|readings| readings.required = check(CheckOutcome::Busy), "10-own is busy");
}

#[test]
fn what_is_not_the_slots_fault_is_noted() {
    passes_with_note(|readings| readings.failed = vec!["fstrim.service".to_owned()], "fstrim.service failed");
    passes_with_note(
        |readings| readings.kiosk = Kiosk::NotAsked("no display is attached"),
        "the kiosk was not asked: no display is attached",
    );
    passes_with_note(
        |readings| readings.daemon.as_mut().unwrap().state = "damaged".to_owned(),
        "events on the disk went bad: a restart of the daemon repairs them",
    );
    passes_with_note(
        |readings| readings.wanted = vec![Check { name: "20-nice".to_owned(), outcome: CheckOutcome::Bad("no".to_owned()) }],
        "20-nice: no",
    );
}

#[test]
fn a_kiosk_without_a_display_may_fail_as_it_likes() {
    let readings = std::cell::RefCell::new(healthy());
    let (verdict, after_s) = watch(|_| {
        let mut readings = readings.borrow_mut();
        readings.kiosk = Kiosk::NotAsked("no display is attached");
        *readings.restarts.entry(KIOSK.to_owned()).or_default() += 1;
        readings.failed = vec![KIOSK.to_owned()];
        readings.clone()
    });
    assert!(readings.borrow().restarts[KIOSK] > RESTARTS_MAX);
    assert!(matches!(verdict, Verdict::Pass { .. }), "{verdict:?}");
    assert_eq!(after_s, 30);
}

#[test]
fn what_comes_and_goes_is_not_stable() {
    let flapping = |elapsed_s: u64| {
        if elapsed_s % 30 == 28 { Readings { probe: Err("busy".to_owned()), ..healthy() } } else { healthy() }
    };
    let (verdict, after_s) = watch(flapping);
    let reasons = vec!["not well for 30 s on end".to_owned(), "before that: the data partition takes no write: busy".to_owned()];
    assert_eq!((verdict, after_s), (Verdict::Fail { reasons }, 180));
}

#[test]
fn a_restart_begins_the_30_seconds_anew() {
    let restarts = |elapsed_s| {
        let count = u32::from(elapsed_s >= 20);
        Readings { restarts: BTreeMap::from([("wegovnowd.service".to_owned(), count)]), ..healthy() }
    };
    let (verdict, after_s) = watch(restarts);
    assert!(matches!(verdict, Verdict::Pass { .. }));
    assert_eq!(after_s, 52);
}

#[test]
fn consequences() {
    let new = State { policy: bootstate::Policy::new(1), tries: bootstate::Tries::default() };
    let trial = new.clone().set_primary(Slot::B);
    let none = Counter::default();
    assert_eq!(consequence(&trial, Slot::B, none), Consequence::GoBack);
    assert!(matches!(consequence(&trial, Slot::B, Counter { restarts: 1 }), Consequence::Stay(_)));
    assert!(matches!(consequence(&trial, Slot::A, none), Consequence::Stay(_)), "it is proven");
    assert!(
        matches!(consequence(&trial.clone().mark_bad(Slot::A), Slot::B, none), Consequence::Stay(_)),
        "nothing to go back to"
    );
    assert!(matches!(consequence(&new, Slot::A, none), Consequence::Stay(_)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever goes wrong when: no pass without 30 seconds of health just before it, and a verdict within the budget.
    #[test]
    fn a_pass_was_earned(bad in proptest::collection::vec(any::<bool>(), 100)) {
        let is_bad = |elapsed_s: u64| bad.get(elapsed_s as usize / 2).copied().unwrap_or(false) && elapsed_s % 7 < 3;
        let (verdict, after_s) = watch(|elapsed_s| {
            if is_bad(elapsed_s) { Readings { probe: Err("no".to_owned()), ..healthy() } } else { healthy() }
        });
        prop_assert!(after_s <= BUDGET.as_secs());
        let was_well = (after_s.saturating_sub(30)..=after_s).step_by(2).all(|elapsed_s| !is_bad(elapsed_s));
        prop_assert_eq!(matches!(verdict, Verdict::Pass { .. }), after_s >= 30 && was_well);
    }
}
