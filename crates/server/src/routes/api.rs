//! `/api`: the description of the API in OpenAPI 3.1, and `/api.html`, the same for people. Both are made of the table of
//! resources that the router is made of, and of the parameters that it refuses others by, so that they cannot say anything else.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::{Resource, get};
use crate::ask::{Parameter, Parameters, known};
use crate::form::{Also, Form, What, names};
use crate::links::Base;
use crate::options::Options;
use crate::problem::{PROBLEM, Problem};
use crate::represent::page::{Section, response};
use crate::represent::{HTML, JSON, document, page};
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
    let api = json!({
        "openapi": "3.1.0",
        "info": {
            "title": app.options.title,
            "description": app.options.description,
            "version": env!("CARGO_PKG_VERSION"),
        },
        "servers": [{"url": base.root()}],
        "paths": paths,
        "components": {"responses": {"problem": {
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
        }}},
    });
    Ok(document(OPENAPI, &headers, &api))
}

fn all() -> impl Iterator<Item = &'static Resource> {
    super::RESOURCES.iter().copied().flatten()
}

/// What can be done with a resource.
fn operations(resource: &Resource, options: &Options) -> Value {
    let forms = resource.forms(options);
    let content = forms.iter().map(|form| (form.kind.to_owned(), json!({"schema": schema_of(form)})));
    let content: Map<String, Value> = content.collect();
    let responses = json!({
        "200": {"description": resource.about, "content": content},
        "default": {"$ref": "#/components/responses/problem"},
    });
    let in_path = resource.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let in_path = in_path
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
    let in_path: Vec<Value> = in_path.collect();
    let in_query = |parameter: &Parameter| json!({"name": parameter.name, "in": "query", "description": parameter.about, "schema": schema(parameter)});
    let form = (forms.len() > 1).then(|| {
        let schema = json!({"type": "string", "enum": names(&forms)});
        json!({"name": known::F.name, "in": "query", "description": known::F.about, "schema": schema})
    });
    let parameters: Vec<Value> =
        in_path.iter().cloned().chain(resource.parameters.iter().map(in_query)).chain(form.clone()).collect();
    let mut operations = json!({"get": {
        "operationId": id("get", resource),
        "summary": resource.about,
        "parameters": parameters,
        "responses": responses,
    }});
    if resource.takes_body {
        let member = |known: &Parameter| (known.name.to_owned(), json!({"description": known.about}));
        let members: Map<String, Value> = resource.parameters.iter().map(member).collect();
        operations["post"] = json!({
            "operationId": id("post", resource),
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

fn schema(parameter: &Parameter) -> Value {
    serde_json::from_str(parameter.schema).unwrap_or_default()
}

/// A document is an object; what is no JSON is a text or bytes.
fn schema_of(form: &Form) -> Value {
    match form.what {
        What::Json if form.kind != HTML => json!({"type": "object"}),
        What::Json | What::Page | What::Lines => json!({"type": "string"}),
        What::Export(_) => json!({"type": "string", "format": "binary"}),
    }
}

/// A name of an operation, such as `getCollectionsItems`.
fn id(method: &str, resource: &Resource) -> String {
    let parts = resource.path.split(['/', '{', '}', '.', '-']).filter(|part| !part.is_empty());
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
    let sections: Vec<Section<'_>> = all().map(section).collect();
    Ok(response(page::api(&base, &app.options.title, &app.options.description, &sections)))
}
