//! `/aggregate` and `/aggregations`, also below a Collection: what the Items that answer say together (STAC API - Aggregation).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::names::of_items;
use super::{Resource, get};
use crate::ask::{Asked, Body, GENERAL, Given, Parameters, Segments, Wanted, known};
use crate::catalog::Catalog;
use crate::form::Also;
use crate::links::{Base, link};
use crate::media::JSON;
use crate::problem::Problem;
use crate::represent::{aggregated, document, text};
use crate::state::App;

pub(super) const RESOURCES: &[Resource] = &[
    Resource {
        path: "/aggregate",
        about: "What the Items that answer a search say together.",
        parameters: known::AGGREGATE,
        kind: JSON,
        also: Also::Nothing,
        takes_body: true,
        methods: || get(by_parameters).post(by_body),
    },
    Resource {
        path: "/collections/{collectionId}/aggregate",
        about: "What the Items of a Collection that answer a search say together.",
        parameters: known::AGGREGATE,
        kind: JSON,
        also: Also::Nothing,
        takes_body: true,
        methods: || get(of_collection_by_parameters).post(of_collection_by_body),
    },
    Resource {
        path: "/aggregations",
        about: "The aggregations that can be asked for.",
        parameters: &[],
        kind: JSON,
        also: Also::Nothing,
        takes_body: false,
        methods: || get(of_all),
    },
    Resource {
        path: "/collections/{collectionId}/aggregations",
        about: "The aggregations of the Items of a Collection that can be asked for.",
        parameters: &[],
        kind: JSON,
        also: Also::Nothing,
        takes_body: false,
        methods: || get(of_collection),
    },
];

async fn by_parameters(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let given = parameters.of(known::AGGREGATE)?;
    let asked = Asked::of_parameters(&given, &app.tokens)?;
    let here = format!("{}{}", base.url("/aggregate"), given.query());
    answered(app, catalog, asked, &given, here, &base).await
}

async fn by_body(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    parameters: Parameters,
    Body(body): Body,
) -> Result<Response, Problem> {
    parameters.none()?;
    let asked = Asked::of_body(&body, known::AGGREGATE, &app.tokens)?;
    let given = Given::of_body(&body, known::AGGREGATE);
    answered(app, catalog, asked, &given, base.url("/aggregate"), &base).await
}

async fn of_collection_by_parameters(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    Segments(id): Segments<String>,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let given = parameters.of(known::AGGREGATE)?;
    let asked = Asked::of_parameters(&given, &app.tokens)?.within(&id)?;
    let here = format!("{}/aggregate{}", base.collection(&id), given.query());
    answered(app, catalog, asked, &given, here, &base).await.map_err(|problem| problem.of_collection(&id))
}

async fn of_collection_by_body(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    Segments(id): Segments<String>,
    parameters: Parameters,
    Body(body): Body,
) -> Result<Response, Problem> {
    parameters.none()?;
    let asked = Asked::of_body(&body, known::AGGREGATE, &app.tokens)?.within(&id)?;
    let given = Given::of_body(&body, known::AGGREGATE);
    let here = format!("{}/aggregate", base.collection(&id));
    answered(app, catalog, asked, &given, here, &base).await.map_err(|problem| problem.of_collection(&id))
}

async fn answered(
    app: App,
    catalog: Catalog,
    asked: Asked,
    given: &Given,
    here: String,
    base: &Base,
) -> Result<Response, Problem> {
    let wanted = Wanted::of(given)?;
    let (query, aggregations) = (asked.query(), wanted.aggregations.clone());
    let found = app.works.job().run(move |stop| catalog.aggregate(&query, &aggregations, stop)).await?;
    let found = wanted.names.iter().zip(&wanted.aggregations).zip(found);
    let found = found.map(|((name, of), found)| aggregated(name, of, found, wanted.interval));
    let found: Vec<Value> = found.collect();
    let links = [link("self", JSON, here), link("root", JSON, base.root())];
    let answer = json!({"type": "AggregationCollection", "aggregations": found, "links": links});
    Ok(text(JSON, answer.to_string()))
}

async fn of_all(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.none()?;
    let here = base.url("/aggregations");
    Ok(document(JSON, &headers, &listed(&app, &catalog, None, here, &base).await?))
}

async fn of_collection(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    Segments(id): Segments<String>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.none()?;
    let here = format!("{}/aggregations", base.collection(&id));
    Ok(document(JSON, &headers, &listed(&app, &catalog, Some(&id), here, &base).await?))
}

/// The aggregations that there are: those of all Items, and those of each property that has one value.
async fn listed(
    app: &App,
    catalog: &Catalog,
    collection: Option<&str>,
    here: String,
    base: &Base,
) -> Result<Value, Problem> {
    let schema = of_items(app, catalog, collection).await?;
    let mut all: Vec<Value> =
        GENERAL.iter().map(|(name, kind)| json!({"name": name, "data_type": kind})).collect();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if ["id", "collection", "datetime", "geometry"].contains(&&**name) {
            continue;
        }
        let is = |kind: &str| match &property["type"] {
            Value::Array(kinds) => kinds.iter().any(|one| one == kind),
            one => one == kind,
        };
        if is("array") || is("object") {
            continue;
        }
        let is_number = is("number") || is("integer");
        let kind = match property["format"].as_str() {
            Some("date-time") => "datetime",
            _ if is_number => "numeric",
            _ => "string",
        };
        let histogram = is_number.then_some("histogram");
        for suffix in ["frequency", "min", "max"].into_iter().chain(histogram) {
            all.push(json!({"name": format!("{name}_{suffix}"), "data_type": kind}));
        }
    }
    let links = [link("self", JSON, here), link("root", JSON, base.root())];
    Ok(json!({"aggregations": all, "links": links}))
}
