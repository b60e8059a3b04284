//! Our standard look, said in MapLibre's words, for tiles in the layers of OpenMapTiles as tilemaker makes them.
//!
//! Colours and widths are ours: so what differs on the sheet is what is drawn, in which order and with which names, not taste.

use map::Class;
use map::style::{self, Color, Ink, Look, Stroke, Style};
use serde_json::{Value, json};

/// Ours count tiles of 256 pixels.
const ZOOM_LESS: f64 = 1.0;
/// Zooms of ours that the look is taken at; between them it changes evenly.
const ZOOMS: std::ops::RangeInclusive<u8> = 12..=20;

/// Areas in draw order: which class of ours they are, their layer, and what of it.
fn areas() -> [(Class, &'static str, Value); 12] {
    let class = |names: &[&str]| json!(["match", ["get", "class"], names, true, false]);
    let park = json!(["match", ["get", "subclass"], ["park", "garden", "golf_course", "recreation_ground"], true, false]);
    [
        (Class::Industry, "landuse", class(&["railway", "industrial"])),
        (Class::School, "landuse", class(&["school", "university", "college", "kindergarten"])),
        (Class::Hospital, "landuse", class(&["hospital"])),
        (Class::Grass, "landcover", json!(["all", class(&["grass", "farmland", "wetland"]), ["!", park]])),
        (Class::Wood, "landcover", class(&["wood"])),
        (Class::Park, "landcover", park),
        (Class::Park, "landuse", class(&["cemetery", "playground"])),
        (Class::Park, "park", json!(true)),
        (Class::Beach, "landcover", class(&["sand"])),
        (Class::Pitch, "landuse", class(&["pitch"])),
        (Class::Water, "water", json!(true)),
        (Class::Quay, "transportation", json!(["all", class(&["pier"]), ["==", ["geometry-type"], "Polygon"]])),
    ]
}

/// Streets and rails in draw order: which class of ours, and which of theirs. Paths are of one class there, stairs among them.
const WAYS: [(Class, &[&str]); 11] = [
    (Class::Footway, &["path"]),
    (Class::Track, &["track"]),
    (Class::Service, &["service"]),
    (Class::Street, &["minor"]),
    (Class::Tertiary, &["tertiary"]),
    (Class::Secondary, &["secondary"]),
    (Class::Primary, &["primary"]),
    (Class::Trunk, &["trunk"]),
    (Class::Motorway, &["motorway"]),
    (Class::Tram, &["tram", "light_rail", "monorail"]),
    (Class::Rail, &["rail", "narrow_gauge", "funicular", "preserved"]),
];

/// The whole look. `sea` is GeoJSON in the colour `sea_color`: tilemaker makes none without a coastline from elsewhere.
pub fn look(sea: &Value, sea_color: Color) -> Value {
    let palette = Style::Standard.palette();
    let mut layers = vec![json!({ "id": "land", "type": "background", "paint": { "background-color": css(palette.land) } })];
    let fill = |id: &str, source: &Value, color: Color| {
        merged(json!({ "id": id, "type": "fill", "paint": { "fill-color": css(color) } }), source)
    };
    let ours = json!({ "source": "sea" });
    for (number, (class, layer, filter)) in areas().iter().enumerate() {
        let source = json!({ "source": "town", "source-layer": layer, "filter": filter });
        if *class == Class::Water {
            layers.extend(stroke("sea shore", &ours, Class::Sea, false, |look| look.casing));
            layers.extend(stroke("shore", &source, *class, false, |look| look.casing));
            layers.push(fill("sea", &ours, sea_color));
        }
        layers.extend(
            (*class == Class::Quay)
                .then(|| stroke("quay edge", &source, *class, false, |look| look.casing))
                .into_iter()
                .flatten(),
        );
        layers.extend(
            style::look(Style::Standard, *class, 18.0, false).fill.map(|color| fill(&format!("area {number}"), &source, color)),
        );
        layers.extend(stroke(&format!("edge {number}"), &source, *class, false, |look| look.line));
        if *class == Class::Water {
            layers.extend(waterways());
        }
    }
    let building = json!({ "source": "town", "source-layer": "building" });
    layers.push(fill("building", &building, palette.building));
    layers.extend(stroke("building edge", &building, Class::Building, false, |look| look.line));
    let border = json!({ "source": "town", "source-layer": "boundary", "filter": ["<=", ["get", "admin_level"], 8] });
    layers.extend(stroke("border", &border, Class::Border, false, |look| look.line));
    for height in ["tunnel", "ground", "bridge"] {
        layers.extend(ways(height, "casing", |look| look.casing));
        layers.extend(ways(height, "line", |look| look.line));
    }
    layers.extend(names());
    json!({
        "version": 8,
        "sources": { "town": { "type": "vector", "maxzoom": 14 }, "sea": { "type": "geojson", "data": sea } },
        "layers": layers,
    })
}

fn waterways() -> Vec<Value> {
    let rivers = json!({ "source": "town", "source-layer": "waterway", "filter": ["match", ["get", "class"], ["river", "canal"], true, false] });
    let streams = json!({ "source": "town", "source-layer": "waterway", "filter": ["match", ["get", "class"], ["river", "canal"], false, true] });
    [("river", rivers, Class::River), ("stream", streams, Class::Stream)]
        .iter()
        .flat_map(|(id, source, class)| {
            let banks = stroke(&format!("{id} banks"), source, *class, false, |look| look.casing);
            banks.into_iter().chain(stroke(id, source, *class, false, |look| look.line))
        })
        .collect()
}

fn ways(height: &str, part: &str, of: impl Fn(&Look) -> Option<Stroke>) -> Vec<Value> {
    let here = match height {
        "ground" => json!(["match", ["get", "brunnel"], ["tunnel", "bridge"], false, true]),
        height => json!(["==", ["get", "brunnel"], height]),
    };
    let way = |(class, theirs): &(Class, &[&str])| {
        let lines = json!(["==", ["geometry-type"], "LineString"]);
        let filter = json!(["all", lines, here, ["match", ["get", "class"], theirs, true, false]]);
        let source = json!({ "source": "town", "source-layer": "transportation", "filter": filter });
        stroke(&format!("{height} {class:?} {part}"), &source, *class, height == "tunnel", &of)
    };
    WAYS.iter().flat_map(way).collect()
}

/// Layers of lines as wide as ours are at each zoom, from the first zoom on that has any: one for each look that is not only wider.
fn stroke(id: &str, source: &Value, class: Class, tunnel: bool, of: impl Fn(&Look) -> Option<Stroke>) -> Vec<Value> {
    let at = |zoom: f64| {
        let drawn = zoom >= f64::from(style::zoom_min(class));
        of(&style::look(Style::Standard, class, zoom, tunnel)).filter(|_| drawn)
    };
    let steps = ZOOMS.start() * 4..=ZOOMS.end() * 4;
    let strokes: Vec<(f64, Option<Stroke>)> = steps.map(|step| f64::from(step) / 4.0).map(|zoom| (zoom, at(zoom))).collect();
    let kind = |stroke: &Option<Stroke>| stroke.map(|stroke| (stroke.color, stroke.dash_px.is_some(), stroke.round));
    let mut layers = Vec::new();
    for run in strokes.chunk_by(|(_, one), (_, other)| kind(one) == kind(other)) {
        let ([(first, _), ..], [.., (last, Some(stroke))]) = (run, run) else { continue };
        let mut width = vec![json!("interpolate"), json!(["linear"]), json!(["zoom"])];
        for (zoom, stroke) in run.iter().filter_map(|(zoom, stroke)| Some((zoom, stroke.as_ref()?))) {
            width.extend([json!(zoom - ZOOM_LESS), json!(stroke.width_px)]);
        }
        let mut paint = json!({ "line-color": css(stroke.color), "line-width": width });
        if let Some(dash) = stroke.dash_px {
            paint["line-dasharray"] = json!(dash.map(|px| px / stroke.width_px));
        }
        let cap = if stroke.round { "round" } else { "butt" };
        let layer = json!({
            "id": format!("{id} {first}"),
            "type": "line",
            "minzoom": first - ZOOM_LESS,
            // Until the next one begins.
            "maxzoom": last + 0.25 - ZOOM_LESS,
            "paint": paint,
            "layout": { "line-cap": cap, "line-join": "round" },
        });
        layers.push(merged(layer, source));
    }
    layers
}

/// Names, the least first: MapLibre places those of the last layer before all others.
fn names() -> Vec<Value> {
    let class = |names: &[&str]| json!(["match", ["get", "class"], names, true, false]);
    let name = |id: &str, from: f64, size: f64, ink: Ink, text: &str, source: Value, along: bool| {
        let layer = json!({
            "id": id,
            "type": "symbol",
            "minzoom": from - ZOOM_LESS,
            "layout": {
                "text-field": ["get", text],
                "text-font": ["Noto Sans SemiBold"],
                "text-size": size,
                "symbol-placement": if along { "line" } else { "point" },
                "text-max-width": 7,
            },
            "paint": {
                "text-color": css(ink.color(Style::Standard)),
                "text-halo-color": css(Style::Standard.palette().halo),
                "text-halo-width": 1.6,
            },
        });
        merged(layer, &source)
    };
    let of = |layer: &str, filter: Value| json!({ "source": "town", "source-layer": layer, "filter": filter });
    let green = json!(["match", ["get", "subclass"], ["park", "garden"], true, false]);
    let written = "name:latin";
    vec![
        name("number", 18.0, 16.0, Ink::Number, "housenumber", of("housenumber", json!(true)), false),
        name("poi", 17.5, 16.0, Ink::Poi, written, of("poi", json!(["!", green])), false),
        name("great poi", 16.0, 16.0, Ink::Poi, written, of("poi", json!(["<=", ["get", "rank"], 10])), false),
        name("path name", 17.0, 16.0, Ink::Place, written, of("transportation_name", class(&["path", "track", "service"])), true),
        name("street name", 14.5, 16.0, Ink::Place, written, of("transportation_name", class(&["minor", "tertiary"])), true),
        name("park name", 13.0, 17.0, Ink::Green, written, of("poi", green), false),
        name("river name", 13.0, 16.0, Ink::Water, written, of("waterway", json!(true)), true),
        name("water name", 13.0, 17.0, Ink::Water, written, of("water_name", json!(["==", ["geometry-type"], "Point"])), false),
        name(
            "main street name",
            13.0,
            17.0,
            Ink::Place,
            written,
            of("transportation_name", class(&["motorway", "trunk", "primary", "secondary"])),
            true,
        ),
        name(
            "quarter name",
            13.0,
            18.0,
            Ink::Place,
            written,
            of("place", class(&["suburb", "quarter", "neighbourhood", "village", "island"])),
            false,
        ),
    ]
}

fn merged(mut layer: Value, source: &Value) -> Value {
    if let (Some(layer), Some(source)) = (layer.as_object_mut(), source.as_object()) {
        layer.extend(source.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    layer
}

fn css(Color(red, green, blue): Color) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
