//! One table of commands: where, keys, long name, label. Help, footer, command line and palette all come from it.

use api::Queue;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Where the keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The triage screen, whatever pane.
    Triage,
    /// The queue on the town's map.
    Map,
    /// Choosing from a list; letters narrow it.
    Choose,
    /// Writing a text of several lines.
    Write,
    /// One line: filter, command.
    Line,
    /// Looking at what is about to be done.
    Review,
    /// Somebody else decided meanwhile.
    Conflict,
    /// Reading a page.
    Page,
}

impl Context {
    /// Every context.
    pub const ALL: [Context; 8] =
        [Self::Triage, Self::Map, Self::Choose, Self::Write, Self::Line, Self::Review, Self::Conflict, Self::Page];

    /// As help calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Triage => "Triage",
            Self::Map => "Town map",
            Self::Choose => "Choosing",
            Self::Write => "Writing",
            Self::Line => "Filter and command line",
            Self::Review => "Before it is done",
            Self::Conflict => "Conflict",
            Self::Page => "Reading",
        }
    }
}

/// What a key or a long name makes happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Down,
    Up,
    PageDown,
    PageUp,
    Top,
    Bottom,
    Open,
    Back,
    NextPane,
    PreviousPane,
    Zoom,
    Unzoom,
    MapCloser,
    MapFarther,
    MapWest,
    MapEast,
    MapWhole,
    MapHere,
    HopNorth,
    HopSouth,
    HopWest,
    HopEast,
    Map,
    Place,
    Queue(Queue),
    Filter,
    NextMatch,
    PreviousMatch,
    Mark,
    Range,
    MarkAll,
    Invert,
    Unmark,
    Category,
    Department,
    Status,
    Take,
    Assign,
    Note,
    Merge,
    Hide,
    Show,
    Snooze,
    Undo,
    Redo,
    Log,
    Health,
    Refresh,
    Theme,
    CommandLine,
    Palette,
    Keys,
    Quit,
    Accept,
    Cancel,
    Anyway,
}

/// A row of the table.
pub struct Binding {
    /// Where it holds.
    pub context: Context,
    /// Keys, by name; two letters are pressed one after the other.
    pub keys: &'static [&'static str],
    /// What happens.
    pub command: Command,
    /// Its long name at `:` and in scripts.
    pub name: &'static str,
    /// What it does, for help and palette.
    pub label: &'static str,
    /// One word for the footer, where it is worth the room; most wanted first.
    pub footer: Option<(u8, &'static str)>,
}

const fn bind(
    context: Context,
    keys: &'static [&'static str],
    command: Command,
    name: &'static str,
    label: &'static str,
) -> Binding {
    Binding { context, keys, command, name, label, footer: None }
}

const fn foot(mut binding: Binding, rank: u8, word: &'static str) -> Binding {
    binding.footer = Some((rank, word));
    binding
}

use Command as C;
use Context::{Choose, Conflict, Line, Map, Page, Review, Triage, Write};

/// Every command, by context, in the order of help.
pub const TABLE: &[Binding] = &[
    bind(Triage, &["j", "Down"], C::Down, "down", "Next row, or scroll"),
    bind(Triage, &["k", "Up"], C::Up, "up", "Previous row, or scroll"),
    bind(Triage, &["Ctrl-d", "PageDown"], C::PageDown, "page-down", "A page down"),
    bind(Triage, &["Ctrl-b", "PageUp"], C::PageUp, "page-up", "A page up"),
    bind(Triage, &["gg", "Home"], C::Top, "top", "First row"),
    bind(Triage, &["G", "End"], C::Bottom, "bottom", "Last row"),
    bind(Triage, &["Enter", "l", "Right"], C::Open, "open", "Read the report"),
    bind(Triage, &["Esc", "h", "Left"], C::Back, "back", "Back: range, marks, filter, then the list"),
    bind(Triage, &["Tab"], C::NextPane, "next-pane", "Next pane"),
    bind(Triage, &["BackTab"], C::PreviousPane, "previous-pane", "Previous pane"),
    bind(Triage, &["+"], C::Zoom, "zoom", "This pane alone"),
    bind(Triage, &["_"], C::Unzoom, "unzoom", "All panes"),
    bind(Triage, &["]"], C::MapCloser, "map-closer", "Map closer"),
    bind(Triage, &["["], C::MapFarther, "map-farther", "Map farther"),
    bind(Triage, &["M"], C::Map, "map", "The queue on the town's map"),
    bind(Triage, &["F"], C::Place, "place", "Find a street, number, crossing or name on the map"),
    bind(Triage, &["1"], C::Queue(Queue::New), "queue-new", "Queue: received, nobody has it"),
    bind(Triage, &["2"], C::Queue(Queue::Mine), "queue-mine", "Queue: open and mine"),
    bind(Triage, &["3"], C::Queue(Queue::Waiting), "queue-waiting", "Queue: put aside or planned"),
    bind(Triage, &["4"], C::Queue(Queue::Overdue), "queue-overdue", "Queue: past its day"),
    bind(Triage, &["5"], C::Queue(Queue::All), "queue-all", "Queue: everything open"),
    bind(Triage, &["6"], C::Queue(Queue::Closed), "queue-closed", "Queue: closed"),
    bind(Triage, &["7"], C::Queue(Queue::Hidden), "queue-hidden", "Queue: hidden from the public"),
    foot(bind(Triage, &["/"], C::Filter, "filter", "Filter the queue by words"), 9, "filter"),
    bind(Triage, &["n"], C::NextMatch, "next-match", "Next row with the filter's words"),
    bind(Triage, &["N"], C::PreviousMatch, "previous-match", "Previous row with the filter's words"),
    foot(bind(Triage, &["Space"], C::Mark, "mark", "Mark and go on"), 7, "mark"),
    bind(Triage, &["v"], C::Range, "range", "Mark from here to where you go; again to end"),
    bind(Triage, &["*"], C::MarkAll, "mark-all", "Mark all in the filter"),
    bind(Triage, &["I"], C::Invert, "invert", "Turn the marks round"),
    bind(Triage, &["U"], C::Unmark, "unmark", "Take all marks off"),
    foot(bind(Triage, &["s"], C::Status, "status", "Set the status, with an answer for the public"), 1, "status+answer"),
    foot(bind(Triage, &["c"], C::Category, "category", "Change the category; its department takes over"), 3, "category"),
    bind(Triage, &["d"], C::Department, "department", "Hand to another department"),
    bind(Triage, &["t"], C::Take, "take", "Assign to me"),
    foot(bind(Triage, &["A"], C::Assign, "assign", "Assign to a colleague, to me or to nobody"), 2, "assign"),
    foot(bind(Triage, &["e"], C::Note, "note", "Write an internal note"), 6, "note"),
    foot(bind(Triage, &["m"], C::Merge, "merge", "Merge into another report as its duplicate"), 4, "merge"),
    foot(bind(Triage, &["x"], C::Hide, "hide", "Hide from the public, with a reason"), 10, "hide"),
    bind(Triage, &["X"], C::Show, "show", "Show again what was hidden"),
    foot(bind(Triage, &["z"], C::Snooze, "snooze", "Put aside until a day"), 11, "snooze"),
    foot(bind(Triage, &["u"], C::Undo, "undo", "Take the last decision back (recorded)"), 5, "undo"),
    bind(Triage, &["Ctrl-r"], C::Redo, "redo", "Do again what was taken back"),
    bind(Triage, &["L"], C::Log, "log", "What was done in this session"),
    bind(Triage, &["H"], C::Health, "health", "How the box is: service, disk, machine, clock"),
    bind(Triage, &["R", "F5"], C::Refresh, "refresh", "Read everything again and redraw"),
    bind(Triage, &["T"], C::Theme, "theme", "Next theme: default, contrast, mono"),
    foot(bind(Triage, &[":"], C::CommandLine, "command", "Command line"), 12, "command"),
    foot(bind(Triage, &["Ctrl-p"], C::Palette, "palette", "Find a command"), 8, "palette"),
    foot(bind(Triage, &["?", "F1"], C::Keys, "help", "The keys"), 0, "keys"),
    bind(Triage, &["q", "Ctrl-c"], C::Quit, "quit", "Leave"),
    foot(bind(Map, &["Tab", "n"], C::NextMatch, "next-report", "Next report on the map, as one reads"), 1, "next"),
    bind(Map, &["BackTab", "N"], C::PreviousMatch, "previous-report", "Previous report on the map"),
    foot(bind(Map, &["L"], C::HopEast, "hop-east", "Nearest report to the east"), 5, "east"),
    foot(bind(Map, &["H"], C::HopWest, "hop-west", "Nearest report to the west"), 2, "hop west"),
    foot(bind(Map, &["K"], C::HopNorth, "hop-north", "Nearest report to the north"), 4, "north"),
    foot(bind(Map, &["J"], C::HopSouth, "hop-south", "Nearest report to the south"), 3, "south"),
    bind(Map, &["j", "Down"], C::Down, "down", "Map south"),
    bind(Map, &["k", "Up"], C::Up, "up", "Map north"),
    bind(Map, &["h", "Left"], C::MapWest, "map-west", "Map west"),
    bind(Map, &["l", "Right"], C::MapEast, "map-east", "Map east"),
    foot(bind(Map, &["+", "]"], C::MapCloser, "map-closer", "Map closer"), 7, "closer"),
    foot(bind(Map, &["-", "["], C::MapFarther, "map-farther", "Map farther"), 8, "farther"),
    bind(Map, &["0"], C::MapWhole, "map-whole", "The whole town"),
    bind(Map, &["M"], C::Map, "map", "The whole queue"),
    bind(Map, &["."], C::MapHere, "map-here", "The report under the cursor into the middle"),
    foot(bind(Map, &["/", "f"], C::Place, "place", "Find a street, number, crossing or name"), 6, "find"),
    foot(bind(Map, &["Enter"], C::Open, "open", "Read the report"), 9, "read"),
    bind(Map, &["Space"], C::Mark, "mark", "Mark the report"),
    bind(Map, &["s"], C::Status, "status", "Set the status, with an answer for the public"),
    bind(Map, &["c"], C::Category, "category", "Change the category"),
    bind(Map, &["A"], C::Assign, "assign", "Assign to a colleague, to me or to nobody"),
    bind(Map, &["t"], C::Take, "take", "Assign to me"),
    bind(Map, &["e"], C::Note, "note", "Write an internal note"),
    bind(Map, &["m"], C::Merge, "merge", "Merge into another report as its duplicate"),
    bind(Map, &["z"], C::Snooze, "snooze", "Put aside until a day"),
    bind(Map, &["u"], C::Undo, "undo", "Take the last decision back (recorded)"),
    bind(Map, &["T"], C::Theme, "theme", "Next theme"),
    bind(Map, &["F5", "R"], C::Refresh, "refresh", "Read everything again and redraw"),
    bind(Map, &[":"], C::CommandLine, "command", "Command line"),
    bind(Map, &["Ctrl-p"], C::Palette, "palette", "Find a command"),
    foot(bind(Map, &["?", "F1"], C::Keys, "help", "The keys"), 0, "keys"),
    foot(bind(Map, &["q", "Esc"], C::Back, "back", "Back to the list"), 10, "list"),
    bind(Map, &["Ctrl-c"], C::Quit, "quit", "Leave"),
    foot(bind(Choose, &["Enter"], C::Accept, "accept", "Take this one"), 0, "take"),
    foot(bind(Choose, &["Esc", "Ctrl-c"], C::Cancel, "cancel", "Leave it"), 1, "leave it"),
    bind(Choose, &["Down", "Ctrl-n", "Tab"], C::Down, "down", "Next"),
    bind(Choose, &["Up", "Ctrl-p", "BackTab"], C::Up, "up", "Previous"),
    bind(Choose, &["PageDown"], C::PageDown, "page-down", "A page down"),
    bind(Choose, &["PageUp"], C::PageUp, "page-up", "A page up"),
    foot(bind(Write, &["Ctrl-s", "F2"], C::Accept, "accept", "Done: send, or look at it before"), 0, "send"),
    foot(bind(Write, &["Esc", "Ctrl-c"], C::Cancel, "cancel", "Leave it; the words are kept for the next try"), 1, "leave it"),
    foot(bind(Line, &["Enter"], C::Accept, "accept", "Do it"), 0, "do it"),
    foot(bind(Line, &["Esc", "Ctrl-c"], C::Cancel, "cancel", "Leave it"), 1, "leave it"),
    bind(Line, &["Down"], C::Down, "down", "Next row, or later line"),
    bind(Line, &["Up"], C::Up, "up", "Previous row, or earlier line"),
    foot(bind(Review, &["y"], C::Accept, "accept", "Do it"), 0, "do it"),
    foot(bind(Review, &["n", "Esc", "q", "Ctrl-c"], C::Cancel, "cancel", "Leave it"), 1, "leave it"),
    bind(Review, &["j", "Down"], C::Down, "down", "Scroll down"),
    bind(Review, &["k", "Up"], C::Up, "up", "Scroll up"),
    foot(bind(Conflict, &["a"], C::Anyway, "anyway", "Apply mine anyway, after theirs"), 0, "apply mine anyway"),
    foot(bind(Conflict, &["l", "Esc", "Enter", "q", "Ctrl-c"], C::Cancel, "cancel", "Leave theirs as it is"), 1, "leave theirs"),
    bind(Conflict, &["j", "Down"], C::Down, "down", "Scroll down"),
    bind(Conflict, &["k", "Up"], C::Up, "up", "Scroll up"),
    foot(bind(Page, &["Esc", "q", "Enter", "?", "Ctrl-c"], C::Cancel, "cancel", "Close"), 0, "close"),
    bind(Page, &["j", "Down"], C::Down, "down", "Scroll down"),
    bind(Page, &["k", "Up"], C::Up, "up", "Scroll up"),
    bind(Page, &["PageDown", "Space", "Ctrl-d"], C::PageDown, "page-down", "A page down"),
    bind(Page, &["PageUp", "Ctrl-b"], C::PageUp, "page-up", "A page up"),
    bind(Page, &["g", "Home"], C::Top, "top", "First line"),
    bind(Page, &["G", "End"], C::Bottom, "bottom", "Last line"),
];

/// What the keys pressed so far mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A command.
    Command(Command),
    /// The beginning of one.
    More,
    /// Nothing.
    Nothing,
}

/// A key by the name the table uses.
pub fn key_name(key: &KeyEvent) -> String {
    let name = match key.code {
        KeyCode::Char(' ') => "Space".to_owned(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Enter => "Enter".to_owned(),
        KeyCode::Esc => "Esc".to_owned(),
        KeyCode::Tab => "Tab".to_owned(),
        KeyCode::BackTab => "BackTab".to_owned(),
        KeyCode::F(number) => format!("F{number}"),
        other => format!("{other:?}"),
    };
    match key.code {
        KeyCode::Char(_) if key.modifiers.contains(KeyModifiers::CONTROL) => format!("Ctrl-{}", name.to_lowercase()),
        _ if key.modifiers.contains(KeyModifiers::ALT) => format!("Alt-{name}"),
        _ => name,
    }
}

/// What keys mean in a context.
pub fn meaning(context: Context, keys: &str) -> Meaning {
    let mut here = TABLE.iter().filter(|binding| binding.context == context);
    if let Some(binding) = here.find(|binding| binding.keys.contains(&keys)) {
        return Meaning::Command(binding.command);
    }
    let begins = |key: &&str| is_sequence(key) && key.starts_with(keys);
    let more = TABLE.iter().any(|binding| binding.context == context && binding.keys.iter().any(begins));
    if more && keys.len() == 1 { Meaning::More } else { Meaning::Nothing }
}

/// Two small letters are pressed one after the other; names like "Up" and "F1" are one key.
fn is_sequence(key: &str) -> bool {
    key.len() == 2 && key.bytes().all(|letter| letter.is_ascii_lowercase())
}

/// The commands of the triage screen, for palette and command line.
pub fn commands() -> impl Iterator<Item = &'static Binding> {
    TABLE.iter().filter(|binding| binding.context == Triage)
}

/// What the footer shows: key and word, most wanted first.
pub fn footer(context: Context) -> Vec<(&'static str, &'static str)> {
    let mut shown: Vec<_> = TABLE
        .iter()
        .filter(|binding| binding.context == context)
        .filter_map(|binding| Some((binding.footer?, *binding.keys.first()?)))
        .collect();
    shown.sort_by_key(|((rank, _), _)| *rank);
    shown.into_iter().map(|((_, word), key)| (key, word)).collect()
}

/// The whole table as lines, for `?` and `help`.
pub fn help() -> Vec<String> {
    let mut lines = Vec::new();
    for context in Context::ALL {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(context.title().to_owned());
        for binding in TABLE.iter().filter(|binding| binding.context == context) {
            lines.push(format!("  {:<16} {:<15} {}", binding.keys.join(" "), binding.name, binding.label));
        }
    }
    lines.push(String::new());
    lines.push("Signs in the list".to_owned());
    for (sign, meaning) in [
        ("!L ?L", "problem or suggestion, with its category's letter"),
        ("O", "overdue"),
        ("@ a", "assigned to me, to somebody else"),
        ("Z", "put aside until a day"),
        ("H", "hidden from the public"),
        ("C", "two boxes decided at the same time: a person should settle it"),
    ] {
        lines.push(format!("  {sign:<16} {meaning}"));
    }
    lines.push(String::new());
    lines.push("Commands take words after them, at : and in scripts".to_owned());
    for (line, meaning) in crate::line::USES {
        lines.push(format!("  {line:<44} {meaning}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_commands_share_a_key_in_a_context() {
        for context in Context::ALL {
            let mut taken = BTreeSet::new();
            for binding in TABLE.iter().filter(|binding| binding.context == context) {
                for key in binding.keys {
                    assert!(taken.insert(*key), "{key} twice in {context:?}");
                }
            }
            let sequences = taken.iter().filter(|key| is_sequence(key));
            for sequence in sequences {
                assert!(!taken.contains(&sequence[..1]), "{sequence} can never be typed");
            }
        }
    }

    #[test]
    fn every_command_of_the_screen_has_one_long_name() {
        let names: BTreeSet<_> = commands().map(|binding| binding.name).collect();
        assert_eq!(names.len(), commands().count());
        assert!(commands().all(|binding| !binding.label.is_empty() && !binding.keys.is_empty()));
    }

    #[test]
    fn two_letters_are_pressed_one_after_the_other() {
        assert_eq!(meaning(Triage, "g"), Meaning::More);
        assert_eq!(meaning(Triage, "gg"), Meaning::Command(C::Top));
        assert_eq!(meaning(Triage, "gx"), Meaning::Nothing);
        assert_eq!(meaning(Triage, "D"), Meaning::Nothing, "not the beginning of Down");
        let ctrl_p = KeyEvent::new(KeyCode::Char('p'), KeyModifiers::CONTROL);
        assert_eq!(meaning(Triage, &key_name(&ctrl_p)), Meaning::Command(C::Palette));
    }
}
