use super::*;
use crate::Town;
use crate::pbf::Pbf;
use crate::sample::{real, town};
use crate::world::{Point, Rect};

fn sample() -> Town {
    let mut pbf = Pbf::default();
    let street = |pbf: &mut Pbf, id: i64, lat: f64, tags: &[(&str, &str)]| {
        let tags = [&[("highway", "residential")], tags].concat();
        pbf.line(id, &[(lat, 24.0), (lat, 24.01)], false, &tags);
    };
    street(&mut pbf, 100, 60.000, &[("name", "Mannerheimintie"), ("name:sv", "Mannerheimvägen")]);
    street(&mut pbf, 110, 60.002, &[("name", "Rue Honoré Labande")]);
    street(&mut pbf, 120, 60.004, &[("name", "Boulevard Princesse Charlotte")]);
    street(&mut pbf, 130, 60.006, &[("name", "Lönnrotinkatu")]);
    for (id, number) in (1..).zip(["1", "5", "5 b", "15", "9-13", "50"]) {
        let lon = 24.0 + 0.001 * id as f64;
        pbf.node(id, 60.0001, lon, &[("addr:street", "Mannerheimintie"), ("addr:housenumber", number)]);
    }
    pbf.node(20, 60.0021, 24.001, &[("addr:street", "Rue Honoré Labande"), ("addr:housenumber", "7")]);
    pbf.node(30, 60.005, 24.005, &[("amenity", "pharmacy"), ("name", "Yliopiston Apteekki")]);
    town(&pbf).0
}

fn first(town: &Town, text: &str) -> Option<(String, What)> {
    town.search(text, None, 5).into_iter().next().map(|found| (found.label, found.what))
}

fn label(town: &Town, text: &str) -> String {
    first(town, text).map_or_else(String::new, |(label, _)| label)
}

#[test]
fn an_address_is_found_however_it_is_written() {
    let town = sample();
    for text in [
        "Mannerheimintie 5",
        "mannerheimintie 5",
        "5 Mannerheimintie",
        "5, mannerheimintie",
        "MANNERHEIMINTIE, 5",
        "Mannerheimvägen 5",
        "mannerheimvagen 5",
    ] {
        assert_eq!(first(&town, text), Some(("Mannerheimintie 5".to_owned(), What::Address)), "{text}");
    }
    assert_eq!(label(&town, "Mannerheimintie 5b"), "Mannerheimintie 5 b");
    assert_eq!(label(&town, "Mannerheimintie 5 B"), "Mannerheimintie 5 b");
    assert_eq!(label(&town, "Mannerheimintie 11"), "Mannerheimintie 9-13", "a number within a range");
    assert_eq!(label(&town, "7 rue honore labande"), "7 Rue Honoré Labande", "the number stands where the language puts it");
    assert_eq!(label(&town, "rue honoré labande 7"), "7 Rue Honoré Labande");
}

#[test]
fn a_street_is_found_while_it_is_typed() {
    let town = sample();
    let name = "mannerheim";
    for end in 3..=name.len() {
        assert_eq!(label(&town, &name[..end]), "Mannerheimintie", "{}", &name[..end]);
    }
    assert_eq!(label(&town, "lonnrot"), "Lönnrotinkatu");
    assert_eq!(label(&town, "bd princesse ch"), "Boulevard Princesse Charlotte");
    assert_eq!(label(&town, "charlotte princesse"), "Boulevard Princesse Charlotte");
}

#[test]
fn a_typing_mistake_is_forgiven_but_not_in_numbers() {
    let town = sample();
    for text in ["Manerheimintie 5", "Mannerheiminite 5", "Mannnerheimintie 5", "Mannerhemintie 5"] {
        assert_eq!(label(&town, text), "Mannerheimintie 5", "{text}");
    }
    // Two, in names that are long enough to bear them.
    for text in ["Manerheiminti 5", "Manherheimintei 5", "5 manerhemintie", "boulevrad princese charlotte"] {
        let name = if text.starts_with('b') { "Boulevard Princesse Charlotte" } else { "Mannerheimintie 5" };
        assert_eq!(label(&town, text), name, "{text}");
    }
    assert_eq!(first(&town, "Mannerheimintie 7777"), Some(("Mannerheimintie".to_owned(), What::Street)));
}

#[test]
fn a_shop_says_what_it_is() {
    let town = sample();
    assert_eq!(first(&town, "apteekki"), Some(("Yliopiston Apteekki".to_owned(), What::Poi("amenity=pharmacy".to_owned()))));
}

#[test]
fn nothing_fits_nothing_and_hostile_questions_end() {
    let town = sample();
    assert_eq!(town.search("", None, 5), []);
    assert_eq!(town.search("   ,.;\u{202e}\u{0}", None, 5), []);
    assert_eq!(town.search("qqqqqqqqqq", None, 5), []);
    assert_eq!(town.search("Mannerheimintie", None, 0), []);
    town.search(&"a ".repeat(100_000), None, 5);
    town.search(&"5 ".repeat(1_000), None, 5);
    town.search(&"\u{301}".repeat(10_000), None, 5);
}

/// Shares of a sample of addresses found first: typed as they are, and with two letters of the street swapped.
fn shares(town: &Town, step: usize) -> (usize, usize, usize) {
    let mut all: Vec<(String, String)> = Vec::new();
    town.addresses(&mut |name, numbers| {
        let street = town.name_at(name).map_or_else(String::new, |name| name.own.to_owned());
        all.extend(numbers.iter().map(|number| (street.clone(), number.number.to_owned())));
    });
    let sample: Vec<_> = all.iter().step_by(step).collect();
    let hit = |street: &str, asked: &str, number: &str| {
        first(town, &format!("{asked} {number}")).is_some_and(|(found, what)| {
            what == What::Address && found.to_lowercase() == address_label(street, number).to_lowercase()
        })
    };
    let exact = sample
        .iter()
        .filter(|(street, number)| {
            let found = hit(street, street, number);
            if !found {
                eprintln!("{street} {number}: first came {:?}", first(town, &format!("{street} {number}")));
            }
            found
        })
        .count();
    let typo = sample
        .iter()
        .filter(|(street, number)| {
            let mut letters: Vec<char> = street.chars().collect();
            let place = (0..letters.len().saturating_sub(1)).rev().find(|place| {
                letters[*place].is_alphabetic() && letters[place + 1].is_alphabetic() && letters[*place] != letters[place + 1]
            });
            if let Some(place) = place {
                letters.swap(place, place + 1);
            }
            hit(street, &letters.iter().collect::<String>(), number)
        })
        .count();
    (sample.len(), exact, typo)
}

#[test]
fn every_address_of_the_real_towns_is_found_first() {
    for (name, step) in [("monaco.osm.pbf", 3), ("sf-downtown.osm.pbf", 101)] {
        let Some((town, _)) = real(name) else { continue };
        let (count, exact, typo) = shares(town, step);
        eprintln!("{name}: {exact} of {count} found first as written, {typo} with two letters swapped");
        assert!(count > 100 && exact == count, "{name}: {exact} of {count} addresses found first");
        assert!(typo * 100 >= count * 90, "{name}: {typo} of {count} found with a mistake");
    }
}

/// A generator of chance that gives the same every time (Vigna's SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }

    /// The text with one mistake at any letter: another in its place, none, one more, or swapped with the next.
    fn mistake(&mut self, text: &str) -> String {
        let mut letters: Vec<char> = text.chars().collect();
        let places: Vec<usize> = (0..letters.len()).filter(|place| letters[*place].is_alphabetic()).collect();
        let Some(place) = places.get(self.below(places.len())).copied() else { return text.to_owned() };
        let other = char::from(b'a' + self.below(26) as u8);
        match self.below(4) {
            0 => letters[place] = other,
            1 => {
                letters.remove(place);
            }
            2 => letters.insert(place, other),
            _ if place + 1 < letters.len() => letters.swap(place, place + 1),
            _ => letters[place] = other,
        }
        letters.into_iter().collect()
    }
}

/// Every address of a town, with one mistake in its street's name: how many are found first, and how long it takes.
fn with_mistakes(name: &str, step: usize) -> Option<(usize, usize, Vec<std::time::Duration>)> {
    let (town, _) = real(name)?;
    town.prepare();
    let mut all: Vec<(String, String)> = Vec::new();
    town.addresses(&mut |name, numbers| {
        let street = town.name_at(name).map_or_else(String::new, |name| name.own.to_owned());
        all.extend(numbers.iter().map(|number| (street.clone(), number.number.to_owned())));
    });
    let mut chance = Chance(5);
    let (mut first_hits, mut times) = (0, Vec::new());
    let sample: Vec<_> = all.iter().step_by(step).collect();
    for (street, number) in &sample {
        let asked = format!("{} {number}", chance.mistake(street));
        let begun = std::time::Instant::now();
        let found = town.search(&asked, None, 5);
        times.push(begun.elapsed());
        let wanted = address_label(street, number).to_lowercase();
        let is_first = found.first().is_some_and(|found| found.label.to_lowercase() == wanted);
        first_hits += usize::from(is_first);
        if !is_first && std::env::var_os("MISSED").is_some() {
            eprintln!("{asked}: {:?} and not {wanted}", found.first().map(|found| &found.label));
        }
    }
    times.sort();
    Some((sample.len(), first_hits, times))
}

#[test]
fn an_address_with_any_one_mistake_is_found_first() {
    // Whole, and with times that count, in release.
    let step = if cfg!(debug_assertions) { 23 } else { 1 };
    for name in ["monaco.osm.pbf", "sf-downtown.osm.pbf"] {
        let Some((count, first, times)) = with_mistakes(name, step) else { continue };
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        eprintln!(
            "{name}: {first} of {count} first, {:.2} %; median {:?}, p99 {:?}",
            first as f64 / count as f64 * 100.0,
            at(0.5),
            at(0.99)
        );
        assert!(first * 100 >= count * 97, "{name}: {first} of {count} found first with a mistake");
    }
}

#[test]
fn a_crossing_is_found_by_its_two_streets() {
    let mut pbf = Pbf::default();
    // They share the node in the middle; the third meets nobody.
    let (lat, lon) = (60.0, 24.0);
    pbf.line(
        100,
        &[(lat, lon - 0.01), (lat, lon), (lat, lon + 0.01)],
        false,
        &[("highway", "residential"), ("name", "Aleksanterinkatu")],
    );
    pbf.line(
        200,
        &[(lat - 0.01, lon), (lat, lon), (lat + 0.01, lon)],
        false,
        &[("highway", "residential"), ("name", "Mikonkatu")],
    );
    pbf.line(300, &[(lat + 0.1, lon), (lat + 0.1, lon + 0.01)], false, &[("highway", "residential"), ("name", "Fabianinkatu")]);
    let town = town(&pbf).0;
    for text in [
        "Aleksanterinkatu & Mikonkatu",
        "mikonkatu/aleksanterinkatu",
        "Aleksanterinkatu ja Mikonkatu",
        "mikon and aleksanterin",
        "Mikonkatu corner of Aleksanterinkatu",
        "Mikonkattu & Aleksanterikatu",
    ] {
        let found = town.search(text, None, 5);
        let first = found.first().unwrap_or_else(|| panic!("{text}: nothing"));
        assert_eq!(first.what, What::Crossing, "{text}: {first:?}");
        assert!((first.lat - lat).abs() < 1e-5 && (first.lon - lon).abs() < 1e-5, "{text}: {first:?}");
    }
    assert_eq!(town.search("Aleksanterinkatu & Mikonkatu", None, 5)[0].label, "Aleksanterinkatu & Mikonkatu");
    assert!(town.search("Aleksanterinkatu & Fabianinkatu", None, 5).iter().all(|found| found.what != What::Crossing));
    assert!(town.search("Mikonkatu & Mikonkatu", None, 5).iter().all(|found| found.what != What::Crossing));
}

#[test]
fn a_number_between_two_that_are_known_lies_between_them() {
    let mut pbf = Pbf::default();
    pbf.line(100, &[(60.0, 24.0), (60.0, 24.01)], false, &[("highway", "residential"), ("name", "Aleksanterinkatu")]);
    for (id, (number, lon)) in (1..).zip([("1", 24.001), ("2", 24.0015), ("9", 24.005), ("90", 24.009)]) {
        pbf.node(id, 60.0001, lon, &[("addr:street", "Aleksanterinkatu"), ("addr:housenumber", number)]);
    }
    let town = town(&pbf).0;
    let found = town.search("Aleksanterinkatu 5", None, 5);
    assert_eq!((found[0].label.as_str(), &found[0].what), ("Aleksanterinkatu 5", &What::Between));
    assert!((found[0].lon - 24.003).abs() < 1e-5, "half-way from 1 to 9: {:?}", found[0]);
    // On the other side nothing is beyond 2 but 90: too far to say.
    let far = town.search("Aleksanterinkatu 48", None, 5);
    assert_eq!((far[0].label.as_str(), &far[0].what), ("Aleksanterinkatu", &What::Street));
    // What is there is not thought up.
    assert_eq!(town.search("Aleksanterinkatu 9", None, 5)[0].what, What::Address);
}

#[test]
fn kinds_of_places_come_nearest_first_with_their_address() {
    let mut pbf = Pbf::default();
    pbf.line(100, &[(60.0, 24.0), (60.0, 24.05)], false, &[("highway", "residential"), ("name", "Parkkatu")]);
    for (id, lon) in (1..).zip([24.001, 24.02, 24.04]) {
        pbf.node(id * 10, 60.0, lon, &[("amenity", "pharmacy"), ("name", "Apteekki")]);
        pbf.node(id * 10 + 1, 60.0001, lon, &[("addr:street", "Parkkatu"), ("addr:housenumber", &(id * 2).to_string())]);
    }
    pbf.node(90, 60.0, 24.03, &[("leisure", "park"), ("name", "Esplanadi")]);
    let town = town(&pbf).0;
    let labels = |text: &str, near: Option<(f64, f64)>| -> Vec<String> {
        let near = near.map(|(lat, lon)| Point::from_degrees(lat, lon).unwrap());
        town.search(text, near, 5).into_iter().map(|found| found.label).collect()
    };
    let by_east = ["Apteekki, Parkkatu 6", "Apteekki, Parkkatu 4", "Apteekki, Parkkatu 2"];
    assert_eq!(labels("pharmacy", Some((60.0, 24.05))), by_east);
    assert_eq!(labels("Apotheke bei Parkkatu 6", None), by_east);
    assert_eq!(labels("apteekki lähellä Parkkatu 2", None)[0], "Apteekki, Parkkatu 2");
    // A street may begin with the same word.
    assert_eq!(labels("park", None), ["Parkkatu", "Esplanadi"]);
}

#[test]
fn what_has_no_name_is_found_by_its_kind() {
    let mut pbf = Pbf::default();
    pbf.line(100, &[(60.0, 24.0), (60.0, 24.05)], false, &[("highway", "residential"), ("name", "Katu")]);
    pbf.node(1, 60.0001, 24.001, &[("addr:street", "Katu"), ("addr:housenumber", "2")]);
    pbf.node(2, 60.0, 24.001, &[("amenity", "toilets")]);
    // The same as a building, and one that has a name.
    let square = |lon: f64| [(60.0, lon), (60.0, lon + 0.0001), (60.0001, lon + 0.0001), (60.0001, lon)];
    pbf.line(200, &square(24.001), true, &[("building", "yes"), ("amenity", "toilets")]);
    pbf.node(3, 60.0, 24.02, &[("amenity", "toilets"), ("name", "Torin vessa")]);
    pbf.node(4, 60.0, 24.03, &[("amenity", "toilets"), ("access", "private")]);
    pbf.node(5, 60.0, 24.04, &[("emergency", "defibrillator")]);
    // A car park is an area, a row of bicycle stands several nodes, a shop without a name nothing to look for.
    pbf.line(300, &square(24.045), true, &[("amenity", "parking")]);
    (6..12).for_each(|id| {
        pbf.node(id, 60.0, 24.046 + id as f64 * 1e-5, &[("amenity", "bicycle_parking")]);
    });
    pbf.node(12, 60.0, 24.047, &[("shop", "supermarket")]);
    let town = town(&pbf).0;
    let labels = |text: &str| -> Vec<String> { town.search(text, None, 5).into_iter().map(|found| found.label).collect() };
    assert_eq!(labels("toilets near Katu 2"), ["Toilets, Katu 2", "Torin vessa"]);
    assert_eq!(labels("wc lähellä Katu 2"), ["Wc, Katu 2", "Torin vessa"]);
    assert_eq!(labels("τουαλέτα κοντά στη Katu 2"), ["Τουαλέτα, Katu 2", "Torin vessa"]);
    assert_eq!(labels("sydänisku"), [] as [&str; 0]);
    assert_eq!(labels("hjärtstartare"), ["Hjärtstartare"]);
    assert_eq!((labels("Parkplatz").len(), labels("bike").len(), labels("supermarket").len()), (1, 1, 0));
    let found = town.search("defibrillator", None, 1);
    assert!(matches!(&found[0].what, What::Poi(kind) if kind == "emergency=defibrillator"), "{found:?}");
    // Nothing is written for it, and below the highest zooms it is not there at all.
    let everything = Rect::from(town.bounds()).grown(1_000);
    let pois = |zoom: f64| town.features(everything, zoom).iter().filter(|feature| feature.class == crate::Class::Poi).count();
    assert_eq!((pois(18.9), pois(19.0)), (1, 9), "only the one with a name");
    let view = crate::View::over(town.bounds(), 1_000.0, 1_000.0);
    let written = town.place_labels(&view, None, &mut |text, size| text.chars().count() as f32 * size * 0.5);
    assert!(written.iter().all(|label| ["Katu", "Torin vessa", "2"].contains(&label.text.as_str())), "{written:?}");
}

#[test]
fn toilets_and_defibrillators_of_the_real_towns_are_found() {
    for (file, near, places) in [("sf-downtown.osm.pbf", "Market Street", 20), ("monaco.osm.pbf", "Rue Grimaldi", 20)] {
        let Some((town, _)) = real(file) else { continue };
        for kind in ["toilets", "drinking water", "parking", "bench", "bike"] {
            let found = town.search(&format!("{kind} near {near}"), None, places);
            eprintln!("{file}: {kind}: {}, first {:?}", found.len(), found.first());
            assert!(!found.is_empty(), "{file}: {kind}");
        }
    }
}

#[test]
fn crossings_of_a_real_town_are_found_quickly() {
    let Some((town, _)) = real("sf-downtown.osm.pbf") else { return };
    for (text, label) in [
        ("Market & 5th", "Market Street & 5th Street"),
        ("powell st and geary st", "Powell Street & Geary Street"),
        ("Mission/3rd", "Mission Street & 3rd Street"),
    ] {
        let found = town.search(text, None, 5);
        assert_eq!(found.first().map(|found| found.label.as_str()), Some(label), "{text}: {found:?}");
    }
    let found = town.search("pharmacy near Powell and Geary", None, 5);
    assert!(matches!(&found[0].what, What::Poi(kind) if kind == "amenity=pharmacy"), "{found:?}");
}

#[test]
fn the_part_of_town_is_the_one_whose_name_is_nearest() {
    let mut pbf = Pbf::default();
    for (id, name, kind, lon) in
        [(1, "Kallio", "suburb", 24.00), (2, "Torkkelinmäki", "quarter", 24.01), (3, "Helsinki", "city", 24.02)]
    {
        pbf.node(id, 60.0, lon, &[("place", kind), ("name", name)]);
    }
    pbf.line(100, &[(60.0, 24.0), (60.0, 24.2)], false, &[("highway", "residential"), ("name", "Pitkäkatu")]);
    let town = town(&pbf).0;
    assert_eq!(town.district(60.0, 24.001), Some("Kallio"));
    assert_eq!(town.district(60.0, 24.019), Some("Torkkelinmäki"), "a city is no part of one");
    assert_eq!(town.district(60.0, 24.2), None, "ten kilometres off");
}

#[test]
fn short_forms_are_understood_in_every_language() {
    let mut pbf = Pbf::default();
    let names = [
        "Corso Vittorio Emanuele",
        "Piazza San Carlo",
        "Viale dei Mille",
        "Goethestraße",
        "Lange Straße",
        "Calle Mayor",
        "Avenida de la Paz",
        "Λεωφόρος Συγγρού",
        "вулиця Хрещатик",
        "проспект Миру",
        "Rue du Faubourg Saint-Honoré",
        "Storgatan",
        "South Van Ness Avenue",
        "شارع النيل",
    ];
    for (id, name) in (1..).zip(names) {
        let lat = 60.0 + 0.001 * id as f64;
        pbf.line(id * 10, &[(lat, 24.0), (lat, 24.01)], false, &[("highway", "residential"), ("name", name)]);
    }
    let town = town(&pbf).0;
    for (typed, name) in [
        ("c.so vittorio", names[0]),
        ("P.zza S. Carlo", names[1]),
        ("V.le dei mille", names[2]),
        ("goethestr.", names[3]),
        ("Lange Str.", names[4]),
        ("C/ Mayor", names[5]),
        ("Avda. de la paz", names[6]),
        ("Λεωφ. Συγγρου", names[7]),
        ("вул. Хрещатик", names[8]),
        ("просп. Миру", names[9]),
        ("r. du fbg st honore", names[10]),
        ("storg.", names[11]),
        ("s van ness ave", names[12]),
        ("ش النيل", names[13]),
    ] {
        assert_eq!(label(&town, typed), name, "{typed}");
    }
}
