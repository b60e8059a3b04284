//! The slip a resident takes home: the follow-up code as letters and as a QR picture, and the words round it; on the screen, and on
//! paper where there is a printer.
//!
//! On paper: [`paper`] lays a slip out as dots, [`escpos`] makes bytes of them, [`driver`] decides what a printer is sent and what its
//! answers ([`status`]) mean, [`device`] alone touches it.

pub mod device;
pub mod driver;
pub mod escpos;
#[cfg(test)]
mod interpreter;
mod lettering;
pub mod paper;
pub mod status;

use fast_qr::qr::QRBuilder;
use fast_qr::{ECL, QRCode};
use zeroize::Zeroize;

pub use lettering::Letters;

/// Light modules round the code, on every side, as ISO/IEC 18004 asks.
pub const QUIET_MODULES: usize = 4;
/// A module is so many pixels wide and high: about two millimetres at 24 inches, easy for a phone at arm's length.
const MODULE_PX: usize = 8;

/// A QR picture, black on white.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    /// Width and height in pixels.
    pub side_px: u32,
    /// Rows from the top, three bytes a pixel.
    pub rgb: Vec<u8>,
}

/// A QR picture of a text with a quarter of it to spare (level Q), every module a whole number of pixels. `None` when the text is
/// longer than a QR code can hold.
pub fn qr(text: &str) -> Option<Qr> {
    let code = code(text)?;
    let side = (code.size + 2 * QUIET_MODULES) * MODULE_PX;
    let mut rgb = Vec::with_capacity(side * side * 3);
    for y in 0..side {
        for x in 0..side {
            rgb.extend(if dark(&code, x / MODULE_PX, y / MODULE_PX) { [0; 3] } else { [255; 3] });
        }
    }
    Some(Qr { side_px: side as u32, rgb })
}

fn code(text: &str) -> Option<QRCode> {
    QRBuilder::new(text).ecl(ECL::Q).build().ok()
}

/// Whether a module is dark, counted from the corner of the quiet zone.
fn dark(code: &QRCode, x: usize, y: usize) -> bool {
    let inside = |at: usize| at.checked_sub(QUIET_MODULES).filter(|at| *at < code.size);
    match (inside(x), inside(y)) {
        (Some(x), Some(y)) => code[y][x].value(),
        _ => false,
    }
}

/// What a slip says, already in the reader's language and form. Nothing that a resident typed stands on it. Its texts are written over
/// when it is dropped, for the code opens a report.
#[derive(Clone, PartialEq, Eq)]
pub struct Slip {
    /// The town's name: the heading.
    pub town: String,
    pub words: Words,
    /// The follow-up code as people read it. On a line of its own, never broken.
    pub code: String,
}

/// What a slip says beside the town and the code.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// What was done: "Your report is filed".
    pub title: String,
    /// Whole lines: the report's number, who has it, until when. Empty ones are left out.
    pub lines: Vec<String>,
    /// What stands over the code: "Your code".
    pub code_word: String,
    /// What to do with it.
    pub advice: Vec<String>,
}

// What is printed is never written to a log.
impl std::fmt::Debug for Slip {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Slip { .. }")
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Words { .. }")
    }
}

impl Drop for Slip {
    fn drop(&mut self) {
        self.code.zeroize();
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        self.lines.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Dark or light by module, read back from the picture; panics when a module is not all of one colour.
    fn modules(qr: &Qr) -> Vec<Vec<bool>> {
        let side = qr.side_px as usize;
        assert_eq!(qr.rgb.len(), side * side * 3);
        let count = side / MODULE_PX;
        assert_eq!(count * MODULE_PX, side);
        let pixel = |x: usize, y: usize| {
            let rgb = &qr.rgb[(y * side + x) * 3..][..3];
            assert!(rgb == [0; 3] || rgb == [255; 3]);
            rgb[0] == 0
        };
        let module = |column: usize, row: usize| {
            let first = pixel(column * MODULE_PX, row * MODULE_PX);
            for y in 0..MODULE_PX {
                for x in 0..MODULE_PX {
                    assert_eq!(pixel(column * MODULE_PX + x, row * MODULE_PX + y), first, "a module is one colour");
                }
            }
            first
        };
        (0..count).map(|row| (0..count).map(|column| module(column, row)).collect()).collect()
    }

    #[test]
    fn a_code_has_its_quiet_zone_finders_and_timing() {
        let picture = qr("7K3F-9QXM-22").expect("short enough");
        let modules = modules(&picture);
        let count = modules.len();
        let size = count - 2 * QUIET_MODULES;
        assert_eq!((size - 17) % 4, 0, "a size of ISO/IEC 18004");
        for (y, row) in modules.iter().enumerate() {
            for (x, dark) in row.iter().enumerate() {
                let quiet = x.min(y) < QUIET_MODULES || x.max(y) >= count - QUIET_MODULES;
                assert!(!(quiet && *dark), "the quiet zone is light at {x}, {y}");
            }
        }
        let at = |x: usize, y: usize| modules[y + QUIET_MODULES][x + QUIET_MODULES];
        for (left, top) in [(0, 0), (size - 7, 0), (0, size - 7)] {
            for y in 0..7usize {
                for x in 0..7usize {
                    let ring = x.abs_diff(3).max(y.abs_diff(3));
                    assert_eq!(at(left + x, top + y), ring != 2, "finder at {left}, {top}");
                }
            }
        }
        for step in 8..size - 8 {
            assert_eq!((at(step, 6), at(6, step)), (step % 2 == 0, step % 2 == 0), "timing");
        }
    }

    #[test]
    fn other_texts_give_other_codes_and_too_long_ones_none() {
        assert_ne!(qr("A"), qr("B"));
        assert_eq!(qr(&"x".repeat(4000)), None);
    }
}
