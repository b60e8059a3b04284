//! Factory reset: asked for here, carried out by the initramfs at the next start, before anything is mounted.

use std::fmt;
use std::str::FromStr;

use anyhow::Result;

use crate::file::{self, PUBLIC};
use crate::{Caretaker, history};

/// What goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Tier {
    /// What the technician set; data and identity stay
    Settings,
    /// All that residents and staff wrote; settings and identity stay
    Data,
    /// Everything: afterwards it is a new box
    Full,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tier::Settings => "settings",
            Tier::Data => "data",
            Tier::Full => "full",
        })
    }
}

/// None of the three words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected settings, data or full")]
pub struct NoTier;

impl FromStr for Tier {
    type Err = NoTier;

    fn from_str(text: &str) -> Result<Tier, NoTier> {
        [Tier::Settings, Tier::Data, Tier::Full].into_iter().find(|tier| tier.to_string() == text).ok_or(NoTier)
    }
}

impl Tier {
    /// For whoever is about to type the word.
    pub fn effect(self) -> &'static str {
        match self {
            Tier::Settings => "forgets the settings; data and identity stay",
            Tier::Data => "wipes all data of the town on this box; settings and identity stay",
            Tier::Full => "wipes everything: data, settings, identity",
        }
    }
}

/// Writes the request down, so that it survives a cut. The box must start again.
pub fn request(care: &Caretaker<'_>, tier: Tier, why: &str) -> Result<()> {
    history::note(care, "reset-asked", &format!("{tier}: {why}"))?;
    file::write(&care.places.state("reset"), format!("{tier}\n"), PUBLIC)
}
