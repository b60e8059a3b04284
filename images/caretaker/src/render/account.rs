//! Accounts: those of the image, and one for each member of staff. Nobody has a password. While the box waits to be paired there is
//! one more, whose password is empty and who may hand settings over and do nothing else.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use provision::Settings;

use super::{Ground, Rendered};
use crate::pairing;

/// User ids of staff.
pub const UID_FIRST: u32 = 2000;
pub const UID_LAST: u32 = 2998;
/// Of [`pairing::ACCOUNT`]. In none of our groups.
const PAIR_UID: u32 = 2999;
const PAIR_GID: u32 = 65534;

/// What that account may do. OpenSSH takes the method "none" where empty passwords are good, which wants both of the settings; a
/// password that somebody sends is not looked at, for it is no method of this account. The account `pair` is not root's: what comes
/// from strangers goes on by a socket.
const PAIR_SSHD: &str = "# The box waits to be paired.
Match User pair
    AuthenticationMethods none
    PasswordAuthentication yes
    PermitEmptyPasswords yes
    PubkeyAuthentication no
    ForceCommand /usr/bin/wegovnow-box pair
    PermitTTY no
    MaxSessions 1
";

/// Whose members are staff.
const GROUP: &str = "wegovnow-staff";
const CONSOLE: &str = "/usr/bin/wegovnow-console";
const CARETAKER: &str = "/usr/bin/wegovnow-box shell";

/// passwd(5), group(5) and shadow(5) of the image.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    passwd: Vec<String>,
    group: Vec<String>,
    shadow: Vec<String>,
    staff_gid: u32,
}

impl Tables {
    /// From the texts. They may be ours of an earlier call: accounts of staff are left out.
    pub fn parse(passwd: &str, group: &str, shadow: &str) -> Result<Tables> {
        let is_staff = |line: &str| {
            let uid = line.split(':').nth(2).and_then(|uid| uid.parse::<u32>().ok());
            uid.is_some_and(|uid| (UID_FIRST..=PAIR_UID).contains(&uid))
        };
        let name = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
        let (staff, others): (Vec<&str>, Vec<&str>) =
            passwd.lines().filter(|line| !line.is_empty()).partition(|line| is_staff(line));
        let staff: Vec<String> = staff.into_iter().map(name).collect();
        let own = |text: &str| {
            text.lines().filter(|line| !line.is_empty() && !staff.contains(&name(line))).map(str::to_owned).collect()
        };
        let group: Vec<String> = group.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let line = group.iter().find(|line| name(line) == GROUP).with_context(|| format!("there is no group {GROUP}"))?;
        let staff_gid = line.split(':').nth(2).and_then(|gid| gid.parse().ok()).context("the group of staff has no number")?;
        Ok(Tables { passwd: others.into_iter().map(str::to_owned).collect(), group, shadow: own(shadow), staff_gid })
    }

    /// Whether the image itself has this account.
    pub fn has(&self, name: &str) -> bool {
        self.passwd.iter().any(|line| line.split(':').next() == Some(name))
    }
}

/// User ids by account. A number is never given to somebody else: files may still bear it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers(pub BTreeMap<String, u32>);

impl Numbers {
    pub fn parse(text: &str) -> Result<Numbers> {
        Ok(Numbers(toml::from_str(text).context("the list of user ids is damaged")?))
    }

    pub fn render(&self) -> String {
        let lines = self.0.iter().map(|(name, uid)| format!("{name} = {uid}\n"));
        format!(
            "# User ids of staff, by account. Kept when an account goes, so that nobody else gets its number.\n{}",
            lines.collect::<String>()
        )
    }

    /// Gives numbers to accounts that have none yet.
    pub fn extend(&mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Result<()> {
        for name in names {
            if self.0.contains_key(name.as_ref()) {
                continue;
            }
            let next = self.0.values().max().map_or(UID_FIRST, |last| last + 1);
            if next > UID_LAST {
                bail!("no user id is left for {:?}: {} accounts were made over the years", name.as_ref(), self.0.len());
            }
            self.0.insert(name.as_ref().to_owned(), next);
        }
        Ok(())
    }
}

pub fn render(settings: &Settings, ground: &Ground<'_>, rendered: &mut Rendered) {
    let Tables { passwd, group, shadow, staff_gid } = ground.tables;
    let (mut passwd, mut shadow) = (passwd.clone(), shadow.clone());
    let mut members = Vec::new();
    for account in &settings.staff {
        let name = &account.name;
        let Some(uid) = ground.numbers.0.get(name).filter(|_| !ground.tables.has(name)) else { continue };
        let full_name = account.full_name.as_deref().unwrap_or_default();
        passwd.push(format!("{name}:x:{uid}:{staff_gid}:{full_name}:/:{CONSOLE}"));
        // Of no use, and not locked: SSH refuses locked accounts.
        shadow.push(format!("{name}:*:{}::::::", ground.epoch_s / 86_400));
        members.push(name.as_str());
        let keys = account.keys.iter().map(|key| format!("restrict,pty {key}\n"));
        if !account.keys.is_empty() {
            rendered.public(&format!("/run/wegovnow-box/ssh/{name}"), keys.collect::<String>());
        }
    }
    if ground.is_pairing {
        // SSH runs the forced command by this shell.
        passwd.push(format!("{}:x:{PAIR_UID}:{PAIR_GID}:takes settings:/:/bin/sh", pairing::ACCOUNT));
        shadow.push(format!("{}::{}::::::", pairing::ACCOUNT, ground.epoch_s / 86_400));
        rendered.public("/run/wegovnow-box/sshd/pair.conf", PAIR_SSHD);
    }
    let members = members.join(",");
    let group = group.iter().map(|line| {
        let mut fields: Vec<&str> = line.split(':').collect();
        if let [GROUP, .., listed] = &mut fields[..] {
            *listed = &members;
        }
        fields.join(":")
    });
    let lines = |lines: Vec<String>| lines.into_iter().map(|line| line + "\n").collect::<String>();
    rendered.public("/run/wegovnow-box/passwd", lines(passwd));
    rendered.public("/run/wegovnow-box/group", lines(group.collect()));
    rendered.private("/run/wegovnow-box/shadow", lines(shadow));

    let keys = settings.technician.iter().map(|key| format!("restrict,pty,command=\"{CARETAKER}\" {key}\n"));
    if !settings.technician.is_empty() {
        rendered.public("/run/wegovnow-box/ssh/root", keys.collect::<String>());
    }
    let has_key = !settings.technician.is_empty() || settings.staff.iter().any(|account| !account.keys.is_empty());
    if has_key || ground.is_pairing {
        // Somebody can log in: only then does the box listen.
        let rule = "# Somebody has a key, or the box waits to be paired: SSH is open, to a few new connections at a time.\n\
                    add rule inet filter opened tcp dport 22 ct state new limit rate 10/minute burst 20 packets accept\n";
        rendered.public("/run/wegovnow-box/nftables/ssh.nft", rule);
    }
}
