//! Reading a border from GeoJSON (RFC 7946): a polygon or multipolygon, alone, as a feature or as a collection of features.

use serde_json::Value;

use crate::world::{Area, Point};

/// Vertices a border may have: ten times the longest municipal border we know of.
const VERTICES_MAX: usize = 1_000_000;

/// All polygons of a GeoJSON text together. The error says what is wrong and where, as a path into the document.
pub fn area(text: &str) -> Result<Area, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
    let mut area = Area::default();
    collect(&value, "", &mut area)?;
    if area.0.is_empty() {
        return Err("it holds no polygon".to_owned());
    }
    if area.0.iter().flatten().map(Vec::len).sum::<usize>() > VERTICES_MAX {
        return Err(format!("it has more than {VERTICES_MAX} corners"));
    }
    Ok(area)
}

fn collect(value: &Value, at: &str, area: &mut Area) -> Result<(), String> {
    let list = |key: &str| value.get(key).and_then(Value::as_array).ok_or_else(|| format!("{at}/{key} is not a list"));
    match value.get("type").and_then(Value::as_str) {
        // Only the outermost object may be a collection: no recursion into what may nest without end.
        Some("FeatureCollection") if at.is_empty() => {
            for (index, feature) in list("features")?.iter().enumerate() {
                collect(feature, &format!("/features/{index}"), area)?;
            }
            Ok(())
        }
        Some("Feature") if !at.ends_with("/geometry") => {
            let geometry = value.get("geometry").ok_or_else(|| format!("{at}/geometry is missing"))?;
            collect(geometry, &format!("{at}/geometry"), area)
        }
        Some("Polygon") => {
            area.0.push(polygon(list("coordinates")?, &format!("{at}/coordinates"))?);
            Ok(())
        }
        Some("MultiPolygon") => {
            for (index, rings) in list("coordinates")?.iter().enumerate() {
                let at = format!("{at}/coordinates/{index}");
                let rings = rings.as_array().ok_or_else(|| format!("{at} is not a list"))?;
                area.0.push(polygon(rings, &at)?);
            }
            Ok(())
        }
        Some(other) => {
            let other: String = other.chars().filter(|c| !c.is_control()).take(40).collect();
            Err(format!("{}/type is {other:?}, not a polygon or multipolygon", at))
        }
        None => Err(format!("{at}/type is missing")),
    }
}

fn polygon(rings: &[Value], at: &str) -> Result<Vec<Vec<Point>>, String> {
    if rings.is_empty() {
        return Err(format!("{at} is a polygon without a ring"));
    }
    rings.iter().enumerate().map(|(index, ring)| self::ring(ring, &format!("{at}/{index}"))).collect()
}

fn ring(value: &Value, at: &str) -> Result<Vec<Point>, String> {
    let positions = value.as_array().ok_or_else(|| format!("{at} is not a list"))?;
    let mut ring = Vec::with_capacity(positions.len() + 1);
    for (index, position) in positions.iter().enumerate() {
        let degrees = |place: usize| position.get(place).and_then(Value::as_f64);
        let point = degrees(1).zip(degrees(0)).and_then(|(lat, lon)| Point::from_degrees(lat, lon));
        ring.push(point.ok_or_else(|| format!("{at}/{index} is not a longitude and latitude on the planet"))?);
    }
    // The standard wants rings closed; an open one is meant the same.
    if let Some(first) = ring.first().copied().filter(|first| ring.last() != Some(first)) {
        ring.push(first);
    }
    if ring.len() < 4 {
        return Err(format!("{at} has fewer than three corners"));
    }
    Ok(ring)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polygons_are_read_in_every_wrapping() {
        let ring = "[[7.0,45.0],[7.1,45.0],[7.1,45.1],[7.0,45.0]]";
        let polygon = format!(r#"{{"type":"Polygon","coordinates":[{ring}]}}"#);
        let feature = format!(r#"{{"type":"Feature","properties":{{}},"geometry":{polygon}}}"#);
        let collection = format!(r#"{{"type":"FeatureCollection","features":[{feature},{feature}]}}"#);
        let multi = format!(r#"{{"type":"MultiPolygon","coordinates":[[{ring}],[{ring}]]}}"#);
        for (text, polygons) in [(polygon, 1), (feature, 1), (collection, 2), (multi, 2)] {
            let area = area(&text).unwrap();
            assert_eq!(area.0.len(), polygons, "{text}");
            assert_eq!(area.0[0][0][0], Point { lat_e7: 450_000_000, lon_e7: 70_000_000 });
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let cases = [
            ("", "not JSON"),
            ("[]", "/type is missing"),
            (r#"{"type":"Point","coordinates":[1,2]}"#, "not a polygon"),
            (r#"{"type":"FeatureCollection","features":[]}"#, "no polygon"),
            (r#"{"type":"FeatureCollection","features":[{"type":"FeatureCollection","features":[]}]}"#, "/features/0/type"),
            (r#"{"type":"Polygon","coordinates":[[[1,2],[3,4],[1,2]]]}"#, "/coordinates/0 has fewer"),
            (r#"{"type":"Polygon","coordinates":[[[1,2],[3,400],[5,6]]]}"#, "/coordinates/0/1 is not a longitude"),
            (r#"{"type":"Polygon","coordinates":[[[1,2],["x",4],[5,6]]]}"#, "/coordinates/0/1 is not a longitude"),
        ];
        for (text, expected) in cases {
            let error = area(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
