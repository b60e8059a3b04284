//! Golden pictures: what is drawn is still what somebody looked at and found right.

use std::path::{Path, PathBuf};

use image::{GenericImageView, RgbImage};

/// So many of a thousand pixels may have another colour. The same font files give the same picture to the bit on every machine, for
/// Slint's software renderer and the map's draw without the machine's help; another release of Noto Sans, which the names of the
/// screens' map are in, may move an edge by a fraction of a pixel. A line of text that is gone or has moved is several times as much.
const OTHER_PER_MILLE: f64 = 1.0;

/// A part of a picture that is looked at by itself: what it is called, its left top corner, its size.
pub type Part = (String, [u32; 4]);

/// Where they are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// What is wrong with a picture beside the golden one of its name, if anything is; then the picture is written beside it. A channel
/// that differs by more than `other` is another colour. Every part is held by itself; without parts, the whole. `KIOSK_GOLDEN=update`
/// takes what is drawn for right.
pub fn hold(name: &str, drawn: &RgbImage, other: u8, parts: &[Part]) -> Option<String> {
    let path = folder().join(name).with_extension("png");
    if std::env::var_os("KIOSK_GOLDEN").is_some_and(|wish| wish == "update") {
        std::fs::create_dir_all(folder()).unwrap();
        save(drawn, &path);
        return None;
    }
    let actual = path.with_extension("actual.png");
    let _ = std::fs::remove_file(&actual);
    let Ok(golden) = image::open(&path) else { return Some(format!("{} is not there", path.display())) };
    let golden = golden.to_rgb8();
    let whole = [(String::new(), [0, 0, drawn.width(), drawn.height()])];
    let parts = if parts.is_empty() { &whole } else { parts };
    let wrong: Vec<String> = parts
        .iter()
        .map(|(part, place)| (part, others(&golden, drawn, *place, other)))
        .filter(|(_, others)| *others > OTHER_PER_MILLE)
        .map(|(part, others)| format!("{part}{}{others:.1} ‰", if part.is_empty() { "" } else { " " }))
        .collect();
    if wrong.is_empty() {
        return None;
    }
    save(drawn, &actual);
    Some(format!("{} looks otherwise in {} of its pixels: see {}", path.display(), wrong.join(", "), actual.display()))
}

/// Fewer colours, so that the picture takes few bytes.
pub fn fewer_colors(picture: &mut RgbImage) {
    picture.iter_mut().for_each(|channel| *channel = channel.saturating_add(4) & !7);
}

fn save(picture: &RgbImage, path: &Path) {
    use image::codecs::png::{CompressionType, FilterType, PngEncoder};
    let file = std::fs::File::create(path).unwrap();
    picture.write_with_encoder(PngEncoder::new_with_quality(file, CompressionType::Best, FilterType::Adaptive)).unwrap();
}

/// How many of a thousand pixels of a part have another colour; all of them when the sizes differ.
fn others(golden: &RgbImage, drawn: &RgbImage, [left, top, width, height]: [u32; 4], other: u8) -> f64 {
    if golden.dimensions() != drawn.dimensions() {
        return 1000.0;
    }
    let [one, two] = [golden, drawn].map(|picture| picture.view(left, top, width, height));
    let differ = |one: image::Rgb<u8>, two: image::Rgb<u8>| one.0.iter().zip(two.0).any(|(one, two)| one.abs_diff(two) > other);
    let others = one.pixels().zip(two.pixels()).filter(|((_, _, one), (_, _, two))| differ(*one, *two)).count();
    others as f64 * 1000.0 / f64::from(width * height)
}
