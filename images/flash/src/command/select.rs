//! From what was said on the command line to the disks that were meant.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::inventory::{Bus, Disk, Number, Verdict};
use crate::options::Which;

/// The disks that were named, without one twice.
pub fn named(which: &Which, disks: &[Disk]) -> Result<Vec<Disk>> {
    let mut chosen: Vec<Disk> = Vec::new();
    for serial in &which.serial {
        chosen.push(by_serial(disks, serial)?.clone());
    }
    for path in &which.device {
        chosen.push(by_path(disks, path)?.clone());
    }
    if which.all_usb {
        let free = disks.iter().filter(|disk| disk.bus == Bus::Usb && disk.verdict() == Verdict::Free);
        chosen.extend(free.cloned());
    }
    for path in &which.file {
        chosen.push(file(path)?);
    }
    let mut once: Vec<Disk> = Vec::new();
    for disk in chosen {
        if !once.iter().any(|own| own.path == disk.path) {
            once.push(disk);
        }
    }
    Ok(once)
}

fn by_serial<'a>(disks: &'a [Disk], serial: &str) -> Result<&'a Disk> {
    let found: Vec<&Disk> = disks.iter().filter(|disk| disk.serial.as_deref() == Some(serial)).collect();
    match found[..] {
        [one] => Ok(one),
        [] => bail!("no disk has the serial {serial:?}; `wegovnow-flash list` shows those that are there"),
        _ => bail!("{} disks say the serial {serial:?}: leave one in, or name it by --device", found.len()),
    }
}

fn by_path<'a>(disks: &'a [Disk], path: &Path) -> Result<&'a Disk> {
    // Links such as those in /dev/disk/by-id lead to the node.
    let real = fs::canonicalize(path).with_context(|| format!("there is no {}", path.display()))?;
    let name = real.file_name().unwrap_or_default().to_string_lossy();
    if let Some(disk) = disks.iter().find(|disk| disk.name == name) {
        return Ok(disk);
    }
    if let Some(disk) = disks.iter().find(|disk| disk.partitions.iter().any(|part| *part == name)) {
        bail!("{} is a partition: name the whole disk, {}", path.display(), disk.path.display());
    }
    bail!("{} is no disk; `wegovnow-flash list` shows those that are there, and --file takes a file for tests", path.display())
}

/// A file in a medium's place.
fn file(path: &Path) -> Result<Disk> {
    let metadata = fs::metadata(path).with_context(|| format!("there is no file {}", path.display()))?;
    if !metadata.is_file() {
        bail!("{} is no file; a disk is named by --serial or --device", path.display());
    }
    let name = crate::name::clean(&path.file_name().unwrap_or_default().to_string_lossy());
    Ok(Disk {
        serial: Some(name.clone()),
        name,
        path: path.to_owned(),
        number: Number { major: 0, minor: 0 },
        sequence: None,
        bytes: metadata.len(),
        model: "file".to_owned(),
        bus: Bus::Other,
        removable: true,
        sector: 512,
        partitions: Vec::new(),
        refusals: Vec::new(),
        cautions: Vec::new(),
    })
}

/// A question that must be answered before anything is written, and the answer.
pub struct Question {
    pub text: String,
    pub answer: String,
}

/// What a person has to type back: the serial of what was named by path only, and the number of what was not named at all.
pub fn questions(which: &Which, disks: &[Disk], chosen: &[Disk]) -> Result<Vec<Question>> {
    let mut questions = Vec::new();
    for path in &which.device {
        let disk = by_path(disks, path)?;
        let (what, answer) = match &disk.serial {
            Some(serial) => ("serial", serial),
            None => ("name", &disk.name),
        };
        let text = format!("Everything on {} ({}, {answer}) will be lost. Type its {what}:", path.display(), disk.model);
        questions.push(Question { text, answer: answer.clone() });
    }
    if which.all_usb {
        let text = format!("Everything on these {} media will be lost. Type `write {0}`:", chosen.len());
        questions.push(Question { text, answer: format!("write {}", chosen.len()) });
    }
    Ok(questions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Refusal;
    use crate::sample::disk;

    fn which(change: impl FnOnce(&mut Which)) -> Which {
        let mut which = Which { serial: Vec::new(), device: Vec::new(), all_usb: false, file: Vec::new() };
        change(&mut which);
        which
    }

    fn disks() -> Vec<Disk> {
        let named = |name: &str, serial: &str| Disk {
            name: name.to_owned(),
            path: format!("/dev/{name}").into(),
            ..disk(serial, 1 << 30)
        };
        let mut system = named("sda", "SYS");
        system.refusals.push(Refusal::System("/".to_owned()));
        vec![system, named("sdb", "B-1"), named("sdc", "TWIN"), named("sdd", "TWIN")]
    }

    #[test]
    fn point_3_disks_are_named_by_serial() {
        let find = |serial: &str| named(&which(|which| which.serial = vec![serial.to_owned(), serial.to_owned()]), &disks());
        assert_eq!(find("B-1").unwrap().iter().map(|disk| disk.name.as_str()).collect::<Vec<_>>(), ["sdb"]);
        assert!(find("NONE").unwrap_err().to_string().contains("no disk has the serial"));
        assert!(find("TWIN").unwrap_err().to_string().contains("2 disks say the serial"));
        // The plan refuses it, with its reason: it is not as if it were not there.
        assert_eq!(find("SYS").unwrap()[0].refusals.len(), 1);
    }

    #[test]
    fn point_3_a_path_wants_the_serial_typed_back_and_all_usb_their_number() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["sdb", "sdb1", "other"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        std::os::unix::fs::symlink(folder.path().join("sdb"), folder.path().join("by-id")).unwrap();
        let mut disks = disks();
        disks[1].partitions.push("sdb1".to_owned());
        let ask = |name: &str| {
            let which = which(|which| which.device = vec![folder.path().join(name)]);
            let chosen = named(&which, &disks)?;
            questions(&which, &disks, &chosen)
        };
        assert_eq!(ask("by-id").unwrap()[0].answer, "B-1");
        assert!(ask("sdb1").err().unwrap().to_string().contains("is a partition"));
        assert!(ask("other").err().unwrap().to_string().contains("is no disk"));

        let all = which(|which| which.all_usb = true);
        let chosen = named(&all, &disks).unwrap();
        assert_eq!(questions(&all, &disks, &chosen).unwrap()[0].answer, "write 3");
        assert!(chosen.iter().all(|disk| disk.name != "sda"), "what is refused is not among all");
    }
}
