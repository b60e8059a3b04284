//! Random numbers: from the system for the store, from a seed for the demonstration.

use store::keyring::Chance;

/// The system's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn fill(&mut self, bytes: &mut [u8]) {
        // Keys made of anything less would be worse than none.
        if let Err(error) = getrandom::fill(bytes) {
            tracing::error!(%error, "the system has no random numbers: stopping");
            std::process::abort();
        }
    }
}

/// Numbers that follow from a seed (SplitMix64; Steele, Lea and Flood, 2014). For invented data only, never for keys.
#[derive(Debug, Clone)]
pub struct SeededChance(u64);

impl SeededChance {
    pub fn new(seed: u64) -> SeededChance {
        SeededChance(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `limit`; 0 when the limit is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(limit)) >> 64) as u64
    }

    /// Whether something happens that does so `percent` times of a hundred.
    pub fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several; none of none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len() as u64) as usize)
    }

    /// Fresh bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        for chunk in bytes.chunks_mut(8) {
            let next = self.draw().to_be_bytes();
            chunk.iter_mut().zip(next).for_each(|(byte, part)| *byte = part);
        }
        bytes
    }
}

impl Chance for SeededChance {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.draw().to_be_bytes();
            chunk.iter_mut().zip(next).for_each(|(byte, part)| *byte = part);
        }
    }
}
