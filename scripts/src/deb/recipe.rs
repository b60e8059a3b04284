//! What is in which package.

/// A package: one program and what it needs around it.
pub struct Recipe {
    /// Of the package and of its program.
    pub name: &'static str,
    /// Where its source is.
    pub folder: &'static str,
    pub synopsis: &'static str,
    pub description: &'static str,
    /// Beside the libraries that the program is linked with, which are found by themselves.
    pub depends: &'static [&'static str],
    pub recommends: &'static [&'static str],
    /// From `images/overlay`.
    pub files: &'static [&'static str],
    /// Path and what it points to.
    pub links: &'static [(&'static str, &'static str)],
    /// Units to stop before the program goes.
    pub units: &'static [&'static str],
    /// Makes the accounts of its sysusers file.
    pub has_accounts: bool,
    /// The program has the subcommands `man` and `completions`.
    pub describes_itself: bool,
}

const NOTHING: Recipe = Recipe {
    name: "",
    folder: "",
    synopsis: "",
    description: "",
    depends: &[],
    recommends: &[],
    files: &[],
    links: &[],
    units: &[],
    has_accounts: false,
    describes_itself: false,
};

pub const RECIPES: [Recipe; 6] = [
    Recipe {
        name: "wegovnowd",
        folder: "appliance",
        synopsis: "keeps a town's reports and answers kiosk and console",
        description: "The daemon of WeGovNow, the only program that opens the store.\n\
                      It is not started by itself: import the town's map, then run\n\
                      systemctl enable --now wegovnowd.",
        files: &[
            "usr/lib/systemd/system/wegovnowd.service",
            "usr/lib/systemd/system/wegovnow-set-up.service",
            "usr/lib/sysusers.d/wegovnow.conf",
        ],
        links: &[("usr/lib/systemd/system/wegovnowd.service.requires/wegovnow-set-up.service", "../wegovnow-set-up.service")],
        depends: &["systemd"],
        units: &["wegovnowd.service"],
        has_accounts: true,
        describes_itself: true,
        ..NOTHING
    },
    Recipe {
        name: "wegovnow-kiosk",
        folder: "kiosk",
        synopsis: "the touch screen that residents report at",
        description: "The kiosk of WeGovNow. It needs a display and the daemon on the\nsame machine.",
        // Opened while it runs, so no tool finds them.
        depends: &["wegovnowd", "fonts-noto-core"],
        // The last two are its voice; without them it says that there is no sound.
        recommends: &[
            "libx11-6",
            "libx11-xcb1",
            "libxcursor1",
            "libxi6",
            "libxkbcommon0",
            "libxkbcommon-x11-0",
            "libxrandr2",
            "espeak-ng",
            "alsa-utils",
        ],
        files: &[
            "usr/lib/systemd/system/wegovnow-kiosk.service",
            "usr/lib/udev/rules.d/70-wegovnow-printer.rules",
            "usr/lib/modules-load.d/wegovnow-printer.conf",
        ],
        units: &["wegovnow-kiosk.service"],
        ..NOTHING
    },
    Recipe {
        name: "wegovnow-console",
        folder: "tui",
        synopsis: "the terminal that civil servants work at",
        description: "The console of WeGovNow. Members of the group wegovnow-staff speak\nto the daemon with it.",
        recommends: &["wegovnowd"],
        ..NOTHING
    },
    Recipe {
        name: "wegovnow-box",
        folder: "images/caretaker",
        synopsis: "looks after an appliance: start, health, updates, status",
        description: "The caretaker of WeGovNow's appliance. On a machine that is not made\n\
                      from the appliance's image it tells the status and gathers support\n\
                      bundles; updates come by apt there.",
        ..NOTHING
    },
    Recipe {
        name: "wegovnow-flash",
        folder: "images/flash",
        synopsis: "writes the appliance's image to sticks and disks",
        description: "The technician's writer: it never offers the disk it runs from, reads\nback what it wrote, and signs a receipt.",
        ..NOTHING
    },
    Recipe {
        name: "wegovnow-panel",
        folder: "appliance/panel",
        synopsis: "shows technicians the state of a box on a small display",
        description: "Address, versions, store, disk, clock and faults in plain words, on an\n\
                      OLED of 128x64 dots, a display of 320x240 pixels or a framebuffer. Name\n\
                      the display in /etc/wegovnow/panel.env, then run\n\
                      systemctl enable --now wegovnow-panel.",
        recommends: &["wegovnow-box"],
        files: &["usr/lib/systemd/system/wegovnow-panel.service"],
        units: &["wegovnow-panel.service"],
        ..NOTHING
    },
];

impl Recipe {
    /// Maintainer scripts, only where nothing in the system does it unasked.
    pub fn scripts(&self) -> Vec<(&'static str, String)> {
        if self.units.is_empty() {
            return Vec::new();
        }
        let units = self.units.join(" ");
        let accounts = if self.has_accounts { "    systemd-sysusers wegovnow.conf\n" } else { "" };
        let live = "[ -d /run/systemd/system ]";
        vec![
            (
                "postinst",
                format!(
                    "#!/bin/sh\nset -e\nif [ \"$1\" = configure ]; then\n{accounts}    if {live}; then\n        \
                     systemctl daemon-reload\n        # Only after an update, and only what runs.\n        \
                     [ -z \"$2\" ] || systemctl try-restart {units}\n    fi\nfi\n"
                ),
            ),
            ("prerm", format!("#!/bin/sh\nset -e\nif [ \"$1\" = remove ] && {live}; then\n    systemctl stop {units}\nfi\n")),
            ("postrm", format!("#!/bin/sh\nset -e\nif {live}; then\n    systemctl daemon-reload\nfi\n")),
        ]
    }
}
