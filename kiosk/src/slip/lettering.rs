//! Letters on paper, of any script: shaped, put in order and broken into lines by the same libraries as the letters on the screen
//! (parley for shaping, both directions and line breaks; swash for outlines), and drawn as dots that are dark or not.

use parley::fontique::{Blob, Collection, CollectionOptions, FallbackKey, GenericFamily, Script};
use parley::{
    Alignment, AlignmentOptions, FontContext, FontFamily, FontWeight, Layout, LayoutContext, LineHeight, OverflowWrap,
    PositionedLayoutItem, StyleProperty,
};
use swash::FontRef;
use swash::scale::{Render, ScaleContext, Source};
use swash::zeno::Format;

/// The screen's own letters first.
const FAMILY: &str = "Noto Sans, sans-serif";
/// Of 255, from which a dot is dark: half of it is covered by the letter.
const DARK: u8 = 128;
/// From line to line, in sizes of the letters.
const LINE_HEIGHT: f32 = 1.25;

/// How a paragraph is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// The em, in dots.
    pub size: f32,
    pub bold: bool,
    /// Otherwise lines begin where its script begins them: on the left, or on the right.
    pub centred: bool,
}

/// The fonts, and what draws them.
pub struct Letters {
    fonts: FontContext,
    scale: ScaleContext,
}

impl Letters {
    /// The fonts of the system, as the screen has them.
    pub fn system() -> Letters {
        Letters { fonts: FontContext::new(), scale: ScaleContext::new() }
    }

    /// Fonts that are at hand, and no others.
    pub fn of(fonts: &[&'static [u8]]) -> Letters {
        let mut collection = Collection::new(CollectionOptions { shared: false, system_fonts: false });
        let mut families = Vec::new();
        for font in fonts {
            let registered = collection.register_fonts(Blob::new(std::sync::Arc::new(*font)), None);
            families.extend(registered.into_iter().map(|(family, _)| family));
        }
        collection.set_generic_families(GenericFamily::SansSerif, families.iter().copied());
        for script in ["Latn", "Grek", "Cyrl", "Arab", "Hebr"].iter().filter_map(|script| script.parse::<Script>().ok()) {
            collection.append_fallbacks(FallbackKey::new(script, None), families.iter().copied());
        }
        Letters { fonts: FontContext { collection, source_cache: Default::default() }, scale: ScaleContext::new() }
    }

    /// Lays a paragraph out in lines of at most so many dots; a word that is longer is broken.
    fn lay(&mut self, text: &str, style: Style, width: Option<f32>) -> Layout<()> {
        // Made anew each time: it keeps what was laid out last.
        let mut context = LayoutContext::new();
        let mut builder = context.ranged_builder(&mut self.fonts, text, 1.0, true);
        builder.push_default(FontFamily::from(FAMILY));
        builder.push_default(StyleProperty::FontSize(style.size));
        builder.push_default(if style.bold { FontWeight::BOLD } else { FontWeight::NORMAL });
        builder.push_default(LineHeight::FontSizeRelative(LINE_HEIGHT));
        builder.push_default(OverflowWrap::Anywhere);
        let mut layout = builder.build(text);
        layout.break_all_lines(width);
        let alignment = if style.centred { Alignment::Center } else { Alignment::Start };
        layout.align(alignment, AlignmentOptions::default());
        layout
    }

    /// How wide a text is on one line, in dots.
    pub fn width(&mut self, text: &str, style: Style) -> f32 {
        self.lay(text, style, None).width()
    }

    /// Writes a paragraph: tells every dark dot, counted from its left upper corner, and gives its height. Dots left or right of the
    /// paper are not told.
    pub fn write(&mut self, text: &str, style: Style, width: usize, dot: &mut dyn FnMut(usize, usize)) -> usize {
        let text = plain(text);
        if text.is_empty() {
            return 0;
        }
        let layout = self.lay(&text, style, Some(width as f32));
        let mut without = 0;
        for item in layout.lines().flat_map(|line| line.items()) {
            let PositionedLayoutItem::GlyphRun(glyphs) = item else { continue };
            let run = glyphs.run();
            let font = run.font();
            let Some(font) = FontRef::from_index(font.data.as_ref(), font.index as usize) else { continue };
            let mut scaler = self.scale.builder(font).size(run.font_size()).normalized_coords(run.normalized_coords()).build();
            for glyph in glyphs.positioned_glyphs() {
                let Ok(id) = u16::try_from(glyph.id) else { continue };
                without += usize::from(id == 0);
                let Some(image) = Render::new(&[Source::Outline]).format(Format::Alpha).render(&mut scaler, id) else { continue };
                // On whole dots, so that a letter looks the same wherever it stands.
                let (left, top) = (glyph.x.round() as i32 + image.placement.left, glyph.y.round() as i32 - image.placement.top);
                let across = image.placement.width.max(1) as usize;
                for (at, _) in image.data.iter().enumerate().filter(|(_, cover)| **cover >= DARK) {
                    let place = |base: i32, offset: usize| usize::try_from(base + offset as i32).ok();
                    if let (Some(x), Some(y)) = (place(left, at % across).filter(|x| *x < width), place(top, at / across)) {
                        dot(x, y);
                    }
                }
            }
        }
        if without > 0 {
            tracing::warn!(without, "no font has some of the letters on the slip: a package of fonts is missing");
        }
        layout.height().ceil() as usize
    }
}

/// One line of text without control characters: in their place, and for any other gap between words, a space.
fn plain(text: &str) -> String {
    let printable: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    printable.split_whitespace().collect::<Vec<_>>().join(" ")
}
