pub(crate) mod history;

use proptest::prelude::*;

use super::*;
use crate::command::Decision;
use crate::fact::{HideReason, Status, Target};
use crate::id::{CommentId, SessionId};
use history::{Device, NOW, filed, history, reordered, report, site};

fn fold(events: &[Event]) -> State {
    let mut state = State::default();
    events.iter().for_each(|event| apply(&mut state, event));
    state
}

fn snapshot(state: &State) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(state, &mut bytes).unwrap();
    bytes
}

fn steps(most: usize) -> impl Strategy<Value = Vec<history::Step>> {
    prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>(), 0..2_000_u16), 1..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_permitted_order_gives_the_same_state(steps in steps(60), chance in any::<u64>()) {
        let events = history(&steps);
        let state = fold(&events);
        prop_assert_eq!(state.events(), events.len() as u64);
        let other = fold(&reordered(&events, chance));
        prop_assert_eq!(snapshot(&other), snapshot(&state));
        prop_assert_eq!(other.digest(), state.digest());
        prop_assert_eq!(other, state);
    }

    #[test]
    fn applying_again_changes_nothing(steps in steps(60), chance in any::<u64>()) {
        let events = history(&steps);
        let mut state = fold(&events);
        let before = state.clone();
        for event in reordered(&events, chance) {
            prop_assert_eq!(apply_touching(&mut state, &event), Touched::default());
        }
        prop_assert_eq!(state, before);
    }

    #[test]
    fn a_snapshot_is_the_state_and_goes_on_like_it(steps in steps(60), cut in any::<prop::sample::Index>()) {
        let events = history(&steps);
        let cut = cut.index(events.len() + 1);
        let mut state: State = ciborium::from_reader(snapshot(&fold(&events[..cut])).as_slice()).unwrap();
        prop_assert_eq!(&state, &fold(&events[..cut]));
        events[cut..].iter().for_each(|event| apply(&mut state, event));
        prop_assert_eq!(state, fold(&events));
    }

    #[test]
    fn merges_never_lead_in_a_ring_and_both_sides_know_them(steps in steps(60)) {
        let state = fold(&history(&steps));
        for one in state.reports() {
            let mut at = one;
            for _ in 0..=state.report_count() {
                match at.merged_into.and_then(|into| state.report(&into)) {
                    Some(into) => {
                        prop_assert!(into.merged_from.contains(&at.id));
                        prop_assert!(into.id != one.id, "a ring through {:?}", one.id);
                        at = into;
                    }
                    None => break,
                }
            }
            prop_assert!(at.merged_into.is_none_or(|into| state.report(&into).is_none()));
            prop_assert_eq!(one.status == Status::Duplicate, one.merged_into.is_some());
            for from in &one.merged_from {
                prop_assert_eq!(state.report(from).and_then(|from| from.merged_into), Some(one.id));
            }
            prop_assert!(one.people(&state) >= 1);
        }
    }
}

fn set(status: Status) -> Body {
    Body::StatusSet { status, answer: None }
}

/// Two boxes that know the same filed report.
fn pair() -> (Device, Device) {
    let mut a = Device::new(1, NOW);
    let mut b = Device::new(2, NOW + 5);
    let event = a.says(report(1), filed(1, "lamps"));
    apply(&mut b.state, &event);
    (a, b)
}

#[test]
fn of_two_statuses_at_the_same_time_the_less_final_stands_until_somebody_settles_it() {
    let (mut a, mut b) = pair();
    let fixed = b.says(report(1), set(Status::Fixed));
    let begun = a.says(report(1), set(Status::InProgress));
    for (device, event) in [(&mut a, &fixed), (&mut b, &begun)] {
        apply(&mut device.state, event);
        let seen = device.state.report(&report(1)).unwrap();
        assert_eq!((seen.status, seen.provisional, seen.heads().len()), (Status::InProgress, true, 2));
    }
    let settled = a.says(report(1), set(Status::Fixed));
    assert_eq!(settled.header.refs.len(), 2);
    apply(&mut b.state, &settled);
    assert_eq!(a.state, b.state);
    let seen = b.state.report(&report(1)).unwrap();
    assert_eq!((seen.status, seen.provisional, seen.heads()), (Status::Fixed, false, vec![settled.id]));
    assert_eq!(seen.steps().len(), 4);
}

#[test]
fn later_by_knowledge_beats_later_by_clock() {
    let mut fast = Device::new(1, NOW + 1_000_000_000);
    let mut slow = Device::new(2, 0);
    for event in [fast.says(report(1), filed(1, "lamps")), fast.says(report(1), set(Status::Fixed))] {
        apply(&mut slow.state, &event);
    }
    let reopened = slow.says(report(1), set(Status::InProgress));
    assert!(reopened.header.hlc < fast.state.report(&report(1)).unwrap().record[0].hlc);
    apply(&mut fast.state, &reopened);
    for device in [fast, slow] {
        let seen = device.state.report(&report(1)).unwrap();
        assert_eq!((seen.status, seen.provisional), (Status::InProgress, false));
    }
}

#[test]
fn hiding_beats_showing_until_somebody_who_knows_shows_it() {
    let hide = |why: &str| Body::Hidden { target: Target::Report, reason: HideReason::Spam, explanation: why.to_owned() };
    let (mut a, mut b) = pair();
    let first = a.says(report(1), hide("one"));
    apply(&mut b.state, &first);
    let shown = b.says(report(1), Body::Shown { target: Target::Report });
    let again = a.says(report(1), hide("two"));
    apply(&mut a.state, &shown);
    apply(&mut b.state, &again);
    assert_eq!(a.state, b.state);
    assert_eq!(a.state.report(&report(1)).unwrap().hidden.as_deref(), Some(&(HideReason::Spam, "two".to_owned())));
    b.says(report(1), Body::Shown { target: Target::Report });
    assert_eq!(b.state.report(&report(1)).unwrap().hidden, None);
}

#[test]
fn what_is_taken_back_counts_as_never_made_and_can_be_made_to_count_again() {
    let (mut a, _) = pair();
    let status = |a: &Device| a.state.report(&report(1)).unwrap().status;
    a.says(report(1), set(Status::InProgress));
    let fixed = a.says(report(1), Body::StatusSet { status: Status::Fixed, answer: Some("Done.".to_owned()) });
    assert_eq!(a.state.report(&report(1)).unwrap().answer(), Some("Done."));
    let undo = a.decides(report(1), Some(fixed.id), set(Status::InProgress));
    assert_eq!((status(&a), a.state.report(&report(1)).unwrap().answer()), (Status::InProgress, None));
    a.decides(report(1), Some(undo.id), set(Status::Fixed));
    assert_eq!(status(&a), Status::Fixed);
    let seen = a.state.report(&report(1)).unwrap();
    assert_eq!(seen.record.iter().map(|decided| decided.undone).collect::<Vec<_>>(), [false, false, true, false]);
    assert_eq!(seen.record[2].decision, Some(Decision::Undo { decision: fixed.id }));

    // Something later changed it: taking the earlier one back leaves that alone.
    let planned = a.says(report(1), set(Status::Planned));
    a.decides(report(1), Some(fixed.id), set(Status::Planned));
    assert_eq!(status(&a), Status::Planned);
    a.decides(report(1), Some(planned.id), set(Status::InProgress));
    assert_eq!(status(&a), Status::InProgress);
}

#[test]
fn a_category_taken_back_brings_its_department_back() {
    let (mut a, _) = pair();
    let moved = Body::CategoryChanged { category: "trees".parse().unwrap(), department: "parks".parse().unwrap() };
    let moved = a.says(report(1), moved);
    let of = |a: &Device| {
        let seen = a.state.report(&report(1)).unwrap();
        (seen.category.to_string(), seen.department.to_string(), seen.filed_category().to_string())
    };
    assert_eq!(of(&a), ("trees".to_owned(), "parks".to_owned(), "lamps".to_owned()));
    a.decides(report(1), Some(moved.id), Body::NoteAdded { text: String::new() });
    assert_eq!(of(&a), ("lamps".to_owned(), "works".to_owned(), "lamps".to_owned()));
}

#[test]
fn of_a_ring_of_merges_the_last_is_left_out_and_comes_back_when_the_ring_opens() {
    let (mut a, mut b) = pair();
    let other = a.says(report(2), filed(2, "lamps"));
    apply(&mut b.state, &other);
    let one = a.says(report(1), Body::Merged { into: Some(report(2)) });
    let two = b.says(report(2), Body::Merged { into: Some(report(1)) });
    apply(&mut a.state, &two);
    apply(&mut b.state, &one);
    assert_eq!(a.state, b.state);
    let into = |a: &Device| [1, 2].map(|n| a.state.report(&report(n)).unwrap().merged_into);
    let (first, last) = if one.header.hlc < two.header.hlc { (1, 2) } else { (2, 1) };
    assert_eq!(into(&a)[first - 1], Some(report(last as u8)));
    assert_eq!(into(&a)[last - 1], None);
    let opens = if first == 1 { one.id } else { two.id };
    a.decides(report(first as u8), Some(opens), Body::Merged { into: None });
    assert_eq!(into(&a)[first - 1], None);
    assert_eq!(into(&a)[last - 1], Some(report(first as u8)));
}

#[test]
fn supporters_of_merged_reports_count_once_per_session() {
    let (mut a, _) = pair();
    a.says(report(2), filed(2, "lamps"));
    for (to, session) in [(1, 7), (1, 8), (2, 8), (2, 9), (2, 9)] {
        a.says(report(to), Body::SupportGiven { session: SessionId([session; 16]) });
    }
    assert_eq!(a.state.report(&report(2)).unwrap().people(&a.state), 3);
    a.says(report(2), Body::Merged { into: Some(report(1)) });
    assert_eq!(a.state.report(&report(1)).unwrap().people(&a.state), 5);
}

#[test]
fn facts_wait_for_the_report_that_they_are_about() {
    let (mut a, _) = pair();
    let comment = CommentId([3; 16]);
    let said = a.says(
        report(1),
        Body::CommentMade { comment, text: "Still dark".to_owned(), language: "en".parse().unwrap(), by_reporter: true },
    );
    let hidden = a.says(
        report(1),
        Body::Hidden { target: Target::Comment(comment), reason: HideReason::Test, explanation: "try".to_owned() },
    );
    let mut late = State::default();
    apply(&mut late, &hidden);
    apply(&mut late, &said);
    assert!(late.report(&report(1)).is_none());
    let filing = Device::new(1, NOW).says(report(1), filed(1, "lamps"));
    apply(&mut late, &filing);
    assert_eq!(late, a.state);
    assert_eq!(late.report(&report(1)).unwrap().comment(&comment).unwrap().hidden, Some(HideReason::Test));
}

#[test]
fn two_stories_at_one_place_of_a_chain_are_both_kept_and_found() {
    let (a, _) = pair();
    let events = ["one", "two"].map(|text| {
        let mut copy = a.clone();
        copy.jumps(text.len() as u64 + u64::from(text == "two"));
        let first = copy.says(report(1), Body::NoteAdded { text: text.to_owned() });
        [first, copy.says(report(1), Body::NoteAdded { text: format!("{text} more") })]
    });
    let mut there = a.state.clone();
    let mut back = a.state.clone();
    events.iter().flatten().for_each(|event| apply(&mut there, event));
    events.iter().rev().flatten().for_each(|event| apply(&mut back, event));
    events.iter().flatten().for_each(|event| apply(&mut back, event));
    assert_eq!(there, back);
    assert_eq!((there.events(), there.equivocations().len()), (5, 2));
    assert_eq!(there.report(&report(1)).unwrap().notes().count(), 4);
    let read: State = ciborium::from_reader(snapshot(&there).as_slice()).unwrap();
    assert_eq!(read, there);
}

#[test]
fn a_gap_in_a_chain_is_filled_later() {
    let (mut a, _) = pair();
    let notes: Vec<Event> = (0..4).map(|n| a.says(report(1), Body::NoteAdded { text: format!("{n}") })).collect();
    let (_, b) = pair();
    let mut state = b.state;
    for at in [3, 0, 1, 0, 3, 2] {
        apply(&mut state, &notes[at]);
    }
    assert_eq!(state, a.state);
}

#[test]
fn an_erased_fact_counts_and_changes_nothing_else() {
    let (mut a, b) = pair();
    let mut erased = a.says(report(1), set(Status::Fixed));
    erased.fact = None;
    let mut state = b.state.clone();
    let touched = apply_touching(&mut state, &erased);
    assert_eq!(touched, Touched::default());
    assert_eq!(state.events(), b.state.events() + 1);
    assert_eq!(state.report(&report(1)), b.state.report(&report(1)));
}

#[test]
fn definitions_stay_in_the_order_of_their_first_making() {
    let mut a = Device::new(1, NOW);
    let zero = ReportId([0; 16]);
    a.says(zero, Body::SiteOpened(site()));
    for (code, days) in [("roads", 1), ("lamps", 2), ("roads", 3)] {
        a.says(zero, Body::CategoryDefined(Category { due_days: days, ..history::category(code) }));
    }
    let codes: Vec<_> = a.state.categories().map(|category| (category.code.to_string(), category.due_days)).collect();
    assert_eq!(codes, [("roads".to_owned(), 3), ("lamps".to_owned(), 2)]);
    assert_eq!(a.state.site(), Some(&site()));
}
