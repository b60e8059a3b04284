//! Photos of strangers: decoded under limits, turned upright, made smaller, written anew. Nothing of the original file survives but
//! what can be seen: no place, no camera, no owner.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

/// Longest side of a stored photo, in pixels.
pub const SIDE_MAX_PX: u32 = 1600;
/// Longest side that is decoded, in pixels.
const DECODE_SIDE_MAX_PX: u32 = 12_000;
/// Most pixels that are decoded: 64 million, more than a phone takes.
const DECODE_PIXELS_MAX: u64 = 64_000_000;
/// Memory that decoding may take, in bytes.
const DECODE_MEMORY_MAX: u64 = 320 * 1024 * 1024;
/// Quality of a stored photo, of 100.
const QUALITY: u8 = 82;

/// A photo as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// JPEG without metadata.
    pub jpeg: Vec<u8>,
    pub width_px: u32,
    pub height_px: u32,
}

/// Why a file is no photo.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPhoto {
    #[error("the file is not a JPEG, PNG or WebP image")]
    UnknownFormat,
    #[error("the image has {width_px} × {height_px} pixels, more than is taken")]
    TooManyPixels { width_px: u32, height_px: u32 },
    #[error("the image is broken: {0}")]
    Broken(String),
}

/// The photo as it is stored.
pub fn prepare(file: &[u8]) -> Result<Photo, BadPhoto> {
    let format = image::guess_format(file).map_err(|_| BadPhoto::UnknownFormat)?;
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP) {
        return Err(BadPhoto::UnknownFormat);
    }
    let broken = |error: image::ImageError| BadPhoto::Broken(error.to_string());
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODE_MEMORY_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width_px, height_px) = decoder.dimensions();
    let pixels = u64::from(width_px) * u64::from(height_px);
    if width_px > DECODE_SIDE_MAX_PX || height_px > DECODE_SIDE_MAX_PX || pixels > DECODE_PIXELS_MAX {
        return Err(BadPhoto::TooManyPixels { width_px, height_px });
    }
    if pixels == 0 {
        return Err(BadPhoto::Broken("it has no pixels".to_owned()));
    }
    // A broken note about how the camera was held is no reason to refuse the picture.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(broken)?;
    if width_px > SIDE_MAX_PX || height_px > SIDE_MAX_PX {
        image = image.thumbnail(SIDE_MAX_PX, SIDE_MAX_PX);
    }
    image.apply_orientation(orientation);
    let image = on_white(image);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&image).map_err(broken)?;
    Ok(Photo { jpeg, width_px: image.width(), height_px: image.height() })
}

/// JPEG knows no transparency: what shines through is white.
fn on_white(image: DynamicImage) -> image::RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    image::RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [r, g, b, a] = image.get_pixel(x, y).0;
        let mix = |c: u8| ((u16::from(c) * u16::from(a) + 255 * (255 - u16::from(a))) / 255) as u8;
        image::Rgb([mix(r), mix(g), mix(b)])
    })
}

#[cfg(test)]
mod tests;
