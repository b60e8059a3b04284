//! Accounts of this machine, as `/etc/passwd` and `/etc/group` list them: the appliance has no other directory of users.

use std::collections::BTreeSet;
use std::path::Path;

/// The machine's accounts and groups, read once.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    /// Name, user id, primary group id.
    users: Vec<(String, u32, u32)>,
    /// Name, group id, members.
    groups: Vec<(String, u32, Vec<String>)>,
}

impl Accounts {
    /// Reads both tables. A table that cannot be read has nobody in it.
    pub fn read() -> Accounts {
        let text = |path: &str| {
            std::fs::read(Path::new(path)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
        };
        Accounts::parse(&text("/etc/passwd"), &text("/etc/group"))
    }

    /// Reads the form of passwd(5) and group(5); lines of another form are passed over.
    pub fn parse(passwd: &str, group: &str) -> Accounts {
        let user = |line: &str| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| !name.is_empty())?.to_owned();
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            Some((name, uid, gid))
        };
        let one_group = |line: &str| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| !name.is_empty())?.to_owned();
            let gid = fields.nth(1)?.parse().ok()?;
            let members = fields.next()?.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
            Some((name, gid, members))
        };
        Accounts { users: passwd.lines().filter_map(user).collect(), groups: group.lines().filter_map(one_group).collect() }
    }

    /// The account's name; a user that no table names is called by number.
    pub fn name(&self, uid: u32) -> String {
        let known = self.users.iter().find(|(_, id, _)| *id == uid);
        known.map_or_else(|| format!("user {uid}"), |(name, ..)| name.clone())
    }

    /// Everyone in a group: its listed members and those whose primary group it is.
    pub fn members(&self, group: &str) -> BTreeSet<String> {
        let mut members = BTreeSet::new();
        for (_, gid, listed) in self.groups.iter().filter(|(name, ..)| name == group) {
            members.extend(listed.iter().cloned());
            members.extend(self.users.iter().filter(|(.., primary)| primary == gid).map(|(name, ..)| name.clone()));
        }
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_the_listed_and_those_whose_own_group_it_is() {
        let passwd =
            "root:x:0:0:root:/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\nbo:x:1001:200::/:/bin/sh\nbroken\n::::\n";
        let group = "root:x:0:\nwegovnow-staff:x:200:anna,,carla\nnonsense:x:y:z\n";
        let accounts = Accounts::parse(passwd, group);
        let members: Vec<String> = accounts.members("wegovnow-staff").into_iter().collect();
        assert_eq!(members, ["anna", "bo", "carla"]);
        assert_eq!(accounts.name(1000), "anna");
        assert_eq!(accounts.name(4711), "user 4711");
        assert!(accounts.members("nobody-has-this").is_empty());
    }
}
