//! Photos in and out.

use std::sync::Arc;

use api::{AttachmentId, PhotoStored};
use axum::http::{HeaderValue, header};
use store::store::StoreError;

use crate::answer::{No, Reply, bytes, json};
use crate::app::App;
use crate::photo::{BadPhoto, prepare};
use crate::routes::Asked;
use crate::view;

pub async fn store(app: Arc<App>, asked: Asked) -> Reply {
    // Decoding takes memory by the hundred megabytes at worst: one at a time.
    let _seat = app.decoding.acquire().await.map_err(|_| No::stopping())?;
    let attachments = app.attachments.clone();
    let stored = tokio::task::spawn_blocking(move || {
        let photo = prepare(&asked.body).map_err(|bad| match bad {
            BadPhoto::UnknownFormat => No::unsupported_media(format!("{bad}: send one of these")),
            BadPhoto::TooManyPixels { .. } => No::bad_request(format!("{bad}: send a smaller one")),
            BadPhoto::Broken(_) => No::bad_request(bad.to_string()),
        })?;
        let id = attachments.put(&photo.jpeg).map_err(|error| match error {
            StoreError::Full(_) => No::storage_full(),
            error => {
                tracing::error!(%error, "a photo could not be kept");
                No::read_only()
            }
        })?;
        Ok::<_, No>(PhotoStored { id, width_px: photo.width_px, height_px: photo.height_px })
    });
    json(&stored.await.map_err(|_| No::internal())??)
}

/// A photo that some shown report has.
pub async fn public(app: Arc<App>, asked: Asked) -> Reply {
    let photo: AttachmentId = asked.id()?;
    let is_shown = {
        let present = app.present();
        present.index.by_photo(&present.state, &photo).any(|report| !report.photo_hidden && view::is_public(report))
    };
    if !is_shown {
        return Err(unknown());
    }
    send(app, photo).await
}

pub async fn any(app: Arc<App>, asked: Asked) -> Reply {
    let photo = asked.id()?;
    send(app, photo).await
}

async fn send(app: Arc<App>, photo: AttachmentId) -> Reply {
    let file = tokio::task::spawn_blocking(move || app.attachments.get(photo)).await.map_err(|_| No::internal())?;
    match file {
        Ok(Some(jpeg)) => {
            let mut response = bytes(jpeg, "image/jpeg");
            // The id is the hash of the bytes; but what is shown today may be hidden tomorrow.
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=60"));
            Ok(response)
        }
        Ok(None) => Err(unknown()),
        Err(error) => {
            tracing::error!(%error, "a photo could not be read");
            Err(unknown())
        }
    }
}

fn unknown() -> No {
    No::not_found("there is no such photo")
}
