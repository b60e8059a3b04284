//! The map on the screen: which town file is open, where it looks, and its picture in the window.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use api::{Bounds, Point};
use slint::Global;

use crate::app::{Colours, Msg, Screen, Seen, Settings, SiftMsg, State};
use crate::bridge::{self, Send};
use crate::map::motion::Motion;
use crate::map::pace::Pace;
use crate::map::{MapView, Marked, Marker, Style};
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
/// A finger that has not moved the map for so long holds it.
const HAND: Duration = Duration::from_millis(150);
/// Two taps within this time and distance (in pixels) are one wish: closer.
const DOUBLE_TAP: Duration = Duration::from_millis(350);
const DOUBLE_TAP_PX: f32 = 32.0;

/// The map, once there is a town file.
#[derive(Default)]
pub struct Mapping {
    view: Option<MapView>,
    file: Option<Opened>,
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
    /// When a finger moved it last.
    hand: Option<Instant>,
    /// How fast this machine draws.
    pace: Pace,
    /// What part of town was asked for last.
    told: Option<Seen>,
}

/// So much more than the window is asked for on every side, as a part of its larger side: a map that is dragged has its markers.
const ROUND_ABOUT: f32 = 0.25;
/// Markers are gathered for a zoom that differs by at most half of this, in thousandths.
const ZOOM_STEP: u32 = 500;
/// A tap on a heap of reports comes nearer by at most so many steps.
const APPROACH_STEPS: f64 = 3.0;

/// A town's file, as it was when it was opened: an update of the map puts another in its place.
#[derive(Debug, PartialEq)]
struct Opened {
    path: PathBuf,
    /// Which file of the disk, and when it was written.
    as_of: Option<(u64, SystemTime)>,
}

impl Opened {
    fn now(path: PathBuf) -> Opened {
        let as_of = path.metadata().and_then(|file| Ok((file.ino(), file.modified()?))).ok();
        Opened { path, as_of }
    }
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

/// The map's style that goes with the colours of the screens, unless somebody wants it in lines only.
fn style_of(settings: &Settings) -> Style {
    match settings.colours {
        _ if settings.lines => Style::Lines,
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
        let file = town.map_file.as_ref().map(|path| Opened::now(path.into()));
        if file != self.file {
            self.view = file.as_ref().and_then(|file| match ::map::Town::open(&file.path) {
                Ok(town) => Some(MapView::new(Arc::new(town), self.size_px.unwrap_or((1200, 800)), language)),
                Err(error) => {
                    tracing::error!(%error, "the map cannot be opened; places can still be found by address");
                    None
                }
            });
            self.file = file;
            // Another picture, and nothing is marked on it yet.
            self.shown = None;
            self.center = Some(town.center);
            self.look_around();
        }
        let session = &state.session;
        self.still = session.settings.still;
        let letter = |code: &api::CategoryCode| state.category_of(code).map_or('?', |category| category.letter);
        let near = |near: &api::Near| Marker {
            what: Marked::Report(near.report.id),
            point: near.report.place.point,
            letter: letter(&near.report.category),
            kind: Some(near.report.kind),
            open: near.report.status.is_open(),
        };
        let cluster = |cluster: &api::Cluster| Marker {
            what: match cluster.report {
                Some(report) => Marked::Report(report),
                None => Marked::Several { count: cluster.count, bounds: cluster.bounds },
            },
            point: cluster.point,
            letter: cluster.category.as_ref().map_or('?', letter),
            kind: cluster.kind,
            open: cluster.open > 0,
        };
        let (pin, markers) = match session.screen {
            Screen::Place => {
                let radius = state.category().map(|category| u32::from(category.near_radius_m)).filter(|radius| *radius > 0);
                (session.draft.point.map(|point| (point, radius)), session.draft.near.iter().map(near).collect())
            }
            Screen::Browse => (None, session.browse.clusters.iter().map(cluster).collect()),
            _ => (None, Vec::new()),
        };
        self.told = session.browse.seen;
        let shown =
            Shown { screen: session.screen, pin, markers, language: language.to_owned(), style: style_of(&session.settings) };
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
        self.hand = Some(Instant::now());
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

    /// The part of town whose reports the map needs, if it has not them. While it zooms nobody is asked: the zoom will be another.
    pub fn wish(&self) -> Option<Seen> {
        let browses = self.shown.as_ref().is_some_and(|shown| shown.screen == Screen::Browse);
        let view = self.view.as_ref().filter(|_| browses && self.zoom_to.is_none() && self.size_px.is_some())?;
        let zoom_milli = ((view.zoom() * 1000.0 / f64::from(ZOOM_STEP)).round() as u32) * ZOOM_STEP;
        let window = view.bounds(0.0);
        let has =
            |told: &Seen| told.zoom_milli == zoom_milli && told.bounds.contains(&window.min) && told.bounds.contains(&window.max);
        if self.told.as_ref().is_some_and(has) {
            return None;
        }
        let (width, height) = view.size_px();
        let bounds = view.bounds(width.max(height) as f32 * ROUND_ABOUT);
        // A window that reaches beyond the pole has no such rectangle.
        (bounds.min.lat_e7 <= bounds.max.lat_e7 && bounds.min.lon_e7 <= bounds.max.lon_e7).then_some(Seen { bounds, zoom_milli })
    }

    /// Comes nearer to reports that lie upon one another, until they can be told apart. Whether they can.
    fn approach(&mut self, point: Point, bounds: Bounds) -> bool {
        let Some(view) = &mut self.view else { return false };
        let from = view.zoom();
        let to = view.nearest_zoom(view.zoom_over(bounds).min(from + APPROACH_STEPS).max(from + 1.0));
        // Nearer than this the map does not go, or what lies there lies on one spot.
        if to - from < 0.5 || (bounds.min == bounds.max) {
            return false;
        }
        if self.still {
            view.center_on(point, to);
            self.stale = true;
            return true;
        }
        // What stays where it is while the place comes to the middle: beyond the place, as seen from there.
        let (width, height) = view.size_px();
        let (x, y) = view.pixel_of(point);
        let grows = (to - from).exp2() as f32;
        let fixed = |at: f32, middle: f32| (at * grows - middle) / (grows - 1.0);
        self.zoom(to - from, (fixed(x, width as f32 / 2.0), fixed(y, height as f32 / 2.0)));
        true
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
        let began = Instant::now();
        let moving = moves || self.hand.is_some_and(|at| at.elapsed() < HAND);
        view.set_coarse(moving && self.pace.is_slow());
        let (rgb, more) = view.frame();
        data.set_picture(bridge::picture(rgb, width, height));
        if moving {
            self.pace.took(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
        }
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
            mapping
                .view
                .as_ref()
                .map(|view| (view.marker_at(x, y).map(|marker| (marker.what, marker.point)), view.point_at(x, y)))
        };
        let screen = inner.state.borrow().session.screen;
        match (screen, hit) {
            (Screen::Place, Some((_, point))) => send(Msg::Spot(point)),
            (Screen::Browse, Some((Some((Marked::Report(id), _)), _))) => send(Msg::Select(id)),
            (Screen::Browse, Some((Some((Marked::Several { bounds, .. }, point)), _))) => {
                let nearer = inner.mapping.borrow_mut().approach(point, bounds);
                // What lies on one spot is told apart in the list.
                send(if nearer { Msg::Touched } else { Msg::Sift(SiftMsg::Spot(bounds)) });
                inner.draw();
            }
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
