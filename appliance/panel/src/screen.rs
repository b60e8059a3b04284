//! Displays and the button, behind traits of embedded-hal: what runs on the bus can be run against a model of the controller.

mod oled;
mod tft;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use embedded_graphics::geometry::Size;
use embedded_hal::digital::{ErrorKind, ErrorType, OutputPin};
use gpiocdev::Request;
use gpiocdev::line::{Bias, Value};

use crate::canvas::Frame;
use crate::framebuffer::Framebuffer;

pub use oled::Oled;
pub use tft::{Model, Tft};

/// Something that shows pictures.
pub trait Screen {
    fn size(&self) -> Size;

    /// What is lit for long grows dark: the display is dimmed while nobody looks, and its picture is moved about.
    fn wears(&self) -> bool {
        false
    }

    /// # Errors
    /// The display does not take the picture: a wire is loose, or it is gone.
    fn show(&mut self, frame: &Frame) -> Result<()>;

    /// Dims a display that wears; any other stays as it is.
    ///
    /// # Errors
    /// As for a picture.
    fn dim(&mut self, _is_dim: bool) -> Result<()> {
        Ok(())
    }
}

impl Screen for Framebuffer {
    fn size(&self) -> Size {
        Framebuffer::size(self)
    }

    fn show(&mut self, frame: &Frame) -> Result<()> {
        Ok(Framebuffer::show(self, frame)?)
    }
}

/// A line of a GPIO chip, written `/dev/gpiochip0:25`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub chip: PathBuf,
    pub offset: u32,
}

impl FromStr for Line {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Line> {
        let Some((chip, offset)) = text.rsplit_once(':') else {
            bail!("{text:?} is no line: write the chip and the line's number, as in /dev/gpiochip0:25");
        };
        let offset = offset.parse().with_context(|| format!("{offset:?} is no line's number, as in /dev/gpiochip0:25"))?;
        Ok(Line { chip: Path::new(chip).to_owned(), offset })
    }
}

/// A line that is driven.
pub struct Output {
    request: Request,
    offset: u32,
}

impl Output {
    /// # Errors
    /// The chip is not there, or somebody else has the line.
    pub fn open(line: &Line) -> Result<Output> {
        let mut builder = Request::builder();
        builder.on_chip(&line.chip).with_consumer("wegovnow-panel").with_line(line.offset).as_output(Value::Inactive);
        let request =
            builder.request().with_context(|| format!("cannot drive line {} of {}", line.offset, line.chip.display()))?;
        Ok(Output { request, offset: line.offset })
    }

    fn set(&mut self, value: Value) -> Result<(), PinError> {
        self.request.set_value(self.offset, value).map(|_| ()).map_err(PinError)
    }
}

#[derive(Debug)]
pub struct PinError(pub gpiocdev::Error);

impl embedded_hal::digital::Error for PinError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for Output {
    type Error = PinError;
}

impl OutputPin for Output {
    fn set_low(&mut self) -> Result<(), PinError> {
        self.set(Value::Inactive)
    }

    fn set_high(&mut self) -> Result<(), PinError> {
        self.set(Value::Active)
    }
}

/// The button's line: pulled up, and to ground while it is pressed.
pub struct Key {
    request: Request,
    offset: u32,
}

impl Key {
    /// # Errors
    /// The chip is not there, or somebody else has the line.
    pub fn open(line: &Line) -> Result<Key> {
        let mut builder = Request::builder();
        builder.on_chip(&line.chip).with_consumer("wegovnow-panel").with_line(line.offset);
        builder.as_input().as_active_low().with_bias(Bias::PullUp);
        let request =
            builder.request().with_context(|| format!("cannot read line {} of {}", line.offset, line.chip.display()))?;
        Ok(Key { request, offset: line.offset })
    }

    /// # Errors
    /// The chip is gone.
    pub fn is_down(&self) -> Result<bool> {
        Ok(self.request.value(self.offset).context("cannot read the button")? == Value::Active)
    }
}
