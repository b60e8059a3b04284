use std::path::PathBuf;

use image::{RgbImage, imageops};

use super::*;
use crate::app::{Colours, TextSize};
use crate::golden;
use crate::map::tests::extract;

/// Set `KIOSK_GALLERY` to a folder to keep the pictures, and `KIOSK_GALLERY_TOWN` to a town file or extract for a map.
#[test]
fn every_screen_is_drawn_in_every_language_and_orientation() {
    let folder = tempfile::tempdir().unwrap();
    let out = std::env::var_os("KIOSK_GALLERY").map_or_else(|| folder.path().to_owned(), Into::into);
    let only = |word: &str| vec![word.to_owned()];
    let wish = Wish {
        out: out.clone(),
        town: std::env::var_os("KIOSK_GALLERY_TOWN").map(PathBuf::from),
        language: LANGUAGES.map(str::to_owned).into(),
        colours: only("standard"),
        text: only("large"),
        low: Some(false),
        ..Wish::default()
    };
    let written = write(&wish).unwrap();
    assert!(written.findings.is_empty(), "{:#?}", written.findings);
    let page = std::fs::read_to_string(out.join("index.html")).unwrap();
    assert_eq!(page.matches("<figure>").count(), written.pictures);
    for (name, _) in samples(&town(None).unwrap()).unwrap() {
        let picture = |language: &str, size: &str| {
            image::open(out.join(format!("{name}-{language}-standard-large-{size}.png"))).unwrap().to_rgb8()
        };
        let english = picture("en", "1920x1080");
        for language in ["it", "de", "fi"] {
            assert_ne!(english, picture(language, "1920x1080"), "{name} says the same in {language}");
        }
        let portrait = picture("en", "1080x1920");
        let colours: std::collections::BTreeSet<[u8; 3]> = portrait.pixels().map(|pixel| pixel.0).collect();
        assert!(colours.len() > 20, "{name} is empty");
    }
}

#[test]
fn a_first_frame_is_told_once_and_only_after_it_is_drawn() {
    let studio = Studio::open(town(None).unwrap()).unwrap();
    studio.screen.set_size(PhysicalSize::new(1920, 1080));
    let told: Rc<RefCell<Vec<bool>>> = Rc::default();
    let list = Rc::clone(&told);
    bridge::drawn::connect(&studio.window, move |live| list.borrow_mut().push(live));
    let turn = |state: State, told_by_then: &[bool]| {
        bridge::show(&studio.window, &state, &studio.laid);
        slint::platform::update_timers_and_animations();
        let before = told.borrow().clone();
        studio.window.window().take_snapshot().unwrap();
        assert_eq!(*told.borrow(), before, "told while it is being drawn");
        slint::platform::update_timers_and_animations();
        assert_eq!(*told.borrow(), told_by_then);
    };
    let there = || State { town: Some(studio.town.clone()), online: true, heard: true, ..State::default() };
    turn(State::default(), &[]);
    turn(State { heard: true, ..State::default() }, &[false]);
    turn(there(), &[false, true]);
    turn(State { online: false, ..there() }, &[false, true]);
    turn(there(), &[false, true]);
}

/// What the golden pictures show.
const GOLDEN: [&str; 12] =
    ["home", "category", "place", "details-typing", "review", "slip", "code", "report", "browse", "sift", "unset", "technician"];
/// The golden pictures are so much smaller than the screen: a letter can still be told from another.
const SMALLER: u32 = 4;
/// A channel that differs by more than this is another colour.
const OTHER: u8 = 32;
/// Every golden picture of `kiosk/golden` is still what is drawn. Set `KIOSK_GOLDEN=update` to take what is drawn for right.
#[test]
fn screens_look_as_they_did() {
    let place = tempfile::tempdir().unwrap();
    let (pbf, map) = (place.path().join("hamlet.osm.pbf"), place.path().join("town"));
    extract::hamlet().write(&pbf).unwrap();
    ::map::import(&pbf, None, &map, &mut |_| {}).unwrap();
    let studio = Studio::open(town(Some(&map)).unwrap()).unwrap();
    let family = ui::Typeface::get(&studio.window).get_family();
    assert_eq!(
        family, "Atkinson Hyperlegible",
        "the pictures are of this typeface: scripts/prepare fetches it, as scripts/test does"
    );
    let samples = samples(&studio.town).unwrap();
    let mut wrong = Vec::new();
    let mut hold = |name: String, drawn: RgbImage| wrong.extend(golden::hold(&name, &drawn, OTHER, &[]));
    let alone = Session::default();
    let sample = |wanted: &str| samples.iter().find(|(name, _)| *name == wanted).map(|(_, session)| session).unwrap();
    let mut pictures: Vec<(&'static str, &Session)> = GOLDEN.map(|name| (name, sample(name))).into();
    // Nothing of the dark stays on the screen that is woken from it.
    pictures.extend([("dark", &alone), ("woken", &alone)]);
    for (name, session) in pictures {
        for language in if name == "dark" { &["en"][..] } else { &["en", "de"] } {
            for (shape, size) in wish::ORIENTATIONS {
                let drawn = smaller(&studio.picture(name, session, language, size).unwrap());
                hold(format!("{name}-{language}-{shape}"), drawn);
            }
        }
    }
    // As residents set it.
    let (landscape, portrait) = ((1920, 1080), (1080, 1920));
    for (screen, language, text, colours, low, size) in [
        ("settings", "en", TextSize::Large, Colours::Standard, false, landscape),
        ("home", "en", TextSize::Large, Colours::ContrastDark, true, portrait),
        ("place", "en", TextSize::Large, Colours::Dark, true, landscape),
        ("category", "de", TextSize::Largest, Colours::Standard, false, portrait),
        ("details", "de", TextSize::Small, Colours::Soft, false, landscape),
        ("review", "en", TextSize::Medium, Colours::ContrastLight, false, landscape),
    ] {
        let settings = Settings { text, colours, low, ..Settings::default() };
        let shot = Shot { screen, language: language.to_owned(), settings, size };
        studio.stage(&shot, sample(screen)).unwrap();
        let drawn = smaller(&studio.take(sample(screen), &shot).unwrap());
        hold(shot.name(), drawn);
    }
    assert!(wrong.is_empty(), "{}\nIf this is meant: KIOSK_GOLDEN=update cargo test -p kiosk look_as_they_did", wrong.join("\n"));
}

/// A picture made smaller, in fewer colours, so that it takes few bytes.
fn smaller(picture: &Pixels) -> RgbImage {
    let (width, height) = (picture.width(), picture.height());
    let full = image::RgbaImage::from_raw(width, height, picture.as_bytes().to_vec()).unwrap();
    let full = image::DynamicImage::ImageRgba8(full).to_rgb8();
    let mut small = imageops::thumbnail(&full, width / SMALLER, height / SMALLER);
    golden::fewer_colors(&mut small);
    small
}
