//! Attached files, named by their SHA-256: `att/ab/cdef…`. A file is durable before the event that names it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::StoreError;
use crate::durable;
use crate::id::{AttachmentId, hex};
use crate::journal::Limits;

/// Tells apart the temporary files of threads that write at the same time.
static TURN: AtomicU64 = AtomicU64::new(0);

/// Handle on the attached files; cheap to clone, usable from any thread.
#[derive(Clone)]
pub struct Attachments {
    dir: PathBuf,
    limits: Limits,
}

impl Attachments {
    pub(super) fn new(store: &Path, limits: Limits) -> Attachments {
        Attachments { dir: store.join("att"), limits }
    }

    /// Stores bytes durably and answers their name. Storing the same bytes again changes nothing.
    pub fn put(&self, bytes: &[u8]) -> Result<AttachmentId, StoreError> {
        let id = AttachmentId(Sha256::digest(bytes).into());
        let path = self.path(id);
        let failed = |error: io::Error| {
            let words = format!("{}: {error}", path.display());
            if error.kind() == io::ErrorKind::StorageFull { StoreError::Full(words) } else { StoreError::Disk(words) }
        };
        if self.get(id).map_err(failed)?.is_some() {
            return Ok(id);
        }
        let folder = durable::parent(&path);
        fs::create_dir_all(folder).map_err(failed)?;
        let free = (self.limits.free)(folder).map_err(failed)?;
        let needed = self.limits.reserve_bytes + bytes.len() as u64;
        if free < needed {
            return Err(StoreError::Full(format!("{}: {free} bytes are free, {needed} are needed", folder.display())));
        }
        let written = (|| {
            let turn = TURN.fetch_add(1, Ordering::Relaxed);
            let temporary = folder.join(format!("{}.{}.{turn}", hex(&id.0[1..]), std::process::id()));
            durable::replace(&temporary, bytes)?;
            fs::rename(&temporary, &path)?;
            durable::sync_dir(folder)?;
            durable::sync_dir(&self.dir)?;
            durable::sync_dir(durable::parent(&self.dir))
        })();
        written.map_err(failed)?;
        Ok(id)
    }

    /// The bytes of an attachment; none when it is not there or not what its name says.
    pub fn get(&self, id: AttachmentId) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path(id)) {
            Ok(bytes) if Sha256::digest(&bytes).as_slice() == id.0 => Ok(Some(bytes)),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether it is there.
    pub fn has(&self, id: AttachmentId) -> bool {
        self.path(id).is_file()
    }

    fn path(&self, id: AttachmentId) -> PathBuf {
        self.dir.join(hex(&id.0[..1])).join(hex(&id.0[1..]))
    }

    /// Every file of the store that claims to be an attachment, with its name's id; none for a strange name.
    pub(super) fn all(&self) -> io::Result<Vec<(PathBuf, Option<AttachmentId>)>> {
        let mut files = Vec::new();
        if !self.dir.exists() {
            return Ok(files);
        }
        for folder in fs::read_dir(&self.dir)? {
            let folder = folder?.path();
            for file in fs::read_dir(&folder)? {
                let path = file?.path();
                let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
                let id = format!("{}{}", name(&folder), name(&path)).parse().ok();
                files.push((path, id));
            }
        }
        files.sort();
        Ok(files)
    }
}
