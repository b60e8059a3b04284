use image::{Rgb, RgbImage, Rgba, RgbaImage};

use super::*;

fn png(image: &DynamicImage) -> Vec<u8> {
    let mut file = Vec::new();
    image.write_to(&mut Cursor::new(&mut file), ImageFormat::Png).unwrap();
    file
}

/// A JPEG, left half red and right half blue, whose EXIF block says that it was taken at a place and turned by 90°.
fn turned_jpeg() -> Vec<u8> {
    let image = RgbImage::from_fn(64, 32, |x, _| if x < 32 { Rgb([220, 10, 10]) } else { Rgb([10, 10, 220]) });
    let mut plain = Vec::new();
    JpegEncoder::new_with_quality(&mut plain, 95).encode_image(&image).unwrap();
    // TIFF, little endian: one directory with Orientation (0x0112) = 6 and an ImageDescription (0x010E) that must not survive.
    let mut tiff = b"II*\0\x08\0\0\0\x02\0".to_vec();
    tiff.extend(b"\x0E\x01\x02\0\x0C\0\0\0\x26\0\0\0");
    tiff.extend(b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0");
    tiff.extend(b"\0\0\0\0");
    tiff.extend(b"home of Bo!\0");
    let mut segment = b"\xFF\xE1".to_vec();
    segment.extend(((tiff.len() + 8) as u16).to_be_bytes());
    segment.extend(b"Exif\0\0");
    segment.extend(tiff);
    let mut file = plain[..2].to_vec();
    file.extend(segment);
    file.extend(&plain[2..]);
    file
}

#[test]
fn a_turned_photo_stands_upright_and_says_nothing_about_its_maker() {
    let file = turned_jpeg();
    assert!(file.windows(4).any(|part| part == b"Exif"));
    let photo = prepare(&file).unwrap();
    assert_eq!((photo.width_px, photo.height_px), (32, 64), "orientation 6 is a quarter turn");
    assert!(!photo.jpeg.windows(4).any(|part| part == b"Exif"));
    assert!(!photo.jpeg.windows(7).any(|part| part == b"home of"));
    let image = image::load_from_memory(&photo.jpeg).unwrap().into_rgb8();
    let (top, bottom) = (image.get_pixel(16, 8), image.get_pixel(16, 56));
    assert!(top[0] > 150 && bottom[2] > 150, "the left side came up: {top:?} {bottom:?}");
}

#[test]
fn a_large_photo_becomes_smaller_and_a_clear_one_white() {
    let photo = prepare(&png(&DynamicImage::ImageRgb8(RgbImage::new(3200, 100)))).unwrap();
    assert_eq!((photo.width_px, photo.height_px), (1600, 50));
    let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 0])));
    let photo = prepare(&png(&clear)).unwrap();
    assert!(image::load_from_memory(&photo.jpeg).unwrap().into_rgb8().get_pixel(4, 4)[0] > 250);
}

#[test]
fn what_is_no_photo_is_refused() {
    for file in [&b""[..], b"GIF89a\x01\0\x01\0\0\0\0;", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", &[0; 64]] {
        assert_eq!(prepare(file), Err(BadPhoto::UnknownFormat));
    }
    let whole = png(&DynamicImage::ImageRgb8(RgbImage::new(50, 50)));
    for cut in [9, 20, 40, whole.len() / 2] {
        assert!(matches!(prepare(&whole[..cut]), Err(BadPhoto::Broken(_))), "{cut}");
    }
}

#[test]
fn an_image_that_claims_to_be_huge_is_refused_before_it_is_decoded() {
    let mut file = png(&DynamicImage::ImageRgb8(RgbImage::new(8, 8)));
    // IHDR's width and height, then its checksum (PNG, 11.2.2 and 5.3).
    file[16..20].copy_from_slice(&20_000_u32.to_be_bytes());
    file[20..24].copy_from_slice(&20_000_u32.to_be_bytes());
    let crc = crc32(&file[12..29]);
    file[29..33].copy_from_slice(&crc.to_be_bytes());
    let refused = prepare(&file);
    assert!(matches!(refused, Err(BadPhoto::TooManyPixels { width_px: 20_000, .. } | BadPhoto::Broken(_))), "{refused:?}");
}

/// CRC-32 of PNG (annex D).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}
