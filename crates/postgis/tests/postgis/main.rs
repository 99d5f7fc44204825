//! The store on a real server: `make test` starts one of its own and names it in `STACYARD_TEST_DATABASE`.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod by_database;
mod by_sql;
mod edits;
mod embedded;
mod loading;
mod refused;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use stacyard_model::json::Document;
use stacyard_postgis::{Address, Initialised, PostGis, PostGisSink, Wanted};
use stacyard_store::conformance::{self, Question};
use stacyard_store::{Backend, Collections, Encoder, Error, Mode, Record, Refused, Sink, Store, Why};
use tokio_postgres::SimpleQueryMessage;

mod pages;
mod partitions;
mod profiles;

/// What making the tables has done where they were of a version.
fn made(from: i32) -> Initialised {
    Initialised { from, to: 4, changes: Vec::new() }
}

/// The address of a new schema in a database of this test's own.
fn fresh() -> Option<String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let Ok(server) = std::env::var("STACYARD_TEST_DATABASE") else {
        eprintln!("skipped: no STACYARD_TEST_DATABASE (make test starts a server)");
        return None;
    };
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    // A number of a process comes again on a server that stays.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    Some(format!("{server}?schema=test_{now}_{}_{number}", std::process::id()))
}

fn rows(items: &[Document], sink: &PostGisSink) -> stacyard_postgis::Rows {
    let mut rows = stacyard_postgis::Rows::default();
    for item in items {
        sink.encoder().item(item.root(), None, &mut rows).unwrap();
    }
    rows
}

fn load(url: &str, items: &[Document], mode: Mode) -> Vec<Refused> {
    let address = Address::parse(url).unwrap();
    stacyard_postgis::init(&address, Wanted::default()).unwrap();
    try_load(&address, items, mode, &Collections::new()).unwrap()
}

fn try_load(
    address: &Address,
    items: &[Document],
    mode: Mode,
    collections: &Collections,
) -> Result<Vec<Refused>, Error> {
    let mut sink = PostGisSink::create(address, mode)?;
    sink.keep(collections.clone());
    let mut refused = Vec::new();
    for items in items.chunks(100) {
        let rows = rows(items, &sink);
        sink.write(rows)?;
        refused.append(&mut sink.settled(true)?.unwrap());
    }
    sink.finish()?;
    Ok(refused)
}

/// What the database says of an Item that it refuses.
fn said(refused: &Refused) -> &str {
    match &refused.why {
        Why::Wrong(problem) => &problem.message,
        Why::Taken | Why::Present => "nothing",
    }
}

#[test]
fn conformance() {
    if fresh().is_none() {
        return;
    }
    conformance::check(&mut |items| {
        let url = fresh().unwrap();
        assert_eq!(load(&url, items, Mode::Insert), []);
        PostGis::open(&Address::parse(&url).unwrap()).unwrap().into()
    });
}

fn stored(url: &str) -> Vec<Document> {
    let store = PostGis::open(&Address::parse(url).unwrap()).unwrap();
    let mut source = store.items().unwrap();
    let mut found = Vec::new();
    while let Some(work) = source.next().unwrap() {
        let batch = work().unwrap();
        let text = |record: &Record| &batch.text[record.start as usize..record.end as usize];
        found.extend(batch.records.iter().map(|record| Document::parse_bytes(text(record)).unwrap()));
    }
    found
}

fn key(item: &Document) -> (String, String) {
    let member = |name| {
        item.root().get(name).and_then(stacyard_model::json::Value::as_str).unwrap_or_default().into_owned()
    };
    (member("collection"), member("id"))
}

/// Whether all come back as they were.
fn assert_exact(items: &[Document]) {
    let Some(url) = fresh() else { return };
    assert_eq!(load(&url, items, Mode::Insert), []);
    let back = stored(&url);
    assert_eq!(back.len(), items.len());
    let back: BTreeMap<_, _> = back.iter().map(|item| (key(item), item)).collect();
    for item in items {
        let back = back[&key(item)];
        assert!(item == back, "{}\n{}", item.text(), back.text());
    }
}

fn item(id: &str, members: &str, properties: &str) -> Document {
    let text = format!(
        r#"{{"type":"Feature","stac_version":"1.1.0","id":"{id}","geometry":{{"type":"Point","coordinates":[1,2.5]}},"bbox":[1,2.5,1,2.5],"properties":{{"datetime":"2024-06-01T00:00:00Z"{properties}}},"links":[],"assets":{{}}{members}}}"#
    );
    Document::parse(text).unwrap()
}

/// What a server says to some SQL, the first column of each row.
fn sql(url: &str, sql: &str) -> Result<Vec<String>, String> {
    let url = url.replace("postgis://", "postgresql://");
    let url = url.split_once('?').map_or(url.as_str(), |(url, _)| url).to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let rows = client.simple_query(sql).await.map_err(|e| format!("{:?}", e.as_db_error()))?;
        Ok(rows
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
                _ => None,
            })
            .collect())
    })
}

fn schema(url: &str) -> &str {
    url.split_once("schema=").unwrap().1
}

#[test]
fn odd_items_come_back() {
    let odd = [
        r#","x":9007199254740993"#,
        r#","x":1e400"#,
        r#","x":-0"#,
        r#","x":-0.0"#,
        r#","x":1.0"#,
        r#","x":1.50"#,
        r#","x":1e-05"#,
        r#","x":1e2"#,
        r#","x":[null,1,"a",[2],{}]"#,
        r#","x":{"y":{},"z":null}"#,
        r#","x":123456789012345678901234567890.123"#,
        r#","created":"2024-06-01T00:00:00.123456789Z""#,
        r#","created":"2024-06-01t00:00:00+05:30""#,
        r#","":1"#,
        r#","id":5,"type":"T","geometry":1"#,
        r#","a/b~c":{"d/e":1},"\"\\":"\ud83d\ude00\u001f""#,
    ];
    let members = [
        r#","collection":"c""#,
        r#","collection":null"#,
        r#","collection":"c","stac_extensions":[]"#,
        r#","foreign":{"a":[1.0,{}]},"other":null"#,
        r#","bbox2":1e2"#,
    ];
    let mut items: Vec<Document> =
        odd.iter().enumerate().map(|(n, odd)| item(&format!("p{n}"), "", odd)).collect();
    items.extend(members.iter().enumerate().map(|(n, members)| item(&format!("m{n}"), members, "")));
    for (n, geometry) in [
        "null",
        r#"{"type":"Point","coordinates":[1.0,2.50,3]}"#,
        r#"{"type":"Point","coordinates":[]}"#,
        r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]],[[0.1,0.1],[0.2,0.1],[0.2,0.2],[0.1,0.1]]]]}"#,
        r#"{"type":"GeometryCollection","geometries":[{"type":"LineString","coordinates":[[0,0],[1,1]]},{"type":"GeometryCollection","geometries":[]}],"foreign":1}"#,
        r#"{"type":"MultiLineString","coordinates":[[[170,0],[190,1e0]]]}"#,
    ]
    .into_iter()
    .enumerate()
    {
        let text = item(&format!("g{n}"), "", "").text().replace(r#"{"type":"Point","coordinates":[1,2.5]}"#, geometry);
        items.push(Document::parse(text).unwrap());
    }
    assert_exact(&items);
}

#[test]
fn generated_items_come_back() {
    assert_exact(&conformance::catalog(7, 500));
}

#[test]
fn every_real_item_comes_back() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !folder.exists() {
        eprintln!("skipped: no ../shared/data");
        return;
    }
    let mut items = BTreeMap::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let lines = if path.extension().is_some_and(|e| e == "ndjson") {
                text.lines().collect()
            } else {
                vec![&*text]
            };
            for item in lines.into_iter().filter_map(|line| Document::parse(line).ok()) {
                if stacyard_model::Gate::default().item(item.root()).is_accepted() {
                    items.insert(key(&item), item);
                }
            }
        }
    }
    assert!(items.len() > 100, "{}", items.len());
    assert_exact(&items.into_values().collect::<Vec<_>>());
}

#[test]
fn rows_that_the_database_refuses_are_named_and_the_others_go_in() {
    let Some(url) = fresh() else { return };
    let items = [
        item("a", "", ""),
        item("nul", "", r#","x":"\u0000""#),
        item("b", "", ""),
        item("huge", "", r#","x":1e999999999"#),
        item("line", "", ""),
        item("c", "", ""),
    ];
    let refused = load(&url, &items, Mode::Insert);
    let said: Vec<String> =
        refused.iter().map(|refused| format!("{} {}", refused.item, said(refused))).collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    1 the database refuses it: unsupported Unicode escape sequence (\u0000 cannot be converted to text.)
    3 the database refuses it: value overflows numeric format
    ");
    assert_eq!(stored(&url).len(), 4);
}

#[test]
fn modes_say_what_happens_to_what_is_there() {
    let Some(url) = fresh() else { return };
    let (a, b) = (item("a", "", ""), item("b", "", ""));
    assert_eq!(load(&url, &[a], Mode::Insert), []);
    // In the order of the input: the second is there.
    let again = [item("b", "", r#","x":1"#), item("a", "", r#","x":1"#)];
    assert_eq!(load(&url, &again, Mode::Insert), [Refused { item: 1, why: Why::Taken }]);
    assert_eq!(load(&url, &[b], Mode::Ignore), [Refused { item: 0, why: Why::Taken }]);
    let versions = || sql(&url, &format!("SELECT xmin FROM {}.items ORDER BY id", schema(&url))).unwrap();
    let before = versions();
    assert_eq!(load(&url, &[item("a", "", ""), item("b", "", r#","x":1.0"#)], Mode::Upsert), []);
    let after = versions();
    assert_eq!(before[0], after[0], "a row that stays the same is not written again");
    assert_ne!(before[1], after[1], "1.0 is not 1");
    assert_eq!(load(&url, &[item("z", "", "")], Mode::Replace), []);
    assert_eq!(stored(&url), [item("z", "", "")]);
}

/// A load that ends before it is finished leaves what was there.
#[test]
fn a_replacement_is_visible_at_its_end_or_not_at_all() {
    let Some(url) = fresh() else { return };
    load(&url, &[item("old", "", "")], Mode::Insert);
    let address = Address::parse(&url).unwrap();
    let mut sink = PostGisSink::create(&address, Mode::Replace).unwrap();
    let new = rows(&[item("new", "", "")], &sink);
    sink.write(new).unwrap();
    assert_eq!(stored(&url), [item("old", "", "")]);
    drop(sink);
    assert_eq!(stored(&url), [item("old", "", "")]);
}

#[test]
fn tables_that_are_not_ours_are_not_touched() {
    let Some(url) = fresh() else { return };
    let address = Address::parse(&url).unwrap();
    let open = || PostGis::open(&address).err().unwrap().to_string().replace(schema(&url), "SCHEMA");
    assert!(open().contains("there are no Stacyard tables in the schema"), "{}", open());
    let plain = Address::parse(&url.replace("postgis://", "postgresql://")).unwrap();
    let error = PostGis::open(&plain).err().unwrap();
    assert!(error.advice().unwrap().to_string().contains("`init postgresql://"), "{error}");
    assert!(stacyard_postgis::plan(&address, Wanted::default()).unwrap().contains("CREATE TABLE items"));
    sql(&url, &format!("CREATE SCHEMA {0}; CREATE TABLE {0}.items (mine int)", schema(&url))).unwrap();
    let refused = stacyard_postgis::init(&address, Wanted::default()).err().unwrap().to_string();
    assert!(refused.contains("that Stacyard has not made"), "{refused}");
    assert!(open().contains("that Stacyard has not made"), "{}", open());
    sql(&url, &format!("DROP TABLE {0}.items; CREATE TABLE {0}.plumes (mine int)", schema(&url))).unwrap();
    assert_eq!(stacyard_postgis::init(&address, Wanted::default()).unwrap(), made(0));
    assert_eq!(stacyard_postgis::init(&address, Wanted::default()).unwrap(), made(4));
    assert!(stacyard_postgis::plan(&address, Wanted::default()).unwrap().contains("has all of it"));
    let newer = "INSERT INTO {}.stacyard_migrations SELECT 99, 'x', applied_on, checksum FROM {}.stacyard_migrations LIMIT 1";
    sql(&url, &newer.replace("{}", schema(&url))).unwrap();
    assert!(open().contains("are of version 99, and this program knows none after 4"), "{}", open());
}

#[test]
fn names_of_users_are_never_sql() {
    let Some(url) = fresh() else { return };
    let evil = "'; DROP TABLE items; --\\\"x\\\"$1";
    let url = format!("{url}%22%3B%20DROP%20SCHEMA%20public%3B--");
    let document = item(evil, &format!(r#","collection":"{evil}""#), &format!(r#","{evil}":"{evil}""#));
    assert_eq!(load(&url, &[document], Mode::Upsert), []);
    let store = PostGis::open(&Address::parse(&url).unwrap()).unwrap();
    let plain = evil.replace("\\\"", "\"");
    let name = format!("\"{}\"", plain.replace('"', "\"\""));
    let text = plain.replace('\'', "''");
    for question in [
        Question::of(&[(
            "filter",
            &format!("{name} = '{text}' AND {name} LIKE '{text}%' AND {name} IN ('{text}')"),
        )]),
        Question::of(&[("ids", &plain), ("collections", &plain), ("sortby", "-id")]),
        Question::of(&[("filter", &format!("id = '{text}'")), ("max-items", "1")]),
    ] {
        let (found, counted) = conformance::ask(&store, &question).unwrap();
        assert_eq!((found.len(), counted), (1, 1), "{question:?}");
    }
}

/// What the database reads for a search, as it plans it with many Items.
#[test]
fn searches_use_the_indexes() {
    let Some(url) = fresh() else { return };
    load(&url, &conformance::catalog(3, 20), Mode::Insert);
    let schema = schema(&url);
    let many = format!(
        "SET search_path = {schema}, public; INSERT INTO items (collection, id, datetime, geometry) SELECT 'c' || n % 10, 'n' || n, to_timestamp(n), \
         ST_SetSRID(ST_Point(n % 360 - 180, n % 170 - 85), 4326) \
         FROM generate_series(1, 20000) AS n; ANALYZE items"
    );
    sql(&url, &many).unwrap();
    let store = PostGis::open(&Address::parse(&url).unwrap()).unwrap();
    for (question, index) in [
        (Question::of(&[("max-items", "10")]), "Index Scan using items_newest"),
        (Question::of(&[("max-items", "10"), ("sortby", "-datetime")]), "Scan Backward using items_datetime"),
        (Question::of(&[("max-items", "10"), ("sortby", "datetime")]), "Index Scan using items_datetime"),
        (Question::of(&[("max-items", "10"), ("sortby", "id")]), "Index Scan using items_id"),
        (Question::of(&[("ids", "n7"), ("collections", "c7")]), "Index Scan using items_"),
        (Question::of(&[("ids", "n7")]), "items_id"),
        (Question::of(&[("bbox", "0,0,1,1")]), "items_geometry"),
    ] {
        let plan = store.explain(&question.search().unwrap()).unwrap().join("\n");
        assert!(plan.contains(index), "{question:?}: {plan}");
    }
}

/// The example of a domain beside the Items, and what happens to an Item whose facility is not there.
#[test]
fn a_domain_beside_the_items() {
    let Some(url) = fresh() else { return };
    stacyard_postgis::init(&Address::parse(&url).unwrap(), Wanted::default()).unwrap();
    let example = include_str!("../../../../examples/mars/schema.sql");
    let mars = format!("{}_mars", schema(&url));
    let example =
        example.replace("stac.", &format!("{}.", schema(&url))).replace("mars.", &format!("{mars}."));
    sql(&url, &example.replace("SCHEMA mars", &format!("SCHEMA {mars}"))).unwrap();
    let fields =
        include_str!("../../../../examples/mars/profile.toml").replace("\"mars.", &format!("\"{mars}."));
    let fields = stacyard_model::Profile::parse(&fields).unwrap();
    stacyard_postgis::init(
        &Address::parse(&url).unwrap(),
        Wanted { profile: Some(&fields), ..Wanted::default() },
    )
    .unwrap();
    sql(&url, &format!("INSERT INTO {mars}.facilities VALUES ('f1', 'Flare')")).unwrap();
    let collection = r#","collection":"plumes""#;
    let items = [
        item("known", collection, r#","mars:facility_id":"f1""#),
        item("unknown", collection, r#","mars:facility_id":"f2""#),
        item("free", collection, ""),
    ];
    let refused = load(&url, &items, Mode::Upsert);
    assert_eq!(refused.len(), 1);
    insta::assert_snapshot!(said(&refused[0]).replace(&mars, "mars"), @r#"
    the database refuses it: insert or update on table "items" violates foreign key constraint "items_mars_facility_id_fkey" (Key (mars_facility_id)=(f2) is not present in table "facilities".)
    "#);
    let plume = |id: &str| {
        let insert =
            "INSERT INTO MARS.plumes (emission_rate, collection, item_id) VALUES (1, 'plumes', 'ID')";
        sql(&url, &insert.replace("MARS", &mars).replace("ID", id))
    };
    plume("known").unwrap();
    assert!(plume("unknown").unwrap_err().contains("foreign key"));
    assert_eq!(sql(&url, &format!("SELECT item_id FROM {mars}.emissions")).unwrap(), ["known"]);
    assert_eq!(load(&url, &items[..1], Mode::Upsert), []);
    assert_eq!(sql(&url, &format!("SELECT item_id FROM {mars}.emissions")).unwrap(), ["known"]);
}

/// Users may add columns that must not be null, and triggers that refuse.
#[test]
fn columns_and_triggers_of_users_are_respected() {
    let Some(url) = fresh() else { return };
    stacyard_postgis::init(&Address::parse(&url).unwrap(), Wanted::default()).unwrap();
    let mine = "ALTER TABLE S.items ADD loaded timestamptz NOT NULL DEFAULT now(); \
        CREATE FUNCTION S.check() RETURNS trigger LANGUAGE plpgsql AS \
        $$ BEGIN IF NEW.id = 'bad' THEN RAISE EXCEPTION 'no bad ones'; END IF; RETURN NEW; END $$; \
        CREATE TRIGGER mine BEFORE INSERT ON S.items FOR EACH ROW EXECUTE FUNCTION S.check()";
    sql(&url, &mine.replace("S.", &format!("{}.", schema(&url)))).unwrap();
    assert_eq!(load(&url, &[item("a", "", "")], Mode::Insert), []);
    let refused = load(&url, &[item("a", "", ""), item("bad", "", ""), item("b", "", "")], Mode::Insert);
    assert_eq!(refused[0], Refused { item: 0, why: Why::Taken });
    assert!(said(&refused[1]).contains("no bad ones"), "{refused:?}");
    assert_eq!((refused.len(), stored(&url).len()), (2, 2));
}

/// More values than a statement may have parameters, and instants that PostgreSQL has not.
#[test]
fn searches_beyond_what_sql_can_say() {
    let Some(url) = fresh() else { return };
    load(&url, &[item("a", "", ""), item("b", "", r#","n":1"#)], Mode::Insert);
    let store = PostGis::open(&Address::parse(&url).unwrap()).unwrap();
    let ids: Vec<String> = (0..70_000).map(|n| format!("'i{n}'")).collect();
    let ors: Vec<String> = (0..70_000).map(|n| format!("n = {n}")).collect();
    for (filter, wanted) in [
        (format!("id IN ('a',{})", ids.join(",")), vec!["a"]),
        (ors.join(" OR "), vec!["b"]),
        ("datetime > TIMESTAMP('0000-01-01T00:00:00Z') AND id = 'a'".to_owned(), vec!["a"]),
    ] {
        let (found, counted) = conformance::ask(&store, &Question::of(&[("filter", &filter)])).unwrap();
        assert_eq!((found, counted), (wanted.iter().map(|id| (*id).to_owned()).collect(), 1));
    }
}

/// The first of an order are those of the whole order, whatever the values are written like: digits that nobody keeps, the
/// ends of the years, offsets, leap seconds, texts that are no instants. A query may be spread over processes.
#[test]
fn the_first_of_odd_orders_are_the_first() {
    let Some(url) = fresh() else { return };
    let odd = [
        "2024-01-01T00:00:00.0000000001Z",
        "2024-01-01T00:00:00Z",
        "2024-01-01T00:00:00.0000001Z",
        "2024-01-01T00:00:00.000000001Z",
        "2024-01-01T02:00:00+02:00",
        "9999-12-31T23:59:59.9999999Z",
        "9999-12-31T23:59:59Z",
        "9999-12-30T22:00:00.999999Z",
        "9999-12-31T23:59:60-01:00",
        "0000-01-01T00:30:00+01:00",
        "0000-01-01T00:10:00Z",
        "2016-12-31T23:59:60Z",
        "2016-12-31T23:59:59Z",
    ];
    let texts = ["a.1234567", "b", "c", "2024-02-30T00:00:00Z", "2024-01-01T00:00:60Z"];
    let mut items = Vec::new();
    for (number, text) in odd.iter().chain(&texts).enumerate() {
        // Times of STAC must be times; what is published is looked at by nobody.
        let own = if odd.contains(text) {
            format!(r#","updated":"{text}","created":"{text}""#)
        } else {
            String::new()
        };
        let id = format!("i{}", (number * 7) % 19);
        items.push(item(&id, "", &format!(r#"{own},"published":"{text}","n":{}"#, number % 3)));
    }
    items.push(item("none", "", r#","published":null"#));
    items.push(item("number", "", r#","published":5"#));
    assert_eq!(load(&url, &items, Mode::Insert), []);
    let parallel = format!("{url}&options=-c%20force_parallel_mode%3Don");
    let store = PostGis::open(&Address::parse(&parallel).unwrap()).unwrap();
    for sortby in ["published", "-published", "updated", "-created", "n,published", "-n,-updated"] {
        let all = conformance::ask(&store, &Question::of(&[("sortby", sortby)])).unwrap().0;
        assert_eq!(all.len(), items.len());
        for first in 1..=items.len() {
            let question = Question::of(&[("sortby", sortby), ("max-items", &first.to_string())]);
            assert_eq!(conformance::ask(&store, &question).unwrap().0, all[..first], "{sortby}, {first}");
        }
    }
}
