use api::client::CallError;
use api::{Change, Decide, Decided, Decision, HideReason, Outcome, Refusal, ReportId, Row, StaffId, Status, Target, What};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::{App, Msg, triage, view};
use crate::effects::{Call, Notice, Reply, Ticket};
use crate::keys::Command;
use crate::sample;
use crate::theme::Palette;
use crate::theme::Theme;

/// A console with a daemon that answers from a script.
pub(crate) struct Desk {
    pub app: App,
    /// Asked, not answered yet.
    pub asked: Vec<(Ticket, Call)>,
    /// What the queue holds.
    pub rows: Vec<Row>,
}

impl Desk {
    pub fn new() -> Desk {
        let theme = Theme { palette: Palette::Default, ascii: false };
        let mut app = App::new([7; 16], theme, sample::NOW_MS, 0);
        let asked = app.update(Msg::Notice(Notice::Up));
        let mut desk = Desk { app, asked, rows: sample::rows() };
        desk.answer();
        desk
    }

    /// Answers everything that was asked, except decisions.
    pub fn answer(&mut self) {
        while let Some(at) = self.asked.iter().position(|(_, call)| !matches!(call, Call::Decide(_))) {
            let (ticket, call) = self.asked.remove(at);
            let reply = self.reply(ticket, call, &mut 50);
            self.tell(reply);
        }
    }

    /// What the daemon answers. Decisions are made, as events from `events` on.
    pub fn reply(&mut self, ticket: Ticket, call: Call, events: &mut u8) -> Msg {
        let reply = match call {
            Call::Town => Reply::Town(Box::new(Ok(sample::town()))),
            Call::Health => Reply::Health(Box::new(Ok(sample::health()))),
            Call::Me => Reply::Me(Ok(sample::me())),
            Call::Queue(query) => {
                let words = query.filter.unwrap_or_default().to_lowercase();
                let fits = |row: &Row| format!("{} {}", row.summary.reference, row.summary.title).to_lowercase().contains(&words);
                Reply::Queue(Ok(sample::queue_reply(self.rows.iter().filter(|row| fits(row)).cloned().collect())))
            }
            Call::Case(report) => {
                let row = self.rows.iter().find(|row| row.summary.id == report);
                let gone = CallError::Away("gone".into());
                Reply::Case(Box::new(row.cloned().map(sample::case).ok_or(gone)))
            }
            Call::Map(_) => Reply::Map(Err("none here".into())),
            Call::Decide(decide) => Reply::Decided(Ok(self.decide(&decide, events))),
        };
        Msg::Reply(ticket, Box::new(reply))
    }

    fn decide(&mut self, decide: &Decide, events: &mut u8) -> Decided {
        let mut outcomes = Vec::new();
        for on in &decide.on {
            let event = sample::event(*events);
            *events += 1;
            for row in self.rows.iter_mut().filter(|row| row.summary.id == on.report) {
                row.heads = vec![event];
                if let Decision::SetStatus { status, .. } = decide.decision {
                    row.summary.status = status;
                }
            }
            outcomes.push(Outcome { report: on.report, event: Some(event), refusal: None, since: Vec::new() });
        }
        Decided { outcomes }
    }

    pub fn tell(&mut self, msg: Msg) {
        let calls = self.app.update(msg);
        self.asked.extend(calls);
    }

    /// Presses keys: letters, or names in angle brackets.
    pub fn keys(&mut self, keys: &str) {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let end = rest.find('>').filter(|_| first == '<' && rest.len() > 1);
            let (key, length) = match end {
                Some(end) => (named(&rest[1..end]), end + 1),
                None => (KeyEvent::from(KeyCode::Char(first)), first.len_utf8()),
            };
            rest = &rest[length..];
            self.tell(Msg::Key(key));
            self.answer();
        }
    }

    /// The decision on its way.
    pub fn sent(&mut self) -> (Ticket, Decide) {
        assert_eq!(self.asked.len(), 1, "{:?}", self.asked);
        match self.asked.remove(0) {
            (ticket, Call::Decide(decide)) => (ticket, decide),
            other => panic!("{other:?}"),
        }
    }

    /// The daemon has done what was decided, as these events.
    pub fn done(&mut self, ticket: Ticket, decide: &Decide, first_event: u8) {
        let decided = self.decide(decide, &mut { first_event });
        self.tell(Msg::Reply(ticket, Box::new(Reply::Decided(Ok(decided)))));
        self.answer();
    }

    pub fn last(&self) -> &str {
        self.app.shared.log.last().map_or("", |entry| &entry.text)
    }

    pub fn screen(&self, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| view(&self.app, frame)).unwrap();
        terminal.backend().to_string()
    }
}

fn named(name: &str) -> KeyEvent {
    if let Some(letter) = name.strip_prefix("C-") {
        return KeyEvent::new(KeyCode::Char(letter.chars().next().unwrap()), KeyModifiers::CONTROL);
    }
    KeyEvent::from(match name {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "Down" => KeyCode::Down,
        "Up" => KeyCode::Up,
        "Space" => KeyCode::Char(' '),
        other => panic!("no key {other}"),
    })
}

#[test]
fn screens() {
    for (width, height) in [(80, 24), (120, 36), (40, 24)] {
        let at = |name: &str| format!("{name}-{width}x{height}");
        let mut desk = Desk::new();
        insta::assert_snapshot!(at("triage"), desk.screen(width, height));
        desk.keys("<Enter>");
        insta::assert_snapshot!(at("report"), desk.screen(width, height));
        desk.keys("<Esc><Space><Space>");
        insta::assert_snapshot!(at("marked"), desk.screen(width, height));
        desk.keys("c");
        insta::assert_snapshot!(at("category"), desk.screen(width, height));
        desk.keys("road<Enter>");
        insta::assert_snapshot!(at("review"), desk.screen(width, height));
        desk.keys("n");
        desk.keys("Usfix<Enter>The lamp is lit again.");
        insta::assert_snapshot!(at("answer"), desk.screen(width, height));
        desk.keys("<Esc><C-p>snoo");
        insta::assert_snapshot!(at("palette"), desk.screen(width, height));
        desk.keys("<Esc>?");
        insta::assert_snapshot!(at("keys"), desk.screen(width, height));
        desk.keys("q");
        desk.tell(Msg::Notice(Notice::Down("connection refused".into())));
        insta::assert_snapshot!(at("away"), desk.screen(width, height));
    }
}

#[test]
fn a_status_with_an_answer_is_sent_with_what_was_seen() {
    let mut desk = Desk::new();
    desk.keys("jsfix<Enter>Emptied.<C-s>");
    let (ticket, decide) = desk.sent();
    assert_eq!(decide.decision, Decision::SetStatus { status: Status::Fixed, answer: Some("Emptied.".into()) });
    assert_eq!(decide.on.len(), 1);
    assert_eq!((decide.on[0].report, decide.on[0].seen.clone()), (sample::report_id(2), Some(vec![sample::event(2)])));
    desk.done(ticket, &decide, 50);
    assert!(desk.last().contains("status fixed"), "{}", desk.last());
}

#[test]
fn marks_ranges_and_their_opposite() {
    let mut desk = Desk::new();
    desk.keys("<Space>vjj");
    assert_eq!(desk.app.triage.marks.len(), 4, "the first, and a range of three");
    desk.keys("v");
    desk.keys("I");
    assert_eq!(desk.app.triage.marks.iter().copied().collect::<Vec<_>>(), [sample::report_id(5)]);
    desk.keys("*");
    assert_eq!(desk.app.triage.marks.len(), 5);
    desk.keys("<Esc>");
    assert!(desk.app.triage.marks.is_empty());
}

#[test]
fn a_bulk_decision_is_looked_at_first_and_taken_back_as_one() {
    let mut desk = Desk::new();
    desk.keys("<Space><Space>");
    desk.keys("cwaste<Enter>");
    assert!(desk.asked.is_empty(), "nothing before the y");
    desk.keys("y");
    let (ticket, decide) = desk.sent();
    assert_eq!(decide.on.len(), 2);
    assert_ne!(decide.on[0].request, decide.on[1].request);
    desk.done(ticket, &decide, 50);
    assert!(desk.app.triage.marks.is_empty());

    desk.keys("u");
    let (ticket, undo) = desk.sent();
    assert_eq!(undo.decision, Decision::Undo { decision: sample::event(50) });
    assert_eq!(undo.on.iter().map(|on| on.undo).collect::<Vec<_>>(), [Some(sample::event(50)), Some(sample::event(51))]);
    assert_eq!(undo.on[1].seen, Some(vec![sample::event(51)]));
    desk.done(ticket, &undo, 60);
    assert!(desk.last().contains("taken back: category Waste"), "{}", desk.last());
    desk.keys("u");
    assert!(desk.asked.is_empty() && desk.last().contains("nothing"), "{}", desk.last());

    desk.keys("<C-r>");
    let (ticket, redo) = desk.sent();
    assert_eq!(redo.decision, decide.decision);
    assert_eq!(redo.on[0].seen, Some(vec![sample::event(60)]));
    assert_ne!(redo.on[0].request, decide.on[0].request, "a new wish, not the old one again");
    desk.done(ticket, &redo, 70);
    desk.keys("u");
    assert_eq!(desk.sent().1.on[0].undo, Some(sample::event(70)));
}

fn conflict(desk: &mut Desk, ticket: Ticket, report: ReportId) {
    let theirs = Decision::SetStatus { status: Status::Planned, answer: Some("Next week.".into()) };
    let outcome = Outcome {
        report,
        event: None,
        refusal: Some(Refusal::Conflict { since: vec![sample::event(80)] }),
        since: vec![sample::record(80, Some(2), Some(theirs), "status planned")],
    };
    desk.tell(Msg::Reply(ticket, Box::new(Reply::Decided(Ok(Decided { outcomes: vec![outcome] })))));
    desk.answer();
}

#[test]
fn a_conflict_shows_what_the_other_did() {
    let mut desk = Desk::new();
    desk.keys("sfix<Enter>Lit.<C-s>");
    let (ticket, decide) = desk.sent();
    conflict(&mut desk, ticket, decide.on[0].report);
    insta::assert_snapshot!("conflict", desk.screen(80, 24));
    desk.keys("a");
    let (_, again) = desk.sent();
    assert_eq!(again.decision, decide.decision);
    assert_eq!(again.on[0].seen, None, "whatever happened meanwhile");

    let mut desk = Desk::new();
    desk.keys("t");
    let (ticket, decide) = desk.sent();
    conflict(&mut desk, ticket, decide.on[0].report);
    desk.keys("<Esc>");
    assert!(desk.asked.is_empty() && desk.app.dialogs.is_empty());
    assert!(desk.last().contains("not done"), "{}", desk.last());
    desk.keys("u");
    assert!(desk.last().contains("nothing"), "what was not done is not taken back");
}

#[test]
fn late_replies_are_dropped() {
    let mut desk = Desk::new();
    desk.tell(Msg::Key(KeyEvent::from(KeyCode::Char('5'))));
    let (old, _) = desk.asked.remove(0);
    desk.tell(Msg::Key(KeyEvent::from(KeyCode::Char('2'))));
    let mut wrong = sample::rows();
    wrong.truncate(1);
    desk.tell(Msg::Reply(old, Box::new(Reply::Queue(Ok(sample::queue_reply(wrong))))));
    assert!(desk.app.triage.rows.is_empty(), "the answer to the old question");
    desk.answer();
    assert_eq!(desk.app.triage.rows.len(), 5);

    let before = desk.app.triage.case.clone();
    let late = Reply::Case(Box::new(Ok(sample::case(sample::rows().remove(4)))));
    desk.tell(Msg::Reply(Ticket(1), Box::new(late)));
    assert_eq!(desk.app.triage.case, before);
}

#[test]
fn while_one_moves_on_only_the_last_report_is_read() {
    let mut desk = Desk::new();
    for key in ['j', 'j', 'j'] {
        desk.tell(Msg::Key(KeyEvent::from(KeyCode::Char(key))));
    }
    assert_eq!(desk.asked.len(), 1, "one question at a time");
    desk.answer();
    assert_eq!(desk.app.triage.reading().map(|case| case.report.summary.id), Some(sample::report_id(4)));
}

#[test]
fn rows_change_under_the_cursor_and_it_stays_on_its_report() {
    let mut desk = Desk::new();
    desk.keys("jj");
    let here = desk.app.triage.selected;
    desk.rows.remove(0);
    desk.rows[1].heads = vec![sample::event(90)];
    let change = Change {
        change: 8,
        report: here,
        reference: here.map(|report| report.reference()),
        what: What::Decided,
        by: Some(StaffId([2; 8])),
    };
    desk.tell(Msg::Notice(Notice::Change(change)));
    desk.answer();
    assert_eq!(desk.app.triage.selected, here);
    assert_eq!(desk.app.triage.position(), Some(1));
    let ticket = desk.app.triage.case.clone().map(|mut case| {
        case.record.push(sample::record(91, Some(2), Some(Decision::Assign { to: Some(StaffId([2; 8])) }), ""));
        case
    });
    desk.tell(Msg::Triage(triage::Msg::Command(Command::Refresh)));
    let at = desk.asked.iter().position(|(_, call)| matches!(call, Call::Case(_))).unwrap();
    let (number, _) = desk.asked.remove(at);
    desk.tell(Msg::Reply(number, Box::new(Reply::Case(Box::new(Ok(ticket.unwrap()))))));
    assert!(desk.last().contains("Bruno Rossi: assigned to Bruno Rossi"), "{}", desk.last());
    assert!(desk.screen(120, 36).contains("just now, Bruno Rossi"));
}

#[test]
fn marks_go_when_their_row_goes_and_it_is_said() {
    let mut desk = Desk::new();
    desk.keys("<Space>");
    desk.rows.remove(0);
    desk.tell(Msg::Triage(triage::Msg::Command(Command::Refresh)));
    desk.answer();
    assert!(desk.app.triage.marks.is_empty());
    assert!(desk.last().contains("no longer marked"), "{}", desk.last());
}

#[test]
fn what_could_not_be_sent_is_sent_again_with_the_same_id() {
    let mut desk = Desk::new();
    desk.keys("t");
    let (ticket, first) = desk.sent();
    desk.tell(Msg::Reply(ticket, Box::new(Reply::Decided(Err(CallError::Away("refused".into()))))));
    assert!(desk.last().contains("sent again"), "{}", desk.last());
    desk.keys("q");
    assert!(!desk.app.quit, "it would be lost");
    desk.tell(Msg::Notice(Notice::Up));
    desk.answer();
    let (_, second) = desk.sent();
    assert_eq!(first, second);
}

#[test]
fn hiding_needs_a_reason_words_and_a_yes() {
    let mut desk = Desk::new();
    desk.keys("x<Enter>offens<Enter><C-s>");
    assert!(desk.last().contains("explanation"), "{}", desk.last());
    desk.keys("Names a neighbour.<C-s>");
    assert!(desk.asked.is_empty());
    desk.keys("y");
    let decision = desk.sent().1.decision;
    let expected =
        Decision::Hide { target: Target::Report, reason: HideReason::Offensive, explanation: "Names a neighbour.".into() };
    assert_eq!(decision, expected);
}

#[test]
fn words_that_were_left_are_there_again() {
    let mut desk = Desk::new();
    desk.keys("eCable dug up<Esc>");
    desk.keys("e");
    assert!(desk.screen(80, 24).contains("Cable dug up"));
    desk.keys(" again<C-s>");
    assert_eq!(desk.sent().1.decision, Decision::AddNote { text: "Cable dug up again".into() });
}

#[test]
fn merging_offers_what_is_near() {
    let mut desk = Desk::new();
    desk.keys("m<Enter>y");
    assert_eq!(desk.sent().1.decision, Decision::Merge { into: sample::report_id(11) });
}

#[test]
fn a_filter_narrows_live_and_its_words_are_found_again() {
    let mut desk = Desk::new();
    desk.keys("/lamp");
    assert_eq!(desk.app.triage.rows.len(), 1);
    desk.keys("<Enter>");
    assert_eq!(desk.app.triage.filter, "lamp");
    desk.keys("<Esc>");
    assert_eq!(desk.app.triage.rows.len(), 5);
    desk.keys("gg");
    desk.keys("n");
    assert_eq!(desk.app.triage.position(), Some(4));
}

#[test]
fn the_command_line_takes_whole_commands() {
    let mut desk = Desk::new();
    let reference = sample::report_id(3).reference();
    desk.keys(&format!(":status {reference} planned 'Comes in May.'<Enter>"));
    let (_, decide) = desk.sent();
    assert_eq!(decide.on[0].report, sample::report_id(3));
    assert_eq!(decide.decision, Decision::SetStatus { status: Status::Planned, answer: Some("Comes in May.".into()) });
    desk.keys(":stat<Enter>");
    assert!(desk.last().contains("did you mean status"), "{}", desk.last());
    desk.keys(":note R-000000 'x'<Enter>");
    assert!(desk.last().contains("there is no report R-000000"), "{}", desk.last());
}

#[test]
fn nothing_of_a_stranger_moves_the_cursor() {
    for (width, height) in [(80, 24), (120, 36), (40, 24), (200, 60), (20, 5)] {
        let mut desk = Desk::new();
        desk.keys("jjj<Enter>");
        assert!(!desk.screen(width, height).contains('\u{1b}'));
    }
}

#[test]
fn ascii_means_ascii() {
    let mut desk = Desk::new();
    desk.app.shared.theme = Theme { palette: Palette::Mono, ascii: true };
    desk.rows.truncate(3);
    desk.tell(Msg::Triage(triage::Msg::Command(Command::Refresh)));
    desk.answer();
    desk.keys("<Space>");
    let odd: Vec<char> = desk.screen(120, 36).chars().filter(|c| !c.is_ascii()).collect();
    assert!(odd.is_empty(), "{odd:?}");
}
