use proptest::prelude::*;

use super::*;
use crate::fact::{Answers, Category, Choice, Datatype, HideReason, Kind, Place, Question, Status, Target, Texts};
use crate::id::{AttachmentId, RequestId, StaffId};
use crate::model::tests::history::{Device, NOW, category, department, filed, report, site, staff};

/// A box with what it knows: given, when, then.
struct Given {
    device: Device,
    present: Present,
}

const STAFF: [StaffId; 2] = [StaffId([1; 8]), StaffId([2; 8])];

fn as_(actor: Actor) -> Context<'static> {
    Context { actor, now_ms: NOW, staff: &STAFF, photo_stored: true }
}

const RESIDENT: Actor = Actor::Resident;
const OFFICER: Actor = Actor::Staff(STAFF[0]);

impl Given {
    fn nothing() -> Given {
        Given { device: Device::new(1, NOW), present: Present::default() }
    }

    /// A town with reports 1, 2 and 3.
    fn town() -> Given {
        let mut given = Given::nothing();
        given.when(Actor::System, &Command::OpenSite(site())).unwrap();
        for code in ["works", "parks"] {
            given.when(Actor::System, &Command::DefineDepartment(department(code))).unwrap();
        }
        let ideas = Category { kinds: vec![Kind::Suggestion], ..category("ideas") };
        let trees = Category { department: "parks".parse().unwrap(), questions: questions(), ..category("trees") };
        for category in [category("lamps"), ideas, trees] {
            given.when(Actor::System, &Command::DefineCategory(category)).unwrap();
        }
        for n in 1..=3 {
            given.when(RESIDENT, &file(n)).unwrap();
        }
        given
    }

    fn when(&mut self, actor: Actor, command: &Command) -> Result<Option<EventId>, Refusal> {
        match decide(&self.present, command, &as_(actor))? {
            Verdict::Already(_) => Ok(None),
            Verdict::New(drafts) => {
                let mut last = None;
                for draft in drafts {
                    let event = self.device.seal(&draft);
                    self.present.apply(&event);
                    last = Some(event.id);
                }
                Ok(last)
            }
        }
    }

    fn decided(&mut self, n: u8, decision: Decision) -> EventId {
        let request = RequestId([(self.present.state.events() % 250) as u8 + 1; 16]);
        self.when(OFFICER, &Command::Decide { report: report(n), request, seen: None, decision }).unwrap().unwrap()
    }

    fn refuses(&self, actor: Actor, command: Command, refusal: Refusal) {
        assert_eq!(decide(&self.present, &command, &as_(actor)), Err(refusal), "{command:?}");
    }

    fn refuses_to(&self, n: u8, decision: Decision, refusal: Refusal) {
        self.refuses(OFFICER, command(n, decision), refusal);
    }

    fn report(&self, n: u8) -> &Report {
        self.present.state.report(&report(n)).unwrap()
    }
}

fn command(n: u8, decision: Decision) -> Command {
    Command::Decide { report: report(n), request: RequestId([0; 16]), seen: None, decision }
}

fn question(code: &str, datatype: Datatype, required: bool) -> Question {
    let choice = |key: &str| Choice { key: key.parse().unwrap(), names: Texts::new() };
    let lists = matches!(datatype, Datatype::SingleValueList | Datatype::MultiValueList);
    let values = if lists { vec![choice("oak"), choice("elm")] } else { Vec::new() };
    Question { code: code.parse().unwrap(), datatype, required, names: Texts::new(), values }
}

fn questions() -> Vec<Question> {
    vec![
        question("kind", Datatype::SingleValueList, true),
        question("more", Datatype::MultiValueList, false),
        question("height", Datatype::Number, false),
        question("since", Datatype::Datetime, false),
        question("line", Datatype::String, false),
        question("lines", Datatype::Text, false),
    ]
}

fn answers(given: &[(&str, &str)]) -> Answers {
    given.iter().map(|(code, answer)| (code.parse().unwrap(), (*answer).to_owned())).collect()
}

/// A good report.
fn file(n: u8) -> Command {
    let Body::ReportFiled { kind, category, place, text, language, answers, photo, code, .. } = filed(n, "lamps") else {
        unreachable!("filed() files")
    };
    Command::FileReport { report: report(n), kind, category, place, text, language, answers, photo, code }
}

/// `file_but!(n, field = value)`: a good report but for that.
macro_rules! file_but {
    ($n:expr, $($field:ident = $value:expr),+) => {{
        let mut command = file($n);
        $(if let Command::FileReport { $field: slot, .. } = &mut command {
            *slot = $value;
        })+
        command
    }};
}

fn comment(n: u8, id: u8, text: &str, code: Option<u8>) -> Command {
    Command::Comment {
        report: report(n),
        comment: CommentId([id; 16]),
        text: text.to_owned(),
        language: "en".parse().unwrap(),
        code: code.map(|code| CodeHash([code; 32])),
    }
}

fn support(n: u8, session: u8) -> Command {
    Command::Support { report: report(n), session: SessionId([session; 16]) }
}

fn status(status: Status, answer: Option<&str>) -> Decision {
    Decision::SetStatus { status, answer: answer.map(str::to_owned) }
}

fn hide(target: Target, why: &str) -> Decision {
    Decision::Hide { target, reason: HideReason::Spam, explanation: why.to_owned() }
}

#[test]
fn filing_refuses_by_name() {
    Given::nothing().refuses(RESIDENT, file(9), Refusal::NoSite);
    let given = Given::town();
    let place = |lat_e7, lon_e7, address: Option<String>| Place { point: Point { lat_e7, lon_e7 }, address };
    let inside = |address: &str| place(605_000_000, 245_000_000, Some(address.to_owned()));
    let code = |code: &str| code.parse().unwrap();
    for (command, refusal) in [
        (file_but!(9, category = code("none")), Refusal::UnknownCategory { category: "none".parse().unwrap() }),
        (file_but!(9, category = code("ideas")), Refusal::WrongKind { category: "ideas".parse().unwrap() }),
        (file_but!(9, place = place(900_000_001, 0, None)), Refusal::BadPlace),
        (file_but!(9, place = place(0, i32::MIN, None)), Refusal::BadPlace),
        (file_but!(9, place = place(590_000_000, 245_000_000, None)), Refusal::OutsideArea),
        (file_but!(9, place = inside("a\0b")), Refusal::BadText),
        (file_but!(9, place = inside(&"a".repeat(201))), Refusal::TextTooLong { characters: 201, max: 200 }),
        (file_but!(9, text = " ab\u{200B} ".to_owned()), Refusal::TextTooShort),
        (file_but!(9, text = "ab\u{1B}[2J".to_owned()), Refusal::BadText),
        (file_but!(9, text = "ä".repeat(4001)), Refusal::TextTooLong { characters: 4001, max: 4000 }),
        (file_but!(9, text = "ä".repeat(999_999)), Refusal::TextTooLong { characters: 999_999, max: 4000 }),
        (file_but!(9, code = Some(CodeHash([1; 32]))), Refusal::IdTaken),
        (file_but!(1, text = "something else".to_owned()), Refusal::IdTaken),
    ] {
        given.refuses(RESIDENT, command, refusal);
    }
    let context = Context { photo_stored: false, ..as_(RESIDENT) };
    assert_eq!(decide(&given.present, &file(9), &context), Err(Refusal::UnknownPhoto));
    assert!(decide(&given.present, &file(8), &context).is_ok());
}

#[test]
fn what_is_filed_is_clean_and_goes_to_its_categorys_department() {
    let mut given = Given::town();
    let place = Place { point: Point { lat_e7: 605_000_000, lon_e7: 245_000_000 }, address: Some(" \n ".to_owned()) };
    let wish = file_but!(
        9,
        category = "trees".parse().unwrap(),
        text = "  <b>fallen</b>\u{202E}\r\ntree ".to_owned(),
        place = place,
        answers = answers(&[("kind", "oak"), ("height", "3,5"), ("line", "  ")])
    );
    given.when(RESIDENT, &wish).unwrap().unwrap();
    let seen = given.report(9);
    assert_eq!(seen.text, "<b>fallen</b>\ntree");
    assert_eq!(seen.department.as_str(), "parks");
    assert_eq!(seen.place.address, None);
    assert_eq!(seen.answers.iter().cloned().collect::<Answers>(), answers(&[("kind", "oak"), ("height", "3.5")]));
    assert_eq!(given.when(RESIDENT, &wish), Ok(None));
}

#[test]
fn answers_are_of_their_questions_kind() {
    let given = Given::town();
    let outcome = |code: &str, answer: &str| {
        let all = if code == "kind" { answers(&[(code, answer)]) } else { answers(&[("kind", "elm"), (code, answer)]) };
        let wish = file_but!(9, category = "trees".parse().unwrap(), answers = all);
        match decide(&given.present, &wish, &as_(RESIDENT)) {
            Ok(_) => "ok".to_owned(),
            Err(Refusal::BadAnswer { question }) => format!("bad {question}"),
            Err(Refusal::MissingAnswer { question }) => format!("missing {question}"),
            Err(other) => other.to_string(),
        }
    };
    for (code, answer, then) in [
        ("kind", "elm", "ok"),
        ("kind", "", "missing kind"),
        ("kind", "ash", "bad kind"),
        ("kind", "oak,elm", "bad kind"),
        ("more", "oak, elm", "ok"),
        ("more", "oak,oak", "bad more"),
        ("more", "oak,,elm", "bad more"),
        ("height", "12", "ok"),
        ("height", "-0.25", "ok"),
        ("height", "1e5", "bad height"),
        ("height", "1.2.3", "bad height"),
        ("height", ".", "bad height"),
        ("height", "٣", "bad height"),
        ("since", "2024-02-29T23:59:60Z", "ok"),
        ("since", "2024-02-29T23:59:00.123+02:00", "ok"),
        ("since", "2023-02-29T23:59:00Z", "bad since"),
        ("since", "2024-02-29T24:00:00Z", "bad since"),
        ("since", "2024-02-29T23:59:00", "bad since"),
        ("since", "2024-02-29T23:59:00.Z", "bad since"),
        ("since", "yesterdäy at noon or so", "bad since"),
        ("line", "one line", "ok"),
        ("line", "two\nlines", "bad line"),
        ("lines", "two\nlines", "ok"),
        ("lines", "a\0", "the text has a control character"),
        ("nothing", "x", "bad nothing"),
    ] {
        assert_eq!(outcome(code, answer), then, "{code} {answer:?}");
    }
}

#[test]
fn one_session_supports_once() {
    let mut given = Given::town();
    let first = given.when(RESIDENT, &support(1, 7)).unwrap().unwrap();
    assert_eq!(decide(&given.present, &support(1, 7), &as_(RESIDENT)), Ok(Verdict::Already(first)));
    given.decided(1, status(Status::Fixed, Some("Done.")));
    given.refuses(RESIDENT, support(1, 8), Refusal::Closed);
    assert_eq!(given.when(RESIDENT, &support(1, 7)), Ok(None));
    given.refuses(RESIDENT, support(9, 7), Refusal::UnknownReport);
}

#[test]
fn comments_on_closed_reports_are_the_reporters() {
    let mut given = Given::town();
    given.refuses(RESIDENT, comment(1, 1, "not mine", Some(2)), Refusal::UnknownCode);
    given.refuses(RESIDENT, comment(1, 1, "?", None), Refusal::TextTooShort);
    given.refuses(RESIDENT, comment(1, 1, &"x".repeat(2001), None), Refusal::TextTooLong { characters: 2001, max: 2000 });
    given.when(RESIDENT, &comment(1, 1, "me too", None)).unwrap().unwrap();
    given.decided(1, status(Status::NotOurs, Some("Ask the state.")));
    given.refuses(RESIDENT, comment(1, 2, "still dark", None), Refusal::Closed);
    given.when(RESIDENT, &comment(1, 3, "still dark", Some(1))).unwrap().unwrap();
    assert!(given.report(1).comments[1].by_reporter);
    assert_eq!(given.when(RESIDENT, &comment(1, 1, " me too", None)), Ok(None));
    given.refuses(RESIDENT, comment(1, 1, "other words", None), Refusal::IdTaken);
    given.refuses(RESIDENT, comment(2, 1, "me too", None), Refusal::IdTaken);
}

#[test]
fn residents_know_of_no_hidden_report() {
    let mut given = Given::town();
    given.decided(1, hide(Target::Report, "an advert"));
    given.refuses(RESIDENT, support(1, 7), Refusal::UnknownReport);
    given.refuses(RESIDENT, comment(1, 1, "hello", Some(1)), Refusal::UnknownReport);
    assert!(decide(&given.present, &comment(1, 1, "hello", None), &as_(OFFICER)).is_ok());
}

#[test]
fn only_staff_decides_and_only_the_box_sets_up() {
    let given = Given::town();
    for actor in [RESIDENT, Actor::System] {
        given.refuses(actor, command(1, status(Status::InProgress, None)), Refusal::NotPermitted);
    }
    for actor in [RESIDENT, OFFICER] {
        given.refuses(actor, Command::OpenSite(site()), Refusal::NotPermitted);
        given.refuses(actor, Command::DefineDepartment(department("works")), Refusal::NotPermitted);
        given.refuses(actor, Command::DefineCategory(category("lamps")), Refusal::NotPermitted);
    }
    let nobody = "nobody".parse::<crate::id::DepartmentCode>().unwrap();
    let orphan = Category { department: nobody.clone(), ..category("orphan") };
    given.refuses(Actor::System, Command::DefineCategory(orphan), Refusal::UnknownDepartment { department: nobody });
    assert!(matches!(decide(&given.present, &Command::OpenSite(site()), &as_(Actor::System)), Ok(Verdict::Already(_))));
}

#[test]
fn decisions_refuse_by_name() {
    let mut given = Given::town();
    let code = |code: &str| code.parse().unwrap();
    for (n, decision, refusal) in [
        (9, status(Status::InProgress, None), Refusal::UnknownReport),
        (1, status(Status::Fixed, None), Refusal::MissingPublicAnswer),
        (1, status(Status::Declined, Some(" \u{200B} ")), Refusal::MissingPublicAnswer),
        (1, status(Status::Planned, None), Refusal::MissingPublicAnswer),
        (1, status(Status::NotOurs, None), Refusal::MissingPublicAnswer),
        (1, status(Status::Duplicate, Some("of another")), Refusal::UnknownReport),
        (1, status(Status::Fixed, Some("a\u{7}")), Refusal::BadText),
        (1, Decision::ChangeCategory { category: code("none") }, Refusal::UnknownCategory { category: "none".parse().unwrap() }),
        (1, Decision::ChangeCategory { category: code("ideas") }, Refusal::WrongKind { category: "ideas".parse().unwrap() }),
        (
            1,
            Decision::ChangeDepartment { department: "none".parse().unwrap() },
            Refusal::UnknownDepartment { department: "none".parse().unwrap() },
        ),
        (1, Decision::Assign { to: Some(staff(99)) }, Refusal::UnknownStaff),
        (1, Decision::AddNote { text: " ".to_owned() }, Refusal::TextTooShort),
        (1, Decision::Merge { into: report(9) }, Refusal::UnknownReport),
        (1, Decision::Merge { into: report(1) }, Refusal::MergeLoop),
        (1, hide(Target::Report, " "), Refusal::MissingReason),
        (2, hide(Target::Photo, "a face"), Refusal::UnknownPhoto),
        (1, hide(Target::Comment(CommentId([8; 16])), "rude"), Refusal::UnknownComment),
        (1, Decision::Show { target: Target::Comment(CommentId([8; 16])) }, Refusal::UnknownComment),
        (1, Decision::Undo { decision: EventId([9; 32]) }, Refusal::UnknownDecision),
    ] {
        given.refuses_to(n, decision, refusal);
    }
    // An answer given earlier is answer enough.
    given.decided(1, status(Status::InProgress, Some("We ordered a lamp.")));
    given.decided(1, status(Status::Fixed, None));
    assert_eq!(given.report(1).answer(), Some("We ordered a lamp."));
}

#[test]
fn a_report_moves_with_its_categorys_department() {
    let mut given = Given::town();
    let moved = given.decided(1, Decision::ChangeCategory { category: "trees".parse().unwrap() });
    assert_eq!(given.report(1).department.as_str(), "parks");
    // Sent again by a kiosk that missed the answer, it is still the report that it filed.
    assert_eq!(given.when(RESIDENT, &file(1)), Ok(None));
    given.decided(1, Decision::Undo { decision: moved });
    assert_eq!((given.report(1).category.as_str(), given.report(1).department.as_str()), ("lamps", "works"));
}

#[test]
fn merging_goes_one_way_and_back() {
    let mut given = Given::town();
    let merged = given.decided(1, Decision::Merge { into: report(2) });
    assert_eq!((given.report(1).status, given.report(1).merged_into), (Status::Duplicate, Some(report(2))));
    given.refuses_to(2, Decision::Merge { into: report(1) }, Refusal::MergeLoop);
    given.refuses_to(3, Decision::Merge { into: report(1) }, Refusal::MergeLoop);
    given.refuses_to(1, status(Status::InProgress, None), Refusal::Closed);
    given.refuses(RESIDENT, support(1, 7), Refusal::Closed);
    given.decided(2, Decision::Merge { into: report(3) });
    assert_eq!(given.report(3).people(&given.present.state), 3);
    let undo = given.decided(1, Decision::Undo { decision: merged });
    assert_eq!((given.report(1).status, given.report(1).merged_into), (Status::Received, None));
    given.decided(3, Decision::Merge { into: report(1) });
    given.refuses_to(1, Decision::Undo { decision: undo }, Refusal::MergeLoop);
}

#[test]
fn a_decision_is_taken_back_once_and_taking_back_can_be_taken_back() {
    let mut given = Given::town();
    let note = given.decided(1, Decision::AddNote { text: "Called the works.".to_owned() });
    let hidden = given.decided(1, hide(Target::Photo, "a face"));
    let undo = given.decided(1, Decision::Undo { decision: note });
    assert!(given.report(1).notes().next().is_none());
    given.refuses_to(1, Decision::Undo { decision: note }, Refusal::NotUndoable);
    given.refuses_to(2, Decision::Undo { decision: note }, Refusal::UnknownDecision);
    let undoable = |given: &Given, event| is_undoable(&given.present.state, given.report(1), event);
    assert!(!undoable(&given, &note) && undoable(&given, &undo) && undoable(&given, &hidden));
    given.decided(1, Decision::Undo { decision: undo });
    assert_eq!(given.report(1).notes().next().unwrap().text, "Called the works.");
    assert!(given.report(1).photo_hidden);
    let shown = given.decided(1, Decision::Undo { decision: hidden });
    assert!(!given.report(1).photo_hidden);
    given.decided(1, Decision::Undo { decision: shown });
    assert!(given.report(1).photo_hidden);
}

#[test]
fn the_fact_that_takes_back_says_what_is_so_afterwards() {
    let mut given = Given::town();
    given.decided(1, Decision::Assign { to: Some(STAFF[0]) });
    let other = given.decided(1, Decision::Assign { to: Some(STAFF[1]) });
    let Ok(Verdict::New(drafts)) = decide(&given.present, &command(1, Decision::Undo { decision: other }), &as_(OFFICER)) else {
        panic!("it can be taken back");
    };
    assert_eq!(drafts[0].fact.body, Body::Assigned { to: Some(STAFF[0]) });
    assert_eq!((drafts[0].fact.undoes, drafts[0].refs.as_slice()), (Some(other), &[other][..]));
}

#[test]
fn what_the_person_did_not_see_is_a_conflict() {
    let mut given = Given::town();
    let first = given.decided(1, status(Status::InProgress, None));
    let seen = given.report(1).heads();
    assert_eq!(seen, [first]);
    let second = given.decided(1, Decision::Assign { to: Some(STAFF[1]) });
    let third = given.decided(1, Decision::Defer { until: Some(NOW) });
    let wish = |request: u8, seen: Option<Vec<EventId>>, decision| Command::Decide {
        report: report(1),
        request: RequestId([request; 16]),
        seen,
        decision,
    };
    let fixed = || status(Status::Fixed, Some("Done."));
    let since = |since: &[EventId]| Refusal::Conflict { since: since.to_vec() };
    given.refuses(OFFICER, wish(200, Some(seen.clone()), fixed()), since(&[second, third]));
    given.refuses(OFFICER, wish(200, Some(Vec::new()), fixed()), since(&[first, second, third]));
    given.when(OFFICER, &wish(201, Some(seen.clone()), Decision::AddNote { text: "by the way".to_owned() })).unwrap().unwrap();
    given.when(OFFICER, &wish(202, None, fixed())).unwrap().unwrap();
    let heads = given.report(1).heads();
    given.when(OFFICER, &wish(203, Some(heads.clone()), Decision::Assign { to: None })).unwrap().unwrap();
    // Sent again after the answer was lost: the wish was granted, whatever its heads were.
    assert_eq!(given.when(OFFICER, &wish(203, Some(heads), Decision::Assign { to: None })), Ok(None));
    given.refuses(OFFICER, wish(203, None, fixed()), Refusal::IdTaken);
    given.refuses(Actor::Staff(STAFF[1]), wish(203, None, Decision::Assign { to: None }), Refusal::IdTaken);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn whatever_is_granted_is_granted_once(wishes in prop::collection::vec((0..9_u8, 1..5_u8, any::<u8>()), 1..40)) {
        let mut given = Given::town();
        for (at, (what, n, detail)) in wishes.into_iter().enumerate() {
            let request = RequestId([at as u8; 16]);
            let decision = match what {
                0 => status(Status::ALL[usize::from(detail % 7)], (detail % 2 == 0).then_some("words")),
                1 => Decision::Assign { to: Some(STAFF[usize::from(detail % 2)]) },
                2 => Decision::Merge { into: report(detail % 5) },
                3 => hide(Target::Report, "why"),
                4 => Decision::Show { target: Target::Report },
                5 => Decision::ChangeCategory { category: "trees".parse().unwrap() },
                6 => {
                    let record = given.present.state.report(&report(n)).map(|report| report.record.as_slice()).unwrap_or_default();
                    let Some(undone) = record.get(usize::from(detail) % record.len().max(1)) else { continue };
                    Decision::Undo { decision: undone.event }
                }
                _ => Decision::AddNote { text: "note".to_owned() },
            };
            let (actor, wish) = match what {
                7 => (RESIDENT, support(n, detail)),
                8 => (RESIDENT, comment(n, at as u8, "some words", (detail % 2 == 0).then_some(n))),
                _ => (OFFICER, Command::Decide { report: report(n), request, seen: None, decision }),
            };
            if let Ok(Some(_)) = given.when(actor, &wish) {
                // A comment may hide behind a hidden report only for others; the same wish meets the same state.
                prop_assert_eq!(given.when(actor, &wish), Ok(None));
            }
        }
        let state = &given.present.state;
        prop_assert!(state.reports().all(|report| report.heads().len() <= 1 && !report.provisional));
    }

    #[test]
    fn no_text_makes_it_fall(text in "\\PC{0,60}", address in ".{0,60}", answer in ".{0,40}", code in "[a-z]{1,5}") {
        let given = Given::town();
        let place = Place { point: Point { lat_e7: 605_000_000, lon_e7: 245_000_000 }, address: Some(address) };
        let mut all = answers(&[("kind", "oak"), ("since", &answer), ("height", &answer)]);
        all.insert(code.parse().unwrap(), answer);
        let wish = file_but!(9, text = text, place = place, answers = all, category = "trees".parse().unwrap());
        let _ = decide(&given.present, &wish, &as_(RESIDENT));
    }
}

#[test]
fn a_photo_that_is_not_there_cannot_be_hidden() {
    let given = Given::town();
    assert_eq!(given.report(3).photo.as_deref(), Some(&AttachmentId([3; 32])));
    assert!(decide(&given.present, &command(3, hide(Target::Photo, "a face")), &as_(OFFICER)).is_ok());
    given.refuses_to(2, Decision::Show { target: Target::Photo }, Refusal::UnknownPhoto);
}
