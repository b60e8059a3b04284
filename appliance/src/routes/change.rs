//! Push.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::answer::{No, Reply};
use crate::app::App;
use crate::routes::Asked;

pub async fn listen(app: Arc<App>, _: Asked) -> Reply {
    let subscriber = app.changes.subscribe().ok_or_else(No::busy)?;
    let events = subscriber.into_events(app.config.limits.keep_alive, app.stop.clone());
    let mut response: Response = Body::from_stream(events).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Ok(response)
}
