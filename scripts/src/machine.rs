//! A PC that runs the image: QEMU with UEFI firmware, watched over its serial line and its control socket.
//!
//! Every wait has a limit. What goes wrong is told with the last lines of the serial line, and where log, picture and disk are.

pub mod console;
pub mod fat;
pub mod medium;
pub mod qmp;
pub mod run;
pub mod screen;
pub mod ssh;

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, anyhow, bail};
use serde_json::{Value, json};

use console::{Console, Found, Transcript};
use medium::Medium;
use qmp::{Event, Qmp};
use run::Run;
use screen::Picture;
use ssh::{Answer, Input, Key, Session};

/// Debian packages that a machine needs.
pub const TOOLS: &str = "qemu-system-x86 qemu-utils ovmf mtools dosfstools openssh-client";

const FIRMWARE: &str = "/usr/share/OVMF/OVMF_CODE_4M.fd";
const FIRMWARE_VARIABLES: &str = "/usr/share/OVMF/OVMF_VARS_4M.fd";

/// What a tablet's axes go up to, whatever the screen's size.
const AXIS_MAX: u32 = 32_767;

const BETWEEN: Duration = Duration::from_millis(20);

/// QEMU makes its control socket at once, on an idle machine.
const CONTROL_LIMIT: Duration = Duration::from_secs(60);

/// Between our look for a free port and QEMU's taking it, another may have taken it.
const PORT_ATTEMPTS: u32 = 5;

/// Longer than a finger rests, so that a box on a slow machine sees both the touch and its end.
const TOUCH: Duration = Duration::from_millis(150);

/// What the PC is like.
#[derive(Debug, Clone)]
pub struct Setup {
    pub memory_mb: u32,
    /// Pixels, across and down.
    pub screen: (u32, u32),
    /// What the hardware clock says at power on, in UTC, as `1970-01-01T00:00:00`; otherwise the true time.
    pub clock: Option<String>,
    /// An Intel 6300ESB that resets the PC.
    pub has_watchdog: bool,
    pub has_window: bool,
    /// The mainboard's serial number, which a box can be asked for: an answer with another one is not this machine's.
    pub serial_number: String,
    /// Ports of the box that are forwarded from a free one of the loopback address. The box reaches nothing itself.
    pub forwards: Vec<u16>,
    /// Disks beside the one it starts from.
    pub disks: Vec<Medium>,
    /// Plugged in from the start; the first has the serial number `WGN-STICK-0`.
    pub sticks: Vec<PathBuf>,
    /// Of the disk it starts from.
    pub disk_serial: Option<String>,
    /// Whether a restart restarts, or ends QEMU.
    pub restarts: bool,
    /// A socket for a debugger.
    pub has_debugger: bool,
    /// Started at once, without firmware and boot loader.
    pub kernel: Option<Kernel>,
}

/// A kernel that QEMU starts by itself.
#[derive(Debug, Clone)]
pub struct Kernel {
    pub kernel: PathBuf,
    pub initramfs: PathBuf,
    pub arguments: String,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            memory_mb: 512,
            screen: (1280, 800),
            clock: None,
            has_watchdog: false,
            has_window: false,
            serial_number: "WGN-TEST".to_owned(),
            forwards: Vec::new(),
            disks: Vec::new(),
            sticks: Vec::new(),
            disk_serial: None,
            restarts: true,
            has_debugger: false,
            kernel: None,
        }
    }
}

/// Sockets, ports and files of one start.
struct Places<'a> {
    serial: &'a Path,
    control: &'a Path,
    debugger: &'a Path,
    variables: &'a Path,
    ports: &'a [(u16, u16)],
}

impl Setup {
    /// QEMU's arguments for this PC, started from that disk.
    fn arguments(&self, disk: &Medium, places: &Places) -> Vec<String> {
        let Places { serial, control, debugger, variables, ports } = places;
        let mut all = Vec::new();
        let mut add = |option: &str, value: String| all.extend([option.to_owned(), value]);
        add("-machine", "q35".to_owned());
        add("-accel", "tcg,thread=multi".to_owned());
        add("-cpu", CPU.to_owned());
        add("-smp", "2".to_owned());
        add("-m", self.memory_mb.to_string());
        add("-smbios", format!("type=1,serial={}", self.serial_number));
        add("-rtc", format!("base={}", self.clock.as_deref().unwrap_or("utc")));
        match &self.kernel {
            Some(Kernel { kernel, initramfs, arguments }) => {
                add("-kernel", kernel.display().to_string());
                add("-initrd", initramfs.display().to_string());
                add("-append", arguments.clone());
            }
            None => {
                add("-drive", format!("if=pflash,format=raw,readonly=on,file={FIRMWARE}"));
                add("-drive", format!("if=pflash,format=raw,file={}", variables.display()));
            }
        }
        for (number, medium) in (0..).zip(std::iter::once(disk).chain(&self.disks)) {
            add("-drive", format!("if=none,id=disk{number},{}", medium.drive()));
            // From 1: a kernel that is given to QEMU itself takes 0.
            let serial = self.disk_serial.as_ref().filter(|_| number == 0).map(|serial| format!(",serial={serial}"));
            let serial = serial.unwrap_or_default();
            add("-device", format!("virtio-blk-pci,drive=disk{number}{serial},bootindex={}", number + 1));
        }
        add("-device", "qemu-xhci".to_owned());
        for (number, stick) in (0..).zip(&self.sticks) {
            add("-drive", format!("if=none,id=stick{number},{}", Medium::Raw(stick.clone()).drive()));
            add("-device", format!("usb-storage,drive=stick{number},removable=on,serial=WGN-STICK-{number}"));
        }
        let (width, height) = self.screen;
        add("-vga", "none".to_owned());
        add("-device", format!("virtio-gpu-pci,xres={width},yres={height}"));
        add("-device", "virtio-tablet-pci".to_owned());
        if self.has_watchdog {
            add("-device", "i6300esb".to_owned());
            add("-action", "watchdog=reset".to_owned());
        }
        let nic = if ports.is_empty() {
            // Offline is a normal state.
            "none".to_owned()
        } else {
            let forwards: String =
                ports.iter().map(|(ours, theirs)| format!(",hostfwd=tcp:127.0.0.1:{ours}-:{theirs}")).collect();
            format!("user,model=virtio-net-pci,restrict=on{forwards}")
        };
        add("-nic", nic);
        add("-serial", format!("file:{}", serial.display()));
        add("-qmp", format!("unix:{},server=on,wait=off", control.display()));
        if self.has_debugger {
            add("-chardev", format!("socket,id=debugger,path={},server=on,wait=off", debugger.display()));
            add("-gdb", "chardev:debugger".to_owned());
        }
        if !self.has_window {
            add("-display", "none".to_owned());
        }
        if !self.restarts {
            all.push("-no-reboot".to_owned());
        }
        all
    }
}

/// Measured: up to the daemon's answer `max` takes a fifth more processor time (28 to 32 s against 24 to 25 s), for the box then
/// uses instructions that are slow to emulate.
const CPU: &str = "qemu64";

/// A PC that was switched on; gone with this value.
pub struct Machine<'a> {
    run: &'a Run,
    qemu: Child,
    start: Instant,
    console: Console,
    qmp: Qmp,
    screen: (u32, u32),
    ports: Vec<(u16, u16)>,
    /// Files of this start, to name when something goes wrong.
    pub serial: PathBuf,
    pub debugger: PathBuf,
    disk: Medium,
    /// Where on the serial line the last mark was found.
    heard: usize,
    name: String,
}

impl<'a> Machine<'a> {
    /// Switches it on.
    pub fn start(setup: &Setup, disk: &Medium, run: &'a Run) -> Result<Machine<'a>> {
        let mut attempt = 1;
        loop {
            match Machine::try_start(setup, disk, run) {
                Err(error) if attempt < PORT_ATTEMPTS && format!("{error:#}").contains("forwarding rule") => attempt += 1,
                done => return done,
            }
        }
    }

    fn try_start(setup: &Setup, disk: &Medium, run: &'a Run) -> Result<Machine<'a>> {
        if let Medium::Raw(path) | Medium::Overlay(path) = disk
            && !path.is_file()
        {
            bail!("no image {}: make it with `cargo x image`", path.display());
        }
        let name = format!("machine{}", run.next_machine());
        let (serial, said) = (run.file(&format!("{name}-serial.log")), run.file(&format!("{name}-qemu.log")));
        let (control, debugger) = (run.sockets.join(format!("{name}-qmp")), run.sockets.join(format!("{name}-gdb")));
        // What firmware remembers stays from start to start, as on a mainboard.
        let variables = run.file("firmware-variables");
        if !variables.is_file() {
            fs::copy(FIRMWARE_VARIABLES, &variables)
                .context("cannot copy the firmware's variables: are they in the package ovmf?")?;
        }
        // Of a run before.
        for old in [&serial, &control] {
            let _ = fs::remove_file(old);
        }
        let ports: Vec<(u16, u16)> = setup.forwards.iter().map(|theirs| Ok((free_port()?, *theirs))).collect::<Result<_>>()?;
        let places = Places { serial: &serial, control: &control, debugger: &debugger, variables: &variables, ports: &ports };
        let mut qemu = bound("qemu-system-x86_64");
        qemu.args(setup.arguments(disk, &places)).stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&said)?);
        let start = Instant::now();
        let mut qemu = qemu.spawn().context("QEMU does not start: `setpriv` is in the package util-linux")?;
        let console = Console::follow(serial.clone(), start);
        let qmp = loop {
            if let Ok(qmp) = Qmp::connect(&control, start) {
                break qmp;
            }
            let ended = qemu.try_wait().context("cannot wait for QEMU")?;
            if ended.is_some() || start.elapsed() > CONTROL_LIMIT {
                let _ = qemu.kill();
                let _ = qemu.wait();
                let said = fs::read_to_string(&said).unwrap_or_default();
                bail!("QEMU did not come up: {}", said.trim());
            }
            thread::sleep(BETWEEN);
        };
        let (screen, disk) = (setup.screen, disk.clone());
        Ok(Machine { run, qemu, start, console, qmp, screen, ports, serial, debugger, disk, heard: 0, name })
    }

    /// Since power on.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Waits until the mark stands on the serial line behind the last one that was waited for; when it came, since power on.
    pub fn wait_for(&mut self, mark: &str, limit: Duration) -> Result<Duration> {
        self.wait_for_any(&[mark], limit).map(|(_, at)| at)
    }

    /// Waits for the first of several marks: which, and when it came.
    pub fn wait_for_any(&mut self, marks: &[&str], limit: Duration) -> Result<(usize, Duration)> {
        let (which, Found { end, at }) = self.hear_any(marks, limit)?;
        self.heard = end;
        Ok((which, at))
    }

    /// Like `wait_for`, but later waits begin where this one did: for marks that may come in any order.
    pub fn hear(&mut self, mark: &str, limit: Duration) -> Result<Duration> {
        self.hear_any(&[mark], limit).map(|(_, found)| found.at)
    }

    fn hear_any(&mut self, marks: &[&str], limit: Duration) -> Result<(usize, Found)> {
        let began = Instant::now();
        loop {
            // Asked before looking, so that the last words of a QEMU that ended count.
            let ended = self.ended()?;
            if ended.is_some() {
                self.console.close();
            }
            if let Some(found) = self.first(marks) {
                return Ok(found);
            }
            let why = match ended {
                Some(status) => format!("QEMU ended with {status}"),
                None if began.elapsed() > limit => format!("not within {} s", limit.as_secs()),
                None => {
                    thread::sleep(BETWEEN);
                    continue;
                }
            };
            return Err(self.failure(&format!("the serial line did not say {:?} ({why})", marks.join("\" or \""))));
        }
    }

    fn first(&self, marks: &[&str]) -> Option<(usize, Found)> {
        let found = marks.iter().enumerate().filter_map(|(which, mark)| Some((which, self.console.find(self.heard, mark)?)));
        found.min_by_key(|(_, found)| found.end)
    }

    /// All that stands on the serial line.
    pub fn transcript(&self) -> Transcript {
        self.console.transcript()
    }

    /// Marks that came before now no longer count.
    pub fn forget(&mut self) {
        self.heard = self.console.transcript().len();
    }

    /// Waits until a condition about the machine holds.
    pub fn wait_until(&mut self, what: &str, limit: Duration, holds: impl FnMut(&mut Machine) -> Result<bool>) -> Result<()> {
        self.wait_every(BETWEEN, what, limit, holds)
    }

    /// Likewise, with a pause after each look: a picture of the screen takes time that the box then does not have.
    pub fn wait_every(
        &mut self,
        pause: Duration,
        what: &str,
        limit: Duration,
        mut holds: impl FnMut(&mut Machine) -> Result<bool>,
    ) -> Result<()> {
        let began = Instant::now();
        while !holds(self)? {
            if began.elapsed() > limit {
                return Err(self.failure(&format!("{what}: not within {} s", limit.as_secs())));
            }
            if let Some(status) = self.ended()? {
                return Err(self.failure(&format!("{what}: QEMU ended with {status}")));
            }
            thread::sleep(pause);
        }
        Ok(())
    }

    /// How QEMU ended, if it did.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.qemu.try_wait().context("cannot wait for QEMU")
    }

    /// Waits until the box switched itself off.
    pub fn wait_for_end(&mut self, limit: Duration) -> Result<()> {
        let began = Instant::now();
        while self.ended()?.is_none() {
            if began.elapsed() > limit {
                return Err(self.failure(&format!("it did not switch itself off within {} s", limit.as_secs())));
            }
            thread::sleep(BETWEEN);
        }
        self.console.close();
        Ok(())
    }

    /// Presses the power button and waits until the box is off.
    pub fn power_down(&mut self, limit: Duration) -> Result<()> {
        self.qmp.call("system_powerdown", json!({}))?;
        self.wait_for_end(limit)
    }

    /// Presses the reset button.
    pub fn reset(&mut self) -> Result<()> {
        self.qmp.call("system_reset", json!({})).map(|_| ())
    }

    /// Ends QEMU at once. Of a raw disk nothing is lost thereby, for the host keeps what QEMU wrote; of an overlay, what the box
    /// had not flushed may be. A disk behind our NBD server is cut there.
    pub fn cut(&mut self) -> Result<()> {
        self.qemu.kill().context("cannot end QEMU")?;
        self.qemu.wait().context("cannot wait for QEMU")?;
        self.console.close();
        Ok(())
    }

    pub fn qmp(&mut self, command: &str, arguments: Value) -> Result<Value> {
        self.qmp.call(command, arguments)
    }

    pub fn events(&self, name: &str) -> Vec<Event> {
        self.qmp.events().into_iter().filter(|event| event.name == name).collect()
    }

    /// When the box restarted, whoever wanted it, since power on.
    pub fn resets(&self) -> Vec<Duration> {
        self.events("RESET").into_iter().map(|event| event.at).collect()
    }

    /// Saves what the screen shows, as PNG in the run's directory.
    pub fn picture(&mut self, name: &str) -> Result<PathBuf> {
        let file = self.run.file(&format!("{name}.png"));
        self.qmp.call("screendump", json!({ "filename": file, "format": "png" }))?;
        Ok(file)
    }

    /// What the screen shows, as pixels.
    pub fn screen(&mut self) -> Result<Picture> {
        let file = self.run.sockets.join("screen.ppm");
        self.qmp.call("screendump", json!({ "filename": file, "format": "ppm" }))?;
        Picture::parse(&fs::read(&file).context("QEMU left no picture")?)
    }

    /// Touches the screen at a pixel of the unrotated picture.
    pub fn tap(&mut self, x: u32, y: u32) -> Result<()> {
        let (width, height) = self.screen;
        let axis = |name: &str, at: u32, most: u32| {
            let value = u64::from(at.min(most - 1)) * u64::from(AXIS_MAX) / u64::from(most.max(2) - 1);
            json!({ "type": "abs", "data": { "axis": name, "value": value } })
        };
        let button = |down: bool| json!({ "type": "btn", "data": { "button": "left", "down": down } });
        self.input(&[axis("x", x, width), axis("y", y, height)])?;
        self.input(&[button(true)])?;
        thread::sleep(TOUCH);
        self.input(&[button(false)])
    }

    /// Presses keys together, by QEMU's names (`ctrl`, `alt`, `f2`), and lets go of them.
    pub fn keys(&mut self, keys: &[&str]) -> Result<()> {
        let event =
            |key: &&str, down: bool| json!({ "type": "key", "data": { "down": down, "key": { "type": "qcode", "data": key } } });
        self.input(&keys.iter().map(|key| event(key, true)).collect::<Vec<_>>())?;
        thread::sleep(TOUCH);
        self.input(&keys.iter().rev().map(|key| event(key, false)).collect::<Vec<_>>())
    }

    fn input(&mut self, events: &[Value]) -> Result<()> {
        self.qmp.call("input-send-event", json!({ "events": events })).map(|_| ())
    }

    /// Plugs a stick in while the box runs.
    pub fn plug(&mut self, name: &str, stick: &Path) -> Result<()> {
        let file = json!({ "driver": "file", "filename": stick });
        self.qmp.call("blockdev-add", json!({ "node-name": name, "driver": "raw", "file": file }))?;
        let device = json!({ "driver": "usb-storage", "id": format!("{name}-device"), "drive": name, "removable": true });
        self.qmp.call("device_add", device).map(|_| ())
    }

    /// Pulls a stick that was plugged in.
    pub fn pull(&mut self, name: &str, limit: Duration) -> Result<()> {
        let device = format!("{name}-device");
        self.qmp.call("device_del", json!({ "id": device }))?;
        let is_gone = |event: &Event| event.data.get("device").and_then(Value::as_str) == Some(device.as_str());
        self.wait_until("the stick is pulled", limit, |machine| Ok(machine.events("DEVICE_DELETED").iter().any(is_gone)))?;
        self.qmp.call("blockdev-del", json!({ "node-name": name })).map(|_| ())
    }

    /// Our port that leads to one of the box.
    pub fn port(&self, theirs: u16) -> Result<u16> {
        let found = self.ports.iter().find(|(_, own)| *own == theirs);
        found.map(|(ours, _)| *ours).with_context(|| format!("port {theirs} of the box is not forwarded"))
    }

    /// Runs a command in the box.
    pub fn ssh(&self, key: &Key, account: &str, command: &str, limit: Duration) -> Result<Answer> {
        ssh::command(self.run, Some(key), account, self.port(22)?, command, &Input::Nothing, limit)
    }

    /// The same without a key, sending a text along.
    pub fn ssh_without_key(&self, account: &str, command: &str, text: &str, limit: Duration) -> Result<Answer> {
        ssh::command(self.run, None, account, self.port(22)?, command, &Input::Text(text), limit)
    }

    /// A conversation with what an account of the box has as its shell.
    pub fn converse(&self, key: &Key, account: &str) -> Result<Session> {
        Session::open(self.run, key, account, self.port(22)?)
    }

    /// Fingerprint of the key that the box has shown to whoever logged in first.
    pub fn host_key(&self) -> Result<String> {
        ssh::host_key(self.run)
    }

    /// The most memory that QEMU itself held, in MB; more than the box's own memory.
    pub fn host_memory_mb(&self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.qemu.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024.0 / 1e6)
    }

    /// An error that tells where to look.
    pub fn failure(&mut self, what: &str) -> Error {
        let picture = match self.picture(&format!("{}-screen", self.name)) {
            Ok(picture) => picture.display().to_string(),
            Err(_) => "none".to_owned(),
        };
        let disk = self.disk.file().map_or_else(|_| self.disk.drive(), |file| file.display().to_string());
        let last = self.console.transcript().last_lines(15);
        anyhow!("{what}\n   console: {}, picture: {picture}, disk: {disk}\n{last}", self.serial.display())
    }
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        // Ours, by its own handle; it may have ended by itself.
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

/// A program that the kernel ends when the thread that starts it ends, so that a killed battery leaves no machine running. Machines
/// are therefore started by a thread that lives as long as they do. (`PR_SET_PDEATHSIG` of prctl(2), by util-linux, which every
/// Debian has.)
fn bound(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", program]);
    command
}

/// A port of the loopback address that nobody has now.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// What a thread that panicked left is still good: values are only added.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(setup: &Setup, ports: &[(u16, u16)]) -> String {
        let at = Path::new("/t");
        let places = Places { serial: at, control: at, debugger: at, variables: at, ports };
        setup.arguments(&Medium::Overlay("/t/disk".into()), &places).join(" ")
    }

    #[test]
    fn a_box_reaches_nothing_and_is_reached_on_the_loopback_address_alone() {
        let plain = arguments(&Setup::default(), &[]);
        assert!(plain.contains("-nic none") && plain.contains("-display none") && !plain.contains("-no-reboot"));
        let forwarded = arguments(&Setup::default(), &[(40_000, 22), (40_001, 443)]);
        assert!(forwarded.contains("restrict=on,hostfwd=tcp:127.0.0.1:40000-:22,hostfwd=tcp:127.0.0.1:40001-:443"));
    }

    #[test]
    fn what_is_bound_ends_with_the_thread_that_started_it() {
        let start = || {
            let child = bound("sleep").arg("60").spawn().unwrap();
            // It is bound before it becomes what was asked for.
            let name = format!("/proc/{}/comm", child.id());
            while fs::read_to_string(&name).unwrap().trim_end() != "sleep" {
                thread::yield_now();
            }
            child
        };
        // A program that is not bound would sleep to its end and then say that all is well.
        let status = thread::spawn(start).join().unwrap().wait().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "{status}");
    }

    #[test]
    fn it_starts_from_the_first_disk() {
        let setup = Setup { disks: vec![Medium::Raw("/t/other".into())], sticks: vec!["/t/stick".into()], ..Setup::default() };
        let said = arguments(&setup, &[]);
        assert!(said.contains("id=disk0,format=qcow2,file=/t/disk -device virtio-blk-pci,drive=disk0,bootindex=1"));
        assert!(said.contains("id=disk1,format=raw,file=/t/other -device virtio-blk-pci,drive=disk1,bootindex=2"));
        assert!(said.contains("usb-storage,drive=stick0"));
    }

    #[test]
    fn hardware_is_there_when_asked_for() {
        let setup =
            Setup { has_watchdog: true, clock: Some("1970-01-01T00:00:00".to_owned()), restarts: false, ..Setup::default() };
        let said = arguments(&setup, &[]);
        assert!(said.contains("-device i6300esb -action watchdog=reset"));
        assert!(said.contains("-rtc base=1970-01-01T00:00:00") && said.ends_with("-no-reboot"));
    }
}
