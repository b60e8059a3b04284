//! Beside the interpreter here, two programs that are not ours were asked by hand, with the bytes that `KIOSK_SLIP` keeps: python-escpos
//! 3.1 makes the same bytes of the golden pictures (`image(…, impl="bitImageRaster", fragment_height=28)`, 42 for narrow paper), and
//! emupos 0.4.0, which plays an Epson TM-T20III, prints the same dots of our bytes, not one letter, and finds in them no commands but
//! `ESC @`, `GS v 0`, `ESC d` and `GS V`. The example `print_slip` printed on it through a pseudo-terminal in 1.7 s; taking its paper
//! away amid a slip was told 16 ms later.

use image::{GrayImage, Luma};
use proptest::prelude::*;

use super::super::interpreter::{Interpreter, Step};
use super::super::{QUIET_MODULES, Words};
use super::*;

pub const CODE: &str = "7K3F-9QXM-22WP";

/// Latin, Greek and Cyrillic letters that are the same on every machine.
pub fn letters() -> Letters {
    Letters::of(&[ttf_noto_sans::REGULAR, ttf_noto_sans::BOLD])
}

pub fn slip(town: &str, title: &str, lines: &[&str], code_word: &str, advice: &str) -> Slip {
    let words = Words {
        title: title.to_owned(),
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        code_word: code_word.to_owned(),
        advice: vec![advice.to_owned()],
    };
    Slip { town: town.to_owned(), words, code: CODE.to_owned() }
}

pub fn english() -> Slip {
    let lines = ["Report R-4F7K2", "It goes to: Public works", "The town means to deal with it within 14 days."];
    slip("Testville", "Thank you. Your report is filed.", &lines, "Your code", "Keep this slip: nobody can look the code up.")
}

fn greek() -> Slip {
    let lines = ["Αναφορά R-4F7K2", "Πηγαίνει στο: Τεχνικές υπηρεσίες"];
    slip("Δήμος Αθηναίων", "Ευχαριστούμε. Η αναφορά σας καταχωρίστηκε.", &lines, "Ο κωδικός σας", "Κρατήστε το.")
}

fn cyrillic() -> Slip {
    let lines = ["Звернення R-4F7K2", "Надходить до: Дорожня служба"];
    slip("Київ", "Дякуємо. Ваше звернення зареєстровано.", &lines, "Ваш код", "Збережіть цей талон: код ніхто не зможе знайти.")
}

fn bytes(document: &Document) -> Vec<u8> {
    document.pieces.iter().flat_map(|piece| piece.bytes.iter().copied()).collect()
}

/// The dots that came out are those that were meant, and nothing else happened but this: start, rows, feed, cut.
fn assert_printed(slip: &Slip, paper: Paper, letters: &mut Letters) -> Interpreter {
    let mut meant = paper::draw(slip, paper, letters);
    guard(&mut meant);
    let printer = Interpreter::read(paper.dots(), &bytes(&print(slip, paper, letters)));
    let rows = printer.rows();
    assert_eq!(rows.len(), meant.rows());
    for (y, row) in rows.iter().enumerate() {
        for (x, dot) in row.iter().enumerate() {
            assert_eq!(*dot, meant.is_dark(x, y), "dot {x}, {y}");
        }
    }
    let others: Vec<&Step> = printer.steps.iter().filter(|step| !matches!(step, Step::Row(_))).collect();
    let mut expected = vec![Step::Initialised, Step::FedDots(0), Step::Cut];
    if paper == Paper::Mm58 {
        expected.insert(1, Step::FedLines(4));
    }
    assert_eq!(others, expected.iter().collect::<Vec<_>>());
    printer
}

fn picture(rows: &[&[bool]]) -> GrayImage {
    let width = rows.first().map_or(0, |row| row.len());
    GrayImage::from_fn(width as u32, rows.len() as u32, |x, y| Luma([if rows[y as usize][x as usize] { 0 } else { 255 }]))
}

/// Every QR code on a picture.
fn decoded(picture: &GrayImage) -> Vec<String> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut picture =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| picture.get_pixel(x as u32, y as u32).0[0]);
    picture.detect_grids().iter().map(|grid| grid.decode().unwrap().1).collect()
}

#[test]
fn what_comes_out_is_what_was_meant_dot_for_dot_and_the_code_can_be_read_from_it() {
    let mut letters = letters();
    for paper in [Paper::Mm80, Paper::Mm58] {
        for slip in [english(), greek(), cyrillic()] {
            let printer = assert_printed(&slip, paper, &mut letters);
            assert_eq!(decoded(&picture(&printer.rows())), [CODE], "{paper:?} {}", slip.town);
        }
    }
}

/// Set `KIOSK_GOLDEN=update` to take what is printed for right, and `KIOSK_SLIP` to a folder to keep the bytes, for a real printer or
/// another program that reads them. One picture is a slip on wide paper, the other on narrow paper.
#[test]
fn slips_look_as_they_did() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let update = std::env::var_os("KIOSK_GOLDEN").is_some_and(|wish| wish == "update");
    let mut letters = letters();
    for (name, slip, paper) in [("paper-80-en", english(), Paper::Mm80), ("paper-58-el", greek(), Paper::Mm58)] {
        let bytes = bytes(&print(&slip, paper, &mut letters));
        let drawn = picture(&Interpreter::read(paper.dots(), &bytes).rows());
        if let Some(folder) = std::env::var_os("KIOSK_SLIP") {
            std::fs::write(std::path::Path::new(&folder).join(format!("{name}.bin")), &bytes).unwrap();
        }
        let path = folder.join(format!("{name}.png"));
        if update {
            drawn.save(&path).unwrap();
        }
        let golden = image::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).to_luma8();
        if golden != drawn {
            let actual = path.with_extension("actual.png");
            drawn.save(&actual).unwrap();
            panic!("{} looks otherwise: see {}", path.display(), actual.display());
        }
    }
}

/// The first and last dark dot of each row that has any.
fn edges(text: &str, letters: &mut Letters, width: usize) -> (usize, usize) {
    let style = super::super::lettering::Style { size: 34.0, bold: false, centred: false };
    let (mut first, mut last) = (usize::MAX, 0);
    letters.write(text, style, width, &mut |x, _| (first, last) = (first.min(x), last.max(x)));
    (first, last)
}

#[test]
fn arabic_is_joined_and_begins_on_the_right() {
    // The system's fonts, as on the box; scripts/test installs them.
    let mut letters = Letters::system();
    let width = Paper::Mm80.dots();
    let (first, last) = edges("مرحبا بكم", &mut letters, width);
    assert!(first > width / 2 && last > width - 8, "from {first} to {last}");
    let (latin, _) = edges("Welcome", &mut letters, width);
    assert!(latin < 8, "Latin begins on the left: {latin}");
    // A letter in the middle of a word is much narrower than one that stands alone.
    let style = super::super::lettering::Style { size: 34.0, bold: false, centred: false };
    let (joined, apart) = (letters.width("ببببب", style), letters.width("ب ب ب ب ب", style) - 4.0 * letters.width(" ", style));
    assert!(joined < apart * 0.7, "joined {joined}, apart {apart}");
    let lines = ["البلاغ R-4F7K2", "الجهة: الأشغال العامة"];
    let slip = slip("بلدية", "شكرًا. تم تسجيل بلاغك.", &lines, "رمزك", "احتفظ بهذه القسيمة.");
    for paper in [Paper::Mm80, Paper::Mm58] {
        let printer = assert_printed(&slip, paper, &mut letters);
        assert_eq!(decoded(&picture(&printer.rows())), [CODE]);
    }
}

#[test]
fn the_code_stands_on_one_line_on_the_narrowest_paper() {
    let mut letters = letters();
    let bare = Slip { town: String::new(), words: Words::default(), code: CODE.to_owned() };
    for paper in [Paper::Mm80, Paper::Mm58] {
        let dots = paper::draw(&bare, paper, &mut letters);
        let is_dark = |y: usize| (0..paper.dots()).any(|x| dots.is_dark(x, y));
        // After the rule: one block of rows with letters, then the QR code.
        let mut blocks = Vec::new();
        let mut before = false;
        for y in 0..dots.rows() {
            if is_dark(y) && !before {
                blocks.push((y, y));
            }
            if let Some(block) = blocks.last_mut().filter(|_| is_dark(y)) {
                block.1 = y;
            }
            before = is_dark(y);
        }
        let [_rule, code, qr, _end] = blocks[..] else { panic!("{paper:?}: {blocks:?}") };
        let module = paper::draw(&bare, paper, &mut letters).rows().min(8);
        assert!((20..80).contains(&(code.1 - code.0)), "{paper:?}: {code:?}");
        assert_eq!(qr.1 + 1 - qr.0, 21 * module, "{paper:?}: version 1, modules of a millimetre");
        assert!(qr.0 - code.1 >= QUIET_MODULES * module, "{paper:?}: the quiet zone");
    }
}

#[test]
fn a_picture_holds_no_real_time_command() {
    for (first, second) in [(DLE, EOT), (DLE, DC4), (DLE, ENQ)] {
        let mut dots = Dots::new(576);
        dots.grow(3);
        // Beside each other, and at the end of one row and the beginning of the next.
        for at in [10, 71] {
            dots.bytes_mut()[at..at + 2].copy_from_slice(&[first, second]);
        }
        let before = dots.clone();
        let bytes = bytes(&document(dots, Paper::Mm80));
        let printer = Interpreter::read(576, &bytes);
        assert!(!printer.steps.iter().any(|step| matches!(step, Step::Asked(_) | Step::Cleared)));
        let more = |y: usize, x: usize| printer.rows()[y][x] && !before.is_dark(x, y);
        let added = (0..3).flat_map(|y| (0..576).map(move |x| (y, x))).filter(|(y, x)| more(*y, *x)).count();
        assert_eq!(added, 2, "one dot for each");
    }
}

/// Words that make trouble: commands, control characters, endless words, both directions, marks without a letter.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,12}",
        any::<String>(),
        Just("\u{1b}@\u{1d}V\u{1}\u{10}\u{14}\u{1}\u{0}\u{1}".to_owned()),
        Just("\u{1b}p\u{0}\u{19}\u{fa}\u{1d}(k\u{3}\u{0}".to_owned()),
        Just("\u{202e}\u{2067}مرحبا\u{2069} abc \u{5d0}\u{5d1}".to_owned()),
        Just("\n\r\n\u{2028}\u{85}\t".to_owned()),
        "[A-Za-zÀ-ÿ]{60,200}",
        Just("\u{301}\u{300}\u{30f}".to_owned()),
    ];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// No text becomes a command, and none is wider than the paper: the printer starts, prints rows of the paper's width, cuts.
    #[test]
    fn no_text_is_ever_a_command(town in nasty(), title in nasty(), line in nasty(), code in "[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", narrow: bool) {
        let paper = if narrow { Paper::Mm58 } else { Paper::Mm80 };
        let words = Words { title, lines: vec![line.clone()], code_word: line, advice: Vec::new() };
        let slip = Slip { town, words, code };
        let printer = assert_printed(&slip, paper, &mut letters());
        prop_assert!(printer.rows().iter().all(|row| row.len() == paper.dots()));
        prop_assert_eq!(printer.steps.iter().filter(|step| **step == Step::Cut).count(), 1);
    }

    /// Whatever dots: what comes out is them, but for what the guard adds.
    #[test]
    fn any_dots_come_out(bytes_in in proptest::collection::vec(prop_oneof![any::<u8>(), Just(DLE), Just(EOT), Just(DC4)], 0..48 * 120)) {
        let mut dots = Dots::new(384);
        dots.grow(bytes_in.len() / 48);
        let length = dots.bytes().len();
        dots.bytes_mut().copy_from_slice(&bytes_in[..length]);
        let mut meant = dots.clone();
        guard(&mut meant);
        let printer = Interpreter::read(384, &bytes(&document(dots, Paper::Mm58)));
        for (y, row) in printer.rows().iter().enumerate() {
            for (x, dot) in row.iter().enumerate() {
                prop_assert_eq!(*dot, meant.is_dark(x, y));
            }
        }
        prop_assert_eq!(printer.rows().len(), meant.rows());
    }
}
