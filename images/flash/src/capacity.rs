//! Does the medium hold what it says? Marks at its ends, at powers of two and at random places are written, and read back.
//!
//! Fakes either drop what is beyond their real size, or let it wrap round to the start. Those that drop are found by any mark behind the
//! end. Wrapping mostly cuts off high bits of the address: marks that are a power of two apart then lie on each other. A fake that wraps
//! at an odd size is found for sure by the thorough test alone, which marks every MiB.

use std::io;

use sha2::{Digest, Sha256};

use crate::amount;
use crate::buffer::Buffer;
use crate::device::{Medium, read_all, words, write_all};

/// Bytes of a mark.
const MARK: u64 = 4096;

const MIB: u64 = 1 << 20;

const RANDOM_PLACES: usize = 16;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the medium says {} and holds no more than {}: it is a fake or worn out, do not use it", amount::bytes(*says), amount::bytes(*holds))]
    Fake { says: u64, holds: u64 },
    #[error("byte {at} cannot be tested: {}", words(error))]
    Medium { at: u64, error: io::Error },
}

/// Where marks go, in order. `random` gives numbers below the one it is given.
pub fn places(bytes: u64, thorough: bool, random: &mut dyn FnMut(u64) -> u64) -> Vec<u64> {
    let last = (bytes / MARK).saturating_sub(1);
    let mut pages: Vec<u64> = vec![0, last];
    // Half-way within the MiB, so that no two rules meet at the same page.
    let power = |power: u32| (1_u64 << power) / MARK + 3;
    pages.extend([3].into_iter().chain((20..63).map(power)).filter(|page| *page < last));
    pages.extend((0..RANDOM_PLACES).map(|_| random(last.max(1))));
    if thorough {
        pages.extend((0..bytes / MIB).map(|mib| mib * (MIB / MARK) + 128).filter(|page| *page < last));
    }
    pages.sort_unstable();
    pages.dedup();
    pages.into_iter().map(|page| page * MARK).collect()
}

/// Writes all marks, reads all of them, and wipes them. Whatever was there is lost.
pub fn test(medium: &dyn Medium, places: &[u64], seed: [u8; 32]) -> Result<(), Error> {
    let fail = |at: u64| move |error: io::Error| Error::Medium { at, error };
    let mut wrong = None;
    for at in places {
        match write_all(medium, &mark(seed, *at), *at) {
            Err(error) if rustix::io::Errno::from_io_error(&error) == Some(rustix::io::Errno::NOSPC) => {
                wrong = Some(*at);
                break;
            }
            written => written.map_err(fail(*at))?,
        }
    }
    medium.sync().map_err(fail(0))?;
    medium.forget();
    let mut found = Buffer::new(MARK as usize);
    for at in places.iter().take_while(|at| wrong.is_none_or(|wrong| **at < wrong)) {
        let read = read_all(medium, &mut found, *at);
        if read.is_err() || found[..] != mark(seed, *at)[..] {
            // What lies on the place of another was written by a later one: the distance is a multiple of the real size.
            let holds = places
                .iter()
                .filter(|other| *other > at)
                .find(|other| found[..] == mark(seed, **other)[..])
                .map(|other| other - at);
            wrong = Some(holds.unwrap_or(*at));
            break;
        }
    }
    let zeros = Buffer::new(MARK as usize);
    for at in places {
        match write_all(medium, &zeros, *at) {
            Err(error) if wrong.is_none() => return Err(fail(*at)(error)),
            _ => {}
        }
    }
    match wrong {
        Some(holds) => Err(Error::Fake { says: medium.bytes(), holds }),
        None => medium.sync().map_err(fail(0)),
    }
}

/// A page that belongs to one place of one run.
fn mark(seed: [u8; 32], at: u64) -> Buffer {
    let mut page = Buffer::new(MARK as usize);
    for (number, part) in (0_u64..).zip(page.chunks_exact_mut(32)) {
        part.copy_from_slice(
            &Sha256::new().chain_update(seed).chain_update(at.to_le_bytes()).chain_update(number.to_le_bytes()).finalize(),
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::fault::{Fake, Faults};

    const SIZE: u64 = 64 << 20;

    fn try_with(faults: Faults, thorough: bool) -> Result<(), Error> {
        let mut number = 0;
        let mut random = |below: u64| {
            number += 7919;
            number % below
        };
        test(&Fake::with(SIZE, faults), &places(SIZE, thorough, &mut random), [9; 32])
    }

    #[test]
    fn point_8_an_honest_medium_passes_and_is_left_clean() {
        try_with(Faults::default(), false).unwrap();
        try_with(Faults { short: Some(700), ..Faults::default() }, true).unwrap();
        let medium = Fake::new(SIZE);
        let places = places(SIZE, false, &mut |below| below / 3);
        test(&medium, &places, [1; 32]).unwrap();
        assert!(places.contains(&0) && places.contains(&(SIZE - MARK)), "both ends are tested");
        assert!(places.iter().all(|at| medium.content(*at..*at + MARK).iter().all(|byte| *byte == 0)));
    }

    #[test]
    fn point_8_fakes_are_found() {
        for real in [1, 2, 4, 8, 16, 32] {
            let real = real << 20;
            let wrapped = try_with(Faults { wraps_at: Some(real), ..Faults::default() }, false).unwrap_err();
            assert!(matches!(wrapped, Error::Fake { says: SIZE, holds } if holds % real == 0), "{wrapped}");
            let dropped = try_with(Faults { dropped: Some(real..SIZE), ..Faults::default() }, false).unwrap_err();
            assert!(matches!(dropped, Error::Fake { holds, .. } if (real..SIZE).contains(&holds)), "{dropped}");
            let full = try_with(Faults { full_at: Some(real), ..Faults::default() }, false).unwrap_err();
            assert!(matches!(full, Error::Fake { .. }), "{full}");
        }
        // No power of two.
        let odd = Faults { wraps_at: Some(23 << 20), ..Faults::default() };
        assert!(matches!(try_with(odd, true), Err(Error::Fake { holds, .. }) if holds % (23 << 20) == 0));
        let bad = Faults { write_error: Some(SIZE - 512..SIZE), ..Faults::default() };
        assert!(matches!(try_with(bad, false), Err(Error::Medium { .. })));
    }
}
