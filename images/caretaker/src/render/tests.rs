use proptest::prelude::*;
use provision::check;

use super::*;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f anna@desk";

fn tables() -> Tables {
    Tables::parse("root:x:0:0::/root:/bin/sh\n", "root:x:0:\nwegovnow-staff:x:995:old\n", "root:*:1::::::\n").unwrap()
}

fn rendered(text: &str) -> BTreeMap<String, Content> {
    rendered_as(text, false)
}

fn rendered_as(text: &str, is_pairing: bool) -> BTreeMap<String, Content> {
    let settings = check(&format!("schema = 1\ngeneration = 1\n{text}"), None).unwrap();
    let mut numbers = Numbers::default();
    numbers.extend(settings.staff.iter().map(|account| &account.name)).unwrap();
    let ground = Ground {
        serial: "WGN-0042-7K",
        tables: &tables(),
        numbers: &numbers,
        epoch_s: 86_400 * 20_000,
        town_file: None,
        border_file: None,
        is_pairing,
    };
    render(&settings, &ground).files
}

#[track_caller]
fn text_of(files: &BTreeMap<String, Content>, path: &str) -> String {
    match files.get(path) {
        Some(Content::File { text, .. }) => text.clone(),
        other => panic!("{path} is {other:?}: {:?}", files.keys()),
    }
}

#[test]
fn everything_of_the_example_is_rendered() {
    let example = include_str!("../../../provision/appliance.example.toml");
    let files = rendered(&example[example.find("[site]").unwrap()..]);
    let link = text_of(&files, "/run/systemd/network/06-wegovnow-town.network");
    for line in ["Address=192.0.2.10/24", "Gateway=192.0.2.1", "DNS=192.0.2.53", "DNS=2001:db8::53"] {
        assert!(link.contains(line), "{link}");
    }
    assert!(text_of(&files, "/run/systemd/network/05-wegovnow-town.netdev").contains("Id=40\n"));
    assert!(text_of(&files, "/run/systemd/network/05-wegovnow.network").contains("VLAN=town\n"));
    assert_eq!(text_of(&files, "/run/wegovnow-box/hostname"), "kiosk-library\n");
    assert_eq!(text_of(&files, "/run/chrony-sources/wegovnow.sources"), "server time.example.org iburst\n");
    let supplicant = text_of(&files, "/run/wegovnow-box/wpa_supplicant.conf");
    assert!(supplicant.contains("ssid=746f776e2d7374616666\n") && supplicant.contains("country=FI\n"), "{supplicant}");
    let proxy = text_of(&files, "/run/wegovnow-box/proxy.env");
    assert!(proxy.contains("https_proxy=\"http://kiosk:another%20secret@proxy.example.org:3128\"\n"), "{proxy}");
    let kiosk = text_of(&files, "/run/wegovnow-box/kiosk.env");
    for line in [
        "SLINT_KMS_ROTATION=\"90\"",
        "SLINT_BACKEND=\"linuxkms-software\"",
        "WEGOVNOW_SCREEN_MM=\"531x299\"",
        "WEGOVNOW_SCALE=\"1.25\"",
        "SLINT_DRM_OUTPUT=\"HDMI-A-1\"",
        "KIOSK_ARGUMENTS=\"--language fi\"",
        "TZ=\"Europe/Helsinki\"",
        "WEGOVNOW_PRINTER=\"/dev/usb/lp0\"",
        "WEGOVNOW_PAPER=\"58\"",
        "WEGOVNOW_IDLE=\"180\"",
        "WEGOVNOW_WARNING=\"45\"",
        "WEGOVNOW_KEYPAD=\"arrows\"",
        "WEGOVNOW_SOUND=\"headphones\"",
        "WEGOVNOW_SOUND_DEVICE=\"plughw:CARD=Device\"",
    ] {
        assert!(kiosk.contains(line), "{kiosk}");
    }
    assert!(kiosk.contains("Mo 08:00-20:00; Tu 08:00-20:00"), "{kiosk}");
    assert_eq!(
        text_of(&files, "/run/wegovnow-box/panel.env"),
        concat!(
            "PANEL=\"--tft /dev/spidev0.0 --tft-model st7789 --tft-dc /dev/gpiochip0:25 --tft-reset /dev/gpiochip0:24 ",
            "--tft-backlight /dev/gpiochip0:18 --button /dev/gpiochip0:17 --upside-down\"\n"
        )
    );
    let touch = text_of(&files, "/run/udev/rules.d/71-wegovnow-touch.rules");
    assert!(touch.contains("LIBINPUT_CALIBRATION_MATRIX}=\"0 1 0 -1 0 1\""), "{touch}");
    let daemon: toml::Table = text_of(&files, "/run/wegovnow-box/wegovnowd.toml").parse().unwrap();
    assert_eq!(daemon["center"].as_array().unwrap().len(), 2);
    assert_eq!(daemon["staff"].as_array().unwrap()[0].as_str(), Some("anna"));
    assert_eq!(files["/run/wegovnow-box/localtime"], Content::Link("/usr/share/zoneinfo/Europe/Helsinki".to_owned()));
    // Secrets are for root alone.
    for (path, content) in &files {
        if let Content::File { text, mode } = content {
            let is_secret = text.contains("correct horse")
                || text.contains("another%20secret")
                || path.ends_with("shadow")
                || path.ends_with("staff.pin");
            assert_eq!(*mode, if is_secret { 0o600 } else { 0o644 }, "{path}");
        }
    }
}

#[test]
fn of_a_pin_the_hash_alone_is_handed_on() {
    for (pin, handed_on) in [("471108", ""), ("(kept)", ""), ("$argon2id$v=19$x", "$argon2id$v=19$x\n")] {
        let files = rendered(&format!("[kiosk]\nstaff_pin = \"{pin}\"\n"));
        assert_eq!(text_of(&files, "/run/wegovnow-box/staff.pin"), handed_on);
        assert!(!text_of(&files, "/run/wegovnow-box/kiosk.env").contains(pin), "everybody may read that one");
    }
    assert_eq!(text_of(&rendered(""), "/run/wegovnow-box/staff.pin"), "", "systemd finds a file in any case");
}

#[test]
fn accounts_stand_in_all_three_tables() {
    let files = rendered(&format!(
        "[[staff.accounts]]\nname = \"anna\"\nfull_name = \"Anna Virtanen\"\nkeys = [\"{KEY}\"]\n\
         [[staff.accounts]]\nname = \"berta\"\nkeys = []\n"
    ));
    let passwd = text_of(&files, "/run/wegovnow-box/passwd");
    assert_eq!(
        passwd,
        "root:x:0:0::/root:/bin/sh\nanna:x:2000:995:Anna Virtanen:/:/usr/bin/wegovnow-console\n\
         berta:x:2001:995::/:/usr/bin/wegovnow-console\n"
    );
    let (group, shadow) = (text_of(&files, "/run/wegovnow-box/group"), text_of(&files, "/run/wegovnow-box/shadow"));
    assert_eq!(group, "root:x:0:\nwegovnow-staff:x:995:anna,berta\n");
    assert_eq!(shadow, "root:*:1::::::\nanna:*:20000::::::\nberta:*:20000::::::\n");
    assert!(!files.contains_key("/run/wegovnow-box/ssh/berta"), "who has no key cannot log in");
    // What we wrote, read again, has only what the image has.
    let again = Tables::parse(&passwd, &group, &shadow).unwrap();
    assert!(again.has("root") && !again.has("anna"));
    assert_eq!(format!("{:?}", again).matches("anna").count(), 1, "as a member, which is written over: {again:?}");
}

#[test]
fn a_box_that_waits_to_be_paired_has_one_account_more_and_one_open_port() {
    let (open, closed) = (rendered_as("", true), rendered(""));
    let more: Vec<&String> = open.keys().filter(|path| !closed.contains_key(*path)).collect();
    assert_eq!(more, ["/run/wegovnow-box/nftables/ssh.nft", "/run/wegovnow-box/sshd/pair.conf"]);
    let (passwd, shadow) = (text_of(&open, "/run/wegovnow-box/passwd"), text_of(&open, "/run/wegovnow-box/shadow"));
    assert!(passwd.ends_with("\npair:x:2999:65534:takes settings:/:/bin/sh\n"), "{passwd}");
    assert!(shadow.ends_with("\npair::20000::::::\n"), "{shadow}");
    assert_eq!(shadow.matches("::2").count(), 1, "nobody else's password is empty: {shadow}");
    assert!(text_of(&open, "/run/wegovnow-box/sshd/pair.conf").contains("ForceCommand /usr/bin/wegovnow-box pair\n"));
    for (path, content) in &closed {
        assert!(!format!("{content:?}").contains("pair"), "{path}");
    }
    let again = Tables::parse(&passwd, "wegovnow-staff:x:995:\n", &shadow).unwrap();
    assert!(!again.has("pair"), "what we wrote is not of the image");
}

#[test]
fn an_image_without_the_group_of_staff_is_an_error() {
    let error = Tables::parse("", "root:x:0:\n", "").unwrap_err().to_string();
    assert_eq!(error, "there is no group wegovnow-staff");
}

#[test]
fn numbers_run_out_with_a_word() {
    let mut numbers = Numbers::default();
    numbers.extend((0..999).map(|number| format!("n{number}"))).unwrap();
    assert!(numbers.extend(["one-more"]).unwrap_err().to_string().contains("999 accounts"));
    assert_eq!(Numbers::parse(&numbers.render()).unwrap(), numbers);
}

#[test]
fn a_box_has_a_name_of_its_own() {
    let files = rendered("");
    assert_eq!(text_of(&files, "/run/wegovnow-box/hostname"), "wegovnow-gn00427k\n");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Names that people give reach the programs as they are, and never become a line, a variable or a command of their own.
    #[test]
    fn environment_values_come_back(name in "[^\\p{C}]{1,40}") {
        prop_assume!(!name.trim().is_empty());
        let quoted = toml::Value::String(name.clone()).to_string();
        let files = rendered(&format!("[site]\nname = {quoted}\nplace_name = {quoted}\n"));
        let environment = parse_environment(&text_of(&files, "/run/wegovnow-box/set-up.env"));
        prop_assert_eq!(environment.len(), 1);
        prop_assert_eq!(environment.get("TOWN_NAME").map(String::as_str), Some(name.trim()));
        let daemon: toml::Table = text_of(&files, "/run/wegovnow-box/wegovnowd.toml").parse().unwrap();
        prop_assert_eq!(daemon["place_name"].as_str(), Some(name.trim()));
    }
}

#[test]
fn a_printer_is_whichever_is_plugged_in_unless_it_is_named() {
    let kiosk = |text: &str| text_of(&rendered(text), "/run/wegovnow-box/kiosk.env");
    let usual = kiosk("[printer]\nkind = \"escpos\"\n");
    assert!(usual.contains("WEGOVNOW_PRINTER=\"/dev/wegovnow-printer\"\nWEGOVNOW_PAPER=\"80\"\n"), "{usual}");
    for none in ["", "[printer]\nkind = \"none\"\n"] {
        assert!(!kiosk(none).contains("PRINTER"), "{none}");
    }
}

#[test]
fn a_break_at_noon_does_not_close_the_morning() {
    let files = rendered("[kiosk]\nopening_hours = \"Mo-Tu 08:00-12:00,13:00-17:00; Sa 09:00-13:00\"\n");
    let kiosk = text_of(&files, "/run/wegovnow-box/kiosk.env");
    let hours = "WEGOVNOW_OPEN=\"Mo 08:00-12:00,13:00-17:00; Tu 08:00-12:00,13:00-17:00; Sa 09:00-13:00\"";
    assert!(kiosk.contains(hours), "{kiosk}");
}
