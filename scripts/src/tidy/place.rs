//! What may stand at the top of the repository.

use std::collections::BTreeSet;

use super::File;

/// The rooms of the house; `docs` holds the pictures and figures that README shows.
const FOLDERS: [&str; 10] = ["kiosk", "tui", "appliance", "store", "images", "scripts", "tests", "docs", ".ci", ".cargo"];

const ROOT_FILES: [&str; 11] = [
    "README.md",
    "ARCHITECTURE.md",
    "LICENSE",
    "CHANGELOG.md",
    "Cargo.toml",
    "Cargo.lock",
    "clippy.toml",
    "rustfmt.toml",
    "deny.toml",
    ".gitignore",
    ".gitattributes",
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 7] = ["utils.rs", "util.rs", "common.rs", "helpers.rs", "types.rs", "misc.rs", "mod.rs"];

pub fn check(files: &[File]) -> Vec<String> {
    let mut wrong = BTreeSet::new();
    for File { path, .. } in files {
        match path.split_once('/') {
            Some((folder, _)) if !FOLDERS.contains(&folder) => {
                wrong.insert(format!("{folder}/: the folders at the top are fixed: {}", FOLDERS.join(" ")));
            }
            None if !ROOT_FILES.contains(&path.as_str()) => {
                wrong.insert(format!("{path}: does not belong at the top (scripts/src/tidy/place.rs lists what does)"));
            }
            _ => {}
        }
        if path.rsplit('/').next().is_some_and(|name| EMPTY_NAMES.contains(&name)) {
            wrong.insert(format!("{path}: the name says nothing: call it by the noun it holds (and foo.rs + foo/, no mod.rs)"));
        }
    }
    wrong.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_at_the_top_are_found() {
        let files = ["store/src/lib.rs", "Cargo.toml", "NOTES.md", "vendor/a.rs", "vendor/b.rs", "tui/src/utils.rs"];
        let files: Vec<File> = files.iter().map(|path| File { path: (*path).to_owned(), text: String::new() }).collect();
        assert_eq!(check(&files).len(), 3);
    }
}
