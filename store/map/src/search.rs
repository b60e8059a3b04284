//! Finding a place by its name or address, while it is typed.
//!
//! Every word typed must fit a word of the name in any of its languages: be it, begin it, be a usual short form of it, or be one or
//! two typing mistakes away. A word that starts with a digit may instead be a house number, wherever it stands ("Mannerheimintie 5",
//! "5 Rue Grimaldi"). The best fit comes first; equal fits come in the order of their labels, so the same text gives the same answer.

mod category;
mod crossing;
mod fold;
mod index;

pub(crate) use index::Index;

use std::ops::Range;

use category::Wanted;
use index::{Entry, Number, squared};

use crate::world::{Spot, unit_m};

/// What a found thing is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A street and house number.
    Address,
    /// A house number that the map lacks, between two that it has: where it must be.
    Between,
    /// Where two streets meet.
    Crossing,
    /// A street.
    Street,
    /// A settlement, quarter, square, park or water.
    Place,
    /// A shop, service, sight or stop, with OpenStreetMap's `key=value` that says which.
    Poi(String),
}

/// Something that fits what was typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What to show: "Mannerheimintie 5", "Rue Grimaldi", "Kiasma".
    pub label: String,
    /// What it is.
    pub what: What,
    /// Latitude in degrees.
    pub lat: f64,
    /// Longitude in degrees.
    pub lon: f64,
}

/// Words of a question that count; more than an address ever has.
const WORDS_MAX: usize = 8;
/// Letters of a question that count.
const LETTERS_MAX: usize = 200;
/// Words a house number may have: "12 bis a".
const NUMBER_WORDS_MAX: usize = 3;
/// House numbers shown of one street while the number is still being typed.
const NUMBERS_MAX: usize = 4;

/// Two numbers that others are thought between may be so far apart; in metres, too.
const NUMBERS_APART: u32 = 40;
const METRES_APART: f64 = 400.0;
/// An address so near to a point of interest is beside it.
const BESIDE_M: f64 = 60.0;
/// Things of one kind without a name so near to each other are one.
const TOGETHER_M: f64 = 20.0;

/// What does not fit, in points: less is better.
mod cost {
    /// The word begins with what was typed.
    pub const PREFIX: u32 = 4;
    /// Another form of the word was typed ("bd" for "boulevard").
    pub const FORM: u32 = 2;
    /// Each typing mistake.
    pub const MISTAKE: u32 = 14;
    /// Each word of the name that was not typed.
    pub const EXTRA_WORD: u32 = 3;
    /// The first word typed is not the first of the name.
    pub const OTHER_START: u32 = 2;
    /// A point of interest rather than a street or place: there are so many.
    pub const POI: u32 = 3;
    /// The number is only part of the house number ("5" of "5 bis").
    pub const NUMBER_PART: u32 = 3;
    /// The house number begins with the number typed.
    pub const NUMBER_PREFIX: u32 = 9;
    /// The street has no such number, but one below and one above.
    pub const BETWEEN: u32 = 10;
    /// The street has no such number: the street itself is shown.
    pub const NO_NUMBER: u32 = 30;
}

/// A word as it stands at the beginning of a line.
fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A hit before it is shown: points, label, what, place. Sorted as it stands.
type Hit = (u32, String, What, Spot);

impl Index {
    /// Up to `limit` things that fit the text, best first.
    pub(crate) fn search(&self, text: &str, near: Spot, limit: usize) -> Vec<Found> {
        let text: String = text.chars().take(LETTERS_MAX).collect();
        let mut words = fold::words(&text);
        words.truncate(WORDS_MAX);
        let of_kind = match self.of_kind(&text, near, limit) {
            Some((found, true)) if !found.is_empty() => return found,
            Some((found, _)) => found,
            None => Vec::new(),
        };
        // "Park" may be the beginning of a street's name as well as what is looked for.
        let limit_named = if of_kind.is_empty() { limit } else { limit.div_ceil(2) };
        let mut found: Vec<Found> = Vec::new();
        for (_, label, what, spot) in self.ranked(&words, &text, limit) {
            if found.len() >= limit_named {
                break;
            }
            if !of_kind.is_empty() && matches!(what, What::Poi(_)) {
                continue;
            }
            let point = spot.point();
            // The same thing comes from several readings of the question; a number that is there twice is one address.
            let again = |known: &Found| {
                known.label == label
                    && known.what == what
                    && (what == What::Address || known.lat == point.lat() && known.lon == point.lon())
            };
            if !found.iter().any(again) {
                found.push(Found { label, what, lat: point.lat(), lon: point.lon() });
            }
        }
        found.extend(of_kind);
        found.truncate(limit);
        found
    }

    /// Places of the kind that the text names, and whether it says near what.
    fn of_kind(&self, text: &str, near: Spot, limit: usize) -> Option<(Vec<Found>, bool)> {
        // Near a crossing, too: its sign is no letter.
        let mut words = fold::words(&text.replace('&', " and "));
        words.truncate(WORDS_MAX);
        let (wanted, place) = category::read(&words)?;
        if place.is_empty() {
            return Some((self.nearest(wanted, near, limit), false));
        }
        let (.., near) = self.ranked(place, &place.join(" "), 1).into_iter().next()?;
        Some((self.nearest(wanted, near, limit), true))
    }

    /// Everything that fits, best first. What is slower is looked for only while there is not `enough`.
    fn ranked(&self, words: &[String], text: &str, enough: usize) -> Vec<Hit> {
        let mut hits = self.hits(words, false);
        hits.extend(self.crossings(text));
        if hits.len() < enough {
            hits.extend(self.hits(words, true));
        }
        if hits.iter().all(|(points, ..)| *points >= cost::MISTAKE) {
            hits.extend(self.loose_hits(words));
        }
        hits.sort();
        hits
    }

    /// Points of interest of these kinds, the nearest first, each with the address beside it: there may be many of one name, and what
    /// has none is called by its kind.
    fn nearest(&self, wanted: Wanted, near: Spot, limit: usize) -> Vec<Found> {
        let named = self.entries.iter().filter_map(|entry| match &entry.what {
            What::Poi(kind) if wanted.tags.contains(&kind.as_str()) => Some((entry.spot, Some(&entry.label), kind)),
            _ => None,
        });
        let of_kind = self.nameless.iter().filter(|(kind, _)| wanted.tags.contains(&kind.as_str()));
        let nameless = of_kind.flat_map(|(kind, spots)| spots.iter().map(move |spot| (*spot, None, kind)));
        let mut all: Vec<(Spot, Option<&String>, &String)> = named.chain(nameless).collect();
        all.sort_by_key(|(spot, label, kind)| (squared(*spot, near), *label, *kind, *spot));
        let mut found = Vec::new();
        let mut shown: Vec<(Spot, &String)> = Vec::new();
        for (spot, label, kind) in all {
            if found.len() == limit {
                break;
            }
            // A row of bicycle stands, or a thing that is in the map as point and as building, is one to walk to.
            let beside = TOGETHER_M / unit_m(spot.y);
            let is_again = |(known, of): &(Spot, &String)| *of == kind && squared(*known, spot) as f64 <= beside * beside;
            if label.is_none() && shown.iter().any(is_again) {
                continue;
            }
            shown.push((spot, kind));
            let point = spot.point();
            let label = label.map_or_else(|| capitalised(wanted.name), Clone::clone);
            let address = self.nearest_address(spot, BESIDE_M / unit_m(spot.y));
            let label = address.map_or_else(|| label.clone(), |address| format!("{label}, {address}"));
            found.push(Found { label, what: What::Poi(kind.clone()), lat: point.lat(), lon: point.lon() });
        }
        found
    }

    /// Everything that fits, by every reading of the question: all words as a name, or one as a house number and the others as a name.
    fn hits(&self, words: &[String], forgiving: bool) -> Vec<Hit> {
        let costs: Vec<Vec<(u32, u32)>> = words.iter().map(|word| self.fits(word, forgiving)).collect();
        let all: Vec<&Vec<(u32, u32)>> = costs.iter().collect();
        let mut hits: Vec<Hit> =
            self.common(&all).into_iter().filter_map(|(entry, cost)| self.name_hit(entry, cost, words, words.len())).collect();
        for number in readings(words) {
            let rest = costs.iter().enumerate().filter(|(index, _)| !number.contains(index)).map(|(_, fits)| fits);
            let name: Vec<&Vec<(u32, u32)>> = rest.collect();
            let asked: Vec<&str> = words.iter().take(number.end).skip(number.start).map(String::as_str).collect();
            for (entry, cost) in self.common(&name) {
                self.address_hits(entry, cost, words, name.len(), &asked, &mut hits);
            }
        }
        hits
    }

    /// Streets whose whole name, spaces left out, is a mistake or two from what was typed: for mistakes in words so short that another
    /// word is always near ("Reu Basse"), and in the spaces ("Californi aStreet"). A wrong digit is another street.
    fn loose_hits(&self, words: &[String]) -> Vec<Hit> {
        let mut hits = Vec::new();
        for number in std::iter::once(0..0).chain(readings(words)) {
            let name: Vec<&str> =
                words.iter().enumerate().filter(|(at, _)| !number.contains(at)).map(|(_, word)| word.as_str()).collect();
            let typed: Vec<char> = name.concat().chars().collect();
            let limit = fold::mistakes_max(typed.len());
            let digits = |letters: &[char]| letters.iter().copied().filter(|c| c.is_numeric()).collect::<Vec<char>>();
            let own_digits = digits(&typed);
            let asked: Vec<&str> = words.iter().take(number.end).skip(number.start).map(String::as_str).collect();
            for (letters, entry) in &self.streets {
                let Some(count) = fold::mistakes(&typed, letters, limit).0 else { continue };
                if digits(letters) != own_digits {
                    continue;
                }
                let cost = count as u32 * cost::MISTAKE;
                if asked.is_empty() {
                    hits.extend(self.name_hit(*entry, cost, words, name.len()));
                } else {
                    self.address_hits(*entry, cost, words, name.len(), &asked, &mut hits);
                }
            }
        }
        hits
    }

    /// Entries with a word that fits, each with its points, sorted by entry.
    fn fits(&self, typed: &str, forgiving: bool) -> Vec<(u32, u32)> {
        let mut fits: Vec<(u32, u32)> = Vec::new();
        let mut put = |entries: &[u32], cost: u32| fits.extend(entries.iter().map(|entry| (*entry, cost)));
        let start = self.words.partition_point(|(word, ..)| word.as_str() < typed);
        for (word, _, entries) in self.words.iter().skip(start).take_while(|(word, ..)| word.starts_with(typed)) {
            put(entries, if word == typed { 0 } else { cost::PREFIX });
        }
        for form in fold::forms(typed) {
            if let Ok(place) = self.words.binary_search_by(|(word, ..)| word.as_str().cmp(form))
                && let Some((_, _, entries)) = self.words.get(place)
            {
                put(entries, cost::FORM);
            }
        }
        let letters: Vec<char> = typed.chars().collect();
        let limit = fold::mistakes_max(letters.len());
        // A wrong digit is another number, not a mistake.
        if forgiving && limit > 0 && !typed.starts_with(|c: char| c.is_numeric()) {
            for (_, word, entries) in &self.words {
                let (whole, begun) = fold::mistakes(&letters, word, limit);
                let points = |count: usize| count as u32 * cost::MISTAKE;
                match (whole.map(points), begun.map(|count| points(count) + cost::PREFIX)) {
                    (Some(whole), begun) => put(entries, begun.map_or(whole, |begun| begun.min(whole))),
                    (None, Some(begun)) => put(entries, begun),
                    (None, None) => {}
                }
            }
        }
        fits.sort_unstable();
        fits.dedup_by_key(|(entry, _)| *entry);
        fits
    }

    /// Entries in all the lists, with their points added up. Nothing asked, nothing found.
    fn common(&self, lists: &[&Vec<(u32, u32)>]) -> Vec<(u32, u32)> {
        let Some((first, rest)) = lists.split_first() else { return Vec::new() };
        let mut common: Vec<(u32, u32)> = (*first).clone();
        for list in rest {
            common = common
                .into_iter()
                .filter_map(|(entry, cost)| {
                    let place = list.binary_search_by_key(&entry, |(entry, _)| *entry).ok()?;
                    Some((entry, cost + list.get(place)?.1))
                })
                .collect();
        }
        common
    }

    /// Points for how well the name as a whole fits.
    fn name_cost(&self, entry: &Entry, words: &[String], typed: usize) -> u32 {
        let extra = entry.words.saturating_sub(typed) as u32 * cost::EXTRA_WORD;
        let starts = words.iter().any(|word| entry.first.starts_with(word.as_str()));
        extra + if starts { 0 } else { cost::OTHER_START }
    }

    fn name_hit(&self, entry: u32, cost: u32, words: &[String], typed: usize) -> Option<Hit> {
        let entry = self.entries.get(entry as usize)?;
        let poi = if matches!(entry.what, What::Poi(_)) { cost::POI } else { 0 };
        Some((cost + self.name_cost(entry, words, typed) + poi, entry.label.clone(), entry.what.clone(), entry.spot))
    }

    fn address_hits(&self, entry: u32, cost: u32, words: &[String], typed: usize, asked: &[&str], hits: &mut Vec<Hit>) {
        let Some(entry) = self.entries.get(entry as usize).filter(|entry| entry.what == What::Street) else { return };
        let cost = cost + self.name_cost(entry, words, typed);
        let numbers = self.numbers.get(entry.numbers.clone()).unwrap_or_default();
        let mut fitting: Vec<(u32, &Number)> =
            numbers.iter().filter_map(|number| Some((number_cost(&number.words, asked)?, number))).collect();
        fitting.sort_by(|a, b| (a.0, a.1.text.len(), &a.1.text).cmp(&(b.0, b.1.text.len(), &b.1.text)));
        fitting.dedup_by(|a, b| a.1.text == b.1.text);
        // All of the best kind, then a few of the others.
        let best = fitting.first().map_or(0, |(best, _)| *best);
        let shown = fitting.iter().filter(|(points, _)| *points == best && best < cost::NUMBER_PREFIX).count().max(NUMBERS_MAX);
        for (points, number) in fitting.iter().take(shown) {
            hits.push((cost + points, address_label(&entry.label, &number.text), What::Address, number.spot));
        }
        let is_there = !fitting.is_empty() && best < cost::NUMBER_PREFIX;
        if let Some(spot) = between(numbers, asked).filter(|_| !is_there) {
            hits.push((cost + cost::BETWEEN, address_label(&entry.label, &asked.concat()), What::Between, spot));
        }
        let is_number = asked.first().is_some_and(|word| word.starts_with(|c: char| c.is_numeric()));
        if fitting.is_empty() && is_number {
            hits.push((cost + cost::NO_NUMBER, entry.label.clone(), What::Street, entry.spot));
        }
    }
}

/// Every part of a question that may be a house number beside a street's name.
fn readings(words: &[String]) -> Vec<Range<usize>> {
    let is_numeric = |word: &String| word.starts_with(|c: char| c.is_numeric());
    // "5 b" may be number 5b, "10-12" one number: what follows may belong to it.
    let belongs = |word: &&String| word.chars().count() == 1 || matches!(word.as_str(), "bis" | "ter") || is_numeric(word);
    let mut readings = Vec::new();
    for (place, number) in words.iter().enumerate() {
        // "Pier 5" and "Lot 12" are house numbers too.
        let is_named = words.len() > 2 && words.get(place + 1).is_some_and(is_numeric);
        if words.len() < 2 || !(is_numeric(number) || is_named) {
            continue;
        }
        let more = words.iter().skip(place + 1).take(NUMBER_WORDS_MAX - 1).take_while(belongs).count();
        readings.extend((1..=more + 1).map(|taken| place..place + taken));
    }
    readings
}

/// How well a house number fits what was typed; `None` when it does not.
fn number_cost(number: &[String], asked: &[&str]) -> Option<u32> {
    let (number_text, asked_text) = (number.concat(), asked.concat());
    if number_text == asked_text {
        Some(0)
    } else if number.contains(&asked_text) || within(number, &asked_text) || digits(&number_text) == asked_text {
        Some(cost::NUMBER_PART)
    } else {
        number_text.starts_with(&asked_text).then_some(cost::NUMBER_PREFIX)
    }
}

/// Where a number must be that lies between two that are known, not far from each other: of its own side of the street, if that has
/// such, else of either.
fn between(numbers: &[Number], asked: &[&str]) -> Option<Spot> {
    let [asked] = asked else { return None };
    let asked: u32 = asked.parse().ok()?;
    let known = |number: &Number| {
        let value: u32 = number.words.first()?.parse().ok()?;
        Some((value, number.spot))
    };
    let known: Vec<(u32, Spot)> = numbers.iter().filter_map(known).collect();
    let beside = |step: u32| {
        let side = known.iter().filter(|(value, _)| value % step == asked % step);
        let below = side.clone().filter(|(value, _)| *value < asked).max_by_key(|(value, _)| *value)?;
        let above = side.filter(|(value, _)| *value > asked).min_by_key(|(value, _)| *value)?;
        let apart_m = (squared(below.1, above.1) as f64).sqrt() * unit_m(below.1.y);
        if above.0 - below.0 > NUMBERS_APART || apart_m > METRES_APART {
            return None;
        }
        let share = f64::from(asked - below.0) / f64::from(above.0 - below.0);
        let part = |from: i32, to: i32| from + ((f64::from(to) - f64::from(from)) * share).round() as i32;
        Some(Spot { x: part(below.1.x, above.1.x), y: part(below.1.y, above.1.y) })
    };
    beside(2).or_else(|| beside(1))
}

/// Whether the number lies in a range like "5-9", on the same side of the street.
fn within(number: &[String], asked: &str) -> bool {
    let [from, to] = number else { return false };
    let (Ok(from), Ok(to), Ok(asked)) = (from.parse::<u32>(), to.parse::<u32>(), asked.parse::<u32>()) else { return false };
    (from..=to).contains(&asked) && (asked - from) % 2 == 0
}

fn digits(text: &str) -> &str {
    text.trim_end_matches(|c: char| !c.is_ascii_digit())
}

/// A street and number as the street's language writes them: "5 Rue Grimaldi" and "20 Main Street", but "Mannerheimintie 5".
///
/// French and English street words tell themselves by where they stand; everything else puts the number last.
pub(crate) fn address_label(street: &str, number: &str) -> String {
    const FRENCH: [&str; 22] = [
        "rue",
        "avenue",
        "boulevard",
        "place",
        "quai",
        "chemin",
        "allee",
        "allees",
        "impasse",
        "passage",
        "route",
        "ruelle",
        "escalier",
        "escaliers",
        "cours",
        "esplanade",
        "promenade",
        "square",
        "sentier",
        "montee",
        "traverse",
        "descente",
    ];
    const ENGLISH: [&str; 20] = [
        "street",
        "st",
        "avenue",
        "ave",
        "road",
        "lane",
        "drive",
        "way",
        "boulevard",
        "court",
        "place",
        "alley",
        "terrace",
        "plaza",
        "square",
        "close",
        "crescent",
        "broadway",
        "walk",
        "embarcadero",
    ];
    let words = fold::words(street);
    let first = words.first().is_some_and(|word| FRENCH.contains(&word.as_str()));
    let last = words.last().is_some_and(|word| ENGLISH.contains(&word.as_str()));
    if (first && words.len() > 1) || last { format!("{number} {street}") } else { format!("{street} {number}") }
}

#[cfg(test)]
mod tests;
