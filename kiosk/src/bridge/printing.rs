//! The printer on the screen, and the screen's words for paper.

use slint::Global;

use super::text;
use crate::app::{Print, Printer, State, can_print};
use crate::slip::Words;
use crate::ui;

fn state(printer: Printer) -> ui::PrintState {
    match printer {
        Printer::None => ui::PrintState::None,
        Printer::Ready => ui::PrintState::Ready,
        Printer::NoPaper => ui::PrintState::NoPaper,
        Printer::CoverOpen => ui::PrintState::CoverOpen,
        Printer::Fault => ui::PrintState::Fault,
        Printer::NotAnswering => ui::PrintState::NotAnswering,
    }
}

pub fn show(window: &ui::AppWindow, kiosk: &State) {
    let data = ui::PrintData::get(window);
    data.set_state(match (kiosk.printer, kiosk.session.print) {
        (Printer::None, _) => ui::PrintState::None,
        (_, Print::Printing(_)) => ui::PrintState::Printing,
        (_, Print::Printed) => ui::PrintState::Printed,
        (_, Print::Failed(printer)) => state(printer),
        (printer, Print::NotYet) => state(printer),
    });
    data.set_can_print(can_print(kiosk));
    let filed = kiosk.session.draft.filed.as_ref();
    data.set_reference(text(filed.map_or("", |filed| filed.reference.as_str())));
    data.set_department(text(filed.map_or("", |filed| super::rows::department(kiosk, &filed.department))));
    data.set_days(filed.map_or(0, |filed| i32::from(filed.due_days)));
}

/// What is to stand on the slip, in the language on the screen.
pub fn words(window: &ui::AppWindow) -> Words {
    let data = ui::PrintData::get(window);
    Words {
        title: data.get_title().into(),
        lines: [data.get_report(), data.get_goes_to(), data.get_within()].map(String::from).to_vec(),
        code_word: data.get_code_word().into(),
        advice: [data.get_come_back(), data.get_keep()].map(String::from).to_vec(),
    }
}
