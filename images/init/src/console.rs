//! The console that is in front, for pictures or for text.

use std::fs::File;

use anyhow::{Context, Result};
use rustix::ioctl::{IntegerSetter, Opcode, ioctl};

/// What is in front on the screen.
pub const FRONT: &str = "/dev/tty0";

/// `KDSETMODE` of linux/kd.h, and what it sets.
const MODE: Opcode = 0x4b3a;
const TEXT: usize = 0;
const GRAPHICS: usize = 1;

/// In graphics mode the kernel draws no letters, whatever is written to the console.
pub fn set_graphics(console: &File, is_graphics: bool) -> Result<()> {
    let mode = if is_graphics { GRAPHICS } else { TEXT };
    // SAFETY: KDSETMODE takes a number and no pointer.
    #[allow(unsafe_code)]
    let done = unsafe { ioctl(console, IntegerSetter::<MODE>::new_usize(mode)) };
    done.context("the console does not change its mode")
}
