//! What a resident sets for themselves: how large, in which colours, where the controls are, how still. The end of a session sets all
//! of it back, because it is part of the session.

/// How large letters are, by the height of their capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub enum TextSize {
    Small,
    Medium,
    /// Seen under 0.7° from [`VIEWING_MM`]: the first size (EN 301 549, 5.1.4).
    #[default]
    Large,
    Largest,
}

/// How far the eyes of somebody who touches the screen are from it.
pub const VIEWING_MM: f32 = 600.0;

impl TextSize {
    /// All, from the smallest.
    pub const ALL: [TextSize; 4] = [TextSize::Small, TextSize::Medium, TextSize::Large, TextSize::Largest];

    /// Height of capitals of running text in millimetres. The steps are those of VVSG 2.0, 7.1-G, but the third, which EN 301 549,
    /// 5.1.4 asks to be a little larger at [`VIEWING_MM`] than its 7.1 mm.
    pub fn capital_mm(self) -> f32 {
        match self {
            TextSize::Small => 4.0,
            TextSize::Medium => 5.4,
            TextSize::Large => 7.4,
            TextSize::Largest => 9.0,
        }
    }
}

/// Colours of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Colours {
    /// Dark on warm white, at least 10:1.
    #[default]
    Standard,
    /// Light on dark, at least 10:1.
    Dark,
    /// White on black, at least 20:1.
    ContrastDark,
    /// Black on white, at least 20:1.
    ContrastLight,
    /// For eyes that hard contrasts hurt: between 4.5:1 and 7:1.
    Soft,
}

impl Colours {
    /// All, in the order in which they are offered.
    pub const ALL: [Colours; 5] =
        [Colours::Standard, Colours::Dark, Colours::ContrastDark, Colours::ContrastLight, Colours::Soft];
}

/// Everything that a resident can set, but for the language.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    pub text: TextSize,
    pub colours: Colours,
    /// Every control is in the lower half of the screen.
    pub low: bool,
    /// Nothing moves by itself.
    pub still: bool,
    /// The map is drawn in lines only: no area is filled.
    pub lines: bool,
}

/// One change of [`Settings`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    Text(TextSize),
    Colours(Colours),
    Low(bool),
    Still(bool),
    Lines(bool),
    /// All as they were at the start.
    Defaults,
}

impl Settings {
    /// Makes one change.
    pub fn set(&mut self, setting: Setting) {
        match setting {
            Setting::Text(text) => self.text = text,
            Setting::Colours(colours) => self.colours = colours,
            Setting::Low(low) => self.low = low,
            Setting::Still(still) => self.still = still,
            Setting::Lines(lines) => self.lines = lines,
            Setting::Defaults => *self = Settings::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_size_is_seen_under_seven_tenths_of_a_degree() {
        // EN 301 549, 5.1.4: psi = 180 H / (pi D).
        let angle = |text: TextSize| 180.0 * text.capital_mm() / (std::f32::consts::PI * VIEWING_MM);
        assert!(angle(TextSize::default()) >= 0.7, "{}", angle(TextSize::default()));
        assert!(TextSize::ALL.windows(2).all(|pair| pair[0].capital_mm() < pair[1].capital_mm()));
    }

    #[test]
    fn what_was_set_is_set_back() {
        let mut settings = Settings::default();
        for setting in [
            Setting::Text(TextSize::Small),
            Setting::Colours(Colours::ContrastLight),
            Setting::Low(true),
            Setting::Still(true),
            Setting::Lines(true),
        ] {
            let before = settings.clone();
            settings.set(setting);
            assert_ne!(before, settings);
        }
        settings.set(Setting::Defaults);
        assert_eq!(settings, Settings::default());
    }
}
