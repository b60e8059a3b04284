//! Time, wiping, staff and slips of the finger, through the real window.

use slint::platform::{PointerEventButton, WindowEvent};

use super::*;

impl Hall {
    fn at(&self, label: &str) -> slint::LogicalPosition {
        let element = self.find(label);
        let (at, size) = (element.absolute_position(), element.size());
        slint::LogicalPosition::new(at.x + size.width / 2.0, at.y + size.height / 2.0)
    }

    fn down(&self, position: slint::LogicalPosition) {
        let window = self.kiosk.window().window();
        window.dispatch_event(WindowEvent::PointerMoved { position });
        window.dispatch_event(WindowEvent::PointerPressed { position, button: PointerEventButton::Left });
    }

    fn moved(&self, position: slint::LogicalPosition) {
        self.kiosk.window().window().dispatch_event(WindowEvent::PointerMoved { position });
    }

    fn up(&self, position: slint::LogicalPosition) {
        let window = self.kiosk.window().window();
        window.dispatch_event(WindowEvent::PointerReleased { position, button: PointerEventButton::Left });
        window.dispatch_event(WindowEvent::PointerExited);
    }

    fn tap(&self, x: f32, y: f32) {
        let position = slint::LogicalPosition::new(x, y);
        self.down(position);
        self.up(position);
    }

    fn later_ms(&self, ms: u64) {
        self.kiosk.later(Duration::from_millis(ms));
    }
}

fn with_pin() -> (Hall, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pin");
    std::fs::write(&file, "$argon2id$...").unwrap();
    (Hall::with(Options { staff_pin: Some(file), ..Options::default() }), folder)
}

/// Up to the sheet behind the PIN.
fn let_staff_in(hall: &Hall) {
    for x in [100.0, 1_820.0, 100.0, 1_820.0] {
        hall.tap(x, 100.0);
    }
    for digit in ["4", "7", "1", "1", "0", "8"] {
        hall.touch(digit);
    }
    assert!(hall.says("6 digits typed") && !hall.says("471108"));
    hall.touch("OK");
    let asked = hall.asked();
    let Some(Effect::CheckPin(ticket, pin)) = asked.last() else { panic!("{asked:?}") };
    assert_eq!(pin.reveal(), "471108");
    hall.answer(*ticket, Reply::Pin(app::staff::PinAnswer::Right));
    assert!(hall.says("Start the kiosk anew"));
}

#[test]
fn one_touch_anywhere_on_the_warning_puts_it_off() {
    for at in [(960.0, 540.0), (20.0, 20.0), (1_900.0, 60.0), (960.0, 500.0), (700.0, 560.0)] {
        let hall = Hall::open();
        hall.touch("Report a problem");
        hall.later_ms(app::IDLE_MS + 1_000);
        assert!(hall.says("Are you still there?") || hall.says("I need more time"));
        hall.tap(at.0, at.1);
        assert!(!hall.says("I need more time"), "{at:?}");
        assert_eq!(hall.session().screen, Screen::Category, "{at:?}: and does nothing else");
    }
}

#[test]
fn seconds_run_in_the_second_half_of_the_warning_only() {
    let hall = Hall::open();
    hall.touch("Report a problem");
    let shell = || ui::Shell::get(hall.kiosk.window());
    hall.later_ms(app::IDLE_MS + 1_000);
    assert!(shell().get_warning() > 15 && shell().get_countdown() < 0);
    assert!(hall.says("Touch the screen anywhere to go on. Otherwise everything you entered is cleared soon."));
    hall.later_ms(app::WARNING_MS / 2);
    assert_eq!(shell().get_warning(), shell().get_countdown());
    assert!(!hall.says("Touch the screen anywhere to go on. Otherwise everything you entered is cleared soon."));
}

#[test]
fn finish_is_on_every_screen_and_works_on_it() {
    let town = gallery::town(None).unwrap();
    let samples = gallery::samples(&town).unwrap();
    assert!(samples.len() > 15);
    for (name, session) in samples {
        if ["dark", "woken"].contains(&name) {
            continue;
        }
        let hall = Hall::open();
        hall.kiosk.inner.state.borrow_mut().session = Session { touched_ms: 0, ..session };
        hall.kiosk.send(Msg::Touched);
        hall.kiosk.inner.show();
        let screen = hall.session().screen;
        if screen == Screen::Finished {
            continue;
        }
        hall.touch("Finish");
        assert_eq!(hall.session().screen, Screen::Finished, "{name}, {screen:?}");
        assert_blank(hall.kiosk.window());
        hall.later_ms(app::FINISHED_MS - 1_000);
        assert_eq!(hall.session().screen, Screen::Finished, "{name}");
        hall.later_ms(1_000);
        assert_eq!(hall.session(), Session::default(), "{name}");
    }
}

#[test]
fn a_press_that_slides_off_does_nothing() {
    let off = slint::LogicalPosition::new(960.0, 6.0);
    for (way, label) in [
        // A tile, a button of the bar, a tile in a list that scrolls, a button below it, a key.
        (&[][..], "Report a problem"),
        (&[], "Help"),
        (&["Report a problem"], "Street lighting"),
        (&["Report a problem"], "Back"),
        (&["Follow up with a code"], "4"),
    ] {
        let hall = Hall::open();
        way.iter().for_each(|label| hall.touch(label));
        let before = hall.session();
        let on = hall.at(label);
        hall.later_ms(1_000);
        hall.down(on);
        hall.later_ms(100);
        hall.moved(slint::LogicalPosition::new((on.x + off.x) / 2.0, (on.y + off.y) / 2.0));
        hall.moved(off);
        hall.up(off);
        let after = hall.session();
        assert_eq!(
            (after.screen, after.overlay, after.code.text(), after.draft.category.clone()),
            (before.screen, before.overlay, before.code.text(), before.draft.category.clone()),
            "{label}"
        );
        // On it and back again is a touch.
        hall.down(on);
        hall.up(on);
        let touched = hall.session();
        assert_ne!(
            (touched.screen, touched.overlay, touched.code.text()),
            (before.screen, before.overlay, before.code.text()),
            "{label}: else this test shows nothing"
        );
    }
}

#[test]
fn a_key_that_is_held_types_one_letter() {
    let hall = Hall::open();
    hall.touch("Follow up with a code");
    let on = hall.at("4");
    hall.down(on);
    for _ in 0..40 {
        hall.later_ms(250);
        i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(250));
        assert_eq!(hall.session().code.text(), "", "on release only");
    }
    hall.up(on);
    assert_eq!(hall.session().code.text(), "4");
}

#[test]
fn another_tile_within_half_a_second_counts() {
    let hall = Hall::open();
    hall.touch("Report a problem");
    hall.strike("Street lighting");
    hall.kiosk.send(Msg::Back);
    let other = gallery::town(None).unwrap().categories.into_iter().find(|category| category.code.as_str() != "light").unwrap();
    hall.strike(hall.kiosk.state().text(&other.names));
    assert_eq!(hall.session().draft.category, Some(other.code));
}

#[test]
fn staff_come_in_by_the_corners_and_their_pin() {
    let (hall, _folder) = with_pin();
    let_staff_in(&hall);
    hall.touch("End this session and clear everything");
    assert_eq!(hall.session(), Session::default());
    assert!(hall.says("Report a problem") && !hall.says("For staff"));

    let hall = Hall::open();
    for x in [100.0, 1_820.0, 100.0, 1_820.0] {
        hall.tap(x, 100.0);
    }
    assert!(!hall.says("6 digits typed") && !hall.says("Delete"), "without a PIN there is no such sheet");
}

#[test]
fn the_pin_is_typed_on_a_real_keyboard_too() {
    let (hall, _folder) = with_pin();
    for x in [100.0, 1_820.0, 100.0, 1_820.0] {
        hall.tap(x, 100.0);
    }
    hall.press(["4", "7", "1", "1", "0", "8"]);
    hall.press([Key::Return]);
    let asked = hall.asked();
    let [Effect::CheckPin(ticket, pin)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(pin.reveal(), "471108");
    hall.answer(*ticket, Reply::Pin(app::staff::PinAnswer::Wrong));
    assert!(hall.says("This PIN is wrong. Please type it again."));
    hall.press([Key::Escape]);
    assert_eq!(hall.session().overlay, app::Overlay::None);
}

#[test]
fn a_screen_being_cleaned_feels_nothing_but_a_field_that_is_held() {
    let (hall, _folder) = with_pin();
    let_staff_in(&hall);
    hall.touch("Clean the screen");
    i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(10));
    assert!(hall.says("It takes no touch for 60 seconds more."));
    for step in 0..40 {
        hall.tap(60.0 + 48.0 * step as f32, 20.0 + 26.0 * step as f32);
    }
    hall.press([Key::Return]);
    hall.press([" "]);
    assert_eq!(hall.session(), Session::default());
    // A cloth over the field is no finger on it.
    let field = hall.at("Hold this field for three seconds to go on sooner.");
    hall.down(field);
    hall.later_ms(2_000);
    hall.moved(slint::LogicalPosition::new(field.x, field.y + 400.0));
    hall.later_ms(2_000);
    hall.up(field);
    hall.later_ms(2_000);
    assert!(hall.kiosk.state().cleaning.is_some());
    assert!(
        hall.says("It takes no touch for 53 seconds more.") || hall.kiosk.state().cleaning_s().is_some_and(|left_s| left_s < 56)
    );
    hall.down(field);
    i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(10));
    hall.later_ms(1_500);
    hall.later_ms(1_600);
    assert_eq!(hall.kiosk.state().cleaning, None);
    hall.up(field);
    assert_eq!(hall.session().screen, Screen::Home, "nor does its lifting press anything");
    hall.touch("Report a problem");
    assert_eq!(hall.session().screen, Screen::Category);
}

#[test]
fn a_notice_that_nothing_here_can_put_right_takes_the_focus() {
    let hall = Hall::open();
    hall.up_to_review();
    hall.touch("Send");
    let (ticket, _) = hall.file();
    let full = api::ErrorBody { code: "storage_full".into(), message: String::new(), refusal: None };
    hall.answer(ticket, Reply::Filed(Err(CallError::Said { status: 507, body: full })));
    assert_eq!(hall.session().notice, Notice::StorageFull);
    hall.press([Key::Return]);
    assert_eq!(hall.session().notice, Notice::None, "Return takes its button");
}

#[test]
fn a_touch_screen_that_is_unplugged_is_said_and_plugged_in_again_forgotten() {
    let hall = Hall::open();
    hall.touch("Report a problem");
    let said = "This screen does not feel touches at the moment: its cable may be loose. Please tell the staff. It goes on by itself; what you typed is kept for a while.";
    hall.kiosk.send(Msg::Touchable(app::Touchable::No));
    hall.later_ms(6_000);
    assert!(hall.says(said));
    hall.kiosk.send(Msg::Touchable(app::Touchable::Yes));
    assert!(!hall.says(said));
    assert_eq!(hall.session().screen, Screen::Category);
}

#[test]
fn a_wrong_answer_gets_the_focus_and_is_typed_on() {
    let hall = Hall::open();
    hall.up_to_review();
    hall.touch("Back");
    let since = || Field::Answer("since".parse().unwrap());
    hall.kiosk.send(Msg::Typed { field: since(), text: "yesterday".into(), caret: 9 });
    hall.touch("Next");
    assert_eq!(hall.session().notice, Notice::AnswerBad);
    i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(10));
    hall.press([Key::Backspace]);
    assert_eq!(hall.kiosk.state().edit(&since()).unwrap().text(), "yesterda");
}

#[test]
fn a_question_left_open_is_marked() {
    let hall = Hall::open();
    hall.up_to_review();
    hall.touch("Back");
    hall.touch("It is out");
    hall.touch("Next");
    assert_eq!(hall.session().notice, Notice::AnswerMissing);
    assert!(hall.says("Please choose an answer here."));
    hall.touch("It is out");
    assert!(!hall.says("Please choose an answer here."));
}

#[test]
fn a_screen_that_staff_put_out_is_woken_by_a_key_or_a_finger() {
    let soon = || i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(20));
    for by_key in [true, false] {
        let (hall, _folder) = with_pin();
        let_staff_in(&hall);
        hall.touch("Put the screen out");
        soon();
        soon();
        hall.later_ms(60_000);
        assert!(ui::Shell::get(hall.kiosk.window()).get_dark());
        if by_key {
            hall.press([Key::Return]);
        } else {
            hall.tap(300.0, 400.0);
        }
        assert_eq!((hall.session(), hall.kiosk.state().rest), (Session::default(), app::Rest::Awake), "by a key: {by_key}");
    }
}
