//! How much of the ground two pictures agree on.
//!
//! Both are drawn in the same colours without names; a pixel that has exactly the colour of a sort of ground is of that sort. What lies
//! between colours, the soft edge of a line or a fill, is left out on both sides, as is the sea, which both have from us.

use map::style::{Color, Palette};

/// What one sees at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Land,
    Water,
    Green,
    Building,
    Street,
}

impl Sort {
    pub const ALL: [Sort; 5] = [Sort::Land, Sort::Water, Sort::Green, Sort::Building, Sort::Street];
}

/// The sea in MapLibre's picture: told from other water by a shade that nobody sees.
pub fn sea(palette: &Palette) -> Color {
    let Color(red, green, blue) = palette.sea;
    Color(red, green, blue.wrapping_sub(4))
}

/// Pixels of each sort in one picture (first) that are of each sort in the other (second).
#[derive(Debug, Clone, Copy, Default)]
pub struct Agreement {
    pixels: [[u64; 5]; 5],
    pub left_out: u64,
}

impl Agreement {
    /// Of two pictures of the same size, RGB8.
    pub fn of(palette: &Palette, one: &[u8], other: &[u8]) -> Agreement {
        let mut all = Agreement::default();
        for (one, other) in one.chunks_exact(3).zip(other.chunks_exact(3)) {
            match (sort(palette, one), sort(palette, other)) {
                (Some(one), Some(other)) => all.pixels[one as usize][other as usize] += 1,
                _ => all.left_out += 1,
            }
        }
        all
    }

    /// Share of the pixels looked at that are of the same sort in both.
    pub fn share(&self) -> f64 {
        let same: u64 = Sort::ALL.into_iter().map(|sort| self.pixels[sort as usize][sort as usize]).sum();
        same as f64 / self.seen().max(1) as f64
    }

    /// Of the pixels that are of a sort in either picture, the share that are in both; `None` where neither has any to speak of.
    pub fn shared(&self, sort: Sort) -> Option<f64> {
        let at = sort as usize;
        let both = self.pixels[at][at];
        let either = self.pixels[at].iter().sum::<u64>() + self.pixels.iter().map(|row| row[at]).sum::<u64>() - both;
        (either * 500 > self.seen()).then(|| both as f64 / either as f64)
    }

    /// Pixels of a sort in the first picture alone, and in the second alone.
    pub fn alone(&self, sort: Sort) -> (u64, u64) {
        let at = sort as usize;
        let both = self.pixels[at][at];
        (self.pixels[at].iter().sum::<u64>() - both, self.pixels.iter().map(|row| row[at]).sum::<u64>() - both)
    }

    /// Pixels that were looked at.
    pub fn seen(&self) -> u64 {
        self.pixels.iter().flatten().sum()
    }
}

fn sort(palette: &Palette, pixel: &[u8]) -> Option<Sort> {
    let is = |colors: &[Color]| {
        colors
            .iter()
            .any(|Color(red, green, blue)| pixel.iter().zip([red, green, blue]).all(|(is, wanted)| is.abs_diff(*wanted) <= 1))
    };
    let Palette { land, beach, grounds, square, parking, industry, .. } = *palette;
    let Palette { street, main_street, trunk, motorway, pedestrian, .. } = *palette;
    let Palette { park, wood, grass, pitch, sea, building, .. } = *palette;
    let sorts = [
        (Sort::Land, &[land, beach, grounds, square, parking, industry][..]),
        (Sort::Street, &[street, main_street, trunk, motorway, pedestrian]),
        (Sort::Green, &[park, wood, grass, pitch]),
        (Sort::Water, &[sea]),
        (Sort::Building, &[building]),
    ];
    sorts.into_iter().find(|(_, colors)| is(colors)).map(|(sort, _)| sort)
}

#[cfg(test)]
mod tests {
    use map::style::Style;

    use super::*;

    #[test]
    fn what_is_of_one_colour_agrees_and_what_lies_between_is_left_out() {
        let palette = Style::Standard.palette();
        let rgb = |Color(red, green, blue): Color| [red, green, blue];
        let ours = [palette.sea, palette.park, palette.street, palette.land, palette.land].map(rgb).concat();
        let theirs = [palette.sea, palette.wood, palette.land, palette.casing, sea(palette)].map(rgb).concat();
        let agreement = Agreement::of(palette, &ours, &theirs);
        assert_eq!((agreement.seen(), agreement.left_out), (3, 2));
        assert!((agreement.share() - 2.0 / 3.0).abs() < 1e-9);
        assert_eq!(agreement.shared(Sort::Water), Some(1.0));
        assert_eq!(agreement.shared(Sort::Building), None);
        assert_eq!(agreement.alone(Sort::Street), (1, 0));
    }
}
