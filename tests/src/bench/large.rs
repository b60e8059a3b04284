//! A store of 100,000 reports: start, memory, queries.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use map::pbf::testville;
use store::command::Command;
use store::geo::{Area, Bounds, Point};
use store::index::Filter;
use store::store::Store;

use super::{Report, ms, quantile, resident_mb};
use crate::site::{Site, chance};

/// Site, departments and categories as `wegovnowd init` defines them, for stores that have no daemon.
pub fn founding() -> Result<Vec<Command>> {
    let corner = |lat, lon| Point { lat_e7: lat, lon_e7: lon };
    let bounds = Bounds { min: corner(600_000_000, 240_000_000), max: corner(610_000_000, 260_000_000) };
    let site = store::fact::Site {
        name: "Testville".to_owned(),
        area: Area::rectangle(bounds),
        languages: vec!["en".parse()?],
        demo: false,
    };
    let catalogue = appliance::catalogue::built_in(&site.languages)?;
    let departments = catalogue.departments.into_iter().map(Command::DefineDepartment);
    let categories = catalogue.categories.into_iter().map(Command::DefineCategory);
    Ok(std::iter::once(Command::OpenSite(site)).chain(departments).chain(categories).collect())
}

/// Random numbers below a bound, for places of queries.
fn below(bound: u64) -> u64 {
    u64::from_le_bytes(chance()) % bound
}

/// Fills a store with invented reports, starts the daemon on it, then asks it in this process.
pub fn measure(report: &mut Report, reports: u32) -> Result<()> {
    println!("\nlarge: a store of {reports} reports");
    let mut appliance = Site::empty()?;
    let pbf = appliance.folder().join("testville.osm.pbf");
    testville::extract().write(&pbf)?;
    appliance.run(&["town", "import", &pbf.to_string_lossy()])?;
    let started = Instant::now();
    appliance.run(&["demo", "--reports", &reports.to_string(), "--name", "Testville"])?;
    report.say("filling the store", format!("{:.1} s", started.elapsed().as_secs_f64()));

    let started = Instant::now();
    appliance.start()?;
    let start = started.elapsed();
    report.bar("start until serving", ms(start), "< 2 s", start < Duration::from_secs(2));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let health = runtime.block_on(appliance.client()?.health())?;
    // A few invented wishes are refused by the rules, as real ones would be.
    ensure!(u64::from(health.reports) * 100 >= u64::from(reports) * 99, "the store holds {} reports", health.reports);
    let memory = resident_mb(appliance.pid().unwrap_or_default())?;
    report.bar(
        &format!("resident memory of the daemon, {} events", health.events),
        format!("{memory:.0} MB"),
        "< 250 MB",
        memory < 250.0,
    );
    appliance.stop()?;

    let started = Instant::now();
    let (store, _) = Store::open(&appliance.data(), Box::new(appliance::chance::SystemChance), 1_790_000_000_000)?;
    report.say("opening the store in process", ms(started.elapsed()));
    let present = store.present();
    let present = present.read().expect("nobody else is here");
    let filter = Filter { public_only: true, ..Filter::default() };
    let categories: Vec<_> = present.state.categories().cloned().collect();
    let spot = || {
        let lat = testville::CORNER.0 + below(7000) as f64 * 1e-6;
        let lon = testville::CORNER.1 + below(16_000) as f64 * 1e-6;
        Point::from_degrees(lat, lon).expect("on the planet")
    };
    let (mut boxes, mut nears, mut found, mut near) = (Vec::new(), Vec::new(), 0, 0);
    for _ in 0..2000 {
        let bounds = Bounds::around(spot(), 60.0 + below(600) as f64);
        let asked = Instant::now();
        found += present.index.within(&present.state, &bounds, &filter, 500).0.len();
        boxes.push(asked.elapsed());
        let category = &categories[below(categories.len() as u64) as usize];
        let point = spot();
        let asked = Instant::now();
        near += present.index.near(&present.state, point, &category.code, f64::from(category.near_radius_m), &filter, 10).len();
        nears.push(asked.elapsed());
    }
    for zoom in [12.0, 15.0, 18.0] {
        let (mut times, mut drawn) = (Vec::new(), 0);
        for _ in 0..200 {
            // What a screen of 1920 pixels asks for: it and a quarter of it round about.
            let radius_m = 1.5 * 960.0 * 156_543.0 * spot().lat().to_radians().cos() / f64::exp2(zoom);
            let bounds = Bounds::around(spot(), radius_m);
            let asked = Instant::now();
            drawn += present.index.clusters(&bounds, zoom, &filter).0.len();
            times.push(asked.elapsed());
        }
        let p99 = quantile(&mut times, 0.99);
        let what = format!("clusters of a screen at zoom {zoom}, {} on average: p99", drawn / 200);
        report.bar(&what, ms(p99), "< 16.7 ms", p99 < Duration::from_micros(16_700));
    }
    let limit = Duration::from_millis(2);
    let p99 = quantile(&mut boxes, 0.99);
    report.bar(&format!("box query, limit 500, {} found on average: p99", found / 2000), ms(p99), "< 2 ms", p99 < limit);
    let p99 = quantile(&mut nears, 0.99);
    report.bar(&format!("near duplicates, {:.1} found on average: p99", near as f64 / 2000.0), ms(p99), "< 2 ms", p99 < limit);
    Ok(())
}
