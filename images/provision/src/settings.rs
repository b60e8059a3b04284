//! What a file means for one box.

use std::net::IpAddr;

use serde::{Serialize, Serializer};

use crate::form::{Hours, Opening};
use crate::secret::Secret;

/// None is: as the system has it. Secrets are left out when this is written as something else.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Settings {
    /// The file's own number; of two files the one with the higher counts.
    pub generation: u32,
    pub site: Site,
    pub network: Network,
    pub wifi: Option<Wifi>,
    pub proxy: Proxy,
    pub time: Time,
    pub display: Display,
    pub kiosk: Kiosk,
    /// Accounts of civil servants: each gets the console, and nothing else.
    pub staff: Vec<Account>,
    /// Keys of technicians.
    pub technician: Vec<String>,
    pub update: Update,
    pub panel: Panel,
    pub printer: Printer,
}

/// The town, and where in it the box stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Site {
    /// The town's; that of the map otherwise.
    pub name: Option<String>,
    /// Where the box stands, as people say it.
    pub place_name: Option<String>,
    /// Offered to residents, the first is the usual one.
    pub languages: Vec<String>,
    /// Where the map opens: latitude and longitude in degrees.
    pub center: Option<[f64; 2]>,
    /// File beside: an extract of OpenStreetMap, or a town file that was imported elsewhere.
    pub town: Option<String>,
    /// File beside: the border as GeoJSON.
    pub border: Option<String>,
    pub time_zone: Option<String>,
}

/// The wired network.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Network {
    /// None is: by DHCP.
    #[serde(serialize_with = "with_prefix", skip_serializing_if = "Option::is_none")]
    pub address: Option<(IpAddr, u8)>,
    pub gateway: Option<IpAddr>,
    pub dns: Vec<IpAddr>,
    pub hostname: Option<String>,
    pub vlan: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Wifi {
    pub ssid: String,
    /// None is an open network.
    #[serde(skip)]
    pub key: Option<WifiKey>,
    /// Two letters: which channels are allowed.
    pub country: Option<String>,
    pub hidden: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WifiKey {
    Password(Secret),
    /// The key that WPA derives of password and name: 64 digits of base 16.
    Psk(Secret),
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Proxy {
    pub http: Option<String>,
    pub https: Option<String>,
    /// Hosts and domains that are reached without it.
    pub none: Vec<String>,
    /// File beside: certificates of authorities that the box believes too.
    pub ca: Option<String>,
    pub user: Option<String>,
    #[serde(skip)]
    pub password: Option<Secret>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Time {
    /// NTP servers; what DHCP names otherwise, and Debian's pool.
    pub servers: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Display {
    /// Degrees clockwise: 0, 90, 180 or 270.
    pub rotation: u16,
    /// Name of the connector, such as `HDMI-A-1`; the first with a display otherwise.
    pub output: Option<String>,
    /// Width and height of what can be seen, in millimetres, such as `531x299`; the kiosk assumes 24 inches otherwise.
    pub size_mm: Option<String>,
    /// How much larger everything is drawn.
    pub scale: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Kiosk {
    /// The language to start in; the town's first otherwise.
    pub language: Option<String>,
    /// Empty is always.
    pub opening_hours: Vec<Opening>,
    /// Seconds without a touch after which the kiosk asks whether somebody is there.
    pub idle_s: Option<u32>,
    /// Seconds after that until everything is cleared.
    pub warning_s: Option<u32>,
    /// What is fixed below the screen for those who do not see or touch it; nothing otherwise.
    pub keypad: Option<Keypad>,
    /// Where reading aloud is heard; the jack, while something is plugged in, and everybody otherwise.
    pub sound: Option<Sound>,
    /// ALSA's name of the sound device, such as `plughw:CARD=Device`.
    pub sound_device: Option<String>,
    /// Staff's PIN at the screen; its hash, once the box has taken the file.
    #[serde(skip)]
    pub staff_pin: Option<Secret>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    pub name: String,
    pub full_name: Option<String>,
    /// Public keys; there are no passwords.
    pub keys: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Update {
    /// Where bundles are looked for.
    pub url: Option<String>,
    pub channel: Option<String>,
    /// When an update may be installed by itself.
    pub window: Option<Hours>,
    pub automatic: bool,
}

/// The technician's small display.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Panel {
    pub kind: Option<PanelKind>,
    /// Where it is attached, such as `/dev/i2c-1` or `/dev/spidev0.0`.
    pub device: Option<String>,
    pub upside_down: bool,
    /// GPIO line of a button to ground, such as `/dev/gpiochip0:17`. Without one, pages turn by themselves.
    pub button: Option<String>,
    pub controller: Option<Controller>,
    /// GPIO lines of a TFT: its data/command pin, its reset, and what lights it, if that is no fixed voltage.
    pub dc: Option<String>,
    pub reset: Option<String>,
    pub backlight: Option<String>,
}

/// Of a TFT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Controller {
    Ili9341,
    St7789,
}

impl Controller {
    pub const ALL: [(&str, Controller); 2] = [("ili9341", Controller::Ili9341), ("st7789", Controller::St7789)];

    pub fn name(self) -> &'static str {
        Controller::ALL[self as usize].0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum PanelKind {
    #[serde(rename = "none")]
    None,
    /// 128 by 64 pixels, ssd1306.
    #[serde(rename = "oled")]
    Oled,
    /// 320 by 240 pixels.
    #[serde(rename = "tft")]
    Tft,
    #[serde(rename = "framebuffer")]
    Framebuffer,
}

impl PanelKind {
    pub const ALL: [(&str, PanelKind); 4] =
        [("none", PanelKind::None), ("oled", PanelKind::Oled), ("tft", PanelKind::Tft), ("framebuffer", PanelKind::Framebuffer)];
}

/// The printer of residents' slips.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Printer {
    pub kind: Option<PrinterKind>,
    /// Width of its paper in millimetres: 80, if nothing is said, or 58.
    pub paper: Option<u32>,
    /// Where it is attached; whichever printer is plugged into USB otherwise.
    pub device: Option<String>,
}

/// Keys in reach of those who cannot use the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Keypad {
    None,
    Arrows,
    Numbers,
    /// Two switches, or sip and puff.
    Switches,
}

impl Keypad {
    pub const ALL: [(&str, Keypad); 4] =
        [("none", Keypad::None), ("arrows", Keypad::Arrows), ("numbers", Keypad::Numbers), ("switches", Keypad::Switches)];

    /// As the kiosk's `--keypad` takes it.
    pub fn name(self) -> &'static str {
        name_of(&Keypad::ALL, self)
    }
}

/// Where the kiosk is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sound {
    None,
    /// Headphones while the jack notices a plug, everybody otherwise.
    Jack,
    Headphones,
    Loudspeaker,
}

impl Sound {
    pub const ALL: [(&str, Sound); 4] =
        [("none", Sound::None), ("jack", Sound::Jack), ("headphones", Sound::Headphones), ("loudspeaker", Sound::Loudspeaker)];

    /// As the kiosk's `--sound` takes it.
    pub fn name(self) -> &'static str {
        name_of(&Sound::ALL, self)
    }
}

fn name_of<T: Copy + PartialEq>(all: &[(&'static str, T)], one: T) -> &'static str {
    all.iter().find(|(_, other)| *other == one).map(|(name, _)| *name).unwrap_or_default()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PrinterKind {
    None,
    /// A receipt printer that understands ESC/POS.
    Escpos,
}

impl PrinterKind {
    pub const ALL: [(&str, PrinterKind); 2] = [("none", PrinterKind::None), ("escpos", PrinterKind::Escpos)];
}

impl Settings {
    /// Section and key of every secret that is set.
    pub fn secrets(&self) -> Vec<(&'static str, &Secret)> {
        let wifi = match self.wifi.as_ref().and_then(|wifi| wifi.key.as_ref()) {
            Some(WifiKey::Password(secret)) => Some(("wifi.password", secret)),
            Some(WifiKey::Psk(secret)) => Some(("wifi.psk", secret)),
            None => None,
        };
        let proxy = self.proxy.password.as_ref().map(|secret| ("proxy.password", secret));
        let pin = self.kiosk.staff_pin.as_ref().map(|secret| ("kiosk.staff_pin", secret));
        wifi.into_iter().chain(proxy).chain(pin).collect()
    }
}

/// `192.0.2.10/24`
fn with_prefix<S: Serializer>(address: &Option<(IpAddr, u8)>, serializer: S) -> Result<S::Ok, S::Error> {
    match address {
        Some((address, prefix)) => serializer.collect_str(&format_args!("{address}/{prefix}")),
        None => serializer.serialize_none(),
    }
}
