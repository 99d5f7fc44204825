//! `/queryables`, also below a Collection: which properties a filter can name (OGC API - Features - Part 3).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Resource, get};
use crate::ask::{Parameters, Segments};
use crate::catalog::{Catalog, collection_queryables};
use crate::form::{Also, Chosen};
use crate::links::Base;
use crate::problem::Problem;
use crate::represent::{SCHEMA, page, shown};
use crate::state::App;

pub(super) const RESOURCES: &[Resource] = &[
    Resource {
        path: "/queryables",
        about: "The properties that a filter can name, as JSON Schema.",
        parameters: &[],
        kind: SCHEMA,
        also: Also::Page,
        takes_body: false,
        methods: || get(of_all),
    },
    Resource {
        path: "/collections/{collectionId}/queryables",
        about: "The properties of the Items of a Collection that a filter can name, as JSON Schema.",
        parameters: &[],
        kind: SCHEMA,
        also: Also::Page,
        takes_body: false,
        methods: || get(of_collection),
    },
    Resource {
        path: COLLECTIONS,
        about: "The members that a filter of Collections can name, as JSON Schema.",
        parameters: &[],
        kind: SCHEMA,
        also: Also::Page,
        takes_body: false,
        methods: || get(of_collections),
    },
];

const COLLECTIONS: &str = "/collections-queryables";

async fn of_all(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    chosen: Chosen,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.none()?;
    let schema = schema(&app, &catalog, None, "Queryables", base.url("/queryables")).await?;
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
    let title = format!("Queryables of {id}");
    let schema =
        schema(&app, &catalog, Some(&id), &title, format!("{}/queryables", base.collection(&id))).await?;
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
        of_all_collections(&app, &catalog, "Queryables of Collections", base.url(COLLECTIONS)).await?;
    Ok(shown(&chosen, SCHEMA, &headers, &schema, |schema| page::schema(&base, None, schema)))
}

/// The queryables of Collections, as the resource at a URL.
pub(super) async fn of_all_collections(
    app: &App,
    catalog: &Catalog,
    title: &str,
    id: String,
) -> Result<Value, Problem> {
    let all = app.shelf.collections(catalog, &app.works).await?;
    let mut schema = app.works.job().run(move |_| collection_queryables(&all)).await?;
    schema["$id"] = json!(id);
    schema["title"] = json!(title);
    Ok(schema)
}

/// The queryables, as the resource at a URL.
pub(super) async fn schema(
    app: &App,
    catalog: &Catalog,
    collection: Option<&str>,
    title: &str,
    id: String,
) -> Result<Value, Problem> {
    if let Some(id) = collection {
        let found = app.shelf.collection(id, catalog, &app.works).await?;
        found.ok_or_else(|| Problem::no_collection(id))?;
    }
    let (catalog, collection) = (catalog.clone(), collection.map(str::to_owned));
    let made = app.works.job().run(move |stop| catalog.queryables(collection.as_deref(), stop)).await;
    let mut schema = made?;
    schema["$id"] = json!(id);
    schema["title"] = json!(title);
    Ok(schema)
}
