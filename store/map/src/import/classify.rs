//! What a thing is, by its tags: the map features of OpenStreetMap's wiki, reduced to what a town map shows.

use super::read::Tags;
use crate::class::Class;

/// Class of a closed ring, or `None` when it is no area (a roundabout is closed and still a line).
pub fn area(tags: &Tags) -> Option<Class> {
    if tags.is("area", "no") || is_hidden(tags) {
        return None;
    }
    if tags.has("building") {
        // Roofs without walls stay: they orient people as much as buildings do.
        return Some(Class::Building);
    }
    if let Some(highway) = tags.get("highway") {
        let walked = matches!(highway, "pedestrian" | "footway" | "platform" | "living_street");
        return (walked && (tags.is("area", "yes") || highway == "platform")).then_some(Class::Square);
    }
    let by = |key: &str, class: fn(&str) -> Option<Class>| tags.get(key).and_then(class);
    by("natural", |natural| match natural {
        "water" => Some(Class::Water),
        "wood" | "scrub" | "heath" => Some(Class::Wood),
        "grassland" | "wetland" | "fell" => Some(Class::Grass),
        "beach" | "sand" | "shingle" => Some(Class::Beach),
        _ => None,
    })
    .or_else(|| by("waterway", |waterway| matches!(waterway, "riverbank" | "dock" | "boatyard").then_some(Class::Water)))
    .or_else(|| {
        by("leisure", |leisure| match leisure {
            "park" | "garden" | "playground" | "dog_park" | "nature_reserve" | "golf_course" | "common" => Some(Class::Park),
            "pitch" | "track" => Some(Class::Pitch),
            "swimming_pool" => Some(Class::Water),
            "beach_resort" => Some(Class::Beach),
            _ => None,
        })
    })
    .or_else(|| {
        by("landuse", |landuse| match landuse {
            "forest" => Some(Class::Wood),
            "grass" | "meadow" | "farmland" | "allotments" | "orchard" | "vineyard" | "village_green" | "flowerbed"
            | "plant_nursery" | "greenfield" => Some(Class::Grass),
            "recreation_ground" | "cemetery" => Some(Class::Park),
            "basin" | "reservoir" => Some(Class::Water),
            "industrial" | "railway" | "port" | "harbour" | "quarry" | "construction" | "brownfield" | "landfill" => {
                Some(Class::Industry)
            }
            _ => None,
        })
    })
    .or_else(|| {
        by("amenity", |amenity| match amenity {
            "school" | "university" | "college" | "kindergarten" => Some(Class::School),
            "hospital" => Some(Class::Hospital),
            "parking" | "bicycle_parking" => Some(Class::Parking),
            "grave_yard" => Some(Class::Park),
            "marketplace" => Some(Class::Square),
            _ => None,
        })
        .filter(|_| !tags.is("location", "underground"))
    })
    .or_else(|| by("man_made", |made| is_pier(made).then_some(Class::Quay)))
    .or_else(|| by("place", |place| (place == "square").then_some(Class::Square)))
    .or_else(|| by("railway", |railway| (railway == "platform").then_some(Class::Square)))
    .or_else(|| by("public_transport", |kind| (kind == "platform").then_some(Class::Square)))
    .or_else(|| by("aeroway", |aeroway| matches!(aeroway, "apron" | "helipad").then_some(Class::Parking)))
}

/// Class of a line.
pub fn line(tags: &Tags) -> Option<Class> {
    if tags.is("area", "yes") || is_hidden(tags) {
        return None;
    }
    if let Some(highway) = tags.get("highway") {
        return Some(match highway {
            "motorway" | "motorway_link" => Class::Motorway,
            "trunk" | "trunk_link" => Class::Trunk,
            "primary" | "primary_link" => Class::Primary,
            "secondary" | "secondary_link" => Class::Secondary,
            "tertiary" | "tertiary_link" => Class::Tertiary,
            "residential" | "unclassified" | "living_street" | "road" | "busway" => Class::Street,
            "service" => Class::Service,
            "pedestrian" => Class::Pedestrian,
            "track" => Class::Track,
            "cycleway" => Class::Cycleway,
            "footway" | "path" | "bridleway" | "corridor" => Class::Footway,
            "steps" => Class::Steps,
            _ => return None,
        });
    }
    if let Some(railway) = tags.get("railway") {
        // Underground lines are not what one sees in the street.
        let hidden = tags.has("tunnel") && tags.get("railway") != Some("rail");
        return match railway {
            "rail" | "narrow_gauge" | "funicular" | "preserved" => Some(Class::Rail),
            "tram" | "light_rail" | "monorail" => Some(Class::Tram),
            "subway" => (!tags.has("tunnel")).then_some(Class::Rail),
            _ => None,
        }
        .filter(|_| !hidden);
    }
    if let Some(waterway) = tags.get("waterway") {
        return match waterway {
            "river" | "canal" => Some(Class::River),
            "stream" | "ditch" | "drain" => Some(Class::Stream),
            _ => None,
        }
        .filter(|_| !tags.has("tunnel"));
    }
    if tags.get("man_made").is_some_and(is_pier) {
        return Some(Class::Pier);
    }
    match tags.get("aeroway") {
        Some("runway" | "taxiway") => Some(Class::Service),
        _ => None,
    }
}

/// Whether an administrative border, with its level: 2 is the state, 8 usually the municipality.
pub fn border_level(tags: &Tags) -> Option<u8> {
    let level = tags.is("boundary", "administrative").then(|| tags.get("admin_level"))??;
    level.parse().ok().filter(|level| (1..=11).contains(level))
}

/// The kind of a settlement, for a node or area.
pub fn settlement(tags: &Tags) -> Option<&str> {
    tags.get("place").filter(|place| {
        matches!(
            *place,
            "city"
                | "town"
                | "village"
                | "hamlet"
                | "borough"
                | "suburb"
                | "quarter"
                | "neighbourhood"
                | "island"
                | "islet"
                | "locality"
        )
    })
}

/// What a point of interest is, as `key=value`: something a resident would look for or name as a landmark.
pub fn interest(tags: &Tags) -> Option<String> {
    const KEYS: [&str; 15] = [
        "amenity",
        "shop",
        "tourism",
        "historic",
        "leisure",
        "office",
        "craft",
        "healthcare",
        "railway",
        "public_transport",
        "highway",
        "man_made",
        "natural",
        "place",
        "building",
    ];
    KEYS.iter().find_map(|key| {
        let value = tags.get(key).filter(|value| !value.is_empty() && *value != "no")?;
        let counts = match *key {
            "railway" => matches!(value, "station" | "halt" | "tram_stop" | "subway_entrance"),
            "public_transport" => matches!(value, "station" | "stop_position" | "platform"),
            "highway" => matches!(value, "bus_stop"),
            "man_made" => matches!(value, "lighthouse" | "tower" | "pier" | "works" | "bridge"),
            "natural" => matches!(value, "peak" | "beach" | "cave_entrance" | "spring" | "tree" | "bay" | "cape"),
            "place" => value == "square",
            _ => true,
        };
        counts.then(|| format!("{key}={value}"))
    })
}

/// What a thing without a name is, as `key=value`, if people look for its kind and not for its name: the next toilets, a defibrillator,
/// a place for the bicycle. Not what is on private ground.
pub fn useful(tags: &Tags) -> Option<String> {
    if matches!(tags.get("access"), Some("private" | "no")) || is_hidden(tags) {
        return None;
    }
    const KEYS: [&str; 5] = ["amenity", "emergency", "highway", "leisure", "railway"];
    KEYS.iter().find_map(|key| {
        let value = tags.get(key)?;
        let counts = match *key {
            "amenity" => matches!(
                value,
                "atm"
                    | "bench"
                    | "bicycle_parking"
                    | "bicycle_rental"
                    | "charging_station"
                    | "drinking_water"
                    | "parking"
                    | "post_box"
                    | "recycling"
                    | "telephone"
                    | "toilets"
            ),
            "emergency" => value == "defibrillator",
            "highway" => value == "bus_stop",
            "leisure" => value == "playground",
            _ => value == "subway_entrance",
        };
        counts.then(|| format!("{key}={value}"))
    })
}

/// Storeys above or below ground, from the `layer` tag, else from bridge and tunnel.
pub fn height(tags: &Tags) -> i8 {
    match tags.get("layer").and_then(|layer| layer.parse::<i8>().ok()) {
        Some(layer) => layer.clamp(-5, 5),
        None => i8::from(tags.has("bridge")) - i8::from(is_tunnel(tags)),
    }
}

/// Whether it runs below ground or under a building.
pub fn is_tunnel(tags: &Tags) -> bool {
    tags.has("tunnel") || tags.has("covered")
}

/// Inside a building, or not there: nothing for a town map.
fn is_hidden(tags: &Tags) -> bool {
    tags.has("indoor") || tags.has("abandoned") || (tags.is("location", "underground") && !tags.has("highway"))
}

fn is_pier(made: &str) -> bool {
    matches!(made, "pier" | "breakwater" | "groyne" | "quay" | "jetty")
}
