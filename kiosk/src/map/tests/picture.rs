//! Every style at every zoom looks as it did: one golden sheet for each style, of a made-up quarter with one of everything.

use image::{Rgb, RgbImage, imageops};

use super::*;
use crate::golden;

const ZOOMS: [f64; 6] = [13.0, 14.0, 15.0, 16.0, 17.0, 18.0];
const CELL: (u32, u32) = (400, 260);
/// Pictures beside each other.
const ACROSS: u32 = 2;
/// The font comes with the tests and the drawing asks nothing of the machine: what is seen is a change.
const OTHER: u8 = 12;

#[test]
fn every_style_at_every_zoom_looks_as_it_did() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pbf = folder.path().join("quarter.osm.pbf");
    ::map::pbf::quarter::extract().write(&pbf).expect("written");
    let town = import(&pbf);
    let font = Arc::new(Font::of(&[ttf_noto_sans::BOLD]));
    let wrong: Vec<String> = Style::ALL.into_iter().filter_map(|style| hold(&town, &font, style)).collect();
    assert!(wrong.is_empty(), "{}\nIf this is meant: KIOSK_GOLDEN=update cargo test -p kiosk looks_as_it_did", wrong.join("\n"));
}

/// What is wrong with the sheet of a style.
fn hold(town: &Arc<Town>, font: &Arc<Font>, style: Style) -> Option<String> {
    let rows = (ZOOMS.len() as u32).div_ceil(ACROSS);
    let mut sheet = RgbImage::from_pixel(CELL.0 * ACROSS, CELL.1 * rows, Rgb([128; 3]));
    let mut parts = Vec::new();
    for (number, zoom) in (0..).zip(ZOOMS) {
        let (left, top) = (number % ACROSS * CELL.0, number / ACROSS * CELL.1);
        imageops::replace(&mut sheet, &picture(town, font, style, zoom), i64::from(left), i64::from(top));
        parts.push((format!("zoom {zoom}"), [left, top, CELL.0, CELL.1]));
    }
    golden::fewer_colors(&mut sheet);
    golden::hold(&format!("map-{}", format!("{style:?}").to_lowercase()), &sheet, OTHER, &parts)
}

fn picture(town: &Arc<Town>, font: &Arc<Font>, style: Style, zoom: f64) -> RgbImage {
    let mut view = MapView::with_font(Arc::clone(town), CELL, "", Arc::clone(font));
    view.set_style(style);
    let (lat, lon) = ::map::pbf::quarter::MIDDLE;
    view.center_on(Point::from_degrees(lat, lon).expect("on the planet"), zoom);
    let (one, other) = (view.point_at(300.0, 60.0), view.point_at(340.0, 60.0));
    view.set_markers(vec![marker(1, one, Kind::Problem), marker(2, other, Kind::Suggestion)]);
    view.set_pin(Some(view.point_at(320.0, 170.0)), Some(40));
    view.settle();
    let frame = view.frame().0.to_vec();
    RgbImage::from_raw(CELL.0, CELL.1, frame).expect("three bytes a pixel")
}
