//! The kiosk as residents use it: buttons are touched by what they say, and a made-up daemon answers.

mod checklist;
mod ear;
mod memory;
mod printing;
mod monkey;
mod session;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

use api::client::CallError;
use api::{Filed, FollowCode, Kind, Supported};
use i_slint_backend_testing::ElementHandle;
use slint::Global;
use slint::platform::Key;

mod look;
mod settings;

use super::*;
use crate::app::{Field, Notice, Reply, Screen, Session, Ticket};
use crate::gallery;
use crate::keyboard::Layer;

/// A kiosk without a network: what it asks is kept, and the test answers.
struct Hall {
    kiosk: Kiosk,
    asked: Rc<RefCell<Vec<Effect>>>,
}

impl Hall {
    fn open() -> Hall {
        Hall::with(Options::default())
    }

    fn with(options: Options) -> Hall {
        thread_local! {
            /// A thread has one platform, however many kiosks a test opens in it.
            static HAS_PLATFORM: Cell<bool> = const { Cell::new(false) };
        }
        if !HAS_PLATFORM.replace(true) {
            i_slint_backend_testing::init_no_event_loop();
        }
        let asked: Rc<RefCell<Vec<Effect>>> = Rc::default();
        let list = Rc::clone(&asked);
        let (_, arrived) = mpsc::channel();
        let kiosk =
            Kiosk::assemble(AppWindow::new().unwrap(), &options, arrived, Box::new(move |effect| list.borrow_mut().push(effect)));
        kiosk.window().show().unwrap();
        kiosk.send(Msg::Town(Ok(gallery::town(None).unwrap())));
        Hall { kiosk, asked }
    }

    fn find(&self, label: &str) -> ElementHandle {
        let mut found = ElementHandle::find_by_accessible_label(self.kiosk.window(), label);
        found.next().unwrap_or_else(|| panic!("nothing says {label:?} on {:?}", self.kiosk.state().session.screen))
    }

    fn says(&self, label: &str) -> bool {
        ElementHandle::find_by_accessible_label(self.kiosk.window(), label).next().is_some()
    }

    /// Touches what says this with a finger, some time after the last touch.
    fn touch(&self, label: &str) {
        self.kiosk.later(Duration::from_secs(1));
        self.strike(label);
    }

    fn strike(&self, label: &str) {
        let element = self.find(label);
        assert!(element.accessible_enabled().unwrap_or(true), "{label:?} cannot be touched now");
        element.mock_single_click(slint::platform::PointerEventButton::Left);
    }

    /// Touches what cannot be touched.
    fn strike_blindly(&self, label: &str) {
        self.kiosk.later(Duration::from_secs(1));
        self.find(label).mock_single_click(slint::platform::PointerEventButton::Left);
    }

    /// Presses keys of a real keyboard.
    fn press<K: Into<slint::SharedString>, const N: usize>(&self, keys: [K; N]) {
        use slint::platform::WindowEvent::{KeyPressed, KeyReleased};
        for text in keys.map(Into::into) {
            self.kiosk.window().window().dispatch_event(KeyPressed { text: text.clone() });
            self.kiosk.window().window().dispatch_event(KeyReleased { text });
        }
    }

    /// Takes the questions asked since the last time.
    fn asked(&self) -> Vec<Effect> {
        self.asked.take()
    }

    fn answer(&self, ticket: Ticket, reply: Reply) {
        self.kiosk.send(Msg::Reply(ticket, reply));
    }

    fn session(&self) -> Session {
        self.kiosk.state().session
    }

    /// A report up to its review, with what the daemon says on the way.
    fn up_to_review(&self) {
        self.touch("Report a problem");
        self.touch("Street lighting");
        assert_eq!(self.session().screen, Screen::Place);
        self.touch("Street and number, or a place");
        for letter in ["H", "a"] {
            self.touch(letter);
        }
        let asked = self.asked();
        let Some(Effect::Search(ticket, query)) = asked.last() else { panic!("{asked:?}") };
        assert_eq!(query.q, "Ha");
        let point = gallery::town(None).unwrap().center;
        let found =
            api::Found { label: "Harbour Street 27".into(), what: "address".into(), is_between: false, point, in_area: true };
        self.answer(*ticket, Reply::Found(Ok(api::FoundList { found: vec![found] })));
        self.touch("Harbour Street 27");
        let asked = self.asked();
        let near = asked.iter().find_map(|effect| if let Effect::Near(ticket, _) = effect { Some(*ticket) } else { None });
        self.answer(
            near.expect("near reports are asked for"),
            Reply::Near(Ok(api::NearReply { radius_m: 60, near: Vec::new() })),
        );
        self.touch("Next");
        assert_eq!(self.session().screen, Screen::Details);
        self.touch("Your words");
        for letter in ["D", "a", "r", "k"] {
            self.touch(letter);
        }
        assert_eq!(self.session().draft.text.text(), "Dark");
        self.touch("Typing finished");
        self.touch("It is out");
        self.touch("Next");
        assert_eq!(self.session().screen, Screen::Review);
        self.asked();
    }

    fn file(&self) -> (Ticket, api::NewReport) {
        let asked = self.asked();
        let [Effect::File(ticket, report)] = &asked[..] else { panic!("{asked:?}") };
        (*ticket, (**report).clone())
    }
}

/// What the daemon answers to a report.
pub(crate) fn filed(report: &api::NewReport) -> Filed {
    Filed {
        id: report.id,
        reference: report.id.reference(),
        event: api::EventId([1; 32]),
        filed_ms: 1,
        department: "works".parse().unwrap(),
        due_days: 14,
    }
}

fn away<T>() -> Result<T, CallError> {
    Err(CallError::Away("nobody listens".into()))
}

/// The window holds nothing of a resident.
fn assert_blank(window: &AppWindow) {
    let slip = ui::SlipData::get(window);
    assert_eq!((slip.get_code().as_str(), slip.get_reference().as_str(), slip.get_qr().size().width), ("", "", 0));
    let details = ui::DetailsData::get(window);
    assert_eq!((details.get_text().as_str(), details.get_photo().as_str()), ("", ""));
    let place = ui::PlaceData::get(window);
    assert_eq!((place.get_search().as_str(), place.get_address().as_str(), place.get_has_pin()), ("", "", false));
    let review = ui::ReviewData::get(window);
    assert_eq!((review.get_text().as_str(), review.get_place().as_str(), review.get_photo().as_str()), ("", "", ""));
    assert_eq!(ui::CodeData::get(window).get_code(), "");
    let report = ui::ReportData::get(window);
    assert_eq!((report.get_text().as_str(), report.get_comment().as_str(), report.get_has_photo()), ("", "", false));
    assert_eq!((report.get_mine(), report.get_photo().size().width), (false, 0));
    assert_eq!(ui::MapData::get(window).get_picture().size().width, 0);
    assert!(!ui::KeyboardData::get(window).get_shown());
}

#[test]
fn a_report_is_filed_from_the_first_touch_to_the_slip_and_nothing_stays() {
    let hall = Hall::open();
    hall.up_to_review();
    hall.touch("Send");
    assert!(!hall.find("Sending…").accessible_enabled().unwrap());
    let (ticket, report) = hall.file();
    assert_eq!((report.kind, report.category.as_str(), report.text.as_str()), (Kind::Problem, "light", "Dark"));
    assert_eq!(report.place.address.as_deref(), Some("Harbour Street 27"));
    assert_eq!(report.language.as_str(), "en");
    hall.answer(ticket, Reply::Filed(Ok(filed(&report))));
    assert_eq!(hall.session().screen, Screen::Slip);
    assert!(hall.says(&report.code.to_string()), "the code stands on the slip");
    assert!(ui::SlipData::get(hall.kiosk.window()).get_qr().size().width > 100);
    hall.touch("Finish");
    assert_eq!(hall.session().screen, Screen::Finished);
    assert_blank(hall.kiosk.window());
    hall.kiosk.later(Duration::from_millis(app::FINISHED_MS));
    assert_eq!(hall.session(), Session::default());
}

#[test]
fn sending_again_after_the_daemon_was_away_sends_the_same_id_and_code() {
    let hall = Hall::open();
    hall.up_to_review();
    hall.touch("Send");
    let (ticket, first) = hall.file();
    hall.answer(ticket, Reply::Filed(away()));
    let session = hall.session();
    assert_eq!((session.screen, session.notice), (Screen::Review, Notice::Away));
    assert_eq!(session.draft.text.text(), "Dark");
    let service = "The town's service does not answer at the moment. This screen goes on by itself as soon as it does; what you typed is kept.";
    assert!(hall.says(service));
    hall.kiosk.later(Duration::from_secs(3));
    assert_eq!(hall.asked(), [Effect::Town], "the kiosk asks whether the daemon is back");
    hall.kiosk.send(Msg::Town(Ok(gallery::town(None).unwrap())));
    assert!(!hall.says(service));
    hall.touch("Send again");
    let (_, second) = hall.file();
    assert_eq!(second, first);
}

#[test]
fn nobody_at_the_screen_is_warned_and_then_everything_is_wiped() {
    let hall = Hall::open();
    hall.up_to_review();
    hall.kiosk.later(Duration::from_millis(app::IDLE_MS + 1_000));
    hall.touch("I need more time");
    assert_eq!(hall.session().draft.text.text(), "Dark");
    hall.kiosk.later(Duration::from_millis(app::IDLE_MS + 1_000));
    assert!(hall.says("I need more time"));
    hall.kiosk.later(Duration::from_millis(app::WARNING_MS));
    assert_eq!(hall.session(), Session::default());
    assert_blank(hall.kiosk.window());
    assert!(hall.says("Report a problem"));
}

#[test]
fn me_too_instead_of_a_second_report_is_thanked_where_one_stands() {
    let hall = Hall::open();
    hall.touch("Report a problem");
    hall.touch("Street lighting");
    let near = gallery::near().unwrap();
    hall.kiosk.send(Msg::Spot(near[0].report.place.point));
    let asked = hall.asked();
    let Some(Effect::Near(ticket, _)) = asked.last() else { panic!("{asked:?}") };
    hall.answer(*ticket, Reply::Near(Ok(api::NearReply { radius_m: 60, near: near.clone() })));
    hall.touch("Me too");
    let asked = hall.asked();
    let [Effect::Support(ticket, report, _)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(*report, near[0].report.id);
    hall.answer(*ticket, Reply::Supported(Ok(Supported { people: 4, already: false })));
    assert_eq!((hall.session().screen, hall.session().notice), (Screen::Place, Notice::ThanksSupport));
    assert!(hall.says("Thank you. Your voice has been added."));
    assert!(hall.asked().iter().any(|effect| matches!(effect, Effect::Near(..))), "the count is read anew");
}

#[test]
fn a_code_opens_ones_own_report_and_takes_a_comment() {
    let hall = Hall::open();
    hall.touch("Follow up with a code");
    let code = FollowCode::from_random([9; 8]);
    for letter in code.to_string().chars().filter(|letter| *letter != '-') {
        hall.touch(&letter.to_string());
    }
    hall.touch("Show my report");
    let asked = hall.asked();
    let [Effect::Follow(ticket, follow)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(follow.code, code);
    hall.answer(*ticket, Reply::Followed(Ok(gallery::report().unwrap())));
    assert_eq!(hall.session().screen, Screen::Report);
    assert!(!hall.says("Me too"), "nobody supports their own report");
    hall.touch("Add a comment");
    for letter in ["I", "t"] {
        hall.touch(letter);
    }
    hall.touch("Send comment");
    let asked = hall.asked();
    let [Effect::Comment(_, _, comment)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((comment.text.as_str(), comment.code), ("It", Some(code)));
}

#[test]
fn a_report_waits_for_its_photo() {
    let hall = Hall::with(Options { photos: Some("anywhere".into()), ..Options::default() });
    hall.up_to_review();
    hall.kiosk.send(Msg::PhotoName("lamp.jpg".into()));
    let asked = hall.asked();
    let [Effect::SendPhoto(ticket, _)] = asked[..] else { panic!("{asked:?}") };
    hall.touch("Send");
    assert_eq!(hall.asked(), [], "the photo is still on its way");
    assert!(hall.says("Sending…"));
    hall.answer(ticket, Reply::PhotoStored(away()));
    assert!(hall.session().draft.photo.is_some(), "it is kept for the next try");
    hall.touch("Send");
    let asked = hall.asked();
    let [Effect::Town, Effect::SendPhoto(ticket, _)] = asked[..] else { panic!("{asked:?}") };
    let id = api::AttachmentId([7; 32]);
    hall.answer(ticket, Reply::PhotoStored(Ok(api::PhotoStored { id, width_px: 4, height_px: 3 })));
    assert_eq!(hall.file().1.photo, Some(id));
}

#[test]
fn a_double_strike_is_one_step_but_typing_is_as_fast_as_fingers() {
    let hall = Hall::open();
    hall.touch("Report a problem");
    hall.touch("Street lighting");
    hall.kiosk.send(Msg::Spot(gallery::town(None).unwrap().center));
    hall.touch("Next");
    hall.strike("Next");
    let session = hall.session();
    assert_eq!((session.screen, session.notice), (Screen::Details, Notice::None), "the second strike did not ask for words");
    hall.touch("Your words");
    hall.strike("O");
    hall.strike("o");
    hall.strike("o");
    assert_eq!(hall.session().draft.text.text(), "Ooo");
}

#[test]
fn the_language_changes_every_word_and_goes_back_at_the_end() {
    let hall = Hall::open();
    hall.touch("Language: English");
    hall.touch("Suomi");
    assert!(hall.says("Ilmoita ongelmasta") && !hall.says("Report a problem"));
    assert_eq!(hall.session().language.as_ref().map(|language| language.as_str()), Some("fi"));
    hall.kiosk.send(Msg::Finish);
    hall.kiosk.later(Duration::from_millis(app::FINISHED_MS));
    assert!(hall.says("Report a problem"));
}

#[test]
fn whether_the_daemon_is_away_is_not_claimed_before_it_is_known() {
    i_slint_backend_testing::init_no_event_loop();
    let (_, arrived) = mpsc::channel();
    let kiosk = Kiosk::assemble(AppWindow::new().unwrap(), &Options::default(), arrived, Box::new(|_| ()));
    assert!(ui::Shell::get(kiosk.window()).get_online());
    assert!(!kiosk.state().online);
    kiosk.send(Msg::Lost);
    assert!(!ui::Shell::get(kiosk.window()).get_online());
}

#[test]
fn a_real_keyboard_types_into_the_field_touched() {
    let hall = Hall::open();
    hall.touch("Follow up with a code");
    hall.find("Code").set_accessible_value("4f7k");
    assert_eq!(hall.kiosk.state().edit(&Field::Code).unwrap().text(), "4f7k");
    hall.touch("Back");
    assert_eq!(hall.session().screen, Screen::Home);
    assert_blank(hall.kiosk.window());
}

#[test]
fn a_real_keyboard_types_deletes_submits_and_leaves() {
    let hall = Hall::open();
    hall.touch("Follow up with a code");
    hall.press(["4", "f", "7"]);
    hall.press([Key::Backspace]);
    assert_eq!(hall.kiosk.state().edit(&Field::Code).unwrap().text(), "4f");
    assert_eq!(hall.session().typing, None, "who types on a real keyboard needs none on the screen");
    hall.press([Key::Return]);
    assert_eq!(hall.session().notice, Notice::CodeUnfinished);
    hall.touch("Back");

    hall.touch("Report a problem");
    hall.touch("Street lighting");
    hall.kiosk.send(Msg::Spot(gallery::town(None).unwrap().center));
    hall.touch("Next");
    hall.touch("Your words");
    assert!(hall.session().typing.is_some());
    hall.press([Key::Escape]);
    assert_eq!(hall.session().typing, None);
    hall.touch("Your words");
    assert!(hall.session().typing.is_some(), "touched again, the keyboard comes again");
    hall.press(["I", "t"]);
    hall.press([Key::Return]);
    hall.press(["i", "s"]);
    assert_eq!(hall.session().draft.text.text(), "It\nis");
    assert!(hall.says("It is out"));
    hall.press([Key::Tab]);
    hall.press([" "]);
    let answer = hall.session().draft.answers.values().next().map(|edit| edit.text().to_owned());
    assert_eq!(answer.as_deref(), Some("out"), "Tab leads on to the first choice, and space takes it");
}

#[test]
fn a_field_takes_no_more_than_its_limit_from_a_real_keyboard() {
    let hall = Hall::open();
    hall.touch("Follow up with a code");
    for _ in 0..30 {
        hall.press(["4"]);
    }
    let typed = hall.kiosk.state().edit(&Field::Code).unwrap().text().to_owned();
    assert_eq!(typed, "4".repeat(20));
    assert_eq!(hall.find("Code").accessible_value().unwrap(), typed);
    hall.press([Key::Backspace]);
    assert_eq!(hall.kiosk.state().edit(&Field::Code).unwrap().text().len(), 19);
}

#[test]
fn escape_closes_what_lies_over_the_screen() {
    let hall = Hall::open();
    hall.touch("Help");
    hall.press([Key::Escape]);
    assert_eq!(hall.session().overlay, app::Overlay::None);
    hall.touch("Report a problem");
    hall.kiosk.later(Duration::from_millis(app::IDLE_MS + 1_000));
    assert!(hall.says("I need more time"));
    hall.press(["x"]);
    assert!(!hall.says("I need more time"), "a key is a sign of life");
}

#[test]
fn a_merged_report_leads_to_the_one_that_carries_on() {
    let hall = Hall::open();
    let mut report = gallery::report().unwrap();
    let carries_on = api::ReportId([0x11; 16]);
    report.merged_into = Some(carries_on);
    hall.kiosk.send(Msg::Open(report.summary.id));
    let asked = hall.asked();
    let [Effect::Report(ticket, _)] = asked[..] else { panic!("{asked:?}") };
    hall.answer(ticket, Reply::Report(Ok(report)));
    hall.touch("Show the report that carries on");
    assert!(matches!(hall.asked()[..], [Effect::Report(_, id)] if id == carries_on));
}

#[test]
fn help_says_what_residents_may_know_of_the_machine() {
    let taken_back = "An update of this kiosk was taken back; the version before it runs. Your reports are not affected.";
    let hall = Hall::open();
    hall.touch("Help");
    assert!(!hall.says(taken_back));
    let mut town = gallery::town(None).unwrap();
    town.notices = vec![api::BoxNotice::UpdateTakenBack, api::BoxNotice::ClockUnverified];
    hall.kiosk.send(Msg::Town(Ok(town)));
    assert!(hall.says(taken_back));
    assert!(hall.says("The clock of this kiosk is not verified: times and dates shown here may be wrong."));
    for (language, clock) in [
        ("de", "Die Uhr dieses Terminals ist nicht geprüft: Angezeigte Zeiten und Tage können falsch sein."),
        ("it", "L'orologio di questo chiosco non è verificato: le ore e le date mostrate qui possono essere sbagliate."),
        ("fi", "Tämän päätteen kelloa ei ole varmistettu: täällä näkyvät ajat ja päivät voivat olla vääriä."),
    ] {
        hall.kiosk.send(Msg::Language(language.parse().unwrap()));
        hall.kiosk.send(Msg::Overlay(app::Overlay::Help));
        assert!(hall.says(clock), "{language}");
    }
    hall.kiosk.send(Msg::Town(Ok(gallery::town(None).unwrap())));
    assert!(!hall.says("Tämän päätteen kelloa ei ole varmistettu: täällä näkyvät ajat ja päivät voivat olla vääriä."));
}

#[test]
fn whoever_sets_a_box_up_is_told_how_and_residents_are_not_asked() {
    let hall = Hall::open();
    let body = api::ErrorBody { code: "no_site".into(), message: "this box serves no town yet".into(), refusal: None };
    hall.kiosk.send(Msg::Town(Err(CallError::Said { status: 422, body })));
    assert!(!hall.says("For the technician"), "it may have settings, and no map");
    hall.kiosk.send(Msg::Pairing(Some(gallery::pairing())));
    hall.touch("For the technician");
    for said in [
        "Only for setting this box up. Everybody else can close it.",
        "ssh pair@192.168.100.142 7KXM4P <appliance.toml",
        "Code: 7KXM4P",
        "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA",
        "The address as a QR picture",
    ] {
        assert!(hall.says(said), "{said}");
    }
    for (language, only) in [
        ("de", "Nur für die Einrichtung des Geräts. Alle anderen können es schließen."),
        ("it", "Solo per configurare l'apparecchio. Tutti gli altri possono chiudere."),
        ("fi", "Vain laitteen käyttöönottoon. Muut voivat sulkea tämän."),
    ] {
        hall.kiosk.send(Msg::Language(language.parse().unwrap()));
        hall.kiosk.send(Msg::Overlay(app::Overlay::Technician));
        assert!(hall.says(only), "{language}");
    }
    // Without an address there is nothing to scan.
    hall.kiosk.send(Msg::Pairing(Some(api::MachinePairing { link: None, address: None, ..gallery::pairing() })));
    assert!(hall.says("Laitteella ei ole vielä osoitetta: kytke verkkokaapeli.") && !hall.says("Osoite QR-kuvana"));
    // It was paired meanwhile.
    hall.kiosk.send(Msg::Pairing(None));
    assert_eq!(hall.session().overlay, app::Overlay::None);
    assert!(!hall.says("Asentajalle"));
}

/// A kiosk in a house that closes at 18, on a Monday evening, alone until it is dark.
fn dark_hall() -> Hall {
    let hall = Hall::with(Options { hours: Some("Mo-Fr 08:00-18:00".parse().unwrap()), ..Options::default() });
    hall.kiosk.set_wall("2026-11-23T20:00:00".parse().unwrap());
    hall.kiosk.later(Duration::from_millis(app::AWAKE_MS));
    assert!(ui::Shell::get(hall.kiosk.window()).get_dark());
    hall.asked();
    hall
}

#[test]
fn the_finger_that_wakes_the_dark_screen_presses_nothing() {
    let hall = dark_hall();
    hall.strike("Report a problem");
    assert_eq!((hall.session(), hall.kiosk.state().rest), (Session::default(), app::Rest::Awake), "woken, nothing pressed");
    assert!(!ui::Shell::get(hall.kiosk.window()).get_covered());
    hall.touch("Report a problem");
    assert_eq!(hall.session().screen, Screen::Category);
}

#[test]
fn a_finger_that_came_down_in_the_dark_and_is_lifted_in_the_light_presses_nothing() {
    use slint::platform::{PointerEventButton, WindowEvent};
    let hall = dark_hall();
    let tile = hall.find("Report a problem");
    let (at, size) = (tile.absolute_position(), tile.size());
    let position = slint::LogicalPosition::new(at.x + size.width / 2.0, at.y + size.height / 2.0);
    let window = hall.kiosk.window().window();
    window.dispatch_event(WindowEvent::PointerPressed { position, button: PointerEventButton::Left });
    assert!(!ui::Shell::get(hall.kiosk.window()).get_dark(), "lit at once");
    hall.kiosk.later(Duration::from_millis(500));
    window.dispatch_event(WindowEvent::PointerReleased { position, button: PointerEventButton::Left });
    assert_eq!(hall.session(), Session::default());
    assert!(!ui::Shell::get(hall.kiosk.window()).get_covered());
}

#[test]
fn a_key_wakes_the_dark_screen_and_does_no_more() {
    let hall = dark_hall();
    hall.press([Key::Return]);
    assert_eq!((hall.session(), hall.kiosk.state().rest), (Session::default(), app::Rest::Awake));
}

#[test]
fn the_dark_screen_wakes_by_itself_when_the_house_opens() {
    let hall = dark_hall();
    hall.kiosk.set_wall("2026-11-24T07:59:59".parse().unwrap());
    assert!(ui::Shell::get(hall.kiosk.window()).get_dark());
    hall.kiosk.set_wall("2026-11-24T08:00:00".parse().unwrap());
    assert!(!ui::Shell::get(hall.kiosk.window()).get_covered());
}

#[test]
fn what_is_there_in_another_language_only_says_in_which() {
    let hall = Hall::open();
    let mut town = gallery::town(None).unwrap();
    town.languages.push("ar".parse().unwrap());
    hall.kiosk.send(Msg::Town(Ok(town)));
    hall.kiosk.send(Msg::Language("ar".parse().unwrap()));
    hall.touch("إبلاغ عن مشكلة");
    let notes = || -> Vec<String> {
        let tiles = ui::CategoryData::get(hall.kiosk.window()).get_categories();
        slint::Model::iter(&tiles).map(|tile| tile.lang_note.into()).collect()
    };
    assert!(hall.says("Street lighting") && notes().iter().all(|note| note == "English"), "no Arabic words: the first are shown");
    hall.touch("Street lighting");
    hall.kiosk.send(Msg::Spot(gallery::town(None).unwrap().center));
    hall.touch("التالي");
    assert!(hall.says("What is wrong with it?") && hall.says("English"));
    hall.kiosk.send(Msg::Language("fi".parse().unwrap()));
    assert!(hall.says("Mikä siinä on vikana?") && !hall.says("English"));
    hall.touch("Takaisin");
    hall.touch("Takaisin");
    assert!(hall.says("Katuvalaistus") && notes().iter().all(String::is_empty));
}

#[test]
fn streets_are_searched_in_the_towns_letters_and_words_written_in_ones_own() {
    let hall = Hall::open();
    let mut town = gallery::town(None).unwrap();
    town.languages.push("el".parse().unwrap());
    let mut focused = |name: &str, field: Field| {
        town.name = name.to_owned();
        hall.kiosk.send(Msg::Town(Ok(town.clone())));
        hall.kiosk.send(Msg::Language("el".parse().unwrap()));
        hall.kiosk.send(Msg::KeyboardAway);
        hall.kiosk.send(Msg::Focus(field));
        hall.session().typing.map(|typing| typing.layer)
    };
    assert_eq!(focused("Testville", Field::Search), Some(Layer::Latin));
    assert_eq!(focused("Testville", Field::Text), Some(Layer::Letters));
    assert_eq!(focused("Δοκιμή", Field::Search), Some(Layer::Letters));
}
