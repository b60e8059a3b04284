//! What is filed about a medium: who wrote what on which one, when, and what reading back found. Signed by the machine that wrote it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::signed;

const WHAT: &str = "receipt";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    pub serial: String,
    pub model: String,
    pub medium_bytes: u64,
    pub image: String,
    pub image_version: Option<String>,
    /// Of the image when unpacked; none where it had no manifest.
    pub image_sha256: Option<String>,
    pub tool: String,
    /// RFC 3339, UTC.
    pub started: String,
    pub ended: String,
    pub written_bytes: u64,
    /// Of writing alone.
    pub bytes_per_second: u64,
    pub resumed_at: u64,
    pub kept_data: bool,
    pub result: String,
    /// What reading back found, in words; none where it was not asked for or not reached.
    pub verified: Option<String>,
    /// False where the machine may have answered from its own memory.
    pub direct: bool,
    pub first_bad_byte: Option<u64>,
    pub bad_chunks: u64,
    pub disk_guid: Option<String>,
    pub provisioned: bool,
    pub site: String,
    pub technician: String,
    pub notes: Vec<String>,
}

impl Receipt {
    /// Writes it into the folder, under a name that no other receipt has.
    pub fn file(&self, folder: &Path, key: &SigningKey) -> Result<PathBuf> {
        let say = || format!("the receipt cannot be kept in {}", folder.display());
        fs::create_dir_all(folder).with_context(say)?;
        let safe =
            |text: &str| text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect::<String>();
        let stem = format!("{}-{}", safe(&self.serial), safe(&self.started));
        let text = signed::seal(WHAT, self, key)?;
        for number in 0..1000 {
            let name = if number == 0 { format!("{stem}.json") } else { format!("{stem}-{number}.json") };
            let path = folder.join(name);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(say)?;
                    return Ok(path);
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(say),
            }
        }
        anyhow::bail!("{} holds a thousand receipts of this second", folder.display())
    }

    pub fn open(text: &str, trusted: &[VerifyingKey]) -> Result<(Receipt, VerifyingKey)> {
        signed::open(WHAT, text, trusted)
    }
}
