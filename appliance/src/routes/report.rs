//! What residents do: read, report, support, comment, follow up.

use std::sync::{Arc, PoisonError};

use api::{
    Bounds, CategoryCodes, ClusterList, ClusterQuery, Filed, Follow, Kind, NearQuery, NearReply, NewComment, NewReport,
    NewSupport, Point, Refusal, ReportId, ReportList, ReportQuery, Supported, UnixMs,
};
use store::decide::{Actor, Command};
use store::index::Filter;

use crate::answer::{No, Reply, json};
use crate::app::App;
use crate::routes::{Asked, limit, limit_max};
use crate::view;

/// Nearer than any map shows.
const ZOOM_MAX: f64 = 24.0;
/// Near reports offered for "me too".
const NEAR_MAX: usize = 10;

pub async fn list(app: Arc<App>, asked: Asked) -> Reply {
    let query: ReportQuery = asked.query()?;
    let limit = limit(query.limit, 100, limit_max("reports"))?;
    let filter = filter(query.kind, query.category, query.since_ms, query.closed);
    let present = app.present();
    let (state, index) = (&present.state, &present.index);
    let (ids, total) = match (query.bounds, query.near) {
        (Some(_), Some(_)) => return Err(No::bad_request("bounds and near: only one of them at a time")),
        (Some(bounds), None) => index.within(state, &parse_bounds(&bounds)?, &filter, limit),
        (None, Some(near)) => index.nearest(state, parse_point(&near)?, &filter, limit),
        (None, None) => index.newest(state, &filter, query.before_ms, limit),
    };
    json(&ReportList { reports: view::summaries(&present, &ids), total })
}

pub async fn clusters(app: Arc<App>, asked: Asked) -> Reply {
    let query: ClusterQuery = asked.query()?;
    let bounds = parse_bounds(&query.bounds)?;
    if !(0.0..=ZOOM_MAX).contains(&query.zoom) {
        return Err(No::bad_request("zoom: expected 0 to 24"));
    }
    let filter = filter(query.kind, query.category, query.since_ms, query.closed);
    let present = app.present();
    let (clusters, total) = present.index.clusters(&bounds, query.zoom, &filter);
    json(&ClusterList { clusters, total })
}

fn filter(kind: Option<Kind>, categories: Option<CategoryCodes>, since_ms: Option<UnixMs>, closed: Option<bool>) -> Filter {
    Filter {
        kind,
        categories: categories.unwrap_or_default().0,
        since_ms: since_ms.unwrap_or(0),
        open_only: !closed.unwrap_or(false),
        public_only: true,
    }
}

pub async fn one(app: Arc<App>, asked: Asked) -> Reply {
    let id: ReportId = asked.id()?;
    let present = app.present();
    let report = present.state.report(&id).filter(|report| view::is_public(report)).ok_or(Refusal::UnknownReport)?;
    json(&view::report(&present, report, false))
}

pub async fn near(app: Arc<App>, asked: Asked) -> Reply {
    let query: NearQuery = asked.query()?;
    let point = Point::from_degrees(query.lat, query.lon).ok_or(Refusal::BadPlace)?;
    let present = app.present();
    let category = present.state.category(&query.category);
    let radius_m = category.ok_or_else(|| Refusal::UnknownCategory { category: query.category.clone() })?.near_radius_m;
    let found = if radius_m == 0 {
        Vec::new()
    } else {
        let filter = Filter { open_only: true, public_only: true, ..Filter::default() };
        present.index.near(&present.state, point, &query.category, f64::from(radius_m), &filter, NEAR_MAX)
    };
    json(&NearReply { near: view::near(&present, &found), radius_m: u32::from(radius_m) })
}

pub async fn file(app: Arc<App>, asked: Asked) -> Reply {
    let new: NewReport = asked.json()?;
    let report = new.id;
    let photo_stored = new.photo.is_some_and(|photo| app.attachments.has(photo));
    let command = Command::FileReport {
        report,
        kind: new.kind,
        category: new.category,
        place: new.place,
        text: new.text,
        language: new.language,
        answers: new.answers,
        photo: new.photo,
        code: Some(new.code.hash(&app.town_key)),
    };
    let done = app.submit(command, Actor::Resident, photo_stored).await?;
    let present = app.present();
    let report = present.state.report(&report).ok_or_else(No::internal)?;
    let due_days = present.state.category(&report.category).map_or(0, |category| category.due_days);
    json(&Filed {
        id: report.id,
        reference: report.id.reference(),
        event: done.event,
        filed_ms: report.filed_ms(),
        department: report.department.clone(),
        due_days,
    })
}

pub async fn support(app: Arc<App>, asked: Asked) -> Reply {
    let report: ReportId = asked.id()?;
    let NewSupport { session } = asked.json()?;
    let done = app.submit(Command::Support { report, session }, Actor::Resident, false).await?;
    let present = app.present();
    let report = present.state.report(&report).ok_or_else(No::internal)?;
    json(&Supported { people: report.people(&present.state), already: done.already })
}

pub async fn comment(app: Arc<App>, asked: Asked) -> Reply {
    let report: ReportId = asked.id()?;
    let new: NewComment = asked.json()?;
    let guess = new.code.is_some();
    if guess {
        may_guess(&app, &asked)?;
    }
    let comment = new.id;
    let code = new.code.map(|code| code.hash(&app.town_key));
    let command = Command::Comment { report, comment, text: new.text, language: new.language, code };
    let done = app.submit(command, Actor::Resident, false).await;
    if guess && done.as_ref().is_err_and(|no| no.body.refusal == Some(Refusal::UnknownCode)) {
        wrong_guess(&app, &asked);
    }
    done?;
    let present = app.present();
    let report = present.state.report(&report).ok_or_else(No::internal)?;
    let shown = view::report(&present, report, false);
    json(shown.comments.iter().find(|shown| shown.id == comment).ok_or_else(No::internal)?)
}

/// The code is the key to one's own report, also when the public no longer sees it.
pub async fn follow(app: Arc<App>, asked: Asked) -> Reply {
    let Follow { code } = asked.json()?;
    may_guess(&app, &asked)?;
    let present = app.present();
    let found = present.index.by_code(&present.state, &code.hash(&app.town_key));
    let Some(report) = found else {
        wrong_guess(&app, &asked);
        return Err(Refusal::UnknownCode.into());
    };
    json(&view::report(&present, report, false))
}

fn may_guess(app: &App, asked: &Asked) -> Result<(), No> {
    let mut guesses = app.guesses.lock().unwrap_or_else(PoisonError::into_inner);
    if guesses.may_try(&asked.peer.key, (app.config.clock)()) { Ok(()) } else { Err(No::too_many()) }
}

fn wrong_guess(app: &App, asked: &Asked) {
    let mut guesses = app.guesses.lock().unwrap_or_else(PoisonError::into_inner);
    guesses.wrong(asked.peer.key, (app.config.clock)());
}

/// `lat,lon` in degrees.
fn parse_point(text: &str) -> Result<Point, No> {
    let point = degrees::<2>(text).and_then(|[lat, lon]| Point::from_degrees(lat, lon));
    point.ok_or_else(|| No::bad_request("near: expected latitude,longitude in degrees"))
}

/// `south,west,north,east` in degrees.
fn parse_bounds(text: &str) -> Result<Bounds, No> {
    let bounds = degrees::<4>(text).and_then(|[south, west, north, east]| {
        let (min, max) = (Point::from_degrees(south, west)?, Point::from_degrees(north, east)?);
        (min.lat_e7 <= max.lat_e7 && min.lon_e7 <= max.lon_e7).then_some(Bounds { min, max })
    });
    bounds.ok_or_else(|| No::bad_request("bounds: expected south,west,north,east in degrees"))
}

fn degrees<const N: usize>(text: &str) -> Option<[f64; N]> {
    let numbers: Vec<f64> = text.split(',').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}
