//! What a technician leaves on PROVISION, and finds there afterwards.

use std::fs;

use super::{Bench, KEY};
use crate::{settings, start};

const FILE: &str = "appliance.toml";

impl Bench {
    fn leave(&self, name: &str, text: &str) {
        fs::write(self.volume("provision").join(name), text).unwrap();
    }

    fn found(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.volume("provision").join(name)).ok()
    }

    /// Starts the box; what the step of provisioning says.
    fn provision(&self) -> String {
        let (steps, _) = start::run(&self.care());
        steps.into_iter().find(|step| step.name == "provision").unwrap().said
    }
}

fn file(generation: u32, rest: &str) -> String {
    format!("schema = 1\ngeneration = {generation}\n# kept\n{rest}")
}

#[test]
fn a_good_file_is_taken_its_secrets_removed_and_a_receipt_left() {
    let bench = Bench::new();
    let text = file(
        1,
        &format!(
            "[site]\nplace_name = \"Library\"\ntown = \"u.osm.pbf\"\n[wifi]\nssid = \"x\"\npassword = \"geheim123\"\n\
             [proxy]\nca = \"town.pem\"\n[[staff.accounts]]\nname = \"anna\"\nkeys = [\"{KEY}\"]\n"
        ),
    );
    bench.leave(FILE, &text);
    bench.leave("u.osm.pbf", "extract");
    bench.leave("town.pem", "-----BEGIN CERTIFICATE-----\n");
    assert!(bench.provision().starts_with("generation 1 taken"), "{}", bench.provision());

    assert_eq!(bench.get("/state/settings/appliance.toml"), text);
    assert_eq!(bench.get("/var/lib/wegovnow-box/town/u.osm.pbf"), "extract");
    assert!(bench.has("/state/settings/ca.pem"));
    let left = bench.found(FILE).unwrap();
    assert_eq!(left, text.replace("geheim123", "(kept)"));
    let receipt = bench.found("receipt.txt").unwrap();
    assert!(receipt.contains("generation 1") && receipt.contains("wifi.password: (another secret) (new)"), "{receipt}");
    assert!(receipt.contains("site.place_name: \"Library\" (new)") && !receipt.contains("geheim"), "{receipt}");
    assert!(receipt.contains("the box needs a cable"), "no image with Wi-Fi yet, and the technician must know: {receipt}");
    assert_eq!(bench.found("problems.txt"), None);

    assert!(bench.get("/run/wegovnow-box/wegovnowd.toml").contains("place_name = \"Library\""));
    assert!(bench.get("/run/wegovnow-box/wpa_supplicant.conf").contains("psk=\"geheim123\""));
    assert!(bench.get("/run/wegovnow-box/passwd").contains("anna:x:2000:995::/:/usr/bin/wegovnow-console\n"));
    assert!(bench.get("/run/wegovnow-box/set-up.env").contains("TOWN_FILE=\"/var/lib/wegovnow-box/town/u.osm.pbf\""));

    // The next start finds its own file, and writes nothing to the partition.
    let history = bench.history();
    bench.broken.borrow_mut().clear();
    assert_eq!(bench.provision(), "as before");
    assert_eq!(bench.history(), history);
}

#[test]
fn a_pin_is_hashed_before_it_is_kept() {
    let bench = Bench::new();
    let text = file(1, "[kiosk]\nstaff_pin = \"471108\"\n");
    bench.leave(FILE, &text);
    assert!(bench.provision().starts_with("generation 1 taken"));
    let kept = bench.get("/state/settings/appliance.toml");
    assert!(kept.contains("staff_pin = \"$argon2id$v=19$") || kept.contains("staff_pin = '$argon2id$v=19$"), "{kept}");
    assert!(!kept.contains("471108"));
    assert_eq!(bench.found(FILE).unwrap(), text.replace("471108", "(kept)"));
    let handed_on = bench.get("/run/wegovnow-box/staff.pin");
    assert!(handed_on.starts_with("$argon2id$") && kept.contains(handed_on.trim()), "{handed_on}");
    assert_eq!(bench.provision(), "as before");
    // The power failed before it was taken off the file.
    bench.leave(FILE, &text);
    bench.provision();
    assert_eq!(bench.found(FILE).unwrap(), text.replace("471108", "(kept)"));
    assert_eq!(bench.get("/state/settings/appliance.toml"), kept, "the same hash");
}

#[test]
fn a_bad_file_changes_nothing_and_says_everything() {
    let bench = Bench::new();
    bench.leave(FILE, &file(1, "[site]\nname = \"Utopia\"\n"));
    bench.provision();
    let before = bench.get("/state/settings/appliance.toml");
    let bad = file(2, "[site]\nnmae = \"Utopia\"\n[wifi]\nssid = \"x\"\npassword = \"geheim\"\n[display]\nrotation = 7\n");
    bench.leave(FILE, &bad);
    assert!(bench.provision().contains("3 problems"));
    assert_eq!(bench.get("/state/settings/appliance.toml"), before);
    assert_eq!(bench.found(FILE).unwrap(), bad, "the technician's file is left for mending");
    let problems = bench.found("problems.txt").unwrap();
    assert!(problems.contains("- line 5, column 1: unknown key \"nmae\" in [site]; did you mean \"name\"?\r\n"), "{problems}");
    assert!(!problems.contains("geheim"), "{problems}");

    bench.leave(FILE, &file(2, "[site]\nname = \"Atlantis\"\n"));
    assert!(bench.provision().starts_with("generation 2 taken, 2 changes"));
    assert_eq!(bench.get("/state/title"), "\nAtlantis\n", "init shows it at the next start");
    assert_eq!(bench.found("problems.txt"), None, "what was mended is not said any longer");
}

#[test]
fn a_file_that_is_not_newer_is_left_alone() {
    let bench = Bench::new();
    bench.leave(FILE, &file(5, "[site]\nname = \"Utopia\"\n"));
    bench.provision();
    for generation in [4, 5] {
        bench.leave(FILE, &file(generation, "[site]\nname = \"Atlantis\"\n[wifi]\nssid = \"x\"\npassword = \"geheim123\"\n"));
        assert!(bench.provision().contains("1 problems"));
        assert!(bench.found("problems.txt").unwrap().contains("is not higher than 5"));
        assert!(bench.found(FILE).unwrap().contains("geheim123"), "what was not taken keeps its secrets");
        assert!(bench.get("/state/settings/appliance.toml").contains("Utopia"));
    }
}

#[test]
fn secrets_that_were_taken_off_are_kept() {
    let bench = Bench::new();
    let rest = "[wifi]\nssid = \"x\"\npassword = \"geheim123\"\n";
    bench.leave(FILE, &file(1, rest));
    bench.provision();
    bench.leave(FILE, &bench.found(FILE).unwrap().replace("generation = 1", "generation = 2").replace("\"x\"", "\"y\""));
    assert!(bench.provision().starts_with("generation 2 taken, 2 changes"));
    assert!(bench.get("/run/wegovnow-box/wpa_supplicant.conf").contains("geheim123"));

    // A box that has nothing to keep says so.
    let other = Bench::new();
    other.leave(FILE, &bench.found(FILE).unwrap());
    other.provision();
    assert!(other.found("problems.txt").unwrap().contains("write the secret once more"));
    assert_eq!(settings::text(&other.care()).unwrap(), None);
}

#[test]
fn what_is_named_must_lie_beside() {
    let bench = Bench::new();
    bench.put("/usr/share/zoneinfo/Europe/Helsinki", "zone");
    bench.leave("ca.pem", "a key?");
    let rest = format!(
        "[site]\ntown = \"u.osm.pbf\"\ntime_zone = \"Europe/Helsinky\"\n[proxy]\nca = \"ca.pem\"\n\
         [[staff.accounts]]\nname = \"games\"\nkeys = [\"{KEY}\"]\n"
    );
    bench.put("/etc/passwd", "root:x:0:0::/:/bin/sh\ngames:x:5:60::/:/bin/sh\n");
    bench.leave(FILE, &file(1, &rest));
    bench.provision();
    let problems = bench.found("problems.txt").unwrap();
    for what in [
        "site.town: there is no file \"u.osm.pbf\" beside appliance.toml",
        "site.time_zone: there is no time zone \"Europe/Helsinky\"",
        "proxy.ca: \"ca.pem\" holds no certificate in the form PEM",
        "staff.accounts: \"games\" is an account of the system",
    ] {
        assert!(problems.contains(what), "{problems}");
    }
}

#[test]
fn the_town_is_taken_again_after_the_data_was_wiped() {
    let bench = Bench::new();
    bench.leave(FILE, &file(1, "[site]\ntown = \"u.osm.pbf\"\n"));
    bench.leave("u.osm.pbf", "extract");
    bench.provision();
    fs::remove_dir_all(bench.path("/var/lib/wegovnow-box")).unwrap();
    bench.provision();
    assert!(bench.has("/var/lib/wegovnow-box/town/u.osm.pbf"));
    assert!(bench.get("/run/wegovnow-box/set-up.env").contains("TOWN_FILE"));
}

#[test]
fn a_key_that_was_taken_back_is_gone() {
    let bench = Bench::new();
    let staff = format!("[[staff.accounts]]\nname = \"anna\"\nkeys = [\"{KEY}\"]\n");
    bench.leave(FILE, &file(1, &format!("[time]\nservers = [\"t.example.org\"]\n{staff}[technician]\nkeys = [\"{KEY}\"]\n")));
    bench.provision();
    assert!(bench.get("/run/wegovnow-box/ssh/anna").starts_with("restrict,pty ssh-ed25519 "));
    assert!(
        bench.get("/run/wegovnow-box/ssh/root").starts_with("restrict,pty,command=\"/usr/bin/wegovnow-box shell\" ssh-ed25519 ")
    );
    assert!(bench.has("/run/wegovnow-box/nftables/ssh.nft"));
    bench.leave(FILE, &file(2, ""));
    bench.provision();
    for gone in ["/run/wegovnow-box/ssh/anna", "/run/wegovnow-box/ssh/root", "/run/wegovnow-box/nftables/ssh.nft"] {
        assert!(!bench.has(gone), "{gone}");
    }
    // Her number is kept for her.
    bench.leave(FILE, &file(3, &staff.replace("anna", "berta")));
    bench.provision();
    assert!(bench.get("/run/wegovnow-box/passwd").contains("berta:x:2001:"));
    bench.leave(FILE, &file(4, &staff));
    bench.provision();
    assert!(bench.get("/run/wegovnow-box/passwd").contains("anna:x:2000:"));
}

#[test]
fn a_reset_asked_for_there_happens_once() {
    let bench = Bench::new();
    bench.leave("reset", "everything\n");
    bench.provision();
    assert!(bench.found("problems.txt").unwrap().contains("reset: expected one word"));
    assert!(!bench.has("/state/reset"));
    bench.leave("reset", "data\r\n");
    let (steps, must_restart) = start::run(&bench.care());
    assert!(must_restart, "{steps:?}");
    assert_eq!(bench.get("/state/reset"), "data\n");
    assert_eq!(bench.found("reset"), None);
}

#[test]
fn the_marks_of_windows_editors_do_no_harm() {
    let bench = Bench::new();
    bench.leave(FILE, &format!("\u{feff}{}", file(1, "[site]\nname = \"Utopia\"\n").replace('\n', "\r\n")));
    assert!(bench.provision().starts_with("generation 1 taken"));
    fs::write(bench.volume("provision").join(FILE), b"schema = 1\ngeneration = 2\n# caf\xe9\n").unwrap();
    bench.provision();
    assert!(bench.found("problems.txt").unwrap().contains("no text in UTF-8"));
}
