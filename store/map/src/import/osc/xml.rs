//! The tags of an XML file, one after the other, as it is read.

use std::borrow::Cow;
use std::io::{self, BufRead, ErrorKind};

/// Why a file could not be read to its end.
#[derive(Debug)]
pub enum Wrong {
    /// The system did not give it.
    Io(io::Error),
    /// It is not what it should be: what, and where.
    Content(String),
}

impl From<io::Error> for Wrong {
    fn from(error: io::Error) -> Wrong {
        Wrong::Io(error)
    }
}

/// Attributes of an element, entities resolved.
pub type Attributes<'a> = Vec<(&'a str, Cow<'a, str>)>;

/// The value of an attribute.
pub fn value<'a>(attributes: &'a Attributes<'_>, key: &str) -> Option<&'a str> {
    attributes.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_ref())
}

/// One tag.
pub enum Piece<'a> {
    Start { name: &'a str, attributes: Attributes<'a>, is_empty: bool },
    End(&'a str),
}

/// Bytes of a tag at most. Keys and values have 255 letters, each an entity at worst.
const TAG_MAX: usize = 1 << 16;

/// A file that is read from its start to its end. Holds one tag at a time.
pub struct Stream<R> {
    inner: R,
    at: u64,
    tag: Vec<u8>,
}

impl<R: BufRead> Stream<R> {
    pub fn new(inner: R) -> Stream<R> {
        Stream { inner, at: 0, tag: Vec::new() }
    }

    /// Bytes read so far.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// The next tag and where it begins; `None` at the end.
    pub fn next(&mut self) -> Result<Option<(u64, Piece<'_>)>, Wrong> {
        loop {
            match self.pass(|byte| byte == b'<' || is_no_text(byte))? {
                None => return Ok(None),
                Some(b'<') => {}
                Some(_) => return Err(Wrong::Content(format!("at byte {}: no text", self.at - 1))),
            }
            let start = self.at - 1;
            let cut = || Wrong::Content(format!("it ends inside what begins at byte {start}"));
            match self.pass(|_| true)?.ok_or_else(cut)? {
                b'?' => {
                    let mut last = 0;
                    self.pass(|byte| std::mem::replace(&mut last, byte) == b'?' && byte == b'>')?.ok_or_else(cut)?;
                }
                b'!' => {
                    let is_comment = self.pass(|_| true)? == Some(b'-') && self.pass(|_| true)? == Some(b'-');
                    if !is_comment {
                        return Err(Wrong::Content(format!(
                            "at byte {start}: a document type or raw text, which no change file has"
                        )));
                    }
                    let mut dashes = 0u64;
                    let is_end = |byte| {
                        let before = dashes;
                        dashes = if byte == b'-' { dashes + 1 } else { 0 };
                        byte == b'>' && before >= 2
                    };
                    self.pass(is_end)?.ok_or_else(cut)?;
                }
                first => {
                    self.hold(first, start)?;
                    return Ok(Some((start, piece(&self.tag, start).map_err(Wrong::Content)?)));
                }
            }
        }
    }

    /// Takes a tag of which one byte is known, up to its end.
    fn hold(&mut self, first: u8, start: u64) -> Result<(), Wrong> {
        self.tag.clear();
        let (mut next, mut quote) = (first, None);
        loop {
            self.tag.push(next);
            match (next, quote) {
                (b'>', None) => return Ok(()),
                (b'<', _) => return Err(Wrong::Content(format!("the tag at byte {start} is broken"))),
                (b'"' | b'\'', None) => quote = Some(next),
                _ if quote == Some(next) => quote = None,
                _ => {}
            }
            if self.tag.len() >= TAG_MAX {
                return Err(Wrong::Content(format!("the tag at byte {start} is longer than any of OpenStreetMap's")));
            }
            let cut = || Wrong::Content(format!("it ends inside the tag at byte {start}"));
            next = self.pass(|_| true)?.ok_or_else(cut)?;
        }
    }

    /// Passes over bytes up to one that is an end, which is passed, too, and answered; `None` where the file ends first.
    fn pass(&mut self, mut is_end: impl FnMut(u8) -> bool) -> io::Result<Option<u8>> {
        loop {
            let bytes = match self.inner.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                bytes => bytes?,
            };
            let end = bytes.iter().position(|byte| is_end(*byte));
            let (found, passed) = match end {
                Some(end) => (bytes.get(end).copied(), end + 1),
                None => (None, bytes.len()),
            };
            self.inner.consume(passed);
            self.at += passed as u64;
            if found.is_some() || passed == 0 {
                return Ok(found);
            }
        }
    }
}

/// Whether a byte stands in no text at all: most other files are told by it.
fn is_no_text(byte: u8) -> bool {
    matches!(byte, 0..=8 | 0x0b | 0x0c | 0x0e..=0x1f | 0xc0 | 0xc1 | 0xf5..=0xff)
}

/// What stands between `<` and `>`, the latter included.
fn piece(tag: &[u8], start: u64) -> Result<Piece<'_>, String> {
    let broken = || format!("the tag at byte {start} is broken");
    let tag = std::str::from_utf8(tag).map_err(|error| format!("at byte {}: no text", start + 1 + error.valid_up_to() as u64))?;
    if let Some(name) = tag.strip_prefix('/') {
        return Ok(Piece::End(name.trim_end_matches('>').trim()));
    }
    let length = tag.find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/')).filter(|length| *length > 0);
    let (name, mut rest) = length.and_then(|length| tag.split_at_checked(length)).ok_or_else(broken)?;
    let mut attributes = Attributes::new();
    loop {
        rest = rest.trim_ascii_start();
        if matches!(rest, "/>" | ">") {
            return Ok(Piece::Start { name, attributes, is_empty: rest == "/>" });
        }
        let (key, behind) = rest.split_once('=').ok_or_else(broken)?;
        let behind = behind.trim_ascii_start();
        let quote = behind.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or_else(broken)?;
        let (text, behind) = behind.get(1..).and_then(|behind| behind.split_once(quote)).ok_or_else(broken)?;
        attributes.push((key.trim(), resolved(text).ok_or_else(|| format!("an unknown entity in the tag at byte {start}"))?));
        rest = behind;
    }
}

/// A text without entities.
fn resolved(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('&') {
        return Some(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, entity)) = rest.split_once('&') {
        out.push_str(before);
        let (entity, behind) = entity.split_once(';')?;
        out.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = entity.strip_prefix('#')?;
                let hexadecimal = number.strip_prefix('x').map(|digits| u32::from_str_radix(digits, 16));
                char::from_u32(hexadecimal.unwrap_or_else(|| number.parse()).ok()?)?
            }
        });
        rest = behind;
    }
    out.push_str(rest);
    Some(Cow::Owned(out))
}
