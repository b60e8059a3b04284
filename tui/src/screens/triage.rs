//! Triage: queues of reports, one of them read, and what is decided about them.

use std::cell::Cell;
use std::collections::BTreeSet;

use api::{Case, Change, Decision, EventId, Queue, QueueCounts, QueueQuery, QueueReply, ReportId, RequestId, Row, What};

use crate::effects::{Call, Effect, Reply, Ticket};
use crate::keys::Command;
use crate::line::{Act, Order};
use crate::parts::dialog::{Answer, Conflict, Purpose, Subject};
use crate::shared::Shared;
use crate::theme::Tone;
use crate::wording;

pub mod act;
pub mod ask;
pub mod list;
pub mod detail;
pub mod beside;
pub mod town;
pub mod view;

pub use view::view;

/// Rows asked for at once; the daemon's own limit.
const ROWS_MAX: u32 = 1000;

/// A part of the screen that takes the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// The queue.
    List,
    /// The report.
    Detail,
    /// The map and what is near.
    Beside,
}

/// A decision of this session, to be taken back or done again.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// What, in words.
    pub text: String,
    /// The decision.
    pub decision: Decision,
    /// On which reports, and as which event.
    pub on: Vec<(Subject, EventId)>,
}

/// Why a decision was sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// Somebody wished it.
    Wish,
    /// To take this back.
    Undo(Done),
    /// To do this again.
    Redo(Done),
}

/// A decision on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    ticket: Ticket,
    call: api::Decide,
    subjects: Vec<Subject>,
    text: String,
    cause: Cause,
    /// The daemon was away: to be sent again.
    held: bool,
}

/// Looking for a report that is in no row.
#[derive(Debug, Clone, PartialEq)]
struct Lookup {
    ticket: Ticket,
    reference: String,
    queue: Queue,
    order: Order,
}

/// The screen's state.
#[derive(Debug, Clone)]
pub struct State {
    pub queue: Queue,
    pub counts: QueueCounts,
    pub rows: Vec<Row>,
    /// How many the daemon has for this queue and filter.
    pub total: u32,
    /// Words that all rows have.
    pub filter: String,
    /// Words of the last filter, for `n` and `N`.
    pub words: String,
    pub selected: Option<ReportId>,
    pub marks: BTreeSet<ReportId>,
    /// Where a range began.
    pub range: Option<ReportId>,
    pub pane: Pane,
    /// The pane alone.
    pub zoomed: bool,
    /// First line of the report shown.
    pub scroll: usize,
    /// Steps closer (+) or farther (-) than the map's usual scale.
    pub closer: i8,
    /// The town's map over the whole screen, while it is open.
    pub town_map: Option<town::TownMap>,
    /// The report read; of `selected`, or not yet.
    pub case: Option<Case>,
    /// Somebody else did something to the report under the cursor.
    pub news: Option<(ReportId, String)>,
    pub done: Vec<Done>,
    pub undone: Vec<Done>,
    pub pending: Vec<Pending>,
    /// Words of a text that was left, for the next try.
    drafts: Vec<(Purpose, ReportId, String)>,
    /// Rows found by reference, outside the list.
    found: Vec<Row>,
    lookup: Option<Lookup>,
    tickets: Ticket,
    /// Random, from outside: makes request ids.
    seed: [u8; 16],
    list_ticket: Option<Ticket>,
    list_stale: bool,
    case_ticket: Option<(Ticket, ReportId)>,
    case_stale: bool,
    /// The first row drawn last time.
    pub top: Cell<usize>,
}

/// What happens to the screen.
#[derive(Debug, Clone)]
pub enum Msg {
    /// A key or palette command.
    Command(Command),
    /// A command with words.
    Order(Order),
    /// Chosen in a dialog.
    Chosen(Vec<Subject>, Answer),
    /// Written in a dialog.
    Written(Vec<Subject>, Purpose, String),
    /// A text was left unfinished.
    Draft(Purpose, Vec<Subject>, String),
    /// Looked at and wanted.
    Confirmed(Vec<Subject>, Decision),
    /// After a conflict: mine anyway.
    Anyway(Conflict),
    /// The filter as it is typed.
    Filtered(String),
    /// The filter was left: all rows again.
    FilterLeft(String),
    /// An answer from the daemon.
    Reply(Ticket, Box<Reply>),
    /// Something changed.
    Change(Change),
    /// The daemon is there (again): read everything anew, send what waits.
    Up,
}

impl State {
    /// An empty screen. `seed` is random.
    pub fn new(seed: [u8; 16]) -> State {
        State {
            queue: Queue::New,
            counts: QueueCounts::default(),
            rows: Vec::new(),
            total: 0,
            filter: String::new(),
            words: String::new(),
            selected: None,
            marks: BTreeSet::new(),
            range: None,
            pane: Pane::List,
            zoomed: false,
            scroll: 0,
            closer: 0,
            town_map: None,
            case: None,
            news: None,
            done: Vec::new(),
            undone: Vec::new(),
            pending: Vec::new(),
            drafts: Vec::new(),
            found: Vec::new(),
            lookup: None,
            tickets: Ticket(0),
            seed,
            list_ticket: None,
            list_stale: false,
            case_ticket: None,
            case_stale: false,
            top: Cell::new(0),
        }
    }

    /// Whether an answer is awaited.
    pub fn waits(&self) -> bool {
        self.list_ticket.is_some()
            || self.case_ticket.is_some()
            || self.lookup.is_some()
            || self.pending.iter().any(|pending| !pending.held)
    }

    /// Position of the selected row.
    pub fn position(&self) -> Option<usize> {
        let selected = self.selected?;
        self.rows.iter().position(|row| row.summary.id == selected)
    }

    /// The report read, if it is the selected one.
    pub fn reading(&self) -> Option<&Case> {
        self.case.as_ref().filter(|case| Some(case.report.summary.id) == self.selected)
    }

    /// The row of a report: in the list, found by reference, or read.
    pub fn row(&self, report: ReportId) -> Option<&Row> {
        let read = self.case.as_ref().map(|case| &case.row);
        self.rows.iter().chain(&self.found).chain(read).find(|row| row.summary.id == report)
    }

    /// A wish's id: the seed with a count in it, so that it is new each time and known beforehand.
    fn request(&mut self) -> RequestId {
        let count = self.tickets.draw().0.to_be_bytes();
        let mut id = self.seed;
        for (byte, count) in id[8..].iter_mut().zip(count) {
            *byte ^= count;
        }
        RequestId(id)
    }

    /// Reads the queue anew; while an answer is on its way, once more after it.
    fn load_list(&mut self) -> Vec<Effect> {
        if self.list_ticket.is_some() {
            self.list_stale = true;
            return Vec::new();
        }
        let ticket = self.tickets.draw();
        self.list_ticket = Some(ticket);
        self.list_stale = false;
        let filter = self.filter.trim();
        let query = QueueQuery {
            queue: self.queue,
            filter: (!filter.is_empty()).then(|| filter.to_owned()),
            department: None,
            limit: Some(ROWS_MAX),
            offset: None,
        };
        vec![Effect::Call(ticket, Call::Queue(query))]
    }

    /// Reads the selected report anew.
    fn load_case(&mut self) -> Vec<Effect> {
        let Some(selected) = self.selected else { return Vec::new() };
        if self.case_ticket.is_some() {
            self.case_stale = true;
            return Vec::new();
        }
        let ticket = self.tickets.draw();
        self.case_ticket = Some((ticket, selected));
        self.case_stale = false;
        vec![Effect::Call(ticket, Call::Case(selected))]
    }

    fn reload(&mut self) -> Vec<Effect> {
        let mut effects = self.load_list();
        effects.extend(self.load_case());
        effects
    }

    /// Points at a report and reads it.
    fn select(&mut self, report: Option<ReportId>) -> Vec<Effect> {
        if self.selected == report {
            return Vec::new();
        }
        self.selected = report;
        self.scroll = 0;
        self.news = None;
        self.load_case()
    }
}

/// What a message makes of the screen.
pub fn update(state: &mut State, msg: Msg, shared: &Shared) -> Vec<Effect> {
    match msg {
        Msg::Command(command) => update_command(state, command, shared),
        Msg::Order(order) => update_order(state, order, shared),
        Msg::Chosen(subjects, answer) => ask::chosen(state, subjects, answer, shared),
        Msg::Written(subjects, purpose, text) => ask::written(state, subjects, purpose, text, shared),
        Msg::Draft(purpose, subjects, text) => {
            if let Some(subject) = subjects.first() {
                state.drafts.retain(|(for_what, report, _)| (*for_what, *report) != (purpose, subject.report));
                if !text.trim().is_empty() {
                    state.drafts.push((purpose, subject.report, text));
                }
            }
            Vec::new()
        }
        Msg::Confirmed(subjects, decision) => act::send(state, subjects, decision, Cause::Wish, shared),
        Msg::Anyway(conflict) => act::anyway(state, conflict, shared),
        Msg::Filtered(words) => {
            state.filter = words;
            state.load_list()
        }
        Msg::FilterLeft(before) => {
            state.words = std::mem::replace(&mut state.filter, before);
            state.load_list()
        }
        Msg::Reply(ticket, reply) => update_reply(state, ticket, *reply, shared),
        Msg::Change(change) => update_change(state, &change, shared),
        Msg::Up => {
            let mut effects = state.reload();
            for pending in state.pending.iter_mut().filter(|pending| pending.held) {
                pending.held = false;
                effects.push(Effect::Call(pending.ticket, Call::Decide(pending.call.clone())));
            }
            effects
        }
    }
}

fn update_command(state: &mut State, command: Command, shared: &Shared) -> Vec<Effect> {
    if let Some(effects) = town::command(state, command, shared) {
        return effects;
    }
    match command {
        Command::Map => town::open(state, shared),
        Command::Place => town::finder(shared),
        Command::Queue(queue) => go(state, queue, String::new()),
        Command::Refresh => state.reload(),
        Command::NextPane | Command::PreviousPane => {
            let order = [Pane::List, Pane::Detail, Pane::Beside];
            let at = order.iter().position(|pane| *pane == state.pane).unwrap_or(0);
            let step = if command == Command::NextPane { 1 } else { 2 };
            state.pane = order[(at + step) % 3];
            Vec::new()
        }
        Command::Open => {
            if state.selected.is_some() {
                state.pane = Pane::Detail;
            }
            state.load_case()
        }
        Command::Back => back(state),
        Command::Zoom => {
            state.zoomed = true;
            Vec::new()
        }
        Command::Unzoom => {
            state.zoomed = false;
            Vec::new()
        }
        Command::MapCloser | Command::MapFarther => {
            let step = if command == Command::MapCloser { 1 } else { -1 };
            state.closer = (state.closer + step).clamp(-6, 4);
            Vec::new()
        }
        Command::Down | Command::Up | Command::PageDown | Command::PageUp | Command::Top | Command::Bottom => {
            list::moved(state, command)
        }
        Command::NextMatch | Command::PreviousMatch => list::matched(state, command == Command::NextMatch, shared),
        Command::Mark | Command::Range | Command::MarkAll | Command::Invert | Command::Unmark => list::marked(state, command),
        Command::Undo => act::undo(state, shared),
        Command::Redo => act::redo(state, shared),
        Command::Take => match &shared.me {
            Some(me) => {
                let subjects = act::subjects(state);
                act::propose(state, subjects, Decision::Assign { to: Some(me.me.id) }, shared)
            }
            None => vec![Effect::Say(Tone::Bad, "the town's service has not said yet who you are".to_owned())],
        },
        command => {
            let subjects = act::subjects(state);
            ask::begin(state, command, subjects, shared)
        }
    }
}

/// Esc: the range first, then zoom, then the pane, then marks, then the filter.
fn back(state: &mut State) -> Vec<Effect> {
    if state.range.take().is_some() {
    } else if state.zoomed {
        state.zoomed = false;
    } else if state.pane != Pane::List {
        state.pane = Pane::List;
    } else if !state.marks.is_empty() {
        state.marks.clear();
    } else if !state.filter.is_empty() {
        state.words = std::mem::take(&mut state.filter);
        return state.load_list();
    }
    Vec::new()
}

/// To another queue or filter. Marks do not go along: nobody acts on what is not on the screen.
fn go(state: &mut State, queue: Queue, filter: String) -> Vec<Effect> {
    if state.queue != queue || state.filter != filter {
        state.queue = queue;
        state.filter = filter;
        state.marks.clear();
        state.range = None;
        state.rows.clear();
        state.total = 0;
        if let Some(map) = &mut state.town_map {
            map.refit();
        }
        // The answer to the old question is no longer wanted.
        state.list_ticket = None;
    }
    state.pane = Pane::List;
    state.load_list()
}

fn update_order(state: &mut State, order: Order, shared: &Shared) -> Vec<Effect> {
    let missing = |state: &State, reference: &str| act::find(state, reference).is_err();
    match &order {
        Order::Command(command) => update_command(state, *command, shared),
        Order::List => state.load_list(),
        Order::Queue(queue) => go(state, *queue, String::new()),
        Order::Filter(words) => {
            state.filter = words.clone();
            state.load_list()
        }
        Order::Open(reference) => match act::find(state, reference) {
            Ok(row) => {
                let (report, listed) = (row.summary.id, state.rows.iter().any(|listed| listed.summary.id == row.summary.id));
                let mut effects = Vec::new();
                if !listed {
                    let queue = if row.hidden {
                        Queue::Hidden
                    } else if row.summary.status.is_open() {
                        Queue::All
                    } else {
                        Queue::Closed
                    };
                    effects = go(state, queue, reference.clone());
                }
                state.pane = Pane::Detail;
                state.selected = Some(report);
                state.scroll = 0;
                effects.extend(state.load_case());
                effects
            }
            Err(_) => look_up(state, reference.clone(), order),
        },
        Order::Find(words) => town::find(state, words, shared),
        Order::Mark(what) => list::mark_named(state, what),
        Order::Act { on, act } => {
            let into = match act {
                Act::MergeInto(into) => Some(into),
                _ => None,
            };
            if let Some(reference) = on.iter().chain(into).find(|reference| missing(state, reference)) {
                return look_up(state, reference.clone(), order.clone());
            }
            let subjects = if on.is_empty() {
                act::subjects(state)
            } else {
                on.iter().filter_map(|reference| act::find(state, reference).ok()).map(|row| act::subject(&row)).collect()
            };
            let effects = match act {
                Act::Decide(decision) => act::propose(state, subjects, decision.clone(), shared),
                Act::MergeInto(into) => match act::find(state, into) {
                    Ok(row) => act::propose(state, subjects, Decision::Merge { into: row.summary.id }, shared),
                    Err(error) => vec![Effect::Say(Tone::Bad, error)],
                },
                Act::Ask(Command::Take) => update_command(state, Command::Take, shared),
                Act::Ask(command) => ask::begin(state, *command, subjects, shared),
            };
            state.found.clear();
            effects
        }
    }
}

/// Asks the daemon for the report of a reference: open ones first, then closed, then hidden.
fn look_up(state: &mut State, reference: String, order: Order) -> Vec<Effect> {
    if reference.starts_with('#') {
        return vec![Effect::Say(Tone::Bad, format!("there is no row {reference}"))];
    }
    let ticket = state.tickets.draw();
    state.lookup = Some(Lookup { ticket, reference: reference.clone(), queue: Queue::All, order });
    vec![Effect::Call(ticket, Call::Queue(query_of(Queue::All, reference)))]
}

fn query_of(queue: Queue, reference: String) -> QueueQuery {
    QueueQuery { queue, filter: Some(reference), department: None, limit: Some(20), offset: None }
}

fn looked_up(state: &mut State, mut lookup: Lookup, reply: QueueReply, shared: &Shared) -> Vec<Effect> {
    let rows: Vec<Row> = reply.rows.into_iter().filter(|row| row.summary.reference == lookup.reference).collect();
    if rows.len() > 1 {
        let places: Vec<_> = rows.iter().map(|row| row.summary.place.address.as_deref().unwrap_or("no address")).collect();
        let text = format!("several reports are {}: {}; choose in the list", lookup.reference, places.join(", "));
        return vec![Effect::Say(Tone::Bad, text)];
    }
    if let Some(row) = rows.into_iter().next() {
        state.found.retain(|known| known.summary.id != row.summary.id);
        state.found.push(row);
        return update_order(state, lookup.order, shared);
    }
    let next = match lookup.queue {
        Queue::All => Queue::Closed,
        Queue::Closed => Queue::Hidden,
        _ => return vec![Effect::Say(Tone::Bad, format!("there is no report {}", lookup.reference))],
    };
    lookup.queue = next;
    lookup.ticket = state.tickets.draw();
    let effect = Effect::Call(lookup.ticket, Call::Queue(query_of(next, lookup.reference.clone())));
    state.lookup = Some(lookup);
    vec![effect]
}

fn update_reply(state: &mut State, ticket: Ticket, reply: Reply, shared: &Shared) -> Vec<Effect> {
    match reply {
        Reply::Queue(result) if state.list_ticket == Some(ticket) => {
            state.list_ticket = None;
            let mut effects = match result {
                Ok(reply) => listed(state, reply),
                Err(error) => vec![Effect::Say(Tone::Bad, error.to_string())],
            };
            if state.list_stale {
                effects.extend(state.load_list());
            }
            effects
        }
        Reply::Queue(result) => match (state.lookup.take_if(|lookup| lookup.ticket == ticket), result) {
            (Some(lookup), Ok(reply)) => looked_up(state, lookup, reply, shared),
            (Some(_), Err(error)) => vec![Effect::Say(Tone::Bad, error.to_string())],
            (None, _) => Vec::new(),
        },
        Reply::Case(result) => {
            let Some((_, report)) = state.case_ticket.take_if(|(waited, _)| *waited == ticket) else { return Vec::new() };
            let mut effects = Vec::new();
            // Somebody may have moved on while this was read.
            if Some(report) == state.selected {
                match *result {
                    Ok(case) => effects.extend(read(state, case, shared)),
                    Err(error) => effects.push(Effect::Say(Tone::Bad, error.to_string())),
                }
            }
            if state.case_stale || Some(report) != state.selected {
                effects.extend(state.load_case());
            }
            effects
        }
        Reply::Decided(result) => act::decided(state, ticket, result, shared),
        Reply::Town(_) | Reply::Health(_) | Reply::Me(_) | Reply::Map(_) => Vec::new(),
    }
}

/// New rows: the selection stays on the same report, or goes to the one that took its place.
fn listed(state: &mut State, reply: QueueReply) -> Vec<Effect> {
    let old = state.position();
    state.rows = reply.rows;
    state.total = reply.total;
    state.counts = reply.counts;
    town::listed(state);
    let here: BTreeSet<ReportId> = state.rows.iter().map(|row| row.summary.id).collect();
    let gone: Vec<ReportId> = state.marks.difference(&here).copied().collect();
    state.marks.retain(|report| here.contains(report));
    state.range = state.range.filter(|report| here.contains(report));
    let mut effects = Vec::new();
    if !gone.is_empty() {
        let names: Vec<_> = gone.iter().map(ReportId::reference).collect();
        effects.push(Effect::Say(Tone::News, format!("no longer here, so no longer marked: {}", names.join(", "))));
    }
    if state.position().is_none() && (state.pane == Pane::List || state.selected.is_none()) {
        let at = old.unwrap_or(0).min(state.rows.len().saturating_sub(1));
        let report = state.rows.get(at).map(|row| row.summary.id);
        effects.extend(state.select(report));
    }
    effects
}

/// A report read. What others did to it since the last reading is said.
fn read(state: &mut State, case: Case, shared: &Shared) -> Vec<Effect> {
    let mut effects = Vec::new();
    let report = case.report.summary.id;
    if let Some(old) = state.case.as_ref().filter(|old| old.report.summary.id == report) {
        let others = case.record.iter().filter(|record| {
            let new = old.record.iter().all(|known| known.event != record.event);
            new && record.by.is_none_or(|by| !shared.is_me(by))
        });
        let news: Vec<String> = others.map(|record| shared.record(record, &case.record)).collect();
        if !news.is_empty() {
            let text = news.join("; ");
            effects.push(Effect::Say(Tone::News, format!("{} just now, {text}", case.report.summary.reference)));
            state.news = Some((report, text));
        }
    }
    if let Some(row) = state.rows.iter_mut().find(|row| row.summary.id == report) {
        *row = case.row.clone();
    }
    state.case = Some(case);
    effects
}

fn update_change(state: &mut State, change: &Change, shared: &Shared) -> Vec<Effect> {
    let mut effects = state.load_list();
    if change.what == What::Missed || change.report.is_some() && change.report == state.selected {
        effects.extend(state.load_case());
    }
    let reference = change.reference.as_deref().map(wording::one_line).unwrap_or_default();
    match (change.what, change.by) {
        (What::Decided, Some(by)) if !shared.is_me(by) && change.report != state.selected => {
            effects.push(Effect::Say(Tone::News, format!("{} decided about {reference}", shared.staff_name(by))));
        }
        (What::Filed, _) => effects.push(Effect::Say(Tone::News, format!("{reference} came in"))),
        _ => {}
    }
    effects
}
