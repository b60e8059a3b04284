//! Dots as the bytes of ESC/POS, which all receipt printers understand in some dialect. Only what every dialect has is used: initialise,
//! raster picture (`GS v 0`), feed, cut, and questions. The QR code is part of the picture: the printers' own command for it
//! (`GS ( k`) is missing in cheap ones, and they do not agree on its sizes and quiet zone.
//!
//! Source of commands and of what answers mean: Epson, "ESC/POS Command Reference".

use zeroize::Zeroizing;

use super::lettering::Letters;
use super::paper::{Dots, Paper};
use super::{Slip, paper};

pub const ESC: u8 = 0x1B;
pub const GS: u8 = 0x1D;
pub const DLE: u8 = 0x10;
pub const EOT: u8 = 0x04;
pub const ENQ: u8 = 0x05;
pub const DC4: u8 = 0x14;

/// `ESC @`: everything as after switching on; what stands in the line buffer is dropped.
pub const INITIALISE: [u8; 2] = [ESC, b'@'];
/// `DLE DC4 8 1 3 20 1 6 2 8`: drops what was received and is not yet printed, at once. Printers that do not know it ignore it.
pub const CLEAR: [u8; 10] = [DLE, DC4, 8, 1, 3, 20, 1, 6, 2, 8];
/// `GS r 1`: asks for the state of the paper, in its turn: the answer means that all before it has been taken from the buffer.
pub const PAPER: [u8; 3] = [GS, b'r', 1];

/// `GS v 0`: a picture, row by row.
pub const PICTURE: [u8; 3] = [GS, b'v', b'0'];
/// Bytes before its dots.
pub const PICTURE_HEAD: usize = 8;

/// The most bytes of a picture that are sent at a time. Between two the printer is asked how it is, so that little of a slip lies in
/// its buffer when the paper ends: a small printer has room for 4096 bytes.
const BAND_BYTES: usize = 2048;

/// Bytes for a printer, in pieces of whole commands. Written over when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    pub pieces: Vec<Piece>,
}

/// Some whole commands.
#[derive(Clone, PartialEq, Eq)]
pub struct Piece {
    pub bytes: Zeroizing<Vec<u8>>,
    /// How far they move the paper, in dots.
    pub rows: usize,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Document {{ {} pieces }}", self.pieces.len())
    }
}

/// A slip, ready to be sent.
pub fn print(slip: &Slip, paper: Paper, letters: &mut Letters) -> Document {
    document(paper::draw(slip, paper, letters), paper)
}

/// The bytes that put these dots on paper, and cut it off.
pub fn document(mut dots: Dots, paper: Paper) -> Document {
    guard(&mut dots);
    let across = dots.width() / 8;
    let band = (BAND_BYTES / across).clamp(1, 255) * across;
    let mut pieces = vec![Piece { bytes: Zeroizing::new(INITIALISE.to_vec()), rows: 0 }];
    pieces.extend(dots.bytes().chunks(band).map(|rows| {
        let count = rows.len() / across;
        // GS v 0 m xL xH yL yH: m = 0 is one dot for one dot. Neither number is above 255.
        let [gs, v, zero] = PICTURE;
        let head: [u8; PICTURE_HEAD] = [gs, v, zero, 0, across as u8, 0, count as u8, 0];
        let mut bytes = Zeroizing::new(Vec::with_capacity(head.len() + rows.len()));
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(rows);
        Piece { bytes, rows: count }
    }));
    let mut end = Vec::new();
    // Small printers mostly have no knife: the slip must come out as far as the edge where it is torn off. ESC d n: feeds n lines.
    if paper == Paper::Mm58 {
        end.extend([ESC, b'd', 4]);
    }
    // GS V 66 0: feeds as far as the knife and cuts, all but one point, so that nothing falls to the ground.
    end.extend([GS, b'V', 66, 0]);
    pieces.push(Piece { bytes: Zeroizing::new(end), rows: 150 });
    Document { pieces }
}

/// Printers watch for real-time commands in everything that arrives, the bytes of a picture too (Epson: "DLE DC4", notes). A dot more,
/// an eighth of a millimetre, and a picture holds none: not one that asks, recovers, opens a drawer or switches off.
pub fn guard(dots: &mut Dots) {
    let bytes = dots.bytes_mut();
    for at in 1..bytes.len() {
        if let [first @ DLE, EOT | ENQ | DC4] = &mut bytes[at - 1..=at] {
            *first |= 0x08;
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
