//! What comes to the core, and what it asks for: closed lists, each entry a value.

use std::sync::Arc;

use api::client::CallError;
use api::{
    AttachmentId, Change, ClusterList, ClusterQuery, Comment, CommentId, Filed, Follow, FollowCode, FoundList, Kind, Language,
    NearQuery, NearReply, NewComment, NewReport, PhotoStored, Point, QuestionCode, Report, ReportId, ReportList, ReportQuery,
    Reverse, SearchQuery, SessionId, Supported, Town,
};
use chrono::NaiveDateTime;

use super::{
    CompassMsg, Ears, Field, Overlay, Picture, Printer, Screen, Seen, Setting, SiftMsg, Ticket, Touchable, VoiceMsg, staff,
};
use crate::keyboard::Key;
use crate::slip::{Slip, Words};

/// A wish or a notice from outside.
#[derive(Debug, Clone)]
pub enum Msg {
    /// The clock goes on.
    Tick {
        now_ms: u64,
        /// What the clock on the wall says.
        wall: Option<NaiveDateTime>,
    },
    /// A finger came down on the dark screen, or a key.
    Wake,
    /// It was lifted.
    Woken,
    /// Somebody touched the screen or a key.
    Touched,
    /// The daemon told about the town: it is there.
    Town(Result<Town, CallError>),
    /// The daemon went away.
    Lost,
    /// Something changed in the town.
    Changed(Change),
    /// A box that nobody has told which town this is says how it takes its settings, if it does.
    Pairing(Option<api::MachinePairing>),
    /// The printer told how it is.
    Printer(Printer),
    /// An answer to an effect.
    Reply(Ticket, Reply),
    /// Headphones came or went, or sound did.
    Ears(Ears),
    /// Reading aloud.
    Voice(VoiceMsg),
    /// Choosing a place in words.
    Compass(CompassMsg),
    /// The map shows another part of town.
    Seen(Seen),
    /// Input devices came or went.
    Touchable(Touchable),
    /// Which displays hang on the machine; empty is none, or unknown.
    Displayed(String),

    /// An upper corner of the home screen was touched, where nothing else is.
    Corner(staff::Corner),
    PinDigit(u8),
    /// What was typed of the PIN goes.
    PinAway,
    PinDone,
    Staff(staff::Wish),
    /// A finger is down on the field that ends the cleaning, or is not any more.
    Hold(bool),

    Start(Kind),
    StartBrowse,
    StartFollow,
    Back,
    Next,
    Finish,
    Stay,
    Overlay(Overlay),
    Language(Language),
    Set(Setting),
    DismissNotice,

    Category(api::CategoryCode),
    Spot(Point),
    ChooseFound(usize),
    Support {
        report: ReportId,
        session: SessionId,
    },
    Choose {
        question: QuestionCode,
        choice: QuestionCode,
    },
    PhotoName(String),
    PhotoAway,
    EditStep(Screen),
    Send {
        id: ReportId,
        code: FollowCode,
    },

    /// "Print the slip", and what stands on it in the language on the screen.
    PrintSlip(Box<Words>),

    SubmitCode,
    Open(ReportId),
    /// The report that carries on the one on the screen.
    OpenMerged,
    Select(ReportId),
    Sift(SiftMsg),
    WriteComment,
    SendComment {
        id: CommentId,
    },

    Focus(Field),
    Typed {
        field: Field,
        text: String,
        caret: usize,
    },
    Key {
        key: Key,
        more: Vec<String>,
    },
    KeyboardAway,
}

/// What the daemon, the disk or the printer answered.
#[derive(Debug, Clone)]
pub enum Reply {
    Reports(Result<ReportList, CallError>),
    Clusters(Result<ClusterList, CallError>),
    Near(Result<NearReply, CallError>),
    Found(Result<FoundList, CallError>),
    Address(Result<Reverse, CallError>),
    Filed(Result<Filed, CallError>),
    Report(Result<Report, CallError>),
    Followed(Result<Report, CallError>),
    Supported(Result<Supported, CallError>),
    Commented(Result<Comment, CallError>),
    Photos(Vec<String>),
    PhotoStored(Result<PhotoStored, CallError>),
    Photo(Result<Arc<Picture>, CallError>),
    /// The slip is on paper, or why it is not.
    Printed(Result<(), Printer>),
    Pin(staff::PinAnswer),
}

impl Reply {
    pub(super) fn error(&self) -> Option<&CallError> {
        match self {
            Reply::Reports(result) => result.as_ref().err(),
            Reply::Clusters(result) => result.as_ref().err(),
            Reply::Near(result) => result.as_ref().err(),
            Reply::Found(result) => result.as_ref().err(),
            Reply::Address(result) => result.as_ref().err(),
            Reply::Filed(result) => result.as_ref().err(),
            Reply::Report(result) | Reply::Followed(result) => result.as_ref().err(),
            Reply::Supported(result) => result.as_ref().err(),
            Reply::Commented(result) => result.as_ref().err(),
            Reply::PhotoStored(result) => result.as_ref().err(),
            Reply::Photo(result) => result.as_ref().err(),
            Reply::Photos(_) | Reply::Printed(_) | Reply::Pin(_) => None,
        }
    }
}

/// What to do outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    Town,
    Reports(Ticket, ReportQuery),
    Clusters(Ticket, ClusterQuery),
    Near(Ticket, NearQuery),
    Search(Ticket, SearchQuery),
    Address(Ticket, Point),
    File(Ticket, Box<NewReport>),
    Report(Ticket, ReportId),
    Follow(Ticket, Follow),
    Support(Ticket, ReportId, SessionId),
    Comment(Ticket, ReportId, NewComment),
    Photo(Ticket, AttachmentId),
    ListPhotos(Ticket),
    SendPhoto(Ticket, String),
    Print(Ticket, Box<Slip>),
    /// Whatever is left of this slip must not be printed, nor kept.
    DropPrint(Ticket),
    /// Whether this is staff's PIN.
    CheckPin(Ticket, staff::Pin),
    /// End the program, which is started anew.
    Restart,
    /// Move the map there.
    Look(Point),
    /// Show the whole town again.
    LookAround,
}
