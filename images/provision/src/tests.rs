mod fuzz;
mod message;

use crate::*;

const EXAMPLE: &str = include_str!("../appliance.example.toml");
const HEAD: &str = "schema = 1\ngeneration = 1\n";

#[track_caller]
fn read(text: &str) -> Settings {
    check(&format!("{HEAD}{text}"), None).unwrap()
}

#[test]
fn the_example_means_what_it_says() {
    let settings = check(EXAMPLE, None).unwrap();
    assert_eq!(settings.generation, 1);
    assert_eq!(settings.site.languages, ["fi", "sv", "en"]);
    assert_eq!(settings.site.center, Some([60.1699, 24.9384]));
    assert_eq!(settings.network.address, Some(("192.0.2.10".parse().unwrap(), 24)));
    assert_eq!(settings.network.dns.len(), 2);
    let Some(WifiKey::Password(password)) = settings.wifi.as_ref().and_then(|wifi| wifi.key.clone()) else {
        panic!("a password")
    };
    assert_eq!(password.reveal(), "correct horse battery");
    assert_eq!(settings.display.rotation, 90);
    assert_eq!(settings.kiosk.opening_hours.len(), 6);
    assert_eq!(settings.staff[0].name, "anna");
    assert_eq!(settings.panel.kind, Some(PanelKind::Tft));
    assert!(settings.update.automatic);
    assert_eq!((settings.printer.kind, settings.printer.paper), (Some(PrinterKind::Escpos), Some(58)));
}

/// A documented key that is not there would be unknown; a key that is not documented shows as unset.
#[test]
fn the_example_has_every_key() {
    let settings = check(EXAMPLE, None).unwrap();
    let said = format!("{settings:?}");
    // Of two ways to give a key of a wireless network one is commented out; nothing else is unset.
    assert!(!said.contains("None"), "the example leaves something out: {said}");
    assert!(!said.contains("[]"), "the example leaves something empty: {said}");
    assert!(check(&EXAMPLE.replace("\npassword = \"correct", "\n#password = \"correct").replace("#psk", "psk"), None).is_ok());
    let keys = EXAMPLE.lines().zip(EXAMPLE.lines().skip(1)).filter(|(_, line)| line.contains(" = ") && !line.starts_with('#'));
    let bare: Vec<&str> = keys.filter(|(before, _)| !before.starts_with('#')).map(|(_, line)| line).collect();
    // The second address of the proxy, its password, and the part for one device go without saying.
    let names: Vec<&str> = bare.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["https", "password", "place_name", "address", "hostname"]);
}

#[test]
fn what_is_said_of_one_box_counts_more_there() {
    let settings = check(EXAMPLE, Some(" wgn-0007 ")).unwrap();
    assert_eq!(settings.site.place_name.as_deref(), Some("Harbour office"));
    assert_eq!(settings.network.address.unwrap().0.to_string(), "192.0.2.17");
    assert_eq!(settings.network.gateway, check(EXAMPLE, None).unwrap().network.gateway, "the rest is as for all");
    assert_eq!(settings.site.name.as_deref(), Some("Utopia"));
    assert_eq!(check(EXAMPLE, Some("WGN-0008")).unwrap(), check(EXAMPLE, None).unwrap());
    assert_eq!(devices(EXAMPLE), ["WGN-0007"]);
}

#[test]
fn what_every_box_says_itself_need_not_be_said_for_all() {
    let text = format!("{HEAD}[network]\ndhcp = false\n[device.A1.network]\naddress = \"10.0.0.1/8\"\n");
    assert!(check(&text, Some("A1")).is_ok());
    assert!(check(&text, None).is_ok(), "at the desk");
    assert_eq!(check(&text, Some("A2")).unwrap_err().len(), 1, "this box has no address");
}

#[test]
fn a_later_file_replaces_and_an_older_one_does_not() {
    assert_eq!(turn(None, 1), Turn::Replaces);
    assert_eq!(turn(Some(1), 2), Turn::Replaces);
    assert_eq!(turn(Some(2), 2), Turn::Ignored { in_force: 2 });
    assert_eq!(turn(Some(9), 2), Turn::Ignored { in_force: 9 });
}

#[test]
fn secrets_are_taken_out_and_put_back() {
    let text = format!("{EXAMPLE}\n[device.X.wifi]\nssid = \"x\"\npassword = 'another \"one\"'\n");
    let redacted = redact(&text);
    for secret in ["correct horse", "another"] {
        assert!(!redacted.contains(secret), "{redacted}");
    }
    assert_eq!(redacted.matches("password = \"(kept)\"").count(), 3, "{redacted}");
    assert!(redacted.starts_with(&EXAMPLE[..100]), "comments stay");
    assert_eq!(redact(&redacted), redacted);

    let back = carry_secrets(&redacted, Some(&text)).unwrap();
    for serial in [None, Some("X")] {
        assert_eq!(check(&back, serial).unwrap(), check(&text, serial).unwrap());
    }
    let missing = carry_secrets(&redacted, None).unwrap_err();
    assert_eq!(missing.len(), 4);
    assert!(missing[0].what.contains("wifi.password"), "{missing:?}");
    assert_eq!(redact("[wifi]\npassword = \"oops\n"), "# not shown: its syntax is wrong\n");
}

#[test]
fn changes_are_shown_without_secrets() {
    let old = check(EXAMPLE, None).unwrap();
    let text = EXAMPLE
        .replace("correct horse battery", "a new password")
        .replace("rotation = 90", "rotation = 0")
        .replace("vlan = 40\n", "")
        .replace("Sa 10:00-16:00", "Sa 10:00-14:00")
        .replace("192.0.2.10/24", "192.0.2.11/24")
        .replace("name = \"anna\"", "name = \"berta\"");
    let said: Vec<String> = diff(&old, &check(&text, None).unwrap()).iter().map(ToString::to_string).collect();
    let said = said.join("\n");
    assert!(said.contains("display.rotation: 90 -> 0"), "{said}");
    assert!(said.contains("network.vlan: 40 (removed)"), "{said}");
    assert!(said.contains("network.address: \"192.0.2.10/24\" -> \"192.0.2.11/24\""), "{said}");
    assert!(said.contains("\"Fr 08:00-20:00\", \"Sa 10:00-16:00\" -> \"Mo 08:00-20:00\""), "{said}");
    assert!(said.contains("staff.berta.full_name: \"Anna Virtanen\" (new)"), "{said}");
    assert!(said.contains("wifi.password: (a secret) -> (another secret)"), "{said}");
    assert!(!said.contains("horse") && !said.contains("a new password"), "{said}");
    assert_eq!(diff(&old, &old), []);
}

#[test]
fn settings_never_print_a_secret() {
    let settings = check(EXAMPLE, None).unwrap();
    assert_eq!(settings.secrets().len(), 3);
    let said = format!("{settings:?} {}", toml::to_string(&settings).unwrap());
    assert!(!said.contains("horse") && !said.contains("another secret") && !said.contains("471108"), "{said}");
}

#[test]
fn a_pin_that_everybody_tries_first_is_none() {
    let pin = |pin: &str| check(&format!("{HEAD}[kiosk]\nstaff_pin = \"{pin}\"\n"), None);
    for good in ["471108", "204816", "992210", "123465", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA"] {
        assert!(pin(good).is_ok(), "{good}");
    }
    for bad in [
        "47110",
        "4711080471108",
        "4711O8",
        "",
        "111111",
        "123456",
        "654321",
        "890123",
        "098765",
        "121212",
        "123123",
        "12341234",
        "455455",
    ] {
        let problems = pin(bad).expect_err(bad);
        assert!(problems[0].what.contains("6 to 12 digits"), "{problems:?}");
        assert!(bad.is_empty() || !problems[0].what.contains(bad), "it says which: {problems:?}");
    }
}

#[test]
fn a_pin_is_kept_as_a_hash() {
    let text = format!("{HEAD}[kiosk]\nstaff_pin = \"471108\" # ours\n[device.X.kiosk]\nstaff_pin = '204816'\n");
    let hash = |pin: &str, old: Option<&str>| Ok::<_, ()>(old.map_or(format!("$argon2id${}", pin.len()), str::to_owned));
    let sealed = seal_pins(&text, None, hash).unwrap();
    assert!(!sealed.contains("471108") && !sealed.contains("204816") && sealed.contains("# ours"), "{sealed}");
    assert_eq!(seal_pins(&sealed, None, |_, _| Err(())), Ok(sealed.clone()), "once");
    let again = seal_pins(&text, Some(&sealed), |_, old| Ok::<_, ()>(old.unwrap_or_default().to_owned()));
    assert_eq!(again.unwrap(), sealed, "whoever hashes it is told of the hash before");
    let redacted = redact(&sealed);
    assert!(!redacted.contains("argon2id"), "{redacted}");
    assert_eq!(carry_secrets(&redacted, Some(&sealed)).unwrap(), carry_secrets(&sealed, None).unwrap());
    assert_eq!(seal_pins(&redacted, None, |_, _| Err(())), Ok(redacted.clone()));
}

#[test]
fn opening_hours_are_read() {
    let settings = read("[kiosk]\nopening_hours = \"Fr-Mo 08:00-12:00,13:00-17:30\"\n");
    let hours = settings.kiosk.opening_hours;
    assert_eq!(hours.iter().map(|opening| opening.day).collect::<Vec<_>>(), [0, 0, 4, 4, 5, 5, 6, 6]);
    assert!(hours[0].hours.contains(8 * 60) && !hours[0].hours.contains(12 * 60));
    assert!(read("[kiosk]\nopening_hours = \"24/7\"\n").kiosk.opening_hours.is_empty());
    let night = Hours { from_min: 22 * 60, to_min: 6 * 60 };
    assert!(night.contains(0) && night.contains(23 * 60) && !night.contains(12 * 60));
}

#[test]
fn a_printer_has_paper_that_there_is() {
    assert_eq!(read("[printer]\nkind = \"escpos\"\n").printer.paper, None);
    for (text, says) in [
        ("paper = 72", "80 or 58"),
        ("paper = 8", "80 or 58"),
        ("device = \"/etc/passwd\"", "/dev/usb/lp0"),
        ("kind = \"laser\"", "escpos"),
    ] {
        let kind = if text.starts_with("kind") { "" } else { "kind = \"escpos\"\n" };
        let problems = check(&format!("{HEAD}[printer]\n{kind}{text}\n"), None).unwrap_err();
        assert!(problems.len() == 1 && problems[0].to_string().contains(says), "{text}: {problems:?}");
    }
    let problems = check(&format!("{HEAD}[printer]\npaper = 58\n"), None).unwrap_err();
    assert!(problems[0].to_string().contains("kind = \"escpos\""), "{problems:?}");
}

#[test]
fn an_almost_empty_file_is_a_file() {
    assert_eq!(read(""), Settings { generation: 1, ..Settings::default() });
}
