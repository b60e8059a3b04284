use crate::app::Printer;
use crate::slip::Slip;

use super::*;

impl Hall {
    /// A report that was filed, with its slip on the screen.
    fn up_to_slip(&self) -> api::NewReport {
        self.up_to_review();
        self.kiosk.later(Duration::from_secs(1));
        self.kiosk.send(Msg::Send { id: api::ReportId([7; 16]), code: FollowCode::from_random([9; 8]) });
        let (ticket, report) = self.file();
        self.answer(ticket, Reply::Filed(Ok(filed(&report))));
        assert_eq!(self.session().screen, Screen::Slip);
        report
    }

    fn printed(&self) -> (Ticket, Slip) {
        let asked = self.asked();
        let [Effect::Print(ticket, slip)] = &asked[..] else { panic!("{asked:?}") };
        (*ticket, (**slip).clone())
    }
}

#[test]
fn a_slip_is_printed_once_for_one_touch_and_what_stands_in_the_way_is_told_in_words() {
    let hall = Hall::open();
    let report = hall.up_to_slip();
    assert!(!hall.says("Print the slip"), "there is no printer, and nothing is said of one");
    hall.kiosk.send(Msg::Printer(Printer::Ready));
    hall.touch("Print the slip");
    let (ticket, slip) = hall.printed();
    assert_eq!((slip.town.as_str(), &slip.code), ("Testville", &report.code.to_string()));
    assert_eq!(slip.words.title, "Thank you. Your report is filed.");
    let lines = [format!("Report {}", report.id.reference()), "It goes to: Public works".into()];
    assert_eq!(slip.words.lines[..2], lines);
    assert_eq!(slip.words.lines[2], "The town means to deal with it within 14 days.");
    assert!(hall.says("The slip is being printed…"));
    assert!(!hall.find("Print the slip").accessible_enabled().unwrap());

    hall.answer(ticket, Reply::Printed(Err(Printer::NoPaper)));
    let words = "The printer has no paper. Your code is on the screen: write it down or take a picture of it.";
    assert!(hall.says(words) && hall.says(&slip.code));
    hall.touch("Try to print again");
    let (ticket, _) = hall.printed();
    hall.answer(ticket, Reply::Printed(Ok(())));
    assert!(hall.says("Take your slip from the printer.") && !hall.says(words));

    hall.touch("Print it again");
    let (ticket, _) = hall.printed();
    hall.answer(ticket, Reply::Printed(Ok(())));
    hall.strike("Print it again");
    assert_eq!(hall.asked(), [], "the second of a double strike");
    hall.touch("Finish");
    assert_blank(hall.kiosk.window());
    let data = ui::PrintData::get(hall.kiosk.window());
    assert_eq!((data.get_reference().as_str(), data.get_department().as_str(), data.get_can_print()), ("", "", false));
}

#[test]
fn a_printer_that_has_no_paper_is_told_before_anybody_tries() {
    let hall = Hall::open();
    hall.up_to_slip();
    for (printer, words) in [
        (Printer::NoPaper, "The printer has no paper. Your code is on the screen: write it down or take a picture of it."),
        (Printer::CoverOpen, "The printer is open. Your code is on the screen: write it down or take a picture of it."),
        (Printer::Fault, "The printer does not work. Your code is on the screen: write it down or take a picture of it."),
        (
            Printer::NotAnswering,
            "The printer does not answer. Your code is on the screen: write it down or take a picture of it.",
        ),
    ] {
        hall.kiosk.send(Msg::Printer(printer));
        assert!(hall.says(words), "{printer:?}");
        assert!(hall.find("Try to print again").accessible_enabled().unwrap(), "{printer:?}");
    }
    hall.kiosk.send(Msg::Printer(Printer::Ready));
    assert!(hall.says("Print the slip"));
}

#[test]
fn a_slip_speaks_the_language_of_the_screen() {
    let hall = Hall::open();
    hall.up_to_slip();
    hall.kiosk.send(Msg::Printer(Printer::Ready));
    hall.touch("Language: English");
    hall.touch("Suomi");
    hall.touch("Tulosta kuitti");
    let (_, slip) = hall.printed();
    assert!(slip.words.lines[1].ends_with("Katutyöt"), "{:?}", slip.words.lines);
    assert!(!slip.words.title.contains("Thank"), "{}", slip.words.title);
    assert_eq!(slip.words.advice[1], "Säilytä tämä kuitti: kukaan ei voi hakea koodia uudelleen.");
}
