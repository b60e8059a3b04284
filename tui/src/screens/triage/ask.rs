//! Asking for what a decision needs: which status, which words, whom.

use api::{Decision, HideReason, Status, Target};

use super::{State, act, town};
use crate::effects::Effect;
use crate::keys::Command;
use crate::line::{Act, Order};
use crate::parts::dialog::{Answer, Choice, Choose, Dialog, Purpose, Subject, Write};
use crate::parts::input::Editor;
use crate::shared::Shared;
use crate::theme::Tone;
use crate::wording;

fn open(dialog: Dialog) -> Vec<Effect> {
    vec![Effect::Open(Box::new(dialog))]
}

fn on(subjects: &[Subject]) -> String {
    match subjects {
        [one] => one.reference.clone(),
        many => wording::count(many.len(), "report"),
    }
}

/// Begins what a command asks for.
pub fn begin(state: &mut State, command: Command, subjects: Vec<Subject>, shared: &Shared) -> Vec<Effect> {
    if subjects.is_empty() {
        return vec![Effect::Say(Tone::Warn, "there is no report to act on".to_owned())];
    }
    let row = match subjects.as_slice() {
        [one] => state.row(one.report).cloned(),
        _ => None,
    };
    let which = on(&subjects);
    match command {
        Command::Status => {
            let now = row.as_ref().map(|row| row.summary.status);
            // A duplicate is made by merging, which names the report that carries on.
            let statuses: Vec<Status> = Status::ALL.into_iter().filter(|status| *status != Status::Duplicate).collect();
            let at = statuses.iter().position(|status| Some(*status) == now).unwrap_or(0);
            let choice = |status: &Status| Choice {
                name: status.words().to_owned(),
                detail: wording::status_meaning(*status).to_owned(),
                answer: Answer::Status(*status),
            };
            open(Dialog::Choose(Choose::new(format!("Status of {which}"), statuses.iter().map(choice).collect(), at, subjects)))
        }
        Command::Category => {
            let categories = shared.town.as_ref().map_or(&[][..], |town| &town.categories);
            let fits = |category: &&api::Category| row.as_ref().is_none_or(|row| category.kinds.contains(&row.summary.kind));
            let fitting: Vec<_> = categories.iter().filter(fits).collect();
            let at = fitting.iter().position(|category| row.as_ref().is_some_and(|row| row.summary.category == category.code));
            let choice = |category: &&api::Category| Choice {
                name: format!("{} {}", category.letter, wording::named(&category.names)),
                detail: format!("{} {}", shared.theme.arrow(), shared.department_name(&category.department)),
                answer: Answer::Category(category.code.clone()),
            };
            let choices = fitting.iter().map(choice).collect();
            open(Dialog::Choose(Choose::new(format!("Category of {which}"), choices, at.unwrap_or(0), subjects)))
        }
        Command::Department => {
            let departments = shared.town.as_ref().map_or(&[][..], |town| &town.departments);
            let at = departments.iter().position(|department| row.as_ref().is_some_and(|row| row.department == department.code));
            let choice = |department: &api::Department| Choice {
                name: wording::named(&department.names),
                detail: department.code.to_string(),
                answer: Answer::Department(department.code.clone()),
            };
            let choices = departments.iter().map(choice).collect();
            open(Dialog::Choose(Choose::new(format!("Department for {which}"), choices, at.unwrap_or(0), subjects)))
        }
        Command::Assign => {
            let Some(me) = &shared.me else {
                return vec![Effect::Say(Tone::Bad, "the town's service has not said yet who works here".to_owned())];
            };
            let choice =
                |name: String, detail: &str, staff| Choice { name, detail: detail.to_owned(), answer: Answer::Staff(staff) };
            let mut choices = vec![choice(wording::one_line(&me.me.name), "me", Some(me.me.id))];
            choices.extend(
                me.colleagues
                    .iter()
                    .filter(|staff| staff.id != me.me.id)
                    .map(|staff| choice(wording::one_line(&staff.name), "", Some(staff.id))),
            );
            choices.push(choice("nobody".to_owned(), "let go of it", None));
            open(Dialog::Choose(Choose::new(format!("Who takes {which}"), choices, 0, subjects)))
        }
        Command::Note => write(state, Purpose::Note, subjects, shared),
        Command::Merge => begin_merge(state, subjects, shared),
        Command::Hide => begin_hide(state, subjects),
        Command::Show => begin_show(state, subjects, shared),
        Command::Snooze => {
            let day = |days: u16| wording::parse_day(&format!("{days}d"), shared.now_ms, shared.offset_s);
            let choice = |name: &str, detail: String, answer| Choice { name: name.to_owned(), detail, answer };
            let until = |name: &str, days: u16| {
                let until = day(days);
                choice(name, until.map_or(String::new(), |at| wording::date(at, shared.offset_s)), Answer::Until(until))
            };
            let choices = vec![
                until("tomorrow", 1),
                until("in three days", 3),
                until("in a week", 7),
                until("in two weeks", 14),
                until("in a month", 30),
                choice("until a day…", "to be typed".to_owned(), Answer::UntilDay),
                choice("no longer", "back among the open ones".to_owned(), Answer::Until(None)),
            ];
            open(Dialog::Choose(Choose::new(format!("Put {which} aside"), choices, 0, subjects)))
        }
        _ => Vec::new(),
    }
}

fn begin_merge(state: &State, subjects: Vec<Subject>, shared: &Shared) -> Vec<Effect> {
    let mut choices = Vec::new();
    if let [one] = subjects.as_slice()
        && let Some(case) = state.reading().filter(|case| case.report.summary.id == one.report)
    {
        choices.extend(case.near.iter().map(|near| Choice {
            name: format!("{} {} {} m", near.report.reference, shared.theme.near(), near.distance_m),
            detail: format!("{}: {}", near.report.status.words(), wording::one_line(&near.report.title)),
            answer: Answer::Into(near.report.id),
        }));
    }
    if subjects.len() > 1 {
        // Of several marked ones, one may carry on.
        choices.extend(subjects.iter().map(|subject| Choice {
            name: subject.reference.clone(),
            detail: format!("the others go into it: {}", wording::one_line(&subject.title)),
            answer: Answer::Into(subject.report),
        }));
    }
    choices.push(Choice {
        name: "by reference…".to_owned(),
        detail: "type R- and six letters".to_owned(),
        answer: Answer::IntoReference,
    });
    open(Dialog::Choose(Choose::new(format!("{} is a duplicate of", on(&subjects)), choices, 0, subjects)))
}

fn begin_hide(state: &State, subjects: Vec<Subject>) -> Vec<Effect> {
    let mut targets = vec![(Target::Report, "the whole report".to_owned(), String::new())];
    if let [one] = subjects.as_slice()
        && let Some(case) = state.reading().filter(|case| case.report.summary.id == one.report)
    {
        if case.report.photo.is_some() {
            targets.push((Target::Photo, "its photo only".to_owned(), String::new()));
        }
        for (number, comment) in case.report.comments.iter().enumerate().filter(|(_, comment)| comment.hidden.is_none()) {
            targets.push((Target::Comment(comment.id), format!("comment {}", number + 1), wording::one_line(&comment.text)));
        }
    }
    if targets.len() == 1 {
        return reasons(Target::Report, subjects);
    }
    let choice = |(target, name, detail)| Choice { name, detail, answer: Answer::Hide(target) };
    let choices = targets.into_iter().map(choice).collect();
    open(Dialog::Choose(Choose::new(format!("Hide what of {}", on(&subjects)), choices, 0, subjects)))
}

fn reasons(target: Target, subjects: Vec<Subject>) -> Vec<Effect> {
    let meaning = |reason| match reason {
        HideReason::PersonalData => "data about a person",
        HideReason::Offensive => "insult or hate",
        HideReason::Unlawful => "against the law",
        HideReason::Spam => "advertising, or no report at all",
        HideReason::Test => "made to try the kiosk out",
    };
    let choices = wording::REASONS
        .into_iter()
        .map(|reason| Choice {
            name: wording::reason(reason).to_owned(),
            detail: meaning(reason).to_owned(),
            answer: Answer::Reason(target, reason),
        })
        .collect();
    let title = format!("Why hide {} of {}", wording::target(target), on(&subjects));
    open(Dialog::Choose(Choose::new(title, choices, 0, subjects)))
}

fn begin_show(state: &mut State, subjects: Vec<Subject>, shared: &Shared) -> Vec<Effect> {
    let mut choices =
        vec![Choice { name: "the whole report".to_owned(), detail: String::new(), answer: Answer::Show(Target::Report) }];
    if let [one] = subjects.as_slice()
        && let Some(case) = state.reading().filter(|case| case.report.summary.id == one.report)
    {
        let shown = |target: Target, name: String, detail: String| Choice { name, detail, answer: Answer::Show(target) };
        if case.report.photo.is_some() {
            choices.push(shown(Target::Photo, "its photo".to_owned(), String::new()));
        }
        for (number, comment) in case.report.comments.iter().enumerate().filter(|(_, comment)| comment.hidden.is_some()) {
            choices.push(shown(Target::Comment(comment.id), format!("comment {}", number + 1), wording::one_line(&comment.text)));
        }
    }
    if choices.len() == 1 {
        return act::propose(state, subjects, Decision::Show { target: Target::Report }, shared);
    }
    open(Dialog::Choose(Choose::new(format!("Show what of {} again", on(&subjects)), choices, 0, subjects)))
}

/// A text to be written; words left earlier for the same thing are there again.
fn write(state: &State, purpose: Purpose, subjects: Vec<Subject>, shared: &Shared) -> Vec<Effect> {
    let which = on(&subjects);
    let (title, hint) = match purpose {
        Purpose::Answer(status) => {
            let needed = if wording::needs_answer(status) {
                "The public reads this. Needed, unless an answer was given earlier."
            } else {
                "The public reads this. May stay empty."
            };
            (format!("{which} {} {}: answer", shared.theme.arrow(), status.words()), needed)
        }
        Purpose::Note => (format!("Note on {which}"), "Only colleagues read this."),
        Purpose::Explanation(target, reason) => (
            format!("Hide {} of {which}: {}", wording::target(target), wording::reason(reason)),
            "Why, in your words; kept for an appeal.",
        ),
        Purpose::Reference => (format!("{which} is a duplicate of"), "A reference like R-4F7K2M."),
        Purpose::Day => (format!("Put {which} aside until"), "3d, 2w, tomorrow, or a date like 2026-05-01."),
    };
    let max = shared.town.as_ref().map_or(2000, |town| town.comment_max);
    let left = subjects
        .first()
        .and_then(|first| state.drafts.iter().find(|(for_what, report, _)| *for_what == purpose && *report == first.report));
    let editor = Editor::new(left.map_or("", |(_, _, text)| text));
    open(Dialog::Write(Write { title, hint: hint.to_owned(), editor, max, purpose, subjects }))
}

/// Something was chosen.
pub fn chosen(state: &mut State, subjects: Vec<Subject>, answer: Answer, shared: &Shared) -> Vec<Effect> {
    let decision = match answer {
        Answer::Place(point, name) => return town::go_to(state, point, name, shared),
        Answer::Status(status) => return write(state, Purpose::Answer(status), subjects, shared),
        Answer::Hide(target) => return reasons(target, subjects),
        Answer::Reason(target, reason) => return write(state, Purpose::Explanation(target, reason), subjects, shared),
        Answer::IntoReference => return write(state, Purpose::Reference, subjects, shared),
        Answer::UntilDay => return write(state, Purpose::Day, subjects, shared),
        Answer::Category(category) => Decision::ChangeCategory { category },
        Answer::Department(department) => Decision::ChangeDepartment { department },
        Answer::Staff(to) => Decision::Assign { to },
        Answer::Show(target) => Decision::Show { target },
        Answer::Into(into) => {
            let others = subjects.into_iter().filter(|subject| subject.report != into).collect();
            return act::propose(state, others, Decision::Merge { into }, shared);
        }
        Answer::Until(until) => Decision::Defer { until },
        // The root takes commands before they come here.
        Answer::Command(_) => return Vec::new(),
    };
    act::propose(state, subjects, decision, shared)
}

/// Something was written.
pub fn written(state: &mut State, subjects: Vec<Subject>, purpose: Purpose, text: String, shared: &Shared) -> Vec<Effect> {
    if let Some(subject) = subjects.first() {
        state.drafts.retain(|(for_what, report, _)| (*for_what, *report) != (purpose, subject.report));
    }
    let decision = match purpose {
        Purpose::Answer(status) => Decision::SetStatus { status, answer: (!text.is_empty()).then_some(text) },
        Purpose::Note => Decision::AddNote { text },
        Purpose::Explanation(target, reason) => Decision::Hide { target, reason, explanation: text },
        Purpose::Reference => {
            let mut into = text.trim().to_uppercase();
            if !into.starts_with("R-") {
                into.insert_str(0, "R-");
            }
            let on = subjects.iter().map(|subject| subject.reference.clone()).collect();
            return super::update_order(state, Order::Act { on, act: Act::MergeInto(into) }, shared);
        }
        Purpose::Day => match wording::parse_day(&text, shared.now_ms, shared.offset_s) {
            Some(until) => Decision::Defer { until: Some(until) },
            None => return vec![Effect::Say(Tone::Bad, format!("{text:?} is no day ahead: 3d, 2w, tomorrow or 2026-05-01"))],
        },
    };
    act::propose(state, subjects, decision, shared)
}
