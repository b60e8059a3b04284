//! Applying change files to an extract that was read.
//!
//! What is elsewhere is left out: of nodes those that the extract does not know, outside the rectangle it covers, and that no way of it
//! needs; of ways and relations those that lead through nothing of the extract. Of several changes of one object the highest version
//! counts, and none that the extract has already.
//!
//! Change files carry no number of their own by which a missing one could be told. What can be told is an object of which a version is
//! missing: either a file is missing, or the files hold only the last of several changes. Both are read, and it is said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::ImportError;
use super::osc::{self, Change, Now, Wrong};
use super::read::{Extract, Info, Member, Node, Role, Way, relation};
use super::repair::{Kind, Repairs, object};
use crate::draw::Osm;
use crate::world::{Bounds, Point};

/// What the change files say of every object.
#[derive(Debug, Default)]
pub struct Changes(BTreeMap<Osm, Newest>);

/// The newest change of an object, and what its changes tell of those that are missing.
#[derive(Debug)]
struct Newest {
    info: Info,
    now: Option<Now>,
    /// The lowest version that was said; 0 where one was without.
    first: u32,
    /// Two versions between which others are missing.
    gap: Option<(u32, u32)>,
    /// Whether a version came again, or one older than another that came before.
    is_repeated: bool,
}

impl Newest {
    fn of(info: Info, now: Option<Now>) -> Newest {
        Newest { info, now, first: info.version, gap: None, is_repeated: false }
    }

    /// Takes a further change. Without versions the last one counts.
    fn take(&mut self, info: Info, now: Option<Now>) {
        let (known, version) = (self.info.version, info.version);
        if known > 0 && version > 0 {
            if version <= known {
                // Files may come in whatever order.
                match self.gap {
                    Some((before, after)) if after - before == 2 && version == before + 1 => self.gap = None,
                    _ => self.is_repeated = true,
                }
                self.first = self.first.min(version);
                return;
            }
            if version - known > 1 {
                self.gap = self.gap.or(Some((known, version)));
            }
        }
        self.first = self.first.min(version);
        (self.info, self.now) = (info, now);
    }
}

impl Changes {
    /// Adds those of a file, plain or packed by gzip, as it is read: what is held is what changed, not the file.
    pub fn read(&mut self, path: &Path, repairs: &mut Repairs) -> Result<(), ImportError> {
        let io = |source| ImportError::Io { action: "read", path: path.to_owned(), source };
        let wrong = |what: String| ImportError::Changes { path: path.to_owned(), what };
        let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(io)?);
        let start = file.fill_buf().map_err(io)?;
        if start.starts_with(b"BZh") || start.starts_with(b"PK") || start.starts_with(b"\xfd7zXZ") {
            return Err(wrong("it is compressed other than by gzip: unpack it first".to_owned()));
        }
        let is_packed = start.starts_with(&[0x1f, 0x8b]);
        let mut take = |Change { osm, info, now }: Change| {
            if let Some(known) = self.0.get_mut(&osm) {
                known.take(info, now);
            } else {
                self.0.insert(osm, Newest::of(info, now));
            }
        };
        let done = if is_packed {
            osc::read(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file)), repairs, &mut take)
        } else {
            osc::read(file, repairs, &mut take)
        };
        done.map_err(|error| match error {
            Wrong::Content(what) => wrong(what),
            // What gzip says of damage comes in the shape of the system's errors.
            Wrong::Io(error)
                if is_packed
                    && matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof) =>
            {
                wrong(format!("it cannot be unpacked: it is damaged or cut off ({error})"))
            }
            Wrong::Io(source) => io(source),
        })
    }

    /// Changes the extract.
    pub fn apply(mut self, extract: &mut Extract, repairs: &mut Repairs) {
        let as_of_s = extract.as_of_s();
        let (mut changed, mut removed, mut elsewhere) = (0u64, 0u64, 0u64);
        self.0.retain(|osm, newest| {
            let info = newest.info;
            let known = extract.info(*osm).filter(|known| known.version > 0 && info.version > 0);
            let is_old = match known {
                Some(known) => info.version <= known.version,
                // Nodes without tags carry no version: what the extract was made after is in it.
                None => info.changed_s > 0 && as_of_s.is_some_and(|as_of_s| i64::from(info.changed_s) <= as_of_s),
            };
            let is_known = match osm {
                Osm::Node(id) => extract.point(*id).is_some(),
                _ => extract.info(*osm).is_some(),
            };
            match (is_old, is_known) {
                (true, true) => repairs.note(Kind::OldChange, || object(*osm)),
                // What is so old and not in the extract is not of it.
                (true, false) => elsewhere += 1,
                (false, _) => {}
            }
            if let Some(known) = known
                && newest.first.saturating_sub(known.version) > 1
            {
                newest.gap = Some((known.version, newest.first));
            }
            !is_old
        });
        extract.grow_older(self.0.values().map(|newest| i64::from(newest.info.changed_s)).max());
        let bounds = extract.bounds.or_else(|| extract.points_bounds());
        let places: BTreeMap<i64, Point> = self
            .0
            .iter()
            .filter_map(|(osm, newest)| match (osm, &newest.now) {
                (Osm::Node(id), Some(now)) => now.point.map(|point| (*id, point)),
                _ => None,
            })
            .collect();
        let is_here = |id: &i64| {
            extract.point(*id).is_some() || places.get(id).is_some_and(|point| bounds.is_some_and(|bounds| holds(bounds, *point)))
        };
        let mut here = Here::default();
        // Ways before relations, which are here through them; nodes last, for ways reach beyond the rectangle.
        for (osm, Newest { now, .. }) in &self.0 {
            if let Osm::Way(id) = osm {
                let leads_here = now.as_ref().is_some_and(|now| now.refs.iter().any(is_here));
                if extract.way(*id).is_some() || leads_here {
                    here.ways.insert(*id);
                    here.needed.extend(now.iter().flat_map(|now| &now.refs).copied());
                }
            }
        }
        for (osm, Newest { now, .. }) in &self.0 {
            match osm {
                Osm::Node(id) if is_here(id) || here.needed.contains(id) => {
                    here.nodes.insert(*id);
                }
                Osm::Relation(id) => {
                    let through = |member: &(Member, i64, Role)| match member.0 {
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
        self.0.retain(|osm, Newest { now, gap, is_repeated, .. }| {
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
            if is_here && *is_repeated {
                repairs.note(Kind::OldChange, || object(*osm));
            }
            if let Some((from, to)) = gap.filter(|_| is_here) {
                repairs.note(Kind::Gap, || format!("{}: version {to} follows {from}", object(*osm)));
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
        for (osm, Newest { info, now, .. }) in self.0 {
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
