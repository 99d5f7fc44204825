//! pgstac on a real server: `make test` starts one of its own, names it in `STACYARD_TEST_DATABASE`, and names a wheel of pypgstac in
//! `STACYARD_TEST_PYPGSTAC`.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod exact;
mod loading;
mod roles;
mod versions;
mod whole;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use stacyard_model::json::{Document, Value};
use stacyard_postgis::{Address, Package, PgStac, PgStacRows, PgStacSink, install};
use stacyard_store::{
    Backend, Collections, Encoder, Error, ErrorKind, Mode, Record, Refused, Sink, Store, conformance,
};
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// A database of this test's own, with the tables of a version of pgstac; the newest, if `None`.
fn fresh(version: Option<&str>) -> Option<Database> {
    let package = package()?;
    let database = empty()?;
    install(&database.address(), &package, version).unwrap();
    Some(database)
}

/// A database of this test's own.
fn empty() -> Option<Database> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var("STACYARD_TEST_DATABASE").ok();
    let Some(server) = server else {
        eprintln!("skipped: no STACYARD_TEST_DATABASE (make test starts a server)");
        return None;
    };
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    let name = format!("pgstac_{now}_{}_{number}", std::process::id());
    let (place, _) = server.rsplit_once('/').unwrap();
    let place = place.replacen("postgis://", "", 1);
    let database = Database { url: format!("pgstac://{place}/{name}") };
    let postgres = Database { url: format!("pgstac://{place}/postgres") };
    postgres.sql(&format!("CREATE DATABASE {name}"));
    Some(database)
}

fn package() -> Option<Package> {
    let Some(path) = std::env::var_os("STACYARD_TEST_PYPGSTAC").map(PathBuf::from) else {
        eprintln!("skipped: no STACYARD_TEST_PYPGSTAC (make test downloads it)");
        return None;
    };
    Some(Package::open(&path).unwrap())
}

/// A database on the tests' server.
struct Database {
    url: String,
}

impl Database {
    fn address(&self) -> Address {
        Address::parse(&self.url).unwrap()
    }

    fn open(&self) -> PgStac {
        PgStac::open(&self.address()).unwrap()
    }

    /// Runs SQL as a session of its own, as pypgstac does; gives the rows of all statements, with spaces between columns.
    fn sql(&self, sql: &str) -> Vec<String> {
        self.try_sql(sql).unwrap()
    }

    fn try_sql(&self, sql: &str) -> Result<Vec<String>, tokio_postgres::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, connection) =
                tokio_postgres::connect(&self.url.replacen("pgstac", "postgresql", 1), NoTls).await.unwrap();
            tokio::spawn(connection);
            client.batch_execute("SET search_path TO pgstac, public").await?;
            let messages = client.simple_query(sql).await?;
            let row = |message: &SimpleQueryMessage| match message {
                SimpleQueryMessage::Row(row) => {
                    let columns = (0..row.len()).map(|column| row.get(column).unwrap_or("NULL"));
                    Some(columns.collect::<Vec<_>>().join(" "))
                }
                _ => None,
            };
            Ok(messages.iter().filter_map(row).collect())
        })
    }

    /// What pgstac's own function makes of an Item.
    fn hydrated(&self, id: &str) -> Document {
        let rows = self.sql(&format!("SELECT content_hydrate(items) FROM items WHERE id = '{id}'"));
        Document::parse(rows.into_iter().next().unwrap()).unwrap()
    }

    fn load(&self, items: &[Document], mode: Mode) -> Vec<Refused> {
        self.try_load(items, mode, &collections(items)).unwrap()
    }

    fn try_load(&self, items: &[Document], mode: Mode, kept: &Collections) -> Result<Vec<Refused>, Error> {
        let mut sink = PgStacSink::create(&self.address(), mode, kept, false)?;
        let mut refused = Vec::new();
        for items in items.chunks(100) {
            let mut rows = PgStacRows::default();
            for item in items {
                sink.encoder().item(item.root(), None, &mut rows)?;
            }
            sink.write(rows)?;
            refused.append(&mut sink.settled(true)?.unwrap());
        }
        sink.finish()?;
        Ok(refused)
    }
}

/// Plain Collections for some Items, and for those that the conformance suite makes.
fn collections(items: &[Document]) -> Collections {
    let of = |item: &Document| Some(item.root().get("collection")?.as_str()?.into_owned());
    let mut ids: BTreeSet<String> = items.iter().filter_map(of).collect();
    ids.insert("c1".to_owned());
    ids.insert("c2".to_owned());
    ids.into_iter().map(|id| (id.clone(), collection(&id, "{}"))).collect()
}

fn collection(id: &str, item_assets: &str) -> serde_json::Value {
    let text = format!(
        r#"{{"type":"Collection","stac_version":"1.1.0","id":{id:?},"description":"d","license":"other","links":[],
        "extent":{{"spatial":{{"bbox":[[-180,-90,180,90]]}},"temporal":{{"interval":[[null,null]]}}}},"item_assets":{item_assets}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

/// An Item at a place and a time, with more members in `properties` and beside them.
fn item(id: &str, datetime: &str, properties: &str, more: &str) -> Document {
    Document::parse(format!(
        r#"{{"type":"Feature","stac_version":"1.1.0","id":{id:?},"collection":"c1","geometry":{{"type":"Point","coordinates":[10.5,20]}},"bbox":[10.5,20,10.5,20],"properties":{{"datetime":{datetime:?}{properties}}},"links":[{{"rel":"collection","href":"c.json"}}],"assets":{{}}{more}}}"#
    ))
    .unwrap()
}

fn stored(store: &PgStac) -> Vec<Document> {
    let mut source = store.items().unwrap();
    let mut found = Vec::new();
    while let Some(work) = source.next().unwrap() {
        let batch = work().unwrap();
        let text = |record: &Record| &batch.text[record.start as usize..record.end as usize];
        found.extend(batch.records.iter().map(|record| Document::parse_bytes(text(record)).unwrap()));
    }
    found.sort_by_key(key);
    found
}

fn key(item: &Document) -> (String, String) {
    let member = |name| item.root().get(name).and_then(Value::as_str).unwrap_or_default().into_owned();
    (member("collection"), member("id"))
}

/// What pgstac has a place for: an Item with a collection and a geometry.
fn has_place(item: &Document) -> bool {
    let is_there = |name| item.root().get(name).is_some_and(|value| !value.is_null());
    is_there("collection") && is_there("geometry")
}

fn conforms(version: Option<&str>) {
    let Some(first) = fresh(version) else { return };
    let databases = [first, fresh(version).unwrap()];
    let mut number = 0;
    // Two stores are looked at at a time, at most.
    conformance::check_with(
        &mut |items| -> Store {
            number += 1;
            let database = &databases[number % 2];
            database.sql("DELETE FROM collections");
            assert_eq!(database.load(items, Mode::Insert), []);
            database.open().into()
        },
        &has_place,
    );
}

#[test]
fn conformance_of_the_newest() {
    conforms(None);
}

#[test]
#[ignore = "takes minutes: make test-full"]
fn conformance_of_0_9() {
    conforms(Some("0.9.12"));
}
