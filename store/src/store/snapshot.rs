//! The State on disk, so that a start need not replay everything. Never the truth: a damaged, missing or older one is passed over.
//!
//! `snap-state` is sealed in chunks of 64 KiB under a key derived from the keyring, because the State holds people's words: magic
//! (8 bytes), nonce prefix (19), then for each chunk its ciphertext length (4 bytes, big-endian) and XChaCha20-Poly1305 of it. A
//! nonce is prefix ‖ number of the chunk (4) ‖ 1 for the last chunk, else 0: chunks can be neither swapped nor cut off. The content is CBOR of [`Kept`].

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use chacha20poly1305::aead::{Aead, AeadInPlace};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};

use crate::durable;
use crate::keyring::{Chance, Keyring};
use crate::model::State;

const MAGIC: &[u8; 8] = b"WGNSNAP1";
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;
const PURPOSE: &str = "wegovnow snapshot of the state";
/// Of the State's form: a program of another version replays instead.
const FORM: &str = concat!("state of ", env!("CARGO_PKG_VERSION"));

#[derive(Serialize)]
struct Written<'a> {
    form: &'a str,
    state: &'a State,
}

#[derive(Deserialize)]
struct Kept {
    form: String,
    state: State,
}

/// Replaces the snapshot at `path`.
pub fn write(path: &Path, state: &State, keyring: &Keyring, chance: &mut dyn Chance) -> io::Result<()> {
    let mut prefix = [0; 19];
    chance.fill(&mut prefix);
    durable::replace_with(path, |file| {
        let mut file = BufWriter::with_capacity(CHUNK + TAG + 4, file);
        file.write_all(MAGIC)?;
        file.write_all(&prefix)?;
        let cipher = XChaCha20Poly1305::new((&*keyring.derived(PURPOSE)).into());
        let mut sealer = Sealer { file, cipher, prefix, number: 0, chunk: Vec::with_capacity(CHUNK + TAG) };
        ciborium::into_writer(&Written { form: FORM, state }, &mut sealer)
            .map_err(|error| io::Error::other(error.to_string()))?;
        sealer.seal(true)?;
        sealer.file.flush()
    })
}

/// Reads the snapshot at `path`: none when there is none, words when it cannot be used.
pub fn read(path: &Path, keyring: &Keyring) -> Result<Option<State>, String> {
    let mut file = match File::open(path) {
        Ok(file) => BufReader::with_capacity(CHUNK, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let mut head = [0; 27];
    file.read_exact(&mut head).map_err(|error| error.to_string())?;
    let (magic, prefix) = head.split_at(8);
    let Ok(prefix) = <[u8; 19]>::try_from(prefix) else { return Err("no nonce".to_owned()) };
    if magic != MAGIC {
        return Err("it is of another form".to_owned());
    }
    let cipher = XChaCha20Poly1305::new((&*keyring.derived(PURPOSE)).into());
    let mut opener = Opener { file, cipher, prefix, number: 0, chunk: Vec::new(), at: 0, last: false };
    let kept: Kept = ciborium::from_reader(&mut opener).map_err(|error| error.to_string())?;
    if !opener.last {
        return Err("it ends too early".to_owned());
    }
    if kept.form != FORM {
        return Err(format!("it holds a {}, this program reads a {FORM}", kept.form));
    }
    Ok(Some(kept.state))
}

fn nonce(prefix: &[u8; 19], number: u32, last: bool) -> XNonce {
    let mut nonce = [0; 24];
    nonce[..19].copy_from_slice(prefix);
    nonce[19..23].copy_from_slice(&number.to_be_bytes());
    nonce[23] = u8::from(last);
    nonce.into()
}

struct Sealer<W> {
    file: W,
    cipher: XChaCha20Poly1305,
    prefix: [u8; 19],
    number: u32,
    chunk: Vec<u8>,
}

impl<W: Write> Sealer<W> {
    fn seal(&mut self, last: bool) -> io::Result<()> {
        self.cipher
            .encrypt_in_place(&nonce(&self.prefix, self.number, last), b"", &mut self.chunk)
            .map_err(|_| io::Error::other("sealing failed"))?;
        self.file.write_all(&(self.chunk.len() as u32).to_be_bytes())?;
        self.file.write_all(&self.chunk)?;
        self.chunk.clear();
        self.number = self.number.checked_add(1).ok_or_else(|| io::Error::other("the state is too large"))?;
        Ok(())
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.chunk.len() == CHUNK {
            self.seal(false)?;
        }
        let taken = bytes.len().min(CHUNK - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Opener<R> {
    file: R,
    cipher: XChaCha20Poly1305,
    prefix: [u8; 19],
    number: u32,
    chunk: Vec<u8>,
    at: usize,
    last: bool,
}

impl<R: Read> Opener<R> {
    fn open(&mut self) -> io::Result<()> {
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if !(TAG..=CHUNK + TAG).contains(&length) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a chunk has a wrong length"));
        }
        let mut sealed = vec![0; length];
        self.file.read_exact(&mut sealed)?;
        let open = |last| self.cipher.decrypt(&nonce(&self.prefix, self.number, last), sealed.as_slice());
        let (chunk, last) = match open(false) {
            Ok(chunk) => (chunk, false),
            Err(_) => (open(true).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "its checksum is wrong"))?, true),
        };
        (self.chunk, self.at, self.last) = (chunk, 0, last);
        self.number = self.number.wrapping_add(1);
        Ok(())
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.chunk.len() && !self.last {
            self.open()?;
        }
        let taken = out.len().min(self.chunk.len() - self.at);
        out[..taken].copy_from_slice(&self.chunk[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}
