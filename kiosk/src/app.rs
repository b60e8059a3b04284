//! The kiosk without a screen: what there is to know, what can happen, what follows. No markup, no network, no clock, no chance.

mod compass;
mod draft;
mod fault;
mod message;
mod open;
mod patience;
mod printing;
mod rest;
mod session;
mod settings;
mod sift;
pub mod staff;
pub mod strike;
#[cfg(test)]
pub mod monkey;
#[cfg(test)]
mod tests;
mod voice;
mod wording;

#[cfg(test)]
use std::sync::Arc;

use api::client::CallError;
#[cfg(test)]
use api::{AttachmentId, Comment, CommentId, Filed, Kind, NearReply, PhotoStored, ReportList, Reverse, SessionId, Supported};
use api::{
    Change, Datatype, Follow, FollowCode, Language, NearQuery, NewComment, NewReport, Point, QuestionCode, Report, ReportId,
    Town, What,
};

use crate::hours::Hours;
use crate::keyboard::{self, Edit, Key, Layer};
use crate::zone::Zone;
pub use compass::{Compass, CompassMsg, NearBy};
pub use fault::Fault;
pub use message::{Effect, Msg, Reply};
pub use patience::{FINISHED_MS, IDLE_MS, Patience, WARNING_MS};
pub use printing::{COPIES_MAX, Print, Printer, Running, can_print};
pub use rest::{AWAKE_MS, Rest};
pub use session::*;
pub use settings::*;
pub use sift::{Period, Seen, Sift, SiftMsg};
pub use voice::{Channel, Ears, GAINS_DB, Keypad, RATES_PERCENT, Switches, Voice, VoiceMsg, VoiceSheet};

/// A touch screen that is gone for so long is spoken of: one that is plugged in again is not worth a word.
const UNPLUGGED_MS: u64 = 5_000;
/// How often a daemon that was away is asked whether it is back.
const ASK_MS: u64 = 400;
/// How old what the town told may become: nobody pushes how the machine is.
const TOWN_MS: u64 = 30_000;
/// Characters of a search.
const SEARCH_MAX: usize = 100;
/// Characters of an answer to a category's question, and of texts before the town is known.
const ANSWER_MAX: usize = 500;
/// A code with whatever people put between its letters.
const CODE_MAX: usize = 20;

/// Everything the kiosk knows.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The town, once the daemon has told.
    pub town: Option<Town>,
    /// Whether the daemon answers.
    pub online: bool,
    /// Whether the daemon answers, but nobody has told it yet which town this is.
    pub unset: bool,
    /// How such a box takes its settings, for the technician.
    pub pairing: Option<api::MachinePairing>,
    /// Whether it is known yet if the daemon answers.
    pub heard: bool,
    /// When the daemon was last asked about the town, or whether it is back.
    pub asked_ms: u64,
    /// It has not answered that yet: one that hangs is not asked by the tick, again and again.
    pub asking: bool,
    /// The kiosk's clock, in milliseconds since any start.
    pub now_ms: u64,
    /// How far local time is ahead of UTC.
    pub zone: Zone,
    /// When the house is open; always if nobody said.
    pub hours: Option<Hours>,
    /// Whether the screen is dark.
    pub rest: Rest,
    /// Staff put the screen out: it stays dark until somebody touches it.
    pub put_out: bool,
    /// How long the kiosk waits for people.
    pub patience: Patience,
    /// Whether staff have a PIN here.
    pub has_pin: bool,
    /// Wrong tries of it.
    pub tries: staff::Tries,
    /// The screen is being cleaned, and takes no touch.
    pub cleaning: Option<staff::Cleaning>,
    /// Whether anything is there to touch the screen with, as far as the system tells.
    pub touchable: Touchable,
    /// Since when that is so.
    pub touchable_ms: u64,
    /// The displays that the picture was made for.
    pub displayed: String,
    /// They are others now: the kiosk starts anew as soon as nobody is at it.
    pub is_misfit: bool,
    /// The last touch, whoever's.
    pub touched_ms: u64,
    /// Whether photos can be added here (a developer's machine).
    pub takes_photos: bool,
    /// The language to start in, if not the town's first.
    pub first_language: Option<Language>,
    /// Everything of the present resident.
    pub session: Session,
    /// How the printer is, if there is one.
    pub printer: Printer,
    /// The slip that it is printing.
    pub running: Option<Running>,
    /// What can be heard here.
    pub ears: Ears,
    /// Tickets given so far; they never come twice, whoever is at the screen.
    pub tickets: u64,
}

/// Whether a resident can reach the kiosk with a finger or a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Touchable {
    /// Nobody has looked, or nobody can.
    #[default]
    Unknown,
    Yes,
    /// No touch screen, mouse or keyboard is there: it was unplugged, or has failed.
    No,
}

impl State {
    /// The language on the screen.
    pub fn language(&self) -> Option<&Language> {
        let town = || self.town.as_ref().and_then(|town| town.languages.first());
        self.session.language.as_ref().or(self.first_language.as_ref()).or_else(town)
    }

    /// The category of the draft.
    pub fn category(&self) -> Option<&api::Category> {
        let code = self.session.draft.category.as_ref()?;
        self.category_of(code)
    }

    /// A category by its code.
    pub fn category_of(&self, code: &api::CategoryCode) -> Option<&api::Category> {
        self.town.as_ref()?.categories.iter().find(|category| category.code == *code)
    }

    /// The text that a field holds.
    pub fn edit(&self, field: &Field) -> Option<&Edit> {
        let session = &self.session;
        match field {
            Field::Search => Some(&session.draft.search),
            Field::Text => Some(&session.draft.text),
            Field::Answer(question) => session.draft.answers.get(question),
            Field::Code => Some(&session.code),
            Field::Comment => Some(&session.opened.comment),
        }
    }

    /// How many characters a field takes.
    pub fn limit(&self, field: &Field) -> usize {
        let town = self.town.as_ref();
        match field {
            Field::Search => SEARCH_MAX,
            Field::Text => town.map_or(ANSWER_MAX, |town| town.text_max),
            Field::Answer(_) => ANSWER_MAX,
            Field::Code => CODE_MAX,
            Field::Comment => town.map_or(ANSWER_MAX, |town| town.comment_max),
        }
    }

    /// The page of the keyboard that a field is begun on.
    fn first_layer(&self, field: &Field) -> Layer {
        match field {
            Field::Code => Layer::Code,
            Field::Answer(code) => {
                let question = self.category().and_then(|category| category.questions.iter().find(|one| one.code == *code));
                let in_digits = matches!(question.map(|question| question.datatype), Some(Datatype::Number | Datatype::Datetime));
                if in_digits { Layer::Signs } else { Layer::Letters }
            }
            // Streets are written as the town writes itself.
            Field::Search if self.is_latin() && keyboard::has_latin_page(self.language_tag()) => Layer::Latin,
            Field::Search | Field::Text | Field::Comment => Layer::Letters,
        }
    }

    /// Whether people have to be told that nothing is there to touch the screen with.
    pub fn is_untouchable(&self) -> bool {
        let since_ms = self.touchable_ms.max(self.touched_ms);
        self.touchable == Touchable::No && self.now_ms.saturating_sub(since_ms) >= UNPLUGGED_MS
    }

    /// Shows the keyboard for a field, if it is not there.
    fn type_in(&mut self, field: Field) {
        if self.session.typing.as_ref().is_some_and(|typing| typing.field == field) {
            return;
        }
        let layer = self.first_layer(&field);
        let empty = self.edit(&field).is_none_or(|edit| edit.text().is_empty());
        let sentence = matches!(field, Field::Text | Field::Comment | Field::Search);
        self.session.typing = Some(Typing { field, layer, shifted: sentence && empty, more: Vec::new() });
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    fn wipe(&mut self) -> Vec<Effect> {
        self.session = Session::default();
        vec![Effect::LookAround]
    }
}

/// What a daemon says that was not told yet which town it serves.
pub const NO_TOWN: &str = "no_site";

/// What follows from a message.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    use Msg::{ChooseFound, Key, Next, Send, SendComment, Spot, SubmitCode};
    // What was said before may be said again by such a step: that leads there once more.
    let says_again = matches!(msg, Next | Send { .. } | SubmitCode | SendComment { .. } | Spot(_) | ChooseFound(_) | Key { .. });
    let before = if says_again { Notice::None } else { state.session.notice };
    // Suggestions come, or fail to, while somebody is typing on.
    let is_aside = matches!(msg, Msg::Reply(_, Reply::Found(_)));
    let effects = turn(state, msg);
    if state.session.notice != before {
        fault::lead(state, is_aside);
    }
    effects
}

fn turn(state: &mut State, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Tick { now_ms, wall } => {
            let effects = tick(state, now_ms);
            rest::tick(state, wall);
            return effects;
        }
        Msg::Town(Ok(town)) => {
            let back = !state.online;
            (state.online, state.heard, state.asking, state.asked_ms) = (true, true, false, state.now_ms);
            state.unset = false;
            pairing(state, None);
            state.town = Some(town);
            return if back { refresh(state) } else { Vec::new() };
        }
        Msg::Town(Err(_)) | Msg::Lost => {
            state.asking &= matches!(msg, Msg::Lost);
            if let Msg::Town(Err(error)) = &msg {
                state.unset = error.code() == NO_TOWN;
                if !state.unset {
                    pairing(state, None);
                }
            }
            (state.online, state.heard) = (false, true);
            return Vec::new();
        }
        Msg::Pairing(told) => {
            pairing(state, told);
            return Vec::new();
        }
        Msg::Changed(change) => return changed(state, &change),
        Msg::Printer(printer) => {
            printing::told(state, printer);
            return Vec::new();
        }
        Msg::Reply(ticket, reply) => return replied(state, ticket, reply),
        Msg::Seen(seen) => return sift::seen(state, seen),
        Msg::Ears(ears) => {
            voice::heard(state, ears);
            return Vec::new();
        }
        Msg::Touchable(touchable) => {
            if state.touchable != touchable {
                (state.touchable, state.touchable_ms) = (touchable, state.now_ms);
            }
            return Vec::new();
        }
        Msg::Displayed(displays) => {
            // Without any, starting anew would only fail: what is there is kept until one is back.
            if !displays.is_empty() {
                state.is_misfit = !state.displayed.is_empty() && state.displayed != displays;
                if state.displayed.is_empty() {
                    state.displayed = displays;
                }
            }
            return Vec::new();
        }
        Msg::Hold(is_down) => {
            staff::hold(state, is_down);
            return Vec::new();
        }
        // A cloth means nothing.
        _ if state.cleaning.is_some() => return Vec::new(),
        Msg::Woken => {
            rest::woken(state);
            return Vec::new();
        }
        // In the dark nothing can be meant by a touch.
        Msg::Wake => {
            rest::wake(state);
            return Vec::new();
        }
        _ if state.rest != Rest::Awake => {
            rest::wake(state);
            return Vec::new();
        }
        _ => {}
    }
    // From here on somebody is at the screen.
    let now_ms = state.now_ms;
    state.touched_ms = now_ms;
    let session = &mut state.session;
    session.started = true;
    session.touched_ms = now_ms;
    session.warning_s = None;
    match msg {
        // It was paired, or is away, since the button was drawn.
        Msg::Overlay(Overlay::Technician) if state.pairing.is_none() => {}
        // They have a way in of their own.
        Msg::Overlay(Overlay::Pin | Overlay::Staff) => {}
        Msg::Overlay(overlay) => {
            session.overlay = overlay;
            session.typing = None;
            session.voice.sheet = VoiceSheet::None;
            session.staff = staff::Staff::default();
            if overlay == Overlay::Photos {
                let ticket = state.ticket();
                state.session.photos_wanted = Some(ticket);
                return vec![Effect::ListPhotos(ticket)];
            }
        }
        Msg::Language(language) => {
            session.language = Some(language);
            session.overlay = Overlay::None;
        }
        Msg::Set(setting) => session.settings.set(setting),
        Msg::DismissNotice => session.notice = Notice::None,
        Msg::Corner(_) | Msg::PinDigit(_) | Msg::PinAway | Msg::PinDone | Msg::Staff(_) => return staff::update(state, msg),
        // Once more on its own page changes nothing, not even when that clears.
        Msg::Finish if session.screen == Screen::Finished => {}
        Msg::Finish => {
            // The last page is still read aloud; what was set for it goes with the page.
            let voice = Voice { sheet: VoiceSheet::None, ..session.voice.clone() };
            let effects = state.wipe();
            state.session = Session { started: true, screen: Screen::Finished, finished_ms: now_ms, voice, ..Session::default() };
            return effects;
        }
        Msg::Back => return back(state),
        Msg::Focus(field) => state.type_in(field),
        Msg::Typed { field, text, caret } => {
            let text: String = text.chars().take(state.limit(&field)).collect();
            let mut edit = Edit::new(&text);
            edit.set_caret(caret);
            return typed(state, field, edit);
        }
        Msg::Key { key, more } => return key_pressed(state, key, more),
        Msg::KeyboardAway => session.typing = None,
        Msg::StartBrowse
        | Msg::Open(_)
        | Msg::OpenMerged
        | Msg::Select(_)
        | Msg::StartFollow
        | Msg::SubmitCode
        | Msg::WriteComment => {
            return open::update(state, msg);
        }
        Msg::Sift(msg) => return sift::update(state, msg),
        Msg::Support { .. } | Msg::SendComment { .. } => return open::update(state, msg),
        Msg::PrintSlip(words) => return printing::print(state, *words),
        Msg::Voice(msg) => return voice::update(state, msg),
        Msg::Compass(msg) => return compass::update(state, msg),
        Msg::Touched | Msg::Stay => {}
        _ => return draft::update(state, msg),
    }
    Vec::new()
}

/// What is shown to the technician goes away with its reason.
fn pairing(state: &mut State, told: Option<api::MachinePairing>) {
    state.pairing = told;
    if state.pairing.is_none() && state.session.overlay == Overlay::Technician {
        state.session.overlay = Overlay::None;
    }
}

fn tick(state: &mut State, now_ms: u64) -> Vec<Effect> {
    state.now_ms = now_ms;
    let mut effects = Vec::new();
    let since_ms = now_ms.saturating_sub(state.asked_ms);
    if state.asking {
        // Its answer, or that there is none, comes by itself.
    } else if state.heard && !state.online && since_ms >= ASK_MS {
        // One call may have failed while the stream of changes went on: then nobody else would notice that all is well.
        (state.asked_ms, state.asking) = (now_ms, true);
        effects.push(Effect::Town);
    } else if state.online && since_ms >= TOWN_MS {
        (state.asked_ms, state.asking) = (now_ms, true);
        effects.push(Effect::Town);
    }
    effects.extend(staff::tick(state));
    effects.extend(patience::tick(state));
    effects.extend(printing::tick(state));
    if state.is_misfit && !state.session.started {
        state.is_misfit = false;
        effects.push(Effect::Restart);
    }
    effects
}

fn back(state: &mut State) -> Vec<Effect> {
    let session = &mut state.session;
    session.notice = Notice::None;
    session.typing = None;
    let review = session.draft.reviewed;
    session.screen = match session.screen {
        Screen::Category | Screen::Place | Screen::Details if review => Screen::Review,
        Screen::Place => Screen::Category,
        Screen::Details => Screen::Place,
        // From here on it leads back step by step, and not to the review again.
        Screen::Review => {
            session.draft.reviewed = false;
            Screen::Details
        }
        Screen::Report if session.opened.code.is_some() => Screen::Code,
        Screen::Report if session.draft.category.is_some() => Screen::Place,
        Screen::Report => Screen::Browse,
        Screen::Home | Screen::Category | Screen::Slip | Screen::Code | Screen::Browse | Screen::Finished => Screen::Home,
    };
    match session.screen {
        Screen::Home => {
            session.draft = Draft::default();
            session.browse = Browse::default();
            session.opened = Opened::default();
            session.code = Edit::default();
            vec![Effect::LookAround]
        }
        Screen::Browse => open::list(state),
        Screen::Place => session.draft.point.map(Effect::Look).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Reads anew what is on the screen, after the daemon was away.
fn refresh(state: &mut State) -> Vec<Effect> {
    if state.session.notice == Notice::Away {
        state.session.notice = Notice::None;
    }
    match state.session.screen {
        Screen::Browse => open::list(state),
        Screen::Report => open::reload(state),
        Screen::Place => draft::look_up(state),
        _ => Vec::new(),
    }
}

fn changed(state: &mut State, change: &Change) -> Vec<Effect> {
    let mut effects = Vec::new();
    if matches!(change.what, What::Town | What::Missed) || matches!(change.what, What::Filed | What::Decided) {
        effects.push(Effect::Town);
    }
    match state.session.screen {
        Screen::Browse => effects.extend(open::list(state)),
        Screen::Report if change.report.is_none() || change.report == state.session.opened.id => {
            effects.extend(open::reload(state))
        }
        _ => {}
    }
    effects
}

fn replied(state: &mut State, ticket: Ticket, reply: Reply) -> Vec<Effect> {
    if matches!(reply.error(), Some(CallError::Away(_))) {
        (state.online, state.heard) = (false, true);
        state.asked_ms = state.now_ms;
    }
    if compass::replied(state, ticket, &reply) {
        return Vec::new();
    }
    match reply {
        Reply::Printed(printed) => {
            printing::replied(state, ticket, printed);
            Vec::new()
        }
        Reply::Pin(answer) => {
            staff::checked(state, ticket, answer);
            Vec::new()
        }
        Reply::Near(_) | Reply::Found(_) | Reply::Address(_) | Reply::Filed(_) | Reply::Photos(_) | Reply::PhotoStored(_) => {
            draft::replied(state, ticket, reply)
        }
        _ => open::replied(state, ticket, reply),
    }
}

/// The notice for a call that failed.
fn failed(state: &mut State, error: &CallError) {
    state.session.notice = match error.code() {
        "away" | "garbled" | "busy" | "too_slow" => Notice::Away,
        "outside_area" | "bad_place" => Notice::OutsideArea,
        "text_too_short" => Notice::TextMissing,
        "text_too_long" => Notice::TextTooLong,
        "missing_answer" => Notice::AnswerMissing,
        "bad_answer" => Notice::AnswerBad,
        "unknown_code" => Notice::CodeUnknown,
        "too_many" => Notice::TooMany,
        "closed" => Notice::Closed,
        "storage_full" | "read_only" => Notice::StorageFull,
        "unsupported_media" | "too_large" | "unknown_photo" => Notice::PhotoRefused,
        _ => Notice::Refused,
    };
}

fn typed(state: &mut State, field: Field, edit: Edit) -> Vec<Effect> {
    let session = &mut state.session;
    session.notice = Notice::None;
    match field {
        Field::Search => {
            session.draft.search = edit;
            return draft::search(state);
        }
        Field::Text => session.draft.text = edit,
        Field::Answer(question) => {
            session.draft.answers.insert(question, edit);
        }
        Field::Code => session.code = edit,
        Field::Comment => session.opened.comment = edit,
    }
    Vec::new()
}

fn key_pressed(state: &mut State, key: Key, more: Vec<String>) -> Vec<Effect> {
    let Some(typing) = state.session.typing.clone() else { return Vec::new() };
    let limit = state.limit(&typing.field);
    let mut edit = state.edit(&typing.field).cloned().unwrap_or_default();
    let one_line = matches!(typing.field, Field::Search | Field::Code | Field::Answer(_));
    let mut next = Typing { more: Vec::new(), ..typing.clone() };
    match key {
        Key::Char(text) => {
            if edit.insert(&text, limit) {
                next.more = more;
            }
            next.shifted = false;
        }
        Key::Space => {
            edit.insert(" ", limit);
        }
        Key::Enter if !one_line => {
            edit.insert("\n", limit);
            next.shifted = true;
        }
        Key::Backspace => edit.backspace(),
        Key::Shift => next.shifted = !typing.shifted,
        Key::Layer(layer) => next.layer = layer,
        Key::Enter | Key::Done => {
            state.session.typing = None;
            return match typing.field {
                Field::Code => open::update(state, Msg::SubmitCode),
                // Enter takes the first suggestion, as everywhere.
                Field::Search if key == Key::Enter && !state.session.draft.found.is_empty() => {
                    draft::update(state, Msg::ChooseFound(0))
                }
                _ => Vec::new(),
            };
        }
    }
    state.session.typing = Some(next);
    if state.edit(&typing.field) == Some(&edit) { Vec::new() } else { typed(state, typing.field, edit) }
}
