//! Requests, replies and notices.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
pub use store::code::FollowCode;
pub use store::decide::{Decision, Refusal};
pub use store::fact::{
    Answers, Category, Choice, Datatype, Department, HideReason, Kind, Place, Question, Status, Target, Texts, UnixMs,
};
pub use store::geo::{Area, Bounds, Point};
pub use store::id::{
    AttachmentId, CategoryCode, CommentId, DepartmentCode, EventId, Language, QuestionCode, ReportId, RequestId, SessionId,
    StaffId,
};
pub use store::index::{Cluster, Counts as QueueCounts, Queue};

/// Every error answer has this body. `code` is stable, `message` is for people (English; clients translate by code).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// A refusal's code, or one of `bad_request`, `not_found`, `method_not_allowed`, `too_large`, `too_slow`, `too_many`, `busy`,
    /// `storage_full`, `read_only`, `unsupported_media`, `internal`.
    pub code: String,
    /// What, where, and what to do next.
    pub message: String,
    /// The refusal, where a rule refused.
    pub refusal: Option<Refusal>,
}

/// What a client needs to know of the town.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Town {
    /// The town's name.
    pub name: String,
    /// Where the box stands, as people say it ("Library North"); may be empty.
    pub place_name: String,
    /// Where reports are taken.
    pub area: Area,
    /// What the map covers.
    pub bounds: Bounds,
    /// Where the map opens: the box's own place.
    pub center: Point,
    /// Languages offered; the first is the default.
    pub languages: Vec<Language>,
    /// Invented reports inside: say so on every screen.
    pub demo: bool,
    /// The daemon's version.
    pub version: String,
    /// The imported town file, readable by every local client; absent before `wegovnowd town import`.
    pub map_file: Option<String>,
    /// Whether new reports are taken now; if not, why (`storage_full`, `read_only`).
    pub refuses: Option<String>,
    /// What everybody at the box should know of it.
    #[serde(default)]
    pub notices: Vec<BoxNotice>,
    /// Reports that are open.
    pub open_reports: u32,
    /// Categories in the order they are offered.
    pub categories: Vec<Category>,
    /// Departments.
    pub departments: Vec<Department>,
    /// Longest report text, in characters.
    pub text_max: usize,
    /// Longest comment or answer, in characters.
    pub comment_max: usize,
    /// Largest photo, in bytes.
    pub photo_max: usize,
    /// The daemon's clock.
    pub now_ms: UnixMs,
}

/// What residents may know of the machine under the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoxNotice {
    /// An update did not work and was taken back; the version before it runs.
    UpdateTakenBack,
    /// The clock was not set by anybody trusted: times may be wrong.
    ClockUnverified,
}

/// A report in a list, as anyone may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    pub id: ReportId,
    /// What people say: `R-4F7K2M`.
    pub reference: String,
    pub kind: Kind,
    pub category: CategoryCode,
    pub status: Status,
    pub place: Place,
    /// The beginning of the text, at most 120 characters.
    pub title: String,
    pub language: Language,
    pub filed_ms: UnixMs,
    pub updated_ms: UnixMs,
    /// People behind it: the reporter and everyone who said "me too", here and in reports folded into it.
    pub people: u32,
    pub comments: u32,
    pub has_photo: bool,
    pub demo: bool,
}

/// A near report, for "me too".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Near {
    pub report: Summary,
    /// Distance from the asked spot, rounded to metres.
    pub distance_m: u32,
}

/// A comment as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comment {
    pub id: CommentId,
    pub at_ms: UnixMs,
    /// Empty when hidden.
    pub text: String,
    pub language: Language,
    /// Whether the reporter wrote it (with the code).
    pub by_reporter: bool,
    pub hidden: Option<HideReason>,
}

/// One step of a report's public history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    pub at_ms: UnixMs,
    pub status: Status,
    /// The town's words to the public, if it said any at this step.
    pub answer: Option<String>,
}

/// A report as anyone may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    pub summary: Summary,
    pub text: String,
    pub answers: Answers,
    pub photo: Option<AttachmentId>,
    pub department: DepartmentCode,
    /// First step is the filing.
    pub steps: Vec<Step>,
    pub comments: Vec<Comment>,
    /// The report that carries on, if this one was folded into it.
    pub merged_into: Option<ReportId>,
}

/// Query of `GET /api/v1/reports`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReportQuery {
    /// `south,west,north,east` in degrees.
    pub bounds: Option<String>,
    pub kind: Option<Kind>,
    pub category: Option<CategoryCodes>,
    /// Open reports only (default), or all that are shown.
    pub closed: Option<bool>,
    /// Changed at this time or later.
    pub since_ms: Option<UnixMs>,
    /// How many at most (1 to 500, default 100).
    pub limit: Option<u32>,
    /// `near=lat,lon` sorts by distance; otherwise newest first.
    pub near: Option<String>,
    /// Answers of this time and older only: the `updated_ms` of the last row seen.
    pub before_ms: Option<UnixMs>,
}

/// Reply of `GET /api/v1/reports`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportList {
    pub reports: Vec<Summary>,
    /// How many match in all.
    pub total: u32,
}

/// One or several categories; in an address with commas between them: `light,waste`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CategoryCodes(pub Vec<CategoryCode>);

impl Serialize for CategoryCodes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let codes: Vec<String> = self.0.iter().map(CategoryCode::to_string).collect();
        serializer.serialize_str(&codes.join(","))
    }
}

impl<'de> Deserialize<'de> for CategoryCodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<CategoryCodes, D::Error> {
        let codes = String::deserialize(deserializer)?;
        codes.split(',').map(|code| code.trim().parse().map_err(D::Error::custom)).collect::<Result<_, _>>().map(CategoryCodes)
    }
}

impl JsonSchema for CategoryCodes {
    fn schema_name() -> Cow<'static, str> {
        "CategoryCodes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[a-z0-9-]{1,40}(,[a-z0-9-]{1,40})*$",
            "description": "One or several categories, with commas between them",
        })
    }
}

/// Query of `GET /api/v1/clusters`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterQuery {
    /// `south,west,north,east` in degrees.
    pub bounds: String,
    /// How large the map shows the town, as web maps count it (0 to 24). A window of a great many markers is clustered more coarsely.
    pub zoom: f64,
    #[serde(default)]
    pub kind: Option<Kind>,
    #[serde(default)]
    pub category: Option<CategoryCodes>,
    /// Open reports only (default), or all that are shown.
    #[serde(default)]
    pub closed: Option<bool>,
    /// Changed at this time or later.
    #[serde(default)]
    pub since_ms: Option<UnixMs>,
}

/// Reply of `GET /api/v1/clusters`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClusterList {
    /// Those whose middle lies in the rectangle.
    pub clusters: Vec<Cluster>,
    /// How many reports lie in the rectangle.
    pub total: u32,
}

/// Query of `GET /api/v1/near`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NearQuery {
    pub lat: f64,
    pub lon: f64,
    pub category: CategoryCode,
}

/// Body of `POST /api/v1/reports`. The client makes `id` and `code`, so that a repeated request files once and can be answered again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReport {
    pub id: ReportId,
    pub kind: Kind,
    pub category: CategoryCode,
    pub place: Place,
    pub text: String,
    pub language: Language,
    #[serde(default)]
    pub answers: Answers,
    #[serde(default)]
    pub photo: Option<AttachmentId>,
    /// The follow-up code that the slip will show.
    pub code: FollowCode,
}

/// Reply to a filed report: it is on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Filed {
    pub id: ReportId,
    pub reference: String,
    /// The signed event that holds it.
    pub event: EventId,
    pub filed_ms: UnixMs,
    pub department: DepartmentCode,
    /// Days until the town means to have dealt with it.
    pub due_days: u16,
}

/// Body of `POST /api/v1/reports/{id}/support`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSupport {
    pub session: SessionId,
}

/// Reply to a support.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Supported {
    /// People behind the report now.
    pub people: u32,
    /// This session had already supported it; nothing changed.
    pub already: bool,
}

/// Body of `POST /api/v1/reports/{id}/comments`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewComment {
    pub id: CommentId,
    pub text: String,
    pub language: Language,
    /// The report's follow-up code, when the reporter writes.
    #[serde(default)]
    pub code: Option<FollowCode>,
}

/// Body of `POST /api/v1/follow`: the code travels in a body, never in an address that a log would keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Follow {
    pub code: FollowCode,
}

/// Reply to a photo sent (`POST /api/v1/photos`, body is the file).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhotoStored {
    pub id: AttachmentId,
    pub width_px: u32,
    pub height_px: u32,
}

/// Query of `GET /api/v1/search`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchQuery {
    pub q: String,
    /// Where kinds of places ("pharmacy") are looked for, the nearest first; the middle of the map without both.
    #[serde(default)]
    pub lat: Option<f64>,
    #[serde(default)]
    pub lon: Option<f64>,
    /// How many at most (1 to 20, default 8).
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A found place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// As people read it: "Mannerheimintie 5", "Kamppi".
    pub label: String,
    /// What it is: `address`, `street`, `crossing`, `place`.
    pub what: String,
    /// A house number that the map lacks, put between two that it has.
    #[serde(default)]
    pub is_between: bool,
    pub point: Point,
    /// Whether reports are taken there.
    pub in_area: bool,
}

/// Reply of search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FoundList {
    pub found: Vec<Found>,
}

/// Query of `GET /api/v1/reverse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReverseQuery {
    pub lat: f64,
    pub lon: f64,
}

/// Reply of reverse look-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reverse {
    /// Nearest address or street, if any is within 100 m.
    pub label: Option<String>,
    /// The part of town whose name the map writes nearest, within 2 km.
    #[serde(default)]
    pub district: Option<String>,
    pub in_area: bool,
}

/// Query of `GET /api/v1/staff/queue`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueQuery {
    pub queue: Queue,
    /// Words that must all occur in reference, text, address, category or department name.
    #[serde(default)]
    pub filter: Option<String>,
    #[serde(default)]
    pub department: Option<DepartmentCode>,
    /// How many at most (1 to 1,000, default 200).
    #[serde(default)]
    pub limit: Option<u32>,
    #[serde(default)]
    pub offset: Option<u32>,
}

/// A row of the console's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    pub summary: Summary,
    pub department: DepartmentCode,
    pub assigned: Option<StaffId>,
    pub due_ms: UnixMs,
    pub deferred_ms: Option<UnixMs>,
    /// Near open reports of the same category.
    pub near: u32,
    pub hidden: bool,
    /// Two boxes decided at the same time; a person should settle it.
    pub provisional: bool,
    /// Decisions that nothing has followed yet: send them back as `seen`.
    pub heads: Vec<EventId>,
}

/// Reply of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QueueReply {
    pub rows: Vec<Row>,
    /// How many match in all.
    pub total: u32,
    pub counts: QueueCounts,
    /// The change after which this is true; push continues from here.
    pub change: u64,
}

/// One decision in a report's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    pub event: EventId,
    pub at_ms: UnixMs,
    /// Who; none for residents and for the box itself.
    pub by: Option<StaffId>,
    /// What, in the decision's own terms; none for filing, support and comments.
    pub decision: Option<Decision>,
    /// The decision this one took back.
    pub undoes: Option<EventId>,
    /// Whether it can be taken back now.
    pub undoable: bool,
    /// One line of English for plain mode and logs.
    pub text: String,
}

/// A report as staff see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Case {
    pub row: Row,
    pub report: Report,
    /// Hidden texts are here in full, for staff only.
    pub notes: Vec<Note>,
    /// Every decision, oldest first.
    pub record: Vec<Record>,
    /// Near reports of the same category, open or closed within 90 days, nearest first.
    pub near: Vec<Near>,
    /// Reports folded into this one.
    pub merged: Vec<Summary>,
}

/// An internal note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    pub at_ms: UnixMs,
    pub by: Option<StaffId>,
    pub text: String,
}

/// A member of staff, as the town's own table names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Staff {
    pub id: StaffId,
    pub name: String,
}

/// Reply of `GET /api/v1/staff/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Me {
    pub me: Staff,
    pub colleagues: Vec<Staff>,
}

/// Body of `POST /api/v1/staff/decide`: one decision on one or several reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// At most 500.
    pub on: Vec<DecideOn>,
    pub decision: Decision,
}

/// One report of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideOn {
    pub report: ReportId,
    pub request: RequestId,
    /// The heads on the screen; none = whatever happened meanwhile.
    #[serde(default)]
    pub seen: Option<Vec<EventId>>,
    /// With [`Decision::Undo`] on several reports each names its own decision; overrides the one in `decision`.
    #[serde(default)]
    pub undo: Option<EventId>,
}

/// What became of it for one report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    pub report: ReportId,
    /// The decision's event, if it was made.
    pub event: Option<EventId>,
    pub refusal: Option<Refusal>,
    /// On a conflict: what the other did.
    pub since: Vec<Record>,
}

/// Reply to a decision, in the order asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decided {
    pub outcomes: Vec<Outcome>,
}

/// What changed (server-sent events of `GET /api/v1/changes`; the SSE id is `change`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Counts up by one; after a gap, read everything again.
    pub change: u64,
    pub report: Option<ReportId>,
    pub reference: Option<String>,
    pub what: What,
    /// Who, if staff.
    pub by: Option<StaffId>,
}

/// Kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Filed,
    Supported,
    Commented,
    Decided,
    /// Site, categories or departments changed: read the town again.
    Town,
    /// The subscriber was too slow and missed something: read everything again.
    Missed,
}

/// Reply of `GET /api/v1/health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// `ok`, `storage_full`, `read_only`, or `damaged`: events on the disk went bad, and a restart repairs them from the tape.
    pub state: String,
    pub version: String,
    pub uptime_s: u64,
    pub events: u64,
    pub reports: u32,
    /// State digest, for comparing boxes and runs.
    pub digest: String,
    /// Free space on the store's disk.
    pub free_bytes: u64,
    /// What the store did when it was opened, in words; empty after a clean stop.
    pub opened: Vec<String>,
    /// The machine, as its caretaker says; absent where there is none. What is bad here does not change `state`.
    #[serde(default)]
    pub machine: Option<Machine>,
}

/// The machine under the daemon; what is absent is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// Why nothing is known.
    pub unknown: Option<String>,
    /// The slot that was started (`a`, `b`).
    pub slot: Option<String>,
    /// Version of the image in it.
    pub version: Option<String>,
    pub serial: Option<String>,
    /// What the last look at the started system came to: `passed` or `failed`.
    pub gate: Option<String>,
    /// The update that was taken back.
    pub rollback: Option<MachineRollback>,
    /// Whether somebody trusted set the clock.
    pub clock_verified: Option<bool>,
    /// What else staff should know.
    pub notices: Vec<MachineNotice>,
    /// How a box that has no settings yet takes them; absent once it has.
    #[serde(default)]
    pub pairing: Option<MachinePairing>,
}

/// What a technician reads off the screen of a box that waits for its settings. The code is no secret of theirs: it proves that
/// somebody stands before the screen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MachinePairing {
    /// What the QR picture says: an address as `ssh` takes it. Absent while the box has no address.
    pub link: Option<String>,
    /// One-time code.
    pub code: String,
    /// Where the box is reached.
    pub address: Option<String>,
    /// Of its SSH host key, as `ssh` shows it.
    pub fingerprint: Option<String>,
}

/// An update that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MachineRollback {
    pub version: Option<String>,
    /// Why, in plain words.
    pub reason: String,
}

/// Something of the machine that staff should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MachineNotice {
    pub kind: String,
    pub text: String,
}

/// Reply of near reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NearReply {
    /// Nearest first, at most 10.
    pub near: Vec<Near>,
    /// How far was looked, in metres.
    pub radius_m: u32,
}
