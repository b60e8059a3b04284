//! The map on the screen: which town file is open, where it looks, and its picture in the window.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use api::Point;
use slint::Global;

use crate::app::{Msg, Screen, State};
use crate::bridge::{self, Send};
use crate::map::{MapView, Marker};
use crate::{Inner, ui};

/// A street with its houses.
const NEAR_ZOOM: f64 = 17.0;
/// The quarter.
const FAR_ZOOM: f64 = 15.0;

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
        let shown = Shown { screen: session.screen, pin, markers: markers.collect(), language: language.to_owned() };
        if self.shown.as_ref() == Some(&shown) {
            return;
        }
        if let Some(view) = &mut self.view {
            view.set_language(language);
            view.set_pin(shown.pin.map(|(point, _)| point), shown.pin.and_then(|(_, radius)| radius));
            view.set_markers(shown.markers.clone());
        }
        self.shown = Some(shown);
        self.stale = true;
    }

    /// Moves to a place.
    pub fn look(&mut self, point: Point) {
        if let Some(view) = &mut self.view {
            view.center_on(point, NEAR_ZOOM);
            self.stale = true;
        }
    }

    /// Moves to where the map opens.
    pub fn look_around(&mut self) {
        if let (Some(view), Some(center)) = (&mut self.view, self.center) {
            // A small town would be an island in an empty window, a large one a blur of streets.
            view.center_on(center, view.filling_zoom().clamp(FAR_ZOOM, NEAR_ZOOM));
            self.opened_at = Some((view.center(), view.zoom()));
            self.stale = true;
        }
    }

    /// Puts the picture into the window, if there is a newer one. `true` when a sharper one is still to come.
    pub fn draw(&mut self, window: &ui::AppWindow) -> bool {
        let data = ui::MapData::get(window);
        let Some(view) = &mut self.view else { return false };
        let seen = self.shown.as_ref().is_some_and(|shown| matches!(shown.screen, Screen::Place | Screen::Browse));
        if !self.stale || !seen || self.size_px.is_none() {
            return false;
        }
        let (width, height) = view.size_px();
        let (rgb, more) = view.frame();
        data.set_picture(bridge::picture(rgb, width, height));
        data.set_there(true);
        self.stale = more;
        more
    }

    /// Draws until nothing sharper is to come: for pictures.
    pub fn settle(&mut self, window: &ui::AppWindow) {
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
    let weak = Rc::downgrade(inner);
    data.on_dragged(move |dx, dy| {
        let Some(inner) = weak.upgrade() else { return };
        inner.take(Msg::Touched);
        let mut mapping = inner.mapping.borrow_mut();
        if let Some(view) = &mut mapping.view {
            view.pan_px(dx, dy);
        }
        mapping.stale = true;
        drop(mapping);
        inner.draw();
    });
    let weak = Rc::downgrade(inner);
    data.on_step(move |right, down| {
        let Some(inner) = weak.upgrade() else { return };
        inner.take(Msg::Touched);
        let mut mapping = inner.mapping.borrow_mut();
        if let Some(view) = &mut mapping.view {
            let (width, height) = view.size_px();
            view.pan_px(-right * width as f32 * STEP, -down * height as f32 * STEP);
        }
        mapping.stale = true;
        drop(mapping);
        inner.draw();
    });
    let weak = Rc::downgrade(inner);
    data.on_zoom(move |steps| {
        let Some(inner) = weak.upgrade() else { return };
        inner.take(Msg::Touched);
        let mut mapping = inner.mapping.borrow_mut();
        if let Some(view) = &mut mapping.view {
            let (width, height) = view.size_px();
            view.zoom_by(f64::from(steps), (width as f32 / 2.0, height as f32 / 2.0));
        }
        mapping.stale = true;
        drop(mapping);
        inner.draw();
    });
    let (weak, send) = (Rc::downgrade(inner), Rc::clone(send));
    data.on_tapped(move |x, y| {
        let Some(inner) = weak.upgrade() else { return };
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
