//! What the box knows of itself at one moment. The panel shows it and adds nothing.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// Everything the panel can show. What is not known is `None` and drawn as a dash.
///
/// As JSON, which `wegovnow-box status --json` prints, an object with these names; what is not known is left out or `null`, and names
/// that the panel does not know are passed over, so that either side may be the newer one:
///
/// ```json
/// {
///   "language": "it", "town": "Torino", "site": "Biblioteca civica", "serial": "WGN-0042-7",
///   "host_key": "SHA256:kfvXoc2mWRwMHyMzqCW5/zFySzB2W5MN+gOTDUVS/AM", "refusal": {"first": "line 4, column 1: …"},
///   "slot": "a", "version": "2026.11.1", "is_on_trial": false,
///   "rollback": {"version": "2026.12.0", "reason": "the daemon did not answer"},
///   "network": {"addresses": ["192.168.1.20"], "host": "wegovnow-0042", "is_plugged": true, "is_captive": false},
///   "store": "open", "kiosk": "shown", "reports": 1204,
///   "disk": {"free_bytes": 41200000000, "total_bytes": 58000000000, "life_used_percent": 12, "watch": {"trouble": null}},
///   "sync": {"age_s": 240, "peers": 2},
///   "temperature_c": 48.5, "uptime_s": 86400,
///   "clock": {"is_verified": true, "source": "ntp.example.org", "local": "2026-11-26 21:04"},
///   "pairing": {"link": "ssh://pair;code=7KXM4P@192.168.1.20", "code": "7KXM4P", "left_s": 540, "address": "192.168.1.20"},
///   "starts_by_itself": true
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(default))]
pub struct Readings {
    /// Language code of the technicians: `en`, `de`, `it` or `fi`. Any other, or none, is English.
    pub language: Option<String>,
    pub town: Option<String>,
    /// Where in the town the box stands.
    pub site: Option<String>,
    pub serial: Option<String>,
    /// Fingerprint of the key that SSH shows, as `ssh` shows it at the first login.
    pub host_key: Option<String>,
    /// The slot that was started: `a` or `b`.
    pub slot: Option<String>,
    /// Of the running system.
    pub version: Option<String>,
    /// The running version was not found healthy yet.
    pub is_on_trial: Option<bool>,
    /// The last update, if the box went back from it.
    pub rollback: Option<Rollback>,
    pub network: Network,
    pub store: Option<Store>,
    pub kiosk: Option<Kiosk>,
    /// How many reports the store holds.
    pub reports: Option<u64>,
    pub disk: Disk,
    pub sync: Sync,
    /// Of the processor or the board, whichever is hotter.
    pub temperature_c: Option<f32>,
    pub uptime_s: Option<u64>,
    pub clock: Clock,
    /// Settings that a technician brought and that were not taken.
    pub refusal: Option<Refusal>,
    /// While the box waits to be paired.
    pub pairing: Option<Pairing>,
    /// Somebody has made sure that the box starts by itself when power returns ("restore on AC power loss" in the firmware's set-up).
    pub starts_by_itself: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(default))]
pub struct Rollback {
    /// The version that was given up.
    pub version: Option<String>,
    /// Why, in words.
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(default))]
pub struct Network {
    /// Addresses other machines reach the box at, the best first.
    pub addresses: Vec<String>,
    pub host: Option<String>,
    /// A cable is plugged in, or a wireless network joined.
    pub is_plugged: Option<bool>,
    /// The network wants somebody to log in on a web page first.
    pub is_captive: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(rename_all = "kebab-case"))]
pub enum Store {
    Open,
    Starting,
    /// The store takes nothing new: a sync to disk failed, or the disk is full.
    ReadOnly,
    /// The daemon does not answer.
    Down,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(rename_all = "kebab-case"))]
pub enum Kiosk {
    /// Its picture is on the screen.
    Shown,
    Starting,
    Down,
    /// This box has no screen for residents.
    None,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(default))]
pub struct Disk {
    pub free_bytes: Option<u64>,
    pub total_bytes: Option<u64>,
    /// Share of the medium's rated life that is used up; may pass 100. From SMART, NVMe or eMMC.
    pub life_used_percent: Option<u16>,
    /// Whether the disk answers, where somebody watches it.
    pub watch: Option<DiskWatch>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(default))]
pub struct DiskWatch {
    /// What is wrong with the disk, in words.
    pub trouble: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(default))]
pub struct Sync {
    /// Seconds since facts were last exchanged with another box.
    pub age_s: Option<u64>,
    /// How many other boxes this one exchanges facts with. 0 is a box on its own, which is normal.
    pub peers: Option<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(default))]
pub struct Clock {
    /// A time server or a person has confirmed the time since the start.
    pub is_verified: Option<bool>,
    /// Who confirmed it.
    pub source: Option<String>,
    /// Date and time on the wall, as text: the panel knows no time zones.
    pub local: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(default))]
pub struct Refusal {
    /// The first mistake, with its line.
    pub first: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(default))]
pub struct Pairing {
    /// What the QR picture says. At most [`crate::code::SMALL_BYTES_MAX`] bytes are sure to be scanned from the small display.
    pub link: Option<String>,
    /// One-time code, for those who type it.
    pub code: Option<String>,
    /// Seconds until the code is void.
    pub left_s: Option<u64>,
    /// Where a technician's machine reaches the box: `ssh pair@ADDRESS CODE <appliance.toml`.
    pub address: Option<String>,
}
