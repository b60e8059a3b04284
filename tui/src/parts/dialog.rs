//! Dialogs: one enum, drawn as a stack; the top one gets the keys.

use api::{
    CategoryCode, Decision, DepartmentCode, EventId, HideReason, Point, Record, ReportId, StaffId, Status, Target, UnixMs,
};
use crossterm::event::KeyEvent;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::keys::{Command, Context};
use crate::parts::input::Editor;

mod view;

use crate::shared::Shared;

pub use view::view;

/// A review as lines, for plain mode.
pub fn review_texts(review: &Review, shared: &Shared) -> Vec<String> {
    view::review_lines(review, shared).into_iter().map(|(line, _)| line).collect()
}

/// A conflict as lines, for plain mode.
pub fn conflict_texts(conflict: &Conflict, shared: &Shared) -> Vec<String> {
    view::conflict_lines(conflict, shared).into_iter().map(|(line, _)| line).collect()
}

/// A report that is to be acted on, with what was on the screen when that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Which.
    pub report: ReportId,
    /// What people say for it.
    pub reference: String,
    /// The beginning of its text.
    pub title: String,
    /// The decisions that were on the screen; none: whatever happened meanwhile.
    pub seen: Option<Vec<EventId>>,
}

/// What may be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Status(Status),
    Category(CategoryCode),
    Department(DepartmentCode),
    Staff(Option<StaffId>),
    /// What to hide.
    Hide(Target),
    /// Why.
    Reason(Target, HideReason),
    /// What to show again.
    Show(Target),
    /// Fold into this one.
    Into(ReportId),
    /// Fold into one whose reference is to be typed.
    IntoReference,
    Until(Option<UnixMs>),
    /// Until a day to be typed.
    UntilDay,
    Command(Command),
    /// A place on the map, and its name.
    Place(Point, String),
}

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The public answer with a status.
    Answer(Status),
    /// An internal note.
    Note,
    /// Why something is hidden.
    Explanation(Target, HideReason),
    /// The reference of the report to fold into.
    Reference,
    /// A day to put aside until.
    Day,
}

impl Purpose {
    /// Whether the text may have several lines.
    pub fn lines(self) -> bool {
        matches!(self, Purpose::Answer(_) | Purpose::Note | Purpose::Explanation(..))
    }
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What it is called.
    pub name: String,
    /// What it means or brings about.
    pub detail: String,
    /// What it stands for.
    pub answer: Answer,
}

/// Choosing one of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choose {
    /// The question.
    pub title: String,
    /// What was typed to narrow the list.
    pub typed: Editor,
    /// Everything to choose from.
    pub choices: Vec<Choice>,
    /// Which of the shown ones is pointed at.
    pub at: usize,
    /// What it is for.
    pub subjects: Vec<Subject>,
    /// What is typed is looked up elsewhere, at every letter, instead of narrowing the list.
    pub live: bool,
}

impl Choose {
    /// A list pointing at `at`.
    pub fn new(title: String, choices: Vec<Choice>, at: usize, subjects: Vec<Subject>) -> Choose {
        Choose { title, typed: Editor::default(), choices, at, subjects, live: false }
    }

    /// The choices that fit what was typed, best first.
    pub fn shown(&self) -> Vec<&Choice> {
        if self.live || self.typed.text().trim().is_empty() {
            return self.choices.iter().collect();
        }
        let pattern = Pattern::parse(self.typed.text(), CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut shown: Vec<_> = self
            .choices
            .iter()
            .filter_map(|choice| {
                // The name counts more than what it means.
                let name = pattern.score(Utf32Str::new(&choice.name, &mut buffer), &mut matcher).map(|score| score * 2 + 1);
                let both = format!("{} {}", choice.name, choice.detail);
                let all = pattern.score(Utf32Str::new(&both, &mut buffer), &mut matcher);
                Some((name.max(all)?, choice))
            })
            .collect();
        shown.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        // Letters strewn over a sentence fit nearly everything; beside a good fit they are noise.
        let best = shown.first().map_or(0, |(score, _)| *score);
        shown.retain(|(score, _)| score * 2 >= best);
        shown.into_iter().map(|(_, choice)| choice).collect()
    }
}

/// Writing a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// What for, in words.
    pub title: String,
    /// What to mind.
    pub hint: String,
    /// The text.
    pub editor: Editor,
    /// Most characters.
    pub max: usize,
    /// What for.
    pub purpose: Purpose,
    /// On what.
    pub subjects: Vec<Subject>,
}

/// Looking at what is about to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// What, in words.
    pub what: String,
    /// What.
    pub decision: Decision,
    /// On what.
    pub subjects: Vec<Subject>,
    /// First line shown.
    pub scroll: usize,
}

/// Somebody else decided meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// What one meant to do, in words.
    pub what: String,
    /// What one meant to do.
    pub mine: Decision,
    /// For each report: what the others did.
    pub theirs: Vec<(Subject, Vec<Record>)>,
    /// For an undo: which decision of each report.
    pub undo: Vec<(ReportId, EventId)>,
    /// First line shown.
    pub scroll: usize,
}

/// Lines to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What they are.
    pub title: String,
    /// The lines.
    pub lines: Vec<String>,
    /// First line shown.
    pub scroll: usize,
}

/// One line at the bottom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// `/` or `:`.
    pub sign: char,
    /// What is typed.
    pub editor: Editor,
    /// What stood there before.
    pub before: String,
}

/// A dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialog {
    Choose(Choose),
    Write(Write),
    Review(Review),
    Conflict(Conflict),
    Page(Page),
    Filter(Prompt),
    Line(Prompt),
}

/// What a key did to a dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It stays.
    Stay,
    /// A text that others follow live has changed.
    Typed(String),
    /// What is to be looked up for the dialog's list has changed.
    Sought(String),
    /// It is done.
    Done(Finish),
    /// It was left.
    Left,
    /// It cannot be done yet; this is why.
    Refused(String),
    /// The row in the list under it moves.
    Move(Command),
}

/// How a dialog ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    Chosen(Vec<Subject>, Answer),
    Written(Vec<Subject>, Purpose, String),
    Confirmed(Vec<Subject>, Decision),
    Anyway(Conflict),
    Line(String),
    Closed,
}

impl Dialog {
    /// Where its keys stand in the table.
    pub fn context(&self) -> Context {
        match self {
            Dialog::Choose(_) => Context::Choose,
            Dialog::Write(write) if !write.purpose.lines() => Context::Line,
            Dialog::Write(_) => Context::Write,
            Dialog::Review(_) => Context::Review,
            Dialog::Conflict(_) => Context::Conflict,
            Dialog::Page(_) => Context::Page,
            Dialog::Filter(_) | Dialog::Line(_) => Context::Line,
        }
    }

    /// A command from the table.
    pub fn command(&mut self, command: Command) -> Outcome {
        match (self, command) {
            (_, Command::Cancel) => Outcome::Left,
            (Dialog::Choose(choose), command) => choose.command(command),
            (Dialog::Write(write), Command::Accept) => write.finish(),
            (Dialog::Review(review), Command::Accept) => {
                Outcome::Done(Finish::Confirmed(review.subjects.clone(), review.decision.clone()))
            }
            (Dialog::Conflict(conflict), Command::Anyway) => Outcome::Done(Finish::Anyway(conflict.clone())),
            (Dialog::Page(page), Command::Bottom) => {
                page.scroll = page.lines.len();
                Outcome::Stay
            }
            (
                Dialog::Review(Review { scroll, .. })
                | Dialog::Conflict(Conflict { scroll, .. })
                | Dialog::Page(Page { scroll, .. }),
                command,
            ) => {
                *scroll = match command {
                    Command::Down => *scroll + 1,
                    Command::Up => scroll.saturating_sub(1),
                    Command::PageDown => *scroll + 10,
                    Command::PageUp => scroll.saturating_sub(10),
                    Command::Top => 0,
                    _ => *scroll,
                };
                Outcome::Stay
            }
            (Dialog::Filter(_), Command::Accept) => Outcome::Done(Finish::Closed),
            (Dialog::Line(prompt), Command::Accept) => Outcome::Done(Finish::Line(prompt.editor.text().to_owned())),
            (Dialog::Filter(_), Command::Down | Command::Up) => Outcome::Move(command),
            _ => Outcome::Stay,
        }
    }

    /// A key that the table does not know: typed.
    pub fn typed(&mut self, key: &KeyEvent) -> Outcome {
        match self {
            Dialog::Choose(choose) => {
                if !choose.typed.key(key, false) {
                    return Outcome::Stay;
                }
                choose.at = 0;
                choose.sought()
            }
            Dialog::Write(write) => {
                write.editor.key(key, write.purpose.lines());
                Outcome::Stay
            }
            Dialog::Filter(prompt) => {
                prompt.editor.key(key, false);
                Outcome::Typed(prompt.editor.text().to_owned())
            }
            Dialog::Line(prompt) => {
                prompt.editor.key(key, false);
                Outcome::Stay
            }
            Dialog::Review(_) | Dialog::Conflict(_) | Dialog::Page(_) => Outcome::Stay,
        }
    }

    /// A pasted text.
    pub fn pasted(&mut self, text: &str) -> Outcome {
        match self {
            Dialog::Choose(choose) => {
                choose.typed.insert(text, false);
                choose.at = 0;
                return choose.sought();
            }
            Dialog::Write(write) => write.editor.insert(text, write.purpose.lines()),
            Dialog::Filter(prompt) => {
                prompt.editor.insert(text, false);
                return Outcome::Typed(prompt.editor.text().to_owned());
            }
            Dialog::Line(prompt) => prompt.editor.insert(text, false),
            Dialog::Review(_) | Dialog::Conflict(_) | Dialog::Page(_) => {}
        }
        Outcome::Stay
    }
}

impl Choose {
    /// What the typed text asks for.
    fn sought(&self) -> Outcome {
        if self.live { Outcome::Sought(self.typed.text().to_owned()) } else { Outcome::Stay }
    }

    fn command(&mut self, command: Command) -> Outcome {
        let shown = self.shown();
        let last = shown.len().saturating_sub(1);
        match command {
            Command::Accept => match shown.get(self.at) {
                Some(choice) => return Outcome::Done(Finish::Chosen(self.subjects.clone(), choice.answer.clone())),
                None => return Outcome::Refused("nothing fits what you typed".to_owned()),
            },
            Command::Down => self.at = if self.at >= last { 0 } else { self.at + 1 },
            Command::Up => self.at = if self.at == 0 { last } else { self.at - 1 },
            Command::PageDown => self.at = (self.at + 8).min(last),
            Command::PageUp => self.at = self.at.saturating_sub(8),
            _ => {}
        }
        Outcome::Stay
    }
}

impl Write {
    /// The text as it would be sent, or what is wrong with it.
    pub fn finish(&self) -> Outcome {
        let text = self.editor.text().trim();
        let characters = text.chars().count();
        if characters > self.max {
            return Outcome::Refused(format!("{characters} characters, at most {} fit", self.max));
        }
        if text.is_empty() {
            match self.purpose {
                // An answer given earlier may stand; the daemon knows and says no otherwise.
                Purpose::Answer(_) => {}
                Purpose::Note => return Outcome::Refused("an empty note says nothing".to_owned()),
                Purpose::Explanation(..) => return Outcome::Refused("hiding needs an explanation".to_owned()),
                Purpose::Reference => return Outcome::Refused("type a reference like R-4F7K2M".to_owned()),
                Purpose::Day => return Outcome::Refused("type a day: 3d, 2w, 2026-05-01".to_owned()),
            }
        }
        Outcome::Done(Finish::Written(self.subjects.clone(), self.purpose, text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_narrows_and_the_name_counts_more() {
        let choice =
            |name: &str, detail: &str| Choice { name: name.to_owned(), detail: detail.to_owned(), answer: Answer::Until(None) };
        let mut choose = Choose::new(
            "status".into(),
            vec![choice("planned", "will be fixed later"), choice("fixed", "done"), choice("declined", "no")],
            0,
            Vec::new(),
        );
        choose.typed.insert("fix", false);
        let names: Vec<_> = choose.shown().iter().map(|choice| choice.name.clone()).collect();
        assert_eq!(names, ["fixed"], "its meaning alone does not make planned a good fit");
        choose.typed.insert("zzz", false);
        assert!(matches!(choose.command(Command::Accept), Outcome::Refused(_)));
    }
}
