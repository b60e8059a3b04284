//! Every screen as a picture, with sample data: for eyes, and for comparing.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use anyhow::Context;
use api::{
    Area, Bounds, Category, Datatype, Department, Filed, FollowCode, Kind, Place, Point, Question, Status, Summary, Texts, Town,
};
use slint::platform::software_renderer::{MinimalSoftwareWindow, RepaintBufferType};
use slint::platform::{Platform, WindowAdapter};
use slint::{ComponentHandle, Global, PhysicalSize};

use crate::app::{Draft, Field, Notice, Overlay, Screen, Session, State, Typing};
use crate::bridge::{self, Laid};
use crate::keyboard::{Edit, Layer};
use crate::mapping::Mapping;
use crate::{AppWindow, locale, ui};

const WORDS: &str = "Dark since Monday, the corner by the pharmacy; my mother fell.";

struct Headless(Rc<MinimalSoftwareWindow>);

impl Platform for Headless {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, slint::PlatformError> {
        Ok(Rc::clone(&self.0) as Rc<dyn WindowAdapter>)
    }
}

/// Writes every sample in every language and both orientations into a folder, as `NAME-LANGUAGE-WIDTHxHEIGHT.png`.
/// A town file, or an `osm.pbf` extract, gives the map; without one the map's place stays empty.
pub fn write(out: &Path, map_file: Option<&Path>) -> anyhow::Result<()> {
    std::fs::create_dir_all(out).with_context(|| format!("the folder {} cannot be made", out.display()))?;
    let screen = MinimalSoftwareWindow::new(RepaintBufferType::NewBuffer);
    slint::platform::set_platform(Box::new(Headless(Rc::clone(&screen))))?;
    let window = AppWindow::new()?;
    window.show()?;
    let laid = Laid::default();
    // An extract is imported first, beside the pictures.
    let imported =
        map_file.filter(|file| file.extension().is_some_and(|ending| ending == "pbf")).map(|_| out.join("gallery.town"));
    if let (Some(extract), Some(file)) = (map_file, &imported) {
        ::map::import(extract, None, file, &mut |_| {}).with_context(|| format!("{} cannot be imported", extract.display()))?;
    }
    let map_file = imported.as_deref().or(map_file);
    let town = town(map_file)?;
    let mapping = Rc::new(RefCell::new(Mapping::default()));
    let sized = Rc::clone(&mapping);
    ui::MapData::get(&window).on_resized(move |width, height| {
        if let Ok(mut mapping) = sized.try_borrow_mut() {
            mapping.resize(width, height);
        }
    });
    for (name, session) in samples(&town)? {
        for language in ["en", "it", "de", "fi"] {
            let mut state = State {
                town: Some(town.clone()),
                online: name != "away",
                heard: true,
                session: session.clone(),
                ..State::default()
            };
            state.session.language = Some(language.parse()?);
            locale::select(language);
            for (width, height) in [(1920, 1080), (1080, 1920)] {
                screen.set_size(PhysicalSize::new(width, height));
                bridge::show(&window, &state, &laid);
                slint::platform::update_timers_and_animations();
                if map_file.is_some() && matches!(state.session.screen, Screen::Place | Screen::Browse) {
                    // Once for the layout, which tells the map's size.
                    window.window().take_snapshot()?;
                    let mut mapping = mapping.borrow_mut();
                    mapping.follow(&state, language);
                    mapping.look(town.center);
                    mapping.settle(&window);
                }
                let picture = window.window().take_snapshot()?;
                let path = out.join(format!("{name}-{language}-{width}x{height}.png"));
                image::save_buffer(&path, picture.as_bytes(), width, height, image::ColorType::Rgba8)
                    .with_context(|| format!("{} cannot be written", path.display()))?;
            }
        }
    }
    if let Some(file) = &imported {
        std::fs::remove_file(file).with_context(|| format!("{} cannot be removed", file.display()))?;
    }
    Ok(())
}

fn texts(all: [&str; 4]) -> anyhow::Result<Texts> {
    ["en", "it", "de", "fi"].into_iter().zip(all).map(|(language, text)| Ok((language.parse()?, text.to_owned()))).collect()
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
    let kinds = [
        ("light", 'L', ["Street light", "Illuminazione", "Straßenlampe", "Katuvalo"]),
        ("road", 'R', ["Road and pavement", "Strade e marciapiedi", "Straße und Gehweg", "Katu ja jalkakäytävä"]),
        ("waste", 'W', ["Rubbish", "Rifiuti", "Müll", "Roskat"]),
        ("tree", 'T', ["Trees and parks", "Alberi e parchi", "Bäume und Parks", "Puut ja puistot"]),
        ("water", 'D', ["Water and drains", "Acqua e scarichi", "Wasser und Kanal", "Vesi ja viemärit"]),
        ("sign", 'S', ["Signs and traffic", "Segnali e traffico", "Schilder und Verkehr", "Liikennemerkit"]),
        ("building", 'B', ["Public building", "Edificio pubblico", "Öffentliches Gebäude", "Julkinen rakennus"]),
        ("bus", 'P', ["Bus stop", "Fermata", "Haltestelle", "Pysäkki"]),
        ("bench", 'F', ["Bench and furniture", "Panchine e arredo", "Bänke und Möbel", "Penkit ja kalusteet"]),
        ("play", 'C', ["Playground", "Parco giochi", "Spielplatz", "Leikkipaikka"]),
        ("graffiti", 'G', ["Graffiti", "Graffiti", "Graffiti", "Töherrykset"]),
        ("animal", 'A', ["Animals", "Animali", "Tiere", "Eläimet"]),
        ("other", 'O', ["Something else", "Altro", "Etwas anderes", "Muu asia"]),
    ];
    let line = [
        "Broken, dark or dangerous",
        "Guasto, buio o pericoloso",
        "Kaputt, dunkel oder gefährlich",
        "Rikki, pimeä tai vaarallinen",
    ];
    let question = Question {
        code: "post".parse()?,
        datatype: Datatype::String,
        required: false,
        names: texts(["Number on the post", "Numero sul palo", "Nummer am Mast", "Numero pylväässä"])?,
        values: Vec::new(),
    };
    let category = |(icon, letter, names): (&str, char, [&str; 4])| {
        Ok(Category {
            code: icon.parse()?,
            names: texts(names)?,
            descriptions: texts(line)?,
            keywords: Vec::new(),
            group: String::new(),
            department: "works".parse()?,
            kinds: vec![Kind::Problem, Kind::Suggestion],
            letter,
            icon: icon.to_owned(),
            due_days: 14,
            near_radius_m: 60,
            questions: vec![question.clone()],
        })
    };
    Ok(Town {
        name,
        place_name: "Library North".to_owned(),
        area: Area::rectangle(bounds),
        bounds,
        center,
        languages: ["en", "it", "de", "fi"].iter().map(|code| code.parse()).collect::<Result<_, _>>()?,
        demo: true,
        version: String::new(),
        map_file: map_file.map(|file| file.to_string_lossy().into_owned()),
        refuses: None,
        open_reports: 148,
        categories: kinds.into_iter().map(category).collect::<anyhow::Result<_>>()?,
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
    map.and_then(|map| map.reverse(point.lat(), point.lon())).unwrap_or_else(|| "Harbour Street 27".to_owned())
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

fn samples(town: &Town) -> anyhow::Result<Vec<(&'static str, Session)>> {
    let near = near_in(town)?;
    let [first, second] = [0, 1].map(|index: usize| near.get(index).map(|near| near.report.clone()));
    let (first, second) = (first.context("a sample is there")?, second.context("a second sample is there")?);
    let draft = Draft {
        kind: Some(Kind::Problem),
        category: Some("light".parse()?),
        point: Some(town.center),
        address: Some(address(town, town.center)),
        near,
        text: Edit::new(WORDS),
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
    let report = report_of(first.clone())?;
    let mut opened = on(Screen::Report);
    opened.opened.id = Some(first.id);
    opened.opened.report = Some(report);
    let mut browse = on(Screen::Browse);
    browse.browse.reports = vec![first, second];
    browse.browse.total = 2;
    Ok(vec![
        ("home", Session::default()),
        ("category", on(Screen::Category)),
        ("place", on(Screen::Place)),
        ("details", on(Screen::Details)),
        ("details-typing", Session { typing: typing(Field::Text, Layer::Letters), ..on(Screen::Details) }),
        ("review", on(Screen::Review)),
        ("slip", on(Screen::Slip)),
        ("code", Session { typing: typing(Field::Code, Layer::Code), notice: Notice::CodeMisread, ..on(Screen::Code) }),
        ("browse", browse),
        ("report", opened),
        ("finished", on(Screen::Finished)),
        ("help", Session { overlay: Overlay::Help, ..Session::default() }),
        ("languages", Session { overlay: Overlay::Languages, ..Session::default() }),
        ("warning", Session { warning_s: Some(24), ..on(Screen::Review) }),
        ("away", Session { notice: Notice::Away, ..on(Screen::Review) }),
    ])
}

#[cfg(test)]
mod tests {
    /// Set `KIOSK_GALLERY` to a folder to keep the pictures, and `KIOSK_GALLERY_TOWN` to a town file or extract for a map.
    #[test]
    fn every_screen_is_drawn_in_every_language_and_orientation() {
        let folder = tempfile::tempdir().unwrap();
        let out = std::env::var_os("KIOSK_GALLERY").map_or_else(|| folder.path().to_owned(), Into::into);
        let town_file = std::env::var_os("KIOSK_GALLERY_TOWN").map(std::path::PathBuf::from);
        super::write(&out, town_file.as_deref()).unwrap();
        for (name, _) in super::samples(&super::town(None).unwrap()).unwrap() {
            let picture =
                |language: &str, size: &str| image::open(out.join(format!("{name}-{language}-{size}.png"))).unwrap().to_rgb8();
            let english = picture("en", "1920x1080");
            for language in ["it", "de", "fi"] {
                assert_ne!(english, picture(language, "1920x1080"), "{name} says the same in {language}");
            }
            let portrait = picture("en", "1080x1920");
            let colours: std::collections::BTreeSet<[u8; 3]> = portrait.pixels().map(|pixel| pixel.0).collect();
            assert!(colours.len() > 20, "{name} is empty");
        }
    }
}
