//! The root file system as Debian gives it, by mmdebstrap; kept under the hash of all that went into it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::{BASE, esp, list, read, subordinate, write};
use crate::shell::{self, cache_dir};

const SUITE: &str = "bookworm";

/// Files of ours that shape it.
const INPUTS: [&str; 5] = ["packages", "services", "prune", "customize", "../overlay/usr/lib/sysusers.d/wegovnow.conf"];

/// Those of them that a hook reads, with the permissions it needs. The hook may be another user than we are, for whom neither our home
/// nor a tree that was cloned with a narrow umask is open.
const HOOK: [(&str, &str, u32); 4] = [
    ("customize", "base/customize", 0o755),
    ("prune", "base/prune", 0o644),
    ("services", "base/services", 0o644),
    ("../overlay/usr/lib/sysusers.d/wegovnow.conf", "overlay/usr/lib/sysusers.d/wegovnow.conf", 0o644),
];

/// Time of the files that packages write when they are installed. Those in the image bear the commit's, whatever this is.
const EPOCH: &str = "1767225600";

/// What no kiosk reads. Copyright files stay: licences ask for them.
const LEFT_OUT: [&str; 8] = [
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/lintian/*",
    // The initramfs is ours: without its hook the package makes none.
    "path-exclude=/etc/kernel/postinst.d/initramfs-tools",
    "path-exclude=/etc/kernel/postrm.d/initramfs-tools",
];

/// Which versions of packages are good.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// Those of `packages.lock`.
    Locked,
    /// Those that Debian has today, written to `packages.lock`.
    Lock,
    /// Whatever Debian has today: a test must not fail because of a security update.
    Any,
}

pub struct Base {
    pub tar: PathBuf,
    pub kernel: PathBuf,
    /// Of that kernel, all of them.
    pub modules: PathBuf,
    /// List of what was installed.
    pub packages: PathBuf,
}

pub fn make(versions: Versions) -> Result<Base> {
    let mut hash = Sha256::new().chain_update(EPOCH).chain_update(LEFT_OUT.concat());
    for input in INPUTS {
        hash.update(read(&Path::new(BASE).join(input))?);
    }
    let key: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let dir = cache_dir()?.join("image").join(format!("base-{key}"));
    if !dir.join("root.tar").is_file() {
        bootstrap(&dir)?;
    }
    check_lock(&dir.join("packages"), versions)?;
    Ok(Base {
        tar: dir.join("root.tar"),
        kernel: only(&dir.join("boot"), "vmlinuz-")?,
        modules: only(&dir.join("modules"), "")?,
        packages: dir.join("packages"),
    })
}

fn bootstrap(dir: &Path) -> Result<()> {
    let mode = subordinate::mode()?;
    println!("   takes about two minutes; kept in {}", dir.display());
    // Absolute, for mmdebstrap runs elsewhere.
    let part = fs::canonicalize(super::fresh(dir.with_extension("part"))?)?;
    let hook = stage_hook(&part)?;
    let mut command = Command::new("mmdebstrap");
    command.arg(format!("--mode={mode}"));
    command.args(["--variant=essential", "--format=tar", &format!("--include={}", list("packages")?.join(","))]);
    command.args(LEFT_OUT.map(|option| format!("--dpkgopt={option}")));
    let out = part.display();
    // Before ours, which removes both from the image.
    command.arg(format!("--customize-hook=copy-out /boot /usr/lib/modules {out}"));
    // From where we stand: the way there may lead through folders that are closed to the hook.
    command.current_dir(&hook).arg("--customize-hook=base/customize");
    command.arg(format!("--customize-hook=copy-out /usr/lib/wegovnow/packages {out}"));
    // Nothing is left of apt's lists for it to clean.
    command.arg("--skip=cleanup/apt");
    command.arg(SUITE).arg(part.join("root.tar"));
    // dpkg looks for settings in a home that is not its own.
    command.env("SOURCE_DATE_EPOCH", EPOCH).env("HOME", "/nonexistent").env("PATH", esp::path());
    shell::run(&mut command)?;
    fs::remove_dir_all(&hook)?;
    fs::rename(&part, dir).with_context(|| format!("cannot keep {}", dir.display()))
}

/// Copies what the hook reads to a folder that everyone can read who is in it.
fn stage_hook(part: &Path) -> Result<PathBuf> {
    let top = part.join("hook");
    for (from, to, mode) in HOOK {
        let (from, to) = (Path::new(BASE).join(from), top.join(to));
        let folder = to.parent().context("a file lies in no folder")?;
        fs::create_dir_all(folder)?;
        for folder in folder.ancestors().take_while(|folder| folder.starts_with(&top)) {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        }
        fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
        fs::set_permissions(&to, fs::Permissions::from_mode(mode))?;
    }
    Ok(top)
}

/// Holds what was installed against what was agreed on.
fn check_lock(installed: &Path, versions: Versions) -> Result<()> {
    let lock = Path::new(BASE).join("packages.lock");
    let installed = read(installed)?;
    if versions == Versions::Lock {
        return write(&lock, installed);
    }
    let (installed, locked) = (String::from_utf8_lossy(&installed).into_owned(), String::from_utf8(read(&lock)?)?);
    let differ: Vec<&str> = installed.lines().filter(|line| !locked.lines().any(|own| own == *line)).collect();
    let gone: Vec<&str> = locked.lines().filter(|line| !installed.lines().any(|own| own == *line)).collect();
    if !differ.is_empty() || !gone.is_empty() {
        let said = format!("installed:\n   {}\nlocked:\n   {}", differ.join("\n   "), gone.join("\n   "));
        if versions == Versions::Any {
            println!("   Debian has other versions than packages.lock, taken as they are\n{said}");
            return Ok(());
        }
        bail!(
            "Debian has other versions than packages.lock; accept them with --lock, or take them once with --any-versions\n{said}"
        );
    }
    Ok(())
}

/// The one entry of a directory that begins so.
fn only(dir: &Path, start: &str) -> Result<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(start) {
            found.push(entry.path());
        }
    }
    match found.pop() {
        Some(path) if found.is_empty() => Ok(path),
        _ => bail!("expected one {start}* in {}", dir.display()),
    }
}
