//! The languages that the kiosk's own words are in: English, and one for every file of `lang/`.

/// Language code and its own name, of every language bundled.
const BUNDLED: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/languages.rs"));

/// Whether the kiosk's words are there in this language.
pub fn is_complete(language: &str) -> bool {
    language == "en" || BUNDLED.iter().any(|(code, _)| *code == language)
}

/// Every language that the kiosk's words are in, English first.
pub fn offered() -> Vec<&'static str> {
    std::iter::once("en").chain(BUNDLED.iter().map(|(code, _)| *code)).collect()
}

/// A language's name as its speakers write it; an unknown one's is its code.
pub fn own_name(language: &str) -> &str {
    if language == "en" {
        return "English";
    }
    BUNDLED.iter().find(|(code, _)| *code == language).map_or(language, |(_, name)| name)
}

/// Shows all words in this language from now on; in English when it is not bundled.
pub fn select(language: &str) {
    let bundled = if is_complete(language) && language != "en" { language } else { "" };
    if let Err(error) = slint::select_bundled_translation(bundled) {
        tracing::warn!(language, %error, "this language cannot be shown");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
        let own = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == ending));
        own.chain(folders.iter().flat_map(|folder| self::files(folder, ending))).collect()
    }

    /// What stands in the quotes after `start`, as written.
    fn quoted<'t>(text: &'t str, start: &str) -> Vec<&'t str> {
        text.match_indices(start).filter_map(|(at, _)| text[at + start.len()..].split('"').next()).collect()
    }

    #[test]
    fn every_word_is_there_in_every_language() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let markup: Vec<String> =
            files(&root.join("ui"), "slint").iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        let used: BTreeSet<&str> = markup.iter().flat_map(|text| quoted(text, "@tr(\"")).collect();
        assert!(used.len() > 100, "only {} words found in the markup", used.len());
        let languages = files(&root.join("lang"), "po");
        assert_eq!(languages.len(), super::BUNDLED.len());
        for file in languages {
            let words = std::fs::read_to_string(&file).unwrap();
            let there: BTreeSet<&str> = quoted(&words, "msgid \"").into_iter().filter(|word| !word.is_empty()).collect();
            assert_eq!(used, there, "{}", file.display());
            assert!(!words[words.find("\n\n").unwrap()..].contains("\"\"\n"), "{}: a translation is empty", file.display());
        }
    }
}
