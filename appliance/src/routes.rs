//! The router, made from the one table that names every route. A handler here is: request → command or question → reply.

mod change;
mod photo;
mod place;
mod report;
mod staff;
mod town;

use std::panic::AssertUnwindSafe;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use api::Refusal;
use api::routes::{Method, Payload, ROUTES, Route, Who};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{Query, RawPathParams, Request};
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use serde::de::DeserializeOwned;
use store::id::StaffId;

use crate::answer::{No, Reply};
use crate::app::App;
use crate::peer::Peer;

/// Longest text to search or filter by, in characters.
pub const WORDS_MAX: usize = 200;
/// Largest JSON body of a route that anyone may call: the longest report in the most wasteful JSON.
const JSON_MAX: usize = 64 * 1024;

/// What a handler is given.
pub struct Asked {
    pub peer: Peer,
    /// The one parameter in the path, if the route has one.
    pub parameter: Option<String>,
    pub uri: Uri,
    pub body: Bytes,
}

type Handler = fn(Arc<App>, Asked) -> BoxFuture<'static, Reply>;

/// Who answers which route.
const HANDLERS: &[(&str, Handler)] = &[
    ("openapi", |app, asked| town::openapi(app, asked).boxed()),
    ("health", |app, asked| town::health(app, asked).boxed()),
    ("town", |app, asked| town::town(app, asked).boxed()),
    ("reports", |app, asked| report::list(app, asked).boxed()),
    ("clusters", |app, asked| report::clusters(app, asked).boxed()),
    ("report", |app, asked| report::one(app, asked).boxed()),
    ("near", |app, asked| report::near(app, asked).boxed()),
    ("file_report", |app, asked| report::file(app, asked).boxed()),
    ("support", |app, asked| report::support(app, asked).boxed()),
    ("comment", |app, asked| report::comment(app, asked).boxed()),
    ("follow", |app, asked| report::follow(app, asked).boxed()),
    ("store_photo", |app, asked| photo::store(app, asked).boxed()),
    ("photo", |app, asked| photo::public(app, asked).boxed()),
    ("search", |app, asked| place::search(app, asked).boxed()),
    ("reverse", |app, asked| place::reverse(app, asked).boxed()),
    ("changes", |app, asked| change::listen(app, asked).boxed()),
    ("me", |app, asked| staff::me(app, asked).boxed()),
    ("queue", |app, asked| staff::queue(app, asked).boxed()),
    ("case", |app, asked| staff::case(app, asked).boxed()),
    ("staff_photo", |app, asked| photo::any(app, asked).boxed()),
    ("decide", |app, asked| staff::decide(app, asked).boxed()),
];

/// The table and the handlers do not fit each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    #[error("route {0} has no handler")]
    NoHandler(&'static str),
    #[error("handler {0} has no route")]
    NoRoute(&'static str),
}

/// The router of all routes.
pub fn router(app: &Arc<App>) -> Result<Router, RouteError> {
    if let Some((name, _)) = HANDLERS.iter().find(|(name, _)| api::routes::route(name).is_none()) {
        return Err(RouteError::NoRoute(name));
    }
    let mut router = Router::new();
    for route in ROUTES {
        let handler = HANDLERS.iter().find(|(name, _)| *name == route.name).ok_or(RouteError::NoHandler(route.name))?.1;
        let method = match route.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
        };
        let app = Arc::clone(app);
        let answer = move |parameters: Result<RawPathParams, RawPathParamsRejection>, request: Request| {
            let app = Arc::clone(&app);
            let parameter = parameters.ok().and_then(|all| all.iter().next().map(|(_, value)| value.to_owned()));
            async move { answer(app, route, handler, parameter, request).await }
        };
        router = router.route(route.path, on(method, answer));
    }
    Ok(router
        .fallback(|| async { No::not_found("there is no such path; see /openapi.json for those that are") })
        .method_not_allowed_fallback(|| async { No::method_not_allowed() }))
}

/// From a request to its answer, within the limits.
async fn answer(app: Arc<App>, route: &'static Route, handler: Handler, parameter: Option<String>, request: Request) -> Response {
    let started = std::time::Instant::now();
    let mut response = match prepared(&app, route, handler, parameter, request).await {
        Ok(response) => response,
        Err(no) => no.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let took_ms = started.elapsed().as_millis() as u64;
    tracing::debug!(route = route.name, status = response.status().as_u16(), took_ms, "answered");
    response
}

async fn prepared(app: &Arc<App>, route: &'static Route, handler: Handler, parameter: Option<String>, request: Request) -> Reply {
    let limits = &app.config.limits;
    // Every connection is given its peer where it is taken; a request without one came by no door.
    let peer = request.extensions().get::<Peer>().cloned().ok_or_else(No::internal)?;
    if route.who == Who::Staff && peer.staff.is_none() {
        return Err(Refusal::NotPermitted.into());
    }
    if route.path.contains('{') && parameter.is_none() {
        return Err(No::bad_request("the path is not UTF-8"));
    }
    let (parts, body) = request.into_parts();
    // A photo is large while it is sent: only so many at a time.
    let (body, _seat) = match route.request {
        Payload::Empty => (Bytes::new(), None),
        Payload::Json(_) => {
            let media = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let essence = media.split(';').next().unwrap_or_default().trim();
            if !essence.eq_ignore_ascii_case("application/json") {
                return Err(No::unsupported_media("this route takes application/json: say so in the header Content-Type"));
            }
            let max = if route.who == Who::Staff { limits.json_max } else { JSON_MAX };
            (read(body, max, limits.body).await?, None)
        }
        Payload::Bytes(_) => {
            let media = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            if !crate::openapi::PHOTO_MEDIA.contains(&essence.as_str()) {
                return Err(No::unsupported_media(
                    "this route takes image/jpeg, image/png, image/webp or application/octet-stream",
                ));
            }
            let seat = Arc::clone(&app.uploads).try_acquire_owned().map_err(|_| No::busy())?;
            (read(body, limits.photo_max, limits.body).await?, Some(seat))
        }
    };
    let _seat = (_seat, app.requests.try_acquire().map_err(|_| No::busy())?);
    let asked = Asked { peer, parameter, uri: parts.uri, body };
    let work = AssertUnwindSafe(handler(Arc::clone(app), asked)).catch_unwind();
    match tokio::time::timeout(limits.answer, work).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(_)) => {
            tracing::error!(route = route.name, "a handler panicked; the lines before this one say where");
            Err(No::internal())
        }
        Err(_) => Err(No::slow_daemon()),
    }
}

/// The whole body, if it is small enough and comes in time.
async fn read(body: Body, max: usize, patience: Duration) -> Result<Bytes, No> {
    let announced = http_body_size(&body);
    if announced.is_some_and(|bytes| bytes > max as u64) {
        return Err(No::too_large(max));
    }
    let collect = async {
        let mut whole = Vec::with_capacity(announced.unwrap_or_default() as usize);
        let mut stream = body.into_data_stream();
        while let Some(part) = stream.next().await {
            let part = part.map_err(|_| No::bad_request("the body broke off"))?;
            if whole.len() + part.len() > max {
                return Err(No::too_large(max));
            }
            whole.extend_from_slice(&part);
        }
        Ok(Bytes::from(whole))
    };
    tokio::time::timeout(patience, collect).await.map_err(|_| No::slow_client())?
}

/// Bytes that the client announced, if it did.
fn http_body_size(body: &Body) -> Option<u64> {
    use axum::body::HttpBody;
    body.size_hint().exact()
}

impl Asked {
    /// The body as a value of its type.
    fn json<T: DeserializeOwned>(&self) -> Result<T, No> {
        serde_json::from_slice(&self.body).map_err(|error| No::bad_request(format!("the body does not fit: {error}")))
    }

    /// The query string as a value of its type.
    fn query<T: DeserializeOwned>(&self) -> Result<T, No> {
        let query = Query::<T>::try_from_uri(&self.uri);
        query.map(|Query(query)| query).map_err(|error| No::bad_request(format!("the query does not fit: {}", error.body_text())))
    }

    /// The id in the path.
    fn id<T: FromStr<Err = store::id::BadId>>(&self) -> Result<T, No> {
        self.parameter
            .as_deref()
            .unwrap_or_default()
            .parse()
            .map_err(|error: store::id::BadId| No::bad_request(error.to_string()))
    }

    /// The member of staff who asks.
    fn staff(&self) -> Result<StaffId, No> {
        self.peer.staff.ok_or_else(|| Refusal::NotPermitted.into())
    }
}

/// A text to search or filter by, within bounds.
fn words(text: &str) -> Result<&str, No> {
    if text.chars().count() > WORDS_MAX {
        return Err(No::bad_request(format!("at most {WORDS_MAX} characters can be searched for")));
    }
    Ok(text)
}

/// Most rows that a list answers with.
pub fn limit_max(route: &str) -> u32 {
    match route {
        "reports" => 500,
        "queue" => 1000,
        _ => 20,
    }
}

/// How many rows are wanted, within bounds.
fn limit(wanted: Option<u32>, usual: u32, max: u32) -> Result<usize, No> {
    match wanted.unwrap_or(usual) {
        limit if (1..=max).contains(&limit) => Ok(limit as usize),
        _ => Err(No::bad_request(format!("limit: expected 1 to {max}"))),
    }
}

#[cfg(test)]
mod tests;
