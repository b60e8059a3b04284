//! From the first start to an update that stays, and one that does not.

use std::os::unix::fs::PermissionsExt;

use bootstate::Slot;

use super::{Bench, EPOCH, KEY};
use crate::bundle::Refused;
use crate::gate::{self, Record, Rollback};
use crate::update::{Request, Source};
use crate::{Busy, boot_state, clock, file, identity, reset, set_up, start, support, update};

#[track_caller]
fn start(bench: &Bench) {
    let (steps, must_restart) = start::run(&bench.care());
    assert!(steps.iter().all(|step| step.is_done), "{steps:#?}");
    assert!(!must_restart);
}

fn from_file(bench: &Bench, name: &str) -> Request {
    bench.put(name, "a bundle");
    let source = Source::File(bench.path(name));
    Request { source, sha256: None, again: false, other_variant: false, restart: false }
}

/// RAUC installs: it asks and tells the boot loader as its documentation says.
fn install(bench: &Bench, version: &str) {
    bench.answer("rauc info", 0, &format!(r#"{{"compatible":"wegovnow-x86_64","version":"{version}","build":"abc"}}"#));
    bench.answer("rauc install", 0, "");
    let installed = update::run(&bench.care(), &from_file(bench, "/tmp/new.raucb"), &mut |_, _, _| {}).unwrap();
    assert_eq!(installed.to_string(), version);
    let target = crate::stamp::slot(&bench.care()).unwrap().other();
    boot_state::set_state(&bench.care(), target, false).unwrap();
    boot_state::set_primary(&bench.care(), target).unwrap();
}

#[test]
fn a_first_start_makes_an_identity_once() {
    let bench = Bench::new();
    start(&bench);
    let (key, serial) = (bench.get("/state/identity/device.key"), bench.get("/state/identity/serial"));
    assert!(serial.starts_with("WGN-"), "{serial}");
    assert_eq!(key.trim().len(), 64);
    assert_eq!(bench.get("/state/ssh/ssh_host_ed25519_key"), "the private half");
    assert!(!bench.has("/run/wegovnow-box/new-host-key") && !bench.has("/run/wegovnow-box/new-host-key.pub"));
    start(&bench);
    assert_eq!((bench.get("/state/identity/device.key"), bench.get("/state/identity/serial")), (key, serial));
    assert_eq!(bench.ran.borrow().iter().filter(|line| line.starts_with("ssh-keygen")).count(), 1);
    // An unprovisioned box renders all the same: everything by itself, nobody may log in.
    assert!(bench.get("/run/systemd/network/05-wegovnow.network").contains("DHCP=yes"));
    assert!(bench.path("/run/wegovnow-box/ssh").read_dir().unwrap().next().is_none());
    assert!(bench.host_name.borrow().starts_with("wegovnow-"));
}

#[test]
fn the_daemon_is_let_into_the_folder_of_its_map() {
    let bench = Bench::new();
    let folder = bench.path("/var/lib/wegovnow-box");
    std::fs::create_dir_all(&folder).unwrap();
    // As a service with a mask of its own leaves it.
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    start(&bench);
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o755);
}

#[test]
fn a_machine_with_a_number_keeps_it() {
    let bench = Bench::new();
    bench.put("/sys/class/dmi/id/product_serial", "To be filled by O.E.M.\n");
    bench.put("/sys/class/dmi/id/board_serial", "MX-20419-C\n");
    start(&bench);
    assert_eq!(bench.get("/state/identity/serial").trim(), "MX-20419-C");
    bench.put("/sys/class/dmi/id/board_serial", "another board\n");
    start(&bench);
    assert_eq!(bench.get("/state/identity/serial").trim(), "MX-20419-C");
    for nothing in
        ["", "None", "Default string", "0123456789", "00000000", "System Serial Number", "x", "a b c d", "12345678", "..."]
    {
        assert_eq!(identity::sensible(nothing), None, "{nothing}");
    }
}

#[test]
fn a_damaged_key_is_not_replaced() {
    let bench = Bench::new();
    start(&bench);
    bench.put("/state/identity/device.key", "ff");
    let (steps, _) = start::run(&bench.care());
    let failed: Vec<&str> = steps.iter().filter(|step| !step.is_done).map(|step| step.name.as_str()).collect();
    assert_eq!(failed, ["identity"], "the other steps are done all the same");
    assert_eq!(bench.get("/state/identity/device.key"), "ff");
}

#[test]
fn a_clock_that_is_behind_is_set_forward() {
    let bench = Bench::new();
    bench.now_s.set(5);
    start(&bench);
    assert_eq!(bench.now_s.get(), EPOCH);
    bench.now_s.set(EPOCH + 5000);
    clock::save(&bench.care()).unwrap();
    bench.now_s.set(7);
    start(&bench);
    assert_eq!(bench.now_s.get(), EPOCH + 5000);
    // A clock that ran wild is not believed, nor saved.
    bench.now_s.set(EPOCH + 90 * 365 * 86_400);
    clock::save(&bench.care()).unwrap();
    assert_eq!(bench.get("/state/last-time").trim(), (EPOCH + 5000).to_string());
    bench.put("/state/last-time", &format!("{}\n", u64::MAX));
    bench.now_s.set(7);
    start(&bench);
    assert_eq!(bench.now_s.get(), EPOCH);
}

#[test]
fn broken_notes_of_the_boot_loader_are_mended_at_start() {
    let bench = Bench::new();
    std::fs::write(bench.volume("esp").join("wegovnow/policy2"), "torn").unwrap();
    start(&bench);
    assert!(bench.history().contains("boot-state-repaired wegovnow/policy2 has 4 bytes instead of 1024"), "{}", bench.history());
    start(&bench);
    assert_eq!(bench.history().matches("boot-state-repaired").count(), 1);
}

#[test]
fn a_step_that_fails_keeps_no_other_from_its_work() {
    let bench = Bench::new();
    bench.broken.borrow_mut().extend(["esp".to_owned(), "provision".to_owned()]);
    let (steps, _) = start::run(&bench.care());
    let failed: Vec<&str> = steps.iter().filter(|step| !step.is_done).map(|step| step.name.as_str()).collect();
    assert_eq!(failed, ["boot-state", "provision"]);
    assert!(bench.has("/run/wegovnow-box/wegovnowd.toml"));
    let record: Vec<start::Step> = file::read_json(&bench.path("/run/wegovnow-box/start.json")).unwrap();
    assert_eq!(record, steps);
}

#[test]
fn an_update_that_is_well_stays() {
    let bench = Bench::new();
    start(&bench);
    assert!(gate::run(&bench.care()).unwrap());
    install(&bench, "1.3.0");

    bench.runs(Slot::B, "1.3.0");
    bench.grub_starts(Slot::B);
    assert!(bench.state().is_pending(Slot::B));
    start(&bench);
    assert!(gate::run(&bench.care()).unwrap());
    assert!(bench.state().is_proven(Slot::B));
    assert_eq!(bench.state().primary(), Slot::B);
    let committed: gate::Committed = file::read_json(&bench.path("/state/committed.json")).unwrap();
    assert_eq!((committed.slot.as_str(), committed.version.as_str()), ("b", "1.3.0"));
    assert!(bench.said.borrow().iter().any(|line| line == "WeGovNow: slot b is good: the daemon answers"));
    assert!(!bench.has("/state/rollback.json"));
    assert_eq!(bench.reboots.get(), 0);
}

#[test]
fn an_update_that_is_not_well_goes_back_once_and_says_why() {
    let bench = Bench::new();
    start(&bench);
    gate::run(&bench.care()).unwrap();
    install(&bench, "1.3.0");
    bench.runs(Slot::B, "1.3.0");
    bench.grub_starts(Slot::B);
    bench.answer("wegovnowd health", 1, "");
    assert!(!gate::run(&bench.care()).unwrap());
    assert_eq!(bench.reboots.get(), 1);
    assert!(!bench.state().is_good(Slot::B));
    assert_eq!(bench.state().primary(), Slot::A);

    // The old one comes up, and tells.
    bench.runs(Slot::A, "1.2.0");
    bench.grub_starts(Slot::A);
    bench.answer("wegovnowd health", 0, super::HEALTHY);
    assert!(gate::run(&bench.care()).unwrap());
    let rollback: Rollback = file::read_json(&bench.path("/state/rollback.json")).unwrap();
    assert_eq!(rollback.version.as_deref(), Some("1.3.0"));
    assert_eq!(rollback.reason, "the daemon does not answer: exit code 1");
    assert!(bench.history().contains("rollback from slot b to slot a"), "{}", bench.history());
    // And keeps telling, until another update is committed.
    gate::run(&bench.care()).unwrap();
    assert!(bench.has("/state/rollback.json"));
    assert!(!bench.has("/state/gate-restarts.json"), "the next update may go back again");
    install(&bench, "1.4.0");
    bench.runs(Slot::B, "1.4.0");
    gate::run(&bench.care()).unwrap();
    assert!(!bench.has("/state/rollback.json"));
}

#[test]
fn an_update_that_never_came_up_is_given_up_and_told() {
    let bench = Bench::new();
    start(&bench);
    install(&bench, "1.3.0");
    for _ in 0..3 {
        bench.grub_starts(Slot::B);
    }
    bench.grub_starts(Slot::A);
    assert!(gate::run(&bench.care()).unwrap());
    let rollback: Rollback = file::read_json(&bench.path("/state/rollback.json")).unwrap();
    assert_eq!((rollback.version.as_deref(), rollback.reason.as_str()), (Some("1.3.0"), "it did not come up within its tries"));
    assert!(!bench.state().policy.mark(Slot::B).ok, "it is not tried again when tries begin anew");
}

#[test]
fn an_update_that_somebody_left_for_once_is_not_given_up() {
    let bench = Bench::new();
    install(&bench, "1.3.0");
    bench.grub_starts(Slot::A);
    assert!(gate::run(&bench.care()).unwrap());
    assert!(bench.state().is_good(Slot::B) && bench.state().is_pending(Slot::B));
    assert!(!bench.has("/state/rollback.json"));
}

#[test]
fn without_a_counter_the_box_stays_up() {
    let bench = Bench::new();
    install(&bench, "1.3.0");
    bench.runs(Slot::B, "1.3.0");
    bench.answer("wegovnowd health", 1, "");
    // Something is in the counter's way.
    std::fs::create_dir_all(bench.path("/state/gate-restarts.json/x")).unwrap();
    let error = format!("{:#}", gate::run(&bench.care()).unwrap_err());
    assert!(error.contains("could not remember that it went back"), "{error}");
    assert_eq!(bench.reboots.get(), 0);
    assert!(bench.state().is_good(Slot::B), "and the slot is not given up");
}

#[test]
fn the_box_goes_back_once_only() {
    let bench = Bench::new();
    install(&bench, "1.3.0");
    bench.runs(Slot::B, "1.3.0");
    bench.answer("wegovnowd health", 1, "");
    bench.put("/state/gate-restarts.json", r#"{"restarts": 1}"#);
    assert!(!gate::run(&bench.care()).unwrap());
    assert_eq!(bench.reboots.get(), 0);
    let record: Record = file::read_json(&bench.path("/state/gate.json")).unwrap();
    assert!(!record.passed && !record.went_back);
    assert_eq!(record.notes, ["the box was started again for this once already"]);
}

#[test]
fn a_slot_that_was_good_before_is_kept() {
    let bench = Bench::new();
    bench.answer("wegovnowd health", 1, "");
    assert!(!gate::run(&bench.care()).unwrap());
    assert_eq!(bench.reboots.get(), 0);
    assert!(bench.state().is_proven(Slot::A));
}

#[test]
fn the_kiosk_is_not_drawn_over_and_a_screen_without_one_shows_text() {
    let bench = Bench::new();
    assert!(gate::run(&bench.care()).unwrap());
    assert_eq!(bench.texts.get(), 0, "a kiosk draws: its picture would go with init's");
    bench.put("/sys/class/drm/card0-HDMI-A-1/status", "disconnected\n");
    assert!(gate::run(&bench.care()).unwrap());
    assert_eq!(bench.texts.get(), 1, "nobody draws: init's picture would stay");
}

#[test]
fn the_gate_and_an_update_do_not_meet() {
    let bench = Bench::new();
    let care = bench.care();
    let held = care.lock("a test").unwrap();
    assert!(gate::run(&care).unwrap_err().is::<Busy>());
    assert_eq!(crate::cli::code(&gate::run(&care).unwrap_err()), 75);
    assert!(update::run(&care, &from_file(&bench, "/tmp/x.raucb"), &mut |_, _, _| {}).unwrap_err().is::<Busy>());
    drop(held);
    assert!(gate::run(&care).is_ok());
}

#[test]
fn what_is_older_or_strange_is_refused_and_nothing_changes() {
    let bench = Bench::new();
    let before = bench.state();
    let refused = |request: &Request| {
        let error = update::run(&bench.care(), request, &mut |_, _, _| {}).unwrap_err();
        assert_eq!(crate::cli::code(&error), 3, "{error:#}");
        error.downcast::<Refused>().unwrap().to_string()
    };
    let request = from_file(&bench, "/tmp/x.raucb");
    bench.answer("rauc info", 0, r#"{"version":"1.1.9"}"#);
    assert_eq!(refused(&request), "the bundle has version 1.1.9, older than 1.2.0 which runs: nothing is put back");
    bench.answer("rauc info", 0, r#"{"version":"1.2.0"}"#);
    assert!(refused(&request).starts_with("version 1.2.0 runs already"));
    bench.answer("rauc info", 0, r#"{"version":null}"#);
    assert_eq!(refused(&request), "the bundle says no version of three numbers");
    bench.answer("rauc info", 1, "signature verification failed");
    assert!(refused(&request).ends_with("signature verification failed"));
    bench.put("/etc/rauc/system.conf", "[system]\ncompatible=wegovnow-x86_64\n");
    bench.answer("rauc info", 0, r#"{"compatible":"another-box","version":"1.3.0"}"#);
    assert!(refused(&request).starts_with("the bundle is for \"another-box\", this box is \"wegovnow-x86_64\""));
    bench.answer("rauc info", 0, r#"{"version":"1.3.0"}"#);
    assert!(refused(&Request { sha256: Some("00".repeat(32)), ..request.clone() }).starts_with("the file has SHA-256 "));
    // The data is newer than the bundle, though the system is not: the other slot was left for this one.
    bench.put("/state/data-floor", "1.5.0\n");
    assert_eq!(refused(&request), "the bundle has version 1.3.0; the data on this box is understood from 1.5.0 on");
    bench.put("/state/data-floor", "what\n");
    let error = update::run(&bench.care(), &request, &mut |_, _, _| {}).unwrap_err();
    assert!(format!("{error:#}").contains("is not known"), "{error:#}");
    assert_eq!(bench.state(), before);
    assert!(!bench.ran.borrow().iter().any(|line| line.starts_with("rauc install")));
}

#[test]
fn the_data_floor_has_two_copies_and_only_rises() {
    let bench = Bench::new();
    let floor = |text: &str| crate::esp::raise_data_floor(&bench.care(), &text.parse().unwrap()).unwrap();
    floor("1.2.0");
    floor("1.1.0");
    std::fs::remove_file(bench.path("/state/data-floor")).unwrap();
    assert_eq!(crate::esp::data_floor(&bench.care()).unwrap().unwrap().to_string(), "1.2.0");
}

#[test]
fn raucs_handler_refuses_too() {
    let bench = Bench::new();
    let mounted = |version: &str, variant: &str| {
        bench.put("/mnt/manifest.raucm", &format!("[update]\nversion={version}\n{variant}\n"));
        let checked = update::check_manifest(&bench.care(), &bench.path("/mnt"));
        checked.map(|version| version.to_string()).map_err(|error| error.to_string())
    };
    assert_eq!(mounted("1.3.0", "description=release").unwrap(), "1.3.0");
    assert_eq!(mounted("1.2.0", "description=release").unwrap(), "1.2.0");
    assert!(mounted("1.1.0", "description=release").unwrap_err().contains("older than 1.2.0"));
    assert!(mounted("1.3.0", "description=development").unwrap_err().contains("--other-variant"));
    assert!(mounted("1.3.0", "").unwrap_err().contains("variant"));
    bench.put("/run/wegovnow-box/any-variant", "\n");
    assert!(mounted("1.3.0", "description=development").is_ok());
    assert!(bench.history().contains("update-refused"));
}

#[test]
fn an_installation_that_fails_is_said() {
    let bench = Bench::new();
    bench.answer("rauc info", 0, r#"{"version":"1.3.0"}"#);
    bench.answer("rauc install", 1, "");
    let error = update::run(&bench.care(), &from_file(&bench, "/tmp/x.raucb"), &mut |_, _, _| {}).unwrap_err();
    assert!(error.to_string().contains("journalctl --unit=rauc"), "{error}");
    assert!(bench.history().contains("update-failed") && !bench.has("/state/installed.json"));
}

#[test]
fn rauc_gets_the_answers_that_it_wants() {
    let bench = Bench::new();
    let care = bench.care();
    assert_eq!(boot_state::get_primary(&care).unwrap(), "A");
    assert_eq!(boot_state::get_state(&care, "B".parse().unwrap()).unwrap(), "good");
    boot_state::set_state(&care, Slot::B, false).unwrap();
    assert_eq!(boot_state::get_state(&care, Slot::B).unwrap(), "bad");
    boot_state::set_primary(&care, Slot::B).unwrap();
    assert_eq!(boot_state::get_primary(&care).unwrap(), "B");
    assert_eq!(boot_state::get_state(&care, Slot::B).unwrap(), "good");
    let said = boot_state::show(&care).unwrap();
    assert!(said.contains("slot b  on trial, 0 of 3 tries used"), "{said}");
}

#[test]
fn a_reset_is_written_down() {
    let bench = Bench::new();
    reset::request(&bench.care(), reset::Tier::Data, "a test").unwrap();
    assert_eq!(bench.get("/state/reset"), "data\n");
    let mut output = Vec::new();
    assert!(crate::cli::typed(&mut &b"data\n"[..], &mut output, reset::Tier::Data).unwrap());
    assert!(!crate::cli::typed(&mut &b"yes\n"[..], &mut output, reset::Tier::Data).unwrap());
    assert!(!crate::cli::typed(&mut &b""[..], &mut output, reset::Tier::Data).unwrap());
}

#[test]
fn the_town_is_set_up_as_provisioned() {
    let bench = Bench::new();
    bench.put("/run/wegovnow-box/set-up.env", "");
    bench.answer("/usr/bin/wegovnowd init", 1, "");
    assert!(set_up::run(&bench.care()).unwrap().contains("provision the box"));
    bench.put("/var/lib/wegovnow-box/town/utopia.osm.pbf", "extract");
    let town = "TOWN_NAME=\"New \\\"U\\\"\"\nTOWN_LANGUAGES=\"fi,sv\"\nTOWN_FILE=\"/var/lib/wegovnow-box/town/utopia.osm.pbf\"\n";
    bench.put("/run/wegovnow-box/set-up.env", town);
    bench.answer("/usr/bin/wegovnowd town import /var/lib/wegovnow-box/town/utopia.osm.pbf", 0, "");
    bench.answer("/usr/bin/wegovnowd init --name New \"U\" --languages fi,sv", 0, "3 of site, departments and categories set\n");
    assert!(set_up::run(&bench.care()).unwrap().ends_with("3 of site, departments and categories set"));
    // What was imported is left alone, until there is another file.
    bench.put("/var/lib/wegovnow/town.map", "map");
    let imports = || {
        bench.ran.borrow_mut().clear();
        set_up::run(&bench.care()).unwrap();
        bench.ran.borrow().len()
    };
    let map = bench.care().places.at("/var/lib/wegovnow/town.map");
    let chmod = |path: &std::path::Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    bench.put("/var/lib/wegovnow/store/db", "facts");
    let store = bench.care().places.at("/var/lib/wegovnow/store");
    chmod(&map, 0o600);
    chmod(&store, 0o755);
    assert_eq!(imports(), 0);
    assert_eq!(mode(&map), 0o644, "who draws the map reads it");
    assert_eq!(mode(&store), 0o700, "and nothing else");
    bench.put("/var/lib/wegovnow-box/town/utopia.osm.pbf", "another extract");
    assert_eq!(imports(), 2, "import, and the town set up with it");
    assert_eq!(imports(), 0);
    // A map that the daemon finds worse stays where it is, and the town is set up with the old one.
    bench.put("/var/lib/wegovnow-box/town/utopia.osm.pbf", "half");
    bench.answer("/usr/bin/wegovnowd town import /var/lib/wegovnow-box/town/utopia.osm.pbf", 4, "the map stays as it is\n");
    let said = set_up::run(&bench.care()).unwrap();
    assert_eq!(said, "the map stays as it is; 3 of site, departments and categories set");
    assert_eq!(imports(), 2, "looked at again, for nothing says that it may stay so");
    // Another file is another town: the technician asked for it.
    bench.put("/var/lib/wegovnow-box/town/arcadia.map", "map");
    bench.put("/run/wegovnow-box/set-up.env", &town.replace("utopia.osm.pbf", "arcadia.map"));
    bench.answer("/usr/bin/wegovnowd town import /var/lib/wegovnow-box/town/arcadia.map --replace", 0, "");
    assert!(set_up::run(&bench.care()).unwrap().starts_with("the map was made of /var/lib/wegovnow-box/town/arcadia.map"));
    bench.answer("/usr/bin/wegovnowd town import /var/lib/wegovnow-box/town/utopia.osm.pbf --replace", 0, "");
    bench.put("/run/wegovnow-box/set-up.env", town);
    set_up::run(&bench.care()).unwrap();
    bench.put("/run/wegovnow-box/set-up.env", &town.replace("fi,sv", "fi"));
    bench.answer("/usr/bin/wegovnowd init --name New \"U\" --languages fi", 0, "1 of site set\n");
    assert_eq!(imports(), 1);
    bench.put("/run/wegovnow-box/set-up.env", town);
    bench.answer("/usr/bin/wegovnowd init --name New \"U\" --languages fi,sv", 1, "no");
    assert!(set_up::run(&bench.care()).is_err());
}

#[test]
fn support_gets_what_it_needs_and_no_secret() {
    let bench = Bench::new();
    std::fs::write(
        bench.volume("provision").join("appliance.toml"),
        format!("schema = 1\ngeneration = 1\n[wifi]\nssid = \"x\"\npassword = \"geheim123\"\n[technician]\nkeys = [\"{KEY}\"]\n"),
    )
    .unwrap();
    start(&bench);
    bench.answer("journalctl", 0, "wpa_supplicant said geheim123\nwegovnowd: serving\n");
    let said = support::run(&bench.care(), &support::Target::Any).unwrap();
    assert!(said.ends_with("on the PROVISION partition"), "{said}");
    let name = said.split(' ').next().unwrap();
    let packed = std::fs::read(bench.volume("provision").join(name)).unwrap();
    let mut archive = tar::Archive::new(zstd::Decoder::new(&packed[..]).unwrap());
    let mut all = String::new();
    let mut names = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        names.push(entry.path().unwrap().display().to_string());
        std::io::Read::read_to_string(&mut entry, &mut all).unwrap();
    }
    assert!(names.contains(&"wegovnow-support/journal.txt".to_owned()), "{names:?}");
    assert!(all.contains("wegovnowd: serving") && all.contains("generation = 1"));
    let key = bench.get("/state/identity/device.key");
    assert!(!all.contains("geheim123") && !all.contains(key.trim()), "a secret got out");
}

#[test]
fn support_prefers_a_stick() {
    let bench = Bench::new();
    bench.put("/sys/block/sdb/removable", "1\n");
    bench.put("/sys/block/sdb/sdb1/partition", "1\n");
    std::fs::create_dir_all(bench.volume("stick-sdb1")).unwrap();
    let said = support::run(&bench.care(), &support::Target::Any).unwrap();
    assert!(said.ends_with("on the stick /dev/sdb1"), "{said}");
    assert_eq!(std::fs::read_dir(bench.volume("stick-sdb1")).unwrap().count(), 1);
}

#[test]
fn a_stick_that_takes_nothing_is_passed_over() {
    let bench = Bench::new();
    bench.put("/sys/block/sdb/removable", "1\n");
    let said = support::run(&bench.care(), &support::Target::Any).unwrap();
    assert!(said.contains("on the PROVISION partition; /dev/sdb did not take it: "), "{said}");
}
