//! Reading a change file (`.osc`): OpenStreetMap's own XML of what was created, modified and deleted.
//!
//! Only as much of XML as such files have: elements, attributes, comments and the five named and the numbered entities. A document type,
//! which could define more, is refused. Every error says where.

mod xml;

use std::io::BufRead;

pub use self::xml::Wrong;
use self::xml::{Attributes, Piece, Stream, value};
use super::read::{Info, Member, Role, TIMES_S, Tags, keep};
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
    /// Of a relation.
    pub members: Vec<(Member, i64, Role)>,
}

/// Calls with every change of the file, in its order, as it is read: no more of the file is held than one object. The error says what
/// is wrong, and at which byte.
pub fn read(file: impl BufRead, repairs: &mut Repairs, change: &mut dyn FnMut(Change)) -> Result<(), Wrong> {
    let mut stream = Stream::new(file);
    let (mut is_inside, mut is_whole) = (false, false);
    let mut is_deleted: Option<bool> = None;
    let mut draft: Option<Change> = None;
    while let Some((here, piece)) = stream.next()? {
        let wrong = |what: String| Wrong::Content(format!("at byte {here}: {what}"));
        match piece {
            Piece::Start { name: "osmChange", is_empty, .. } => (is_inside, is_whole) = (true, is_empty),
            Piece::Start { name, .. } if !is_inside => {
                return Err(wrong(format!("a change file begins with <osmChange>, not <{}>", plain(name))));
            }
            Piece::Start { name: name @ ("create" | "modify" | "delete"), is_empty, .. } => {
                is_deleted = (!is_empty).then_some(name == "delete");
            }
            Piece::Start { name: name @ ("node" | "way" | "relation"), attributes, is_empty } => {
                let Some(is_deleted) = is_deleted.filter(|_| draft.is_none()) else {
                    return Err(wrong(format!("a {name} that is neither created, modified nor deleted")));
                };
                let made = begin(name, &attributes, is_deleted, repairs).map_err(wrong)?;
                if is_empty {
                    made.into_iter().for_each(&mut *change);
                } else {
                    draft = made;
                }
            }
            Piece::Start { name, attributes, .. } => {
                if let Some(draft) = &mut draft {
                    let osm = draft.osm;
                    add(draft, name, &attributes, repairs).map_err(|what| wrong(format!("{what} in {}", object(osm))))?;
                }
            }
            Piece::End("node" | "way" | "relation") => draft.take().into_iter().for_each(&mut *change),
            Piece::End("create" | "modify" | "delete") => is_deleted = None,
            Piece::End("osmChange") => is_whole = is_inside,
            Piece::End(_) => {}
        }
    }
    match (is_inside, is_whole) {
        (false, _) => Err(Wrong::Content("it is no change file: there is no <osmChange> in it".to_owned())),
        (true, false) => {
            let inside = draft.map_or_else(String::new, |draft| format!(", in {}", object(draft.osm)));
            Err(Wrong::Content(format!("it ends at byte {}{inside}, before </osmChange>", stream.at())))
        }
        (true, true) => Ok(()),
    }
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
            now.members.push((kind, reference()?, Role::of(value(attributes, "role").unwrap_or_default())));
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn changes(text: &str) -> Result<Vec<Change>, String> {
        let mut all = Vec::new();
        let done = read(text.as_bytes(), &mut Repairs::default(), &mut |change| all.push(change));
        // The same in pieces, as they may come from a disk.
        let pieces = std::io::BufReader::with_capacity(3, text.as_bytes());
        let again = read(pieces, &mut Repairs::default(), &mut |_| {});
        assert_eq!(format!("{done:?}"), format!("{again:?}"));
        match done {
            Ok(()) => Ok(all),
            Err(Wrong::Content(what)) => Err(what),
            Err(Wrong::Io(error)) => panic!("{error}"),
        }
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
            ("<osmChange><create><node id='1", "it ends inside the tag at byte 19"),
            ("<osmChange><!-- and so on", "it ends inside what begins at byte 11"),
            ("<osmChange><create><node id='1' <way/>", "the tag at byte 19 is broken"),
            ("<osmChange><>", "the tag at byte 11 is broken"),
            ("<osmChange>\0", "at byte 11: no text"),
        ] {
            let said = changes(text).map(|all| all.len()).unwrap_err();
            assert!(said.contains(what), "{text}: {said}");
        }
    }

    #[test]
    fn no_tag_is_held_that_is_longer_than_any() {
        let endless = format!("<osmChange><create><node id='{}", "1".repeat(1 << 20));
        let said = changes(&endless).map(|all| all.len()).unwrap_err();
        assert!(said.contains("the tag at byte 19 is longer than any of OpenStreetMap's"), "{said}");
        // What lies between tags is not held, whatever its length.
        assert!(changes(&format!("<!--{0}--><osmChange>{0}</osmChange>", " ".repeat(1 << 20))).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(<osmChange>|<create>|<node |id='1' |lat='|/>|>|<!--|&|;|[a-z<>'\"=&é ]){0,30}") {
            let _ = changes(&text);
        }
    }
}
