//! What the running system decided: which slots are good, and which is tried first.

use crate::{Slot, block};

/// What is known of one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// May be started.
    pub ok: bool,
    /// On trial: was installed, and has not come up well yet.
    pub pending: bool,
}

/// One copy of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Grows with every write; the higher of two whole copies counts. Never 0.
    pub seq: u32,
    /// The slot that is tried first.
    pub first: Slot,
    /// Whether the other slot is tried at all.
    pub has_second: bool,
    pub a: Mark,
    pub b: Mark,
}

impl Policy {
    /// As a new image has it, and as `select.cfg` takes it when there is no policy: A first, and B, once there is something in
    /// it, would do.
    pub fn new(seq: u32) -> Policy {
        let mark = Mark { ok: true, pending: false };
        Policy { seq, first: Slot::A, has_second: true, a: mark, b: mark }
    }

    pub fn mark(&self, slot: Slot) -> Mark {
        match slot {
            Slot::A => self.a,
            Slot::B => self.b,
        }
    }

    pub(crate) fn mark_mut(&mut self, slot: Slot) -> &mut Mark {
        match slot {
            Slot::A => &mut self.a,
            Slot::B => &mut self.b,
        }
    }

    /// The slots that are tried, in this order.
    pub fn order(&self) -> impl Iterator<Item = Slot> {
        [Some(self.first), self.has_second.then(|| self.first.other())].into_iter().flatten()
    }

    /// Whether both say the same of the slots, whatever their numbers.
    pub fn says_the_same(&self, other: &Policy) -> bool {
        Policy { seq: other.seq, ..self.clone() } == *other
    }

    /// The file. It begins and ends with the number, so that a torn one shows.
    pub fn render(&self) -> Vec<u8> {
        let seq = self.seq;
        let order: Vec<&str> = self.order().map(Slot::letter).collect();
        let order = order.join(" ");
        let mut lines = format!("seq={seq}\norder={order}\n");
        for slot in Slot::BOTH {
            lines += &format!("{slot}_ok={}\n", u8::from(self.mark(slot).ok));
        }
        for slot in Slot::BOTH {
            lines += &format!("{slot}_pending={}\n", u8::from(self.mark(slot).pending));
        }
        block::render(&format!("{lines}end={seq}\n"))
    }

    /// A whole copy, read as `select.cfg` reads it: what it does not say is as in a new image. Else what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Policy, String> {
        let pairs = block::parse(bytes)?;
        let value = |name| block::value(&pairs, name);
        let seq = value("seq").unwrap_or_default();
        if value("end") != Some(seq) {
            return Err("is torn: it does not end with the number that it begins with".to_owned());
        }
        let seq = seq.parse().ok().filter(|seq| *seq > 0).ok_or_else(|| format!("has the number {seq:?}"))?;
        let mut policy = Policy::new(seq);
        if let Some(order) = value("order") {
            (policy.first, policy.has_second) = match order.split(' ').collect::<Vec<_>>()[..] {
                ["a", "b"] => (Slot::A, true),
                ["b", "a"] => (Slot::B, true),
                ["a"] => (Slot::A, false),
                ["b"] => (Slot::B, false),
                _ => return Err(format!("has the order {order:?}")),
            };
        }
        let flag = |name: String, usual: bool| match block::value(&pairs, &name) {
            None => Ok(usual),
            Some("0") => Ok(false),
            Some("1") => Ok(true),
            Some(other) => Err(format!("has {name}={other}")),
        };
        for slot in Slot::BOTH {
            let usual = policy.mark(slot);
            *policy.mark_mut(slot) =
                Mark { ok: flag(format!("{slot}_ok"), usual.ok)?, pending: flag(format!("{slot}_pending"), usual.pending)? };
        }
        Ok(policy)
    }
}
