//! How often somebody may try a wrong follow-up code.
//!
//! A code has 55 random bits; the limit keeps a patient guesser at one in 2^38 per try in a town of 100,000 reports from becoming
//! a fast one. Only wrong codes count, so nobody who has the right one is ever held up by their own look-ups.

use std::collections::BTreeMap;

use store::fact::UnixMs;

use crate::peer::PeerKey;

/// Peers remembered at most; beyond that the fullest stay, so that a flood of addresses cannot fill the memory.
const PEERS_MAX: usize = 10_000;
const MINUTE_MS: u64 = 60_000;

/// Wrong tries so far, as leaking buckets: each minute lets as many drain as are allowed a minute.
#[derive(Debug)]
pub struct Guesses {
    per_peer: u32,
    all: u32,
    peers: BTreeMap<PeerKey, Bucket>,
    everybody: Bucket,
}

/// Fill in try-milliseconds: one try is worth [`MINUTE_MS`], and `rate` of them drain in each millisecond.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    fill: u64,
    at_ms: UnixMs,
}

impl Bucket {
    /// What is left after the time that went by. A clock that went back drains nothing.
    fn drained(self, rate: u32, now_ms: UnixMs) -> Bucket {
        let gone = now_ms.saturating_sub(self.at_ms).saturating_mul(u64::from(rate));
        Bucket { fill: self.fill.saturating_sub(gone), at_ms: now_ms }
    }

    fn is_full(self, rate: u32) -> bool {
        self.fill.saturating_add(MINUTE_MS) > u64::from(rate) * MINUTE_MS
    }
}

impl Guesses {
    /// `per_peer` and `all`: wrong tries per minute.
    pub fn new(per_peer: u32, all: u32) -> Guesses {
        Guesses { per_peer, all, peers: BTreeMap::new(), everybody: Bucket::default() }
    }

    /// Whether this peer may try a code now.
    pub fn may_try(&mut self, peer: &PeerKey, now_ms: UnixMs) -> bool {
        // After a clock that ran ahead was set right, what is left drains from now on, not from when that time comes.
        self.everybody.at_ms = self.everybody.at_ms.min(now_ms);
        let own = self.peers.get_mut(peer).map_or_else(Bucket::default, |own| {
            own.at_ms = own.at_ms.min(now_ms);
            own.drained(self.per_peer, now_ms)
        });
        !own.is_full(self.per_peer) && !self.everybody.drained(self.all, now_ms).is_full(self.all)
    }

    /// The code that this peer tried was wrong.
    pub fn wrong(&mut self, peer: PeerKey, now_ms: UnixMs) {
        let own = self.peers.entry(peer).or_default();
        *own = own.drained(self.per_peer, now_ms);
        own.fill = own.fill.saturating_add(MINUTE_MS);
        self.everybody = self.everybody.drained(self.all, now_ms);
        self.everybody.fill = self.everybody.fill.saturating_add(MINUTE_MS);
        if self.peers.len() > PEERS_MAX {
            self.forget(now_ms);
        }
    }

    /// Forgets peers whose wrong tries are past; answers how many are still remembered.
    pub fn forget(&mut self, now_ms: UnixMs) -> usize {
        let rate = self.per_peer;
        self.peers.retain(|_, bucket| bucket.drained(rate, now_ms).fill > 0);
        if self.peers.len() > PEERS_MAX {
            let mut fills: Vec<u64> = self.peers.values().map(|bucket| bucket.fill).collect();
            fills.sort_unstable();
            let floor = fills.get(fills.len() - PEERS_MAX / 2).copied().unwrap_or_default();
            self.peers.retain(|_, bucket| bucket.fill > floor);
        }
        self.peers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_wrong_codes_a_minute_and_then_a_wait() {
        let mut guesses = Guesses::new(10, 25);
        let (anna, bo, carla) = (PeerKey::User(1), PeerKey::User(2), PeerKey::User(3));
        for _ in 0..10 {
            assert!(guesses.may_try(&anna, 1000));
            guesses.wrong(anna, 1000);
        }
        assert!(!guesses.may_try(&anna, 1000));
        assert!(guesses.may_try(&bo, 1000), "somebody else is not held up");
        assert!(!guesses.may_try(&anna, 6_999), "a tenth of a minute lets one drain");
        assert!(guesses.may_try(&anna, 7_000));
        assert!(guesses.may_try(&anna, 120_000));
        for _ in 0..10 {
            guesses.wrong(bo, 1000);
        }
        for _ in 0..5 {
            guesses.wrong(carla, 1000);
        }
        assert!(!guesses.may_try(&PeerKey::User(4), 1000), "all together");
        assert!(!guesses.may_try(&anna, 0), "a clock set back opens nothing");
    }

    #[test]
    fn a_clock_that_ran_ahead_keeps_nobody_out_for_ever() {
        let mut guesses = Guesses::new(10, 10);
        let anna = PeerKey::User(1);
        let ahead = 4_070_908_800_000;
        (0..10).for_each(|_| guesses.wrong(anna, ahead));
        assert!(!guesses.may_try(&anna, ahead));
        assert!(!guesses.may_try(&anna, 1000), "a clock set back opens nothing");
        assert!(guesses.may_try(&anna, 1000 + MINUTE_MS), "and a minute later the tries are past");
    }

    #[test]
    fn the_past_is_forgotten_and_a_flood_of_peers_is_bounded() {
        let mut guesses = Guesses::new(10, 1_000_000);
        for peer in 0..25_000 {
            guesses.wrong(PeerKey::User(peer), 1000);
        }
        assert!(guesses.peers.len() <= PEERS_MAX + 1);
        assert_eq!(guesses.forget(1000 + MINUTE_MS), 0);
    }
}
