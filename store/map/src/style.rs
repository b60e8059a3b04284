//! How each class looks: colours, widths by zoom, dashes. Shared by kiosk and terminal so that both show the same town.
//!
//! The colours are the tokens of the project's look; where a class needs more than the tokens give, its shade lies between two of them.

use crate::class::Class;

/// An opaque colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color(pub u8, pub u8, pub u8);

/// The ground everything lies on.
pub const LAND: Color = Color(0xEF, 0xEB, 0xE2);
/// Sea and every other water.
pub const SEA: Color = Color(0xBB, 0xD9, 0xE8);
/// Parks and gardens.
pub const GREEN: Color = Color(0xCF, 0xE3, 0xC0);
/// Buildings.
pub const BUILDING: Color = Color(0xDD, 0xD5, 0xC6);
/// Outline of buildings and casing of streets.
pub const CASING: Color = Color(0xC4, 0xBB, 0xA9);
/// Ordinary streets.
pub const STREET: Color = Color(0xFF, 0xFF, 0xFF);
/// Main streets.
pub const MAIN_STREET: Color = Color(0xFB, 0xE3, 0xA6);
/// Text on the map.
pub const LABEL: Color = Color(0x23, 0x31, 0x3F);
/// Around text on the map.
pub const HALO: Color = Color(0xFF, 0xFF, 0xFF);
/// Text on water.
pub const WATER_LABEL: Color = Color(0x1F, 0x4E, 0x6B);
/// Text on green.
pub const GREEN_LABEL: Color = Color(0x2B, 0x55, 0x2B);
/// Text that names a shop, service or sight.
pub const POI_LABEL: Color = Color(0x6B, 0x3A, 0x1E);
/// House numbers.
pub const NUMBER_LABEL: Color = Color(0x5A, 0x51, 0x45);
/// Footways, stairs.
pub const PATH: Color = Color(0xB0, 0x8D, 0x62);

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
    /// Fill of an area.
    pub fill: Option<Color>,
    /// Drawn under the line of every other way of the same height.
    pub casing: Option<Stroke>,
    /// The line itself, or the outline of an area.
    pub line: Option<Stroke>,
}

/// How a class looks at a zoom. Points have no look here: their names come from the labels.
pub fn look(class: Class, zoom: f64, tunnel: bool) -> Look {
    if let Some(fill) = fill(class) {
        return Look { fill: Some(fill), casing: None, line: outline(class, zoom) };
    }
    let Some((color, width_px)) = line(class, zoom) else { return Look::default() };
    let solid = Stroke { color, width_px, dash_px: None, round: true };
    match class {
        Class::Footway | Class::Cycleway | Class::Track => {
            // Dots under one pixel wide would only be noise.
            let dash_px = Some([width_px * 2.6, width_px * 2.0]);
            Look { line: Some(Stroke { dash_px, round: false, ..solid }), ..Look::default() }
        }
        Class::Steps => Look { line: Some(Stroke { dash_px: Some([1.6, 1.6]), round: false, ..solid }), ..Look::default() },
        Class::Border => Look { line: Some(Stroke { dash_px: Some([9.0, 5.0]), round: false, ..solid }), ..Look::default() },
        Class::Rail => {
            let sleepers = Stroke { color: LAND, width_px: (width_px - 1.4).max(0.6), dash_px: Some([6.0, 6.0]), round: false };
            let bed = Stroke { round: false, ..solid };
            // Station yards would turn into a chequerboard.
            let dashed = (zoom >= 16.5).then_some(sleepers);
            match dashed {
                Some(sleepers) => Look { casing: Some(bed), line: Some(sleepers), fill: None },
                None => Look { line: Some(bed), ..Look::default() },
            }
        }
        _ if class.is_way() => {
            let edge = if zoom >= 15.0 { 1.1 } else { 0.7 };
            let casing =
                Stroke { color: CASING, width_px: width_px + 2.0 * edge, dash_px: tunnel.then_some([5.0, 4.0]), round: !tunnel };
            let paled = if tunnel { mix(color, LAND) } else { color };
            // Below two pixels a casing would be all that is seen.
            let casing = (width_px >= 1.6).then_some(casing);
            Look { fill: None, casing, line: Some(Stroke { color: paled, ..solid }) }
        }
        _ => Look { line: Some(solid), ..Look::default() },
    }
}

fn mix(one: Color, other: Color) -> Color {
    let half = |a: u8, b: u8| ((u16::from(a) + u16::from(b)) / 2) as u8;
    Color(half(one.0, other.0), half(one.1, other.1), half(one.2, other.2))
}

fn fill(class: Class) -> Option<Color> {
    Some(match class {
        Class::Sea | Class::Water => SEA,
        Class::Park => GREEN,
        Class::Wood => Color(0xC3, 0xDA, 0xB2),
        Class::Grass => Color(0xDA, 0xE7, 0xCC),
        Class::Pitch => Color(0xBF, 0xDD, 0xC4),
        Class::Beach => Color(0xF3, 0xE8, 0xC4),
        Class::School | Class::Hospital => Color(0xF0, 0xE6, 0xD6),
        Class::Square => Color(0xF8, 0xF6, 0xF1),
        Class::Parking => Color(0xE9, 0xE6, 0xE0),
        Class::Quay => LAND,
        Class::Industry => Color(0xE8, 0xE3, 0xDC),
        Class::Building => BUILDING,
        _ => return None,
    })
}

fn outline(class: Class, zoom: f64) -> Option<Stroke> {
    let thin = |color| Some(Stroke { color, width_px: 1.0, dash_px: None, round: false });
    match class {
        Class::Building if zoom >= 15.5 => thin(Color(0xCB, 0xC2, 0xB1)),
        Class::Square | Class::Parking if zoom >= 16.0 => thin(Color(0xDB, 0xD5, 0xC9)),
        Class::Pitch if zoom >= 15.0 => thin(Color(0xA9, 0xCB, 0xAF)),
        _ => None,
    }
}

/// Colour and width of a line class; `None` where it is not drawn at this zoom.
fn line(class: Class, zoom: f64) -> Option<(Color, f32)> {
    // Widths in pixels at these zooms; between them they grow evenly, beyond them they double with the map (up to zoom 20).
    const ZOOMS: [f64; 8] = [11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0];
    let (color, widths): (Color, [f32; 8]) = match class {
        Class::River => (SEA, [1.0, 1.4, 2.0, 3.0, 4.0, 6.0, 9.0, 14.0]),
        Class::Stream => (SEA, [0.0, 0.0, 0.8, 1.0, 1.4, 2.0, 3.0, 4.0]),
        Class::Pier => (LAND, [0.0, 0.6, 0.9, 1.4, 2.0, 3.4, 5.5, 9.0]),
        Class::Rail => (Color(0xA8, 0xA2, 0x98), [0.6, 0.8, 1.0, 1.1, 1.3, 1.7, 3.6, 4.4]),
        Class::Tram => (Color(0xA8, 0xA2, 0x98), [0.0, 0.0, 0.0, 0.0, 0.7, 0.9, 1.1, 1.4]),
        Class::Motorway => (Color(0xF7, 0xCF, 0x8B), [1.4, 1.8, 2.6, 4.0, 6.0, 10.0, 15.0, 24.0]),
        Class::Trunk => (Color(0xF9, 0xD8, 0x97), [1.2, 1.6, 2.4, 3.8, 5.8, 9.6, 15.0, 24.0]),
        Class::Primary => (MAIN_STREET, [1.0, 1.5, 2.2, 3.6, 5.6, 9.4, 14.5, 23.0]),
        Class::Secondary => (MAIN_STREET, [0.8, 1.2, 1.9, 3.2, 5.0, 8.4, 13.0, 21.0]),
        Class::Tertiary => (STREET, [0.6, 0.9, 1.5, 2.7, 4.4, 7.4, 12.0, 20.0]),
        Class::Street => (STREET, [0.0, 0.6, 1.0, 1.9, 3.4, 6.0, 10.0, 17.0]),
        Class::Pedestrian => (Color(0xFA, 0xF7, 0xF0), [0.0, 0.0, 0.8, 1.5, 2.8, 5.0, 8.0, 13.0]),
        Class::Service => (STREET, [0.0, 0.0, 0.0, 0.8, 1.5, 2.8, 5.0, 9.0]),
        Class::Track => (PATH, [0.0, 0.0, 0.0, 0.7, 1.0, 1.3, 1.6, 2.0]),
        Class::Cycleway => (Color(0x8F, 0x8B, 0xA8), [0.0, 0.0, 0.0, 0.0, 0.8, 1.1, 1.5, 1.9]),
        Class::Footway => (PATH, [0.0, 0.0, 0.0, 0.0, 0.7, 1.0, 1.4, 1.8]),
        Class::Steps => (PATH, [0.0, 0.0, 0.0, 0.0, 1.2, 2.2, 3.4, 5.0]),
        Class::Border => (Color(0x9A, 0x7F, 0x9C), [1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4]),
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
        Class::Street | Class::Pier | Class::School | Class::Hospital => 12,
        Class::Stream | Class::Pedestrian | Class::Square | Class::Pitch => 13,
        Class::Service | Class::Track | Class::Building | Class::Parking => 14,
        Class::Tram | Class::Cycleway | Class::Footway | Class::Steps => 15,
        Class::Poi => 16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_but_points_has_a_look_from_its_first_zoom_on() {
        for class in Class::ALL {
            for zoom in zoom_min(class).max(11)..=20 {
                let look = look(class, f64::from(zoom), false);
                let drawn = look.fill.is_some() || look.line.is_some();
                assert_eq!(drawn, class.shape() != crate::class::Shape::Spot, "{class:?} at {zoom}");
            }
        }
    }

    #[test]
    fn widths_never_shrink_when_zooming_in() {
        for class in Class::ALL {
            let width = |tenth: u32| line(class, f64::from(tenth) / 10.0).map_or(0.0, |(_, width)| width);
            for tenth in 100..200 {
                assert!(width(tenth) <= width(tenth + 1), "{class:?} at {tenth}");
            }
        }
    }
}
