//! Where two streets meet: "Market Street & 5th Street".

use super::index::{Index, Junction};
use super::{Hit, What, cost, fold};

/// Streets that a part of the question may mean, at most.
const STREETS_MAX: usize = 12;
/// What stands between two streets, beside signs: the words of the kiosk's languages for "and" and "corner".
const AND: [&str; 17] =
    ["and", "at", "corner", "e", "ed", "angolo", "und", "ecke", "ja", "och", "et", "angle", "y", "esquina", "και", "та", "و"];

impl Index {
    /// Crossings of the two streets that the text names.
    pub(super) fn crossings(&self, text: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        for (left, right) in parts(text) {
            let (left, right) = (self.streets_like(&left), self.streets_like(&right));
            for (a, cost_a) in &left {
                for (b, cost_b) in &right {
                    hits.extend(self.junctions(*a, *b).filter_map(|junction| {
                        let label = |entry: u32| Some(self.entries.get(entry as usize)?.label.as_str());
                        let label = format!("{} & {}", label(*a)?, label(*b)?);
                        Some((cost_a + cost_b, label, What::Crossing, junction.spot))
                    }));
                }
            }
        }
        hits
    }

    /// The streets that fit best, with their points.
    fn streets_like(&self, words: &[String]) -> Vec<(u32, u32)> {
        let mut found: Vec<(u32, u32)> = Vec::new();
        for is_forgiving in [false, true] {
            let costs: Vec<Vec<(u32, u32)>> = words.iter().map(|word| self.fits(word, is_forgiving)).collect();
            let all: Vec<&Vec<(u32, u32)>> = costs.iter().collect();
            let streets = self.common(&all).into_iter().filter_map(|(entry, points)| {
                let street = self.entries.get(entry as usize).filter(|street| street.what == What::Street)?;
                Some((points + self.name_cost(street, words, words.len()), entry))
            });
            found.extend(streets);
            if found.iter().any(|(points, _)| *points < cost::MISTAKE) {
                break;
            }
        }
        found.sort_unstable();
        let mut known = std::collections::BTreeSet::new();
        found.retain(|(_, entry)| known.insert(*entry));
        found.truncate(STREETS_MAX);
        found.into_iter().map(|(points, entry)| (entry, points)).collect()
    }

    fn junctions(&self, a: u32, b: u32) -> impl Iterator<Item = &Junction> {
        let pair = (a.min(b), a.max(b));
        let from = self.junctions.partition_point(|junction| junction.streets < pair);
        self.junctions.iter().skip(from).take_while(move |junction| junction.streets == pair && a != b)
    }
}

/// Every way to read the text as two streets: their words.
fn parts(text: &str) -> Vec<(Vec<String>, Vec<String>)> {
    let by_sign = text.split_once(['&', '/', '+', '@']).map(|(left, right)| (fold::words(left), fold::words(right)));
    let words = fold::words(text);
    let by_word = words.iter().enumerate().filter(|(_, word)| AND.contains(&word.as_str())).map(|(at, _)| {
        let (left, right) = words.split_at(at);
        // "corner of", "esquina con"
        let right = right.iter().skip(1).skip_while(|word| ["of", "con", "de", "mit", "corner"].contains(&word.as_str()));
        (left.to_vec(), right.cloned().collect())
    });
    by_sign.into_iter().chain(by_word).filter(|(left, right)| !left.is_empty() && !right.is_empty()).collect()
}
