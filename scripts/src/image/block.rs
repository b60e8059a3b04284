//! The environment blocks that GRUB and the running system leave each other notes in.

use anyhow::{Context, Result, ensure};

/// GRUB takes no other length.
const LEN: usize = 1024;
const MAGIC: &str = "# GRUB Environment Block\n";

/// On the EFI partition; GRUB can write over this file, but not make it.
pub const TRIES: &str = "wegovnow/tries";
pub const POLICIES: [&str; 2] = ["wegovnow/policy1", "wegovnow/policy2"];

/// As a new image has it: no slot was tried.
pub fn tries() -> Vec<u8> {
    block("a_tries=0\nb_tries=0\nexhausted=0\n")
}

/// As a new image has it: slot A is good, and B, once there is something in it, would be.
pub fn policy(seq: u32) -> Vec<u8> {
    block(&format!("seq={seq}\norder=a b\na_ok=1\nb_ok=1\na_pending=0\nb_pending=0\nend={seq}\n"))
}

/// A block of these lines, `name=value` each.
pub fn block(lines: &str) -> Vec<u8> {
    let mut bytes = format!("{MAGIC}{lines}").into_bytes();
    bytes.resize(LEN, b'#');
    bytes
}

/// Names and values of a sound block.
pub fn parse(bytes: &[u8]) -> Result<Vec<(String, String)>> {
    ensure!(bytes.len() == LEN, "an environment block has {LEN} bytes, this one {}", bytes.len());
    let text = str::from_utf8(bytes).context("an environment block is text")?;
    let lines = text.strip_prefix(MAGIC).context("this is no environment block")?.lines();
    let lines = lines.filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).context("a line without ="))
        .collect()
}

#[cfg(test)]
mod tests {
    //! `select.cfg`, run by sh with the two commands of GRUB that it calls.

    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::*;

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
            new.put("esp/wegovnow/tries", &tries());
            new.put("esp/wegovnow/policy1", &policy(1));
            new.put("esp/wegovnow/policy2", &policy(2));
            new
        }

        fn put(&self, name: &str, bytes: &[u8]) {
            fs::write(self.dir.path().join(name), bytes).unwrap();
        }

        fn policy(&self, name: &str, lines: &str) {
            self.put(&format!("esp/wegovnow/{name}"), &block(lines));
        }

        /// Starts the box once: which slot, or `recovery`, and what the tries file says then.
        fn start(&self) -> String {
            let select = Path::new(env!("CARGO_MANIFEST_DIR")).join("../images/base/select.cfg");
            let script = format!("{GRUB}\nesp=esp boot_a=a boot_b=b\n. {}\necho $chosen $recovery", select.display());
            let output = Command::new("sh").args(["-c", &script]).current_dir(self.dir.path()).output().unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            let tries = self.dir.path().join("esp/wegovnow/tries");
            if let Ok(saved) = fs::read_to_string(tries.with_extension("saved")) {
                fs::write(tries, block(&saved)).unwrap();
            }
            match said.trim().split_once(' ') {
                Some((slot, "0")) => slot.to_owned(),
                Some((slot, "1")) => format!("recovery with {slot}"),
                _ => format!("nothing: {said} {}", String::from_utf8_lossy(&output.stderr)),
            }
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
        new.put("esp/wegovnow/tries", &tries());
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
        for garbage in [&b""[..], b"\xff\x00\xfe", &[b'#'; 1024], &tries()[..1000]] {
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
        new.put("esp/wegovnow/tries", &block("a_tries=x\nb_tries=-1\nexhausted=\n"));
        assert_eq!(new.start(), "b", "tries that are none");
    }

    #[test]
    fn blocks_read_as_they_are_written() {
        let pairs = parse(&policy(7)).unwrap();
        assert_eq!((pairs[0].0.as_str(), pairs[0].1.as_str()), ("seq", "7"));
        assert_eq!(pairs.last().unwrap().1, "7");
        assert_eq!(parse(&tries()).unwrap().len(), 3);
        assert!(parse(&tries()[1..]).is_err());
    }
}
