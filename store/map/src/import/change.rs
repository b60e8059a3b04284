//! Applying change files to an extract that was read.
//!
//! What is elsewhere is left out: of nodes those that the extract does not know, outside the rectangle it covers, and that no way of it
//! needs; of ways and relations those that lead through nothing of the extract. Of several changes of one object the highest version
//! counts, and none that the extract has already.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::ImportError;
use super::osc::{self, Change, Now};
use super::read::{Extract, Info, Member, Node, Way, relation};
use super::repair::{Kind, Repairs, object};
use crate::draw::Osm;
use crate::world::{Bounds, Point};

/// The newest change of every object, by object.
#[derive(Debug, Default)]
pub struct Changes(BTreeMap<Osm, (Info, Option<Now>)>);

impl Changes {
    /// Adds those of a file.
    pub fn read(&mut self, path: &Path, repairs: &mut Repairs) -> Result<(), ImportError> {
        let wrong = |what: String| ImportError::Changes { path: path.to_owned(), what };
        let bytes = std::fs::read(path).map_err(|source| ImportError::Io { action: "read", path: path.to_owned(), source })?;
        if bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(b"BZh") {
            return Err(wrong("it is compressed: unpack it first".to_owned()));
        }
        let text = std::str::from_utf8(&bytes).map_err(|error| wrong(format!("at byte {}: no text", error.valid_up_to())))?;
        osc::read(text, repairs, &mut |Change { osm, info, now }| {
            if self.0.get(&osm).is_none_or(|(known, _)| known.version <= info.version) {
                self.0.insert(osm, (info, now));
            }
        })
        .map_err(wrong)
    }

    /// Changes the extract.
    pub fn apply(mut self, extract: &mut Extract, repairs: &mut Repairs) {
        let as_of_s = extract.as_of_s();
        self.0.retain(|osm, (info, _)| {
            let is_old = match extract.info(*osm).filter(|known| known.version > 0 && info.version > 0) {
                Some(known) => info.version <= known.version,
                // Nodes without tags carry no version: what the extract was made after is in it.
                None => info.changed_s > 0 && as_of_s.is_some_and(|as_of_s| i64::from(info.changed_s) <= as_of_s),
            };
            if is_old {
                repairs.note(Kind::OldChange, || object(*osm));
            }
            !is_old
        });
        extract.grow_older(self.0.values().map(|(info, _)| i64::from(info.changed_s)).max());
        let bounds = extract.bounds.or_else(|| extract.points_bounds());
        let places: BTreeMap<i64, Point> = self
            .0
            .iter()
            .filter_map(|(osm, (_, now))| match (osm, now) {
                (Osm::Node(id), Some(now)) => now.point.map(|point| (*id, point)),
                _ => None,
            })
            .collect();
        let is_here = |id: &i64| {
            extract.point(*id).is_some() || places.get(id).is_some_and(|point| bounds.is_some_and(|bounds| holds(bounds, *point)))
        };
        let mut here = Here::default();
        // Ways before relations, which are here through them; nodes last, for ways reach beyond the rectangle.
        for (osm, (_, now)) in &self.0 {
            if let (Osm::Way(id), now) = (osm, now) {
                let leads_here = now.as_ref().is_some_and(|now| now.refs.iter().any(is_here));
                if extract.way(*id).is_some() || leads_here {
                    here.ways.insert(*id);
                    here.needed.extend(now.iter().flat_map(|now| &now.refs).copied());
                }
            }
        }
        for (osm, (_, now)) in &self.0 {
            match osm {
                Osm::Node(id) if is_here(id) || here.needed.contains(id) => {
                    here.nodes.insert(*id);
                }
                Osm::Relation(id) => {
                    let through = |member: &(Member, i64, bool)| match member.0 {
                        Member::Way => extract.way(member.1).is_some() || here.ways.contains(&member.1),
                        Member::Node | Member::Relation => false,
                    };
                    let leads_here = now.as_ref().is_some_and(|now| now.members.iter().any(through));
                    if extract.info(*osm).is_some() || leads_here {
                        here.relations.insert(*id);
                    }
                }
                _ => {}
            }
        }
        let (mut changed, mut removed, mut elsewhere) = (0u64, 0u64, 0u64);
        self.0.retain(|osm, (_, now)| {
            let is_here = match osm {
                Osm::Node(id) => here.nodes.contains(id),
                Osm::Way(id) => here.ways.contains(id),
                Osm::Relation(id) => here.relations.contains(id),
                Osm::None => false,
            };
            match (is_here, now) {
                (false, _) => elsewhere += 1,
                (true, Some(_)) => changed += 1,
                (true, None) => removed += 1,
            }
            is_here
        });
        repairs.remark(format!(
            "changed since the extract: {changed} objects new or other, {removed} removed, {elsewhere} elsewhere"
        ));
        self.put(extract, repairs);
    }

    /// Puts what is left into the extract, in the place of what was there.
    fn put(self, extract: &mut Extract, repairs: &mut Repairs) {
        extract.points.retain(|(id, _)| !self.0.contains_key(&Osm::Node(*id)));
        extract.nodes.retain(|node| !self.0.contains_key(&Osm::Node(node.id)));
        extract.ways.retain(|way| !self.0.contains_key(&Osm::Way(way.id)));
        extract.relations.retain(|relation| !self.0.contains_key(&Osm::Relation(relation.id)));
        for (osm, (info, now)) in self.0 {
            let Some(Now { tags, point, refs, members }) = now else { continue };
            match osm {
                Osm::Node(id) => {
                    let Some(point) = point else { continue };
                    extract.points.push((id, point));
                    if !tags.0.is_empty() {
                        extract.nodes.push(Node { id, point, tags, info });
                    }
                }
                Osm::Way(id) => {
                    let start = extract.refs.len();
                    extract.refs.extend(refs);
                    extract.ways.push(Way { id, refs: start..extract.refs.len(), tags, info });
                }
                Osm::Relation(id) => extract.relations.extend(relation(id, members.into_iter(), tags, info, repairs)),
                Osm::None => {}
            }
        }
        extract.points.sort_unstable_by_key(|(id, _)| *id);
        extract.nodes.sort_unstable_by_key(|node| node.id);
        extract.ways.sort_unstable_by_key(|way| way.id);
        extract.relations.sort_unstable_by_key(|relation| relation.id);
    }
}

/// Ids of what belongs to the extract, and of the nodes that its ways need.
#[derive(Default)]
struct Here {
    nodes: BTreeSet<i64>,
    ways: BTreeSet<i64>,
    relations: BTreeSet<i64>,
    needed: BTreeSet<i64>,
}

fn holds(bounds: Bounds, point: Point) -> bool {
    (bounds.min.lat_e7..=bounds.max.lat_e7).contains(&point.lat_e7)
        && (bounds.min.lon_e7..=bounds.max.lon_e7).contains(&point.lon_e7)
}

#[cfg(test)]
mod tests;
