//! The image: raw or packed, on a disk, on a stick or behind a URL, with the signed manifest that says what is in it.

pub mod manifest;
pub mod unpack;
pub mod fetch;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use self::manifest::Manifest;
use self::unpack::Packing;
use crate::inventory::Number;

/// Bytes of a chunk: the unit of hashes, of the map, of checking and of trying again.
pub const CHUNK: u64 = 1 << 20;

/// The SHA-256 of a chunk.
pub type Digest = [u8; 32];

/// An image's file, opened for any number of readers.
#[derive(Debug)]
pub struct Image {
    pub path: PathBuf,
    pub packing: Packing,
    /// Bytes of the file.
    pub packed_bytes: u64,
    /// Bytes on the medium, where the file, its head or its manifest say so.
    pub raw_bytes: Option<u64>,
    pub manifest: Option<Manifest>,
    /// The file system it lies on, so that its disk is left alone.
    pub on: Number,
    modified_ns: i64,
    file: File,
}

impl Image {
    pub fn open(path: &Path, manifest: Option<Manifest>) -> Result<Image> {
        let say = || format!("cannot read the image {}", path.display());
        let file = File::open(path).with_context(say)?;
        let metadata = file.metadata().with_context(say)?;
        if !metadata.is_file() {
            bail!("{} is no file: give the image, or unpack it first", path.display());
        }
        let packing = Packing::of(&file).with_context(say)?;
        let stated = unpack::raw_bytes(packing, &file).with_context(say)?;
        if let Some(manifest) = &manifest {
            manifest
                .check_file(metadata.len(), packing, stated)
                .with_context(|| format!("{} and its manifest", path.display()))?;
        }
        let raw_bytes = manifest.as_ref().map(|manifest| manifest.raw.bytes).or(stated);
        if raw_bytes == Some(0) {
            bail!("{} is empty", path.display());
        }
        Ok(Image {
            path: path.to_owned(),
            packing,
            packed_bytes: metadata.len(),
            raw_bytes,
            manifest,
            on: Number::from_stat(metadata.dev()),
            modified_ns: metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec()),
            file,
        })
    }

    /// What it holds, unpacked, from the start.
    pub fn reader(&self) -> Result<Box<dyn Read + Send + '_>> {
        unpack::reader(self.packing, Positioned { file: &self.file, at: 0 })
    }

    /// Bytes from anywhere, of an image that is not packed; less than asked for at its end only.
    pub fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < bytes.len() {
            match self.file.read_at(&mut bytes[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    /// The first MiB, unpacked: where a partition table is.
    pub fn head(&self) -> Result<Vec<u8>> {
        let mut head = vec![0; CHUNK as usize];
        let say = || format!("{} cannot be unpacked; fetch it again", self.path.display());
        let length = fill(&mut self.reader()?, &mut head).with_context(say)?;
        head.truncate(length);
        Ok(head)
    }

    /// Can chunks be read without those before them, because they are listed and not packed?
    pub fn is_seekable(&self) -> bool {
        self.packing == Packing::Raw && self.manifest.is_some()
    }

    /// Tells one image from another when a write goes on after a power cut.
    pub fn identity(&self) -> String {
        match &self.manifest {
            Some(manifest) => format!("sha256:{}", manifest.raw.sha256),
            None => format!("file:{}:{}", self.packed_bytes, self.modified_ns),
        }
    }

    pub fn name(&self) -> String {
        crate::name::clean(&self.path.file_name().unwrap_or_default().to_string_lossy())
    }
}

/// Several readers of one open file, each with a place of its own.
pub struct Positioned<'a> {
    file: &'a File,
    at: u64,
}

impl<'a> Positioned<'a> {
    pub fn new(file: &'a File) -> Positioned<'a> {
        Positioned { file, at: 0 }
    }
}

impl Read for Positioned<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(bytes, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl io::Seek for Positioned<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let place = match to {
            io::SeekFrom::Start(at) => Some(at),
            io::SeekFrom::Current(by) => self.at.checked_add_signed(by),
            io::SeekFrom::End(by) => self.file.metadata()?.len().checked_add_signed(by),
        };
        self.at = place.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

/// Reads until the buffer is full or the source ends.
pub fn fill(reader: &mut (impl Read + ?Sized), bytes: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < bytes.len() {
        match reader.read(&mut bytes[done..]) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
