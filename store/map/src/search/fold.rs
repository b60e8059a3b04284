//! Words as they are compared: without case, accents and punctuation; and how far apart two of them are.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The words of a text, folded: "Rue d'Ostende" gives "rue", "d", "ostende"; "Straße" gives "strasse"; "C.so" gives "cso".
pub fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    // A stop after a single letter: "V.le" is one word, "V. Emanuele" two.
    let mut is_stopped = false;
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        let plain = match c {
            'ß' => "ss",
            'æ' => "ae",
            'œ' => "oe",
            'ø' => "o",
            'đ' | 'ð' => "d",
            'þ' => "th",
            'ł' => "l",
            'ı' => "i",
            _ => "",
        };
        if c == '.' && words.last().is_some_and(|word| word.chars().count() == 1) {
            is_stopped = true;
            continue;
        }
        if std::mem::take(&mut is_stopped) && !c.is_alphanumeric() {
            words.push(String::new());
        }
        match words.last_mut() {
            Some(word) if !plain.is_empty() => word.push_str(plain),
            // Lower case of some capitals carries a combining mark of its own.
            Some(word) if c.is_alphanumeric() => word.push(c),
            _ if is_combining_mark(c) => {}
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Other ways to write a word: what people type for it. Every form of a group stands for every other.
pub fn forms(word: &str) -> impl Iterator<Item = &'static str> {
    // By language: English, French, Italian, German, Finnish, Swedish, Greek, Spanish, Ukrainian, Arabic.
    const GROUPS: [&[&str]; 77] = [
        &["street", "st"],
        &["saint", "st"],
        &["sainte", "ste"],
        &["avenue", "av", "ave"],
        &["boulevard", "bd", "blvd", "boul"],
        &["road", "rd"],
        &["place", "pl"],
        &["square", "sq"],
        &["drive", "dr"],
        &["lane", "ln"],
        &["court", "ct"],
        &["highway", "hwy"],
        &["parkway", "pkwy"],
        &["terrace", "ter"],
        &["alley", "aly"],
        &["north", "n"],
        &["south", "s"],
        &["east", "e"],
        &["west", "w"],
        &["mount", "mt"],
        &["fort", "ft"],
        &["doctor", "dr"],
        &["chemin", "ch", "chem"],
        &["route", "rte"],
        &["impasse", "imp"],
        &["allee", "all"],
        &["quai", "q"],
        &["faubourg", "fbg", "fg"],
        &["general", "gal", "gen"],
        &["via", "v"],
        &["viale", "vle"],
        &["corso", "cso"],
        &["piazza", "pza", "pzza", "p"],
        &["piazzale", "ple"],
        &["largo", "lgo"],
        &["vicolo", "vlo"],
        &["strada", "str"],
        &["san", "s"],
        &["santa", "s", "sta"],
        &["santo", "s"],
        &["generale", "gen"],
        &["dottor", "dott"],
        &["strasse", "str"],
        &["platz", "pl"],
        &["gasse", "g"],
        &["allee", "al"],
        &["sankt", "st"],
        &["katu", "k"],
        &["tie", "t"],
        &["kuja", "kj"],
        &["polku", "p"],
        &["tori", "tr"],
        &["gatan", "g"],
        &["vagen", "v"],
        &["grand", "gr"],
        &["torget", "t"],
        &["οδος", "οδ"],
        &["λεωφορος", "λεωφ", "λ"],
        &["πλατεια", "πλ"],
        &["αγιου", "αγ"],
        &["αγιας", "αγ"],
        &["calle", "c", "cl"],
        &["avenida", "av", "avda"],
        &["plaza", "pl", "pza"],
        &["paseo", "p", "pso"],
        &["carretera", "ctra"],
        &["nuestra", "ntra"],
        &["senora", "sra"],
        &["вулиця", "вул"],
        &["проспект", "просп", "пр", "прт"],
        &["площа", "пл"],
        &["провулок", "пров"],
        &["бульвар", "бул", "бр"],
        &["шосе", "ш"],
        &["набережна", "наб"],
        &["شارع", "ش"],
        &["ميدان", "م"],
    ];
    let word = word.to_owned();
    let groups = GROUPS.iter().filter(move |group| group.contains(&word.as_str()));
    groups.flat_map(|group| group.iter().copied())
}

/// Mistakes forgiven in a word of this length: none in short ones, where another word is always near.
pub fn mistakes_max(length: usize) -> usize {
    match length {
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    }
}

/// The fewest mistakes (a letter wrong, missing, too many, or two swapped) that turn `typed` into `word`, and into the best beginning
/// of `word`; `None` where more than `limit` are needed. (Damerau and Levenshtein, each letter touched once.)
pub fn mistakes(typed: &[char], word: &[char], limit: usize) -> (Option<usize>, Option<usize>) {
    if typed.len() > word.len() + limit {
        return (None, None);
    }
    let width = word.len().min(typed.len() + limit);
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=width).collect();
    for (row, letter) in typed.iter().enumerate() {
        let mut this = vec![row + 1; width + 1];
        for column in 1..=width {
            let same = usize::from(word[column - 1] != *letter);
            let mut best = (last[column - 1] + same).min(last[column] + 1).min(this[column - 1] + 1);
            if row > 0 && column > 1 && word[column - 2] == *letter && word[column - 1] == typed[row - 1] {
                best = best.min(before[column - 2] + 1);
            }
            this[column] = best;
        }
        if this.iter().min().is_none_or(|best| *best > limit) {
            return (None, None);
        }
        before = std::mem::replace(&mut last, this);
    }
    let within = |count: usize| (count <= limit).then_some(count);
    let whole = if width == word.len() { last.last().copied().and_then(within) } else { None };
    (whole, last.iter().min().copied().and_then(within))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded() {
        assert_eq!(words("Boulevard du Jardin-Exotique"), ["boulevard", "du", "jardin", "exotique"]);
        assert_eq!(words("Rue d’Ostende, 5 bis"), ["rue", "d", "ostende", "5", "bis"]);
        assert_eq!(words("Königstraße ÅÄÖ İzmir Łódź"), ["konigstrasse", "aao", "izmir", "lodz"]);
        assert_eq!(words("東京 ﬁn"), ["東京", "fin"]);
        assert_eq!(
            words("C.so Vittorio, P.zza S. Carlo, V.le d. Mille."),
            ["cso", "vittorio", "pzza", "s", "carlo", "vle", "d", "mille"]
        );
        assert!(words(" -- ").is_empty());
    }

    #[test]
    fn mistakes_are_counted() {
        let count = |typed: &str, word: &str| mistakes(&typed.chars().collect::<Vec<_>>(), &word.chars().collect::<Vec<_>>(), 2);
        assert_eq!(count("grimaldi", "grimaldi"), (Some(0), Some(0)));
        assert_eq!(count("grimladi", "grimaldi"), (Some(1), Some(1)));
        assert_eq!(count("grmaldi", "grimaldi"), (Some(1), Some(1)));
        assert_eq!(count("grimmaldy", "grimaldi"), (Some(2), Some(2)));
        assert_eq!(count("mannerhiem", "mannerheimintie"), (None, Some(1)));
        assert_eq!(count("abcdef", "uvwxyz"), (None, None));
        assert_eq!(count("abcdefghij", "abc"), (None, None));
    }
}
