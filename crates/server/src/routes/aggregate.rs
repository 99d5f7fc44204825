//! `/aggregate` and `/aggregations`, also below a Collection: what the Items that answer say together (STAC API - Aggregation).

use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::names::of_items;
use super::place::Place;
use super::{Resource, get};
use crate::ask::{Asked, Body, GENERAL, GRID_CODES, Given, Wanted, known};
use crate::form::{Also, What};
use crate::links::link;
use crate::media::JSON;
use crate::problem::Problem;
use crate::represent::{aggregated, document, page, text};

pub(super) const RESOURCES: &[Resource] = &[
    Resource {
        path: "/aggregate",
        about: "What the Items that answer a search say together.",
        parameters: known::AGGREGATE,
        kind: JSON,
        also: Also::Page,
        takes_body: true,
        methods: || get(by_parameters).post(by_body),
    },
    Resource {
        path: "/collections/{collectionId}/aggregate",
        about: "What the Items of a Collection that answer a search say together.",
        parameters: known::AGGREGATE,
        kind: JSON,
        also: Also::Page,
        takes_body: true,
        methods: || get(by_parameters).post(by_body),
    },
    Resource {
        path: "/aggregations",
        about: "The aggregations that can be asked for.",
        parameters: &[],
        kind: JSON,
        also: Also::Nothing,
        takes_body: false,
        methods: || get(listed),
    },
    Resource {
        path: "/collections/{collectionId}/aggregations",
        about: "The aggregations of the Items of a Collection that can be asked for.",
        parameters: &[],
        kind: JSON,
        also: Also::Nothing,
        takes_body: false,
        methods: || get(listed),
    },
];

impl Place {
    async fn answered(self, asked: Asked, given: &Given, query: &str) -> Result<Response, Problem> {
        let here = format!("{}{query}", self.base.url(&self.path("aggregate", "aggregate")));
        let asked = self.within(asked)?;
        let wanted = Wanted::of(given)?;
        let (query, aggregations) = (asked.query(), wanted.aggregations.clone());
        let catalog = self.catalog.clone();
        let found =
            self.app.works.long_job().run(move |stop| catalog.aggregate(&query, &aggregations, stop)).await;
        let found = found.map_err(|problem| self.blamed(asked.places.blamed(problem)));
        let Self { app, base, chosen, collection, .. } = self;
        let found = wanted.names.iter().zip(&wanted.aggregations).zip(found?);
        let found = found.map(|((name, of), found)| aggregated(name, of, found, wanted.interval));
        let found: Vec<Value> = found.collect();
        let links = [link("self", JSON, here), link("root", JSON, base.root())];
        let answer = json!({"type": "AggregationCollection", "aggregations": found, "links": links});
        if chosen.what() == What::Page {
            return Ok(page::response(page::aggregates(
                &page::Site::new(base, &app),
                collection.as_deref(),
                &answer,
            )));
        }
        Ok(text(JSON, answer.to_string()))
    }
}

async fn by_parameters(place: Place) -> Result<Response, Problem> {
    let given = place.parameters.of(known::AGGREGATE)?;
    let asked = Asked::of_parameters(&given, &place.app.tokens)?;
    place.answered(asked, &given, &given.query()).await
}

async fn by_body(place: Place, Body(body): Body) -> Result<Response, Problem> {
    place.parameters.none()?;
    let asked = Asked::of_body(&body, known::AGGREGATE, &place.app.tokens)?;
    place.answered(asked, &Given::of_body(&body, known::AGGREGATE), "").await
}

/// The aggregations that there are: those of all Items, and those of each property that has one value.
async fn listed(place: Place, headers: HeaderMap) -> Result<Response, Problem> {
    place.parameters.none()?;
    let schema = of_items(&place.app, &place.catalog, place.collection.as_deref()).await?;
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
    if schema["properties"].get("grid:code").is_some() {
        all.push(json!({"name": GRID_CODES, "data_type": "string"}));
    }
    let links = [
        link("self", JSON, place.base.url(&place.path("aggregations", "aggregations"))),
        link("root", JSON, place.base.root()),
    ];
    Ok(document(JSON, &headers, &json!({"aggregations": all, "links": links})))
}
