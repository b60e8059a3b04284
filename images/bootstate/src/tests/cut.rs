//! The power goes during a write, and files that nobody wrote.

use proptest::prelude::*;

use crate::{File, Files, Mark, Policy, Slot, State, Tries, Write, block, choose, plan, repair};

fn mark() -> impl Strategy<Value = Mark> {
    (any::<bool>(), any::<bool>()).prop_map(|(ok, pending)| Mark { ok, pending })
}

fn slot() -> impl Strategy<Value = Slot> {
    prop_oneof![Just(Slot::A), Just(Slot::B)]
}

/// Numbers of one and more digits, and those that are used up.
fn seq() -> impl Strategy<Value = u32> {
    prop_oneof![1..200_u32, 995..1005_u32, (u32::MAX - 4)..=u32::MAX]
}

fn policy() -> impl Strategy<Value = Policy> {
    (seq(), slot(), any::<bool>(), mark(), mark()).prop_map(|(seq, first, has_second, a, b)| Policy {
        seq,
        first,
        has_second,
        a,
        b,
    })
}

fn tries() -> impl Strategy<Value = Tries> {
    (0..=6_u8, 0..=6_u8, any::<bool>()).prop_map(|(a, b, exhausted)| Tries { a, b, exhausted })
}

fn state() -> impl Strategy<Value = State> {
    (policy(), tries()).prop_map(|(policy, tries)| State { policy, tries })
}

/// Whole, torn, garbage, nothing.
fn bytes(whole: impl Strategy<Value = Vec<u8>> + Clone + 'static) -> impl Strategy<Value = Option<Vec<u8>>> {
    prop_oneof![
        4 => whole.clone().prop_map(Some),
        1 => (whole, any::<Vec<u8>>(), 0..1024_usize).prop_map(|(mut bytes, rubbish, at)| {
            bytes.truncate(at);
            bytes.extend(rubbish);
            bytes.resize(1024, b'#');
            Some(bytes)
        }),
        1 => "([a-z_]{1,9}=[0-9a-z ]{0,4}\n){0,6}".prop_map(|lines| Some(block::render(&lines))),
        1 => any::<Vec<u8>>().prop_map(Some),
        1 => Just(None),
    ]
}

fn files() -> impl Strategy<Value = Files> {
    let policy = || bytes(policy().prop_map(|policy| policy.render()).boxed());
    (bytes(tries().prop_map(|tries| tries.render()).boxed()), policy(), policy()).prop_map(|(tries, policy1, policy2)| Files {
        tries,
        policy1,
        policy2,
    })
}

/// One of the changes that the running system makes.
fn change() -> impl Strategy<Value = fn(State, Slot) -> State> {
    prop_oneof![
        Just(State::set_primary as fn(State, Slot) -> State),
        Just(State::mark_good as fn(State, Slot) -> State),
        Just(State::mark_bad as fn(State, Slot) -> State),
    ]
}

/// The file after `written` bytes of the write came to the disk.
fn cut(files: &Files, write: &Write, written: usize) -> Files {
    let mut bytes = files.get(write.file).unwrap_or_default().to_vec();
    let end = written.max(bytes.len());
    bytes.resize(end, 0);
    bytes[..written].copy_from_slice(&write.bytes[..written]);
    let mut after = files.clone();
    after.set(write.file, Some(bytes));
    after
}

fn done(files: &Files, write: &Write) -> Files {
    let mut after = files.clone();
    after.set(write.file, Some(write.bytes.clone()));
    after
}

fn is_one_of(found: Tries, old: Tries, new: Tries) -> bool {
    [Slot::A, Slot::B].iter().all(|slot| [old.of(*slot), new.of(*slot)].contains(&found.of(*slot)))
        && [old.exhausted, new.exhausted].contains(&found.exhausted)
}

/// Every cut of these writes leaves the old state or the new one; all of them, the new one.
fn check_cuts(files: &Files, writes: &[Write], old: &State, new: &State) -> Result<(), TestCaseError> {
    let is_foreign = files.tries.as_deref() != Some(&old.tries.render()[..]);
    let mut now = files.clone();
    for write in writes {
        for written in 0..=write.bytes.len() {
            let found = choose(&cut(&now, write, written));
            let is_old = found.policy.says_the_same(&old.policy);
            let is_new = found.policy.says_the_same(&new.policy);
            prop_assert!(is_old || is_new, "{} cut at {written}: {found:?}", write.file);
            // Digits in their places: in the middle of the write GRUB finds the old or the new number of each slot. Of a file
            // that nobody wrote like this it may find any, which costs at most the tries of one slot.
            prop_assert!(is_foreign || is_one_of(found.tries, old.tries, new.tries), "cut at {written}: {found:?}");
        }
        now = done(&now, write);
    }
    let found = choose(&now);
    prop_assert!(found.policy.says_the_same(&new.policy) && found.tries == new.tries, "after all: {found:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(state in state()) {
        prop_assert_eq!(Policy::parse(&state.policy.render()), Ok(state.policy.clone()));
        prop_assert_eq!(Tries::parse(&state.tries.render()), Ok(state.tries));
    }

    #[test]
    fn a_cut_leaves_the_old_state_or_the_new(files in files(), change in change(), slot in slot()) {
        let old = choose(&files);
        let new = change(old.clone(), slot);
        check_cuts(&files, &plan(&files, &new), &old, &new)?;
    }

    #[test]
    fn a_cut_of_a_repair_changes_nothing_that_counts(files in files()) {
        let old = choose(&files);
        let writes: Vec<Write> = repair(&files).into_iter().map(|repair| repair.write).collect();
        check_cuts(&files, &writes, &old, &old)?;
        let after = writes.iter().fold(files, |files, write| done(&files, write));
        prop_assert_eq!(repair(&after), vec![], "one repair is enough");
    }

    #[test]
    fn a_repair_after_a_cut_ends_where_one_of_the_two_would(
        files in files(), change in change(), slot in slot(), at in any::<proptest::sample::Index>(), written in 0..=1024_usize,
    ) {
        let old = choose(&files);
        let new = change(old.clone(), slot);
        let writes = plan(&files, &new);
        prop_assume!(!writes.is_empty());
        let at = at.index(writes.len());
        let before = writes[..at].iter().fold(files, |files, write| done(&files, write));
        let torn = cut(&before, &writes[at], written);
        let repaired = repair(&torn).iter().fold(torn, |files, repair| done(&files, &repair.write));
        let found = choose(&repaired);
        prop_assert!(found.policy.says_the_same(&old.policy) || found.policy.says_the_same(&new.policy));
        prop_assert!(File::ALL.iter().all(|file| repaired.get(*file).is_some_and(|bytes| bytes.len() == 1024)));
    }

    #[test]
    fn laws_of_the_changes(state in state(), slot in slot()) {
        let trial = state.clone().set_primary(slot);
        prop_assert!(trial.is_good(slot) && trial.is_pending(slot) && trial.primary() == slot);
        let good = state.clone().mark_good(slot);
        prop_assert!(good.is_proven(slot));
        let bad = state.clone().mark_bad(slot);
        prop_assert!(!bad.is_good(slot) && (bad.primary() != slot || !bad.is_good(slot.other())));
        // None touches the other slot's mark or tries.
        for after in [&trial, &good, &bad] {
            prop_assert_eq!(after.policy.mark(slot.other()), state.policy.mark(slot.other()));
            prop_assert_eq!(after.tries.of(slot.other()), state.tries.of(slot.other()));
        }
        prop_assert_eq!(good.clone().mark_good(slot), good);
    }
}
