//! `serve`: a STAC API over stores, until an interrupt.

use std::fs::File;
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use indicatif::{HumanBytes, HumanCount};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::json;
use stacyard::{
    Aggregate, Aggregation, Columns, Datum, Open, Profile, Property, Query, Run, Store, StoreUrl, export,
};
use stacyard_server::{Ending, Export, Options, Proxies, PublicUrl, RootPath, Served, router, run as serve};
use stacyard_store::{Error, Remedy, read_side_file};

use crate::console::report::{Status, count};
use crate::console::say::Text;
use crate::console::{fault, interrupt, say};
use crate::files::{open, tokens};
use crate::flags::{Global, Serve};

pub(crate) fn run(global: &Global, flags: &Serve) -> Result<Status, Error> {
    let urls = flags.stores.iter().map(|store| StoreUrl::parse(store, global.store_kind));
    let urls: Vec<StoreUrl> = urls.collect::<Result<_, _>>()?;
    let options = options(global, flags)?;
    let how = Open { connections: options.at_once(), ..open::how(global)? };
    let opened = urls.iter().map(|url| open::opened(url, global, &how));
    let stores: Vec<Store> = opened.collect::<Result<_, _>>()?;
    let json_log = global.json_log;
    if flags.writable && !stores.iter().any(Store::is_editable) {
        let remedy = Remedy::from("serve a database, or leave ").option("writable").text(" out");
        return Err(Error::usage("none of the stores takes single changes", remedy));
    }
    allow_files();
    fault::log_each(json_log);
    let socket = |cause| Error::io("listen on", Path::new(&flags.bind), cause);
    let listener = TcpListener::bind(&flags.bind).map_err(socket)?;
    let address = listener.local_addr().map_err(socket)?;
    if flags.writable && options.bearers.is_none() && !flags.no_auth && !address.ip().is_loopback() {
        let remedy = Remedy::from("give ").option(("tokens", "FILE")).or(Remedy::from("say by ")
            .option("no-auth")
            .text(" that something in front of it says who may"));
        let message = format!("whoever reaches {address} could change what is served");
        return Err(Error::usage(message, remedy));
    }
    let router = router(stores.clone(), options)?;
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

fn options(global: &Global, flags: &Serve) -> Result<Options, Error> {
    let (json_log, quiet) = (global.json_log, global.quiet);
    let usual = Options::default();
    Ok(Options {
        id: flags.id.clone(),
        title: flags.title.clone(),
        description: flags.description.clone(),
        public_url: flags.public_url.as_deref().map(PublicUrl::parse).transpose()?,
        root_path: flags.root_path.as_deref().map(RootPath::parse).transpose()?,
        proxies: Proxies::parse(flags.trusted_proxy.iter().map(String::as_str))?,
        rate: flags.rate_limit,
        works: flags.works.map_or(usual.works, NonZeroUsize::get),
        deadline: flags.timeout,
        max_age: flags.max_age.unwrap_or(usual.max_age),
        body_bytes: flags.max_body,
        writable: flags.writable,
        bearers: flags.tokens.as_deref().map(tokens::read).transpose()?,
        private: flags.private,
        cors_origins: flags.cors_origin.clone(),
        key: flags.page_key_file.as_deref().map(read_side_file).transpose()?,
        exports: exports(),
        on_request: Arc::new(move |served| say_request(served, json_log, quiet)),
        ..usual
    })
}

/// A line for each request, and what failed.
fn say_request(served: &Served, json_log: bool, quiet: bool) {
    let Served { id, method, target, client, status, bytes, seconds, is_whole, failure } = served;
    let client = client.map_or_else(|| "-".to_owned(), |client| client.to_string());
    if json_log {
        say::event(json!({
            "event": "request", "id": id, "method": method, "target": target, "client": client, "status": status,
            "bytes": bytes, "seconds": seconds, "whole": is_whole, "failure": failure.as_ref().map(ToString::to_string),
            "details": failure.as_ref().map(|failure| failure.details()),
        }));
        return;
    }
    // In one piece, so that requests do not mix.
    let mut text = Text::default();
    if !quiet {
        let broken = if *is_whole { "" } else { ", broken off" };
        let took = seconds * 1e3;
        text.line(format_args!(
            "{status} {method} {target}  {}, {took:.1} ms{broken}; {client} {id}",
            HumanBytes(*bytes)
        ));
    }
    if let Some(failure) = failure {
        text.line(format_args!("error: request {id}: {failure}"));
        failure.details().iter().for_each(|line| text.line(format_args!("  {line}")));
    }
    text.log();
}

/// Each connection is a file of the process; a system often allows more than it does at first. Where it does not, fewer are served.
fn allow_files() {
    let mut limits = getrlimit(Resource::Nofile);
    limits.current = limits.maximum;
    let _ = setrlimit(Resource::Nofile, limits);
}

/// The files in which Items can be taken away.
fn exports() -> Vec<Export> {
    let write = |columns| {
        Arc::new(move |from: (&Store, Option<&Arc<Profile>>), query: &Query, file: &File, run: Run<'_>| {
            export(from, query, (file, columns), run).map(|_| ())
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
