//! The slip on paper: what the printer says of itself, and what a touch on "Print the slip" sets off. One touch prints once.

use super::*;
use crate::slip::{Slip, Words};

/// A session prints its slip so many times and no more: the roll is everybody's.
pub const COPIES_MAX: u8 = 3;
/// A printer that has said nothing for so long about a slip will not.
const PATIENCE_MS: u64 = 40_000;

/// How the printer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Printer {
    /// This kiosk has none, and says nothing of printing.
    #[default]
    None,
    Ready,
    NoPaper,
    CoverOpen,
    /// Its knife is jammed, or something else is wrong that somebody must look at.
    Fault,
    /// Unplugged, switched off or hung.
    NotAnswering,
}

/// How far the slip of this session is on its way to paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Print {
    #[default]
    NotYet,
    Printing(Ticket),
    Printed,
    /// It did not come out, or not whole; what to do follows from how the printer is.
    Failed(Printer),
}

/// A slip that the printer has, whoever's it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    pub ticket: Ticket,
    since_ms: u64,
}

/// Whether a touch on "Print the slip" would print.
pub fn can_print(state: &State) -> bool {
    let session = &state.session;
    let is_there = session.draft.filed.is_some() && session.draft.ids.is_some();
    session.screen == Screen::Slip
        && is_there
        && state.printer != Printer::None
        && state.running.is_none()
        && session.copies < COPIES_MAX
}

/// "Print the slip" was touched. A printer that is not ready is tried all the same: it may be, by now.
pub fn print(state: &mut State, words: Words) -> Vec<Effect> {
    if !can_print(state) {
        return Vec::new();
    }
    let Some((_, code)) = state.session.draft.ids else { return Vec::new() };
    let town = state.town.as_ref().map_or_else(String::new, |town| town.name.clone());
    let ticket = state.ticket();
    state.running = Some(Running { ticket, since_ms: state.now_ms });
    state.session.print = Print::Printing(ticket);
    vec![Effect::Print(ticket, Box::new(Slip { town, words, code: code.to_string() }))]
}

/// The printer told how it is.
pub fn told(state: &mut State, printer: Printer) {
    state.printer = printer;
    if printer == Printer::Ready && matches!(state.session.print, Print::Failed(_)) {
        state.session.print = Print::NotYet;
    }
}

/// A slip came out, or did not. Nobody hears of one whose session is over.
pub fn replied(state: &mut State, ticket: Ticket, printed: Result<(), Printer>) {
    if state.running.is_some_and(|running| running.ticket == ticket) {
        state.running = None;
    }
    if let Err(printer) = printed {
        state.printer = printer;
    }
    if state.session.print != Print::Printing(ticket) {
        return;
    }
    state.session.print = match printed {
        Ok(()) => {
            state.session.copies += 1;
            Print::Printed
        }
        Err(printer) => Print::Failed(printer),
    };
}

/// Takes a slip back from a printer that never says a word, and whatever it still has once nobody is at the screen.
pub fn tick(state: &mut State) -> Option<Effect> {
    let running = state.running?;
    let is_late = state.now_ms.saturating_sub(running.since_ms) >= PATIENCE_MS;
    if state.session.started && !is_late {
        return None;
    }
    state.running = None;
    if state.session.print == Print::Printing(running.ticket) {
        state.session.print = Print::Failed(Printer::NotAnswering);
    }
    Some(Effect::DropPrint(running.ticket))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On the slip screen, at a kiosk with a printer.
    fn at_slip() -> State {
        let mut state = State { town: Some(crate::gallery::town(None).unwrap()), online: true, ..State::default() };
        update(&mut state, Msg::Printer(Printer::Ready));
        state.session.started = true;
        state.session.screen = Screen::Slip;
        let id = ReportId([1; 16]);
        state.session.draft.ids = Some((id, FollowCode::from_random([9; 8])));
        state.session.draft.filed = Some(Filed {
            id,
            reference: id.reference(),
            event: api::EventId([1; 32]),
            filed_ms: 1,
            department: "works".parse().unwrap(),
            due_days: 14,
        });
        state
    }

    fn touch(state: &mut State) -> Vec<Effect> {
        update(state, Msg::PrintSlip(Box::default()))
    }

    fn ticket(effects: &[Effect]) -> Ticket {
        let [Effect::Print(ticket, _)] = effects else { panic!("{effects:?}") };
        *ticket
    }

    fn reply(state: &mut State, ticket: Ticket, printed: Result<(), Printer>) {
        update(state, Msg::Reply(ticket, Reply::Printed(printed)));
    }

    #[test]
    fn one_touch_prints_once_and_a_session_no_more_than_its_share() {
        let mut state = at_slip();
        for copy in 1..=COPIES_MAX {
            let effects = touch(&mut state);
            let [Effect::Print(ticket, slip)] = &effects[..] else { panic!("{effects:?}") };
            assert_eq!((slip.town.as_str(), slip.code.clone()), ("Testville", FollowCode::from_random([9; 8]).to_string()));
            assert_eq!(touch(&mut state), [], "one is on its way");
            reply(&mut state, *ticket, Ok(()));
            reply(&mut state, *ticket, Ok(()));
            assert_eq!((state.session.print, state.session.copies), (Print::Printed, copy));
        }
        assert_eq!(touch(&mut state), []);
    }

    #[test]
    fn nothing_is_printed_without_a_printer_or_without_a_report() {
        let mut state = at_slip();
        update(&mut state, Msg::Printer(Printer::None));
        assert_eq!(touch(&mut state), []);
        let mut state = at_slip();
        state.session.draft.filed = None;
        assert_eq!(touch(&mut state), []);
        let mut state = at_slip();
        state.session.screen = Screen::Home;
        assert_eq!(touch(&mut state), []);
    }

    #[test]
    fn what_failed_is_said_and_can_be_tried_again() {
        let mut state = at_slip();
        let first = ticket(&touch(&mut state));
        reply(&mut state, first, Err(Printer::NoPaper));
        assert_eq!((state.session.print, state.printer), (Print::Failed(Printer::NoPaper), Printer::NoPaper));
        let second = ticket(&touch(&mut state));
        assert_ne!(first, second);
        reply(&mut state, first, Ok(()));
        assert_eq!(state.session.print, Print::Printing(second), "the first one is past");
        reply(&mut state, second, Err(Printer::CoverOpen));
        update(&mut state, Msg::Printer(Printer::Ready));
        assert_eq!((state.session.print, state.session.copies), (Print::NotYet, 0), "somebody closed it");
    }

    #[test]
    fn a_printer_that_hangs_is_given_up_and_its_slip_taken_back() {
        let mut state = at_slip();
        update(&mut state, Msg::Tick { now_ms: 1_000, wall: None });
        let first = ticket(&touch(&mut state));
        let mut later = |now_ms: u64| update(&mut state, Msg::Tick { now_ms, wall: None }).contains(&Effect::DropPrint(first));
        assert!(!later(1_000 + PATIENCE_MS - 1) && later(1_000 + PATIENCE_MS));
        assert_eq!(state.session.print, Print::Failed(Printer::NotAnswering));
        assert_eq!(touch(&mut state).len(), 1);
    }

    #[test]
    fn a_slip_may_come_out_after_finish_but_nothing_of_it_is_kept_for_the_next_resident() {
        let mut state = at_slip();
        let first = ticket(&touch(&mut state));
        update(&mut state, Msg::Finish);
        assert_eq!((state.session.print, state.session.copies), (Print::NotYet, 0));
        let effects = update(&mut state, Msg::Tick { now_ms: FINISHED_MS, wall: None });
        assert_eq!(effects, [Effect::LookAround, Effect::DropPrint(first)]);
        assert_eq!(state.session, Session::default());
        assert!(state.running.is_none());
        reply(&mut state, first, Ok(()));
        assert_eq!(state.session, Session::default(), "nobody hears of it");
    }

    #[test]
    fn another_residents_slip_is_waited_for() {
        let mut state = at_slip();
        let first = ticket(&touch(&mut state));
        let Session { draft, .. } = state.session.clone();
        update(&mut state, Msg::Finish);
        state.session = Session { started: true, screen: Screen::Slip, draft, ..Session::default() };
        assert_eq!(touch(&mut state), [], "the one before is still coming out");
        reply(&mut state, first, Ok(()));
        assert_eq!((state.session.print, state.session.copies), (Print::NotYet, 0));
        assert_eq!(touch(&mut state).len(), 1);
    }
}
