//! Who is staff, and what they are called. Facts name staff by pseudonym only; the names live here, in the town's own table.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use api::Staff;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use store::id::StaffId;

use crate::account::Accounts;
use crate::config::StaffRule;
use crate::peer::{Peer, PeerKey};

/// Name of the table in the data directory: one account name per line.
const TABLE: &str = "staff.names";

/// The pseudonym of an account: a keyed hash, so that the store alone says nothing about who it is.
pub fn pseudonym(town_key: &[u8; 32], name: &str) -> StaffId {
    let mut id = [0; 8];
    // HMAC takes keys of any length, so this never is the else.
    if let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(town_key) {
        mac.update(b"wegovnow staff\0");
        mac.update(name.as_bytes());
        for (byte, part) in id.iter_mut().zip(mac.finalize().into_bytes()) {
            *byte = part;
        }
    }
    StaffId(id)
}

/// Everyone known to be, or to have been, staff.
pub struct StaffTable {
    rule: StaffRule,
    town_key: [u8; 32],
    own_uid: u32,
    file: PathBuf,
    names: Mutex<BTreeMap<StaffId, String>>,
}

impl StaffTable {
    /// The table of a data directory: names kept there, those of the rule, and the group's members.
    pub fn open(data: &Path, rule: StaffRule, town_key: [u8; 32], own_uid: u32, accounts: &Accounts) -> io::Result<StaffTable> {
        let file = data.join(TABLE);
        let kept = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let mut all: BTreeSet<String> = kept.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        all.extend(rule.names.iter().cloned());
        all.extend(accounts.members(&rule.group));
        let names = all.into_iter().map(|name| (pseudonym(&town_key, &name), name)).collect();
        Ok(StaffTable { rule, town_key, own_uid, file, names: Mutex::new(names) })
    }

    /// The peer of a user id, with the accounts of this machine as they are now: a new member of the group need not wait for a restart.
    pub fn recognise(&self, uid: u32, accounts: &Accounts) -> Peer {
        let name = accounts.name(uid);
        let is_staff = uid == 0
            || uid == self.own_uid
            || self.rule.everyone
            || self.rule.names.contains(&name)
            || accounts.members(&self.rule.group).contains(&name);
        Peer { key: PeerKey::User(uid), staff: is_staff.then(|| self.see(&name)) }
    }

    /// The pseudonym of a name, which is remembered from now on.
    fn see(&self, name: &str) -> StaffId {
        let id = pseudonym(&self.town_key, name);
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.insert(id, name.to_owned()).is_none()
            && let Err(error) = keep(&self.file, &names)
        {
            tracing::warn!(%error, "the table of staff names could not be kept");
        }
        id
    }

    /// Everyone, sorted by name.
    pub fn all(&self) -> Vec<Staff> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Staff> = names.iter().map(|(id, name)| Staff { id: *id, name: name.clone() }).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Pseudonyms of everyone.
    pub fn ids(&self) -> Vec<StaffId> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// What somebody is called; a pseudonym from elsewhere by its digits.
    pub fn name(&self, id: StaffId) -> String {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }
}

/// Adds names to the table of a data directory.
pub fn remember(data: &Path, town_key: &[u8; 32], more: &[&str]) -> io::Result<()> {
    let file = data.join(TABLE);
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let all = kept.lines().map(str::trim).filter(|name| !name.is_empty()).chain(more.iter().copied());
    keep(&file, &all.map(|name| (pseudonym(town_key, name), name.to_owned())).collect())
}

/// Writes the table whole or not at all.
fn keep(file: &Path, names: &BTreeMap<StaffId, String>) -> io::Result<()> {
    let sorted: BTreeSet<&str> = names.values().map(String::as_str).collect();
    let text: String = sorted.into_iter().flat_map(|name| [name, "\n"]).collect();
    let new = file.with_extension("new");
    std::fs::write(&new, text)?;
    std::fs::rename(&new, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_says_who_asks_and_the_rule_says_who_is_staff() {
        let accounts = Accounts::parse(
            "root:x:0:0::/:\nanna:x:1000:1000::/:\nkiosk:x:1001:1001::/:\ncarla:x:1002:1002::/:\nwegovnow:x:990:990::/:\n",
            "wegovnow-staff:x:200:anna\n",
        );
        let directory = tempfile::tempdir().unwrap();
        let rule = StaffRule { names: ["carla".to_owned()].into(), ..StaffRule::default() };
        let open = || StaffTable::open(directory.path(), rule.clone(), [7; 32], 990, &accounts).unwrap();
        let table = open();
        for (uid, staff) in [(0, true), (990, true), (1000, true), (1002, true), (1001, false), (4711, false)] {
            assert_eq!(table.recognise(uid, &accounts).staff.is_some(), staff, "{uid}");
        }
        assert_eq!(table.recognise(1000, &accounts).staff, Some(pseudonym(&[7; 32], "anna")));
        assert_ne!(pseudonym(&[7; 32], "anna"), pseudonym(&[8; 32], "anna"));
        drop(table);
        let names: Vec<String> = open().all().into_iter().map(|staff| staff.name).collect();
        assert_eq!(names, ["anna", "carla", "root", "wegovnow"], "names outlive a restart");
        assert_eq!(open().name(StaffId([9; 8])), "0909090909090909");
        let everyone = StaffTable::open(directory.path(), StaffRule { everyone: true, ..rule }, [7; 32], 990, &accounts).unwrap();
        assert!(everyone.recognise(4711, &accounts).staff.is_some());
    }
}
