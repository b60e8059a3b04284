mod cut;
mod select;

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::{Esp, File, Policy, Slot, Tries, block};

fn esp() -> (tempfile::TempDir, Esp) {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("wegovnow")).unwrap();
    for file in File::ALL {
        fs::write(dir.path().join(file.path()), file.new_image()).unwrap();
    }
    let esp = Esp::open(dir.path());
    (dir, esp)
}

#[test]
fn the_format_is_frozen() {
    let text = String::from_utf8(Policy::new(7).render()).unwrap();
    let lines = text.trim_end_matches('#');
    let expect = "# GRUB Environment Block\nseq=7\norder=a b\na_ok=1\nb_ok=1\na_pending=0\nb_pending=0\nend=7\n";
    assert_eq!(lines, expect);
    let text = String::from_utf8(Tries { a: 1, b: 6, exhausted: true }.render()).unwrap();
    assert_eq!(text.trim_end_matches('#'), "# GRUB Environment Block\na_tries=1\nb_tries=6\nexhausted=1\n");
    assert_eq!(text.len(), 1024);
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let wrong = |lines: &str| Policy::parse(&block::render(lines)).unwrap_err();
    assert_eq!(Policy::parse(b"").unwrap_err(), "has 0 bytes instead of 1024");
    assert_eq!(Policy::parse(&[b'x'; 1024]).unwrap_err(), "does not begin as an environment block");
    assert_eq!(wrong("seq=4\nend=3\n"), "is torn: it does not end with the number that it begins with");
    assert_eq!(wrong("seq=x\nend=x\n"), "has the number \"x\"");
    assert_eq!(wrong("seq=0\nend=0\n"), "has the number \"0\"");
    assert_eq!(wrong("seq=1\norder=\nend=1\n"), "has the order \"\"");
    assert_eq!(wrong("seq=1\na_ok=2\nend=1\n"), "has a_ok=2");
    assert_eq!(wrong("seq=1\nend\n"), "has a line without =");
    assert_eq!(Tries::parse(&block::render("a_tries=-1\n")).unwrap_err(), "has a_tries=\"-1\"");
    assert_eq!(Tries::parse(&block::render("a_tries=7\n")).unwrap_err(), "has a_tries=\"7\"");
}

#[test]
fn an_update_goes_on_trial_and_is_committed_or_given_up() {
    let (_dir, esp) = esp();
    let new = esp.state().unwrap();
    assert!(new.is_proven(Slot::A) && new.primary() == Slot::A);

    // As RAUC does it: bad while it is written, first when it is done.
    esp.mark_bad(Slot::B).unwrap();
    assert!(!esp.state().unwrap().is_good(Slot::B));
    esp.set_primary(Slot::B).unwrap();
    let trial = esp.state().unwrap();
    assert_eq!(trial.primary(), Slot::B);
    assert!(trial.is_good(Slot::B) && !trial.is_proven(Slot::B) && trial.is_proven(Slot::A));

    esp.mark_good(Slot::B).unwrap();
    assert!(esp.state().unwrap().is_proven(Slot::B));

    esp.set_primary(Slot::A).unwrap();
    esp.mark_bad(Slot::A).unwrap();
    let given_up = esp.state().unwrap();
    assert_eq!(given_up.primary(), Slot::B);
    assert!(!given_up.is_good(Slot::A));
}

#[test]
fn saying_the_same_again_writes_nothing() {
    let (_dir, esp) = esp();
    esp.set_primary(Slot::B).unwrap();
    let before = esp.read().unwrap();
    esp.set_primary(Slot::B).unwrap();
    assert_eq!(esp.read().unwrap(), before);
}

#[test]
fn files_keep_their_place_on_the_disk() {
    let (dir, esp) = esp();
    let inodes = || File::ALL.map(|file| fs::metadata(dir.path().join(file.path())).unwrap().ino());
    let before = inodes();
    esp.set_primary(Slot::B).unwrap();
    fs::write(dir.path().join(File::Tries.path()), Tries { a: 2, b: 1, exhausted: true }.render()).unwrap();
    esp.mark_good(Slot::B).unwrap();
    assert_eq!(esp.state().unwrap().tries, Tries { a: 2, b: 0, exhausted: false });
    // Too long and too short are put right in place too.
    fs::write(dir.path().join(File::Tries.path()), [b'#'; 3000]).unwrap();
    fs::write(dir.path().join(File::Policy1.path()), b"").unwrap();
    assert_eq!(esp.repair().unwrap().len(), 2);
    assert_eq!(inodes(), before);
    for file in File::ALL {
        assert_eq!(fs::metadata(dir.path().join(file.path())).unwrap().len(), 1024);
    }
    assert!(esp.state().unwrap().is_proven(Slot::B));
}

#[test]
fn an_empty_partition_and_folders_for_files_are_repaired() {
    let dir = tempfile::tempdir().unwrap();
    let esp = Esp::open(dir.path());
    let said: Vec<String> = esp.repair().unwrap().iter().map(ToString::to_string).collect();
    let expect = ["tries", "policy1", "policy2"].map(|name| format!("wegovnow/{name} is missing: written anew"));
    assert_eq!(said, expect);
    assert_eq!(esp.repair().unwrap(), []);

    let tries = dir.path().join(File::Tries.path());
    fs::remove_file(&tries).unwrap();
    fs::create_dir_all(tries.join("FSCK0000.REC")).unwrap();
    assert_eq!(esp.repair().unwrap().len(), 1);
    assert_eq!(esp.repair().unwrap(), []);
}

#[test]
fn a_partition_that_is_not_there_is_an_error_and_not_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let esp = Esp::open(dir.path().join("nowhere"));
    let said = esp.repair().unwrap_err().to_string();
    assert!(said.starts_with("cannot find ") && said.contains("nowhere"), "{said}");
    assert!(!dir.path().join("nowhere").exists());
}
