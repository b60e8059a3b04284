//! What was not as it should be: everything is counted, and the first objects of each kind are listed.

use std::collections::BTreeMap;

use crate::draw::Osm;
use crate::world::Spot;

/// Objects listed of each kind at most: enough to see what is behind it, and never more memory, whatever the extract.
pub const LISTED: usize = 20;

/// One kind of repair, with its count and where it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Note {
    /// How many of what, and what was done about it: "2 areas do not close: closed straight".
    pub text: String,
    /// The first of them, 20 at most, in the order they were found: "way 7: node 3". None where no single object is meant.
    pub things: Vec<String>,
}

/// The kinds, in the order they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    OffPlanet,
    FarOff,
    AbsurdId,
    DuplicateId,
    BrokenTag,
    CleanedText,
    MissingNode,
    MissingMember,
    RepeatedMember,
    OpenRing,
    NestedRelation,
    GiantRelation,
    CoastGap,
    OddCoast,
    AddressWithoutStreet,
    OldChange,
    Gap,
}

impl Kind {
    /// What it is and what was done, to follow the count.
    fn words(self) -> &'static str {
        match self {
            Kind::OffPlanet => "nodes lie off the planet: left out",
            Kind::FarOff => "nodes lie far from nearly all others: the map does not reach there",
            Kind::AbsurdId => "ids are beyond anything OpenStreetMap uses: left out",
            Kind::DuplicateId => "objects have an id that was there before: the first counts",
            Kind::BrokenTag => "tags point outside their table: left out",
            Kind::CleanedText => "texts had control or direction characters, broken letters or no end: cleaned",
            Kind::MissingNode => "nodes of ways are not in the extract: lines end there, areas are closed straight",
            Kind::MissingMember => "ways of areas are not in the extract: areas are drawn from the rest",
            Kind::RepeatedMember => "ways are named twice by one area: once counts",
            Kind::OpenRing => "areas do not close: closed straight",
            Kind::NestedRelation => "relations are members of areas: not followed",
            Kind::GiantRelation => "relations are larger than OpenStreetMap allows, or all of them than the extract: left out",
            Kind::CoastGap => "gaps in the coastline: joined, or led to the edge of the map",
            Kind::OddCoast => "closed coastlines contradict their surroundings: left out",
            Kind::OldChange => "objects have changes that the map had already, or newer ones of: these were passed over",
            Kind::Gap => {
                "objects lack versions between: a change file is missing, or the files hold only the last of several changes"
            }
            Kind::AddressWithoutStreet => "house numbers name no street: not in the search",
        }
    }
}

/// What was found so far.
#[derive(Debug, Default)]
pub struct Repairs {
    found: BTreeMap<Kind, (u64, Vec<String>)>,
    /// Said in words where it was found.
    remarks: Vec<String>,
}

impl Repairs {
    /// Counts one more; `thing` says which, and is asked only while the list has room.
    pub fn note(&mut self, kind: Kind, thing: impl FnOnce() -> String) {
        let (count, things) = self.found.entry(kind).or_default();
        *count += 1;
        if things.len() < LISTED {
            things.push(thing());
        }
    }

    /// Something about the extract as a whole.
    pub fn remark(&mut self, text: String) {
        self.remarks.push(text);
    }

    /// All of it in words.
    pub fn notes(self) -> Vec<Note> {
        let counted =
            self.found.into_iter().map(|(kind, (count, things))| Note { text: format!("{count} {}", kind.words()), things });
        counted.chain(self.remarks.into_iter().map(|text| Note { text, things: Vec::new() })).collect()
    }

    /// How often it was found.
    #[cfg(test)]
    pub fn count(&self, kind: Kind) -> u64 {
        self.found.get(&kind).map_or(0, |(count, _)| *count)
    }
}

/// An object as people write it: "way 7".
pub fn object(osm: Osm) -> String {
    match osm {
        Osm::Node(id) => format!("node {id}"),
        Osm::Way(id) => format!("way {id}"),
        Osm::Relation(id) => format!("relation {id}"),
        Osm::None => "the map".to_owned(),
    }
}

/// A place as people write it.
pub fn place(spot: Spot) -> String {
    let point = spot.point();
    format!("at {:.5}, {:.5}", point.lat(), point.lon())
}
