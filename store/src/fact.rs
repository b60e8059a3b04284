//! Facts in the past tense: what a town's history is made of.
//!
//! A fact is written once and never changed. New kinds may be added; an old kind keeps its number, its field names and their
//! meaning for ever (`event.rs` seals facts into the frozen envelope). Facts say what was decided, not why it was allowed:
//! `decide.rs` has the rules, `model.rs` folds facts into the present.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::geo::{Area, Point};
use crate::id::{
    AttachmentId, CategoryCode, CodeHash, CommentId, DepartmentCode, DeviceId, EventId, Language, QuestionCode, ReportId,
    RequestId, SessionId, StaffId,
};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type UnixMs = u64;

/// The same text in several languages.
pub type Texts = BTreeMap<Language, String>;

/// A report's nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something is broken, dirty or dangerous.
    Problem,
    /// Something could be better.
    Suggestion,
}

/// Where a report stands. Open311 knows only open and closed; [`Status::is_open`] tells which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has acted on it yet.
    Received,
    /// Somebody works on it.
    InProgress,
    /// It will be done, not now.
    Planned,
    /// Done.
    Fixed,
    /// It will not be done; the public answer says why.
    Declined,
    /// Another body is responsible; the public answer names it.
    NotOurs,
    /// The same as another report, which carries on.
    Duplicate,
}

impl Status {
    /// All, in the order of a case's life.
    pub const ALL: [Status; 7] = [
        Status::Received,
        Status::InProgress,
        Status::Planned,
        Status::Fixed,
        Status::Declined,
        Status::NotOurs,
        Status::Duplicate,
    ];

    /// In English words, for plain lines, the console and the log; residents read their own language.
    pub fn words(self) -> &'static str {
        match self {
            Status::Received => "received",
            Status::InProgress => "in progress",
            Status::Planned => "planned",
            Status::Fixed => "fixed",
            Status::Declined => "declined",
            Status::NotOurs => "not ours",
            Status::Duplicate => "duplicate",
        }
    }

    /// Whether the town still owes something.
    pub fn is_open(self) -> bool {
        matches!(self, Status::Received | Status::InProgress | Status::Planned)
    }
}

/// What kind of answer a category's extra question takes (Open311 GeoReport v2, attribute `datatype`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Datatype {
    /// One line.
    String,
    /// A decimal number.
    Number,
    /// A date and time as in RFC 3339.
    Datetime,
    /// Several lines.
    Text,
    /// One of `values`.
    SingleValueList,
    /// Any of `values`, keys joined by commas.
    MultiValueList,
}

/// One choice of a list question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Choice {
    /// What is stored.
    pub key: QuestionCode,
    /// What is shown.
    pub names: Texts,
}

/// A category's extra typed question (Open311 attribute).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    /// Open311 attribute code.
    pub code: QuestionCode,
    /// Kind of answer.
    pub datatype: Datatype,
    /// Whether a report needs an answer.
    pub required: bool,
    /// The question as people read it.
    pub names: Texts,
    /// Choices of a list; empty for other datatypes.
    pub values: Vec<Choice>,
}

/// What a report is about (an Open311 service).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Category {
    /// Open311 `service_code`.
    pub code: CategoryCode,
    /// Open311 `service_name`, per language.
    pub names: Texts,
    /// One line that says what belongs here, per language.
    pub descriptions: Texts,
    /// Open311 `keywords`.
    pub keywords: Vec<String>,
    /// Open311 `group`.
    pub group: String,
    /// Who handles it first.
    pub department: DepartmentCode,
    /// Kinds of report that may have it.
    pub kinds: Vec<Kind>,
    /// One capital letter: the marker on map and list, so that colour never carries meaning alone.
    pub letter: char,
    /// Name of the icon a kiosk draws.
    pub icon: String,
    /// Days until an open report is overdue.
    pub due_days: u16,
    /// How far apart two reports of this category may be and still be called near, in metres; 0 = never asked.
    pub near_radius_m: u16,
    /// Extra questions, in order.
    pub questions: Vec<Question>,
}

/// A part of the town hall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Department {
    /// Its code.
    pub code: DepartmentCode,
    /// Its name per language.
    pub names: Texts,
}

/// The town as this network of boxes serves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Site {
    /// The town's name.
    pub name: String,
    /// Where reports are taken.
    pub area: Area,
    /// Languages offered, first is the default.
    pub languages: Vec<Language>,
    /// Whether this is a demonstration with invented reports.
    pub demo: bool,
}

/// Where a report is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// The spot.
    pub point: Point,
    /// The nearest address, as found when the report was made.
    pub address: Option<String>,
}

/// Answers to a category's questions, by question code.
pub type Answers = BTreeMap<QuestionCode, String>;

/// What was hidden or shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The whole report.
    Report,
    /// Its photo only.
    Photo,
    /// One comment.
    Comment(CommentId),
}

/// Why something was hidden. The town's published policy names the same reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HideReason {
    /// Data about a person.
    PersonalData,
    /// Insult or hate.
    Offensive,
    /// Against the law.
    Unlawful,
    /// Advertising, or not a report at all.
    Spam,
    /// Made to try the kiosk out.
    Test,
}

/// Everything that can happen. The variant's place in this list means nothing; `event.rs` numbers the kinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// A box joined; its first fact ever.
    DeviceEnrolled { device: DeviceId, public_key: serde_bytes::ByteArray<32> },
    /// A box began a new chain: at its first start, after a restore or a rebuild. Names where the last chain ended, when known.
    EpochStarted { previous: Option<(u32, u64, EventId)> },
    /// A site's words were set or replaced.
    SiteOpened(Site),
    /// A department was added or replaced.
    DepartmentDefined(Department),
    /// A category was added or replaced.
    CategoryDefined(Category),
    /// Somebody told the town something. The report's id is the event's subject.
    ReportFiled {
        kind: Kind,
        category: CategoryCode,
        /// Who handles it first, by the category's definition at that time.
        department: DepartmentCode,
        place: Place,
        text: String,
        language: Language,
        answers: Answers,
        photo: Option<AttachmentId>,
        /// Keyed hash of the follow-up code; none for reports entered without one.
        code: Option<CodeHash>,
    },
    /// Somebody said "me too".
    SupportGiven { session: SessionId },
    /// Somebody commented.
    CommentMade { comment: CommentId, text: String, language: Language, by_reporter: bool },
    /// Staff set the status, perhaps with an answer for the public.
    StatusSet { status: Status, answer: Option<String> },
    /// Staff moved it to another category, whose department took over.
    CategoryChanged { category: CategoryCode, department: DepartmentCode },
    /// Staff handed it to another department.
    DepartmentChanged { department: DepartmentCode },
    /// Staff took it, gave it to somebody, or let go of it.
    Assigned { to: Option<StaffId> },
    /// Staff wrote an internal note.
    NoteAdded { text: String },
    /// Staff folded it into another report (or took that back): supporters and followers go along.
    Merged { into: Option<ReportId> },
    /// Staff put it aside until a day, or took that back.
    Deferred { until: Option<UnixMs> },
    /// Staff hid something from the public. The original stays sealed for an appeal.
    Hidden { target: Target, reason: HideReason, explanation: String },
    /// Staff showed it again.
    Shown { target: Target },
}

/// A fact as decided, before it is sealed into an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The client's wish that led to it, so that a repeated wish is recognised.
    pub request: Option<RequestId>,
    /// The decision that this one takes back.
    pub undoes: Option<EventId>,
    /// What happened.
    pub body: Body,
}
