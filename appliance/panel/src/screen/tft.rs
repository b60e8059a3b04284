//! The larger display: 320x240 pixels in colour, an ILI9341 or ST7789 on an SPI bus, lying on its side.

use anyhow::{Result, anyhow};
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::primitives::Rectangle;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use embedded_hal::spi::SpiDevice;
use mipidsi::interface::SpiInterface;
use mipidsi::models::{ILI9341Rgb565, ST7789};
use mipidsi::options::{ColorInversion, ColorOrder, Orientation, Rotation};
use mipidsi::{Builder, Display};

use super::Screen;
use crate::canvas::{Frame, Shade};

const SIZE: Size = Size::new(320, 240);
/// The kernel's SPI driver takes so many bytes at once unless told otherwise.
const TRANSFER_BYTES: usize = 4096;

/// The display's controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "device", derive(clap::ValueEnum))]
pub enum Model {
    #[default]
    Ili9341,
    St7789,
}

type Bus<S, C> = SpiInterface<'static, S, C>;

enum Controller<S: SpiDevice, C: OutputPin, R: OutputPin> {
    Ili9341(Display<Bus<S, C>, ILI9341Rgb565, R>),
    St7789(Display<Bus<S, C>, ST7789, R>),
}

pub struct Tft<S: SpiDevice, C: OutputPin, R: OutputPin> {
    controller: Controller<S, C, R>,
}

impl<S: SpiDevice, C: OutputPin, R: OutputPin> Tft<S, C, R> {
    /// Starts the display; `select` tells commands from data.
    ///
    /// # Errors
    /// The bus or a line cannot be driven. Whether a display is there cannot be known: it never answers.
    pub fn start(
        model: Model,
        bus: S,
        select: C,
        reset: R,
        is_upside_down: bool,
        delay: &mut impl DelayNs,
    ) -> Result<Tft<S, C, R>> {
        // Kept for as long as the program runs, as the display is.
        let buffer: &'static mut [u8] = Box::leak(vec![0; TRANSFER_BYTES].into_boxed_slice());
        let bus = SpiInterface::new(bus, select, buffer);
        let turned = Orientation::new().rotate(if is_upside_down { Rotation::Deg270 } else { Rotation::Deg90 });
        let cannot = "cannot start the display";
        let controller = match model {
            Model::Ili9341 => {
                // Its glass is mirrored and has blue first.
                let builder = Builder::new(ILI9341Rgb565, bus).reset_pin(reset).color_order(ColorOrder::Bgr);
                let display = builder.orientation(turned.flip_horizontal()).init(delay);
                Controller::Ili9341(display.map_err(|error| anyhow!("{cannot}: {error:?}"))?)
            }
            Model::St7789 => {
                let builder = Builder::new(ST7789, bus).reset_pin(reset).invert_colors(ColorInversion::Inverted);
                let display = builder.orientation(turned).init(delay);
                Controller::St7789(display.map_err(|error| anyhow!("{cannot}: {error:?}"))?)
            }
        };
        Ok(Tft { controller })
    }
}

impl<S: SpiDevice, C: OutputPin, R: OutputPin> Screen for Tft<S, C, R> {
    fn size(&self) -> Size {
        SIZE
    }

    fn show(&mut self, frame: &Frame) -> Result<()> {
        let whole = Rectangle::new(Point::zero(), SIZE);
        let pixels = frame.pixels().iter().map(|pixel| Rgb565::shade(*pixel));
        let drawn = match &mut self.controller {
            Controller::Ili9341(display) => display.fill_contiguous(&whole, pixels),
            Controller::St7789(display) => display.fill_contiguous(&whole, pixels),
        };
        drawn.map_err(|error| anyhow!("the display takes no picture: {error:?}"))
    }
}
