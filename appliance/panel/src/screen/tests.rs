//! The drivers against models of the controllers: what lies in the display's memory is what was drawn.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;

use embedded_graphics::geometry::OriginDimensions;
use embedded_graphics::pixelcolor::{BinaryColor, IntoStorage, Rgb565};
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{self, I2c, NoAcknowledgeSource, Operation};
use embedded_hal::spi::{self, SpiDevice};

use super::*;
use crate::canvas::Shade;
use crate::draw::{View, draw};
use crate::pager::Face;
use crate::reading::Readings;
use crate::sheet::Page;

fn picture(size: Size) -> Frame {
    let readings =
        Readings { town: Some("Großenbüttel".to_owned()), serial: Some("WGN-0042-7".to_owned()), ..Readings::default() };
    let mut frame = Frame::new(size);
    let Ok(()) = draw(&Face::Page(Page::Site), &readings, &View::default(), &mut frame);
    frame
}

/// SSD1306 (data sheet, chapters 8.1.5 and 10): eight pages of 128 columns, a byte is eight dots from the top.
struct Ssd1306Model {
    memory: [[u8; 128]; 8],
    columns: (u8, u8),
    pages: (u8, u8),
    at: (u8, u8),
    contrast: u8,
    is_on: bool,
    command: Vec<u8>,
}

impl Ssd1306Model {
    fn command(&mut self, byte: u8) {
        self.command.push(byte);
        let arguments = match self.command[0] {
            0x21 | 0x22 => 2,
            0x20 | 0x81 | 0x8d | 0xa8 | 0xd3 | 0xd5 | 0xd9 | 0xda | 0xdb => 1,
            _ => 0,
        };
        if self.command.len() <= arguments {
            return;
        }
        match self.command[..] {
            [0x21, first, last] => (self.columns, self.at.0) = ((first, last), first),
            [0x22, first, last] => (self.pages, self.at.1) = ((first, last), first),
            [0x20, mode] => assert_eq!(mode, 0, "horizontal addressing"),
            [0x81, contrast] => self.contrast = contrast,
            [0xae] => self.is_on = false,
            [0xaf] => self.is_on = true,
            _ => {}
        }
        self.command.clear();
    }

    fn data(&mut self, byte: u8) {
        self.memory[usize::from(self.at.1)][usize::from(self.at.0)] = byte;
        let (mut column, mut page) = (self.at.0 + 1, self.at.1);
        if column > self.columns.1 {
            (column, page) = (self.columns.0, page + 1);
        }
        if page > self.pages.1 {
            page = self.pages.0;
        }
        self.at = (column, page);
    }

    fn dot(&self, x: usize, y: usize) -> bool {
        self.memory[y / 8][x] >> (y % 8) & 1 == 1
    }
}

#[derive(Clone)]
struct Wire(Rc<RefCell<Ssd1306Model>>, Rc<Cell<bool>>);

impl i2c::ErrorType for Wire {
    type Error = i2c::ErrorKind;
}

impl I2c for Wire {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), i2c::ErrorKind> {
        if address != 0x3c || self.1.get() {
            return Err(i2c::ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
        }
        for operation in operations {
            let Operation::Write([control, bytes @ ..]) = operation else { panic!("the display is only written to") };
            let mut model = self.0.borrow_mut();
            for byte in bytes.iter() {
                if *control == 0x40 { model.data(*byte) } else { model.command(*byte) }
            }
        }
        Ok(())
    }
}

fn wire() -> Wire {
    let model = Ssd1306Model {
        memory: [[0xaa; 128]; 8],
        columns: (0, 127),
        pages: (0, 7),
        at: (0, 0),
        contrast: 0,
        is_on: false,
        command: Vec::new(),
    };
    Wire(Rc::new(RefCell::new(model)), Rc::default())
}

#[test]
fn the_small_display_shows_what_was_drawn() {
    let wire = wire();
    let mut oled = Oled::start(wire.clone(), false).unwrap();
    let frame = picture(oled.size());
    let empty = Frame::new(oled.size());
    for shown in [&frame, &empty, &frame] {
        oled.show(shown).unwrap();
        let model = wire.0.borrow();
        assert!(model.is_on);
        for (y, row) in shown.rows().enumerate() {
            for (x, pixel) in row.iter().enumerate() {
                assert_eq!(model.dot(x, y), BinaryColor::shade(*pixel).is_on(), "{x}, {y}");
            }
        }
    }
}

#[test]
fn the_small_display_is_dimmed_and_woken() {
    let wire = wire();
    let mut oled = Oled::start(wire.clone(), true).unwrap();
    let contrast = |oled: &mut Oled<Wire>, is_dim| {
        oled.dim(is_dim).unwrap();
        wire.0.borrow().contrast
    };
    assert!(contrast(&mut oled, true) < contrast(&mut oled, false));
}

#[test]
fn a_loose_wire_is_said() {
    let wire = wire();
    wire.1.set(true);
    let error = Oled::start(wire.clone(), false).err().unwrap().to_string();
    assert!(error.contains("0x3C"), "{error}");
    wire.1.set(false);
    let mut oled = Oled::start(wire.clone(), false).unwrap();
    wire.1.set(true);
    assert!(oled.show(&picture(oled.size())).is_err());
}

/// What ILI9341 and ST7789 have in common (MIPI DCS): a window, and pixels of two bytes that fill it row by row.
#[derive(Default)]
struct DcsModel {
    is_data: bool,
    command: u8,
    arguments: Vec<u8>,
    columns: (u16, u16),
    rows: (u16, u16),
    pixels: Vec<u16>,
    seen: Vec<u8>,
    half: Option<u8>,
    at: usize,
}

impl DcsModel {
    fn byte(&mut self, byte: u8) {
        if !self.is_data {
            self.command = byte;
            self.seen.push(byte);
            self.arguments.clear();
            self.at = 0;
            self.half = None;
            return;
        }
        self.arguments.push(byte);
        let window = |from: &[u8]| (u16::from_be_bytes([from[0], from[1]]), u16::from_be_bytes([from[2], from[3]]));
        match self.command {
            0x2a if self.arguments.len() == 4 => self.columns = window(&self.arguments),
            0x2b if self.arguments.len() == 4 => self.rows = window(&self.arguments),
            0x2c => {
                self.arguments.clear();
                match self.half.take() {
                    None => self.half = Some(byte),
                    Some(first) => {
                        let width = usize::from(self.columns.1 - self.columns.0) + 1;
                        let x = usize::from(self.columns.0) + self.at % width;
                        let y = usize::from(self.rows.0) + self.at / width;
                        self.pixels[y * 320 + x] = u16::from_be_bytes([first, byte]);
                        self.at += 1;
                    }
                }
            }
            _ => {}
        }
    }
}

#[derive(Clone)]
struct Glass(Rc<RefCell<DcsModel>>);

impl spi::ErrorType for Glass {
    type Error = Infallible;
}

impl SpiDevice for Glass {
    fn transaction(&mut self, operations: &mut [spi::Operation<'_, u8>]) -> Result<(), Infallible> {
        for operation in operations {
            let spi::Operation::Write(bytes) = operation else { continue };
            assert!(bytes.len() <= 4096, "more than the kernel takes at once");
            bytes.iter().for_each(|byte| self.0.borrow_mut().byte(*byte));
        }
        Ok(())
    }
}

/// The line that tells commands from data.
struct Select(Glass);

impl ErrorType for Select {
    type Error = Infallible;
}

impl OutputPin for Select {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.0.borrow_mut().is_data = false;
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.0.borrow_mut().is_data = true;
        Ok(())
    }
}

struct Reset;

impl ErrorType for Reset {
    type Error = Infallible;
}

impl OutputPin for Reset {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

struct NoWait;

impl DelayNs for NoWait {
    fn delay_ns(&mut self, _: u32) {}
}

#[test]
fn the_larger_display_shows_what_was_drawn() {
    for model in [Model::Ili9341, Model::St7789] {
        let glass = Glass(Rc::new(RefCell::new(DcsModel { pixels: vec![0x1234; 320 * 240], ..DcsModel::default() })));
        let mut tft = Tft::start(model, glass.clone(), Select(glass.clone()), Reset, false, &mut NoWait).unwrap();
        let frame = picture(tft.size());
        assert_eq!(frame.size(), Size::new(320, 240));
        tft.show(&frame).unwrap();
        let memory = glass.0.borrow();
        for command in [0x11, 0x29, 0x36, 0x3a] {
            assert!(memory.seen.contains(&command), "{model:?} was not told {command:#x}");
        }
        let expect: Vec<u16> = frame.pixels().iter().map(|pixel| Rgb565::shade(*pixel).into_storage()).collect();
        assert!(memory.pixels == expect, "{model:?} shows something else");
    }
}

#[test]
fn lines_are_written_as_chip_and_number() {
    let line: Line = "/dev/gpiochip0:25".parse().unwrap();
    assert_eq!(line, Line { chip: "/dev/gpiochip0".into(), offset: 25 });
    for text in ["25", "/dev/gpiochip0", "/dev/gpiochip0:x", "/dev/gpiochip0:-1", ""] {
        assert!(text.parse::<Line>().unwrap_err().to_string().contains("gpiochip0:25"), "{text}");
    }
}
