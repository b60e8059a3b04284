//! What staff do at the screen, between the core and the markup.

use std::rc::Rc;

use slint::Global;

use super::Send;
use crate::app::staff::{Corner, PinAnswer, Wish};
use crate::app::{Msg, Overlay, State};
use crate::ui;

/// An upper corner is so large, by parts of the window's width and height.
const CORNER: f32 = 0.2;

/// Wires the callbacks.
pub fn connect(window: &ui::AppWindow, send: &Send) {
    let data = ui::StaffData::get(window);
    let tell = |msg: fn() -> Msg| {
        let send = Rc::clone(send);
        move || send(msg())
    };
    data.on_away(tell(|| Msg::PinAway));
    data.on_done(tell(|| Msg::PinDone));
    data.on_close(tell(|| Msg::Overlay(Overlay::None)));
    data.on_clean(tell(|| Msg::Staff(Wish::Clean)));
    data.on_end_session(tell(|| Msg::Staff(Wish::EndSession)));
    data.on_screen_off(tell(|| Msg::Staff(Wish::ScreenOff)));
    data.on_restart(tell(|| Msg::Staff(Wish::Restart)));
    let tell = Rc::clone(send);
    data.on_digit(move |digit| {
        if let Ok(digit) = u8::try_from(digit) {
            tell(Msg::PinDigit(digit));
        }
    });
    let tell = Rc::clone(send);
    data.on_hold(move |is_down| tell(Msg::Hold(is_down)));
    let tell = Rc::clone(send);
    data.on_ground(move |x, y| {
        if y <= CORNER && (x <= CORNER || x >= 1.0 - CORNER) {
            tell(Msg::Corner(if x <= CORNER { Corner::Left } else { Corner::Right }));
        }
    });
}

/// Shows what there is.
pub fn show(window: &ui::AppWindow, state: &State) {
    let data = ui::StaffData::get(window);
    let staff = &state.session.staff;
    data.set_asks(state.session.overlay == Overlay::Pin);
    data.set_is_in(state.session.overlay == Overlay::Staff);
    data.set_digits(number(staff.pin.len()));
    data.set_checking(staff.checking.is_some());
    data.set_wrong(staff.refused == Some(PinAnswer::Wrong));
    data.set_unreadable(staff.refused == Some(PinAnswer::Unreadable));
    data.set_pause(state.pause_min().map_or(0, number));
    data.set_cleaning(state.cleaning_s().map_or(-1, number));
    data.set_untouchable(state.is_untouchable());
}

fn number<N>(value: N) -> i32
where
    i32: TryFrom<N>,
{
    i32::try_from(value).unwrap_or(i32::MAX)
}
