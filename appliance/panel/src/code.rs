//! The pairing picture: a QR code with light all round it, every module a whole number of pixels.

use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::primitives::Rectangle;
use fast_qr::qr::QRBuilder;
use fast_qr::{ECL, QRCode};

/// A text of so many bytes is a code of version 3, which has modules of two pixels on the small display. Capital letters, digits and
/// ` $%*+-./:` alone take less room: 77 of them fit.
pub const SMALL_BYTES_MAX: usize = 53;

/// Light modules round the code that ISO/IEC 18004 asks for.
const QUIET_MODULES: u32 = 4;
/// Readers do with less where the light goes on as paper would not: on a lit display a module and a half is enough.
const QUIET_HALF_MODULES_MIN: u32 = 3;

pub struct Code {
    code: QRCode,
}

impl Code {
    /// Level L: what is shown on a display is not stained, and larger modules are worth more. `None` when the text is longer than any
    /// QR code can hold.
    pub fn of(text: &str) -> Option<Code> {
        QRBuilder::new(text).ecl(ECL::L).build().ok().map(|code| Code { code })
    }

    fn modules(&self) -> u32 {
        self.code.size as u32
    }

    /// Pixels of a module in a square, or `None` when not even one pixel is left for it with light around.
    pub fn module_px(&self, side_px: u32) -> Option<u32> {
        let whole = side_px / (self.modules() + 2 * QUIET_MODULES);
        let tight = 2 * side_px / (2 * self.modules() + 2 * QUIET_HALF_MODULES_MIN);
        Some(if whole >= 3 { whole } else { tight }).filter(|module| *module > 0)
    }

    /// Draws the code in a light square. Nothing is drawn when it does not fit.
    pub fn draw<D>(&self, target: &mut D, at: Point, side_px: u32) -> Result<(), D::Error>
    where
        D: DrawTarget<Color = Rgb888>,
    {
        let Some(module) = self.module_px(side_px) else { return Ok(()) };
        target.fill_solid(&Rectangle::new(at, Size::new(side_px, side_px)), Rgb888::WHITE)?;
        let edge = ((side_px - module * self.modules()) / 2) as i32;
        for y in 0..self.code.size {
            for x in 0..self.code.size {
                if self.code[y][x].value() {
                    let corner = at + Point::new(edge, edge) + Point::new(x as i32, y as i32) * module as i32;
                    target.fill_solid(&Rectangle::new(corner, Size::new(module, module)), Rgb888::BLACK)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_small_display_has_two_pixels_a_module_up_to_its_limit() {
        let side = crate::draw::SMALL.height;
        assert_eq!(Code::of(&"x".repeat(SMALL_BYTES_MAX)).unwrap().module_px(side), Some(2));
        assert_eq!(Code::of(&"x".repeat(SMALL_BYTES_MAX + 1)).unwrap().module_px(side), Some(1));
        assert_eq!(Code::of(&"X".repeat(77)).unwrap().module_px(side), Some(2));
        assert_eq!(Code::of(&"x".repeat(1000)).unwrap().module_px(side), None);
        assert!(Code::of(&"x".repeat(3000)).is_none());
    }
}
