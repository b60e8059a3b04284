//! The network side: one thread with tokio, where effects become calls. Only plain values cross.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api::client::CallError;
use api::{Change, Client, MachinePairing, NewSupport, ReverseQuery, Town};
use futures_util::{Stream, StreamExt};

use crate::app::{Effect, Msg, NO_TOWN, Picture, Reply, Ticket};
use crate::pin;

/// How long to wait before asking again for a daemon that is away: twice as long each time, between these. A try at a socket costs
/// next to nothing; the longest wait, a call and a frame have to fit into the half second after which a screen must be live again.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(400));
/// Photos are shown no wider and no higher than this, in pixels.
const PHOTO_PX: u32 = 1280;

/// Where messages go; called from the network thread.
pub type Deliver = Arc<dyn Fn(Msg) + Send + Sync>;

/// The thread that talks to the daemon. Ends when dropped.
pub struct Effects {
    runtime: Option<tokio::runtime::Runtime>,
    client: Client,
    deliver: Deliver,
    photos: Option<PathBuf>,
    staff_pin: Option<PathBuf>,
}

impl Effects {
    /// Starts the thread and watches the town from now on.
    pub fn start(
        client: Client,
        photos: Option<PathBuf>,
        staff_pin: Option<PathBuf>,
        deliver: Deliver,
    ) -> std::io::Result<Effects> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("kiosk-net").enable_all().build()?;
        runtime.spawn(watch(client.clone(), Arc::clone(&deliver)));
        Ok(Effects { runtime: Some(runtime), client, deliver, photos, staff_pin })
    }

    /// Does one thing; its answer comes as a message. Effects of the window and of the printer are not for here and do nothing.
    pub fn run(&self, effect: Effect) {
        let Some(runtime) = &self.runtime else { return };
        if let Effect::CheckPin(ticket, pin) = effect {
            let (deliver, file) = (Arc::clone(&self.deliver), self.staff_pin.clone());
            // Argon2 takes its time: not on the thread that waits for the daemon.
            runtime.spawn_blocking(move || deliver(Msg::Reply(ticket, Reply::Pin(pin::check(file.as_deref(), &pin)))));
            return;
        }
        let (client, deliver, photos) = (self.client.clone(), Arc::clone(&self.deliver), self.photos.clone());
        runtime.spawn(async move {
            if let Some(msg) = call(&client, effect, photos.as_deref()).await {
                deliver(msg);
            }
        });
    }
}

impl Drop for Effects {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What is watched of a daemon.
trait Watched {
    /// What changes from now on.
    fn changes(&self) -> impl Future<Output = Result<impl Stream<Item = Result<Change, CallError>> + Send, CallError>> + Send;
    /// The town.
    fn town(&self) -> impl Future<Output = Result<Town, CallError>> + Send;
    /// How the box takes its settings, if it waits for them.
    fn pairing(&self) -> impl Future<Output = Option<MachinePairing>> + Send;
}

impl Watched for Client {
    async fn changes(&self) -> Result<impl Stream<Item = Result<Change, CallError>> + Send, CallError> {
        Client::changes(self).await
    }

    async fn town(&self) -> Result<Town, CallError> {
        Client::town(self).await
    }

    async fn pairing(&self) -> Option<MachinePairing> {
        self.health().await.ok()?.machine?.pairing
    }
}

/// Tells of the town and of what changes, again and again.
async fn watch(daemon: impl Watched, deliver: Deliver) {
    let mut wait = RETRY.0;
    loop {
        // Subscribed first, read second: nothing falls between.
        if let Ok(changes) = daemon.changes().await {
            let mut changes = std::pin::pin!(changes);
            let town = daemon.town().await;
            let there = town.is_ok();
            let is_unset = town.as_ref().is_err_and(|error| error.code() == NO_TOWN);
            deliver(Msg::Town(town));
            if is_unset {
                deliver(Msg::Pairing(daemon.pairing().await));
            }
            // A daemon without a town is asked again: no change may ever come.
            if there {
                wait = RETRY.0;
                while let Some(Ok(change)) = changes.next().await {
                    deliver(Msg::Changed(change));
                }
            }
        }
        deliver(Msg::Lost);
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(RETRY.1);
    }
}

async fn call(client: &Client, effect: Effect, photos: Option<&Path>) -> Option<Msg> {
    let (ticket, reply): (Ticket, Reply) = match effect {
        Effect::Town => return Some(Msg::Town(client.town().await)),
        Effect::Reports(ticket, query) => (ticket, Reply::Reports(client.reports(&query).await)),
        Effect::Clusters(ticket, query) => (ticket, Reply::Clusters(client.clusters(&query).await)),
        Effect::Near(ticket, query) => (ticket, Reply::Near(client.near(&query).await)),
        Effect::Search(ticket, query) => (ticket, Reply::Found(client.search(&query).await)),
        Effect::Address(ticket, point) => {
            (ticket, Reply::Address(client.reverse(&ReverseQuery { lat: point.lat(), lon: point.lon() }).await))
        }
        Effect::File(ticket, report) => (ticket, Reply::Filed(client.file_report(&report).await)),
        Effect::Report(ticket, id) => (ticket, Reply::Report(client.report(id).await)),
        Effect::Follow(ticket, follow) => (ticket, Reply::Followed(client.follow(&follow).await)),
        Effect::Support(ticket, id, session) => (ticket, Reply::Supported(client.support(id, &NewSupport { session }).await)),
        Effect::Comment(ticket, id, comment) => (ticket, Reply::Commented(client.comment(id, &comment).await)),
        Effect::Photo(ticket, id) => {
            let decoded = match client.photo(id).await {
                Ok(bytes) => tokio::task::spawn_blocking(move || decode(&bytes))
                    .await
                    .unwrap_or_else(|error| Err(CallError::Garbled(format!("the photo cannot be read: {error}")))),
                Err(error) => Err(error),
            };
            (ticket, Reply::Photo(decoded))
        }
        Effect::ListPhotos(ticket) => (ticket, Reply::Photos(list(photos?).await)),
        Effect::SendPhoto(ticket, name) => {
            // A bare name only: nothing outside the folder can be chosen.
            let path = photos?.join(Path::new(&name).file_name()?);
            let stored = match tokio::fs::read(&path).await {
                Ok(bytes) => client.store_photo(bytes).await,
                Err(error) => Err(CallError::Garbled(format!("{}: {error}", path.display()))),
            };
            (ticket, Reply::PhotoStored(stored))
        }
        Effect::CheckPin(..)
        | Effect::Restart
        | Effect::Look(_)
        | Effect::LookAround
        | Effect::Print(..)
        | Effect::DropPrint(_) => return None,
    };
    Some(Msg::Reply(ticket, reply))
}

/// A photo as pixels, no larger than a screen shows it. Here and not on the screen's thread, which has to answer to fingers.
fn decode(bytes: &[u8]) -> Result<Arc<Picture>, CallError> {
    let photo =
        image::load_from_memory(bytes).map_err(|error| CallError::Garbled(format!("the photo cannot be read: {error}")))?;
    let photo = if photo.width().max(photo.height()) > PHOTO_PX { photo.thumbnail(PHOTO_PX, PHOTO_PX) } else { photo };
    let photo = photo.to_rgb8();
    Ok(Arc::new(Picture { width_px: photo.width(), height_px: photo.height(), rgb: photo.into_raw() }))
}

async fn list(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let Ok(mut entries) = tokio::fs::read_dir(folder).await else { return names };
    while let Ok(Some(entry)) = entries.next_entry().await {
        let name = entry.file_name().to_string_lossy().into_owned();
        let picture = [".jpg", ".jpeg", ".png", ".webp"].iter().any(|end| name.to_lowercase().ends_with(end));
        if picture {
            names.push(name);
        }
    }
    names.sort();
    names.truncate(100);
    names
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::stream;
    use tokio::time::{Instant, sleep};

    use super::*;

    /// A daemon that listens from one time on, and has a town from another; then it says nothing more.
    #[derive(Clone, Copy)]
    struct Late {
        listens: Instant,
        serves: Instant,
        /// It goes away for good.
        dies: Option<Instant>,
    }

    fn away<T>() -> Result<T, CallError> {
        Err(CallError::Away("nobody listens".into()))
    }

    impl Watched for Late {
        async fn changes(&self) -> Result<impl Stream<Item = Result<Change, CallError>> + Send, CallError> {
            if Instant::now() < self.listens || self.dies.is_some_and(|dies| Instant::now() >= dies) {
                return away();
            }
            let dies = self.dies;
            Ok(stream::once(async move {
                match dies {
                    Some(dies) => tokio::time::sleep_until(dies).await,
                    None => std::future::pending().await,
                }
                away()
            })
            .boxed())
        }

        async fn town(&self) -> Result<Town, CallError> {
            if Instant::now() < self.serves { away() } else { Ok(crate::gallery::town(None).expect("the sample is sound")) }
        }

        async fn pairing(&self) -> Option<MachinePairing> {
            None
        }
    }

    /// Watches for a while, and gives what was told when.
    async fn told(daemon: Late, during: Duration) -> Vec<(Instant, Msg)> {
        let told: Arc<Mutex<Vec<(Instant, Msg)>>> = Arc::default();
        let list = Arc::clone(&told);
        let watching = tokio::spawn(watch(daemon, Arc::new(move |msg| list.lock().unwrap().push((Instant::now(), msg)))));
        sleep(during).await;
        watching.abort();
        let told = told.lock().unwrap();
        told.clone()
    }

    #[tokio::test(start_paused = true)]
    async fn the_town_is_there_within_half_a_second_of_the_daemon() {
        for late_ms in [0, 1, 49, 333, 1_000, 7_301, 60_123, 3_600_007] {
            for slow_ms in [0, 700, 12_345] {
                let listens = Instant::now() + Duration::from_millis(late_ms);
                let serves = listens + Duration::from_millis(slow_ms);
                let daemon = Late { listens, serves, dies: None };
                let told = told(daemon, Duration::from_millis(late_ms + slow_ms + 1_000)).await;
                let first = told.iter().find(|(_, msg)| matches!(msg, Msg::Town(Ok(_)))).map(|(at, _)| *at);
                let took = first.expect("the town is told of") - serves;
                assert!(took <= Duration::from_millis(400), "listens after {late_ms} ms, serves {slow_ms} ms later: {took:?}");
                let last = &told.last().expect("something is told").1;
                assert!(matches!(last, Msg::Town(Ok(_))), "and nothing after it: {last:?}");
            }
        }
    }

    /// A daemon that nobody has told which town this is; the box waits to be paired.
    struct Unset;

    impl Watched for Unset {
        async fn changes(&self) -> Result<impl Stream<Item = Result<Change, CallError>> + Send, CallError> {
            Ok(stream::pending())
        }

        async fn town(&self) -> Result<Town, CallError> {
            let body = api::ErrorBody { code: NO_TOWN.into(), message: "this box serves no town yet".into(), refusal: None };
            Err(CallError::Said { status: 422, body })
        }

        async fn pairing(&self) -> Option<MachinePairing> {
            Some(crate::gallery::pairing())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_box_without_a_town_is_asked_again_and_again_how_it_is_paired() {
        let told: Arc<Mutex<Vec<Msg>>> = Arc::default();
        let list = Arc::clone(&told);
        let watching = tokio::spawn(watch(Unset, Arc::new(move |msg| list.lock().unwrap().push(msg))));
        sleep(Duration::from_secs(4)).await;
        watching.abort();
        let times = told.lock().unwrap().iter().filter(|msg| matches!(msg, Msg::Pairing(Some(_)))).count();
        assert!((8..=20).contains(&times), "told {times} times in 4 s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_that_dies_is_missed_at_once() {
        let start = Instant::now();
        let dies = start + Duration::from_secs(5);
        let told = told(Late { listens: start, serves: start, dies: Some(dies) }, Duration::from_secs(6)).await;
        let lost = told.iter().find(|(_, msg)| matches!(msg, Msg::Lost)).map(|(at, _)| *at);
        assert_eq!(lost, Some(dies));
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_that_stays_away_is_not_run_down() {
        let never = Instant::now() + Duration::from_secs(1_000_000);
        let told = told(Late { listens: never, serves: never, dies: None }, Duration::from_secs(60)).await;
        assert!((100..=160).contains(&told.len()), "{} tries in a minute", told.len());
    }
}
