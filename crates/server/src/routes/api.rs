//! `/api`: the description of the API in OpenAPI 3.1, and `/api.html`, the same for people. Both are made of the table of
//! resources that the router is made of, and of the parameters that it refuses others by, so that they cannot say anything else.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::writes::{WRITES, Write};
use super::{Resource, get};
use crate::ask::{Parameter, Parameters};
use crate::links::Base;
use crate::problem::{PROBLEM, Problem};
use crate::represent::{JSON, document, text};
use crate::state::App;
use crate::write::JSON_PATCH;

/// The media type of the description.
pub(super) const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.1";

pub(super) const RESOURCES: &[Resource] = &[
    Resource {
        path: "/api",
        about: "This description.",
        parameters: &[],
        kind: OPENAPI,
        takes_body: false,
        methods: || get(api),
    },
    Resource {
        path: "/api.html",
        about: "The same for people.",
        parameters: &[],
        kind: HTML,
        takes_body: false,
        methods: || get(page),
    },
];

const HTML: &str = "text/html; charset=utf-8";

async fn api(
    State(app): State<App>,
    base: Base,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.none()?;
    let mut paths = Map::new();
    for resource in all() {
        paths.insert(resource.path.to_owned(), operations(resource));
    }
    for write in writes(&app) {
        let operations = paths.entry(write.path).or_insert_with(|| json!({}));
        operations[write.method] = operation(write);
    }
    let mut components = json!({"responses": {"problem": {
        "description": "What went wrong, and what can be done about it.",
        "content": {PROBLEM: {"schema": {
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "help": {"type": "string"},
                "parameter": {"type": "string"},
            },
        }}},
    }}});
    if app.guard.has_tokens() {
        components["securitySchemes"] = json!({"bearer": {"type": "http", "scheme": "bearer"}});
    }
    let api = json!({
        "openapi": "3.1.0",
        "info": {
            "title": app.options.title,
            "description": app.options.description,
            "version": env!("CARGO_PKG_VERSION"),
        },
        "servers": [{"url": base.root()}],
        "paths": paths,
        "components": components,
        // Without a token where none is needed.
        "security": if app.guard.has_tokens() { json!([{}, {"bearer": []}]) } else { json!([]) },
    });
    Ok(document(OPENAPI, &headers, &api))
}

fn all() -> impl Iterator<Item = &'static Resource> {
    super::RESOURCES.iter().copied().flatten()
}

/// What changes something, where that can be done.
fn writes(app: &App) -> impl Iterator<Item = &'static Write> {
    WRITES.iter().filter(|_| app.is_writable())
}

/// The headers of a change on a condition.
const CONDITIONS: [(&str, &str); 2] = [
    ("If-Match", "The `ETag` of the state that is meant; with another one nothing is changed."),
    ("If-None-Match", "`*` where nothing is to be there yet."),
];

/// A method that changes something.
fn operation(write: &Write) -> Value {
    let (status, kind) = write.gives;
    let mut parameters = in_path(write.path);
    if write.method != "post" {
        parameters.extend(CONDITIONS.map(|(name, about)| {
            json!({"name": name, "in": "header", "description": about, "schema": {"type": "string"}})
        }));
    }
    let content = kind.map_or_else(|| json!({}), |kind| json!({kind: {"schema": schema_of(kind)}}));
    let mut operation = json!({
        "operationId": id(write.method, write.path),
        "summary": write.about,
        "parameters": parameters,
        "responses": {
            status: {"description": write.about, "content": content},
            "default": {"$ref": "#/components/responses/problem"},
        },
    });
    if !write.takes.is_empty() {
        let of = |kind: &&str| {
            let schema =
                if *kind == JSON_PATCH { json!({"type": "array"}) } else { json!({"type": "object"}) };
            ((*kind).to_owned(), json!({"schema": schema}))
        };
        let content: Map<String, Value> = write.takes.iter().map(of).collect();
        operation["requestBody"] = json!({"required": true, "content": content});
    }
    operation
}

/// The open parts of a path.
fn in_path(path: &str) -> Vec<Value> {
    let names = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    names
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect()
}

/// What can be done with a resource.
fn operations(resource: &Resource) -> Value {
    let responses = json!({
        "200": {"description": resource.about, "content": {resource.kind: {"schema": schema_of(resource.kind)}}},
        "default": {"$ref": "#/components/responses/problem"},
    });
    let in_path = in_path(resource.path);
    let in_query = |parameter: &Parameter| json!({"name": parameter.name, "in": "query", "description": parameter.about, "schema": schema(parameter)});
    let parameters: Vec<Value> =
        in_path.iter().cloned().chain(resource.parameters.iter().map(in_query)).collect();
    let mut operations = json!({"get": {
        "operationId": id("get", resource.path),
        "summary": resource.about,
        "parameters": parameters,
        "responses": responses,
    }});
    if resource.takes_body {
        let member = |known: &Parameter| (known.name.to_owned(), json!({"description": known.about}));
        let members: Map<String, Value> = resource.parameters.iter().map(member).collect();
        operations["post"] = json!({
            "operationId": id("post", resource.path),
            "summary": resource.about,
            "parameters": in_path,
            "requestBody": {"required": true, "content": {JSON: {"schema": {
                "type": "object",
                "description": "The parameters as members: lists are arrays, geometries and filters objects.",
                "properties": members,
                "additionalProperties": false,
            }}}},
            "responses": responses,
        });
    }
    operations
}

fn schema(parameter: &Parameter) -> Value {
    serde_json::from_str(parameter.schema).unwrap_or_default()
}

fn schema_of(kind: &str) -> Value {
    json!({"type": if kind == HTML { "string" } else { "object" }})
}

/// A name of an operation, such as `getCollectionsItems`.
fn id(method: &str, path: &str) -> String {
    let parts = path.split(['/', '{', '}', '.', '-']).filter(|part| !part.is_empty());
    let parts = parts.map(|part| {
        let (first, rest) = part.split_at(1);
        format!("{}{rest}", first.to_ascii_uppercase())
    });
    let name: String = parts.collect();
    format!("{method}{}", if name.is_empty() { "Landing" } else { &name })
}

async fn page(State(app): State<App>, base: Base, parameters: Parameters) -> Result<Response, Problem> {
    parameters.none()?;
    let title = escaped(&app.options.title);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<p>{}</p>\n<p><a href=\"{}\">Landing page</a> · \
         <a href=\"{}\">OpenAPI</a></p>\n",
        escaped(&app.options.description),
        escaped(&base.root()),
        escaped(&base.url("/api")),
    );
    for resource in all() {
        let methods = if resource.takes_body { "GET, POST" } else { "GET" };
        // It cannot fail.
        let _ = write!(
            html,
            "<h2><code>{methods} {}</code></h2>\n<p>{}</p>\n",
            escaped(resource.path),
            escaped(resource.about)
        );
        if !resource.parameters.is_empty() {
            html.push_str("<table>\n");
            for parameter in resource.parameters {
                let (name, about) = (escaped(parameter.name), escaped(parameter.about));
                let _ = writeln!(html, "<tr><td><code>{name}</code></td><td>{about}</td></tr>");
            }
            html.push_str("</table>\n");
        }
    }
    for write in writes(&app) {
        let (method, about) = (write.method.to_ascii_uppercase(), escaped(write.about));
        let _ = write!(html, "<h2><code>{method} {}</code></h2>\n<p>{about}</p>\n", escaped(write.path));
    }
    html.push_str("</body></html>\n");
    let mut response = text(HTML, html);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(response)
}

/// The page needs its own style, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
h2{font-size:1rem;margin-top:2rem}td{vertical-align:top;padding:.2rem .8rem .2rem 0}code{font-size:.95em}";

/// A text in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
