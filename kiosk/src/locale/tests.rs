use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use i_slint_backend_testing::init_no_event_loop;
use slint::Global;

use super::*;
use crate::{AppWindow, keyboard, ui};

/// The languages whose words come with the kiosk.
pub const ALL: [&str; 10] = ["ar", "de", "el", "en", "es", "fi", "fr", "it", "sv", "uk"];

/// One message of the markup, or its translation: the words, and those for several where they differ.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Message {
    plural: Option<String>,
    /// In the language; of the markup itself none.
    forms: Vec<String>,
}

type Messages = BTreeMap<String, Message>;

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let own = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == ending));
    own.chain(folders.iter().flat_map(|folder| self::files(folder, ending))).collect()
}

/// What the markup says, in English.
fn of_markup() -> Messages {
    let mut messages = Messages::new();
    for file in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("ui"), "slint") {
        let text = std::fs::read_to_string(&file).unwrap();
        for (at, start) in text.match_indices("@tr(\"") {
            let mut rest = text[at + start.len()..].splitn(2, '"');
            let (single, rest) = (rest.next().unwrap(), rest.next().unwrap());
            let plural =
                rest.trim_start().strip_prefix('|').and_then(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
            messages.insert(single.to_owned(), Message { plural: plural.map(str::to_owned), forms: Vec::new() });
        }
    }
    messages
}

/// A language's file of translations.
pub fn file(language: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("lang/{language}/LC_MESSAGES/kiosk.po"));
    std::fs::read_to_string(path).unwrap()
}

/// The head of a file of translations, and what it holds.
fn of_file(language: &str) -> (String, Messages) {
    let text = file(language);
    let mut messages = Messages::new();
    let mut blocks = text.split("\n\n");
    let head = blocks.next().unwrap().to_owned();
    for block in blocks {
        let mut single = None;
        let mut message = Message { plural: None, forms: Vec::new() };
        for line in block.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let (name, value) = line.split_once(' ').unwrap();
            let value =
                value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or_else(|| panic!("{language}: {line}"));
            match name {
                "msgid" => single = Some(value.to_owned()),
                "msgid_plural" => message.plural = Some(value.to_owned()),
                _ if name.starts_with("msgstr") => message.forms.push(value.to_owned()),
                _ => panic!("{language}: {line}"),
            }
        }
        let Some(single) = single else { continue };
        assert!(messages.insert(single.clone(), message).is_none(), "{language}: {single:?} stands twice");
    }
    (head, messages)
}

/// Every text of a language, as people get to read it.
pub fn words_of(language: &str) -> Vec<String> {
    if language == "en" {
        return of_markup()
            .into_iter()
            .flat_map(|(single, message)| [Some(single), message.plural].into_iter().flatten())
            .collect();
    }
    of_file(language).1.into_values().flat_map(|message| message.forms).collect()
}

fn forms_of(head: &str) -> usize {
    head.split("nplurals=").nth(1).and_then(|rest| rest.split(';').next()?.parse().ok()).expect("nplurals in the head")
}

/// What stands between braces, sorted.
fn gaps(text: &str) -> Vec<&str> {
    let mut gaps: Vec<&str> = text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
    gaps.sort_unstable();
    gaps
}

/// When it fails it prints, of each language, what is to be added, ready to be put into its file and filled.
#[test]
fn every_word_is_there_in_every_language() {
    let used = of_markup();
    assert!(used.len() > 100, "only {} words found in the markup", used.len());
    let bundled: Vec<&str> = BUNDLED.iter().map(|(code, _)| *code).collect();
    assert_eq!(bundled, ALL.iter().copied().filter(|language| *language != "en").collect::<Vec<_>>());
    let mut wrong = String::new();
    for language in bundled {
        let (head, there) = of_file(language);
        let count = forms_of(&head);
        let path = format!("kiosk/lang/{language}/LC_MESSAGES/kiosk.po");
        let missing: Vec<_> =
            used.iter().filter(|(single, message)| there.get(*single).is_none_or(|own| own.plural != message.plural)).collect();
        if !missing.is_empty() {
            wrong += &format!("\n# {} to add to {path}:\n", missing.len());
        }
        for (single, message) in missing {
            wrong += &match &message.plural {
                None => format!("\nmsgid \"{single}\"\nmsgstr \"\"\n"),
                Some(plural) => {
                    let forms: String = (0..count).map(|form| format!("msgstr[{form}] \"\"\n")).collect();
                    format!("\nmsgid \"{single}\"\nmsgid_plural \"{plural}\"\n{forms}")
                }
            };
        }
        for (single, message) in &there {
            let of_number = message.plural.is_some();
            if !used.contains_key(single) {
                wrong += &format!("\n# no longer used, in {path}: \"{single}\"\n");
            } else if message.forms.len() != if of_number { count } else { 1 }
                || message.forms.iter().any(|form| form.trim().is_empty())
            {
                wrong += &format!("\n# unfinished, in {path}: \"{single}\"\n");
            } else if let Some(form) = message.forms.iter().find(|form| {
                // "One day ago" may be said without the digit, but nothing else is left out or made up.
                gaps(form) != gaps(single) && !(of_number && gaps(single).contains(&"n") && gaps(form).is_empty())
            }) {
                wrong += &format!("\n# other gaps than in English, in {path}: \"{form}\"\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The last form is for numbers that have no word of their own.
#[test]
fn forms_for_many_tell_the_number() {
    for (language, _) in BUNDLED {
        for (single, message) in of_file(language).1.iter().filter(|(_, message)| message.plural.is_some()) {
            let from = if *language == "ar" { 3 } else { 0 };
            assert!(message.forms[from..].iter().all(|form| form.contains("{n}")), "{language}: {single}");
        }
    }
}

/// Numbers that fall into the same form get the same words: CLDR's cardinal rules for integers, at the numbers where they change.
#[test]
fn plurals_follow_the_languages_rules_on_the_screen() {
    init_no_event_loop();
    let window = AppWindow::new().unwrap();
    let words = ui::Words::get(&window);
    let shown = |language: &str, number: i32| {
        select(language);
        words.invoke_people(number).replace(&number.to_string(), "#")
    };
    let numbers = [0, 1, 2, 3, 5, 10, 11, 12, 14, 21, 22, 25, 99, 100, 101, 102, 103, 111, 121];
    let uk = |one: &[i32], few: &[i32], number: i32| {
        if one.contains(&number) {
            "# людина"
        } else if few.contains(&number) {
            "# людини"
        } else {
            "# людей"
        }
    };
    for number in numbers {
        assert_eq!(shown("uk", number), uk(&[1, 21, 101, 121], &[2, 3, 22, 102, 103], number), "uk {number}");
        let arabic = match number {
            0 => "لا أحد",
            1 => "شخص واحد",
            2 => "شخصان",
            3 | 5 | 10 | 103 => "# أشخاص",
            100..=102 => "# شخص",
            _ => "# شخصاً",
        };
        assert_eq!(shown("ar", number), arabic, "ar {number}");
        assert_eq!(shown("fr", number), if number < 2 { "# personne" } else { "# personnes" }, "fr {number}");
        for (language, one, many) in [
            ("en", "# person", "# people"),
            ("it", "# persona", "# persone"),
            ("de", "# Person", "# Personen"),
            ("fi", "# henkilö", "# henkilöä"),
            ("sv", "# person", "# personer"),
            ("el", "# άτομο", "# άτομα"),
            ("es", "# persona", "# personas"),
        ] {
            assert_eq!(shown(language, number), if number == 1 { one } else { many }, "{language} {number}");
        }
    }
    select("en");
}

#[test]
fn each_language_has_its_own_name_in_its_own_script() {
    let names = ALL.map(|language| own_name(language).into_owned());
    assert_eq!(
        names,
        ["العربية", "Deutsch", "Ελληνικά", "English", "Español", "Suomi", "Français", "Italiano", "Svenska", "Українська"]
    );
    assert_eq!((own_name("de-at").as_ref(), own_name("tlh").as_ref()), ("Deutsch (AT)", "tlh"));
}

#[test]
fn a_kind_of_a_language_has_its_words() {
    assert!(is_complete("de-at") && is_complete("en-gb") && is_complete("ar-eg"));
    assert!(!is_complete("tlh") && !is_complete("den") && !is_complete(""));
    init_no_event_loop();
    let window = AppWindow::new().unwrap();
    select("de-at");
    assert_eq!(ui::Words::get(&window).invoke_people(2), "2 Personen");
    select("tlh");
    assert_eq!(ui::Words::get(&window).invoke_people(2), "2 people");
}

#[test]
fn arabic_is_mirrored_and_the_others_are_not() {
    assert_eq!(ALL.map(is_mirrored), ALL.map(|language| language == "ar"));
    assert!(is_mirrored("ar-eg") && is_mirrored("he"));
}

/// The letters of a text from the left to the right of the screen, by Unicode Standard Annex #9.
fn on_screen(text: &str, mirrored: bool) -> String {
    let level = if mirrored { unicode_bidi::Level::rtl() } else { unicode_bidi::Level::ltr() };
    let info = unicode_bidi::BidiInfo::new(text, Some(level));
    let line = info.reorder_line(&info.paragraphs[0], info.paragraphs[0].range.clone()).into_owned();
    line.chars().filter(|sign| !matches!(sign, '\u{2066}'..='\u{2069}')).collect()
}

#[test]
fn a_latin_address_in_an_arabic_sentence_and_an_arabic_name_in_a_german_one_stay_whole() {
    for address in ["27 Harbour Street", "5 (bis), Rue Grimaldi", "24-26 Via Roma"] {
        let raw = format!("البلاغ، {address}، البلدية");
        let put = format!("البلاغ، {}، البلدية", inserted(address, "ar"));
        assert!(!on_screen(&raw, true).contains(address), "{address} would need nothing");
        assert!(on_screen(&put, true).contains(address), "{}", on_screen(&put, true));
    }
    let name = "شارع 5";
    let alone: String = on_screen(name, true);
    let put = format!("Ort: {} 12", inserted(name, "de"));
    assert_eq!(on_screen(&put, false), format!("Ort: {alone} 12"));
    assert_ne!(on_screen(&format!("Ort: {name} 12"), false), format!("Ort: {alone} 12"));
}

#[test]
fn what_cannot_stir_the_sentence_is_left_alone() {
    assert!(matches!(inserted("Harbour Street 27", "en"), Cow::Borrowed("Harbour Street 27")));
    assert!(matches!(inserted("شارع الميناء", "ar"), Cow::Borrowed(_)));
    assert_eq!(inserted("", "ar"), "");
    let once = inserted("R-4F7K", "ar").into_owned();
    assert_eq!(inserted(&once, "ar"), once.as_str());
}

/// The letters of a language by CLDR (`characters/exemplarCharacters`, main), in small letters.
pub fn letters(language: &str) -> impl Iterator<Item = char> {
    let letters = match language {
        "ar" => "ءأؤإئاآبةتثجحخدذرزسشصضطظعغفقكلمنهويىًٌٍَُِّْٰ",
        "de" => "abcdefghijklmnopqrstuvwxyzäöüß",
        "el" => "αάβγδεέζηήθιίϊΐκλμνξοόπρσςτυύϋΰφχψωώ",
        "es" => "abcdefghijklmnopqrstuvwxyzáéíñóúü",
        "fi" => "abcdefghijklmnopqrstuvwxyzåäöšž",
        "fr" => "abcdefghijklmnopqrstuvwxyzàâæçéèêëîïôœùûüÿ",
        "it" => "abcdefghijklmnopqrstuvwxyzàéèìóòù",
        "sv" => "abcdefghijklmnopqrstuvwxyzàéåäö",
        "uk" => "абвгґдеєжзиіїйклмнопрстуфхцчшщьюяʼ",
        _ => "abcdefghijklmnopqrstuvwxyz",
    };
    letters.chars()
}

/// Fonts of the package that the image brings, without those that it takes away again.
fn fonts_of_the_image() -> fontdb::Database {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let packages = std::fs::read_to_string(root.join("images/base/packages")).unwrap();
    assert!(packages.lines().any(|package| package == "fonts-noto-core"), "the image brings another font");
    let prune = std::fs::read_to_string(root.join("images/base/prune")).unwrap();
    let away: Vec<&str> = prune.lines().filter_map(|line| line.strip_prefix("usr/share/fonts/truetype/noto/")).collect();
    let mut fonts = fontdb::Database::new();
    let folder =
        std::fs::read_dir("/usr/share/fonts/truetype/noto").expect("fonts-noto-core is to be installed, as scripts/test does");
    for file in folder {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !away.iter().any(|pattern| matches_shell(pattern, &name)) {
            fonts.load_font_file(path).unwrap();
        }
    }
    fonts
}

/// Whether a name is of a shell's pattern with `*` and `[!S]`.
fn matches_shell(pattern: &str, name: &str) -> bool {
    let mut signs = pattern.chars();
    match signs.next() {
        None => name.is_empty(),
        Some('*') => {
            name.char_indices().map(|(at, _)| at).chain([name.len()]).any(|at| matches_shell(signs.as_str(), &name[at..]))
        }
        Some('[') => {
            let (inside, rest) = signs.as_str().split_once(']').expect("a bracket is closed");
            let (not, inside) = inside.strip_prefix('!').map_or((false, inside), |inside| (true, inside));
            name.chars().next().is_some_and(|sign| inside.contains(sign) != not && matches_shell(rest, &name[sign.len_utf8()..]))
        }
        Some(sign) => name.strip_prefix(sign).is_some_and(|rest| matches_shell(signs.as_str(), rest)),
    }
}

#[test]
fn every_letter_that_can_be_shown_or_typed_has_a_glyph_in_the_images_fonts() {
    assert!(matches_shell("Noto[!S]*", "NotoNaskh.ttf") && !matches_shell("Noto[!S]*", "NotoSans.ttf"));
    let fonts = fonts_of_the_image();
    let mut said: BTreeSet<char> = ALL.into_iter().flat_map(letters).collect();
    let mut typed = BTreeSet::new();
    for language in ALL {
        said.extend(words_of(language).iter().flat_map(|text| text.chars()));
        said.extend(own_name(language).chars());
        said.extend(form::distance(language, 1_234_567).chars());
        for layer in keyboard::Layer::ALL {
            for cap in [false, true].into_iter().flat_map(|shifted| keyboard::layout(language, layer, shifted)).flatten() {
                if matches!(cap.key, keyboard::Key::Char(_) | keyboard::Key::Layer(_)) {
                    typed.extend(cap.label.chars().chain(cap.more.join("").chars()));
                }
            }
        }
    }
    let missing = |wanted: &BTreeSet<char>, weights: &[fontdb::Weight]| {
        // Marks of direction and kinds of blanks take no ink; the renderer leaves them out.
        let ink = |letter: &char| !letter.is_whitespace() && !matches!(letter, '\u{200E}' | '\u{200F}' | '\u{2066}'..='\u{2069}');
        let mut missing: BTreeSet<char> = wanted.iter().copied().filter(ink).collect();
        for face in fonts.faces().filter(|face| weights.contains(&face.weight) && face.style == fontdb::Style::Normal) {
            fonts.with_face_data(face.id, |bytes, index| {
                if let Ok(face) = ttf_parser::Face::parse(bytes, index) {
                    missing.retain(|letter| face.glyph_index(*letter).is_none());
                }
            });
        }
        missing
    };
    let (normal, bold) = (fontdb::Weight::NORMAL, fontdb::Weight::BOLD);
    for weight in [normal, bold] {
        assert_eq!(missing(&said, &[weight]), BTreeSet::new(), "words without a glyph at {weight:?}");
    }
    // A rare sign may be there in one weight only, which is taken then.
    assert_eq!(missing(&typed, &[normal, bold]), BTreeSet::new(), "keys without a glyph");
    assert_eq!(missing(&['\u{10FFFD}'].into(), &[normal, bold]).len(), 1, "what no font has would be found");
}
