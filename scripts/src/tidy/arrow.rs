//! Arrows between packages, and the outside crates that one package alone may name.

use crate::metadata::Metadata;

/// Packages from the lowest; a package stands only on lower rows. Those of one row do not know each other.
const ROWS: [&[&str]; 5] = [&["map"], &["store"], &["api"], &["appliance", "kiosk", "tui"], &["tests", "fuzz"]];

/// Packages that stand on none of the rows, and on which nothing stands.
const APART: [&str; 4] = ["scripts", "init", "flash", "caretaker"];

/// Packages that those may stand on, themselves on nothing of ours.
const BELOW_APART: [&str; 4] = ["bootstate", "gpt", "panel", "provision"];

/// Throws bytes at whatever reads them, on either side.
const FUZZ: &str = "fuzz";

/// Outside crates and the packages that may name them.
const OWNERS: [(&str, &[&str]); 9] = [
    ("sled", &["store"]),
    ("axum", &["appliance"]),
    ("embedded-graphics", &["panel"]),
    ("slint", &["kiosk"]),
    ("slint-build", &["kiosk"]),
    ("i-slint-core", &["kiosk"]),
    ("ratatui", &["tui", "flash"]),
    ("crossterm", &["tui", "flash"]),
    ("reqwest", &["api"]),
];

pub fn check(metadata: &Metadata) -> Vec<String> {
    metadata
        .ours()
        .flat_map(|package| {
            let on = package.dependencies.iter().map(|on| (on.name.as_str(), on.kind.as_deref() == Some("dev")));
            check_package(&package.name, on)
        })
        .collect()
}

fn row(package: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&package))
}

/// Dependencies by name, and whether tests alone need them: those may knock from outside with what they like.
fn check_package<'a>(package: &str, dependencies: impl Iterator<Item = (&'a str, bool)>) -> Vec<String> {
    if row(package).is_none() && !APART.contains(&package) && !BELOW_APART.contains(&package) {
        return vec![format!("package {package}: has no row in scripts/src/tidy/arrow.rs: say what it may stand on")];
    }
    let mut wrong = Vec::new();
    for (on, is_for_tests) in dependencies {
        let is_ours = row(on).is_some() || APART.contains(&on) || BELOW_APART.contains(&on);
        let is_below = matches!((row(on), row(package)), (Some(below), Some(above)) if below < above)
            || BELOW_APART.contains(&on) && (APART.contains(&package) || package == FUZZ);
        if is_ours && !is_below {
            wrong.push(format!("package {package}: stands on {on}, which is not below it (map, store, api, shells, tests)"));
        }
        if let Some((_, owners)) = OWNERS.iter().find(|(name, _)| *name == on)
            && !owners.contains(&package)
            && !is_for_tests
        {
            wrong.push(format!("package {package}: names {on}, which only {} may", owners.join(" and ")));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn count(package: &str, dependencies: &[&str], expect: usize) {
        let wrong = check_package(package, dependencies.iter().map(|on| (*on, false)));
        assert_eq!(wrong.len(), expect, "{package} on {dependencies:?}: {wrong:?}");
    }

    #[test]
    fn arrows_point_down_only() {
        count("api", &["store", "map", "serde", "reqwest"], 0);
        count("store", &["api"], 1);
        count("kiosk", &["tui"], 1);
        count("tests", &["kiosk", "tui", "appliance", "store"], 0);
        count("scripts", &["store"], 1);
        count("scripts", &["gpt"], 0);
        count("init", &["gpt", "panel"], 0);
        count("init", &["gpt", "scripts"], 1);
        count("panel", &["api"], 1);
        count("appliance", &["gpt"], 1);
        count("bootstate", &["gpt"], 1);
        count("appliance", &["scripts"], 1);
        count("fuzz", &["store", "provision"], 0);
        count("fuzz", &["caretaker"], 1);
        count("tests", &["provision"], 1);
        count("newcomer", &[], 1);
    }

    #[test]
    fn some_crates_have_one_owner() {
        count("store", &["sled"], 0);
        count("appliance", &["sled"], 1);
        count("kiosk", &["slint", "ratatui"], 1);
        count("tui", &["reqwest", "axum"], 2);
        assert!(check_package("appliance", [("reqwest", true)].into_iter()).is_empty(), "its tests speak HTTP");
        assert_eq!(check_package("store", [("api", true)].into_iter()).len(), 1, "arrows hold for tests too");
    }
}
