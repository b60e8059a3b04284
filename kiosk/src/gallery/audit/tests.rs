use std::rc::Rc;
use std::time::Instant;

use slint::ComponentHandle;
use slint::platform::software_renderer::{MinimalSoftwareWindow, RepaintBufferType};

use super::*;
use crate::gallery::wish::Wish;
use crate::gallery::{Headless, LANGUAGES, Studio, languages, samples, town};

/// What is wrong with every screen in some languages, and how many were looked at.
fn flaws_in(languages: &[&str]) -> (usize, Vec<String>) {
    let studio = Studio::open(town(None).unwrap()).unwrap();
    let samples = samples(&studio.town).unwrap();
    let names: Vec<&'static str> = samples.iter().map(|(name, _)| *name).collect();
    let shots = Wish { colours: vec!["standard".into()], ..Wish::everything() }.shots(&names, languages);
    assert_eq!(shots.len(), names.len() * languages.len() * 4 * 2 * 2);
    let fonts = Fonts::of_system();
    let mut wrong = Vec::new();
    for shot in &shots {
        let (_, session) = samples.iter().find(|(name, _)| *name == shot.screen).unwrap();
        studio.stage(shot, session).unwrap();
        let found = audit(studio.window.window(), studio.rules(shot, session), &fonts);
        wrong.extend(found.iter().map(|finding| format!("{}: {finding}", shot.name())));
    }
    (shots.len(), wrong)
}

/// Every screen in every language, size of text and orientation, as it usually is and low, is without a flaw. Colours change no
/// layout, but strokes: one palette is enough.
#[test]
fn no_screen_has_a_flaw() {
    let began = Instant::now();
    let mut languages = languages();
    assert!(languages.len() >= LANGUAGES.len());
    // What is read from the right stands elsewhere, whatever its words.
    if !languages.contains(&"ar") {
        languages.push("ar");
    }
    // A window belongs to its thread: each looks at some of the languages.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<(usize, Vec<String>)> = std::thread::scope(|scope| {
        let part = |part: usize| languages.iter().copied().skip(part).step_by(threads).collect::<Vec<_>>();
        let running: Vec<_> = (0..threads).map(part).map(|part| scope.spawn(move || flaws_in(&part))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let looked: usize = parts.iter().map(|(looked, _)| looked).sum();
    let wrong: Vec<String> = parts.into_iter().flat_map(|(_, wrong)| wrong).collect();
    println!("{looked} layouts in {:.1} s", began.elapsed().as_secs_f32());
    assert!(wrong.is_empty(), "{} flaws; the first are\n{}", wrong.len(), wrong[..wrong.len().min(80)].join("\n"));
}

mod flawed {
    #![allow(clippy::all, clippy::unwrap_used, clippy::todo, unused_qualifications)]
    slint::slint! {
        export component Flawed inherits Window {
            width: 1000px;
            height: 800px;
            in property <int> flaw;
            in property <string> letter: "a";
            // As in the kiosk's window: takes every touch that nobody else does.
            TouchArea { }
            Rectangle {
                x: 20px; y: 420px; width: 500px; height: 100px; background: white;
                Text { x: 10px; y: 10px; text: root.letter; font-size: 30px; }
                TouchArea { }
            }
            if flaw == 1: Text { x: 20px; y: 100px; width: 60px; height: 50px; text: "Illumination"; font-size: 30px; }
            if flaw == 2: Text { x: 20px; y: 100px; width: 60px; height: 50px; text: "Illumination"; font-size: 30px; overflow: elide; }
            if flaw == 3: Text { x: 20px; y: 100px; width: 150px; height: 30px; text: "Light of the street"; font-size: 30px; wrap: word-wrap; }
            if flaw == 4: Rectangle { x: 20px; y: 100px; width: 400px; height: 50px; background: white; Text { x: 10px; y: 30px; text: "Light"; font-size: 30px; } }
            if flaw == 5: Text { x: 980px; y: 100px; text: "Light"; font-size: 30px; }
            if flaw == 6: Text { x: 20px; y: 100px; text: "Light"; font-size: 30px; }
            if flaw == 6: Text { x: 40px; y: 110px; text: "Dark"; font-size: 30px; }
            if flaw == 7: TouchArea { x: 400px; y: 480px; width: 200px; height: 100px; }
            if flaw == 8: TouchArea { x: 600px; y: 600px; width: 200px; height: 40px; }
            if flaw == 9: TouchArea { x: 524px; y: 420px; width: 200px; height: 100px; }
            if flaw == 10: TouchArea { x: 20px; y: 300px; width: 200px; height: 80px; }
            if flaw == 11: Text { x: 480px; y: 440px; text: "Light"; font-size: 30px; }
            // A list that is longer than its window is none.
            if flaw == 12: Flickable {
                x: 600px; y: 420px; width: 300px; height: 100px; content-height: 400px;
                Rectangle { background: white; height: 400px; Text { y: 20px; text: "Light"; font-size: 30px; } TouchArea { y: 80px; height: 100px; width: 200px; x: 0px; } }
            }
            // What lies under a sheet is not to be seen and not to be touched.
            if flaw == 13: TouchArea { x: 400px; y: 480px; width: 20px; height: 20px; }
            if flaw == 13: Rectangle { background: white; TouchArea { } Text { x: 20px; y: 20px; text: "Sheet"; font-size: 30px; } }
        }
    }
}

#[test]
fn every_flaw_that_is_planted_is_found() {
    let screen = MinimalSoftwareWindow::new(RepaintBufferType::NewBuffer);
    slint::platform::set_platform(Box::new(Headless(Rc::clone(&screen)))).unwrap();
    let window = flawed::Flawed::new().unwrap();
    window.show().unwrap();
    screen.set_size(slint::PhysicalSize::new(1000, 800));
    let fonts = Fonts::of_system();
    let planted = [
        (1, Flaw::Clipped),
        (2, Flaw::Clipped),
        (3, Flaw::Clipped),
        (4, Flaw::OutOfBox),
        (5, Flaw::OffScreen),
        (6, Flaw::Overlap),
        (7, Flaw::Overlap),
        (8, Flaw::SmallTarget),
        (9, Flaw::SmallGap),
        (10, Flaw::TooHigh),
        (11, Flaw::Overlap),
    ];
    let rules = Rules { mm: 3.6, controls_from: 0.5 };
    let found = |flaw: i32| -> Vec<Flaw> {
        window.set_flaw(flaw);
        audit(window.window(), rules, &fonts).into_iter().map(|finding| finding.flaw).collect()
    };
    for sound in [0, 12, 13] {
        assert_eq!(found(sound), [], "{sound} is sound");
    }
    for (number, flaw) in planted {
        assert_eq!(found(number), [flaw], "{number}");
    }
    window.set_letter("\u{10FFFD}".into());
    assert_eq!(found(0), [Flaw::MissingGlyph]);
    // The same target on a screen with more pixels to the millimetre is a small one.
    window.set_letter("a".into());
    window.set_flaw(0);
    let dense = audit(window.window(), Rules { mm: 10.0, controls_from: 0.0 }, &fonts);
    assert_eq!(dense.iter().map(|finding| finding.flaw).collect::<Vec<_>>(), [Flaw::SmallTarget]);
}
