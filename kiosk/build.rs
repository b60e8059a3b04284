//! Compiles the markup of `ui/`, with the translations of `lang/` and the typeface inside, and lists those languages with their own
//! names.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use slint_build::{CompilerConfiguration, DefaultTranslationContext};

/// The folder of the typeface, which `scripts/prepare` fetches; the name holds the version of the package it is of.
const TYPEFACE: &str = "atkinson-hyperlegible-0.4.1";
/// Its files, and that of its licence.
const FILES: [&str; 2] = ["AtkinsonHyperlegible_400Regular.ttf", "AtkinsonHyperlegible_700Bold.ttf"];
const LICENCE: &str = "LICENSE_FONT";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=lang");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let typeface = out.join("typeface.slint");
    std::fs::write(&typeface, typeface_markup())?;
    // Slint has cargo watch every file that it reads: younger than this run, ours would call for another one, and each build would
    // compile the kiosk and all that leans on it again.
    std::fs::File::options().write(true).open(&typeface)?.set_modified(std::time::SystemTime::UNIX_EPOCH)?;
    let configuration = CompilerConfiguration::new()
        .with_style("fluent-light".into())
        .with_library_paths(HashMap::from([("typeface".to_owned(), typeface)]))
        .with_bundled_translations("lang")
        .with_default_translation_context(DefaultTranslationContext::None);
    // For editors only; compiled so that it goes on fitting. The last one is that of the program.
    slint_build::compile_with_config("ui/gallery.slint", configuration.clone())?;
    slint_build::compile_with_config("ui/app.slint", configuration)?;

    let mut languages = Vec::new();
    for entry in std::fs::read_dir("lang")? {
        let folder = entry?;
        let words = std::fs::read_to_string(folder.path().join("LC_MESSAGES/kiosk.po"))?;
        let name = words.lines().find_map(|line| line.strip_prefix("\"X-Own-Name: ")?.strip_suffix("\\n\""));
        let name = name.ok_or_else(|| format!("{}: the header lacks X-Own-Name", folder.path().display()))?;
        languages.push((folder.file_name().to_string_lossy().into_owned(), name.to_owned()));
    }
    languages.sort();
    std::fs::write(out.join("languages.rs"), format!("{languages:?}"))?;
    Ok(())
}

/// Where the typeface lies: the folder of `WEGOVNOW_TYPEFACE`, else the user's cache.
fn typeface_folder() -> Option<PathBuf> {
    for name in ["WEGOVNOW_TYPEFACE", "XDG_CACHE_HOME", "HOME"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    if let Some(folder) = std::env::var_os("WEGOVNOW_TYPEFACE") {
        return Some(folder.into());
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cache")))?;
    Some(cache.join("wegovnow/typeface").join(TYPEFACE))
}

/// Markup that names the typeface: Atkinson Hyperlegible inside the program if its files are there, else Noto Sans of the system.
fn typeface_markup() -> String {
    let folder = typeface_folder();
    if let Some(folder) = &folder {
        println!("cargo:rerun-if-changed={}", folder.display());
    }
    let licence = folder.as_ref().and_then(|folder| std::fs::read_to_string(folder.join(LICENCE)).ok());
    let there = folder.filter(|folder| FILES.iter().all(|file| folder.join(file).is_file()));
    let (Some(folder), Some(licence)) = (there, licence) else {
        println!(
            "cargo:warning=Atkinson Hyperlegible is not there, so this kiosk shows Noto Sans of the system: \
             scripts/prepare fetches it (need_typeface), or name its folder in WEGOVNOW_TYPEFACE"
        );
        return markup("Noto Sans", "Noto Sans (SIL Open Font License 1.1)", 0.714, "");
    };
    let mut text = String::new();
    for file in FILES {
        let _ = writeln!(text, "import {:?};", folder.join(file));
    }
    text + &markup("Atkinson Hyperlegible", "Atkinson Hyperlegible, Noto Sans (SIL Open Font License 1.1)", 0.668, &licence)
}

/// The family, what it is called, the height of its capitals as a part of the font's size, and its licence.
fn markup(family: &str, name: &str, capital: f32, licence: &str) -> String {
    // Lines that only break a paragraph are none on a screen, and rules are none.
    let rules = |line: &&str| !line.trim_start().starts_with("---");
    let words = |paragraph: &str| paragraph.lines().filter(rules).flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    let licence = licence.replace("\r\n", "\n");
    let paragraphs: Vec<String> = licence.split("\n\n").map(words).filter(|paragraph| !paragraph.is_empty()).collect();
    format!(
        "export global Typeface {{\n    out property <string> family: {family:?};\n    out property <string> name: {name:?};\n    \
         out property <float> capital: {capital};\n    out property <string> licence: {:?};\n}}\n",
        paragraphs.join("\n\n")
    )
}
