//! Which cases are run.

use anyhow::{Result, bail};

use super::case::Case;

/// Whether a name means a case: `T9.mount` that one; `T6` the case of this very name, or, where there is none, all of the number, as
/// `T9` does; `T6.*` all of the number, whatever their names.
fn is_meant(all: &[Case], case: &Case, name: &str) -> bool {
    if let Some(number) = name.strip_suffix(".*") {
        return number.eq_ignore_ascii_case(case.number());
    }
    match all.iter().find(|case| name.eq_ignore_ascii_case(case.id)) {
        Some(of_this_name) => of_this_name.id == case.id,
        None => name.eq_ignore_ascii_case(case.number()),
    }
}

/// Those that are named, in their own order; all, or all of the smoke test, when none is.
pub fn choose(all: &[Case], named: &[String], smoke: bool) -> Result<Vec<Case>> {
    if let Some(name) = named.iter().find(|name| !all.iter().any(|case| is_meant(all, case, name))) {
        bail!("there is no case {name}: `cargo x image test --list` prints them");
    }
    let is_chosen = |case: &&Case| named.is_empty() || named.iter().any(|name| is_meant(all, case, name));
    Ok(all.iter().filter(is_chosen).filter(|case| !smoke || case.is_smoke).copied().collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::cases;
    use super::*;

    fn ids(named: &[&str], smoke: bool) -> Vec<&'static str> {
        let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        choose(&cases(), &named, smoke).unwrap().iter().map(|case| case.id).collect()
    }

    #[test]
    fn cases_are_chosen_by_number_and_by_name() {
        assert_eq!(ids(&[], false).len(), cases().len());
        assert_eq!(ids(&["t9.mount"], false), ["T9.mount"]);
        let ninth = ids(&["T9"], false);
        assert!(ninth.len() > 1 && ninth.iter().all(|id| id.starts_with("T9.")));
        assert_eq!(ids(&["T2", "T10"], false), ["T2", "T10"], "T10 is not T1, and not T10.boot");
        assert_eq!(ids(&["T6"], false), ["T6"]);
        let sixth = ids(&["t6.*"], false);
        assert!(sixth.len() > 2 && sixth[0] == "T6" && sixth[1..].iter().all(|id| id.starts_with("T6.")), "{sixth:?}");
        assert_eq!(ids(&["T9.*"], false), ninth);
        assert_eq!(ids(&["T6.wrong", "T6"], false), ["T6", "T6.wrong"], "in their own order");
        let smoke = ids(&[], true);
        assert!(!smoke.is_empty() && smoke.len() < cases().len() && smoke.contains(&"T4"));
    }

    #[test]
    fn a_name_that_nobody_has_is_refused() {
        for name in ["T99", "T99.*", "T6.", "T.*", "*"] {
            let error = choose(&cases(), &[name.to_owned()], false).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("--list"), "{error}");
        }
    }

    #[test]
    fn every_case_has_a_name_of_its_own_and_asserts_something() {
        let all = cases();
        assert_eq!(all.iter().map(|case| case.id).collect::<BTreeSet<_>>().len(), all.len());
        for case in all {
            assert!(case.id.starts_with('T'), "{}", case.id);
            assert!(0 < case.expected[0] && case.expected[0] <= case.expected[1], "{}", case.id);
        }
    }
}
