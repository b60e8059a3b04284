//! Files that belong to others, made by a user who is not root: in a user namespace, with the numbers that this user may hand out there
//! (subuid(5), subgid(5)).

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::shell::output;

/// Numbers up to that of `nobody`, 65534, are handed out by Debian.
const COUNT_MIN: u64 = 65_536;

/// How mmdebstrap makes them, as its option calls it. The error of a user who cannot says what root has to do once.
pub fn mode() -> Result<&'static str> {
    if id("-u")? == "0" {
        return Ok("root");
    }
    super::need("uidmap")?;
    let user = id("-un")?;
    for file in ["/etc/subuid", "/etc/subgid"] {
        // Without the file there is no range in it.
        let text = fs::read_to_string(file).unwrap_or_default();
        ensure!(
            has_range(&text, &user),
            "{file} gives {user} no {COUNT_MIN} numbers to hand out, so that only root can make the root file system; as root, once: \
             usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user} (numbers that no other line of it has)"
        );
    }
    let namespace = Command::new("unshare").args(["--user", "true"]).stderr(Stdio::null()).status();
    ensure!(
        namespace.is_ok_and(|status| status.success()),
        "the kernel lets {user} make no user namespace (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone): build as root"
    );
    Ok("unshare")
}

/// A program that is root in its own eyes, and may do no more than we: for what writes its user's number into a file.
pub fn as_root(program: &str) -> Result<Command> {
    if id("-u")? == "0" {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", program]);
    Ok(command)
}

/// mmdebstrap takes one line, by the user's name.
fn has_range(text: &str, user: &str) -> bool {
    let counts: Vec<u64> = text
        .lines()
        .filter_map(|line| match line.split(':').collect::<Vec<_>>()[..] {
            [name, _, count] if name == user => count.trim().parse().ok(),
            _ => None,
        })
        .collect();
    matches!(counts[..], [count] if count >= COUNT_MIN)
}

fn id(what: &str) -> Result<String> {
    output(Command::new("id").arg(what)).map(|said| said.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_long_range_by_name_is_taken() {
        let text = "ann:100000:65536\nbob:165536:1000\ncid:1:65536\ncid:200000:65536\n";
        assert!(has_range(text, "ann"));
        assert!(!has_range(text, "bob"), "too short");
        assert!(!has_range(text, "cid"), "mmdebstrap does not choose");
        assert!(!has_range(text, "an"));
        assert!(!has_range("", "ann"));
    }
}
