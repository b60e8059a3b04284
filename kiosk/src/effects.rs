//! The network side: one thread with tokio, where effects become calls. Only plain values cross.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api::client::CallError;
use api::{Client, NewSupport, ReportQuery, ReverseQuery, SearchQuery};
use futures_util::StreamExt;

use crate::app::{Effect, Msg, Picture, Reply, Ticket};

/// How long to wait before asking again for a daemon that is away.
const RETRY: Duration = Duration::from_millis(700);
/// Photos are shown no wider and no higher than this, in pixels.
const PHOTO_PX: u32 = 1280;
/// Reports in the list and on the map.
const LIST_MAX: u32 = 200;

/// Where messages go; called from the network thread.
pub type Deliver = Arc<dyn Fn(Msg) + Send + Sync>;

/// The thread that talks to the daemon. Ends when dropped.
pub struct Effects {
    runtime: Option<tokio::runtime::Runtime>,
    client: Client,
    deliver: Deliver,
    photos: Option<PathBuf>,
}

impl Effects {
    /// Starts the thread and watches the town from now on.
    pub fn start(client: Client, photos: Option<PathBuf>, deliver: Deliver) -> std::io::Result<Effects> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("kiosk-net").enable_all().build()?;
        runtime.spawn(watch(client.clone(), Arc::clone(&deliver)));
        Ok(Effects { runtime: Some(runtime), client, deliver, photos })
    }

    /// Does one thing; its answer comes as a message. Effects of the map are not for here and do nothing.
    pub fn run(&self, effect: Effect) {
        let Some(runtime) = &self.runtime else { return };
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

async fn watch(client: Client, deliver: Deliver) {
    loop {
        // Subscribed first, read second: nothing falls between.
        if let Ok(changes) = client.changes().await {
            let mut changes = std::pin::pin!(changes);
            let town = client.town().await;
            let there = town.is_ok();
            deliver(Msg::Town(town));
            while let Some(Ok(change)) = changes.next().await {
                if !there {
                    break;
                }
                deliver(Msg::Changed(change));
            }
        }
        deliver(Msg::Lost);
        tokio::time::sleep(RETRY).await;
    }
}

async fn call(client: &Client, effect: Effect, photos: Option<&Path>) -> Option<Msg> {
    let (ticket, reply): (Ticket, Reply) = match effect {
        Effect::Town => return Some(Msg::Town(client.town().await)),
        Effect::Reports(ticket) => {
            let query = ReportQuery { limit: Some(LIST_MAX), ..ReportQuery::default() };
            (ticket, Reply::Reports(client.reports(&query).await))
        }
        Effect::Near(ticket, query) => (ticket, Reply::Near(client.near(&query).await)),
        Effect::Search(ticket, q) => (ticket, Reply::Found(client.search(&SearchQuery { q, limit: None }).await)),
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
        Effect::Look(_) | Effect::LookAround => return None,
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
