//! The map on the screen: which town file is open, where it looks, and its picture in the window.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::Point;
use slint::Global;

use crate::app::{Colours, Msg, Screen, State};
use crate::bridge::{self, Send};
use crate::map::motion::Motion;
use crate::map::{MapView, Marker, Style};
use crate::{Inner, ui};

/// A street with its houses.
const NEAR_ZOOM: f64 = 17.0;
/// The quarter.
const FAR_ZOOM: f64 = 15.0;

/// How often the map is drawn anew while it moves by itself, and while only sharper tiles are to come.
const MOVE_TICK: Duration = Duration::from_millis(16);
const WAIT_TICK: Duration = Duration::from_millis(33);
/// A slow machine's frames: longer gaps are pauses, not motion.
const GAP: Duration = Duration::from_millis(100);
/// Two taps within this time and distance (in pixels) are one wish: closer.
const DOUBLE_TAP: Duration = Duration::from_millis(350);
const DOUBLE_TAP_PX: f32 = 32.0;

/// The map, once there is a town file.
#[derive(Default)]
pub struct Mapping {
    view: Option<MapView>,
    file: Option<PathBuf>,
    size_px: Option<(u32, u32)>,
    center: Option<Point>,
    /// Where the map opened; it is there still unless somebody moved it.
    opened_at: Option<(Point, f64)>,
    shown: Option<Shown>,
    /// The picture in the window is not yet the last one.
    stale: bool,
    motion: Motion,
    /// Where a zoom on its way ends, and the pixel that stays where it is.
    zoom_to: Option<(f64, (f32, f32))>,
    /// When the map was last moved by itself.
    moved_at: Option<Instant>,
    /// When the finger came down that is on the map, or was last.
    pressed_at: Option<Instant>,
    /// The last tap: when and where.
    tap: Option<(Instant, f32, f32)>,
    /// The resident wants nothing to move by itself.
    still: bool,
}

/// How far an arrow moves the map, as a part of its window.
const STEP: f32 = 0.3;

/// What is marked.
#[derive(PartialEq)]
struct Shown {
    screen: Screen,
    pin: Option<(Point, Option<u32>)>,
    markers: Vec<Marker>,
    language: String,
    style: Style,
}

/// The map's style that goes with the colours of the screens.
fn style_of(colours: Colours) -> Style {
    match colours {
        // Of the map's styles the calm one is the softest, too.
        Colours::Standard | Colours::Soft => Style::Standard,
        Colours::Dark => Style::Night,
        Colours::ContrastDark => Style::ContrastDark,
        Colours::ContrastLight => Style::Contrast,
    }
}

impl Mapping {
    /// Opens the town's file when it is told, and marks what the state says.
    pub fn follow(&mut self, state: &State, language: &str) {
        let Some(town) = &state.town else { return };
        let file = town.map_file.as_ref().map(PathBuf::from);
        if file != self.file {
            self.view = file.as_deref().and_then(|file| match ::map::Town::open(file) {
                Ok(town) => Some(MapView::new(Arc::new(town), self.size_px.unwrap_or((1200, 800)), language)),
                Err(error) => {
                    tracing::error!(%error, "the map cannot be opened; places can still be found by address");
                    None
                }
            });
            self.file = file;
            self.center = Some(town.center);
            self.look_around();
        }
        let session = &state.session;
        self.still = session.settings.still;
        let (pin, reports) = match session.screen {
            Screen::Place => {
                let radius = state.category().map(|category| u32::from(category.near_radius_m)).filter(|radius| *radius > 0);
                let near = session.draft.near.iter().map(|near| &near.report).collect();
                (session.draft.point.map(|point| (point, radius)), near)
            }
            Screen::Browse => (None, session.browse.reports.iter().collect()),
            _ => (None, Vec::new()),
        };
        let markers = reports.into_iter().map(|report: &api::Summary| Marker {
            id: report.id,
            point: report.place.point,
            letter: state.category_of(&report.category).map_or('?', |category| category.letter),
            kind: report.kind,
            open: report.status.is_open(),
        });
        let shown = Shown {
            screen: session.screen,
            pin,
            markers: markers.collect(),
            language: language.to_owned(),
            style: style_of(session.settings.colours),
        };
        if self.shown.as_ref() == Some(&shown) {
            return;
        }
        if let Some(view) = &mut self.view {
            view.set_language(language);
            view.set_style(shown.style);
            view.set_pin(shown.pin.map(|(point, _)| point), shown.pin.and_then(|(_, radius)| radius));
            view.set_markers(shown.markers.clone());
        }
        self.shown = Some(shown);
        self.stale = true;
    }

    /// Moves to a place.
    pub fn look(&mut self, point: Point) {
        self.hold();
        if let Some(view) = &mut self.view {
            view.center_on(point, NEAR_ZOOM);
            self.stale = true;
        }
    }

    /// Moves to where the map opens.
    pub fn look_around(&mut self) {
        self.hold();
        if let (Some(view), Some(center)) = (&mut self.view, self.center) {
            // A small town would be an island in an empty window, a large one a blur of streets.
            view.center_on(center, view.filling_zoom().clamp(FAR_ZOOM, NEAR_ZOOM));
            self.opened_at = Some((view.center(), view.zoom()));
            self.stale = true;
        }
    }

    /// Whatever moves by itself stands still from now on.
    fn hold(&mut self) {
        self.motion.hold();
        (self.zoom_to, self.moved_at) = (None, None);
    }

    /// A finger came down.
    fn press(&mut self) {
        self.hold();
        self.pressed_at = Some(Instant::now());
    }

    /// Milliseconds since the finger came down.
    fn pressed_ms(&self) -> u64 {
        self.pressed_at.map_or(0, |at| at.elapsed().as_millis() as u64)
    }

    fn pan(&mut self, dx: f32, dy: f32) {
        if let Some(view) = &mut self.view {
            view.pan_px(dx, dy);
            self.stale = true;
        }
    }

    /// Zooms, little by little unless nothing is to move by itself.
    fn zoom(&mut self, steps: f64, anchor_px: (f32, f32)) {
        let Some(view) = &mut self.view else { return };
        self.stale = true;
        if self.still {
            view.zoom_by(steps, anchor_px);
            return;
        }
        let from = view.zoom();
        let to = view.nearest_zoom(self.zoom_to.map_or(from, |(to, _)| to) + steps);
        self.motion.hold();
        self.motion.zoom(to - from, anchor_px);
        self.zoom_to = Some((to, anchor_px));
    }

    /// Moves what moves by itself, by the time since it was last moved. Whether it goes on.
    fn go_on(&mut self) -> bool {
        let Some(view) = self.view.as_mut().filter(|_| self.motion.moves()) else {
            self.moved_at = None;
            return false;
        };
        let now = Instant::now();
        let passed = self.moved_at.map_or(MOVE_TICK, |at| now.duration_since(at)).clamp(MOVE_TICK, GAP);
        self.moved_at = Some(now);
        let moved = self.motion.pass(passed.as_millis() as u32);
        view.pan_px(moved.pan_px.0, moved.pan_px.1);
        if let Some((steps, anchor)) = moved.zoom {
            view.zoom_by(steps, anchor);
        }
        let goes_on = self.motion.moves();
        if let Some((to, anchor)) = self.zoom_to.take_if(|_| !goes_on) {
            // The parts were rounded each; the tiles of the whole zoom are there already.
            view.zoom_by(to - view.zoom(), anchor);
        }
        self.stale = true;
        goes_on
    }

    /// Puts the picture into the window, if there is a newer one. When to do so again, if another is to come.
    pub fn draw(&mut self, window: &ui::AppWindow) -> Option<Duration> {
        let data = ui::MapData::get(window);
        let seen = self.shown.as_ref().is_some_and(|shown| matches!(shown.screen, Screen::Place | Screen::Browse));
        if !seen {
            self.hold();
        }
        let moves = self.go_on();
        if !self.stale || !seen || self.size_px.is_none() {
            return None;
        }
        let view = self.view.as_mut()?;
        let (width, height) = view.size_px();
        let (rgb, more) = view.frame();
        data.set_picture(bridge::picture(rgb, width, height));
        data.set_there(true);
        self.stale = more;
        if moves { Some(MOVE_TICK) } else { more.then_some(WAIT_TICK) }
    }

    /// Draws until nothing sharper is to come: for pictures.
    pub fn settle(&mut self, window: &ui::AppWindow) {
        while self.go_on() {}
        if let Some(view) = &mut self.view {
            view.settle();
        }
        self.draw(window);
    }

    /// Gives the picture another size, in pixels.
    pub fn resize(&mut self, width: f32, height: f32) {
        let size = (width.max(1.0) as u32, height.max(1.0) as u32);
        self.size_px = Some(size);
        if let Some(view) = &mut self.view {
            let untouched = self.opened_at == Some((view.center(), view.zoom()));
            view.resize(size);
            if untouched {
                self.look_around();
            }
        }
        self.stale = true;
    }
}

/// Wires the map's callbacks: moving is the map's own business, a tap is a message.
pub fn connect(inner: &Rc<Inner>, send: &Send) {
    let data = ui::MapData::get(&inner.window);
    let weak = Rc::downgrade(inner);
    data.on_resized(move |width, height| {
        // Called while the screen is laid out, which may be inside `follow`: then the next drawing finds the size.
        let Some(inner) = weak.upgrade() else { return };
        let Ok(mut mapping) = inner.mapping.try_borrow_mut() else { return };
        mapping.resize(width, height);
        drop(mapping);
        inner.draw();
    });
    let pressed = moving(inner, |mapping, ()| mapping.press());
    data.on_pressed(move || pressed(()));
    let dragged = moving(inner, |mapping, (dx, dy): (f32, f32)| {
        mapping.pan(dx, dy);
        let now_ms = mapping.pressed_ms();
        mapping.motion.drag(now_ms, dx, dy);
    });
    data.on_dragged(move |dx, dy| dragged((dx, dy)));
    let released = moving(inner, |mapping, ()| {
        let now_ms = mapping.pressed_ms();
        if mapping.still {
            mapping.hold()
        } else {
            mapping.motion.release(now_ms)
        }
        mapping.stale = true;
    });
    data.on_released(move || released(()));
    // Two fingers: the place between them follows them, and so do the distances.
    let pinched = moving(inner, |mapping, (factor, x, y, dx, dy): (f32, f32, f32, f32, f32)| {
        mapping.hold();
        mapping.pan(dx, dy);
        if let Some(view) = mapping.view.as_mut().filter(|_| factor > 0.0) {
            view.zoom_by(f64::from(factor.log2()), (x, y));
        }
    });
    data.on_pinched(move |factor, x, y, dx, dy| pinched((factor, x, y, dx, dy)));
    let step = moving(inner, |mapping, (right, down): (f32, f32)| {
        let Some((width, height)) = mapping.view.as_ref().map(MapView::size_px) else { return };
        mapping.hold();
        mapping.pan(-right * width as f32 * STEP, -down * height as f32 * STEP);
    });
    data.on_step(move |right, down| step((right, down)));
    data.on_zoom(moving(inner, |mapping, steps: f32| {
        let Some((width, height)) = mapping.view.as_ref().map(MapView::size_px) else { return };
        mapping.zoom(f64::from(steps), (width as f32 / 2.0, height as f32 / 2.0));
    }));
    let zoom_at = moving(inner, |mapping, (steps, x, y): (f32, f32, f32)| mapping.zoom(f64::from(steps), (x, y)));
    data.on_zoom_at(move |steps, x, y| zoom_at((steps, x, y)));
    let (weak, send) = (Rc::downgrade(inner), Rc::clone(send));
    data.on_tapped(move |x, y| {
        let Some(inner) = weak.upgrade() else { return };
        let again = {
            let mut mapping = inner.mapping.borrow_mut();
            let near = |(at, last_x, last_y): (Instant, f32, f32)| {
                at.elapsed() <= DOUBLE_TAP && (last_x - x).hypot(last_y - y) <= DOUBLE_TAP_PX
            };
            let again = mapping.tap.take().is_some_and(near);
            if again {
                mapping.zoom(1.0, (x, y));
            } else {
                mapping.tap = Some((Instant::now(), x, y));
            }
            again
        };
        if again {
            inner.take(Msg::Touched);
            inner.draw();
            return;
        }
        let hit = {
            let mapping = inner.mapping.borrow();
            mapping.view.as_ref().map(|view| (view.marker_at(x, y), view.point_at(x, y)))
        };
        let screen = inner.state.borrow().session.screen;
        match (screen, hit) {
            (Screen::Place, Some((_, point))) => send(Msg::Spot(point)),
            (Screen::Browse, Some((Some(id), _))) => send(Msg::Select(id)),
            _ => {}
        }
    });
}

/// A callback that moves the map: the resident is there, and the picture is drawn anew.
fn moving<T: 'static>(inner: &Rc<Inner>, change: impl Fn(&mut Mapping, T) + 'static) -> Box<dyn Fn(T)> {
    let weak = Rc::downgrade(inner);
    Box::new(move |what| {
        let Some(inner) = weak.upgrade() else { return };
        inner.take(Msg::Touched);
        change(&mut inner.mapping.borrow_mut(), what);
        inner.draw();
    })
}

#[cfg(test)]
mod tests;
