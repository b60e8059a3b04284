//! Every journey by ear: with four keys, with two switches, and with a plain keyboard. What is said on the way is asserted whole.

use std::path::Path;

use api::{Found, FoundList, NearReply, ReportList, Reverse};

use super::*;
use crate::app::{Channel, Ears, Keypad, Overlay, VoiceMsg, VoiceSheet};
use crate::bridge::reading;
use crate::voice::keys::{BACKSPACE, DOWN, F1, RETURN, TAB, UP};
use crate::voice::{Role, Transcript};

/// Somebody who does not look at the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hand {
    /// A keypad, and headphones.
    FourKeys,
    /// Two switches, and the loudspeaker.
    TwoSwitches,
    /// A plain keyboard, and the loudspeaker.
    Keyboard,
}

const HANDS: [(&str, Hand); 3] = [("keypad", Hand::FourKeys), ("switches", Hand::TwoSwitches), ("keyboard", Hand::Keyboard)];

struct Ear {
    hall: Hall,
    transcript: Transcript,
    hand: Hand,
}

impl Ear {
    /// At the home screen, which has been read.
    fn open(hand: Hand) -> Ear {
        let keypad = match hand {
            Hand::FourKeys => Keypad::Arrows,
            Hand::TwoSwitches => Keypad::Switches,
            Hand::Keyboard => Keypad::None,
        };
        let hall = Hall::with(Options { keypad, ..Options::default() });
        hall.kiosk.freeze();
        let transcript = Transcript::default();
        hall.kiosk.set_speaker(Box::new(transcript.clone()));
        let ear = Ear { hall, transcript, hand };
        match hand {
            Hand::FourKeys => ear.hall.kiosk.send(Msg::Ears(Ears { channel: Channel::Headphones, ..Ears::default() })),
            Hand::Keyboard => ear.key(F1),
            // The first press of any begins; then they are learnt.
            Hand::TwoSwitches => ["x", "x", "y"].iter().for_each(|key| ear.key(key)),
        }
        assert!(ear.hall.session().voice.on);
        ear
    }

    fn key(&self, key: &str) {
        self.hall.kiosk.later(Duration::from_millis(600));
        self.hall.press([key]);
    }

    fn next(&self) {
        self.key(match self.hand {
            Hand::FourKeys => DOWN,
            Hand::TwoSwitches => "x",
            Hand::Keyboard => TAB,
        });
    }

    fn choose(&self) {
        self.key(if self.hand == Hand::TwoSwitches { "y" } else { RETURN });
    }

    fn labels(&self) -> Vec<String> {
        self.hall.kiosk.inner.voice.borrow().narrator.labels().into_iter().map(String::from).collect()
    }

    /// Moves on until the cursor stands on what says this.
    fn go(&self, label: &str) {
        for _ in 0..90 {
            if self.labels() == [label] {
                return;
            }
            self.next();
        }
        panic!("{label:?} is never come to on {:?}:\n{}", self.hall.session().screen, self.transcript.text());
    }

    fn press(&self, label: &str) {
        self.go(label);
        self.choose();
    }

    /// Types on the screen's keyboard: by its rows.
    fn strike(&self, key: &str) {
        for _ in 0..90 {
            let labels = self.labels();
            if labels.len() > 1 && labels.iter().any(|label| label == key) {
                self.choose();
                self.press(key);
                return;
            }
            self.next();
        }
        panic!("{key:?} is in no row:\n{}", self.transcript.text());
    }

    /// Writes into a field.
    fn write(&self, field: &str, text: &str) {
        self.go(field);
        if self.hand == Hand::Keyboard {
            text.chars().for_each(|letter| self.key(&letter.to_string()));
            return;
        }
        if self.hall.session().typing.is_none() {
            self.choose();
        }
        text.chars().for_each(|letter| self.strike(&if letter == ' ' { "Space".to_owned() } else { letter.to_string() }));
        if self.hall.session().typing.is_some() {
            self.strike("Typing finished");
        }
    }

    fn asked<T>(&self, wish: impl Fn(Effect) -> Option<T>) -> T {
        let asked = self.hall.asked();
        let shown = format!("{asked:?}");
        asked.into_iter().rev().find_map(wish).unwrap_or_else(|| panic!("not asked for: {shown}"))
    }

    fn near(&self, near: Vec<api::Near>) {
        let ticket = self.asked(|effect| if let Effect::Near(ticket, _) = effect { Some(ticket) } else { None });
        self.hall.answer(ticket, Reply::Near(Ok(NearReply { radius_m: 60, near })));
    }

    /// A place by its address.
    fn place(&self) {
        self.write("Street and number, or a place", "Ha");
        let ticket = self.asked(|effect| if let Effect::Search(ticket, _) = effect { Some(ticket) } else { None });
        let point = gallery::town(None).unwrap().center;
        let found = Found { label: "Harbour Street 27".into(), what: "address".into(), is_between: false, point, in_area: true };
        self.hall.answer(ticket, Reply::Found(Ok(FoundList { found: vec![found] })));
        // The answer is told after what is being said.
        self.hall.kiosk.later(Duration::from_secs(7));
        self.press("Harbour Street 27");
        self.near(Vec::new());
    }

    fn words(&self, words: &str) {
        assert_eq!(self.hall.session().screen, Screen::Details);
        self.write("Your words", words);
    }

    fn finish(&self) {
        self.press("Finish");
        assert_eq!(self.hall.session().screen, Screen::Finished);
        self.hall.kiosk.later(Duration::from_millis(app::FINISHED_MS));
        assert_eq!(self.hall.session(), Session::default());
    }

    /// Everything said is as it was; set `KIOSK_GOLDEN=update` to take what is said for right.
    fn golden(&self, journey: &str, hand: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/voice/{journey}-{hand}.txt"));
        let said = self.transcript.text();
        if std::env::var_os("KIOSK_GOLDEN").is_some_and(|wish| wish == "update") {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, said).unwrap();
            return;
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        let other = said.lines().zip(golden.lines()).position(|(said, golden)| said != golden);
        let line = other.unwrap_or_else(|| said.lines().count().min(golden.lines().count()));
        assert!(
            said == golden,
            "{}, line {}: said {:?}, was {:?}\nIf this is meant: KIOSK_GOLDEN=update cargo test -p kiosk by_ear",
            path.display(),
            line + 1,
            said.lines().nth(line),
            golden.lines().nth(line)
        );
    }
}

/// Runs in a thread of its own: Slint's testing backend is begun once in each.
fn apart<T: Send>(test: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(test).join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

fn by_ear(journey: &str, walk: impl Fn(&Ear) + Sync) {
    for (name, hand) in HANDS {
        apart(|| {
            let ear = Ear::open(hand);
            walk(&ear);
            ear.golden(journey, name);
        });
    }
}

#[test]
fn by_ear_a_problem_is_reported_up_to_its_slip() {
    by_ear("report", |ear| {
        ear.press("Report a problem");
        ear.press("Street lighting");
        ear.place();
        ear.press("Next");
        ear.words("Dark");
        ear.press("It is out");
        ear.press("Next");
        assert_eq!(ear.hall.session().screen, Screen::Review);
        ear.hall.asked();
        ear.press("Send");
        let (ticket, mut report) = ear.hall.file();
        assert_eq!((report.text.as_str(), report.place.address.as_deref()), ("Dark", Some("Harbour Street 27")));
        // The code comes by chance, and would never be the same in two transcripts.
        report.code = FollowCode::from_random([9; 8]);
        report.id = api::ReportId([7; 16]);
        ear.hall.kiosk.inner.state.borrow_mut().session.draft.ids = Some((report.id, report.code));
        ear.hall.answer(ticket, Reply::Filed(Ok(filed(&report))));
        assert_eq!(ear.hall.session().screen, Screen::Slip);
        ear.go(&report.code.to_string());
        ear.finish();
    });
}

#[test]
fn by_ear_an_idea_is_given_with_a_place_found_in_words() {
    by_ear("suggestion", |ear| {
        ear.press("Suggest an improvement");
        let first = ear.hall.find_category();
        ear.press(&first);
        ear.press("Choose without the map");
        ear.press("Begin in the middle of the town");
        let answer = |ear: &Ear| {
            let asked = ear.hall.asked();
            let tickets =
                asked.iter().filter_map(|effect| if let Effect::Address(ticket, _) = effect { Some(*ticket) } else { None });
            for (number, ticket) in tickets.enumerate() {
                let label = Some(format!("Mill Lane {}", number / 3 + 1));
                ear.hall.answer(ticket, Reply::Address(Ok(Reverse { label, district: None, in_area: true })));
            }
        };
        answer(ear);
        ear.press("50 m north");
        answer(ear);
        let near = ear.hall.session().compass.near[0].clone();
        assert_eq!(near.label, "Mill Lane 2");
        ear.go_starting(&near.label);
        ear.choose();
        assert_eq!(ear.hall.session().draft.address.as_deref(), Some("Mill Lane 2"));
        ear.press("Close");
        ear.press("Next");
        ear.words("A bench");
        ear.press("It is out");
        ear.press("Next");
        assert_eq!(ear.hall.session().screen, Screen::Review, "{}", ear.transcript.text());
        ear.press("Send");
        ear.finish();
    });
}

#[test]
fn by_ear_what_is_going_on_is_read_and_supported() {
    by_ear("browse", |ear| {
        ear.press("What is going on");
        let ticket = ear.asked(|effect| if let Effect::Reports(ticket, _) = effect { Some(ticket) } else { None });
        let reports: Vec<api::Summary> = gallery::near().unwrap().into_iter().map(|near| near.report).collect();
        let first = reports[0].id;
        ear.hall.answer(ticket, Reply::Reports(Ok(ReportList { total: reports.len() as u32, reports })));
        ear.press("Me too");
        let ticket = ear.asked(|effect| match effect {
            Effect::Support(ticket, report, _) if report == first => Some(ticket),
            _ => None,
        });
        ear.hall.answer(ticket, Reply::Supported(Ok(Supported { people: 4, already: false })));
        assert_eq!(ear.hall.session().notice, Notice::ThanksSupport);
        ear.press("OK");
        ear.finish();
    });
}

#[test]
fn by_ear_an_answer_is_followed_up_with_the_code() {
    by_ear("follow", |ear| {
        let code = FollowCode::from_random([9; 8]);
        ear.press("Follow up with a code");
        ear.write("Code", &code.to_string().replace('-', ""));
        if ear.hall.session().code_wanted.is_none() {
            ear.press("Show my report");
        }
        let ticket = ear.asked(|effect| match effect {
            Effect::Follow(ticket, follow) if follow.code == code => Some(ticket),
            _ => None,
        });
        ear.hall.answer(ticket, Reply::Followed(Ok(gallery::report().unwrap())));
        assert_eq!(ear.hall.session().screen, Screen::Report);
        for _ in 0..12 {
            ear.next();
        }
        ear.finish();
    });
}

#[test]
fn by_ear_a_comment_is_written() {
    by_ear("comment", |ear| {
        ear.press("What is going on");
        let ticket = ear.asked(|effect| if let Effect::Reports(ticket, _) = effect { Some(ticket) } else { None });
        let report = gallery::report().unwrap();
        let reports = vec![report.summary.clone()];
        ear.hall.answer(ticket, Reply::Reports(Ok(ReportList { total: 1, reports })));
        ear.go_starting(&report.summary.title);
        ear.choose();
        let ticket = ear.asked(|effect| if let Effect::Report(ticket, _) = effect { Some(ticket) } else { None });
        ear.hall.answer(ticket, Reply::Report(Ok(report)));
        ear.press("Add a comment");
        ear.write("Your comment", "It");
        ear.press("Send comment");
        let comment = ear.asked(|effect| if let Effect::Comment(_, _, comment) = effect { Some(comment) } else { None });
        assert_eq!(comment.text, "It");
        ear.finish();
    });
}

#[test]
fn by_ear_the_language_is_changed() {
    by_ear("language", |ear| {
        ear.press("Language: English");
        ear.press("Suomi");
        ear.go("Ilmoita ongelmasta");
        let spoken = ear.transcript.entries().pop().unwrap().speech;
        assert_eq!(spoken.language, "fi", "what is spoken is what is shown (EN 301 549, 5.1.3.14)");
        ear.press("Lopeta");
        ear.hall.kiosk.later(Duration::from_millis(app::FINISHED_MS));
    });
}

#[test]
fn by_ear_time_runs_out_is_given_back_and_ended() {
    by_ear("warning", |ear| {
        ear.press("Report a problem");
        let pass = |seconds: u64| (0..seconds).for_each(|_| ear.hall.kiosk.later(Duration::from_secs(1)));
        pass(app::IDLE_MS / 1000 + 1);
        assert!(ear.hall.session().warning_s.is_some());
        pass(22);
        ear.next();
        assert_eq!((ear.hall.session().warning_s, ear.hall.session().screen), (None, Screen::Category), "any key gives time");
        pass(app::IDLE_MS / 1000 + app::WARNING_MS / 1000 + 1);
        assert_eq!(ear.hall.session(), Session::default());
    });
}

impl Hall {
    /// The first category that an idea can be about.
    fn find_category(&self) -> String {
        let town = gallery::town(None).unwrap();
        let fits = town.categories.iter().find(|category| category.kinds.contains(&Kind::Suggestion)).unwrap();
        fits.names[&"en".parse().unwrap()].clone()
    }
}

impl Ear {
    fn go_starting(&self, start: &str) {
        for _ in 0..90 {
            if matches!(&self.labels()[..], [label] if label.starts_with(start)) {
                return;
            }
            self.next();
        }
        panic!("{start:?}… is never come to:\n{}", self.transcript.text());
    }
}

#[test]
fn a_new_action_cuts_what_is_being_said_at_once_and_it_can_be_said_again() {
    let ear = Ear::open(Hand::FourKeys);
    ear.next();
    let before = ear.transcript.entries().pop().unwrap();
    ear.key(F1);
    let entries = ear.transcript.entries();
    let [.., cut, again] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(cut.speech, before.speech);
    assert_eq!(cut.speech, again.speech, "said again");
    assert!(again.from_ms - cut.cut_ms.unwrap() <= 100, "EN 301 549, 5.1.3.4: {entries:?}");
}

#[test]
fn the_fourth_key_held_shows_what_can_be_set_and_all_of_it_is_set_back() {
    use slint::platform::WindowEvent::{KeyPressed, KeyReleased};
    let ear = Ear::open(Hand::FourKeys);
    let window = ear.hall.kiosk.window().window();
    window.dispatch_event(KeyPressed { text: F1.into() });
    ear.hall.kiosk.later(Duration::from_millis(1_100));
    window.dispatch_event(KeyReleased { text: F1.into() });
    assert_eq!(ear.hall.session().voice.sheet, VoiceSheet::Menu);
    ear.press("Faster");
    ear.press("Louder");
    ear.press("Dark screen");
    let voice = ear.hall.session().voice;
    assert_eq!((voice.rate_percent(), voice.gain_db(), voice.dark), (125, -6.0, true));
    let last = ear.transcript.entries().pop().unwrap().speech;
    assert_eq!((last.rate_percent, last.gain_db), (125, -6.0));
    assert!(ui::VoiceData::get(ear.hall.kiosk.window()).get_dark());
    ear.press("Close");
    ear.finish();
    assert!(!ui::VoiceData::get(ear.hall.kiosk.window()).get_dark());
    assert_eq!(ui::VoiceData::get(ear.hall.kiosk.window()).get_said(), "", "nothing said stays on the screen");
    let said = format!("{:?}", ear.hall.kiosk.inner.voice.borrow().narrator);
    assert!(!said.contains("Report a problem"), "nor in memory");
}

#[test]
fn the_button_begins_reading_and_then_shows_what_can_be_set() {
    let hall = Hall::open();
    assert!(!ui::Shell::get(hall.kiosk.window()).get_speaks(), "without a voice there is nothing to begin");
    let transcript = Transcript::default();
    hall.kiosk.set_speaker(Box::new(transcript.clone()));
    assert!(ui::Shell::get(hall.kiosk.window()).get_speaks());
    ui::Shell::get(hall.kiosk.window()).invoke_read_aloud();
    assert!(hall.session().voice.on);
    assert!(transcript.text().contains("Welcome to"), "{}", transcript.text());
    hall.touch("Report a problem");
    let said = transcript.text();
    assert!(said.lines().last().unwrap().contains("What is the problem about?"), "a touch is answered too: {said}");
    assert!(ui::VoiceData::get(hall.kiosk.window()).get_said().contains("What is the problem about?"), "and can be read");
    ui::Shell::get(hall.kiosk.window()).invoke_read_aloud();
    hall.touch("Stop reading aloud");
    assert!(!hall.session().voice.on);
    assert!(transcript.text().lines().last().unwrap().contains("Reading aloud has ended."));
}

#[test]
fn silence_is_followed_by_one_hint() {
    let ear = Ear::open(Hand::FourKeys);
    ear.go("Report a problem");
    let hints = || ear.transcript.text().matches("To press it, use choose. To go on, use next.").count();
    for _ in 0..60 {
        ear.hall.kiosk.later(Duration::from_secs(1));
    }
    assert_eq!(hints(), 1);
}

#[test]
fn typed_words_are_said_to_headphones_only() {
    let said = |hand| {
        let ear = Ear::open(hand);
        ear.press("Follow up with a code");
        for key in ["4", "f", "7", BACKSPACE] {
            ear.go("Code");
            ear.key(key);
        }
        ear.key(DOWN);
        ear.key(UP);
        ear.transcript.text()
    };
    let (ears, loud) = (apart(|| said(Hand::FourKeys)), apart(|| said(Hand::Keyboard)));
    for typed in ["7 deleted", "4f"] {
        assert!(ears.contains(typed), "{ears}");
        assert!(!loud.contains(typed), "{loud}");
    }
    assert!(loud.contains("It stands on the screen."), "{loud}");
}

/// What has the focus and does not show all of it (WCAG 2.2, 2.4.12): scrolled away, or over the edge. What is larger than its list
/// shows a part.
fn hidden(hall: &Hall) -> Option<String> {
    use i_slint_core::item_tree::{ItemRc, ParentItemTraversalMode};
    let room = |item: &ItemRc| {
        let own = item.geometry();
        i_slint_core::lengths::LogicalRect::new(item.map_to_window(own.origin), own.size)
    };
    let window = i_slint_core::window::WindowInner::from_pub(hall.kiosk.window().window());
    let item = window.focus_item.borrow().upgrade()?;
    let own = room(&item);
    let mut parent = item.parent_item(ParentItemTraversalMode::StopAtPopups);
    while let Some(ancestor) = parent {
        let seen = room(&ancestor);
        let shows = |from: f32, to: f32, first: f32, last: f32| {
            if to - from > last - first { from < last && to > first } else { from >= first - 1.0 && to <= last + 1.0 }
        };
        let shows_all = shows(own.min_x(), own.max_x(), seen.min_x(), seen.max_x())
            && shows(own.min_y(), own.max_y(), seen.min_y(), seen.max_y());
        if ancestor.borrow().as_ref().clips_children() && !shows_all {
            return Some(format!("{own:?} in {seen:?}"));
        }
        parent = ancestor.parent_item(ParentItemTraversalMode::StopAtPopups);
    }
    None
}

#[test]
fn without_a_voice_a_plain_keyboard_comes_to_everything_and_is_nowhere_trapped() {
    let hall = Hall::open();
    let focused = |hall: &Hall| -> Option<String> {
        let window = i_slint_core::window::WindowInner::from_pub(hall.kiosk.window().window());
        let item = i_slint_core::accessibility::nearest_accessible_item(window.focus_item.borrow().upgrade()?);
        item.accessible_string_property(i_slint_core::accessibility::AccessibleStringProperty::Label)
            .map(|label| label.to_string())
    };
    let screens: [(&str, Option<&str>); 4] =
        [("home", None), ("category", Some("Report a problem")), ("place", Some("Street lighting")), ("help", Some("Help"))];
    for (name, press) in screens {
        match press {
            // It may be scrolled away by the keys.
            Some("Street lighting") => hall.kiosk.send(Msg::Category("light".parse().unwrap())),
            Some(press) => hall.touch(press),
            None => {}
        }
        let wanted: std::collections::BTreeSet<String> = voice::reading::uncovered(reading::spots(hall.kiosk.window()))
            .into_iter()
            .filter(|spot| spot.is_control() && spot.enabled)
            .map(|spot| spot.label)
            .collect();
        let mut come_to = std::collections::BTreeSet::new();
        for _ in 0..60 {
            hall.press([Key::Tab]);
            come_to.extend(focused(&hall));
            assert_eq!(hidden(&hall), None, "{name}: the focus is out of sight");
        }
        let missing: Vec<&String> = wanted.difference(&come_to).collect();
        assert!(missing.is_empty(), "{name}: Tab never comes to {missing:?}");
    }
}

/// Everything that can be chosen on the screen, as it is told.
fn lint(hall: &Hall, name: &str) {
    let spots = voice::reading::uncovered(reading::spots(hall.kiosk.window()));
    assert!(spots.iter().any(voice::Spot::is_control), "{name}: nothing can be chosen");
    for spot in &spots {
        assert!(!spot.label.trim().is_empty(), "{name}: something without a label: {spot:?}");
    }
    let controls: Vec<&voice::Spot> = spots.iter().filter(|spot| spot.is_control()).collect();
    for pair in controls.windows(2) {
        let told = |spot: &voice::Spot| (spot.role, spot.label.clone(), spot.detail.clone());
        assert_ne!(told(pair[0]), told(pair[1]), "{name}: two neighbours that sound alike");
    }
    assert!(spots.iter().any(|spot| spot.role == Role::Text), "{name}: nothing says where this is");
}

#[test]
fn everything_on_every_screen_can_be_told_apart_by_ear() {
    let hall = Hall::with(Options { photos: Some("anywhere".into()), ..Options::default() });
    lint(&hall, "home");
    for overlay in [Overlay::Help, Overlay::Languages, Overlay::Photos] {
        hall.kiosk.send(Msg::Overlay(overlay));
        lint(&hall, &format!("{overlay:?}"));
    }
    for sheet in [VoiceSheet::Menu, VoiceSheet::Compass] {
        hall.kiosk.send(Msg::Voice(VoiceMsg::Sheet(sheet)));
        lint(&hall, &format!("{sheet:?}"));
    }
    hall.kiosk.send(Msg::Voice(VoiceMsg::Learn));
    lint(&hall, "switches");
    hall.kiosk.send(Msg::Voice(VoiceMsg::Stop));
    hall.up_to_review();
    lint(&hall, "review");
    for screen in [Screen::Category, Screen::Place, Screen::Details] {
        hall.kiosk.send(Msg::EditStep(screen));
        lint(&hall, &format!("{screen:?}"));
    }
    hall.kiosk.send(Msg::Focus(Field::Text));
    lint(&hall, "typing");
    hall.kiosk.send(Msg::EditStep(Screen::Place));
    hall.kiosk.send(Msg::Next);
    hall.asked();
    hall.touch("Send");
    let (ticket, report) = hall.file();
    hall.answer(ticket, Reply::Filed(Ok(filed(&report))));
    lint(&hall, "slip");
    hall.kiosk.send(Msg::StartFollow);
    lint(&hall, "code");
    hall.kiosk.send(Msg::SubmitCode);
    lint(&hall, "notice");
    hall.kiosk.send(Msg::StartBrowse);
    let asked = hall.asked();
    let Some(Effect::Reports(ticket, _)) = asked.last() else { panic!("{asked:?}") };
    let reports: Vec<api::Summary> = gallery::near().unwrap().into_iter().map(|near| near.report).collect();
    hall.answer(*ticket, Reply::Reports(Ok(ReportList { total: 3, reports: reports.clone() })));
    lint(&hall, "browse");
    hall.kiosk.send(Msg::Open(reports[0].id));
    let asked = hall.asked();
    let Some(Effect::Report(ticket, _)) = asked.last() else { panic!("{asked:?}") };
    hall.answer(*ticket, Reply::Report(Ok(gallery::report().unwrap())));
    lint(&hall, "report");
    hall.kiosk.send(Msg::WriteComment);
    lint(&hall, "comment");
    hall.kiosk.later(Duration::from_millis(app::IDLE_MS + 1_000));
    lint(&hall, "warning");
    hall.kiosk.send(Msg::Finish);
    lint(&hall, "finished");
}

#[test]
fn what_a_sheet_covers_is_not_read() {
    let hall = Hall::open();
    hall.touch("Help");
    let labels = || -> Vec<String> {
        voice::reading::uncovered(reading::spots(hall.kiosk.window())).into_iter().map(|spot| spot.label).collect()
    };
    let help = labels();
    assert!(!help.iter().any(|label| label == "Report a problem"), "{help:?}");
    assert!(help.iter().any(|label| label == "Close") && help.iter().any(|label| label == "Finish"), "{help:?}");
    hall.kiosk.later(Duration::from_millis(app::IDLE_MS + 1_000));
    let warning = labels();
    assert!(!warning.iter().any(|label| label == "Finish" || label == "Close"), "the bar is covered too: {warning:?}");
}
