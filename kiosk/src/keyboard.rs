//! The on-screen keyboard: which key is where, as data, and what a key does to a text. No key is drawn here.
//!
//! Every letter of every offered language of the same script can be typed in every layout: letters that have no key of their own are
//! among the `more` of the letter they look like. Those are shown as keys of their own after a tap, so that nothing needs a long press.
//! Where a language has another script, a key leads to the Latin letters, which streets and names may need, and back.

mod edit;
mod table;

pub use edit::Edit;

/// A page of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layer {
    /// The letters of the language.
    Letters,
    /// Latin letters, beside a language of another script.
    Latin,
    /// Numbers and signs.
    Signs,
    /// The letters and digits of follow-up codes (Crockford's base 32: no I, L, O, U).
    Code,
    /// Digits only.
    Digits,
}

impl Layer {
    /// All pages.
    pub const ALL: [Layer; 5] = [Layer::Letters, Layer::Latin, Layer::Signs, Layer::Code, Layer::Digits];
}

/// What a key does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// Types this.
    Char(String),
    /// Capitals on or off.
    Shift,
    /// Shows another page.
    Layer(Layer),
    /// Takes away what is before the caret.
    Backspace,
    /// Types a space.
    Space,
    /// Starts a new line.
    Enter,
    /// Typing is finished.
    Done,
}

/// A key as it lies on the keyboard.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyCap {
    /// What to write on it; keys that act are better shown by a picture chosen by `key`.
    pub label: String,
    /// What it does.
    pub key: Key,
    /// Its share of the row's width; a letter has 1. All rows of a layout have the same sum.
    pub weight: f32,
    /// Letters like this one, to offer beside it.
    pub more: Vec<String>,
}

/// The rows of keys, from the top, each from the left. An unknown language gets the English letters; of a tag like "de-at" the
/// language counts.
pub fn layout(language: &str, layer: Layer, shifted: bool) -> Vec<Vec<KeyCap>> {
    let own = table::layout(language).unwrap_or(&table::ENGLISH);
    let mut rows: Vec<Vec<KeyCap>> = match layer {
        Layer::Letters => letters(own, own.other_page(), shifted),
        Layer::Latin => letters(&table::ENGLISH, Some((Layer::Letters, own.name)), shifted),
        Layer::Signs => signs(own),
        Layer::Code => code(),
        Layer::Digits => digits(),
    };
    even_out(&mut rows);
    rows
}

/// Whether a language has a layout of its own.
pub fn has_layout(language: &str) -> bool {
    table::layout(language).is_some()
}

/// Whether a page of Latin letters is beside the language's own, which are of another script.
pub fn has_latin_page(language: &str) -> bool {
    table::layout(language).is_some_and(|layout| layout.other_page().is_some())
}

fn letters(page: &table::Layout, other: Option<(Layer, &str)>, shifted: bool) -> Vec<Vec<KeyCap>> {
    let [top, middle, bottom] = page.rows;
    let row = |letters: &str| letters.chars().map(|letter| letter_key(letter, shifted)).collect::<Vec<_>>();
    let mut bottom = row(bottom);
    if page.capitals {
        bottom.insert(0, act(Key::Shift, "⇧", 1.5));
    }
    bottom.push(act(Key::Backspace, "⌫", 1.5));
    let mut first = vec![act(Key::Layer(Layer::Signs), "123", 1.5)];
    first.extend(other.map(|(layer, name)| act(Key::Layer(layer), name, 1.5)));
    vec![row(top), row(middle), bottom, last_row(first, page.comma)]
}

fn signs(page: &table::Layout) -> Vec<Vec<KeyCap>> {
    let row = |signs: &str| signs.chars().map(sign_key).collect::<Vec<_>>();
    let [top, middle, bottom] = page.signs;
    let mut bottom = row(bottom);
    bottom.push(act(Key::Backspace, "⌫", 1.5));
    vec![row(top), row(middle), bottom, last_row(vec![act(Key::Layer(Layer::Letters), page.name, 1.5)], page.comma)]
}

/// The row of space and what every page needs: the apostrophe is a letter's peer in English, French, Italian and Ukrainian.
fn last_row(mut row: Vec<KeyCap>, comma: char) -> Vec<KeyCap> {
    let weight = if row.len() > 1 { 3.0 } else { 4.0 };
    let space = KeyCap { label: " ".into(), key: Key::Space, weight, more: Vec::new() };
    row.extend([sign_key(comma), sign_key('\''), space, sign_key('.'), act(Key::Enter, "↵", 1.0), act(Key::Done, "✓", 1.5)]);
    row
}

fn code() -> Vec<Vec<KeyCap>> {
    let mut rows: Vec<Vec<KeyCap>> =
        store::code::ALPHABET.chunks(8).map(|row| row.iter().map(|letter| plain(char::from(*letter))).collect()).collect();
    rows.push(vec![act(Key::Backspace, "⌫", 4.0), act(Key::Done, "✓", 4.0)]);
    rows
}

fn digits() -> Vec<Vec<KeyCap>> {
    let mut rows: Vec<Vec<KeyCap>> = ["123", "456", "789"].map(|row| row.chars().map(plain).collect()).into();
    rows.push(vec![act(Key::Backspace, "⌫", 1.0), plain('0'), act(Key::Done, "✓", 1.0)]);
    rows
}

fn act(key: Key, label: &str, weight: f32) -> KeyCap {
    KeyCap { label: label.into(), key, weight, more: Vec::new() }
}

fn plain(letter: char) -> KeyCap {
    KeyCap { label: letter.into(), key: Key::Char(letter.into()), weight: 1.0, more: Vec::new() }
}

fn letter_key(letter: char, shifted: bool) -> KeyCap {
    let case = |letter: char| if shifted { capital(letter) } else { letter.into() };
    let label = case(letter);
    let mut more: Vec<String> = Vec::new();
    for like in table::like(letter).chars().map(case) {
        // Two small letters may have one capital.
        if like != label && !more.contains(&like) {
            more.push(like);
        }
    }
    KeyCap { key: Key::Char(label.clone()), label, weight: 1.0, more }
}

fn sign_key(sign: char) -> KeyCap {
    KeyCap { more: table::like(sign).chars().map(String::from).collect(), ..plain(sign) }
}

/// The capital of a letter; of ß the capital ẞ that German spelling knows since 2017, not SS. Greek's final sigma stays: no word begins
/// with it. Its capitals of two marks keep the diaeresis alone, as in words written all in capitals.
fn capital(letter: char) -> String {
    match letter {
        'ß' => "ẞ".into(),
        'ς' => "ς".into(),
        'ΐ' => "Ϊ".into(),
        'ΰ' => "Ϋ".into(),
        _ => letter.to_uppercase().collect(),
    }
}

/// Gives all rows the same sum of weights: keys that act and the space grow first, else all keys of the row alike.
fn even_out(rows: &mut [Vec<KeyCap>]) {
    let sum = |row: &[KeyCap]| row.iter().map(|cap| cap.weight).sum::<f32>();
    let widest = rows.iter().map(|row| sum(row)).fold(0.0, f32::max);
    for row in rows {
        let missing = widest - sum(row);
        let wide: f32 = row.iter().filter(|cap| cap.weight > 1.0).map(|cap| cap.weight).sum();
        for cap in row.iter_mut().filter(|cap| wide > 0.0 && cap.weight > 1.0) {
            cap.weight += missing * cap.weight / wide;
        }
        let count = row.len() as f32;
        for cap in row.iter_mut().filter(|_| wide == 0.0) {
            cap.weight += missing / count;
        }
    }
}

#[cfg(test)]
mod tests;
