//! Writing: dots for the small display, outlines for everything larger. Texts are measured before they are written.
//!
//! A letter that no font has is written as its base letter, or else as a box; nothing makes writing fail.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont};
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::primitives::{Primitive, PrimitiveStyle, Rectangle};
use embedded_graphics::text::Baseline;
use embedded_graphics::text::renderer::TextRenderer;
use embedded_graphics::{Drawable, Pixel};
use unicode_normalization::UnicodeNormalization;

/// One size of the X11 dot fonts, in every character set that embedded-graphics has of it: all of Latin, Greek and Cyrillic in one cell.
#[derive(Clone, Copy)]
pub struct Cell(&'static [&'static MonoFont<'static>]);

macro_rules! cell {
    ($name:ident, $font:ident) => {
        pub const $name: Cell = Cell(&[
            &embedded_graphics::mono_font::iso_8859_1::$font,
            &embedded_graphics::mono_font::iso_8859_2::$font,
            &embedded_graphics::mono_font::iso_8859_3::$font,
            &embedded_graphics::mono_font::iso_8859_4::$font,
            &embedded_graphics::mono_font::iso_8859_5::$font,
            &embedded_graphics::mono_font::iso_8859_7::$font,
            &embedded_graphics::mono_font::iso_8859_9::$font,
            &embedded_graphics::mono_font::iso_8859_10::$font,
            &embedded_graphics::mono_font::iso_8859_13::$font,
            &embedded_graphics::mono_font::iso_8859_14::$font,
            &embedded_graphics::mono_font::iso_8859_15::$font,
            &embedded_graphics::mono_font::iso_8859_16::$font,
        ]);
    };
}

impl Cell {
    cell!(TINY, FONT_5X8);
    cell!(BODY, FONT_6X10);
    cell!(BOLD, FONT_7X13_BOLD);
    cell!(LARGE, FONT_8X13_BOLD);
    cell!(HUGE, FONT_9X15_BOLD);

    fn size(self) -> Size {
        self.0.first().map_or(Size::zero(), |font| font.character_size)
    }

    /// The font that has this letter.
    fn font_of(self, letter: char) -> Option<&'static MonoFont<'static>> {
        self.0.iter().copied().find(|font| {
            let unknown = font.glyph_mapping.index('\u{fffd}');
            letter == '?' || font.glyph_mapping.index(letter) != unknown
        })
    }
}

/// What to write with.
#[derive(Clone, Copy)]
pub enum Pen {
    Dots(Cell),
    /// Noto Sans. The size is that of an em, in pixels.
    Outline {
        is_bold: bool,
        size_px: u32,
    },
}

/// Regular and bold. `None` would be a broken font file, which a test rules out.
fn face(is_bold: bool) -> Option<&'static FontRef<'static>> {
    static FACES: OnceLock<[Option<FontRef<'static>>; 2]> = OnceLock::new();
    let faces =
        FACES.get_or_init(|| [ttf_noto_sans::REGULAR, ttf_noto_sans::BOLD].map(|file| FontRef::try_from_slice(file).ok()));
    faces[usize::from(is_bold)].as_ref()
}

fn scale(face: &FontRef<'_>, size_px: u32) -> PxScale {
    let em = face.units_per_em().unwrap_or(1000.0);
    PxScale::from(size_px as f32 * face.height_unscaled() / em)
}

/// The largest count up to `end` that fits, if any does. Whatever fits also fits when it is shorter.
fn most(end: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    let (mut low, mut high) = (0, end + 1);
    while low < high {
        let middle = (low + high) / 2;
        if fits(middle) { low = middle + 1 } else { high = middle }
    }
    low.checked_sub(1)
}

/// Where a line may end. Not at a no-break space, which holds a figure and its unit together.
fn is_break(letter: char) -> bool {
    letter.is_whitespace() && !matches!(letter, '\u{a0}' | '\u{202f}')
}

/// What stands for a letter in writing.
#[derive(Clone, Copy)]
enum Mark<T> {
    Letter(char, T),
    Dots,
    Gap,
    Box,
}

/// The letters to write, each one looked up by `find`; those that it does not know are taken apart.
fn marks<T>(text: &str, find: impl Fn(char) -> Option<T>) -> Vec<Mark<T>> {
    let mut marks = Vec::with_capacity(text.len());
    for letter in text.nfc() {
        let stand_in = match letter {
            '…' => {
                marks.push(Mark::Dots);
                continue;
            }
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => continue,
            _ if letter.is_whitespace() || letter.is_control() => {
                marks.push(Mark::Gap);
                continue;
            }
            '‘' | '’' | '‚' => '\'',
            '“' | '”' | '„' => '"',
            '–' | '—' | '−' | '‑' => '-',
            '×' => 'x',
            _ => letter,
        };
        // The letter itself first: a font that has the true one writes the true one.
        if let Some(found) = find(letter) {
            marks.push(Mark::Letter(letter, found));
        } else if let Some(found) = find(stand_in) {
            marks.push(Mark::Letter(stand_in, found));
        } else {
            let base = std::iter::once(letter).nfkd().find_map(|base| find(base).map(|found| Mark::Letter(base, found)));
            marks.push(base.unwrap_or(Mark::Box));
        }
    }
    marks
}

fn known_glyph(face: &FontRef<'_>, letter: char) -> Option<GlyphId> {
    Some(face.glyph_id(letter)).filter(|id| id.0 != 0)
}

impl Pen {
    pub fn regular(size_px: u32) -> Pen {
        Pen::Outline { is_bold: false, size_px }
    }

    pub fn bold(size_px: u32) -> Pen {
        Pen::Outline { is_bold: true, size_px }
    }

    /// Height of a line.
    pub fn line_px(&self) -> u32 {
        match self {
            Pen::Dots(cell) => cell.size().height,
            Pen::Outline { size_px, .. } => size_px * 13 / 10,
        }
    }

    pub fn width_px(&self, text: &str) -> u32 {
        match *self {
            Pen::Dots(cell) => marks(text, |letter| cell.font_of(letter)).len() as u32 * cell.size().width,
            Pen::Outline { is_bold, size_px } => {
                let mut width = 0.0f32;
                trace(text, is_bold, size_px, |_, _, advance| width = advance);
                width.ceil() as u32
            }
        }
    }

    /// Writes one line, its top left corner at `at`. `paper` is what it stands on, for soft edges.
    pub fn write<D>(&self, target: &mut D, text: &str, at: Point, ink: Rgb888, paper: Rgb888) -> Result<(), D::Error>
    where
        D: DrawTarget<Color = Rgb888>,
    {
        match *self {
            Pen::Dots(cell) => write_dots(cell, target, text, at, ink),
            Pen::Outline { is_bold, size_px } => write_outline(is_bold, size_px, target, text, at, ink, paper),
        }
    }

    /// The text, or as much of its start as fits with an ellipsis.
    pub fn shorten(&self, text: &str, width_px: u32) -> String {
        if self.width_px(text) <= width_px {
            return text.to_owned();
        }
        let letters: Vec<char> = text.nfc().collect();
        let short = |count: usize| format!("{}…", letters[..count].iter().collect::<String>().trim_end());
        let most = most(letters.len(), |count| self.width_px(&short(count)) <= width_px);
        most.map(short).unwrap_or_default()
    }

    /// The text in lines, broken between words; a word that is too long is broken after a mark such as `.` or `:`, else anywhere.
    pub fn wrap(&self, text: &str, width_px: u32) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for word in text.split(is_break).filter(|word| !word.is_empty()) {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width_px(&longer) <= width_px {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            let mut rest: Vec<char> = word.nfc().collect();
            while !rest.is_empty() {
                let fits = |count: usize| self.width_px(&rest[..count].iter().collect::<String>()) <= width_px;
                let most = most(rest.len(), fits).unwrap_or(0).max(1);
                let is_mark = |letter: &char| matches!(letter, '.' | ':' | '-' | '/' | '_' | '@');
                let after_mark = rest[..most].iter().rposition(is_mark).map_or(0, |at| at + 1);
                let cut = if most == rest.len() || after_mark * 2 < most { most } else { after_mark };
                let tail = rest.split_off(cut);
                line = rest.iter().collect();
                rest = tail;
                if !rest.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }
}

fn write_dots<D>(cell: Cell, target: &mut D, text: &str, at: Point, ink: Rgb888) -> Result<(), D::Error>
where
    D: DrawTarget<Color = Rgb888>,
{
    let size = cell.size();
    let mut at = at;
    for mark in marks(text, |letter| cell.font_of(letter)) {
        match mark {
            Mark::Letter(letter, font) => {
                MonoTextStyle::new(font, ink).draw_string(letter.encode_utf8(&mut [0; 4]), at, Baseline::Top, target)?;
            }
            Mark::Gap => {}
            Mark::Dots => {
                let baseline = cell.0.first().map_or(0, |font| font.baseline as i32);
                let dots = (0..3).map(|dot| Pixel(at + Point::new(2 * dot, baseline), ink));
                target.draw_iter(dots)?;
            }
            Mark::Box => frame_box(target, at + Point::new(0, 1), Size::new(size.width - 1, size.height - 3), 1, ink)?,
        }
        at.x += size.width as i32;
    }
    Ok(())
}

fn frame_box<D>(target: &mut D, at: Point, size: Size, stroke_px: u32, ink: Rgb888) -> Result<(), D::Error>
where
    D: DrawTarget<Color = Rgb888>,
{
    Rectangle::new(at, size).into_styled(PrimitiveStyle::with_stroke(ink, stroke_px)).draw(target)
}

/// Goes along a line of outlined text: every mark, where it starts, and where the next one starts.
fn trace(text: &str, is_bold: bool, size_px: u32, mut visit: impl FnMut(Mark<GlyphId>, f32, f32)) {
    let Some(face) = face(is_bold) else { return };
    let scaled = face.as_scaled(scale(face, size_px));
    let gap = scaled.h_advance(face.glyph_id(' '));
    let mut x = 0.0;
    let mut before: Option<GlyphId> = None;
    for mark in marks(text, |letter| known_glyph(face, letter)) {
        let (id, advance) = match mark {
            Mark::Letter(_, id) => (Some(id), scaled.h_advance(id)),
            Mark::Dots => (None, 3.0 * scaled.h_advance(face.glyph_id('.'))),
            Mark::Gap => (None, gap),
            Mark::Box => (None, size_px as f32 * 0.6),
        };
        if let (Some(before), Some(id)) = (before, id) {
            x += scaled.kern(before, id);
        }
        visit(mark, x, x + advance);
        x += advance;
        before = id;
    }
}

fn write_outline<D>(
    is_bold: bool,
    size_px: u32,
    target: &mut D,
    text: &str,
    at: Point,
    ink: Rgb888,
    paper: Rgb888,
) -> Result<(), D::Error>
where
    D: DrawTarget<Color = Rgb888>,
{
    let Some(face) = face(is_bold) else { return Ok(()) };
    let scale = scale(face, size_px);
    // The baseline stands so that the letters' bodies are in the middle of the line.
    let baseline = at.y as f32 + (size_px as f32 * 1.02).round();
    let mut pixels: Vec<Pixel<Rgb888>> = Vec::new();
    let mut boxes: Vec<Point> = Vec::new();
    let mut put = |id: GlyphId, x: f32| {
        let Some(outline) = face.outline_glyph(id.with_scale_and_position(scale, ab_glyph::point(x, baseline))) else { return };
        let bounds = outline.px_bounds();
        outline.draw(|dx, dy, cover| {
            if cover > 0.02 {
                let point = Point::new(bounds.min.x as i32 + dx as i32, bounds.min.y as i32 + dy as i32);
                pixels.push(Pixel(point, mix(paper, ink, cover)));
            }
        });
    };
    let dot = face.glyph_id('.');
    let step = face.as_scaled(scale).h_advance(dot);
    trace(text, is_bold, size_px, |mark, x, _| {
        let x = x + at.x as f32;
        match mark {
            Mark::Letter(_, id) => put(id, x),
            Mark::Dots => (0..3).for_each(|number| put(dot, x + number as f32 * step)),
            Mark::Gap => {}
            Mark::Box => boxes.push(Point::new(x as i32, baseline as i32)),
        }
    });
    target.draw_iter(pixels)?;
    for foot in boxes {
        let size = Size::new(size_px / 2, size_px * 7 / 10);
        frame_box(target, foot - Point::new(0, size.height as i32), size, (size_px / 16).max(1), ink)?;
    }
    Ok(())
}

/// From `paper` to `ink` by a share of 0 to 1.
pub fn mix(paper: Rgb888, ink: Rgb888, share: f32) -> Rgb888 {
    let share = share.clamp(0.0, 1.0);
    let channel = |from: u8, to: u8| (f32::from(from) + (f32::from(to) - f32::from(from)) * share).round() as u8;
    Rgb888::new(channel(paper.r(), ink.r()), channel(paper.g(), ink.g()), channel(paper.b(), ink.b()))
}

#[cfg(test)]
mod tests;
