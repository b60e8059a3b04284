//! The small display: 128x64 dots, an SSD1306 on an I2C bus.

use anyhow::{Result, anyhow};
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::Size;
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::primitives::Rectangle;
use embedded_hal::i2c::I2c;
use ssd1306::mode::{BufferedGraphicsMode, DisplayConfig};
use ssd1306::prelude::{Brightness, DisplayRotation, DisplaySize128x64, I2CInterface};
use ssd1306::{I2CDisplayInterface, Ssd1306};

use super::Screen;
use crate::canvas::{Frame, Shade};
use crate::draw::SMALL;

/// Dimmer than the driver's own dimmest step, which still wears; read without trouble in a cupboard.
const DIM: Brightness = Brightness::DIMMEST;
const BRIGHT: Brightness = Brightness::BRIGHT;

pub struct Oled<I> {
    display: Ssd1306<I2CInterface<I>, DisplaySize128x64, BufferedGraphicsMode<DisplaySize128x64>>,
}

impl<I: I2c> Oled<I> {
    /// Starts the display. `is_upside_down` turns the picture.
    ///
    /// # Errors
    /// Nothing answers at address 0x3C.
    pub fn start(bus: I, is_upside_down: bool) -> Result<Oled<I>> {
        let rotation = if is_upside_down { DisplayRotation::Rotate180 } else { DisplayRotation::Rotate0 };
        let display = Ssd1306::new(I2CDisplayInterface::new(bus), DisplaySize128x64, rotation);
        let mut display = display.into_buffered_graphics_mode();
        display.init().map_err(|error| anyhow!("no display answers at address 0x3C: {error:?}"))?;
        display.set_brightness(BRIGHT).map_err(|error| anyhow!("cannot set the display's brightness: {error:?}"))?;
        Ok(Oled { display })
    }
}

impl<I: I2c> Screen for Oled<I> {
    fn size(&self) -> Size {
        SMALL
    }

    fn wears(&self) -> bool {
        true
    }

    fn show(&mut self, frame: &Frame) -> Result<()> {
        let whole = Rectangle::new(embedded_graphics::geometry::Point::zero(), SMALL);
        let dots = frame.pixels().iter().map(|pixel| BinaryColor::shade(*pixel));
        let drawn = self.display.fill_contiguous(&whole, dots).and_then(|()| self.display.flush());
        drawn.map_err(|error| anyhow!("the small display takes no picture: {error:?}"))
    }

    fn dim(&mut self, is_dim: bool) -> Result<()> {
        let brightness = if is_dim { DIM } else { BRIGHT };
        self.display.set_brightness(brightness).map_err(|error| anyhow!("cannot set the display's brightness: {error:?}"))
    }
}
