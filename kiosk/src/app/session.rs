//! What one resident does between the first touch and "Finish". Wiping is setting this to its default.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{
    AttachmentId, Cluster, Filed, FollowCode, Found, Kind, Language, Near, Point, QuestionCode, Report, ReportId, SessionId,
    Summary,
};

use super::sift::{Seen, Sift};
use super::staff::Staff;
use super::strike::Strike;
use super::{Compass, Print, Settings, Voice};
use crate::keyboard::{Edit, Layer};

/// Marks a question to the daemon, so that an answer nobody waits for any more is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(pub u64);

/// What fills the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Screen {
    #[default]
    Home,
    Category,
    Place,
    Details,
    Review,
    Slip,
    Code,
    Browse,
    Report,
    Finished,
}

/// What lies over the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlay {
    #[default]
    None,
    Help,
    /// Licences.
    About,
    Languages,
    /// Size of text, colours, low controls, and what else a resident sets.
    Settings,
    Photos,
    /// What of "What is going on" is shown.
    Sift,
    /// How a box without settings takes them.
    Technician,
    /// Staff's PIN.
    Pin,
    /// What staff may do.
    Staff,
}

/// Something to tell the resident: cause and remedy are in the markup, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Notice {
    #[default]
    None,
    Away,
    OutsideArea,
    TextMissing,
    TextTooLong,
    AnswerMissing,
    AnswerBad,
    CodeUnfinished,
    CodeMisread,
    CodeUnknown,
    TooMany,
    Closed,
    StorageFull,
    PhotoRefused,
    Refused,
    ThanksSupport,
    AlreadySupported,
    ThanksComment,
}

/// A text that can be typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    Search,
    Text,
    Answer(QuestionCode),
    Code,
    Comment,
}

/// The keyboard on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typing {
    pub field: Field,
    pub layer: Layer,
    pub shifted: bool,
    /// Letters like the one just typed, offered in its place.
    pub more: Vec<String>,
}

/// A photo chosen from the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    pub name: String,
    /// The daemon's id once it has it.
    pub id: Option<AttachmentId>,
}

/// A report being made.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft {
    pub kind: Option<Kind>,
    pub category: Option<api::CategoryCode>,
    pub point: Option<Point>,
    pub address: Option<String>,
    /// The part of town, as people say it: shown, not sent.
    pub district: Option<String>,
    pub address_wanted: Option<Ticket>,
    pub search: Edit,
    pub search_wanted: Option<Ticket>,
    pub found: Vec<Found>,
    pub near: Vec<Near>,
    pub near_wanted: Option<Ticket>,
    pub text: Edit,
    pub answers: BTreeMap<QuestionCode, Edit>,
    pub photo: Option<Photo>,
    pub photo_wanted: Option<Ticket>,
    /// Made at the first try to send and kept, so that sending again files once.
    pub ids: Option<(ReportId, FollowCode)>,
    pub sending: Option<Ticket>,
    /// "Send" was touched while the photo was still on its way.
    pub send_waits: Option<(ReportId, FollowCode)>,
    pub filed: Option<Filed>,
    /// "Next" leads back to the review.
    pub reviewed: bool,
}

/// A report being read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Opened {
    pub id: Option<ReportId>,
    pub report: Option<Report>,
    pub wanted: Option<Ticket>,
    /// The code that opened it, when the reporter follows up.
    pub code: Option<FollowCode>,
    pub comment: Edit,
    pub commenting: bool,
    pub comment_id: Option<api::CommentId>,
    pub sending: Option<Ticket>,
    pub supporting: Option<Ticket>,
    pub photo: Option<Arc<Picture>>,
    pub photo_wanted: Option<Ticket>,
}

/// A photo, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub width_px: u32,
    pub height_px: u32,
    /// Rows from the top, three bytes a pixel.
    pub rgb: Vec<u8>,
}

/// "What is going on".
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Browse {
    pub reports: Vec<Summary>,
    pub total: u32,
    pub wanted: Option<Ticket>,
    pub chosen: Option<ReportId>,
    pub sift: Sift,
    /// What the map shows, once it has told.
    pub seen: Option<Seen>,
    /// What lies there. Shared: a session is copied for every message.
    pub clusters: Arc<Vec<Cluster>>,
    pub clusters_wanted: Option<Ticket>,
}

/// A place said in this session, so that nobody is asked for it twice (WCAG 3.3.7).
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub point: Point,
    pub address: Option<String>,
}

/// Everything of one resident.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Session {
    /// Somebody touched the screen since the last wipe.
    pub started: bool,
    /// None is the town's first language.
    pub language: Option<Language>,
    pub settings: Settings,
    pub voice: Voice,
    pub id: Option<SessionId>,
    pub screen: Screen,
    pub overlay: Overlay,
    pub notice: Notice,
    /// The notice takes the focus itself: nothing else on the screen can be put right.
    pub notice_leads: bool,
    pub typing: Option<Typing>,
    pub touched_ms: u64,
    /// Seconds until the wipe, while the warning is shown.
    pub warning_s: Option<u32>,
    pub finished_ms: u64,
    pub draft: Draft,
    pub compass: Compass,
    pub code: Edit,
    pub code_wanted: Option<Ticket>,
    pub opened: Opened,
    pub browse: Browse,
    pub photos: Vec<String>,
    pub photos_wanted: Option<Ticket>,
    pub print: Print,
    /// Slips that came out.
    pub copies: u8,
    /// The place of the last report begun, offered to the next.
    pub said: Option<Said>,
    /// The last step, so that a double strike is known.
    pub struck: Option<Strike>,
    pub staff: Staff,
}
