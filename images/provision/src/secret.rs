//! What must not be read by whoever finds the stick, or looks over a technician's shoulder.

use std::fmt;
use std::ops::Range;

use crate::Problem;
use crate::tree::{Table, Value, parse, place};

/// Stands in a file where a secret stood: the box keeps the one it has.
pub const KEPT: &str = "(kept)";

/// Section and key of every secret.
const SECRETS: [(&str, &str); 4] = [("wifi", "password"), ("wifi", "psk"), ("proxy", "password"), PIN];
/// The one that nobody needs to read again: of it a hash is kept.
const PIN: (&str, &str) = ("kiosk", "staff_pin");
/// So a hash of a PIN begins (the PHC string format).
pub const HASHED: &str = "$argon2id$";

/// A value that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: impl Into<String>) -> Secret {
        Secret(value.into())
    }

    /// For the one who needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// The file with every secret replaced by [`KEPT`], also those for other boxes. Of a file whose syntax is wrong nothing is
/// shown: nobody can say where in it a secret stands.
pub fn redact(text: &str) -> String {
    let (table, wrong) = parse(text);
    if !wrong.is_empty() {
        return "# not shown: its syntax is wrong\n".to_owned();
    }
    let secrets = find(&table).into_iter().map(|secret| (secret.span, KEPT.to_owned()));
    replace(text, secrets.collect())
}

/// The file with every [`KEPT`] replaced by what the file before had in its place.
pub fn carry_secrets(text: &str, before: Option<&str>) -> Result<String, Vec<Problem>> {
    let (table, wrong) = parse(text);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let before = before.map(|text| find(&parse(text).0)).unwrap_or_default();
    let (mut carried, mut missing) = (Vec::new(), Vec::new());
    for secret in find(&table).into_iter().filter(|secret| secret.value == KEPT) {
        let old = before.iter().find(|old| old.path == secret.path && old.value != KEPT);
        match old {
            Some(old) => carried.push((secret.span, old.value.clone())),
            None => {
                let what = format!("{} is {KEPT:?}, but this box has none to keep: write the secret once more", secret.path);
                missing.push(place(text, secret.span.start, what));
            }
        }
    }
    if missing.is_empty() { Ok(replace(text, carried)) } else { Err(missing) }
}

/// The file with every PIN that stands in it replaced by its hash. `hash` gets the PIN, and what the file before had in its place.
pub fn seal_pins<E>(
    text: &str,
    before: Option<&str>,
    mut hash: impl FnMut(&str, Option<&str>) -> Result<String, E>,
) -> Result<String, E> {
    let is_pin = |path: &str| path.ends_with(&format!("{}.{}", PIN.0, PIN.1));
    let before = before.map(|text| find(&parse(text).0)).unwrap_or_default();
    let mut sealed = Vec::new();
    for pin in find(&parse(text).0).into_iter().filter(|secret| is_pin(&secret.path)) {
        if pin.value != KEPT && !pin.value.starts_with(HASHED) {
            let old = before.iter().find(|old| old.path == pin.path).map(|old| old.value.as_str());
            sealed.push((pin.span, hash(&pin.value, old)?));
        }
    }
    Ok(replace(text, sealed))
}

struct Found {
    path: String,
    span: Range<usize>,
    value: String,
}

/// Every secret of the file, of all boxes.
fn find(table: &Table) -> Vec<Found> {
    let mut found = Vec::new();
    let mut look = |prefix: &str, table: &Table| {
        for (section, key) in SECRETS {
            if let Some(Value::Table(section_table)) = table.get(section).map(|(_, node)| &node.value)
                && let Some((_, node)) = section_table.get(key)
            {
                // Something else than a text in a secret's place may be one with its quotes forgotten.
                let value = if let Value::Text(value) = &node.value { value.clone() } else { String::new() };
                found.push(Found { path: format!("{prefix}{section}.{key}"), span: node.span.clone(), value });
            }
        }
    };
    look("", table);
    if let Some(Value::Table(devices)) = table.get("device").map(|(_, node)| &node.value) {
        for (serial, (_, node)) in devices {
            if let Value::Table(device) = &node.value {
                look(&format!("device.{serial:?}."), device);
            }
        }
    }
    found
}

/// Puts values, written as TOML, in the place of others.
fn replace(text: &str, mut values: Vec<(Range<usize>, String)>) -> String {
    values.sort_by_key(|(span, _)| span.start);
    let (mut new, mut at) = (String::new(), 0);
    for (span, value) in values {
        new += text.get(at..span.start).unwrap_or_default();
        new += &toml::Value::String(value).to_string();
        at = span.end;
    }
    new + text.get(at..).unwrap_or_default()
}
