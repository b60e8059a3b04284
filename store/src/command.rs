//! The words of wishes: who wishes what, and by which name a wish is refused. `decide.rs` has the rules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fact::{Answers, Category, Department, HideReason, Kind, Place, Site, Status, Target, UnixMs};
use crate::id::{
    AttachmentId, CategoryCode, CodeHash, CommentId, DepartmentCode, EventId, Language, QuestionCode, ReportId, RequestId,
    SessionId, StaffId,
};

/// Longest description of a report, in characters (Open311 asks for 4,000 at most).
pub const TEXT_MAX: usize = 4000;
/// Longest comment, note or public answer, in characters.
pub const COMMENT_MAX: usize = 2000;
/// Shortest description that says anything, in characters.
pub const TEXT_MIN: usize = 3;

/// Who wishes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The box itself: set-up, demo data.
    System,
    /// A resident at a kiosk: nobody in particular.
    Resident,
    /// A member of staff.
    Staff(StaffId),
}

/// What a decision may know of the world beside the State: all of it comes in as arguments.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Who.
    pub actor: Actor,
    /// When, by the box's clock.
    pub now_ms: UnixMs,
    /// Everybody that a report can be given to.
    pub staff: &'a [StaffId],
    /// Whether the photo that the wish names, if it names one, is stored.
    pub photo_stored: bool,
}

/// A wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Set up or change the site (system).
    OpenSite(Site),
    /// Add or replace a department (system).
    DefineDepartment(Department),
    /// Add or replace a category (system).
    DefineCategory(Category),
    /// Tell the town something (anyone).
    FileReport {
        report: ReportId,
        kind: Kind,
        category: CategoryCode,
        place: Place,
        text: String,
        language: Language,
        answers: Answers,
        photo: Option<AttachmentId>,
        code: Option<CodeHash>,
    },
    /// "Me too" (anyone; once per session and report).
    Support { report: ReportId, session: SessionId },
    /// Comment (anyone). `code`: the report's follow-up code marks the reporter's own words.
    Comment { report: ReportId, comment: CommentId, text: String, language: Language, code: Option<CodeHash> },
    /// A staff decision on one report.
    Decide {
        report: ReportId,
        request: RequestId,
        /// The report's decision heads ([`crate::model::Report::heads`]) that the person had on the screen;
        /// `None` decides whatever happened meanwhile.
        seen: Option<Vec<EventId>>,
        decision: Decision,
    },
}

/// What staff can decide about a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Decision {
    /// Set the status. Fixed, declined, planned and not ours need a public answer (their own or one given earlier).
    SetStatus { status: Status, answer: Option<String> },
    /// Move to another category; its department takes over.
    ChangeCategory { category: CategoryCode },
    /// Hand to another department.
    ChangeDepartment { department: DepartmentCode },
    /// Give to a member of staff, or to nobody.
    Assign { to: Option<StaffId> },
    /// Write an internal note.
    AddNote { text: String },
    /// Fold into another report, which must not itself be folded into one.
    Merge { into: ReportId },
    /// Put aside until a time, or take back.
    Defer { until: Option<UnixMs> },
    /// Hide from the public.
    Hide { target: Target, reason: HideReason, explanation: String },
    /// Show again.
    Show { target: Target },
    /// Take an earlier decision on this report back.
    Undo { decision: EventId },
}

/// Why a wish was refused. `Refusal::code` is stable; clients and Open311 rely on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    #[error("this box serves no town yet: run `wegovnowd init`")]
    NoSite,
    #[error("the place is outside the area that this town serves")]
    OutsideArea,
    #[error("the coordinates are not on the planet")]
    BadPlace,
    #[error("there is no category {category:?}")]
    UnknownCategory { category: CategoryCode },
    #[error("category {category:?} does not take this kind of report")]
    WrongKind { category: CategoryCode },
    #[error("there is no department {department:?}")]
    UnknownDepartment { department: DepartmentCode },
    #[error("there is no such report")]
    UnknownReport,
    #[error("there is no such comment on this report")]
    UnknownComment,
    #[error("no report has this code")]
    UnknownCode,
    #[error("there is no such photo: send it first")]
    UnknownPhoto,
    #[error("there is no such member of staff")]
    UnknownStaff,
    #[error("there is no such decision on this report")]
    UnknownDecision,
    #[error("question {question:?} has no answer")]
    MissingAnswer { question: QuestionCode },
    #[error("the answer to {question:?} is not of its kind")]
    BadAnswer { question: QuestionCode },
    #[error("this status needs an answer for the public")]
    MissingPublicAnswer,
    #[error("a reason in words is needed")]
    MissingReason,
    #[error("the text says nothing")]
    TextTooShort,
    #[error("the text has {characters} characters, at most {max} fit")]
    TextTooLong { characters: usize, max: usize },
    #[error("the text has a control character")]
    BadText,
    #[error("the report is closed")]
    Closed,
    #[error("a report cannot be folded into itself or into one that is folded away")]
    MergeLoop,
    #[error("only staff may do this")]
    NotPermitted,
    #[error("this decision cannot be taken back any more")]
    NotUndoable,
    #[error("somebody else decided meanwhile")]
    Conflict { since: Vec<EventId> },
    #[error("the same id was used for something else")]
    IdTaken,
}
