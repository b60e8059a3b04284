//! From a page to pixels. The display's size decides the layout: one of dots for 128x64, one that scales for all that is larger.

mod large;
mod small;

use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::primitives::Rectangle;

use crate::canvas::{Canvas, Shade};
use crate::pager::{Choice, Face};
use crate::reading::Readings;
use crate::sheet::{Body, Row, Sheet, Tone, sheet, span};
use crate::word::{Language, Word};

/// The small display. The large layout needs about 160 by 120 pixels.
pub const SMALL: Size = Size::new(128, 64);

/// Readings older than this are shown with their age.
pub const FRESH_S_MAX: u64 = 30;

/// What is drawn beside the page itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct View {
    /// Which page of how many, counted from 0.
    pub place: (usize, usize),
    /// There is a button to page with.
    pub has_button: bool,
    /// How old the readings are. `None`: there never were any.
    pub age_s: Option<u64>,
    /// By how much everything is moved, so that a display that is always on wears evenly.
    pub shift: (i32, i32),
}

/// Draws what the panel shows over the whole target.
///
/// # Errors
/// Those of the target.
pub fn draw<D>(face: &Face, readings: &Readings, view: &View, target: &mut D) -> Result<(), D::Error>
where
    D: DrawTarget,
    D::Color: Shade,
{
    let Rectangle { top_left, size } = target.bounding_box();
    let mut canvas = Canvas::new(target, top_left + Point::new(view.shift.0, view.shift.1));
    let language = Language::of(readings.language.as_deref());
    let scene = Scene { face, sheet: sheet_of(face, readings, language), view, language, size };
    if size.height <= SMALL.height { small::draw(&scene, &mut canvas) } else { large::draw(&scene, &mut canvas) }
}

/// All that a layout needs.
struct Scene<'s> {
    face: &'s Face,
    sheet: Sheet,
    view: &'s View,
    language: Language,
    size: Size,
}

impl Scene<'_> {
    fn title(&self) -> &'static str {
        self.language.say(self.sheet.title)
    }

    /// "2/9".
    fn place(&self) -> Option<String> {
        matches!(self.face, Face::Page(_)).then(|| format!("{}/{}", self.view.place.0 + 1, self.view.place.1.max(1)))
    }

    /// What is to be said of the readings' age.
    fn age(&self) -> Option<String> {
        match self.view.age_s {
            None => Some(self.language.say(Word::NoReadings).to_owned()),
            Some(age) if age > FRESH_S_MAX => {
                let word = if self.size.height <= SMALL.height { Word::Old } else { Word::Reading };
                Some(self.language.say_with(word, &span(age, self.language)))
            }
            Some(_) => None,
        }
    }

    /// Is this row what the page is named after? Then it needs no word before it.
    fn is_main(&self, row: &Row) -> bool {
        row.label == self.sheet.title
    }
}

fn sheet_of(face: &Face, readings: &Readings, language: Language) -> Sheet {
    let text = |sentence: String, advice: Word, tone| Sheet {
        title: Word::Reset,
        tone,
        body: Body::Text { sentence, reason: None, advice: language.say(advice).to_owned() },
    };
    match *face {
        Face::Page(page) => sheet(page, readings),
        Face::Hold { left_s } => text(format!("{}: {left_s}", language.say(Word::KeepHolding)), Word::LetGo, Tone::Warn),
        Face::Reset { choice } => Sheet {
            title: Word::Reset,
            tone: Tone::Bad,
            body: Body::Choice {
                choices: Choice::ALL.map(|choice| language.say(choice.word()).to_owned()).to_vec(),
                selected: choice as usize,
                meaning: choice.meaning().map(|word| language.say(word).to_owned()),
                advice: [Word::ShortNext, Word::HoldDo],
            },
        },
        Face::Asked { tier, is_done } => {
            let advice = if is_done { Word::ResetAsked } else { Word::ResetFailed };
            text(language.say(tier.word()).to_owned(), advice, if is_done { Tone::Warn } else { Tone::Bad })
        }
    }
}

fn fill<D>(target: &mut D, x: i32, y: i32, width: u32, height: u32, colour: Rgb888) -> Result<(), D::Error>
where
    D: DrawTarget<Color = Rgb888>,
{
    target.fill_solid(&Rectangle::new(Point::new(x, y), Size::new(width, height)), colour)
}
