//! Plain mode: the same console in lines. No screen, nothing redrawn, questions numbered; for screen readers, pipes and scripts.

use std::collections::VecDeque;
use std::io::{BufRead as _, IsTerminal, Write as _};

use api::client::CallError;
use api::{Client, Row, UnixMs};
use tokio::sync::mpsc;

use crate::app::{App, Msg};
use crate::effects::{Call, Notice, Reply, Ticket, perform, watch};
use crate::keys::Command;
use crate::line::{self, Order};
use crate::parts::dialog::{Dialog, Outcome, conflict_texts, review_texts};
use crate::screens::triage::{detail, list, town};
use crate::theme::{Theme, Tone};
use crate::wording;
use crate::{AWAY, DONE, Options, REFUSED, now};

/// What is printed once a line has been carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Nothing,
    List,
    Row,
    Report,
    Marks,
    /// What is near, in words.
    Map,
}

/// A conversation in lines.
pub struct Session {
    app: App,
    /// Log lines printed so far.
    printed: usize,
    after: After,
    /// Reviews are answered yes.
    yes: bool,
    /// Lines of a text so far.
    text: Vec<String>,
    /// Whether the question on top was printed.
    asked: bool,
    /// A report was opened, marked or moved to: commands without a reference have something to mean.
    chosen: bool,
    out: Vec<String>,
    refused: bool,
    away: bool,
}

impl Session {
    /// A conversation that begins now. `seed` is random.
    pub fn new(seed: [u8; 16], now_ms: UnixMs, offset_s: i32, yes: bool) -> Session {
        let theme = Theme { palette: crate::theme::Palette::Mono, ascii: true };
        Session {
            app: App::new(seed, theme, now_ms, offset_s),
            printed: 0,
            after: After::Nothing,
            yes,
            text: Vec::new(),
            asked: false,
            chosen: false,
            out: Vec::new(),
            refused: false,
            away: false,
        }
    }

    /// Reads everything from the daemon.
    pub fn begin(&mut self) -> Vec<(Ticket, Call)> {
        self.after = After::List;
        self.app.load()
    }

    /// Whether it was left.
    pub fn ended(&self) -> bool {
        self.app.quit
    }

    /// The exit code so far.
    pub fn code(&self) -> u8 {
        if self.away || !self.app.triage.pending.is_empty() {
            AWAY
        } else if self.refused {
            REFUSED
        } else {
            DONE
        }
    }

    /// What is to be printed.
    pub fn output(&mut self) -> Vec<String> {
        std::mem::take(&mut self.out)
    }

    /// What happened meanwhile.
    pub fn message(&mut self, msg: Msg) -> Vec<(Ticket, Call)> {
        if let Msg::Reply(_, reply) = &msg {
            self.away |= match reply.as_ref() {
                Reply::Town(result) => matches!(**result, Err(CallError::Away(_))),
                Reply::Case(result) => matches!(**result, Err(CallError::Away(_))),
                Reply::Health(result) => matches!(**result, Err(CallError::Away(_))),
                Reply::Me(result) => matches!(result, Err(CallError::Away(_))),
                Reply::Queue(result) => matches!(result, Err(CallError::Away(_))),
                Reply::Decided(result) => matches!(result, Err(CallError::Away(_))),
                Reply::Map(_) => false,
            };
        }
        if let Msg::Notice(Notice::Up) = &msg {
            self.away = false;
        }
        self.app.update(msg)
    }

    /// A line that was typed: the answer to a question, or a command.
    pub fn line(&mut self, text: &str) -> Vec<(Ticket, Call)> {
        let word = text.trim();
        self.asked = false;
        let outcome = match self.app.dialogs.last_mut() {
            None => {
                let order = line::parse(word, &self.app.shared);
                // A script whose variable is empty must not decide about whatever comes first in the list.
                if matches!(&order, Ok(Order::Act { on, .. }) if on.is_empty()) && !self.chosen {
                    self.out.push("error: name a report (R-4F7K2M or #3), or open or mark one first".to_owned());
                    self.refused = true;
                    return Vec::new();
                }
                self.after = match order {
                    Ok(
                        Order::List | Order::Queue(_) | Order::Filter(_) | Order::Command(Command::Queue(_) | Command::Refresh),
                    ) => After::List,
                    Ok(Order::Open(_) | Order::Command(Command::Open)) => After::Report,
                    Ok(Order::Mark(_) | Order::Command(Command::MarkAll | Command::Invert | Command::Unmark)) => After::Marks,
                    Ok(Order::Command(
                        Command::Down
                        | Command::Up
                        | Command::PageDown
                        | Command::PageUp
                        | Command::Top
                        | Command::Bottom
                        | Command::NextMatch
                        | Command::PreviousMatch
                        | Command::Mark
                        | Command::Range,
                    )) => After::Row,
                    Ok(Order::Command(Command::Map) | Order::Find(_)) => After::Map,
                    Ok(Order::Command(Command::Place)) => {
                        self.out.push("find STREET NUMBER, A & B, or a NAME".to_owned());
                        return Vec::new();
                    }
                    Ok(Order::Command(Command::Filter)) => {
                        self.out.push("filter WORDS; filter alone shows all".to_owned());
                        return Vec::new();
                    }
                    Ok(Order::Command(Command::CommandLine | Command::Palette)) => return self.line("help"),
                    _ => After::Nothing,
                };
                self.chosen |= matches!(self.after, After::Report | After::Marks | After::Row);
                // Another list, another choice.
                self.chosen &= self.after != After::List;
                return self.app.update(Msg::Line(text.to_owned()));
            }
            Some(_) if word == "cancel" => {
                self.text.clear();
                Outcome::Left
            }
            Some(Dialog::Choose(choose)) => {
                let number = word.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                let named = || choose.choices.iter().position(|choice| wording::folded(&choice.name) == wording::folded(word));
                match number.or_else(named).filter(|at| *at < choose.choices.len()) {
                    Some(at) => {
                        choose.at = at;
                        choose.typed.set("");
                        self.app.dialogs.last_mut().map_or(Outcome::Stay, |dialog| dialog.command(Command::Accept))
                    }
                    None => Outcome::Refused(format!("a number from 1 to {}, or cancel", choose.choices.len())),
                }
            }
            Some(Dialog::Write(write)) => {
                if write.purpose.lines() && word != "." {
                    self.text.push(text.to_owned());
                    self.asked = true;
                    return Vec::new();
                }
                let text = if write.purpose.lines() { std::mem::take(&mut self.text).join("\n") } else { word.to_owned() };
                write.editor.set("");
                write.editor.insert(&text, write.purpose.lines());
                write.finish()
            }
            Some(dialog @ Dialog::Review(_)) => match word.to_lowercase().as_str() {
                "y" | "yes" => dialog.command(Command::Accept),
                _ => Outcome::Left,
            },
            Some(dialog @ Dialog::Conflict(_)) => match word.to_lowercase().as_str() {
                "1" | "a" | "anyway" => dialog.command(Command::Anyway),
                _ => {
                    self.refused = true;
                    Outcome::Left
                }
            },
            Some(Dialog::Page(_) | Dialog::Filter(_) | Dialog::Line(_)) => Outcome::Left,
        };
        self.app.outcome(outcome)
    }

    /// Everything is answered: prints what came of it and what is asked next. Answers calls that a yes given beforehand makes.
    pub fn settle(&mut self) -> Vec<(Ticket, Call)> {
        let shared = &self.app.shared;
        for entry in shared.log.iter().skip(self.printed) {
            let sign = match entry.tone {
                Tone::Calm => "",
                Tone::News => "news: ",
                Tone::Warn => "note: ",
                Tone::Bad => "error: ",
            };
            self.refused |= entry.tone == Tone::Bad;
            self.out.push(format!("{sign}{}", entry.text));
        }
        self.printed = shared.log.len();
        let state = &self.app.triage;
        match std::mem::replace(&mut self.after, After::Nothing) {
            After::Nothing => {}
            After::List => {
                let filter = if state.filter.is_empty() {
                    String::new()
                } else {
                    format!(", with \"{}\"", wording::one_line(&state.filter))
                };
                self.out.push(format!(
                    "{}: {}{filter}",
                    wording::queue(state.queue),
                    wording::count(state.total as usize, "report")
                ));
                let rows: Vec<String> = (0..state.rows.len()).filter_map(|at| self.row(at)).collect();
                self.out.extend(rows);
            }
            After::Row => {
                let row = state.position().and_then(|at| self.row(at));
                self.out.extend(row);
            }
            After::Map => self.out.extend(town::lines(state, shared)),
            After::Marks => self.out.push(format!("{} marked", state.marks.len())),
            After::Report => {
                if let Some(case) = state.reading() {
                    let summary = &case.report.summary;
                    self.out.push(format!("{} {}", summary.reference, wording::one_line(&summary.title)));
                    self.out
                        .extend(detail::lines(case, shared).into_iter().map(|(_, line)| line).filter(|line| !line.is_empty()));
                    if !case.near.is_empty() {
                        self.out.push("Near".to_owned());
                    }
                    for near in &case.near {
                        let (report, status) = (&near.report, near.report.status.words());
                        self.out.push(format!(
                            "  {} m {} {status}: {}",
                            near.distance_m,
                            report.reference,
                            wording::one_line(&report.title)
                        ));
                    }
                }
            }
        }
        self.ask()
    }

    fn row(&self, at: usize) -> Option<String> {
        let state = &self.app.triage;
        let row: &Row = state.rows.get(at)?;
        let (shared, summary) = (&self.app.shared, &row.summary);
        let mut parts = vec![
            format!("{}. {} {}", at + 1, summary.reference, wording::kind(summary.kind)),
            shared.category_name(&summary.category),
            summary.status.words().to_owned(),
            format!("{} old", wording::age(shared.now_ms, summary.filed_ms)),
            list::place(row),
            if summary.people == 1 { "1 person".to_owned() } else { format!("{} people", summary.people) },
        ];
        if row.near > 0 {
            parts.push(format!("{} near", row.near));
        }
        if summary.status.is_open() && row.due_ms < shared.now_ms {
            parts.push("overdue".to_owned());
        }
        match row.assigned {
            Some(staff) if shared.is_me(staff) => parts.push("yours".to_owned()),
            Some(staff) => parts.push(format!("{} has it", shared.staff_name(staff))),
            None => {}
        }
        if row.deferred_ms.is_some_and(|until| until > shared.now_ms) {
            parts.push("put aside".to_owned());
        }
        if row.hidden {
            parts.push("hidden".to_owned());
        }
        if row.provisional {
            parts.push("two boxes disagree".to_owned());
        }
        if state.marks.contains(&summary.id) {
            parts.push("marked".to_owned());
        }
        Some(format!("{}: {}", parts.join(", "), wording::one_line(&summary.title)))
    }

    /// Prints the question on top, once.
    fn ask(&mut self) -> Vec<(Ticket, Call)> {
        if self.asked {
            return Vec::new();
        }
        self.asked = true;
        match self.app.dialogs.last_mut() {
            None => {}
            Some(Dialog::Page(page)) => {
                self.out.extend(page.lines.iter().cloned());
                self.app.dialogs.pop();
            }
            Some(Dialog::Choose(choose)) => {
                self.out.push(format!("{}?", choose.title));
                for (number, choice) in (1..).zip(&choose.choices) {
                    let line = format!("  {number}. {}  {}", choice.name, choice.detail);
                    self.out.push(line.trim_end().to_owned());
                }
                self.out.push("Number, or cancel:".to_owned());
            }
            Some(Dialog::Write(write)) => {
                self.out.push(format!("{}. {}", write.title, write.hint));
                let how = if write.purpose.lines() { "Lines, then a single dot; or cancel:" } else { "One line, or cancel:" };
                self.out.push(how.to_owned());
            }
            Some(Dialog::Review(review)) => {
                self.out.extend(review_texts(review, &self.app.shared).into_iter().filter(|line| !line.is_empty()));
                if self.yes {
                    return self.line("yes");
                }
                self.out.push(format!("Do this to {}? y or n:", wording::count(review.subjects.len(), "report")));
            }
            Some(Dialog::Conflict(conflict)) => {
                self.out.push("Somebody else decided meanwhile.".to_owned());
                self.out.extend(conflict_texts(conflict, &self.app.shared).into_iter().filter(|line| !line.is_empty()));
                self.out.push("  1. apply mine anyway".to_owned());
                self.out.push("  2. leave theirs".to_owned());
                self.out.push("Number:".to_owned());
            }
            Some(Dialog::Filter(_) | Dialog::Line(_)) => {
                self.app.dialogs.pop();
            }
        }
        Vec::new()
    }

    /// No more lines come: what was asked stays undone.
    pub fn end(&mut self) {
        if self.app.dialogs.last().is_some() {
            self.out.push("error: the question was not answered; nothing was done".to_owned());
            self.refused = true;
        }
    }
}

/// Runs plain mode: the commands given, or lines from standard input.
pub async fn run(options: &Options, client: Client, seed: [u8; 16]) -> anyhow::Result<u8> {
    let (now_ms, offset_s) = now();
    let mut session = Session::new(seed, now_ms, offset_s, options.yes);
    let (sender, mut messages) = mpsc::unbounded_channel();
    let scripted = !options.commands.is_empty();
    let mut commands: VecDeque<String> = options.commands.iter().cloned().collect();
    let mut input = if scripted { None } else { Some(typed_lines()) };
    let prompt = !scripted && std::io::stdin().is_terminal();
    let mut waiting = 0usize;
    let start = |calls: Vec<(Ticket, Call)>, waiting: &mut usize| {
        *waiting += calls.len();
        for (ticket, call) in calls {
            let (client, sender) = (client.clone(), sender.clone());
            tokio::spawn(async move {
                let reply = perform(client, call).await;
                let _ = sender.send(Msg::Reply(ticket, Box::new(reply)));
            });
        }
    };
    start(session.begin(), &mut waiting);
    if scripted {
        // Only what was asked for is printed.
        session.after = After::Nothing;
    }
    let mut watching = false;
    loop {
        while waiting > 0 {
            let Some(message) = messages.recv().await else { break };
            waiting -= usize::from(matches!(message, Msg::Reply(..)));
            start(session.message(message), &mut waiting);
        }
        if session.app.shared.town.is_none() && session.away {
            let reason = session.app.shared.log.first().map_or("", |entry| &entry.text);
            anyhow::bail!("{reason}; is wegovnowd running with the socket {}?", options.socket().display());
        }
        start(session.settle(), &mut waiting);
        if !print(&mut session) {
            return Ok(session.code());
        }
        if waiting > 0 {
            continue;
        }
        if session.ended() {
            return Ok(session.code());
        }
        if !scripted && !watching {
            watching = true;
            tokio::spawn(watch(client.clone(), sender.clone()));
        }
        if prompt {
            print!("> ");
            std::io::stdout().flush()?;
        }
        let next = match &mut input {
            None => commands.pop_front(),
            Some(input) => loop {
                tokio::select! {
                    line = input.recv() => break line,
                    Some(message) = messages.recv() => {
                        waiting = waiting.saturating_sub(usize::from(matches!(message, Msg::Reply(..))));
                        start(session.message(message), &mut waiting);
                    }
                }
            },
        };
        let (now_ms, offset_s) = now();
        start(session.message(Msg::Tick(now_ms, offset_s)), &mut waiting);
        match next {
            Some(line) => start(session.line(&line), &mut waiting),
            None => {
                session.end();
                print(&mut session);
                return Ok(session.code());
            }
        }
    }
}

/// Lines from standard input, read on a thread of their own: a read from a terminal cannot be given up. The channel ends with them.
fn typed_lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut line = Vec::new();
        while input.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
            if sender.send(text).is_err() {
                return;
            }
            line.clear();
        }
    });
    receiver
}

/// Prints what is to be printed. Answers whether somebody still reads it.
fn print(session: &mut Session) -> bool {
    let mut out = std::io::stdout().lock();
    let written = session.output().iter().try_for_each(|line| writeln!(out, "{line}"));
    written.and_then(|()| out.flush()).is_ok()
}

#[cfg(test)]
mod tests;
