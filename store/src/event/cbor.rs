//! Deterministic CBOR (RFC 8949 §4.2.1), as far as the envelope needs it, written straight to bytes.

/// Majors of an item's first byte.
const UINT: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const NULL: u8 = 0xF6;
/// Deeper items are left to the general encoder.
const DEPTH_MAX: u8 = 32;

fn head(out: &mut Vec<u8>, major: u8, value: u64) {
    let major = major << 5;
    match value {
        0..=23 => out.push(major | value as u8),
        24..=0xFF => out.extend_from_slice(&[major | 24, value as u8]),
        0x100..=0xFFFF => {
            out.push(major | 25);
            out.extend_from_slice(&(value as u16).to_be_bytes());
        }
        0x1_0000..=0xFFFF_FFFF => {
            out.push(major | 26);
            out.extend_from_slice(&(value as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&value.to_be_bytes());
        }
    }
}

pub(super) fn uint(out: &mut Vec<u8>, value: u64) {
    head(out, UINT, value);
}

/// A number below zero.
pub(super) fn negative(out: &mut Vec<u8>, value: i64) {
    head(out, NEGATIVE, !value as u64);
}

pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    head(out, TEXT, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

pub(super) fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    head(out, BYTES, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub(super) fn bytes_or_null(out: &mut Vec<u8>, some: Option<&[u8]>) {
    match some {
        Some(some) => bytes(out, some),
        None => out.push(NULL),
    }
}

pub(super) fn array(out: &mut Vec<u8>, items: usize) {
    head(out, ARRAY, items as u64);
}

pub(super) fn map(out: &mut Vec<u8>, entries: usize) {
    head(out, MAP, entries as u64);
}

/// Major, value and what follows.
fn read_head(item: &[u8]) -> Option<(u8, u64, &[u8])> {
    let (first, rest) = item.split_first()?;
    let (major, info) = (first >> 5, first & 0x1F);
    let (value, rest) = match info {
        0..=23 => (u64::from(info), rest),
        24 => rest.split_first().map(|(value, rest)| (u64::from(*value), rest))?,
        25 => rest.split_first_chunk().map(|(value, rest)| (u64::from(u16::from_be_bytes(*value)), rest))?,
        26 => rest.split_first_chunk().map(|(value, rest)| (u64::from(u32::from_be_bytes(*value)), rest))?,
        27 => rest.split_first_chunk().map(|(value, rest)| (u64::from_be_bytes(*value), rest))?,
        _ => return None,
    };
    Some((major, value, rest))
}

/// A byte string and what follows it.
pub(super) fn read_bytes(item: &[u8]) -> Option<(&[u8], &[u8])> {
    let (major, length, rest) = read_head(item)?;
    if major == BYTES { rest.split_at_checked(usize::try_from(length).ok()?) } else { None }
}

/// Reads one item after the other. Takes heads of any length: whoever needs the shortest form writes what was read and compares.
pub(super) struct Reader<'a>(pub &'a [u8]);

impl Reader<'_> {
    fn head(&mut self, wanted: u8) -> Option<u64> {
        let (major, value, rest) = read_head(self.0)?;
        if major != wanted {
            return None;
        }
        self.0 = rest;
        Some(value)
    }

    pub fn uint(&mut self) -> Option<u64> {
        self.head(UINT)
    }

    /// A byte string of this length.
    pub fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = read_bytes(self.0)?;
        let bytes = bytes.try_into().ok()?;
        self.0 = rest;
        Some(bytes)
    }

    /// A byte string of this length, or null.
    pub fn fixed_or_null<const N: usize>(&mut self) -> Option<Option<[u8; N]>> {
        match self.0.strip_prefix(&[NULL]) {
            Some(rest) => {
                self.0 = rest;
                Some(None)
            }
            None => self.fixed().map(Some),
        }
    }

    /// An array's number of items.
    pub fn array(&mut self) -> Option<u64> {
        self.head(ARRAY)
    }

    /// A map's number of entries.
    pub fn map(&mut self) -> Option<u64> {
        self.head(MAP)
    }
}

/// The item with every map sorted by the bytes of its encoded keys. Nothing where the bytes are not exactly one item of definite
/// lengths with heads in their shortest form.
pub(super) fn sorted(item: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(item.len());
    let rest = sort_item(item, &mut out, 0)?;
    rest.is_empty().then_some(out)
}

fn sort_item<'a>(item: &'a [u8], out: &mut Vec<u8>, depth: u8) -> Option<&'a [u8]> {
    let (major, value, mut rest) = read_head(item)?;
    if depth == DEPTH_MAX {
        return None;
    }
    out.extend_from_slice(&item[..item.len() - rest.len()]);
    match major {
        BYTES | TEXT => {
            let (content, after) = rest.split_at_checked(usize::try_from(value).ok()?)?;
            out.extend_from_slice(content);
            rest = after;
        }
        ARRAY => {
            for _ in 0..value {
                rest = sort_item(rest, out, depth + 1)?;
            }
        }
        MAP => {
            let start = out.len();
            // (start of key, start of value, end) in `out`.
            let mut entries = Vec::new();
            for _ in 0..value {
                let key = out.len();
                rest = sort_item(rest, out, depth + 1)?;
                let value = out.len();
                rest = sort_item(rest, out, depth + 1)?;
                entries.push((key, value, out.len()));
            }
            if !entries.is_sorted_by(|a, b| out[a.0..a.1] <= out[b.0..b.1]) {
                let unsorted = out.split_off(start);
                entries.sort_by(|a, b| unsorted[a.0 - start..a.1 - start].cmp(&unsorted[b.0 - start..b.1 - start]));
                for (key, _, end) in entries {
                    out.extend_from_slice(&unsorted[key - start..end - start]);
                }
            }
        }
        TAG => rest = sort_item(rest, out, depth + 1)?,
        // Numbers and simple values are their head.
        _ => {}
    }
    Some(rest)
}
