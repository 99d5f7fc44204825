//! `/api`: the description of the API in OpenAPI 3.1, and `/api.html`, the same for people. Both are made of the table of
//! resources that the router is made of, and of the parameters that it refuses others by, so that they cannot say anything else.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::schemas;
use super::writes::{WRITES, Write};
use super::{Resource, get};
use crate::ask::{Parameter, Parameters, known};
use crate::form::{Also, Form, What, names};
use crate::links::Base;
use crate::media::PROBLEM;
use crate::media::{HTML, JSON, JSON_PATCH};
use crate::options::Options;
use crate::problem::Problem;
use crate::represent::page::{Section, response};
use crate::represent::{document, page};
use crate::state::App;

/// The media type of the description.
pub(super) const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.1";

pub(super) const RESOURCES: &[Resource] = &[
    Resource {
        path: "/api",
        about: "This description.",
        parameters: &[],
        kind: OPENAPI,
        also: Also::Nothing,
        takes_body: false,
        methods: || get(api),
    },
    Resource {
        path: "/api.html",
        about: "The same for people.",
        parameters: &[],
        kind: HTML,
        also: Also::Nothing,
        takes_body: false,
        methods: || get(for_people),
    },
];

async fn api(
    State(app): State<App>,
    base: Base,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.none()?;
    let mut paths = Map::new();
    for resource in all() {
        paths.insert(resource.path.to_owned(), operations(resource, &app.options));
    }
    for write in writes(&app) {
        let operations = paths.entry(write.path).or_insert_with(|| json!({}));
        operations[write.method] = operation(write);
    }
    let mut components = json!({"schemas": schemas::all(), "responses": {"problem": {
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
        }}, "text/html": {"schema": {"type": "string"}}},
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
    let content =
        kind.map_or_else(|| json!({}), |kind| json!({kind: {"schema": schemas::reference(write.answer)}}));
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
            let name = if *kind == JSON_PATCH { "operations" } else { write.body };
            ((*kind).to_owned(), json!({"schema": schemas::reference(name)}))
        };
        let content: Map<String, Value> = write.takes.iter().map(of).collect();
        operation["requestBody"] = json!({"required": true, "content": content});
    }
    operation
}

/// The open parts of a path.
fn in_path(path: &str) -> Vec<Value> {
    let names = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    // A zoom, a column, a row; all others are ids.
    let schema = |name| match name {
        "z" | "x" | "y" => json!({"type": "integer", "minimum": 0}),
        _ => json!({"type": "string"}),
    };
    names.map(|name| json!({"name": name, "in": "path", "required": true, "schema": schema(name)})).collect()
}

/// What can be done with a resource.
fn operations(resource: &Resource, options: &Options) -> Value {
    let forms = resource.forms(options);
    // Whole or a page of it, GeoJSON is of one media type.
    let content = forms
        .iter()
        .filter(|form| form.what != What::Collected)
        .map(|form| (form.kind.to_owned(), json!({"schema": schema_of(resource, form)})));
    let content: Map<String, Value> = content.collect();
    let responses = json!({
        "200": {"description": resource.about, "content": content},
        "default": {"$ref": "#/components/responses/problem"},
    });
    let in_path = in_path(resource.path);
    let in_query = |parameter: &Parameter| json!({"name": parameter.name, "in": "query", "description": parameter.about, "schema": parsed(parameter.schema)});
    let form = (forms.len() > 1).then(|| {
        let schema = json!({"type": "string", "enum": names(&forms)});
        json!({"name": known::F.name, "in": "query", "description": known::F.about, "schema": schema})
    });
    let parameters: Vec<Value> =
        in_path.iter().cloned().chain(resource.parameters.iter().map(in_query)).chain(form.clone()).collect();
    let mut operations = json!({"get": {
        "operationId": id("get", resource.path),
        "summary": resource.about,
        "parameters": parameters,
        "responses": responses,
    }});
    if resource.takes_body {
        let member = |known: &Parameter| {
            let mut schema = parsed(known.member);
            schema["description"] = json!(known.about);
            (known.name.to_owned(), schema)
        };
        let members: Map<String, Value> = resource.parameters.iter().map(member).collect();
        operations["post"] = json!({
            "operationId": id("post", resource.path),
            "summary": resource.about,
            "parameters": in_path.into_iter().chain(form).collect::<Vec<Value>>(),
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

fn parsed(schema: &str) -> Value {
    serde_json::from_str(schema).unwrap_or_default()
}

/// What is no JSON is a text or bytes.
fn schema_of(resource: &Resource, form: &Form) -> Value {
    match form.what {
        What::Json if form.kind.contains("json") && !form.kind.contains("ndjson") => {
            schemas::reference(schemas::of_answer(resource.path))
        }
        What::Json | What::Page | What::Lines | What::Collected | What::Rows => json!({"type": "string"}),
        What::Export(_) => json!({"type": "string", "format": "binary"}),
    }
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

async fn for_people(State(app): State<App>, base: Base, parameters: Parameters) -> Result<Response, Problem> {
    parameters.none()?;
    let section = |resource: &'static Resource| {
        let methods = if resource.takes_body { "GET, POST" } else { "GET" };
        let form = (resource.also != Also::Nothing).then_some(&known::F);
        Section {
            heading: format!("{methods} {}", resource.path),
            about: resource.about,
            rows: resource.parameters.iter().chain(form).map(|known| (known.name, known.about)).collect(),
        }
    };
    let mut sections: Vec<Section<'_>> = all().map(section).collect();
    sections.extend(writes(&app).map(|write| Section {
        heading: format!("{} {}", write.method.to_ascii_uppercase(), write.path),
        about: write.about,
        rows: Vec::new(),
    }));
    Ok(response(page::api(&page::Site::new(base, &app), &app.options.description, &sections)))
}
