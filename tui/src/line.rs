//! Commands as words: what is typed at `:` and what scripts send. One grammar for both.

use api::{Decision, Queue, StaffId, Status, Target};

use crate::keys::{Command, commands};
use crate::shared::Shared;
use crate::wording;

/// Commands with words after them, for help.
pub const USES: &[(&str, &str)] = &[
    ("queue new|mine|waiting|overdue|all|closed|hidden", "go to a queue"),
    ("list", "the rows again (plain mode)"),
    ("open REF", "read a report"),
    ("filter WORDS", "only rows with all words; alone: all rows"),
    ("find STREET NUMBER | A & B | NAME", "show a place on the map, and what is near"),
    ("mark REF… | mark all | mark none", "mark rows"),
    ("status [REF…] STATUS [ANSWER]", "ANSWER is for the public"),
    ("category [REF…] CODE", "its department takes over"),
    ("department [REF…] CODE", ""),
    ("assign [REF…] me|nobody|NAME", ""),
    ("note [REF…] TEXT", "for colleagues only"),
    ("merge [REF…] into REF", "fold into another report"),
    ("hide [REF…] [photo] REASON EXPLANATION", "personal-data, offensive, unlawful, spam, test"),
    ("show [REF…] [photo]", "show again"),
    ("snooze [REF…] 3d|2w|2026-05-01|off", "put aside"),
    ("REF is R-4F7K2M or #3, the third row;", "texts with spaces stand in quotes"),
];

/// A command with all its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// A command without words: as if its key were pressed.
    Command(Command),
    /// The rows again.
    List,
    /// Go to a queue.
    Queue(Queue),
    /// Filter the queue.
    Filter(String),
    /// Read a report.
    Open(String),
    /// Show a place of the town.
    Find(String),
    /// Mark rows.
    Mark(Vec<String>),
    /// Act on reports; on the marked or the current one when none is named.
    Act {
        /// References or row numbers.
        on: Vec<String>,
        /// What.
        act: Act,
    },
}

/// What to do to reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// This.
    Decide(Decision),
    /// Fold into the report of this reference.
    MergeInto(String),
    /// Ask for the rest as the command's key does.
    Ask(Command),
}

/// Splits into words: spaces separate, single or double quotes keep together.
pub fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            // An apostrophe inside a word is a letter: Place d'Armes.
            (None, '"' | '\'') if c == '"' || word.is_none() => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    match quote {
        Some(open) => Err(format!("the quote {open} is not closed")),
        None => {
            words.extend(word);
            Ok(words)
        }
    }
}

fn is_reference(word: &str) -> bool {
    let row = word.strip_prefix('#').is_some_and(|number| number.parse::<usize>().is_ok());
    row || (word.len() == 8 && word.to_ascii_uppercase().starts_with("R-"))
}

/// Reads a line. The error says what was not understood and what would be.
pub fn parse(line: &str, shared: &Shared) -> Result<Order, String> {
    let words = words(line)?;
    let Some((name, rest)) = words.split_first() else { return Err("type a command, or help".to_owned()) };
    let name = name.to_lowercase();
    let joined = || rest.join(" ");
    match name.as_str() {
        "list" if rest.is_empty() => return Ok(Order::List),
        "queue" => {
            let wanted = wording::folded(&joined());
            let found = wording::QUEUES.into_iter().find(|queue| wording::folded(wording::queue(*queue)) == wanted);
            return found.map(Order::Queue).ok_or_else(|| "queue new, mine, waiting, overdue, all, closed or hidden".to_owned());
        }
        "filter" => return Ok(Order::Filter(joined())),
        "open" if !rest.is_empty() => {
            let word = &rest[0];
            let row = word.parse::<usize>().is_ok();
            return Ok(Order::Open(if row { format!("#{word}") } else { word.to_uppercase() }));
        }
        "find" if !rest.is_empty() => return Ok(Order::Find(joined())),
        "mark" if !rest.is_empty() => return Ok(Order::Mark(rest.to_vec())),
        _ => {}
    }
    let Some(binding) = commands().find(|binding| binding.name == name) else {
        let near = commands().find(|binding| binding.name.starts_with(&name)).map(|binding| binding.name);
        return Err(match near {
            Some(near) => format!("no command {name:?}; did you mean {near}?"),
            None => format!("no command {name:?}; help lists all"),
        });
    };
    let count = rest.iter().take_while(|word| is_reference(word)).count();
    let (on, rest) = rest.split_at(count);
    let on: Vec<String> = on.iter().map(|word| word.to_uppercase()).collect();
    let asks = matches!(
        binding.command,
        Command::Status
            | Command::Category
            | Command::Department
            | Command::Assign
            | Command::Take
            | Command::Note
            | Command::Merge
            | Command::Hide
            | Command::Show
            | Command::Snooze
    );
    if !asks {
        return if on.is_empty() && rest.is_empty() {
            Ok(Order::Command(binding.command))
        } else {
            Err(format!("{name} takes no words after it"))
        };
    }
    let act = match rest {
        [] => Act::Ask(binding.command),
        rest => act(binding.command, rest, shared)?,
    };
    Ok(Order::Act { on, act })
}

fn act(command: Command, rest: &[String], shared: &Shared) -> Result<Act, String> {
    let joined = rest.join(" ");
    let decision = match command {
        Command::Status => {
            // "in progress" may be one word or two.
            let taken = (1..=2.min(rest.len())).find_map(|count| Some((count, status(&rest[..count].concat())?)));
            let (count, status) =
                taken.ok_or_else(|| format!("no status {:?}: {}", rest[0], Status::ALL.map(Status::words).join(", ")))?;
            let answer = rest[count..].join(" ");
            Decision::SetStatus { status, answer: (!answer.is_empty()).then_some(answer) }
        }
        Command::Category => {
            let wanted = wording::folded(&joined);
            let categories = shared.town.as_ref().map_or(&[][..], |town| &town.categories);
            let found = categories.iter().find(|category| {
                wording::folded(category.code.as_str()) == wanted || wording::folded(&wording::named(&category.names)) == wanted
            });
            let codes = || categories.iter().map(|category| category.code.to_string()).collect::<Vec<_>>().join(", ");
            let found = found.ok_or_else(|| format!("no category {joined:?}: {}", codes()))?;
            Decision::ChangeCategory { category: found.code.clone() }
        }
        Command::Department => {
            let wanted = wording::folded(&joined);
            let departments = shared.town.as_ref().map_or(&[][..], |town| &town.departments);
            let found = departments.iter().find(|department| {
                wording::folded(department.code.as_str()) == wanted
                    || wording::folded(&wording::named(&department.names)) == wanted
            });
            let codes = || departments.iter().map(|department| department.code.to_string()).collect::<Vec<_>>().join(", ");
            let found = found.ok_or_else(|| format!("no department {joined:?}: {}", codes()))?;
            Decision::ChangeDepartment { department: found.code.clone() }
        }
        Command::Assign => Decision::Assign { to: staff(&joined, shared)? },
        Command::Note => Decision::AddNote { text: joined },
        Command::Merge => {
            let reference = rest.iter().rfind(|word| is_reference(word)).filter(|_| rest[0] == "into");
            let reference = reference.ok_or("merge [REF…] into REF")?;
            return Ok(Act::MergeInto(reference.to_uppercase()));
        }
        Command::Hide => {
            let (target, rest) = hidden_target(rest);
            let reason = rest.first().and_then(|word| {
                wording::REASONS.into_iter().find(|reason| wording::folded(wording::reason(*reason)) == wording::folded(word))
            });
            let reason = reason.ok_or("hide needs a reason: personal-data, offensive, unlawful, spam or test")?;
            let explanation = rest[1..].join(" ");
            if explanation.is_empty() {
                return Err("hide needs an explanation after the reason".to_owned());
            }
            Decision::Hide { target, reason, explanation }
        }
        Command::Show => Decision::Show { target: hidden_target(rest).0 },
        Command::Snooze if joined == "off" => Decision::Defer { until: None },
        Command::Snooze => {
            let until = wording::parse_day(&joined, shared.now_ms, shared.offset_s);
            Decision::Defer {
                until: Some(until.ok_or_else(|| format!("{joined:?} is no day ahead: 3d, 2w, 2026-05-01, tomorrow or off"))?),
            }
        }
        _ => return Err("takes no words after it".to_owned()),
    };
    Ok(Act::Decide(decision))
}

fn hidden_target(rest: &[String]) -> (Target, &[String]) {
    match rest.first().map(String::as_str) {
        Some("photo") => (Target::Photo, &rest[1..]),
        Some("report") => (Target::Report, &rest[1..]),
        _ => (Target::Report, rest),
    }
}

fn status(word: &str) -> Option<Status> {
    Status::ALL.into_iter().find(|status| wording::folded(status.words()) == wording::folded(word))
}

fn staff(name: &str, shared: &Shared) -> Result<Option<StaffId>, String> {
    let Some(me) = &shared.me else { return Err("the town's service has not said yet who works here".to_owned()) };
    let wanted = wording::folded(name);
    match wanted.as_str() {
        "nobody" => return Ok(None),
        "me" => return Ok(Some(me.me.id)),
        _ => {}
    }
    let everybody = || std::iter::once(&me.me).chain(&me.colleagues);
    let exact = everybody().find(|staff| wording::folded(&staff.name) == wanted);
    let mut partial = everybody().filter(|staff| wording::folded(&staff.name).contains(&wanted));
    match (exact, partial.next(), partial.next()) {
        (Some(staff), _, _) | (None, Some(staff), None) => Ok(Some(staff.id)),
        (None, Some(_), Some(_)) => Err(format!("several colleagues are called {name:?}: write the whole name")),
        (None, None, _) => {
            let names: Vec<_> = everybody().map(|staff| wording::one_line(&staff.name)).collect();
            Err(format!("nobody is called {name:?}: me, nobody, {}", names.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(
            words("status  R-4F7K2M fixed 'The lamp is lit'").unwrap(),
            ["status", "R-4F7K2M", "fixed", "The lamp is lit"]
        );
        assert_eq!(words("filter Place d'Armes \"\"").unwrap(), ["filter", "Place", "d'Armes", ""]);
        assert!(words("note 'open").is_err());
    }

    #[test]
    fn references_are_told_from_words() {
        assert!(is_reference("r-4f7k2m") && is_reference("#12"));
        assert!(!is_reference("12") && !is_reference("R-") && !is_reference("rubbish-") && !is_reference("#x"));
    }
}
