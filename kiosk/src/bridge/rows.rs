//! Each screen's properties, made of the state.

use std::cell::RefCell;
use std::sync::Arc;

use api::{BoxNotice, Datatype, Kind, Status, Summary, UnixMs};
use slint::{Global, Image, ModelRc, Rgb8Pixel, SharedPixelBuffer, SharedString};

use super::{list, text};
use crate::app::{Colours, Fault, Field, Notice, Overlay, Period, Picture, Rest, Screen, State, TextSize};
use crate::keyboard::{Edit, Key, KeyCap, layout};
use crate::{locale, look, slip as slip_picture, ui};

const DAY_MS: u64 = 86_400_000;

fn days(state: &State, at_ms: UnixMs) -> i32 {
    let now = state.town.as_ref().map_or(at_ms, |town| town.now_ms);
    i32::try_from(now.saturating_sub(at_ms) / DAY_MS).unwrap_or(i32::MAX)
}

fn number<N>(value: N) -> i32
where
    i32: TryFrom<N>,
{
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn status(status: Status) -> ui::Status {
    match status {
        Status::Received => ui::Status::Received,
        Status::InProgress => ui::Status::InProgress,
        Status::Planned => ui::Status::Planned,
        Status::Fixed => ui::Status::Fixed,
        Status::Declined => ui::Status::Declined,
        Status::NotOurs => ui::Status::NotOurs,
        Status::Duplicate => ui::Status::Duplicate,
    }
}

fn notice(notice: Notice) -> ui::Notice {
    match notice {
        Notice::None => ui::Notice::None,
        Notice::Away => ui::Notice::Away,
        Notice::OutsideArea => ui::Notice::OutsideArea,
        Notice::TextMissing => ui::Notice::TextMissing,
        Notice::TextTooLong => ui::Notice::TextTooLong,
        Notice::AnswerMissing => ui::Notice::AnswerMissing,
        Notice::AnswerBad => ui::Notice::AnswerBad,
        Notice::CodeUnfinished => ui::Notice::CodeUnfinished,
        Notice::CodeMisread => ui::Notice::CodeMisread,
        Notice::CodeUnknown => ui::Notice::CodeUnknown,
        Notice::TooMany => ui::Notice::TooMany,
        Notice::Closed => ui::Notice::Closed,
        Notice::StorageFull => ui::Notice::StorageFull,
        Notice::PhotoRefused => ui::Notice::PhotoRefused,
        Notice::Refused => ui::Notice::Refused,
        Notice::ThanksSupport => ui::Notice::ThanksSupport,
        Notice::AlreadySupported => ui::Notice::AlreadySupported,
        Notice::ThanksComment => ui::Notice::ThanksComment,
    }
}

/// Colours, sizes and directions.
fn theme(window: &ui::AppWindow, state: &State) {
    let theme = ui::Theme::get(window);
    let settings = &state.session.settings;
    theme.set_colours(match settings.colours {
        Colours::Standard => ui::Colours::Standard,
        Colours::Dark => ui::Colours::Dark,
        Colours::ContrastDark => ui::Colours::ContrastDark,
        Colours::ContrastLight => ui::Colours::ContrastLight,
        Colours::Soft => ui::Colours::Soft,
    });
    theme.set_capital(settings.text.capital_mm());
    theme.set_low(settings.low);
    theme.set_still(settings.still);
    ui::Shell::get(window).set_map_lines(settings.lines);
    theme.set_mirrored(state.language().is_some_and(|language| look::is_mirrored(language.as_str())));
    let step = TextSize::ALL.iter().position(|text| *text == settings.text);
    ui::Shell::get(window).set_text_step(step.map_or(0, number));
}

pub fn shell(window: &ui::AppWindow, state: &State) {
    theme(window, state);
    let session = &state.session;
    let shell = ui::Shell::get(window);
    shell.set_screen(match session.screen {
        Screen::Home => ui::ScreenName::Home,
        Screen::Category => ui::ScreenName::Category,
        Screen::Place => ui::ScreenName::Place,
        Screen::Details => ui::ScreenName::Details,
        Screen::Review => ui::ScreenName::Review,
        Screen::Slip => ui::ScreenName::Slip,
        Screen::Code => ui::ScreenName::Code,
        Screen::Browse => ui::ScreenName::Browse,
        Screen::Report => ui::ScreenName::Report,
        Screen::Finished => ui::ScreenName::Finished,
    });
    shell.set_overlay(match session.overlay {
        // Sheets for staff are their own.
        Overlay::None | Overlay::Pin | Overlay::Staff => ui::OverlayName::None,
        Overlay::Help => ui::OverlayName::Help,
        Overlay::About => ui::OverlayName::About,
        Overlay::Languages => ui::OverlayName::Languages,
        Overlay::Settings => ui::OverlayName::Settings,
        Overlay::Photos => ui::OverlayName::Photos,
        Overlay::Sift => ui::OverlayName::Sift,
        Overlay::Technician => ui::OverlayName::Technician,
    });
    shell.set_notice(notice(session.notice));
    shell.set_online(state.online || !state.heard);
    shell.set_unset(state.unset);
    pairing(&shell, state);
    shell.set_heard(state.heard);
    shell.set_live(state.online && state.town.is_some());
    shell.set_demo(state.town.as_ref().is_some_and(|town| town.demo));
    let told = |notice| state.town.as_ref().is_some_and(|town| town.notices.contains(&notice));
    shell.set_taken_back(told(BoxNotice::UpdateTakenBack));
    shell.set_clock_unverified(told(BoxNotice::ClockUnverified));
    shell.set_covered(state.rest != Rest::Awake);
    shell.set_dark(matches!(state.rest, Rest::Dark { .. }));
    if let Rest::Dark { place } = state.rest {
        // Two steps without a common divisor with 1000: the sign comes to every part of the screen in turn.
        let share = |step: u64| number(place.wrapping_mul(step) % 1000) as f32 / 1000.0;
        shell.set_sign_x(share(377));
        shell.set_sign_y(share(611));
    }
    shell.set_warning(session.warning_s.map_or(-1, number));
    shell.set_countdown(state.countdown_s().map_or(-1, number));
    shell.set_notice_focus(session.notice_leads);
    let current = state.language_tag();
    shell.set_language(text(&locale::own_name(current)));
    let offered = state.town.iter().flat_map(|town| &town.languages).filter(|language| locale::is_complete(language.as_str()));
    let rows = offered.map(|language| ui::LanguageRow {
        code: text(language.as_str()),
        name: text(&locale::own_name(language.as_str())),
        chosen: language.as_str() == current,
    });
    shell.set_languages(list(shell.get_languages(), rows.collect()));
    shell.set_photos(list(shell.get_photos(), session.photos.iter().map(|name| text(name)).collect()));
}

pub fn keyboard(window: &ui::AppWindow, state: &State, keys: &RefCell<Vec<Vec<KeyCap>>>) {
    let board = ui::KeyboardData::get(window);
    let typing = state.session.typing.as_ref();
    board.set_shown(typing.is_some());
    let Some(typing) = typing else {
        board.set_more(list(board.get_more(), Vec::new()));
        return;
    };
    let caps = layout(state.language_tag(), typing.layer, typing.shifted);
    board.set_more(list(board.get_more(), typing.more.iter().map(|letter| text(letter)).collect()));
    if *keys.borrow() == caps && slint::Model::row_count(&board.get_rows()) > 0 {
        return;
    }
    let rows: Vec<ModelRc<ui::Cap>> = caps.iter().enumerate().map(|(row, caps)| row_of(row, caps, typing.shifted)).collect();
    board.set_rows(ModelRc::new(slint::VecModel::from(rows)));
    *keys.borrow_mut() = caps;
}

fn row_of(row: usize, caps: &[KeyCap], shifted: bool) -> ModelRc<ui::Cap> {
    let sum: f32 = caps.iter().map(|cap| cap.weight).sum();
    let cap = |(column, cap): (usize, &KeyCap)| {
        let (action, icon) = match &cap.key {
            Key::Char(_) => ("char", ""),
            Key::Shift => ("shift", "shift"),
            Key::Layer(_) => ("layer", ""),
            Key::Backspace => ("backspace", "backspace"),
            Key::Space => ("space", ""),
            Key::Enter => ("enter", "enter"),
            Key::Done => ("done", "check"),
        };
        ui::Cap {
            label: text(&cap.label),
            icon: text(icon),
            action: text(action),
            row: number(row),
            column: number(column),
            weight: cap.weight / sum.max(1.0),
            lit: shifted && cap.key == Key::Shift,
        }
    };
    ModelRc::new(slint::VecModel::from(caps.iter().enumerate().map(cap).collect::<Vec<_>>()))
}

pub fn home(window: &ui::AppWindow, state: &State) {
    let home = ui::HomeData::get(window);
    home.set_unset(state.unset);
    let Some(town) = &state.town else { return };
    home.set_town(inserted(state, &town.name));
    home.set_place(text(&town.place_name));
    home.set_crest(text(&town.name.chars().take(1).flat_map(char::to_uppercase).collect::<String>()));
    home.set_open_reports(number(town.open_reports));
}

pub fn categories(window: &ui::AppWindow, state: &State) {
    let data = ui::CategoryData::get(window);
    let draft = &state.session.draft;
    data.set_problem(draft.kind != Some(Kind::Suggestion));
    let fits = |category: &&api::Category| draft.kind.is_some_and(|kind| category.kinds.contains(&kind));
    let tiles = state.town.iter().flat_map(|town| &town.categories).filter(fits);
    let tiles: Vec<_> = tiles.map(|category| tile(state, category, draft.category.as_ref() == Some(&category.code))).collect();
    let words = tiles.iter().flat_map(|tile| tile.name.split_whitespace());
    data.set_longest(words.map(|word| word.chars().count()).max().map_or(0, number));
    data.set_categories(list(data.get_categories(), tiles));
}

fn tile(state: &State, category: &api::Category, chosen: bool) -> ui::CategoryTile {
    ui::CategoryTile {
        code: text(category.code.as_str()),
        name: text(state.text(&category.names)),
        line: text(state.text(&category.descriptions)),
        lang_note: text(&state.text_note(&category.names)),
        letter: text(&category.letter.to_string()),
        icon: text(&category.icon),
        chosen,
    }
}

fn row(state: &State, report: &Summary, distance: Option<u32>, chosen: bool) -> ui::ReportRow {
    let category = state.category_of(&report.category);
    ui::ReportRow {
        id: text(&report.id.to_string()),
        letter: text(&category.map_or('?', |category| category.letter).to_string()),
        icon: text(category.map_or("", |category| category.icon.as_str())),
        problem: report.kind == Kind::Problem,
        title: text(&report.title),
        category: text(category.map_or("", |category| state.text(&category.names))),
        address: text(report.place.address.as_deref().unwrap_or("")),
        spot: inserted(state, report.place.address.as_deref().unwrap_or("")),
        lang_note: text(&state.language_note(&report.language)),
        people: number(report.people),
        distance: text(&distance.map_or(String::new(), |metres| locale::form::distance(state.language_tag(), metres))),
        status: status(report.status),
        days: days(state, report.filed_ms),
        reference: inserted(state, &report.reference),
        chosen,
    }
}

/// What goes into a sentence or beside other words, kept from stirring them.
fn inserted(state: &State, inside: &str) -> SharedString {
    text(&locale::inserted(inside, state.language_tag()))
}

/// A day and time as people write it in the language on the screen.
fn written_example(state: &State) -> String {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 5, 31).and_then(|day| day.and_hms_opt(18, 30, 0));
    day.map_or(String::new(), |at| locale::form::written(state.language_tag(), at))
}

fn is_typing(state: &State, field: &Field) -> bool {
    state.session.typing.as_ref().is_some_and(|typing| typing.field == *field)
}

pub fn place(window: &ui::AppWindow, state: &State) {
    let data = ui::PlaceData::get(window);
    let draft = &state.session.draft;
    data.set_has_pin(draft.point.is_some());
    let place: Vec<&str> = draft.address.iter().chain(&draft.district).map(String::as_str).collect();
    data.set_address(text(&place.join(" · ")));
    data.set_caret(number(draft.search.caret()));
    data.set_search(text(draft.search.text()));
    data.set_typing(is_typing(state, &Field::Search));
    let found = draft.found.iter().map(|found| ui::FoundRow {
        label: text(&found.label),
        inside: found.in_area,
        estimated: found.is_between,
    });
    data.set_found(list(data.get_found(), found.collect()));
    let near = draft.near.iter().map(|near| row(state, &near.report, Some(near.distance_m), false));
    data.set_near(list(data.get_near(), near.collect()));
    data.set_can_support(state.session.opened.supporting.is_none());
    data.set_reviewed(draft.reviewed);
}

pub fn details(window: &ui::AppWindow, state: &State) {
    let data = ui::DetailsData::get(window);
    let session = &state.session;
    let draft = &session.draft;
    data.set_problem(draft.kind != Some(Kind::Suggestion));
    data.set_caret(number(draft.text.caret()));
    data.set_text(text(draft.text.text()));
    data.set_left(number(state.limit(&Field::Text).saturating_sub(draft.text.text().chars().count())));
    data.set_typing_text(is_typing(state, &Field::Text));
    data.set_typing(session.typing.is_some());
    data.set_photos(state.takes_photos);
    data.set_photo(inserted(state, draft.photo.as_ref().map_or("", |photo| photo.name.as_str())));
    data.set_moment(text(&written_example(state)));
    data.set_photo_ready(draft.photo.as_ref().is_some_and(|photo| photo.id.is_some()));
    let empty = Edit::default();
    let fault = state.fault();
    let questions = state.category().into_iter().flat_map(|category| &category.questions).map(|question| {
        let edit = draft.answers.get(&question.code).unwrap_or(&empty);
        let chosen: Vec<&str> = edit.text().split(',').collect();
        let choices = question.values.iter().map(|choice| ui::ChoiceRow {
            code: text(choice.key.as_str()),
            name: text(state.text(&choice.names)),
            chosen: chosen.contains(&choice.key.as_str()),
        });
        ui::QuestionRow {
            code: text(question.code.as_str()),
            name: text(state.text(&question.names)),
            lang_note: text(&state.text_note(&question.names)),
            required: question.required,
            fault: fault == Some(Fault::Choice(question.code.clone())),
            hint: match question.datatype {
                Datatype::Number => 1,
                Datatype::Datetime => 2,
                _ => 0,
            },
            text: text(edit.text()),
            caret: number(edit.caret()),
            active: is_typing(state, &Field::Answer(question.code.clone())),
            longest: number(question.values.iter().map(|choice| state.text(&choice.names).chars().count()).max().unwrap_or(0)),
            choices: ModelRc::new(slint::VecModel::from(choices.collect::<Vec<_>>())),
        }
    });
    update_questions(&data, questions.collect());
}

/// Questions hold lists, which compare by identity: rows are set one by one, so that a field being typed in stays, and the focus on a
/// choice just taken.
fn update_questions(data: &ui::DetailsData<'_>, new: Vec<ui::QuestionRow>) {
    use slint::Model;
    let old = data.get_questions();
    let same = old.row_count() == new.len() && old.iter().zip(&new).all(|(old, new)| old.code == new.code);
    if !same {
        data.set_questions(ModelRc::new(slint::VecModel::from(new)));
        return;
    }
    for (index, (mut row, before)) in new.into_iter().zip(old.iter()).enumerate() {
        if before.choices.row_count() == row.choices.row_count() {
            row.choices.iter().enumerate().for_each(|(index, choice)| before.choices.set_row_data(index, choice));
            row.choices = before.choices;
        }
        old.set_row_data(index, row);
    }
}

/// An answer as people read it: names of choices instead of keys, the time on the wall instead of the daemon's.
fn said(state: &State, question: &api::Question, answer: &str) -> String {
    if question.datatype == Datatype::Datetime {
        // One still being typed is said back in full, so that a slip shows.
        let typed = locale::moment::read(answer, state.language_tag());
        return typed
            .map_or_else(|| state.zone.shown(answer, state.language_tag()), |at| locale::form::moment(state.language_tag(), at));
    }
    if question.datatype == Datatype::Number {
        return locale::form::decimal(state.language_tag(), answer);
    }
    if question.values.is_empty() {
        return answer.to_owned();
    }
    let name =
        |key: &str| question.values.iter().find(|choice| choice.key.as_str() == key).map(|choice| state.text(&choice.names));
    answer.split(',').filter_map(name).collect::<Vec<_>>().join(", ")
}

pub fn review(window: &ui::AppWindow, state: &State) {
    let data = ui::ReviewData::get(window);
    let draft = &state.session.draft;
    data.set_problem(draft.kind != Some(Kind::Suggestion));
    data.set_category(text(state.category().map_or("", |category| state.text(&category.names))));
    data.set_place(text(draft.address.as_deref().unwrap_or("")));
    data.set_text(text(draft.text.text().trim()));
    data.set_photo(text(draft.photo.as_ref().map_or("", |photo| photo.name.as_str())));
    data.set_sending(draft.sending.is_some() || draft.send_waits.is_some());
    data.set_again(draft.ids.is_some());
    let answers = state.category().into_iter().flat_map(|category| &category.questions).filter_map(|question| {
        let answer = said(state, question, draft.answers.get(&question.code)?.text().trim());
        (!answer.is_empty()).then(|| ui::ReviewRow { name: text(state.text(&question.names)), text: inserted(state, &answer) })
    });
    data.set_answers(list(data.get_answers(), answers.collect()));
}

pub fn slip(window: &ui::AppWindow, state: &State) {
    let data = ui::SlipData::get(window);
    let draft = &state.session.draft;
    let (Some(filed), Some((_, code))) = (&draft.filed, &draft.ids) else {
        data.set_code(SharedString::default());
        data.set_qr(Image::default());
        data.set_reference(SharedString::default());
        data.set_days(0);
        data.set_department(SharedString::default());
        return;
    };
    let code = code.to_string();
    if data.get_code() != code.as_str() {
        data.set_code(text(&code));
        if let Some(qr) = slip_picture::qr(&code) {
            data.set_qr(picture(&qr.rgb, qr.side_px, qr.side_px));
        }
    }
    data.set_reference(inserted(state, &filed.reference));
    data.set_days(i32::from(filed.due_days));
    data.set_department(inserted(state, department(state, &filed.department)));
}

fn pairing(shell: &ui::Shell<'_>, state: &State) {
    let told = state.pairing.clone().filter(|_| state.unset);
    shell.set_pairs(told.is_some());
    let told = told.unwrap_or_default();
    let link = told.link.unwrap_or_default();
    if shell.get_pair_link() != link.as_str() {
        let qr = slip_picture::qr(&link).filter(|_| !link.is_empty());
        shell.set_pair_qr(qr.map(|qr| picture(&qr.rgb, qr.side_px, qr.side_px)).unwrap_or_default());
        shell.set_pair_link(text(&link));
    }
    shell.set_pair_login(text(&told.address.map(|address| format!("ssh pair@{address} {}", told.code)).unwrap_or_default()));
    shell.set_pair_code(text(&told.code));
    shell.set_pair_key(text(&told.fingerprint.unwrap_or_default()));
}

pub fn department<'s>(state: &'s State, code: &api::DepartmentCode) -> &'s str {
    let departments = state.town.iter().flat_map(|town| &town.departments);
    departments.into_iter().find(|department| department.code == *code).map_or("", |department| state.text(&department.names))
}

/// A picture of RGB bytes; empty when the bytes do not fit the size.
pub fn picture(rgb: &[u8], width: u32, height: u32) -> Image {
    if rgb.len() != width as usize * height as usize * 3 {
        return Image::default();
    }
    Image::from_rgb8(SharedPixelBuffer::<Rgb8Pixel>::clone_from_slice(rgb, width, height))
}

pub fn code(window: &ui::AppWindow, state: &State) {
    let data = ui::CodeData::get(window);
    data.set_caret(number(state.session.code.caret()));
    data.set_code(text(state.session.code.text()));
    data.set_typing(is_typing(state, &Field::Code));
    data.set_asking(state.session.code_wanted.is_some());
}

pub fn browse(window: &ui::AppWindow, state: &State) {
    let data = ui::BrowseData::get(window);
    let browse = &state.session.browse;
    let mut reports: Vec<&Summary> = browse.reports.iter().collect();
    // The one touched on the map comes first.
    reports.sort_by_key(|report| browse.chosen != Some(report.id));
    let rows = reports.into_iter().map(|report| row(state, report, None, browse.chosen == Some(report.id)));
    data.set_reports(list(data.get_reports(), rows.collect()));
    data.set_total(number(browse.total));
    data.set_can_support(state.session.opened.supporting.is_none());
    let sift = &browse.sift;
    data.set_empty(sift.is_set() && browse.reports.is_empty() && browse.wanted.is_none());
    let data = ui::SiftData::get(window);
    data.set_period(Period::ALL.iter().position(|period| *period == sift.period).map_or(0, number));
    data.set_is_set(sift.is_set());
    data.set_at_spot(sift.spot.is_some());
    data.set_closed(sift.closed);
    data.set_kind(match sift.kind {
        None => 0,
        Some(Kind::Problem) => 1,
        Some(Kind::Suggestion) => 2,
    });
    let categories = state.town.iter().flat_map(|town| &town.categories);
    let tiles = categories.map(|category| tile(state, category, sift.categories.contains(&category.code)));
    data.set_categories(list(data.get_categories(), tiles.collect()));
}

/// The map's picture shows where somebody put the pin.
pub fn map_away(window: &ui::AppWindow) {
    let data = ui::MapData::get(window);
    data.set_picture(Image::default());
    data.set_there(false);
}

pub fn report(window: &ui::AppWindow, state: &State, shown_photo: &RefCell<Option<Arc<Picture>>>) {
    let data = ui::ReportData::get(window);
    let opened = &state.session.opened;
    data.set_there(opened.report.is_some());
    data.set_mine(opened.code.is_some());
    data.set_commenting(opened.commenting);
    data.set_typing(is_typing(state, &Field::Comment));
    data.set_caret(number(opened.comment.caret()));
    data.set_comment(text(opened.comment.text()));
    data.set_sending(opened.sending.is_some());
    data.set_supporting(opened.supporting.is_some());
    data.set_has_photo(opened.photo.is_some());
    let same = match (&opened.photo, &*shown_photo.borrow()) {
        (Some(new), Some(old)) => Arc::ptr_eq(new, old),
        (None, None) => true,
        _ => false,
    };
    if !same {
        let photo = opened.photo.as_ref().map(|photo| picture(&photo.rgb, photo.width_px, photo.height_px));
        data.set_photo(photo.unwrap_or_default());
        shown_photo.borrow_mut().clone_from(&opened.photo);
    }
    let Some(report) = &opened.report else {
        data.set_open(false);
        data.set_row(ui::ReportRow::default());
        data.set_text(SharedString::default());
        data.set_department(SharedString::default());
        data.set_merged(false);
        data.set_steps(list(data.get_steps(), Vec::new()));
        data.set_comments(list(data.get_comments(), Vec::new()));
        data.set_answers(list(data.get_answers(), Vec::new()));
        return;
    };
    data.set_open(report.summary.status.is_open());
    data.set_row(row(state, &report.summary, None, false));
    data.set_text(text(&report.text));
    data.set_department(inserted(state, department(state, &report.department)));
    data.set_merged(report.merged_into.is_some());
    let last = report.steps.len().saturating_sub(1);
    let steps = report.steps.iter().enumerate().map(|(index, step)| ui::StepRow {
        days: days(state, step.at_ms),
        status: status(step.status),
        answer: text(step.answer.as_deref().unwrap_or("")),
        last: index == last,
    });
    data.set_steps(list(data.get_steps(), steps.collect()));
    let comments = report.comments.iter().map(|comment| ui::CommentRow {
        days: days(state, comment.at_ms),
        text: text(&comment.text),
        lang_note: text(&state.language_note(&comment.language)),
        reporter: comment.by_reporter,
        hidden: comment.hidden.is_some(),
    });
    data.set_comments(list(data.get_comments(), comments.collect()));
    let questions = state.category_of(&report.summary.category).into_iter().flat_map(|category| &category.questions);
    let answers = questions.filter_map(|question| {
        let answer = said(state, question, report.answers.get(&question.code)?);
        Some(ui::AnswerRow { name: text(state.text(&question.names)), text: inserted(state, &answer) })
    });
    data.set_answers(list(data.get_answers(), answers.collect()));
}
