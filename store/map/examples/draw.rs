//! Draws a town to a picture, to look at the map with one's own eyes:
//! `cargo run -p map --example draw -- TOWN OUT.png ZOOM [LAT LON] [WIDTH HEIGHT] [STYLE]`, where TOWN is a town file or an
//! `osm.pbf` and STYLE one of standard, contrast, contrastdark, lines, night.

use std::path::{Path, PathBuf};
use std::time::Instant;

use map::draw::{Feature, Step};
use map::label::Place;
use map::style::{Color, Style};
use map::{Point, Town, View};
use tiny_skia::{FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Stroke, StrokeDash, Transform};
use ttf_parser::{Face, OutlineBuilder};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [town, out, zoom, rest @ ..] = arguments.as_slice() else {
        return Err("usage: draw TOWN OUT.png ZOOM [LAT LON] [WIDTH HEIGHT] [STYLE]".into());
    };
    let named = |style: &Style| rest.last().is_some_and(|last| format!("{style:?}").eq_ignore_ascii_case(last));
    let named = Style::ALL.into_iter().find(named);
    let rest = if named.is_some() { rest.split_last().map_or(rest, |(_, rest)| rest) } else { rest };
    let style = named.unwrap_or_default();
    let numbers: Vec<f64> = rest.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
    let town = open(Path::new(town))?;
    let zoom: f64 = zoom.parse()?;
    let (width, height) = match numbers.as_slice() {
        [_, _, width, height, ..] => (*width, *height),
        _ => (1280.0, 900.0),
    };
    let view = match numbers.as_slice() {
        [lat, lon, ..] => View::at(Point::from_degrees(*lat, *lon).ok_or("off the planet")?, zoom, width, height),
        _ => View { zoom, ..View::over(town.bounds(), width, height) },
    };
    let started = Instant::now();
    let drawing = town.features(view.rect(40.0), view.zoom);
    let read = started.elapsed();
    let mut picture = Pixmap::new(width as u32, height as u32).ok_or("no such size")?;
    let Color(red, green, blue) = style.palette().land;
    picture.fill(tiny_skia::Color::from_rgba8(red, green, blue, 255));
    for step in drawing.steps(style, view.zoom) {
        draw(&step, &view, &mut picture);
    }
    let drawn = started.elapsed();
    let font = std::fs::read("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf")?;
    let face = Face::parse(&font, 0)?;
    let labels = town.place_labels(&view, None, &mut |text, size| width_px(&face, text, size));
    let placed = started.elapsed();
    for label in &labels {
        let path = match &label.place {
            Place::Upright { lines } => {
                let mut path = PathBuilder::new();
                for (text, [x, y]) in lines {
                    let start = x - width_px(&face, text, label.size_px) / 2.0;
                    write(&face, text, label.size_px, &mut path, |along| (start + along, y + label.size_px * 0.35, 0.0));
                }
                path.finish()
            }
            Place::Along { path: line } => {
                let mut path = PathBuilder::new();
                write(&face, &label.text, label.size_px, &mut path, |along| {
                    let ([x, y], angle) = map::label::along(line, along);
                    (x - label.size_px * 0.35 * -angle.sin(), y + label.size_px * 0.35 * angle.cos(), angle)
                });
                path.finish()
            }
        };
        if let Some(path) = path {
            let halo = Stroke { width: 3.5, line_join: LineJoin::Round, ..Stroke::default() };
            picture.stroke_path(&path, &paint(style.palette().halo), &halo, Transform::identity(), None);
            picture.fill_path(&path, &paint(label.ink.color(style)), FillRule::Winding, Transform::identity(), None);
        }
    }
    println!(
        "{} features, {} labels: read {read:?}, drawn {drawn:?}, labels placed {:?}",
        drawing.len(),
        labels.len(),
        placed - drawn
    );
    picture.save_png(out)?;
    Ok(())
}

fn open(path: &Path) -> Result<Town, Box<dyn std::error::Error>> {
    if path.extension().is_some_and(|ending| ending == "pbf") {
        let out: PathBuf = std::env::temp_dir().join(format!("draw-{}.town", std::process::id()));
        let summary = map::import(path, None, &out, &mut |_| {})?;
        eprintln!("{summary:#?}");
        let town = Town::open(&out)?;
        std::fs::remove_file(&out)?;
        return Ok(town);
    }
    Ok(Town::open(path)?)
}

fn paint(Color(red, green, blue): Color) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, 255);
    paint.anti_alias = true;
    paint
}

fn path(feature: &Feature<'_>, view: &View, close: bool) -> Option<tiny_skia::Path> {
    let mut path = PathBuilder::new();
    for part in feature.parts() {
        for (place, spot) in part.iter().enumerate() {
            let (x, y) = view.pixel(*spot);
            if place == 0 { path.move_to(x as f32, y as f32) } else { path.line_to(x as f32, y as f32) }
        }
        if close {
            path.close();
        }
    }
    path.finish()
}

fn draw(step: &Step<'_>, view: &View, picture: &mut Pixmap) {
    match step {
        Step::Fill(feature, color) => {
            if let Some(path) = path(feature, view, true) {
                picture.fill_path(&path, &paint(*color), FillRule::EvenOdd, Transform::identity(), None);
            }
        }
        Step::Line(feature, stroke) => {
            if let Some(path) = path(feature, view, false) {
                let line = Stroke {
                    width: stroke.width_px,
                    line_cap: if stroke.round { LineCap::Round } else { LineCap::Butt },
                    line_join: LineJoin::Round,
                    dash: stroke.dash_px.and_then(|dash| StrokeDash::new(dash.to_vec(), 0.0)),
                    ..Stroke::default()
                };
                picture.stroke_path(&path, &paint(stroke.color), &line, Transform::identity(), None);
            }
        }
    }
}

fn width_px(face: &Face<'_>, text: &str, size_px: f32) -> f32 {
    let scale = size_px / f32::from(face.units_per_em());
    text.chars().filter_map(|c| face.glyph_hor_advance(face.glyph_index(c)?)).map(|advance| f32::from(advance) * scale).sum()
}

/// Adds the letters to a path; `at` says where along the text a letter stands: x, y of its foot and the angle.
fn write(face: &Face<'_>, text: &str, size_px: f32, path: &mut PathBuilder, at: impl Fn(f32) -> (f32, f32, f32)) {
    struct Pen<'a>(&'a mut PathBuilder, f32, (f32, f32, f32));
    impl Pen<'_> {
        fn place(&self, x: f32, y: f32) -> (f32, f32) {
            let (x, y, (left, foot, angle)) = (x * self.1, -y * self.1, self.2);
            (left + x * angle.cos() - y * angle.sin(), foot + x * angle.sin() + y * angle.cos())
        }
    }
    impl OutlineBuilder for Pen<'_> {
        fn move_to(&mut self, x: f32, y: f32) {
            let (x, y) = self.place(x, y);
            self.0.move_to(x, y);
        }
        fn line_to(&mut self, x: f32, y: f32) {
            let (x, y) = self.place(x, y);
            self.0.line_to(x, y);
        }
        fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
            let ((x1, y1), (x, y)) = (self.place(x1, y1), self.place(x, y));
            self.0.quad_to(x1, y1, x, y);
        }
        fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
            let ((x1, y1), (x2, y2), (x, y)) = (self.place(x1, y1), self.place(x2, y2), self.place(x, y));
            self.0.cubic_to(x1, y1, x2, y2, x, y);
        }
        fn close(&mut self) {
            self.0.close();
        }
    }
    let scale = size_px / f32::from(face.units_per_em());
    let mut along = 0.0;
    for c in text.chars() {
        let Some(glyph) = face.glyph_index(c) else { continue };
        face.outline_glyph(glyph, &mut Pen(path, scale, at(along)));
        along += f32::from(face.glyph_hor_advance(glyph).unwrap_or_default()) * scale;
    }
}
