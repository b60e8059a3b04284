//! What services read, made of the settings: a function from values to files. `/etc` is read-only, so they lie below `/run`.

mod account;
mod network;
mod service;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use provision::Settings;

pub use account::{Numbers, Tables, UID_FIRST, UID_LAST};
pub use service::parse_environment;

use crate::file::{PRIVATE, PUBLIC};

/// What files are made of, beside the settings.
pub struct Ground<'a> {
    pub serial: &'a str,
    /// passwd, group and shadow of the image.
    pub tables: &'a Tables,
    /// User ids of staff, kept for ever.
    pub numbers: &'a Numbers,
    /// When the image was built, in seconds since 1970.
    pub epoch_s: u64,
    /// Where the town file and the border lie, if they are there.
    pub town_file: Option<String>,
    pub border_file: Option<String>,
    /// Nobody has given the box settings: it takes them by pairing.
    pub is_pairing: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    File { text: String, mode: u32 },
    Link(String),
}

/// Files by absolute path, and folders of which nothing else is to be left.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    pub files: BTreeMap<String, Content>,
    /// Below these, files of ours that are not in `files` are removed: a key that was taken back must go.
    pub folders: Vec<String>,
}

impl Rendered {
    fn public(&mut self, path: &str, text: impl Into<String>) {
        self.files.insert(path.to_owned(), Content::File { text: text.into(), mode: PUBLIC });
    }

    fn private(&mut self, path: &str, text: impl Into<String>) {
        self.files.insert(path.to_owned(), Content::File { text: text.into(), mode: PRIVATE });
    }

    fn link(&mut self, path: &str, to: impl Into<String>) {
        self.files.insert(path.to_owned(), Content::Link(to.into()));
    }
}

/// Everything that services read.
pub fn render(settings: &Settings, ground: &Ground<'_>) -> Rendered {
    let mut rendered = Rendered::default();
    rendered.folders.extend(["/run/wegovnow-box/ssh", "/run/wegovnow-box/sshd", "/run/wegovnow-box/nftables"].map(str::to_owned));
    account::render(settings, ground, &mut rendered);
    network::render(settings, ground, &mut rendered);
    service::render(settings, ground, &mut rendered);
    rendered
}

/// The box's name in the network.
pub fn host_name(settings: &Settings, serial: &str) -> String {
    settings.network.hostname.clone().unwrap_or_else(|| {
        let plain: String = serial.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        let plain = plain.to_ascii_lowercase();
        let last: String = plain.chars().skip(plain.chars().count().saturating_sub(8)).collect();
        format!("wegovnow-{}", if last.is_empty() { "box" } else { &last })
    })
}
