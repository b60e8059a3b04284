//! Letters as outlines, from the fonts of the system.
//!
//! One glyph per character, side by side: right for the scripts of the offered languages. Scripts that join or reorder their letters
//! would need shaping, which the map does not do.

use std::sync::{Arc, OnceLock};

use fontdb::{Database, Family, Query, Weight};
use tiny_skia::PathBuilder;
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// Wanted first to last; a letter missing in one is taken from the next.
const FAMILIES: [Family<'_>; 4] =
    [Family::Name("Atkinson Hyperlegible"), Family::Name("Noto Sans"), Family::Name("DejaVu Sans"), Family::SansSerif];

/// The bytes of the font files in use. May be empty: then nothing is written, and all else goes on.
#[derive(Debug, Default)]
pub struct Font {
    files: Vec<(Vec<u8>, u32)>,
}

impl Font {
    /// The system's fonts, looked up once for the whole program.
    pub fn system() -> Arc<Font> {
        static SYSTEM: OnceLock<Arc<Font>> = OnceLock::new();
        Arc::clone(SYSTEM.get_or_init(|| Arc::new(Font::load())))
    }

    /// These font files and no others, so that letters look the same on every machine.
    #[cfg(test)]
    pub fn of(files: &[&[u8]]) -> Font {
        Font { files: files.iter().map(|file| (file.to_vec(), 0)).collect() }
    }

    fn load() -> Font {
        let mut database = Database::new();
        database.load_system_fonts();
        let mut found = Vec::new();
        for family in FAMILIES {
            let query = Query { families: &[family], weight: Weight::SEMIBOLD, ..Query::default() };
            found.extend(database.query(&query).filter(|id| !found.contains(id)));
        }
        if found.is_empty() {
            // Any font is better than no street names.
            found.extend(database.faces().next().map(|face| face.id));
        }
        if found.is_empty() {
            tracing::warn!("no font on this system: the map is drawn without names; install fonts-noto-core or fonts-dejavu");
        }
        let bytes = |id| database.with_face_data(id, |bytes, index| (bytes.to_vec(), index));
        Font { files: found.into_iter().filter_map(bytes).collect() }
    }

    /// The fonts, ready to write with.
    pub fn letters(&self) -> Letters<'_> {
        Letters { faces: self.files.iter().filter_map(|(bytes, index)| Face::parse(bytes, *index).ok()).collect() }
    }
}

/// Fonts ready to write with.
#[derive(Debug, Default)]
pub struct Letters<'f> {
    faces: Vec<Face<'f>>,
}

impl<'f> Letters<'f> {
    /// Whether nothing can be written.
    pub fn is_empty(&self) -> bool {
        self.faces.is_empty()
    }

    /// Width of a text in pixels at a size of letters (the em) in pixels.
    pub fn width_px(&self, text: &str, size_px: f32) -> f32 {
        self.glyphs(text).map(|(face, glyph)| advance(face, glyph) * size_px).sum()
    }

    /// Height of a capital above the foot line in pixels.
    pub fn capital_px(&self, size_px: f32) -> f32 {
        let face = self.faces.first();
        let share = face.and_then(|face| Some(f32::from(face.capital_height()?) / f32::from(face.units_per_em())));
        share.unwrap_or(0.7) * size_px
    }

    /// Adds the outlines of a text to a path. `at` says, for the middle of each letter in pixels along the text, where that middle's
    /// foot is and the direction of writing in radians, clockwise from the right.
    pub fn write(&self, text: &str, size_px: f32, path: &mut PathBuilder, at: impl Fn(f32) -> ([f32; 2], f32)) {
        let mut along = 0.0;
        for (face, glyph) in self.glyphs(text) {
            let width = advance(face, glyph) * size_px;
            let (foot, angle) = at(along + width / 2.0);
            let scale = size_px / f32::from(face.units_per_em());
            let mut pen = Pen { path, scale, back: width / 2.0, foot, turn: (angle.cos(), angle.sin()) };
            face.outline_glyph(glyph, &mut pen);
            along += width;
        }
    }

    /// The first font that has each letter; a letter that none has is left out.
    fn glyphs(&self, text: &str) -> impl Iterator<Item = (&Face<'f>, GlyphId)> {
        text.chars().filter_map(|letter| self.faces.iter().find_map(|face| Some((face, face.glyph_index(letter)?))))
    }
}

/// How far a letter moves the pen, in ems.
fn advance(face: &Face<'_>, glyph: GlyphId) -> f32 {
    f32::from(face.glyph_hor_advance(glyph).unwrap_or_default()) / f32::from(face.units_per_em())
}

struct Pen<'p> {
    path: &'p mut PathBuilder,
    scale: f32,
    /// From the middle of the letter back to its start.
    back: f32,
    foot: [f32; 2],
    /// Cosine and sine of the direction of writing.
    turn: (f32, f32),
}

impl Pen<'_> {
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = (x * self.scale - self.back, -y * self.scale);
        let ([left, foot], (cos, sin)) = (self.foot, self.turn);
        (left + x * cos - y * sin, foot + x * sin + y * cos)
    }
}

impl OutlineBuilder for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.place(x1, y1), self.place(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.place(x1, y1), self.place(x2, y2), self.place(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
