//! Whether headphones are plugged in, and whether there is sound at all.
//!
//! On the appliance there is no sound server that could tell. The kernel does: a jack that notices its plug is an input device with
//! the switch `SW_HEADPHONE_INSERT`, which the kiosk may read. What cannot notice (a jack without a contact, a handset that always
//! hangs there) is told by whoever installs it.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use evdev::SwitchCode;

use crate::app::{Channel, Ears};

/// How often the jack is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Where the sound goes, as told at installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Output {
    /// To headphones while a jack says that they are there, else to everybody.
    #[default]
    Jack,
    /// Always to one pair of ears: a handset, or headphones that stay plugged in.
    Headphones,
    /// Always to everybody.
    Loudspeaker,
    /// Nowhere.
    None,
}

/// Tells whether headphones are plugged in.
pub trait Jack: Send {
    /// `None` when nothing here can tell.
    fn is_plugged(&mut self) -> Option<bool>;
}

/// The jacks that the kernel knows of.
#[derive(Default)]
pub struct KernelJack {
    listed: Vec<String>,
    jacks: Vec<evdev::Device>,
}

impl Jack for KernelJack {
    fn is_plugged(&mut self) -> Option<bool> {
        let mut listed: Vec<String> = std::fs::read_dir("/dev/input")
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.starts_with("event"))
            .collect();
        listed.sort();
        if listed != self.listed {
            // A card came or went: only then every device is opened, to see whether it is a jack.
            let is_jack = |device: &evdev::Device| {
                device.supported_switches().is_some_and(|switches| switches.contains(SwitchCode::SW_HEADPHONE_INSERT))
            };
            self.jacks = evdev::enumerate().map(|(_, device)| device).filter(is_jack).collect();
            self.listed = listed;
        }
        let told: Vec<bool> = self
            .jacks
            .iter()
            .filter_map(|jack| jack.get_switch_state().ok())
            .map(|switches| switches.contains(SwitchCode::SW_HEADPHONE_INSERT))
            .collect();
        (!told.is_empty()).then(|| told.contains(&true))
    }
}

/// Whether the folder of sound devices holds one that plays: `pcmC0D0p`.
pub fn has_sound(devices: &Path) -> bool {
    std::fs::read_dir(devices).into_iter().flatten().filter_map(Result::ok).any(|entry| {
        let name = entry.file_name();
        name.to_str().is_some_and(|name| name.starts_with("pcm") && name.ends_with('p'))
    })
}

/// What can be heard, from what is told of the jack.
pub fn ears(output: Output, plugged: Option<bool>, sound: bool) -> Ears {
    let channel = match output {
        Output::Headphones => Channel::Headphones,
        Output::Jack if plugged == Some(true) => Channel::Headphones,
        // Nobody can tell: then everybody may be listening.
        _ => Channel::Loudspeaker,
    };
    Ears { channel, soundless: output == Output::None || !sound, fixed: output != Output::Jack }
}

/// Looks at jack and sound card as long as the kiosk runs, and tells of changes.
pub fn watch(output: Output, mut jack: impl Jack + 'static, tell: Arc<dyn Fn(Ears) + Send + Sync>) -> std::io::Result<()> {
    let look = move || {
        let mut told = None;
        loop {
            let plugged = if output == Output::Jack { jack.is_plugged() } else { None };
            let now = ears(output, plugged, has_sound(Path::new("/dev/snd")));
            if told != Some(now) {
                tell(now);
                told = Some(now);
            }
            thread::sleep(LOOK);
        }
    };
    thread::Builder::new().name("jack".into()).spawn(look).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_jack_that_tells_everybody_may_be_listening() {
        let of = |output, plugged| ears(output, plugged, true).channel;
        assert_eq!(of(Output::Jack, None), Channel::Loudspeaker);
        assert_eq!(of(Output::Jack, Some(false)), Channel::Loudspeaker);
        assert_eq!(of(Output::Jack, Some(true)), Channel::Headphones);
        assert_eq!(of(Output::Headphones, None), Channel::Headphones);
        assert_eq!(of(Output::Loudspeaker, Some(true)), Channel::Loudspeaker);
        assert!(ears(Output::None, None, true).soundless && ears(Output::Jack, None, false).soundless);
    }

    #[test]
    fn a_folder_without_a_device_that_plays_has_no_sound() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_sound(&folder.path().join("not-there")));
        std::fs::write(folder.path().join("pcmC0D0c"), "").unwrap();
        std::fs::write(folder.path().join("timer"), "").unwrap();
        assert!(!has_sound(folder.path()), "it only records");
        std::fs::write(folder.path().join("pcmC0D3p"), "").unwrap();
        assert!(has_sound(folder.path()));
    }
}
