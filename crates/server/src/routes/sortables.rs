//! `/sortables`, also below a Collection: which properties Items can be sorted by (OGC API - Features - Part 5). Those are the
//! queryables whose values have an order that says something.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;

use super::queryables::{of_all_collections, schema};
use super::{Resource, get};
use crate::ask::{Parameters, Segments};
use crate::catalog::Catalog;
use crate::form::{Also, Chosen};
use crate::links::Base;
use crate::problem::Problem;
use crate::represent::{SCHEMA, page, shown};
use crate::state::App;

pub(super) const RESOURCES: &[Resource] = &[
    Resource {
        path: "/sortables",
        about: "The properties that Items can be sorted by, as JSON Schema.",
        parameters: &[],
        kind: SCHEMA,
        also: Also::Page,
        takes_body: false,
        methods: || get(of_all),
    },
    Resource {
        path: "/collections/{collectionId}/sortables",
        about: "The properties that the Items of a Collection can be sorted by, as JSON Schema.",
        parameters: &[],
        kind: SCHEMA,
        also: Also::Page,
        takes_body: false,
        methods: || get(of_collection),
    },
    Resource {
        path: COLLECTIONS,
        about: "The members that Collections can be sorted by, as JSON Schema.",
        parameters: &[],
        kind: SCHEMA,
        also: Also::Page,
        takes_body: false,
        methods: || get(of_collections),
    },
];

const COLLECTIONS: &str = "/collections-sortables";

async fn of_all(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    chosen: Chosen,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.none()?;
    let schema = schema(&app, &catalog, None, "Sortables", base.url("/sortables")).await?;
    let schema = with_order(schema);
    Ok(shown(&chosen, SCHEMA, &headers, &schema, |schema| page::schema(&base, None, schema)))
}

async fn of_collection(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    chosen: Chosen,
    Segments(id): Segments<String>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.none()?;
    let title = format!("Sortables of {id}");
    let schema =
        schema(&app, &catalog, Some(&id), &title, format!("{}/sortables", base.collection(&id))).await?;
    let schema = with_order(schema);
    Ok(shown(&chosen, SCHEMA, &headers, &schema, |schema| page::schema(&base, Some(&id), schema)))
}

async fn of_collections(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    chosen: Chosen,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.none()?;
    let schema =
        of_all_collections(&app, &catalog, "Sortables of Collections", base.url(COLLECTIONS)).await?;
    let schema = with_order(schema);
    Ok(shown(&chosen, SCHEMA, &headers, &schema, |schema| page::schema(&base, None, schema)))
}

/// Without what has no order: geometries, arrays and objects.
fn with_order(mut schema: Value) -> Value {
    let is_scalar =
        |kind: &Value| ["string", "number", "integer", "boolean", "null"].iter().any(|name| kind == name);
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.retain(|_, property| match &property["type"] {
            Value::Array(kinds) => kinds.iter().all(is_scalar),
            kind => is_scalar(kind),
        });
    }
    schema
}
