//! What an image must have in it for a case to make sense.

/// Something in the image's root file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Rauc,
    Ssh,
    Kiosk,
    /// `wegovnow-box`: provisioning, identity, gate, updates.
    Caretaker,
    /// The partition with the box's identity and settings.
    State,
    /// systemd feeds the hardware's watchdog.
    Watchdog,
    /// The box watches its own disk.
    DiskWatch,
}

impl Need {
    /// In the root file system, when it is there.
    fn path(self) -> &'static str {
        match self {
            Need::Rauc => "usr/bin/rauc",
            Need::Ssh => "usr/sbin/sshd",
            Need::Kiosk => "usr/bin/wegovnow-kiosk",
            Need::Caretaker => "usr/bin/wegovnow-box",
            Need::State => "state",
            Need::Watchdog => "usr/lib/systemd/system.conf.d/*",
            Need::DiskWatch => "usr/lib/systemd/system/wegovnow-disk.service",
        }
    }

    /// Why a case is skipped.
    pub fn missing(self) -> &'static str {
        match self {
            Need::Rauc => "the image has no rauc",
            Need::Ssh => "the image has no ssh",
            Need::Kiosk => "the image has no kiosk",
            Need::Caretaker => "the image has no wegovnow-box",
            Need::State => "the image has no /state",
            Need::DiskWatch => "the image has no wegovnow-disk.service",
            Need::Watchdog => "the image says nothing of a watchdog to systemd (system.conf.d)",
        }
    }

    /// Is it in such a listing, a path a line?
    pub fn is_in(self, listing: &str) -> bool {
        let is_there = |line: &str| match self.path().strip_suffix('*') {
            Some(folder) => line.starts_with(folder) && line.len() > folder.len(),
            None => line == self.path(),
        };
        listing.lines().any(|line| is_there(line.trim_start_matches('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_found_by_its_whole_path() {
        let listing = "/usr/bin/rauc\n/usr/share/doc/rauc\n/state\n/usr/lib/systemd/system.conf.d/\n";
        assert!(Need::Rauc.is_in(listing) && Need::State.is_in(listing));
        assert!(!Need::Ssh.is_in(listing) && !Need::Watchdog.is_in(listing));
        assert!(!Need::Rauc.is_in("/usr/share/usr/bin/rauc\n/usr/bin/rauc-service"));
        assert!(Need::Watchdog.is_in("/usr/lib/systemd/system.conf.d/watchdog.conf"));
    }
}
