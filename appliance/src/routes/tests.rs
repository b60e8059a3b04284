use serde_json::{Value, json};

use super::*;
use crate::tests::{Town, new_report};

#[test]
fn every_route_has_one_handler_and_every_handler_a_route() {
    for route in ROUTES {
        assert_eq!(HANDLERS.iter().filter(|(name, _)| *name == route.name).count(), 1, "{}", route.name);
    }
    assert_eq!(HANDLERS.len(), ROUTES.len());
}

#[test]
fn the_description_names_every_route_with_its_parameters_and_answers() {
    let document = crate::openapi::document();
    let mut operations = 0;
    for route in ROUTES {
        let method = if route.method == Method::Get { "get" } else { "post" };
        let operation = &document["paths"][route.path][method];
        assert_eq!(operation["operationId"], route.name);
        assert_eq!(operation["responses"]["403"].is_object(), route.who == Who::Staff, "{}", route.name);
        for status in route.errors {
            assert!(operation["responses"][status.to_string()].is_object(), "{} {status}", route.name);
        }
        assert_eq!(operation["requestBody"].is_object(), !matches!(route.request, Payload::Empty), "{}", route.name);
        operations += 1;
    }
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.values().map(|path| path.as_object().unwrap().len()).sum::<usize>(), operations);
    let parameters = document["paths"]["/api/v1/near"]["get"]["parameters"].as_array().unwrap();
    let lat = parameters.iter().find(|parameter| parameter["name"] == "lat").unwrap();
    assert_eq!((&lat["required"], &lat["schema"]["maximum"]), (&json!(true), &json!(90)));
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}

async fn ask(town: &Town, method: &str, path: &str, media: Option<&str>, body: &[u8]) -> (u16, Value) {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = reqwest::Client::new().request(method, town.url(path)).body(body.to_vec());
    if let Some(media) = media {
        request = request.header("content-type", media);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// Method, path, media type, body; status and code of the answer.
type Bad<'a> = (&'a str, String, Option<&'a str>, Vec<u8>, u16, &'a str);

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_get_stable_codes() {
    let town = Town::start().await;
    let report = |change: &dyn Fn(&mut Value)| {
        let mut report = serde_json::to_value(new_report(9)).unwrap();
        change(&mut report);
        report.to_string().into_bytes()
    };
    let json = Some("application/json");
    let file = "/api/v1/reports";
    let id = "0".repeat(32);
    let big = format!("{{\"code\":\"{}\"}}", "A".repeat(70_000)).into_bytes();
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000)).into_bytes();
    let table: Vec<Bad> = vec![
        ("GET", "/nowhere".into(), None, vec![], 404, "not_found"),
        ("DELETE", file.into(), None, vec![], 405, "method_not_allowed"),
        ("POST", "/api/v1/town".into(), json, vec![], 405, "method_not_allowed"),
        ("POST", file.into(), None, report(&|_| ()), 415, "unsupported_media"),
        ("POST", file.into(), Some("text/plain"), report(&|_| ()), 415, "unsupported_media"),
        ("POST", file.into(), json, b"{".to_vec(), 400, "bad_request"),
        ("POST", file.into(), json, b"\xff\xfe{}".to_vec(), 400, "bad_request"),
        ("POST", file.into(), json, b"[]".to_vec(), 400, "bad_request"),
        ("POST", file.into(), json, deep, 400, "bad_request"),
        ("POST", "/api/v1/follow".into(), json, big, 413, "too_large"),
        ("POST", file.into(), json, report(&|r| r["surprise"] = 1.into()), 400, "bad_request"),
        ("POST", file.into(), json, report(&|r| r["kind"] = "praise".into()), 400, "bad_request"),
        ("POST", file.into(), json, report(&|r| r["place"]["point"]["lat_e7"] = 900_000_001.into()), 422, "bad_place"),
        ("POST", file.into(), json, report(&|r| r["place"]["point"]["lat_e7"] = 0.into()), 422, "outside_area"),
        ("POST", file.into(), json, report(&|r| r["category"] = "dragons".into()), 422, "unknown_category"),
        ("POST", file.into(), json, report(&|r| r["text"] = "a\u{0}b\u{1b}[2J".into()), 422, "bad_text"),
        ("POST", file.into(), json, report(&|r| r["text"] = "\u{202e}\u{200b} ".into()), 422, "text_too_short"),
        ("POST", file.into(), json, report(&|r| r["text"] = "x".repeat(4001).into()), 422, "text_too_long"),
        ("POST", file.into(), json, report(&|r| r["photo"] = "ab".repeat(32).into()), 422, "unknown_photo"),
        ("POST", file.into(), json, report(&|r| r["category"] = "waste".into()), 422, "missing_answer"),
        ("POST", "/api/v1/follow".into(), json, br#"{"code":"0000-0000-000Z"}"#.to_vec(), 400, "bad_request"),
        ("GET", "/api/v1/reports/xyz".into(), None, vec![], 400, "bad_request"),
        ("GET", "/api/v1/reports/%ff%fe".into(), None, vec![], 400, "bad_request"),
        ("GET", format!("/api/v1/reports/{id}"), None, vec![], 404, "unknown_report"),
        ("GET", "/api/v1/reports?limit=0".into(), None, vec![], 400, "bad_request"),
        ("GET", "/api/v1/reports?surprise=1".into(), None, vec![], 400, "bad_request"),
        ("GET", "/api/v1/reports?bounds=1,2,3".into(), None, vec![], 400, "bad_request"),
        ("GET", "/api/v1/reports?bounds=61,25,60,24".into(), None, vec![], 400, "bad_request"),
        ("GET", "/api/v1/reports?category=light,".into(), None, vec![], 400, "bad_request"),
        ("GET", "/api/v1/clusters?zoom=15".into(), None, vec![], 400, "bad_request"),
        ("GET", "/api/v1/clusters?zoom=15&bounds=1,2,3".into(), None, vec![], 400, "bad_request"),
        ("GET", "/api/v1/clusters?zoom=25&bounds=60,24,61,25".into(), None, vec![], 400, "bad_request"),
        ("GET", "/api/v1/clusters?zoom=NaN&bounds=60,24,61,25".into(), None, vec![], 400, "bad_request"),
        ("GET", "/api/v1/reports?near=NaN,0".into(), None, vec![], 400, "bad_request"),
        ("GET", "/api/v1/near?lat=95&lon=0&category=road".into(), None, vec![], 422, "bad_place"),
        ("GET", "/api/v1/near?lat=60&lon=24&category=dragons".into(), None, vec![], 422, "unknown_category"),
        ("GET", "/api/v1/search".into(), None, vec![], 400, "bad_request"),
        ("GET", format!("/api/v1/search?q={}", "a".repeat(201)), None, vec![], 400, "bad_request"),
        ("GET", "/api/v1/reverse?lat=inf&lon=0".into(), None, vec![], 422, "bad_place"),
        ("GET", format!("/api/v1/photos/{}", "ab".repeat(32)), None, vec![], 404, "not_found"),
        ("POST", "/api/v1/photos".into(), Some("text/html"), b"<b>".to_vec(), 415, "unsupported_media"),
        ("POST", "/api/v1/photos".into(), Some("image/png"), b"GIF89a".to_vec(), 415, "unsupported_media"),
        ("POST", "/api/v1/photos".into(), Some("image/png"), b"\x89PNG\r\n\x1a\n".to_vec(), 400, "bad_request"),
        ("GET", "/api/v1/staff/me".into(), None, vec![], 403, "not_permitted"),
        ("GET", "/api/v1/staff/queue?queue=new".into(), None, vec![], 403, "not_permitted"),
        ("POST", "/api/v1/staff/decide".into(), json, b"{}".to_vec(), 403, "not_permitted"),
        ("POST", file.into(), json, report(&|r| r["text"] = "<script>alert(1)</script>".into()), 200, ""),
        ("POST", file.into(), json, report(&|_| ()), 409, "id_taken"),
    ];
    for (method, path, media, body, status, code) in table {
        let (got, answer) = ask(&town, method, &path, media, &body).await;
        let shown = String::from_utf8_lossy(&body).chars().take(80).collect::<String>();
        assert_eq!(got, status, "{method} {path} {shown} {answer}");
        if !code.is_empty() {
            assert_eq!(answer["code"], code, "{method} {path} {shown} {answer}");
            assert!(answer["message"].as_str().is_some_and(|message| !message.is_empty()));
        }
    }
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_is_public_only_with_a_report_that_is_shown() {
    use api::{Decide, DecideOn, Decision, HideReason, RequestId, Target};
    let town = Town::start().await;
    let client = town.client();
    let mut png = Vec::new();
    let image = image::DynamicImage::ImageRgb8(image::RgbImage::new(20, 10));
    image.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
    let stored = client.store_photo(png).await.unwrap();
    assert_eq!((stored.width_px, stored.height_px), (20, 10));
    assert_eq!(client.photo(stored.id).await.unwrap_err().code(), "not_found", "no report has it yet");
    let report = api::NewReport { photo: Some(stored.id), ..new_report(1) };
    let filed = client.file_report(&report).await.unwrap();
    assert!(client.photo(stored.id).await.unwrap().starts_with(b"\xff\xd8"));
    let hide = Decision::Hide { target: Target::Photo, reason: HideReason::PersonalData, explanation: "a face".to_owned() };
    let on = vec![DecideOn { report: filed.id, request: RequestId([1; 16]), seen: None, undo: None }];
    client.decide(&Decide { on, decision: hide }).await.unwrap().outcomes.remove(0).event.unwrap();
    assert_eq!(client.photo(stored.id).await.unwrap_err().code(), "not_found");
    assert_eq!(client.report(filed.id).await.unwrap().photo, None);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_method_that_is_not_allowed_comes_with_those_that_are() {
    let town = Town::start().await;
    let response = reqwest::Client::new().delete(town.url("/api/v1/reports")).send().await.unwrap();
    let allowed = response.headers().get("allow").unwrap().to_str().unwrap().to_owned();
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn places_say_what_they_are_what_is_reckoned_and_in_which_part_of_town() {
    let town = Town::start_with(|config| {
        let mut extract = map::pbf::testville::extract();
        let (lat, lon) = map::pbf::testville::crossing(5, 7);
        extract.node(9_001, lat, lon, &[("place", "suburb"), ("name", "Northside")]);
        extract.node(9_002, lat, lon, &[("addr:street", "Maple Street"), ("addr:housenumber", "36")]);
        extract.node(9_003, lat, lon, &[("amenity", "pharmacy"), ("name", "Old Pharmacy")]);
        let file = config.data.join("given.osm.pbf");
        extract.write(&file).unwrap();
        map::import(&file, None, &config.data.join(crate::set_up::MAP_FILE), &mut |_| {}).unwrap();
    })
    .await;
    let client = town.client();
    for (text, label, what, is_between) in [
        ("maple street 3", "3 Maple Street", "address", false),
        ("3 maple stret", "3 Maple Street", "address", false),
        ("Maple Street 32", "32 Maple Street", "address", true),
        ("Maple Street", "Maple Street", "street", false),
        ("maple & tower lane", "Maple Street & Tower Lane", "crossing", false),
        ("northside", "Northside", "place", false),
        ("pharmacy near maple street 28", "Old Pharmacy, 36 Maple Street", "place", false),
    ] {
        let query = api::SearchQuery { q: text.to_owned(), lat: None, lon: None, limit: None };
        let found = client.search(&query).await.unwrap().found;
        let first = found.first().unwrap_or_else(|| panic!("{text}: nothing"));
        assert_eq!((first.label.as_str(), first.what.as_str(), first.is_between), (label, what, is_between), "{text}");
    }
    let (lat, lon) = map::pbf::testville::crossing(5, 7);
    let (_, here) = ask(&town, "GET", &format!("/api/v1/reverse?lat={lat}&lon={lon}"), None, b"").await;
    assert_eq!((here["label"].as_str(), here["district"].as_str()), (Some("36 Maple Street"), Some("Northside")));
    let (_, away) = ask(&town, "GET", "/api/v1/reverse?lat=50&lon=10", None, b"").await;
    assert!(away["label"].is_null() && away["district"].is_null() && away["in_area"] == false, "{away}");
    town.stop().await;
}
