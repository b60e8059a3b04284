//! A monkey at the core: messages in any order, answers that come late or never, time that jumps. Nothing may break, no screen may be
//! without a way on, and whatever happened, "Finish" and time lead home with nothing left.

use api::{CategoryCode, FoundList, Near};

use super::staff::{Corner, PinAnswer, Wish};
use super::*;

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine.
pub struct Chance(pub u64);

impl Chance {
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.draw() % end as u64) as usize
    }

    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.draw() as u8)
    }
}

/// What a monkey finds in its town.
pub struct World {
    pub town: Town,
    report: Report,
    near: Vec<Near>,
}

impl World {
    pub fn open() -> World {
        World {
            town: crate::gallery::town(None).unwrap(),
            report: crate::gallery::report().unwrap(),
            near: crate::gallery::near().unwrap(),
        }
    }

    fn error(&self, chance: &mut Chance) -> CallError {
        const CODES: [&str; 12] = [
            "outside_area",
            "text_too_short",
            "text_too_long",
            "missing_answer",
            "bad_answer",
            "unknown_code",
            "too_many",
            "closed",
            "storage_full",
            "unsupported_media",
            "busy",
            "what_is_this",
        ];
        match chance.below(3) {
            0 => CallError::Away("gone".into()),
            1 => CallError::Garbled("noise".into()),
            _ => {
                let code = (*chance.pick(&CODES)).to_owned();
                CallError::Said { status: 422, body: api::ErrorBody { code, message: String::new(), refusal: None } }
            }
        }
    }

    /// An answer to what was asked, good or bad; none to what asks for none.
    pub fn reply(&self, chance: &mut Chance, effect: &Effect) -> Option<Msg> {
        let bad = chance.one_in(4);
        let error = self.error(chance);
        let summary = self.report.summary.clone();
        macro_rules! result {
            ($good:expr) => {
                if bad { Err(error) } else { Ok($good) }
            };
        }
        let (ticket, reply) = match effect {
            Effect::Town => return Some(Msg::Town(result!(self.town.clone()))),
            Effect::Clusters(ticket, _) => {
                let one = |count: usize| {
                    let (point, count) = (self.town.center, count as u32 + 1);
                    let (report, bounds) = ((count == 1).then_some(summary.id), api::Bounds { min: point, max: point });
                    api::Cluster { point, count, open: count, report, kind: None, category: None, bounds, updated_ms: 1 }
                };
                let clusters = (0..chance.below(4)).map(one).collect();
                (ticket, Reply::Clusters(result!(api::ClusterList { clusters, total: 9 })))
            }
            Effect::Reports(ticket, _) => {
                let reports = vec![summary; chance.below(4)];
                (ticket, Reply::Reports(result!(ReportList { total: reports.len() as u32, reports })))
            }
            Effect::Near(ticket, _) => (ticket, Reply::Near(result!(NearReply { radius_m: 60, near: self.near.clone() }))),
            Effect::Search(ticket, _) => {
                let found = |number| api::Found {
                    label: format!("Harbour Street {number}"),
                    what: "address".into(),
                    is_between: false,
                    point: self.town.center,
                    in_area: true,
                };
                (ticket, Reply::Found(result!(FoundList { found: (0..chance.below(6)).map(found).collect() })))
            }
            Effect::Address(ticket, _) => {
                let label = chance.one_in(2).then(|| "Harbour Street 27".to_owned());
                (ticket, Reply::Address(result!(Reverse { label, district: None, in_area: true })))
            }
            Effect::File(ticket, report) => (ticket, Reply::Filed(result!(crate::tests::filed(report)))),
            Effect::Report(ticket, _) => (ticket, Reply::Report(result!(self.report.clone()))),
            Effect::Follow(ticket, _) => (ticket, Reply::Followed(result!(self.report.clone()))),
            Effect::Support(ticket, ..) => {
                (ticket, Reply::Supported(result!(Supported { people: 4, already: chance.one_in(2) })))
            }
            Effect::Comment(ticket, _, comment) => {
                let (id, text, language) = (comment.id, comment.text.clone(), comment.language.clone());
                (ticket, Reply::Commented(result!(Comment { id, at_ms: 1, text, language, by_reporter: false, hidden: None })))
            }
            Effect::Photo(ticket, _) => {
                (ticket, Reply::Photo(result!(Arc::new(Picture { width_px: 1, height_px: 1, rgb: vec![0; 3] }))))
            }
            Effect::ListPhotos(ticket) => (ticket, Reply::Photos(vec!["lamp.jpg".into(); chance.below(3)])),
            Effect::SendPhoto(ticket, _) => {
                let stored = PhotoStored { id: AttachmentId([7; 32]), width_px: 4, height_px: 3 };
                (ticket, Reply::PhotoStored(result!(stored)))
            }
            Effect::CheckPin(ticket, _) => {
                (ticket, Reply::Pin(*chance.pick(&[PinAnswer::Right, PinAnswer::Wrong, PinAnswer::Wrong, PinAnswer::Unreadable])))
            }
            Effect::Print(ticket, _) => {
                let printer = *chance.pick(&[Printer::NoPaper, Printer::CoverOpen, Printer::NotAnswering]);
                (ticket, Reply::Printed(if bad { Err(printer) } else { Ok(()) }))
            }
            Effect::DropPrint(_) | Effect::Restart | Effect::Look(_) | Effect::LookAround => return None,
        };
        Some(Msg::Reply(*ticket, reply))
    }

    /// News that nobody asked for.
    pub fn news(&self, chance: &mut Chance) -> Msg {
        match chance.below(8) {
            0 => Msg::Lost,
            7 => Msg::Displayed((*chance.pick(&["", "HDMI-A-1 1920x1080", "DP-1 3840x2160"])).into()),
            1 => Msg::Town(Ok(self.town.clone())),
            2 => Msg::Town(Err(self.error(chance))),
            3 => Msg::Pairing(chance.one_in(2).then(crate::gallery::pairing)),
            4 => Msg::Touchable(*chance.pick(&[Touchable::Unknown, Touchable::Yes, Touchable::No])),
            _ => {
                let report = chance.one_in(2).then_some(self.report.summary.id);
                let what = *chance.pick(&[What::Town, What::Missed, What::Filed, What::Decided]);
                Msg::Changed(Change { change: chance.draw(), report, reference: None, what, by: None })
            }
        }
    }
}

/// A wish of whoever is at the screen, sensible or not.
fn wish(chance: &mut Chance, state: &State) -> Msg {
    let town = state.town.as_ref();
    let categories: Vec<CategoryCode> = town.iter().flat_map(|town| &town.categories).map(|one| one.code.clone()).collect();
    let category = |chance: &mut Chance| match categories.len() {
        0 => "light".parse().unwrap(),
        _ => chance.pick(&categories).clone(),
    };
    let question = |chance: &mut Chance| -> QuestionCode { chance.pick(&["fault", "since", "other"]).parse().unwrap() };
    let field = |chance: &mut Chance| match chance.below(5) {
        0 => Field::Search,
        1 => Field::Text,
        2 => Field::Answer(question(chance)),
        3 => Field::Code,
        _ => Field::Comment,
    };
    let center = town.map_or(Point { lat_e7: 0, lon_e7: 0 }, |town| town.center);
    match chance.below(49) {
        0 => Msg::Start(*chance.pick(&[Kind::Problem, Kind::Suggestion])),
        1 => Msg::StartBrowse,
        2 => Msg::StartFollow,
        3 | 4 => Msg::Back,
        5..=8 => Msg::Next,
        9 => Msg::Finish,
        10 => Msg::Stay,
        11 => {
            use Overlay::*;
            Msg::Overlay(*chance.pick(&[None, None, Help, Languages, Settings, Photos, Sift, Technician, Pin, Staff]))
        }
        12 => Msg::Language(chance.pick(&["en", "it", "de", "fi", "xx"]).parse().unwrap()),
        13 => Msg::Set(match chance.below(6) {
            0 => Setting::Text(*chance.pick(&TextSize::ALL)),
            1 => Setting::Colours(*chance.pick(&Colours::ALL)),
            2 => Setting::Low(chance.one_in(2)),
            3 => Setting::Still(chance.one_in(2)),
            4 => Setting::Lines(chance.one_in(2)),
            _ => Setting::Defaults,
        }),
        14 => Msg::DismissNotice,
        15..=17 => Msg::Category(category(chance)),
        18..=20 => {
            let far = if chance.one_in(5) { 100_000_000 } else { 0 };
            Msg::Spot(Point { lat_e7: center.lat_e7 + far, lon_e7: center.lon_e7 })
        }
        21 => Msg::ChooseFound(chance.below(8)),
        22 => Msg::Support { report: ReportId(chance.bytes()), session: SessionId(chance.bytes()) },
        23 | 24 => {
            let choice = chance.pick(&["out", "flickers", "none"]).parse().unwrap();
            Msg::Choose { question: question(chance), choice }
        }
        25 => Msg::PhotoName("lamp.jpg".into()),
        26 => Msg::PhotoAway,
        27 => Msg::EditStep(*chance.pick(&[Screen::Category, Screen::Place, Screen::Details])),
        28..=30 => Msg::Send { id: ReportId(chance.bytes()), code: FollowCode::from_random(chance.bytes()) },
        31 => Msg::SubmitCode,
        32 => Msg::Open(ReportId(chance.bytes())),
        33 => Msg::OpenMerged,
        34 => Msg::Select(ReportId(chance.bytes())),
        35 => Msg::WriteComment,
        36 => Msg::SendComment { id: CommentId(chance.bytes()) },
        37 => Msg::Focus(field(chance)),
        38 => {
            let text = match chance.below(5) {
                0 => FollowCode::from_random(chance.bytes()).to_string(),
                1 => "2026-05-31 18:30".into(),
                2 => "ä\u{308}👩‍👧\u{200d}".repeat(chance.below(300)),
                3 => " \n".into(),
                _ => "Dark".into(),
            };
            Msg::Typed { field: field(chance), caret: chance.below(700), text }
        }
        39 | 40 => {
            let key = match chance.below(8) {
                0 => Key::Shift,
                1 => Key::Layer(*chance.pick(&[Layer::Letters, Layer::Signs, Layer::Code, Layer::Digits])),
                2 => Key::Backspace,
                3 => Key::Space,
                4 => Key::Enter,
                5 => Key::Done,
                _ => Key::Char(chance.pick(&["a", "É", "7", "ß"]).to_string()),
            };
            Msg::Key { key, more: vec!["á".into(); chance.below(3)] }
        }
        41 => Msg::KeyboardAway,
        42 => Msg::Corner(if state.session.staff == staff::Staff::default() || chance.one_in(2) {
            Corner::Left
        } else {
            Corner::Right
        }),
        43 => chance.pick(&[Msg::PinDigit(chance.0 as u8 % 10), Msg::PinDone, Msg::PinAway]).clone(),
        46 | 47 => Msg::Sift(match chance.below(6) {
            0 => SiftMsg::Period(*chance.pick(&Period::ALL)),
            1 => SiftMsg::Kind(*chance.pick(&[None, Some(Kind::Problem), Some(Kind::Suggestion)])),
            2 => SiftMsg::Category(category(chance)),
            3 => SiftMsg::Closed(chance.one_in(2)),
            4 => SiftMsg::Spot(api::Bounds { min: center, max: center }),
            _ => SiftMsg::Everything,
        }),
        48 => Msg::Seen(Seen { bounds: api::Bounds { min: center, max: center }, zoom_milli: chance.below(19_000) as u32 }),
        44 => Msg::Staff(*chance.pick(&[Wish::Clean, Wish::EndSession, Wish::ScreenOff, Wish::Restart])),
        _ => chance.pick(&[Msg::Hold(true), Msg::Hold(false), Msg::Wake, Msg::Woken, Msg::Touched]).clone(),
    }
}

/// What must hold after every message.
fn assert_sound(state: &State, effects: &[Effect]) {
    assert!(effects.len() <= 4, "{effects:?}");
    let session = &state.session;
    for field in [Field::Search, Field::Text, Field::Code, Field::Comment] {
        let edit = state.edit(&field).unwrap();
        assert!(edit.text().chars().count() <= state.limit(&field), "{field:?}");
        assert!(edit.text().is_char_boundary(edit.caret()));
    }
    assert!(session.draft.answers.len() <= 3 && session.draft.found.len() <= 6 && session.photos.len() <= 3);
    assert!(session.warning_s.is_none_or(|left_s| u64::from(left_s) * 1000 <= state.patience.warning_ms));
    if state.cleaning.is_some() || matches!(state.rest, Rest::Dark { .. }) {
        assert!(!session.started, "nobody is at a screen that takes no touch");
    }
}

/// From wherever this is: a few steps back, "Finish", and time alone all lead home, and the last two leave nothing.
fn assert_way_home(state: &State) {
    let now_ms = state.now_ms;
    let lit = {
        let mut state = state.clone();
        for later_ms in [staff::CLEANING_MS, staff::CLEANING_MS + 10_000] {
            update(&mut state, Msg::Wake);
            update(&mut state, Msg::Woken);
            update(&mut state, Msg::Tick { now_ms: now_ms + later_ms, wall: None });
        }
        state
    };
    assert_eq!((lit.cleaning, lit.rest), (None, Rest::Awake));
    let mut back = lit.clone();
    for _ in 0..6 {
        update(&mut back, Msg::Back);
    }
    assert_eq!(back.session.screen, Screen::Home, "from {:?}", state.session.screen);
    assert_eq!(back.session.draft, Draft::default());
    let mut finish = lit.clone();
    update(&mut finish, Msg::Finish);
    assert_eq!(finish.session.screen, Screen::Finished);
    let (finished_ms, clears_ms) = (finish.now_ms, finish.now_ms + finish.patience.finished_ms);
    let session = Session { started: true, screen: Screen::Finished, finished_ms, touched_ms: 0, ..Session::default() };
    assert_eq!(Session { touched_ms: 0, ..finish.session.clone() }, session);
    update(&mut finish, Msg::Tick { now_ms: clears_ms, wall: None });
    assert_eq!(finish.session, Session::default());
    let mut alone = state.clone();
    let far_ms = alone.patience.idle_ms + alone.patience.warning_ms + staff::CLEANING_MS;
    update(&mut alone, Msg::Tick { now_ms: now_ms + far_ms, wall: None });
    assert_eq!(alone.session, Session::default());
}

/// So many messages; what was seen on the way.
fn run(messages: usize, seed: u64) -> std::collections::BTreeMap<String, usize> {
    let (world, mut chance) = (World::open(), Chance(seed));
    let mut state = State { has_pin: true, takes_photos: true, ..State::default() };
    let mut asked: Vec<Effect> = Vec::new();
    let mut seen = std::collections::BTreeMap::new();
    for turn in 0..messages {
        let msg = match chance.below(20) {
            0 => {
                let step_ms = match chance.below(60) {
                    0 => 130_000,
                    1 => 400_000,
                    2 => 13_000,
                    _ => 500,
                };
                Msg::Tick { now_ms: state.now_ms + step_ms, wall: None }
            }
            1 => world.news(&mut chance),
            2..=6 if !asked.is_empty() => {
                // Late, never, or twice.
                let index = chance.below(asked.len());
                let effect = if chance.one_in(10) { asked[index].clone() } else { asked.swap_remove(index) };
                let Some(reply) = world.reply(&mut chance, &effect) else { continue };
                reply
            }
            _ => wish(&mut chance, &state),
        };
        let effects = update(&mut state, msg);
        assert_sound(&state, &effects);
        asked.extend(effects);
        if asked.len() > 30 {
            asked.drain(..10);
        }
        *seen.entry(format!("{:?}", state.session.screen)).or_default() += 1;
        if state.session.notice != Notice::None {
            *seen.entry(format!("{:?}", state.session.notice)).or_default() += 1;
        }
        if turn % 97 == 0 {
            assert_way_home(&state);
        }
    }
    seen
}

fn assert_everywhere(seen: &std::collections::BTreeMap<String, usize>) {
    println!("{seen:?}");
    for name in [
        "Home",
        "Category",
        "Place",
        "Details",
        "Review",
        "Slip",
        "Code",
        "Browse",
        "Report",
        "Finished",
        "Away",
        "OutsideArea",
        "TextMissing",
        "AnswerMissing",
        "AnswerBad",
        "CodeUnfinished",
        "CodeUnknown",
        "StorageFull",
        "ThanksSupport",
        "ThanksComment",
    ] {
        assert!(seen.contains_key(name), "the monkey never came to {name}");
    }
}

#[test]
fn whatever_a_monkey_does_a_million_times_there_is_a_way_home() {
    assert_everywhere(&run(1_000_000, 7));
}
