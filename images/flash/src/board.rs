//! The state of all jobs as a board: a lane each, folded from their events. How fast and how long still, over the last seconds only.

use std::collections::VecDeque;
use std::time::Duration;

use crate::inventory::Disk;
use crate::job::{Ended, Ending, Event};

/// Speed is that of so long a time: long enough to be calm, short enough to notice a medium that gets slow.
const WINDOW: Duration = Duration::from_secs(10);

/// A lane shows no estimate before it has moved for so long.
const SETTLED: Duration = Duration::from_secs(2);

#[derive(Debug, Clone)]
pub struct Lane {
    pub name: String,
    pub model: String,
    pub serial: String,
    pub bytes: u64,
    pub phase: &'static str,
    pub total: Option<u64>,
    pub done: u64,
    pub notes: Vec<String>,
    pub ended: Option<Ended>,
    window: VecDeque<(Duration, u64)>,
    since: Duration,
}

#[derive(Debug, Clone, Default)]
pub struct Board {
    pub lanes: Vec<Lane>,
    pub now: Duration,
    pub is_stopping: bool,
}

impl Board {
    pub fn new<'a>(disks: impl Iterator<Item = &'a Disk>) -> Board {
        let lane = |disk: &Disk| Lane {
            name: disk.name.clone(),
            model: disk.model.clone(),
            serial: disk.serial_or_none().to_owned(),
            bytes: disk.bytes,
            phase: "wait",
            total: None,
            done: 0,
            notes: Vec::new(),
            ended: None,
            window: VecDeque::new(),
            since: Duration::ZERO,
        };
        Board { lanes: disks.map(lane).collect(), ..Board::default() }
    }

    /// Time only goes up.
    pub fn tick(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    pub fn apply(&mut self, lane: usize, event: Event) {
        let now = self.now;
        let Some(lane) = self.lanes.get_mut(lane) else { return };
        match event {
            Event::Phase { name, bytes } => {
                lane.phase = name;
                lane.total = bytes;
                lane.done = 0;
                lane.since = now;
                lane.window = VecDeque::from([(now, 0)]);
            }
            Event::At { bytes } => {
                lane.done = bytes;
                lane.window.push_back((now, bytes));
                while lane.window.len() > 2 && lane.window.get(1).is_some_and(|(at, _)| *at + WINDOW <= now) {
                    lane.window.pop_front();
                }
            }
            Event::Note { text } => lane.notes.push(text),
            Event::Ended(ended) => lane.ended = Some(ended),
        }
    }

    pub fn is_over(&self) -> bool {
        self.lanes.iter().all(|lane| lane.ended.is_some())
    }

    /// That of the worst; a board without lanes is done.
    pub fn code(&self) -> u8 {
        self.lanes
            .iter()
            .map(|lane| lane.ended.as_ref().map_or(Ending::Failed, |ended| ended.ending))
            .max()
            .map_or(0, Ending::code)
    }
}

impl Lane {
    /// Bytes a second over the window, up to now.
    pub fn speed(&self, now: Duration) -> Option<u64> {
        let (from, first) = *self.window.front()?;
        let spent = now.saturating_sub(from);
        if now.saturating_sub(self.since) < SETTLED || spent.is_zero() {
            return None;
        }
        let moved = u128::from(self.done.saturating_sub(first));
        u64::try_from(moved * 1000 / spent.as_millis().max(1)).ok()
    }

    /// Seconds until the phase is over, if it goes on like this.
    pub fn rest(&self, now: Duration) -> Option<u64> {
        let speed = self.speed(now).filter(|speed| *speed > 0)?;
        Some(self.total?.saturating_sub(self.done).div_ceil(speed))
    }

    /// Of a thousand.
    pub fn permille(&self) -> Option<u16> {
        let total = self.total.filter(|total| *total > 0)?;
        u16::try_from(u128::from(self.done.min(total)) * 1000 / u128::from(total)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::disk;

    const MB: u64 = 1_000_000;

    #[test]
    fn point_13_the_estimate_is_that_of_the_last_seconds() {
        let mut board = Board::new([disk("A", 1000 * MB)].iter());
        board.apply(0, Event::Phase { name: "write", bytes: Some(1000 * MB) });
        let mut done = 0;
        let mut go = |board: &mut Board, seconds: u64, speed: u64| {
            for _ in 0..seconds {
                done += speed;
                board.tick(board.now + Duration::from_secs(1));
                board.apply(0, Event::At { bytes: done });
            }
        };
        go(&mut board, 1, 40 * MB);
        assert_eq!(board.lanes[0].rest(board.now), None, "too early to tell");
        go(&mut board, 9, 40 * MB);
        assert_eq!(board.lanes[0].rest(board.now), Some(15));
        // The stick's fast cache is full: the first seconds must not count any longer.
        go(&mut board, 15, 5 * MB);
        assert_eq!(board.lanes[0].speed(board.now), Some(5 * MB));
        assert_eq!(board.lanes[0].rest(board.now), Some(105));
        // It hangs: the speed falls with time, although nothing is told.
        board.tick(board.now + Duration::from_secs(40));
        assert_eq!(board.lanes[0].speed(board.now), Some(MB));
        board.tick(Duration::ZERO);
        assert_eq!(board.lanes[0].permille(), Some(475));
    }

    #[test]
    fn point_9_the_exit_code_is_that_of_the_worst() {
        let disks = [disk("A", 1), disk("B", 1), disk("C", 1)];
        let mut board = Board::new(disks.iter());
        let end = |ending| Event::Ended(Ended { ending, text: String::new(), receipt: None });
        board.apply(0, end(Ending::Done));
        board.apply(2, end(Ending::Done));
        assert!(!board.is_over());
        for (ending, code) in
            [(Ending::Done, 0), (Ending::Refused, 3), (Ending::Stopped, 4), (Ending::Failed, 5), (Ending::Bad, 6)]
        {
            board.apply(1, end(ending));
            assert_eq!((board.is_over(), board.code()), (true, code));
        }
    }
}
