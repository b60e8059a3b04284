//! Rules about the text of one file.

use super::File;

/// Lines of a source file, after which it is split by noun. The habit is 600; this is the wall.
const LINES_MAX: usize = 700;

/// The ratchet: files that were longer when the rule came, with the length they may not pass.
const LONG: [(&str, usize); 0] = [];

/// Where the store may ask the machine for time, chance and files: its disk part.
const DISK: [&str; 6] = ["journal", "store", "durable", "keyring", "disk", "attachment"];

/// The kiosk's shell, which alone names Slint: its bridge, what shows the map and the words, and the pictures of every screen.
const SHELL: [&str; 6] = ["bridge", "gallery", "lib", "locale", "mapping", "tests"];

/// How a clock or a random generator is asked.
const IMPURE: [&str; 7] = ["SystemTime::now", "Instant::now", "getrandom::", "OsRng", "thread_rng", "rand::random", "rand::rng"];

/// What must not be left behind. Split, so that this file does not find itself.
const LEFT_BEHIND: [&str; 4] = [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("FIX", "ME"), concat!("XX", "X:")];

/// Starts of paths that exist on one machine only.
const MACHINE_PATHS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/Use", "rs/")];

pub fn check(file: &File) -> Vec<String> {
    let mut wrong = Vec::new();
    let path = file.path.as_str();
    let is_source = file.is_rust() || path.ends_with(".slint") || path.starts_with("scripts/") && !path.contains('.');
    for (number, line) in (1..).zip(file.text.lines()) {
        let mut find = |what: String| wrong.push(format!("{path}:{number}: {what}"));
        if path != "LICENSE"
            && let Some(start) = MACHINE_PATHS.iter().find(|start| line.contains(*start))
        {
            find(format!("{start}… is a path of one machine"));
        }
        if !is_source {
            continue;
        }
        if let Some(word) = LEFT_BEHIND.iter().find(|word| line.contains(*word)) {
            find(format!("{word} was left behind: do it, or write an issue"));
        }
        if !file.is_rust() || line.trim_start().starts_with("//") {
            continue;
        }
        if names(line, "sled") && path.starts_with("store/") && !is_below(path, "store/src/", &["journal"]) {
            find("sled is named in store/src/journal.rs and below only".to_owned());
        }
        if names(line, "slint") && path.starts_with("kiosk/") && !may_name_slint(path) {
            find(
                "Slint is named in the kiosk's shell only, never in what decides (scripts/src/tidy/source.rs lists it)"
                    .to_owned(),
            );
        }
        if path.starts_with("store/src/")
            && !is_below(path, "store/src/", &DISK)
            && let Some(call) = IMPURE.iter().find(|call| line.contains(*call))
        {
            find(format!("{call}: time and chance come in as arguments (house rule); only the disk part may ask"));
        }
    }
    if is_source {
        let lines = file.text.lines().count();
        let listed = LONG.iter().find(|(long, _)| *long == path).map(|(_, lines)| *lines);
        match listed {
            None if lines > LINES_MAX => wrong.push(format!("{path}: {lines} lines, split it by noun (at most {LINES_MAX})")),
            Some(most) if lines > most => wrong.push(format!("{path}: grew to {lines} lines, it may only shrink (from {most})")),
            Some(_) if lines <= LINES_MAX => wrong.push(format!("{path}: short enough now, take it off the list of long files")),
            _ => {}
        }
    }
    if file.is_rust() && !is_test_file(path) && !file.text.trim_start().starts_with("//!") {
        wrong.push(format!("{path}: starts without a `//!` that says what the module is for"));
    }
    wrong
}

/// Is the crate named as a path, as in `sled::Db` or `use sled`?
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + name.len()..];
        let starts = before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '"' | '.' | '/'));
        starts && (after.starts_with("::") || line.trim_start().starts_with("use ") && after.starts_with([';', ' ']))
    })
}

/// Is the file one of these modules, or below one?
fn is_below(path: &str, top: &str, modules: &[&str]) -> bool {
    path.strip_prefix(top).and_then(|rest| rest.split(['/', '.']).next()).is_some_and(|module| modules.contains(&module))
}

fn may_name_slint(path: &str) -> bool {
    path == "kiosk/build.rs" || is_below(path, "kiosk/src/", &SHELL)
}

/// Tests say what they test by where they stand.
fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_line(path: &str, line: &str, expect: usize) {
        let text = if path.ends_with(".rs") { format!("//! Says what it is.\n{line}\n") } else { format!("{line}\n") };
        let wrong = check(&File { path: path.to_owned(), text });
        assert_eq!(wrong.len(), expect, "{path}: {line}: {wrong:?}");
    }

    #[test]
    fn crates_are_named_where_they_may_be() {
        check_line("store/src/journal.rs", "use sled::Db;", 0);
        check_line("store/src/journal/tape.rs", "let db: sled::Db;", 0);
        check_line("store/src/model.rs", "let db: sled::Db;", 1);
        check_line("store/src/model.rs", "// sled::Db keeps it", 0);
        check_line("store/src/model.rs", "let assled = bobsled::new();", 0);
        check_line("kiosk/src/bridge/list.rs", "use slint::VecModel;", 0);
        check_line("kiosk/src/locale.rs", "slint::select_bundled_translation(language)", 0);
        check_line("kiosk/src/app.rs", "slint::SharedString::new()", 1);
    }

    #[test]
    fn the_pure_part_asks_no_clock() {
        check_line("store/src/model.rs", "let now = std::time::SystemTime::now();", 1);
        check_line("store/src/journal.rs", "let now = std::time::Instant::now();", 0);
        check_line("appliance/src/worker.rs", "let now = std::time::Instant::now();", 0);
    }

    #[test]
    fn nothing_is_left_behind() {
        check_line("tui/src/app.rs", concat!("to", "do!()"), 1);
        check_line("tui/src/app.rs", concat!("// FIX", "ME later"), 1);
        check_line("README.md", concat!("run /ro", "ot/it"), 1);
    }

    #[test]
    fn a_module_says_what_it_is_for_and_stays_short() {
        let bare = File { path: "tui/src/app.rs".to_owned(), text: "fn f() {}\n".to_owned() };
        assert_eq!(check(&bare).len(), 1);
        let long = File { path: "tui/src/app.rs".to_owned(), text: "//! Long.\n".repeat(LINES_MAX + 1) };
        assert_eq!(check(&long).len(), 1);
    }
}
