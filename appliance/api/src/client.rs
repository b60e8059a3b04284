//! The typed client that kiosk and console use.

use std::path::Path;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use reqwest::header::CONTENT_TYPE;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::routes::{Method, route};
use crate::words::*;

/// Why a call brought no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The daemon is not there, went away, or did not answer in time. The same call may be sent again: ids make it happen once.
    #[error("the town's service does not answer: {0}")]
    Away(String),
    /// The daemon said no.
    #[error("{}", .body.message)]
    Said {
        /// HTTP status.
        status: u16,
        /// What it said.
        body: ErrorBody,
    },
    /// The answer is not of the form that the contract promises.
    #[error("the town's service answered in an unknown form: {0}")]
    Garbled(String),
}

impl CallError {
    /// The rule that refused, if one did.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            CallError::Said { body, .. } => body.refusal.as_ref(),
            _ => None,
        }
    }

    /// The stable code: a refusal's, an [`ErrorBody::code`], `away` or `garbled`.
    pub fn code(&self) -> &str {
        match self {
            CallError::Away(_) => "away",
            CallError::Said { body, .. } => &body.code,
            CallError::Garbled(_) => "garbled",
        }
    }
}

/// A connection to the daemon. Cheap to clone; calls may run side by side.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    /// A client over the daemon's Unix socket.
    pub fn over_socket(socket: &Path) -> Result<Client, CallError> {
        let http = reqwest::Client::builder()
            .unix_socket(socket)
            .connect_timeout(Duration::from_secs(5))
            // A connection that waits for its next call keeps the last one in its buffers: what a resident typed would outlive them.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| CallError::Away(chain(&error)))?;
        Ok(Client { http, base: "http://wegovnowd".to_owned() })
    }

    async fn call<R: DeserializeOwned>(
        &self,
        name: &str,
        parameter: &str,
        query: Option<&[(&str, String)]>,
        body: Option<Vec<u8>>,
    ) -> Result<R, CallError> {
        let reply = self.send(name, parameter, query, body).await?;
        let bytes = reply.bytes().await.map_err(|error| CallError::Away(chain(&error)))?;
        serde_json::from_slice(&bytes).map_err(|error| CallError::Garbled(error.to_string()))
    }

    async fn send(
        &self,
        name: &str,
        parameter: &str,
        query: Option<&[(&str, String)]>,
        body: Option<Vec<u8>>,
    ) -> Result<reqwest::Response, CallError> {
        let route = route(name).ok_or_else(|| CallError::Garbled(format!("no route {name}")))?;
        let path = match (route.path.find('{'), route.path.find('}')) {
            (Some(start), Some(end)) => format!("{}{parameter}{}", &route.path[..start], &route.path[end + 1..]),
            _ => route.path.to_owned(),
        };
        let url = format!("{}{path}", self.base);
        let mut request = match route.method {
            Method::Get => self.http.get(url),
            Method::Post => self.http.post(url),
        };
        if let Some(query) = query {
            request = request.query(query);
        }
        if name != "changes" {
            request = request.timeout(Duration::from_secs(30));
        }
        if let Some(body) = body {
            let media = if name == "store_photo" { "application/octet-stream" } else { "application/json" };
            request = request.header(CONTENT_TYPE, media).body(body);
        }
        let reply = request.send().await.map_err(|error| CallError::Away(chain(&error)))?;
        let status = reply.status();
        if status.is_success() {
            return Ok(reply);
        }
        let bytes = reply.bytes().await.map_err(|error| CallError::Away(chain(&error)))?;
        match serde_json::from_slice(&bytes) {
            Ok(body) => Err(CallError::Said { status: status.as_u16(), body }),
            Err(_) => Err(CallError::Garbled(format!("status {status} without a reason"))),
        }
    }

    async fn post<B: Serialize, R: DeserializeOwned>(&self, name: &str, parameter: &str, body: &B) -> Result<R, CallError> {
        let body = serde_json::to_vec(body).map_err(|error| CallError::Garbled(error.to_string()))?;
        self.call(name, parameter, None, Some(body)).await
    }

    async fn get<R: DeserializeOwned>(&self, name: &str, parameter: &str) -> Result<R, CallError> {
        self.call(name, parameter, None, None).await
    }

    async fn get_with<Q: Serialize, R: DeserializeOwned>(&self, name: &str, query: &Q) -> Result<R, CallError> {
        let fields = serde_json::to_value(query).map_err(|error| CallError::Garbled(error.to_string()))?;
        let mut pairs = Vec::new();
        for (key, value) in fields.as_object().into_iter().flatten() {
            match value {
                serde_json::Value::Null => {}
                serde_json::Value::String(text) => pairs.push((key.as_str(), text.clone())),
                other => pairs.push((key.as_str(), other.to_string())),
            }
        }
        self.call(name, "", Some(&pairs), None).await
    }

    /// How the box is.
    pub async fn health(&self) -> Result<Health, CallError> {
        self.get("health", "").await
    }

    /// The town, its categories and departments.
    pub async fn town(&self) -> Result<Town, CallError> {
        self.get("town", "").await
    }

    /// Reports that anyone may see.
    pub async fn reports(&self, query: &ReportQuery) -> Result<ReportList, CallError> {
        self.get_with("reports", query).await
    }

    /// Reports for a map, those that lie upon one another as one.
    pub async fn clusters(&self, query: &ClusterQuery) -> Result<ClusterList, CallError> {
        self.get_with("clusters", query).await
    }

    /// One report.
    pub async fn report(&self, report: ReportId) -> Result<Report, CallError> {
        self.get("report", &report.to_string()).await
    }

    /// Near reports of a category.
    pub async fn near(&self, query: &NearQuery) -> Result<NearReply, CallError> {
        self.get_with("near", query).await
    }

    /// File a report. When this returns `Ok`, the report is on disk.
    pub async fn file_report(&self, report: &NewReport) -> Result<Filed, CallError> {
        self.post("file_report", "", report).await
    }

    /// Say "me too".
    pub async fn support(&self, report: ReportId, support: &NewSupport) -> Result<Supported, CallError> {
        self.post("support", &report.to_string(), support).await
    }

    /// Comment on a report.
    pub async fn comment(&self, report: ReportId, comment: &NewComment) -> Result<Comment, CallError> {
        self.post("comment", &report.to_string(), comment).await
    }

    /// The report that a code belongs to.
    pub async fn follow(&self, follow: &Follow) -> Result<Report, CallError> {
        self.post("follow", "", follow).await
    }

    /// Send a photo.
    pub async fn store_photo(&self, bytes: Vec<u8>) -> Result<PhotoStored, CallError> {
        self.call("store_photo", "", None, Some(bytes)).await
    }

    /// A photo's JPEG bytes.
    pub async fn photo(&self, photo: AttachmentId) -> Result<Vec<u8>, CallError> {
        let reply = self.send("photo", &photo.to_string(), None, None).await?;
        let bytes = reply.bytes().await.map_err(|error| CallError::Away(chain(&error)))?;
        Ok(bytes.to_vec())
    }

    /// Find an address, a street or a place.
    pub async fn search(&self, query: &SearchQuery) -> Result<FoundList, CallError> {
        self.get_with("search", query).await
    }

    /// The address of a spot.
    pub async fn reverse(&self, query: &ReverseQuery) -> Result<Reverse, CallError> {
        self.get_with("reverse", query).await
    }

    /// Who is asking, and colleagues.
    pub async fn me(&self) -> Result<Me, CallError> {
        self.get("me", "").await
    }

    /// A queue of reports.
    pub async fn queue(&self, query: &QueueQuery) -> Result<QueueReply, CallError> {
        self.get_with("queue", query).await
    }

    /// A report as staff see it.
    pub async fn case(&self, report: ReportId) -> Result<Case, CallError> {
        self.get("case", &report.to_string()).await
    }

    /// Decide about one or several reports. What was decided is on disk when this returns.
    pub async fn decide(&self, decide: &Decide) -> Result<Decided, CallError> {
        self.post("decide", "", decide).await
    }

    /// What changes, from now on. The stream ends when the daemon goes away; subscribe again and read everything anew.
    pub async fn changes(&self) -> Result<impl Stream<Item = Result<Change, CallError>> + Send + use<>, CallError> {
        let reply = self.send("changes", "", None, None).await?;
        let mut bytes = reply.bytes_stream().boxed();
        let mut buffer = Vec::new();
        Ok(futures_util::stream::poll_fn(move |context| {
            loop {
                if let Some(end) = buffer.windows(2).position(|pair| pair == b"\n\n") {
                    let block: Vec<u8> = buffer.drain(..end + 2).collect();
                    match notice(&block) {
                        Some(item) => return std::task::Poll::Ready(Some(item)),
                        None => continue,
                    }
                }
                match bytes.poll_next_unpin(context) {
                    std::task::Poll::Ready(Some(Ok(chunk))) => buffer.extend_from_slice(&chunk),
                    std::task::Poll::Ready(Some(Err(error))) => {
                        return std::task::Poll::Ready(Some(Err(CallError::Away(chain(&error)))));
                    }
                    std::task::Poll::Ready(None) => return std::task::Poll::Ready(None),
                    std::task::Poll::Pending => return std::task::Poll::Pending,
                }
            }
        }))
    }
}

/// One block of server-sent events (WHATWG HTML, 9.2.6): the joined `data` lines, or nothing for a comment that keeps the line alive.
fn notice(block: &[u8]) -> Option<Result<Change, CallError>> {
    let text = String::from_utf8_lossy(block);
    let data: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("data:")).map(|data| data.strip_prefix(' ').unwrap_or(data)).collect();
    if data.is_empty() {
        return None;
    }
    Some(serde_json::from_str(&data.join("\n")).map_err(|error| CallError::Garbled(error.to_string())))
}

/// An error with its causes, outermost first.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
