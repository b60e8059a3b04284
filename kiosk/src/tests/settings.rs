//! What residents set for themselves, and what stands elsewhere because of it.

use super::*;
use crate::app::{Colours, Settings, TextSize};

#[test]
fn a_resident_sets_size_and_colours_and_the_end_sets_them_back() {
    let hall = Hall::open();
    hall.touch("Text size");
    assert_eq!(hall.session().overlay, app::Overlay::Settings);
    hall.touch("Very large");
    hall.touch("White on black");
    hall.touch("Less motion");
    // What is chosen is told by words and a sign, not by colour alone (WCAG 1.4.1).
    for chosen in ["Very large", "White on black", "Less motion"] {
        assert_eq!(hall.find(chosen).accessible_checked(), Some(true), "{chosen}");
    }
    assert_eq!(hall.find("As usual").accessible_checked(), Some(false));
    hall.touch("Map in lines only");
    hall.touch("All buttons low");
    let set = Settings { text: TextSize::Largest, colours: Colours::ContrastDark, low: true, still: true, lines: true };
    assert_eq!(hall.session().settings, set);
    hall.touch("Reset to defaults");
    assert_eq!(hall.session().settings, Settings::default());
    hall.touch("Very large");
    hall.touch("Close");
    hall.touch("Report a problem");
    assert_eq!(hall.session().settings.text, TextSize::Largest, "it holds on every screen");
    hall.touch("Contrast");
    assert_eq!(hall.session().overlay, app::Overlay::Settings);
    hall.touch("Close");
    hall.touch("Finish");
    assert_eq!(hall.session().settings, Settings::default());
    assert_eq!(ui::Theme::get(hall.kiosk.window()).get_capital(), TextSize::default().capital_mm());
}

#[test]
fn read_aloud_is_offered_where_there_is_a_voice() {
    let hall = Hall::open();
    assert!(!hall.says("Read aloud"));
    let shell = ui::Shell::get(hall.kiosk.window());
    shell.set_speaks(true);
    let asked = Rc::new(Cell::new(0));
    let count = Rc::clone(&asked);
    shell.on_read_aloud(move || count.set(count.get() + 1));
    hall.touch("Read aloud");
    assert_eq!(asked.get(), 1);
}

#[test]
fn a_box_without_a_town_says_why_nothing_can_be_reported() {
    let hall = Hall::open();
    let body = api::ErrorBody { code: "no_site".into(), message: "this box serves no town yet".into(), refusal: None };
    hall.kiosk.send(Msg::Town(Err(CallError::Said { status: 422, body })));
    for tile in ["Report a problem", "Suggest an improvement", "What is going on", "Follow up with a code"] {
        assert_eq!(hall.find(tile).accessible_enabled(), Some(false), "{tile}");
    }
    hall.strike_blindly("Report a problem");
    assert_eq!(hall.session().screen, Screen::Home);
    hall.kiosk.send(Msg::Town(Ok(gallery::town(None).unwrap())));
    hall.touch("Report a problem");
    assert_eq!(hall.session().screen, Screen::Category);
}

#[test]
fn what_is_read_from_the_right_stands_the_other_way_round() {
    let hall = Hall::open();
    let left = |label: &str| hall.find(label).absolute_position().x;
    assert!(left("Finish") < left("Help"));
    assert!(left("Report a problem") < left("Suggest an improvement"));
    hall.kiosk.send(Msg::Language("ar".parse().unwrap()));
    assert!(ui::Theme::get(hall.kiosk.window()).get_mirrored());
    // The words may not be there yet in this language: by place then.
    let shell_left = |label: &str| {
        let found = ElementHandle::find_by_accessible_label(hall.kiosk.window(), label).next();
        found.map(|element| element.absolute_position().x)
    };
    if let (Some(finish), Some(help)) = (shell_left("Finish"), shell_left("Help")) {
        assert!(finish > help);
        assert!(left("Report a problem") > left("Suggest an improvement"));
    }
    hall.kiosk.send(Msg::Finish);
    assert!(!ui::Theme::get(hall.kiosk.window()).get_mirrored());
}

#[test]
fn licences_are_shown_in_their_own_words() {
    let hall = Hall::open();
    hall.touch("Help");
    hall.touch("About this kiosk");
    assert_eq!(hall.session().overlay, app::Overlay::About);
    let typeface = ui::Typeface::get(hall.kiosk.window());
    if typeface.get_family() == "Atkinson Hyperlegible" {
        assert!(typeface.get_licence().contains("SIL OPEN FONT LICENSE Version 1.1"));
        assert!(hall.says(&typeface.get_licence()));
    }
}
