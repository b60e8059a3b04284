//! What is said: the cursor over the screen, and the words for where it stands and for what has changed. Pure.

use super::{Key, Part, Role, Spot};
use crate::app::{Field, Notice, Overlay, Screen, State, VoiceSheet};
use store::code::FollowCode;

/// Words that are only spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phrase {
    Button,
    Field,
    Picture,
    Checked,
    Unchecked,
    Off,
    Empty,
    OnScreen,
    Greeting,
    GreetingSwitches,
    MoreTime,
    Ended,
    HintButton,
    HintField,
    HintText,
    HintRow,
    HintSwitches,
    SameSwitch,
    SwitchesKnown,
    LeaveRow,
    Keyboard,
}

/// Those words, in the language on the screen.
pub trait Words {
    fn say(&self, phrase: Phrase) -> String;
    fn place(&self, number: usize, all: usize) -> String;
    fn row(&self, first: &str, last: &str) -> String;
    fn capital(&self, letter: &str) -> String;
    fn deleted(&self, letter: &str) -> String;
    fn seconds(&self, seconds: u32) -> String;
    fn found(&self, places: usize) -> String;
    fn address(&self, address: &str) -> String;
}

/// Things to say together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    pub parts: Vec<Part>,
    /// Cuts what is being said.
    pub urgent: bool,
}

impl Say {
    fn now(parts: Vec<Part>) -> Say {
        Say { parts, urgent: true }
    }

    fn then(parts: Vec<Part>) -> Say {
        Say { parts, urgent: false }
    }
}

/// What choosing means where the cursor stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Press it.
    Press(Key),
    /// It was a matter of the cursor only.
    Moved(Say),
}

/// Of the state, what the voice watches.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scene {
    pub on: bool,
    pub language: String,
    pub screen: Screen,
    pub overlay: Overlay,
    pub sheet: VoiceSheet,
    pub by_switches: bool,
    pub first_switch: bool,
    pub same_switch: u32,
    pub notice: Notice,
    pub warning_s: Option<u32>,
    pub typing: Option<Field>,
    /// What stands in the field being typed in.
    pub text: Option<String>,
    /// Texts of fields that can be typed in without the screen's keyboard.
    pub texts: Vec<(Field, String)>,
    pub searching: bool,
    pub found: usize,
    pub address: Option<String>,
    /// What only its owner may hear.
    pub personal: Vec<String>,
    /// Everything on the screen is of that kind, but for its controls.
    pub all_personal: bool,
}

impl Scene {
    /// The scene of a state.
    pub fn of(state: &State) -> Scene {
        let session = &state.session;
        let draft = &session.draft;
        let mut texts = vec![
            (Field::Search, draft.search.text().to_owned()),
            (Field::Text, draft.text.text().to_owned()),
            (Field::Code, session.code.text().to_owned()),
            (Field::Comment, session.opened.comment.text().to_owned()),
        ];
        texts.extend(draft.answers.iter().map(|(code, edit)| (Field::Answer(code.clone()), edit.text().to_owned())));
        // An answer that was chosen is the town's words, not the resident's.
        let chosen = |code: &api::QuestionCode| {
            let questions = state.category().into_iter().flat_map(|category| &category.questions);
            questions.into_iter().any(|question| question.code == *code && !question.values.is_empty())
        };
        let private = |field: &Field| match field {
            Field::Search => false,
            Field::Answer(code) => !chosen(code),
            _ => true,
        };
        let mut personal: Vec<String> = texts
            .iter()
            .filter(|(field, text)| private(field) && text.trim().chars().count() > 2)
            .map(|(_, text)| text.trim().to_owned())
            .collect();
        if let Some((id, code)) = &draft.ids {
            personal.extend([code.to_string(), id.reference()]);
        }
        let typing = session.typing.as_ref().map(|typing| typing.field.clone());
        let text = typing.as_ref().map(|field| state.edit(field).map(|edit| edit.text().to_owned()).unwrap_or_default());
        Scene {
            on: session.voice.on,
            language: state.language().map_or("en", |language| language.as_str()).to_owned(),
            screen: session.screen,
            overlay: session.overlay,
            sheet: session.voice.sheet,
            by_switches: session.voice.switches.is_some(),
            first_switch: session.voice.first_switch.is_some(),
            same_switch: session.voice.same_switch,
            notice: session.notice,
            warning_s: session.warning_s,
            typing,
            text,
            texts,
            searching: draft.search_wanted.is_some(),
            found: draft.found.len(),
            address: draft.address.clone().filter(|_| session.screen == Screen::Place),
            personal,
            all_personal: session.screen == Screen::Report && session.opened.code.is_some(),
        }
    }

    /// What fills or covers the screen: a change of it is a new place to be told of.
    fn stage(&self) -> (Screen, Overlay, VoiceSheet, bool, &str, bool) {
        (self.screen, self.overlay, self.sheet, self.warning_s.is_some(), &self.language, self.first_switch)
    }

    fn is_covered(&self) -> bool {
        self.overlay != Overlay::None || self.sheet != VoiceSheet::None || self.warning_s.is_some()
    }
}

/// The cursor stands on one thing, on a row of keys, on a key of it, or where the row is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Spot(usize),
    Row { from: usize, count: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Cursor {
    entry: usize,
    /// Within a row: which key, or past them all.
    inside: Option<usize>,
}

/// Seconds at which the rest of the warning is said, all in its second half.
const COUNTED_S: [u32; 3] = [15, 10, 5];
/// So many lines are read by themselves when a screen comes.
const LEADING: usize = 12;
/// A hint is given after so long a silence, once.
const HINT_MS: u64 = 8_000;

/// The cursor and what it has said.
#[derive(Debug, Clone, Default)]
pub struct Narrator {
    spots: Vec<Spot>,
    entries: Vec<Entry>,
    cursor: Cursor,
    scene: Scene,
    /// Where the cursor stood before something was laid over the screen, or the keyboard came.
    before: Option<Spot>,
    field: Option<Spot>,
    /// Texts of the screen before: what stands on this one too need not be heard again.
    read: Vec<String>,
    alerts: Vec<String>,
    last: Vec<Part>,
    by_hand: bool,
    /// The field of which letters have been said.
    typed_in: Option<Field>,
    quiet_since_ms: Option<u64>,
    hinted: bool,
}

impl Narrator {
    /// Whether the screen is being read.
    pub fn is_on(&self) -> bool {
        self.scene.on
    }

    /// What the cursor stands on, if that is one thing.
    pub fn spot(&self) -> Option<&Spot> {
        match *self.entries.get(self.cursor.entry)? {
            Entry::Spot(at) => self.spots.get(at),
            Entry::Row { from, count } => {
                let key = self.cursor.inside.filter(|key| *key < count)?;
                self.spots.get(from + key)
            }
        }
    }

    /// The room that the cursor takes: left, top, width, height.
    pub fn place(&self) -> Option<[f32; 4]> {
        if let Some(spot) = self.spot() {
            return Some(spot.place);
        }
        let Some(Entry::Row { from, count }) = self.entries.get(self.cursor.entry) else { return None };
        let row = self.spots.get(*from..from + count)?;
        let [x, y, ..] = row.first()?.place;
        let [last_x, _, last_width, height] = row.last()?.place;
        Some([x, y, last_x + last_width - x, height])
    }

    /// The labels of what the cursor stands on: one, or those of a row of keys.
    pub fn labels(&self) -> Vec<&str> {
        match (self.spot(), self.entries.get(self.cursor.entry)) {
            (Some(spot), _) => vec![&spot.label],
            (None, Some(Entry::Row { from, count })) if self.cursor.inside.is_none() => {
                self.spots.iter().skip(*from).take(*count).map(|spot| spot.label.as_str()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether the cursor is in, or on, a row of keys: the field keeps the keys of a real keyboard.
    pub fn is_in_row(&self) -> bool {
        matches!(self.entries.get(self.cursor.entry), Some(Entry::Row { .. }))
    }

    /// Where a key comes to.
    pub fn ground(&self) -> super::keys::Ground {
        let at_field = self.spot().is_some_and(|spot| spot.role == Role::Field);
        super::keys::Ground { at_field, by_hand: self.by_hand }
    }

    /// Something is typed on a real keyboard.
    pub fn typed_by_hand(&mut self) {
        self.by_hand = true;
    }

    /// What was said last, once more.
    pub fn again(&self) -> Say {
        Say::now(self.last.clone())
    }

    fn lay(&mut self, spots: Vec<Spot>) {
        self.spots = super::reading::uncovered(spots);
        self.entries.clear();
        let mut at = 0;
        while let Some(spot) = self.spots.get(at) {
            match spot.row {
                None => {
                    self.entries.push(Entry::Spot(at));
                    at += 1;
                }
                row => {
                    let count = self.spots[at..].iter().take_while(|spot| spot.row == row).count();
                    self.entries.push(Entry::Row { from: at, count });
                    at += count;
                }
            }
        }
    }

    /// Takes in what is on the screen now, and says what of it is new.
    pub fn follow(&mut self, spots: Vec<Spot>, scene: Scene, words: &dyn Words) -> Vec<Say> {
        let old_spot = self.spot().cloned();
        let old = std::mem::replace(&mut self.scene, scene.clone());
        if !scene.on {
            *self = Narrator { scene, ..Narrator::default() };
            return if old.on { vec![Say::now(vec![Part::new(words.say(Phrase::Ended))])] } else { Vec::new() };
        }
        let old_cursor = self.cursor;
        self.read = self.spots.drain(..).filter(|spot| old.on && spot.role == Role::Text).map(|spot| spot.label).collect();
        self.lay(spots);
        let mut says = Vec::new();
        if !old.on {
            let greeting = if scene.sheet == VoiceSheet::Switches { None } else { Some(Phrase::Greeting) };
            let mut parts: Vec<Part> = greeting.map(|greeting| Part::new(words.say(greeting))).into_iter().collect();
            parts.extend(self.arrive(words));
            says.push(Say::now(parts));
        } else if scene.notice != Notice::None && scene.notice != old.notice && self.go_to(|spot| spot.id == "notice") {
            says.push(Say::now(self.describe(words)));
        } else if scene.same_switch > old.same_switch {
            self.stay(old_spot.as_ref(), old_cursor);
            says.push(Say::now(vec![Part::new(words.say(Phrase::SameSwitch))]));
        } else if scene.stage() != old.stage() {
            says.push(Say::now(self.turn(&old, old_spot.clone(), words)));
        } else if scene.typing.is_some() && old.typing != scene.typing && !self.by_hand {
            self.field = old_spot.clone().filter(|spot| spot.role == Role::Field);
            self.go_to_row();
            let mut parts = vec![Part::new(words.say(Phrase::Keyboard))];
            parts.extend(self.describe(words));
            says.push(Say::now(parts));
        } else if scene.typing.is_none() && old.typing.is_some() {
            let field = self.field.take();
            let found = field.is_some_and(|field| self.go_to(|spot| spot.is_like(&field)));
            if !found && !self.go_to(|spot| spot.role == Role::Field) {
                self.stay(old_spot.as_ref(), old_cursor);
            }
            if !self.by_hand {
                says.push(Say::now(self.describe(words)));
            }
        } else {
            self.stay(old_spot.as_ref(), old_cursor);
        }
        let moved = !says.is_empty();
        let echo = self.echo(&old, words);
        if let Some((field, parts)) = &echo {
            says.push(Say::now(parts.clone()));
            self.typed_in = Some(field.clone());
        }
        self.alert(&mut says);
        self.tell_changes(&old, words, &mut says);
        // The warning's seconds are counted above, not at every tick.
        let counts = scene.warning_s.is_some();
        if !moved && echo.is_none() && !counts && !self.is_in_row() && self.differs(old_spot.as_ref()) {
            says.push(Say::then(self.describe(words)));
        }
        if let Some(say) = says.last() {
            self.last.clone_from(&say.parts);
            self.hinted = false;
            self.quiet_since_ms = None;
        }
        says
    }

    /// What the cursor stands on is another thing now, or says something else.
    fn differs(&self, old: Option<&Spot>) -> bool {
        let said = |spot: &Spot| (spot.label.clone(), spot.detail.clone(), spot.value.clone(), spot.checked, spot.enabled);
        old.map(said) != self.spot().map(said)
    }

    /// Another screen, or something was laid over it or taken away.
    fn turn(&mut self, old: &Scene, old_spot: Option<Spot>, words: &dyn Words) -> Vec<Part> {
        let scene = self.scene.clone();
        self.by_hand = false;
        if old.is_covered() && !scene.is_covered() && old.screen == scene.screen && old.language == scene.language {
            let back = self.before.take();
            let mut parts = Vec::new();
            if old.warning_s.is_some() {
                parts.push(Part::new(words.say(Phrase::MoreTime)));
            }
            if old.sheet == VoiceSheet::Switches && scene.by_switches {
                parts.push(Part::new(words.say(Phrase::SwitchesKnown)));
                parts.push(Part::new(words.say(Phrase::GreetingSwitches)));
            }
            if back.is_some_and(|back| self.go_to(|spot| spot.is_like(&back))) {
                parts.extend(self.describe(words));
            } else {
                parts.extend(self.arrive(words));
            }
            return parts;
        }
        if !old.is_covered() && scene.is_covered() {
            self.before = old_spot;
        }
        let mut parts = Vec::new();
        if old.warning_s.is_some() && scene.warning_s.is_none() && old.screen == scene.screen {
            parts.push(Part::new(words.say(Phrase::MoreTime)));
        }
        parts.extend(self.arrive(words));
        parts
    }

    /// Reads what stands before the first control, and puts the cursor on the last of it.
    fn arrive(&mut self, words: &dyn Words) -> Vec<Part> {
        self.cursor = Cursor::default();
        let leading = self
            .entries
            .iter()
            .take_while(|entry| matches!(entry, Entry::Spot(at) if !self.spots[*at].is_control()))
            .take(LEADING)
            .count();
        if leading == 0 {
            return self.describe(words);
        }
        let mut parts = Vec::new();
        for entry in 0..leading {
            self.cursor.entry = entry;
            if !self.spot().is_some_and(|spot| self.read.contains(&spot.label)) {
                parts.extend(self.describe(words));
            }
        }
        if parts.is_empty() {
            return self.step(true, words).parts;
        }
        parts
    }

    fn go_to(&mut self, wish: impl Fn(&Spot) -> bool) -> bool {
        let found = self.entries.iter().position(|entry| matches!(entry, Entry::Spot(at) if wish(&self.spots[*at])));
        if let Some(entry) = found {
            self.cursor = Cursor { entry, inside: None };
        }
        found.is_some()
    }

    fn go_to_row(&mut self) {
        if let Some(entry) = self.entries.iter().position(|entry| matches!(entry, Entry::Row { .. })) {
            self.cursor = Cursor { entry, inside: None };
        }
    }

    /// Keeps the cursor on what it stood on, wherever that is now.
    fn stay(&mut self, old_spot: Option<&Spot>, old: Cursor) {
        self.cursor = old;
        if let Some(old_spot) = old_spot.filter(|spot| spot.row.is_none()) {
            let _ = self.go_to(|spot| spot.key == old_spot.key) || self.go_to(|spot| spot.is_like(old_spot));
        }
        self.cursor.entry = self.cursor.entry.min(self.entries.len().saturating_sub(1));
        if !self.is_in_row() {
            self.cursor.inside = None;
        }
    }

    /// What was typed or deleted since.
    fn echo(&self, old: &Scene, words: &dyn Words) -> Option<(Field, Vec<Part>)> {
        let changed = |(field, new): &(Field, String)| {
            let before = old.texts.iter().find(|(own, _)| own == field).map_or("", |(_, text)| text);
            (before != new).then(|| (field.clone(), before.to_owned(), new.clone()))
        };
        let (field, before, now) = self.scene.texts.iter().find_map(changed)?;
        if old.screen != self.scene.screen || !(self.by_hand || self.scene.typing.as_ref() == Some(&field)) {
            return None;
        }
        let quiet = self.typed_in.as_ref() == Some(&field);
        let say = |text: String| {
            let mut parts = vec![Part { text, personal: field != Field::Search, quiet }];
            // The next letter is looked for from the row that the cursor is on.
            if self.is_in_row() {
                parts.extend(self.describe(words));
            }
            Some((field.clone(), parts))
        };
        let said = |text: &str| say(self.letter(text, words));
        let kept = now.chars().zip(before.chars()).take_while(|(one, other)| one == other).count();
        let tail = |text: &str, count: usize| text.chars().skip(count).collect::<String>();
        let (added, gone) = (tail(&now, kept), tail(&before, kept));
        if added.chars().count() == 1 && gone.is_empty() {
            // A word is said once it is finished.
            return match added.chars().next() {
                Some(' ' | '\n') => said(before.split_whitespace().next_back().unwrap_or(" ")),
                _ => said(&added),
            };
        }
        if added.is_empty() && gone.chars().count() == 1 {
            return say(words.deleted(&self.letter(&gone, words)));
        }
        said(&now)
    }

    /// A letter as it is said: a capital is called one.
    fn letter(&self, text: &str, words: &dyn Words) -> String {
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            // Codes have no small letters.
            (Some(letter), None) if letter.is_uppercase() && self.scene.typing != Some(Field::Code) => words.capital(text),
            _ => text.to_owned(),
        }
    }

    fn alert(&mut self, says: &mut Vec<Say>) {
        let now: Vec<String> = self.spots.iter().filter(|spot| spot.id == "alert").map(|spot| spot.label.clone()).collect();
        for label in &now {
            let is_read = says.iter().any(|say| say.parts.iter().any(|part| part.text == *label));
            if !self.alerts.contains(label) && !is_read {
                says.push(Say::then(vec![Part::new(label.clone())]));
            }
        }
        self.alerts = now;
    }

    fn tell_changes(&self, old: &Scene, words: &dyn Words, says: &mut Vec<Say>) {
        let scene = &self.scene;
        if old.searching
            && !scene.searching
            && scene.screen == Screen::Place
            && !scene.texts.is_empty()
            && scene.address == old.address
        {
            says.push(Say::then(vec![Part::new(words.found(scene.found))]));
        }
        if let Some(address) = scene.address.as_ref().filter(|_| old.screen == scene.screen && old.address != scene.address) {
            let is_read = says.iter().any(|say| say.parts.iter().any(|part| part.text.contains(address)));
            if !is_read {
                says.push(Say::then(vec![Part::new(words.address(address))]));
            }
        }
        if let (Some(before), Some(now)) = (old.warning_s, scene.warning_s)
            && let Some(counted) = COUNTED_S.iter().rev().find(|second| before > **second && now <= **second)
        {
            says.push(Say::now(vec![Part::new(words.seconds(*counted))]));
        }
    }

    /// Puts into words what the cursor stands on.
    pub fn describe(&self, words: &dyn Words) -> Vec<Part> {
        match self.entries.get(self.cursor.entry) {
            None => Vec::new(),
            Some(Entry::Row { from, count }) => match self.cursor.inside {
                None => self.row(*from, *count, words),
                Some(key) if key < *count => self.spots.get(from + key).map(|spot| self.key(spot, words)).unwrap_or_default(),
                Some(_) => vec![Part::new(words.say(Phrase::LeaveRow))],
            },
            Some(Entry::Spot(at)) => self.spots.get(*at).map(|spot| self.thing(spot, words)).unwrap_or_default(),
        }
    }

    fn row(&self, from: usize, count: usize, words: &dyn Words) -> Vec<Part> {
        let label = |at: usize| self.spots.get(at).map_or("", |spot| spot.label.as_str());
        vec![Part::new(words.row(label(from), label(from + count.saturating_sub(1))))]
    }

    fn key(&self, spot: &Spot, words: &dyn Words) -> Vec<Part> {
        vec![Part::new(self.letter(&spot.label, words))]
    }

    /// The number of a control among all that can be chosen here.
    fn number(&self, key: Key) -> Option<(usize, usize)> {
        let controls = self.entries.iter().filter_map(|entry| match entry {
            Entry::Spot(at) => self.spots.get(*at).filter(|spot| spot.is_control()).map(|spot| Some(spot.key)),
            Entry::Row { .. } => Some(None),
        });
        let controls: Vec<Option<Key>> = controls.collect();
        let number = controls.iter().position(|control| *control == Some(key))?;
        Some((number + 1, controls.len()))
    }

    fn thing(&self, spot: &Spot, words: &dyn Words) -> Vec<Part> {
        let personal = |text: &str| self.scene.personal.iter().any(|own| text.contains(own.as_str()));
        let part = |text: String, is_personal: bool| Part { text, personal: is_personal, quiet: false };
        match spot.role {
            Role::Text => {
                let own = personal(&spot.label) || self.scene.all_personal;
                vec![part(spelled(&spot.label), own)]
            }
            Role::Picture => {
                let label = format!("{}, {}", spot.label, words.say(Phrase::Picture));
                vec![part(label, false)]
            }
            Role::Button => {
                let mut parts =
                    vec![part(spot.label.clone(), personal(&spot.label)), part(spot.detail.clone(), personal(&spot.detail))];
                let mut states = vec![words.say(Phrase::Button)];
                states.extend(spot.checked.map(|checked| words.say(if checked { Phrase::Checked } else { Phrase::Unchecked })));
                if !spot.enabled {
                    states.push(words.say(Phrase::Off));
                }
                states.extend(self.number(spot.key).map(|(number, all)| words.place(number, all)));
                parts.push(Part::new(states.join(", ")));
                parts
            }
            Role::Field => {
                let mut parts = vec![part(spot.label.clone(), false), Part::new(words.say(Phrase::Field))];
                if spot.value.is_empty() {
                    parts.push(Part::new(words.say(Phrase::Empty)));
                    if spot.hint != spot.label && spot.hint.chars().any(char::is_alphanumeric) {
                        parts.push(Part::new(spot.hint.clone()));
                    }
                } else {
                    let searched = self.scene.texts.iter().any(|(field, text)| *field == Field::Search && *text == spot.value);
                    parts.push(part(spot.value.clone(), !searched));
                }
                parts.extend(self.number(spot.key).map(|(number, all)| Part::new(words.place(number, all))));
                parts
            }
        }
    }

    /// Moves the cursor on or back; past the end it begins anew.
    pub fn step(&mut self, forward: bool, words: &dyn Words) -> Say {
        self.by_hand = false;
        let turn = |at: usize, count: usize| if forward { (at + 1) % count } else { (at + count - 1) % count };
        if let (Some(key), Some(Entry::Row { count, .. })) = (self.cursor.inside, self.entries.get(self.cursor.entry)) {
            self.cursor.inside = Some(turn(key, count + 1));
        } else if !self.entries.is_empty() {
            self.cursor = Cursor { entry: turn(self.cursor.entry, self.entries.len()), inside: None };
        }
        self.tell(words)
    }

    /// Chooses what the cursor stands on.
    pub fn choose(&mut self, words: &dyn Words) -> Act {
        if let Some(Entry::Row { count, .. }) = self.entries.get(self.cursor.entry).copied() {
            match self.cursor.inside {
                None => {
                    self.cursor.inside = Some(0);
                    return Act::Moved(self.tell(words));
                }
                Some(key) if key >= count => {
                    self.cursor.inside = None;
                    return Act::Moved(self.tell(words));
                }
                Some(_) => {
                    let key = self.spot().map(|spot| spot.key);
                    // The next letter is looked for by rows again.
                    self.cursor.inside = None;
                    if let Some(key) = key {
                        return Act::Press(key);
                    }
                }
            }
        }
        match self.spot() {
            Some(spot) if spot.is_control() && spot.enabled => Act::Press(spot.key),
            _ => Act::Moved(self.tell(words)),
        }
    }

    fn tell(&mut self, words: &dyn Words) -> Say {
        self.last = self.describe(words);
        self.hinted = false;
        self.quiet_since_ms = None;
        Say::now(self.last.clone())
    }

    /// How to go on, once, when nobody has done anything for a while.
    pub fn hint(&mut self, speaking: bool, now_ms: u64, words: &dyn Words) -> Option<Say> {
        if speaking || !self.scene.on || self.hinted || self.scene.warning_s.is_some() {
            self.quiet_since_ms = None;
            return None;
        }
        let since = *self.quiet_since_ms.get_or_insert(now_ms);
        if now_ms.saturating_sub(since) < HINT_MS {
            return None;
        }
        self.hinted = true;
        let phrase = match self.entries.get(self.cursor.entry) {
            _ if self.scene.sheet == VoiceSheet::Switches => return Some(self.again()),
            _ if self.scene.by_switches => Phrase::HintSwitches,
            Some(Entry::Row { .. }) => Phrase::HintRow,
            _ => match self.spot().map(|spot| spot.role) {
                Some(Role::Button) => Phrase::HintButton,
                Some(Role::Field) => Phrase::HintField,
                _ => Phrase::HintText,
            },
        };
        Some(Say::then(vec![Part::new(words.say(phrase))]))
    }
}

/// A follow-up code letter by letter; anything else as it is.
fn spelled(text: &str) -> String {
    if text.parse::<FollowCode>().is_err() {
        return text.to_owned();
    }
    let groups = text.split('-').map(|group| group.chars().map(String::from).collect::<Vec<_>>().join(" "));
    groups.collect::<Vec<_>>().join(", ")
}
