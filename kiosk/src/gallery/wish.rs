//! Which screens are drawn, in which languages, colours, sizes and orientations.

use std::path::PathBuf;

use crate::app::{Colours, Settings, TextSize};

/// What the gallery is asked for. Without a choice: every screen in every language as it is at first; in English and German every size
/// and the low layout, too; in English every palette.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Wish {
    /// The folder for the pictures
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// A town file or an osm.pbf extract, for a map on the pictures
    #[arg(long, value_name = "FILE")]
    pub town: Option<PathBuf>,
    /// Every screen in every language, palette, size, orientation and layout: thousands of pictures
    #[arg(long)]
    pub all: bool,
    /// Only these screens, by name
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub screen: Vec<String>,
    /// Only these languages, like `de`
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub language: Vec<String>,
    /// Only these palettes: standard, dark, contrastdark, contrastlight, soft
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub colours: Vec<String>,
    /// Only these sizes of text: small, medium, large, largest
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub text: Vec<String>,
    /// Only this orientation: landscape or portrait
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub orientation: Vec<String>,
    /// Only the low layout (true) or the usual one (false)
    #[arg(long, value_name = "BOOL")]
    pub low: Option<bool>,
}

/// One picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Shot {
    pub screen: &'static str,
    pub language: String,
    pub settings: Settings,
    /// Width and height in pixels.
    pub size: (u32, u32),
}

/// Both orientations of the screen that pictures are drawn for.
pub const ORIENTATIONS: [(&str, (u32, u32)); 2] = [("landscape", (1920, 1080)), ("portrait", (1080, 1920))];

impl Shot {
    /// Of the picture's file, without an ending.
    pub fn name(&self) -> String {
        let Settings { text, colours, low, .. } = &self.settings;
        let (language, (width, height)) = (&self.language, self.size);
        let low = if *low { "-low" } else { "" };
        format!("{}-{language}-{}-{}{low}-{width}x{height}", self.screen, name(colours), name(text))
    }
}

/// A value's name on the command line and in files.
fn name(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}

impl Wish {
    /// Every picture of the full product, for a test that draws none.
    pub fn everything() -> Wish {
        Wish { all: true, ..Wish::default() }
    }

    /// The pictures of these screens in these languages that are wished for.
    pub fn shots(&self, screens: &[&'static str], languages: &[&str]) -> Vec<Shot> {
        let chosen = |list: &[String], name: &str| list.is_empty() || list.iter().any(|own| own == name);
        let mut shots = Vec::new();
        for screen in screens.iter().filter(|screen| chosen(&self.screen, screen)) {
            for language in languages.iter().filter(|language| chosen(&self.language, language)) {
                for colours in Colours::ALL.into_iter().filter(|colours| chosen(&self.colours, &name(colours))) {
                    for text in TextSize::ALL.into_iter().filter(|text| chosen(&self.text, &name(text))) {
                        for low in [false, true].into_iter().filter(|low| self.low.is_none_or(|wish| wish == *low)) {
                            for (orientation, size) in ORIENTATIONS {
                                let settings = Settings { text, colours, low, ..Settings::default() };
                                let shot = Shot { screen, language: (*language).to_owned(), settings, size };
                                if chosen(&self.orientation, orientation) && (self.all || self.is_covered(&shot)) {
                                    shots.push(shot);
                                }
                            }
                        }
                    }
                }
            }
        }
        shots
    }

    /// Whether a picture is among those that are drawn when nobody asked for all. What somebody named is.
    fn is_covered(&self, shot: &Shot) -> bool {
        let Settings { text, colours, low, .. } = shot.settings;
        let usual = Settings::default();
        let sized = text != usual.text && self.text.is_empty();
        let coloured = colours != usual.colours && self.colours.is_empty();
        let low = low && self.low.is_none();
        let others = [sized, coloured, low].into_iter().filter(|is| *is).count();
        let language = shot.language.as_str();
        others == 0 || others == 1 && (language == "en" || language == "de" && !coloured || !self.language.is_empty())
    }
}
