//! Hybrid logical clocks (Kulkarni et al., "Logical Physical Clocks", 2014): wall-clock time that never goes back and orders what one
//! box did after what it had seen.
//!
//! A stamp is 48 bits of milliseconds and 16 bits of counter. A box whose clock fell back to 1970 goes on counting from the last
//! stamp it made or saw; a box whose clock ran ahead does not drag others along: a stamp more than [`AHEAD_MAX_MS`] ahead of the
//! receiver's clock is kept and shown, but does not move the receiver's clock.

use serde::{Deserialize, Serialize};

/// How far ahead of the local clock a remote stamp may pull it: ten minutes.
pub const AHEAD_MAX_MS: u64 = 10 * 60 * 1000;

const MS_MAX: u64 = (1 << 48) - 1;

/// A hybrid logical time stamp. Larger is later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Hlc(pub u64);

impl Hlc {
    /// A stamp of its parts; milliseconds past the year 10889 are held there.
    pub fn new(ms: u64, counter: u16) -> Hlc {
        Hlc(ms.min(MS_MAX) << 16 | u64::from(counter))
    }

    /// Milliseconds since 1970.
    pub fn ms(self) -> u64 {
        self.0 >> 16
    }
}

/// A box's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct HlcClock {
    last: Hlc,
}

impl HlcClock {
    /// A clock that goes on after `last`.
    pub fn after(last: Hlc) -> HlcClock {
        HlcClock { last }
    }

    /// The last stamp made or taken over.
    pub fn last(&self) -> Hlc {
        self.last
    }

    /// A stamp for something that happens now: later than every stamp this clock knows of, whatever the wall clock says.
    pub fn tick(&mut self, now_ms: u64) -> Hlc {
        let wall = Hlc::new(now_ms, 0);
        // A full counter carries into the milliseconds, which is still later.
        self.last = if wall > self.last { wall } else { Hlc(self.last.0.saturating_add(1)) };
        self.last
    }

    /// Takes notice of a remote stamp. Answers whether it moved within bounds; a stamp out of bounds changes nothing here.
    pub fn receive(&mut self, remote: Hlc, now_ms: u64) -> bool {
        let trusted = remote.ms() <= now_ms.max(self.last.ms()).saturating_add(AHEAD_MAX_MS);
        if trusted {
            self.last = self.last.max(remote);
        }
        trusted
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn stamps_only_grow_whatever_the_wall_clock_does(walls in prop::collection::vec(any::<u64>(), 1..200)) {
            let mut clock = HlcClock::default();
            let mut last = Hlc::default();
            for wall in walls {
                let stamp = clock.tick(wall % (MS_MAX + 1));
                prop_assert!(stamp > last || stamp.0 == u64::MAX);
                last = stamp;
            }
        }
    }

    #[test]
    fn a_box_from_2099_does_not_drag_others_along() {
        let now = 1_700_000_000_000;
        let mut clock = HlcClock::after(Hlc::new(now, 0));
        assert!(!clock.receive(Hlc::new(4_070_908_800_000, 0), now));
        assert_eq!(clock.tick(now + 1).ms(), now + 1);
        assert!(clock.receive(Hlc::new(now + AHEAD_MAX_MS, 7), now));
        assert!(clock.tick(now + 2) > Hlc::new(now + AHEAD_MAX_MS, 7));
    }

    #[test]
    fn a_box_back_in_1970_goes_on_counting() {
        let mut clock = HlcClock::after(Hlc::new(1_700_000_000_000, 0xFFFF));
        let first = clock.tick(0);
        let second = clock.tick(5);
        assert!(Hlc::new(1_700_000_000_000, 0xFFFF) < first && first < second);
    }
}
