//! How long the kiosk waits for people, within what the rules of the field allow; the warning before everything is wiped.

use std::ops::RangeInclusive;

use super::{Effect, Screen, State};

/// Without a touch for so long, the warning appears, if nothing else is set.
pub const IDLE_MS: u64 = 120_000;
/// The warning stays so long, if nothing else is set; then everything is wiped.
pub const WARNING_MS: u64 = 30_000;
/// The page after "Finish" clears by itself after so long, if nothing else is set.
pub const FINISHED_MS: u64 = 12_000;
/// A second identical step within this time is a slip of the finger, if nothing else is set.
const STRIKE_MS: u64 = 500;

/// Times that whoever puts the kiosk up may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Without a touch for so long, the warning appears.
    pub idle_ms: u64,
    /// The warning stays so long, then everything is wiped.
    pub warning_ms: u64,
    /// The page after "Finish" clears by itself after so long.
    pub finished_ms: u64,
    /// The same step again within this time counts once (EN 301 549, 5.8); none is 0.
    pub strike_ms: u64,
    /// The same key of the screen's keyboard again within this time counts once; none is 0, for "oo" is typed quickly.
    pub key_strike_ms: u64,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { idle_ms: IDLE_MS, warning_ms: WARNING_MS, finished_ms: FINISHED_MS, strike_ms: STRIKE_MS, key_strike_ms: 0 }
    }
}

impl Patience {
    /// VVSG 2.0: two to five minutes.
    pub const IDLE_S: RangeInclusive<u64> = 120..=300;
    /// VVSG 2.0: at most 45 s; WCAG 2.2.1: at least 20 s.
    pub const WARNING_S: RangeInclusive<u64> = 20..=45;
    /// Long enough to read two lines, short enough for the next one.
    pub const FINISHED_S: RangeInclusive<u64> = 10..=15;
    /// EN 301 549, 5.8: adjustable up to at least half a second.
    pub const STRIKE_MS: RangeInclusive<u64> = 0..=2_000;
}

impl State {
    /// Seconds until everything is wiped, in the second half of the warning only: to see them run from the start would put those who
    /// are slow under stress.
    pub fn countdown_s(&self) -> Option<u32> {
        self.session.warning_s.filter(|left_s| u64::from(*left_s) * 2_000 <= self.patience.warning_ms)
    }
}

/// Warns and wipes when nobody touches the screen any more.
pub fn tick(state: &mut State) -> Vec<Effect> {
    let (now_ms, patience) = (state.now_ms, state.patience);
    let session = &mut state.session;
    if session.screen == Screen::Finished {
        return if now_ms.saturating_sub(session.finished_ms) >= patience.finished_ms { state.wipe() } else { Vec::new() };
    }
    let idle_ms = now_ms.saturating_sub(session.touched_ms);
    if !session.started || idle_ms < patience.idle_ms {
        return Vec::new();
    }
    let end_ms = patience.idle_ms + patience.warning_ms;
    if idle_ms >= end_ms {
        return state.wipe();
    }
    session.warning_s = Some((end_ms - idle_ms).div_ceil(1000) as u32);
    Vec::new()
}
