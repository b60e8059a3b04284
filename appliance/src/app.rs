//! What handlers share.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use store::decide::{Actor, Command};
use store::fact::UnixMs;
use store::index::Present;
use store::store::{Attachments, Done};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::answer::No;
use crate::changes::Changes;
use crate::config::Config;
use crate::limit::Guesses;
use crate::machine::Reader;
use crate::staff::StaffTable;
use crate::writer::{Unwritten, Writer};

/// What handlers share. Readers read the present; only the writer changes it.
pub struct App {
    pub config: Config,
    pub present: Arc<RwLock<Present>>,
    pub writer: Writer,
    pub changes: Changes,
    pub attachments: Attachments,
    pub staff: StaffTable,
    /// For hashes of follow-up codes.
    pub town_key: [u8; 32],
    /// The town's map, if one was imported.
    pub map: Option<Arc<map::Town>>,
    pub map_file: PathBuf,
    pub guesses: Mutex<Guesses>,
    /// Requests that may be answered at the same time.
    pub requests: Semaphore,
    /// Photos that may be on their way in at the same time.
    pub uploads: Arc<Semaphore>,
    /// Photos that may be decoded at the same time.
    pub decoding: Semaphore,
    /// The interface's own description.
    pub openapi: Vec<u8>,
    /// What the store did when it was opened.
    pub opened: Vec<String>,
    pub started_ms: UnixMs,
    /// The digest of the state, and after how many events it was taken.
    pub digest: Mutex<Option<(u64, String)>>,
    /// Reads how the machine is.
    pub machine: Reader,
    /// Subscribers are sent home when this is cancelled.
    pub stop: CancellationToken,
}

impl App {
    /// The present, for reading. Never held across an await.
    pub fn present(&self) -> RwLockReadGuard<'_, Present> {
        self.present.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Submits a wish. When this returns `Ok`, it is on disk and readers see it.
    pub async fn submit(&self, command: Command, actor: Actor, photo_stored: bool) -> Result<Done, No> {
        // Only decisions of staff refer to staff.
        Ok(self.writer.submit(command, actor, Arc::new([]), photo_stored).await?)
    }
}

impl From<Unwritten> for No {
    fn from(unwritten: Unwritten) -> No {
        match unwritten {
            Unwritten::Refused(refusal) => refusal.into(),
            Unwritten::Busy => No::busy(),
            Unwritten::Full => No::storage_full(),
            Unwritten::ReadOnly => No::read_only(),
            Unwritten::Failed => No::internal(),
            Unwritten::Stopping => No::stopping(),
        }
    }
}
