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
pub mod effects;
pub mod gallery;
pub mod hours;
pub mod keyboard;
mod locale;
pub mod map;
mod mapping;
pub mod slip;
pub mod voice;
pub mod zone;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::mem::Discriminant;
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
/// How often the map is drawn anew while sharper tiles are to come; never otherwise.
const MAP_TICK: Duration = Duration::from_millis(33);
/// A second strike on the same button within this time is a slip of the finger.
const DOUBLE_STRIKE: Duration = Duration::from_millis(500);

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
    /// Everything is drawn larger or smaller, so that a screen of any size shows as much as one of Full HD; by this much larger yet.
    pub fit: Option<f32>,
    /// What the kiosk is operated with beside touch and a plain keyboard.
    pub keypad: app::Keypad,
    /// Where sound goes.
    pub output: voice::jack::Output,
    /// ALSA's name of the sound device; `default` otherwise.
    pub sound_device: Option<String>,
}

/// A kiosk: its window, its state, and the thread that talks to the daemon.
pub struct Kiosk {
    inner: Rc<Inner>,
    fit: Option<f32>,
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
    struck: Cell<Option<(Discriminant<Msg>, Duration)>>,
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
        let deliver = Arc::new(move |msg| {
            let _ = sender.lock().unwrap_or_else(PoisonError::into_inner).send(msg);
            // Without an event loop (in tests) nobody is woken, and `pump` takes the message.
            let _ = wake.upgrade_in_event_loop(|window| ui::Shell::get(&window).invoke_arrived());
        });
        let tell = Arc::clone(&deliver);
        let effects = Effects::start(client, options.photos.clone(), deliver)?;
        let kiosk = Kiosk::assemble(window, &options, arrived, Box::new(move |effect| effects.run(effect)));
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
        let state =
            State { takes_photos: options.photos.is_some(), first_language, hours: options.hours.clone(), ..State::default() };
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
            struck: Cell::default(),
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
        clock.start(slint::TimerMode::Repeated, TICK, move || {
            if let Some(inner) = weak.upgrade() {
                inner.pump();
                inner.tick();
                bridge::drawn::beat();
            }
        });
        Kiosk { inner, fit: options.fit, _clock: clock }
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
        if let Some(scale) = self.fit {
            let size = window.size();
            let scale_factor = fitting(size.width, size.height) * scale;
            window.dispatch_event_with_result(WindowEvent::ScaleFactorChanged { scale_factor })?;
        }
        Ok(self.inner.window.run()?)
    }
}

/// By how much what was laid out for Full HD, upright or not, is enlarged for a screen of so many pixels.
fn fitting(width: u32, height: u32) -> f32 {
    let by = |side: u32, laid_out: f32| side as f32 / laid_out;
    by(width.max(height), 1920.0).min(by(width.min(height), 1080.0)).clamp(0.4, 4.0)
}

impl Inner {
    fn now(&self) -> Duration {
        if self.frozen.get() { self.skipped.get() } else { self.started.elapsed() + self.skipped.get() }
    }

    fn tick(self: &Rc<Self>) {
        let wall = self.wall.get().unwrap_or_else(|| chrono::Local::now().naive_local());
        self.take(Msg::Tick { now_ms: u64::try_from(self.now().as_millis()).unwrap_or(u64::MAX), wall: Some(wall) });
        self.hint();
    }

    /// Takes a message from the screen, unless it is the second of a double strike.
    fn struck(self: &Rc<Self>, msg: Msg) {
        self.hush();
        if msg.is_step() {
            let (kind, now) = (std::mem::discriminant(&msg), self.now());
            let before = self.struck.replace(Some((kind, now)));
            if before.is_some_and(|(same, at)| same == kind && now.saturating_sub(at) < DOUBLE_STRIKE) {
                self.take(Msg::Touched);
                return;
            }
        }
        self.take(msg);
    }

    /// Draws the map, and goes on drawing as long as something sharper is to come.
    fn draw(self: &Rc<Self>) {
        let more = match self.mapping.try_borrow_mut() {
            Ok(mut mapping) => mapping.draw(&self.window),
            // Called from within the layout: a little later then.
            Err(_) => true,
        };
        if !more {
            self.pen.stop();
        } else if !self.pen.running() {
            let weak = Rc::downgrade(self);
            self.pen.start(slint::TimerMode::Repeated, MAP_TICK, move || {
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
            let before = self.state.borrow().session.clone();
            let rest = self.state.borrow().rest;
            let quiet = matches!(msg, Msg::Tick { .. } | Msg::Touched);
            let effects = app::update(&mut self.state.borrow_mut(), msg);
            // Most ticks change nothing that can be seen.
            if !quiet || before != self.state.borrow().session || rest != self.state.borrow().rest {
                self.show();
                self.listen();
            }
            for effect in effects {
                match effect {
                    Effect::Look(point) => self.mapping.borrow_mut().look(point),
                    Effect::LookAround => self.mapping.borrow_mut().look_around(),
                    effect => (self.perform)(effect),
                }
            }
            if !quiet {
                self.draw();
            }
            self.waiting.borrow_mut().pop_front();
        }
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

#[cfg(test)]
mod tests;
