//! Every page at every size looks as it did, and says what it must.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use embedded_graphics::geometry::{OriginDimensions, Size};
use embedded_graphics::pixelcolor::RgbColor;
use panel::boot::{Boot, Recovery, Step, draw_boot, draw_recovery};
use panel::canvas::Frame;
use panel::code::SMALL_BYTES_MAX;
use panel::draw::{View, draw};
use panel::fault::{Kind, faults};
use panel::pager::{Choice, Face, Tier};
use panel::reading::{Clock, Disk, DiskWatch, Kiosk, Network, Pairing, Readings, Refusal, Rollback, Store, Sync};
use panel::sheet::{Page, pages};
use panel::word::Language;

/// The small display, the larger one, a ten inch screen, and a standing one. The last two are kept smaller.
const SIZES: [(&str, Size, u32); 4] = [
    ("128x64", Size::new(128, 64), 1),
    ("320x240", Size::new(320, 240), 1),
    ("1280x800", Size::new(1280, 800), 2),
    ("1080x1920", Size::new(1080, 1920), 4),
];

fn words(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A box in order.
fn sound() -> Readings {
    Readings {
        language: words("en"),
        town: words("Jyväskylä"),
        site: words("Main library"),
        serial: words("WGN-0042-7"),
        slot: words("a"),
        version: words("2026.11.1"),
        is_on_trial: Some(false),
        rollback: None,
        network: Network {
            addresses: vec!["192.168.100.142".to_owned(), "fd12:3456:789a:1:e65f:1ff:fe8a:9c01".to_owned()],
            host: words("wegovnow-0042"),
            is_plugged: Some(true),
            is_captive: Some(false),
        },
        store: Some(Store::Open),
        kiosk: Some(Kiosk::Shown),
        reports: Some(12_043),
        disk: Disk {
            free_bytes: Some(41_200_000_000),
            total_bytes: Some(58_000_000_000),
            life_used_percent: Some(12),
            watch: None,
        },
        sync: Sync { age_s: Some(240), peers: Some(2) },
        temperature_c: Some(48.4),
        uptime_s: Some(12 * 86_400),
        clock: Clock { is_verified: Some(true), source: words("ntp.example.org"), local: words("2026-11-26 21:04") },
        host_key: words("SHA256:kfvXoc2mWRwMHyMzqCW5/zFySzB2W5MN+gOTDUVS/AM"),
        refusal: None,
        pairing: None,
        starts_by_itself: None,
    }
}

/// Everything wrong at once.
fn broken(language: Language) -> Readings {
    Readings {
        language: words(language.code()),
        rollback: Some(Rollback {
            version: words("2026.12.0"),
            reason: words("wegovnowd did not answer within 180 s: connection refused"),
        }),
        network: Network { is_plugged: Some(false), is_captive: Some(true), ..Network::default() },
        store: Some(Store::ReadOnly),
        kiosk: Some(Kiosk::Down),
        disk: Disk {
            free_bytes: Some(320_000_000),
            total_bytes: Some(58_000_000_000),
            life_used_percent: Some(104),
            watch: Some(DiskWatch { trouble: words("a read has had no answer for 75 s; the box no longer starts again for it") }),
        },
        sync: Sync { age_s: Some(23 * 86_400), peers: Some(2) },
        temperature_c: Some(86.0),
        clock: Clock { is_verified: Some(false), local: words("2026-11-26 21:04"), source: None },
        is_on_trial: Some(true),
        refusal: Some(Refusal {
            first: words("line 4, column 1: unknown key \"rotaton\" in [display]; did you mean \"rotation\"?"),
        }),
        ..sound()
    }
}

fn pairing() -> Readings {
    let pairing = Pairing {
        link: words("ssh://pair;code=7KXM4P@192.168.100.142"),
        code: words("7KXM4P"),
        left_s: Some(540),
        address: words("192.168.100.142"),
    };
    Readings { pairing: Some(pairing), ..sound() }
}

/// What to draw: a name, the readings, what of them, and how old they are.
fn samples() -> Vec<(String, Readings, Face, Option<u64>)> {
    let mut samples = Vec::new();
    let mut add = |name: &str, readings: Readings, face: Face, age_s| samples.push((name.to_owned(), readings, face, age_s));
    let page = |page| Face::Page(page);
    for (name, on) in [
        ("address", Page::Address),
        ("site", Page::Site),
        ("version", Page::Version),
        ("data", Page::Data),
        ("machine", Page::Machine),
        ("clock", Page::Clock),
        ("hint", Page::Hint),
    ] {
        add(name, sound(), page(on), Some(1));
    }
    add("pairing", pairing(), page(Page::Pairing), Some(1));
    add("login", pairing(), page(Page::Login), Some(1));
    let typed = Pairing { link: None, ..pairing().pairing.unwrap_or_default() };
    add("pairing-typed", Readings { pairing: Some(typed), ..sound() }, page(Page::Pairing), Some(1));

    // One fault of each kind, the language going round.
    let kinds = [
        Kind::StoreReadOnly,
        Kind::StoreDown,
        Kind::DiskFull,
        Kind::DiskWorn,
        Kind::TooHot,
        Kind::RolledBack,
        Kind::KioskDown,
        Kind::ClockUnverified,
        Kind::SyncOld,
        Kind::Captive,
        Kind::Offline,
        Kind::DiskTrouble,
        Kind::SettingsRefused,
    ];
    for (number, kind) in kinds.into_iter().enumerate() {
        let readings = with(kind, Language::ALL[number % 4]);
        let at = faults(&readings).iter().position(|fault| fault.kind == kind).unwrap();
        add(&format!("fault-{kind:?}").to_lowercase(), readings, page(Page::Fault(at)), Some(1));
    }

    let long = Readings {
        language: words("fi"),
        town: words("Rüti bei Lyßach an der Größeren Schnellen Ärmelkanalbrücke"),
        site: words("Ääkkösten keskuskirjaston pääsisäänkäynti, toinen ovi vasemmalta"),
        serial: words("WGN-2026-0000-1234-ABCD-EFGH-9"),
        ..sound()
    };
    add("site-long", long, page(Page::Site), Some(1));
    let keyed = Readings { host_key: words("SHA256:kfvXoc2mWRwMHyMzqCW5/zFySzB2W5MN+gOTDUVS/AM"), ..sound() };
    add("hostkey", keyed, page(Page::HostKey), Some(1));
    let offline = Network { is_plugged: Some(false), host: words("wegovnow-0042"), ..Network::default() };
    add("address-none", Readings { network: offline, language: words("de"), ..sound() }, page(Page::Address), Some(1));
    add("unknown", Readings::default(), page(Page::Data), None);
    add("version-trial", Readings { is_on_trial: Some(true), language: words("it"), ..sound() }, page(Page::Version), Some(1));
    add("data-bad", broken(Language::German), page(Page::Data), Some(1));
    add("machine-bad", broken(Language::Finnish), page(Page::Machine), Some(1));
    add("stale", sound(), page(Page::Address), Some(420));
    add("hold", sound(), Face::Hold { left_s: 6 }, Some(1));
    add("reset", sound(), Face::Reset { choice: Choice::Cancel }, Some(1));
    add("reset-full", Readings { language: words("de"), ..sound() }, Face::Reset { choice: Choice::Full }, Some(1));
    add("reset-asked", sound(), Face::Asked { tier: Tier::Data, is_done: true }, Some(1));
    samples
}

/// A box with nothing but this fault.
fn with(kind: Kind, language: Language) -> Readings {
    let (sound, broken) = (sound(), broken(language));
    let language = broken.language.clone();
    match kind {
        Kind::StoreReadOnly => Readings { store: broken.store, language, ..sound },
        Kind::StoreDown => Readings { store: Some(Store::Down), language, ..sound },
        Kind::SettingsRefused => Readings { refusal: broken.refusal, language, ..sound },
        Kind::DiskTrouble => Readings { disk: Disk { watch: broken.disk.watch, ..sound.disk }, language, ..sound },
        Kind::DiskFull => Readings { disk: Disk { life_used_percent: None, watch: None, ..broken.disk }, language, ..sound },
        Kind::DiskWorn => Readings { disk: Disk { free_bytes: None, watch: None, ..broken.disk }, language, ..sound },
        Kind::TooHot => Readings { temperature_c: broken.temperature_c, language, ..sound },
        Kind::RolledBack => Readings { rollback: broken.rollback, language, ..sound },
        Kind::KioskDown => Readings { kiosk: broken.kiosk, language, ..sound },
        Kind::ClockUnverified => Readings { clock: broken.clock, language, ..sound },
        Kind::SyncOld => Readings { sync: broken.sync, language, ..sound },
        Kind::Captive => Readings { network: Network { is_captive: Some(true), ..sound.network.clone() }, language, ..sound },
        Kind::Offline => Readings { network: Network { is_plugged: Some(false), ..Network::default() }, language, ..sound },
    }
}

fn picture(readings: &Readings, face: Face, age_s: Option<u64>, size: Size, shift: (i32, i32)) -> Frame {
    let all = pages(readings);
    let at = match face {
        Face::Page(page) => all.iter().position(|other| *other == page).unwrap_or(0),
        _ => 0,
    };
    let view = View { place: (at, all.len()), has_button: true, age_s, shift };
    let mut frame = Frame::new(size);
    let Ok(()) = draw(&face, readings, &view, &mut frame);
    frame
}

/// Every golden picture by name: in full size, and by how much it is made smaller for keeping.
fn gallery() -> BTreeMap<String, (Frame, u32)> {
    let mut gallery = BTreeMap::new();
    for (name, readings, face, age_s) in samples() {
        for (size_name, size, smaller) in SIZES {
            let frame = picture(&readings, face, age_s, size, (0, 0));
            gallery.insert(format!("{name}-{size_name}"), (frame, smaller));
        }
    }
    for (size_name, size, smaller) in &SIZES[1..] {
        let boot = |town: Option<&str>, language| Boot {
            language,
            town: town.map(str::to_owned),
            slot: words("a"),
            version: words("2026.11.1"),
        };
        for (name, boot, step) in [
            ("boot-disk", Boot::default(), Step::Disk),
            ("boot-verify", boot(Some("Jyväskylä"), Language::Finnish), Step::Verify),
            ("boot-system", boot(Some("Freie und Hansestadt Großenbüttel"), Language::German), Step::System),
        ] {
            let mut frame = Frame::new(*size);
            let Ok(()) = draw_boot(&boot, step, &mut frame);
            gallery.insert(format!("{name}-{size_name}"), (frame, *smaller));
        }
        let recovery = Recovery {
            language: Language::English,
            serial: words("WGN-0042-7"),
            version: words("2026.11.1"),
            reason: "Neither slot comes up. Slot A: block 5121 of the root file system is damaged. Slot B: no kernel.".to_owned(),
            choices: ["Start slot A", "Start slot B", "Factory reset", "Switch off"].map(str::to_owned).to_vec(),
            selected: 1,
            ..Recovery::default()
        };
        let mut frame = Frame::new(*size);
        let Ok(()) = draw_recovery(&recovery, &mut frame);
        gallery.insert(format!("recovery-{size_name}"), (frame, *smaller));
        let asked = Recovery {
            facts: vec!["Slot A: version 2026.11.1".to_owned(), "Slot B: cannot be read".to_owned()],
            question: words("Factory reset. This wipes all data. Type \"erase data\", then Enter."),
            choices: ["1  Start slot A", "2  Start slot B", "3  Restart", "4  Save the logs", "5  Reset"]
                .map(str::to_owned)
                .to_vec(),
            typed: words("erase da"),
            said: words("Saved: wegovnow-recovery.txt on /dev/sdb1"),
            ..recovery
        };
        let mut frame = Frame::new(*size);
        let Ok(()) = draw_recovery(&asked, &mut frame);
        gallery.insert(format!("recovery-asked-{size_name}"), (frame, *smaller));
    }
    gallery
}

/// A picture as kept: width and bytes of red, green, blue.
fn kept(frame: &Frame, smaller: u32) -> (u32, Vec<u8>) {
    let (width, height) = (frame.size().width / smaller, frame.size().height / smaller);
    let mut bytes = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let mut sum = [0u32; 3];
            for (dx, dy) in (0..smaller).flat_map(|dy| (0..smaller).map(move |dx| (dx, dy))) {
                let at = (y * smaller + dy) * frame.size().width + x * smaller + dx;
                let pixel = frame.pixels()[at as usize];
                sum = [sum[0] + u32::from(pixel.r()), sum[1] + u32::from(pixel.g()), sum[2] + u32::from(pixel.b())];
            }
            bytes.extend(sum.map(|sum| (sum / (smaller * smaller)) as u8));
        }
    }
    (width, bytes)
}

fn save(path: &Path, width: u32, rgb: &[u8]) {
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path).unwrap()), width, (rgb.len() / 3) as u32 / width);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    encoder.write_header().unwrap().write_image_data(rgb).unwrap();
}

fn load(path: &Path) -> Option<Vec<u8>> {
    let mut reader = png::Decoder::new(std::io::BufReader::new(File::open(path).ok()?)).read_info().ok()?;
    let mut bytes = vec![0; reader.output_buffer_size()?];
    reader.next_frame(&mut bytes).ok()?;
    Some(bytes)
}

/// A channel that differs by more than this is another colour; so many of a thousand pixels may have one. Letters are rounded by
/// floating point, which may differ by a bit between machines; a word that is gone is far more. The small display is all dots: exact.
const OTHER: u8 = 32;
const OTHER_PER_MILLE: usize = 1;

/// Every golden picture is still what is drawn. Set `PANEL_GOLDEN=update` to take what is drawn for right.
#[test]
fn pages_look_as_they_did() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let gallery = gallery();
    if std::env::var_os("PANEL_GOLDEN").is_some_and(|wish| wish == "update") {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, (frame, smaller)) in &gallery {
            let (width, rgb) = kept(frame, *smaller);
            save(&folder.join(format!("{name}.png")), width, &rgb);
        }
        return;
    }
    let mut wrong = Vec::new();
    for (name, (frame, smaller)) in &gallery {
        let path = folder.join(format!("{name}.png"));
        let (width, drawn) = kept(frame, *smaller);
        let actual = path.with_extension("actual.png");
        let _ = fs::remove_file(&actual);
        let Some(golden) = load(&path).filter(|golden| golden.len() == drawn.len()) else {
            wrong.push(format!("{} is not there, or of another size", path.display()));
            continue;
        };
        let others = golden.chunks(3).zip(drawn.chunks(3)).filter(|(golden, drawn)| is_other(golden, drawn)).count();
        let allowed = if frame.size().height <= 64 { 0 } else { drawn.len() / 3 * OTHER_PER_MILLE / 1000 };
        if others > allowed {
            save(&actual, width, &drawn);
            wrong.push(format!("{} has {others} other pixels: see {}", path.display(), actual.display()));
        }
    }
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let stray = |path: &PathBuf| !gallery.contains_key(path.file_stem().and_then(|name| name.to_str()).unwrap_or_default());
    wrong.extend(
        names
            .filter(|path| !path.to_string_lossy().contains(".actual."))
            .filter(stray)
            .map(|path| format!("{} is drawn no more", path.display())),
    );
    assert!(wrong.is_empty(), "{}\nIf this is meant: PANEL_GOLDEN=update cargo test -p panel look_as_they_did", wrong.join("\n"));
}

fn is_other(golden: &[u8], drawn: &[u8]) -> bool {
    golden.iter().zip(drawn).any(|(golden, drawn)| golden.abs_diff(*drawn) > OTHER)
}

/// What a phone reads off the picture, as if it saw each pixel as three by three.
fn scanned(frame: &Frame) -> Option<String> {
    let scale = if frame.size().width < 400 { 3 } else { 1 };
    let (width, height) = (frame.size().width as usize * scale, frame.size().height as usize * scale);
    let luma = |x: usize, y: usize| frame.pixels()[y / scale * frame.size().width as usize + x / scale].g();
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, luma);
    let grids = image.detect_grids();
    grids.first().and_then(|grid| grid.decode().ok()).map(|(_, text)| text)
}

#[test]
fn the_pairing_picture_is_read_at_every_size_wherever_it_is_moved() {
    let mut links: Vec<String> = [1, 20, SMALL_BYTES_MAX].map(|length| "a/b-C4z".chars().cycle().take(length).collect()).to_vec();
    links.push(pairing().pairing.unwrap().link.unwrap());
    for link in links {
        let readings =
            Readings { pairing: Some(Pairing { link: Some(link.clone()), ..pairing().pairing.unwrap_or_default() }), ..sound() };
        for (name, size, _) in SIZES {
            // Only the small display is moved.
            let shifts = [(0, 0), (1, 0), (1, 1), (0, 1)];
            for shift in shifts.into_iter().take(if size.height > 64 { 1 } else { 4 }) {
                let frame = picture(&readings, Face::Page(Page::Pairing), Some(1), size, shift);
                assert_eq!(scanned(&frame).as_deref(), Some(link.as_str()), "{name} moved by {shift:?}");
            }
        }
    }
}

#[test]
fn a_link_too_long_for_the_small_display_leaves_the_code() {
    let link = Some("x".repeat(400));
    let readings = Readings { pairing: Some(Pairing { link, ..pairing().pairing.unwrap_or_default() }), ..sound() };
    let frame = picture(&readings, Face::Page(Page::Pairing), Some(1), Size::new(128, 64), (0, 0));
    let lit = frame.pixels().iter().filter(|pixel| pixel.g() > 0).count();
    assert!(lit > 100 && lit < 2000, "{lit} pixels of 8192 are lit");
}

#[test]
fn the_shift_loses_nothing_of_the_small_display() {
    for (name, readings, face, age_s) in samples() {
        if matches!(face, Face::Page(Page::Pairing)) {
            continue;
        }
        let lit = |shift| {
            let frame = picture(&readings, face, age_s, Size::new(128, 64), shift);
            frame.pixels().iter().filter(|pixel| pixel.g() > 0).count()
        };
        assert_eq!(lit((0, 0)), lit((1, 1)), "{name}");
    }
}

#[test]
fn odd_sizes_and_odd_texts_are_drawn_without_a_panic() {
    let odd = "\u{202e}漢字🙂\n\t ﷽ ".repeat(12);
    let mut readings = broken(Language::Italian);
    readings.town = Some(odd.clone());
    readings.site = Some(String::new());
    readings.serial = Some(odd.clone());
    readings.version = Some(odd.clone());
    readings.network.addresses = vec![odd.clone(); 30];
    readings.network.host = Some(odd.clone());
    readings.host_key = Some(odd.clone());
    readings.refusal = Some(Refusal { first: Some(odd.clone()) });
    readings.rollback = Some(Rollback { version: Some(odd.clone()), reason: Some(odd.clone()) });
    readings.temperature_c = Some(f32::INFINITY);
    readings.reports = Some(u64::MAX);
    readings.sync.age_s = Some(u64::MAX);
    readings.pairing =
        Some(Pairing { link: Some(odd.clone()), code: Some(odd.clone()), left_s: Some(u64::MAX), ..Pairing::default() });
    for (width, height) in [(1, 1), (32, 16), (128, 32), (160, 120), (240, 320), (480, 320), (800, 65), (3000, 70)] {
        let size = Size::new(width, height);
        for page in pages(&readings) {
            picture(&readings, Face::Page(page), Some(u64::MAX), size, (0, 0));
        }
        let boot = Boot { town: Some(odd.clone()), version: Some(odd.clone()), ..Boot::default() };
        let Ok(()) = draw_boot(&boot, Step::First, &mut Frame::new(size));
        let recovery = Recovery { reason: odd.clone(), choices: vec![odd.clone(); 9], selected: 20, ..Recovery::default() };
        let Ok(()) = draw_recovery(&recovery, &mut Frame::new(size));
    }
}
