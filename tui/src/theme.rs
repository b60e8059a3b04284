//! Colours, borders and glyphs. Nothing is told by colour alone: every theme works without it.

use clap::ValueEnum;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use crate::parts::map::Ground;

/// A set of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Palette {
    /// The terminal's own colours.
    Default,
    /// White on black, with bright signs only.
    Contrast,
    /// No colours, only bold, underlined and reversed.
    Mono,
}

/// How good or bad a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Done, or for information.
    Calm,
    /// Somebody else did something.
    News,
    /// Needs a look.
    Warn,
    /// Did not work.
    Bad,
}

/// How the console looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Which colours.
    pub palette: Palette,
    /// Borders and signs from ASCII only.
    pub ascii: bool,
}

const ASCII: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

impl Theme {
    fn pick(self, default: Style, contrast: Style, mono: Style) -> Style {
        match self.palette {
            Palette::Default => default,
            Palette::Contrast => contrast,
            Palette::Mono => mono,
        }
    }

    /// Ordinary text.
    pub fn text(self) -> Style {
        // The terminal's own colour, said outright: a title must not take its border's.
        let own = Style::new().fg(Color::Reset);
        self.pick(own, Style::new().fg(Color::White).bg(Color::Black), own)
    }

    /// Text that may be read last.
    pub fn quiet(self) -> Style {
        self.pick(Style::new().fg(Color::Indexed(245)), Style::new().fg(Color::Gray).bg(Color::Black), Style::new())
    }

    /// Headings and names.
    pub fn strong(self) -> Style {
        self.text().add_modifier(Modifier::BOLD)
    }

    /// The bar at the top.
    pub fn bar(self) -> Style {
        self.pick(
            Style::new().fg(Color::Indexed(231)).bg(Color::Indexed(23)),
            Style::new().fg(Color::Black).bg(Color::White),
            Style::new().add_modifier(Modifier::REVERSED),
        )
    }

    /// The border of a pane, with the keys or without.
    pub fn border(self, focused: bool) -> Style {
        if focused {
            self.pick(
                Style::new().fg(Color::Indexed(43)),
                Style::new().fg(Color::LightYellow).bg(Color::Black).add_modifier(Modifier::BOLD),
                Style::new().add_modifier(Modifier::BOLD),
            )
        } else {
            self.pick(Style::new().fg(Color::Indexed(240)), Style::new().fg(Color::White).bg(Color::Black), Style::new())
        }
    }

    /// The row the keys act on.
    pub fn row(self, focused: bool) -> Style {
        if focused {
            self.pick(
                Style::new().bg(Color::Indexed(24)).fg(Color::Indexed(231)).add_modifier(Modifier::BOLD),
                Style::new().bg(Color::LightYellow).fg(Color::Black),
                Style::new().add_modifier(Modifier::REVERSED),
            )
        } else {
            self.pick(
                Style::new().bg(Color::Indexed(236)),
                Style::new().fg(Color::White).bg(Color::Black).add_modifier(Modifier::UNDERLINED),
                Style::new().add_modifier(Modifier::UNDERLINED),
            )
        }
    }

    /// A key's name, and other signs that lead the eye.
    pub fn accent(self) -> Style {
        self.pick(
            Style::new().fg(Color::Indexed(79)),
            Style::new().fg(Color::LightYellow).bg(Color::Black).add_modifier(Modifier::BOLD),
            Style::new().add_modifier(Modifier::BOLD),
        )
    }

    /// Marked rows' sign.
    pub fn mark(self) -> Style {
        self.pick(
            Style::new().fg(Color::Indexed(220)).add_modifier(Modifier::BOLD),
            Style::new().fg(Color::LightYellow).bg(Color::Black),
            Style::new().add_modifier(Modifier::BOLD),
        )
    }

    /// A line of this tone.
    pub fn tone(self, tone: Tone) -> Style {
        let of = |color: Color, bright: Color| {
            self.pick(
                Style::new().fg(color),
                Style::new().fg(bright).bg(Color::Black).add_modifier(Modifier::BOLD),
                Style::new().add_modifier(Modifier::BOLD),
            )
        };
        match tone {
            Tone::Calm => self.text(),
            Tone::News => of(Color::Indexed(117), Color::LightCyan),
            Tone::Warn => of(Color::Indexed(220), Color::LightYellow),
            Tone::Bad => of(Color::Indexed(210), Color::LightRed),
        }
    }

    /// Streets of the map.
    pub fn street(self) -> Style {
        self.pick(Style::new().fg(Color::Indexed(250)), Style::new().fg(Color::White).bg(Color::Black), Style::new())
    }

    /// What lies under the streets of the map, where the theme tells it by a fill. The sixteen colours have one dark enough for
    /// white letters on water, and none for the rest.
    pub fn fill(self, ground: Ground) -> Option<Color> {
        match (self.palette, ground) {
            (Palette::Default, Ground::Water) => Some(Color::Indexed(24)),
            (Palette::Default, Ground::Green) => Some(Color::Indexed(22)),
            (Palette::Default, Ground::Building) => Some(Color::Indexed(236)),
            (Palette::Contrast, Ground::Water) => Some(Color::Blue),
            _ => None,
        }
    }

    /// The border's characters.
    pub fn border_set(self) -> border::Set<'static> {
        if self.ascii { ASCII } else { border::ROUNDED }
    }

    /// The sign before the row the keys act on.
    pub fn pointer(self) -> &'static str {
        if self.ascii { ">" } else { "▸" }
    }

    /// The sign of a marked row.
    pub fn marked(self) -> &'static str {
        if self.ascii { "*" } else { "●" }
    }

    /// The sign of near reports.
    pub fn near(self) -> &'static str {
        if self.ascii { "~" } else { "≈" }
    }

    /// Between things on one line.
    pub fn dot(self) -> &'static str {
        if self.ascii { "|" } else { "·" }
    }

    /// From one thing to another.
    pub fn arrow(self) -> &'static str {
        if self.ascii { "->" } else { "→" }
    }

    /// The next palette, for switching.
    pub fn next(self) -> Theme {
        let palette = match self.palette {
            Palette::Default => Palette::Contrast,
            Palette::Contrast => Palette::Mono,
            Palette::Mono => Palette::Default,
        };
        Theme { palette, ..self }
    }
}
