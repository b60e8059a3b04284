//! The technicians' panel: what the box says about itself, on a small display beside the screen that residents use, and on that screen
//! itself during start and recovery.
//!
//! Everything here but `screen` and `watch` is a function of values: [`reading::Readings`] go in, pixels of any embedded-graphics target
//! come out. The panel asks nobody and knows no file; whoever has the readings hands them over. Without the default feature `device` the
//! package has no drivers and no program, which is what the initramfs uses:
//!
//! ```
//! use embedded_graphics::geometry::Size;
//! use panel::boot::{Boot, Step, draw_boot};
//! use panel::canvas::Frame;
//!
//! let mut frame = Frame::new(Size::new(1280, 800));
//! let boot = Boot { town: Some("Jyväskylä".to_owned()), slot: Some("a".to_owned()), ..Boot::default() };
//! let Ok(()) = draw_boot(&boot, Step::Verify, &mut frame);
//! // panel::framebuffer::Framebuffer::open("/dev/fb0")?.show(&frame)?;
//! ```

pub mod reading;
pub mod word;
pub mod fault;
pub mod sheet;
pub mod canvas;
pub mod lettering;
pub mod code;
pub mod button;
pub mod pager;
pub mod draw;
pub mod boot;
pub mod framebuffer;
#[cfg(feature = "device")]
pub mod screen;
#[cfg(feature = "device")]
pub mod watch;
