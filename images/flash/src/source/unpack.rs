//! Packed images: told by their first bytes, never by their names.

use std::fs::File;
use std::io::{self, BufReader, Read};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::{Positioned, fill};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Packing {
    Raw,
    Xz,
    Zstd,
    Gzip,
}

const READ_AHEAD: usize = 1 << 20;

impl Packing {
    pub fn of(file: &File) -> io::Result<Packing> {
        let mut head = [0; 6];
        fill(&mut Positioned::new(file), &mut head)?;
        Ok(match head {
            [0xfd, b'7', b'z', b'X', b'Z', 0] => Packing::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
            [0x1f, 0x8b, ..] => Packing::Gzip,
            _ => Packing::Raw,
        })
    }

    pub fn word(self) -> &'static str {
        match self {
            Packing::Raw => "not packed",
            Packing::Xz => "xz",
            Packing::Zstd => "zstd",
            Packing::Gzip => "gzip",
        }
    }
}

/// Bytes when unpacked, where the file says so. gzip keeps only their last 32 bits, so it does not.
pub fn raw_bytes(packing: Packing, file: &File) -> io::Result<Option<u64>> {
    match packing {
        Packing::Raw => Ok(Some(file.metadata()?.len())),
        // The index at its end; a damaged one is found by whoever unpacks it.
        Packing::Xz => xz_bytes(file),
        Packing::Zstd => {
            let mut head = [0; 18];
            let length = fill(&mut Positioned::new(file), &mut head)?;
            let stated = zstd::zstd_safe::get_frame_content_size(&head[..length]).ok().flatten();
            // A second frame behind the first is not counted here.
            let frame = stated.filter(|_| is_one_frame(file).unwrap_or(false));
            Ok(frame)
        }
        Packing::Gzip => Ok(None),
    }
}

/// The sum of an xz file's index (its format, sections 2.1.2 and 4), where the file is one stream.
fn xz_bytes(file: &File) -> io::Result<Option<u64>> {
    use std::os::unix::fs::FileExt;
    let length = file.metadata()?.len();
    let Some(footer_at) = length.checked_sub(12) else { return Ok(None) };
    let mut footer = [0; 12];
    file.read_exact_at(&mut footer, footer_at)?;
    let index_bytes = (u64::from(u32::from_le_bytes([footer[4], footer[5], footer[6], footer[7]])) + 1) * 4;
    // An index larger than this has millions of blocks: nobody packs so.
    let Some(index_at) = footer_at.checked_sub(index_bytes).filter(|_| footer.ends_with(b"YZ") && index_bytes < 1 << 26) else {
        return Ok(None);
    };
    let mut index = vec![0; index_bytes as usize];
    file.read_exact_at(&mut index, index_at)?;
    Ok(sum_of_index(&index).filter(|(_, blocks)| 12 + blocks == index_at).map(|(raw, _)| raw))
}

/// Unpacked bytes, and those of the packed blocks.
fn sum_of_index(index: &[u8]) -> Option<(u64, u64)> {
    let mut at = 1;
    let mut number = || {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let byte = *index.get(at)?;
            at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    };
    let (mut raw, mut blocks) = (0_u64, 0_u64);
    for _ in 0..number()? {
        blocks = blocks.checked_add(number()?.checked_next_multiple_of(4)?)?;
        raw = raw.checked_add(number()?)?;
    }
    Some((raw, blocks)).filter(|_| index.first() == Some(&0))
}

/// Does the file end where its first zstd frame does? Walks the heads of blocks (RFC 8878, section 3.1.1).
fn is_one_frame(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::FileExt;
    let mut descriptor = [0; 5];
    file.read_exact_at(&mut descriptor, 0)?;
    let flags = descriptor[4];
    let single = flags & 0x20 != 0;
    let dictionary = [0, 1, 2, 4][usize::from(flags & 3)];
    let size = [u64::from(single), 2, 4, 8][usize::from(flags >> 6)];
    let mut at = 5 + u64::from(!single) + dictionary + size;
    loop {
        let mut head = [0; 4];
        file.read_exact_at(&mut head[..3], at)?;
        let head = u32::from_le_bytes(head);
        // A block of one repeated byte stores one.
        at += 3 + if head >> 1 & 3 == 1 { 1 } else { u64::from(head >> 3) };
        if head & 1 == 1 {
            return Ok(at + if flags & 4 != 0 { 4 } else { 0 } == file.metadata()?.len());
        }
    }
}

/// The unpacked bytes. Files made of several parts, one behind the other, are read to their end.
pub fn reader<'a>(packing: Packing, file: Positioned<'a>) -> Result<Box<dyn Read + Send + 'a>> {
    let file = BufReader::with_capacity(READ_AHEAD, file);
    Ok(match packing {
        Packing::Raw => Box::new(file.into_inner()),
        Packing::Xz => Box::new(lzma_rust2::XzReader::new(file, true)),
        Packing::Zstd => Box::new(zstd::Decoder::with_buffer(file).context("cannot start to unpack zstd")?),
        Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
    })
}
