//! Compiles the markup of `ui/`, with the translations of `lang/` inside, and lists those languages with their own names.

use std::error::Error;
use std::path::Path;

use slint_build::{CompilerConfiguration, DefaultTranslationContext};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=lang");
    let configuration = CompilerConfiguration::new()
        .with_style("fluent-light".into())
        .with_bundled_translations("lang")
        .with_default_translation_context(DefaultTranslationContext::None);
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
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("languages.rs"), format!("{languages:?}"))?;
    Ok(())
}
