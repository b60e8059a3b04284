//! How large things are on the glass, and from which side they are read.

use std::fmt;
use std::str::FromStr;

/// Logical pixels of a millimetre that are assumed when nobody says how large the screen is: 24 inches, Full HD.
pub const ASSUMED_MM: f32 = 3.6;
/// The least and the most that screens are laid out for: on larger ones letters are larger than they must be; on smaller ones not all
/// would fit, and letters are as large as there is room for.
pub const MM: std::ops::RangeInclusive<f32> = 3.2..=4.4;

/// What can be seen of a screen: width and height in millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScreenMm {
    pub width: u16,
    pub height: u16,
}

/// A size of a screen that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadScreenMm;

impl fmt::Display for BadScreenMm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("write width and height of what can be seen in millimetres, like 531x299, each from 60 to 4000")
    }
}

impl std::error::Error for BadScreenMm {}

impl FromStr for ScreenMm {
    type Err = BadScreenMm;

    fn from_str(text: &str) -> Result<ScreenMm, BadScreenMm> {
        let (width, height) = text.split_once(['x', '×']).ok_or(BadScreenMm)?;
        let side = |text: &str| text.trim().parse().ok().filter(|side| (60..=4000).contains(side)).ok_or(BadScreenMm);
        Ok(ScreenMm { width: side(width)?, height: side(height)? })
    }
}

/// By how much what was laid out for Full HD, upright or not, is enlarged for a screen of so many pixels.
pub fn fitting(width: u32, height: u32) -> f32 {
    let by = |side: u32, laid_out: f32| side as f32 / laid_out;
    by(width.max(height), 1920.0).min(by(width.min(height), 1080.0)).clamp(0.4, 4.0)
}

/// Logical pixels of a millimetre: of a screen of so many pixels that measures so much, when everything is drawn `scale` times as
/// large. A screen may be turned: its longer side counts. Within [`MM`].
pub fn pixels_per_mm(pixels: (u32, u32), screen: Option<ScreenMm>, scale: f32) -> f32 {
    let Some(screen) = screen else { return ASSUMED_MM };
    let of_glass = pixels.0.max(pixels.1) as f32 / f32::from(screen.width.max(screen.height));
    (of_glass / scale).clamp(*MM.start(), *MM.end())
}

/// Whether a language is read from the right, so that screens are mirrored.
pub fn is_mirrored(language: &str) -> bool {
    let own = language.split(['-', '_']).next().unwrap_or_default();
    ["ar", "he", "fa", "ur", "ps", "sd", "ug", "yi", "dv"].iter().any(|from_the_right| own.eq_ignore_ascii_case(from_the_right))
}
