//! Where things are: the town's map asked by name and by spot.

use std::sync::Arc;

use api::{Found, FoundList, Point, Refusal, Reverse, ReverseQuery, SearchQuery};

use crate::answer::{No, Reply, json};
use crate::app::App;
use crate::routes::{Asked, limit, limit_max, words};

pub async fn search(app: Arc<App>, asked: Asked) -> Reply {
    let query: SearchQuery = asked.query()?;
    let limit = limit(query.limit, 8, limit_max("search"))?;
    words(&query.q)?;
    let Some(map) = app.map.clone() else { return json(&FoundList { found: Vec::new() }) };
    let near = match (query.lat, query.lon) {
        (Some(lat), Some(lon)) => Some(map::Point::from_degrees(lat, lon).ok_or(Refusal::BadPlace)?),
        (None, None) => None,
        _ => return Err(Refusal::BadPlace.into()),
    };
    let found = tokio::task::spawn_blocking(move || map.search(&query.q, near, limit)).await.map_err(|_| No::internal())?;
    let present = app.present();
    let site = present.state.site();
    let shown = |found: map::Found| {
        let point = Point::from_degrees(found.lat, found.lon)?;
        let what = match found.what {
            map::What::Address | map::What::Between => "address",
            map::What::Crossing => "crossing",
            map::What::Street => "street",
            map::What::Place | map::What::Poi(_) => "place",
        };
        let is_between = found.what == map::What::Between;
        let in_area = site.is_some_and(|site| site.area.contains(&point));
        Some(Found { label: found.label, what: what.to_owned(), is_between, point, in_area })
    };
    json(&FoundList { found: found.into_iter().filter_map(shown).collect() })
}

pub async fn reverse(app: Arc<App>, asked: Asked) -> Reply {
    let query: ReverseQuery = asked.query()?;
    let point = Point::from_degrees(query.lat, query.lon).ok_or(Refusal::BadPlace)?;
    let (label, district) = match app.map.clone() {
        Some(map) => {
            let found = tokio::task::spawn_blocking(move || {
                (map.reverse(query.lat, query.lon), map.district(query.lat, query.lon).map(str::to_owned))
            });
            found.await.map_err(|_| No::internal())?
        }
        None => (None, None),
    };
    let present = app.present();
    json(&Reverse { label, district, in_area: present.state.site().is_some_and(|site| site.area.contains(&point)) })
}
