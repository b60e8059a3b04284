//! A slip as dots on paper.
//!
//! Everything is drawn here, letters too, and the printer is sent a picture. A printer's own letters come in code pages: which of them
//! a printer has differs by maker, none can shape Arabic or put it in order, and a text sent as text could carry commands. As a picture
//! every script comes out as on the screen, on every printer, and no text ever reaches the printer's command interpreter.

use std::str::FromStr;

use zeroize::Zeroizing;

use super::lettering::{Letters, Style};
use super::{QUIET_MODULES, Slip};

/// Rolls of paper, by width. Thermal printers have 8 dots to the millimetre, and leave a margin on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paper {
    #[default]
    Mm80,
    Mm58,
}

impl Paper {
    /// Dots of a line.
    pub fn dots(self) -> usize {
        match self {
            Paper::Mm80 => 576,
            Paper::Mm58 => 384,
        }
    }
}

impl FromStr for Paper {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Paper, &'static str> {
        match text.trim() {
            "80" => Ok(Paper::Mm80),
            "58" => Ok(Paper::Mm58),
            _ => Err("80 or 58: the width of the paper in millimetres"),
        }
    }
}

/// Rows of dots, dark or not. Written over when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Dots {
    /// Dots of a row: a multiple of 8.
    width: usize,
    /// Rows from the top; the highest bit of a byte is its leftmost dot.
    bytes: Zeroizing<Vec<u8>>,
}

// A slip is no matter for a log.
impl std::fmt::Debug for Dots {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Dots {{ {} by {} }}", self.width, self.rows())
    }
}

/// More than the longest slip: one that grew as it is drawn would leave copies of itself behind in memory.
const ROWS_USUAL: usize = 4096;

impl Dots {
    pub fn new(width: usize) -> Dots {
        let width = width.next_multiple_of(8);
        Dots { width, bytes: Zeroizing::new(Vec::with_capacity(width / 8 * ROWS_USUAL)) }
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn rows(&self) -> usize {
        self.bytes.len() / (self.width / 8)
    }

    /// Bytes of all rows.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Whether a dot is dark; light beyond the paper.
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        let byte = self.bytes.get(y * (self.width / 8) + x / 8);
        x < self.width && byte.is_some_and(|byte| byte & (0x80 >> (x % 8)) != 0)
    }

    /// Makes a dot dark; the paper grows to it.
    pub fn darken(&mut self, x: usize, y: usize) {
        if x >= self.width {
            return;
        }
        self.grow(y + 1);
        let across = self.width / 8;
        if let Some(byte) = self.bytes.get_mut(y * across + x / 8) {
            *byte |= 0x80 >> (x % 8);
        }
    }

    /// Makes it at least so many rows long.
    pub fn grow(&mut self, rows: usize) {
        let length = (self.width / 8 * rows).max(self.bytes.len());
        self.bytes.resize(length, 0);
    }
}

/// Twelve points, the least that guides to clear print allow: the em in dots.
const BODY: f32 = 34.0;
/// Fourteen points.
const HEAD: f32 = 40.0;
/// As large as the code ever gets.
const CODE: f32 = 68.0;
/// A module of the QR code in dots: one millimetre, if the paper is wide enough.
const MODULE_MAX: usize = 8;
/// Between two parts, in dots.
const GAP: usize = 24;

/// Lays a slip out.
pub fn draw(slip: &Slip, paper: Paper, letters: &mut Letters) -> Dots {
    let mut sheet = Sheet { dots: Dots::new(paper.dots()), at: 0, letters };
    let body = Style { size: BODY, bold: false, centred: false };
    sheet.text(&slip.town, Style { size: HEAD, bold: true, centred: true });
    sheet.gap(GAP / 2);
    sheet.rule();
    sheet.gap(GAP / 2);
    sheet.text(&slip.words.title, Style { bold: true, ..body });
    for line in &slip.words.lines {
        sheet.text(line, body);
    }
    sheet.gap(GAP);
    sheet.text(&slip.words.code_word, Style { centred: true, ..body });
    sheet.code(&slip.code);
    sheet.qr(&slip.code);
    sheet.rule();
    sheet.gap(GAP / 2);
    for line in &slip.words.advice {
        sheet.text(line, body);
    }
    sheet.gap(GAP);
    sheet.dots
}

struct Sheet<'l> {
    dots: Dots,
    /// The first row that is free.
    at: usize,
    letters: &'l mut Letters,
}

impl Sheet<'_> {
    fn text(&mut self, text: &str, style: Style) {
        let Sheet { dots, at, letters } = self;
        let height = letters.write(text, style, dots.width(), &mut |x, y| dots.darken(x, *at + y));
        self.gap(height);
        // What reaches below its line is not written over.
        self.at = self.at.max(self.dots.rows());
    }

    /// The code on one line, as large as fits.
    fn code(&mut self, code: &str) {
        let style = Style { size: CODE, bold: true, centred: true };
        let wide = self.letters.width(code, style);
        let share = (self.dots.width() as f32 / wide.max(1.0)).min(1.0);
        // A little less: rounding must not push the last letter to a line of its own.
        let size = if share < 1.0 { (CODE * share * 0.98).floor().max(1.0) } else { CODE };
        self.text(code, Style { size, ..style });
    }

    fn qr(&mut self, text: &str) {
        let Some(code) = super::code(text) else { return };
        let modules = code.size + 2 * QUIET_MODULES;
        let module = (self.dots.width() / modules).clamp(1, MODULE_MAX);
        let left = self.dots.width().saturating_sub(modules * module) / 2;
        for y in 0..modules * module {
            for x in 0..modules * module {
                if super::dark(&code, x / module, y / module) {
                    self.dots.darken(left + x, self.at + y);
                }
            }
        }
        self.gap(modules * module);
    }

    fn rule(&mut self) {
        for x in 0..self.dots.width() {
            for y in 0..2 {
                self.dots.darken(x, self.at + y);
            }
        }
        self.gap(2);
    }

    fn gap(&mut self, rows: usize) {
        self.at += rows;
        self.dots.grow(self.at);
    }
}
