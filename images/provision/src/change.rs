//! What a new file would change, for a screen that asks before it does.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::Settings;

/// One value that changes. Secrets are not shown, only that they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Section and key.
    pub key: String,
    /// None is: not set.
    pub old: Option<String>,
    pub new: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => write!(f, "{}: {old} -> {new}", self.key),
            (None, Some(new)) => write!(f, "{}: {new} (new)", self.key),
            (Some(old), None) => write!(f, "{}: {old} (removed)", self.key),
            (None, None) => f.write_str(&self.key),
        }
    }
}

/// Changes in the order of their keys.
pub fn diff(old: &Settings, new: &Settings) -> Vec<Change> {
    let (before, after) = (values(old), values(new));
    let mut changes = Vec::new();
    for key in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let (old, new) = (before.get(key), after.get(key));
        if old != new {
            changes.push(Change { key: key.clone(), old: old.cloned(), new: new.cloned() });
        }
    }
    let secret =
        |settings: &Settings, key| settings.secrets().into_iter().find(|(own, _)| *own == key).map(|(_, one)| one.clone());
    for key in old.secrets().iter().chain(&new.secrets()).map(|(key, _)| *key).collect::<BTreeSet<_>>() {
        let (old, new) = (secret(old, key), secret(new, key));
        if old != new {
            let shown = |name: &str, is: bool| is.then(|| name.to_owned());
            let (old, new) = (shown("(a secret)", old.is_some()), shown("(another secret)", new.is_some()));
            changes.push(Change { key: key.to_owned(), old, new });
        }
    }
    changes.sort_by(|a, b| a.key.cmp(&b.key));
    changes
}

/// Every value that is set, without secrets.
fn values(settings: &Settings) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    // Settings are plain tables; this cannot fail, and if it did, nothing would be called changed.
    if let Ok(value) = toml::Value::try_from(settings) {
        flatten("", &value, &mut values);
    }
    values
}

fn flatten(path: &str, value: &toml::Value, values: &mut BTreeMap<String, String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                flatten(&if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, value, values);
            }
        }
        toml::Value::Array(list) if list.is_empty() => {}
        toml::Value::Array(list) => {
            for value in list {
                // Accounts are known by name.
                match value.get("name").and_then(toml::Value::as_str) {
                    Some(name) => flatten(&format!("{path}.{name}"), value, values),
                    None => {
                        let all = values.entry(path.to_owned()).or_default();
                        *all += if all.is_empty() { "" } else { ", " };
                        *all += &value.to_string();
                    }
                }
            }
        }
        other => {
            values.insert(path.to_owned(), other.to_string());
        }
    }
}
