//! Which displays hang on the machine. Slint's linuxkms backend takes the first connected one at its start and notices nothing later:
//! a display that is changed for another shows a picture made for the one before, or none, until the kiosk starts anew.

use std::path::PathBuf;

/// Where connectors are listed.
pub struct Displays(Option<PathBuf>);

impl Displays {
    /// Those of this machine, if the kiosk draws on them itself.
    pub fn of_system() -> Displays {
        let is_appliance = std::env::var("SLINT_BACKEND").is_ok_and(|backend| backend.starts_with("linuxkms"));
        Displays(is_appliance.then(|| "/sys/class/drm".into()))
    }

    /// Every connected display with its first mode, as `card0-HDMI-A-1 1920x1080`, in order; empty when there is none, or nobody can
    /// look.
    pub fn look(&self) -> String {
        let Some(Ok(entries)) = self.0.as_ref().map(std::fs::read_dir) else { return String::new() };
        let display = |connector: PathBuf| {
            let read = |name: &str| std::fs::read_to_string(connector.join(name)).ok();
            (read("status")?.trim() == "connected").then_some(())?;
            let mode = read("modes").and_then(|modes| modes.lines().next().map(str::to_owned)).unwrap_or_default();
            Some(format!("{} {mode}", connector.file_name()?.to_string_lossy()))
        };
        let mut displays: Vec<String> = entries.flatten().filter_map(|entry| display(entry.path())).collect();
        displays.sort();
        displays.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_come_and_go() {
        let folder = tempfile::tempdir().unwrap();
        let displays = Displays(Some(folder.path().into()));
        let connector = |name: &str, status: &str, modes: &str| {
            let place = folder.path().join(name);
            std::fs::create_dir_all(&place).unwrap();
            std::fs::write(place.join("status"), format!("{status}\n")).unwrap();
            std::fs::write(place.join("modes"), modes).unwrap();
        };
        std::fs::create_dir(folder.path().join("card0")).unwrap();
        connector("card0-HDMI-A-1", "disconnected", "");
        assert_eq!(displays.look(), "");
        connector("card0-HDMI-A-1", "connected", "1920x1080\n1280x720\n");
        connector("card0-DP-1", "connected", "3840x2160\n");
        assert_eq!(displays.look(), "card0-DP-1 3840x2160, card0-HDMI-A-1 1920x1080");
        assert_eq!(Displays(None).look(), "");
        assert_eq!(Displays(Some("/nowhere/at/all".into())).look(), "");
    }
}
