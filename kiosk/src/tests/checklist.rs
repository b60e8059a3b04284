//! `docs/accessibility.md` answers every line of the checklist, and by tests that are there.

use std::path::Path;

fn sources(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_line_of_the_checklist_has_its_answer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("../docs/accessibility.md")).unwrap();
    let mut code = String::new();
    sources(&root.join("src"), &mut code);
    sources(&root.join("../tests/src"), &mut code);
    sources(&root.join("../store/map/src"), &mut code);
    let mut unanswered = Vec::new();
    for (part, count) in [('A', 9), ('B', 9), ('C', 13), ('D', 7), ('E', 8)] {
        for number in 1..=count {
            let line = format!("{part}{number}");
            let rows: Vec<&str> = page.lines().filter(|row| row.starts_with(&format!("| {line} "))).collect();
            let proof = rows.first().and_then(|row| row.trim_end_matches([' ', '|']).rsplit(" | ").next());
            if rows.len() != 1 || proof.is_none_or(|proof| proof.trim().is_empty()) {
                unanswered.push(line);
            }
        }
    }
    assert!(unanswered.is_empty(), "no answer, or more than one, to {unanswered:?}");
    let names = page.split('`').skip(1).step_by(2);
    let is_test =
        |name: &&str| name.matches('_').count() >= 3 && name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
    let missing: Vec<&str> = names.filter(is_test).filter(|name| !code.contains(&format!("fn {name}()"))).collect();
    assert!(missing.is_empty(), "no such tests: {missing:?}");
}
