//! What the screen shows, as pixels that can be compared.

use anyhow::{Context, Result, ensure};

/// A picture, three bytes (red, green, blue) a pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pixels: Vec<u8>,
}

/// A part of a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

impl Picture {
    /// Reads a portable pixmap (`P6`, 8 bits a colour), QEMU's own form of a screendump.
    pub fn parse(bytes: &[u8]) -> Result<Picture> {
        let mut at = 0;
        let mut words = Vec::new();
        while words.len() < 4 {
            let rest = bytes.get(at..).filter(|rest| !rest.is_empty()).context("a picture without a head")?;
            let end = rest.iter().position(u8::is_ascii_whitespace).context("a picture without a head")?;
            if end > 0 {
                words.push(std::str::from_utf8(&rest[..end]).context("a picture's head is text")?);
            }
            at += end + 1;
        }
        ensure!(words[0] == "P6" && words[3] == "255", "not a pixmap with 8 bits a colour: {}", words.join(" "));
        let (width, height): (usize, usize) = (words[1].parse()?, words[2].parse()?);
        let length = width.checked_mul(height).and_then(|pixels| pixels.checked_mul(3)).context("a picture too large")?;
        let pixels = bytes.get(at..at + length).context("a picture that ends too early")?.to_vec();
        Ok(Picture { width, height, pixels })
    }

    pub fn whole(&self) -> Region {
        Region { x: 0, y: 0, width: self.width, height: self.height }
    }

    fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        let at = (y * self.width + x) * 3;
        [self.pixels[at], self.pixels[at + 1], self.pixels[at + 2]]
    }

    /// Coordinates of a region that lie in the picture.
    fn points(&self, region: Region) -> impl Iterator<Item = (usize, usize)> {
        let right = (region.x + region.width).min(self.width);
        let bottom = (region.y + region.height).min(self.height);
        (region.y..bottom).flat_map(move |y| (region.x..right).map(move |x| (x, y)))
    }

    /// How many different colours there are in a region, counted up to a hundred: a blank screen has one, text a few.
    pub fn colours(&self, region: Region) -> usize {
        let mut seen = std::collections::BTreeSet::new();
        for (x, y) in self.points(region) {
            seen.insert(self.pixel(x, y));
            if seen.len() == 100 {
                break;
            }
        }
        seen.len()
    }

    /// Does the box show anything? QEMU itself writes a line in the middle when there is no picture at all.
    pub fn is_shown(&self) -> bool {
        let middle = self.height * 9 / 20..self.height * 11 / 20;
        let ground = (self.width * self.height > 0).then(|| self.pixel(0, 0));
        self.points(self.whole()).any(|(x, y)| !middle.contains(&y) && Some(self.pixel(x, y)) != ground)
    }

    /// The share of a region's pixels, 0 to 1, where some colour differs by more than `tolerance`.
    pub fn difference(&self, other: &Picture, region: Region, tolerance: u8) -> Result<f64> {
        let sizes = [(self.width, self.height), (other.width, other.height)];
        ensure!(sizes[0] == sizes[1], "pictures of different sizes: {sizes:?}");
        let (mut differ, mut count) = (0_u64, 0_u64);
        for (x, y) in self.points(region) {
            let pairs = self.pixel(x, y).into_iter().zip(other.pixel(x, y));
            differ += u64::from(pairs.into_iter().any(|(one, two)| one.abs_diff(two) > tolerance));
            count += 1;
        }
        Ok(differ as f64 / count.max(1) as f64)
    }

    /// Turned clockwise by so many quarters: what a rotated box shows, as its onlooker sees it.
    pub fn turned(&self, quarters: u32) -> Picture {
        (0..quarters % 4).fold(self.clone(), |from, _| {
            let (width, height) = (from.height, from.width);
            let points = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
            let pixels = points.flat_map(|(x, y)| from.pixel(y, from.height - 1 - x)).collect();
            Picture { width, height, pixels }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three wide, two high; the red of each pixel counts from 0.
    fn picture() -> Picture {
        let mut bytes = b"P6\n3 2\n255\n".to_vec();
        bytes.extend((0..6).flat_map(|red| [red, 100, 200]));
        Picture::parse(&bytes).unwrap()
    }

    fn reds(picture: &Picture) -> Vec<u8> {
        picture.points(picture.whole()).map(|(x, y)| picture.pixel(x, y)[0]).collect()
    }

    #[test]
    fn a_pixmap_is_read_and_a_broken_one_refused() {
        assert_eq!(reds(&picture()), [0, 1, 2, 3, 4, 5]);
        for broken in [&b"P6\n3 2\n255\nshort"[..], b"P5\n1 1\n255\nx", b"P6", b"", b"P6\n99999999999 99999999999\n255\n"] {
            assert!(Picture::parse(broken).is_err());
        }
    }

    #[test]
    fn colours_are_counted_within_the_picture() {
        let picture = picture();
        assert_eq!(picture.colours(picture.whole()), 6);
        assert_eq!(picture.colours(Region { x: 0, y: 0, width: 1, height: 1 }), 1);
    }

    #[test]
    fn a_line_in_the_middle_is_not_of_the_box() {
        let mut bytes = b"P6\n2 100\n255\n".to_vec();
        bytes.resize(bytes.len() + 600, 0);
        let mut picture = Picture::parse(&bytes).unwrap();
        assert!(!picture.is_shown());
        picture.pixels[3 * 2 * 49] = 255;
        assert!(!picture.is_shown(), "QEMU's");
        picture.pixels[3 * 2 * 3] = 255;
        assert!(picture.is_shown());
    }

    #[test]
    fn four_quarters_are_one_turn() {
        let picture = picture();
        let quarter = picture.turned(1);
        assert_eq!((quarter.width, quarter.height), (2, 3));
        assert_eq!(reds(&quarter), [3, 0, 4, 1, 5, 2]);
        assert_eq!(picture.turned(4), picture);
        assert_eq!(quarter.turned(3), picture);
    }

    #[test]
    fn small_differences_are_tolerated() {
        let (one, mut two) = (picture(), picture());
        two.pixels[0] += 10;
        assert_eq!(one.difference(&two, one.whole(), 10).unwrap(), 0.0);
        assert_eq!(one.difference(&two, one.whole(), 9).unwrap(), 1.0 / 6.0);
        assert!(one.difference(&one.turned(1), one.whole(), 9).is_err());
    }
}
