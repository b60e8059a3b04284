//! Colours: everything is drawn in 24 bits and comes out as what the display has.

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{Dimensions, OriginDimensions, Point, Size};
use embedded_graphics::pixelcolor::{BinaryColor, PixelColor, Rgb565, Rgb888, RgbColor, WebColors};
use embedded_graphics::primitives::Rectangle;

/// A kind of colour that a display has.
pub trait Shade: PixelColor {
    /// The nearest to a full colour.
    fn shade(colour: Rgb888) -> Self;
}

impl Shade for Rgb888 {
    fn shade(colour: Rgb888) -> Rgb888 {
        colour
    }
}

impl Shade for Rgb565 {
    fn shade(colour: Rgb888) -> Rgb565 {
        Rgb565::from(colour)
    }
}

impl Shade for BinaryColor {
    /// On from half of full brightness (weights of ITU-R BT.601).
    fn shade(colour: Rgb888) -> BinaryColor {
        let luma = 299 * u32::from(colour.r()) + 587 * u32::from(colour.g()) + 114 * u32::from(colour.b());
        BinaryColor::from(luma >= 127_500)
    }
}

/// Colours of every display but the small one: light on dark, so that a box in a dark cupboard does not dazzle. Contrast with the
/// ground is at least 7:1 for all that is read (WCAG 2.2, 1.4.6).
pub mod palette {
    use super::{Rgb888, WebColors};

    pub const GROUND: Rgb888 = Rgb888::new(0x06, 0x22, 0x2c);
    pub const RAISED: Rgb888 = Rgb888::new(0x0d, 0x3b, 0x4a);
    pub const LINE: Rgb888 = Rgb888::new(0x1f, 0x4e, 0x5c);
    pub const INK: Rgb888 = Rgb888::CSS_WHITE;
    pub const QUIET: Rgb888 = Rgb888::new(0xa9, 0xc4, 0xcc);
    pub const GOOD: Rgb888 = Rgb888::new(0x7b, 0xdf, 0xa4);
    pub const WARN: Rgb888 = Rgb888::new(0xff, 0xd1, 0x5c);
    pub const BAD: Rgb888 = Rgb888::new(0xff, 0xa0, 0x8a);
    pub const BLACK: Rgb888 = Rgb888::CSS_BLACK;
}

/// A target of any colour, seen as one of 24 bits, and moved by some pixels.
pub struct Canvas<'d, D> {
    target: &'d mut D,
    shift: Point,
}

impl<'d, D> Canvas<'d, D> {
    pub fn new(target: &'d mut D, shift: Point) -> Canvas<'d, D> {
        Canvas { target, shift }
    }
}

impl<D: DrawTarget> Dimensions for Canvas<'_, D> {
    fn bounding_box(&self) -> Rectangle {
        self.target.bounding_box()
    }
}

impl<D> DrawTarget for Canvas<'_, D>
where
    D: DrawTarget,
    D::Color: Shade,
{
    type Color = Rgb888;
    type Error = D::Error;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), D::Error> {
        let shift = self.shift;
        self.target.draw_iter(pixels.into_iter().map(|Pixel(at, colour)| Pixel(at + shift, D::Color::shade(colour))))
    }

    fn fill_solid(&mut self, area: &Rectangle, colour: Rgb888) -> Result<(), D::Error> {
        let area = Rectangle::new(area.top_left + self.shift, area.size);
        self.target.fill_solid(&area, D::Color::shade(colour))
    }

    fn clear(&mut self, colour: Rgb888) -> Result<(), D::Error> {
        self.target.clear(D::Color::shade(colour))
    }
}

/// A picture in memory.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    size: Size,
    pixels: Vec<Rgb888>,
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "a picture of {}", self.size)
    }
}

impl Frame {
    pub fn new(size: Size) -> Frame {
        Frame { size, pixels: vec![palette::BLACK; size.width as usize * size.height as usize] }
    }

    /// Pixels from the top left, row by row.
    pub fn pixels(&self) -> &[Rgb888] {
        &self.pixels
    }

    /// Rows from the top.
    pub fn rows(&self) -> impl Iterator<Item = &[Rgb888]> {
        self.pixels.chunks_exact((self.size.width as usize).max(1))
    }

    /// Three bytes a pixel: red, green, blue.
    pub fn to_rgb(&self) -> Vec<u8> {
        self.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect()
    }
}

impl OriginDimensions for Frame {
    fn size(&self) -> Size {
        self.size
    }
}

impl DrawTarget for Frame {
    type Color = Rgb888;
    type Error = std::convert::Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Self::Error> {
        for Pixel(at, colour) in pixels {
            let (Ok(x), Ok(y)) = (u32::try_from(at.x), u32::try_from(at.y)) else { continue };
            if x < self.size.width && y < self.size.height {
                self.pixels[y as usize * self.size.width as usize + x as usize] = colour;
            }
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, colour: Rgb888) -> Result<(), Self::Error> {
        let Rectangle { top_left, size } = area.intersection(&self.bounding_box());
        let width = self.size.width as usize;
        for y in top_left.y as usize..top_left.y as usize + size.height as usize {
            let start = y * width + top_left.x as usize;
            self.pixels[start..start + size.width as usize].fill(colour);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_on_the_ground() {
        // Relative luminance and contrast ratio as in WCAG 2.2.
        let luminance = |colour: Rgb888| {
            let channel = |value: u8| {
                let share = f64::from(value) / 255.0;
                if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(colour.r()) + 0.7152 * channel(colour.g()) + 0.0722 * channel(colour.b())
        };
        for ink in [palette::INK, palette::QUIET, palette::GOOD, palette::WARN, palette::BAD] {
            for ground in [palette::GROUND, palette::RAISED] {
                let ratio = (luminance(ink) + 0.05) / (luminance(ground) + 0.05);
                assert!(ratio >= 4.5 && (ground != palette::GROUND || ratio >= 7.0), "{ink:?} on {ground:?}: {ratio:.1}");
            }
        }
    }

    #[test]
    fn pixels_outside_are_left_out() {
        let mut frame = Frame::new(Size::new(2, 2));
        let outside = [(-1, 0), (0, -1), (2, 0), (0, 2), (i32::MAX, i32::MIN)];
        frame.draw_iter(outside.map(|(x, y)| Pixel(Point::new(x, y), palette::INK))).unwrap();
        assert!(frame.pixels().iter().all(|pixel| *pixel == palette::BLACK));
    }

    #[test]
    fn areas_are_cut_at_the_edge() {
        let mut frame = Frame::new(Size::new(3, 3));
        for (x, y) in [(-9, 0), (3, 0), (0, 7), (i32::MIN, i32::MIN)] {
            frame.fill_solid(&Rectangle::new(Point::new(x, y), Size::new(2, 2)), palette::INK).unwrap();
        }
        assert!(frame.pixels().iter().all(|pixel| *pixel == palette::BLACK));
        frame.fill_solid(&Rectangle::new(Point::new(-1, 2), Size::new(2, 90)), palette::INK).unwrap();
        let lit: Vec<usize> = (0..9).filter(|at| frame.pixels()[*at] == palette::INK).collect();
        assert_eq!(lit, [6]);
    }
}
