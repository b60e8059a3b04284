//! A file as a tree of values that know where they stand.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::{LEN_MAX, Problem};

#[derive(Debug, Clone)]
pub struct Node {
    /// Bytes of the value.
    pub span: Range<usize>,
    pub value: Value,
}

#[derive(Debug, Clone)]
pub enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    List(Vec<Node>),
    Table(Table),
    /// Dates, and numbers that are too large.
    Other(&'static str),
}

/// Key, where the key stands, value.
pub type Table = BTreeMap<String, (Range<usize>, Node)>;

impl Value {
    /// For messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a text",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Boolean(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Other(kind) => kind,
        }
    }
}

/// The file's top table, and where its syntax is wrong.
pub fn parse(text: &str) -> (Table, Vec<Problem>) {
    if text.len() > LEN_MAX {
        let what = format!("the file has {} bytes, at most {LEN_MAX} are read", text.len());
        return (Table::new(), vec![Problem { line: 1, column: 1, what }]);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    let problem = |error: &toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        // Its message may hold what was written, never more than a line's beginning; a secret could stand there.
        place(text, at, error.message().lines().next().unwrap_or("this is no TOML").to_owned())
    };
    (own(table.get_ref()), errors.iter().map(problem).collect())
}

/// A problem at a byte of the text.
pub fn place(text: &str, at: usize, what: String) -> Problem {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Problem { line: before.matches('\n').count() + 1, column: before[start..].chars().count() + 1, what }
}

/// What `over` says counts; tables are merged.
pub fn merge(under: &Table, over: &Table) -> Table {
    let mut merged = under.clone();
    for (key, (span, node)) in over {
        let deeper = match (merged.get(key).map(|(_, node)| &node.value), &node.value) {
            (Some(Value::Table(under)), Value::Table(over)) => Value::Table(merge(under, over)),
            _ => node.value.clone(),
        };
        merged.insert(key.clone(), (span.clone(), Node { span: node.span.clone(), value: deeper }));
    }
    merged
}

fn own(table: &DeTable<'_>) -> Table {
    let pair = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
        let key: &toml::Spanned<std::borrow::Cow<'_, str>> = key;
        (key.get_ref().to_string(), (key.span(), own_value(value)))
    };
    table.iter().map(pair).collect()
}

fn own_value(spanned: &toml::Spanned<DeValue<'_>>) -> Node {
    let value = match spanned.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(digits) => {
            i64::from_str_radix(digits.as_str(), digits.radix()).map_or(Value::Other("a number out of range"), Value::Integer)
        }
        DeValue::Float(digits) => digits.as_str().parse().map_or(Value::Other("a number out of range"), Value::Float),
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(values) => Value::List(values.iter().map(own_value).collect()),
        DeValue::Table(table) => Value::Table(own(table)),
    };
    Node { span: spanned.span(), value }
}
