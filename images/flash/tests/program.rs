//! The program as a technician calls it, with files in the places of media.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in helpers too")]

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const MIB: usize = 1 << 20;

/// A workshop: a folder that is home and everything else.
struct Shop(tempfile::TempDir);

impl Shop {
    fn new() -> Shop {
        let shop = Shop(tempfile::tempdir().unwrap());
        assert!(shop.call(&["key", "release"]).status.success());
        shop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn call(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wegovnow-flash"));
        command.current_dir(self.0.path()).env_clear().env("HOME", self.0.path()).env("PATH", std::env::var_os("PATH").unwrap());
        command.args(arguments).stdin(std::process::Stdio::null()).output().unwrap()
    }

    #[track_caller]
    fn expect(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.call(arguments);
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    /// An image with a manifest, and a medium that is larger, with rubbish on it.
    fn image(&self, name: &str, length: usize) -> Vec<u8> {
        let mut image: Vec<u8> =
            (0..length as u64 / 8).flat_map(|word| word.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()).collect();
        image[2 * MIB..3 * MIB].fill(0);
        fs::write(self.path(name), &image).unwrap();
        self.expect(0, &["manifest", name, "--version", "1.2.3", "--key", "release"]);
        image
    }

    fn medium(&self, name: &str, length: usize) -> PathBuf {
        fs::write(self.path(name), vec![0x5a; length]).unwrap();
        self.path(name)
    }
}

fn receipts(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    found.sort();
    found
}

#[test]
fn an_image_is_written_to_two_media_and_what_is_filed_is_checked() {
    let shop = Shop::new();
    let image = shop.image("box.img", 6 * MIB);
    let media = [shop.medium("one", 9 * MIB), shop.medium("two", 8 * MIB)];
    let write = [
        "write",
        "box.img",
        "--key",
        "release.pub",
        "--file",
        "one",
        "--file",
        "two",
        "--plain",
        "--receipts",
        "filed",
        "--site",
        "Hall",
    ];
    let said = shop.expect(0, &[&write[..], &["--dry-run"]].concat());
    assert!(said.contains("write 5.2 MB that is not empty"), "{said}");
    assert!(fs::read(&media[0]).unwrap().iter().all(|byte| *byte == 0x5a), "a dry run writes nothing");
    assert!(!shop.path(".local").exists(), "and keeps nothing");

    let said = shop.expect(0, &write);
    assert!(said.contains("all 5 MiB read back as written; safe to remove") && said.contains("2 of 2 done"), "{said}");
    for medium in &media {
        assert!(fs::read(medium).unwrap()[..6 * MIB] == image[..]);
    }
    assert!(shop.expect(0, &["verify", "box.img", "--key", "release.pub", "--file", "one"]).contains("the image"));
    let filed: Vec<String> = receipts(&shop.path("filed")).iter().map(|path| path.display().to_string()).collect();
    let check = ["receipt", "check", "--key", ".local/state/wegovnow-flash/station.pub", &filed[0], &filed[1]];
    let said = shop.expect(0, &check);
    assert!(said.contains("done, serial one") && said.contains("site \"Hall\""), "{said}");
    let forged = fs::read_to_string(&filed[0]).unwrap().replace("Hall", "Hell");
    fs::write(&filed[0], forged).unwrap();
    assert!(shop.expect(1, &check).contains("NOT VALID"));

    File::options().write(true).open(&media[1]).unwrap().write_all_at(&[1, 2, 3], 4 * MIB as u64).unwrap();
    let said = shop.expect(6, &["verify", "box.img", "--key", "release.pub", "--file", "two"]);
    assert!(
        said.contains(&format!("NOT the image: outside of partitions: 1 MiB differ; the first at byte {}", 4 * MIB)),
        "{said}"
    );
}

#[test]
fn what_is_not_right_is_refused_with_its_code() {
    let shop = Shop::new();
    shop.image("box.img", 6 * MIB);
    shop.medium("small", 5 * MIB);
    let medium = shop.medium("one", 9 * MIB);
    fn write<'a>(more: &[&'a str]) -> Vec<&'a str> {
        [&["write", "box.img", "--plain"], more].concat()
    }
    let said = shop.expect(3, &write(&["--key", "release.pub", "--file", "small"]));
    assert!(said.contains("take a larger one"), "{said}");
    assert!(shop.expect(1, &write(&["--file", "one"])).contains("no key to believe it by"));
    assert!(shop.expect(2, &write(&["--key", "release.pub"])).contains("say which media"));
    assert!(shop.expect(1, &write(&["--key", "release.pub", "--serial", "NO-SUCH-ONE"])).contains("no disk has the serial"));
    assert!(shop.expect(1, &write(&["--key", "release.pub", "--device", "one"])).contains("is no disk"));
    assert_eq!(shop.call(&["write"]).status.code(), Some(2));
    shop.expect(0, &["key", "other"]);
    assert!(shop.expect(1, &write(&["--key", "other.pub", "--file", "one"])).contains("not among the 1 trusted"));
    fs::remove_file(shop.path("box.img.manifest")).unwrap();
    assert!(shop.expect(3, &write(&["--file", "one"])).contains("add --unsigned"));
    assert!(fs::read(&medium).unwrap().iter().all(|byte| *byte == 0x5a), "not a byte was written");
    assert!(shop.expect(0, &write(&["--file", "one", "--unsigned"])).contains("1 of 1 done"));
}

#[test]
fn json_lines_are_json() {
    let shop = Shop::new();
    shop.image("box.img", 6 * MIB);
    shop.medium("one", 9 * MIB);
    let output = shop.call(&["write", "box.img", "--key", "release.pub", "--file", "one", "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], &last["ending"], &last["serial"]), (&"ended".into(), &"done".into(), &"one".into()));
    let phases: Vec<&str> =
        lines.iter().filter(|line| line["event"] == "phase").map(|line| line["name"].as_str().unwrap()).collect();
    assert_eq!(phases, ["open", "test size", "write", "verify"]);
    let disks = String::from_utf8(shop.call(&["list", "--json"]).stdout).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&disks).unwrap().is_array());
}
