//! Sizes on the glass, contrast, and that nothing is painted but by the tokens.

use slint::{Color, Global, PhysicalSize};

use crate::app::{Colours, Setting, TextSize, VIEWING_MM};
use crate::gallery::Studio;
use crate::look::*;
use crate::ui;

#[test]
fn a_screen_of_any_size_shows_as_much_as_full_hd() {
    assert_eq!(fitting(1920, 1080), 1.0);
    assert_eq!(fitting(1080, 1920), 1.0);
    assert_eq!(fitting(3840, 2160), 2.0);
    // 1280x800: the width decides.
    assert!((fitting(1280, 800) - 2.0 / 3.0).abs() < 1e-6);
    assert!((fitting(1024, 600) - 1024.0 / 1920.0).abs() < 1e-6);
}

#[test]
fn a_screen_in_millimetres_is_read_or_refused() {
    assert_eq!("531x299".parse(), Ok(ScreenMm { width: 531, height: 299 }));
    assert_eq!("299 × 531".parse(), Ok(ScreenMm { width: 299, height: 531 }));
    for bad in ["", "531", "531x", "24in", "5x5", "531x9000", "-531x299"] {
        assert_eq!(bad.parse::<ScreenMm>(), Err(BadScreenMm), "{bad:?}");
    }
}

#[test]
fn arabic_and_hebrew_are_read_from_the_right() {
    assert!(is_mirrored("ar") && is_mirrored("he") && is_mirrored("ar-EG") && is_mirrored("FA"));
    assert!(!is_mirrored("en") && !is_mirrored("arn") && !is_mirrored(""));
}

/// Height in pixels of the capital `H` as it is drawn in running text, at so many logical pixels for a millimetre and such a scale.
fn drawn_capital(studio: &Studio, text: TextSize, mm: f32, scale: f32) -> u32 {
    let theme = ui::Theme::get(&studio.window);
    theme.set_mm(mm);
    theme.set_capital(text.capital_mm());
    studio.scaled(scale, (1920, 1080));
    // Two pictures that differ by one letter at the start of a line: what differs is the letter.
    ui::Shell::get(&studio.window).set_screen(ui::ScreenName::Report);
    let report = ui::ReportData::get(&studio.window);
    report.set_there(true);
    let picture = |text: &str| {
        report.set_text(text.into());
        studio.snapshot()
    };
    let (with, without) = (picture("H"), picture("\u{a0}"));
    let differs = |row: usize| {
        let width = with.width() as usize;
        let of = |picture: &crate::gallery::Pixels| picture.as_slice()[row * width..(row + 1) * width].to_vec();
        of(&with) != of(&without)
    };
    // Rows that are painted to less than a half are an edge that is softened: one at most.
    (0..with.height() as usize).filter(|row| differs(*row)).count() as u32
}

/// A1 and A2: what is drawn has its millimetres on the glass, whatever the screen's density. `cargo test -- --nocapture` shows them.
#[test]
fn capitals_have_their_millimetres_on_the_glass() {
    let studio = Studio::open(crate::gallery::town(None).unwrap()).unwrap();
    // A panel, its pixels, its millimetres.
    let panels = [
        ("24 inch, Full HD", (1920, 1080), Some(ScreenMm { width: 531, height: 299 })),
        ("21.5 inch, Full HD", (1920, 1080), Some(ScreenMm { width: 476, height: 268 })),
        ("27 inch, 2560x1440, upright", (1440, 2560), Some(ScreenMm { width: 336, height: 597 })),
        ("unknown, Full HD", (1920, 1080), None),
    ];
    for (name, (width, height), screen) in panels {
        let scale = fitting(width, height);
        let mm = pixels_per_mm((width, height), screen, scale);
        for text in TextSize::ALL {
            let pixels = drawn_capital(&studio, text, mm, scale);
            let glass = pixels as f32 / (mm * scale);
            println!("{name}: {text:?} is {} mm: {pixels} pixels, {glass:.2} mm", text.capital_mm());
            // An edge may be softened over a pixel at either end.
            assert!((glass - text.capital_mm()).abs() <= 1.6 / (mm * scale), "{name}, {text:?}: {glass} mm");
            if text == TextSize::default() {
                assert!(glass >= 0.01222 * VIEWING_MM - 0.3 / mm, "{glass} mm is less than 0.7 degrees (EN 301 549, 5.1.4)");
            }
        }
    }
    // What is smaller is laid out as if it were not, and what is larger, too.
    assert_eq!(pixels_per_mm((1920, 1080), Some(ScreenMm { width: 220, height: 124 }), 1.0), *MM.end());
    assert_eq!(pixels_per_mm((3840, 2160), Some(ScreenMm { width: 1200, height: 680 }), 2.0), *MM.start());
}

#[test]
fn no_letter_is_smaller_than_it_may_be() {
    let studio = Studio::open(crate::gallery::town(None).unwrap()).unwrap();
    let theme = ui::Theme::get(&studio.window);
    let capital = ui::Typeface::get(&studio.window).get_capital();
    for text in TextSize::ALL {
        theme.set_capital(text.capital_mm());
        let mm = |size: f32| size * capital / theme.get_mm();
        // A size is a whole pixel.
        let least = if text >= TextSize::default() { 4.8 } else { 3.5 } - 0.5 / theme.get_mm();
        let sizes =
            [theme.get_small(), theme.get_body(), theme.get_lead(), theme.get_head(), theme.get_title(), theme.get_display()];
        assert!(mm(sizes[0]) >= least, "{text:?}: {} mm", mm(sizes[0]));
        assert!(sizes.windows(2).all(|pair| pair[0] < pair[1] + 1.0), "{text:?}: {sizes:?}");
        assert!(theme.get_target() / theme.get_mm() >= 12.7 && theme.get_gap() / theme.get_mm() >= 2.54);
    }
}

/// Relative luminance (WCAG 2.2).
fn luminance(colour: Color) -> f64 {
    let channel = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(colour.red()) + 0.7152 * channel(colour.green()) + 0.0722 * channel(colour.blue())
}

fn contrast(one: Color, other: Color) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn contrast_is_reckoned_as_wcag_does() {
    let black = Color::from_rgb_u8(0, 0, 0);
    assert!((contrast(black, Color::from_rgb_u8(255, 255, 255)) - 21.0).abs() < 1e-9);
    assert!((contrast(Color::from_rgb_u8(0x77, 0x77, 0x77), Color::from_rgb_u8(255, 255, 255)) - 4.48).abs() < 0.01);
}

/// A4 and A5: every pair of text and ground, of control and ground, and of ring and ground that can meet.
#[test]
fn every_pair_of_colours_has_its_contrast() {
    let studio = Studio::open(crate::gallery::town(None).unwrap()).unwrap();
    let palettes = ui::Palettes::get(&studio.window);
    let mut wrong = Vec::new();
    for colours in Colours::ALL {
        let of = match colours {
            Colours::Standard => palettes.get_standard(),
            Colours::Dark => palettes.get_dark(),
            Colours::ContrastDark => palettes.get_contrast_dark(),
            Colours::ContrastLight => palettes.get_contrast_light(),
            Colours::Soft => palettes.get_soft(),
        };
        let (least, most) = match colours {
            Colours::Standard | Colours::Dark => (10.0, 21.0),
            Colours::ContrastDark | Colours::ContrastLight => (20.0, 21.0),
            Colours::Soft => (4.5, 7.0),
        };
        let mut hold = |what: String, one: Color, other: Color, least: f64, most: f64| {
            let is = contrast(one, other);
            if !(least..=most + 1e-9).contains(&is) {
                wrong.push(format!("{colours:?}: {what} has {is:.2}:1, not {least} to {most}"));
            }
        };
        let grounds =
            [("ground", of.ground), ("surface", of.surface), ("tint", of.tint), ("good", of.good_tint), ("warn", of.warn_tint)];
        for (ground, colour) in grounds {
            for (ink, text) in [("ink", of.ink), ("quiet", of.quiet)] {
                hold(format!("{ink} on {ground}"), text, colour, least, most);
            }
        }
        for (ground, colour) in &grounds[..3] {
            hold(format!("accent on {ground}"), of.accent, *colour, least, most);
            hold(format!("ring on {ground}"), of.ring, *colour, 3.0, 21.0);
        }
        let pairs = [
            ("ink on demo", of.ink, of.demo_tint),
            ("ink on keys", of.ink, of.key),
            ("ink on acting keys", of.ink, of.key_ground),
            ("text of a primary button", of.on_primary, of.primary),
            ("text of a pressed one", of.on_primary, of.pressed),
            ("text of the bar", of.on_bar, of.bar),
            ("text of its buttons", of.on_bar, of.bar_button),
            ("text of Finish", of.on_finish, of.finish),
        ];
        for (what, text, ground) in pairs {
            hold(what.to_owned(), text, ground, least, most);
        }
        // What cannot be pressed needs no contrast (WCAG 1.4.3), and can be read here all the same.
        hold("text of what cannot be pressed".to_owned(), of.on_unavailable, of.unavailable, 4.5, 21.0);
        let controls = [
            ("the edge of a field on ground", of.edge, of.ground),
            ("the edge of a field on surface", of.edge, of.surface),
            ("the edge of a button in the bar", of.bar_edge, of.bar),
            ("Finish on the bar", of.finish, of.bar),
            ("the ring on the bar", of.bar_ring, of.bar),
            ("a primary button on ground", of.primary, of.ground),
            ("a primary button on surface", of.primary, of.surface),
            ("a key that ends on the keyboard", of.primary, of.keyboard),
            ("the ring on the keyboard", of.ring, of.keyboard),
        ];
        for (what, control, ground) in controls {
            hold(what.to_owned(), control, ground, 3.0, 21.0);
        }
        for badge in [of.problem, of.suggestion, of.news, of.follow, of.good, of.bar] {
            hold("the sign on a badge".to_owned(), of.on_badge, badge, 4.5, 21.0);
            let seen = if of.badge_edge.alpha() > 0 { of.badge_edge } else { badge };
            hold("a badge on surface".to_owned(), seen, of.surface, 3.0, 21.0);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_set_is_what_is_drawn() {
    let studio = Studio::open(crate::gallery::town(None).unwrap()).unwrap();
    studio.screen.set_size(PhysicalSize::new(1920, 1080));
    let mut state = crate::app::State::default();
    let theme = ui::Theme::get(&studio.window);
    for text in TextSize::ALL {
        for colours in Colours::ALL {
            state.session.settings.set(Setting::Text(text));
            state.session.settings.set(Setting::Colours(colours));
            crate::bridge::show(&studio.window, &state, &studio.laid);
            assert_eq!(theme.get_capital(), text.capital_mm());
            assert_eq!(TextSize::ALL[ui::Shell::get(&studio.window).get_text_step() as usize], text);
        }
    }
    state.session.settings.set(Setting::Low(true));
    state.session.settings.set(Setting::Still(true));
    crate::bridge::show(&studio.window, &state, &studio.laid);
    assert!(theme.get_low() && theme.get_still());
}

/// The markup, but for the tokens themselves and the sample data of editors: name and text.
fn markup() -> Vec<(String, String)> {
    fn files(folder: &std::path::Path, all: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, all);
            } else if !["theme.slint", "gallery.slint"].contains(&path.file_name().unwrap().to_str().unwrap()) {
                all.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut all = Vec::new();
    files(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("ui"), &mut all);
    assert!(all.len() > 15);
    all
}

/// What in a line is not by the tokens: a colour, a size of text, or a motion that cannot be off (A8, WCAG 2.3.1).
fn off_the_tokens(line: &str) -> Option<&'static str> {
    let line = line.split("//").next().unwrap_or_default();
    let is_colour = |word: &str| {
        let digits = word.chars().take_while(char::is_ascii_hexdigit).count();
        [3, 4, 6, 8].contains(&digits)
    };
    if line.split('#').skip(1).any(is_colour) || [": white", ": black;", "tint: red"].iter().any(|word| line.contains(word)) {
        return Some("a colour");
    }
    let size =
        line.split("font-size:").nth(1).is_some_and(|size| size.trim_start().starts_with(|first: char| first.is_ascii_digit()));
    if size {
        return Some("a size of text");
    }
    ((line.contains("animate ") || line.contains("animation-tick")) && !line.contains("Theme.still")).then_some("a motion")
}

#[test]
fn every_colour_size_and_motion_is_a_token() {
    for (file, text) in markup() {
        for (number, line) in text.lines().enumerate() {
            assert_eq!(off_the_tokens(line), None, "{file}:{}: {line}", number + 1);
        }
    }
    assert_eq!(off_the_tokens("background: #10222ecc;"), Some("a colour"));
    assert_eq!(off_the_tokens("font-size: 26px;"), Some("a size of text"));
    assert_eq!(off_the_tokens("animate x { duration: 100ms; }"), Some("a motion"));
    assert_eq!(off_the_tokens("animate x { duration: Theme.still ? 0ms : 100ms; }"), None);
}
