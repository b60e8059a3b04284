//! Files of a FAT file system, by mtools: no mounting, so no root.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

use crate::shell::run;

/// A FAT file system that begins at a byte of a file.
#[derive(Debug, Clone)]
pub struct Fat {
    pub file: PathBuf,
    pub offset: u64,
}

impl Fat {
    /// A new one, as on a stick from a shop without a partition table.
    pub fn make(file: &Path, label: &str, mib: u64) -> Result<Fat> {
        if file.exists() {
            std::fs::remove_file(file).with_context(|| format!("cannot replace {}", file.display()))?;
        }
        let mut mkfs = Command::new("mkfs.vfat");
        mkfs.args(["-F", "32", "-s", "1", "-n", label, "-C"]).arg(file).arg((mib * 1024).to_string());
        run(mkfs.stdout(Stdio::null()).env("PATH", crate::image::administrator_path()))?;
        Ok(Fat { file: file.to_owned(), offset: 0 })
    }

    fn mtool(&self, name: &str, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(name);
        command.arg("-i").arg(format!("{}@@{}", self.file.display(), self.offset)).args(arguments);
        // mtools asks on the terminal when in doubt. Its check of sizes fails for a partition within a disk.
        command.stdin(Stdio::null()).env("MTOOLS_SKIP_CHECK", "1");
        command.output().with_context(|| format!("{name} does not start: it is in the package mtools"))
    }

    fn done(&self, name: &str, arguments: &[&str]) -> Result<Vec<u8>> {
        let output = self.mtool(name, arguments)?;
        if !output.status.success() {
            bail!("{name} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(output.stdout)
    }

    /// A file's content, or nothing when there is no such file.
    pub fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let output = self.mtool("mtype", &[&format!("::/{name}")])?;
        if output.status.success() {
            return Ok(Some(output.stdout));
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if said.contains("not found") || said.contains("No such file") {
            return Ok(None);
        }
        bail!("mtype {name}: {}", said.trim())
    }

    /// Writes a file, over one that may be there.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let from = self.file.with_extension("put");
        std::fs::write(&from, bytes).with_context(|| format!("cannot write {}", from.display()))?;
        let done = self.put_file(name, &from);
        std::fs::remove_file(&from)?;
        done
    }

    /// Copies a file of ours in.
    pub fn put_file(&self, name: &str, from: &Path) -> Result<()> {
        self.done("mcopy", &["-D", "o", "-o", &from.display().to_string(), &format!("::/{name}")]).map(|_| ())
    }

    pub fn delete(&self, name: &str) -> Result<()> {
        self.done("mdel", &[&format!("::/{name}")]).map(|_| ())
    }

    /// Paths of all files, as `/folder/name`.
    pub fn list(&self) -> Result<Vec<String>> {
        let said = String::from_utf8_lossy(&self.done("mdir", &["-/", "-b", "-a", "::/"])?).into_owned();
        Ok(said.lines().filter_map(|line| line.strip_prefix("::")).map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::have;

    #[test]
    fn files_go_in_and_out() {
        if !have("mcopy") || !Path::new("/usr/sbin/mkfs.vfat").is_file() {
            println!("mtools or dosfstools are not installed: not tried");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let fat = Fat::make(&dir.path().join("stick"), "STICK", 40).unwrap();
        assert_eq!(fat.get("a.txt").unwrap(), None);
        fat.put("a.txt", b"one").unwrap();
        fat.put("a.txt", b"another").unwrap();
        fat.put("._a.txt", b"of a Mac").unwrap();
        assert_eq!(fat.get("a.txt").unwrap().unwrap(), b"another");
        let mut names = fat.list().unwrap();
        names.sort();
        assert_eq!(names, ["/._a.txt", "/a.txt"]);
        fat.delete("a.txt").unwrap();
        assert_eq!(fat.list().unwrap(), ["/._a.txt"]);
        assert!(fat.delete("a.txt").is_err());
    }
}
