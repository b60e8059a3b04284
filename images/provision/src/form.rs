//! Forms that single values must have. What is wrong comes back as what would be right.

use std::fmt;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

/// Names that accounts of staff cannot have: the system's own. The box refuses those of its base tables beside these.
pub const RESERVED_ACCOUNTS: [&str; 10] =
    ["root", "nobody", "daemon", "sshd", "messagebus", "wegovnow", "wegovnow-kiosk", "wegovnow-staff", "technician", "pair"];

/// Shown to people: one line without control characters.
pub fn line(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 120 || text.chars().any(char::is_control) {
        return Err("expected one line of 1 to 120 characters".to_owned());
    }
    Ok(text.to_owned())
}

pub fn language(text: &str) -> Result<String, String> {
    let fits = |part: &str, min: usize| {
        (min..=8).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    if text.len() <= 40 && text.split('-').all(|part| fits(part, 1)) && text.split('-').next().is_some_and(|part| fits(part, 2)) {
        return Ok(text.to_owned());
    }
    Err("expected the code of a language in lower case, such as \"fi\" or \"en-gb\"".to_owned())
}

/// The name of a file beside this one, with one of these endings.
pub fn file(text: &str, endings: &[&str]) -> Result<String, String> {
    let is_plain = !text.starts_with('.') && text.len() <= 100 && !text.chars().any(|c| c.is_control() || "/\\:".contains(c));
    let stem = endings.iter().find_map(|ending| text.strip_suffix(ending));
    if is_plain && stem.is_some_and(|stem| !stem.is_empty()) {
        return Ok(text.to_owned());
    }
    Err(format!("expected the name of a file beside this one that ends with {}", endings.join(" or ")))
}

pub fn time_zone(text: &str) -> Result<String, String> {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|c| c.is_ascii_alphanumeric() || b"_+-".contains(&c))
    };
    if text.len() <= 64 && text.split('/').all(is_part) {
        return Ok(text.to_owned());
    }
    Err("expected a time zone, such as \"Europe/Helsinki\"".to_owned())
}

pub fn ip(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "expected an address, such as \"192.0.2.1\"".to_owned())
}

/// Address and length of the prefix.
pub fn network_address(text: &str) -> Result<(IpAddr, u8), String> {
    let parsed = text.split_once('/').and_then(|(address, prefix)| {
        let address: IpAddr = address.parse().ok()?;
        let prefix: u8 = prefix.parse().ok()?;
        (prefix >= 1 && prefix <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, prefix))
    });
    parsed.ok_or_else(|| "expected an address with the length of its network, such as \"192.0.2.10/24\"".to_owned())
}

/// A name as `aplay -L` lists them.
pub fn sound_device(text: &str) -> Result<String, String> {
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || b":,=_.-".contains(&c);
    if (1..=64).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err("expected ALSA's name of a sound device, such as \"plughw:CARD=Device\"".to_owned())
}

/// A name in the sense of RFC 1123: letters, digits and hyphens between dots.
pub fn host(text: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if text.parse::<IpAddr>().is_ok() || text.len() <= 253 && text.split('.').all(is_label) {
        return Ok(text.to_owned());
    }
    Err("expected a name or an address, such as \"time.example.org\"".to_owned())
}

/// The box's own name: one label of a host's name.
pub fn host_name(text: &str) -> Result<String, String> {
    match host(text) {
        Ok(name) if !name.contains(['.', ':']) && name.len() <= 63 => Ok(name.to_ascii_lowercase()),
        _ => Err("expected letters, digits and hyphens, such as \"kiosk-library\"".to_owned()),
    }
}

/// What need not go through the proxy: hosts, and domains with a dot before them.
pub fn exception(text: &str) -> Result<String, String> {
    match host(text.strip_prefix('.').unwrap_or(text)) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("expected a host or a domain, such as \"intranet.example.org\" or \".example.org\"".to_owned()),
    }
}

/// `http://…` or `https://…` without a login in it.
pub fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let authority = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let is_clean = text.len() <= 2000 && text.bytes().all(|c| c.is_ascii_graphic() && !b"\"'\\`$<>".contains(&c));
    match authority {
        Some(authority) if authority.contains('@') => Err("a login does not belong into an address".to_owned()),
        Some(authority) if is_clean && is_authority(authority) => Ok(text.to_owned()),
        _ => Err("expected an address, such as \"https://updates.example.org/wegovnow\"".to_owned()),
    }
}

/// `http://host:port`, as proxies are given.
pub fn proxy(text: &str) -> Result<String, String> {
    match url(text.trim_end_matches('/')) {
        Ok(url) if url.matches('/').count() == 2 && !url.contains(['?', '#']) => Ok(url),
        Err(what) if what.starts_with("a login") => Err("the login belongs into `user` and `password`".to_owned()),
        _ => Err("expected an address without a path, such as \"http://proxy.example.org:3128\"".to_owned()),
    }
}

fn is_authority(text: &str) -> bool {
    if let Some(rest) = text.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        return address.parse::<std::net::Ipv6Addr>().is_ok() && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    match text.split_once(':') {
        Some((name, port)) => host(name).is_ok() && is_port(port),
        None => host(text).is_ok(),
    }
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port > 0)
}

pub fn account(text: &str) -> Result<String, String> {
    let fits = (1..=31).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
    if !fits {
        return Err("expected a name of lower-case letters, digits and hyphens, such as \"anna\"".to_owned());
    }
    if RESERVED_ACCOUNTS.contains(&text) || text.starts_with("systemd-") {
        return Err(format!("{text:?} is an account of the system: take another name"));
    }
    Ok(text.to_owned())
}

/// A public key as in `~/.ssh/id_ed25519.pub`, one line without options before it.
pub fn ssh_key(text: &str) -> Result<String, String> {
    const KINDS: [&str; 7] = [
        "ssh-ed25519",
        "sk-ssh-ed25519@openssh.com",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ecdsa-sha2-nistp256@openssh.com",
        "ssh-rsa",
    ];
    let text = text.trim();
    if text.contains("PRIVATE KEY") {
        return Err("this is a private key: it must not leave its owner; give the line of the .pub file".to_owned());
    }
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    let (kind, data) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_whole = STANDARD.decode(data).is_ok_and(|bytes| {
        // The key names its kind once more inside.
        let length = bytes.first_chunk::<4>().map(|length| u32::from_be_bytes(*length) as usize);
        length.is_some_and(|length| bytes.get(4..4 + length) == Some(kind.as_bytes()) && bytes.len() > 4 + length + 32)
    });
    if !KINDS.contains(&kind) || text.len() > 8000 || text.chars().any(char::is_control) {
        return Err("expected a public key in one line, such as \"ssh-ed25519 AAAA… anna@desk\"".to_owned());
    }
    if !is_whole {
        return Err("this key is not whole: copy the line of the .pub file once more".to_owned());
    }
    let comment: Vec<&str> = words.collect();
    Ok([kind, data, &comment.join(" ")].join(" ").trim_end().to_owned())
}

/// A span of the day, such as `22:00-06:00`. It may go over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// Minutes after midnight.
    pub from_min: u16,
    pub to_min: u16,
}

impl Hours {
    pub fn contains(&self, min: u16) -> bool {
        if self.from_min <= self.to_min {
            (self.from_min..self.to_min).contains(&min)
        } else {
            min >= self.from_min || min < self.to_min
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hours { from_min, to_min } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from_min / 60, from_min % 60, to_min / 60, to_min % 60)
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// `22:00-06:00`
pub fn hours(text: &str) -> Result<Hours, String> {
    let minutes = |text: &str| {
        let (hours, minutes) = text.split_once(':')?;
        let is_pair = |text: &str| text.len() == 2 && text.bytes().all(|c| c.is_ascii_digit());
        if !is_pair(hours) || !is_pair(minutes) {
            return None;
        }
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        (minutes < 60 && hours * 60 + minutes <= 24 * 60).then_some(hours * 60 + minutes)
    };
    let parsed = text.split_once('-').and_then(|(from, to)| Some((minutes(from.trim())?, minutes(to.trim())?)));
    match parsed {
        Some((from_min, to_min)) if from_min != to_min && from_min < 24 * 60 => Ok(Hours { from_min, to_min }),
        _ => Err("expected a span of the day, such as \"22:00-06:00\"".to_owned()),
    }
}

/// As OpenStreetMap names them.
const DAYS: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];

/// When residents may use the box: a day of the week and a span of it, such as `Mo 08:00-20:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Monday is 0.
    pub day: u8,
    pub hours: Hours,
}

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", DAYS.get(usize::from(self.day)).unwrap_or(&"?"), self.hours)
    }
}

impl Serialize for Opening {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A small part of OpenStreetMap's `opening_hours`: `Mo-Fr 08:00-20:00; Sa,Su 10:00-16:00`, or `24/7`, which comes back empty.
pub fn opening_hours(text: &str) -> Result<Vec<Opening>, String> {
    let wrong = || "expected days and hours, such as \"Mo-Fr 08:00-20:00; Sa 10:00-16:00\", or \"24/7\"".to_owned();
    if text.trim() == "24/7" {
        return Ok(Vec::new());
    }
    let day = |name: &str| DAYS.iter().position(|day| *day == name.trim());
    let mut openings: Vec<Opening> = Vec::new();
    for rule in text.split(';').map(str::trim) {
        let (days, spans) = rule.split_once(' ').ok_or_else(wrong)?;
        for part in days.split(',') {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let (from, to) = day(from).zip(day(to)).ok_or_else(wrong)?;
            let count = (to + DAYS.len() - from) % DAYS.len() + 1;
            for day in (0..count).map(|step| ((from + step) % DAYS.len()) as u8) {
                for span in spans.split(',') {
                    openings.push(Opening { day, hours: hours(span).map_err(|_| wrong())? });
                }
            }
        }
    }
    openings.sort_by_key(|opening| (opening.day, opening.hours.from_min, opening.hours.to_min));
    openings.dedup();
    Ok(openings)
}
