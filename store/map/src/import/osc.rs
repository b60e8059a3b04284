//! Reading a change file (`.osc`): OpenStreetMap's own XML of what was created, modified and deleted.
//!
//! Only as much of XML as such files have: elements, attributes, comments and the five named and the numbered entities. A document type,
//! which could define more, is refused. Every error says where.

use std::borrow::Cow;

use super::read::{Info, Member, TIMES_S, Tags, keep};
use super::repair::{Kind, Repairs, object};
use crate::draw::Osm;
use crate::world::Point;

/// One object of a change file.
#[derive(Debug)]
pub struct Change {
    pub osm: Osm,
    pub info: Info,
    /// What it is now; `None` where it was deleted.
    pub now: Option<Now>,
}

/// An object as it is after a change.
#[derive(Debug)]
pub struct Now {
    pub tags: Tags,
    /// Of a node.
    pub point: Option<Point>,
    /// Of a way.
    pub refs: Vec<i64>,
    /// Of a relation, each with whether its role says that it stands for the whole.
    pub members: Vec<(Member, i64, bool)>,
}

/// Calls with every change of the file, in its order. The error says what is wrong, and at which byte.
pub fn read(text: &str, repairs: &mut Repairs, change: &mut dyn FnMut(Change)) -> Result<(), String> {
    let mut parser = Parser { text, at: 0 };
    let (mut is_inside, mut is_whole) = (false, false);
    let mut is_deleted: Option<bool> = None;
    let mut draft: Option<Change> = None;
    while let Some(piece) = parser.next()? {
        let here = parser.at;
        match piece {
            Piece::Start { name: "osmChange", is_empty, .. } => (is_inside, is_whole) = (true, is_empty),
            Piece::Start { name, .. } if !is_inside => {
                return Err(format!("at byte {here}: a change file begins with <osmChange>, not <{}>", plain(name)));
            }
            Piece::Start { name: name @ ("create" | "modify" | "delete"), is_empty, .. } => {
                is_deleted = (!is_empty).then_some(name == "delete");
            }
            Piece::Start { name: name @ ("node" | "way" | "relation"), attributes, is_empty } => {
                let Some(is_deleted) = is_deleted.filter(|_| draft.is_none()) else {
                    return Err(format!("at byte {here}: a {name} that is neither created, modified nor deleted"));
                };
                let made = begin(name, &attributes, is_deleted, repairs).map_err(|what| format!("at byte {here}: {what}"))?;
                if is_empty {
                    made.into_iter().for_each(&mut *change);
                } else {
                    draft = made;
                }
            }
            Piece::Start { name, attributes, .. } => {
                if let Some(draft) = &mut draft {
                    let osm = draft.osm;
                    let added = add(draft, name, &attributes, repairs);
                    added.map_err(|what| format!("at byte {here}: {what} in {}", object(osm)))?;
                }
            }
            Piece::End("node" | "way" | "relation") => draft.take().into_iter().for_each(&mut *change),
            Piece::End("create" | "modify" | "delete") => is_deleted = None,
            Piece::End("osmChange") => is_whole = is_inside,
            Piece::End(_) => {}
        }
    }
    match (is_inside, is_whole) {
        (false, _) => Err("it is no change file: there is no <osmChange> in it".to_owned()),
        (true, false) => {
            let inside = draft.map_or_else(String::new, |draft| format!(", in {}", object(draft.osm)));
            Err(format!("it ends at byte {}{inside}, before </osmChange>", text.len()))
        }
        (true, true) => Ok(()),
    }
}

/// Attributes of an element, entities resolved.
type Attributes<'a> = Vec<(&'a str, Cow<'a, str>)>;

fn value<'a>(attributes: &'a Attributes<'_>, key: &str) -> Option<&'a str> {
    attributes.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_ref())
}

/// An object by its attributes; `None` where it is left out, which is counted.
fn begin(name: &str, attributes: &Attributes<'_>, is_deleted: bool, repairs: &mut Repairs) -> Result<Option<Change>, String> {
    let id =
        value(attributes, "id").and_then(|id| id.parse::<i64>().ok()).ok_or_else(|| format!("a {name} without a whole id"))?;
    let osm = match name {
        "node" => Osm::Node(id),
        "way" => Osm::Way(id),
        _ => Osm::Relation(id),
    };
    if id.unsigned_abs() > super::read::ID_MAX {
        repairs.note(Kind::AbsurdId, || object(osm));
        return Ok(None);
    }
    let time_s = value(attributes, "timestamp").and_then(seconds).filter(|time_s| TIMES_S.contains(time_s));
    let info = Info {
        version: value(attributes, "version").and_then(|version| version.parse().ok()).unwrap_or(0),
        changed_s: time_s.and_then(|time_s| u32::try_from(time_s).ok()).unwrap_or(0),
    };
    if is_deleted {
        return Ok(Some(Change { osm, info, now: None }));
    }
    let mut point = None;
    if name == "node" {
        let degrees = |key: &str| value(attributes, key).and_then(|degrees| degrees.parse::<f64>().ok());
        let (lat, lon) = degrees("lat").zip(degrees("lon")).ok_or_else(|| format!("{} has no place", object(osm)))?;
        point = Point::from_degrees(lat, lon);
        if point.is_none() {
            repairs.note(Kind::OffPlanet, || format!("{} at {lat}, {lon}", object(osm)));
            return Ok(None);
        }
    }
    Ok(Some(Change { osm, info, now: Some(Now { tags: Tags::default(), point, refs: Vec::new(), members: Vec::new() }) }))
}

/// What stands inside an object.
fn add(draft: &mut Change, name: &str, attributes: &Attributes<'_>, repairs: &mut Repairs) -> Result<(), String> {
    // What a deleted thing had does not matter any more.
    let Some(now) = &mut draft.now else { return Ok(()) };
    let reference =
        || value(attributes, "ref").and_then(|id| id.parse::<i64>().ok()).ok_or_else(|| format!("a {name} without a ref"));
    match name {
        "tag" => {
            let (key, text) = value(attributes, "k").zip(value(attributes, "v")).ok_or("a tag without key or value")?;
            now.tags.0.extend(keep(draft.osm, key, text.as_bytes(), repairs));
        }
        "nd" => now.refs.push(reference()?),
        "member" => {
            let kind = match value(attributes, "type") {
                Some("node") => Member::Node,
                Some("way") => Member::Way,
                Some("relation") => Member::Relation,
                _ => return Err("a member of no known type".to_owned()),
            };
            let is_label = matches!(value(attributes, "role"), Some("label" | "admin_centre"));
            now.members.push((kind, reference()?, is_label));
        }
        _ => {}
    }
    Ok(())
}

/// Unix seconds of "2026-11-27T13:18:40Z".
fn seconds(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let numbers = |text: &str, by: char| -> Option<[i64; 3]> {
        let numbers: Option<Vec<i64>> = text.split(by).map(|number| number.parse().ok()).collect();
        numbers?.try_into().ok()
    };
    let ([year, month, day], [hour, minute, second]) = (numbers(date, '-')?, numbers(time, ':')?);
    let is_time = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    if !(1970..3000).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) || !is_time {
        return None;
    }
    // Days since 1970 of a date, counted in years that begin in March, whose last day is the leap day.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// A piece of the file as an error may quote it.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// One tag of XML.
enum Piece<'a> {
    Start { name: &'a str, attributes: Attributes<'a>, is_empty: bool },
    End(&'a str),
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    /// The next tag; `None` at the end.
    fn next(&mut self) -> Result<Option<Piece<'a>>, String> {
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(start) = rest.find('<') else { return Ok(None) };
            let start = self.at + start;
            let tag = self.text.get(start + 1..).unwrap_or_default();
            let skip = |end: &str| {
                let length = tag.find(end).ok_or_else(|| format!("it ends inside what begins at byte {start}"))?;
                Ok::<usize, String>(start + 1 + length + end.len())
            };
            if tag.starts_with('?') {
                self.at = skip("?>")?;
            } else if tag.starts_with("!--") {
                self.at = skip("-->")?;
            } else if tag.starts_with('!') {
                return Err(format!("at byte {start}: a document type or raw text, which no change file has"));
            } else if let Some(name) = tag.strip_prefix('/') {
                let length = name.find('>').ok_or_else(|| format!("it ends inside the tag at byte {start}"))?;
                self.at = start + 2 + length + 1;
                return Ok(Some(Piece::End(name.get(..length).unwrap_or_default().trim())));
            } else {
                return self.start(start, tag).map(Some);
            }
        }
    }

    fn start(&mut self, start: usize, tag: &'a str) -> Result<Piece<'a>, String> {
        let broken = || format!("the tag at byte {start} is broken");
        let length = tag.find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/')).ok_or_else(broken)?;
        let (name, mut rest) = tag.split_at_checked(length).ok_or_else(broken)?;
        let mut attributes = Attributes::new();
        loop {
            rest = rest.trim_ascii_start();
            let is_empty = rest.starts_with('/');
            if let Some(behind) = rest.strip_prefix("/>").or_else(|| rest.strip_prefix('>')) {
                self.at = self.text.len() - behind.len();
                return Ok(Piece::Start { name, attributes, is_empty });
            }
            let (key, behind) = rest.split_once('=').ok_or_else(broken)?;
            let behind = behind.trim_ascii_start();
            let quote = behind.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or_else(broken)?;
            let (text, behind) = behind.get(1..).and_then(|behind| behind.split_once(quote)).ok_or_else(broken)?;
            if text.contains('<') {
                return Err(broken());
            }
            attributes.push((key.trim(), resolved(text).ok_or_else(|| format!("an unknown entity in the tag at byte {start}"))?));
            rest = behind;
        }
    }
}

/// A text without entities.
fn resolved(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('&') {
        return Some(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, entity)) = rest.split_once('&') {
        out.push_str(before);
        let (entity, behind) = entity.split_once(';')?;
        out.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = entity.strip_prefix('#')?;
                let hexadecimal = number.strip_prefix('x').map(|digits| u32::from_str_radix(digits, 16));
                char::from_u32(hexadecimal.unwrap_or_else(|| number.parse()).ok()?)?
            }
        });
        rest = behind;
    }
    out.push_str(rest);
    Some(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn changes(text: &str) -> Result<Vec<Change>, String> {
        let mut all = Vec::new();
        read(text, &mut Repairs::default(), &mut |change| all.push(change)).map(|()| all)
    }

    #[test]
    fn times_are_unix_seconds() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2000-02-29T23:59:59Z"), Some(951_868_799));
        assert_eq!(seconds("2026-11-27T13:18:40Z"), Some(1_795_785_520));
        for bad in ["", "Z", "2026-11-27", "2026-13-01T00:00:00Z", "2026-11-27T25:00:00Z", "999999999999-01-01T00:00:00Z"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn entities_and_both_quotes_are_read() {
        let all = changes(
            "<?xml version='1.0'?><!-- <node> --><osmChange version=\"0.6\"><create><node id='1' lat='1' lon='2' version='3'>\
             <tag k=\"name\" v='A &amp; B &#x1F33;&#233;&quot;'/></node></create><delete><way id=\"2\"/></delete></osmChange>",
        )
        .unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].now.as_ref().unwrap().tags.get("name"), Some("A & B \u{1f33}é\""));
        assert_eq!((all[0].osm, all[0].info.version), (Osm::Node(1), 3));
        assert!(all[1].osm == Osm::Way(2) && all[1].now.is_none());
    }

    #[test]
    fn a_file_without_changes_is_one() {
        assert!(changes("<osmChange version='0.6'/>").unwrap().is_empty());
        assert!(changes("<osmChange><modify/><create></create></osmChange>").unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, what) in [
            ("", "no <osmChange>"),
            ("Sehr geehrte", "no <osmChange>"),
            ("<osm version='0.6'>", "not <osm>"),
            ("<!DOCTYPE x [<!ENTITY a 'b'>]><osmChange/>", "at byte 0: a document type"),
            ("<osmChange><create><node id='1' lat='0' lon='0'>", "at byte 48, in node 1"),
            ("<osmChange><create><node id='x'/></create></osmChange>", "a node without a whole id"),
            ("<osmChange><create><node id='7'/></create></osmChange>", "node 7 has no place"),
            ("<osmChange><modify><way id='7'><nd/></way></modify></osmChange>", "a nd without a ref in way 7"),
            ("<osmChange><node id='1' lat='0' lon='0'/></osmChange>", "neither created"),
            ("<osmChange><create><node id='1' lat='&a;'/></create></osmChange>", "an unknown entity in the tag at byte 19"),
            ("<osmChange><create><node id='1", "the tag at byte 19 is broken"),
        ] {
            let said = changes(text).map(|all| all.len()).unwrap_err();
            assert!(said.contains(what), "{text}: {said}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(<osmChange>|<create>|<node |id='1' |lat='|/>|>|<!--|&|;|[a-z<>'\"=&é ]){0,30}") {
            let _ = changes(&text);
        }
    }
}
