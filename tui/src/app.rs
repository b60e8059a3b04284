//! The root: one state, one closed list of messages; update and view only route.

use std::path::PathBuf;

use api::UnixMs;
use crossterm::event::{KeyEvent, KeyEventKind};

use crate::effects::{Call, Effect, Notice, Reply, Ticket};
use crate::keys::{self, Command, Context, Meaning};
use crate::line;
use crate::parts::dialog::{self, Answer, Choice, Choose, Dialog, Finish, Outcome, Page, Prompt};
use crate::parts::input::Editor;
use crate::screens::triage;
use crate::shared::{Entry, Link, Shared};
use crate::theme::{Theme, Tone};
use crate::wording;

mod health;
mod view;

pub use view::view;

/// Log lines kept.
const LOG_MAX: usize = 1000;
/// How old what is known of the town may become, in milliseconds.
const TOWN_MS: UnixMs = 60_000;

/// Everything that can happen to the console.
#[derive(Debug, Clone)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// A text was pasted.
    Paste(String),
    /// The terminal has another size.
    Resize,
    /// The clock, in milliseconds since 1970, and how far local time is ahead of UTC, in seconds.
    Tick(UnixMs, i32),
    /// The connection to the daemon.
    Notice(Notice),
    /// An answer.
    Reply(Ticket, Box<Reply>),
    /// For the triage screen.
    Triage(triage::Msg),
    /// A command line.
    Line(String),
}

/// The console.
#[derive(Debug, Clone)]
pub struct App {
    /// What all screens read.
    pub shared: Shared,
    /// The screen.
    pub triage: triage::State,
    /// Dialogs, the top one last.
    pub dialogs: Vec<Dialog>,
    /// Keys of a sequence so far.
    pressed: String,
    /// Command lines of this session.
    lines: Vec<String>,
    /// To be drawn.
    pub dirty: bool,
    /// To be drawn from nothing: something else may have written on the terminal.
    pub redraw: bool,
    /// To be left.
    pub quit: bool,
    warned: bool,
    tickets: Ticket,
    town_ticket: Option<Ticket>,
    me_ticket: Option<Ticket>,
    map_ticket: Option<Ticket>,
    health_ticket: Option<Ticket>,
    /// The answer is to be shown, not only to be known.
    health_asked: bool,
    /// When the town was last asked for.
    town_ms: UnixMs,
    map_file: Option<PathBuf>,
}

impl App {
    /// A console that knows nothing yet. `seed` is random and makes request ids.
    pub fn new(seed: [u8; 16], theme: Theme, now_ms: UnixMs, offset_s: i32) -> App {
        let shared = Shared {
            now_ms,
            offset_s,
            town: None,
            me: None,
            map: None,
            health: None,
            theme,
            link: Link::Connecting,
            log: Vec::new(),
        };
        App {
            shared,
            triage: triage::State::new(seed),
            dialogs: Vec::new(),
            pressed: String::new(),
            lines: Vec::new(),
            dirty: true,
            redraw: false,
            quit: false,
            warned: false,
            tickets: Ticket(0),
            town_ticket: None,
            me_ticket: None,
            map_ticket: None,
            health_ticket: None,
            health_asked: false,
            town_ms: 0,
            map_file: None,
        }
    }

    /// Whether an answer is awaited.
    pub fn waits(&self) -> bool {
        self.town_ticket.is_some()
            || self.me_ticket.is_some()
            || self.map_ticket.is_some()
            || self.health_ticket.is_some()
            || self.triage.waits()
    }

    /// Reads everything from the daemon.
    pub fn load(&mut self) -> Vec<(Ticket, Call)> {
        let mut calls = self.load_town();
        let ticket = self.tickets.draw();
        self.me_ticket = Some(ticket);
        calls.push((ticket, Call::Me));
        calls.extend(self.triage(triage::Msg::Up));
        calls
    }

    fn load_town(&mut self) -> Vec<(Ticket, Call)> {
        let ticket = self.tickets.draw();
        self.town_ticket = Some(ticket);
        self.town_ms = self.shared.now_ms;
        vec![(ticket, Call::Town)]
    }

    fn load_health(&mut self) -> Vec<(Ticket, Call)> {
        let ticket = self.tickets.draw();
        self.health_ticket = Some(ticket);
        vec![(ticket, Call::Health)]
    }

    /// A line in the log.
    pub fn say(&mut self, tone: Tone, text: String) {
        if self.shared.log.len() == LOG_MAX {
            self.shared.log.remove(0);
        }
        self.shared.log.push(Entry { at_ms: self.shared.now_ms, tone, text: wording::one_line(&text) });
    }

    /// Where the keys go now.
    pub fn context(&self) -> Context {
        let screen = if self.triage.town_map.is_some() { Context::Map } else { Context::Triage };
        self.dialogs.last().map_or(screen, Dialog::context)
    }

    fn triage(&mut self, msg: triage::Msg) -> Vec<(Ticket, Call)> {
        let effects = triage::update(&mut self.triage, msg, &self.shared);
        let mut calls = Vec::new();
        for effect in effects {
            match effect {
                Effect::Say(tone, text) => self.say(tone, text),
                Effect::Open(dialog) => self.dialogs.push(*dialog),
                Effect::Call(ticket, call) => calls.push((ticket, call)),
                Effect::Quit => self.quit = true,
            }
        }
        calls
    }

    /// What a message makes of the console, and what is to be asked of the world.
    pub fn update(&mut self, msg: Msg) -> Vec<(Ticket, Call)> {
        match msg {
            Msg::Tick(now_ms, offset_s) => {
                // The clock on the screen and the ages in the list show minutes.
                self.dirty |= now_ms / wording::MINUTE_MS != self.shared.now_ms / wording::MINUTE_MS;
                self.shared.now_ms = now_ms;
                self.shared.offset_s = offset_s;
                // Nobody pushes how the machine is.
                let due = now_ms.abs_diff(self.town_ms) >= TOWN_MS && self.town_ticket.is_none() && self.shared.link == Link::Up;
                return if due { self.load_town() } else { Vec::new() };
            }
            Msg::Key(key) if key.kind == KeyEventKind::Release => return Vec::new(),
            _ => self.dirty = true,
        }
        match msg {
            Msg::Key(key) => self.key(&key),
            Msg::Paste(text) => match self.dialogs.last_mut() {
                Some(dialog) => {
                    let outcome = dialog.pasted(&text);
                    self.outcome(outcome)
                }
                None => Vec::new(),
            },
            Msg::Notice(notice) => self.notice(notice),
            Msg::Reply(ticket, reply) => self.reply(ticket, *reply),
            Msg::Triage(msg) => self.triage(msg),
            Msg::Line(text) => self.line(&text),
            Msg::Resize | Msg::Tick(..) => Vec::new(),
        }
    }

    fn key(&mut self, key: &KeyEvent) -> Vec<(Ticket, Call)> {
        let mut pressed = std::mem::take(&mut self.pressed);
        pressed.push_str(&keys::key_name(key));
        match (keys::meaning(self.context(), &pressed), self.dialogs.last_mut()) {
            (Meaning::Command(command), Some(dialog)) => {
                let outcome = dialog.command(command);
                self.outcome(outcome)
            }
            (Meaning::Command(command), None) => self.command(command),
            (Meaning::More, _) => {
                self.pressed = pressed;
                Vec::new()
            }
            (Meaning::Nothing, Some(dialog)) => {
                let outcome = dialog.typed(key);
                self.outcome(outcome)
            }
            (Meaning::Nothing, None) => Vec::new(),
        }
    }

    /// A command, from wherever: a key, the palette, a script.
    pub fn command(&mut self, command: Command) -> Vec<(Ticket, Call)> {
        let warned = std::mem::take(&mut self.warned);
        match command {
            Command::Filter => {
                let before = self.triage.filter.clone();
                self.dialogs.push(Dialog::Filter(Prompt { sign: '/', editor: Editor::new(&before), before }));
            }
            Command::CommandLine => {
                self.dialogs.push(Dialog::Line(Prompt { sign: ':', editor: Editor::default(), before: String::new() }));
            }
            Command::Palette => self.dialogs.push(palette()),
            Command::Keys => {
                self.dialogs.push(Dialog::Page(Page { title: "Keys".to_owned(), lines: keys::help(), scroll: 0 }));
            }
            Command::Log => {
                let lines = self.log_lines();
                self.dialogs.push(Dialog::Page(Page { title: "Log".to_owned(), scroll: lines.len(), lines }));
            }
            Command::Health => {
                self.health_asked = true;
                return self.load_health();
            }
            Command::Theme => {
                self.shared.theme = self.shared.theme.next();
                self.say(Tone::Calm, format!("theme: {:?}", self.shared.theme.palette).to_lowercase());
            }
            Command::Quit => {
                if self.triage.pending.is_empty() || warned {
                    self.quit = true;
                } else {
                    self.warned = true;
                    let count = wording::count(self.triage.pending.len(), "decision");
                    self.say(Tone::Warn, format!("{count} not confirmed yet; leave again to give up waiting"));
                }
            }
            Command::Refresh => {
                self.redraw = true;
                return self.load();
            }
            command => return self.triage(triage::Msg::Command(command)),
        }
        Vec::new()
    }

    fn log_lines(&self) -> Vec<String> {
        let line = |entry: &Entry| {
            format!("  {} {}", wording::moment(self.shared.now_ms, entry.at_ms, self.shared.offset_s), entry.text)
        };
        self.shared.log.iter().map(line).collect()
    }

    /// What came of a key in a dialog.
    pub fn outcome(&mut self, outcome: Outcome) -> Vec<(Ticket, Call)> {
        match outcome {
            Outcome::Stay => Vec::new(),
            Outcome::Typed(words) => self.triage(triage::Msg::Filtered(words)),
            Outcome::Sought(words) => {
                let places = triage::town::places(&self.triage, &self.shared, &words);
                if let Some(Dialog::Choose(choose)) = self.dialogs.last_mut() {
                    choose.choices = places;
                }
                Vec::new()
            }
            Outcome::Refused(why) => {
                self.say(Tone::Warn, why);
                Vec::new()
            }
            Outcome::Move(command) => self.triage(triage::Msg::Command(command)),
            Outcome::Left => match self.dialogs.pop() {
                Some(Dialog::Filter(prompt)) => self.triage(triage::Msg::FilterLeft(prompt.before)),
                Some(Dialog::Write(write)) => {
                    self.triage(triage::Msg::Draft(write.purpose, write.subjects, write.editor.text().to_owned()))
                }
                Some(Dialog::Conflict(conflict)) => {
                    self.say(Tone::Calm, format!("left as it is; not done: {}", conflict.what));
                    Vec::new()
                }
                _ => Vec::new(),
            },
            Outcome::Done(finish) => {
                self.dialogs.pop();
                match finish {
                    Finish::Chosen(_, Answer::Command(command)) => self.command(command),
                    Finish::Chosen(subjects, answer) => self.triage(triage::Msg::Chosen(subjects, answer)),
                    Finish::Written(subjects, purpose, text) => self.triage(triage::Msg::Written(subjects, purpose, text)),
                    Finish::Confirmed(subjects, decision) => self.triage(triage::Msg::Confirmed(subjects, decision)),
                    Finish::Anyway(conflict) => self.triage(triage::Msg::Anyway(conflict)),
                    Finish::Line(text) => self.line(&text),
                    Finish::Closed => Vec::new(),
                }
            }
        }
    }

    fn line(&mut self, text: &str) -> Vec<(Ticket, Call)> {
        if text.trim().is_empty() {
            return Vec::new();
        }
        self.lines.push(text.to_owned());
        match line::parse(text, &self.shared) {
            Ok(line::Order::Command(command)) => self.command(command),
            Ok(order) => self.triage(triage::Msg::Order(order)),
            Err(why) => {
                self.say(Tone::Bad, why);
                Vec::new()
            }
        }
    }

    fn notice(&mut self, notice: Notice) -> Vec<(Ticket, Call)> {
        match notice {
            Notice::Up => {
                if matches!(self.shared.link, Link::Away { .. }) {
                    self.say(Tone::Calm, "the town's service is back".to_owned());
                }
                self.shared.link = Link::Up;
                self.load()
            }
            Notice::Change(change) => {
                let mut calls = if change.what == api::What::Town { self.load_town() } else { Vec::new() };
                calls.extend(self.triage(triage::Msg::Change(change)));
                calls
            }
            Notice::Down(reason) => {
                if !matches!(self.shared.link, Link::Away { .. }) {
                    self.say(Tone::Bad, format!("the town's service is away, trying again ({reason})"));
                    self.shared.link = Link::Away { since_ms: self.shared.now_ms, reason };
                }
                Vec::new()
            }
        }
    }

    fn reply(&mut self, ticket: Ticket, reply: Reply) -> Vec<(Ticket, Call)> {
        match reply {
            Reply::Town(result) if self.town_ticket == Some(ticket) => {
                self.town_ticket = None;
                match *result {
                    Ok(town) => {
                        let file = town.map_file.clone().map(PathBuf::from);
                        let before = self.shared.town.replace(town).map(|town| town.notices).unwrap_or_default();
                        let mut calls = self.load_map(file);
                        calls.extend(self.noticed(&before));
                        return calls;
                    }
                    Err(error) => self.say(Tone::Bad, error.to_string()),
                }
            }
            Reply::Health(result) if self.health_ticket == Some(ticket) => {
                self.health_ticket = None;
                self.told(*result);
            }
            Reply::Me(result) if self.me_ticket == Some(ticket) => {
                self.me_ticket = None;
                match result {
                    Ok(me) => self.shared.me = Some(me),
                    Err(error) => self.say(Tone::Bad, error.to_string()),
                }
            }
            Reply::Map(result) if self.map_ticket == Some(ticket) => {
                self.map_ticket = None;
                match result {
                    Ok(town) => self.shared.map = Some(town),
                    Err(why) => self.say(Tone::Warn, format!("no base map: {why}")),
                }
            }
            // Late: something newer was asked meanwhile.
            Reply::Town(_) | Reply::Me(_) | Reply::Health(_) | Reply::Map(_) => {}
            reply => return self.triage(triage::Msg::Reply(ticket, Box::new(reply))),
        }
        Vec::new()
    }

    fn load_map(&mut self, file: Option<PathBuf>) -> Vec<(Ticket, Call)> {
        let known = self.map_file == file && (self.shared.map.is_some() || self.map_ticket.is_some());
        let Some(path) = file.clone().filter(|_| !known) else { return Vec::new() };
        self.map_file = file;
        let ticket = self.tickets.draw();
        self.map_ticket = Some(ticket);
        vec![(ticket, Call::Map(path))]
    }
}

fn palette() -> Dialog {
    let choices = keys::commands()
        .map(|binding| Choice {
            name: binding.name.to_owned(),
            detail: format!("{:<12} {}", binding.keys.first().copied().unwrap_or_default(), binding.label),
            answer: Answer::Command(binding.command),
        })
        .collect();
    Dialog::Choose(Choose::new("Commands".to_owned(), choices, 0, Vec::new()))
}

#[cfg(test)]
pub(crate) mod tests;
