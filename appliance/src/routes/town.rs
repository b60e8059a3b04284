//! The town and the box itself.

use std::sync::Arc;
use std::time::Instant;

use api::{Refusal, Town};
use axum::http::HeaderValue;
use store::decide::{COMMENT_MAX, TEXT_MAX};
use store::geo::{Area, Bounds, Point};

use crate::answer::{Reply, bytes, json};
use crate::app::App;
use crate::routes::Asked;

pub async fn openapi(app: Arc<App>, _: Asked) -> Reply {
    let mut response = bytes(app.openapi.clone(), "application/json");
    response.headers_mut().insert(axum::http::header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

pub async fn health(app: Arc<App>, _: Asked) -> Reply {
    let health = tokio::task::spawn_blocking(move || crate::health::read(&app)).await;
    json(&health.map_err(|_| crate::answer::No::internal())?)
}

pub async fn town(app: Arc<App>, _: Asked) -> Reply {
    let machine = app.machine.read(Instant::now());
    let present = app.present();
    let site = present.state.site().ok_or(Refusal::NoSite)?;
    let around = bounds(&site.area);
    let covered = app.map.as_ref().map_or(around, |map| from_map(map.bounds()));
    json(&Town {
        name: site.name.clone(),
        place_name: app.config.place_name.clone(),
        area: site.area.clone(),
        bounds: covered,
        center: app.config.center.unwrap_or_else(|| middle(overlap(around, covered))),
        languages: site.languages.clone(),
        demo: site.demo,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        map_file: app.map.as_ref().map(|_| app.map_file.display().to_string()),
        refuses: app.writer.pulse().condition().word().map(str::to_owned),
        notices: crate::machine::for_residents(machine.as_ref()),
        open_reports: present.index.open_reports(),
        categories: present.state.categories().cloned().collect(),
        departments: present.state.departments().cloned().collect(),
        text_max: TEXT_MAX,
        comment_max: COMMENT_MAX,
        photo_max: app.config.limits.photo_max,
        now_ms: (app.config.clock)(),
    })
}

fn from_map(bounds: map::Bounds) -> Bounds {
    let point = |point: map::Point| Point { lat_e7: point.lat_e7, lon_e7: point.lon_e7 };
    Bounds { min: point(bounds.min), max: point(bounds.max) }
}

/// The rectangle round an area; an area without points has none, and the whole planet stands for it.
fn bounds(area: &Area) -> Bounds {
    let mut points = area.0.iter().flatten().flatten();
    let Some(first) = points.next() else {
        let (min, max) =
            (Point { lat_e7: -900_000_000, lon_e7: -1_800_000_000 }, Point { lat_e7: 900_000_000, lon_e7: 1_800_000_000 });
        return Bounds { min, max };
    };
    points.fold(Bounds { min: *first, max: *first }, |all, point| Bounds {
        min: Point { lat_e7: all.min.lat_e7.min(point.lat_e7), lon_e7: all.min.lon_e7.min(point.lon_e7) },
        max: Point { lat_e7: all.max.lat_e7.max(point.lat_e7), lon_e7: all.max.lon_e7.max(point.lon_e7) },
    })
}

/// What two rectangles share; the first where they share nothing.
fn overlap(a: Bounds, b: Bounds) -> Bounds {
    let min = Point { lat_e7: a.min.lat_e7.max(b.min.lat_e7), lon_e7: a.min.lon_e7.max(b.min.lon_e7) };
    let max = Point { lat_e7: a.max.lat_e7.min(b.max.lat_e7), lon_e7: a.max.lon_e7.min(b.max.lon_e7) };
    if min.lat_e7 <= max.lat_e7 && min.lon_e7 <= max.lon_e7 { Bounds { min, max } } else { a }
}

fn middle(bounds: Bounds) -> Point {
    let half = |a: i32, b: i32| (i64::from(a) + i64::from(b)).div_euclid(2) as i32;
    Point { lat_e7: half(bounds.min.lat_e7, bounds.max.lat_e7), lon_e7: half(bounds.min.lon_e7, bounds.max.lon_e7) }
}
