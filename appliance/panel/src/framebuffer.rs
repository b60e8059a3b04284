//! The kernel's framebuffer: what is on the screen before there is a graphics driver, or beside one.
//!
//! The geometry comes from sysfs and pixels go in by writing, so no ioctl and no mapping is needed. 32 bits a pixel are taken to be
//! blue, green, red, nothing, and 16 bits to be 5-6-5, which is what efifb, simpledrm and fbtft give on the machines we build for.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Error, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use embedded_graphics::geometry::{OriginDimensions, Size};
use embedded_graphics::pixelcolor::{IntoStorage, Rgb565, RgbColor};

use crate::canvas::Frame;

/// The one that firmware or the first driver brings.
pub const FIRST: &str = "/dev/fb0";

const SYSFS: &str = "/sys/class/graphics";

/// Rows that are written at once. Never one alone: of a write that ends where its one row ends, drivers of Linux 6.1 that refresh what was
/// written (virtio-gpu among them) show nothing, for `drm_fb_helper_memory_range_to_clip` takes it to be no pixel wide.
const BAND: usize = 64;

/// How pixels lie in a framebuffer's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    pub size: Size,
    /// From the start of a row to the next one.
    pub row_bytes: usize,
    /// 16, 24 or 32.
    pub bits: usize,
}

impl Geometry {
    /// From a folder such as `/sys/class/graphics/fb0`.
    ///
    /// # Errors
    /// A file is missing or does not say what is expected, or the depth is neither 16, 24 nor 32 bits.
    pub fn read(folder: &Path) -> io::Result<Geometry> {
        let file = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path)
                .map_err(|error| Error::new(error.kind(), format!("cannot read {}: {error}", path.display())))
        };
        let odd =
            |name: &str, text: &str| Error::new(ErrorKind::InvalidData, format!("{}/{name} says {text:?}", folder.display()));
        let number = |name: &str| {
            let text = file(name)?;
            text.trim().parse::<usize>().map_err(|_| odd(name, &text))
        };
        // The visible part, as in `U:1280x800p-60`; a driver without modes shows all of its memory.
        let modes = file("modes").unwrap_or_default();
        let visible = modes.lines().next().and_then(|mode| pair(mode.split_once(':')?.1, 'x'));
        let whole = file("virtual_size")?;
        let whole = pair(&whole, ',').ok_or_else(|| odd("virtual_size", &whole))?;
        let (width, height) = visible.filter(|(width, height)| *width <= whole.0 && *height <= whole.1).unwrap_or(whole);
        let geometry = Geometry { size: Size::new(width, height), row_bytes: number("stride")?, bits: number("bits_per_pixel")? };
        if !matches!(geometry.bits, 16 | 24 | 32)
            || geometry.row_bytes < width as usize * geometry.bits / 8
            || width == 0
            || height == 0
        {
            return Err(Error::new(ErrorKind::Unsupported, format!("{}: cannot draw in {geometry:?}", folder.display())));
        }
        Ok(geometry)
    }

    /// The bytes of a row, without what may lie behind it.
    fn row(&self, pixels: &[embedded_graphics::pixelcolor::Rgb888]) -> Vec<u8> {
        match self.bits {
            32 => pixels.iter().flat_map(|pixel| [pixel.b(), pixel.g(), pixel.r(), 0]).collect(),
            24 => pixels.iter().flat_map(|pixel| [pixel.b(), pixel.g(), pixel.r()]).collect(),
            _ => pixels.iter().flat_map(|pixel| Rgb565::from(*pixel).into_storage().to_ne_bytes()).collect(),
        }
    }
}

/// Two numbers with a mark between; what follows the second is left alone.
fn pair(text: &str, mark: char) -> Option<(u32, u32)> {
    let (first, second) = text.trim().split_once(mark)?;
    let digits = second.find(|letter: char| !letter.is_ascii_digit()).map_or(second, |end| &second[..end]);
    Some((first.parse().ok()?, digits.parse().ok()?))
}

/// A framebuffer to draw on.
#[derive(Debug)]
pub struct Framebuffer {
    file: File,
    path: PathBuf,
    geometry: Geometry,
}

impl Framebuffer {
    /// Opens a device such as `/dev/fb0`.
    ///
    /// # Errors
    /// The device or its description in sysfs is not there, or has pixels of another kind.
    pub fn open(device: &Path) -> io::Result<Framebuffer> {
        let name = device.file_name().unwrap_or_default();
        Framebuffer::open_as(device, Geometry::read(&Path::new(SYSFS).join(name))?)
    }

    /// Opens a device, or a file, that has this geometry.
    ///
    /// # Errors
    /// It cannot be opened for writing.
    pub fn open_as(device: &Path, geometry: Geometry) -> io::Result<Framebuffer> {
        let file = OpenOptions::new().write(true).open(device);
        let file = file.map_err(|error| Error::new(error.kind(), format!("cannot open {}: {error}", device.display())))?;
        Ok(Framebuffer { file, path: device.to_owned(), geometry })
    }

    pub fn size(&self) -> Size {
        self.geometry.size
    }

    /// Puts a picture at the top left; what is larger than the screen is cut.
    ///
    /// # Errors
    /// The device does not take the bytes.
    pub fn show(&mut self, frame: &Frame) -> io::Result<()> {
        let width = frame.size().width.min(self.geometry.size.width) as usize;
        let rows: Vec<_> = frame.rows().take(self.geometry.size.height as usize).collect();
        let mut first = 0;
        while first < rows.len() {
            let end = if rows.len() - first > BAND + 1 { first + BAND } else { rows.len() };
            let mut bytes = Vec::with_capacity((end - first) * self.geometry.row_bytes);
            for (y, row) in rows[first..end].iter().enumerate() {
                bytes.resize(y * self.geometry.row_bytes, 0);
                bytes.extend(self.geometry.row(row.get(..width).unwrap_or(row)));
            }
            self.file
                .write_all_at(&bytes, (first * self.geometry.row_bytes) as u64)
                .map_err(|error| Error::new(error.kind(), format!("cannot draw on {}: {error}", self.path.display())))?;
            first = end;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use embedded_graphics::draw_target::DrawTarget;
    use embedded_graphics::geometry::Point;
    use embedded_graphics::pixelcolor::Rgb888;
    use embedded_graphics::primitives::Rectangle;

    use super::*;

    fn sysfs(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn geometry_is_read_as_drivers_write_it() {
        let files =
            [("modes", "U:1280x800p-0\n"), ("virtual_size", "1280,1600\n"), ("stride", "5120\n"), ("bits_per_pixel", "32\n")];
        let folder = sysfs(&files);
        let expect = Geometry { size: Size::new(1280, 800), row_bytes: 5120, bits: 32 };
        assert_eq!(Geometry::read(folder.path()).unwrap(), expect);
        let folder = sysfs(&files[1..]);
        assert_eq!(Geometry::read(folder.path()).unwrap().size, Size::new(1280, 1600));
    }

    #[test]
    fn odd_geometry_is_refused_with_a_reason() {
        for files in [
            &[("virtual_size", "1280"), ("stride", "5120"), ("bits_per_pixel", "32")],
            &[("virtual_size", "1280,800"), ("stride", "many"), ("bits_per_pixel", "32")],
            &[("virtual_size", "1280,800"), ("stride", "160"), ("bits_per_pixel", "1")],
            &[("virtual_size", "1280,800"), ("stride", "100"), ("bits_per_pixel", "32")],
            &[("virtual_size", "0,0"), ("stride", "100"), ("bits_per_pixel", "32")],
        ] {
            let folder = sysfs(files);
            let error = Geometry::read(folder.path()).unwrap_err().to_string();
            assert!(error.contains(folder.path().to_str().unwrap()), "{error}");
        }
        let empty = sysfs(&[]);
        assert!(Geometry::read(empty.path()).unwrap_err().to_string().contains("virtual_size"));
    }

    #[test]
    fn pixels_lie_where_the_screen_looks_for_them() {
        let folder = sysfs(&[("fb", "")]);
        let device = folder.path().join("fb");
        let mut frame = Frame::new(Size::new(3, 2));
        let Ok(()) = frame.fill_solid(&Rectangle::new(Point::new(1, 1), Size::new(1, 1)), Rgb888::new(0xff, 0x80, 0x08));

        // Rows are longer than the picture's.
        let geometry = Geometry { size: Size::new(3, 2), row_bytes: 16, bits: 32 };
        Framebuffer::open_as(&device, geometry).unwrap().show(&frame).unwrap();
        let written = fs::read(&device).unwrap();
        assert_eq!(written.len(), 16 + 12);
        assert_eq!(written[20..24], [0x08, 0x80, 0xff, 0]);
        assert_eq!(written.iter().filter(|byte| **byte != 0).count(), 3);

        // In more than one band, the last with one row more than its share.
        let mut tall = Frame::new(Size::new(1, 2 * BAND as u32 + 1));
        let Ok(()) = tall.fill_solid(&Rectangle::new(Point::new(0, 0), Size::new(1, 900)), Rgb888::new(1, 1, 1));
        fs::write(&device, "").unwrap();
        let geometry = Geometry { size: tall.size(), row_bytes: 8, bits: 32 };
        Framebuffer::open_as(&device, geometry).unwrap().show(&tall).unwrap();
        let written = fs::read(&device).unwrap();
        assert_eq!(written.len(), 2 * BAND * 8 + 4);
        assert!(written.chunks(8).all(|row| row[..3] == [1, 1, 1]));

        fs::write(&device, "").unwrap();
        // The screen is smaller than the picture.
        let geometry = Geometry { size: Size::new(2, 2), row_bytes: 6, bits: 16 };
        Framebuffer::open_as(&device, geometry).unwrap().show(&frame).unwrap();
        let written = fs::read(&device).unwrap();
        assert_eq!(written.len(), 6 + 4);
        let expect: u16 = 0x1f << 11 | 0x20 << 5 | 0x01;
        assert_eq!(u16::from_ne_bytes([written[8], written[9]]), expect);

        fs::write(&device, "").unwrap();
        // As some virtual machines have it: three bytes a pixel.
        let geometry = Geometry { size: frame.size(), row_bytes: 12, bits: 24 };
        Framebuffer::open_as(&device, geometry).unwrap().show(&frame).unwrap();
        let packed = geometry.row(frame.rows().next().unwrap());
        assert_eq!(packed.len(), 3 * frame.size().width as usize);
        assert_eq!(fs::read(&device).unwrap()[..packed.len()], packed);
    }
}
