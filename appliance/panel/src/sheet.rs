//! What stands on each page, before it is laid out for a display.

use crate::fault::{Fault, Kind, faults};
use crate::reading::{Kiosk, Readings, Store};
use crate::word::{Language, Word};

/// What is not known.
pub const UNKNOWN: &str = "–";

/// A page of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// One of [`faults`], counted from 0.
    Fault(usize),
    Pairing,
    /// How to log in to be paired.
    Login,
    Address,
    /// What a technician compares at the first login.
    HostKey,
    Site,
    Version,
    Data,
    Machine,
    Clock,
    Hint,
}

/// The pages to show, in their order: what is wrong first, then what a technician asks for first.
pub fn pages(readings: &Readings) -> Vec<Page> {
    let found = faults(readings);
    let (notes, wrong): (Vec<_>, Vec<_>) = (0..found.len()).partition(|at| found[*at].kind.is_note());
    let mut pages: Vec<Page> = wrong.into_iter().map(Page::Fault).collect();
    if let Some(pairing) = &readings.pairing {
        pages.push(Page::Pairing);
        pages.extend(pairing.address.is_some().then_some(Page::Login));
    }
    pages.push(Page::Address);
    pages.extend(readings.host_key.is_some().then_some(Page::HostKey));
    pages.extend([Page::Site, Page::Version, Page::Data, Page::Machine, Page::Clock]);
    pages.extend(notes.into_iter().map(Page::Fault));
    pages.extend((readings.starts_by_itself != Some(true)).then_some(Page::Hint));
    pages
}

/// How a word is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Plain,
    Good,
    Warn,
    Bad,
}

/// A word and what stands for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub label: Word,
    pub value: String,
    pub tone: Tone,
    /// May take more lines, is never cut: addresses, serial numbers, codes.
    pub is_whole: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// The first is the page's main thing.
    Rows(Vec<Row>),
    Text {
        sentence: String,
        reason: Option<String>,
        advice: String,
    },
    Code {
        link: Option<String>,
        code: Option<String>,
        /// Time left, in words.
        left: Option<String>,
        /// What to do.
        advice: Word,
    },
    Choice {
        choices: Vec<String>,
        selected: usize,
        /// What the selected one brings about.
        meaning: Option<String>,
        /// What the button does.
        advice: [Word; 2],
    },
}

/// A page's contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub title: Word,
    pub tone: Tone,
    pub body: Body,
}

/// What stands on the page. A fault that is gone meanwhile leaves an empty sheet.
pub fn sheet(page: Page, readings: &Readings) -> Sheet {
    let language = Language::of(readings.language.as_deref());
    let writer = Writer { readings, language };
    match page {
        Page::Fault(at) => fault_sheet(faults(readings).into_iter().nth(at)),
        Page::Pairing => pairing_sheet(readings, language),
        Page::Login => plain(Word::Pair, writer.login()),
        Page::Address => plain(Word::Address, writer.address()),
        Page::HostKey => plain(Word::HostKey, vec![row(Word::HostKey, readings.host_key.clone()).whole()]),
        Page::Site => plain(Word::Site, writer.site()),
        Page::Version => plain(Word::Version, writer.version()),
        Page::Data => plain(Word::Data, writer.data()),
        Page::Machine => plain(Word::Machine, writer.machine()),
        Page::Clock => plain(Word::Clock, writer.clock()),
        Page::Hint => Sheet {
            title: Word::Hint,
            tone: Tone::Warn,
            body: Body::Text {
                sentence: language.say(Word::HintIs).to_owned(),
                reason: None,
                advice: language.say(Word::HintDo).to_owned(),
            },
        },
    }
}

fn plain(title: Word, rows: Vec<Row>) -> Sheet {
    Sheet { title, tone: Tone::Plain, body: Body::Rows(rows) }
}

fn fault_sheet(fault: Option<Fault>) -> Sheet {
    let Some(Fault { kind, sentence, reason, advice }) = fault else {
        return plain(Word::Note, Vec::new());
    };
    let (title, tone) = match kind {
        Kind::Offline => (Word::Note, Tone::Plain),
        Kind::Captive => (Word::Note, Tone::Warn),
        _ => (Word::Fault, Tone::Bad),
    };
    Sheet { title, tone, body: Body::Text { sentence, reason, advice } }
}

fn pairing_sheet(readings: &Readings, language: Language) -> Sheet {
    let pairing = readings.pairing.clone().unwrap_or_default();
    let advice = if pairing.link.is_some() { Word::ScanOrType } else { Word::TypeCode };
    let left = pairing.left_s.map(|left| language.say_with(Word::Left, &span(left, language)));
    Sheet { title: Word::Pair, tone: Tone::Plain, body: Body::Code { link: pairing.link, code: pairing.code, left, advice } }
}

fn row(label: Word, value: Option<impl Into<String>>) -> Row {
    Row {
        label,
        value: value.map(Into::into).filter(|value| !value.trim().is_empty()).unwrap_or_else(|| UNKNOWN.to_owned()),
        tone: Tone::Plain,
        is_whole: false,
    }
}

impl Row {
    fn whole(self) -> Row {
        Row { is_whole: true, ..self }
    }

    fn toned(self, tone: Option<Tone>) -> Row {
        Row { tone: tone.unwrap_or_default(), ..self }
    }
}

/// Makes rows of readings.
struct Writer<'r> {
    readings: &'r Readings,
    language: Language,
}

impl Writer<'_> {
    /// A word for each state, and how it is meant.
    fn state<T: Copy>(&self, label: Word, value: Option<T>, say: impl Fn(T) -> (Word, Tone)) -> Row {
        let said = value.map(say);
        row(label, said.map(|(word, _)| self.language.say(word))).toned(said.map(|(_, tone)| tone))
    }

    fn login(&self) -> Vec<Row> {
        let pairing = self.readings.pairing.as_ref();
        let address = pairing.and_then(|pairing| pairing.address.as_ref());
        let code = pairing.and_then(|pairing| pairing.code.clone());
        let login = address.map(|address| format!("ssh pair@{address}"));
        vec![row(Word::Login, login).whole(), row(Word::Code, code).whole()]
    }

    fn address(&self) -> Vec<Row> {
        let network = &self.readings.network;
        let mut rows: Vec<Row> =
            network.addresses.iter().map(|address| row(Word::Address, Some(address.clone())).whole()).collect();
        if rows.is_empty() {
            let known_to_be_none = network.is_plugged.map(|_| self.language.say(Word::NoAddress));
            rows.push(row(Word::Address, known_to_be_none));
        }
        rows.push(row(Word::Name, network.host.clone()));
        rows.push(self.state(Word::Cable, network.is_plugged, |is_plugged| {
            if is_plugged { (Word::Plugged, Tone::Good) } else { (Word::Unplugged, Tone::Plain) }
        }));
        rows
    }

    fn site(&self) -> Vec<Row> {
        let readings = self.readings;
        vec![
            row(Word::Site, readings.site.clone()),
            row(Word::Serial, readings.serial.clone()).whole(),
            row(Word::Town, readings.town.clone()),
        ]
    }

    fn version(&self) -> Vec<Row> {
        let readings = self.readings;
        vec![
            row(Word::Version, readings.version.clone()).whole(),
            row(Word::Slot, readings.slot.as_ref().map(|slot| slot.to_uppercase())),
            self.state(Word::State, readings.is_on_trial, |is_on_trial| {
                if is_on_trial { (Word::OnTrial, Tone::Warn) } else { (Word::Good, Tone::Good) }
            }),
        ]
    }

    fn data(&self) -> Vec<Row> {
        let readings = self.readings;
        let sync = &readings.sync;
        let synced = match (sync.age_s, sync.peers) {
            (None, Some(0)) => Some(self.language.say(Word::Alone).to_owned()),
            (age, _) => age.map(|age| self.language.say_with(Word::Ago, &span(age, self.language))),
        };
        let free = readings.disk.free_bytes.map(|free| match readings.disk.total_bytes {
            Some(total) => format!("{} / {}", bytes(free), bytes(total)),
            None => bytes(free),
        });
        vec![
            self.state(Word::Store, readings.store, |store| match store {
                Store::Open => (Word::Open, Tone::Good),
                Store::Starting => (Word::Starting, Tone::Warn),
                Store::ReadOnly => (Word::ReadOnly, Tone::Bad),
                Store::Down => (Word::Down, Tone::Bad),
            }),
            row(Word::Reports, readings.reports.map(grouped)),
            row(Word::Synced, synced),
            row(Word::Free, free),
        ]
    }

    fn machine(&self) -> Vec<Row> {
        let readings = self.readings;
        let hot = readings.temperature_c.map(|temperature| {
            let share = temperature / crate::fault::TEMPERATURE_C_MAX;
            if share >= 1.0 { Tone::Bad } else { Tone::Plain }
        });
        let left = readings.disk.life_used_percent.map(|used| 100u16.saturating_sub(used));
        vec![
            row(Word::Temperature, readings.temperature_c.map(|temperature| format!("{temperature:.0}\u{a0}°C"))).toned(hot),
            row(Word::Life, left.map(|left| self.language.say_with(Word::Left, &format!("{left}\u{a0}%"))))
                .toned(left.map(|left| if left <= 10 { Tone::Bad } else { Tone::Plain })),
            self.state(Word::Kiosk, readings.kiosk, |kiosk| match kiosk {
                Kiosk::Shown => (Word::Shown, Tone::Good),
                Kiosk::Starting => (Word::Starting, Tone::Warn),
                Kiosk::Down => (Word::Down, Tone::Bad),
                Kiosk::None => (Word::WithoutScreen, Tone::Plain),
            }),
            row(Word::Running, readings.uptime_s.map(|uptime| span(uptime, self.language))),
        ]
    }

    fn clock(&self) -> Vec<Row> {
        let clock = &self.readings.clock;
        vec![
            row(Word::Time, clock.local.clone()),
            self.state(Word::Trust, clock.is_verified, |is_verified| {
                if is_verified { (Word::Verified, Tone::Good) } else { (Word::Unverified, Tone::Warn) }
            }),
            row(Word::Source, clock.source.clone()),
        ]
    }
}

/// A number of bytes in two or three digits, in powers of ten as makers of disks count.
pub fn bytes(count: u64) -> String {
    let (unit, name) = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")]
        .into_iter()
        .find(|(unit, _)| count >= *unit)
        .unwrap_or((1, "B"));
    // Rounded down: free room is never said to be more than it is.
    let tenths = (u128::from(count) * 10 / u128::from(unit)) as u64;
    if tenths < 100 && unit > 1 {
        format!("{}.{}\u{a0}{name}", tenths / 10, tenths % 10)
    } else {
        format!("{}\u{a0}{name}", tenths / 10)
    }
}

/// A length of time in its largest unit.
pub fn span(seconds: u64, language: Language) -> String {
    match seconds {
        0..60 => format!("{seconds}\u{a0}s"),
        60..3600 => format!("{}\u{a0}min", seconds / 60),
        3600..172_800 => format!("{}\u{a0}h", seconds / 3600),
        _ => format!("{}\u{a0}{}", seconds / 86_400, language.say(Word::Day)),
    }
}

/// 12 345: a narrow gap between thousands, read the same in all our languages (ISO 80000-1).
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && digits.len() > 4 {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{Network, Pairing};

    #[test]
    fn faults_stand_first_and_notes_last() {
        let readings = Readings {
            store: Some(Store::ReadOnly),
            network: Network { is_plugged: Some(false), ..Network::default() },
            pairing: Some(Pairing::default()),
            starts_by_itself: Some(true),
            ..Readings::default()
        };
        let pages = pages(&readings);
        assert_eq!(pages[..3], [Page::Fault(0), Page::Pairing, Page::Address]);
        assert_eq!(pages.last(), Some(&Page::Fault(1)));
        assert!(!pages.contains(&Page::Hint));
    }

    #[test]
    fn what_is_unknown_is_a_dash() {
        for page in pages(&Readings::default()) {
            if let Body::Rows(rows) = sheet(page, &Readings::default()).body {
                assert!(!rows.is_empty());
                assert!(rows.iter().all(|row| row.value == UNKNOWN && row.tone == Tone::Plain), "{page:?}: {rows:?}");
            }
        }
    }

    #[test]
    fn a_fault_that_is_gone_leaves_an_empty_sheet() {
        assert_eq!(sheet(Page::Fault(3), &Readings::default()).body, Body::Rows(Vec::new()));
    }

    #[test]
    fn figures_are_short() {
        for (count, expect) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (41_950_000_000, "41 GB"),
            (9_990_000_000, "9.9 GB"),
            (u64::MAX, "18446744 TB"),
        ] {
            assert_eq!(bytes(count).replace('\u{a0}', " "), expect);
        }
        assert_eq!(span(59, Language::English).replace('\u{a0}', " "), "59 s");
        assert_eq!(span(3599, Language::English).replace('\u{a0}', " "), "59 min");
        assert_eq!(span(172_799, Language::English).replace('\u{a0}', " "), "47 h");
        assert_eq!(span(9 * 86_400, Language::German).replace('\u{a0}', " "), "9 T");
        assert_eq!(grouped(1204), "1204");
        assert_eq!(grouped(1_234_567).replace('\u{a0}', " "), "1 234 567");
    }
}
