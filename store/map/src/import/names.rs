//! Names in all their languages, each kept once.

use std::collections::HashMap;

use super::read::{Tags, is_language};

/// A name with its other forms. Languages are as in OpenStreetMap's `name:xx`; other forms carry a plus sign (`+alt`, `+short`…), so
/// that they cannot be taken for a language.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Name {
    pub own: String,
    /// Sorted by language; forms equal to the own name are left out.
    pub others: Vec<(String, String)>,
}

/// The name of a thing; `None` when it has none.
pub fn name_of(tags: &Tags) -> Option<Name> {
    let own = tags.get("name")?.to_owned();
    let mut others: Vec<(String, String)> = Vec::new();
    for (key, value) in &tags.0 {
        let form = match &**key {
            "alt_name" => "+alt",
            "int_name" => "+int",
            "old_name" => "+old",
            "short_name" => "+short",
            "official_name" => "+official",
            other => match other.strip_prefix("name:") {
                Some(language) if is_language(language) => language,
                _ => continue,
            },
        };
        // "alt_name" may hold several.
        for value in value.split(';').map(str::trim).filter(|value| !value.is_empty()) {
            others.push((form.to_owned(), value.to_owned()));
        }
    }
    others.sort();
    others.dedup();
    others.retain(|(form, value)| *value != own || !form.starts_with('+'));
    Some(Name { own, others })
}

/// The table of names; the index of a name is its place.
#[derive(Debug, Default)]
pub struct Names {
    list: Vec<Name>,
    places: HashMap<Name, u32>,
}

impl Names {
    /// Index of the name, added when new.
    pub fn add(&mut self, name: Name) -> u32 {
        if let Some(place) = self.places.get(&name) {
            return *place;
        }
        let place = self.list.len() as u32;
        self.list.push(name.clone());
        self.places.insert(name, place);
        place
    }

    /// Index of a text without other forms.
    pub fn add_plain(&mut self, text: &str) -> u32 {
        self.add(Name { own: text.to_owned(), others: Vec::new() })
    }

    /// All names in order of their index.
    pub fn list(&self) -> &[Name] {
        &self.list
    }
}
