//! What the town's server offers, and whether it is time to take it.
//!
//! `[update]` of the settings names a folder on a server. There, `CHANNEL.json` (`stable.json` if no channel is named) says what
//! is newest: `{"version": "1.3.0", "file": "wegovnow-1.3.0.raucb", "sha256": "…"}`; the file lies beside. Nobody need trust
//! the server: the bundle is signed, and an older one is refused.

use anyhow::{Context, Result};
use provision::Update;
use semver::Version;
use serde::Deserialize;

use super::download::{Route, fetch_text};
use crate::gate::Rollback;

/// The newest bundle of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Offer {
    pub version: Version,
    /// Name of the file beside, or a whole address.
    pub file: String,
    pub sha256: Option<String>,
}

impl Offer {
    /// Where the bundle is.
    pub fn address(&self, folder: &str) -> String {
        if self.file.starts_with("http://") || self.file.starts_with("https://") {
            return self.file.clone();
        }
        format!("{}/{}", folder.trim_end_matches('/'), self.file.trim_start_matches('/'))
    }
}

/// Asks the server.
pub fn look(route: &Route, update: &Update) -> Result<(Offer, String)> {
    let folder = update.url.as_deref().context("the settings name no server for updates: [update] url")?;
    let channel = update.channel.as_deref().unwrap_or("stable");
    let url = format!("{}/{channel}.json", folder.trim_end_matches('/'));
    let text = fetch_text(route, &url)?;
    let offer: Offer = serde_json::from_str(&text).with_context(|| format!("{url} says no version and file"))?;
    let address = offer.address(folder);
    Ok((offer, address))
}

/// Whether an update is installed by itself now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    Yes,
    No(String),
}

/// `local_min` is the time of day in minutes. What the box went back from is not tried again by itself.
pub fn due(update: &Update, offer: &Offer, running: &Version, rollback: Option<&Rollback>, local_min: u16) -> Due {
    let version = &offer.version;
    if !update.automatic {
        Due::No("the settings do not want updates by themselves: [update] automatic".to_owned())
    } else if update.window.is_some_and(|window| !window.contains(local_min)) {
        Due::No("it is not the time for updates: [update] window".to_owned())
    } else if version <= running {
        Due::No(format!("{running} runs, {version} is the newest"))
    } else if rollback.is_some_and(|rollback| rollback.version.as_deref() == Some(&version.to_string())) {
        Due::No(format!("the box went back from {version} once: somebody has to want it"))
    } else {
        Due::Yes
    }
}
