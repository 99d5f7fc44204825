//! `collections`: the Collections that a store keeps beside its Items, listed, printed, put in and taken out.

use std::path::Path;

use serde_json::{Value, json};
use stacyard::{Stop, delete_collection, keeps_none, put_collections, refreshed};
use stacyard_store::{CollectionChanges, Collections, Deletion, Error, StoreUrl, quoted};

use crate::console::report::{self, Status, count};
use crate::console::say::{self, Text};
use crate::files::{open, schemas};
use crate::flags::{self, CollectionsAction, Format, Global};

pub(crate) fn run(global: &Global, flags: &flags::Collections) -> Result<Status, Error> {
    let url = StoreUrl::parse(&flags.store, global.store_kind)?;
    if !url.kind().keeps_collections() {
        return Err(keeps_none(&url));
    }
    match &flags.action {
        CollectionsAction::List { format } => list(global, &url, *format)?,
        CollectionsAction::Get { id } => {
            let kept = open::store(&url, global)?.collections()?;
            let collection = kept.get(id).ok_or_else(|| not_there(&url, id))?;
            say::json(&format!("{collection}\n"))?;
        }
        CollectionsAction::Put { file, format } => {
            let new: Collections = schemas::collections(file, global)?;
            if new.is_empty() {
                let name = if file == "-" { "standard input".to_owned() } else { say::path(file.as_ref()) };
                let message = format!("{name}: there is no Collection in it");
                return Err(Error::usage(message, "give it one or more"));
            }
            put(global, &url, &new, *format)?;
        }
        CollectionsAction::Refresh { ids, format } => {
            let new = refreshed(&open::store(&url, global)?, ids, &Stop::default())?;
            put(global, &url, &new, *format)?;
        }
        CollectionsAction::Delete { id } => {
            delete(global, &url, id)?;
            if !global.quiet {
                let mut text = Text::default();
                text.line(format_args!("{id}: deleted"));
                text.print()?;
            }
        }
    }
    Ok(Status::Done)
}

fn list(global: &Global, url: &StoreUrl, format: Format) -> Result<(), Error> {
    let kept = open::store(url, global)?.collections()?;
    if format == Format::Json {
        let lines: Vec<String> = kept.values().map(Value::to_string).collect();
        return say::json(&format!("{{\"collections\":[\n{}\n]}}\n", lines.join(",\n")));
    }
    let width = kept.keys().map(|id| id.chars().count()).max().unwrap_or(0).min(48);
    let mut text = Text::default();
    for (id, collection) in &kept {
        let title = collection.get("title").and_then(Value::as_str).unwrap_or_default();
        text.line(format!("{id:width$}  {title}").trim_end());
    }
    text.print()
}

fn put(global: &Global, url: &StoreUrl, new: &Collections, format: Format) -> Result<(), Error> {
    let CollectionChanges { new, changed, same, .. } =
        put_collections(url, new, &mut |path| report::waits(path, global.json_log))?;
    if format == Format::Json {
        return say::json(&format!("{}\n", json!({"new": new, "changed": changed, "same": same})));
    }
    let mut text = Text::default();
    for (ids, what) in [(new, "new"), (changed, "changed"), (same, "same as before")] {
        for id in ids {
            text.line(format_args!("{id}: {what}"));
        }
    }
    text.print()
}

/// Items without their Collection would be no catalog any more.
fn delete(global: &Global, url: &StoreUrl, id: &str) -> Result<(), Error> {
    let mut waits = |path: &Path| report::waits(path, global.json_log);
    let items = match delete_collection(url, id, global.threads(), &mut waits)? {
        Deletion::Done => return Ok(()),
        Deletion::NotThere => return Err(not_there(url, id)),
        Deletion::HasItems(items) => items,
    };
    let literal = id.replace('\'', "''");
    let remedy = if url.kind().is_database() {
        format!(
            "delete them first: DELETE FROM items WHERE collection = '{literal}', in the schema of the store"
        )
    } else {
        let store = quoted(url.spelling());
        let filter = format!("collection IS NULL OR collection <> '{literal}'");
        format!(
            "leave them out first: stacyard copy {store} {store} --overwrite --filter {}",
            quoted(&filter)
        )
    };
    let message = format!("{} of {url} belong to the Collection {id:?}", count(items, "Item"));
    Err(Error::usage(message, remedy))
}

fn not_there(url: &StoreUrl, id: &str) -> Error {
    Error::usage(
        format!("{url} has no Collection {id:?}"),
        format!("stacyard collections {} list says which it has", quoted(url.spelling())),
    )
}
