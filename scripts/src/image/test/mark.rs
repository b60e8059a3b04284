//! What stands on the serial line, and how long it may take.

use std::time::Duration;

/// Said by the boot loader with version and slot: `WeGovNow 0.1.0, slot a`.
pub const LOADER: &str = "WeGovNow ";

/// Said by init once the root file system is open and mounted.
pub const VERIFIED: &str = "root file system verified";

/// Said by init when it can go no further.
pub const CANNOT_START: &str = "cannot start:";

/// Said once the start is called good and the tries are set back.
pub const GOOD: &str = "is good";

/// Said by the gate of a slot that it does not find good.
pub const NOT_GOOD: &str = "is not good";

/// Said by the kernel, which restarts at once, of a block of the root file system whose hash is wrong.
pub const CORRUPTED: &str = " is corrupted";

/// Said by GRUB of a kernel or an initramfs that is not what was installed.
pub const MISMATCH: &str = "HASH MISMATCH";

/// Said by GRUB when it has nothing whole to start.
pub const BOTH_DAMAGED: &str = "Both slots are damaged.";

/// Said by the kernel when nothing is left to run.
pub const PANIC: &str = "Kernel panic";

pub const LOGIN: &str = "login:";

/// Said by init in recovery, to begin with.
pub const RECOVERY: &str = "no slot comes up";

/// Said by init whenever it is in recovery, with the reason behind.
pub const IN_RECOVERY: &str = "wegovnow: recovery:";

/// Four times what a start takes on two idle cores.
pub const START: Duration = Duration::from_secs(240);

/// From power on to the boot loader, likewise.
pub const FIRMWARE: Duration = Duration::from_secs(60);

/// From the power button to the end.
pub const STOP: Duration = Duration::from_secs(120);

/// What the boot loader says when it starts a slot; the version stands before it.
pub fn slot(name: char) -> String {
    format!(", slot {name}")
}
