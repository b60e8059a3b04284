//! Whether anything is there to touch the kiosk with. On the appliance libinput takes devices as they come and go, and says nothing
//! when none is left; the kernel's list of input devices does.

use std::path::{Path, PathBuf};

use crate::app::Touchable;

/// Codes of `linux/input-event-codes.h`.
const REL_X: usize = 0x00;
const BTN_LEFT: usize = 0x110;
const BTN_TOUCH: usize = 0x14a;
const KEY_ENTER: usize = 28;
const KEY_SPACE: usize = 57;
const KEY_KPENTER: usize = 96;

/// Where input devices are listed.
pub struct Devices(Option<PathBuf>);

impl Devices {
    /// Those of this machine, if the kiosk gets its events from them and not from a desktop.
    pub fn of_system() -> Devices {
        let is_appliance = std::env::var("SLINT_BACKEND").is_ok_and(|backend| backend.starts_with("linuxkms"));
        Devices(is_appliance.then(|| "/sys/class/input".into()))
    }

    /// Looks at all of them.
    pub fn look(&self) -> Touchable {
        let Some(Ok(entries)) = self.0.as_ref().map(std::fs::read_dir) else { return Touchable::Unknown };
        let mut events = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("event")));
        if events.any(|event| is_usable(&event.join("device/capabilities"))) { Touchable::Yes } else { Touchable::No }
    }
}

/// A touch screen, a mouse, or keys that can take a choice. A power button and a loudspeaker are input devices too.
fn is_usable(capabilities: &Path) -> bool {
    let read = |name: &str| std::fs::read_to_string(capabilities.join(name)).unwrap_or_default();
    let (keys, moves) = (read("key"), read("rel"));
    has(&keys, BTN_TOUCH)
        || has(&keys, BTN_LEFT) && has(&moves, REL_X)
        || [KEY_ENTER, KEY_SPACE, KEY_KPENTER].iter().any(|key| has(&keys, *key))
}

/// Whether a bit is set in what sysfs writes: words of a machine in base 16, the highest first.
fn has(words: &str, bit: usize) -> bool {
    let width = usize::BITS as usize;
    let word = words.split_whitespace().rev().nth(bit / width).and_then(|word| usize::from_str_radix(word, 16).ok());
    word.is_some_and(|word| word >> (bit % width) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(folder: &Path, name: &str, key: &str, rel: &str) {
        let capabilities = folder.join(name).join("device/capabilities");
        std::fs::create_dir_all(&capabilities).unwrap();
        std::fs::write(capabilities.join("key"), format!("{key}\n")).unwrap();
        std::fs::write(capabilities.join("rel"), format!("{rel}\n")).unwrap();
    }

    #[test]
    fn a_touch_screen_a_mouse_or_a_keyboard_and_no_power_button() {
        // As a real machine's sysfs writes them.
        for (key, rel, usable) in [
            // Power button.
            ("10000000000000 0", "0", false),
            // Lid switch, loudspeaker.
            ("0", "0", false),
            // Video bus: brightness.
            ("3e000b00000000 0 0 0", "0", false),
            // USB touch screen: BTN_TOUCH.
            ("400 0 0 0 0 0", "0", true),
            // QEMU's tablet: three buttons of a mouse, absolute, and a wheel.
            ("1f0000 0 0 0 0", "100", false),
            // Mouse.
            ("1f0000 0 0 0 0", "903", true),
            // Keyboard.
            ("1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe", "0", true),
            // Four keys: arrows and Enter.
            ("168000000000 10000000", "0", true),
        ] {
            let folder = tempfile::tempdir().unwrap();
            device(folder.path(), "event0", "10000000000000 0", "0");
            device(folder.path(), "event7", key, rel);
            device(folder.path(), "input3", "400 0 0 0 0 0", "0");
            let expected = if usable { Touchable::Yes } else { Touchable::No };
            assert_eq!(Devices(Some(folder.path().into())).look(), expected, "{key}");
        }
    }

    #[test]
    fn where_nobody_can_look_nothing_is_claimed() {
        assert_eq!(Devices(None).look(), Touchable::Unknown);
        assert_eq!(Devices(Some("/nowhere/at/all".into())).look(), Touchable::Unknown);
    }
}
