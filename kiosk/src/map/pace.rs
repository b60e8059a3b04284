//! Whether this machine draws fast enough: a weak one draws less while the map moves, so that it never stutters.

/// A frame that takes longer is late on a weak machine: with the window's own drawing and copying it comes near to 50 ms, in microseconds.
const LATE_US: u64 = 12_000;
/// So many late frames among the last [`LOOKED_AT`], and the machine is taken for a slow one.
const LATE_FRAMES: u32 = 3;
/// Frames that are looked back at.
const LOOKED_AT: u32 = 32;
/// So many frames in turn must be far from late before a slow machine is taken for a fast one again.
const CALM_FRAMES: u32 = 240;

/// What the last frames took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// The last frames, a bit each: whether it was late.
    late: u32,
    calm: u32,
    slow: bool,
}

impl Pace {
    /// A frame of a map that moves took so long, in microseconds.
    pub fn took(&mut self, frame_us: u64) {
        self.late = self.late << 1 | u32::from(frame_us > LATE_US);
        self.calm = if frame_us > LATE_US / 4 { 0 } else { self.calm.saturating_add(1) };
        if self.late.count_ones() >= LATE_FRAMES {
            self.slow = true;
        } else if self.calm >= CALM_FRAMES {
            self.slow = false;
        }
    }

    /// Whether frames are to cost less.
    pub fn is_slow(&self) -> bool {
        self.slow
    }
}

const _: () = assert!(LOOKED_AT == u32::BITS);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hiccup_makes_no_machine_slow_and_three_do() {
        let mut pace = Pace::default();
        for _ in 0..20 {
            pace.took(90_000);
            (0..LOOKED_AT).for_each(|_| pace.took(2_000));
        }
        assert!(!pace.is_slow());
        (0..LATE_FRAMES).for_each(|_| pace.took(LATE_US + 1));
        assert!(pace.is_slow());
        // Coarse frames are fast: that alone does not make it a fast machine.
        (0..CALM_FRAMES).for_each(|_| pace.took(LATE_US / 2));
        assert!(pace.is_slow());
        (0..CALM_FRAMES).for_each(|_| pace.took(LATE_US / 5));
        assert!(!pace.is_slow());
    }
}
