//! Between the core and the screen: callbacks become messages, the state becomes properties. Nothing else knows the markup's types.

pub mod drawn;
pub mod ear;
mod printing;
pub mod reading;
mod rows;
mod staff;

pub use rows::picture;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use slint::{ComponentHandle, Global, ModelRc, SharedString, VecModel};

use crate::app::{Colours, Field, Msg, Overlay, Period, Picture, Screen, Setting, SiftMsg, State, TextSize};
use crate::keyboard::{self, Key};
use crate::ui;

/// Where the screen's messages go.
pub type Send = Rc<dyn Fn(Msg)>;

/// Random bytes for ids and codes.
pub type Chance = Rc<dyn Fn() -> [u8; 16]>;

/// What lies on the screen now and is not asked back from it.
#[derive(Default)]
pub struct LaidOut {
    /// The screen's keyboard, so that a press can be named by its place.
    caps: RefCell<Vec<Vec<keyboard::KeyCap>>>,
    /// The photo, so that it is handed over once only.
    photo: RefCell<Option<Arc<Picture>>>,
}

/// [`LaidOut`], for those who show and those who listen.
pub type Laid = Rc<LaidOut>;

/// Wires every callback of the window; each sends one message.
pub fn connect(window: &ui::AppWindow, send: &Send, chance: &Chance, laid: &Laid) {
    macro_rules! on {
        ($global:ty, $callback:ident, || $msg:expr) => {{
            let send = Rc::clone(send);
            <$global>::get(window).$callback(move || send($msg));
        }};
        ($global:ty, $callback:ident, |$($name:ident),*| $msg:expr) => {{
            let send = Rc::clone(send);
            <$global>::get(window).$callback(move |$($name),*| { if let Some(msg) = $msg { send(msg); } });
        }};
    }
    staff::connect(window, send);
    on!(ui::Presence, on_touched, || Msg::Touched);
    on!(ui::Shell, on_wake, || Msg::Wake);
    on!(ui::Shell, on_woken, || Msg::Woken);
    on!(ui::Shell, on_finish, || Msg::Finish);
    on!(ui::Shell, on_help, || Msg::Overlay(Overlay::Help));
    on!(ui::Shell, on_technician, || Msg::Overlay(Overlay::Technician));
    on!(ui::Shell, on_about, || Msg::Overlay(Overlay::About));
    on!(ui::Shell, on_settings, || Msg::Overlay(Overlay::Settings));
    on!(ui::Shell, on_set_text, |step| {
        let text = usize::try_from(step).ok().and_then(|step| TextSize::ALL.get(step));
        text.map(|text| Msg::Set(Setting::Text(*text)))
    });
    on!(ui::Shell, on_set_colours, |colours| Some(Msg::Set(Setting::Colours(match colours {
        ui::Colours::Standard => Colours::Standard,
        ui::Colours::Dark => Colours::Dark,
        ui::Colours::ContrastDark => Colours::ContrastDark,
        ui::Colours::ContrastLight => Colours::ContrastLight,
        ui::Colours::Soft => Colours::Soft,
    }))));
    on!(ui::Shell, on_set_low, |low| Some(Msg::Set(Setting::Low(low))));
    on!(ui::Shell, on_set_still, |still| Some(Msg::Set(Setting::Still(still))));
    on!(ui::Shell, on_set_map_lines, |lines| Some(Msg::Set(Setting::Lines(lines))));
    on!(ui::Shell, on_set_defaults, || Msg::Set(Setting::Defaults));
    on!(ui::Shell, on_choose_language, || Msg::Overlay(Overlay::Languages));
    on!(ui::Shell, on_language_chosen, |code| code.parse().ok().map(Msg::Language));
    on!(ui::Shell, on_photo_chosen, |name| Some(Msg::PhotoName(name.into())));
    on!(ui::Shell, on_close, || Msg::Overlay(Overlay::None));
    on!(ui::Shell, on_stay, || Msg::Stay);
    on!(ui::Shell, on_dismiss, || Msg::DismissNotice);

    on!(ui::HomeData, on_problem, || Msg::Start(api::Kind::Problem));
    on!(ui::HomeData, on_suggestion, || Msg::Start(api::Kind::Suggestion));
    on!(ui::HomeData, on_browse, || Msg::StartBrowse);
    on!(ui::HomeData, on_follow, || Msg::StartFollow);

    on!(ui::CategoryData, on_choose, |code| code.parse().ok().map(Msg::Category));
    on!(ui::CategoryData, on_back, || Msg::Back);

    on!(ui::PlaceData, on_typed, |text, caret| Some(typed(Field::Search, &text, caret)));
    on!(ui::PlaceData, on_focus, || Msg::Focus(Field::Search));
    on!(ui::PlaceData, on_choose, |index| usize::try_from(index).ok().map(Msg::ChooseFound));
    on!(ui::PlaceData, on_open, |id| id.parse().ok().map(Msg::Open));
    on!(ui::PlaceData, on_back, || Msg::Back);
    on!(ui::PlaceData, on_next, || Msg::Next);

    on!(ui::DetailsData, on_typed, |text, caret| Some(typed(Field::Text, &text, caret)));
    on!(ui::DetailsData, on_focus, || Msg::Focus(Field::Text));
    on!(ui::DetailsData, on_answer, |code, text, caret| code.parse().ok().map(|code| typed(Field::Answer(code), &text, caret)));
    on!(ui::DetailsData, on_focus_answer, |code| code.parse().ok().map(|code| Msg::Focus(Field::Answer(code))));
    on!(ui::DetailsData, on_choose, |question, choice| {
        question.parse().ok().zip(choice.parse().ok()).map(|(question, choice)| Msg::Choose { question, choice })
    });
    on!(ui::DetailsData, on_pick_photo, || Msg::Overlay(Overlay::Photos));
    on!(ui::DetailsData, on_drop_photo, || Msg::PhotoAway);
    on!(ui::DetailsData, on_back, || Msg::Back);
    on!(ui::DetailsData, on_next, || Msg::Next);

    on!(ui::ReviewData, on_edit_category, || Msg::EditStep(Screen::Category));
    on!(ui::ReviewData, on_edit_place, || Msg::EditStep(Screen::Place));
    on!(ui::ReviewData, on_edit_details, || Msg::EditStep(Screen::Details));
    on!(ui::ReviewData, on_back, || Msg::Back);

    on!(ui::CodeData, on_typed, |text, caret| Some(typed(Field::Code, &text, caret)));
    on!(ui::CodeData, on_focus, || Msg::Focus(Field::Code));
    on!(ui::CodeData, on_submit, || Msg::SubmitCode);
    on!(ui::CodeData, on_back, || Msg::Back);

    on!(ui::BrowseData, on_open, |id| id.parse().ok().map(Msg::Open));
    on!(ui::BrowseData, on_back, || Msg::Back);

    on!(ui::SiftData, on_sheet, || Msg::Overlay(Overlay::Sift));
    on!(ui::SiftData, on_everything, || Msg::Sift(SiftMsg::Everything));
    on!(ui::SiftData, on_set_closed, |closed| Some(Msg::Sift(SiftMsg::Closed(closed))));
    on!(ui::SiftData, on_category, |code| code.parse().ok().map(|code| Msg::Sift(SiftMsg::Category(code))));
    on!(ui::SiftData, on_set_kind, |kind| Some(Msg::Sift(SiftMsg::Kind(match kind {
        1 => Some(api::Kind::Problem),
        2 => Some(api::Kind::Suggestion),
        _ => None,
    }))));
    on!(ui::SiftData, on_set_period, |stop| {
        let period = usize::try_from(stop).ok().and_then(|stop| Period::ALL.get(stop));
        period.map(|period| Msg::Sift(SiftMsg::Period(*period)))
    });

    on!(ui::KeyboardData, on_away, || Msg::KeyboardAway);

    on!(ui::ReportData, on_open_merged, || Msg::OpenMerged);
    on!(ui::ReportData, on_write, || Msg::WriteComment);
    on!(ui::ReportData, on_typed, |text, caret| Some(typed(Field::Comment, &text, caret)));
    on!(ui::ReportData, on_focus, || Msg::Focus(Field::Comment));
    on!(ui::ReportData, on_back, || Msg::Back);

    let (tell, dice) = (Rc::clone(send), Rc::clone(chance));
    ui::ReviewData::get(window).on_send(move || {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&dice()[..8]);
        tell(Msg::Send { id: api::ReportId(dice()), code: api::FollowCode::from_random(bytes) });
    });
    let (tell, weak) = (Rc::clone(send), window.as_weak());
    ui::PrintData::get(window).on_print(move || {
        if let Some(window) = weak.upgrade() {
            tell(Msg::PrintSlip(Box::new(printing::words(&window))));
        }
    });
    let (tell, dice) = (Rc::clone(send), Rc::clone(chance));
    ui::ReportData::get(window).on_send(move || tell(Msg::SendComment { id: api::CommentId(dice()) }));
    let (tell, dice) = (Rc::clone(send), Rc::clone(chance));
    let support: Rc<dyn Fn(&str)> = Rc::new(move |id: &str| {
        if let Ok(report) = id.parse() {
            tell(Msg::Support { report, session: api::SessionId(dice()) });
        }
    });
    let (near, list, open) = (Rc::clone(&support), Rc::clone(&support), support);
    ui::PlaceData::get(window).on_support(move |id| near(&id));
    ui::BrowseData::get(window).on_support(move |id| list(&id));
    let weak = window.as_weak();
    ui::ReportData::get(window).on_support(move || {
        if let Some(window) = weak.upgrade() {
            open(&ui::ReportData::get(&window).get_row().id);
        }
    });

    let (tell, laid) = (Rc::clone(send), Rc::clone(laid));
    ui::KeyboardData::get(window).on_press(move |row, column| {
        let cap = usize::try_from(row).ok().zip(usize::try_from(column).ok());
        let cap = cap.and_then(|(row, column)| laid.caps.borrow().get(row)?.get(column).cloned());
        if let Some(cap) = cap {
            tell(Msg::Key { key: cap.key, more: cap.more });
        }
    });
    let tell = Rc::clone(send);
    ui::KeyboardData::get(window).on_replace(move |letter| {
        tell(Msg::Key { key: Key::Backspace, more: Vec::new() });
        tell(Msg::Key { key: Key::Char(letter.into()), more: Vec::new() });
    });
}

fn typed(field: Field, text: &str, caret: i32) -> Msg {
    Msg::Typed { field, text: text.to_owned(), caret: usize::try_from(caret).unwrap_or(0) }
}

/// The model of a list; left alone when nothing in it changed, so that scrolling and focus stay.
fn list<T: Clone + PartialEq + 'static>(old: ModelRc<T>, new: Vec<T>) -> ModelRc<T> {
    use slint::Model;
    if old.row_count() == new.len() && old.iter().eq(new.iter().cloned()) {
        return old;
    }
    ModelRc::new(VecModel::from(new))
}

fn text(text: &str) -> SharedString {
    SharedString::from(text)
}

/// Shows the state.
pub fn show(window: &ui::AppWindow, state: &State, laid: &LaidOut) {
    rows::shell(window, state);
    printing::show(window, state);
    staff::show(window, state);
    rows::keyboard(window, state, &laid.caps);
    match state.session.screen {
        Screen::Home | Screen::Finished => {
            rows::home(window, state);
            // Nothing is left of the resident before: the other screens show an empty session.
            rows::place(window, state);
            rows::details(window, state);
            rows::review(window, state);
            rows::slip(window, state);
            rows::code(window, state);
            rows::browse(window, state);
            rows::report(window, state, &laid.photo);
            rows::map_away(window);
        }
        Screen::Category => rows::categories(window, state),
        Screen::Place => rows::place(window, state),
        Screen::Details => rows::details(window, state),
        Screen::Review => rows::review(window, state),
        Screen::Slip => rows::slip(window, state),
        Screen::Code => rows::code(window, state),
        Screen::Browse => rows::browse(window, state),
        Screen::Report => rows::report(window, state, &laid.photo),
    }
}
