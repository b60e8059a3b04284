//! One table naming every route.

use crate::words::*;
use schemars::{Schema, SchemaGenerator};

/// HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Anyone,
    Staff,
}

/// Kind of body.
#[derive(Clone, Copy)]
pub enum Payload {
    /// Nothing.
    Empty,
    /// JSON of a type.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// Bytes of a media type.
    Bytes(&'static str),
}

/// A route.
#[derive(Clone, Copy)]
pub struct Route {
    /// OpenAPI operation id; the daemon maps it to a handler.
    pub name: &'static str,
    pub method: Method,
    /// Path with `{parameters}`.
    pub path: &'static str,
    pub who: Who,
    pub summary: &'static str,
    /// Schema of the query string's fields, if it takes any.
    pub query: Option<fn(&mut SchemaGenerator) -> Schema>,
    pub request: Payload,
    pub reply: Payload,
    /// Error statuses it may answer with, beside those that every route may.
    pub errors: &'static [u16],
}

fn json<T: schemars::JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const fn get(
    name: &'static str,
    path: &'static str,
    who: Who,
    summary: &'static str,
    reply: Payload,
    errors: &'static [u16],
) -> Route {
    Route { name, method: Method::Get, path, who, summary, query: None, request: Payload::Empty, reply, errors }
}

const fn post(
    name: &'static str,
    path: &'static str,
    who: Who,
    summary: &'static str,
    request: Payload,
    reply: Payload,
    errors: &'static [u16],
) -> Route {
    Route { name, method: Method::Post, path, who, summary, query: None, request, reply, errors }
}

const fn with_query(mut route: Route, query: fn(&mut SchemaGenerator) -> Schema) -> Route {
    route.query = Some(query);
    route
}

use Payload::{Bytes, Json};
use Who::{Anyone, Staff as StaffOnly};

/// All routes.
pub const ROUTES: &[Route] = &[
    get("openapi", "/openapi.json", Anyone, "This interface's own description", Bytes("application/json"), &[]),
    get("health", "/api/v1/health", Anyone, "How the box is", Json(json::<Health>), &[]),
    get("town", "/api/v1/town", Anyone, "The town, its categories and departments", Json(json::<Town>), &[422]),
    with_query(
        get("reports", "/api/v1/reports", Anyone, "Reports that anyone may see", Json(json::<ReportList>), &[400]),
        json::<ReportQuery>,
    ),
    with_query(
        get(
            "clusters",
            "/api/v1/clusters",
            Anyone,
            "Reports for a map: those that lie upon one another at a zoom as one",
            Json(json::<ClusterList>),
            &[400],
        ),
        json::<ClusterQuery>,
    ),
    get("report", "/api/v1/reports/{report}", Anyone, "One report", Json(json::<Report>), &[400, 404]),
    with_query(
        get("near", "/api/v1/near", Anyone, "Near reports of a category, for \"me too\"", Json(json::<NearReply>), &[400, 422]),
        json::<NearQuery>,
    ),
    post(
        "file_report",
        "/api/v1/reports",
        Anyone,
        "File a report",
        Json(json::<NewReport>),
        Json(json::<Filed>),
        &[400, 409, 413, 415, 422, 503, 507],
    ),
    post(
        "support",
        "/api/v1/reports/{report}/support",
        Anyone,
        "Say \"me too\"",
        Json(json::<NewSupport>),
        Json(json::<Supported>),
        &[400, 404, 409, 413, 415, 422, 503, 507],
    ),
    post(
        "comment",
        "/api/v1/reports/{report}/comments",
        Anyone,
        "Comment on a report",
        Json(json::<NewComment>),
        Json(json::<Comment>),
        &[400, 404, 409, 413, 415, 422, 503, 507],
    ),
    post(
        "follow",
        "/api/v1/follow",
        Anyone,
        "The report that a follow-up code belongs to",
        Json(json::<Follow>),
        Json(json::<Report>),
        &[400, 404, 413, 415, 422, 429],
    ),
    post(
        "store_photo",
        "/api/v1/photos",
        Anyone,
        "Send a photo (JPEG, PNG or WebP); its metadata is dropped",
        Bytes("application/octet-stream"),
        Json(json::<PhotoStored>),
        &[400, 413, 415, 422, 503, 507],
    ),
    get("photo", "/api/v1/photos/{photo}", Anyone, "A photo (JPEG) of a report that is shown", Bytes("image/jpeg"), &[400, 404]),
    with_query(
        get(
            "search",
            "/api/v1/search",
            Anyone,
            "Find an address, a crossing, a street or a place",
            Json(json::<FoundList>),
            &[400, 422],
        ),
        json::<SearchQuery>,
    ),
    with_query(
        get("reverse", "/api/v1/reverse", Anyone, "The address of a spot", Json(json::<Reverse>), &[400, 422]),
        json::<ReverseQuery>,
    ),
    get("changes", "/api/v1/changes", Anyone, "Server-sent events of what changes", Bytes("text/event-stream"), &[503]),
    get("me", "/api/v1/staff/me", StaffOnly, "Who is asking, and colleagues", Json(json::<Me>), &[]),
    with_query(
        get("queue", "/api/v1/staff/queue", StaffOnly, "A queue of reports", Json(json::<QueueReply>), &[400]),
        json::<QueueQuery>,
    ),
    get("case", "/api/v1/staff/reports/{report}", StaffOnly, "A report as staff see it", Json(json::<Case>), &[400, 404]),
    get("staff_photo", "/api/v1/staff/photos/{photo}", StaffOnly, "Any photo (JPEG)", Bytes("image/jpeg"), &[400, 404]),
    post(
        "decide",
        "/api/v1/staff/decide",
        StaffOnly,
        "Decide about one or several reports",
        Json(json::<Decide>),
        Json(json::<Decided>),
        &[400, 413, 415, 422, 503, 507],
    ),
];

/// The route of this name.
pub fn route(name: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.name == name)
}
