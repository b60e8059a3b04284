//! What a technician reads when something is wrong, word for word.

use crate::check;

#[track_caller]
fn says(text: &str, expect: &[&str]) {
    let problems = check(text, None).expect_err("something is wrong");
    let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(said, expect);
}

/// Below the two lines that every file has.
#[track_caller]
fn says_of(text: &str, expect: &[&str]) {
    says(&format!("schema = 1\ngeneration = 1\n{text}"), expect);
}

#[test]
fn an_unknown_key_names_the_nearest() {
    says_of(
        "[site]\nplacename = \"Library\"\nlangauges = [\"fi\"]\nshoe_size = 44\n\n[netwrk]\ndhcp = true\n",
        &[
            "line 4, column 1: unknown key \"placename\" in [site]; did you mean \"place_name\"?",
            "line 5, column 1: unknown key \"langauges\" in [site]; did you mean \"languages\"?",
            "line 6, column 1: unknown key \"shoe_size\" in [site]",
            "line 8, column 2: unknown key \"netwrk\" in the file; did you mean \"network\"?",
        ],
    );
}

#[test]
fn a_wrong_type_says_what_is_there_and_what_should_be() {
    says_of(
        concat!(
            "site = 5\n[network]\ndhcp = \"yes\"\nvlan = \"40\"\ndns = \"192.0.2.1\"\n",
            "[display]\nrotation = 45\nscale = true\nsize_mm = \"24 inches\"\n",
        ),
        &[
            "line 3, column 1: site is a whole number, expected a section [site]",
            "line 5, column 8: dhcp is a text: expected true or false, without quotes",
            "line 6, column 8: vlan is a text: expected a number from 1 to 4094",
            "line 7, column 7: dns is a text: expected a list of texts, such as [\"…\", \"…\"]",
            "line 9, column 12: rotation: expected 0, 90, 180 or 270",
            "line 10, column 9: scale: expected a number from 0.5 to 4",
            "line 11, column 11: size_mm: expected width and height in millimetres, such as \"531x299\"",
        ],
    );
}

#[test]
fn values_out_of_form_say_the_form() {
    says_of(
        concat!(
            "[site]\nname = \"\"\nlanguages = [\"Finnish\", 7]\ncenter = [60.1]\ntown = \"../maps/utopia.osm.pbf\"\n",
            "time_zone = \"Helsinki time\"\n[network]\naddress = \"192.0.2.10\"\nhostname = \"kiosk_1\"\n",
            "[update]\nurl = \"ftp://example.org\"\nwindow = \"2-5\"\n[kiosk]\nopening_hours = \"always\"\n",
            "[panel]\nkind = \"lcd\"\ndevice = \"/etc/passwd\"\n",
        ),
        &[
            "line 4, column 8: name: expected one line of 1 to 120 characters",
            "line 5, column 14: languages: expected the code of a language in lower case, such as \"fi\" or \"en-gb\"",
            "line 5, column 25: languages is a whole number: expected the code of a language in lower case, such as \"fi\" or \"en-gb\"",
            "line 6, column 10: center: expected latitude and longitude in degrees, such as [60.17, 24.94]",
            "line 7, column 8: town: expected the name of a file beside this one that ends with .osm.pbf or .map",
            "line 8, column 13: time_zone: expected a time zone, such as \"Europe/Helsinki\"",
            "line 10, column 11: address: expected an address with the length of its network, such as \"192.0.2.10/24\"",
            "line 11, column 12: hostname: expected letters, digits and hyphens, such as \"kiosk-library\"",
            "line 13, column 7: url: expected an address, such as \"https://updates.example.org/wegovnow\"",
            "line 14, column 10: window: expected a span of the day, such as \"22:00-06:00\"",
            "line 16, column 17: opening_hours: expected days and hours, such as \"Mo-Fr 08:00-20:00; Sa 10:00-16:00\", or \"24/7\"",
            "line 18, column 8: kind: expected one of \"none\", \"oled\", \"tft\", \"framebuffer\"",
            "line 19, column 10: device: expected a device, such as \"/dev/i2c-1\"",
        ],
    );
}

#[test]
fn what_does_not_go_together_is_said() {
    says_of(
        concat!(
            "[network]\ndhcp = true\naddress = \"192.0.2.10/24\"\ngateway = \"198.51.100.1\"\n",
            "[wifi]\npassword = \"secret words\"\npsk = \"0000000000000000000000000000000000000000000000000000000000000000\"\n",
            "[proxy]\nuser = \"kiosk\"\n[site]\nlanguages = [\"fi\"]\n[kiosk]\nlanguage = \"sv\"\n[update]\nautomatic = true\n",
        ),
        &[
            "line 5, column 1: address: the network gives one already by dhcp = true; say dhcp = false, or leave this out",
            "line 6, column 1: gateway: it lies outside of the network 192.0.2.10/24",
            "line 7, column 2: [wifi] needs the network's name, `ssid`",
            "line 9, column 1: psk: it is made of the password: give one of the two",
            "line 11, column 1: a login of the proxy has both `user` and `password`",
            "line 15, column 1: language: \"sv\" is none of the languages in [site]: fi",
            "line 17, column 1: automatic: it needs a `url` to look for updates",
        ],
    );
    says_of("[network]\ndhcp = false\n", &["line 4, column 1: dhcp: without it the box needs an `address`"]);
    says_of(
        "[network]\ngateway = \"192.0.2.1\"\n",
        &["line 4, column 1: gateway: it belongs to an `address`; dhcp brings its own"],
    );
}

#[test]
fn a_tft_has_its_lines_and_no_other_display_has() {
    says_of(
        "[panel]\nkind = \"tft\"\ndc = \"gpiochip0:25\"\ncontroller = \"st7735\"\n",
        &[
            "line 4, column 1: kind: a TFT needs the line of its reset pin, `reset`",
            "line 5, column 6: dc: expected a chip and the number of its line, such as \"/dev/gpiochip0:25\"",
            "line 6, column 14: controller: expected one of \"ili9341\", \"st7789\"",
        ],
    );
    says_of(
        "[panel]\nkind = \"oled\"\nreset = \"/dev/gpiochip0:24\"\nbutton = \"/dev/gpiochip0:99999\"\n",
        &[
            "line 5, column 1: reset: it belongs to a display of kind = \"tft\"",
            "line 6, column 10: button: expected a chip and the number of its line, such as \"/dev/gpiochip0:25\"",
        ],
    );
}

#[test]
fn accounts_and_keys_are_checked() {
    says_of(
        concat!(
            "[[staff.accounts]]\nname = \"root\"\nkeys = [\"ssh-ed25519 AAAAC3Nz anna@desk\"]\n",
            "[[staff.accounts]]\nname = \"Anna\"\n[[staff.accounts]]\nkeys = [\"command=\\\"sh\\\" ssh-ed25519 AAAA\"]\n",
            "[technician]\nkeys = [\"-----BEGIN OPENSSH PRIVATE KEY-----\"]\n",
        ),
        &[
            "line 4, column 8: name: \"root\" is an account of the system: take another name",
            "line 5, column 9: keys: this key is not whole: copy the line of the .pub file once more",
            "line 6, column 1: an account of staff needs `keys`: nobody logs in with a password",
            "line 7, column 8: name: expected a name of lower-case letters, digits and hyphens, such as \"anna\"",
            "line 8, column 1: an account of staff needs a `name`",
            "line 9, column 9: keys: expected a public key in one line, such as \"ssh-ed25519 AAAA… anna@desk\"",
            "line 11, column 9: keys: this is a private key: it must not leave its owner; give the line of the .pub file",
        ],
    );
}

#[test]
fn a_secret_is_never_in_a_message() {
    says_of(
        "[wifi]\nssid = \"x\"\npassword = \"geheim\"\n[proxy]\nhttp = \"http://me:geheim@proxy:3128\"\n",
        &[
            "line 5, column 12: password: expected 8 to 63 characters of ASCII",
            "line 7, column 8: http: the login belongs into `user` and `password`",
        ],
    );
    for text in ["[wifi]\npassword = geheim\n", "[wifi]\npassword = \"geheim\n", "[wifi]\npassword = 'geheim\"\n"] {
        let problems = check(text, None).unwrap_err();
        assert!(problems.iter().all(|problem| !problem.what.contains("geheim")), "{problems:?}");
    }
}

#[test]
fn every_box_is_checked_and_a_mistake_for_all_is_said_once() {
    says_of(
        concat!(
            "[site]\nnmae = \"Utopia\"\n[device.A1.network]\naddress = \"10.0.0.1/99\"\n",
            "[device.B2.netwrk]\ndhcp = true\n[device.a1]\n[device]\nC3 = 1\n",
        ),
        &[
            "line 4, column 1: unknown key \"nmae\" in [site]; did you mean \"name\"?",
            "line 6, column 11: address: expected an address with the length of its network, such as \"192.0.2.10/24\"",
            "line 7, column 12: unknown key \"netwrk\" in [device]; did you mean \"network\"?",
            "line 9, column 9: device \"a1\" is here twice",
            "line 11, column 1: device.C3 is a whole number, expected sections such as [device.\"SERIAL\".network]",
        ],
    );
}

#[test]
fn the_head_is_asked_for() {
    says(
        "",
        &[
            "line 1, column 1: the file must say `generation = 1`, and a higher number with every change",
            "line 1, column 1: the file must say `schema = 1`",
        ],
    );
    says(
        "schema = 2\ngeneration = 0\n",
        &[
            "line 1, column 1: schema 2 is of a newer system; this one knows 1: update the box first",
            "line 2, column 14: generation: expected a number from 1 that grows with every change",
        ],
    );
}

#[test]
fn mistakes_of_syntax_are_said_with_the_others() {
    says_of(
        "[site]\nname = \"Utopia\nplace = 1\n[network]\ndhcp = ja\n",
        &[
            "line 4, column 15: invalid basic string, expected `\"`",
            "line 5, column 1: unknown key \"place\" in [site]; did you mean \"place_name\"?",
            "line 7, column 8: string values must be quoted, expected literal string",
        ],
    );
}

#[test]
fn columns_are_counted_in_characters() {
    says_of(
        "site = { name = \"Jyväskylä\", nam = 1 }\n",
        &["line 3, column 30: unknown key \"nam\" in [site]; did you mean \"name\"?"],
    );
}
