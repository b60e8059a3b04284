use std::path::Path;

use super::*;
use ground::TILE_BYTES;
use marker::BAR_PX;

pub(crate) mod extract;
mod picture;

/// A town of a few streets by a park, drawn by hand, without a font: the same on every machine.
fn hamlet() -> Arc<Town> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pbf = folder.path().join("hamlet.osm.pbf");
    extract::hamlet().write(&pbf).expect("written");
    import(&pbf)
}

fn import(pbf: &Path) -> Arc<Town> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("town");
    ::map::import(pbf, None, &out, &mut |_| {}).expect("imports");
    Arc::new(Town::open(&out).expect("opens"))
}

pub(crate) fn hamlet_view(size: (u32, u32)) -> MapView {
    let font = Arc::new(Font::default());
    MapView::with_font(hamlet(), size, "", font)
}

fn marker(number: u8, point: Point, kind: Kind) -> Marker {
    Marker { what: Marked::Report(ReportId([number; 16])), point, letter: 'L', kind: Some(kind), open: true }
}

/// The number of the report whose marker is there.
fn found(view: &MapView, x: f32, y: f32) -> Option<u8> {
    view.marker_at(x, y).map(|marker| match marker.what {
        Marked::Report(id) => id.0[0],
        Marked::Several { .. } => panic!("one report"),
    })
}

fn close(one: (f32, f32), other: (f32, f32), by: f32) -> bool {
    (one.0 - other.0).abs() <= by && (one.1 - other.1).abs() <= by
}

#[test]
fn a_place_under_a_pixel_is_drawn_at_that_pixel() {
    let mut view = hamlet_view((801, 600));
    for zoom in [12.0, 14.3, 16.0, 17.5, 19.0] {
        view.center_on(Point::from_degrees(45.0012, 7.0007).expect("on the planet"), zoom);
        for at in [(0.0, 0.0), (400.5, 300.0), (800.0, 599.0), (13.0, 588.0)] {
            let back = view.pixel_of(view.point_at(at.0, at.1));
            assert!(close(back, at, 0.51), "{at:?} came back as {back:?} at zoom {zoom}");
        }
        let middle = view.pixel_of(view.center());
        assert!(close(middle, (400.5, 300.0), 0.51), "{middle:?}");
    }
}

#[test]
fn zooming_keeps_what_is_under_the_anchor() {
    let mut view = hamlet_view((800, 600));
    view.center_on(Point::from_degrees(45.0, 7.0).expect("on the planet"), 16.0);
    let anchor = (500.0, 250.0);
    let place = view.point_at(anchor.0, anchor.1);
    for steps in [1.0, 1.0, -0.37, 0.2, -1.5] {
        view.zoom_by(steps, anchor);
        let now = view.pixel_of(place);
        assert!(close(now, anchor, 1.6), "{now:?} at zoom {}", view.zoom());
    }
    view.zoom_by(f64::NAN, anchor);
    view.zoom_by(99.0, anchor);
    assert_eq!(view.zoom(), 19.0);
    view.zoom_by(-99.0, anchor);
    assert_eq!(view.zoom(), 12.0);
}

#[test]
fn panning_moves_what_is_seen_with_the_finger_and_adds_up() {
    let mut view = hamlet_view((800, 600));
    view.center_on(Point::from_degrees(45.0, 7.0).expect("on the planet"), 16.0);
    let place = view.point_at(300.0, 300.0);
    view.pan_px(40.0, -25.0);
    assert!(close(view.pixel_of(place), (340.0, 275.0), 0.51));
    for _ in 0..100 {
        view.pan_px(0.1, 0.0);
    }
    assert!(close(view.pixel_of(place), (350.0, 275.0), 1.01), "{:?}", view.pixel_of(place));
    view.pan_px(f32::NAN, f32::INFINITY);
    assert!(close(view.pixel_of(place), (350.0, 275.0), 1.01));
}

#[test]
fn the_centre_stays_on_the_towns_map() {
    let mut view = hamlet_view((800, 600));
    let bounds = hamlet().bounds();
    let inside = |view: &MapView| {
        let center = view.center();
        // Half a pixel at the furthest zoom.
        let slack = 2_000;
        (bounds.min.lat_e7 - slack..=bounds.max.lat_e7 + slack).contains(&center.lat_e7)
            && (bounds.min.lon_e7 - slack..=bounds.max.lon_e7 + slack).contains(&center.lon_e7)
    };
    view.center_on(Point { lat_e7: -890_000_000, lon_e7: 1_790_000_000 }, 99.0);
    assert!(inside(&view));
    assert_eq!(view.zoom(), 19.0);
    view.pan_px(1e9, 1e9);
    assert!(inside(&view));
    view.pan_px(-1e30, -1e30);
    assert!(inside(&view));
    assert!(view.frame().0.len() == 800 * 600 * 3);
}

#[test]
fn a_finger_finds_the_nearest_marker_within_its_width() {
    let mut view = hamlet_view((800, 600));
    view.center_on(Point::from_degrees(45.0, 7.0).expect("on the planet"), 17.0);
    let (one, other) = (view.point_at(200.0, 200.0), view.point_at(230.0, 200.0));
    view.set_markers(vec![marker(1, one, Kind::Problem), marker(2, other, Kind::Suggestion)]);
    assert_eq!(found(&view, 201.0, 205.0), Some(1));
    assert_eq!(found(&view, 226.0, 190.0), Some(2));
    assert_eq!(found(&view, 200.0, 200.0 - marker::FINGER_PX - 2.0), None);
    view.pan_px(100.0, 0.0);
    assert_eq!(found(&view, 300.0, 200.0), Some(1));
    view.set_markers(Vec::new());
    assert_eq!(found(&view, 300.0, 200.0), None);
}

#[test]
fn a_crowd_of_markers_comes_within_some_frames_and_whole_at_rest() {
    let mut view = hamlet_view((800, 600));
    view.center_on(Point::from_degrees(45.0, 7.0).expect("on the planet"), 17.0);
    view.settle();
    let point = |number: u32| view.point_at((number % 20) as f32 * 40.0, (number / 20) as f32 * 40.0);
    let heap = |number: u32| Marker {
        what: Marked::Several { count: number + 2, bounds: Bounds { min: point(number), max: point(number) } },
        point: point(number),
        letter: ' ',
        kind: None,
        open: true,
    };
    let crowd: Vec<Marker> = (0..300).map(heap).collect();
    view.set_markers(crowd.clone());
    let mut frames = 0;
    while view.frame().1 {
        frames += 1;
        assert!(frames < 20, "it never comes to rest");
    }
    assert!(frames > 300 / PLATES_A_FRAME as i32 - 2, "{frames} frames");
    let at_once = view.frame().0.to_vec();
    view.set_markers(Vec::new());
    view.set_markers(crowd);
    assert!(!view.frame().1, "all of them are drawn already");
    assert_eq!(view.frame().0, at_once);
}

#[test]
fn markers_are_told_by_shape_and_go_without_a_trace() {
    let mut view = hamlet_view((400, 300));
    view.center_on(Point::from_degrees(45.0, 7.0).expect("on the planet"), 18.0);
    view.settle();
    let bare = view.frame().0.to_vec();
    let pixel =
        |frame: &[u8], x: usize, y: usize| [frame[(y * 400 + x) * 3], frame[(y * 400 + x) * 3 + 1], frame[(y * 400 + x) * 3 + 2]];
    let (one, other) = (view.point_at(100.0, 100.0), view.point_at(300.0, 100.0));
    view.set_markers(vec![marker(1, one, Kind::Problem), marker(2, other, Kind::Suggestion)]);
    let marked = view.frame().0.to_vec();
    // Near its corner a plate is still there; a round one is not.
    let corner = 18;
    assert_ne!(pixel(&marked, 100 - corner, 100 - corner), pixel(&bare, 100 - corner, 100 - corner));
    assert_eq!(pixel(&marked, 300 - corner, 100 - corner), pixel(&bare, 300 - corner, 100 - corner));
    assert_ne!(pixel(&marked, 300, 100), pixel(&bare, 300, 100));
    view.set_pin(Some(one), Some(20));
    assert_ne!(view.frame().0, marked);
    view.set_pin(None, Some(20));
    view.set_markers(Vec::new());
    assert_eq!(view.frame().0, bare);
}

#[test]
fn closed_reports_are_paler_than_open_ones() {
    let brightness = |open: bool| {
        let sprite = {
            let plate = Plate { text: "L".into(), kind: Some(Kind::Problem), open, several: false };
            marker::plate(&Font::default().letters(), &plate).expect("a plate")
        };
        let mut rgb = vec![0; 64 * 64 * 3];
        sprite.lay(&mut Canvas { rgb: &mut rgb, size: (64, 64) }, (32, 32));
        rgb.iter().map(|part| u64::from(*part)).sum::<u64>()
    };
    assert!(brightness(false) > brightness(true) * 3 / 2);
}

#[test]
fn the_legend_is_on_every_frame_and_its_bar_is_as_long_as_it_says() {
    let mut view = hamlet_view((800, 600));
    for zoom in [12.0, 15.0, 16.4, 19.0] {
        view.center_on(Point::from_degrees(45.0, 7.0).expect("on the planet"), zoom);
        view.settle();
        let corner = ((600 - LEGEND_EDGE_PX as usize - 18) * 800 + LEGEND_EDGE_PX as usize + 12 + 2) * 3;
        let ink = view.frame().0[corner];
        assert!(ink < 0x80, "the bar is dark at zoom {zoom}");
        let (metres, length) = view.scale_bar();
        assert!(length <= BAR_PX as f32 + 0.01 && length > BAR_PX as f32 / 2.6, "{length}");
        let (one, other) = (view.point_at(400.0 - length / 2.0, 300.0), view.point_at(400.0 + length / 2.0, 300.0));
        let real = one.distance_m(&other);
        assert!((real / f64::from(metres) - 1.0).abs() < 0.01, "{metres} m is {real} m");
    }
}

#[test]
fn a_coarse_frame_is_only_of_what_is_stretched_and_ends_sharp() {
    let mut view = hamlet_view((600, 400));
    view.center_on(Point::from_degrees(45.0, 7.0).expect("on the planet"), 16.0);
    view.settle();
    let sharp = view.frame().0.to_vec();
    view.set_coarse(true);
    assert_eq!(view.frame().0, sharp, "all tiles are there");
    let stretched = |coarse: bool| {
        let mut view = hamlet_view((600, 400));
        view.center_on(Point::from_degrees(45.0, 7.0).expect("on the planet"), 16.0);
        view.settle();
        view.set_coarse(coarse);
        view.zoom_by(0.4, (300.0, 200.0));
        view.frame().0.to_vec()
    };
    let (fine, coarse) = (stretched(false), stretched(true));
    assert_ne!(fine, coarse);
    let others = fine.chunks(3).zip(coarse.chunks(3)).filter(|(one, other)| one != other).count();
    assert!(others * 4 < fine.len() / 3, "{others} of {} pixels are others: not the same picture", fine.len() / 3);
    view.zoom_by(0.4, (300.0, 200.0));
    view.settle();
    let mut fresh = hamlet_view((600, 400));
    fresh.center_on(view.center(), view.zoom());
    fresh.settle();
    view.set_coarse(false);
    assert_eq!(view.frame().0, fresh.frame().0);
}

#[test]
fn another_style_redraws_everything_and_leaves_nothing_of_the_one_before() {
    let fresh = |style: Style| {
        let mut view = hamlet_view((600, 400));
        view.set_style(style);
        view.center_on(Point::from_degrees(45.0, 7.0).expect("on the planet"), 16.0);
        view.settle();
        view.frame().0.to_vec()
    };
    let mut view = hamlet_view((600, 400));
    view.center_on(Point::from_degrees(45.0, 7.0).expect("on the planet"), 16.0);
    view.settle();
    for style in [Style::Night, Style::Lines, Style::Contrast, Style::ContrastDark, Style::Standard] {
        view.set_style(style);
        assert!(view.frame().1 || style == Style::Standard, "tiles of another style do not serve");
        view.settle();
        assert_eq!(view.frame().0, fresh(style), "{style:?}");
    }
}

/// Share of pixels that differ visibly, and the greatest difference of one colour part.
fn difference(one: &[u8], other: &[u8]) -> (f64, u8) {
    assert_eq!(one.len(), other.len());
    let pixels = one.chunks_exact(3).zip(other.chunks_exact(3));
    let by = |(one, other): (&[u8], &[u8])| one.iter().zip(other).map(|(one, other)| one.abs_diff(*other)).max().unwrap_or(0);
    let differences: Vec<u8> = pixels.map(by).collect();
    let seen = differences.iter().filter(|by| **by > 12).count();
    (seen as f64 / differences.len() as f64, differences.into_iter().max().unwrap_or(0))
}

fn tiles_meet(town: &Arc<Town>, center: Option<Point>, zooms: &[f64]) {
    let mut view = MapView::with_font(Arc::clone(town), (900, 700), "", Arc::new(Font::default()));
    let center = center.unwrap_or_else(|| view.center());
    for zoom in zooms {
        view.center_on(center, *zoom);
        view.settle();
        let single = ground(town, Style::Standard, &view.camera.view()).expect("a picture");
        let (share, most) = difference(&view.base, &single);
        assert!(share < 0.000_5, "{share} of the pixels differ at zoom {zoom}, by up to {most}");
        let land = [style_land()].concat();
        let drawn = single.chunks_exact(3).filter(|pixel| *pixel != land.as_slice()).count();
        assert!(drawn > 900, "there is something to compare at zoom {zoom}");
    }
}

fn style_land() -> [u8; 3] {
    let ::map::style::Color(red, green, blue) = Style::Standard.palette().land;
    [red, green, blue]
}

#[test]
fn tiles_meet_without_a_seam() {
    tiles_meet(&hamlet(), None, &[14.0, 15.7, 17.0, 18.0]);
}

#[test]
fn tiles_of_a_real_town_meet_without_a_seam() {
    let pbf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/town/monaco.osm.pbf");
    if !pbf.exists() {
        eprintln!("skipped: {} is not here", pbf.display());
        return;
    }
    tiles_meet(&import(&pbf), Point::from_degrees(43.7325, 7.4190), &[16.0, 17.5]);
}

#[test]
fn memory_for_tiles_is_bounded_however_far_one_travels() {
    let mut view = hamlet_view((1000, 900));
    let mut most = 0;
    // Every zoom has tiles of its own: those in the window alone, which are surely drawn, fill the cache.
    for zoom in (0..25).map(|step| 16.0 + f64::from(step) / 8.0) {
        view.center_on(Point::from_degrees(45.0, 7.0).expect("on the planet"), zoom);
        for _ in 0..3 {
            view.pan_px(-900.0, 400.0);
            view.settle();
            most = most.max(view.tile_bytes());
        }
    }
    assert!(most <= workers::KEPT_BYTES, "{most}");
    assert!(most > workers::KEPT_BYTES / 2, "the journey was long enough to fill it: {most}");
    assert_eq!(view.tile_bytes() % TILE_BYTES, 0);
}

#[test]
fn a_gap_shows_the_stretched_tile_of_another_zoom() {
    let other = Tile { style: Style::Standard, zoom_milli: 15_000, x: 10, y: 20 };
    let mut pixels = [10u8, 20, 30].repeat(TILE_BYTES / 3 / 2);
    pixels.extend([200u8, 210, 220].repeat(TILE_BYTES / 3 / 2));
    // The lower right quarter of that tile, twice as large.
    let tile = Tile { style: Style::Standard, zoom_milli: 16_000, x: 21, y: 41 };
    let there = There { tiles: vec![None], others: vec![(other, Arc::new(pixels))], ..There::default() };
    let mut rgb = vec![0; 64 * 64 * 3];
    let origin = (tile.corner_px().0 + 100, tile.corner_px().1 + 100);
    compose::ground(&mut Canvas { rgb: &mut rgb, size: (64, 64) }, origin, &[tile], &there, false);
    assert!(rgb.chunks_exact(3).all(|pixel| pixel == [200, 210, 220]));
    let tile = Tile { style: Style::Standard, zoom_milli: 16_000, x: 23, y: 41 };
    let origin = tile.corner_px();
    compose::ground(&mut Canvas { rgb: &mut rgb, size: (64, 64) }, origin, &[tile], &there, false);
    assert!(rgb.chunks_exact(3).all(|pixel| pixel == style_land()), "where nothing is known there is bare ground");
}

#[test]
fn while_zooming_what_is_there_is_stretched_and_nothing_is_pushed_out() {
    let mut view = hamlet_view((600, 400));
    view.center_on(Point::from_degrees(45.0, 7.0).expect("on the planet"), 16.0);
    view.settle();
    let drawn = |frame: &[u8]| frame.chunks_exact(3).filter(|pixel| *pixel != style_land()).count();
    let sharp = drawn(view.frame().0);
    // What was begun for the surroundings is finished first.
    let done = |view: &MapView| view.workers.want(&[], None, &[], true, true).expect("it must be").done;
    loop {
        let before = done(&view);
        view.workers.wait(before);
        if done(&view) == before {
            break;
        }
    }
    let tiles = view.tile_bytes();
    for _ in 0..20 {
        view.zoom_by(0.05, (300.0, 200.0));
        let (frame, more) = view.frame();
        assert!(more);
        assert!(drawn(frame) > sharp / 2, "the streets are still seen");
    }
    assert_eq!(view.tile_bytes(), tiles, "nothing was drawn for a zoom that was passed");
    view.settle();
    assert!(view.tile_bytes() > tiles);
}

#[test]
fn a_sprite_is_cut_at_the_edges() {
    let sprite = marker::pin().expect("a pin");
    for at in [(0, 0), (-5, 30), (31, 31), (-4000, 12), (12, 4000), (1_000_000, -1_000_000)] {
        let mut rgb = vec![7; 32 * 32 * 3];
        sprite.lay(&mut Canvas { rgb: &mut rgb, size: (32, 32) }, at);
        assert_eq!(rgb.len(), 32 * 32 * 3);
    }
}

#[test]
fn any_size_of_window_gives_a_frame_of_that_size_and_dropping_it_at_work_stops() {
    let mut view = hamlet_view((0, 0));
    assert_eq!(view.frame().0.len(), 3);
    for size in [(1, 700), (700, 1), (1081, 1920)] {
        view.resize(size);
        assert_eq!(view.frame().0.len(), size.0 as usize * size.1 as usize * 3);
    }
    view.set_pin(Some(view.center()), Some(5_000));
    view.center_on(view.center(), 19.0);
    view.frame();
    drop(view);
}

#[test]
fn names_are_written_by_a_font_of_the_system_and_only_by_it() {
    let font = Font::system();
    let letters = font.letters();
    if letters.is_empty() {
        eprintln!("skipped: this system has no font");
        return;
    }
    assert!(letters.width_px("Rue Grimaldi", 20.0) > letters.width_px("Rue", 20.0) * 2.0);
    assert!((letters.width_px("Rue", 40.0) - 2.0 * letters.width_px("Rue", 20.0)).abs() < 0.01);
    assert_eq!(Font::default().letters().width_px("Rue", 20.0), 0.0);
}

#[test]
fn at_the_filling_zoom_the_whole_window_lies_in_the_town() {
    let bounds = hamlet().bounds();
    for size in [(800, 300), (300, 800), (500, 500)] {
        let mut camera = Camera::new(bounds, size);
        let center = camera.center();
        let corners = |camera: &Camera| {
            let points = [(0.0, 0.0), (size.0 as f32, size.1 as f32)].map(|(x, y)| camera.point_at(x, y));
            points.into_iter().all(|point| {
                let inside = |value: i32, from: i32, to: i32| value >= from - 100 && value <= to + 100;
                inside(point.lat_e7, bounds.min.lat_e7, bounds.max.lat_e7)
                    && inside(point.lon_e7, bounds.min.lon_e7, bounds.max.lon_e7)
            })
        };
        let filling = camera.filling_zoom();
        camera.center_on(center, filling + 0.01);
        assert!(corners(&camera), "{size:?} at {filling}");
        camera.center_on(center, filling - 0.1);
        assert!(!corners(&camera), "{size:?}: a wider view shows what lies beyond");
    }
}
