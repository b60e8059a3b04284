//! What staff do at the kiosk itself: a way in that nobody takes by accident, a PIN, a small sheet, and the screen being cleaned.
//!
//! Left, right, left, right in the upper corners of the home screen asks for the PIN, where one is set. It is checked outside, by
//! [`Effect::CheckPin`], against a hash that is read for that moment only: the kiosk's memory holds neither PIN nor hash otherwise.
//! The PIN holds up people at the screen, and nothing else: who has the kiosk's process can already do all that the sheet offers.

use std::fmt;

use zeroize::Zeroizing;

use super::*;

/// Within this time the four corners have to be touched.
const CORNERS_MS: u64 = 6_000;
/// What touches of the corners lead in.
const WAY_IN: [Corner; 4] = [Corner::Left, Corner::Right, Corner::Left, Corner::Right];
/// So many wrong tries, then a pause.
pub const TRIES: u8 = 5;
/// The pause.
pub const PAUSE_MS: u64 = 300_000;
/// A sheet for staff that nobody touches goes away after so long: the next at the screen may be anybody.
pub const SHEET_MS: u64 = 30_000;
/// While the screen is cleaned it takes no touch for so long.
pub const CLEANING_MS: u64 = 60_000;
/// Held for so long, it takes touches again.
pub const HOLD_MS: u64 = 3_000;
/// Digits of a PIN, at least and at most.
pub const DIGITS: std::ops::RangeInclusive<usize> = 6..=12;

/// An upper corner of the home screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corner {
    Left,
    Right,
}

/// A PIN, wiped when it goes and never printed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Pin(Zeroizing<String>);

impl Pin {
    /// How many digits there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no digit yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For the one who checks it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn push(&mut self, digit: u8) {
        if self.0.capacity() == 0 {
            // At once as large as it can become: a text that grows leaves copies behind.
            self.0.reserve_exact(*DIGITS.end());
        }
        if self.0.len() < *DIGITS.end() && digit <= 9 {
            self.0.push(char::from(b'0' + digit));
        }
    }
}

impl FromIterator<u8> for Pin {
    fn from_iter<I: IntoIterator<Item = u8>>(digits: I) -> Pin {
        let mut pin = Pin::default();
        digits.into_iter().for_each(|digit| pin.push(digit));
        pin
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(a PIN)")
    }
}

/// What comes of checking a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinAnswer {
    Right,
    Wrong,
    /// The file with the hash cannot be read, or is none.
    Unreadable,
}

/// Wrong tries, whoever's: a new session does not bring new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tries {
    wrong: u8,
    until_ms: u64,
}

/// What staff may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// The screen takes no touches for a while.
    Clean,
    /// Everything of the resident before goes, at once.
    EndSession,
    /// Dark until it is touched.
    ScreenOff,
    /// The program starts anew.
    Restart,
}

/// The screen being cleaned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cleaning {
    ends_ms: u64,
    held_since_ms: Option<u64>,
}

/// What a session knows of staff.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Staff {
    /// Corners touched so far, and when the first was.
    pub corners: usize,
    pub began_ms: u64,
    pub pin: Pin,
    pub checking: Option<Ticket>,
    /// What the last try came to, if it came to nothing.
    pub refused: Option<PinAnswer>,
}

impl State {
    /// Seconds until the screen takes touches again, while it is cleaned.
    pub fn cleaning_s(&self) -> Option<u32> {
        self.cleaning.map(|cleaning| cleaning.ends_ms.saturating_sub(self.now_ms).div_ceil(1000) as u32)
    }

    /// Minutes until a PIN can be tried again, after too many wrong ones.
    pub fn pause_min(&self) -> Option<u32> {
        let left_ms = self.tries.until_ms.saturating_sub(self.now_ms);
        (left_ms > 0).then(|| left_ms.div_ceil(60_000) as u32)
    }
}

/// Time goes on.
pub fn tick(state: &mut State) -> Vec<Effect> {
    let now_ms = state.now_ms;
    if let Some(cleaning) = state.cleaning {
        let is_held = cleaning.held_since_ms.is_some_and(|since_ms| now_ms.saturating_sub(since_ms) >= HOLD_MS);
        if is_held || now_ms >= cleaning.ends_ms {
            state.cleaning = None;
            state.touched_ms = now_ms;
        }
    }
    let is_open = matches!(state.session.overlay, Overlay::Pin | Overlay::Staff);
    if is_open && now_ms.saturating_sub(state.session.touched_ms) >= SHEET_MS {
        return state.wipe();
    }
    Vec::new()
}

/// A finger came down on the field that ends the cleaning, or was lifted or moved off it.
pub fn hold(state: &mut State, is_down: bool) {
    let now_ms = state.now_ms;
    if let Some(cleaning) = &mut state.cleaning {
        cleaning.held_since_ms = is_down.then(|| cleaning.held_since_ms.unwrap_or(now_ms));
    }
}

/// The messages of staff.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    let now_ms = state.now_ms;
    match msg {
        Msg::Corner(corner) => {
            if !state.has_pin || state.session.screen != Screen::Home || state.session.overlay != Overlay::None {
                return Vec::new();
            }
            let staff = &mut state.session.staff;
            if now_ms.saturating_sub(staff.began_ms) > CORNERS_MS || WAY_IN.get(staff.corners) != Some(&corner) {
                staff.corners = 0;
            }
            if WAY_IN.get(staff.corners) == Some(&corner) {
                if staff.corners == 0 {
                    staff.began_ms = now_ms;
                }
                staff.corners += 1;
            }
            if staff.corners == WAY_IN.len() {
                state.session.staff = Staff::default();
                state.session.overlay = Overlay::Pin;
            }
        }
        Msg::PinDigit(digit) if is_asking(state) => {
            state.session.staff.refused = None;
            state.session.staff.pin.push(digit);
        }
        Msg::PinAway if is_asking(state) => state.session.staff.pin = Pin::default(),
        Msg::PinDone if is_asking(state) && state.session.staff.pin.len() >= *DIGITS.start() => {
            let ticket = state.ticket();
            state.session.staff.checking = Some(ticket);
            return vec![Effect::CheckPin(ticket, std::mem::take(&mut state.session.staff.pin))];
        }
        Msg::Staff(wish) if state.session.overlay == Overlay::Staff => return carry_out(state, wish),
        _ => {}
    }
    Vec::new()
}

fn is_asking(state: &State) -> bool {
    state.session.overlay == Overlay::Pin && state.session.staff.checking.is_none() && state.pause_min().is_none()
}

/// Whether the PIN was right.
pub fn checked(state: &mut State, ticket: Ticket, answer: PinAnswer) {
    if answer == PinAnswer::Wrong {
        // Counted also if whoever tried has left meanwhile.
        state.tries.wrong += 1;
        if state.tries.wrong >= TRIES {
            state.tries = Tries { wrong: 0, until_ms: state.now_ms + PAUSE_MS };
        }
    }
    let staff = &mut state.session.staff;
    if staff.checking != Some(ticket) {
        return;
    }
    staff.checking = None;
    if answer == PinAnswer::Right {
        state.tries = Tries::default();
        state.session.overlay = Overlay::Staff;
    } else {
        staff.refused = Some(answer);
    }
}

fn carry_out(state: &mut State, wish: Wish) -> Vec<Effect> {
    let mut effects = state.wipe();
    match wish {
        Wish::Clean => state.cleaning = Some(Cleaning { ends_ms: state.now_ms + CLEANING_MS, held_since_ms: None }),
        Wish::EndSession => {}
        Wish::ScreenOff => rest::put_out(state),
        Wish::Restart => effects.push(Effect::Restart),
    }
    effects
}

#[cfg(test)]
mod tests;
