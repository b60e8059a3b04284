//! Local time: how far it is ahead of UTC, from the system's time zone file (RFC 8536).

use std::path::PathBuf;

use api::UnixMs;

/// Seconds that local time is ahead of UTC at a moment; zero where the system does not say.
pub fn offset_s(now_ms: UnixMs) -> i32 {
    let path = match std::env::var("TZ") {
        Ok(name) if name.is_empty() => return 0,
        Ok(name) => {
            let name = name.trim_start_matches(':');
            if name.starts_with('/') { PathBuf::from(name) } else { PathBuf::from("/usr/share/zoneinfo").join(name) }
        }
        Err(_) => PathBuf::from("/etc/localtime"),
    };
    std::fs::read(path).ok().and_then(|file| at(&file, (now_ms / 1000).min(1 << 40) as i64)).unwrap_or(0)
}

/// The offset in a zone file at a moment in seconds since 1970: of the last change of the clocks before it.
fn at(file: &[u8], second: i64) -> Option<i32> {
    let head = |at: usize| {
        let head = file.get(at..at + 44)?;
        let count = |field: usize| {
            let bytes = head.get(20 + 4 * field..24 + 4 * field)?;
            Some(u32::from_be_bytes(bytes.try_into().ok()?) as usize)
        };
        head.starts_with(b"TZif").then_some(())?;
        // In file order: isut, isstd, leap, transitions, types, characters.
        Some((head[4], [count(0)?, count(1)?, count(2)?, count(3)?, count(4)?, count(5)?]))
    };
    let (version, [isut, isstd, leap, times, types, letters]) = head(0)?;
    // Version 1 has 32-bit times first; what follows from version 2 on has 64-bit times.
    let (start, times, types) = if version == 0 {
        return None;
    } else {
        let second_head = 44 + times * 5 + types * 6 + letters + leap * 8 + isstd + isut;
        let (_, [_, _, _, times, types, _]) = head(second_head)?;
        (second_head + 44, times, types)
    };
    let time = |index: usize| {
        let at = start + index * 8;
        Some(i64::from_be_bytes(file.get(at..at + 8)?.try_into().ok()?))
    };
    let last = (0..times).rev().find(|index| time(*index).is_some_and(|time| time <= second));
    let kind = match last {
        Some(index) => usize::from(*file.get(start + times * 8 + index)?),
        None => 0,
    };
    if kind >= types {
        return None;
    }
    let at = start + times * 9 + kind * 6;
    Some(i32::from_be_bytes(file.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_change_of_the_clocks_counts() {
        let head = |times: u32, types: u32| {
            let mut head = b"TZif2".to_vec();
            head.extend([0; 15]);
            for count in [0, 0, 0, times, types, 4] {
                head.extend(u32::to_be_bytes(count));
            }
            head
        };
        let mut file = head(0, 1);
        file.extend([0, 0, 0, 0, 0, 0]);
        file.extend(b"UTC\0");
        file.extend(head(2, 2));
        file.extend(1000i64.to_be_bytes());
        file.extend(2000i64.to_be_bytes());
        file.extend([1, 0]);
        for offset in [7200i32, 10800] {
            file.extend(offset.to_be_bytes());
            file.extend([0, 0]);
        }
        assert_eq!(at(&file, 999), Some(7200));
        assert_eq!(at(&file, 1500), Some(10800));
        assert_eq!(at(&file, 5000), Some(7200));
        for length in 0..file.len() {
            at(&file[..length], 1500);
        }
        assert_eq!(at(b"no zone", 0), None);
    }
}
