//! Push: what changed, to everyone who listens.
//!
//! A subscriber that reads too slowly loses the oldest notices and gets one [`What::Missed`] in their place; it then reads
//! everything again. So a slow or dead subscriber holds nothing up and costs a bounded amount of memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use api::{Change, What};
use futures_util::Stream;
use store::id::{ReportId, StaffId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio_util::sync::CancellationToken;

/// The place where changes are told and heard.
#[derive(Clone)]
pub struct Changes {
    tell: broadcast::Sender<Change>,
    last: Arc<AtomicU64>,
    seats: Arc<Semaphore>,
}

/// A subscription; it ends when dropped.
pub struct Subscriber {
    hear: broadcast::Receiver<Change>,
    last: Arc<AtomicU64>,
    _seat: OwnedSemaphorePermit,
}

impl Changes {
    /// `after`: the number of the last change before this start. `notices`: how many a subscriber may be behind.
    pub fn new(after: u64, subscribers: usize, notices: usize) -> Changes {
        let (tell, _) = broadcast::channel(notices);
        Changes { tell, last: Arc::new(AtomicU64::new(after)), seats: Arc::new(Semaphore::new(subscribers)) }
    }

    /// Number of the last change told.
    pub fn last(&self) -> u64 {
        self.last.load(Ordering::Acquire)
    }

    /// Tells everyone. Called by the writer alone, after the change is on disk and visible to readers.
    pub fn tell(&self, what: What, report: Option<ReportId>, by: Option<StaffId>) {
        let change = self.last.load(Ordering::Acquire).saturating_add(1);
        let reference = report.map(|report| report.reference());
        self.last.store(change, Ordering::Release);
        // Nobody listening is no error.
        let _ = self.tell.send(Change { change, report, reference, what, by });
    }

    /// A subscription from now on; none when all seats are taken.
    pub fn subscribe(&self) -> Option<Subscriber> {
        let seat = Arc::clone(&self.seats).try_acquire_owned().ok()?;
        Some(Subscriber { hear: self.tell.subscribe(), last: Arc::clone(&self.last), _seat: seat })
    }
}

impl Subscriber {
    /// The next change, or `Missed` where some were lost; none when there will be no more.
    pub async fn next(&mut self) -> Option<Change> {
        match self.hear.recv().await {
            Ok(change) => Some(change),
            Err(broadcast::error::RecvError::Lagged(_)) => {
                // Everything told until now counts as missed; hearing goes on from here.
                self.hear = self.hear.resubscribe();
                let change = self.last.load(Ordering::Acquire);
                Some(Change { change, report: None, reference: None, what: What::Missed, by: None })
            }
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// Server-sent events (WHATWG HTML, 9.2.5): one per change, a comment at once and then whenever nothing was said for `keep_alive`,
    /// until `stop`.
    pub fn into_events(
        self,
        keep_alive: Duration,
        stop: CancellationToken,
    ) -> impl Stream<Item = Result<String, std::convert::Infallible>> {
        futures_util::stream::unfold((self, stop, true), move |(mut subscriber, stop, first)| async move {
            if first {
                return Some((Ok(": hello\n\n".to_owned()), (subscriber, stop, false)));
            }
            let block = tokio::select! {
                () = stop.cancelled() => return None,
                change = subscriber.next() => event(&change?),
                () = tokio::time::sleep(keep_alive) => ": still here\n\n".to_owned(),
            };
            Some((Ok(block), (subscriber, stop, false)))
        })
    }
}

/// One server-sent event.
fn event(change: &Change) -> String {
    // JSON has no line feed of its own, so one data line holds it.
    let data = serde_json::to_string(change).unwrap_or_default();
    format!("id: {}\ndata: {data}\n\n", change.change)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn changes_are_heard_in_order_and_a_slow_subscriber_is_told() {
        let changes = Changes::new(40, 2, 4);
        let mut slow = changes.subscribe().unwrap();
        let mut quick = changes.subscribe().unwrap();
        assert!(changes.subscribe().is_none(), "two seats");
        for number in 41..=50 {
            changes.tell(What::Filed, Some(ReportId([number; 16])), None);
            let heard = quick.next().await.unwrap();
            assert_eq!((heard.change, heard.report), (u64::from(number), Some(ReportId([number; 16]))));
        }
        let missed = slow.next().await.unwrap();
        assert_eq!((missed.what, missed.change), (What::Missed, 50));
        changes.tell(What::Town, None, None);
        assert_eq!(slow.next().await.unwrap().change, 51);
        drop(quick);
        assert!(changes.subscribe().is_some(), "a seat that was left is free");
    }

    #[tokio::test(start_paused = true)]
    async fn events_keep_the_line_alive_and_end_when_the_daemon_stops() {
        use futures_util::StreamExt;
        let changes = Changes::new(0, 1, 4);
        let stop = CancellationToken::new();
        let mut events = Box::pin(changes.subscribe().unwrap().into_events(Duration::from_secs(15), stop.clone()));
        assert_eq!(events.next().await.unwrap().unwrap(), ": hello\n\n");
        assert_eq!(events.next().await.unwrap().unwrap(), ": still here\n\n");
        changes.tell(What::Decided, Some(ReportId([1; 16])), Some(StaffId([2; 8])));
        let block = events.next().await.unwrap().unwrap();
        assert!(block.starts_with("id: 1\ndata: {") && block.ends_with("}\n\n"), "{block}");
        stop.cancel();
        assert!(events.next().await.is_none());
    }
}
