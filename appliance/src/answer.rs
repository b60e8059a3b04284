//! Answers that say no: every one is an [`ErrorBody`] with a stable code.

use api::{ErrorBody, Refusal};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Why a request gets no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct No {
    /// HTTP status.
    pub status: StatusCode,
    /// What the client reads.
    pub body: ErrorBody,
}

/// What every handler answers.
pub type Reply = Result<Response, No>;

impl No {
    fn new(status: StatusCode, code: &str, message: impl Into<String>) -> No {
        No { status, body: ErrorBody { code: code.to_owned(), message: message.into(), refusal: None } }
    }

    /// The request is not what the route takes.
    pub fn bad_request(message: impl Into<String>) -> No {
        No::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub fn not_found(message: impl Into<String>) -> No {
        No::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub fn method_not_allowed() -> No {
        No::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this path takes another method: see the header Allow")
    }

    pub fn too_large(max: usize) -> No {
        No::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("at most {max} bytes are taken here"))
    }

    /// The client took too long to send its request.
    pub fn slow_client() -> No {
        No::new(StatusCode::REQUEST_TIMEOUT, "too_slow", "the request did not arrive in time: send it again")
    }

    /// The daemon took too long.
    pub fn slow_daemon() -> No {
        No::new(StatusCode::SERVICE_UNAVAILABLE, "too_slow", "the answer took too long: the same request may be sent again")
    }

    pub fn too_many() -> No {
        No::new(StatusCode::TOO_MANY_REQUESTS, "too_many", "too many wrong codes: wait a minute, then try again")
    }

    /// More is asked than can be answered at the same time.
    pub fn busy() -> No {
        No::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too much is asked at the same time: send it again in a moment")
    }

    pub fn stopping() -> No {
        No::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "the service is stopping: send it again in a moment")
    }

    pub fn storage_full() -> No {
        No::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "storage_full",
            "nothing was stored, the disk is full: reading goes on; make room, then send it again",
        )
    }

    pub fn read_only() -> No {
        No::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "read_only",
            "the disk did not take the last write: reading goes on, writing waits for a restart of the service",
        )
    }

    pub fn unsupported_media(message: impl Into<String>) -> No {
        No::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media", message)
    }

    pub fn internal() -> No {
        No::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the service made a mistake; its log says where")
    }
}

/// HTTP status of a refusal.
pub fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::UnknownReport | Refusal::UnknownComment | Refusal::UnknownCode => StatusCode::NOT_FOUND,
        Refusal::NotPermitted => StatusCode::FORBIDDEN,
        Refusal::IdTaken | Refusal::Conflict { .. } => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The stable code of a refusal: the name under which it is written.
pub fn code_of(refusal: &Refusal) -> String {
    let written = serde_json::to_value(refusal).unwrap_or_default();
    written.get("code").and_then(serde_json::Value::as_str).unwrap_or("refused").to_owned()
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> No {
        No {
            status: status_of(&refusal),
            body: ErrorBody { code: code_of(&refusal), message: refusal.to_string(), refusal: Some(refusal) },
        }
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        }
        response
    }
}

/// A reply in JSON.
pub fn json<T: serde::Serialize>(value: &T) -> Reply {
    let body = serde_json::to_vec(value).map_err(|error| {
        tracing::error!(%error, "a reply could not be written as JSON");
        No::internal()
    })?;
    Ok(bytes(body, "application/json"))
}

/// A reply of bytes.
pub fn bytes(body: Vec<u8>, media: &'static str) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response
}
