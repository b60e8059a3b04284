//! Every screen as a picture, with sample data: for eyes, and for comparing.

pub mod audit;
mod kinds;
mod sheet;
pub mod wish;

use std::cell::RefCell;
use std::io::Write;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use api::{
    Area, Bounds, Category, Choice, Cluster, Datatype, Department, Filed, FollowCode, Kind, MachinePairing, Place, Point,
    Question, Status, Summary, Texts, Town,
};
use slint::platform::software_renderer::{MinimalSoftwareWindow, RepaintBufferType};
use slint::platform::{Platform, WindowAdapter};
use slint::{ComponentHandle, Global, PhysicalSize};

#[cfg(test)]
use crate::app::Settings;
use crate::app::{
    Draft, Field, NearBy, Notice, Overlay, Period, Printer, Rest, Screen, Session, Sift, State, Typing, Voice, VoiceSheet,
};
use crate::bridge::{self, Laid};
use crate::keyboard::{Edit, Layer};
use crate::mapping::Mapping;
use crate::{AppWindow, locale, ui};
use audit::{Finding, Fonts, Rules};
use wish::{Shot, Wish};

/// What is being read aloud, where something is.
const SAID: &str = "Report a problem. Broken, dirty, dangerous? Show us where. About 2 minutes. Button. 1 of 9";
const WORDS: &str = "Dark since Monday, the corner by the pharmacy; my mother fell.";

struct Headless(Rc<MinimalSoftwareWindow>);

impl Platform for Headless {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, slint::PlatformError> {
        Ok(Rc::clone(&self.0) as Rc<dyn WindowAdapter>)
    }
}

/// Languages that the samples' own words are in; others show them in English.
const LANGUAGES: [&str; 4] = ["en", "it", "de", "fi"];

/// Every language that the kiosk's words are in.
fn languages() -> Vec<&'static str> {
    locale::offered()
}

/// What came of a gallery.
#[derive(Debug, Default)]
pub struct Written {
    pub pictures: usize,
    /// What is wrong, by the picture's name.
    pub findings: Vec<(String, Finding)>,
}

/// Writes the pictures wished for into a folder, with a page that shows them all, and looks for flaws in each.
pub fn write(wish: &Wish) -> anyhow::Result<Written> {
    let out = &wish.out;
    std::fs::create_dir_all(out).with_context(|| format!("the folder {} cannot be made", out.display()))?;
    // An extract is imported first, beside the pictures.
    let map_file = wish.town.as_deref();
    let imported =
        map_file.filter(|file| file.extension().is_some_and(|ending| ending == "pbf")).map(|_| out.join("gallery.town"));
    if let (Some(extract), Some(file)) = (map_file, &imported) {
        ::map::import(extract, None, file, &mut |_| {}).with_context(|| format!("{} cannot be imported", extract.display()))?;
    }
    let studio = Studio::open(town(imported.as_deref().or(map_file))?)?;
    let samples = samples(&studio.town)?;
    let names: Vec<&'static str> = samples.iter().map(|(name, _)| *name).collect();
    let shots = wish.shots(&names, &languages());
    anyhow::ensure!(!shots.is_empty(), "nothing is wished for: the screens are {}", names.join(", "));
    let fonts = Fonts::of_system();
    let (mut written, began) = (Written::default(), Instant::now());
    for (index, shot) in shots.iter().enumerate() {
        let session =
            samples.iter().find(|(name, _)| *name == shot.screen).map(|(_, session)| session).context("no such screen")?;
        studio.stage(shot, session)?;
        let found = audit::audit(studio.window.window(), studio.rules(shot, session), &fonts);
        written.findings.extend(found.into_iter().map(|finding| (shot.name(), finding)));
        let picture = studio.take(session, shot)?;
        let path = out.join(shot.name()).with_extension("png");
        image::save_buffer(&path, picture.as_bytes(), shot.size.0, shot.size.1, image::ColorType::Rgba8)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        written.pictures += 1;
        if index % 25 == 24 {
            eprintln!("{} of {} pictures after {:.0} s", index + 1, shots.len(), began.elapsed().as_secs_f32());
        }
    }
    let page = out.join("index.html");
    let mut file = std::fs::File::create(&page).with_context(|| format!("{} cannot be written", page.display()))?;
    file.write_all(sheet::page(&shots, &written.findings).as_bytes())?;
    if let Some(file) = &imported {
        std::fs::remove_file(file).with_context(|| format!("{} cannot be removed", file.display()))?;
    }
    Ok(written)
}

/// A window without a display, and what fills it.
pub(crate) struct Studio {
    pub(crate) screen: Rc<MinimalSoftwareWindow>,
    pub(crate) window: AppWindow,
    pub(crate) laid: Laid,
    mapping: Rc<RefCell<Mapping>>,
    town: Town,
}

impl Studio {
    /// Opens the window; once in a thread, for it is the thread's platform.
    pub(crate) fn open(town: Town) -> anyhow::Result<Studio> {
        let screen = MinimalSoftwareWindow::new(RepaintBufferType::NewBuffer);
        slint::platform::set_platform(Box::new(Headless(Rc::clone(&screen))))?;
        let window = AppWindow::new()?;
        window.show()?;
        let mapping = Rc::new(RefCell::new(Mapping::default()));
        let sized = Rc::clone(&mapping);
        ui::MapData::get(&window).on_resized(move |width, height| {
            if let Ok(mut mapping) = sized.try_borrow_mut() {
                mapping.resize(width, height);
            }
        });
        Ok(Studio { screen, window, laid: Laid::default(), mapping, town })
    }

    /// One sample as it stands on a screen of this size, as everything is at first.
    #[cfg(test)]
    fn picture(&self, name: &'static str, session: &Session, language: &str, size: (u32, u32)) -> anyhow::Result<Pixels> {
        let shot = Shot { screen: name, language: language.to_owned(), settings: Settings::default(), size };
        self.stage(&shot, session)?;
        self.take(session, &shot)
    }

    /// Puts one sample on the screen.
    fn stage(&self, shot: &Shot, session: &Session) -> anyhow::Result<()> {
        let state = self.state(shot, session)?;
        locale::select(&shot.language);
        self.scaled(1.0, shot.size);
        bridge::show(&self.window, &state, &self.laid);
        bridge::ear::show(&self.window, &state, SAID, false);
        slint::platform::update_timers_and_animations();
        Ok(())
    }

    fn state(&self, shot: &Shot, session: &Session) -> anyhow::Result<State> {
        let name = shot.screen;
        let mut state = State {
            // A box that nobody set up knows no town.
            town: Some(self.town.clone()).filter(|_| !["unset", "technician"].contains(&name)),
            online: !["away", "unset", "technician"].contains(&name),
            unset: ["unset", "technician"].contains(&name),
            pairing: ["unset", "technician"].contains(&name).then(pairing),
            heard: true,
            takes_photos: true,
            printer: if name == "slip-printer" { Printer::NoPaper } else { Printer::None },
            rest: if name == "dark" { Rest::Dark { place: 1 } } else { Rest::Awake },
            session: session.clone(),
            ..State::default()
        };
        state.session.language = Some(shot.language.parse()?);
        state.session.settings = shot.settings.clone();
        Ok(state)
    }

    /// What holds for a sample.
    fn rules(&self, shot: &Shot, session: &Session) -> Rules {
        // The keyboard fills the lower half, and what is typed stands over it.
        let low = shot.settings.low && session.typing.is_none();
        Rules { mm: ui::Theme::get(&self.window).get_mm(), controls_from: if low { 0.5 } else { 0.0 } }
    }

    /// A screen of so many pixels, with everything drawn so much larger.
    pub(crate) fn scaled(&self, scale_factor: f32, (width, height): (u32, u32)) {
        self.window.window().dispatch_event(slint::platform::WindowEvent::ScaleFactorChanged { scale_factor });
        self.screen.set_size(PhysicalSize::new(width, height));
    }

    /// The picture of what is staged.
    fn take(&self, session: &Session, shot: &Shot) -> anyhow::Result<Pixels> {
        if self.town.map_file.is_some() && matches!(session.screen, Screen::Place | Screen::Browse) {
            // Once for the layout, which tells the map's size.
            self.window.window().take_snapshot()?;
            let mut mapping = self.mapping.borrow_mut();
            let mut state = State { town: Some(self.town.clone()), session: session.clone(), ..State::default() };
            state.session.settings = shot.settings.clone();
            mapping.follow(&state, &shot.language);
            mapping.look(self.town.center);
            mapping.settle(&self.window);
        }
        Ok(self.window.window().take_snapshot()?)
    }

    #[cfg(test)]
    pub(crate) fn snapshot(&self) -> Pixels {
        self.window.window().take_snapshot().unwrap()
    }
}

pub(crate) type Pixels = slint::SharedPixelBuffer<slint::Rgba8Pixel>;

fn texts(all: [&str; 4]) -> anyhow::Result<Texts> {
    LANGUAGES.into_iter().zip(all).map(|(language, text)| Ok((language.parse()?, text.to_owned()))).collect()
}

/// How a box is paired that is none.
pub(crate) fn pairing() -> MachinePairing {
    MachinePairing {
        link: Some("ssh://pair;code=7KXM4P@192.168.100.142".to_owned()),
        code: "7KXM4P".to_owned(),
        address: Some("192.168.100.142".to_owned()),
        fingerprint: Some("SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA".to_owned()),
    }
}

/// A town that is none, on the map given.
pub(crate) fn town(map_file: Option<&Path>) -> anyhow::Result<Town> {
    let mut bounds = Bounds { min: Point { lat_e7: 0, lon_e7: 0 }, max: Point { lat_e7: 10_000_000, lon_e7: 10_000_000 } };
    let mut name = "Testville".to_owned();
    let mut center = Point { lat_e7: 5_000_000, lon_e7: 5_000_000 };
    if let Some(file) = map_file {
        let map = ::map::Town::open(file).with_context(|| format!("{} cannot be opened as a town file", file.display()))?;
        let corner = |point: ::map::Point| Point { lat_e7: point.lat_e7, lon_e7: point.lon_e7 };
        bounds = Bounds { min: corner(map.bounds().min), max: corner(map.bounds().max) };
        map.name().clone_into(&mut name);
        center = doorstep(&map, bounds);
    }
    let choice = |key: &str, names| anyhow::Ok(Choice { key: key.parse()?, names: texts(names)? });
    let questions = vec![
        Question {
            code: "fault".parse()?,
            datatype: Datatype::SingleValueList,
            required: true,
            names: texts(["What is wrong with it?", "Che cosa non va?", "Was stimmt nicht?", "Mikä siinä on vikana?"])?,
            values: vec![
                choice("out", ["It is out", "È spento", "Sie ist aus", "Se on pimeänä"])?,
                choice("flickers", ["It flickers", "Lampeggia", "Sie flackert", "Se välkkyy"])?,
                choice("always-on", ["It burns by day", "È acceso di giorno", "Sie brennt am Tag", "Se palaa päivällä"])?,
                choice("damaged", ["It is damaged", "È danneggiato", "Sie ist beschädigt", "Se on rikki"])?,
                choice("other", ["Something else", "Altro", "Etwas anderes", "Jotain muuta"])?,
            ],
        },
        Question {
            code: "since".parse()?,
            datatype: Datatype::Datetime,
            required: false,
            names: texts(["Since when?", "Da quando?", "Seit wann?", "Mistä alkaen?"])?,
            values: Vec::new(),
        },
    ];
    let category = |(icon, letter, names, lines): (&str, char, [&str; 4], [&str; 4])| {
        Ok(Category {
            code: icon.parse()?,
            names: texts(names)?,
            descriptions: texts(lines)?,
            keywords: Vec::new(),
            group: String::new(),
            department: "works".parse()?,
            kinds: vec![Kind::Problem, Kind::Suggestion],
            letter,
            icon: icon.to_owned(),
            due_days: 14,
            near_radius_m: 60,
            questions: questions.clone(),
        })
    };
    Ok(Town {
        name,
        place_name: "Library North".to_owned(),
        area: Area::rectangle(bounds),
        bounds,
        center,
        languages: LANGUAGES.iter().map(|code| code.parse()).collect::<Result<_, _>>()?,
        demo: true,
        version: String::new(),
        map_file: map_file.map(|file| file.to_string_lossy().into_owned()),
        refuses: None,
        notices: Vec::new(),
        open_reports: 148,
        categories: kinds::KINDS.into_iter().map(category).collect::<anyhow::Result<_>>()?,
        departments: vec![Department {
            code: "works".parse()?,
            names: texts(["Public works", "Lavori pubblici", "Tiefbauamt", "Katutyöt"])?,
        }],
        text_max: 2000,
        comment_max: 1000,
        photo_max: 1,
        now_ms: 864_000_000,
    })
}

/// The place with a house number that is nearest to the middle: a middle may lie in the sea.
fn doorstep(map: &::map::Town, bounds: Bounds) -> Point {
    let at = |x: i32, y: i32| {
        let part = |low: i32, high: i32, share: i32| low + (high - low) / 60 * share;
        Point { lat_e7: part(bounds.min.lat_e7, bounds.max.lat_e7, y), lon_e7: part(bounds.min.lon_e7, bounds.max.lon_e7, x) }
    };
    let mut grid: Vec<(i32, i32)> = (0..=60).flat_map(|x| (0..=60).map(move |y| (x, y))).collect();
    grid.sort_by_key(|(x, y)| (x - 30).pow(2) + (y - 30).pow(2));
    let numbered = |point: &Point| {
        map.reverse(point.lat(), point.lon()).is_some_and(|label| label.chars().any(|letter| letter.is_ascii_digit()))
    };
    grid.into_iter().map(|(x, y)| at(x, y)).find(numbered).unwrap_or(at(30, 30))
}

/// What stands at a place: of the map if there is one.
fn address(town: &Town, point: Point) -> String {
    let map = town.map_file.as_ref().and_then(|file| ::map::Town::open(Path::new(file)).ok());
    map.and_then(|map| map.reverse(point.lat(), point.lon())).unwrap_or_else(|| "Boulevard Princesse Charlotte 24 bis".to_owned())
}

fn summary(town: &Town, point: Point, seed: u8, title: &str, status: Status) -> anyhow::Result<Summary> {
    let id = api::ReportId([seed; 16]);
    let place = Place { point, address: Some(address(town, point)) };
    Ok(Summary {
        id,
        reference: id.reference(),
        kind: Kind::Problem,
        category: "light".parse()?,
        status,
        place,
        title: title.to_owned(),
        language: "en".parse()?,
        filed_ms: 600_000_000,
        updated_ms: 700_000_000,
        people: 3,
        comments: 0,
        has_photo: false,
        demo: true,
    })
}

/// Reports near the town's middle.
#[cfg(test)]
pub(crate) fn near() -> anyhow::Result<Vec<api::Near>> {
    near_in(&town(None)?)
}

fn near_in(town: &Town) -> anyhow::Result<Vec<api::Near>> {
    // Some forty and sixty metres away.
    let beside = |lat_e7, lon_e7| Point { lat_e7: town.center.lat_e7 + lat_e7, lon_e7: town.center.lon_e7 + lon_e7 };
    let first = summary(town, beside(3_000, 2_900), 0xA5, "Lamp flickers all night", Status::InProgress)?;
    let second = summary(town, beside(-2_300, -6_800), 0x3C, "Street light out by the pharmacy", Status::Received)?;
    Ok(vec![api::Near { report: first, distance_m: 40 }, api::Near { report: second, distance_m: 60 }])
}

/// A report that the town has answered.
#[cfg(test)]
pub(crate) fn report() -> anyhow::Result<api::Report> {
    let near = near()?;
    let first = near.first().context("a sample is there")?.report.clone();
    report_of(first)
}

fn report_of(first: Summary) -> anyhow::Result<api::Report> {
    let steps = vec![
        api::Step { at_ms: first.filed_ms, status: Status::Received, answer: None },
        api::Step {
            at_ms: first.updated_ms,
            status: Status::InProgress,
            answer: Some("An electrician comes on Thursday.".to_owned()),
        },
    ];
    Ok(api::Report {
        summary: first,
        text: WORDS.to_owned(),
        answers: api::Answers::default(),
        photo: None,
        department: "works".parse()?,
        steps,
        comments: Vec::new(),
        merged_into: None,
    })
}

/// What a list must have room for: a few words, and as many as a title ever has.
const TITLES: [&str; 6] = [
    "Lamp flickers all night",
    "Street light out by the pharmacy",
    "Una lastra del marciapiede è smossa, quando piove schizza l'acqua su chi passa; ieri una signora è caduta davanti al fo…",
    "Die Straßenbeleuchtung zwischen der Brücke und der Schule ist seit Montag aus",
    "Katuvalo on pimeänä",
    "Two lamps in a row are out",
];

fn listed(town: &Town) -> anyhow::Result<Vec<Summary>> {
    let statuses = [Status::InProgress, Status::Received, Status::Planned, Status::NotOurs, Status::Received, Status::Fixed];
    let one = |(number, title): (u8, &str)| {
        let step = i32::from(number);
        let point =
            Point { lat_e7: town.center.lat_e7 + 2_900 * (step - 2), lon_e7: town.center.lon_e7 + 6_100 * (step * 3 % 5 - 2) };
        let status = statuses.get(usize::from(number)).copied().unwrap_or(Status::Received);
        summary(town, point, 0xA5 ^ (number * 0x11), title, status)
    };
    (0..).zip(TITLES).map(one).collect()
}

/// The same reports as the map shows them, and some that lie upon one another.
fn clustered(town: &Town, reports: &[Summary]) -> Vec<Cluster> {
    let one = |report: &Summary| Cluster {
        point: report.place.point,
        count: 1,
        open: u32::from(report.status.is_open()),
        report: Some(report.id),
        kind: Some(report.kind),
        category: Some(report.category.clone()),
        bounds: Bounds { min: report.place.point, max: report.place.point },
        updated_ms: report.updated_ms,
    };
    let several = |(north, east, count, kind, open): (i32, i32, u32, Option<Kind>, u32)| {
        let point = Point { lat_e7: town.center.lat_e7 + north, lon_e7: town.center.lon_e7 + east };
        Cluster {
            point,
            count,
            open,
            report: None,
            kind,
            category: None,
            bounds: Bounds { min: point, max: point },
            updated_ms: 0,
        }
    };
    let heaps = [
        (9_000, 9_000, 12, Some(Kind::Problem), 12),
        (-9_500, 4_000, 117, None, 80),
        (12_500, -9_000, 4, Some(Kind::Suggestion), 4),
    ];
    reports.iter().map(one).chain(heaps.into_iter().map(several)).collect()
}

pub(crate) fn samples(town: &Town) -> anyhow::Result<Vec<(&'static str, Session)>> {
    let near = near_in(town)?;
    let first = near.first().context("a sample is there")?.report.clone();
    let draft = Draft {
        kind: Some(Kind::Problem),
        category: Some("light".parse()?),
        point: Some(town.center),
        address: Some(address(town, town.center)),
        near,
        text: Edit::new(WORDS),
        answers: [("fault".parse()?, Edit::new("out")), ("since".parse()?, Edit::new("2026-11-23 17:30"))].into(),
        ids: Some((first.id, FollowCode::from_random([0x5A; 8]))),
        filed: Some(Filed {
            id: first.id,
            reference: first.reference.clone(),
            event: api::EventId([1; 32]),
            filed_ms: first.filed_ms,
            department: "works".parse()?,
            due_days: 14,
        }),
        ..Draft::default()
    };
    let on = |screen| Session { started: true, screen, draft: draft.clone(), ..Session::default() };
    let typing = |field, layer| Some(Typing { field, layer, shifted: false, more: Vec::new() });
    let mut searching = on(Screen::Place);
    searching.typing = typing(Field::Search, Layer::Letters);
    searching.draft.search = Edit::new("Boul");
    let found = |label: &str, in_area| api::Found {
        label: label.to_owned(),
        what: "address".into(),
        is_between: false,
        point: town.center,
        in_area,
    };
    searching.draft.found = vec![
        found("Boulevard Princesse Charlotte 24 bis", true),
        found("Boulevard du Jardin Exotique", true),
        found("Boulevard de la République, Beausoleil", false),
    ];
    let mut opened = on(Screen::Report);
    opened.opened.id = Some(first.id);
    opened.opened.report = Some(report_of(first.clone())?);
    let mut long = opened.clone();
    if let Some(report) = &mut long.opened.report {
        report.text = TITLES.join("; ");
        report.answers = [("fault".parse()?, "out".to_owned()), ("since".parse()?, "2026-11-23T15:30:00Z".to_owned())].into();
        let comment = |number: u8, by_reporter, text: &str| {
            let id = api::CommentId([number; 16]);
            Ok(api::Comment { id, at_ms: 700_000_000, text: text.into(), language: "en".parse()?, by_reporter, hidden: None })
        };
        let comments =
            [comment(1, false, "The second lamp is out now, too."), comment(2, true, "It is by the bus stop, not the bridge.")];
        report.comments = comments.into_iter().collect::<anyhow::Result<_>>()?;
    }
    let mut commenting = opened.clone();
    commenting.opened.commenting = true;
    commenting.typing = typing(Field::Comment, Layer::Letters);
    let mut browse = on(Screen::Browse);
    browse.browse.reports = listed(town)?;
    browse.browse.total = 148;
    browse.browse.clusters = Arc::new(clustered(town, &browse.browse.reports));
    let mut sifted = browse.clone();
    sifted.browse.sift = Sift {
        period: Period::Month,
        kind: Some(Kind::Problem),
        categories: ["light".parse()?].into(),
        closed: true,
        spot: None,
    };
    sifted.browse.total = 7;
    let sift = Session { overlay: Overlay::Sift, ..sifted.clone() };
    let aloud = |sheet, session| Session { voice: Voice { on: true, sheet, ..Voice::default() }, ..session };
    let mut compass = aloud(VoiceSheet::Compass, on(Screen::Place));
    compass.compass.near = (0..3)
        .map(|number| NearBy {
            label: format!("Boulevard Princesse Charlotte {number}"),
            point: town.center,
            heading: number * 3,
            distance_m: 40,
        })
        .collect();
    Ok(vec![
        ("home", Session::default()),
        ("category", on(Screen::Category)),
        ("place", on(Screen::Place)),
        ("place-typing", searching),
        ("details", on(Screen::Details)),
        ("details-typing", Session { typing: typing(Field::Text, Layer::Letters), ..on(Screen::Details) }),
        ("details-answer", Session { typing: typing(Field::Answer("since".parse()?), Layer::Signs), ..on(Screen::Details) }),
        ("review", on(Screen::Review)),
        ("slip", on(Screen::Slip)),
        ("slip-printer", on(Screen::Slip)),
        ("code", Session { typing: typing(Field::Code, Layer::Code), notice: Notice::CodeMisread, ..on(Screen::Code) }),
        ("browse", browse),
        ("browse-sifted", sifted),
        ("sift", sift),
        ("report", opened),
        ("report-long", long),
        ("comment", commenting),
        ("finished", on(Screen::Finished)),
        ("help", Session { overlay: Overlay::Help, ..Session::default() }),
        ("about", Session { overlay: Overlay::About, ..Session::default() }),
        ("languages", Session { overlay: Overlay::Languages, ..Session::default() }),
        ("settings", Session { overlay: Overlay::Settings, ..Session::default() }),
        (
            "photos",
            Session {
                overlay: Overlay::Photos,
                photos: vec!["lamp.jpg".into(), "IMG_20261127_093011.jpg".into()],
                ..on(Screen::Details)
            },
        ),
        ("pin", Session { overlay: Overlay::Pin, ..Session::default() }),
        ("staff", Session { overlay: Overlay::Staff, ..Session::default() }),
        ("voice-menu", aloud(VoiceSheet::Menu, Session::default())),
        ("voice-switches", aloud(VoiceSheet::Switches, Session::default())),
        ("voice-compass", compass),
        ("unset", Session::default()),
        ("technician", Session { overlay: Overlay::Technician, ..Session::default() }),
        ("warning", Session { warning_s: Some(24), ..on(Screen::Review) }),
        ("away", Session { notice: Notice::Away, ..on(Screen::Review) }),
    ])
}

#[cfg(test)]
mod tests;
