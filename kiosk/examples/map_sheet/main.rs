//! The kiosk's map in every style and zoom beside MapLibre's of the same extract, as one sheet: `cargo x gallery --map` calls it.
//!
//! MapLibre draws tilemaker's tiles in a browser without a window. Ends with an error when the two agree on too little of the ground.

mod agree;
mod browser;
mod look;
mod page;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use kiosk::map::{MapView, Style};
use map::{Class, Point, Spot, Town, View};
use serde_json::{Value, json};

use agree::{Agreement, Sort};

/// Zooms as web maps count them.
const ZOOMS: [f64; 5] = [14.0, 15.0, 16.0, 17.0, 18.0];
/// Size of each picture in pixels.
const SIZE: (u32, u32) = (560, 360);
/// Tilemaker's own settings for the usual layers of a town map.
const TILEMAKER: &str = "/usr/share/doc/tilemaker/examples";
/// The least share of the ground that must be of the same sort in both pictures: of the made-up quarter, of a real town, and of one from
/// afar, where tilemaker leaves small buildings out.
const AGREE_MIN: [f64; 3] = [0.98, 0.9, 0.8];

/// The map in every style beside MapLibre's of the same extract
#[derive(Parser)]
struct Arguments {
    /// The folder for sheets and pictures
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The folder with MapLibre GL JS: `dist` of its package
    #[arg(long, value_name = "DIR")]
    maplibre: PathBuf,
    /// Where to look, as LAT,LON; where most streets are otherwise
    #[arg(long, value_name = "LAT,LON", value_parser = place, allow_hyphen_values = true)]
    center: Option<Point>,
    /// Extracts (osm.pbf); a made-up quarter when there is none
    #[arg(value_name = "EXTRACT")]
    extracts: Vec<PathBuf>,
}

fn place(text: &str) -> Result<Point, String> {
    let degrees = text.split_once(',').and_then(|(lat, lon)| Some((lat.trim().parse().ok()?, lon.trim().parse().ok()?)));
    degrees.and_then(|(lat, lon)| Point::from_degrees(lat, lon)).ok_or_else(|| "no LAT,LON on the planet".to_owned())
}

fn main() -> Result<()> {
    let wish = Arguments::parse();
    std::fs::create_dir_all(&wish.out).with_context(|| format!("the folder {} cannot be made", wish.out.display()))?;
    let folder = tempfile::tempdir()?;
    let mut extracts = wish.extracts.clone();
    let made_up = extracts.is_empty();
    if made_up {
        let made = folder.path().join("quarter.osm.pbf");
        map::pbf::quarter::extract().write(&made).context("the made-up quarter cannot be written")?;
        extracts.push(made);
    }
    let mut apart = Vec::new();
    for (number, extract) in extracts.iter().enumerate() {
        let work = folder.path().join(number.to_string());
        std::fs::create_dir(&work)?;
        apart.extend(sheet(&wish, extract, made_up, &work)?);
    }
    if !apart.is_empty() {
        bail!("the map and MapLibre's do not show the same ground:\n   {}", apart.join("\n   "));
    }
    Ok(())
}

/// Makes the sheet of one extract; says where the two agree on too little.
fn sheet(wish: &Arguments, extract: &Path, made_up: bool, work: &Path) -> Result<Vec<String>> {
    let file = extract.file_name().unwrap_or_default().to_string_lossy();
    let name = file.trim_end_matches(".pbf").trim_end_matches(".osm").to_owned();
    let imported = work.join("town");
    map::import(extract, None, &imported, &mut |_| {}).with_context(|| format!("{} cannot be imported", extract.display()))?;
    let town = Arc::new(Town::open(&imported)?);
    let middle = || {
        let (lat, lon) = map::pbf::quarter::MIDDLE;
        if made_up { Point::from_degrees(lat, lon) } else { town.heart() }
    };
    let center = wish.center.or_else(middle).context("the town has no street: say where to look with --center")?;
    let tiles = tiles(extract, work)?;
    let palette = Style::Standard.palette();
    let [lat, lon] = [center.lat_e7, center.lon_e7].map(|e7| f64::from(e7) / 1e7);
    let look = look::look(&sea(&town), agree::sea(palette));
    let theirs = browser::maplibre(
        &wish.maplibre,
        &tiles,
        &json!({ "style": look, "center": [lon, lat], "size": [SIZE.0, SIZE.1], "zooms": ZOOMS }),
    )?;

    let folder = wish.out.join(&name);
    std::fs::create_dir_all(&folder)?;
    let (mut rows, mut apart) = (Vec::new(), Vec::new());
    println!("\n{name} at {lat:.4},{lon:.4}");
    for zoom in ZOOMS {
        let picture =
            |sort: &str| theirs.get(&format!("{sort}-{zoom}")).with_context(|| format!("no {sort} picture of zoom {zoom}"));
        let view = View::at(center, zoom, f64::from(SIZE.0), f64::from(SIZE.1));
        let bare = kiosk::map::ground(&town, Style::Standard, &view).context("no picture")?;
        let peer = image::load_from_memory(picture("bare")?)?.to_rgb8();
        ensure!(peer.dimensions() == SIZE, "MapLibre's picture has {:?} pixels", peer.dimensions());
        let agreement = Agreement::of(palette, &bare, &peer);
        tell(zoom, &agreement);
        let [quarter, near, far] = AGREE_MIN;
        let least = if made_up {
            quarter
        } else if zoom >= 15.0 {
            near
        } else {
            far
        };
        if agreement.share() < least {
            let (share, least) = (agreement.share() * 100.0, least * 100.0);
            apart.push(format!("{name}, zoom {zoom}: {share:.1} % of the ground, at least {least} % must be"));
        }
        let mut pictures = vec![format!("maplibre-{zoom}.png")];
        std::fs::write(folder.join(&pictures[0]), picture("named")?)?;
        std::fs::write(folder.join(format!("maplibre-{zoom}-bare.png")), picture("bare")?)?;
        save(&bare, &folder.join(format!("standard-{zoom}-bare.png")))?;
        for style in Style::ALL {
            let file = format!("{}-{zoom}.png", format!("{style:?}").to_lowercase());
            save(&draw(&town, style, center, zoom), &folder.join(&file))?;
            pictures.push(file);
        }
        rows.push(page::Row { zoom, pictures: pictures.iter().map(|file| format!("{name}/{file}")).collect(), agreement });
    }
    let columns: Vec<String> = ["MapLibre".to_owned()].into_iter().chain(Style::ALL.map(|style| format!("{style:?}"))).collect();
    let path = wish.out.join(format!("{name}.html"));
    std::fs::write(&path, page::page(&name, SIZE, &columns, &rows))?;
    let sheet = std::path::absolute(wish.out.join(format!("{name}.png")))?;
    browser::photograph(&path, page::size(SIZE, columns.len(), rows.len()), &sheet)?;
    println!("the sheet is {}", sheet.display());
    Ok(apart)
}

fn tell(zoom: f64, agreement: &Agreement) {
    let all = (agreement.seen() + agreement.left_out).max(1) as f64;
    let sorts: Vec<String> = Sort::ALL
        .into_iter()
        .filter_map(|sort| {
            let (ours, theirs) = agreement.alone(sort);
            let alone = [ours, theirs].map(|pixels| pixels as f64 * 100.0 / all);
            let shared = agreement.shared(sort)? * 100.0;
            Some(format!(
                "{} {shared:.0} % (only ours {:.1}, only theirs {:.1})",
                format!("{sort:?}").to_lowercase(),
                alone[0],
                alone[1]
            ))
        })
        .collect();
    let (share, left_out) = (agreement.share() * 100.0, agreement.left_out as f64 * 100.0 / all);
    println!("  zoom {zoom}: {share:.1} % agree, {left_out:.0} % left out; {}", sorts.join(", "));
}

/// A folder of tiles of the extract.
fn tiles(extract: &Path, work: &Path) -> Result<PathBuf> {
    let tiles = work.join("tiles");
    let mut command = Command::new("tilemaker");
    command.current_dir(TILEMAKER).args(["--config", "config-openmaptiles.json", "--process", "process-openmaptiles.lua"]);
    // A folder, not a file, for a path that ends in a slash.
    command.arg("--input").arg(extract.canonicalize()?).arg("--output").arg(format!("{}/", tiles.display()));
    let done = command.stdin(Stdio::null()).output().context("cannot start tilemaker: install Debian's package of that name")?;
    ensure!(done.status.success(), "tilemaker ended with {}: {}", done.status, String::from_utf8_lossy(&done.stderr));
    Ok(tiles)
}

/// The town's sea as GeoJSON.
fn sea(town: &Town) -> Value {
    let drawing = town.features(town.bounds().into(), 18.0);
    let mut polygons = Vec::new();
    for feature in drawing.iter().filter(|feature| feature.class == Class::Sea) {
        let rings: Vec<&[Spot]> = feature.parts().collect();
        // Even-odd: a ring within an odd number of others is a hole in the smallest of them.
        let within = |ring: &[Spot]| {
            let first = ring.first().copied().unwrap_or_default();
            rings.iter().copied().filter(|other| other.as_ptr() != ring.as_ptr() && contains(other, first)).collect::<Vec<_>>()
        };
        let (outer, holes): (Vec<_>, Vec<_>) = rings.iter().copied().partition(|ring| within(ring).len() % 2 == 0);
        for ring in outer {
            let own = holes.iter().copied().filter(|hole| {
                within(hole)
                    .into_iter()
                    .min_by(|one, other| area(one).total_cmp(&area(other)))
                    .is_some_and(|around| around.as_ptr() == ring.as_ptr())
            });
            polygons.push(json!([ring].into_iter().chain(own).map(degrees).collect::<Vec<_>>()));
        }
    }
    json!({ "type": "Feature", "properties": {}, "geometry": { "type": "MultiPolygon", "coordinates": polygons } })
}

fn degrees(ring: &[Spot]) -> Vec<[f64; 2]> {
    ring.iter().map(Spot::point).map(|point| [f64::from(point.lon_e7) / 1e7, f64::from(point.lat_e7) / 1e7]).collect()
}

fn contains(ring: &[Spot], spot: Spot) -> bool {
    let crossed = ring.windows(2).filter(|side| match side {
        [a, b] if (a.y > spot.y) != (b.y > spot.y) => {
            let share = (f64::from(spot.y) - f64::from(a.y)) / (f64::from(b.y) - f64::from(a.y));
            f64::from(a.x) + (f64::from(b.x) - f64::from(a.x)) * share > f64::from(spot.x)
        }
        _ => false,
    });
    crossed.count() % 2 == 1
}

fn area(ring: &[Spot]) -> f64 {
    let sides = ring.windows(2).map(|side| match side {
        [a, b] => f64::from(a.x) * f64::from(b.y) - f64::from(b.x) * f64::from(a.y),
        _ => 0.0,
    });
    sides.sum::<f64>().abs()
}

fn draw(town: &Arc<Town>, style: Style, center: Point, zoom: f64) -> Vec<u8> {
    let mut view = MapView::new(Arc::clone(town), SIZE, "");
    view.set_style(style);
    view.center_on(store::geo::Point { lat_e7: center.lat_e7, lon_e7: center.lon_e7 }, zoom);
    view.settle();
    view.frame().0.to_vec()
}

fn save(rgb: &[u8], path: &Path) -> Result<()> {
    image::save_buffer(path, rgb, SIZE.0, SIZE.1, image::ColorType::Rgb8)
        .with_context(|| format!("{} cannot be written", path.display()))
}
