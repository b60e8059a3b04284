//! Pairing: how a box that nobody has set up yet takes its settings over the network.
//!
//! While there are no settings, whoever stands before the box reads a code from its screen, and `ssh pair@BOX CODE <appliance.toml`
//! hands the settings over. The code proves that somebody is there. Everything here that decides is a function of the [`Window`] and
//! of values: time and chance come as arguments.
//!
//! The window lies on `/run`, not on the state partition, so a restart forgets how many tries were wrong. That gives nothing away: a
//! start takes longer than the shortest pause and draws another code, and who can restart the box stands before it and may read the
//! code. A count that lasts would let strangers in the network write to the flash, and keep a pause up that a technician could not
//! end by the switch.

pub mod serve;
pub mod relay;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Caretaker, file, identity, settings};

/// The account whose login is the pairing.
pub const ACCOUNT: &str = "pair";
/// Where the root's side listens, below `/run/wegovnow-box`. The unit names it too.
pub const SOCKET: &str = "pair.socket";
/// The window, below `/run/wegovnow-box`.
const WINDOW: &str = "pairing.json";

/// Letters and digits that nobody mistakes for one another: without 0, O, 1, I and L.
pub const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// 31^6 are 888 million codes.
pub const LEN: usize = 6;

/// A code is void after this.
pub const LIFE: Duration = Duration::from_secs(600);
/// A code that is shown lives at least so long: the screen may be half a minute behind, and somebody has to type.
pub const SHOWN_LIFE_MIN: Duration = Duration::from_secs(60);
/// So many wrong tries use a code up, and bring a pause.
pub const TRIES: u32 = 5;
/// The first pause; each is twice as long as the one before, up to the longest. In the long run 720 codes are tried in a day: a
/// chance of one in 1.2 million.
const PAUSE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(600));

/// A one-time code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code([u8; LEN]);

impl Code {
    /// Drawn so that each is as likely as the others.
    pub fn draw(chance: &mut dyn FnMut(&mut [u8]) -> io::Result<()>) -> io::Result<Code> {
        let mut letters = Vec::with_capacity(LEN);
        // Of 32 values one is not used; that a hundred rounds leave no code does not happen by chance.
        for _ in 0..100 {
            let mut bytes = [0; 16];
            chance(&mut bytes)?;
            letters.extend(bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 31)).copied()));
            if let Some(first) = letters.first_chunk() {
                return Ok(Code(*first));
            }
        }
        Err(io::Error::other("the source of chance gives always the same"))
    }

    /// As somebody types it: small letters, spaces and hyphens do not matter. None is no code at all.
    pub fn typed(text: &str) -> Option<Code> {
        let letters = text.bytes().filter(|byte| !b" -\t".contains(byte)).map(|byte| byte.to_ascii_uppercase());
        let letters: Vec<u8> = letters.take(LEN + 1).collect();
        let letters: [u8; LEN] = letters.try_into().ok()?;
        letters.iter().all(|letter| ALPHABET.contains(letter)).then_some(Code(letters))
    }

    /// Takes as long for a code that differs in the first letter as for one that differs in the last.
    fn is(self, other: Code) -> bool {
        let differ = self.0.iter().zip(other.0).fold(0, |differ, (a, b)| differ | (a ^ b));
        std::hint::black_box(differ) == 0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}

/// Never into a log.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
        let text = String::deserialize(deserializer)?;
        Code::typed(&text).ok_or_else(|| serde::de::Error::custom("no code"))
    }
}

/// The open window: the code that counts, and what was tried. Times are since the machine was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    code: Code,
    made: Duration,
    /// Wrong tries since the start, over all codes and connections.
    wrong: u32,
    /// Nothing is tried before this.
    closed_until: Duration,
}

/// What becomes of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Right,
    /// So many tries are left of this code.
    Wrong {
        left: u32,
    },
    /// The last try of a code was wrong: another code is shown, and nothing is tried for a while.
    Spent {
        wait: Duration,
    },
    /// Not looked at: nothing is tried yet.
    Paused {
        wait: Duration,
    },
    /// This is no code: not counted, for it cannot be right.
    NoCode,
}

impl Window {
    pub fn open(now: Duration, code: Code) -> Window {
        Window { code, made: now, wrong: 0, closed_until: Duration::ZERO }
    }

    /// How long the code counts.
    pub fn left(&self, now: Duration) -> Duration {
        LIFE.saturating_sub(now.saturating_sub(self.made))
    }

    /// With another code, if this one has less left. A new code forgives no try.
    pub fn renewed(self, now: Duration, left_min: Duration, fresh: Code) -> Window {
        if self.left(now) > left_min { self } else { Window { code: fresh, made: now, ..self } }
    }

    /// One try. `fresh` takes the place of a code that is used up or void.
    pub fn tried(self, now: Duration, text: &str, fresh: Code) -> (Window, Verdict) {
        let wait = self.closed_until.saturating_sub(now);
        if !wait.is_zero() {
            return (self, Verdict::Paused { wait });
        }
        let Some(guess) = Code::typed(text) else { return (self, Verdict::NoCode) };
        let mut window = self.renewed(now, Duration::ZERO, fresh);
        if window.code.is(guess) {
            return (window, Verdict::Right);
        }
        window.wrong = window.wrong.saturating_add(1);
        if !window.wrong.is_multiple_of(TRIES) {
            let left = TRIES - window.wrong % TRIES;
            return (window, Verdict::Wrong { left });
        }
        let wait = pause(window.wrong / TRIES);
        (Window { code: fresh, made: now, closed_until: now + wait, ..window }, Verdict::Spent { wait })
    }
}

/// After so many codes that were used up.
fn pause(spent: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(spent.saturating_sub(1));
    PAUSE.0.saturating_mul(doubled).min(PAUSE.1)
}

/// What is shown while the window is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pairing {
    /// For a QR picture: `ssh://pair;code=7KXM4P@192.168.1.20`, an address as OpenSSH takes it (draft-ietf-secsh-scp-sftp-ssh-uri,
    /// section 3; it passes over the parameter). None is a box without an address.
    pub link: Option<String>,
    pub code: String,
    pub left_s: u64,
    /// Where the box is reached.
    pub address: Option<String>,
    /// Of the host key, as `ssh` shows it.
    pub fingerprint: Option<String>,
}

/// Whether a box waits to be paired: nobody has given it settings. Settings that cannot be read are settings.
pub fn is_open(care: &Caretaker<'_>) -> bool {
    settings::text(care).is_ok_and(|text| text.is_none())
}

/// What to show now, with a code that lives long enough to be typed; none while the window is closed.
pub fn shown(care: &Caretaker<'_>, addresses: &[String]) -> Option<Pairing> {
    if !is_open(care) {
        return None;
    }
    let _lock = lock(care).ok()?;
    let now = care.system.elapsed();
    let old = read(care);
    let fresh = draw(care).ok()?;
    let window = old.clone().unwrap_or_else(|| Window::open(now, fresh)).renewed(now, SHOWN_LIFE_MIN, fresh);
    if old.as_ref() != Some(&window) {
        keep(care, &window).ok()?;
    }
    let address = addresses.first().cloned();
    Some(Pairing {
        link: address.as_deref().map(|address| link(address, window.code)),
        code: window.code.to_string(),
        left_s: window.left(now).as_secs(),
        address,
        fingerprint: identity::host_key_fingerprint(care),
    })
}

/// An IPv6 address leaves no room for the code in a picture of 64 pixels: it is typed then.
fn link(address: &str, code: Code) -> String {
    if address.contains(':') { format!("ssh://{ACCOUNT}@[{address}]") } else { format!("ssh://{ACCOUNT};code={code}@{address}") }
}

fn lock(care: &Caretaker<'_>) -> anyhow::Result<std::fs::File> {
    let lock = care.lock_file("pairing.lock")?;
    lock.lock()?;
    Ok(lock)
}

fn draw(care: &Caretaker<'_>) -> io::Result<Code> {
    Code::draw(&mut |bytes| care.system.chance(bytes))
}

fn read(care: &Caretaker<'_>) -> Option<Window> {
    file::read_json(&care.places.run(WINDOW))
}

fn keep(care: &Caretaker<'_>, window: &Window) -> anyhow::Result<()> {
    file::write(&care.places.run(WINDOW), serde_json::to_string(window)?, file::PRIVATE)
}
