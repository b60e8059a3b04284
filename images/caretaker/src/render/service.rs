//! What the daemon, the kiosk, updates and the town's set-up read.

use provision::{HASHED, Kiosk, Opening, Panel, PanelKind, PrinterKind, Proxy, Secret, Settings};

use super::{Ground, Rendered};

pub fn render(settings: &Settings, ground: &Ground<'_>, rendered: &mut Rendered) {
    rendered.public("/run/wegovnow-box/wegovnowd.toml", daemon(settings));
    rendered.public("/run/wegovnow-box/kiosk.env", kiosk(settings));
    rendered.public("/run/wegovnow-box/set-up.env", set_up(settings, ground));
    rendered.private("/run/wegovnow-box/staff.pin", staff_pin(&settings.kiosk));
    if let Some(rule) = touch(settings.display.rotation) {
        rendered.public("/run/udev/rules.d/71-wegovnow-touch.rules", rule);
    }
    if let Some(panel) = panel(&settings.panel) {
        rendered.public("/run/wegovnow-box/panel.env", panel);
    }
    rendered.private("/run/wegovnow-box/proxy.env", proxy(&settings.proxy));
    let zone = settings.site.time_zone.as_deref().unwrap_or("Etc/UTC");
    rendered.link("/run/wegovnow-box/localtime", format!("/usr/share/zoneinfo/{zone}"));
}

/// The daemon's own file; its data, socket and limits stay as it has them.
fn daemon(settings: &Settings) -> String {
    let mut table = toml::Table::new();
    let site = &settings.site;
    if let Some(name) = &site.place_name {
        table.insert("place_name".to_owned(), name.clone().into());
    }
    if let Some(center) = site.center {
        table.insert("center".to_owned(), center.map(toml::Value::from).to_vec().into());
    }
    let names: Vec<toml::Value> = settings.staff.iter().map(|account| account.name.clone().into()).collect();
    table.insert("staff".to_owned(), names.into());
    table.insert("staff_group".to_owned(), "wegovnow-staff".into());
    table.insert("machine".to_owned(), "/run/wegovnow-box/status.json".into());
    format!("# Made by wegovnow-box of the technician's settings.\n{table}")
}

/// Environment of the kiosk's unit. `KIOSK_ARGUMENTS` is for its command line.
fn kiosk(settings: &Settings) -> String {
    let mut file = Environment::default();
    let display = &settings.display;
    file.set("SLINT_BACKEND", "linuxkms-software");
    file.set("SLINT_KMS_ROTATION", &display.rotation.to_string());
    if let Some(output) = &display.output {
        file.set("SLINT_DRM_OUTPUT", output);
    }
    if let Some(size) = &display.size_mm {
        file.set("WEGOVNOW_SCREEN_MM", size);
    }
    if let Some(scale) = display.scale {
        file.set("WEGOVNOW_SCALE", &scale.to_string());
    }
    if let Some(zone) = &settings.site.time_zone {
        file.set("TZ", zone);
    }
    let language = settings.kiosk.language.as_deref().or(settings.site.languages.first().map(String::as_str));
    if let Some(language) = language {
        file.set("WEGOVNOW_LANGUAGE", language);
        file.set("KIOSK_ARGUMENTS", &format!("--language {language}"));
    }
    if settings.printer.kind == Some(PrinterKind::Escpos) {
        // The link is made by udev for whichever printer is plugged in: the kernel's number for it may change.
        file.set("WEGOVNOW_PRINTER", settings.printer.device.as_deref().unwrap_or("/dev/wegovnow-printer"));
        file.set("WEGOVNOW_PAPER", &settings.printer.paper.unwrap_or(80).to_string());
    }
    if !settings.kiosk.opening_hours.is_empty() {
        file.set("WEGOVNOW_OPEN", &opening_hours(&settings.kiosk.opening_hours));
    }
    if let Some(idle_s) = settings.kiosk.idle_s {
        file.set("WEGOVNOW_IDLE", &idle_s.to_string());
    }
    if let Some(warning_s) = settings.kiosk.warning_s {
        file.set("WEGOVNOW_WARNING", &warning_s.to_string());
    }
    if let Some(keypad) = settings.kiosk.keypad {
        file.set("WEGOVNOW_KEYPAD", keypad.name());
    }
    if let Some(sound) = settings.kiosk.sound {
        file.set("WEGOVNOW_SOUND", sound.name());
    }
    if let Some(device) = &settings.kiosk.sound_device {
        file.set("WEGOVNOW_SOUND_DEVICE", device);
    }
    file.0
}

/// The hash of staff's PIN, which systemd hands to the kiosk as a credential; an empty file where there is none. Never a PIN itself.
fn staff_pin(kiosk: &Kiosk) -> String {
    let pin = kiosk.staff_pin.as_ref().map(Secret::reveal);
    pin.filter(|pin| pin.starts_with(HASHED)).map(|hash| format!("{hash}\n")).unwrap_or_default()
}

/// The display that technicians look at.
fn panel(panel: &Panel) -> Option<String> {
    let (option, usual) = match panel.kind? {
        PanelKind::Oled => ("--oled", "/dev/i2c-1"),
        PanelKind::Tft => ("--tft", "/dev/spidev0.0"),
        PanelKind::Framebuffer => ("--fb", "/dev/fb0"),
        PanelKind::None => return None,
    };
    let mut arguments = vec![option, panel.device.as_deref().unwrap_or(usual)];
    if let Some(controller) = panel.controller {
        arguments.extend(["--tft-model", controller.name()]);
    }
    let lines = [
        ("--tft-dc", &panel.dc),
        ("--tft-reset", &panel.reset),
        ("--tft-backlight", &panel.backlight),
        ("--button", &panel.button),
    ];
    arguments.extend(lines.iter().filter_map(|(option, line)| Some([*option, line.as_deref()?])).flatten());
    if panel.upside_down {
        arguments.push("--upside-down");
    }
    let mut file = Environment::default();
    file.set("PANEL", &arguments.join(" "));
    Some(file.0)
}

/// As OpenStreetMap writes them. A later rule takes the place of an earlier one, so all hours of a day stand in one.
fn opening_hours(openings: &[Opening]) -> String {
    const DAYS: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
    let time = |min: u16| format!("{:02}:{:02}", min / 60, min % 60);
    let rules = (0..).zip(DAYS).filter_map(|(number, day)| {
        let hours = openings.iter().filter(|opening| opening.day == number);
        let hours: Vec<String> =
            hours.map(|opening| format!("{}-{}", time(opening.hours.from_min), time(opening.hours.to_min))).collect();
        (!hours.is_empty()).then(|| format!("{day} {}", hours.join(",")))
    });
    rules.collect::<Vec<_>>().join("; ")
}

/// Slint turns the picture, libinput the touches: absolute coordinates, by a matrix of two rows (libinput's documentation, device
/// configuration via udev).
fn touch(rotation: u16) -> Option<String> {
    let matrix = match rotation {
        90 => "0 1 0 -1 0 1",
        180 => "-1 0 1 0 -1 1",
        270 => "0 -1 1 1 0 0",
        _ => return None,
    };
    Some(format!("SUBSYSTEM==\"input\", KERNEL==\"event*\", ENV{{LIBINPUT_CALIBRATION_MATRIX}}=\"{matrix}\"\n"))
}

/// What `wegovnow-box set-up` gives the daemon at the first start.
fn set_up(settings: &Settings, ground: &Ground<'_>) -> String {
    let mut file = Environment::default();
    let site = &settings.site;
    if let Some(name) = &site.name {
        file.set("TOWN_NAME", name);
    }
    if !site.languages.is_empty() {
        file.set("TOWN_LANGUAGES", &site.languages.join(","));
    }
    if let Some(town) = &ground.town_file {
        file.set("TOWN_FILE", town);
    }
    if let Some(border) = &ground.border_file {
        file.set("TOWN_BORDER", border);
    }
    file.0
}

/// Names in lower case, as RAUC wants them.
fn proxy(proxy: &Proxy) -> String {
    let mut file = Environment::default();
    let login = match (&proxy.user, &proxy.password) {
        (Some(user), Some(password)) => format!("{}:{}@", percent(user), percent(password.reveal())),
        _ => String::new(),
    };
    let with_login = |url: &String| url.replacen("://", &format!("://{login}"), 1);
    if let Some(http) = &proxy.http {
        file.set("http_proxy", &with_login(http));
    }
    if let Some(https) = proxy.https.as_ref().or(proxy.http.as_ref()) {
        file.set("https_proxy", &with_login(https));
    }
    if !proxy.none.is_empty() {
        file.set("no_proxy", &proxy.none.join(","));
    }
    file.0
}

/// RFC 3986: what is not unreserved is written in base 16.
fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// A file for `EnvironmentFile=`: values in double quotes, in which a backslash takes the meaning of what follows.
#[derive(Default)]
struct Environment(String);

impl Environment {
    fn set(&mut self, name: &str, value: &str) {
        let mut quoted = String::new();
        for c in value.chars().filter(|c| !c.is_control()) {
            if matches!(c, '"' | '\\' | '$' | '`') {
                quoted.push('\\');
            }
            quoted.push(c);
        }
        self.0 += &format!("{name}=\"{quoted}\"\n");
    }
}

/// Names and values of such a file.
pub fn parse_environment(text: &str) -> std::collections::BTreeMap<String, String> {
    let pair = |line: &str| {
        let (name, value) = line.split_once('=')?;
        let inner = value.strip_prefix('"')?.strip_suffix('"')?;
        let (mut plain, mut chars) = (String::new(), inner.chars());
        while let Some(c) = chars.next() {
            plain.extend(if c == '\\' { chars.next() } else { Some(c) });
        }
        Some((name.to_owned(), plain))
    };
    text.lines().filter_map(pair).collect()
}
