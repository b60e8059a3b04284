//! The interface's own description (OpenAPI 3.1), made from the route table and the types: it cannot say what the code does not do.

use std::collections::BTreeSet;

use api::ErrorBody;
use api::routes::{Method, Payload, ROUTES, Route, Who};
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// Statuses that every route may answer with.
const EVERYWHERE: [u16; 2] = [500, 503];
/// Media types in which a photo may be sent.
pub const PHOTO_MEDIA: [&str; 4] = ["application/octet-stream", "image/jpeg", "image/png", "image/webp"];

/// The document.
pub fn document() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.into_generator();
    let error = generator.subschema_for::<ErrorBody>().to_value();
    let mut paths = Map::new();
    for route in ROUTES {
        let method = match route.method {
            Method::Get => "get",
            Method::Post => "post",
        };
        let operation = operation(route, &mut generator, &error);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(method.to_owned(), operation);
        }
    }
    let schemas: Map<String, Value> = generator.take_definitions(true).into_iter().collect();
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "WeGovNow local interface",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Between the daemon of an appliance and its kiosk and console. Reached through the daemon's Unix socket, where \
                the kernel says which user asks; over TCP nobody is staff.",
            "license": { "name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later" },
        },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator, error: &Value) -> Value {
    let mut responses = Map::new();
    responses.insert("200".to_owned(), json!({ "description": "Done", "content": content(&route.reply, generator) }));
    let mut statuses: BTreeSet<u16> = route.errors.iter().copied().chain(EVERYWHERE).collect();
    if route.who == Who::Staff {
        statuses.insert(403);
    }
    if !matches!(route.request, Payload::Empty) {
        statuses.insert(408);
    }
    for status in statuses {
        let description = axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        responses.insert(
            status.to_string(),
            json!({ "description": description.unwrap_or("No"), "content": { "application/json": { "schema": error } } }),
        );
    }
    let mut parameters: Vec<Value> = path_parameters(route.path, generator);
    if let Some(query) = route.query {
        parameters.extend(query_parameters(route.name, query(generator), generator));
    }
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "tags": [if route.who == Who::Staff { "staff" } else { "anyone" }],
        "parameters": parameters,
        "responses": responses,
    });
    let body = match &route.request {
        Payload::Empty => None,
        Payload::Json(_) => Some(content(&route.request, generator)),
        Payload::Bytes(_) => Some(PHOTO_MEDIA.iter().map(|media| ((*media).to_owned(), json!({}))).collect()),
    };
    if let (Some(body), Some(operation)) = (body, operation.as_object_mut()) {
        operation.insert("requestBody".to_owned(), json!({ "required": true, "content": body }));
    }
    operation
}

fn content(payload: &Payload, generator: &mut SchemaGenerator) -> Value {
    match payload {
        Payload::Empty => json!({}),
        Payload::Json(schema) => json!({ "application/json": { "schema": schema(generator).to_value() } }),
        Payload::Bytes("application/json") => json!({ "application/json": { "schema": { "type": "object" } } }),
        Payload::Bytes(media) => json!({ *media: {} }),
    }
}

/// Parameters in the path; each is the id of its noun.
fn path_parameters(path: &str, generator: &mut SchemaGenerator) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| {
            let schema = match name {
                "report" => generator.subschema_for::<api::ReportId>().to_value(),
                "photo" => generator.subschema_for::<api::AttachmentId>().to_value(),
                _ => json!({ "type": "string" }),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect()
}

/// Each field of a query's type as a parameter, with bounds where the daemon has some.
fn query_parameters(route: &str, schema: Schema, generator: &SchemaGenerator) -> Vec<Value> {
    let named = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()).map(str::to_owned);
    let definition = named.and_then(|name| generator.definitions().get(&name).cloned()).unwrap_or_else(|| schema.to_value());
    let required: BTreeSet<&str> =
        definition.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = definition.get("properties").and_then(Value::as_object).into_iter().flatten();
    fields
        .map(|(name, field)| {
            let mut field = field.clone();
            let description = field.get("description").cloned().unwrap_or(Value::Null);
            if let Some(field) = field.as_object_mut() {
                field.remove("description");
                field.remove("default");
                // A parameter that is left out is the only "nothing" that a query string has.
                match field.get("type").and_then(Value::as_array).cloned() {
                    Some(types) => {
                        let only = types.into_iter().find(|word| word != "null").unwrap_or(Value::Null);
                        field.insert("type".to_owned(), only);
                    }
                    None => {
                        if let Some(first) = field.get("anyOf").and_then(Value::as_array).and_then(|all| all.first()).cloned() {
                            field.clear();
                            field.extend(first.as_object().cloned().unwrap_or_default());
                        }
                    }
                }
                for (key, value) in bounds(route, name) {
                    field.insert(key.to_owned(), value);
                }
            }
            let mut parameter =
                json!({ "name": name, "in": "query", "required": required.contains(name.as_str()), "schema": field });
            if let (Some(text), Some(parameter)) = (description.as_str(), parameter.as_object_mut()) {
                parameter.insert("description".to_owned(), json!(text));
            }
            parameter
        })
        .collect()
}

/// Bounds of a query field, as its handler checks them.
fn bounds(route: &str, field: &str) -> Vec<(&'static str, Value)> {
    match field {
        "lat" => vec![("minimum", json!(-90)), ("maximum", json!(90))],
        "lon" => vec![("minimum", json!(-180)), ("maximum", json!(180))],
        "limit" => vec![("minimum", json!(1)), ("maximum", json!(crate::routes::limit_max(route)))],
        "q" | "filter" => vec![("maxLength", json!(crate::routes::WORDS_MAX))],
        "bounds" => vec![("pattern", json!(r"^-?\d{1,3}(\.\d{1,10})?(,-?\d{1,3}(\.\d{1,10})?){3}$"))],
        "near" => vec![("pattern", json!(r"^-?\d{1,3}(\.\d{1,10})?,-?\d{1,3}(\.\d{1,10})?$"))],
        _ => Vec::new(),
    }
}
