//! `serve`: a STAC API over stores, until an interrupt.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use indicatif::HumanCount;
use serde_json::json;
use stacyard::{Aggregate, Aggregation, Columns, Datum, Property, Query, Run, Store, StoreUrl, export};
use stacyard_server::{Ending, Export, Options, PublicUrl, router, run as serve};
use stacyard_store::Error;

use crate::console::report::{self, Status, count};
use crate::console::{interrupt, say};
use crate::files::open;
use crate::flags::{Global, Serve};

pub(crate) fn run(global: &Global, flags: &Serve) -> Result<Status, Error> {
    let public_url = flags.public_url.as_deref().map(PublicUrl::parse).transpose()?;
    let urls = flags.stores.iter().map(|store| StoreUrl::parse(store, global.store_kind));
    let urls: Vec<StoreUrl> = urls.collect::<Result<_, _>>()?;
    let stores: Vec<Store> = urls.iter().map(|url| open::store(url, global)).collect::<Result<_, _>>()?;
    let json_log = global.json_log;
    let on_failure = Arc::new(move |error: &Error| report::error(error, json_log));
    let router =
        router(stores.clone(), Options { public_url, on_failure, exports: exports(), ..Options::default() })?;
    let socket = |cause| Error::io("listen on", Path::new(&flags.bind), cause);
    let listener = TcpListener::bind(&flags.bind).map_err(socket)?;
    let address = listener.local_addr().map_err(socket)?;
    let ending = Ending::default();
    let told = ending.clone();
    interrupt::end_by(move || told.end());
    let url = format!("http://{address}/");
    if json_log {
        say::event(json!({"event": "serving", "url": url}));
    } else if !global.quiet {
        say::line(format_args!("serving at {url} until an interrupt"));
        say::line(format_args!("  {url}api.html lists what can be asked; for example"));
        say::line(format_args!("  curl '{url}search?limit=1'"));
        // Counting may take a while, and nobody waits for it.
        thread::spawn(move || urls.iter().zip(&stores).for_each(|(url, store)| say_collections(url, store)));
    }
    serve(router, listener, &ending).map_err(|cause| Error::io("serve", Path::new(&flags.bind), cause))?;
    if json_log {
        say::event(json!({"event": "ended", "url": url}));
    } else if !global.quiet {
        say::line("ended");
    }
    Ok(Status::Done)
}

/// The files in which Items can be taken away.
fn exports() -> Vec<Export> {
    let write = |columns| {
        Arc::new(move |store: &Store, query: &Query, file: &File, run: Run<'_>| {
            export(store, query, (file, columns), run).map(|_| ())
        })
    };
    vec![
        Export {
            name: "geoparquet",
            names: &["parquet"],
            media_type: "application/vnd.apache.parquet",
            extension: "parquet",
            is_packed: true,
            write: write(Columns::GeoParquet),
        },
        Export {
            name: "arrow",
            names: &[],
            media_type: "application/vnd.apache.arrow.stream",
            extension: "arrows",
            is_packed: false,
            write: write(Columns::ArrowStream),
        },
    ]
}

/// How many collections are named.
const NAMED: usize = 20;

/// Says what a store has. What cannot be counted is told to whoever asks for it.
fn say_collections(url: &StoreUrl, store: &Store) {
    let by_collection = [Aggregation::Frequencies(Property::collection())];
    let query = Query::default().lenient(true);
    let Ok((found, _)) = store.aggregate(&query, &by_collection, Run::in_place()) else { return };
    let Some(Aggregate::Frequencies(found)) = found.into_iter().next() else { return };
    let counted: u64 = found.buckets.iter().map(|bucket| bucket.items).sum();
    let items = counted + found.missing + found.other;
    say::line(format_args!(
        "{url}: {} in {}",
        count(items, "Item"),
        count(found.buckets.len() as u64, "collection")
    ));
    for bucket in found.buckets.iter().take(NAMED) {
        if let Datum::Text(id) = &bucket.value {
            say::line(format_args!("  {:>12}  {id}", HumanCount(bucket.items).to_string()));
        }
    }
    if let Some(more) = found.buckets.len().checked_sub(NAMED + 1) {
        say::line(format_args!("  and {} more", HumanCount(more as u64 + 1)));
    }
}
