//! Where two builds differ: the partition, the file in it, the byte.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::{fresh, layout};
use crate::machine::medium::Medium;
use crate::shell::{have, output, run};
use crate::step::Tally;

/// Of each file that differs a line; the first ones say enough.
const NAMED_MAX: usize = 12;

/// What a partition holds, and so how it is looked into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Fat,
    Squashfs,
}

/// All partitions that something is in.
const PARTITIONS: [(&str, Content); 4] = [
    (layout::ESP, Content::Fat),
    (layout::PROVISION, Content::Fat),
    (layout::BOOT_A, Content::Squashfs),
    (layout::ROOT_A, Content::Squashfs),
];

/// A part of two builds.
pub struct Part {
    pub name: &'static str,
    /// Where and what; absent when every byte is the same.
    pub difference: Option<String>,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is the same", self.name)?;
        self.difference.iter().try_for_each(|difference| write!(f, "; it differs, {difference}"))
    }
}

/// Holds two images against each other: each partition for itself, so that a difference is told by its place, then every byte of them,
/// then the lists of what is in them that lie beside them.
pub fn parts(one: &Path, other: &Path, scratch: &Path) -> Result<Vec<Part>> {
    let folders = [fresh(scratch.join("one"))?, fresh(scratch.join("other"))?];
    let mut parts = Vec::new();
    for (name, content) in PARTITIONS {
        let take = |image: &Path, folder: &Path| Medium::Raw(image.to_owned()).partition(name, folder);
        let (one, other) = (take(one, &folders[0])?, take(other, &folders[1])?);
        let difference = first(&one, &other)?.map(|at| -> Result<String> {
            let looked = explain(&one, &other, content, &scratch.join(name))?;
            Ok(format!("first at byte {at}\n      {}", looked.join("\n      ")))
        });
        parts.push(Part { name, difference: difference.transpose()? });
    }
    let lists = [one, other].map(|image| image.with_extension("cdx.json"));
    for (name, one, other) in [("the whole disk", one, other), ("the list of what is in it", &lists[0], &lists[1])] {
        parts.push(Part { name, difference: first(one, other)?.map(|at| format!("first at byte {at}")) });
    }
    Ok(parts)
}

/// `cargo x image compare`.
pub fn report(one: &Path, other: &Path) -> Result<Tally> {
    let scratch = fresh(one.with_extension("compare"))?;
    let mut tally = Tally::default();
    for part in parts(one, other, &scratch)? {
        let failed = u64::from(part.difference.is_some());
        tally.add(Tally { passed: 1 - failed, failed, skipped: 0 });
        println!("   {}: {}", part.name, part.difference.as_deref().unwrap_or("the same"));
    }
    if tally.failed == 0 {
        fs::remove_dir_all(&scratch).context("cannot tidy up")?;
    } else {
        println!("   both, taken apart: {}", scratch.display());
    }
    Ok(tally)
}

/// The first byte that differs, counted from 0; where the shorter one ends, if it is the start of the longer one.
pub fn first(one: &Path, other: &Path) -> Result<Option<u64>> {
    let open = |path: &Path| -> Result<BufReader<File>> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(BufReader::with_capacity(1 << 20, file))
    };
    first_of(open(one)?, open(other)?)
}

fn first_of(mut one: impl BufRead, mut other: impl BufRead) -> Result<Option<u64>> {
    let mut at = 0;
    loop {
        let (a, b) = (one.fill_buf()?, other.fill_buf()?);
        let length = a.len().min(b.len());
        // Whole slices first: that is much faster than byte for byte.
        if a[..length] != b[..length] {
            let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
            return Ok(Some(at + same as u64));
        }
        if length == 0 {
            return Ok((a.len() != b.len()).then_some(at));
        }
        at += length as u64;
        one.consume(length);
        other.consume(length);
    }
}

/// Looks into two partitions that are not the same, and says which files of them are not. What was unpacked stays in `scratch`.
fn explain(one: &Path, other: &Path, content: Content, scratch: &Path) -> Result<Vec<String>> {
    let mut said = match content {
        Content::Squashfs => squashfs(one, other, scratch)?,
        Content::Fat => {
            let trees = [unpack_fat(one, &scratch.join("one"))?, unpack_fat(other, &scratch.join("other"))?];
            contents(&trees, &trees.each_ref().map(|tree| tree_files(tree)))?
        }
    };
    if said.is_empty() {
        said.push("every file in it is the same: the file system was laid out in another way".to_owned());
    }
    if said.len() > NAMED_MAX {
        let more = said.len() - NAMED_MAX;
        said.truncate(NAMED_MAX);
        said.push(format!("and {more} more"));
    }
    // Slow, and made for this.
    if have("diffoscope") {
        let report = scratch.join("diffoscope.txt");
        // It ends with 1 when there are differences.
        let _ = Command::new("diffoscope").arg("--text").arg(&report).args([one, other]).status();
        said.push(format!("diffoscope's report: {}", report.display()));
    }
    Ok(said)
}

fn squashfs(one: &Path, other: &Path, scratch: &Path) -> Result<Vec<String>> {
    let listings = [listing(one)?, listing(other)?];
    let mut trees = Vec::new();
    for (name, image) in [("one", one), ("other", other)] {
        let tree = scratch.join(name);
        fresh(scratch.to_owned().join(name))?;
        let mut unpack = Command::new("unsquashfs");
        unpack.args(["-quiet", "-no-progress", "-no-xattrs", "-force", "-dest"]).arg(&tree).arg(image);
        // Whoever is not root cannot give files away: it ends with 2, and their content is there. What is not there is said below.
        let _ = unpack.stdout(Stdio::null()).stderr(Stdio::null()).status();
        trees.push(tree);
    }
    let files = listings.each_ref().map(|listing| regular(listing));
    let trees = [trees.remove(0), trees.remove(0)];
    let mut said = contents(&trees, &files)?;
    said.extend(entries(&listings[0], &listings[1]));
    Ok(said)
}

/// Lines such as `-rw-r--r-- 0/0 5 2026-11-26 23:05 /etc/hostname`.
fn listing(image: &Path) -> Result<String> {
    let mut list = Command::new("unsquashfs");
    output(list.args(["-llnumeric", "-dest", ""]).arg(image).env("TZ", "UTC"))
}

/// An entry of a listing: kind, permissions, owner and size; and its time.
#[derive(PartialEq, Eq)]
struct Entry {
    said: String,
    time: String,
}

fn by_path(listing: &str) -> BTreeMap<&str, Entry> {
    let mut entries = BTreeMap::new();
    for line in listing.lines() {
        // The top has no name.
        let top = || line.strip_suffix(' ').filter(|line| line.starts_with('d')).map(|line| (line, "/"));
        let Some((line, path)) = line.find(" /").map(|at| (&line[..at], &line[at + 1..])).or_else(top) else { continue };
        let words: Vec<&str> = line.split_whitespace().collect();
        let (said, time) = words.split_at(words.len().saturating_sub(2));
        entries.insert(path, Entry { said: said.join(" "), time: time.join(" ") });
    }
    entries
}

/// What one listing says and the other does not. Where times alone differ it is a line, for then most of them do.
fn entries(one: &str, other: &str) -> Vec<String> {
    let (one, other) = (by_path(one), by_path(other));
    let mut said = Vec::new();
    let mut times = Vec::new();
    for (path, own) in &one {
        match other.get(path) {
            None => said.push(format!("{path}: only in the first")),
            Some(theirs) if theirs.said != own.said => said.push(format!("{path}: {} and {}", own.said, theirs.said)),
            Some(theirs) if theirs.time != own.time => times.push(format!("{path}: {} and {}", own.time, theirs.time)),
            Some(_) => {}
        }
    }
    said.extend(other.keys().filter(|path| !one.contains_key(*path)).map(|path| format!("{path}: only in the second")));
    said.extend(times.first().map(|first| format!("{} entries have other times, {first}", times.len())));
    said
}

/// Regular files of a listing.
fn regular(listing: &str) -> Vec<String> {
    let files = by_path(listing);
    files
        .into_iter()
        .filter(|(_, entry)| entry.said.starts_with('-'))
        .map(|(path, _)| path.trim_start_matches('/').to_owned())
        .collect()
}

/// Files that both trees have, and that are not the same in them.
fn contents(trees: &[PathBuf; 2], files: &[Vec<String>; 2]) -> Result<Vec<String>> {
    let mut said = Vec::new();
    for name in files[0].iter().filter(|name| files[1].contains(name)) {
        let [one, other] = trees.each_ref().map(|tree| tree.join(name));
        match first(&one, &other) {
            Ok(None) => {}
            Ok(Some(at)) => {
                said.push(format!("{name}: content, first at byte {at} of {}", fs::metadata(&one)?.len()));
                if name == "initrd" {
                    said.extend(initramfs(&one, &other)?);
                }
            }
            Err(error) => said.push(format!("{name}: {error:#}")),
        }
    }
    Ok(said)
}

/// Files in the kernel's archive.
fn initramfs(one: &Path, other: &Path) -> Result<Vec<String>> {
    let unpack = |packed: &Path| -> Result<Vec<u8>> {
        let raw = packed.with_extension("cpio");
        run(Command::new("zstd").args(["-d", "--force", "--quiet", "-o"]).args([&raw, packed]))?;
        super::read(&raw)
    };
    let (one, other) = (unpack(one)?, unpack(other)?);
    let (one, other) = (super::cpio::files(&one), super::cpio::files(&other));
    let names = one.keys().chain(other.keys()).collect::<BTreeSet<_>>();
    let differ = names.into_iter().filter(|name| one.get(*name) != other.get(*name));
    Ok(differ.map(|name| format!("initrd has another {name}")).collect())
}

/// Copies the files of a FAT file system out, with their times.
fn unpack_fat(image: &Path, to: &Path) -> Result<PathBuf> {
    fresh(to.to_owned())?;
    let mut copy = Command::new("mcopy");
    // An empty one has nothing to copy.
    let _ = copy.args(["-s", "-m", "-n", "-i"]).arg(image).arg("::").arg(to).stderr(Stdio::null()).status();
    Ok(to.to_owned())
}

fn tree_files(top: &Path) -> Vec<String> {
    let mut waiting = vec![top.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                waiting.push(entry.path());
            } else if let Ok(name) = entry.path().strip_prefix(top) {
                files.push(name.display().to_string());
            }
        }
    }
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_differs_is_found_across_buffers() {
        let at = |one: &[u8], other: &[u8], capacity: usize| {
            first_of(BufReader::with_capacity(capacity, one), BufReader::with_capacity(7, other)).unwrap()
        };
        let one: Vec<u8> = (0..100).collect();
        for position in 0..one.len() {
            let mut other = one.clone();
            other[position] ^= 1;
            assert_eq!(at(&one, &other, 3), Some(position as u64));
            assert_eq!(at(&one, &one[..position], 16), Some(position as u64));
            assert_eq!(at(&one[..position], &one, 16), Some(position as u64));
        }
        assert_eq!(at(&one, &one, 3), None);
        assert_eq!(at(&[], &[], 3), None);
    }

    #[test]
    fn entries_differ_by_owner_size_and_presence() {
        let one = "drwxr-xr-x 0/0     30 2026-11-26 23:05 /etc\n-rw-r--r-- 0/0  5 2026-11-26 23:05 /etc/a b\n-rw-r--r-- 0/0 5 2026-11-26 23:05 /x\n";
        let other = "drwxr-xr-x 0/0 30 2026-11-26 23:05 /etc\n-rw-r--r-- 7/0  5 2026-11-26 23:05 /etc/a b\n-rw-r--r-- 0/0 5 2026-11-26 23:05 /y\n";
        assert!(entries(one, one).is_empty());
        let said = entries(one, other);
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[0].starts_with("/etc/a b: -rw-r--r-- 0/0 5") && said[0].contains("and -rw-r--r-- 7/0 5"), "{said:?}");
        assert!(said[1].contains("/x: only in the first") && said[2].contains("/y: only in the second"));
        let top = "drwxr-xr-x 7/7     30 2026-11-26 23:05 \n";
        assert_eq!(entries(top, &top.replace("7/7", "0/0")), ["/: drwxr-xr-x 7/7 30 and drwxr-xr-x 0/0 30"]);
        let said = entries(one, &one.replace("23:05", "23:06"));
        assert_eq!(said, ["3 entries have other times, /etc: 2026-11-26 23:05 and 2026-11-26 23:06"]);
        assert_eq!(regular(one), ["etc/a b", "x"]);
    }

    #[test]
    fn a_file_that_changed_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let trees = ["one", "other"].map(|name| dir.path().join(name));
        for (tree, text) in trees.iter().zip(["hello", "help!"]) {
            fs::create_dir_all(tree.join("etc")).unwrap();
            fs::write(tree.join("etc/same"), "same").unwrap();
            fs::write(tree.join("etc/motd"), text).unwrap();
        }
        let files = trees.each_ref().map(|tree| tree_files(tree));
        assert_eq!(files[0], ["etc/motd", "etc/same"]);
        assert_eq!(contents(&trees, &files).unwrap(), ["etc/motd: content, first at byte 3 of 5"]);
    }
}
