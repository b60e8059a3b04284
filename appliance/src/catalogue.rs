//! What a new town starts with: departments and categories, in `catalogue.toml`.

use serde::Deserialize;
use store::fact::{Category, Department, Texts};
use store::id::Language;

/// Departments and categories.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Catalogue {
    #[serde(rename = "department")]
    pub departments: Vec<Department>,
    #[serde(rename = "category")]
    pub categories: Vec<Category>,
}

/// The catalogue that comes with the program, in the languages asked for. A language it does not have is left out of the texts;
/// English stays where nothing else is left, so that no category is without a name.
pub fn built_in(languages: &[Language]) -> Result<Catalogue, toml::de::Error> {
    let mut catalogue: Catalogue = toml::from_str(include_str!("catalogue.toml"))?;
    let keep = |texts: &mut Texts| {
        let wanted: Texts = texts.iter().filter(|(language, _)| languages.contains(language)).map(own).collect();
        let english: Texts = texts.iter().filter(|(language, _)| language.as_str() == "en").map(own).collect();
        *texts = if wanted.is_empty() { english } else { wanted };
    };
    for department in &mut catalogue.departments {
        keep(&mut department.names);
    }
    for category in &mut catalogue.categories {
        keep(&mut category.names);
        keep(&mut category.descriptions);
        for question in &mut category.questions {
            keep(&mut question.names);
            question.values.iter_mut().for_each(|choice| keep(&mut choice.names));
        }
    }
    Ok(catalogue)
}

fn own((language, text): (&Language, &String)) -> (Language, String) {
    (language.clone(), text.clone())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use store::fact::Datatype;

    use super::*;

    fn languages(codes: &[&str]) -> Vec<Language> {
        codes.iter().map(|code| code.parse().unwrap()).collect()
    }

    #[test]
    fn every_text_is_there_in_every_language_and_every_reference_holds() {
        let ten = languages(&["ar", "de", "el", "en", "es", "fi", "fr", "it", "sv", "uk"]);
        let Catalogue { departments, categories } = built_in(&ten).unwrap();
        let whole = |texts: &Texts| texts.len() == 10 && texts.values().all(|text| !text.trim().is_empty());
        let codes: BTreeSet<_> = departments.iter().map(|department| department.code.clone()).collect();
        assert_eq!(codes.len(), departments.len());
        assert!(departments.iter().all(|department| whole(&department.names)));
        assert!((12..=14).contains(&categories.len()));
        let letters: BTreeSet<char> = categories.iter().map(|category| category.letter).collect();
        assert_eq!(letters.len(), categories.len(), "letters tell categories apart");
        let icons = [
            "light", "road", "waste", "tree", "water", "sign", "building", "bus", "bench", "play", "graffiti", "animal", "other",
        ];
        for category in &categories {
            let code = &category.code;
            assert!(whole(&category.names) && whole(&category.descriptions), "{code}");
            assert!(codes.contains(&category.department), "{code}");
            assert!(icons.contains(&category.icon.as_str()) && category.letter.is_ascii_uppercase(), "{code}");
            assert!(!category.kinds.is_empty() && category.due_days > 0 && !category.keywords.is_empty(), "{code}");
            for question in &category.questions {
                assert!(whole(&question.names) && question.values.iter().all(|choice| whole(&choice.names)), "{code}");
                let list = matches!(question.datatype, Datatype::SingleValueList | Datatype::MultiValueList);
                assert_eq!(list, question.values.len() >= 2, "{code}: {}", question.code);
            }
        }
    }

    #[test]
    fn a_town_keeps_its_own_languages_and_never_a_category_without_a_name() {
        let finnish = built_in(&languages(&["fi", "sv"])).unwrap();
        assert!(finnish.categories.iter().all(|category| category.names.len() == 2));
        let estonian = built_in(&languages(&["et"])).unwrap();
        assert!(estonian.categories.iter().all(|category| category.names.keys().all(|language| language.as_str() == "en")));
    }
}
