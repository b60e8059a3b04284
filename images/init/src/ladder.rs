//! How far a file system is repaired: step by step, each only when the one before was not enough, and never by making it anew.

/// Checks in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// What can be repaired without asking.
    Preen,
    /// Everything, yes to every question.
    Yes,
    /// The same from the first or the second copy of the superblock.
    Copy(usize),
}

const CHECKS: [Check; 4] = [Check::Preen, Check::Yes, Check::Copy(0), Check::Copy(1)];

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Mount,
    /// Mounts without writing, and takes it off again: says whether it can be read at all.
    Look,
    Check(Check),
    /// It is mounted.
    Done,
    /// It is beyond repair.
    GiveUp,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Mounted(bool),
    Looked(bool),
    /// With the exit code of e2fsck, if it ran.
    Checked(Option<i32>),
}

#[derive(Debug, Default)]
pub struct Ladder {
    has_looked: bool,
    /// So many checks were tried.
    tried: usize,
}

impl Ladder {
    /// What a file system says of itself decides whether it is checked before it is mounted. After a mere loss of power ext4 says that
    /// it is sound: mounting plays its journal back.
    pub fn first(&mut self, is_suspect: bool) -> Act {
        if is_suspect { self.look() } else { Act::Mount }
    }

    pub fn next(&mut self, outcome: Outcome) -> Act {
        match outcome {
            Outcome::Mounted(true) => Act::Done,
            Outcome::Checked(Some(code)) if is_sound(code) => Act::Mount,
            Outcome::Mounted(false) if !self.has_looked => self.look(),
            Outcome::Mounted(false) | Outcome::Looked(_) | Outcome::Checked(_) => self.climb(),
        }
    }

    fn look(&mut self) -> Act {
        self.has_looked = true;
        Act::Look
    }

    fn climb(&mut self) -> Act {
        let check = CHECKS.get(self.tried).copied();
        self.tried += 1;
        check.map_or(Act::GiveUp, Act::Check)
    }
}

/// Exit codes of e2fsck are bits. 1: errors were corrected; 2: restart, meant for a mounted root; from 4 on it is not sound, or no check
/// took place.
pub fn is_sound(code: i32) -> bool {
    code & !3 == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All acts, with e2fsck ending like this in turn, and mounting possible after so many sound ends.
    fn climb(is_suspect: bool, codes: &[Option<i32>], needed: usize) -> Vec<Act> {
        let mut ladder = Ladder::default();
        let (mut codes, mut sound) = (codes.iter(), 0);
        let mut acts = vec![ladder.first(is_suspect)];
        while let Some(act) = acts.last().copied() {
            let outcome = match act {
                Act::Done | Act::GiveUp => break,
                Act::Mount => Outcome::Mounted(sound >= needed),
                Act::Look => Outcome::Looked(false),
                Act::Check(_) => {
                    let code = codes.next().copied().unwrap_or(Some(8));
                    sound += usize::from(code.is_some_and(is_sound));
                    Outcome::Checked(code)
                }
            };
            acts.push(ladder.next(outcome));
            assert!(acts.len() < 20, "it does not end: {acts:?}");
        }
        acts
    }

    #[test]
    fn a_sound_file_system_is_mounted_and_nothing_else() {
        assert_eq!(climb(false, &[], 0), [Act::Mount, Act::Done]);
    }

    #[test]
    fn each_step_follows_when_the_one_before_was_not_enough() {
        use Act::{Done, GiveUp, Look, Mount};
        let [preen, yes, first, second] = CHECKS.map(Act::Check);
        assert_eq!(climb(true, &[Some(1)], 1), [Look, preen, Mount, Done]);
        assert_eq!(climb(true, &[Some(4), Some(1)], 1), [Look, preen, yes, Mount, Done]);
        assert_eq!(climb(false, &[Some(0), Some(1)], 2), [Mount, Look, preen, Mount, yes, Mount, Done]);
        assert_eq!(climb(false, &[Some(8), Some(12), Some(1)], 1), [Mount, Look, preen, yes, first, Mount, Done]);
        assert_eq!(climb(false, &[None; 4], 1), [Mount, Look, preen, yes, first, second, GiveUp]);
    }

    #[test]
    fn codes_are_bits() {
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 8, 16, 32, 128].map(is_sound),
            [true, true, true, true, false, false, false, false, false, false]
        );
    }

    proptest! {
        #[test]
        fn it_ends_mounted_or_with_nothing_left_to_try(is_suspect: bool, codes in prop::collection::vec(any::<Option<i32>>(), 0..6), needed in 0..6_usize) {
            let acts = climb(is_suspect, &codes, needed);
            let checks: Vec<Act> = acts.iter().copied().filter(|act| matches!(act, Act::Check(_))).collect();
            prop_assert!(checks.iter().eq(CHECKS.map(Act::Check)[..checks.len()].iter()), "in order, none twice: {:?}", acts);
            match acts.last() {
                Some(Act::Done) => prop_assert_eq!(acts[acts.len() - 2], Act::Mount),
                Some(Act::GiveUp) => prop_assert_eq!(checks.len(), CHECKS.len()),
                other => prop_assert!(false, "ends with {:?}", other),
            }
        }
    }
}
