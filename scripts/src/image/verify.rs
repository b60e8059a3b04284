//! Checks of an image that need no machine to run it.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use bootstate::{File as Note, Files, Slot};
use gpt::{Partition, SECTOR, Table};

use super::slot::{self, BLOCK};
use super::{esp, fresh, layout, size};
use crate::shell::{output, run};
use crate::step::Tally;

/// Must not be in an image: they would be the same in every box.
const OF_ONE_BOX: [&str; 4] =
    ["etc/ssh/ssh_host_*", "var/lib/systemd/random-seed", "var/lib/wegovnow", "etc/credstore*/wegovnow*"];

/// Must be: what starts, what it starts, and what is said to be in it.
const IN_ROOT: [&str; 13] = [
    "usr/lib/systemd/systemd",
    "usr/sbin/mke2fs",
    "usr/bin/wegovnowd",
    "usr/lib/systemd/system/wegovnowd.service",
    "usr/bin/wegovnow-kiosk",
    "usr/bin/wegovnow-box",
    "usr/lib/wegovnow/accounts/passwd",
    "usr/sbin/sshd",
    "usr/lib/systemd/system/rauc.service",
    "etc/rauc/system.conf",
    "etc/rauc/keyring.pem",
    "usr/lib/wegovnow/build",
    "usr/lib/wegovnow/packages",
];

/// Says what it found.
type Check = fn(&mut Image) -> Result<String>;

pub fn run_all(image: &Path) -> Result<Tally> {
    let mut image = Image::open(image)?;
    let mut tally = Tally::default();
    let checks: [(&str, Check); 4] = [
        ("partition table, both copies", table),
        ("EFI partition: boot loader and its notes", efi),
        ("slot A: boot image", boot),
        ("slot A: root file system, every block against its hash", root),
    ];
    for (name, check) in checks {
        match check(&mut image) {
            Ok(said) => {
                println!("   {name}: {said}");
                tally.add(Tally::ONE);
            }
            Err(error) => {
                println!("   {name}: FAILED: {error:#}");
                tally.add(Tally { failed: 1, ..Tally::default() });
            }
        }
    }
    Ok(tally)
}

struct Image {
    file: File,
    table: Table,
    /// Where parts are taken out to.
    parts: PathBuf,
}

impl Image {
    fn open(path: &Path) -> Result<Image> {
        let mut file = File::open(path).with_context(|| format!("no image {}: make it with `cargo x image`", path.display()))?;
        let table = Table::read(&mut file)?;
        let parts = fresh(path.with_extension("verify"))?;
        Ok(Image { file, table, parts })
    }

    /// The start of a partition as a file.
    fn take(&mut self, name: &str, length: Option<u64>) -> Result<PathBuf> {
        let partition = self.table.partitions.iter().find(|partition| partition.name == name);
        let partition = partition.with_context(|| format!("no partition {name}"))?;
        let length = length.unwrap_or(partition.sectors() * SECTOR);
        self.file.seek(SeekFrom::Start(partition.first * SECTOR))?;
        let path = self.parts.join(name);
        std::io::copy(&mut (&self.file).take(length), &mut File::create(&path)?)?;
        Ok(path)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // Only copies.
        let _ = fs::remove_dir_all(&self.parts);
    }
}

fn table(image: &mut Image) -> Result<String> {
    let sectors = image.file.metadata()?.len() / SECTOR;
    for sector in [1, sectors - 1] {
        let table = Table::read_at(&mut image.file, sector)?.with_context(|| format!("none in sector {sector}"))?;
        ensure!(table == layout::table(), "sector {sector} says something else than the layout");
    }
    ensure!(sectors == layout::sectors(), "the image has {sectors} sectors, the layout {}", layout::sectors());
    let names: Vec<&str> = image.table.partitions.iter().map(|Partition { name, .. }| name.as_str()).collect();
    Ok(names.join(" "))
}

fn efi(image: &mut Image) -> Result<String> {
    let part = image.take(layout::ESP, None)?;
    let get = |name: &str| -> Result<Vec<u8>> {
        let file = part.with_extension("file");
        run(Command::new("mcopy").arg("-n").arg("-i").arg(&part).arg(format!("::/{name}")).arg(&file).stdin(Stdio::null()))?;
        let bytes = fs::read(&file)?;
        fs::remove_file(file)?;
        Ok(bytes)
    };
    let loader = get(esp::LOADER)?;
    ensure!(loader.starts_with(b"MZ"), "{} is no program for firmware", esp::LOADER);
    let mut notes = Files::default();
    for note in Note::ALL {
        notes.set(note, Some(get(note.path())?));
    }
    let wrong: Vec<String> = bootstate::repair(&notes).iter().map(ToString::to_string).collect();
    ensure!(wrong.is_empty(), "the boot loader's notes: {}", wrong.join("; "));
    let state = bootstate::choose(&notes);
    ensure!(state.tries == bootstate::Tries::default(), "slots were tried: {:?}", state.tries);
    ensure!(state.is_proven(Slot::A), "slot A is not called good");
    Ok(format!("boot loader {}", size(loader.len() as u64)))
}

fn boot(image: &mut Image) -> Result<String> {
    let part = image.take(layout::BOOT_A, None)?;
    let mut said = Vec::new();
    let mut sums = String::new();
    for name in slot::SUMMED {
        let bytes = content(&part, name)?;
        said.push(format!("{name} {}", size(bytes.len() as u64)));
        sums += &slot::sum_line(name, &bytes);
    }
    let written = String::from_utf8(content(&part, slot::SUMS)?).context("the sums are no text")?;
    ensure!(written == sums, "{} says\n{written}and the files have\n{sums}", slot::SUMS);
    verity(&part)?;
    Ok(said.join(", "))
}

fn root(image: &mut Image) -> Result<String> {
    let boot = image.take(layout::BOOT_A, None)?;
    let (root_hash, blocks) = verity(&boot)?;
    let part = image.take(layout::ROOT_A, None)?;
    let offset = format!("--hash-offset={}", blocks * BLOCK);
    let mut veritysetup = Command::new("veritysetup");
    run(veritysetup.env("PATH", esp::path()).arg("verify").args([&part, &part]).arg(&root_hash).arg(&offset))?;
    ensure!(content(&part, "etc/machine-id")?.is_empty(), "etc/machine-id is not empty");
    for name in IN_ROOT {
        ensure!(!content(&part, name)?.is_empty(), "{name} is empty");
    }
    let listing = output(Command::new("unsquashfs").args(["-lc", "-dest", ""]).arg(&part))?;
    ensure!(listing.contains("/usr/bin/wegovnowd\n"), "unsquashfs lists paths in another way");
    let found: Vec<&str> = listing.lines().filter(|line| OF_ONE_BOX.iter().any(|start| line.starts_with(start))).collect();
    ensure!(found.is_empty(), "in an image, the same for every box: {}", found.join(" "));
    Ok(format!("{}, root hash {root_hash}", size(blocks * BLOCK)))
}

/// Root hash and blocks of the root file system, as the boot image tells the boot loader.
fn verity(boot: &Path) -> Result<(String, u64)> {
    let text = String::from_utf8(content(boot, "slot.cfg")?).context("slot.cfg is no text")?;
    let line = text.lines().find_map(|line| line.strip_prefix("verity=")).context("slot.cfg says no verity")?;
    let [root_hash, _, blocks] = line.trim_matches('"').split(',').collect::<Vec<_>>()[..] else {
        anyhow::bail!("slot.cfg: {line}")
    };
    Ok((root_hash.to_owned(), blocks.parse()?))
}

fn content(squashfs: &Path, name: &str) -> Result<Vec<u8>> {
    let output = Command::new("unsquashfs").arg("-cat").arg(squashfs).arg(name).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "there is no {name}");
    Ok(output.stdout)
}
