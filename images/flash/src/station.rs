//! The machine that writes: its clock and chance, what keeps it awake, the stop key, and how a medium is let go.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use ed25519_dalek::{SigningKey, VerifyingKey};

use crate::inventory::{Bus, Disk};
use crate::job::World;
use crate::key;

/// The real clock, and the kernel's random numbers.
pub struct Real {
    began: Instant,
}

impl Real {
    pub fn new() -> Real {
        Real { began: Instant::now() }
    }
}

impl Default for Real {
    fn default() -> Real {
        Real::new()
    }
}

impl World for Real {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn ticks(&self) -> Duration {
        self.began.elapsed()
    }

    fn random(&self) -> Result<[u8; 32]> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("the kernel gives no random numbers: {error}"))?;
        Ok(bytes)
    }
}

/// Keeps the machine awake while it lives.
pub struct Inhibitor {
    child: Option<Child>,
}

impl Inhibitor {
    /// By systemd-inhibit, whose child waits for the end of our pipe: whatever happens to us, the lock goes with us.
    pub fn take() -> Inhibitor {
        let mut command = Command::new("systemd-inhibit");
        command.args(["--what=sleep:idle:handle-lid-switch", "--mode=block", "--who=wegovnow-flash"]);
        command.args(["--why=media are being written", "cat"]);
        // A group of its own: the stop key is for us, who then end in order.
        let child = command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Inhibitor { child: child.ok() }
    }

    /// Has the lock been taken, as far as can be told?
    pub fn is_held(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }
}

impl Drop for Inhibitor {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.stdin.take());
            // Nothing depends on how it ended.
            let _ = child.wait();
        }
    }
}

/// A flag that the stop key, a closed terminal and `kill` raise.
pub fn stop_flag() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        signal_hook::flag::register(signal, stop.clone()).context("cannot watch for the stop key")?;
    }
    Ok(stop)
}

/// Switches a medium off: the kernel empties its cache, stops it and forgets it. Others are only safe to pull.
pub fn eject(sys: &Path, disk: &Disk) -> Result<bool> {
    if !matches!(disk.bus, Bus::Usb | Bus::Ata | Bus::Scsi) {
        return Ok(false);
    }
    let path = sys.join("block").join(&disk.name).join("device/delete");
    let file = fs::OpenOptions::new().write(true).open(&path);
    let mut file = file.with_context(|| format!("cannot open {}", path.display()))?;
    file.write_all(b"1").with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}

/// Where this program keeps what is its own.
pub struct Places {
    pub state: PathBuf,
    pub cache: PathBuf,
    /// Folders with public keys.
    pub keys: Vec<PathBuf>,
}

impl Places {
    /// After the base directory specification; `variable` gives the environment.
    pub fn find(variable: &dyn Fn(&str) -> Option<PathBuf>) -> Result<Places> {
        let base = |name: &str, below: &str| {
            let own = variable(name).filter(|path| path.is_absolute());
            own.or_else(|| Some(variable("HOME")?.join(below))).map(|path| path.join("wegovnow-flash"))
        };
        let need =
            |path: Option<PathBuf>| path.context("HOME is not set; say where to keep things with --receipts, --maps and --cache");
        let mut keys = vec![PathBuf::from("/etc/wegovnow-flash")];
        keys.extend(base("XDG_CONFIG_HOME", ".config"));
        Ok(Places { state: need(base("XDG_STATE_HOME", ".local/state"))?, cache: need(base("XDG_CACHE_HOME", ".cache"))?, keys })
    }
}

/// The keys that may sign manifests: those named, and those in the folders.
pub fn trusted(named: &[PathBuf], folders: &[PathBuf]) -> Result<Vec<VerifyingKey>> {
    let mut paths = named.to_vec();
    for folder in folders {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut found: Vec<PathBuf> =
            entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "pub")).collect();
        found.sort();
        paths.extend(found);
    }
    paths.iter().map(|path| key::public(path)).collect()
}

/// The key that signs receipts here. Made at the first call.
pub fn receipt_key(named: Option<&Path>, state: &Path, world: &dyn World) -> Result<(SigningKey, bool)> {
    if let Some(path) = named {
        return Ok((key::secret(path)?, false));
    }
    let path = state.join("station");
    if path.exists() {
        return Ok((key::secret(&path)?, false));
    }
    fs::create_dir_all(state).with_context(|| format!("cannot make {}", state.display()))?;
    Ok((key::make(&path, world.random()?)?, true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Still, disk};

    #[test]
    fn point_15_a_medium_is_switched_off_through_sysfs() {
        let sys = tempfile::tempdir().unwrap();
        let folder = sys.path().join("block/sdx/device");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("delete"), "").unwrap();
        let mut disk = disk("A", 1);
        assert!(eject(sys.path(), &disk).unwrap());
        assert_eq!(fs::read_to_string(folder.join("delete")).unwrap(), "1");
        fs::remove_file(folder.join("delete")).unwrap();
        assert!(eject(sys.path(), &disk).is_err());
        disk.bus = Bus::Mmc;
        assert!(!eject(sys.path(), &disk).unwrap(), "a card is pulled as it is");
    }

    #[test]
    fn point_13_the_lock_against_sleep_ends_with_us() {
        let mut lock = Inhibitor::take();
        let _ = lock.is_held();
        drop(lock);
        assert!(!Inhibitor { child: None }.is_held());
    }

    #[test]
    fn point_11_the_station_makes_its_key_once() {
        let folder = tempfile::tempdir().unwrap();
        let world = Still { count: 5.into(), step: 1 };
        let (key, is_new) = receipt_key(None, folder.path(), &world).unwrap();
        assert!(is_new);
        let (again, is_new) = receipt_key(None, folder.path(), &world).unwrap();
        assert_eq!((key.to_bytes(), is_new), (again.to_bytes(), false));
        let keys = trusted(&[], &[folder.path().to_owned(), folder.path().join("none")]).unwrap();
        assert_eq!(keys, [key.verifying_key()]);
    }

    #[test]
    fn places_follow_the_environment() {
        let places = |pairs: &'static [(&str, &str)]| {
            Places::find(&|name| pairs.iter().find(|(own, _)| *own == name).map(|(_, path)| PathBuf::from(path)))
        };
        let found = places(&[("HOME", "/home/anna"), ("XDG_CACHE_HOME", "/big")]).unwrap();
        assert_eq!(found.state, Path::new("/home/anna/.local/state/wegovnow-flash"));
        assert_eq!(found.cache, Path::new("/big/wegovnow-flash"));
        assert!(places(&[]).is_err());
    }
}
