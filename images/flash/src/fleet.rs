//! Many media at once: a thread each, none of which can stop another, and one stream of what they tell.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::board::Board;
use crate::job::{self, Ended, Ending, Event, Shop};
use crate::plan::{Plan, Refusal};

/// How often a view may look at its keys and the clock when nothing is told.
const BEAT: Duration = Duration::from_millis(100);

/// What shows the board while the jobs run.
pub trait View {
    /// After each event, with the lane it was of; and now and then without one.
    fn show(&mut self, board: &Board, told: Option<(usize, &Event)>);
    /// Has the technician asked to stop?
    fn wants_stop(&mut self) -> bool {
        false
    }
}

/// Runs every plan to its end, the refused ones at once. Plans and lanes are in the same order.
pub fn run(shop: &Shop, plans: &[Result<Plan, Refusal>], mut board: Board, view: &mut dyn View) -> Board {
    let (tell, told) = channel::<(usize, Event)>();
    thread::scope(|scope| {
        for (lane, plan) in plans.iter().enumerate() {
            let tell = tell.clone();
            match plan {
                Ok(plan) => {
                    scope.spawn(move || {
                        let tell = move |event| {
                            // The receiver outlives every sender.
                            let _ = tell.send((lane, event));
                        };
                        // A fault of ours in one job must not take the others along.
                        let run = std::panic::AssertUnwindSafe(|| job::run(shop, plan, &tell));
                        if std::panic::catch_unwind(run).is_err() {
                            let text = "a fault of this program; the medium cannot be trusted, write it again".to_owned();
                            tell(Event::Ended(Ended { ending: Ending::Failed, text, receipt: None }));
                        }
                    });
                }
                Err(refusal) => {
                    let ended = Ended { ending: Ending::Refused, text: refusal.to_string(), receipt: None };
                    let _ = tell.send((lane, Event::Ended(ended)));
                }
            }
        }
        drop(tell);
        loop {
            let next = told.recv_timeout(BEAT);
            board.tick(shop.world.ticks());
            board.is_stopping = shop.stop.load(std::sync::atomic::Ordering::Relaxed);
            match next {
                Ok((lane, event)) => {
                    board.apply(lane, event.clone());
                    view.show(&board, Some((lane, &event)));
                }
                Err(RecvTimeoutError::Timeout) => view.show(&board, None),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if view.wants_stop() {
                shop.stop.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        }
    });
    board
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::device::fault::{Fake, Faults};
    use crate::sample::{Bench, MEDIUM, MIB, disk, image};

    struct Count(usize);

    impl View for Count {
        fn show(&mut self, _: &Board, told: Option<(usize, &Event)>) {
            self.0 += usize::from(told.is_some());
        }
    }

    #[test]
    fn point_9_media_fail_each_for_itself() {
        let bench = Bench::new(&image(1), Some("0.2.0"), Fake::new(MEDIUM));
        let faults = [
            Faults::default(),
            Faults { write_error: Some(12 * MIB..13 * MIB), ..Faults::default() },
            Faults { wraps_at: Some(16 * MIB), ..Faults::default() },
            Faults::default(),
        ];
        let media: Vec<Arc<Fake>> = faults.into_iter().map(|faults| Arc::new(Fake::with(MEDIUM, faults))).collect();
        let mut plans: Vec<Result<Plan, Refusal>> = (0..media.len())
            .map(|number| {
                let mut plan = bench.plan().unwrap();
                plan.disk = disk(&format!("S-{number}"), MEDIUM);
                Ok(plan)
            })
            .collect();
        plans.push(Err(Refusal::Disk("mounted at /".to_owned())));
        let disks: Vec<_> = (0..5).map(|number| disk(&format!("S-{number}"), MEDIUM)).collect();
        let shop = Shop {
            image: &bench.image,
            world: &bench.world,
            open: &|disk| match disk.serial.as_deref() {
                // One of our own faults.
                Some("S-3") => panic!("on purpose"),
                serial => Ok(Box::new(media[serial.and_then(|serial| serial[2..].parse().ok()).unwrap_or(0_usize)].clone())),
            },
            eject: &|_| Ok(false),
            stop: &AtomicBool::new(false),
            maps: bench.maps(),
            receipts: bench.folder.path().join("receipts"),
            key: &bench.key,
            site: String::new(),
            technician: String::new(),
        };
        let mut view = Count(0);
        let board = run(&shop, &plans, Board::new(disks.iter()), &mut view);
        let endings: Vec<Ending> = board.lanes.iter().map(|lane| lane.ended.as_ref().unwrap().ending).collect();
        assert_eq!(endings, [Ending::Done, Ending::Failed, Ending::Bad, Ending::Failed, Ending::Refused]);
        assert_eq!(board.code(), 6);
        assert!(view.0 > 10);
        let receipts = std::fs::read_dir(&shop.receipts).unwrap();
        assert_eq!(receipts.filter(|entry| entry.as_ref().unwrap().path().extension().unwrap() == "json").count(), 3);
    }
}
