//! What the daemon, the kiosk, updates and the town's set-up read.

use provision::{Proxy, Settings};

use super::{Ground, Rendered};

pub fn render(settings: &Settings, ground: &Ground<'_>, rendered: &mut Rendered) {
    rendered.public("/run/wegovnow-box/wegovnowd.toml", daemon(settings));
    rendered.public("/run/wegovnow-box/kiosk.env", kiosk(settings));
    rendered.public("/run/wegovnow-box/set-up.env", set_up(settings, ground));
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
    if let Some(scale) = display.scale {
        file.set("SLINT_SCALE_FACTOR", &scale.to_string());
    }
    if let Some(zone) = &settings.site.time_zone {
        file.set("TZ", zone);
    }
    let language = settings.kiosk.language.as_deref().or(settings.site.languages.first().map(String::as_str));
    if let Some(language) = language {
        file.set("WEGOVNOW_LANGUAGE", language);
        file.set("KIOSK_ARGUMENTS", &format!("--language {language}"));
    }
    if let Some(idle_s) = settings.kiosk.idle_s {
        file.set("WEGOVNOW_IDLE_S", &idle_s.to_string());
    }
    if let Some(blank) = display.blank {
        file.set("WEGOVNOW_BLANK", &blank.to_string());
    }
    if !settings.kiosk.opening_hours.is_empty() {
        let hours: Vec<String> = settings.kiosk.opening_hours.iter().map(ToString::to_string).collect();
        file.set("WEGOVNOW_OPENING_HOURS", &hours.join("; "));
    }
    file.0
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
