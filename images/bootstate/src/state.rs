//! What the files say together, what is to be said next, and the writes from one to the other.

use std::fmt;

use crate::{GOOD_MAX, Policy, Slot, TRIAL_MAX, Tries};

/// The highest number that two more can follow.
const SEQ_MAX: u32 = u32::MAX - 2;

/// One of the three files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum File {
    Tries,
    Policy1,
    Policy2,
}

impl File {
    pub const ALL: [File; 3] = [File::Tries, File::Policy1, File::Policy2];

    /// Its path on the EFI partition.
    pub fn path(self) -> &'static str {
        match self {
            File::Tries => "wegovnow/tries",
            File::Policy1 => "wegovnow/policy1",
            File::Policy2 => "wegovnow/policy2",
        }
    }

    /// What a new image has in it.
    pub fn new_image(self) -> Vec<u8> {
        match self {
            File::Tries => Tries::default().render(),
            File::Policy1 => Policy::new(1).render(),
            File::Policy2 => Policy::new(2).render(),
        }
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path())
    }
}

/// What is on the partition; none is a file that is missing or cannot be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    pub tries: Option<Vec<u8>>,
    pub policy1: Option<Vec<u8>>,
    pub policy2: Option<Vec<u8>>,
}

impl Files {
    pub fn get(&self, file: File) -> Option<&[u8]> {
        match file {
            File::Tries => self.tries.as_deref(),
            File::Policy1 => self.policy1.as_deref(),
            File::Policy2 => self.policy2.as_deref(),
        }
    }

    pub fn set(&mut self, file: File, bytes: Option<Vec<u8>>) {
        match file {
            File::Tries => self.tries = bytes,
            File::Policy1 => self.policy1 = bytes,
            File::Policy2 => self.policy2 = bytes,
        }
    }

    fn policy(&self, file: File) -> Result<Policy, String> {
        self.get(file).ok_or_else(|| "is missing".to_owned()).and_then(Policy::parse)
    }

    fn tries(&self) -> Result<Tries, String> {
        self.get(File::Tries).ok_or_else(|| "is missing".to_owned()).and_then(Tries::parse)
    }
}

/// What GRUB will find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub policy: Policy,
    pub tries: Tries,
}

/// The newest whole policy, of two with one number the first, as `select.cfg` has it; what a new image has where there is none.
pub fn choose(files: &Files) -> State {
    let policy = match (files.policy(File::Policy1), files.policy(File::Policy2)) {
        (Ok(first), Ok(second)) => Some(if second.seq > first.seq { second } else { first }),
        (Ok(one), Err(_)) | (Err(_), Ok(one)) => Some(one),
        (Err(_), Err(_)) => None,
    };
    State { policy: policy.unwrap_or_else(|| Policy::new(1)), tries: files.tries().unwrap_or_default() }
}

impl State {
    /// Whether GRUB would start the slot if there is a kernel in it: RAUC's sense of good.
    pub fn is_good(&self, slot: Slot) -> bool {
        let mark = self.policy.mark(slot);
        let max = if mark.pending { TRIAL_MAX } else { GOOD_MAX };
        self.policy.order().any(|one| one == slot) && mark.ok && self.tries.of(slot) < max
    }

    /// Good, and came up well before.
    pub fn is_proven(&self, slot: Slot) -> bool {
        self.is_good(slot) && !self.policy.mark(slot).pending
    }

    pub fn is_pending(&self, slot: Slot) -> bool {
        self.policy.mark(slot).pending
    }

    /// The slot that is started next if there is a kernel in it; that which is tried first when none is good.
    pub fn primary(&self) -> Slot {
        self.policy.order().find(|slot| self.is_good(*slot)).unwrap_or(self.policy.first)
    }

    /// The slot was just installed: it comes first, on trial.
    #[must_use]
    pub fn set_primary(mut self, slot: Slot) -> State {
        self.policy.first = slot;
        self.policy.has_second = true;
        let mark = self.policy.mark_mut(slot);
        (mark.ok, mark.pending) = (true, true);
        self.tries.clear(slot);
        self
    }

    /// The slot came up well.
    #[must_use]
    pub fn mark_good(mut self, slot: Slot) -> State {
        self.policy.has_second = true;
        let mark = self.policy.mark_mut(slot);
        (mark.ok, mark.pending) = (true, false);
        self.tries.clear(slot);
        self.tries.exhausted = false;
        self
    }

    /// The slot is not started again until something is installed in it.
    #[must_use]
    pub fn mark_bad(mut self, slot: Slot) -> State {
        let mark = self.policy.mark_mut(slot);
        (mark.ok, mark.pending) = (false, false);
        self.tries.clear(slot);
        self
    }
}

/// A file that is written over in place, whole, and flushed before the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    pub file: File,
    pub bytes: Vec<u8>,
}

/// The writes that make the files say `new`. Tries go first: none is harmless with the old policy and with the new. Then the
/// copy of the policy that does not count, then the one that does: whenever it stops, the old or the new policy counts.
pub fn plan(files: &Files, new: &State) -> Vec<Write> {
    let mut writes = Vec::new();
    if files.tries() != Ok(new.tries) {
        writes.push(Write { file: File::Tries, bytes: new.tries.render() });
    }
    let copies = [files.policy(File::Policy1), files.policy(File::Policy2)];
    let is_said = |copy: &Result<Policy, String>| copy.as_ref().is_ok_and(|policy| policy.says_the_same(&new.policy));
    if !copies.iter().all(is_said) {
        let older = match &copies {
            [Ok(first), Ok(second)] if second.seq > first.seq => File::Policy1,
            [Ok(_), _] => File::Policy2,
            [Err(_), _] => File::Policy1,
        };
        let newer = if older == File::Policy1 { File::Policy2 } else { File::Policy1 };
        let newest = copies.iter().flatten().map(|policy| policy.seq).max().unwrap_or(0);
        // Numbers that are used up begin anew: until the second write the old copy counts, after it the new one.
        let seq = if newest > SEQ_MAX { 0 } else { newest };
        for (file, seq) in [(older, seq + 1), (newer, seq + 2)] {
            writes.push(Write { file, bytes: Policy { seq, ..new.policy.clone() }.render() });
        }
    }
    writes
}

/// A file that is written anew, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    pub why: String,
    pub write: Write,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: written anew", self.write.file, self.why)
    }
}

/// What must be written anew so that all files are whole and say what counts now.
pub fn repair(files: &Files) -> Vec<Repair> {
    let state = choose(files);
    let mut repairs = Vec::new();
    let mut again = |file, why: String, bytes| repairs.push(Repair { why, write: Write { file, bytes } });
    match files.tries() {
        Err(why) => again(File::Tries, why, state.tries.render()),
        // GRUB writes all three, in whatever order it found them.
        Ok(tries) if ["a_tries=", "b_tries=", "exhausted="].iter().any(|name| !contains(files.get(File::Tries), name)) => {
            again(File::Tries, "does not say everything".to_owned(), tries.render());
        }
        Ok(_) => {}
    }
    // The counting copy is the last to be written over: while another is torn, it is the only one.
    let mut copies = [File::Policy1, File::Policy2].map(|file| (file, files.policy(file)));
    copies.sort_by_key(|(_, copy)| copy.as_ref().is_ok_and(|copy| *copy == state.policy));
    let wrong = copies.map(|(file, copy)| {
        let why = match copy {
            Err(why) => Some(why),
            Ok(policy) if !policy.says_the_same(&state.policy) => Some("was left behind by a write that was cut off".to_owned()),
            Ok(policy) if files.get(file) != Some(&policy.render()[..]) => Some("is not as we write it".to_owned()),
            Ok(_) => None,
        };
        (file, why)
    });
    let is_used_up = state.policy.seq > SEQ_MAX;
    let count = wrong.iter().filter(|(_, why)| why.is_some()).count();
    let mut seq = if is_used_up { 0 } else { state.policy.seq };
    for (file, why) in wrong {
        // Where numbers begin anew, both copies have to.
        let why = why.or_else(|| (is_used_up && count > 0).then(|| "has the last number there is".to_owned()));
        if let Some(why) = why {
            // A number of its own, so that a torn write shows here too.
            seq += 1;
            again(file, why, Policy { seq, ..state.policy.clone() }.render());
        }
    }
    repairs
}

fn contains(bytes: Option<&[u8]>, name: &str) -> bool {
    bytes.is_some_and(|bytes| bytes.windows(name.len()).any(|window| window == name.as_bytes()))
}
