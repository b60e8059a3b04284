//! What happens in the demonstration, and when. Pure: a seed and the town in, a list of dated wishes out.

use std::collections::BTreeMap;

use serde::Deserialize;
use store::code::FollowCode;
use store::decide::{Actor, Command, Decision};
use store::fact::{Answers, Category, Datatype, HideReason, Kind, Place, Status, Target, UnixMs};
use store::id::{CodeHash, CommentId, Language, ReportId, RequestId, SessionId, StaffId};

use crate::chance::SeededChance;
use crate::demo::street::Spots;

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// How far apart two people tap for the same thing, in 1e-7 degrees (about 11 m).
const SAME_SPOT_E7: u64 = 1_000;

/// What the plan is made of.
pub struct Plan<'a> {
    pub spots: &'a Spots,
    pub categories: &'a [Category],
    pub languages: &'a [Language],
    pub staff: &'a [StaffId],
    pub reports: u32,
    pub seed: u64,
    pub start_ms: UnixMs,
    pub end_ms: UnixMs,
}

/// One dated wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub at_ms: UnixMs,
    pub actor: Actor,
    wish: Wish,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wish {
    Other(Command),
    /// A report, whose code is hashed with the town's key when it is submitted.
    File(Command, FollowCode),
}

impl Entry {
    /// The wish as a command.
    pub fn command(&self, hash: &dyn Fn(FollowCode) -> CodeHash) -> Command {
        match &self.wish {
            Wish::Other(command) => command.clone(),
            Wish::File(command, follow) => {
                let mut command = command.clone();
                if let Command::FileReport { code, .. } = &mut command {
                    *code = Some(hash(*follow));
                }
                command
            }
        }
    }

    /// The follow-up code, where a report was filed.
    pub fn code(&self) -> Option<FollowCode> {
        match &self.wish {
            Wish::File(_, code) => Some(*code),
            Wish::Other(_) => None,
        }
    }
}

/// Sentences of one language; the categories' own are in `reports`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Phrases {
    tails: Vec<String>,
    comments: Vec<String>,
    notes: Vec<String>,
    fixed: Vec<String>,
    planned: Vec<String>,
    declined: Vec<String>,
    not_ours: Vec<String>,
    #[serde(flatten)]
    reports: BTreeMap<String, Vec<String>>,
}

/// Chooses sentences; the text is a category's code.
type Pick = for<'p> fn(&'p Phrases, &str) -> Option<&'p Vec<String>>;

/// How often each category comes up, of a thousand.
const SHARES: [(&str, u64); 13] = [
    ("waste", 190),
    ("road", 175),
    ("light", 150),
    ("tree", 95),
    ("sign", 85),
    ("graffiti", 75),
    ("bench", 50),
    ("water", 45),
    ("play", 40),
    ("bus", 35),
    ("other", 25),
    ("building", 20),
    ("animal", 15),
];

/// All wishes, in the order of their dates.
pub fn plan(plan: &Plan<'_>) -> Vec<Entry> {
    let phrases: BTreeMap<String, Phrases> = toml::from_str(include_str!("phrases.toml")).unwrap_or_default();
    let mut writer = Author { plan, phrases, chance: SeededChance::new(plan.seed), entries: Vec::new(), filed: Vec::new() };
    for _ in 0..plan.reports {
        writer.report();
    }
    let mut entries = writer.entries;
    entries.retain(|entry| entry.at_ms <= plan.end_ms);
    // Wishes of the same instant keep the order in which they were thought of: nothing is decided before it was filed.
    entries.sort_by_key(|entry| entry.at_ms);
    entries
}

/// A report as the author remembers it, for duplicates.
#[derive(Clone)]
struct Filed {
    id: ReportId,
    category: usize,
    place: Place,
    at_ms: UnixMs,
    closed_ms: UnixMs,
    /// Whether it is folded into another one, which then takes all further ones.
    folded: bool,
}

struct Author<'a> {
    plan: &'a Plan<'a>,
    phrases: BTreeMap<String, Phrases>,
    chance: SeededChance,
    entries: Vec<Entry>,
    filed: Vec<Filed>,
}

impl Author<'_> {
    fn report(&mut self) {
        // Some things are reported again by somebody who did not see the first report.
        let recent = self.filed.len().saturating_sub(400);
        let again = if self.chance.happens(8) { self.chance.pick(&self.filed[recent..]).cloned() } else { None };
        let span = self.plan.end_ms.saturating_sub(self.plan.start_ms);
        let filed_ms = match &again {
            Some(first) => first.at_ms + 2 * HOUR_MS + self.chance.below(6 * DAY_MS),
            None => {
                let any_ms = self.plan.start_ms + self.chance.below(span);
                self.daytime(any_ms)
            }
        };
        let number = again.as_ref().map_or_else(|| self.category(), |first| first.category);
        let Some(category) = self.plan.categories.get(number).cloned() else { return };
        let place = match &again {
            Some(first) => Some(self.plan.spots.aside(&first.place, &mut self.chance, SAME_SPOT_E7)),
            None => self.plan.spots.pick(&mut self.chance, SAME_SPOT_E7 / 2),
        };
        let Some(place) = place else { return };
        let language = self.language();
        let id = ReportId(self.chance.bytes());
        let suggests = category.kinds.contains(&Kind::Suggestion) && self.chance.happens(12);
        let kind = if suggests || !category.kinds.contains(&Kind::Problem) { Kind::Suggestion } else { Kind::Problem };
        let mut text = self.phrase(&language, |phrases, code| phrases.reports.get(code), category.code.as_str());
        if self.chance.happens(55) {
            text.push(' ');
            text.push_str(&self.phrase(&language, |phrases, _| Some(&phrases.tails), ""));
        }
        let answers = self.answers(&category);
        let code = FollowCode::from_random(self.chance.bytes());
        let command = Command::FileReport {
            report: id,
            kind,
            category: category.code.clone(),
            place: place.clone(),
            text,
            language: language.clone(),
            answers,
            photo: None,
            code: None,
        };
        self.entries.push(Entry { at_ms: filed_ms, actor: Actor::Resident, wish: Wish::File(command, code) });
        let (closed_ms, folded) = match again.filter(|first| filed_ms < first.closed_ms && !first.folded) {
            Some(first) => self.fold(id, first.id, filed_ms),
            None => (self.handle(id, &category, &language, filed_ms), false),
        };
        self.echo(id, &language, filed_ms, closed_ms);
        self.filed.push(Filed { id, category: number, place, at_ms: filed_ms, closed_ms, folded });
    }

    /// What the town hall does about it; answers when it was closed, or the end of time.
    fn handle(&mut self, report: ReportId, category: &Category, language: &Language, filed_ms: UnixMs) -> UnixMs {
        let due_ms = u64::from(category.due_days) * DAY_MS;
        if self.chance.happens(2) {
            let hide = Decision::Hide {
                target: Target::Report,
                reason: if self.chance.happens(50) { HideReason::Test } else { HideReason::Spam },
                explanation: "invented for the demonstration".to_owned(),
            };
            let at_ms = filed_ms + self.chance.below(DAY_MS);
            self.decide(report, at_ms, hide);
            // Nobody can say anything about it any more.
            return at_ms;
        }
        // A few are forgotten: these are the overdue ones.
        if self.chance.happens(9) {
            return UnixMs::MAX;
        }
        let Some(me) = self.chance.pick(self.plan.staff).copied() else { return UnixMs::MAX };
        let seen_ms = filed_ms + 2 * HOUR_MS + self.chance.below(3 * DAY_MS);
        let mut at_ms = self.daytime(seen_ms);
        self.by(me, report, at_ms, Decision::Assign { to: Some(me) });
        at_ms += 60_000 + self.chance.below(HOUR_MS);
        self.by(me, report, at_ms, Decision::SetStatus { status: Status::InProgress, answer: None });
        if self.chance.happens(25) {
            let text = self.phrase(language, |phrases, _| Some(&phrases.notes), "");
            self.by(me, report, at_ms + 60_000, Decision::AddNote { text });
        }
        if self.chance.happens(4) {
            let until = Some(at_ms + 14 * DAY_MS);
            self.by(me, report, at_ms + 120_000, Decision::Defer { until });
        }
        let takes_ms = due_ms / 6 + self.chance.below(due_ms + due_ms / 4);
        let end_ms = self.daytime(at_ms + takes_ms);
        let (status, pick): (Status, Pick) = match self.chance.below(100) {
            0..=66 => (Status::Fixed, |phrases, _| Some(&phrases.fixed)),
            67..=82 => (Status::Planned, |phrases, _| Some(&phrases.planned)),
            83..=92 => (Status::Declined, |phrases, _| Some(&phrases.declined)),
            _ => (Status::NotOurs, |phrases, _| Some(&phrases.not_ours)),
        };
        let answer = Some(self.phrase(language, pick, ""));
        self.by(me, report, end_ms, Decision::SetStatus { status, answer });
        if status.is_open() { UnixMs::MAX } else { end_ms }
    }

    /// A duplicate is folded into the first report when somebody notices; answers when, and whether at all.
    fn fold(&mut self, report: ReportId, into: ReportId, filed_ms: UnixMs) -> (UnixMs, bool) {
        if self.chance.happens(35) {
            return (UnixMs::MAX, false);
        }
        let noticed_ms = filed_ms + HOUR_MS + self.chance.below(2 * DAY_MS);
        let at_ms = self.daytime(noticed_ms);
        self.decide(report, at_ms, Decision::Merge { into });
        (at_ms, true)
    }

    /// "Me too" and comments of others, while it is open.
    fn echo(&mut self, report: ReportId, language: &Language, filed_ms: UnixMs, closed_ms: UnixMs) {
        let open_ms = closed_ms.min(self.plan.end_ms).saturating_sub(filed_ms);
        // Most get none, a few get many.
        let many = self.chance.below(100);
        let supports = if many < 55 {
            0
        } else if many < 90 {
            1 + self.chance.below(4)
        } else {
            5 + self.chance.below(20)
        };
        for _ in 0..supports {
            let at_ms = filed_ms + HOUR_MS / 2 + self.chance.below(open_ms);
            let command = Command::Support { report, session: SessionId(self.chance.bytes()) };
            if at_ms < closed_ms {
                self.entries.push(Entry { at_ms, actor: Actor::Resident, wish: Wish::Other(command) });
            }
        }
        if self.chance.happens(18) {
            let text = self.phrase(language, |phrases, _| Some(&phrases.comments), "");
            let at_ms = filed_ms + DAY_MS + self.chance.below(open_ms);
            let comment = CommentId(self.chance.bytes());
            let command = Command::Comment { report, comment, text, language: language.clone(), code: None };
            if at_ms < closed_ms {
                self.entries.push(Entry { at_ms, actor: Actor::Resident, wish: Wish::Other(command) });
            }
        }
    }

    fn decide(&mut self, report: ReportId, at_ms: UnixMs, decision: Decision) {
        if let Some(me) = self.chance.pick(self.plan.staff).copied() {
            self.by(me, report, at_ms, decision);
        }
    }

    fn by(&mut self, me: StaffId, report: ReportId, at_ms: UnixMs, decision: Decision) {
        let request = RequestId(self.chance.bytes());
        let command = Command::Decide { report, request, seen: None, decision };
        self.entries.push(Entry { at_ms, actor: Actor::Staff(me), wish: Wish::Other(command) });
    }

    /// The time itself by day, else the next morning (UTC): people report when they are about.
    fn daytime(&mut self, at_ms: UnixMs) -> UnixMs {
        let (day_ms, of_day_ms) = (at_ms - at_ms % DAY_MS, at_ms % DAY_MS);
        let morning_ms = 6 * HOUR_MS + self.chance.below(3 * HOUR_MS);
        match of_day_ms / HOUR_MS {
            6..20 => at_ms,
            0..6 => day_ms + morning_ms,
            _ => day_ms + DAY_MS + morning_ms,
        }
    }

    fn category(&mut self) -> usize {
        let mut ball = self.chance.below(SHARES.iter().map(|(_, share)| share).sum());
        for (code, share) in SHARES {
            if ball < share {
                return self.plan.categories.iter().position(|category| category.code.as_str() == code).unwrap_or_default();
            }
            ball -= share;
        }
        0
    }

    /// Half write in the town's first language, the others in one of the others.
    fn language(&mut self) -> Language {
        let first = self.chance.happens(50);
        let language = if first { self.plan.languages.first() } else { self.chance.pick(self.plan.languages) };
        // A site without languages cannot be set up; English then.
        language.cloned().or_else(|| "en".parse().ok()).unwrap_or_else(|| unreachable!("\"en\" is a language"))
    }

    /// A sentence in the language, in English where the demonstration does not speak it.
    fn phrase(&mut self, language: &Language, of: Pick, code: &str) -> String {
        let phrases = self.phrases.get(language.as_str()).or_else(|| self.phrases.get("en"));
        let sentences = phrases.and_then(|phrases| of(phrases, code)).map(Vec::as_slice).unwrap_or_default();
        self.chance.pick(sentences).cloned().unwrap_or_else(|| "Please have a look at this.".to_owned())
    }

    fn answers(&mut self, category: &Category) -> Answers {
        let mut answers = Answers::new();
        for question in &category.questions {
            if !question.required && self.chance.happens(50) {
                continue;
            }
            let answer = match question.datatype {
                Datatype::SingleValueList | Datatype::MultiValueList => {
                    self.chance.pick(&question.values).map(|choice| choice.key.to_string())
                }
                Datatype::Number => Some((1 + self.chance.below(20)).to_string()),
                Datatype::String | Datatype::Text => Some(format!("{}", 100 + self.chance.below(9_900))),
                Datatype::Datetime => None,
            };
            if let Some(answer) = answer {
                answers.insert(question.code.clone(), answer);
            }
        }
        answers
    }
}

#[cfg(test)]
mod tests {
    use store::decide::Context;
    use store::geo::{Area, Bounds, Point};
    use store::store::Store;

    use super::*;

    /// So narrow that many a tap falls beside it.
    fn area() -> Area {
        let corner = |lat_e7, lon_e7| Point { lat_e7, lon_e7 };
        Area::rectangle(Bounds { min: corner(601_600_000, 249_399_900), max: corner(602_200_000, 249_400_100) })
    }

    fn made(seed: u64, reports: u32) -> Vec<Entry> {
        let languages: Vec<Language> = ["fi", "sv", "en"].map(|code| code.parse().unwrap()).to_vec();
        let categories = crate::catalogue::built_in(&languages).unwrap().categories;
        let place = |n| Place { point: Point { lat_e7: 601_700_000 + n * 9_000, lon_e7: 249_400_000 }, address: None };
        let spots = Spots::given((0..40).map(place).collect(), area());
        plan(&Plan {
            spots: &spots,
            categories: &categories,
            languages: &languages,
            staff: &[StaffId([1; 8]), StaffId([2; 8])],
            reports,
            seed,
            start_ms: 1_700_000_000_000,
            end_ms: 1_710_000_000_000,
        })
    }

    #[test]
    fn the_same_seed_gives_the_same_town_and_another_one_another() {
        assert_eq!(made(7, 200), made(7, 200));
        assert_ne!(made(7, 200), made(8, 200));
    }

    #[test]
    fn every_wish_is_one_that_the_rules_allow() {
        let dir = tempfile::tempdir().unwrap();
        let (now_ms, staff) = (1_700_000_000_000, [StaffId([1; 8]), StaffId([2; 8])]);
        Store::init(dir.path(), store::id::OrgId([1; 16]), &mut SeededChance::new(1), now_ms).unwrap();
        let (mut store, _) = Store::open(dir.path(), Box::new(SeededChance::new(2)), now_ms).unwrap();
        let languages = ["fi", "sv", "en"].map(|code| code.parse().unwrap()).to_vec();
        let catalogue = crate::catalogue::built_in(&languages).unwrap();
        let site = store::fact::Site { name: "Testby".to_owned(), area: area(), languages, demo: true };
        let departments = catalogue.departments.into_iter().map(Command::DefineDepartment);
        let categories = catalogue.categories.into_iter().map(Command::DefineCategory);
        let founding = std::iter::once(Command::OpenSite(site)).chain(departments).chain(categories);
        let founding = founding.map(|command| (command, Actor::System, now_ms));
        let hash = |code: FollowCode| code.hash(&[3; 32]);
        let entries = made(5, 2000).into_iter().map(|entry| (entry.command(&hash), entry.actor, entry.at_ms));
        let wishes: Vec<_> = founding.chain(entries).collect();
        for part in wishes.chunks(200) {
            let asked: Vec<_> = part
                .iter()
                .map(|(command, actor, now_ms)| store::store::Wish {
                    command,
                    context: Context { actor: *actor, now_ms: *now_ms, staff: &staff, photo_stored: false },
                })
                .collect();
            for ((command, _, _), outcome) in part.iter().zip(store.submit(&asked).unwrap()) {
                assert!(outcome.is_ok(), "{outcome:?}: {command:?}");
            }
        }
    }

    #[test]
    fn nothing_is_decided_before_it_was_filed() {
        let entries = made(3, 500);
        let mut filed = std::collections::BTreeSet::new();
        let mut decided = 0;
        for pair in entries.windows(2) {
            assert!(pair[0].at_ms <= pair[1].at_ms);
        }
        for entry in &entries {
            match entry.command(&|_| CodeHash([0; 32])) {
                Command::FileReport { report, .. } => assert!(filed.insert(report)),
                Command::Decide { report, .. } | Command::Support { report, .. } | Command::Comment { report, .. } => {
                    decided += 1;
                    assert!(filed.contains(&report));
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(filed.len() > 450 && decided > 1000, "{} {decided}", filed.len());
    }

    #[test]
    fn every_category_has_sentences_in_every_language_of_the_catalogue() {
        let phrases: BTreeMap<String, Phrases> = toml::from_str(include_str!("phrases.toml")).unwrap();
        for language in ["en", "it", "de", "fi", "sv"] {
            for (code, _) in SHARES {
                assert!(phrases[language].reports[code].len() >= 2, "{language} {code}");
            }
        }
    }
}
