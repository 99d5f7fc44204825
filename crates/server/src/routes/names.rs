//! `/queryables` and `/sortables`, also below a Collection, and of Collections: which names a filter and a sort can use (OGC API - Features,
//! Parts 3 and 5). Those to sort by are the queryables whose values have an order that says something.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Resource, get};
use crate::ask::{Parameters, Segments};
use crate::catalog::{Catalog, collection_queryables};
use crate::form::{Also, Chosen};
use crate::links::Base;
use crate::media::SCHEMA;
use crate::problem::Problem;
use crate::represent::{page, shown};
use crate::state::App;

const fn resource(
    path: &'static str,
    about: &'static str,
    methods: fn() -> super::MethodRouter<App>,
) -> Resource {
    Resource { path, about, parameters: &[], kind: SCHEMA, also: Also::Page, takes_body: false, methods }
}

pub(super) const RESOURCES: &[Resource] = &[
    resource("/queryables", "The properties that a filter can name, as JSON Schema.", || {
        get(|request: Request| request.answered(Use::Filter, Of::Items))
    }),
    resource(
        "/collections/{collectionId}/queryables",
        "The properties of the Items of a Collection that a filter can name, as JSON Schema.",
        || get(|Segments(id), request: Request| request.answered(Use::Filter, Of::Collection(id))),
    ),
    resource(
        "/collections-queryables",
        "The members that a filter of Collections can name, as JSON Schema.",
        || get(|request: Request| request.answered(Use::Filter, Of::Collections)),
    ),
    resource("/sortables", "The properties that Items can be sorted by, as JSON Schema.", || {
        get(|request: Request| request.answered(Use::Sort, Of::Items))
    }),
    resource(
        "/collections/{collectionId}/sortables",
        "The properties that the Items of a Collection can be sorted by, as JSON Schema.",
        || get(|Segments(id), request: Request| request.answered(Use::Sort, Of::Collection(id))),
    ),
    resource(
        "/collections-sortables",
        "The members that Collections can be sorted by, as JSON Schema.",
        || get(|request: Request| request.answered(Use::Sort, Of::Collections)),
    ),
];

/// What a name is used for.
#[derive(Clone, Copy)]
enum Use {
    Filter,
    Sort,
}

/// Whose names they are.
enum Of {
    /// Of all Items.
    Items,
    /// Of the Items of a Collection.
    Collection(String),
    /// Of Collections.
    Collections,
}

/// A request for names.
struct Request {
    app: App,
    catalog: Catalog,
    base: Base,
    chosen: Chosen,
    headers: HeaderMap,
}

impl FromRequestParts<App> for Request {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(parameters) = Parameters::from_request_parts(parts, app).await;
        parameters.none()?;
        let Ok(chosen) = Chosen::from_request_parts(parts, app).await;
        Ok(Self {
            app: App::clone(app),
            catalog: Catalog::from_request_parts(parts, app).await?,
            base: Base::from_request_parts(parts, app).await?,
            chosen,
            headers: parts.headers.clone(),
        })
    }
}

impl Request {
    async fn answered(self, used: Use, of: Of) -> Result<Response, Problem> {
        let Self { app, catalog, base, chosen, headers } = self;
        let (name, title) = match used {
            Use::Filter => ("queryables", "Queryables"),
            Use::Sort => ("sortables", "Sortables"),
        };
        let (id, title, mut schema) = match &of {
            Of::Items => {
                (base.url(&format!("/{name}")), title.to_owned(), of_items(&app, &catalog, None).await?)
            }
            Of::Collection(id) => (
                format!("{}/{name}", base.collection(id)),
                format!("{title} of {id}"),
                of_items(&app, &catalog, Some(id)).await?,
            ),
            Of::Collections => {
                let all = app.shelf.collections(&catalog, &app.works).await?;
                let schema = app.works.job().run(move |_| collection_queryables(&all)).await?;
                (base.url(&format!("/collections-{name}")), format!("{title} of Collections"), schema)
            }
        };
        if let Use::Sort = used {
            schema = with_order(schema);
        }
        schema["$id"] = json!(id);
        schema["title"] = json!(title);
        let collection = match &of {
            Of::Collection(id) => Some(&**id),
            Of::Items | Of::Collections => None,
        };
        Ok(shown(&chosen, SCHEMA, &headers, &schema, |schema| {
            page::schema(&page::Site::new(base, &app), collection, schema)
        }))
    }
}

/// The queryables of all Items, or of those of a Collection.
pub(super) async fn of_items(
    app: &App,
    catalog: &Catalog,
    collection: Option<&str>,
) -> Result<Value, Problem> {
    if let Some(id) = collection {
        let found = app.shelf.collection(id, catalog, &app.works).await?;
        found.ok_or_else(|| Problem::no_collection(id))?;
    }
    let (server, catalog, collection) = (App::clone(app), catalog.clone(), collection.map(str::to_owned));
    app.works.long_job().run(move |stop| server.queryables.of(&catalog, collection.as_deref(), stop)).await
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
