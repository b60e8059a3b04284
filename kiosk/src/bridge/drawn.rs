//! The first frame that a resident can use, told to whoever started the kiosk.
//!
//! Slint's software renderer has no rendering notifier: `Window::set_rendering_notifier` answers `Unsupported`. But a colour that
//! only drawing reads is asked for while a frame is drawn, by any backend. The frame goes to the display before the event loop turns
//! again, and so before a timer without delay. `cargo x bench kiosk` holds this against the pixels of a real screen.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use sd_notify::NotifyState;
use slint::Global;

use crate::ui;

/// What the status line says once the home screen stands there with what the town told.
pub const LIVE: &str = "the home screen is up";
/// The same while the daemon has not answered: the screen says so.
const AWAY: &str = "the screen is up and waits for the daemon";

/// Tells of the first frame that says anything true, and of the first with the town.
pub fn connect(window: &ui::AppWindow, tell: impl Fn(bool) + 'static) {
    let told = Cell::new(None);
    let tell = Rc::new(tell);
    ui::Shell::get(window).on_drawn(move |live, colour| {
        if told.get().is_none_or(|before: bool| live && !before) {
            told.set(Some(live));
            let tell = Rc::clone(&tell);
            slint::Timer::single_shot(Duration::ZERO, move || tell(live));
        }
        colour
    });
}

/// Tells systemd (`sd_notify(3)`) and the log.
pub fn tell(live: bool, started: Instant) {
    let status = if live { LIVE } else { AWAY };
    tracing::info!(after_ms = started.elapsed().as_millis(), status, "drawn");
    if let Err(error) = sd_notify::notify(&[NotifyState::Ready, NotifyState::Status(status)]) {
        tracing::warn!(%error, "whoever started the kiosk cannot be told that it is up");
    }
}

/// Tells the service manager that the thread that draws still turns.
pub fn beat() {
    // Without a service manager there is nobody to tell.
    let _ = sd_notify::notify(&[NotifyState::Watchdog]);
}
