//! What the map does after a finger has left it: it glides on and comes to rest, and it eases to another zoom.
//!
//! Arithmetic only: the caller says how much time has passed, and moves the window by what comes out.

use std::collections::VecDeque;

/// Steps of the arithmetic, so that a slow machine glides as far as a fast one.
const STEP_MS: u32 = 8;
/// A glide is at 37 % of its speed after this long.
const GLIDE_MS: f32 = 325.0;
/// Slower than this a finger has put the map down, it has not flicked it; in pixels a second.
const FLICK_FROM: f32 = 200.0;
/// No flick is faster: the town is small.
const FLICK_TO: f32 = 4000.0;
/// At this speed a glide has come to rest; in pixels a second.
const REST: f32 = 15.0;
/// The last part of a drag that says how fast the finger was when it left.
const TRAIL_MS: u64 = 90;
/// A change of zoom takes about this long.
const ZOOM_MS: f32 = 200.0;

/// What a step of time does to the window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moved {
    /// To the right and down, in pixels, as a finger drags the map.
    pub pan_px: (f32, f32),
    /// Steps of zoom, and the pixel that stays where it is.
    pub zoom: Option<(f64, (f32, f32))>,
}

/// The map's own motion.
#[derive(Debug, Clone, Default)]
pub struct Motion {
    /// Drags of the last moments: when, in milliseconds, and how far.
    trail: VecDeque<(u64, f32, f32)>,
    /// Speed of the glide in pixels a second.
    glide: (f32, f32),
    /// Steps of zoom still to go, those of all, and the pixel that stays where it is.
    zoom: Option<(f64, f64, (f32, f32))>,
    /// Time that has passed and is less than a step.
    rest_ms: u32,
}

impl Motion {
    /// A finger came down: everything stands still.
    pub fn hold(&mut self) {
        *self = Motion::default();
    }

    /// A finger dragged the map, at this time.
    pub fn drag(&mut self, now_ms: u64, dx: f32, dy: f32) {
        self.glide = (0.0, 0.0);
        self.zoom = None;
        self.trail.push_back((now_ms, dx, dy));
        while self.trail.front().is_some_and(|(at, ..)| now_ms.saturating_sub(*at) > TRAIL_MS) {
            self.trail.pop_front();
        }
    }

    /// The finger left: the map goes on at its speed, if it had one.
    pub fn release(&mut self, now_ms: u64) {
        let trail = std::mem::take(&mut self.trail);
        let fresh = || trail.iter().filter(|(at, ..)| now_ms.saturating_sub(*at) <= TRAIL_MS);
        let Some(since_ms) = fresh().map(|(at, ..)| now_ms.saturating_sub(*at)).max() else { return };
        // A finger that rested before it left has no speed, however far it came.
        let seconds = (since_ms.max(u64::from(STEP_MS) * 2)) as f32 / 1000.0;
        let (dx, dy) = fresh().fold((0.0, 0.0), |sum, (_, dx, dy)| (sum.0 + dx, sum.1 + dy));
        let speed = (dx / seconds).hypot(dy / seconds);
        if speed.is_finite() && speed >= FLICK_FROM {
            let slower = (FLICK_TO / speed).min(1.0) / seconds;
            self.glide = (dx * slower, dy * slower);
        }
    }

    /// Zooms by so many steps, little by little. A zoom still on its way is added to it.
    pub fn zoom(&mut self, steps: f64, anchor_px: (f32, f32)) {
        self.glide = (0.0, 0.0);
        let left = self.zoom.map_or(0.0, |(left, ..)| left) + steps;
        self.zoom = (left.is_finite() && left != 0.0).then_some((left, left, anchor_px));
    }

    /// Whether the next step of time moves something.
    pub fn moves(&self) -> bool {
        self.glide != (0.0, 0.0) || self.zoom.is_some()
    }

    /// Lets time pass.
    pub fn pass(&mut self, elapsed_ms: u32) -> Moved {
        let mut moved = Moved::default();
        let time_ms = self.rest_ms.saturating_add(elapsed_ms).min(1000);
        self.rest_ms = time_ms % STEP_MS;
        for _ in 0..time_ms / STEP_MS {
            let seconds = STEP_MS as f32 / 1000.0;
            moved.pan_px.0 += self.glide.0 * seconds;
            moved.pan_px.1 += self.glide.1 * seconds;
            let slower = (-(STEP_MS as f32) / GLIDE_MS).exp();
            self.glide = (self.glide.0 * slower, self.glide.1 * slower);
            if self.glide.0.hypot(self.glide.1) < REST {
                self.glide = (0.0, 0.0);
            }
            if let Some((left, whole, anchor)) = self.zoom {
                // Fast at first, then slower: a finger's tap is answered at once. The last bit is taken in one.
                let wanted = left * 0.06 + whole * f64::from(STEP_MS as f32 / ZOOM_MS) * 0.5;
                let part = if left.abs() < 0.02 { left } else { wanted.clamp(-left.abs(), left.abs()) };
                let done = moved.zoom.map_or(0.0, |(steps, _)| steps);
                moved.zoom = Some((done + part, anchor));
                self.zoom = (left != part).then_some((left - part, whole, anchor));
            }
        }
        if !self.moves() {
            self.rest_ms = 0;
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn flick(speed: f32) -> Motion {
        let mut motion = Motion::default();
        for at in 0..20u64 {
            motion.drag(at * 8, speed * 0.008, 0.0);
        }
        motion.release(160);
        motion
    }

    fn all(motion: &mut Motion, tick_ms: u32) -> (f32, u32) {
        let (mut sum, mut time) = (0.0, 0);
        while motion.moves() && time < 60_000 {
            sum += motion.pass(tick_ms).pan_px.0;
            time += tick_ms;
        }
        (sum, time)
    }

    #[test]
    fn a_flick_glides_as_far_on_a_slow_machine_as_on_a_fast_one_and_comes_to_rest() {
        let (fast, time) = all(&mut flick(1000.0), 8);
        let (slow, _) = all(&mut flick(1000.0), 48);
        assert!((fast - slow).abs() < 1.0, "{fast} {slow}");
        assert!((250.0..400.0).contains(&fast), "speed times 325 ms: {fast}");
        assert!(time < 2500, "{time}");
    }

    #[test]
    fn a_finger_that_rests_or_creeps_puts_the_map_down() {
        let mut motion = Motion::default();
        for at in 0..20u64 {
            motion.drag(at * 8, 20.0, 0.0);
        }
        motion.release(500);
        assert!(!motion.moves(), "it rested");
        assert!(!flick(100.0).moves(), "it crept");
        let mut motion = flick(1000.0);
        motion.hold();
        assert!(!motion.moves(), "a finger stops it");
    }

    #[test]
    fn a_zoom_arrives_exactly_within_a_third_of_a_second() {
        for (steps, tick) in [(1.0, 16), (-1.0, 16), (2.5, 50), (0.01, 16)] {
            let mut motion = Motion::default();
            motion.zoom(steps, (10.0, 20.0));
            let (mut sum, mut time) = (0.0, 0);
            while motion.moves() {
                let moved = motion.pass(tick);
                if let Some((part, anchor)) = moved.zoom {
                    assert_eq!(anchor, (10.0, 20.0));
                    assert!(part * steps >= 0.0, "never back");
                    sum += part;
                }
                time += tick;
                assert!(time <= 350, "{steps}: {time} ms");
            }
            assert!((sum - steps).abs() < 1e-9, "{steps}: {sum}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_it_stays_finite_and_ends(
            drags in prop::collection::vec((0u64..1000, -1e6f32..1e6, -1e6f32..1e6), 0..30),
            zooms in prop::collection::vec(-8f64..8.0, 0..4),
            tick in 1u32..2000,
        ) {
            let mut motion = Motion::default();
            for (at, dx, dy) in drags {
                motion.drag(at, dx, dy);
            }
            motion.release(1000);
            let before = motion.glide;
            prop_assert!(before.0.hypot(before.1) <= FLICK_TO * 1.01);
            for steps in zooms {
                motion.zoom(steps, (0.0, 0.0));
            }
            let mut time = 0u64;
            while motion.moves() {
                let moved = motion.pass(tick);
                prop_assert!(moved.pan_px.0.is_finite() && moved.pan_px.1.is_finite());
                time += u64::from(tick);
                prop_assert!(time < 10_000 + 2000, "it never ends");
            }
        }
    }
}
