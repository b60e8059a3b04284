//! Damages inputs, repeatably: the same seed and pool give the same input.

/// Longest input; what reads from outside has limits of its own, far below or tested elsewhere.
const LEN_MAX: usize = 64 * 1024;

/// Most damages done to one input.
const STEPS_MAX: u64 = 6;

/// Numbers at which readers of lengths and counts go wrong.
const EDGES: [u64; 12] = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 53, i64::MAX as u64, u64::MAX];

/// Pieces that mean something to one target or another: JSON, digits, text that hides, turns round, grows when folded or is not whole.
const PIECES: [&[u8]; 40] = [
    b"\"",
    b"\\",
    b"\\ud800",
    b"\\u0000",
    b"{}",
    b"[]",
    b"[[",
    b"]]",
    b"null",
    b"true",
    b"-",
    b"-0",
    b"1e999",
    b"NaN",
    b"0.5",
    b"9223372036854775808",
    b",",
    b":",
    b" ",
    b"\n\n\n",
    b"\r\n",
    b"\t",
    b"\0",
    b"<",
    b"&amp;",
    "\u{202E}".as_bytes(),
    "\u{2066}".as_bytes(),
    "\u{200B}".as_bytes(),
    "\u{200D}".as_bytes(),
    "\u{FEFF}".as_bytes(),
    "\u{A0}".as_bytes(),
    "\u{2028}".as_bytes(),
    "\u{85}".as_bytes(),
    "\u{301}".as_bytes(),
    "\u{345}".as_bytes(),
    "\u{FB03}".as_bytes(),
    "\u{130}".as_bytes(),
    "\u{FDFA}".as_bytes(),
    b"\xC3",
    b"\xF0\x9F",
];

/// Chance that can be had again (SplitMix64: Steele, Lea and Flood 2014, figure 1).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 when that is 0.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % (end.max(1) as u64)) as usize
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }

    /// One of several, to change.
    pub fn pick_mut<'a, T>(&mut self, of: &'a mut [T]) -> Option<&'a mut T> {
        let at = self.below(of.len());
        of.get_mut(at)
    }
}

/// One of the pool's inputs with one to six damages done to it.
pub fn damaged(pool: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut data = chance.pick(pool).cloned().unwrap_or_default();
    for _ in 0..=chance.next() % STEPS_MAX {
        damage(&mut data, pool, chance);
    }
    data.truncate(LEN_MAX);
    data
}

fn damage(data: &mut Vec<u8>, pool: &[Vec<u8>], chance: &mut Chance) {
    let at = chance.below(data.len());
    // Mostly short pieces, now and then long ones.
    let reach = if chance.below(8) == 0 { data.len() } else { 16 };
    let end = (at + chance.below(reach + 1)).min(data.len());
    match chance.below(10) {
        0 => on_byte(data, at, |byte| byte ^ 1 << chance.below(8)),
        1 => on_byte(data, at, |_| chance.next() as u8),
        2 => on_byte(data, at, |byte| if chance.below(2) == 0 { byte.wrapping_add(1) } else { byte.wrapping_sub(1) }),
        3 => drop(data.drain(at..end)),
        4 => data.truncate(at),
        5 => {
            let again = data[at..end].to_vec();
            data.splice(at..at, again);
        }
        6 => {
            let piece = chance.pick(&PIECES).copied().unwrap_or_default();
            data.splice(at..at, piece.iter().copied());
        }
        7 => {
            let width = 1 << chance.below(4);
            let number = chance.pick(&EDGES).copied().unwrap_or_default();
            let bytes =
                if chance.below(2) == 0 { number.to_le_bytes() } else { number.rotate_right(8 * width as u32).to_be_bytes() };
            let end = (at + width).min(data.len());
            data[at..end].copy_from_slice(&bytes[..end - at]);
        }
        8 => {
            // A piece of another input.
            let other = chance.pick(pool).map(Vec::as_slice).unwrap_or_default();
            let from = chance.below(other.len());
            let to = (from + chance.below(reach + 1)).min(other.len());
            data.splice(at..end, other[from..to].iter().copied());
        }
        _ => {
            let swapped = chance.below(data.len());
            if !data.is_empty() {
                data.swap(at, swapped);
            }
        }
    }
}

fn on_byte(data: &mut [u8], at: usize, change: impl FnOnce(u8) -> u8) {
    if let Some(byte) = data.get_mut(at) {
        *byte = change(*byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_damages_alike() {
        let pool = [b"birch street 7".to_vec(), b"{\"queue\":\"new\"}".to_vec()];
        let first: Vec<_> = (0..200).map(|seed| damaged(&pool, &mut Chance::new(seed))).collect();
        let again: Vec<_> = (0..200).map(|seed| damaged(&pool, &mut Chance::new(seed))).collect();
        assert_eq!(first, again);
        let distinct: std::collections::BTreeSet<_> = first.iter().collect();
        assert!(distinct.len() > 150, "{} distinct of 200", distinct.len());
    }

    #[test]
    fn nothing_at_all_can_be_damaged() {
        for seed in 0..500 {
            damaged(&[], &mut Chance::new(seed));
            assert!(damaged(&[Vec::new()], &mut Chance::new(seed)).len() < 64);
        }
    }
}
