//! What changes Items and Collections (STAC API - Transaction, Collection Transaction), one at a time or many at once. These methods are
//! there where the server is writable only.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, patch, post, put};
use serde_json::Value;
use stacyard_search::Stop;
use stacyard_store::{ETag, Put};

use crate::ask::{Parameters, quoted};
use crate::catalog::Catalog;
use crate::guard::Writer;
use crate::links::Base;
use crate::media::{GEOJSON, JSON, JSON_PATCH, MERGE_PATCH};
use crate::problem::{self, Problem};
use crate::represent::text;
use crate::state::App;
use crate::write::{self, Bulk, Change, Conditions, Failure, Many, Outcomes, Target, Whole};

/// A method of a resource that changes something.
pub(super) struct Write {
    pub(super) path: &'static str,
    /// In small letters, as OpenAPI has it.
    pub(super) method: &'static str,
    pub(super) about: &'static str,
    /// The media types of the body; none: it has no body.
    pub(super) takes: &'static [&'static str],
    /// The status of what was done, and the media type of what it gives then.
    pub(super) gives: (&'static str, Option<&'static str>),
    /// The names of the schemas of its JSON body and of what it gives.
    pub(super) body: &'static str,
    pub(super) answer: &'static str,
    pub(super) methods: fn() -> MethodRouter<App>,
}

const COLLECTIONS: &str = "/collections";
const COLLECTION: &str = "/collections/{collectionId}";
const ITEMS: &str = "/collections/{collectionId}/items";
const ITEM: &str = "/collections/{collectionId}/items/{itemId}";

pub(super) const WRITES: &[Write] = &[
    Write {
        path: ITEMS,
        method: "post",
        about: "Makes an Item, or those of a FeatureCollection.",
        takes: &[JSON, GEOJSON],
        gives: ("201", Some(GEOJSON)),
        body: "put",
        answer: "made",
        methods: || post(post_items),
    },
    Write {
        path: "/collections/{collectionId}/bulk_items",
        method: "post",
        about: "Makes many Items (`method` is `insert`), or makes and replaces them (`upsert`). Each goes in by itself.",
        takes: &[JSON],
        gives: ("200", Some(JSON)),
        body: "bulk",
        answer: "report",
        methods: || post(bulk),
    },
    Write {
        path: ITEM,
        method: "put",
        about: "Replaces an Item. With `If-None-Match: *` it makes one.",
        takes: &[JSON, GEOJSON],
        gives: ("204", None),
        body: "put",
        answer: "object",
        methods: || put(replace),
    },
    Write {
        path: ITEM,
        method: "patch",
        about: "Changes parts of an Item, as a GET shows it.",
        takes: &[MERGE_PATCH, JSON, JSON_PATCH],
        gives: ("204", None),
        body: "object",
        answer: "object",
        methods: || patch(change),
    },
    Write {
        path: ITEM,
        method: "delete",
        about: "Takes an Item away.",
        takes: &[],
        gives: ("204", None),
        body: "put",
        answer: "object",
        methods: || delete(take_away),
    },
    Write {
        path: COLLECTIONS,
        method: "post",
        about: "Makes a Collection.",
        takes: &[JSON],
        gives: ("201", Some(JSON)),
        body: "put",
        answer: "collection",
        methods: || post(post_collection),
    },
    Write {
        path: COLLECTION,
        method: "put",
        about: "Replaces a Collection. With `If-None-Match: *` it makes one.",
        takes: &[JSON],
        gives: ("204", None),
        body: "put",
        answer: "object",
        methods: || put(replace),
    },
    Write {
        path: COLLECTION,
        method: "patch",
        about: "Changes parts of a Collection, as a GET shows it.",
        takes: &[MERGE_PATCH, JSON, JSON_PATCH],
        gives: ("204", None),
        body: "object",
        answer: "object",
        methods: || patch(change),
    },
    Write {
        path: COLLECTION,
        method: "delete",
        about: "Takes a Collection away that has no Items.",
        takes: &[],
        gives: ("204", None),
        body: "put",
        answer: "object",
        methods: || delete(take_away),
    },
];

async fn post_items(State(app): State<App>, target: Target, Whole(body): Whole) -> Result<Response, Problem> {
    needs_collection(&app, &target).await?;
    if Many::is_of_features(&body) {
        let held = app.works.hold()?;
        let outcomes = many(&app, &target, move |target, stop| {
            let outcomes = Many::of_features(&body)?.put(target, stop);
            drop(held);
            Ok(outcomes)
        });
        return Ok(reported(outcomes.await?, StatusCode::CREATED));
    }
    let id = body.root().get("id").and_then(stacyard_model::json::Value::as_str);
    let target = Target { item: Some(id.unwrap_or_default().into_owned()), ..target };
    let put = changed(&app, &target, move |target, _| write::create(target, body.root())).await?;
    answered(&app, target, put).await
}

async fn bulk(State(app): State<App>, target: Target, bulk: Bulk) -> Result<Response, Problem> {
    needs_collection(&app, &target).await?;
    let outcomes = many(&app, &target, move |target, stop| {
        let Bulk { body: sent, held } = bulk;
        let body = crate::ask::parsed(&sent.bytes)?;
        let outcomes = Many::of_bulk(&body)?.put(target, stop);
        drop((sent, held));
        Ok(outcomes)
    });
    Ok(reported(outcomes.await?, StatusCode::OK))
}

async fn post_collection(
    State(app): State<App>,
    writer: Writer,
    catalog: Catalog,
    base: Base,
    parameters: Parameters,
    Whole(body): Whole,
) -> Result<Response, Problem> {
    parameters.none()?;
    let id = body.root().get("id").and_then(stacyard_model::json::Value::as_str).unwrap_or_default();
    writer.check(&id)?;
    let target = Target { catalog, base, collection: id.into_owned(), item: None };
    let put = changed(&app, &target, move |target, _| write::create(target, body.root())).await?;
    answered(&app, target, put).await
}

async fn replace(
    State(app): State<App>,
    target: Target,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Response, Problem> {
    let conditions = Conditions::of(&headers);
    if target.item.is_some() && conditions.is_creation() {
        needs_collection(&app, &target).await?;
    }
    let change = move |target: &Target, stop: &Stop| write::replace(target, body.root(), &conditions, stop);
    let put = changed(&app, &target, change).await?;
    answered(&app, target, put).await
}

async fn change(
    State(app): State<App>,
    target: Target,
    headers: HeaderMap,
    change: Change,
) -> Result<Response, Problem> {
    let (conditions, room) = (Conditions::of(&headers), app.options.body_bytes);
    let change = move |target: &Target, stop: &Stop| write::patch(target, &change, &conditions, room, stop);
    let put = changed(&app, &target, change).await?;
    answered(&app, target, put).await
}

async fn take_away(State(app): State<App>, target: Target, headers: HeaderMap) -> Result<Response, Problem> {
    let conditions = Conditions::of(&headers);
    changed(&app, &target, move |target, stop| write::delete(target, &conditions, stop)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Items go into a Collection that there is, kept or made of Items. The store sees to it; to look before spares reading what has no place.
async fn needs_collection(app: &App, target: &Target) -> Result<(), Problem> {
    let found = app.shelf.collection(&target.collection, &target.catalog, &app.works).await?;
    found
        .map(|_| ())
        .ok_or_else(|| Problem::no_collection(&target.collection).help("POST /collections makes one"))
}

/// Makes a change where it may block. What was kept of before is forgotten, also where the client has gone away.
async fn changed<T: Send + 'static>(
    app: &App,
    target: &Target,
    change: impl FnOnce(&Target, &Stop) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Problem> {
    let (target, server) = (target.clone(), App::clone(app));
    let job = app.works.job();
    let done = job.run(move |stop| {
        let done = change(&target, stop);
        // What was refused has changed nothing; what has failed may have.
        if !matches!(done, Err(Failure::Theirs(_))) {
            target.changed(&server);
        }
        Failure::settled(done)
    });
    done.await?
}

/// The same of Items of a Collection.
async fn many(
    app: &App,
    target: &Target,
    put: impl FnOnce(&Target, &Stop) -> Result<Outcomes, Failure> + Send + 'static,
) -> Result<Outcomes, Problem> {
    // The name of none of them: what is told of their collection has changed.
    let target = Target { item: Some(String::new()), ..target.clone() };
    changed(app, &target, put).await
}

/// What is told of a change: the new tag, and of what is new the whole of it.
async fn answered(app: &App, target: Target, put: Put) -> Result<Response, Problem> {
    if !put.is_new {
        return Ok(with_tag(StatusCode::NO_CONTENT.into_response(), put.etag));
    }
    let (url, kind) = (target.url(), target.kind());
    // It is made, whether it can be read now or not.
    let job = app.works.job();
    let read = job.go_on(move |stop| {
        let Some(there) = target.there(stop)? else { return Ok(None) };
        Ok(Some((target.shown(&there)?, there.etag)))
    });
    let (tag, mut response) = match read.await {
        Ok(Some((text, etag))) => {
            let kind = HeaderValue::from_static(kind);
            (etag, (StatusCode::CREATED, [(CONTENT_TYPE, kind)], text).into_response())
        }
        _ => (put.etag, StatusCode::CREATED.into_response()),
    };
    if let Ok(url) = HeaderValue::from_str(&url) {
        response.headers_mut().insert(LOCATION, url);
    }
    Ok(with_tag(response, tag))
}

fn with_tag(mut response: Response, tag: ETag) -> Response {
    // Hexadecimal digits are a value of a header.
    if let Ok(tag) = HeaderValue::from_str(&quoted(tag)) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// What is told of many Items.
fn reported(mut outcomes: Outcomes, status: StatusCode) -> Response {
    let failed = outcomes.failed.take();
    let mut response = match outcomes.report() {
        Ok(report) => (status, text(JSON, Value::Object(report).to_string())).into_response(),
        Err(problem) => problem.into_response(),
    };
    if let Some(error) = failed {
        response.extensions_mut().insert(problem::Failure(Arc::new(error)));
    }
    response
}
