//! Bytes and seconds in words.

/// Bytes as makers of media count them, in tens of three, at most three digits and one behind the point.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut unit = 0;
    let mut scale = 1_u64;
    while unit + 1 < UNITS.len() && count / scale >= 1000 {
        scale *= 1000;
        unit += 1;
    }
    if unit == 0 || count / scale >= 100 {
        return format!("{} {}", count / scale, UNITS[unit]);
    }
    format!("{}.{} {}", count / scale, count % scale / (scale / 10), UNITS[unit])
}

/// `1:05` for minutes and seconds, `2:03:04` with hours.
pub fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_on_the_package() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(31_914_983_424), "31.9 GB");
        assert_eq!(bytes(512_110_190_592), "512 GB");
        assert_eq!(bytes(1_050), "1.0 kB");
        assert_eq!(bytes(u64::MAX), "18446 PB");
    }

    #[test]
    fn times_are_short() {
        assert_eq!(clock(65), "1:05");
        assert_eq!(clock(7384), "2:03:04");
    }
}
