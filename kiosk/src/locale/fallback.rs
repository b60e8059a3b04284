//! Which of a text's languages is shown where it is not there in the chosen one, and how that is said.
//!
//! The chain: the chosen language, else its kin (`pt` for `pt-br`, `pt-br` for `pt`), else the town's languages in their order, else
//! English, else any. What is shown in another language than the chosen one carries that language's own name, so that nobody takes
//! it for their own, and the voice can read it right.

use api::{Language, Texts};

use super::{own_name, primary, shorter};

/// The language and words to show; `None` only where there are no words at all.
pub fn choose<'t>(texts: &'t Texts, chosen: Option<&Language>, town: &[Language]) -> Option<(&'t Language, &'t str)> {
    let exact = |tag: &str| texts.iter().find(|(language, _)| language.as_str() == tag);
    let kin = |wanted: &Language| texts.iter().find(|(language, _)| primary(language.as_str()) == primary(wanted.as_str()));
    let own = |wanted: &Language| shorter(wanted.as_str()).find_map(exact).or_else(|| kin(wanted));
    let english = || exact("en").or_else(|| texts.iter().find(|(language, _)| primary(language.as_str()) == "en"));
    let found = chosen.and_then(own).or_else(|| town.iter().find_map(own)).or_else(english).or_else(|| texts.iter().next());
    found.map(|(language, text)| (language, text.as_str()))
}

/// The own name of the language of something shown, if that is another than the chosen one; else nothing is to be said.
pub fn note(shown: &Language, chosen: Option<&Language>) -> Option<String> {
    let same = chosen.is_some_and(|chosen| primary(chosen.as_str()) == primary(shown.as_str()));
    (!same).then(|| own_name(shown.as_str()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(tag: &str) -> Language {
        tag.parse().unwrap()
    }

    fn texts(tags: &[&str]) -> Texts {
        tags.iter().map(|one| (tag(one), format!("in {one}"))).collect()
    }

    #[track_caller]
    fn check(there: &[&str], chosen: &str, town: &[&str], shown: &str) {
        let town: Vec<Language> = town.iter().map(|one| tag(one)).collect();
        let there = texts(there);
        assert_eq!(choose(&there, Some(&tag(chosen)), &town).unwrap().0.as_str(), shown);
    }

    #[test]
    fn the_chain_is_chosen_kin_town_english_any() {
        let all = ["ar", "de", "en", "fi", "pt", "pt-br", "sv"];
        check(&all, "pt-br", &["fi"], "pt-br");
        check(&["de", "en", "fi", "pt"], "pt-br", &["fi"], "pt");
        check(&["de", "en", "fi", "pt-br"], "pt", &["fi"], "pt-br");
        check(&["de", "en", "pt-br"], "pt-pt", &["de"], "pt-br");
        check(&["de", "en", "fi", "sv"], "uk", &["fi", "sv"], "fi");
        check(&["de", "en", "sv"], "uk", &["fi", "sv"], "sv");
        check(&["ar", "de", "en"], "uk", &["fi", "sv"], "en");
        check(&["ar", "en-gb"], "uk", &["fi"], "en-gb");
        check(&["el", "sv"], "uk", &["fi"], "el");
        assert_eq!(choose(&texts(&[]), Some(&tag("uk")), &[]), None);
        assert_eq!(choose(&texts(&["fi"]), None, &[]).unwrap().0.as_str(), "fi");
    }

    #[test]
    fn what_is_there_in_the_chosen_language_is_never_passed_over() {
        let tags = ["ar", "de", "el", "en", "es", "fi", "fr", "it", "sv", "uk"];
        for chosen in tags {
            for town in tags {
                check(&tags, chosen, &[town], chosen);
            }
        }
    }

    #[test]
    fn another_language_is_named_in_its_own_words_and_kin_is_not() {
        assert_eq!(note(&tag("fi"), Some(&tag("ar"))).as_deref(), Some("Suomi"));
        assert_eq!(note(&tag("ar"), Some(&tag("fi"))).as_deref(), Some("العربية"));
        assert_eq!(note(&tag("de-at"), Some(&tag("de"))), None);
        assert_eq!(note(&tag("en"), Some(&tag("en"))), None);
        assert_eq!(note(&tag("tlh"), Some(&tag("en"))).as_deref(), Some("tlh"));
    }
}
