//! The signed list of what an image holds: its version, both hashes, and the hash of every chunk that is not all zeros.
//!
//! A chunk that is not listed is zeros. So every chunk is checked before it is written, and again when it is read back from the medium,
//! and what is empty need not be written at all. (The idea is that of bmap files; theirs lists ranges of 4096 bytes.)

use std::path::Path;

use anyhow::{Context, Result, bail};
use ed25519_dalek::{SigningKey, VerifyingKey};
use semver::Version;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::unpack::Packing;
use super::{CHUNK, Digest, Image, fill};
use crate::buffer::is_zero;
use crate::signed;

const WHAT: &str = "manifest";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Of the appliance; never older than the data of a box that keeps its data.
    pub version: Version,
    pub packing: Packing,
    pub packed: Content,
    pub raw: Content,
    /// Bytes of a chunk.
    pub chunk: u64,
    pub runs: Vec<Run>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    pub bytes: u64,
    pub sha256: String,
}

/// Chunks one after the other, of which none is all zeros.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Number of the first.
    pub first: u64,
    pub sha256: Vec<String>,
}

/// The digest of each chunk of an image, in order; none where it is zeros.
pub type Chunks = Vec<Option<Digest>>;

impl Manifest {
    /// Reads an image once and describes it. `progress` is given the bytes so far.
    pub fn make(image: &Image, version: Version, progress: &mut dyn FnMut(u64)) -> Result<Manifest> {
        let mut reader = image.reader()?;
        let mut all = Sha256::new();
        let mut runs: Vec<Run> = Vec::new();
        let mut bytes = vec![0; CHUNK as usize];
        let (mut number, mut total) = (0, 0);
        loop {
            let length = fill(&mut reader, &mut bytes).with_context(|| format!("cannot read {}", image.path.display()))?;
            let chunk = &bytes[..length];
            all.update(chunk);
            if length > 0 && !is_zero(chunk) {
                let digest = hex::encode(Sha256::digest(chunk));
                match runs.last_mut().filter(|run| run.first + run.sha256.len() as u64 == number) {
                    Some(run) => run.sha256.push(digest),
                    None => runs.push(Run { first: number, sha256: vec![digest] }),
                }
            }
            total += length as u64;
            number += 1;
            progress(total);
            if length < bytes.len() {
                break;
            }
        }
        let raw = Content { bytes: total, sha256: hex::encode(all.finalize()) };
        let packed = match image.packing {
            Packing::Raw => raw.clone(),
            _ => Content { bytes: image.packed_bytes, sha256: hex::encode(hash_file(&image.path)?) },
        };
        Ok(Manifest { version, packing: image.packing, packed, raw, chunk: CHUNK, runs })
    }

    pub fn seal(&self, key: &SigningKey) -> Result<String> {
        signed::seal(WHAT, self, key)
    }

    pub fn open(text: &str, trusted: &[VerifyingKey]) -> Result<Manifest> {
        let (manifest, _) = signed::open::<Manifest>(WHAT, text, trusted)?;
        manifest.chunks()?;
        Ok(manifest)
    }

    /// The digests by chunk. A list that does not add up is refused, signed or not.
    pub fn chunks(&self) -> Result<Chunks> {
        if self.chunk != CHUNK {
            bail!("the manifest has chunks of {} bytes, this program knows {CHUNK}", self.chunk);
        }
        let count = self.raw.bytes.div_ceil(CHUNK);
        // A limit for what a list may make us reserve: 16 TiB of image.
        if count > 1 << 24 {
            bail!("the manifest names an image of {} bytes", self.raw.bytes);
        }
        let mut chunks: Chunks = vec![None; count as usize];
        let mut free = 0;
        for run in &self.runs {
            if run.first < free {
                bail!("the manifest lists chunk {} twice", run.first);
            }
            for (at, digits) in run.sha256.iter().enumerate() {
                let number = run.first.saturating_add(at as u64);
                let mut digest = [0; 32];
                hex::decode_to_slice(digits, &mut digest).with_context(|| format!("chunk {number} of the manifest"))?;
                let Some(slot) = usize::try_from(number).ok().and_then(|number| chunks.get_mut(number)) else {
                    bail!("the manifest lists chunk {number}, behind the image's end");
                };
                *slot = Some(digest);
                free = number + 1;
            }
        }
        Ok(chunks)
    }

    /// Bytes that are written.
    pub fn mapped_bytes(&self) -> u64 {
        let last = self.raw.bytes.div_ceil(CHUNK).saturating_sub(1);
        let of = |number: u64| if number == last { self.raw.bytes - last * CHUNK } else { CHUNK };
        self.runs.iter().flat_map(|run| (run.first..).take(run.sha256.len())).map(of).sum()
    }

    /// What can be told without reading the file.
    pub(super) fn check_file(&self, bytes: u64, packing: Packing, stated: Option<u64>) -> Result<()> {
        if packing == Packing::Raw && self.packing != Packing::Raw {
            // Somebody unpacked it: the chunks are the same.
            if bytes == self.raw.bytes {
                return Ok(());
            }
            bail!("do not belong together: the file has {bytes} bytes, the manifest says {}", self.raw.bytes);
        }
        if bytes != self.packed.bytes || packing != self.packing {
            bail!(
                "do not belong together: the file has {bytes} bytes ({}), the manifest says {} ({})",
                packing.word(),
                self.packed.bytes,
                self.packing.word()
            );
        }
        match stated {
            Some(stated) if stated != self.raw.bytes => {
                bail!("do not belong together: the file unpacks to {stated} bytes, the manifest says {}", self.raw.bytes)
            }
            _ => Ok(()),
        }
    }
}

pub fn hash_file(path: &Path) -> Result<Digest> {
    let say = || format!("cannot read {}", path.display());
    let mut file = std::fs::File::open(path).with_context(say)?;
    let mut all = Sha256::new();
    std::io::copy(&mut file, &mut all).with_context(say)?;
    Ok(all.finalize().into())
}
