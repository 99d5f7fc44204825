//! Many Items at once. Each goes in by itself, as one by one would: what is wrong with one keeps none of the others out, and the
//! report says of each what became of it.

use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};
use stacyard_model::json::{Document, Value};
use stacyard_search::Stop;
use stacyard_store::{Error, Put};

use super::change::{create, upsert};
use super::failure::Failure;
use super::target::Target;
use crate::ask::quoted;
use crate::problem::Problem;

/// Items of one collection.
pub(crate) struct Many<'a> {
    items: Vec<(Option<String>, Value<'a>)>,
    /// Whether Items that are there are replaced, or refused.
    replaces: bool,
}

impl<'a> Many<'a> {
    /// Whether it is a FeatureCollection, and no Item.
    pub(crate) fn is_of_features(body: &Document) -> bool {
        body.root().get("type").and_then(Value::as_str).is_some_and(|kind| kind == "FeatureCollection")
    }

    /// The features of a FeatureCollection.
    pub(crate) fn of_features(body: &'a Document) -> Result<Self, Problem> {
        let items = body.root().get("features").and_then(Value::elements);
        let items = items
            .ok_or_else(|| Problem::bad("features has to be an array of Items").parameter("features"))?;
        Ok(Self { items: items.map(|item| (None, item)).collect(), replaces: false })
    }

    /// A bulk request: `items` by their ids, and a `method`.
    pub(crate) fn of_bulk(body: &'a Document) -> Result<Self, Problem> {
        let root = body.root();
        let names = || root.members().into_iter().flatten().map(|(key, _)| key.text());
        if let Some(name) = names().find(|name| !["items", "method"].contains(&&**name)) {
            let problem = Problem::bad(format!("{name:?} is no member of this body")).parameter(&name);
            return Err(problem.help("there are items and method"));
        }
        let method = root.get("method").map(|method| method.as_str().unwrap_or_default());
        let replaces = match method.as_deref() {
            None | Some("insert") => false,
            Some("upsert") => true,
            Some(_) => return Err(Problem::bad("method has to be insert or upsert").parameter("method")),
        };
        let items = root.get("items").and_then(Value::members);
        let items = items.ok_or_else(|| {
            Problem::bad("items has to be an object of Items by their ids").parameter("items")
        })?;
        let items = items.map(|(key, item)| (Some(key.text().into_owned()), item));
        Ok(Self { items: items.collect(), replaces })
    }

    /// Puts each. Once a store fails, or it is time to stop, the others are not tried.
    pub(crate) fn put(self, collection: &Target, stop: &Stop) -> Outcomes {
        let mut outcomes = Outcomes::default();
        for (name, sent) in self.items {
            let id = name.or_else(|| id_of(sent));
            if outcomes.failed.is_some() {
                outcomes.all.push((id, Err(Problem::not_tried())));
                continue;
            }
            // What has none is not valid, as the gate will say.
            let target = Target { item: Some(id.clone().unwrap_or_default()), ..collection.clone() };
            let put = stop.check().map_err(|stopped| Failure::Ours(stopped.into())).and_then(|()| {
                if self.replaces { upsert(&target, sent, stop) } else { create(&target, sent) }
            });
            outcomes.push(id, put);
        }
        outcomes
    }
}

/// The id of an Item.
fn id_of(item: Value<'_>) -> Option<String> {
    item.get("id").and_then(Value::as_str).map(std::borrow::Cow::into_owned)
}

/// What became of many Items.
#[derive(Default)]
pub(crate) struct Outcomes {
    all: Vec<(Option<String>, Result<Put, Problem>)>,
    /// What a store has failed by.
    pub(crate) failed: Option<Error>,
}

impl Outcomes {
    fn push(&mut self, id: Option<String>, put: Result<Put, Failure>) {
        let put = put.map_err(|failure| match failure {
            Failure::Theirs(problem) => problem,
            Failure::Ours(error) => {
                let problem = Problem::of(&error);
                self.failed = Some(error);
                problem
            }
        });
        self.all.push((id, put));
    }

    /// The report, as the members of an answer; a problem where one was not put: that of a store, else that one was there already, else the
    /// first.
    pub(crate) fn report(self) -> Result<Map<String, Json>, Problem> {
        let statuses = self.all.iter().filter_map(|(_, put)| put.as_ref().err()).map(Problem::status);
        let statuses: Vec<StatusCode> = statuses.collect();
        let worst = statuses.iter().find(|status| status.is_server_error());
        let worst = worst.or_else(|| statuses.iter().find(|status| **status == StatusCode::CONFLICT));
        let worst = worst.or(statuses.first()).copied();
        let count = |is_new: bool| {
            self.all.iter().filter(|(_, put)| put.as_ref().is_ok_and(|put| put.is_new == is_new)).count()
        };
        let (created, replaced, all) = (count(true), count(false), self.all.len());
        let items: Vec<Json> = self.all.into_iter().map(told).collect();
        let report = Map::from_iter([
            ("created".to_owned(), json!(created)),
            ("replaced".to_owned(), json!(replaced)),
            ("refused".to_owned(), json!(all - created - replaced)),
            ("items".to_owned(), Json::Array(items)),
        ]);
        let Some(status) = worst else { return Ok(report) };
        let detail = format!("{} of {all} Items were put, the others were not", created + replaced);
        let problem = Problem::new(status, detail);
        Err(report.into_iter().fold(problem, |problem, (name, value)| problem.with(&name, value)))
    }
}

fn told((id, put): (Option<String>, Result<Put, Problem>)) -> Json {
    let mut told = match put {
        Ok(Put { is_new, etag }) => Map::from_iter([
            ("status".to_owned(), json!(if is_new { 201 } else { 200 })),
            ("etag".to_owned(), json!(quoted(etag))),
        ]),
        Err(problem) => problem.members(),
    };
    told.insert("id".to_owned(), json!(id));
    Json::Object(told)
}
