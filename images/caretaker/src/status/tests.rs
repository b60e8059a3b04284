use super::*;
use crate::start;
use crate::tests::Bench;

/// What programs are told; the panel always understands it.
fn json(bench: &Bench) -> serde_json::Value {
    let told = serde_json::to_value(read(&bench.care())).unwrap();
    let readings: panel::reading::Readings = serde_json::from_value(told.clone()).unwrap();
    let again = serde_json::to_value(readings).unwrap();
    for (name, value) in again.as_object().unwrap() {
        assert!(told.get(name).is_some(), "the panel reads {name}, which nobody writes");
        if value.is_null() || value.is_string() || value.is_boolean() || value.is_u64() {
            assert_eq!(value, &told[name], "{name}");
        }
    }
    told
}

#[test]
fn a_new_box_that_knows_nothing_has_a_status_all_the_same() {
    let bench = Bench::new();
    for gone in ["/usr/lib/wegovnow/build", "/proc/cmdline", "/etc/passwd"] {
        std::fs::remove_file(bench.path(gone)).unwrap();
    }
    bench.broken.borrow_mut().push("esp".to_owned());
    bench.answer("wegovnowd health", 1, "");
    bench.answer("systemctl show", 1, "");
    let status = json(&bench);
    assert_eq!(status["store"], "down");
    assert_eq!(status["kiosk"], "starting");
    for unknown in ["version", "slot", "serial", "boot", "gate", "rollback", "temperature_c", "generation", "reports"] {
        assert!(status[unknown].is_null(), "{unknown} is {}", status[unknown]);
    }
    assert!(!describe(&read(&bench.care())).is_empty());
}

/// The names that `appliance/panel` reads.
#[test]
fn a_box_at_work_says_what_the_panel_shows() {
    let bench = Bench::new();
    let text = "schema = 1\ngeneration = 4\n[site]\nname = \"Utopia\"\nplace_name = \"Library\"\nlanguages = [\"fi\", \"sv\"]\n";
    std::fs::write(bench.volume("provision").join("appliance.toml"), text).unwrap();
    start::run(&bench.care());
    gate::run(&bench.care()).unwrap();
    let addresses = r#"[{"ifname":"lo","link_type":"loopback","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"127.0.0.1","scope":"host"}]},
        {"ifname":"eth0","link_type":"ether","flags":["UP","LOWER_UP"],"addr_info":[
        {"family":"inet6","local":"2001:db8::7","scope":"global"},{"family":"inet6","local":"fe80::1","scope":"link"},
        {"family":"inet","local":"192.0.2.7","scope":"global"}]}]"#;
    bench.answer("ip -json address", 0, addresses);
    let tracking = "C0000235,192.0.2.53,3,1790000000.1,0.1,0.1,0.1,-1.2,0.001,0.05,0.012,0.0003,64.5,Normal\n";
    bench.answer("chronyc", 0, tracking);
    bench.put("/sys/class/thermal/thermal_zone0/temp", "48500\n");
    bench.put("/sys/class/hwmon/hwmon1/temp1_input", "-273000\n");
    bench.put("/sys/class/hwmon/hwmon1/temp2_input", "52000\n");
    std::fs::create_dir_all(bench.path("/dev/disk/appliance")).unwrap();
    std::os::unix::fs::symlink("../../mmcblk0p8", bench.path("/dev/disk/appliance/data")).unwrap();
    bench.put("/sys/block/mmcblk0/device/life_time", "0x02 0x01\n");
    bench.put("/sys/block/mmcblk0/mmcblk0p8/partition", "8\n");
    bench.put("/proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable: 600000 kB\nSwapTotal: 500000 kB\nSwapFree: 500000 kB\n");

    let status = json(&bench);
    assert_eq!(status["language"], "fi");
    assert_eq!((&status["town"], &status["site"]), (&"Utopia".into(), &"Library".into()));
    assert_eq!((&status["slot"], &status["version"], &status["is_on_trial"]), (&"a".into(), &"1.2.0".into(), &false.into()));
    assert_eq!((&status["store"], &status["kiosk"], &status["reports"]), (&"open".into(), &"shown".into(), &5.into()));
    assert_eq!(status["network"]["addresses"], serde_json::json!(["192.0.2.7", "2001:db8::7"]));
    assert_eq!(status["network"]["is_plugged"], true);
    assert_eq!(
        status["disk"],
        serde_json::json!({"free_bytes": 5_000_000_000_u64, "total_bytes": 8_000_000_000_u64, "life_used_percent": 20, "watch": null})
    );
    assert_eq!(status["memory"]["used_bytes"], 409_600_000);
    assert_eq!(status["temperature_c"], 52.0);
    assert_eq!((&status["clock"]["is_verified"], &status["clock"]["source"]), (&true.into(), &"192.0.2.53".into()));
    assert_eq!(status["clock"]["local"].as_str().unwrap().len(), "2026-11-26 21:04".len());
    assert!(status["sync"]["age_s"].is_null() && status["pairing"].is_null());
    assert_eq!(status["boot"]["a"], serde_json::json!({"ok": true, "pending": false, "tries": 0}));
    assert_eq!(status["gate"]["passed"], true);
    assert_eq!(status["generation"], 4);
    assert!(status["history"].as_array().unwrap().iter().any(|line| line["word"] == "settings"));

    let said = describe(&read(&bench.care()));
    assert!(said.contains("memory       409 of 1024 MB in use, 0 of 512 MB packed\n"), "{said}");
    assert!(said.contains("version      1.2.0 in slot a\n") && said.contains("last check   passed after 30 s\n"), "{said}");
}

#[test]
fn a_refused_file_is_told_with_its_first_mistake() {
    let bench = Bench::new();
    let put = |text: &str| std::fs::write(bench.volume("provision").join("appliance.toml"), text).unwrap();
    put("schema = 1\ngeneration = 1\n[display]\nrotaton = 90\n[site]\nnam = \"x\"\n");
    start::run(&bench.care());
    let status = json(&bench);
    assert_eq!(status["refusal"]["count"], 2);
    let first = status["refusal"]["first"].as_str().unwrap();
    assert!(first.starts_with("line 4, column 1: ") && first.contains("rotaton"), "{first}");
    assert_eq!(status["notices"][0]["kind"], "settings");
    let said = describe(&read(&bench.care()));
    assert!(said.contains("settings     appliance.toml was not taken, 2 mistakes: line 4, column 1: "), "{said}");
    put("schema = 1\ngeneration = 1\n[display]\nrotation = 90\n");
    start::run(&bench.care());
    let status = json(&bench);
    assert!(status["refusal"].is_null() && status["notices"] == serde_json::json!([]), "{}", status["notices"]);
}

#[test]
fn a_disk_in_trouble_is_told_to_staff() {
    let bench = Bench::new();
    bench.put(
        "/run/wegovnow-box/disk-watch.json",
        r#"{"restarts":false,"trouble":"a read has had no answer for 75 s","slowest_read_ms":3,"slowest_write_ms":9}"#,
    );
    let status = json(&bench);
    assert_eq!(status["disk"]["watch"]["restarts"], false);
    assert_eq!(status["notices"][0]["text"], "the disk: a read has had no answer for 75 s");
    assert!(describe(&read(&bench.care())).contains("disk trouble a read has had no answer for 75 s\n"));
}

/// By `ssh-keygen -lf` of this very line.
#[test]
fn the_host_keys_fingerprint_is_what_ssh_shows() {
    let bench = Bench::new();
    bench.put(
        "/state/ssh/ssh_host_ed25519_key.pub",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f wegovnow\n",
    );
    assert_eq!(json(&bench)["host_key"], "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA");
    bench.put("/state/ssh/ssh_host_ed25519_key.pub", "the public half");
    assert!(json(&bench)["host_key"].is_null());
}

#[test]
fn who_looks_at_the_status_mounts_nothing() {
    let bench = Bench::new();
    start::run(&bench.care());
    crate::boot_state::set_primary(&bench.care(), bootstate::Slot::B).unwrap();
    bench.broken.borrow_mut().push("esp".to_owned());
    let status = json(&bench);
    assert_eq!((&status["boot"]["next"], &status["boot"]["b"]["pending"]), (&"b".into(), &true.into()));
}

#[test]
fn a_full_store_takes_nothing_new() {
    let bench = Bench::new();
    bench.answer("wegovnowd health", 3, r#"{"state":"storage_full","version":"0.1.0","free_bytes":0}"#);
    assert_eq!(json(&bench)["store"], "read-only");
    std::fs::remove_file(bench.path("/sys/class/drm/card0-HDMI-A-1/status")).unwrap();
    assert_eq!(json(&bench)["kiosk"], "none");
}

#[test]
fn the_history_is_bounded_and_read_past_torn_lines() {
    let bench = Bench::new();
    bench.put("/state/history", &format!("{}\n{}", "torn".repeat(300_000), "7 first-start a box\n".repeat(60_000)));
    history::trim(&bench.care()).unwrap();
    let length = std::fs::metadata(bench.path("/state/history")).unwrap().len();
    assert!((500_000..=524_288).contains(&length), "{length}");
    std::fs::write(bench.path("/state/history"), b"7 first-start a box\n8 gro\xff\n12").unwrap();
    history::note(&bench.care(), "settings", "two\nlines").unwrap();
    let words: Vec<String> =
        history::tail(&bench.care(), 9).into_iter().map(|line| format!("{} {}", line.word, line.text)).collect();
    assert_eq!(words.len(), 3, "{words:?}");
    assert_eq!((words[0].as_str(), words[2].as_str()), ("first-start a box", "settings two lines"));
}
