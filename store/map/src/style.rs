//! How each class looks: colours, widths by zoom, dashes, in each of the map's styles.
//!
//! Numbers that hold in every style, and are tested:
//! - Text has 4.5:1 against its halo and against every ground it may stand on (WCAG 2.2, 1.4.3).
//! - What one must see to understand the map has 3:1 (WCAG 2.2, 1.4.11): the shore against water and land, the outline of parks and of
//!   buildings against what is on either side, a street or its edges against land, parks and water. Pale fills cannot have that against
//!   each other; their edges do.
//! - Streets, water, parks, buildings and the town's own data differ by 10 (CIEDE2000) for eyes that see all colours and for those that
//!   lack one of their three.
//!
//! Not so: buildings from afar, before they have an outline ([`Palette::building_edge_zoom`]); in [`Style::Standard`] streets so thin
//! that they have no edges; in [`Style::Lines`] which side of a shore is the water. The numbers are those of the colours: a line about
//! one pixel wide that lies between two pixels is drawn paler. Grass, beaches, school grounds, car parks, squares and the like are shades
//! for those who see them; nothing hangs on them.

mod palette;

pub use palette::Palette;

use crate::class::Class;

/// An opaque colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color(pub u8, pub u8, pub u8);

/// The plate of a reported problem: the same in every style, so that it is learnt once. Its rim is [`OWN_RIM`].
pub const OWN_PROBLEM: Color = Color(0xA3, 0x3B, 0x20);
/// The plate of a suggestion.
pub const OWN_SUGGESTION: Color = Color(0x7A, 0x5A, 0x00);
/// The pin of the place being chosen.
pub const OWN_PIN: Color = Color(0x07, 0x3B, 0x48);
/// Round plates and pin, and the letters on them.
pub const OWN_RIM: Color = Color(0xFF, 0xFF, 0xFF);

/// One way to draw the whole map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Style {
    /// Warm and calm.
    #[default]
    Standard,
    /// High contrast, black on white.
    Contrast,
    /// High contrast, white on black.
    ContrastDark,
    /// Lines only: no area is filled.
    Lines,
    /// Light on dark.
    Night,
}

impl Style {
    /// All of them.
    pub const ALL: [Style; 5] = [Style::Standard, Style::Contrast, Style::ContrastDark, Style::Lines, Style::Night];

    /// Its colours.
    pub fn palette(self) -> &'static Palette {
        match self {
            Style::Standard => &palette::STANDARD,
            Style::Contrast => &palette::CONTRAST,
            Style::ContrastDark => &palette::CONTRAST_DARK,
            Style::Lines => &palette::LINES,
            Style::Night => &palette::NIGHT,
        }
    }
}

/// What a text on the map names; each style has a colour for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ink {
    /// Streets, squares, quarters.
    Place,
    /// Waters.
    Water,
    /// Parks and woods.
    Green,
    /// Shops, services, sights.
    Poi,
    /// House numbers.
    Number,
}

impl Ink {
    /// All of them.
    pub const ALL: [Ink; 5] = [Ink::Place, Ink::Water, Ink::Green, Ink::Poi, Ink::Number];

    /// The colour of its letters.
    pub fn color(self, style: Style) -> Color {
        let palette = style.palette();
        match self {
            Ink::Place => palette.label,
            Ink::Water => palette.water_label,
            Ink::Green => palette.green_label,
            Ink::Poi => palette.poi_label,
            Ink::Number => palette.number_label,
        }
    }
}

/// A line to draw along the geometry, or along the outline of an area.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub color: Color,
    /// Its width in pixels of a 96-dpi screen; multiply for denser ones.
    pub width_px: f32,
    /// Lengths drawn and left out, in pixels; `None` for a solid line.
    pub dash_px: Option<[f32; 2]>,
    /// Round ends; otherwise the line ends where the geometry does.
    pub round: bool,
}

/// Everything needed to draw one feature: the parts that are `Some`, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Look {
    /// Drawn under the line of every other way of the same height; of waters and quays, under the fill of every other.
    pub casing: Option<Stroke>,
    /// Fill of an area.
    pub fill: Option<Color>,
    /// The line itself, or the outline of an area.
    pub line: Option<Stroke>,
}

/// How a class looks in a style at a zoom. Points have no look here: their names come from the labels.
pub fn look(style: Style, class: Class, zoom: f64, tunnel: bool) -> Look {
    let palette = style.palette();
    if let Some(fill) = fill(palette, class) {
        let (casing, line) = outline(style, class, zoom);
        return Look { fill: Some(fill), casing, line };
    }
    let Some((color, width_px)) = line(palette, class, zoom) else { return Look::default() };
    let solid = Stroke { color, width_px, dash_px: None, round: true };
    match class {
        Class::River | Class::Stream | Class::Pier if width_px >= 2.5 => {
            let banks = Stroke { color: palette.shore, width_px: width_px + 2.0 * palette.edge_px, ..solid };
            Look { casing: Some(banks), line: Some(solid), fill: None }
        }
        // Under the fills of waters, where it would be a line in the middle of the lake that it flows through.
        Class::River | Class::Stream => Look { casing: Some(Stroke { color: palette.shore, ..solid }), ..Look::default() },
        Class::Pier => Look { line: Some(Stroke { color: palette.shore, ..solid }), ..Look::default() },
        Class::Footway | Class::Cycleway | Class::Track => {
            // Dots under one pixel wide would only be noise.
            let dash_px = Some([width_px * 2.6, width_px * 2.0]);
            Look { line: Some(Stroke { dash_px, round: false, ..solid }), ..Look::default() }
        }
        Class::Steps => Look { line: Some(Stroke { dash_px: Some([1.6, 1.6]), round: false, ..solid }), ..Look::default() },
        Class::Border => Look { line: Some(Stroke { dash_px: Some([9.0, 5.0]), round: false, ..solid }), ..Look::default() },
        // Not to be taken for what one can see from the street.
        Class::Rail if tunnel => {
            Look { line: Some(Stroke { dash_px: Some([5.0, 4.0]), round: false, ..solid }), ..Look::default() }
        }
        Class::Rail => {
            let sleepers =
                Stroke { color: palette.land, width_px: (width_px - 1.4).max(0.6), dash_px: Some([6.0, 6.0]), round: false };
            let bed = Stroke { round: false, ..solid };
            // Station yards would turn into a chequerboard.
            let dashed = (zoom >= 16.5).then_some(sleepers);
            match dashed {
                Some(sleepers) => Look { casing: Some(bed), line: Some(sleepers), fill: None },
                None => Look { line: Some(bed), ..Look::default() },
            }
        }
        // Below two pixels a casing would be all that is seen.
        _ if class.is_way() && width_px >= 1.6 => {
            let [far, near] = palette.casing_px;
            let edge = if zoom >= 15.0 { near } else { far };
            let dash_px = tunnel.then_some([5.0, 4.0]);
            let casing = Stroke { color: palette.casing, width_px: width_px + 2.0 * edge, dash_px, round: !tunnel };
            let paled = if tunnel { mix(color, palette.land) } else { color };
            Look { fill: None, casing: Some(casing), line: Some(Stroke { color: paled, ..solid }) }
        }
        _ if class.is_way() => {
            let color = palette.thin.unwrap_or(color);
            let color = if tunnel { mix(color, palette.land) } else { color };
            Look { line: Some(Stroke { color, ..solid }), ..Look::default() }
        }
        _ => Look { line: Some(solid), ..Look::default() },
    }
}

fn mix(one: Color, other: Color) -> Color {
    let half = |a: u8, b: u8| ((u16::from(a) + u16::from(b)) / 2) as u8;
    Color(half(one.0, other.0), half(one.1, other.1), half(one.2, other.2))
}

fn fill(palette: &Palette, class: Class) -> Option<Color> {
    Some(match class {
        Class::Sea | Class::Water => palette.sea,
        Class::Park => palette.park,
        Class::Wood => palette.wood,
        Class::Grass => palette.grass,
        Class::Pitch => palette.pitch,
        Class::Beach => palette.beach,
        Class::School | Class::Hospital => palette.grounds,
        Class::Square => palette.square,
        Class::Parking => palette.parking,
        Class::Quay => palette.land,
        Class::Industry => palette.industry,
        Class::Building => palette.building,
        _ => return None,
    })
}

/// What is drawn under the fill of an area, and over it.
fn outline(style: Style, class: Class, zoom: f64) -> (Option<Stroke>, Option<Stroke>) {
    let palette = style.palette();
    let solid = |color, width_px| Some(Stroke { color, width_px, dash_px: None, round: false });
    match class {
        // Half of it is hidden by the fills: so waters that meet have no line between them.
        Class::Sea | Class::Water | Class::Quay => (solid(palette.shore, 2.0 * palette.edge_px), None),
        // Where nothing is filled, the dashes tell what the colour may not.
        Class::Park | Class::Wood if style == Style::Lines && zoom >= 13.0 => {
            let dash_px = Some([7.0, 3.0]);
            (None, Some(Stroke { color: palette.park_edge, width_px: 1.5 * palette.edge_px, dash_px, round: false }))
        }
        Class::Park | Class::Wood if zoom >= 13.0 => (None, solid(palette.park_edge, palette.edge_px)),
        Class::Building if zoom >= palette.building_edge_zoom => (None, solid(palette.building_edge, palette.edge_px)),
        Class::Square | Class::Parking if zoom >= 16.0 => (None, solid(palette.quiet_edge, 1.0)),
        Class::Pitch if zoom >= 15.0 => (None, solid(palette.pitch_edge, 1.0)),
        _ => (None, None),
    }
}

/// Colour and width of a line class; `None` where it is not drawn at this zoom.
fn line(palette: &Palette, class: Class, zoom: f64) -> Option<(Color, f32)> {
    // Widths in pixels at these zooms; between them they grow evenly, beyond them they double with the map (up to zoom 20).
    const ZOOMS: [f64; 8] = [11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0];
    let (color, widths): (Color, [f32; 8]) = match class {
        Class::River => (palette.sea, [1.0, 1.4, 2.0, 3.0, 4.0, 6.0, 9.0, 14.0]),
        Class::Stream => (palette.sea, [0.0, 0.0, 0.8, 1.0, 1.4, 2.0, 3.0, 4.0]),
        Class::Pier => (palette.land, [0.0, 0.0, 0.0, 0.0, 2.0, 3.4, 5.5, 9.0]),
        Class::Rail => (palette.rail, [0.6, 0.8, 1.0, 1.1, 1.3, 1.7, 3.6, 4.4]),
        Class::Tram => (palette.rail, [0.0, 0.0, 0.0, 0.0, 0.7, 0.9, 1.1, 1.4]),
        Class::Motorway => (palette.motorway, [1.4, 1.8, 2.6, 4.0, 6.0, 10.0, 15.0, 24.0]),
        Class::Trunk => (palette.trunk, [1.2, 1.6, 2.4, 3.8, 5.8, 9.6, 15.0, 24.0]),
        Class::Primary => (palette.main_street, [1.0, 1.5, 2.2, 3.6, 5.6, 9.4, 14.5, 23.0]),
        Class::Secondary => (palette.main_street, [0.8, 1.2, 1.9, 3.2, 5.0, 8.4, 13.0, 21.0]),
        Class::Tertiary => (palette.street, [0.6, 0.9, 1.5, 2.7, 4.4, 7.4, 12.0, 20.0]),
        Class::Street => (palette.street, [0.0, 0.6, 1.0, 1.9, 3.4, 6.0, 10.0, 17.0]),
        Class::Pedestrian => (palette.pedestrian, [0.0, 0.0, 0.8, 1.5, 2.8, 5.0, 8.0, 13.0]),
        Class::Service => (palette.street, [0.0, 0.0, 0.0, 0.8, 1.5, 2.8, 5.0, 9.0]),
        Class::Track => (palette.path, [0.0, 0.0, 0.0, 0.7, 1.0, 1.3, 1.6, 2.0]),
        Class::Cycleway => (palette.cycleway, [0.0, 0.0, 0.0, 0.0, 0.8, 1.1, 1.5, 1.9]),
        Class::Footway => (palette.path, [0.0, 0.0, 0.0, 0.0, 0.7, 1.0, 1.4, 1.8]),
        Class::Steps => (palette.path, [0.0, 0.0, 0.0, 0.0, 1.2, 2.2, 3.4, 5.0]),
        Class::Border => (palette.border, [1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4]),
        _ => return None,
    };
    let width = if zoom >= 18.0 {
        widths[7] * (zoom.min(20.0) - 18.0).exp2() as f32
    } else {
        let step = ((zoom - ZOOMS[0]).max(0.0).floor() as usize).min(6);
        let share = (zoom - ZOOMS[step]).clamp(0.0, 1.0) as f32;
        // A class starts at its first width: growing from nothing would make hair lines.
        match (widths[step], widths[step + 1]) {
            (0.0, _) => 0.0,
            (from, to) => from + (to - from) * share,
        }
    };
    (width > 0.0).then_some((color, width))
}

/// The zoom from which a class is drawn at all.
pub fn zoom_min(class: Class) -> u8 {
    match class {
        Class::Sea | Class::Water | Class::Border | Class::Motorway | Class::Trunk | Class::Place => 0,
        Class::Primary | Class::River | Class::Wood | Class::Park | Class::Beach | Class::Grass | Class::Industry => 9,
        Class::Secondary | Class::Tertiary | Class::Rail | Class::Quay => 11,
        Class::Street | Class::School | Class::Hospital => 12,
        Class::Stream | Class::Pedestrian | Class::Square | Class::Pitch => 13,
        Class::Service | Class::Track | Class::Building | Class::Parking => 14,
        // The landing stages of a marina would be one dark patch from afar.
        Class::Pier | Class::Tram | Class::Cycleway | Class::Footway | Class::Steps => 15,
        Class::Poi => 16,
    }
}

#[cfg(test)]
mod tests;
