//! Factory reset: what each tier takes away.
//!
//! **How it is carried out, and what a cut does to it.** A tier that makes partitions anew is decided by one change of the partition
//! table, which is either there or not (`gpt::plan`): it sets `BLANK` and `RESET` on those partitions. Partitions that have the mark are
//! made anew at every start until the mark is gone, and are not used before. So:
//!
//! - Asked for by `/state/reset`: the mark is set, the history gets its line, the file is removed and that is synced, then the partitions
//!   are made, then their marks are cleared. A cut before the mark: the file is still there, nothing happened yet. Between mark and
//!   removal: the file sets a mark that is set already. After the removal: the mark alone carries on. Before it is cleared: a partition
//!   that nobody used is made once more. The file cannot be found again after the mark is cleared, so a reset happens once.
//! - A file that cannot be removed would ask at every start: then the mark is taken back, and nothing is wiped.
//! - Asked for on the command line: the mark is set, and the next start, without that argument, carries on.
//! - `full` wipes the file together with its partition. The new history's first line says `reset`, and is written before the mark is
//!   cleared, so a wiped box is never taken for a new one.
//! - `settings` makes nothing anew: the folder is removed, which can be done over and over, and the file goes last. Asked for on the
//!   command line, the file is written first.

use std::fmt;
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// What the technician set; data and identity stay.
    Settings,
    /// Identity and settings; for a state partition beyond repair.
    State,
    /// What the town wrote; identity and settings stay.
    Data,
    /// Everything: a new box.
    Full,
}

impl Tier {
    pub const ALL: [Tier; 4] = [Tier::Settings, Tier::State, Tier::Data, Tier::Full];

    /// Partitions that are made anew.
    pub fn wipes(self) -> &'static [&'static str] {
        match self {
            Tier::Settings => &[],
            Tier::State => &["state"],
            Tier::Data => &["data"],
            Tier::Full => &["state", "data"],
        }
    }

    /// For whoever is asked for a word.
    pub fn effect(self) -> &'static str {
        match self {
            Tier::Settings => "forgets the settings; data and identity stay",
            Tier::State => "forgets settings and identity; data stays",
            Tier::Data => "wipes all data of the town; settings and identity stay",
            Tier::Full => "wipes everything: data, settings, identity",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Tier::Settings => "settings",
            Tier::State => "state",
            Tier::Data => "data",
            Tier::Full => "full",
        })
    }
}

impl FromStr for Tier {
    type Err = String;

    fn from_str(text: &str) -> Result<Tier, String> {
        let found = Tier::ALL.into_iter().find(|tier| tier.to_string() == text.trim());
        found.ok_or_else(|| format!("{:?} is no tier of a factory reset (settings, state, data, full)", text.trim()))
    }
}
