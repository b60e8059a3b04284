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

impl Region {
    pub fn middle(self) -> (usize, usize) {
        (self.x + self.width / 2, self.y + self.height / 2)
    }

    pub fn bottom(self) -> usize {
        self.y + self.height
    }
}

/// Pixels of one colour that touch one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// The smallest that holds them all.
    pub region: Region,
    /// How many there are.
    pub pixels: usize,
}

impl Area {
    /// The share of its region that it fills, 0 to 1: little for an outline, much for a button.
    pub fn filling(&self) -> f64 {
        self.pixels as f64 / (self.region.width * self.region.height).max(1) as f64
    }
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

    pub fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
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

    /// All areas of a colour, of at least so many pixels across and down, from the top. Shades that soften the edges of letters are
    /// other colours.
    pub fn areas(&self, colour: [u8; 3], smallest: [usize; 2]) -> Vec<Area> {
        let mut is_open: Vec<bool> = self.pixels.chunks_exact(3).map(|pixel| pixel == colour).collect();
        let mut areas = Vec::new();
        let mut stack = Vec::new();
        for first in 0..is_open.len() {
            if !std::mem::take(&mut is_open[first]) {
                continue;
            }
            let (mut left, mut right, mut bottom, mut pixels) = (self.width, 0, 0, 0);
            stack.push(first);
            while let Some(at) = stack.pop() {
                let (x, y) = (at % self.width, at / self.width);
                (left, right, bottom, pixels) = (left.min(x), right.max(x), bottom.max(y), pixels + 1);
                let beside = [
                    (x > 0).then(|| at - 1),
                    (x + 1 < self.width).then_some(at + 1),
                    at.checked_sub(self.width),
                    (y + 1 < self.height).then_some(at + self.width),
                ];
                stack.extend(beside.into_iter().flatten().filter(|at| std::mem::take(&mut is_open[*at])));
            }
            let top = first / self.width;
            let region = Region { x: left, y: top, width: right + 1 - left, height: bottom + 1 - top };
            if region.width >= smallest[0] && region.height >= smallest[1] {
                areas.push(Area { region, pixels });
            }
        }
        areas
    }

    /// Where a point of this picture, turned back clockwise by so many quarters, lies in the picture it was made of.
    pub fn origin(&self, (x, y): (usize, usize), quarters: u32) -> (usize, usize) {
        (0..quarters % 4)
            .fold(((x, y), (self.width, self.height)), |((x, y), (width, height)), _| {
                // It was `height` wide.
                ((y, width - 1 - x), (height, width))
            })
            .0
    }

    /// What its QR codes say, of those that can be read.
    pub fn codes(&self) -> Vec<String> {
        let luma = |x, y| {
            let [red, green, blue] = self.pixel(x, y).map(u16::from);
            ((red + green + blue) / 3) as u8
        };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(self.width, self.height, luma);
        image.detect_grids().iter().filter_map(|grid| Some(grid.decode().ok()?.1)).collect()
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

    const QR_7KXM4P: [&str; 21] = [
        "#######...###.#######",
        "#.....#.###.#.#.....#",
        "#.###.#...###.#.###.#",
        "#.###.#.##..#.#.###.#",
        "#.###.#..#..#.#.###.#",
        "#.....#.#..#..#.....#",
        "#######.#.#.#.#######",
        ".........#...........",
        "#####.###..#.#.#.#.#.",
        "....#....######....##",
        "####.######.#.##.#.##",
        "...#.#.########..#...",
        ".##.####....#..#..##.",
        "........###.#..#.###.",
        "#######.##.#.#..#....",
        "#.....#..#.....##.###",
        "#.###.#.##.#.#..##...",
        "#.###.#.##.#####..#..",
        "#.###.#.###.#.##.#...",
        "#.....#.########.##.#",
        "#######.###.#..#..#..",
    ];

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

    /// The smallest code there is (ISO/IEC 18004, version 1): "7KXM4P" in 21 rows of modules, drawn with three pixels each.
    #[test]
    fn a_code_is_read_and_a_picture_without_one_has_none() {
        assert!(picture().codes().is_empty());
        let rows = QR_7KXM4P;
        let (margin, scale) = (4, 3);
        let side = (rows.len() + 2 * margin) * scale;
        let mut bytes = format!("P6\n{side} {side}\n255\n").into_bytes();
        for y in 0..side {
            for x in 0..side {
                let at = |at: usize| (at / scale).checked_sub(margin);
                let module = at(y).zip(at(x)).and_then(|(y, x)| rows.get(y)?.as_bytes().get(x));
                bytes.extend([if module == Some(&b'#') { 20 } else { 240 }; 3]);
            }
        }
        assert_eq!(Picture::parse(&bytes).unwrap().codes(), ["7KXM4P"]);
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
    fn a_point_of_a_turned_picture_is_found_in_the_other() {
        let picture = picture();
        for quarters in 0..4 {
            let turned = picture.turned(quarters);
            for (x, y) in turned.points(turned.whole()) {
                let (from_x, from_y) = turned.origin((x, y), quarters);
                assert_eq!(turned.pixel(x, y), picture.pixel(from_x, from_y), "{quarters} quarters, {x} {y}");
            }
        }
    }

    #[test]
    fn pixels_that_touch_are_one_area() {
        // A ring of 1 round a 2, beside a bar of 1.
        let rows = ["1111.1", "1221.1", "1111.1", "......"];
        let mut bytes = b"P6\n6 4\n255\n".to_vec();
        bytes.extend(rows.iter().flat_map(|row| row.bytes().flat_map(|byte| [byte, 0, 0])));
        let picture = Picture::parse(&bytes).unwrap();
        let ring = Area { region: Region { x: 0, y: 0, width: 4, height: 3 }, pixels: 10 };
        let bar = Area { region: Region { x: 5, y: 0, width: 1, height: 3 }, pixels: 3 };
        assert_eq!(picture.areas([b'1', 0, 0], [1; 2]), [ring, bar]);
        assert_eq!(picture.areas([b'1', 0, 0], [2; 2]), [ring]);
        assert_eq!(picture.areas([b'2', 0, 0], [1; 2])[0].region, Region { x: 1, y: 1, width: 2, height: 1 });
        assert!(picture.areas([b'3', 0, 0], [1; 2]).is_empty());
        assert!((ring.filling() - 10.0 / 12.0).abs() < 1e-9 && ring.region.middle() == (2, 1) && ring.region.bottom() == 3);
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
