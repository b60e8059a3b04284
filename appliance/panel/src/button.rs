//! The one button: from a level that bounces to touches with a length. Time is an argument.

use std::time::Duration;

/// Contacts bounce for a few milliseconds; a level counts once it has stood for so long.
pub const STEADY: Duration = Duration::from_millis(30);

/// What the button does at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    Idle,
    /// It is down, for so long already.
    Down {
        held: Duration,
    },
    /// It was let go just now. Told once.
    Up {
        held: Duration,
    },
}

/// Remembers the level of the button.
#[derive(Debug, Clone, Default)]
pub struct Button {
    level: bool,
    level_since: Duration,
    down_since: Option<Duration>,
}

impl Button {
    /// To be called with the level many times a second. `now` never goes back; if it does, nothing is held longer by it.
    pub fn poll(&mut self, is_down: bool, now: Duration) -> Touch {
        if is_down != self.level {
            self.level = is_down;
            self.level_since = now;
        }
        let is_steady = now.saturating_sub(self.level_since) >= STEADY;
        match self.down_since {
            None if self.level && is_steady => self.down_since = Some(self.level_since),
            Some(since) if !self.level && is_steady => {
                self.down_since = None;
                return Touch::Up { held: self.level_since.saturating_sub(since) };
            }
            _ => {}
        }
        match self.down_since {
            // A release that is not steady yet does not lengthen what is held.
            Some(since) => Touch::Down { held: if self.level { now } else { self.level_since }.saturating_sub(since) },
            None => Touch::Idle,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn a_press_is_told_once_with_its_length() {
        let mut button = Button::default();
        assert_eq!(button.poll(true, ms(100)), Touch::Idle);
        assert_eq!(button.poll(true, ms(140)), Touch::Down { held: ms(40) });
        assert_eq!(button.poll(false, ms(300)), Touch::Down { held: ms(200) });
        assert_eq!(button.poll(false, ms(330)), Touch::Up { held: ms(200) });
        assert_eq!(button.poll(false, ms(350)), Touch::Idle);
    }

    #[test]
    fn bouncing_is_no_press() {
        let mut button = Button::default();
        for at in 0..40 {
            assert_eq!(button.poll(at % 2 == 0, ms(at * 5)), Touch::Idle);
        }
    }

    proptest! {
        #[test]
        fn releases_follow_presses_and_are_never_longer(levels in prop::collection::vec((any::<bool>(), 1u64..4000), 1..60)) {
            let mut button = Button::default();
            let (mut now, mut was_down) = (Duration::ZERO, false);
            let mut longest = Duration::ZERO;
            let mut run = Duration::ZERO;
            for (level, length) in levels {
                // The level stands for `length`, looked at every 10 ms.
                for _ in 0..length.div_ceil(10) {
                    now += ms(10);
                    run = if level { run + ms(10) } else { run };
                    longest = longest.max(run);
                    match button.poll(level, now) {
                        Touch::Up { held } => {
                            prop_assert!(was_down);
                            prop_assert!(held <= longest + STEADY * 60);
                            was_down = false;
                            run = Duration::ZERO;
                        }
                        Touch::Down { held } => {
                            prop_assert!(held <= now);
                            was_down = true;
                        }
                        Touch::Idle => prop_assert!(!was_down, "a press ended without being told"),
                    }
                }
            }
        }
    }
}
