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
    let found = tokio::task::spawn_blocking(move || map.search(&query.q, limit)).await.map_err(|_| No::internal())?;
    let present = app.present();
    let site = present.state.site();
    let shown = |found: map::Found| {
        let point = Point::from_degrees(found.lat, found.lon)?;
        let what = match found.what {
            map::What::Address => "address",
            map::What::Street => "street",
            map::What::Place | map::What::Poi(_) => "place",
        };
        let in_area = site.is_some_and(|site| site.area.contains(&point));
        Some(Found { label: found.label, what: what.to_owned(), point, in_area })
    };
    json(&FoundList { found: found.into_iter().filter_map(shown).collect() })
}

pub async fn reverse(app: Arc<App>, asked: Asked) -> Reply {
    let query: ReverseQuery = asked.query()?;
    let point = Point::from_degrees(query.lat, query.lon).ok_or(Refusal::BadPlace)?;
    let label = match app.map.clone() {
        Some(map) => {
            let found = tokio::task::spawn_blocking(move || map.reverse(query.lat, query.lon));
            found.await.map_err(|_| No::internal())?
        }
        None => None,
    };
    let present = app.present();
    json(&Reverse { label, in_area: present.state.site().is_some_and(|site| site.area.contains(&point)) })
}
