//! The touch kiosk for residents.
//!
//! [`Kiosk`] is the whole of it in one window. A program shows the window and runs Slint's event loop; a test uses Slint's testing
//! backend, finds elements by accessible label in [`Kiosk::window`], and calls [`Kiosk::pump`] to take in what the network thread
//! brought, or [`Kiosk::pump_until`] to wait for it:
//!
//! ```ignore
//! i_slint_backend_testing::init_no_event_loop();
//! let kiosk = Kiosk::new(Client::over_socket(&socket)?, Options::default())?;
//! kiosk.pump_until(Duration::from_secs(10), |state| state.online);
//! ElementHandle::find_by_accessible_label(kiosk.window(), "Report a problem").next().unwrap().invoke_accessible_default_action();
//! ```

pub mod app;
mod bridge;
mod display;
pub mod effects;
pub mod gallery;
#[cfg(test)]
mod golden;
pub mod hours;
mod input;
pub mod keyboard;
pub mod locale;
pub mod look;
pub mod map;
mod mapping;
mod pin;
pub mod slip;
pub mod voice;
pub mod zone;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use api::{Client, Language};
use slint::platform::WindowEvent;
use slint::{ComponentHandle, Global};

use app::{Effect, Msg, State};
use bridge::Laid;
use chrono::NaiveDateTime;
use effects::Effects;
use hours::Hours;
use look::ScreenMm;
use mapping::Mapping;

pub use bridge::drawn::LIVE;

/// The window's type, for tests that look for elements in it.
pub use ui::AppWindow;

mod ui {
    #![allow(clippy::all, clippy::unwrap_used, clippy::todo, unused_qualifications)]
    slint::include_modules!();
}

/// How often the clock moves on.
const TICK: Duration = Duration::from_millis(500);
/// How soon the map is drawn when it could not be drawn at once.
const MAP_TICK: Duration = Duration::from_millis(33);
/// How many ticks lie between two looks for touch screens, keyboards and displays.
const INPUT_TICKS: u32 = 4;

/// How a kiosk is set up.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The language to start in; the town's first otherwise.
    pub language: Option<Language>,
    /// A folder of photos to choose from, on a developer's machine.
    pub photos: Option<PathBuf>,
    /// Width and height of the window in pixels; 1920 by 1080 otherwise.
    pub size: Option<(u32, u32)>,
    /// Whether the window fills the screen.
    pub fullscreen: bool,
    /// When the house is open: the screen is dark outside of it. Always if nobody said.
    pub hours: Option<Hours>,
    /// The printer for slips, if there is one.
    pub printer: Option<slip::device::Options>,
    /// Everything is drawn larger or smaller, so that a screen of any size shows as much as one of Full HD; by this much larger yet.
    pub fit: Option<f32>,
    /// What the kiosk is operated with beside touch and a plain keyboard.
    pub keypad: app::Keypad,
    /// Where sound goes.
    pub output: voice::jack::Output,
    /// ALSA's name of the sound device; `default` otherwise.
    pub sound_device: Option<String>,
    /// How long the kiosk waits for people.
    pub patience: app::Patience,
    /// The file with the hash of staff's PIN (a PHC string of Argon2); without one staff have no way in at the screen.
    pub staff_pin: Option<PathBuf>,
    /// How large what can be seen of the screen is; 24 inches if nobody said.
    pub screen_mm: Option<ScreenMm>,
}

/// A kiosk: its window, its state, and the thread that talks to the daemon.
pub struct Kiosk {
    inner: Rc<Inner>,
    fit: Option<f32>,
    screen_mm: Option<ScreenMm>,
    _clock: slint::Timer,
}

/// Does what the core asks of the world outside.
type Perform = Box<dyn Fn(Effect)>;

struct Inner {
    window: AppWindow,
    state: RefCell<State>,
    waiting: RefCell<VecDeque<Msg>>,
    arrived: Receiver<Msg>,
    perform: Perform,
    mapping: RefCell<Mapping>,
    pen: slint::Timer,
    laid: Laid,
    language: RefCell<String>,
    started: Instant,
    /// Time that a test has let pass.
    skipped: Cell<Duration>,
    /// No other time passes.
    frozen: Cell<bool>,
    /// What a test says that the clock on the wall shows.
    wall: Cell<Option<NaiveDateTime>>,
    voice: RefCell<voice::Voice>,
    keypad: app::Keypad,
}

impl Kiosk {
    /// A kiosk on the present Slint platform. Nothing is shown before [`Kiosk::run`] or the window's own `show`.
    pub fn new(client: Client, options: Options) -> anyhow::Result<Kiosk> {
        let window = AppWindow::new()?;
        let (sender, arrived) = mpsc::channel();
        let sender = Mutex::new(sender);
        let wake = window.as_weak();
        let deliver: effects::Deliver = Arc::new(move |msg| {
            let _ = sender.lock().unwrap_or_else(PoisonError::into_inner).send(msg);
            // Without an event loop (in tests) nobody is woken, and `pump` takes the message.
            let _ = wake.upgrade_in_event_loop(|window| ui::Shell::get(&window).invoke_arrived());
        });
        let effects = Effects::start(client, options.photos.clone(), options.staff_pin.clone(), Arc::clone(&deliver))?;
        let tell = Arc::clone(&deliver);
        let printer = options.printer.clone().map(|printer| slip::device::Printer::start(printer, deliver)).transpose()?;
        let perform = move |effect| match (effect, &printer) {
            (Effect::Print(ticket, slip), Some(printer)) => printer.print(ticket, slip),
            (Effect::DropPrint(ticket), Some(printer)) => printer.drop_print(ticket),
            (effect, _) => effects.run(effect),
        };
        let kiosk = Kiosk::assemble(window, &options, arrived, Box::new(perform));
        let started = kiosk.inner.started;
        kiosk.speak(&options, tell);
        bridge::drawn::connect(kiosk.window(), move |live| bridge::drawn::tell(live, started));
        Ok(kiosk)
    }

    fn assemble(window: AppWindow, options: &Options, arrived: Receiver<Msg>, perform: Perform) -> Kiosk {
        let (width, height) = options.size.unwrap_or((1920, 1080));
        window.window().set_size(slint::PhysicalSize::new(width, height));
        window.window().set_fullscreen(options.fullscreen);
        let first_language = options.language.clone();
        let state = State {
            takes_photos: options.photos.is_some(),
            first_language,
            hours: options.hours.clone(),
            patience: options.patience,
            has_pin: options.staff_pin.as_deref().is_some_and(pin::is_set),
            ..State::default()
        };
        let inner = Rc::new(Inner {
            window,
            state: RefCell::new(state),
            waiting: RefCell::default(),
            arrived,
            perform,
            mapping: RefCell::new(Mapping::default()),
            pen: slint::Timer::default(),
            laid: Laid::default(),
            language: RefCell::default(),
            started: Instant::now(),
            skipped: Cell::default(),
            frozen: Cell::default(),
            wall: Cell::default(),
            voice: RefCell::new(voice::Voice::new(Box::new(voice::Silent))),
            keypad: options.keypad,
        });
        let weak = Rc::downgrade(&inner);
        let send: bridge::Send = Rc::new(move |msg| {
            if let Some(inner) = weak.upgrade() {
                inner.struck(msg);
            }
        });
        bridge::connect(&inner.window, &send, &(Rc::new(chance) as bridge::Chance), &inner.laid);
        let weak = Rc::downgrade(&inner);
        ui::Shell::get(&inner.window).on_arrived(move || {
            if let Some(inner) = weak.upgrade() {
                inner.pump();
            }
        });
        mapping::connect(&inner, &send);
        bridge::ear::connect(&inner, &send);
        inner.show();
        let clock = slint::Timer::default();
        let weak = Rc::downgrade(&inner);
        let (devices, displays) = (input::Devices::of_system(), display::Displays::of_system());
        let mut ticks = 0;
        clock.start(slint::TimerMode::Repeated, TICK, move || {
            if let Some(inner) = weak.upgrade() {
                inner.pump();
                if ticks % INPUT_TICKS == 0 {
                    inner.look_for_input(&devices);
                    inner.take(Msg::Displayed(displays.look()));
                }
                ticks = ticks.wrapping_add(1);
                inner.tick();
                bridge::drawn::beat();
            }
        });
        Kiosk { inner, fit: options.fit, screen_mm: options.screen_mm, _clock: clock }
    }

    /// Gives the kiosk its voice. Without a sound card, or when the system gives no thread, it is a silent one.
    fn speak(&self, options: &Options, deliver: Arc<dyn Fn(Msg) + Send + Sync>) {
        if options.output == voice::jack::Output::None {
            return;
        }
        let device = options.sound_device.as_deref().unwrap_or("default");
        match voice::Espeak::start(voice::espeak::Programs::to_device(device)) {
            Ok(espeak) => self.set_speaker(Box::new(espeak)),
            Err(error) => tracing::error!(%error, "the voice cannot be started; what would be said stands on the screen"),
        }
        let tell = Arc::new(move |ears| deliver(Msg::Ears(ears)));
        if let Err(error) = voice::jack::watch(options.output, voice::jack::KernelJack::default(), tell) {
            tracing::error!(%error, "headphones are not noticed; reading aloud begins by its button");
        }
    }

    /// Gives the kiosk another voice: a transcript, in tests.
    pub fn set_speaker(&self, speaker: Box<dyn voice::Speaker>) {
        *self.inner.voice.borrow_mut() = voice::Voice::new(speaker);
        self.inner.listen();
    }

    /// Lets time pass for tests: the clock is that much later, and has ticked.
    pub fn later(&self, time: Duration) {
        self.inner.skipped.set(self.inner.skipped.get() + time);
        self.inner.tick();
    }

    /// From now on only [`Kiosk::later`] lets time pass, and it begins at 0: for tests.
    pub fn freeze(&self) {
        self.inner.frozen.set(true);
        self.inner.tick();
    }

    /// Sets the clock on the wall for tests; it stands still then.
    pub fn set_wall(&self, wall: NaiveDateTime) {
        self.inner.wall.set(Some(wall));
        self.inner.tick();
    }

    /// The window, for tests.
    pub fn window(&self) -> &AppWindow {
        &self.inner.window
    }

    /// A copy of what the kiosk knows, for tests.
    pub fn state(&self) -> State {
        self.inner.state.borrow().clone()
    }

    /// Gives a message as if it came from outside, for tests.
    pub fn send(&self, msg: Msg) {
        self.inner.take(msg);
    }

    /// Takes in everything that the network thread has brought.
    pub fn pump(&self) {
        self.inner.pump();
    }

    /// Takes in messages as they come until the state is as wished (`true`) or the time is over (`false`).
    pub fn pump_until(&self, patience: Duration, wish: impl Fn(&State) -> bool) -> bool {
        let end = Instant::now() + patience;
        loop {
            self.inner.pump();
            if wish(&self.inner.state.borrow()) {
                return true;
            }
            match self.inner.arrived.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(msg) => self.inner.take(msg),
                Err(_) => return false,
            }
        }
    }

    /// Shows the window and runs until it is closed.
    pub fn run(&self) -> anyhow::Result<()> {
        let window = self.inner.window.window();
        window.show()?;
        let size = window.size();
        if let Some(scale) = self.fit {
            let scale_factor = look::fitting(size.width, size.height) * scale;
            window.dispatch_event_with_result(WindowEvent::ScaleFactorChanged { scale_factor })?;
        }
        let mm = look::pixels_per_mm((size.width, size.height), self.screen_mm, window.scale_factor());
        tracing::info!(mm, scale = window.scale_factor(), "logical pixels to the millimetre");
        ui::Theme::get(&self.inner.window).set_mm(mm);
        Ok(self.inner.window.run()?)
    }
}

impl Inner {
    fn now(&self) -> Duration {
        if self.frozen.get() { self.skipped.get() } else { self.started.elapsed() + self.skipped.get() }
    }

    /// Takes note of touch screens and keyboards that came or went.
    fn look_for_input(self: &Rc<Self>, devices: &input::Devices) {
        let now = devices.look();
        if self.state.borrow().touchable != now {
            match now {
                app::Touchable::No => tracing::warn!("no touch screen, mouse or keyboard is there; check its cable"),
                now => tracing::info!(?now, "input devices changed"),
            }
            self.take(Msg::Touchable(now));
        }
    }

    fn tick(self: &Rc<Self>) {
        let wall = self.wall.get().unwrap_or_else(|| chrono::Local::now().naive_local());
        self.take(Msg::Tick { now_ms: u64::try_from(self.now().as_millis()).unwrap_or(u64::MAX), wall: Some(wall) });
        self.hint();
    }

    /// Takes a message from the screen, unless it is the second of a double strike.
    fn struck(self: &Rc<Self>, msg: Msg) {
        self.hush();
        let now_ms = u64::try_from(self.now().as_millis()).unwrap_or(u64::MAX);
        if app::strike::is_second(&mut self.state.borrow_mut(), &msg, now_ms) {
            self.take(Msg::Touched);
            return;
        }
        self.take(msg);
    }

    /// Draws the map, and goes on drawing as long as something sharper is to come.
    fn draw(self: &Rc<Self>) {
        let (next, wish) = match self.mapping.try_borrow_mut() {
            Ok(mut mapping) => (mapping.draw(&self.window), mapping.wish()),
            // Called from within the layout: a little later then.
            Err(_) => (Some(MAP_TICK), None),
        };
        if let Some(seen) = wish {
            self.take(Msg::Seen(seen));
        }
        let Some(next) = next else { return self.pen.stop() };
        if self.pen.running() {
            if self.pen.interval() != next {
                self.pen.set_interval(next);
            }
        } else {
            let weak = Rc::downgrade(self);
            self.pen.start(slint::TimerMode::Repeated, next, move || {
                if let Some(inner) = weak.upgrade() {
                    inner.draw();
                }
            });
        }
    }

    fn pump(self: &Rc<Self>) {
        while let Ok(msg) = self.arrived.try_recv() {
            self.take(msg);
        }
    }

    /// Takes one message. Showing the state can set off further ones (a field that gets the focus): they wait their turn.
    fn take(self: &Rc<Self>, msg: Msg) {
        let busy = {
            let mut waiting = self.waiting.borrow_mut();
            waiting.push_back(msg);
            waiting.len() > 1
        };
        if busy {
            return;
        }
        loop {
            let Some(msg) = self.waiting.borrow().front().cloned() else { return };
            let seen = |state: &State| {
                (state.session.clone(), state.rest, state.cleaning_s(), state.pause_min(), state.is_untouchable())
            };
            let before = seen(&self.state.borrow());
            let quiet = matches!(msg, Msg::Tick { .. } | Msg::Touched | Msg::Displayed(_) | Msg::Seen(_));
            let effects = app::update(&mut self.state.borrow_mut(), msg);
            // Most ticks change nothing that can be seen.
            if !quiet || before != seen(&self.state.borrow()) {
                self.show();
                self.listen();
            }
            let is_over = |session: &app::Session| !session.started || session.screen == app::Screen::Finished;
            if is_over(&self.state.borrow().session) && !is_over(&before.0) {
                self.forget_copies();
            }
            for effect in effects {
                match effect {
                    Effect::Look(point) => self.mapping.borrow_mut().look(point),
                    Effect::LookAround => self.mapping.borrow_mut().look_around(),
                    Effect::Restart => restart(),
                    effect => (self.perform)(effect),
                }
            }
            if !quiet {
                self.draw();
            }
            self.waiting.borrow_mut().pop_front();
        }
    }

    /// Puts something else on the clipboards. After this turn of the event loop: the end of a session may come out of a touch.
    fn forget_copies(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        slint::Timer::single_shot(Duration::ZERO, move || {
            let Some(inner) = weak.upgrade() else { return };
            let (shell, window) = (ui::Shell::get(&inner.window), inner.window.window());
            shell.set_forgetting(true);
            inner.window.invoke_copy_nothing();
            // A word that is touched twice is selected, and goes on a clipboard of its own.
            let (position, button) = (slint::LogicalPosition::new(4.0, 8.0), slint::platform::PointerEventButton::Left);
            for _ in 0..2 {
                for event in [
                    WindowEvent::PointerMoved { position },
                    WindowEvent::PointerPressed { position, button },
                    WindowEvent::PointerReleased { position, button },
                ] {
                    if let Err(error) = window.dispatch_event_with_result(event) {
                        tracing::warn!(%error, "what was copied is not forgotten");
                    }
                }
            }
            let _ = window.dispatch_event_with_result(WindowEvent::PointerExited);
            shell.set_forgetting(false);
            shell.set_forgotten(shell.get_forgotten().wrapping_add(1));
        });
    }

    fn show(&self) {
        let state = self.state.borrow().clone();
        let language = state.language().map_or_else(|| "en".to_owned(), Language::to_string);
        if *self.language.borrow() != language {
            locale::select(&language);
            language.clone_into(&mut self.language.borrow_mut());
        }
        self.mapping.borrow_mut().follow(&state, &language);
        bridge::show(&self.window, &state, &self.laid);
    }
}

/// Ends the event loop: staff wish it, or the display is another. The service manager starts the program anew.
fn restart() {
    tracing::info!("the kiosk ends, to be started anew: staff wish it, or another display is there");
    if let Err(error) = slint::quit_event_loop() {
        tracing::error!(%error, "the event loop does not end");
    }
}

/// Random bytes of the system.
fn chance() -> [u8; 16] {
    let mut bytes = [0; 16];
    if let Err(error) = getrandom::fill(&mut bytes) {
        // A code that can be guessed would open a stranger's report: rather no kiosk than that.
        tracing::error!(%error, "the system gives no random bytes; stopping");
        std::process::exit(1);
    }
    bytes
}

/// As in the program itself: what is let go of is overwritten.
#[cfg(test)]
#[global_allocator]
static MEMORY: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

#[cfg(test)]
mod tests;
