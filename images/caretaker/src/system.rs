//! What the caretaker asks of the machine. Tests bring a machine of their own.

pub mod nvme;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::OFlags;
use rustix::mount::{MountFlags, UnmountFlags};
use rustix::time::{ClockId, Timespec};

/// Something that can be mounted for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Volume {
    Esp,
    Provision,
    /// A partition of something that was plugged in.
    Stick(PathBuf),
}

impl Volume {
    pub fn name(&self) -> String {
        match self {
            Volume::Esp => "esp".to_owned(),
            Volume::Provision => "provision".to_owned(),
            Volume::Stick(device) => format!("stick-{}", device.file_name().unwrap_or_default().display()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// How a program ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ran {
    /// None is: by a signal.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn is_good(&self) -> bool {
        self.code == Some(0)
    }

    /// The last line it complained with.
    pub fn complaint(&self) -> String {
        let line = [&self.stderr, &self.stdout].into_iter().find_map(|text| text.lines().rfind(|line| !line.trim().is_empty()));
        match (line, self.code) {
            (Some(line), _) => line.trim().chars().take(300).collect(),
            (None, Some(code)) => format!("exit code {code}"),
            (None, None) => "ended by a signal".to_owned(),
        }
    }
}

pub trait System {
    /// Seconds since 1970, by a clock that may be wrong.
    fn now_s(&self) -> u64;
    fn set_clock(&self, now_s: u64) -> io::Result<()>;
    /// Since the machine was started; never goes back.
    fn elapsed(&self) -> Duration;
    fn sleep(&self, time: Duration);
    fn chance(&self, bytes: &mut [u8]) -> io::Result<()>;
    fn set_host_name(&self, name: &str) -> io::Result<()>;
    /// Runs a program to its end, which is put to it after `limit`.
    fn run(&self, program: &str, arguments: &[&str], limit: Duration) -> io::Result<Ran>;
    /// The same on the caller's own terminal; the exit code.
    fn attend(&self, program: &str, arguments: &[&str]) -> io::Result<Option<i32>>;
    /// Mounts it at `place`, which is an empty folder.
    fn mount(&self, volume: &Volume, place: &Path, access: Access) -> io::Result<()>;
    fn unmount(&self, place: &Path) -> io::Result<()>;
    /// Starts the machine again; returns before it does.
    fn reboot(&self) -> io::Result<()>;
    /// Into the journal.
    fn log(&self, text: &str);
    /// Tells whoever looks: journal, serial line, first console.
    fn say(&self, text: &str);
    /// The health log of an NVMe disk's controller.
    fn nvme_health(&self, device: &Path) -> io::Result<[u8; nvme::LOG_LEN]>;
    /// Takes away the picture that init leaves on the screen. Never while a kiosk draws there: its picture would go, too.
    fn show_text(&self);
    /// Space that is left, and all there is, in bytes.
    fn space(&self, path: &Path) -> Option<(u64, u64)>;
}

/// Takes away a picture from a console.
fn set_text(console: &File) -> io::Result<()> {
    // `KDSETMODE` with `KD_TEXT`, of linux/kd.h.
    // SAFETY: KDSETMODE takes a number and no pointer.
    #[allow(unsafe_code)]
    unsafe {
        rustix::ioctl::ioctl(console, rustix::ioctl::IntegerSetter::<0x4b3a>::new_usize(0))?;
    }
    Ok(())
}

/// The machine itself.
pub struct Machine;

impl System for Machine {
    fn now_s(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }

    fn set_clock(&self, now_s: u64) -> io::Result<()> {
        let seconds = i64::try_from(now_s).map_err(io::Error::other)?;
        rustix::time::clock_settime(ClockId::Realtime, Timespec { tv_sec: seconds, tv_nsec: 0 })?;
        Ok(())
    }

    fn elapsed(&self) -> Duration {
        let now = rustix::time::clock_gettime(ClockId::Monotonic);
        Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn chance(&self, bytes: &mut [u8]) -> io::Result<()> {
        getrandom::fill(bytes).map_err(|error| io::Error::other(error.to_string()))
    }

    fn set_host_name(&self, name: &str) -> io::Result<()> {
        rustix::system::sethostname(name.as_bytes())?;
        Ok(())
    }

    fn run(&self, program: &str, arguments: &[&str], limit: Duration) -> io::Result<Ran> {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", &limit.as_secs().max(1).to_string(), program]).args(arguments);
        let output = command.stdin(Stdio::null()).output()?;
        // What timeout says of a program that is not there.
        if output.status.code() == Some(127) {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no program {program}")));
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Ran { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) })
    }

    fn attend(&self, program: &str, arguments: &[&str]) -> io::Result<Option<i32>> {
        Ok(Command::new(program).args(arguments).stdin(Stdio::null()).status()?.code())
    }

    fn mount(&self, volume: &Volume, place: &Path, access: Access) -> io::Result<()> {
        let device = match volume {
            Volume::Esp => Path::new("/dev/disk/appliance/esp"),
            Volume::Provision => Path::new("/dev/disk/appliance/PROVISION"),
            Volume::Stick(device) => device,
        };
        let mut flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        if access == Access::Read {
            flags |= MountFlags::RDONLY;
        }
        // Pinned: what is in the partition does not choose the driver.
        let kinds: &[&str] = if matches!(volume, Volume::Stick(_)) { &["vfat", "exfat", "ext4"] } else { &["vfat"] };
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for kind in kinds {
            let options = if *kind == "ext4" { None } else { Some(c"umask=077") };
            match rustix::mount::mount(device, place, *kind, flags, options) {
                Ok(()) => return Ok(()),
                Err(error) => last = error.into(),
            }
        }
        Err(last)
    }

    fn unmount(&self, place: &Path) -> io::Result<()> {
        rustix::mount::unmount(place, UnmountFlags::empty())?;
        Ok(())
    }

    fn reboot(&self) -> io::Result<()> {
        let code = Command::new("systemctl").args(["--no-block", "reboot"]).status()?;
        if code.success() { Ok(()) } else { Err(io::Error::other("systemctl reboot: not done")) }
    }

    fn log(&self, text: &str) {
        println!("{text}");
    }

    fn say(&self, text: &str) {
        self.log(text);
        // Whoever has neither of them reads the journal. A line without anybody at its end must not hold us up.
        let at_once = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or(0);
        for console in ["/dev/ttyS0", "/dev/tty1"] {
            if let Ok(mut console) = OpenOptions::new().write(true).custom_flags(at_once).open(console) {
                let _ = write!(console, "{text}\r\n");
            }
        }
    }

    fn nvme_health(&self, device: &Path) -> io::Result<[u8; nvme::LOG_LEN]> {
        nvme::health(device)
    }

    fn show_text(&self) {
        // Without a screen there is nothing to take away.
        if let Ok(console) = OpenOptions::new().write(true).open("/dev/tty1") {
            let _ = set_text(&console);
        }
    }

    fn space(&self, path: &Path) -> Option<(u64, u64)> {
        let space = rustix::fs::statvfs(path).ok()?;
        Some((space.f_bavail.saturating_mul(space.f_frsize), space.f_blocks.saturating_mul(space.f_frsize)))
    }
}

/// Mount points as the kernel lists them.
pub fn is_mounted(mountinfo: &str, place: &Path) -> bool {
    let place = place.to_string_lossy();
    mountinfo.lines().any(|line| line.split(' ').nth(4) == Some(&place))
}

/// What an earlier call that was killed left mounted.
pub fn left_over(place: &Path) -> bool {
    fs::read_to_string("/proc/self/mountinfo").is_ok_and(|text| is_mounted(&text, place))
}
