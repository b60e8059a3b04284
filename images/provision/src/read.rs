//! From a file to settings, with everything that is wrong on the way.

use std::ops::{Range, RangeInclusive};

use crate::form;
use crate::secret::{HASHED, KEPT, Secret};
use crate::settings::{
    Account, Controller, Display, Keypad, Kiosk, Network, Panel, PanelKind, Printer, PrinterKind, Proxy, Settings, Site, Sound,
    Time, Update, Wifi, WifiKey,
};
use crate::tree::{Node, Table, Value, merge, parse, place};
use crate::{Problem, SCHEMA};

const SECTIONS: [&str; 12] =
    ["site", "network", "wifi", "proxy", "time", "display", "kiosk", "staff", "technician", "update", "panel", "printer"];

/// Settings of the box with this serial number; of one that no `[device]` names without it. Else everything that is wrong in
/// the file, for whichever box, in the order of the file.
pub fn check(text: &str, serial: Option<&str>) -> Result<Settings, Vec<Problem>> {
    let (table, mut problems) = parse(text);
    let syntax: Vec<(usize, usize)> = problems.iter().map(|problem| (problem.line, problem.column)).collect();
    let syntax_count = problems.len();
    let mut top = Section { text, problems: &mut problems, name: "the file", at: 0..0, table: &table, known: Vec::new() };
    let schema = top.number("schema", 1..=u32::MAX, "expected the number of the schema, `schema = 1`");
    match schema {
        Some(schema) if schema > SCHEMA => {
            let at = top.at("schema");
            top.problem(at, format!("schema {schema} is of a newer system; this one knows {SCHEMA}: update the box first"));
        }
        None if !table.contains_key("schema") => top.problem(0, format!("the file must say `schema = {SCHEMA}`")),
        _ => {}
    }
    let generation = top.number("generation", 1..=u32::MAX, "expected a number from 1 that grows with every change");
    if !table.contains_key("generation") {
        top.problem(0, "the file must say `generation = 1`, and a higher number with every change".to_owned());
    }
    top.known.extend(SECTIONS);
    top.known.push("device");
    top.finish();

    let devices = read_devices(text, &table, &mut problems);
    let own = |serial: &str| devices.iter().find(|(name, _)| name.eq_ignore_ascii_case(serial.trim())).map(|(_, own)| *own);
    let device = serial.and_then(own);
    let generation = generation.unwrap_or_default();
    // What no device says may be missing here only where every device says it.
    let base = read(text, &table, devices.is_empty() || serial.is_some() && device.is_none(), &mut problems);
    let mut settings = Settings { generation, ..base };
    for (_, own) in &devices {
        let merged = read(text, &merge(&table, own), true, &mut problems);
        if device.is_some_and(|device| std::ptr::eq(device, *own)) {
            settings = Settings { generation, ..merged };
        }
    }
    // Where the syntax is wrong, what was made of it is wrong too, and says nothing more.
    let mut later = problems.split_off(syntax_count);
    later.retain(|problem| !syntax.contains(&(problem.line, problem.column)));
    problems.append(&mut later);
    problems.sort();
    problems.dedup();
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

/// Serial numbers that the file has a part for.
pub fn devices(text: &str) -> Vec<String> {
    let (table, _) = parse(text);
    read_devices(text, &table, &mut Vec::new()).into_iter().map(|(serial, _)| serial).collect()
}

fn read_devices<'a>(text: &str, table: &'a Table, problems: &mut Vec<Problem>) -> Vec<(String, &'a Table)> {
    let Some((span, node)) = table.get("device") else { return Vec::new() };
    let Value::Table(devices) = &node.value else {
        let what = format!("device is {}, expected sections such as [device.\"SERIAL\".network]", node.value.kind());
        problems.push(place(text, span.start, what));
        return Vec::new();
    };
    let mut read: Vec<(String, &Table)> = Vec::new();
    for (serial, (span, node)) in devices {
        let Value::Table(own) = &node.value else {
            let what = format!("device.{serial} is {}, expected sections such as [device.\"SERIAL\".network]", node.value.kind());
            problems.push(place(text, span.start, what));
            continue;
        };
        if read.iter().any(|(other, _)| other.eq_ignore_ascii_case(serial)) {
            problems.push(place(text, span.start, format!("device {serial:?} is here twice")));
        }
        let known = SECTIONS.to_vec();
        Section { text, problems, name: "[device]", at: span.clone(), table: own, known }.finish();
        read.push((serial.clone(), own));
    }
    read
}

/// `is_whole` asks for what belongs together as well.
fn read(text: &str, table: &Table, is_whole: bool, problems: &mut Vec<Problem>) -> Settings {
    let mut reader = Reader { text, table, is_whole, problems };
    let site = reader.section("site", site);
    let languages = site.languages.clone();
    Settings {
        generation: 0,
        site,
        network: reader.section("network", network),
        wifi: if table.contains_key("wifi") { reader.section("wifi", wifi) } else { None },
        proxy: reader.section("proxy", proxy),
        time: reader.section("time", |section, _| Time { servers: section.texts("servers", form::host) }),
        display: reader.section("display", display),
        kiosk: reader.section("kiosk", |section, is_whole| kiosk(section, is_whole, &languages)),
        staff: reader.section("staff", staff),
        technician: reader.section("technician", |section, _| section.texts("keys", form::ssh_key)),
        update: reader.section("update", update),
        panel: reader.section("panel", panel),
        printer: reader.section("printer", printer),
    }
}

struct Reader<'a> {
    text: &'a str,
    table: &'a Table,
    is_whole: bool,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn section<T: Default>(&mut self, name: &'static str, read: impl FnOnce(&mut Section<'_>, bool) -> T) -> T {
        let empty = Table::new();
        let (at, table) = match self.table.get(name) {
            None => (0..0, &empty),
            Some((span, Node { value: Value::Table(table), .. })) => (span.clone(), table),
            Some((span, node)) => {
                let what = format!("{name} is {}, expected a section [{name}]", node.value.kind());
                self.problems.push(place(self.text, span.start, what));
                return T::default();
            }
        };
        let shown = format!("[{name}]");
        let mut section = Section { text: self.text, problems: &mut *self.problems, name: &shown, at, table, known: Vec::new() };
        let read = read(&mut section, self.is_whole);
        section.finish();
        read
    }
}

/// A table whose keys are asked for one by one; what nobody asked for is unknown.
struct Section<'a> {
    text: &'a str,
    problems: &'a mut Vec<Problem>,
    name: &'a str,
    /// Where it begins.
    at: Range<usize>,
    table: &'a Table,
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    fn problem(&mut self, at: usize, what: String) {
        self.problems.push(place(self.text, at, what));
    }

    /// Where a key stands, or the section without it.
    fn at(&self, key: &str) -> usize {
        self.table.get(key).map_or(self.at.start, |(span, _)| span.start)
    }

    fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        self.known.push(key);
        self.table.get(key).map(|(_, node)| node)
    }

    fn wrong_kind(&mut self, key: &str, node: &Node, expected: &str) {
        self.problem(node.span.start, format!("{key} is {}: {expected}", node.value.kind()));
    }

    fn text<T>(&mut self, key: &'static str, form: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let node = self.node(key)?;
        self.one_text(key, node, &form)
    }

    fn one_text<T>(&mut self, key: &str, node: &Node, form: &impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let read = match &node.value {
            Value::Text(text) => form(text).map_err(|what| format!("{key}: {what}")),
            other => {
                let expected = form("").err().unwrap_or_else(|| "expected a text in quotes".to_owned());
                Err(format!("{key} is {}: {expected}", other.kind()))
            }
        };
        read.map_err(|what| self.problem(node.span.start, what)).ok()
    }

    fn texts<T>(&mut self, key: &'static str, form: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let Some(node) = self.node(key) else { return Vec::new() };
        match &node.value {
            Value::List(values) => values.iter().filter_map(|value| self.one_text(key, value, &form)).collect(),
            _ => {
                self.wrong_kind(key, node, "expected a list of texts, such as [\"…\", \"…\"]");
                Vec::new()
            }
        }
    }

    fn number(&mut self, key: &'static str, range: RangeInclusive<u32>, expected: &str) -> Option<u32> {
        let node = self.node(key)?;
        match node.value {
            Value::Integer(value) if u32::try_from(value).is_ok_and(|value| range.contains(&value)) => u32::try_from(value).ok(),
            Value::Integer(_) => {
                self.problem(node.span.start, format!("{key}: {expected}"));
                None
            }
            _ => {
                self.wrong_kind(key, node, expected);
                None
            }
        }
    }

    fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let node = self.node(key)?;
        match node.value {
            Value::Boolean(value) => Some(value),
            _ => {
                self.wrong_kind(key, node, "expected true or false, without quotes");
                None
            }
        }
    }

    fn finish(mut self) {
        let unknown: Vec<(usize, String)> = self
            .table
            .iter()
            .filter(|(key, _)| !self.known.contains(&key.as_str()))
            .map(|(key, (span, _))| {
                let hint = nearest(key, &self.known).map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
                (span.start, format!("unknown key {:?} in {}{hint}", shortened(key), self.name))
            })
            .collect();
        for (at, what) in unknown {
            self.problem(at, what);
        }
    }
}

fn shortened(key: &str) -> String {
    if key.chars().count() <= 40 { key.to_owned() } else { format!("{}…", key.chars().take(40).collect::<String>()) }
}

/// The known word that is most like this one, if any is.
fn nearest(word: &str, known: &[&'static str]) -> Option<&'static str> {
    const LIKE: f64 = 0.7;
    let word = shortened(word).to_lowercase();
    let likeness =
        |known: &str| strsim::normalized_damerau_levenshtein(&word, known).max(strsim::jaro_winkler(&word, known) - 0.15);
    let best = known.iter().map(|known| (likeness(known), *known)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= LIKE).then_some(best.1)
}

fn site(section: &mut Section<'_>, _: bool) -> Site {
    Site {
        name: section.text("name", form::line),
        place_name: section.text("place_name", form::line),
        languages: section.texts("languages", form::language),
        center: center(section),
        town: section.text("town", |text| form::file(text, &[".osm.pbf", ".map"])),
        border: section.text("border", |text| form::file(text, &[".geojson", ".json"])),
        time_zone: section.text("time_zone", form::time_zone),
    }
}

fn center(section: &mut Section<'_>) -> Option<[f64; 2]> {
    let node = section.node("center")?;
    let degrees = |node: &Node| match node.value {
        Value::Float(value) => Some(value),
        Value::Integer(value) => Some(value as f64),
        _ => None,
    };
    if let Value::List(values) = &node.value
        && let [Some(lat), Some(lon)] = values.iter().map(degrees).collect::<Vec<_>>()[..]
        && lat.abs() <= 90.0
        && lon.abs() <= 180.0
    {
        return Some([lat, lon]);
    }
    section.problem(node.span.start, "center: expected latitude and longitude in degrees, such as [60.17, 24.94]".to_owned());
    None
}

fn network(section: &mut Section<'_>, is_whole: bool) -> Network {
    let dhcp = section.boolean("dhcp");
    let network = Network {
        address: section.text("address", form::network_address),
        gateway: section.text("gateway", form::ip),
        dns: section.texts("dns", form::ip),
        hostname: section.text("hostname", form::host_name),
        vlan: section.number("vlan", 1..=4094, "expected a number from 1 to 4094").map(|vlan| vlan as u16),
    };
    if !is_whole {
        return network;
    }
    match (dhcp, section.has("address")) {
        (Some(true), true) => {
            let what = "address: the network gives one already by dhcp = true; say dhcp = false, or leave this out";
            section.problem(section.at("address"), what.to_owned());
        }
        (Some(false), false) => {
            section.problem(section.at("dhcp"), "dhcp: without it the box needs an `address`".to_owned());
        }
        _ => {}
    }
    match (network.address, network.gateway) {
        (Some((address, prefix)), Some(gateway)) if !is_within(gateway, address, prefix) => {
            section.problem(section.at("gateway"), format!("gateway: it lies outside of the network {address}/{prefix}"));
        }
        (None, Some(_)) if !section.has("address") => {
            section.problem(section.at("gateway"), "gateway: it belongs to an `address`; dhcp brings its own".to_owned());
        }
        _ => {}
    }
    network
}

/// Whether an address lies in a network. Link-local gateways of IPv6 lie in every one.
fn is_within(one: std::net::IpAddr, network: std::net::IpAddr, prefix: u8) -> bool {
    use std::net::IpAddr::{V4, V6};
    match (one, network) {
        (V4(one), V4(network)) => (u32::from(one) ^ u32::from(network)).checked_shr(32 - u32::from(prefix)).unwrap_or(0) == 0,
        (V6(one), V6(network)) => {
            one.is_unicast_link_local()
                || (u128::from(one) ^ u128::from(network)).checked_shr(128 - u32::from(prefix)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

/// Which secret is no good is said, never what it is.
fn secret(text: &str, is_good: impl Fn(&str) -> bool, expected: &str) -> Result<Secret, String> {
    if text == KEPT || is_good(text) { Ok(Secret::new(text)) } else { Err(expected.to_owned()) }
}

fn wifi(section: &mut Section<'_>, is_whole: bool) -> Option<Wifi> {
    let name = |text: &str| match text.len() {
        1..=32 if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        _ => Err("expected the network's name, at most 32 bytes".to_owned()),
    };
    let ssid = section.text("ssid", name);
    let is_password = |text: &str| (8..=63).contains(&text.len()) && text.bytes().all(|c| (32..127).contains(&c));
    let password = section.text("password", |text| secret(text, is_password, "expected 8 to 63 characters of ASCII"));
    let is_psk = |text: &str| text.len() == 64 && text.bytes().all(|c| c.is_ascii_hexdigit());
    let psk = section.text("psk", |text| secret(text, is_psk, "expected 64 digits of base 16, as wpa_passphrase prints them"));
    let is_country = |text: &str| text.len() == 2 && text.bytes().all(|c| c.is_ascii_uppercase());
    let country =
        |text: &str| if is_country(text) { Ok(text.to_owned()) } else { Err("expected two letters, such as \"FI\"".to_owned()) };
    let country = section.text("country", country);
    let hidden = section.boolean("hidden").unwrap_or(false);
    if is_whole && !section.has("ssid") {
        section.problem(section.at.start, "[wifi] needs the network's name, `ssid`".to_owned());
    }
    if is_whole && section.has("password") && section.has("psk") {
        section.problem(section.at("psk"), "psk: it is made of the password: give one of the two".to_owned());
    }
    let key = psk.map(WifiKey::Psk).or(password.map(WifiKey::Password));
    Some(Wifi { ssid: ssid?, key, country, hidden })
}

fn proxy(section: &mut Section<'_>, is_whole: bool) -> Proxy {
    let is_line = |text: &str| (1..=200).contains(&text.len()) && !text.chars().any(char::is_control);
    let proxy = Proxy {
        http: section.text("http", form::proxy),
        https: section.text("https", form::proxy),
        none: section.texts("none", form::exception),
        ca: section.text("ca", |text| form::file(text, &[".pem", ".crt"])),
        user: section.text("user", form::line),
        password: section.text("password", |text| secret(text, is_line, "expected one line")),
    };
    if is_whole && section.has("user") != section.has("password") {
        let at = section.at(if section.has("user") { "user" } else { "password" });
        section.problem(at, "a login of the proxy has both `user` and `password`".to_owned());
    }
    proxy
}

fn display(section: &mut Section<'_>, _: bool) -> Display {
    const ROTATION: &str = "expected 0, 90, 180 or 270";
    let rotation = section.number("rotation", 0..=270, ROTATION).unwrap_or(0) as u16;
    if ![0, 90, 180, 270].contains(&rotation) {
        let at = section.table.get("rotation").map_or(0, |(_, node)| node.span.start);
        section.problem(at, format!("rotation: {ROTATION}"));
    }
    let connector = |text: &str| {
        let fits = (1..=32).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
        if fits { Ok(text.to_owned()) } else { Err("expected the name of a connector, such as \"HDMI-A-1\"".to_owned()) }
    };
    let output = section.text("output", connector);
    let size_mm = section.text("size_mm", |text| {
        let side = |side: &str| side.trim().parse::<u16>().ok().filter(|side| (60..=4000).contains(side));
        let sides = text.split_once('x').and_then(|(width, height)| side(width).zip(side(height)));
        let (width, height) = sides.ok_or_else(|| "expected width and height in millimetres, such as \"531x299\"".to_owned())?;
        Ok(format!("{width}x{height}"))
    });
    let scale = section.node("scale").and_then(|node| {
        let scale = match node.value {
            Value::Float(value) => value,
            Value::Integer(value) => value as f64,
            _ => 0.0,
        };
        if (0.5..=4.0).contains(&scale) {
            return Some(scale);
        }
        section.problem(node.span.start, "scale: expected a number from 0.5 to 4".to_owned());
        None
    });
    Display { rotation, output, size_mm, scale }
}

const PIN: &str = "expected 6 to 12 digits that nobody guesses: not all alike, not in a row, not the same few again and again";

/// A PIN that is not the first to be tried, or the hash of one.
fn is_pin(text: &str) -> bool {
    if text.starts_with(HASHED) {
        return true;
    }
    let digits = text.as_bytes();
    if !(6..=12).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let steps: Vec<u8> = digits.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]).wrapping_add(10) % 10).collect();
    // Upwards or downwards, past 9 or 0 as well, or the same digit.
    let is_row = steps.iter().all(|step| *step == steps[0]) && [0, 1, 9].contains(&steps[0]);
    let is_repeated =
        (1..=digits.len() / 2).any(|length| digits.iter().enumerate().all(|(at, digit)| *digit == digits[at % length]));
    !is_row && !is_repeated
}

fn kiosk(section: &mut Section<'_>, is_whole: bool, languages: &[String]) -> Kiosk {
    let kiosk = Kiosk {
        language: section.text("language", form::language),
        opening_hours: section.text("opening_hours", form::opening_hours).unwrap_or_default(),
        idle_s: section.number("idle_s", 120..=300, "expected seconds from 120 to 300"),
        warning_s: section.number("warning_s", 20..=45, "expected seconds from 20 to 45"),
        keypad: section.text("keypad", |text| one_of(text, &Keypad::ALL)),
        sound: section.text("sound", |text| one_of(text, &Sound::ALL)),
        sound_device: section.text("sound_device", form::sound_device),
        staff_pin: section.text("staff_pin", |text| secret(text, is_pin, PIN)),
    };
    if let Some(language) =
        kiosk.language.as_ref().filter(|language| is_whole && !languages.is_empty() && !languages.contains(language))
    {
        let what = format!("language: {language:?} is none of the languages in [site]: {}", languages.join(", "));
        section.problem(section.at("language"), what);
    }
    kiosk
}

fn staff(section: &mut Section<'_>, _: bool) -> Vec<Account> {
    let Some(node) = section.node("accounts") else { return Vec::new() };
    let Value::List(values) = &node.value else {
        section.wrong_kind("accounts", node, "expected a list of accounts: begin each with [[staff.accounts]]");
        return Vec::new();
    };
    let mut accounts: Vec<Account> = Vec::new();
    for value in values {
        let Value::Table(table) = &value.value else {
            section.wrong_kind("accounts", value, "expected accounts such as { name = \"anna\", keys = [\"ssh-ed25519 …\"] }");
            continue;
        };
        let mut one = Section {
            text: section.text,
            problems: &mut *section.problems,
            name: "[[staff.accounts]]",
            at: value.span.clone(),
            table,
            known: Vec::new(),
        };
        let name = one.text("name", form::account);
        let full_name = one.text("full_name", |text| match form::line(text) {
            // It goes into passwd(5).
            Ok(name) if !name.contains([':', ',']) => Ok(name),
            _ => Err("expected one line of 1 to 120 characters without : and ,".to_owned()),
        });
        let keys = one.texts("keys", form::ssh_key);
        if !one.has("name") {
            one.problem(value.span.start, "an account of staff needs a `name`".to_owned());
        }
        if !one.has("keys") {
            one.problem(value.span.start, "an account of staff needs `keys`: nobody logs in with a password".to_owned());
        }
        if let Some(name) = &name
            && accounts.iter().any(|other| other.name == *name)
        {
            let at = one.at("name");
            one.problem(at, format!("the account {name:?} is here twice"));
        }
        one.finish();
        accounts.extend(name.map(|name| Account { name, full_name, keys }));
    }
    accounts
}

fn update(section: &mut Section<'_>, is_whole: bool) -> Update {
    let channel = |text: &str| {
        let fits = (1..=40).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
        if fits { Ok(text.to_owned()) } else { Err("expected a word, such as \"stable\"".to_owned()) }
    };
    let update = Update {
        url: section.text("url", form::url),
        channel: section.text("channel", channel),
        window: section.text("window", form::hours),
        automatic: section.boolean("automatic").unwrap_or(false),
    };
    if is_whole && update.automatic && !section.has("url") {
        section.problem(section.at("automatic"), "automatic: it needs a `url` to look for updates".to_owned());
    }
    update
}

fn panel(section: &mut Section<'_>, is_whole: bool) -> Panel {
    let device = |text: &str| {
        if is_device(text) { Ok(text.to_owned()) } else { Err("expected a device, such as \"/dev/i2c-1\"".to_owned()) }
    };
    let line = |text: &str| match text.rsplit_once(':') {
        Some((chip, number)) if is_device(chip) && number.parse::<u16>().is_ok() => Ok(text.to_owned()),
        _ => Err("expected a chip and the number of its line, such as \"/dev/gpiochip0:25\"".to_owned()),
    };
    let panel = Panel {
        kind: section.text("kind", |text| one_of(text, &PanelKind::ALL)),
        device: section.text("device", device),
        upside_down: section.boolean("upside_down").unwrap_or(false),
        button: section.text("button", line),
        controller: section.text("controller", |text| one_of(text, &Controller::ALL)),
        dc: section.text("dc", line),
        reset: section.text("reset", line),
        backlight: section.text("backlight", line),
    };
    if !is_whole {
        return panel;
    }
    if panel.kind == Some(PanelKind::Tft) {
        for (key, what) in [("dc", "data/command"), ("reset", "reset")] {
            if !section.has(key) {
                section.problem(section.at("kind"), format!("kind: a TFT needs the line of its {what} pin, `{key}`"));
            }
        }
    } else if section.has("kind") && panel.kind.is_some() {
        for key in ["controller", "dc", "reset", "backlight"] {
            if section.has(key) {
                section.problem(section.at(key), format!("{key}: it belongs to a display of kind = \"tft\""));
            }
        }
    }
    panel
}

fn printer(section: &mut Section<'_>, is_whole: bool) -> Printer {
    const WIDTHS: &str = "expected the width of the paper in millimetres, 80 or 58";
    let device = |text: &str| {
        if is_device(text) { Ok(text.to_owned()) } else { Err("expected a device, such as \"/dev/usb/lp0\"".to_owned()) }
    };
    let printer = Printer {
        kind: section.text("kind", |text| one_of(text, &PrinterKind::ALL)),
        paper: section.number("paper", 58..=80, WIDTHS),
        device: section.text("device", device),
    };
    if printer.paper.is_some_and(|paper| ![58, 80].contains(&paper)) {
        section.problem(section.at("paper"), format!("paper: {WIDTHS}"));
    }
    // Else whoever wrote it would wonder why nothing is printed.
    for key in ["paper", "device"] {
        if is_whole && section.has(key) && !section.has("kind") {
            section.problem(section.at(key), format!("{key}: say which printer it belongs to, `kind = \"escpos\"`"));
        }
    }
    printer
}

fn is_device(text: &str) -> bool {
    let is_plain = text.bytes().all(|c| c.is_ascii_alphanumeric() || b"/-_.".contains(&c));
    text.starts_with("/dev/") && !text.contains("..") && text.len() <= 64 && is_plain
}

fn one_of<T: Copy>(text: &str, all: &[(&str, T)]) -> Result<T, String> {
    let found = all.iter().find(|(name, _)| *name == text).map(|(_, one)| *one);
    found.ok_or_else(|| {
        let names: Vec<String> = all.iter().map(|(name, _)| format!("{name:?}")).collect();
        format!("expected one of {}", names.join(", "))
    })
}
