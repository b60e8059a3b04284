//! `select.cfg`, run by sh with the two commands of GRUB that it calls.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{Esp, Policy, Slot, Tries, block};

/// `load_env -f FILE NAMES…` sets those names alone, and nothing from a file that is no block, like GRUB.
const GRUB: &str = r#"
    load_env() {
        file=$2; shift 2
        [ "$(wc -c <"$file")" = 1024 ] && head -n 1 "$file" | grep -qx '# GRUB Environment Block' || return 1
        while IFS='=' read -r name value; do
            for wanted; do if [ "$name" = "$wanted" ]; then eval "$name=\$value"; fi; done
        done <"$file"
    }
    save_env() {
        file=$2; shift 2
        for name; do eval "echo \"$name=\$$name\""; done >"$file.saved"
    }
"#;

struct Appliance {
    dir: tempfile::TempDir,
}

impl Appliance {
    /// A box with a new image, and kernels in these slots.
    fn new(kernels: &str) -> Appliance {
        let new = Appliance { dir: tempfile::tempdir().unwrap() };
        for folder in ["esp/wegovnow", "a", "b"] {
            fs::create_dir_all(new.dir.path().join(folder)).unwrap();
        }
        for slot in kernels.chars() {
            new.put(&format!("{slot}/vmlinuz"), b"kernel");
        }
        new.put("esp/wegovnow/tries", &Tries::default().render());
        new.put("esp/wegovnow/policy1", &Policy::new(1).render());
        new.put("esp/wegovnow/policy2", &Policy::new(2).render());
        new
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.dir.path().join(name), bytes).unwrap();
    }

    fn policy(&self, name: &str, lines: &str) {
        self.put(&format!("esp/wegovnow/{name}"), &block::render(lines));
    }

    /// Starts the box once: which slot, or `recovery`.
    fn start(&self) -> String {
        self.start_counted().0
    }

    /// And whether the try is counted.
    fn start_counted(&self) -> (String, bool) {
        let select = Path::new(env!("CARGO_MANIFEST_DIR")).join("../base/select.cfg");
        let script = format!("{GRUB}\nesp=esp boot_a=a boot_b=b\n. {}\necho $chosen $recovery $counted", select.display());
        let output = Command::new("sh").args(["-c", &script]).current_dir(self.dir.path()).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let tries = self.dir.path().join("esp/wegovnow/tries");
        if let Ok(saved) = fs::read_to_string(tries.with_extension("saved")) {
            fs::write(tries, block::render(&saved)).unwrap();
        }
        let start = match said.split_whitespace().collect::<Vec<_>>()[..] {
            [slot, "0", _] => slot.to_owned(),
            [slot, "1", _] => format!("recovery with {slot}"),
            _ => format!("nothing: {said} {}", String::from_utf8_lossy(&output.stderr)),
        };
        (start, said.trim().ends_with(" 1"))
    }

    fn starts(&self, times: usize) -> Vec<String> {
        (0..times).map(|_| self.start()).collect()
    }
}

#[test]
fn a_good_slot_survives_six_starts_without_a_word() {
    let new = Appliance::new("ab");
    assert_eq!(new.starts(6), ["a"; 6]);
    assert_eq!(new.start(), "b");
    new.put("esp/wegovnow/tries", &Tries::default().render());
    assert_eq!(new.start(), "a", "a good start sets the tries back");
}

#[test]
fn a_slot_on_trial_has_three() {
    let new = Appliance::new("ab");
    new.policy("policy1", "seq=3\norder=b a\na_ok=1\nb_ok=1\na_pending=0\nb_pending=1\nend=3\n");
    assert_eq!(new.starts(4), ["b", "b", "b", "a"]);
}

#[test]
fn a_slot_without_kernel_or_called_bad_is_passed_over() {
    assert_eq!(Appliance::new("b").start(), "b");
    let new = Appliance::new("ab");
    new.policy("policy2", "seq=9\norder=a b\na_ok=0\nb_ok=1\na_pending=0\nb_pending=0\nend=9\n");
    assert_eq!(new.start(), "b");
}

#[test]
fn when_nothing_comes_up_it_ends_in_recovery_and_tries_again_later() {
    let new = Appliance::new("a");
    // Six, once more from the start, where the first is not counted as such but counted.
    assert_eq!(new.starts(12), ["a"; 12]);
    assert_eq!(new.start(), "recovery with a");
    assert_eq!(new.start(), "a");
}

#[test]
fn it_says_whether_the_try_is_counted() {
    let new = Appliance::new("ab");
    assert_eq!(new.start_counted(), ("a".to_owned(), true));
    fs::remove_file(new.dir.path().join("esp/wegovnow/tries")).unwrap();
    assert_eq!(new.start_counted(), ("a".to_owned(), false), "nowhere to count");
    // Full, as when GRUB cannot write.
    new.put("esp/wegovnow/tries", &Tries::default().render());
    fs::remove_file(new.dir.path().join("esp/wegovnow/tries.saved")).unwrap();
    fs::create_dir(new.dir.path().join("esp/wegovnow/tries.saved")).unwrap();
    assert_eq!(new.start_counted(), ("a".to_owned(), false), "it cannot be written");
}

#[test]
fn a_torn_policy_leaves_the_other_copy() {
    let new = Appliance::new("ab");
    new.policy("policy1", "seq=4\norder=b a\nend=4\n");
    new.policy("policy2", "seq=5\norder=a b\nend=3\n");
    assert_eq!(new.start(), "b");
    // Numbers are compared, not words.
    new.policy("policy2", "seq=10\norder=a b\nend=10\n");
    assert_eq!(new.start(), "a");
}

#[test]
fn garbage_leaves_a_box_that_starts() {
    for garbage in [&b""[..], b"\xff\x00\xfe", &[b'#'; 1024], &Tries::default().render()[..1000]] {
        for files in [&["tries"][..], &["policy1", "policy2"], &["tries", "policy1", "policy2"]] {
            let new = Appliance::new("a");
            for file in files {
                new.put(&format!("esp/wegovnow/{file}"), garbage);
            }
            assert_eq!(new.start(), "a", "{files:?} are {garbage:?}");
        }
    }
    let new = Appliance::new("b");
    for file in ["tries", "policy1", "policy2"] {
        fs::remove_file(new.dir.path().join("esp/wegovnow").join(file)).unwrap();
    }
    assert_eq!(new.starts(8), ["b"; 8], "without a file nothing is counted");
    new.policy("policy1", "seq=7\norder=\nend=7\n");
    assert_eq!(new.start(), "b", "an empty order");
    new.policy("policy1", "seq=x\norder=a\nend=x\n");
    assert_eq!(new.start(), "b", "a number that is none");
    new.put("esp/wegovnow/tries", &block::render("a_tries=x\nb_tries=-1\nexhausted=\n"));
    assert_eq!(new.start(), "b", "tries that are none");
}

/// What this crate writes, and what it says GRUB will do with it.
impl Appliance {
    fn esp(&self) -> Esp {
        Esp::open(self.dir.path().join("esp"))
    }
}

#[test]
fn an_update_is_tried_three_times_and_then_given_up() {
    let new = Appliance::new("ab");
    new.esp().set_primary(Slot::B).unwrap();
    assert_eq!(new.starts(2), ["b"; 2]);
    assert!(new.esp().state().unwrap().is_good(Slot::B));
    assert_eq!(new.start(), "b");
    assert!(!new.esp().state().unwrap().is_good(Slot::B));
    assert_eq!(new.esp().state().unwrap().primary(), Slot::A);
    assert_eq!(new.start(), "a");
}

#[test]
fn a_committed_update_stays() {
    let new = Appliance::new("ab");
    new.esp().set_primary(Slot::B).unwrap();
    assert_eq!(new.start(), "b");
    new.esp().mark_good(Slot::B).unwrap();
    assert_eq!(new.starts(6), ["b"; 6]);
    assert_eq!(new.start(), "a");
}

#[test]
fn a_slot_marked_bad_is_left_at_once() {
    let new = Appliance::new("ab");
    new.esp().set_primary(Slot::B).unwrap();
    assert_eq!(new.start(), "b");
    new.esp().mark_bad(Slot::B).unwrap();
    assert_eq!(new.start(), "a");
}

#[test]
fn counting_goes_on_after_a_repair() {
    let new = Appliance::new("ab");
    fs::remove_file(new.dir.path().join("esp/wegovnow/tries")).unwrap();
    new.put("esp/wegovnow/policy1", b"");
    new.put("esp/wegovnow/policy2", b"\xff");
    assert_eq!(new.starts(7), ["a"; 7], "nothing is counted");
    assert_eq!(new.esp().repair().unwrap().len(), 3);
    assert_eq!(new.starts(6), ["a"; 6]);
    assert_eq!(new.start(), "b");
}

/// Whatever sequence of changes and starts: GRUB starts the slot that [`crate::State::primary`] names.
#[test]
fn grub_and_this_crate_agree() {
    let new = Appliance::new("ab");
    let steps = "pB s s gB s pA s bA s s gB pA s s s s gB bB s gA s s s s s s s gB s";
    for (number, step) in steps.split(' ').enumerate() {
        let esp = new.esp();
        let slot = || step[1..].parse::<Slot>().unwrap();
        match &step[..1] {
            "p" => esp.set_primary(slot()).unwrap(),
            "g" => esp.mark_good(slot()).unwrap(),
            "b" => esp.mark_bad(slot()).unwrap(),
            _ => {
                let primary = esp.state().unwrap().primary();
                assert_eq!(new.start(), primary.letter(), "step {number}");
            }
        }
    }
}
