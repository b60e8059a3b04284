//! Memory that direct access takes: aligned to 4096 bytes, as the largest sectors want it.

use std::ops::{Deref, DerefMut};

pub const ALIGN: usize = 4096;

/// So many bytes, aligned. They lie on the heap and do not move with the value.
pub struct Buffer {
    bytes: Vec<u8>,
    from: usize,
    length: usize,
}

impl Buffer {
    pub fn new(length: usize) -> Buffer {
        let bytes = vec![0; length + ALIGN];
        let from = bytes.as_ptr().align_offset(ALIGN);
        Buffer { bytes, from, length }
    }

    pub fn from(bytes: &[u8]) -> Buffer {
        let mut buffer = Buffer::new(bytes.len());
        buffer.copy_from_slice(bytes);
        buffer
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.from..self.from + self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.from..self.from + self.length]
    }
}

static ZEROS: [u8; ALIGN] = [0; ALIGN];

/// Nothing but zeros? Compared with zeros, which the machine's own comparison does fastest.
pub fn is_zero(bytes: &[u8]) -> bool {
    bytes.chunks(ALIGN).all(|part| *part == ZEROS[..part.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_aligned_and_zeros_are_seen() {
        for length in [0, 1, 4096, 1 << 20] {
            assert_eq!(Buffer::new(length).as_ptr().align_offset(ALIGN), 0);
        }
        for length in [0, 1, 15, 16, 17, 4096, 4097, 9000] {
            let mut bytes = vec![0; length];
            assert!(is_zero(&bytes));
            for at in [0, length / 2, length.saturating_sub(1)] {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = 1;
                    assert!(!is_zero(&bytes), "{at} of {length}");
                    bytes[at] = 0;
                }
            }
        }
    }
}
